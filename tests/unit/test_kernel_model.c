/* Random raw vats, the kernel and the model of tests/model/kernel_model.h side by side: every delivery
 * must read the same, every crank end the same, and after each the same things exist, owned, decided
 * and counted alike, with a clean audit. Half of the seeds make a new kernel between any two cranks;
 * each seed is played twice and must give the same activity hash. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../model/kernel_model.h"
#include "kernel/kernel.h"
#include "raw_text.h"
#include "t.h"

enum { STEPS = 150, SYSCALLS_MAX = 5 };

typedef struct pair {
    tape *t;
    model now, before;
    model_counts counts; /* of `now` */
    cs_store *store;
    cs_kernel *k;
    cs_arena arena;
    bool restarts;
    model_vref spent[40]; /* what this reply has resolved, passed on or dropped already */
    int spent_count;
    char done[300]; /* the last thing that happened, for the report */
} pair;

static char bad[MODEL_TEXT * 2 + 400];

static const char *differ(pair *p, const char *what, const char *model_says,
                          const char *kernel_says)
{
    (void)snprintf(bad, sizeof bad, "%s: model %s, kernel %s, after %s", what, model_says,
                   kernel_says, p->done);
    return bad;
}

/* ---- both sides have the same state ---- */

static cs_kref kref_of(int ref)
{
    return ref > 0 ? cs_kref_of(CS_REF_OBJECT, (uint64_t)ref)
                   : cs_kref_of(CS_REF_PROMISE, (uint64_t)-ref);
}

/* Texts are made for what differs only: this runs for everything after every crank. */
static const char *differ_in(pair *p, cs_kref k, const char *a, const char *b)
{
    char name[CS_REF_TEXT_MAX];
    return differ(p, cs_kref_text(k, name), a, b);
}

static const char *compare_object(pair *p, int ref)
{
    char a[100] = "gone", b[100] = "gone";
    const model_object *m = &p->now.objects[ref];
    const cs_object_row *row = cs_object_find(p->store, kref_of(ref));
    unsigned reachable = (unsigned)p->counts.reachable[MODEL_REFS + ref];
    unsigned recognizable = (unsigned)p->counts.recognizable[MODEL_REFS + ref];
    if (m->exists ? row != NULL && (int)row->owner.n == m->owner && row->reachable == reachable &&
                        row->recognizable == recognizable
                  : row == NULL)
        return NULL;
    if (m->exists)
        (void)snprintf(a, sizeof a, "v%d %u/%u", m->owner, reachable, recognizable);
    if (row != NULL)
        (void)snprintf(b, sizeof b, "v%u %u/%u", (unsigned)row->owner.n, (unsigned)row->reachable,
                       (unsigned)row->recognizable);
    return differ_in(p, kref_of(ref), a, b);
}

static const char *compare_promise(pair *p, int id)
{
    char a[100] = "gone", b[100] = "gone";
    const model_promise *m = &p->now.promises[id];
    const cs_promise_row *row = cs_promise_find(p->store, kref_of(-id));
    unsigned refs = (unsigned)p->counts.recognizable[MODEL_REFS - id];
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
    return differ_in(p, kref_of(-id), a, b);
}

static const char *compare_entry(pair *p, int vat, const model_entry *e)
{
    char a[60], b[60] = "gone";
    cs_ref_type type = e->vref.type == 'o' ? CS_REF_OBJECT : CS_REF_PROMISE;
    const cs_clist_row *row =
        cs_clist_find_vref(p->store, (cs_vatid){ (uint32_t)vat },
                           cs_vref_of(type, e->vref.by_vat, (uint64_t)e->vref.id));
    if (row != NULL && cs_kref_same(row->kref, kref_of(e->ref)) && row->reachable == e->reachable)
        return NULL;
    (void)snprintf(a, sizeof a, "v%d %c%c%d %c", vat, e->vref.type, e->vref.by_vat ? '+' : '-',
                   e->vref.id, e->reachable ? 'R' : '_');
    if (row != NULL)
        (void)snprintf(b, sizeof b, "of %llx %c", (unsigned long long)row->kref.bits,
                       row->reachable ? 'R' : '_');
    return differ_in(p, kref_of(e->ref), a, b);
}

static const char *compare_text(pair *p, const char *what, const char *a, const char *b)
{
    return strcmp(a, b) == 0 ? NULL : differ(p, what, a, b);
}

static const char *compare_number(pair *p, const char *what, int model_says, uint64_t kernel_says)
{
    char a[30], b[30];
    (void)snprintf(a, sizeof a, "%d", model_says);
    (void)snprintf(b, sizeof b, "%llu", (unsigned long long)kernel_says);
    return compare_text(p, what, a, b);
}

