#include "kernel/gc.h"

#include "base/limits.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/object.h"

#include <string.h>

void cs_gc_schedule(cs_kernel *k, cs_vatid vat, cs_gc_type type, cs_kref object)
{
    cs_gc_add(k->store, &(cs_gc_action){ vat, type, object });
}

/* ---- S4e: what still applies ---- */

/* The vat's entry for an object of its own that nobody can reach; NULL if that is not so. */
static const cs_clist_row *unreachable_export(cs_kernel *k, const cs_gc_action *a,
                                              const cs_object_row *object)
{
    if (object->owner.n != a->vat.n || object->reachable > 0)
        return NULL;
    return cs_clist_find_kref(k->store, a->vat, a->object);
}

/* The entry that it is about; NULL: it no longer applies. */
static const cs_clist_row *applies(cs_kernel *k, const cs_gc_action *a)
{
    const cs_object_row *object = cs_object_find(k->store, a->object);
    const cs_clist_row *row = NULL;
    if (object == NULL || cs_live_vat(k, a->vat) == NULL)
        return NULL;
    switch (a->type) {
    case CS_GC_DROP_EXPORT:
        row = unreachable_export(k, a, object);
        return row != NULL && row->reachable ? row : NULL;
    case CS_GC_RETIRE_EXPORT: /* a root with its flag was exported anew */
        row = unreachable_export(k, a, object);
        return row != NULL && !row->reachable && object->recognizable == 0 ? row : NULL;
    case CS_GC_RETIRE_IMPORT:
        return object->is_retiring ? cs_clist_find_kref(k->store, a->vat, a->object) : NULL;
    case CS_GC_TYPES:
        break;
    }
    return NULL;
}

/* ---- S4f: what the vat is told, and what is done about it ---- */

static void carry_out(cs_kernel *k, cs_gc_type type, const cs_clist_row *row)
{
    cs_kref object = row->kref;
    if (type == CS_GC_DROP_EXPORT) {
        cs_clist_change(k->store, row)->reachable = false;
        cs_stat_add(k, CS_STAT_EXPORTS_DROPPED, 1);
        return;
    }
    cs_clist_remove(k, row);
    if (type == CS_GC_RETIRE_EXPORT) {
        cs_object_remove(k, object);
        cs_stat_add(k, CS_STAT_EXPORTS_RETIRED, 1);
    } else {
        cs_stat_add(k, CS_STAT_IMPORTS_RETIRED, 1);
    }
}

static cs_vrefs take_all(cs_kernel *k, cs_gc_walk *w)
{
    cs_vref *items = NULL;
    uint32_t count = 0, cap = 0, taken = 0;
    cs_gc_action a = { .vat = w->vat, .type = w->type };
    while (taken < CS_GC_BATCH && cs_gc_take(w, &a.object)) {
        const cs_clist_row *row = applies(k, &a);
        taken++;
        if (row == NULL)
            continue;
        if (count == cap) {
            cap = cap == 0 ? 16 : cap * 2;
            cs_vref *more = cs_arena_take(&k->crank.arena, cap * sizeof *more);
            if (count > 0)
                memcpy(more, items, count * sizeof *more);
            items = more;
        }
        items[count++] = row->vref;
        carry_out(k, a.type, row);
    }
    cs_buf_add_varint(&k->crank.record, taken);
    return (cs_vrefs){ items, count };
}

bool cs_gc_deliver(cs_kernel *k)
{
    static const cs_delivery_kind kinds[CS_GC_TYPES] = {
        [CS_GC_DROP_EXPORT] = CS_DELIVER_DROP_EXPORTS,
        [CS_GC_RETIRE_EXPORT] = CS_DELIVER_RETIRE_EXPORTS,
        [CS_GC_RETIRE_IMPORT] = CS_DELIVER_RETIRE_IMPORTS,
    };
    cs_gc_walk w;
    if (!cs_gc_begin(k->store, &w))
        return false;
    cs_crank_record(k, kinds[w.type]);
    cs_buf_add_varint(&k->crank.record, w.vat.n);
    k->crank.delivery = (cs_delivery){ .kind = kinds[w.type] };
    k->crank.delivery.refs = take_all(k, &w);
    k->crank.vat = w.vat;
    return k->crank.delivery.refs.count > 0;
}
