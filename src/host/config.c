/* Reads a configuration in three steps: the JSON of a file, or one made from a basedir's file names;
 * each key checked against the tables below; vats put in the order in which the kernel makes them. */
#include "host/config.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "devices/devices.h"
#include "host/plain_json.h"
#include "host/source.h"
#include "store/store.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* What a key means to this version. A known key that asks for what is not built yet is refused by a
 * text of its own, never ignored; `value` NULL means that any value is refused. */
typedef enum key_kind { KEY_USED, KEY_HARMLESS, KEY_LATER } key_kind;
typedef struct known_key {
    const char *name;
    key_kind kind;
} known_key;

static const known_key config_keys[] = {
    { "vats", KEY_USED },
    { "bootstrap", KEY_USED },
    { "bundles", KEY_USED },
    { "pinBootstrapRoot", KEY_USED },
    { "defaultManagerType", KEY_USED },
    { "maxVats", KEY_USED },
    { "defaultReapInterval", KEY_USED },
    { "defaultReapGCKrefs", KEY_USED },
    { "snapshotInitial", KEY_HARMLESS },
    { "snapshotInterval", KEY_HARMLESS },
    { "includeDevDependencies", KEY_HARMLESS },
    { "bundleCachePath", KEY_HARMLESS },
    { "bundleFormat", KEY_HARMLESS },
    { "format", KEY_HARMLESS },
    { "devices", KEY_USED },
    { "relaxDurabilityRules", KEY_LATER },
    { NULL, KEY_USED },
};

static const known_key vat_keys[] = {
    { "sourceSpec", KEY_USED },     { "bundleSpec", KEY_USED }, { "bundle", KEY_USED },
    { "bundleName", KEY_USED },     { "parameters", KEY_USED }, { "creationOptions", KEY_USED },
    { "bundleHash", KEY_HARMLESS }, { NULL, KEY_USED },
};

static const known_key bundle_keys[] = {
    { "sourceSpec", KEY_USED },
    { "bundleSpec", KEY_USED },
    { "bundle", KEY_USED },
    { NULL, KEY_USED },
};

static const known_key option_keys[] = {
    { "enablePipelining", KEY_USED },
    { "critical", KEY_USED },
    { "managerType", KEY_USED },
    { "workerGroup", KEY_USED },
    { "command", KEY_USED },
    { "reapInterval", KEY_USED },
    { "reapGCKrefs", KEY_USED },
    { "neverReap", KEY_USED },
    { "nodeOptions", KEY_HARMLESS },
    { "enableSetup", KEY_LATER },
    { "enableDisavow", KEY_LATER },
    { "useTranscript", KEY_HARMLESS },
    { NULL, KEY_USED },
};

/* "set" as opposed to absent, null, false or empty: what a KEY_LATER must not be. */
static bool is_set(const json_t *value)
{
    if (json_is_object(value))
        return json_object_size(value) > 0;
    return !json_is_false(value) && !json_is_null(value);
}

static cs_status check_keys(const char *file, const char *place, json_t *object,
                            const known_key *keys, cs_error *err)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object))
        return cs_fail(err, CS_E_CONFIG, "%s: %s must be an object", file, place);
    json_object_foreach(object, key, value)
    {
        const known_key *k = keys;
        while (k->name != NULL && strcmp(k->name, key) != 0)
            k++;
        if (k->name == NULL)
            return cs_fail(err, CS_E_CONFIG, "%s: unknown key '%s' in %s; remove or correct it",
                           file, key, place);
        if (k->kind == KEY_LATER && is_set(value))
            return cs_fail(err, CS_E_CONFIG,
                           "%s: '%s' in %s is not supported by this version of Capstan yet; "
                           "remove it",
                           file, key, place);
    }
    return CS_OK;
}

/* ---- files ---- */

cs_status cs_read_file(const char *path, size_t max, cs_buf *ret, cs_error *err)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return cs_fail(err, errno == ENOENT ? CS_E_NOT_FOUND : CS_E_IO, "%s: %s", path,
                       strerror(errno));
    cs_status st = CS_OK;
    for (;;) {
        ssize_t n = read(fd, cs_buf_reserve(ret, 65536), 65536);
        if (n == 0)
            break;
        if (n < 0)
            st = cs_fail(err, CS_E_IO, "%s: %s", path, strerror(errno));
        else if ((ret->size += (size_t)n) > max)
            st = cs_fail(err, CS_E_TOO_BIG, "%s: larger than %zu bytes", path, max);
        if (st != CS_OK)
            break;
    }
    (void)close(fd);
    if (st != CS_OK)
        cs_buf_fini(ret);
    return st;
}

