/* Random raw vats and a random host, with the kernel and the model of tests/model/kernel_model.h side
 * by side: every delivery must read the same, every crank end the same, and after each the same things
 * exist, owned, decided and counted alike, with the same to be done next, and a clean audit. Half of
 * the runs make a new kernel after every step; each is played twice, once this way and once that, and
 * must give the same activity hash (K1).
 *
 * At the end each kind of event (MODEL_SEEN) must have happened often enough: a generator that no
 * longer gets there is a failure. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../model/rig.h"
#include "raw_text.h"
#include "t.h"

enum { STEPS = 150, QUIET_STEPS = 20, REST_AT_MOST = 1000, TAPE_MAX = 2000 };

static char path[300]; /* of stores that have a file */

/* ---- one run ---- */

static const char *compare_outcome(rig *r, const model_outcome *m, const cs_outcome *k)
{
    char a[200], b[200];
    (void)snprintf(
        a, sizeof a,
        "aborts %d, ends %d, suspends %d, drops %d, retires %d, ignores %d, miscounts %d",
        m->aborted, m->terminated, m->suspended, m->dropped, m->retired, m->ignored, m->miscounted);
    (void)snprintf(
        b, sizeof b,
        "aborts %d, ends %d, suspends %d, drops %u, retires %u, ignores %u, miscounts %d",
        k->aborted, k->terminated, k->suspended, k->dropped, k->retired, k->ignored, k->miscounted);
    return rig_compare_text(r, "outcome", a, b);
}

/* The kernel's answer to a call, as the model says it. */
static const char *answer_text(rig *r, const cs_syscall *s)
{
    cs_buf b = { 0 };
    if (s->call.failed)
        cs_buf_addf(&b, "throws %.*s", (int)s->call.result.body.size,
                    (const char *)s->call.result.body.data);
    else
        raw_capdata_text(&b, &s->call.result);
    const cs_bytes whole = { (const uint8_t *)cs_buf_text(&b), b.size + 1 }; /* with its NUL */
    const char *text = (const char *)cs_arena_copy(&r->arena, whole).data;
    cs_buf_fini(&b);
    return text;
}

/* Calls wait for their answers, one after the other, until one is refused. */
static void ask_all(rig *r, cs_syscall *parsed, int count, const char **ret_answers)
{
    cs_error err;
    bool goes_on = true;
    for (int i = 0; i < count; i++) {
        ret_answers[i] = "";
        if (parsed[i].kind != CS_SYSCALL_CALL_NOW || !goes_on)
            continue;
        goes_on = cs_kernel_ask(r->k, parsed, (uint32_t)i + 1, &err) == CS_OK;
        if (goes_on)
            ret_answers[i] = answer_text(r, &parsed[i]);
    }
}

static const char *compare_answers(rig *r, const model_reply *said, const char *const *answers)
{
    const char *wrong = NULL;
    for (int i = 0; wrong == NULL && i < said->count; i++)
        if (said->syscalls[i].kind == MODEL_SYS_CALL)
            wrong = rig_compare_text(r, "answer", said->syscalls[i].answer, answers[i]);
    return wrong;
}

/* The vat's answer, to both. */
static const char *answer(rig *r, int vat)
{
    model_syscall syscalls[RIG_SYSCALLS_MAX];
    cs_syscall parsed[RIG_SYSCALLS_MAX];
    model_reply said;
    cs_outcome outcome;
    cs_error err;
    const char *answers[RIG_SYSCALLS_MAX];
    rig_reply(r, vat, syscalls, parsed, &said);
    ask_all(r, parsed, said.count, answers);
    model_outcome m = model_done(&r->now, &r->before, vat, &said);
    const char *wrong = compare_answers(r, &said, answers);
    if (wrong != NULL)
        return wrong;
    uint32_t held = (uint32_t)(m.imports_held + said.lie);
    const cs_reply reply = {
        .status = said.is_error ? CS_E_THROWN
                  : said.is_out ? CS_E_METER
                                : CS_OK,
        .computrons = (uint64_t)said.computrons,
        .syscalls = parsed,
        .syscall_count = (uint32_t)said.count,
        .heap_bytes = (uint64_t)said.heap,
        .allocated_bytes = (uint64_t)said.allocated,
        .imports_held = said.lie == MODEL_UNKNOWN ? CS_IMPORTS_UNKNOWN : held,
        .watched = (uint32_t)said.watched,
        .dead_left = (uint32_t)said.dead_left,
        .collected = said.collected,
    };
    cs_status st = cs_kernel_done(r->k, &reply, &outcome, &err);
    if (st != (m.panics ? CS_E_PANIC : CS_OK))
        return rig_differ(r, "done", m.panics ? "PANIC" : "OK", st == CS_OK ? "OK" : err.text);
    if (m.panics) {
        rig_new_kernel(r);
        return rig_settle(r);
    }
    wrong = compare_outcome(r, &m, &outcome);
    if (wrong == NULL)
        wrong = rig_settle(r);
    return wrong == NULL && m.miscounted ? rig_reconcile(r, vat) : wrong;
}

