/* The syscalls of one delivery, in order, until they become the reply. All that they point to lives
 * in the arena, which is cleared when the next delivery begins.
 *
 * What a vat can make us keep is bounded: over CS_SYSCALLS_MAX or CS_REPLY_MAX it is aborted on the
 * spot. Encoding happens in C, where nothing is metered, so each syscall costs the vat computrons for
 * its bytes. */
#include "liveslots/state.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <string.h>

enum {
    COMPUTRONS_PER_SYSCALL = 20,
    BYTES_PER_COMPUTRON = 16,
};

/* Leaves the vat's code by longjmp; its heap is dead. The reason has been noted. */
static void abort_vat(cs_liveslots *ls)
{
    fxAbort(cs_heap_machine(ls->heap), XS_NOT_ENOUGH_MEMORY_EXIT);
}

static void abort_too_big(cs_liveslots *ls, const char *what)
{
    cs_ls_fail(ls, CS_E_TOO_BIG, "more than %s in one delivery", what);
    abort_vat(ls);
}

/* Bytes that stay until the reply is read. */
static void charge(cs_liveslots *ls, uint64_t bytes)
{
    ls->syscall_bytes += bytes;
    cs_heap_machine(ls->heap)->meterIndex += (txU4)(bytes / BYTES_PER_COMPUTRON);
    if (ls->syscall_bytes > CS_REPLY_MAX)
        abort_too_big(ls, "256 MiB of syscalls");
}

cs_capdata cs_ls_keep(cs_liveslots *ls, const cs_capdata *data)
{
    cs_vref *slots = NULL;
    charge(ls, data->body.size + data->slot_count * sizeof *slots);
    if (data->slot_count > 0) {
        slots = cs_arena_take(&ls->arena, data->slot_count * sizeof *slots);
        memcpy(slots, data->slots, data->slot_count * sizeof *slots);
    }
    return (cs_capdata){
        .body = cs_arena_copy(&ls->arena, data->body),
        .slots = slots,
        .slot_count = data->slot_count,
    };
}

static cs_syscall *append(cs_liveslots *ls, cs_syscall_kind kind)
{
    if (ls->syscall_count == ls->syscall_cap) {
        ls->syscall_cap = ls->syscall_cap == 0 ? 16 : 2 * ls->syscall_cap;
        ls->syscalls = cs_realloc(ls->syscalls, ls->syscall_cap, sizeof *ls->syscalls);
    }
    cs_syscall *s = &ls->syscalls[ls->syscall_count++];
    *s = (cs_syscall){ .kind = kind };
    return s;
}

static cs_syscall *add(cs_liveslots *ls, cs_syscall_kind kind)
{
    cs_heap_machine(ls->heap)->meterIndex += COMPUTRONS_PER_SYSCALL;
    if (ls->syscall_count == CS_SYSCALLS_MAX)
        abort_too_big(ls, "1000000 syscalls");
    return append(ls, kind);
}

void cs_ls_send(cs_liveslots *ls, const cs_message *message)
{
    add(ls, CS_SYSCALL_SEND)->send = *message;
}

void cs_ls_subscribe(cs_liveslots *ls, cs_vref promise)
{
    add(ls, CS_SYSCALL_SUBSCRIBE)->promise = promise;
}

void cs_ls_resolve(cs_liveslots *ls, const cs_resolution *items, uint32_t count)
{
    charge(ls, count * sizeof *items);
    add(ls, CS_SYSCALL_RESOLVE)->resolve = (cs_resolutions){ .items = items, .count = count };
}

void cs_ls_exit(cs_liveslots *ls, bool is_failure, const cs_capdata *info)
{
    cs_syscall *s = add(ls, CS_SYSCALL_EXIT);
    s->exit.is_failure = is_failure;
    s->exit.info = *info;
}

/* --- questions -------------------------------------------------------------------------------------- */

/* The answer to the last syscall is written into it. */
static void ask(cs_liveslots *ls)
{
    cs_status st = CS_E_BAD_SYSCALL;
    if (ls->ops != NULL && ls->ops->ask != NULL)
        st = ls->ops->ask(ls->ctx, ls->syscalls, ls->syscall_count);
    if (st == CS_OK)
        return;
    cs_ls_fail(ls, st, "a question was refused: %s", cs_status_text(st));
    abort_vat(ls);
}

const cs_syscall *cs_ls_call(cs_liveslots *ls, cs_vref device, cs_bytes method,
                             const cs_capdata *args)
{
    charge(ls, method.size);
    cs_syscall *s = add(ls, CS_SYSCALL_CALL_NOW);
    s->call.device = device;
    s->call.method = method;
    s->call.args = *args;
    ask(ls);
    charge(ls, s->call.result.body.size + s->call.result.slot_count * sizeof *s->call.result.slots);
    return s;
}

/* --- drops ------------------------------------------------------------------------------------------ */

enum { TELLING_SYSCALLS = 3, TELLING_BYTES = CS_GC_BATCH * CS_REF_TEXT_MAX };

/* A crank that is full of the vat's own syscalls tells of no drops: the next one will. */
bool cs_ls_may_tell(const cs_liveslots *ls)
{
    return ls->syscall_count + TELLING_SYSCALLS <= CS_SYSCALLS_MAX &&
           ls->syscall_bytes + TELLING_BYTES <= CS_REPLY_MAX;
}

void cs_ls_tell(cs_liveslots *ls, cs_syscall_kind kind, const cs_vref *items, uint32_t count)
{
    append(ls, kind)->refs = (cs_vrefs){ .items = items, .count = count };
}

/* --- limits of one syscall (S7) --------------------------------------------------------------------- */

/* The marshal throws a RangeError for this and for nothing else. */
bool cs_ls_is_too_large(const cs_slot *thrown)
{
    return cs_is_reference(thrown) && cs_is_exotic(thrown->value.reference, XS_ERROR_KIND) &&
           thrown->value.reference->next->value.error.which == XS_RANGE_ERROR;
}

void cs_ls_exit_too_large(cs_machine *the, cs_liveslots *ls)
{
    mxTry(the)
    {
        cs_throw(the, XS_UNKNOWN_ERROR, "syscall capdata too large");
    }
    mxCatch(the)
    {
        cs_ls_push_caught(the);
    }
    cs_capdata info = cs_marshal_encode(the, ls->marshal, the->stack);
    info = cs_ls_keep(ls, &info);
    cs_ls_exit(ls, true, &info);
    mxPop();
}