static cs_status parse_file(const char *path, json_t **ret, cs_error *err)
{
    cs_buf text = { 0 };
    json_error_t where;
    cs_status st = cs_read_file(path, CS_CONFIG_MAX, &text, err);
    if (st != CS_OK)
        return st == CS_E_IO || st == CS_E_NOT_FOUND ? st : CS_E_CONFIG;
    *ret = cs_plain_parse((const char *)text.data, text.size, &where);
    cs_buf_fini(&text);
    if (*ret == NULL)
        return cs_fail(err, CS_E_CONFIG, "%s:%d:%d: not JSON: %s", path, where.line, where.column,
                       where.text);
    return CS_OK;
}

/* ---- basedir: bootstrap.js and vat-NAME.js become the JSON that says the same ---- */

static void add_basedir_vat(json_t *vats, const char *name, size_t size, const char *file)
{
    cs_buf key = { 0 }, spec = { 0 };
    cs_buf_add(&key, name, size);
    cs_buf_addf(&spec, "./%s", file);
    json_object_set_new(vats, cs_buf_text(&key),
                        json_pack("{s:s}", "sourceSpec", cs_buf_text(&spec)));
    cs_buf_fini(&key);
    cs_buf_fini(&spec);
}

static cs_status scan_basedir(const char *path, json_t **ret, cs_error *err)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return cs_fail(err, CS_E_CONFIG, "%s: %s", path, strerror(errno));
    json_t *vats = json_object(), *config = json_pack("{s:o}", "vats", vats);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        size_t size = strlen(e->d_name);
        if (strcmp(e->d_name, "bootstrap.js") == 0) {
            add_basedir_vat(vats, "bootstrap", 9, e->d_name);
            json_object_set_new(config, "bootstrap", json_string("bootstrap"));
        } else if (size > 7 && strncmp(e->d_name, "vat-", 4) == 0 &&
                   strcmp(e->d_name + size - 3, ".js") == 0) {
            add_basedir_vat(vats, e->d_name + 4, size - 7, e->d_name);
        }
    }
    (void)closedir(dir);
    if (json_object_size(vats) == 0) {
        json_decref(config);
        return cs_fail(err, CS_E_CONFIG,
                       "%s: no bootstrap.js and no vat-NAME.js in this folder: is it a basedir?",
                       path);
    }
    *ret = config;
    return CS_OK;
}

/* ---- one vat ---- */

typedef struct reader {
    cs_config *config;
    json_t *root;
    cs_error *err;
} reader;

static cs_status read_source(reader *r, const char *place, json_t *entry, cs_config_source *ret);

static cs_status read_named_source(reader *r, const char *place, const char *name,
                                   cs_config_source *ret)
{
    json_t *bundle = json_object_get(json_object_get(r->root, "bundles"), name);
    if (bundle == NULL)
        return cs_fail(r->err, CS_E_CONFIG, "%s: bundleName '%s' in %s is not in 'bundles'",
                       r->config->path, name, place);
    cs_buf inner = { 0 };
    cs_buf_addf(&inner, "bundles.%s", name);
    cs_status st = check_keys(r->config->path, cs_buf_text(&inner), bundle, bundle_keys, r->err);
    if (st == CS_OK)
        st = read_source(r, cs_buf_text(&inner), bundle, ret);
    cs_buf_fini(&inner);
    return st;
}

static cs_status read_path(reader *r, const char *place, const char *key, json_t *value,
                           cs_source_kind kind, cs_config_source *ret)
{
    if (!json_is_string(value))
        return cs_fail(r->err, CS_E_CONFIG, "%s: %s.%s must be a string", r->config->path, place,
                       key);
    char *path = cs_source_spec_path(r->config->folder, json_string_value(value));
    if (access(path, R_OK) != 0) {
        cs_status st = cs_fail(r->err, CS_E_CONFIG, "%s: %s.%s: %s: %s", r->config->path, place,
                               key, path, strerror(errno));
        cs_free(path);
        return st;
    }
    ret->kind = kind;
    ret->path = path;
    return CS_OK;
}

