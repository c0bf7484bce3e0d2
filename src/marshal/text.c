/* Text between JSON and the engine. Strings are mostly plain ASCII, so eight bytes are looked at at
 * once; whatever is not plain goes one character at a time. */
#include "marshal/text.h"

#include <string.h>

#define ONES UINT64_C(0x0101010101010101)
#define HIGHS UINT64_C(0x8080808080808080)

/* The high bit of the first byte that is not plain (and perhaps of later ones). Not plain: control
 * characters, the quote, the backslash, and all that is not ASCII. */
static inline uint64_t find_special(uint64_t w)
{
    uint64_t quote = w ^ (ONES * '"'), slash = w ^ (ONES * '\\');
    return (w | (w - ONES * 0x20) | (quote - ONES) | (slash - ONES)) & HIGHS;
}

static inline bool is_special(uint8_t c)
{
    return c < 0x20 || c >= 0x80 || c == '"' || c == '\\';
}

const uint8_t *cs_text_skip_plain(const uint8_t *at, const uint8_t *end)
{
    while (end - at >= 8) {
        uint64_t w;
        memcpy(&w, at, 8);
        uint64_t found = find_special(w);
        if (found != 0)
            return at + __builtin_ctzll(found) / 8;
        at += 8;
    }
    while (at < end && !is_special(*at))
        at++;
    return at;
}

static uint32_t three_bytes(const uint8_t *p)
{
    return (uint32_t)((p[0] & 0x0f) << 12 | (p[1] & 0x3f) << 6 | (p[2] & 0x3f));
}

static bool is_half(const uint8_t *p, uint8_t low, uint8_t high)
{
    return p[0] == 0xed && p[1] >= low && p[1] <= high;
}

static void add_u(cs_buf *b, uint32_t code)
{
    static const char hex[] = "0123456789abcdef";
    uint8_t *at = cs_text_room(b, 6);
    memcpy(at, "\\u", 2);
    for (int i = 0; i < 4; i++)
        at[2 + i] = (uint8_t)hex[code >> (12 - 4 * i) & 15];
    b->size += 6;
}

static void add_code_point(cs_buf *b, uint32_t code)
{
    uint8_t *at = cs_text_room(b, 4);
    at[0] = (uint8_t)(0xf0 | code >> 18);
    at[1] = (uint8_t)(0x80 | (code >> 12 & 0x3f));
    at[2] = (uint8_t)(0x80 | (code >> 6 & 0x3f));
    at[3] = (uint8_t)(0x80 | (code & 0x3f));
    b->size += 4;
}

/* One character of the engine that is not ASCII, as UTF-8; a lone half of a pair has none. Returns
 * what follows. */
static const uint8_t *add_wide(cs_buf *b, const uint8_t *p)
{
    if (is_half(p, 0xa0, 0xaf) && is_half(p + 3, 0xb0, 0xbf)) {
        uint32_t high = three_bytes(p) & 0x3ff, low = three_bytes(p + 3) & 0x3ff;
        add_code_point(b, 0x10000 + (high << 10 | low));
        return p + 6;
    }
    if (is_half(p, 0xa0, 0xbf)) {
        add_u(b, three_bytes(p));
        return p + 3;
    }
    size_t size = 1;
    while ((p[size] & 0xc0) == 0x80)
        size++;
    cs_text_raw(b, (const char *)p, size);
    return p + size;
}

static const uint8_t *add_special(cs_buf *b, const uint8_t *p)
{
    static const char escapes[] = { ['\b'] = 'b', ['\t'] = 't', ['\n'] = 'n', ['\f'] = 'f',
                                    ['\r'] = 'r', ['"'] = '"',  ['\\'] = '\\' };
    uint8_t c = *p;
    if (c == 0xc0) { /* U+0000 */
        add_u(b, 0);
        return p + 2;
    }
    if (c >= 0x80)
        return add_wide(b, p);
    if (escapes[c] != 0) {
        cs_text_byte(b, '\\');
        cs_text_byte(b, escapes[c]);
    } else {
        add_u(b, c);
    }
    return p + 1;
}

/* Copies up to the first special character or `end`; there is room for all and 8 bytes more. */
static const uint8_t *copy_plain(cs_buf *b, const uint8_t *p, const uint8_t *end)
{
    uint8_t *at = b->data + b->size;
    while (end - p >= 8) {
        uint64_t w, found;
        memcpy(&w, p, 8);
        memcpy(at, &w, 8);
        found = find_special(w);
        int plain = found == 0 ? 8 : __builtin_ctzll(found) / 8;
        p += plain;
        at += plain;
        if (found != 0)
            break;
    }
    while (p < end && !is_special(*p))
        *at++ = *p++;
    b->size = (size_t)(at - b->data);
    return p;
}

