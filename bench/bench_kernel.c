/* What the kernel and the store in memory cost per delivery: routing crank, translation, syscalls,
 * counts, transcript row and hashes. The vats are two functions, so nothing else is measured.
 *
 *   bench_kernel [DELIVERIES [WORD]]    of one run, 20,000; only the lines that contain the word
 *
 * Then what an object costs on its way out: dropped and retired by the one who imports it, and its
 * exporter told of both; for 250,000 and for 1,000,000, which must cost the same for each.
 *
 * Prints one line a figure, the best of some runs. Targets are those of docs/kernel.md. */
#include "base/limits.h"
#include "kernel/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 40, GC_RUNS = 3, BLOCK = 1000 };

static double cpu_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static void need(cs_status st, const cs_error *err)
{
    if (st == CS_OK)
        return;
    fprintf(stderr, "bench_kernel: %s\n", st == CS_OK ? "" : err->text);
    exit(1);
}

/* ---- two vats ---- */

/* What a vat does with a delivery: at most two syscalls. */
typedef struct vats {
    cs_syscall syscalls[2];
    cs_reply reply;
    uint64_t next_promise;
    cs_vref slots[1];
    cs_bytes body;
} vats;

static const cs_vref o_minus_50 = { UINT64_C(1) << 62 | 50 };

static cs_vref new_promise(vats *v)
{
    return cs_vref_of(CS_REF_PROMISE, true, ++v->next_promise);
}

static void answer(vats *v, uint32_t count)
{
    v->reply = (cs_reply){ .syscalls = v->syscalls,
                           .syscall_count = count,
                           .computrons = 1000,
                           .imports_held = CS_IMPORTS_UNKNOWN };
}

static void send(vats *v, cs_syscall *s, cs_vref result, uint32_t slot_count)
{
    *s = (cs_syscall){ .kind = CS_SYSCALL_SEND };
    s->send = (cs_message){ o_minus_50, { v->body, v->slots, slot_count }, result };
}

/* Each message begets one to the other vat, without an answer. */
static void one_way(vats *v, const cs_effect *e)
{
    answer(v, e->delivery.kind == CS_DELIVER_MESSAGE);
    send(v, &v->syscalls[0], (cs_vref){ 0 }, 0);
}

/* The first calls, the second answers, the first hears of it and calls again. */
static void call(vats *v, const cs_effect *e, uint32_t slot_count)
{
    bool is_answer = e->vat.n == 2 && e->delivery.kind == CS_DELIVER_MESSAGE;
    answer(v, e->delivery.kind == CS_DELIVER_START_VAT ? 0 : is_answer ? 1 : 2);
    if (is_answer) {
        static cs_resolution r;
        r = (cs_resolution){ e->delivery.message.result,
                             false,
                             { CS_BYTES("#\"pong\""), NULL, 0 } };
        v->syscalls[0].kind = CS_SYSCALL_RESOLVE;
        v->syscalls[0].resolve = (cs_resolutions){ &r, 1 };
    } else {
        cs_vref result = new_promise(v);
        send(v, &v->syscalls[0], result, slot_count);
        v->syscalls[1] = (cs_syscall){ .kind = CS_SYSCALL_SUBSCRIBE, .promise = result };
    }
}

static void calls(vats *v, const cs_effect *e)
{
    call(v, e, 0);
}

/* The same with an object of the caller's in every message. */
static void calls_with_object(vats *v, const cs_effect *e)
{
    v->slots[0] = cs_vref_of(CS_REF_OBJECT, true, 7);
    call(v, e, 1);
}

/* ---- measuring ---- */

static void add_vats(cs_kernel *k, cs_kref roots[static 2])
{
    cs_error err;
    const cs_vat_options options = { .is_static = true };
    const cs_kcapdata none = { CS_BYTES("#{}"), NULL, 0 };
    const cs_hash bundle = { { 0 } };
    cs_vatid vat;
    for (size_t i = 0; i < 2; i++) {
        need(cs_kernel_add_vat(k, i == 0 ? CS_BYTES("a") : CS_BYTES("b"), &bundle, &options, &none,
                               &vat, &err),
             &err);
        (void)cs_kernel_root(k, vat, &roots[i]);
    }
}