static cs_status read_source(reader *r, const char *place, json_t *entry, cs_config_source *ret)
{
    static const char *const modes[] = { "sourceSpec", "bundleSpec", "bundle", "bundleName" };
    size_t found = 0, mode = 0;
    for (size_t i = 0; i < 4; i++)
        if (json_object_get(entry, modes[i]) != NULL) {
            found++;
            mode = i;
        }
    if (found != 1)
        return cs_fail(r->err, CS_E_CONFIG,
                       "%s: %s needs exactly one of sourceSpec, bundleSpec, bundle, bundleName",
                       r->config->path, place);
    json_t *value = json_object_get(entry, modes[mode]);
    if (mode == 2) {
        ret->kind = CS_SOURCE_INLINE;
        ret->bundle = json_incref(value);
        return CS_OK;
    }
    if (mode == 3 && json_is_string(value))
        return read_named_source(r, place, json_string_value(value), ret);
    return read_path(r, place, modes[mode], value, mode == 0 ? CS_SOURCE_FILE : CS_SOURCE_BUNDLE,
                     ret);
}

static bool name_is_good(const char *name)
{
    static const char allowed[] =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
    size_t size = strlen(name);
    return size > 0 && size <= CS_NAME_MAX && strspn(name, allowed) == size;
}

static bool is_whole(const json_t *value, uint64_t *ret)
{
    const double n = json_number_value(value);
    if (!json_is_number(value) || n < 0 || n > (double)CS_REF_ID_MAX || n != (double)(uint64_t)n)
        return false;
    *ret = (uint64_t)n;
    return true;
}

/* S14: a whole number, or "never". 0, which the reference takes for "each time", is 1. Absent: 0. */
static cs_status read_reap(reader *r, const char *place, json_t *object, const char *key,
                           uint64_t *ret)
{
    const json_t *value = json_object_get(object, key);
    *ret = 0;
    if (value == NULL)
        return CS_OK;
    if (json_is_string(value) && strcmp(json_string_value(value), "never") == 0)
        *ret = CS_REAP_NEVER;
    else if (is_whole(value, ret))
        *ret = *ret == 0 ? 1 : *ret;
    else
        return cs_fail(r->err, CS_E_CONFIG,
                       "%s: '%s' in %s must be a whole number from 1 on, or \"never\"",
                       r->config->path, key, place);
    return CS_OK;
}

static cs_status read_vats_max(reader *r, uint64_t *ret)
{
    const json_t *value = json_object_get(r->root, "maxVats");
    if (value == NULL || (is_whole(value, ret) && *ret > 0))
        return CS_OK;
    return cs_fail(r->err, CS_E_CONFIG, "%s: 'maxVats' must be a whole number from 1 on",
                   r->config->path);
}

static cs_status read_never_reap(reader *r, const char *place, json_t *options, bool *ret)
{
    const json_t *value = json_object_get(options, "neverReap");
    *ret = json_is_true(value);
    if (value == NULL || json_is_boolean(value))
        return CS_OK;
    return cs_fail(r->err, CS_E_CONFIG, "%s: 'neverReap' in %s must be true or false",
                   r->config->path, place);
}

static cs_status read_options(reader *r, const char *place, json_t *options, cs_config_vat *ret)
{
    if (options == NULL)
        return CS_OK;
    cs_buf inner = { 0 };
    cs_buf_addf(&inner, "%s.creationOptions", place);
    cs_status st = check_keys(r->config->path, cs_buf_text(&inner), options, option_keys, r->err);
    if (st == CS_OK && json_is_false(json_object_get(options, "useTranscript")))
        st = cs_fail(r->err, CS_E_CONFIG,
                     "%s: 'useTranscript: false' in %s is not supported: every vat is durable",
                     r->config->path, cs_buf_text(&inner));
    if (st == CS_OK)
        st = cs_config_read_place(r->config, cs_buf_text(&inner), options, ret, r->err);
    if (st == CS_OK)
        st = read_never_reap(r, cs_buf_text(&inner), options, &ret->never_reap);
    if (st == CS_OK)
        st = read_reap(r, cs_buf_text(&inner), options, "reapInterval", &ret->reap_interval);
    if (st == CS_OK)
        st = read_reap(r, cs_buf_text(&inner), options, "reapGCKrefs", &ret->reap_gc_krefs);
    cs_buf_fini(&inner);
    ret->enable_pipelining = json_is_true(json_object_get(options, "enablePipelining"));
    ret->critical = json_is_true(json_object_get(options, "critical"));
    return st;
}

