/* Reads an archive: the map, and each module that the entry reaches, in the order in which it is
 * reached. What a specifier means is said by the map alone: compartments are packages, a module is
 * known in each by "./path", and a bare specifier is an alias of a module of another compartment. */
#include "host/archive.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <openssl/evp.h>
#include <string.h>

enum { ALIASES_MAX = 100, SHA512_SIZE = 64 };

static const char map_name[] = "compartment-map.json";

/* --- content ------------------------------------------------------------------------------------- */

static bool has_sha512(const cs_buf *content, const char *hex)
{
    static const char digits[] = "0123456789abcdef";
    uint8_t hash[SHA512_SIZE];
    if (EVP_Digest(content->data, content->size, hash, NULL, EVP_sha512(), NULL) != 1 ||
        strlen(hex) != (size_t)2 * SHA512_SIZE)
        return false;
    for (size_t i = 0; i < SHA512_SIZE; i++)
        if (hex[2 * i] != digits[hash[i] >> 4] || hex[2 * i + 1] != digits[hash[i] & 15])
            return false;
    return true;
}

static cs_status read_content(cs_archive *a, const char *name, const char *sha512, cs_buf *ret,
                              cs_error *err)
{
    const cs_zip_entry *e = cs_zip_find(&a->zip, name);
    if (e == NULL)
        return cs_fail(err, CS_E_CONFIG, "archive: '%s' is missing", name);
    cs_status st = cs_zip_read(e, a->size_left, ret, err);
    if (st != CS_OK)
        return st;
    a->size_left -= ret->size;
    if (sha512 != NULL && !has_sha512(ret, sha512))
        return cs_fail(err, CS_E_CONFIG, "archive: '%s' does not have the SHA-512 that is said",
                       name);
    return CS_OK;
}

static cs_status parse_json(const char *name, const cs_buf *text, json_t **ret, cs_error *err)
{
    json_error_t e;
    *ret = json_loadb((const char *)text->data, text->size, 0, &e);
    if (json_is_object(*ret))
        return CS_OK;
    if (*ret != NULL)
        return cs_fail(err, CS_E_CONFIG, "archive: '%s' is not an object", name);
    return cs_fail(err, CS_E_CONFIG, "archive: %s:%d: %s", name, e.line, e.text);
}

/* --- what a specifier means ---------------------------------------------------------------------- */

typedef struct place {
    const char *compartment, *specifier;
    const json_t *descriptor; /* of a module with a location, or of an exit */
} place;

static const json_t *descriptor_at(const cs_archive *a, const char *compartment,
                                   const char *specifier)
{
    const json_t *compartments = json_object_get(a->map, "compartments");
    const json_t *modules = json_object_get(json_object_get(compartments, compartment), "modules");
    return json_object_get(modules, specifier);
}

static const char *text_at(const json_t *object, const char *key)
{
    return json_string_value(json_object_get(object, key));
}

/* Follows aliases. False: nothing is there. */
static bool find_place(const cs_archive *a, place *p)
{
    for (int i = 0; i < ALIASES_MAX; i++) {
        p->descriptor = descriptor_at(a, p->compartment, p->specifier);
        const char *compartment = text_at(p->descriptor, "compartment");
        const char *module = text_at(p->descriptor, "module");
        if (module == NULL)
            return text_at(p->descriptor, "location") != NULL ||
                   text_at(p->descriptor, "exit") != NULL;
        p->specifier = module;
        if (compartment != NULL)
            p->compartment = compartment;
    }
    return false;
}

/* "./a/b.js" and "../c.js" -> "./c.js", as in a path; the map has no others. */
static char *join(const char *from, const char *specifier)
{
    const char *slash = strrchr(from, '/');
    cs_buf path = { 0 };
    if (from[0] == '.' && slash != NULL)
        cs_buf_add(&path, from, (size_t)(slash - from));
    else
        cs_buf_add_byte(&path, '.');
    for (const char *at = specifier; *at != 0;) {
        size_t size = strcspn(at, "/");
        if (size == 2 && memcmp(at, "..", 2) == 0) {
            while (path.size > 1 && path.data[path.size - 1] != '/')
                path.size--;
            path.size -= path.size > 1;
        } else if (size > 1 || at[0] != '.') {
            cs_buf_addf(&path, "/%.*s", (int)size, at);
        }
        at += size + (at[size] == '/');
    }
    char *text = cs_bytes_to_text(cs_buf_bytes(&path));
    cs_buf_fini(&path);
    return text;
}

