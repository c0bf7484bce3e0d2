#include "kernel/promise.h"

#include "kernel/capdata.h"
#include "kernel/crank.h"
#include "kernel/order.h"
#include "kernel/queue.h"
#include "kernel/refcount.h"

#include <string.h>

cs_kref cs_kp_new(cs_kernel *k, cs_vatid decider, cs_policy policy)
{
    cs_meta *meta = k->crank.meta;
    if (!cs_need_id(k, meta->next_promise))
        return cs_kref_of(CS_REF_PROMISE, CS_REF_ID_MAX);
    cs_kref promise = cs_kref_of(CS_REF_PROMISE, meta->next_promise++); /* S4g */
    cs_promise_row *row = cs_promise_add(k->store, promise);
    row->state = CS_UNRESOLVED;
    row->decider = decider;
    row->since = meta->crank_number;
    row->policy = (uint8_t)policy;
    meta->stats[CS_STAT_PROMISES]++;
    return promise;
}

void cs_kp_set_decider(cs_kernel *k, cs_kref promise, cs_vatid decider)
{
    if (cs_need_promise(k, promise) != NULL)
        cs_promise_edit(k->store, promise)->decider = decider;
}

/* ---- subscribers ---- */

enum { SUBSCRIBER_SIZE = 4 };

size_t cs_subscribers_count(const cs_blob *subscribers)
{
    return subscribers == NULL ? 0 : subscribers->size / SUBSCRIBER_SIZE;
}

cs_vatid cs_subscribers_at(const cs_blob *subscribers, size_t i)
{
    const uint8_t *at = subscribers->data + i * SUBSCRIBER_SIZE;
    return (cs_vatid){ at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 |
                       (uint32_t)at[3] << 24 };
}

/* Where `vat` is or belongs. */
static size_t place_of(const cs_blob *subscribers, cs_vatid vat)
{
    size_t low = 0, high = cs_subscribers_count(subscribers);
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        if (cs_compare_decimal(cs_subscribers_at(subscribers, mid).n, vat.n) < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return low;
}

/* Gives a copy with `vat` at `place`. */
static cs_blob *with_subscriber(const cs_blob *old, size_t place, cs_vatid vat)
{
    cs_bytes had = cs_blob_bytes(old);
    cs_blob *blob = cs_blob_alloc(had.size + SUBSCRIBER_SIZE);
    size_t before = place * SUBSCRIBER_SIZE;
    if (before > 0)
        memcpy(blob->data, had.data, before);
    for (unsigned i = 0; i < SUBSCRIBER_SIZE; i++)
        blob->data[before + i] = (uint8_t)(vat.n >> 8 * i);
    if (had.size > before)
        memcpy(blob->data + before + SUBSCRIBER_SIZE, had.data + before, had.size - before);
    return blob;
}

static void notify(cs_kernel *k, cs_vatid vat, cs_kref promise)
{
    const cs_event e = { CS_EVENT_NOTIFY, .vat = vat, .target = promise,
                         .since = k->crank.meta->crank_number };
    cs_event_up(k, &e);
    cs_queue_accept(k, cs_event_blob(&k->scratch, &e));
}

void cs_kp_subscribe(cs_kernel *k, cs_kref promise, cs_vatid vat)
{
    const cs_promise_row *row = cs_need_promise(k, promise);
    if (row == NULL)
        return;
    if (row->state != CS_UNRESOLVED) {
        notify(k, vat, promise);
        return;
    }
    size_t place = place_of(row->subscribers, vat);
    if (place < cs_subscribers_count(row->subscribers) &&
        cs_subscribers_at(row->subscribers, place).n == vat.n)
        return;
    cs_blob *more = with_subscriber(row->subscribers, place, vat);
    cs_row_set_blob(k->store, &cs_promise_edit(k->store, promise)->subscribers, more);
}

/* ---- resolution ---- */

bool cs_kp_data(cs_kernel *k, const cs_promise_row *row, cs_arena *arena, cs_kcapdata *ret)
{
    char text[CS_REF_TEXT_MAX];
    cs_reader r = cs_reader_of(cs_blob_bytes(row->resolution));
    cs_kcapdata_dec(&r, arena, ret);
    if (!cs_reader_done(&r))
        cs_crank_fault(k, "%s: its resolution is malformed", cs_kref_text(row->kref, text));
    return cs_reader_done(&r);
}

static void apply_policy(cs_kernel *k, cs_kref promise, cs_policy policy, bool rejected,
                         cs_bytes body)
{
    char text[CS_REF_TEXT_MAX];
    if (policy == CS_POLICY_IGNORE)
        return;
    (void)cs_kref_text(promise, text);
    body = cs_text_shown(body);
    if (policy == CS_POLICY_LOG_ALWAYS || (policy == CS_POLICY_LOG_FAILURE && rejected))
        cs_crank_say(k, "%s %s: %.*s", text, rejected ? "rejected" : "fulfilled", (int)body.size,
                     (const char *)body.data);
    else if (policy == CS_POLICY_PANIC && rejected)
        cs_crank_panic(k, "%s rejected: %.*s", text, (int)body.size, (const char *)body.data);
}

void cs_kp_resolve(cs_kernel *k, cs_kref promise, bool rejected, const cs_kcapdata *data,
                   cs_blob *take_blob, cs_vatid by)
{
    const cs_promise_row *row = cs_need_promise(k, promise);
    if (row == NULL) {
        (void)cs_blob_unref(take_blob);
        return;
    }
    for (size_t i = 0; i < cs_subscribers_count(row->subscribers); i++)
        if (cs_subscribers_at(row->subscribers, i).n != by.n)
            notify(k, cs_subscribers_at(row->subscribers, i), promise);
    cs_queue_resume(k, promise);
    cs_refs_up(k, data);

    cs_promise_row *edit = cs_promise_edit(k->store, promise);
    edit->state = rejected ? CS_REJECTED : CS_FULFILLED;
    edit->decider = (cs_vatid){ 0 };
    edit->since = k->crank.meta->crank_number;
    cs_row_set_blob(k->store, &edit->subscribers, NULL);
    cs_row_set_blob(k->store, &edit->resolution, take_blob);
    apply_policy(k, promise, (cs_policy)edit->policy, rejected, data->body);
}

void cs_kp_reject(cs_kernel *k, cs_kref promise, cs_blob *take_error, cs_vatid by)
{
    cs_kcapdata d = { 0 };
    cs_reader r = cs_reader_of(cs_blob_bytes(take_error));
    cs_kcapdata_dec(&r, &k->crank.arena, &d);
    cs_kp_resolve(k, promise, true, &d, take_error, by);
}
