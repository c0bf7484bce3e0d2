/* Does every import meet an export? XS finds out too, but late and in few words: "import x not
 * found". Here the whole bundle is in sight, so the message can name both modules and what there is.
 * The rules are ECMAScript's ResolveExport; where this gives up (depth, steps), XS has the say. */
#include "engine/module.h"

#include <stdlib.h>
#include <string.h>

enum { DEPTH_MAX = 1000, STEPS_MAX = 1000000, LIST_MAX = 600 };

/* --- a module's gives ---------------------------------------------------------------------------- */

static int compare_gives(const void *a, const void *b)
{
    const cs_give *x = a, *y = b;
    if (x->name == NULL || y->name == NULL)
        return (x->name != NULL) - (y->name != NULL);
    return strcmp(x->name, y->name);
}

/* `import { a } from …; export { a };` passes a on. */
static void follow(const cs_border *b, cs_give *give)
{
    for (uint32_t i = 0; i < b->take_count; i++)
        if (strcmp(b->takes[i].local, give->import) == 0) {
            give->from = b->takes[i].from;
            give->import = b->takes[i].name;
            return;
        }
}

void cs_border_finish(cs_border *b)
{
    for (uint32_t i = 0; i < b->give_count; i++)
        if (b->gives[i].from == CS_LOCAL)
            follow(b, &b->gives[i]);
    if (b->give_count > 1)
        qsort(b->gives, b->give_count, sizeof *b->gives, compare_gives);
}

static const cs_give *find_give(const cs_border *b, const char *name)
{
    const cs_give key = { .name = name };
    return b->give_count == 0 ? NULL
                              : bsearch(&key, b->gives, b->give_count, sizeof key, compare_gives);
}

/* --- resolve ------------------------------------------------------------------------------------- */

/* Where a binding lives. */
typedef struct origin {
    enum { MISSING, FOUND, AMBIGUOUS } outcome;
    uint32_t module;
    const char *name;
} origin;

static const cs_bundle_import *target_of(const cs_linker *l, uint32_t module, const char *specifier)
{
    return cs_bundle_find_import(&l->bundle->modules[module], cs_bytes_of(specifier));
}

static origin resolve(cs_linker *l, uint32_t module, const char *name, uint32_t depth);

static origin resolve_import(cs_linker *l, uint32_t module, uint32_t from, const char *name,
                             uint32_t depth)
{
    const char *specifier = l->borders[module].specifiers[from].text;
    const cs_bundle_import *to = target_of(l, module, specifier);
    if (to == NULL)
        return (origin){ FOUND, module, name }; /* reported on its own */
    if (to->module != CS_BUNDLE_BUILTIN)
        return resolve(l, to->module, name, depth + 1);
    if (name == NULL || cs_builtin_exports(to->builtin, name))
        return (origin){ FOUND, CS_BUNDLE_BUILTIN, name };
    return (origin){ MISSING, 0, NULL };
}

/* export * from …: one origin in all of them, else it is ambiguous. */
static origin resolve_star(cs_linker *l, uint32_t module, const char *name, uint32_t search,
                           uint32_t depth)
{
    const cs_border *b = &l->borders[module];
    origin found = { MISSING, 0, NULL };
    for (uint32_t i = 0; i < b->give_count && b->gives[i].name == NULL; i++) {
        l->search = search;
        origin o = resolve_import(l, module, b->gives[i].from, name, depth);
        if (o.outcome == AMBIGUOUS)
            return o;
        if (o.outcome == MISSING)
            continue;
        if (found.outcome == FOUND && (found.module != o.module || strcmp(found.name, o.name) != 0))
            return (origin){ AMBIGUOUS, 0, NULL };
        found = o;
    }
    return found;
}

static origin resolve(cs_linker *l, uint32_t module, const char *name, uint32_t depth)
{
    const cs_border *b = &l->borders[module];
    if (name == NULL || depth > DEPTH_MAX || ++l->steps > STEPS_MAX)
        return (origin){ FOUND, module, name == NULL ? "*" : name };
    if (l->bundle->modules[module].kind != CS_MODULE_ESM)
        return (origin){ strcmp(name, "default") == 0 ? FOUND : MISSING, module, name };
    const cs_give *give = find_give(b, name);
    if (give != NULL && give->from == CS_LOCAL)
        return (origin){ FOUND, module, name };
    if (l->seen[module] == l->search)
        return (origin){ MISSING, 0, NULL }; /* a circle */
    uint32_t search = l->search;
    l->seen[module] = search;
    if (give != NULL) {
        if (give->import == NULL || strcmp(give->import, name) != 0)
            l->search = ++l->searches; /* another name: a search of its own */
        return resolve_import(l, module, give->from, give->import, depth);
    }
    if (strcmp(name, "default") == 0)
        return (origin){ MISSING, 0, NULL };
    return resolve_star(l, module, name, search, depth);
}

