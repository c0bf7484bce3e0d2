/* Where vats run, as a host says it (docs/workers.md). */
#pragma once
#include "base/ref.h"

/* How worker processes are shared. */
typedef enum cs_sharing {
    CS_SHARE_POOL, /* `pool` processes, a vat's id says which */
    CS_SHARE_NONE, /* one for each vat */
} cs_sharing;

typedef struct cs_worker_settings {
    const char *kind; /* of vats that do not say: a name of cs_kind_check(); NULL: "local" */
    cs_sharing sharing;
    uint32_t pool;       /* 0: 1 */
    const char *program; /* the capstan that worker processes run; NULL: beside ours, or by PATH */
    bool require_sandbox;
    uint32_t watchdog_ms; /* a worker that does not answer for so long is killed; 0: the default */
} cs_worker_settings;

#define CS_WATCHDOG_MS 30000u

/* Whether vats can run so: "local", "process" (or "xs-worker", "xsnap": the same), "external",
 * "node-subprocess". */
bool cs_kind_check(const char *name);

/* Where one vat wants to run. */
typedef struct cs_place {
    const char *kind;  /* as in the settings; NULL: theirs */
    const char *group; /* vats of one group share a process, which is theirs alone; NULL: none */
} cs_place;
