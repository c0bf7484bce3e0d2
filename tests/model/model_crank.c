/* Queues, routing, deliveries, and what becomes of a crank (S1 to S3, S10). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "model_int.h"

long model_seen_times[MODEL_SEEN_COUNT];
const char *const model_seen_names[MODEL_SEEN_COUNT] = {
#define X(name) #name,
    MODEL_SEEN(X)
#undef X
};

void model_full(const char *what)
{
    (void)fprintf(stderr, "model: no room for %s\n", what);
    abort();
}

/* ---- queues ---- */

void model_put(model *m, model_event e, model_place where)
{
    for (int i = 0; i < MODEL_EVENTS; i++)
        if (m->events[i].where == MODEL_NOWHERE) {
            e.where = where;
            e.since = e.order == 0 ? m->crank : e.since;
            e.order = ++m->order;
            m->events[i] = e;
            return;
        }
    model_full("events");
}

bool model_take(model *m, model_place where, int waits_for, model_event *ret)
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

int model_queued(const model *m, model_place where)
{
    int n = 0;
    for (int i = 0; i < MODEL_EVENTS; i++)
        n += m->events[i].where == where;
    return n;
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
    if (target < 0 && model_promise_at(m, target)->resolved) {
        const model_promise *p = model_promise_at(m, target);
        if (p->rejected)
            return (route){ .error = p->data };
        if (p->data.shape != MODEL_LONE || !model_is_object(p->data.slots[0]))
            return (route){ .error = { .shape = MODEL_NOT_CALLABLE, .method = e->data.method } };
        target = p->data.slots[0];
    }
    if (target > 0) {
        int owner = model_object_at(m, target)->owner;
        if (owner != 0 && !m->vats[owner].live)
            model_saw(MODEL_SAW_message_to_what_a_dead_vat_owns);
        return owner != 0 && m->vats[owner].live ? (route){ .vat = owner, .target = target }
                                                 : (route){ .error = terminated };
    }
    int decider = model_promise_at(m, target)->decider;
    if (decider != 0 && m->vats[decider].options.pipelining)
        return (route){ .vat = decider, .target = target };
    return (route){ .waits = true, .target = target };
}

/* The message waits, or goes splat. */
static void elsewhere(model *m, const model_event *e, const route *r)
{
    if (r->waits)
        model_put(m, *e, MODEL_WAIT);
    else if (e->result != 0)
        model_resolve(m, e->result, true, &r->error, 0);
}

static void accept_event(model *m, model_event e)
{
    if (e.kind != MODEL_SEND) {
        model_put(m, e, MODEL_RUN);
        return;
    }
    route r = route_of(m, &e);
    if (r.vat == 0) {
        elsewhere(m, &e, &r);
        return;
    }
    e.target = r.target;
    model_put(m, e, MODEL_RUN);
}

/* ---- deliveries ---- */

static void say_data(model *m, model_out *o, int vat, const model_data *d)
{
    model_vref slots[MODEL_SLOTS];
    for (int i = 0; i < d->slot_count; i++)
        slots[i] = model_to_vref(m, vat, d->slots[i]);
    model_say_shape(o, d->shape, d->method, slots, d->slot_count);
}

static void deliver_message(model *m, model_out *o, int vat, int target, const model_event *e)
{
    model_vref slots[MODEL_SLOTS];
    model_say_vref(o, model_to_vref(m, vat, target));
    for (int i = 0; i < e->data.slot_count; i++)
        slots[i] = model_to_vref(m, vat, e->data.slots[i]);
    model_say(o, ".m%d(", e->data.method);
    model_say_vrefs(o, slots, e->data.slot_count);
    model_say(o, ")");
    if (e->result == 0)
        return;
    model_say(o, " => ");
    model_say_vref(o, model_to_vref(m, vat, e->result));
    model_promise_at(m, e->result)->decider = vat;
    if (m->vats[vat].options.pipelining)
        model_resume(m, e->result);
}

/* The resolved promises that can be reached, depth first. */
static void closure(const model *m, int ref, int *list, int *count)
{
    if (!model_promise_at(m, ref)->resolved)
        return;
    for (int i = 0; i < *count; i++)
        if (list[i] == ref)
            return;
    list[(*count)++] = ref;
    const model_data *d = &model_promise_at(m, ref)->data;
    for (int i = 0; i < d->slot_count; i++)
        if (d->slots[i] < 0)
            closure(m, d->slots[i], list, count);
}

