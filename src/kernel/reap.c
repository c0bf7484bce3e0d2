#include "kernel/reap.h"

#include "base/alloc.h"
#include "kernel/change.h"
#include "kernel/queue.h"

#include <stdlib.h>

enum { LONELY_CRANKS = 1000 }; /* without a delivery */
/* At idle a heap over this is left for later if less than a sixteenth of it is new: a host that sends
 * one message at a time is not to pay for a full collection each time. */
enum { LARGE_HEAP = 1024 * 1024, LARGE_SHARE = 16 };

/* ---- the reap queue ---- */

void cs_reap_schedule(cs_kernel *k, cs_vatid vat)
{
    const cs_vat_row *row = cs_need_vat(k, vat);
    if (row == NULL || row->is_reaping)
        return;
    cs_vat_edit(k->store, vat)->is_reaping = true;
    cs_queue_add_vat(k, CS_QUEUE_REAP, vat);
}

/* V1: it ended while it was on the queue, and may have no row any more. */
static bool forget_reaping(cs_kernel *k, cs_vatid vat)
{
    if (cs_vat_find(k->store, vat) != NULL)
        cs_vat_edit(k->store, vat)->is_reaping = false;
    return false;
}

bool cs_reap_deliver(cs_kernel *k)
{
    cs_vatid vat = cs_queue_take_vat(k, CS_QUEUE_REAP);
    if (vat.n == 0)
        return false;
    cs_crank_record(k, CS_DELIVER_BRING_OUT_YOUR_DEAD);
    cs_buf_add_varint(&k->crank.record, vat.n);
    if (cs_live_vat(k, vat) == NULL)
        return forget_reaping(k, vat);
    cs_vat_row *row = cs_vat_edit(k->store, vat);
    if (!row->is_reaping)
        cs_crank_fault(k, "v%u: is on the reap queue, and its row does not say so",
                       (unsigned)vat.n);
    row->is_reaping = false;
    row->dirt_deliveries = row->dirt_gc_krefs = 0; /* S14 */
    k->crank.vat = vat;
    k->crank.delivery = (cs_delivery){ .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD };
    return true;
}

cs_collect cs_reap_collect(const cs_kernel *k)
{
    if (k->crank.delivery.kind == CS_DELIVER_BRING_OUT_YOUR_DEAD)
        return CS_COLLECT_NOW;
    if (k->crank.options.never_reap || k->policy == CS_GC_BATCHED)
        return CS_COLLECT_NEVER;
    return k->policy == CS_GC_PROMPT ? CS_COLLECT_NOW : CS_COLLECT_WHEN_DUE;
}

/* ---- what replies say ---- */

static void make_lonely(cs_kernel *k, cs_vat_row *row)
{
    if (row->is_lonely)
        return;
    row->is_lonely = true;
    cs_queue_add_vat(k, CS_QUEUE_LONELY, row->id);
}

/* A row holds numbers below 2^63. */
static uint64_t bounded(uint64_t n)
{
    return n > (uint64_t)INT64_MAX ? (uint64_t)INT64_MAX : n;
}

/* S14: counted only against a threshold that there is. Whether it is reached. */
static bool add_dirt(uint64_t *dirt, uint64_t more, uint64_t of_vat, uint64_t of_kernel)
{
    uint64_t threshold = of_vat != 0 ? of_vat : of_kernel;
    if (threshold == CS_REAP_NEVER)
        return false;
    *dirt = bounded(*dirt + more);
    return *dirt >= threshold;
}

static bool is_dirty_enough(cs_kernel *k, cs_vat_row *row)
{
    const cs_delivery *d = &k->crank.delivery;
    const cs_vat_options *o = &k->crank.options;
    const cs_meta *meta = k->crank.meta;
    bool is_gc = d->kind == CS_DELIVER_DROP_EXPORTS || d->kind == CS_DELIVER_RETIRE_EXPORTS ||
                 d->kind == CS_DELIVER_RETIRE_IMPORTS;
    bool by_count = add_dirt(&row->dirt_deliveries, 1, o->reap_interval, meta->reap_interval);
    bool by_krefs = add_dirt(&row->dirt_gc_krefs, is_gc ? d->refs.count : 0, o->reap_gc_krefs,
                             meta->reap_gc_krefs);
    return by_count || by_krefs;
}

void cs_reap_note(cs_kernel *k, const cs_reply *reply)
{
    const cs_crank *c = &k->crank;
    cs_vat_row *row = cs_vat_edit(k->store, c->vat);
    bool is_boyd = c->delivery.kind == CS_DELIVER_BRING_OUT_YOUR_DEAD;
    bool is_clean = is_boyd || reply->collected || reply->watched == 0;
    row->last_crank = c->meta->crank_number;
    row->heap_bytes = bounded(reply->heap_bytes);
    row->allocated_bytes = is_clean ? 0 : bounded(reply->allocated_bytes);
    if (c->options.never_reap)
        return;
    if (row->allocated_bytes > 0)
        make_lonely(k, row);
    bool has_more = reply->dead_left > 0 && (!is_boyd || c->dropped + c->retired > 0); /* V4 */
    if (k->policy == CS_GC_BATCHED && !is_boyd && is_dirty_enough(k, row))
        has_more = true;
    if (has_more)
        cs_reap_schedule(k, c->vat);
}

/* ---- the lonely ---- */

/* Takes the first vat off; NULL: nothing is to be done about it any more. */
static cs_vat_row *take_lonely(cs_kernel *k)
{
    cs_vatid vat = cs_queue_take_vat(k, CS_QUEUE_LONELY);
    if (vat.n == 0 || (cs_live_vat(k, vat) == NULL && cs_vat_find(k->store, vat) == NULL))
        return NULL;
    cs_vat_row *row = cs_vat_edit(k->store, vat);
    if (!row->is_lonely)
        cs_crank_fault(k, "v%u: is on the lonely queue, and its row does not say so",
                       (unsigned)vat.n);
    row->is_lonely = false;
    return row->status == CS_VAT_LIVE && row->allocated_bytes > 0 ? row : NULL;
}

