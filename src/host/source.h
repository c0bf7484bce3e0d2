/* A vat's source as the configuration names it, made into a bundle. */
#pragma once
#include "host/config.h"

typedef struct cs_source_file {
    char *path; /* absolute */
    uint8_t hash[32];
} cs_source_file;

typedef struct cs_source {
    cs_buf bundle;         /* engine/bundle.h's bytes */
    char id[136];          /* "b1-" and the SHA-512 of an endoZip that has one; else "" (S21) */
    cs_source_file *files; /* that it was made from */
    size_t file_count;
} cs_source;

/* A sourceSpec or bundleSpec as an absolute path: a package's module ("@scope/name/file.js") found
 * through node_modules from `folder`, else a path relative to it. Gives. */
char *cs_source_spec_path(const char *folder, const char *spec);

/* Fills `ret`; cs_source_fini() it. CONFIG: a file is missing or not what it should be. SYNTAX. The
 * text names file and line. */
CS_MUST_USE cs_status cs_source_load(const cs_config_source *from, cs_source *ret, cs_error *err);
void cs_source_fini(cs_source *s);

/* A note of the files and their hashes, and the first of a note's files that is different now (gives
 * its path, or NULL). A note that does not decode compares as unchanged: it is only a courtesy. */
void cs_source_note_enc(cs_buf *b, const cs_source *s);
char *cs_source_changed(cs_bytes note);
