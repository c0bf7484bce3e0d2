/* GC actions: who has yet to be told that something can go (S4e, S4f).
 *
 * The store keeps the set, in the order of S4e.
 *
 *   G1  A live owner that was not told of an unreachable object has a dropExport, one whose object
 *       nobody recognises a retireExport. (A root that nobody has named since it was exported is not
 *       garbage yet, so it has neither.)
 *   G2  An orphan that nobody can reach is retiring: every vat that imports it has a retireImport.
 *   G3  An action promises nothing: it is held against the rows when its turn comes, and forgotten if
 *       it no longer applies. So nobody takes one back, not even those of a vat that ends. */
#pragma once
#include "kernel/state.h"

/* May be there already. */
void cs_gc_schedule(cs_kernel *k, cs_vatid vat, cs_gc_type type, cs_kref object);

/* The crank of the first group: names of the same vat and type, as far as CS_GC_BATCH. Takes them off.
 * True: cs_crank.delivery is to be handed to cs_crank.vat; false: none of them applied. */
bool cs_gc_deliver(cs_kernel *k);
