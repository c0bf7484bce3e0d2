/* The cases of garbage collection. What is counted at the end is that nothing is left: a case whose
 * rows are not back where they were has failed. */
#include "cli/bench.h"

#include <jansson.h>
#include <string.h>
#include <sys/resource.h>

enum { SHARE_BATCH = 100, STORM_BATCH = 10000 };

/* A number of capstan_stats_json(). */
static double stat_of(capstan *c, const char *name)
{
    const char *text;
    if (capstan_stats_json(c, &text) != CAPSTAN_OK)
        return 0;
    json_t *stats = json_loads(text, 0, NULL);
    double value = json_number_value(json_object_get(stats, name));
    json_decref(stats);
    return value;
}

/* Rows that objects have in the kernel's tables. */
static double rows(capstan *c)
{
    return stat_of(c, "objects") + stat_of(c, "clistEntries");
}

static int run_all(capstan *c)
{
    capstan_code code = capstan_run(c, NULL, NULL);
    return code == CAPSTAN_OK ? CLI_OK : cli_fail_capstan(c, code);
}

/* Until the tables have as many rows as they had; each pass lets the next vat find its dead. */
static int collect_until(capstan *c, double wanted)
{
    int result = CLI_OK;
    for (int pass = 0; pass < 4 && result == CLI_OK && rows(c) > wanted; pass++) {
        capstan_code code = capstan_reap_all(c);
        result = code == CAPSTAN_OK ? run_all(c) : cli_fail_capstan(c, code);
    }
    if (result == CLI_OK && rows(c) != wanted)
        result = cli_fail(CLI_MACHINE, "%.0f rows are left of what was dropped, not %.0f", rows(c),
                          wanted);
    return result;
}

typedef struct spans { /* seconds; of this process's processor too */
    double share, drop, share_cpu, drop_cpu;
} spans;

static int share_and_drop(capstan *c, const char *method, uint64_t count, uint64_t batch,
                          spans *ret)
{
    const uint64_t numbers[] = { count, batch };
    const double before = rows(c), started = bench_seconds(), cpu = bench_cpu_seconds();
    int result = bench_call_numbers(c, method, numbers, 2, NULL);
    const double shared = bench_seconds(), shared_cpu = bench_cpu_seconds();
    if (result == CLI_OK && rows(c) < before + (double)count)
        result = cli_fail(CLI_MACHINE, "what was shared is not in the tables");
    if (result == CLI_OK)
        result = bench_call(c, "drop", NULL, 0, NULL);
    if (result == CLI_OK)
        result = collect_until(c, before);
    *ret = (spans){ shared - started, bench_seconds() - shared, shared_cpu - cpu,
                    bench_cpu_seconds() - shared_cpu };
    return result;
}

int bench_gc(const bench_options *o, bench_report *r)
{
    int result = CLI_OK;
    const double n = (double)bench_or(o->n, 10000);
    spans s = { 0 };
    capstan *c = bench_open(o, 2, "target", &result);
    if (c == NULL)
        return result;
    result = run_all(c);
    if (result == CLI_OK)
        result = share_and_drop(c, "share", SHARE_BATCH, SHARE_BATCH, &s);
    if (result == CLI_OK)
        result = share_and_drop(c, "share", (uint64_t)n, SHARE_BATCH, &s);
    bench_add(r, "objects", n, "");
    bench_add(r, "shareMicroseconds", s.share * 1e6 / n, "us per object shared");
    bench_add(r, "shareCpuMicroseconds", s.share_cpu * 1e6 / n, "us of CPU");
    bench_add(r, "dropMicroseconds", s.drop * 1e6 / n, "us per object dropped and retired");
    bench_add(r, "dropCpuMicroseconds", s.drop_cpu * 1e6 / n, "us of CPU");
    capstan_close(c);
    return result;
}

