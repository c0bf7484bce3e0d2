/* Marking: all that the roots reach. XS's own marker follows one reference after the other, turning
 * pointers round to find back, and in a heap larger than the caches it mostly waits for memory. Here
 * what is still to be looked at stands in a stack, and memory is asked for (prefetched) some steps
 * before it is needed. Marking does not use the C stack, so depth is no danger to it.
 *
 * Order matters as much: XS allocates upwards, and so must be walked. Of what is found together, the
 * first comes off the stack first, and of a long list or array a part is looked at, then what was found
 * in it, then the next part. That keeps the stack short, too.
 *
 * Kinds of slots that vats have in numbers are handled here, the others by XS's code (xs_memory.c). */
#include "base/alloc.h"
#include "engine/heap.h"

enum {
    PART = 8,          /* slots or items that are looked at together */
    FOUND_MAX = 2,     /* of what one slot refers to */
    CHUNKS_AHEAD = 16, /* powers of two */
    ARRAYS_AHEAD = 8,
    CAP_KEPT = 16 * 1024, /* what one huge heap needed is not kept for the rest of the process */
};
#define CHUNK_FLAG ((txSize)0x80000000) /* XS's mark, in a chunk's size */

/* A pointer to a slot: it and those behind it are to be marked. Or, as its low bits say, to that of an
 * array, whose items are to be looked at: all, or those from an index on that stands below. */
typedef uintptr_t work;
#define ALL_ITEMS ((work)1)
#define REST_OF_ITEMS ((work)2)
#define TAGS (ALL_ITEMS | REST_OF_ITEMS)

/* Only one heap collects at a time. */
static struct {
    work *items, *top, *end;
    bool with_chunks;
    cs_mark_fn *other;
    txChunk *chunks[CHUNKS_AHEAD]; /* asked for, to be marked when others have been asked for */
    cs_slot *arrays[ARRAYS_AHEAD]; /* likewise, or NULL */
    unsigned chunk_at, array_at;
    int arrays_waiting;
} m;
static txChunk no_chunk;

static bool is_marked(const cs_slot *s)
{
    return (s->flag & XS_MARK_FLAG) != 0;
}

static void __attribute__((noinline)) grow(void)
{
    size_t count = (size_t)(m.top - m.items), cap = (size_t)(m.end - m.items) * 2 + 1024;
    m.items = cs_realloc(m.items, cap, sizeof m.items[0]);
    m.top = m.items + count;
    m.end = m.items + cap;
}

/* Room for a part, and where the rest of it begins. */
static void reserve(void)
{
    if (m.end - m.top < PART * FOUND_MAX + 2)
        grow();
}

static void push(const cs_slot *s, work tag)
{
    *m.top++ = (work)(uintptr_t)s | tag;
}

void cs_mark_later(cs_slot *s)
{
    reserve();
    push(s, 0);
}

/* --- what a slot refers to ------------------------------------------------------------------------ */

/* An instance is some slots, mostly side by side. */
static void find(cs_slot *s)
{
    __builtin_prefetch(s, 1);
    __builtin_prefetch(s + 2, 1);
    __builtin_prefetch(s + 4, 1);
    push(s, 0);
}

/* Of what many slots refer to. */
static void find_unmarked(cs_slot *s)
{
    if (s != NULL && !is_marked(s))
        find(s);
}

static void find_chunk(void *data)
{
    if (!m.with_chunks)
        return;
    txChunk *chunk = (txChunk *)data - 1, **at = &m.chunks[m.chunk_at++ % CHUNKS_AHEAD];
    __builtin_prefetch(chunk, 1);
    (*at)->size |= CHUNK_FLAG;
    *at = chunk;
}

/* NULL: only the one that has waited longest. */
static void find_items(cs_slot *array)
{
    cs_slot **at = &m.arrays[m.array_at++ % ARRAYS_AHEAD];
    if (array != NULL)
        __builtin_prefetch((txChunk *)(void *)array->value.array.address - 1, 1);
    if (*at != NULL)
        push(*at, ALL_ITEMS);
    m.arrays_waiting += (array != NULL) - (*at != NULL);
    *at = array;
}

