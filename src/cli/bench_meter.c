/* What a computation takes that the engine counts step by step; bench/compare runs the same on a program that
 * counts nothing (bench/unmetered). */
#include "cli/bench.h"

int bench_meter(const bench_options *o, bench_report *r)
{
    enum { RUNS = 15 };
    const uint64_t n = bench_or(o->n, 500000); /* a delivery ends at 100,000,000 computrons */
    double cpu[RUNS];
    int result = CLI_OK;
    capstan *c = bench_open(o, 1, "target", &result);
    if (c == NULL)
        return result;
    for (size_t i = 0; i < RUNS && result == CLI_OK; i++) {
        const double started = bench_cpu_seconds();
        result = bench_call_numbers(c, "compute", &n, 1, NULL);
        cpu[i] = (bench_cpu_seconds() - started) * 1e9 / (double)n;
    }
    capstan_close(c);
    if (result != CLI_OK)
        return result;
    bench_add(r, "cpuNanoseconds", bench_median(cpu, RUNS), "ns of CPU, a turn of a loop");
    bench_add(r, "cpuBestNanoseconds", cpu[0], "ns, the shortest of 15");
    return CLI_OK;
}
