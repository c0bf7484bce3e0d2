/* What the heap's owner does with presences and promises of its own (handled_promise.h). */
#include "test_handled_promise_rig.h"

#include "engine/xs.h"
#include "module_util.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void expect(const char *program, const char *printed)
{
    assert_string_equal(rig_once(program), printed);
}

/* --- presences ------------------------------------------------------------------------------------ */

static void sends_to_a_presence_reach_the_owner(void **state)
{
    (void)state;
    expect("const p = rig.presence(7);\n"
           "E(p).method(1, 'two');\n"
           "E(p)[Symbol.for('s')]();\n"
           "E(p)[5](null);\n"
           "E(p)('called');\n"
           "E.get(p).key;\n"
           "E.sendOnly(p).quiet([3]);\n"
           "E.sendOnly(p)(4);\n"
           "HandledPromise.getSendOnly(p, 'k');\n"
           "HandledPromise.applyMethod(p, 'static', new Set([6]));\n"
           "E(Promise.resolve(p)).settled();\n"
           "E(new Promise(r => phase(() => r(p)))).later();\n"
           "log('sent');\n",
           "sent\nsend 7 method method (1,two)\nsend 7 method @Symbol(s) ()\nsend 7 method 5 ()\n"
           "send 7 call (called)\nsend 7 get key\nsend 7 method quiet (3) only\n"
           "send 7 call (4) only\nsend 7 get k only\nsend 7 method static (6)\n"
           "send 7 method settled ()\nsend 7 method later ()\n");
}

static void a_presence_shows_nothing(void **state)
{
    (void)state;
    expect("const p = rig.presence(2 ** 53 - 1);\n"
           "log(Object.isFrozen(p), Reflect.ownKeys(p).length, typeof p, rig.handle(p));\n"
           "log(Object.getPrototypeOf(p) === Object.prototype, isPromise(p), 'then' in p);\n"
           "const proto = harden({ [Symbol.toStringTag]: 'Alleged: x' });\n"
           "const q = rig.presence(1, proto);\n"
           "log(q, Object.getPrototypeOf(q) === proto, rig.handle(q));\n"
           "log(rig.handle({}), rig.handle(Object.create(p)), rig.handle(new TextDecoder()));\n"
           "log(new WeakMap([[p, 'weak']]).get(p), new Set([p]).has(p), rig.handle(p));\n"
           "show('local', E(Object.create(p)).m());\n",
           "true 0 object 9007199254740991\ntrue false false\n[object Alleged: x] true 1\n0 0 0\n"
           "weak true 9007199254740991\nlocal ! target has no method \"m\", has []\n");
}

static void a_presence_has_one_promise(void **state)
{
    (void)state;
    expect("const p = rig.presence(3);\n"
           "const q = E.resolve(p);\n"
           "log(q === E.resolve(p), HandledPromise.resolve(q) === q, Object.isFrozen(q));\n"
           "q.then(v => log(v === p));\n"
           "E.when(p, v => log('when', v === p));\n"
           "E(q).m();\n"
           "const k = kit();\n"
           "show('before', E(k.promise).a());\n"
           "k.resolve(q);\n"
           "E(k.promise).b();\n"
           "log(k.resolveWithPresence() === q);\n"
           "rig.onSend(2);\n",
           "true true true\ntrue\ntrue\nwhen true\nsend 3 method m ()\nsend 3 method a ()\n"
           "send 3 method b ()\nbefore = \n");
}

/* A promise resolved to a presence sends there at once, not when it is settled. */
static void a_promise_for_a_presence_is_short_cut(void **state)
{
    (void)state;
    expect("clock(4);\n"
           "const p = rig.presence(4);\n"
           "const [a, b, c, d] = [kit(), kit(), kit(), kit()];\n"
           "a.resolve(p);\n"
           "b.resolve(a.promise);\n"
           "E(c.promise).early();\n"
           "c.resolve(b.promise);\n"
           "E(a.promise).a();\n"
           "E(b.promise).b();\n"
           "E(c.promise).c();\n"
           "d.resolve(new Promise(r => r(p)));\n"
           "E(d.promise).d();\n",
           "-- 1\nsend 4 method early ()\nsend 4 method a ()\nsend 4 method b ()\n"
           "send 4 method c ()\n-- 2\n-- 3\nsend 4 method d ()\n-- 4\n");
}

