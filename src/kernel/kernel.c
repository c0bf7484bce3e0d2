/* The life of a kernel, and what runs next (S1).
 *
 *     idle --next--> idle | crank (over) | delivering
 *     delivering --done--> idle      the crank is kept, or rolled back and kept
 *     delivering --abandon--> idle   the crank never was
 *
 * The activity hash chains one record per crank: what the event was and how it was routed, or which
 * GC actions were taken and whose turn to be reaped it was; for a delivery also the vat, the outcome,
 * and the vat's transcript hash, which covers the row's bytes and all before them (an aborted one has
 * no row: why it was aborted stands for it). Equal histories give
 * equal hashes, and opening a store adds nothing (S3, S22). */
#include "kernel/kernel.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "kernel/crank.h"
#include "kernel/deliver.h"
#include "kernel/gc.h"
#include "kernel/meter.h"
#include "kernel/queue.h"
#include "kernel/reap.h"
#include "kernel/reconcile.h"
#include "kernel/route.h"
#include "kernel/terminate.h"
#include "kernel/vat.h"
#include "wire/codec.h"

/* S4g. */
enum { FIRST_OBJECT = 20, FIRST_DEVICE = 30, FIRST_PROMISE = 40, FIRST_VAT = 1 };

/* Of the run queue: what was held goes before the first. */
#define FIRST_RUN (UINT64_C(1) << 40)

/* S14's defaults, as the reference has them. */
enum { REAP_INTERVAL = 1, REAP_GC_KREFS = 20 };

/* First bytes of records; change.h has 'H'. 'G': then the kind of the delivery, the vat, and how many
 * actions were taken if it is not BOYD; or GC_IDLE alone. 'C': then the vat, and how much of it went. */
enum { RECORD_ROUTING = 'R', RECORD_DELIVERY = 'D', RECORD_GC = 'G', RECORD_CLEANUP = 'C' };
enum { GC_IDLE = 0 };
enum { OUTCOME_KEPT, OUTCOME_ENDED, OUTCOME_ABORTED, OUTCOME_SUSPENDED };

/* ---- life ---- */

static cs_status write_first_rows(cs_kernel *k, cs_error *err)
{
    if (cs_meta_get(k->store)->next_vat != 0)
        return CS_OK;
    cs_meta *meta = cs_meta_edit(k->store);
    meta->next_object = FIRST_OBJECT;
    meta->next_promise = FIRST_PROMISE;
    meta->next_device = FIRST_DEVICE;
    meta->next_vat = FIRST_VAT;
    meta->run = (cs_queue_ends){ FIRST_RUN, FIRST_RUN };
    meta->reap_interval = REAP_INTERVAL;
    meta->reap_gc_krefs = REAP_GC_KREFS;
    cs_store_keep(k->store);
    return cs_store_status(k->store, err);
}

cs_status cs_kernel_new(cs_store *store, const cs_kernel_ops *ops, void *ctx, cs_kernel **ret_k,
                        cs_error *err)
{
    cs_kernel *k = CS_NEW(cs_kernel);
    k->store = store;
    k->ctx = ctx;
    cs_kernel_set_cleanup(k, CS_CLEANUP_BATCH);
    if (ops != NULL)
        k->ops = *ops;
    cs_status st = write_first_rows(k, err);
    if (st != CS_OK) {
        k = cs_kernel_free(k);
        return st;
    }
    *ret_k = k;
    return CS_OK;
}

cs_kernel *cs_kernel_free(cs_kernel *k)
{
    if (k == NULL)
        return NULL;
    if (k->delivering)
        cs_kernel_abandon(k);
    cs_arena_fini(&k->crank.arena);
    cs_buf_fini(&k->crank.record);
    cs_buf_fini(&k->crank.log);
    cs_free(k->crank.maybe_free.items);
    cs_buf_fini(&k->scratch);
    cs_arena_fini(&k->lent);
    cs_devices_fini(k);
    cs_cleanup_fini(k);
    cs_buf_fini(&k->crank.ended);
    return cs_free(k);
}

/* ---- next ---- */

/* Begins a crank with the first event of `queue`. False: it is damaged, and a fault. */
static bool take_event(cs_kernel *k, cs_queue_id queue)
{
    cs_crank *c = &k->crank;
    cs_crank_begin(k);
    c->item = cs_queue_take(k, queue);
    if (queue == CS_QUEUE_RUN)
        cs_crank_dequeued(k);
    if (c->item == NULL)
        return false;
    if (cs_event_dec(cs_blob_bytes(c->item), &c->arena, &c->event))
        return true;
    cs_crank_fault(k, "the first event of queue %u is malformed", (unsigned)queue);
    return false;
}

static cs_status routing_crank(cs_kernel *k, cs_effect *ret, cs_error *err)
{
    if (take_event(k, CS_QUEUE_ACCEPTANCE)) {
        cs_crank_record(k, RECORD_ROUTING);
        cs_route_accept(k, &k->crank.event, cs_blob_ref(k->crank.item));
    }
    ret->kind = CS_EFFECT_CRANK;
    return cs_crank_end(k, err);
}

