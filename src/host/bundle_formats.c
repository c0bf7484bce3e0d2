#include "host/bundle_formats.h"

#include "base/limits.h"
#include "engine/bundle.h"
#include "host/archive.h"

#include <string.h>

/* --- base64 -------------------------------------------------------------------------------------- */

static int value_of(char c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    return c == '+' ? 62 : c == '/' ? 63 : -1;
}

static bool decode_base64(const char *text, size_t size, cs_buf *ret)
{
    uint32_t bits = 0;
    while (size > 0 && text[size - 1] == '=')
        size--;
    for (size_t i = 0; i < size; i++) {
        int value = value_of(text[i]);
        if (value < 0)
            return false;
        bits = bits << 6 | (uint32_t)value;
        if (i % 4 > 0)
            cs_buf_add_byte(ret, (uint8_t)(bits >> (6 - 2 * (i % 4))));
    }
    return size % 4 != 1;
}

/* --- formats ------------------------------------------------------------------------------------- */

static cs_status from_zip(const json_t *json, cs_buf *ret, cs_error *err)
{
    const json_t *text = json_object_get(json, "endoZipBase64");
    const char *sha512 = json_string_value(json_object_get(json, "endoZipBase64Sha512"));
    cs_buf zip = { 0 };
    if (!json_is_string(text))
        return cs_fail(err, CS_E_CONFIG, "bundle: \"endoZipBase64\" is missing");
    cs_status st = CS_OK;
    if (!decode_base64(json_string_value(text), json_string_length(text), &zip))
        st = cs_fail(err, CS_E_CONFIG, "bundle: \"endoZipBase64\" is not base64");
    if (st == CS_OK)
        st = cs_archive_bundle(cs_buf_bytes(&zip), sha512, ret, err);
    cs_buf_fini(&zip);
    return st;
}

/* The names that anybody looks for in a vat's namespace. */
static const char tail[] =
    "export const { buildRootObject, buildRootDeviceNode, default: other } = namespace;\n"
    "export { other as default };\n";

static const struct format {
    const char *name, *before, *after;
} scripts[] = {
    { "endoScript", "const namespace = (", "\n);\n" },
    { "getExport", "const namespace = (", "\n)();\n" },
    /* Each of its modules is a text that it gives to nestedEvaluate(). */
    { "nestedEvaluate", "const nestedEvaluate = text => (0, eval)(text); const namespace = (",
      "\n)('bundle');\n" },
};

static cs_status write_module(const cs_buf *source, cs_buf *ret, cs_error *err)
{
    const cs_bundle_module module = { .name = CS_BYTES("(bundle)"),
                                      .kind = CS_MODULE_ESM,
                                      .source = cs_buf_bytes(source) };
    const cs_bundle b = { &module, 1 };
    cs_status st = cs_bundle_check(&b, err);
    if (st == CS_OK)
        cs_bundle_enc(&b, ret);
    return st;
}

static bool is_module(const cs_buf *source)
{
    cs_scan scan;
    if (cs_module_scan("(bundle)", cs_buf_bytes(source), &scan, NULL) != CS_OK)
        return false;
    cs_scan_fini(&scan);
    return true;
}

/* The source is a script whose value counts. Nearly always it is one expression; else the vat has to
 * evaluate its text. */
static cs_status from_script(const struct format *f, const json_t *source, cs_buf *ret,
                             cs_error *err)
{
    cs_buf text = { 0 };
    cs_buf_addf(&text, "%s%s%s%s", f->before, json_string_value(source), f->after, tail);
    if (!is_module(&text)) {
        cs_buf_clear(&text);
        cs_buf_addf(&text, "%s(0, eval)(", f->before);
        cs_buf_add_json(&text, cs_bytes_of(json_string_value(source)));
        cs_buf_addf(&text, ")%s%s", f->after, tail);
    }
    cs_status st = write_module(&text, ret, err);
    cs_buf_fini(&text);
    return st;
}

cs_status cs_bundle_from_json(const json_t *json, cs_buf *ret, cs_error *err)
{
    const char *format = json_string_value(json_object_get(json, "moduleFormat"));
    const json_t *source = json_object_get(json, "source");
    if (format == NULL)
        return cs_fail(err, CS_E_CONFIG, "bundle: \"moduleFormat\" is missing");
    if (strcmp(format, "endoZipBase64") == 0)
        return from_zip(json, ret, err);
    for (size_t i = 0; i < sizeof scripts / sizeof scripts[0]; i++)
        if (strcmp(format, scripts[i].name) == 0)
            return json_is_string(source)
                       ? from_script(&scripts[i], source, ret, err)
                       : cs_fail(err, CS_E_CONFIG, "bundle: \"source\" is missing");
    return cs_fail(
        err, CS_E_CONFIG,
        "bundle: moduleFormat '%s' is none of endoZipBase64, endoScript, nestedEvaluate, "
        "getExport",
        format);
}
