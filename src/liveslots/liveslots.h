/* Liveslots: one vat's user-level objects <-> vrefs (S5-S7). Feeds a delivery to the vat's code,
 * runs it until it is quiet, and collects every syscall in order. It sits below the realm in which
 * user code runs: nothing there can reach a table, a vref or a syscall. */
#pragma once
#include "base/message.h"
#include "engine/engine.h"

typedef struct cs_liveslots cs_liveslots;

/* What liveslots asks of its worker. */
typedef struct cs_liveslots_ops {
    /* vatPowers.testLog(...) and console: what the vat says. level is NULL for testLog. */
    void (*say)(void *ctx, const char *level, cs_bytes text);
    /* A collection begins, or has ended and left so many references dead. */
    void (*collecting)(void *ctx, bool begins, uint32_t dead);
    /* The vat waits for the answer to the last of its syscalls so far, which is written there and
     * borrowed until the delivery is over. Another status than OK: there is none, and the delivery is
     * to end at once. NULL: every question ends it. */
    cs_status (*ask)(void *ctx, cs_syscall *syscalls, uint32_t count);
} cs_liveslots_ops;

typedef struct cs_liveslots_options {
    const cs_liveslots_ops *ops;
    void *ctx;
    cs_vatid vat;            /* named in the ids of errors that leave */
    uint64_t computrons_max; /* of one delivery; 0: unlimited */
    uint64_t heap_max;       /* bytes; 0: CS_HEAP_MAX */
} cs_liveslots_options;

/* Makes the vat's heap and evaluates its bundle (engine/bundle.h's bytes), up to but not including
 * buildRootObject, which startVat calls. Gives. THROWN, a SyntaxError among them (the supervisor asks
 * cs_bundle_compile() first, which says SYNTAX), METER, … (VAT); ENGINE (ENV). */
CS_MUST_USE cs_status cs_liveslots_new(cs_base *base, cs_bytes bundle,
                                       const cs_liveslots_options *options, cs_liveslots **ret_ls,
                                       cs_error *err);
cs_liveslots *cs_liveslots_free(cs_liveslots *ls);

/* One crank. Always fills *ret_reply (borrowed until the next deliver or free); a failed delivery
 * has its status and problem there. After a failure that killed the heap every further delivery is
 * refused with the same status. Deliveries about drops that come before startVat do nothing. `collect`
 * says when the heap is collected at the end; even a BOYD does not while dead_left was so much that
 * one crank cannot tell it. */
void cs_liveslots_deliver(cs_liveslots *ls, const cs_delivery *d, cs_collect collect,
                          cs_reply *ret_reply);

/* The o- that the vat holds, and those that it has dropped and still recognises, as far as the kernel
 * has been told; in order of their texts, borrowed until the next call or delivery. */
void cs_liveslots_imports(cs_liveslots *ls, cs_vrefs *ret_held, cs_vrefs *ret_recognized);

extern const cs_native cs_liveslots_natives[];
