/* xsPromise.c with an O(1) job queue and O(1) bookkeeping of unhandled rejections; the stock ones
 * walk a list per job and per rejection.
 *
 * How a static function is replaced without a patch: a function-like macro of its name pastes its
 * second argument. In the definition that argument begins with a type, in a call it is an
 * expression; so the definition goes to a dead name and the calls come here. Should the source
 * change, it fails to compile.
 *
 * Queue: the->job_tail is the last link of the pending list, valid while that list is not empty.
 * Rejections: the promise is put at the head of a list and a flag is set on its status slot;
 * fxQueueJob(), which sees every reaction, clears the flag. The list is walked once, at the end of
 * the crank, before any forced collection.
 * Reactions: the second word of a promise's slot for them, which XS does not use, is a hint near the
 * end of their list, so that appending one takes no walk either (cs_hp_append). */
#include "engine/handled_promise_int.h"

static void queue_job(txMachine *the, txInteger count, txSlot *promise);
static void add_unhandled(txMachine *the, txSlot *promise);
static txSlot *new_promise(txMachine *the);
static void promise_then(txMachine *the, txSlot *promise, txSlot *on_fulfilled, txSlot *on_rejected,
                         txSlot *resolve, txSlot *reject);

#define fxAddUnhandledRejection(A, B) CS_U_##B)
#define CS_U_txSlot stock_add_unhandled(txMachine *the, txSlot
#define CS_U_promise add_unhandled(the, promise
#define fxQueueJob(A, B, C) CS_Q_##B, C)
#define CS_Q_txInteger stock_queue_job(txMachine *the, txInteger
#define CS_Q_1 queue_job(the, 1
#define CS_Q_3 queue_job(the, 3
#define fxCheckUnhandledRejections stock_check_unhandled
#define fxNewPromiseInstance(A) CS_N_##A)
#define CS_N_txMachine stock_new_promise(txMachine
#define CS_N_the new_promise(the
#define fxPromiseThen(A, B, C, D, E, F) CS_T_##B, C, D, E, F)
#define CS_T_txSlot stock_then(txMachine *the, txSlot
#define CS_T_promise promise_then(the, promise
#include "xsPromise.c"
#undef fxPromiseThen
#undef fxNewPromiseInstance
#undef fxCheckUnhandledRejections
#undef fxQueueJob
#undef fxAddUnhandledRejection

/* On the status slot of a promise: rejected, and nobody has reacted yet. Unused by XS there. */
#define UNHANDLED_FLAG XS_DONT_ENUM_FLAG

void fxQueueJob(txMachine *the, txInteger count, txSlot *promise)
{
    queue_job(the, count, promise);
}

/* Takes this, function, target, result, frame and so on (6) and `count` arguments off the stack. */
static void queue_job(txMachine *the, txInteger count, txSlot *promise)
{
    txSlot *pending = mxPendingJobs.value.reference;
    if (promise != NULL && !cs_is_of_base(the, promise))
        mxPromiseStatus(promise)->flag &= ~UNHANDLED_FLAG;
    if (pending->next == NULL)
        the->job_tail = pending;
    count += 6;
    txSlot *stack = the->stack + count, *item = stack;
    txSlot *job = fxNewInstance(the), *slot = job;
    while (count-- > 0) {
        item--;
        slot = slot->next = fxNewSlot(the);
        slot->kind = item->kind;
        slot->value = item->value;
    }
    slot = fxNewSlot(the);
    slot->kind = XS_REFERENCE_KIND;
    slot->value.reference = job;
    the->job_tail = the->job_tail->next = slot;
    the->stack = stack;
}

static void add_unhandled(txMachine *the, txSlot *promise)
{
    txSlot *list = mxUnhandledPromises.value.reference, *slot = fxNewSlot(the);
    slot->kind = XS_REFERENCE_KIND;
    slot->value.reference = promise;
    slot->next = list->next;
    list->next = slot;
    mxPromiseStatus(promise)->flag |= UNHANDLED_FLAG;
}

void cs_add_unhandled(txMachine *the, txSlot *promise)
{
    add_unhandled(the, promise);
}

txSlot *fxNewPromiseInstance(txMachine *the)
{
    return new_promise(the);
}

static txSlot *new_promise(txMachine *the)
{
    txSlot *promise = stock_new_promise(the);
    mxPromiseThens(promise)->value.home.module = NULL; /* the hint */
    return promise;
}

void fxPromiseThen(txMachine *the, txSlot *promise, txSlot *on_fulfilled, txSlot *on_rejected,
                   txSlot *resolve, txSlot *reject)
{
    promise_then(the, promise, on_fulfilled, on_rejected, resolve, reject);
}

static txSlot *add_slot(txMachine *the, txSlot *last, const txSlot *value)
{
    txSlot *slot = last->next = fxNewSlot(the);
    if (value != NULL) {
        slot->kind = value->kind;
        slot->value = value->value;
    }
    return slot;
}

/* The reaction as XS builds it: the functions of the derived promise, then the handlers. */
static void promise_then(txMachine *the, txSlot *promise, txSlot *on_fulfilled, txSlot *on_rejected,
                         txSlot *resolve, txSlot *reject)
{
    txSlot *last = fxNewInstance(the);
    last = add_slot(the, last, resolve);
    last = add_slot(the, last, reject);
    last = add_slot(the, last, on_fulfilled);
    (void)add_slot(the, last, on_rejected);
    cs_hp_subscribe(the, promise);
}

/* fxEndJob() asks after every job; the end of the crank is soon enough. */
void fxCheckUnhandledRejections(txMachine *the, txBoolean at_exit)
{
}

static txSlot *reversed(txSlot *slot)
{
    txSlot *list = NULL;
    while (slot != NULL) {
        txSlot *next = slot->next;
        slot->next = list;
        list = slot;
        slot = next;
    }
    return list;
}

void cs_report_rejections(txMachine *the)
{
    cs_heap *h = the->heap;
    txSlot *list = mxUnhandledPromises.value.reference;
    list->next = reversed(list->next);
    while (list->next != NULL) {
        txSlot *promise = list->next->value.reference;
        mxPushReference(promise);
        list->next = list->next->next;
        txSlot *status = mxPromiseStatus(promise);
        if ((status->flag & UNHANDLED_FLAG) != 0 && h->hooks.rejection != NULL)
            h->hooks.rejection(the, h->guest, mxPromiseResult(promise));
        status->flag &= ~UNHANDLED_FLAG;
        mxPop();
    }
}
