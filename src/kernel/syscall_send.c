/* syscall.send (S2, S5). */
#include "kernel/capdata.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/promise.h"
#include "kernel/queue.h"
#include "kernel/refcount.h"
#include "kernel/syscall.h"

/* The promise of the answer: one that the vat decides. It passes to the kernel, which holds the
 * message. Only a vat that pipelines may pass on a promise that has been seen before. */
static cs_status give_result(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref *ret, cs_error *err)
{
    bool is_known = cs_clist_find_vref(k->store, vat, vref) != NULL;
    cs_status st = cs_clist_to_kref(k, vat, vref, ret, err);
    if (st == CS_OK)
        st = cs_syscall_decided(k, vat, vref, *ret, err);
    if (st != CS_OK)
        return st;
    if (is_known && !cs_need_options(k, vat).enable_pipelining)
        return cs_vref_refuse(vref, CS_E_WRONG_REF, err);
    cs_kp_set_decider(k, *ret, (cs_vatid){ 0 });
    return CS_OK;
}

cs_status cs_syscall_send(cs_kernel *k, cs_vatid vat, const cs_message *m, cs_error *err)
{
    cs_event e = { .kind = CS_EVENT_SEND, .since = k->crank.meta->crank_number };
    cs_status st = cs_clist_to_kref(k, vat, m->target, &e.target, err);
    if (st == CS_OK && cs_kref_type(e.target) == CS_REF_DEVICE)
        st = cs_vref_refuse(m->target, CS_E_WRONG_REF, err);
    if (st == CS_OK)
        st = cs_syscall_capdata(k, vat, &m->methargs, &e.data, err);
    if (st == CS_OK && !cs_vref_none(m->result))
        st = give_result(k, vat, m->result, &e.result, err);
    if (st != CS_OK)
        return st;
    cs_event_up(k, &e);
    cs_queue_accept(k, cs_event_blob(&k->scratch, &e));
    cs_stat_add(k, CS_STAT_SENDS, 1);
    return CS_OK;
}
