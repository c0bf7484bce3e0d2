/* One file of a source tree: what kind of module it is, and what it imports. */
#include "host/tree.h"

#include "base/limits.h"
#include "host/config.h"

#include <string.h>

/* --- kinds --------------------------------------------------------------------------------------- */

static bool ends_with(const char *path, const char *ending)
{
    size_t size = strlen(path), n = strlen(ending);
    return size >= n && strcmp(path + size - n, ending) == 0;
}

/* What cannot be a module, by its name. */
static const char *fault_of_name(const char *path)
{
    static const char *const typescript[] = { ".ts", ".mts", ".cts", ".tsx", NULL };
    for (const char *const *e = typescript; *e != NULL; e++)
        if (ends_with(path, *e))
            return "TypeScript: compile it first, for example with `esbuild --target=es2021`";
    if (ends_with(path, ".jsx"))
        return "JSX: compile it first, for example with `esbuild --target=es2021`";
    if (ends_with(path, ".node") || ends_with(path, ".wasm"))
        return "native code: a vat runs JavaScript only";
    return NULL;
}

static bool has_word(const cs_buf *text, const char *word)
{
    return memmem(text->data, text->size, word, strlen(word)) != NULL;
}

static bool is_esm(const cs_scan *s)
{
    for (uint32_t i = 0; i < s->specifier_count; i++)
        if (!s->specifiers[i].is_optional)
            return true;
    return s->export_count > 0;
}

static bool is_commonjs(const cs_tree_module *m, const cs_scan *s)
{
    return s->specifier_count > 0 || s->export_count > 0 || has_word(&m->text, "module.exports");
}

static cs_status scan_commonjs(cs_tree_module *m, cs_error *err)
{
    m->kind = CS_TREE_COMMONJS;
    return cs_commonjs_scan(m->name, cs_buf_bytes(&m->text), &m->scan, err);
}

static cs_status scan_esm(cs_tree_module *m, cs_error *err)
{
    m->kind = CS_TREE_ESM;
    return cs_module_scan(m->name, cs_buf_bytes(&m->text), &m->scan, err);
}

/* A .js file whose package does not say that it is ESM: `import` or `export` says so (as Node finds
 * out too); else `require`, `exports` or `module.exports` says that it is not. */
static cs_status scan_either(cs_tree_module *m, cs_error *err)
{
    cs_scan as_commonjs = { 0 };
    cs_status st = scan_esm(m, err);
    bool is_other = st == CS_OK && !is_esm(&m->scan);
    if (st == CS_OK && !is_other)
        return CS_OK;
    if (cs_commonjs_scan(m->name, cs_buf_bytes(&m->text), &as_commonjs, NULL) != CS_OK ||
        !is_commonjs(m, &as_commonjs)) {
        cs_scan_fini(&as_commonjs);
        return st;
    }
    cs_scan_fini(&m->scan);
    m->scan = as_commonjs;
    m->kind = CS_TREE_COMMONJS;
    return CS_OK;
}

static cs_status scan_script(cs_tree *t, cs_tree_module *m, cs_error *err)
{
    const cs_package *package = NULL;
    if (ends_with(m->path, ".mjs"))
        return scan_esm(m, err);
    if (ends_with(m->path, ".cjs"))
        return scan_commonjs(m, err);
    cs_status st = cs_package_of(&t->packages, m->path, &package, err);
    if (st != CS_OK)
        return st;
    return strcmp(cs_package_type(package), "module") == 0 ? scan_esm(m, err) : scan_either(m, err);
}

/* --- JSON ---------------------------------------------------------------------------------------- */

/* Only to say where it is wrong; the vat parses it by itself. Numbers that are too large for jansson
 * are not for JavaScript. */
static cs_status check_json(const cs_tree_module *m, cs_error *err)
{
    json_error_t e;
    json_t *json = json_loadb((const char *)m->text.data, m->text.size,
                              JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL, &e);
    if (json == NULL && json_error_code(&e) != json_error_numeric_overflow)
        return cs_fail(err, CS_E_SYNTAX, "%s:%d: %s", m->name, e.line, e.text);
    json_decref(json);
    return CS_OK;
}

/* --- the file ------------------------------------------------------------------------------------ */

static void strip_mark(cs_buf *text)
{
    if (text->size < 3 || memcmp(text->data, "\xef\xbb\xbf", 3) != 0)
        return;
    text->size -= 3;
    memmove(text->data, text->data + 3, text->size);
}

static cs_status read_text(cs_tree *t, cs_tree_module *m, cs_error *err)
{
    cs_status st = cs_read_file(m->path, CS_SOURCE_MAX, &m->text, err);
    if (st != CS_OK)
        return st;
    m->hash = cs_hash_of(cs_buf_bytes(&m->text));
    strip_mark(&m->text);
    t->source_size += m->text.size;
    if (!cs_is_source_text(cs_buf_bytes(&m->text)))
        return cs_fail(err, CS_E_SYNTAX, "%s: not UTF-8", m->name);
    if (t->source_size > CS_SOURCE_MAX / 2)
        return cs_fail(err, CS_E_CONFIG, "%s: more than %u bytes with all that it imports",
                       t->modules[0].name, CS_SOURCE_MAX / 2);
    return CS_OK;
}

cs_status cs_tree_read(cs_tree *t, cs_tree_module *m, cs_error *err)
{
    const char *fault = fault_of_name(m->path);
    if (fault != NULL)
        return cs_fail(err, CS_E_SYNTAX, "%s: %s", m->name, fault);
    cs_status st = read_text(t, m, err);
    if (st != CS_OK)
        return st;
    if (!ends_with(m->path, ".json"))
        return scan_script(t, m, err);
    m->kind = CS_TREE_JSON;
    return check_json(m, err);
}
