/* Memory around collections: what goes back to the system, that a heap goes on as before when it has,
 * and that what lives and what was allocated depend on neither. */
#include "engine_fixture.h"

#include "engine/handled_promise.h"

#include <stdio.h>
#include <string.h>

static cs_heap_figures figures_after(fixture *f)
{
    assert_ok(cs_heap_collect(f->heap));
    return cs_heap_read_figures(f->heap);
}

/* Many slots and chunks that all live, and then none does. */
static const char storm[] =
    "(() => { const a = []; for (let i = 0; i < 40000; i++)"
    " a.push({ i, text: `text ${i}`, list: [i, i + 1] }); return a.length })()";

/* The first collection sees how little of the chunks lives, the second moves it together. */
static void what_a_storm_took_goes_back(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    cs_heap_figures calm = figures_after(&f);
    for (int i = 0; i < 3; i++) {
        assert_string_equal(eval(&f, storm), "40000");
        assert_true(cs_heap_read_figures(f.heap).resident_bytes > 10 * 1000 * 1000);
        assert_ok(cs_heap_collect(f.heap));
        cs_heap_figures after = figures_after(&f);
        assert_in_range(after.live_bytes, calm.live_bytes, calm.live_bytes + 4096);
        assert_in_range(after.resident_bytes, 0, 1000 * 1000);
    }
    fixture_fini(&f);
}

/* One object of each block lives: no block may go, and what is free in them is used again. */
static void blocks_with_survivors_stay(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    (void)eval(&f, "const kept = []; let a = [];"
                   "for (let i = 0; i < 60000; i++) { const o = { i, t: `t${i}` };"
                   " a.push(o); if (i % 300 === 0) kept.push(o) } a = undefined");
    uint64_t resident = figures_after(&f).resident_bytes;
    (void)eval(&f, "a = []; for (let i = 0; i < 20000; i++) a.push({ i })");
    assert_in_range(cs_heap_read_figures(f.heap).resident_bytes, 0, resident + 4 * 1000 * 1000);
    assert_string_equal(eval(&f, "kept.every((o, n) => o.i === n * 300 && o.t === `t${o.i}`) &&"
                                 " a.every((o, i) => o.i === i)"),
                        "true");
    fixture_fini(&f);
}

/* Freed with blocks of every kind: full, given back, empty and kept, and never swept. */
static void a_heap_can_be_freed_at_any_time(void **state)
{
    (void)state;
    for (int stage = 0; stage < 4; stage++) {
        fixture f;
        fixture_init(&f, NULL);
        (void)eval(&f, storm);
        if (stage > 0)
            assert_ok(cs_heap_collect(f.heap));
        if (stage > 1)
            (void)eval(&f, storm);
        if (stage > 2)
            churn(&f);
        fixture_fini(&f);
    }
}

/* --- chunks ------------------------------------------------------------------------------------------ */

/* Things of all kinds that have chunks, far from one another, with properties and entries that were added
 * when much lay between. */
static const char things[] =
    "const things = [], index = new Map(), make = n => { const s = `k${n}`; return { s,"
    " big: 12345678901234567890123n * BigInt(n + 1), list: [s, n, [n]], set: new Set([s, n]),"
    " args: (function () { 'use strict'; return arguments })(s, n),"
    " bytes: new Uint8Array([n % 256, 7]), map: new Map([[s, { n }]]), re: new RegExp(`^a${n}$`),"
    " next: () => things[n + 1], [`own key ${n % 50}`]: n } };"
    "for (let n = 0; n < 1500; n++) { const t = make(n); things.push(t); index.set(n, t);"
    " if (n % 100 === 0) t.made = Function(`return ${n}`);"
    " for (let i = 0; i < 100; i++) [`garbage ${i}`, { i }] }"
    "things.forEach(t => { t.late = `late ${t.s}` })";
static const char things_are_whole[] =
    "things.every((t, n) => t.s === `k${n}` && t.big === 12345678901234567890123n * BigInt(n + 1) &&"
    " t.list[0] === t.s && t.list[2][0] === n && t.set.has(t.s) && t.set.has(n) &&"
    " t.args[0] === t.s && t.args[1] === n && t.bytes[0] === n % 256 && t.bytes[1] === 7 &&"
    " t.map.get(t.s).n === n && t.re.test(`a${n}`) && t.next() === things[n + 1] &&"
    " t[`own key ${n % 50}`] === n && t.late === `late k${n}` && index.get(n) === t &&"
    " (n % 100 !== 0 || t.made() === n))";