/* Entries, and that there are no others. */
static const char *compare_clists(pair *p)
{
    int count = 0;
    const char *wrong = NULL;
    for (int vat = 1; vat < p->now.next_vat; vat++)
        for (int i = 0; wrong == NULL && i < MODEL_ENTRIES; i++)
            if (p->now.vats[vat].entries[i].vref.type != 0) {
                count++;
                wrong = compare_entry(p, vat, &p->now.vats[vat].entries[i]);
            }
    if (wrong != NULL)
        return wrong;
    return compare_number(p, "c-list entries", count,
                          cs_meta_get(p->store)->stats[CS_STAT_CLIST_ENTRIES]);
}

static const char *compare_queues(pair *p)
{
    const cs_meta *meta = cs_meta_get(p->store);
    const char *wrong = compare_number(p, "acceptance queue", model_queued(&p->now, MODEL_ACCEPT),
                                       meta->acceptance.next - meta->acceptance.first);
    if (wrong != NULL)
        return wrong;
    return compare_number(p, "run queue", model_queued(&p->now, MODEL_RUN),
                          meta->run.next - meta->run.first);
}

static void first_line(void *ctx, const char *line)
{
    char *text = ctx;
    if (text[0] == 0)
        (void)snprintf(text, 300, "%s", line);
}

static const char *compare(pair *p)
{
    char line[300] = "";
    if (cs_kernel_audit(p->k, first_line, line) != 0)
        return differ(p, "audit", "clean", line);
    const char *wrong = compare_queues(p);
    model_count(&p->now, &p->counts);
    for (int ref = 20; wrong == NULL && ref < p->now.next_object; ref++)
        wrong = compare_object(p, ref);
    for (int id = 40; wrong == NULL && id < p->now.next_promise; id++)
        wrong = compare_promise(p, id);
    return wrong != NULL ? wrong : compare_clists(p);
}

/* ---- what a random vat says ---- */

/* Anything, mostly illegal. */
static model_vref random_vref(tape *t)
{
    static const char types[] = "opopopd";
    bool by_vat = tape_bool(t);
    return (model_vref){ types[tape_below(t, sizeof types - 1)], by_vat,
                         by_vat ? (int)tape_below(t, 12) : (int)tape_between(t, 50, 70) };
}

/* Its own, new or known. */
static model_vref own_vref(tape *t, char type)
{
    return (model_vref){ type, true, (int)tape_below(t, 12) };
}

static model_vref fresh_promise(tape *t)
{
    return (model_vref){ 'p', true, (int)tape_between(t, 20, 1000) };
}

/* What is wanted of an entry of its c-list. */
typedef enum wanted {
    USABLE,
    USABLE_OBJECT,
    IMPORT,
    EXPORT,
    PROMISE,
    DECIDED,
} wanted;

static bool is_wanted(const pair *p, int vat, const model_entry *e, wanted w)
{
    bool is_object = e->vref.type == 'o', is_usable = e->reachable || e->vref.by_vat;
    const model_promise *promise = is_object ? NULL : &p->now.promises[-e->ref];
    switch (w) {
    case USABLE:
        return is_usable;
    case USABLE_OBJECT:
        return is_object && is_usable;
    case IMPORT:
        return is_object && !e->vref.by_vat;
    case EXPORT:
        return is_object && e->vref.by_vat;
    case PROMISE:
        return !is_object;
    case DECIDED:
        return !is_object && !promise->resolved && promise->decider == vat;
    }
    return false;
}

static void spend(pair *p, model_vref v)
{
    if (p->spent_count < (int)(sizeof p->spent / sizeof p->spent[0]))
        p->spent[p->spent_count++] = v;
}

/* To name them once more is mostly illegal: now and then it is done. */
static bool is_spent(const pair *p, const model_entry *e)
{
    for (int i = 0; i < p->spent_count; i++)
        if (p->spent[i].type == e->vref.type && p->spent[i].by_vat == e->vref.by_vat &&
            p->spent[i].id == e->vref.id)
            return true;
    return false;
}

/* One of them, or `other` if there is none. */
static model_vref known_vref(pair *p, int vat, wanted w, model_vref other)
{
    const model_vat *v = &p->now.vats[vat];
    int list[MODEL_ENTRIES], count = 0;
    bool spent_too = tape_below(p->t, 100) == 99;
    for (int i = 0; i < MODEL_ENTRIES; i++)
        if (v->entries[i].vref.type != 0 && is_wanted(p, vat, &v->entries[i], w) &&
            (spent_too || !is_spent(p, &v->entries[i])))
            list[count++] = i;
    return count == 0 ? other : v->entries[list[tape_below(p->t, (uint64_t)count)]].vref;
}

