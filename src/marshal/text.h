/* Text and numbers between JSON and the engine. The engine's strings are CESU-8: each half of a
 * surrogate pair is a three-byte sequence of its own, a lone half likewise, U+0000 is C0 80, and a
 * NUL ends the string. JSON outside is strict UTF-8. Nothing here allocates in the heap. */
#pragma once
#include "base/bytes.h"

/* Room for `more` bytes at the end of b, where they may be written before b->size is raised. */
static inline uint8_t *cs_text_room(cs_buf *b, size_t more)
{
    return b->cap - b->size >= more ? b->data + b->size : cs_buf_reserve(b, more);
}

static inline void cs_text_byte(cs_buf *b, char c)
{
    *cs_text_room(b, 1) = (uint8_t)c;
    b->size++;
}

#define cs_text_literal(b, literal) cs_text_raw((b), (literal), sizeof(literal) - 1)
static inline void cs_text_raw(cs_buf *b, const char *text, size_t size)
{
    __builtin_memcpy(cs_text_room(b, size), text, size);
    b->size += size;
}

/* Appends an engine string of `size` bytes as a JSON string without its quotes, exactly as
 * JSON.stringify writes it; lone surrogates become \ud800 and the like. */
void cs_text_add_json(cs_buf *b, const char *engine_text, size_t size);

/* The first byte of [at, end) that does not stand for itself in a JSON string: a control character,
 * the quote, the backslash, or not ASCII; else `end`. */
const uint8_t *cs_text_skip_plain(const uint8_t *at, const uint8_t *end);

/* Appends one code unit or, above U+FFFF, the two of a code point, as the engine holds it. At most
 * 6 bytes. */
void cs_text_add_unit(cs_buf *b, uint32_t code);

/* Appends what stands between the quotes of a JSON string, as an engine string. `json` has been
 * checked by cs_json_read(). */
void cs_text_add_decoded(cs_buf *b, cs_bytes json);

/* The size of the UTF-8 sequence at `at`, or 0 if it is malformed. With `halves`, surrogates may
 * stand alone (engine text). */
size_t cs_text_sequence(const uint8_t *at, const uint8_t *end, bool halves);

/* The order of UTF-16 code units, which is that of JavaScript's sort(): <0, 0, >0. */
int cs_text_compare(const char *a, const char *b);

/* If the text is the canonical form of an array index (0 to 2^32 - 2), notes it. */
bool cs_text_is_index(cs_bytes text, uint32_t *ret_index);

/* Append as JavaScript prints it; d is finite, and -0 becomes 0. */
void cs_text_add_int(cs_buf *b, int64_t n);
void cs_text_add_double(cs_buf *b, double d);
/* The double nearest to a JSON number of at most CS_NUMBER_MAX bytes. */
enum { CS_NUMBER_MAX = 1000 };
double cs_text_parse_double(cs_bytes text);

/* BigInts as the engine holds them: words of 32 bits, the lowest first. */
enum {
    CS_BIGINT_DIGITS_MAX = 20000, /* of a passed bigint: conversion takes quadratic time */
    CS_BIGINT_WORDS_MAX = (CS_BIGINT_DIGITS_MAX * 3322 / 1000 + 31) / 32 + 1,
};
/* Appends |n| in decimal. `count` <= CS_BIGINT_WORDS_MAX. */
void cs_text_add_bigint(cs_buf *b, const uint32_t *words, size_t count);
/* Decimal digits to words: returns how many words are used, 0 for zero. `words` has room for
 * digits.size / 9 + 1. */
size_t cs_bigint_parse(cs_bytes digits, uint32_t *words);
