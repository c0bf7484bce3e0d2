/* Garbage through the host API: what the calls refuse, and vats that import other things than their
 * c-lists say. tests/e2e/garbage.py has the rest. */
#include "t.h"

#include "capstan.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char boot_js[] =
    "import { E, Far } from '@endo/far';\n"
    "export const buildRootObject = () => { let kept; return Far('root', {\n"
    "  async bootstrap({ a, b }) { kept = [await E(b).make(), await E(b).make()];\n"
    "    await E(a).hold(kept[0]); },\n"
    "  let() { kept = undefined; } }); };\n";
static const char a_js[] =
    "import { Far } from '@endo/far';\n"
    "export const buildRootObject = () => { let held; return Far('root', {\n"
    "  hold: x => { held = x; }, ping: () => 5, letGo: () => { held = undefined; } }); };\n";
static const char b_js[] =
    "import { Far } from '@endo/far';\n"
    "export const buildRootObject = () => Far('root', { make: () => Far('thing', {}) });\n";

static const cs_vatid vat_a = { 2 };

typedef struct world {
    char dir[400], path[440], notices[4096];
    capstan *c;
    capstan_code in_callback; /* of a call from inside a listener */
} world;

static void on_notice(void *ctx, const char *line)
{
    world *w = ctx;
    size_t size = strlen(w->notices);
    (void)snprintf(w->notices + size, sizeof w->notices - size, "%s\n", line);
    capstan_gc_figures figures;
    w->in_callback = capstan_gc(w->c, NULL, &figures);
}

static void write_source(const char *dir, const char *name, const char *text)
{
    char path[500];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    t_write_file(path, text, strlen(text));
}

static capstan_code open_as(world *w, const char *config, const char *gc, bool read_only)
{
    static const capstan_listener listener = { .notice = on_notice };
    const capstan_options o = { .size = sizeof o,
                                .config = config,
                                .store = w->path,
                                .gc = gc,
                                .read_only = read_only,
                                .listener = &listener,
                                .ctx = w };
    w->notices[0] = 0;
    return capstan_open(&o, &w->c);
}

static void reopen(world *w, const char *gc, bool read_only)
{
    if (open_as(w, NULL, gc, read_only) != CAPSTAN_OK)
        fail_msg("%s", capstan_errmsg(w->c));
}

/* A store that is quiet: boot holds two objects of b's, ko24 and ko25, and a the first one. */
static void make_store(world *w, const char *gc)
{
    *w = (world){ 0 };
    (void)snprintf(w->dir, sizeof w->dir, "%s", t_tmpdir());
    (void)snprintf(w->path, sizeof w->path, "%s/x.db", w->dir);
    write_source(w->dir, "bootstrap.js", boot_js);
    write_source(w->dir, "vat-a.js", a_js);
    write_source(w->dir, "vat-b.js", b_js);
    assert_int_equal(open_as(w, w->dir, gc, false), CAPSTAN_OK);
    assert_int_equal(capstan_run(w->c, NULL, NULL), CAPSTAN_OK);
    assert_string_equal(w->notices, "");
}

static void close_store(world *w)
{
    capstan_close(w->c);
    w->c = NULL;
}

static void fails(const world *w, capstan_code wanted, const char *says, capstan_code have)
{
    if (have != wanted || strstr(capstan_errmsg(w->c), says) == NULL)
        fail_msg("%s: %s\nnot %s: %s", capstan_code_name(have), capstan_errmsg(w->c),
                 capstan_code_name(wanted), says);
}

static void send(world *w, const char *vat, const char *method)
{
    assert_int_equal(capstan_queue_to_vat_root(w->c, vat, method, NULL, CAPSTAN_IGNORE, NULL),
                     CAPSTAN_OK);
    assert_int_equal(capstan_run(w->c, NULL, NULL), CAPSTAN_OK);
}

static char *dump(world *w)
{
    const char *text;
    assert_int_equal(capstan_dump_json(w->c, &text), CAPSTAN_OK);
    return strdup(text);
}

/* ---- calls ---- */

