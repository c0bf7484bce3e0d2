/* The host's side: vats, messages, and what it holds (change.h). */
#include "kernel/capdata.h"
#include "kernel/change.h"
#include "kernel/clist.h"
#include "kernel/device.h"
#include "kernel/object.h"
#include "kernel/options.h"
#include "kernel/promise.h"
#include "kernel/queue.h"
#include "kernel/refcount.h"
#include "kernel/terminate.h"
#include "kernel/vat.h"

#include <stdio.h>

cs_status cs_change_begin(cs_kernel *k, cs_change what, cs_error *err)
{
    cs_assert(!k->delivering);
    cs_status st = cs_kernel_status(k, err);
    if (st != CS_OK)
        return st;
    cs_crank_begin(k);
    cs_crank_record(k, 'H');
    cs_crank_record(k, what);
    return CS_OK;
}

cs_status cs_change_vat(cs_kernel *k, cs_vatid vat, const cs_vat_row **ret)
{
    const cs_vat_row *row = cs_vat_find(k->store, vat);
    if (row == NULL) /* E3 */
        return cs_vat_was(k->store, vat) ? CS_E_DEAD : CS_E_NOT_FOUND;
    if (row->status != CS_VAT_LIVE)
        return CS_E_DEAD;
    *ret = row;
    return CS_OK;
}

static bool is_node(cs_kernel *k, cs_kref node)
{
    cs_bytes name;
    uint64_t number;
    return cs_device_of(k, node, &name, &number) == CS_OK;
}

/* What nothing can reach any more is nobody's to name, though its row may still be there. */
bool cs_ref_can_be_named(cs_kernel *k, cs_kref ref)
{
    if (cs_kref_type(ref) == CS_REF_OBJECT)
        return cs_object_can_be_named(k, ref);
    if (cs_kref_type(ref) == CS_REF_PROMISE)
        return cs_promise_find(k->store, ref) != NULL;
    return cs_kref_type(ref) == CS_REF_DEVICE && is_node(k, ref);
}

static cs_status check_ref(cs_kernel *k, cs_kref ref, cs_error *err)
{
    char text[CS_REF_TEXT_MAX];
    if (cs_ref_can_be_named(k, ref))
        return CS_OK;
    return cs_fail(err, CS_E_NOT_FOUND, "%s: there is no such reference", cs_kref_text(ref, text));
}

static cs_status check_data(cs_kernel *k, const cs_kcapdata *d, cs_error *err)
{
    cs_status st = cs_body_check(d->body, d->slot_count, err);
    for (uint32_t i = 0; st == CS_OK && i < d->slot_count; i++)
        st = check_ref(k, d->slots[i], err);
    return st;
}

/* ---- vats ---- */

#define NAME_KEY "vat.name."

static cs_blob *name_key(cs_bytes name)
{
    cs_buf key = { 0 };
    cs_buf_add_text(&key, NAME_KEY);
    cs_buf_add(&key, name.data, name.size);
    cs_blob *blob = cs_blob_new(cs_buf_bytes(&key));
    cs_buf_fini(&key);
    return blob;
}

cs_status cs_kernel_vat_named(cs_kernel *k, cs_bytes name, cs_vatid *ret)
{
    cs_blob *key = name_key(name);
    const cs_blob *value = cs_kv_find(k->store, (cs_vatid){ 0 }, cs_blob_bytes(key));
    (void)cs_blob_unref(key);
    if (value == NULL)
        return CS_E_NOT_FOUND;
    return cs_vatid_parse(cs_blob_bytes(value), ret) == CS_OK ? CS_OK : CS_E_CORRUPT;
}

/* S10: a static name stays known when its vat is gone, so it stays taken. */
static void keep_name(cs_kernel *k, cs_bytes name, cs_vatid vat)
{
    char text[CS_REF_TEXT_MAX];
    cs_blob *key = name_key(name);
    cs_kv_set(k->store, (cs_vatid){ 0 }, cs_blob_bytes(key),
              cs_blob_new(cs_bytes_of(cs_vatid_text(vat, text))));
    (void)cs_blob_unref(key);
}