/* A forced collection counts chunks where they lie, an organic one moves them. */
static void what_lives_is_the_same_moved_or_not(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    (void)eval(&f, things);
    assert_string_equal(eval(&f, things_are_whole), "true");
    uint64_t live = figures_after(&f).live_bytes;
    assert_true(live > 1500 * 1000);
    for (int i = 0; i < 3; i++) {
        (void)eval(&f, "for (let i = 0; i < 100000; i++) `garbage ${i}`.padEnd(100)");
        assert_string_equal(eval(&f, things_are_whole), "true");
        assert_int_equal(figures_after(&f).live_bytes, live);
        assert_int_equal(figures_after(&f).live_bytes, live);
    }
    fixture_fini(&f);
}

/* --- collections at random moments ------------------------------------------------------------------ */

/* Presences come, are held, become keys and are let go; in some steps the heap grows for a while. */
enum { STEPS = 30 };
static const char step[] =
    "peer => { n += 1; held[n % 5] = peer(n); m.set(peer(n % 11), [n, `value ${n}`]);"
    " if (n % 3 === 0) m.delete(peer(n % 7)); const big = [];"
    " for (let i = 0; i < (n % 10 === 0 ? 20000 : 20); i++) big.push({ i, t: `t${i}` });"
    " sum = (sum * 31 + big.reduce((s, o) => s + o.t.length, 0) + (m.get(peer(n % 4)) || [0])[0])"
    " % 1000003; return sum }";

typedef struct outcome {
    char sums[STEPS][16];
    uint64_t live, allocated[STEPS];
    size_t kept;
    uint8_t state[STEPS + 1];
} outcome;

/* The heap is collected after each step of `moments`, and at the end. */
static void take_steps(uint32_t moments, outcome *o)
{
    fixture f;
    memset(o, 0, sizeof *o);
    peers_init(&f);
    (void)eval(&f, "const m = new WeakMap(), held = []; let n = 0, sum = 0");
    assert_ok(cs_heap_collect(f.heap));
    uint64_t all = 0;
    for (int i = 0; i < STEPS; i++) {
        (void)snprintf(o->sums[i], sizeof o->sums[i], "%s", with_peer(&f, step));
        o->allocated[i] = all + cs_heap_read_figures(f.heap).allocated_bytes;
        if ((moments >> i & 1) == 0)
            continue;
        all = o->allocated[i];
        assert_ok(cs_heap_collect(f.heap));
    }
    o->live = figures_after(&f).live_bytes;
    o->kept = peers.kept;
    memcpy(o->state, peers.state, sizeof o->state);
    fixture_fini(&f);
}

static const char *same_as_without(tape *t, void *ctx)
{
    const outcome *calm = ctx;
    static outcome o;
    take_steps((uint32_t)tape_below(t, 1u << STEPS), &o);
    if (memcmp(o.sums, calm->sums, sizeof o.sums) != 0)
        return "the vat computes something else";
    if (memcmp(o.state, calm->state, sizeof o.state) != 0 || o.kept != calm->kept)
        return "others die";
    return o.live != calm->live ? "other bytes live" : NULL;
}

static void moments_of_collections_change_nothing(void **state)
{
    (void)state;
    static outcome calm;
    take_steps(0, &calm);
    t_property(same_as_without, &calm, 12);
}

/* The same history gives the same figures, whatever was done in the process before. */
static void figures_are_a_function_of_the_history(void **state)
{
    (void)state;
    static outcome one, two;
    take_steps(0x01234567, &one);
    take_steps(0x01234567, &two);
    assert_memory_equal(&one, &two, sizeof one);
}

T_MAIN(T(what_a_storm_took_goes_back), T(blocks_with_survivors_stay),
       T(a_heap_can_be_freed_at_any_time), T(what_lives_is_the_same_moved_or_not),
       T(moments_of_collections_change_nothing), T(figures_are_a_function_of_the_history))
