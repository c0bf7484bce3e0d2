/* References that are lost, until the kernel has been told (S8): a queue of batches, each sorted by
 * text. The end of a crank makes at most one dropImports, one retireImports and one retireExports of
 * what is at the front, CS_GC_BATCH references together; the rest waits for the next crank, so that no
 * crank has more to do than that, however much is lost at once.
 *
 * A reference may come back before it is told, or the kernel may retire it first: then it is no longer
 * in `owed`, and its place in the batch means nothing. */
#include "liveslots/state.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

typedef struct cs_dead_batch {
    struct cs_dead_batch *next;
    uint32_t count, told;
    cs_vref items[];
} cs_dead_batch;

/* --- order ------------------------------------------------------------------------------------------ */

/* A number that compares as the text of a plain vref does: type, sign, the digits from the left, and
 * then how many they are. 2 + 1 + 54 + 5 bits. */
enum { DIGITS_MAX = 16, COUNT_BITS = 5, DIGITS_BITS = 54 };

static const uint64_t powers[DIGITS_MAX + 1] = { 1,
                                                 10,
                                                 100,
                                                 1000,
                                                 10000,
                                                 100000,
                                                 1000000,
                                                 10000000,
                                                 100000000,
                                                 1000000000,
                                                 10000000000,
                                                 100000000000,
                                                 1000000000000,
                                                 10000000000000,
                                                 100000000000000,
                                                 1000000000000000,
                                                 10000000000000000 };

static uint64_t text_key(cs_vref v)
{
    static const uint64_t type_rank[] = {
        [CS_REF_DEVICE] = 0, [CS_REF_OBJECT] = 1, [CS_REF_PROMISE] = 2
    };
    uint64_t digits = cs_vref_id(v), count = 1;
    while (count < DIGITS_MAX && digits >= powers[count])
        count++;
    digits *= powers[DIGITS_MAX - count];
    uint64_t kind = type_rank[cs_vref_type(v)] << 1 | !cs_vref_by_vat(v);
    return (kind << DIGITS_BITS | digits) << COUNT_BITS | count;
}

static cs_vref vref_of_key(uint64_t key)
{
    static const cs_ref_type types[] = { CS_REF_DEVICE, CS_REF_OBJECT, CS_REF_PROMISE };
    uint64_t count = key & ((1U << COUNT_BITS) - 1), kind = key >> (COUNT_BITS + DIGITS_BITS);
    uint64_t digits = key >> COUNT_BITS & ((UINT64_C(1) << DIGITS_BITS) - 1);
    return cs_vref_of(types[kind >> 1], (kind & 1) == 0, digits / powers[DIGITS_MAX - count]);
}

static int compare(const void *a, const void *b)
{
    const cs_vref *x = a, *y = b;
    return x->bits < y->bits ? -1 : x->bits > y->bits;
}

/* Sorts by eight bits of the keys, keeping the order of those that are equal there. False: all are, and
 * nothing was done. */
static bool sort_by_byte(const cs_vref *from, cs_vref *to, size_t count, unsigned shift)
{
    enum { VALUES = 256 };
    size_t starts[VALUES + 1] = { 0 };
    for (size_t i = 0; i < count; i++)
        starts[(from[i].bits >> shift & (VALUES - 1)) + 1]++;
    if (starts[(from[0].bits >> shift & (VALUES - 1)) + 1] == count)
        return false;
    for (size_t i = 1; i < VALUES; i++)
        starts[i] += starts[i - 1];
    for (size_t i = 0; i < count; i++)
        to[starts[from[i].bits >> shift & (VALUES - 1)]++] = from[i];
    return true;
}

/* A collection finds thousands, in no order at all: from the last byte of the keys to the first. */
static void sort_many(cs_vref *items, size_t count)
{
    cs_vref *other = cs_alloc(count * sizeof *other), *from = items, *to = other;
    for (unsigned shift = 0; shift < 64; shift += 8)
        if (sort_by_byte(from, to, count, shift)) {
            cs_vref *sorted = to;
            to = from;
            from = sorted;
        }
    if (from != items)
        memcpy(items, from, count * sizeof *items);
    cs_free(other);
}

void cs_ls_sort(cs_vref *items, size_t count)
{
    enum { MANY = 64 };
    if (count < 2)
        return;
    for (size_t i = 0; i < count; i++)
        items[i].bits = text_key(items[i]);
    if (count < MANY)
        qsort(items, count, sizeof *items, compare);
    else
        sort_many(items, count);
    for (size_t i = 0; i < count; i++)
        items[i] = vref_of_key(items[i].bits);
}

/* --- what is owed ----------------------------------------------------------------------------------- */

unsigned cs_ls_owed(const cs_liveslots *ls, cs_vref vref)
{
    const cs_map_entry *e = cs_map_find(&ls->dead.owed, vref.bits);
    return e != NULL ? (unsigned)e->value : 0;
}

static unsigned forgive_entry(cs_liveslots *ls, cs_map_entry *e)
{
    if (e == NULL)
        return 0;
    unsigned owed = (unsigned)e->value;
    cs_map_remove_entry(&ls->dead.owed, e);
    return owed;
}

