/* GC actions: who has yet to be told that something can go (S4e, S4f).
 *
 * An action is a name in the store's set; the order of the names is the order of S4e:
 *
 *     name = vat " dropExport " kref | vat " retireExport " kref | vat " retireImport " kref
 *
 *   G1  A live owner that was not told of an unreachable object has a dropExport, one whose object
 *       nobody recognises a retireExport. (A root that nobody has named since it was exported is not
 *       garbage yet, so it has neither.)
 *   G2  An orphan that nobody can reach is retiring: every vat that imports it has a retireImport.
 *   G3  An action promises nothing: it is held against the rows when its turn comes, and forgotten if
 *       it no longer applies. So nobody takes one back, not even those of a vat that ends. */
#pragma once
#include "kernel/state.h"

typedef enum cs_gc_type {
    CS_GC_DROP_EXPORT,
    CS_GC_RETIRE_EXPORT,
    CS_GC_RETIRE_IMPORT,
    CS_GC_TYPES
} cs_gc_type;

typedef struct cs_gc_action {
    cs_vatid vat;
    cs_gc_type type;
    cs_kref object;
} cs_gc_action;

/* Longest name, without a NUL. */
enum { CS_GC_NAME_MAX = 64 };
cs_bytes cs_gc_name(const cs_gc_action *a, uint8_t name[static CS_GC_NAME_MAX]);
/* Strict: false if it is none. */
CS_MUST_USE bool cs_gc_parse(cs_bytes name, cs_gc_action *ret);

/* May be there already. */
void cs_gc_schedule(cs_kernel *k, cs_vatid vat, cs_gc_type type, cs_kref object);
bool cs_gc_is_scheduled(cs_store *s, const cs_gc_action *a);

/* The crank of the first group: names of the same vat and type, as far as CS_GC_BATCH. Takes them off.
 * True: cs_crank.delivery is to be handed to cs_crank.vat; false: none of them applied. */
bool cs_gc_deliver(cs_kernel *k);
