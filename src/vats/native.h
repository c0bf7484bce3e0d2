/* Native vats: vats in C, with the raw interface: a delivery comes in, syscalls go out. For vats on the
 * kernel's side, and for tests.
 *
 *   N1  A native vat knows nothing between two deliveries but what is in its vatstore. So it has no
 *       life to begin or end, is never replayed to be brought back, and an aborted crank leaves
 *       nothing of itself.
 *   N2  Everything that it gives to a syscall lives until the delivery is over: in the arena, or for ever.
 *   N3  A question that the kernel refuses ends the delivery: from then on nothing is answered and
 *       nothing is noted, and the vat has only to come to its end.
 *
 * Which vat a bundle means says its text, cs_native_bundle(). No configuration can say that: what it
 * names is encoded by engine/bundle.h. */
#pragma once
#include "base/arena.h"
#include "base/message.h"

/* One delivery under way. */
typedef struct cs_native cs_native;

typedef struct cs_native_vat {
    const char *name;
    void (*deliver)(cs_native *n, const cs_delivery *d);
} cs_native_vat;

extern const cs_native_vat cs_vat_admin; /* vat_admin.c */

/* Makes a vat known to this process, beside those above. Borrows it for ever. */
void cs_native_add(const cs_native_vat *vat);
/* Appends "native NAME\n". */
void cs_native_bundle(cs_buf *b, const char *name);
bool cs_is_native_bundle(cs_bytes bundle);

/* ---- for the vat, during a delivery ---- */

cs_arena *cs_native_arena(cs_native *n);

void cs_native_send(cs_native *n, const cs_message *message);
void cs_native_subscribe(cs_native *n, cs_vref promise);
void cs_native_resolve(cs_native *n, cs_vref promise, bool rejected, const cs_capdata *data);
void cs_native_exit(cs_native *n, bool is_failure, const cs_capdata *info);
/* CS_SYSCALL_DROP_IMPORTS to CS_SYSCALL_ABANDON_EXPORTS; none of them does nothing. */
void cs_native_refs(cs_native *n, cs_syscall_kind kind, const cs_vref *items, uint32_t count);

/* The vatstore. Questions: false if there is no such key, or N3. */
bool cs_native_get(cs_native *n, cs_bytes key, cs_bytes *ret);
bool cs_native_next_key(cs_native *n, cs_bytes key,
                        cs_bytes *ret); /* the first key behind this one */
void cs_native_set(cs_native *n, cs_bytes key, cs_bytes value);
void cs_native_delete(cs_native *n, cs_bytes key);

/* Calls a device. False: it failed, and ret->body is why, as text; or N3. */
bool cs_native_call(cs_native *n, cs_vref device, cs_bytes method, const cs_capdata *args,
                    cs_capdata *ret);

/* The delivery fails, and so the vat ends. The first time counts. */
void cs_native_fail(cs_native *n, cs_status st, const char *format, ...) CS_PRINTF(3, 4);
