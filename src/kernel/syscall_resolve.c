/* syscall.resolve (S2): a batch of promises of the vat's own, which may mention each other. So all
 * references are translated before the first promise is settled, and the entries leave the c-list
 * only when the whole batch is. */
#include "base/limits.h"
#include "kernel/capdata.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/promise.h"
#include "kernel/syscall.h"

typedef struct settling {
    cs_kref promise;
    cs_kcapdata data;
} settling;

/* S7: the limits are on all bodies and slots of one syscall together. */
static cs_status check_sizes(const cs_resolutions *batch, cs_error *err)
{
    uint64_t body = 0, slots = 0;
    for (uint32_t i = 0; i < batch->count; i++) {
        body += batch->items[i].data.body.size;
        slots += batch->items[i].data.slot_count;
    }
    if (body > CS_BODY_MAX)
        return cs_fail(err, CS_E_TOO_BIG, "bodies of %llu bytes, more than %u",
                       (unsigned long long)body, CS_BODY_MAX);
    if (slots > CS_SLOTS_MAX)
        return cs_fail(err, CS_E_TOO_BIG, "%llu slots, more than %u", (unsigned long long)slots,
                       CS_SLOTS_MAX);
    return CS_OK;
}

/* P3: there is no forwarding. A rejection may be a promise: it is data. */
static cs_status check_no_forward(const cs_resolution *r, const cs_kcapdata *data, cs_error *err)
{
    char text[CS_REF_TEXT_MAX];
    if (r->rejected || cs_kref_type(cs_kcapdata_lone_slot(data)) != CS_REF_PROMISE)
        return CS_OK;
    return cs_fail(err, CS_E_WRONG_REF, "%s: cannot be fulfilled to a promise",
                   cs_vref_text(r->promise, text));
}

static cs_status translate(cs_kernel *k, cs_vatid vat, const cs_resolutions *batch, settling *ret,
                           cs_error *err)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const cs_resolution *r = &batch->items[i];
        cs_status st = cs_clist_to_kref(k, vat, r->promise, &ret[i].promise, err);
        if (st == CS_OK)
            st = cs_syscall_capdata(k, vat, &r->data, &ret[i].data, err);
        if (st == CS_OK)
            st = check_no_forward(r, &ret[i].data, err);
        if (st != CS_OK)
            return st;
    }
    return CS_OK;
}

/* Whoever names a promise twice finds it resolved the second time. */
static cs_status settle(cs_kernel *k, cs_vatid vat, const cs_resolution *r, const settling *s,
                        cs_error *err)
{
    cs_status st = cs_syscall_decided(k, vat, r->promise, s->promise, err);
    if (st == CS_OK)
        cs_kp_resolve(k, s->promise, r->rejected, &s->data, cs_kcapdata_blob(&k->scratch, &s->data),
                      vat);
    return st;
}

cs_status cs_syscall_resolve(cs_kernel *k, cs_vatid vat, const cs_resolutions *batch, cs_error *err)
{
    cs_status st = check_sizes(batch, err);
    if (st != CS_OK)
        return st;
    settling *all = cs_arena_take(&k->crank.arena, batch->count * sizeof *all);
    st = translate(k, vat, batch, all, err);
    for (uint32_t i = 0; st == CS_OK && i < batch->count; i++)
        st = settle(k, vat, &batch->items[i], &all[i], err);
    for (uint32_t i = 0; st == CS_OK && i < batch->count; i++)
        cs_clist_retire_promise(k, vat, all[i].promise);
    cs_stat_add(k, CS_STAT_RESOLVES, 1);
    return st;
}
