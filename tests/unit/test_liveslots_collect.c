/* When a vat collects, how much of what is lost one crank tells, and that what it tells is exact: for
 * random programs of presences, weak maps and exports, a model knows what the vat can reach. */
#include "t.h"
#include "base/alloc.h"
#include "base/limits.h"
#include "scripted_kernel.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define DONE "resolve p-90 #\"#undefined\"\n"

static const char *send(sk *k, const char *body, const char *slots)
{
    return sk_send(k, body, slots, "p-90");
}

/* --- very many ---------------------------------------------------------------------------------- */

/* A message to the root that mentions `count` imports from o-FIRST on. */
static const cs_reply *send_many(sk *k, const char *method, uint64_t first, uint32_t count)
{
    cs_buf body = { 0 };
    cs_vref *slots = calloc(count, sizeof *slots);
    cs_buf_addf(&body, "#[\"%s\",[", method);
    for (uint32_t i = 0; i < count; i++) {
        cs_buf_addf(&body, "%s\"$%u\"", i > 0 ? "," : "", (unsigned)i);
        slots[i] = cs_vref_of(CS_REF_OBJECT, false, first + i);
    }
    cs_buf_add_text(&body, "]]");
    (void)sk_deliver(k, &(cs_delivery){ .kind = CS_DELIVER_MESSAGE,
                                        .message = { .target = sk_vref("o+0"),
                                                     .methargs = { .body = cs_buf_bytes(&body),
                                                                   .slots = slots,
                                                                   .slot_count = count } } });
    assert_int_equal(sk_reply(k)->status, CS_OK);
    cs_buf_fini(&body);
    free(slots);
    return sk_reply(k);
}

static const cs_reply *about_exports(sk *k, cs_delivery_kind kind, uint64_t first, uint32_t count)
{
    cs_vref *refs = calloc(count, sizeof *refs);
    for (uint32_t i = 0; i < count; i++)
        refs[i] = cs_vref_of(CS_REF_OBJECT, true, first + i);
    (void)sk_deliver(k, &(cs_delivery){ .kind = kind, .refs = { refs, count } });
    free(refs);
    return sk_reply(k);
}

/* How many references the last reply drops or retires in that way. */
static uint32_t told(const sk *k, cs_syscall_kind kind)
{
    const cs_reply *r = sk_reply(k);
    for (uint32_t i = 0; i < r->syscall_count; i++)
        if (r->syscalls[i].kind == kind)
            return r->syscalls[i].refs.count;
    return 0;
}

static bool tells(const sk *k, cs_syscall_kind kind, const char *ref)
{
    const cs_reply *r = sk_reply(k);
    for (uint32_t i = 0; i < r->syscall_count; i++)
        for (uint32_t n = 0; r->syscalls[i].kind == kind && n < r->syscalls[i].refs.count; n++)
            if (cs_vref_same(r->syscalls[i].refs.items[n], sk_vref(ref)))
                return true;
    return false;
}

static const char holder[] =
    "export const buildRootObject = () => { const kept = new Set(); let wm = new WeakMap();"
    " let mine = []; return Far('root', {"
    "  look: (...x) => {}, hold: (...xs) => { for (const x of xs) kept.add(x); },"
    "  free: () => { kept.clear(); }, size: () => kept.size,"
    "  key: (...xs) => { for (const x of xs) wm.set(x, 1); }, get: x => wm.get(x),"
    "  forget: () => { wm = new WeakMap(); },"
    "  make: n => { for (let i = 0; i < n; i += 1) mine.push(Far('m', {})); },"
    "  give: (i, n) => mine.slice(i, i + n), lose: () => { mine = []; },"
    "  waste: n => { for (let i = 0; i < n; i += 1) [i]; },"
    " }); };";

enum { MANY = 12000, PER_CRANK = CS_GC_BATCH / 2 };

static void lose_many(sk *k)
{
    (void)send_many(k, "look", 20000, MANY / 2);
    (void)send_many(k, "look", 20000 + MANY / 2, MANY / 2);
    (void)sk_boyd(k);
    assert_int_equal(told(k, CS_SYSCALL_DROP_IMPORTS), PER_CRANK);
    assert_int_equal(told(k, CS_SYSCALL_RETIRE_IMPORTS), PER_CRANK);
    assert_int_equal(sk_reply(k)->dead_left, MANY - PER_CRANK);
    assert_int_equal(sk_reply(k)->imports_held, MANY - PER_CRANK);
}

