/* xsMemory.c with our growth policy, with the owner's C tables in every collection, with marking
 * that needs little C stack, with weak entries that outlive a presence, and with a sweep that looks at
 * what was used only.
 *
 * Marking: mark.c's, because XS's own is slow in large heaps, and follows items of arrays, closures and
 * the like on the C stack, at whose end it aborts. XS's code marks the roots and the rarer kinds of slots;
 * what it would follow it leaves to mark.c.
 *
 * Weak entries: a presence that nobody holds may come back (S8), and must find what was stored under
 * it. So the value of an entry whose key is a presence lives as long as its collection does; the
 * presence itself is kept by who knows whether it can come back (the sweep hook). One that was not kept
 * takes its entries with it. Nothing that a forced collection finds may depend on organic ones, so an
 * organic one keeps such keys, and what was deleted from a WeakMap is marked by neither.
 *
 * Sweeping: slots are sweep.c's. To move chunks together means to mend all pointers to them, so a
 * forced collection leaves them in place and only counts, until that is worth it.
 *
 * Growth: in an mxSnapshot build an organic collection clears XS's own sign of thrashing, so the
 * heap would grow only when a collection frees nothing at all, and a nearly full heap would collect
 * again and again for a handful of slots. Here each organic collection makes room in proportion to
 * what lives, for chunks to all of it. Organic collections are not observable, so the policy is free.
 *
 * Counting: what a program allocates is the sizes that it asks for. A chunk that grows counts by how
 * much, whether there was room to grow in place or not: that depends on when it was last collected.
 *
 * The replacing of single calls and static functions by pasting is explained in xs_promise.c. */
#include "base/alloc.h"
#include "engine/chunk_marks.h"
#include "engine/handled_promise.h"
#include "engine/heap.h"

typedef void marker(txMachine *, txSlot *);
static void mark_instance(txMachine *the, txSlot *instance, marker *mark);
static void collect_organic(txMachine *the, txFlag flag);
static void fxMarkReference(txMachine *the, txSlot *slot);

#define fxCollect(A, B) CS_C_##B)
#define CS_C_txFlag stock_collect(txMachine *the, txFlag
#define CS_C_XS_ORGANIC_FLAG collect_organic(the, XS_ORGANIC_FLAG
#define CS_C_XS_COMPACT_FLAG collect_organic(the, XS_COMPACT_FLAG
#define fxMarkInstance(A, B, C) CS_M_##A, B, C)
#define CS_M_txMachine stock_mark_instance(txMachine
#define CS_M_the mark_instance(the
/* Its calls and its name as an argument mean ours, which is at the end. */
#define fxMarkReference(A, B) CS_R_##A, B)
#define CS_R_txMachine stock_mark_reference(txMachine
#define CS_R_the fxMarkReference(the
/* Nothing in the file calls these, except where there are no blocks of chunks. */
#define fxNewChunk stock_new_chunk
#define fxNewGrowableChunk stock_new_growable_chunk
#define fxRenewChunk stock_renew_chunk
/* Tests may set gxStress: then every allocation collects first. */
#if CS_SLOW_ASSERT
#define mxStress 1
#endif
#include "xsMemory.c"
#undef fxRenewChunk
#undef fxNewGrowableChunk
#undef fxNewChunk
#undef fxMarkReference
#undef fxMarkInstance
#undef fxCollect

/* --- marking --------------------------------------------------------------------------------------- */

/* Presences that were not marked yet when an entry for them was. Only one heap collects at a time. */
static struct {
    txSlot **items;
    size_t count, cap;
    size_t told; /* of these, by cs_next_recognized() */
} recognized;

static void add_recognized(txSlot *presence)
{
    if (recognized.count == recognized.cap) {
        recognized.cap = recognized.cap * 2 + 256;
        recognized.items = cs_realloc(recognized.items, recognized.cap, sizeof recognized.items[0]);
    }
    recognized.items[recognized.count++] = presence;
}

/* What one huge heap needed is not kept for the rest of the process. */
static void forget_recognized(void)
{
    enum { CAP_KEPT = 16 * 1024 };
    recognized.count = recognized.told = 0;
    if (recognized.cap <= CAP_KEPT)
        return;
    recognized.items = cs_free(recognized.items);
    recognized.cap = 0;
}

/* What XS's code would mark at once waits for mark.c, with all else. */
static void mark_instance(txMachine *the, txSlot *instance, marker *ignored)
{
    cs_mark_later(instance);
}

