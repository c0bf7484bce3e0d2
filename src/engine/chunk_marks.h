/* Which chunks live: a bit for each, beside the heap. Marking them in their heads, as XS does, would mean
 * to fetch, and later to write back, a line of memory for each string. Between begin and end; only one
 * heap collects at a time. */
#pragma once
#include "engine/xs.h"

enum { CS_CHUNK_GRAIN = 8 }; /* chunks begin at multiples of it */

typedef struct cs_chunk_marks {
    const txBlock *block; /* NULL: chunks are not marked */
    uint64_t *bits;       /* by grain, all 0 between collections; a chunk's is that of its data */
    size_t grains, cap;   /* cap: words */
} cs_chunk_marks;
extern cs_chunk_marks cs_chunks;

/* Either chunks are `wanted`, or cs_mark_chunk() does nothing. */
void cs_chunk_marks_begin(cs_machine *the, bool wanted);
/* Returns how many bytes are marked. If `in_heads`, XS's own mark is put on the chunks as well, for its sweep. */
uint64_t cs_chunk_marks_end(bool in_heads);

/* `data`: what follows a chunk's head. */
static inline void cs_mark_chunk(const void *data)
{
    if (cs_chunks.block == NULL)
        return;
    size_t grain = ((uintptr_t)data - (uintptr_t)cs_chunks.block) / CS_CHUNK_GRAIN;
    cs_assert(grain < cs_chunks.grains);
    cs_chunks.bits[grain / 64] |= UINT64_C(1) << grain % 64;
}
