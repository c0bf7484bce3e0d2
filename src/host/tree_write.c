/* A gathered tree as a bundle. A CommonJS module becomes two: its text as a function, and in front of
 * it an ES module that imports what it requires, calls the function and exports what that left. */
#include "host/tree.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>

#define BODY_SPECIFIER "capstan:body"
#define HELPER "@capstan/archive"

typedef struct writer {
    const cs_tree *tree;
    cs_arena arena; /* of all that the bundle points to */
    cs_bundle_module *modules;
    uint32_t count;
    bool *seen; /* of one search */
} writer;

static int compare_imports(const void *a, const void *b)
{
    const cs_bundle_import *x = a, *y = b;
    return cs_bytes_compare(x->specifier, y->specifier);
}

/* The imports that were found, and `extra` more, in order. */
static void set_imports(writer *w, cs_bundle_module *out, const cs_tree_module *m,
                        const cs_bundle_import *extra, uint32_t extra_count)
{
    uint32_t most = m->scan.specifier_count + extra_count, n = 0;
    cs_bundle_import *list = cs_arena_take_zero(&w->arena, most, sizeof *list);
    for (uint32_t i = 0; i < m->scan.specifier_count; i++)
        if (m->imports[i].module != CS_TREE_NOBODY || m->imports[i].builtin.size > 0)
            list[n++] = m->imports[i];
    for (uint32_t i = 0; i < extra_count; i++)
        list[n++] = extra[i];
    qsort(list, n, sizeof *list, compare_imports);
    out->imports = list;
    out->import_count = n;
}

static cs_bytes keep(writer *w, cs_buf *text)
{
    cs_bytes copy = cs_arena_copy(&w->arena, cs_buf_bytes(text));
    cs_buf_fini(text);
    return copy;
}

/* --- CommonJS ------------------------------------------------------------------------------------ */

/* What others can import by name: found in the source, and what it passes on. */
static void collect_names(writer *w, uint32_t module, const char ***names, uint32_t *count)
{
    const cs_tree_module *m = &w->tree->modules[module];
    if (w->seen[module])
        return;
    w->seen[module] = true;
    for (uint32_t i = 0; i < m->scan.export_count; i++) {
        uint32_t k = 0;
        while (k < *count && strcmp((*names)[k], m->scan.exports[i]) != 0)
            k++;
        if (k < *count || strcmp(m->scan.exports[i], "default") == 0)
            continue;
        *names = cs_realloc(*names, *count + 1, sizeof **names);
        (*names)[(*count)++] = m->scan.exports[i];
    }
    for (uint32_t i = 0; i < m->scan.specifier_count; i++)
        if (m->scan.specifiers[i].is_reexported && m->imports[i].module != CS_TREE_NOBODY)
            collect_names(w, m->imports[i].module, names, count);
}

static void add_exports(writer *w, uint32_t module, cs_buf *text)
{
    const char **names = NULL;
    uint32_t count = 0;
    memset(w->seen, 0, w->tree->count * sizeof *w->seen);
    collect_names(w, module, &names, &count);
    cs_buf_add_text(text, "export default exports;\nconst {");
    for (uint32_t i = 0; i < count; i++)
        cs_buf_addf(text, " %s: e%u,", names[i], i);
    cs_buf_add_text(text, " } = Object(exports);\nexport {");
    for (uint32_t i = 0; i < count; i++)
        cs_buf_addf(text, " e%u as %s,", i, names[i]);
    cs_buf_add_text(text, " };\n");
    cs_free(names);
}

/* require() gives the exports of a CommonJS or JSON module, the namespace of any other. */
static void add_requirables(writer *w, const cs_tree_module *m, cs_buf *imports, cs_buf *table)
{
    for (uint32_t i = 0; i < m->scan.specifier_count; i++) {
        const cs_bundle_import *to = &m->imports[i];
        if (to->module == CS_TREE_NOBODY && to->builtin.size == 0)
            continue;
        bool is_value =
            to->module != CS_TREE_NOBODY && w->tree->modules[to->module].kind != CS_TREE_ESM;
        cs_buf_addf(imports, "import * as d%u from ", i);
        cs_buf_add_json(imports, to->specifier);
        cs_buf_add_text(imports, ";\n");
        cs_buf_add_json(table, to->specifier);
        cs_buf_addf(table, ": () => d%u%s, ", i, is_value ? ".default" : "");
    }
}

static void write_commonjs(writer *w, uint32_t module)
{
    const cs_tree_module *m = &w->tree->modules[module];
    cs_bundle_module *front = &w->modules[module], *body = &w->modules[w->count];
    cs_buf text = { 0 }, table = { 0 }, name = { 0 }, wrapped = { 0 };
    cs_buf_add_text(&text, "import { commonJS } from '" HELPER "';\n"
                           "import body from '" BODY_SPECIFIER "';\n");
    add_requirables(w, m, &text, &table);
    cs_buf_add_text(&text, "const exports = commonJS(body, ");
    cs_buf_add_json(&text, cs_bytes_of(m->name));
    cs_buf_addf(&text, ", { __proto__: null, %s});\n", cs_buf_text(&table));
    add_exports(w, module, &text);
    front->kind = CS_MODULE_ESM;
    front->source = keep(w, &text);
    const cs_bundle_import extra[] = {
        { CS_BYTES(HELPER), CS_BUNDLE_BUILTIN, CS_BYTES(HELPER) },
        { CS_BYTES(BODY_SPECIFIER), w->count, { 0 } },
    };
    set_imports(w, front, m, extra, 2);
    cs_buf_addf(&name, "%s (CommonJS)", m->name);
    cs_commonjs_wrap(cs_buf_bytes(&m->text), &wrapped);
    *body = (cs_bundle_module){ .name = keep(w, &name), .kind = CS_MODULE_ESM };
    body->source = keep(w, &wrapped);
    w->count++;
    cs_buf_fini(&table);
}

/* --- all ----------------------------------------------------------------------------------------- */

static void write_module(writer *w, uint32_t module)
{
    const cs_tree_module *m = &w->tree->modules[module];
    cs_bundle_module *out = &w->modules[module];
    out->name = cs_bytes_of(m->name);
    if (m->kind == CS_TREE_COMMONJS) {
        write_commonjs(w, module);
        return;
    }
    out->kind = m->kind == CS_TREE_JSON ? CS_MODULE_JSON : CS_MODULE_ESM;
    out->source = cs_buf_bytes(&m->text);
    set_imports(w, out, m, NULL, 0);
}

cs_status cs_tree_write(const cs_tree *t, cs_buf *ret, cs_error *err)
{
    writer w = { .tree = t, .count = t->count };
    w.modules = cs_arena_take_zero(&w.arena, (size_t)t->count * 2, sizeof *w.modules);
    w.seen = cs_arena_take_zero(&w.arena, t->count, sizeof *w.seen);
    for (uint32_t i = 0; i < t->count; i++)
        write_module(&w, i);
    const cs_bundle b = { w.modules, w.count };
    cs_status st = cs_bundle_check(&b, err);
    if (st == CS_OK)
        cs_bundle_enc(&b, ret);
    else
        st = err == NULL ? CS_E_CONFIG : (err->status = CS_E_CONFIG); /* what was read, not a row */
    cs_arena_fini(&w.arena);
    return st;
}
