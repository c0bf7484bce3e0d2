/* The kernel's tables as JSON, in the shape that `capstan dump --json` fixes (docs/formats.md):
 * everything sorted, so that equal states give equal texts. Tests compare stores by it. */
#include "host/look.h"

#include "kernel/event.h"
#include "kernel/meter.h"
#include "kernel/options.h"
#include "kernel/promise.h"

#include <string.h>

typedef struct dump {
    capstan *c;
    cs_buf *b;
    cs_arena arena;
    cs_vatid vat; /* whose c-list it is */
    bool first;
} dump;

static void comma(dump *d)
{
    if (!d->first)
        cs_buf_add_byte(d->b, ',');
    d->first = false;
}

static void open_list(dump *d, const char *name)
{
    cs_buf_addf(d->b, ",\n\"%s\":[", name);
    d->first = true;
}

static void add_kref(dump *d, cs_kref k)
{
    char text[CS_REF_TEXT_MAX];
    if (cs_kref_none(k))
        cs_buf_add_text(d->b, "null");
    else
        cs_buf_addf(d->b, "\"%s\"", cs_kref_text(k, text));
}

static void add_vatid(dump *d, cs_vatid v)
{
    char text[CS_REF_TEXT_MAX];
    if (v.n == 0)
        cs_buf_add_text(d->b, "null");
    else
        cs_buf_addf(d->b, "\"%s\"", cs_vatid_text(v, text));
}

static void add_capdata(dump *d, const cs_kcapdata *data)
{
    cs_buf_add_text(d->b, "{\"body\":");
    cs_buf_add_json(d->b, data->body);
    cs_buf_add_text(d->b, ",\"slots\":[");
    for (uint32_t i = 0; i < data->slot_count; i++) {
        if (i > 0)
            cs_buf_add_byte(d->b, ',');
        add_kref(d, data->slots[i]);
    }
    cs_buf_add_text(d->b, "]}");
}

static void add_event(dump *d, const cs_blob *item)
{
    cs_event e;
    cs_arena_clear(&d->arena);
    if (item == NULL || !cs_event_dec(cs_blob_bytes(item), &d->arena, &e)) {
        cs_buf_add_text(d->b, "{\"type\":\"damaged\"}");
        return;
    }
    switch (e.kind) {
    case CS_EVENT_SEND:
        cs_buf_add_text(d->b, "{\"type\":\"send\",\"target\":");
        add_kref(d, e.target);
        cs_buf_add_text(d->b, ",\"msg\":{\"methargs\":");
        add_capdata(d, &e.data);
        cs_buf_add_text(d->b, ",\"result\":");
        add_kref(d, e.result);
        cs_buf_add_text(d->b, "}}");
        return;
    case CS_EVENT_NOTIFY:
        cs_buf_add_text(d->b, "{\"type\":\"notify\",\"vatID\":");
        add_vatid(d, e.vat);
        cs_buf_add_text(d->b, ",\"kpid\":");
        add_kref(d, e.target);
        cs_buf_add_byte(d->b, '}');
        return;
    case CS_EVENT_START_VAT:
        cs_buf_add_text(d->b, "{\"type\":\"startVat\",\"vatID\":");
        add_vatid(d, e.vat);
        cs_buf_add_text(d->b, ",\"vatParameters\":");
        add_capdata(d, &e.data);
        cs_buf_add_byte(d->b, '}');
        return;
    case CS_EVENT_CREATE_VAT:
        cs_buf_add_text(d->b, "{\"type\":\"create-vat\",\"vatID\":");
        add_vatid(d, e.vat);
        cs_buf_add_text(d->b, ",\"bundleID\":");
        cs_buf_add_json(d->b, e.bundle);
        cs_buf_add_text(d->b, ",\"vatParameters\":");
        add_capdata(d, &e.data);
        cs_buf_add_byte(d->b, '}');
        return;
    }
}

static void add_queue(dump *d, cs_queue_id queue, cs_queue_ends ends)
{
    d->first = true;
    for (uint64_t seq = ends.first; seq < ends.next; seq++) {
        comma(d);
        add_event(d, cs_queue_find(d->c->store, queue, seq));
    }
}