static bool is_relative(const char *specifier)
{
    return specifier[0] == '.' && (specifier[1] == '/' || specifier[1] == '.' || specifier[1] == 0);
}

/* --- modules ------------------------------------------------------------------------------------- */

static uint32_t put(cs_archive *a, const place *p)
{
    for (uint32_t i = 0; i < a->count; i++)
        if (a->modules[i].descriptor == p->descriptor)
            return i;
    const json_t *home = json_object_get(json_object_get(a->map, "compartments"), p->compartment);
    const char *folder = text_at(home, "location");
    cs_buf name = { 0 };
    cs_buf_addf(&name, "%s/%s", folder == NULL ? p->compartment : folder,
                text_at(p->descriptor, "location"));
    a->modules = cs_realloc(a->modules, a->count + 1, sizeof *a->modules);
    a->modules[a->count] = (cs_archive_module){
        .compartment = p->compartment,
        .specifier = cs_bytes_to_text(cs_bytes_of(p->specifier)),
        .descriptor = p->descriptor,
        .name = cs_bytes_to_text(cs_buf_bytes(&name)),
        .specifiers = json_array(),
        .links = json_object(),
    };
    cs_buf_fini(&name);
    return a->count++;
}

/* Whether the built-in module has all that the module takes from it, as far as can be seen. */
static bool offers_all(const cs_archive_module *m, const char *builtin)
{
    const char *const *names = NULL;
    uint32_t count = 0, i = 0;
    for (uint32_t k = 0; k < m->scan.specifier_count; k++)
        if (strcmp(m->scan.specifiers[k].text, builtin) == 0) {
            names = (const char *const *)m->scan.specifiers[k].names;
            count = m->scan.specifiers[k].name_count;
        }
    while (i < count &&
           (strcmp(names[i], "*") == 0 || cs_builtin_exports(cs_bytes_of(builtin), names[i])))
        i++;
    size_t passed;
    json_t *pair;
    bool offers = i == count;
    json_array_foreach(json_object_get(json_object_get(m->record, "__reexportMap__"), builtin),
                       passed, pair)
    {
        const char *name = json_string_value(json_array_get(pair, 0));
        offers = offers && name != NULL && cs_builtin_exports(cs_bytes_of(builtin), name);
    }
    return offers;
}

/* A built-in module takes the place of the archive's copy of it. If the copy has more that is asked
 * for, it stays behind it. What leads nowhere is told by who runs into it. */
static void link_to(cs_archive *a, uint32_t module, const char *specifier)
{
    const cs_archive_module *m = &a->modules[module];
    char *joined = is_relative(specifier) ? join(m->specifier, specifier) : NULL;
    place p = { .compartment = m->compartment, .specifier = joined == NULL ? specifier : joined };
    json_t *links = m->links, *to = json_object();
    bool is_builtin = cs_is_builtin(cs_bytes_of(specifier));
    bool is_there = find_place(a, &p) && text_at(p.descriptor, "exit") == NULL;
    if (is_builtin)
        json_object_set_new(to, "builtin", json_string(specifier));
    if (is_there && !(is_builtin && offers_all(m, specifier)))
        json_object_set_new(to, "module", json_integer((json_int_t)put(a, &p)));
    if (json_object_size(to) > 0)
        json_object_set(links, specifier, to);
    json_decref(to);
    cs_free(joined);
}

/* --- reading ------------------------------------------------------------------------------------- */

static void append_texts(json_t *list, const json_t *texts)
{
    size_t i;
    json_t *text;
    json_array_foreach(texts, i, text) if (json_is_string(text)) json_array_append(list, text);
}

static cs_status read_record(cs_archive_module *m, const char *program, cs_error *err)
{
    cs_status st = parse_json(m->name, &m->text, &m->record, err);
    if (st != CS_OK)
        return st;
    if (text_at(m->record, program) == NULL)
        return cs_fail(err, CS_E_CONFIG, "archive: '%s' has no \"%s\"", m->name, program);
    append_texts(m->specifiers, json_object_get(m->record, "imports"));
    append_texts(m->specifiers, json_object_get(m->record, "reexports"));
    return cs_functor_scan(m->name, cs_bytes_of(text_at(m->record, program)), &m->scan, err);
}