static bool deliver_notify(model *m, model_out *o, const model_event *e)
{
    int list[MODEL_REFS], count = 0;
    if (!m->vats[e->vat].live || model_entry_of_ref(m, e->vat, e->target) == NULL ||
        model_hold_event(m, e->vat, e))
        return false;
    closure(m, e->target, list, &count);
    model_say(o, "notify ");
    for (int i = 0; i < count; i++) {
        const model_promise *p = model_promise_at(m, list[i]);
        model_say(o, "%s%s ", i > 0 ? " & " : "", p->rejected ? "reject" : "fulfill");
        model_say_vref(o, model_to_vref(m, e->vat, list[i]));
        model_say(o, " ");
        say_data(m, o, e->vat, &p->data);
    }
    for (int i = 0; i < count; i++)
        model_remove_entry(model_entry_of_ref(m, e->vat, list[i]));
    return true;
}

/* Whether something is to be delivered. */
static bool run_event(model *m, model_event e, int *ret_vat, model_out *o)
{
    *ret_vat = e.vat;
    if (e.kind == MODEL_NOTIFY)
        return deliver_notify(m, o, &e);
    if (e.kind == MODEL_CREATE_VAT) {
        model_create(m, &e);
        return false;
    }
    if (e.kind == MODEL_START_VAT) {
        if (!m->vats[e.vat].live || model_hold_event(m, e.vat, &e))
            return false;
        m->is_start = true;
        m->vats[e.vat].started = true;
        model_say(o, "start ");
        say_data(m, o, e.vat, &e.data);
        return true;
    }
    route r = route_of(m, &e);
    if (r.vat == 0) {
        elsewhere(m, &e, &r);
        return false;
    }
    if (model_hold_event(m, r.vat, &e))
        return false;
    *ret_vat = r.vat;
    deliver_message(m, o, r.vat, r.target, &e);
    return true;
}

/* S1's order. False: there is nothing. */
static bool begin_crank(model *m, bool gc_only, model_effect *ret, model_out *o)
{
    model_event e;
    ret->kind = MODEL_CRANK;
    if (!gc_only && model_take(m, MODEL_ACCEPT, 0, &e)) {
        accept_event(m, e);
        return true;
    }
    if (model_cleanup_crank(m) || model_gc_crank(m, ret, o) || model_reap_crank(m, ret, o))
        return true;
    if (gc_only)
        return false;
    if (!model_take(m, MODEL_RUN, 0, &e))
        return model_idle_reaps(m);
    if (run_event(m, e, &ret->vat, o))
        ret->kind = MODEL_DELIVER;
    return true;
}

void model_next(model *m, bool gc_only, model_effect *ret)
{
    model_out o = { ret->text, 0 };
    ret->text[0] = 0;
    m->is_start = false;
    ret->collect = MODEL_COLLECT_NEVER;
    if (!begin_crank(m, gc_only, ret, &o))
        ret->kind = MODEL_IDLE;
    else if (ret->kind == MODEL_DELIVER)
        ret->collect = model_collects(m, ret->vat);
    else
        model_end_crank(m);
}

/* ---- the end of a delivery ---- */

/* In the order of the texts of its names: p+10, p+2, p-60. The first of those that it decides. */
static const model_entry *first_decided(const model *m, int vat)
{
    const model_entry *least = NULL;
    char least_text[20], text[20];
    for (int i = 0; i < MODEL_ENTRIES; i++) {
        const model_entry *e = &m->vats[vat].entries[i];
        if (e->vref.type != 'p' || !model_decides(m, vat, e->ref))
            continue;
        (void)snprintf(text, sizeof text, "%c%d", e->vref.by_vat ? '+' : '-', e->vref.id);
        if (least == NULL || strcmp(text, least_text) < 0) {
            least = e;
            memcpy(least_text, text, sizeof text);
        }
    }
    return least;
}

/* Of a crank that was undone the reason may mention what never was. */
static bool can_be_told(const model *m, const model_data *reason)
{
    for (int i = 0; reason != NULL && i < reason->slot_count; i++)
        if (!model_can_name(m, reason->slots[i])) {
            model_saw(MODEL_SAW_reason_that_is_no_more);
            return false;
        }
    return reason != NULL;
}

void model_end_vat(model *m, int vat, const model_data *reason, bool is_stillborn)
{
    static const model_data terminated = { .shape = MODEL_TERMINATED }, none = { 0 };
    bool with_reason = can_be_told(m, reason);
    if (m->vats[vat].suspended)
        model_saw(MODEL_SAW_ended_while_suspended);
    m->vats[vat].live = false;
    model_resume_vat(m, vat);
    for (const model_entry *e; (e = first_decided(m, vat)) != NULL;)
        model_resolve(m, e->ref, true, &terminated, vat);
    model_line_add(&m->ended, vat);
    for (int a = 0; a < MODEL_ACTIONS; a++)
        if (model_has_actions(m, vat, a))
            model_saw(MODEL_SAW_dies_with_actions);
    if (with_reason && reason->slot_count > 0)
        model_saw(MODEL_SAW_reason_is_told);
    if (is_stillborn)
        model_tell_started(m, vat, true);
    else
        model_tell_ended(m, with_reason ? reason : &none);
}

