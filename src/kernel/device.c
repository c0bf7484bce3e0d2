#include "kernel/device.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "kernel/capdata.h"
#include "kernel/change.h"
#include "kernel/clist.h"
#include "kernel/options.h"
#include "kernel/queue.h"
#include "kernel/refcount.h"
#include "kernel/syscall.h"
#include "kernel/vat.h"

#include <stdio.h>
#include <string.h>

static const cs_vatid own = { 0 }; /* whose keys they are: the kernel's */

/* A registered device: lives as long as the kernel. */
struct cs_device {
    const cs_device_ops *ops;
    void *ctx;
    cs_blob *name;
};

static const cs_device *find_device(const cs_kernel *k, cs_bytes name)
{
    for (size_t i = 0; i < k->device_count; i++)
        if (cs_bytes_equal(cs_blob_bytes(k->devices[i].name), name))
            return &k->devices[i];
    return NULL;
}

void cs_devices_fini(cs_kernel *k)
{
    for (size_t i = 0; i < k->device_count; i++)
        (void)cs_blob_unref(k->devices[i].name);
    cs_free(k->devices);
}

/* ---- nodes ---- */

/* "device.kref.NAME/12"; the text is the caller's to fini. */
static cs_bytes kref_key(cs_buf *b, cs_bytes name, uint64_t node)
{
    cs_buf_addf(b, "device.kref.%.*s/%llu", (int)name.size, (const char *)name.data,
                (unsigned long long)node);
    return cs_buf_bytes(b);
}

static cs_bytes node_key(cs_kref node, char text[static 64])
{
    char kref[CS_REF_TEXT_MAX];
    (void)snprintf(text, 64, "device.node.%s", cs_kref_text(node, kref));
    return cs_bytes_of(text);
}

static cs_status find_node(cs_kernel *k, cs_bytes name, uint64_t node, cs_kref *ret)
{
    cs_buf key = { 0 };
    const cs_blob *value = cs_kv_find(k->store, own, kref_key(&key, name, node));
    cs_buf_fini(&key);
    if (value == NULL)
        return CS_E_NOT_FOUND;
    return cs_kref_parse(cs_blob_bytes(value), ret) == CS_OK && cs_kref_type(*ret) == CS_REF_DEVICE
               ? CS_OK
               : CS_E_CORRUPT;
}

static cs_kref new_node(cs_kernel *k, cs_bytes name, uint64_t node)
{
    char text[64], kref[CS_REF_TEXT_MAX];
    cs_buf b = { 0 };
    cs_meta *meta = k->crank.meta;
    if (!cs_need_id(k, meta->next_device))
        return cs_kref_of(CS_REF_DEVICE, CS_REF_ID_MAX);
    cs_kref made = cs_kref_of(CS_REF_DEVICE, meta->next_device++);
    cs_kv_set(k->store, own, kref_key(&b, name, node),
              cs_blob_new(cs_bytes_of(cs_kref_text(made, kref))));
    cs_buf_clear(&b);
    cs_buf_addf(&b, "%.*s/%llu", (int)name.size, (const char *)name.data, (unsigned long long)node);
    cs_kv_set(k->store, own, node_key(made, text), cs_blob_new(cs_buf_bytes(&b)));
    cs_buf_fini(&b);
    return made;
}

cs_kref cs_device_node(cs_kernel *k, cs_bytes name, uint64_t node)
{
    cs_kref found = { 0 };
    cs_status st = find_node(k, name, node, &found);
    if (st == CS_E_CORRUPT)
        cs_crank_fault(k, "device %.*s: the kref of its node is malformed", (int)name.size,
                       (const char *)name.data);
    return st == CS_E_NOT_FOUND ? new_node(k, name, node) : found;
}

static bool parse_number(cs_bytes text, uint64_t *ret)
{
    *ret = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9' || *ret > CS_REF_ID_MAX)
            return false;
        *ret = *ret * 10 + (uint64_t)(text.data[i] - '0');
    }
    return text.size > 0;
}

cs_status cs_device_of(cs_kernel *k, cs_kref node, cs_bytes *ret_name, uint64_t *ret_node)
{
    char text[64];
    const cs_blob *value = NULL;
    if (cs_kref_type(node) == CS_REF_DEVICE)
        value = cs_kv_find(k->store, own, node_key(node, text));
    if (value == NULL)
        return CS_E_NOT_FOUND;
    cs_bytes name = cs_blob_bytes(value);
    const uint8_t *slash = memchr(name.data, '/', name.size);
    if (slash == NULL)
        return CS_E_CORRUPT;
    *ret_name = (cs_bytes){ name.data, (size_t)(slash - name.data) };
    const cs_bytes number = { slash + 1, name.size - ret_name->size - 1 };
    return parse_number(number, ret_node) ? CS_OK : CS_E_CORRUPT;
}

