#include "store_model.h"

#include <stdio.h>
#include <string.h>

/* ---- names of the few rows there are ---- */

static cs_vatid vat_id(size_t i)
{
    static const uint32_t ids[MODEL_VATS] = { 1, 2, 3, 7 }; /* with a gap */
    return (cs_vatid){ ids[i] };
}

static cs_kref object_ref(size_t i)
{
    return cs_kref_of(CS_REF_OBJECT, 20 + i * i * i * 1000);
}

static cs_kref promise_ref(size_t i)
{
    return cs_kref_of(CS_REF_PROMISE, 40 + i);
}

static cs_vref vref(size_t i)
{
    static const char *const text[MODEL_KEYS] = { "o+0",    "o-50",    "o+v10/3", "o+d11/7:1",
                                                  "o+1000", "o-99999", "o+2",     "o-51" };
    cs_vref v = { 0 };
    (void)cs_vref_parse(cs_bytes_of(text[i]), &v);
    return v;
}

static cs_queue_id queue_id(size_t i)
{
    return i == 0   ? CS_QUEUE_ACCEPTANCE
           : i == 1 ? CS_QUEUE_RUN
                    : cs_queue_of_promise(promise_ref(3));
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

/* ---- operations ---- */

static void step_vat(model *m, cs_store *s, tape *t)
{
    size_t i = (size_t)tape_below(t, MODEL_VATS);
    uint32_t n = some(t);
    cs_vat_row *v = m->vat[i].live ? cs_vat_edit(s, vat_id(i)) : cs_vat_add(s, vat_id(i));
    m->vat[i].live = true;
    v->status = CS_VAT_LIVE;
    v->computrons = m->vat[i].computrons = n;
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
    } else if (!kref_taken(m, vat, kref)) {
        m->clist[vat][i].kref = kref;
        cs_clist_row *c = cs_clist_add(s, vat_id(vat), vref(i), object_ref(kref - 1));
        c->reachable = m->clist[vat][i].reachable = tape_bool(t);
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
}

static void step_queue(model *m, cs_store *s, tape *t)
{
    size_t q = (size_t)tape_below(t, 3), i = (size_t)tape_below(t, MODEL_KEYS);
    if (m->queue[q][i] != 0) {
        m->queue[q][i] = 0;
        cs_queue_delete(s, queue_id(q), i);
    } else {
        m->queue[q][i] = some(t);
        cs_queue_add(s, queue_id(q), i, blob(m->queue[q][i]));
    }
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
    uint32_t n = some(t);
    cs_meta *meta = cs_meta_edit(s);
    meta->crank_number = m->crank = n;
    meta->stats[CS_STAT_COUNT - 1] = m->stat = n + 1;
}

void model_step(model *m, cs_store *s, tape *t)
{
    static void (*const steps[])(model *, cs_store *, tape *) = {
        step_object, step_promise, step_clist,      step_kv,   step_queue,
        step_vat,    step_hold,    step_transcript, step_meta,
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
        if (v->id.n != vat_id(i).n || v->computrons != m->vat[i].computrons ||
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
                          o->recognizable != m->object[i].recognizable))
            return "content of an object";
        const cs_hold_row *h = cs_hold_find(s, i % 2 == 0 ? object_ref(i) : promise_ref(i));
        if ((h == NULL ? 0 : h->count) != m->hold[i])
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
        if (p != NULL &&
            (p->refs != m->promise[i].refs || !is(p->subscribers, m->promise[i].subscribers) ||
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
             c->reachable != m->clist[vat][i].reachable))
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
        if (vat < 3 && !is(cs_queue_find(s, queue_id(vat), i), m->queue[vat][i]))
            return "item of a queue";
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

const char *model_differs(const model *m, cs_store *s)
{
    const char *why = differ_objects(m, s);
    why = why != NULL ? why : differ_vats(m, s);
    why = why != NULL ? why : differ_promises(m, s);
    for (size_t vat = 0; vat < MODEL_VATS && why == NULL; vat++) {
        why = differ_clists(m, s, vat);
        why = why != NULL ? why : differ_kv(m, s, vat);
        why = why != NULL ? why : differ_logs(m, s, vat);
    }
    why = why != NULL ? why : differ_tables(m, s);
    const cs_meta *meta = cs_meta_get(s);
    if (why == NULL &&
        (meta->crank_number != m->crank || meta->stats[CS_STAT_COUNT - 1] != m->stat))
        why = "the kernel's row";
    return why;
}
