/* Which file a specifier means. Node's rules for ES modules: names are exact, nothing is guessed;
 * for require() endings and index files are tried. */
#include "host/resolve.h"

#include "base/alloc.h"
#include "engine/bundle.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

typedef struct asking {
    cs_packages *packages;
    const cs_resolve_question *q;
    cs_resolution_result *ret;
    cs_error *err;
} asking;

/* --- files --------------------------------------------------------------------------------------- */

typedef enum kind { ABSENT, FILE_THERE, FOLDER_THERE } kind;

static kind kind_of(const char *path)
{
    struct stat st;
    if (stat(path, &st) != 0)
        return ABSENT;
    return S_ISREG(st.st_mode) ? FILE_THERE : S_ISDIR(st.st_mode) ? FOLDER_THERE : ABSENT;
}

static kind kind_with(const char *path, const char *ending)
{
    cs_buf b = { 0 };
    cs_buf_addf(&b, "%s%s", path, ending);
    kind k = kind_of(cs_buf_text(&b));
    cs_buf_fini(&b);
    return k;
}

/* If the file `path` + `ending` is there it is the answer. */
static bool take(asking *a, const char *path, const char *ending)
{
    cs_buf b = { 0 };
    char *real = NULL;
    cs_buf_addf(&b, "%s%s", path, ending);
    if (kind_of(cs_buf_text(&b)) == FILE_THERE)
        real = realpath(cs_buf_text(&b), NULL);
    cs_buf_fini(&b);
    if (real != NULL)
        a->ret->path = cs_bytes_to_text(cs_bytes_of(real));
    free(real); /* of libc */
    return a->ret->path != NULL;
}

static bool take_any(asking *a, const char *path, const char *const *endings)
{
    for (; *endings != NULL; endings++)
        if (take(a, path, *endings))
            return true;
    return false;
}

static char *join(const char *folder, const char *path)
{
    cs_buf b = { 0 };
    cs_buf_addf(&b, "%s/%s", folder, strncmp(path, "./", 2) == 0 ? path + 2 : path);
    char *text = cs_bytes_to_text(cs_buf_bytes(&b));
    cs_buf_fini(&b);
    return text;
}

static char *folder_of(const char *file)
{
    return cs_bytes_to_text(
        (cs_bytes){ (const uint8_t *)file, (size_t)(strrchr(file, '/') - file) });
}

/* --- what is said -------------------------------------------------------------------------------- */

static cs_status not_found(asking *a, const char *mend)
{
    return cs_fail(a->err, CS_E_CONFIG, "cannot find '%s'%s%s", a->q->specifier,
                   mend[0] == 0 ? "" : ": ", mend);
}

/* A guess at what was meant, for the message only. */
static cs_status path_not_found(asking *a, const char *path)
{
    static const char *const endings[] = { ".js", ".mjs", ".cjs", ".json", "/index.js", NULL };
    for (const char *const *e = endings; *e != NULL; e++)
        if (kind_with(path, *e) == FILE_THERE)
            return cs_fail(a->err, CS_E_CONFIG,
                           "cannot find '%s': did you mean '%s%s'? Imports name files exactly",
                           a->q->specifier, a->q->specifier, *e);
    if (kind_with(path, ".ts") == FILE_THERE)
        return not_found(a,
                         "there is a TypeScript file: compile it first, for example with `esbuild "
                         "--target=es2021`");
    return not_found(a, kind_of(path) == FOLDER_THERE ? "it is a folder" : "");
}

static bool is_of_node(const char *specifier)
{
    static const char *const names[] = {
        "assert",  "async_hooks",
        "buffer",  "child_process",
        "cluster", "crypto",
        "dns",     "events",
        "fs",      "http",
        "http2",   "https",
        "module",  "net",
        "os",      "path",
        "process", "readline",
        "stream",  "timers",
        "tls",     "url",
        "util",    "v8",
        "vm",      "worker_threads",
        "zlib",    "perf_hooks",
        NULL,
    };
    size_t size = strcspn(specifier, "/");
    if (strncmp(specifier, "node:", 5) == 0)
        return true;
    for (const char *const *n = names; *n != NULL; n++)
        if (strlen(*n) == size && strncmp(specifier, *n, size) == 0)
            return true;
    return false;
}

