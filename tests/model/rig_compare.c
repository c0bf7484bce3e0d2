/* Both sides have the same state. Texts are made for what differs only: all this runs for everything
 * after every step. */
#include <stdio.h>
#include <string.h>

#include "kernel/meter.h"
#include "raw_text.h"
#include "rig.h"

const char *rig_differ(rig *r, const char *what, const char *model_says, const char *kernel_says)
{
    enum { BAD_MAX = 2 * MODEL_TEXT + RIG_NOTES * (RIG_NOTE_MAX + 10) };
    static char bad[BAD_MAX];
    size_t n = (size_t)snprintf(bad, (size_t)2 * MODEL_TEXT, "%s: model %s, kernel %s", what,
                                model_says, kernel_says);
    n = n < (size_t)2 * MODEL_TEXT ? n : (size_t)2 * MODEL_TEXT - 1;
    for (unsigned i = r->note_count > RIG_NOTES ? r->note_count - RIG_NOTES : 0; i < r->note_count;
         i++)
        n += (size_t)snprintf(bad + n, sizeof bad - n, "\n#     %s", r->notes[i % RIG_NOTES]);
    return bad;
}

const char *rig_compare_text(rig *r, const char *what, const char *a, const char *b)
{
    return strcmp(a, b) == 0 ? NULL : rig_differ(r, what, a, b);
}

const char *rig_compare_number(rig *r, const char *what, long long a, unsigned long long b)
{
    char x[30], y[30];
    if (a >= 0 && (unsigned long long)a == b)
        return NULL;
    (void)snprintf(x, sizeof x, "%lld", a);
    (void)snprintf(y, sizeof y, "%llu", b);
    return rig_differ(r, what, x, y);
}

cs_kref rig_kref(int ref)
{
    if (ref >= MODEL_NODE)
        return cs_kref_of(CS_REF_DEVICE, (uint64_t)(ref - MODEL_NODE));
    return ref > 0 ? cs_kref_of(CS_REF_OBJECT, (uint64_t)ref)
                   : cs_kref_of(CS_REF_PROMISE, (uint64_t)-ref);
}

cs_vref rig_vref(model_vref v)
{
    cs_ref_type type = v.type == 'o'   ? CS_REF_OBJECT
                       : v.type == 'p' ? CS_REF_PROMISE
                                       : CS_REF_DEVICE;
    return cs_vref_of(type, v.by_vat, (uint64_t)v.id);
}

static const char *differ_in(rig *r, cs_kref k, const char *a, const char *b)
{
    char name[CS_REF_TEXT_MAX];
    return rig_differ(r, cs_kref_text(k, name), a, b);
}

/* ---- rows ---- */

static const char *compare_object(rig *r, int ref)
{
    char a[100] = "gone", b[100] = "gone";
    const model_object *m = &r->now.objects[ref];
    const cs_object_row *row = cs_object_find(r->store, rig_kref(ref));
    unsigned reachable = (unsigned)r->counts.reachable[MODEL_REFS + ref];
    unsigned recognizable = (unsigned)r->counts.recognizable[MODEL_REFS + ref];
    bool retires = model_is_retiring(&r->now, &r->counts, ref);
    if (m->exists ? row != NULL && (int)row->owner.n == m->owner && row->reachable == reachable &&
                        row->recognizable == recognizable && row->is_retiring == retires
                  : row == NULL)
        return NULL;
    if (m->exists)
        (void)snprintf(a, sizeof a, "v%d %u/%u %d", m->owner, reachable, recognizable, retires);
    if (row != NULL)
        (void)snprintf(b, sizeof b, "v%u %u/%u %d", (unsigned)row->owner.n,
                       (unsigned)row->reachable, (unsigned)row->recognizable, row->is_retiring);
    return differ_in(r, rig_kref(ref), a, b);
}

static const char *compare_promise(rig *r, int id)
{
    char a[100] = "gone", b[100] = "gone";
    const model_promise *m = &r->now.promises[id];
    const cs_promise_row *row = cs_promise_find(r->store, rig_kref(-id));
    unsigned refs = (unsigned)r->counts.recognizable[MODEL_REFS - id];
    int state = m->resolved ? 2 + m->rejected : 1;
    if (m->exists ? row != NULL && (int)row->state == state && (int)row->decider.n == m->decider &&
                        row->refs == refs
                  : row == NULL)
        return NULL;
    if (m->exists)
        (void)snprintf(a, sizeof a, "state %d v%d %u refs", state, m->decider, refs);
    if (row != NULL)
        (void)snprintf(b, sizeof b, "state %d v%u %u refs", (int)row->state,
                       (unsigned)row->decider.n, (unsigned)row->refs);
    return differ_in(r, rig_kref(-id), a, b);
}

