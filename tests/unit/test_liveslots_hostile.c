/* Vats that misbehave: what they do ends with them, and each ending has its status (S6, S9, S10). */
#include "scripted_kernel.h"
#include "t.h"

#include <stdio.h>
#include <string.h>

enum { MILLION = 1000000 };

static int no_limits(void **state)
{
    (void)state;
    sk_limits(0, 0);
    return 0;
}

static bool begins(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}

/* A vat whose root has one method, m. */
static sk *vat_of(const char *method)
{
    char source[4096];
    (void)snprintf(source, sizeof source,
                   "export const buildRootObject = ({ testLog, exitVat }) => Far('root', "
                   "{ hi: () => 'hi', m: %s });",
                   method);
    sk *k = sk_new(source);
    assert_string_equal(sk_start(k, "#{}", ""), "");
    return k;
}

static const char *call(sk *k)
{
    return sk_message(k, "o+0", "#[\"m\",[]]", "", "p-60");
}

/* A vat whose method m ends in that way is dead, and says so whenever it is asked. */
static void dies(const char *method, const char *failure)
{
    sk *k = vat_of(method), *other = vat_of("() => 1");
    const char *trace = call(k);
    const char *last = strstr(trace, "failed ");
    assert_non_null(last);
    assert_true(begins(last, failure));
    assert_true(begins(sk_message(k, "o+0", "#[\"hi\",[]]", "", "p-61"), failure));
    assert_string_equal(call(other), "resolve p-60 #1\n");
    (void)sk_free(k);
    (void)sk_free(other);
}

/* S9 */
static void loops_meet_the_meter(void **state)
{
    (void)state;
    sk_limits(MILLION, 0);
    dies("() => { for (;;) {} }", "failed METER");
    dies("() => { const again = () => Promise.resolve().then(again); again(); }", "failed METER");
    dies("async () => { for (;;) await null; }", "failed METER");
    dies("() => { const o = Far('o', { m: () => E(o).m() }); E(o).m(); }", "failed METER");
    dies("() => { try { for (;;) {} } finally { for (;;) {} } }", "failed METER");
    dies("() => /(a*)*b/.test('a'.repeat(40))", "failed METER");
}

/* Syscalls are made in C, where nothing is metered: each has its price. */
static void sends_meet_the_meter(void **state)
{
    (void)state;
    sk_limits(5 * MILLION, 0);
    sk *k = sk_new("export const buildRootObject = () => Far('root', { m: to => {"
                   " const big = 'x'.repeat(1000000); const go = () => { E(to).m(big);"
                   " Promise.resolve().then(go); }; go(); } });");
    (void)sk_start(k, "#{}", "");
    const char *trace = sk_message(k, "o+0", "#[\"m\",[\"$0\"]]", "o-50", "");
    assert_non_null(strstr(trace, "failed METER"));
    (void)sk_free(k);
}

static void memory_meets_the_limit(void **state)
{
    (void)state;
    sk_limits(0, 8 * 1024 * 1024);
    dies("() => { const l = []; for (;;) l.push({ a: 1 }); }", "failed HEAP_FULL");
    dies("() => { let s = 'x'; for (;;) s += s; }", "failed HEAP_FULL");
    dies("() => new Uint8Array(1e9)", "failed HEAP_FULL");
}

static void recursion_meets_the_stack(void **state)
{
    (void)state;
    dies("() => { const f = () => 1 + f(); return f(); }", "failed STACK");
}

/* The vat is not at fault for what does not settle; its root object must be there, though (S6). */
static void what_never_settles(void **state)
{
    (void)state;
    sk *k = vat_of("() => new Promise(() => {})");
    assert_string_equal(call(k), "");
    assert_string_equal(sk_message(k, "o+0", "#[\"hi\",[]]", "", "p-61"), "resolve p-61 #\"hi\"\n");
    k = sk_free(k);
    k = sk_new("export const buildRootObject = () => new Promise(() => {});");
    assert_string_equal(sk_start(k, "#{}", ""), "failed UNSETTLED: buildRootObject unresolved\n");
    (void)sk_free(k);
}

