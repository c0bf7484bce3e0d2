#include "host/package.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "host/config.h"

#include <string.h>
#include <unistd.h>

/* --- reading ------------------------------------------------------------------------------------- */

static char *text_of(const char *text, size_t size)
{
    return cs_bytes_to_text((cs_bytes){ (const uint8_t *)text, size });
}

void cs_packages_fini(cs_packages *p)
{
    for (size_t i = 0; i < p->count; i++) {
        json_decref(p->items[i]->json);
        cs_free(p->items[i]->folder);
        cs_free(p->items[i]);
    }
    cs_free(p->items);
    *p = (cs_packages){ 0 };
}

static cs_status parse(const char *path, cs_bytes text, json_t **ret, cs_error *err)
{
    json_error_t e;
    json_t *json = json_loadb((const char *)text.data, text.size, 0, &e);
    if (json == NULL)
        return cs_fail(err, CS_E_CONFIG, "%s:%d: %s", path, e.line, e.text);
    if (!json_is_object(json)) {
        json_decref(json);
        return cs_fail(err, CS_E_CONFIG, "%s: not an object", path);
    }
    *ret = json;
    return CS_OK;
}

/* *ret stays as it is if there is no such file. */
static cs_status read_json(const char *folder, json_t **ret, cs_error *err)
{
    cs_buf path = { 0 }, text = { 0 };
    cs_buf_addf(&path, "%s/package.json", folder);
    cs_status st = CS_OK;
    if (access(cs_buf_text(&path), F_OK) == 0)
        st = cs_read_file(cs_buf_text(&path), CS_CONFIG_MAX, &text, err);
    if (st == CS_OK && text.size > 0)
        st = parse(cs_buf_text(&path), cs_buf_bytes(&text), ret, err);
    cs_buf_fini(&path);
    cs_buf_fini(&text);
    return st;
}

static cs_package *find(const cs_packages *p, const char *folder)
{
    for (size_t i = 0; i < p->count; i++)
        if (strcmp(p->items[i]->folder, folder) == 0)
            return p->items[i];
    return NULL;
}

cs_status cs_package_at(cs_packages *p, const char *folder, const cs_package **ret, cs_error *err)
{
    cs_package *found = find(p, folder);
    if (found == NULL) {
        json_t *json = NULL;
        cs_status st = read_json(folder, &json, err);
        if (st != CS_OK)
            return st;
        found = CS_NEW(cs_package);
        found->folder = text_of(folder, strlen(folder));
        found->json = json;
        p->items = cs_realloc(p->items, p->count + 1, sizeof(cs_package *));
        p->items[p->count++] = found;
    }
    *ret = found->json == NULL ? NULL : found;
    return CS_OK;
}

static bool is_node_modules(const char *folder)
{
    const char *slash = strrchr(folder, '/');
    return slash != NULL && strcmp(slash, "/node_modules") == 0;
}

cs_status cs_package_of(cs_packages *p, const char *file, const cs_package **ret, cs_error *err)
{
    char *folder = text_of(file, strlen(file)), *slash;
    cs_status st = CS_OK;
    const cs_package *found = NULL;
    while (st == CS_OK && found == NULL && (slash = strrchr(folder, '/')) != NULL) {
        *slash = 0;
        if (is_node_modules(folder))
            break;
        st = cs_package_at(p, folder, &found, err);
    }
    cs_free(folder);
    if (st == CS_OK)
        *ret = found;
    return st;
}

/* --- names --------------------------------------------------------------------------------------- */

bool cs_package_split(const char *specifier, char **ret_name, char **ret_subpath)
{
    const char *end = strchr(specifier, '/');
    if (specifier[0] == '@')
        end = end == NULL ? NULL : strchr(end + 1, '/');
    size_t size = end == NULL ? strlen(specifier) : (size_t)(end - specifier);
    bool is_bare_scope = specifier[0] == '@' && memchr(specifier, '/', size) == NULL;
    if (size == 0 || specifier[0] == '.' || is_bare_scope || specifier[size - 1] == '/' ||
        strpbrk(specifier, "\\%") != NULL || (end != NULL && end[1] == 0))
        return false;
    cs_buf subpath = { 0 };
    cs_buf_addf(&subpath, ".%s", end == NULL ? "" : end);
    *ret_name = text_of(specifier, size);
    *ret_subpath = cs_bytes_to_text(cs_buf_bytes(&subpath));
    cs_buf_fini(&subpath);
    return true;
}

/* --- exports and imports ------------------------------------------------------------------------- */

static bool holds(const char *condition, bool is_require)
{
    return strcmp(condition, "endo") == 0 || strcmp(condition, "default") == 0 ||
           strcmp(condition, is_require ? "require" : "import") == 0;
}

