/* Reactions of our own on any promise, and the jobs that only C code sees.
 *
 * XS's reaction is an instance of four slots, of which the first two hold functions. Ours has in the
 * first slot an internal integer that says what to do, and behind it what it takes: no function
 * objects, and nothing that JavaScript could get hold of. XS runs a reaction through one of two
 * functions that it keeps; in the base they call us first. */
#include "engine/handled_promise_int.h"

void cs_hp_append(cs_machine *the, cs_slot *list, cs_slot *instance)
{
    cs_slot *link = fxNewSlot(the), **hint = &list->value.home.module;
    link->kind = XS_REFERENCE_KIND;
    link->value.reference = instance;
    cs_slot *last = *hint != NULL ? *hint : list->value.reference;
    while (last->next != NULL)
        last = last->next;
    last->next = *hint = link;
}

void cs_hp_push_job(cs_machine *the, const cs_slot *self, cs_hp_hidden function)
{
    mxPushSlot(self);
    mxPushReference(cs_hp.hidden[function]);
    mxCall();
}

/* --- subscribing ---------------------------------------------------------------------------------- */

void cs_hp_subscribe(cs_machine *the, cs_slot *promise)
{
    txInteger status = mxPromiseStatus(promise)->value.integer;
    bool of_base =
        cs_is_of_base(the, promise); /* pending there, it stays so; and it is read-only */
    if (status == mxPendingStatus) {
        if (!of_base)
            cs_hp_append(the, mxPromiseThens(promise), the->stack->value.reference);
        mxPop();
        return;
    }
    mxPushSlot(status == mxFulfilledStatus ? &mxOnResolvedPromiseFunction
                                           : &mxOnRejectedPromiseFunction);
    mxCall();
    mxPushSlot(mxPromiseResult(promise));
    fxQueueJob(the, 1, of_base ? NULL : promise);
}

/* Pushes a reaction; returns its last slot. */
static cs_slot *push_reaction(cs_machine *the, cs_hp_react what, txInteger detail)
{
    cs_slot *reaction = fxNewInstance(the);
    cs_slot *s = reaction->next = fxNewSlot(the);
    s->flag = XS_INTERNAL_FLAG;
    s->kind = XS_INTEGER_KIND;
    s->value.integer = (txInteger)what | detail << CS_HP_REACT_BITS;
    return s;
}

static bool is_ours(const cs_slot *reaction)
{
    return (reaction->next->flag & XS_INTERNAL_FLAG) != 0;
}

/* --- a send that waits ---------------------------------------------------------------------------- */

/* On the first slot of a record: it was delivered, or its result was rejected. */
#define DONE_FLAG XS_DONT_ENUM_FLAG

static cs_slot *add_slot(cs_machine *the, cs_slot *last, const cs_slot *value)
{
    cs_slot *s = last->next = fxNewSlot(the);
    s->kind = value->kind;
    s->value = value->value;
    return s;
}

void cs_hp_push_record(cs_machine *the, const cs_hp_send *s, const cs_slot *target)
{
    cs_slot *last = push_reaction(the, CS_HP_REACT_SEND, s->op);
    last = add_slot(the, last, target);
    last = add_slot(the, last, s->key);
    last = add_slot(the, last, s->args);
    last = add_slot(the, last, s->result);
    (void)add_slot(the, last, s->passed);
}

cs_hp_send cs_hp_read_record(const cs_slot *record, cs_slot **ret_target)
{
    cs_hp_send s = { .op = record->next->value.integer >> CS_HP_REACT_BITS };
    *ret_target = record->next->next;
    s.key = (*ret_target)->next;
    s.args = s.key->next;
    s.result = s.args->next;
    s.passed = s.result->next;
    return s;
}

bool cs_hp_claim(cs_slot *record)
{
    bool first = (record->next->flag & DONE_FLAG) == 0;
    record->next->flag |= DONE_FLAG;
    return first;
}

bool cs_hp_is_claimed(const cs_slot *record)
{
    return (record->next->flag & DONE_FLAG) != 0;
}

static void react_send(cs_machine *the, cs_slot *record, bool fulfilled, cs_slot *value)
{
    cs_slot *target;
    cs_hp_send s = cs_hp_read_record(record, &target);
    if (!cs_hp_claim(record))
        return;
    if (fulfilled)
        cs_hp_deliver_value(the, &s, value);
    else
        cs_hp_lose_later(the, s.result, value, 1, NULL);
}

/* --- following ------------------------------------------------------------------------------------ */

void cs_hp_follow(cs_machine *the, cs_slot *followed, cs_slot *promise)
{
    mxPushReference(promise);
    cs_slot *last = push_reaction(the, CS_HP_REACT_FOLLOW, 0);
    (void)add_slot(the, last, the->stack + 1);
    cs_hp_subscribe(the, followed);
    mxPop();
}

void cs_hp_host_follow(cs_machine *the)
{
    cs_hp_follow(the, mxThis->value.reference, mxArgv(0)->value.reference);
}

/* --- the owner's callbacks ------------------------------------------------------------------------ */

/* Functions are kept by number, so that an image of the heap holds no address. */
static txInteger number_of(cs_heap *h, cs_settled_fn *fn)
{
    const txInteger SETTLED_MAX = sizeof h->settled / sizeof h->settled[0];
    txInteger i = 0;
    while (i < SETTLED_MAX && h->settled[i] != NULL && h->settled[i] != fn)
        i++;
    cs_assert(i < SETTLED_MAX);
    h->settled[i] = fn;
    return i;
}

void cs_promise_then(cs_machine *the, cs_slot *promise, cs_settled_fn *fn, uint64_t data)
{
    mxPushReference(promise);
    cs_slot *last = push_reaction(the, CS_HP_REACT_THEN, number_of(the->heap, fn));
    cs_slot *s = last->next = fxNewSlot(the);
    s->kind = XS_HOST_KIND;
    s->value.host.data = (void *)(uintptr_t)data;
    s->value.host.variant.destructor = NULL;
    cs_hp_subscribe(the, promise);
    mxPop();
}

static void react_then(cs_machine *the, txInteger number, const cs_slot *data, bool fulfilled,
                       cs_slot *value)
{
    cs_heap *h = the->heap;
    h->settled[number](the, h->guest, (uint64_t)(uintptr_t)data->value.host.data, fulfilled, value);
}

/* --- running -------------------------------------------------------------------------------------- */

static void react(cs_machine *the, cs_slot *reaction, bool fulfilled)
{
    cs_slot *first = reaction->next, *value = mxArgv(0);
    txInteger detail = first->value.integer >> CS_HP_REACT_BITS;
    switch ((cs_hp_react)(first->value.integer & ((1 << CS_HP_REACT_BITS) - 1))) {
    case CS_HP_REACT_SEND:
        react_send(the, reaction, fulfilled, value);
        break;
    case CS_HP_REACT_FOLLOW:
        cs_hp_settle(the, first->next->value.reference, fulfilled, value);
        break;
    case CS_HP_REACT_THEN:
        react_then(the, detail, first->next, fulfilled, value);
        break;
    }
}

void cs_hp_host_fulfilled(cs_machine *the)
{
    cs_slot *reaction = mxThis->value.reference;
    if (is_ours(reaction))
        react(the, reaction, true);
    else
        fxOnResolvedPromise(the);
}

void cs_hp_host_rejected(cs_machine *the)
{
    cs_slot *reaction = mxThis->value.reference;
    if (is_ours(reaction))
        react(the, reaction, false);
    else
        fxOnRejectedPromise(the);
}
