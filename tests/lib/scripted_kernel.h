/* A vat without a kernel: a test says what is delivered and reads what the vat did as text.
 *
 *     sk *k = sk_new("export const buildRootObject = () => Far('root', { hi: () => 5 });");
 *     sk_start(k, "#{}", "");
 *     assert_string_equal(sk_message(k, "o+0", "#[\"hi\",[]]", "", "p-60"), "resolve p-60 #5\n");
 *     k = sk_free(k);
 *
 * The trace of a delivery has a line for each syscall:
 *
 *     send o-50 #["m",[]] [o+10 p+5] -> p+6        (no slots, no brackets; no result, no arrow)
 *     subscribe p+6
 *     resolve p-60 #5, p+7! #"no"                  (! is a rejection)
 *     exit #"bye"                                  (exit! with failure)
 *     call d-70 m #[1] = #2                        (callNow; =! and a text if the device failed)
 *     drop o-50 o-51                               (dropImports)
 *     retire o-50                                  (retireImports)
 *     retire-exports o+10
 *     failed METER: text                           (last, if the delivery failed)
 *
 * After every delivery it is audited as a kernel would: only what the vat can reach is mentioned, drops
 * come in order and only once, and imports_held, watched and cs_liveslots_imports() agree with a c-list
 * that is kept here. A delivery that fails ends that.
 *
 * E, Far and makePromiseKit are imported for programs that do not import anything themselves. */
#pragma once
#include "base/message.h"

typedef struct sk sk;

sk *sk_new(const char *source);     /* fails the test if the program does not load */
sk *sk_started(const char *source); /* the same, and startVat, which makes no syscall */
sk *sk_free(sk *k);
/* Before anything is loaded: the limits of every vat that follows; 0 is none. */
void sk_limits(uint64_t computrons_max, uint64_t heap_max);
/* Loads without failing the test; *ret is NULL if it did not. */
cs_status sk_try(const char *source, sk **ret, cs_error *err);

/* Slots are vrefs with blanks between them. The trace is valid until the next delivery. */
const char *sk_start(sk *k, const char *body, const char *slots);
const char *sk_message(sk *k, const char *target, const char *body, const char *slots,
                       const char *result);
/* To the root. */
const char *sk_send(sk *k, const char *body, const char *slots, const char *result);
/* One resolution; several go through sk_deliver(). */
const char *sk_notify(sk *k, const char *vpid, bool rejected, const char *body, const char *slots);
/* References with blanks between them. */
const char *sk_drop_exports(sk *k, const char *refs);
const char *sk_retire_exports(sk *k, const char *refs);
const char *sk_retire_imports(sk *k, const char *refs);
const char *sk_boyd(sk *k); /* bringOutYourDead */
/* What the next device that is called answers; several wait in a queue. `failed`: body is a text. A call
 * for which there is no answer is refused. */
void sk_answer(sk *k, bool failed, const char *body, const char *slots);
const char *sk_deliver(sk *k, const cs_delivery *d);
/* When the vat collects, in the deliveries that follow; never, if this is not called. */
void sk_collect(sk *k, cs_collect collect);
const cs_reply *sk_reply(const sk *k); /* of the last delivery */
/* cs_liveslots_imports() */
void sk_imports(sk *k, cs_vrefs *ret_held, cs_vrefs *ret_recognized);

/* What the vat has said since the last call, a line each: testLog as it is, console as "level: text". */
const char *sk_said(sk *k);

/* Whether every allocation in a heap collects first, so that whatever C code forgets to hold is found.
 * Builds without slow assertions cannot: false. */
bool sk_stress(bool on);

/* The program as a bundle. */
void sk_bundle(const char *source, cs_buf *ret_bytes);
/* A vref of a text that is right; "" is none. */
cs_vref sk_vref(const char *text);
/* dropImports, retireImports or retireExports. */
bool sk_is_drop(const cs_syscall *s);
/* Writes the trace of a reply. */
void sk_add_trace(cs_buf *b, const cs_reply *r);
