/* A kernel over a store in memory, driven from C: for tests that need more than a script can say. The
 * functions assert; what must fail is called directly. */
#pragma once
#include "kernel/kernel.h"

typedef struct raw_drive {
    cs_store *store;
    cs_kernel *k;
} raw_drive;

raw_drive raw_open(void);
void raw_close(raw_drive *d);

/* Adds a static vat, delivers its startVat and pins its root, lest every message to it makes garbage. */
cs_vatid raw_add_vat(raw_drive *d, const char *name, const cs_vat_options *options);
cs_kref raw_root(raw_drive *d, cs_vatid vat);
/* Queues a message "foo" with these slots. Gives the promise of its answer. */
cs_kref raw_send(raw_drive *d, cs_kref target, const cs_kref *slots, uint32_t slot_count);
/* Runs to the next delivery; false: idle. */
bool raw_next(raw_drive *d, cs_effect *ret);
/* The same; it must be a delivery to `vat`. */
void raw_expect(raw_drive *d, cs_vatid vat, cs_effect *ret);
/* A world with one vat, "alice", which has got a message whose result is p-60. */
raw_drive raw_open_delivered(cs_vatid *ret_vat);
/* Answers, and it must be kept, with the vat alive. */
void raw_answer(raw_drive *d, const cs_syscall *syscalls, uint32_t count);
/* Delivers everything that is left and answers with nothing. Returns how many deliveries it was. */
uint64_t raw_drain(raw_drive *d);
void raw_audit(raw_drive *d); /* must be clean */
