/* HandledPromise and E, in C (@endo/eventual-send's semantics).
 *
 * State lives in internal slots of the instances themselves: invisible to JavaScript, unforgeable,
 * marked and swept with them (docs/engine.md). A *presence* is an object whose first slot is a host
 * slot that carries a 64-bit handle of the owner (its vref); a *native promise* carries one likewise
 * while it is pending. What is sent to either arrives at the owner's `send`, in a later turn. All
 * functions here run inside a fence and may throw. */
#pragma once
#include "engine/xs.h"

typedef enum cs_send_op { CS_SEND_GET, CS_SEND_FUNCTION, CS_SEND_METHOD } cs_send_op;

/* A send that reached a presence or a native promise.
 *   key    GET, METHOD: string or symbol as a slot (XS_AT_KIND is already turned into a value)
 *   args   FUNCTION, METHOD: a hardened array; NULL for GET
 *   result the promise of the answer, pending; NULL if nobody waits (sendOnly)
 * The owner may make `result` native, and settles it with cs_promise_resolve/reject. When that is done
 * later it takes effect one turn later than for other promises, as in the package, where the answer's
 * promise follows one that the owner's handler returns. If the owner throws, `result` is rejected. */
typedef struct cs_outgoing {
    uint64_t handle;
    cs_send_op op;
    cs_slot *key, *args;
    cs_slot *result; /* promise instance */
} cs_outgoing;

typedef void cs_send_fn(cs_machine *the, void *guest, const cs_outgoing *send);
void cs_heap_set_send(cs_heap *h, cs_send_fn *send);

/* Pushes a new presence, hardened, with prototype `proto` (a slot holding a reference) or
 * Object.prototype if NULL. handle != 0. */
void cs_presence_push(cs_machine *the, uint64_t handle, cs_slot *proto);
/* The handle of a presence instance, or 0. */
uint64_t cs_presence_handle(const cs_slot *instance);
/* Whether, though nobody may hold it, the owner could push the same instance again: then the values of
 * its entries in WeakMaps live as long as these. True of what cs_presence_push() makes, until the owner
 * says that it cannot come back: from then on it is a key like any object. */
bool cs_presence_may_return(const cs_slot *instance);
void cs_presence_retire(cs_slot *instance);

/* Pushes a pending, hardened promise; handle 0: what is sent to it waits until it is resolved. */
void cs_promise_push(cs_machine *the, uint64_t handle);
bool cs_is_promise(const cs_slot *instance);        /* any promise, native or of the user */
uint64_t cs_promise_handle(const cs_slot *promise); /* 0 if none, or resolved */
/* Of an unresolved promise made here. What waited for it is sent anew. */
void cs_promise_set_handle(cs_machine *the, cs_slot *promise, uint64_t handle);
/* Settle a promise made here; later calls are ignored, and so is any other promise. `value` as if given
 * to its resolver: a promise or thenable is followed. The value or reason is on the stack or in a
 * frame. They throw nothing. */
void cs_promise_resolve(cs_machine *the, cs_slot *promise, cs_slot *value);
void cs_promise_reject(cs_machine *the, cs_slot *promise, cs_slot *reason);
/* Has `fn(the, guest, data, fulfilled, value)` called in a later turn when any promise settles; also
 * counts as handling a rejection. No closure of JavaScript is made visible. `fn` must not throw. A heap
 * takes at most four functions; it knows them by number, in the order of their first use. */
typedef void cs_settled_fn(cs_machine *the, void *guest, uint64_t data, bool fulfilled,
                           cs_slot *value);
void cs_promise_then(cs_machine *the, cs_slot *promise, cs_settled_fn *fn, uint64_t data);

/* HandledPromise.applyMethod / applyFunction / get to any target; pushes the promise of the answer.
 * key and args as in cs_outgoing. Throws if the target cannot be hardened. */
void cs_send_push(cs_machine *the, cs_send_op op, cs_slot *target, cs_slot *key, cs_slot *args);

/* Pushes the arguments of the frame as an array that is hardened, like its items. Throws if one of them
 * cannot be. */
void cs_push_arguments(cs_machine *the);

/* Host functions that objects of a heap may refer to. */
extern const cs_native cs_handled_promise_natives[];
/* Called once while the base is made, before lockdown: installs HandledPromise and E as globals. */
void cs_handled_promise_install(cs_machine *the);
