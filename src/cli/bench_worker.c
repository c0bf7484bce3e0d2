/* How long a worker process takes to be there. */
#include "cli/bench.h"

typedef struct times {
    double first; /* to the first answer and commit of a vat whose process has to be started */
    double again; /* of a second call, for what that alone takes */
} times;

/* A method that asks no other vat. */
static int call(capstan *c)
{
    static const uint64_t none = 0;
    return bench_call_numbers(c, "ping", &none, 1, NULL);
}

/* Another vat, with a process of its own, was called before: the store's first commit is not in it. */
static int time_needed(const bench_options *o, times *ret)
{
    int result = CLI_OK;
    bench_options with = *o;
    with.handle.worker = "process:vat";
    capstan *c = bench_reopen(&with, &result);
    if (c == NULL)
        return result;
    static const capstan_capdata none = { "#[]", 3, NULL, 0 };
    capstan_code code = capstan_queue_to_vat_root(c, "t0", "ping", &none, CAPSTAN_IGNORE, NULL);
    if (code == CAPSTAN_OK)
        code = capstan_run(c, NULL, NULL);
    const double before = bench_seconds();
    result = code == CAPSTAN_OK ? call(c) : cli_fail_capstan(c, code);
    const double answered = bench_seconds();
    if (result == CLI_OK)
        result = call(c);
    *ret =
        (times){ .first = (answered - before) * 1e3, .again = (bench_seconds() - answered) * 1e3 };
    capstan_close(c);
    return result;
}

/* With a process that is started together with the store. */
static int time_opened(const bench_options *o, double *ret_ms)
{
    int result = CLI_OK;
    bench_options with = *o;
    with.handle.worker = "process";
    const double before = bench_seconds();
    capstan *c = bench_reopen(&with, &result);
    if (c != NULL)
        result = call(c);
    *ret_ms = (bench_seconds() - before) * 1e3;
    capstan_close(c);
    return result;
}

static int make_store(const bench_options *o)
{
    int result = CLI_OK;
    capstan *c = bench_open(o, 1, "target", &result);
    if (c != NULL && capstan_run(c, NULL, NULL) != CAPSTAN_OK)
        result = cli_fail(CLI_MACHINE, "%s", capstan_errmsg(c));
    capstan_close(c);
    return result;
}

/* A process for each vat is started when the vat is needed: it makes its base heap, shuts itself in, loads the
 * vat. The one of a pool has begun with that when the store was opened. */
int bench_worker(const bench_options *o, bench_report *r)
{
    enum { RUNS = 21 };
    double first[RUNS], again[RUNS], opened[RUNS];
    int result = make_store(o);
    for (size_t i = 0; i < RUNS && result == CLI_OK; i++) {
        times needed = { 0 };
        result = time_needed(o, &needed);
        if (result == CLI_OK)
            result = time_opened(o, &opened[i]);
        first[i] = needed.first;
        again[i] = needed.again;
    }
    if (result != CLI_OK)
        return result;
    bench_add(r, "firstMilliseconds", bench_median(first, RUNS),
              "ms, from the need of a process to the first answer and commit");
    bench_add(r, "firstBestMilliseconds", first[0], "ms, the shortest of these");
    bench_add(r, "againMilliseconds", bench_median(again, RUNS), "ms, the same once it is there");
    bench_add(r, "openedMilliseconds", bench_median(opened, RUNS),
              "ms, from opening a store to the first answer and commit");
    return CLI_OK;
}