static model_vref some_vref(pair *p, int vat, wanted w)
{
    model_vref own = own_vref(p->t, w == USABLE && tape_bool(p->t) ? 'p' : 'o');
    if (tape_below(p->t, 500) == 499)
        return random_vref(p->t);
    return tape_chance(p->t, 25) ? own : known_vref(p, vat, w, own);
}

static int some_slots(pair *p, int vat, model_vref *ret)
{
    int count = (int)tape_below(p->t, MODEL_SLOTS + 1);
    for (int i = 0; i < count; i++)
        ret[i] = some_vref(p, vat, USABLE);
    return count;
}

static void random_send(pair *p, int vat, model_syscall *s)
{
    unsigned passes_on = p->now.vats[vat].pipelining ? 50 : 1;
    s->kind = MODEL_SYS_SEND;
    s->target = some_vref(p, vat, USABLE);
    s->method = (int)tape_below(p->t, 5);
    s->slot_count = some_slots(p, vat, s->slots);
    if (tape_chance(p->t, 70)) {
        s->result = fresh_promise(p->t);
        if (tape_chance(p->t, passes_on))
            s->result = known_vref(p, vat, DECIDED, s->result);
        spend(p, s->result);
    }
}

static void random_resolution(pair *p, int vat, model_resolution *r)
{
    wanted w = tape_below(p->t, 300) == 299 ? PROMISE : DECIDED;
    r->promise = known_vref(p, vat, w, fresh_promise(p->t));
    spend(p, r->promise);
    r->rejected = tape_chance(p->t, 30);
    r->shape = (model_shape)tape_below(p->t, 3);
    if (r->shape == MODEL_ARRAY)
        r->slot_count = some_slots(p, vat, r->slots);
    if (r->shape == MODEL_LONE) {
        bool any = r->rejected || tape_below(p->t, 100) == 99;
        r->slots[r->slot_count++] = some_vref(p, vat, any ? USABLE : USABLE_OBJECT);
    }
}

static void random_gc(pair *p, int vat, uint64_t dice, model_syscall *s)
{
    static const model_vref nothing = { 'o', false, 99 };
    s->kind = dice < 5    ? MODEL_SYS_DROP
              : dice < 10 ? MODEL_SYS_RETIRE
              : dice < 12 ? MODEL_SYS_ABANDON
                          : MODEL_SYS_RETIRE_EXPORTS;
    s->target = dice < 10 ? known_vref(p, vat, IMPORT, nothing)
                          : known_vref(p, vat, EXPORT, own_vref(p->t, 'o'));
    spend(p, s->target);
}

static model_syscall random_syscall(pair *p, int vat)
{
    model_syscall s = { .kind = MODEL_SYS_SUBSCRIBE };
    uint64_t dice = tape_below(p->t, 100);
    if (dice < 45) {
        random_send(p, vat, &s);
    } else if (dice < 70) {
        s.kind = MODEL_SYS_RESOLVE;
        s.batch_count = tape_chance(p->t, 75) ? 1 : 2;
        for (int i = 0; i < s.batch_count; i++)
            random_resolution(p, vat, &s.batch[i]);
    } else if (dice < 84) {
        s.target = known_vref(p, vat, PROMISE, own_vref(p->t, 'p'));
    } else if (dice < 97) {
        random_gc(p, vat, dice - 84, &s);
    } else if (tape_chance(p->t, 10)) {
        s.kind = tape_bool(p->t) ? MODEL_SYS_EXIT : MODEL_SYS_FAIL;
    } else {
        s.target = own_vref(p->t, 'p');
    }
    return s;
}

/* ---- steps ---- */

static void note(pair *p, const char *what, const char *detail)
{
    (void)snprintf(p->done, sizeof p->done, "%s %.250s", what, detail);
}

static void open_kernel(pair *p)
{
    cs_error err;
    p->k = cs_kernel_free(p->k);
    if (cs_kernel_new(p->store, NULL, NULL, &p->k, &err) != CS_OK)
        abort();
}

static const char *settle(pair *p)
{
    if (p->restarts)
        open_kernel(p);
    return compare(p);
}

