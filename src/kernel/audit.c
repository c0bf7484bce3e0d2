/* Everything that the kernel keeps as a sum or an index, counted again from the rows that it sums up.
 *
 * Sources of counts (refcount.h): c-list entries, mentions in queued events and in resolutions, holds.
 * From these every object's and promise's counts follow, and the gauges; then each row is held
 * against the invariants of promise.h, clist.h, gc.h, reap.h and S4a, and against the rows that it
 * names. */
#include "kernel/audit.h"

#include "base/alloc.h"
#include "kernel/capdata.h"
#include "kernel/crank.h"
#include "kernel/device.h"
#include "kernel/meter.h"
#include "kernel/options.h"
#include "kernel/promise.h"
#include "kernel/terminate.h"

#include <stdio.h>
#include <string.h>

typedef cs_audit audit;
typedef cs_audit_sum sum;

void cs_audit_wrong(cs_audit *a, const char *format, ...)
{
    char line[512];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    a->lines++;
    if (a->tell != NULL)
        a->tell(a->ctx, line);
}

void cs_audit_wrong_ref(cs_audit *a, cs_kref ref, const char *what)
{
    char text[CS_REF_TEXT_MAX];
    cs_audit_wrong(a, "%s: %s", cs_kref_text(ref, text), what);
}

static sum *sum_of(audit *a, cs_kref ref)
{
    cs_map_entry *e = cs_map_put(&a->sums, ref.bits);
    if (e->ptr == NULL)
        e->ptr = CS_NEW(sum);
    return e->ptr;
}

/* Of a device node nothing is counted; there must be one. */
static void mention_node(audit *a, cs_kref node)
{
    cs_bytes name;
    uint64_t number;
    if (cs_device_of(a->k, node, &name, &number) != CS_OK ||
        cs_kref_id(node) >= cs_meta_get(a->k->store)->next_device)
        cs_audit_wrong_ref(a, node, "is mentioned, and no device has such a node");
}

static void mention(audit *a, cs_kref ref)
{
    if (cs_kref_type(ref) == CS_REF_DEVICE) {
        mention_node(a, ref);
        return;
    }
    sum *s = sum_of(a, ref);
    s->reachable++;
    s->recognizable++;
    s->refs++;
}

static void mention_all(audit *a, const cs_kcapdata *d)
{
    for (uint32_t i = 0; i < d->slot_count; i++)
        mention(a, d->slots[i]);
}

static void check_gauge(audit *a, cs_stat stat, const char *name, uint64_t count)
{
    uint64_t kept = cs_meta_get(a->k->store)->stats[stat];
    if (kept != count)
        cs_audit_wrong(a, "%s: the gauge says %llu, and there are %llu", name,
                       (unsigned long long)kept, (unsigned long long)count);
}

/* ---- sources ---- */

static void count_event(audit *a, const cs_event *e)
{
    if (!cs_kref_none(e->target))
        mention(a, e->target);
    if (!cs_kref_none(e->result)) {
        mention(a, e->result);
        sum_of(a, e->result)->results++;
    }
    mention_all(a, &e->data);
    if (e->kind != CS_EVENT_SEND && !cs_vat_was(a->k->store, e->vat))
        cs_audit_wrong(a, "a queued event is for v%u, which there is not", (unsigned)e->vat.n);
}

/* `waits_for`: none, or the promise whose queue it is. */
static void count_queue(audit *a, cs_queue_id queue, cs_queue_ends ends, cs_kref waits_for)
{
    for (uint64_t seq = ends.first; seq < ends.next; seq++) {
        cs_event e;
        const cs_blob *item = cs_queue_find(a->k->store, queue, seq);
        if (item == NULL || !cs_event_dec(cs_blob_bytes(item), &a->arena, &e)) {
            cs_audit_wrong(a, "queue %llx: item %llu is missing or malformed",
                           (unsigned long long)queue, (unsigned long long)seq);
            continue;
        }
        count_event(a, &e);
        if (!cs_kref_none(waits_for) &&
            (e.kind != CS_EVENT_SEND || !cs_kref_same(e.target, waits_for)))
            cs_audit_wrong_ref(a, waits_for, "something in its queue is not a message to it");
    }
    if (ends.first > ends.next)
        cs_audit_wrong(a, "queue %llx: ends before it begins", (unsigned long long)queue);
}