/* --- say what is there --------------------------------------------------------------------------- */

static void list_names(cs_linker *l, const cs_bundle_import *to, cs_buf *buf, uint32_t depth);

static void add_name(cs_buf *buf, const char *name)
{
    if (buf->size > LIST_MAX)
        return;
    cs_buf_add_text(buf, buf->size == 0 ? "" : ", ");
    cs_buf_add_text(buf, buf->size + strlen(name) > LIST_MAX ? "…" : name);
}

static void list_border(cs_linker *l, uint32_t module, cs_buf *buf, uint32_t depth)
{
    const cs_border *b = &l->borders[module];
    for (uint32_t i = 0; i < b->give_count; i++) {
        const cs_give *give = &b->gives[i];
        const cs_bundle_import *to =
            give->name == NULL ? target_of(l, module, b->specifiers[give->from].text) : NULL;
        if (give->name != NULL)
            add_name(buf, give->name);
        else if (to != NULL && depth < 8)
            list_names(l, to, buf, depth + 1);
    }
}

static void list_names(cs_linker *l, const cs_bundle_import *to, cs_buf *buf, uint32_t depth)
{
    const char *name;
    if (buf->size > LIST_MAX)
        return;
    if (to->module == CS_BUNDLE_BUILTIN)
        for (uint32_t i = 0; (name = cs_builtin_export(to->builtin, i)) != NULL; i++)
            add_name(buf, name);
    else if (l->bundle->modules[to->module].kind != CS_MODULE_ESM)
        add_name(buf, "default");
    else
        list_border(l, to->module, buf, depth);
}

/* --- report -------------------------------------------------------------------------------------- */

static cs_status fail(const cs_linker *l, uint32_t module, uint32_t line, const cs_buf *what,
                      cs_error *err)
{
    cs_bytes name = l->bundle->modules[module].name;
    return cs_fail(err, CS_E_SYNTAX, "%.*s:%u: %.*s", (int)name.size, (const char *)name.data, line,
                   (int)what->size, (const char *)what->data);
}

/* ` (lib/x.js)`, where the specifier alone does not say which module it is. */
static void add_target(const cs_linker *l, const cs_bundle_import *to, cs_buf *buf)
{
    if (to->module == CS_BUNDLE_BUILTIN)
        return;
    cs_bytes name = l->bundle->modules[to->module].name;
    if (!cs_bytes_equal(name, to->specifier))
        cs_buf_addf(buf, " (%.*s)", (int)name.size, (const char *)name.data);
}

static cs_status missing(cs_linker *l, uint32_t module, const cs_take *take, bool ambiguous,
                         cs_error *err)
{
    const char *specifier = l->borders[module].specifiers[take->from].text;
    const cs_bundle_import *to = target_of(l, module, specifier);
    cs_buf what = { 0 }, names = { 0 };
    cs_buf_addf(&what, "'%s'", specifier);
    add_target(l, to, &what);
    list_names(l, to, &names, 0);
    if (ambiguous)
        cs_buf_addf(&what, " gets '%s' by export * from two modules", take->name);
    else
        cs_buf_addf(&what, " does not export '%s'; it exports %s", take->name,
                    names.size == 0 ? "nothing" : cs_buf_text(&names));
    cs_status st = fail(l, module, take->line, &what, err);
    cs_buf_fini(&what);
    cs_buf_fini(&names);
    return st;
}

static cs_status unresolved(const cs_linker *l, uint32_t module, const cs_specifier *s,
                            bool is_builtin, cs_error *err)
{
    cs_buf what = { 0 };
    cs_buf_addf(&what,
                is_builtin ? "'%s' is no built-in module of this Capstan" : "cannot find '%s'",
                s->text);
    cs_status st = fail(l, module, s->line, &what, err);
    cs_buf_fini(&what);
    return st;
}

/* --- check --------------------------------------------------------------------------------------- */

static cs_status check_take(cs_linker *l, uint32_t module, const cs_take *take, cs_error *err)
{
    if (take->name == NULL)
        return CS_OK;
    l->search = ++l->searches;
    l->steps = 0;
    origin o = resolve_import(l, module, take->from, take->name, 0);
    return o.outcome == FOUND ? CS_OK : missing(l, module, take, o.outcome == AMBIGUOUS, err);
}

static cs_status check_give(cs_linker *l, uint32_t module, const cs_give *give, cs_error *err)
{
    const cs_take take = { .name = give->import, .from = give->from, .line = give->line };
    return give->from == CS_LOCAL || give->name == NULL ? CS_OK : check_take(l, module, &take, err);
}

static cs_status check_specifier(const cs_linker *l, uint32_t module, const cs_specifier *s,
                                 cs_error *err)
{
    const cs_bundle_import *to = target_of(l, module, s->text);
    if (to == NULL)
        return s->is_optional ? CS_OK : unresolved(l, module, s, false, err);
    if (to->module == CS_BUNDLE_BUILTIN && !cs_is_builtin(to->builtin))
        return unresolved(l, module, s, true, err);
    return CS_OK;
}

