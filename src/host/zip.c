#include "host/zip.h"

#include "base/alloc.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum {
    END_SIGNATURE = 0x06054b50,
    END_SIZE = 22,
    COMMENT_MAX = 65535,
    CENTRAL_SIGNATURE = 0x02014b50,
    CENTRAL_SIZE = 46,
    LOCAL_SIGNATURE = 0x04034b50,
    LOCAL_SIZE = 30,
    STORED = 0,
    DEFLATED = 8,
    ENCRYPTED = 1, /* a flag */
};

/* Little-endian numbers at an offset inside `b`; 0 outside, and *ok false. */
static uint32_t number(cs_bytes b, size_t at, size_t size, bool *ok)
{
    uint32_t n = 0;
    if (at > b.size || b.size - at < size) {
        *ok = false;
        return 0;
    }
    for (size_t i = size; i > 0; i--)
        n = n << 8 | b.data[at + i - 1];
    return n;
}

static cs_bytes part(cs_bytes b, size_t at, size_t size, bool *ok)
{
    if (at > b.size || b.size - at < size) {
        *ok = false;
        return (cs_bytes){ 0 };
    }
    return (cs_bytes){ b.data + at, size };
}

/* Where the record at the end begins; b.size: nowhere. */
static size_t find_end(cs_bytes b)
{
    bool ok = true;
    for (size_t back = END_SIZE; back <= b.size && back <= END_SIZE + COMMENT_MAX; back++)
        if (number(b, b.size - back, 4, &ok) == END_SIGNATURE &&
            number(b, b.size - back + 20, 2, &ok) == back - END_SIZE)
            return b.size - back;
    return b.size;
}

/* One record of the central directory; returns where the next one begins. */
static size_t read_entry(cs_bytes b, size_t at, cs_zip_entry *ret, bool *ok)
{
    *ok = *ok && number(b, at, 4, ok) == CENTRAL_SIGNATURE &&
          (number(b, at + 8, 2, ok) & ENCRYPTED) == 0;
    ret->method = (uint16_t)number(b, at + 10, 2, ok);
    ret->crc = number(b, at + 16, 4, ok);
    uint32_t packed = number(b, at + 20, 4, ok);
    ret->size = number(b, at + 24, 4, ok);
    size_t name = number(b, at + 28, 2, ok);
    size_t rest = number(b, at + 30, 2, ok) + number(b, at + 32, 2, ok);
    size_t local = number(b, at + 42, 4, ok);
    ret->name = part(b, at + CENTRAL_SIZE, name, ok);
    *ok = *ok && number(b, local, 4, ok) == LOCAL_SIGNATURE;
    size_t skip = number(b, local + 26, 2, ok) + number(b, local + 28, 2, ok);
    ret->data = part(b, local + LOCAL_SIZE + skip, packed, ok);
    return at + CENTRAL_SIZE + name + rest;
}

static int compare_entries(const void *a, const void *b)
{
    const cs_zip_entry *x = a, *y = b;
    return cs_bytes_compare(x->name, y->name);
}

static bool has_twins(const cs_zip *z)
{
    for (size_t i = 1; i < z->count; i++)
        if (cs_bytes_equal(z->entries[i - 1].name, z->entries[i].name))
            return true;
    return false;
}

cs_status cs_zip_open(cs_bytes file, cs_zip *ret, cs_error *err)
{
    bool ok = true;
    size_t end = find_end(file);
    cs_zip z = { .count = number(file, end + 10, 2, &ok) };
    size_t at = number(file, end + 16, 4, &ok);
    if (!ok || z.count > file.size / CENTRAL_SIZE)
        return cs_fail(err, CS_E_CONFIG, "not a zip file");
    z.entries = cs_alloc_zero(z.count, sizeof *z.entries);
    for (size_t i = 0; ok && i < z.count; i++)
        at = read_entry(file, at, &z.entries[i], &ok);
    if (ok)
        qsort(z.entries, z.count, sizeof *z.entries, compare_entries);
    if (!ok || has_twins(&z)) {
        cs_zip_fini(&z);
        return cs_fail(err, CS_E_CONFIG, "damaged zip file");
    }
    *ret = z;
    return CS_OK;
}

void cs_zip_fini(cs_zip *z)
{
    cs_free(z->entries);
    *z = (cs_zip){ 0 };
}

const cs_zip_entry *cs_zip_find(const cs_zip *z, const char *name)
{
    const cs_zip_entry key = { .name = cs_bytes_of(name) };
    return z->count == 0 ? NULL : bsearch(&key, z->entries, z->count, sizeof key, compare_entries);
}

/* Exactly e->size bytes, or false. */
static bool inflate_to(const cs_zip_entry *e, uint8_t *to)
{
    z_stream s = { 0 };
    if (inflateInit2(&s, -MAX_WBITS) != Z_OK)
        return false;
    s.next_in = (Bytef *)(uintptr_t)e->data.data;
    s.avail_in = (uInt)e->data.size;
    s.next_out = to;
    s.avail_out = e->size;
    int result = inflate(&s, Z_FINISH);
    (void)inflateEnd(&s);
    return result == Z_STREAM_END && s.avail_out == 0;
}

cs_status cs_zip_read(const cs_zip_entry *e, size_t max, cs_buf *ret, cs_error *err)
{
    if (e->size > max)
        return cs_fail(err, CS_E_CONFIG, "zip file: '%.*s' is larger than %zu bytes",
                       (int)e->name.size, (const char *)e->name.data, max);
    uint8_t *to = cs_buf_reserve(ret, e->size);
    bool ok = false;
    if (e->method == STORED && e->data.size == e->size) {
        if (e->size > 0)
            memcpy(to, e->data.data, e->size);
        ok = true;
    } else if (e->method == DEFLATED) {
        ok = inflate_to(e, to);
    }
    if (!ok || crc32(0, to, e->size) != e->crc)
        return cs_fail(err, CS_E_CONFIG, "zip file: '%.*s' is damaged", (int)e->name.size,
                       (const char *)e->name.data);
    ret->size += e->size;
    return CS_OK;
}
