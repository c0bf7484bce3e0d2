/* UTF-8 as the world writes it. */
#pragma once
#include "base/bytes.h"

/* Reads one character at `at` (< end): returns how many bytes it takes and its code point, or, for
 * malformed bytes, how many to skip and U+FFFD with *ret_ok false (the longest proper prefix of a
 * character, as the Encoding standard counts). */
size_t cs_utf8_next(const uint8_t *at, const uint8_t *end, uint32_t *ret_code, bool *ret_ok);
/* Writes a code point (up to U+10FFFF, lone surrogates too); returns its size, 1 to 4. */
size_t cs_utf8_put(uint8_t *at, uint32_t code);
/* How many bytes at the end begin a character that may still be completed: 0 to 3. */
size_t cs_utf8_tail(cs_bytes b);