cs_status cs_kernel_device_named(cs_kernel *k, cs_bytes name, cs_kref *ret)
{
    return find_node(k, name, 0, ret);
}

/* ---- registering ---- */

static cs_status make_root(cs_kernel *k, cs_bytes name, cs_error *err)
{
    cs_kref root;
    cs_status st = find_node(k, name, 0, &root);
    if (st != CS_E_NOT_FOUND)
        return st == CS_OK ? CS_OK
                           : cs_fail(err, st, "device %.*s: its node is malformed", (int)name.size,
                                     (const char *)name.data);
    st = cs_change_begin(k, CS_CHANGE_ADD_DEVICE, err);
    if (st != CS_OK)
        return st;
    (void)cs_device_node(k, name, 0);
    cs_buf_add(&k->crank.record, name.data, name.size);
    return cs_crank_end_host(k, err);
}

cs_status cs_kernel_add_device(cs_kernel *k, cs_bytes name, const cs_device_ops *ops, void *ctx,
                               cs_error *err)
{
    if (!cs_vat_name_check(name))
        return cs_fail(err, CS_E_USAGE, "a device's name is like a vat's");
    if (find_device(k, name) != NULL)
        return cs_fail(err, CS_E_BUSY, "device %.*s: is registered", (int)name.size,
                       (const char *)name.data);
    cs_status st = make_root(k, name, err);
    if (st != CS_OK)
        return st;
    k->devices = cs_realloc(k->devices, k->device_count + 1, sizeof *k->devices);
    k->devices[k->device_count++] = (cs_device){ ops, ctx, cs_blob_new(name) };
    return CS_OK;
}

/* ---- what a device does during a call ---- */

void cs_device_send(cs_kernel *k, cs_kref target, const cs_kcapdata *methargs)
{
    const cs_event e = { CS_EVENT_SEND, .target = target, .data = *methargs,
                         .since = k->crank.meta->crank_number };
    cs_event_up(k, &e);
    cs_queue_accept(k, cs_event_blob(&k->scratch, &e));
    cs_stat_add(k, CS_STAT_SENDS, 1);
}

void cs_device_hold(cs_kernel *k, cs_kref object)
{
    cs_object_hold(k, object, CS_HOLD_DEVICE);
}

static cs_bytes state_key(cs_buf *b, cs_bytes name, cs_bytes key)
{
    cs_buf_addf(b, "device.state.%.*s/", (int)name.size, (const char *)name.data);
    cs_buf_add(b, key.data, key.size);
    return cs_buf_bytes(b);
}

cs_blob *cs_device_get(cs_kernel *k, cs_bytes name, cs_bytes key)
{
    cs_buf b = { 0 };
    cs_blob *value = cs_kv_find(k->store, own, state_key(&b, name, key));
    cs_buf_fini(&b);
    return value;
}

void cs_device_set(cs_kernel *k, cs_bytes name, cs_bytes key, cs_blob *take_value)
{
    cs_buf b = { 0 };
    cs_bytes whole = state_key(&b, name, key);
    if (take_value != NULL)
        cs_kv_set(k->store, own, whole, take_value);
    else if (cs_kv_find(k->store, own, whole) != NULL)
        cs_kv_delete(k->store, own, whole);
    cs_buf_fini(&b);
}

void cs_device_end_vat(cs_kernel *k, cs_vatid vat, const cs_kcapdata *reason)
{
    cs_to_end *one = cs_arena_take(&k->crank.arena, sizeof *one);
    cs_to_end **last = &k->crank.to_end;
    while (*last != NULL)
        last = &(*last)->next;
    *one = (cs_to_end){ NULL, vat, *reason };
    *last = one;
}

bool cs_device_vat_options(cs_kernel *k, cs_vatid vat, cs_vat_options *ret)
{
    if (!cs_vat_is_live(k->store, vat))
        return false;
    *ret = cs_need_options(k, vat);
    return true;
}

void cs_device_set_vat_options(cs_kernel *k, cs_vatid vat, const cs_vat_options *options)
{
    cs_row_set_blob(k->store, &cs_vat_edit(k->store, vat)->options, cs_vat_options_blob(options));
}

cs_kref cs_device_root_of(cs_kernel *k, cs_bytes vat_name)
{
    cs_vatid vat;
    if (cs_kernel_vat_named(k, vat_name, &vat) != CS_OK || !cs_vat_is_live(k->store, vat))
        return (cs_kref){ 0 };
    return cs_root_named(k, vat);
}

cs_bytes cs_device_lend(cs_kernel *k, cs_bytes bytes)
{
    return cs_arena_copy(&k->crank.arena, bytes);
}

