/* What is left of a vat: its row, marked and with the reason, and its static name (S10). Its c-list
 * goes in one piece; when deletion becomes slow work with a budget (S10, #8928), release() is what is
 * cut up. Its vatstore and transcript stay where they are until then. */
#include "kernel/terminate.h"

#include "kernel/capdata.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/object.h"
#include "kernel/order.h"
#include "kernel/promise.h"
#include "kernel/reconcile.h"

#include <stdlib.h>
#include <string.h>

/* A copy of the vat's c-list: the rows must not change while they are walked. */
typedef struct entries {
    cs_arena *arena;
    cs_clist_row *items;
    size_t count, cap;
} entries;

static bool copy_entry(void *ctx, const cs_clist_row *row)
{
    entries *e = ctx;
    if (e->count == e->cap) {
        size_t cap = e->cap == 0 ? 64 : e->cap * 2;
        cs_clist_row *items = cs_arena_take(e->arena, cap * sizeof *items);
        if (e->count > 0)
            memcpy(items, e->items, e->count * sizeof *items);
        e->items = items;
        e->cap = cap;
    }
    e->items[e->count++] = *row;
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

/* In the order of the vat's own names for them, as the reference does (S22). */
static void reject_decided(cs_kernel *k, cs_vatid vat, const entries *e)
{
    cs_clist_row *decided = cs_arena_take(&k->crank.arena, e->count * sizeof *decided);
    size_t count = 0;
    for (size_t i = 0; i < e->count; i++) {
        const cs_promise_row *row = NULL;
        if (cs_kref_type(e->items[i].kref) == CS_REF_PROMISE)
            row = cs_need_promise(k, e->items[i].kref);
        if (row != NULL && row->state == CS_UNRESOLVED && row->decider.n == vat.n)
            decided[count++] = e->items[i];
    }
    qsort(decided, count, sizeof *decided, by_vref_text);
    cs_blob *error = cs_kcapdata_error_blob(&k->scratch, CS_BYTES("vat terminated"));
    for (size_t i = 0; i < count; i++)
        cs_kp_reject(k, decided[i].kref, cs_blob_ref(error), vat);
    (void)cs_blob_unref(error);
}

/* Imports are uncounted; exports live on as orphans while anyone refers to them. */
static void release(cs_kernel *k, const entries *e)
{
    for (size_t i = 0; i < e->count; i++) {
        const cs_clist_row *row = &e->items[i];
        bool is_export = cs_vref_by_vat(row->vref) && cs_kref_type(row->kref) == CS_REF_OBJECT;
        cs_clist_remove(k, row);
        if (is_export)
            cs_object_orphan(k, row->kref);
    }
}

void cs_vat_terminate(cs_kernel *k, cs_vatid vat, const char *why)
{
    cs_vat_row *row = cs_vat_edit(k->store, vat);
    if (cs_need_options(k, vat).critical) {
        cs_crank_panic(k, "critical vat ended: %s", why);
        return;
    }
    row->status = CS_VAT_TERMINATED;
    cs_row_set_blob(k->store, &row->ending, cs_blob_new(cs_bytes_of(why)));
    cs_stat_add(k, CS_STAT_VATS_TERMINATED, 1);
    cs_crank_say(k, "terminated: %s", why);
    cs_imports_forget(k, vat);
    entries e = { .arena = &k->crank.arena };
    cs_store_each_clist(k->store, vat, copy_entry, &e);
    reject_decided(k, vat, &e);
    release(k, &e);
}
