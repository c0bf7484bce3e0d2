/* Reads zip files as the field's tools write them: stored or deflated entries, no encryption, one
 * part, below 4 GB. Foreign bytes: every offset and size is checked, each content against its CRC. */
#pragma once
#include "base/bytes.h"

typedef struct cs_zip_entry {
    cs_bytes name; /* borrows the file */
    cs_bytes data; /* as it lies there */
    uint32_t size; /* of the content */
    uint32_t crc;
    uint16_t method;
} cs_zip_entry;

typedef struct cs_zip {
    cs_zip_entry *entries; /* by name, each once */
    size_t count;
} cs_zip;

/* Borrows `file` until cs_zip_fini(). CONFIG: it is no such file, or damaged. */
CS_MUST_USE cs_status cs_zip_open(cs_bytes file, cs_zip *ret, cs_error *err);
void cs_zip_fini(cs_zip *z);
const cs_zip_entry *cs_zip_find(const cs_zip *z, const char *name); /* or NULL */
/* Appends the content. CONFIG: damaged, or larger than `max`. */
CS_MUST_USE cs_status cs_zip_read(const cs_zip_entry *e, size_t max, cs_buf *ret, cs_error *err);
