/* Whole runs with vats in worker processes: however often those are killed, the store ends as that of an
 * undisturbed run; what cannot be metered is ended by the watchdog. This program is the worker as well. */
#include "capstan.h"
#include "t.h"
#include "worker/main.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

/* ---- a configuration ---- */

static const char *write_vats(const char *name, const char *const *files)
{
    static char dir[3072];
    char path[4096];
    (void)snprintf(dir, sizeof dir, "%s/%s", t_tmpdir(), name);
    (void)mkdir(dir, 0700);
    for (; files[0] != NULL; files += 2) {
        (void)snprintf(path, sizeof path, "%s/%s", dir, files[0]);
        t_write_file(path, files[1], strlen(files[1]));
    }
    return dir;
}

/* Many small deliveries between three vats, with objects that come and go. */
static const char *const busy[] = {
    "bootstrap.js",
    "import { E, Far } from '@endo/far';\n"
    "export const buildRootObject = () => { let kept = []; let n = 0; return Far('root', {\n"
    "  bootstrap: () => {},\n"
    "  async work(a, b, rounds) {\n"
    "    for (let i = 0; i < rounds; i += 1) {\n"
    "      const counter = E(a).make(i);\n"
    "      const [x, y] = await Promise.all([E(counter).add(i), E(b).use(counter, 'x'.repeat(i))]);\n"
    "      kept = i % 10 === 0 ? [] : [...kept, await counter];\n"
    "      n += x + y;\n"
    "    }\n"
    "    return n;\n"
    "  } }); };\n",
    "vat-a.js",
    "import { Far } from '@endo/far';\n"
    "export const buildRootObject = () => { let total = 0; return Far('root', {\n"
    "  make: n => Far('counter', { add: i => { n += i; total += i; return n; } }),\n"
    "  total: () => total }); };\n",
    "vat-b.js",
    "import { E, Far } from '@endo/far';\n"
    "export const buildRootObject = () => Far('root', {\n"
    "  use: (counter, text) => E(counter).add(text.length) });\n",
    NULL,
};

typedef struct noticed {
    unsigned ended, terminated;
    char last[512];
} noticed;

static void on_notice(void *ctx, const char *line)
{
    noticed *n = ctx;
    n->ended += strstr(line, "a worker process ended") != NULL;
    n->terminated += strstr(line, "vat killed its worker") != NULL;
    (void)snprintf(n->last, sizeof n->last, "%s", line);
}

static capstan *open_store(const char *config, const char *store, const char *worker,
                           uint32_t watchdog_millis, noticed *n)
{
    static const capstan_listener listener = { .notice = on_notice };
    const capstan_options o = { .size = sizeof o,
                                .config = config,
                                .store = store,
                                .worker = worker,
                                .worker_program = "/proc/self/exe",
                                .watchdog_millis = watchdog_millis,
                                .listener = &listener,
                                .ctx = n };
    capstan *c;
    memset(n, 0, sizeof *n);
    if (capstan_open(&o, &c) != CAPSTAN_OK)
        fail_msg("%s", capstan_errmsg(c));
    return c;
}

static void send_to(capstan *c, const char *vat, const char *body, const char *const *slots,
                    size_t slot_count)
{
    const capstan_capdata args = { body, strlen(body), slots, slot_count };
    if (capstan_queue_to_vat_root(c, vat, "work", &args, CAPSTAN_IGNORE, NULL) != CAPSTAN_OK)
        fail_msg("%s", capstan_errmsg(c));
}

static void send_work(capstan *c, unsigned rounds)
{
    const char *root;
    char a[32], b[32], body[128];
    const char *const slots[] = { a, b };
    assert_int_equal(capstan_root_object(c, "a", &root), CAPSTAN_OK);
    (void)snprintf(a, sizeof a, "%s", root);
    assert_int_equal(capstan_root_object(c, "b", &root), CAPSTAN_OK);
    (void)snprintf(b, sizeof b, "%s", root);
    (void)snprintf(body, sizeof body, "#[\"$0.Alleged: root\",\"$1.Alleged: root\",%u]", rounds);
    send_to(c, "bootstrap", body, slots, 2);
}

/* ---- killing ---- */

