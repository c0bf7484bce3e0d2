#include "tape.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void tape_from_input(tape *t, const void *data, size_t size)
{
    *t = (tape){ .kind = TAPE_INPUT, .data = data, .size = size };
}

void tape_from_seed(tape *t, uint64_t seed)
{
    *t = (tape){ .kind = TAPE_SEED, .state = seed };
}

void tape_count(tape *t)
{
    *t = (tape){ .kind = TAPE_COUNT };
}

void tape_fini(tape *t)
{
    free(t->record);
    t->record = NULL;
}

bool tape_ended(const tape *t)
{
    return t->kind == TAPE_INPUT && t->at == t->size;
}

/* splitmix64: fixed by its definition, so seeds mean the same everywhere (T1). */
static uint64_t generate(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t z = *state;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

static void record(tape *t, uint8_t byte)
{
    if (t->record_size == t->record_cap) {
        t->record_cap = t->record_cap ? t->record_cap * 2 : 256;
        t->record = realloc(t->record, t->record_cap);
        if (t->record == NULL)
            abort();
    }
    t->record[t->record_size++] = byte;
}

/* Little-endian number of `width` bytes. */
static uint64_t take(tape *t, unsigned width)
{
    uint64_t n = 0;
    uint64_t fresh = t->kind == TAPE_SEED ? generate(&t->state) : 0;
    for (unsigned i = 0; i < width; i++) {
        uint8_t byte = 0;
        if (t->kind == TAPE_SEED) {
            byte = (uint8_t)(fresh >> (8 * i));
            record(t, byte);
        } else if (t->at < t->size) {
            byte = t->data[t->at++];
        }
        n |= (uint64_t)byte << (8 * i);
    }
    return n;
}

static uint64_t counted(tape *t, uint64_t n)
{
    if (t->counted == TAPE_COUNT_MAX) {
        fprintf(stderr, "tape: more than %d choices to count through\n", TAPE_COUNT_MAX);
        abort();
    }
    unsigned i = t->counted++;
    if (i == t->count) {
        t->count++;
        t->value[i] = 0;
    }
    t->limit[i] = n;
    return t->value[i];
}

/* An odometer: the last choice moves on; one that has no more values goes, and the one before it
 * moves on. Later choices may depend on earlier ones: they are met anew. */
bool tape_next(tape *t)
{
    t->count = t->counted; /* this run may have made fewer choices than the last */
    while (t->count > 0 && t->value[t->count - 1] + 1 >= t->limit[t->count - 1])
        t->count--;
    if (t->count > 0)
        t->value[t->count - 1]++;
    t->counted = 0;
    return t->count > 0;
}

uint64_t tape_below(tape *t, uint64_t n)
{
    if (n == 0)
        abort();
    if (t->kind == TAPE_COUNT)
        return counted(t, n);
    if (n == 1)
        return 0;
    unsigned width = n <= 1u << 8 ? 1 : n <= 1u << 16 ? 2 : n <= (uint64_t)1 << 32 ? 4 : 8;
    return take(t, width) % n;
}

uint64_t tape_between(tape *t, uint64_t lo, uint64_t hi)
{
    return lo == 0 && hi == UINT64_MAX ? tape_u64(t) : lo + tape_below(t, hi - lo + 1);
}

bool tape_bool(tape *t)
{
    return tape_below(t, 2) == 1;
}

bool tape_chance(tape *t, unsigned of_100)
{
    if (t->kind == TAPE_COUNT)
        return tape_bool(t);
    return 100 - tape_below(t, 100) <= of_100; /* zero, an ended tape, means no */
}

uint64_t tape_u64(tape *t)
{
    static const unsigned bits[] = { 3, 8, 16, 31, 32, 33, 53, 63, 64 };
    unsigned width = tape_pick(t, bits);
    if (t->kind == TAPE_COUNT)
        return width == 64 ? UINT64_MAX : ((uint64_t)1 << width) - 1;
    return take(t, 8) >> (64 - width);
}

void tape_bytes(tape *t, void *ret_data, size_t size)
{
    uint8_t *out = ret_data;
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)tape_below(t, 256);
}
