/* Capstan: an object-capability kernel in one library. This header is all of its interface.
 *
 * A *capstan* is one kernel over one store. It runs vats: JavaScript programs that nobody has to
 * trust, which live for years in the store and reach each other only through references that they
 * were given. No globals but the allocator: several capstans live in one process, each used by one
 * thread at a time.
 *
 *     capstan_options o = { .size = sizeof o, .config = "examples/purse", .store = "purse.db" };
 *     capstan *c;
 *     if (capstan_open(&o, &c) != CAPSTAN_OK || capstan_run(c, NULL, NULL) != CAPSTAN_OK)
 *         fprintf(stderr, "%s\n", capstan_errmsg(c));
 *     capstan_close(c);
 *
 * Errors: every function returns a code; the text, with what, where and how to mend it, is kept on
 * the handle until the next call. After HOST codes nothing has changed. After ENV codes (the machine:
 * disk, memory) the crank was rolled back: close, mend, open again; nothing committed is lost. What
 * vats do wrong never is a code: the vat ends, and the promises it should have settled reject.
 *
 * Ownership: parameters are borrowed for the call. Returned strings and CapData are borrowed until
 * the next call with the same handle. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define CAPSTAN_API __attribute__((visibility("default")))

typedef struct capstan capstan;

typedef enum capstan_code {
    CAPSTAN_OK = 0,
    /* HOST: this call was wrong */
    CAPSTAN_USAGE = 1,     /* an argument */
    CAPSTAN_CONFIG = 2,    /* a configuration or source file; the text names file and place */
    CAPSTAN_NOT_FOUND = 3, /* a vat, object, promise, method of the store, or file */
    CAPSTAN_BUSY = 4,      /* called from inside a callback */
    CAPSTAN_DEAD = 5,      /* the vat is terminated */
    CAPSTAN_PANIC = 6, /* the kernel stopped (a critical vat ended, a promise with policy panic) */
    /* ENV: the machine */
    CAPSTAN_IO = 16,
    CAPSTAN_DISK_FULL = 17,
    CAPSTAN_READ_ONLY = 18,
    CAPSTAN_LOCKED = 19,   /* another process has the store */
    CAPSTAN_NOT_OURS = 20, /* the file is no Capstan store */
    CAPSTAN_NEWER = 21,    /* written by a newer Capstan */
    CAPSTAN_CORRUPT = 22,  /* a row or a hash is wrong; the text says which */
    CAPSTAN_ENGINE = 23,   /* the JavaScript engine could not be started */
    /* what an examination found */
    CAPSTAN_DIFFERENT = 32, /* verify: something is wrong; replay: it differs */
} capstan_code;

CAPSTAN_API const char *capstan_version(void);
CAPSTAN_API const char *capstan_code_name(capstan_code code); /* "CONFIG" */

/* Replaces malloc for the whole process; before anything else, once. `resize(ctx, old, size)`:
 * old NULL allocates, size 0 frees and returns NULL. Out of memory ends the process (abort) at the
 * last commit. */
CAPSTAN_API void capstan_set_allocator(void *(*resize)(void *ctx, void *old, size_t size),
                                       void *ctx);

/* ---- open and close ---- */

/* What vats and the kernel say. Called during step and run; must not call back into the handle. */
typedef struct capstan_listener {
    /* vatPowers.testLog: one line. Never repeated when a vat is rebuilt. */
    void (*test_log)(void *ctx, const char *vat, const char *line);
    /* console.log and its kin; level is "log", "info", "warn", "error" or "debug". */
    void (*console)(void *ctx, const char *vat, const char *level, const char *line);
    /* The kernel's own notices: a vat ended and why, a source that changed since, … One line. */
    void (*notice)(void *ctx, const char *line);
} capstan_listener;