static cs_status check_name(cs_kernel *k, cs_bytes name, bool is_static, cs_error *err)
{
    cs_vatid taken;
    if (name.size == 0 && !is_static)
        return CS_OK;
    if (!cs_vat_name_check(name))
        return cs_fail(err, CS_E_USAGE,
                       "a vat's name is 1 to 199 of A-Z, a-z, 0-9, '.', '_' and '-'");
    if (is_static && cs_kernel_vat_named(k, name, &taken) != CS_E_NOT_FOUND)
        return cs_fail(err, CS_E_BUSY, "%.*s: there is a vat of that name", (int)name.size,
                       (const char *)name.data);
    return CS_OK;
}

cs_status cs_kernel_add_vat(cs_kernel *k, cs_bytes name, const cs_hash *bundle,
                            const cs_vat_options *options, const cs_kcapdata *parameters,
                            cs_vatid *ret_vat, cs_error *err)
{
    cs_status st = check_name(k, name, options->is_static, err);
    if (st == CS_OK)
        st = check_data(k, parameters, err);
    if (st == CS_OK && !cs_vat_options_check(options))
        st = cs_fail(err, CS_E_USAGE, "an option of the vat is out of range");
    if (st == CS_OK)
        st = cs_change_begin(k, CS_CHANGE_ADD_VAT, err);
    if (st != CS_OK)
        return st;
    const cs_vatid vat = { k->crank.meta->next_vat++ };
    if (options->is_static)
        keep_name(k, name, vat);
    cs_vat_make(k, vat, name, bundle, options, parameters);
    st = cs_crank_end_host(k, err);
    if (st == CS_OK)
        *ret_vat = vat;
    return st;
}

cs_status cs_kernel_root(cs_kernel *k, cs_vatid vat, cs_kref *ret)
{
    const cs_vat_row *row;
    cs_status st = cs_change_vat(k, vat, &row);
    if (st != CS_OK)
        return st;
    const cs_clist_row *known = cs_root_entry(k, vat);
    if (known != NULL && known->reachable) {
        *ret = known->kref;
        return CS_OK;
    }
    st = cs_change_begin(k, CS_CHANGE_ROOT, NULL);
    if (st != CS_OK)
        return st;
    const cs_kref root = cs_root_named(k, vat);
    cs_kref_enc(&k->crank.record, root);
    st = cs_crank_end_host(k, NULL);
    if (st == CS_OK)
        *ret = root;
    return st;
}

cs_status cs_kernel_terminate(cs_kernel *k, cs_vatid vat, cs_bytes reason)
{
    char why[CS_ERROR_MAX], text[CS_REF_TEXT_MAX];
    const cs_vat_row *row;
    cs_status st = cs_change_vat(k, vat, &row);
    if (st == CS_OK)
        st = cs_change_begin(k, CS_CHANGE_TERMINATE, NULL);
    if (st != CS_OK)
        return st;
    reason = cs_text_shown(reason);
    (void)snprintf(why, sizeof why, "%s: by the host: %.*s", cs_vatid_text(vat, text),
                   (int)reason.size, (const char *)reason.data);
    cs_buf_add_text(&k->crank.record, why);
    cs_vat_terminate(k, vat, &(cs_ending){ .why = why, .failed = true });
    return cs_crank_end_host(k, NULL);
}

/* ---- messages and promises ---- */

void cs_hold_new(cs_kernel *k, cs_kref ref)
{
    cs_hold_row *row = cs_hold_add(k->store, ref);
    row->count = 1;
    row->since = k->crank.meta->crank_number;
    cs_ref_up(k, ref);
}

cs_status cs_kernel_send(cs_kernel *k, cs_kref target, const cs_kcapdata *methargs,
                         cs_policy policy, cs_kref *ret_promise, cs_error *err)
{
    cs_status st = check_ref(k, target, err);
    if (st == CS_OK && cs_kref_type(target) == CS_REF_DEVICE)
        st = cs_fail(err, CS_E_NOT_FOUND, "a device takes no messages");
    if (st == CS_OK)
        st = check_data(k, methargs, err);
    if (st == CS_OK)
        st = cs_change_begin(k, CS_CHANGE_SEND, err);
    if (st != CS_OK)
        return st;
    cs_kref promise = cs_kp_new(k, (cs_vatid){ 0 }, policy);
    const cs_event e = { CS_EVENT_SEND, .target = target, .result = promise, .data = *methargs,
                         .since = k->crank.meta->crank_number };
    cs_blob *item = cs_event_blob(&k->scratch, &e);
    cs_hold_new(k, promise);
    cs_event_up(k, &e);
    cs_crank_record(k, policy);
    cs_buf_add(&k->crank.record, item->data, item->size);
    cs_queue_accept(k, item);
    st = cs_crank_end_host(k, err);
    if (st == CS_OK)
        *ret_promise = promise;
    return st;
}

