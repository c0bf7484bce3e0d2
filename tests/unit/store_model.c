#include "store_model.h"
#include "gc_action.h"

#include <stdio.h>
#include <string.h>

/* ---- names of the few rows there are ---- */

static cs_vatid vat_id(size_t i)
{
    static const uint32_t ids[MODEL_VATS] = { 1, 2, 3, 7 }; /* with a gap */
    return (cs_vatid){ ids[i] };
}

/* Neighbours at both ends of a page, and some far away. */
static cs_kref object_ref(size_t i)
{
    static const uint64_t ids[MODEL_KEYS] = { 20, 21, 31, 32, 63, 1020, 1021, 64000 };
    return cs_kref_of(CS_REF_OBJECT, ids[i]);
}

static cs_kref promise_ref(size_t i)
{
    return cs_kref_of(CS_REF_PROMISE, 40 + i);
}

static cs_vref vref(size_t i)
{
    static const char *const text[MODEL_KEYS] = { "o+0",     "o-50", "o+v10/31", "o+d11/7:1",
                                                  "o-99999", "o+2",  "o+v10/32", "o+v10/31:126" };
    cs_vref v = { 0 };
    (void)cs_vref_parse(cs_bytes_of(text[i]), &v);
    return v;
}

static cs_queue_id queue_id(size_t i)
{
    const cs_queue_id ids[MODEL_QUEUES] = { CS_QUEUE_ACCEPTANCE, CS_QUEUE_RUN, CS_QUEUE_REAP,
                                            CS_QUEUE_LONELY, cs_queue_of_promise(promise_ref(3)) };
    return ids[i];
}

/* In the order of the set. */
static cs_gc_action gc_of(size_t i)
{
    static const char *const names[MODEL_KEYS] = {
        "v1 dropExport ko20",   "v1 dropExport ko200",
        "v1 dropExport ko3",    "v1 retireExport ko20",
        "v1 retireImport ko20", "v10 dropExport ko20",
        "v2 dropExport ko20",   "v4294967295 retireImport ko9007199254740991",
    };
    return gc_action(names[i]);
}

static cs_bytes kv_key(size_t i)
{
    static const char *const text[MODEL_KEYS] = { "", "a", "aa", "ab", "b", "b\x7f", "b\xff", "c" };
    return cs_bytes_of(text[i]);
}

static cs_blob *blob(uint32_t n)
{
    char text[32];
    int size = snprintf(text, sizeof text, "value %u", (unsigned)n);
    return n == 0 ? NULL : cs_blob_new((cs_bytes){ (uint8_t *)text, (size_t)size });
}

static bool is(const cs_blob *b, uint32_t n)
{
    cs_blob *want = blob(n);
    bool same =
        (b == NULL) == (want == NULL) && cs_bytes_equal(cs_blob_bytes(b), cs_blob_bytes(want));
    cs_blob_unref(want);
    return same;
}

static uint32_t some(tape *t)
{
    return 1 + (uint32_t)tape_below(t, 1000);
}

/* ---- what a number says ---- */

static cs_vat_row numbers_of_vat(uint32_t n)
{
    return (cs_vat_row){
        .status = n % 2 == 0 ? CS_VAT_LIVE : CS_VAT_TERMINATED,
        .incarnation = n,
        .computrons = n + 1,
        .last_crank = n + 2,
        .dirt_deliveries = n + 3,
        .dirt_gc_krefs = n + 4,
        .heap_bytes = n + 5,
        .allocated_bytes = n + 6,
        .imports_reachable = n + 7,
        .is_reaping = n % 3 == 0,
        .is_lonely = n % 5 == 0,
    };
}

static bool vat_has(const cs_vat_row *v, uint32_t n)
{
    const cs_vat_row want = numbers_of_vat(n);
    return v->status == want.status && v->incarnation == want.incarnation &&
           v->computrons == want.computrons && v->last_crank == want.last_crank &&
           v->dirt_deliveries == want.dirt_deliveries && v->dirt_gc_krefs == want.dirt_gc_krefs &&
           v->heap_bytes == want.heap_bytes && v->allocated_bytes == want.allocated_bytes &&
           v->imports_reachable == want.imports_reachable && v->is_reaping == want.is_reaping &&
           v->is_lonely == want.is_lonely;
}

static cs_queue_ends ends(uint64_t first)
{
    return (cs_queue_ends){ first, first * 2 };
}

