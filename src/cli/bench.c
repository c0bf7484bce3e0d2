/* capstan bench: figures that the README quotes, measured by anyone. One case a call. */
#include "cli/bench.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* bench/vats/, made part of the program at build time. */
extern const unsigned char bench_driver_js[], bench_target_js[], bench_minimal_js[],
    bench_runaway_js[];
extern const size_t bench_driver_js_size, bench_target_js_size, bench_minimal_js_size,
    bench_runaway_js_size;

double bench_seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static double of_timeval(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec * 1e-6;
}

double bench_cpu_seconds(void)
{
    struct rusage u;
    (void)getrusage(RUSAGE_SELF, &u);
    return of_timeval(u.ru_utime) + of_timeval(u.ru_stime);
}

double bench_resident_bytes(void)
{
    unsigned long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "r");
    if (f != NULL) {
        if (fscanf(f, "%lu %lu", &size, &resident) != 2)
            resident = 0;
        (void)fclose(f);
    }
    return (double)resident * (double)sysconf(_SC_PAGESIZE);
}

void bench_add(bench_report *r, const char *name, double value, const char *unit)
{
    if (r->count < sizeof r->figures / sizeof *r->figures)
        r->figures[r->count++] = (bench_figure){ name, unit, value };
}

/* ---- the configuration under test ---- */

static bool write_file(const bench_options *o, const char *name, const void *data, size_t size)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/%s", o->dir, name);
    FILE *f = fopen(path, "wb");
    bool ok = f != NULL && fwrite(data, 1, size, f) == size;
    return (f == NULL || fclose(f) == 0) && ok;
}

static bool write_config(const bench_options *o, size_t targets, const char *kind)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/config.json", o->dir);
    FILE *f = fopen(path, "w");
    if (f == NULL)
        return false;
    (void)fprintf(f,
                  "{%s\"bootstrap\":\"bootstrap\",\"vats\":{"
                  "\"bootstrap\":{\"sourceSpec\":\"./driver.js\"%s}",
                  o->config == NULL ? "" : o->config, o->driver == NULL ? "" : o->driver);
    for (size_t i = 0; i < targets; i++)
        (void)fprintf(f, ",\n\"t%0*zu\":{\"sourceSpec\":\"./%s.js\"}", targets > 10 ? 5 : 1, i,
                      kind);
    (void)fprintf(f, "%s}}\n", o->vats == NULL ? "" : o->vats);
    return fclose(f) == 0;
}

static capstan *open_config(const bench_options *o, bool reset, int *ret_exit)
{
    char config[4096], store[4096];
    capstan *c;
    (void)snprintf(config, sizeof config, "%s/config.json", o->dir);
    (void)snprintf(store, sizeof store, "%s/bench.db", o->dir);
    capstan_options options = o->handle;
    options.config = config;
    options.store = o->memory ? ":memory:" : store;
    options.reset = reset;
    options.block = (uint32_t)(o->block * 2); /* a delivery is two cranks: its routing and itself */
    capstan_code code = capstan_open(&options, &c);
    if (code == CAPSTAN_OK)
        return c;
    *ret_exit = cli_fail_capstan(c, code);
    capstan_close(c);
    return NULL;
}

capstan *bench_open(const bench_options *o, size_t targets, const char *kind, int *ret_exit)
{
    if (!write_file(o, "driver.js", bench_driver_js, bench_driver_js_size) ||
        !write_file(o, "target.js", bench_target_js, bench_target_js_size) ||
        !write_file(o, "minimal.js", bench_minimal_js, bench_minimal_js_size) ||
        !write_file(o, "runaway.js", bench_runaway_js, bench_runaway_js_size) ||
        !write_config(o, targets, kind)) {
        *ret_exit = cli_fail(CLI_MACHINE, "%s: the vats could not be written", o->dir);
        return NULL;
    }
    return open_config(o, true, ret_exit);
}

