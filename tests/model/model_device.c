/* The device of these tests, and what it does with vats (S10, S19): the words are in kernel_model.h. Whom it
 * tells what happens it keeps in rows, so all of it is undone with a crank. */
#include "model_int.h"

enum { REMAINING_KINDS = 4, UNLIMITED = -1 };

void model_devices_init(model *m)
{
    m->nodes[0] = MODEL_NODE + 30;
    m->next_node = MODEL_NODE + 31;
}

model_meter model_meter_of(int code)
{
    static const long remaining[REMAINING_KINDS] = { 60, 0, 20, UNLIMITED };
    return (model_meter){ true, remaining[code % REMAINING_KINDS],
                          code < REMAINING_KINDS ? 0 : 30 };
}

model_vat_options model_options_of(int code, bool *ret_has_bundle)
{
    *ret_has_bundle = (code & 64) == 0;
    return (model_vat_options){ .pipelining = (code & 1) != 0,
                                .never_reap = (code & 2) != 0,
                                .critical = (code & 4) != 0,
                                .suspends = (code & 8) != 0,
                                .has_admin = true,
                                .meter = code / 16 % MODEL_METERS };
}

/* ---- what it says ---- */

static void send(model *m, int target, int method, const model_data *args)
{
    model_event e = { .kind = MODEL_SEND, .target = target, .data = *args };
    e.data.shape = MODEL_ARRAY;
    e.data.method = method;
    model_put(m, e, MODEL_ACCEPT);
}

static void tell(model *m, int method, const model_data *args)
{
    if (m->listener != 0)
        send(m, m->listener, method, args);
}

void model_tell_low(model *m)
{
    tell(m, MODEL_SAYS_LOW, &(model_data){ 0 });
}

void model_tell_ended(model *m, const model_data *reason)
{
    tell(m, MODEL_SAYS_ENDED, reason);
}

void model_tell_started(model *m, int vat, bool is_stillborn)
{
    model_data args = { .slot_count = 1 };
    model_saw(is_stillborn ? MODEL_SAW_stillborn : MODEL_SAW_started_and_told);
    if (is_stillborn) {
        tell(m, MODEL_SAYS_NOT_STARTED, &(model_data){ 0 });
        return;
    }
    args.slots[0] = model_root(m, vat);
    tell(m, MODEL_SAYS_STARTED, &args);
}

/* ---- what it is asked: each gives NULL, or what it throws ---- */

static const char *keep(model *m, int object)
{
    model_object *o = model_object_at(m, object);
    if (o->pinned)
        model_saw(MODEL_SAW_device_keeps_what_is_pinned);
    if (!o->pinned && !o->kept)
        o->held_since = m->crank;
    o->kept = true;
    m->listener = object;
    model_saw(MODEL_SAW_device_keeps);
    return NULL;
}

static const char *new_meter(model *m, int code)
{
    for (int i = 1; i < MODEL_METERS; i++)
        if (!m->meters[i].exists) {
            m->meters[i] = model_meter_of(code);
            return NULL;
        }
    return "full";
}

static const char *fill_meter(model *m, int meter)
{
    if (meter >= MODEL_METERS || !m->meters[meter].exists)
        return "no meter";
    model_fill(m, meter);
    return NULL;
}

static const char *end_vat(model *m, int vat, const model_data *reason)
{
    if (vat >= m->next_vat || !m->vats[vat].live)
        return "dead";
    if (!model_line_has(&m->to_end, vat))
        m->end_reasons[vat] = *reason;
    model_line_add(&m->to_end, vat);
    return NULL;
}

static const char *create(model *m, int code, const model_data *parameters)
{
    model_event e = { .kind = MODEL_CREATE_VAT, .vat = m->next_vat, .data = *parameters };
    e.options = model_options_of(code, &e.has_bundle);
    if (m->next_vat >= MODEL_VATS - 1)
        return "full";
    if (e.options.meter != 0 && !m->meters[e.options.meter].exists)
        return "no meter";
    m->next_vat++;
    model_put(m, e, MODEL_ACCEPT);
    return NULL;
}

