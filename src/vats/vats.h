/* The vat manager: which vats are loaded; brings one back by replaying its transcript (S16). */
#pragma once
#include "store/store.h"
#include "vats/settings.h"
#include "worker/supervisor.h"

typedef struct cs_vats cs_vats;

typedef struct cs_vats_ops {
    void (*say)(void *ctx, cs_vatid vat, const char *level, cs_bytes text);
    /* The computrons that one delivery to the vat may take; 0, or no such op: unlimited. */
    uint64_t (*computrons_max)(void *ctx, cs_vatid vat);
    /* cs_kernel_ask() for the vat to which a delivery is under way. */
    cs_status (*ask)(void *ctx, cs_vatid vat, cs_syscall *syscalls, uint32_t count);
    /* Where the vat is to run; *ret is all NULL before. Borrowed until the next call. */
    void (*place)(void *ctx, cs_vatid vat, cs_place *ret);
    void (*notice)(void *ctx, const char *line); /* a worker died, or has no sandbox */
} cs_vats_ops;

/* Borrows the store, and what `settings` (NULL: the vats live in this process) point to. Begins to start the
 * first worker of a pool: a process makes itself ready while the caller does other things, and so the store
 * may be NULL for now. */
cs_vats *cs_vats_new(cs_store *store, const cs_worker_settings *settings, const cs_vats_ops *ops,
                     void *ctx);
/* Before anything else that needs one. */
void cs_vats_set_store(cs_vats *v, cs_store *store);
cs_vats *cs_vats_free(cs_vats *v);

/* Loads the vat if it is not loaded (bundle, then every delivery of its transcript), delivers, and
 * gives the reply, borrowed until the next call. A vat that cannot be loaded for a fault of its own
 * before its first delivery gets a failed reply, not a status. Statuses: CORRUPT, IO, ENGINE (ENV),
 * DIVERGED turned into CORRUPT: replay differs from the transcript.
 *
 * WORKER (ENV): the vat's worker has died, and nothing is known of the delivery. Take it back
 * (cs_kernel_abandon()) and deliver it again: the vat will be alone in a new worker. Should that one die
 * as well, it is the vat's fault, and there is a failed reply (KILLED). (A worker that was dead before it
 * read the delivery does not count, nor does one that died in a replay; not before the tenth time.) */
CS_MUST_USE cs_status cs_vats_deliver(cs_vats *v, cs_vatid vat, const cs_delivery *d,
                                      cs_collect collect, cs_reply *ret_reply, cs_error *err);
/* What a loaded vat says that it imports: for cs_kernel_reconcile(). Borrowed until the next call. WORKER
 * (ENV): it is not loaded any more. */
CS_MUST_USE cs_status cs_vats_imports(cs_vats *v, cs_vatid vat, cs_vrefs *ret_held,
                                      cs_vrefs *ret_recognized, cs_error *err);
cs_collection_figures cs_vats_collections(const cs_vats *v);
void cs_vats_unload(cs_vats *v, cs_vatid vat); /* absent is fine */
/* Nothing will be delivered for a while: between blocks, and before whoever called us goes on. */
void cs_vats_rest(cs_vats *v);
size_t cs_vats_loaded(const cs_vats *v);

/* For `capstan replay`: replays [first, to) in a fresh heap and compares every syscall but drops and
 * retires. On a difference DIVERGED (VAT) with both syscalls as text in err. `to` 0: all. */
typedef struct cs_replay_figures {
    uint64_t deliveries;
    uint64_t other_drops; /* deliveries of these that dropped or retired otherwise than recorded */
} cs_replay_figures;
CS_MUST_USE cs_status cs_vats_replay(cs_vats *v, cs_vatid vat, uint64_t to, cs_replay_figures *ret,
                                     cs_error *err);