static void start_fails(const char *source, const char *failure)
{
    sk *k = sk_new(source);
    assert_string_equal(sk_start(k, "#{}", ""), failure);
    (void)sk_free(k);
}

static void roots_that_are_none(void **state)
{
    (void)state;
    start_fails("export const other = 1;",
                "failed THROWN: Error: vat source bundle lacks buildRootObject() function\n");
    start_fails("export const buildRootObject = 5;",
                "failed THROWN: Error: vat source bundle lacks buildRootObject() function\n");
    start_fails("export const buildRootObject = () => { throw Error('no'); };",
                "failed THROWN: Error: no\n");
    start_fails("export const buildRootObject = async () => { await null; throw 'no'; };",
                "failed THROWN: no\n");
    start_fails("export const buildRootObject = () => 5;",
                "failed UNPASSABLE: buildRootObject() returned what is not Far: 5\n");
    sk_limits(MILLION, 0);
    start_fails("let e; export const buildRootObject = () => { e = Far('e', {}); return e; };", "");
    start_fails("export const buildRootObject = async () => { for (;;) {} };",
                "failed METER: more than 1000000 computrons at once\n");
}

static void root_that_was_sent(void **state)
{
    (void)state;
    sk *k = sk_new("export const buildRootObject = (_, { to }) => { const r = Far('r', {});"
                   " E(to).take(r); return E.when(null, () => null).then(() => r); };");
    const char *trace = sk_start(k, "#{\"to\":\"$0\"}", "o-50");
    assert_non_null(strstr(trace, "failed UNPASSABLE: buildRootObject() must return an object"));
    (void)sk_free(k);
}

/* What runs before the first delivery. */
static void programs_that_do_not_load(void **state)
{
    (void)state;
    sk *k = NULL;
    cs_error err = { 0 };
    assert_int_equal(sk_try("export const x = ;", &k, &err), CS_E_SYNTAX);
    assert_null(k);
    assert_int_equal(sk_try("throw Error('at the top');", &k, &err), CS_E_THROWN);
    assert_non_null(strstr(err.text, "at the top"));
    sk_limits(MILLION, 0);
    assert_int_equal(sk_try("for (;;) {}", &k, &err), CS_E_METER);
}

/* Other vats' and kernels' mistakes: rejections, not the end of this vat. */
static void malformed_messages(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "#[",
        "#5",
        "#[]",
        "#[\"m\",5]",
        "#[\"m\",\"$7\"]",
        "#[\"m\",[\"$0\"]]",
        "",
        "#\"#nonsense\"",
        "#[\"m\",[{\"#tag\":1}]]",
        "#[{\"toString\":1},[]]",
        "#[[],[]]",
        "#[\"m\",[\"+1.5\"]]",
        "#[\"m\",null]",
        "{\"@qclass\":\"slot\"",
        "#{\"m\":1}",
        "#null",
    };
    sk *k = vat_of("() => 1");
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        char result[16];
        (void)snprintf(result, sizeof result, "p-%zu", 100 + i);
        const char *trace = sk_message(k, "o+0", bodies[i], "", result);
        if (!begins(trace, "resolve p-") || strstr(trace, "! #{\"#error\":") == NULL)
            fail_msg("%s: %s", bodies[i], trace);
    }
    assert_string_equal(call(k), "resolve p-60 #1\n");
    (void)sk_free(k);
}

static void malformed_resolutions(void **state)
{
    (void)state;
    sk *k = vat_of("p => p");
    (void)sk_message(k, "o+0", "#[\"m\",[\"&0\"]]", "p-70", "p-71");
    const char *trace = sk_notify(k, "p-70", false, "#[", "");
    assert_true(begins(trace, "resolve p-71! #{\"#error\":"));
    (void)sk_free(k);
}

