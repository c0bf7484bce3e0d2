/* What the host API takes and refuses about bundles, budgets, numbers of vats and where vats run.
 * tests/e2e/bundles.py, dynamic.py and workers.py have the rest. */
#include "t.h"

#include "base/limits.h"
#include "capstan.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char vat_js[] =
    "import { Far } from '@endo/far';\n"
    "export const buildRootObject = () => Far('root', { ping: () => 5 });\n";

typedef struct world {
    char dir[400], config[440], store[440], source[440];
    capstan *c;
    capstan_code in_callback;
} world;

static void on_notice(void *ctx, const char *line)
{
    world *w = ctx;
    (void)line;
    const capstan_bundle b = { .path = w->source };
    w->in_callback = capstan_install_bundle(w->c, &b, NULL);
}

static capstan_code open_with(world *w, const capstan_options *more)
{
    static const capstan_listener listener = { .notice = on_notice };
    capstan_options o = *more;
    o.size = sizeof o;
    o.store = w->store;
    o.listener = &listener;
    o.ctx = w;
    capstan_close(w->c);
    return capstan_open(&o, &w->c);
}

static void make(world *w, const char *config)
{
    *w = (world){ 0 };
    (void)snprintf(w->dir, sizeof w->dir, "%s", t_tmpdir());
    (void)snprintf(w->config, sizeof w->config, "%s/config.json", w->dir);
    (void)snprintf(w->store, sizeof w->store, "%s/x.db", w->dir);
    (void)snprintf(w->source, sizeof w->source, "%s/a.js", w->dir);
    t_write_file(w->source, vat_js, strlen(vat_js));
    t_write_file(w->config, config, strlen(config));
    if (open_with(w, &(capstan_options){ .config = w->config, .worker = "local" }) != CAPSTAN_OK)
        fail_msg("%s", capstan_errmsg(w->c));
}

static const char plain[] = "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}}}";

static void fails(const world *w, capstan_code wanted, const char *says, capstan_code have)
{
    if (have != wanted || strstr(capstan_errmsg(w->c), says) == NULL)
        fail_msg("%s: %s\nnot %s: %s", capstan_code_name(have), capstan_errmsg(w->c),
                 capstan_code_name(wanted), says);
}

static capstan_code install(world *w, capstan_bundle b)
{
    return capstan_install_bundle(w->c, &b, NULL);
}

static void bundles_are_refused(void **state)
{
    static const char json[] = "{}";
    world w;
    const char *id;
    (void)state;
    make(&w, plain);
    const capstan_bundle good = { .path = w.source, .name = "good" };
    fails(&w, CAPSTAN_USAGE, "one of path and json", install(&w, (capstan_bundle){ 0 }));
    fails(&w, CAPSTAN_USAGE, "one of path and json",
          install(&w, (capstan_bundle){ .path = w.source, .json = json }));
    fails(&w, CAPSTAN_CONFIG, "larger than",
          install(&w, (capstan_bundle){ .json = json, .json_size = CS_SOURCE_MAX + 1 }));
    fails(&w, CAPSTAN_CONFIG, "not JSON", install(&w, (capstan_bundle){ .json = json }));
    fails(&w, CAPSTAN_CONFIG, "moduleFormat",
          install(&w, (capstan_bundle){ .json = json, .json_size = 2 }));
    fails(&w, CAPSTAN_USAGE, "a bundle's name is",
          install(&w, (capstan_bundle){ .path = w.source, .name = "" }));
    assert_int_equal(capstan_install_bundle(w.c, &good, &id), CAPSTAN_OK);
    assert_int_equal(strncmp(id, "c1-", 3), 0);
    assert_int_equal(install(&w, good), CAPSTAN_OK);
    assert_int_equal(capstan_terminate_vat(w.c, "a", "notice"), CAPSTAN_OK);
    assert_int_equal(w.in_callback, CAPSTAN_BUSY);
    assert_int_equal(capstan_commit(w.c), CAPSTAN_OK);
    assert_int_equal(open_with(&w, &(capstan_options){ .read_only = true }), CAPSTAN_OK);
    fails(&w, CAPSTAN_READ_ONLY, "read-only", install(&w, good));
    fails(&w, CAPSTAN_READ_ONLY, "read-only", capstan_set_vats_max(w.c, 5));
    capstan_close(w.c);
}

