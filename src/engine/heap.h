/* One heap's own state, beside XS's machine, and what engine/'s files tell each other about it.
 * Private to engine/. */
#pragma once
#include "engine/region.h"
#include "engine/xs.h"

/* A stack overflow of JavaScript must strike before the C stack ends, at the same depth in every
 * build: hence a deep JavaScript stack (untouched pages cost nothing), and of the C stack as much as
 * a thread of 8 MB can give. */
enum {
    CS_STACK_SLOTS = 16 * 1024,
    CS_C_STACK = 6 * 1024 * 1024,
    CS_C_STACK_MARGIN = 256 * 1024, /* for what runs below the last check */
};

struct cs_outgoing;

/* Memory that XS took outside of slots and chunks; each block is linked into its heap's list. */
typedef struct cs_xs_block {
    struct cs_xs_block *next, **link;
    cs_heap *owner;
    size_t size;
} cs_xs_block;

struct cs_heap {
    cs_machine *the;
    cs_base *base; /* NULL: this is the base's own heap */
    cs_heap_hooks hooks;
    void *guest;

    cs_region region;
    cs_region base_slots; /* the base's blocks of slots: where they can be protected */
    uint64_t bytes_max;   /* of what lives */
    uint64_t slots_bytes; /* of all blocks of slots */
    uint64_t xs_bytes;    /* of xs_blocks */
    cs_xs_block *xs_blocks;
    bool making_room; /* xs_memory.c grows the blocks beyond what lives */

    cs_status death; /* not OK: the machine's state is stale, only freeing is left */
    char *stack_end; /* of the C stack, in the fence that is open; NULL: none is */

    uint64_t meter_max;
    uint64_t meter_carry;  /* counted before XS's 32-bit counter was last set to 0 */
    uint32_t meter_pauses; /* nested */
    uint32_t meter_paused_at;

    uint64_t live_bytes;       /* after the last forced collection */
    uint64_t slots_allocated;  /* since then, up to the last collection of any kind */
    uint64_t slots_counted;    /* slots that lived after that one */
    uint64_t chunks_allocated; /* bytes, since the last forced collection */
    uint64_t outgrown;         /* size of the chunk that is being replaced by a larger one */
    uint64_t chunks_live;      /* bytes, after the last collection that looked at chunks */

    struct cs_code *code; /* of module_code.c: what the vat's bundle was compiled to; counted */

    /* Of handled_promise*.c: where sends go, and the functions of cs_promise_then() by number. */
    void (*send)(cs_machine *the, void *guest, const struct cs_outgoing *send);
    void (*settled[4])(cs_machine *the, void *guest, uint64_t data, bool fulfilled, cs_slot *value);
};

/* platform.c. XS's allocations go to `owner` from now on; returns the one before. */
cs_heap *cs_xs_set_owner(cs_heap *owner);
cs_heap *cs_xs_owner(void);
void cs_xs_free_all(cs_heap *h);
/* `count` slots, with the block's head. */
void cs_slots_give_back(cs_machine *the, cs_slot *block, size_t count);
uint64_t cs_bytes_in_use(const cs_heap *h);

/* fence.c. Runs fn with a jump point; used for heaps and for the base while it is made. `death` is
 * set when the way out was an abort. */
CS_MUST_USE cs_status cs_fence_run(cs_heap *h, cs_guest_fn *fn, void *arg, cs_error *err);
/* The same without a frame of XS, which would cost the vat computrons: fn must not throw. */
CS_MUST_USE cs_status cs_fence_bare(cs_heap *h, cs_guest_fn *fn, void *arg, cs_error *err);

/* module_code.c. Lets go of the heap's code. */
void cs_code_detach(cs_heap *h);

/* meter.c */
void cs_meter_start(cs_heap *h);

/* collect.c. Called by xs_memory.c in the middle of a collection. */
typedef void cs_mark_fn(cs_machine *the, cs_slot *instance);
void cs_collect_mark(cs_machine *the, bool forced, cs_mark_fn *mark);
void cs_collect_sweep(cs_machine *the, cs_mark_fn *mark);
void cs_count_slots(cs_heap *h); /* before a collection */
void cs_collect_after(cs_machine *the, bool forced);

/* mark.c. Between begin and end: what is noted with cs_mark_later() is marked by cs_mark_all(), with all
 * that it reaches. `other` is asked to mark, or to note, what a slot of a kind that mark.c does not know
 * refers to. */
void cs_mark_begin(const cs_machine *the, cs_mark_fn *other);
void cs_mark_later(cs_slot *instance);
void cs_mark_all(cs_machine *the);
void cs_mark_end(void);

/* sweep.c. Frees slots that are not marked, unmarks the others; `fix`, unless NULL, is called for each
 * of these. Gives empty blocks back if there are too many. */
typedef void cs_fix_fn(cs_machine *the, cs_slot *slot);
typedef struct cs_swept {
    cs_slot *free; /* what is free, linked */
    txSize live;
} cs_swept;
cs_swept cs_sweep_slots(cs_machine *the, cs_slot **blocks, cs_fix_fn *fix);
/* Of a new block that XS is going to have: all of it is free. */
void cs_sweep_prepare(cs_slot *block, txSize count);

/* xs_defaults.c. Once per process, before the first machine. */
void cs_behaviors_init(void);

/* xs_promise.c. Reports and forgets the rejections that nobody handled, in order. */
void cs_report_rejections(cs_machine *the);
/* Notes that a promise is being rejected and has no reactions. */
void cs_add_unhandled(cs_machine *the, cs_slot *promise);

/* display.c. What an error says to people, a string; NULL: nothing. */
const cs_slot *cs_error_text(cs_machine *the, cs_slot *instance);
