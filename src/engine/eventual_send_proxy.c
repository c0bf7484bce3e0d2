/* E(x), E.sendOnly(x), E.get(x): objects that have every property.
 *
 * They are exotic instances with a behaviour of our own instead of proxies: no handler and no target
 * object, so no property of a target gets in the way, and E(x).name() and E(x).length() are sends
 * like any other (S23). Slots: one whose ID is the number of the behaviour, which holds the callback
 * if the object can be called; HOME, which XS expects in functions; the recipient, with a flag that
 * says what is made of a property.
 *
 * E(x).m is a function object of its own: CALLBACK, HOME with E(x), the key, and, if it was got through
 * an object that inherits from E(x), that receiver. */
#include "engine/handled_promise_int.h"

enum { BEHAVIOR = XS_BEHAVIOR_COUNT };

/* On the recipient's slot. Neither: E(x). */
#define ONLY_FLAG XS_DONT_ENUM_FLAG
#define GET_FLAG XS_DONT_SET_FLAG
/* On the key's slot: the receiver follows. */
#define HEIR_FLAG XS_DONT_ENUM_FLAG

static cs_slot *recipient_of(const cs_slot *e)
{
    return e->next->next->next;
}

static txInteger only_of(const cs_slot *recipient)
{
    return (recipient->flag & ONLY_FLAG) != 0 ? CS_HP_ONLY : 0;
}

static bool is_e(const cs_slot *instance)
{
    return (instance->flag & XS_EXOTIC_FLAG) != 0 && instance->next->ID == BEHAVIOR;
}

/* --- making them ---------------------------------------------------------------------------------- */

static cs_slot *add_internal(cs_machine *the, cs_slot *last, txKind kind)
{
    cs_slot *s = last->next = fxNewSlot(the);
    s->flag = XS_INTERNAL_FLAG;
    s->kind = kind;
    return s;
}

static cs_slot *add_callback(cs_machine *the, cs_slot *instance, txCallback call)
{
    cs_slot *s = add_internal(the, instance, XS_CALLBACK_KIND);
    s->value.callback.address = call;
    s->value.callback.closures = NULL;
    return s;
}

static cs_slot *add_home(cs_machine *the, cs_slot *last, cs_slot *object)
{
    cs_slot *s = add_internal(the, last, XS_HOME_KIND);
    s->value.home.object = object;
    s->value.home.module = NULL;
    return s;
}

/* Pushes a hardened instance without slots. */
static cs_slot *push_instance(cs_machine *the, cs_slot *prototype, txFlag flags)
{
    cs_slot *instance = fxNewInstance(the);
    instance->flag = (txFlag)(flags | XS_DONT_PATCH_FLAG | XS_DONT_MARSHALL_FLAG);
    instance->value.instance.prototype = prototype;
    return instance;
}

/* The argument's E(x) of this sort becomes the frame's result. */
static void make_e(cs_machine *the, txFlag sort)
{
    cs_slot *e, *last;
    if (sort == GET_FLAG) {
        e = push_instance(the, NULL, XS_EXOTIC_FLAG);
        last = add_internal(the, e, XS_UNDEFINED_KIND);
    } else {
        cs_slot *prototype = mxFunctionPrototype.value.reference;
        e = push_instance(the, prototype, XS_EXOTIC_FLAG | XS_CAN_CALL_FLAG);
        last = add_callback(the, e, cs_hp_host_e_function);
    }
    last->ID = BEHAVIOR;
    last = add_home(the, last, NULL);
    last = add_internal(the, last, XS_UNDEFINED_KIND);
    last->flag |= sort;
    if (mxArgc > 0) {
        last->kind = mxArgv(0)->kind;
        last->value = mxArgv(0)->value;
    }
    mxPullSlot(mxResult);
}

static void push_method(cs_machine *the, cs_slot *e, const cs_slot *receiver, txID id,
                        txIndex index)
{
    cs_slot *f = push_instance(the, mxFunctionPrototype.value.reference, XS_CAN_CALL_FLAG);
    cs_slot *last = add_callback(the, f, cs_hp_host_e_method);
    last = add_home(the, last, e);
    last = add_internal(the, last, XS_AT_KIND);
    last->value.at.id = id;
    last->value.at.index = index;
    if (receiver->kind == XS_REFERENCE_KIND && receiver->value.reference == e)
        return;
    last->flag |= HEIR_FLAG;
    last = add_internal(the, last, receiver->kind);
    last->value = receiver->value;
}

/* Whether the frame's `this` is what the method was got from. */
static bool is_receiver(cs_machine *the, const cs_slot *e, const cs_slot *key)
{
    if (mxThis->kind != XS_REFERENCE_KIND)
        return false;
    if ((key->flag & HEIR_FLAG) == 0)
        return mxThis->value.reference == e;
    const cs_slot *receiver = key->next;
    return receiver->kind == XS_REFERENCE_KIND &&
           mxThis->value.reference == receiver->value.reference;
}

/* --- sending through them ------------------------------------------------------------------------- */

