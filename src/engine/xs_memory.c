/* xsMemory.c with our growth policy, with the owner's C tables in every collection, and with marking
 * that needs little C stack.
 *
 * Marking: XS follows references without recursion, but items of arrays, closures and the like
 * recursively, and aborts when the C stack ends: a list of arrays in arrays would end its vat in
 * some collection. Here an instance that is met too deep waits in a list until the stack is free.
 *
 * Growth: in an mxSnapshot build an organic collection clears XS's own sign of thrashing, so the
 * heap would grow only when a collection frees nothing at all, and a nearly full heap would collect
 * again and again for a handful of slots. Here each organic collection makes room for half of what
 * lives, and room for chunks in proportion to all of it. Organic collections are not observable, so
 * the policy is free.
 *
 * The replacing of single calls and static functions by pasting is explained in xs_promise.c. */
#include "base/alloc.h"
#include "engine/heap.h"

typedef void marker(txMachine *, txSlot *);
static void mark_instance(txMachine *the, txSlot *instance, marker *mark);
static void collect_organic(txMachine *the, txFlag flag);
static void mark_weak(txMachine *the, txFlag flag);

#define fxCollect(A, B) CS_C_##B)
#define CS_C_txFlag stock_collect(txMachine *the, txFlag
#define CS_C_XS_ORGANIC_FLAG collect_organic(the, XS_ORGANIC_FLAG
#define CS_C_XS_COMPACT_FLAG collect_organic(the, XS_COMPACT_FLAG
/* Called once marking is done, in fxCollect() with its `theFlag` in sight. */
#define fxMarkWeakStuff(A) CS_W_##A)
#define CS_W_txMachine stock_mark_weak(txMachine
#define CS_W_the mark_weak(the, theFlag
#define fxMarkInstance(A, B, C) CS_M_##A, B, C)
#define CS_M_txMachine stock_mark_instance(txMachine
#define CS_M_the mark_instance(the
/* Tests may set gxStress: then every allocation collects first. */
#if CS_SLOW_ASSERT
#define mxStress 1
#endif
#include "xsMemory.c"
#undef fxMarkInstance
#undef fxMarkWeakStuff
#undef fxCollect

/* Only one heap collects at a time. */
enum { MARK_DEPTH_MAX = 128 };
static struct {
    marker *mark; /* fxMarkValue() if chunks are moved, else fxMarkReference() */
    int depth;
    txSlot **items;
    size_t count, cap;
} marking;

/* XS passes the marker of the other kind of collection in one place, and would leave chunks marked. */
static void mark_instance(txMachine *the, txSlot *instance, marker *ignored)
{
    if (marking.depth < MARK_DEPTH_MAX) {
        marking.depth++;
        stock_mark_instance(the, instance, marking.mark);
        marking.depth--;
        return;
    }
    if (marking.count == marking.cap) {
        marking.cap = marking.cap * 2 + 256;
        marking.items = cs_realloc(marking.items, marking.cap, sizeof marking.items[0]);
    }
    marking.items[marking.count++] = instance;
}

static void mark_once(txMachine *the, txSlot *instance)
{
    if ((instance->flag & XS_MARK_FLAG) == 0)
        mark_instance(the, instance, NULL);
}

/* In the middle of fxCollect(): all that XS knows of is marked. */
static void mark_weak(txMachine *the, txFlag flag)
{
    bool forced = (flag & XS_ORGANIC_FLAG) == 0;
    cs_collect_mark(the, forced, mark_once);
    while (marking.count > 0)
        mark_once(the, marking.items[--marking.count]);
    stock_mark_weak(the);
    if (forced)
        cs_collect_sweep(the);
}

static void grow_slots(txMachine *the)
{
    txSize live = the->currentHeapCount, room = the->maximumHeapCount - live, want = live / 2;
    if (room >= want)
        return;
    txSize more = want - room;
    fxGrowSlots(the, more < the->minimumHeapCount ? the->minimumHeapCount : more);
}

/* A collection marks every slot, so the room for chunks must grow with both: a vat with a million
 * slots and few chunks would else mark all of them for every few kilobytes. */
static void grow_chunks(txMachine *the)
{
    txSize room = (txSize)(the->firstBlock->limit - the->firstBlock->current);
    txSize slots = the->currentHeapCount * (txSize)sizeof(txSlot);
    txSize want = the->currentChunksSize / 2 + slots / 4;
    if (room < want)
        fxGrowChunks(the, want - room);
}

/* The depth is bounded, so XS's own checks are in the way: they must not end a heap just because a
 * collection began deep in the stack. What was left behind by an abort is forgotten. */
static void collect(txMachine *the, txFlag flag)
{
    char *limit = the->stackLimit;
    marking.mark = (flag & XS_COMPACT_FLAG) != 0 ? fxMarkValue : fxMarkReference;
    marking.depth = 0;
    marking.count = 0;
    the->stackLimit = NULL;
    cs_collect_before(the);
    stock_collect(the, flag);
    the->stackLimit = limit;
}

static void collect_organic(txMachine *the, txFlag flag)
{
    collect(the, flag);
    if ((the->collectFlag & XS_COLLECTING_FLAG) == 0)
        return;
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
    collect(the, flag);
    if (!the->shared)
        cs_collect_after(the, true);
}