static cs_status scan(cs_archive_module *m, bool is_commonjs, cs_error *err)
{
    cs_bytes text = cs_buf_bytes(&m->text);
    cs_status st = is_commonjs ? cs_commonjs_scan(m->name, text, &m->scan, err)
                               : cs_module_scan(m->name, text, &m->scan, err);
    for (uint32_t i = 0; i < m->scan.specifier_count; i++)
        json_array_append_new(m->specifiers, json_string(m->scan.specifiers[i].text));
    return st;
}

static cs_status read_module(cs_archive *a, uint32_t module, cs_error *err)
{
    cs_archive_module *m = &a->modules[module];
    const char *parser = text_at(m->descriptor, "parser");
    cs_status st = read_content(a, m->name, text_at(m->descriptor, "sha512"), &m->text, err);
    if (st != CS_OK)
        return st;
    if (!cs_is_source_text(cs_buf_bytes(&m->text)))
        return cs_fail(err, CS_E_SYNTAX, "archive: '%s' is not UTF-8", m->name);
    if (parser == NULL)
        parser = "nothing";
    if (strcmp(parser, "pre-mjs-json") == 0)
        return read_record(m, "__syncModuleProgram__", err);
    if (strcmp(parser, "pre-cjs-json") == 0)
        return read_record(m, "source", err);
    if (strcmp(parser, "mjs") == 0 || strcmp(parser, "cjs") == 0)
        return scan(m, parser[0] == 'c', err);
    if (strcmp(parser, "json") == 0 || strcmp(parser, "text") == 0)
        return CS_OK;
    return cs_fail(err, CS_E_CONFIG,
                   "archive: '%s' needs the parser '%s', which a vat does not have", m->name,
                   parser);
}

static cs_status read_and_link(cs_archive *a, uint32_t module, cs_error *err)
{
    cs_status st = read_module(a, module, err);
    json_t *specifiers = a->modules[module].specifiers, *text;
    size_t i;
    if (st != CS_OK)
        return st;
    json_array_foreach(specifiers, i, text) link_to(a, module, json_string_value(text));
    return a->count < CS_MODULES_MAX / 2
               ? CS_OK
               : cs_fail(err, CS_E_CONFIG, "archive: more than %u modules", CS_MODULES_MAX / 2);
}

static cs_status read_map(cs_archive *a, const char *sha512, cs_error *err)
{
    cs_buf text = { 0 };
    cs_status st = read_content(a, map_name, sha512, &text, err);
    if (st == CS_OK)
        st = parse_json(map_name, &text, &a->map, err);
    cs_buf_fini(&text);
    if (st != CS_OK)
        return st;
    const json_t *entry = json_object_get(a->map, "entry");
    place p = { .compartment = text_at(entry, "compartment"),
                .specifier = text_at(entry, "module") };
    if (p.compartment == NULL || p.specifier == NULL || !find_place(a, &p) ||
        text_at(p.descriptor, "location") == NULL)
        return cs_fail(err, CS_E_CONFIG, "archive: %s does not say where it begins", map_name);
    (void)put(a, &p);
    return CS_OK;
}

static void fini(cs_archive *a)
{
    for (uint32_t i = 0; i < a->count; i++) {
        cs_archive_module *m = &a->modules[i];
        cs_free(m->specifier);
        cs_free(m->name);
        cs_buf_fini(&m->text);
        cs_scan_fini(&m->scan);
        json_decref(m->record);
        json_decref(m->specifiers);
        json_decref(m->links);
    }
    cs_free(a->modules);
    json_decref(a->map);
    cs_zip_fini(&a->zip);
}

cs_status cs_archive_bundle(cs_bytes zip, const char *sha512, cs_buf *ret, cs_error *err)
{
    cs_archive a = { .size_left = CS_SOURCE_MAX / 4 };
    cs_status st = cs_zip_open(zip, &a.zip, err);
    if (st == CS_OK)
        st = read_map(&a, sha512, err);
    for (uint32_t i = 0; st == CS_OK && i < a.count; i++)
        st = read_and_link(&a, i, err);
    if (st == CS_OK)
        st = cs_archive_write(&a, ret, err);
    fini(&a);
    return st;
}
