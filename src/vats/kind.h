/* A kind of vat manager (A5): how a worker is started and spoken to. A worker runs any number of vats,
 * each loaded once, and answers one delivery at a time. Private to vats/.
 *
 * Statuses of load and deliver: what a vat did is VAT (load) or in the reply (deliver); WORKER (ENV)
 * says that the worker is no more, and all its vats with it: it can only be stopped then. */
#pragma once
#include "vats/settings.h"
#include "worker/supervisor.h"

typedef struct cs_kind cs_kind;

/* Each kind has its own struct, which begins with this. */
typedef struct cs_worker {
    const cs_kind *kind;
    bool never_began; /* it failed, and had not even looked at the request that it failed at */
} cs_worker;

struct cs_kind {
    const char *name;
    /* Its vats keep everything in the vatstore (native.h): loading one brings it back, without replay. */
    bool keeps_no_heap;
    /* It is a process of one thread, which works only while we wait: core.h. */
    bool shares_core;
    /* A vat in it is shut in, or is code of ours. */
    bool is_confined;
    /* `settings` are borrowed for as long as the worker is. `ops` are called during load and deliver
     * only. ENGINE (ENV). */
    cs_status (*start)(const cs_worker_settings *settings, const cs_supervisor_ops *ops, void *ctx,
                       cs_worker **ret, cs_error *err);
    /* Waits until a worker that was started can be used: it makes itself ready while we do other things.
     * To be called once, before anything but `stop`; NULL: it was ready at once. ENGINE (ENV): it can only
     * be stopped. */
    cs_status (*await)(cs_worker *w, cs_error *err);
    void (*stop)(cs_worker *w);

    cs_status (*load)(cs_worker *w, cs_vatid vat, cs_bytes bundle, const cs_load_options *options,
                      cs_error *err);
    /* The reply is borrowed until the next call. */
    cs_status (*deliver)(cs_worker *w, cs_vatid vat, const cs_delivery *d, cs_collect collect,
                         cs_reply *ret_reply, cs_error *err);
    cs_status (*imports)(cs_worker *w, cs_vatid vat, cs_vrefs *ret_held, cs_vrefs *ret_recognized,
                         cs_error *err);
    void (*unload)(cs_worker *w, cs_vatid vat); /* absent is fine */
    /* Silent: nothing that vats say is told, and collections are not counted (S16). */
    void (*set_silent)(cs_worker *w, bool silent);
    cs_collection_figures (*collections)(const cs_worker *w);
    /* What of its sandbox could not be had on this machine; "": nothing. NULL: it is to have none. */
    const char *(*lacks)(const cs_worker *w);
};

extern const cs_kind cs_kind_local;    /* the vats live in this process */
extern const cs_kind cs_kind_process;  /* in a sandboxed process of our own program */
extern const cs_kind cs_kind_external; /* one vat, in a program that speaks JSON lines */
extern const cs_kind cs_kind_node;     /* one vat, on Node with the published liveslots */
extern const cs_kind cs_kind_native;   /* they are part of this program: native.h */
