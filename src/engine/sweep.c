/* The sweep of slots: it walks what was used since the last one, not all that there is. A vat that
 * once needed a hundred thousand slots and now has four hundred must not pay for them in each
 * collection.
 *
 * XS takes free slots from the head of one list. Here that list goes through each block upwards, the
 * oldest block first, and empty ones after all others: those may go back to the system. Blocks are looked at in pages of PAGE slots. In a page that is all free the first
 * slot's ID says so; XS overwrites it when it takes that slot, which of its page it takes first. So a
 * page that still says so was not touched, and is still linked as it was.
 *
 * A block's head slot remembers where its free end began: behind that no slot lived. If the page
 * there, or one further on, was not touched, then neither were those behind it. */
#include "engine/heap.h"

enum { PAGE = 32 };
_Static_assert(XS_UNDEFINED_KIND == 0, "what is swept becomes undefined by masking");
#define FREE_PAGE ((txID)0x7FFFFFFE) /* no property has this ID */

/* The first slot of a block is its head; its `reference` is the end. */
static cs_slot *block_end(const cs_slot *block)
{
    return block->value.reference;
}

void cs_sweep_prepare(cs_slot *block, txSize count)
{
    for (txSize i = 1; i + PAGE <= count; i += PAGE)
        block[i].ID = FREE_PAGE;
}

static void __attribute__((noinline)) end_host(const cs_slot *s)
{
    txDestructor destructor = (s->flag & XS_HOST_HOOKS_FLAG) != 0
                                  ? s->value.host.variant.hooks->destructor
                                  : s->value.host.variant.destructor;
    if (destructor != NULL)
        destructor(s->value.host.data);
}

/* What is being built: `*tail` is to point to the next free slot. */
typedef struct walk {
    cs_machine *the;
    cs_fix_fn *fix;
    cs_slot **tail;
    txSize live;
} walk;

static bool has_chunk(const cs_slot *s)
{
    return s->kind == XS_STRING_KIND ||
           (s->kind == XS_ARRAY_KIND && s->value.array.address != NULL);
}

/* Where a chunk goes is said in its head, which is asked for some slots before it is needed. */
static inline void fix_chunk(cs_machine *the, cs_slot *s, const cs_slot *end, cs_fix_fn *fix)
{
    enum { AHEAD = 8 };
    if (end - s > AHEAD && has_chunk(s + AHEAD))
        __builtin_prefetch(s[AHEAD].value.string - sizeof(txChunk));
    fix(the, s);
}

/* Returns how many live. What dies and what does not is as good as random, so nothing branches on it:
 * each slot is put where a free one belongs, and the next one takes its place if it lives. */
static inline txSize sweep_slots(walk *w, cs_slot *s, const cs_slot *end, cs_fix_fn *fix)
{
    enum { AHEAD = 24 }; /* a page of memory ends where the processor's own guesses do */
    cs_slot **tail = w->tail;
    txSize live = 0;
    for (; s < end; s++) {
        __builtin_prefetch(s + AHEAD, 1);
        const bool lives = (s->flag & XS_MARK_FLAG) != 0;
        if (s->kind == XS_HOST_KIND && !lives)
            end_host(s);
        *tail = s;
        tail = lives ? tail : &s->next;
        s->flag &= (txFlag)~XS_MARK_FLAG;
        s->kind = (txKind)(s->kind & -(int)lives); /* or XS_UNDEFINED_KIND, which is 0 */
        live += lives;
        if (fix != NULL)
            fix_chunk(w->the, s, end, fix);
    }
    w->tail = tail;
    return live;
}

static txSize sweep_page(walk *w, cs_slot *page, const cs_slot *end)
{
    txSize live =
        w->fix != NULL ? sweep_slots(w, page, end, w->fix) : sweep_slots(w, page, end, NULL);
    if (live == 0 && end - page == PAGE)
        page->ID = FREE_PAGE;
    w->live += live;
    return live;
}

/* Returns the first slot behind all pages in which something lives. */
static cs_slot *sweep_pages(walk *w, cs_slot *block)
{
    cs_slot *end = block_end(block), *free_end = block + 1 + block->ID, *last = block + 1;
    for (cs_slot *page = block + 1; page < end; page += PAGE) {
        bool is_whole = end - page >= PAGE;
        cs_slot *page_end = is_whole ? page + PAGE : end;
        if (!is_whole || page->ID != FREE_PAGE) {
            if (sweep_page(w, page, page_end) > 0)
                last = page_end;
            continue;
        }
        *w->tail = page;
        w->tail = page >= free_end ? &end[-1].next : &page_end[-1].next;
        if (page >= free_end)
            break;
    }
    return last;
}

/* What is free in a block is a ring until it is known what becomes of the block, which remembers the
 * ring's last slot. */
static cs_slot **ring(cs_slot *block)
{
    return &block->value.instance.prototype; /* beside the block's end */
}

static void sweep_block(walk *w, cs_slot *block)
{
    cs_slot *first = NULL;
    w->tail = &first;
    block->ID = (txID)(sweep_pages(w, block) - (block + 1));
    *ring(block) =
        w->tail == &first ? NULL : (cs_slot *)(void *)w->tail; /* `next` is the first member */
    *w->tail = first;
}

/* Puts what is free in the block before `rest`. */
static cs_slot *link_free(const cs_slot *block, cs_slot *rest)
{
    cs_slot *last = block->value.instance.prototype;
    if (last == NULL)
        return rest;
    cs_slot *first = last->next;
    last->next = rest;
    return first;
}

static bool is_empty(const cs_slot *block)
{
    return block->ID == 0;
}

/* --- giving back ------------------------------------------------------------------------------------ */

/* A heap keeps three times what lives, and some: one that needs as much again in each crank does not take
 * blocks from the system each time. The base keeps all. */
enum { SPARE_MIN = 8 * 1024, KEPT_TIMES = 3 };
static txSize spare(const cs_machine *the, txSize live)
{
    return the->sharedMachine == NULL ? 0 : the->maximumHeapCount - live * KEPT_TIMES - SPARE_MIN;
}

/* Of the empty blocks, gives back what is too much. Links the others, to be used last. */
static cs_slot *settle_empty(cs_machine *the, cs_slot **blocks, txSize live)
{
    cs_slot *free = NULL;
    for (cs_slot **at = blocks, *block; (block = *at) != NULL;) {
        txSize count = (txSize)(block_end(block) - block) - 1;
        if (is_empty(block) && count <= spare(the, live)) {
            *at = block->next;
            the->maximumHeapCount -= count;
            cs_slots_give_back(the, block, (size_t)count + 1);
            continue;
        }
        if (is_empty(block))
            free = link_free(block, free);
        at = &block->next;
    }
    return free;
}

cs_swept cs_sweep_slots(cs_machine *the, cs_slot **blocks, cs_fix_fn *fix)
{
    walk w = { .the = the, .fix = fix };
    for (cs_slot *block = *blocks; block != NULL; block = block->next)
        sweep_block(&w, block);
    cs_slot *free = settle_empty(the, blocks, w.live);
    for (const cs_slot *block = *blocks; block != NULL; block = block->next)
        if (!is_empty(block))
            free = link_free(block, free); /* the oldest block comes last */
    return (cs_swept){ free, w.live };
}