/* The end of any crank goes on with it. */
static void one_crank_tells_so_much(void **state)
{
    (void)state;
    sk *k = sk_started(holder);
    lose_many(k);
    (void)send(k, "#[\"size\",[]]", "");
    assert_false(sk_reply(k)->collected);
    assert_int_equal(told(k, CS_SYSCALL_DROP_IMPORTS), PER_CRANK);
    (void)sk_boyd(k);
    assert_int_equal(told(k, CS_SYSCALL_DROP_IMPORTS), MANY - 2 * PER_CRANK);
    assert_int_equal(sk_reply(k)->dead_left, 0);
    assert_int_equal(sk_reply(k)->watched, 0);
    assert_string_equal(sk_boyd(k), "");
    (void)sk_free(k);
}

/* Of what has not been told yet some is sent again: it is held, and then lost again. */
static void back_before_it_is_told(void **state)
{
    (void)state;
    sk *k = sk_started(holder);
    lose_many(k);
    sk_collect(k, CS_COLLECT_NOW);
    (void)send(k, "#[\"hold\",[\"$0\",\"$1\"]]", "o-31999 o-31998");
    (void)send(k, "#[\"look\",[1]]", "o-31997");
    assert_false(tells(k, CS_SYSCALL_DROP_IMPORTS, "o-31999"));
    assert_true(tells(k, CS_SYSCALL_RETIRE_IMPORTS, "o-31997"));
    assert_int_equal(sk_reply(k)->dead_left, 0);
    assert_int_equal(sk_reply(k)->imports_held, 2);
    assert_string_equal(send(k, "#[\"free\",[]]", ""),
                        DONE "drop o-31998 o-31999\nretire o-31998 o-31999\n");
    (void)sk_free(k);
}

static void back_and_lost_before_it_is_told(void **state)
{
    (void)state;
    sk *k = sk_started(holder);
    lose_many(k);
    sk_collect(k, CS_COLLECT_NOW);
    (void)send(k, "#[\"look\",[\"$0\"]]", "o-31999"); /* and lost in the same crank */
    (void)send(k, "#[\"look\",[\"$0\"]]", "o-31999");
    assert_true(tells(k, CS_SYSCALL_DROP_IMPORTS, "o-31999"));
    assert_int_equal(sk_reply(k)->watched, 0);
    assert_string_equal(sk_boyd(k), "");
    (void)sk_free(k);
}

/* Two batches in one crank: in order all the same. (The audit looks.) */
static void batches_meet(void **state)
{
    (void)state;
    sk *k = sk_started(holder);
    lose_many(k);
    sk_collect(k, CS_COLLECT_NOW);
    (void)sk_boyd(k);
    (void)send(k, "#[\"look\",[\"$0\",\"$1\"]]", "o-1 o-9");
    assert_int_equal(told(k, CS_SYSCALL_DROP_IMPORTS), MANY - 2 * PER_CRANK + 2);
    assert_true(tells(k, CS_SYSCALL_RETIRE_IMPORTS, "o-1"));
    (void)sk_free(k);
}

static void recognized_and_then_lost(void **state)
{
    (void)state;
    sk *k = sk_started(holder);
    (void)send_many(k, "key", 20000, MANY / 2);
    (void)send_many(k, "key", 20000 + MANY / 2, MANY / 2);
    (void)sk_boyd(k);
    assert_int_equal(told(k, CS_SYSCALL_DROP_IMPORTS), CS_GC_BATCH);
    (void)send(k, "#[\"get\",[\"$0\"]]", "o-31999"); /* has not been told yet */
    (void)sk_boyd(k);
    assert_int_equal(sk_reply(k)->dead_left, 0);
    assert_int_equal(sk_reply(k)->watched, MANY);
    (void)send(k, "#[\"forget\",[]]", "");
    (void)sk_boyd(k);
    assert_int_equal(told(k, CS_SYSCALL_RETIRE_IMPORTS), CS_GC_BATCH);
    (void)sk_retire_imports(k, "o-31999 o-20000"); /* the first is still to be told */
    assert_int_equal(told(k, CS_SYSCALL_RETIRE_IMPORTS), MANY - CS_GC_BATCH - 1);
    assert_int_equal(sk_reply(k)->watched, 0);
    (void)sk_free(k);
}