static cs_meta numbers_of_meta(uint64_t crank, uint64_t n)
{
    return (cs_meta){
        .crank_number = crank,
        .acceptance = ends(n + 1),
        .run = ends(n + 2),
        .reap = ends(n + 3),
        .lonely = ends(n + 4),
        .reap_interval = n % 2 == 0 ? CS_REAP_NEVER : n,
        .reap_gc_krefs = n + 5,
        .stats = { [CS_STAT_COUNT - 1] = n + 6 },
    };
}

/* ---- operations ---- */

static void step_vat(model *m, cs_store *s, tape *t)
{
    size_t i = (size_t)tape_below(t, MODEL_VATS);
    uint32_t n = some(t);
    cs_vat_row *v = m->vat[i].live ? cs_vat_edit(s, vat_id(i)) : cs_vat_add(s, vat_id(i));
    m->vat[i].live = true;
    cs_vat_row row = numbers_of_vat(m->vat[i].number = n);
    row.id = v->id;
    row.name = v->name;
    row.ending = v->ending;
    *v = row;
    cs_row_set_blob(s, &v->name, blob(m->vat[i].name = n % 3));
    cs_row_set_blob(s, &v->ending, blob(m->vat[i].ending = n % 5));
}

static void step_object(model *m, cs_store *s, tape *t)
{
    size_t i = (size_t)tape_below(t, MODEL_KEYS);
    if (m->object[i].live && tape_chance(t, 40)) {
        m->object[i].live = false;
        cs_object_delete(s, object_ref(i));
        return;
    }
    uint32_t n = some(t);
    cs_object_row *o =
        m->object[i].live ? cs_object_edit(s, object_ref(i)) : cs_object_add(s, object_ref(i));
    m->object[i].live = true;
    o->owner.n = m->object[i].owner = n % 4;
    o->reachable = m->object[i].reachable = n % 7;
    o->is_retiring = m->object[i].is_retiring = n % 4 == 0 && n % 7 == 0;
    o->recognizable = m->object[i].recognizable = n % 7 + n % 2;
}

static void step_promise(model *m, cs_store *s, tape *t)
{
    size_t i = (size_t)tape_below(t, MODEL_KEYS);
    if (m->promise[i].live && tape_chance(t, 40)) {
        m->promise[i].live = false;
        cs_promise_delete(s, promise_ref(i));
        return;
    }
    uint32_t n = some(t);
    cs_promise_row *p =
        m->promise[i].live ? cs_promise_edit(s, promise_ref(i)) : cs_promise_add(s, promise_ref(i));
    m->promise[i].live = true;
    p->refs = m->promise[i].refs = n;
    p->since = m->promise[i].since = n + 1;
    cs_row_set_blob(s, &p->subscribers, blob(m->promise[i].subscribers = n % 4));
    cs_row_set_blob(s, &p->resolution, blob(m->promise[i].resolution = n % 3));
    p->state = n % 3 == 0 ? CS_UNRESOLVED : n % 2 == 0 ? CS_FULFILLED : CS_REJECTED;
}

static bool kref_taken(const model *m, size_t vat, uint32_t kref)
{
    for (size_t i = 0; i < MODEL_KEYS; i++)
        if (m->clist[vat][i].kref == kref)
            return true;
    return false;
}

static void step_clist(model *m, cs_store *s, tape *t)
{
    size_t vat = (size_t)tape_below(t, MODEL_VATS), i = (size_t)tape_below(t, MODEL_KEYS);
    uint32_t kref = 1 + (uint32_t)tape_below(t, MODEL_KEYS);
    if (m->clist[vat][i].kref != 0 && tape_chance(t, 50)) {
        m->clist[vat][i].kref = 0;
        cs_clist_delete(s, vat_id(vat), vref(i));
    } else if (m->clist[vat][i].kref != 0) {
        cs_clist_row *c = cs_clist_edit(s, vat_id(vat), vref(i));
        c->reachable = m->clist[vat][i].reachable = tape_bool(t);
        c->since = m->clist[vat][i].since = some(t);
    } else if (!kref_taken(m, vat, kref)) {
        m->clist[vat][i].kref = kref;
        cs_clist_row *c = cs_clist_add(s, vat_id(vat), vref(i), object_ref(kref - 1));
        c->reachable = m->clist[vat][i].reachable = tape_bool(t);
        c->since = m->clist[vat][i].since = kref;
    }
}