/* U1 */
static void count_held(audit *a)
{
    cs_event e;
    cs_blob *key = NULL, *next;
    while ((next = cs_held_after(a->k->store, cs_blob_bytes(key))) != NULL) {
        (void)cs_blob_unref(key);
        key = next;
        const cs_blob *item = cs_kv_find(a->k->store, (cs_vatid){ 0 }, cs_blob_bytes(key));
        if (cs_event_dec(cs_blob_bytes(item), &a->arena, &e))
            count_event(a, &e);
        else
            cs_audit_wrong(a, "%.*s: is malformed", (int)key->size, (const char *)key->data);
    }
    (void)cs_blob_unref(key);
}

static bool count_promise(void *ctx, const cs_promise_row *row)
{
    audit *a = ctx;
    cs_kcapdata d;
    a->promises++;
    count_queue(a, cs_queue_of_promise(row->kref), row->queue, row->kref);
    if (row->state == CS_UNRESOLVED)
        return true;
    cs_reader r = cs_reader_of(cs_blob_bytes(row->resolution));
    cs_kcapdata_dec(&r, &a->arena, &d);
    if (cs_reader_done(&r))
        mention_all(a, &d);
    else
        cs_audit_wrong_ref(a, row->kref, "its resolution is malformed");
    return true;
}

static bool count_hold(void *ctx, const cs_hold_row *row)
{
    mention(ctx, row->kref);
    if (row->count == 0)
        cs_audit_wrong_ref(ctx, row->kref, "is held no times");
    return true;
}

static void count_import(audit *a, const cs_clist_row *row)
{
    sum *s = sum_of(a, row->kref);
    const cs_object_row *object = cs_object_find(a->k->store, row->kref);
    s->recognizable++;
    s->reachable += row->reachable;
    a->imports_reachable += row->reachable;
    if (object != NULL)
        cs_audit_import(a, row, object);
}

static void check_import_id(audit *a, const cs_clist_row *row)
{
    cs_ref_type type = cs_vref_type(row->vref);
    uint64_t next = type == CS_REF_OBJECT    ? a->next_object
                    : type == CS_REF_PROMISE ? a->next_promise
                                             : a->next_device;
    if (!cs_vref_by_vat(row->vref) && cs_vref_id(row->vref) >= next)
        cs_audit_wrong_ref(a, row->kref, "has a vref that was not given out");
}

static void check_export(audit *a, const cs_clist_row *row)
{
    const cs_object_row *object = cs_object_find(a->k->store, row->kref);
    if (object == NULL || object->owner.n != row->vat.n)
        cs_audit_wrong_ref(a, row->kref, "is exported by a vat that does not own it");
}

static bool count_entry(void *ctx, const cs_clist_row *row)
{
    audit *a = ctx;
    a->entries++;
    const cs_clist_row *back = cs_clist_find_kref(a->k->store, row->vat, row->kref);
    if (back == NULL || !cs_vref_same(back->vref, row->vref) || row->vat.n != a->vat.n)
        cs_audit_wrong_ref(a, row->kref, "its c-list entry is not found by it");
    if (!cs_vref_check(row->vref) || (int)cs_vref_type(row->vref) != (int)cs_kref_type(row->kref))
        cs_audit_wrong_ref(a, row->kref, "has a vref of another type");
    check_import_id(a, row);
    if (cs_kref_type(row->kref) == CS_REF_PROMISE) {
        sum_of(a, row->kref)->refs++;
        if (!row->reachable)
            cs_audit_wrong_ref(a, row->kref, "is a promise and unreachable");
    } else if (cs_kref_type(row->kref) == CS_REF_DEVICE) {
        mention_node(a, row->kref);
        if (!row->reachable || cs_vref_by_vat(row->vref))
            cs_audit_wrong_ref(a, row->kref, "is a device node, and unreachable or exported");
    } else if (cs_vref_by_vat(row->vref)) {
        check_export(a, row);
    } else {
        count_import(a, row);
    }
    return true;
}

/* E1 */
static void count_ended(audit *a)
{
    cs_vatid vat;
    uint64_t count = 0;
    cs_blob *key = NULL, *next;
    while ((next = cs_cleanup_after(a->k->store, cs_blob_bytes(key), &vat)) != NULL) {
        (void)cs_blob_unref(key);
        key = next;
        count++;
        if (cs_vat_find(a->k->store, vat) == NULL)
            cs_audit_wrong(a, "the list of terminated vats names v%u", (unsigned)vat.n);
        else
            cs_map_put(&a->ended, vat.n)->value++;
    }
    (void)cs_blob_unref(key);
    check_gauge(a, CS_STAT_VATS_TERMINATING, "terminating vats", count);
}

