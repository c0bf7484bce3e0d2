/* capstan run: starts a configuration, or resumes its store, and runs until quiet. */
#include "cli/cleanup.h"
#include "cli/cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { PROGRESS_MILLIS = 250 };

typedef struct run_state {
    capstan_options options;
    capstan_policy policy; /* of the whole run */
    cli_cleanup cleanup;   /* which the policy borrows */
    bool json;
    capstan *c;
    char **log; /* testLog lines of this process, for --json */
    size_t log_count, log_cap;
    bool progress;  /* a terminal is watching */
    bool line_open; /* a progress line stands on it */
} run_state;

/* ---- what vats say: testLog and console to stdout, notices to stderr ---- */

static void clear_progress(run_state *r)
{
    if (r->line_open)
        (void)fputs("\r\033[K", stderr);
    r->line_open = false;
}

static void on_test_log(void *ctx, const char *vat, const char *line)
{
    run_state *r = ctx;
    (void)vat;
    clear_progress(r);
    if (!r->json) {
        (void)printf("%s\n", line);
        return;
    }
    if (r->log_count == r->log_cap) {
        r->log_cap = r->log_cap == 0 ? 64 : r->log_cap * 2;
        r->log = realloc(r->log, r->log_cap * sizeof *r->log);
    }
    if (r->log == NULL || (r->log[r->log_count] = strdup(line)) == NULL)
        exit(cli_fail(CLI_MACHINE, "out of memory"));
    r->log_count++;
}

static void on_console(void *ctx, const char *vat, const char *level, const char *line)
{
    run_state *r = ctx;
    clear_progress(r);
    (void)fprintf(r->json ? stderr : stdout, "%s: %s%s%s\n", vat,
                  strcmp(level, "log") == 0 ? "" : level, strcmp(level, "log") == 0 ? "" : ": ",
                  line);
}

static void on_notice(void *ctx, const char *line)
{
    run_state *r = ctx;
    clear_progress(r);
    cli_say(line);
}

/* ---- running, a slice at a time when somebody is watching ---- */

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void show_progress(run_state *r, const capstan_run_figures *total, double started)
{
    double elapsed = seconds() - started;
    (void)fprintf(stderr, "\r\033[K%llu cranks, %.0f deliveries/s, %llu queued",
                  (unsigned long long)total->cranks,
                  elapsed > 0 ? (double)total->deliveries / elapsed : 0,
                  (unsigned long long)total->queued);
    (void)fflush(stderr);
    r->line_open = true;
}

/* What is left of a limit; false: nothing. 0 is no limit. */
static bool left_of(uint64_t max, uint64_t used, uint64_t *ret)
{
    *ret = max == 0 ? 0 : max - used;
    return max == 0 || used < max;
}

static bool next_slice(const run_state *r, const capstan_run_figures *total, double elapsed,
                       capstan_policy *ret)
{
    *ret = r->policy;
    if (!left_of(r->policy.cranks_max, total->cranks, &ret->cranks_max) ||
        !left_of(r->policy.computrons_max, total->computrons, &ret->computrons_max) ||
        !left_of(r->policy.millis_max, (uint64_t)(elapsed * 1000), &ret->millis_max))
        return false;
    if (r->progress && (ret->millis_max == 0 || ret->millis_max > PROGRESS_MILLIS))
        ret->millis_max = PROGRESS_MILLIS;
    return true;
}

static capstan_code run_all(run_state *r, capstan_run_figures *total)
{
    const double started = seconds();
    capstan_code code = CAPSTAN_OK;
    capstan_policy slice;
    while (code == CAPSTAN_OK && !total->quiet &&
           next_slice(r, total, seconds() - started, &slice)) {
        capstan_run_figures part;
        code = capstan_run(r->c, &slice, &part);
        total->cranks += part.cranks;
        total->deliveries += part.deliveries;
        total->computrons += part.computrons;
        total->queued = part.queued;
        total->quiet = part.quiet;
        if (r->progress && !part.quiet)
            show_progress(r, total, started);
    }
    clear_progress(r);
    return code;
}

/* ---- the outcome ---- */

static void print_capdata(const capstan_capdata *data)
{
    (void)printf("{\"body\":");
    cli_print_json_string(stdout, data->body);
    (void)printf(",\"slots\":[");
    for (size_t i = 0; i < data->slot_count; i++)
        (void)printf("%s\"%s\"", i == 0 ? "" : ",", data->slots[i]);
    (void)printf("]}");
}

