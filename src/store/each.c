/* Whole tables in order of their keys: the rows that were changed in this block, merged with the
 * file's rows that were not. The changed ones are sorted as they are needed (a quicksort that puts off
 * all but the first part), because some callers want the first few of a million. */
#include "store/file.h"

#include "base/alloc.h"

typedef struct row_list {
    cs_row **items;
    size_t count, cap;
    size_t sorted;                          /* so many are in their places */
    size_t *pivots, pivot_count, pivot_cap; /* places behind that are right, the nearest last */
} row_list;

static void add(row_list *list, cs_row *r)
{
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 64 : list->cap * 2;
        list->items = cs_realloc(list->items, list->cap, sizeof *list->items);
    }
    list->items[list->count++] = r;
}

static int compare(const cs_row *a, const cs_row *b)
{
    return a->a != b->a ? (a->a < b->a ? -1 : 1) : (a->b > b->b) - (a->b < b->b);
}

/* For a shape that nobody sees and no vat must be able to foresee. */
static uint32_t roll_dice(cs_store *s)
{
    s->dice = s->dice * UINT64_C(6364136223846793005) + s->seed[1];
    return (uint32_t)(s->dice >> 32);
}

static void push_pivot(row_list *list, size_t place)
{
    if (list->pivot_count == list->pivot_cap) {
        list->pivot_cap = list->pivot_cap == 0 ? 64 : list->pivot_cap * 2;
        list->pivots = cs_realloc(list->pivots, list->pivot_cap, sizeof *list->pivots);
    }
    list->pivots[list->pivot_count++] = place;
}

static void swap(cs_row **a, cs_row **b)
{
    cs_row *was = *a;
    *a = *b;
    *b = was;
}

/* Parts [from, to) around one of its rows; returns where that is now. Which one is drawn at random, lest
 * a vat choose an order that takes for ever. */
static size_t part(cs_store *s, row_list *list, size_t from, size_t to)
{
    cs_row **items = list->items;
    size_t place = from;
    swap(&items[from + roll_dice(s) % (to - from)], &items[to - 1]);
    for (size_t i = from; i + 1 < to; i++)
        if (compare(items[i], items[to - 1]) < 0)
            swap(&items[i], &items[place++]);
    swap(&items[place], &items[to - 1]);
    return place;
}

/* The row at `i`, for i from 0 on, one by one; again is fine. */
static cs_row *nth(cs_store *s, row_list *list, size_t i)
{
    if (i < list->sorted)
        return list->items[i];
    if (list->pivot_count == 0)
        push_pivot(list, list->count);
    while (list->pivots[list->pivot_count - 1] != i)
        push_pivot(list, part(s, list, i, list->pivots[list->pivot_count - 1]));
    list->pivot_count--;
    list->sorted = i + 1;
    return list->items[i];
}

static void add_if_changed(const cs_store *s, row_list *list, cs_row *r)
{
    bool is_as_in_file = s->file != NULL && !(r->state & CS_ROW_DIRTY);
    if (r->state & CS_ROW_LIVE && !is_as_in_file)
        add(list, r);
}

static void add_if_in_range(const cs_store *s, row_list *list, const cs_range *range, cs_row *r)
{
    if (r->b >= range->from.bits)
        add_if_changed(s, list, r);
}

static void add_all(const cs_store *s, cs_table_id table, row_list *list)
{
    const cs_table *t = &s->tables[table];
    cs_walk w = { .table = table };
    if (s->file != NULL)
        for (size_t i = 0; i < t->dirty_count; i++)
            add_if_changed(s, list, t->dirty[i]);
    else
        for (cs_row *r; (r = cs_walk_next(s, &w)) != NULL;)
            add_if_changed(s, list, r);
}

/* The live rows that the file does not have as they are. */
static row_list changed_rows(const cs_store *s, const cs_range *range)
{
    row_list list = { 0 };
    if (range->vat.n != 0)
        for (cs_peer *p = cs_clist_entries(s, range->vat); p != NULL; p = p->next)
            add_if_in_range(s, &list, range, cs_clist_row_of_entry(p));
    else if (!cs_kref_none(range->kref))
        for (cs_peer *p = cs_clist_holders(s, range->kref); p != NULL; p = p->next)
            add_if_changed(s, &list, cs_clist_row_of_holder(p));
    else
        add_all(s, range->table, &list);
    return list;
}