cs_status cs_kernel_promise(cs_kernel *k, cs_kref promise, cs_promise_state *ret_state,
                            cs_kcapdata *ret_data)
{
    cs_kcapdata data = { 0 };
    const cs_promise_row *row = NULL;
    if (cs_kref_type(promise) == CS_REF_PROMISE)
        row = cs_promise_find(k->store, promise);
    if (row == NULL)
        return CS_E_NOT_FOUND;
    cs_arena_clear(&k->lent);
    if (row->state != CS_UNRESOLVED && !cs_kp_data(k, row, &k->lent, &data))
        return CS_E_CORRUPT;
    *ret_state = row->state;
    *ret_data = data;
    return CS_OK;
}

/* ---- what the host holds ---- */

/* One count of `ref`, however often it is held. Of a promise the row says how often that is; an object is
 * the host's, or a device's, or both, and neither can let go for the other. */

void cs_object_hold(cs_kernel *k, cs_kref object, cs_hold_sides side)
{
    if (cs_hold_find(k->store, object) == NULL) {
        cs_hold_new(k, object);
        cs_hold_edit(k->store, object)->count = side;
    } else {
        cs_hold_edit(k->store, object)->count |= side;
    }
}

cs_status cs_kernel_pin(cs_kernel *k, cs_kref object)
{
    if (cs_kref_type(object) != CS_REF_OBJECT || !cs_ref_can_be_named(k, object))
        return CS_E_NOT_FOUND;
    const cs_hold_row *row = cs_hold_find(k->store, object);
    if (row != NULL && (row->count & CS_HOLD_PIN) != 0)
        return CS_OK;
    cs_status st = cs_change_begin(k, CS_CHANGE_HOLD, NULL);
    if (st != CS_OK)
        return st;
    cs_object_hold(k, object, CS_HOLD_PIN);
    cs_kref_enc(&k->crank.record, object);
    return cs_crank_end_host(k, NULL);
}

cs_status cs_kernel_hold(cs_kernel *k, cs_kref promise)
{
    if (cs_kref_type(promise) != CS_REF_PROMISE || !cs_ref_can_be_named(k, promise))
        return CS_E_NOT_FOUND;
    const cs_hold_row *row = cs_hold_find(k->store, promise);
    if (row != NULL && row->count == UINT32_MAX)
        return CS_OK;
    cs_status st = cs_change_begin(k, CS_CHANGE_HOLD, NULL);
    if (st != CS_OK)
        return st;
    if (row == NULL)
        cs_hold_new(k, promise);
    else
        cs_hold_edit(k->store, promise)->count++;
    cs_kref_enc(&k->crank.record, promise);
    return cs_crank_end_host(k, NULL);
}

/* What is left of it when the host lets go once; its own count: the host does not hold it. */
static uint32_t hold_less(const cs_hold_row *row)
{
    return cs_kref_type(row->kref) == CS_REF_OBJECT ? row->count & ~(uint32_t)CS_HOLD_PIN
                                                    : row->count - 1;
}

cs_status cs_kernel_release(cs_kernel *k, cs_kref held)
{
    const cs_hold_row *row = cs_kref_none(held) ? NULL : cs_hold_find(k->store, held);
    if (row == NULL || hold_less(row) == row->count)
        return CS_E_NOT_FOUND;
    const uint32_t left = hold_less(row);
    cs_status st = cs_change_begin(k, CS_CHANGE_RELEASE, NULL);
    if (st != CS_OK)
        return st;
    if (left > 0) {
        cs_hold_edit(k->store, held)->count = left;
    } else {
        cs_hold_delete(k->store, held);
        cs_ref_down(k, held);
    }
    cs_kref_enc(&k->crank.record, held);
    return cs_crank_end_host(k, NULL);
}