static inline void look_at(cs_machine *the, cs_slot *s)
{
    switch (s->kind) {
    case XS_UNDEFINED_KIND:
    case XS_NULL_KIND:
    case XS_BOOLEAN_KIND:
    case XS_INTEGER_KIND:
    case XS_NUMBER_KIND:
    case XS_STRING_X_KIND:
        break;
    case XS_REFERENCE_KIND:
        find(s->value.reference);
        break;
    case XS_INSTANCE_KIND:
        find_unmarked(s->value.instance.prototype);
        break;
    case XS_STRING_KIND:
        find_chunk(s->value.string);
        break;
    case XS_BIGINT_KIND:
        find_chunk(s->value.bigint.data);
        break;
    case XS_ARRAY_KIND:
        if (s->value.array.address != NULL)
            find_items(s);
        break;
    case XS_LIST_KIND:
        find_unmarked(s->value.list.first);
        break;
    case XS_CODE_KIND:
        find_chunk(s->value.code.address);
        find_unmarked(s->value.code.closures);
        break;
    case XS_CODE_X_KIND:
        find_unmarked(s->value.code.closures);
        break;
    case XS_HOME_KIND:
        find_unmarked(s->value.home.object);
        find_unmarked(s->value.home.module);
        break;
    default:
        m.other(the, s);
        reserve();
    }
}

/* --- the walk --------------------------------------------------------------------------------------- */

/* What was found last is to come off the stack last. */
static void reverse(work *first)
{
    for (work *last = m.top - 1; first < last; first++, last--) {
        work w = *first;
        *first = *last;
        *last = w;
    }
}

static void mark_slots(cs_machine *the, cs_slot *s)
{
    ptrdiff_t base = m.top - m.items;
    for (int n = 0; s != NULL && n < PART; s = s->next, n++) {
        if (is_marked(s))
            continue;
        s->flag |= XS_MARK_FLAG;
        look_at(the, s);
    }
    if (s != NULL)
        push(s, 0);
    reverse(m.items + base);
}

static txIndex count_items(const cs_slot *array, txChunk *chunk)
{
    txIndex count = (txIndex)((size_t)(chunk->size & ~CHUNK_FLAG) / sizeof(txSlot));
    return count < array->value.array.length ? count : array->value.array.length;
}

static void mark_items(cs_machine *the, cs_slot *array, txIndex from)
{
    cs_slot *items = array->value.array.address;
    txChunk *chunk = (txChunk *)(void *)items - 1;
    const txIndex count = count_items(array, chunk),
                  end = count - from > PART ? from + PART : count;
    if (m.with_chunks)
        chunk->size |= CHUNK_FLAG;
    if (end < count) {
        *m.top++ = end;
        push(array, REST_OF_ITEMS);
    }
    ptrdiff_t base = m.top - m.items;
    for (txIndex i = from; i < end; i++)
        look_at(the, &items[i]);
    reverse(m.items + base);
}

static void take(cs_machine *the)
{
    work w = *--m.top;
    cs_slot *s = (cs_slot *)(w & ~TAGS);
    reserve();
    if ((w & TAGS) == 0)
        mark_slots(the, s);
    else if ((w & TAGS) == ALL_ITEMS)
        mark_items(the, s, 0);
    else
        mark_items(the, s, (txIndex) * --m.top);
}

void cs_mark_begin(bool with_chunks, cs_mark_fn *other)
{
    cs_assert(m.top == m.items && m.arrays_waiting == 0);
    m.with_chunks = with_chunks;
    m.other = other;
    for (size_t i = 0; i < CHUNKS_AHEAD; i++)
        m.chunks[i] = &no_chunk;
}

void cs_mark_all(cs_machine *the)
{
    while (m.top > m.items || m.arrays_waiting > 0)
        if (m.top > m.items)
            take(the);
        else
            find_items(NULL);
}

void cs_mark_end(void)
{
    for (size_t i = 0; i < CHUNKS_AHEAD; i++)
        m.chunks[i]->size |= CHUNK_FLAG;
    if (m.end - m.items <= CAP_KEPT)
        return;
    m.items = cs_free(m.items);
    m.top = m.end = NULL;
}
