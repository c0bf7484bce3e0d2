/* The address space of one heap: stack, then chunks that grow upwards in place.
 *
 *   base                base + stack_size           + used                       base + size
 *   | stack (grows down) | chunks (grow up)           | reserved, no access        |
 *
 * Pages that were never touched cost nothing, and what lies before `base` is another region's
 * reserve, so a stray write faults. Given back regions are kept for reuse: most of what a new heap
 * costs is the system's handing out of fresh pages. */
#pragma once
#include "base/status.h"

typedef struct cs_region {
    uint8_t *base;
    size_t size;       /* all of it */
    size_t stack_size; /* whole pages */
    size_t used;       /* chunk bytes handed out */
    size_t open;       /* chunk bytes that are accessible: whole pages, >= used */
    bool read_only;
} cs_region;

/* ENGINE (ENV): no address space. */
CS_MUST_USE cs_status cs_region_init(cs_region *r, size_t stack_size, size_t chunks_max,
                                     cs_error *err);
void cs_region_fini(cs_region *r);
/* `size` more bytes right behind those before, or NULL: reserve used up, or no memory. */
void *cs_region_grow(cs_region *r, size_t size);
/* The last `size` bytes that were handed out are not used any more. Keeps them if the system refuses. */
bool cs_region_shrink(cs_region *r, size_t size);
/* Makes everything read-only, for ever. */
void cs_region_protect(cs_region *r);
size_t cs_page_round(size_t size);