void cs_push_arguments(cs_machine *the)
{
    txInteger count = mxArgc;
    for (txInteger i = 0; i < count; i++)
        cs_harden(the, mxArgv(i));
    cs_slot *instance = fxNewArray(the, count), *array = instance->next;
    for (txInteger i = 0; i < count; i++) {
        cs_slot *item = array->value.array.address + i, *value = mxArgv(i);
        *(txIndex *)(void *)item = (txIndex)i; /* where XS keeps the index of an item */
        item->flag = XS_DONT_DELETE_FLAG | XS_DONT_SET_FLAG;
        item->kind = value->kind;
        item->value = value->value;
    }
    array->flag |= XS_DONT_SET_FLAG;
    instance->flag |= XS_DONT_PATCH_FLAG | XS_DONT_MARSHALL_FLAG;
}

/* E(x)(...) */
void cs_hp_host_e_function(cs_machine *the)
{
    cs_slot *e = mxFunction->value.reference;
    if (!is_e(e))
        cs_throw(the, XS_TYPE_ERROR, "no recipient");
    mxPushSlot(recipient_of(e));
    cs_slot *target = the->stack;
    mxPushUndefined();
    cs_slot *none = the->stack;
    cs_push_arguments(the);
    txInteger op = CS_SEND_FUNCTION | only_of(recipient_of(e));
    cs_hp_push_send(the, op, target, none, the->stack, NULL);
    mxPullSlot(mxResult);
}

/* Pushes the error of a method that was called on something else than what it was got from. */
static void push_receiver_error(cs_machine *the, const cs_slot *recipient, const cs_slot *key)
{
    mxPushSlot(key);
    fxKeyAt(the, key->value.at.id, key->value.at.index, the->stack);
    cs_slot *name = the->stack;
    cs_hp_push_text(the, "Unexpected receiver for \"");
    cs_hp_add_quoted(the, name);
    cs_hp_add(the, only_of(recipient) != 0 ? "\" method of E.sendOnly(" : "\" method of E(");
    cs_hp_add_quoted(the, recipient);
    cs_hp_add(the, ")");
    cs_hp_push_error(the, &mxErrorConstructor);
    name->kind = the->stack->kind;
    name->value = the->stack->value;
    mxPop();
}

static void refuse_receiver(cs_machine *the, const cs_slot *recipient, const cs_slot *key)
{
    push_receiver_error(the, recipient, key);
    cs_slot *error = the->stack;
    if (only_of(recipient) != 0) {
        mxPull(mxException);
        fxThrow(the, NULL, 0);
    }
    cs_promise_push(the, 0);
    *mxResult = *the->stack;
    cs_promise_reject(the, mxResult->value.reference, error);
}

/* E(x).m(...) */
void cs_hp_host_e_method(cs_machine *the)
{
    const cs_slot *home = mxFunctionInstanceHome(mxFunction->value.reference);
    const cs_slot *e = home->value.home.object, *key = home->next;
    if (e == NULL)
        cs_throw(the, XS_TYPE_ERROR, "no recipient");
    const cs_slot *recipient = recipient_of(e);
    if (!is_receiver(the, e, key)) {
        refuse_receiver(the, recipient, key);
        return;
    }
    mxPushSlot(recipient);
    cs_slot *target = the->stack;
    mxPushSlot(key);
    cs_slot *at = the->stack;
    cs_push_arguments(the);
    cs_hp_push_send(the, CS_SEND_METHOD | only_of(recipient), target, at, the->stack, NULL);
    mxPullSlot(mxResult);
}

/* --- the behaviour -------------------------------------------------------------------------------- */

/* Pushes what a property is: a method, or for E.get the promise of the value. */
static void push_member(cs_machine *the, cs_slot *e, const cs_slot *receiver, txID id,
                        txIndex index)
{
    cs_slot *recipient = recipient_of(e);
    if ((recipient->flag & GET_FLAG) == 0) {
        push_method(the, e, receiver, id, index);
        return;
    }
    mxPushSlot(recipient);
    cs_slot *target = the->stack;
    mxPushAt(id, index);
    cs_slot *key = the->stack;
    mxPushUndefined();
    cs_hp_push_send(the, CS_SEND_GET, target, key, the->stack, NULL);
    target->kind = the->stack->kind;
    target->value = the->stack->value;
    the->stack = target;
}

/* The run loop calls this without having told the machine where its stack ends, so nothing may be
 * allocated: it gets an accessor, and the getter finds the key where we left it. */
static txSlot *get_property(txMachine *the, txSlot *e, txID id, txIndex index, txFlag flag)
{
    (void)e, (void)flag;
    the->scratch.value.at.id = id;
    the->scratch.value.at.index = index;
    return &cs_hp.member;
}

/* this: E(x), or an object that inherits from it. */
void cs_hp_host_e_get(cs_machine *the)
{
    txID id = the->scratch.value.at.id;
    txIndex index = the->scratch.value.at.index;
    cs_slot *e = mxThis->kind == XS_REFERENCE_KIND ? mxThis->value.reference : NULL;
    while (e != NULL && !is_e(e))
        e = fxGetPrototype(the, e);
    if (e == NULL)
        return;
    push_member(the, e, mxThis, id, index);
    mxPullSlot(mxResult);
}

