/* Which bundles vats can be made of: by id ("b1-" and the SHA-512 of an endoZip, "c1-" and the SHA-256 by
 * which the store knows any other), and by a name that the host gave. Keys of the kernel's own:
 * "bundle.id.ID" = the 32 bytes of the store's hash, "bundle.name.NAME" = ID. */
#pragma once
#include "kernel/kernel.h"

enum { CS_BUNDLE_ID_MAX = 200 };

/* Between cranks; what is so already changes nothing. The bundle itself is in the store. Whoever looks
 * after bundles hears of a new id in the same crank. USAGE: malformed id or name. PANIC. */
CS_MUST_USE cs_status cs_kernel_install_bundle(cs_kernel *k, cs_bytes id, const cs_hash *hash,
                                               cs_error *err);
/* BUSY: another one has that name. USAGE, PANIC. */
CS_MUST_USE cs_status cs_kernel_name_bundle(cs_kernel *k, cs_bytes name, cs_bytes id,
                                            cs_error *err);

/* NOT_FOUND, CORRUPT. */
cs_status cs_bundle_of_id(cs_kernel *k, cs_bytes id, cs_hash *ret);
/* The id, borrowed until the next change. NOT_FOUND. */
cs_status cs_bundle_named(cs_kernel *k, cs_bytes name, cs_bytes *ret_id);
