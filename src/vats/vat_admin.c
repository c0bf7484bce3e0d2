/* The vatAdmin vat (C4, S10): gives the kernel's doors for making vats, in the vatAdmin device, the shape
 * of objects. The only one that holds that device, it lets nothing through but data and references that
 * the caller has, and turns the objects that it gave out itself (meters, the critical vat key) into
 * what the device understands. Whatever is wrong with a message rejects its answer.
 *
 *   root      createVatAdminService(device), getCriticalVatKey(); and from the kernel newVatCallback,
 *             vatTerminated, meterCrossedThreshold, bundleInstalled
 *   service   createVat, createVatByName, bundles, meters
 *
 * It has the reference's interface but for upgrade and what belongs to it. */
#include "vats/vat_admin.h"

#include <stdlib.h>

/* --- root and service ------------------------------------------------------------------------------ */

static void return_fixed(cs_va *va, uint64_t id, const char *iface)
{
    cs_sc_writer w = { .arena = cs_native_arena(va->n) };
    cs_sc_add(&w, "#");
    cs_sc_add_ref(&w, cs_vref_of(CS_REF_OBJECT, true, id), iface);
    cs_capdata data = cs_sc_close(&w);
    cs_va_return(va, &data);
}

static void create_service(cs_va *va)
{
    char text[CS_REF_TEXT_MAX];
    cs_vref device = cs_sc_ref(cs_va_arg(va, 0), va->data);
    if (cs_vref_type(device) != CS_REF_DEVICE) {
        cs_va_throw(va, "createVatAdminService() requires the vatAdmin device");
        return;
    }
    cs_native_set(va->n, CS_BYTES("device"), cs_va_text(va, "%s", cs_vref_text(device, text)));
    return_fixed(va, 1, "Alleged: vatAdminService");
}

static void get_key(cs_va *va)
{
    return_fixed(va, 2, "Alleged: criticalVatKey");
}

/* --- bundles --------------------------------------------------------------------------------------- */

static bool take_id(cs_va *va, const char *what, cs_bytes *ret)
{
    if (cs_va_is_id(cs_va_arg(va, 0), ret))
        return true;
    cs_va_throw(va, "%s must be a string of at most 199 of A-Z a-z 0-9 . _ -", what);
    return false;
}

static bool is_cap(const cs_capdata *data)
{
    cs_bytes value;
    return cs_sc_open(data, &value) && cs_vref_type(cs_sc_ref(value, data)) == CS_REF_DEVICE;
}

/* The cap of an installed bundle. The device may say by failing that it is not. */
static bool find_cap(cs_va *va, cs_bytes id, cs_capdata *ret)
{
    cs_sc_writer w = cs_va_args(va, id);
    return cs_va_try(va, cs_va_device(va), "getBundleCap", &w, ret) && is_cap(ret);
}

/* Returns the cap of the bundle that the message names. True: there is none yet, and it is *ret_id. */
static bool has_no_cap(cs_va *va, cs_bytes *ret_id)
{
    cs_capdata cap;
    if (!take_id(va, "bundleID", ret_id))
        return false;
    bool found = find_cap(va, *ret_id, &cap);
    if (found)
        cs_va_return(va, &cap);
    return !found;
}

static void get_bundle_cap(cs_va *va)
{
    cs_bytes id;
    if (has_no_cap(va, &id))
        cs_va_throw(va, "bundleID not yet installed: %.*s", (int)id.size, (const char *)id.data);
}

static void wait_for_bundle_cap(cs_va *va)
{
    cs_bytes id;
    if (has_no_cap(va, &id))
        cs_va_wait(va, "bundle", id);
}

static void bundle_installed(cs_va *va)
{
    cs_bytes id;
    cs_capdata cap;
    if (!take_id(va, "bundleID", &id))
        return;
    cs_va_return_undefined(va);
    if (cs_va_is_anyone_waiting(va, "bundle", id) && find_cap(va, id, &cap))
        cs_va_settle_waiting(va, "bundle", id, false, &cap);
}

static void ask_by_name(cs_va *va, const char *method)
{
    cs_bytes name;
    cs_capdata found;
    if (!take_id(va, "bundle name", &name))
        return;
    cs_sc_writer w = cs_va_args(va, name);
    if (cs_va_call(va, method, &w, &found))
        cs_va_return(va, &found);
}

static void get_named_bundle_cap(cs_va *va)
{
    ask_by_name(va, "getNamedBundleCap");
}

static void get_bundle_id_by_name(cs_va *va)
{
    ask_by_name(va, "getBundleIDByName");
}

/* --- messages -------------------------------------------------------------------------------------- */

