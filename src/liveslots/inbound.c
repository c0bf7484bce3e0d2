/* What comes in: the first turns of message and notify (S6, S7), in which no code of the vat runs.
 * What is malformed in them is some other vat's fault: it ends in a rejection, not with this vat. */
#include "liveslots/state.h"

/* --- message ---------------------------------------------------------------------------------------- */

/* Item `index` of a decoded value, or NULL. In a chunk: valid until the next allocation. */
static cs_slot *item_of(const cs_slot *value, txIndex index)
{
    if (!cs_is_reference(value) || !cs_is_exotic(value->value.reference, XS_ARRAY_KIND))
        return NULL;
    const cs_slot *items = value->value.reference->next;
    return index < items->value.array.length ? items->value.array.address + index : NULL;
}

static void push_item(cs_machine *the, const cs_slot *value, txIndex index)
{
    const cs_slot *item = item_of(value, index);
    if (item != NULL)
        mxPushSlot(item);
    else
        mxPushUndefined();
}

static bool is_name(const cs_slot *v)
{
    return cs_is_string(v) || v->kind == XS_SYMBOL_KIND;
}

/* Pushes the promise of the answer. S6: no method calls the target itself, no arguments read a
 * property. */
static void push_send(cs_machine *the, cs_slot *target, const cs_slot *methargs)
{
    push_item(the, methargs, 0);
    cs_slot *method = the->stack;
    push_item(the, methargs, 1);
    cs_slot *args = the->stack;
    bool calls = args->kind != XS_UNDEFINED_KIND;
    if (item_of(methargs, 0) == NULL ||
        (calls && (!cs_is_reference(args) || !cs_is_exotic(args->value.reference, XS_ARRAY_KIND))))
        cs_throw(the, XS_TYPE_ERROR, "message is not [method, [argument...]]");
    if (!is_name(method) && (!calls || method->kind != XS_UNDEFINED_KIND))
        fxToString(the, method);
    if (!calls)
        cs_send_push(the, CS_SEND_GET, target, method, NULL);
    else if (method->kind == XS_UNDEFINED_KIND)
        cs_send_push(the, CS_SEND_FUNCTION, target, NULL, args);
    else
        cs_send_push(the, CS_SEND_METHOD, target, method, args);
    *args = *the->stack;
    the->stack = args;
}

/* The same, or a promise that is rejected with what is wrong with the message. */
static void push_answer(cs_machine *the, cs_liveslots *ls, cs_slot *target,
                        const cs_capdata *methargs)
{
    mxTry(the)
    {
        cs_marshal_decode(the, ls->marshal, methargs);
        push_send(the, target, the->stack);
    }
    mxCatch(the)
    {
        cs_ls_push_caught(the);
        cs_slot *reason = the->stack;
        cs_promise_push(the, 0);
        cs_promise_reject(the, the->stack->value.reference, reason);
    }
}

void cs_ls_deliver_message(cs_machine *the, cs_liveslots *ls, const cs_message *m)
{
    cs_ls_push_value(the, ls, m->target, (cs_bytes){ 0 });
    push_answer(the, ls, the->stack, &m->methargs);
    cs_ls_let_go(ls, &m->methargs);
    if (cs_vref_none(m->result))
        return;
    /* A promise that we imported before: what everybody here holds goes on being it. */
    cs_slot *answer = the->stack, *imported = cs_map_ptr(&ls->imports, m->result.bits);
    if (imported == NULL && cs_ls_value(ls, m->result) != NULL) {
        cs_ls_fail(ls, CS_E_PROTOCOL, "result is a promise that is decided here already");
        return;
    }
    if (imported != NULL) {
        (void)cs_map_remove(&ls->imports, m->result.bits);
        cs_promise_resolve(the, imported, answer);
    } else
        cs_ls_register(ls, m->result, answer->value.reference);
    cs_ls_follow(the, ls, m->result, cs_ls_value(ls, m->result));
}

/* --- notify ----------------------------------------------------------------------------------------- */

static void settle(cs_machine *the, cs_liveslots *ls, const cs_resolution *r, cs_slot *promise)
{
    mxTry(the)
    {
        cs_marshal_decode(the, ls->marshal, &r->data);
        if (r->rejected)
            cs_promise_reject(the, promise, the->stack);
        else
            cs_promise_resolve(the, promise, the->stack);
        mxPop();
    }
    mxCatch(the)
    {
        cs_ls_push_caught(the);
        cs_promise_reject(the, promise, the->stack);
        mxPop();
    }
}

/* S7: after the whole batch, in the order of their texts. */
static void subscribe_new(cs_liveslots *ls)
{
    uint32_t count = 0;
    if (ls->new_imports.count == 0)
        return;
    cs_vref *items = cs_arena_take(&ls->arena, ls->new_imports.count * sizeof *items);
    for (cs_map_entry *e = NULL; (e = cs_map_next(&ls->new_imports, e)) != NULL;)
        items[count++] = (cs_vref){ e->key };
    cs_ls_sort(items, count);
    for (uint32_t i = 0; i < count; i++)
        cs_ls_subscribe(ls, items[i]);
    cs_ls_empty(&ls->new_imports);
}

/* A promise that is not among the imports is one that we decide ourselves by now: stale, ignored. A
 * vpid that the batch settles stays known until its end, for the other resolutions to mention. */
void cs_ls_deliver_notify(cs_machine *the, cs_liveslots *ls, const cs_resolutions *n)
{
    cs_vref *settled = cs_arena_take(&ls->arena, n->count * sizeof *settled);
    uint32_t count = 0;
    ls->in_notify = true;
    for (uint32_t i = 0; i < n->count; i++) {
        cs_vref vpid = n->items[i].promise;
        cs_slot *promise = cs_map_ptr(&ls->imports, vpid.bits);
        if (promise != NULL) {
            settle(the, ls, &n->items[i], promise);
            settled[count++] = vpid;
        }
    }
    for (uint32_t i = 0; i < n->count; i++)
        cs_ls_let_go(ls, &n->items[i].data);
    ls->in_notify = false;
    for (uint32_t i = 0; i < count; i++) {
        if (cs_map_remove(&ls->imports, settled[i].bits))
            cs_ls_forget_promise(ls, settled[i]);
        (void)cs_map_remove(&ls->new_imports, settled[i].bits);
    }
    subscribe_new(ls);
}
