/* The built-in modules: which name is served by which file of js/, and how they get into the base.
 *
 * They are imported once, while the base is made; every heap sees those same modules, so they may
 * export constants only and hold no Map, Set, WeakMap or WeakSet (share.c makes these read-only).
 * In the base a module goes by the name of its file. */
#include "engine/base.h"
#include "engine/module.h"

#include <string.h>

typedef struct builtin {
    const char *name, *file;
} builtin;

static const builtin builtins[] = {
    { "@endo/errors", "endo-errors.js" },
    { "@endo/eventual-send", "endo-eventual-send.js" },
    { "@endo/far", "endo-far.js" },
    { "@endo/harden", "endo-harden.js" },
    { "@endo/marshal", "endo-marshal.js" },
    { "@endo/pass-style", "endo-pass-style.js" },
    { "@endo/promise-kit", "endo-promise-kit.js" },
    { "@capstan/archive", "archive.js" },
    /* What prepares a realm elsewhere is done here before a vat begins. */
    { "@endo/eventual-send/shim.js", "empty.js" },
    { "@endo/init", "empty.js" },
    { "@endo/init/debug.js", "empty.js" },
    { "@endo/init/legacy.js", "empty.js" },
    { "@endo/init/pre-remoting.js", "empty.js" },
    { "@endo/init/pre.js", "empty.js" },
    { "@endo/init/unsafe-fast.js", "empty.js" },
    { "@endo/lockdown", "empty.js" },
    { "@endo/lockdown/commit.js", "empty.js" },
    { "@endo/lockdown/commit-debug.js", "empty.js" },
    { "@endo/promise-kit/shim.js", "empty.js" },
    { "ses", "empty.js" },
    { "ses/lockdown", "empty.js" },
};
enum { BUILTIN_COUNT = sizeof builtins / sizeof builtins[0] };

static const builtin *find(cs_bytes name)
{
    for (size_t i = 0; i < BUILTIN_COUNT; i++)
        if (cs_bytes_equal(name, cs_bytes_of(builtins[i].name)))
            return &builtins[i];
    return NULL;
}

const char *cs_builtin_file(cs_bytes name)
{
    const builtin *b = find(name);
    return b == NULL ? NULL : b->file;
}

const char *cs_builtin_name(cs_bytes name)
{
    const builtin *b = find(name);
    return b == NULL ? NULL : b->name;
}

bool cs_is_builtin_file(cs_bytes file)
{
    for (size_t i = 0; i < BUILTIN_COUNT; i++)
        if (cs_bytes_equal(file, cs_bytes_of(builtins[i].file)))
            return true;
    return false;
}

bool cs_is_builtin(cs_bytes specifier)
{
    return find(specifier) != NULL;
}

/* Code of built-in modules, in the order in which they were loaded. */
static struct {
    uint8_t *bytes;
    size_t size;
} code[BUILTIN_COUNT];
static size_t code_count;

bool cs_builtin_code_number(const void *address, uint32_t *ret_number)
{
    size_t before = 0;
    for (size_t i = 0; i < code_count; before += code[i++].size)
        if ((uintptr_t)address - (uintptr_t)code[i].bytes < code[i].size) {
            *ret_number = (uint32_t)(before + (uintptr_t)address - (uintptr_t)code[i].bytes);
            return true;
        }
    return false;
}

void *cs_builtin_code_at(uint32_t number)
{
    size_t i = 0;
    for (; i < code_count && number >= code[i].size; i++)
        number -= (uint32_t)code[i].size;
    return i == code_count ? NULL : code[i].bytes + number;
}

/* --- while the base is made ---------------------------------------------------------------------- */

typedef struct output {
    cs_buf code, symbols;
} output;

static void emit(const txScript *script, void *arg)
{
    output *o = arg;
    cs_buf_add(&o->code, script->codeBuffer, (size_t)script->codeSize);
    cs_buf_add(&o->symbols, script->symbolsBuffer, (size_t)script->symbolsSize);
}

/* In memory of the base, which lives as long as it. */
static uint8_t *take(cs_machine *the, cs_buf *buf)
{
    uint8_t *copy = cs_xs_alloc(buf->size);
    if (copy == NULL)
        fxAbort(the, XS_NOT_ENOUGH_MEMORY_EXIT);
    memcpy(copy, buf->data, buf->size);
    cs_buf_fini(buf);
    return copy;
}