typedef struct killer {
    atomic_uint cranks; /* that were kept */
    atomic_bool stop;
    unsigned kills, kills_max;
    pid_t parent;
} killer;

/* The workers; 0 if there are none just now. */
static size_t list_workers(pid_t parent, pid_t *ret, size_t max)
{
    char path[64];
    size_t count = 0;
    int pid;
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)parent, (int)parent);
    FILE *f = fopen(path, "r");
    while (f != NULL && count < max && fscanf(f, "%d", &pid) == 1)
        ret[count++] = pid;
    if (f != NULL)
        (void)fclose(f);
    return count;
}

static void nap(unsigned us)
{
    const struct timespec t = { .tv_nsec = (long)us * 1000 };
    (void)nanosleep(&t, NULL);
}

/* Kills at any moment, but never twice before there was some progress: a second death in the same
 * delivery is its vat's fault. Idle workers may die as often as they like. */
static void *kill_at_random(void *arg)
{
    killer *k = arg;
    unsigned random = 1, before = 0;
    while (!k->stop && k->kills < k->kills_max) {
        pid_t pids[8];
        random = random * 1103515245 + 12345;
        nap((random >> 16) % 4000);
        const unsigned now = k->cranks;
        const size_t count = list_workers(k->parent, pids, 8);
        if (count == 0 || now < before + 3)
            continue;
        before = now;
        k->kills += kill(pids[random % count], SIGKILL) == 0;
    }
    return NULL;
}

/* A crank at a time, each committed, until quiet; and says after each that it was made. */
static void run_counting(capstan *c, killer *k)
{
    const capstan_policy one = { .cranks_max = 1 };
    for (capstan_run_figures figures = { 0 }; !figures.quiet;) {
        if (capstan_run(c, &one, &figures) != CAPSTAN_OK)
            fail_msg("%s", capstan_errmsg(c));
        k->cranks += (unsigned)figures.cranks;
    }
}

static char *outcome(capstan *c)
{
    const char *hash, *dump;
    assert_int_equal(capstan_activity_hash(c, &hash), CAPSTAN_OK);
    char *first = strdup(hash);
    assert_int_equal(capstan_dump_json(c, &dump), CAPSTAN_OK);
    char *all = malloc(strlen(first) + strlen(dump) + 2);
    (void)sprintf(all, "%s\n%s", first, dump);
    free(first);
    return all;
}

static void verify_line(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s\n", line);
}

enum { ROUNDS = 25 };

static char *undisturbed(const char *dir, unsigned calls)
{
    noticed n;
    capstan *c = open_store(dir, ":memory:", "local", 0, &n);
    for (unsigned i = 0; i < calls; i++) {
        send_work(c, ROUNDS);
        assert_int_equal(capstan_run(c, NULL, NULL), CAPSTAN_OK);
    }
    char *all = outcome(c);
    capstan_close(c);
    return all;
}

/* So many, unless T_KILLS says otherwise: workers_kills.c and workers_kills_slow.c. */
extern const unsigned workers_kills;

static unsigned kills_wanted(void)
{
    const char *text = getenv("T_KILLS");
    return text == NULL ? workers_kills : (unsigned)strtoul(text, NULL, 10);
}

/* One store after another, so that none gets a history that takes long to replay. */
/* Whoever calls us may run where it could before. */
static void assert_free(const cpu_set_t *before)
{
    cpu_set_t now;
    assert_int_equal(sched_getaffinity(0, sizeof now, &now), 0);
    assert_true(CPU_EQUAL(&now, before));
}

