/* Collections: what the owner's tables keep alive, when weak entries die, and what a vat can notice
 * of it: nothing. */
#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>

/* --- an owner with a strong and a weak table ----------------------------------------------------- */

enum { TABLE_MAX = 64 };
static struct {
    cs_slot *strong[TABLE_MAX], *weak[TABLE_MAX];
    int strong_count, weak_count, dead;
    int marks, sweeps, weak_marks;
} owner;

static void mark_strong(cs_machine *the, void *guest, void (*mark)(cs_machine *, cs_slot *))
{
    (void)guest;
    owner.marks++;
    for (int i = 0; i < owner.strong_count; i++)
        mark(the, owner.strong[i]);
}

static void mark_weak(cs_machine *the, void *guest, void (*mark)(cs_machine *, cs_slot *))
{
    (void)guest;
    owner.weak_marks++;
    for (int i = 0; i < owner.weak_count; i++)
        mark(the, owner.weak[i]);
}

static void sweep(cs_machine *the, void *guest, void (*mark)(cs_machine *, cs_slot *))
{
    (void)the, (void)guest, (void)mark;
    int kept = 0;
    owner.sweeps++;
    for (int i = 0; i < owner.weak_count; i++)
        if (cs_is_live(owner.weak[i]))
            owner.weak[kept++] = owner.weak[i];
    owner.dead += owner.weak_count - kept;
    owner.weak_count = kept;
}

static const cs_heap_hooks hooks = { .mark = mark_strong, .mark_weak = mark_weak, .sweep = sweep };

/* Evaluates to an array, and puts its objects into both tables as told by `strong`. */
static void take(cs_machine *the, void *arg)
{
    const bool *strong = arg;
    mxPush(mxGlobal);
    fxGetID(the, cs_id(the, "compartment"));
    mxDub();
    fxGetID(the, mxID(_evaluate));
    fxCall(the);
    cs_push_text(
        the, CS_BYTES("Array.from({ length: 10 }, (_, i) => ({ i, self: [i], text: 't' + i }))"));
    fxRunCount(the, 1);
    for (txIndex i = 0; i < 10; i++) {
        cs_slot *item = fxGetIndexProperty(the, the->stack->value.reference->next, i);
        owner.weak[owner.weak_count++] = item->value.reference;
        if (strong[i])
            owner.strong[owner.strong_count++] = item->value.reference;
    }
}

static void look(cs_machine *the, void *arg)
{
    int *sum = arg;
    *sum = 0;
    for (int i = 0; i < owner.weak_count; i++) {
        mxPushReference(owner.weak[i]);
        fxGetID(the, cs_id(the, "i"));
        *sum += fxToInteger(the, the->stack);
        mxPop();
    }
}

static int sum_of_live(fixture *f)
{
    int sum;
    assert_ok(cs_fence(f->heap, look, &sum, &f->err));
    return sum;
}

static void only_forced_collections_clear_weak_tables(void **state)
{
    (void)state;
    fixture f;
    static bool strong[10] = { [3] = true, [7] = true };
    memset(&owner, 0, sizeof owner);
    fixture_init(&f, &hooks);
    assert_ok(cs_fence(f.heap, take, strong, &f.err));
    int forced = owner.sweeps;
    (void)eval(&f, "let s = 0; for (let i = 0; i < 100000; i++) s += [i].length; s");
    assert_true(owner.weak_marks > 3); /* there were organic ones */
    assert_int_equal(owner.sweeps, forced);
    assert_int_equal(owner.weak_count, 10);
    assert_int_equal(sum_of_live(&f), 45);
    assert_ok(cs_heap_collect(f.heap));
    assert_int_equal(owner.sweeps, forced + 1);
    assert_int_equal(owner.dead, 8);
    assert_int_equal(sum_of_live(&f), 10);
    owner.strong_count = 1;
    assert_ok(cs_heap_collect(f.heap));
    assert_int_equal(sum_of_live(&f), 3);
    fixture_fini(&f);
}

/* --- weak collections of JavaScript -------------------------------------------------------------- */

static uint64_t live_after(fixture *f)
{
    assert_ok(cs_heap_collect(f->heap));
    return cs_heap_read_figures(f->heap).live_bytes;
}

static void weak_collections_let_go(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    uint64_t empty = live_after(&f);
    (void)eval(&f, "(() => { const w = new WeakMap(); let k = {}; for (let i = 0; i < 1000; i++) {"
                   " const n = { i }; w.set(k, n); k = n } return w.has(k) })()");
    assert_true(live_after(&f) < empty + 4096);
    fixture_fini(&f);
}

static void closures_and_weak_values_survive_collections(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    (void)eval(&f, "harden((() => { const w = new WeakMap(), k = {}, m = new Map();"
                   "w.set(k, ['value', 10n ** 30n]).set(Object, { of: 'base' }); m.set(k, w);"
                   "const g = function* () { let i = 0; for (;;) yield ++i }();"
                   "g.next(); Promise.resolve().then(async () => { await null;"
                   "for (let i = 0; i < 20000; i++) [i, {}];"
                   "console.log(m.get(k).get(k)[0], `${m.get(k).get(k)[1]}`, w.get(Object).of,"
                   " g.next().value) }) })())");
    assert_ok(cs_heap_collect(f.heap));
    assert_string_equal(f.console, "log: value 1000000000000000000000000000000 base 2\n");
    fixture_fini(&f);
}