static void check_ended(audit *a, const cs_vat_row *row)
{
    const cs_map_entry *e = cs_map_find(&a->ended, row->id.n);
    if ((e == NULL ? 0 : e->value) != (row->status == CS_VAT_TERMINATED))
        cs_audit_wrong(a, "v%u: is live and on the list of terminated vats, or the reverse",
                       (unsigned)row->id.n);
}

static void check_vat(audit *a, const cs_vat_row *row)
{
    cs_vat_options options;
    unsigned n = row->id.n;
    a->vat = row->id;
    a->vat_is_live = row->status == CS_VAT_LIVE;
    a->next_object = row->next_import_object;
    a->next_promise = row->next_import_promise;
    a->next_device = row->next_import_device;
    if (a->next_object > CS_REF_ID_MAX || a->next_promise > CS_REF_ID_MAX ||
        a->next_device > CS_REF_ID_MAX)
        cs_audit_wrong(a, "v%u: its imports have run out of ids", n);
    if (!cs_vat_options_dec(row->options, &options))
        cs_audit_wrong(a, "v%u: its options are malformed", n);
    if (row->status != CS_VAT_LIVE && row->status != CS_VAT_TERMINATED)
        cs_audit_wrong(a, "v%u: has no status", n);
    if (a->vat_is_live != (row->ending == NULL))
        cs_audit_wrong(a, "v%u: is live with an ending, or terminated without", n);
    if (row->first_delivery > row->next_delivery)
        cs_audit_wrong(a, "v%u: its transcript ends before it begins", n);
    if (n >= cs_meta_get(a->k->store)->next_vat)
        cs_audit_wrong(a, "v%u: its id was not given out", n);
    check_ended(a, row);
    a->imports_reachable = 0;
    cs_store_each_clist(a->k->store, row->id, count_entry, a);
    cs_audit_vat_garbage(a, row);
}

/* ---- sums against rows ---- */

static void check_owner(audit *a, const cs_object_row *row)
{
    const cs_clist_row *export = cs_clist_find_kref(a->k->store, row->owner, row->kref);
    if (cs_vat_find(a->k->store, row->owner) == NULL || export == NULL) {
        cs_audit_wrong_ref(a, row->kref, "is not exported by its owner");
        return;
    }
    if (!export->reachable && row->reachable > 0) /* C1: it was told to drop it */
        cs_audit_wrong_ref(a, row->kref, "can be reached, and its owner has dropped it");
    if (cs_vat_is_live(a->k->store, row->owner)) /* E2 */
        cs_audit_export(a, row, export);
}

static bool check_object(void *ctx, const cs_object_row *row)
{
    audit *a = ctx;
    sum *s = sum_of(a, row->kref);
    a->objects++;
    if (s->reachable != row->reachable || s->recognizable != row->recognizable) {
        char text[CS_REF_TEXT_MAX];
        cs_audit_wrong(a, "%s: counts %u/%u, and has %llu/%llu", cs_kref_text(row->kref, text),
                       (unsigned)row->reachable, (unsigned)row->recognizable,
                       (unsigned long long)s->reachable, (unsigned long long)s->recognizable);
    }
    if (row->owner.n != 0)
        check_owner(a, row);
    else
        cs_audit_orphan(a, row);
    if (cs_kref_id(row->kref) >= cs_meta_get(a->k->store)->next_object)
        cs_audit_wrong_ref(a, row->kref, "its id was not given out");
    s->recognizable = s->reachable = s->refs = 0; /* accounted for */
    return true;
}

/* P1 */
static void check_unresolved(audit *a, const cs_promise_row *row, const sum *s)
{
    if (row->resolution != NULL)
        cs_audit_wrong_ref(a, row->kref, "is unresolved and has a resolution");
    if (s->results != (row->decider.n == 0 ? 1 : 0))
        cs_audit_wrong_ref(a, row->kref, "is the result of too many queued messages, or of none");
    if (row->decider.n != 0 && (!cs_vat_is_live(a->k->store, row->decider) ||
                                cs_clist_find_kref(a->k->store, row->decider, row->kref) == NULL))
        cs_audit_wrong_ref(a, row->kref, "its decider does not know it");
    if (row->queue.first > 0 && row->queue.first == row->queue.next)
        cs_audit_wrong_ref(a, row->kref, "has an empty queue that was not reset");
}

