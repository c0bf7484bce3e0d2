/* Reading configurations: what each key does, and what each refusal says. */
#include "t.h"

#include "base/alloc.h"
#include "host/config.h"
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[512], file[600];
static cs_error err;

/* A folder with two sources and a bundle; the configuration goes beside them. */
static int setup(void **state)
{
    static const char source[] = "export const buildRootObject = () => {};\n";
    static const char *const names[] = { "a.js", "b.js", "a.bundle" };
    (void)state;
    (void)snprintf(folder, sizeof folder, "%s", t_tmpdir());
    (void)snprintf(file, sizeof file, "%s/config.json", folder);
    for (size_t i = 0; i < 3; i++) {
        char path[1200];
        (void)snprintf(path, sizeof path, "%s/%s", folder, names[i]);
        t_write_file(path, source, strlen(source));
    }
    return 0;
}

static cs_status load_bytes(const void *data, size_t size, cs_config **ret)
{
    t_write_file(file, data, size);
    err = (cs_error){ 0 };
    *ret = NULL;
    return cs_config_load(file, ret, &err);
}

static cs_config *load(const char *text)
{
    cs_config *c;
    cs_status st = load_bytes(text, strlen(text), &c);
    if (st != CS_OK)
        fail_msg("%s", err.text);
    return c;
}

/* ---- refusals: the text names the file, the place and what is wrong ---- */

static const struct {
    const char *text, *says;
} bad[] = {
    { "", "config.json:1:0: not JSON: " },
    { "{\"vats\":\n  oops}", "config.json:2:6: not JSON: " },
    { "{\"vats\":{},\"vats\":{}}", "not JSON: duplicate object key" },
    { "[]", "the configuration must be an object" },
    { "5", "the configuration must be an object" },
    { "{}", "'vats' must name at least one vat" },
    { "{\"vats\":{}}", "'vats' must name at least one vat" },
    { "{\"vats\":[]}", "'vats' must name at least one vat" },
    { "{\"vat\":{}}", "unknown key 'vat' in the configuration; remove or correct it" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"devices\":{\"timer\":{}}}",
      "devices.timer: there is no such device; remove it, or say creationOptions.unendowed" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"devices\":7}",
      "'devices' must be an object" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"bundles\":7}",
      "'bundles' must be an object" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"bundles\":{\"a/b\":{}}}",
      "'a/b' is no bundle name" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"relaxDurabilityRules\":true}",
      "'relaxDurabilityRules' in the configuration is not supported" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"bootstrap\":5}",
      "'bootstrap' must be the name of a vat" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"bootstrap\":\"b\"}",
      "bootstrap vat 'b' is not in 'vats'" },
    { "{\"vats\":{\"a\":5}}", "vats.a must be an object" },
    { "{\"vats\":{\"a\":{}}}", "vats.a needs exactly one of sourceSpec, bundleSpec, bundle, "
                               "bundleName" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"bundleSpec\":\"./a.bundle\"}}}",
      "vats.a needs exactly one of" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":5}}}", "vats.a.sourceSpec must be a string" },
    { "{\"vats\":{\"a\":{\"bundleName\":5}}}", "vats.a.bundleName must be a string" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./none.js\"}}}", "/none.js: No such file or directory" },
    { "{\"vats\":{\"a\":{\"bundleSpec\":\"./none.bundle\"}}}",
      "/none.bundle: No such file or directory" },
    { "{\"vats\":{\"a\":{\"bundleName\":\"x\"}}}", "bundleName 'x' in vats.a is not in 'bundles'" },
    { "{\"vats\":{\"a\":{\"bundleName\":\"x\"}},\"bundles\":{\"x\":5}}",
      "bundles.x must be an object" },
    { "{\"vats\":{\"a\":{\"bundleName\":\"x\"}},\"bundles\":{\"x\":{}}}",
      "bundles.x needs exactly one of" },
    { "{\"vats\":{\"a\":{\"bundleName\":\"x\"}},\"bundles\":{\"x\":{\"sourceSpek\":\"\"}}}",
      "unknown key 'sourceSpek' in bundles.x" },
    { "{\"vats\":{\"a\":{\"bundleName\":\"x\"}},\"bundles\":{\"x\":{\"bundleName\":\"x\"}}}",
      "unknown key 'bundleName' in bundles.x" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"parameters\":[]}}}",
      "vats.a.parameters must be an object" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"paramaters\":{}}}}",
      "unknown key 'paramaters' in vats.a" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"creationOptions\":5}}}",
      "vats.a.creationOptions must be an object" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"creationOptions\":{\"crital\":true}}}}",
      "unknown key 'crital' in vats.a.creationOptions" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"creationOptions\":{\"enableSetup\":true}}}}",
      "'enableSetup' in vats.a.creationOptions is not supported" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"creationOptions\":{\"enableDisavow\":true}}}}",
      "'enableDisavow' in vats.a.creationOptions is not supported" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\","
      "\"creationOptions\":{\"useTranscript\":false}}}}",
      "'useTranscript: false' in vats.a.creationOptions is not supported: every vat is durable" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultReapInterval\":\"often\"}",
      "'defaultReapInterval' in the configuration must be a whole number from 1 on, or \"never\"" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultReapGCKrefs\":-1}",
      "'defaultReapGCKrefs' in the configuration must be a whole number" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultReapGCKrefs\":null}",
      "'defaultReapGCKrefs' in the configuration must be a whole number" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"creationOptions\":{\"reapInterval\":1.5}}}}",
      "'reapInterval' in vats.a.creationOptions must be a whole number" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"creationOptions\":{\"reapInterval\":true}}}}",
      "'reapInterval' in vats.a.creationOptions must be a whole number" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"creationOptions\":{\"reapGCKrefs\":1e300}}}}",
      "'reapGCKrefs' in vats.a.creationOptions must be a whole number" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"creationOptions\":{\"reapGCKrefs\":[20]}}}}",
      "'reapGCKrefs' in vats.a.creationOptions must be a whole number" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\",\"creationOptions\":{\"neverReap\":1}}}}",
      "'neverReap' in vats.a.creationOptions must be true or false" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"maxVats\":0}",
      "'maxVats' must be a whole number from 1 on" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"maxVats\":1.5}",
      "'maxVats' must be a whole number from 1 on" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"maxVats\":\"never\"}",
      "'maxVats' must be a whole number from 1 on" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultManagerType\":\"thread\"}",
      "'defaultManagerType' in the configuration must be \"local\", \"xs-worker\" (or \"xsnap\", "
      "\"process\") or \"node-subprocess\"" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultManagerType\":\"external\"}",
      "'defaultManagerType' in the configuration must be" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultManagerType\":\"native\"}",
      "'defaultManagerType' in the configuration must be" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultManagerType\":\"default\"}",
      "'defaultManagerType' in the configuration must be" },
    { "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultManagerType\":5}",
      "'defaultManagerType' in the configuration must be" },
    { "{\"vats\":{\"a b\":{\"sourceSpec\":\"./a.js\"}}}",
      "'a b' is no vat name: letters, digits and . _ - only, at most 199" },
    { "{\"vats\":{\"\":{\"sourceSpec\":\"./a.js\"}}}", "'' is no vat name" },
    { "{\"vats\":{\"\xc3\xa4\":{\"sourceSpec\":\"./a.js\"}}}", "is no vat name" },
};

