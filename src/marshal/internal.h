/* A marshal, and what the files that encode and decode tell each other. Private to marshal/. */
#pragma once
#include "marshal/json_read.h"
#include "marshal/value.h"

/* A container that is being written. */
typedef struct cs_writing {
    cs_slot *instance;
    uint32_t from, end; /* RECORD: its range of `members`; else 0 and the number of values */
    uint32_t at;        /* the value that comes next; the one before is being written */
    uint8_t kind;       /* cs_pass_style */
    bool is_hilbert;    /* legacy record with a property @qclass, which comes first */
} cs_writing;

/* A property of a record that is being written. Those with an index come first. */
typedef struct cs_member {
    cs_slot *property; /* NULL: item `position` of cs_items() */
    union {
        const char *name; /* while sorting: nothing is allocated then */
        uint32_t position;
    };
} cs_member;

typedef enum cs_build_kind {
    CS_BUILD_ARRAY,
    CS_BUILD_RECORD,
    CS_BUILD_TAGGED,
    CS_BUILD_ERROR,
    CS_BUILD_HILBERT, /* the outer object of one */
} cs_build_kind;

#define CS_NOWHERE UINT32_MAX /* an object, between two members */

/* A container that is being built. It hangs in its parent from the beginning, so only the root is on
 * XS's stack. */
typedef struct cs_building {
    cs_slot *instance;
    cs_slot *last;     /* of the instance's chain of slots: where properties are appended */
    cs_slot *property; /* where the next value goes; NULL: to item `index` */
    uint32_t index;
    uint32_t items; /* RECORD: how many properties are items */
    uint32_t end;   /* the token behind the container */
    uint8_t kind;   /* cs_build_kind */
} cs_building;

/* Makes room for one more item in an array of our own. */
#define CS_GROW(items, count, cap) \
    ((count) < (cap) ? (void)0 : (void)((items) = cs_grow((items), &(cap), sizeof *(items))))
void *cs_grow(void *items, uint32_t *cap, size_t size);

enum { CS_BUFFER_KEPT = 64 * 1024 }; /* what is larger is given back before the next use */

enum { CS_KEY_CACHE = 64, CS_KEY_CACHED_MAX = 16 };

/* Names and symbols of one body that the heap has not seen before: the engine keeps them for ever, in
 * tables that become slow when they are many. */
enum { CS_NEW_NAMES_MAX = 50000 };

/* The number of a property name that came in lately. */
typedef struct cs_cached_key {
    uint64_t head, tail; /* its first and last bytes: all of it */
    uint32_t size;       /* 0: free */
    txID id;
} cs_cached_key;

struct cs_marshal {
    const cs_slot_ops *ops;
    void *ctx;
    cs_error_ids ids;

    /* encoding */
    cs_buf body;
    bool legacy;
    cs_slot **caps; /* remotables and promises in order of first mention; none moves or dies: the
                       value that is being encoded holds them */
    cs_vref *vrefs; /* theirs; NULL ops: unused */
    uint32_t cap_count, cap_cap;
    uint32_t *cap_table; /* open addressing by instance: number + 1; beyond a few only */
    uint32_t cap_table_size;
    cs_slot **errors;
    uint32_t error_count, error_cap;
    cs_writing *writing;
    uint32_t writing_count, writing_cap;
    cs_member *members;
    uint32_t member_count, member_cap;

    /* decoding */
    cs_json_list json;
    cs_bytes text; /* the body, without '#' */
    const cs_capdata *data;
    cs_slot *values; /* of natives: items of an array on the stack; NULL: ops are asked */
    cs_slot *root;   /* on the stack: where the whole goes */
    txID first_name; /* the engine's next new name when the building began */
    cs_building *building;
    uint32_t building_count, building_cap;
    cs_buf decoded;    /* one string */
    cs_buf utf8;       /* one interface name */
    uint32_t *numbers; /* keys of one object */
    uint32_t number_cap;
    cs_cached_key *keys; /* CS_KEY_CACHE of them, or NULL */
};

/* For natives and cs_pass_style_of(): one per process, as no JavaScript runs while it is in use.
 * Never freed: an abort that leaves by longjmp then leaks nothing. */
cs_marshal *cs_marshal_scratch(void);

/* --- encoding -------------------------------------------------------------------------------------- */

/* encode.c. If the value is an error, pushes its message and name, and is true. It may be any error,
 * passable or not, so code of the vat may run. */
bool cs_push_error_texts(cs_machine *the, const cs_slot *value);
/* Writes `value`, a slot on the stack, to m->body and fills caps and errors; vrefs too if m->ops.
 * `is_error`: what cs_push_error_texts() said and pushed. */
void cs_encode(cs_machine *the, cs_marshal *m, cs_slot *value, bool is_error, bool legacy);

/* caps.c: a remotable or promise. errors.c: an error, with its message and name as slots. */
void cs_write_cap(cs_machine *the, cs_marshal *m, cs_slot *instance, bool is_promise);
/* Tells m->ids.sent of m->errors. */
void cs_report_errors(cs_machine *the, cs_marshal *m);
void cs_write_error(cs_machine *the, cs_marshal *m, cs_slot *instance, const cs_slot *message,
                    const cs_slot *name);
