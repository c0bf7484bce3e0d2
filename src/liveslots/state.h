/* One vat's liveslots, and what its files tell each other. Private to liveslots/.
 *
 *   liveslots.c   life, a delivery from its first turn to the reply, hooks
 *   identity.c    vrefs and the objects that they mean
 *   start.c       startVat: buildRootObject and the root object
 *   inbound.c     message and notify, and the drops that the kernel tells us of
 *   outbound.c    sends; promises of ours that the kernel follows, and what they resolve to
 *   get.c         E.get()
 *   syscalls.c    the list of syscalls that becomes the reply
 *   powers.c      vatPowers
 *   baggage.c     the store that buildRootObject is given
 *
 * Identity (S7). While a vref is in use, exactly one object of the heap has it.
 *   L1  values[vref] is the instance that a delivery means by vref.
 *   L2  The vref of an instance is its handle if it is a presence, else vrefs[instance].
 *   L3  values[v] == i implies vrefs[i] == v, except for a promise that is the answer to a send and
 *       was exported before that: it has two vrefs, and the one that it got last in L2.
 *   L4  A promise's vref is forgotten on both sides when it is settled: the same promise sent again
 *       has a new one, and its resolution goes with it.
 *
 * Who holds what (S7). Tables that hold their objects strongly:
 *   exported    remotables that the kernel can reach: until dropExports, or for ever (the root)
 *   imports     by what we settle promises when the kernel says so, answers to our sends among them:
 *               until notify. That is the promise itself, or what the answer follows
 *   decided     promises that we settle: until they are
 *   gets        what waits for E.get() of an import
 * Weakly: values and vrefs. Nothing is collected from them yet, so they count as strong too. */
#pragma once
#include "base/arena.h"
#include "base/map.h"
#include "engine/handled_promise.h"
#include "liveslots/liveslots.h"
#include "marshal/marshal.h"

typedef enum cs_root_state {
    CS_ROOT_ABSENT,  /* before startVat */
    CS_ROOT_AWAITED, /* buildRootObject has been called */
    CS_ROOT_READY,
    CS_ROOT_FAILED,
} cs_root_state;

struct cs_liveslots {
    cs_heap *heap;
    cs_marshal *marshal;
    const cs_liveslots_ops *ops;
    void *ctx;
    uint64_t computrons_max;

    char errors_name[CS_REF_TEXT_MAX + 16]; /* "liveSlots:v1" */
    uint64_t errors_sent;                   /* the number of the last */

    cs_map values, vrefs;
    cs_map exported, imports, decided;
    uint64_t next_object, next_promise;
    uint32_t imports_held; /* o- in values */

    cs_map gets; /* number -> instance, see get.c */
    uint64_t next_get;

    cs_root_state root;
    cs_slot *entry;   /* namespace of the vat's first module; NULL after startVat */
    cs_slot *baggage; /* the Map behind it, or NULL */

    /* Of the delivery that is under way. */
    cs_arena arena;
    cs_syscall *syscalls;
    uint32_t syscall_count, syscall_cap;
    uint64_t syscall_bytes;
    cs_error failure;   /* OK, or the first reason why the delivery fails */
    bool is_collecting; /* notify: imports subscribe at its end */
    cs_map new_imports; /* promises imported meanwhile */
    cs_map resolved;    /* scratch of outbound.c */
    cs_buf line;        /* scratch of whoever makes text for people */
};

/* --- identity.c ----------------------------------------------------------------------------------- */

extern const cs_slot_ops cs_ls_slot_ops; /* of the marshal; ctx is the cs_liveslots */

cs_slot *cs_ls_value(const cs_liveslots *ls, cs_vref vref); /* NULL: none */
/* none if the instance has none yet */
cs_vref cs_ls_vref(const cs_liveslots *ls, cs_slot *instance);
void cs_ls_register(cs_liveslots *ls, cs_vref vref, cs_slot *instance);
/* L4. Asserts that it is known. */
void cs_ls_forget_promise(cs_liveslots *ls, cs_vref vref);
cs_vref cs_ls_next_promise(cs_liveslots *ls);
/* The kernel is about to learn of these: remotables among them are held from now on. */
void cs_ls_retain(cs_liveslots *ls, const cs_capdata *data);
/* Pushes the object that a vref means; makes presences and promises that are new. Throws. */
void cs_ls_push_value(cs_machine *the, cs_liveslots *ls, cs_vref vref, cs_bytes iface);
void cs_ls_mark(cs_machine *the, cs_liveslots *ls, void (*mark)(cs_machine *, cs_slot *));

