/* dropImports, retireImports, retireExports, abandonExports (S4c).
 *
 * A vat says what it no longer needs. To say so twice, too early or of what is gone already harms
 * nobody, so it is ignored and counted (design.md 4; in the reference it kills the vat). A reference
 * that could never be right here, a promise, or an export where imports are meant, is vat-fatal. */
#include "base/limits.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/object.h"
#include "kernel/syscall.h"

/* Applies to one entry; false: it is not in the state for that. */
typedef bool apply_fn(cs_kernel *k, const cs_clist_row *row);

/* Imports are given out upwards, so the file need not be asked for one that never was. */
static const cs_clist_row *entry_of(cs_kernel *k, const cs_vat_row *vat, cs_vref vref)
{
    if (!cs_vref_by_vat(vref) && cs_vref_id(vref) >= vat->next_import_object)
        return NULL;
    return cs_clist_find_vref(k->store, vat->id, vref);
}

static cs_status check_ref(cs_vref vref, bool is_export, cs_error *err)
{
    cs_status st = cs_vref_refuse_malformed(vref, err);
    if (st != CS_OK)
        return st;
    if (cs_vref_type(vref) != CS_REF_OBJECT || cs_vref_by_vat(vref) != is_export)
        return cs_vref_refuse(vref, CS_E_WRONG_REF, err);
    return CS_OK;
}

static cs_status each(cs_kernel *k, cs_vatid vat, const cs_vrefs *refs, bool are_exports,
                      apply_fn *apply, cs_error *err)
{
    if (refs->count > CS_VREFS_MAX)
        return cs_fail(err, CS_E_TOO_BIG, "%u references, more than %u", (unsigned)refs->count,
                       CS_VREFS_MAX);
    const cs_vat_row *vat_row = cs_need_vat(k, vat);
    uint32_t ignored = 0;
    for (uint32_t i = 0; vat_row != NULL && i < refs->count; i++) {
        cs_status st = check_ref(refs->items[i], are_exports, err);
        if (st != CS_OK)
            return st;
        const cs_clist_row *row = entry_of(k, vat_row, refs->items[i]);
        ignored += row == NULL || !apply(k, row);
    }
    k->crank.ignored += ignored;
    cs_stat_add(k, CS_STAT_DROPS_IGNORED, ignored);
    return CS_OK;
}

/* One more of them, for the outcome and for ever. */
static bool count(cs_kernel *k, uint32_t *of_crank, cs_stat stat)
{
    if (of_crank != NULL)
        (*of_crank)++;
    cs_stat_add(k, stat, 1);
    return true;
}

static bool drop_import(cs_kernel *k, const cs_clist_row *row)
{
    if (!row->reachable)
        return false;
    cs_clist_drop(k, row);
    return count(k, &k->crank.dropped, CS_STAT_IMPORTS_DROPPED);
}

static bool retire_import(cs_kernel *k, const cs_clist_row *row)
{
    if (row->reachable)
        return false; /* not dropped yet */
    cs_clist_remove(k, row);
    return count(k, &k->crank.retired, CS_STAT_IMPORTS_RETIRED);
}

/* The object lives on as an orphan while somebody reaches it, and until its importers are told. */
static void forget_export(cs_kernel *k, const cs_clist_row *row)
{
    cs_kref object = row->kref;
    cs_clist_remove(k, row);
    cs_object_orphan(k, object);
}

static bool retire_export(cs_kernel *k, const cs_clist_row *row)
{
    if (row->reachable)
        return false; /* the kernel has not dropped it */
    forget_export(k, row);
    return count(k, &k->crank.retired, CS_STAT_EXPORTS_RETIRED);
}

static bool abandon_export(cs_kernel *k, const cs_clist_row *row)
{
    forget_export(k, row);
    return count(k, NULL, CS_STAT_EXPORTS_ABANDONED);
}

cs_status cs_syscall_drop_imports(cs_kernel *k, cs_vatid vat, const cs_vrefs *refs, cs_error *err)
{
    return each(k, vat, refs, false, drop_import, err);
}

cs_status cs_syscall_retire_imports(cs_kernel *k, cs_vatid vat, const cs_vrefs *refs, cs_error *err)
{
    return each(k, vat, refs, false, retire_import, err);
}

cs_status cs_syscall_retire_exports(cs_kernel *k, cs_vatid vat, const cs_vrefs *refs, cs_error *err)
{
    return each(k, vat, refs, true, retire_export, err);
}

cs_status cs_syscall_abandon_exports(cs_kernel *k, cs_vatid vat, const cs_vrefs *refs,
                                     cs_error *err)
{
    return each(k, vat, refs, true, abandon_export, err);
}
