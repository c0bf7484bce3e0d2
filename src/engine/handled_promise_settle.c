/* Settling by the rules of the language, and HandledPromise.resolve(): what the standard says of
 * thenables, which promises need no such care, and which cannot be trusted. */
#include "engine/handled_promise_int.h"

/* --- what may be followed ------------------------------------------------------------------------- */

/* A promise without own `then` and `constructor`, and without a class of the user's. */
bool cs_hp_is_plain(cs_machine *the, cs_slot *promise)
{
    if (!cs_is_promise(promise))
        return false;
    promise = cs_instance(the, promise);
    if (promise->value.instance.prototype != mxPromisePrototype.value.reference)
        return false;
    for (const cs_slot *p = CS_HP_LAST_OF_XS(promise)->next; p != NULL; p = p->next)
        if (p->ID == mxID(_then) || p->ID == mxID(_constructor))
            return false;
    return true;
}

static bool has_own_then(const cs_slot *instance)
{
    const cs_slot *p = instance->next;
    while (p != NULL && p->ID != mxID(_then))
        p = p->next;
    return p != NULL;
}

/* Object.prototype, the end of nearly every chain, has no `then` and is frozen. */
bool cs_hp_lacks_then(cs_machine *the, cs_slot *instance)
{
    for (const cs_slot *i = instance; i != NULL; i = i->value.instance.prototype) {
        if (i == mxObjectPrototype.value.reference)
            return true;
        if ((i->flag & XS_EXOTIC_FLAG) != 0 || i->ID != XS_NO_ID || has_own_then(i))
            return false;
    }
    return true;
}

/* --- settling ------------------------------------------------------------------------------------- */

/* A job for each reaction, in order: what XS's resolving functions do. */
static void settle(cs_machine *the, cs_slot *promise, bool fulfilled, const cs_slot *value)
{
    cs_slot *list = mxPromiseThens(promise)->value.reference, *result = mxPromiseResult(promise);
    result->kind = value->kind;
    result->value = value->value;
    if (!fulfilled && list->next == NULL)
        cs_add_unhandled(the, promise);
    for (cs_slot *r = list->next; r != NULL; r = r->next) {
        mxPushReference(r->value.reference);
        mxPushSlot(fulfilled ? &mxOnResolvedPromiseFunction : &mxOnRejectedPromiseFunction);
        mxCall();
        mxPushSlot(result);
        fxQueueJob(the, 1, promise);
    }
    list->next = NULL;
    mxPromiseStatus(promise)->value.integer = fulfilled ? mxFulfilledStatus : mxRejectedStatus;
}

/* Pushes value.then, or what reading it threw; says whether it threw. */
static bool push_then(cs_machine *the, const cs_slot *value)
{
    volatile bool threw = false;
    mxTry(the)
    {
        mxPushSlot(value);
        mxGetID(mxID(_then));
    }
    mxCatch(the)
    {
        mxPush(mxException);
        mxException.kind = XS_UNDEFINED_KIND;
        threw = true;
    }
    return threw;
}

static void call_then_later(cs_machine *the, cs_slot *promise, const cs_slot *value)
{
    const cs_slot *then = the->stack;
    mxPushSlot(value);
    mxPush(mxOnThenableFunction);
    mxCall();
    fxPushPromiseFunctions(the, promise);
    mxPushSlot(then);
    fxQueueJob(the, 3, promise);
}

static void settle_to_object(cs_machine *the, cs_slot *promise, cs_slot *value)
{
    if (push_then(the, value))
        settle(the, promise, false, the->stack);
    else if (fxIsCallable(the, the->stack))
        call_then_later(the, promise, value);
    else
        settle(the, promise, true, value);
    mxPop();
}

static void follow_later(cs_machine *the, cs_slot *promise, cs_slot *followed)
{
    cs_hp_push_job(the, followed, CS_HP_FOLLOW);
    mxPushReference(promise);
    fxQueueJob(the, 1, NULL);
}

static void reject_cycle(cs_machine *the, cs_slot *promise)
{
    cs_hp_push_text(the, "promise resolves itself");
    cs_hp_push_error(the, &mxTypeErrorConstructor);
    settle(the, promise, false, the->stack);
    mxPop();
}

void cs_hp_settle(cs_machine *the, cs_slot *promise, bool fulfilled, cs_slot *value)
{
    cs_slot *instance = value->kind == XS_REFERENCE_KIND ? value->value.reference : NULL;
    if (!fulfilled || instance == NULL || cs_hp_lacks_then(the, instance))
        settle(the, promise, fulfilled, value);
    else if (instance == promise)
        reject_cycle(the, promise);
    else if (cs_hp_is_plain(the, instance))
        follow_later(the, promise, value);
    else
        settle_to_object(the, promise, value);
}

void cs_hp_host_settle(cs_machine *the)
{
    cs_hp_settle(the, mxThis->value.reference, mxArgv(1)->value.boolean != 0, mxArgv(0));
}

/* --- HandledPromise.resolve() --------------------------------------------------------------------- */

/* Promise.resolve(value), hardened; in place of the value on top of the stack. */
static void to_promise(cs_machine *the)
{
    cs_slot *value = the->stack;
    mxPushUndefined();
    mxPush(mxPromiseConstructor);
    mxPushSlot(value);
    fx_Promise_resolveAux(the);
    *value = the->stack[2];
    the->stack = value;
    cs_harden(the, value);
}

/* A promise with a `then` or `constructor` of its own is adopted like any thenable, in a later turn:
 * in place of it on top of the stack comes a promise of ours. */
static void adopt_later(cs_machine *the)
{
    cs_slot *unsafe = the->stack;
    cs_promise_push(the, 0);
    cs_slot *promise = the->stack;
    cs_hp_close(promise->value.reference);
    cs_hp_push_job(the, promise, CS_HP_ADOPT);
    mxPushSlot(unsafe);
    fxQueueJob(the, 1, NULL);
    unsafe->value = promise->value;
    mxPop();
}

/* this: a plain promise; it is resolved to one that follows the argument's own `then`. */
void cs_hp_host_adopt(cs_machine *the)
{
    cs_slot *promise = mxThis->value.reference;
    mxTry(the)
    {
        cs_hp_push_adopted(the, mxArgv(0));
        cs_hp_settle(the, promise, true, the->stack);
    }
    mxCatch(the)
    {
        mxPush(mxException);
        mxException.kind = XS_UNDEFINED_KIND;
        cs_hp_settle(the, promise, false, the->stack);
    }
}

void cs_hp_push_promise_of(cs_machine *the, cs_slot *value)
{
    cs_slot *instance = value->kind == XS_REFERENCE_KIND ? value->value.reference : NULL;
    cs_slot *host = instance != NULL ? cs_hp_presence(instance) : NULL;
    cs_slot *known = host != NULL ? cs_hp_presence_promise(host) : NULL;
    if (known != NULL)
        mxPushReference(known);
    else if (host != NULL)
        cs_hp_push_promise_of_native(the, value, host);
    else {
        mxPushSlot(value);
        if (instance == NULL || !cs_hp_is_plain(the, instance))
            to_promise(the);
        else
            cs_harden(the, the->stack);
        if (!cs_hp_is_plain(the, the->stack->value.reference))
            adopt_later(the);
    }
}
