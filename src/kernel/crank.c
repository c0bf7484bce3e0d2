/* A crank is begun, perhaps rolled back, and ended; whatever becomes of it is decided here (S3, S10).
 *
 *     begin -> start, deliver        both savepoints at the same place
 *     the event is taken off         start | deliver
 *     delivery, reply                journalled
 *     roll back                      to start: the event is back and splats against the dead vat,
 *                                    which is how its sender learns; to deliver: consumed
 *     what survives a rollback       computrons, termination, crank number, the activity hash
 *     end                            sweep, a look at the lonely, keep; or all undone and a status
 *
 * A panic, a fault or a failed store undoes also what would survive: after a restart from the last
 * commit the same crank runs again. */
#include "kernel/crank.h"

#include "base/alloc.h"
#include "kernel/capdata.h"
#include "kernel/meter.h"
#include "kernel/options.h"
#include "kernel/reap.h"
#include "kernel/refcount.h"
#include "kernel/syscall.h"
#include "kernel/terminate.h"

#include <stdio.h>
#include <string.h>

/* ---- begin ---- */

void cs_crank_begin(cs_kernel *k)
{
    cs_crank *c = &k->crank;
    cs_assert(c->item == NULL && c->maybe_free.count == 0);
    c->start = c->deliver = cs_store_mark(k->store);
    c->meta = cs_meta_edit(k->store);
    c->vat = (cs_vatid){ 0 };
    c->event.kind = (cs_event_kind)0;
    c->dropped = c->retired = c->ignored = 0;
    c->exit.requested = false;
    c->to_end = NULL;
    c->applied = 0;
    c->applied_size = 0;
    c->refused.status = CS_OK;
    c->fault.status = c->panic.status = CS_OK;
    cs_buf_clear(&c->record);
    cs_buf_clear(&c->log);
    cs_buf_clear(&c->ended);
}

void cs_crank_dequeued(cs_kernel *k)
{
    k->crank.deliver = cs_store_mark(k->store);
    k->crank.meta = cs_meta_edit(k->store);
}

/* ---- what goes wrong on the way ---- */

static void note(cs_error *err, cs_status st, const char *format, va_list args) CS_PRINTF(3, 0);
static void note(cs_error *err, cs_status st, const char *format, va_list args)
{
    if (err->status != CS_OK)
        return; /* the first says most */
    err->status = st;
    (void)vsnprintf(err->text, sizeof err->text, format, args);
}

void cs_crank_fault(cs_kernel *k, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(&k->crank.fault, CS_E_CORRUPT, format, args);
    va_end(args);
}

void cs_crank_panic(cs_kernel *k, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    note(&k->crank.panic, CS_E_PANIC, format, args);
    va_end(args);
}

void cs_crank_say(cs_kernel *k, const char *format, ...)
{
    char line[CS_ERROR_MAX + 64];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    cs_buf_add(&k->crank.log, line, strlen(line) + 1);
}

static void missing(cs_kernel *k, const char *what)
{
    cs_crank_fault(k, "%s: row is missing", what);
}

const cs_vat_row *cs_need_vat(cs_kernel *k, cs_vatid vat)
{
    char text[CS_REF_TEXT_MAX];
    const cs_vat_row *row = cs_vat_find(k->store, vat);
    if (row == NULL)
        missing(k, cs_vatid_text(vat, text));
    return row;
}

const cs_vat_row *cs_live_vat(cs_kernel *k, cs_vatid vat)
{
    const cs_vat_row *row = cs_vat_find(k->store, vat);
    if (row == NULL && !cs_vat_was(k->store, vat))
        (void)cs_need_vat(k, vat);
    return row != NULL && row->status == CS_VAT_LIVE ? row : NULL; /* E3 */
}

const cs_object_row *cs_need_object(cs_kernel *k, cs_kref object)
{
    char text[CS_REF_TEXT_MAX];
    const cs_object_row *row = cs_object_find(k->store, object);
    if (row == NULL)
        missing(k, cs_kref_text(object, text));
    return row;
}

const cs_promise_row *cs_need_promise(cs_kernel *k, cs_kref promise)
{
    char text[CS_REF_TEXT_MAX];
    const cs_promise_row *row = cs_promise_find(k->store, promise);
    if (row == NULL)
        missing(k, cs_kref_text(promise, text));
    return row;
}

cs_vat_options cs_need_options(cs_kernel *k, cs_vatid vat)
{
    cs_vat_options options = { 0 };
    const cs_vat_row *row = cs_need_vat(k, vat);
    if (row != NULL && !cs_vat_options_dec(row->options, &options))
        cs_crank_fault(k, "v%u: its options are malformed", (unsigned)vat.n);
    return options;
}

bool cs_need_id(cs_kernel *k, uint64_t next)
{
    if (next > CS_REF_ID_MAX)
        cs_crank_fault(k, "the next id is out of range");
    return next <= CS_REF_ID_MAX;
}

/* ---- end ---- */

/* The crank's memory; its rows are kept or undone by now. */
static void release(cs_kernel *k)
{
    cs_crank *c = &k->crank;
    c->item = cs_blob_unref(c->item);
    c->maybe_free.count = 0;
    cs_arena_clear(&c->arena);
}

void cs_crank_undo(cs_kernel *k)
{
    cs_store_undo(k->store, k->crank.start);
    cs_store_keep(k->store);
    release(k);
    cs_cleanup_forget(k);
}

