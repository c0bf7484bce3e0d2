/* Long transcript rows are packed: bodies are text that repeats itself, and what a block costs at
 * large bodies is pages written. A stored item is
 *
 *     0, the bytes        short, or of no use to pack
 *     1, a zstd frame     which says how many bytes it holds
 *
 * Hashes are of the plain bytes, so another level or library changes no history. */
#pragma once
#include "base/bytes.h"

typedef struct cs_packer { /* all zero is good; contexts are made when first needed */
    struct ZSTD_CCtx_s *pack;
    struct ZSTD_DCtx_s *unpack;
} cs_packer;

void cs_packer_fini(cs_packer *p);
cs_blob *cs_pack(cs_packer *p, cs_blob *take_item); /* gives */
/* Gives, or NULL: malformed, or larger than any transcript row can be. */
cs_blob *cs_unpack(cs_packer *p, cs_bytes stored);