static void deliveries_out_of_place(void **state)
{
    (void)state;
    sk *k = sk_new("export const buildRootObject = () => Far('root', {});");
    assert_true(begins(call(k), "failed PROTOCOL"));
    assert_string_equal(sk_start(k, "#{}", ""), "");
    assert_true(begins(sk_start(k, "#{}", ""), "failed PROTOCOL"));
    assert_true(begins(sk_message(k, "o+77", "#[\"m\",[]]", "", ""), "failed THROWN"));
    (void)sk_free(k);
}

/* S7: 10 MB, 10,000 slots. */
static void too_large_to_send(void **state)
{
    (void)state;
    sk *k = sk_new(
        "export const buildRootObject = ({ testLog, exitVat }) => Far('root', {"
        " body: to => E(to).m('x'.repeat(10000000)).catch(e => testLog(e.message)),"
        " slots: to => E(to).m([...Array(10001)].map(_ => Far('o', {}))).catch(e => testLog(e.message)),"
        " exit: () => exitVat('x'.repeat(10000000)),"
        " both: to => { const p = Promise.resolve('x'.repeat(6000000)), q = Promise.resolve('y'.repeat(6000000));"
        "   E(to).one(p, q); return E.when(Promise.all([p, q]), () => { E(to).two(p, q); }); } });");
    (void)sk_start(k, "#{}", "");
    assert_string_equal(sk_message(k, "o+0", "#[\"body\",[\"$0\"]]", "o-50", ""), "");
    assert_true(strlen(sk_said(k)) > 5);
    assert_string_equal(sk_message(k, "o+0", "#[\"slots\",[\"$0\"]]", "o-50", ""), "");
    assert_true(strlen(sk_said(k)) > 5);
    assert_true(begins(sk_message(k, "o+0", "#[\"exit\",[]]", "", ""), "exit! #{\"#error\":"));
    const char *trace = sk_message(k, "o+0", "#[\"both\",[\"$0\"]]", "o-50", "");
    assert_non_null(strstr(trace, "\nexit! #{\"#error\":\"syscall capdata too large\""));
    (void)sk_free(k);
}

static void too_many_syscalls(void **state)
{
    (void)state;
    sk *k = sk_new("export const buildRootObject = () => Far('root', { m: to => {"
                   " const big = 'x'.repeat(9000000);"
                   " for (let i = 0; i < 40; i += 1) E(to).m(big); } });");
    (void)sk_start(k, "#{}", "");
    (void)sk_message(k, "o+0", "#[\"m\",[\"$0\"]]", "o-50", "");
    assert_int_equal(sk_reply(k)->status, CS_E_TOO_BIG);
    (void)sk_free(k);
}

/* A chain of promises in promises is as long as a vat likes. */
static void long_chains(void **state)
{
    (void)state;
    sk *k = sk_new(
        "export const buildRootObject = () => { let p = Promise.resolve(0); const make = n => {"
        " for (let i = 0; i < n; i += 1) { const q = p; p = Promise.resolve(harden([q])); } };"
        " return Far('root', { make, give: () => p, again: () => p }); };");
    (void)sk_start(k, "#{}", "");
    (void)sk_message(k, "o+0", "#[\"make\",[9000]]", "", "");
    (void)sk_message(k, "o+0", "#[\"give\",[]]", "", "p-61");
    assert_int_equal(sk_reply(k)->status, CS_OK);
    (void)sk_message(k, "o+0", "#[\"again\",[]]", "", "p-62");
    assert_int_equal(sk_reply(k)->status, CS_OK);
    assert_int_equal(sk_reply(k)->syscall_count, 1);
    assert_int_equal(sk_reply(k)->syscalls[0].resolve.count, 9001);
    (void)sk_free(k);
}