static void what_is_wrong_is_said(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        cs_config *c;
        assert_int_equal(load_bytes(bad[i].text, strlen(bad[i].text), &c), CS_E_CONFIG);
        assert_null(c);
        if (strstr(err.text, bad[i].says) == NULL || strncmp(err.text, file, strlen(file)) != 0)
            fail_msg("%s\nsays:   %s\nnot:    %s", bad[i].text, err.text, bad[i].says);
    }
}

static void files_that_are_no_text_are_refused(void **state)
{
    static const char zeros[64], latin[] = "{\"vats\":{\"a\":\"\xe4\"}}";
    cs_config *c;
    (void)state;
    assert_int_equal(load_bytes(zeros, sizeof zeros, &c), CS_E_CONFIG);
    assert_int_equal(load_bytes(latin, sizeof latin - 1, &c), CS_E_CONFIG);
    assert_non_null(strstr(err.text, "not JSON"));
}

static void a_name_has_199_characters_at_most(void **state)
{
    char name[256], text[512];
    (void)state;
    for (int size = 199; size <= 200; size++) {
        cs_config *c;
        memset(name, 'x', sizeof name);
        name[size] = 0;
        (void)snprintf(text, sizeof text, "{\"vats\":{\"%s\":{\"sourceSpec\":\"./a.js\"}}}", name);
        assert_int_equal(load_bytes(text, strlen(text), &c), size == 199 ? CS_OK : CS_E_CONFIG);
        (void)cs_config_free(c);
    }
}

