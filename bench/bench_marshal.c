/* What marshal costs: the small message with one reference of docs/engine.md, and a payload of
 * 8 KB as the peer benchmarks send it (bench/vats/driver.js). Values are encoded for the first time
 * (nothing about them is known yet) and again; what is decoded is hardened.
 *
 *   bench_marshal
 *
 * Prints one line a figure: the processor's time of the best of some runs. */
#include "engine/xs.h"
#include "marshal/marshal.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 30, VALUES = 1000 };

static const char source[] =
    "const item = i => ({\n"
    "  id: BigInt(i) * 1000000007n, name: `item number ${i} of the payload`,\n"
    "  tags: ['red', 'green', 'blue', `t${i}`],\n"
    "  pos: { x: i, y: i * 2, nested: { ok: true, none: null, undef: undefined } },\n"
    "  amounts: [BigInt(i), BigInt(i) + 1n, 3, 4.5],\n"
    "});\n"
    "const message = () => harden(['deposit',\n"
    "  [{ amount: 12346n, brand, memo: 'hello world' }, [1, 2, 3], null, true]]);\n"
    "const payload = () => harden({ kind: 'payload', items: Array.from({ length: 32 }, (_, i) => item(i)) });\n"
    "const many = (make, n) => { const a = []; for (let i = 0; i < n; i++) a.push(make()); return a; };\n";

static double now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

/* --- the other side -------------------------------------------------------------------------------- */

static cs_slot *brand;

static cs_vref vref_of(cs_machine *the, void *ctx, cs_slot *instance, bool is_promise)
{
    (void)the, (void)ctx, (void)is_promise;
    cs_assert(instance == brand);
    return cs_vref_of(CS_REF_OBJECT, true, 1);
}

static void push_value(cs_machine *the, void *ctx, cs_vref vref, cs_bytes iface)
{
    (void)ctx, (void)vref, (void)iface;
    mxPushReference(brand);
}

/* --- one case -------------------------------------------------------------------------------------- */

typedef struct bench {
    const char *name, *make; /* JavaScript: an array of values */
    uint32_t count;
    cs_marshal *m;
    double first_ns, again_ns, decode_ns; /* of one */
    size_t size;
} bench;

/* Evaluates in the compartment, whose globals are the intrinsics and `brand`. */
static void push_evaluated(cs_machine *the, const char *text)
{
    mxPush(mxGlobal);
    mxGetID(cs_id(the, "compartment"));
    mxDub();
    mxGetID(mxID(_evaluate));
    mxCall();
    cs_push_text(the, cs_bytes_of(text));
    mxRunCount(1);
}

static double encode_all(cs_machine *the, const bench *b, cs_slot *values)
{
    double start = now_ns();
    for (uint32_t i = 0; i < b->count; i++) {
        mxPushSlot(values->value.reference->next->value.array.address + i);
        (void)cs_marshal_encode(the, b->m, the->stack);
        mxPop();
    }
    return (now_ns() - start) / b->count;
}

static double decode_all(cs_machine *the, const bench *b, const cs_capdata *data)
{
    double start = now_ns();
    for (uint32_t i = 0; i < b->count; i++) {
        cs_marshal_decode(the, b->m, data);
        mxPop();
    }
    return (now_ns() - start) / b->count;
}

static void least(double *best, double ns)
{
    if (*best == 0 || ns < *best)
        *best = ns;
}

static void run(cs_machine *the, void *arg)
{
    static uint8_t body[64 * 1024];
    bench *b = arg;
    for (int i = 0; i < RUNS; i++) {
        push_evaluated(the, b->make);
        least(&b->first_ns, encode_all(the, b, the->stack));
        least(&b->again_ns, encode_all(the, b, the->stack));
        const cs_slot *value = the->stack->value.reference->next->value.array.address;
        mxPushSlot(value);
        cs_capdata d = cs_marshal_encode(the, b->m, the->stack);
        cs_assert(d.body.size <= sizeof body);
        memcpy(body, d.body.data, d.body.size);
        d.body.data = body;
        b->size = d.body.size;
        mxPop();
        mxPop();
        least(&b->decode_ns, decode_all(the, b, &d));
    }
}

static void define(cs_machine *the, cs_slot *value, cs_slot *object, const char *name)
{
    mxPushSlot(value);
    mxPushSlot(object);
    fxDefineID(the, cs_id(the, name), 0, 0);
    mxPop();
}

static void make_compartment(cs_machine *the, void *arg)
{
    (void)arg;
    mxPush(mxCompartmentConstructor);
    fxNew(the);
    fxRunCount(the, 0);
    define(the, the->stack, &mxGlobal, "compartment");
    mxGetID(mxID(_globalThis));
    cs_slot *global = the->stack;
    cs_push_iface_prototype(the, CS_BYTES("Alleged: Brand"));
    brand = fxNewObjectInstance(the);
    cs_harden(the, the->stack);
    define(the, the->stack, global, "brand");
    push_evaluated(the, source);
}

static void need(cs_status st, const cs_error *err)
{
    if (st == CS_OK)
        return;
    (void)fprintf(stderr, "%s\n", err->text);
    exit(1);
}

int main(void)
{
    static const cs_native *const tables[] = { cs_marshal_natives, NULL };
    static const cs_base_parts parts = { tables };
    static const cs_heap_options options = { 0 };
    static const cs_slot_ops ops = { vref_of, push_value };
    bench benches[] = {
        { .name = "message, one reference", .make = "many(message, 1000)", .count = VALUES },
        { .name = "payload of 8 KB", .make = "many(payload, 20)", .count = 20 },
    };
    cs_base *base;
    cs_heap *heap;
    cs_error err;
    need(cs_base_new(&parts, &base, &err), &err);
    need(cs_heap_new(base, &options, &heap, &err), &err);
    need(cs_fence(heap, make_compartment, NULL, &err), &err);
    for (size_t i = 0; i < sizeof benches / sizeof benches[0]; i++) {
        bench *b = &benches[i];
        b->m = cs_marshal_new(&ops, NULL);
        need(cs_fence(heap, run, b, &err), &err);
        printf("%-22s %6zu bytes   encode first %8.2f us   again %8.2f us   decode %8.2f us\n",
               b->name, b->size, b->first_ns / 1e3, b->again_ns / 1e3, b->decode_ns / 1e3);
        b->m = cs_marshal_free(b->m);
    }
    heap = cs_heap_free(heap);
    base = cs_base_free(base);
    return 0;
}
