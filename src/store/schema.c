/* The tables. docs/store.md shows them as SQL; a change here is a new CS_SCHEMA_VERSION. */
#include "store/page.h"

#include <stdio.h>

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define AT(type, member) (uint16_t) offsetof(type, member)
#define QUEUE_ENDS(type, member, text) \
    { text "_first", CS_COLUMN_U64, AT(type, member.first) }, \
    { \
        text "_next", CS_COLUMN_U64, AT(type, member.next) \
    }

static const cs_column kernel[] = {
    { "id", CS_COLUMN_ONE },
    { "next_object", CS_COLUMN_U64, AT(cs_meta, next_object) },
    { "next_promise", CS_COLUMN_U64, AT(cs_meta, next_promise) },
    { "next_device", CS_COLUMN_U64, AT(cs_meta, next_device) },
    { "next_vat", CS_COLUMN_U32, AT(cs_meta, next_vat) },
    { "crank", CS_COLUMN_U64, AT(cs_meta, crank_number) },
    { "block", CS_COLUMN_U64, AT(cs_meta, block_number) },
    QUEUE_ENDS(cs_meta, acceptance, "acceptance"),
    QUEUE_ENDS(cs_meta, run, "run"),
    QUEUE_ENDS(cs_meta, reap, "reap"),
    QUEUE_ENDS(cs_meta, lonely, "lonely"),
    { "reap_interval", CS_COLUMN_U64, AT(cs_meta, reap_interval) },
    { "reap_gc_krefs", CS_COLUMN_U64, AT(cs_meta, reap_gc_krefs) },
    { "activity", CS_COLUMN_HASH, AT(cs_meta, activity) },
    { "stats", CS_COLUMN_COUNTERS, AT(cs_meta, stats), CS_STAT_COUNT },
};
static const cs_column vat[] = {
    { "vat", CS_COLUMN_VAT, AT(cs_vat_row, id) },
    { "status", CS_COLUMN_ENUM, AT(cs_vat_row, status), CS_VAT_TERMINATED },
    { "incarnation", CS_COLUMN_U32, AT(cs_vat_row, incarnation) },
    { "next_import_object", CS_COLUMN_U64, AT(cs_vat_row, next_import_object) },
    { "next_import_promise", CS_COLUMN_U64, AT(cs_vat_row, next_import_promise) },
    { "next_import_device", CS_COLUMN_U64, AT(cs_vat_row, next_import_device) },
    { "first_delivery", CS_COLUMN_U64, AT(cs_vat_row, first_delivery) },
    { "next_delivery", CS_COLUMN_U64, AT(cs_vat_row, next_delivery) },
    { "transcript", CS_COLUMN_HASH, AT(cs_vat_row, transcript) },
    { "bundle", CS_COLUMN_HASH, AT(cs_vat_row, bundle) },
    { "computrons", CS_COLUMN_U64, AT(cs_vat_row, computrons) },
    { "last_crank", CS_COLUMN_U64, AT(cs_vat_row, last_crank) },
    { "dirt_deliveries", CS_COLUMN_U64, AT(cs_vat_row, dirt_deliveries) },
    { "dirt_gc_krefs", CS_COLUMN_U64, AT(cs_vat_row, dirt_gc_krefs) },
    { "heap_bytes", CS_COLUMN_U64, AT(cs_vat_row, heap_bytes) },
    { "allocated_bytes", CS_COLUMN_U64, AT(cs_vat_row, allocated_bytes) },
    { "imports_reachable", CS_COLUMN_U32, AT(cs_vat_row, imports_reachable) },
    { "is_reaping", CS_COLUMN_BOOL, AT(cs_vat_row, is_reaping) },
    { "is_lonely", CS_COLUMN_BOOL, AT(cs_vat_row, is_lonely) },
    { "name", CS_COLUMN_BLOB, AT(cs_vat_row, name) },
    { "options", CS_COLUMN_BLOB, AT(cs_vat_row, options) },
    { "ending", CS_COLUMN_BLOB, AT(cs_vat_row, ending) },
};
static const cs_column object[] = {
    { "kref", CS_COLUMN_OBJECT, AT(cs_object_row, kref) },
    { "owner", CS_COLUMN_VAT_OR_0, AT(cs_object_row, owner) },
    { "reachable", CS_COLUMN_U32, AT(cs_object_row, reachable) },
    { "recognizable", CS_COLUMN_U32, AT(cs_object_row, recognizable) },
    { "is_retiring", CS_COLUMN_BOOL, AT(cs_object_row, is_retiring) },
};
static const cs_column promise[] = {
    { "kref", CS_COLUMN_PROMISE, AT(cs_promise_row, kref) },
    { "state", CS_COLUMN_ENUM, AT(cs_promise_row, state), CS_REJECTED },
    { "policy", CS_COLUMN_U8, AT(cs_promise_row, policy) },
    { "decider", CS_COLUMN_VAT_OR_0, AT(cs_promise_row, decider) },
    { "refs", CS_COLUMN_U32, AT(cs_promise_row, refs) },
    { "since", CS_COLUMN_U64, AT(cs_promise_row, since) },
    QUEUE_ENDS(cs_promise_row, queue, "queue"),
    { "subscribers", CS_COLUMN_BLOB, AT(cs_promise_row, subscribers) },
    { "resolution", CS_COLUMN_BLOB, AT(cs_promise_row, resolution) },
};
static const cs_column clist[] = {
    { "vat", CS_COLUMN_VAT, AT(cs_clist_row, vat) },
    { "vref", CS_COLUMN_VREF, AT(cs_clist_row, vref) },
    { "kref", CS_COLUMN_KREF, AT(cs_clist_row, kref), .is_fixed = true },
    { "reachable", CS_COLUMN_BOOL, AT(cs_clist_row, reachable) },
    { "since", CS_COLUMN_U64, AT(cs_clist_row, since) },
};
/* The same entries by kref. */
static const cs_column holder[] = {
    { "kref", CS_COLUMN_KREF, AT(cs_clist_row, kref) },
    { "vref", CS_COLUMN_VREF, AT(cs_clist_row, vref) },
};
static const cs_column queue[] = {
    { "queue", CS_COLUMN_QUEUE, AT(cs_queue_row, queue) },
    { "seq", CS_COLUMN_U64, AT(cs_queue_row, seq) },
    { "item", CS_COLUMN_BYTES, AT(cs_queue_row, item) },
};
static const cs_column hold[] = {
    { "kref", CS_COLUMN_KREF, AT(cs_hold_row, kref) },
    { "count", CS_COLUMN_U32, AT(cs_hold_row, count) },
    { "since", CS_COLUMN_U64, AT(cs_hold_row, since) },
};
static const cs_column gc[] = {
    { "vat", CS_COLUMN_VAT, AT(cs_gc_row, vat) },
    { "page", CS_COLUMN_U64, AT(cs_gc_row, page) },
    { "objects", CS_COLUMN_U32, AT(cs_gc_row, objects) },
};
static const cs_column kv[] = {
    { "vat", CS_COLUMN_VAT_OR_0, AT(cs_named_row, order.vat) },
    { "key", CS_COLUMN_NAME, AT(cs_named_row, name) },
    { "value", CS_COLUMN_BYTES, AT(cs_named_row, value) },
};
static const cs_column transcript[] = {
    { "vat", CS_COLUMN_VAT, AT(cs_transcript_row, vat) },
    { "delivery", CS_COLUMN_U64, AT(cs_transcript_row, delivery) },
    { "item", CS_COLUMN_BYTES, AT(cs_transcript_row, item) },
    { "chain", CS_COLUMN_HASH, AT(cs_transcript_row, chain) },
};
static const cs_column bundle[] = {
    { "hash", CS_COLUMN_NAME, AT(cs_named_row, name) },
    { "bytes", CS_COLUMN_BYTES, AT(cs_named_row, value) },
};
static const cs_column code[] = {
    { "name", CS_COLUMN_NAME, AT(cs_named_row, name) },
    { "bytes", CS_COLUMN_BYTES, AT(cs_named_row, value) },
};

