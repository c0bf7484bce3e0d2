/* Counts (S4a, S2) and what happens when they fall.
 *
 *   R1  A promise counts its c-list entries, exports too, and its mentions in queued events,
 *       resolutions, vatParameters and holds of the host.
 *   R2  An object counts in `recognizable` its importing c-list entries and those mentions, in
 *       `reachable` the mentions and the importing entries that are flagged. Its exporter's entry
 *       counts in neither.
 *   R3  Device nodes have no counts: they are there for good (S19).
 *   R4  Whatever falls goes on the crank's list and is looked at when the crank ends, when all counts
 *       are final, again and again until the list is empty (the reference's sweep missed what was
 *       added while it ran). */
#pragma once
#include "kernel/state.h"

/* One mention more or less: both counts of an object. */
void cs_ref_up(cs_kernel *k, cs_kref ref);
void cs_ref_down(cs_kernel *k, cs_kref ref);
void cs_refs_up(cs_kernel *k, const cs_kcapdata *d);
void cs_refs_down(cs_kernel *k, const cs_kcapdata *d);
void cs_event_up(cs_kernel *k, const cs_event *e); /* all mentions in it */
void cs_event_down(cs_kernel *k, const cs_event *e);

/* An importing c-list entry came, went, or changed its flag: deltas are -1, 0 or 1. */
void cs_object_count(cs_kernel *k, cs_kref object, int reachable, int recognizable);

/* Something else about it changed that may let it go (its owner went): look at it in the sweep. */
void cs_ref_maybe_free(cs_kernel *k, cs_kref ref);

/* S4d, at the end of every crank. */
void cs_refs_sweep(cs_kernel *k);
