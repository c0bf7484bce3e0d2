#include "engine/heap.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/base.h"

/* Blocks may be larger than what lives in them: room for half of it, and slack (xs_memory.c). */
static uint64_t blocks_max(uint64_t bytes_max)
{
    return bytes_max + bytes_max / 2 + 17 * 1024 * 1024;
}

static cs_heap *new_heap(cs_base *base, const cs_heap_options *options)
{
    cs_heap *h = CS_NEW(cs_heap);
    h->base = base;
    if (options->hooks != NULL)
        h->hooks = *options->hooks;
    h->guest = options->guest;
    h->bytes_max = options->bytes_max != 0 ? options->bytes_max : CS_HEAP_MAX;
    cs_assert((h->hooks.sweep == NULL) == (h->hooks.mark_weak == NULL));
    return h;
}

static cs_status clone_base(cs_heap *h, cs_error *err)
{
    cs_heap *before = cs_xs_set_owner(h);
    txCreation creation = h->base->clone;
    h->the = fxCloneMachine(&creation, h->base->heap->the, NULL, h);
    (void)cs_xs_set_owner(before);
    return h->the != NULL ? CS_OK : cs_fail(err, CS_E_ENGINE, "XS does not clone its base");
}

cs_status cs_heap_new(cs_base *base, const cs_heap_options *options, cs_heap **ret_heap,
                      cs_error *err)
{
    cs_heap *h = new_heap(base, options);
    cs_status st =
        cs_region_init(&h->region, CS_STACK_SLOTS * sizeof(txSlot), blocks_max(h->bytes_max), err);
    if (st == CS_OK)
        st = clone_base(h, err);
    if (st != CS_OK) {
        (void)cs_heap_free(h);
        return st;
    }
    cs_meter_start(h);
    cs_count_slots(h);
    cs_collect_after(h->the, true);
    *ret_heap = h;
    return CS_OK;
}

cs_heap *cs_heap_free(cs_heap *h)
{
    if (h == NULL)
        return NULL;
    if (h->the != NULL)
        fxDeleteMachine(h->the);
    cs_code_detach(h);
    cs_xs_free_all(h);
    cs_region_fini(&h->region);
    return cs_free(h);
}

cs_machine *cs_heap_machine(cs_heap *h)
{
    return h->the;
}

cs_heap *cs_heap_of(cs_machine *the)
{
    return the->heap;
}

void *cs_heap_guest(cs_machine *the)
{
    return the->heap->guest;
}
