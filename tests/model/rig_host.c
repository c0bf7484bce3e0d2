/* What a random host does between cranks. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "rig.h"

static void note_number(rig *r, const char *what, int n)
{
    char text[20];
    (void)snprintf(text, sizeof text, "%d", n);
    rig_note(r, what, text);
}

int rig_live_vats(const rig *r)
{
    int n = 0;
    for (int vat = r->first_vat; vat < r->now.next_vat; vat++)
        n += r->now.vats[vat].live;
    return n;
}

/* Mostly something that exists. */
static int random_ref(rig *r)
{
    int list[2 * MODEL_REFS], count = 0;
    if (tape_below(r->t, 100) >= 90) /* device nodes, and one that there is not */
        return (int)tape_between(r->t, MODEL_NODE + 30, (uint64_t)r->now.next_node);
    bool is_object = tape_chance(r->t, 70);
    int next = is_object ? r->now.next_object : r->now.next_promise;
    for (int i = 20; i < next; i++)
        if (model_exists(&r->now, is_object ? i : -i))
            list[count++] = is_object ? i : -i;
    if (count > 0 && !tape_chance(r->t, 10))
        return list[tape_below(r->t, (uint64_t)count)];
    return (is_object ? 1 : -1) * (int)tape_between(r->t, 20, (uint64_t)next);
}

static int random_vat(rig *r)
{
    return (int)tape_between(r->t, (uint64_t)r->first_vat, (uint64_t)r->now.next_vat - 1);
}

/* Mostly one that has a meter, if there is any. */
static int busy_vat(rig *r)
{
    int vat = random_vat(r);
    for (int v = r->first_vat; v < r->now.next_vat; v++)
        if (r->now.vats[v].live && r->now.vats[v].options.meter > 0 && tape_chance(r->t, 70))
            vat = v;
    return vat;
}

/* Or one that there is not. */
static int any_vat(rig *r)
{
    return tape_chance(r->t, 3) ? r->now.next_vat : random_vat(r);
}

/* Mostly one that is suspended, if there is any. */
static int suspended_vat(rig *r)
{
    int vat = any_vat(r);
    for (int v = r->first_vat; v < r->now.next_vat; v++)
        if (r->now.vats[v].suspended && tape_chance(r->t, 80))
            vat = v;
    return vat;
}

/* What a call about a vat gives. */
static cs_status status_of(const rig *r, int vat)
{
    return vat >= r->now.next_vat ? CS_E_NOT_FOUND : r->now.vats[vat].live ? CS_OK : CS_E_DEAD;
}

static cs_vatid vatid(int vat)
{
    return (cs_vatid){ (uint32_t)vat };
}

static const char *both(rig *r, const char *what, cs_status want, cs_status st)
{
    const char *wrong = rig_compare_text(r, what, cs_status_name(want), cs_status_name(st));
    return wrong != NULL ? wrong : rig_settle(r);
}

static const char *both_did(rig *r, const char *what, bool model_did, cs_status st)
{
    return both(r, what, model_did ? CS_OK : CS_E_NOT_FOUND, st);
}

/* ---- vats ---- */

static long random_threshold(rig *r)
{
    static const long thresholds[] = { 10, 0, 1, 3, 10, MODEL_NEVER };
    return tape_pick(r->t, thresholds);
}

static uint64_t as_threshold(long n)
{
    return n == MODEL_NEVER ? CS_REAP_NEVER : (uint64_t)n;
}

static const char *terminate(rig *r)
{
    int vat = suspended_vat(r);
    cs_status want = status_of(r, vat);
    note_number(r, "terminate", vat);
    if (want == CS_OK && !model_terminate(&r->now, vat))
        want = CS_E_PANIC;
    cs_status st = cs_kernel_terminate(r->k, vatid(vat), CS_BYTES("dice"));
    if (want == CS_E_PANIC)
        rig_new_kernel(r);
    return both(r, "terminate", want, st);
}

static const char *resume(rig *r)
{
    int vat = suspended_vat(r);
    cs_status want = status_of(r, vat);
    note_number(r, "resume", vat);
    if (want == CS_OK)
        model_resume_by_host(&r->now, vat);
    return both(r, "resume", want, cs_kernel_resume(r->k, vatid(vat)));
}

/* Asks both for a vat's root; 0: it is dead. */
static const char *name_root(rig *r, int vat, int *ret_root)
{
    cs_kref root;
    cs_status want = status_of(r, vat), st = cs_kernel_root(r->k, vatid(vat), &root);
    *ret_root = want == CS_OK ? model_root(&r->now, vat) : 0;
    if (st == CS_OK && want == CS_OK && !cs_kref_same(root, rig_kref(*ret_root)))
        return rig_differ(r, "root", "another", "one");
    return rig_compare_text(r, "root", cs_status_name(want), cs_status_name(st));
}

static const char *root(rig *r)
{
    int vat = any_vat(r), ref;
    note_number(r, "root of", vat);
    const char *wrong = name_root(r, vat, &ref);
    return wrong != NULL ? wrong : rig_settle(r);
}

/* ---- references ---- */

enum { BODY_MAX = 100 };

