/* The device that the model describes, for the kernel. */
#include "kernel/device.h"
#include "kernel/meter.h"
#include "rig.h"

#include <stdio.h>
#include <stdlib.h>

#define NAME CS_BYTES("dice")
#define LISTENER CS_BYTES("listener")

static void send(cs_kernel *k, cs_kref target, int method, const cs_kref *slots, uint32_t count)
{
    cs_buf body = { 0 };
    cs_buf_addf(&body, "#[\"m%d\",[", method);
    for (uint32_t i = 0; i < count; i++)
        cs_buf_addf(&body, "%s\"%c%u\"", i > 0 ? "," : "",
                    cs_kref_type(slots[i]) == CS_REF_PROMISE ? '&' : '$', (unsigned)i);
    cs_buf_add_text(&body, "]]");
    cs_device_send(k, target, &(cs_kcapdata){ cs_buf_bytes(&body), slots, count });
    cs_buf_fini(&body);
}

static void tell(cs_kernel *k, int method, const cs_kref *slots, uint32_t count)
{
    cs_kref listener;
    const cs_blob *text = cs_device_get(k, NAME, LISTENER);
    if (text != NULL && cs_kref_parse(cs_blob_bytes(text), &listener) == CS_OK)
        send(k, listener, method, slots, count);
}

/* ---- what happens to vats and meters ---- */

static void vat_started(void *ctx, cs_kernel *k, cs_vatid vat, cs_kref root, const char *problem)
{
    (void)ctx;
    (void)vat;
    tell(k, problem == NULL ? MODEL_SAYS_STARTED : MODEL_SAYS_NOT_STARTED, &root, problem == NULL);
}

static void vat_ended(void *ctx, cs_kernel *k, cs_vatid vat, bool failed, const cs_kcapdata *info)
{
    (void)ctx;
    (void)vat;
    (void)failed;
    tell(k, MODEL_SAYS_ENDED, info->slots, info->slot_count);
}

static void meter_low(void *ctx, cs_kernel *k, uint64_t meter, uint64_t remaining)
{
    (void)ctx;
    (void)meter;
    (void)remaining;
    tell(k, MODEL_SAYS_LOW, NULL, 0);
}

/* ---- what it is asked: each gives NULL, or what it throws ---- */

static const char *new_meter(cs_kernel *k, int code)
{
    cs_meter there;
    const model_meter m = model_meter_of(code);
    if (cs_meter_find(k, MODEL_METERS - 1, &there))
        return "full";
    (void)cs_meter_new(k, &(cs_meter){ .unlimited = m.remaining < 0,
                                       .remaining = m.remaining < 0 ? 0 : (uint64_t)m.remaining,
                                       .threshold = (uint64_t)m.threshold });
    return NULL;
}

static const char *fill_meter(cs_kernel *k, uint64_t id)
{
    cs_meter m;
    if (!cs_meter_find(k, id, &m))
        return "no meter";
    m.remaining += m.unlimited ? 0 : MODEL_FILLING;
    cs_meter_change(k, id, &m);
    return NULL;
}

static const char *end_vat(cs_kernel *k, const rig *r, int vat, const cs_kcapdata *reason)
{
    const cs_vatid id = { (uint32_t)vat };
    if (!cs_vat_is_live(r->store, id))
        return "dead";
    cs_device_end_vat(k, id, reason); /* which lives as long as the crank */
    return NULL;
}

static const char *create(cs_kernel *k, const rig *r, int code, const cs_kcapdata *parameters)
{
    bool has_bundle;
    cs_meter there;
    const model_vat_options m = model_options_of(code, &has_bundle);
    const cs_vat_options options = { .enable_pipelining = m.pipelining,
                                     .never_reap = m.never_reap,
                                     .critical = m.critical,
                                     .suspend_on_underflow = m.suspends,
                                     .meter = (uint64_t)m.meter };
    if (cs_meta_get(r->store)->next_vat >= MODEL_VATS - 1)
        return "full";
    if (m.meter != 0 && !cs_meter_find(k, options.meter, &there))
        return "no meter";
    (void)cs_device_create_vat(k, has_bundle ? RIG_BUNDLE : CS_BYTES("b1-none"), (cs_bytes){ 0 },
                               &options, parameters);
    return NULL;
}

static const char *to_first(cs_kernel *k, int method, const cs_kcapdata *args)
{
    char text[CS_REF_TEXT_MAX];
    const cs_kref root = cs_device_node(k, NAME, 0);
    if (args->slot_count == 0 || cs_kref_type(args->slots[0]) != CS_REF_OBJECT)
        return "no object";
    if (method == MODEL_TELL) {
        send(k, args->slots[0], MODEL_SAYS_TOLD, &root, 1);
        return NULL;
    }
    cs_device_hold(k, args->slots[0]);
    cs_device_set(k, NAME, LISTENER, cs_blob_new(cs_bytes_of(cs_kref_text(args->slots[0], text))));
    return NULL;
}

static const char *act(cs_kernel *k, const rig *r, int method, const cs_kcapdata *args)
{
    if (method >= MODEL_CREATE)
        return create(k, r, method - MODEL_CREATE, args);
    if (method >= MODEL_END_VAT)
        return end_vat(k, r, method - MODEL_END_VAT, args);
    if (method >= MODEL_FILL_METER)
        return fill_meter(k, (uint64_t)(method - MODEL_FILL_METER));
    if (method >= MODEL_NEW_METER)
        return new_meter(k, method - MODEL_NEW_METER);
    if (method == MODEL_THROW)
        return "no";
    return method == MODEL_KEEP || method == MODEL_TELL ? to_first(k, method, args) : NULL;
}

static void call(void *ctx, cs_kernel *k, uint64_t node, cs_bytes method, const cs_kcapdata *args,
                 cs_device_answer *ret)
{
    char text[20];
    (void)node;
    (void)snprintf(text, sizeof text, "%.*s", (int)method.size, (const char *)method.data);
    const int what = (int)strtol(text + 1, NULL, 10);
    const char *thrown = act(k, ctx, what, args);
    if (thrown != NULL) {
        cs_device_throw(k, ret, "%s", thrown);
    } else if (what == MODEL_ECHO) {
        ret->data = *args;
    } else if (what == MODEL_GIVE_NODE) {
        const cs_kref made = cs_device_node(k, NAME, args->slot_count + 1);
        const cs_bytes slot = cs_device_lend(k, (cs_bytes){ (const uint8_t *)&made, sizeof made });
        ret->data =
            (cs_kcapdata){ CS_BYTES("#\"$0\""), (const cs_kref *)(const void *)slot.data, 1 };
    }
}

void rig_add_device(rig *r)
{
    static const cs_device_ops ops = {
        .call = call,
        .vat_started = vat_started,
        .vat_ended = vat_ended,
        .meter_low = meter_low,
    };
    cs_error err;
    if (cs_kernel_add_device(r->k, NAME, &ops, r, &err) != CS_OK)
        abort();
}
