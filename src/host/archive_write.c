/* An archive that was read, as a bundle.
 *
 * Plain modules: the same modules, linked by the engine. Transformed ones (pre-mjs-json,
 * pre-cjs-json): each becomes a module whose default export is the function, or its text where the
 * engine has to see assignments to exported variables; and in front of all stands one that gives them
 * to link() of js/archive.js with what they import. */
#include "host/archive.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define HELPER "@capstan/archive"

static bool is_transformed(const cs_archive_module *m)
{
    return m->record != NULL;
}

static const char *parser_of(const cs_archive_module *m)
{
    return json_string_value(json_object_get(m->descriptor, "parser"));
}

static bool is_parser(const cs_archive_module *m, const char *parser)
{
    return strcmp(parser_of(m), parser) == 0;
}

/* --- plain modules ------------------------------------------------------------------------------- */

static cs_bundle_import plain_import(const cs_archive_module *m, const cs_specifier *s)
{
    const json_t *to = json_object_get(m->links, s->text);
    const json_t *module = json_object_get(to, "module");
    const char *builtin = json_string_value(json_object_get(to, "builtin"));
    cs_bundle_import i = { cs_bytes_of(s->text), CS_TREE_NOBODY, { 0 } };
    if (builtin != NULL && module == NULL)
        i.builtin = cs_bytes_of(cs_builtin_name(cs_bytes_of(builtin)));
    else if (module != NULL)
        i.module = (uint32_t)json_integer_value(module);
    return i;
}

static cs_bundle_import *plain_imports(const cs_archive_module *m)
{
    cs_bundle_import *list = cs_alloc_zero(m->scan.specifier_count, sizeof *list);
    for (uint32_t i = 0; i < m->scan.specifier_count; i++)
        list[i] = plain_import(m, &m->scan.specifiers[i]);
    return list;
}

/* Borrows all but the imports. */
static cs_tree_module plain_module(const cs_archive_module *m)
{
    cs_tree_module t = { .name = m->name, .text = m->text, .scan = m->scan };
    t.kind = is_parser(m, "mjs")   ? CS_TREE_ESM
             : is_parser(m, "cjs") ? CS_TREE_COMMONJS
                                   : CS_TREE_JSON;
    if (is_parser(m, "text")) {
        t.text = (cs_buf){ 0 };
        cs_buf_add_json(&t.text, cs_buf_bytes(&m->text));
    }
    t.imports = plain_imports(m);
    return t;
}

static cs_status write_plain(const cs_archive *a, cs_buf *ret, cs_error *err)
{
    cs_tree t = { .count = a->count };
    t.modules = cs_alloc_zero(a->count, sizeof *t.modules);
    for (uint32_t i = 0; i < a->count; i++)
        t.modules[i] = plain_module(&a->modules[i]);
    cs_status st = cs_tree_write(&t, ret, err);
    for (uint32_t i = 0; i < a->count; i++) {
        cs_free(t.modules[i].imports);
        if (t.modules[i].text.data != a->modules[i].text.data)
            cs_buf_fini(&t.modules[i].text);
    }
    cs_free(t.modules);
    return st;
}

/* --- transformed modules ------------------------------------------------------------------------- */

typedef struct writer {
    const cs_archive *archive;
    cs_arena arena;
    json_t *builtins; /* names of those that are imported, in the order of their numbers */
    cs_bundle_module *modules;
    cs_bundle_import *imports; /* of the module in front */
    uint32_t import_count;
} writer;

static cs_bytes keep(writer *w, cs_buf *text)
{
    cs_bytes copy = cs_arena_copy(&w->arena, cs_buf_bytes(text));
    cs_buf_fini(text);
    return copy;
}

static json_int_t builtin_number(writer *w, const char *name)
{
    size_t i;
    json_t *known;
    json_array_foreach(w->builtins, i,
                       known) if (strcmp(json_string_value(known), name) == 0) return (json_int_t)i;
    json_array_append_new(w->builtins, json_string(name));
    return (json_int_t)json_array_size(w->builtins) - 1;
}

