/* The life of a rig. */
#include "rig.h"

#include "kernel/bundle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void rig_new_kernel(rig *r)
{
    cs_error err;
    r->k = cs_kernel_free(r->k);
    if (cs_kernel_new(r->store, NULL, NULL, &r->k, &err) != CS_OK)
        abort();
    rig_add_device(r);
    cs_kernel_set_gc(r->k, (cs_gc_policy)r->now.policy);
    cs_kernel_set_cleanup(r->k, (uint64_t)r->now.cleanup_max);
}

static void open_store(rig *r)
{
    cs_error err;
    if (cs_store_open(r->path[0] != 0 ? r->path : NULL, &(cs_store_options){ .create = true },
                      &r->store, &err) != CS_OK)
        abort();
}

static void install_bundle(rig *r)
{
    cs_error err;
    const cs_hash hash = { { 0 } };
    if (cs_kernel_install_bundle(r->k, RIG_BUNDLE, &hash, &err) != CS_OK)
        abort();
}

/* Ids that differ in length, in many runs: v10 comes before v9, ko100 before ko99. */
static void choose_world(rig *r)
{
    int first_object = tape_bool(r->t) ? 95 : 20;
    static const rig_mood moods[] = { RIG_TALKS, RIG_DROPS, RIG_FORGETS, RIG_CALLS, RIG_CALLS };
    r->mood = tape_pick(r->t, moods);
    r->first_vat = tape_bool(r->t) ? 8 : 1;
    model_init(&r->now, first_object, r->first_vat);
    r->now.policy = (model_policy)tape_below(r->t, MODEL_POLICIES);
    if (tape_chance(r->t, 30))
        r->now.gc_batch = (int)tape_between(r->t, 1, 3);
    rig_gc_batch = (unsigned)r->now.gc_batch;
}

void rig_open(rig *r, tape *t, bool second, const char *path)
{
    memset(r, 0, sizeof *r);
    r->t = t;
    r->restarts = tape_bool(t) != second;
    if (tape_chance(t, 5) && second)
        (void)snprintf(r->path, sizeof r->path, "%s", path);
    choose_world(r);
    open_store(r);
    rig_new_kernel(r);
    install_bundle(r);
    cs_meta *meta = cs_meta_edit(r->store);
    meta->next_object = (uint64_t)r->now.next_object;
    meta->next_vat = (uint32_t)r->now.next_vat;
    cs_store_keep(r->store);
}

void rig_close(rig *r)
{
    r->k = cs_kernel_free(r->k);
    r->store = cs_store_close(r->store);
    cs_arena_fini(&r->arena);
    if (r->path[0] != 0)
        (void)unlink(r->path);
}

const char *rig_reopen(rig *r)
{
    cs_error err;
    rig_note(r, "reopen", "");
    r->k = cs_kernel_free(r->k);
    if (r->path[0] != 0) {
        if (cs_store_commit(r->store, &err) != CS_OK)
            return rig_differ(r, "commit", "fine", err.text);
        r->store = cs_store_close(r->store);
        open_store(r);
    }
    rig_new_kernel(r);
    return rig_settle(r);
}

/* ---- notes ---- */

void rig_note(rig *r, const char *what, const char *detail)
{
    (void)snprintf(r->notes[r->note_count++ % RIG_NOTES], RIG_NOTE_MAX, "%s %.250s", what, detail);
}

void rig_note_more(rig *r, const char *more)
{
    char *note = r->notes[(r->note_count - 1) % RIG_NOTES];
    size_t said = strlen(note);
    (void)snprintf(note + said, RIG_NOTE_MAX - said, "; %s", more);
}