static bool in_order(cs_queue_ends ends)
{
    return ends.first <= ends.next;
}

static const char *check_kernel(const void *row)
{
    const cs_meta *m = row;
    bool good =
        in_order(m->acceptance) && in_order(m->run) && in_order(m->reap) && in_order(m->lonely);
    return good ? NULL : "queue ends before it begins";
}

static const char *check_vat(const void *row)
{
    const cs_vat_row *v = row;
    return v->first_delivery <= v->next_delivery ? NULL : "transcript ends before it begins";
}

static const char *check_object(const void *row)
{
    const cs_object_row *o = row;
    if (o->is_retiring && (o->owner.n != 0 || o->reachable > 0))
        return "retiring, and owned or reachable";
    return o->reachable <= o->recognizable ? NULL : "reachable more often than recognizable";
}

static const char *check_promise(const void *row)
{
    const cs_promise_row *p = row;
    if (!in_order(p->queue))
        return "queue ends before it begins";
    return (p->state == CS_UNRESOLVED) == (p->resolution == NULL) ? NULL
                                                                  : "state and resolution disagree";
}

static const char *check_clist(const void *row)
{
    const cs_clist_row *c = row;
    return cs_vref_type(c->vref) == cs_kref_type(c->kref) ? NULL : "vref and kref differ in type";
}

static const char *check_bundle(const void *row)
{
    const cs_named_row *b = row;
    return b->name->size == CS_HASH_SIZE ? NULL : "name is not a hash";
}

#define WHOLE(type) .size = sizeof(type), .copied = sizeof(type)
#define COLUMNS(table, keys) #table, table, COUNT(table), keys