static void a_policy_has_one_budget(void **state)
{
    world w;
    (void)state;
    make(&w, plain);
    const capstan_cleanup_budget budget = { .exports = 1, .by_default = 5 };
    capstan_policy policy = { .cleanup_max = 5, .cleanup_budget = &budget };
    fails(&w, CAPSTAN_USAGE, "both cleanup_max and cleanup_budget",
          capstan_run(w.c, &policy, NULL));
    policy.cleanup_max = 0;
    assert_int_equal(capstan_run(w.c, &policy, NULL), CAPSTAN_OK);
    assert_int_equal(capstan_set_vats_max(w.c, 0), CAPSTAN_OK);
    assert_int_equal(capstan_set_vats_max(w.c, 5), CAPSTAN_OK);
    capstan_close(w.c);
}

/* Whether a vat of the store runs, with a worker's program that there is not: only in this process. */
static bool runs_here(world *w, const char *worker, const char *by_default)
{
    const capstan_options o = { .worker = worker,
                                .worker_default = by_default,
                                .worker_program = "/nowhere/capstan" };
    assert_int_equal(open_with(w, &o), CAPSTAN_OK);
    assert_int_equal(capstan_queue_to_vat_root(w->c, "a", "ping", NULL, CAPSTAN_IGNORE, NULL),
                     CAPSTAN_OK);
    return capstan_run(w->c, NULL, NULL) == CAPSTAN_OK;
}

static void who_says_where_vats_run(void **state)
{
    world w;
    (void)state;
    make(&w, plain);
    assert_true(runs_here(&w, NULL, NULL));
    assert_true(runs_here(&w, "local", "process"));
    assert_false(runs_here(&w, NULL, "process"));
    capstan_close(w.c);
    make(&w, "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultManagerType\":\"local\"}");
    assert_true(runs_here(&w, NULL, "process"));
    assert_false(runs_here(&w, "process", "local"));
    capstan_close(w.c);
    make(&w, "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultManagerType\":\"xsnap\"}");
    assert_false(runs_here(&w, NULL, NULL));
    assert_true(runs_here(&w, "local", NULL));
    fails(&w, CAPSTAN_USAGE, "no worker kind",
          open_with(&w, &(capstan_options){ .worker_default = "thread" }));
    capstan_close(w.c);
}

static void a_kind_that_the_store_invents(void **state)
{
    static const char *const odd[] = { "thread", "native", "external", "" };
    const cs_store_options so = { 0 };
    (void)state;
    world w;
    make(&w, plain);
    for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
        cs_store *s = NULL;
        cs_error err;
        capstan_close(w.c);
        w.c = NULL;
        assert_ok(cs_store_open(w.store, &so, &s, &err));
        cs_kv_set(s, (cs_vatid){ 0 }, CS_BYTES("host.manager"), cs_blob_new(cs_bytes_of(odd[i])));
        cs_store_keep(s);
        assert_ok(cs_store_commit(s, &err));
        (void)cs_store_close(s);
        fails(&w, CAPSTAN_CORRUPT, "its kind of vat manager is unknown",
              open_with(&w, &(capstan_options){ 0 }));
        assert_int_equal(open_with(&w, &(capstan_options){ .worker = "local" }), CAPSTAN_OK);
    }
    capstan_close(w.c);
}

T_MAIN(T(bundles_are_refused), T(a_policy_has_one_budget), T(who_says_where_vats_run),
       T(a_kind_that_the_store_invents))