static bool is_marked(const txSlot *slot)
{
    return (slot->flag & XS_MARK_FLAG) != 0;
}

/* Of a weak entry, on its key or in the list of its collection; `check` is the other of the two. One
 * that was deleted is of no kind and waits in the list to be dropped. */
static void mark_entry(txMachine *the, const txSlot *entry)
{
    txSlot *check = entry->value.weakEntry.check, *value = entry->value.weakEntry.value;
    if (value->kind == XS_UNINITIALIZED_KIND)
        return;
    if (!is_marked(check)) {
        if (check->kind != XS_INSTANCE_KIND || !cs_presence_may_return(check))
            return;
        if ((the->collectFlag & XS_ORGANIC_FLAG) != 0)
            cs_mark_later(check);
        else
            add_recognized(check);
    }
    if (is_marked(value))
        return;
    value->flag |= XS_MARK_FLAG;
    fxMarkReference(the, value);
}

/* The kinds are those that fxSweepValue() mends. */
static void mark_chunks(const txSlot *slot)
{
    const void *chunks[2] = { NULL, NULL };
    switch (slot->kind) {
    case XS_STRING_KIND:
        chunks[0] = slot->value.string;
        break;
    case XS_BIGINT_KIND:
        chunks[0] = slot->value.bigint.data;
        break;
    case XS_ARGUMENTS_SLOPPY_KIND:
    case XS_ARGUMENTS_STRICT_KIND:
    case XS_ARRAY_KIND:
    case XS_STACK_KIND:
        chunks[0] = slot->value.array.address;
        break;
    case XS_ARRAY_BUFFER_KIND:
        chunks[0] = slot->value.arrayBuffer.address;
        break;
    case XS_CODE_KIND:
        chunks[0] = slot->value.code.address;
        break;
    case XS_GLOBAL_KIND:
    case XS_MAP_KIND:
    case XS_SET_KIND:
        chunks[0] = slot->value.table.address;
        break;
    case XS_HOST_KIND:
        chunks[0] = (slot->flag & XS_HOST_CHUNK_FLAG) != 0 ? slot->value.host.data : NULL;
        break;
    case XS_IDS_KIND:
        chunks[0] = slot->value.IDs;
        break;
    case XS_KEY_KIND:
        chunks[0] = slot->value.key.string;
        break;
    case XS_REGEXP_KIND:
        chunks[0] = slot->value.regexp.code;
        chunks[1] = slot->value.regexp.data;
        break;
    }
    for (int i = 0; i < 2; i++)
        if (chunks[i] != NULL)
            cs_mark_chunk(chunks[i]);
}

static void fxMarkReference(txMachine *the, txSlot *slot)
{
    mark_chunks(slot);
    if (slot->kind == XS_WEAK_ENTRY_KIND)
        mark_entry(the, slot);
    else
        stock_mark_reference(the, slot);
}

cs_slot *cs_next_recognized(cs_machine *the)
{
    cs_mark_all(the);
    while (recognized.told < recognized.count) {
        cs_slot *presence = recognized.items[recognized.told++];
        if (!is_marked(presence))
            return presence;
    }
    return NULL;
}

/* A presence that is about to die leaves no entry behind: the slot that an entry points to will be
 * something else. XS drops entries whose value is of no kind. */
static void forget_entries(const txSlot *presence)
{
    for (const txSlot *s = presence->next; s != NULL && (s->flag & XS_INTERNAL_FLAG) != 0;
         s = s->next)
        if (s->kind == XS_WEAK_ENTRY_KIND)
            s->value.weakEntry.value->kind = XS_UNINITIALIZED_KIND;
}

static void mark_later(txMachine *the, txSlot *instance)
{
    cs_mark_later(instance);
}

/* For the sweep hook: what is marked is live at once. */
static void mark_now(txMachine *the, txSlot *instance)
{
    mark_later(the, instance);
    cs_mark_all(the);
}

/* All that XS knows of is marked. What the owner keeps in its sweep must be marked before XS drops the
 * weak entries of what is not. */
static void mark_owned(txMachine *the, bool forced)
{
    cs_mark_all(the);
    cs_collect_mark(the, forced, mark_later);
    cs_mark_all(the);
    if (forced) {
        cs_collect_sweep(the, mark_now);
    }
    for (size_t i = 0; i < recognized.count; i++)
        if (!is_marked(recognized.items[i]))
            forget_entries(recognized.items[i]);
    fxMarkWeakStuff(the);
}

