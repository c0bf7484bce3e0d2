/* C-lists: what a vat may say, and what it is told (S4a, S4b). */
#include "model_int.h"

bool model_same_vref(model_vref a, model_vref b)
{
    return a.type == b.type && a.by_vat == b.by_vat && a.id == b.id;
}

const model_entry *model_entry_of(const model *m, int vat, model_vref vref)
{
    for (int i = 0; i < MODEL_ENTRIES; i++)
        if (m->vats[vat].entries[i].vref.type != 0 &&
            model_same_vref(m->vats[vat].entries[i].vref, vref))
            return &m->vats[vat].entries[i];
    return NULL;
}

model_entry *model_entry_of_ref(const model *m, int vat, int ref)
{
    for (int i = 0; i < MODEL_ENTRIES; i++)
        if (m->vats[vat].entries[i].vref.type != 0 && m->vats[vat].entries[i].ref == ref)
            return (model_entry *)&m->vats[vat].entries[i];
    return NULL;
}

void model_add_entry(model *m, int vat, model_vref vref, int ref)
{
    for (int i = 0; i < MODEL_ENTRIES; i++)
        if (m->vats[vat].entries[i].vref.type == 0) {
            m->vats[vat].entries[i] = (model_entry){ vref, ref, true, m->crank };
            return;
        }
    model_full("entries");
}

void model_remove_entry(model_entry *e)
{
    if (e != NULL)
        e->vref.type = 0;
}

int model_imports_held(const model *m, int vat)
{
    int n = 0;
    for (int i = 0; i < MODEL_ENTRIES; i++) {
        const model_entry *e = &m->vats[vat].entries[i];
        n += e->vref.type == 'o' && !e->vref.by_vat && e->reachable;
    }
    return n;
}

int model_new_object(model *m, int owner)
{
    if (m->next_object == MODEL_REFS)
        model_full("objects");
    m->objects[m->next_object] = (model_object){ .exists = true, .owner = owner };
    return m->next_object++;
}

int model_new_promise(model *m, int decider)
{
    if (m->next_promise == MODEL_REFS)
        model_full("promises");
    m->promises[m->next_promise] =
        (model_promise){ .exists = true, .decider = decider, .since = m->crank };
    return -m->next_promise++;
}

void model_orphan(model *m, int ref, model_seen how)
{
    model_object_at(m, ref)->owner = 0;
    model_object_at(m, ref)->orphaned = (int)how;
}

static void make_reachable(const model *m, model_entry *e)
{
    if (!e->reachable)
        e->since = m->crank;
    e->reachable = true;
}

static int new_export(model *m, int vat, model_vref v)
{
    int ref = v.type == 'o' ? model_new_object(m, vat) : model_new_promise(m, vat);
    model_add_entry(m, vat, v, ref);
    if (v.type != 'o' || v.id >= MODEL_OWN)
        return ref;
    if (m->vats[vat].has_exported[v.id])
        model_saw(MODEL_SAW_export_again_after_retirement);
    m->vats[vat].has_exported[v.id] = true;
    return ref;
}

int model_to_ref(model *m, int vat, model_vref v)
{
    model_entry *e = (model_entry *)model_entry_of(m, vat, v);
    if (e == NULL) {
        if (!v.by_vat || (v.type != 'o' && v.type != 'p'))
            return 0;
        return new_export(m, vat, v);
    }
    if (!e->reachable && !v.by_vat)
        return 0;
    if (!e->reachable)
        model_saw(MODEL_SAW_export_again_after_drop);
    if (model_is_object(e->ref))
        model_object_at(m, e->ref)->is_new = false;
    make_reachable(m, e);
    return e->ref;
}

model_vref model_to_vref(model *m, int vat, int ref)
{
    model_entry *e = model_entry_of_ref(m, vat, ref);
    if (model_is_object(ref) && model_object_at(m, ref)->owner == 0)
        model_saw(MODEL_SAW_delivery_of_orphan);
    if (e == NULL) {
        model_vat *v = &m->vats[vat];
        model_vref vref = { model_is_node(ref) ? 'd' : ref > 0 ? 'o' : 'p', false, 0 };
        int *next = model_is_node(ref) ? &v->next_node
                    : ref > 0          ? &v->next_object
                                       : &v->next_promise;
        vref.id = (*next)++;
        model_add_entry(m, vat, vref, ref);
        return vref;
    }
    if (!e->reachable)
        model_saw(MODEL_SAW_import_again_after_drop);
    make_reachable(m, e);
    return e->vref;
}
