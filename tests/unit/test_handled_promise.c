/* HandledPromise and E as JavaScript meets them, where the package's own output is no measure: what it
 * gets wrong (S23), what it never comes back from, and what must stay hidden. The rest is in
 * test_handled_promise_golden.c. */
#include "test_handled_promise_rig.h"

#include "engine/xs.h"

static void expect(const char *program, const char *printed)
{
    assert_string_equal(rig_once(program), printed);
}

/* S23: in the package own properties of the proxy's target win. */
static void every_name_can_be_sent(void **state)
{
    (void)state;
    expect("const o = { name: () => 'N', length: () => 'L', prototype: () => 'P',\n"
           "  arguments: () => 'A', caller: () => 'C', __proto__: { __proto__: null } };\n"
           "for (const key of ['name', 'length', 'prototype', 'arguments', 'caller'])\n"
           "  show(key, E(o)[key]());\n"
           "show('got', E.get({ name: 5 }).name);\n"
           "show('of a function', E.get((a, b) => 0).length);\n"
           "E.sendOnly({ length: n => log(`only ${n}`) }).length(1);\n",
           "only 1\nname = N\nlength = L\nprototype = P\narguments = A\ncaller = C\n"
           "got = 5\nof a function = 2\n");
}

static void e_shows_no_properties(void **state)
{
    (void)state;
    expect("const e = E({ a() {} });\n"
           "log(Reflect.ownKeys(e).length, JSON.stringify(Object.getOwnPropertyDescriptors(e)));\n"
           "log(Object.getOwnPropertyDescriptor(e, 'a'), 'a' in e, Object.isFrozen(e));\n"
           "log(Reflect.ownKeys(e.a).length, typeof e.a, Object.isFrozen(harden(e.a)));\n"
           "for (const key in e) log(`found ${key}`);\n"
           "log(Object.keys({ ...e }).length, Object.assign({}, e).a);\n"
           "new Map([[e, 1]]).get(e);\n"
           "log(new WeakMap([[e, 7], [e.a, 8]]).get(e));\n",
           "0 {}\nundefined true true\n0 function true\n0 undefined\n7\n");
}

/* In the package a send to a promise that was resolved to itself never ends. */
static void sends_into_a_cycle_are_rejected(void **state)
{
    (void)state;
    expect("const s = kit();\n"
           "show('before', E(s.promise).m());\n"
           "s.resolve(s.promise);\n"
           "show('after', E(s.promise).m());\n"
           "s.promise.catch(() => show('later', E(s.promise).m()));\n"
           "const [a, b] = [kit(), kit()];\n"
           "show('a early', E(a.promise).m());\n"
           "show('b early', E(b.promise).m());\n"
           "a.resolve(b.promise);\n"
           "b.resolve(a.promise);\n"
           "show('a', E(a.promise).m());\n"
           "show('b', E(b.promise).m());\n",
           "before ! promise resolves itself\n"
           "after ! promise resolves itself\n"
           "b early ! promise resolves itself\n"
           "b ! promise resolves itself\n"
           "later ! promise resolves itself\n"
           "a early ! promise resolves itself\n"
           "a ! promise resolves itself\n");
}

/* State is kept in slots of the promise; whatever else is kept there must not be taken for it. */
static void state_is_hidden_and_keeps_apart(void **state)
{
    (void)state;
    expect(
        "class Sub extends HandledPromise {\n"
        "  #secret = 'S';\n"
        "  static resolved(x) { return new Sub(r => r(x)); }\n"
        "  secret() { return this.#secret; }\n"
        "}\n"
        "class Plain extends Promise {\n"
        "  #secret = 5;\n"
        "  static secret(p) { return p.#secret; }\n"
        "}\n"
        "const plain = new Plain(r => r({ m: () => 'm' }));\n"
        "plain[0] = 'indexed';\n"
        "const weak = new WeakMap();\n"
        "const keyed = new Promise(r => { phase(() => r({ m: () => 'keyed' })); });\n"
        "weak.set(keyed, 1);\n"
        "show('keyed', E(keyed).m());\n"
        "log(Plain.secret(plain), plain[0], Reflect.ownKeys(plain).join());\n"
        "show('plain', E(plain).m());\n"
        "const k = kit();\n"
        "weak.set(k.promise, 2);\n"
        "show('waits', E(k.promise).m());\n"
        "const p = k.resolveWithPresence({ applyMethod: (_o, key) => key });\n"
        "weak.set(p, 3);\n"
        "log(weak.get(keyed), weak.get(k.promise), weak.get(p), Reflect.ownKeys(p).length);\n"
        "const sub = Sub.resolved({ m: () => 'sub' });\n"
        "show(sub.secret(), E(sub).m());\n"
        "show('presence', E(p).works());\n",
        "5 indexed 0\n1 2 3 0\nwaits = m\npresence = works\nplain = m\nS = sub\nkeyed = keyed\n");
}

/* Where nobody can be asked any more. */
static void handlers_that_are_no_use(void **state)
{
    (void)state;
    expect("const k = kit();\n"
           "try { k.resolveWithPresence(); } catch (e) { log(e.name, e.message); }\n"
           "show('k', k.promise);\n"
           "const bad = kit({ get applyMethod() { throw Error('no getter'); } });\n"
           "show('getter', E(bad.promise).m());\n"
           "const proxy = kit(new Proxy({}, { get() { throw Error('trapped'); } }));\n"
           "show('trap', E(proxy.promise).m());\n",
           "TypeError Handler \"[undefined]\" cannot be a primitive\n"
           "k ! Handler \"[undefined]\" cannot be a primitive\n"
           "getter ! no getter\ntrap ! trapped\n");
}

