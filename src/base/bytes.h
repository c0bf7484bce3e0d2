/* Bytes: cs_bytes looks at somebody's, cs_buf owns and grows its own, cs_blob is immutable and
 * counted, for bodies that sit in several rows at once. */
#pragma once
#include "base/status.h"

typedef struct cs_bytes {
    const uint8_t *data;
    size_t size;
} cs_bytes;

#define CS_BYTES(literal) ((cs_bytes){ (const uint8_t *)(literal), sizeof(literal) - 1 })
cs_bytes cs_bytes_of(const char *text); /* up to the NUL, which stays outside */
bool cs_bytes_equal(cs_bytes a, cs_bytes b);
int cs_bytes_compare(cs_bytes a, cs_bytes b); /* as memcmp; a prefix comes first */
bool cs_bytes_start_with(cs_bytes b, const char *prefix);
char *cs_bytes_to_text(cs_bytes b); /* gives a NUL-terminated copy; cs_free() it */

/* All zero is an empty buffer. cs_buf_fini() leaves it so. */
typedef struct cs_buf {
    uint8_t *data;
    size_t size, cap;
} cs_buf;

void cs_buf_fini(cs_buf *b);
void cs_buf_clear(cs_buf *b);                    /* size 0, keeps its memory */
uint8_t *cs_buf_reserve(cs_buf *b, size_t more); /* room for `more`: returns where they go */
void cs_buf_add(cs_buf *b, const void *data, size_t size);
void cs_buf_add_text(cs_buf *b, const char *text);
void cs_buf_add_byte(cs_buf *b, uint8_t byte);
void cs_buf_addf(cs_buf *b, const char *format, ...) CS_PRINTF(2, 3);
void cs_buf_add_json(cs_buf *b, cs_bytes utf8); /* as a JSON string, quotes and all */
cs_bytes cs_buf_bytes(const cs_buf *b);         /* valid until the next change */
const char *cs_buf_text(cs_buf *b);             /* NUL-terminated view, likewise */

/* Little-endian base-128, at most 10 bytes. */
void cs_buf_add_varint(cs_buf *b, uint64_t n);

typedef struct cs_blob {
    uint32_t refs;
    uint32_t size;
    uint8_t data[];
} cs_blob;

/* Both give one reference. Sizes above UINT32_MAX are an assertion: limits.h is far below. */
cs_blob *cs_blob_new(cs_bytes bytes);
cs_blob *cs_blob_alloc(size_t size); /* the caller fills data before sharing it */
cs_blob *cs_blob_ref(cs_blob *b);    /* NULL stays NULL */
cs_blob *cs_blob_unref(cs_blob *b);  /* NULL is fine; returns NULL */
cs_bytes cs_blob_bytes(const cs_blob *b);

/* Reads foreign bytes; never past the end. After a failure `ok` stays false and every further read
 * gives zero or nothing, so callers check once. */
typedef struct cs_reader {
    const uint8_t *at, *end;
    bool ok;
} cs_reader;

cs_reader cs_reader_of(cs_bytes b);
uint8_t cs_reader_byte(cs_reader *r);
uint64_t cs_reader_varint(cs_reader *r); /* only the shortest form is accepted */
cs_bytes cs_reader_bytes(cs_reader *r, size_t size);
cs_bytes cs_reader_sized(cs_reader *r); /* varint size, then the bytes */
size_t cs_reader_left(const cs_reader *r);
bool cs_reader_done(const cs_reader *r); /* ok, and nothing left over */
