/* The only place that allocates. Memory that runs out ends the process at the last commit
 * (docs/decisions/0001-out-of-memory.md): no caller has to undo half a change. What a vat makes us
 * allocate is bounded by limits.h and by its heap limit, so a vat alone cannot bring that about. */
#pragma once
#include <stddef.h>

/* Replaces malloc/realloc/free for the whole process; before anything else is called, once.
 * `resize(ctx, old, size)`: old NULL allocates, size 0 frees and returns NULL. */
typedef void *cs_resize_fn(void *ctx, void *old, size_t size);
void cs_alloc_use(cs_resize_fn *resize, void *ctx);

void *cs_alloc(size_t size);                    /* never NULL; size 0 gives a unique block */
void *cs_alloc_zero(size_t count, size_t size); /* count * size is checked */
void *cs_realloc(void *old, size_t count, size_t size);
void *cs_free(void *p); /* NULL is fine; returns NULL */
/* Gives the system back what was freed, also from between what is in use: for who has freed much at once,
 * because it takes milliseconds. */
void cs_alloc_trim(void);

#define CS_NEW(type) ((type *)cs_alloc_zero(1, sizeof(type)))