/* --- promises ------------------------------------------------------------------------------------- */

static void sends_to_a_native_promise_reach_the_owner(void **state)
{
    (void)state;
    expect("const p = rig.promise(9);\n"
           "log(Object.isFrozen(p), isPromise(p), p.constructor === Promise, rig.handle(p));\n"
           "log(HandledPromise.resolve(p) === p, Reflect.ownKeys(p).length);\n"
           "E(p).m(1);\n"
           "E.get(p).k;\n"
           "E(p)();\n"
           "E.sendOnly(p).only();\n"
           "const k = kit();\n"
           "k.resolve(p);\n"
           "E(k.promise).forwarded();\n",
           "true true true 9\ntrue 0\nsend 9 method m (1)\nsend 9 get k\nsend 9 call ()\n"
           "send 9 method only () only\nsend 9 method forwarded ()\n");
}

static void a_native_promise_is_settled_once(void **state)
{
    (void)state;
    expect("clock(3);\n"
           "const [p, q] = [rig.promise(9), rig.promise(10)];\n"
           "show('p', p);\n"
           "show('sent before', E(p).m(1));\n"
           "rig.resolve(p, { m: x => x });\n"
           "log(rig.handle(p));\n"
           "show('sent after', E(p).m(2));\n"
           "rig.resolve(p, 5);\n"
           "rig.reject(p, 6);\n"
           "show('q', q);\n"
           "rig.reject(q, Error('no'));\n"
           "log(rig.handle(q));\n"
           "rig.resolve(q, 7);\n"
           "show('to q', E(q).m());\n",
           "0\n0\n-- 1\np = [object Object]\nq ! no\n-- 2\nsent before = 1\nsent after = 2\n"
           "-- 3\nto q ! no\n");
}

/* Resolved like any promise: promises and thenables are followed, itself is refused. */
static void a_native_promise_follows(void **state)
{
    (void)state;
    expect("clock(5);\n"
           "const p = [1, 2, 3, 4, 5].map(rig.promise);\n"
           "p.forEach((x, i) => show(`p${i}`, x));\n"
           "rig.resolve(p[0], Promise.resolve('promise'));\n"
           "rig.resolve(p[1], { then: r => r('thenable') });\n"
           "rig.resolve(p[2], p[3]);\n"
           "E(p[2]).m();\n"
           "rig.resolve(p[3], p[2]);\n"
           "rig.resolve(p[4], p[4]);\n"
           "E(p[4]).m().catch(e => log(e.message));\n",
           "-- 1\np3 ! promise resolves itself\np4 ! promise resolves itself\n-- 2\n"
           "p1 = thenable\n-- 3\np0 = promise\np2 ! promise resolves itself\n"
           "promise resolves itself\n-- 4\n-- 5\n"
           "unhandled: promise resolves itself\n");
}

static void handles_can_be_given_and_taken(void **state)
{
    (void)state;
    expect("const p = rig.promise(0);\n"
           "E(p).waits(1);\n"
           "E.get(p).waits;\n"
           "phase(() => { log('given'); rig.setHandle(p, 5); E(p).direct(2); });\n"
           "phase(() => { rig.setHandle(p, 6); E(p).renamed(3); });\n"
           "phase(() => { rig.setHandle(p, 0); E(p).again(4); });\n"
           "phase(() => { log('resolved'); rig.resolve(p, { again: x => log('again', x) }); });\n",
           "given\nsend 5 method direct (2)\nsend 5 method waits (1)\nsend 5 get waits\n"
           "send 6 method renamed (3)\nresolved\nagain 4\n");
}

/* The answer of a send is a promise of the owner's, to which one can send at once. */
static void pipelining(void **state)
{
    (void)state;
    expect("rig.onSend(1);\n"
           "const a = E(rig.presence(1)).a();\n"
           "const b = E(a).b();\n"
           "const c = E.get(b).c;\n"
           "const d = E(c)('d');\n"
           "log(rig.handle(a), rig.handle(b));\n"
           "phase(() => log([a, b, c, d].map(rig.handle).join()));\n"
           "phase(() => { show('a', a); show('d', d); rig.resolve(d, 'done');\n"
           "  show('late', E(d).toUpperCase()); });\n"
           "phase(() => { rig.reject(a, Error('broken')); show('to a', E(a).x()); });\n",
           "0 0\nsend 1 method a ()\nsend 101 method b ()\nsend 102 get c\nsend 103 call (d)\n"
           "101,102,103,104\nd = done\nlate = DONE\na ! broken\nto a ! broken\n");
}

