/* SHA-256 of a short transcript row and of a long one: base/hash.c, and libsodium beside it if it was
 * there when this was built. Decision 2 rests on this. */
#include "base/hash.h"

#include <stdio.h>
#include <time.h>

#if HAVE_SODIUM
#include <sodium.h>
#endif

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static uint8_t row[16384];

static void ours(size_t size)
{
    row[0] = cs_hash_of((cs_bytes){ row, size }).bytes[0];
}

#if HAVE_SODIUM
static void sodium(size_t size)
{
    uint8_t hash[crypto_hash_sha256_BYTES];
    (void)crypto_hash_sha256(hash, row, size);
    row[0] = hash[0];
}
#endif

static void measure(const char *name, void (*hash)(size_t), size_t size)
{
    enum { ROUNDS = 5, TIMES = 20000 };
    double best = 1e9;
    for (int round = 0; round < ROUNDS; round++) {
        double started = seconds();
        for (int i = 0; i < TIMES; i++)
            hash(size);
        double elapsed = seconds() - started;
        best = elapsed < best ? elapsed : best;
    }
    (void)printf("%-10s %6zu bytes %8.2f us\n", name, size, best * 1e6 / TIMES);
}

int main(void)
{
    static const size_t sizes[] = { 64, 400, sizeof row };
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        measure("libcrypto", ours, sizes[i]);
#if HAVE_SODIUM
        measure("libsodium", sodium, sizes[i]);
#endif
    }
    return 0;
}