static const char *compare_entry(rig *r, int vat, const model_entry *e)
{
    char a[80], b[80] = "gone";
    const cs_clist_row *row =
        cs_clist_find_vref(r->store, (cs_vatid){ (uint32_t)vat }, rig_vref(e->vref));
    if (row != NULL && cs_kref_same(row->kref, rig_kref(e->ref)) &&
        row->reachable == e->reachable && row->since == (uint64_t)e->since)
        return NULL;
    (void)snprintf(a, sizeof a, "v%d %c%c%d %c since %ld", vat, e->vref.type,
                   e->vref.by_vat ? '+' : '-', e->vref.id, e->reachable ? 'R' : '_', e->since);
    if (row != NULL)
        (void)snprintf(b, sizeof b, "of %llx %c since %llu", (unsigned long long)row->kref.bits,
                       row->reachable ? 'R' : '_', (unsigned long long)row->since);
    return differ_in(r, rig_kref(e->ref), a, b);
}

/* Entries, and that there are no others. */
static const char *compare_clists(rig *r)
{
    int count = 0;
    const char *wrong = NULL;
    for (int vat = 1; vat < r->now.next_vat; vat++)
        for (int i = 0; wrong == NULL && i < MODEL_ENTRIES; i++)
            if (r->now.vats[vat].entries[i].vref.type != 0) {
                count++;
                wrong = compare_entry(r, vat, &r->now.vats[vat].entries[i]);
            }
    if (wrong != NULL)
        return wrong;
    return rig_compare_number(r, "c-list entries", count,
                              cs_meta_get(r->store)->stats[CS_STAT_CLIST_ENTRIES]);
}

static const char *compare_vat(rig *r, int vat)
{
    char a[160], b[160];
    const model_vat *m = &r->now.vats[vat];
    const cs_vat_row *row = cs_vat_find(r->store, (cs_vatid){ (uint32_t)vat });
    if (m->forgotten)
        return row == NULL ? NULL : rig_differ(r, "a vat", "forgotten", "there");
    if (!m->exists || row == NULL)
        return (row != NULL) == m->exists ? NULL : rig_differ(r, "a vat", "other", "other");
    if (m->live != (row->status == CS_VAT_LIVE))
        return rig_differ(r, "a vat's life", m->live ? "goes on" : "is over", "the other");
    if (!m->live)
        return NULL;
    (void)snprintf(a, sizeof a,
                   "v%d %d holds %d, dirt %ld %ld, heap %ld, allocated %ld, in crank %ld", vat,
                   m->suspended, model_imports_held(&r->now, vat), m->dirt_deliveries,
                   m->dirt_gc_krefs, m->heap, m->allocated, m->last_crank);
    (void)snprintf(b, sizeof b,
                   "v%d %d holds %u, dirt %llu %llu, heap %llu, allocated %llu, in crank %llu", vat,
                   cs_vat_is_suspended(r->store, row->id), (unsigned)row->imports_reachable,
                   (unsigned long long)row->dirt_deliveries, (unsigned long long)row->dirt_gc_krefs,
                   (unsigned long long)row->heap_bytes, (unsigned long long)row->allocated_bytes,
                   (unsigned long long)row->last_crank);
    return rig_compare_text(r, "vat", a, b);
}

/* ---- queues ---- */

static size_t add_name(char *text, size_t size, size_t at, const char *name)
{
    int n = snprintf(text + at, size - at, "%s%s", at > 0 ? ", " : "", name);
    return at + (size_t)n < size ? at + (size_t)n : size - 1;
}

static const char *compare_actions(rig *r)
{
    static model_name names[MODEL_VATS * MODEL_REFS];
    int count = model_action_names(&r->now, names, MODEL_VATS * MODEL_REFS);
    char a[2000] = "", b[2000] = "", name[CS_GC_NAME_MAX];
    size_t a_size = 0, b_size = 0;
    cs_gc_action action;
    const cs_gc_action *last = NULL;
    for (int i = 0; i < count; i++)
        a_size = add_name(a, sizeof a, a_size, names[i]);
    for (; cs_gc_after(r->store, last, &action); last = &action)
        b_size = add_name(b, sizeof b, b_size, cs_gc_name(&action, name));
    return rig_compare_text(r, "GC actions", a, b);
}

static bool is_forgotten(const rig *r, uint32_t vat)
{
    return vat < MODEL_VATS && r->now.vats[vat].forgotten;
}

