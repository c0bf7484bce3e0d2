/* Numbers between decimal text and binary, exactly as JavaScript has it. The engine's own conversion
 * is not used: it rounds ties up (1e23 becomes 9.999999999999999e+22). */
#include "marshal/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { STEP_DIGITS = 9, STEP = 1000000000, TEXT_MAX = 24 };

/* Digits of n, ending before `end`; returns where they begin. */
static char *put_digits(uint64_t n, char *end)
{
    do
        *--end = (char)('0' + n % 10);
    while ((n /= 10) != 0);
    return end;
}

void cs_text_add_int(cs_buf *b, int64_t n)
{
    char text[TEXT_MAX], *end = text + sizeof text;
    char *at = put_digits(n < 0 ? -(uint64_t)n : (uint64_t)n, end);
    if (n < 0)
        *--at = '-';
    cs_text_raw(b, at, (size_t)(end - at));
}

/* words /= 10^9; returns the remainder. */
static uint32_t divide(uint32_t *words, size_t count)
{
    uint64_t rest = 0;
    for (size_t i = count; i-- > 0;) {
        uint64_t n = rest << 32 | words[i];
        words[i] = (uint32_t)(n / STEP);
        rest = n % STEP;
    }
    return (uint32_t)rest;
}

/* BigInts go in steps of nine digits: 10^9 is the largest power of ten in a word, and dividing by a
 * constant costs a multiplication. */
static size_t trim(const uint32_t *words, size_t count)
{
    while (count > 0 && words[count - 1] == 0)
        count--;
    return count;
}

void cs_text_add_bigint(cs_buf *b, const uint32_t *words, size_t count)
{
    uint32_t left[CS_BIGINT_WORDS_MAX];
    char text[TEXT_MAX + STEP_DIGITS * (CS_BIGINT_WORDS_MAX * 32 / 29 + 1)];
    char *end = text + sizeof text, *at = end;
    cs_assert(count <= CS_BIGINT_WORDS_MAX);
    count = trim(words, count);
    if (count > 2) {
        memcpy(left, words, count * sizeof *words);
        words = left;
    }
    while (count > 2) {
        char *step = put_digits(divide(left, count), at);
        at -= STEP_DIGITS;
        memset(at, '0', (size_t)(step - at));
        count = trim(left, count);
    }
    uint64_t top = (count > 1 ? (uint64_t)words[1] << 32 : 0) | (count > 0 ? words[0] : 0);
    at = put_digits(top, at);
    cs_text_raw(b, at, (size_t)(end - at));
}

size_t cs_bigint_parse(cs_bytes digits, uint32_t *words)
{
    size_t count = 0;
    for (size_t i = 0; i < digits.size;) {
        uint64_t carry = 0, power = 1;
        do {
            carry = carry * 10 + (digits.data[i] - '0');
            power *= 10;
        } while (++i < digits.size && power < STEP);
        for (size_t w = 0; w < count; w++) {
            carry += words[w] * power;
            words[w] = (uint32_t)carry;
            carry >>= 32;
        }
        if (carry != 0)
            words[count++] = (uint32_t)carry;
    }
    return count;
}

/* --- doubles to text ------------------------------------------------------------------------------- */

/* d = 0.DIGITS * 10^point. */
typedef struct decimal {
    char digits[20];
    int count, point;
} decimal;

/* The C library rounds correctly; without a decimal point no locale matters. */
static double value_of(const decimal *n)
{
    char text[48];
    (void)snprintf(text, sizeof text, "%.*se%d", n->count, n->digits, n->point - n->count);
    return strtod(text, NULL);
}

/* The nearest of `count` digits. */
static decimal nearest(double d, int count)
{
    decimal n = { .count = 0 };
    char text[48];
    (void)snprintf(text, sizeof text, "%.*e", count - 1, d);
    const char *p = text;
    for (; *p != 'e'; p++)
        if (*p >= '0' && *p <= '9')
            n.digits[n.count++] = *p;
    bool minus = p[1] == '-';
    for (p += 2; *p != 0; p++)
        n.point = n.point * 10 + (*p - '0');
    n.point = (minus ? -n.point : n.point) + 1;
    return n;
}

/* Where doubles lie closer on one side, the nearest may miss and its neighbour hit. */
static bool step(decimal *n, int by)
{
    for (int i = n->count - 1; i >= 0; i--) {
        char c = (char)(n->digits[i] + by);
        if (c >= '0' && c <= '9') {
            n->digits[i] = c;
            return n->digits[0] != '0';
        }
        n->digits[i] = by > 0 ? '0' : '9';
    }
    return false; /* a power of ten: fewer digits would have done */
}

static bool finds(double d, int count, decimal *ret)
{
    decimal n = nearest(d, count), up = n, down = n;
    *ret = n;
    if (value_of(&n) == d)
        return true;
    if (step(&up, 1) && value_of(&up) == d)
        return *ret = up, true;
    if (step(&down, -1) && value_of(&down) == d)
        return *ret = down, true;
    return false;
}