/* The worker was lost, or the kernel with it: nothing has happened, and the same comes again. */
static const char *abandon(rig *r)
{
    if (tape_bool(r->t))
        rig_new_kernel(r);
    else
        cs_kernel_abandon(r->k);
    r->now = r->before;
    return rig_settle(r);
}

static const char *compare_delivery(rig *r, const cs_effect *e)
{
    cs_buf b = { 0 };
    raw_delivery_text(&b, &e->delivery);
    const char *wrong = rig_compare_text(r, "delivery", r->want.text, cs_buf_text(&b));
    cs_buf_fini(&b);
    rig_note(r, "delivery", r->want.text);
    if (wrong == NULL)
        wrong = rig_compare_number(r, "delivery to", r->want.vat, e->vat.n);
    if (wrong == NULL)
        wrong = rig_compare_number(r, "collect", (int)r->want.collect, (unsigned)e->collect);
    return wrong;
}

/* One crank of both. */
static const char *crank(rig *r, bool gc_only, bool *ret_idle)
{
    static const char *const effects[] = { "idle", "crank", "deliver" };
    cs_effect e;
    cs_error err;
    r->before = r->now;
    model_next(&r->now, gc_only, &r->want);
    cs_status st = gc_only ? cs_kernel_next_gc(r->k, &e, &err) : cs_kernel_next(r->k, &e, &err);
    if (st != CS_OK)
        return rig_differ(r, "next", effects[r->want.kind], err.text);
    *ret_idle = r->want.kind == MODEL_IDLE;
    if ((int)r->want.kind != (int)e.kind)
        return rig_differ(r, "next", effects[r->want.kind], effects[e.kind]);
    if (r->want.kind != MODEL_DELIVER)
        return rig_settle(r);
    const char *wrong = compare_delivery(r, &e);
    if (wrong != NULL)
        return wrong;
    return tape_chance(r->t, 3) ? abandon(r) : answer(r, r->want.vat);
}

static const char *step(rig *r)
{
    bool idle = false;
    uint64_t dice = tape_below(r->t, 100);
    const char *wrong = NULL;
    if (r->quiet == 0 && dice == 98)
        r->quiet = QUIET_STEPS;
    else if (r->quiet > 0)
        r->quiet--;
    if (r->quiet > 0 && dice < 96)
        return crank(r, dice >= 91, &idle);
    if ((rig_live_vats(r) < 2 || dice == 99) && r->now.next_vat < MODEL_VATS - 1)
        wrong = rig_add_vat(r);
    else if (dice >= 90)
        wrong = rig_other(r);
    else if (dice >= 85 && model_queued(&r->now, MODEL_RUN) < 4)
        wrong = rig_send(r);
    else
        wrong = crank(r, dice >= 82, &idle);
    return wrong == NULL && idle ? rig_send(r) : wrong;
}

static bool has_room(const model *m)
{
    return m->next_object < MODEL_REFS - 60 && m->next_promise < MODEL_REFS - 60;
}

/* At idle nothing is left that could be told to anybody. */
static const char *look_at_rest(rig *r)
{
    const model *m = &r->now;
    model_name name;
    model_count(m, &r->counts);
    if (model_action_names(m, &name, 1) > 0 || m->reap.count > 0)
        return rig_differ(r, "idle", "has more to do", "the same");
    for (int ref = 1; ref < m->next_object; ref++) {
        const model_object *o = &m->objects[ref];
        bool is_held = o->is_new || r->counts.reachable[MODEL_REFS + ref] > 0;
        if (!o->exists || is_held)
            continue;
        if (o->owner == 0 || r->counts.recognizable[MODEL_REFS + ref] == 0 ||
            model_entry_of_ref(m, o->owner, ref)->reachable)
            return rig_differ(r, "idle", "has garbage", "the same");
    }
    return NULL;
}

