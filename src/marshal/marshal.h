/* Engine values <-> CapData (S18). Encoding takes hardened passable values and writes smallcaps;
 * decoding reads smallcaps and the legacy @qclass form and builds values that are hardened at
 * birth. Both run inside a fence and report by throwing a JavaScript error that says what and where
 * in the value; both keep their memory in the caller's cs_marshal, so a longjmp leaks nothing. */
#pragma once
#include "base/message.h"
#include "engine/xs.h"

/* How slots are named. May throw. */
typedef struct cs_slot_ops {
    /* The vref of a remotable, presence or promise (instance). */
    cs_vref (*vref_of)(cs_machine *the, void *ctx, cs_slot *instance, bool is_promise);
    /* Pushes the value of a vref. iface is "" if the body did not say. */
    void (*push_value)(cs_machine *the, void *ctx, cs_vref vref, cs_bytes iface);
} cs_slot_ops;

/* Belongs to one heap. */
typedef struct cs_marshal cs_marshal;
cs_marshal *cs_marshal_new(const cs_slot_ops *ops, void *ctx);
cs_marshal *cs_marshal_free(cs_marshal *m);

/* Errors leave with the id "error:<name>#<number>". `*count` is counted up before each use; it is
 * the owner's, to be kept with the heap. liveslots of the reference: "liveSlots:v1", 70000. */
typedef struct cs_error_ids {
    const char *name; /* NULL: errors carry no id */
    uint64_t *count;
    /* Told after an encoding, in order, what went under which id; may be NULL. May throw. */
    void (*sent)(cs_machine *the, void *ctx, cs_slot *error, cs_bytes id);
} cs_error_ids;
void cs_marshal_set_error_ids(cs_marshal *m, cs_error_ids ids); /* borrows name and count */

/* Encodes `value` (a slot on the stack). The result is borrowed until the next encode. Limits:
 * CS_DEPTH_MAX, CS_BODY_MAX, CS_SLOTS_MAX. Errors are passed with name and message. Not reentrant;
 * code of the vat runs only if value itself is an error, before anything else happens. */
cs_capdata cs_marshal_encode(cs_machine *the, cs_marshal *m, cs_slot *value);

/* Pushes the value. Malformed input throws; nothing is trusted. A slot that the body mentions twice
 * is asked for twice; one that it does not mention, never. */
void cs_marshal_decode(cs_machine *the, cs_marshal *m, const cs_capdata *data);

/* The pass style of any value; throws with the reason if it is not passable (S18). Promises,
 * remotables and presences included. */
typedef enum cs_pass_style {
    CS_STYLE_UNDEFINED,
    CS_STYLE_NULL,
    CS_STYLE_BOOLEAN,
    CS_STYLE_NUMBER,
    CS_STYLE_BIGINT,
    CS_STYLE_STRING,
    CS_STYLE_SYMBOL,
    CS_STYLE_RECORD,
    CS_STYLE_ARRAY,
    CS_STYLE_TAGGED,
    CS_STYLE_ERROR,
    CS_STYLE_REMOTABLE,
    CS_STYLE_PROMISE,
    CS_STYLE_BYTES,
} cs_pass_style;
cs_pass_style cs_pass_style_of(cs_machine *the, cs_slot *value);

/* Pushes the prototype that gives a presence or remotable its interface name: inherits from
 * Object.prototype, [Symbol.for('passStyle')] 'remotable', [Symbol.toStringTag] iface. */
void cs_push_iface_prototype(cs_machine *the, cs_bytes iface);

/* passStyleOf, Far, Remotable, makeTagged, marshal primitives … for js/. */
extern const cs_native cs_marshal_natives[];
