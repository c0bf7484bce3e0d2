#include "kernel/refcount.h"

#include "base/alloc.h"
#include "base/map.h"
#include "kernel/capdata.h"
#include "kernel/crank.h"
#include "kernel/gc.h"
#include "kernel/object.h"
#include "kernel/promise.h"

void cs_ref_maybe_free(cs_kernel *k, cs_kref ref)
{
    cs_kref_list *list = &k->crank.maybe_free;
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 64 : list->cap * 2;
        list->items = cs_realloc(list->items, list->cap, sizeof *list->items);
    }
    list->items[list->count++] = ref;
}

/* *count + by, for by of -1, 0 or 1. False: it does not fit. */
static bool count_by(uint32_t *count, int by)
{
    int64_t sum = (int64_t)*count + by;
    if (sum < 0 || sum > UINT32_MAX)
        return false;
    *count = (uint32_t)sum;
    return true;
}

static void bad_count(cs_kernel *k, cs_kref ref)
{
    char text[CS_REF_TEXT_MAX];
    cs_crank_fault(k, "%s: its count leaves the range", cs_kref_text(ref, text));
}

void cs_object_count(cs_kernel *k, cs_kref object, int reachable, int recognizable)
{
    const cs_object_row *found = cs_need_object(k, object);
    if (found == NULL)
        return;
    cs_object_row *row = cs_object_change(k->store, found);
    if (!count_by(&row->reachable, reachable) || !count_by(&row->recognizable, recognizable) ||
        row->reachable > row->recognizable)
        bad_count(k, object);
    if (row->reachable == 0 && (reachable < 0 || recognizable < 0))
        cs_ref_maybe_free(k, object);
}

static void promise_count(cs_kernel *k, cs_kref promise, int by)
{
    if (cs_need_promise(k, promise) == NULL)
        return;
    cs_promise_row *row = cs_promise_edit(k->store, promise);
    if (!count_by(&row->refs, by))
        bad_count(k, promise);
    if (row->refs == 0)
        cs_ref_maybe_free(k, promise);
}

static void count(cs_kernel *k, cs_kref ref, int by)
{
    if (cs_kref_type(ref) == CS_REF_PROMISE)
        promise_count(k, ref, by);
    else if (cs_kref_type(ref) == CS_REF_OBJECT)
        cs_object_count(k, ref, by, by);
}

void cs_ref_up(cs_kernel *k, cs_kref ref)
{
    count(k, ref, 1);
}

void cs_ref_down(cs_kernel *k, cs_kref ref)
{
    count(k, ref, -1);
}

static void count_all(cs_kernel *k, const cs_kcapdata *d, int by)
{
    for (uint32_t i = 0; i < d->slot_count; i++)
        count(k, d->slots[i], by);
}

void cs_refs_up(cs_kernel *k, const cs_kcapdata *d)
{
    count_all(k, d, 1);
}

void cs_refs_down(cs_kernel *k, const cs_kcapdata *d)
{
    count_all(k, d, -1);
}

static void count_event(cs_kernel *k, const cs_event *e, int by)
{
    if (!cs_kref_none(e->target))
        count(k, e->target, by);
    if (!cs_kref_none(e->result))
        count(k, e->result, by);
    count_all(k, &e->data, by);
}

void cs_event_up(cs_kernel *k, const cs_event *e)
{
    count_event(k, e, 1);
}

void cs_event_down(cs_kernel *k, const cs_event *e)
{
    count_event(k, e, -1);
}

/* Nobody can ask for it any more, settled or not (#9889). */
static void sweep_promise(cs_kernel *k, cs_kref promise)
{
    char text[CS_REF_TEXT_MAX];
    cs_kcapdata d;
    const cs_promise_row *row = cs_promise_find(k->store, promise);
    if (row == NULL || row->refs > 0)
        return;
    if (row->decider.n != 0) /* P1: its decider's entry counts */
        cs_crank_fault(k, "%s: v%u decides it, and nobody refers to it",
                       cs_kref_text(promise, text), (unsigned)row->decider.n);
    if (row->state != CS_UNRESOLVED && cs_kp_data(k, row, &k->crank.arena, &d))
        cs_refs_down(k, &d);
    cs_promise_delete(k->store, promise);
    cs_stat_sub(k, CS_STAT_PROMISES, 1);
}

/* G1 */
static void sweep_owned(cs_kernel *k, const cs_object_row *row)
{
    char text[CS_REF_TEXT_MAX];
    const cs_clist_row *export = cs_clist_find_kref(k->store, row->owner, row->kref);
    if (export == NULL) {
        cs_crank_fault(k, "%s: v%u owns it and does not export it", cs_kref_text(row->kref, text),
                       (unsigned)row->owner.n);
        return;
    }
    if (export->reachable)
        cs_gc_schedule(k, row->owner, CS_GC_DROP_EXPORT, row->kref);
    if (row->recognizable == 0)
        cs_gc_schedule(k, row->owner, CS_GC_RETIRE_EXPORT, row->kref);
}

static bool tell_importer(void *ctx, const cs_clist_row *row)
{
    cs_gc_schedule(ctx, row->vat, CS_GC_RETIRE_IMPORT, row->kref);
    return true;
}

/* G2: the last to process its retireImport takes the row away. */
static void sweep_orphan(cs_kernel *k, const cs_object_row *row)
{
    if (row->recognizable == 0) {
        cs_object_remove(k, row->kref);
    } else if (!row->is_retiring) {
        cs_object_change(k->store, row)->is_retiring = true;
        cs_store_each_holder(k->store, row->kref, tell_importer, k);
    }
}

static void sweep_object(cs_kernel *k, cs_kref object)
{
    const cs_object_row *row = cs_object_find(k->store, object);
    if (row == NULL || row->reachable > 0)
        return;
    if (row->owner.n == 0)
        sweep_orphan(k, row);
    else if (cs_live_vat(k, row->owner) != NULL) /* E2: else its turn comes with its entry */
        sweep_owned(k, row);
}

static void sweep_one(cs_kernel *k, cs_kref ref)
{
    if (cs_kref_type(ref) == CS_REF_PROMISE)
        sweep_promise(k, ref);
    else
        sweep_object(k, ref);
}

/* What is dropped and retired is on the list twice, one far from the other: when there is much of it,
 * looking once saves a walk through cold memory. A few are cheaper looked at twice. */
enum { FEW = 32 };

static bool seen_before(cs_map *seen, const cs_kref_list *list, size_t i, size_t at_first)
{
    return at_first > FEW && i < at_first && cs_map_put(seen, list->items[i].bits)->value++ > 0;
}

void cs_refs_sweep(cs_kernel *k)
{
    const cs_kref_list *list = &k->crank.maybe_free;
    const size_t at_first = list->count;
    cs_map seen = { 0 };
    if (at_first > FEW)
        cs_map_reserve(&seen, at_first);
    for (size_t i = 0; i < list->count; i++) /* the list grows meanwhile (R4) */
        if (!seen_before(&seen, list, i, at_first))
            sweep_one(k, list->items[i]);
    cs_map_fini(&seen);
    k->crank.maybe_free.count = 0;
}