/* XS's own checks of the C stack are in the way: what is deep waits in mark.c, and a heap must not end
 * just because a collection began deep in the stack. Nothing in here aborts. */
static void mark(txMachine *the, txFlag flag)
{
    char *limit = the->stackLimit;
    the->stackLimit = NULL;
    cs_chunk_marks_begin(the, (flag & XS_COMPACT_FLAG) != 0);
    cs_mark_begin(the, fxMarkReference);
    fxMark(the, fxMarkReference);
    mark_owned(the, (flag & XS_ORGANIC_FLAG) == 0);
    cs_mark_end();
    the->stackLimit = limit;
    forget_recognized();
}

/* --- sweeping -------------------------------------------------------------------------------------- */

/* XS calls this, as the hook of a root of its own, when it knows where each chunk goes and before it
 * moves them. It finds no block of slots to sweep itself. */
static cs_swept swept;
static void sweep_slots_between(txMachine *the, void *blocks, txSweepRoot fix)
{
    swept = cs_sweep_slots(the, blocks, fix);
}

static void sweep_and_compact(txMachine *the)
{
    static txHostHooks hooks = { .sweeper = sweep_slots_between };
    txSlot *blocks = the->firstHeap, hook = { .next = the->cRoot };
    hook.kind = XS_HOST_KIND;
    hook.flag = XS_HOST_HOOKS_FLAG;
    hook.value.host.data = &blocks;
    hook.value.host.variant.hooks = &hooks;
    the->cRoot = &hook;
    the->firstHeap = NULL;
    fxSweep(the);
    the->cRoot = hook.next;
    the->firstHeap = blocks;
}

/* Whether a forced collection moves chunks. That may treble its pause, so a large heap leaves it to an
 * organic one unless most of what it has is garbage; a small one does it when there is so little room that
 * an organic one would soon do it, or when walking over the garbage begins to cost. */
enum { GARBAGE_MAX = 4 * 1024, LARGE = 1024 * 1024 };
static bool is_worth_compacting(const txMachine *the)
{
    const txBlock *block = the->firstBlock;
    uint64_t all = (uint64_t)(block->limit - (const txByte *)(block + 1)),
             used = (uint64_t)(block->current - (const txByte *)(block + 1)),
             live = the->heap->chunks_live;
    if (live > LARGE)
        return used - live > live * 3;
    return (all - used) * 8 < all - live || used - live > live * 2 + GARBAGE_MAX;
}

static void sweep_chunks(txMachine *the, bool compact)
{
    const txSize live = (txSize)cs_chunk_marks_end(compact);
    if (compact)
        sweep_and_compact(the);
    else
        swept = cs_sweep_slots(the, &the->firstHeap, NULL);
    the->currentChunksSize = live;
    the->heap->chunks_live = (uint64_t)live;
}

static void sweep(txMachine *the, txFlag flag)
{
    if ((flag & XS_COMPACT_FLAG) == 0)
        swept = cs_sweep_slots(the, &the->firstHeap, NULL);
    else
        sweep_chunks(the, (flag & XS_ORGANIC_FLAG) != 0 || is_worth_compacting(the));
    the->freeHeap = swept.free;
    the->currentHeapCount = swept.live;
    the->heap->slots_counted = (uint64_t)swept.live;
    for (txSlot *s = the->stack; s < the->stackTop; s++)
        s->flag &= ~XS_MARK_FLAG;
}

/* --- growth ---------------------------------------------------------------------------------------- */

/* As much again as lives in a small heap; in a large one half as much more, so that about one organic
 * collection comes between two that are forced (liveslots/collect.c); in a huge one half as much. */
enum { EXTRA_MAX = 16 * 1024 * 1024 };
static uint64_t room_for(uint64_t live)
{
    uint64_t half = live / 2, extra = live < LARGE ? half : live - LARGE / 2;
    return half + (extra < EXTRA_MAX ? extra : EXTRA_MAX);
}

static void grow_slots(txMachine *the)
{
    txSize live = the->currentHeapCount, room = the->maximumHeapCount - live;
    txSize want = (txSize)(room_for((uint64_t)live * sizeof(txSlot)) / sizeof(txSlot));
    if (room >= want)
        return;
    txSize more = want - room;
    fxGrowSlots(the, more < the->minimumHeapCount ? the->minimumHeapCount : more);
}

