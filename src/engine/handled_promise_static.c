/* Static methods of HandledPromise: get, applyFunction, applyMethod, the same without answer, and
 * resolve. */
#include "engine/handled_promise_int.h"

/* --- arguments ------------------------------------------------------------------------------------ */

/* Pushes an argument, or undefined. */
void cs_hp_push_argument(cs_machine *the, txInteger i)
{
    if (i < mxArgc)
        mxPushSlot(mxArgv(i));
    else
        mxPushUndefined();
}

/* An array whose items are just values, so that copying them is what a spread does. */
static bool is_simple_array(cs_machine *the, const cs_slot *value)
{
    if (value->kind != XS_REFERENCE_KIND)
        return false;
    cs_slot *instance = cs_instance(the, value->value.reference);
    if (!cs_is_exotic(instance, XS_ARRAY_KIND) || instance->next->next != NULL ||
        instance->value.instance.prototype != mxArrayPrototype.value.reference)
        return false;
    cs_slot *array = instance->next;
    if (fxGetIndexSize(the, array) != array->value.array.length)
        return false;
    for (txIndex i = 0; i < array->value.array.length; i++)
        if (array->value.array.address[i].kind == XS_ACCESSOR_KIND)
            return false;
    return true;
}

static void push_copy(cs_machine *the, const cs_slot *array)
{
    cs_slot *from = cs_instance(the, array->value.reference)->next;
    cs_slot *to = fxNewArray(the, (txInteger)from->value.array.length)->next;
    for (txIndex i = 0; i < to->value.array.length; i++) {
        to->value.array.address[i] = from->value.array.address[i];
        to->value.array.address[i].flag = XS_NO_FLAG;
    }
}

/* Pushes [...iterable]. */
static void push_spread(cs_machine *the, cs_slot *iterable)
{
    if (is_simple_array(the, iterable)) {
        push_copy(the, iterable);
        return;
    }
    cs_slot *array, *iterator, *next, *value;
    mxTemporary(array);
    mxTemporary(iterator);
    mxTemporary(next);
    mxTemporary(value);
    cs_slot *list = fxNewArray(the, 0);
    array->kind = XS_REFERENCE_KIND;
    array->value.reference = list;
    (void)fxGetIterator(the, iterable, iterator, next, 0);
    while (fxIteratorNext(the, iterator, next, value)) {
        mxPushSlot(value);
        cs_hp_append_to_array(the, array);
    }
    the->stack = array;
}

/* In place of the value on top of the stack: the key that it is, XS_AT_KIND. */
static void to_key(cs_machine *the)
{
    if (the->stack->kind != XS_SYMBOL_KIND)
        (void)fxToString(the, the->stack);
    (void)fxAt(the, the->stack);
}

/* --- methods -------------------------------------------------------------------------------------- */

/* (target, key if any, arguments if any) */
static void send_to(cs_machine *the, txInteger op)
{
    bool has_key = (op & CS_HP_OP) != CS_SEND_FUNCTION, has_args = (op & CS_HP_OP) != CS_SEND_GET;
    cs_hp_push_argument(the, 0);
    cs_slot *target = the->stack;
    mxPushUndefined();
    cs_slot *key = the->stack;
    if (has_key) {
        mxPop();
        cs_hp_push_argument(the, 1);
        to_key(the);
    }
    if (has_args) {
        cs_hp_push_argument(the, has_key ? 2 : 1);
        push_spread(the, the->stack);
    } else
        mxPushUndefined();
    cs_hp_push_send(the, op, target, key, the->stack, NULL);
    mxPullSlot(mxResult);
}

static void host_get(cs_machine *the)
{
    send_to(the, CS_SEND_GET);
}

static void host_get_only(cs_machine *the)
{
    send_to(the, CS_SEND_GET | CS_HP_ONLY);
}

static void host_apply_function(cs_machine *the)
{
    send_to(the, CS_SEND_FUNCTION);
}

static void host_apply_function_only(cs_machine *the)
{
    send_to(the, CS_SEND_FUNCTION | CS_HP_ONLY);
}

static void host_apply_method(cs_machine *the)
{
    send_to(the, CS_SEND_METHOD);
}

static void host_apply_method_only(cs_machine *the)
{
    send_to(the, CS_SEND_METHOD | CS_HP_ONLY);
}

static void host_resolve(cs_machine *the)
{
    cs_hp_push_argument(the, 0);
    cs_hp_push_promise_of(the, the->stack);
    mxPullSlot(mxResult);
}

const cs_native cs_hp_statics[] = {
    { "get", host_get, 2 },
    { "getSendOnly", host_get_only, 2 },
    { "applyFunction", host_apply_function, 2 },
    { "applyFunctionSendOnly", host_apply_function_only, 2 },
    { "applyMethod", host_apply_method, 3 },
    { "applyMethodSendOnly", host_apply_method_only, 3 },
    { "resolve", host_resolve, 1 },
    { NULL, NULL, 0 },
};
