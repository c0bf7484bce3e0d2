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
 * refused with the same status. */
void cs_liveslots_deliver(cs_liveslots *ls, const cs_delivery *d, cs_reply *ret_reply);

extern const cs_native cs_liveslots_natives[];