/* What an abort leaves: what the crank was about is back in its place, but for the startVat of a vat that
 * ends. */
static void put_back(model *m, const model *before, bool ends)
{
    model_event e;
    bool consumes = ends && m->is_start;
    *m = *before;
    if (consumes)
        (void)model_take(m, MODEL_RUN, 0, &e);
}

static void saw_end(model_crank_kind kind, const model_outcome *o)
{
    bool is_gc = kind != MODEL_OF_EVENT && kind != MODEL_OF_BOYD;
    if (o->aborted && kind == MODEL_OF_BOYD)
        model_saw(MODEL_SAW_aborted_boyd);
    if (o->aborted && is_gc)
        model_saw(MODEL_SAW_aborted_gc_delivery);
    if (o->terminated && !o->aborted && is_gc)
        model_saw(MODEL_SAW_ended_by_gc_delivery);
    if (o->miscounted)
        model_saw(MODEL_SAW_miscounted);
}

/* Applies what it says; whether that was legal. What it wants then in *ret_exits, *ret_fails. */
static bool apply(model *m, int vat, const model_reply *reply, model_outcome *o, bool *ret_exits,
                  bool *ret_fails)
{
    *ret_exits = *ret_fails = false;
    for (int i = 0; i < reply->count; i++) {
        const model_syscall *s = &reply->syscalls[i];
        if (!model_do_syscall(m, vat, s, o))
            return false;
        if (s->kind == MODEL_SYS_EXIT || s->kind == MODEL_SYS_FAIL) {
            *ret_exits = true;
            *ret_fails = s->kind == MODEL_SYS_FAIL;
        }
    }
    return true;
}

/* What becomes of the vat, and of others. */
static void conclude(model *m, int vat, const model_reply *reply, bool is_birth, model_outcome *o)
{
    if (o->suspended) {
        model_saw(is_birth ? MODEL_SAW_suspended_before_start : MODEL_SAW_suspended);
        m->vats[vat].suspended = true;
    } else if (o->terminated) {
        bool is_critical = m->vats[vat].options.critical;
        if (is_critical && is_birth)
            model_saw(MODEL_SAW_critical_and_stillborn);
        m->has_panicked = is_critical && !is_birth;
        model_end_vat(m, vat, o->exits ? &o->info : NULL, is_birth);
    } else {
        o->miscounted = reply->lie > 0;
        model_account(m, vat, reply, o);
        if (is_birth)
            model_tell_started(m, vat, false);
    }
    model_end_others(m);
    o->terminated = !m->vats[vat].live;
}

/* S10: illegal before an empty meter, before an error, before an exit. */
static model_outcome judge(model *m, const model *before, int vat, const model_reply *reply,
                           bool *ret_underflow)
{
    bool exits, fails;
    model_outcome o = { 0 };
    bool legal = apply(m, vat, reply, &o, &exits, &fails);
    *ret_underflow = legal && !reply->is_error && model_underflows(m, vat, reply);
    bool wrong = !legal || *ret_underflow || reply->is_error || reply->is_out;
    o.exits = exits && !wrong;
    o.suspended = *ret_underflow && m->vats[vat].options.suspends;
    o.aborted = wrong || fails;
    o.terminated = (o.aborted && !o.suspended) || o.exits;
    if (*ret_underflow && !o.suspended)
        model_saw(MODEL_SAW_ended_by_its_meter);
    if (o.aborted) {
        o.dropped = o.retired = o.ignored = 0;
        put_back(m, before, o.terminated);
    } else {
        o.imports_held = model_imports_held(m, vat);
        m->vats[vat].deliveries++;
    }
    return o;
}

model_outcome model_done(model *m, const model *before, int vat, const model_reply *reply)
{
    bool underflow, is_birth = m->is_start && m->vats[vat].options.has_admin;
    model_crank_kind kind = m->kind;
    model_outcome o = judge(m, before, vat, reply, &underflow);
    if (kind != MODEL_OF_EVENT && m->vats[vat].suspended)
        model_saw(MODEL_SAW_garbage_of_the_suspended);
    model_charge(m, kind, vat, reply, underflow);
    conclude(m, vat, reply, is_birth, &o);
    if (m->has_panicked) {
        model_saw(MODEL_SAW_panic);
        *m = *before;
        return (model_outcome){ .panics = true };
    }
    saw_end(kind, &o);
    model_end_crank(m);
    return o;
}
