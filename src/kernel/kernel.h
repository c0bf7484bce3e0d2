/* The kernel: what runs next, routing, promises, objects, c-lists, and what becomes of a crank.
 *
 * No engine, no clock, no socket: it takes an event and returns an effect. Its only dependency is
 * the store, which it calls synchronously.
 *
 *     while (cs_kernel_next(k, &effect, &err) == CS_OK && effect.kind != CS_EFFECT_IDLE)
 *         if (effect.kind == CS_EFFECT_DELIVER) {
 *             ... the vat's worker answers effect.delivery with a reply ...
 *             cs_kernel_done(k, &reply, &outcome, &err);
 *         }
 *
 * Between next and done nothing else may be called. A status other than OK from any call is the
 * machine's fault (ENV), with the crank rolled back to its start, or PANIC; what vats do wrong is
 * their end, never a status. Committing is the caller's: cs_store_commit() between cranks. */
#pragma once
#include "store/store.h"

typedef struct cs_kernel cs_kernel;

/* What the kernel tells its host as it goes; borrowed for the call. Any may be NULL. */
typedef struct cs_kernel_ops {
    void (*log)(void *ctx, const char *line); /* a vat was terminated, a logged rejection, … */
    void (*ended)(void *ctx, cs_vatid vat);   /* a vat was terminated: its heap is of no more use */
} cs_kernel_ops;

/* Borrows the store until cs_kernel_free(). Writes the first rows if the store is new. */
CS_MUST_USE cs_status cs_kernel_new(cs_store *store, const cs_kernel_ops *ops, void *ctx,
                                    cs_kernel **ret_k, cs_error *err);
cs_kernel *cs_kernel_free(cs_kernel *k);
/* OK, or PANIC and why: then every later call is refused. */
cs_status cs_kernel_status(const cs_kernel *k, cs_error *err);

/* How much of what terminated vats leave one crank deletes; 0: none, until it is said otherwise. Not
 * kept in the store. CS_CLEANUP_BATCH until said otherwise. */
void cs_kernel_set_cleanup(cs_kernel *k, uint64_t most);
/* The same by phases, which come in this order: one that has deleted as many rows as it may ends the
 * crank. */
typedef enum cs_cleanup_phase {
    CS_CLEANUP_EXPORTS,
    CS_CLEANUP_IMPORTS,
    CS_CLEANUP_PROMISES, /* and device nodes */
    CS_CLEANUP_KV,
    CS_CLEANUP_TRANSCRIPTS,
    CS_CLEANUP_PHASES
} cs_cleanup_phase;
typedef struct cs_cleanup_budget {
    uint64_t total;                     /* of all phases */
    uint64_t phases[CS_CLEANUP_PHASES]; /* from 1 on */
} cs_cleanup_budget;
void cs_kernel_set_cleanup_budget(cs_kernel *k, const cs_cleanup_budget *budget);

typedef enum cs_effect_kind {
    CS_EFFECT_IDLE,    /* nothing to do */
    CS_EFFECT_CRANK,   /* a crank without a worker is over: routing, or an event without object */
    CS_EFFECT_DELIVER, /* hand `delivery` to `vat`, then cs_kernel_done() */
} cs_effect_kind;
typedef struct cs_effect {
    cs_effect_kind kind;
    cs_vatid vat;
    cs_delivery delivery; /* borrowed until done */
    cs_collect collect;   /* what the vat's worker is to do at its end */
} cs_effect;
/* S1's order. Before it is IDLE it reaps what the policy says is to be reaped then. */
CS_MUST_USE cs_status cs_kernel_next(cs_kernel *k, cs_effect *ret, cs_error *err);
/* The same for GC actions and the reap queue alone: no user code gets a turn. */
CS_MUST_USE cs_status cs_kernel_next_gc(cs_kernel *k, cs_effect *ret, cs_error *err);

/* Decides and ends the crank (S3, S10). `reply` is checked: it may come from a hostile worker. */
typedef struct cs_outcome {
    bool aborted;    /* the vat's heap must be dropped: it is not what the transcript says */
    bool terminated; /* the vat is no more */
    bool suspended;  /* until its meter is filled; aborted, too */
    uint32_t dropped, retired; /* references that the vat's syscalls dropped, retired */
    uint32_t ignored;          /* drops and retires that changed nothing (S4c) */
    bool miscounted; /* the vat holds other imports than its c-list says: cs_kernel_reconcile() */
} cs_outcome;
CS_MUST_USE cs_status cs_kernel_done(cs_kernel *k, const cs_reply *reply, cs_outcome *ret,
                                     cs_error *err);