typedef struct capstan_options {
    size_t size;        /* sizeof(capstan_options): lets the struct grow */
    const char *store;  /* path, or ":memory:"; NULL: capstan.db beside the config */
    const char *config; /* a config JSON or a basedir; NULL: the store must exist */
    bool reset;         /* delete an existing store first */
    bool read_only;     /* look only: nothing runs, nothing is written */
    const char *worker; /* where vats run (docs/workers.md): "process", "process:N", "process:vat";
                                "local": in this process; NULL: as the configuration's
                                defaultManagerType says, which the store keeps */
    const char *gc;     /* "prompt", "paced", "batched" or NULL: paced; for this handle only */
    uint32_t block;     /* cranks per commit at most; 0: 1000 */
    const char *const *argv; /* vatParameters.argv of the bootstrap vat */
    size_t argc;
    const capstan_listener *listener;
    void *ctx;                  /* for the listener */
    const char *worker_program; /* the capstan that worker processes run; NULL: the one beside this
                                   program, or by PATH */
    bool require_sandbox;       /* a vat that would run outside a whole sandbox: ENGINE */
    uint32_t watchdog_millis;   /* a worker that does not answer for so long is killed; 0: 30,000 */
    uint64_t
        delivery_computrons; /* that one delivery may take, 10,000 to 100,000,000; a vat that wants
                                     more is terminated. Of the store: said when it is made, and kept.
                                     0: 100,000,000 */
    const char *worker_default; /* as `worker`, if neither that nor the store says; NULL: "local" */
} capstan_options;

/* Opens a store, or makes one from the config, and commits that. *ret is set whatever happens, so
 * that capstan_errmsg() works; close it in any case. An existing store goes on where its last block
 * ended and keeps its own sources; a notice says which have changed since. USAGE, CONFIG, NOT_FOUND,
 * every ENV code. */
CAPSTAN_API capstan_code capstan_open(const capstan_options *options, capstan **ret);
/* Uncommitted cranks are lost. NULL is fine. */
CAPSTAN_API void capstan_close(capstan *c);
CAPSTAN_API const char *capstan_errmsg(const capstan *c);
CAPSTAN_API const char *capstan_store_path(const capstan *c);

/* ---- run ---- */

#define CAPSTAN_NEVER UINT64_MAX

/* What of terminated vats one crank deletes, by phase, as the reference's allowCleanup() says it: the
 * phases come in this order, and one that has deleted as many rows as it may ends the crank. 0: as by_default,
 * which 0 means no limit. Vats have no snapshots yet: their number is not used. */
typedef struct capstan_cleanup_budget {
    uint64_t by_default, exports, imports, promises, kv, snapshots, transcripts;
} capstan_cleanup_budget;

typedef struct capstan_policy {
    uint64_t cranks_max;     /* 0: no limit */
    uint64_t computrons_max; /* likewise */
    uint64_t millis_max;     /* likewise; wall clock, read between cranks only */
    uint64_t cleanup_max;    /* rows of terminated vats that one crank deletes; 0: 1000;
                                CAPSTAN_NEVER: none, and the rest goes on */
    const capstan_cleanup_budget
        *cleanup_budget; /* instead of that number; NULL: none. Both: USAGE */
} capstan_policy;

typedef struct capstan_run_figures {
    uint64_t cranks, deliveries, computrons;
    uint64_t queued; /* events and reaps that wait now */
    bool quiet;      /* nothing is left to do */
} capstan_run_figures;

/* Runs one crank, uncommitted. *ret_did false: there was nothing to do. PANIC, ENV codes. */
CAPSTAN_API capstan_code capstan_step(capstan *c, bool *ret_did);
/* Runs until quiet or the policy says stop, committing each block. policy, ret NULL is fine. USAGE, PANIC,
 * ENV codes. */
CAPSTAN_API capstan_code capstan_run(capstan *c, const capstan_policy *policy,
                                     capstan_run_figures *ret);
CAPSTAN_API capstan_code capstan_commit(capstan *c);

/* ---- messages ---- */

/* Data with references. Slots are krefs as text, "ko20". */
typedef struct capstan_capdata {
    const char *body; /* smallcaps: '#' and JSON */
    size_t body_size;
    const char *const *slots;
    size_t slot_count;
} capstan_capdata;

/* The plain JSON of a smallcaps body, or NULL if it has none (it holds a reference, a bigint,
 * undefined, an error, …). `data` stays valid. */
