#include "kernel/terminate.h"

#include "base/alloc.h"
#include "kernel/capdata.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/device.h"
#include "kernel/meter.h"
#include "kernel/object.h"
#include "kernel/order.h"
#include "kernel/promise.h"
#include "kernel/reconcile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- what it decided ---- */

/* A copy of those entries: the rows must not change while they are walked. */
typedef struct decided {
    cs_kernel *k;
    cs_vatid vat;
    cs_clist_row *items;
    size_t count, cap;
} decided;

static bool copy_if_decided(void *ctx, const cs_clist_row *row)
{
    decided *d = ctx;
    const cs_promise_row *promise = NULL;
    if (cs_kref_type(row->kref) == CS_REF_PROMISE)
        promise = cs_need_promise(d->k, row->kref);
    if (promise == NULL || promise->state != CS_UNRESOLVED || promise->decider.n != d->vat.n)
        return true;
    if (d->count == d->cap) {
        d->cap = d->cap == 0 ? 64 : d->cap * 2;
        d->items = cs_realloc(d->items, d->cap, sizeof *d->items);
    }
    d->items[d->count++] = *row;
    return true;
}

/* p+10 before p+2 before p-60. */
static int by_vref_text(const void *a, const void *b)
{
    cs_vref left = ((const cs_clist_row *)a)->vref, right = ((const cs_clist_row *)b)->vref;
    if (cs_vref_by_vat(left) != cs_vref_by_vat(right))
        return cs_vref_by_vat(left) ? -1 : 1;
    return cs_compare_decimal(cs_vref_id(left), cs_vref_id(right));
}

/* All at once, so that nobody waits for a dead vat; in the order of the vat's own names for them, as the
 * reference does (S22). */
static void reject_decided(cs_kernel *k, cs_vatid vat)
{
    decided d = { .k = k, .vat = vat };
    cs_store_each_clist_from(k->store, vat, cs_vref_of(CS_REF_PROMISE, false, 0), copy_if_decided,
                             &d);
    if (d.count > 0)
        qsort(d.items, d.count, sizeof *d.items, by_vref_text);
    cs_blob *error = cs_kcapdata_error_blob(&k->scratch, CS_BYTES("vat terminated"));
    for (size_t i = 0; i < d.count; i++)
        cs_kp_reject(k, d.items[i].kref, cs_blob_ref(error), vat);
    (void)cs_blob_unref(error);
    cs_free(d.items);
}

/* ---- who hears of it ---- */

/* Of a crank that was undone the info may mention what never was. */
static bool can_be_told(cs_kernel *k, const cs_kcapdata *info)
{
    for (uint32_t i = 0; info != NULL && i < info->slot_count; i++)
        if (!cs_ref_can_be_named(k, info->slots[i]))
            return false;
    return info != NULL;
}

static void tell(cs_kernel *k, cs_vatid vat, const cs_ending *e, bool with_info)
{
    char problem[CS_ERROR_MAX];
    cs_kcapdata info = { 0 };
    cs_blob *error = NULL;
    if (e->is_stillborn) {
        (void)snprintf(problem, sizeof problem, "Vat Creation Error: %s", e->why);
        cs_devices_tell_start(k, vat, (cs_kref){ 0 }, problem);
        return;
    }
    if (with_info) {
        info = *e->info;
    } else {
        error = cs_kcapdata_error_blob(&k->scratch, cs_bytes_of(e->why));
        cs_reader r = cs_reader_of(cs_blob_bytes(error));
        cs_kcapdata_dec(&r, &k->crank.arena, &info);
    }
    cs_devices_tell_end(k, vat, e->failed, &info);
    (void)cs_blob_unref(error);
}

/* In the order in which it was asked for. */
void cs_vats_end_others(cs_kernel *k)
{
    char why[CS_ERROR_MAX], text[CS_REF_TEXT_MAX];
    for (const cs_to_end *one = k->crank.to_end; one != NULL; one = one->next) {
        cs_bytes reason = cs_text_shown(one->reason.body);
        if (!cs_vat_is_live(k->store, one->vat))
            continue;
        (void)snprintf(why, sizeof why, "%s: by vatAdmin: %.*s", cs_vatid_text(one->vat, text),
                       (int)reason.size, (const char *)reason.data);
        cs_text_make_line(why);
        cs_vat_terminate(k, one->vat,
                         &(cs_ending){ .why = why, .failed = true, .info = &one->reason });
    }
}

void cs_vat_terminate(cs_kernel *k, cs_vatid vat, const cs_ending *e)
{
    cs_vat_row *row = cs_vat_edit(k->store, vat);
    if (!e->is_stillborn && cs_need_options(k, vat).critical) {
        cs_crank_panic(k, "critical vat ended: %s", e->why);
        return;
    }
    const bool with_info = can_be_told(k, e->info); /* which its owner must be alive for */
    row->status = CS_VAT_TERMINATED;
    cs_row_set_blob(k->store, &row->ending, cs_blob_new(cs_bytes_of(e->why)));
    cs_stat_add(k, CS_STAT_VATS_TERMINATED, 1);
    cs_crank_say(k, "terminated: %s", e->why);
    cs_buf_add(&k->crank.ended, &vat, sizeof vat);
    cs_imports_forget(k, vat);
    cs_vat_resume(k, vat); /* what it held splats, or is forgotten */
    cs_cleanup_add(k, vat);
    reject_decided(k, vat);
    tell(k, vat, e, with_info);
}