/* Tells each of the other. */
static void introduce(cs_kernel *k, const cs_kref roots[static 2])
{
    cs_error err;
    cs_kref promise;
    for (size_t i = 0; i < 2; i++) {
        const cs_kcapdata other = { CS_BYTES("#[\"go\",[\"$0\"]]"), &roots[1 - i], 1 };
        need(cs_kernel_send(k, roots[i], &other, CS_POLICY_IGNORE, &promise, &err), &err);
    }
}

static void deliver(cs_kernel *k, vats *v, void (*vat)(vats *, const cs_effect *), uint64_t count)
{
    cs_error err;
    cs_effect e = { .kind = CS_EFFECT_CRANK };
    cs_outcome outcome;
    while (count > 0 && e.kind != CS_EFFECT_IDLE) {
        need(cs_kernel_next(k, &e, &err), &err);
        if (e.kind != CS_EFFECT_DELIVER)
            continue;
        vat(v, &e);
        need(cs_kernel_done(k, &v->reply, &outcome, &err), &err);
        count--;
    }
    if (count > 0 || outcome.aborted) {
        fprintf(stderr, "bench_kernel: the vats fell silent\n");
        exit(1);
    }
}

static double run(void (*vat)(vats *, const cs_effect *), cs_bytes body, uint64_t count)
{
    cs_error err;
    cs_store *store = NULL;
    cs_kernel *k = NULL;
    cs_kref roots[2];
    vats v = { .body = body };
    need(cs_store_open(NULL, &(cs_store_options){ .create = true }, &store, &err), &err);
    need(cs_kernel_new(store, NULL, NULL, &k, &err), &err);
    add_vats(k, roots);
    introduce(k, roots);
    deliver(k, &v, vat, BLOCK);
    double start = cpu_ns();
    for (uint64_t i = 0; i < count; i += BLOCK) {
        deliver(k, &v, vat, BLOCK);
        need(cs_store_commit(store, &err), &err);
    }
    double ns = cpu_ns() - start;
    k = cs_kernel_free(k);
    store = cs_store_close(store);
    return ns / (double)count;
}

static const char *wanted = "";

static void measure(const char *what, void (*vat)(vats *, const cs_effect *), cs_bytes body,
                    uint64_t count, const char *target)
{
    double best = 1e18;
    if (strstr(what, wanted) == NULL)
        return;
    for (size_t i = 0; i < RUNS; i++) {
        double ns = run(vat, body, count);
        best = ns < best ? ns : best;
    }
    printf("%-58s %7.3f us   %s\n", what, best / 1e3, target);
}

/* ---- garbage ---- */

typedef struct hoard {
    cs_store *store;
    cs_kernel *k;
    cs_kref roots[2];
    cs_vref *refs; /* what goes in one message */
} hoard;

/* Runs until there is nothing to do, `vat` answering messages. Commits after each delivery. */
static void run_out(hoard *h, const cs_syscall *of_messages, uint32_t count)
{
    cs_error err;
    cs_effect e;
    cs_outcome outcome;
    while (cs_kernel_next(h->k, &e, &err) == CS_OK && e.kind != CS_EFFECT_IDLE) {
        if (e.kind != CS_EFFECT_DELIVER)
            continue;
        bool is_message = e.delivery.kind == CS_DELIVER_MESSAGE;
        const cs_reply reply = { .syscalls = of_messages,
                                 .syscall_count = is_message ? count : 0,
                                 .imports_held = CS_IMPORTS_UNKNOWN };
        need(cs_kernel_done(h->k, &reply, &outcome, &err), &err);
        need(cs_store_commit(h->store, &err), &err);
        of_messages = NULL; /* the first only */
        count = 0;
    }
}

