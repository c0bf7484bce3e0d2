/* Who refers to what, what the end of a crank sweeps, and GC actions (S4a, S4d, S4e, S4f). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_int.h"

/* ---- who refers to what ---- */

/* Device nodes have no counts. */
static void mention(model_counts *c, int ref)
{
    if (model_is_node(ref))
        return;
    c->reachable[ref + MODEL_REFS]++;
    c->recognizable[ref + MODEL_REFS]++;
}

static void mention_all(model_counts *c, const model_data *d)
{
    for (int i = 0; i < d->slot_count; i++)
        mention(c, d->slots[i]);
}

/* An exporter's entry counts for promises only. */
static void count_entry(model_counts *c, const model_entry *e)
{
    if (e->vref.type == 0 || e->vref.type == 'd' || (e->ref > 0 && e->vref.by_vat))
        return;
    c->recognizable[e->ref + MODEL_REFS]++;
    c->reachable[e->ref + MODEL_REFS] += e->reachable;
}

static void count_event(model_counts *c, const model_event *e)
{
    if (e->where == MODEL_NOWHERE)
        return;
    mention(c, e->target); /* "none" has its place too, which nobody reads */
    mention(c, e->result);
    mention_all(c, &e->data);
}

void model_count(const model *m, model_counts *ret)
{
    memset(ret, 0, sizeof *ret);
    for (int i = 0; i < MODEL_EVENTS; i++)
        count_event(ret, &m->events[i]);
    for (int i = 0; i < MODEL_REFS; i++) {
        if (m->promises[i].exists && m->promises[i].resolved)
            mention_all(ret, &m->promises[i].data);
        if (m->promises[i].holds > 0)
            mention(ret, -i);
        if (m->objects[i].pinned || m->objects[i].kept)
            mention(ret, i);
    }
    for (int v = 1; v < m->next_vat; v++)
        for (int i = 0; i < MODEL_ENTRIES; i++)
            count_entry(ret, &m->vats[v].entries[i]);
}

bool model_is_retiring(const model *m, const model_counts *c, int object)
{
    return m->objects[object].exists && m->objects[object].owner == 0 &&
           c->reachable[MODEL_REFS + object] == 0;
}

/* ---- the sweep ---- */

/* Nobody has referred to it yet; or somebody has ceased to recognise it. */
static bool is_still_new(model_object *o, int reachable, int recognizable)
{
    o->is_new = o->is_new && reachable == 0 && recognizable >= o->recognized;
    return o->is_new;
}

static void sweep_export(model *m, int ref, int recognizable)
{
    int owner = m->objects[ref].owner;
    const model_entry *e = model_entry_of_ref(m, owner, ref);
    if (e->reachable)
        m->actions[owner][MODEL_DROP_EXPORT][ref] = true;
    if (recognizable == 0)
        m->actions[owner][MODEL_RETIRE_EXPORT][ref] = true;
}

/* Each importer is to be told, once: one that is dead cannot be, and stays an importer until it is
 * cleaned up. */
static void sweep_orphan(model *m, int ref)
{
    bool tells = false;
    if (m->objects[ref].is_retiring)
        return;
    m->objects[ref].is_retiring = true;
    for (int v = 1; v < m->next_vat; v++) {
        if (model_entry_of_ref(m, v, ref) == NULL)
            continue;
        tells |= !m->actions[v][MODEL_RETIRE_IMPORT][ref];
        m->actions[v][MODEL_RETIRE_IMPORT][ref] = true;
    }
    if (tells)
        model_saw((model_seen)m->objects[ref].orphaned);
}

static void sweep_object(model *m, const model_counts *c, int ref)
{
    model_object *o = &m->objects[ref];
    int reachable = c->reachable[MODEL_REFS + ref],
        recognizable = c->recognizable[MODEL_REFS + ref];
    if (!o->exists)
        return;
    bool is_new = is_still_new(o, reachable, recognizable);
    o->recognized = recognizable;
    if (reachable > 0 || (is_new && o->owner != 0))
        return;
    if (o->owner != 0) {
        if (m->vats[o->owner].live)
            sweep_export(m, ref, recognizable);
    } else if (recognizable > 0) {
        sweep_orphan(m, ref);
    } else {
        model_saw(m->kind == MODEL_OF_RETIRE_IMPORTS
                      ? MODEL_SAW_orphan_forgotten_by_its_last_importer
                      : MODEL_SAW_orphan_unrecognized);
        o->exists = false;
    }
}

void model_sweep(model *m)
{
    model_counts c;
    for (bool again = true; again;) { /* what only a promise referred to goes after it */
        again = false;
        model_count(m, &c);
        for (int i = 1; i < MODEL_REFS; i++)
            if (m->promises[i].exists && c.recognizable[MODEL_REFS - i] == 0) {
                memset(&m->promises[i], 0, sizeof m->promises[i]);
                again = true;
            }
    }
    for (int i = 1; i < MODEL_REFS; i++)
        sweep_object(m, &c, i);
}

/* ---- the set of actions ---- */

static const char *const action_words[] = { "dropExport", "retireExport", "retireImport" };

static int compare_names(const void *a, const void *b)
{
    return strcmp(a, b);
}

bool model_has_actions(const model *m, int vat, int action)
{
    return memchr(m->actions[vat][action], true, sizeof m->actions[vat][action]) != NULL;
}

