#include "engine/chunk_marks.h"

#include "base/alloc.h"

enum {
    CAP_KEPT = 16 * 1024
}; /* what one huge heap needed is not kept for the rest of the process */
#define CHUNK_FLAG ((txSize)0x80000000) /* XS's mark, in a chunk's size */

cs_chunk_marks cs_chunks;

static void make_room(size_t words)
{
    if (words <= cs_chunks.cap)
        return;
    cs_free(cs_chunks.bits);
    cs_chunks.bits = cs_alloc_zero(words, sizeof cs_chunks.bits[0]);
    cs_chunks.cap = words;
}

/* There is one block: platform.c. */
void cs_chunk_marks_begin(cs_machine *the, bool wanted)
{
    const txBlock *block = the->firstBlock;
    cs_assert(block->nextBlock == NULL);
    cs_chunks.block = wanted ? block : NULL;
    if (!wanted)
        return;
    cs_chunks.grains = (size_t)(block->current - (const txByte *)block) / CS_CHUNK_GRAIN + 1;
    make_room(cs_chunks.grains / 64 + 1);
}

static txSize end_chunk(size_t grain, bool in_head)
{
    txChunk *chunk = (txChunk *)((uint64_t *)(uintptr_t)cs_chunks.block + grain) - 1;
    txSize size = chunk->size;
    if (in_head)
        chunk->size |= CHUNK_FLAG;
    return size;
}

/* Upwards, so that the heads are found quickly. */
uint64_t cs_chunk_marks_end(bool in_heads)
{
    uint64_t bytes = 0;
    const size_t words = cs_chunks.grains / 64 + 1;
    for (size_t i = 0; i < words; i++)
        for (; cs_chunks.bits[i] != 0; cs_chunks.bits[i] &= cs_chunks.bits[i] - 1) {
            size_t grain = i * 64 + (size_t)__builtin_ctzll(cs_chunks.bits[i]);
            bytes += (uint64_t)end_chunk(grain, in_heads);
        }
    if (cs_chunks.cap > CAP_KEPT) {
        cs_chunks.bits = cs_free(cs_chunks.bits);
        cs_chunks.cap = 0;
    }
    return bytes;
}
