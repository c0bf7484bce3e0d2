/* The host's messages to vats and what becomes of them (S20). */
#include "host/handle.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "kernel/capdata.h"

#include <string.h>

/* ---- names ---- */

const char *cs_host_vat_name(capstan *c, cs_vatid vat)
{
    const cs_vat_row *row = cs_vat_find(c->store, vat);
    char text[CS_REF_TEXT_MAX];
    cs_buf_clear(&c->slot_text);
    if (row != NULL && row->name != NULL)
        cs_buf_add(&c->slot_text, row->name->data, row->name->size);
    else
        cs_buf_add_text(&c->slot_text, cs_vatid_text(vat, text));
    return cs_buf_text(&c->slot_text);
}

cs_status cs_host_find_vat(capstan *c, const char *name, cs_vatid *ret)
{
    cs_vatid id;
    if (name == NULL)
        return cs_fail(&c->err, CS_E_USAGE, "no vat is named");
    if (cs_kernel_vat_named(c->kernel, cs_bytes_of(name), ret) == CS_OK)
        return CS_OK;
    if (cs_vatid_parse(cs_bytes_of(name), &id) == CS_OK && cs_vat_was(c->store, id)) {
        *ret = id;
        return CS_OK;
    }
    return cs_fail(&c->err, CS_E_NOT_FOUND, "no vat '%s' in %s", name, c->store_path);
}

static bool is_live(capstan *c, cs_vatid vat)
{
    const cs_vat_row *row = cs_vat_find(c->store, vat);
    return row != NULL && row->status == CS_VAT_LIVE;
}

static const cs_clist_row *root_entry(capstan *c, cs_vatid vat)
{
    return cs_clist_find_vref(c->store, vat, cs_vref_of(CS_REF_OBJECT, true, 0));
}

/* Whether naming the root would change the c-list of a vat. */
static bool is_forgotten_root(capstan *c, cs_vatid vat)
{
    const cs_clist_row *row = root_entry(c, vat);
    return is_live(c, vat) && (row == NULL || !row->reachable);
}

/* The root object; exported anew if nobody knew it any more. */
static cs_status find_root(capstan *c, const char *vat, cs_kref *ret)
{
    cs_vatid id;
    cs_status st = cs_host_find_vat(c, vat, &id);
    if (st != CS_OK)
        return st;
    if (c->read_only && is_forgotten_root(c, id))
        return cs_fail(
            &c->err, CS_E_READ_ONLY,
            "nobody knows the root object of vat '%s' any more; it would be exported anew, "
            "but %s is open read-only",
            vat, c->store_path);
    st = cs_kernel_root(c->kernel, id, ret);
    if (st == CS_E_DEAD)
        return cs_fail(&c->err, st, "vat '%s' is terminated", vat);
    return st == CS_OK ? st : cs_fail(&c->err, st, "vat '%s' has no root object", vat);
}

cs_status cs_host_parse_kref(capstan *c, const char *text, cs_ref_type type, cs_kref *ret)
{
    cs_kref k;
    if (text == NULL || cs_kref_parse(cs_bytes_of(text), &k) != CS_OK)
        return cs_fail(&c->err, CS_E_USAGE, "'%s' is no kref such as ko20 or kp40",
                       text == NULL ? "" : text);
    if (type != CS_REF_NONE && cs_kref_type(k) != type)
        return cs_fail(&c->err, CS_E_USAGE, "'%s' is not %s", text,
                       type == CS_REF_PROMISE ? "a promise" : "an object");
    *ret = k;
    return CS_OK;
}

/* ---- sending ---- */