static void killed_workers_change_nothing(void **state)
{
    enum { CALLS = 4 };
    const unsigned wanted_kills = kills_wanted();
    const char *dir = write_vats("busy", busy);
    char *wanted = undisturbed(dir, CALLS);
    unsigned kills = 0, ended = 0;
    cpu_set_t cores;
    (void)state;
    assert_int_equal(sched_getaffinity(0, sizeof cores, &cores), 0);
    for (unsigned round = 0; kills < wanted_kills; round++) {
        noticed n;
        pthread_t thread;
        killer k = { .kills_max = wanted_kills - kills, .parent = getpid() };
        capstan *c = open_store(dir, ":memory:", round % 2 == 0 ? "process" : "process:vat", 0, &n);
        assert_int_equal(pthread_create(&thread, NULL, kill_at_random, &k), 0);
        for (unsigned i = 0; i < CALLS; i++) {
            send_work(c, ROUNDS);
            run_counting(c, &k);
            assert_free(&cores);
        }
        k.stop = true;
        (void)pthread_join(thread, NULL);
        kills += k.kills;
        ended += n.ended;
        char *have = outcome(c);
        assert_string_equal(have, wanted);
        free(have);
        assert_int_equal(n.terminated, 0);
        assert_int_equal(capstan_verify(c, verify_line, NULL), CAPSTAN_OK);
        capstan_close(c);
    }
    (void)printf("# %u kills, %u of them noticed\n", kills, ended);
    assert_true(ended > 0);
    free(wanted);
}

/* ---- what no meter stops ---- */

/* Sorting a huge array without elements costs no computrons, and for ever. */
static const char *const runaway[] = {
    "vat-bad.js",
    "import { Far } from '@endo/far';\n"
    "export const buildRootObject = () => Far('root', { work: () => {\n"
    "  const a = []; a.length = 4294967295; a[4294967294] = 1;\n"
    "  return a.lastIndexOf(2) + a.indexOf(2) + a.includes(2) + a.sort().length; } });\n",
    "vat-good.js",
    "import { Far } from '@endo/far';\n"
    "export const buildRootObject = () => { let n = 0; return Far('root', { work: () => { n += 1;"
    " return n; } }); };\n",
    NULL,
};

static void the_watchdog_ends_what_no_meter_stops(void **state)
{
    noticed n;
    capstan_run_figures figures;
    const char *kpid;
    capstan_capdata value, no_args = { "#[]", 3, NULL, 0 };
    char promise[32];
    (void)state;
    capstan *c = open_store(write_vats("runaway", runaway), ":memory:", "process", 1500, &n);
    assert_int_equal(capstan_queue_to_vat_root(c, "bad", "work", &no_args, CAPSTAN_IGNORE, &kpid),
                     CAPSTAN_OK);
    (void)snprintf(promise, sizeof promise, "%s", kpid);
    send_to(c, "good", "#[]", NULL, 0);
    assert_int_equal(capstan_run(c, NULL, &figures), CAPSTAN_OK);
    assert_true(figures.quiet);
    if (n.ended == 0)
        t_skip("this engine meters what the test takes for unmetered");
    assert_int_equal(n.ended, 2);
    assert_int_equal(n.terminated, 1);
    assert_int_equal(capstan_kp_resolution(c, promise, &value), CAPSTAN_OK);
    assert_non_null(strstr(value.body, "vat terminated"));
    send_to(c, "good", "#[]", NULL, 0);
    assert_int_equal(capstan_run(c, NULL, NULL), CAPSTAN_OK);
    assert_int_equal(capstan_verify(c, verify_line, NULL), CAPSTAN_OK);
    capstan_close(c);
}

/* ---- options ---- */

static void refused(const char *worker, const char *says)
{
    const capstan_options o = {
        .size = sizeof o, .config = "x", .store = ":memory:", .worker = worker
    };
    capstan *c;
    assert_int_equal(capstan_open(&o, &c), CAPSTAN_USAGE);
    assert_non_null(strstr(capstan_errmsg(c), says));
    capstan_close(c);
}

static void unknown_kinds_are_refused(void **state)
{
    static const char *const kinds[] = { "",          "thread",     "process:",   "process:0",
                                         "process:x", "process:1x", "process:-1", "process:1001",
                                         "local:2",   "external",   "processes" };
    (void)state;
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        refused(kinds[i], "is no worker kind that this version has");
}

int main(int argc, char **argv)
{
    static const t_case cases[] = { T(killed_workers_change_nothing),
                                    T(the_watchdog_ends_what_no_meter_stops),
                                    T(unknown_kinds_are_refused) };
    if (argc > 2 && strcmp(argv[1], "worker") == 0)
        return cs_worker_main(argv[2]);
    return t_run(cases, sizeof cases / sizeof *cases);
}
