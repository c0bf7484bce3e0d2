/* Making dynamic vats, and their admin nodes (S10, C4). A promise of createVat() is kept until the
 * kernel says what became of the vat: newVatCallback, or vatTerminated for one that fell over while it
 * started. The promises of done() wait for vatTerminated. */
#include "vats/vat_admin.h"

#include <string.h>

/* --- a vat's entry --------------------------------------------------------------------------------- */

static cs_bytes vat_key(cs_va *va, cs_bytes vat)
{
    return cs_va_text(va, "vat.%.*s", (int)vat.size, (const char *)vat.data);
}

static void set_state(cs_va *va, cs_bytes vat, cs_bytes state)
{
    cs_native_set(va->n, vat_key(va, vat), state);
}

static void forget_vat(cs_va *va, cs_bytes vat)
{
    cs_native_delete(va->n, vat_key(va, vat));
}

static bool is_starting(cs_bytes state)
{
    return cs_bytes_start_with(state, "starting");
}

/* Who waits for a vat that is starting; none if nobody does. */
static cs_vref creator_of(cs_bytes state)
{
    const size_t size = strlen("starting ");
    cs_vref promise = { 0 };
    if (state.size > size)
        (void)cs_vref_parse((cs_bytes){ state.data + size, state.size - size }, &promise);
    return promise;
}

/* --- createVat ------------------------------------------------------------------------------------- */

/* The meter that an option means, by its id. Only who holds the meter can name it. */
static bool convert_meter(cs_va *va, cs_sc_writer *w, cs_bytes value)
{
    cs_bytes id;
    cs_va_kind kind = cs_va_kind_of(va, cs_sc_ref(value, va->data), &id);
    if (kind != CS_VA_METER && kind != CS_VA_UNLIMITED) {
        cs_va_throw(va, "CreateVatOptions: invalid meter");
        return false;
    }
    cs_sc_add(w, "\"");
    cs_sc_add_bytes(w, id);
    cs_sc_add(w, "\"");
    return true;
}

/* Who shows our key means the device's. */
static bool add_device_key(cs_va *va, cs_sc_writer *w)
{
    cs_sc_writer none = cs_va_args(va, (cs_bytes){ 0 });
    cs_capdata key;
    cs_bytes value;
    if (!cs_va_call(va, "getCriticalVatKey", &none, &key))
        return false;
    if (cs_sc_open(&key, &value))
        cs_sc_add_value(w, value, &key);
    else
        cs_sc_add(w, "true"); /* which the device refuses */
    return true;
}

static bool convert_critical(cs_va *va, cs_sc_writer *w, cs_bytes value)
{
    cs_bytes subject;
    if (cs_sc_kind_of(value) == CS_SC_BOOLEAN && !cs_sc_is_true(value)) {
        cs_sc_add(w, "false");
        return true;
    }
    if (cs_va_kind_of(va, cs_sc_ref(value, va->data), &subject) == CS_VA_KEY)
        return add_device_key(va, w);
    cs_va_throw(va, "invalid criticalVatKey");
    return false;
}

static bool convert_option(cs_va *va, cs_sc_writer *w, cs_bytes key, cs_bytes value)
{
    cs_sc_add(w, "\"");
    cs_sc_add_bytes(w, key);
    cs_sc_add(w, "\":");
    if (cs_bytes_equal(key, CS_BYTES("meter")))
        return convert_meter(va, w, value);
    if (cs_bytes_equal(key, CS_BYTES("critical")))
        return convert_critical(va, w, value);
    cs_sc_add_value(w, value, va->data);
    return true;
}

/* Objects that are options become what the device understands; the device judges the rest. What is
 * undefined is not said. */
static bool add_options(cs_va *va, cs_sc_writer *w, cs_bytes options)
{
    cs_bytes left = cs_sc_inside(options), key, value;
    bool is_first = true, good = true;
    cs_sc_add(w, ",{");
    while (good && cs_sc_next(&left, &key, &value)) {
        if (cs_sc_kind_of(value) == CS_SC_UNDEFINED)
            continue;
        if (!is_first)
            cs_sc_add(w, ",");
        is_first = false;
        good = convert_option(va, w, key, value);
    }
    cs_sc_add(w, "}");
    return good;
}

