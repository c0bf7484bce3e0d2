/* Slow deletion of what a vat left (S10, terminate.h). Where it is follows from the rows that are still
 * there, so nothing is kept about it, and a crank that is undone, or a kernel that is made anew, goes on
 * as if nothing had been.
 *
 * Within a phase the order is that of the vat's own references, their bits. The store is asked for many
 * of them at once, which are then known in memory; whether each is still there is asked when its turn
 * comes. */
#include "kernel/terminate.h"

#include "base/alloc.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/object.h"

#include <stdio.h>
#include <string.h>

enum { KNOWN_MAX = 65536, LISTS = 3 }; /* of exports, imports, promises */

/* Entries of the vat's c-list that are to be deleted in one phase, in order: [at, count) have not been
 * by us. A dead vat gets no new ones, so a list that is over stays so. Each phase has its own, lest a
 * crank that comes to the last one asks for all of them again. */
struct cs_doomed {
    cs_vatid vat;
    cs_vref to;  /* where the phase ends; none: nowhere */
    bool is_all; /* of the phase */
    size_t at, count;
    cs_vref items[KNOWN_MAX];
};

void cs_cleanup_forget(cs_kernel *k)
{
    for (size_t i = 0; k->doomed != NULL && i < LISTS; i++)
        k->doomed[i].vat = (cs_vatid){ 0 };
}

void cs_cleanup_fini(cs_kernel *k)
{
    cs_free(k->doomed);
}

/* ---- the list ---- */

static const cs_vatid own = { 0 };
#define ENDED "vat.ended."

void cs_cleanup_add(cs_kernel *k, cs_vatid vat)
{
    char key[64], text[CS_REF_TEXT_MAX];
    (void)snprintf(key, sizeof key, ENDED "%016llx",
                   (unsigned long long)k->crank.meta->stats[CS_STAT_VATS_TERMINATED]);
    cs_kv_set(k->store, own, cs_bytes_of(key), cs_blob_new(cs_bytes_of(cs_vatid_text(vat, text))));
    cs_stat_add(k, CS_STAT_VATS_TERMINATING, 1);
}

cs_blob *cs_cleanup_after(cs_store *s, cs_bytes at, cs_vatid *ret)
{
    cs_blob *key = cs_kv_after(s, own, at.size > 0 ? at : CS_BYTES(ENDED));
    if (key == NULL || !cs_bytes_start_with(cs_blob_bytes(key), ENDED))
        return cs_blob_unref(key);
    if (cs_vatid_parse(cs_blob_bytes(cs_kv_find(s, own, cs_blob_bytes(key))), ret) != CS_OK)
        *ret = own;
    return key;
}

bool cs_cleanup_is_due(const cs_kernel *k)
{
    return cs_meta_get(k->store)->stats[CS_STAT_VATS_TERMINATING] > 0 && k->cleanup.total > 0;
}

/* ---- c-list ---- */

static bool know(void *ctx, const cs_clist_row *row)
{
    struct cs_doomed *d = ctx;
    bool is_in = cs_vref_none(d->to) || row->vref.bits < d->to.bits;
    if (is_in)
        d->items[d->count++] = row->vref;
    d->is_all = !is_in;
    return is_in && d->count < KNOWN_MAX;
}

/* o- before o+ before p- (base/ref.h), though exports go first. */
static cs_vref first_of(cs_cleanup_phase phase)
{
    return phase == CS_CLEANUP_PROMISES ? cs_vref_of(CS_REF_PROMISE, false, 0)
                                        : cs_vref_of(CS_REF_OBJECT, phase == CS_CLEANUP_EXPORTS, 0);
}

static cs_vref end_of(cs_cleanup_phase phase)
{
    if (phase == CS_CLEANUP_PROMISES)
        return (cs_vref){ 0 };
    return first_of(phase == CS_CLEANUP_EXPORTS ? CS_CLEANUP_PROMISES : CS_CLEANUP_EXPORTS);
}

static void find_out(cs_kernel *k, cs_vatid vat, cs_cleanup_phase phase)
{
    struct cs_doomed *d = &k->doomed[phase];
    d->vat = vat;
    d->to = end_of(phase);
    d->at = d->count = 0;
    d->is_all = false;
    cs_store_each_clist_from(k->store, vat, first_of(phase), know, d);
    d->is_all = d->is_all || d->count < KNOWN_MAX;
}

/* The first entry of the phase, or NULL. */
static const cs_clist_row *first_entry(cs_kernel *k, cs_vatid vat, cs_cleanup_phase phase)
{
    const cs_clist_row *row = NULL;
    if (k->doomed == NULL)
        k->doomed = cs_alloc_zero(LISTS, sizeof *k->doomed);
    struct cs_doomed *d = &k->doomed[phase];
    if (d->vat.n != vat.n)
        find_out(k, vat, phase);
    while (row == NULL) {
        if (d->at == d->count && d->is_all)
            return NULL;
        if (d->at == d->count)
            find_out(k, vat, phase);
        if (d->at < d->count)
            row = cs_clist_find_vref(k->store, vat, d->items[d->at++]);
    }
    return row;
}