/* A delivery is not begun on rows that contradict each other, or on a disk that failed. */
static bool is_sound(const cs_kernel *k)
{
    return k->crank.fault.status == CS_OK && cs_store_status(k->store, NULL) == CS_OK;
}

/* Hands over what the crank has to deliver, or ends it. */
static cs_status deliver_or_end(cs_kernel *k, bool deliver, cs_effect *ret, cs_error *err)
{
    cs_crank *c = &k->crank;
    if (deliver)
        c->options = cs_need_options(k, c->vat);
    if (!deliver || !is_sound(k)) {
        ret->kind = CS_EFFECT_CRANK;
        return cs_crank_end(k, err);
    }
    k->delivering = true;
    *ret = (cs_effect){ CS_EFFECT_DELIVER, c->vat, c->delivery, cs_reap_collect(k) };
    return CS_OK;
}

static cs_status run_crank(cs_kernel *k, cs_effect *ret, cs_error *err)
{
    bool deliver = false;
    if (take_event(k, CS_QUEUE_RUN)) {
        cs_crank_record(k, RECORD_DELIVERY);
        deliver = cs_deliver_event(k);
    }
    return deliver_or_end(k, deliver, ret, err);
}

/* With `deliver`, which takes off what it is about: if the vat fails that is back where it was, and is
 * found to be about a vat that is no more. */
static cs_status gc_crank(cs_kernel *k, bool (*deliver)(cs_kernel *), cs_effect *ret, cs_error *err)
{
    cs_crank_begin(k);
    cs_crank_record(k, RECORD_GC);
    return deliver_or_end(k, deliver(k), ret, err);
}

static cs_status cleanup_crank(cs_kernel *k, cs_effect *ret, cs_error *err)
{
    cs_crank_begin(k);
    cs_crank_record(k, RECORD_CLEANUP);
    cs_cleanup_some(k);
    return deliver_or_end(k, false, ret, err);
}

static cs_status idle_crank(cs_kernel *k, cs_effect *ret, cs_error *err)
{
    cs_crank_begin(k);
    cs_crank_record(k, RECORD_GC);
    cs_crank_record(k, GC_IDLE);
    cs_reap_at_idle(k);
    return deliver_or_end(k, false, ret, err);
}

static bool is_empty(cs_queue_ends ends)
{
    return ends.first == ends.next;
}

static cs_status next_gc(cs_kernel *k, cs_effect *ret, cs_error *err)
{
    if (cs_cleanup_is_due(k))
        return cleanup_crank(k, ret, err);
    if (!cs_gc_is_empty(k->store))
        return gc_crank(k, cs_gc_deliver, ret, err);
    if (!is_empty(cs_meta_get(k->store)->reap))
        return gc_crank(k, cs_reap_deliver, ret, err);
    return CS_OK;
}

/* S1 */
static cs_status next(cs_kernel *k, cs_effect *ret, cs_error *err)
{
    const cs_meta *meta = cs_meta_get(k->store);
    if (!is_empty(meta->acceptance))
        return routing_crank(k, ret, err);
    cs_status st = next_gc(k, ret, err);
    if (st != CS_OK || ret->kind != CS_EFFECT_IDLE)
        return st;
    if (!is_empty(meta->run))
        return run_crank(k, ret, err);
    return cs_reap_is_due_at_idle(k) ? idle_crank(k, ret, err) : CS_OK;
}

cs_status cs_kernel_status(const cs_kernel *k, cs_error *err)
{
    return k->panic.status == CS_OK ? CS_OK : cs_fail(err, k->panic.status, "%s", k->panic.text);
}

/* The effect is the caller's only if all is well. */
static cs_status next_of(cs_kernel *k, cs_status (*which)(cs_kernel *, cs_effect *, cs_error *),
                         cs_effect *ret, cs_error *err)
{
    cs_assert(!k->delivering);
    cs_effect effect = { .kind = CS_EFFECT_IDLE };
    cs_status st = cs_store_status(k->store, err);
    if (st == CS_OK)
        st = cs_kernel_status(k, err);
    if (st == CS_OK)
        st = which(k, &effect, err);
    if (st == CS_OK && effect.kind == CS_EFFECT_IDLE)
        st = cs_store_status(k->store, err); /* it may have failed under a look */
    if (st == CS_OK)
        *ret = effect;
    return st;
}

cs_status cs_kernel_next(cs_kernel *k, cs_effect *ret, cs_error *err)
{
    return next_of(k, next, ret, err);
}

cs_status cs_kernel_next_gc(cs_kernel *k, cs_effect *ret, cs_error *err)
{
    return next_of(k, next_gc, ret, err);
}

/* ---- done ---- */

/* S3: a failed startVat must not be tried again; all else goes back and splats, or is dropped, which
 * tells whoever waits for it. */
