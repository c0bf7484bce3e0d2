/* Looking at a store: dump, statistics, transcripts, audit, replay. Nothing here changes a row. */
#include "host/look.h"

#include "base/alloc.h"
#include "wire/codec.h"
#include "wire/json.h"

#include <stdio.h>

capstan_code capstan_dump_json(capstan *c, const char **ret_json)
{
    cs_status st = cs_host_enter(c);
    if (st == CS_OK) {
        cs_buf_clear(&c->text);
        cs_dump_json(c, &c->text);
        *ret_json = cs_buf_text(&c->text);
        st = cs_store_status(c->store, &c->err);
    }
    return cs_host_leave(c, st);
}

capstan_code capstan_stats_json(capstan *c, const char **ret_json)
{
    cs_status st = cs_host_enter(c);
    if (st == CS_OK) {
        cs_collection_figures collections = { 0 };
        if (c->vats != NULL)
            collections = cs_vats_collections(c->vats);
        cs_buf_clear(&c->text);
        cs_stats_json(cs_meta_get(c->store), &collections, &c->text);
        *ret_json = cs_buf_text(&c->text);
    }
    return cs_host_leave(c, st);
}

capstan_code capstan_activity_hash(capstan *c, const char **ret_hex)
{
    cs_status st = cs_host_enter(c);
    if (st == CS_OK) {
        char text[CS_HASH_TEXT_MAX];
        cs_buf_clear(&c->text);
        cs_buf_add_text(&c->text, cs_hash_text(&cs_meta_get(c->store)->activity, text));
        *ret_hex = cs_buf_text(&c->text);
    }
    return cs_host_leave(c, st);
}

/* ---- transcripts ---- */

static cs_status damaged(capstan *c, cs_vatid vat, uint64_t number)
{
    return cs_fail(&c->err, CS_E_CORRUPT,
                   "%s: the transcript of vat %s is damaged at delivery %llu; restore the store "
                   "from a copy",
                   c->store_path, cs_host_vat_name(c, vat), (unsigned long long)number);
}

/* One row, decoded; *ret_item keeps its bytes alive. */
static cs_status read_entry(capstan *c, cs_vatid vat, uint64_t number, cs_arena *arena,
                            cs_blob **ret_item, cs_hash *ret_chain, cs_delivery *ret_delivery,
                            cs_reply *ret_reply)
{
    cs_blob *item = NULL;
    cs_status st = cs_transcript_read(c->store, vat, number, &item, ret_chain, &c->err);
    if (st != CS_OK)
        return st;
    cs_arena_clear(arena);
    if (item == NULL ||
        cs_transcript_dec(cs_blob_bytes(item), arena, ret_delivery, ret_reply) != CS_OK) {
        (void)cs_blob_unref(item);
        return damaged(c, vat, number);
    }
    *ret_item = item;
    return CS_OK;
}

static void add_entry(cs_buf *b, const char *vat, uint64_t number, const cs_delivery *d,
                      const cs_reply *reply)
{
    cs_buf_addf(b, "{\"type\":\"deliver\",\"vatID\":\"%s\",\"deliveryNum\":%llu,\"vd\":", vat,
                (unsigned long long)number);
    cs_delivery_json(b, d);
    cs_buf_add_text(b, ",\"syscalls\":[");
    for (uint32_t i = 0; i < reply->syscall_count; i++) {
        if (i > 0)
            cs_buf_add_byte(b, ',');
        cs_syscall_json(b, &reply->syscalls[i]);
    }
    cs_buf_add_text(b, "],\"dr\":");
    cs_reply_json(b, reply);
    cs_buf_add_byte(b, '}');
}

typedef struct log_walk {
    capstan *c;
    cs_arena arena;
    cs_buf line;
    bool (*fn)(void *ctx, const char *json_line);
    void *ctx;
    bool stop;
} log_walk;

static cs_status log_vat(log_walk *w, const cs_vat_row *row, uint64_t from)
{
    char text[CS_REF_TEXT_MAX];
    const cs_vatid vat = row->id;
    const uint64_t next = row->next_delivery;
    (void)cs_vatid_text(vat, text);
    for (uint64_t n = from; n < next && !w->stop; n++) {
        cs_blob *item;
        cs_hash chain;
        cs_delivery d;
        cs_reply reply;
        cs_status st = read_entry(w->c, vat, n, &w->arena, &item, &chain, &d, &reply);
        if (st != CS_OK)
            return st;
        cs_buf_clear(&w->line);
        add_entry(&w->line, text, n, &d, &reply);
        w->c->busy = true;
        w->stop = !w->fn(w->ctx, cs_buf_text(&w->line));
        w->c->busy = false;
        (void)cs_blob_unref(item);
    }
    return CS_OK;
}

