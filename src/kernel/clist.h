/* Single references through a vat's c-list (S4b), both ways, with the counts that go with it.
 *
 *   C1  The flag of an import says whether the vat can reach it, and counts in the object's
 *       `reachable`. The flag of an export says that the vat was not yet told to drop it.
 *   C2  A reference that the kernel sends is reachable from then on. One that the vat sends is so if
 *       it is the vat's own; an import must be so already.
 *   C3  Promises and device nodes have no such flag: theirs is always set.
 *   C4  imports_reachable of a vat is the number of its object imports whose flag is set. */
#pragma once
#include "kernel/state.h"

/* Says "o-50: " and the status's text. Returns `st`. */
cs_status cs_vref_refuse(cs_vref vref, cs_status st, cs_error *err);
/* BAD_REF (VAT): the bits are not those of a reference. */
CS_MUST_USE cs_status cs_vref_refuse_malformed(cs_vref vref, cs_error *err);

/* What the vat calls `vref`. A new export or promise of the vat's gets a kref, decided by the vat.
 * BAD_REF, UNKNOWN_REF, UNREACHABLE_REF, WRONG_REF (VAT): device nodes are not the vat's to make. */
CS_MUST_USE cs_status cs_clist_to_kref(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref *ret,
                                       cs_error *err);
/* What the vat is to call `kref`; a new import if it has no name for it. */
cs_vref cs_clist_to_vref(cs_kernel *k, cs_vatid vat, cs_kref kref);

/* Adds the entry of an export or a decided promise. */
void cs_clist_export(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref kref);
/* Sets the flag of an export that does not have it. The row is the store's, not a copy. */
void cs_clist_export_anew(cs_kernel *k, const cs_clist_row *row);
/* Removes an entry; an import's counts go with it. An export's object is left as it is. */
void cs_clist_remove(cs_kernel *k, const cs_clist_row *row);
/* Clears the flag of an import that has it. The row is the store's, not a copy. */
void cs_clist_drop(cs_kernel *k, const cs_clist_row *row);
/* The vat and the kernel forget a promise (S2: after its resolution). */
void cs_clist_retire_promise(cs_kernel *k, cs_vatid vat, cs_kref promise);