static bool stays_consumed(cs_event_kind kind)
{
    return kind == CS_EVENT_START_VAT;
}

static void add_to_transcript(cs_kernel *k, cs_vat_row *vat, const cs_reply *reply)
{
    cs_buf_clear(&k->scratch);
    cs_transcript_enc(&k->scratch, &k->crank.delivery, reply);
    vat->transcript = cs_hash_chain(&vat->transcript, cs_buf_bytes(&k->scratch));
    cs_transcript_add(k->store, vat->id, vat->next_delivery++,
                      cs_blob_new(cs_buf_bytes(&k->scratch)), &vat->transcript);
    cs_buf_add(&k->crank.record, vat->transcript.bytes, CS_HASH_SIZE);
}

static void count_delivery(cs_kernel *k)
{
    static const cs_stat stats[] = {
        [CS_DELIVER_MESSAGE] = CS_STAT_MESSAGES,
        [CS_DELIVER_NOTIFY] = CS_STAT_NOTIFIES,
        [CS_DELIVER_DROP_EXPORTS] = CS_STAT_GC_DELIVERIES,
        [CS_DELIVER_RETIRE_EXPORTS] = CS_STAT_GC_DELIVERIES,
        [CS_DELIVER_RETIRE_IMPORTS] = CS_STAT_GC_DELIVERIES,
        [CS_DELIVER_BRING_OUT_YOUR_DEAD] = CS_STAT_BOYDS,
    };
    cs_stat_add(k, CS_STAT_DELIVERIES, 1);
    if (k->crank.delivery.kind != CS_DELIVER_START_VAT)
        cs_stat_add(k, stats[k->crank.delivery.kind], 1);
}

/* A worker can say any number; a row holds numbers below 2^63, and there the sum stays. */
static uint64_t add_saturated(uint64_t a, uint64_t b)
{
    return b > (uint64_t)INT64_MAX - a ? (uint64_t)INT64_MAX : a + b;
}

/* S9: computrons were spent, whatever became of the crank. */
static void count_computrons(cs_kernel *k, cs_vat_row *vat, uint64_t computrons)
{
    uint64_t *sum = &k->crank.meta->stats[CS_STAT_COMPUTRONS];
    vat->computrons = add_saturated(vat->computrons, computrons);
    *sum = add_saturated(*sum, computrons);
}

static void record_outcome(cs_kernel *k, const cs_verdict *v)
{
    cs_buf *record = &k->crank.record;
    cs_buf_add_varint(record, k->crank.vat.n);
    cs_buf_add_byte(record, v->abort && !v->terminate ? OUTCOME_SUSPENDED
                            : v->abort                ? OUTCOME_ABORTED
                            : v->terminate            ? OUTCOME_ENDED
                                                      : OUTCOME_KEPT);
    if (v->terminate)
        cs_buf_add_text(record, v->why);
}

cs_status cs_kernel_done(cs_kernel *k, const cs_reply *reply, cs_outcome *ret, cs_error *err)
{
    cs_verdict v;
    cs_assert(k->delivering);
    k->delivering = false;
    cs_crank_judge(k, reply, &v);
    record_outcome(k, &v);
    if (v.abort)
        cs_crank_roll_back(k, v.terminate && stays_consumed(k->crank.event.kind));
    cs_vat_row *vat = cs_vat_edit(k->store, k->crank.vat);
    count_computrons(k, vat, reply->computrons);
    if (v.abort) {
        cs_stat_add(k, CS_STAT_ABORTED_CRANKS, 1);
    } else {
        add_to_transcript(k, vat, reply);
        count_delivery(k);
        cs_stat_add(k, CS_STAT_SYSCALLS, reply->syscall_count);
    }
    cs_outcome outcome = {
        .aborted = v.abort,
        .suspended = v.abort && !v.terminate,
        .dropped = k->crank.dropped,
        .retired = k->crank.retired,
        .ignored = k->crank.ignored,
    };
    bool is_birth = k->crank.delivery.kind == CS_DELIVER_START_VAT && k->crank.options.has_admin;
    cs_meter_charge(k, reply, v.underflow);
    if (outcome.suspended) {
        cs_vat_suspend(k, k->crank.vat);
    } else if (v.terminate) {
        cs_vat_terminate(k, k->crank.vat, &(cs_ending){ v.why, v.failed, v.info, is_birth });
    } else {
        cs_reap_note(k, reply);
        outcome.miscounted = cs_imports_are_miscounted(k, reply);
        if (is_birth)
            cs_vat_tell_start(k, k->crank.vat);
    }
    cs_vats_end_others(k); /* perhaps this one */
    outcome.terminated = !cs_vat_is_live(k->store, k->crank.vat);
    cs_status st = cs_crank_end(k, err);
    if (st == CS_OK)
        *ret = outcome;
    return st;
}

void cs_kernel_abandon(cs_kernel *k)
{
    cs_assert(k->delivering);
    k->delivering = false;
    cs_crank_undo(k);
}
