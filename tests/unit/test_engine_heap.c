/* Heaps: how they begin and end, what every way out of them is, meter and figures. */
#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

/* --- the base ------------------------------------------------------------------------------------ */

static void a_process_has_one_base(void **state)
{
    (void)state;
    const cs_base_parts parts = { 0 };
    cs_base *second = NULL;
    cs_error err = { 0 };
    assert_int_equal(strlen(cs_base_name(fixture_base())), 64);
    assert_int_equal(cs_base_new(&parts, &second, &err), CS_E_ENGINE);
    assert_null(second);
}

/* The second base of a process that has ended its first has the same name: it is a function of the
 * program. */
static void equal_bases_have_equal_names(void **state)
{
    (void)state;
    static const cs_native more[] = { { "more", NULL, 0 }, { 0 } };
    static const cs_native *const tables[] = { more, NULL };
    const cs_base_parts parts = { 0 }, other = { tables };
    cs_base *b = NULL;
    cs_error err = { 0 };
    char name[3][65];
    for (int i = 0; i < 3; i++) {
        assert_ok(cs_base_new(i < 2 ? &parts : &other, &b, &err));
        memcpy(name[i], cs_base_name(b), sizeof name[i]);
        b = cs_base_free(b);
    }
    assert_string_equal(name[0], name[1]);
    assert_string_not_equal(name[0], name[2]);
}

/* --- ways out ------------------------------------------------------------------------------------ */

static void exceptions_are_reported(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    assert_int_equal(run(&f, "throw new TypeError('bad')"), CS_E_THROWN);
    assert_string_equal(f.err.text, "TypeError: bad");
    assert_int_equal(run(&f, "throw { a: 1 }"), CS_E_THROWN);
    assert_string_equal(f.err.text, "{\"a\":1}");
    assert_int_equal(run(&f, "throw undefined"), CS_E_THROWN);
    assert_string_equal(f.err.text, "undefined");
    assert_int_equal(run(&f, "this is no program"), CS_E_THROWN);
    assert_int_equal(run(&f, "throw { get message() { for (;;); }, toString() { for (;;); } }"),
                     CS_E_THROWN);
    assert_string_equal(eval(&f, "'alive'"), "alive");
    fixture_fini(&f);
}

static const struct {
    const char *source;
    cs_status status;
} hostile[] = {
    { "for (;;);", CS_E_METER },
    { "const p = Promise.resolve(); (function f() { p.then(f) })()", CS_E_METER },
    { "/(a+)+$/.test('a'.repeat(40) + 'b')", CS_E_METER },
    { "[...new Array(1e8)]", CS_E_METER },
    { "(function f() { return 1 + f() })()", CS_E_STACK },
    { "(function f() { return [1].map(f) })()", CS_E_STACK },
    { "const o = { get a() { return this.a } }; o.a", CS_E_STACK },
    { "const o = { toString() { return `${this}` } }; `${o}`", CS_E_STACK },
    { "let p = {}; for (let i = 0; i < 2e5; i++) p = new Proxy(p, {}); p.x", CS_E_STACK },
    { "const a = []; for (;;) a.push(new Array(100).fill(0))", CS_E_HEAP_FULL },
    { "const a = []; for (;;) a.push({}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {}, {})",
      CS_E_HEAP_FULL },
    { "let s = 'x'; for (;;) s += s", CS_E_HEAP_FULL },
    { "let a = []; for (let i = 0; ; i++) a.push(`${i}`.repeat(1e4).concat('x'))", CS_E_HEAP_FULL },
    { "new Array(2e9).fill(0)", CS_E_HEAP_FULL },
    { "new ArrayBuffer(2e9)", CS_E_HEAP_FULL },
    { "'x'.repeat(2 ** 30)", CS_E_HEAP_FULL },
    { "const o = {}, s = 'k'.repeat(50000); for (let k = 0; ; k++) o[s + k] = 1", CS_E_HEAP_FULL },
    { "eval('['.repeat(1e7))", CS_E_THROWN },
    { "JSON.parse('['.repeat(1e5))", CS_E_THROWN },
    { "JSON.parse('{\"a\":'.repeat(1e5))", CS_E_THROWN },
    { "let o = {}; for (let i = 0; i < 1e5; i++) o = { o }; JSON.stringify(o)", CS_E_THROWN },
    { "eval('('.repeat(1e5))", CS_E_THROWN },
    { "new RegExp('('.repeat(1e5) + ')'.repeat(1e5))", CS_E_THROWN },
    { "10n ** (10n ** 7n)", CS_E_THROWN },
    { "let f = Promise.resolve(); for (let i = 0; i < 1e4; i++) f = f.then(() => {})", CS_OK },
    { "let a = []; for (let i = 0; i < 1e5; i++) a = [a]; globalThis.keep", CS_OK },
    { "let f = () => 1; for (let i = 0; i < 5e4; i++) { const g = f; f = () => g }", CS_OK },
    { "let o = []; for (let i = 0; i < 3000; i++) o = [o]; JSON.parse(JSON.stringify(o))", CS_OK },
    { "(function f(n) { return n === 0 ? 0 : 1 + f(n - 1) })(1000)", CS_OK },
};

