/* The order of ids as texts, in which the reference sorts (S22): 10 before 2. */
#pragma once
#include "base/ref.h"

/* Compares as the decimal texts would. Ids are at most 53 bits, so 16 digits and no overflow. */
static inline int cs_compare_decimal(uint64_t a, uint64_t b)
{
    const uint64_t sixteen_digits = UINT64_C(1000000000000000);
    uint64_t left = a, right = b; /* flush left: 2 and 10 become 2000... and 1000... */
    while (left != 0 && left < sixteen_digits)
        left *= 10;
    while (right != 0 && right < sixteen_digits)
        right *= 10;
    if (left != right)
        return left < right ? -1 : 1;
    return (a > b) - (a < b); /* one is the other and zeros: the shorter is first */
}