/* The host asks for nothing more but that everything be deleted, and vats answer with nothing: this ends. */
static const char *come_to_rest(rig *r)
{
    bool idle = false;
    const char *wrong = NULL;
    r->silent = true;
    r->now.cleanup_max = 1000;
    cs_kernel_set_cleanup(r->k, 1000);
    for (int i = 0; wrong == NULL && !idle; i++) {
        wrong =
            i < REST_AT_MOST ? crank(r, false, &idle) : rig_differ(r, "rest", "comes", "does not");
        cs_arena_clear(&r->arena);
    }
    return wrong != NULL ? wrong : look_at_rest(r);
}

static const char *play(tape *t, bool second, cs_hash *ret_activity)
{
    static rig r; /* two models are large */
    const char *wrong = NULL;
    rig_open(&r, t, second, path);
    for (int i = 0; wrong == NULL && i < STEPS && has_room(&r.now) && !tape_ended(t); i++) {
        wrong = step(&r);
        cs_arena_clear(&r.arena);
    }
    if (wrong == NULL)
        wrong = come_to_rest(&r);
    *ret_activity = cs_meta_get(r.store)->activity;
    rig_close(&r);
    return wrong;
}

/* ---- many runs ---- */

static unsigned long runs;
static bool agreed;

static const char *kernel_and_model_agree(tape *t, void *ctx)
{
    (void)ctx;
    cs_hash first, second;
    const char *wrong = play(t, false, &first);
    runs++;
    if (wrong != NULL)
        return wrong;
    tape again;
    bool is_seed = t->kind == TAPE_SEED;
    tape_from_input(&again, is_seed ? t->record : t->data, is_seed ? t->record_size : t->size);
    wrong = play(&again, true, &second);
    if (wrong != NULL)
        return wrong;
    return cs_hash_same(&first, &second) ? NULL : "the same choices gave another activity hash";
}

/* What failed once, some of it on a kernel that had been broken for the purpose: seeds, or tapes as
 * t_property() printed them. When vats and host come to choose otherwise, a tape no longer means what
 * it meant; it does no harm then. */
typedef struct kept {
    const char *what;
    unsigned long seed; /* 0: it is a tape */
    const char *tape;
} kept;

static void open_kept(const kept *k, tape *ret, uint8_t *bytes, size_t max)
{
    size_t size = 0;
    if (k->seed != 0) {
        tape_from_seed(ret, k->seed);
        return;
    }
    for (const char *at = k->tape; *at != 0 && size < max;) {
        char *end;
        bytes[size++] = (uint8_t)strtoul(at, &end, 16);
        at = end;
    }
    tape_from_input(ret, bytes, size);
}