static void every_way_out_is_a_status(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof hostile / sizeof hostile[0]; i++) {
        cs_status st = status_once(hostile[i].source);
        if (st != hostile[i].status)
            fprintf(stderr, "# %s\n#   is %s, not %s\n", hostile[i].source, cs_status_name(st),
                    cs_status_name(hostile[i].status));
        assert_int_equal(st, hostile[i].status);
    }
}

static void a_dead_heap_stays_dead(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    cs_meter_reset(f.heap, 100000);
    assert_int_equal(run(&f, "for (;;);"), CS_E_METER);
    cs_meter_reset(f.heap, 0);
    assert_int_equal(run(&f, "1"), CS_E_METER);
    assert_int_equal(cs_heap_drain(f.heap, &f.err), CS_E_METER);
    assert_int_equal(cs_heap_collect(f.heap), CS_E_METER);
    fixture_fini(&f);
    assert_string_equal(eval_once("'others live'"), "others live");
}

static uint64_t computrons_of(const char *source)
{
    fixture f;
    fixture_init(&f, NULL);
    cs_meter_reset(f.heap, 0);
    assert_int_equal(run(&f, source), CS_OK);
    uint64_t computrons = cs_meter_read(f.heap);
    fixture_fini(&f);
    return computrons;
}

static void what_is_said_is_paid_for(void **state)
{
    (void)state;
    uint64_t silent = computrons_of("const s = 'x'.repeat(80000); (x => x)(s)");
    uint64_t said = computrons_of("const s = 'x'.repeat(80000); console.log(s)");
    assert_in_range(said - silent, 9900, 10100);
}

/* --- turns --------------------------------------------------------------------------------------- */

static void draining_runs_jobs_until_there_are_none(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    (void)eval(&f,
               "(async () => { for (let i = 0; i < 1000; i++) await null; console.log('a') })();"
               "Promise.resolve().then(() => Promise.resolve().then(() => console.log('b')));"
               "console.log('c')");
    assert_string_equal(f.console, "log: c\nlog: b\nlog: a\n");
    fixture_fini(&f);
}

static void rejections_that_nobody_handled_are_reported_in_order(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    (void)eval(&f,
               "Promise.reject(Error('first')); const p = Promise.reject(2); p.catch(() => {});"
               "const late = Promise.reject(3); Promise.resolve().then(() => late.catch(() => {}));"
               "(async () => { await null; throw 4 })(); Promise.reject(5);"
               "new Promise((_, no) => no(6))");
    assert_string_equal(f.rejections, "Error: first\n5\n6\n4\n");
    f.rejections[0] = 0;
    (void)eval(&f, "1");
    assert_string_equal(f.rejections, ""); /* once only */
    fixture_fini(&f);
}

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double time_of(const char *program, int count)
{
    char source[256];
    (void)snprintf(source, sizeof source, "const n = %d; %s", count, program);
    double start = seconds();
    (void)eval_once(source);
    return seconds() - start;
}