/* Errors whose messages are getters that throw such errors. */
static void errors_that_cannot_be_passed(void **state)
{
    (void)state;
    sk *k = sk_new("const evil = n => Object.defineProperty(Error('e'), 'message', {"
                   " get() { throw n > 0 ? evil(n - 1) : 'end'; } });"
                   "export const buildRootObject = () => Far('root', {"
                   " m: n => { throw evil(n); }, v: n => ({ e: evil(n) }),"
                   " a: (to, n) => { E(to).m(evil(n)); } });");
    (void)sk_start(k, "#{}", "");
    for (int n = 0; n < 5; n++) {
        char body[32];
        (void)snprintf(body, sizeof body, "#[\"m\",[%d]]", n);
        assert_true(begins(sk_message(k, "o+0", body, "", "p-60"), "resolve p-60! #"));
        (void)snprintf(body, sizeof body, "#[\"v\",[%d]]", n);
        assert_true(begins(sk_message(k, "o+0", body, "", "p-60"), "resolve p-60"));
        (void)snprintf(body, sizeof body, "#[\"a\",[\"$0\",%d]]", n);
        (void)sk_message(k, "o+0", body, "o-50", "");
        assert_int_equal(sk_reply(k)->status, CS_OK);
    }
    (void)sk_free(k);
}

/* A kernel that gives one result promise twice: refused, and the vat goes on. */
static void result_given_twice(void **state)
{
    (void)state;
    sk *k = vat_of("() => new Promise(() => {})");
    assert_string_equal(call(k), "");
    assert_true(begins(call(k), "failed PROTOCOL"));
    assert_string_equal(sk_message(k, "o+0", "#[\"hi\",[]]", "", "p-61"), "resolve p-61 #\"hi\"\n");
    (void)sk_free(k);
}

/* S17 */
static void intrinsics_are_out_of_reach(void **state)
{
    (void)state;
    sk *k = sk_new(
        "const tries = harden(["
        " () => { Promise.prototype.then = () => {}; },"
        " () => { Object.prototype.x = 1; },"
        " () => { Promise.resolve = () => 1; },"
        " () => { HandledPromise.applyMethod = () => 1; },"
        " () => { Array.prototype[Symbol.iterator] = null; },"
        " () => { globalThis.x = 1; },"
        " () => { undeclared = 1; },"
        " () => VatData.defineKind,"
        " () => new WeakRef({}),"
        " () => new FinalizationRegistry(() => {}),"
        " () => Date.now(),"
        " () => Math.random()]);"
        "export const buildRootObject = ({ testLog }) => Far('root', { m: () => tries.map(f => {"
        " try { f(); return 'done'; } catch (e) { return e.name; } }) });");
    (void)sk_start(k, "#{}", "");
    const char *trace = call(k);
    assert_null(strstr(trace, "done"));
    assert_non_null(strstr(
        trace, "\"ReferenceError\",\"ReferenceError\",\"ReferenceError\",\"ReferenceError\""));
    (void)sk_free(k);
}

/* Code of the vat that runs while we make what it asked for. */
static void getters_and_proxies(void **state)
{
    (void)state;
    sk *k = sk_new(
        "export const buildRootObject = ({ testLog, exitVat }) => Far('root', {"
        " m: to => { const all = ["
        "  { get a() { testLog('ran'); for (;;) {} } },"
        "  new Proxy({ a: 1 }, { get() { testLog('ran'); throw Error('trap'); } }),"
        "  new Proxy([1], { getPrototypeOf() { testLog('ran'); return Array.prototype; } }),"
        "  Object.setPrototypeOf({ a: 1 }, { get then() { testLog('ran'); } }),"
        "  { toJSON() { return 1; } }];"
        "  for (const v of all) E(to).m(v).then(() => testLog('sent'), e => testLog('refused')); } });");
    (void)sk_start(k, "#{}", "");
    (void)sk_message(k, "o+0", "#[\"m\",[\"$0\"]]", "o-50", "");
    assert_int_equal(sk_reply(k)->status, CS_OK);
    assert_null(strstr(sk_said(k), "sent"));
    (void)sk_free(k);
}

