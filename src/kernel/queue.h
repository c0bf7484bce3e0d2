/* The queues: acceptance and run (S1), and one per unresolved promise (S2). Items move between them
 * without a copy and without a change of counts: the mentions only wait elsewhere. Two more have vats
 * in them, not events: item = varint vat. */
#pragma once
#include "kernel/state.h"

void cs_queue_accept(cs_kernel *k, cs_blob *take_item);
void cs_queue_run(cs_kernel *k, cs_blob *take_item);
/* Behind the other messages of an unresolved promise. */
void cs_queue_wait(cs_kernel *k, cs_kref promise, cs_blob *take_item);
/* All messages of the promise, in order, to the end of the acceptance queue. */
void cs_queue_resume(cs_kernel *k, cs_kref promise);
/* Takes the first item off: gives it, or NULL if the queue is empty or (a fault) damaged. Not of
 * promises. */
cs_blob *cs_queue_take(cs_kernel *k, cs_queue_id queue);

/* REAP and LONELY. Taking gives {0} where cs_queue_take() gives NULL, and for what is no vat. */
void cs_queue_add_vat(cs_kernel *k, cs_queue_id queue, cs_vatid vat);
cs_vatid cs_queue_take_vat(cs_kernel *k, cs_queue_id queue);
/* Puts the first item, which is there, behind the others. */
void cs_queue_rotate(cs_kernel *k, cs_queue_id queue);
/* The vat in a row; {0}: it is missing or malformed. */
cs_vatid cs_queue_vat_at(cs_store *s, cs_queue_id queue, uint64_t seq);
