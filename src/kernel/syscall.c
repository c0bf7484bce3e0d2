/* Decide, then commit, over a whole reply.
 *
 * A syscall can only be judged by what the ones before it in the same reply did: a promise exported
 * by the first is resolved by the second. So there is no separate pass that decides. Each syscall is
 * checked and applied in its turn under the store's undo journal, and the first refusal ends it all:
 * the caller undoes to a savepoint of S3, and then nothing of the reply is left, neither what the
 * refused syscall had begun nor what the legal ones before it did. Nothing is told to anyone before
 * the crank is kept. So a refusal needs no care for half-done work, and every function here may
 * change rows first and refuse later.
 *
 * Each refusal is the vat's fault (VAT) and ends the vat, never the kernel (S23: the reference panics
 * when a vat resolves what it does not decide). */
#include "kernel/syscall.h"

#include "base/limits.h"
#include "kernel/capdata.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/promise.h"
#include "wire/json.h"

cs_status cs_syscall_capdata(cs_kernel *k, cs_vatid vat, const cs_capdata *d, cs_kcapdata *ret,
                             cs_error *err)
{
    cs_status st = cs_body_check(d->body, d->slot_count, err);
    cs_kref *slots = NULL;
    if (st == CS_OK && d->slot_count > 0)
        slots = cs_arena_take(&k->crank.arena, d->slot_count * sizeof *slots);
    for (uint32_t i = 0; st == CS_OK && i < d->slot_count; i++)
        st = cs_clist_to_kref(k, vat, d->slots[i], &slots[i], err);
    *ret = (cs_kcapdata){ d->body, slots, d->slot_count };
    return st;
}

cs_status cs_syscall_decided(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref promise,
                             cs_error *err)
{
    cs_status st = CS_OK;
    const cs_promise_row *row = NULL;
    if (cs_kref_type(promise) != CS_REF_PROMISE)
        st = CS_E_WRONG_REF;
    else if ((row = cs_need_promise(k, promise)) == NULL || row->state != CS_UNRESOLVED)
        st = CS_E_RESOLVED;
    else if (row->decider.n != vat.n)
        st = CS_E_NOT_DECIDER;
    return st == CS_OK ? CS_OK : cs_vref_refuse(vref, st, err);
}

cs_status cs_syscall_subscribe(cs_kernel *k, cs_vatid vat, cs_vref promise, cs_error *err)
{
    cs_kref kref;
    cs_status st = cs_clist_to_kref(k, vat, promise, &kref, err);
    if (st != CS_OK)
        return st;
    if (cs_kref_type(kref) != CS_REF_PROMISE)
        return cs_vref_refuse(promise, CS_E_WRONG_REF, err);
    cs_kp_subscribe(k, kref, vat);
    cs_stat_add(k, CS_STAT_SUBSCRIBES, 1);
    return CS_OK;
}

/* Takes effect when the delivery is over (S10); the last one counts. What `info` mentions need not be
 * counted: the vat ends, and all that it exports is looked at then. */
static cs_status request_exit(cs_kernel *k, cs_vatid vat, const cs_syscall *s, cs_error *err)
{
    cs_kcapdata info;
    cs_status st = cs_syscall_capdata(k, vat, &s->exit.info, &info, err);
    if (st != CS_OK)
        return st;
    k->crank.exit.requested = true;
    k->crank.exit.is_failure = s->exit.is_failure;
    k->crank.exit.info = info;
    return CS_OK;
}

/* Reads were answered while the vat ran; here they are only checked, and kept in the transcript. */
static cs_status apply_vatstore(cs_kernel *k, cs_vatid vat, const cs_syscall *s, cs_error *err)
{
    cs_bytes key = s->vatstore.key, value = s->vatstore.value;
    if (key.size > CS_VATSTORE_KEY_MAX)
        return cs_fail(err, CS_E_TOO_BIG, "key of %zu bytes, more than %u", key.size,
                       CS_VATSTORE_KEY_MAX);
    if (value.size > CS_VATSTORE_VALUE_MAX)
        return cs_fail(err, CS_E_TOO_BIG, "value of %zu bytes, more than %u", value.size,
                       CS_VATSTORE_VALUE_MAX);
    if (s->kind == CS_SYSCALL_VATSTORE_SET)
        cs_kv_set(k->store, vat, key, cs_blob_new(value));
    else if (s->kind == CS_SYSCALL_VATSTORE_DELETE)
        cs_kv_delete(k->store, vat, key);
    return CS_OK;
}

