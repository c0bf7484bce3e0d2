/* The birth of a vat, from the host or from vatAdmin (S10, S21), and its root object. */
#pragma once
#include "kernel/device.h"
#include "kernel/state.h"

/* Makes the row, exports the root object, queues startVat. */
void cs_vat_make(cs_kernel *k, cs_vatid vat, cs_bytes name, const cs_hash *bundle,
                 const cs_vat_options *options, const cs_kcapdata *parameters);
/* The turn of a create-vat event: makes the vat, or says why not. */
void cs_vat_create(cs_kernel *k, const cs_event *e);
/* A vat that vatAdmin made has started. */
void cs_vat_tell_start(cs_kernel *k, cs_vatid vat);

/* The c-list entry of o+0, if it has one. */
const cs_clist_row *cs_root_entry(cs_kernel *k, cs_vatid vat);
/* The root, exported anew if it is not exported, or the vat was told to drop it: it never forgets it. */
cs_kref cs_root_named(cs_kernel *k, cs_vatid vat);