static void give_many(sk *k)
{
    char body[64];
    (void)snprintf(body, sizeof body, "#[\"make\",[%d]]", MANY);
    (void)send(k, body, "");
    for (int i = 0; i < MANY; i += MANY / 4) {
        (void)snprintf(body, sizeof body, "#[\"give\",[%d,%d]]", i, MANY / 4);
        (void)send(k, body, "");
    }
    (void)send(k, "#[\"lose\",[]]", "");
}

static void many_exports(void **state)
{
    (void)state;
    sk *k = sk_started(holder);
    give_many(k);
    (void)about_exports(k, CS_DELIVER_DROP_EXPORTS, 10, MANY);
    assert_int_equal(sk_reply(k)->watched, MANY);
    (void)sk_boyd(k);
    assert_int_equal(told(k, CS_SYSCALL_RETIRE_EXPORTS), CS_GC_BATCH);
    assert_int_equal(sk_reply(k)->dead_left, MANY - CS_GC_BATCH);
    (void)about_exports(k, CS_DELIVER_RETIRE_EXPORTS, 9999, 1); /* the last by its text */
    assert_int_equal(told(k, CS_SYSCALL_RETIRE_EXPORTS), MANY - CS_GC_BATCH - 1);
    assert_int_equal(sk_reply(k)->watched, 0);
    (void)sk_free(k);
}

/* --- when --------------------------------------------------------------------------------------- */

static bool collects(sk *k, const char *body, const char *slots)
{
    (void)send(k, body, slots);
    return sk_reply(k)->collected;
}

static void due_when_much_was_allocated(void **state)
{
    (void)state;
    sk *k = sk_started(holder);
    (void)sk_boyd(k);
    sk_collect(k, CS_COLLECT_WHEN_DUE);
    assert_false(collects(k, "#[\"look\",[\"$0\"]]", "o-50"));
    assert_true(collects(k, "#[\"waste\",[10000]]", ""));
    assert_non_null(strstr(send(k, "#[\"look\",[1]]", "o-50"), "drop o-50\n"));
    assert_false(collects(k, "#[\"hold\",[\"$0\"]]", "o-51"));
    int cranks = 1;
    while (!collects(k, "#[\"waste\",[100]]", ""))
        cranks++;
    assert_in_range(cranks, 3, 100);
    assert_false(collects(k, "#[\"waste\",[100]]", ""));
    (void)sk_free(k);
}

static void never_without_anything_to_tell(void **state)
{
    (void)state;
    sk *k = sk_started(holder);
    sk_collect(k, CS_COLLECT_NOW);
    assert_false(collects(k, "#[\"waste\",[10000]]", ""));
    sk_collect(k, CS_COLLECT_WHEN_DUE);
    assert_false(collects(k, "#[\"waste\",[10000]]", ""));
    uint64_t before = sk_reply(k)->heap_bytes;
    assert_string_equal(sk_boyd(k), "");
    assert_true(sk_reply(k)->collected);
    assert_true(sk_reply(k)->heap_bytes < before / 2);
    (void)sk_free(k);
}

static void dropped_exports_make_it_due(void **state)
{
    (void)state;
    enum { AT_ONE_TIME = 500 };
    sk *k = sk_started(holder);
    give_many(k);
    (void)sk_boyd(k);
    sk_collect(k, CS_COLLECT_WHEN_DUE);
    uint32_t dropped = 0;
    while (dropped < MANY &&
           !about_exports(k, CS_DELIVER_DROP_EXPORTS, 10 + dropped, AT_ONE_TIME)->collected)
        dropped += AT_ONE_TIME;
    assert_in_range(dropped, AT_ONE_TIME, MANY - 2 * AT_ONE_TIME);
    dropped += AT_ONE_TIME;
    assert_int_equal(told(k, CS_SYSCALL_RETIRE_EXPORTS) + sk_reply(k)->dead_left, dropped);
    assert_false(about_exports(k, CS_DELIVER_DROP_EXPORTS, 10 + dropped, 1)->collected);
    (void)sk_free(k);
}

static void not_after_a_failure(void **state)
{
    (void)state;
    sk *k = sk_started(holder);
    sk_collect(k, CS_COLLECT_NOW);
    (void)send(k, "#[\"hold\",[\"$0\"]]", "o-50");
    assert_true(sk_reply(k)->collected);
    assert_non_null(strstr(sk_start(k, "#{}", "o-51"), "failed PROTOCOL"));
    assert_false(sk_reply(k)->collected);
    assert_int_equal(sk_reply(k)->syscall_count, 0);
    (void)sk_free(k);
}

