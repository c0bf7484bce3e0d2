/* Who refers to an object or a promise: every source of its counts (refcount.h), one after another. For
 * people, so it looks at everything and keeps no index. */
#include "kernel/capdata.h"
#include "kernel/event.h"
#include "kernel/kernel.h"
#include "kernel/meter.h"

typedef struct search {
    cs_kernel *k;
    cs_kref ref;
    bool (*fn)(void *ctx, const cs_holder *);
    void *ctx;
    bool is_over; /* fn wants no more */
    bool is_damaged;
    cs_arena arena;
} search;

/* False ends a walk. */
static bool tell(search *s, const cs_holder *h)
{
    s->is_over = s->is_over || !s->fn(s->ctx, h);
    return !s->is_over;
}

/* A promise counts all its entries, so all of them hold it. */
static bool tell_entry(void *ctx, const cs_clist_row *row)
{
    search *s = ctx;
    bool is_owner = cs_kref_type(row->kref) == CS_REF_OBJECT && cs_vref_by_vat(row->vref);
    return tell(s, &(cs_holder){ .kind = is_owner ? CS_HELD_BY_OWNER : CS_HELD_BY_VAT,
                                 .vat = row->vat,
                                 .vref = row->vref,
                                 .reachable = row->reachable,
                                 .count = 1,
                                 .since = row->since });
}

static uint32_t mentions_in(const search *s, const cs_kcapdata *d)
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < d->slot_count; i++)
        count += cs_kref_same(d->slots[i], s->ref);
    return count;
}

/* `waits_for`: none, or the promise whose queue it is on. */
static bool tell_event(search *s, const cs_blob *item, cs_kref waits_for)
{
    cs_event e;
    cs_arena_clear(&s->arena);
    if (item == NULL || !cs_event_dec(cs_blob_bytes(item), &s->arena, &e)) {
        s->is_damaged = true;
        return true;
    }
    uint32_t count = mentions_in(s, &e.data);
    count += cs_kref_same(e.target, s->ref) + cs_kref_same(e.result, s->ref);
    return count == 0 || tell(s, &(cs_holder){ .kind = cs_kref_none(waits_for) ? CS_HELD_BY_QUEUE
                                                                               : CS_HELD_BY_PROMISE,
                                               .vat = e.vat,
                                               .reachable = true,
                                               .promise = waits_for,
                                               .count = count,
                                               .since = e.since });
}

static bool tell_queue(search *s, cs_queue_id queue, cs_queue_ends ends, cs_kref waits_for)
{
    bool more = !s->is_over;
    for (uint64_t seq = ends.first; more && seq < ends.next; seq++)
        more = tell_event(s, cs_queue_find(s->k->store, queue, seq), waits_for);
    return more;
}

static void tell_held(search *s)
{
    cs_blob *key = NULL, *next;
    while (!s->is_over && (next = cs_held_after(s->k->store, cs_blob_bytes(key))) != NULL) {
        (void)cs_blob_unref(key);
        key = next;
        const cs_blob *item = cs_kv_find(s->k->store, (cs_vatid){ 0 }, cs_blob_bytes(key));
        (void)tell_event(s, item, (cs_kref){ 0 });
    }
    (void)cs_blob_unref(key);
}

static bool tell_waiting(void *ctx, const cs_promise_row *row)
{
    return tell_queue(ctx, cs_queue_of_promise(row->kref), row->queue, row->kref);
}

static bool tell_resolution(void *ctx, const cs_promise_row *row)
{
    search *s = ctx;
    cs_kcapdata d;
    cs_reader r = cs_reader_of(cs_blob_bytes(row->resolution));
    if (row->state == CS_UNRESOLVED)
        return true;
    cs_arena_clear(&s->arena);
    cs_kcapdata_dec(&r, &s->arena, &d);
    if (!cs_reader_done(&r)) {
        s->is_damaged = true;
        return true;
    }
    uint32_t count = mentions_in(s, &d);
    return count == 0 || tell(s, &(cs_holder){ .kind = CS_HELD_BY_RESOLUTION,
                                               .reachable = true,
                                               .promise = row->kref,
                                               .count = count,
                                               .since = row->since });
}

static void tell_hold(search *s)
{
    const cs_hold_row *row = cs_hold_find(s->k->store, s->ref);
    const bool is_object = cs_kref_type(s->ref) == CS_REF_OBJECT;
    if (row != NULL)
        (void)tell(s, &(cs_holder){ .kind = CS_HELD_BY_HOST,
                                    .reachable = true,
                                    .count = is_object ? 1 : row->count,
                                    .since = row->since });
}

static void tell_all(search *s)
{
    cs_store *store = s->k->store;
    const cs_meta *meta = cs_meta_get(store);
    cs_store_each_holder(store, s->ref, tell_entry, s);
    (void)tell_queue(s, CS_QUEUE_ACCEPTANCE, meta->acceptance, (cs_kref){ 0 });
    (void)tell_queue(s, CS_QUEUE_RUN, meta->run, (cs_kref){ 0 });
    tell_held(s);
    if (!s->is_over)
        cs_store_each_promise(store, tell_waiting, s);
    if (!s->is_over)
        cs_store_each_promise(store, tell_resolution, s);
    if (!s->is_over)
        tell_hold(s);
}

static bool exists(cs_store *store, cs_kref ref)
{
    if (cs_kref_type(ref) == CS_REF_OBJECT)
        return cs_object_find(store, ref) != NULL;
    return cs_kref_type(ref) == CS_REF_PROMISE && cs_promise_find(store, ref) != NULL;
}

cs_status cs_kernel_why(cs_kernel *k, cs_kref ref, bool (*fn)(void *ctx, const cs_holder *),
                        void *ctx)
{
    search s = { .k = k, .ref = ref, .fn = fn, .ctx = ctx };
    cs_assert(!k->delivering);
    if (!exists(k->store, ref))
        return CS_E_NOT_FOUND;
    tell_all(&s);
    cs_arena_fini(&s.arena);
    cs_status st = cs_store_status(k->store, NULL);
    return st == CS_OK && s.is_damaged ? CS_E_CORRUPT : st;
}
