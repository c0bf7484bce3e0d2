#include "base/arena.h"

#include "base/alloc.h"

#include <stdalign.h>
#include <string.h>

enum { BLOCK_SIZE = 64 * 1024 };

typedef struct cs_arena_block {
    struct cs_arena_block *next;
    size_t size;
    alignas(max_align_t) uint8_t data[];
} block;

static void add_block(cs_arena *a, size_t size)
{
    block *b = cs_alloc(sizeof *b + size);
    b->next = a->first;
    b->size = size;
    a->first = b;
    a->used = 0;
}

void *cs_arena_take(cs_arena *a, size_t size)
{
    cs_assert(size <= SIZE_MAX / 2);
    size = (size + alignof(max_align_t) - 1) & ~(alignof(max_align_t) - 1);
    if (a->first == NULL || a->first->size - a->used < size)
        add_block(a, size > BLOCK_SIZE ? size : BLOCK_SIZE);
    void *p = a->first->data + a->used;
    a->used += size;
    return p;
}

void *cs_arena_take_zero(cs_arena *a, size_t count, size_t size)
{
    size_t bytes;
    cs_assert(!__builtin_mul_overflow(count, size, &bytes));
    return memset(cs_arena_take(a, bytes), 0, bytes);
}

cs_bytes cs_arena_copy(cs_arena *a, cs_bytes b)
{
    uint8_t *data = cs_arena_take(a, b.size);
    if (b.size > 0)
        memcpy(data, b.data, b.size);
    return (cs_bytes){ data, b.size };
}

static void free_chain(block *b)
{
    while (b != NULL) {
        block *next = b->next;
        cs_free(b);
        b = next;
    }
}

void cs_arena_clear(cs_arena *a)
{
    a->used = 0;
    if (a->first == NULL)
        return;
    free_chain(a->first->next);
    a->first->next = NULL;
    if (a->first->size > BLOCK_SIZE)
        cs_arena_fini(a); /* one giant message must not pin its size */
}

void cs_arena_fini(cs_arena *a)
{
    free_chain(a->first);
    *a = (cs_arena){ 0 };
}