capstan *bench_reopen(const bench_options *o, int *ret_exit)
{
    return open_config(o, false, ret_exit);
}

static int check_fulfilled(capstan *c, const char *kpid, const char *method)
{
    capstan_promise state;
    capstan_capdata value;
    capstan_code code = capstan_kp_status(c, kpid, &state);
    if (code != CAPSTAN_OK)
        return cli_fail_capstan(c, code);
    if (state == CAPSTAN_FULFILLED)
        return CLI_OK;
    if (state == CAPSTAN_REJECTED && capstan_kp_resolution(c, kpid, &value) == CAPSTAN_OK)
        return cli_fail(CLI_REJECTED, "%s was rejected: %s", method, value.body);
    return cli_fail(CLI_REJECTED, "%s was never answered", method);
}

int bench_call(capstan *c, const char *method, const char *const *args, size_t count,
               uint64_t *ret_deliveries)
{
    capstan_capdata data;
    capstan_run_figures figures = { 0 };
    const char *borrowed;
    char kpid[40];
    capstan_code code = capstan_args_of_json(c, args, count, &data);
    if (code == CAPSTAN_OK)
        code = capstan_queue_to_vat_root(c, "bootstrap", method, &data, CAPSTAN_IGNORE, &borrowed);
    if (code != CAPSTAN_OK)
        return cli_fail_capstan(c, code);
    (void)snprintf(kpid, sizeof kpid, "%s", borrowed);
    code = capstan_run(c, NULL, &figures);
    if (code != CAPSTAN_OK)
        return cli_fail_capstan(c, code);
    if (ret_deliveries != NULL)
        *ret_deliveries += figures.deliveries;
    int result = check_fulfilled(c, kpid, method);
    (void)capstan_kp_release(c, kpid);
    return result;
}

int bench_call_numbers(capstan *c, const char *method, const uint64_t *numbers, size_t count,
                       uint64_t *ret_deliveries)
{
    enum { NUMBERS_MAX = 4 };
    char texts[NUMBERS_MAX][24];
    const char *args[NUMBERS_MAX];
    for (size_t i = 0; i < count && i < NUMBERS_MAX; i++) {
        (void)snprintf(texts[i], sizeof texts[i], "%llu", (unsigned long long)numbers[i]);
        args[i] = texts[i];
    }
    return bench_call(c, method, args, count, ret_deliveries);
}

uint64_t bench_or(uint64_t n, uint64_t value)
{
    return n == 0 ? value : n;
}

static int compare_doubles(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double bench_quantile(double *values, size_t count, double part)
{
    if (count == 0)
        return 0;
    qsort(values, count, sizeof *values, compare_doubles);
    const size_t at = (size_t)(part * (double)count);
    return values[at < count ? at : count - 1];
}

double bench_median(double *values, size_t count)
{
    return bench_quantile(values, count, 0.5);
}

/* ---- the command line ---- */

static void print_report(const bench_case *b, const bench_options *o, const bench_report *r)
{
    if (!o->json) {
        (void)printf("%s: %s\n", b->name, b->what);
        for (size_t i = 0; i < r->count; i++)
            (void)printf("  %-28s %12.6g %s\n", r->figures[i].name, r->figures[i].value,
                         r->figures[i].unit);
        return;
    }
    (void)printf("{\"case\":\"%s\",\"store\":\"%s\",\"block\":%llu", b->name,
                 o->memory ? "memory" : "disk", (unsigned long long)o->block);
    for (size_t i = 0; i < r->count; i++)
        (void)printf(",\"%s\":%.6g", r->figures[i].name, r->figures[i].value);
    (void)printf("}\n");
}

static void remove_dir(const char *dir)
{
    static const char *const names[] = {
        "driver.js",   "target.js", "minimal.js",   "runaway.js",
        "config.json", "bench.db",  "bench.db-wal", "bench.db-shm"
    };
    char path[4096];
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, names[i]);
        (void)unlink(path);
    }
    (void)rmdir(dir);
}

