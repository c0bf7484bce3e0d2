/* What each table holds: one description serves the cache, the journal, SQL and the checks. */
#pragma once
#include "store/rows.h"

/* How a member of a row's struct is kept in a column. Every one is checked when it is read. */
typedef enum cs_column_kind {
    CS_COLUMN_ONE, /* no member: the key of the only row */
    CS_COLUMN_BOOL,
    CS_COLUMN_U8,
    CS_COLUMN_U32,
    CS_COLUMN_U64,  /* below 2^63 */
    CS_COLUMN_ENUM, /* 1 … max */
    CS_COLUMN_VAT,  /* at least 1 */
    CS_COLUMN_VAT_OR_0,
    CS_COLUMN_OBJECT, /* krefs and vrefs: their bits, the top one flipped: SQL sorts as unsigned */
    CS_COLUMN_PROMISE,
    CS_COLUMN_KREF,
    CS_COLUMN_VREF,
    CS_COLUMN_QUEUE, /* 1 to 4 or a promise, likewise */
    CS_COLUMN_HASH,
    CS_COLUMN_COUNTERS, /* `max` of 8 bytes, little-endian; missing ones at the end are 0 */
    CS_COLUMN_BLOB,     /* NULL or bytes */
    CS_COLUMN_BYTES,    /* bytes */
    CS_COLUMN_NAME,     /* the bytes that name the row */
} cs_column_kind;

typedef struct cs_column {
    const char *name;
    cs_column_kind kind;
    uint16_t at; /* of the member in the struct */
    uint8_t max;
    bool is_fixed; /* as long as the row lives: not written again */
} cs_column;

typedef struct cs_table_def {
    const char *name;
    const cs_column *columns; /* key first */
    uint8_t column_count, key_count;
    uint8_t blob_count;
    uint16_t blobs[3]; /* where the blobs of the copied part are */
    uint16_t size;     /* of the struct */
    uint16_t copied;   /* its part that is the row's value; the rest are links */
    bool is_named;     /* keyed by bytes */
    bool is_log;       /* written once, and not kept in the cache after that */
    bool is_packed; /* the file has pages of rows (page.h), and SQL knows no columns but theirs */
    const char *(*check)(const void *row); /* what is wrong between the columns, or NULL */
} cs_table_def;

extern const cs_table_def cs_table_defs[CS_TABLE_COUNT];

/* ---- columns.c: members that are numbers, one behind the other (page.h, P3) ---- */
#define CS_WHAT_MAX 120 /* what is wrong, for people */
size_t cs_columns_width(const cs_column *c);
bool cs_columns_is_ref(const cs_column *c);
void cs_columns_pack(const cs_column *columns, size_t count, const void *data, uint8_t *to);
/* Each is checked. False: half filled, and `what` says so. */
bool cs_columns_unpack(const cs_column *columns, size_t count, const uint8_t *from, void *data,
                       char what[static CS_WHAT_MAX]);
/* Whether the columns of the row fit each other. */
bool cs_columns_agree(const cs_row *r, char what[static CS_WHAT_MAX]);

/* The key for people: "ko20", "v1 o+3", "v1 \"key\"". Returns text. */
#define CS_KEY_TEXT_MAX 160
const char *cs_row_key_text(cs_table_id table, const cs_key *key,
                            char text[static CS_KEY_TEXT_MAX]);