static json_t *numbered_links(writer *w, const cs_archive_module *m)
{
    json_t *links = json_object(), *to;
    const char *specifier;
    json_object_foreach(m->links, specifier, to)
    {
        json_t *numbered = json_object();
        const char *builtin = json_string_value(json_object_get(to, "builtin"));
        if (builtin != NULL)
            json_object_set_new(numbered, "builtin", json_integer(builtin_number(w, builtin)));
        json_object_set(numbered, "module", json_object_get(to, "module"));
        json_object_set_new(links, specifier, numbered);
    }
    return links;
}

/* Only what is not empty: it is parsed in each vat. */
static void copy(json_t *to, const char *key, const json_t *record, const char *name)
{
    json_t *value = json_object_get(record, name);
    if (json_object_size(value) > 0 || json_array_size(value) > 0)
        json_object_set(to, key, value);
}

/* What link() is told about a module, but for its value. */
static json_t *describe(writer *w, const cs_archive_module *m)
{
    const char *kind = is_parser(m, "pre-mjs-json")   ? "mjs"
                       : is_parser(m, "pre-cjs-json") ? "cjs"
                                                      : "json";
    json_t *d =
        json_pack("{s:s, s:s, s:o}", "name", m->name, "kind", kind, "links", numbered_links(w, m));
    if (kind[0] == 'c')
        copy(d, "exports", m->record, "exports");
    copy(d, "reexports", m->record, "reexports");
    copy(d, "fixed", m->record, "__fixedExportMap__");
    copy(d, "live", m->record, "__liveExportMap__");
    copy(d, "renamed", m->record, "__reexportMap__");
    return d;
}

/* Whether the module assigns to a variable that it exports: { name: [variable, true] } */
static bool assigns(const json_t *record)
{
    const char *name;
    json_t *entry;
    json_object_foreach(json_object_get(record, "__liveExportMap__"), name,
                        entry) if (json_is_true(json_array_get(entry, 1))) return true;
    return false;
}

static void set_value(writer *w, const cs_archive_module *m, cs_bundle_module *out)
{
    const char *program = json_string_value(json_object_get(
        m->record, is_parser(m, "pre-mjs-json") ? "__syncModuleProgram__" : "source"));
    cs_buf text = { 0 };
    out->name = cs_bytes_of(m->name);
    out->kind = CS_MODULE_JSON;
    if (is_parser(m, "json")) {
        cs_buf_add(&text, m->text.data, m->text.size);
    } else if (is_parser(m, "text")) {
        cs_buf_add_json(&text, cs_buf_bytes(&m->text));
    } else if (assigns(m->record)) {
        cs_buf_add_json(&text, cs_bytes_of(program));
    } else {
        out->kind = CS_MODULE_ESM;
        cs_buf_addf(&text, "export default %s", program);
    }
    out->source = keep(w, &text);
}

static void add_import(writer *w, cs_bytes specifier, uint32_t module)
{
    w->imports[w->import_count++] =
        (cs_bundle_import){ specifier, module,
                            module == CS_BUNDLE_BUILTIN ? specifier : (cs_bytes){ 0 } };
}

static int compare_imports(const void *a, const void *b)
{
    const cs_bundle_import *x = a, *y = b;
    return cs_bytes_compare(x->specifier, y->specifier);
}

/* { ...what is known, value: the module's default export }, */
static void add_module(writer *w, uint32_t module, cs_buf *imports, cs_buf *list)
{
    const cs_archive_module *m = &w->archive->modules[module];
    json_t *description = describe(w, m);
    char *text = json_dumps(description, JSON_COMPACT);
    cs_buf specifier = { 0 };
    cs_buf_addf(&specifier, "%u", module);
    cs_buf_addf(imports, "import m%u from '%u';\n", module, module);
    cs_buf_add_text(list, "{ ...JSON.parse(");
    cs_buf_add_json(list, cs_bytes_of(text));
    cs_buf_addf(list, "), value: m%u },\n", module);
    add_import(w, keep(w, &specifier), module + 1);
    set_value(w, m, &w->modules[module + 1]);
    free(text); /* of jansson */
    json_decref(description);
}

