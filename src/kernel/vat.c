#include "kernel/vat.h"

#include "base/limits.h"
#include "kernel/bundle.h"
#include "kernel/capdata.h"
#include "kernel/change.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/object.h"
#include "kernel/options.h"
#include "kernel/queue.h"
#include "kernel/refcount.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- root objects ---- */

static cs_vref root_vref(void)
{
    return cs_vref_of(CS_REF_OBJECT, true, 0); /* S4g */
}

const cs_clist_row *cs_root_entry(cs_kernel *k, cs_vatid vat)
{
    return cs_clist_find_vref(k->store, vat, root_vref());
}

cs_kref cs_root_named(cs_kernel *k, cs_vatid vat)
{
    const cs_clist_row *known = cs_root_entry(k, vat);
    cs_kref root = known == NULL ? cs_object_new(k, vat) : known->kref;
    if (known == NULL)
        cs_clist_export(k, vat, root_vref(), root);
    else if (!known->reachable)
        cs_clist_export_anew(k, known);
    return root;
}

/* ---- making ---- */

static cs_vat_row *add_row(cs_kernel *k, cs_vatid vat, cs_bytes name, const cs_hash *bundle,
                           const cs_vat_options *options)
{
    cs_vat_row *row = cs_vat_add(k->store, vat);
    row->status = CS_VAT_LIVE;
    row->next_import_object = 50; /* S4g */
    row->next_import_promise = 60;
    row->next_import_device = 70;
    row->bundle = *bundle;
    if (name.size > 0)
        cs_row_set_blob(k->store, &row->name, cs_blob_new(name));
    cs_row_set_blob(k->store, &row->options, cs_vat_options_blob(options));
    return row;
}

static void queue_start(cs_kernel *k, cs_vatid vat, const cs_kcapdata *parameters)
{
    const cs_event e = { CS_EVENT_START_VAT, .vat = vat, .data = *parameters,
                         .since = k->crank.meta->crank_number };
    cs_blob *item = cs_event_blob(&k->scratch, &e);
    cs_event_up(k, &e);
    cs_buf_add(&k->crank.record, item->data, item->size);
    cs_queue_accept(k, item);
}

void cs_vat_make(cs_kernel *k, cs_vatid vat, cs_bytes name, const cs_hash *bundle,
                 const cs_vat_options *options, const cs_kcapdata *parameters)
{
    const cs_vat_row *row = add_row(k, vat, name, bundle, options);
    (void)cs_root_named(k, vat);
    cs_buf_add(&k->crank.record, row->bundle.bytes, CS_HASH_SIZE);
    cs_buf_add(&k->crank.record, row->options->data, row->options->size);
    cs_buf_add(&k->crank.record, name.data, name.size);
    queue_start(k, vat, parameters);
    cs_stat_add(k, CS_STAT_VATS_CREATED, 1);
}

/* ---- by vatAdmin ---- */

cs_vatid cs_device_create_vat(cs_kernel *k, cs_bytes bundle_id, cs_bytes name,
                              const cs_vat_options *options, const cs_kcapdata *parameters)
{
    const cs_vatid vat = { k->crank.meta->next_vat++ };
    cs_vat_options o = *options;
    o.has_admin = true;
    cs_blob *bytes = cs_vat_options_blob(&o);
    const cs_event e = { CS_EVENT_CREATE_VAT,
                         .vat = vat,
                         .data = *parameters,
                         .since = k->crank.meta->crank_number,
                         .bundle = bundle_id,
                         .name = name,
                         .options = cs_blob_bytes(bytes) };
    cs_event_up(k, &e);
    cs_queue_accept(k, cs_event_blob(&k->scratch, &e));
    (void)cs_blob_unref(bytes);
    return vat;
}

static const cs_vatid own = { 0 };
#define MOST "vats.max" /* as text; absent: CS_VATS_MAX */

static uint64_t most_vats(cs_kernel *k)
{
    char text[24] = "";
    const cs_blob *value = cs_kv_find(k->store, own, CS_BYTES(MOST));
    if (value == NULL)
        return CS_VATS_MAX;
    if (value->size < sizeof text)
        memcpy(text, value->data, value->size);
    return strtoull(text, NULL, 10);
}

cs_status cs_kernel_set_vats_max(cs_kernel *k, uint64_t most)
{
    char text[24];
    if (most == 0 || most == most_vats(k))
        return CS_OK;
    cs_status st = cs_change_begin(k, CS_CHANGE_VATS_MAX, NULL);
    if (st != CS_OK)
        return st;
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)most);
    cs_kv_set(k->store, own, CS_BYTES(MOST), cs_blob_new(cs_bytes_of(text)));
    cs_buf_add_text(&k->crank.record, text);
    return cs_crank_end_host(k, NULL);
}

static bool is_full(cs_kernel *k)
{
    const uint64_t *stats = k->crank.meta->stats;
    return stats[CS_STAT_VATS_CREATED] - stats[CS_STAT_VATS_TERMINATED] >= most_vats(k);
}

static void fail(cs_kernel *k, cs_vatid vat, const char *format, ...) CS_PRINTF(3, 4);
static void fail(cs_kernel *k, cs_vatid vat, const char *format, ...)
{
    char text[CS_ERROR_MAX], why[CS_ERROR_MAX - 20];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(why, sizeof why, format, args);
    va_end(args);
    (void)snprintf(text, sizeof text, "Vat Creation Error: %s", why);
    cs_devices_tell_start(k, vat, (cs_kref){ 0 }, text);
}

void cs_vat_create(cs_kernel *k, const cs_event *e)
{
    cs_hash bundle;
    cs_vat_options options;
    const cs_bytes id = cs_text_shown(e->bundle);
    cs_buf_add_varint(&k->crank.record, e->vat.n);
    if (!cs_vat_options_dec_bytes(e->options, &options) || cs_vat_find(k->store, e->vat) != NULL)
        cs_crank_fault(k, "v%u: the event that creates it is damaged", (unsigned)e->vat.n);
    else if (cs_bundle_of_id(k, e->bundle, &bundle) != CS_OK)
        fail(k, e->vat, "bundle %.*s is not installed", (int)id.size, (const char *)id.data);
    else if (is_full(k))
        fail(k, e->vat, "%llu vats live, and no more may", (unsigned long long)most_vats(k));
    else
        cs_vat_make(k, e->vat, e->name, &bundle, &options, &e->data);
    cs_event_down(k, e);
}

void cs_vat_tell_start(cs_kernel *k, cs_vatid vat)
{
    cs_devices_tell_start(k, vat, cs_root_named(k, vat), NULL);
}
