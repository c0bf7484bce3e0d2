/* SHA-256 of bytes: what anything compared across runs and machines is named by. */
#pragma once
#include "base/bytes.h"

enum { CS_HASH_SIZE = 32, CS_HASH_TEXT_MAX = 2 * CS_HASH_SIZE + 1 };
typedef struct cs_hash {
    uint8_t bytes[CS_HASH_SIZE];
} cs_hash;

cs_hash cs_hash_of(cs_bytes b);
/* SHA-256(previous || bytes): one link of a chain. */
cs_hash cs_hash_chain(const cs_hash *previous, cs_bytes b);
/* SHA-256 of all parts in order, without joining them first. */
cs_hash cs_hash_parts(const cs_bytes *parts, size_t count);
const char *cs_hash_text(const cs_hash *h, char text[static CS_HASH_TEXT_MAX]); /* lower-case hex */
bool cs_hash_same(const cs_hash *a, const cs_hash *b);
