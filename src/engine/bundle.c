/* The codec of bundles. Bytes: docs/bundles.md. */
#include "engine/bundle.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "engine/utf8.h"

#include <stdlib.h>
#include <string.h>

static const char magic[4] = { 'C', 'S', 'B', '1' };

/* --- text ---------------------------------------------------------------------------------------- */

bool cs_is_source_text(cs_bytes b)
{
    for (const uint8_t *at = b.data, *end = at + b.size; at < end;) {
        uint32_t code;
        bool ok;
        at += cs_utf8_next(at, end, &code, &ok);
        if (!ok)
            return false;
    }
    return true;
}

static bool is_name(cs_bytes b)
{
    return b.size > 0 && memchr(b.data, 0, b.size) == NULL && cs_is_source_text(b);
}

/* --- check --------------------------------------------------------------------------------------- */

static int compare_names(const void *a, const void *b)
{
    return cs_bytes_compare(*(const cs_bytes *)a, *(const cs_bytes *)b);
}

/* The first of `names` that stands there twice, or nothing. Sorts them. */
static cs_bytes find_twice(cs_bytes *names, size_t count)
{
    if (count > 1)
        qsort(names, count, sizeof *names, compare_names);
    for (size_t i = 1; i < count; i++)
        if (cs_bytes_equal(names[i - 1], names[i]))
            return names[i];
    return (cs_bytes){ 0 };
}

static int compare_imports(const void *a, const void *b)
{
    const cs_bundle_import *x = a, *y = b;
    return cs_bytes_compare(x->specifier, y->specifier);
}

const cs_bundle_import *cs_bundle_find_import(const cs_bundle_module *m, cs_bytes specifier)
{
    const cs_bundle_import key = { .specifier = specifier };
    return m->import_count == 0
               ? NULL
               : bsearch(&key, m->imports, m->import_count, sizeof key, compare_imports);
}

static cs_status bad(cs_error *err, cs_bytes name, const char *what)
{
    return cs_fail(err, CS_E_CORRUPT, "bundle: module '%.*s': %s", (int)name.size,
                   (const char *)name.data, what);
}

static const char *import_fault(const cs_bundle *b, const cs_bundle_import *i)
{
    if (!is_name(i->specifier))
        return "specifier is not text";
    if (i->module == CS_BUNDLE_BUILTIN)
        return is_name(i->builtin) ? NULL : "name of a built-in module is not text";
    return i->module < b->module_count ? NULL : "import of a module that is not there";
}

static const char *module_fault(const cs_bundle *b, const cs_bundle_module *m)
{
    if (cs_bytes_start_with(m->name, CS_BUILTIN_PREFIX))
        return "name is reserved";
    if (m->kind != CS_MODULE_ESM && m->kind != CS_MODULE_JSON)
        return "unknown kind";
    if (!cs_is_source_text(m->source))
        return "source is not UTF-8";
    for (uint32_t i = 0; i < m->import_count; i++) {
        const char *fault = import_fault(b, &m->imports[i]);
        if (fault != NULL)
            return fault;
        if (i > 0 && compare_imports(&m->imports[i - 1], &m->imports[i]) >= 0)
            return "specifiers are out of order";
    }
    return NULL;
}

static cs_status check_counts(const cs_bundle *b, cs_error *err)
{
    uint64_t sources = 0, imports = 0;
    for (uint32_t i = 0; i < b->module_count; i++) {
        sources += b->modules[i].source.size;
        imports += b->modules[i].import_count;
    }
    if (b->module_count == 0 || b->module_count > CS_MODULES_MAX)
        return cs_fail(err, CS_E_CORRUPT, "bundle: %u modules, not 1 to %u", b->module_count,
                       CS_MODULES_MAX);
    if (sources > CS_SOURCE_MAX)
        return cs_fail(err, CS_E_CORRUPT, "bundle: sources of more than %u bytes", CS_SOURCE_MAX);
    if (imports > CS_IMPORTS_MAX)
        return cs_fail(err, CS_E_CORRUPT, "bundle: more than %d imports", CS_IMPORTS_MAX);
    return CS_OK;
}

static cs_status check_modules(const cs_bundle *b, cs_error *err)
{
    for (uint32_t i = 0; i < b->module_count; i++) {
        const cs_bundle_module *m = &b->modules[i];
        if (!is_name(m->name))
            return cs_fail(err, CS_E_CORRUPT, "bundle: name of module %u is not text", i);
        const char *fault = module_fault(b, m);
        if (fault != NULL)
            return bad(err, m->name, fault);
    }
    return CS_OK;
}

