/* Device "vatAdmin" (C4, S10): the door through which the vat of that name makes and ends vats, and is
 * told what becomes of them. What is asked and told is in docs/kernel.md. */
#include "devices/vat_admin.h"

#include "devices/devices.h"
#include "kernel/bundle.h"
#include "kernel/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* One call: its arguments, checked no further than that they are an array. */
typedef struct asked {
    cs_kernel *k;
    const cs_kcapdata *args;
    json_t *array;
    cs_device_answer *ret;
} asked;

static const json_t *arg(const asked *a, size_t i)
{
    return json_array_get(a->array, i);
}

/* A string argument; NULL, and that is thrown: it is none. */
static const char *text_arg(const asked *a, size_t i, const char *what)
{
    const char *text = cs_args_text(arg(a, i));
    if (text == NULL)
        cs_device_throw(a->k, a->ret, "%s must be a string", what);
    return text;
}

static bool number_arg(const asked *a, size_t i, const char *what, uint64_t *ret)
{
    if (cs_args_nat(arg(a, i), ret))
        return true;
    cs_device_throw(a->k, a->ret, "%s must be a natural number below 2^63", what);
    return false;
}

/* ---- vats ---- */

static void create(const asked *a, cs_bytes bundle_id)
{
    char text[CS_REF_TEXT_MAX];
    cs_vat_options options;
    const char *name;
    cs_kcapdata parameters;
    if (bundle_id.size == 0 || bundle_id.size > CS_BUNDLE_ID_MAX) {
        cs_device_throw(a->k, a->ret, "a bundle's id is 1 to %d characters long", CS_BUNDLE_ID_MAX);
        return;
    }
    if (!cs_vat_admin_options(a->k, arg(a, 1), a->args, &options, &name, &parameters, a->ret))
        return;
    cs_vatid vat = cs_device_create_vat(a->k, bundle_id, cs_bytes_of(name), &options, &parameters);
    cs_answer_text(a->k, a->ret, cs_vatid_text(vat, text));
}

static void create_by_id(const asked *a)
{
    const char *id = text_arg(a, 0, "bundleID");
    if (id != NULL)
        create(a, cs_bytes_of(id));
}

/* The id, borrowed; size 0, and that is thrown: nothing has that name. */
static cs_bytes id_of_name(const asked *a)
{
    cs_bytes id = { 0 };
    const char *name = text_arg(a, 0, "name");
    if (name != NULL && cs_bundle_named(a->k, cs_bytes_of(name), &id) != CS_OK)
        cs_device_throw(a->k, a->ret, "unregistered bundle name '%s'", name);
    return id;
}

static void create_by_name(const asked *a)
{
    cs_bytes id = id_of_name(a);
    if (id.size > 0)
        create(a, cs_device_lend(a->k, id));
}

static void get_bundle_id_by_name(const asked *a)
{
    char text[CS_BUNDLE_ID_MAX + 1];
    cs_bytes id = id_of_name(a);
    if (id.size == 0)
        return;
    (void)snprintf(text, sizeof text, "%.*s", (int)id.size, (const char *)id.data);
    cs_answer_text(a->k, a->ret, text);
}

static void get_bundle_cap(const asked *a)
{
    const char *id = text_arg(a, 0, "bundleID");
    if (id != NULL)
        cs_bundle_cap_answer(a->k, cs_bytes_of(id), a->ret);
}

static void get_named_bundle_cap(const asked *a)
{
    cs_bytes id = id_of_name(a);
    if (id.size > 0)
        cs_bundle_cap_answer(a->k, cs_device_lend(a->k, id), a->ret);
}

static bool vat_arg(const asked *a, cs_vatid *ret)
{
    const char *text = text_arg(a, 0, "vatID");
    if (text == NULL)
        return false;
    if (cs_vatid_parse(cs_bytes_of(text), ret) == CS_OK)
        return true;
    cs_device_throw(a->k, a->ret, "'%.40s' is no vatID", text);
    return false;
}