/* Slots, and a body that is an array of them, but for what closes it. Whether the host may name them
 * all. */
static bool random_slots(rig *r, model_data *d, cs_kref *slots, char body[static BODY_MAX],
                         const char *opening)
{
    bool fine = true;
    d->slot_count = (int)tape_below(r->t, MODEL_SLOTS + 1);
    size_t n = (size_t)snprintf(body, 40, "%s", opening);
    for (int i = 0; i < d->slot_count; i++) {
        bool introduces = i == 0 && r->mood == RIG_CALLS && tape_chance(r->t, 90);
        d->slots[i] = introduces ? MODEL_NODE + 30 : random_ref(r);
        slots[i] = rig_kref(d->slots[i]);
        fine = fine && model_can_name(&r->now, d->slots[i]);
        n += (size_t)snprintf(body + n, 40, "%s\"%c%d\"", i > 0 ? "," : "",
                              d->slots[i] > 0 ? '$' : '&', i);
    }
    return fine;
}

/* It is introduced to some of those that are there. */
const char *rig_add_vat(rig *r)
{
    cs_error err;
    cs_vatid vat;
    cs_kref slots[MODEL_SLOTS];
    char body[BODY_MAX];
    model_data d = { .shape = MODEL_ARRAY };
    const cs_hash bundle = { { 0 } };
    const model_vat_options m = { .pipelining = tape_chance(r->t, 30),
                                  .never_reap = tape_chance(r->t, 15),
                                  .critical = tape_chance(r->t, 5),
                                  .reap_interval = random_threshold(r),
                                  .reap_gc_krefs = random_threshold(r) };
    const cs_vat_options options = { .enable_pipelining = m.pipelining,
                                     .never_reap = m.never_reap,
                                     .critical = m.critical,
                                     .reap_interval = as_threshold(m.reap_interval),
                                     .reap_gc_krefs = as_threshold(m.reap_gc_krefs) };
    bool fine = random_slots(r, &d, slots, body, "#[");
    (void)snprintf(body + strlen(body), 2, "]");
    const cs_kcapdata parameters = { cs_bytes_of(body), slots, (uint32_t)d.slot_count };
    note_number(r, "add vat", r->now.next_vat);
    cs_status st =
        cs_kernel_add_vat(r->k, (cs_bytes){ 0 }, &bundle, &options, &parameters, &vat, &err);
    if (fine)
        (void)model_add_vat(&r->now, &m, &d);
    return both_did(r, "add", fine, st);
}

const char *rig_send(rig *r)
{
    cs_error err;
    cs_kref promise, slots[MODEL_SLOTS];
    char body[BODY_MAX], opening[20], text[40];
    model_data d = { .shape = MODEL_ARRAY, .method = (int)tape_below(r->t, 5) };
    int target;
    const char *wrong = name_root(r, busy_vat(r), &target);
    if (wrong != NULL)
        return wrong;
    if (target == 0 || tape_chance(r->t, 10))
        target = random_ref(r);
    (void)snprintf(opening, sizeof opening, "#[\"m%d\",[", d.method);
    bool fine = random_slots(r, &d, slots, body, opening) && target < MODEL_NODE &&
                model_can_name(&r->now, target);
    (void)snprintf(body + strlen(body), 3, "]]");
    const cs_kcapdata methargs = { cs_bytes_of(body), slots, (uint32_t)d.slot_count };
    (void)snprintf(text, sizeof text, "to %d", target);
    rig_note(r, "host send", text);
    cs_status st =
        cs_kernel_send(r->k, rig_kref(target), &methargs, CS_POLICY_IGNORE, &promise, &err);
    if (fine)
        (void)model_send(&r->now, target, &d);
    return both_did(r, "send", fine, st);
}

static const char *hold(rig *r)
{
    int ref = random_ref(r);
    note_number(r, "hold", ref);
    bool did = ref > 0 ? model_pin(&r->now, ref) : model_hold(&r->now, ref);
    cs_status st =
        ref > 0 ? cs_kernel_pin(r->k, rig_kref(ref)) : cs_kernel_hold(r->k, rig_kref(ref));
    return both_did(r, "hold", did, st);
}

static bool is_held(const model *m, int ref)
{
    return ref > 0 ? m->objects[ref].pinned : m->promises[-ref].holds > 0;
}

/* One that is held, if there is any. */
static const char *release(rig *r)
{
    int ref = random_ref(r), list[2 * MODEL_REFS], count = 0;
    for (int i = 20; i < MODEL_REFS; i++)
        for (int side = -i; side <= i; side += 2 * i)
            if (is_held(&r->now, side))
                list[count++] = side;
    if (count > 0 && !tape_chance(r->t, 10))
        ref = list[tape_below(r->t, (uint64_t)count)];
    note_number(r, "release", ref);
    bool did = model_release(&r->now, ref);
    return both_did(r, "release", did, cs_kernel_release(r->k, rig_kref(ref)));
}

static const char *why(rig *r)
{
    int ref = random_ref(r);
    note_number(r, "why", ref);
    return rig_compare_why(r, ref);
}

/* ---- garbage ---- */