static cs_status check_names(const cs_bundle *b, cs_error *err)
{
    cs_bytes *names = cs_alloc_zero(b->module_count, sizeof *names);
    for (uint32_t i = 0; i < b->module_count; i++)
        names[i] = b->modules[i].name;
    cs_bytes twice = find_twice(names, b->module_count);
    (void)cs_free(names);
    return twice.size > 0 ? bad(err, twice, "two of that name") : CS_OK;
}

cs_status cs_bundle_check(const cs_bundle *b, cs_error *err)
{
    cs_status st = check_counts(b, err);
    if (st == CS_OK)
        st = check_modules(b, err);
    return st == CS_OK ? check_names(b, err) : st;
}

/* --- write --------------------------------------------------------------------------------------- */

static void add_sized(cs_buf *buf, cs_bytes b)
{
    cs_buf_add_varint(buf, b.size);
    cs_buf_add(buf, b.data, b.size);
}

static void add_import(cs_buf *buf, const cs_bundle_import *i)
{
    add_sized(buf, i->specifier);
    if (i->module == CS_BUNDLE_BUILTIN) {
        cs_buf_add_varint(buf, 0);
        add_sized(buf, i->builtin);
    } else {
        cs_buf_add_varint(buf, (uint64_t)i->module + 1);
    }
}

void cs_bundle_enc(const cs_bundle *b, cs_buf *ret_bytes)
{
    cs_assert(cs_bundle_check(b, NULL) == CS_OK);
    cs_buf_add(ret_bytes, magic, sizeof magic);
    cs_buf_add_varint(ret_bytes, b->module_count);
    for (uint32_t i = 0; i < b->module_count; i++) {
        const cs_bundle_module *m = &b->modules[i];
        cs_buf_add_byte(ret_bytes, (uint8_t)m->kind);
        add_sized(ret_bytes, m->name);
        add_sized(ret_bytes, m->source);
        cs_buf_add_varint(ret_bytes, m->import_count);
        for (uint32_t k = 0; k < m->import_count; k++)
            add_import(ret_bytes, &m->imports[k]);
    }
}

/* --- read ---------------------------------------------------------------------------------------- */

static cs_bundle_import read_import(cs_reader *r)
{
    cs_bundle_import i = { .specifier = cs_reader_sized(r) };
    uint64_t target = cs_reader_varint(r);
    if (target == 0) {
        i.module = CS_BUNDLE_BUILTIN;
        i.builtin = cs_reader_sized(r);
    } else if (target <= CS_MODULES_MAX) {
        i.module = (uint32_t)target - 1;
    } else {
        r->ok = false;
    }
    return i;
}

/* A count is believed only as far as there are bytes left, at least `least` for each item, and up to
 * `max`: so what is allocated stays in proportion to what was read. */
static uint32_t read_count(cs_reader *r, size_t least, uint32_t max)
{
    uint64_t n = cs_reader_varint(r);
    if (n <= max && n <= cs_reader_left(r) / least)
        return (uint32_t)n;
    r->ok = false;
    return 0;
}

static void read_module(cs_reader *r, cs_bundle_module *ret)
{
    ret->kind = (cs_module_kind)cs_reader_byte(r);
    ret->name = cs_reader_sized(r);
    ret->source = cs_reader_sized(r);
    ret->import_count = read_count(r, 3, CS_IMPORTS_MAX);
    cs_bundle_import *imports = cs_alloc_zero(ret->import_count, sizeof *imports);
    ret->imports = imports;
    for (uint32_t i = 0; r->ok && i < ret->import_count; i++)
        imports[i] = read_import(r);
}

cs_status cs_bundle_dec(cs_bytes bytes, cs_bundle *ret, cs_error *err)
{
    cs_reader r = cs_reader_of(bytes);
    cs_bytes head = cs_reader_bytes(&r, sizeof magic);
    if (!r.ok || memcmp(head.data, magic, sizeof magic) != 0)
        return cs_fail(err, CS_E_CORRUPT, "bundle: not one of Capstan's");
    cs_bundle b = { .module_count = read_count(&r, 4, CS_MODULES_MAX) };
    cs_bundle_module *modules = cs_alloc_zero(b.module_count, sizeof *modules);
    b.modules = modules;
    for (uint32_t i = 0; r.ok && i < b.module_count; i++)
        read_module(&r, &modules[i]);
    cs_status st = cs_reader_done(&r) ? cs_bundle_check(&b, err)
                                      : cs_fail(err, CS_E_CORRUPT, "bundle: damaged");
    if (st == CS_OK)
        *ret = b;
    else
        cs_bundle_fini(&b);
    return st;
}

void cs_bundle_fini(cs_bundle *b)
{
    for (uint32_t i = 0; i < b->module_count; i++)
        (void)cs_free((void *)(uintptr_t)b->modules[i].imports);
    (void)cs_free((void *)(uintptr_t)b->modules);
    *b = (cs_bundle){ 0 };
}