/* A promise that is resolved lets go of its handler, even of one that is just being asked. */
static void a_handler_may_resolve_its_promise(void **state)
{
    (void)state;
    static const char program[] =
        "let k = kit({\n"
        "  get applyMethodSendOnly() { k.resolve({ m: () => log('not asked') }); k = undefined; },\n"
        "  applyMethod: (_p, key, args) => log('handler', key, args),\n"
        "});\n"
        "E.sendOnly(k.promise).m(1);\n";
    (void)rig_stress(true);
    const char *printed = rig_once(program);
    (void)rig_stress(false);
    assert_string_equal(printed, "handler m 1\n");
}

/* Private fields can be put on any object; they stand where our own slots do. */
static void stamped_objects_work_on(void **state)
{
    (void)state;
    expect("class Stamp extends (function f(x) { return x; }) {\n"
           "  #mark = 1;\n"
           "  static of(x) { new Stamp(x); return x; }\n"
           "}\n"
           "const o = { m: x => x };\n"
           "const e = E(o);\n"
           "show('method', Stamp.of(e.m).call(e, 1));\n"
           "show('proxy', Stamp.of(E(o)).m(2));\n"
           "const k = kit();\n"
           "show('promise', E(Stamp.of(k.promise)).m(3));\n"
           "k.resolve(Stamp.of(rig.presence(5)));\n"
           "rig.onSend(2);\n"
           "show('local', E(Stamp.of({ m: x => x })).m(4));\n",
           "send 5 method m (3)\nmethod = 1\nproxy = 2\npromise = 3\nlocal = 4\n");
}

/* Throwing things that cannot be hardened, or that throw when looked at. */
static void hostile_reasons_and_targets(void **state)
{
    (void)state;
    expect("const soft = new Proxy({}, { preventExtensions() { throw Error('stays soft'); } });\n"
           "show('reason', E(() => { throw soft; })());\n"
           "show('answer', E(() => soft)());\n"
           "try { E(soft).m(); } catch (e) { log(`target: ${e.message}`); }\n"
           "try { E(x => x)(soft); } catch (e) { log(`argument: ${e.message}`); }\n"
           "try { kit().reject(soft); } catch (e) { log(`reject: ${e.message}`); }\n"
           "const getter = { get then() { throw Error('then'); }, m: () => 'm' };\n"
           "show('getter', E(getter).m());\n"
           "E.sendOnly(getter).m();\n",
           "target: stays soft\nargument: stays soft\nreject: stays soft\n"
           "reason ! stays soft\nanswer ! stays soft\ngetter ! then\n");
}

/* Resolving again from inside, while the first value is looked at. */
static void resolving_is_not_reentrant(void **state)
{
    (void)state;
    expect(
        "const k = kit();\n"
        "k.resolve({ get then() { k.resolve('inner'); k.reject('inner'); return undefined; } });\n"
        "show('k', k.promise.then(v => typeof v));\n"
        "const l = kit();\n"
        "l.resolve({ then(r) { l.resolve(1); r(2); l.reject(3); } });\n"
        "show('l', l.promise);\n",
        "k = object\nl = 2\n");
}

static void promise_kit_lets_go(void **state)
{
    (void)state;
    expect("const k = makePromiseKit();\n"
           "show('waits', E(k.promise).m(1));\n"
           "k.resolve({ m: x => x });\n"
           "k.reject('ignored');\n"
           "const forever = new Promise(() => {});\n"
           "const race = async n => { for (let i = 0; i < n; i += 1)\n"
           "  await racePromises([forever, i]); return 'raced'; };\n"
           "show('race', race(100));\n"
           "phase(() => show('again', racePromises([forever, 'x'])));\n",
           "waits = 1\nrace = raced\nagain = x\n");
}

/* Each send costs the same, however many are on their way. */
static void the_meter_counts_a_constant_per_send(void **state)
{
    (void)state;
    static const char *const programs[] = {
        "const o = { m() {} }; for (let i = 0; i < 100; i += 1) E(o).m(i);",
        "const o = { m() {} }; for (let i = 0; i < 200; i += 1) E(o).m(i);",
        "const o = { m() {} }; for (let i = 0; i < 2200; i += 1) E(o).m(i);",
    };
    uint64_t used[3];
    for (size_t i = 0; i < 3; i++) {
        rig r;
        rig_init(&r);
        cs_meter_reset(r.heap, 0);
        assert_string_equal(rig_run(&r, programs[i]), "");
        used[i] = cs_meter_read(r.heap);
        rig_fini(&r);
    }
    uint64_t hundred = used[1] - used[0];
    assert_int_equal(used[2] - used[1], 20 * hundred);
    assert_in_range(hundred, 100 * 20, 100 * 120);
}

T_MAIN(T(every_name_can_be_sent), T(e_shows_no_properties), T(sends_into_a_cycle_are_rejected),
       T(state_is_hidden_and_keeps_apart), T(handlers_that_are_no_use),
       T(a_handler_may_resolve_its_promise), T(stamped_objects_work_on),
       T(hostile_reasons_and_targets), T(resolving_is_not_reentrant), T(promise_kit_lets_go),
       T(the_meter_counts_a_constant_per_send))