static void wrong_calls_change_nothing(void **state)
{
    (void)state;
    world w;
    const char *text;
    make_store(&w, NULL);
    char *before = dump(&w), *after;
    fails(&w, CAPSTAN_NOT_FOUND, "no vat 'x' in ", capstan_gc(w.c, "x", NULL));
    fails(&w, CAPSTAN_USAGE, "'' is no kref", capstan_why_json(w.c, NULL, &text));
    fails(&w, CAPSTAN_USAGE, "'o-5' is no kref", capstan_why_json(w.c, "o-5", &text));
    fails(&w, CAPSTAN_NOT_FOUND, "there is no ko999 in ", capstan_why_json(w.c, "ko999", &text));
    fails(&w, CAPSTAN_USAGE, "no vat is named", capstan_unpin_vat_root(w.c, NULL));
    fails(&w, CAPSTAN_NOT_FOUND, "is not pinned", capstan_unpin_vat_root(w.c, "a"));
    fails(&w, CAPSTAN_NOT_FOUND, "not held by the host", capstan_kp_release(w.c, "ko20"));
    /* A message that cannot be sent does not export a root anew. */
    const char *slots[] = { "ko999" };
    const capstan_capdata args = { "#[\"$0\"]", 6, slots, 1 };
    fails(&w, CAPSTAN_NOT_FOUND, "ko999",
          capstan_queue_to_vat_root(w.c, "a", "ping", &args, CAPSTAN_IGNORE, NULL));
    fails(&w, CAPSTAN_USAGE, "no method",
          capstan_queue_to_vat_root(w.c, "a", "", NULL, CAPSTAN_IGNORE, NULL));
    after = dump(&w);
    assert_string_equal(after, before);
    free(after);
    assert_int_equal(capstan_terminate_vat(w.c, "a", "enough"), CAPSTAN_OK);
    fails(&w, CAPSTAN_DEAD, "vat 'a' is terminated", capstan_gc(w.c, "a", NULL));
    fails(&w, CAPSTAN_DEAD, "by its kref", capstan_unpin_vat_root(w.c, "a"));
    assert_int_equal(capstan_gc(w.c, NULL, NULL), CAPSTAN_OK);
    assert_int_equal(capstan_reap_all(w.c), CAPSTAN_OK);
    assert_int_equal(capstan_verify(w.c, NULL, NULL), CAPSTAN_OK);
    free(before);
    close_store(&w);
}

static void who_only_looks_collects_nothing(void **state)
{
    (void)state;
    world w;
    const char *text;
    make_store(&w, NULL);
    close_store(&w);
    reopen(&w, NULL, true);
    char *before = dump(&w), *after;
    fails(&w, CAPSTAN_READ_ONLY, "open read-only", capstan_gc(w.c, NULL, NULL));
    fails(&w, CAPSTAN_READ_ONLY, "open read-only", capstan_reap_all(w.c));
    fails(&w, CAPSTAN_READ_ONLY, "open read-only", capstan_set_reap_defaults(w.c, 1, 1));
    fails(&w, CAPSTAN_READ_ONLY, "open read-only", capstan_unpin_vat_root(w.c, "a"));
    fails(&w, CAPSTAN_READ_ONLY, "it would be exported anew", capstan_root_object(w.c, "a", &text));
    after = dump(&w);
    assert_string_equal(after, before);
    assert_non_null(strstr(after, "[\"ko24\",\"v3\",2,2]"));
    assert_int_equal(capstan_why_json(w.c, "ko24", &text), CAPSTAN_OK);
    assert_non_null(strstr(text, "\"owner\":\"v3\",\"name\":\"b\",\"reachable\":2"));
    free(before);
    free(after);
    close_store(&w);
}

static void policies_are_named(void **state)
{
    static const char *const wrong[] = { "", "never", "Paced", "prompt ", "batch" };
    (void)state;
    world w;
    make_store(&w, "prompt");
    close_store(&w);
    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        fails(&w, CAPSTAN_USAGE,
              "is no gc policy that this version has; use paced, prompt or batched",
              open_as(&w, NULL, wrong[i], false));
        close_store(&w);
    }
}

static void figures_are_of_this_call(void **state)
{
    (void)state;
    world w;
    capstan_gc_figures f;
    make_store(&w, "batched");
    assert_int_equal(capstan_set_reap_defaults(w.c, CAPSTAN_NEVER, CAPSTAN_NEVER), CAPSTAN_OK);
    assert_int_equal(capstan_gc(w.c, NULL, &f), CAPSTAN_OK);
    send(&w, "bootstrap", "let");
    send(&w, "a", "letGo");
    assert_int_equal(capstan_gc(w.c, "bootstrap", &f), CAPSTAN_OK);
    assert_int_equal(f.imports_dropped, 2);
    assert_int_equal(f.exports_dropped, 1);
    assert_int_equal(f.rounds, 1);
    assert_int_equal(capstan_gc(w.c, "a", &f), CAPSTAN_OK);
    assert_int_equal(f.imports_dropped, 1);
    assert_int_equal(f.imports_retired, 1);
    assert_int_equal(f.exports_dropped, 1);
    assert_int_equal(f.exports_retired, 1);
    assert_int_equal(capstan_gc(w.c, NULL, &f), CAPSTAN_OK);
    assert_int_equal(f.imports_dropped + f.imports_retired + f.exports_dropped + f.exports_retired,
                     0);
    assert_int_equal(f.deliveries, 4);
    close_store(&w);
}