unsigned cs_ls_forgive(cs_liveslots *ls, cs_vref vref)
{
    return forgive_entry(ls, cs_map_find(&ls->dead.owed, vref.bits));
}

static void add_open(cs_dead *dead, cs_vref vref)
{
    if (dead->open_count == dead->open_cap) {
        dead->open_cap = dead->open_cap * 2 + 64;
        dead->open = cs_realloc(dead->open, dead->open_cap, sizeof *dead->open);
    }
    dead->open[dead->open_count++] = vref;
}

void cs_ls_owe(cs_liveslots *ls, cs_vref vref, unsigned what)
{
    cs_map_entry *e = cs_map_put(&ls->dead.owed, vref.bits);
    if (e->value == 0)
        add_open(&ls->dead, vref);
    e->value |= what;
}

static void close_batch(cs_dead *dead)
{
    size_t size = dead->open_count * sizeof(cs_vref);
    cs_dead_batch *b = cs_alloc(sizeof *b + size);
    *b = (cs_dead_batch){ .count = dead->open_count };
    memcpy(b->items, dead->open, size);
    cs_ls_sort(b->items, b->count);
    if (dead->last != NULL)
        dead->last->next = b;
    else
        dead->first = b;
    dead->last = b;
    dead->open = cs_free(dead->open);
    dead->open_count = dead->open_cap = 0;
}

/* Whether there is another. */
static bool remove_first(cs_dead *dead)
{
    cs_dead_batch *b = dead->first;
    dead->first = b->next;
    if (dead->first == NULL)
        dead->last = NULL;
    cs_free(b);
    return dead->first != NULL;
}

void cs_ls_dead_fini(cs_dead *dead)
{
    while (dead->first != NULL && remove_first(dead))
        ;
    cs_free(dead->open);
    cs_map_fini(&dead->owed);
}

/* --- telling ---------------------------------------------------------------------------------------- */

/* In the order in which the kernel is told. */
static const struct {
    unsigned what;
    cs_syscall_kind kind;
} tellings[] = {
    { CS_OWED_DROP, CS_SYSCALL_DROP_IMPORTS },
    { CS_OWED_RETIRE, CS_SYSCALL_RETIRE_IMPORTS },
    { CS_OWED_RETIRE_EXPORT, CS_SYSCALL_RETIRE_EXPORTS },
};
enum { TELLINGS = sizeof tellings / sizeof tellings[0] };

typedef struct cs_told {
    cs_vref *lists[TELLINGS];
    uint32_t counts[TELLINGS];
    uint32_t left;    /* of the budget */
    uint32_t batches; /* that they are from */
} cs_told;

static void tell_one(cs_liveslots *ls, cs_told *t, cs_vref vref, unsigned owed)
{
    for (size_t i = 0; i < TELLINGS; i++)
        if ((owed & tellings[i].what) != 0) {
            t->lists[i][t->counts[i]++] = vref;
            t->left--;
        }
    ls->imports_held -= (owed & CS_OWED_DROP) != 0;
    ls->imports_known -= (owed & CS_OWED_RETIRE) != 0;
    if ((owed & CS_OWED_RETIRE_EXPORT) != 0)
        (void)cs_map_remove(&ls->dropped_exports, vref.bits);
}

/* False: the budget does not allow for the next. What is owed of one reference is told together. */
static bool tell_batch(cs_liveslots *ls, cs_told *t, cs_dead_batch *b)
{
    for (; b->told < b->count; b->told++) {
        cs_vref vref = b->items[b->told];
        cs_map_entry *e = cs_map_find(&ls->dead.owed, vref.bits);
        unsigned owed = e != NULL ? (unsigned)e->value : 0;
        if ((unsigned)__builtin_popcount(owed) > t->left)
            return false;
        tell_one(ls, t, vref, forgive_entry(ls, e));
    }
    return true;
}

static void take_from_batches(cs_liveslots *ls, cs_told *t)
{
    do
        t->batches++;
    while (tell_batch(ls, t, ls->dead.first) && remove_first(&ls->dead));
}

void cs_ls_tell_dead(cs_liveslots *ls)
{
    cs_dead *dead = &ls->dead;
    if (dead->open_count > 0)
        close_batch(dead);
    if (dead->first == NULL || !cs_ls_may_tell(ls))
        return;
    size_t most = dead->owed.count < CS_GC_BATCH ? dead->owed.count : CS_GC_BATCH;
    cs_told t = { .left = CS_GC_BATCH };
    for (size_t i = 0; i < TELLINGS; i++)
        t.lists[i] = cs_arena_take(&ls->arena, (most + 1) * sizeof(cs_vref));
    take_from_batches(ls, &t);
    for (size_t i = 0; i < TELLINGS; i++) {
        if (t.batches > 1)
            cs_ls_sort(t.lists[i], t.counts[i]);
        if (t.counts[i] > 0)
            cs_ls_tell(ls, tellings[i].kind, t.lists[i], t.counts[i]);
    }
    cs_ls_shrink(&dead->owed);
}
