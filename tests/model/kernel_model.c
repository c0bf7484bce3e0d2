#include "kernel_model.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static _Noreturn void full(const char *what)
{
    (void)fprintf(stderr, "model: no room for %s\n", what);
    abort();
}

static model_object *object(const model *m, int ref)
{
    return (model_object *)&m->objects[ref];
}

static model_promise *promise(const model *m, int ref)
{
    return (model_promise *)&m->promises[-ref];
}

bool model_exists(const model *m, int ref)
{
    return ref > 0 ? object(m, ref)->exists : ref < 0 && promise(m, ref)->exists;
}

/* ---- who refers to what ---- */

static void mention(model_counts *c, int ref)
{
    c->reachable[ref + MODEL_REFS]++;
    c->recognizable[ref + MODEL_REFS]++;
}

static void mention_all(model_counts *c, const model_data *d)
{
    for (int i = 0; i < d->slot_count; i++)
        mention(c, d->slots[i]);
}

/* An exporter's entry counts for promises only. */
static void count_entry(model_counts *c, const model_entry *e)
{
    if (e->vref.type == 0 || (e->ref > 0 && e->vref.by_vat))
        return;
    c->recognizable[e->ref + MODEL_REFS]++;
    c->reachable[e->ref + MODEL_REFS] += e->reachable;
}

static void count_event(model_counts *c, const model_event *e)
{
    if (e->where == MODEL_NOWHERE)
        return;
    mention(c, e->target); /* "none" has its place too, which nobody reads */
    mention(c, e->result);
    mention_all(c, &e->data);
}

void model_count(const model *m, model_counts *ret)
{
    memset(ret, 0, sizeof *ret);
    for (int i = 0; i < MODEL_EVENTS; i++)
        count_event(ret, &m->events[i]);
    for (int i = 0; i < MODEL_REFS; i++) {
        if (m->promises[i].exists && m->promises[i].resolved)
            mention_all(ret, &m->promises[i].data);
        if (m->promises[i].holds > 0)
            mention(ret, -i);
        if (m->objects[i].pinned)
            mention(ret, i);
    }
    for (int v = 1; v < m->next_vat; v++)
        for (int i = 0; i < MODEL_ENTRIES; i++)
            count_entry(ret, &m->vats[v].entries[i]);
}

/* At the end of a crank: what nobody refers to goes, and then what only that referred to. */
static void collect(model *m)
{
    model_counts c;
    bool again = true;
    while (again) {
        again = false;
        model_count(m, &c);
        for (int i = 1; i < MODEL_REFS; i++) {
            if (m->promises[i].exists && c.recognizable[MODEL_REFS - i] == 0) {
                memset(&m->promises[i], 0, sizeof m->promises[i]);
                again = true;
            }
            if (m->objects[i].exists && m->objects[i].owner == 0 &&
                c.recognizable[MODEL_REFS + i] == 0) {
                m->objects[i].exists = false;
                again = true;
            }
        }
    }
}

/* ---- queues ---- */

static void put(model *m, model_event e, model_place where)
{
    for (int i = 0; i < MODEL_EVENTS; i++)
        if (m->events[i].where == MODEL_NOWHERE) {
            e.where = where;
            e.order = m->order++;
            m->events[i] = e;
            return;
        }
    full("events");
}

/* The first event of a place; for MODEL_WAIT, of the promise. Taken off. */
static bool take(model *m, model_place where, int waits_for, model_event *ret)
{
    model_event *first = NULL;
    for (int i = 0; i < MODEL_EVENTS; i++) {
        model_event *e = &m->events[i];
        if (e->where == where && (where != MODEL_WAIT || e->target == waits_for) &&
            (first == NULL || e->order < first->order))
            first = e;
    }
    if (first == NULL)
        return false;
    *ret = *first;
    first->where = MODEL_NOWHERE;
    return true;
}

static void resume(model *m, int promise_ref)
{
    model_event e;
    while (take(m, MODEL_WAIT, promise_ref, &e))
        put(m, e, MODEL_ACCEPT);
}