static void poke(hoard *h, size_t which, const cs_kref *slots, uint32_t slot_count,
                 const cs_syscall *answer, uint32_t count)
{
    cs_error err;
    cs_kref promise;
    const cs_kcapdata data = { CS_BYTES("#[\"go\",[]]"), slots, slot_count };
    need(cs_kernel_send(h->k, h->roots[which], &data, CS_POLICY_IGNORE, &promise, &err), &err);
    need(cs_kernel_release(h->k, promise), &err);
    run_out(h, answer, count);
}

static void fill(hoard *h, bool by_vat, uint32_t first)
{
    for (uint32_t i = 0; i < CS_SLOTS_MAX; i++)
        h->refs[i] = cs_vref_of(CS_REF_OBJECT, by_vat, first + i);
}

/* a exports `count` objects, and b imports them. */
static void give(hoard *h, uint32_t count)
{
    poke(h, 0, &h->roots[1], 1, NULL, 0);
    for (uint32_t i = 0; i < count; i += CS_SLOTS_MAX) {
        fill(h, true, 1 + i);
        cs_syscall s = { .kind = CS_SYSCALL_SEND };
        s.send = (cs_message){ o_minus_50, { CS_BYTES("#[]"), h->refs, CS_SLOTS_MAX }, { 0 } };
        poke(h, 0, NULL, 0, &s, 1);
    }
}

/* b drops and retires them, as many in a crank as liveslots would; a is told. */
static void let_go(hoard *h, uint32_t count)
{
    for (uint32_t i = 0; i < count; i += CS_GC_BATCH) {
        fill(h, false, 50 + i);
        const cs_syscall both[] = {
            { .kind = CS_SYSCALL_DROP_IMPORTS, .refs = { h->refs, CS_GC_BATCH } },
            { .kind = CS_SYSCALL_RETIRE_IMPORTS, .refs = { h->refs, CS_GC_BATCH } },
        };
        poke(h, 1, NULL, 0, both, 2);
    }
}

static double gc_run(uint32_t count)
{
    cs_error err;
    hoard h = { .refs = malloc(CS_SLOTS_MAX * sizeof(cs_vref)) };
    need(cs_store_open(NULL, &(cs_store_options){ .create = true }, &h.store, &err), &err);
    need(cs_kernel_new(h.store, NULL, NULL, &h.k, &err), &err);
    add_vats(h.k, h.roots);
    for (size_t i = 0; i < 2; i++)
        need(cs_kernel_pin(h.k, h.roots[i]), &err);
    run_out(&h, NULL, 0);
    give(&h, count);
    double start = cpu_ns();
    let_go(&h, count);
    double ns = cpu_ns() - start;
    if (cs_meta_get(h.store)->stats[CS_STAT_EXPORTS_RETIRED] != count) {
        fprintf(stderr, "bench_kernel: not everything went\n");
        exit(1);
    }
    h.k = cs_kernel_free(h.k);
    h.store = cs_store_close(h.store);
    free(h.refs);
    return ns / count;
}

static void measure_gc(const char *what, uint32_t count)
{
    double best = 1e18;
    if (strstr(what, wanted) == NULL)
        return;
    for (size_t i = 0; i < GC_RUNS; i++) {
        double ns = gc_run(count);
        best = ns < best ? ns : best;
    }
    printf("%-58s %7.3f us\n", what, best / 1e3);
}

int main(int argc, char **argv)
{
    static uint8_t big[8000];
    uint64_t count = argc > 1 ? strtoull(argv[1], NULL, 10) : 20000;
    wanted = argc > 2 ? argv[2] : "";
    const cs_bytes small = CS_BYTES("#[\"increment\",[\"a word or two\",42]]");
    memset(big, 'x', sizeof big);
    measure("one-way message, 36 bytes, per delivery", one_way, small, count, "1.5");
    measure("one-way message, 8 kB, per delivery", one_way, (cs_bytes){ big, sizeof big },
            count / 10, "");
    measure("call and answer, per delivery", calls, small, count, "1.5");
    measure("call with an object and answer, per delivery", calls_with_object, small, count, "1.5");
    measure_gc("drop and retire, per object of 250,000", 250000);
    measure_gc("drop and retire, per object of 1,000,000", 1000000);
    return 0;
}
