/* The modules of a source tree while they are gathered. Private to tree*.c. */
#pragma once
#include "host/resolve.h"

#include "base/arena.h"
#include "base/hash.h"
#include "engine/bundle.h"

typedef enum cs_tree_kind { CS_TREE_ESM, CS_TREE_JSON, CS_TREE_COMMONJS } cs_tree_kind;

enum { CS_TREE_NOBODY = UINT32_MAX };

typedef struct cs_tree_module {
    char *path; /* absolute, without symbolic links */
    char *name; /* relative to the entry's folder */
    cs_tree_kind kind;
    cs_buf text;
    cs_hash hash; /* of the file */
    cs_scan scan;
    cs_bundle_import
        *imports; /* by scan.specifiers; module CS_TREE_NOBODY and no builtin: absent */
    uint32_t importer, importer_line; /* who asked for it first; CS_TREE_NOBODY: it is the entry */
} cs_tree_module;

typedef struct cs_tree {
    cs_tree_module *modules;
    uint32_t count;
    char *folder; /* of the entry */
    cs_packages packages;
    uint64_t source_size;
} cs_tree;

/* Reads and scans one module: text, kind, hash, scan. CONFIG, SYNTAX. tree_read.c */
CS_MUST_USE cs_status cs_tree_read(cs_tree *t, cs_tree_module *m, cs_error *err);
/* Encodes what was gathered. CONFIG: names that a bundle cannot have. tree_write.c */
CS_MUST_USE cs_status cs_tree_write(const cs_tree *t, cs_buf *ret, cs_error *err);
void cs_tree_fini(cs_tree *t);
