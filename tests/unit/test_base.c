/* Statuses, memory, maps, arenas, hashes. */
#include "base/alloc.h"
#include "base/arena.h"
#include "base/hash.h"
#include "base/map.h"
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- statuses ---- */

static void every_status_has_its_words(void **state)
{
    (void)state;
    for (unsigned i = 0; i < CS_STATUS_COUNT; i++) {
        cs_status st = (cs_status)i;
        assert_true(strlen(cs_status_name(st)) > 1 && strlen(cs_status_text(st)) > 1);
        assert_int_equal(cs_status_class(st) == CS_CLASS_NONE, st == CS_OK);
        for (unsigned k = 0; k < i; k++)
            assert_string_not_equal(cs_status_name(st), cs_status_name((cs_status)k));
    }
    assert_string_equal(cs_status_name(CS_E_BAD_REF), "BAD_REF");
    assert_int_equal(cs_status_class(CS_E_PROTOCOL), CS_CLASS_VAT);
    assert_int_equal(cs_status_class(CS_E_CONFIG), CS_CLASS_HOST);
    assert_string_equal(cs_status_name((cs_status)9999), "UNKNOWN");
    assert_int_equal(cs_status_class((cs_status)9999), CS_CLASS_ENV);
}

static void errors_keep_status_and_text(void **state)
{
    (void)state;
    cs_error err = { 0 };
    assert_int_equal(cs_fail(&err, CS_E_IO, "%s: %d", "file", 7), CS_E_IO);
    assert_int_equal(err.status, CS_E_IO);
    assert_string_equal(err.text, "file: 7");
    assert_int_equal(cs_fail_at(&err, "in %s", "dir"), CS_E_IO);
    assert_string_equal(err.text, "in dir: file: 7");
    assert_int_equal(cs_fail(NULL, CS_E_IO, "nobody listens"), CS_E_IO);
}

static void long_errors_are_cut(void **state)
{
    (void)state;
    cs_error err = { 0 };
    char text[2 * CS_ERROR_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    (void)cs_fail(&err, CS_E_IO, "%s", text);
    assert_int_equal(strlen(err.text), CS_ERROR_MAX - 1);
    (void)cs_fail_at(&err, "prefix");
    assert_int_equal(strlen(err.text), CS_ERROR_MAX - 1);
    assert_memory_equal(err.text, "prefix: xxx", 11);
    (void)cs_fail_at(&err, "%s", text);
    assert_int_equal(strlen(err.text), CS_ERROR_MAX - 1);
    for (size_t n = CS_ERROR_MAX - 6; n < CS_ERROR_MAX + 2; n++) {
        (void)cs_fail(&err, CS_E_IO, "abc");
        (void)cs_fail_at(&err, "%.*s", (int)n, text);
        assert_true(strlen(err.text) < CS_ERROR_MAX);
    }
}

/* The exit of a process that does `fn`; it must end by abort(). */
static void aborts(void (*fn)(void))
{
    int status = 0;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        (void)!freopen("/dev/null", "w", stderr);
        fn();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFSIGNALED(status) || WEXITSTATUS(status) != 0);
}

static void break_invariant(void)
{
    cs_assert(1 + 1 == 3);
}

static void *no_memory(void *ctx, void *old, size_t size)
{
    (void)ctx;
    (void)old;
    (void)size;
    return NULL;
}

static void run_out(void)
{
    cs_alloc_use(no_memory, NULL);
    (void)cs_alloc(1);
}

static void overflow(void)
{
    (void)cs_alloc_zero(SIZE_MAX / 2, 3);
}

static void zero_key(void)
{
    cs_map m = { 0 };
    (void)cs_map_put(&m, 0);
}

static void broken_promises_abort(void **state)
{
    (void)state;
    aborts(break_invariant);
    aborts(run_out);
    aborts(overflow);
    aborts(zero_key);
}

/* ---- memory ---- */

