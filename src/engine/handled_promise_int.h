/* What the files of HandledPromise and E share. Private to handled_promise*.c and eventual_send*.c.
 *
 *   handled_promise.c           a promise's state; resolving and rejecting
 *   handled_promise_settle.c    settling by the rules of the language; HandledPromise.resolve()
 *   handled_promise_react.c     reactions of our own on any promise
 *   handled_promise_presence.c  presences
 *   handled_promise_new.c       the constructor and its resolving functions
 *   handled_promise_static.c    static methods
 *   handled_promise_install.c   how all of it comes into the base
 *   eventual_send.c             a send from the call to the turn in which it is delivered
 *   eventual_send_local.c       delivery to a local value or a handler
 *   eventual_send_proxy.c       E(x), E.get(x), E.sendOnly(x)
 *   eventual_send_text.c        values quoted in error texts
 *
 * The order of turns is that of @endo/eventual-send 1.5.0, turn for turn. Where its code queues a job
 * that can do nothing (a promise of a chain that nobody looks at), none is queued here: leaving out a
 * job without effect from a first-in-first-out queue moves no other.
 *
 * State. A promise made here has an internal slot more than XS's own three: JavaScript cannot see or
 * forge it, and it is collected with the promise. Its kind and three bits of its flag byte say what
 * it is:
 *
 *   POSTPONES  unresolved; sends wait until it is resolved    UNDEFINED, or REFERENCE to their list
 *   HANDLER    unresolved; sends go to a pending handler      REFERENCE to the handler
 *   NATIVE     unresolved; sends go to the heap's owner       HOST with the owner's handle
 *   FORWARDED  resolved to another promise made here          REFERENCE to that promise
 *   PRESENCE   resolved to a presence                         REFERENCE to the presence
 *   RESOLVED   resolved to something else, or rejected        UNDEFINED
 *
 * A presence has an internal HOST slot, first of all or, in a proxy, right behind XS's own:
 * the handle of the owner, or 0 if a handler of JavaScript made the presence. Behind it stand one or
 * two REFERENCE slots: to the promise that HandledPromise.resolve() gives for the presence (a native
 * presence gets it when first asked), and to the handler.
 *
 * REFERENCE slots only: XS marks what they refer to without recursion, so chains of any length are
 * fine. Of the value of such a slot XS uses the first word. Where the slot stands for a list, the
 * second word is a hint, a link near the end of the list or NULL, so that appending takes no walk.
 *
 * For an image of a heap: flags of internal slots are state; HOST slots hold numbers, no pointers;
 * second words of REFERENCE slots are left out and restored as NULL; callbacks are those of
 * cs_handled_promise_natives; the owner's functions are kept by number (cs_promise_then). */
#pragma once
#include "engine/handled_promise.h"
#include "engine/heap.h"

typedef enum cs_hp_state {
    CS_HP_POSTPONES,
    CS_HP_HANDLER,
    CS_HP_NATIVE,
    CS_HP_FORWARDED,
    CS_HP_PRESENCE,
    CS_HP_RESOLVED,
} cs_hp_state;

/* On the state slot: a result that the owner answers settles one turn after the owner says so. In
 * the package the promise of the answer follows one that the handler made. */
#define CS_HP_ANSWER XS_INSPECTOR_FLAG

#ifdef mxDebug
#define CS_HP_LAST_OF_XS(promise) mxPromiseEnvironment(promise)
#else
#define CS_HP_LAST_OF_XS(promise) mxPromiseResult(promise)
#endif

/* The state slot, or NULL: a promise of somebody else. Behind XS's slots there may also be entries of
 * weak collections, private fields and indexed properties, which are of other kinds. */
static inline cs_slot *cs_hp_slot(const cs_slot *promise)
{
    cs_slot *s = CS_HP_LAST_OF_XS(promise)->next;
    bool ours =
        s != NULL && (s->flag & XS_INTERNAL_FLAG) != 0 &&
        (s->kind == XS_REFERENCE_KIND || s->kind == XS_UNDEFINED_KIND || s->kind == XS_HOST_KIND);
    return ours ? s : NULL;
}

static inline cs_hp_state cs_hp_state_of(const cs_slot *state_slot)
{
    return (cs_hp_state)(state_slot->flag >> 1 & 7);
}

static inline bool cs_hp_is_unresolved(const cs_slot *state_slot)
{
    return state_slot != NULL && cs_hp_state_of(state_slot) <= CS_HP_NATIVE;
}

/* --- a send --------------------------------------------------------------------------------------- */

/* A cs_send_op, and whether nobody waits for the answer. */
enum { CS_HP_OP = 3, CS_HP_ONLY = 4 };
extern const char *const cs_hp_op_names[8]; /* what a handler's function is called */