/* Four times as many may take eight times as long, not sixteen. */
static void queue_and_rejections_do_not_grow_quadratic(void **state)
{
    (void)state;
    static const char *const programs[] = {
        "for (let i = 0; i < n; i++) Promise.resolve(i).then(x => x)",
        ("const a = []; for (let i = 0; i < n; i++) a.push(Promise.reject(i));"
         "for (const p of a) p.catch(() => {})"),
        "const a = []; for (let i = 0; i < n; i++) a.push({ i })",
    };
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        double few = time_of(programs[i], 10000), many = time_of(programs[i], 40000);
        assert_true(many < 8 * few + 0.1);
    }
}

/* --- meter --------------------------------------------------------------------------------------- */

static void the_meter_counts_the_same_every_time(void **state)
{
    (void)state;
    static const char program[] =
        "const a = []; for (let i = 0; i < 2000; i++) { a.push({ i, s: 's' + i });"
        "if (a.length > 100) a.shift() } const m = new Map();"
        "for (let i = 0; i < 500; i++) m.set('k' + i, { i }); JSON.stringify([...m.keys()]).length";
    uint64_t counts[3];
    for (int i = 0; i < 3; i++) {
        fixture f;
        fixture_init(&f, NULL);
        if (i == 2) /* collections at other moments */
            (void)eval(&f, "let s = ''; for (let i = 0; i < 5000; i++) s += i");
        assert_ok(cs_heap_collect(f.heap));
        cs_meter_reset(f.heap, 0);
        (void)eval(&f, program);
        counts[i] = cs_meter_read(f.heap);
        fixture_fini(&f);
    }
    assert_true(counts[0] > 100000);
    assert_true(counts[0] == counts[1]);
    assert_true(counts[0] == counts[2]);
}

static void work_while_paused(cs_machine *the, void *arg)
{
    uint64_t *counts = arg;
    cs_heap *h = cs_heap_of(the);
    counts[0] = cs_meter_read(h);
    cs_meter_pause(the);
    cs_meter_pause(the);
    for (int i = 0; i < 100000; i++) {
        mxPushInteger(i);
        mxPop();
    }
    cs_meter_resume(the);
    counts[1] = cs_meter_read(h);
    cs_meter_resume(the);
    counts[2] = cs_meter_read(h);
    mxPushInteger(1);
    mxPop();
    counts[3] = cs_meter_read(h);
}

static void paused_work_is_not_charged(void **state)
{
    (void)state;
    fixture f;
    uint64_t counts[4];
    fixture_init(&f, NULL);
    cs_meter_reset(f.heap, 50000);
    assert_ok(cs_fence(f.heap, work_while_paused, counts, &f.err));
    assert_true(counts[1] == counts[0] && counts[2] == counts[0]);
    assert_true(counts[3] > counts[0]);
    assert_int_equal(run(&f, "for (;;);"), CS_E_METER);
    fixture_fini(&f);
}

/* --- many ---------------------------------------------------------------------------------------- */

enum { MANY = 1000 };

static void a_thousand_heaps_live_at_once(void **state)
{
    (void)state;
    static fixture f[MANY];
    for (int i = 0; i < MANY; i++)
        fixture_init(&f[i], NULL);
    for (int i = 0; i < MANY; i++)
        assert_string_equal(eval(&f[i],
                                 "class A { #n = 1; n() { return ++this.#n } }"
                                 "const m = new Map([[Object, new A().n()]]);"
                                 "Promise.resolve(5).then(x => console.log(x)); m.get(Object)"),
                            "2");
    for (int i = 0; i < MANY; i++) {
        assert_ok(cs_heap_collect(f[i].heap));
        assert_string_equal(f[i].console, "log: 5\n");
        cs_heap_figures figures = cs_heap_read_figures(f[i].heap);
        assert_true(figures.resident_bytes < 100 * 1024);
        assert_true(figures.live_bytes < 16 * 1024);
    }
    for (int i = 0; i < MANY; i++)
        fixture_fini(&f[i]);
}

