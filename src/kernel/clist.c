#include "kernel/clist.h"

#include "kernel/crank.h"
#include "kernel/object.h"
#include "kernel/promise.h"
#include "kernel/refcount.h"

static bool is_object(cs_kref k)
{
    return cs_kref_type(k) == CS_REF_OBJECT;
}

cs_status cs_vref_refuse(cs_vref vref, cs_status st, cs_error *err)
{
    char text[CS_REF_TEXT_MAX];
    return cs_fail(err, st, "%s: %s", cs_vref_text(vref, text), cs_status_text(st));
}

cs_status cs_vref_refuse_malformed(cs_vref vref, cs_error *err)
{
    if (cs_vref_check(vref))
        return CS_OK;
    return cs_fail(err, CS_E_BAD_REF, "%016llx: %s", (unsigned long long)vref.bits,
                   cs_status_text(CS_E_BAD_REF));
}

static bool is_import(cs_vref vref)
{
    return cs_vref_type(vref) == CS_REF_OBJECT && !cs_vref_by_vat(vref);
}

static void set_reachable(cs_kernel *k, cs_clist_row *row)
{
    row->reachable = true;
    row->since = k->crank.meta->crank_number;
}

/* C4 */
static void count_import(cs_kernel *k, cs_vat_row *row, bool more)
{
    if (more ? row->imports_reachable == UINT32_MAX : row->imports_reachable == 0)
        cs_crank_fault(k, "v%u: its count of imports leaves the range", (unsigned)row->id.n);
    else
        row->imports_reachable += more ? 1 : UINT32_MAX;
}

static void add(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref kref)
{
    set_reachable(k, cs_clist_add(k->store, vat, vref, kref));
    cs_stat_add(k, CS_STAT_CLIST_ENTRIES, 1);
}

void cs_clist_export(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref kref)
{
    add(k, vat, vref, kref);
    if (!is_object(kref))
        cs_ref_up(k, kref); /* R1; an exporter's entry counts for promises only */
}

void cs_clist_export_anew(cs_kernel *k, const cs_clist_row *row)
{
    set_reachable(k, cs_clist_change(k->store, row));
}

/* ---- from the vat ---- */

static cs_status new_export(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref *ret, cs_error *err)
{
    if (!cs_vref_by_vat(vref))
        return cs_vref_refuse(vref, CS_E_UNKNOWN_REF, err); /* the kernel never gave it */
    if (cs_vref_type(vref) == CS_REF_DEVICE)
        return cs_vref_refuse(vref, CS_E_WRONG_REF, err); /* S4b: only devices make device nodes */
    *ret = cs_vref_type(vref) == CS_REF_OBJECT ? cs_object_new(k, vat)
                                               : cs_kp_new(k, vat, CS_POLICY_IGNORE);
    cs_clist_export(k, vat, vref, *ret);
    return CS_OK;
}

cs_status cs_clist_to_kref(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref *ret, cs_error *err)
{
    cs_status st = cs_vref_refuse_malformed(vref, err);
    if (st != CS_OK)
        return st;
    const cs_clist_row *row = cs_clist_find_vref(k->store, vat, vref);
    if (row == NULL)
        return new_export(k, vat, vref, ret, err);
    if (!row->reachable) {
        if (!cs_vref_by_vat(vref))
            return cs_vref_refuse(vref, CS_E_UNREACHABLE_REF, err);
        cs_clist_export_anew(k, row); /* C2 */
    }
    *ret = row->kref;
    return CS_OK;
}

/* ---- to the vat ---- */

static cs_vref new_import(cs_kernel *k, cs_vatid vat, cs_kref kref)
{
    cs_vat_row *row = cs_vat_edit(k->store, vat);
    uint64_t *next = is_object(kref)                        ? &row->next_import_object
                     : cs_kref_type(kref) == CS_REF_PROMISE ? &row->next_import_promise
                                                            : &row->next_import_device;
    if (!cs_need_id(k, *next))
        return cs_vref_of(cs_kref_type(kref), false, CS_REF_ID_MAX);
    cs_vref vref = cs_vref_of(cs_kref_type(kref), false, (*next)++);
    add(k, vat, vref, kref);
    if (is_import(vref))
        count_import(k, row, true);
    cs_ref_up(k, kref); /* R1, R2: recognizable, and reachable as its flag says */
    return vref;
}

static cs_vref reachable_again(cs_kernel *k, const cs_clist_row *row)
{
    char vat[CS_REF_TEXT_MAX], text[CS_REF_TEXT_MAX];
    if (cs_vref_by_vat(row->vref)) {
        /* Nothing could reach it, and yet here it is. */
        cs_crank_fault(k, "%s: the kernel sends %s home, which was dropped",
                       cs_vatid_text(row->vat, vat), cs_vref_text(row->vref, text));
        return row->vref;
    }
    set_reachable(k, cs_clist_change(k->store, row));
    cs_object_count(k, row->kref, 1, 0);
    count_import(k, cs_vat_edit(k->store, row->vat), true);
    return row->vref;
}

cs_vref cs_clist_to_vref(cs_kernel *k, cs_vatid vat, cs_kref kref)
{
    const cs_clist_row *row = cs_clist_find_kref(k->store, vat, kref);
    if (row == NULL)
        return new_import(k, vat, kref);
    return row->reachable ? row->vref : reachable_again(k, row);
}

/* ---- leaving ---- */

void cs_clist_remove(cs_kernel *k, const cs_clist_row *row)
{
    const cs_clist_row gone = *row;
    cs_clist_delete(k->store, gone.vat, gone.vref);
    cs_stat_sub(k, CS_STAT_CLIST_ENTRIES, 1);
    if (is_import(gone.vref) && gone.reachable)
        count_import(k, cs_vat_edit(k->store, gone.vat), false);
    if (!is_object(gone.kref))
        cs_ref_down(k, gone.kref);
    else if (!cs_vref_by_vat(gone.vref))
        cs_object_count(k, gone.kref, gone.reachable ? -1 : 0, -1);
}

void cs_clist_drop(cs_kernel *k, const cs_clist_row *row)
{
    cs_clist_change(k->store, row)->reachable = false;
    cs_object_count(k, row->kref, -1, 0);
    count_import(k, cs_vat_edit(k->store, row->vat), false);
}

void cs_clist_retire_promise(cs_kernel *k, cs_vatid vat, cs_kref promise)
{
    const cs_clist_row *row = cs_clist_find_kref(k->store, vat, promise);
    if (row != NULL)
        cs_clist_remove(k, row);
}