static cs_status package_not_found(asking *a, const char *name)
{
    if (is_of_node(a->q->specifier))
        return not_found(a, "it is a module of Node, and a vat has no access to the machine");
    return cs_fail(a->err, CS_E_CONFIG, "cannot find package '%s': run `npm install %s`", name,
                   name);
}

/* --- paths --------------------------------------------------------------------------------------- */

/* require() of a folder: what its package.json says, or its index. */
static cs_status take_folder(asking *a, const char *path)
{
    static const char *const as_file[] = { "", ".js", ".json", "/index.js", "/index.json", NULL };
    static const char *const as_folder[] = { "/index.js", "/index.json", NULL };
    const cs_package *package = NULL;
    cs_status st = cs_package_at(a->packages, path, &package, a->err);
    const char *main = package == NULL ? "" : cs_package_main(package, true);
    if (st == CS_OK && main[0] != 0) {
        char *file = join(path, main);
        (void)take_any(a, file, as_file);
        cs_free(file);
    }
    if (st == CS_OK && a->ret->path == NULL)
        (void)take_any(a, path, as_folder);
    return st;
}

static cs_status take_path(asking *a, const char *path)
{
    static const char *const exact[] = { "", NULL };
    static const char *const tried[] = { "", ".js", ".json", NULL };
    if (take_any(a, path, a->q->is_require ? tried : exact))
        return CS_OK;
    if (a->q->is_require && kind_of(path) == FOLDER_THERE) {
        cs_status st = take_folder(a, path);
        if (st != CS_OK || a->ret->path != NULL)
            return st;
    }
    return path_not_found(a, path);
}

static cs_status take_relative(asking *a)
{
    char *folder = folder_of(a->q->file), *path = join(folder, a->q->specifier);
    cs_status st = take_path(a, path);
    cs_free(folder);
    cs_free(path);
    return st;
}

/* --- packages ------------------------------------------------------------------------------------ */

static cs_status take_bare(asking *a, const char *specifier);

/* `target` is what exports or imports of `package` gave: a path inside, or for imports a name. */
static cs_status take_target(asking *a, const cs_package *package, const char *target)
{
    if (strncmp(target, "./", 2) != 0)
        return take_bare(a, target);
    char *path = join(package->folder, target);
    cs_status st = take(a, path, "") ? CS_OK : CS_E_CONFIG;
    if (st != CS_OK)
        (void)cs_fail(a->err, st, "cannot find '%s': %s/package.json says '%s', which is not there",
                      a->q->specifier, package->folder, target);
    cs_free(path);
    return st;
}

static cs_status take_mapped(asking *a, const cs_package *package, const char *field,
                             const char *key)
{
    const json_t *map = json_object_get(package->json, field);
    char *target = map == NULL ? NULL : cs_package_target(map, key, a->q->is_require);
    cs_status st = target == NULL ? cs_fail(a->err, CS_E_CONFIG,
                                            "cannot find '%s': %s/package.json does not list '%s' "
                                            "under \"%s\"",
                                            a->q->specifier, package->folder, key, field)
                                  : take_target(a, package, target);
    cs_free(target);
    return st;
}

/* A package without `exports`. */
static cs_status take_unmapped(asking *a, const cs_package *package, const char *folder,
                               const char *subpath)
{
    static const char *const endings[] = { "", ".js", ".json", "/index.js", "/index.json", NULL };
    if (strcmp(subpath, ".") != 0) {
        char *path = join(folder, subpath);
        cs_status st = take_path(a, path);
        cs_free(path);
        return st;
    }
    const char *main = package == NULL ? "" : cs_package_main(package, a->q->is_require);
    char *path = join(folder, main[0] == 0 ? "index" : main);
    (void)take_any(a, path, endings);
    cs_free(path);
    return a->ret->path != NULL ? CS_OK : not_found(a, "the package does not say where it begins");
}

static cs_status take_from(asking *a, const char *folder, const char *subpath)
{
    const cs_package *package = NULL;
    cs_status st = cs_package_at(a->packages, folder, &package, a->err);
    if (st != CS_OK)
        return st;
    const json_t *map = package == NULL ? NULL : json_object_get(package->json, "exports");
    return map != NULL && !json_is_null(map) ? take_mapped(a, package, "exports", subpath)
                                             : take_unmapped(a, package, folder, subpath);
}

