/* The end of a vat (S10), in two parts. Its life ends in one crank: what it decides is rejected, and
 * messages to it splat from then on. What it leaves is deleted in cranks of their own, second in S1's
 * order, so much in each: exports, imports, promises, keys and values, transcript, and then its row.
 *
 *   E1  A vat that is terminated and has a row is on the list of those that are being deleted, in order
 *       of their ends, once: keys "vat.ended.SEQUENCE" of the kernel's own, VATS_TERMINATING of them.
 *   E2  Until its turn comes each of its c-list entries counts as it did, and what it exports is its own,
 *       though a message to that splats. With its entry an object becomes an orphan.
 *   E3  A vat without a row whose id was given out is forgotten: it is dead, and nobody's fault. */
#pragma once
#include "kernel/state.h"

/* How a vat ended: why, for people, kept in its row; `info` for whoever made it (NULL: an Error that says
 * why), which was so asked for by itself or by others if `failed` is false. */
typedef struct cs_ending {
    const char *why;
    bool failed;
    const cs_kcapdata *info;
    bool is_stillborn; /* vatAdmin made it, and it never started: that is no panic */
} cs_ending;
/* A critical vat's end is a panic instead. */
void cs_vat_terminate(cs_kernel *k, cs_vatid vat, const cs_ending *e);

/* Those that this crank asked for with cs_device_end_vat(). */
void cs_vats_end_others(cs_kernel *k);

/* ---- cleanup.c ---- */

/* Puts a vat that has just ended on the list. */
void cs_cleanup_add(cs_kernel *k, cs_vatid vat);
/* Whether there is something to delete, and the host allows it. */
bool cs_cleanup_is_due(const cs_kernel *k);
/* Deletes some of what the first vat of the list leaves. */
void cs_cleanup_some(cs_kernel *k);
/* What is known about the rows to be deleted may not be so any more. */
void cs_cleanup_forget(cs_kernel *k);
void cs_cleanup_fini(cs_kernel *k);

/* For audits: walks the list. `at` of size 0 begins; gives the next key, or NULL, and its vat ({0}: it is
 * malformed). */
cs_blob *cs_cleanup_after(cs_store *s, cs_bytes at, cs_vatid *ret);
