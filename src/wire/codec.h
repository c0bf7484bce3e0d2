/* Deliveries and replies as bytes: what a transcript row holds and what a worker process will be
 * sent. Every number is a varint, every byte string has its size before it; there is one encoding of
 * a value, so equal values have equal bytes (hashes depend on it). Decoders take foreign bytes:
 * everything is bounded by limits.h and checked; PROTOCOL (VAT) otherwise. Text in a reply must be
 * UTF-8, vatstore keys and values are any bytes. */
#pragma once
#include "base/arena.h"
#include "base/message.h"

void cs_delivery_enc(cs_buf *b, const cs_delivery *d);
/* What is decoded borrows the reader's bytes and takes its arrays from `arena`. */
CS_MUST_USE cs_status cs_delivery_dec(cs_reader *r, cs_arena *arena, cs_delivery *ret);
void cs_reply_enc(cs_buf *b, const cs_reply *reply);
CS_MUST_USE cs_status cs_reply_dec(cs_reader *r, cs_arena *arena, cs_reply *ret);

/* One syscall alone: replay compares these bytes (S16). */
void cs_syscall_enc(cs_buf *b, const cs_syscall *s);
/* A part of a delivery's syscalls, and references by themselves (wire/frame.h). */
void cs_syscalls_enc(cs_buf *b, const cs_syscall *items, uint32_t count);
CS_MUST_USE cs_status cs_syscalls_dec(cs_reader *r, cs_arena *arena, cs_syscall **ret_items,
                                      uint32_t *ret_count);
void cs_vrefs_enc(cs_buf *b, const cs_vrefs *refs);
CS_MUST_USE cs_status cs_vrefs_dec(cs_reader *r, cs_arena *arena, cs_vrefs *ret);

/* A transcript row: the delivery, then the reply, with whether the heap was collected, so that a
 * replay collects there too. Heap figures and counts of references are not part of it, they are no
 * history (S22): they decode as 0. */
void cs_transcript_enc(cs_buf *b, const cs_delivery *d, const cs_reply *reply);
CS_MUST_USE cs_status cs_transcript_dec(cs_bytes row, cs_arena *arena, cs_delivery *ret_delivery,
                                        cs_reply *ret_reply);