void cs_crank_roll_back(cs_kernel *k, bool consume)
{
    cs_crank *c = &k->crank;
    cs_store_undo(k->store, consume ? c->deliver : c->start);
    c->meta = cs_meta_edit(k->store);
    c->maybe_free.count = 0; /* K2: those counts have not fallen after all */
    cs_buf_clear(&c->log);
    cs_buf_clear(&c->ended);
    c->to_end = NULL;
    c->panic.status = CS_OK;
    c->dropped = c->retired = c->ignored = 0;
    if (consume)
        cs_event_down(k, &c->event); /* its mentions went off the queue with it */
}

static void tell_ended(cs_kernel *k)
{
    cs_vatid vat;
    const cs_buf *ended = &k->crank.ended;
    for (size_t at = 0; k->ops.ended != NULL && at < ended->size; at += sizeof vat) {
        memcpy(&vat, ended->data + at, sizeof vat);
        k->ops.ended(k->ctx, vat);
    }
}

static void tell_log(cs_kernel *k)
{
    const cs_buf *log = &k->crank.log;
    for (size_t at = 0; k->ops.log != NULL && at < log->size;
         at += strlen((const char *)log->data + at) + 1)
        k->ops.log(k->ctx, (const char *)log->data + at);
}

/* Whether the crank may be kept. */
static cs_status check(cs_kernel *k, cs_error *err)
{
    const cs_crank *c = &k->crank;
    cs_status st = cs_store_status(k->store, err);
    if (st == CS_OK && c->fault.status != CS_OK)
        st = cs_fail(err, c->fault.status, "%s", c->fault.text);
    if (st == CS_OK && c->panic.status != CS_OK) {
        k->panic = c->panic;
        st = cs_fail(err, c->panic.status, "%s", c->panic.text);
    }
    return st;
}

static cs_status end(cs_kernel *k, bool is_crank, cs_error *err)
{
    cs_refs_sweep(k);
    cs_meta *meta = k->crank.meta;
    if (is_crank) {
        meta->crank_number++;
        meta->stats[CS_STAT_CRANKS]++;
        cs_reap_look(k);
    }
    meta->activity = cs_hash_chain(&meta->activity, cs_buf_bytes(&k->crank.record));
    cs_status st = check(k, err);
    if (st != CS_OK) {
        cs_crank_undo(k);
        return st;
    }
    cs_store_keep(k->store);
    tell_log(k);
    tell_ended(k);
    release(k);
    return CS_OK;
}

cs_status cs_crank_end(cs_kernel *k, cs_error *err)
{
    return end(k, true, err);
}

cs_status cs_crank_end_host(cs_kernel *k, cs_error *err)
{
    return end(k, false, err);
}

/* ---- judgement ---- */

static void say_why(cs_kernel *k, cs_verdict *v, const char *what, cs_bytes detail)
{
    char vat[CS_REF_TEXT_MAX];
    const cs_vat_row *row = cs_vat_find(k->store, k->crank.vat);
    cs_bytes name = cs_blob_bytes(row == NULL ? NULL : row->name);
    detail = cs_text_shown(detail);
    (void)snprintf(v->why, sizeof v->why, "%s (%.*s) crank %llu: %s%s%.*s",
                   cs_vatid_text(k->crank.vat, vat), (int)name.size, (const char *)name.data,
                   (unsigned long long)k->crank.meta->crank_number, what,
                   detail.size > 0 ? ": " : "", (int)detail.size, (const char *)detail.data);
    cs_text_make_line(v->why);
}

static void condemn(cs_kernel *k, cs_verdict *v, const char *what, cs_bytes detail)
{
    v->abort = v->terminate = v->failed = true;
    say_why(k, v, what, detail);
}

static bool meter_underflow(const cs_kernel *k, const cs_reply *reply)
{
    uint64_t max = k->crank.options.computrons_max;
    return max > 0 && reply->computrons > max;
}

void cs_crank_judge(cs_kernel *k, const cs_reply *reply, cs_verdict *ret)
{
    cs_error err;
    *ret = (cs_verdict){ 0 };
    if (cs_syscall_apply_all(k, k->crank.vat, reply->syscalls, reply->syscall_count, &err) !=
        CS_OK) {
        condemn(k, ret, err.text, (cs_bytes){ 0 });
    } else if ((reply->status == CS_OK || reply->status == CS_E_METER) &&
               cs_meter_underflows(k, reply)) {
        ret->underflow = ret->abort = true;
        ret->terminate = ret->failed = !k->crank.options.suspend_on_underflow;
        say_why(k, ret, cs_status_text(CS_E_METER), CS_BYTES("its meter has run out"));
    } else if (reply->status != CS_OK) {
        bool is_known = cs_status_class(reply->status) == CS_CLASS_VAT;
        cs_status st =
            is_known ? reply->status : CS_E_PROTOCOL; /* no other class is a worker's to say */
        condemn(k, ret, cs_status_text(st), reply->problem);
    } else if (meter_underflow(k, reply)) {
        condemn(k, ret, cs_status_text(CS_E_METER), (cs_bytes){ 0 });
    } else if (k->crank.exit.requested) {
        ret->terminate = true;
        ret->abort = ret->failed = k->crank.exit.is_failure;
        ret->info = &k->crank.exit.info;
        say_why(k, ret, ret->abort ? "exit with failure" : "exit", k->crank.exit.info.body);
    }
}
