/* What the host does between cranks (S20), and what it may name. */
#include <string.h>

#include "model_int.h"

void model_init(model *m, int first_object, int first_vat)
{
    memset(m, 0, sizeof *m);
    m->next_object = first_object;
    m->next_promise = 40;
    m->next_vat = first_vat;
    m->default_interval = 1;
    m->default_gc_krefs = 20;
    m->gc_batch = 10000;
    m->cleanup_max = 1000;
    model_devices_init(m);
}

bool model_exists(const model *m, int ref)
{
    if (model_is_node(ref))
        return ref >= MODEL_NODE + 30 && ref < m->next_node;
    return ref > 0 ? model_object_at(m, ref)->exists : ref < 0 && model_promise_at(m, ref)->exists;
}

/* What nobody can reach, and its owner has been told so, is as good as gone. */
bool model_can_name(const model *m, int ref)
{
    model_counts c;
    if (!model_is_object(ref) || !model_exists(m, ref))
        return model_exists(m, ref);
    model_count(m, &c);
    int owner = model_object_at(m, ref)->owner;
    return c.reachable[MODEL_REFS + ref] > 0 ||
           (owner != 0 && m->vats[owner].live && model_entry_of_ref(m, owner, ref)->reachable);
}

void model_make_vat(model *m, int vat, const model_vat_options *options,
                    const model_data *parameters)
{
    int root = model_new_object(m, vat);
    m->vats[vat] = (model_vat){ .exists = true, .live = true, .options = *options };
    m->vats[vat].next_object = 50;
    m->vats[vat].next_promise = 60;
    m->vats[vat].next_node = 70;
    m->objects[root].is_new = true;
    model_add_entry(m, vat, (model_vref){ 'o', true, 0 }, root);
    model_put(m, (model_event){ .kind = MODEL_START_VAT, .vat = vat, .data = *parameters },
              MODEL_ACCEPT);
}

int model_add_vat(model *m, const model_vat_options *options, const model_data *parameters)
{
    int vat = m->next_vat++;
    model_make_vat(m, vat, options, parameters);
    model_sweep(m);
    return vat;
}

int model_root(model *m, int vat)
{
    static const model_vref name = { 'o', true, 0 };
    model_entry *e = (model_entry *)model_entry_of(m, vat, name);
    if (!m->vats[vat].live)
        return 0;
    if (e == NULL) {
        int root = model_new_object(m, vat);
        m->objects[root].is_new = true;
        model_add_entry(m, vat, name, root);
        model_saw(MODEL_SAW_root_named_after_retirement);
        return root;
    }
    if (!e->reachable) {
        model_counts c;
        model_count(m, &c);
        m->objects[e->ref].is_new = true;
        m->objects[e->ref].recognized = c.recognizable[MODEL_REFS + e->ref];
        e->reachable = true;
        e->since = m->crank;
        model_saw(MODEL_SAW_root_named_after_drop);
    }
    return e->ref;
}

int model_send(model *m, int target, const model_data *methargs)
{
    int result = model_new_promise(m, 0);
    model_promise_at(m, result)->holds = 1;
    model_promise_at(m, result)->held_since = m->crank;
    model_put(
        m,
        (model_event){ .kind = MODEL_SEND, .target = target, .result = result, .data = *methargs },
        MODEL_ACCEPT);
    model_sweep(m);
    return result;
}

bool model_hold(model *m, int ref)
{
    if (ref > 0 || !model_exists(m, ref))
        return false;
    if (model_promise_at(m, ref)->holds++ == 0)
        model_promise_at(m, ref)->held_since = m->crank;
    return true;
}

bool model_pin(model *m, int ref)
{
    if (!model_is_object(ref) || !model_can_name(m, ref))
        return false;
    model_object *o = model_object_at(m, ref);
    if (!o->pinned && !o->kept)
        o->held_since = m->crank;
    if (o->kept)
        model_saw(MODEL_SAW_device_keeps_what_is_pinned);
    o->pinned = true;
    model_sweep(m);
    return true;
}

bool model_release(model *m, int ref)
{
    if (model_is_node(ref) || !model_exists(m, ref) ||
        (ref > 0 ? !model_object_at(m, ref)->pinned : model_promise_at(m, ref)->holds == 0))
        return false;
    if (ref > 0)
        model_object_at(m, ref)->pinned = false;
    else
        model_promise_at(m, ref)->holds--;
    model_sweep(m);
    if (ref > 0 && m->objects[ref].recognized == 0)
        model_saw(MODEL_SAW_pin_released_last);
    return true;
}

bool model_terminate(model *m, int vat)
{
    if (m->vats[vat].options.critical) {
        model_saw(MODEL_SAW_panic);
        return false;
    }
    model_end_vat(m, vat, NULL, false);
    model_sweep(m);
    return true;
}

static bool is_in(model_vref v, const model_vref *list, int count)
{
    for (int i = 0; i < count; i++)
        if (model_same_vref(v, list[i]))
            return true;
    return false;
}

int model_reconcile(model *m, int vat, const model_vref *held, int held_count,
                    const model_vref *recognized, int recognized_count)
{
    int changed = 0;
    for (int i = 0; i < MODEL_ENTRIES; i++) {
        model_entry *e = &m->vats[vat].entries[i];
        if (e->vref.type != 'o' || e->vref.by_vat || is_in(e->vref, held, held_count))
            continue;
        bool recognizes = is_in(e->vref, recognized, recognized_count);
        changed += e->reachable || !recognizes;
        if (e->reachable)
            model_saw(MODEL_SAW_reconcile_drops);
        e->reachable = false;
        if (!recognizes) {
            model_saw(MODEL_SAW_reconcile_retires);
            model_remove_entry(e);
        }
    }
    if (changed == 0)
        model_saw(MODEL_SAW_reconcile_changes_nothing);
    model_sweep(m);
    return changed;
}
