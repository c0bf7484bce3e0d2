/* Smallcaps bodies (S18) for C that speaks CapData without an engine: vats and devices of ours. A value
 * is the slice of the body that it is written in; nothing is decoded, and text keeps its escapes.
 *
 * cs_sc_open() checks all that a body says, once. The other readers trust slices that come from there. */
#pragma once
#include "base/arena.h"
#include "base/message.h"

typedef enum cs_sc_kind {
    CS_SC_ABSENT, /* an item or member that is not there: no bytes */
    CS_SC_UNDEFINED,
    CS_SC_NULL,
    CS_SC_BOOLEAN,
    CS_SC_NUMBER, /* a finite one */
    CS_SC_BIGINT,
    CS_SC_STRING,
    CS_SC_SLOT, /* an object or a device node */
    CS_SC_PROMISE,
    CS_SC_ARRAY,
    CS_SC_RECORD,
    CS_SC_ERROR,
    CS_SC_OTHER, /* a symbol, a tagged value, NaN, an infinity */
} cs_sc_kind;

/* The value of a body; false if it is not smallcaps: other JSON than its grammar, nested deeper than
 * CS_DEPTH_MAX, a reference to a slot that there is not, or a meaning hidden behind an escape. */
CS_MUST_USE bool cs_sc_open(const cs_capdata *data, cs_bytes *ret);

/* The same for any JSON behind a '#', nested up to twice as deep, whatever its strings mean. Its
 * references may be to slots that there are not. */
CS_MUST_USE bool cs_sc_open_json(cs_bytes body, cs_bytes *ret);

cs_sc_kind cs_sc_kind_of(cs_bytes value);
bool cs_sc_is_true(cs_bytes value);
/* STRING: what it says, as between the quotes of a JSON string. BIGINT: its digits, with a '-' if it is
 * negative. NUMBER: as it is written. Others: nothing. */
cs_bytes cs_sc_text(cs_bytes value);
bool cs_sc_says(cs_bytes value, const char *text); /* a STRING, and this one */
/* SLOT, PROMISE: the number of the slot, or what it refers to; false, none for others. */
bool cs_sc_index(cs_bytes value, uint32_t *ret);
cs_vref cs_sc_ref(cs_bytes value, const cs_capdata *data);

/* ABSENT of what is no array, no record. */
cs_bytes cs_sc_item(cs_bytes array, uint32_t index);
cs_bytes cs_sc_member(cs_bytes record, const char *name); /* ERROR too: "#error", "name" */
/* Takes the next item of an array off, or the next member of a record, whose key is what stands
 * between its quotes; false behind the last. Begin with cs_sc_inside(). */
cs_bytes cs_sc_inside(cs_bytes value);
bool cs_sc_next(cs_bytes *left, cs_bytes *ret_key, cs_bytes *ret_value);

/* Writing. All zero but for the arena, which gets everything. The parts go in order of the text. */
typedef struct cs_sc_writer {
    cs_arena *arena;
    cs_buf body; /* cs_sc_close() empties it */
    cs_vref *slots;
    uint32_t slot_count, slot_cap;
    const cs_capdata *from; /* of the last value, and where its slots are here, from 1 on */
    uint32_t *places;
} cs_sc_writer;

void cs_sc_add(cs_sc_writer *w, const char *text); /* JSON as it is */
void cs_sc_add_bytes(cs_sc_writer *w, cs_bytes text);
void cs_sc_add_ref(cs_sc_writer *w, cs_vref ref, const char *iface); /* iface NULL: not said */
/* A value of `data`, with those of its slots that it mentions. */
void cs_sc_add_value(cs_sc_writer *w, cs_bytes value, const cs_capdata *data);
cs_capdata cs_sc_close(cs_sc_writer *w);
