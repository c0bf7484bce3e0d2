/* A vat's code as one immutable byte string: modules with their sources and how each specifier of
 * each module resolves. Named by its SHA-256. The host makes it (host/resolve.h); the engine reads
 * it back, compiles and links it. Format: docs/bundles.md.
 *
 *   B1  1 <= module_count <= CS_MODULES_MAX; modules[0] is the entry, which exports buildRootObject
 *   B2  names are unique, not empty, and do not begin with CS_BUILTIN_PREFIX
 *   B3  the specifiers of a module are in byte order, each once; each means a module of the bundle or
 *       a built-in name
 *   B4  all text is UTF-8; names and specifiers have no NUL
 *   B5  sources together <= CS_SOURCE_MAX, imports together <= CS_IMPORTS_MAX */
#pragma once
#include "base/arena.h"
#include "engine/engine.h"

enum { CS_IMPORTS_MAX = 200000 };
/* How a built-in module is called where the engine mixes both kinds of names. */
#define CS_BUILTIN_PREFIX "builtin:"

typedef enum cs_module_kind {
    CS_MODULE_ESM = 1, /* source text */
    CS_MODULE_JSON,    /* default export is the parsed, hardened value */
} cs_module_kind;

typedef struct cs_bundle_import {
    cs_bytes specifier; /* as written in the source */
    uint32_t module;    /* index of the module it means, or CS_BUNDLE_BUILTIN */
    cs_bytes builtin;   /* name of the built-in module */
} cs_bundle_import;
#define CS_BUNDLE_BUILTIN UINT32_MAX

typedef struct cs_bundle_module {
    cs_bytes name; /* for messages: a path relative to the entry's folder or package */
    cs_module_kind kind;
    cs_bytes source;
    const cs_bundle_import *imports;
    uint32_t import_count;
} cs_bundle_module;

typedef struct cs_bundle {
    const cs_bundle_module *modules;
    uint32_t module_count;
} cs_bundle;

/* What a module's specifier means, or NULL. */
const cs_bundle_import *cs_bundle_find_import(const cs_bundle_module *m, cs_bytes specifier);

/* Whether a module may have that source: UTF-8. */
bool cs_is_source_text(cs_bytes source);

/* Asserts B1-B5. */
void cs_bundle_enc(const cs_bundle *b, cs_buf *ret_bytes);
/* Checks B1-B5. The result borrows `bytes`; free with cs_bundle_fini. CORRUPT (ENV). */
CS_MUST_USE cs_status cs_bundle_dec(cs_bytes bytes, cs_bundle *ret, cs_error *err);
void cs_bundle_fini(cs_bundle *b);
/* Whether B1-B5 hold, and if not, what is wrong with which module. CORRUPT (ENV). */
CS_MUST_USE cs_status cs_bundle_check(const cs_bundle *b, cs_error *err);

/* One `import … from`, `export … from`, `import()` or `require()` of a module: each specifier once, in
 * order. */
typedef struct cs_specifier {
    const char *text;
    uint32_t line;      /* where it first stands */
    bool is_optional;   /* only in import() or require(): may be missing until it is run */
    bool is_reexported; /* by `export * from`, or module.exports = require() */
    const char **names; /* what is imported from it by name */
    uint32_t name_count;
} cs_specifier;

typedef struct cs_scan {
    cs_arena arena; /* of all that follows */
    cs_specifier *specifiers;
    uint32_t specifier_count;
    const char **exports; /* names; for CommonJS: what can be guessed from the source */
    uint32_t export_count;
} cs_scan;

/* What an ES module imports and exports; `name` is for messages. SYNTAX (VAT): "name:line: …",
 * saying so where the syntax is newer than the engine's. */
CS_MUST_USE cs_status cs_module_scan(const char *name, cs_bytes source, cs_scan *ret,
                                     cs_error *err);
/* The same for a CommonJS module; and its text as an ES module whose default export is the function
 * (exports, require, module, __filename, __dirname). */
CS_MUST_USE cs_status cs_commonjs_scan(const char *name, cs_bytes source, cs_scan *ret,
                                       cs_error *err);
void cs_commonjs_wrap(cs_bytes source, cs_buf *ret);
/* The same for a module that was transformed for SES; `*` among the names stands for the namespace. */
CS_MUST_USE cs_status cs_functor_scan(const char *name, cs_bytes program, cs_scan *ret,
                                      cs_error *err);
void cs_scan_fini(cs_scan *s);

/* Whether `specifier` is served from the base heap (`@endo/far`, …). */
bool cs_is_builtin(cs_bytes specifier);
const char *cs_builtin_name(cs_bytes specifier); /* the same text, for ever; or NULL */
/* The names that a built-in module exports, by index; NULL behind the last. */
const char *cs_builtin_export(cs_bytes builtin, uint32_t index);
bool cs_builtin_exports(cs_bytes builtin, const char *name);

/* Parses and links the whole bundle and gives its compiled form, which only this base (its name is
 * inside) takes: keep it beside the bundle. Compiled code is trusted like the program itself: never
 * take it from anybody else. SYNTAX (VAT) for what is wrong with a source or an import, naming
 * module and line; CORRUPT (ENV). */
CS_MUST_USE cs_status cs_bundle_compile(const cs_base *base, cs_bytes bundle, cs_buf *ret_code,
                                        cs_error *err);
/* Offers compiled code of the bundle for the vats to come, so that it need not be compiled. False if
 * it was made for another base or bundle, or is damaged: then it is of no use any more. */
bool cs_bundle_offer(const cs_base *base, cs_bytes bundle, cs_bytes code);

/* Inside a fence, once in the life of a heap: makes the vat's compartment with `endowments` (a
 * reference slot, or NULL) as extra globals, evaluates the bundle and pushes the entry's namespace
 * object. Throws what the code throws, and a SyntaxError for what cs_bundle_compile() refuses. Does
 * not keep `bundle`. Metered alike whether the code had to be compiled or not. */
void cs_bundle_push_namespace(cs_machine *the, cs_bytes bundle, cs_slot *endowments);
