/* One vat's liveslots, and what its files tell each other. Private to liveslots/.
 *
 *   liveslots.c   life, a delivery from its first turn to the reply, hooks
 *   identity.c    vrefs and the objects that they mean
 *   tags.c        prototypes of presences
 *   start.c       startVat: buildRootObject and the root object
 *   inbound.c     message and notify
 *   outbound.c    sends; promises of ours that the kernel follows, and what they resolve to
 *   get.c         E.get()
 *   device.c      D()
 *   syscalls.c    the list of syscalls that becomes the reply
 *   collect.c     when the heap is collected; which objects that holds, and which it finds lost
 *   drops.c       imports and exports that come, go and come back
 *   dead.c        what is lost, until the kernel has been told
 *   powers.c      vatPowers
 *   baggage.c     the store that buildRootObject is given
 *
 * Identity (S7). While a vref is in use, exactly one object of the heap has it.
 *   L1  values[vref] is the instance that a delivery means by vref.
 *   L2  The vref of an instance is its handle if it is a presence, else vrefs[instance].
 *   L3  vrefs[i] == v implies values[v] == i: no address outlives its object. values[v] == i implies
 *       vrefs[i] == v, except for a promise that is the answer to a send and was exported before that:
 *       it has two vrefs, and the one that it got last in L2, until one of the two is forgotten.
 *   L4  A promise's vref is forgotten on both sides when it is settled: the same promise sent again
 *       has a new one, and its resolution goes with it.
 *
 * Who holds what (S7). Tables that hold their objects strongly:
 *   exported    remotables that the kernel can reach: until dropExports, or for ever (the root)
 *   imports     by what we settle promises when the kernel says so, answers to our sends among them:
 *               until notify. That is the promise itself, or what the answer follows; the answer too
 *   decided     promises that we settle: until they are
 *   devices     device nodes, for ever
 *   gets        what waits for E.get() of an import
 * Weakly: values and vrefs. An object of theirs that a forced collection finds unreachable is lost and
 * leaves both, unless it is a presence that a WeakMap or WeakSet knows: should the kernel send its vref
 * again, the very same object must come back and be found there. (A presence to which the vat has tied
 * more than that, see collect.c, is held.)
 *
 * References (S4, S8). Each o- of the kernel's c-list is in one of these states. "owed" is what the
 * kernel is to be told (dead.c); R is the kernel's flag: it thinks that the vat can reach the object.
 *                         values  dropped  owed             flag
 *   held                  yes     no       -                R
 *   recognised, untold    yes     yes      DROP             R
 *   recognised            yes     yes      -                _
 *   lost, untold          no      no       DROP and RETIRE  R
 *   lost, drop told       no      no       RETIRE           _      was only recognised before
 *   L5  imports_known is how many they are, imports_held how many have R.
 * And each o+ that is in use:
 *                         values  exported  dropped_exports  owed
 *   the kernel's          yes     yes       no               -
 *   dropped               yes     no        yes              -
 *   lost                  no      no        yes              RETIRE_EXPORT
 *   not the kernel's      yes     no        no               -      never sent, or retired
 *   L6  owed has nothing else; what is owed stands in exactly one batch that is still to be told, or
 *       in several of which the first counts. */
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

/* What the kernel is to be told of a reference. */
enum { CS_OWED_DROP = 1, CS_OWED_RETIRE = 2, CS_OWED_RETIRE_EXPORT = 4 };

/* dead.c: batches in the order in which collections found them, each sorted by text. */
typedef struct cs_dead {
    cs_map owed; /* vref -> CS_OWED_... */
    struct cs_dead_batch *first, *last;
    cs_vref *open; /* the batch of this crank, unsorted yet */
    uint32_t open_count, open_cap;
} cs_dead;

struct cs_liveslots {
    cs_heap *heap;
    cs_marshal *marshal;
    const cs_liveslots_ops *ops;
    void *ctx;
    uint64_t computrons_max;

    char errors_name[CS_REF_TEXT_MAX + 16]; /* "liveSlots:v1" */
    uint64_t errors_sent;                   /* the number of the last */

    cs_map values, vrefs;
    cs_map exported, imports, decided, devices;
    cs_map dropped, dropped_exports; /* sets */
    uint32_t imports_known, imports_held;
    uint64_t next_object, next_promise;

    cs_dead dead;
    uint64_t drops_since; /* since the last collection: exports dropped, imports retired */
    cs_vref *listed;      /* of cs_liveslots_imports() */

