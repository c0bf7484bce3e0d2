/* A vat's options as its row holds them: varint flags (1 static, 2 pipelining, 4 critical, 8 never
 * reap), varint computrons_max, reap_interval, reap_gc_krefs. */
#pragma once
#include "kernel/kernel.h"

cs_blob *cs_vat_options_blob(const cs_vat_options *o); /* gives one reference */
CS_MUST_USE bool cs_vat_options_dec(const cs_blob *blob, cs_vat_options *ret);
/* S21: [A-Za-z0-9._-]+, shorter than 200. */
bool cs_vat_name_check(cs_bytes name);
