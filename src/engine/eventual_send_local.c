/* Delivery of a send to a local value or to a handler of JavaScript. Each function here pushes the
 * answer, or throws; the texts are those of @endo/eventual-send. */
#include "engine/handled_promise_int.h"

static txInteger push_args(cs_machine *the, const cs_slot *args)
{
    cs_slot *array = args->value.reference->next;
    txIndex count = array->value.array.length;
    for (txIndex i = 0; i < count; i++)
        mxPushSlot(array->value.array.address + i);
    return (txInteger)count;
}

/* In place of the object on top of the stack. */
static void get(cs_machine *the, const cs_slot *key)
{
    mxGetAll(key->value.at.id, key->value.at.index);
}

static void push_key(cs_machine *the, const cs_slot *key)
{
    mxPushSlot(key);
    if (key->kind == XS_AT_KIND)
        fxKeyAt(the, key->value.at.id, key->value.at.index, the->stack);
}

/* --- local values --------------------------------------------------------------------------------- */

static void apply_function(cs_machine *the, const cs_hp_send *s, cs_slot *target)
{
    if (!fxIsCallable(the, target)) {
        cs_hp_push_text(the, "Cannot invoke target as a function; typeof target is ");
        cs_hp_add_quoted_text(the, cs_hp_typeof(target));
        cs_hp_throw(the, &mxTypeErrorConstructor);
    }
    mxPushUndefined();
    mxPushSlot(target);
    mxCall();
    mxRunCount(push_args(the, s->args));
}

static void refuse_target(cs_machine *the, const cs_hp_send *s, const cs_slot *target)
{
    push_key(the, s->key);
    cs_slot *key = the->stack;
    cs_hp_push_text(the, "Cannot deliver ");
    cs_hp_add_quoted(the, key);
    cs_hp_add(the, " to target; typeof target is ");
    cs_hp_add_quoted_text(the, cs_hp_typeof(target));
    cs_hp_throw(the, &mxTypeErrorConstructor);
}

/* `method` is what stands in the method's place. */
static void refuse_method(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *method)
{
    bool missing = method->kind == XS_UNDEFINED_KIND;
    push_key(the, s->key);
    cs_slot *key = the->stack;
    cs_hp_push_text(the, missing ? "target has no method " : "invoked method ");
    cs_hp_add_quoted(the, key);
    if (missing) {
        cs_hp_add(the, ", has ");
        cs_hp_add_method_names(the, target);
        cs_hp_throw(the, &mxTypeErrorConstructor);
    }
    cs_hp_add(the, " is not a function; it is a ");
    cs_hp_add_quoted_text(the, cs_hp_typeof(method));
    cs_hp_throw(the, &mxErrorConstructor);
}

static void apply_method(cs_machine *the, const cs_hp_send *s, cs_slot *target)
{
    if (target->kind == XS_UNDEFINED_KIND || target->kind == XS_NULL_KIND)
        refuse_target(the, s, target);
    mxPushSlot(target);
    mxPushSlot(target);
    get(the, s->key);
    if (!fxIsCallable(the, the->stack))
        refuse_method(the, s, target, the->stack);
    mxCall();
    mxRunCount(push_args(the, s->args));
}

void cs_hp_apply_local(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *handler)
{
    (void)handler;
    switch ((cs_send_op)(s->op & CS_HP_OP)) {
    case CS_SEND_GET:
        mxPushSlot(target);
        get(the, s->key);
        break;
    case CS_SEND_FUNCTION:
        apply_function(the, s, target);
        break;
    case CS_SEND_METHOD:
        apply_method(the, s, target);
        break;
    }
}

/* --- handlers ------------------------------------------------------------------------------------- */

/* Pushes the beginning of a call of the handler's function, if it has it. */
static bool push_handler_call(cs_machine *the, cs_slot *handler, txInteger op)
{
    mxPushReference(handler);
    mxPushReference(handler);
    mxGetID(cs_hp.handler_ids[op]);
    bool has = fxIsCallable(the, the->stack) != 0;
    if (has)
        mxCall();
    else
        the->stack += 2;
    return has;
}

/* A presence's handler gets one argument more, undefined: the package passes it all it has got. */
static void call_handler(cs_machine *the, const cs_hp_send *s, cs_slot *target, bool presence)
{
    txInteger count = 2, op = s->op & CS_HP_OP;
    mxPushSlot(target);
    if (op != CS_SEND_FUNCTION) {
        push_key(the, s->key);
        count++;
    }
    if (op != CS_SEND_GET) {
        mxPushSlot(s->args);
        count++;
    }
    mxPushSlot(s->passed);
    if (presence) {
        mxPushUndefined();
        count++;
    }
    mxRunCount(count);
}

/* A method is got, then applied. `told` is what the second handler is told of the answer. */
static void get_then_apply(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *told)
{
    mxPushUndefined();
    cs_slot *none = the->stack;
    cs_hp_push_send(the, CS_SEND_GET, target, s->key, none, none);
    cs_hp_push_send(the, CS_SEND_FUNCTION, the->stack, none, s->args, told);
}

/* A function is applied as a method without a name; its arguments arrive wrapped once more. */
static void call_as_method(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *told)
{
    mxPushSlot(target);
    mxPushUndefined();
    cs_slot *array = fxNewArray(the, 1)->next, *item = array->value.array.address;
    item->kind = s->args->kind;
    item->value = s->args->value;
    mxPushSlot(told);
    mxRunCount(4);
}

static void refuse_handler(cs_machine *the, const cs_hp_send *s, cs_slot *handler,
                           const char *handler_name)
{
    mxPushReference(handler);
    cs_slot *subject = the->stack;
    cs_hp_push_text(the, "");
    cs_hp_add_quoted_text(the, handler_name);
    cs_hp_add(the, " is defined but has no methods needed for ");
    cs_hp_add_quoted_text(the, cs_hp_op_names[s->op]);
    cs_hp_add(the, " (has ");
    cs_hp_add_method_names(the, subject);
    cs_hp_add(the, ")");
    cs_hp_throw(the, &mxTypeErrorConstructor);
}

static void apply_handler(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *handler,
                          bool presence)
{
    txInteger op = s->op & CS_HP_OP;
    bool found = (s->op & CS_HP_ONLY) != 0 && push_handler_call(the, handler, s->op);
    if (found || push_handler_call(the, handler, op)) {
        call_handler(the, s, target, presence);
        return;
    }
    mxPushUndefined();
    cs_slot *told = presence ? the->stack : s->passed;
    if (op == CS_SEND_METHOD)
        get_then_apply(the, s, target, told);
    else if (op == CS_SEND_FUNCTION && push_handler_call(the, handler, CS_SEND_METHOD))
        call_as_method(the, s, target, told);
    else
        refuse_handler(the, s, handler, presence ? "presenceHandler" : "pendingHandler");
}

void cs_hp_apply_presence(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *handler)
{
    apply_handler(the, s, target, handler, true);
}

void cs_hp_apply_pending(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *handler)
{
    apply_handler(the, s, target, handler, false);
}
