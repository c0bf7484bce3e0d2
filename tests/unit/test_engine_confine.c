/* What a vat's code sees and cannot reach (S17, S23), always in clones of a write-protected base. */
#include "engine_fixture.h"

#include <stdio.h>

static void globals_are_those_of_the_list(void **state)
{
    (void)state;
    assert_string_equal(
        eval_once(
            "const names = new Set();"
            "for (let o = globalThis; o && o !== Object.prototype; o = Object.getPrototypeOf(o))"
            "  for (const k of Reflect.ownKeys(o)) names.add(String(k));"
            "[...names].sort().join(' ')"),
        "AggregateError Array ArrayBuffer Base64 BigInt BigInt64Array BigUint64Array Boolean "
        "Compartment DataView Date Error EvalError Float32Array Float64Array Function "
        "HandledPromise Infinity Int16Array Int32Array Int8Array JSON Map Math ModuleSource NaN "
        "Number Object Promise Proxy RangeError ReferenceError Reflect RegExp Set String Symbol "
        "SyntaxError TextDecoder TextEncoder TypeError URIError Uint16Array Uint32Array Uint8Array "
        "Uint8ClampedArray WeakMap WeakSet assert console decodeURI decodeURIComponent encodeURI "
        "encodeURIComponent escape eval globalThis harden isFinite isNaN parseFloat parseInt "
        "undefined unescape");
}

static void nothing_else_is_reachable(void **state)
{
    (void)state;
    static const char *const names[] = {
        "native",
        "E",
        "lockdown",
        "WeakRef",
        "FinalizationRegistry",
        "Atomics",
        "SharedArrayBuffer",
        "trace",
        "global",
        "compartment",
        "petrify",
        "gc",
        "print",
        "setTimeout",
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        char source[256];
        (void)snprintf(source, sizeof source,
                       "[typeof %s, Function('return typeof %s')(), (0, eval)('typeof %s'),"
                       " new Compartment().evaluate('typeof %s')].join()",
                       names[i], names[i], names[i], names[i]);
        assert_string_equal(eval_once(source), "undefined,undefined,undefined,undefined");
    }
}

/* Walks from the global object, and from what syntax alone leads to. */
static void all_that_is_reachable_is_frozen(void **state)
{
    (void)state;
    static const char walk[] =
        "const seen = new Set(), bad = [];"
        "const visit = (v, path) => {"
        "  if (Object(v) !== v || seen.has(v)) return; seen.add(v);"
        "  if (v !== globalThis && !Object.isFrozen(v)) bad.push(path);"
        "  visit(Object.getPrototypeOf(v), `${path}.__proto__`);"
        "  for (const k of Reflect.ownKeys(v)) {"
        "    const d = Reflect.getOwnPropertyDescriptor(v, k), at = `${path}.${String(k)}`;"
        "    visit(d.value, at); visit(d.get, at); visit(d.set, at) } };"
        "visit(globalThis, 'globalThis');"
        "const others = [(() => {}), (async () => {}), function* () {}, async function* () {},"
        "  (function* () {}).prototype, (async function* () {}).prototype, [][Symbol.iterator](),"
        "  new Map()[Symbol.iterator](), new Set()[Symbol.iterator](), ''[Symbol.iterator](),"
        "  'a'.matchAll(/a/g), new Uint8Array(), new Compartment(), new TextDecoder(),"
        "  assert.quote(1), assert.details`x`, Promise.resolve(), new Proxy(() => {}, {})];"
        "others.forEach((o, i) => visit(Object.getPrototypeOf(o), `${i}`));"
        "visit(new Compartment().evaluate('Compartment'), 'Compartment');"
        "visit(Object.getPrototypeOf(new Compartment().globalThis), 'inner globals');"
        "visit((function () { return Object.getOwnPropertyDescriptor(arguments, 'callee').get })(),"
        "  'thrower');"
        "assert(seen.size > 500); bad.join()";
    assert_string_equal(eval_once(walk), "");
}

static void constructors_of_functions_throw(void **state)
{
    (void)state;
    assert_int_equal(status_once("(() => {}).constructor('return 1')"), CS_E_THROWN);
    assert_int_equal(status_once("(async () => {}).constructor('return 1')"), CS_E_THROWN);
    assert_int_equal(status_once("(function* () {}).constructor('return 1')"), CS_E_THROWN);
    assert_string_equal(eval_once("(function () { return typeof this })()"), "undefined");
}

static void no_clock_and_no_random_numbers(void **state)
{
    (void)state;
    assert_int_equal(status_once("Date.now()"), CS_E_THROWN);
    assert_int_equal(status_once("new Date()"), CS_E_THROWN);
    assert_int_equal(status_once("Math.random()"), CS_E_THROWN);
    assert_int_equal(status_once("new (new Date(0).constructor)()"), CS_E_THROWN);
    assert_string_equal(eval_once("new Date(0).toString()"), "Thu Jan 01 1970 00:00:00 GMT+0000");
    assert_string_equal(eval_once("new Date(1700000000000).getTimezoneOffset()"), "0");
    assert_string_equal(eval_once("new Date(2020, 1, 29, 12).toISOString()"),
                        "2020-02-29T12:00:00.000Z");
}

static void global_this_is_not_extensible(void **state)
{
    (void)state;
    assert_int_equal(status_once("globalThis.leak = 1"), CS_E_THROWN);
    assert_int_equal(status_once("leak = 1"), CS_E_THROWN);
    assert_string_equal(eval_once("let e; try { undeclared } catch (error) { e = error } e.name"),
                        "ReferenceError");
    assert_string_equal(eval_once("typeof undeclared"), "undefined");
}

