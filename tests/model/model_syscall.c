/* Syscalls (S2, S4c). Each gives false when it is illegal. */
#include "model_int.h"

bool model_to_refs(model *m, int vat, const model_vref *slots, int count, int *ret)
{
    for (int i = 0; i < count; i++)
        if ((ret[i] = model_to_ref(m, vat, slots[i])) == 0)
            return false;
    return true;
}

static bool do_send(model *m, int vat, const model_syscall *s)
{
    model_event e = { .kind = MODEL_SEND };
    e.data = (model_data){ MODEL_ARRAY, s->method, { 0 }, s->slot_count };
    e.target = model_to_ref(m, vat, s->target);
    if (e.target == 0 || model_is_node(e.target) ||
        !model_to_refs(m, vat, s->slots, s->slot_count, e.data.slots))
        return false;
    if (s->result.type != 0) {
        bool is_known = model_entry_of(m, vat, s->result) != NULL;
        e.result = model_to_ref(m, vat, s->result);
        if (!model_decides(m, vat, e.result) || (is_known && !m->vats[vat].options.pipelining))
            return false;
        model_promise_at(m, e.result)->decider = 0;
    }
    model_put(m, e, MODEL_ACCEPT);
    return true;
}

static bool do_subscribe(model *m, int vat, const model_syscall *s)
{
    int ref = model_to_ref(m, vat, s->target);
    if (ref >= 0)
        return false;
    model_subscribe(m, ref, vat);
    return true;
}

static bool do_resolve(model *m, int vat, const model_syscall *s)
{
    int refs[2];
    model_data data[2];
    for (int i = 0; i < s->batch_count; i++) {
        const model_resolution *r = &s->batch[i];
        data[i] = (model_data){ r->shape, 0, { 0 }, r->slot_count };
        refs[i] = model_to_ref(m, vat, r->promise);
        if (refs[i] == 0 || !model_to_refs(m, vat, r->slots, r->slot_count, data[i].slots))
            return false;
        if (!r->rejected && r->shape == MODEL_LONE && data[i].slots[0] < 0)
            return false;
    }
    for (int i = 0; i < s->batch_count; i++) {
        if (!model_decides(m, vat, refs[i]))
            return false;
        model_resolve(m, refs[i], s->batch[i].rejected, &data[i], vat);
    }
    for (int i = 0; i < s->batch_count; i++)
        model_remove_entry(model_entry_of_ref(m, vat, refs[i]));
    return true;
}

/* ---- drops and retires: what changes nothing is ignored and counted (design.md 4) ---- */

static void drop(model_entry *e, model_outcome *o)
{
    if (e == NULL || !e->reachable) {
        model_saw(e == NULL ? MODEL_SAW_drop_of_unknown : MODEL_SAW_drop_of_dropped);
        o->ignored++;
        return;
    }
    e->reachable = false;
    o->dropped++;
}

static bool is_queued(const model *m, int ref)
{
    for (int i = 0; i < MODEL_EVENTS; i++)
        for (int j = 0; m->events[i].where != MODEL_NOWHERE && j < m->events[i].data.slot_count;
             j++)
            if (m->events[i].data.slots[j] == ref)
                return true;
    return false;
}

static void retire(const model *m, model_entry *e, model_outcome *o)
{
    if (e == NULL || e->reachable) {
        model_saw(e == NULL ? MODEL_SAW_retire_of_unknown : MODEL_SAW_retire_of_held);
        o->ignored++;
        return;
    }
    if (is_queued(m, e->ref))
        model_saw(MODEL_SAW_retire_in_flight);
    model_remove_entry(e);
    o->retired++;
}

static void retire_export(model *m, model_entry *e, model_outcome *o)
{
    if (e == NULL || e->reachable) {
        model_saw(e == NULL ? MODEL_SAW_retire_export_of_unknown : MODEL_SAW_retire_export_of_held);
        o->ignored++;
        return;
    }
    model_orphan(m, e->ref, MODEL_SAW_orphan_retires_after_retire_exports);
    model_remove_entry(e);
    o->retired++;
}

static void abandon(model *m, model_entry *e, model_outcome *o)
{
    if (e == NULL) {
        o->ignored++;
        return;
    }
    model_saw(e->reachable ? MODEL_SAW_abandon_of_held : MODEL_SAW_abandon_of_dropped);
    model_orphan(m, e->ref, MODEL_SAW_orphan_retires_after_abandon);
    model_remove_entry(e);
}

static bool do_gc(model *m, int vat, const model_syscall *s, model_outcome *o)
{
    bool of_exports = s->kind == MODEL_SYS_RETIRE_EXPORTS || s->kind == MODEL_SYS_ABANDON;
    for (int i = 0; i < s->slot_count; i++) {
        if (s->slots[i].type != 'o' || s->slots[i].by_vat != of_exports)
            return false;
        model_entry *e = (model_entry *)model_entry_of(m, vat, s->slots[i]);
        if (s->kind == MODEL_SYS_DROP)
            drop(e, o);
        else if (s->kind == MODEL_SYS_RETIRE)
            retire(m, e, o);
        else if (s->kind == MODEL_SYS_RETIRE_EXPORTS)
            retire_export(m, e, o);
        else
            abandon(m, e, o);
    }
    return true;
}

bool model_do_syscall(model *m, int vat, const model_syscall *s, model_outcome *o)
{
    switch (s->kind) {
    case MODEL_SYS_SEND:
        return do_send(m, vat, s);
    case MODEL_SYS_SUBSCRIBE:
        return do_subscribe(m, vat, s);
    case MODEL_SYS_RESOLVE:
        return do_resolve(m, vat, s);
    case MODEL_SYS_EXIT:
    case MODEL_SYS_FAIL:
        o->info = (model_data){ .shape = MODEL_ARRAY, .slot_count = s->slot_count };
        return model_to_refs(m, vat, s->slots, s->slot_count, o->info.slots);
    case MODEL_SYS_DROP:
    case MODEL_SYS_RETIRE:
    case MODEL_SYS_RETIRE_EXPORTS:
    case MODEL_SYS_ABANDON:
        return do_gc(m, vat, s, o);
    case MODEL_SYS_CALL:
        return model_call(m, vat, s);
    }
    return false;
}