static cs_status apply(cs_kernel *k, cs_vatid vat, const cs_syscall *s, cs_error *err)
{
    switch (s->kind) {
    case CS_SYSCALL_SEND:
        return cs_syscall_send(k, vat, &s->send, err);
    case CS_SYSCALL_SUBSCRIBE:
        return cs_syscall_subscribe(k, vat, s->promise, err);
    case CS_SYSCALL_RESOLVE:
        return cs_syscall_resolve(k, vat, &s->resolve, err);
    case CS_SYSCALL_EXIT:
        return request_exit(k, vat, s, err);
    case CS_SYSCALL_DROP_IMPORTS:
        return cs_syscall_drop_imports(k, vat, &s->refs, err);
    case CS_SYSCALL_RETIRE_IMPORTS:
        return cs_syscall_retire_imports(k, vat, &s->refs, err);
    case CS_SYSCALL_RETIRE_EXPORTS:
        return cs_syscall_retire_exports(k, vat, &s->refs, err);
    case CS_SYSCALL_ABANDON_EXPORTS:
        return cs_syscall_abandon_exports(k, vat, &s->refs, err);
    case CS_SYSCALL_VATSTORE_GET:
    case CS_SYSCALL_VATSTORE_SET:
    case CS_SYSCALL_VATSTORE_DELETE:
    case CS_SYSCALL_VATSTORE_NEXT_KEY:
        return apply_vatstore(k, vat, s, err);
    case CS_SYSCALL_CALL_NOW:
        return cs_fail(err, CS_E_BAD_SYSCALL, "a device call that was not asked");
    }
    return cs_fail(err, CS_E_BAD_SYSCALL, "unknown kind %u", (unsigned)s->kind);
}

/* What the syscall takes of CS_REPLY_MAX, counted so that a list of nothing costs something too. */
static uint64_t size_of(const cs_syscall *s)
{
    enum { SYSCALL_COST = 8, REF_COST = 8 };
    uint64_t size = SYSCALL_COST;
    switch (s->kind) {
    case CS_SYSCALL_SEND:
        return size + s->send.methargs.body.size + REF_COST * (uint64_t)s->send.methargs.slot_count;
    case CS_SYSCALL_RESOLVE:
        for (uint32_t i = 0; i < s->resolve.count; i++)
            size += REF_COST + s->resolve.items[i].data.body.size +
                    REF_COST * (uint64_t)s->resolve.items[i].data.slot_count;
        return size;
    case CS_SYSCALL_EXIT:
        return size + s->exit.info.body.size + REF_COST * (uint64_t)s->exit.info.slot_count;
    case CS_SYSCALL_VATSTORE_GET:
    case CS_SYSCALL_VATSTORE_SET:
    case CS_SYSCALL_VATSTORE_DELETE:
    case CS_SYSCALL_VATSTORE_NEXT_KEY:
        return size + s->vatstore.key.size + s->vatstore.value.size;
    case CS_SYSCALL_DROP_IMPORTS:
    case CS_SYSCALL_RETIRE_IMPORTS:
    case CS_SYSCALL_RETIRE_EXPORTS:
    case CS_SYSCALL_ABANDON_EXPORTS:
        return size + REF_COST * (uint64_t)s->refs.count;
    case CS_SYSCALL_CALL_NOW:
        return size + s->call.method.size + s->call.args.body.size + s->call.result.body.size +
               REF_COST * ((uint64_t)s->call.args.slot_count + s->call.result.slot_count);
    case CS_SYSCALL_SUBSCRIBE:
        return size;
    }
    return size;
}

/* The syscall counts as applied, or was refused for good. */
static cs_status applied(cs_kernel *k, const cs_syscall *s, cs_status st)
{
    cs_crank *c = &k->crank;
    if (st != CS_OK)
        return cs_fail_at(&c->refused, "syscall %u (%s)", (unsigned)c->applied,
                          cs_syscall_name(s->kind));
    c->applied++;
    return CS_OK;
}

