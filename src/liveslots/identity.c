/* Vrefs and the objects that they mean: L1-L4 of state.h. */
#include "liveslots/state.h"

#include "base/limits.h"

#include <stdio.h>

static uint64_t key_of(const cs_slot *instance)
{
    return (uint64_t)(uintptr_t)instance;
}

cs_slot *cs_ls_value(const cs_liveslots *ls, cs_vref vref)
{
    return cs_map_ptr(&ls->values, vref.bits);
}

cs_vref cs_ls_vref(const cs_liveslots *ls, cs_slot *instance)
{
    uint64_t handle = cs_presence_handle(instance);
    if (handle != 0)
        return (cs_vref){ handle };
    const cs_map_entry *e = cs_map_find(&ls->vrefs, key_of(instance));
    return (cs_vref){ e != NULL ? e->value : 0 };
}

void cs_ls_register(cs_liveslots *ls, cs_vref vref, cs_slot *instance)
{
    cs_map_put(&ls->values, vref.bits)->ptr = instance;
    if (cs_presence_handle(instance) == 0)
        cs_map_put(&ls->vrefs, key_of(instance))->value = vref.bits;
}

void cs_ls_forget_promise(cs_liveslots *ls, cs_vref vref)
{
    cs_slot *promise = cs_ls_value(ls, vref);
    cs_assert(promise != NULL);
    (void)cs_map_remove(&ls->vrefs, key_of(promise));
    (void)cs_map_remove(&ls->values, vref.bits);
}

cs_vref cs_ls_next_promise(cs_liveslots *ls)
{
    return cs_vref_of(CS_REF_PROMISE, true, ls->next_promise++);
}

void cs_ls_retain(cs_liveslots *ls, const cs_capdata *data)
{
    for (uint32_t i = 0; i < data->slot_count; i++) {
        cs_vref v = data->slots[i];
        if (!cs_ls_is_export(v))
            continue;
        cs_map_put(&ls->exported, v.bits)->ptr = cs_ls_value(ls, v);
        if (ls->dropped_exports.count > 0)
            (void)cs_map_remove(&ls->dropped_exports, v.bits);
    }
}

/* --- naming what goes out --------------------------------------------------------------------------- */

static cs_vref vref_of(cs_machine *the, void *ctx, cs_slot *instance, bool is_promise)
{
    cs_liveslots *ls = ctx;
    (void)the;
    uint64_t handle = cs_presence_handle(instance);
    if (handle != 0)
        return (cs_vref){ handle };
    cs_map_entry *e = cs_map_put(&ls->vrefs, key_of(instance));
    if (e->value != 0)
        return (cs_vref){ e->value };
    cs_vref vref =
        is_promise ? cs_ls_next_promise(ls) : cs_vref_of(CS_REF_OBJECT, true, ls->next_object++);
    e->value = vref.bits;
    cs_map_put(&ls->values, vref.bits)->ptr = instance;
    return vref;
}

/* --- making what comes in --------------------------------------------------------------------------- */

/* Pushes the prototype of what has that interface name, or none: then its vref is in it. */
static void push_prototype(cs_machine *the, cs_liveslots *ls, cs_vref vref, cs_bytes iface,
                           const char *what)
{
    char unnamed[CS_REF_TEXT_MAX + 32], text[CS_REF_TEXT_MAX];
    if (iface.size == 0) {
        (void)snprintf(unnamed, sizeof unnamed, "Alleged: %s %s", what, cs_vref_text(vref, text));
        iface = cs_bytes_of(unnamed);
    }
    cs_ls_push_tag_record(the, ls, iface);
}

static void push_presence(cs_machine *the, cs_liveslots *ls, cs_vref vref, cs_bytes iface)
{
    push_prototype(the, ls, vref, iface, "presence");
    cs_presence_push(the, vref.bits, the->stack);
    the->stack[1] = the->stack[0];
    mxPop();
}

/* S7: subscribes at once, but in a notify only after the whole batch. */
static void push_promise(cs_machine *the, cs_liveslots *ls, cs_vref vref)
{
    cs_promise_push(the, vref.bits);
    cs_map_put(&ls->imports, vref.bits)->ptr = the->stack->value.reference;
    if (ls->in_notify)
        cs_map_put(&ls->new_imports, vref.bits)->value = 1;
    else
        cs_ls_subscribe(ls, vref);
}

/* A device node has no behaviour of its own: D() finds it by its vref. Devices do not learn of drops
 * (S19), so it is held for ever. */
static void push_device(cs_machine *the, cs_liveslots *ls, cs_vref vref, cs_bytes iface)
{
    push_prototype(the, ls, vref, iface, "device");
    mxDub();
    cs_slot *node = fxNewObjectInstance(the);
    node->flag |= XS_DONT_PATCH_FLAG | XS_DONT_MARSHALL_FLAG;
    cs_map_put(&ls->devices, vref.bits)->ptr = node;
    the->stack[1] = the->stack[0];
    mxPop();
}

static void push_new(cs_machine *the, cs_liveslots *ls, cs_vref vref, cs_bytes iface)
{
    char text[CS_REF_TEXT_MAX];
    cs_ref_type type = cs_vref_type(vref);
    if (type != CS_REF_PROMISE && cs_vref_by_vat(vref))
        cs_throw(the, XS_UNKNOWN_ERROR, "I do not remember allocating %s",
                 cs_vref_text(vref, text));
    if (type == CS_REF_OBJECT)
        push_presence(the, ls, vref, iface);
    else if (type == CS_REF_PROMISE)
        push_promise(the, ls, vref);
    else
        push_device(the, ls, vref, iface);
    cs_ls_register(ls, vref, the->stack->value.reference);
    if (type == CS_REF_OBJECT)
        cs_ls_imported(ls, vref);
}

void cs_ls_push_value(cs_machine *the, cs_liveslots *ls, cs_vref vref, cs_bytes iface)
{
    cs_slot *known = cs_ls_value(ls, vref);
    if (known == NULL) {
        push_new(the, ls, vref, iface);
        return;
    }
    mxPushReference(known);
    if (ls->dropped.count > 0)
        cs_ls_held_again(ls, vref);
}

static void push_value(cs_machine *the, void *ctx, cs_vref vref, cs_bytes iface)
{
    cs_ls_push_value(the, ctx, vref, iface);
}

const cs_slot_ops cs_ls_slot_ops = { .vref_of = vref_of, .push_value = push_value };
