/* By the table of well-formed sequences of the Unicode standard: the first byte says how many follow
 * and which the second may be. */
#include "wire/text.h"

#include <string.h>

static size_t length(uint8_t first)
{
    return first < 0x80   ? 1
           : first < 0xc2 ? 0
           : first < 0xe0 ? 2
           : first < 0xf0 ? 3
           : first < 0xf5 ? 4
                          : 0;
}

static bool second_is_good(uint8_t first, uint8_t second)
{
    uint8_t from = first == 0xe0 ? 0xa0 : first == 0xf0 ? 0x90 : 0x80;
    uint8_t to = first == 0xed ? 0x9f : first == 0xf4 ? 0x8f : 0xbf;
    return second >= from && second <= to;
}

size_t cs_text_next(const uint8_t *at, const uint8_t *end)
{
    size_t n = length(at[0]);
    if (n < 2)
        return n;
    if ((size_t)(end - at) < n || !second_is_good(at[0], at[1]))
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((at[i] & 0xc0) != 0x80)
            return 0;
    return n;
}

/* Eight ASCII bytes at a time: bodies are mostly that. */
static size_t ascii_run(const uint8_t *at, const uint8_t *end)
{
    const uint8_t *from = at;
    uint64_t word;
    while (end - at >= 8) {
        memcpy(&word, at, sizeof word);
        if (word & UINT64_C(0x8080808080808080))
            break;
        at += 8;
    }
    return (size_t)(at - from);
}

bool cs_text_check(cs_bytes b)
{
    if (b.size == 0)
        return true; /* perhaps without data to point at */
    const uint8_t *at = b.data, *end = at + b.size;
    while (at < end) {
        at += ascii_run(at, end);
        if (at == end)
            break;
        size_t n = cs_text_next(at, end);
        if (n == 0)
            return false;
        at += n;
    }
    return true;
}