/* A package may import itself by name, if it has `exports`. *ret_done: it did. */
static cs_status take_self(asking *a, const char *name, const char *subpath, bool *ret_done)
{
    const cs_package *own = NULL;
    cs_status st = cs_package_of(a->packages, a->q->file, &own, a->err);
    if (st != CS_OK || own == NULL)
        return st;
    const char *own_name = json_string_value(json_object_get(own->json, "name"));
    const json_t *map = json_object_get(own->json, "exports");
    *ret_done =
        own_name != NULL && strcmp(own_name, name) == 0 && map != NULL && !json_is_null(map);
    return *ret_done ? take_mapped(a, own, "exports", subpath) : CS_OK;
}

/* Up from the folder of the file that asks, through each node_modules. */
static cs_status take_installed(asking *a, const char *name, const char *subpath)
{
    char *folder = folder_of(a->q->file);
    cs_buf candidate = { 0 };
    cs_status st = CS_OK;
    for (char *slash;; *slash = 0) {
        cs_buf_clear(&candidate);
        cs_buf_addf(&candidate, "%s/node_modules/%s", folder, name);
        if (kind_of(cs_buf_text(&candidate)) == FOLDER_THERE) {
            st = take_from(a, cs_buf_text(&candidate), subpath);
            break;
        }
        slash = strrchr(folder, '/');
        if (slash == NULL) {
            st = package_not_found(a, name);
            break;
        }
    }
    cs_buf_fini(&candidate);
    cs_free(folder);
    return st;
}

static bool is_url(const char *specifier)
{
    return specifier[strcspn(specifier, ":/")] == ':';
}

static cs_status take_package(asking *a, const char *specifier)
{
    char *name, *subpath;
    bool is_done = false;
    if (strncmp(specifier, "node:", 5) != 0 && is_url(specifier))
        return not_found(a, "a vat's code comes from files, by relative path or name of a package");
    if (!cs_package_split(specifier, &name, &subpath))
        return not_found(a, "it is neither a relative path nor the name of a package");
    cs_status st = take_self(a, name, subpath, &is_done);
    if (st == CS_OK && !is_done)
        st = take_installed(a, name, subpath);
    cs_free(name);
    cs_free(subpath);
    return st;
}

/* --- built-in modules ---------------------------------------------------------------------------- */

static bool offers_all(const asking *a, cs_bytes builtin)
{
    for (size_t i = 0; i < a->q->name_count; i++)
        if (!cs_builtin_exports(builtin, a->q->names[i]))
            return false;
    return true;
}

/* A built-in module wins. But if it lacks something that is asked of it, and the package is
 * installed, that is taken; if it is not installed, linking says what there is. */
static cs_status take_bare(asking *a, const char *specifier)
{
    cs_bytes name = cs_bytes_of(specifier);
    bool is_builtin = cs_is_builtin(name);
    cs_error ignored, *err = a->err;
    if (!is_builtin)
        return take_package(a, specifier);
    if (!offers_all(a, name)) {
        a->err = &ignored;
        cs_status st = take_package(a, specifier);
        a->err = err;
        if (st == CS_OK)
            return CS_OK;
    }
    a->ret->builtin = cs_builtin_name(name);
    return CS_OK;
}

static bool is_relative(const char *specifier)
{
    return strncmp(specifier, "./", 2) == 0 || strncmp(specifier, "../", 3) == 0 ||
           strcmp(specifier, ".") == 0 || strcmp(specifier, "..") == 0;
}

static cs_status take_import(asking *a)
{
    const cs_package *own = NULL;
    cs_status st = cs_package_of(a->packages, a->q->file, &own, a->err);
    if (st != CS_OK)
        return st;
    return own == NULL ? not_found(a, "no package.json has an \"imports\" for it")
                       : take_mapped(a, own, "imports", a->q->specifier);
}

cs_status cs_resolve(cs_packages *p, const cs_resolve_question *q, cs_resolution_result *ret,
                     cs_error *err)
{
    cs_resolution_result found = { 0 };
    asking a = { p, q, &found, err };
    cs_status st;
    if (is_relative(q->specifier))
        st = take_relative(&a);
    else if (q->specifier[0] == '#')
        st = take_import(&a);
    else
        st = take_bare(&a, q->specifier);
    if (st == CS_OK)
        *ret = found;
    return st;
}
