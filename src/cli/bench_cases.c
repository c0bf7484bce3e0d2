/* The cases. Deliveries are messages and notifies handed to vats, as the reference counts them; vat
 * creation and a first hundred round trips are outside the window. */
#include "cli/bench.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static void add_rate(bench_report *r, uint64_t deliveries, double seconds, double cpu)
{
    bench_add(r, "deliveries", (double)deliveries, "");
    bench_add(r, "perSecond", (double)deliveries / seconds, "deliveries/s");
    bench_add(r, "microseconds", seconds * 1e6 / (double)deliveries, "us per delivery");
    bench_add(r, "cpuMicroseconds", cpu * 1e6 / (double)deliveries, "us of CPU per delivery");
}

typedef struct traffic {
    size_t targets;
    const char *method;
    uint64_t warm, n;
    uint64_t kilobytes; /* a second argument; 0: none */
} traffic;

static int call_n(capstan *c, const traffic *t, uint64_t n, uint64_t *deliveries)
{
    const uint64_t numbers[] = { n, t->kilobytes };
    return bench_call_numbers(c, t->method, numbers, t->kilobytes > 0 ? 2 : 1, deliveries);
}

static int measure(const bench_options *o, const traffic *t, bench_report *r)
{
    int result = CLI_OK;
    uint64_t deliveries = 0;
    capstan *c = bench_open(o, t->targets, "target", &result);
    if (c == NULL)
        return result;
    capstan_code code = capstan_run(c, NULL, NULL);
    result = code == CAPSTAN_OK ? call_n(c, t, t->warm, NULL) : cli_fail_capstan(c, code);
    double started = bench_seconds(), cpu = bench_cpu_seconds();
    if (result == CLI_OK)
        result = call_n(c, t, t->n, &deliveries);
    add_rate(r, deliveries, bench_seconds() - started, bench_cpu_seconds() - cpu);
    capstan_close(c);
    return result;
}

static int run_ping(const bench_options *o, bench_report *r)
{
    const traffic t = { .targets = 1, .method = "ping", .warm = 100, .n = bench_or(o->n, 20000) };
    return measure(o, &t, r);
}

static int run_burst(const bench_options *o, bench_report *r)
{
    const traffic t = { .targets = 1, .method = "burst", .warm = 100, .n = bench_or(o->n, 10000) };
    return measure(o, &t, r);
}

static int run_payload(const bench_options *o, bench_report *r)
{
    const traffic t = {
        .targets = 1, .method = "payload", .warm = 20, .n = bench_or(o->n, 2000), .kilobytes = 10
    };
    return measure(o, &t, r);
}

static int run_fanout(const bench_options *o, bench_report *r)
{
    const traffic t = { .targets = 20, .method = "fanout", .warm = 2, .n = bench_or(o->n, 200) };
    return measure(o, &t, r);
}

/* Live vats: `n` of the minimal source, each started, then sent one message. */
static int run_vats(const bench_options *o, bench_report *r)
{
    int result = CLI_OK;
    const uint64_t n = bench_or(o->n, 1000);
    capstan *c = bench_open(o, n, "minimal", &result);
    if (c == NULL)
        return result;
    double resident = bench_resident_bytes(), started = bench_seconds();
    capstan_code code = capstan_run(c, NULL, NULL);
    double created = bench_seconds();
    if (code != CAPSTAN_OK)
        result = cli_fail_capstan(c, code);
    if (result == CLI_OK)
        result = bench_call(c, "helloAll", NULL, 0, NULL);
    double greeted = bench_seconds();
    bench_add(r, "vats", (double)n, "");
    bench_add(r, "createMilliseconds", (created - started) * 1e3 / (double)n, "ms per vat");
    bench_add(r, "kilobytesPerVat", (bench_resident_bytes() - resident) / 1e3 / (double)n,
              "kB resident per vat, kernel's rows included");
    bench_add(r, "oneDeliveryEachSeconds", greeted - created, "s for one delivery to each");
    bench_add(r, "totalSeconds", greeted - started, "s for creation and delivery");
    bench_add(r, "residentMegabytes", bench_resident_bytes() / 1e6, "MB resident in all");
    capstan_close(c);
    return result;
}