/* A vat that has ended already is as it should be. */
static void terminate_with_failure(const asked *a)
{
    cs_vatid vat;
    cs_vat_options options;
    cs_kcapdata reason;
    if (!vat_arg(a, &vat))
        return;
    const json_t *why = arg(a, 1);
    json_t *none = json_string("#undefined");
    bool good = cs_args_pick(a->k, why == NULL ? none : why, a->args, &reason);
    json_decref(none);
    if (!good)
        cs_device_throw(a->k, a->ret, "the reason mentions what is not there");
    else if (cs_device_vat_options(a->k, vat, &options))
        cs_device_end_vat(a->k, vat, &reason);
}

static void change_options(const asked *a)
{
    cs_vatid vat;
    cs_vat_options options;
    if (!vat_arg(a, &vat))
        return;
    if (!cs_device_vat_options(a->k, vat, &options))
        cs_device_throw(a->k, a->ret, "v%u: vat terminated", (unsigned)vat.n);
    else if (cs_vat_admin_changes(a->k, arg(a, 1), &options, a->ret))
        cs_device_set_vat_options(a->k, vat, &options);
}

static void get_critical_vat_key(const asked *a)
{
    cs_answer_node(a->k, a->ret, cs_device_node(a->k, CS_VAT_ADMIN, CS_CRITICAL_KEY_NODE));
}

/* ---- meters ---- */

static void answer_meter_id(const asked *a, const cs_meter *m)
{
    char text[40];
    (void)snprintf(text, sizeof text, "m%llu", (unsigned long long)cs_meter_new(a->k, m));
    cs_answer_text(a->k, a->ret, text);
}

static void create_meter(const asked *a)
{
    cs_meter m = { 0 };
    if (number_arg(a, 0, "remaining", &m.remaining) && number_arg(a, 1, "threshold", &m.threshold))
        answer_meter_id(a, &m);
}

static void create_unlimited_meter(const asked *a)
{
    answer_meter_id(a, &(cs_meter){ .unlimited = true });
}

static bool meter_arg(const asked *a, uint64_t *ret, cs_meter *ret_meter)
{
    if (cs_vat_admin_meter(a->k, arg(a, 0), ret) && cs_meter_find(a->k, *ret, ret_meter))
        return true;
    cs_device_throw(a->k, a->ret, "there is no such meter");
    return false;
}

static void add_meter_remaining(const asked *a)
{
    cs_meter m;
    uint64_t id, delta;
    if (!meter_arg(a, &id, &m) || !number_arg(a, 1, "delta", &delta))
        return;
    if (m.unlimited)
        return;
    if (delta > INT64_MAX - m.remaining) {
        cs_device_throw(a->k, a->ret, "the meter would hold 2^63 or more");
        return;
    }
    m.remaining += delta;
    cs_meter_change(a->k, id, &m);
}

static void set_meter_threshold(const asked *a)
{
    cs_meter m;
    uint64_t id;
    if (!meter_arg(a, &id, &m) || !number_arg(a, 1, "threshold", &m.threshold))
        return;
    cs_meter_change(a->k, id, &m);
}

static void get_meter(const asked *a)
{
    char text[200], remaining[40] = "unlimited";
    cs_meter m;
    uint64_t id;
    if (!meter_arg(a, &id, &m))
        return;
    if (!m.unlimited)
        (void)snprintf(remaining, sizeof remaining, "+%llu", (unsigned long long)m.remaining);
    (void)snprintf(text, sizeof text, "#{\"remaining\":\"%s\",\"threshold\":\"+%llu\"}", remaining,
                   (unsigned long long)m.threshold);
    a->ret->data = (cs_kcapdata){ .body = cs_device_lend(a->k, cs_bytes_of(text)) };
}

/* ---- calls ---- */

static const struct {
    const char *name;
    void (*call)(const asked *a);
} methods[] = {
    { "createByName", create_by_name },
    { "createByBundleID", create_by_id },
    { "getBundleIDByName", get_bundle_id_by_name },
    { "getBundleCap", get_bundle_cap },
    { "getNamedBundleCap", get_named_bundle_cap },
    { "terminateWithFailure", terminate_with_failure },
    { "changeOptions", change_options },
    { "getCriticalVatKey", get_critical_vat_key },
    { "createMeter", create_meter },
    { "createUnlimitedMeter", create_unlimited_meter },
    { "addMeterRemaining", add_meter_remaining },
    { "setMeterThreshold", set_meter_threshold },
    { "getMeter", get_meter },
};

