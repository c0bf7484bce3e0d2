/* Meters, and vats that wait for theirs to be filled (S9). */
#include "model_int.h"

/* ---- suspended ---- */

bool model_hold_event(model *m, int vat, const model_event *e)
{
    model_event held = *e;
    if (!m->vats[vat].suspended)
        return false;
    model_saw(MODEL_SAW_held);
    held.holder = vat;
    model_put(m, held, MODEL_HELD);
    return true;
}

static model_event *last_held(model *m, int vat)
{
    model_event *last = NULL;
    for (int i = 0; i < MODEL_EVENTS; i++) {
        model_event *e = &m->events[i];
        if (e->where == MODEL_HELD && e->holder == vat && (last == NULL || e->order > last->order))
            last = e;
    }
    return last;
}

/* What it held comes before all else, in order. */
void model_resume_vat(model *m, int vat)
{
    int count = 0;
    m->vats[vat].suspended = false;
    for (model_event *e; (e = last_held(m, vat)) != NULL; count++) {
        e->where = MODEL_RUN;
        e->order = --m->front;
    }
    if (count > 1)
        model_saw(MODEL_SAW_many_resumed);
}

void model_resume_by_host(model *m, int vat)
{
    if (m->vats[vat].suspended)
        model_saw(MODEL_SAW_resumed_by_the_host);
    model_resume_vat(m, vat);
    model_sweep(m);
}

/* ---- meters ---- */

static model_meter *meter_of(const model *m, model_crank_kind kind, int vat)
{
    model_meter *meter = (model_meter *)&m->meters[m->vats[vat].options.meter];
    bool counts = kind == MODEL_OF_EVENT && meter->exists && meter->remaining >= 0;
    return counts ? meter : NULL;
}

bool model_underflows(const model *m, int vat, const model_reply *reply)
{
    const model_meter *meter = meter_of(m, m->kind, vat);
    return meter != NULL && (reply->is_out || reply->computrons > meter->remaining);
}

void model_charge(model *m, model_crank_kind kind, int vat, const model_reply *reply,
                  bool underflow)
{
    model_meter *meter = meter_of(m, kind, vat);
    if (meter == NULL)
        return;
    long before = meter->remaining, left = before - reply->computrons;
    meter->remaining = underflow || left < 0 ? 0 : left;
    model_saw(MODEL_SAW_charged);
    if (before < meter->threshold || meter->remaining >= meter->threshold)
        return;
    model_saw(MODEL_SAW_meter_is_low);
    model_tell_low(m);
}

/* Each vat puts what it held before all else, so that of the last comes first. */
void model_fill(model *m, int meter)
{
    if (m->meters[meter].remaining >= 0)
        m->meters[meter].remaining += MODEL_FILLING;
    for (int vat = model_vat_after(0); vat != 0; vat = model_vat_after(vat))
        if (m->vats[vat].suspended && m->vats[vat].options.meter == meter) {
            model_saw(MODEL_SAW_resumed_by_its_meter);
            model_resume_vat(m, vat);
        }
}