static const char *compare_line(rig *r, const char *what, const model_line *l, cs_queue_id queue,
                                cs_queue_ends ends, bool (*flag)(const cs_vat_row *))
{
    char a[6 * MODEL_VATS] = "", b[6 * MODEL_VATS] = "", name[40];
    size_t a_size = 0, b_size = 0;
    for (int i = 0; i < l->count; i++) {
        (void)snprintf(name, sizeof name, "v%d", l->vats[i]);
        a_size = add_name(a, sizeof a, a_size, name);
    }
    for (uint64_t seq = ends.first; seq < ends.next; seq++) {
        cs_reader item = cs_reader_of(cs_blob_bytes(cs_queue_find(r->store, queue, seq)));
        uint32_t vat = (uint32_t)cs_reader_varint(&item);
        const cs_vat_row *row = cs_vat_find(r->store, (cs_vatid){ vat });
        (void)snprintf(name, sizeof name, "v%u%s", (unsigned)vat,
                       is_forgotten(r, vat) || (row != NULL && flag(row)) ? "" : " unflagged");
        b_size = add_name(b, sizeof b, b_size, name);
    }
    return rig_compare_text(r, what, a, b);
}

static bool is_reaping(const cs_vat_row *row)
{
    return row->is_reaping;
}

static bool is_lonely(const cs_vat_row *row)
{
    return row->is_lonely;
}

static const char *compare_queues(rig *r)
{
    const cs_meta *meta = cs_meta_get(r->store);
    const char *wrong =
        rig_compare_number(r, "acceptance queue", model_queued(&r->now, MODEL_ACCEPT),
                           meta->acceptance.next - meta->acceptance.first);
    if (wrong == NULL)
        wrong = rig_compare_number(r, "run queue", model_queued(&r->now, MODEL_RUN),
                                   meta->run.next - meta->run.first);
    if (wrong == NULL)
        wrong = rig_compare_number(r, "crank", r->now.crank, meta->crank_number);
    if (wrong == NULL)
        wrong = rig_compare_number(r, "vats that have ended", r->now.ended.count,
                                   meta->stats[CS_STAT_VATS_TERMINATING]);
    if (wrong == NULL)
        wrong = compare_actions(r);
    if (wrong == NULL)
        wrong = compare_line(r, "reap queue", &r->now.reap, CS_QUEUE_REAP, meta->reap, is_reaping);
    if (wrong == NULL)
        wrong = compare_line(r, "lonely queue", &r->now.lonely, CS_QUEUE_LONELY, meta->lonely,
                             is_lonely);
    return wrong;
}

/* ---- meters ---- */

static const char *compare_meter(rig *r, int id)
{
    char key[20], a[60] = "", b[60] = "";
    const model_meter *m = &r->now.meters[id];
    (void)snprintf(key, sizeof key, "meter.m%d", id);
    const cs_blob *value = cs_kv_find(r->store, (cs_vatid){ 0 }, cs_bytes_of(key));
    if (m->exists && m->remaining < 0)
        (void)snprintf(a, sizeof a, "unlimited %ld", m->threshold);
    else if (m->exists)
        (void)snprintf(a, sizeof a, "%ld %ld", m->remaining, m->threshold);
    if (value != NULL)
        (void)snprintf(b, sizeof b, "%.*s", (int)value->size, (const char *)value->data);
    return rig_compare_text(r, key, a, b);
}

static int held_by_kernel(const rig *r)
{
    int count = 0;
    cs_blob *key = NULL, *next;
    while ((next = cs_held_after(r->store, cs_blob_bytes(key))) != NULL) {
        (void)cs_blob_unref(key);
        key = next;
        count++;
    }
    (void)cs_blob_unref(key);
    return count;
}

static const char *compare_meters(rig *r)
{
    const char *wrong = rig_compare_number(r, "events held", model_queued(&r->now, MODEL_HELD),
                                           (unsigned)held_by_kernel(r));
    for (int id = 1; wrong == NULL && id < MODEL_METERS; id++)
        wrong = compare_meter(r, id);
    return wrong;
}

/* ---- all of it ---- */

static void first_line(void *ctx, const char *line)
{
    char *text = ctx;
    if (text[0] == 0)
        (void)snprintf(text, 300, "%s", line);
}

static const char *compare(rig *r)
{
    char line[300] = "";
    if (cs_kernel_audit(r->k, first_line, line) != 0)
        return rig_differ(r, "audit", "clean", line);
    const char *wrong = compare_queues(r);
    if (wrong == NULL)
        wrong = compare_meters(r);
    model_count(&r->now, &r->counts);
    for (int ref = 20; wrong == NULL && ref < r->now.next_object; ref++)
        wrong = compare_object(r, ref);
    for (int id = 40; wrong == NULL && id < r->now.next_promise; id++)
        wrong = compare_promise(r, id);
    for (int vat = r->first_vat; wrong == NULL && vat < r->now.next_vat; vat++)
        wrong = compare_vat(r, vat);
    return wrong != NULL ? wrong : compare_clists(r);
}

const char *rig_settle(rig *r)
{
    if (r->restarts)
        rig_new_kernel(r);
    return compare(r);
}