CAPSTAN_API const char *capstan_plain_json(capstan *c, const capstan_capdata *data);
/* Arguments for a message from JSON texts, one each. USAGE names the text that is not JSON. */
CAPSTAN_API capstan_code capstan_args_of_json(capstan *c, const char *const *texts, size_t count,
                                              capstan_capdata *ret);

typedef enum capstan_on_result { /* when the answer settles */
                                 CAPSTAN_IGNORE,
                                 CAPSTAN_LOG_ALWAYS,
                                 CAPSTAN_LOG_FAILURE,
                                 CAPSTAN_PANIC_ON_FAILURE,
} capstan_on_result;

/* Queues a message; *ret_kpid (if not NULL) names the promise of its answer, which is kept until
 * capstan_kp_release(). args.body is the array of arguments, e.g. "#[1,\"two\"]". NOT_FOUND, DEAD,
 * USAGE. */
CAPSTAN_API capstan_code capstan_queue_to_vat_root(capstan *c, const char *vat, const char *method,
                                                   const capstan_capdata *args,
                                                   capstan_on_result on_result,
                                                   const char **ret_kpid);
CAPSTAN_API capstan_code capstan_queue_to_object(capstan *c, const char *kref, const char *method,
                                                 const capstan_capdata *args,
                                                 capstan_on_result on_result,
                                                 const char **ret_kpid);
typedef enum capstan_promise {
    CAPSTAN_UNRESOLVED,
    CAPSTAN_FULFILLED,
    CAPSTAN_REJECTED,
} capstan_promise;
CAPSTAN_API capstan_code capstan_kp_status(capstan *c, const char *kpid, capstan_promise *ret);
CAPSTAN_API capstan_code capstan_kp_resolution(capstan *c, const char *kpid, capstan_capdata *ret);
/* Ends one hold of the host: of a promise that capstan_queue_to_…() gave, once for each time it was
 * given, or of an object that is pinned, by its kref (the way that is left when its vat is terminated).
 * What nobody else holds is collected as the next cranks run; until it is released it is not, and takes
 * room for ever. NOT_FOUND: the host does not hold it. */
CAPSTAN_API capstan_code capstan_kp_release(capstan *c, const char *kref);
/* The promise of the bootstrap call; kept in the store. NOT_FOUND: no vat is the bootstrap vat. */
CAPSTAN_API capstan_code capstan_bootstrap(capstan *c, capstan_promise *ret,
                                           capstan_capdata *ret_value);

/* ---- vats ---- */
CAPSTAN_API capstan_code capstan_vat_id(capstan *c, const char *name, const char **ret_vat);
/* The root object of a live vat, whoever holds it: a root that nobody held any more was retired like
 * any other object, and is exported anew, by another kref. Naming it does not hold it. NOT_FOUND, DEAD;
 * READ_ONLY if it would have to be exported. */
CAPSTAN_API capstan_code capstan_root_object(capstan *c, const char *vat, const char **ret_kref);
/* Holds the root object until it is unpinned, however often it was pinned. NOT_FOUND, DEAD. */
CAPSTAN_API capstan_code capstan_pin_vat_root(capstan *c, const char *vat);
/* NOT_FOUND: it is not pinned. DEAD: the vat is terminated; capstan_kp_release() ends the pin. */
CAPSTAN_API capstan_code capstan_unpin_vat_root(capstan *c, const char *vat);
CAPSTAN_API capstan_code capstan_terminate_vat(capstan *c, const char *vat, const char *reason);

/* A vat that its meter has suspended goes on; nothing happens to others. NOT_FOUND, DEAD. */
CAPSTAN_API capstan_code capstan_resume_vat(capstan *c, const char *vat);

/* ---- bundles that vats are made of (docs/bundles.md) ---- */

/* Names one, by `path` or by `json`. */
typedef struct capstan_bundle {
    const char *path; /* of a bundle (*.json), or of an entry module: then its tree is bundled */
    const char *json; /* the bundle itself, as bundle-source writes it */
    size_t json_size;
    const char *id;   /* what its id must be; NULL: whatever it is */
    const char *name; /* a name for it, as in the configuration's `bundles`; NULL: none */
} capstan_bundle;

