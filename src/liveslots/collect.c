/* Collections: when the heap is collected, which objects we hold in it, and which are lost (S8).
 *
 * Only a forced collection, between two cranks, finds anything lost. An organic one, which happens in
 * the middle of a crank when memory is short, keeps all that values has: nobody can tell from what the
 * vat does when those happen. */
#include "liveslots/state.h"

#include "base/alloc.h"
#include "base/limits.h"

/* Collecting costs in proportion to what lives, so it waits for a multiple of that: as measured, three
 * times keeps it under 5 % of the run time of a vat that allocates hard, where half of it took 25 %
 * (docs/decisions/0004-garbage.md). The constant keeps small vats from collecting at every crank. An export that the kernel has dropped is worth looking
 * for even in a vat that allocates little; but a storm of them must not mark all that is left again
 * and again. */
enum {
    DUE_BYTES = 128 * 1024,
    DUE_LIVE_TIMES = 3,
    BYTES_PER_DROP = 2 * 1024,
};

/* --- what we hold ----------------------------------------------------------------------------------- */

static void mark_all(cs_machine *the, const cs_map *m, cs_marker *mark)
{
    if (m->count == 0)
        return;
    for (cs_map_entry *e = NULL; (e = cs_map_next(m, e)) != NULL;)
        mark(the, e->ptr);
}

/* An answer follows what is among the imports; were it lost, a vref that the kernel may send would be
 * forgotten. */
static void mark_imports(cs_machine *the, cs_liveslots *ls, cs_marker *mark)
{
    if (ls->imports.count == 0)
        return;
    for (cs_map_entry *e = NULL; (e = cs_map_next(&ls->imports, e)) != NULL;) {
        cs_slot *answer = cs_ls_value(ls, (cs_vref){ e->key });
        cs_assert(answer != NULL);
        mark(the, e->ptr);
        mark(the, answer);
    }
}

void cs_ls_mark(cs_machine *the, cs_liveslots *ls, cs_marker *mark)
{
    mark_all(the, &ls->exported, mark);
    mark_imports(the, ls, mark);
    mark_all(the, &ls->decided, mark);
    mark_all(the, &ls->devices, mark);
    mark_all(the, &ls->gets, mark);
    if (ls->entry != NULL)
        mark(the, ls->entry);
    if (ls->baggage != NULL)
        mark(the, ls->baggage);
}

void cs_ls_mark_weak(cs_machine *the, cs_liveslots *ls, cs_marker *mark)
{
    mark_all(the, &ls->values, mark);
    cs_ls_mark_tags(the, ls, mark);
}

/* --- what is lost ----------------------------------------------------------------------------------- */

/* Copies of entries of values. */
typedef struct cs_lost {
    cs_map_entry *items;
    size_t count, cap;
} cs_lost;

static void add_lost(cs_lost *lost, const cs_map_entry *e)
{
    if (lost->count == lost->cap) {
        lost->cap = lost->cap * 2 + 64;
        lost->items = cs_realloc(lost->items, lost->cap, sizeof *lost->items);
    }
    lost->items[lost->count++] = *e;
}

static cs_lost find_lost(const cs_map *values)
{
    cs_lost lost = { 0 };
    const cs_map_entry *end = values->entries + values->cap;
    for (const cs_map_entry *e = values->entries; e < end; e++)
        if (e->key != 0 && !cs_is_live(e->ptr))
            add_lost(&lost, e);
    return lost;
}

static const cs_slot *next_internal(const cs_slot *s)
{
    return s->next != NULL && (s->next->flag & XS_INTERNAL_FLAG) != 0 ? s->next : NULL;
}

static bool has_any(const cs_slot *instance, txKind kind)
{
    const cs_slot *s = instance;
    while ((s = next_internal(s)) != NULL && s->kind != kind)
        continue;
    return s != NULL;
}

bool cs_ls_is_marked_by_vat(const cs_slot *instance)
{
    return has_any(instance, XS_PRIVATE_KIND) || has_any(instance, XS_WEAK_ENTRY_KIND);
}

/* Whether something hangs on a presence that nobody could find again if it were made anew: private
 * fields that a class of the vat has stamped onto it; or marks on the promise that stands for it. (Entries
 * of weak collections do not count: those know the presence by its vref.) */
static bool is_held_by_marks(const cs_slot *presence)
{
    for (const cs_slot *s = presence; (s = next_internal(s)) != NULL;)
        if (s->kind == XS_REFERENCE_KIND && cs_ls_is_marked_by_vat(s->value.reference))
            return true;
    return has_any(presence, XS_PRIVATE_KIND);
}

/* Such a presence is held: through it others could be reached when it comes back, and whoever is
 * reached must not have been dropped. */