/* Reaps every vat `n` times, committing as often as the block says. */
static int reap_often(const bench_options *o, capstan *c, uint64_t n)
{
    capstan_code code = CAPSTAN_OK;
    for (uint64_t i = 0; i < n && code == CAPSTAN_OK; i++) {
        bool did = true;
        code = capstan_reap_all(c);
        while (code == CAPSTAN_OK && did)
            code = capstan_step(c, &did);
        if (code == CAPSTAN_OK && (i + 1) % o->block == 0)
            code = capstan_commit(c);
    }
    return code == CAPSTAN_OK ? CLI_OK : cli_fail_capstan(c, code);
}

int bench_boyd(const bench_options *o, bench_report *r)
{
    int result = CLI_OK;
    capstan *c = bench_open(o, 1, "target", &result);
    if (c == NULL)
        return result;
    result = bench_call(c, "hello", NULL, 0, NULL);
    if (result == CLI_OK)
        result = reap_often(o, c, 100);
    const double before = stat_of(c, "boyds"), started = bench_seconds(), cpu = bench_cpu_seconds();
    if (result == CLI_OK)
        result = reap_often(o, c, bench_or(o->n, 10000) / 2); /* there are two vats */
    const double elapsed = bench_seconds() - started, busy = bench_cpu_seconds() - cpu,
                 boyds = stat_of(c, "boyds") - before;
    bench_add(r, "boyds", boyds, "");
    bench_add(r, "microseconds", elapsed * 1e6 / boyds, "us per BOYD");
    bench_add(r, "cpuMicroseconds", busy * 1e6 / boyds, "us of CPU");
    capstan_close(c);
    return result;
}

/* ---- ping-pong under each policy ---- */

enum { PROMPT, BATCHED, PACED, POLICIES, ROUNDS = 5 };

static int ping_rate(const bench_options *o, const char *policy, uint64_t n, double *ret_rate)
{
    bench_options under = *o;
    int result = CLI_OK;
    uint64_t deliveries = 0, warm = 100;
    under.handle.gc = policy;
    under.config = "\"defaultReapInterval\":\"never\",\"defaultReapGCKrefs\":\"never\",";
    capstan *c = bench_open(&under, 1, "target", &result);
    if (c == NULL)
        return result;
    result = bench_call_numbers(c, "ping", &warm, 1, NULL);
    double started = bench_seconds();
    if (result == CLI_OK)
        result = bench_call_numbers(c, "ping", &n, 1, &deliveries);
    *ret_rate = (double)deliveries / (bench_seconds() - started);
    capstan_close(c);
    return result;
}

/* Interleaved, for what else the machine does changes within seconds. */
int bench_prompt(const bench_options *o, bench_report *r)
{
    static const char *const names[POLICIES] = { "prompt", "batched", "paced" };
    double rates[POLICIES][ROUNDS], median[POLICIES];
    for (size_t round = 0; round < ROUNDS; round++)
        for (size_t i = 0; i < POLICIES; i++) {
            int result = ping_rate(o, names[i], bench_or(o->n, 10000), &rates[i][round]);
            if (result != CLI_OK)
                return result;
        }
    for (size_t i = 0; i < POLICIES; i++)
        median[i] = bench_median(rates[i], ROUNDS);
    bench_add(r, "perSecond", median[PROMPT], "deliveries/s under prompt");
    bench_add(r, "batchedPerSecond", median[BATCHED], "deliveries/s under batched, never reaped");
    bench_add(r, "pacedPerSecond", median[PACED], "deliveries/s under paced");
    bench_add(r, "ofBatched", median[PROMPT] / median[BATCHED], "prompt / batched");
    bench_add(r, "ofPaced", median[PROMPT] / median[PACED], "prompt / paced");
    return CLI_OK;
}

/* ---- storm ---- */

static double peak_bytes(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return (double)u.ru_maxrss * 1024;
}

