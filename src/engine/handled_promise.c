/* The state of a promise made here (handled_promise_int.h says how it is kept), and how it is resolved
 * and rejected.
 *
 * A promise is resolved in two steps, as in the package: its state changes at once, so that what is
 * sent to it from now on goes where it was resolved to; then it is settled by the rules of the
 * language, which may take turns. */
#include "engine/handled_promise_int.h"

/* --- state ---------------------------------------------------------------------------------------- */

static bool is_unresolved(cs_machine *the, const cs_slot *promise)
{
    /* A promise of the base stays as it was when the base was shared. */
    return cs_hp_is_unresolved(cs_hp_slot(promise)) && !cs_is_of_base(the, promise);
}

static void set_state(cs_slot *s, cs_hp_state state)
{
    s->flag = (txFlag)(XS_INTERNAL_FLAG | (state << 1) | (s->flag & CS_HP_ANSWER));
    s->kind = XS_UNDEFINED_KIND;
}

static void set_state_to(cs_slot *s, cs_hp_state state, cs_slot *instance)
{
    set_state(s, state);
    s->kind = XS_REFERENCE_KIND;
    s->value.home.object = instance;
    s->value.home.module = NULL; /* the hint */
}

cs_slot *cs_hp_make(cs_machine *the)
{
    cs_slot *promise = fxNewPromiseInstance(the);
    mxPromiseStatus(promise)->value.integer = mxPendingStatus;
    cs_slot *s = fxNewSlot(the);
    set_state(s, CS_HP_POSTPONES);
    return CS_HP_LAST_OF_XS(promise)->next = s;
}

void cs_promise_push(cs_machine *the, uint64_t handle)
{
    mxPush(mxPromisePrototype);
    cs_slot *s = cs_hp_make(the);
    the->stack->value.reference->flag |= XS_DONT_PATCH_FLAG | XS_DONT_MARSHALL_FLAG;
    if (handle != 0) {
        set_state(s, CS_HP_NATIVE);
        cs_hp_set_host(s, handle);
    }
}

bool cs_is_promise(const cs_slot *instance)
{
    return cs_is_exotic(instance, XS_PROMISE_KIND);
}

uint64_t cs_promise_handle(const cs_slot *promise)
{
    const cs_slot *s = cs_hp_slot(promise);
    return s != NULL && cs_hp_state_of(s) == CS_HP_NATIVE ? cs_hp_handle_of(s) : 0;
}

/* What was postponed so far: the list, which the state then no longer has. */
static cs_slot *take_postponed(cs_slot *s)
{
    bool any = cs_hp_state_of(s) == CS_HP_POSTPONES && s->kind == XS_REFERENCE_KIND;
    return any ? s->value.reference : NULL;
}

/* Queues what was postponed, in order. `list` is on the stack, or NULL. */
static void release(cs_machine *the, cs_slot *list)
{
    for (cs_slot *link = list != NULL ? list->next : NULL; link != NULL; link = link->next) {
        cs_hp_push_job(the, link, CS_HP_RESEND);
        fxQueueJob(the, 0, NULL);
    }
}

void cs_hp_postpone(cs_machine *the, cs_slot *promise, cs_slot *record)
{
    cs_slot *s = cs_hp_slot(promise);
    if (s->kind != XS_REFERENCE_KIND) {
        set_state_to(s, CS_HP_POSTPONES, fxNewInstance(the));
        mxPop();
    }
    cs_hp_append(the, s, record);
}

static void push_list(cs_machine *the, cs_slot *list)
{
    if (list != NULL)
        mxPushReference(list);
    else
        mxPushUndefined();
}

void cs_promise_set_handle(cs_machine *the, cs_slot *promise, uint64_t handle)
{
    cs_assert(is_unresolved(the, promise));
    cs_slot *s = cs_hp_slot(promise), *list = take_postponed(s);
    push_list(the, list);
    if (handle == 0)
        set_state(s, CS_HP_POSTPONES);
    else {
        set_state(s, CS_HP_NATIVE);
        cs_hp_set_host(s, handle);
    }
    release(the, list);
    mxPop();
}

void cs_hp_set_handler(cs_slot *promise, cs_slot *handler)
{
    set_state_to(cs_hp_slot(promise), CS_HP_HANDLER, handler);
}

static const cs_slot *forwarded_to(const cs_slot *promise)
{
    const cs_slot *s = cs_hp_slot(promise);
    return s != NULL && cs_hp_state_of(s) == CS_HP_FORWARDED ? s->value.reference : NULL;
}