static void hold_marked(cs_machine *the, const cs_lost *lost, cs_marker *mark)
{
    for (size_t i = 0; i < lost->count; i++) {
        cs_slot *instance = lost->items[i].ptr;
        if (cs_ls_is_import((cs_vref){ lost->items[i].key }) && is_held_by_marks(instance))
            mark(the, instance);
    }
}

/* Marking the others makes nothing live that matters: a prototype, a promise for itself. */
static void keep_recognized(cs_machine *the, cs_liveslots *ls, cs_marker *mark)
{
    for (cs_slot *p; (p = cs_next_recognized(the)) != NULL;) {
        mark(the, p);
        cs_ls_only_recognized(ls, (cs_vref){ cs_presence_handle(p) });
    }
}

/* All that is kept is marked before anything is forgotten. Prototypes first: from then on, to mark a
 * presence reaches nothing by way of its prototype. */
void cs_ls_sweep(cs_machine *the, cs_liveslots *ls, cs_marker *mark)
{
    cs_ls_hold_marked_tags(the, ls, mark);
    cs_lost lost = find_lost(&ls->values);
    hold_marked(the, &lost, mark);
    keep_recognized(the, ls, mark);
    for (size_t i = 0; i < lost.count; i++)
        if (!cs_is_live(lost.items[i].ptr))
            cs_ls_lost(ls, (cs_vref){ lost.items[i].key }, lost.items[i].ptr);
    cs_ls_sweep_tags(ls);
    cs_free(lost.items);
}

/* --- memory of maps --------------------------------------------------------------------------------- */

enum { SMALL_CAP = 1024, SPARSE = 8 };

void cs_ls_shrink(cs_map *m)
{
    if (m->cap <= SMALL_CAP || m->count * SPARSE > m->cap)
        return;
    cs_map smaller = { 0 };
    for (cs_map_entry *e = NULL; (e = cs_map_next(m, e)) != NULL;)
        cs_map_put(&smaller, e->key)->value = e->value;
    cs_map_fini(m);
    *m = smaller;
}

void cs_ls_empty(cs_map *m)
{
    if (m->cap > SMALL_CAP)
        cs_map_fini(m);
    else
        cs_map_clear(m);
}

/* Collections walk tables whole, so these must not stay as large as they once were. */
static void shrink_tables(cs_liveslots *ls)
{
    cs_map *maps[] = { &ls->values,  &ls->vrefs, &ls->exported, &ls->imports,
                       &ls->decided, &ls->gets,  &ls->dropped,  &ls->dropped_exports };
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        cs_ls_shrink(maps[i]);
}

/* --- when ------------------------------------------------------------------------------------------- */

uint32_t cs_ls_watched(const cs_liveslots *ls)
{
    return ls->imports_known + (uint32_t)ls->dropped_exports.count;
}

uint64_t cs_ls_suspect_bytes(const cs_liveslots *ls, const cs_heap_figures *f)
{
    return f->allocated_bytes + ls->drops_since * BYTES_PER_DROP;
}

static bool is_due(const cs_liveslots *ls)
{
    cs_heap_figures f = cs_heap_read_figures(ls->heap);
    return cs_ls_suspect_bytes(ls, &f) > f.live_bytes * DUE_LIVE_TIMES + DUE_BYTES;
}

/* While there is nothing of whose loss we would tell, only a BOYD collects: for the memory. And while
 * there is more to be told than one crank may, what a collection finds would only have to wait: a vat
 * that has lost a million references is asked hundreds of times, and must not be collected each time. */
static bool is_time(const cs_liveslots *ls, cs_delivery_kind kind, cs_collect collect)
{
    if (ls->dead.owed.count >= CS_GC_BATCH)
        return false;
    if (kind == CS_DELIVER_BRING_OUT_YOUR_DEAD)
        return true;
    if (cs_ls_watched(ls) == 0)
        return false;
    return collect == CS_COLLECT_NOW || (collect == CS_COLLECT_WHEN_DUE && is_due(ls));
}

static void say_collecting(const cs_liveslots *ls, bool begins, size_t dead)
{
    if (ls->ops != NULL && ls->ops->collecting != NULL)
        ls->ops->collecting(ls->ctx, begins, (uint32_t)dead);
}

static void collect_heap(cs_liveslots *ls)
{
    uint32_t before = ls->dead.open_count;
    say_collecting(ls, true, 0);
    cs_status st = cs_heap_collect(ls->heap);
    say_collecting(ls, false, ls->dead.open_count - before);
    if (st != CS_OK)
        cs_ls_fail(ls, st, "the heap could not be collected");
    shrink_tables(ls);
    ls->drops_since = 0;
    ls->collected = true;
}

void cs_ls_end_crank(cs_liveslots *ls, cs_delivery_kind kind, cs_collect collect)
{
    if (is_time(ls, kind, collect))
        collect_heap(ls);
    if (ls->failure.status == CS_OK)
        cs_ls_tell_dead(ls);
}
