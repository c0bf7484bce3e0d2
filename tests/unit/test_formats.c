/* Bundles that @endo/bundle-source made (tests/fixtures/bundles) run unmodified; damaged ones are
 * refused with a reason. */
#include "module_util.h"

#include "host/archive.h"
#include "host/bundle_formats.h"

#include <stdio.h>

static json_t *read_fixture(const char *name)
{
    char path[128];
    size_t size;
    (void)snprintf(path, sizeof path, "tests/fixtures/bundles/%s.json", name);
    char *text = t_read_file(t_source_path(path), &size);
    json_t *json = json_loadb(text, size, 0, NULL);
    free(text);
    assert_non_null(json);
    return json;
}

/* What its buildRootObject() returns, or why there is none. */
static const char *run_json(json_t *take_json)
{
    cs_buf bundle = { 0 };
    static cs_error err;
    err = (cs_error){ 0 };
    const char *text = err.text;
    if (cs_bundle_from_json(take_json, &bundle, &err) == CS_OK)
        text = t_run_bundle(cs_buf_bytes(&bundle), NULL);
    cs_buf_fini(&bundle);
    json_decref(take_json);
    return text;
}

static const char *run_text(const char *text)
{
    json_t *json = json_loads(text, 0, NULL);
    assert_non_null(json);
    return run_json(json);
}

/* --- what bundle-source makes -------------------------------------------------------------------- */

#define NAMES "buildRootObject+default+hoisted+more+names+renamed+report+title"
#define REPORT NAMES " 3 false"

/* Far.length is 1 of the built-in function, 0 of the stand-in that is in the archive; and only the
 * stand-in has `extra`. Two calls of bump() count through a binding that the module assigns to. */
static void an_archive_of_transformed_modules(void **state)
{
    (void)state;
    assert_string_equal(run_json(read_fixture("zip")),
                        "2 1 of the archive old 8 " NAMES " " REPORT);
}

/* Here a module as a whole takes the built-in one or the archive's, and it wants `extra`. */
static void an_archive_of_plain_modules(void **state)
{
    (void)state;
    assert_string_equal(run_json(read_fixture("zip-plain")),
                        "2 0 of the archive old 8 " NAMES " " REPORT);
}

/* Their namespace is an ordinary object, in the order of its making. */
static void scripts(void **state)
{
    (void)state;
    static const char report[] =
        "default+title+report+buildRootObject+names+renamed+more+hoisted 3 false";
    assert_string_equal(run_json(read_fixture("script")), report);
    assert_string_equal(run_json(read_fixture("get-export")), report);
    assert_string_equal(run_json(read_fixture("nested")), report);
}

static void scripts_of_older_tools(void **state)
{
    (void)state;
    assert_string_equal(
        run_text(
            "{\"moduleFormat\": \"getExport\", \"source\": \"function getExport() { 'use strict'; "
            "let exports = {}; const module = { exports }; exports.buildRootObject = () => 'g'; "
            "return module.exports; }\"}"),
        "g");
    assert_string_equal(
        run_text(
            "{\"moduleFormat\": \"nestedEvaluate\", \"source\": \"function "
            "getExportWithNestedEvaluate(filePrefix) { const f = nestedEvaluate('(function() { "
            "return filePrefix => ({ buildRootObject: () => filePrefix }); })'); return "
            "f()(filePrefix); }\"}"),
        "bundle");
    assert_string_equal(run_text("{\"moduleFormat\": \"endoScript\", \"source\": \"const a = 'two "
                                 "statements'; ({ buildRootObject: () => a });\"}"),
                        "two statements");
}

/* --- what is refused ----------------------------------------------------------------------------- */

static void not_a_bundle(void **state)
{
    (void)state;
    assert_string_equal(run_text("{}"), "bundle: \"moduleFormat\" is missing");
    assert_string_equal(run_text("{\"moduleFormat\": \"test\"}"),
                        "bundle: moduleFormat 'test' is none of endoZipBase64, endoScript, "
                        "nestedEvaluate, getExport");
    assert_string_equal(run_text("{\"moduleFormat\": \"endoScript\"}"),
                        "bundle: \"source\" is missing");
    assert_string_equal(run_text("{\"moduleFormat\": \"endoZipBase64\", \"endoZipBase64\": \"?\"}"),
                        "bundle: \"endoZipBase64\" is not base64");
    assert_string_equal(
        run_text("{\"moduleFormat\": \"endoZipBase64\", \"endoZipBase64\": \"AAAA\"}"),
        "not a zip file");
}

static void a_wrong_hash(void **state)
{
    (void)state;
    json_t *json = read_fixture("zip");
    json_object_set_new(json, "endoZipBase64Sha512", json_string("00"));
    assert_string_equal(run_json(json), "archive: 'compartment-map.json' does not have the SHA-512 "
                                        "that is said");
}

/* Any other bit in the zip file is found by one check or another, or does not matter. */
static void damage_is_found(void **state)
{
    (void)state;
    json_t *json = read_fixture("zip-plain");
    const char *text = json_string_value(json_object_get(json, "endoZipBase64"));
    const char *hash = json_string_value(json_object_get(json, "endoZipBase64Sha512"));
    cs_buf good = { 0 };
    char *other = strdup(text);
    size_t size = strlen(text);
    assert_ok(cs_bundle_from_json(json, &good, NULL));
    for (size_t i = 0; i < size - 2; i += 7) {
        cs_buf bundle = { 0 };
        other[i] = other[i] == 'A' ? 'B' : 'A';
        json_t *bad = json_pack("{s:s, s:s, s:s}", "moduleFormat", "endoZipBase64", "endoZipBase64",
                                other, "endoZipBase64Sha512", hash);
        if (cs_bundle_from_json(bad, &bundle, NULL) == CS_OK)
            assert_bytes_equal(bundle.data, bundle.size, good.data, good.size);
        cs_buf_fini(&bundle);
        json_decref(bad);
        other[i] = text[i];
    }
    free(other);
    cs_buf_fini(&good);
    json_decref(json);
}

T_MAIN(T(an_archive_of_transformed_modules), T(an_archive_of_plain_modules), T(scripts),
       T(scripts_of_older_tools), T(not_a_bundle), T(a_wrong_hash), T(damage_is_found))