/* Installs a bundle while the store lives; whoever waits for it in vatAdmin hears of it as the next
 * cranks run. *ret_id (if not NULL) is its id: "b1-" and the SHA-512 that an endoZip has, else "c1-" and
 * a SHA-256 of ours. What is installed already stays as it is: that is no error. CONFIG: it is no bundle,
 * it is damaged, it does not compile, it has another id; the text names file and line. NOT_FOUND: the
 * file. USAGE: not one of path and json, a malformed name, a name that another bundle has. PANIC, ENV
 * codes. */
CAPSTAN_API capstan_code capstan_install_bundle(capstan *c, const capstan_bundle *bundle,
                                                const char **ret_id);

/* How many vats may live at once: when they do, vatAdmin refuses to make more. Vats of the configuration
 * count too, those that are terminated do not. 10,000 until it is said; kept in the store. 0: as it
 * was. PANIC, ENV codes. */
CAPSTAN_API capstan_code capstan_set_vats_max(capstan *c, uint64_t most);

/* ---- garbage (docs/gc.md) ---- */

/* Schedules a bringOutYourDead for every live vat, whatever its options: step and run deliver it before
 * any message. */
CAPSTAN_API capstan_code capstan_reap_all(capstan *c);

typedef struct capstan_gc_figures {
    uint64_t imports_dropped, imports_retired; /* references that vats lost, would not know again */
    uint64_t exports_dropped,
        exports_retired; /* objects that nobody reaches, would know any more */
    uint64_t deliveries; /* that it took: reaps, and telling whom it concerns */
    uint64_t rounds;     /* times that the vats were reaped */
} capstan_gc_figures;
/* Collects now: reaps one vat, or (vat NULL) all of them until nothing changes any more, and commits.
 * Only deliveries of the collector run; messages stay queued, no code of a vat gets a turn. ret NULL is
 * fine. NOT_FOUND, DEAD, PANIC, ENV codes. */
CAPSTAN_API capstan_code capstan_gc(capstan *c, const char *vat, capstan_gc_figures *ret);

/* Who holds an object or a promise, as what, and since which crank; and what vats have yet to be told
 * about it. JSON, docs/formats.md. USAGE: that is no kref. NOT_FOUND: nobody knows it, or no longer. */
CAPSTAN_API capstan_code capstan_why_json(capstan *c, const char *kref, const char **ret_json);

/* When vats without options of their own are reaped under the policy "batched": after so many
 * deliveries, or so many references in deliveries of the collector. 0: as it was. Kept in the store. */
CAPSTAN_API capstan_code capstan_set_reap_defaults(capstan *c, uint64_t interval,
                                                   uint64_t gc_krefs);

/* ---- look ---- */
/* JSON texts, in the shapes of docs/formats.md. */
CAPSTAN_API capstan_code capstan_dump_json(capstan *c, const char **ret_json);
/* The store's counters, as in the dump, and the collections that this process made. */
CAPSTAN_API capstan_code capstan_stats_json(capstan *c, const char **ret_json);
CAPSTAN_API capstan_code capstan_activity_hash(capstan *c, const char **ret_hex);
/* Calls fn with each transcript entry as one JSON line, in order of vat and delivery, until it
 * returns false. vat NULL: all; from: first delivery number. */
CAPSTAN_API capstan_code capstan_log(capstan *c, const char *vat, uint64_t from,
                                     bool (*fn)(void *ctx, const char *json_line), void *ctx);
/* Audits every invariant and hash; a line for each fault. DIFFERENT: there was one. */
CAPSTAN_API capstan_code capstan_verify(capstan *c, void (*fn)(void *ctx, const char *line),
                                        void *ctx);
/* Replays a vat's transcript (its first `to` deliveries; 0: all) in a fresh heap and compares.
 * DIFFERENT: the text shows both syscalls. */
CAPSTAN_API capstan_code capstan_replay(capstan *c, const char *vat, uint64_t to,
                                        uint64_t *ret_deliveries);

#ifdef __cplusplus
}
#endif