/* In the package the promise of an answer follows one that the owner's handler made, and so settles
 * a turn later than that. */
static void an_answer_settles_one_turn_later(void **state)
{
    (void)state;
    expect("rig.onSend(1);\n"
           "const presence = rig.presence(1);\n"
           "const [answer, failure, plain] = [E(presence).a(), E(presence).b(), rig.promise(5)];\n"
           "phase(() => {\n"
           "  clock(3);\n"
           "  show('answer', answer); show('failure', failure); show('plain', plain);\n"
           "  rig.resolve(answer, 1); rig.reject(failure, 2); rig.resolve(plain, 3);\n"
           "  rig.resolve(answer, 4); rig.reject(plain, 5);\n"
           "  log(rig.handle(answer), rig.handle(plain));\n"
           "});\n"
           "const late = E(presence).c();\n"
           "phase(() => {\n"
           "  clock(3);\n"
           "  rig.resolve(late, presence);\n"
           "  E(late).direct();\n"
           "  show('late', late.then(v => v === presence));\n"
           "});\n",
           "send 1 method a ()\nsend 1 method b ()\nsend 1 method c ()\n0 0\n"
           "-- 1\nplain = 3\n-- 2\nanswer = 1\nfailure ! 2\n-- 3\n"
           "-- 1\nsend 1 method direct ()\n-- 2\n-- 3\nlate = true\n");
}

/* The same program with an owner in JavaScript, made of handlers as liveslots makes them, and with the
 * native one: turn for turn the same. */
static const char owner_js[] =
    "const keys = new Map();\n"
    "const h = { applyMethod(_p, key) { log(`send ${key}`); const k = kit(h);\n"
    "  keys.set(key, k); return k.promise; } };\n"
    "const presence = kit().resolveWithPresence(h);\n"
    "const imported = kit(h);\n"
    "keys.set('imported', imported);\n"
    "const given = imported.promise;\n"
    "const send = (target, key) => E(target)[key]();\n"
    "const settle = (key, value) => keys.get(key).resolve(value);\n"
    "const fail = (key, reason) => keys.get(key).reject(reason);\n";

static const char owner_native[] =
    "rig.onSend(5);\n"
    "const presence = rig.presence(1);\n"
    "const given = rig.promise(2);\n"
    "const send = (target, key) => E(target)[key]();\n"
    "const promiseOf = key => (key === 'imported' ? given : rig.results[key]);\n"
    "const settle = (key, value) => rig.resolve(promiseOf(key), value);\n"
    "const fail = (key, reason) => rig.reject(promiseOf(key), reason);\n";

static const char two_owners[] =
    "const all = {};\n"
    "const note = (key, p) => { all[key] = p; show(key, p.then(v => typeof v)); return p; };\n"
    "const go = (target, key) => note(key, send(target, key));\n"
    "go(presence, 'a'); go(all.a, 'b'); go(all.b, 'c'); go(given, 'd'); go(presence, 'e');\n"
    "const k = kit(); go(k.promise, 'f'); go(all.f, 'g'); E.resolve(presence).then(() => log('p'));\n"
    "phase(() => { clock(6); settle('a', 1); fail('b', Error('b')); settle('imported', presence);\n"
    "  note('x', E(all.a).toFixed()); go(given, 'h'); go(all.e, 'i'); k.resolve(all.e); });\n"
    "phase(() => { clock(8); settle('e', presence); go(all.e, 'j'); settle('d', { m: () => 5 });\n"
    "  note('y', E(all.d).m()); });\n"
    "phase(() => { clock(8); settle('f', Promise.resolve(6)); settle('h', all.i);\n"
    "  settle('i', presence); go(all.h, 'l'); fail('j', Error('j')); note('z', E(all.j).m()); });\n"
    "phase(() => { clock(6); for (const key of ['c', 'g', 'l']) settle(key, null);\n"
    "  const late = kit(); late.resolve(all.l); note('late', E(late.promise).m()); });\n";