static bool are_options(cs_va *va, cs_bytes *options)
{
    cs_sc_kind kind = cs_sc_kind_of(*options);
    if (kind == CS_SC_ABSENT || kind == CS_SC_UNDEFINED)
        *options = (cs_bytes){ 0 };
    else if (kind != CS_SC_RECORD)
        cs_va_throw(va, "CreateVatOptions: must be a record");
    return kind == CS_SC_ABSENT || kind == CS_SC_UNDEFINED || kind == CS_SC_RECORD;
}

static void note_new_vat(cs_va *va, const cs_capdata *made)
{
    char text[CS_REF_TEXT_MAX];
    cs_bytes vat;
    if (!cs_va_id_of(made, &vat)) {
        cs_va_throw(va, "vatAdmin device: no vatID");
        return;
    }
    bool waits = !cs_vref_none(va->result);
    set_state(va, vat,
              cs_va_text(va, "starting%s%s", waits ? " " : "",
                         waits ? cs_vref_text(va->result, text) : ""));
    va->result = (cs_vref){ 0 };
}

static void create(cs_va *va, const char *method, cs_bytes source, cs_bytes options)
{
    cs_capdata made;
    if (!are_options(va, &options))
        return;
    cs_sc_writer w = cs_va_args(va, source);
    if (!add_options(va, &w, options))
        (void)cs_sc_close(&w);
    else if (cs_va_call(va, method, &w, &made))
        note_new_vat(va, &made);
}

static bool bundle_id_of(cs_va *va, cs_bytes cap, cs_bytes *ret)
{
    cs_vref node = cs_sc_ref(cap, va->data);
    cs_sc_writer w = cs_va_args(va, (cs_bytes){ 0 });
    cs_capdata id;
    if (cs_vref_type(node) != CS_REF_DEVICE)
        node = (cs_vref){ 0 };
    return cs_va_try(va, node, "getBundleID", &w, &id) && cs_va_id_of(&id, ret);
}

void cs_va_create_vat(cs_va *va)
{
    cs_bytes id;
    if (bundle_id_of(va, cs_va_arg(va, 0), &id))
        create(va, "createByBundleID", id, cs_va_arg(va, 1));
    else
        cs_va_throw(va, "Vat Creation Error: createVat() requires a bundlecap");
}

void cs_va_create_vat_by_name(cs_va *va)
{
    cs_bytes name;
    if (cs_va_is_id(cs_va_arg(va, 0), &name))
        create(va, "createByName", name, cs_va_arg(va, 1));
    else
        cs_va_throw(va, "createVatByName() requires bundleName to be a string");
}

/* --- what became of it ----------------------------------------------------------------------------- */

static void add_member_text(cs_sc_writer *w, cs_bytes error, const char *name)
{
    cs_sc_add_bytes(w, cs_sc_text(cs_sc_member(error, name)));
}

/* As `${value}` would say it. */
static void describe(cs_sc_writer *w, cs_bytes value)
{
    cs_sc_kind kind = cs_sc_kind_of(value);
    if (kind == CS_SC_ERROR) {
        add_member_text(w, value, "name");
        cs_sc_add(w, ": ");
        add_member_text(w, value, "#error");
    } else if (kind == CS_SC_STRING || kind == CS_SC_BIGINT || kind == CS_SC_NUMBER)
        cs_sc_add_bytes(w, cs_sc_text(value));
    else
        cs_sc_add(w, kind == CS_SC_UNDEFINED ? "undefined" : "[object Object]");
}

/* Whoever says it first, it is said once. */
static void describe_failure(cs_sc_writer *w, cs_bytes why)
{
    static const char begins[] = "Vat Creation Error: ";
    cs_bytes text = cs_sc_text(cs_sc_member(why, "#error"));
    if (cs_bytes_start_with(text, begins)) {
        cs_sc_add_bytes(w, text);
        return;
    }
    cs_sc_add(w, begins);
    describe(w, why);
}

static void fail_creation(cs_va *va, cs_bytes vat, cs_bytes state, cs_bytes why)
{
    cs_sc_writer w = { .arena = cs_native_arena(va->n) };
    cs_sc_add(&w, "#{\"#error\":\"");
    describe_failure(&w, why);
    cs_sc_add(&w, "\",\"name\":\"Error\"}");
    cs_capdata data = cs_sc_close(&w);
    cs_vref creator = creator_of(state);
    if (!cs_vref_none(creator))
        cs_va_settle(va, creator, true, &data);
    forget_vat(va, vat);
}