int model_action_names(const model *m, model_name *names, int max)
{
    int count = 0;
    for (int v = 1; v < m->next_vat; v++)
        for (int a = 0; a < MODEL_ACTIONS; a++)
            for (int ref = 1; model_has_actions(m, v, a) && ref < MODEL_REFS; ref++) {
                if (!m->actions[v][a][ref])
                    continue;
                if (count == max)
                    model_full("actions");
                (void)snprintf(names[count++], sizeof *names, "v%d %s ko%d", v, action_words[a],
                               ref);
            }
    qsort(names, (size_t)count, sizeof *names, compare_names);
    return count;
}

/* Names of one vat and type, in order. */
typedef struct group {
    int vat;
    model_action action;
    int refs[MODEL_REFS], count;
} group;

/* The number in "ko20", and of what came before the last space the length. */
static int name_ref(const char *name, size_t *ret_head)
{
    const char *ref = strrchr(name, ' ') + 1;
    *ret_head = (size_t)(ref - name);
    return (int)strtol(ref + 2, NULL, 10);
}

/* The first group, taken out of the set. */
static bool take_group(model *m, group *g)
{
    static model_name names[MODEL_VATS * MODEL_REFS];
    size_t head, other;
    int count = model_action_names(m, names, MODEL_VATS * MODEL_REFS);
    if (count == 0)
        return false;
    (void)name_ref(names[0], &head);
    g->vat = (int)strtol(names[0] + 1, NULL, 10);
    g->count = 0;
    for (int a = 0; a < MODEL_ACTIONS; a++)
        if (strstr(names[0], action_words[a]) != NULL)
            g->action = (model_action)a;
    for (int i = 0; i < count; i++) {
        int ref = name_ref(names[i], &other);
        if (other != head || strncmp(names[i], names[0], head) != 0)
            break;
        if (g->count == m->gc_batch) {
            model_saw(MODEL_SAW_more_than_a_batch);
            break;
        }
        g->refs[g->count++] = ref;
        m->actions[g->vat][g->action][ref] = false;
        if (i > 0 && ref < g->refs[i - 1])
            model_saw(MODEL_SAW_ko100_before_ko99);
    }
    for (int v = 1; v < g->vat; v++)
        for (int a = 0; a < MODEL_ACTIONS; a++)
            if (model_has_actions(m, v, a))
                model_saw(MODEL_SAW_v10_before_v9);
    return true;
}

/* Negation: what was true when it was scheduled may no longer be. */
static bool still_wanted(const model *m, const model_counts *c, const group *g, int ref)
{
    const model_entry *e = model_entry_of_ref(m, g->vat, ref);
    if (e == NULL || !m->vats[g->vat].live)
        return false;
    switch (g->action) {
    case MODEL_DROP_EXPORT:
        return c->reachable[MODEL_REFS + ref] == 0 && e->reachable;
    case MODEL_RETIRE_EXPORT: /* a root that the host has named since is wanted */
        return c->recognizable[MODEL_REFS + ref] == 0 && !e->reachable;
    case MODEL_RETIRE_IMPORT:
    case MODEL_ACTIONS:
        break;
    }
    return true;
}

static void negate(const model *m, group *g)
{
    model_counts c;
    int count = 0;
    model_count(m, &c);
    for (int i = 0; i < g->count; i++) {
        if (still_wanted(m, &c, g, g->refs[i]))
            g->refs[count++] = g->refs[i];
        else
            model_saw((model_seen)(MODEL_SAW_negated_drop_export + (int)g->action));
    }
    if (count < g->count)
        model_saw(count > 0 ? MODEL_SAW_negated_some_of_a_group : MODEL_SAW_negated_a_whole_group);
    g->count = count;
}

/* ---- deliveries ---- */

static void saw_root(const model_entry *e, model_action a)
{
    if (!e->vref.by_vat || e->vref.id != 0)
        return;
    model_saw(a == MODEL_DROP_EXPORT ? MODEL_SAW_root_dropped : MODEL_SAW_root_retired);
}

static void deliver_action(model *m, const group *g, int ref)
{
    model_entry *e = model_entry_of_ref(m, g->vat, ref);
    saw_root(e, g->action);
    if (g->action == MODEL_DROP_EXPORT) {
        e->reachable = false;
        return;
    }
    if (g->action == MODEL_RETIRE_EXPORT)
        model_object_at(m, ref)->exists = false;
    model_remove_entry(e);
}

static void deliver_group(model *m, const group *g, model_out *o)
{
    static const char *const words[] = { "dropExports", "retireExports", "retireImports" };
    model_say(o, "%s", words[g->action]);
    for (int i = 0; i < g->count; i++) {
        model_say(o, " ");
        model_say_vref(o, model_entry_of_ref(m, g->vat, g->refs[i])->vref);
        deliver_action(m, g, g->refs[i]);
    }
    model_saw((model_seen)(MODEL_SAW_drop_exports + (int)g->action));
    if (!m->vats[g->vat].started)
        model_saw(MODEL_SAW_gc_delivery_before_start);
    if (g->count > 1)
        model_saw(MODEL_SAW_many_in_one_delivery);
}

bool model_gc_crank(model *m, model_effect *ret, model_out *o)
{
    group g;
    if (!take_group(m, &g))
        return false;
    negate(m, &g);
    m->kind = (model_crank_kind)(MODEL_OF_DROP_EXPORTS + (int)g.action);
    m->krefs = g.count;
    ret->kind = g.count > 0 ? MODEL_DELIVER : MODEL_CRANK;
    ret->vat = g.vat;
    deliver_group(m, &g, o);
    return true;
}