/* The vat's answer, to both. */
static const char *answer(pair *p, int vat)
{
    model_syscall syscalls[SYSCALLS_MAX];
    cs_syscall parsed[SYSCALLS_MAX];
    cs_outcome outcome;
    cs_error err;
    size_t said = strlen(p->done);
    int count = (int)tape_below(p->t, SYSCALLS_MAX + 1);
    bool is_error = tape_below(p->t, 400) == 399;
    p->spent_count = 0;
    for (int i = 0; i < count; i++) {
        char *text = cs_arena_take(&p->arena, MODEL_TEXT);
        syscalls[i] = random_syscall(p, vat);
        model_syscall_text(&syscalls[i], text);
        raw_syscall_parse(&p->arena, text, &parsed[i]);
        said += (size_t)snprintf(p->done + said, said < sizeof p->done ? sizeof p->done - said : 0,
                                 "; %s", text);
        said = said < sizeof p->done ? said : sizeof p->done - 1;
    }
    const cs_reply reply = {
        is_error ? CS_E_THROWN : CS_OK, { 0 }, parsed, (uint32_t)count, 0, 0, 0, 0
    };
    cs_status st = cs_kernel_done(p->k, &reply, &outcome, &err);
    if (st != CS_OK)
        return differ(p, "done", "OK", err.text);
    model_outcome m = model_done(&p->now, &p->before, vat, syscalls, count, is_error);
    if (m.aborted != outcome.aborted || m.terminated != outcome.terminated) {
        cs_bytes ending = cs_blob_bytes(cs_vat_find(p->store, (cs_vatid){ (uint32_t)vat })->ending);
        (void)snprintf(err.text, sizeof err.text, "aborts %d, ends %d, %.*s", outcome.aborted,
                       outcome.terminated, (int)ending.size, (const char *)ending.data);
        return differ(p, "outcome", m.aborted ? "aborts" : "keeps", err.text);
    }
    return settle(p);
}

/* One crank of both. */
static const char *crank(pair *p, bool *ret_idle)
{
    static const char *const effects[] = { "idle", "crank", "deliver" };
    char text[MODEL_TEXT];
    int vat = 0;
    cs_effect e;
    cs_error err;
    cs_buf b = { 0 };
    p->before = p->now;
    model_effect want = model_next(&p->now, &vat, text);
    if (cs_kernel_next(p->k, &e, &err) != CS_OK)
        return differ(p, "next", effects[want], err.text);
    *ret_idle = want == MODEL_IDLE;
    if ((int)want != (int)e.kind)
        return differ(p, "next", effects[want], effects[e.kind]);
    if (want != MODEL_DELIVER)
        return settle(p);
    raw_delivery_text(&b, &e.delivery);
    const char *wrong = compare_text(p, "delivery", text, cs_buf_text(&b));
    cs_buf_fini(&b);
    note(p, "delivery", text);
    if (wrong == NULL && vat != (int)e.vat.n)
        return differ(p, "delivery", "to another vat", text);
    return wrong != NULL ? wrong : answer(p, vat);
}

/* Something that exists, or an id that may not. */
static int random_ref(pair *p)
{
    if (tape_bool(p->t))
        return (int)tape_between(p->t, 20, (uint64_t)p->now.next_object);
    return -(int)tape_between(p->t, 40, (uint64_t)p->now.next_promise);
}

static const char *host_send(pair *p)
{
    cs_error err;
    cs_kref promise, slots[MODEL_SLOTS];
    char body[100] = "#[\"m", text[40];
    model_data d = { .shape = MODEL_ARRAY, .method = (int)tape_below(p->t, 5) };
    int target = model_root(&p->now, (int)tape_between(p->t, 1, (uint64_t)p->now.next_vat - 1));
    if (target == 0 || tape_chance(p->t, 10))
        target = random_ref(p);
    d.slot_count = (int)tape_below(p->t, MODEL_SLOTS + 1);
    bool fine = model_exists(&p->now, target);
    size_t n = 4 + (size_t)snprintf(body + 4, 40, "%d\",[", d.method);
    for (int i = 0; i < d.slot_count; i++) {
        d.slots[i] = random_ref(p);
        slots[i] = kref_of(d.slots[i]);
        fine = fine && model_exists(&p->now, d.slots[i]);
        n += (size_t)snprintf(body + n, 40, "%s\"%c%d\"", i > 0 ? "," : "",
                              d.slots[i] > 0 ? '$' : '&', i);
    }
    (void)snprintf(body + n, 3, "]]");
    const cs_kcapdata methargs = { cs_bytes_of(body), slots, (uint32_t)d.slot_count };
    (void)snprintf(text, sizeof text, "to %d", target);
    note(p, "host send", text);
    cs_status st =
        cs_kernel_send(p->k, kref_of(target), &methargs, CS_POLICY_IGNORE, &promise, &err);
    if (fine)
        (void)model_send(&p->now, target, &d);
    return (st == CS_OK) == fine ? settle(p)
                                 : differ(p, "send", fine ? "fine" : "refused", err.text);
}