/* A crank that is full of syscalls leaves its drops to the next. */
static void full_cranks_tell_nothing(void **state)
{
    (void)state;
    sk *k = sk_started("export const buildRootObject = () => Far('root', { m: (x, n) => {"
                       " for (let i = 0; i < n; i += 1) E.sendOnly(x).m(); }, hi: () => {} });");
    sk_collect(k, CS_COLLECT_NOW);
    char body[64];
    (void)snprintf(body, sizeof body, "#[\"m\",[\"$0\",%u]]", CS_SYSCALLS_MAX - 2);
    (void)send(k, body, "o-50");
    assert_int_equal(sk_reply(k)->status, CS_OK);
    assert_int_equal(sk_reply(k)->syscall_count, CS_SYSCALLS_MAX - 1);
    assert_int_equal(sk_reply(k)->dead_left, 1);
    assert_int_equal(sk_reply(k)->imports_held, 1);
    assert_string_equal(send(k, "#[\"hi\",[]]", ""), DONE "drop o-50\nretire o-50\n");
    (void)sk_free(k);
}

/* --- storms ------------------------------------------------------------------------------------- */

static size_t in_use;

static void *counted(void *ctx, void *old, size_t size)
{
    (void)ctx;
    in_use -= old != NULL ? malloc_usable_size(old) : 0;
    void *new = size > 0 ? realloc(old, size) : NULL;
    if (size == 0)
        free(old);
    in_use += new != NULL ? malloc_usable_size(new) : 0;
    return new;
}

enum { STORM = 100000, AT_ONCE = 10000 };

static void hold_storm(sk *k, uint64_t first)
{
    for (uint64_t i = 0; i < STORM; i += AT_ONCE)
        (void)send_many(k, "hold", first + i, AT_ONCE);
    assert_int_equal(sk_reply(k)->imports_held, STORM);
}

static void tell_all(sk *k)
{
    uint64_t dropped = 0;
    do {
        (void)sk_boyd(k);
        dropped += told(k, CS_SYSCALL_DROP_IMPORTS);
    } while (sk_reply(k)->dead_left > 0);
    assert_int_equal(dropped, STORM);
    assert_int_equal(sk_reply(k)->watched, 0);
}

/* Other names each time: what is kept of those that are gone would add up. */
static void storms_leave_nothing(void **state)
{
    (void)state;
    enum { STORMS = 4 };
    sk *k = sk_started(holder);
    size_t after[STORMS];
    for (int i = 0; i < STORMS; i++) {
        hold_storm(k, 1000000 + (uint64_t)i * STORM);
        (void)send(k, "#[\"free\",[]]", "");
        tell_all(k);
        after[i] = in_use;
    }
    printf("# %zu, then %zu\n", after[0], after[STORMS - 1]);
    assert_true(after[STORMS - 1] <= after[0] + after[0] / 4);
    (void)sk_free(k);
}

/* --- random programs ---------------------------------------------------------------------------- */

static const char puppet[] =
    "export const buildRootObject = () => { const r = Array(6).fill(undefined), e = Array(4);"
    " let wm = new WeakMap(); const ops = {"
    "  set: (i, x) => { r[i] = x; }, clear: i => { r[i] = undefined; },"
    "  key: (i, j) => { if (r[i]) wm.set(r[i], r[j]); }, unkey: i => { if (r[i]) wm.delete(r[i]); },"
    "  load: (i, j) => { if (r[i]) r[j] = wm.get(r[i]); }, wm: () => { wm = new WeakMap(); },"
    "  make: i => { e[i] = Far('e', {}); }, lose: i => { e[i] = undefined; } };"
    " return Far('root', { run: (op, ...args) => { ops[op](...args); }, all: () => [...r],"
    "  give: i => e[i] }); };";

enum { REGISTERS = 6, IDS = 12, EXPORTS = 4, FIRST_ID = 50, NO_ENTRY = -1 };

/* What the vat can reach. Presences are 1 to IDS, 0 is undefined; an entry that is there has a value. */
typedef struct model {
    int r[REGISTERS];
    int wm[IDS + 1]; /* by key */
    bool retired[IDS + 1];
    uint64_t e[EXPORTS]; /* number, or 0: none, or 1: not exported yet */
    enum { UNKNOWN, EXPORTED, DROPPED } kernel[EXPORTS];
    uint64_t next_export;
} model;

