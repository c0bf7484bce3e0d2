/* How long a worker process takes to be there. */
#include "cli/bench.h"

/* From the moment at which a vat of an opened store is needed to its first answer: the process is started,
 * makes its base heap, shuts itself in, loads the vat. `again`: a second call, for what that alone takes. */
static int time_one(const bench_options *o, double *ret_first, double *ret_again)
{
    int result = CLI_OK;
    capstan *c = bench_reopen(o, &result);
    if (c == NULL)
        return result;
    double started = bench_seconds();
    result = bench_call(c, "hello", NULL, 0, NULL);
    *ret_first = (bench_seconds() - started) * 1e3;
    started = bench_seconds();
    if (result == CLI_OK)
        result = bench_call(c, "hello", NULL, 0, NULL);
    *ret_again = (bench_seconds() - started) * 1e3;
    capstan_close(c);
    return result;
}

int bench_worker(const bench_options *o, bench_report *r)
{
    enum { RUNS = 21 };
    double first[RUNS], again[RUNS];
    int result = CLI_OK;
    bench_options of_process = *o;
    if (o->worker == NULL)
        of_process.worker = "process";
    capstan *c = bench_open(&of_process, 1, "target", &result);
    if (c != NULL && capstan_run(c, NULL, NULL) != CAPSTAN_OK)
        result = cli_fail(CLI_MACHINE, "%s", capstan_errmsg(c));
    capstan_close(c);
    for (size_t i = 0; i < RUNS && result == CLI_OK; i++)
        result = time_one(&of_process, &first[i], &again[i]);
    if (result != CLI_OK)
        return result;
    bench_add(r, "firstMilliseconds", bench_median(first, RUNS),
              "ms, worker start to first answer and commit");
    bench_add(r, "againMilliseconds", bench_median(again, RUNS), "ms, the same once it is there");
    return CLI_OK;
}