/* XS's list of symbols: how many, itself included, then strings with their NUL. */
static txID *register_symbols(cs_machine *the, const uint8_t *symbols)
{
    txID count;
    memcpy(&count, symbols, sizeof count);
    txID *ids = cs_xs_alloc_zero(count, sizeof *ids);
    if (ids == NULL)
        fxAbort(the, XS_NOT_ENOUGH_MEMORY_EXIT);
    const char *at = (const char *)symbols + sizeof count;
    for (txID i = 1; i < count; i++, at += strlen(at) + 1)
        ids[i] = cs_id(the, at);
    return ids;
}

void cs_builtin_load(cs_machine *the, cs_slot *module, txID id, const char *file)
{
    output o = { { 0 }, { 0 } };
    cs_error err;
    cs_parse p = { .name = file, .source = cs_js_find(file), .emit = emit, .arg = &o };
    if (cs_parse_run(&p, &err) != CS_OK)
        cs_throw_error(the, &mxSyntaxErrorConstructor, err.text);
    txScript script = { .codeSize = (txSize)o.code.size };
    size_t size = o.code.size;
    uint8_t *symbols = take(the, &o.symbols), *bytes = take(the, &o.code);
    txID *ids = register_symbols(the, symbols);
    cs_code_renumber(bytes, size, ids);
    cs_code_fix_in_place(bytes, size);
    cs_xs_free(ids);
    cs_xs_free(symbols);
    cs_assert(code_count < BUILTIN_COUNT);
    code[code_count].bytes = bytes;
    code[code_count++].size = size;
    script.codeBuffer = (txByte *)bytes;
    fxResolveModule(the, module, id, &script, NULL, NULL);
}

static void harden_exports(cs_machine *the, const cs_slot *module)
{
    const cs_slot *exports = mxModuleExports(module);
    for (cs_slot *e = exports->value.reference->next; e != NULL; e = e->next) {
        mxPushSlot(e->value.export.closure);
        cs_harden(the, the->stack);
        mxPop();
    }
}

void cs_modules_preload(cs_machine *the)
{
    code_count = 0;
    cs_module_define_hooks(the);
    for (size_t i = 0; i < BUILTIN_COUNT; i++) {
        cs_push_text(the, cs_bytes_of(builtins[i].name));
        fxAwaitImport(the, 0);
        harden_exports(the, the->stack);
        mxPop();
    }
}

/* --- what they export ---------------------------------------------------------------------------- */

/* Read off their sources when first asked for: who asks need not have a base. */
typedef struct exports {
    cs_arena arena;
    cs_names names;
    bool is_read;
} exports;

static void add_names(exports *e, const char *file, bool with_default)
{
    cs_scan scan;
    cs_status st = cs_module_scan(file, cs_js_find(file), &scan, NULL);
    cs_assert(st == CS_OK);
    for (uint32_t i = 0; i < scan.export_count; i++) {
        if (!with_default && strcmp(scan.exports[i], "default") == 0)
            continue;
        const char **name =
            cs_arena_append(&e->arena, (void **)&e->names.items, &e->names.count, sizeof *name);
        *name = cs_parse_text(&e->arena, scan.exports[i]);
    }
    for (uint32_t i = 0; i < scan.specifier_count; i++)
        if (scan.specifiers[i].is_reexported)
            add_names(e, cs_builtin_file(cs_bytes_of(scan.specifiers[i].text)), false);
    cs_scan_fini(&scan);
}

static const exports *exports_of(cs_bytes name)
{
    static exports all[BUILTIN_COUNT];
    const builtin *b = find(name);
    if (b == NULL)
        return NULL;
    exports *e = &all[b - builtins];
    if (!e->is_read)
        add_names(e, b->file, true);
    e->is_read = true;
    return e;
}

const char *cs_builtin_export(cs_bytes name, uint32_t index)
{
    const exports *e = exports_of(name);
    return e == NULL || index >= e->names.count ? NULL : e->names.items[index];
}

bool cs_builtin_exports(cs_bytes module, const char *name)
{
    const char *export;
    for (uint32_t i = 0; (export = cs_builtin_export(module, i)) != NULL; i++)
        if (strcmp(export, name) == 0)
            return true;
    return false;
}