static void step_hold(model *m, cs_store *s, tape *t)
{
    size_t i = (size_t)tape_below(t, MODEL_KEYS);
    cs_kref k = i % 2 == 0 ? object_ref(i) : promise_ref(i);
    if (m->hold[i] != 0 && tape_bool(t)) {
        m->hold[i] = 0;
        cs_hold_delete(s, k);
        return;
    }
    cs_hold_row *h = m->hold[i] != 0 ? cs_hold_edit(s, k) : cs_hold_add(s, k);
    h->count = m->hold[i] = some(t);
    h->since = h->count + UINT64_C(1);
}

static void step_queue(model *m, cs_store *s, tape *t)
{
    size_t q = (size_t)tape_below(t, MODEL_QUEUES), i = (size_t)tape_below(t, MODEL_KEYS);
    if (m->queue[q][i] != 0) {
        m->queue[q][i] = 0;
        cs_queue_delete(s, queue_id(q), i);
    } else {
        m->queue[q][i] = some(t);
        cs_queue_add(s, queue_id(q), i, blob(m->queue[q][i]));
    }
}

/* Adding one that is there, and deleting one that is not, is fine. */
static void step_gc(model *m, cs_store *s, tape *t)
{
    size_t i = (size_t)tape_below(t, MODEL_KEYS);
    m->gc[i] = tape_bool(t);
    const cs_gc_action a = gc_of(i);
    if (m->gc[i])
        cs_gc_add(s, &a);
    else
        cs_gc_delete(s, &a);
}

static void step_kv(model *m, cs_store *s, tape *t)
{
    size_t vat = (size_t)tape_below(t, MODEL_VATS), i = (size_t)tape_below(t, MODEL_KEYS);
    cs_vatid id = vat == 0 ? (cs_vatid){ 0 } : vat_id(vat);
    if (tape_chance(t, 40)) {
        m->kv[vat][i] = 0;
        cs_kv_delete(s, id, kv_key(i));
    } else {
        m->kv[vat][i] = some(t);
        cs_kv_set(s, id, kv_key(i), blob(m->kv[vat][i]));
    }
}

static cs_hash chain_of(uint32_t n)
{
    return cs_hash_of((cs_bytes){ (const uint8_t *)&n, sizeof n });
}

static void step_transcript(model *m, cs_store *s, tape *t)
{
    size_t vat = (size_t)tape_below(t, MODEL_VATS), i = (size_t)tape_below(t, MODEL_KEYS);
    if (m->transcript[vat][i] != 0)
        return;
    uint32_t n = m->transcript[vat][i] = some(t);
    cs_hash chain = chain_of(n);
    cs_transcript_add(s, vat_id(vat), i, blob(n), &chain);
}

static void step_meta(model *m, cs_store *s, tape *t)
{
    m->crank = m->meta = some(t);
    *cs_meta_edit(s) = numbers_of_meta(m->crank, m->meta);
}

void model_step(model *m, cs_store *s, tape *t)
{
    static void (*const steps[])(model *, cs_store *, tape *) = {
        step_object, step_promise, step_clist,      step_kv,   step_queue,
        step_vat,    step_hold,    step_transcript, step_meta, step_gc,
    };
    tape_pick(t, steps)(m, s, t);
}

/* ---- comparison ---- */

static const char *differ_vats(const model *m, cs_store *s)
{
    cs_vatid at = { 0 };
    for (size_t i = 0; i < MODEL_VATS; i++) {
        const cs_vat_row *v = cs_vat_find(s, vat_id(i));
        if ((v != NULL) != m->vat[i].live)
            return "vat";
        if (v == NULL)
            continue;
        if (v->id.n != vat_id(i).n || !vat_has(v, m->vat[i].number) ||
            !is(v->name, m->vat[i].name) || !is(v->ending, m->vat[i].ending))
            return "content of a vat";
        const cs_vat_row *next = cs_vat_after(s, at);
        if (next == NULL || next->id.n != vat_id(i).n)
            return "next vat";
        at = next->id;
    }
    return cs_vat_after(s, at) == NULL ? NULL : "a vat behind the last";
}

