#include "engine/region.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Kept regions are of one shape, the usual one. What stays resident in each is bounded: the hot end
 * of the stack and the first chunks. */
enum { KEPT_MAX = 256, KEPT_STACK = 16 * 1024, KEPT_CHUNKS = 64 * 1024 };
static cs_region kept[KEPT_MAX];
static unsigned kept_count;

size_t cs_page_round(size_t size)
{
    static size_t page;
    if (page == 0)
        page = (size_t)sysconf(_SC_PAGESIZE);
    return (size + page - 1) & ~(page - 1);
}

static bool take_kept(cs_region *r, size_t size, size_t stack_size)
{
    if (kept_count == 0 || kept[kept_count - 1].size != size ||
        kept[kept_count - 1].stack_size != stack_size)
        return false;
    *r = kept[--kept_count];
    return true;
}

cs_status cs_region_init(cs_region *r, size_t stack_size, size_t chunks_max, cs_error *err)
{
    stack_size = cs_page_round(stack_size);
    size_t size = stack_size + cs_page_round(chunks_max);
    if (take_kept(r, size, stack_size))
        return CS_OK;
    uint8_t *base = mmap(NULL, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (base == MAP_FAILED)
        return cs_fail(err, CS_E_ENGINE, "no address space for a heap of %zu MB: %s", size >> 20,
                       strerror(errno));
    if (stack_size > 0 && mprotect(base, stack_size, PROT_READ | PROT_WRITE) != 0) {
        int code = errno;
        (void)munmap(base, size);
        return cs_fail(err, CS_E_ENGINE, "no memory for a heap's stack: %s", strerror(code));
    }
    *r = (cs_region){ .base = base, .size = size, .stack_size = stack_size };
    return CS_OK;
}

/* Closes what lies behind the first `size` bytes for chunks; its pages go back to the system. */
static bool close_chunks(cs_region *r, size_t size)
{
    if (size >= r->open)
        return true;
    uint8_t *cold = r->base + r->stack_size + size;
    if (madvise(cold, r->open - size, MADV_DONTNEED) != 0 ||
        mprotect(cold, r->open - size, PROT_NONE) != 0)
        return false;
    r->open = size;
    return true;
}

/* Gives cold pages back to the system and closes what lies behind the first chunks. */
static bool cool(cs_region *r)
{
    if (r->stack_size > KEPT_STACK &&
        madvise(r->base, r->stack_size - KEPT_STACK, MADV_DONTNEED) != 0)
        return false;
    r->used = 0;
    return close_chunks(r, KEPT_CHUNKS);
}

bool cs_region_shrink(cs_region *r, size_t size)
{
    cs_assert(size <= r->used);
    if (!close_chunks(r, cs_page_round(r->used - size)))
        return false;
    r->used -= size;
    return true;
}

void cs_region_fini(cs_region *r)
{
    if (r->base == NULL)
        return;
    if (!r->read_only && kept_count < KEPT_MAX && cool(r))
        kept[kept_count++] = *r;
    else
        (void)munmap(r->base, r->size);
    *r = (cs_region){ 0 };
}

void *cs_region_grow(cs_region *r, size_t size)
{
    size_t room = r->size - r->stack_size;
    if (size > room - r->used)
        return NULL;
    uint8_t *chunks = r->base + r->stack_size;
    size_t to = cs_page_round(r->used + size);
    if (to > r->open) {
        if (mprotect(chunks + r->open, to - r->open, PROT_READ | PROT_WRITE) != 0)
            return NULL;
        r->open = to;
    }
    void *p = chunks + r->used;
    r->used += size;
    return p;
}

void cs_region_protect(cs_region *r)
{
    int failed = mprotect(r->base, r->size, PROT_READ);
    cs_assert(failed == 0);
    r->read_only = true;
}
