#include "engine/utf8.h"

/* Size of a character by its first byte and the range of the second; 0 for a byte that begins none.
 * Overlong forms, surrogates and what lies beyond U+10FFFF are cut off by the second byte. */
static size_t lead(uint8_t b, uint8_t *ret_low, uint8_t *ret_high)
{
    *ret_low = b == 0xE0 ? 0xA0 : b == 0xF0 ? 0x90 : 0x80;
    *ret_high = b == 0xED ? 0x9F : b == 0xF4 ? 0x8F : 0xBF;
    if (b < 0x80)
        return 1;
    if (b < 0xC2 || b > 0xF4)
        return 0;
    return b < 0xE0 ? 2 : b < 0xF0 ? 3 : 4;
}

/* How many bytes from `at` belong together: all of a character, or as many as could begin one. */
static size_t span(const uint8_t *at, const uint8_t *end, size_t size, uint8_t low, uint8_t high)
{
    size_t n = 1;
    while (n < size && at + n < end && at[n] >= low && at[n] <= high) {
        n++;
        low = 0x80;
        high = 0xBF;
    }
    return n;
}

size_t cs_utf8_next(const uint8_t *at, const uint8_t *end, uint32_t *ret_code, bool *ret_ok)
{
    uint8_t low, high;
    size_t size = lead(*at, &low, &high);
    size_t n = size == 0 ? 1 : span(at, end, size, low, high);
    *ret_ok = size != 0 && n == size;
    *ret_code = 0xFFFD;
    if (!*ret_ok)
        return n;
    uint32_t code = size == 1 ? *at : *at & (0xFFu >> (size + 1));
    for (size_t i = 1; i < size; i++)
        code = code << 6 | (at[i] & 0x3Fu);
    *ret_code = code;
    return n;
}

size_t cs_utf8_put(uint8_t *at, uint32_t code)
{
    if (code < 0x80) {
        at[0] = (uint8_t)code;
        return 1;
    }
    size_t size = code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i > 0; i--) {
        at[i] = (uint8_t)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    at[0] = (uint8_t)(0xF00u >> size | code);
    return size;
}

size_t cs_utf8_tail(cs_bytes b)
{
    for (size_t back = 1; back <= 3 && back <= b.size; back++) {
        const uint8_t *at = b.data + b.size - back;
        uint8_t low, high;
        size_t size = lead(*at, &low, &high);
        if (size > back && span(at, b.data + b.size, size, low, high) == back)
            return back;
    }
    return 0;
}