static int run_case(const bench_case *b, bench_options *o, const char *parent)
{
    char dir[4000];
    bench_report report = { 0 };
    int size = snprintf(dir, sizeof dir, "%s/capstan-bench-XXXXXX", parent);
    if (size < 0 || (size_t)size >= sizeof dir || mkdtemp(dir) == NULL)
        return cli_fail(CLI_MACHINE, "%s: no folder could be made there; use --dir", parent);
    o->dir = dir;
    int result = b->run(o, &report);
    if (result == CLI_OK)
        print_report(b, o, &report);
    remove_dir(dir);
    return result;
}

static const bench_case *find_case(const char *name)
{
    for (const bench_case *b = bench_cases; b->name != NULL; b++)
        if (strcmp(b->name, name) == 0)
            return b;
    return NULL;
}

static int list_cases(void)
{
    for (const bench_case *b = bench_cases; b->name != NULL; b++)
        (void)printf("  %-10s %s\n", b->name, b->what);
    return CLI_OK;
}

static const char *temporary(void)
{
    const char *dir = getenv("TMPDIR");
    return dir != NULL && dir[0] != 0 ? dir : "/tmp";
}

static int bench(int argc, char **argv)
{
    static const struct option options[] = { { "n", required_argument, NULL, 'n' },
                                             { "block", required_argument, NULL, 'b' },
                                             { "store", required_argument, NULL, 's' },
                                             { "dir", required_argument, NULL, 'd' },
                                             { "gc", required_argument, NULL, 'g' },
                                             { "json", no_argument, NULL, 'j' },
                                             CLI_WORKER_OPTIONS,
                                             CLI_DELIVERY_OPTION,
                                             { NULL, 0, NULL, 0 } };
    bench_options o = { .block = 100, .handle = cli_default_options(&cli_quiet_listener) };
    o.handle.worker = NULL;
    o.handle.worker_default = "local";
    const char *parent = temporary();
    bool good = true;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
        if (option == 'n')
            good = good && cli_number(optarg, 1, 100000000, &o.n);
        else if (option == 'b')
            good = good && cli_number(optarg, 1, 1000000, &o.block);
        else if (option == 's') {
            o.memory = strcmp(optarg, "memory") == 0;
            good = good && (o.memory || strcmp(optarg, "disk") == 0);
        } else if (option == 'd')
            parent = optarg;
        else if (option == 'g')
            o.handle.gc = optarg;
        else if (option == 'j')
            o.json = true;
        else if (cli_take_worker_option(&cli_bench, option, argv, &o.handle) != CLI_OK)
            return CLI_USAGE;
    }
    if (!good)
        return cli_fail(CLI_USAGE, "--n and --block take numbers, --store disk or memory");
    if (argc - optind != 1)
        return argc == optind ? list_cases() : cli_fail(CLI_USAGE, "name one case");
    const bench_case *b = find_case(argv[optind]);
    if (b == NULL)
        return cli_fail(CLI_USAGE, "no case '%s'; 'capstan bench' lists them", argv[optind]);
    return run_case(b, &o, parent);
}

const cli_verb cli_bench = {
    "bench", bench, "measure; without a case, lists the cases",
    "usage: capstan bench [CASE] [--n N] [--block N] [--store disk|memory] [--dir DIR]\n"
    "       [--gc prompt|paced|batched] [--json]\n"
    "       " CLI_WORKER_USAGE "\n"
    "       [--delivery-computrons N]\n\n"
    "  --n N       how many round trips, vats, messages; each case has its default\n"
    "  --block N   deliveries per commit; default 100\n"
    "  --dir DIR   where the store is made, and removed again; default $TMPDIR or /tmp. It should be\n"
    "              on the disk that you want to know about\n"
    "  --worker    as for run, but vats are in this process if it is not given\n\n"
    "bench/compare runs the same vats on the reference from npm and prints ratios.\n"
};