void cs_text_add_json(cs_buf *b, const char *engine_text, size_t size)
{
    const uint8_t *p = (const uint8_t *)engine_text, *end = p + size;
    while (p < end) {
        (void)cs_text_room(b, (size_t)(end - p) + 8);
        p = copy_plain(b, p, end);
        if (p < end)
            p = add_special(b, p);
    }
}

void cs_text_add_unit(cs_buf *b, uint32_t code)
{
    if (code > 0xffff) {
        cs_text_add_unit(b, 0xd800 | (code - 0x10000) >> 10);
        code = 0xdc00 | (code & 0x3ff);
    }
    uint8_t *at = cs_text_room(b, 3);
    if (code != 0 && code < 0x80) {
        *at++ = (uint8_t)code;
    } else if (code < 0x800) {
        *at++ = (uint8_t)(0xc0 | code >> 6);
        *at++ = (uint8_t)(0x80 | (code & 0x3f));
    } else {
        *at++ = (uint8_t)(0xe0 | code >> 12);
        *at++ = (uint8_t)(0x80 | (code >> 6 & 0x3f));
        *at++ = (uint8_t)(0x80 | (code & 0x3f));
    }
    b->size = (size_t)(at - b->data);
}

/* --- JSON to engine ------------------------------------------------------------------------------ */

static uint32_t hex_digit(uint8_t c)
{
    return c <= '9' ? c - (uint32_t)'0' : (c | 0x20u) - 'a' + 10u;
}

/* The escape after a backslash at `p`; checked before. */
static const uint8_t *add_unescaped(cs_buf *b, const uint8_t *p)
{
    uint32_t code = *p;
    switch (*p) {
    case 'b':
        code = '\b';
        break;
    case 'f':
        code = '\f';
        break;
    case 'n':
        code = '\n';
        break;
    case 'r':
        code = '\r';
        break;
    case 't':
        code = '\t';
        break;
    case 'u':
        code =
            hex_digit(p[1]) << 12 | hex_digit(p[2]) << 8 | hex_digit(p[3]) << 4 | hex_digit(p[4]);
        p += 4;
        break;
    default:
        break; /* the quote, the backslash, the slash */
    }
    cs_text_add_unit(b, code);
    return p + 1;
}

void cs_text_add_decoded(cs_buf *b, cs_bytes json)
{
    const uint8_t *p = json.data, *end = p + json.size;
    while (p < end) {
        if (*p == '\\') {
            p = add_unescaped(b, p + 1);
        } else if (*p >= 0xf0) {
            cs_text_add_unit(b, (uint32_t)(p[0] & 7) << 18 | (uint32_t)(p[1] & 0x3f) << 12 |
                                    (uint32_t)(p[2] & 0x3f) << 6 | (p[3] & 0x3f));
            p += 4;
        } else {
            cs_text_byte(b, (char)*p++);
        }
    }
}

/* The tables of Unicode 3.9 (D92): what may follow the first byte. */
size_t cs_text_sequence(const uint8_t *at, const uint8_t *end, bool halves)
{
    uint8_t c = at[0];
    size_t size = c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
    if (size < 2 || (size_t)(end - at) < size)
        return size < 2 ? size : 0;
    uint8_t low = c == 0xe0 ? 0xa0 : c == 0xf0 ? 0x90 : 0x80;
    uint8_t high = c == 0xed && !halves ? 0x9f : c == 0xf4 ? 0x8f : 0xbf;
    if (at[1] < low || at[1] > high)
        return 0;
    for (size_t i = 2; i < size; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return size;
}

/* --- keys ---------------------------------------------------------------------------------------- */

/* CESU-8 keeps the order of code units, but for U+0000, which is C0 80. */
static int rank(uint8_t c)
{
    return c == 0 ? 0 : c == 0xc0 ? 1 : c + 1;
}

int cs_text_compare(const char *a, const char *b)
{
    const uint8_t *p = (const uint8_t *)a, *q = (const uint8_t *)b;
    while (*p == *q && *p != 0)
        p++, q++;
    return rank(*p) - rank(*q);
}

bool cs_text_is_index(cs_bytes text, uint32_t *ret_index)
{
    if (text.size == 0 || text.size > 10 || (text.size > 1 && text.data[0] == '0'))
        return false;
    uint64_t n = 0;
    for (size_t i = 0; i < text.size; i++) {
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
        n = n * 10 + (text.data[i] - '0');
    }
    if (n >= UINT32_MAX)
        return false;
    *ret_index = (uint32_t)n;
    return true;
}
