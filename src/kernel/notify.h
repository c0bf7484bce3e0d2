/* What one notify tells (S2): the promise, and every resolved promise that can be reached from its
 * resolution, so that the vat never waits for what the kernel knows already. */
#pragma once
#include "kernel/state.h"

typedef struct cs_settled {
    cs_kref promise;
    bool rejected;
    cs_kcapdata data;
} cs_settled;
typedef struct cs_settled_list {
    cs_settled *items; /* the crank's arena */
    size_t count, cap;
} cs_settled_list;

/* In the order in which a walk from slot to slot, depth first, meets them. Resolutions may mention
 * each other. */
cs_settled_list cs_notify_closure(cs_kernel *k, cs_kref root);