static cs_status check_module(cs_linker *l, uint32_t module, cs_error *err)
{
    const cs_border *b = &l->borders[module];
    cs_status st = CS_OK;
    for (uint32_t i = 0; st == CS_OK && i < b->specifier_count; i++)
        st = check_specifier(l, module, &b->specifiers[i], err);
    for (uint32_t i = 0; st == CS_OK && i < b->take_count; i++)
        st = check_take(l, module, &b->takes[i], err);
    for (uint32_t i = 0; st == CS_OK && i < b->give_count; i++)
        st = check_give(l, module, &b->gives[i], err);
    return st;
}

void cs_linker_init(cs_linker *l, const cs_bundle *bundle, cs_border *borders, cs_arena *arena)
{
    *l = (cs_linker){ .bundle = bundle, .borders = borders, .arena = arena };
    l->seen = cs_arena_take_zero(arena, bundle->module_count, sizeof *l->seen);
}

cs_status cs_linker_check(cs_linker *l, cs_error *err)
{
    cs_status st = CS_OK;
    for (uint32_t i = 0; st == CS_OK && i < l->bundle->module_count; i++)
        st = check_module(l, i, err);
    return st;
}

/* --- export * ------------------------------------------------------------------------------------ */

static void append_name(cs_linker *l, cs_names *names, const char *name)
{
    const char **item =
        cs_arena_append(l->arena, (void **)&names->items, &names->count, sizeof *item);
    *item = name;
}

/* All that a module exports but default, perhaps twice. */
static void collect(cs_linker *l, const cs_bundle_import *from, cs_names *ret)
{
    const char *name;
    if (from->module == CS_BUNDLE_BUILTIN) {
        for (uint32_t i = 0; (name = cs_builtin_export(from->builtin, i)) != NULL; i++)
            append_name(l, ret, name);
        return;
    }
    const cs_border *b = &l->borders[from->module];
    if (l->seen[from->module] == l->search)
        return;
    l->seen[from->module] = l->search;
    for (uint32_t i = 0; i < b->give_count; i++) {
        const cs_give *give = &b->gives[i];
        const cs_bundle_import *star =
            give->name == NULL ? target_of(l, from->module, b->specifiers[give->from].text) : NULL;
        if (give->name != NULL && strcmp(give->name, "default") != 0)
            append_name(l, ret, give->name);
        else if (star != NULL)
            collect(l, star, ret);
    }
}

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static cs_names exports_of(cs_linker *l, const cs_bundle_import *from)
{
    cs_names all = { 0 };
    l->search = ++l->searches;
    collect(l, from, &all);
    if (all.count > 1)
        qsort(all.items, all.count, sizeof *all.items, compare_texts);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < all.count; i++)
        if (kept == 0 || strcmp(all.items[kept - 1], all.items[i]) != 0)
            all.items[kept++] = all.items[i];
    all.count = kept;
    return all;
}

static bool has_name(const cs_names *names, const char *name)
{
    return names->count > 0 &&
           bsearch(&name, names->items, names->count, sizeof name, compare_texts) != NULL;
}

/* Whether `name`, which specifier `from` has, is passed on by it: nothing else in the module comes
 * first, and it is one binding. */
static bool is_passed_on(cs_linker *l, uint32_t module, uint32_t from, const char *name,
                         const cs_names *names, bool *ret_collides)
{
    const cs_border *b = &l->borders[module];
    bool comes_first = find_give(b, name) == NULL;
    for (uint32_t i = 0; i < from && comes_first; i++)
        comes_first = !has_name(&names[i], name);
    if (!comes_first)
        *ret_collides = true;
    l->search = ++l->searches;
    l->steps = 0;
    return comes_first && resolve(l, module, name, 0).outcome == FOUND;
}

cs_names *cs_linker_spell(cs_linker *l, uint32_t module)
{
    const cs_border *b = &l->borders[module];
    cs_names *all = cs_arena_take_zero(l->arena, b->specifier_count, sizeof *all);
    cs_names *passed = cs_arena_take_zero(l->arena, b->specifier_count, sizeof *passed);
    bool collides = false;
    for (uint32_t i = 0; i < b->specifier_count; i++) {
        const cs_bundle_import *from = target_of(l, module, b->specifiers[i].text);
        if (!b->specifiers[i].is_reexported || from == NULL)
            continue;
        all[i] = exports_of(l, from);
        for (uint32_t k = 0; k < all[i].count; k++)
            if (is_passed_on(l, module, i, all[i].items[k], all, &collides))
                append_name(l, &passed[i], all[i].items[k]);
    }
    return collides ? passed : NULL;
}
