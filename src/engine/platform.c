/* The hooks of XS that every engine must supply: memory, abort, stack limit. Module hooks are
 * module.c's. Contexts reach XS as `the->context`; `the->heap` is set before XS allocates. */
#include "base/alloc.h"
#include "engine/heap.h"

#include <stdalign.h>
#include <string.h>

/* --- memory outside slots and chunks ------------------------------------------------------------ */

/* XS's allocators take no machine. One heap runs at a time, so it is the owner. */
static cs_heap *owner;

cs_heap *cs_xs_set_owner(cs_heap *h)
{
    cs_heap *before = owner;
    owner = h;
    return before;
}

cs_heap *cs_xs_owner(void)
{
    return owner;
}

static void link_block(cs_xs_block *b)
{
    cs_heap *h = b->owner;
    if (h == NULL)
        return;
    b->next = h->xs_blocks;
    b->link = &h->xs_blocks;
    if (b->next != NULL)
        b->next->link = &b->next;
    h->xs_blocks = b;
    h->xs_bytes += b->size;
}

static void unlink_block(cs_xs_block *b)
{
    if (b->owner == NULL)
        return;
    *b->link = b->next;
    if (b->next != NULL)
        b->next->link = b->link;
    b->owner->xs_bytes -= b->size;
}

/* NULL is an answer that XS understands: it then aborts with "not enough memory". */
static bool fits(const cs_heap *h, size_t more)
{
    return h == NULL || (more <= h->bytes_max && h->xs_bytes <= h->bytes_max - more);
}

void *cs_xs_alloc(size_t size)
{
    _Static_assert(sizeof(cs_xs_block) % alignof(max_align_t) == 0, "what follows is aligned");
    if (!fits(owner, size))
        return NULL;
    cs_xs_block *b = cs_alloc(sizeof *b + size);
    b->owner = owner;
    b->size = size;
    link_block(b);
    return b + 1;
}

void *cs_xs_alloc_zero(size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes))
        return NULL;
    void *p = cs_xs_alloc(bytes);
    return p == NULL ? NULL : memset(p, 0, bytes);
}

void *cs_xs_realloc(void *old, size_t size)
{
    if (old == NULL)
        return cs_xs_alloc(size);
    cs_xs_block *b = (cs_xs_block *)old - 1;
    if (size > b->size && !fits(b->owner, size - b->size))
        return NULL;
    unlink_block(b);
    b = cs_realloc(b, 1, sizeof *b + size);
    b->size = size;
    link_block(b);
    return b + 1;
}

void cs_xs_free(void *p)
{
    if (p == NULL)
        return;
    cs_xs_block *b = (cs_xs_block *)p - 1;
    unlink_block(b);
    cs_free(b);
}

void cs_xs_free_all(cs_heap *h)
{
    while (h->xs_blocks != NULL)
        cs_xs_free(h->xs_blocks + 1);
}

/* --- slots and chunks ---------------------------------------------------------------------------- */

void fxCreateMachinePlatform(txMachine *the)
{
    the->heap = the->context;
    the->heap->the = the;
}

void fxDeleteMachinePlatform(txMachine *the)
{
    (void)the;
}

/* Growth that is asked for by a single chunk comes right after a collection, when all that is in use
 * lives: one that cannot fit is refused before its pages are touched. */
void *fxAllocateChunks(txMachine *the, txSize size)
{
    cs_heap *h = the->heap;
    uint64_t rounding = sizeof(txBlock) + (uint64_t)the->minimumChunksSize;
    if (!h->making_room && cs_bytes_in_use(h) + (uint64_t)size > h->bytes_max + rounding)
        return NULL;
    return cs_region_grow(&h->region, (size_t)size);
}

/* There is one block, and it goes with the region. */
void fxFreeChunks(txMachine *the, void *chunks)
{
    (void)the, (void)chunks;
}

/* The base's blocks lie side by side, but for a gap: XS would join them, and sweep.c could not tell
 * where one began. */
static txSlot *take_slots(cs_heap *h, size_t size)
{
    return h->base == NULL ? cs_region_grow(&h->base_slots, size + sizeof(txSlot)) : cs_alloc(size);
}

/* XS asks for the stack first. The blocks themselves have no limit of their own: what lives is
 * judged after each collection (collect.c), and growth is a part of that. */
txSlot *fxAllocateSlots(txMachine *the, txSize count)
{
    cs_heap *h = the->heap;
    size_t size = (size_t)count * sizeof(txSlot);
    if (the->stackBottom == NULL)
        return (txSlot *)h->region.base;
    txSlot *slots = take_slots(h, size);
    if (slots == NULL)
        return NULL;
    h->slots_bytes += size;
    cs_sweep_prepare(slots, count);
    return slots;
}

void fxFreeSlots(txMachine *the, void *slots)
{
    cs_heap *h = the->heap;
    if (h->base != NULL && slots != h->region.base)
        (void)cs_free(slots);
}

void cs_slots_give_back(cs_machine *the, cs_slot *block, size_t count)
{
    the->heap->slots_bytes -= count * sizeof(txSlot);
    fxFreeSlots(the, block);
}

uint64_t cs_bytes_in_use(const cs_heap *h)
{
    return (uint64_t)h->the->currentHeapCount * sizeof(txSlot) +
           (uint64_t)h->the->currentChunksSize;
}

/* --- the rest ------------------------------------------------------------------------------------ */

static cs_status status_of_exit(int code)
{
    switch (code) {
    case XS_NOT_ENOUGH_MEMORY_EXIT:
        return CS_E_HEAP_FULL;
    case XS_STACK_OVERFLOW_EXIT:
        return CS_E_STACK;
    case XS_NO_MORE_KEYS_EXIT:
        return CS_E_KEYS;
    case XS_TOO_MUCH_COMPUTATION_EXIT:
        return CS_E_METER;
    default:
        return CS_OK;
    }
}

/* Leaves to the outermost jump point: the fence's. An exception that escapes a promise job ends that
 * job alone (those of XS let none escape). Other exits are broken invariants of XS. */
void fxAbort(txMachine *the, int code)
{
    if (code == XS_UNHANDLED_EXCEPTION_EXIT) {
        mxException.kind = XS_UNDEFINED_KIND;
        return;
    }
    cs_status st = status_of_exit(code);
    cs_assert(st != CS_OK);
    the->heap->death = st;
    fxExitToHost(the);
}

void fxQueuePromiseJobs(txMachine *the)
{
    (void)the; /* cs_heap_drain() looks at the queue itself */
}

int cs_no_clock(c_timeval *ret_time, void *zone)
{
    (void)zone;
    *ret_time = (c_timeval){ 0 };
    return 0;
}
