/* Memory of one call or one crank: taken piece by piece, given back all at once. */
#pragma once
#include "base/bytes.h"

/* All zero is an empty arena. */
typedef struct cs_arena {
    struct cs_arena_block *first; /* the block in use; older ones hang behind it */
    size_t used;
} cs_arena;

void *cs_arena_take(cs_arena *a, size_t size); /* aligned for anything; lives until clear */
void *cs_arena_take_zero(cs_arena *a, size_t count, size_t size);
cs_bytes cs_arena_copy(cs_arena *a, cs_bytes b);
void cs_arena_clear(cs_arena *a); /* keeps one block, so that the next crank allocates nothing */
void cs_arena_fini(cs_arena *a);
