/* Where a message goes (S2). Routing happens twice: when it is accepted and when its turn on the run
 * queue comes, because the world may have changed in between. */
#pragma once
#include "kernel/state.h"

typedef enum cs_route_kind {
    CS_ROUTE_VAT = 1, /* to `vat`, with `target` */
    CS_ROUTE_WAIT,    /* on the queue of the promise that is its target */
    CS_ROUTE_SPLAT,   /* to nobody: its result is rejected with `error` */
} cs_route_kind;
typedef struct cs_route {
    cs_route_kind kind;
    cs_vatid vat;
    cs_kref target;
    cs_blob *error; /* SPLAT: one reference, the receiver's to give back */
} cs_route;

cs_route cs_route_send(cs_kernel *k, const cs_event *send);
/* The message goes nowhere: rejects its result, forgets its mentions. Takes the route's error. */
void cs_route_splat(cs_kernel *k, const cs_event *send, cs_route *route);
/* The routing crank of one event from the acceptance queue. Takes the item. */
void cs_route_accept(cs_kernel *k, const cs_event *e, cs_blob *take_item);