static bool reaches(const model *m, int id)
{
    for (int i = 0; i < REGISTERS; i++)
        if (m->r[i] == id)
            return true;
    for (int key = 1; key <= IDS; key++)
        if (m->wm[key] == id)
            return true;
    return false;
}

static void expect_list(const cs_vrefs *got, const model *m, bool held)
{
    uint32_t count = 0;
    for (int id = 1; id <= IDS; id++) {
        bool want = held ? reaches(m, id) : !reaches(m, id) && m->wm[id] != NO_ENTRY;
        if (!want)
            continue;
        count++;
        bool found = false;
        for (uint32_t i = 0; i < got->count; i++)
            found = found || cs_vref_id(got->items[i]) == (uint64_t)(FIRST_ID + id);
        if (!found)
            fail_msg("o-%d is not %s", FIRST_ID + id, held ? "held" : "recognised");
    }
    assert_int_equal(got->count, count);
}

static void expect_exact(sk *k, const model *m)
{
    cs_vrefs held, recognized;
    uint32_t watched = 0;
    sk_imports(k, &held, &recognized);
    expect_list(&held, m, true);
    expect_list(&recognized, m, false);
    for (int i = 0; i < EXPORTS; i++)
        watched += m->kernel[i] == DROPPED;
    assert_int_equal(sk_reply(k)->watched, held.count + recognized.count + watched);
    assert_int_equal(sk_reply(k)->dead_left, 0);
}

static void run_op(sk *k, const char *op, int i, int j)
{
    char body[64];
    (void)snprintf(body, sizeof body, "#[\"run\",[\"%s\",%d,%d]]", op, i, j);
    (void)sk_message(k, "o+0", body, "", "");
}

/* Any presence that the kernel has not retired may come, mentioned or not. */
static void step_set(sk *k, model *m, tape *t, int i)
{
    int id = 1 + (int)tape_below(t, IDS);
    if (m->retired[id])
        return;
    char body[64], slot[16];
    bool is_seen = tape_chance(t, 85);
    (void)snprintf(body, sizeof body, "#[\"run\",[\"set\",%d,%s]]", i,
                   is_seen ? "\"$0\"" : "\"#undefined\"");
    (void)snprintf(slot, sizeof slot, "o-%d", FIRST_ID + id);
    (void)sk_message(k, "o+0", body, slot, "");
    m->r[i] = is_seen ? id : 0;
}

static void step_weak(sk *k, model *m, tape *t, int i)
{
    static const char *const names[] = { "key", "key", "unkey", "load", "clear", "wm" };
    int j = (int)tape_below(t, REGISTERS), id = m->r[i];
    const char *op = tape_chance(t, 3) ? names[5] : names[tape_below(t, 5)];
    run_op(k, op, i, j);
    if (strcmp(op, "wm") == 0)
        for (int key = 1; key <= IDS; key++)
            m->wm[key] = NO_ENTRY;
    else if (strcmp(op, "clear") == 0)
        m->r[i] = 0;
    else if (id != 0 && strcmp(op, "key") == 0)
        m->wm[id] = m->r[j];
    else if (id != 0 && strcmp(op, "unkey") == 0)
        m->wm[id] = NO_ENTRY;
    else if (id != 0)
        m->r[j] = m->wm[id] == NO_ENTRY ? 0 : m->wm[id];
}

static void step_give(sk *k, model *m, int i)
{
    char body[32], want[64] = DONE;
    (void)snprintf(body, sizeof body, "#[\"give\",[%d]]", i);
    const char *trace = send(k, body, "");
    if (m->e[i] == 1)
        m->e[i] = m->next_export++;
    if (m->e[i] > 1)
        (void)snprintf(want, sizeof want, "resolve p-90 #\"$0.Alleged: e\" [o+%d]\n", (int)m->e[i]);
    if (m->e[i] > 1)
        m->kernel[i] = EXPORTED;
    if (strncmp(trace, want, strlen(want)) != 0)
        fail_msg("%s is not %s", trace, want);
}