/* --- what the collector meets ------------------------------------------------------------------- */

/* Collects until all has been told. */
static void tell_all(sk *k)
{
    do
        (void)sk_boyd(k);
    while (sk_reply(k)->dead_left > 0);
    assert_int_equal(sk_reply(k)->status, CS_OK);
}

/* Each method hides two presences; `forget` lets go of all that the others have made. */
static void weak_maps_in_disguise(void **state)
{
    (void)state;
    static const char *const methods[] = { "nested", "cycle",    "frozen", "subclass", "proxies",
                                           "child",  "holdings", "bound",  "errors",   "tagged" };
    sk *k = sk_new(
        "let all = []; class Map2 extends WeakMap { get(k) { return [super.get(k)]; } }"
        "export const buildRootObject = () => Far('root', {"
        " nested: (x, y) => { const a = new WeakMap(), b = new WeakMap(); a.set(x, b); b.set(y, x); all.push(a); },"
        " cycle: (x, y) => { const a = new WeakMap(); a.set(a, x); a.set(x, a); a.set(y, [a, { y }]); all.push(a); },"
        " frozen: (x, y) => { const a = harden(new WeakMap()), s = Object.freeze(new WeakSet());"
        "   a.set(x, s); s.add(y); all.push(a); },"
        " subclass: (x, y) => { const a = new Map2(); a.set(x, 1); a.set(a.get(x), y); all.push(a); },"
        " proxies: (x, y) => { const p = new Proxy(x, {}), a = new WeakMap(); a.set(p, y); a.set(y, 1); all.push(a, p); },"
        " child: (x, y) => { const c = Object.create(x), s = new WeakSet(); s.add(c); s.add(y); all.push(c, s); },"
        " holdings: (x, y) => { const f = function* () { yield x; }, g = f(); g.next(); all.push(g);"
        "   all.push(async () => { await new Promise(() => {}); return y; }); all[all.length - 1](); },"
        " bound: (x, y) => { all.push(Map.prototype.get.bind(new Map([[x, y]]), x)); },"
        " errors: (x, y) => { const e = Error('e', { cause: x }); e.more = y; all.push(e); },"
        " tagged: (x, y) => { all.push({ get it() { return x; } }, new Map([[Symbol('s'), y]])); },"
        " forget: () => { all = []; } });");
    (void)sk_start(k, "#{}", "");
    for (size_t i = 0; i < 3 * sizeof methods / sizeof methods[0]; i++) {
        char body[64];
        const char *name = methods[i % (sizeof methods / sizeof methods[0])];
        (void)snprintf(body, sizeof body, "#[\"%s\",[\"$0\",\"$1\"]]", name);
        (void)sk_message(k, "o+0", body, i % 2 == 0 ? "o-50 o-51" : "o-52 o-50", "p-60");
        assert_non_null(strstr(sk_message(k, "o+0", body, "o-53 o-51", "p-61"), "resolve p-61 #"));
        (void)sk_boyd(k);
        assert_int_equal(sk_reply(k)->status, CS_OK);
        assert_true(sk_reply(k)->watched > 0);
        if (i % 4 == 3)
            (void)sk_message(k, "o+0", "#[\"forget\",[]]", "", "");
    }
    (void)sk_message(k, "o+0", "#[\"forget\",[]]", "", "");
    tell_all(k);
    assert_int_equal(sk_reply(k)->watched, 0);
    (void)sk_free(k);
}

