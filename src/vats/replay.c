/* Replay (S16): the deliveries of the transcript once more, in a new heap. Every syscall must have the
 * bytes that were recorded, but drops and retires: when they happen depends on when the heap was
 * collected, which is no history (design.md, section 4).
 *
 * The heap is collected where it was collected then, and nowhere else: so the same references die at the
 * same places, whatever the policy was then and is now, one that died and came back is as new as it
 * was, and the next collection is due when it would have been. Where it comes out differently the reply's count of imports tells (docs/gc.md). */
#include "vats/manager.h"

#include "wire/codec.h"
#include "wire/json.h"

static bool is_drop(const cs_syscall *s)
{
    return s->kind == CS_SYSCALL_DROP_IMPORTS || s->kind == CS_SYSCALL_RETIRE_IMPORTS ||
           s->kind == CS_SYSCALL_RETIRE_EXPORTS;
}

/* The next drop, or the next syscall that is none, at or behind *at; or NULL. */
static const cs_syscall *next_of(const cs_reply *r, bool drops, uint32_t *at)
{
    while (*at < r->syscall_count && is_drop(&r->syscalls[*at]) != drops)
        ++*at;
    return *at < r->syscall_count ? &r->syscalls[(*at)++] : NULL;
}

static bool is_same(cs_vats *v, const cs_syscall *a, const cs_syscall *b)
{
    cs_buf_clear(&v->recorded);
    cs_buf_clear(&v->replayed);
    cs_syscall_enc(&v->recorded, a);
    cs_syscall_enc(&v->replayed, b);
    return cs_bytes_equal(cs_buf_bytes(&v->recorded), cs_buf_bytes(&v->replayed));
}

/* The number, from 1, of the first drop that differs, or of the first other syscall; 0 if none does. */
static uint32_t first_difference(cs_vats *v, const cs_reply *recorded, const cs_reply *replayed,
                                 bool drops, const cs_syscall **ret_recorded,
                                 const cs_syscall **ret_replayed)
{
    for (uint32_t i = 0, j = 0, at = 1;; at++) {
        const cs_syscall *a = *ret_recorded = next_of(recorded, drops, &i);
        const cs_syscall *b = *ret_replayed = next_of(replayed, drops, &j);
        if (a == NULL && b == NULL)
            return 0;
        if (a == NULL || b == NULL || !is_same(v, a, b))
            return at;
    }
}

/* --- saying what differs ---------------------------------------------------------------------------- */

enum { SHOWN = 400 }; /* bytes of each syscall; a cs_error has room for two */

static const char *show(cs_buf *b, const cs_syscall *s)
{
    cs_buf_clear(b);
    if (s == NULL)
        return "nothing";
    cs_syscall_json(b, s);
    if (b->size > SHOWN) {
        b->size = SHOWN;
        cs_buf_add_text(b, "...");
    }
    return cs_buf_text(b);
}

static cs_status diverged(cs_vats *v, uint64_t delivery, uint32_t at, const cs_syscall *recorded,
                          const cs_syscall *replayed, cs_error *err)
{
    return cs_fail(err, CS_E_DIVERGED, "delivery %llu, syscall %u: recorded %s, now %s",
                   (unsigned long long)delivery, at, show(&v->recorded, recorded),
                   show(&v->replayed, replayed));
}

/* What made it stop tells more than that it stopped: a question that was another one then, or none. */
static cs_status compare(cs_vats *v, uint64_t delivery, const cs_reply *recorded,
                         const cs_reply *replayed, cs_error *err)
{
    const cs_syscall *a, *b;
    uint32_t at = 0;
    if (recorded->status == replayed->status || replayed->status == CS_E_DIVERGED)
        at = first_difference(v, recorded, replayed, false, &a, &b);
    if (at > 0)
        return diverged(v, delivery, at, a, b, err);
    if (recorded->status != replayed->status)
        return cs_fail(err, CS_E_DIVERGED, "delivery %llu: recorded %s, now %s: %.*s",
                       (unsigned long long)delivery, cs_status_name(recorded->status),
                       cs_status_name(replayed->status), (int)replayed->problem.size,
                       (const char *)replayed->problem.data);
    return CS_OK;
}

/* --- replaying -------------------------------------------------------------------------------------- */

static cs_collect collect_as_then(const cs_reply *recorded)
{
    return recorded->collected ? CS_COLLECT_NOW : CS_COLLECT_NEVER;
}

cs_status cs_vats_answer_again(cs_vats *v, cs_syscall *syscalls, uint32_t count)
{
    uint32_t at = 0;
    const cs_syscall *then = NULL;
    for (uint32_t i = 0; i < count; i++)
        if (!is_drop(&syscalls[i]))
            then = next_of(v->replaying, false, &at);
    cs_syscall *now = &syscalls[count - 1];
    if (then == NULL || then->kind != now->kind)
        return CS_E_DIVERGED;
    cs_syscall answered = *now;
    if (now->kind == CS_SYSCALL_CALL_NOW) {
        answered.call.failed = then->call.failed;
        answered.call.result = then->call.result;
    } else {
        answered.vatstore.has_answer = then->vatstore.has_answer;
        answered.vatstore.value = then->vatstore.value;
    }
    if (!is_same(v, &answered, then))
        return CS_E_DIVERGED;
    *now = answered;
    return CS_OK;
}

static cs_status replay_one(cs_vats *v, cs_vatid vat, uint64_t delivery, const cs_blob *item,
                            cs_replay_figures *figures, cs_error *err)
{
    const cs_syscall *a, *b;
    cs_delivery d;
    cs_reply recorded, replayed;
    cs_arena_clear(&v->arena);
    if (cs_transcript_dec(cs_blob_bytes(item), &v->arena, &d, &recorded) != CS_OK)
        return cs_fail(err, CS_E_CORRUPT, "transcript row %llu does not decode",
                       (unsigned long long)delivery);
    v->replaying = &recorded;
    cs_status st =
        cs_home_deliver(v, cs_home_of(v, vat), vat, &d, collect_as_then(&recorded), &replayed, err);
    v->replaying = NULL;
    if (st != CS_OK)
        return st;
    figures->deliveries++;
    figures->other_drops += first_difference(v, &recorded, &replayed, true, &a, &b) != 0;
    return compare(v, delivery, &recorded, &replayed, err);
}

cs_status cs_vats_replay_range(cs_vats *v, cs_vatid vat, uint64_t first, uint64_t end,
                               cs_replay_figures *ret, cs_error *err)
{
    for (uint64_t n = first; n < end; n++) {
        cs_blob *item = NULL;
        cs_hash chain;
        cs_status st = cs_transcript_read(v->store, vat, n, &item, &chain, err);
        if (st != CS_OK)
            return st;
        if (item == NULL)
            return cs_fail(err, CS_E_CORRUPT, "transcript row %llu is missing",
                           (unsigned long long)n);
        st = replay_one(v, vat, n, item, ret, err);
        (void)cs_blob_unref(item);
        if (st != CS_OK)
            return st;
    }
    return CS_OK;
}
