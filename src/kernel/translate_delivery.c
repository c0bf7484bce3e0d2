#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/deliver.h"
#include "kernel/promise.h"
#include "kernel/queue.h"

static cs_capdata to_capdata(cs_kernel *k, cs_vatid vat, const cs_kcapdata *d)
{
    cs_vref *slots = NULL;
    if (d->slot_count > 0)
        slots = cs_arena_take(&k->crank.arena, d->slot_count * sizeof *slots);
    for (uint32_t i = 0; i < d->slot_count; i++)
        slots[i] = cs_clist_to_vref(k, vat, d->slots[i]);
    return (cs_capdata){ d->body, slots, d->slot_count };
}

/* The vat becomes the decider of a result that nobody decided: its message was ours until now. If the
 * vat pipelines, what waited for the promise can go to it as well (S2). */
static cs_vref to_result(cs_kernel *k, cs_vatid vat, cs_kref promise)
{
    char text[CS_REF_TEXT_MAX];
    const cs_promise_row *row = cs_need_promise(k, promise);
    if (row == NULL)
        return (cs_vref){ 0 };
    if (row->state != CS_UNRESOLVED || row->decider.n != 0)
        cs_crank_fault(k, "%s: result of a queued message, and settled or decided",
                       cs_kref_text(promise, text));
    cs_vref vref = cs_clist_to_vref(k, vat, promise);
    cs_kp_set_decider(k, promise, vat);
    if (cs_need_options(k, vat).enable_pipelining)
        cs_queue_resume(k, promise);
    return vref;
}

void cs_translate_message(cs_kernel *k, cs_vatid vat, cs_kref target, const cs_event *send)
{
    cs_message m = { .target = cs_clist_to_vref(k, vat, target) };
    m.methargs = to_capdata(k, vat, &send->data);
    if (!cs_kref_none(send->result))
        m.result = to_result(k, vat, send->result);
    k->crank.vat = vat;
    k->crank.delivery = (cs_delivery){ .kind = CS_DELIVER_MESSAGE, .message = m };
}

void cs_translate_start(cs_kernel *k, cs_vatid vat, const cs_kcapdata *parameters)
{
    k->crank.vat = vat;
    k->crank.delivery =
        (cs_delivery){ .kind = CS_DELIVER_START_VAT, .start = to_capdata(k, vat, parameters) };
}

void cs_translate_notify(cs_kernel *k, cs_vatid vat, const cs_settled_list *batch)
{
    cs_resolution *items = cs_arena_take(&k->crank.arena, batch->count * sizeof *items);
    for (size_t i = 0; i < batch->count; i++) {
        const cs_settled *s = &batch->items[i];
        items[i].promise = cs_clist_to_vref(k, vat, s->promise);
        items[i].rejected = s->rejected;
        items[i].data = to_capdata(k, vat, &s->data);
    }
    for (size_t i = 0; i < batch->count; i++) /* S2: gone before the vat hears of it */
        cs_clist_retire_promise(k, vat, batch->items[i].promise);
    k->crank.vat = vat;
    k->crank.delivery =
        (cs_delivery){ .kind = CS_DELIVER_NOTIFY, .notify = { items, (uint32_t)batch->count } };
}
