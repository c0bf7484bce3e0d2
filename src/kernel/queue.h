/* The queues: acceptance and run (S1), and one per unresolved promise (S2). Items move between them
 * without a copy and without a change of counts: the mentions only wait elsewhere. */
#pragma once
#include "kernel/state.h"

void cs_queue_accept(cs_kernel *k, cs_blob *take_item);
void cs_queue_run(cs_kernel *k, cs_blob *take_item);
/* Behind the other messages of an unresolved promise. */
void cs_queue_wait(cs_kernel *k, cs_kref promise, cs_blob *take_item);
/* All messages of the promise, in order, to the end of the acceptance queue. */
void cs_queue_resume(cs_kernel *k, cs_kref promise);
/* Takes the first item off: gives it, or NULL if the queue is empty or (a fault) damaged. */
cs_blob *cs_queue_take(cs_kernel *k, cs_queue_id queue);
