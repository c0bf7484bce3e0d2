/* What an eventual send costs, from the call to the last job: 300 in one turn, as one delivery of a
 * busy vat makes, then the jobs until all is quiet. Beside it what XS's own promises cost, and how
 * many computrons each takes.
 *
 *   bench_promise
 *
 * Prints one line a figure: the processor's time of the best of some runs. */
#include "engine/handled_promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { RUNS = 100, SENDS = 300 };

static const struct {
    const char *name, *statement;
} cases[] = {
    { "E(local).m(x)", "E(o).m(i)" },
    { "E(local).m(x), async method", "E(o).a(i)" },
    { "E(native presence).m(x)", "E(native).m(i)" },
    { "E(native promise).m(x)", "E(pending).m(i)" },
    { "E(E(native).a()).b()", "E(E(native).a()).b()" },
    { "E(presence, JS handler).m(x)", "E(presence).m(i)" },
    { "E(pending, JS handler).m(x)", "E(handled).m(i)" },
    { "E(fulfilled promise).m(x)", "E(fulfilled).m(i)" },
    { "E(E(local).a()).b()", "E(E(o).self()).m(i)" },
    { "E.sendOnly(local).m(x)", "E.sendOnly(o).m(i)" },
    { "E.sendOnly(native).m(x)", "E.sendOnly(native).m(i)" },
    { "HandledPromise.applyMethod", "HandledPromise.applyMethod(o, 'm', [i])" },
    { "send, then resolve", "let r; E(new HandledPromise(x => { r = x; })).m(i); r(o)" },
    { "Promise.resolve().then()", "Promise.resolve(i).then(f)" },
    { "async function, one await", "g()" },
    { "o.m(x)", "o.m(i)" },
};

static const char source[] =
    "const o = harden({ m: x => x, async a(x) { return x; }, self: () => o });\n"
    "const f = x => x;\n"
    "const g = async () => { await null; };\n"
    "const handled = new HandledPromise(() => {}, { applyMethod: () => 1 });\n"
    "let presence;\n"
    "new HandledPromise((_a, _b, r) => { presence = r({ applyMethod: () => 1 }); });\n"
    "const fulfilled = Promise.resolve(o);\n";

static double now_us(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* The owner makes every result native, as liveslots does, and never answers. */
static void get_send(cs_machine *the, void *guest, const cs_outgoing *out)
{
    (void)guest;
    if (out->result != NULL)
        cs_promise_set_handle(the, out->result, 2);
}

/* In the start realm, where E is a global. A vat imports it, so the cases have it as a variable. */
static void evaluate(cs_machine *the, void *arg)
{
    mxPush(mxGlobal);
    mxDub();
    mxGetID(mxID(_eval));
    mxCall();
    cs_push_text(the, cs_bytes_of(arg));
    mxRunCount(1);
    mxPop();
}

static void define(cs_machine *the, const char *name)
{
    mxPush(mxGlobal);
    fxDefineID(the, cs_id(the, name), XS_NO_FLAG, XS_NO_FLAG);
    mxPop();
}

static void make_natives(cs_machine *the, void *arg)
{
    (void)arg;
    cs_presence_push(the, 1, NULL);
    define(the, "native");
    cs_promise_push(the, 2);
    define(the, "pending");
}

/* globalThis.bench */
static void call_bench(cs_machine *the, void *arg)
{
    (void)arg;
    mxPushUndefined();
    mxPush(mxGlobal);
    mxGetID(cs_id(the, "bench"));
    mxCall();
    mxRunCount(0);
    mxPop();
}

static void need(cs_status st, const cs_error *err)
{
    if (st == CS_OK)
        return;
    (void)fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void run(cs_heap *h, const char *statement)
{
    char text[1024];
    cs_error err;
    (void)snprintf(text, sizeof text,
                   "globalThis.bench = ((E, HandledPromise, native, pending) => {\n%s"
                   "return () => { for (let i = 0; i < %d; i += 1) { %s; } };\n"
                   "})(E, HandledPromise, native, pending);",
                   source, SENDS, statement);
    need(cs_fence(h, evaluate, text, &err), &err);
    need(cs_heap_drain(h, &err), &err);
}

/* One turn of sends and all that follows; returns its time. */
static double measure(cs_heap *h)
{
    cs_error err;
    cs_heap_collect(h);
    cs_meter_reset(h, 0);
    double start = now_us();
    need(cs_fence(h, call_bench, NULL, &err), &err);
    need(cs_heap_drain(h, &err), &err);
    return now_us() - start;
}

static void bench(cs_base *base, size_t i)
{
    cs_error err;
    cs_heap *h = NULL;
    need(cs_heap_new(base, &(cs_heap_options){ 0 }, &h, &err), &err);
    cs_heap_set_send(h, get_send);
    need(cs_fence(h, make_natives, NULL, &err), &err);
    run(h, cases[i].statement);
    double best = measure(h);
    for (int n = 1; n < RUNS; n++) {
        double us = measure(h);
        best = us < best ? us : best;
    }
    printf("%-30s %6.2f us   %4.0f computrons\n", cases[i].name, best / SENDS,
           (double)cs_meter_read(h) / SENDS);
    h = cs_heap_free(h);
}

int main(void)
{
    static const cs_base_parts parts = { 0 };
    cs_base *base;
    cs_error err;
    need(cs_base_new(&parts, &base, &err), &err);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        bench(base, i);
    base = cs_base_free(base);
    return 0;
}