static void native_and_handlers_take_the_same_turns(void **state)
{
    (void)state;
    char program[8192];
    (void)snprintf(program, sizeof program, "%s%s", owner_js, two_owners);
    char *expected = strdup(rig_once(program));
    (void)snprintf(program, sizeof program, "%s%s", owner_native, two_owners);
    expect(program, expected);
    assert_non_null(strstr(expected, "send l"));
    free(expected);
}

static void the_owner_may_answer_at_once_or_throw(void **state)
{
    (void)state;
    expect("const p = rig.presence(1);\n"
           "rig.onSend(2);\n"
           "show('echo', E(p).m(1, 2));\n"
           "phase(() => { rig.onSend(3); show('thrown', E(p).m()); E.sendOnly(p).m(); });\n"
           "phase(() => { rig.onSend(0); const left = E(p).left(); E(left).waits();\n"
           "  phase(() => rig.resolve(left, { waits: () => log('delivered') })); });\n",
           "send 1 method m (1,2)\necho = 1,2\nsend 1 method m ()\nsend 1 method m () only\n"
           "thrown ! the owner refuses\nsend 1 method left ()\ndelivered\n");
}

/* --- callbacks ------------------------------------------------------------------------------------ */

static void the_owner_is_told_of_settling(void **state)
{
    (void)state;
    expect("clock(4);\n"
           "let settle;\n"
           "const p = new Promise((r, j) => { settle = [r, j]; });\n"
           "rig.then(p, 1);\n"
           "p.then(() => log('reaction'));\n"
           "rig.then(p, 2 ** 53 - 1);\n"
           "rig.then(Promise.resolve('now'), 3);\n"
           "rig.then(Promise.reject('why'), 4);\n"
           "rig.then(kit(handler('h')).promise, 5);\n"
           "const n = rig.promise(6);\n"
           "rig.then(n, 7);\n"
           "rig.reject(n, 'rejected');\n"
           "E({ go: () => settle[0]('later') }).go();\n",
           "-- 1\nthen 3 fulfilled now\nthen 4 rejected why\nthen 7 rejected rejected\n-- 2\n"
           "then 1 fulfilled later\nreaction\nthen 9007199254740991 fulfilled later\n-- 3\n-- 4\n");
}

static void the_owner_may_send(void **state)
{
    (void)state;
    expect(
        "const o = { m: (...a) => log('m', a) || 'answer', v: 'value', 3: () => 'three' };\n"
        "show('method', rig.send(2, o, 'm', harden([1, 2])));\n"
        "show('get', rig.send(0, o, 'v'));\n"
        "show('call', rig.send(1, (...a) => a.length, undefined, harden([1, 2, 3])));\n"
        "show('index', rig.send(2, o, '3', harden([])));\n"
        "show('symbol', rig.send(2, [5], Symbol.iterator, harden([])).then(i => i.next().value));\n"
        "show('missing', rig.send(2, o, 'no', harden([])));\n"
        "show('promise', rig.send(2, Promise.resolve(o), 'm', harden([])));\n"
        "show('presence', rig.send(2, rig.presence(4), 'm', harden([5])));\n"
        "rig.onSend(2);\n",
        "m 1,2\nm \nsend 4 method m (5)\nmethod = answer\nget = value\ncall = 3\nindex = three\n"
        "missing ! target has no method \"no\", has [\"3\",\"m\"]\npromise = answer\npresence = 5\n"
        "symbol = 5\n");
}

/* --- rejections that nobody handles --------------------------------------------------------------- */

static void unhandled_rejections_are_reported(void **state)
{
    (void)state;
    expect("const p = [1, 2, 3, 4, 5].map(rig.promise);\n"
           "rig.reject(p[0], 'nobody looks');\n"
           "rig.then(p[1], 1);\n"
           "rig.reject(p[1], 'the owner looks');\n"
           "rig.reject(p[2], 'seen later');\n"
           "E.sendOnly(p[2]).m();\n"
           "rig.reject(p[3], 'caught');\n"
           "p[3].catch(() => {});\n"
           "const k = kit();\n"
           "k.resolve(p[4]);\n"
           "rig.reject(p[4], 'followed');\n"
           "rig.onSend(1);\n"
           "const answer = E(rig.presence(1)).m();\n"
           "phase(() => rig.reject(answer, 'answer'));\n"
           "phase(() => E(answer).m());\n",
           "then 1 rejected the owner looks\nsend 1 method m ()\nunhandled: nobody looks\n"
           "unhandled: followed\nunhandled: answer\nunhandled: answer\n");
}