static const char *to_first(model *m, int method, const model_data *args)
{
    const model_data node = { .slots = { m->nodes[0] }, .slot_count = 1 };
    if (args->slot_count == 0 || !model_is_object(args->slots[0]))
        return "no object";
    if (method == MODEL_KEEP)
        return keep(m, args->slots[0]);
    model_saw(MODEL_SAW_device_sends);
    send(m, args->slots[0], MODEL_SAYS_TOLD, &node);
    return NULL;
}

static const char *act(model *m, int method, const model_data *args)
{
    if (method >= MODEL_CREATE)
        return create(m, method - MODEL_CREATE, args);
    if (method >= MODEL_END_VAT)
        return end_vat(m, method - MODEL_END_VAT, args);
    if (method >= MODEL_FILL_METER)
        return fill_meter(m, method - MODEL_FILL_METER);
    if (method >= MODEL_NEW_METER)
        return new_meter(m, method - MODEL_NEW_METER);
    if (method == MODEL_THROW)
        return "no";
    return method == MODEL_KEEP || method == MODEL_TELL ? to_first(m, method, args) : NULL;
}

/* ---- a call ---- */

static void answer(model *m, int vat, int method, const model_data *args, model_out *o)
{
    model_vref slots[MODEL_SLOTS];
    int *node = &m->nodes[args->slot_count + 1];
    if (method == MODEL_ECHO) {
        for (int i = 0; i < args->slot_count; i++)
            slots[i] = model_to_vref(m, vat, args->slots[i]);
        model_say_shape(o, MODEL_ARRAY, 0, slots, args->slot_count);
    } else if (method == MODEL_GIVE_NODE) {
        if (*node == 0)
            *node = m->next_node++;
        model_say_vref(o, model_to_vref(m, vat, *node));
    } else {
        model_say(o, "#undefined");
    }
}

static bool mentions_a_promise(const model_syscall *s)
{
    for (int i = 0; i < s->slot_count; i++)
        if (s->slots[i].type == 'p')
            return true;
    return false;
}

bool model_call(model *m, int vat, const model_syscall *s)
{
    model_data args = { .shape = MODEL_ARRAY, .slot_count = s->slot_count };
    model_out o = { s->answer, 0 };
    int known = m->next_object;
    if (s->target.type != 'd' || model_to_ref(m, vat, s->target) == 0) {
        model_saw(MODEL_SAW_illegal_call);
        return false;
    }
    const char *thrown = "the arguments of a device call cannot be promises";
    if (!mentions_a_promise(s)) {
        if (!model_to_refs(m, vat, s->slots, s->slot_count, args.slots))
            return false;
        thrown = act(m, s->method, &args);
    }
    model_saw(thrown != NULL ? MODEL_SAW_device_throws : MODEL_SAW_device_called);
    if (m->next_object > known)
        model_saw(MODEL_SAW_device_given_a_new_export);
    if (thrown != NULL)
        model_say(&o, "throws %s", thrown);
    else
        answer(m, vat, s->method, &args, &o);
    return true;
}

/* ---- vats that it makes and ends ---- */

void model_create(model *m, const model_event *e)
{
    model_saw(e->has_bundle ? MODEL_SAW_created : MODEL_SAW_created_without_a_bundle);
    if (e->has_bundle)
        model_make_vat(m, e->vat, &e->options, &e->data);
    else
        tell(m, MODEL_SAYS_NOT_STARTED, &(model_data){ 0 });
}

void model_end_others(model *m)
{
    for (int i = 0; i < m->to_end.count; i++) {
        int vat = m->to_end.vats[i];
        if (!m->vats[vat].live) {
            model_saw(MODEL_SAW_end_of_the_dead);
        } else if (m->vats[vat].options.critical) {
            m->has_panicked = true;
        } else {
            model_saw(MODEL_SAW_ended_by_the_device);
            model_end_vat(m, vat, &m->end_reasons[vat], false);
        }
    }
    m->to_end.count = 0;
}
