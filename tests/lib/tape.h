/* Choices read from a tape, so that one test body serves three uses: a property test (the tape is
 * filled by a seeded generator), a fuzz target (the fuzzer's input) and a walk through all small
 * cases (counting up).
 *   T1  the same tape gives the same choices, on every machine
 *   T2  a tape that has ended gives zeros: the first of everything, "no", an empty string. So order
 *       alternatives with the plainest first; cutting a tape then makes a case simpler. */
#pragma once
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { TAPE_COUNT_MAX = 64 }; /* choices in one run of tape_count() */

typedef struct tape {
    enum { TAPE_INPUT, TAPE_SEED, TAPE_COUNT } kind;
    const uint8_t *data; /* INPUT: borrowed */
    size_t size, at;
    uint64_t state;  /* SEED */
    uint8_t *record; /* SEED: what was given, for shrinking; owned */
    size_t record_size, record_cap;
    unsigned count, counted; /* COUNT: choices known, choices made in this run */
    uint64_t value[TAPE_COUNT_MAX], limit[TAPE_COUNT_MAX];
} tape;

void tape_from_input(tape *t, const void *data, size_t size); /* borrows data */
void tape_from_seed(tape *t, uint64_t seed);                  /* endless */
void tape_fini(tape *t);

/* Counting:  tape_count(&t); do { ... choices ... } while (tape_next(&t)); */
void tape_count(tape *t);
bool tape_next(tape *t);

/* True when an input tape has nothing left: loops of "one more operation" end here. A seeded tape
 * never ends, so such loops need a bound of their own. */
bool tape_ended(const tape *t);

uint64_t tape_below(tape *t, uint64_t n);                 /* 0 <= result < n; n > 0 */
uint64_t tape_between(tape *t, uint64_t lo, uint64_t hi); /* lo <= result <= hi */
bool tape_bool(tape *t);
bool tape_chance(tape *t, unsigned of_100); /* true about so often */
uint64_t tape_u64(tape *t);                 /* small values more often than big */
void tape_bytes(tape *t, void *ret_data, size_t size);
#define tape_pick(t, array) ((array)[tape_below((t), sizeof(array) / sizeof((array)[0]))])
