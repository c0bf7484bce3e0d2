/* What a vat that does not stop costs the others. A host asks eight vats at a fixed rate, whatever is
 * answered (an open loop: a wait is not hidden by asking later); meanwhile a ninth vat runs away, in each
 * way in turn and each time in a new store. Waits are from the moment at which a request was due to the
 * moment at which the host sees its answer, committed. */
#include "cli/bench.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { TARGETS = 8, SLICE_MS = 2, WATCHDOG_MS = 250, REQUESTS_MAX = 60000 };
#define BEFORE_SECONDS 0.4
#define AFTER_SECONDS 0.4
#define TERMINATE_SECONDS 0.5

/* How it is stopped. */
typedef enum ending {
    BY_ITSELF,      /* a limit, or the watchdog: its answer is rejected */
    BY_THE_HOST,    /* it harms nobody, and would go on for ever */
    BY_COMING_BACK, /* the worker was killed, and answers again */
} ending;

typedef struct kind {
    const char *method; /* of runaway.js; NULL: the worker is killed */
    ending ending;
    bool needs_watchdog;
    const char *stop, *p50, *p99, *max; /* names of its figures */
} kind;

#define NAMES(name) name "StopMilliseconds", name "P50", name "P99", name "Max"
static const kind kinds[] = {
    { "loop", BY_ITSELF, false, NAMES("loop") },
    { "recurse", BY_ITSELF, false, NAMES("recursion") },
    { "objects", BY_ITSELF, false, NAMES("objects") },
    { "string", BY_ITSELF, false, NAMES("string") },
    { "array", BY_ITSELF, false, NAMES("array") },
    { "again", BY_ITSELF, false, NAMES("toItself") },
    { "builtin", BY_ITSELF, true, NAMES("builtin") },
    { "pingPong", BY_THE_HOST, false, NAMES("pingPong") },
    { NULL, BY_COMING_BACK, false, NAMES("killed") },
};

typedef struct request {
    double due, answered; /* 0: not yet */
    char kpid[24];
} request;

typedef struct load {
    capstan *c;
    double started, per_second;
    request *all;
    size_t count, first; /* that was sent, that may be open */
    char other[24];      /* the root of a vat, which every message has with it */
    char runaway[24];    /* the promise of its answer */
    double triggered, stopped;
} load;

/* ---- asking ---- */

static capstan_code send_to(load *l, const char *vat, const char *method, char kpid[24])
{
    static const char body[] = "#[\"$0.Alleged: root\"]";
    const char *borrowed, *const slots[] = { l->other };
    const capstan_capdata args = { body, sizeof body - 1, slots, 1 };
    capstan_code code =
        capstan_queue_to_vat_root(l->c, vat, method, &args, CAPSTAN_IGNORE, &borrowed);
    if (code == CAPSTAN_OK)
        (void)snprintf(kpid, 24, "%s", borrowed);
    return code;
}

static double due_of(const load *l, size_t i)
{
    return l->started + (double)i / l->per_second;
}

static capstan_code send_due(load *l)
{
    capstan_code code = CAPSTAN_OK;
    const double now = bench_seconds();
    while (code == CAPSTAN_OK && due_of(l, l->count) <= now && l->count < REQUESTS_MAX) {
        char vat[8];
        request *r = &l->all[l->count];
        (void)snprintf(vat, sizeof vat, "t%zu", l->count % TARGETS);
        *r = (request){ .due = due_of(l, l->count) };
        l->count++;
        code = send_to(l, vat, "ping", r->kpid);
    }
    return code;
}

static capstan_code is_settled(load *l, const char *kpid, bool *ret)
{
    capstan_promise state = CAPSTAN_UNRESOLVED;
    capstan_code code = capstan_kp_status(l->c, kpid, &state);
    *ret = code == CAPSTAN_OK && state != CAPSTAN_UNRESOLVED;
    return *ret ? capstan_kp_release(l->c, kpid) : code;
}

static capstan_code note_answers(load *l)
{
    capstan_code code = CAPSTAN_OK;
    const double now = bench_seconds();
    for (size_t i = l->first; i < l->count && code == CAPSTAN_OK; i++) {
        bool settled = false;
        if (l->all[i].answered == 0)
            code = is_settled(l, l->all[i].kpid, &settled);
        if (settled)
            l->all[i].answered = now;
    }
    while (l->first < l->count && l->all[l->first].answered > 0)
        l->first++;
    return code;
}

static void wait_for_next(const load *l)
{
    const double seconds = due_of(l, l->count) - bench_seconds();
    const struct timespec t = { .tv_nsec = (long)(seconds * 1e9) };
    if (seconds > 0 && seconds < 1)
        (void)nanosleep(&t, NULL);
}

/* ---- running away ---- */

/* Our only child is the worker process. */
static void kill_worker(void)
{
    char path[64];
    int pid = 0;
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "r");
    if (f != NULL && fscanf(f, "%d", &pid) == 1 && pid > 1)
        (void)kill(pid, SIGKILL);
    if (f != NULL)
        (void)fclose(f);
}

static capstan_code trigger(load *l, const kind *k)
{
    l->triggered = bench_seconds();
    if (k->method != NULL)
        return send_to(l, "runaway", k->method, l->runaway);
    kill_worker();
    return CAPSTAN_OK;
}

