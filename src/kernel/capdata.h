/* CapData with krefs: as rows hold it, and the little that the kernel must read in a body.
 *
 *     capdata = varint slot-count, kref..., varint body-size, body
 *     kref    = varint (id << 2 | type); 0 is "none"                                            */
#pragma once
#include "base/arena.h"
#include "kernel/kernel.h"

void cs_kref_enc(cs_buf *b, cs_kref k);
cs_kref cs_kref_dec(cs_reader *r); /* none is legal here; anything malformed fails the reader */

/* All but the bytes of the body: whoever makes a blob puts those behind it, so they are copied once. */
void cs_kcapdata_head_enc(cs_buf *b, const cs_kcapdata *d);
/* Body borrowed from the reader's bytes, slots from `arena`. A failed reader says it is malformed. */
void cs_kcapdata_dec(cs_reader *r, cs_arena *arena, cs_kcapdata *ret);

/* A blob of what was encoded into `head`, then the body. */
cs_blob *cs_kcapdata_blob_of(const cs_buf *head, cs_bytes body);
/* Both use `scratch`, cleared, to build in. */
cs_blob *cs_kcapdata_blob(cs_buf *scratch, const cs_kcapdata *d);
cs_blob *cs_kcapdata_error_blob(cs_buf *scratch, cs_bytes message); /* an Error of that message */

bool cs_is_utf8(cs_bytes b);
/* S7's limits, and that the body is UTF-8 and not empty. TOO_BIG, BAD_CAPDATA (VAT). */
CS_MUST_USE cs_status cs_body_check(cs_bytes body, uint32_t slot_count, cs_error *err);

/* The slot, if the data is one reference and nothing else (S2: what a message can be sent on to);
 * else none. */
cs_kref cs_kcapdata_lone_slot(const cs_kcapdata *d);

/* So much of a text that it fits into a message to people, cut between two characters. */
cs_bytes cs_text_shown(cs_bytes text);
/* Makes it one line of UTF-8: a vat's words may be anything. */
void cs_text_make_line(char *text);
/* Adds the name of the method in methargs, for a message to people. */
void cs_methargs_method(cs_buf *b, cs_bytes body);
