/* The set of GC actions against a list of names in order of their bytes, which is what S4e says: in one
 * block and over many, with blocks taken back and stores opened again. */
#include "gc_action.h"
#include "tape.h"

#include <stdlib.h>

enum { ACTIONS_MAX = 300, STEPS = 60, BATCH = 40 };

typedef struct world {
    cs_store *s;
    char path[200];
    char names[ACTIONS_MAX][CS_GC_NAME_MAX]; /* sorted */
    size_t count;
} world;

static void open_world(world *w)
{
    static const cs_store_options making = { .create = true };
    assert_ok(cs_store_open(w->path[0] == 0 ? NULL : w->path, &making, &w->s, NULL));
}

/* ---- the list ---- */

static int by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

static bool list_has(const world *w, const char *name)
{
    return bsearch(name, w->names, w->count, sizeof w->names[0], by_bytes) != NULL;
}

static void list_add(world *w, const char *name)
{
    if (list_has(w, name))
        return;
    (void)snprintf(w->names[w->count++], CS_GC_NAME_MAX, "%s", name);
    qsort(w->names, w->count, sizeof w->names[0], by_bytes);
}

static void list_delete(world *w, const char *name)
{
    char(*at)[CS_GC_NAME_MAX] = bsearch(name, w->names, w->count, sizeof w->names[0], by_bytes);
    if (at == NULL)
        return;
    size_t i = (size_t)(at - w->names);
    memmove(at, at + 1, (--w->count - i) * sizeof w->names[0]);
}

/* ---- what differs ---- */

static const char *differ(world *w)
{
    char name[CS_GC_NAME_MAX];
    cs_gc_action a;
    const cs_gc_action *last = NULL;
    for (size_t i = 0; i < w->count; i++, last = &a)
        if (!cs_gc_after(w->s, last, &a) || strcmp(cs_gc_name(&a, name), w->names[i]) != 0)
            return "another follows";
    if (cs_gc_after(w->s, last, &a) || cs_gc_is_empty(w->s) != (w->count == 0))
        return "one too many";
    return NULL;
}

/* ---- steps ---- */

/* Vats and numbers whose texts begin alike, numbers that share rows, and the greatest. */
static cs_gc_action any_action(tape *t)
{
    static const uint32_t vats[] = { 1, 2, 9, 10, 11, 100, 1000000000, UINT32_MAX };
    const uint64_t near[] = { 0, 1, 9, 10, 31, 32, 95, 999, 1000, 99990, CS_REF_ID_MAX - 40 };
    const uint64_t id = tape_bool(t) ? near[tape_below(t, 11)] + tape_below(t, 40)
                                     : tape_u64(t) >> tape_between(t, 11, 63);
    return (cs_gc_action){ { vats[tape_below(t, 8)] },
                           (cs_gc_type)tape_between(t, 1, CS_GC_TYPES - 1),
                           cs_kref_of(CS_REF_OBJECT, id) };
}

static const char *change(world *w, tape *t)
{
    char name[CS_GC_NAME_MAX];
    for (size_t n = (size_t)tape_below(t, BATCH); n > 0 && w->count < ACTIONS_MAX; n--) {
        cs_gc_action a = any_action(t);
        if (tape_below(t, 3) == 0 && w->count > 0)
            a = gc_action(w->names[tape_below(t, w->count)]);
        if (cs_gc_has(w->s, &a) != list_has(w, cs_gc_name(&a, name)))
            return "not what it has";
        if (tape_below(t, 3) > 0) {
            cs_gc_add(w->s, &a);
            list_add(w, name);
        } else {
            cs_gc_delete(w->s, &a);
            list_delete(w, name);
        }
    }
    return NULL;
}

/* All of the first group, or some of it. */
static const char *take(world *w, tape *t)
{
    cs_gc_walk walk;
    if (!cs_gc_begin(w->s, &walk))
        return w->count == 0 ? NULL : "nothing to take";
    for (uint64_t n = tape_below(t, BATCH); n > 0; n--) {
        cs_gc_action a = { .vat = walk.vat, .type = walk.type }, first;
        char name[CS_GC_NAME_MAX];
        if (!cs_gc_take(&walk, &a.object)) {
            bool more = cs_gc_after(w->s, NULL, &first);
            return more && first.vat.n == a.vat.n && first.type == a.type ? "it stops early" : NULL;
        }
        if (w->count == 0 || strcmp(cs_gc_name(&a, name), w->names[0]) != 0)
            return "another was taken";
        list_delete(w, name);
    }
    return NULL;
}

static const char *step(world *w, tape *t)
{
    static world before;
    before = *w;
    const char *bad;
    cs_mark mark = cs_store_mark(w->s);
    bad = tape_below(t, 3) == 0 ? take(w, t) : change(w, t);
    if (bad == NULL && tape_below(t, 4) == 0) {
        bad = differ(w);
        cs_store_undo(w->s, mark);
        *w = before;
    }
    cs_store_keep(w->s);
    return bad;
}

static const char *commit(world *w, tape *t)
{
    cs_meta_edit(w->s)->crank_number++;
    assert_ok(cs_store_commit(w->s, NULL));
    if (w->path[0] == 0 || tape_bool(t))
        return NULL;
    if (cs_store_check(w->s, NULL, NULL) != 0)
        return "the file is damaged";
    cs_store_close(w->s);
    open_world(w);
    return NULL;
}

static const char *is_a_sorted_list(tape *t, void *path)
{
    static world w;
    const char *bad = NULL;
    w = (world){ 0 };
    if (path != NULL) {
        (void)snprintf(w.path, sizeof w.path, "%s/s.db", (const char *)path);
        (void)remove(w.path);
    }
    open_world(&w);
    for (size_t i = 0; i < STEPS && bad == NULL; i++) {
        bad = step(&w, t);
        if (bad == NULL && tape_below(t, 4) == 0)
            bad = commit(&w, t);
        if (bad == NULL)
            bad = differ(&w);
    }
    cs_store_close(w.s);
    return bad;
}

static void in_memory(void **state)
{
    (void)state;
    t_property(is_a_sorted_list, NULL, 60);
}

static void in_a_file(void **state)
{
    (void)state;
    t_property(is_a_sorted_list, (void *)(uintptr_t)t_tmpdir(), 60);
}

T_MAIN(T(in_memory), T(in_a_file))