static txBoolean get_property_value(txMachine *the, txSlot *e, txID id, txIndex index,
                                    txSlot *receiver, txSlot *value)
{
    push_member(the, e, receiver, id, index);
    mxPullSlot(value);
    return 1;
}

static txSlot *set_property(txMachine *the, txSlot *e, txID id, txIndex index, txFlag flag)
{
    (void)e, (void)id, (void)index, (void)flag;
    cs_throw(the, XS_TYPE_ERROR, "E() cannot be assigned to");
}

static txBoolean set_property_value(txMachine *the, txSlot *e, txID id, txIndex index,
                                    txSlot *value, txSlot *receiver)
{
    (void)the, (void)e, (void)id, (void)index, (void)value, (void)receiver;
    return 0;
}

static txBoolean define_own_property(txMachine *the, txSlot *e, txID id, txIndex index,
                                     txSlot *value, txFlag mask)
{
    (void)the, (void)e, (void)id, (void)index, (void)value, (void)mask;
    return 0;
}

static txBoolean delete_property(txMachine *the, txSlot *e, txID id, txIndex index)
{
    (void)the, (void)e, (void)id, (void)index;
    return 0;
}

static txBoolean has_property(txMachine *the, txSlot *e, txID id, txIndex index)
{
    (void)the, (void)e, (void)id, (void)index;
    return 1;
}

/* It pretends to have every property, but has none to show. */
static txBoolean get_own_property(txMachine *the, txSlot *e, txID id, txIndex index, txSlot *slot)
{
    (void)the, (void)e, (void)id, (void)index;
    slot->flag = XS_NO_FLAG;
    slot->kind = XS_UNDEFINED_KIND;
    return 0;
}

static void own_keys(txMachine *the, txSlot *e, txFlag flag, txSlot *keys)
{
    (void)the, (void)e, (void)flag, (void)keys;
}

static txBoolean is_extensible(txMachine *the, txSlot *e)
{
    (void)the, (void)e;
    return 0;
}

static txBoolean prevent_extensions(txMachine *the, txSlot *e)
{
    (void)the, (void)e;
    return 1;
}

static txBoolean set_prototype(txMachine *the, txSlot *e, txSlot *prototype)
{
    (void)the, (void)e, (void)prototype;
    return 0;
}

static const txBehavior behavior = {
    .getProperty = get_property,
    .setProperty = set_property,
    .call = fxOrdinaryCall,
    .construct = fxOrdinaryConstruct,
    .defineOwnProperty = define_own_property,
    .deleteProperty = delete_property,
    .getOwnProperty = get_own_property,
    .getPropertyValue = get_property_value,
    .getPrototype = fxOrdinaryGetPrototype,
    .hasProperty = has_property,
    .isExtensible = is_extensible,
    .ownKeys = own_keys,
    .preventExtensions = prevent_extensions,
    .setPropertyValue = set_property_value,
    .setPrototype = set_prototype,
};

/* --- E itself ------------------------------------------------------------------------------------- */

static void host_e(cs_machine *the)
{
    make_e(the, XS_NO_FLAG);
}

static void host_send_only(cs_machine *the)
{
    make_e(the, ONLY_FLAG);
}

static void host_get(cs_machine *the)
{
    make_e(the, GET_FLAG);
}

/* (x, onfulfilled, onrejected): HandledPromise.resolve(x).then(onfulfilled, onrejected) */
static void host_when(cs_machine *the)
{
    cs_hp_push_argument(the, 0);
    cs_hp_push_promise_of(the, the->stack);
    mxDub();
    mxGetID(mxID(_then));
    mxCall();
    cs_hp_push_argument(the, 1);
    cs_hp_push_argument(the, 2);
    mxRunCount(2);
    mxPullSlot(mxResult);
}

void cs_hp_push_e(cs_machine *the, cs_slot *constructor)
{
    static const cs_native functions[] = {
        { "get", host_get, 1 },
        { "sendOnly", host_send_only, 1 },
        { "when", host_when, 3 },
        { NULL, NULL, 0 },
    };
    gxBehaviors[BEHAVIOR] = &behavior;
    cs_hp.member.flag = XS_DONT_DELETE_FLAG;
    cs_hp.member.kind = XS_ACCESSOR_KIND;
    cs_hp.member.value.accessor.getter = cs_hp.hidden[CS_HP_E_GET];
    (void)fxNewHostFunction(the, host_e, 1, (txInteger)cs_id(the, "E"), XS_NO_ID);
    cs_slot *e = the->stack;
    cs_hp_define_functions(the, e, functions);
    mxPushSlot(constructor);
    mxGetID(mxID(_resolve));
    mxPushSlot(e);
    fxDefineID(the, mxID(_resolve), XS_NO_FLAG, XS_GET_ONLY);
    mxPop();
}