/* {adminNode, root}; nobody has an admin node of a vat whose creator does not wait. */
static void finish_creation(cs_va *va, cs_bytes vat, cs_bytes state, cs_bytes root)
{
    cs_sc_writer w = { .arena = cs_native_arena(va->n) };
    cs_vref creator = creator_of(state);
    set_state(va, vat, CS_BYTES("running"));
    if (cs_vref_none(creator))
        return;
    cs_sc_add(&w, "#{\"adminNode\":");
    cs_sc_add_ref(&w, cs_va_export(va, "admin", vat), "Alleged: adminNode");
    cs_sc_add(&w, ",\"root\":");
    cs_sc_add_value(&w, root, va->data);
    cs_sc_add(&w, "}");
    cs_capdata data = cs_sc_close(&w);
    cs_va_settle(va, creator, false, &data);
}

/* (vatID, { rootObject } or { error }) */
void cs_va_new_vat_callback(cs_va *va)
{
    cs_bytes vat, results = cs_va_arg(va, 1);
    cs_va_return_undefined(va);
    if (!cs_va_is_id(cs_va_arg(va, 0), &vat) || cs_sc_kind_of(results) != CS_SC_RECORD)
        return;
    cs_bytes state = cs_va_get(va, vat_key(va, vat)), root = cs_sc_member(results, "rootObject");
    if (!is_starting(state))
        return;
    if (cs_sc_kind_of(root) == CS_SC_SLOT)
        finish_creation(va, vat, state, root);
    else
        fail_creation(va, vat, state, cs_sc_member(results, "error"));
}

/* (vatID, shouldReject, info) */
void cs_va_vat_terminated(cs_va *va)
{
    static const char no_data[] = "{\"#error\":\"vat terminated\",\"name\":\"Error\"}";
    cs_bytes vat, info = va->is_odd ? CS_BYTES(no_data) : cs_va_arg(va, 2);
    cs_va_return_undefined(va);
    if (!cs_va_is_id(cs_va_arg(va, 0), &vat))
        return;
    cs_bytes state = cs_va_get(va, vat_key(va, vat));
    if (state.size == 0) /* a static vat */
        return;
    if (is_starting(state)) {
        fail_creation(va, vat, state, info);
        return;
    }
    cs_sc_writer w = { .arena = cs_native_arena(va->n) };
    cs_sc_add(&w, "#");
    if (info.size == 0)
        cs_sc_add(&w, "\"#undefined\"");
    else
        cs_sc_add_value(&w, info, va->data);
    cs_capdata data = cs_sc_close(&w);
    cs_va_settle_waiting(va, "done", vat, cs_sc_is_true(cs_va_arg(va, 1)), &data);
    forget_vat(va, vat);
}

/* --- admin nodes ----------------------------------------------------------------------------------- */

static bool require_state(cs_va *va, const char *method, bool exiting_is_fine)
{
    cs_bytes state = cs_va_get(va, vat_key(va, va->subject));
    if (cs_bytes_equal(state, CS_BYTES("running")) || (exiting_is_fine && state.size > 0))
        return true;
    cs_va_throw(va,
                "vatAdminService rejecting attempt to perform \"%s\"() on non-running vat \"%.*s\"",
                method, (int)va->subject.size, (const char *)va->subject.data);
    return false;
}

void cs_va_done(cs_va *va)
{
    if (require_state(va, "done", true))
        cs_va_wait(va, "done", va->subject);
}

/* (reason) */
void cs_va_terminate(cs_va *va)
{
    cs_capdata nothing;
    if (!require_state(va, "terminateWithFailure", false))
        return;
    cs_sc_writer w = cs_va_args(va, va->subject);
    cs_va_add_arg(va, &w, cs_va_arg(va, 0));
    if (!cs_va_call(va, "terminateWithFailure", &w, &nothing))
        return;
    set_state(va, va->subject, CS_BYTES("exiting"));
    cs_va_return_undefined(va);
}

/* (options) */
void cs_va_change_options(cs_va *va)
{
    cs_capdata nothing;
    if (!require_state(va, "changeOptions", false))
        return;
    if (cs_sc_kind_of(cs_va_arg(va, 0)) != CS_SC_RECORD) {
        cs_va_throw(va, "changeOptions() requires a record");
        return;
    }
    cs_sc_writer w = cs_va_args(va, va->subject);
    cs_va_add_arg(va, &w, cs_va_arg(va, 0));
    if (cs_va_call(va, "changeOptions", &w, &nothing))
        cs_va_return_undefined(va);
}

void cs_va_upgrade(cs_va *va)
{
    if (require_state(va, "upgrade", false))
        cs_va_throw(va, "upgrade() of vats is not supported yet");
}
