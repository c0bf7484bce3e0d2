/* The part of the audit that is about garbage: that whoever must be told will be (gc.h), and that the
 * queues of vats are what the vats' rows say (reap.h). */
#include "kernel/audit.h"
#include "kernel/gc.h"
#include "kernel/options.h"
#include "kernel/queue.h"

/* ---- queues of vats ---- */

static void count_vats(cs_audit *a, cs_queue_id queue, cs_queue_ends ends, cs_map *counts)
{
    for (uint64_t seq = ends.first; seq < ends.next; seq++) {
        cs_vatid vat = cs_queue_vat_at(a->k->store, queue, seq);
        if (!cs_vat_was(a->k->store, vat))
            cs_audit_wrong(a, "queue %llx: item %llu is missing or no vat",
                           (unsigned long long)queue, (unsigned long long)seq);
        else
            cs_map_put(counts, vat.n)->value++;
    }
    if (ends.first > ends.next)
        cs_audit_wrong(a, "queue %llx: ends before it begins", (unsigned long long)queue);
}

void cs_audit_vat_queues(cs_audit *a)
{
    const cs_meta *meta = cs_meta_get(a->k->store);
    count_vats(a, CS_QUEUE_REAP, meta->reap, &a->reaping);
    count_vats(a, CS_QUEUE_LONELY, meta->lonely, &a->lonely);
}

static void check_on_queue(cs_audit *a, cs_vatid vat, bool is_on, const cs_map *counts,
                           const char *name)
{
    const cs_map_entry *e = cs_map_find(counts, vat.n);
    if ((e == NULL ? 0 : e->value) != is_on)
        cs_audit_wrong(a, "v%u: is on the %s queue %llu times, and its row says %d",
                       (unsigned)vat.n, name, (unsigned long long)(e == NULL ? 0 : e->value),
                       is_on);
}

void cs_audit_vat_garbage(cs_audit *a, const cs_vat_row *row)
{
    cs_vat_options options;
    unsigned n = row->id.n;
    check_on_queue(a, row->id, row->is_reaping, &a->reaping, "reap");
    check_on_queue(a, row->id, row->is_lonely, &a->lonely, "lonely");
    if (row->imports_reachable != a->imports_reachable)
        cs_audit_wrong(a, "v%u: counts %u imports, and has %llu", n,
                       (unsigned)row->imports_reachable, (unsigned long long)a->imports_reachable);
    if (row->last_crank > cs_meta_get(a->k->store)->crank_number)
        cs_audit_wrong(a, "v%u: its last delivery is yet to come", n);
    if (!cs_vat_options_dec(row->options, &options))
        return; /* told already */
    if (row->status == CS_VAT_LIVE && row->allocated_bytes > 0 && !options.never_reap &&
        !row->is_lonely && !row->is_reaping) /* V2 */
        cs_audit_wrong(a, "v%u: may have garbage, and nobody will ask", n);
}

/* ---- actions ---- */

static bool is_scheduled(cs_audit *a, cs_vatid vat, cs_gc_type type, cs_kref object)
{
    return cs_gc_has(a->k->store, &(cs_gc_action){ vat, type, object });
}

void cs_audit_import(cs_audit *a, const cs_clist_row *row, const cs_object_row *object)
{
    if (!object->is_retiring)
        return;
    if (row->reachable)
        cs_audit_wrong_ref(a, row->kref, "is retiring, and an importer reaches it");
    if (a->vat_is_live && !is_scheduled(a, row->vat, CS_GC_RETIRE_IMPORT, row->kref))
        cs_audit_wrong_ref(a, row->kref, "is retiring, and an importer will not be told");
}

void cs_audit_export(cs_audit *a, const cs_object_row *row, const cs_clist_row *export)
{
    bool is_root = cs_vref_same(export->vref, cs_vref_of(CS_REF_OBJECT, true, 0));
    if (row->is_retiring)
        cs_audit_wrong_ref(a, row->kref, "is retiring, and has an owner");
    if (row->reachable > 0 || (is_root && export->reachable))
        return; /* G1: what is exempt keeps its flag */
    if (export->reachable && !is_scheduled(a, row->owner, CS_GC_DROP_EXPORT, row->kref))
        cs_audit_wrong_ref(a, row->kref,
                           "cannot be reached, and its owner will not be told to drop it");
    if (row->recognizable == 0 && !is_scheduled(a, row->owner, CS_GC_RETIRE_EXPORT, row->kref))
        cs_audit_wrong_ref(a, row->kref,
                           "is not recognised, and its owner will not be told to retire it");
}

void cs_audit_orphan(cs_audit *a, const cs_object_row *row)
{
    if (row->recognizable == 0)
        cs_audit_wrong_ref(a, row->kref, "is an orphan that nobody recognises");
    if (row->is_retiring != (row->reachable == 0))
        cs_audit_wrong_ref(a, row->kref, "is an orphan, and retiring or unreachable but not both");
}

void cs_audit_actions(cs_audit *a)
{
    cs_gc_action action;
    const cs_gc_action *last = NULL;
    while (cs_gc_after(a->k->store, last, &action)) {
        char name[CS_GC_NAME_MAX];
        last = &action;
        if (!cs_vat_was(a->k->store, action.vat) ||
            cs_kref_id(action.object) >= cs_meta_get(a->k->store)->next_object)
            cs_audit_wrong(a, "a GC action names what never was: %s", cs_gc_name(&action, name));
    }
}
