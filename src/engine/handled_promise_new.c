/* The constructor HandledPromise and the resolving functions that it hands out. */
#include "engine/handled_promise_int.h"

/* --- resolving functions -------------------------------------------------------------------------- */

/* What the three functions of a promise share: its home object, an instance of these slots. */
typedef struct resolver {
    cs_slot *promise;
    cs_slot *handler; /* that the constructor got, or undefined */
    cs_slot *target;  /* what it was resolved to, null until then or if it was rejected */
} resolver;

static resolver read_resolver(cs_machine *the)
{
    const cs_slot *record = mxFunctionInstanceHome(mxFunction->value.reference)->value.home.object;
    if (record == NULL)
        cs_throw(the, XS_TYPE_ERROR, "no promise to resolve");
    resolver r = { .promise = record->next };
    r.handler = r.promise->next;
    r.target = r.handler->next;
    return r;
}

/* What belongs to the base is read-only, and stays as it is. */
static bool is_unresolved(cs_machine *the, const resolver *r)
{
    const cs_slot *promise = r->promise->value.reference;
    return cs_hp_is_unresolved(cs_hp_slot(promise)) && !cs_is_of_base(the, promise);
}

static void set_target(const resolver *r, const cs_slot *value)
{
    r->target->kind = value->kind;
    r->target->value = value->value;
}

void cs_hp_host_resolve_handled(cs_machine *the)
{
    resolver r = read_resolver(the);
    if (!is_unresolved(the, &r))
        return;
    cs_hp_push_argument(the, 0);
    cs_slot *value = the->stack;
    if (value->kind == XS_REFERENCE_KIND && cs_is_promise(value->value.reference))
        value->value.reference = cs_hp_shorten(the, value->value.reference);
    set_target(&r, value);
    cs_promise_resolve(the, r.promise->value.reference, value);
}

void cs_hp_host_reject_handled(cs_machine *the)
{
    resolver r = read_resolver(the);
    if (!is_unresolved(the, &r))
        return;
    cs_hp_push_argument(the, 0);
    cs_harden(the, the->stack);
    cs_promise_reject(the, r.promise->value.reference, the->stack);
}

/* Throws unless the value on top of the stack can be a handler. */
static void check_handler(cs_machine *the)
{
    const cs_slot *handler = the->stack;
    if (handler->kind == XS_REFERENCE_KIND)
        return;
    cs_hp_push_text(the, "Handler ");
    cs_hp_add_quoted(the, handler);
    cs_hp_add(the, " cannot be a primitive");
    cs_hp_throw(the, &mxTypeErrorConstructor);
}

/* Pushes a property of the object in `object`. */
static cs_slot *push_property(cs_machine *the, const cs_slot *object, txID id)
{
    mxPushSlot(object);
    mxGetID(id);
    return the->stack;
}

/* Pushes Proxy.revocable(target, handler).proxy, after the callback got its revoke function. */
static void push_revocable(cs_machine *the, const cs_slot *target, const cs_slot *handler,
                           const cs_slot *callback)
{
    mxPush(mxProxyConstructor);
    mxDub();
    mxGetID(cs_hp.id_revocable);
    mxCall();
    mxPushSlot(target);
    mxPushSlot(handler);
    mxRunCount(2);
    const cs_slot *both = the->stack;
    mxPushUndefined();
    mxPushSlot(callback);
    mxCall();
    (void)push_property(the, both, cs_hp.id_revoke);
    mxRunCount(1);
    mxPop();
    mxGetID(cs_hp.id_proxy);
}

static void push_proxy(cs_machine *the, const cs_slot *options)
{
    const cs_slot *handler = push_property(the, options, cs_hp.id_handler);
    const cs_slot *target = push_property(the, options, cs_hp.id_target);
    cs_slot *callback = push_property(the, options, cs_hp.id_revoker_callback);
    mxPushSlot(callback);
    if (fxToBoolean(the, the->stack))
        push_revocable(the, target, handler, callback);
    else {
        mxPush(mxProxyConstructor);
        mxNew();
        mxPushSlot(target);
        mxPushSlot(handler);
        mxRunCount(2);
    }
}

/* Pushes what is to become the presence: a proxy if the options say so. Returns the slot behind which
 * the slots of a presence go. */
static cs_slot *push_bare_presence(cs_machine *the)
{
    cs_hp_push_argument(the, 1);
    if (the->stack->kind != XS_UNDEFINED_KIND) {
        const cs_slot *options = push_property(the, the->stack, cs_hp.id_proxy);
        mxPushSlot(options);
        if (fxToBoolean(the, the->stack)) {
            push_proxy(the, options);
            return the->stack->value.reference->next;
        }
    }
    return fxNewInstance(the);
}

