/* E.get(). There are no remote properties (S7): a get of a presence reads the presence, of a promise what
 * the promise turns into. Meanwhile ls->gets has a record: the key, and the promise of the answer. */
#include "liveslots/state.h"

static void push_property(cs_machine *the, cs_slot *object, cs_slot *key)
{
    mxPushSlot(object);
    mxPushSlot(key);
    mxGetAt();
}

static void answer_get(cs_machine *the, cs_slot *object, cs_slot *key, cs_slot *answer)
{
    mxTry(the)
    {
        push_property(the, object, key);
        cs_promise_resolve(the, answer, the->stack);
        mxPop();
    }
    mxCatch(the)
    {
        cs_ls_push_caught(the);
        cs_promise_reject(the, answer, the->stack);
        mxPop();
    }
}

static void get_settled(cs_machine *the, void *guest, uint64_t data, bool fulfilled, cs_slot *value)
{
    cs_liveslots *ls = guest;
    cs_slot *record = cs_map_ptr(&ls->gets, data);
    mxPushReference(record);
    (void)cs_map_remove(&ls->gets, data);
    cs_slot *key = record->next, *answer = key->next;
    if (fulfilled)
        answer_get(the, value, key, answer->value.reference);
    else
        cs_promise_reject(the, answer->value.reference, value);
    mxPop();
}

static void keep_get(cs_machine *the, cs_liveslots *ls, uint64_t number, const cs_outgoing *out)
{
    cs_slot *record = fxNewInstance(the);
    cs_slot *last = fxNextSlotProperty(the, record, out->key, XS_NO_ID, XS_INTERNAL_FLAG);
    mxPushReference(out->result);
    (void)fxNextSlotProperty(the, last, the->stack, XS_NO_ID, XS_INTERNAL_FLAG);
    cs_map_put(&ls->gets, number)->ptr = record;
    the->stack += 2;
}

void cs_ls_get(cs_machine *the, cs_liveslots *ls, const cs_outgoing *out)
{
    cs_vref vref = { out->handle };
    cs_slot *object = cs_ls_value(ls, vref);
    if (out->result == NULL)
        return;
    if (cs_vref_type(vref) != CS_REF_PROMISE) {
        mxPushReference(object);
        answer_get(the, the->stack, out->key, out->result);
        mxPop();
        return;
    }
    uint64_t number = ++ls->next_get;
    keep_get(the, ls, number, out);
    cs_promise_then(the, object, get_settled, number);
}
