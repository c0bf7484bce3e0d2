#include "kernel/route.h"

#include "kernel/capdata.h"
#include "kernel/crank.h"
#include "kernel/promise.h"
#include "kernel/queue.h"
#include "kernel/refcount.h"

static cs_route splat(cs_blob *error)
{
    return (cs_route){ .kind = CS_ROUTE_SPLAT, .error = error };
}

static cs_route vat_terminated(cs_kernel *k)
{
    return splat(cs_kcapdata_error_blob(&k->scratch, CS_BYTES("vat terminated")));
}

static cs_route not_callable(cs_kernel *k, const cs_event *send)
{
    cs_buf text = { 0 };
    cs_buf_add_text(&text, "data is not callable, has no method ");
    cs_methargs_method(&text, send->data.body);
    cs_blob *error = cs_kcapdata_error_blob(&k->scratch, cs_buf_bytes(&text));
    cs_buf_fini(&text);
    return splat(error);
}

static cs_route to_object(cs_kernel *k, cs_kref object)
{
    const cs_object_row *row = cs_need_object(k, object);
    if (row == NULL || row->owner.n == 0 || cs_live_vat(k, row->owner) == NULL)
        return vat_terminated(k);
    return (cs_route){ .kind = CS_ROUTE_VAT, .vat = row->owner, .target = object };
}

static cs_route to_fulfilled(cs_kernel *k, const cs_promise_row *row, const cs_event *send)
{
    cs_kcapdata d;
    if (!cs_kp_data(k, row, &k->crank.arena, &d))
        return vat_terminated(k);
    cs_kref slot = cs_kcapdata_lone_slot(&d);
    return cs_kref_type(slot) == CS_REF_OBJECT ? to_object(k, slot) : not_callable(k, send);
}

static cs_route to_unresolved(cs_kernel *k, const cs_promise_row *row)
{
    const cs_route wait = { .kind = CS_ROUTE_WAIT, .target = row->kref };
    if (row->decider.n == 0)
        return wait;
    const cs_vat_row *vat = cs_live_vat(k, row->decider);
    if (vat == NULL)
        return vat_terminated(k);
    if (!cs_need_options(k, vat->id).enable_pipelining)
        return wait;
    return (cs_route){ .kind = CS_ROUTE_VAT, .vat = vat->id, .target = row->kref };
}

cs_route cs_route_send(cs_kernel *k, const cs_event *send)
{
    if (cs_kref_type(send->target) == CS_REF_OBJECT)
        return to_object(k, send->target);
    const cs_promise_row *row = cs_need_promise(k, send->target);
    if (row == NULL)
        return vat_terminated(k);
    if (row->state == CS_FULFILLED)
        return to_fulfilled(k, row, send);
    if (row->state == CS_REJECTED) /* S2: the same capdata */
        return splat(cs_blob_ref(row->resolution));
    return to_unresolved(k, row);
}

void cs_route_splat(cs_kernel *k, const cs_event *send, cs_route *route)
{
    if (cs_kref_none(send->result))
        route->error = cs_blob_unref(route->error);
    else
        cs_kp_reject(k, send->result, route->error, (cs_vatid){ 0 });
    route->error = NULL;
    cs_event_down(k, send);
}

/* The message with another target; the mention moves with it. Takes and gives a reference. */
static cs_blob *retarget(cs_kernel *k, const cs_event *send, cs_kref target, cs_blob *take_item)
{
    if (cs_kref_same(send->target, target))
        return take_item;
    cs_event e = *send;
    e.target = target;
    cs_blob *item = cs_event_blob(&k->scratch, &e);
    cs_ref_up(k, target);
    cs_ref_down(k, send->target);
    (void)cs_blob_unref(take_item); /* the caller's event still looks into it: the crank holds it */
    return item;
}

void cs_route_accept(cs_kernel *k, const cs_event *e, cs_blob *take_item)
{
    cs_crank_record(k, e->kind);
    if (e->kind != CS_EVENT_SEND) {
        cs_queue_run(k, take_item);
        return;
    }
    cs_route route = cs_route_send(k, e);
    cs_crank_record(k, route.kind);
    switch (route.kind) {
    case CS_ROUTE_VAT:
        cs_queue_run(k, retarget(k, e, route.target, take_item));
        break;
    case CS_ROUTE_WAIT:
        cs_queue_wait(k, route.target, take_item);
        break;
    case CS_ROUTE_SPLAT:
        cs_route_splat(k, e, &route);
        (void)cs_blob_unref(take_item);
        break;
    }
}