/* methargs is [method, args]: the caller's body holds the args, its slots stay as they are. */
static cs_status make_methargs(capstan *c, const char *method, const capstan_capdata *args,
                               cs_buf *body)
{
    static const capstan_capdata none = { .body = "#[]", .body_size = 3 };
    if (args == NULL)
        args = &none;
    if (method == NULL || method[0] == 0)
        return cs_fail(&c->err, CS_E_USAGE, "no method is named");
    if (args->body_size < 3 || args->body[0] != '#' || args->body[1] != '[')
        return cs_fail(&c->err, CS_E_USAGE,
                       "arguments must be a smallcaps array such as #[1,\"a\"]");
    if (args->body_size > CS_BODY_MAX || args->slot_count > CS_SLOTS_MAX)
        return cs_fail(&c->err, CS_E_USAGE,
                       "arguments of %zu bytes and %zu slots: the limits are %u and %u",
                       args->body_size, args->slot_count, CS_BODY_MAX, CS_SLOTS_MAX);
    cs_buf name = { 0 };
    if (method[0] >= '!' && method[0] <= '-')
        cs_buf_add_byte(&name, '!');
    cs_buf_add_text(&name, method);
    cs_buf_add_text(body, "#[");
    cs_buf_add_json(body, cs_buf_bytes(&name));
    cs_buf_add_byte(body, ',');
    cs_buf_add(body, args->body + 1, args->body_size - 1);
    cs_buf_add_byte(body, ']');
    cs_buf_fini(&name);
    return CS_OK;
}

/* A message that is known to be right before anything is done about its target. */
typedef struct letter {
    cs_buf body;
    cs_kref *slots;
    uint32_t slot_count;
} letter;

static bool is_known(capstan *c, cs_kref ref)
{
    if (cs_kref_type(ref) == CS_REF_OBJECT)
        return cs_object_find(c->store, ref) != NULL;
    return cs_kref_type(ref) == CS_REF_PROMISE && cs_promise_find(c->store, ref) != NULL;
}

static cs_status read_slots(capstan *c, const capstan_capdata *args, letter *l)
{
    cs_status st = CS_OK;
    for (size_t i = 0; st == CS_OK && args != NULL && i < args->slot_count; i++) {
        cs_kref *slot = &l->slots[l->slot_count++];
        st = cs_host_parse_kref(c, args->slots[i], CS_REF_NONE, slot);
        if (st == CS_OK && !is_known(c, *slot))
            st = cs_fail(&c->err, CS_E_NOT_FOUND, "%s: there is no such reference", args->slots[i]);
    }
    return st;
}

static cs_status write_letter(capstan *c, const char *method, const capstan_capdata *args,
                              letter *ret)
{
    *ret = (letter){ 0 };
    cs_status st = make_methargs(c, method, args, &ret->body);
    if (st == CS_OK) {
        ret->slots = cs_alloc_zero(args == NULL ? 0 : args->slot_count, sizeof *ret->slots);
        st = read_slots(c, args, ret);
    }
    return st == CS_OK ? cs_body_check(cs_buf_bytes(&ret->body), ret->slot_count, &c->err) : st;
}

static void letter_fini(letter *l)
{
    cs_buf_fini(&l->body);
    cs_free(l->slots);
}

static cs_status post(capstan *c, cs_kref target, const letter *l, capstan_on_result on_result,
                      const char **ret_kpid)
{
    cs_kref promise;
    char text[CS_REF_TEXT_MAX];
    const cs_kcapdata data = { cs_buf_bytes(&l->body), l->slots, l->slot_count };
    cs_status st =
        cs_kernel_send(c->kernel, target, &data, (cs_policy)on_result, &promise, &c->err);
    if (st == CS_OK && ret_kpid != NULL) {
        cs_buf_clear(&c->text);
        cs_buf_add_text(&c->text, cs_kref_text(promise, text));
        *ret_kpid = cs_buf_text(&c->text);
    } else if (st == CS_OK) {
        st = cs_kernel_release(c->kernel, promise); /* nobody will ask for it */
    }
    return st;
}

capstan_code capstan_queue_to_vat_root(capstan *c, const char *vat, const char *method,
                                       const capstan_capdata *args, capstan_on_result on_result,
                                       const char **ret_kpid)
{
    cs_kref root;
    letter l = { 0 };
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = write_letter(c, method, args, &l);
    if (st == CS_OK)
        st = find_root(c, vat, &root);
    if (st == CS_OK)
        st = post(c, root, &l, on_result, ret_kpid);
    letter_fini(&l);
    return cs_host_leave(c, st);
}

