/* A vat's source tree made into a bundle, without Node: follows every import from the entry, as Node
 * would for ES modules. Built-in modules win over node_modules as long as they export what is asked
 * of them. JSON modules and CommonJS modules of packages come along. docs/bundles.md */
#pragma once
#include "host/package.h"
#include "host/source.h"

/* What a specifier means. */
typedef struct cs_resolution_result {
    char *path;          /* absolute, without symbolic links; given. NULL: a built-in module */
    const char *builtin; /* its name */
} cs_resolution_result;

/* Who asks for what. */
typedef struct cs_resolve_question {
    const char *specifier;
    const char *file;         /* that asks: absolute, without symbolic links */
    const char *const *names; /* that it takes; for the choice of a built-in module */
    size_t name_count;
    bool is_require;
} cs_resolve_question;

/* CONFIG (HOST); the text says what is not found and what would mend it, but not where. */
CS_MUST_USE cs_status cs_resolve(cs_packages *p, const cs_resolve_question *q,
                                 cs_resolution_result *ret, cs_error *err);

/* The bundle of the module `entry` and all that it imports, and the files it was made from. CONFIG,
 * SYNTAX: "file:line: …". */
CS_MUST_USE cs_status cs_tree_bundle(const char *entry, cs_source *ret, cs_error *err);