static struct {
    size_t blocks, calls;
} counted;

static void *counting(void *ctx, void *old, size_t size)
{
    (void)ctx;
    counted.calls++;
    counted.blocks += old == NULL && size > 0;
    counted.blocks -= old != NULL && size == 0;
    if (size > 0)
        return realloc(old, size);
    free(old);
    return NULL;
}

static void *plain(void *ctx, void *old, size_t size)
{
    (void)ctx;
    if (size > 0)
        return realloc(old, size);
    free(old);
    return NULL;
}

static void all_memory_goes_through_one_hole(void **state)
{
    (void)state;
    cs_alloc_use(counting, NULL);
    int *p = cs_alloc_zero(3, sizeof *p);
    assert_int_equal(p[0] | p[1] | p[2], 0);
    p = cs_realloc(p, 5, sizeof *p);
    char *nothing = cs_alloc(0), *nothing_else = cs_alloc(0);
    assert_true(nothing != NULL && nothing_else != NULL && nothing != nothing_else);
    assert_int_equal(counted.blocks, 3);
    assert_null(cs_free(p));
    (void)cs_free(nothing);
    (void)cs_free(nothing_else);
    assert_null(cs_free(NULL));
    assert_int_equal(counted.blocks, 0);
    cs_alloc_use(plain, NULL);
}

static void arenas(void **state)
{
    (void)state;
    cs_arena a = { 0 };
    tape t;
    tape_from_seed(&t, 1);
    for (size_t round = 0; round < 20; round++) {
        uint8_t *last = NULL;
        size_t last_size = 0;
        for (size_t i = 0; i < 200; i++) {
            size_t size = (size_t)tape_below(&t, i % 50 == 49 ? 200000 : 2000);
            uint8_t *p = cs_arena_take(&a, size);
            assert_int_equal((uintptr_t)p % _Alignof(max_align_t), 0);
            memset(p, (int)i, size);
            if (last_size > 0) /* nobody else's */
                assert_int_equal(last[last_size - 1], (uint8_t)(i - 1));
            last = p;
            last_size = size;
        }
        uint8_t *zeros = cs_arena_take_zero(&a, 100, 3);
        for (size_t i = 0; i < 300; i++)
            assert_int_equal(zeros[i], 0);
        cs_bytes copy = cs_arena_copy(&a, CS_BYTES("copy"));
        assert_memory_equal(copy.data, "copy", 4);
        assert_int_equal(cs_arena_copy(&a, (cs_bytes){ 0 }).size, 0);
        cs_arena_clear(&a);
    }
    tape_fini(&t);
    cs_arena_fini(&a);
    cs_arena_fini(&a);
    cs_arena_clear(&a);
}

static void a_cleared_arena_takes_its_block_again(void **state)
{
    (void)state;
    cs_arena a = { 0 };
    void *first = cs_arena_take(&a, 10);
    cs_arena_clear(&a);
    assert_ptr_equal(cs_arena_take(&a, 10), first);
    (void)cs_arena_take(&a, 1 << 20);
    cs_arena_clear(&a);
    assert_null(a.first); /* a giant does not stay */
    cs_arena_fini(&a);
}

/* ---- maps against a list of what is in them ---- */

enum { KEYS = 40 };

static const char *check_map(const cs_map *m, const uint64_t value[KEYS], const uint64_t key[KEYS])
{
    size_t count = 0, walked = 0;
    for (size_t i = 0; i < KEYS; i++) {
        const cs_map_entry *e = cs_map_find(m, key[i]);
        if ((e == NULL ? 0 : e->value) != value[i])
            return "value";
        count += value[i] != 0;
    }
    for (cs_map_entry *e = NULL; (e = cs_map_next(m, e)) != NULL;)
        walked++;
    return count == m->count && walked == count ? NULL : "count";
}

