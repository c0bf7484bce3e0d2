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

cs_blob *cs_queue_take(cs_kernel *k, cs_queue_id queue)
{
    cs_meta *meta = k->crank.meta;
    cs_queue_ends *ends = queue == CS_QUEUE_ACCEPTANCE ? &meta->acceptance : &meta->run;
    return ends->first == ends->next ? NULL : take_at(k, queue, ends->first++);
}
