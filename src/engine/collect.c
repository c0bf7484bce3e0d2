/* Collections: what the owner's tables add to them, what they leave behind, and the limit.
 *
 * Two kinds. A forced one happens only when cs_heap_collect() is called; only there do weak entries
 * die, so what a vat can see of it is a function of its history. An organic one happens when an
 * allocation finds no room; it keeps alive what the owner's weak tables name, so nobody can tell
 * when it happens, and the engine may collect as it likes. */
#include "engine/heap.h"

void cs_collect_mark(cs_machine *the, bool forced, cs_mark_fn *mark)
{
    cs_heap *h = the->heap;
    if (h->hooks.mark != NULL)
        h->hooks.mark(the, h->guest, mark);
    if (!forced && h->hooks.mark_weak != NULL)
        h->hooks.mark_weak(the, h->guest, mark);
}

void cs_collect_sweep(cs_machine *the, cs_mark_fn *mark)
{
    cs_heap *h = the->heap;
    if (h->hooks.sweep != NULL)
        h->hooks.sweep(the, h->guest, mark);
}

/* Allocations decide when a vat is collected, so they are a function of its history. Chunks are counted
 * one by one (xs_memory.c), slots as the difference in use, which only grows between collections. */
static uint64_t slots_since(const cs_heap *h)
{
    return (uint64_t)h->the->currentHeapCount - h->slots_counted;
}

void cs_count_slots(cs_heap *h)
{
    h->slots_allocated += slots_since(h);
    h->slots_counted = (uint64_t)h->the->currentHeapCount;
}

/* The limit is judged on what lives, never on blocks: how many there are depends on when collections
 * happened and on whether the heap was restored. */
void cs_collect_after(cs_machine *the, bool forced)
{
    cs_heap *h = the->heap;
    uint64_t live = cs_bytes_in_use(h);
    if (forced) {
        h->live_bytes = live;
        h->slots_allocated = h->chunks_allocated = 0;
    }
    if (live > h->bytes_max)
        fxAbort(the, XS_NOT_ENOUGH_MEMORY_EXIT);
}

bool cs_is_live(const cs_slot *instance)
{
    return (instance->flag & XS_MARK_FLAG) != 0;
}

static void collect(cs_machine *the, void *arg)
{
    (void)arg;
    fxCollectGarbage(the);
}

cs_status cs_heap_collect(cs_heap *h)
{
    cs_assert(h->the->firstJump == NULL);
    return h->death != CS_OK ? h->death : cs_fence_bare(h, collect, NULL, NULL);
}

cs_heap_figures cs_heap_read_figures(const cs_heap *h)
{
    return (cs_heap_figures){
        .live_bytes = h->live_bytes,
        .allocated_bytes =
            (h->slots_allocated + slots_since(h)) * sizeof(txSlot) + h->chunks_allocated,
        .resident_bytes = h->region.open + h->slots_bytes + h->xs_bytes,
    };
}
