#include "engine/chunk_marks.h"

#include "base/alloc.h"

enum {
    CAP_KEPT = 64 * 1024, /* what one huge heap needed is not kept for the rest of the process */
    AHEAD = 1024,         /* bytes */
};
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

static void forget_much(void)
{
    if (cs_chunks.cap <= CAP_KEPT)
        return;
    cs_chunks.bits = cs_free(cs_chunks.bits);
    cs_chunks.cap = 0;
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

static txChunk *chunk_at(size_t grain)
{
    return (txChunk *)((uint64_t *)(uintptr_t)cs_chunks.block + grain) - 1;
}

/* What is dead between two that live becomes one chunk: XS's sweep walks from one to the next. `dead` is
 * where it would begin. Returns where the next one would. */
static txByte *put_in_head(txChunk *chunk, txByte *dead)
{
    if (dead < (txByte *)chunk)
        ((txChunk *)(void *)dead)->temporary = (txByte *)chunk;
    chunk->size |= CHUNK_FLAG;
    return chunk->temporary;
}

/* Upwards, so that the heads are found quickly. */
uint64_t cs_chunk_marks_end(bool in_heads)
{
    const txBlock *block = cs_chunks.block;
    txByte *dead = (txByte *)(uintptr_t)(block + 1);
    uint64_t bytes = 0;
    const size_t words = cs_chunks.grains / 64 + 1;
    for (size_t i = 0; i < words; i++)
        for (; cs_chunks.bits[i] != 0; cs_chunks.bits[i] &= cs_chunks.bits[i] - 1) {
            txChunk *chunk = chunk_at(i * 64 + (size_t)__builtin_ctzll(cs_chunks.bits[i]));
            __builtin_prefetch((const uint8_t *)chunk + AHEAD);
            bytes += (uint64_t)chunk->size;
            if (in_heads)
                dead = put_in_head(chunk, dead);
        }
    if (in_heads && dead < block->current)
        ((txChunk *)(void *)dead)->temporary = block->current;
    forget_much();
    return bytes;
}
