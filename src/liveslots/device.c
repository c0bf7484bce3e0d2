/* D(node).method(...args) (S7, S19): the vat waits for what a device answers.
 *
 * D(node) is a Proxy of an empty object: every property is a method, and no property of a target gets
 * in the way. Neither its handler nor the trap in it can be reached from JavaScript. The handler has
 * the node in an internal slot and the trap as its only property; a method is a function whose slots
 * are CALLBACK, HOME with the node, and the key. */
#include "liveslots/state.h"

static cs_slot *argument(cs_machine *the, txInteger index)
{
    return mxArgc > index ? mxArgv(index) : &mxUndefined;
}

static cs_slot *add_internal(cs_machine *the, cs_slot *last, const cs_slot *value)
{
    cs_slot *s = last->next = fxNewSlot(the);
    s->flag = XS_INTERNAL_FLAG;
    s->kind = value->kind;
    s->value = value->value;
    return s;
}

/* --- D(node) ------------------------------------------------------------------------------------------ */

/* Pushes it. Without a prototype: nothing but `get` can be a trap. */
static void push_handler(cs_machine *the, const cs_slot *node)
{
    cs_slot *handler = fxNewInstance(the), *last = add_internal(the, handler, node);
    (void)fxNewHostFunction(the, cs_ls_device_get, 3, XS_NO_ID, XS_NO_ID);
    (void)fxNextSlotProperty(the, last, the->stack, mxID(_get), XS_NO_FLAG);
    mxPop();
}

static bool is_made_by_us(const cs_slot *proxy)
{
    if (!cs_is_exotic(proxy, XS_PROXY_KIND) || proxy->next->value.proxy.handler == NULL)
        return false;
    const cs_slot *node = proxy->next->value.proxy.handler->next;
    const cs_slot *get = node == NULL ? NULL : node->next;
    return get != NULL && (node->flag & XS_INTERNAL_FLAG) != 0 && cs_is_reference(get) &&
           cs_is_exotic(get->value.reference, XS_CALLBACK_KIND) &&
           get->value.reference->next->value.callback.address == cs_ls_device_get;
}

static void require_node(cs_machine *the, const cs_slot *node)
{
    if (cs_is_reference(node) && is_made_by_us(node->value.reference))
        cs_throw(the, XS_UNKNOWN_ERROR, "D(D(x)) is invalid");
    if (!cs_is_reference(node) ||
        cs_vref_type(cs_ls_vref(cs_ls_of(the), node->value.reference)) != CS_REF_DEVICE)
        cs_throw(the, XS_UNKNOWN_ERROR, "D() must be given a device node");
}

void cs_ls_device(cs_machine *the)
{
    const cs_slot *node = argument(the, 0);
    require_node(the, node);
    mxPush(mxObjectPrototype);
    (void)fxNewObjectInstance(the);
    cs_slot *target = the->stack;
    push_handler(the, node);
    cs_slot *handler = the->stack;
    mxPush(mxProxyConstructor);
    mxNew();
    mxPushSlot(target);
    mxPushSlot(handler);
    mxRunCount(2);
    cs_harden(the, the->stack);
    *mxResult = *the->stack;
    the->stack = target + 1;
}

/* The trap: (target, key, receiver), called on the handler. */
void cs_ls_device_get(cs_machine *the)
{
    const cs_slot *node = mxThis->value.reference->next;
    cs_slot *method = fxNewHostFunction(the, cs_ls_device_method, 0, XS_NO_ID, XS_NO_ID);
    cs_slot *home = mxFunctionInstanceHome(method);
    home->value.home.object = node->value.reference;
    cs_slot *rest = home->next;
    add_internal(the, home, argument(the, 1))->next = rest;
    mxPullSlot(mxResult);
}

/* --- a call ------------------------------------------------------------------------------------------- */

static void forbid_promises(cs_machine *the, const cs_capdata *data)
{
    for (uint32_t i = 0; i < data->slot_count; i++)
        if (cs_vref_type(data->slots[i]) == CS_REF_PROMISE)
            cs_throw(the, XS_UNKNOWN_ERROR, "D() arguments cannot include a Promise");
}

/* Of the frame. */
static cs_capdata encode_arguments(cs_machine *the, cs_liveslots *ls)
{
    cs_push_arguments(the);
    cs_capdata args = cs_marshal_encode(the, ls->marshal, the->stack);
    forbid_promises(the, &args);
    args = cs_ls_keep(ls, &args);
    cs_ls_retain(ls, &args);
    mxPop();
    return args;
}

/* The scratch line as an Error. */
static void throw_line(cs_machine *the, cs_liveslots *ls)
{
    cs_throw_error(the, &mxErrorConstructor, cs_buf_text(&ls->line));
}

static const cs_syscall *call(cs_machine *the, cs_liveslots *ls, cs_vref device,
                              const cs_slot *method)
{
    if (!cs_is_string(method))
        cs_throw(the, XS_TYPE_ERROR, "D(): the name of a method must be a string");
    cs_capdata args = encode_arguments(the, ls);
    cs_buf_clear(&ls->line);
    cs_add_text(&ls->line, method);
    return cs_ls_call(ls, device, cs_arena_copy(&ls->arena, cs_buf_bytes(&ls->line)), &args);
}

/* Pushes what the device returned. Decoding is unmetered: what it costs depends on which references the
 * vat knows already. */
static void push_result(cs_machine *the, cs_liveslots *ls, const cs_capdata *data)
{
    volatile bool threw = false;
    cs_meter_pause(the);
    mxTry(the)
    {
        forbid_promises(the, data);
        cs_marshal_decode(the, ls->marshal, data);
    }
    mxCatch(the)
    {
        cs_ls_push_caught(the);
        threw = true;
    }
    cs_ls_let_go(ls, data);
    cs_meter_resume(the);
    if (!threw)
        return;
    mxPull(mxException);
    fxJump(the);
}

void cs_ls_device_method(cs_machine *the)
{
    cs_liveslots *ls = cs_ls_of(the);
    const cs_slot *home = mxFunctionInstanceHome(mxFunction->value.reference);
    const cs_syscall *s = call(the, ls, cs_ls_vref(ls, home->value.home.object), home->next);
    if (s->call.failed) {
        cs_buf_clear(&ls->line);
        cs_buf_add_text(&ls->line, "syscall.callNow failed: ");
        cs_buf_add(&ls->line, s->call.result.body.data, s->call.result.body.size);
        throw_line(the, ls);
    }
    push_result(the, ls, &s->call.result);
    mxPullSlot(mxResult);
}
