/* A vat's options as its row holds them: varint flags (1 static, 2 pipelining, 4 critical, 8 never reap,
 * 16 made by vatAdmin, 32 suspended rather than ended, 64 disavow), varint computrons_max, reap_interval,
 * reap_gc_krefs, manager, meter, sized group. */
#pragma once
#include "kernel/kernel.h"

cs_blob *cs_vat_options_blob(const cs_vat_options *o); /* gives one reference */
CS_MUST_USE bool cs_vat_options_dec(const cs_blob *blob, cs_vat_options *ret);
CS_MUST_USE bool cs_vat_options_dec_bytes(cs_bytes bytes, cs_vat_options *ret);
/* Whether the numbers are in range and the group is a name or empty. */
bool cs_vat_options_check(const cs_vat_options *o);
/* S21: [A-Za-z0-9._-]+, shorter than 200. */
bool cs_vat_name_check(cs_bytes name);