static void add_vat(dump *d, const cs_vat_row *row)
{
    cs_vat_options options = { 0 };
    if (!cs_vat_options_dec(row->options, &options))
        options = (cs_vat_options){ 0 }; /* the audit tells */
    comma(d);
    cs_buf_add_text(d->b, "{\"id\":");
    add_vatid(d, row->id);
    cs_buf_add_text(d->b, ",\"name\":");
    if (row->name == NULL)
        cs_buf_add_text(d->b, "null");
    else
        cs_buf_add_json(d->b, cs_blob_bytes(row->name));
    cs_buf_addf(d->b, ",\"static\":%s,\"builtin\":%s,\"kind\":\"%s\",\"incarnation\":%u",
                options.is_static ? "true" : "false",
                options.manager == CS_MANAGER_NATIVE ? "true" : "false",
                cs_manager_name(options.manager), (unsigned)row->incarnation);
    cs_buf_addf(d->b, ",\"status\":\"%s\"",
                row->status == CS_VAT_TERMINATED            ? "terminated"
                : cs_vat_is_suspended(d->c->store, row->id) ? "suspended"
                                                            : "running");
    if (row->ending != NULL) {
        cs_buf_add_text(d->b, ",\"ending\":");
        cs_buf_add_json(d->b, cs_blob_bytes(row->ending));
    }
    char hash[CS_HASH_TEXT_MAX];
    cs_buf_addf(d->b, ",\"deliveries\":%llu,\"transcriptHash\":\"%s\"}",
                (unsigned long long)row->next_delivery, cs_hash_text(&row->transcript, hash));
}

static bool add_object(void *ctx, const cs_object_row *row)
{
    dump *d = ctx;
    comma(d);
    cs_buf_add_byte(d->b, '[');
    add_kref(d, row->kref);
    cs_buf_add_byte(d->b, ',');
    add_vatid(d, row->owner);
    cs_buf_addf(d->b, ",%u,%u]", (unsigned)row->reachable, (unsigned)row->recognizable);
    return true;
}

static void add_promise_details(dump *d, const cs_promise_row *row)
{
    cs_kcapdata data;
    if (row->state == CS_UNRESOLVED) {
        cs_buf_add_text(d->b, ",\"decider\":");
        add_vatid(d, row->decider);
        cs_buf_add_text(d->b, ",\"subscribers\":[");
        for (size_t i = 0; i < cs_subscribers_count(row->subscribers); i++) {
            if (i > 0)
                cs_buf_add_byte(d->b, ',');
            add_vatid(d, cs_subscribers_at(row->subscribers, i));
        }
        cs_buf_add_text(d->b, "],\"queue\":[");
        add_queue(d, cs_queue_of_promise(row->kref), row->queue);
        cs_buf_add_byte(d->b, ']');
    } else if (cs_kp_data(d->c->kernel, row, &d->arena, &data)) {
        cs_buf_add_text(d->b, ",\"data\":");
        add_capdata(d, &data);
    }
}

static bool add_promise(void *ctx, const cs_promise_row *row)
{
    static const char *const states[] = { "?", "unresolved", "fulfilled", "rejected" };
    dump *d = ctx;
    comma(d);
    cs_buf_add_text(d->b, "\n{\"id\":");
    add_kref(d, row->kref);
    cs_buf_addf(d->b, ",\"state\":\"%s\",\"refCount\":%u", states[row->state], (unsigned)row->refs);
    add_promise_details(d, row);
    cs_buf_add_byte(d->b, '}');
    d->first = false;
    return true;
}

static bool add_clist(void *ctx, const cs_clist_row *row)
{
    dump *d = ctx;
    char text[CS_REF_TEXT_MAX];
    comma(d);
    cs_buf_add_text(d->b, "\n[");
    add_vatid(d, row->vat);
    cs_buf_add_byte(d->b, ',');
    add_kref(d, row->kref);
    cs_buf_addf(d->b, ",\"%s\",%s]", cs_vref_text(row->vref, text),
                row->reachable ? "true" : "false");
    return true;
}

static void add_vats(dump *d)
{
    cs_buf_add_text(d->b, "{\"vats\":[");
    d->first = true;
    const cs_vat_row *row;
    for (cs_vatid id = { 0 }; (row = cs_vat_after(d->c->store, id)) != NULL; id = row->id)
        add_vat(d, row);
    cs_buf_add_byte(d->b, ']');
}

static void add_clists(dump *d)
{
    const cs_vat_row *row;
    open_list(d, "clists");
    for (cs_vatid id = { 0 }; (row = cs_vat_after(d->c->store, id)) != NULL; id = row->id)
        cs_store_each_clist(d->c->store, row->id, add_clist, d);
    cs_buf_add_byte(d->b, ']');
}

static void add_gc_actions(dump *d)
{
    open_list(d, "gcActions");
    cs_gc_action action;
    const cs_gc_action *last = NULL;
    for (; cs_gc_after(d->c->store, last, &action); last = &action) {
        char name[CS_GC_NAME_MAX];
        comma(d);
        cs_buf_addf(d->b, "\"%s\"", cs_gc_name(&action, name));
    }
    cs_buf_add_byte(d->b, ']');
}

