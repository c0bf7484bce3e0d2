/* Kernel promises (S2).
 *
 *   P1  Unresolved: no resolution; the decider is a live vat whose c-list has the promise, or nobody
 *       while the promise is the result of a message that the kernel still holds.
 *   P2  Resolved: decider none, no subscribers, an empty queue, a resolution.
 *   P3  Nothing resolves to a promise: there is no forwarding in the kernel, so no chain to follow.
 *
 * Subscribers are vat ids of four bytes, little-endian, in the order of their texts (S22). */
#pragma once
#include "kernel/state.h"

cs_kref cs_kp_new(cs_kernel *k, cs_vatid decider, cs_policy policy);

/* `vat` hears of the resolution: by a notify at once if there is one (S2). */
void cs_kp_subscribe(cs_kernel *k, cs_kref promise, cs_vatid vat);
/* Settles an unresolved promise, tells its subscribers but not `by`, resumes its messages, applies
 * its policy. `data` is what `take_blob` encodes. */
void cs_kp_resolve(cs_kernel *k, cs_kref promise, bool rejected, const cs_kcapdata *data,
                   cs_blob *take_blob, cs_vatid by);
void cs_kp_reject(cs_kernel *k, cs_kref promise, cs_blob *take_error, cs_vatid by);
/* The resolution of a resolved promise, slots from `arena`. False and a fault if it is damaged. */
CS_MUST_USE bool cs_kp_data(cs_kernel *k, const cs_promise_row *row, cs_arena *arena,
                            cs_kcapdata *ret);

/* {0}: the kernel, while it holds the message whose result this is. */
void cs_kp_set_decider(cs_kernel *k, cs_kref promise, cs_vatid decider);

/* For audits: how many subscribers, and the one at `i`. */
size_t cs_subscribers_count(const cs_blob *subscribers);
cs_vatid cs_subscribers_at(const cs_blob *subscribers, size_t i);
