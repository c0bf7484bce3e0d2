/* What the kernel and the store in memory cost per delivery: routing crank, translation, syscalls,
 * counts, transcript row and hashes. The vats are two functions, so nothing else is measured.
 *
 *   bench_kernel [DELIVERIES [WORD]]    of one run, 20,000; only the lines that contain the word
 *
 * Prints one line a figure, the best of some runs. Targets are those of docs/kernel.md. */
#include "kernel/kernel.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { RUNS = 40, BLOCK = 1000 };

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
    v->reply = (cs_reply){ .syscalls = v->syscalls, .syscall_count = count, .computrons = 1000 };
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
    return 0;
}
