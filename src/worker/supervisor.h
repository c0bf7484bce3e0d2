/* The supervisor: the vats that one process runs. Loads a vat's bundle into a heap, feeds it
 * deliveries, unloads it. Used in the kernel's own process by the local kind, and the same in a worker
 * process. */
#pragma once
#include "base/hash.h"
#include "base/message.h"

typedef struct cs_supervisor cs_supervisor;

typedef struct cs_supervisor_ops {
    /* What a vat says: testLog (level NULL) or console. */
    void (*say)(void *ctx, cs_vatid vat, const char *level, cs_bytes text);
    /* cs_liveslots_ops.ask of a vat. */
    cs_status (*ask)(void *ctx, cs_vatid vat, cs_syscall *syscalls, uint32_t count);
    /* Compiled code of a bundle, kept by whoever keeps bundles: read gives bytes borrowed until the
     * next call (size 0: none), write offers them. May both be NULL. */
    cs_bytes (*read_code)(void *ctx, const char *base_name);
    void (*write_code)(void *ctx, const char *base_name, cs_bytes code);
    /* A clock, to time collections with. NULL where there is none: their pauses are 0 then. */
    uint64_t (*now_ns)(void *ctx);
} cs_supervisor_ops;

/* Makes the base heap of this process. ENGINE (ENV). */
CS_MUST_USE cs_status cs_supervisor_new(const cs_supervisor_ops *ops, void *ctx,
                                        cs_supervisor **ret, cs_error *err);
cs_supervisor *cs_supervisor_free(cs_supervisor *s);

/* Compiles a bundle without loading it: what is wrong with its sources and imports shows before there
 * is a vat. Gives the code, for read_code, and borrows the name of its base. SYNTAX (VAT). */
CS_MUST_USE cs_status cs_supervisor_compile(cs_supervisor *s, cs_bytes bundle, cs_buf *ret_code,
                                            const char **ret_base_name, cs_error *err);

const char *cs_supervisor_base_name(const cs_supervisor *s); /* cs_base_name() */

typedef struct cs_load_options {
    uint64_t computrons_max, heap_max; /* 0: unlimited; the default */
    const cs_hash *bundle;             /* its name; only worker processes want to know */
} cs_load_options;
/* Loads a vat, before any delivery. SYNTAX, THROWN, METER … (VAT), ENGINE (ENV). */
CS_MUST_USE cs_status cs_supervisor_load(cs_supervisor *s, cs_vatid vat, cs_bytes bundle,
                                         const cs_load_options *options, cs_error *err);
/* The reply is borrowed until the next call for the same vat. The vat must be loaded. */
void cs_supervisor_deliver(cs_supervisor *s, cs_vatid vat, const cs_delivery *d, cs_collect collect,
                           cs_reply *ret_reply);
/* cs_liveslots_imports() of a vat that is loaded. */
void cs_supervisor_imports(cs_supervisor *s, cs_vatid vat, cs_vrefs *ret_held,
                           cs_vrefs *ret_recognized);

/* Of all collections that were made here, replays apart. Clock time: for people, never for rows. */
typedef struct cs_collection_figures {
    uint64_t collections, dead;    /* references found dead by them */
    uint64_t dead_max;             /* by one */
    double p50_us, p99_us, max_us; /* pauses; within some percent */
} cs_collection_figures;
cs_collection_figures cs_supervisor_collections(const cs_supervisor *s);
void cs_supervisor_unload(cs_supervisor *s, cs_vatid vat); /* absent is fine */
/* Silent: what the vat says is dropped (it has said it before, S16). */
void cs_supervisor_set_silent(cs_supervisor *s, bool silent);
