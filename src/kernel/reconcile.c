/* A vat tells the kernel all that it imports, and the kernel lets go of the rest (A17, design.md 4).
 *
 * What the vat says is foreign: only entries of its own c-list are ever touched, and only towards less.
 * One walk over the c-list and one over each list; the lists' sizes are not a worry. */
#include "kernel/reconcile.h"

#include "base/map.h"
#include "kernel/change.h"
#include "kernel/clist.h"

#include <stdio.h>
#include <string.h>

/* ---- the count ---- */

static cs_bytes mark_of(cs_vatid vat, char text[static CS_REF_TEXT_MAX])
{
    (void)snprintf(text, CS_REF_TEXT_MAX, "vat.miscounted.v%u", (unsigned)vat.n);
    return cs_bytes_of(text);
}

static void tell(cs_kernel *k, const cs_vat_row *row, uint32_t held)
{
    char vat[CS_REF_TEXT_MAX];
    cs_bytes name = cs_blob_bytes(row->name);
    cs_crank_say(k, "%s (%.*s) crank %llu: holds %u imports, and its c-list has %u",
                 cs_vatid_text(row->id, vat), (int)name.size, (const char *)name.data,
                 (unsigned long long)k->crank.meta->crank_number, (unsigned)held,
                 (unsigned)row->imports_reachable);
}

bool cs_imports_are_miscounted(cs_kernel *k, const cs_reply *reply)
{
    char text[CS_REF_TEXT_MAX];
    const cs_vatid kernel = { 0 };
    const cs_vat_row *row = cs_need_vat(k, k->crank.vat);
    if (row == NULL || reply->imports_held == CS_IMPORTS_UNKNOWN ||
        reply->imports_held == row->imports_reachable)
        return false;
    cs_stat_add(k, CS_STAT_IMPORTS_MISCOUNTED, 1);
    cs_bytes mark = mark_of(row->id, text);
    if (cs_kv_find(k->store, kernel, mark) == NULL) {
        cs_kv_set(k->store, kernel, mark, cs_blob_new(CS_BYTES("yes")));
        tell(k, row, reply->imports_held);
    }
    return true;
}

void cs_imports_forget(cs_kernel *k, cs_vatid vat)
{
    char text[CS_REF_TEXT_MAX];
    const cs_vatid kernel = { 0 };
    cs_bytes mark = mark_of(vat, text);
    if (cs_kv_find(k->store, kernel, mark) != NULL)
        cs_kv_delete(k->store, kernel, mark);
}

/* ---- the lists ---- */

typedef enum claim { CLAIM_NONE, CLAIM_RECOGNIZED, CLAIM_HELD } claim;

typedef struct import {
    cs_vref vref;
    bool reachable;
    claim claim;
} import;

typedef struct imports {
    cs_arena *arena;
    import *items;
    size_t count, cap;
    cs_map places; /* vref -> place in items */
} imports;

/* In the order of the rows: what follows must not depend on the vat's order, or a map's. */
static bool add_import(void *ctx, const cs_clist_row *row)
{
    imports *all = ctx;
    if (cs_vref_type(row->vref) != CS_REF_OBJECT || cs_vref_by_vat(row->vref))
        return true;
    if (all->count == all->cap) {
        size_t cap = all->cap == 0 ? 64 : all->cap * 2;
        import *items = cs_arena_take(all->arena, cap * sizeof *items);
        if (all->count > 0)
            memcpy(items, all->items, all->count * sizeof *items);
        all->items = items;
        all->cap = cap;
    }
    cs_map_put(&all->places, row->vref.bits)->value = all->count;
    all->items[all->count++] = (import){ row->vref, row->reachable, CLAIM_NONE };
    return true;
}

static void add_claims(imports *all, const cs_vrefs *refs, claim what)
{
    for (uint32_t i = 0; i < refs->count; i++) {
        uint64_t bits = refs->items[i].bits;
        const cs_map_entry *e = bits == 0 ? NULL : cs_map_find(&all->places, bits);
        if (e != NULL && all->items[e->value].claim < what)
            all->items[e->value].claim = what;
    }
}

/* Whether the entry changed. */
static bool reconcile_one(cs_kernel *k, cs_vatid vat, const import *i)
{
    bool drop = i->reachable && i->claim != CLAIM_HELD, retire = i->claim == CLAIM_NONE;
    if (!drop && !retire)
        return false;
    if (drop) {
        cs_clist_drop(k, cs_clist_find_vref(k->store, vat, i->vref));
        cs_stat_add(k, CS_STAT_IMPORTS_DROPPED, 1);
    }
    if (retire) {
        cs_clist_remove(k, cs_clist_find_vref(k->store, vat, i->vref));
        cs_stat_add(k, CS_STAT_IMPORTS_RETIRED, 1);
    }
    cs_buf_add_varint(&k->crank.record, cs_vref_id(i->vref));
    cs_crank_record(k, retire);
    return true;
}

cs_status cs_kernel_reconcile(cs_kernel *k, cs_vatid vat, const cs_vrefs *held,
                              const cs_vrefs *recognized, uint32_t *ret_changed)
{
    const cs_vat_row *row;
    uint32_t changed = 0;
    cs_status st = cs_change_vat(k, vat, &row);
    if (st == CS_OK)
        st = cs_change_begin(k, CS_CHANGE_RECONCILE, NULL);
    if (st != CS_OK)
        return st;
    cs_buf_add_varint(&k->crank.record, vat.n);
    imports all = { .arena = &k->crank.arena };
    cs_store_each_clist(k->store, vat, add_import, &all);
    add_claims(&all, held, CLAIM_HELD);
    add_claims(&all, recognized, CLAIM_RECOGNIZED);
    for (size_t i = 0; i < all.count; i++)
        changed += reconcile_one(k, vat, &all.items[i]);
    cs_map_fini(&all.places);
    if (changed > 0) {
        cs_imports_forget(k, vat);
        st = cs_crank_end_host(k, NULL);
    } else {
        st = cs_store_status(k->store, NULL);
        cs_crank_undo(k);
    }
    if (st == CS_OK)
        *ret_changed = changed;
    return st;
}