static void what_is_not_there_is_not_found(void **state)
{
    cs_config *c = NULL;
    char path[700];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/none.json", folder);
    assert_int_equal(cs_config_load(path, &c, &err), CS_E_NOT_FOUND);
    assert_non_null(strstr(err.text, "none.json: No such file or directory"));
}

/* ---- what is right ---- */

static void a_whole_configuration_is_read(void **state)
{
    cs_config *c = load(
        "{\"vats\":{"
        "\"zed\":{\"sourceSpec\":\"./a.js\"},"
        "\"boot\":{\"sourceSpec\":\"b.js\",\"parameters\":{\"n\":1,\"argv\":[]},"
        "\"creationOptions\":{\"enablePipelining\":true,\"critical\":true,"
        "\"managerType\":\"xsnap\",\"reapInterval\":10,\"reapGCKrefs\":\"never\","
        "\"neverReap\":true,\"nodeOptions\":[],\"useTranscript\":true,\"enableSetup\":false}},"
        "\"mid\":{\"bundleSpec\":\"./a.bundle\",\"bundleHash\":\"00\"},"
        "\"inl\":{\"bundle\":{\"moduleFormat\":\"getExport\"}},"
        "\"nam\":{\"bundleName\":\"src\"},\"bun\":{\"bundleName\":\"inl\"}},"
        "\"bundles\":{\"src\":{\"sourceSpec\":\"./a.js\"},\"inl\":{\"bundle\":{}}},"
        "\"bootstrap\":\"boot\",\"pinBootstrapRoot\":true,\"defaultManagerType\":\"local\",\"maxVats\":50,"
        "\"defaultReapInterval\":1,\"defaultReapGCKrefs\":20,\"snapshotInitial\":3,"
        "\"snapshotInterval\":200,\"includeDevDependencies\":true,\"bundleCachePath\":\"x\","
        "\"bundleFormat\":\"endoZipBase64\",\"devices\":{\"bundle\":{},\"x\":{\"creationOptions\":{\"unendowed\":true}}},\"relaxDurabilityRules\":false}");
    static const char *const names[] = { "boot", "bun", "inl", "mid", "nam", "zed" };
    static const cs_source_kind kinds[] = { CS_SOURCE_FILE,   CS_SOURCE_INLINE, CS_SOURCE_INLINE,
                                            CS_SOURCE_BUNDLE, CS_SOURCE_FILE,   CS_SOURCE_FILE };
    (void)state;
    assert_int_equal(c->vat_count, 6);
    for (size_t i = 0; i < 6; i++) {
        assert_string_equal(c->vats[i].name, names[i]);
        assert_int_equal(c->vats[i].source.kind, kinds[i]);
        assert_int_equal(c->vats[i].source.path == NULL, kinds[i] == CS_SOURCE_INLINE);
        if (c->vats[i].source.path != NULL)
            assert_int_equal(c->vats[i].source.path[0], '/');
    }
    assert_true(c->has_bootstrap);
    assert_true(c->pin_bootstrap_root);
    assert_true(c->vats[0].enable_pipelining);
    assert_true(c->vats[0].critical);
    assert_false(c->vats[1].enable_pipelining || c->vats[1].critical);
    assert_true(c->vats[0].never_reap);
    assert_int_equal(c->vats[0].reap_interval, 10);
    assert_int_equal(c->vats[0].reap_gc_krefs, CS_REAP_NEVER);
    assert_false(c->vats[1].never_reap);
    assert_int_equal(c->vats[1].reap_interval, 0);
    assert_int_equal(c->vats[1].reap_gc_krefs, 0);
    assert_int_equal(c->reap_interval, 1);
    assert_int_equal(c->reap_gc_krefs, 20);
    assert_int_equal(c->manager, CS_MANAGER_LOCAL);
    assert_int_equal(c->vats_max, 50);
    assert_int_equal(json_object_size(c->vats[0].parameters), 2);
    assert_null(c->vats[1].parameters);
    assert_string_equal(c->path, file);
    (void)cs_config_free(c);
}

static void a_default_manager_has_the_references_names(void **state)
{
    static const struct {
        const char *name;
        cs_manager manager;
    } good[] = { { "local", CS_MANAGER_LOCAL },
                 { "xs-worker", CS_MANAGER_PROCESS },
                 { "xsnap", CS_MANAGER_PROCESS },
                 { "process", CS_MANAGER_PROCESS },
                 { "node-subprocess", CS_MANAGER_NODE } };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[200];
        (void)snprintf(
            text, sizeof text,
            "{\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\"}},\"defaultManagerType\":\"%s\"}",
            good[i].name);
        cs_config *c = load(text);
        assert_int_equal(c->manager, good[i].manager);
        assert_int_equal(c->vats[0].manager, CS_MANAGER_DEFAULT);
        (void)cs_config_free(c);
    }
}