const cs_table_def cs_table_defs[CS_TABLE_COUNT] = {
    [CS_TABLE_KERNEL] = { COLUMNS(kernel, 1), WHOLE(cs_meta), .check = check_kernel },
    [CS_TABLE_VAT] = { COLUMNS(vat, 1), WHOLE(cs_vat_row), .check = check_vat, .blob_count = 3,
                       .blobs = { AT(cs_vat_row, name), AT(cs_vat_row, options),
                                  AT(cs_vat_row, ending) } },
    [CS_TABLE_OBJECT] = { COLUMNS(object, 1), WHOLE(cs_object_row), .check = check_object,
                          .is_packed = true },
    [CS_TABLE_PROMISE] = { COLUMNS(promise, 1), WHOLE(cs_promise_row), .check = check_promise,
                           .blob_count = 2,
                           .blobs = { AT(cs_promise_row, subscribers),
                                      AT(cs_promise_row, resolution) } },
    [CS_TABLE_CLIST] = { COLUMNS(clist, 2), .size = sizeof(cs_clist_cell),
                         .copied = sizeof(cs_clist_row), .check = check_clist, .is_packed = true },
    [CS_TABLE_QUEUE] = { COLUMNS(queue, 2), WHOLE(cs_queue_row), .blob_count = 1,
                         .blobs = { AT(cs_queue_row, item) } },
    [CS_TABLE_HOLD] = { COLUMNS(hold, 1), WHOLE(cs_hold_row) },
    [CS_TABLE_GC] = { COLUMNS(gc, 2), .size = sizeof(cs_gc_row), .copied = AT(cs_gc_row, order),
                      .check = cs_gc_check },
    [CS_TABLE_KV] = { COLUMNS(kv, 2), .size = sizeof(cs_named_row), .is_named = true,
                      .copied = AT(cs_named_row, name), .blob_count = 1,
                      .blobs = { AT(cs_named_row, value) } },
    [CS_TABLE_TRANSCRIPT] = { COLUMNS(transcript, 2), WHOLE(cs_transcript_row), .is_log = true,
                              .blob_count = 1, .blobs = { AT(cs_transcript_row, item) } },
    [CS_TABLE_BUNDLE] = { COLUMNS(bundle, 1), .size = sizeof(cs_named_row), .is_named = true,
                          .is_log = true, .copied = AT(cs_named_row, name), .blob_count = 1,
                          .blobs = { AT(cs_named_row, value) }, .check = check_bundle },
    [CS_TABLE_CODE] = { COLUMNS(code, 1), .size = sizeof(cs_named_row), .is_named = true,
                        .is_log = true, .copied = AT(cs_named_row, name), .blob_count = 1,
                        .blobs = { AT(cs_named_row, value) } },
};

/* An entry is wide as its columns: references and crank numbers 8, counts and vats 4, flags 1. */
const cs_pages_def cs_pages_defs[CS_PAGES_COUNT] = {
    [CS_PAGES_OBJECT] = { "object", "page", false, object, COUNT(object), 8 + 4 + 4 + 4 + 1 },
    [CS_PAGES_CLIST] = { "clist", "vat,page", true, clist + 1, COUNT(clist) - 1, 8 + 8 + 1 + 8 },
    [CS_PAGES_HOLDER] = { "holder", "page,vat", true, holder, COUNT(holder), 8 + 8 },
};

/* ---- keys for people ---- */

static size_t put_number(char *text, size_t size, cs_column_kind kind, uint64_t n)
{
    char ref[CS_REF_TEXT_MAX];
    if (kind == CS_COLUMN_VAT || kind == CS_COLUMN_VAT_OR_0)
        (void)cs_vatid_text((cs_vatid){ (uint32_t)n }, ref);
    else if (kind == CS_COLUMN_VREF)
        (void)cs_vref_text((cs_vref){ n }, ref);
    else if (kind >= CS_COLUMN_OBJECT && kind <= CS_COLUMN_QUEUE && n > CS_QUEUE_LONELY)
        (void)cs_kref_text((cs_kref){ n }, ref);
    else
        (void)snprintf(ref, sizeof ref, "%llu", (unsigned long long)n);
    int length = snprintf(text, size, "%s", ref);
    return length < 0 ? 0 : (size_t)length;
}

/* As much as fits; bytes that are no text as hexadecimal. */
static size_t put_name(char *text, size_t size, cs_bytes name)
{
    bool printable = true;
    size_t at = 0;
    for (size_t i = 0; i < name.size; i++)
        printable = printable && name.data[i] >= 0x20 && name.data[i] < 0x7f;
    for (size_t i = 0; i < name.size && at + 3 < size; i++) {
        int n = snprintf(text + at, size - at, printable ? "%c" : "%02x", name.data[i]);
        at += n < 0 ? 0 : (size_t)n;
    }
    return at;
}

const char *cs_row_key_text(cs_table_id table, const cs_key *key, char text[static CS_KEY_TEXT_MAX])
{
    const cs_table_def *def = &cs_table_defs[table];
    size_t at = 0;
    text[0] = 0;
    for (size_t i = 0; i < def->key_count && at + 1 < CS_KEY_TEXT_MAX; i++) {
        if (i > 0)
            text[at++] = ' ';
        if (def->is_named && i + 1 == def->key_count)
            at += put_name(text + at, CS_KEY_TEXT_MAX - at, key->name);
        else
            at += put_number(text + at, CS_KEY_TEXT_MAX - at, def->columns[i].kind,
                             i == 0 ? key->a : key->b);
    }
    return text;
}