/* Lists of arrays, closures, promises, weak entries: marking must not follow them on the C stack. */
static void deep_structures_can_be_marked(void **state)
{
    (void)state;
    static const char *const programs[] = {
        "let a = [1]; for (let i = 0; i < 1e5; i++) a = [a, i]; const keep = () => a; keep",
        "let f = () => 1; for (let i = 0; i < 1e5; i++) { const g = f; f = () => g } f",
        "let p = new Promise(() => {}); for (let i = 0; i < 3e4; i++) p = p.then(x => x); p",
        "let o = {}; for (let i = 0; i < 1e5; i++) { const p = o; o = { get g() { return p } } } o",
        "let m = new Map(); for (let i = 0; i < 3e4; i++) m = new Map([[m, m]]); m",
        ("const w = new WeakMap(); let k = {}, first = k; for (let i = 0; i < 1e5; i++) {"
         " const n = {}; w.set(k, [n]); k = n } [w, first]"),
        "let p = {}; for (let i = 0; i < 1e5; i++) p = new Proxy(p, {}); p",
    };
    for (size_t i = 0; i < sizeof programs / sizeof programs[0]; i++) {
        fixture f;
        char source[512];
        fixture_init(&f, NULL);
        (void)snprintf(
            source, sizeof source,
            "globalThis.constructor; new Promise(done => { let t = 0; const kept ="
            " (() => { %s })(); (async () => { for (; t < 3; t++) await null; done(kept) })()"
            "}).then(kept => { for (let i = 0; i < 50000; i++) [i]; console.log('done') })",
            programs[i]);
        (void)eval(&f, source);
        assert_ok(cs_heap_collect(f.heap));
        fixture_fini(&f);
    }
}

/* --- a collection at every allocation ------------------------------------------------------------ */

#if CS_SLOW_ASSERT
static const char *const everyday[] = {
    "harden({ a: [1, { b: [{}] }], __proto__: { c: {} }, get d() { return 1 } }).a[1].b.length",
    "harden(new Proxy({ x: { y: 1 } }, {})).x.y",
    "(function () { return harden(arguments).length })(1, {}, [])",
    "const w = new WeakMap([[Object, { v: 1 }]]), k = {}; w.set(k, { n: 2 }); w.set(Math, [3]);"
    "w.get(Object).v + w.get(k).n + w.get(Math)[0]",
    "new TextDecoder().decode(new TextEncoder().encode('h\\u00e9llo \\u{1f600}'.repeat(3)))",
    "const d = new TextDecoder(); let t = ''; for (const b of [226, 130, 172, 65])"
    " t += d.decode(new Uint8Array([b]), { stream: true }); t + d.decode()",
    "Base64.encode(new Uint8Array(Base64.decode('aGVsbG8gd29ybGQ=')))",
    "let e; try { assert(false, assert.details`x ${{ a: [1] }} ${assert.quote(['q'])}`) }"
    " catch (error) { e = error } assert.note(e, 'note'); console.log(e); e.message",
    "class E2 extends TypeError { constructor() { super('m'); this.name = 'E2' } } `${new E2()}`",
    "JSON.stringify(JSON.parse('{\"a\":[1,{\"b\":null}],\"c\":\"text\"}'))",
    "new Compartment({ globals: harden({ y: 5 }) }).evaluate('y * 2')",
    "(async () => { const r = []; for await (const x of [1, Promise.resolve(2)]) r.push(x);"
    " console.log(r) })(); Promise.reject(Error('nobody')); 1",
    "const HP = HandledPromise; HP.applyMethod({ m: x => x + 1 }, 'm', [2]).then(console.log); 1",
    "[...'a-b-c'.matchAll(/[a-z]/g)].map(m => m[0] + m.index).join() + `${(2n ** 70n)}`",
};

static void results_do_not_depend_on_collections(void **state)
{
    (void)state;
    extern int gxStress;
    for (size_t i = 0; i < sizeof everyday / sizeof everyday[0]; i++) {
        static fixture calm, stressed;
        fixture_init(&calm, NULL);
        (void)eval(&calm, everyday[i]);
        fixture_fini(&calm);
        fixture_init(&stressed, NULL);
        gxStress = 1;
        cs_status st = run(&stressed, everyday[i]);
        gxStress = 0;
        assert_ok(st);
        fixture_fini(&stressed);
        assert_string_equal(stressed.result, calm.result);
        assert_string_equal(stressed.console, calm.console);
        assert_string_equal(stressed.rejections, calm.rejections);
    }
}
#else
static void results_do_not_depend_on_collections(void **state)
{
    (void)state;
    t_skip("needs a build with slow asserts");
}
#endif

/* --- limit --------------------------------------------------------------------------------------- */