/* ---- vats that import other things than their c-lists say ---- */

/* Makes the c-list of a wrong, and everything else agree with it: an import comes or goes. */
static void edit_clist(world *w, const char *vref_text, uint64_t object, bool add)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    cs_vref vref;
    const cs_kref kref = cs_kref_of(CS_REF_OBJECT, object);
    assert_ok(cs_vref_parse(cs_bytes_of(vref_text), &vref));
    close_store(w);
    assert_ok(cs_store_open(w->path, &(cs_store_options){ 0 }, &s, &err));
    if (add) {
        cs_clist_add(s, vat_a, vref, kref)->reachable = true;
        cs_vat_edit(s, vat_a)->next_import_object = cs_vref_id(vref) + 1;
    } else {
        assert_true(cs_kref_same(cs_clist_find_vref(s, vat_a, vref)->kref, kref));
        cs_clist_delete(s, vat_a, vref);
    }
    const uint32_t n = add ? 1 : UINT32_MAX;
    cs_vat_edit(s, vat_a)->imports_reachable += n;
    cs_object_edit(s, kref)->reachable += n;
    cs_object_edit(s, kref)->recognizable += n;
    cs_meta_edit(s)->stats[CS_STAT_CLIST_ENTRIES] += add ? 1 : UINT64_MAX;
    cs_store_keep(s);
    assert_ok(cs_store_commit(s, &err));
    (void)cs_store_close(s);
}

static void says(const world *w, const char *text, bool wanted)
{
    if ((strstr(w->notices, text) != NULL) != wanted)
        fail_msg("%s: not %s", w->notices, text);
}

/* What the vat lost without a word is dropped for it, under every policy. */
static void imports_that_a_vat_lost_are_dropped(void **state)
{
    static const char *const policies[] = { "batched", "paced", "prompt" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        world w;
        make_store(&w, policies[i]);
        edit_clist(&w, "o-99", 25, true);
        reopen(&w, policies[i], false);
        assert_int_equal(capstan_verify(w.c, NULL, NULL), CAPSTAN_OK);
        send(&w, "a", "ping");
        says(&w, "v2 (a) crank ", true);
        says(&w, "vat 'a' no longer has 1 of the imports in its c-list: dropped for it\n", true);
        assert_int_equal(w.in_callback, CAPSTAN_BUSY);
        char *text = dump(&w);
        assert_null(strstr(text, "\"o-99\""));
        assert_non_null(strstr(text, "[\"ko25\",\"v3\",1,1]"));
        assert_non_null(strstr(text, "\"importsMiscounted\":1"));
        free(text);
        w.notices[0] = 0;
        send(&w, "a", "ping");
        assert_string_equal(w.notices, "");
        assert_int_equal(capstan_verify(w.c, NULL, NULL), CAPSTAN_OK);
        close_store(&w);
    }
}

/* What it holds beyond its c-list it will lose one day; until then it is reaped, once for each delivery,
 * and goes on. */
static void imports_that_a_vat_has_too_many_do_no_harm(void **state)
{
    static const char *const policies[] = { "batched", "paced", "prompt" };
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        world w;
        make_store(&w, policies[i]);
        edit_clist(&w, "o-50", 24, false);
        reopen(&w, policies[i], false);
        assert_int_equal(capstan_verify(w.c, NULL, NULL), CAPSTAN_OK);
        send(&w, "a", "ping");
        send(&w, "a", "ping");
        says(&w, "v2 (a) crank ", true);
        says(&w, "no longer has", false);
        send(&w, "a", "letGo");
        assert_int_equal(capstan_gc(w.c, NULL, NULL), CAPSTAN_OK);
        w.notices[0] = 0;
        send(&w, "a", "ping");
        assert_string_equal(w.notices, "");
        char *text = dump(&w);
        assert_null(strstr(text, "\"dropsIgnored\":0"));
        assert_non_null(strstr(text, "\"status\":\"running\""));
        assert_null(strstr(text, "\"status\":\"terminated\""));
        free(text);
        assert_int_equal(capstan_verify(w.c, NULL, NULL), CAPSTAN_OK);
        close_store(&w);
    }
}

T_MAIN(T(wrong_calls_change_nothing), T(who_only_looks_collects_nothing), T(policies_are_named),
       T(figures_are_of_this_call), T(imports_that_a_vat_lost_are_dropped),
       T(imports_that_a_vat_has_too_many_do_no_harm))
