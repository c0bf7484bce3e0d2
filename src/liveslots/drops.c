/* Imports and exports that come, go and come back: how each reference moves between the states of
 * state.h (L5, L6). The kernel's deliveries about them run no code of the vat; what they say of a
 * reference that is not in a state to which it applies is ignored. */
#include "liveslots/state.h"

#include "base/alloc.h"

/* --- imports ---------------------------------------------------------------------------------------- */

void cs_ls_imported(cs_liveslots *ls, cs_vref vref)
{
    unsigned owed = cs_ls_forgive(ls, vref);
    ls->imports_held += (owed & CS_OWED_DROP) == 0;
    ls->imports_known += (owed & CS_OWED_RETIRE) == 0;
}

void cs_ls_held_again(cs_liveslots *ls, cs_vref vref)
{
    if (cs_map_remove(&ls->dropped, vref.bits))
        ls->imports_held += (cs_ls_forgive(ls, vref) & CS_OWED_DROP) == 0;
}

static bool is_held(const cs_liveslots *ls, cs_vref vref)
{
    return cs_map_find(&ls->values, vref.bits) != NULL &&
           cs_map_find(&ls->dropped, vref.bits) == NULL;
}

/* The kernel has set the flag of an o- that nobody here holds. */
static void let_one_go(cs_liveslots *ls, cs_vref vref)
{
    bool is_recognized = cs_map_find(&ls->dropped, vref.bits) != NULL;
    unsigned owed = cs_ls_owed(ls, vref);
    ls->imports_held += (owed & CS_OWED_DROP) == 0;
    ls->imports_known += !is_recognized && (owed & CS_OWED_RETIRE) == 0;
    cs_ls_owe(ls, vref, is_recognized ? CS_OWED_DROP : CS_OWED_DROP | CS_OWED_RETIRE);
}

void cs_ls_let_go(cs_liveslots *ls, const cs_capdata *data)
{
    for (uint32_t i = 0; i < data->slot_count; i++)
        if (cs_ls_is_import(data->slots[i]) && !is_held(ls, data->slots[i]))
            let_one_go(ls, data->slots[i]);
}

void cs_ls_only_recognized(cs_liveslots *ls, cs_vref vref)
{
    if (cs_map_find(&ls->dropped, vref.bits) != NULL)
        return;
    cs_map_put(&ls->dropped, vref.bits)->value = 1;
    cs_ls_owe(ls, vref, CS_OWED_DROP);
}

/* What the kernel has heard of already is not owed a second time. */
static void lost_import(cs_liveslots *ls, cs_vref vref)
{
    bool was_dropped = cs_map_remove(&ls->dropped, vref.bits);
    cs_ls_owe(ls, vref, was_dropped ? CS_OWED_RETIRE : CS_OWED_DROP | CS_OWED_RETIRE);
}

void cs_ls_lost(cs_liveslots *ls, cs_vref vref, const cs_slot *instance)
{
    (void)cs_map_remove(&ls->values, vref.bits);
    if (cs_ls_is_import(vref)) {
        lost_import(ls, vref);
        return;
    }
    (void)cs_map_remove(&ls->vrefs, (uint64_t)(uintptr_t)instance);
    if (cs_map_find(&ls->dropped_exports, vref.bits) != NULL)
        cs_ls_owe(ls, vref, CS_OWED_RETIRE_EXPORT);
}

/* The exporter has let the object go: nobody can send it to us again, and what weak collections have
 * under it goes with the next collection. */
void cs_ls_deliver_retire_imports(cs_liveslots *ls, const cs_vrefs *refs)
{
    for (uint32_t i = 0; i < refs->count; i++) {
        cs_vref vref = refs->items[i];
        unsigned owed = cs_ls_owed(ls, vref);
        if ((owed & CS_OWED_DROP) != 0) /* reachable, as far as the kernel can know */
            continue;
        if (cs_map_remove(&ls->dropped, vref.bits)) {
            cs_presence_retire(cs_ls_value(ls, vref));
            (void)cs_map_remove(&ls->values, vref.bits);
            ls->drops_since++;
            ls->imports_known--;
        } else if ((owed & CS_OWED_RETIRE) != 0) {
            (void)cs_ls_forgive(ls, vref);
            ls->imports_known--;
        }
    }
}

/* --- exports ---------------------------------------------------------------------------------------- */

static bool is_root(cs_vref vref)
{
    return cs_vref_same(vref, cs_vref_of(CS_REF_OBJECT, true, 0));
}

/* The root stays: whoever can name the vat can make the kernel export it again. */
void cs_ls_deliver_drop_exports(cs_liveslots *ls, const cs_vrefs *refs)
{
    cs_map_reserve(&ls->dropped_exports, ls->dropped_exports.count + refs->count);
    for (uint32_t i = 0; i < refs->count; i++) {
        cs_vref vref = refs->items[i];
        if (is_root(vref) || !cs_map_remove(&ls->exported, vref.bits))
            continue;
        cs_map_put(&ls->dropped_exports, vref.bits)->value = 1;
        ls->drops_since++;
    }
}

/* The kernel knows the object no longer. It keeps its vref for as long as it lives, as in the
 * reference: sent again, it is a new object to the kernel. */
void cs_ls_deliver_retire_exports(cs_liveslots *ls, const cs_vrefs *refs)
{
    for (uint32_t i = 0; i < refs->count; i++)
        if (cs_map_remove(&ls->dropped_exports, refs->items[i].bits))
            (void)cs_ls_forgive(ls, refs->items[i]);
}

/* --- what the vat holds ----------------------------------------------------------------------------- */

/* Held ones from the front, the others from the back. */
typedef struct cs_listing {
    cs_vref *items;
    uint32_t held, recognized, size;
} cs_listing;

static void list_one(cs_listing *l, cs_vref vref, bool is_held_one)
{
    cs_assert(l->held + l->recognized < l->size);
    if (is_held_one)
        l->items[l->held++] = vref;
    else
        l->items[l->size - ++l->recognized] = vref;
}

/* By the kernel's flag: what has not been told yet is held. */
static void list_all(const cs_liveslots *ls, cs_listing *l)
{
    for (cs_map_entry *e = NULL; (e = cs_map_next(&ls->values, e)) != NULL;) {
        cs_vref vref = { e->key };
        if (cs_ls_is_import(vref))
            list_one(l, vref,
                     cs_map_find(&ls->dropped, e->key) == NULL || cs_ls_owed(ls, vref) != 0);
    }
    for (cs_map_entry *e = NULL; (e = cs_map_next(&ls->dead.owed, e)) != NULL;)
        if ((e->value & CS_OWED_RETIRE) != 0)
            list_one(l, (cs_vref){ e->key }, (e->value & CS_OWED_DROP) != 0);
}

void cs_liveslots_imports(cs_liveslots *ls, cs_vrefs *ret_held, cs_vrefs *ret_recognized)
{
    cs_free(ls->listed);
    ls->listed = cs_alloc_zero(ls->imports_known + 1, sizeof *ls->listed);
    cs_listing l = { .items = ls->listed, .size = ls->imports_known };
    list_all(ls, &l);
    cs_assert(l.held == ls->imports_held && l.held + l.recognized == l.size);
    cs_ls_sort(l.items, l.held);
    cs_ls_sort(l.items + l.held, l.recognized);
    *ret_held = (cs_vrefs){ .items = l.items, .count = l.held };
    *ret_recognized = (cs_vrefs){ .items = l.items + l.held, .count = l.recognized };
}
