/* A send from the call to the turn in which it is delivered.
 *
 * In the package two contestants race to deliver a send. One waits for the target to be fulfilled;
 * the other, one turn after the send, looks whether the target (or what it was forwarded to by then)
 * has a pending handler or a presence. If the target is fulfilled at once the first always wins, and
 * one job does it. If the target is pending, the send becomes a record, which is a reaction on the
 * target and the subject of a job; whichever comes first claims it. */
#include "engine/handled_promise_int.h"

/* --- sending -------------------------------------------------------------------------------------- */

static void queue_delivery(cs_machine *the, const cs_hp_send *s, cs_slot *value)
{
    bool usual = s->passed == s->result;
    cs_hp_push_job(the, value, CS_HP_DELIVER);
    mxPushInteger(s->op);
    mxPushSlot(s->key);
    mxPushSlot(s->args);
    mxPushSlot(s->result);
    if (!usual)
        mxPushSlot(s->passed);
    fxQueueJob(the, usual ? 4 : 5, NULL);
}

void cs_hp_lose_later(cs_machine *the, const cs_slot *result, const cs_slot *reason,
                      txInteger turns, cs_slot *handled)
{
    cs_hp_push_job(the, result, CS_HP_LOSE);
    mxPushSlot(reason);
    mxPushInteger(turns);
    fxQueueJob(the, 2, handled);
}

/* Whether the second contestant may win, or at least runs code of the user that looks at `then`. */
static bool may_win_early(cs_machine *the, cs_slot *target)
{
    cs_slot *promise = target->value.reference;
    if (!cs_hp_is_plain(the, promise))
        return true;
    const cs_slot *state = cs_hp_slot(promise);
    return state != NULL && cs_hp_state_of(state) != CS_HP_RESOLVED;
}

/* `promise` is what HandledPromise.resolve(target) gave, pending. */
static void wait_for(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *promise)
{
    cs_hp_push_record(the, s, target);
    if (may_win_early(the, target)) {
        cs_hp_push_job(the, the->stack, CS_HP_RACE);
        fxQueueJob(the, 0, NULL);
    }
    cs_hp_subscribe(the, promise);
}

static void start_with_promise(cs_machine *the, const cs_hp_send *s, cs_slot *target)
{
    cs_hp_push_promise_of(the, target);
    cs_slot *promise = the->stack->value.reference;
    bool of_base = cs_is_of_base(the, promise);
    txInteger status = mxPromiseStatus(promise)->value.integer;
    if (status == mxFulfilledStatus)
        queue_delivery(the, s, mxPromiseResult(promise));
    else if (status == mxRejectedStatus)
        cs_hp_lose_later(the, s->result, mxPromiseResult(promise), 2, of_base ? NULL : promise);
    else
        wait_for(the, s, target, promise);
    mxPop();
}

/* Whether a value is its own fulfilment: no promise, no thenable, no getter of `then` to run. */
static bool is_settled_value(cs_machine *the, const cs_slot *value)
{
    if (value->kind != XS_REFERENCE_KIND)
        return true;
    cs_slot *instance = value->value.reference;
    const cs_slot *host = cs_hp_presence(instance);
    if (host != NULL)
        return cs_presence_handle(instance) != 0;
    if (cs_is_promise(instance))
        return false;
    if (cs_hp_lacks_then(the, instance))
        return true;
    cs_slot *then = mxBehaviorGetProperty(the, instance, mxID(_then), 0, XS_ANY);
    return then == NULL || (then->kind != XS_ACCESSOR_KIND && !fxIsCallable(the, then));
}

static void harden(cs_machine *the, cs_slot *value)
{
    if (value->kind == XS_REFERENCE_KIND && !cs_is_hardened(value->value.reference))
        cs_harden(the, value);
}

void cs_hp_push_send(cs_machine *the, txInteger op, cs_slot *target, cs_slot *key, cs_slot *args,
                     cs_slot *passed)
{
    harden(the, target);
    harden(the, args);
    if ((op & CS_HP_ONLY) != 0)
        mxPushUndefined();
    else
        cs_promise_push(the, 0);
    cs_slot *result = the->stack;
    cs_hp_send s = { op, key, args, result, passed != NULL ? passed : result };
    if (is_settled_value(the, target))
        queue_delivery(the, &s, target);
    else
        start_with_promise(the, &s, target);
    the->stack = result;
}