static const char *differ_objects(const model *m, cs_store *s)
{
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        const cs_object_row *o = cs_object_find(s, object_ref(i));
        if ((o != NULL) != m->object[i].live)
            return "object";
        if (o != NULL && (o->kref.bits != object_ref(i).bits || o->owner.n != m->object[i].owner ||
                          o->reachable != m->object[i].reachable ||
                          o->recognizable != m->object[i].recognizable ||
                          o->is_retiring != m->object[i].is_retiring))
            return "content of an object";
        const cs_hold_row *h = cs_hold_find(s, i % 2 == 0 ? object_ref(i) : promise_ref(i));
        if ((h == NULL ? 0 : h->count) != m->hold[i] || (h != NULL && h->since != m->hold[i] + 1))
            return "hold";
    }
    return NULL;
}

static const char *differ_promises(const model *m, cs_store *s)
{
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        const cs_promise_row *p = cs_promise_find(s, promise_ref(i));
        if ((p != NULL) != m->promise[i].live)
            return "promise";
        if (p != NULL && (p->refs != m->promise[i].refs || p->since != m->promise[i].since ||
                          !is(p->subscribers, m->promise[i].subscribers) ||
                          !is(p->resolution, m->promise[i].resolution)))
            return "content of a promise";
    }
    return NULL;
}

static const char *differ_clists(const model *m, cs_store *s, size_t vat)
{
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        const cs_clist_row *c = cs_clist_find_vref(s, vat_id(vat), vref(i));
        uint32_t kref = m->clist[vat][i].kref;
        if ((c != NULL) != (kref != 0))
            return "c-list entry";
        if (c != NULL &&
            (!cs_kref_same(c->kref, object_ref(kref - 1)) || !cs_vref_same(c->vref, vref(i)) ||
             c->reachable != m->clist[vat][i].reachable || c->since != m->clist[vat][i].since))
            return "content of a c-list entry";
        if (c != NULL && cs_clist_find_kref(s, vat_id(vat), c->kref) != c)
            return "c-list entry by kref";
        if (!kref_taken(m, vat, (uint32_t)i + 1) &&
            cs_clist_find_kref(s, vat_id(vat), object_ref(i)) != NULL)
            return "c-list entry that should not be";
    }
    return NULL;
}

static const char *differ_kv(const model *m, cs_store *s, size_t vat)
{
    cs_vatid id = vat == 0 ? (cs_vatid){ 0 } : vat_id(vat);
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        if (!is(cs_kv_find(s, id, kv_key(i)), m->kv[vat][i]))
            return "value of a key";
        size_t next = i + 1;
        while (next < MODEL_KEYS && m->kv[vat][next] == 0)
            next++;
        cs_blob *after = cs_kv_after(s, id, kv_key(i));
        bool good = next == MODEL_KEYS
                        ? after == NULL
                        : after != NULL && cs_bytes_equal(cs_blob_bytes(after), kv_key(next));
        cs_blob_unref(after);
        if (!good)
            return "next key";
    }
    return NULL;
}

static size_t gc_live(const model *m, size_t from)
{
    while (from < MODEL_KEYS && !m->gc[from])
        from++;
    return from;
}

/* After each name, there or not, comes the next one that is there; and before all of them nothing. */
static const char *differ_gc(const model *m, cs_store *s)
{
    for (size_t i = 0; i <= MODEL_KEYS; i++) {
        const cs_gc_action before = gc_of(i == 0 ? 0 : i - 1);
        cs_gc_action after, want;
        const size_t next = gc_live(m, i);
        const bool any = cs_gc_after(s, i == 0 ? NULL : &before, &after);
        if (any)
            want = gc_of(next == MODEL_KEYS ? 0 : next);
        if (any != (next < MODEL_KEYS) ||
            (any && (after.vat.n != want.vat.n || after.type != want.type ||
                     !cs_kref_same(after.object, want.object))))
            return "next GC action";
    }
    return NULL;
}

static const char *differ_queues(const model *m, cs_store *s)
{
    for (size_t q = 0; q < MODEL_QUEUES; q++)
        for (size_t i = 0; i < MODEL_KEYS; i++)
            if (!is(cs_queue_find(s, queue_id(q), i), m->queue[q][i]))
                return "item of a queue";
    return NULL;
}

