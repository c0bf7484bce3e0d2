/* What the files of the audit share. */
#pragma once
#include "base/map.h"
#include "kernel/state.h"

/* What the sources say about one kref. */
typedef struct cs_audit_sum {
    uint64_t reachable, recognizable, refs;
    uint32_t results; /* queued messages whose result it is */
} cs_audit_sum;

typedef struct cs_audit {
    cs_kernel *k;
    void (*tell)(void *ctx, const char *line);
    void *ctx;
    size_t lines;
    cs_map sums;                   /* kref -> cs_audit_sum, owned */
    cs_map reaping, lonely, ended; /* vat -> how often it is on the queue, or the list */
    cs_arena arena;
    cs_vatid vat; /* whose c-list is walked */
    bool vat_is_live;
    uint64_t next_object, next_promise, next_device; /* its next imports */
    uint64_t imports_reachable;                      /* so far */
    uint64_t objects, promises, entries;
} cs_audit;

void cs_audit_wrong(cs_audit *a, const char *format, ...) CS_PRINTF(2, 3);
/* Says that something is wrong with `ref`. */
void cs_audit_wrong_ref(cs_audit *a, cs_kref ref, const char *what);

/* ---- garbage: audit_gc.c ---- */
/* Both queues of vats; before the vats. */
void cs_audit_vat_queues(cs_audit *a);
/* V1 to V3, after the vat's c-list was walked. */
void cs_audit_vat_garbage(cs_audit *a, const cs_vat_row *row);
/* G2: an import whose object is retiring. */
void cs_audit_import(cs_audit *a, const cs_clist_row *row, const cs_object_row *object);
/* G1: an object and its owner's entry. */
void cs_audit_export(cs_audit *a, const cs_object_row *row, const cs_clist_row *export);
/* G2: an orphan. */
void cs_audit_orphan(cs_audit *a, const cs_object_row *row);
/* All names of GC actions. What they name may be long gone (G3). */
void cs_audit_actions(cs_audit *a);