static void step_export(sk *k, model *m, tape *t)
{
    int i = (int)tape_below(t, EXPORTS);
    uint64_t op = tape_below(t, 5);
    char ref[16];
    (void)snprintf(ref, sizeof ref, "o+%d", (int)m->e[i]);
    if (op < 2)
        step_give(k, m, i);
    else if (op == 2 && m->kernel[i] == EXPORTED) {
        (void)sk_drop_exports(k, ref);
        m->kernel[i] = DROPPED;
    } else if (op == 3 && m->kernel[i] == DROPPED) {
        (void)sk_retire_exports(k, ref);
        m->kernel[i] = UNKNOWN;
    } else if (op == 4 && m->kernel[i] != EXPORTED) { /* else it would live on */
        run_op(k, m->e[i] == 0 ? "make" : "lose", i, 0);
        m->e[i] = m->e[i] == 0;
        m->kernel[i] = UNKNOWN;
    }
}

static void step_retire(sk *k, model *m, tape *t)
{
    cs_vrefs held, recognized;
    char ref[CS_REF_TEXT_MAX];
    sk_imports(k, &held, &recognized);
    if (recognized.count == 0)
        return;
    cs_vref v = recognized.items[tape_below(t, recognized.count)];
    (void)sk_retire_imports(k, cs_vref_text(v, ref));
    m->wm[cs_vref_id(v) - FIRST_ID] = NO_ENTRY;
    m->retired[cs_vref_id(v) - FIRST_ID] = true;
}

/* The registers, as their slots say. */
static void expect_registers(sk *k, const model *m)
{
    (void)send(k, "#[\"all\",[]]", "");
    const cs_capdata *data = &sk_reply(k)->syscalls[0].resolve.items[0].data;
    uint32_t next = 0;
    int first[IDS + 1] = { 0 };
    for (int i = 0; i < REGISTERS; i++) {
        int id = m->r[i];
        if (id == 0 || first[id]++ > 0)
            continue;
        assert_true(next < data->slot_count);
        assert_int_equal(cs_vref_id(data->slots[next++]), FIRST_ID + id);
    }
    assert_int_equal(next, data->slot_count);
}

static void step(sk *k, model *m, tape *t)
{
    int i = (int)tape_below(t, REGISTERS);
    uint64_t choice = tape_below(t, 100);
    if (choice < 35)
        step_set(k, m, t, i);
    else if (choice < 70)
        step_weak(k, m, t, i);
    else if (choice < 85)
        step_export(k, m, t);
    else if (choice < 88)
        step_retire(k, m, t);
    else if (choice < 94)
        expect_registers(k, m);
    else
        (void)sk_boyd(k);
}

static void play(uint64_t seed)
{
    static const cs_collect modes[] = { CS_COLLECT_NEVER, CS_COLLECT_NOW, CS_COLLECT_WHEN_DUE };
    enum { STEPS = 150 };
    tape t;
    model m = { .next_export = 10 };
    for (int id = 0; id <= IDS; id++)
        m.wm[id] = NO_ENTRY;
    tape_from_seed(&t, seed);
    printf("# seed %d\n", (int)seed);
    sk *k = sk_started(puppet);
    for (int i = 0; i < STEPS; i++) {
        sk_collect(k, tape_pick(&t, modes));
        step(k, &m, &t);
        assert_int_equal(sk_reply(k)->status, CS_OK);
        if (sk_reply(k)->collected)
            expect_exact(k, &m);
    }
    (void)sk_boyd(k);
    expect_exact(k, &m);
    (void)sk_free(k);
    tape_fini(&t);
}

static void random_programs(void **state)
{
    (void)state;
    const char *seed = getenv("T_SEED");
    for (uint64_t i = 1; i <= 100 && seed == NULL; i++)
        play(i);
    if (seed != NULL)
        play(strtoull(seed, NULL, 10));
}

int main(void)
{
    static const t_case cases[] = {
        T(one_crank_tells_so_much),
        T(back_before_it_is_told),
        T(back_and_lost_before_it_is_told),
        T(batches_meet),
        T(recognized_and_then_lost),
        T(many_exports),
        T(due_when_much_was_allocated),
        T(never_without_anything_to_tell),
        T(dropped_exports_make_it_due),
        T(not_after_a_failure),
        T(full_cranks_tell_nothing),
        T(storms_leave_nothing),
        T(random_programs),
    };
    cs_alloc_use(counted, NULL);
    return t_run(cases, sizeof cases / sizeof cases[0]);
}