void cs_send_push(cs_machine *the, cs_send_op op, cs_slot *target, cs_slot *key, cs_slot *args)
{
    mxPushUndefined();
    cs_slot *base = the->stack;
    mxPushUndefined();
    cs_slot *at = the->stack;
    if (key != NULL) {
        at->kind = key->kind;
        at->value = key->value;
        fxAt(the, at); /* needs what it is a key of below it */
    }
    cs_hp_push_send(the, (txInteger)op, target, at, args != NULL ? args : base, NULL);
    base->kind = the->stack->kind;
    base->value = the->stack->value;
    the->stack = base;
}

/* --- jobs ----------------------------------------------------------------------------------------- */

void cs_hp_host_deliver(cs_machine *the)
{
    cs_hp_send s = { mxArgv(0)->value.integer, mxArgv(1), mxArgv(2), mxArgv(3), mxArgv(3) };
    if (mxArgc > 4)
        s.passed = mxArgv(4);
    cs_hp_deliver_value(the, &s, mxThis);
}

void cs_hp_host_lose(cs_machine *the)
{
    txInteger turns = mxArgv(1)->value.integer;
    if (turns > 1)
        cs_hp_lose_later(the, mxThis, mxArgv(0), turns - 1, NULL);
    else if (mxThis->kind == XS_REFERENCE_KIND)
        cs_promise_reject(the, mxThis->value.reference, mxArgv(0));
}

/* Whether `then` of a value is no function. A getter that throws leaves the race to the other. */
static bool is_no_thenable(cs_machine *the, const cs_slot *value)
{
    volatile bool no = false;
    mxTry(the)
    {
        mxPushSlot(value);
        mxGetID(mxID(_then));
        no = !fxIsCallable(the, the->stack);
        mxPop();
    }
    mxCatch(the)
    {
        mxException.kind = XS_UNDEFINED_KIND;
    }
    return no;
}

static void race_promise(cs_machine *the, cs_slot *record, const cs_hp_send *s, cs_slot *target)
{
    cs_slot *promise = cs_hp_shorten(the, target->value.reference), *state = cs_hp_slot(promise);
    if (cs_hp_is_unresolved(state)) {
        (void)cs_hp_claim(record);
        cs_hp_deliver_pending(the, s, promise);
    } else if (cs_hp_state_of(state) == CS_HP_PRESENCE) {
        (void)cs_hp_claim(record);
        mxPushReference(state->value.reference);
        cs_hp_deliver_value(the, s, the->stack);
        mxPop();
    }
}

void cs_hp_host_race(cs_machine *the)
{
    cs_slot *record = mxThis->value.reference, *target;
    cs_hp_send s = cs_hp_read_record(record, &target);
    if (cs_hp_is_claimed(record))
        return;
    cs_slot *instance = target->value.reference;
    if (cs_is_promise(instance) && cs_hp_slot(instance) != NULL)
        race_promise(the, record, &s, target);
    else if (is_no_thenable(the, target) && cs_hp_claim(record))
        cs_hp_deliver_value(the, &s, target);
}

/* The promise that a send was postponed for is resolved: the send starts anew, and the promise that
 * stood for its answer follows the new one. */
void cs_hp_host_resend(cs_machine *the)
{
    cs_slot *target;
    cs_hp_send s = cs_hp_read_record(mxThis->value.reference, &target);
    cs_hp_push_send(the, s.op, target, s.key, s.args, NULL);
    if (s.result->kind == XS_REFERENCE_KIND)
        cs_promise_resolve(the, s.result->value.reference, the->stack);
    mxPop();
}

/* --- delivering ----------------------------------------------------------------------------------- */