static const char *reap(rig *r)
{
    cs_error err;
    int vat = suspended_vat(r);
    cs_status want = status_of(r, vat);
    bool all = tape_chance(r->t, 30);
    note_number(r, all ? "reap all, not only" : "reap", vat);
    if (all) {
        model_reap_all(&r->now);
        return both(r, "reap", CS_OK, cs_kernel_reap_all(r->k, &err));
    }
    (void)model_reap(&r->now, vat);
    return both(r, "reap", want, cs_kernel_reap(r->k, vatid(vat)));
}

static const char *set_defaults(rig *r)
{
    long interval = random_threshold(r), gc_krefs = random_threshold(r);
    rig_note(r, "set defaults", "");
    model_set_defaults(&r->now, interval, gc_krefs);
    return both(r, "defaults", CS_OK,
                cs_kernel_set_reap_defaults(r->k, as_threshold(interval), as_threshold(gc_krefs)));
}

static const char *set_policy(rig *r)
{
    r->now.policy = (model_policy)tape_below(r->t, MODEL_POLICIES);
    note_number(r, "policy", (int)r->now.policy);
    cs_kernel_set_gc(r->k, (cs_gc_policy)r->now.policy);
    return rig_settle(r);
}

static const char *set_cleanup(rig *r)
{
    static const int most[] = { 1000, 1, 2, 5, 0 };
    r->now.cleanup_max = tape_pick(r->t, most);
    note_number(r, "clean up at most", r->now.cleanup_max);
    cs_kernel_set_cleanup(r->k, (uint64_t)r->now.cleanup_max);
    return rig_settle(r);
}

/* Many cranks go by, in which these vats have no part. */
static const char *time_goes_by(rig *r)
{
    static const long exactly[] = { 0, 998, 999, 0 };
    long cranks = tape_pick(r->t, exactly);
    if (cranks == 0)
        cranks = (long)tape_between(r->t, 500, 1500);
    rig_note(r, "time", "");
    r->now.crank += cranks;
    cs_meta_edit(r->store)->crank_number += (uint64_t)cranks;
    cs_store_keep(r->store);
    return rig_settle(r);
}

static bool is_import(const model_entry *e)
{
    return e->vref.type == 'o' && !e->vref.by_vat;
}

/* Some of its imports, now and then something else, by their names, both ways; `of_100` of them. */
static uint32_t pick_imports(rig *r, int vat, bool held, unsigned of_100, model_vref *ret,
                             cs_vref *ret_vrefs)
{
    uint32_t count = 0;
    for (int i = 0; i < MODEL_ENTRIES; i++) {
        const model_entry *e = &r->now.vats[vat].entries[i];
        if (e->vref.type == 0 || (held && !e->reachable && !tape_chance(r->t, 10)) ||
            !tape_chance(r->t, is_import(e) ? of_100 : 5))
            continue;
        ret[count] = e->vref;
        ret_vrefs[count++] = rig_vref(e->vref);
    }
    ret[count] = (model_vref){ 'o', false, 998 }; /* which its c-list does not have */
    ret_vrefs[count] = rig_vref(ret[count]);
    return count + 1;
}

const char *rig_reconcile(rig *r, int vat)
{
    static model_vref held[MODEL_ENTRIES + 1], recognized[MODEL_ENTRIES + 1];
    static cs_vref held_vrefs[MODEL_ENTRIES + 1], recognized_vrefs[MODEL_ENTRIES + 1];
    uint32_t changed = 0;
    unsigned honest = tape_bool(r->t) ? 100 : 70;
    cs_vrefs h = { held_vrefs, pick_imports(r, vat, true, honest, held, held_vrefs) };
    cs_vrefs known = { recognized_vrefs,
                       pick_imports(r, vat, false, honest, recognized, recognized_vrefs) };
    cs_status want_st = status_of(r, vat);
    note_number(r, "reconcile", vat);
    cs_status st = cs_kernel_reconcile(r->k, vatid(vat), &h, &known, &changed);
    if (want_st != CS_OK)
        return both(r, "reconcile", want_st, st);
    int want = model_reconcile(&r->now, vat, held, (int)h.count, recognized, (int)known.count);
    const char *wrong = rig_compare_number(r, "reconcile changes", want, changed);
    return wrong != NULL ? wrong : both(r, "reconcile", CS_OK, st);
}

static const char *reconcile(rig *r)
{
    return rig_reconcile(r, any_vat(r));
}

const char *rig_other(rig *r)
{
    static const char *(*const others[])(rig *) = {
        why,       hold,      release,    hold,        release, root,         time_goes_by,
        reap,      why,       why,        root,        why,     set_defaults, set_policy,
        reconcile, terminate, rig_reopen, set_cleanup, resume,
    };
    static const char *(*const of_suspended[])(rig *) = { resume, terminate, reap };
    for (int v = r->first_vat; v < r->now.next_vat; v++)
        if (r->now.vats[v].suspended && tape_chance(r->t, 80))
            return tape_pick(r->t, of_suspended)(r);
    return others[tape_below(r->t, sizeof others / sizeof others[0])](r);
}
