#include "kernel/deliver.h"

#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/meter.h"
#include "kernel/notify.h"
#include "kernel/queue.h"
#include "kernel/refcount.h"
#include "kernel/route.h"
#include "kernel/vat.h"

static bool deliver_send(cs_kernel *k, const cs_event *send)
{
    cs_route route = cs_route_send(k, send); /* the second time (S2) */
    cs_crank_record(k, route.kind);
    switch (route.kind) {
    case CS_ROUTE_SPLAT:
        cs_route_splat(k, send, &route);
        return false;
    case CS_ROUTE_WAIT:
        cs_queue_wait(k, route.target, cs_blob_ref(k->crank.item));
        return false;
    case CS_ROUTE_VAT:
        break;
    }
    if (cs_vat_holds(k, route.vat))
        return false;
    cs_translate_message(k, route.vat, route.target, send);
    cs_event_down(k, send);
    return true;
}

/* The dead get nothing, and what they were to get is forgotten. */
static bool deliver_start(cs_kernel *k, const cs_event *start)
{
    bool is_live = cs_live_vat(k, start->vat) != NULL;
    if (is_live && cs_vat_holds(k, start->vat))
        return false;
    if (is_live)
        cs_translate_start(k, start->vat, &start->data);
    cs_event_down(k, start);
    return is_live;
}

/* Dropped silently: the vat is dead, or an earlier batch told it and took the entry (S2). */
static bool deliver_notify(cs_kernel *k, const cs_event *notify)
{
    bool wanted = cs_live_vat(k, notify->vat) != NULL &&
                  cs_clist_find_kref(k->store, notify->vat, notify->target) != NULL;
    if (wanted && cs_vat_holds(k, notify->vat))
        return false;
    if (wanted) {
        cs_settled_list batch = cs_notify_closure(k, notify->target);
        cs_translate_notify(k, notify->vat, &batch);
    }
    cs_event_down(k, notify);
    return wanted;
}

bool cs_deliver_event(cs_kernel *k)
{
    const cs_event *e = &k->crank.event;
    cs_crank_record(k, e->kind);
    switch (e->kind) {
    case CS_EVENT_SEND:
        return deliver_send(k, e);
    case CS_EVENT_NOTIFY:
        return deliver_notify(k, e);
    case CS_EVENT_START_VAT:
        return deliver_start(k, e);
    case CS_EVENT_CREATE_VAT:
        cs_vat_create(k, e);
        return false;
    }
    return false;
}
