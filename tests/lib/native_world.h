/* A native vat without a kernel: a test says what is delivered and what devices answer, and reads the
 * syscalls as text (scripted_kernel.h has the form) and the vatstore as lines "key=value".
 *
 * The vat is loaded anew for each delivery. Each delivery is judged as a kernel would: which imports
 * and promises it may mention, what it may settle and retire, limits. */
#pragma once
#include "base/message.h"
#include "vats/native.h"

typedef struct nw nw;

nw *nw_new(const char *name); /* of a vat that is known to this process */
nw *nw_free(nw *w);

/* The syscalls but those about the vatstore; valid until the next delivery. */
const char *nw_message(nw *w, const char *target, const char *body, const char *slots,
                       const char *result);
const char *nw_deliver(nw *w, const cs_delivery *d);
const char *nw_refs(nw *w, cs_delivery_kind kind, const char *refs);
/* As sk_answer(). */
void nw_answer(nw *w, bool failed, const char *body, const char *slots);
/* How many answers are left. */
uint32_t nw_unasked(const nw *w);
/* Questions are refused from the nth of each delivery on; 0: none are. */
void nw_refuse(nw *w, uint32_t nth);

const char *nw_store(nw *w); /* valid until the next delivery */
const cs_reply *nw_reply(const nw *w);