/* The worker could not answer through no fault of the vat: rolls back to the start of the crank. */
void cs_kernel_abandon(cs_kernel *k);

/* During a delivery, for syscalls whose answer the vat waits for (vatstore reads, CALL_NOW): `syscalls`
 * are all of the delivery so far, the question last. Applies those that are new, then writes the answer
 * into the question; it is borrowed until the delivery is over. The reply must begin with the same
 * syscalls, at the same addresses or copies of them, for what was applied is not looked at again (only
 * what an EXIT said is, where it was then). A VAT status: one of them is refused, there is
 * no answer, and the vat will be condemned by cs_kernel_done() whatever else its worker says. */
CS_MUST_USE cs_status cs_kernel_ask(cs_kernel *k, cs_syscall *syscalls, uint32_t count,
                                    cs_error *err);

/* ---- garbage (docs/gc.md): policy and reaping, between cranks ---- */
typedef enum cs_gc_policy {
    CS_GC_PACED,   /* collect by allocation; reap lonely vats, and all when idle */
    CS_GC_PROMPT,  /* collect at the end of every crank */
    CS_GC_BATCHED, /* collect in BOYD only, which comes as the reap options say (S14) */
} cs_gc_policy;
/* PACED until said otherwise. Not kept in the store. */
void cs_kernel_set_gc(cs_kernel *k, cs_gc_policy policy);
/* S14's defaults for vats without options of their own, kept in the store: a BOYD every so many
 * deliveries, or so many krefs in GC deliveries. 0: as it was; CS_REAP_NEVER. USAGE: more than that. */
cs_status cs_kernel_set_reap_defaults(cs_kernel *k, uint64_t interval, uint64_t gc_krefs);
/* Puts the vat on the reap queue, whatever its options, unless it is there. NOT_FOUND, DEAD. */
cs_status cs_kernel_reap(cs_kernel *k, cs_vatid vat);
/* All live vats, in order of their ids. */
cs_status cs_kernel_reap_all(cs_kernel *k, cs_error *err);
/* After `miscounted`: the vat says which o- it holds and which it only recognises (S7). Entries of its
 * c-list that it does not name are dropped and retired; what it names beyond its c-list is ignored.
 * Gives how many entries changed. NOT_FOUND, DEAD. */
cs_status cs_kernel_reconcile(cs_kernel *k, cs_vatid vat, const cs_vrefs *held,
                              const cs_vrefs *recognized, uint32_t *ret_changed);

/* Who refers to an object or promise: calls fn for each, c-list entries first, until it returns
 * false. Looks through everything, so it is for people. NOT_FOUND, CORRUPT. */
typedef enum cs_holder_kind {
    CS_HELD_BY_VAT,        /* imports it; a promise: knows it, whoever made it */
    CS_HELD_BY_OWNER,      /* exports it: no count, but `reachable`: it was not told to drop it */
    CS_HELD_BY_QUEUE,      /* an event on the acceptance or run queue mentions it */
    CS_HELD_BY_PROMISE,    /* a message that waits for `promise` mentions it */
    CS_HELD_BY_RESOLUTION, /* `promise` is settled to something that mentions it */
    CS_HELD_BY_HOST, /* a pin, an object that a device keeps, a promise that the host watches */
} cs_holder_kind;
typedef struct cs_holder {
    cs_holder_kind kind;
    cs_vatid vat;    /* BY_VAT, BY_OWNER; BY_QUEUE: whom a notify or startVat is for */
    cs_vref vref;    /* BY_VAT, BY_OWNER */
    bool reachable;  /* likewise; otherwise true */
    cs_kref promise; /* BY_PROMISE, BY_RESOLUTION */
    uint32_t count;  /* mentions; of the host: holds */
    uint64_t since;  /* the crank; of the host, the next one then */
} cs_holder;
cs_status cs_kernel_why(cs_kernel *k, cs_kref ref, bool (*fn)(void *ctx, const cs_holder *),
                        void *ctx);

/* ---- the host's side, between cranks (S20) ---- */
/* Kinds of vat manager, whoever implements them; numbers are stored. */
typedef enum cs_manager {
    CS_MANAGER_DEFAULT, /* what the host was started with */
    CS_MANAGER_LOCAL,
    CS_MANAGER_PROCESS,
    CS_MANAGER_NODE,
    CS_MANAGER_EXTERNAL,
    CS_MANAGER_NATIVE,
    CS_MANAGERS
} cs_manager;
const char *cs_manager_name(cs_manager m);             /* "local", "xs-worker", ... */
bool cs_manager_named(cs_bytes name, cs_manager *ret); /* the reference's names too */

