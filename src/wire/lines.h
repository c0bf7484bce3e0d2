/* The messages of wire/frame.h as JSON, one on a line, for workers that are programs of other people's
 * (docs/worker-protocol.md). The kernel writes its messages and reads the worker's. */
#pragma once
#include "wire/frame.h"

/* As cs_frame_size(): a line with its end. */
size_t cs_line_size(cs_bytes got, size_t max);
/* Appends a line. TOO_BIG (VAT): never, but the signature is cs_frame_enc()'s. */
CS_MUST_USE cs_status cs_line_enc(cs_buf *b, const cs_frame *f);
/* Reads a worker's line, strictly: a member that is missing, unknown or of another type is PROTOCOL (VAT).
 * What it gives lies in the arena. */
CS_MUST_USE cs_status cs_line_dec(cs_bytes line, cs_arena *arena, cs_frame *ret);
