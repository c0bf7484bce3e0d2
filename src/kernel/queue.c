#include "kernel/queue.h"

#include "kernel/crank.h"

void cs_queue_accept(cs_kernel *k, cs_blob *take_item)
{
    cs_queue_add(k->store, CS_QUEUE_ACCEPTANCE, k->crank.meta->acceptance.next++, take_item);
}

void cs_queue_run(cs_kernel *k, cs_blob *take_item)
{
    cs_queue_add(k->store, CS_QUEUE_RUN, k->crank.meta->run.next++, take_item);
}

void cs_queue_wait(cs_kernel *k, cs_kref promise, cs_blob *take_item)
{
    cs_queue_add(k->store, cs_queue_of_promise(promise),
                 cs_promise_edit(k->store, promise)->queue.next++, take_item);
}

/* Takes the item at `seq` out of the table: gives it, or NULL and a fault. */
static cs_blob *take_at(cs_kernel *k, cs_queue_id queue, uint64_t seq)
{
    cs_blob *item = cs_blob_ref(cs_queue_find(k->store, queue, seq));
    if (item == NULL)
        cs_crank_fault(k, "queue %llx has no item %llu", (unsigned long long)queue,
                       (unsigned long long)seq);
    else
        cs_queue_delete(k->store, queue, seq);
    return item;
}

void cs_queue_resume(cs_kernel *k, cs_kref promise)
{
    const cs_promise_row *row = cs_need_promise(k, promise);
    if (row == NULL || row->queue.first == row->queue.next)
        return;
    const cs_queue_ends ends = row->queue;
    cs_promise_edit(k->store, promise)->queue = (cs_queue_ends){ 0 };
    for (uint64_t seq = ends.first; seq < ends.next; seq++) {
        cs_blob *item = take_at(k, cs_queue_of_promise(promise), seq);
        if (item == NULL)
            return;
        cs_queue_accept(k, item);
    }
}

/* Of a queue that is no promise's. */
static cs_queue_ends *ends_in(cs_meta *meta, cs_queue_id queue)
{
    return queue == CS_QUEUE_ACCEPTANCE ? &meta->acceptance
           : queue == CS_QUEUE_RUN      ? &meta->run
           : queue == CS_QUEUE_REAP     ? &meta->reap
                                        : &meta->lonely;
}

cs_blob *cs_queue_take(cs_kernel *k, cs_queue_id queue)
{
    cs_queue_ends *ends = ends_in(k->crank.meta, queue);
    return ends->first == ends->next ? NULL : take_at(k, queue, ends->first++);
}

/* ---- queues of vats ---- */

static cs_vatid vat_dec(const cs_blob *item)
{
    cs_reader r = cs_reader_of(cs_blob_bytes(item));
    uint64_t n = cs_reader_varint(&r);
    return (cs_vatid){ cs_reader_done(&r) && n <= UINT32_MAX ? (uint32_t)n : 0 };
}

cs_vatid cs_queue_vat_at(cs_store *s, cs_queue_id queue, uint64_t seq)
{
    const cs_blob *item = cs_queue_find(s, queue, seq);
    return item == NULL ? (cs_vatid){ 0 } : vat_dec(item);
}

void cs_queue_rotate(cs_kernel *k, cs_queue_id queue)
{
    cs_queue_ends *ends = ends_in(k->crank.meta, queue);
    if (ends->next - ends->first == 1)
        return;
    cs_blob *item = cs_queue_take(k, queue);
    if (item != NULL)
        cs_queue_add(k->store, queue, ends->next++, item);
}

void cs_queue_add_vat(cs_kernel *k, cs_queue_id queue, cs_vatid vat)
{
    cs_buf_clear(&k->scratch);
    cs_buf_add_varint(&k->scratch, vat.n);
    cs_queue_add(k->store, queue, ends_in(k->crank.meta, queue)->next++,
                 cs_blob_new(cs_buf_bytes(&k->scratch)));
}

cs_vatid cs_queue_take_vat(cs_kernel *k, cs_queue_id queue)
{
    cs_blob *item = cs_queue_take(k, queue);
    if (item == NULL)
        return (cs_vatid){ 0 };
    cs_vatid vat = vat_dec(item);
    if (vat.n == 0)
        cs_crank_fault(k, "the first item of queue %u is no vat", (unsigned)queue);
    (void)cs_blob_unref(item);
    return vat;
}
