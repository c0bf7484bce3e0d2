#include <stdio.h>
#include <stdlib.h>

#include "t.h"

/* T1: a seed means the same choices every time, and its record played as input repeats them. */
static void seed_and_record_agree(void **state)
{
    (void)state;
    static const uint64_t limits[] = { 2, 7, 256, 257, 65536, 100000, (uint64_t)1 << 40 };
    tape a, b;
    uint64_t seen[700];
    tape_from_seed(&a, 7);
    for (size_t i = 0; i < 700; i++) {
        seen[i] = tape_below(&a, limits[i % 7]);
        assert_true(seen[i] < limits[i % 7]);
    }
    tape_from_input(&b, a.record, a.record_size);
    for (size_t i = 0; i < 700; i++)
        assert_int_equal(tape_below(&b, limits[i % 7]), seen[i]);
    assert_true(tape_ended(&b));
    tape_fini(&a);
}

/* T2 */
static void ended_tape_gives_zeros(void **state)
{
    (void)state;
    tape t;
    uint8_t bytes[4] = { 1, 1, 1, 1 };
    tape_from_input(&t, "", 0);
    assert_true(tape_ended(&t));
    assert_int_equal(tape_below(&t, 9), 0);
    assert_int_equal(tape_between(&t, 5, 9), 5);
    assert_int_equal(tape_u64(&t), 0);
    assert_false(tape_bool(&t));
    assert_false(tape_chance(&t, 99));
    tape_bytes(&t, bytes, 4);
    assert_memory_equal(bytes, "\0\0\0\0", 4);
}

/* Every list of at most two letters out of three, each once. */
static void counting_meets_every_case_once(void **state)
{
    (void)state;
    unsigned seen[16] = { 0 }, ways = 0;
    tape t;
    tape_count(&t);
    do {
        uint64_t code = 0, count = tape_below(&t, 3);
        for (uint64_t i = 0; i < count; i++)
            code = code * 4 + 1 + tape_below(&t, 3);
        seen[code]++;
        ways++;
    } while (tape_next(&t));
    assert_int_equal(ways, 1 + 3 + 9);
    for (size_t i = 0; i < 16; i++)
        assert_true(seen[i] <= 1);
}

static const char *never_three_in_a_row(tape *t, void *ctx)
{
    unsigned *calls = ctx, row = 0;
    ++*calls;
    for (unsigned i = 0; i < 50 && !tape_ended(t); i++) {
        row = tape_below(t, 4) == 3 ? row + 1 : 0;
        if (row == 3)
            return "three";
    }
    return NULL;
}

/* The tools must be able to say yes. That they say no was tried by hand. */
static const char *holds(tape *t, void *ctx)
{
    (void)ctx;
    return tape_below(t, 4) < 4 ? NULL : "not below";
}

static void properties_that_hold_pass(void **state)
{
    (void)state;
    t_property(holds, NULL, 1000);
    t_exhaust(holds, NULL, 4);
    unsigned calls = 0;
    tape t;
    tape_from_seed(&t, 1);
    (void)never_three_in_a_row(&t, &calls);
    tape_fini(&t);
    assert_int_equal(calls, 1);
}

static void files_come_back(void **state)
{
    (void)state;
    char path[300];
    size_t size = 0;
    (void)snprintf(path, sizeof(path), "%s/file", t_tmpdir());
    t_write_file(path, "a\0b", 3);
    char *data = t_read_file(path, &size);
    assert_bytes_equal(data, size, "a\0b", 3);
    free(data);
}

T_MAIN(T(seed_and_record_agree), T(ended_tape_gives_zeros), T(counting_meets_every_case_once),
       T(properties_that_hold_pass), T(files_come_back))