/* S14: how often, as the reference reads it. */
static void reap_options_are_numbers_or_never(void **state)
{
    static const struct {
        const char *text;
        uint64_t value;
    } good[] = { { "1", 1 },       { "0", 1 },
                 { "1000", 1000 }, { "1e3", 1000 },
                 { "20.0", 20 },   { "\"never\"", CS_REAP_NEVER },
                 { "0.0", 1 },     { "9007199254740991", CS_REF_ID_MAX } };
    (void)state;
    for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
        char text[512];
        (void)snprintf(text, sizeof text,
                       "{\"defaultReapGCKrefs\":%s,\"vats\":{\"a\":{\"sourceSpec\":\"./a.js\","
                       "\"creationOptions\":{\"reapInterval\":%s,\"neverReap\":false}}}}",
                       good[i].text, good[i].text);
        cs_config *c = load(text);
        assert_int_equal(c->reap_interval, 0);
        assert_int_equal(c->reap_gc_krefs, good[i].value);
        assert_int_equal(c->vats[0].reap_interval, good[i].value);
        assert_int_equal(c->vats[0].reap_gc_krefs, 0);
        assert_false(c->vats[0].never_reap);
        (void)cs_config_free(c);
    }
}

static void a_configuration_needs_no_bootstrap_vat(void **state)
{
    (void)state;
    cs_config *c = load("{\"vats\":{\"b\":{\"sourceSpec\":\"./a.js\"},"
                        "\"a\":{\"sourceSpec\":\"./a.js\"}}}");
    assert_false(c->has_bootstrap);
    assert_string_equal(c->vats[0].name, "a");
    (void)cs_config_free(c);
}

/* ---- basedirs ---- */

static void make_basedir(char *dir, size_t size, const char *const *names)
{
    (void)snprintf(dir, size, "%s", t_tmpdir());
    for (; *names != NULL; names++) {
        char path[1200];
        (void)snprintf(path, sizeof path, "%s/%s", dir, *names);
        t_write_file(path, "//", 2);
    }
}

static void a_basedir_is_read_by_its_file_names(void **state)
{
    static const char *const names[] = { "vat-zed.js", "bootstrap.js", "vat-alice.js", "other.js",
                                         "vat-.js",    "vat-x.txt",    "my-vat-y.js",  NULL };
    char dir[512];
    cs_config *c = NULL;
    (void)state;
    make_basedir(dir, sizeof dir, names);
    assert_ok(cs_config_load(dir, &c, &err));
    assert_int_equal(c->vat_count, 3);
    assert_string_equal(c->vats[0].name, "bootstrap");
    assert_string_equal(c->vats[1].name, "alice");
    assert_string_equal(c->vats[2].name, "zed");
    assert_true(c->has_bootstrap);
    (void)cs_config_free(c);
}

static void a_folder_that_is_no_basedir_is_refused(void **state)
{
    static const char *const none[] = { "readme.txt", NULL }, *const odd[] = { "vat-a b.js", NULL };
    char dir[512];
    cs_config *c = NULL;
    (void)state;
    make_basedir(dir, sizeof dir, none);
    assert_int_equal(cs_config_load(dir, &c, &err), CS_E_CONFIG);
    assert_non_null(strstr(err.text, "is it a basedir?"));
    make_basedir(dir, sizeof dir, odd);
    assert_int_equal(cs_config_load(dir, &c, &err), CS_E_CONFIG);
    assert_non_null(strstr(err.text, "'a b' is no vat name"));
}

T_MAIN(T_WITH(what_is_wrong_is_said, setup, NULL),
       T_WITH(files_that_are_no_text_are_refused, setup, NULL),
       T_WITH(a_name_has_199_characters_at_most, setup, NULL),
       T_WITH(what_is_not_there_is_not_found, setup, NULL),
       T_WITH(a_whole_configuration_is_read, setup, NULL),
       T_WITH(a_default_manager_has_the_references_names, setup, NULL),
       T_WITH(reap_options_are_numbers_or_never, setup, NULL),
       T_WITH(a_configuration_needs_no_bootstrap_vat, setup, NULL),
       T(a_basedir_is_read_by_its_file_names), T(a_folder_that_is_no_basedir_is_refused))