static const char *differ_logs(const model *m, cs_store *s, size_t vat)
{
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        cs_blob *item = NULL;
        cs_hash chain, want = chain_of(m->transcript[vat][i]);
        if (cs_transcript_read(s, vat_id(vat), i, &item, &chain, NULL) != CS_OK)
            return "transcript cannot be read";
        bool good =
            is(item, m->transcript[vat][i]) && (item == NULL || cs_hash_same(&chain, &want));
        cs_blob_unref(item);
        if (!good)
            return "transcript";
    }
    return NULL;
}

/* ---- whole tables: as many as the model has, in order ---- */

typedef struct tally {
    uint64_t last;
    unsigned count;
    bool in_order;
} tally;

static bool count_row(tally *t, uint64_t key)
{
    t->in_order = t->in_order && (t->count == 0 || key > t->last);
    t->last = key;
    t->count++;
    return true;
}

static bool count_object(void *ctx, const cs_object_row *o)
{
    return count_row(ctx, o->kref.bits);
}

static bool count_promise(void *ctx, const cs_promise_row *p)
{
    return count_row(ctx, p->kref.bits);
}

static bool count_hold(void *ctx, const cs_hold_row *h)
{
    return count_row(ctx, h->kref.bits);
}

static bool count_clist(void *ctx, const cs_clist_row *c)
{
    return count_row(ctx, c->vref.bits);
}

static bool count_holder(void *ctx, const cs_clist_row *c)
{
    return count_row(ctx, c->vat.n);
}

static const char *differ_tables(const model *m, cs_store *s)
{
    tally objects = { .in_order = true }, promises = objects, holds = objects;
    cs_store_each_object(s, count_object, &objects);
    cs_store_each_promise(s, count_promise, &promises);
    cs_store_each_hold(s, count_hold, &holds);
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        objects.count -= m->object[i].live;
        promises.count -= m->promise[i].live;
        holds.count -= m->hold[i] != 0;
    }
    bool good = objects.in_order && promises.in_order && holds.in_order && objects.count == 0 &&
                promises.count == 0 && holds.count == 0;
    for (size_t vat = 0; vat < MODEL_VATS; vat++) {
        tally entries = { .in_order = true };
        cs_store_each_clist(s, vat_id(vat), count_clist, &entries);
        for (size_t i = 0; i < MODEL_KEYS; i++)
            entries.count -= m->clist[vat][i].kref != 0;
        good = good && entries.in_order && entries.count == 0;
    }
    for (size_t i = 0; i < MODEL_KEYS; i++) {
        tally entries = { .in_order = true };
        cs_store_each_holder(s, object_ref(i), count_holder, &entries);
        for (size_t vat = 0; vat < MODEL_VATS; vat++)
            entries.count -= kref_taken(m, vat, (uint32_t)i + 1);
        good = good && entries.in_order && entries.count == 0;
    }
    return good ? NULL : "a walk over a whole table";
}

static bool same_ends(cs_queue_ends a, cs_queue_ends b)
{
    return a.first == b.first && a.next == b.next;
}

/* A store that has not been given any numbers has zeros. */
static const char *differ_meta(const model *m, cs_store *s)
{
    const cs_meta *meta = cs_meta_get(s);
    const cs_meta want =
        m->meta == 0 ? (cs_meta){ .crank_number = m->crank } : numbers_of_meta(m->crank, m->meta);
    bool good = meta->crank_number == want.crank_number &&
                same_ends(meta->acceptance, want.acceptance) && same_ends(meta->run, want.run) &&
                same_ends(meta->reap, want.reap) && same_ends(meta->lonely, want.lonely) &&
                meta->reap_interval == want.reap_interval &&
                meta->reap_gc_krefs == want.reap_gc_krefs &&
                meta->stats[CS_STAT_COUNT - 1] == want.stats[CS_STAT_COUNT - 1];
    return good ? NULL : "the kernel's row";
}

const char *model_differs(const model *m, cs_store *s)
{
    const char *why = differ_objects(m, s);
    why = why != NULL ? why : differ_vats(m, s);
    why = why != NULL ? why : differ_promises(m, s);
    why = why != NULL ? why : differ_queues(m, s);
    why = why != NULL ? why : differ_gc(m, s);
    for (size_t vat = 0; vat < MODEL_VATS && why == NULL; vat++) {
        why = differ_clists(m, s, vat);
        why = why != NULL ? why : differ_kv(m, s, vat);
        why = why != NULL ? why : differ_logs(m, s, vat);
    }
    why = why != NULL ? why : differ_tables(m, s);
    return why != NULL ? why : differ_meta(m, s);
}