/* --- collection ----------------------------------------------------------------------------------- */

static const char everything[] =
    "rig.onSend(1);\n"
    "let [p, q, w] = [rig.presence(1), rig.promise(2), rig.promise(0)];\n"
    "let answers = [E(p).a({ x: 1 }), E(q).b([2]), E(w).c('three'), E(E(E(p).d()).e()).f()];\n"
    "answers.forEach((a, i) => show(i, a));\n"
    "rig.then(w, 1);\n"
    "rig.then(answers[0], 2);\n"
    "phase(() => { rig.resolve(w, p); rig.resolve(q, Promise.resolve({ late: x => x })); });\n"
    "phase(() => { answers.push(E(q).late('late'), E.resolve(p)); w = undefined; });\n"
    "phase(() => { answers.forEach((a, i) => rig.resolve(a, { answer: i })); p = undefined; });\n"
    "phase(() => { answers.slice(-2).forEach(a => E(a).m()); answers = undefined; });\n"
    "phase(() => log('end'));\n";

static void state_survives_collections(void **state)
{
    (void)state;
    char *plain = strdup(rig_once(everything));
    assert_non_null(strstr(plain, "send 1 method c (three)"));
    if (rig_stress(true)) {
        const char *stressed = rig_once(everything);
        (void)rig_stress(false);
        assert_string_equal(stressed, plain);
    }
    free(plain);
}

/* --- from C --------------------------------------------------------------------------------------- */

typedef struct seen {
    uint64_t data, handle;
    bool is_promise, survived;
} seen;

static void note_settled(cs_machine *the, void *guest, uint64_t data, bool fulfilled,
                         cs_slot *value)
{
    (void)the;
    (void)value;
    seen *s = guest;
    s->data = fulfilled ? data : 0;
}

static void make_extremes(cs_machine *the, void *arg)
{
    seen *s = arg;
    cs_presence_push(the, UINT64_MAX, NULL);
    s->handle = cs_presence_handle(the->stack->value.reference);
    s->is_promise = cs_is_promise(the->stack->value.reference);
    cs_promise_push(the, UINT64_MAX - 1);
    cs_slot *promise = the->stack->value.reference;
    s->survived = cs_promise_handle(promise) == UINT64_MAX - 1;
    cs_promise_then(the, promise, note_settled, UINT64_MAX - 2);
    fxCollectGarbage(the);
    mxPushUndefined();
    cs_promise_resolve(the, promise, the->stack);
}

static void handles_and_data_have_64_bits(void **state)
{
    (void)state;
    seen s = { 0 };
    cs_heap *h = NULL;
    cs_heap_options options = { .guest = &s };
    assert_ok(cs_heap_new(t_base(), &options, &h, NULL));
    assert_ok(cs_fence(h, make_extremes, &s, NULL));
    assert_ok(cs_heap_drain(h, NULL));
    assert_true(s.handle == UINT64_MAX);
    assert_true(s.survived);
    assert_false(s.is_promise);
    assert_true(s.data == UINT64_MAX - 2);
    h = cs_heap_free(h);
}

T_MAIN(T(sends_to_a_presence_reach_the_owner), T(a_presence_shows_nothing),
       T(a_presence_has_one_promise), T(a_promise_for_a_presence_is_short_cut),
       T(sends_to_a_native_promise_reach_the_owner), T(a_native_promise_is_settled_once),
       T(a_native_promise_follows), T(handles_can_be_given_and_taken), T(pipelining),
       T(an_answer_settles_one_turn_later), T(native_and_handlers_take_the_same_turns),
       T(the_owner_may_answer_at_once_or_throw), T(the_owner_is_told_of_settling),
       T(the_owner_may_send), T(unhandled_rejections_are_reported), T(state_survives_collections),
       T(handles_and_data_have_64_bits))
