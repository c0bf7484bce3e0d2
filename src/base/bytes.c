#include "base/bytes.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

cs_bytes cs_bytes_of(const char *text)
{
    return (cs_bytes){ (const uint8_t *)text, strlen(text) };
}

bool cs_bytes_equal(cs_bytes a, cs_bytes b)
{
    return a.size == b.size && (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

int cs_bytes_compare(cs_bytes a, cs_bytes b)
{
    size_t common = a.size < b.size ? a.size : b.size;
    int c = common == 0 ? 0 : memcmp(a.data, b.data, common);
    return c != 0 ? c : (a.size > b.size) - (a.size < b.size);
}

bool cs_bytes_start_with(cs_bytes b, const char *prefix)
{
    size_t n = strlen(prefix);
    return b.size >= n && (n == 0 || memcmp(b.data, prefix, n) == 0);
}

char *cs_bytes_to_text(cs_bytes b)
{
    char *text = cs_alloc(b.size + 1);
    if (b.size > 0)
        memcpy(text, b.data, b.size);
    text[b.size] = 0;
    return text;
}

void cs_buf_fini(cs_buf *b)
{
    cs_free(b->data);
    *b = (cs_buf){ 0 };
}

void cs_buf_clear(cs_buf *b)
{
    b->size = 0;
}

uint8_t *cs_buf_reserve(cs_buf *b, size_t more)
{
    cs_assert(more <= SIZE_MAX / 4 && b->size <= SIZE_MAX / 4);
    if (b->cap - b->size < more || b->data == NULL) {
        size_t cap = b->cap < 64 ? 64 : b->cap * 2;
        if (cap < b->size + more)
            cap = b->size + more;
        b->data = cs_realloc(b->data, cap, 1);
        b->cap = cap;
    }
    return b->data + b->size;
}

void cs_buf_add(cs_buf *b, const void *data, size_t size)
{
    if (size == 0)
        return;
    memcpy(cs_buf_reserve(b, size), data, size);
    b->size += size;
}

void cs_buf_add_text(cs_buf *b, const char *text)
{
    cs_buf_add(b, text, strlen(text));
}

void cs_buf_add_byte(cs_buf *b, uint8_t byte)
{
    *cs_buf_reserve(b, 1) = byte;
    b->size++;
}

void cs_buf_addf(cs_buf *b, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    cs_assert(n >= 0);
    (void)vsnprintf((char *)cs_buf_reserve(b, (size_t)n + 1), (size_t)n + 1, format, again);
    va_end(again);
    b->size += (size_t)n;
}

static void add_escape(cs_buf *b, uint8_t c)
{
    static const char shorts[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                   ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\' };
    if (c < sizeof shorts && shorts[c] != 0) {
        cs_buf_add_byte(b, '\\');
        cs_buf_add_byte(b, (uint8_t)shorts[c]);
    } else {
        cs_buf_addf(b, "\\u%04x", c);
    }
}

void cs_buf_add_json(cs_buf *b, cs_bytes utf8)
{
    cs_buf_add_byte(b, '"');
    size_t from = 0;
    for (size_t i = 0; i < utf8.size; i++) {
        uint8_t c = utf8.data[i];
        if (c >= 0x20 && c != '"' && c != '\\')
            continue;
        cs_buf_add(b, utf8.data + from, i - from);
        add_escape(b, c);
        from = i + 1;
    }
    if (from < utf8.size)
        cs_buf_add(b, utf8.data + from, utf8.size - from);
    cs_buf_add_byte(b, '"');
}

cs_bytes cs_buf_bytes(const cs_buf *b)
{
    return (cs_bytes){ b->data, b->size };
}

const char *cs_buf_text(cs_buf *b)
{
    *cs_buf_reserve(b, 1) = 0;
    return (const char *)b->data;
}

void cs_buf_add_varint(cs_buf *b, uint64_t n)
{
    uint8_t *at = cs_buf_reserve(b, 10);
    size_t i = 0;
    for (; n >= 0x80; n >>= 7)
        at[i++] = (uint8_t)(n | 0x80);
    at[i++] = (uint8_t)n;
    b->size += i;
}

cs_blob *cs_blob_alloc(size_t size)
{
    cs_assert(size < UINT32_MAX);
    cs_blob *b = cs_alloc(sizeof *b + size);
    b->refs = 1;
    b->size = (uint32_t)size;
    return b;
}

cs_blob *cs_blob_new(cs_bytes bytes)
{
    cs_blob *b = cs_blob_alloc(bytes.size);
    if (bytes.size > 0)
        memcpy(b->data, bytes.data, bytes.size);
    return b;
}

cs_blob *cs_blob_ref(cs_blob *b)
{
    if (b != NULL)
        b->refs++;
    return b;
}

cs_blob *cs_blob_unref(cs_blob *b)
{
    if (b != NULL && --b->refs == 0)
        cs_free(b);
    return NULL;
}

cs_bytes cs_blob_bytes(const cs_blob *b)
{
    return b == NULL ? (cs_bytes){ 0 } : (cs_bytes){ b->data, b->size };
}

cs_reader cs_reader_of(cs_bytes b)
{
    static const uint8_t nothing[1];
    const uint8_t *at = b.data == NULL ? nothing : b.data;
    return (cs_reader){ at, at + b.size, true };
}

size_t cs_reader_left(const cs_reader *r)
{
    return r->ok ? (size_t)(r->end - r->at) : 0;
}

bool cs_reader_done(const cs_reader *r)
{
    return r->ok && r->at == r->end;
}

uint8_t cs_reader_byte(cs_reader *r)
{
    if (cs_reader_left(r) == 0) {
        r->ok = false;
        return 0;
    }
    return *r->at++;
}

uint64_t cs_reader_varint(cs_reader *r)
{
    uint64_t n = 0;
    for (unsigned shift = 0; shift < 64; shift += 7) {
        uint8_t byte = cs_reader_byte(r);
        uint64_t part = byte & 0x7f;
        if (!r->ok || (shift == 63 && part > 1) || (byte == 0 && shift > 0))
            break;
        n |= part << shift;
        if (byte < 0x80)
            return n;
    }
    r->ok = false;
    return 0;
}

cs_bytes cs_reader_bytes(cs_reader *r, size_t size)
{
    if (cs_reader_left(r) < size) {
        r->ok = false;
        return (cs_bytes){ 0 };
    }
    cs_bytes b = { r->at, size };
    r->at += size;
    return b;
}

cs_bytes cs_reader_sized(cs_reader *r)
{
    uint64_t size = cs_reader_varint(r);
    if (size > cs_reader_left(r)) {
        r->ok = false;
        return (cs_bytes){ 0 };
    }
    return cs_reader_bytes(r, (size_t)size);
}