static void add_reap_queue(dump *d, cs_queue_ends ends)
{
    open_list(d, "reapQueue");
    for (uint64_t seq = ends.first; seq < ends.next; seq++) {
        const cs_blob *item = cs_queue_find(d->c->store, CS_QUEUE_REAP, seq);
        cs_reader r = cs_reader_of(item == NULL ? (cs_bytes){ 0 } : cs_blob_bytes(item));
        comma(d);
        add_vatid(d, (cs_vatid){ (uint32_t)cs_reader_varint(&r) }); /* null: the audit tells */
    }
    cs_buf_add_byte(d->b, ']');
}

/* {"id":"m1","remaining":60,"threshold":50}; the row's words are numbers or "unlimited". */
static void add_meter(dump *d, cs_bytes key)
{
    static const char prefix[] = "meter.";
    const size_t head = sizeof prefix - 1;
    const cs_blob *value = cs_kv_find(d->c->store, (cs_vatid){ 0 }, key);
    const cs_bytes words = cs_blob_bytes(value);
    const uint8_t *space = words.size == 0 ? NULL : memchr(words.data, ' ', words.size);
    const size_t first = space == NULL ? words.size : (size_t)(space - words.data);
    const bool is_number = first > 0 && words.data[0] <= '9';
    cs_buf_addf(d->b, "{\"id\":\"%.*s\",\"remaining\":%s%.*s%s,\"threshold\":%.*s}",
                (int)(key.size - head), (const char *)key.data + head, is_number ? "" : "\"",
                (int)first, (const char *)words.data, is_number ? "" : "\"",
                space == NULL ? 4 : (int)(words.size - first - 1),
                space == NULL ? "null" : (const char *)space + 1);
}

static void add_meters(dump *d)
{
    cs_blob *key = NULL, *next;
    open_list(d, "meters");
    while ((next = cs_meter_after(d->c->store, cs_blob_bytes(key))) != NULL) {
        (void)cs_blob_unref(key);
        key = next;
        comma(d);
        add_meter(d, cs_blob_bytes(key));
    }
    (void)cs_blob_unref(key);
    cs_buf_add_byte(d->b, ']');
}

static void add_collections(const cs_collection_figures *f, cs_buf *b)
{
    cs_buf_addf(b, ",\"collections\":%llu,\"deadReferences\":%llu,\"deadPerCollectionMax\":%llu",
                (unsigned long long)f->collections, (unsigned long long)f->dead,
                (unsigned long long)f->dead_max);
    cs_buf_addf(b,
                ",\"collectionPauseP50Us\":%.1f,\"collectionPauseP99Us\":%.1f,"
                "\"collectionPauseMaxUs\":%.1f",
                f->p50_us, f->p99_us, f->max_us);
}

void cs_stats_json(const cs_meta *meta, const cs_collection_figures *collections, cs_buf *b)
{
    static const char *const names[] = {
#define X(name) #name,
#include "store/stats.def"
#undef X
    };
    cs_buf_add_byte(b, '{');
    for (size_t i = 0; i < CS_STAT_COUNT; i++) {
        cs_buf_addf(b, "%s\"", i == 0 ? "" : ",");
        /* CLIST_ENTRIES -> clistEntries, the field's spelling */
        for (const char *p = names[i]; *p != 0; p++)
            if (*p != '_')
                cs_buf_add_byte(b, (uint8_t)(p > names[i] && p[-1] == '_' ? *p : *p + 'a' - 'A'));
        cs_buf_addf(b, "\":%llu", (unsigned long long)meta->stats[i]);
    }
    if (collections != NULL)
        add_collections(collections, b);
    cs_buf_add_byte(b, '}');
}

void cs_dump_json(capstan *c, cs_buf *b)
{
    dump d = { .c = c, .b = b };
    const cs_meta *meta = cs_meta_get(c->store);
    add_vats(&d);
    open_list(&d, "objects");
    cs_store_each_object(c->store, add_object, &d);
    cs_buf_add_byte(b, ']');
    open_list(&d, "promises");
    cs_store_each_promise(c->store, add_promise, &d);
    cs_buf_add_byte(b, ']');
    add_clists(&d);
    open_list(&d, "runQueue");
    add_queue(&d, CS_QUEUE_RUN, meta->run);
    cs_buf_add_byte(b, ']');
    open_list(&d, "acceptanceQueue");
    add_queue(&d, CS_QUEUE_ACCEPTANCE, meta->acceptance);
    cs_buf_add_byte(b, ']');
    add_gc_actions(&d);
    add_reap_queue(&d, meta->reap);
    char hash[CS_HASH_TEXT_MAX];
    add_meters(&d);
    cs_buf_addf(b, ",\n\"crankNumber\":%llu,\"activityHash\":\"%s\",\n\"stats\":",
                (unsigned long long)meta->crank_number, cs_hash_text(&meta->activity, hash));
    cs_stats_json(meta, NULL, b);
    cs_buf_add_text(b, "}\n");
    cs_arena_fini(&d.arena);
}
