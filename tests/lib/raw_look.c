/* Lines of a script that look at rows. */
#include "raw_text.h"
#include "raw_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *look_promise(raw_world *w, cs_kref k, char *at)
{
    char name[64];
    cs_buf b = { 0 };
    const cs_promise_row *row = cs_promise_find(w->store, k);
    const char *what = raw_word(&at), *bad = NULL;
    if (row == NULL || raw_is(what, "gone"))
        return row == NULL && raw_is(what, "gone")
                   ? NULL
                   : raw_complain(w, "%s", row ? "is there" : "gone");
    if (raw_is(what, "refs")) {
        cs_buf_addf(&b, "%u", (unsigned)row->refs);
    } else if (row->state == CS_UNRESOLVED) {
        what = raw_is(what, "unresolved") ? what : "not unresolved";
        cs_buf_add_text(&b, row->decider.n == 0 ? "-" : raw_name_of(w, row->decider, name));
    } else {
        cs_promise_state state;
        cs_kcapdata data;
        if (cs_kernel_promise(w->k, k, &state, &data) != CS_OK)
            return raw_complain(w, "malformed");
        what = raw_is(what, state == CS_FULFILLED ? "fulfilled" : "rejected") ? what : "not so";
        raw_kcapdata_text(&b, &data);
    }
    if (strncmp(what, "not ", 4) == 0 || !raw_is(cs_buf_text(&b), at))
        bad = raw_complain(w, "state %d, %s", (int)row->state, cs_buf_text(&b));
    cs_buf_fini(&b);
    return bad;
}

static const char *look_object(raw_world *w, cs_kref k, const char *at)
{
    char name[64], text[128] = "gone";
    const cs_object_row *row = cs_object_find(w->store, k);
    if (row != NULL)
        (void)snprintf(text, sizeof text, "%s %u/%u",
                       row->owner.n == 0 ? "-" : raw_name_of(w, row->owner, name),
                       (unsigned)row->reachable, (unsigned)row->recognizable);
    return raw_is(text, at) ? NULL : raw_complain(w, "%s", text);
}

static const char *look_vat(raw_world *w, cs_vatid vat, const char *at)
{
    char text[128] = "gone", vref_text[CS_REF_TEXT_MAX], kref_text[CS_REF_TEXT_MAX];
    cs_vref vref;
    size_t n = strcspn(at, " ");
    if (cs_vref_parse((cs_bytes){ (const uint8_t *)at, n }, &vref) != CS_OK) {
        bool is_live = cs_vat_find(w->store, vat)->status == CS_VAT_LIVE;
        return raw_is(at, is_live ? "live" : "dead") ? NULL : raw_complain(w, "not so");
    }
    const cs_clist_row *row = cs_clist_find_vref(w->store, vat, vref);
    if (row != NULL)
        (void)snprintf(text, sizeof text, "%s %c", cs_kref_text(row->kref, kref_text),
                       row->reachable ? 'R' : '_');
    return raw_is(text, at + n + (at[n] == ' '))
               ? NULL
               : raw_complain(w, "%s %s", cs_vref_text(vref, vref_text), text);
}

static const char *look_kv(raw_world *w, char *at)
{
    cs_vatid vat = raw_vat_named(w, cs_bytes_of(raw_word(&at)));
    const char *key = raw_word(&at);
    cs_blob *value = cs_kernel_vatstore_get(w->k, vat, cs_bytes_of(key));
    bool is_right =
        value == NULL ? raw_is(at, "gone") : cs_bytes_equal(cs_blob_bytes(value), cs_bytes_of(at));
    (void)cs_blob_unref(value);
    return is_right ? NULL : raw_complain(w, "not so");
}

static uint64_t stat_named(raw_world *w, const char *name)
{
    static const char *const names[] = {
#define X(n) #n,
#include "store/stats.def"
#undef X
    };
    for (size_t i = 0; i < CS_STAT_COUNT; i++)
        if (raw_is(names[i], name))
            return cs_meta_get(w->store)->stats[i];
    raw_die("no such stat", name);
}

static const char *look_number(raw_world *w, uint64_t n, const char *at)
{
    return strtoull(at, NULL, 10) == n ? NULL : raw_complain(w, "%llu", (unsigned long long)n);
}

const char *raw_look_line(raw_world *w, const char *line)
{
    char text[RAW_LINE_MAX], *at = text;
    cs_kref k;
    const cs_meta *meta = cs_meta_get(w->store);
    (void)snprintf(text, sizeof text, "%s", line);
    const char *what = raw_word(&at);
    if (cs_kref_parse(cs_bytes_of(what), &k) == CS_OK)
        return cs_kref_type(k) == CS_REF_PROMISE ? look_promise(w, k, at) : look_object(w, k, at);
    if (raw_is(what, "accept"))
        return look_number(w, meta->acceptance.next - meta->acceptance.first, at);
    if (raw_is(what, "run"))
        return look_number(w, meta->run.next - meta->run.first, at);
    if (raw_is(what, "kv"))
        return look_kv(w, at);
    if (raw_is(what, "stat")) {
        uint64_t stat = stat_named(w, raw_word(&at));
        return look_number(w, stat, at);
    }
    if (raw_is(what, "transcript") || raw_is(what, "computrons")) {
        const cs_vat_row *row = cs_vat_find(w->store, raw_vat_named(w, cs_bytes_of(raw_word(&at))));
        return look_number(w, raw_is(what, "transcript") ? row->next_delivery : row->computrons,
                           at);
    }
    return look_vat(w, raw_vat_named(w, cs_bytes_of(what)), at);
}
