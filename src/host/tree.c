/* Follows every import from the entry, breadth first; what is found when does not depend on the
 * machine, so the bundle of one tree has one hash wherever the tree lies. */
#include "host/tree.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* --- names --------------------------------------------------------------------------------------- */

/* `path` as seen from `folder`, both absolute and clean. */
static char *relative(const char *folder, const char *path)
{
    size_t common = 0;
    for (size_t i = 0;; i++) {
        bool folder_ends = folder[i] == 0 || folder[i] == '/';
        bool path_ends = path[i] == 0 || path[i] == '/';
        if (folder_ends && path_ends)
            common = i;
        if (folder[i] == 0 || folder[i] != path[i])
            break;
    }
    cs_buf name = { 0 };
    for (const char *c = folder + common; *c != 0; c++)
        if (*c == '/' && c[1] != 0)
            cs_buf_add_text(&name, "../");
    cs_buf_add_text(&name, path + common + 1);
    char *text = cs_bytes_to_text(cs_buf_bytes(&name));
    cs_buf_fini(&name);
    return text;
}

/* The module at that path, added if it is new. Takes the path. */
static uint32_t put(cs_tree *t, char *take_path, uint32_t importer, uint32_t line)
{
    for (uint32_t i = 0; i < t->count; i++)
        if (strcmp(t->modules[i].path, take_path) == 0) {
            cs_free(take_path);
            return i;
        }
    t->modules = cs_realloc(t->modules, t->count + 1, sizeof *t->modules);
    t->modules[t->count] = (cs_tree_module){
        .path = take_path,
        .name = relative(t->folder, take_path),
        .importer = importer,
        .importer_line = line,
    };
    return t->count++;
}

/* --- errors -------------------------------------------------------------------------------------- */

/* ` (b.js is imported by a.js:3, that by main.js:1)`: how the tree came to that file. */
static void add_chain(const cs_tree *t, uint32_t module, cs_buf *buf)
{
    const cs_tree_module *m = &t->modules[module];
    if (m->importer == CS_TREE_NOBODY)
        return;
    cs_buf_addf(buf, " (%s is imported by %s:%u", m->name, t->modules[m->importer].name,
                m->importer_line);
    for (m = &t->modules[m->importer]; m->importer != CS_TREE_NOBODY; m = &t->modules[m->importer])
        cs_buf_addf(buf, ", that by %s:%u", t->modules[m->importer].name, m->importer_line);
    cs_buf_add_byte(buf, ')');
}

static cs_status fail_in(const cs_tree *t, uint32_t module, uint32_t line, const cs_error *what,
                         cs_error *err)
{
    cs_buf chain = { 0 };
    add_chain(t, module, &chain);
    cs_status st = cs_fail(err, what->status, "%s:%u: %s%s", t->modules[module].name, line,
                           what->text, cs_buf_text(&chain));
    cs_buf_fini(&chain);
    return st;
}

/* --- following ----------------------------------------------------------------------------------- */

static cs_status follow(cs_tree *t, uint32_t module, uint32_t index, cs_error *err)
{
    const cs_tree_module *m = &t->modules[module];
    const cs_specifier *s = &m->scan.specifiers[index];
    cs_bundle_import *import = &m->imports[index];
    cs_resolve_question q = { s->text, m->path, s->names, s->name_count,
                              m->kind == CS_TREE_COMMONJS };
    cs_resolution_result to = { 0 };
    cs_error why = { 0 };
    *import = (cs_bundle_import){ cs_bytes_of(s->text), CS_TREE_NOBODY, { 0 } };
    cs_status st = cs_resolve(&t->packages, &q, &to, &why);
    if (st != CS_OK)
        return s->is_optional ? CS_OK : fail_in(t, module, s->line, &why, err);
    if (to.builtin != NULL)
        import->builtin = cs_bytes_of(to.builtin);
    else
        import->module = put(t, to.path, module, s->line); /* may move the modules, not `import` */
    return CS_OK;
}

static cs_status read_module(cs_tree *t, uint32_t module, cs_error *err)
{
    cs_status st = cs_tree_read(t, &t->modules[module], err);
    uint32_t count = t->modules[module].scan.specifier_count;
    t->modules[module].imports = cs_alloc_zero(count, sizeof *t->modules->imports);
    for (uint32_t i = 0; st == CS_OK && i < count; i++)
        st = follow(t, module, i, err);
    if (st == CS_OK && t->count > CS_MODULES_MAX / 2)
        st = cs_fail(err, CS_E_CONFIG, "%s: imports more than %u modules", t->modules[0].name,
                     CS_MODULES_MAX / 2);
    return st;
}

static cs_status begin(cs_tree *t, const char *entry, cs_error *err)
{
    char *path = realpath(entry, NULL);
    if (path == NULL)
        return cs_fail(err, CS_E_CONFIG, "%s: %s", entry, strerror(errno));
    size_t size = (size_t)(strrchr(path, '/') - path);
    t->folder = cs_bytes_to_text((cs_bytes){ (const uint8_t *)path, size });
    (void)put(t, cs_bytes_to_text(cs_bytes_of(path)), CS_TREE_NOBODY, 0);
    free(path); /* of libc */
    return CS_OK;
}

/* --- life ---------------------------------------------------------------------------------------- */

void cs_tree_fini(cs_tree *t)
{
    for (uint32_t i = 0; i < t->count; i++) {
        cs_tree_module *m = &t->modules[i];
        cs_free(m->path);
        cs_free(m->name);
        cs_free(m->imports);
        cs_buf_fini(&m->text);
        cs_scan_fini(&m->scan);
    }
    cs_free(t->modules);
    cs_free(t->folder);
    cs_packages_fini(&t->packages);
    *t = (cs_tree){ 0 };
}

static void note_files(const cs_tree *t, cs_source *ret)
{
    ret->files = cs_alloc_zero(t->count, sizeof *ret->files);
    ret->file_count = t->count;
    for (uint32_t i = 0; i < t->count; i++) {
        ret->files[i].path = cs_bytes_to_text(cs_bytes_of(t->modules[i].path));
        memcpy(ret->files[i].hash, t->modules[i].hash.bytes, CS_HASH_SIZE);
    }
}

cs_status cs_tree_bundle(const char *entry, cs_source *ret, cs_error *err)
{
    cs_tree t = { 0 };
    cs_status st = begin(&t, entry, err);
    for (uint32_t i = 0; st == CS_OK && i < t.count; i++)
        st = read_module(&t, i, err);
    if (st == CS_OK)
        st = cs_tree_write(&t, &ret->bundle, err);
    if (st == CS_OK)
        note_files(&t, ret);
    cs_tree_fini(&t);
    return st;
}