int model_queued(const model *m, model_place where)
{
    int n = 0;
    for (int i = 0; i < MODEL_EVENTS; i++)
        n += m->events[i].where == where;
    return n;
}

/* ---- c-lists ---- */

static bool same_vref(model_vref a, model_vref b)
{
    return a.type == b.type && a.by_vat == b.by_vat && a.id == b.id;
}

const model_entry *model_entry_of(const model *m, int vat, model_vref vref)
{
    for (int i = 0; i < MODEL_ENTRIES; i++)
        if (m->vats[vat].entries[i].vref.type != 0 && same_vref(m->vats[vat].entries[i].vref, vref))
            return &m->vats[vat].entries[i];
    return NULL;
}

static model_entry *entry_of_ref(model *m, int vat, int ref)
{
    for (int i = 0; i < MODEL_ENTRIES; i++)
        if (m->vats[vat].entries[i].vref.type != 0 && m->vats[vat].entries[i].ref == ref)
            return &m->vats[vat].entries[i];
    return NULL;
}

static void add_entry(model *m, int vat, model_vref vref, int ref)
{
    for (int i = 0; i < MODEL_ENTRIES; i++)
        if (m->vats[vat].entries[i].vref.type == 0) {
            m->vats[vat].entries[i] = (model_entry){ vref, ref, true };
            return;
        }
    full("entries");
}

static void remove_entry(model_entry *e)
{
    if (e != NULL)
        e->vref.type = 0;
}

static int new_object(model *m, int owner)
{
    if (m->next_object == MODEL_REFS)
        full("objects");
    m->objects[m->next_object] = (model_object){ .exists = true, .owner = owner };
    return m->next_object++;
}

static int new_promise(model *m, int decider)
{
    if (m->next_promise == MODEL_REFS)
        full("promises");
    m->promises[m->next_promise] = (model_promise){ .exists = true, .decider = decider };
    return -m->next_promise++;
}

/* From the vat: 0 if it may not say that. */
static int to_ref(model *m, int vat, model_vref v)
{
    model_entry *e = (model_entry *)model_entry_of(m, vat, v);
    if (e == NULL) {
        if (!v.by_vat || (v.type != 'o' && v.type != 'p'))
            return 0;
        int ref = v.type == 'o' ? new_object(m, vat) : new_promise(m, vat);
        add_entry(m, vat, v, ref);
        return ref;
    }
    if (!e->reachable && !v.by_vat)
        return 0;
    e->reachable = true;
    return e->ref;
}

static model_vref to_vref(model *m, int vat, int ref)
{
    model_entry *e = entry_of_ref(m, vat, ref);
    if (e == NULL) {
        model_vat *v = &m->vats[vat];
        model_vref vref = { ref > 0 ? 'o' : 'p', false,
                            ref > 0 ? v->next_object++ : v->next_promise++ };
        add_entry(m, vat, vref, ref);
        return vref;
    }
    e->reachable = true;
    return e->vref;
}

/* ---- promises ---- */

static void resolve(model *m, int ref, bool rejected, const model_data *d, int by)
{
    model_promise *p = promise(m, ref);
    for (int v = 1; v < MODEL_VATS; v++)
        if (p->subscribed[v] && v != by)
            put(m, (model_event){ .kind = MODEL_NOTIFY, .vat = v, .target = ref }, MODEL_ACCEPT);
    resume(m, ref);
    memset(p->subscribed, 0, sizeof p->subscribed);
    p->decider = 0;
    p->resolved = true;
    p->rejected = rejected;
    p->data = *d;
}

static void subscribe(model *m, int ref, int vat)
{
    if (promise(m, ref)->resolved)
        put(m, (model_event){ .kind = MODEL_NOTIFY, .vat = vat, .target = ref }, MODEL_ACCEPT);
    else
        promise(m, ref)->subscribed[vat] = true;
}

/* ---- text ---- */

typedef struct out {
    char *text;
    size_t size;
} out;