static void print_bootstrap(run_state *r)
{
    static const char *const names[] = { "unresolved", "fulfilled", "rejected" };
    capstan_promise state;
    capstan_capdata value;
    if (capstan_bootstrap(r->c, &state, &value) != CAPSTAN_OK) {
        (void)printf("null");
        return;
    }
    (void)printf("{\"status\":\"%s\",\"value\":", names[state]);
    if (state == CAPSTAN_UNRESOLVED)
        (void)printf("null");
    else
        print_capdata(&value);
    (void)printf("}");
}

static void print_json(run_state *r, const capstan_run_figures *total)
{
    const char *stats;
    (void)printf("{\"bootstrap\":");
    print_bootstrap(r);
    (void)printf(",\"log\":[");
    for (size_t i = 0; i < r->log_count; i++) {
        (void)printf("%s", i == 0 ? "" : ",");
        cli_print_json_string(stdout, r->log[i]);
    }
    (void)printf("],\"cranks\":%llu,\"deliveries\":%llu,\"stats\":%s}\n",
                 (unsigned long long)total->cranks, (unsigned long long)total->deliveries,
                 capstan_stats_json(r->c, &stats) == CAPSTAN_OK ? stats : "{}");
}

static int explain_rejection(run_state *r)
{
    char reason[1024] = "";
    capstan_capdata value;
    if (capstan_bootstrap(r->c, NULL, &value) == CAPSTAN_OK)
        cli_reason(reason, sizeof reason, r->c, &value);
    return cli_fail(CLI_REJECTED, "bootstrap was rejected: %s", reason);
}

static int exit_code(run_state *r, capstan_code code, const capstan_run_figures *total)
{
    capstan_promise state = CAPSTAN_UNRESOLVED;
    if (code != CAPSTAN_OK)
        return cli_fail_capstan(r->c, code);
    if (!total->quiet)
        return cli_fail(CLI_STOPPED, "stopped after %llu cranks; run again to go on",
                        (unsigned long long)total->cranks);
    if (capstan_bootstrap(r->c, &state, NULL) == CAPSTAN_OK && state == CAPSTAN_REJECTED)
        return explain_rejection(r);
    return CLI_OK;
}

static int run_opened(run_state *r)
{
    capstan_run_figures total = { 0 };
    capstan_code code = run_all(r, &total);
    int result = exit_code(r, code, &total);
    if (r->json && (result == CLI_OK || result == CLI_REJECTED || result == CLI_PANIC ||
                    result == CLI_STOPPED))
        print_json(r, &total);
    return result;
}

/* ---- the command line ---- */

enum {
    OPT_STORE = 1,
    OPT_RESET,
    OPT_GC,
    OPT_BLOCK,
    OPT_MAX_CRANKS,
    OPT_MAX_COMPUTRONS,
    OPT_MAX_MILLIS,
    OPT_CLEANUP,
    OPT_JSON
};
static const struct option long_options[] = {
    { "store", required_argument, NULL, OPT_STORE },
    { "reset", no_argument, NULL, OPT_RESET },
    { "gc", required_argument, NULL, OPT_GC },
    { "block", required_argument, NULL, OPT_BLOCK },
    { "max-cranks", required_argument, NULL, OPT_MAX_CRANKS },
    { "max-computrons", required_argument, NULL, OPT_MAX_COMPUTRONS },
    { "max-millis", required_argument, NULL, OPT_MAX_MILLIS },
    { "cleanup", required_argument, NULL, OPT_CLEANUP },
    { "json", no_argument, NULL, OPT_JSON },
    CLI_WORKER_OPTIONS,
    CLI_DELIVERY_OPTION,
    { NULL, 0, NULL, 0 },
};

static int take_limit(const char *name, uint64_t *ret)
{
    if (cli_number(optarg, 1, UINT64_MAX, ret))
        return CLI_OK;
    return cli_fail(CLI_USAGE, "%s takes a number, not '%s'", name, optarg);
}