/* A path may not climb out of its package, nor into another. */
static bool is_inside(const char *path)
{
    for (const char *at = path; at != NULL; at = strchr(at, '/')) {
        at += *at == '/';
        size_t size = strcspn(at, "/");
        if ((size == 2 && memcmp(at, "..", 2) == 0) ||
            (size == 12 && memcmp(at, "node_modules", 12) == 0))
            return false;
    }
    return true;
}

/* The target with each * replaced by what the pattern's * stood for. */
static char *fill_in(const char *target, const char *star, bool is_import)
{
    bool is_path = strncmp(target, "./", 2) == 0;
    if (is_path ? !is_inside(target + 2) : !is_import || target[0] == '/' || target[0] == '.')
        return NULL;
    if (star != NULL && !is_inside(star))
        return NULL;
    cs_buf path = { 0 };
    for (const char *c = target; *c != 0; c++)
        if (*c == '*' && star != NULL)
            cs_buf_add_text(&path, star);
        else
            cs_buf_add_byte(&path, (uint8_t)*c);
    char *text = cs_bytes_to_text(cs_buf_bytes(&path));
    cs_buf_fini(&path);
    return text;
}

typedef struct question {
    const char *star; /* what the pattern's * stood for; NULL: no pattern */
    bool is_import, is_require;
} question;

/* Finds the target: the first condition that holds, the first of a list that can be. `null` ends the
 * search: true, and *ret NULL. */
static bool choose(const json_t *target, const question *q, char **ret)
{
    const char *key;
    json_t *value;
    size_t i;
    *ret = NULL;
    if (json_is_string(target)) {
        *ret = fill_in(json_string_value(target), q->star, q->is_import);
        return *ret != NULL;
    }
    if (json_is_array(target)) {
        json_array_foreach(target, i, value) if (choose(value, q, ret) && *ret != NULL) return true;
        return false;
    }
    if (json_is_object(target))
        json_object_foreach((json_t *)(uintptr_t)target, key,
                            value) if (holds(key, q->is_require) &&
                                       choose(value, q, ret)) return true;
    return json_is_null(target);
}

/* Whether `key` fits `pattern`, with one *; *ret_star, given, is what it stands for. */
static bool fits(const char *pattern, const char *key, char **ret_star)
{
    const char *star = strchr(pattern, '*');
    if (star == NULL || strchr(star + 1, '*') != NULL)
        return false;
    size_t before = (size_t)(star - pattern), after = strlen(star + 1), size = strlen(key);
    if (size < before + after || (size == before && after == 0) ||
        strncmp(pattern, key, before) != 0 || strcmp(key + size - after, star + 1) != 0)
        return false;
    *ret_star = text_of(key + before, size - before - after);
    return true;
}

/* The longest part before the * wins. */
static const char *best_pattern(const json_t *map, const char *key)
{
    const char *pattern, *best = NULL;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)map, pattern, value)
    {
        char *star;
        if (!fits(pattern, key, &star))
            continue;
        cs_free(star);
        if (best == NULL || strcspn(pattern, "*") > strcspn(best, "*"))
            best = pattern;
    }
    return best;
}

/* `exports` may be the target of "." itself: a string, a list, or conditions. */
static bool is_map(const json_t *json)
{
    const char *first = json_object_iter_key(json_object_iter((json_t *)(uintptr_t)json));
    return first != NULL && (first[0] == '.' || first[0] == '#');
}

char *cs_package_target(const json_t *map, const char *key, bool is_require)
{
    question q = { .is_import = key[0] == '#', .is_require = is_require };
    char *found = NULL, *star = NULL;
    if (!q.is_import && !is_map(map)) {
        if (strcmp(key, ".") == 0)
            (void)choose(map, &q, &found);
        return found;
    }
    const json_t *target = strchr(key, '*') == NULL ? json_object_get(map, key) : NULL;
    if (target == NULL) {
        const char *pattern = best_pattern(map, key);
        if (pattern == NULL)
            return NULL;
        (void)fits(pattern, key, &star);
        q.star = star;
        target = json_object_get(map, pattern);
    }
    (void)choose(target, &q, &found);
    cs_free(star);
    return found;
}

const char *cs_package_main(const cs_package *p, bool is_require)
{
    const char *module = is_require ? NULL : json_string_value(json_object_get(p->json, "module"));
    const char *main = json_string_value(json_object_get(p->json, "main"));
    return module != NULL ? module : main != NULL ? main : "";
}

const char *cs_package_type(const cs_package *p)
{
    const char *type = p == NULL ? NULL : json_string_value(json_object_get(p->json, "type"));
    return type == NULL ? "" : type;
}
