/* Options of dynamic vats (C4), key by key: what is unknown or out of range is refused by name. */
#include "devices/vat_admin.h"

#include "kernel/bundle.h"
#include "kernel/meter.h"
#include "kernel/options.h"

#include <stdio.h>
#include <string.h>

typedef struct reading {
    cs_kernel *k;
    const cs_kcapdata *args;
    cs_vat_options *options;
    const char *name;
    cs_kcapdata parameters;
} reading;

/* Each gives NULL, or what the value must be. */
typedef const char *read_fn(reading *r, const json_t *value);

static const char *read_bool(const json_t *value, bool *ret)
{
    *ret = json_is_true(value);
    return json_is_boolean(value) ? NULL : "true or false";
}

static const char *read_name(reading *r, const json_t *value)
{
    const char *name = cs_args_text(value);
    r->name = name;
    return name != NULL && cs_vat_name_check(cs_bytes_of(name))
               ? NULL
               : "1 to 199 of A-Z, a-z, 0-9, '.', '_' and '-'";
}

bool cs_vat_admin_meter(cs_kernel *k, const json_t *value, uint64_t *ret)
{
    char again[40];
    cs_meter m;
    unsigned long long id;
    const char *text = cs_args_text(value);
    if (text == NULL || sscanf(text, "m%16llu", &id) != 1)
        return false;
    (void)snprintf(again, sizeof again, "m%llu", id);
    *ret = id;
    return strcmp(text, again) == 0 && id > 0 && id <= CS_REF_ID_MAX && cs_meter_find(k, id, &m);
}

static const char *read_meter(reading *r, const json_t *value)
{
    return cs_vat_admin_meter(r->k, value, &r->options->meter) ? NULL : "a meter";
}

static const char *read_manager(reading *r, const json_t *value)
{
    const char *text = cs_args_text(value);
    const bool is_known = text != NULL && cs_manager_named(cs_bytes_of(text), &r->options->manager);
    return is_known && r->options->manager <= CS_MANAGER_NODE
               ? NULL
               : "a kind of vat manager: local, xs-worker or node-subprocess";
}

static const char *read_group(reading *r, const json_t *value)
{
    const char *text = cs_args_text(value);
    if (text == NULL || !cs_vat_name_check(cs_bytes_of(text)) || strlen(text) >= CS_GROUP_MAX)
        return "a name of at most 31 characters";
    memcpy(r->options->group, text, strlen(text) + 1);
    return NULL;
}

static const char *read_parameters(reading *r, const json_t *value)
{
    return cs_args_pick(r->k, value, r->args, &r->parameters) ? NULL : "data";
}

static const char *read_pipelining(reading *r, const json_t *value)
{
    return read_bool(value, &r->options->enable_pipelining);
}

static const char *read_disavow(reading *r, const json_t *value)
{
    return read_bool(value, &r->options->enable_disavow);
}

static const char *read_suspend(reading *r, const json_t *value)
{
    return read_bool(value, &r->options->suspend_on_underflow);
}

static const char *read_setup(reading *r, const json_t *value)
{
    (void)r;
    return json_is_false(value) ? NULL : "false: vats with setup() are not supported yet";
}

static const char *read_transcript(reading *r, const json_t *value)
{
    (void)r;
    return json_is_true(value) ? NULL : "true: every vat is durable";
}

/* Only who was given the key may make a vat whose end stops the kernel. */
static const char *read_critical(reading *r, const json_t *value)
{
    cs_kref key = cs_device_node(r->k, CS_VAT_ADMIN, CS_CRITICAL_KEY_NODE);
    if (json_is_false(value))
        return NULL;
    r->options->critical = cs_kref_same(cs_args_slot(value, r->args), key);
    return r->options->critical ? NULL : "the criticalVatKey";
}

static const char *read_threshold(const json_t *value, uint64_t *ret)
{
    const char *text = cs_args_text(value);
    if (text != NULL && strcmp(text, "never") == 0) {
        *ret = CS_REAP_NEVER;
        return NULL;
    }
    return cs_args_nat(value, ret) && *ret > 0 ? NULL : "a number from 1 on, or \"never\"";
}

static const char *read_interval(reading *r, const json_t *value)
{
    return read_threshold(value, &r->options->reap_interval);
}

static const char *read_gc_krefs(reading *r, const json_t *value)
{
    return read_threshold(value, &r->options->reap_gc_krefs);
}

static const char *read_never_reap(reading *r, const json_t *value)
{
    return read_bool(value, &r->options->never_reap);
}

static const struct {
    const char *key;
    read_fn *read;
    bool can_change;
} keys[] = {
    { "name", read_name, false },
    { "meter", read_meter, false },
    { "managerType", read_manager, false },
    { "group", read_group, false },
    { "vatParameters", read_parameters, false },
    { "enableSetup", read_setup, false },
    { "enablePipelining", read_pipelining, false },
    { "enableDisavow", read_disavow, false },
    { "useTranscript", read_transcript, false },
    { "critical", read_critical, false },
    { "suspendOnUnderflow", read_suspend, false },
    { "reapInterval", read_interval, true },
    { "reapGCKrefs", read_gc_krefs, true },
    { "neverReap", read_never_reap, true },
};
enum { KEYS = sizeof keys / sizeof keys[0] };

/* NULL, or what is wrong with the value; "" if the key is unknown. */
static const char *read_key(reading *r, const char *key, const json_t *value, bool changing)
{
    for (size_t i = 0; i < KEYS; i++)
        if (strcmp(keys[i].key, key) == 0 && (keys[i].can_change || !changing))
            return cs_args_is_undefined(value) ? NULL : keys[i].read(r, value);
    return "";
}

static bool read_record(reading *r, const json_t *record, bool changing, cs_device_answer *ret)
{
    const char *key;
    json_t *value;
    if (cs_args_is_undefined(record))
        return true;
    if (!json_is_object(record)) {
        cs_device_throw(r->k, ret, "options must be a record");
        return false;
    }
    json_object_foreach((json_t *)(uintptr_t)record, key, value)
    {
        const char *wrong = read_key(r, key, value, changing);
        if (wrong == NULL)
            continue;
        if (wrong[0] == 0)
            cs_device_throw(r->k, ret, "unknown option '%.100s'", key);
        else
            cs_device_throw(r->k, ret, "option '%s' must be %s", key, wrong);
        return false;
    }
    return true;
}

bool cs_vat_admin_options(cs_kernel *k, const json_t *record, const cs_kcapdata *args,
                          cs_vat_options *ret_options, const char **ret_name,
                          cs_kcapdata *ret_parameters, cs_device_answer *ret)
{
    *ret_options = (cs_vat_options){ 0 };
    reading r = { k, args, ret_options, "", { .body = CS_BYTES("#\"#undefined\"") } };
    if (!read_record(&r, record, false, ret))
        return false;
    *ret_name = r.name;
    *ret_parameters = r.parameters;
    return true;
}

bool cs_vat_admin_changes(cs_kernel *k, const json_t *record, cs_vat_options *options,
                          cs_device_answer *ret)
{
    reading r = { .k = k, .options = options };
    return read_record(&r, record, true, ret);
}