    cs_map tags; /* of tags.c */

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
    cs_error failure;    /* OK, or the first reason why the delivery fails */
    uint64_t computrons; /* that its turns took */
    bool collected;
    bool in_notify;     /* imports subscribe at its end */
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

/* --- tags.c --------------------------------------------------------------------------------------- */

typedef void cs_marker(cs_machine *the, cs_slot *instance);
/* Pushes the prototype of presences with this interface name, UTF-8. */
void cs_ls_push_tag_record(cs_machine *the, cs_liveslots *ls, cs_bytes iface);
/* Organic collections: all of them. */
void cs_ls_mark_tags(cs_machine *the, cs_liveslots *ls, cs_marker *mark);
/* Forced ones: those by which something could be recognised though no object leads to them; and, when all
 * that lives is marked, the others are forgotten. */
void cs_ls_hold_marked_tags(cs_machine *the, cs_liveslots *ls, cs_marker *mark);
void cs_ls_sweep_tags(cs_liveslots *ls);
void cs_ls_tags_fini(cs_liveslots *ls);

/* --- collect.c ------------------------------------------------------------------------------------ */

/* Hooks of the heap: what we hold, in every collection; besides that in organic ones; and what to do
 * about the rest in forced ones. */
void cs_ls_mark(cs_machine *the, cs_liveslots *ls, cs_marker *mark);
void cs_ls_mark_weak(cs_machine *the, cs_liveslots *ls, cs_marker *mark);
void cs_ls_sweep(cs_machine *the, cs_liveslots *ls, cs_marker *mark);
/* The vat has fallen quiet, and nothing has failed: collects if it is time, tells of what is dead. */
void cs_ls_end_crank(cs_liveslots *ls, cs_delivery_kind kind, cs_collect collect);
/* Whether a private field or an entry of a WeakMap or WeakSet is tied to an object. */
bool cs_ls_is_marked_by_vat(const cs_slot *instance);
/* References of whose loss we would tell. */
uint32_t cs_ls_watched(const cs_liveslots *ls);
/* Bytes that may be garbage since the last collection. */
uint64_t cs_ls_suspect_bytes(const cs_liveslots *ls, const cs_heap_figures *f);
/* Gives memory back of which there is much more than the map needs. */
void cs_ls_shrink(cs_map *m);
/* Removes all of them, and the memory of very many. */
void cs_ls_empty(cs_map *m);

/* --- drops.c -------------------------------------------------------------------------------------- */

/* A presence has been made for an o- that we did not know. */
void cs_ls_imported(cs_liveslots *ls, cs_vref vref);
/* A presence that we know is mentioned again; only called when some are dropped. */
void cs_ls_held_again(cs_liveslots *ls, cs_vref vref);
/* CapData that came in has been decoded, or could not be: the kernel thinks that we hold what is in its
 * slots. What no body mentions, nobody holds. */
void cs_ls_let_go(cs_liveslots *ls, const cs_capdata *data);
/* An object of values is lost, or (of a presence) is only recognised from now on. */
void cs_ls_lost(cs_liveslots *ls, cs_vref vref, const cs_slot *instance);
void cs_ls_only_recognized(cs_liveslots *ls, cs_vref vref);
void cs_ls_deliver_drop_exports(cs_liveslots *ls, const cs_vrefs *refs);
void cs_ls_deliver_retire_exports(cs_liveslots *ls, const cs_vrefs *refs);
void cs_ls_deliver_retire_imports(cs_liveslots *ls, const cs_vrefs *refs);

/* --- dead.c --------------------------------------------------------------------------------------- */

void cs_ls_owe(cs_liveslots *ls, cs_vref vref, unsigned what);
unsigned cs_ls_owed(const cs_liveslots *ls, cs_vref vref);
/* Nothing is to be told of the vref any more; returns what was. */
unsigned cs_ls_forgive(cs_liveslots *ls, cs_vref vref);
/* Makes syscalls of what is owed, as much as one crank may tell. */
void cs_ls_tell_dead(cs_liveslots *ls);
void cs_ls_dead_fini(cs_dead *dead);
/* In the order of their texts; of plain vrefs. */
void cs_ls_sort(cs_vref *items, size_t count);

/* --- syscalls.c ----------------------------------------------------------------------------------- */

/* Copies the CapData into the arena. Like all of these it leaves by longjmp if there is too much. */
cs_capdata cs_ls_keep(cs_liveslots *ls, const cs_capdata *data);
/* What is added must live in the arena. */
void cs_ls_send(cs_liveslots *ls, const cs_message *message);
void cs_ls_subscribe(cs_liveslots *ls, cs_vref promise);
void cs_ls_resolve(cs_liveslots *ls, const cs_resolution *items, uint32_t count);
void cs_ls_exit(cs_liveslots *ls, bool is_failure, const cs_capdata *info);
/* Waits for the answer, which is in the syscall that this gives: valid until the next one is added. Ends
 * the delivery by longjmp if there is none. */
const cs_syscall *cs_ls_call(cs_liveslots *ls, cs_vref device, cs_bytes method,
                             const cs_capdata *args);
/* The vat pays nothing for these: it does not know when they are made. */
bool cs_ls_may_tell(const cs_liveslots *ls);
void cs_ls_tell(cs_liveslots *ls, cs_syscall_kind kind, const cs_vref *items, uint32_t count);
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

/* --- device.c ------------------------------------------------------------------------------------- */

/* Host functions: D, the trap of D(node), D(node).method. */
void cs_ls_device(cs_machine *the);
void cs_ls_device_get(cs_machine *the);
void cs_ls_device_method(cs_machine *the);

/* --- inbound.c and start.c: first turns of deliveries ----------------------------------------------- */

void cs_ls_deliver_message(cs_machine *the, cs_liveslots *ls, const cs_message *m);
void cs_ls_deliver_notify(cs_machine *the, cs_liveslots *ls, const cs_resolutions *n);
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

static inline bool cs_ls_is_import(cs_vref v)
{
    return cs_vref_type(v) == CS_REF_OBJECT && !cs_vref_by_vat(v);
}

static inline bool cs_ls_is_export(cs_vref v)
{
    return cs_vref_type(v) == CS_REF_OBJECT && cs_vref_by_vat(v);
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