static const char *map_follows(tape *t, void *ctx)
{
    (void)ctx;
    cs_map m = { 0 };
    uint64_t key[KEYS], value[KEYS] = { 0 };
    const char *why = NULL;
    uint64_t step = UINT64_C(1) << tape_below(t, 60); /* bits that some hash might not look at */
    for (size_t i = 0; i < KEYS; i++)
        key[i] = 1 + i * step == 0 ? 7 : 1 + i * step;
    for (size_t n = 0; n < 200 && why == NULL && !tape_ended(t); n++) {
        size_t i = (size_t)tape_below(t, step > UINT64_C(1) << 58 ? 8 : KEYS);
        uint64_t turn = tape_below(t, 20);
        if (turn < 10) {
            cs_map_entry *e = cs_map_put(&m, key[i]);
            why = e->key != key[i] || e->value != value[i] ? "put" : NULL;
            e->value = value[i] = n + 1;
        } else if (turn < 19) {
            why = cs_map_remove(&m, key[i]) == (value[i] != 0) ? NULL : "remove";
            value[i] = 0;
        } else {
            cs_map_clear(&m);
            memset(value, 0, sizeof value);
        }
        if (why == NULL && step <= UINT64_C(1) << 58)
            why = check_map(&m, value, key);
    }
    cs_map_fini(&m);
    return why;
}

static void maps(void **state)
{
    (void)state;
    t_property(map_follows, NULL, 2000);
    cs_map m = { 0 };
    assert_null(cs_map_find(&m, 1));
    assert_false(cs_map_remove(&m, 1));
    assert_null(cs_map_next(&m, NULL));
    cs_map_clear(&m);
    cs_map_put(&m, 5)->ptr = &m;
    assert_ptr_equal(cs_map_ptr(&m, 5), &m);
    assert_null(cs_map_ptr(&m, 6));
    cs_map_fini(&m);
}

static void a_big_map(void **state)
{
    (void)state;
    cs_map m = { 0 };
    for (uint64_t i = 1; i <= 100000; i++)
        cs_map_put(&m, i << 20 | 1)->value = i;
    for (uint64_t i = 1; i <= 100000; i += 2)
        assert_true(cs_map_remove(&m, i << 20 | 1));
    assert_int_equal(m.count, 50000);
    for (uint64_t i = 1; i <= 100000; i++)
        assert_int_equal(cs_map_find(&m, i << 20 | 1) != NULL, i % 2 == 0);
    cs_map_fini(&m);
}

/* ---- hashes ---- */

static void sha256(void **state)
{
    (void)state;
    char text[CS_HASH_TEXT_MAX];
    cs_hash h = cs_hash_of(CS_BYTES("abc"));
    assert_string_equal(cs_hash_text(&h, text),
                        "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    h = cs_hash_of((cs_bytes){ 0 });
    assert_string_equal(cs_hash_text(&h, text),
                        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

static void chains_and_parts(void **state)
{
    (void)state;
    cs_hash zero = { 0 };
    uint8_t joined[CS_HASH_SIZE + 3] = { 0 };
    memcpy(joined + CS_HASH_SIZE, "abc", 3);
    cs_hash a = cs_hash_chain(&zero, CS_BYTES("abc"));
    cs_hash b = cs_hash_of((cs_bytes){ joined, sizeof joined });
    assert_true(cs_hash_same(&a, &b));
    const cs_bytes parts[] = { { joined, 10 }, { 0 }, { joined + 10, sizeof joined - 10 } };
    b = cs_hash_parts(parts, 3);
    assert_true(cs_hash_same(&a, &b));
    b.bytes[31] ^= 1;
    assert_false(cs_hash_same(&a, &b));
}

T_MAIN(T(every_status_has_its_words), T(errors_keep_status_and_text), T(long_errors_are_cut),
       T(broken_promises_abort), T(all_memory_goes_through_one_hole), T(arenas),
       T(a_cleared_arena_takes_its_block_again), T(maps), T(a_big_map), T(sha256),
       T(chains_and_parts))