/* Whether it has been stopped by now. */
static capstan_code look_after(load *l, const kind *k, bool *ret)
{
    const double since = bench_seconds() - l->triggered;
    *ret = k->ending == BY_THE_HOST && since > TERMINATE_SECONDS;
    if (*ret)
        return capstan_terminate_vat(l->c, "runaway", "it does not stop");
    if (k->ending == BY_ITSELF)
        return is_settled(l, l->runaway, ret);
    if (k->ending == BY_COMING_BACK)
        *ret = l->first > 0 && l->all[l->first - 1].due > l->triggered;
    return CAPSTAN_OK;
}

static capstan_code go_on(load *l, const kind *k)
{
    const capstan_policy slice = { .millis_max = SLICE_MS };
    capstan_run_figures figures;
    bool stopped = false;
    capstan_code code = send_due(l);
    if (code == CAPSTAN_OK)
        code = capstan_run(l->c, &slice, &figures);
    if (code == CAPSTAN_OK)
        code = note_answers(l);
    if (code == CAPSTAN_OK && l->triggered == 0 && bench_seconds() > l->started + BEFORE_SECONDS)
        code = trigger(l, k);
    else if (code == CAPSTAN_OK && l->triggered > 0 && l->stopped == 0)
        code = look_after(l, k, &stopped);
    if (stopped)
        l->stopped = bench_seconds();
    if (code == CAPSTAN_OK && figures.quiet)
        wait_for_next(l);
    return code;
}

/* ---- figures ---- */

/* The part of the waits of what was due in [from, to). */
static double wait_of(const load *l, double from, double to, double part)
{
    double *waits = malloc(l->count * sizeof *waits + 1);
    size_t n = 0;
    for (size_t i = 0; i < l->count && waits != NULL; i++)
        if (l->all[i].answered > 0 && l->all[i].due >= from && l->all[i].due < to)
            waits[n++] = (l->all[i].answered - l->all[i].due) * 1e3;
    const double ms = bench_quantile(waits, n, part);
    free(waits);
    return ms;
}

static double larger(double a, double b)
{
    return a > b ? a : b;
}

/* Over all kinds but the one for which there is only the watchdog. */
typedef struct worst {
    double p99, max, run_p99;
} worst;

static void add_kind(bench_report *r, const kind *k, const load *l, worst *w)
{
    const double from = l->triggered, to = l->stopped;
    const double p99 = wait_of(l, from, to, 0.99), max = wait_of(l, from, to, 1);
    bench_add(r, k->stop, (to - from) * 1e3, "ms until it is stopped");
    bench_add(r, k->p50, wait_of(l, from, to, 0.5), "ms wait of others meanwhile, median");
    bench_add(r, k->p99, p99, "ms, 99 of 100");
    bench_add(r, k->max, max, "ms, longest");
    if (k->needs_watchdog)
        return;
    w->p99 = larger(w->p99, p99);
    w->max = larger(w->max, max);
    w->run_p99 = larger(w->run_p99, wait_of(l, 0, to + AFTER_SECONDS, 0.99));
}

static capstan_code begin(load *l)
{
    const char *root;
    capstan_code code = capstan_run(l->c, NULL, NULL);
    if (code == CAPSTAN_OK)
        code = capstan_root_object(l->c, "t0", &root);
    if (code == CAPSTAN_OK)
        (void)snprintf(l->other, sizeof l->other, "%s", root);
    return code;
}

static int run_kind(const bench_options *o, const kind *k, bench_report *r, worst *w)
{
    int result = CLI_OK;
    load l = { .per_second = (double)bench_or(o->n, 500),
               .all = calloc(REQUESTS_MAX, sizeof(request)) };
    bench_options with = *o;
    with.vats = ",\n\"runaway\":{\"sourceSpec\":\"./runaway.js\"}";
    if (k->needs_watchdog && with.handle.watchdog_millis == 0)
        with.handle.watchdog_millis = WATCHDOG_MS;
    l.c = l.all == NULL ? NULL : bench_open(&with, TARGETS, "target", &result);
    capstan_code code = l.c == NULL ? CAPSTAN_IO : begin(&l);
    l.started = bench_seconds();
    while (code == CAPSTAN_OK && (l.stopped == 0 || bench_seconds() < l.stopped + AFTER_SECONDS))
        code = go_on(&l, k);
    if (code == CAPSTAN_OK)
        add_kind(r, k, &l, w);
    else if (result == CLI_OK)
        result = l.c == NULL ? cli_fail(CLI_MACHINE, "out of memory") : cli_fail_capstan(l.c, code);
    capstan_close(l.c);
    free(l.all);
    return result;
}

int bench_runaway(const bench_options *o, bench_report *r)
{
    int result = CLI_OK;
    worst w = { 0 };
    bench_options with = *o;
    if (o->handle.worker == NULL)
        with.handle.worker = "process";
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds && result == CLI_OK; i++)
        result = run_kind(&with, &kinds[i], r, &w);
    bench_add(r, "p99Milliseconds", w.p99, "ms, 99 of 100 meanwhile, worst kind but builtin");
    bench_add(r, "maxMilliseconds", w.max, "ms, longest");
    bench_add(r, "runP99Milliseconds", w.run_p99, "ms, 99 of 100 of a whole run, likewise");
    return result;
}
