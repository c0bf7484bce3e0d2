/* A configuration, read: the reference's config JSON or basedir convention (semantics C3), checked
 * key by key. Unknown keys are refused by name, so that a misspelt option is not an option ignored. */
#pragma once
#include "base/hash.h"
#include "kernel/kernel.h"

#include <jansson.h>

typedef enum cs_source_kind {
    CS_SOURCE_FILE,    /* sourceSpec: an entry module's path, absolute */
    CS_SOURCE_BUNDLE,  /* bundleSpec: a bundle file's path, absolute */
    CS_SOURCE_INLINE,  /* bundle: the bundle's JSON itself */
    CS_SOURCE_COMMAND, /* managerType "external": how its program is started, as JSON */
} cs_source_kind;

typedef struct cs_config_source {
    cs_source_kind kind;
    char *path;     /* FILE, BUNDLE */
    json_t *bundle; /* INLINE, COMMAND */
} cs_config_source;

typedef struct cs_config_vat {
    char *name;
    cs_config_source source;
    json_t *parameters; /* an object, or NULL */
    bool enable_pipelining, critical, never_reap;
    uint64_t reap_interval, reap_gc_krefs; /* S14; 0: the default, CS_REAP_NEVER: never */
    cs_manager manager;
    char group[CS_GROUP_MAX]; /* workerGroup; "": none */
} cs_config_vat;

/* Of "bundles": vats are made of it by its name, at set-up or later. */
typedef struct cs_config_bundle {
    char *name;
    cs_config_source source;
} cs_config_bundle;

typedef struct cs_config {
    char *path;          /* of the config file or basedir, as given */
    char *folder;        /* absolute: where relative paths start, and the default store lies */
    cs_config_vat *vats; /* the bootstrap vat first, then by name (S22) */
    size_t vat_count;
    cs_config_bundle *bundles; /* by name */
    size_t bundle_count;
    bool has_bootstrap; /* then it is vats[0] */
    bool pin_bootstrap_root;
    uint64_t reap_interval, reap_gc_krefs; /* the defaults; 0: not said, CS_REAP_NEVER: never */
    uint64_t vats_max;                     /* maxVats; 0: not said */
    cs_manager manager;                    /* defaultManagerType */
    cs_hash content;                       /* of all that it says; a basedir's: its file names */
    const char *name;                      /* the file's, inside `path`; "." for a basedir */
} cs_config;

/* Gives. CONFIG (HOST): the text names file, place and the mend. NOT_FOUND: no such file. */
CS_MUST_USE cs_status cs_config_load(const char *path, cs_config **ret, cs_error *err);
cs_config *cs_config_free(cs_config *c);

/* config_place.c: where a vat is to run, by its creationOptions: fills ret->manager and ret->group, and of an external vat
 * ret->source. `place` is named in errors. CONFIG. */
CS_MUST_USE cs_status cs_config_read_place(const cs_config *config, const char *place,
                                           const json_t *options, cs_config_vat *ret,
                                           cs_error *err);

/* config_place.c: fills config->manager from the configuration's defaultManagerType. CONFIG. */
CS_MUST_USE cs_status cs_config_read_default_manager(cs_config *config, const json_t *root,
                                                     cs_error *err);

/* Reads a whole file. Gives. NOT_FOUND, TOO_BIG, IO. */
CS_MUST_USE cs_status cs_read_file(const char *path, size_t max, cs_buf *ret, cs_error *err);