static const struct {
    cs_va_kind kind;
    const char *name;
    cs_va_method *call;
} methods[] = {
    { CS_VA_ROOT, "createVatAdminService", create_service },
    { CS_VA_ROOT, "getCriticalVatKey", get_key },
    { CS_VA_ROOT, "newVatCallback", cs_va_new_vat_callback },
    { CS_VA_ROOT, "vatTerminated", cs_va_vat_terminated },
    { CS_VA_ROOT, "meterCrossedThreshold", cs_va_meter_crossed_threshold },
    { CS_VA_ROOT, "bundleInstalled", bundle_installed },
    { CS_VA_SERVICE, "createVat", cs_va_create_vat },
    { CS_VA_SERVICE, "createVatByName", cs_va_create_vat_by_name },
    { CS_VA_SERVICE, "waitForBundleCap", wait_for_bundle_cap },
    { CS_VA_SERVICE, "getBundleCap", get_bundle_cap },
    { CS_VA_SERVICE, "getNamedBundleCap", get_named_bundle_cap },
    { CS_VA_SERVICE, "getBundleIDByName", get_bundle_id_by_name },
    { CS_VA_SERVICE, "createMeter", cs_va_create_meter },
    { CS_VA_SERVICE, "createUnlimitedMeter", cs_va_create_unlimited_meter },
    { CS_VA_ADMIN, "done", cs_va_done },
    { CS_VA_ADMIN, "terminateWithFailure", cs_va_terminate },
    { CS_VA_ADMIN, "changeOptions", cs_va_change_options },
    { CS_VA_ADMIN, "upgrade", cs_va_upgrade },
    { CS_VA_METER, "addRemaining", cs_va_add_remaining },
    { CS_VA_METER, "setThreshold", cs_va_set_threshold },
    { CS_VA_METER, "get", cs_va_get_meter },
    { CS_VA_METER, "getNotifier", cs_va_get_notifier },
    { CS_VA_UNLIMITED, "addRemaining", cs_va_unlimited_change },
    { CS_VA_UNLIMITED, "setThreshold", cs_va_unlimited_change },
    { CS_VA_UNLIMITED, "get", cs_va_get_unlimited },
    { CS_VA_UNLIMITED, "getNotifier", cs_va_get_notifier },
    { CS_VA_NOTIFIER, "getUpdateSince", cs_va_get_update_since },
};

static cs_va_method *find_method(cs_va_kind kind, cs_bytes name)
{
    for (size_t i = 0; i < sizeof methods / sizeof methods[0]; i++)
        if (methods[i].kind == kind && cs_sc_says(name, methods[i].name))
            return methods[i].call;
    return NULL;
}

/* What a vat says when it ends may be no data: that it ended is true all the same. */
static bool open_message(cs_va *va, cs_va_kind kind, cs_bytes *ret_methargs)
{
    if (cs_sc_open(va->data, ret_methargs))
        return true;
    va->is_odd = true;
    return kind == CS_VA_ROOT && cs_sc_open_json(va->data->body, ret_methargs) &&
           cs_sc_says(cs_sc_item(*ret_methargs, 0), "vatTerminated");
}

static void call_method(cs_va *va, cs_va_kind kind)
{
    cs_bytes methargs;
    if (!open_message(va, kind, &methargs)) {
        cs_va_throw(va, "vatAdmin: malformed message");
        return;
    }
    cs_bytes name = cs_sc_item(methargs, 0);
    va->args = cs_sc_item(methargs, 1);
    cs_va_method *call = find_method(kind, name);
    if (cs_sc_kind_of(methargs) != CS_SC_ARRAY || cs_sc_kind_of(va->args) != CS_SC_ARRAY ||
        call == NULL)
        cs_va_throw(va, "vatAdmin: target has no method \"%.*s\"", (int)cs_sc_text(name).size,
                    (const char *)cs_sc_text(name).data);
    else
        call(va);
}

static int compare_refs(const void *a, const void *b)
{
    return cs_vref_compare_text(*(const cs_vref *)a, *(const cs_vref *)b);
}

/* What other vats' objects a message brought: they have been passed on, or nobody wants them. */
static void drop_imports(cs_native *n, const cs_capdata *data)
{
    uint32_t count = 0, kept = 0;
    cs_vref *items =
        cs_arena_take(cs_native_arena(n), ((size_t)data->slot_count + 1) * sizeof *items);
    for (uint32_t i = 0; i < data->slot_count; i++)
        if (cs_vref_type(data->slots[i]) == CS_REF_OBJECT && !cs_vref_by_vat(data->slots[i]))
            items[count++] = data->slots[i];
    qsort(items, count, sizeof *items, compare_refs);
    for (uint32_t i = 0; i < count; i++)
        if (kept == 0 || !cs_vref_same(items[kept - 1], items[i]))
            items[kept++] = items[i];
    cs_native_refs(n, CS_SYSCALL_DROP_IMPORTS, items, kept);
    cs_native_refs(n, CS_SYSCALL_RETIRE_IMPORTS, items, kept);
}

static void on_message(cs_native *n, const cs_message *m)
{
    cs_va va = { .n = n, .data = &m->methargs, .result = m->result };
    call_method(&va, cs_va_kind_of(&va, m->target, &va.subject));
    drop_imports(n, &m->methargs);
}

/* --- garbage --------------------------------------------------------------------------------------- */

/* Nobody can reach these any more, and they are never given out again. The fixed ones are. */
static void on_drop_exports(cs_native *n, const cs_vrefs *refs)
{
    cs_va va = { .n = n };
    cs_bytes subject;
    uint32_t count = 0;
    cs_vref *items = cs_arena_take(cs_native_arena(n), ((size_t)refs->count + 1) * sizeof *items);
    for (uint32_t i = 0; i < refs->count; i++) {
        if (cs_va_kind_of(&va, refs->items[i], &subject) < CS_VA_ADMIN)
            continue;
        cs_native_delete(n,
                         cs_va_text(&va, "o.%llu", (unsigned long long)cs_vref_id(refs->items[i])));
        items[count++] = refs->items[i];
    }
    cs_native_refs(n, CS_SYSCALL_RETIRE_EXPORTS, items, count);
}

static void deliver(cs_native *n, const cs_delivery *d)
{
    if (d->kind == CS_DELIVER_MESSAGE)
        on_message(n, &d->message);
    else if (d->kind == CS_DELIVER_DROP_EXPORTS)
        on_drop_exports(n, &d->refs);
    /* It subscribes to nothing, holds no imports, and what is retired it has forgotten. */
}

const cs_native_vat cs_vat_admin = { .name = "vatAdmin", .deliver = deliver };
