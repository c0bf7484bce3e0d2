/* The life of a crank (S3): begin, perhaps roll back, end. */
#pragma once
#include "kernel/state.h"

/* Both savepoints and an empty cs_crank. */
void cs_crank_begin(cs_kernel *k);
/* The event is off its queue: the second savepoint. */
void cs_crank_dequeued(cs_kernel *k);

/* S3: undoes the delivery. `consume`: the event stays consumed; else it is back on its queue. */
void cs_crank_roll_back(cs_kernel *k, bool consume);
/* Sweeps, adds the record to the activity hash, keeps. Instead: rolls back to the start and returns
 * the store's failure or the fault (ENV), or PANIC. The crank is over in any case. */
CS_MUST_USE cs_status cs_crank_end(cs_kernel *k, cs_error *err);
/* The same for a change that the host asked for between cranks: it is no crank and has no number. */
CS_MUST_USE cs_status cs_crank_end_host(cs_kernel *k, cs_error *err);
/* As if the crank had never begun. */
void cs_crank_undo(cs_kernel *k);

/* K3: notes the first contradiction between rows. */
void cs_crank_fault(cs_kernel *k, const char *format, ...) CS_PRINTF(2, 3);
/* S10: the kernel stops when the crank ends, and nothing of the crank stays. */
void cs_crank_panic(cs_kernel *k, const char *format, ...) CS_PRINTF(2, 3);
/* A line for the host's log, told when the crank is kept. */
void cs_crank_say(cs_kernel *k, const char *format, ...) CS_PRINTF(2, 3);

/* One more byte of the crank's record. */
static inline void cs_crank_record(cs_kernel *k, unsigned byte)
{
    cs_buf *record = &k->crank.record;
    if (record->size < record->cap)
        record->data[record->size++] = (uint8_t)byte;
    else
        cs_buf_add_byte(record, (uint8_t)byte);
}

/* S10's consequences of a reply. */
typedef struct cs_verdict {
    bool abort, terminate, failed;
    bool underflow;          /* of the vat's meter: its end, or else it is suspended */
    const cs_kcapdata *info; /* of an exit; else NULL */
    char why[CS_ERROR_MAX];
} cs_verdict;
/* Applies the syscalls and judges: illegal syscall > delivery error > meter underflow > exit. */
void cs_crank_judge(cs_kernel *k, const cs_reply *reply, cs_verdict *ret);
