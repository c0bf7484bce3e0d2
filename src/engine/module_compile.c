/* A bundle's compiled form, as bytes. The code of all modules shares one list of symbols, so that a
 * heap registers each name once, and already points into itself (cs_code_fix_in_place).
 *
 *   "CSK1"  base's name (64 hex digits)  SHA-256 of the bundle  SHA-256 of the rest
 *   sized: the bundle without its sources (bundle.c)
 *   varint count, then sized, each: a symbol with its NUL, in byte order
 *   by module: varint size of its code
 *   the code of all modules, each with symbol numbers from 1 where XS has IDs
 *
 * Trusted input, so the hash is there against damage only. */
#include "engine/module.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

static const char magic[4] = { 'C', 'S', 'K', '1' };
enum { BASE_NAME_SIZE = 64, HEAD_SIZE = 4 + BASE_NAME_SIZE + 2 * CS_HASH_SIZE };

/* --- one module ---------------------------------------------------------------------------------- */

typedef struct unit {
    cs_border *border;
    cs_names *spelled; /* in place of export *, if they must be */
    uint8_t *code;
    size_t size;
    const char **symbols; /* as XS numbered them: [0] is none */
    uint32_t symbol_count;
} unit;

typedef struct compiler {
    cs_arena arena;
    cs_bundle bundle;
    unit *units;
    cs_border *borders;
    const char **symbols; /* of all units: sorted, each once, [0] is none */
    uint32_t symbol_count;
} compiler;

static void visit(txParser *parser, txNode *root, void *arg)
{
    unit *u = arg;
    cs_border_visit(parser, root, u->border);
    cs_module_mend(parser, root, &(cs_mending){ .border = u->border });
}

/* The second time, when the other modules are known. */
static void visit_again(txParser *parser, txNode *root, void *arg)
{
    unit *u = arg;
    cs_module_mend(parser, root, &(cs_mending){ .border = u->border, .names = u->spelled });
}

/* XS's list: how many, itself included, then strings with their NUL. */
static void emit(const txScript *script, void *arg)
{
    unit *u = arg;
    cs_arena *arena = u->border->arena;
    txID count;
    memcpy(&count, script->symbolsBuffer, sizeof count);
    cs_bytes text = { (const uint8_t *)script->symbolsBuffer + sizeof count,
                      (size_t)script->symbolsSize - sizeof count };
    text = cs_arena_copy(arena, text);
    u->symbols = cs_arena_take_zero(arena, count, sizeof *u->symbols);
    u->symbol_count = count;
    const char *at = (const char *)text.data;
    for (uint32_t i = 1; i < count; i++, at += strlen(at) + 1)
        u->symbols[i] = at;
    cs_bytes code = { (const uint8_t *)script->codeBuffer, (size_t)script->codeSize };
    u->code = (uint8_t *)(uintptr_t)cs_arena_copy(arena, code).data;
    u->size = code.size;
}

/* The text as a string of JavaScript, so that "__proto__" is a name like any other. */
static void add_json_module(cs_buf *source, cs_bytes json)
{
    cs_buf_add_text(source, "export default harden(JSON.parse(");
    cs_buf_add_json(source, json);
    cs_buf_add_text(source, "));");
}

static cs_status check_await(const cs_border *b, const char *name, cs_error *err)
{
    if (b->await_line == 0)
        return CS_OK;
    return cs_fail(err, CS_E_SYNTAX,
                   "%s:%u: await outside of a function: a vat's modules are evaluated at once; "
                   "move it into an async function",
                   name, b->await_line);
}

static cs_status parse(const cs_bundle_module *m, unit *u, cs_error *err)
{
    cs_buf json = { 0 };
    char *name = cs_bytes_to_text(m->name);
    cs_parse p = { .name = name, .source = m->source, .visit = visit, .emit = emit, .arg = u };
    if (m->kind == CS_MODULE_JSON) {
        add_json_module(&json, m->source);
        p.source = cs_buf_bytes(&json);
    }
    cs_status st = cs_parse_run(&p, err);
    if (st == CS_OK)
        st = check_await(u->border, name, err);
    (void)cs_free(name);
    cs_buf_fini(&json);
    return st;
}

static cs_status parse_all(compiler *c, cs_error *err)
{
    cs_status st = CS_OK;
    uint32_t count = c->bundle.module_count;
    c->units = cs_arena_take_zero(&c->arena, count, sizeof *c->units);
    c->borders = cs_arena_take_zero(&c->arena, count, sizeof *c->borders);
    for (uint32_t i = 0; st == CS_OK && i < count; i++) {
        c->borders[i].arena = &c->arena;
        c->units[i].border = &c->borders[i];
        st = parse(&c->bundle.modules[i], &c->units[i], err);
        cs_border_finish(&c->borders[i]);
    }
    return st;
}