/* A collection marks every slot, so the room for chunks must grow with both: a vat with a million
 * slots and few chunks would else mark all of them for every few kilobytes. */
static uint64_t room_for_chunks(const txMachine *the)
{
    uint64_t slots = (uint64_t)the->currentHeapCount * sizeof(txSlot);
    return room_for((uint64_t)the->currentChunksSize + slots / 2);
}

static void grow_chunks(txMachine *the)
{
    txSize room = (txSize)(the->firstBlock->limit - the->firstBlock->current);
    txSize want = (txSize)room_for_chunks(the);
    if (room < want)
        fxGrowChunks(the, want - room);
}

/* What one crank needed and the next ones may not: of the room, twice what a collection would make is
 * kept. */
static void shrink_chunks(txMachine *the)
{
    enum { SPARE_MIN = 64 * 1024 };
    txBlock *block = the->firstBlock;
    txSize room = (txSize)(block->limit - block->current);
    uint64_t keep = 2 * room_for_chunks(the) + SPARE_MIN, less = (uint64_t)room - keep;
    if ((uint64_t)room <= keep + SPARE_MIN || !cs_region_shrink(&the->heap->region, less))
        return;
    block->limit -= less;
    the->maximumChunksSize -= (txSize)less;
}

/* --- collections ----------------------------------------------------------------------------------- */

/* False: not now. */
static bool collect(txMachine *the, txFlag flag)
{
    if ((the->collectFlag & XS_COLLECTING_FLAG) == 0) {
        the->collectFlag |= XS_SKIPPED_COLLECT_FLAG;
        return false;
    }
    the->collectFlag = (the->collectFlag | (flag & XS_ORGANIC_FLAG)) & ~XS_TRASHING_FLAG;
    cs_count_slots(the->heap);
    mark(the, flag);
    sweep(the, flag);
    the->collectFlag &= ~XS_ORGANIC_FLAG;
    return true;
}

/* Chunks are as good as used up, too. */
static bool is_short_of_chunks(const txMachine *the)
{
    const txBlock *block = the->firstBlock;
    uint64_t room = (uint64_t)(block->limit - block->current);
    return room < (uint64_t)(block->limit - (const txByte *)block) / 4;
}

/* A collection for want of slots does not look at chunks, unless it will soon be for want of chunks; before
 * it is said that too much lives, all is looked at. */
static void collect_organic(txMachine *the, txFlag flag)
{
    if (is_short_of_chunks(the))
        flag |= XS_COMPACT_FLAG;
    if (!collect(the, flag))
        return;
    if ((flag & XS_COMPACT_FLAG) == 0 && cs_bytes_in_use(the->heap) > the->heap->bytes_max)
        (void)collect(the, flag |= XS_COMPACT_FLAG);
    cs_collect_after(the, false);
    the->heap->making_room = true;
    grow_slots(the);
    if ((flag & XS_COMPACT_FLAG) != 0)
        grow_chunks(the);
    the->heap->making_room = false;
}

/* For xsAPI.c: fxCollectGarbage() and fxShareMachine(). */
void fxCollect(txMachine *the, txFlag flag)
{
    if (!collect(the, flag) || the->shared)
        return;
    shrink_chunks(the);
    cs_collect_after(the, true);
}

/* --- counting -------------------------------------------------------------------------------------- */

/* When a chunk cannot grow in place XS asks for a new one at once, and copies. */
static void count(txMachine *the, txSize size)
{
    cs_heap *h = the->heap;
    uint64_t bytes = sizeof(txChunk) + ((uint64_t)(uint32_t)size + 7 & ~(uint64_t)7);
    h->chunks_allocated += bytes > h->outgrown ? bytes - h->outgrown : 0;
    h->outgrown = 0;
}

void *fxNewChunk(txMachine *the, txSize size)
{
    count(the, size);
    return stock_new_chunk(the, size);
}

void *fxNewGrowableChunk(txMachine *the, txSize size, txSize capacity)
{
    count(the, size);
    return stock_new_growable_chunk(the, size, capacity);
}

void *fxRenewChunk(txMachine *the, void *data, txSize size)
{
    cs_heap *h = the->heap;
    h->outgrown = (uint64_t)((txChunk *)data - 1)->size;
    void *renewed = stock_renew_chunk(the, data, size);
    if (renewed != NULL)
        count(the, size);
    return renewed;
}
