/* What a forced collection costs, by what the heap holds: the pause of a vat, and under the policy
 * `prompt` a price of every crank. Before each collection the vat does a little work, so that there
 * is something to collect.
 *
 *   bench_collect [NAME]
 *
 * One line a heap: what lives, then us per collection (the median of some runs) and how it splits: `mark`
 * until the owner's hooks are called, `hooks`, `sweep` of weak entries, slots and chunks. The owner keeps its presences as liveslots does: in a weak table, all looked at. */
#include "engine/handled_promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { PRESENCES_MAX = 200 * 1000, RUNS_MAX = 2000 };

/* The processor's time, where asking for it takes much less than what is measured. */
static clockid_t clock_used;

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(clock_used, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* --- the owner ------------------------------------------------------------------------------------- */

static struct {
    cs_slot *presences[PRESENCES_MAX];
    size_t count;
    double hooks_began, hooks_ended;
} owner;

static void mark(cs_machine *the, void *guest, void (*mark_one)(cs_machine *, cs_slot *))
{
    (void)the, (void)guest, (void)mark_one;
    owner.hooks_began = now_us();
}

static void mark_weak(cs_machine *the, void *guest, void (*mark_one)(cs_machine *, cs_slot *))
{
    (void)guest;
    for (size_t i = 0; i < owner.count; i++)
        mark_one(the, owner.presences[i]);
}

static void sweep(cs_machine *the, void *guest, void (*mark_one)(cs_machine *, cs_slot *))
{
    (void)the, (void)guest, (void)mark_one;
    size_t kept = 0;
    for (size_t i = 0; i < owner.count; i++)
        if (cs_is_live(owner.presences[i]))
            owner.presences[kept++] = owner.presences[i];
    owner.count = kept;
    owner.hooks_ended = now_us();
}

static const cs_heap_hooks hooks = { .mark = mark, .mark_weak = mark_weak, .sweep = sweep };

/* --- heaps ----------------------------------------------------------------------------------------- */

typedef struct heap_case {
    const char *name, *title;
    const char *fill; /* JavaScript, with makePresence() */
    int runs;
} heap_case;

static const heap_case cases[] = {
    { "small", "a small vat", "globalThis.peer = makePresence();", 2000 },
    { "former", "... that was large before",
      "globalThis.peer = makePresence();"
      "(() => { const a = []; for (let i = 0; i < 60000; i++) a.push({ i, t: `t${i}` }); })();",
      2000 },
    { "objects", "... with 1,000 objects",
      "globalThis.peer = makePresence();"
      "globalThis.kept = Array.from({ length: 1000 }, (_, i) => ({ i, name: `object ${i}`, tags: [i] }));",
      2000 },
    { "large", "15 MB",
      "globalThis.peer = makePresence();"
      "globalThis.kept = new Map();"
      "for (let i = 0; i < 13000; i++) kept.set(i, { i, name: `object number ${i}`, tags: [i, 'a', {}],"
      "  text: 'x'.repeat(120), next: () => kept.get(i + 1), big: BigInt(i) ** 3n });",
      200 },
    { "churned", "15 MB of records, churned",
      "globalThis.peer = makePresence(); globalThis.kept = [];"
      "(() => { const make = i => ({ i, name: `record ${i}`, at: [i, i + 1] });"
      "  for (let i = 0; i < 45000; i++) kept.push(make(i));"
      "  for (let i = 0, next = 0; i < 1000000; i++) { const r = make(i);"
      "    if (i % 8 === 0) { kept[next] = r; next = (next + 1) % kept.length; } } })();",
      200 },
    { "presences", "100,000 presences",
      "globalThis.peer = makePresence();"
      "globalThis.kept = []; for (let i = 0; i < 100000; i++) kept.push(makePresence());",
      40 },
};

/* A vat as small ones are: a root object, some helpers, closures with state, one import; and a turn's
 * work. Some 430 slots, like a vat of `capstan bench ping`. */
static const char program[] =
    "(() => {\n"
    "  let hits = 0; const log = []; const others = new Map(); const recent = new WeakMap();\n"
    "  const note = (x, y) => { log[hits % 16] = { x, y, hits }; return log.length; };\n"
    "  const makeCounter = start => { let count = start; return harden({\n"
    "    up: () => { count += 1; return count; }, down: () => { count -= 1; return count; } }); };\n"
    "  const makePurse = (issuer, balance) => harden({ getIssuer: () => issuer,\n"
    "    getBalance: () => balance, deposit(amount, from) { from.take(amount); balance += amount; },\n"
    "    take(amount) { if (amount > balance) throw Error('poor'); balance -= amount; } });\n"
    "  globalThis.root = harden({\n"
    "    hit(peer, n) { hits += 1; note(peer, n); return harden({ hits, n, list: [n, { n }] }); },\n"
    "    get: name => others.get(name), set(name, value) { others.set(name, value); },\n"
    "    async later(p) { const v = await p; return root.hit(v, 1); },\n"
    "  });\n"
    "  recent.set(peer, { since: 0 });\n"
    "  root.set('peer', peer); root.set('counter', makeCounter(5));\n"
    "  root.set('purse', makePurse(root.get('counter'), 100n));\n"
    "  globalThis.turn = () => { root.later(peer); root.hit(peer, `n${hits}`); };\n"
    "})()";

static void make_presence(cs_machine *the)
{
    cs_presence_push(the, owner.count + 1, NULL);
    cs_assert(owner.count < PRESENCES_MAX);
    owner.presences[owner.count++] = the->stack->value.reference;
    *mxResult = *the->stack;
    mxPop();
}

static const cs_native natives[] = { { "makePresence", make_presence, 0 }, { NULL, NULL, 0 } };
static const cs_native *const tables[] = { natives, NULL };

static void push_compartment(cs_machine *the)
{
    mxPush(mxGlobal);
    fxGetID(the, cs_id(the, "compartment"));
}

static void push_global(cs_machine *the)
{
    push_compartment(the);
    fxGetID(the, cs_id(the, "globalThis"));
}

/* The value below `object` becomes a property; both are popped. */
static void define(cs_machine *the, const char *name)
{
    fxDefineID(the, cs_id(the, name), XS_NO_FLAG, XS_NO_FLAG);
    mxPop();
}

/* A compartment, as a vat's, whose global has makePresence. */
static void start(cs_machine *the, void *arg)
{
    (void)arg;
    mxPush(mxCompartmentConstructor);
    fxNew(the);
    fxRunCount(the, 0);
    mxPush(mxGlobal);
    define(the, "compartment");
    fxNewHostFunction(the, make_presence, 0, (txInteger)cs_id(the, "makePresence"), XS_NO_ID);
    push_global(the);
    define(the, "makePresence");
}

static void evaluate(cs_machine *the, void *arg)
{
    push_compartment(the);
    mxDub();
    fxGetID(the, mxID(_evaluate));
    fxCall(the);
    cs_push_text(the, cs_bytes_of(arg));
    fxRunCount(the, 1);
    mxPop();
}

static void work(cs_machine *the, void *arg)
{
    (void)arg;
    mxPushUndefined();
    push_global(the);
    fxGetID(the, cs_id(the, "turn"));
    fxCall(the);
    fxRunCount(the, 0);
    mxPop();
}

static void need(cs_status st, const cs_error *err)
{
    if (st == CS_OK)
        return;
    (void)fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static cs_heap *make(cs_base *base, const heap_case *c)
{
    cs_error err;
    cs_heap *h = NULL;
    owner.count = 0;
    need(cs_heap_new(base, &(cs_heap_options){ .hooks = &hooks }, &h, &err), &err);
    need(cs_fence(h, start, NULL, &err), &err);
    need(cs_fence(h, evaluate, (void *)(uintptr_t)c->fill, &err), &err);
    need(cs_fence(h, evaluate, (void *)(uintptr_t)program, &err), &err);
    need(cs_heap_drain(h, &err), &err);
    return h;
}

/* --- figures --------------------------------------------------------------------------------------- */

typedef struct sample {
    double all, mark, hooks, sweep;
} sample;

static sample collect(cs_heap *h)
{
    double began = now_us();
    (void)cs_heap_collect(h);
    double ended = now_us();
    return (sample){ ended - began, owner.hooks_began - began,
                     owner.hooks_ended - owner.hooks_began, ended - owner.hooks_ended };
}

static int by_all(const void *a, const void *b)
{
    double x = ((const sample *)a)->all, y = ((const sample *)b)->all;
    return (x > y) - (x < y);
}

static void measure(cs_base *base, const heap_case *c)
{
    static sample samples[RUNS_MAX];
    cs_error err;
    cs_heap *h = make(base, c);
    clock_used = c->runs < RUNS_MAX ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
    for (int i = -10; i < c->runs; i++) {
        need(cs_fence(h, work, NULL, &err), &err);
        need(cs_heap_drain(h, &err), &err);
        samples[i < 0 ? 0 : i] = collect(h);
    }
    qsort(samples, (size_t)c->runs, sizeof samples[0], by_all);
    sample s = samples[c->runs / 2];
    printf("%-24s %9.1f kB %9.2f us   mark %9.2f  hooks %8.2f  sweep %9.2f   least %9.2f\n",
           c->title, (double)cs_heap_read_figures(h).live_bytes / 1024, s.all, s.mark, s.hooks,
           s.sweep, samples[0].all);
    h = cs_heap_free(h);
}

int main(int argc, char **argv)
{
    static const cs_base_parts parts = { tables };
    cs_base *base;
    cs_error err;
    need(cs_base_new(&parts, &base, &err), &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        if (argc < 2 || strcmp(argv[1], cases[i].name) == 0)
            measure(base, &cases[i]);
    base = cs_base_free(base);
    return 0;
}