/* Imports are uncounted; exports live on as orphans while anyone refers to them. */
static void remove_entry(cs_kernel *k, const cs_clist_row *row)
{
    const cs_kref kref = row->kref;
    bool is_export = cs_vref_by_vat(row->vref) && cs_kref_type(kref) == CS_REF_OBJECT;
    cs_clist_remove(k, row);
    if (is_export)
        cs_object_orphan(k, kref);
}

static uint64_t remove_entries(cs_kernel *k, cs_vatid vat, cs_cleanup_phase phase, uint64_t most)
{
    uint64_t count = 0;
    const cs_clist_row *row;
    while (count < most && (row = first_entry(k, vat, phase)) != NULL) {
        remove_entry(k, row);
        count++;
    }
    return count;
}

/* ---- how much ---- */

void cs_kernel_set_cleanup(cs_kernel *k, uint64_t most)
{
    cs_cleanup_budget budget = { .total = most };
    for (size_t i = 0; i < CS_CLEANUP_PHASES; i++)
        budget.phases[i] = UINT64_MAX;
    cs_kernel_set_cleanup_budget(k, &budget);
}

void cs_kernel_set_cleanup_budget(cs_kernel *k, const cs_cleanup_budget *budget)
{
    for (size_t i = 0; i < CS_CLEANUP_PHASES; i++)
        cs_assert(budget->phases[i] > 0); /* else no crank would get past it */
    k->cleanup = *budget;
}

/* ---- phases: each gives how many it has deleted, fewer than `most` if it is over ---- */

static uint64_t remove_keys(cs_kernel *k, cs_vatid vat, uint64_t most)
{
    uint64_t count = 0;
    cs_blob *key = NULL, *next;
    while (count < most && (next = cs_kv_after(k->store, vat, cs_blob_bytes(key))) != NULL) {
        (void)cs_blob_unref(key);
        key = next;
        cs_kv_delete(k->store, vat, cs_blob_bytes(key));
        count++;
    }
    (void)cs_blob_unref(key);
    return count;
}

/* The last first: the row says what is left. */
static uint64_t remove_transcript(cs_kernel *k, cs_vatid vat, uint64_t most)
{
    cs_vat_row *row = cs_vat_edit(k->store, vat);
    uint64_t count = 0;
    for (; count < most && row->next_delivery > 0; count++)
        cs_transcript_delete(k->store, vat, --row->next_delivery);
    if (row->first_delivery > row->next_delivery)
        row->first_delivery = row->next_delivery;
    return count;
}

static uint64_t remove_some(cs_kernel *k, cs_vatid vat, cs_cleanup_phase phase, uint64_t most)
{
    if (phase == CS_CLEANUP_KV)
        return remove_keys(k, vat, most);
    if (phase == CS_CLEANUP_TRANSCRIPTS)
        return remove_transcript(k, vat, most);
    return remove_entries(k, vat, phase, most);
}

static void forget_vat(cs_kernel *k, cs_vatid vat, cs_bytes key)
{
    cs_vat_delete(k->store, vat);
    cs_kv_delete(k->store, own, key);
    cs_stat_sub(k, CS_STAT_VATS_TERMINATING, 1);
}

/* ---- the crank ---- */

static void clean_up(cs_kernel *k, cs_vatid vat, cs_bytes key)
{
    uint64_t left = k->cleanup.total;
    bool is_spent = false;
    for (size_t i = 0; i < CS_CLEANUP_PHASES && !is_spent; i++) {
        const uint64_t own_most = k->cleanup.phases[i], most = own_most < left ? own_most : left;
        const uint64_t count = remove_some(k, vat, (cs_cleanup_phase)i, most);
        is_spent = count == most;
        left -= count;
    }
    cs_buf_add_varint(&k->crank.record, vat.n);
    cs_buf_add_varint(&k->crank.record, k->cleanup.total - left);
    if (!is_spent)
        forget_vat(k, vat, key);
}

void cs_cleanup_some(cs_kernel *k)
{
    cs_vatid vat = { 0 };
    cs_blob *key = cs_cleanup_after(k->store, (cs_bytes){ 0 }, &vat);
    const cs_vat_row *row = key == NULL ? NULL : cs_vat_find(k->store, vat);
    if (row == NULL || row->status != CS_VAT_TERMINATED)
        cs_crank_fault(k, "the list of terminated vats names none");
    else
        clean_up(k, vat, cs_blob_bytes(key));
    (void)cs_blob_unref(key);
}
