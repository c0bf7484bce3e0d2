/* Long-lived meters (S9): so many computrons for any number of deliveries to any number of vats. A row of
 * the kernel's own keys each: "meter.m1" = "REMAINING THRESHOLD", REMAINING a number or "unlimited".
 *
 *   M1  Deliveries of messages, notifies and startVat are charged, whatever becomes of them; those of
 *       garbage are not. What was spent beyond what remained is an underflow, and 0 remains.
 *   M2  Whoever looks after meters hears once when what remains falls below the threshold.
 *
 * A vat whose options say so is suspended by an underflow rather than ended: the crank is undone, its event
 * goes back, and whatever comes to the vat's turn, that event first, is held, in order, until the vat is
 * resumed: then all of it goes to the front of the run queue. Garbage goes on.
 *
 *   U1  A live vat is suspended while there is the key "vat.suspended.v3" = how many events are held; they
 *       are "vat.held.v3.SEQUENCE". Their mentions count as in a queue. */
#pragma once
#include "kernel/state.h"

typedef struct cs_meter {
    bool unlimited;
    uint64_t remaining, threshold; /* at most INT64_MAX */
} cs_meter;

uint64_t cs_meter_new(cs_kernel *k, const cs_meter *m);       /* gives the number of m1, m2, ... */
bool cs_meter_find(cs_kernel *k, uint64_t id, cs_meter *ret); /* false: there is none */
/* Changes one that is there, and resumes vats that it had suspended, if it allows them anything. */
void cs_meter_change(cs_kernel *k, uint64_t id, const cs_meter *m);
/* Walks all meters: `at` of size 0 begins; gives the next key, "meter.m1", or NULL. */
cs_blob *cs_meter_after(cs_store *s, cs_bytes at);

/* The computrons that one delivery to any vat of this store may take (S9): what the host said when it made
 * the store, "delivery.computrons", and never another number, for a vat's history is replayed under it;
 * CS_COMPUTRONS_MAX if it said nothing. */
uint64_t cs_delivery_max(cs_store *s);
/* Of a new store, before it has vats. */
void cs_delivery_set_max(cs_kernel *k, uint64_t max);
bool cs_delivery_max_check(uint64_t max); /* CS_COMPUTRONS_MIN to CS_COMPUTRONS_MAX */

/* Whether the reply to the crank's delivery is an underflow of the vat's meter. */
bool cs_meter_underflows(cs_kernel *k, const cs_reply *reply);
/* M1, M2, after a roll back if there was one. */
void cs_meter_charge(cs_kernel *k, const cs_reply *reply, bool underflow);

/* ---- suspend.c ---- */

void cs_vat_suspend(cs_kernel *k, cs_vatid vat);
/* Whether the vat is suspended: then takes the crank's event. */
bool cs_vat_holds(cs_kernel *k, cs_vatid vat);
void cs_vat_resume(cs_kernel *k, cs_vatid vat); /* not suspended: nothing */
void cs_meter_resume_vats(cs_kernel *k, uint64_t meter);
/* Walks the events that are held: `at` of size 0 begins; gives the next key, or NULL. */
cs_blob *cs_held_after(cs_store *s, cs_bytes at);
bool cs_vat_is_suspended(cs_store *s, cs_vatid vat);