/* write.c: values without parts. Strings with quotes; smallcaps escapes those that begin specially. */
void cs_write_primitive(cs_machine *the, cs_marshal *m, const cs_slot *v);
void cs_write_string(cs_machine *the, cs_marshal *m, const char *text);
/* Throws with the path to what is being written. */
_Noreturn void cs_encode_fail(cs_machine *the, cs_marshal *m, cs_problem *why);
/* Throw if so many bytes, or levels of nesting, more would be too many. */
void cs_encode_check_size(cs_machine *the, const cs_marshal *m, size_t more);
void cs_encode_check_depth(cs_machine *the, cs_marshal *m, uint32_t levels);

/* --- decoding -------------------------------------------------------------------------------------- */

/* decode.c. Reads the body (with its '#', if it is smallcaps) into m->json; throws. */
void cs_decode_read(cs_machine *the, cs_marshal *m, cs_bytes body, bool halves);
/* Pushes the value of what was read. */
void cs_decode_build(cs_machine *the, cs_marshal *m);
/* The index and interface name of a reference "$0.iface" or "&0"; false if it is malformed. */
bool cs_parse_slot(cs_bytes text, uint32_t *ret_index, cs_bytes *ret_iface);
/* Throws with the path to what is being built. */
_Noreturn void cs_decode_fail(cs_machine *the, cs_marshal *m, const char *format, ...)
    CS_PRINTF(3, 4);

/* A STRING or KEY as the engine holds it, and that with a NUL behind it. Borrowed from the body or
 * from m->decoded, where only one can be at a time. */
cs_bytes cs_json_text(cs_marshal *m, const cs_json *j);
const char *cs_terminated(cs_marshal *m, cs_bytes text);
/* The same as UTF-8, for those outside. */
cs_bytes cs_outside_text(cs_marshal *m, cs_bytes text);
/* The token behind the value at `at`. */
uint32_t cs_json_behind(const cs_marshal *m, uint32_t at);
/* The value of a member of an object that stands for something special, or NULL; throws if there
 * are two. */
const cs_json *cs_json_member(cs_machine *the, cs_marshal *m, const cs_json *object,
                              const char *name);

/* A key at token `at` of an ERROR, whose `known` members have been dealt with; returns the token to
 * go on with. */
uint32_t cs_error_key(cs_machine *the, cs_marshal *m, uint32_t at, const char *const *known);

/* legacy.c. What an object with "@qclass": "slot" refers to; false if it is malformed. */
bool cs_legacy_slot(cs_machine *the, cs_marshal *m, const cs_json *object, uint32_t *ret_index,
                    cs_bytes *ret_iface);
/* Opens the object at token `at` if it has a member @qclass; returns the token to go on
 * with, or 0 if it has none. */
uint32_t cs_legacy_open(cs_machine *the, cs_marshal *m, uint32_t at);
/* A key at token `at` of a TAGGED, ERROR or HILBERT of the older form; returns the token to go on
 * with. */
uint32_t cs_legacy_key(cs_machine *the, cs_marshal *m, uint32_t at);

/* build.c. Each of these puts one value where the building stands. Text is the engine's. */
void cs_build_undefined(cs_marshal *m);
void cs_build_null(cs_marshal *m);
void cs_build_boolean(cs_marshal *m, bool value);
void cs_build_int(cs_marshal *m, int32_t n);
void cs_build_double(cs_marshal *m, double d);
void cs_build_number(cs_machine *the, cs_marshal *m, cs_bytes text);
void cs_build_string(cs_machine *the, cs_marshal *m, cs_bytes text);
void cs_build_bigint(cs_machine *the, cs_marshal *m, cs_bytes digits, bool minus);
void cs_build_symbol(cs_machine *the, cs_marshal *m, cs_bytes name);
/* `sigil` '$' or '&' says what it must be; 0: anything. */
void cs_build_slot(cs_machine *the, cs_marshal *m, uint32_t index, cs_bytes iface, char sigil);
/* These open a container that ends before the token `end`; an empty array is complete at once. */
void cs_build_array(cs_machine *the, cs_marshal *m, uint32_t count, uint32_t end);
void cs_build_record(cs_machine *the, cs_marshal *m, uint32_t end);
/* A record whose properties go into the instance that is being built already. */
void cs_build_into(cs_marshal *m, uint32_t end);
void cs_build_tagged(cs_machine *the, cs_marshal *m, cs_bytes tag, uint32_t end);
void cs_build_error(cs_machine *the, cs_marshal *m, txError which, cs_bytes message, uint32_t end);
txError cs_error_class(cs_machine *the, cs_bytes name); /* Error if there is no such class */
/* Ends the innermost container. */
void cs_build_close(cs_machine *the, cs_marshal *m);
/* Appends a property to the innermost container; the next value goes there. */
void cs_build_property(cs_machine *the, cs_marshal *m, txID id, txFlag flag);
/* Makes the items of the record just opened, for ascending indices; sends the next value there. */
void cs_build_items(cs_machine *the, cs_marshal *m, const uint32_t *indices, uint32_t count);
void cs_build_item(cs_marshal *m, uint32_t index);

/* keys.c. Throws if the body has brought too many new names. */
void cs_check_names(cs_machine *the, cs_marshal *m);
/* The number of a property name; a new one if it is new. */
txID cs_key_number(cs_machine *the, cs_marshal *m, cs_bytes text);
/* The name that a key of smallcaps or of the older form stands for; throws if it is special. */
cs_bytes cs_key_name(cs_machine *the, cs_marshal *m, const cs_json *key);
/* For the record just opened, if its keys are not plainly ascending names: refuses duplicates, makes
 * the items for keys that are indices. From then on all its keys are INTERNED or INDEXED. */
void cs_prepare_keys(cs_machine *the, cs_marshal *m, const cs_json *object);