capstan_code capstan_queue_to_object(capstan *c, const char *kref, const char *method,
                                     const capstan_capdata *args, capstan_on_result on_result,
                                     const char **ret_kpid)
{
    cs_kref target;
    letter l = { 0 };
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = write_letter(c, method, args, &l);
    if (st == CS_OK)
        st = cs_host_parse_kref(c, kref, CS_REF_NONE, &target);
    if (st == CS_OK)
        st = post(c, target, &l, on_result, ret_kpid);
    letter_fini(&l);
    return cs_host_leave(c, st);
}

/* ---- answers ---- */

void cs_host_give_capdata(capstan *c, const cs_kcapdata *data, capstan_capdata *ret)
{
    char text[CS_REF_TEXT_MAX];
    cs_buf_clear(&c->body);
    cs_buf_add(&c->body, data->body.data, data->body.size);
    cs_buf_clear(&c->slot_text);
    for (uint32_t i = 0; i < data->slot_count; i++) {
        cs_buf_add_text(&c->slot_text, cs_kref_text(data->slots[i], text));
        cs_buf_add_byte(&c->slot_text, 0);
    }
    c->slots = cs_realloc(c->slots, data->slot_count + 1, sizeof *c->slots);
    const char *at = (const char *)c->slot_text.data;
    for (uint32_t i = 0; i < data->slot_count; i++, at += strlen(at) + 1)
        c->slots[i] = at;
    *ret = (capstan_capdata){ .body = cs_buf_text(&c->body),
                              .body_size = c->body.size,
                              .slots = c->slots,
                              .slot_count = data->slot_count };
}

static cs_status read_promise(capstan *c, cs_kref promise, capstan_promise *ret,
                              capstan_capdata *ret_data)
{
    cs_promise_state state;
    cs_kcapdata data = { 0 };
    char text[CS_REF_TEXT_MAX];
    cs_status st = cs_kernel_promise(c->kernel, promise, &state, &data);
    if (st != CS_OK)
        return cs_fail(&c->err, st, "no promise %s", cs_kref_text(promise, text));
    if (ret != NULL)
        *ret = state == CS_UNRESOLVED  ? CAPSTAN_UNRESOLVED
               : state == CS_FULFILLED ? CAPSTAN_FULFILLED
                                       : CAPSTAN_REJECTED;
    if (ret_data != NULL)
        cs_host_give_capdata(c, &data, ret_data);
    return CS_OK;
}

capstan_code capstan_kp_status(capstan *c, const char *kpid, capstan_promise *ret)
{
    cs_kref promise;
    cs_status st = cs_host_enter(c);
    if (st == CS_OK)
        st = cs_host_parse_kref(c, kpid, CS_REF_PROMISE, &promise);
    return cs_host_leave(c, st == CS_OK ? read_promise(c, promise, ret, NULL) : st);
}

capstan_code capstan_kp_resolution(capstan *c, const char *kpid, capstan_capdata *ret)
{
    cs_kref promise;
    capstan_promise state;
    cs_status st = cs_host_enter(c);
    if (st == CS_OK)
        st = cs_host_parse_kref(c, kpid, CS_REF_PROMISE, &promise);
    if (st == CS_OK)
        st = read_promise(c, promise, &state, ret);
    if (st == CS_OK && state == CAPSTAN_UNRESOLVED)
        st = cs_fail(&c->err, CS_E_NOT_FOUND, "%s is not settled yet", kpid);
    return cs_host_leave(c, st);
}

capstan_code capstan_kp_release(capstan *c, const char *kref)
{
    cs_kref held;
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = cs_host_parse_kref(c, kref, CS_REF_NONE, &held);
    if (st == CS_OK)
        st = cs_kernel_release(c->kernel, held);
    if (st == CS_E_NOT_FOUND)
        st = cs_fail(&c->err, st,
                     "%s is not held by the host: it was released already, or never held", kref);
    return cs_host_leave(c, st);
}

