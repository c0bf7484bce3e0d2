/* The cache and its journal against a model: in memory, and with a file that is opened again. */
#include "fault_vfs.h"
#include "store/rows.h"
#include "store_model.h"

#include <stdio.h>
#include <unistd.h>

enum { MARKS_MAX = 3 };

typedef struct world {
    model now, kept, committed;
    model at_mark[MARKS_MAX];
    cs_mark mark[MARKS_MAX];
    size_t mark_count;
    cs_store *store;
    const char *path;  /* NULL: in memory */
    size_t weight_max; /* of the cache, so small that rows leave it */
} world;

static cs_store *open_store(const char *path)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    static const cs_store_options options = { .create = true };
    if (cs_store_open(path, &options, &s, &err) != CS_OK)
        fprintf(stderr, "# %s\n", err.text);
    return s;
}

static void keep(world *w)
{
    cs_store_keep(w->store);
    w->mark_count = 0;
}

static void undo(world *w, tape *t)
{
    size_t i = (size_t)tape_below(t, w->mark_count);
    cs_store_undo(w->store, w->mark[i]);
    w->now = w->at_mark[i];
    w->mark_count = i + 1; /* the mark itself stays good */
}

static const char *commit(world *w)
{
    keep(w);
    if (cs_store_commit(w->store, NULL) != CS_OK)
        return "commit failed";
    w->committed = w->now;
    return cs_store_is_dirty(w->store) ? "dirty after a commit" : NULL;
}

static const char *reopen(world *w)
{
    w->store = cs_store_close(w->store);
    w->store = open_store(w->path);
    w->mark_count = 0;
    w->now = w->committed;
    if (w->store == NULL)
        return "cannot be opened again";
    w->store->weight_max = w->weight_max;
    return NULL;
}

static const char *turn(world *w, tape *t)
{
    switch (tape_below(t, 16)) {
    case 10:
    case 11:
        if (w->mark_count < MARKS_MAX) {
            w->at_mark[w->mark_count] = w->now;
            w->mark[w->mark_count++] = cs_store_mark(w->store);
        }
        return NULL;
    case 12:
        if (w->mark_count > 0)
            undo(w, t);
        return NULL;
    case 13:
        keep(w);
        return NULL;
    case 14:
        return commit(w);
    case 15:
        return w->path != NULL && tape_chance(t, 40) ? reopen(w) : model_differs(&w->now, w->store);
    default:
        model_step(&w->now, w->store, t);
        return NULL;
    }
}

static const char *follows_the_model(tape *t, void *path)
{
    if (path != NULL)
        (void)unlink(path);
    world w = { .path = path, .store = open_store(path) };
    if (w.store == NULL)
        return "cannot be opened";
    w.weight_max = tape_chance(t, 50) ? (size_t)tape_below(t, 60) : w.store->weight_max;
    w.store->weight_max = w.weight_max;
    const char *why = NULL;
    for (size_t i = 0; i < 150 && why == NULL && !tape_ended(t); i++)
        why = turn(&w, t);
    if (why == NULL)
        why = model_differs(&w.now, w.store);
    cs_store_close(w.store);
    return why;
}

static void in_memory(void **state)
{
    (void)state;
    t_property(follows_the_model, NULL, 3000);
}

static void in_a_file(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    fault_vfs_install(); /* its syncs take no time */
    t_property(follows_the_model, path, 300);
}

T_MAIN(T(in_memory), T(in_a_file))