void cs_hp_close(cs_slot *promise)
{
    set_state(cs_hp_slot(promise), CS_HP_RESOLVED);
}

/* Every promise on the way is told the end, so that a chain is walked once. */
cs_slot *cs_hp_shorten(cs_machine *the, cs_slot *promise)
{
    const cs_slot *end = promise;
    for (const cs_slot *next; (next = forwarded_to(end)) != NULL;)
        end = next;
    const cs_slot *s = cs_hp_slot(end);
    bool presence = s != NULL && cs_hp_state_of(s) == CS_HP_PRESENCE;
    while (promise != end) {
        cs_slot *own = cs_hp_slot(promise), *next = own->value.reference;
        if (!cs_is_of_base(the, promise))
            set_state_to(own, presence ? CS_HP_PRESENCE : CS_HP_FORWARDED,
                         presence ? s->value.reference : (cs_slot *)(uintptr_t)end);
        promise = next;
    }
    return promise;
}

/* --- resolving and rejecting ---------------------------------------------------------------------- */

/* Now, or in the next turn if this is the answer to a send. */
static void settle_in_turn(cs_machine *the, cs_slot *promise, bool fulfilled, cs_slot *value)
{
    if ((cs_hp_slot(promise)->flag & CS_HP_ANSWER) == 0) {
        cs_hp_settle(the, promise, fulfilled, value);
        return;
    }
    mxPushReference(promise);
    cs_hp_push_job(the, the->stack, CS_HP_SETTLE);
    mxPushSlot(value);
    mxPushBoolean(fulfilled);
    fxQueueJob(the, 2, NULL);
    mxPop();
}

/* The state of a promise that is resolved to `value`, which is shortened. */
static void set_resolution(cs_slot *s, const cs_slot *promise, const cs_slot *value)
{
    cs_slot *instance = value->kind == XS_REFERENCE_KIND ? value->value.reference : NULL;
    const cs_slot *other = NULL;
    if (instance != NULL && instance != promise && cs_is_promise(instance))
        other = cs_hp_slot(instance);
    if (instance != NULL && cs_hp_presence(instance) != NULL)
        set_state_to(s, CS_HP_PRESENCE, instance);
    else if (other != NULL && cs_hp_state_of(other) == CS_HP_PRESENCE)
        set_state_to(s, CS_HP_PRESENCE, other->value.reference);
    else if (cs_hp_is_unresolved(other))
        set_state_to(s, CS_HP_FORWARDED, instance);
    else
        set_state(s, CS_HP_RESOLVED);
}

void cs_promise_resolve(cs_machine *the, cs_slot *promise, cs_slot *value)
{
    if (!is_unresolved(the, promise))
        return;
    cs_slot *s = cs_hp_slot(promise), *list = take_postponed(s), *stack = the->stack;
    mxPushReference(promise);
    push_list(the, list);
    mxPushSlot(value);
    value = the->stack;
    if (value->kind == XS_REFERENCE_KIND && cs_is_promise(value->value.reference))
        value->value.reference = cs_hp_shorten(the, value->value.reference);
    set_resolution(s, promise, value);
    settle_in_turn(the, promise, true, value);
    release(the, list);
    the->stack = stack;
}

/* Hardens a reason on the stack; one that cannot be is replaced by the error that says so. */
static void harden_reason(cs_machine *the, cs_slot *reason)
{
    mxTry(the)
    {
        cs_harden(the, reason);
    }
    mxCatch(the)
    {
        reason->kind = mxException.kind;
        reason->value = mxException.value;
        mxException.kind = XS_UNDEFINED_KIND;
    }
}

void cs_promise_reject(cs_machine *the, cs_slot *promise, cs_slot *reason)
{
    if (!is_unresolved(the, promise))
        return;
    cs_slot *s = cs_hp_slot(promise), *list = take_postponed(s), *stack = the->stack;
    mxPushReference(promise);
    push_list(the, list);
    mxPushSlot(reason);
    reason = the->stack;
    set_state(s, CS_HP_RESOLVED);
    harden_reason(the, reason);
    settle_in_turn(the, promise, false, reason);
    release(the, list);
    the->stack = stack;
}

void cs_hp_note_answer(cs_slot *promise)
{
    cs_slot *s = cs_hp_slot(promise);
    if (cs_hp_is_unresolved(s))
        s->flag |= CS_HP_ANSWER;
}