/* The fewest digits that give d again. Below 2^-1022 one may do; above, two decimals of 15 digits are
 * never the same double, so zeros at the end show that fewer would do. */
static decimal shortest(double d)
{
    const double smallest_normal = 2.2250738585072014e-308;
    decimal n;
    int count = d < smallest_normal ? 1 : 15;
    while (!finds(d, count, &n) && count < 17)
        count++;
    while (n.count > 1 && n.digits[n.count - 1] == '0')
        n.count--;
    return n;
}

static void add_zeros(cs_buf *b, int count)
{
    while (count-- > 0)
        cs_text_byte(b, '0');
}

/* As Number.prototype.toString lays out digits. */
static void add_decimal(cs_buf *b, const decimal *n)
{
    int whole = n->point < n->count ? n->point : n->count;
    if (n->point > 21 || n->point < -5) {
        cs_text_byte(b, n->digits[0]);
        if (n->count > 1)
            cs_text_byte(b, '.');
        cs_text_raw(b, n->digits + 1, (size_t)n->count - 1);
        cs_text_raw(b, n->point > 0 ? "e+" : "e-", 2);
        cs_text_add_int(b, n->point > 0 ? n->point - 1 : 1 - n->point);
    } else if (n->point <= 0) {
        cs_text_literal(b, "0.");
        add_zeros(b, -n->point);
        cs_text_raw(b, n->digits, (size_t)n->count);
    } else {
        cs_text_raw(b, n->digits, (size_t)whole);
        add_zeros(b, n->point - n->count);
        if (n->count > whole)
            cs_text_byte(b, '.');
        cs_text_raw(b, n->digits + whole, (size_t)(n->count - whole));
    }
}

/* Few decimals: n / 10^k with n < 10^15 gives d, so n and k are the shortest digits there are. */
static bool add_short_decimal(cs_buf *b, double d)
{
    static const double powers[] = { 1e1, 1e2, 1e3, 1e4 };
    for (int k = 0; k < 4 && d * powers[k] < 1e15; k++) {
        uint64_t n = (uint64_t)(d * powers[k] + 0.5), power = (uint64_t)powers[k];
        if ((double)n / powers[k] != d)
            continue;
        cs_text_add_int(b, (int64_t)(n / power));
        cs_text_byte(b, '.');
        for (n %= power; power > 1; n %= power) {
            power /= 10;
            cs_text_byte(b, (char)('0' + n / power));
        }
        return true;
    }
    return false;
}

void cs_text_add_double(cs_buf *b, double d)
{
    const double exact = 9007199254740992.0; /* 2^53 */
    if (d > -exact && d < exact && d == (double)(int64_t)d) {
        cs_text_add_int(b, (int64_t)d); /* 0 for -0 */
        return;
    }
    if (d < 0)
        cs_text_byte(b, '-');
    d = d < 0 ? -d : d;
    if (add_short_decimal(b, d))
        return;
    decimal n = shortest(d);
    add_decimal(b, &n);
}

/* --- text to doubles ------------------------------------------------------------------------------- */

/* At most 15 digits and an exact power of ten: one rounding, so the result is right. */
static bool parse_short(cs_bytes text, double *ret)
{
    static const double powers[] = { 1e0, 1e1, 1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                     1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15 };
    uint64_t n = 0;
    uint32_t digits = 0, before_point = UINT32_MAX;
    for (size_t i = 0; i < text.size; i++) {
        uint8_t c = text.data[i];
        if (c == '.') {
            before_point = digits;
            continue;
        }
        if (c < '0' || c > '9' || ++digits > 15)
            return false;
        n = n * 10 + (c - '0');
    }
    *ret = (double)n / powers[before_point == UINT32_MAX ? 0 : digits - before_point];
    return true;
}

/* The exponent of a JSON number, from behind its e; clamped to what matters. */
static int parse_exponent(const uint8_t *p, const uint8_t *end)
{
    int n = 0;
    bool minus = p < end && *p == '-';
    if (p < end && (*p == '-' || *p == '+'))
        p++;
    for (; p < end; p++)
        if (n < 100000)
            n = n * 10 + (*p - '0');
    return minus ? -n : n;
}

double cs_text_parse_double(cs_bytes text)
{
    char copy[CS_NUMBER_MAX + 16];
    double d;
    bool minus = text.size > 0 && text.data[0] == '-';
    cs_assert(text.size <= CS_NUMBER_MAX);
    text.data += minus;
    text.size -= minus;
    if (!parse_short(text, &d)) {
        const uint8_t *p = text.data, *end = p + text.size;
        size_t size = 0;
        int exponent = 0;
        bool in_fraction = false;
        for (; p < end && (*p | 0x20) != 'e'; p++) {
            if (*p == '.') {
                in_fraction = true;
                continue;
            }
            copy[size++] = (char)*p;
            exponent -= in_fraction;
        }
        if (p < end)
            exponent += parse_exponent(p + 1, end);
        (void)snprintf(copy + size, sizeof copy - size, "e%d", exponent);
        d = strtod(copy, NULL);
    }
    return minus ? -d : d;
}