/* P2 */
static void check_resolved(audit *a, const cs_promise_row *row, const sum *s)
{
    if (row->state != CS_FULFILLED && row->state != CS_REJECTED)
        cs_audit_wrong_ref(a, row->kref, "has no state");
    if (row->decider.n != 0 || row->subscribers != NULL || row->queue.next != 0 || s->results != 0)
        cs_audit_wrong_ref(a, row->kref, "is resolved and somebody still waits or decides");
}

static bool check_promise(void *ctx, const cs_promise_row *row)
{
    audit *a = ctx;
    sum *s = sum_of(a, row->kref);
    if (s->refs != row->refs) {
        char text[CS_REF_TEXT_MAX];
        cs_audit_wrong(a, "%s: counts %u, and has %llu", cs_kref_text(row->kref, text),
                       (unsigned)row->refs, (unsigned long long)s->refs);
    }
    if (row->refs == 0)
        cs_audit_wrong_ref(a, row->kref, "is referred to by nobody");
    if (row->state == CS_UNRESOLVED)
        check_unresolved(a, row, s);
    else
        check_resolved(a, row, s);
    if (cs_kref_id(row->kref) >= cs_meta_get(a->k->store)->next_promise)
        cs_audit_wrong_ref(a, row->kref, "its id was not given out");
    s->recognizable = s->reachable = s->refs = 0;
    return true;
}

/* Subscribers are kept in order and name vats. */
static bool check_subscribers(void *ctx, const cs_promise_row *row)
{
    audit *a = ctx;
    char before[CS_REF_TEXT_MAX] = "", text[CS_REF_TEXT_MAX];
    for (size_t i = 0; i < cs_subscribers_count(row->subscribers); i++) {
        cs_vatid vat = cs_subscribers_at(row->subscribers, i);
        if (strcmp(before, cs_vatid_text(vat, text)) >= 0 || !cs_vat_was(a->k->store, vat))
            cs_audit_wrong_ref(a, row->kref, "its subscribers are out of order or no vats");
        (void)cs_vatid_text(vat, before);
    }
    return true;
}

static void check_dangling(audit *a)
{
    for (cs_map_entry *e = NULL; (e = cs_map_next(&a->sums, e)) != NULL;) {
        const sum *s = e->ptr;
        if (s->reachable + s->recognizable + s->refs > 0)
            cs_audit_wrong_ref(a, (cs_kref){ e->key }, "is referred to, and there is no such row");
    }
}

static void free_sums(audit *a)
{
    for (cs_map_entry *e = NULL; (e = cs_map_next(&a->sums, e)) != NULL;)
        cs_free(e->ptr);
    cs_map_fini(&a->sums);
    cs_map_fini(&a->reaping);
    cs_map_fini(&a->lonely);
    cs_map_fini(&a->ended);
    cs_arena_fini(&a->arena);
}

size_t cs_kernel_audit(cs_kernel *k, void (*tell)(void *ctx, const char *line), void *ctx)
{
    audit a = { .k = k, .tell = tell, .ctx = ctx };
    const cs_meta *meta = cs_meta_get(k->store);
    count_queue(&a, CS_QUEUE_ACCEPTANCE, meta->acceptance, (cs_kref){ 0 });
    count_queue(&a, CS_QUEUE_RUN, meta->run, (cs_kref){ 0 });
    count_held(&a);
    cs_audit_vat_queues(&a);
    count_ended(&a);
    cs_store_each_promise(k->store, count_promise, &a);
    cs_store_each_hold(k->store, count_hold, &a);
    for (const cs_vat_row *row = NULL; (row = cs_vat_after(k->store, a.vat)) != NULL;)
        check_vat(&a, row);
    cs_store_each_object(k->store, check_object, &a);
    cs_store_each_promise(k->store, check_promise, &a);
    cs_store_each_promise(k->store, check_subscribers, &a);
    check_dangling(&a);
    cs_audit_actions(&a);
    check_gauge(&a, CS_STAT_OBJECTS, "objects", a.objects);
    check_gauge(&a, CS_STAT_PROMISES, "promises", a.promises);
    check_gauge(&a, CS_STAT_CLIST_ENTRIES, "c-list entries", a.entries);
    if (cs_store_status(k->store, NULL) != CS_OK)
        cs_audit_wrong(&a, "the store has failed");
    free_sums(&a);
    return a.lines;
}
