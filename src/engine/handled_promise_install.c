/* How HandledPromise and E come into the base, before lockdown. */
#include "engine/handled_promise_int.h"

cs_hp_base cs_hp;

const char *const cs_hp_op_names[8] = {
    [CS_SEND_GET] = "get",
    [CS_SEND_FUNCTION] = "applyFunction",
    [CS_SEND_METHOD] = "applyMethod",
    [CS_SEND_GET | CS_HP_ONLY] = "getSendOnly",
    [CS_SEND_FUNCTION | CS_HP_ONLY] = "applyFunctionSendOnly",
    [CS_SEND_METHOD | CS_HP_ONLY] = "applyMethodSendOnly",
};

/* Functions of objects of a heap: an image of it numbers them by this table. */
const cs_native cs_handled_promise_natives[] = {
    { "resolveHandled", cs_hp_host_resolve_handled, 1 },
    { "rejectHandled", cs_hp_host_reject_handled, 1 },
    { "resolveWithPresence", cs_hp_host_resolve_with_presence, 0 },
    { "eventualFunction", cs_hp_host_e_function, 0 },
    { "eventualMethod", cs_hp_host_e_method, 0 },
    { NULL, NULL, 0 },
};

static void name_ids(cs_machine *the)
{
    for (int op = 0; op < 8; op++)
        if (cs_hp_op_names[op] != NULL)
            cs_hp.handler_ids[op] = cs_id(the, cs_hp_op_names[op]);
    cs_hp.id_proxy = cs_id(the, "proxy");
    cs_hp.id_target = cs_id(the, "target");
    cs_hp.id_handler = cs_id(the, "handler");
    cs_hp.id_revoker_callback = cs_id(the, "revokerCallback");
    cs_hp.id_revocable = cs_id(the, "revocable");
    cs_hp.id_revoke = cs_id(the, "revoke");
}

/* Defines the function on top of the stack as an enumerable property, and pops it. */
static void define(cs_machine *the, cs_slot *object, const char *name)
{
    mxPushSlot(object);
    fxDefineID(the, cs_id(the, name), XS_NO_FLAG, XS_GET_ONLY);
    mxPop();
}

void cs_hp_define_functions(cs_machine *the, cs_slot *object, const cs_native *natives)
{
    for (const cs_native *n = natives; n->name != NULL; n++) {
        (void)fxNewHostFunction(the, n->call, n->length, (txInteger)cs_id(the, n->name), XS_NO_ID);
        define(the, object, n->name);
    }
}

/* Replaces the global of this name by the value on top of the stack, and pops it. */
static void define_global(cs_machine *the, const char *name)
{
    mxPush(mxGlobal);
    fxDefineID(the, cs_id(the, name), XS_DONT_ENUM_FLAG, XS_GET_ONLY);
    mxPop();
}

/* Pushes the constructor. XS makes it Promise.prototype.constructor; that stays Promise. */
static void push_constructor(cs_machine *the)
{
    mxPush(mxPromisePrototype);
    cs_slot *f =
        fxNewHostConstructor(the, cs_hp_host_construct, 1, (txInteger)cs_id(the, "HandledPromise"));
    f->value.instance.prototype = mxPromiseConstructor.value.reference;
    cs_slot *back = mxBehaviorSetProperty(the, mxPromisePrototype.value.reference,
                                          mxID(_constructor), 0, XS_OWN);
    back->kind = XS_REFERENCE_KIND;
    back->value.reference = mxPromiseConstructor.value.reference;
    cs_hp.constructor = f;
}

/* The hidden functions live as long as the constructor, on an internal slot of it. */
static void make_hidden(cs_machine *the)
{
    static const txCallback calls[CS_HP_HIDDEN_COUNT] = {
        [CS_HP_DELIVER] = cs_hp_host_deliver, [CS_HP_RACE] = cs_hp_host_race,
        [CS_HP_RESEND] = cs_hp_host_resend,   [CS_HP_LOSE] = cs_hp_host_lose,
        [CS_HP_FOLLOW] = cs_hp_host_follow,   [CS_HP_SETTLE] = cs_hp_host_settle,
        [CS_HP_ADOPT] = cs_hp_host_adopt,     [CS_HP_E_GET] = cs_hp_host_e_get,
    };
    cs_slot *last = fxNewInstance(the), *home = mxFunctionInstanceHome(cs_hp.constructor);
    cs_slot *s = fxNewSlot(the);
    s->flag = XS_INTERNAL_FLAG;
    s->kind = XS_REFERENCE_KIND;
    s->value.reference = last;
    s->next = home->next;
    home->next = s;
    for (int i = 0; i < CS_HP_HIDDEN_COUNT; i++) {
        cs_slot *f = fxNewHostFunction(the, calls[i], 0, XS_NO_ID, XS_NO_ID);
        f->flag |= XS_DONT_PATCH_FLAG | XS_DONT_MARSHALL_FLAG;
        last = fxNextSlotProperty(the, last, the->stack, XS_NO_ID, XS_INTERNAL_FLAG);
        cs_hp.hidden[i] = f;
        mxPop();
    }
    mxPop();
}

/* XS's own functions that run reactions call us from now on. */
static void take_over_reactions(cs_machine *the)
{
    cs_slot *fulfilled = mxOnResolvedPromiseFunction.value.reference;
    cs_slot *rejected = mxOnRejectedPromiseFunction.value.reference;
    mxFunctionInstanceCode(fulfilled)->value.callback.address = cs_hp_host_fulfilled;
    mxFunctionInstanceCode(rejected)->value.callback.address = cs_hp_host_rejected;
}

void cs_handled_promise_install(cs_machine *the)
{
    name_ids(the);
    take_over_reactions(the);
    push_constructor(the);
    cs_slot *constructor = the->stack;
    make_hidden(the);
    cs_hp_define_functions(the, constructor, cs_hp_statics);
    cs_hp_push_e(the, constructor);
    define_global(the, "E");
    define_global(the, "HandledPromise");
}

void cs_heap_set_send(cs_heap *h, cs_send_fn *send)
{
    h->send = send;
}
