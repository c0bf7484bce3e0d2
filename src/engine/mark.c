/* Marking: all that the roots reach. XS's own marker follows one reference after the other, turning
 * pointers round to find back, and in a heap larger than the caches it mostly waits for memory, and for
 * the translation of addresses. So:
 *
 *   - What is still to be looked at stands in stacks, one for each REGION of addresses, and a region's
 *     is emptied before another's: what lies on a page is looked at while the page is known.
 *   - What comes off a stack is asked for (prefetched), and looked at when AHEAD others have been.
 *   - What chunks live is noted beside the heap (chunk_marks.h).
 *
 * Marking does not use the C stack, so depth is no danger to it. In which order things are marked
 * depends on their addresses; what is marked does not.
 *
 * Kinds of slots that vats have in numbers are handled here, the others by XS's code (xs_memory.c). */
#include "base/alloc.h"
#include "engine/chunk_marks.h"
#include "engine/heap.h"

enum {
    REGION_SHIFT = 20, /* 1 MB */
    REGIONS = 16,      /* a power of two; addresses far apart share one */
    AHEAD = 16,        /* likewise */
    NEAR = 8,          /* slots behind the first that are looked at with it, where they link on */
    SMALL = 4 * 1024,  /* slots */
    CAP_KEPT = 16 * 1024, /* what one huge heap needed is not kept for the rest of the process */
};

/* `at` is a pointer to a slot, and says in its low bits what is to be marked. */
enum {
    THIS_AND_NEXT, /* the slot and those behind it */
    THIS,          /* the slot */
    ITEMS,         /* `count` slots of an array, fewer if its chunk is smaller */
    TAGS = 3,
};
typedef struct work {
    uintptr_t at;
    uint64_t count;
} work;

typedef struct stack {
    work *items, *top, *end;
} stack;

/* Only one heap collects at a time. All is empty between calls. */
static struct {
    bool is_small;     /* the caches have all of it: one stack, and nothing is asked for */
    uintptr_t regions; /* - 1 */
    stack stacks[REGIONS];
    work asked[AHEAD]; /* for, or NULL */
    unsigned asked_at;
    cs_mark_fn *other;
} m;

static bool is_marked(const cs_slot *s)
{
    return (s->flag & XS_MARK_FLAG) != 0;
}

static void __attribute__((noinline)) grow(stack *k)
{
    size_t count = (size_t)(k->top - k->items), cap = count * 2 + 256;
    k->items = cs_realloc(k->items, cap, sizeof k->items[0]);
    k->top = k->items + count;
    k->end = k->items + cap;
}

static inline void push(const cs_slot *s, unsigned tag, uint64_t count)
{
    stack *k = &m.stacks[(uintptr_t)s >> REGION_SHIFT & m.regions];
    if (k->top == k->end)
        grow(k);
    *k->top++ = (work){ (uintptr_t)s | tag, count };
}

/* --- what a slot refers to ------------------------------------------------------------------------ */

/* Of what many slots refer to. */
static inline void push_unmarked(const cs_slot *s)
{
    if (s != NULL && !is_marked(s))
        push(s, THIS_AND_NEXT, 0);
}

static inline void push_items(const cs_slot *array)
{
    if (array->value.array.address != NULL)
        push(array->value.array.address, ITEMS, array->value.array.length);
}

void cs_mark_later(cs_slot *instance)
{
    if (is_marked(instance))
        return;
    instance->flag |= XS_MARK_FLAG;
    push_unmarked(instance->value.instance.prototype);
    push_unmarked(instance->next);
}

/* Of the kinds that are rarer. */
static void __attribute__((noinline)) look_closer(cs_machine *the, cs_slot *s)
{
    switch (s->kind) {
    case XS_CLOSURE_KIND:
        if (s->value.closure != NULL)
            push(s->value.closure, THIS, 0);
        break;
    case XS_BIGINT_KIND:
        cs_mark_chunk(s->value.bigint.data);
        break;
    case XS_LIST_KIND:
        push_unmarked(s->value.list.first);
        break;
    case XS_CODE_KIND:
        cs_mark_chunk(s->value.code.address);
        push_unmarked(s->value.code.closures);
        break;
    case XS_CODE_X_KIND:
        push_unmarked(s->value.code.closures);
        break;
    case XS_HOME_KIND:
        push_unmarked(s->value.home.object);
        push_unmarked(s->value.home.module);
        break;
    case XS_STRING_X_KIND:
        break;
    default:
        m.other(the, s);
    }
}

