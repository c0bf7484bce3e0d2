#include "base/alloc.h"

#include <malloc.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void *libc_resize(void *ctx, void *old, size_t size)
{
    (void)ctx;
    if (size == 0) {
        free(old);
        return NULL;
    }
    return realloc(old, size);
}

/* Process-wide like SQLite's: one allocator serves every kernel of a process. */
static struct {
    cs_resize_fn *resize;
    void *ctx;
} current = { libc_resize, NULL };

void cs_alloc_use(cs_resize_fn *resize, void *ctx)
{
    current.resize = resize;
    current.ctx = ctx;
}

static _Noreturn void out_of_memory(size_t size)
{
    (void)fprintf(stderr,
                  "capstan: out of memory (%zu bytes wanted). Nothing committed is lost: start "
                  "again with more memory or fewer vats.\n",
                  size);
    abort();
}

static void *resize(void *old, size_t size)
{
    if (size == 0)
        size = 1;
    void *p = current.resize(current.ctx, old, size);
    if (p == NULL)
        out_of_memory(size);
    return p;
}

static size_t product(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        out_of_memory(SIZE_MAX);
    return bytes;
}

void *cs_alloc(size_t size)
{
    return resize(NULL, size);
}

void *cs_alloc_zero(size_t count, size_t size)
{
    size_t bytes = product(count, size);
    return memset(resize(NULL, bytes), 0, bytes);
}

void *cs_realloc(void *old, size_t count, size_t size)
{
    return resize(old, product(count, size));
}

void *cs_free(void *p)
{
    if (p != NULL)
        current.resize(current.ctx, p, 0);
    return NULL;
}

void cs_alloc_trim(void)
{
    if (current.resize == libc_resize)
        (void)malloc_trim(0);
}