static void add_builtins(writer *w, cs_buf *imports, cs_buf *list)
{
    size_t i;
    json_t *name;
    json_array_foreach(w->builtins, i, name)
    {
        const char *text = json_string_value(name);
        cs_buf_addf(imports, "import * as b%zu from '%s';\n", i, text);
        cs_buf_addf(list, "b%zu, ", i);
        if (strcmp(text, HELPER) != 0)
            add_import(w, cs_bytes_of(text), CS_BUNDLE_BUILTIN);
    }
}

/* The names that anybody looks for in a vat's namespace. */
static const char tail[] =
    "export const { buildRootObject, buildRootDeviceNode, default: other } = namespace;\n"
    "export { other as default };\n";

static void write_front(writer *w)
{
    cs_buf text = { 0 }, modules = { 0 }, builtins = { 0 };
    cs_buf_add_text(&text, "import { link } from '" HELPER "';\n");
    for (uint32_t i = 0; i < w->archive->count; i++)
        add_module(w, i, &text, &modules);
    add_builtins(w, &text, &builtins);
    add_import(w, CS_BYTES(HELPER), CS_BUNDLE_BUILTIN);
    cs_buf_addf(&text, "const namespace = link([\n%s], [%s], 0, Function);\n%s",
                cs_buf_text(&modules), cs_buf_text(&builtins), tail);
    qsort(w->imports, w->import_count, sizeof *w->imports, compare_imports);
    w->modules[0] = (cs_bundle_module){
        .name = CS_BYTES("(archive)"),
        .kind = CS_MODULE_ESM,
        .source = keep(w, &text),
        .imports = w->imports,
        .import_count = w->import_count,
    };
    cs_buf_fini(&modules);
    cs_buf_fini(&builtins);
}

static uint32_t link_count(const cs_archive *a)
{
    size_t n = 0;
    for (uint32_t i = 0; i < a->count; i++)
        n += json_object_size(a->modules[i].links);
    return (uint32_t)n;
}

static cs_status write_transformed(const cs_archive *a, cs_buf *ret, cs_error *err)
{
    writer w = { .archive = a, .builtins = json_array() };
    size_t most = (size_t)a->count + link_count(a) + 1;
    w.modules = cs_arena_take_zero(&w.arena, (size_t)a->count + 1, sizeof *w.modules);
    w.imports = cs_arena_take_zero(&w.arena, most, sizeof *w.imports);
    write_front(&w);
    const cs_bundle b = { w.modules, a->count + 1 };
    cs_status st = cs_bundle_check(&b, err);
    if (st == CS_OK)
        cs_bundle_enc(&b, ret);
    else
        st = cs_fail_at(err, "archive");
    json_decref(w.builtins);
    cs_arena_fini(&w.arena);
    return st;
}

cs_status cs_archive_write(const cs_archive *a, cs_buf *ret, cs_error *err)
{
    uint32_t transformed = 0, plain = 0;
    for (uint32_t i = 0; i < a->count; i++) {
        transformed += is_transformed(&a->modules[i]);
        plain += is_parser(&a->modules[i], "mjs") || is_parser(&a->modules[i], "cjs");
    }
    if (transformed > 0 && plain > 0)
        return cs_fail(err, CS_E_CONFIG,
                       "archive: transformed and plain modules cannot be mixed; "
                       "make it anew with one version of @endo/bundle-source");
    return transformed > 0 ? write_transformed(a, ret, err) : write_plain(a, ret, err);
}
