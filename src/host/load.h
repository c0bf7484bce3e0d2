/* A bundle on its way into a store: made from what names it, compiled, put there. */
#pragma once
#include "host/source.h"
#include "worker/supervisor.h"

typedef struct cs_loaded {
    cs_source source;
    cs_hash name;    /* by which the store has it */
    char id[136];    /* by which vats have it (S21): "b1-...", else "c1-" and the name */
    cs_buf code;     /* compiled for the base of that name */
    char *base_name; /* owned; NULL: it is not compiled, it is an external vat's command */
} cs_loaded;

/* Fills `ret`, whatever happens: cs_loaded_fini() it. What is wrong with sources and imports shows here.
 * ENGINE; else CONFIG: the text names file and line. */
CS_MUST_USE cs_status cs_loaded_read(cs_supervisor *compiler, const cs_config_source *from,
                                     cs_loaded *ret, cs_error *err);
void cs_loaded_fini(cs_loaded *l);
/* Adds bundle and code to the store. */
void cs_loaded_add(cs_store *s, const cs_loaded *l);
