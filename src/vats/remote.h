/* The kernel's side of a conversation with another process: the part of a kind of vat manager that does
 * not depend on what that process is, nor on whether it speaks frames or JSON lines. Private to vats/.
 *
 *   R1  What it says is checked and bounded; whatever else it does (dies, is silent for too long, answers
 *       twice, or for another request) is WORKER, and then it is not spoken to again.
 *   R2  What vats say is told when the delivery is over: one that has to be tried again says nothing
 *       twice.
 *   R3  The syscalls of a reply are those that came up with questions, as they were then, and behind them
 *       those of the REPLY. */
#pragma once
#include "base/arena.h"
#include "vats/child.h"
#include "vats/kind.h"
#include "wire/channel.h"
#include "wire/frame.h"

typedef struct cs_remote_format {
    cs_message_size_fn *size;
    cs_status (*enc)(cs_buf *b, const cs_frame *f);                     /* TOO_BIG (VAT) */
    cs_status (*dec)(cs_bytes message, cs_arena *arena, cs_frame *ret); /* PROTOCOL (VAT) */
    size_t receive_max;                                                 /* of one message */
    bool takes_bundles;                                                 /* else LOAD has none */
} cs_remote_format;

typedef struct cs_remote {
    cs_worker worker;
    const cs_remote_format *format;
    const cs_supervisor_ops *ops;
    void *ctx;
    cs_child child;
    int core; /* cs_core_bring() */
    cs_channel channel;
    uint32_t wait_ms; /* of the channel, once it is ready */
    bool failed;      /* R1 */
    bool silent;
    uint32_t serial;
    cs_vatid vat;     /* of the request that is under way */
    char *base_name;  /* what it said in READY */
    cs_hash *bundles; /* that it has */
    size_t bundle_count;

    /* Of the delivery that is under way, or the last one. */
    cs_arena arena;
    cs_syscall *asked; /* R3 */
    uint32_t asked_count, asked_cap;
    uint64_t asked_size; /* of the messages that they came in */
    cs_buf said;         /* R2: levels and texts, each with its size */

    cs_collection_figures figures;
} cs_remote;

/* Begins the conversation with a child that has just been started, which is taken: HELLO. It does not wait:
 * while the child makes itself ready we may do other things. `wait_ms` is for answers; to get ready a
 * child has two seconds in any case, for that is no vat's fault. */
void cs_remote_open(cs_remote *r, const cs_child *child, uint32_t wait_ms);
/* READY: waits until it can be spoken to; to be called once, before anything else. Gives in *ret_ready what
 * it said, borrowed until the next call. ENGINE (ENV): it is no worker of this version, or did not answer.
 * After a failure only cs_remote_close() may follow. */
CS_MUST_USE cs_status cs_remote_await(cs_remote *r, cs_frame *ret_ready, cs_error *err);
void cs_remote_close(cs_remote *r); /* frees nothing but what is in it */

/* The members of a cs_kind for which a cs_remote is all that is needed. */
cs_status cs_remote_load(cs_worker *w, cs_vatid vat, cs_bytes bundle,
                         const cs_load_options *options, cs_error *err);
cs_status cs_remote_deliver(cs_worker *w, cs_vatid vat, const cs_delivery *d, cs_collect collect,
                            cs_reply *ret_reply, cs_error *err);
cs_status cs_remote_imports(cs_worker *w, cs_vatid vat, cs_vrefs *ret_held,
                            cs_vrefs *ret_recognized, cs_error *err);
void cs_remote_unload(cs_worker *w, cs_vatid vat);
void cs_remote_set_silent(cs_worker *w, bool silent);
cs_collection_figures cs_remote_collections(const cs_worker *w);