static cs_status read_vat(reader *r, const char *name, json_t *entry, cs_config_vat *ret)
{
    cs_buf place = { 0 };
    cs_buf_addf(&place, "vats.%s", name);
    const char *where = cs_buf_text(&place), *file = r->config->path;
    json_t *parameters = json_object_get(entry, "parameters");
    cs_status st = CS_OK;
    if (!name_is_good(name))
        st = cs_fail(r->err, CS_E_CONFIG,
                     "%s: '%s' is no vat name: letters, digits and . _ - only, at most %u", file,
                     name, CS_NAME_MAX);
    if (st == CS_OK)
        st = check_keys(file, where, entry, vat_keys, r->err);
    if (st == CS_OK && parameters != NULL && !json_is_object(parameters))
        st = cs_fail(r->err, CS_E_CONFIG, "%s: %s.parameters must be an object", file, where);
    if (st == CS_OK)
        st = read_options(r, where, json_object_get(entry, "creationOptions"), ret);
    if (st == CS_OK && ret->source.kind != CS_SOURCE_COMMAND)
        st = read_source(r, where, entry, &ret->source);
    if (st == CS_OK) {
        ret->name = cs_bytes_to_text(cs_bytes_of(name));
        ret->parameters = json_incref(parameters);
    }
    cs_buf_fini(&place);
    return st;
}

/* ---- the whole ---- */

static int compare_vats(const void *a, const void *b)
{
    return strcmp(((const cs_config_vat *)a)->name, ((const cs_config_vat *)b)->name);
}

/* S22: the bootstrap vat first, then the others by name. */
static void sort_vats(cs_config *c, const char *bootstrap)
{
    qsort(c->vats, c->vat_count, sizeof *c->vats, compare_vats);
    for (size_t i = 0; bootstrap != NULL && i < c->vat_count; i++)
        if (strcmp(c->vats[i].name, bootstrap) == 0) {
            cs_config_vat first = c->vats[i];
            memmove(c->vats + 1, c->vats, i * sizeof *c->vats);
            c->vats[0] = first;
        }
}

static cs_status read_vats(reader *r, json_t *vats)
{
    const char *name;
    json_t *entry;
    r->config->vats = cs_alloc_zero(json_object_size(vats) + 1, sizeof *r->config->vats);
    json_object_foreach(vats, name, entry)
    {
        cs_status st = read_vat(r, name, entry, &r->config->vats[r->config->vat_count++]);
        if (st != CS_OK)
            return st;
    }
    return CS_OK;
}

static int compare_bundles(const void *a, const void *b)
{
    return strcmp(((const cs_config_bundle *)a)->name, ((const cs_config_bundle *)b)->name);
}

static cs_status read_bundle(reader *r, const char *name, json_t *entry, cs_config_bundle *ret)
{
    cs_buf place = { 0 };
    cs_buf_addf(&place, "bundles.%s", name);
    const char *where = cs_buf_text(&place);
    cs_status st = CS_OK;
    if (!name_is_good(name))
        st = cs_fail(r->err, CS_E_CONFIG,
                     "%s: '%s' is no bundle name: letters, digits and . _ - only, at most %u",
                     r->config->path, name, CS_NAME_MAX);
    if (st == CS_OK)
        st = check_keys(r->config->path, where, entry, bundle_keys, r->err);
    if (st == CS_OK)
        st = read_source(r, where, entry, &ret->source);
    if (st == CS_OK)
        ret->name = cs_bytes_to_text(cs_bytes_of(name));
    cs_buf_fini(&place);
    return st;
}

static cs_status read_bundles(reader *r, json_t *bundles)
{
    const char *name;
    json_t *entry;
    cs_config *c = r->config;
    if (bundles == NULL)
        return CS_OK;
    if (!json_is_object(bundles))
        return cs_fail(r->err, CS_E_CONFIG, "%s: 'bundles' must be an object", c->path);
    c->bundles = cs_alloc_zero(json_object_size(bundles) + 1, sizeof *c->bundles);
    json_object_foreach(bundles, name, entry)
    {
        cs_status st = read_bundle(r, name, entry, &c->bundles[c->bundle_count++]);
        if (st != CS_OK)
            return st;
    }
    qsort(c->bundles, c->bundle_count, sizeof *c->bundles, compare_bundles);
    return CS_OK;
}

/* S19: those that are built in are there anyway; another one may be missing if it says so. */
static cs_status check_devices(reader *r, json_t *devices)
{
    const char *name;
    json_t *entry;
    if (devices == NULL)
        return CS_OK;
    if (!json_is_object(devices))
        return cs_fail(r->err, CS_E_CONFIG, "%s: 'devices' must be an object", r->config->path);
    json_object_foreach(devices, name, entry)
    {
        const json_t *options = json_object_get(entry, "creationOptions");
        if (!cs_device_is_builtin(cs_bytes_of(name)) &&
            !json_is_true(json_object_get(options, "unendowed")))
            return cs_fail(r->err, CS_E_CONFIG,
                           "%s: devices.%s: there is no such device; remove it, or say "
                           "creationOptions.unendowed",
                           r->config->path, name);
    }
    return CS_OK;
}

