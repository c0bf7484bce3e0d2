#include "kernel/vat.h"

#include "kernel/bundle.h"
#include "kernel/capdata.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/object.h"
#include "kernel/options.h"
#include "kernel/queue.h"
#include "kernel/refcount.h"

#include <stdio.h>

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

static void fail(cs_kernel *k, cs_vatid vat, cs_bytes bundle_id)
{
    char text[CS_ERROR_MAX];
    bundle_id = cs_text_shown(bundle_id);
    (void)snprintf(text, sizeof text, "Vat Creation Error: bundle %.*s is not installed",
                   (int)bundle_id.size, (const char *)bundle_id.data);
    cs_devices_tell_start(k, vat, (cs_kref){ 0 }, text);
}

void cs_vat_create(cs_kernel *k, const cs_event *e)
{
    cs_hash bundle;
    cs_vat_options options;
    cs_buf_add_varint(&k->crank.record, e->vat.n);
    if (!cs_vat_options_dec_bytes(e->options, &options) || cs_vat_find(k->store, e->vat) != NULL)
        cs_crank_fault(k, "v%u: the event that creates it is damaged", (unsigned)e->vat.n);
    else if (cs_bundle_of_id(k, e->bundle, &bundle) == CS_OK)
        cs_vat_make(k, e->vat, e->name, &bundle, &options, &e->data);
    else
        fail(k, e->vat, e->bundle);
    cs_event_down(k, e);
}

void cs_vat_tell_start(cs_kernel *k, cs_vatid vat)
{
    cs_devices_tell_start(k, vat, cs_root_named(k, vat), NULL);
}