static int take_option(run_state *r, int option, char **argv)
{
    uint64_t n;
    switch (option) {
    case OPT_STORE:
        r->options.store = optarg;
        return CLI_OK;
    case OPT_RESET:
        r->options.reset = true;
        return CLI_OK;
    case OPT_GC:
        r->options.gc = optarg;
        return CLI_OK;
    case OPT_BLOCK:
        if (!cli_number(optarg, 1, UINT32_MAX, &n))
            return cli_fail(CLI_USAGE, "--block takes a number of cranks, not '%s'", optarg);
        r->options.block = (uint32_t)n;
        return CLI_OK;
    case OPT_MAX_CRANKS:
        return take_limit("--max-cranks", &r->policy.cranks_max);
    case OPT_MAX_COMPUTRONS:
        return take_limit("--max-computrons", &r->policy.computrons_max);
    case OPT_MAX_MILLIS:
        return take_limit("--max-millis", &r->policy.millis_max);
    case OPT_CLEANUP:
        return cli_cleanup_read(&r->cleanup, optarg);
    case OPT_JSON:
        r->json = true;
        return CLI_OK;
    default:
        return cli_take_worker_option(&cli_run, option, argv, &r->options);
    }
}

/* Options may stand before or after the configuration; what follows "--" is for the vats. */
static int read_command_line(run_state *r, int argc, char **argv)
{
    int own = argc;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], "--") == 0) {
            own = i;
            r->options.argv = (const char *const *)argv + i + 1;
            r->options.argc = (size_t)(argc - i - 1);
            break;
        }
    optind = 1;
    for (int option; (option = getopt_long(own, argv, ":", long_options, NULL)) != -1;) {
        int code = take_option(r, option, argv);
        if (code != CLI_OK)
            return code;
    }
    if (optind != own - 1)
        return cli_fail(CLI_USAGE, "name one folder or configuration; see 'capstan run --help'");
    r->options.config = argv[optind];
    return CLI_OK;
}

static int run(int argc, char **argv)
{
    static const capstan_listener listener = { on_test_log, on_console, on_notice };
    run_state r = { .options = cli_default_options(&listener) };
    int result = read_command_line(&r, argc, argv);
    if (result != CLI_OK)
        return result;
    r.options.ctx = &r;
    cli_cleanup_apply(&r.cleanup, &r.policy);
    r.progress = isatty(STDERR_FILENO) == 1;
    /* A line leaves before its crank is committed: whoever is killed may say it again, but never
     * forgets it. */
    (void)setvbuf(stdout, NULL, _IOLBF, 0);
    capstan_code code = capstan_open(&r.options, &r.c);
    result = code == CAPSTAN_OK ? run_opened(&r) : cli_fail_capstan(r.c, code);
    capstan_close(r.c);
    for (size_t i = 0; i < r.log_count; i++)
        free(r.log[i]);
    free(r.log);
    return result;
}

const cli_verb cli_run = {
    "run", run, "run a configuration until it is quiet; resumes its store if there is one",
    "usage: capstan run BASEDIR|CONFIG.json [OPTION...] [-- ARG...]\n\n"
    "BASEDIR holds bootstrap.js and vat-NAME.js; CONFIG.json is a SwingSet configuration.\n"
    "stdout: what vats print by vatPowers.testLog and console. stderr: everything else.\n\n"
    "  --store FILE      the store; default capstan.db beside the configuration; :memory: for none\n"
    "  --reset           begin anew: the old store is deleted\n"
    "  --max-cranks N    stop after N cranks (exit 4); run again to go on\n"
    "  --max-computrons N, --max-millis N\n"
    "                    likewise, after so much work or time; a crank is never cut short\n"
    "  --cleanup N       how much of a terminated vat one crank deletes; default 1000, 0: nothing;\n"
    "                    by phase: default=N,exports=N,imports=N,promises=N,kv=N,transcripts=N\n"
    "  --block N         commit after N cranks at the latest; default 1000\n" CLI_WORKER_HELP
        CLI_DELIVERY_HELP
    "  --gc POLICY       when garbage is collected: paced (default) by what was allocated, and when\n"
    "                    idle; prompt after every crank; batched as the reap options say\n"
    "  --json            print one JSON object at the end: bootstrap, log, cranks, deliveries, stats\n"
    "  -- ARG...         vatParameters.argv of the bootstrap vat (only when the store is made)\n\n"
    "exit: 0 quiet, 1 bootstrap rejected, 2 wrong command line, configuration or file,\n"
    "      3 kernel panic, 4 stopped by a --max option, 5 store or machine (disk full, locked, ...)\n"
};