capstan_code capstan_log(capstan *c, const char *vat, uint64_t from,
                         bool (*fn)(void *ctx, const char *json_line), void *ctx)
{
    log_walk w = { .c = c, .fn = fn, .ctx = ctx };
    cs_vatid only = { 0 };
    cs_status st = cs_host_enter(c);
    if (st == CS_OK && vat != NULL)
        st = cs_host_find_vat(c, vat, &only);
    if (st == CS_OK && vat != NULL && cs_vat_find(c->store, only) == NULL)
        st = cs_fail(&c->err, CS_E_DEAD, "vat '%s' is terminated, and forgotten", vat);
    if (st == CS_OK && vat != NULL) {
        st = log_vat(&w, cs_vat_find(c->store, only), from);
    } else if (st == CS_OK) {
        const cs_vat_row *row;
        cs_vatid id = { 0 };
        while (st == CS_OK && !w.stop && (row = cs_vat_after(c->store, id)) != NULL) {
            id = row->id;
            st = log_vat(&w, row, from);
        }
    }
    cs_arena_fini(&w.arena);
    cs_buf_fini(&w.line);
    return cs_host_leave(c, st);
}

/* ---- verify ---- */

typedef struct audit {
    capstan *c;
    void (*fn)(void *ctx, const char *line);
    void *ctx;
    size_t faults;
} audit;

static void on_fault(void *ctx, const char *line)
{
    audit *a = ctx;
    a->faults++;
    if (a->fn == NULL)
        return;
    a->c->busy = true;
    a->fn(a->ctx, line);
    a->c->busy = false;
}

/* The chain of one vat: each row hashes with its predecessor's link to its own, and the last link is
 * the one in the vat's row. */
static void audit_transcript(audit *a, const cs_vat_row *row)
{
    cs_hash link = { { 0 } }, chain;
    cs_arena arena = { 0 };
    bool good = true;
    for (uint64_t n = row->first_delivery; n < row->next_delivery && good; n++) {
        cs_blob *item;
        cs_delivery d;
        cs_reply reply;
        good = read_entry(a->c, row->id, n, &arena, &item, &chain, &d, &reply) == CS_OK;
        if (!good) {
            on_fault(a, a->c->err.text);
            break;
        }
        link = cs_hash_chain(&link, cs_blob_bytes(item));
        (void)cs_blob_unref(item);
        good = cs_hash_same(&link, &chain);
        if (!good) {
            (void)damaged(a->c, row->id, n);
            on_fault(a, a->c->err.text);
        }
    }
    /* A terminated vat's is deleted from its end. */
    if (good && row->status == CS_VAT_LIVE && !cs_hash_same(&link, &row->transcript)) {
        (void)cs_fail(&a->c->err, CS_E_CORRUPT,
                      "%s: the transcript of vat %s does not end with the hash in its row",
                      a->c->store_path, cs_host_vat_name(a->c, row->id));
        on_fault(a, a->c->err.text);
    }
    cs_arena_fini(&arena);
}

static void audit_bundle(audit *a, const cs_vat_row *row)
{
    cs_blob *bundle = NULL;
    cs_status st = cs_bundle_read(a->c->store, &row->bundle, &bundle, &a->c->err);
    if (st == CS_OK && bundle == NULL)
        st = cs_fail(&a->c->err, CS_E_CORRUPT, "%s: the bundle of vat %s is missing",
                     a->c->store_path, cs_host_vat_name(a->c, row->id));
    if (st != CS_OK)
        on_fault(a, a->c->err.text);
    (void)cs_blob_unref(bundle);
}

capstan_code capstan_verify(capstan *c, void (*fn)(void *ctx, const char *line), void *ctx)
{
    audit a = { .c = c, .fn = fn, .ctx = ctx };
    cs_status st = cs_host_enter(c);
    if (st != CS_OK)
        return cs_host_leave(c, st);
    (void)cs_store_check(c->store, on_fault, &a);
    (void)cs_kernel_audit(c->kernel, on_fault, &a);
    const cs_vat_row *row;
    for (cs_vatid id = { 0 }; (row = cs_vat_after(c->store, id)) != NULL;) {
        id = row->id;
        audit_transcript(&a, row);
        audit_bundle(&a, row);
    }
    st = cs_store_status(c->store, &c->err);
    if (st == CS_OK && a.faults > 0)
        st = cs_fail(&c->err, CS_E_DIVERGED, "%s: %zu faults", c->store_path, a.faults);
    return cs_host_leave(c, st);
}

/* ---- replay ---- */

capstan_code capstan_replay(capstan *c, const char *vat, uint64_t to, uint64_t *ret_deliveries)
{
    cs_vatid id;
    cs_replay_figures figures = { 0 };
    cs_status st = cs_host_enter(c);
    if (st == CS_OK)
        st = cs_host_find_vat(c, vat, &id);
    if (st == CS_OK && !cs_vat_is_live(c->store, id))
        st = cs_fail(&c->err, CS_E_DEAD, "vat '%s' is terminated", vat);
    if (st == CS_OK)
        cs_host_vats(c);
    if (st == CS_OK)
        st = cs_vats_replay(c->vats, id, to, &figures, &c->err);
    if (st == CS_OK && figures.other_drops > 0)
        cs_host_notice(c, "in %llu deliveries other references were dropped than then; that may be",
                       (unsigned long long)figures.other_drops);
    if (ret_deliveries != NULL)
        *ret_deliveries = figures.deliveries;
    return cs_host_leave(c, st);
}