static void figures_tell_what_was_allocated(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    assert_ok(cs_heap_collect(f.heap));
    cs_heap_figures before = cs_heap_read_figures(f.heap);
    assert_int_equal(before.allocated_bytes, 0);
    /* 10,000 times two slots (the object and its property), of which none lives on. */
    (void)eval(&f, "for (let i = 0; i < 10000; i++) ({ i })");
    cs_heap_figures after = cs_heap_read_figures(f.heap);
    assert_true(after.live_bytes == before.live_bytes);
    assert_true(after.allocated_bytes >= 640000 && after.allocated_bytes < 1400000);
    assert_ok(cs_heap_collect(f.heap));
    after = cs_heap_read_figures(f.heap);
    assert_int_equal(after.allocated_bytes, 0);
    assert_true(after.live_bytes < before.live_bytes + 4096);
    fixture_fini(&f);
}

/* --- figures are a function of the program -------------------------------------------------------- */

#if CS_SLOW_ASSERT
/* Each allocates in its own way, and lets go of some of it. */
static const char *const allocating[] = {
    "const a = []; for (let i = 0; i < 300; i++) a.push(i, `${i}`); a.length = 20; a.push(1); a.length",
    "const a = []; for (let i = 0; i < 100; i++) { a.unshift(i); if (i % 3) a.splice(1, 1) } a.length",
    "const a = [1]; a[50] = 2; a[40] = 3; for (let i = 0; i < 60; i++) a[i] = i; a.concat(a).sort().length",
    "let s = ''; for (let i = 0; i < 200; i++) s += 'abc'.toUpperCase() + i; s.length",
    "'stra\\u00dfe'.repeat(9).toUpperCase() + (255).toString(2) + (0.1).toFixed(20) + 2n ** 300n",
    "`${Array.from({ length: 40 }, (_, i) => i / 7)}`.split(',').map(Number).join('+').length",
    "const b = new ArrayBuffer(8, { maxByteLength: 800 }); for (let i = 8; i < 800; i += 50) b.resize(i);"
    " b.resize(10); b.resize(100); new Uint8Array(b).length",
    "const m = new Map(); for (let i = 0; i < 200; i++) { m.set(i, { i }); m.delete(i - 5) }"
    " kept.m = m; [...m.keys()].join()",
    "const w = new WeakMap(), k = {}; w.set(k, { n: 1 }); w.set({}, k); const d = {}; w.set(d, [d]);"
    " w.delete(d); kept.w = [k, w, d]; w.has(k)",
    "const w = kept.w[1]; for (let i = 0; i < 50; i++) w.set({ i }, [i]); 1",
    "const f = function* () { let x = 1; for (;;) x += yield x }; const g = f(); g.next();"
    " for (let i = 0; i < 50; i++) g.next(i); kept.g = g; g.next(1).value",
    "kept.w[1].delete(kept.w[0]); [{}].length", /* right before a forced collection */
    "(async () => { for (let i = 0; i < 30; i++) { const a = [i, i]; await a; a.push({}) }"
    " for await (const x of [1, Promise.resolve(2)]) console.log(x) })(); 1",
    "class A { #p = {}; get p() { return this.#p } } class B extends A { q = [1] };"
    " Array.from({ length: 50 }, () => new B()).map(b => b.p).length",
    "const f = (...args) => args.length; let t = 0; for (let i = 0; i < 30; i++)"
    " t += f(...Array(i).fill(i)) + (function () { return arguments.length })(i, i); t",
    "JSON.parse(JSON.stringify({ a: Array.from({ length: 50 }, (_, i) => ({ i, t: `t${i}` })) })).a.length",
    "[...'a-b-c'.repeat(20).matchAll(/[a-z]-/g)].map(m => m.index).join().replace(/1/g, x => x + x)",
    "new Compartment({ globals: harden({ y: 5 }) }).evaluate('let z = {}; for (let i = 0; i < 50; i++)"
    " z[`k${i}`] = y; Object.keys(z).length')",
    "const o = {}; for (let i = 0; i < 40; i++) { o[`x${i}`] = i; delete o[`x${i - 3}`] } harden(o);"
    " Object.entries(o).length",
    "const p = new Proxy({}, { get: (_, k) => `${String(k)}!` }); let r = ''; for (let i = 0; i < 30; i++)"
    " r += p[`k${i}`]; r.length",
    "const HP = HandledPromise; const o = harden({ m: x => [x] }); for (let i = 0; i < 20; i++)"
    " HP.applyMethod(Promise.resolve(o), 'm', [{ i }]).then(r => { kept.last = r }); 1",
    "try { null.x } catch (e) { kept.e = e } Symbol('s').description + new Date(0).toISOString()",
    "new TextDecoder().decode(new TextEncoder().encode('h\\u00e9llo'.repeat(30))).length",
};
enum { PROGRAMS = sizeof allocating / sizeof allocating[0] };