static void call_method(const asked *a, cs_bytes method)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (cs_bytes_equal(cs_bytes_of(methods[i].name), method)) {
            methods[i].call(a);
            return;
        }
    cs_device_throw(a->k, a->ret, "device vatAdmin has no method %.*s", (int)method.size,
                    (const char *)method.data);
}

static void call(void *ctx, cs_kernel *k, uint64_t node, cs_bytes method, const cs_kcapdata *args,
                 cs_device_answer *ret)
{
    (void)ctx;
    const asked a = { k, args, cs_args_parse(args), ret };
    if (node != 0)
        cs_device_throw(k, ret, "the criticalVatKey has no methods");
    else if (a.array == NULL)
        cs_device_throw(k, ret, "the arguments are no array in smallcaps");
    else
        call_method(&a, method);
    json_decref(a.array);
}

/* ---- what the vat is told ---- */

/* To its root, if there is such a vat. Takes the arguments. */
static void tell(cs_kernel *k, const char *method, json_t *take_args, const cs_kref *slots,
                 uint32_t count)
{
    cs_kref root = cs_device_root_of(k, CS_VAT_ADMIN);
    json_t *methargs = json_pack("[s,o]", method, take_args);
    char *text = json_dumps(methargs, JSON_COMPACT);
    cs_buf body = { 0 };
    cs_buf_addf(&body, "#%s", text);
    if (!cs_kref_none(root))
        cs_device_send(k, root, &(cs_kcapdata){ cs_buf_bytes(&body), slots, count });
    cs_buf_fini(&body);
    free(text);
    json_decref(methargs);
}

static json_t *error_of(const char *text)
{
    json_t *message = json_string(text);
    return json_pack("{s:o,s:s}", "#error", message == NULL ? json_string("?") : message, "name",
                     "Error");
}

static void vat_started(void *ctx, cs_kernel *k, cs_vatid vat, cs_kref root, const char *problem)
{
    char text[CS_REF_TEXT_MAX];
    (void)ctx;
    (void)cs_vatid_text(vat, text);
    if (problem == NULL)
        tell(k, "newVatCallback", json_pack("[s,{s:s}]", text, "rootObject", "$0.Alleged: vatRoot"),
             &root, 1);
    else
        tell(k, "newVatCallback", json_pack("[s,{s:o}]", text, "error", error_of(problem)), NULL,
             0);
}

/* What a vat says when it ends may be anything; what is no JSON is not passed on. */
static json_t *info_of(const cs_kcapdata *info)
{
    json_t *value = NULL;
    if (cs_bytes_start_with(info->body, "#"))
        value = json_loadb((const char *)info->body.data + 1, info->body.size - 1,
                           JSON_DECODE_ANY | JSON_REJECT_DUPLICATES, NULL);
    return value != NULL ? value : error_of("vat terminated");
}

static void vat_ended(void *ctx, cs_kernel *k, cs_vatid vat, bool failed, const cs_kcapdata *info)
{
    char text[CS_REF_TEXT_MAX];
    (void)ctx;
    tell(k, "vatTerminated",
         json_pack("[s,b,o]", cs_vatid_text(vat, text), (int)failed, info_of(info)), info->slots,
         info->slot_count);
}

static void meter_low(void *ctx, cs_kernel *k, uint64_t meter, uint64_t remaining)
{
    char id[40], left[40];
    (void)ctx;
    (void)snprintf(id, sizeof id, "m%llu", (unsigned long long)meter);
    (void)snprintf(left, sizeof left, "+%llu", (unsigned long long)remaining);
    tell(k, "meterCrossedThreshold", json_pack("[s,s]", id, left), NULL, 0);
}

static void bundle_installed(void *ctx, cs_kernel *k, cs_bytes id)
{
    (void)ctx;
    tell(k, "bundleInstalled", json_pack("[s%]", (const char *)id.data, id.size), NULL, 0);
}

const cs_device_ops cs_device_vat_admin = {
    .call = call,
    .vat_started = vat_started,
    .vat_ended = vat_ended,
    .bundle_installed = bundle_installed,
    .meter_low = meter_low,
};