/* Runs this program with `argv`, silent, and waits. */
static int spawn_self(const char *const argv[])
{
    posix_spawn_file_actions_t quiet;
    pid_t child;
    int status = 0;
    (void)posix_spawn_file_actions_init(&quiet);
    (void)posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    int failed = posix_spawn(&child, "/proc/self/exe", &quiet, NULL, (char *const *)(uintptr_t)argv,
                             environ);
    (void)posix_spawn_file_actions_destroy(&quiet);
    if (failed != 0 || waitpid(child, &status, 0) != child || status != 0)
        return cli_fail(CLI_MACHINE, "a run of 'capstan %s' failed", argv[1]);
    return CLI_OK;
}

/* From the start of a process to its end, with one first answer in it. */
static int time_child(const bench_options *o, bool reopen, double *ret_ms)
{
    char config[4096], store[4096];
    (void)snprintf(config, sizeof config, "%s/config.json", o->dir);
    (void)snprintf(store, sizeof store, "%s/bench.db", o->dir);
    const char *const fresh[] = { "capstan", "run", config, "--store", store, "--reset", NULL };
    const char *const again[] = { "capstan", "call", store, "bootstrap", "hello", NULL };
    double started = bench_seconds();
    int result = spawn_self(reopen ? again : fresh);
    *ret_ms = (bench_seconds() - started) * 1e3;
    return result;
}

static int run_cold(const bench_options *o, bench_report *r)
{
    enum { RUNS = 11 };
    double fresh[RUNS], again[RUNS];
    int result = CLI_OK;
    capstan_close(bench_open(o, 1, "target", &result));
    for (size_t i = 0; i < RUNS && result == CLI_OK; i++) {
        result = time_child(o, false, &fresh[i]);
        if (result == CLI_OK)
            result = time_child(o, true, &again[i]);
    }
    if (result != CLI_OK)
        return result;
    bench_add(r, "freshMilliseconds", bench_median(fresh, RUNS),
              "ms, new store, 2 vats, first delivery, exit");
    bench_add(r, "restartMilliseconds", bench_median(again, RUNS),
              "ms, existing store, one call, exit");
    return CLI_OK;
}

static int run_replay(const bench_options *o, bench_report *r)
{
    int result = CLI_OK;
    uint64_t deliveries = 0, total = 0;
    const traffic t = { .method = "ping", .n = bench_or(o->n, 20000) };
    static const char *const vats[] = { "bootstrap", "t0" };
    capstan *c = bench_open(o, 1, "target", &result);
    if (c == NULL)
        return result;
    capstan_code code = capstan_run(c, NULL, NULL);
    result = code == CAPSTAN_OK ? call_n(c, &t, t.n, NULL) : cli_fail_capstan(c, code);
    double started = bench_seconds();
    for (size_t i = 0; i < 2 && result == CLI_OK; i++) {
        code = capstan_replay(c, vats[i], 0, &deliveries);
        total += deliveries;
        if (code != CAPSTAN_OK)
            result = cli_fail_capstan(c, code);
    }
    double elapsed = bench_seconds() - started;
    bench_add(r, "deliveries", (double)total, "");
    bench_add(r, "perSecond", (double)total / elapsed, "deliveries/s");
    capstan_close(c);
    return result;
}

const bench_case bench_cases[] = {
    { "ping", "two vats in ping-pong, one message at a time", run_ping },
    { "burst", "many messages to one vat at once", run_burst },
    { "payload", "a vat echoes 8.1 KB of nested data", run_payload },
    { "fanout", "pipelined messages to 20 vats", run_fanout },
    { "vats", "new vats, their memory, one delivery to each", run_vats },
    { "cold", "from the start of the process to the first answer, 2 vats", run_cold },
    { "replay", "transcripts of a ping-pong in fresh heaps", run_replay },
    { "gc", "objects shared between two vats, then dropped and retired on all sides", bench_gc },
    { "boyd", "bringOutYourDead of an idle small vat", bench_boyd },
    { "prompt", "ping-pong, collecting every crank, compared with the other policies",
      bench_prompt },
    { "storm", "a million objects shared and dropped, a quarter of it before", bench_storm },
    { "pause", "collections of a vat with a heap of 15 MB that allocates", bench_pause },
    { "worker", "from nothing to the first answer of a vat in a worker process", bench_worker },
    { "meter", "a computation in a vat, which the engine counts step by step", bench_meter },
    { "runaway", "how long others wait while a vat that does not stop is stopped", bench_runaway },
    { NULL, NULL, NULL },
};
