/* What every test includes: cmocka's assertions under our own runner. No test names cmocka.
 *
 *     #include "t.h"
 *
 *     // A vat that names one kref twice gets none of the batch.
 *     static void add_refuses_the_whole_batch(void **state) { ... assert_int_equal(a, b); ... }
 *
 *     T_MAIN(T(add_refuses_the_whole_batch), T_WITH(other_test, setup, teardown))
 *
 * A failed assertion leaves by longjmp: never assert inside a callback that XS or SQLite calls;
 * record, return, assert after. A crash or a failed cs_assert ends the program and is reported by the
 * sanitizer or the debugger, not caught. Output is TAP.
 *
 *   T_FILTER=word    runs only the cases whose name contains the word
 *   T_SEED=n         only this seed in t_property()
 *   T_RUNS=n         seeds up to this one                 T_FIRST=n  from this one on */
#pragma once
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "tape.h"

typedef struct t_case {
    const char *name;
    void (*run)(void **state);
    int (*setup)(void **state); /* may be NULL; returns 0 when it worked */
    int (*teardown)(void **state);
} t_case;

#define T(fn) T_WITH(fn, NULL, NULL)
#define T_WITH(fn, up, down) \
    { \
        .name = #fn, .run = fn, .setup = up, .teardown = down \
    }
#define T_MAIN(...) \
    int main(void) \
    { \
        static const t_case cases[] = { __VA_ARGS__ }; \
        return t_run(cases, sizeof(cases) / sizeof(cases[0])); \
    }

/* Runs the cases and prints TAP. Returns the exit code of main(). */
int t_run(const t_case *cases, size_t count);

/* Leaves the running case, counted as skipped. Only where the machine lacks something. */
_Noreturn void t_skip(const char *reason);

/* A new empty directory, removed with all that is in it when the program ends. The text lives as
 * long as the program. */
const char *t_tmpdir(void);

/* The path of a file of the source tree, as "tests/golden/x.json". Lives as long as the program. */
const char *t_source_path(const char *relative);

/* The whole of a file, with a 0 byte behind it; fails the case when it cannot be read. Given:
 * free() it. `ret_size` may be NULL. */
char *t_read_file(const char *path, size_t *ret_size);
void t_write_file(const char *path, const void *data, size_t size);

/* `a` and `b` are equal bytes; else fails and shows where they part. */
void t_assert_bytes(const void *a, size_t a_size, const void *b, size_t b_size, const char *file,
                    int line);
#define assert_bytes_equal(a, a_size, b, b_size) \
    t_assert_bytes((a), (a_size), (b), (b_size), __FILE__, __LINE__)

/* The status is CS_OK; else fails and names it. */
#define assert_ok(st) t_assert_ok((int)(st), #st, __FILE__, __LINE__)
void t_assert_ok(int status, const char *what, const char *file, int line);

/* Calls `property` with the tapes of `runs` seeds. It returns NULL when it holds, else a text that
 * says what went wrong (static, or alive until the next call). The tape of the first failure is
 * made as small as it gets, the seed and the tape are printed, and the case fails. The property
 * must not assert: it is called again and again. */
typedef const char *t_property_fn(tape *t, void *ctx);
void t_property(t_property_fn *property, void *ctx, unsigned runs);

/* Calls `property` for every way the choices can go (tape_count); fails at the first that does not
 * hold. Refuses to go on for more than `max` ways. */
void t_exhaust(t_property_fn *property, void *ctx, unsigned long max);