static void resolve_with_presence(cs_machine *the, const resolver *r)
{
    if (mxArgc > 0 && mxArgv(0)->kind != XS_UNDEFINED_KIND)
        mxPushSlot(mxArgv(0));
    else
        mxPushSlot(r->handler);
    check_handler(the);
    cs_slot *handler = the->stack->value.reference, *promise = r->promise->value.reference;
    cs_slot *after = push_bare_presence(the);
    cs_hp_become_presence(the, after, promise, handler);
    set_target(r, the->stack);
    *mxResult = *the->stack;
    cs_promise_resolve(the, promise, the->stack);
}

void cs_hp_host_resolve_with_presence(cs_machine *the)
{
    resolver r = read_resolver(the);
    if (!is_unresolved(the, &r)) {
        mxResult->kind = r.target->kind;
        mxResult->value = r.target->value;
        return;
    }
    mxTry(the)
    {
        resolve_with_presence(the, &r);
    }
    mxCatch(the)
    {
        mxPush(mxException);
        cs_promise_reject(the, r.promise->value.reference, the->stack);
        mxPull(mxException);
        fxJump(the);
    }
}

/* --- constructor ---------------------------------------------------------------------------------- */

/* Pushes the three functions for the promise that is the frame's result. */
static void push_resolving_functions(cs_machine *the, const cs_slot *handler)
{
    static const txCallback calls[] = { cs_hp_host_resolve_handled, cs_hp_host_reject_handled,
                                        cs_hp_host_resolve_with_presence };
    static const txInteger lengths[] = { 1, 1, 0 };
    cs_slot *record = fxNewInstance(the), *at = the->stack;
    cs_slot *last = fxNextSlotProperty(the, record, mxResult, XS_NO_ID, XS_INTERNAL_FLAG);
    last = fxNextSlotProperty(the, last, (cs_slot *)(uintptr_t)handler, XS_NO_ID, XS_INTERNAL_FLAG);
    (void)fxNextNullProperty(the, last, XS_NO_ID, XS_INTERNAL_FLAG);
    for (int i = 0; i < 3; i++) {
        cs_slot *f =
            fxNewHostFunction(the, calls[i], lengths[i], XS_NO_ID, mxResolvePromiseProfileID);
        mxFunctionInstanceHome(f)->value.home.object = record;
    }
    for (cs_slot *s = at; s > the->stack; s--) {
        s->kind = s[-1].kind;
        s->value = s[-1].value;
    }
    mxPop();
}

/* The promise, with the prototype that `new` asks for, becomes the frame's result. */
static cs_slot *make_promise(cs_machine *the)
{
    bool usual = mxTarget->value.reference == cs_hp.constructor;
    if (usual)
        cs_promise_push(the, 0);
    else {
        mxPushSlot(mxTarget);
        fxGetPrototypeFromConstructor(the, &mxPromisePrototype);
        (void)cs_hp_make(the);
    }
    *mxResult = *the->stack;
    if (!usual)
        cs_harden(the, the->stack);
    mxPop();
    return mxResult->value.reference;
}

/* (executor, pendingHandler) */
void cs_hp_host_construct(cs_machine *the)
{
    if (mxTarget->kind == XS_UNDEFINED_KIND) {
        cs_hp_push_text(the, "must be invoked with \"new\"");
        cs_hp_throw(the, &mxErrorConstructor);
    }
    cs_slot *promise = make_promise(the);
    cs_hp_push_argument(the, 1);
    cs_slot *handler = the->stack;
    mxPushSlot(handler);
    if (fxToBoolean(the, the->stack)) {
        mxPushSlot(handler);
        check_handler(the);
        cs_hp_set_handler(promise, handler->value.reference);
    } else
        handler->kind = XS_UNDEFINED_KIND;
    mxPushUndefined();
    cs_hp_push_argument(the, 0);
    mxCall();
    push_resolving_functions(the, handler);
    mxRunCount(3);
}

/* Pushes new HandledPromise((resolve, reject) => unsafe.then(resolve, reject)). */
void cs_hp_push_adopted(cs_machine *the, const cs_slot *unsafe)
{
    cs_promise_push(the, 0);
    *mxResult = *the->stack;
    mxPushSlot(unsafe);
    mxDub();
    mxGetID(mxID(_then));
    mxCall();
    push_resolving_functions(the, &mxUndefined);
    mxPop(); /* resolveWithPresence */
    mxRunCount(2);
    mxPop();
}
