/* Archives of @endo/compartment-mapper (what is inside of endoZipBase64) as bundles. Modules that are
 * plain text become modules like any others; modules that were transformed for SES become functions
 * that js/archive.js links. docs/bundles.md */
#pragma once
#include "host/tree.h"
#include "host/zip.h"

/* One module of an archive that is reached from its entry. */
typedef struct cs_archive_module {
    const char *compartment;  /* borrowed from the map */
    const json_t *descriptor; /* likewise: location, parser, sha512 */
    char *specifier;          /* by which its compartment knows it */
    char *name;               /* location inside of the zip file */
    cs_buf text;
    json_t *record;     /* of pre-mjs-json, pre-cjs-json: the text, parsed; owned */
    cs_scan scan;       /* of what is no data */
    json_t *specifiers; /* what it imports: a list of strings; owned */
    json_t *links;      /* specifier -> { module, builtin }; owned */
} cs_archive_module;

typedef struct cs_archive {
    cs_zip zip;
    json_t *map; /* compartment-map.json */
    cs_archive_module *modules;
    uint32_t count;
    size_t size_left; /* of all content together */
} cs_archive;

/* `sha512`: of the map, in hex, or NULL. CONFIG, SYNTAX. */
CS_MUST_USE cs_status cs_archive_bundle(cs_bytes zip, const char *sha512, cs_buf *ret,
                                        cs_error *err);
/* archive_write.c. CONFIG, SYNTAX. */
CS_MUST_USE cs_status cs_archive_write(const cs_archive *a, cs_buf *ret, cs_error *err);