/* --- syscalls.c ----------------------------------------------------------------------------------- */

/* Copies the CapData into the arena. Like all of these it leaves by longjmp if there is too much. */
cs_capdata cs_ls_keep(cs_liveslots *ls, const cs_capdata *data);
/* What is added must live in the arena. */
void cs_ls_send(cs_liveslots *ls, const cs_message *message);
void cs_ls_subscribe(cs_liveslots *ls, cs_vref promise);
void cs_ls_resolve(cs_liveslots *ls, const cs_resolution *items, uint32_t count);
void cs_ls_exit(cs_liveslots *ls, bool is_failure, const cs_capdata *info);
/* S7: the vat ends because what it resolves, or exits with, is too large. */
void cs_ls_exit_too_large(cs_machine *the, cs_liveslots *ls);
/* Whether what an encoding threw says that the value is too large for one syscall. */
bool cs_ls_is_too_large(const cs_slot *thrown);

/* --- outbound.c, get.c ----------------------------------------------------------------------------------- */

void cs_ls_send_hook(cs_machine *the, void *guest, const cs_outgoing *out);
/* E.get() of a presence or a promise. */
void cs_ls_get(cs_machine *the, cs_liveslots *ls, const cs_outgoing *out);
/* We settle the promise from now on: its resolution goes to the kernel as `vpid`'s. */
void cs_ls_follow(cs_machine *the, cs_liveslots *ls, cs_vref vpid, cs_slot *promise);

/* --- inbound.c and start.c: first turns of deliveries ----------------------------------------------- */

void cs_ls_deliver_message(cs_machine *the, cs_liveslots *ls, const cs_message *m);
void cs_ls_deliver_notify(cs_machine *the, cs_liveslots *ls, const cs_resolutions *n);
void cs_ls_deliver_drops(cs_liveslots *ls, const cs_vrefs *refs);
/* Keeps the namespace of the vat's code, on top of the stack. */
void cs_ls_keep_entry(cs_machine *the, cs_liveslots *ls);
void cs_ls_deliver_start(cs_machine *the, cs_liveslots *ls, const cs_capdata *parameters);
/* After startVat has fallen quiet: notes in ls->failure why there is no root object. */
void cs_ls_check_root(cs_liveslots *ls);

/* --- powers.c and baggage.c ------------------------------------------------------------------------- */

void cs_ls_push_powers(cs_machine *the);
void cs_ls_push_baggage(cs_machine *the, cs_liveslots *ls);
/* Host functions: the methods of baggage. */
void cs_ls_baggage_has(cs_machine *the);
void cs_ls_baggage_init(cs_machine *the);
void cs_ls_baggage_get(cs_machine *the);
void cs_ls_baggage_set(cs_machine *the);
void cs_ls_baggage_delete(cs_machine *the);
void cs_ls_baggage_get_size(cs_machine *the);
void cs_ls_baggage_keys(cs_machine *the);
void cs_ls_baggage_values(cs_machine *the);
void cs_ls_baggage_entries(cs_machine *the);

/* --- small things ----------------------------------------------------------------------------------- */

static inline cs_liveslots *cs_ls_of(cs_machine *the)
{
    return cs_heap_guest(the);
}

/* Notes the first failure only. */
void cs_ls_fail(cs_liveslots *ls, cs_status st, const char *format, ...) CS_PRINTF(3, 4);
/* The same with a value of the vat as text: "Error: why". */
void cs_ls_fail_with(cs_machine *the, cs_liveslots *ls, cs_status st, const cs_slot *reason);
void cs_ls_say(cs_liveslots *ls, const char *level, cs_bytes text);
/* In a catch block: pushes what was thrown. */
static inline void cs_ls_push_caught(cs_machine *the)
{
    mxPush(mxException);
    mxException = mxUndefined;
}