static void postpone(cs_machine *the, const cs_hp_send *s, cs_slot *promise)
{
    mxPushReference(promise);
    cs_slot *target = the->stack;
    if (s->result->kind == XS_REFERENCE_KIND)
        cs_promise_push(the, 0);
    else
        mxPushUndefined();
    cs_hp_send later = { s->op, s->key, s->args, the->stack, the->stack };
    cs_hp_push_record(the, &later, target);
    cs_hp_postpone(the, promise, the->stack->value.reference);
    if (s->result->kind == XS_REFERENCE_KIND)
        cs_promise_resolve(the, s->result->value.reference, later.result);
    the->stack = target + 1;
}

/* Pushes the exception and forgets it. */
static void push_caught(cs_machine *the)
{
    mxPush(mxException);
    mxException.kind = XS_UNDEFINED_KIND;
}

static void call_owner(cs_machine *the, const cs_hp_send *s, uint64_t handle, cs_slot *result)
{
    cs_heap *h = the->heap;
    mxPushSlot(s->key);
    cs_slot *key = the->stack;
    if (key->kind == XS_AT_KIND)
        fxKeyAt(the, key->value.at.id, key->value.at.index, key);
    cs_outgoing out = { .handle = handle, .op = (cs_send_op)(s->op & CS_HP_OP), .result = result };
    if (out.op != CS_SEND_FUNCTION)
        out.key = key;
    if (out.op != CS_SEND_GET)
        out.args = s->args;
    cs_assert(h->send != NULL);
    h->send(the, h->guest, &out);
}

/* To the heap's owner, who answers when it likes. */
static void deliver_to_owner(cs_machine *the, const cs_hp_send *s, uint64_t handle)
{
    cs_slot *stack = the->stack;
    cs_slot *result = s->result->kind == XS_REFERENCE_KIND ? s->result->value.reference : NULL;
    mxTry(the)
    {
        call_owner(the, s, handle, result);
        if (result != NULL)
            cs_hp_note_answer(result);
    }
    mxCatch(the)
    {
        push_caught(the);
        if (result != NULL)
            cs_promise_reject(the, result, the->stack);
    }
    the->stack = stack;
}

typedef void apply_fn(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *handler);

/* Settles the result with what `apply` pushes or throws. */
static void deliver_to(cs_machine *the, const cs_hp_send *s, apply_fn *apply, cs_slot *target,
                       cs_slot *handler)
{
    cs_slot *stack = the->stack;
    cs_slot *result = s->result->kind == XS_REFERENCE_KIND ? s->result->value.reference : NULL;
    mxTry(the)
    {
        apply(the, s, target, handler);
        if (result != NULL) {
            harden(the, the->stack);
            cs_promise_resolve(the, result, the->stack);
        }
    }
    mxCatch(the)
    {
        push_caught(the);
        if (result != NULL)
            cs_promise_reject(the, result, the->stack);
    }
    the->stack = stack;
}

void cs_hp_deliver_value(cs_machine *the, const cs_hp_send *s, cs_slot *value)
{
    const cs_slot *host = NULL;
    if (value->kind == XS_REFERENCE_KIND)
        host = cs_hp_presence(value->value.reference);
    if (host == NULL)
        deliver_to(the, s, cs_hp_apply_local, value, NULL);
    else if (cs_hp_presence_handler(host) != NULL)
        deliver_to(the, s, cs_hp_apply_presence, value, cs_hp_presence_handler(host));
    else
        deliver_to_owner(the, s, cs_presence_handle(value->value.reference));
}

void cs_hp_deliver_pending(cs_machine *the, const cs_hp_send *s, cs_slot *promise)
{
    cs_slot *state = cs_hp_slot(promise);
    if (cs_hp_state_of(state) == CS_HP_POSTPONES)
        postpone(the, s, promise);
    else if (cs_hp_state_of(state) == CS_HP_NATIVE)
        deliver_to_owner(the, s, cs_promise_handle(promise));
    else {
        /* The handler may resolve the promise, which then lets go of the handler. */
        cs_slot *handler = state->value.reference;
        mxPushReference(handler);
        mxPushReference(promise);
        deliver_to(the, s, cs_hp_apply_pending, the->stack, handler);
        the->stack += 2;
    }
}