static cs_status check_size(cs_kernel *k, const cs_syscall *s)
{
    cs_crank *c = &k->crank;
    c->applied_size += size_of(s);
    if (c->applied_size <= CS_REPLY_MAX)
        return CS_OK;
    return cs_fail(&c->refused, CS_E_TOO_BIG, "syscalls of more than %u bytes", CS_REPLY_MAX);
}

static void apply_next(cs_kernel *k, cs_vatid vat, const cs_syscall *s)
{
    cs_status st = check_size(k, s);
    (void)applied(k, s, st == CS_OK ? apply(k, vat, s, &k->crank.refused) : st);
}

cs_status cs_syscall_apply_all(cs_kernel *k, cs_vatid vat, const cs_syscall *syscalls,
                               uint32_t count, cs_error *err)
{
    cs_crank *c = &k->crank;
    if (c->refused.status == CS_OK && count > CS_SYSCALLS_MAX)
        (void)cs_fail(&c->refused, CS_E_TOO_BIG, "%u syscalls, more than %u", (unsigned)count,
                      CS_SYSCALLS_MAX);
    while (c->refused.status == CS_OK && c->applied < count)
        apply_next(k, vat, &syscalls[c->applied]);
    return c->refused.status == CS_OK ? CS_OK
                                      : cs_fail(err, c->refused.status, "%s", c->refused.text);
}

/* ---- questions ---- */

/* Lives as long as the crank. */
static cs_bytes lend(cs_kernel *k, cs_bytes bytes)
{
    return cs_arena_copy(&k->crank.arena, bytes);
}

static void answer_get(cs_kernel *k, cs_vatid vat, cs_syscall *s)
{
    const cs_blob *value = cs_kv_find(k->store, vat, s->vatstore.key);
    s->vatstore.has_answer = value != NULL;
    s->vatstore.value = value == NULL ? (cs_bytes){ 0 } : lend(k, cs_blob_bytes(value));
}

static void answer_next_key(cs_kernel *k, cs_vatid vat, cs_syscall *s)
{
    cs_blob *next = cs_kv_after(k->store, vat, s->vatstore.key);
    s->vatstore.has_answer = next != NULL;
    s->vatstore.value = next == NULL ? (cs_bytes){ 0 } : lend(k, cs_blob_bytes(next));
    (void)cs_blob_unref(next);
}

/* A device's answer may be long, and is part of the reply: it is counted when it is known. */
static cs_status ask_device(cs_kernel *k, cs_vatid vat, cs_syscall *s)
{
    s->call.result = (cs_capdata){ 0 };
    cs_status st = cs_syscall_call_now(k, vat, s, &k->crank.refused);
    return applied(k, s, st == CS_OK ? check_size(k, s) : st);
}

/* The question is legal if applying it says so; only then there is an answer. */
static cs_status ask_last(cs_kernel *k, cs_vatid vat, cs_syscall *s)
{
    if (s->kind == CS_SYSCALL_CALL_NOW)
        return ask_device(k, vat, s);
    apply_next(k, vat, s);
    if (k->crank.refused.status != CS_OK)
        return k->crank.refused.status;
    if (s->kind == CS_SYSCALL_VATSTORE_GET)
        answer_get(k, vat, s);
    else
        answer_next_key(k, vat, s);
    return CS_OK;
}

cs_status cs_kernel_ask(cs_kernel *k, cs_syscall *syscalls, uint32_t count, cs_error *err)
{
    cs_assert(k->delivering);
    if (count == 0 || !cs_syscall_asks(syscalls[count - 1].kind))
        return cs_fail(err, CS_E_BAD_SYSCALL, "a question that is none");
    cs_status st = cs_syscall_apply_all(k, k->crank.vat, syscalls, count - 1, err);
    if (st == CS_OK && count <= k->crank.applied) /* a device is called once, whoever asks again */
        st = cs_fail(&k->crank.refused, CS_E_BAD_SYSCALL, "a question that was answered");
    else if (st == CS_OK)
        st = ask_last(k, k->crank.vat, &syscalls[count - 1]);
    return st == CS_OK ? CS_OK : cs_fail(err, st, "%s", k->crank.refused.text);
}