/* Hundreds of thousands of entries, most of them of objects that nobody can name. */
static void huge_weak_maps(void **state)
{
    (void)state;
    sk *k = sk_new(
        "let wm = new WeakMap(), keys = [];"
        "export const buildRootObject = () => Far('root', { fill: (x, y, n) => { wm.set(x, wm);"
        "  for (let i = 0; i < n; i += 1) { const o = { y }; wm.set(o, x); if (i % 10 === 0) keys.push(o); } },"
        " forget: () => { wm = undefined; keys = []; } });");
    (void)sk_start(k, "#{}", "");
    for (int i = 0; i < 4; i++) {
        (void)sk_message(k, "o+0", "#[\"fill\",[\"$0\",\"$1\",50000]]", "o-50 o-51", "");
        assert_string_equal(sk_boyd(k), "");
    }
    (void)sk_message(k, "o+0", "#[\"forget\",[]]", "", "");
    assert_string_equal(sk_boyd(k), "drop o-50 o-51\nretire o-50 o-51\n");
    (void)sk_free(k);
}

/* Lists and arrays so deep that whoever follows them recursively falls. */
static void deep_heaps(void **state)
{
    (void)state;
    sk *k = sk_new(
        "let top = null; const wm = new WeakMap();"
        "export const buildRootObject = () => Far('root', { dig: (x, n) => { top = [x];"
        "  for (let i = 0; i < n; i += 1) top = i % 2 ? [top] : { top, f: () => top }; },"
        " weak: (x, n) => { let key = x; for (let i = 0; i < n; i += 1) { const o = {};"
        "  wm.set(key, o); key = o; } wm.set(key, [x]); }, forget: x => { top = null; wm.delete(x); } });");
    (void)sk_start(k, "#{}", "");
    (void)sk_message(k, "o+0", "#[\"dig\",[\"$0\",100000]]", "o-50", "");
    assert_string_equal(sk_boyd(k), "");
    (void)sk_message(k, "o+0", "#[\"weak\",[\"$0\",5000]]", "o-51", "");
    assert_string_equal(sk_boyd(k), "");
    (void)sk_message(k, "o+0", "#[\"forget\",[\"$0\"]]", "o-51", "");
    assert_string_equal(sk_boyd(k), "drop o-50 o-51\nretire o-50 o-51\n");
    (void)sk_free(k);
}

/* A dead heap is not collected, and says so. */
static void the_dead_are_not_collected(void **state)
{
    (void)state;
    sk_limits(MILLION, 0);
    sk *k = vat_of("x => { for (;;) {} }");
    sk_collect(k, CS_COLLECT_NOW);
    assert_true(begins(sk_message(k, "o+0", "#[\"m\",[\"$0\"]]", "o-50", ""), "failed METER"));
    assert_false(sk_reply(k)->collected);
    assert_true(begins(sk_boyd(k), "failed METER"));
    assert_true(begins(sk_drop_exports(k, "o+0"), "failed METER"));
    assert_true(begins(sk_retire_exports(k, "o+0"), "failed METER"));
    assert_true(begins(sk_retire_imports(k, "o-50"), "failed METER"));
    (void)sk_free(k);
}

T_MAIN(T_WITH(loops_meet_the_meter, no_limits, no_limits),
       T_WITH(sends_meet_the_meter, no_limits, no_limits),
       T_WITH(memory_meets_the_limit, no_limits, no_limits), T(recursion_meets_the_stack),
       T(what_never_settles), T_WITH(roots_that_are_none, NULL, no_limits), T(root_that_was_sent),
       T_WITH(programs_that_do_not_load, no_limits, no_limits), T(malformed_messages),
       T(malformed_resolutions), T(deliveries_out_of_place), T(too_large_to_send),
       T(too_many_syscalls), T(long_chains), T(errors_that_cannot_be_passed), T(result_given_twice),
       T(intrinsics_are_out_of_reach), T(getters_and_proxies), T(weak_maps_in_disguise),
       T(huge_weak_maps), T(deep_heaps), T_WITH(the_dead_are_not_collected, no_limits, no_limits))