void cs_device_throw(cs_kernel *k, cs_device_answer *ret, const char *format, ...)
{
    char text[CS_ERROR_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    *ret = (cs_device_answer){ true, { .body = cs_device_lend(k, cs_bytes_of(text)) } };
}

/* ---- what devices are told ---- */

void cs_devices_tell_start(cs_kernel *k, cs_vatid vat, cs_kref root, const char *problem)
{
    for (size_t i = 0; i < k->device_count; i++)
        if (k->devices[i].ops->vat_started != NULL)
            k->devices[i].ops->vat_started(k->devices[i].ctx, k, vat, root, problem);
}

void cs_devices_tell_meter(cs_kernel *k, uint64_t meter, uint64_t remaining)
{
    for (size_t i = 0; i < k->device_count; i++)
        if (k->devices[i].ops->meter_low != NULL)
            k->devices[i].ops->meter_low(k->devices[i].ctx, k, meter, remaining);
}

void cs_devices_tell_end(cs_kernel *k, cs_vatid vat, bool failed, const cs_kcapdata *info)
{
    for (size_t i = 0; i < k->device_count; i++)
        if (k->devices[i].ops->vat_ended != NULL)
            k->devices[i].ops->vat_ended(k->devices[i].ctx, k, vat, failed, info);
}

void cs_devices_tell_bundle(cs_kernel *k, cs_bytes id)
{
    for (size_t i = 0; i < k->device_count; i++)
        if (k->devices[i].ops->bundle_installed != NULL)
            k->devices[i].ops->bundle_installed(k->devices[i].ctx, k, id);
}

/* ---- syscall.callNow ---- */

/* The device of a node that the vat holds. Not a device's: vat-fatal. */
static cs_status called_node(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref *ret, cs_error *err)
{
    if (cs_vref_check(vref) && cs_vref_type(vref) != CS_REF_DEVICE)
        return cs_vref_refuse(vref, CS_E_WRONG_REF, err);
    return cs_clist_to_kref(k, vat, vref, ret, err);
}

static bool mentions_a_promise(const cs_capdata *d)
{
    for (uint32_t i = 0; i < d->slot_count; i++)
        if (cs_vref_check(d->slots[i]) && cs_vref_type(d->slots[i]) == CS_REF_PROMISE)
            return true;
    return false;
}

static void call_device(cs_kernel *k, cs_kref node, cs_bytes method, const cs_kcapdata *args,
                        cs_device_answer *ret)
{
    cs_bytes name;
    uint64_t number;
    cs_status st = cs_device_of(k, node, &name, &number);
    if (st != CS_OK) {
        char text[CS_REF_TEXT_MAX];
        cs_crank_fault(k, "%s: no device has this node", cs_kref_text(node, text));
        return;
    }
    const cs_device *device = find_device(k, name);
    if (device == NULL)
        cs_device_throw(k, ret, "device %.*s is not here", (int)name.size, (const char *)name.data);
    else
        device->ops->call(device->ctx, k, number, method, args, ret);
}

/* What the vat is told, in its own names. */
static void answer(cs_kernel *k, cs_vatid vat, const cs_device_answer *a, cs_syscall *s)
{
    cs_vref *slots = cs_arena_take(&k->crank.arena, (a->data.slot_count + 1) * sizeof *slots);
    for (uint32_t i = 0; i < a->data.slot_count; i++)
        slots[i] = cs_clist_to_vref(k, vat, a->data.slots[i]);
    s->call.failed = a->failed;
    s->call.result = (cs_capdata){ a->data.body, slots, a->data.slot_count };
}

cs_status cs_syscall_call_now(cs_kernel *k, cs_vatid vat, cs_syscall *s, cs_error *err)
{
    cs_kref node;
    cs_kcapdata args;
    cs_device_answer a = { .data.body = CS_BYTES("#\"#undefined\"") };
    cs_status st = called_node(k, vat, s->call.device, &node, err);
    if (st == CS_OK && s->call.method.size > CS_VATSTORE_KEY_MAX)
        st = cs_fail(err, CS_E_TOO_BIG, "method of %zu bytes", s->call.method.size);
    if (st == CS_OK && mentions_a_promise(&s->call.args)) {
        cs_device_throw(k, &a, "the arguments of a device call cannot be promises");
        answer(k, vat, &a, s);
        return CS_OK;
    }
    if (st == CS_OK)
        st = cs_syscall_capdata(k, vat, &s->call.args, &args, err);
    if (st != CS_OK)
        return st;
    call_device(k, node, s->call.method, &args, &a);
    answer(k, vat, &a, s);
    for (uint32_t i = 0; i < args.slot_count; i++) /* perhaps exported for this alone */
        if (cs_kref_type(args.slots[i]) == CS_REF_OBJECT)
            cs_ref_maybe_free(k, args.slots[i]);
    return CS_OK;
}
