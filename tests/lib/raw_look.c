/* Lines of a script that look at rows. */
#include "raw_text.h"
#include "raw_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A forgotten vat has nothing. */
static const cs_vat_row *row_of(raw_world *w, const char *vat)
{
    static const cs_vat_row nothing;
    const cs_vat_row *row = cs_vat_find(w->store, raw_vat_named(w, cs_bytes_of(vat)));
    return row == NULL ? &nothing : row;
}

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
        (void)snprintf(text, sizeof text, "%s %u/%u%s",
                       row->owner.n == 0 ? "-" : raw_name_of(w, row->owner, name),
                       (unsigned)row->reachable, (unsigned)row->recognizable,
                       row->is_retiring ? " retiring" : "");
    return raw_is(text, at) ? NULL : raw_complain(w, "%s", text);
}

static const char *look_vat(raw_world *w, cs_vatid vat, const char *at)
{
    char text[128] = "gone", vref_text[CS_REF_TEXT_MAX], kref_text[CS_REF_TEXT_MAX];
    cs_vref vref;
    size_t n = strcspn(at, " ");
    if (cs_vref_parse((cs_bytes){ (const uint8_t *)at, n }, &vref) != CS_OK) {
        const cs_vat_row *row = cs_vat_find(w->store, vat);
        const char *is = row == NULL ? "forgotten" : row->status == CS_VAT_LIVE ? "live" : "dead";
        return raw_is(at, is) ? NULL : raw_complain(w, "%s", is);
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
    const char *whose = raw_word(&at), *key = raw_word(&at);
    cs_vatid vat = { 0 };
    if (!raw_is(whose, "-"))
        vat = raw_vat_named(w, cs_bytes_of(whose));
    const cs_blob *value = cs_kv_find(w->store, vat, cs_bytes_of(key));
    bool is_right =
        value == NULL ? raw_is(at, "gone") : cs_bytes_equal(cs_blob_bytes(value), cs_bytes_of(at));
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

/* ---- garbage ---- */

static const char *look_text(raw_world *w, cs_buf *b, const char *at)
{
    const char *bad = NULL;
    if (b->size == 0)
        cs_buf_add_text(b, "-");
    if (!raw_is(cs_buf_text(b), at))
        bad = raw_complain(w, "%s", cs_buf_text(b));
    cs_buf_fini(b);
    return bad;
}

static const char *look_actions(raw_world *w, const char *at)
{
    cs_buf b = { 0 };
    char name[CS_GC_NAME_MAX];
    cs_gc_action a;
    for (const cs_gc_action *last = NULL; cs_gc_after(w->store, last, &a); last = &a)
        cs_buf_addf(&b, "%s%s", b.size > 0 ? " & " : "", cs_gc_name(&a, name));
    return look_text(w, &b, at);
}

/* Vats on a queue of vats. */
static const char *look_vats(raw_world *w, cs_queue_id queue, cs_queue_ends ends, const char *at)
{
    char name[64];
    cs_buf b = { 0 };
    for (uint64_t seq = ends.first; seq < ends.next; seq++) {
        cs_reader r = cs_reader_of(cs_blob_bytes(cs_queue_find(w->store, queue, seq)));
        const cs_vatid vat = { (uint32_t)cs_reader_varint(&r) };
        cs_buf_addf(&b, "%s%s", b.size > 0 ? " " : "", raw_name_of(w, vat, name));
    }
    return look_text(w, &b, at);
}

static const char *look_dirt(raw_world *w, char *at)
{
    cs_buf b = { 0 };
    const cs_vat_row *row = row_of(w, raw_word(&at));
    cs_buf_addf(&b, "%llu %llu", (unsigned long long)row->dirt_deliveries,
                (unsigned long long)row->dirt_gc_krefs);
    return look_text(w, &b, at);
}

static const char *look_imports(raw_world *w, char *at)
{
    const cs_vat_row *row = row_of(w, raw_word(&at));
    return look_number(w, row->imports_reachable, at);
}

/* ---- who refers to it ---- */

typedef struct holders {
    raw_world *w;
    const char *bad;
} holders;

static void add_holder(raw_world *w, cs_buf *b, const cs_holder *h)
{
    static const char *const kinds[] = { "vat", "owner", "queue", "promise", "resolution", "host" };
    char text[CS_REF_TEXT_MAX], name[64];
    cs_buf_add_text(b, kinds[h->kind]);
    if (h->vat.n != 0)
        cs_buf_addf(b, " %s", raw_name_of(w, h->vat, name));
    if (h->kind <= CS_HELD_BY_OWNER)
        cs_buf_addf(b, " %s %c", cs_vref_text(h->vref, text), h->reachable ? 'R' : '_');
    else if (!cs_kref_none(h->promise))
        cs_buf_addf(b, " %s %u", cs_kref_text(h->promise, text), (unsigned)h->count);
    else
        cs_buf_addf(b, " %u", (unsigned)h->count);
    cs_buf_addf(b, " since %llu", (unsigned long long)h->since);
}

/* Each must be the next indented line. */
static bool expect_holder(void *ctx, const cs_holder *h)
{
    holders *all = ctx;
    cs_buf b = { 0 };
    add_holder(all->w, &b, h);
    if (!raw_next_is_indented(all->w)) {
        all->bad = raw_complain(all->w, "and %s", cs_buf_text(&b));
    } else {
        (void)raw_take_line(all->w);
        const char *line = all->w->now + strspn(all->w->now, " ");
        if (!raw_is(line, cs_buf_text(&b)))
            all->bad = raw_complain(all->w, "is %s", cs_buf_text(&b));
    }
    cs_buf_fini(&b);
    return all->bad == NULL;
}

const char *raw_why_line(raw_world *w, const char *ref)
{
    cs_kref k;
    holders all = { .w = w };
    if (ref[0] == '@')
        k = raw_root_of(w, cs_bytes_of(ref + 1));
    else if (cs_kref_parse(cs_bytes_of(ref), &k) != CS_OK)
        raw_die("not a kref", ref);
    cs_status st = cs_kernel_why(w->k, k, expect_holder, &all);
    if (st != CS_OK)
        return raw_complain(w, "%s", cs_status_name(st));
    if (all.bad == NULL && raw_next_is_indented(w))
        return raw_complain(w, "no more than these");
    return all.bad;
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
    if (raw_is(what, "gc"))
        return look_actions(w, at);
    if (raw_is(what, "reap"))
        return look_vats(w, CS_QUEUE_REAP, meta->reap, at);
    if (raw_is(what, "lonely"))
        return look_vats(w, CS_QUEUE_LONELY, meta->lonely, at);
    if (raw_is(what, "dirt"))
        return look_dirt(w, at);
    if (raw_is(what, "imports"))
        return look_imports(w, at);
    if (raw_is(what, "stat")) {
        uint64_t stat = stat_named(w, raw_word(&at));
        return look_number(w, stat, at);
    }
    if (raw_is(what, "transcript") || raw_is(what, "computrons")) {
        const cs_vat_row *row = row_of(w, raw_word(&at));
        return look_number(w, raw_is(what, "transcript") ? row->next_delivery : row->computrons,
                           at);
    }
    return look_vat(w, raw_vat_named(w, cs_bytes_of(what)), at);
}