static cs_status parse_again(const cs_bundle_module *m, unit *u, cs_error *err)
{
    char *name = cs_bytes_to_text(m->name);
    cs_parse p = { .name = name, .source = m->source, .emit = emit, .arg = u };
    p.visit = visit_again;
    cs_status st = cs_parse_run(&p, err);
    (void)cs_free(name);
    return st;
}

static cs_status link_all(compiler *c, cs_error *err)
{
    cs_linker linker;
    cs_linker_init(&linker, &c->bundle, c->borders, &c->arena);
    cs_status st = cs_linker_check(&linker, err);
    for (uint32_t i = 0; st == CS_OK && i < c->bundle.module_count; i++) {
        c->units[i].spelled = cs_linker_spell(&linker, i);
        if (c->units[i].spelled != NULL)
            st = parse_again(&c->bundle.modules[i], &c->units[i], err);
    }
    return st;
}

/* --- symbols ------------------------------------------------------------------------------------- */

static int compare_texts(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void merge_symbols(compiler *c)
{
    size_t total = 1, n = 0;
    for (uint32_t i = 0; i < c->bundle.module_count; i++)
        total += c->units[i].symbol_count;
    const char **all = cs_arena_take_zero(&c->arena, total, sizeof *all);
    for (uint32_t i = 0; i < c->bundle.module_count; i++)
        for (uint32_t k = 1; k < c->units[i].symbol_count; k++)
            all[++n] = c->units[i].symbols[k];
    if (n > 1)
        qsort(all + 1, n, sizeof *all, compare_texts);
    uint32_t kept = 1;
    for (size_t i = 1; i <= n; i++)
        if (kept == 1 || strcmp(all[kept - 1], all[i]) != 0)
            all[kept++] = all[i];
    c->symbols = all;
    c->symbol_count = kept;
}

static uint32_t symbol_number(const compiler *c, const char *text)
{
    const char **found =
        bsearch(&text, c->symbols + 1, c->symbol_count - 1, sizeof text, compare_texts);
    cs_assert(found != NULL);
    return (uint32_t)(found - c->symbols);
}

static void renumber(const compiler *c, unit *u)
{
    txID *ids = cs_alloc_zero(u->symbol_count, sizeof *ids);
    for (uint32_t i = 1; i < u->symbol_count; i++)
        ids[i] = symbol_number(c, u->symbols[i]);
    cs_code_renumber(u->code, u->size, ids);
    cs_code_fix_in_place(u->code, u->size);
    (void)cs_free(ids);
}

/* --- write --------------------------------------------------------------------------------------- */

static void add_names(const compiler *c, cs_buf *out)
{
    cs_bundle bare = { .module_count = c->bundle.module_count };
    cs_bundle_module *modules = cs_alloc_zero(bare.module_count, sizeof *modules);
    for (uint32_t i = 0; i < bare.module_count; i++) {
        modules[i] = c->bundle.modules[i];
        modules[i].source = (cs_bytes){ 0 };
    }
    bare.modules = modules;
    cs_buf bytes = { 0 };
    cs_bundle_enc(&bare, &bytes);
    cs_buf_add_varint(out, bytes.size);
    cs_buf_add(out, bytes.data, bytes.size);
    cs_buf_fini(&bytes);
    (void)cs_free(modules);
}

static void add_payload(const compiler *c, cs_buf *out)
{
    add_names(c, out);
    cs_buf_add_varint(out, c->symbol_count - 1);
    for (uint32_t i = 1; i < c->symbol_count; i++) {
        size_t size = strlen(c->symbols[i]) + 1;
        cs_buf_add_varint(out, size);
        cs_buf_add(out, c->symbols[i], size);
    }
    for (uint32_t i = 0; i < c->bundle.module_count; i++)
        cs_buf_add_varint(out, c->units[i].size);
    for (uint32_t i = 0; i < c->bundle.module_count; i++)
        cs_buf_add(out, c->units[i].code, c->units[i].size);
}

static void write_all(const compiler *c, const cs_base *base, const cs_hash *bundle, cs_buf *out)
{
    cs_buf payload = { 0 };
    add_payload(c, &payload);
    cs_hash hash = cs_hash_of(cs_buf_bytes(&payload));
    cs_assert(strlen(cs_base_name(base)) == BASE_NAME_SIZE);
    cs_buf_add(out, magic, sizeof magic);
    cs_buf_add_text(out, cs_base_name(base));
    cs_buf_add(out, bundle->bytes, sizeof bundle->bytes);
    cs_buf_add(out, hash.bytes, sizeof hash.bytes);
    cs_buf_add(out, payload.data, payload.size);
    cs_buf_fini(&payload);
}

cs_status cs_bundle_compile(const cs_base *base, cs_bytes bundle, cs_buf *ret_code, cs_error *err)
{
    compiler c = { .symbol_count = 1 };
    cs_hash hash = cs_hash_of(bundle);
    cs_status st = cs_bundle_dec(bundle, &c.bundle, err);
    if (st == CS_OK)
        st = parse_all(&c, err);
    if (st == CS_OK)
        st = link_all(&c, err);
    if (st == CS_OK) {
        merge_symbols(&c);
        for (uint32_t i = 0; i < c.bundle.module_count; i++)
            renumber(&c, &c.units[i]);
        write_all(&c, base, &hash, ret_code);
    }
    cs_bundle_fini(&c.bundle);
    cs_arena_fini(&c.arena);
    return st;
}

/* --- read ---------------------------------------------------------------------------------------- */

static bool read_head(cs_reader *r, const char *base_name, const cs_hash *bundle)
{
    cs_bytes head = cs_reader_bytes(r, HEAD_SIZE);
    if (!r->ok || memcmp(head.data, magic, sizeof magic) != 0)
        return false;
    const uint8_t *at = head.data + sizeof magic;
    if (memcmp(at, base_name, BASE_NAME_SIZE) != 0)
        return false;
    at += BASE_NAME_SIZE;
    if (memcmp(at, bundle->bytes, CS_HASH_SIZE) != 0)
        return false;
    cs_hash hash = cs_hash_of((cs_bytes){ r->at, cs_reader_left(r) });
    return memcmp(at + CS_HASH_SIZE, hash.bytes, CS_HASH_SIZE) == 0;
}

static void read_symbols(cs_reader *r, cs_compiled *c)
{
    uint64_t count = cs_reader_varint(r);
    if (count > cs_reader_left(r) / 2)
        r->ok = false;
    if (!r->ok)
        return;
    c->symbol_count = (uint32_t)count + 1;
    c->symbols = cs_alloc_zero(c->symbol_count, sizeof *c->symbols);
    for (uint32_t i = 1; r->ok && i < c->symbol_count; i++) {
        cs_bytes text = cs_reader_sized(r);
        r->ok = r->ok && text.size > 0 && text.data[text.size - 1] == 0;
        c->symbols[i] = (const char *)text.data;
    }
}

static void read_code(cs_reader *r, cs_compiled *c)
{
    c->units = cs_alloc_zero(c->names.module_count, sizeof *c->units);
    for (uint32_t i = 0; i < c->names.module_count; i++)
        c->units[i].size = (size_t)cs_reader_varint(r);
    c->code = (cs_bytes){ r->at, cs_reader_left(r) };
    for (uint32_t i = 0; i < c->names.module_count; i++)
        c->units[i].data = cs_reader_bytes(r, c->units[i].size).data;
}

static int compare_modules(const void *a, const void *b, void *arg)
{
    const cs_bundle_module *modules = arg;
    return cs_bytes_compare(modules[*(const uint32_t *)a].name, modules[*(const uint32_t *)b].name);
}

static void sort_names(cs_compiled *c)
{
    uint32_t count = c->names.module_count;
    c->by_name = cs_alloc_zero(count, sizeof *c->by_name);
    for (uint32_t i = 0; i < count; i++)
        c->by_name[i] = i;
    qsort_r(c->by_name, count, sizeof *c->by_name, compare_modules,
            (void *)(uintptr_t)c->names.modules);
}

bool cs_compiled_dec(const char *base_name, const cs_hash *bundle, cs_buf *take_bytes,
                     cs_compiled *ret)
{
    cs_compiled c = { .bundle = *bundle };
    cs_reader r = cs_reader_of(cs_buf_bytes(take_bytes));
    if (!read_head(&r, base_name, bundle))
        return false;
    cs_bytes names = cs_reader_sized(&r);
    if (!r.ok || cs_bundle_dec(names, &c.names, NULL) != CS_OK)
        return false;
    read_symbols(&r, &c);
    read_code(&r, &c);
    if (!cs_reader_done(&r)) {
        cs_compiled_fini(&c);
        return false;
    }
    sort_names(&c);
    c.bytes = *take_bytes;
    *take_bytes = (cs_buf){ 0 };
    *ret = c;
    return true;
}

void cs_compiled_fini(cs_compiled *c)
{
    (void)cs_free(c->by_name);
    (void)cs_free(c->units);
    (void)cs_free((void *)(uintptr_t)c->symbols);
    cs_bundle_fini(&c->names);
    cs_buf_fini(&c->bytes);
    *c = (cs_compiled){ 0 };
}

uint32_t cs_compiled_find(const cs_compiled *c, cs_bytes name)
{
    uint32_t low = 0, high = c->names.module_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        int order = cs_bytes_compare(c->names.modules[c->by_name[middle]].name, name);
        if (order == 0)
            return c->by_name[middle];
        if (order < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return CS_LOCAL;
}