/* Whether the row is as it should be, and its vat dirty but not yet lonely enough. */
static bool can_wait(const cs_kernel *k, const cs_vat_row *row)
{
    return row != NULL && row->is_lonely && row->status == CS_VAT_LIVE &&
           row->allocated_bytes > 0 &&
           row->last_crank + LONELY_CRANKS > k->crank.meta->crank_number;
}

/* Nearly always the first can wait: so nothing but its place is changed, and not even that if it is
 * the only one. */
void cs_reap_look(cs_kernel *k)
{
    cs_meta *meta = k->crank.meta;
    if (k->policy != CS_GC_PACED || meta->lonely.first == meta->lonely.next)
        return;
    cs_vatid vat = cs_queue_vat_at(k->store, CS_QUEUE_LONELY, meta->lonely.first);
    if (vat.n != 0 && can_wait(k, cs_vat_find(k->store, vat))) {
        cs_queue_rotate(k, CS_QUEUE_LONELY);
        return;
    }
    const cs_vat_row *row = take_lonely(k);
    if (row != NULL)
        cs_reap_schedule(k, row->id);
}

/* ---- idle ---- */

static bool is_due_at_idle(const cs_vat_row *row)
{
    return row->status == CS_VAT_LIVE && row->allocated_bytes > 0 &&
           (row->heap_bytes <= LARGE_HEAP || row->allocated_bytes >= row->heap_bytes / LARGE_SHARE);
}

/* A row that is not as it should be is the crank's to complain of. */
static bool is_due_at(cs_kernel *k, uint64_t seq)
{
    cs_vatid vat = cs_queue_vat_at(k->store, CS_QUEUE_LONELY, seq);
    const cs_vat_row *row = vat.n == 0 ? NULL : cs_vat_find(k->store, vat);
    return row == NULL ? !cs_vat_was(k->store, vat) : is_due_at_idle(row);
}

bool cs_reap_is_due_at_idle(cs_kernel *k)
{
    const cs_queue_ends ends = cs_meta_get(k->store)->lonely;
    if (k->policy != CS_GC_PACED)
        return false;
    for (uint64_t seq = ends.first; seq < ends.next; seq++)
        if (is_due_at(k, seq))
            return true;
    return false;
}

static int by_id(const void *a, const void *b)
{
    uint32_t left = ((const cs_vatid *)a)->n, right = ((const cs_vatid *)b)->n;
    return left < right ? -1 : left > right;
}

/* In order of the ids: the queue's is an accident. Those that are not due stay where they are. */
void cs_reap_at_idle(cs_kernel *k)
{
    const cs_queue_ends ends = k->crank.meta->lonely;
    cs_vatid *due = cs_arena_take(&k->crank.arena, (ends.next - ends.first) * sizeof *due);
    size_t count = 0;
    for (uint64_t seq = ends.first; seq < ends.next; seq++) {
        cs_vat_row *row = take_lonely(k);
        if (row != NULL && is_due_at_idle(row))
            due[count++] = row->id;
        else if (row != NULL)
            make_lonely(k, row);
    }
    qsort(due, count, sizeof *due, by_id);
    for (size_t i = 0; i < count; i++)
        cs_reap_schedule(k, due[i]);
}

/* ---- the host's calls ---- */

void cs_kernel_set_gc(cs_kernel *k, cs_gc_policy policy)
{
    k->policy = policy;
}

cs_status cs_kernel_set_reap_defaults(cs_kernel *k, uint64_t interval, uint64_t gc_krefs)
{
    const cs_meta *meta = cs_meta_get(k->store);
    interval = interval == 0 ? meta->reap_interval : interval;
    gc_krefs = gc_krefs == 0 ? meta->reap_gc_krefs : gc_krefs;
    if (interval > CS_REAP_NEVER || gc_krefs > CS_REAP_NEVER)
        return CS_E_USAGE;
    if (interval == meta->reap_interval && gc_krefs == meta->reap_gc_krefs)
        return CS_OK;
    cs_status st = cs_change_begin(k, CS_CHANGE_REAP_DEFAULTS, NULL);
    if (st != CS_OK)
        return st;
    k->crank.meta->reap_interval = interval;
    k->crank.meta->reap_gc_krefs = gc_krefs;
    cs_buf_add_varint(&k->crank.record, interval);
    cs_buf_add_varint(&k->crank.record, gc_krefs);
    return cs_crank_end_host(k, NULL);
}

cs_status cs_kernel_reap(cs_kernel *k, cs_vatid vat)
{
    const cs_vat_row *row;
    cs_status st = cs_change_vat(k, vat, &row);
    if (st != CS_OK || row->is_reaping)
        return st;
    st = cs_change_begin(k, CS_CHANGE_REAP, NULL);
    if (st != CS_OK)
        return st;
    cs_reap_schedule(k, vat);
    cs_buf_add_varint(&k->crank.record, vat.n);
    return cs_crank_end_host(k, NULL);
}

cs_status cs_kernel_reap_all(cs_kernel *k, cs_error *err)
{
    cs_status st = cs_change_begin(k, CS_CHANGE_REAP_ALL, err);
    if (st != CS_OK)
        return st;
    cs_vatid vat = { 0 };
    for (const cs_vat_row *row; (row = cs_vat_after(k->store, vat)) != NULL;) {
        vat = row->id;
        if (row->status == CS_VAT_LIVE)
            cs_reap_schedule(k, vat);
    }
    return cs_crank_end_host(k, err);
}
