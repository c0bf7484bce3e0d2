/* OpenSSL's SHA-256 uses the processor's SHA instructions, where libsodium's does not: on the 16 kB
 * row of an 8 kB message that is the difference between 10 and 54 us (decision 2). The low-level
 * interface keeps its state on the stack: nothing is allocated for the short rows of most cranks. */
#define OPENSSL_SUPPRESS_DEPRECATED
#include "base/hash.h"

#include <openssl/sha.h>
#include <string.h>

cs_hash cs_hash_parts(const cs_bytes *parts, size_t count)
{
    SHA256_CTX ctx;
    cs_hash h;
    (void)SHA256_Init(&ctx);
    for (size_t i = 0; i < count; i++)
        if (parts[i].size > 0)
            (void)SHA256_Update(&ctx, parts[i].data, parts[i].size);
    (void)SHA256_Final(h.bytes, &ctx);
    return h;
}

cs_hash cs_hash_of(cs_bytes b)
{
    return cs_hash_parts(&b, 1);
}

cs_hash cs_hash_chain(const cs_hash *previous, cs_bytes b)
{
    const cs_bytes parts[] = { { previous->bytes, CS_HASH_SIZE }, b };
    return cs_hash_parts(parts, 2);
}

const char *cs_hash_text(const cs_hash *h, char text[static CS_HASH_TEXT_MAX])
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < CS_HASH_SIZE; i++) {
        text[2 * i] = digits[h->bytes[i] >> 4];
        text[2 * i + 1] = digits[h->bytes[i] & 15];
    }
    text[CS_HASH_TEXT_MAX - 1] = 0;
    return text;
}

bool cs_hash_same(const cs_hash *a, const cs_hash *b)
{
    return memcmp(a->bytes, b->bytes, CS_HASH_SIZE) == 0;
}
