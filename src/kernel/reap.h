/* When a vat is told to bring out its dead, and when its heap is to be collected (S14, S8).
 *
 *   V1  The reap queue has each vat at most once: is_reaping says whether. A vat that ended stays on
 *       it until its turn, even if it has no row any more.
 *   V2  A vat is dirty, that is, it may have garbage, while its allocated_bytes are more than 0. One
 *       that is dirty and lives is lonely or reaping, unless its options say never_reap.
 *   V3  The lonely queue has each vat at most once: is_lonely says whether. Under the policy `paced`
 *       the end of every crank looks at its first vat.
 *   V4  A BOYD that changes nothing asks for no other, whatever its worker says: so reaping ends. */
#pragma once
#include "kernel/state.h"

/* Onto the reap queue, unless it is there. */
void cs_reap_schedule(cs_kernel *k, cs_vatid vat);

/* The crank of the first vat of the reap queue. True: cs_crank.delivery is to be handed to
 * cs_crank.vat; false: the vat is no more. */
bool cs_reap_deliver(cs_kernel *k);

/* After a delivery that was kept and left its vat alive: what its reply says of garbage. */
void cs_reap_note(cs_kernel *k, const cs_reply *reply);
/* At the end of every crank (V3). */
void cs_reap_look(cs_kernel *k);

/* Nothing else is to be done: whether the policy says to reap somebody now, and the crank of it. */
bool cs_reap_is_due_at_idle(cs_kernel *k);
void cs_reap_at_idle(cs_kernel *k);

/* What the vat of the crank's delivery is to do at its end. */
cs_collect cs_reap_collect(const cs_kernel *k);
