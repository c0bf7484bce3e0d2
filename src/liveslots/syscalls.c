/* The syscalls of one delivery, in order, until they become the reply. All that they point to lives
 * in the arena, which is cleared when the next delivery begins.
 *
 * What a vat can make us keep is bounded: over CS_SYSCALLS_MAX or CS_REPLY_MAX the delivery fails.
 * Encoding happens in C, where nothing is metered, so each syscall costs the vat computrons for its
 * bytes. */
#include "liveslots/state.h"

#include "base/alloc.h"
#include "base/limits.h"

enum {
    COMPUTRONS_PER_SYSCALL = 20,
    BYTES_PER_COMPUTRON = 16,
};

cs_capdata cs_ls_keep(cs_liveslots *ls, const cs_capdata *data)
{
    cs_vref *slots = NULL;
    if (data->slot_count > 0) {
        slots = cs_arena_take(&ls->arena, data->slot_count * sizeof *slots);
        for (uint32_t i = 0; i < data->slot_count; i++)
            slots[i] = data->slots[i];
    }
    return (cs_capdata){
        .body = cs_arena_copy(&ls->arena, data->body),
        .slots = slots,
        .slot_count = data->slot_count,
    };
}

/* A place for one more, or NULL: the delivery has failed. */
static cs_syscall *add(cs_liveslots *ls, cs_syscall_kind kind, uint64_t bytes)
{
    cs_machine *the = cs_heap_machine(ls->heap);
    the->meterIndex += COMPUTRONS_PER_SYSCALL + (txU4)(bytes / BYTES_PER_COMPUTRON);
    ls->syscall_bytes += bytes + sizeof(cs_syscall);
    if (ls->syscall_count >= CS_SYSCALLS_MAX)
        cs_ls_fail(ls, CS_E_TOO_BIG, "more than %u syscalls in one delivery", CS_SYSCALLS_MAX);
    if (ls->syscall_bytes > CS_REPLY_MAX)
        cs_ls_fail(ls, CS_E_TOO_BIG, "more than %u bytes of syscalls in one delivery",
                   CS_REPLY_MAX);
    if (ls->failure.status == CS_E_TOO_BIG)
        return NULL;
    if (ls->syscall_count == ls->syscall_cap) {
        ls->syscall_cap = ls->syscall_cap == 0 ? 16 : 2 * ls->syscall_cap;
        ls->syscalls = cs_realloc(ls->syscalls, ls->syscall_cap, sizeof *ls->syscalls);
    }
    cs_syscall *s = &ls->syscalls[ls->syscall_count++];
    *s = (cs_syscall){ .kind = kind };
    return s;
}

static uint64_t size_of(const cs_capdata *data)
{
    return data->body.size + data->slot_count * sizeof(cs_vref);
}

void cs_ls_send(cs_liveslots *ls, const cs_message *message)
{
    cs_syscall *s = add(ls, CS_SYSCALL_SEND, size_of(&message->methargs));
    if (s != NULL)
        s->send = *message;
}

void cs_ls_subscribe(cs_liveslots *ls, cs_vref promise)
{
    cs_syscall *s = add(ls, CS_SYSCALL_SUBSCRIBE, 0);
    if (s != NULL)
        s->promise = promise;
}

void cs_ls_resolve(cs_liveslots *ls, const cs_resolution *items, uint32_t count)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < count; i++)
        bytes += size_of(&items[i].data) + sizeof items[i];
    cs_syscall *s = add(ls, CS_SYSCALL_RESOLVE, bytes);
    if (s != NULL)
        s->resolve = (cs_resolutions){ .items = items, .count = count };
}

void cs_ls_exit(cs_liveslots *ls, bool is_failure, const cs_capdata *info)
{
    cs_syscall *s = add(ls, CS_SYSCALL_EXIT, size_of(info));
    if (s == NULL)
        return;
    s->exit.is_failure = is_failure;
    s->exit.info = *info;
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
