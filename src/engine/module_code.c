/* Compiled bundles in memory, and the code that heaps run.
 *
 * A process keeps what it compiled: ten thousand vats of one source parse once. The bytecode that XS
 * runs has the machine's own numbers for property names in it, which are given out in order of first
 * use; heaps that begin alike, load one bundle and register its names first thing get the same
 * numbers, so they share one copy of the code. A heap that got others has a copy of its own. */
#include "engine/module.h"

#include "base/alloc.h"
#include "engine/base.h"

#include <string.h>

/* What nobody runs is kept up to this size, in case the next vat is of that bundle. */
enum { IDLE_MAX = 64 * 1024 * 1024 };

typedef struct entry {
    cs_compiled compiled; /* first: cs_code.of points here */
    struct entry *next;
    cs_code *codes;
} entry;

/* Like the base: one per process. The bundle used last comes first. */
static entry *entries;

/* --- bytecode ------------------------------------------------------------------------------------ */

extern void fxRemapIDs(txMachine *the, txByte *codeBuffer, txSize codeSize, txID *theIDs);

void cs_code_renumber(uint8_t *code, size_t size, const txID *ids)
{
    fxRemapIDs(NULL, (txByte *)code, (txSize)size, (txID *)(uintptr_t)ids);
}

/* The size of the instruction at `at`, by XS's table: fixed, or with an ID, or with a text behind a
 * count of 1, 2 or 4 bytes. */
static size_t instruction_size(const uint8_t *at)
{
    uint16_t two;
    uint32_t four;
    int size = gxCodeSizes[*at];
    switch (size) {
    case 0:
        return 1 + sizeof(txID);
    case -1:
        return 2u + at[1];
    case -2:
        memcpy(&two, at + 1, sizeof two);
        return 3u + two;
    case -4:
        memcpy(&four, at + 1, sizeof four);
        return 5u + (size_t)four;
    default:
        return (size_t)size;
    }
}

void cs_code_fix_in_place(uint8_t *code, size_t size)
{
    for (uint8_t *at = code, *end = code + size; at < end; at += instruction_size(at))
        if (*at == XS_CODE_CODE_1)
            *at = XS_CODE_CODE_ARCHIVE_1;
        else if (*at == XS_CODE_CODE_2)
            *at = XS_CODE_CODE_ARCHIVE_2;
        else if (*at == XS_CODE_CODE_4)
            *at = XS_CODE_CODE_ARCHIVE_4;
}

/* --- what a heap runs ---------------------------------------------------------------------------- */

static cs_code *find_code(const entry *e, const txID *ids)
{
    size_t size = e->compiled.symbol_count * sizeof *ids;
    for (cs_code *c = e->codes; c != NULL; c = c->next)
        if (memcmp(c->ids, ids, size) == 0)
            return c;
    return NULL;
}

static cs_code *new_code(entry *e, const txID *ids)
{
    size_t size = e->compiled.symbol_count * sizeof *ids;
    cs_code *c = CS_NEW(cs_code);
    c->of = &e->compiled;
    c->ids = memcpy(cs_alloc(size), ids, size);
    c->bytes =
        memcpy(cs_alloc(e->compiled.code.size), e->compiled.code.data, e->compiled.code.size);
    cs_code_renumber(c->bytes, e->compiled.code.size, ids);
    c->next = e->codes;
    e->codes = c;
    return c;
}

static cs_code *free_code(cs_code *c)
{
    (void)cs_free(c->ids);
    (void)cs_free(c->bytes);
    return cs_free(c);
}

void cs_code_detach(cs_heap *h)
{
    cs_code *code = h->code;
    h->code = NULL;
    if (code == NULL || --code->refs > 0)
        return;
    entry *e = (entry *)(void *)code->of;
    if (e->codes == code && code->next == NULL)
        return; /* the usual numbers: the next vat will want them */
    cs_code **link = &e->codes;
    while (*link != code)
        link = &(*link)->next;
    *link = code->next;
    (void)free_code(code);
}

/* The IDs live in the heap's own memory meanwhile: registering a name may leave by longjmp. */
static txID *register_names(cs_machine *the, const cs_compiled *c)
{
    txID *ids = cs_xs_alloc_zero(c->symbol_count, sizeof *ids);
    if (ids == NULL)
        fxAbort(the, XS_NOT_ENOUGH_MEMORY_EXIT);
    for (uint32_t i = 1; i < c->symbol_count; i++)
        ids[i] = fxNewNameC(the, (txString)(uintptr_t)c->symbols[i]);
    return ids;
}