static int storm_once(capstan *c, const char *const names[4], uint64_t n, bench_report *r)
{
    spans s;
    int result = share_and_drop(c, "shareSmall", n, STORM_BATCH, &s);
    bench_add(r, names[0], s.share + s.drop, "s to share and drop all");
    bench_add(r, names[1], (s.share + s.drop) * 1e6 / (double)n, "us per object");
    bench_add(r, names[2], (s.share_cpu + s.drop_cpu) * 1e6 / (double)n, "us of CPU");
    bench_add(r, names[3], s.drop * 1e6 / (double)n, "us of it to drop and retire");
    return result;
}

int bench_storm(const bench_options *o, bench_report *r)
{
    static const char *const quarter[] = { "quarterSeconds", "quarterMicroseconds",
                                           "quarterCpuMicroseconds", "quarterDropMicroseconds" };
    static const char *const whole[] = { "seconds", "microseconds", "cpuMicroseconds",
                                         "dropMicroseconds" };
    int result = CLI_OK;
    const uint64_t n = bench_or(o->n, 1000000);
    spans warm;
    capstan *c = bench_open(o, 2, "target", &result);
    if (c == NULL)
        return result;
    result = run_all(c);
    if (result == CLI_OK)
        result = share_and_drop(c, "shareSmall", STORM_BATCH, STORM_BATCH, &warm);
    const double rows_before = rows(c), before = bench_resident_bytes();
    bench_add(r, "objects", (double)n, "");
    if (result == CLI_OK)
        result = storm_once(c, quarter, n / 4, r);
    if (result == CLI_OK)
        result = storm_once(c, whole, n, r);
    bench_add(r, "rowsBefore", rows_before, "rows of objects and c-lists");
    bench_add(r, "rowsAfter", rows(c), "likewise");
    bench_add(r, "residentBeforeMegabytes", before / 1e6, "MB");
    bench_add(r, "residentPeakMegabytes", peak_bytes() / 1e6, "MB");
    bench_add(r, "residentAfterMegabytes", bench_resident_bytes() / 1e6, "MB");
    capstan_close(c);
    return result;
}

/* ---- pause ---- */

enum { RECORDS = 45000, CHURN = 500 }; /* 15 MB; records made in a delivery */

/* The driver never collects, so every collection there is is that of the vat with the heap. Opened
 * again, so that only what comes now is counted. */
static capstan *open_filled(const bench_options *o, int *ret_result)
{
    const uint64_t records = RECORDS;
    bench_options with = *o;
    with.driver = ",\"creationOptions\":{\"neverReap\":true}";
    capstan *c = bench_open(&with, 1, "target", ret_result);
    if (c == NULL)
        return NULL;
    *ret_result = run_all(c);
    if (*ret_result == CLI_OK)
        *ret_result = bench_call_numbers(c, "fill", &records, 1, NULL);
    capstan_close(c);
    return *ret_result == CLI_OK ? bench_reopen(&with, ret_result) : NULL;
}

int bench_pause(const bench_options *o, bench_report *r)
{
    int result = CLI_OK;
    const uint64_t numbers[] = { bench_or(o->n, 6000), CHURN }, first[] = { 1, CHURN };
    capstan *c = open_filled(o, &result);
    if (c == NULL)
        return result;
    result = bench_call_numbers(c, "churn", first, 2, NULL); /* the vat is replayed */
    const double started = bench_seconds();
    if (result == CLI_OK)
        result = bench_call_numbers(c, "churn", numbers, 2, NULL);
    const double elapsed = (bench_seconds() - started) * 1e6, count = stat_of(c, "collections"),
                 median = stat_of(c, "collectionPauseP50Us");
    bench_add(r, "collections", count, "");
    bench_add(r, "p50Milliseconds", median / 1e3, "ms");
    bench_add(r, "p99Milliseconds", stat_of(c, "collectionPauseP99Us") / 1e3, "ms");
    bench_add(r, "maxMilliseconds", stat_of(c, "collectionPauseMaxUs") / 1e3, "ms");
    bench_add(r, "share", count * median / elapsed, "of the time: collections of median length");
    bench_add(r, "residentMegabytes", bench_resident_bytes() / 1e6, "MB, of the process");
    capstan_close(c);
    return result;
}