static cs_status read_config(reader *r)
{
    const char *file = r->config->path;
    json_t *vats = json_object_get(r->root, "vats"), *boot = json_object_get(r->root, "bootstrap");
    cs_status st = check_keys(file, "the configuration", r->root, config_keys, r->err);
    if (st != CS_OK)
        return st;
    if (!json_is_object(vats) || json_object_size(vats) == 0)
        return cs_fail(r->err, CS_E_CONFIG, "%s: 'vats' must name at least one vat", file);
    if (boot != NULL && !json_is_string(boot))
        return cs_fail(r->err, CS_E_CONFIG, "%s: 'bootstrap' must be the name of a vat", file);
    if (boot != NULL && json_object_get(vats, json_string_value(boot)) == NULL)
        return cs_fail(r->err, CS_E_CONFIG, "%s: bootstrap vat '%s' is not in 'vats'", file,
                       json_string_value(boot));
    st = read_reap(r, "the configuration", r->root, "defaultReapInterval",
                   &r->config->reap_interval);
    if (st == CS_OK)
        st = read_reap(r, "the configuration", r->root, "defaultReapGCKrefs",
                       &r->config->reap_gc_krefs);
    if (st == CS_OK)
        st = read_vats_max(r, &r->config->vats_max);
    if (st == CS_OK)
        st = cs_config_read_default_manager(r->config, r->root, r->err);
    if (st == CS_OK)
        st = check_devices(r, json_object_get(r->root, "devices"));
    if (st == CS_OK)
        st = read_bundles(r, json_object_get(r->root, "bundles"));
    if (st == CS_OK)
        st = read_vats(r, vats);
    if (st != CS_OK)
        return st;
    sort_vats(r->config, json_string_value(boot));
    r->config->has_bootstrap = boot != NULL;
    r->config->pin_bootstrap_root = json_is_true(json_object_get(r->root, "pinBootstrapRoot"));
    return CS_OK;
}

/* NULL if the path leads nowhere, as that of a pipe. */
static char *folder_of(const char *path, bool is_folder)
{
    char *real = realpath(path, NULL);
    if (real == NULL)
        return NULL;
    if (!is_folder)
        *strrchr(real, '/') = 0;
    char *folder = cs_bytes_to_text(cs_bytes_of(real[0] == 0 ? "/" : real));
    free(real);
    return folder;
}

static cs_hash hash_of_json(const json_t *root)
{
    char *text = json_dumps(root, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENCODE_ANY);
    cs_hash hash = cs_hash_of(cs_bytes_of(text == NULL ? "" : text));
    free(text);
    return hash;
}

static const char *name_in(const char *path, bool is_folder)
{
    const char *slash = strrchr(path, '/');
    return is_folder ? "." : slash == NULL ? path : slash + 1;
}

cs_status cs_config_load(const char *path, cs_config **ret, cs_error *err)
{
    struct stat info;
    reader r = { .err = err };
    if (stat(path, &info) != 0)
        return cs_fail(err, CS_E_NOT_FOUND, "%s: %s", path, strerror(errno));
    bool is_folder = S_ISDIR(info.st_mode);
    cs_status st = is_folder ? scan_basedir(path, &r.root, err) : parse_file(path, &r.root, err);
    if (st != CS_OK)
        return st;
    r.config = CS_NEW(cs_config);
    r.config->path = cs_bytes_to_text(cs_bytes_of(path));
    r.config->name = name_in(r.config->path, is_folder);
    r.config->folder = folder_of(path, is_folder);
    r.config->content = hash_of_json(r.root);
    if (r.config->folder == NULL)
        st = cs_fail(err, CS_E_CONFIG, "%s: %s; name a file or folder", path, strerror(errno));
    else
        st = read_config(&r);
    json_decref(r.root);
    if (st == CS_OK)
        *ret = r.config;
    else
        (void)cs_config_free(r.config);
    return st;
}

cs_config *cs_config_free(cs_config *c)
{
    if (c == NULL)
        return NULL;
    for (size_t i = 0; i < c->vat_count; i++) {
        cs_free(c->vats[i].name);
        cs_free(c->vats[i].source.path);
        json_decref(c->vats[i].source.bundle);
        json_decref(c->vats[i].parameters);
    }
    for (size_t i = 0; i < c->bundle_count; i++) {
        cs_free(c->bundles[i].name);
        cs_free(c->bundles[i].source.path);
        json_decref(c->bundles[i].source.bundle);
    }
    cs_free(c->bundles);
    cs_free(c->vats);
    cs_free(c->path);
    cs_free(c->folder);
    return cs_free(c);
}