/* --- compiled bundles ---------------------------------------------------------------------------- */

static entry *free_entry(entry *e)
{
    for (cs_code *c = e->codes, *next; c != NULL; c = next) {
        next = c->next;
        (void)free_code(c);
    }
    cs_compiled_fini(&e->compiled);
    return cs_free(e);
}

static bool is_idle(const entry *e)
{
    for (const cs_code *c = e->codes; c != NULL; c = c->next)
        if (c->refs > 0)
            return false;
    return true;
}

/* Frees idle entries, those unused longest first to go. */
static void trim(void)
{
    size_t idle = 0;
    for (entry **link = &entries, *e; (e = *link) != NULL;) {
        if (is_idle(e))
            idle += e->compiled.bytes.size;
        if (is_idle(e) && idle > IDLE_MAX) {
            *link = e->next;
            (void)free_entry(e);
        } else {
            link = &e->next;
        }
    }
}

static entry *find_entry(const cs_hash *bundle)
{
    for (entry **link = &entries, *e; (e = *link) != NULL; link = &e->next)
        if (cs_hash_same(&e->compiled.bundle, bundle)) {
            *link = e->next;
            e->next = entries;
            return entries = e;
        }
    return NULL;
}

static entry *add_entry(const cs_base *base, const cs_hash *bundle, cs_buf *take_code)
{
    entry *e = CS_NEW(entry);
    if (!cs_compiled_dec(cs_base_name(base), bundle, take_code, &e->compiled))
        return cs_free(e);
    trim();
    e->next = entries;
    return entries = e;
}

bool cs_bundle_offer(const cs_base *base, cs_bytes bundle, cs_bytes code)
{
    cs_hash hash = cs_hash_of(bundle);
    if (find_entry(&hash) != NULL)
        return true;
    cs_buf copy = { 0 };
    cs_buf_add(&copy, code.data, code.size);
    entry *e = add_entry(base, &hash, &copy);
    cs_buf_fini(&copy);
    return e != NULL;
}

static entry *compile(const cs_base *base, cs_bytes bundle, const cs_hash *hash, cs_error *err)
{
    cs_buf code = { 0 };
    entry *e = NULL;
    if (cs_bundle_compile(base, bundle, &code, err) == CS_OK) {
        e = add_entry(base, hash, &code);
        cs_assert(e != NULL);
    }
    cs_buf_fini(&code);
    return e;
}

/* --- for a heap ---------------------------------------------------------------------------------- */

void cs_code_attach(cs_machine *the, cs_bytes bundle)
{
    cs_heap *h = the->heap;
    cs_error err;
    cs_hash hash = cs_hash_of(bundle);
    cs_assert(h->base != NULL && h->code == NULL);
    entry *e = find_entry(&hash);
    if (e == NULL)
        e = compile(h->base, bundle, &hash, &err);
    if (e == NULL)
        cs_throw_error(the, &mxSyntaxErrorConstructor, err.text);
    txID *ids = register_names(the, &e->compiled);
    cs_code *code = find_code(e, ids);
    if (code == NULL)
        code = new_code(e, ids);
    cs_xs_free(ids);
    code->refs++;
    h->code = code;
}

/* --- for images ---------------------------------------------------------------------------------- */

static const uint64_t builtin_numbers = UINT64_C(1) << 32; /* these and above */

bool cs_code_number(const cs_heap *h, const void *address, uint64_t *ret_number)
{
    uint32_t number;
    uintptr_t at = (uintptr_t)address, start = h->code == NULL ? 0 : (uintptr_t)h->code->bytes;
    if (h->code != NULL && at >= start && at - start < h->code->of->code.size) {
        *ret_number = at - start;
        return true;
    }
    if (!cs_builtin_code_number(address, &number))
        return false;
    *ret_number = builtin_numbers + number;
    return true;
}

void *cs_code_at(const cs_heap *h, uint64_t number)
{
    if (number >= builtin_numbers)
        return number - builtin_numbers > UINT32_MAX
                   ? NULL
                   : cs_builtin_code_at((uint32_t)(number - builtin_numbers));
    return h->code != NULL && number < h->code->of->code.size ? h->code->bytes + number : NULL;
}