enum { CS_GROUP_MAX = 32 };
typedef struct cs_vat_options {
    bool is_static, enable_pipelining, critical, enable_disavow;
    bool never_reap;                       /* S14: no BOYD by policy, no collections */
    bool has_admin;                        /* vatAdmin made it, and waits to hear how it started */
    bool suspend_on_underflow;             /* of its meter; else that is its end */
    uint64_t computrons_max;               /* of one delivery; 0: unlimited */
    uint64_t reap_interval, reap_gc_krefs; /* S14; 0: the default, CS_REAP_NEVER: never */
    uint64_t meter;                        /* of m1, m2, ...; 0: none */
    cs_manager manager;
    char group[CS_GROUP_MAX]; /* vats of one group share a worker; "": as the host likes */
} cs_vat_options;
/* CapData with krefs. */
typedef struct cs_kcapdata {
    cs_bytes body;
    const cs_kref *slots;
    uint32_t slot_count;
} cs_kcapdata;

/* Makes a vat, exports its root object and queues its startVat. BUSY (HOST): name is taken; USAGE:
 * malformed name (S21). `name` may be empty for a dynamic vat. */
CS_MUST_USE cs_status cs_kernel_add_vat(cs_kernel *k, cs_bytes name, const cs_hash *bundle,
                                        const cs_vat_options *options,
                                        const cs_kcapdata *parameters, cs_vatid *ret_vat,
                                        cs_error *err);
cs_status cs_kernel_vat_named(cs_kernel *k, cs_bytes name, cs_vatid *ret); /* NOT_FOUND */
/* A root is dropped and retired like any object (S4g), but its vat never forgets it: one that was
 * retired is exported anew by this, one that was dropped can be reached again, and stays so until a
 * count of it falls. NOT_FOUND, DEAD. */
cs_status cs_kernel_root(cs_kernel *k, cs_vatid vat, cs_kref *ret);
cs_status cs_kernel_pin(cs_kernel *k, cs_kref object);                      /* NOT_FOUND */
cs_status cs_kernel_terminate(cs_kernel *k, cs_vatid vat, cs_bytes reason); /* NOT_FOUND, DEAD */

/* How many vats may live at once: as many do, those that vatAdmin makes are refused; the host's own are
 * not. CS_VATS_MAX until it is said; kept in the store; 0: as it was. PANIC. */
cs_status cs_kernel_set_vats_max(cs_kernel *k, uint64_t most);

/* Whether the id was given out. */
static inline bool cs_vat_was(const cs_store *s, cs_vatid vat)
{
    return vat.n > 0 && vat.n < cs_meta_get(s)->next_vat;
}
/* Whether it has not ended. */
static inline bool cs_vat_is_live(cs_store *s, cs_vatid vat)
{
    const cs_vat_row *row = cs_vat_find(s, vat);
    return row != NULL && row->status == CS_VAT_LIVE;
}

/* A vat that its meter has suspended goes on: what was held is delivered before anything else. Nothing
 * happens to others. NOT_FOUND, DEAD. */
cs_status cs_kernel_resume(cs_kernel *k, cs_vatid vat);

typedef enum cs_policy { /* S2: what a kernel-made result promise does when it settles */
                         CS_POLICY_IGNORE,
                         CS_POLICY_LOG_ALWAYS,
                         CS_POLICY_LOG_FAILURE,
                         CS_POLICY_PANIC,
} cs_policy;
/* Queues a message; gives the promise of its answer, held for the host until
 * cs_kernel_release(). methargs body is smallcaps "#[method,[args…]]". NOT_FOUND: target or a slot
 * is unknown, or an object that nothing can reach any more; TOO_BIG, BAD_CAPDATA. */
CS_MUST_USE cs_status cs_kernel_send(cs_kernel *k, cs_kref target, const cs_kcapdata *methargs,
                                     cs_policy policy, cs_kref *ret_promise, cs_error *err);
cs_status cs_kernel_promise(cs_kernel *k, cs_kref promise, cs_promise_state *ret_state,
                            cs_kcapdata *ret_data); /* borrowed until the next call; NOT_FOUND */
/* Holds a promise for the host, once more if it is held already. NOT_FOUND. */
cs_status cs_kernel_hold(cs_kernel *k, cs_kref promise);
/* Ends one hold of a promise, or the pin of an object. NOT_FOUND: not held. */
cs_status cs_kernel_release(cs_kernel *k, cs_kref held);

/* Recomputes every count, flag and queue from the rows. What is wrong goes to `tell`, a line each.
 * Returns how many lines. */
size_t cs_kernel_audit(cs_kernel *k, void (*tell)(void *ctx, const char *line), void *ctx);