typedef struct callback {
    bool (*call)(const struct callback *self, const void *row);
    union {
        bool (*object)(void *, const cs_object_row *);
        bool (*promise)(void *, const cs_promise_row *);
        bool (*hold)(void *, const cs_hold_row *);
        bool (*clist)(void *, const cs_clist_row *);
    };
    void *ctx;
} callback;

/* Then it is among the changed rows, or dead, or in the range no more: its vref may have got another
 * kref. */
static bool is_changed(cs_store *s, const cs_row *stored)
{
    const cs_row *r =
        cs_row_cached(s, (cs_table_id)stored->table, &(cs_key){ stored->a, stored->b });
    return r != NULL && r->state & CS_ROW_DIRTY;
}

static void each(cs_store *s, const cs_range *range, const callback *cb)
{
    row_list changed = changed_rows(s, range);
    cs_scan *scan = s->file == NULL ? NULL : cs_scan_new(s, range);
    cs_row *stored = cs_scan_next(scan);
    bool more = true;
    for (size_t i = 0; more && (stored != NULL || i < changed.count);)
        if (stored != NULL && is_changed(s, stored)) {
            stored = cs_scan_next(scan);
        } else if (stored == NULL ||
                   (i < changed.count && compare(nth(s, &changed, i), stored) < 0)) {
            more = cb->call(cb, cs_row_data(nth(s, &changed, i++)));
        } else {
            more = cb->call(cb, cs_row_data(stored));
            stored = cs_scan_next(scan);
        }
    cs_scan_free(scan);
    cs_free(changed.items);
    cs_free(changed.pivots);
}

static bool call_object(const callback *cb, const void *row)
{
    return cb->object(cb->ctx, row);
}

void cs_store_each_object(cs_store *s, bool (*fn)(void *, const cs_object_row *), void *ctx)
{
    each(s, &(cs_range){ .table = CS_TABLE_OBJECT },
         &(callback){ .call = call_object, .object = fn, .ctx = ctx });
}

static bool call_promise(const callback *cb, const void *row)
{
    return cb->promise(cb->ctx, row);
}

void cs_store_each_promise(cs_store *s, bool (*fn)(void *, const cs_promise_row *), void *ctx)
{
    each(s, &(cs_range){ .table = CS_TABLE_PROMISE },
         &(callback){ .call = call_promise, .promise = fn, .ctx = ctx });
}

static bool call_hold(const callback *cb, const void *row)
{
    return cb->hold(cb->ctx, row);
}

void cs_store_each_hold(cs_store *s, bool (*fn)(void *, const cs_hold_row *), void *ctx)
{
    each(s, &(cs_range){ .table = CS_TABLE_HOLD },
         &(callback){ .call = call_hold, .hold = fn, .ctx = ctx });
}

static bool call_clist(const callback *cb, const void *row)
{
    return cb->clist(cb->ctx, row);
}

void cs_store_each_clist_from(cs_store *s, cs_vatid vat, cs_vref from,
                              bool (*fn)(void *, const cs_clist_row *), void *ctx)
{
    cs_assert(vat.n != 0);
    each(s, &(cs_range){ .table = CS_TABLE_CLIST, .vat = vat, .from = from },
         &(callback){ .call = call_clist, .clist = fn, .ctx = ctx });
}

void cs_store_each_clist(cs_store *s, cs_vatid vat, bool (*fn)(void *, const cs_clist_row *),
                         void *ctx)
{
    cs_store_each_clist_from(s, vat, (cs_vref){ 0 }, fn, ctx);
}

void cs_store_each_holder(cs_store *s, cs_kref kref, bool (*fn)(void *, const cs_clist_row *),
                          void *ctx)
{
    cs_assert(!cs_kref_none(kref));
    each(s, &(cs_range){ .table = CS_TABLE_CLIST, .kref = kref },
         &(callback){ .call = call_clist, .clist = fn, .ctx = ctx });
}