static void prototypes_cannot_be_changed(void **state)
{
    (void)state;
    assert_int_equal(status_once("Object.prototype.x = 1"), CS_E_THROWN);
    assert_int_equal(status_once("Array.prototype.push = 1"), CS_E_THROWN);
    assert_int_equal(status_once("Promise.prototype.then = 1"), CS_E_THROWN);
    assert_int_equal(status_once("console.log = 1"), CS_E_THROWN);
    assert_int_equal(status_once("Object = 1"), CS_E_THROWN);
}

/* Assigning to a property whose name a frozen prototype also has makes one's own. */
static void there_is_no_override_mistake(void **state)
{
    (void)state;
    assert_string_equal(eval_once("class My extends Error { constructor(m) { super(m);"
                                  " this.name = 'My' } } const e = new My('x');"
                                  "[String(e), e instanceof My].join()"),
                        "My: x,true");
    assert_string_equal(eval_once("const o = {}; o.toString = () => 'mine'; `${o}`"), "mine");
    assert_string_equal(eval_once("const a = [1]; a.join = () => 'mine'; `${a.join()}`"), "mine");
    assert_string_equal(eval_once("const f = () => {}; f.name2 = 1; f.call = 2; f.call"), "2");
    assert_string_equal(eval_once("const o = {}; o['constructor'] = 5; o.constructor"), "5");
    /* The standard's rule stays for what a vat froze itself. */
    assert_int_equal(status_once("const p = Object.freeze({ x: 1 });"
                                 "Object.create(p).x = 2"),
                     CS_E_THROWN);
}

static void weak_collections_take_objects_of_the_base(void **state)
{
    (void)state;
    assert_string_equal(
        eval_once("const w = new WeakMap([[Object, 1]]), k = {};"
                  "w.set(k, 2).set(Object, 3).set(console, 4);"
                  "[w.get(Object), w.get(k), w.get(console), w.has(Array), w.delete(Object),"
                  " w.has(Object), w.delete(Object), w.get(Object), w.get(1), w.has('x')].join()"),
        "3,2,4,false,true,false,false,,,false");
    assert_string_equal(eval_once("const s = new WeakSet([Math]), k = {}; s.add(k).add(JSON);"
                                  "[s.has(Math), s.has(JSON), s.has(k), s.has(Map),"
                                  " s.delete(Math), s.has(Math)].join()"),
                        "true,true,true,false,true,false");
    assert_int_equal(status_once("new WeakMap().set(1, 1)"), CS_E_THROWN);
    assert_int_equal(status_once("WeakMap.prototype.get.call({}, Object)"), CS_E_THROWN);
    assert_int_equal(status_once("WeakMap.prototype.set.call(new WeakSet(), Object)"), CS_E_THROWN);
}

static void heaps_share_nothing_that_changes(void **state)
{
    (void)state;
    fixture a, b;
    fixture_init(&a, NULL);
    fixture_init(&b, NULL);
    (void)eval(&a, "Symbol.for('only a'); const w = new WeakMap([[Object, 'a']]);"
                   "globalThis.Compartment.x");
    assert_string_equal(eval(&b, "new WeakMap().get(Object)"), "undefined");
    (void)eval(&a, "/x(.)/.exec('xy')");
    assert_string_equal(eval(&b, "String(RegExp.$1) + RegExp.lastMatch"), "undefinedundefined");
    fixture_fini(&a);
    fixture_fini(&b);
}

static void a_wide_program_runs_over_the_protected_base(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    static const char *const program =
        "class A { #p = 1; inc() { return ++this.#p } static z = 3 } const r = [new A().inc()];"
        "const m = new Map([[1, { x: 'y' }], ['k', [1, 2, 3]]]), s = new Set([1, 2]);"
        "r.push(new WeakMap([[m, s]]).get(m).size, JSON.stringify(JSON.parse('{\"a\":[1,null]}')));"
        "r.push('abc'.replace(/b/g, 'X'), [3, 1, 2].sort().toString(), `${10n ** 20n}`);"
        "r.push(new Date(0).toISOString(), (1.5).toFixed(2), encodeURIComponent('\xc3\xa9'));"
        "const g = function* () { yield 1; yield* [2, 3] }; r.push([...g()].join(''));"
        "r.push(new Proxy({}, { get: (t, k) => String(k) }).foo, Reflect.ownKeys({ a: 1 }).length);"
        "const ta = new Uint8Array([1, 2]); r.push(ta.map(x => x * 2).join(''),"
        "  new DataView(ta.buffer).getUint16(0));"
        "const out = r; Promise.resolve(7).then(async v => { await null;"
        "  for await (const x of [1, 2]) v += x; console.log(v) }); r.join('|')";
    assert_string_equal(eval(&f, program), "2|2|{\"a\":[1,null]}|aXc|1,2,3|100000000000000000000|"
                                           "1970-01-01T00:00:00.000Z|1.50|%C3%A9|123|foo|1|24|258");
    assert_string_equal(f.console, "log: 10\n");
    assert_ok(cs_heap_collect(f.heap));
    fixture_fini(&f);
}

T_MAIN(T(globals_are_those_of_the_list), T(nothing_else_is_reachable),
       T(all_that_is_reachable_is_frozen), T(constructors_of_functions_throw),
       T(no_clock_and_no_random_numbers), T(global_this_is_not_extensible),
       T(prototypes_cannot_be_changed), T(there_is_no_override_mistake),
       T(weak_collections_take_objects_of_the_base), T(heaps_share_nothing_that_changes),
       T(a_wide_program_runs_over_the_protected_base))