/* Most slots are of a kind that comes before strings, and refer to nothing. */
static inline void look_at(cs_machine *the, cs_slot *s)
{
    _Static_assert(XS_STRING_KIND == XS_NUMBER_KIND + 1 && XS_NUMBER_KIND == 4, "XS's order");
    if (s->kind < XS_STRING_KIND)
        return;
    if (s->kind == XS_REFERENCE_KIND)
        push(s->value.reference, THIS_AND_NEXT, 0);
    else if (s->kind == XS_INSTANCE_KIND)
        push_unmarked(s->value.instance.prototype);
    else if (s->kind == XS_STRING_KIND)
        cs_mark_chunk(s->value.string);
    else if (s->kind == XS_ARRAY_KIND)
        push_items(s);
    else
        look_closer(the, s);
}

/* --- the walk --------------------------------------------------------------------------------------- */

static inline void mark_slot(cs_machine *the, cs_slot *s)
{
    if (is_marked(s))
        return;
    s->flag |= XS_MARK_FLAG;
    look_at(the, s);
}

/* Behind an instance that is marked, all is, or is waiting. What is not near has not been asked for. */
static inline void mark_slots(cs_machine *the, cs_slot *s)
{
    if (is_marked(s) && s->kind == XS_INSTANCE_KIND)
        return;
    const uintptr_t first = (uintptr_t)s;
    do {
        mark_slot(the, s);
        s = s->next;
    } while ((uintptr_t)s - first < NEAR * sizeof(cs_slot));
    if (s != NULL)
        push(s, THIS_AND_NEXT, 0);
}

static inline void mark_items(cs_machine *the, cs_slot *items, uint64_t count)
{
    const txChunk *chunk = (const txChunk *)(void *)items - 1;
    cs_mark_chunk(items);
    if (count > (size_t)chunk->size / sizeof(txSlot))
        count = (size_t)chunk->size / sizeof(txSlot);
    for (uint64_t i = 0; i < count; i++)
        look_at(the, &items[i]);
}

static inline void take(cs_machine *the, work w)
{
    cs_slot *s = (cs_slot *)(w.at & ~(uintptr_t)TAGS);
    if ((w.at & TAGS) == THIS_AND_NEXT)
        mark_slots(the, s);
    else if ((w.at & TAGS) == ITEMS)
        mark_items(the, s, w.count);
    else
        mark_slot(the, s);
}

/* In line: to GCC a function that only prefetches does nothing, and is left out. An instance is some
 * slots, mostly side by side; items begin behind a chunk's head. */
static inline __attribute__((always_inline)) void ask_for(uintptr_t at)
{
    const uint8_t *p = (const uint8_t *)(at & ~(uintptr_t)TAGS);
    __builtin_prefetch(p, 1);
    __builtin_prefetch(p + 64, 1);
    __builtin_prefetch((at & TAGS) == ITEMS ? p - sizeof(txChunk) : p + 128, 1);
}

/* Takes what has waited longest in exchange. */
static inline void exchange(cs_machine *the, work w)
{
    work *place = &m.asked[m.asked_at++ % AHEAD], oldest = *place;
    *place = w;
    if (oldest.at != 0)
        take(the, oldest);
}

static void empty(cs_machine *the, stack *k)
{
    while (k->top > k->items) {
        work w = *--k->top;
        ask_for(w.at);
        exchange(the, w);
    }
}

/* Whether there was anything. */
static bool empty_stacks(cs_machine *the)
{
    bool was_any = false;
    for (stack *k = m.stacks; k < m.stacks + REGIONS; k++)
        if (k->top > k->items) {
            empty(the, k);
            was_any = true;
        }
    return was_any;
}

static void empty_small(cs_machine *the, stack *k)
{
    while (k->top > k->items)
        take(the, *--k->top);
}

void cs_mark_all(cs_machine *the)
{
    if (m.is_small) {
        empty_small(the, &m.stacks[0]);
        return;
    }
    while (empty_stacks(the))
        for (int i = 0; i < AHEAD; i++)
            exchange(the, (work){ 0, 0 });
}

void cs_mark_begin(const cs_machine *the, cs_mark_fn *other)
{
    m.is_small = the->currentHeapCount < SMALL;
    m.regions = m.is_small ? 0 : REGIONS - 1;
    m.other = other;
}

void cs_mark_end(void)
{
    for (stack *k = m.stacks; k < m.stacks + REGIONS; k++) {
        cs_assert(k->top == k->items);
        if (k->end - k->items <= CAP_KEPT)
            continue;
        cs_free(k->items);
        *k = (stack){ NULL, NULL, NULL };
    }
}