typedef struct course {
    uint64_t allocated[PROGRAMS], live[PROGRAMS];
} course;

/* One heap runs all of them; every third is followed by a forced collection. `stress` as gxStress: 1, all
 * allocations collect; -n, the n-th one does; 0, none but those that must. */
static course take_course(int stress)
{
    extern int gxStress;
    fixture f;
    course c;
    fixture_init(&f, NULL);
    (void)eval(&f, "const kept = {}");
    for (size_t i = 0; i < PROGRAMS; i++) {
        char block[512];
        (void)snprintf(block, sizeof block, "{ %s }", allocating[i]);
        gxStress = stress;
        cs_status st = run(&f, block);
        gxStress = 0;
        if (st != CS_OK)
            printf("# %s\n#   %s\n", allocating[i], f.err.text);
        assert_ok(st);
        c.allocated[i] = cs_heap_read_figures(f.heap).allocated_bytes;
        if (i % 3 == 2)
            assert_ok(cs_heap_collect(f.heap));
        c.live[i] = cs_heap_read_figures(f.heap).live_bytes;
    }
    fixture_fini(&f);
    return c;
}

/* They decide when a vat is collected. */
static void figures_do_not_depend_on_organic_collections(void **state)
{
    (void)state;
    static const int stresses[] = { 1, -1, -13, -100, -400, -401, -402, -403, -1000, -2500 };
    course calm = take_course(0);
    for (size_t n = 0; n < sizeof stresses / sizeof stresses[0]; n++) {
        course c = take_course(stresses[n]);
        for (size_t i = 0; i < PROGRAMS; i++) {
            if (c.allocated[i] != calm.allocated[i] || c.live[i] != calm.live[i])
                printf("# stress %d, after %s\n", stresses[n], allocating[i]);
            assert_int_equal(c.allocated[i], calm.allocated[i]);
            assert_int_equal(c.live[i], calm.live[i]);
        }
    }
}
#else
static void figures_do_not_depend_on_organic_collections(void **state)
{
    (void)state;
    t_skip("needs a build with slow asserts");
}
#endif

T_MAIN(T(equal_bases_have_equal_names), T(a_process_has_one_base), T(exceptions_are_reported),
       T(every_way_out_is_a_status), T(a_dead_heap_stays_dead), T(what_is_said_is_paid_for),
       T(draining_runs_jobs_until_there_are_none),
       T(rejections_that_nobody_handled_are_reported_in_order),
       T(queue_and_rejections_do_not_grow_quadratic), T(the_meter_counts_the_same_every_time),
       T(paused_work_is_not_charged), T(a_thousand_heaps_live_at_once),
       T(figures_tell_what_was_allocated), T(figures_do_not_depend_on_organic_collections))