/* A send on its way. Its slots belong to a frame, to the stack, or to a record that a frame holds. */
typedef struct cs_hp_send {
    txInteger op;
    cs_slot *key;    /* XS_AT_KIND, or undefined */
    cs_slot *args;   /* a hardened array, or undefined */
    cs_slot *result; /* the promise to settle, or undefined */
    cs_slot *passed; /* what a handler is told is the promise of the answer */
} cs_hp_send;

/* Sends, and pushes the promise of the answer, or undefined. target, key and args are on the stack or
 * in a frame. passed NULL: a handler is told the promise of the answer itself. */
void cs_hp_push_send(cs_machine *the, txInteger op, cs_slot *target, cs_slot *key, cs_slot *args,
                     cs_slot *passed);
/* Rejects `result` (a promise or undefined) after so many turns. `handled`, unless NULL, is the
 * rejected promise that the reason comes from. */
void cs_hp_lose_later(cs_machine *the, const cs_slot *result, const cs_slot *reason,
                      txInteger turns, cs_slot *handled);

/* Deliver in this turn and settle the result: to a settled value, to an unresolved promise. */
void cs_hp_deliver_value(cs_machine *the, const cs_hp_send *s, cs_slot *value);
void cs_hp_deliver_pending(cs_machine *the, const cs_hp_send *s, cs_slot *promise);

/* What delivery comes to, where it is not the owner's: push the answer, or throw. */
void cs_hp_apply_local(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *handler);
void cs_hp_apply_presence(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *handler);
void cs_hp_apply_pending(cs_machine *the, const cs_hp_send *s, cs_slot *target, cs_slot *handler);

/* --- records -------------------------------------------------------------------------------------- */

/* A record keeps a send that waits for its target: a reaction, see below, of kind
 * CS_HP_REACT_SEND. Pushes it. */
void cs_hp_push_record(cs_machine *the, const cs_hp_send *s, const cs_slot *target);
cs_hp_send cs_hp_read_record(const cs_slot *record, cs_slot **ret_target);
/* Of several that may deliver a record the first one does. True if it is this one. */
bool cs_hp_claim(cs_slot *record);
bool cs_hp_is_claimed(const cs_slot *record);

/* --- promises ------------------------------------------------------------------------------------- */

/* Makes a pending promise that postpones in place of its prototype on top of the stack; not hardened.
 * Returns its state slot. */
cs_slot *cs_hp_make(cs_machine *the);
void cs_hp_set_handler(cs_slot *promise, cs_slot *handler);
/* The promise that `promise` was forwarded to in the end, or `promise`. */
cs_slot *cs_hp_shorten(cs_machine *the, cs_slot *promise);
/* Counts an unresolved promise as resolved, with its settling to follow. */
void cs_hp_close(cs_slot *promise);
/* Whether it is a promise whose `then` and `constructor` are those of Promise.prototype: XS and we
 * may follow it without running code of the user. */
bool cs_hp_is_plain(cs_machine *the, cs_slot *instance);
/* True: reading `then` of the object runs nothing and gives undefined. False: it may or may not. */
bool cs_hp_lacks_then(cs_machine *the, cs_slot *instance);
/* Pushes HandledPromise.resolve(value). */
void cs_hp_push_promise_of(cs_machine *the, cs_slot *value);
/* Settles as XS's resolving functions for the promise would; state is not looked at. */
void cs_hp_settle(cs_machine *the, cs_slot *promise, bool fulfilled, cs_slot *value);
/* Makes a send wait until `promise`, which postpones, is resolved. */
void cs_hp_postpone(cs_machine *the, cs_slot *promise, cs_slot *record);
/* The owner will answer this unresolved promise. */
void cs_hp_note_answer(cs_slot *promise);

/* Makes a slot one of kind HOST that carries a handle; reads it. */
void cs_hp_set_host(cs_slot *slot, uint64_t handle);
uint64_t cs_hp_handle_of(const cs_slot *host);

/* The HOST slot of a presence, or NULL. */
cs_slot *cs_hp_presence(const cs_slot *instance);
/* Its handler, NULL if the presence is native; its promise, NULL if there is none yet. */
cs_slot *cs_hp_presence_handler(const cs_slot *host);
cs_slot *cs_hp_presence_promise(const cs_slot *host);
/* Makes an object a presence with a handler, by slots put behind `after`. */
void cs_hp_become_presence(cs_machine *the, cs_slot *after, cs_slot *promise, cs_slot *handler);
/* Pushes the promise of a native presence that had none. */
void cs_hp_push_promise_of_native(cs_machine *the, cs_slot *presence, cs_slot *host);

/* --- reactions and jobs --------------------------------------------------------------------------- */

/* What a reaction of ours does; stands, with a detail above it, in its first slot. */
typedef enum cs_hp_react {
    CS_HP_REACT_SEND,   /* deliver a record; detail: op */
    CS_HP_REACT_FOLLOW, /* settle another promise alike */
    CS_HP_REACT_THEN,   /* call the owner; detail: number of the function */
} cs_hp_react;
enum { CS_HP_REACT_BITS = 4 };