capstan_code capstan_bootstrap(capstan *c, capstan_promise *ret, capstan_capdata *ret_value)
{
    cs_status st = cs_host_enter(c);
    if (st != CS_OK)
        return cs_host_leave(c, st);
    cs_kref promise = { 0 };
    cs_blob *note = cs_kv_find(c->store, (cs_vatid){ 0 }, CS_BYTES(CS_NOTE_BOOTSTRAP));
    if (note == NULL || cs_kref_parse(cs_blob_bytes(note), &promise) != CS_OK)
        st = cs_fail(&c->err, CS_E_NOT_FOUND, "%s has no bootstrap vat", c->store_path);
    return cs_host_leave(c, st == CS_OK ? read_promise(c, promise, ret, ret_value) : st);
}

/* ---- vats ---- */

capstan_code capstan_vat_id(capstan *c, const char *name, const char **ret_vat)
{
    cs_vatid vat;
    char text[CS_REF_TEXT_MAX];
    cs_status st = cs_host_enter(c);
    if (st == CS_OK)
        st = cs_host_find_vat(c, name, &vat);
    if (st == CS_OK) {
        cs_buf_clear(&c->text);
        cs_buf_add_text(&c->text, cs_vatid_text(vat, text));
        *ret_vat = cs_buf_text(&c->text);
    }
    return cs_host_leave(c, st);
}

capstan_code capstan_root_object(capstan *c, const char *vat, const char **ret_kref)
{
    cs_kref root;
    char text[CS_REF_TEXT_MAX];
    cs_status st = cs_host_enter(c);
    if (st == CS_OK)
        st = find_root(c, vat, &root);
    if (st == CS_OK) {
        cs_buf_clear(&c->text);
        cs_buf_add_text(&c->text, cs_kref_text(root, text));
        *ret_kref = cs_buf_text(&c->text);
    }
    return cs_host_leave(c, st);
}

capstan_code capstan_pin_vat_root(capstan *c, const char *vat)
{
    cs_kref root;
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = find_root(c, vat, &root);
    return cs_host_leave(c, st == CS_OK ? cs_kernel_pin(c->kernel, root) : st);
}

capstan_code capstan_unpin_vat_root(capstan *c, const char *vat)
{
    cs_vatid id;
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = cs_host_find_vat(c, vat, &id);
    if (st == CS_OK && !is_live(c, id))
        st = cs_fail(&c->err, CS_E_DEAD,
                     "vat '%s' is terminated; release what was its root object by its kref", vat);
    if (st == CS_OK) {
        const cs_clist_row *root = root_entry(c, id);
        st = root == NULL ? CS_E_NOT_FOUND : cs_kernel_release(c->kernel, root->kref);
        if (st == CS_E_NOT_FOUND)
            st = cs_fail(&c->err, st, "the root object of vat '%s' is not pinned", vat);
    }
    return cs_host_leave(c, st);
}

capstan_code capstan_resume_vat(capstan *c, const char *vat)
{
    cs_vatid id;
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = cs_host_find_vat(c, vat, &id);
    if (st == CS_OK) {
        st = cs_kernel_resume(c->kernel, id);
        if (st == CS_E_DEAD)
            st = cs_fail(&c->err, st, "vat '%s' is terminated", vat);
    }
    return cs_host_leave(c, st);
}

capstan_code capstan_set_vats_max(capstan *c, uint64_t most)
{
    cs_status st = cs_host_enter_to_write(c);
    return cs_host_leave(c, st == CS_OK ? cs_kernel_set_vats_max(c->kernel, most) : st);
}

capstan_code capstan_terminate_vat(capstan *c, const char *vat, const char *reason)
{
    cs_vatid id;
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = cs_host_find_vat(c, vat, &id);
    if (st == CS_OK) {
        st = cs_kernel_terminate(c->kernel, id, cs_bytes_of(reason == NULL ? "" : reason));
        if (st == CS_E_DEAD)
            st = cs_fail(&c->err, st, "vat '%s' is terminated already", vat);
    }
    return cs_host_leave(c, st);
}
