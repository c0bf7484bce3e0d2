/* A strict JSON reader for the bodies of CapData: text to a flat list of tokens, without a value of
 * the engine being made. It comes first, so a body that is not JSON has no effect at all, and what
 * builds values from the tokens knows every size and needs to check no syntax.
 *
 *   J1  the tokens are in the order of the text; a key is followed by the tokens of its value
 *   J2  `next` of an array or object is the index of the token behind its last one
 *   J3  nesting is at most CS_DEPTH_MAX, and no recursion depends on it
 *   J4  strings hold valid UTF-8 and complete escapes */
#pragma once
#include "base/bytes.h"

typedef enum cs_json_kind {
    CS_JSON_NULL,
    CS_JSON_FALSE,
    CS_JSON_TRUE,
    CS_JSON_INT,    /* `integer`; -0 is a NUMBER */
    CS_JSON_NUMBER, /* text at from, size */
    CS_JSON_STRING, /* text between the quotes at from, size */
    CS_JSON_KEY,    /* likewise; then its value */
    CS_JSON_ARRAY,  /* size elements */
    CS_JSON_OBJECT, /* size members */
} cs_json_kind;

enum {
    /* STRING, KEY: has escapes or characters above U+FFFF: cs_text_add_decoded() it */
    CS_JSON_CODED = 1,
    /* OBJECT: some key may begin with a digit (an array index?), with '#', with '@' */
    CS_JSON_HAS_DIGIT = 2,
    CS_JSON_HAS_HASH = 4,
    CS_JSON_HAS_AT = 8,
    /* OBJECT: the keys do not plainly ascend, so there may be duplicates */
    CS_JSON_UNSORTED = 16,
    /* KEY: `from` is the engine's number for it, or it is the array index `from` (keys.c) */
    CS_JSON_INTERNED = 32,
    CS_JSON_INDEXED = 64,
};

typedef struct cs_json {
    uint8_t kind; /* cs_json_kind */
    uint8_t flags;
    uint32_t from, size;
    union {
        int32_t integer;
        uint32_t next;
    };
} cs_json;

/* All zero is an empty list, which keeps its memory from one body to the next. */
typedef struct cs_json_list {
    cs_json *items;
    uint32_t count, cap;
    uint32_t error_at; /* byte of the body */
    const char *error; /* NULL: none */
} cs_json_list;

void cs_json_fini(cs_json_list *l);

/* Reads `text` (at most CS_BODY_MAX) into l; false, with error and error_at, if it is not one JSON
 * value. With `halves`, strings may hold lone surrogates: text of the engine. */
bool cs_json_read(cs_json_list *l, cs_bytes text, bool halves);
