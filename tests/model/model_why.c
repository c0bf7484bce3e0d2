/* Who refers to one thing: everything, looked at once more, and sums of what is alike. */
#include "model_int.h"

typedef struct holders {
    model_holder *items;
    int count;
} holders;

/* The one that is alike, or a new one. */
static model_holder *holder_of(holders *h, model_holder_kind kind, int vat, int promise)
{
    for (int i = 0; i < h->count; i++)
        if (h->items[i].kind == kind && h->items[i].vat == vat && h->items[i].promise == promise)
            return &h->items[i];
    if (h->count == MODEL_HOLDERS)
        model_full("holders");
    h->items[h->count] = (model_holder){ kind, vat, { 0 }, true, promise, 0, -1 };
    return &h->items[h->count++];
}

static void hold_by_entries(const model *m, int ref, holders *h)
{
    for (int v = 1; v < m->next_vat; v++) {
        const model_entry *e = model_entry_of_ref(m, v, ref);
        if (e == NULL)
            continue;
        bool owns = e->vref.by_vat && ref > 0; /* promises have no owner */
        model_holder *x = holder_of(h, owns ? MODEL_BY_OWNER : MODEL_BY_VAT, v, 0);
        x->vref = e->vref;
        x->reachable = e->reachable;
        x->count = 1;
        x->since = e->since;
    }
}

static int mentions(const model_data *d, int ref)
{
    int n = 0;
    for (int i = 0; i < d->slot_count; i++)
        n += d->slots[i] == ref;
    return n;
}

static void add_mentions(model_holder *h, int count, long since)
{
    h->count += count;
    if (h->since < 0 || since < h->since)
        h->since = since;
}

static void hold_by_event(const model_event *e, int ref, holders *h)
{
    int n = mentions(&e->data, ref) + (e->target == ref) + (e->result == ref);
    if (n == 0 || e->where == MODEL_NOWHERE)
        return;
    if (e->where == MODEL_WAIT)
        add_mentions(holder_of(h, MODEL_BY_PROMISE, 0, e->target), n, e->since);
    else
        add_mentions(holder_of(h, MODEL_BY_QUEUE, e->vat, 0), n, e->since);
}

int model_why(const model *m, int ref, model_holder list[MODEL_HOLDERS])
{
    holders h = { list, 0 };
    hold_by_entries(m, ref, &h);
    for (int i = 0; i < MODEL_EVENTS; i++)
        hold_by_event(&m->events[i], ref, &h);
    for (int i = 1; i < MODEL_REFS; i++) {
        const model_promise *p = &m->promises[i];
        int n = p->exists && p->resolved ? mentions(&p->data, ref) : 0;
        if (n > 0)
            add_mentions(holder_of(&h, MODEL_BY_RESOLUTION, 0, -i), n, p->since);
    }
    int holds = ref > 0 ? m->objects[ref].pinned || m->objects[ref].kept : m->promises[-ref].holds;
    if (holds > 0) {
        model_holder *x = holder_of(&h, MODEL_BY_HOST, 0, 0);
        x->count = holds;
        x->since = ref > 0 ? m->objects[ref].held_since : m->promises[-ref].held_since;
    }
    return h.count;
}
