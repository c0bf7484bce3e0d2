/* Who holds an object or a promise (capstan gc --why), as JSON in the shape of docs/formats.md. Nothing
 * here changes a row. */
#include "host/handle.h"

#include <string.h>

typedef struct why {
    capstan *c;
    cs_buf *b;
    cs_kref ref;
    bool first;
} why;

static void add_ref(cs_buf *b, const char *key, cs_kref ref)
{
    char text[CS_REF_TEXT_MAX];
    cs_buf_addf(b, "\"%s\":\"%s\"", key, cs_kref_text(ref, text));
}

/* "vat":"v1","name":"bootstrap" */
static void add_vat(why *w, const char *key, cs_vatid vat)
{
    char text[CS_REF_TEXT_MAX];
    const cs_vat_row *row = cs_vat_find(w->c->store, vat);
    cs_buf_addf(w->b, "\"%s\":\"%s\",\"name\":", key, cs_vatid_text(vat, text));
    if (row == NULL || row->name == NULL)
        cs_buf_add_text(w->b, "null");
    else
        cs_buf_add_json(w->b, cs_blob_bytes(row->name));
}

static void add_details(why *w, const cs_holder *h)
{
    char text[CS_REF_TEXT_MAX];
    if (h->vat.n != 0) {
        cs_buf_add_byte(w->b, ',');
        add_vat(w, "vat", h->vat);
    }
    if (h->kind == CS_HELD_BY_VAT || h->kind == CS_HELD_BY_OWNER)
        cs_buf_addf(w->b, ",\"vref\":\"%s\",\"reachable\":%s", cs_vref_text(h->vref, text),
                    h->reachable ? "true" : "false");
    else
        cs_buf_addf(w->b, ",\"count\":%u", (unsigned)h->count);
    if (h->kind == CS_HELD_BY_PROMISE || h->kind == CS_HELD_BY_RESOLUTION) {
        cs_buf_add_byte(w->b, ',');
        add_ref(w->b, "promise", h->promise);
    }
}

static bool add_holder(void *ctx, const cs_holder *h)
{
    static const char *const kinds[] = {
        [CS_HELD_BY_VAT] = "import",
        [CS_HELD_BY_OWNER] = "export",
        [CS_HELD_BY_QUEUE] = "queue",
        [CS_HELD_BY_PROMISE] = "promise",
        [CS_HELD_BY_RESOLUTION] = "resolution",
        [CS_HELD_BY_HOST] = "host",
    };
    why *w = ctx;
    cs_buf_addf(w->b, "%s\n{\"kind\":\"%s\"", w->first ? "" : ",", kinds[h->kind]);
    add_details(w, h);
    cs_buf_addf(w->b, ",\"since\":%llu}", (unsigned long long)h->since);
    w->first = false;
    return true;
}

static void add_object(why *w, const cs_object_row *row)
{
    cs_buf_add_text(w->b, ",\"type\":\"object\",");
    if (row->owner.n == 0)
        cs_buf_add_text(w->b, "\"owner\":null,\"name\":null");
    else
        add_vat(w, "owner", row->owner);
    cs_buf_addf(w->b, ",\"reachable\":%u,\"recognizable\":%u", (unsigned)row->reachable,
                (unsigned)row->recognizable);
}

static void add_promise(why *w, const cs_promise_row *row)
{
    static const char *const states[] = { "?", "unresolved", "fulfilled", "rejected" };
    char text[CS_REF_TEXT_MAX];
    cs_buf_addf(w->b, ",\"type\":\"promise\",\"state\":\"%s\",\"decider\":", states[row->state]);
    if (row->decider.n == 0)
        cs_buf_add_text(w->b, "null");
    else
        cs_buf_addf(w->b, "\"%s\"", cs_vatid_text(row->decider, text));
    cs_buf_addf(w->b, ",\"refCount\":%u", (unsigned)row->refs);
}

/* What vats have yet to be told about it: "v1 dropExport ko20". */
static void add_actions(why *w)
{
    cs_gc_action action;
    const cs_gc_action *last = NULL;
    bool first = true;
    cs_buf_add_text(w->b, "],\n\"gcActions\":[");
    for (; cs_gc_after(w->c->store, last, &action); last = &action) {
        char name[CS_GC_NAME_MAX];
        if (!cs_kref_same(action.object, w->ref))
            continue;
        cs_buf_addf(w->b, "%s\"%s\"", first ? "" : ",", cs_gc_name(&action, name));
        first = false;
    }
}

static cs_status explain(why *w)
{
    char text[CS_REF_TEXT_MAX];
    const bool is_object = cs_kref_type(w->ref) == CS_REF_OBJECT;
    const cs_object_row *object = is_object ? cs_object_find(w->c->store, w->ref) : NULL;
    const cs_promise_row *promise =
        cs_kref_type(w->ref) == CS_REF_PROMISE ? cs_promise_find(w->c->store, w->ref) : NULL;
    if (object == NULL && promise == NULL)
        return cs_fail(
            &w->c->err, CS_E_NOT_FOUND,
            "there is no %s in %s: it never was, or everybody has let go of it; 'capstan "
            "dump' lists what there is",
            cs_kref_text(w->ref, text), w->c->store_path);
    cs_buf_add_byte(w->b, '{');
    add_ref(w->b, "kref", w->ref);
    if (object != NULL)
        add_object(w, object);
    else
        add_promise(w, promise);
    cs_buf_addf(w->b, ",\"crankNumber\":%llu,\n\"holders\":[",
                (unsigned long long)cs_meta_get(w->c->store)->crank_number);
    cs_status st = cs_kernel_why(w->c->kernel, w->ref, add_holder, w);
    add_actions(w);
    cs_buf_add_text(w->b, "]}\n");
    return st;
}

capstan_code capstan_why_json(capstan *c, const char *kref, const char **ret_json)
{
    why w = { .c = c, .b = &c->text, .first = true };
    cs_status st = cs_host_enter(c);
    if (st == CS_OK)
        st = cs_host_parse_kref(c, kref, CS_REF_NONE, &w.ref);
    if (st == CS_OK) {
        cs_buf_clear(&c->text);
        st = explain(&w);
    }
    if (st == CS_OK)
        st = cs_store_status(c->store, &c->err);
    if (st == CS_OK)
        *ret_json = cs_buf_text(&c->text);
    return cs_host_leave(c, st);
}