static void the_limit_is_on_what_lives(void **state)
{
    (void)state;
    fixture f;
    fixture_init_max(&f, 4 * 1024 * 1024);
    /* 100 MB of garbage, then 3 MB that live */
    (void)eval(&f, "for (let i = 0; i < 1000; i++) new Array(3000).fill(i)");
    (void)eval(&f, "let s = ''; for (let i = 0; i < 200; i++) s = 'x'.repeat(500000)");
    (void)eval(&f, "const a = []; for (let i = 0; i < 300; i++) a.push('y'.repeat(10000))");
    assert_int_equal(run(&f, "const b = []; for (;;) b.push('z'.repeat(10000))"), CS_E_HEAP_FULL);
    assert_int_equal(cs_heap_collect(f.heap), CS_E_HEAP_FULL);
    fixture_fini(&f);
}

/* A collection for want of slots does not count what chunks are garbage; it must not take all for
 * living. Nor must looking twice count slots twice. */
static void garbage_in_chunks_does_not_fill_the_heap(void **state)
{
    (void)state;
    fixture f;
    fixture_init_max(&f, 3 * 1024 * 1024);
    (void)eval(&f, "const a = []; for (let i = 0; i < 180; i++) a.push('y'.repeat(10000))");
    assert_ok(cs_heap_collect(f.heap));
    (void)eval(
        &f,
        "for (let i = 0; i < 1000; i++) { 'z'.repeat(10000); for (let j = 0; j < 40; j++) [i] }");
    cs_heap_figures figures = cs_heap_read_figures(f.heap);
    assert_in_range(figures.allocated_bytes, 10 * 1000 * 1000, 30 * 1000 * 1000);
    fixture_fini(&f);
}

/* --- what a vat can notice ------------------------------------------------------------------------- */

static uint64_t computrons(bool collects)
{
    fixture f;
    peers_init(&f);
    cs_meter_reset(f.heap, 0);
    (void)eval(&f, "const m = new WeakMap(); const later = []; let n = 0");
    for (int i = 0; i < 20; i++) {
        (void)with_peer(&f,
                        "peer => { n += 1; m.set(peer(n % 7), [n]); later.push(Promise.resolve(n)"
                        ".then(x => m.get(peer(x % 5)))); m.delete(peer(n % 3)) }");
        uint64_t before = cs_meter_read(f.heap);
        if (collects)
            assert_ok(cs_heap_collect(f.heap));
        assert_int_equal(cs_meter_read(f.heap), before);
    }
    uint64_t all = cs_meter_read(f.heap);
    fixture_fini(&f);
    return all;
}

static void collections_cost_no_computrons(void **state)
{
    (void)state;
    assert_int_equal(computrons(true), computrons(false));
}

static void a_vat_has_nothing_that_watches_a_death(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    (void)eval(&f, "const seen = new Set(); const names = []; const walk = o => {"
                   " if (Object(o) !== o || seen.has(o)) return; seen.add(o);"
                   " walk(Object.getPrototypeOf(o)); for (const k of Reflect.ownKeys(o)) {"
                   "  const d = Object.getOwnPropertyDescriptor(o, k); walk(d.value); walk(d.get);"
                   "  walk(d.set); if (k === 'deref' || k === 'unregister') names.push(k) } };"
                   "walk(globalThis); walk(new Compartment().globalThis)");
    assert_string_equal(eval(&f, "names.length + typeof WeakRef + typeof FinalizationRegistry +"
                                 " (seen.size > 300) + new Compartment().evaluate('typeof WeakRef +"
                                 " typeof FinalizationRegistry')"),
                        "0undefinedundefinedtrueundefinedundefined");
    fixture_fini(&f);
}

/* An abort in a collection leaves lists behind that belong to a dead heap. */
static void an_abort_in_a_collection_leaves_nothing_behind(void **state)
{
    (void)state;
    fixture dying, f;
    peers_init(&f);
    fixture_init_max(&dying, 2 * 1024 * 1024);
    (void)eval(&f, "const m = new WeakMap()");
    (void)with_peer(&f, "peer => { m.set(peer(0), ['a']) }");
    assert_int_equal(run(&dying, "const w = new WeakMap(); let a = []; for (let i = 0;; i++) {"
                                 " w.set(a, [a]); a = [a, new Array(i).fill(a)] }"),
                     CS_E_HEAP_FULL);
    assert_int_equal(cs_heap_collect(dying.heap), CS_E_HEAP_FULL);
    churn(&f);
    assert_int_equal(peers.state[0], PEER_KEPT);
    fixture_fini(&dying);
    churn(&f);
    assert_string_equal(with_peer(&f, "peer => m.get(peer(0))[0]"), "a");
    fixture_fini(&f);
}

T_MAIN(T(only_forced_collections_clear_weak_tables), T(weak_collections_let_go),
       T(closures_and_weak_values_survive_collections), T(deep_structures_can_be_marked),
       T(results_do_not_depend_on_collections), T(the_limit_is_on_what_lives),
       T(garbage_in_chunks_does_not_fill_the_heap), T(collections_cost_no_computrons),
       T(a_vat_has_nothing_that_watches_a_death), T(an_abort_in_a_collection_leaves_nothing_behind))