static void what_failed_once(void **state)
{
    (void)state;
    static const kept list[] = {
        { "lonely in just a thousand cranks", 460, NULL },
        { "subscribers v8 and v10", 0,
          "00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 01 e6 00 00 00 b6 00 00 "
          "00 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 "
          "01 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00 00 50 00 00 00 41 00 00 00 00 "
          "00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 03 1e 00 "
          "1e 00 e6 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00 00 2d 19 00 00 00 00 "
          "00 00 02 00 00 00 00 45 00 00 00 00 00 00 00 00 01 00 00 00 46 00 00 00 00 00 "
          "00 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00 "
          "00 50 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 "
          "00 00 00 00 50" },
        { "a group of more than a batch", 0,
          "00 00 00 00 00 00 46 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 3c 00 00 01 00 01 00 00 3c" },
        { "idle, with a heap of just a MiB", 0,
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 02 01 01" },
        { "a BOYD that changes nothing says that there is more", 0,
          "00 00 00 00 00 02 00 00 00 00 01 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 00 "
          "00 00 5a 00 5a 01 00 00 00 00 46 00 00 00 00 00 00 00 00 00 5f" },
        { "the host names what is about to be dropped", 0,
          "00 00 00 02 00 00 00 00 00 00 00 00 01 e6 00 00 00 00 00 00 00 00 00 00 00 01 "
          "1e 00 00 00 00 00 05 00 00 00 00 00 00 00 00 00 50 00 00 00 2d 19 00 00 00 00 "
          "00 00 00 00 50 00 00 00 50 00 00 00 f5 e1 00 00 00 00 00 00 00 00 00 02 00 00 "
          "00 00 00 00 00 00 28 00 03 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 3c 00 "
          "00 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 b9" },
        { "the host names what nobody reaches", 0,
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 55 00 00 5a 1e" },
        { "idle, with just a sixteenth of the heap new", 0,
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 b6 00 00 00 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 03 02 01" },
        { "the host names a root that was dropped", 0,
          "00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 02 1e 00 1e 00 00 00 52 "
          "00 01 00 00 00 00 00 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 "
          "00 00 00 00 00 00 00 00 46 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00" },
        { "a vat ends in a GC delivery, and nothing is cleaned up", 0,
          "00 00 00 01 00 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 04 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 06 00 00 00 00 "
          "00 00 00 00 00 37 21 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 02 00 00 56 00 00 00 00 00 3a 1b 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 03 00 01 "
          "00 00 4b 00 00 00 00 00 00 00 00 00 00 00 00 00 00 b6 00 01 00 00 00 00 00 00 "
          "00 00 05 00 00 00 00 00 00 00 00 00 50 00 00 00 00 00 00 00 00 00 00 00 00 01 "
          "00 01 00 00 5c 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 04 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 52 00 00 00 03 00 00 00 00 00 00 00 "
          "00 00 5a 43 00 00 00 00 52 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 5f 00 00 00 00 01 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 53 00 00 00 00 00 00 01 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 03 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 5f 00 00 00 00 00 00 00 "
          "00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 01 00 00 03 00 00 "
          "00 00 3d 00 00 00 00 49 00 00 00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 52 "
          "00 5c 33 00 01 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 52 00 02 00 04 00 "
          "00 00 f2 00 01 00 00 00 1e 00 00 00 00 00 06 00 00 00 00 00 00 00 00 00 56 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 03 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 58 00 00 00 00 5b 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 04 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "5a 11 04 00 00 01 00 00 00 00 00 00 00 00 00 32 20 00 00 00 00 00 00 02 00 00 "
          "00 00 4f 00 00 06 00 00 00 00 00 00 00 00 00 50 00 00 00 44 1e 00 00 00 00 00 "
          "00 01 02 00 00 00 00 00 00 00 00 00 00 00 57 50 00 02 00 00 00 00 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 04 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 43 00 00 00 00 5d 53 00 00 00 00 "
          "00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 63 00 00 00 00 02 00 00 00 00 00 "
          "00 00 00 00 00 02 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 "
          "00 00 30 20 00 00 00 00 00 00 00 00" },
    };
    for (size_t i = 0; i < sizeof list / sizeof list[0]; i++) {
        tape t;
        uint8_t bytes[TAPE_MAX] = { 0 };
        open_kept(&list[i], &t, bytes, sizeof bytes);
        const char *wrong = kernel_and_model_agree(&t, NULL);
        tape_fini(&t);
        if (wrong != NULL)
            fail_msg("%s: %s", list[i].what, wrong);
    }
}

static void random_vats(void **state)
{
    (void)state;
    runs = 0;
    memset(model_seen_times, 0, sizeof model_seen_times);
    t_property(kernel_and_model_agree, NULL, rig_runs);
    agreed = true;
}

/* The rarest of them happens once in twenty runs. */
static void nothing_is_missing(void **state)
{
    (void)state;
    bool is_missing = false;
    if (runs < rig_runs || !agreed)
        t_skip("too few runs, or runs that failed, say nothing");
    for (int i = 0; i < MODEL_SEEN_COUNT; i++) {
        unsigned long least = 1 + runs / 50;
        bool enough = (unsigned long)model_seen_times[i] >= least;
        printf("# %7ld %s%s\n", model_seen_times[i], model_seen_names[i],
               enough ? "" : ": too seldom");
        is_missing = is_missing || !enough;
    }
    assert_false(is_missing);
}

static int make_path(void **state)
{
    (void)state;
    (void)snprintf(path, sizeof path, "%s/store", t_tmpdir());
    return 0;
}

T_MAIN(T_WITH(what_failed_once, make_path, NULL), T_WITH(random_vats, make_path, NULL),
       T(nothing_is_missing))