/* Has the reaction on top of the stack, XS's or ours, run when `promise` settles; pops it. */
void cs_hp_subscribe(cs_machine *the, cs_slot *promise);
/* Has `promise` settled like `followed` from now on. */
void cs_hp_follow(cs_machine *the, cs_slot *followed, cs_slot *promise);
/* Appends a reference to `instance` to the list that `list`, a REFERENCE slot, refers to. */
void cs_hp_append(cs_machine *the, cs_slot *list, cs_slot *instance);

/* Functions that only jobs call; JavaScript never sees them. */
typedef enum cs_hp_hidden {
    CS_HP_DELIVER, /* this: a settled value. Arguments: op, key, args, result, perhaps passed */
    CS_HP_RACE,    /* this: a record whose target is pending */
    CS_HP_RESEND,  /* this: a record that was postponed */
    CS_HP_LOSE,    /* this: the promise to reject, or undefined. Arguments: reason, turns */
    CS_HP_FOLLOW,  /* this: the promise to follow. Argument: the follower */
    CS_HP_SETTLE,  /* this: an answered promise. Arguments: value, whether fulfilled */
    CS_HP_ADOPT,   /* this: a promise. Argument: the promise to adopt by its own `then` */
    CS_HP_E_GET,   /* a getter: the property of E(x) that the->scratch names */
    CS_HP_HIDDEN_COUNT,
} cs_hp_hidden;

/* Pushes the beginning of a job. Arguments and fxQueueJob() follow. */
void cs_hp_push_job(cs_machine *the, const cs_slot *self, cs_hp_hidden function);

void cs_hp_host_deliver(cs_machine *the);
void cs_hp_host_race(cs_machine *the);
void cs_hp_host_resend(cs_machine *the);
void cs_hp_host_lose(cs_machine *the);
void cs_hp_host_follow(cs_machine *the);
void cs_hp_host_settle(cs_machine *the);
void cs_hp_host_adopt(cs_machine *the);
void cs_hp_host_e_get(cs_machine *the);
/* In place of XS's callbacks for reactions. */
void cs_hp_host_fulfilled(cs_machine *the);
void cs_hp_host_rejected(cs_machine *the);
/* Of functions that JavaScript has: E(x) and E(x).m, HandledPromise, resolving functions. */
void cs_hp_host_e_function(cs_machine *the);
void cs_hp_host_e_method(cs_machine *the);
void cs_hp_host_construct(cs_machine *the);
void cs_hp_host_resolve_handled(cs_machine *the);
void cs_hp_host_reject_handled(cs_machine *the);
void cs_hp_host_resolve_with_presence(cs_machine *the);
/* Pushes an argument of the frame, or undefined. */
void cs_hp_push_argument(cs_machine *the, txInteger i);
/* Pushes a promise that follows what `then` of an unsafe one calls back with; throws if it throws.
 * Takes the frame's result for itself. */
void cs_hp_push_adopted(cs_machine *the, const cs_slot *unsafe);

/* --- what is in the base -------------------------------------------------------------------------- */

/* Constant once the base is made, of which there is one per process (engine.h). */
typedef struct cs_hp_base {
    cs_slot *hidden[CS_HP_HIDDEN_COUNT];
    cs_slot *constructor; /* HandledPromise */
    cs_slot member;       /* an accessor: any property of E(x) */
    txID handler_ids[8];  /* of cs_hp_op_names */
    txID id_proxy, id_target, id_handler, id_revoker_callback, id_revocable, id_revoke;
} cs_hp_base;
extern cs_hp_base cs_hp;

extern const cs_native cs_hp_statics[];
/* While the base is made: defines functions as properties; pushes E. */
void cs_hp_define_functions(cs_machine *the, cs_slot *object, const cs_native *natives);
void cs_hp_push_e(cs_machine *the, cs_slot *constructor);

/* --- texts ---------------------------------------------------------------------------------------- */

/* Pushes a new string. The next four append to such a one on top of the stack. */
void cs_hp_push_text(cs_machine *the, const char *text);
void cs_hp_add(cs_machine *the, const char *text);
void cs_hp_add_quoted(cs_machine *the, const cs_slot *value); /* as the package's q(value) */
void cs_hp_add_quoted_text(cs_machine *the, const char *text);
void cs_hp_add_method_names(cs_machine *the, const cs_slot *value); /* ["a","b"] */
const char *cs_hp_typeof(const cs_slot *value);                     /* `typeof`, but "null" */
/* Puts an error in place of its message on top of the stack; throws it. */
void cs_hp_push_error(cs_machine *the, const cs_slot *constructor);
_Noreturn void cs_hp_throw(cs_machine *the, const cs_slot *constructor);
/* Appends the value on top of the stack to an array, and pops it. */
void cs_hp_append_to_array(cs_machine *the, const cs_slot *array);