static const char *host_hold(pair *p)
{
    bool releases = tape_bool(p->t);
    int ref = random_ref(p);
    cs_kref k = kref_of(ref);
    note(p, releases ? "release" : "hold", "");
    bool want = releases  ? model_release(&p->now, ref)
                : ref > 0 ? model_pin(&p->now, ref)
                          : model_hold(&p->now, ref);
    cs_status st = releases  ? cs_kernel_release(p->k, k)
                   : ref > 0 ? cs_kernel_pin(p->k, k)
                             : cs_kernel_hold(p->k, k);
    return (st == CS_OK) == want ? settle(p)
                                 : differ(p, "hold", want ? "fine" : "refused", cs_status_name(st));
}

static const char *host_terminate(pair *p)
{
    int vat = (int)tape_between(p->t, 1, (uint64_t)p->now.next_vat - 1);
    bool live = p->now.vats[vat].live;
    note(p, "terminate", "");
    cs_status st = cs_kernel_terminate(p->k, (cs_vatid){ (uint32_t)vat }, CS_BYTES("dice"));
    if (live)
        model_terminate(&p->now, vat);
    return (st == CS_OK) == live ? settle(p) : differ(p, "terminate", "other", cs_status_name(st));
}

static const char *add_vat(pair *p)
{
    cs_error err;
    cs_vatid vat;
    const cs_hash bundle = { { 0 } };
    const cs_kcapdata parameters = { CS_BYTES("#{}"), NULL, 0 };
    const cs_vat_options options = { .enable_pipelining = tape_chance(p->t, 40) };
    note(p, "add vat", "");
    (void)model_add_vat(&p->now, options.enable_pipelining);
    if (cs_kernel_add_vat(p->k, (cs_bytes){ 0 }, &bundle, &options, &parameters, &vat, &err) !=
        CS_OK)
        return differ(p, "add", "fine", err.text);
    return settle(p);
}

static const char *step(pair *p)
{
    bool idle = false;
    uint64_t dice = tape_below(p->t, 100);
    const char *wrong = NULL;
    if (p->now.next_vat < 3 || (p->now.next_vat < MODEL_VATS && dice == 99))
        wrong = add_vat(p);
    else if (dice == 98)
        wrong = host_terminate(p);
    else if (dice >= 92)
        wrong = host_hold(p);
    else if (dice >= 80)
        wrong = host_send(p);
    else
        wrong = crank(p, &idle);
    return wrong == NULL && idle ? host_send(p) : wrong;
}

static bool has_room(const model *m)
{
    return m->next_object < MODEL_REFS - 60 && m->next_promise < MODEL_REFS - 60;
}

static const char *play(tape *t, cs_hash *ret_activity)
{
    static pair p; /* two models are large */
    cs_error err;
    const char *wrong = NULL;
    memset(&p, 0, sizeof p);
    p.t = t;
    p.restarts = tape_bool(t);
    model_init(&p.now);
    if (cs_store_open(NULL, &(cs_store_options){ .create = true }, &p.store, &err) != CS_OK)
        abort();
    open_kernel(&p);
    for (int i = 0; wrong == NULL && i < STEPS && has_room(&p.now); i++) {
        wrong = step(&p);
        cs_arena_clear(&p.arena);
    }
    *ret_activity = cs_meta_get(p.store)->activity;
    p.k = cs_kernel_free(p.k);
    p.store = cs_store_close(p.store);
    cs_arena_fini(&p.arena);
    return wrong;
}

static const char *kernel_and_model_agree(tape *t, void *ctx)
{
    (void)ctx;
    cs_hash first, second;
    const char *wrong = play(t, &first);
    if (wrong != NULL || t->kind != TAPE_SEED)
        return wrong;
    tape again; /* what was chosen, chosen again */
    tape_from_input(&again, t->record, t->record_size);
    wrong = play(&again, &second);
    tape_fini(&again);
    if (wrong != NULL)
        return wrong;
    return cs_hash_same(&first, &second) ? NULL : "the same choices gave another activity hash";
}

static void random_vats(void **state)
{
    (void)state;
    t_property(kernel_and_model_agree, NULL, 250);
}

T_MAIN(T(random_vats))
