/* A hundred thousand of everything: time and C stack must not grow faster than the number. What is
 * measured is processor time, with an allowance that only a quadratic way of working exceeds. */
#include "test_handled_promise_rig.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

enum { SECONDS_MAX = 30 };

static void expect(const char *program, const char *printed)
{
    clock_t start = clock();
    assert_string_equal(rig_once(program), printed);
    assert_in_range((clock() - start) / CLOCKS_PER_SEC, 0, SECONDS_MAX);
}

#define N "const n = 100000;\n"

/* Each is resolved to the next: first to last, so that the chain grows at its end. */
static void chains_that_grow_at_the_end(void **state)
{
    (void)state;
    expect(N "const kits = Array.from({ length: n }, () => kit());\n"
             "for (let i = 1; i < n; i += 1) kits[i - 1].resolve(kits[i].promise);\n"
             "show('through', E(kits[0].promise).m(1));\n"
             "show('half way', E(kits[n / 2].promise).m(2));\n"
             "phase(() => kits[n - 1].resolve({ m: x => x }));\n"
             "phase(() => show('again', E(kits[0].promise).m(3)));\n",
           "through = 1\nhalf way = 2\nagain = 3\n");
}

static void chains_that_grow_at_the_beginning(void **state)
{
    (void)state;
    expect(N "const kits = Array.from({ length: n }, () => kit());\n"
             "for (let i = n - 1; i > 0; i -= 1) kits[i - 1].resolve(kits[i].promise);\n"
             "show('through', E(kits[0].promise).m(1));\n"
             "phase(() => kits[n - 1].resolveWithPresence({ applyMethod: (_o, _k, a) => a[0] }));\n"
             "phase(() => show('again', E(kits[0].promise).m(3)));\n",
           "through = 1\nagain = 3\n");
}

static void native_chains(void **state)
{
    (void)state;
    expect(N "const ps = Array.from({ length: n }, () => rig.promise(0));\n"
             "for (let i = 1; i < n; i += 1) rig.resolve(ps[i - 1], ps[i]);\n"
             "E(ps[0]).m(1);\n"
             "phase(() => rig.setHandle(ps[n - 1], 5));\n"
             "phase(() => { E(ps[0]).m(2); rig.reject(ps[n - 1], Error('end')); });\n"
             "ps[0].catch(e => log(e.message));\n",
           "send 5 method m (1)\nend\n"
           "unhandled: end\n");
}

/* A send to the answer of a send to the answer ... Between heaps each is on its way at once. */
static void pipelines(void **state)
{
    (void)state;
    expect(N "rig.onSend(4);\n"
             "let p = rig.presence(1);\n"
             "for (let i = 0; i < n; i += 1) p = E(p).next();\n"
             "show('last', p);\n"
             "phase(() => { log(rig.handle(p)); rig.resolve(p, 'end'); });\n",
           "100100\nlast = end\n");
}

/* Inside a heap the package starts all that wait anew at every step, and so must we: its order of
 * turns depends on it. */
static void local_pipelines(void **state)
{
    (void)state;
    expect("const k = kit();\n"
           "const o = { self: () => o, end: () => 'end' };\n"
           "let p = k.promise;\n"
           "for (let i = 0; i < 300; i += 1) p = E(p).self();\n"
           "show('last', E(p).end());\n"
           "phase(() => k.resolve(o));\n",
           "last = end\n");
}

static void sends_that_wait_for_one_promise(void **state)
{
    (void)state;
    expect(
        N "const k = kit();\n"
          "let resolve;\n"
          "const plain = new Promise(r => { resolve = r; });\n"
          "let count = 0;\n"
          "const o = { m: i => { if (i === count) count += 1; } };\n"
          "for (let i = 0; i < n; i += 1) E(k.promise).m(i);\n"
          "phase(() => k.resolve(o));\n"
          "phase(() => { log(count); count = 0; for (let i = 0; i < n; i += 1) E(plain).m(i); });\n"
          "phase(() => resolve(o));\n"
          "phase(() => log(count));\n",
        "100000\n100000\n");
}

static void reactions_of_one_promise(void **state)
{
    (void)state;
    expect(N "let resolve;\n"
             "const p = new Promise(r => { resolve = r; });\n"
             "let count = 0;\n"
             "for (let i = 0; i < n; i += 1) p.then(() => { count += 1; });\n"
             "(async () => { for (let i = 0; i < 10; i += 1) await p; log('awaited'); })();\n"
             "phase(() => resolve());\n"
             "phase(() => log(count));\n",
           "awaited\n100000\n");
}

static void sends_to_native_presences(void **state)
{
    (void)state;
    expect(N "const ps = Array.from({ length: n }, (_, i) => rig.presence(i + 1));\n"
             "const answers = ps.map(p => E.resolve(p));\n"
             "log(answers.every((a, i) => a === E.resolve(ps[i])));\n"
             "phase(() => log(ps.every((p, i) => rig.handle(p) === i + 1)));\n",
           "true\ntrue\n");
}

T_MAIN(T(chains_that_grow_at_the_end), T(chains_that_grow_at_the_beginning), T(native_chains),
       T(pipelines), T(local_pipelines), T(sends_that_wait_for_one_promise),
       T(reactions_of_one_promise), T(sends_to_native_presences))
