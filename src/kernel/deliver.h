/* Events whose turn on the run queue has come: who is to get what (A2, A3), in krefs. Then, in
 * vrefs, cs_crank.delivery (translate_delivery.c). */
#pragma once
#include "kernel/notify.h"

/* Processes cs_crank.event. True: cs_crank.delivery is to be handed to cs_crank.vat. False: nothing
 * is to be delivered, and the crank is over. */
bool cs_deliver_event(cs_kernel *k);

/* Translation (S5). It has side effects: imports are allocated and reachable again, the vat becomes
 * decider of a result, the entries of resolved promises go. */
void cs_translate_message(cs_kernel *k, cs_vatid vat, cs_kref target, const cs_event *send);
void cs_translate_start(cs_kernel *k, cs_vatid vat, const cs_kcapdata *parameters);
void cs_translate_notify(cs_kernel *k, cs_vatid vat, const cs_settled_list *batch);