static void say(out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
static void say(out *o, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = vsnprintf(o->text + o->size, MODEL_TEXT - o->size, format, args);
    va_end(args);
    o->size += (size_t)n;
    if (o->size >= MODEL_TEXT)
        full("text");
}

static void say_vref(out *o, model_vref v)
{
    say(o, "%c%c%d", v.type, v.by_vat ? '+' : '-', v.id);
}

static void say_vrefs(out *o, const model_vref *v, int count)
{
    for (int i = 0; i < count; i++) {
        say(o, "%s", i > 0 ? " " : "");
        say_vref(o, v[i]);
    }
}

static void say_shape(out *o, model_shape shape, int method, const model_vref *slots, int count)
{
    switch (shape) {
    case MODEL_WORD:
        say(o, "w");
        break;
    case MODEL_ARRAY:
    case MODEL_LONE:
        say(o, shape == MODEL_ARRAY ? "[" : "");
        say_vrefs(o, slots, count);
        say(o, shape == MODEL_ARRAY ? "]" : "");
        break;
    case MODEL_TERMINATED:
        say(o, "Error(vat terminated)");
        break;
    case MODEL_NOT_CALLABLE:
        say(o, "Error(data is not callable, has no method m%d)", method);
        break;
    case MODEL_START:
        say(o, "raw #{}");
        break;
    }
}

static void say_data(model *m, out *o, int vat, const model_data *d)
{
    model_vref slots[MODEL_SLOTS];
    for (int i = 0; i < d->slot_count; i++)
        slots[i] = to_vref(m, vat, d->slots[i]);
    say_shape(o, d->shape, d->method, slots, d->slot_count);
}

/* ---- routing ---- */

typedef struct route {
    int vat; /* 0: see the rest */
    int target;
    bool waits;
    model_data error;
} route;

static route route_of(const model *m, const model_event *e)
{
    static const model_data terminated = { .shape = MODEL_TERMINATED };
    int target = e->target;
    if (target < 0 && promise(m, target)->resolved) {
        const model_promise *p = promise(m, target);
        if (p->rejected)
            return (route){ .error = p->data };
        if (p->data.shape != MODEL_LONE || p->data.slots[0] < 0)
            return (route){ .error = { .shape = MODEL_NOT_CALLABLE, .method = e->data.method } };
        target = p->data.slots[0];
    }
    if (target > 0)
        return object(m, target)->owner != 0
                   ? (route){ .vat = object(m, target)->owner, .target = target }
                   : (route){ .error = terminated };
    int decider = promise(m, target)->decider;
    if (decider != 0 && m->vats[decider].pipelining)
        return (route){ .vat = decider, .target = target };
    return (route){ .waits = true, .target = target };
}

/* The message waits, or goes splat. */
static void elsewhere(model *m, const model_event *e, const route *r)
{
    if (r->waits)
        put(m, *e, MODEL_WAIT);
    else if (e->result != 0)
        resolve(m, e->result, true, &r->error, 0);
}

static void accept_event(model *m, model_event e)
{
    if (e.kind != MODEL_SEND) {
        put(m, e, MODEL_RUN);
        return;
    }
    route r = route_of(m, &e);
    if (r.vat == 0) {
        elsewhere(m, &e, &r);
        return;
    }
    e.target = r.target;
    put(m, e, MODEL_RUN);
}

/* ---- deliveries ---- */

static void deliver_message(model *m, out *o, int vat, int target, const model_event *e)
{
    model_vref slots[MODEL_SLOTS];
    say_vref(o, to_vref(m, vat, target));
    for (int i = 0; i < e->data.slot_count; i++)
        slots[i] = to_vref(m, vat, e->data.slots[i]);
    say(o, ".m%d(", e->data.method);
    say_vrefs(o, slots, e->data.slot_count);
    say(o, ")");
    if (e->result == 0)
        return;
    say(o, " => ");
    say_vref(o, to_vref(m, vat, e->result));
    promise(m, e->result)->decider = vat;
    if (m->vats[vat].pipelining)
        resume(m, e->result);
}

/* The resolved promises that can be reached, depth first. */
static void closure(const model *m, int ref, int *list, int *count)
{
    if (!promise(m, ref)->resolved)
        return;
    for (int i = 0; i < *count; i++)
        if (list[i] == ref)
            return;
    list[(*count)++] = ref;
    const model_data *d = &promise(m, ref)->data;
    for (int i = 0; i < d->slot_count; i++)
        if (d->slots[i] < 0)
            closure(m, d->slots[i], list, count);
}

static bool deliver_notify(model *m, out *o, const model_event *e)
{
    int list[MODEL_REFS], count = 0;
    if (!m->vats[e->vat].live || entry_of_ref(m, e->vat, e->target) == NULL)
        return false;
    closure(m, e->target, list, &count);
    say(o, "notify ");
    for (int i = 0; i < count; i++) {
        const model_promise *p = promise(m, list[i]);
        say(o, "%s%s ", i > 0 ? " & " : "", p->rejected ? "reject" : "fulfill");
        say_vref(o, to_vref(m, e->vat, list[i]));
        say(o, " ");
        say_data(m, o, e->vat, &p->data);
    }
    for (int i = 0; i < count; i++)
        remove_entry(entry_of_ref(m, e->vat, list[i]));
    return true;
}

/* Whether something is to be delivered. */
static bool run_event(model *m, model_event e, int *ret_vat, out *o)
{
    *ret_vat = e.vat;
    if (e.kind == MODEL_NOTIFY)
        return deliver_notify(m, o, &e);
    if (e.kind == MODEL_START_VAT) {
        if (m->vats[e.vat].live)
            say(o, "start raw #{}");
        return m->vats[e.vat].live;
    }
    route r = route_of(m, &e);
    if (r.vat == 0) {
        elsewhere(m, &e, &r);
        return false;
    }
    *ret_vat = r.vat;
    deliver_message(m, o, r.vat, r.target, &e);
    return true;
}

model_effect model_next(model *m, int *ret_vat, char text[MODEL_TEXT])
{
    model_event e;
    out o = { text, 0 };
    text[0] = 0;
    if (take(m, MODEL_ACCEPT, 0, &e)) {
        accept_event(m, e);
        collect(m);
        return MODEL_CRANK;
    }
    if (!take(m, MODEL_RUN, 0, &e))
        return MODEL_IDLE;
    if (run_event(m, e, ret_vat, &o))
        return MODEL_DELIVER;
    collect(m);
    return MODEL_CRANK;
}

/* ---- syscalls: false is illegal ---- */

static bool do_slots(model *m, int vat, const model_vref *slots, int count, int *ret)
{
    for (int i = 0; i < count; i++)
        if ((ret[i] = to_ref(m, vat, slots[i])) == 0)
            return false;
    return true;
}

static bool decides(const model *m, int vat, int ref)
{
    return ref < 0 && !promise(m, ref)->resolved && promise(m, ref)->decider == vat;
}

static bool do_send(model *m, int vat, const model_syscall *s)
{
    model_event e = { .kind = MODEL_SEND };
    e.data = (model_data){ MODEL_ARRAY, s->method, { 0 }, s->slot_count };
    e.target = to_ref(m, vat, s->target);
    if (e.target == 0 || !do_slots(m, vat, s->slots, s->slot_count, e.data.slots))
        return false;
    if (s->result.type != 0) {
        bool is_known = model_entry_of(m, vat, s->result) != NULL;
        e.result = to_ref(m, vat, s->result);
        if (!decides(m, vat, e.result) || (is_known && !m->vats[vat].pipelining))
            return false;
        promise(m, e.result)->decider = 0;
    }
    put(m, e, MODEL_ACCEPT);
    return true;
}

static bool do_subscribe(model *m, int vat, const model_syscall *s)
{
    int ref = to_ref(m, vat, s->target);
    if (ref >= 0)
        return false;
    subscribe(m, ref, vat);
    return true;
}

static bool do_resolve(model *m, int vat, const model_syscall *s)
{
    int refs[2];
    model_data data[2];
    for (int i = 0; i < s->batch_count; i++) {
        const model_resolution *r = &s->batch[i];
        data[i] = (model_data){ r->shape, 0, { 0 }, r->slot_count };
        refs[i] = to_ref(m, vat, r->promise);
        if (refs[i] == 0 || !do_slots(m, vat, r->slots, r->slot_count, data[i].slots))
            return false;
        if (!r->rejected && r->shape == MODEL_LONE && data[i].slots[0] < 0)
            return false;
    }
    for (int i = 0; i < s->batch_count; i++) {
        if (!decides(m, vat, refs[i]))
            return false;
        resolve(m, refs[i], s->batch[i].rejected, &data[i], vat);
    }
    for (int i = 0; i < s->batch_count; i++)
        remove_entry(entry_of_ref(m, vat, refs[i]));
    return true;
}

static bool do_gc(model *m, int vat, const model_syscall *s)
{
    bool of_exports = s->kind == MODEL_SYS_RETIRE_EXPORTS || s->kind == MODEL_SYS_ABANDON;
    if (s->target.type != 'o' || s->target.by_vat != of_exports)
        return false;
    model_entry *e = (model_entry *)model_entry_of(m, vat, s->target);
    if (e == NULL)
        return true;
    if (s->kind == MODEL_SYS_DROP) {
        e->reachable = false;
    } else if (s->kind == MODEL_SYS_ABANDON || !e->reachable) {
        if (of_exports)
            object(m, e->ref)->owner = 0;
        remove_entry(e);
    }
    return true;
}

static bool do_syscall(model *m, int vat, const model_syscall *s)
{
    switch (s->kind) {
    case MODEL_SYS_SEND:
        return do_send(m, vat, s);
    case MODEL_SYS_SUBSCRIBE:
        return do_subscribe(m, vat, s);
    case MODEL_SYS_RESOLVE:
        return do_resolve(m, vat, s);
    case MODEL_SYS_EXIT:
    case MODEL_SYS_FAIL:
        return true;
    case MODEL_SYS_DROP:
    case MODEL_SYS_RETIRE:
    case MODEL_SYS_RETIRE_EXPORTS:
    case MODEL_SYS_ABANDON:
        return do_gc(m, vat, s);
    }
    return false;
}

static void end_vat(model *m, int vat)
{
    static const model_data terminated = { .shape = MODEL_TERMINATED };
    model_vat *v = &m->vats[vat];
    v->live = false;
    for (;;) { /* in the order of the texts of its names: p+10, p+2, p-60 */
        model_entry *least = NULL;
        char least_text[20], text[20];
        for (int i = 0; i < MODEL_ENTRIES; i++) {
            model_entry *e = &v->entries[i];
            if (e->vref.type != 'p' || !decides(m, vat, e->ref))
                continue;
            (void)snprintf(text, sizeof text, "%c%d", e->vref.by_vat ? '+' : '-', e->vref.id);
            if (least == NULL || strcmp(text, least_text) < 0) {
                least = e;
                memcpy(least_text, text, sizeof text);
            }
        }
        if (least == NULL)
            break;
        resolve(m, least->ref, true, &terminated, vat);
    }
    for (int i = 0; i < MODEL_ENTRIES; i++)
        remove_entry(&v->entries[i]);
    for (int i = 0; i < MODEL_REFS; i++)
        if (m->objects[i].owner == vat)
            m->objects[i].owner = 0;
}

/* What an abort leaves: the event is back on its queue, but for a startVat. */
static void put_back(model *m, const model *before)
{
    model_event e;
    *m = *before;
    (void)take(m, MODEL_RUN, 0, &e);
    if (e.kind != MODEL_START_VAT)
        *m = *before;
}

model_outcome model_done(model *m, const model *before, int vat, const model_syscall *syscalls,
                         int count, bool is_error)
{
    bool legal = true, exits = false, fails = false;
    for (int i = 0; legal && i < count; i++) {
        legal = do_syscall(m, vat, &syscalls[i]);
        exits |= syscalls[i].kind == MODEL_SYS_EXIT || syscalls[i].kind == MODEL_SYS_FAIL;
        if (syscalls[i].kind == MODEL_SYS_EXIT || syscalls[i].kind == MODEL_SYS_FAIL)
            fails = syscalls[i].kind == MODEL_SYS_FAIL;
    }
    model_outcome o = { .aborted = !legal || is_error || fails };
    o.terminated = o.aborted || exits;
    if (o.aborted)
        put_back(m, before);
    if (o.terminated)
        end_vat(m, vat);
    collect(m);
    return o;
}

/* ---- the host ---- */

void model_init(model *m)
{
    memset(m, 0, sizeof *m);
    m->next_object = 20;
    m->next_promise = 40;
    m->next_vat = 1;
}

int model_add_vat(model *m, bool pipelining)
{
    int vat = m->next_vat++;
    m->vats[vat] = (model_vat){ .exists = true, .live = true, .pipelining = pipelining };
    m->vats[vat].next_object = 50;
    m->vats[vat].next_promise = 60;
    add_entry(m, vat, (model_vref){ 'o', true, 0 }, new_object(m, vat));
    put(m, (model_event){ .kind = MODEL_START_VAT, .vat = vat }, MODEL_ACCEPT);
    return vat;
}

int model_root(const model *m, int vat)
{
    const model_entry *e = model_entry_of(m, vat, (model_vref){ 'o', true, 0 });
    return e == NULL ? 0 : e->ref;
}

int model_send(model *m, int target, const model_data *methargs)
{
    int result = new_promise(m, 0);
    promise(m, result)->holds = 1;
    put(m,
        (model_event){ .kind = MODEL_SEND, .target = target, .result = result, .data = *methargs },
        MODEL_ACCEPT);
    return result;
}

bool model_hold(model *m, int ref)
{
    if (model_exists(m, ref))
        promise(m, ref)->holds++;
    return model_exists(m, ref);
}

bool model_pin(model *m, int ref)
{
    if (model_exists(m, ref))
        object(m, ref)->pinned = true;
    return model_exists(m, ref);
}

bool model_release(model *m, int ref)
{
    if (!model_exists(m, ref) || (ref > 0 ? !object(m, ref)->pinned : promise(m, ref)->holds == 0))
        return false;
    if (ref > 0)
        object(m, ref)->pinned = false;
    else
        promise(m, ref)->holds--;
    collect(m);
    return true;
}

void model_terminate(model *m, int vat)
{
    end_vat(m, vat);
    collect(m);
}

/* ---- syscalls as text ---- */

static void say_batch(out *o, const model_syscall *s)
{
    for (int i = 0; i < s->batch_count; i++) {
        const model_resolution *r = &s->batch[i];
        say(o, "%s%s ", i > 0 ? " & " : "", r->rejected ? "reject" : "fulfill");
        say_vref(o, r->promise);
        say(o, " ");
        say_shape(o, r->shape, 0, r->slots, r->slot_count);
    }
}

void model_syscall_text(const model_syscall *s, char text[MODEL_TEXT])
{
    static const char *const words[] = {
        [MODEL_SYS_SEND] = "send ",       [MODEL_SYS_SUBSCRIBE] = "subscribe ",
        [MODEL_SYS_RESOLVE] = "",         [MODEL_SYS_EXIT] = "exit w",
        [MODEL_SYS_FAIL] = "fail w",      [MODEL_SYS_DROP] = "drop ",
        [MODEL_SYS_RETIRE] = "retire ",   [MODEL_SYS_RETIRE_EXPORTS] = "retire-exports ",
        [MODEL_SYS_ABANDON] = "abandon ",
    };
    out o = { text, 0 };
    say(&o, "%s", words[s->kind]);
    if (s->kind == MODEL_SYS_RESOLVE) {
        say_batch(&o, s);
    } else if (s->kind != MODEL_SYS_EXIT && s->kind != MODEL_SYS_FAIL) {
        say_vref(&o, s->target);
    }
    if (s->kind != MODEL_SYS_SEND)
        return;
    say(&o, ".m%d(", s->method);
    say_vrefs(&o, s->slots, s->slot_count);
    say(&o, ")");
    if (s->result.type != 0) {
        say(&o, " => ");
        say_vref(&o, s->result);
    }
}
