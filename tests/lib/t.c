#include "t.h"

#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/status.h"

enum { T_CASES_MAX = 512, T_SHRINKS_MAX = 20000 };

/* cmocka installs handlers that turn a crash into a failed case and run on in a broken process,
 * without the sanitizer's report. We put back what was there before. */
static const int crashes[] = { SIGFPE, SIGILL, SIGSEGV, SIGBUS, SIGSYS };
enum { CRASHES = sizeof(crashes) / sizeof(crashes[0]) };
static struct sigaction before[CRASHES];

static const t_case *current;
static jmp_buf skipped;

static int case_setup(void **state)
{
    current = *state;
    *state = NULL;
    return current->setup != NULL ? current->setup(state) : 0;
}

static void case_run(void **state)
{
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], &before[i], NULL);
    if (setjmp(skipped) == 0)
        current->run(state);
}

static int case_teardown(void **state)
{
    return current->teardown != NULL ? current->teardown(state) : 0;
}

void t_skip(const char *reason)
{
    printf("# SKIP %s\n", reason); /* counted by scripts/run-tests */
    longjmp(skipped, 1);
}

int t_run(const t_case *cases, size_t count)
{
    static struct CMUnitTest units[T_CASES_MAX];
    if (count > T_CASES_MAX)
        abort();
    const char *filter = getenv("T_FILTER");
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        if (filter != NULL && strstr(cases[i].name, filter) == NULL)
            continue;
        units[used++] = (struct CMUnitTest){
            .name = cases[i].name,
            .test_func = case_run,
            .setup_func = case_setup,
            .teardown_func = case_teardown,
            .initial_state = (void *)(uintptr_t)&cases[i],
        };
    }
    if (used == 0) {
        printf("1..0 # SKIP no case matches\n");
        return 0;
    }
    for (size_t i = 0; i < CRASHES; i++)
        sigaction(crashes[i], NULL, &before[i]);
    setvbuf(stdout, NULL, _IOLBF, 0); /* a crash must not swallow what was reported */
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return _cmocka_run_group_tests("cases", units, used, NULL, NULL) == 0 ? 0 : 1;
}

/* --- files ----------------------------------------------------------------------------------- */

static char tmpdirs[64][64];
static unsigned tmpdir_count;

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void remove_tmpdirs(void)
{
    for (unsigned i = 0; i < tmpdir_count; i++)
        (void)nftw(tmpdirs[i], remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

const char *t_tmpdir(void)
{
    if (tmpdir_count == 0)
        atexit(remove_tmpdirs);
    if (tmpdir_count == sizeof(tmpdirs) / sizeof(tmpdirs[0]))
        fail_msg("too many temporary directories");
    const char *base = getenv("TMPDIR");
    char *path = tmpdirs[tmpdir_count];
    int n = snprintf(path, sizeof(tmpdirs[0]), "%s/capstan-test-XXXXXX",
                     base != NULL && strlen(base) < 40 ? base : "/tmp");
    if (n < 0 || mkdtemp(path) == NULL)
        fail_msg("cannot make a temporary directory");
    tmpdir_count++;
    return path;
}

const char *t_source_path(const char *relative)
{
    static char paths[16][512];
    static unsigned next;
    char *path = paths[next++ % 16];
    const char *root = getenv("CAPSTAN_SOURCE");
    int n = snprintf(path, sizeof(paths[0]), "%s/%s", root != NULL ? root : ".", relative);
    if (n < 0 || (size_t)n >= sizeof(paths[0]))
        fail_msg("path too long: %s", relative);
    return path;
}

char *t_read_file(const char *path, size_t *ret_size)
{
    FILE *f = fopen(path, "rb");
    if (f == NULL)
        fail_msg("cannot read %s", path);
    char *data = NULL;
    size_t size = 0, cap = 0, got;
    do {
        if (cap - size < 4096) {
            cap = cap * 2 + 8192;
            data = realloc(data, cap);
            if (data == NULL)
                abort();
        }
        got = fread(data + size, 1, cap - size - 1, f);
        size += got;
    } while (got > 0);
    fclose(f);
    data[size] = 0;
    if (ret_size != NULL)
        *ret_size = size;
    return data;
}

void t_write_file(const char *path, const void *data, size_t size)
{
    FILE *f = fopen(path, "wb");
    if (f == NULL)
        fail_msg("cannot write %s", path);
    bool good = fwrite(data, 1, size, f) == size;
    good = fclose(f) == 0 && good;
    if (!good)
        fail_msg("cannot write %s", path);
}

/* --- assertions ------------------------------------------------------------------------------ */

static void show(const char *name, const uint8_t *data, size_t size, size_t at)
{
    size_t from = at > 24 ? at - 24 : 0, to = size - from > 64 ? from + 64 : size;
    printf("#   %s (%zu bytes), from byte %zu: ", name, size, from);
    for (size_t i = from; i < to; i++) {
        if (data[i] >= 0x20 && data[i] < 0x7f)
            putchar(data[i]);
        else
            printf("\\x%02x", data[i]);
    }
    putchar('\n');
}

void t_assert_bytes(const void *a, size_t a_size, const void *b, size_t b_size, const char *file,
                    int line)
{
    const uint8_t *x = a, *y = b;
    size_t shorter = a_size < b_size ? a_size : b_size, at = 0;
    while (at < shorter && x[at] == y[at])
        at++;
    if (at == a_size && at == b_size)
        return;
    printf("# bytes differ at %zu\n", at);
    show("this", x, a_size, at);
    show("that", y, b_size, at);
    _fail(file, line);
}

void t_assert_ok(int status, const char *what, const char *file, int line)
{
    if (status == CS_OK)
        return;
    printf("# %s is %s: %s\n", what, cs_status_name((cs_status)status),
           cs_status_text((cs_status)status));
    _fail(file, line);
}

/* --- properties ------------------------------------------------------------------------------ */

static unsigned long number(const char *name, unsigned long otherwise)
{
    const char *text = getenv(name);
    return text != NULL ? strtoul(text, NULL, 10) : otherwise;
}

static bool fails(t_property_fn *property, void *ctx, const uint8_t *data, size_t size)
{
    tape t;
    tape_from_input(&t, data, size);
    return property(&t, ctx) != NULL;
}

/* Cuts runs of bytes out, longest first, then makes single bytes smaller, as long as the property
 * still fails. `data` is changed in place. Returns the new size. */
static size_t shrink(t_property_fn *property, void *ctx, uint8_t *data, size_t size)
{
    unsigned tries = 0;
    uint8_t *other = malloc(size + 1);
    if (other == NULL)
        abort();
    for (bool better = true; better && tries < T_SHRINKS_MAX;) {
        better = false;
        for (size_t run = size; run > 0; run /= 2) {
            for (size_t at = 0; at + run <= size && tries < T_SHRINKS_MAX;) {
                memcpy(other, data, at);
                memcpy(other + at, data + at + run, size - at - run);
                tries++;
                if (!fails(property, ctx, other, size - run)) {
                    at += run;
                    continue;
                }
                size -= run;
                memcpy(data, other, size);
                better = true;
            }
        }
        for (size_t at = 0; at < size; at++) {
            uint8_t was = data[at];
            /* Choices are remainders: try the small numbers one by one. */
            for (unsigned i = 0; i < 12 && tries < T_SHRINKS_MAX; i++) {
                unsigned smaller = i < 10 ? i : i == 10 ? was / 2u : was - 1u;
                if (smaller >= was)
                    continue;
                data[at] = (uint8_t)smaller;
                tries++;
                if (fails(property, ctx, data, size)) {
                    better = true;
                    break;
                }
                data[at] = was;
            }
        }
    }
    free(other);
    return size;
}

void t_property(t_property_fn *property, void *ctx, unsigned runs)
{
    unsigned long only = number("T_SEED", 0);
    unsigned long first = only != 0 ? only : number("T_FIRST", 1);
    unsigned long last = only != 0 ? only : number("T_RUNS", runs);
    for (unsigned long seed = first; seed <= last; seed++) {
        tape t;
        tape_from_seed(&t, seed);
        if (property(&t, ctx) == NULL) {
            tape_fini(&t);
            continue;
        }
        size_t size = shrink(property, ctx, t.record, t.record_size);
        tape small;
        tape_from_input(&small, t.record, size);
        const char *why = property(&small, ctx);
        printf("# seed %lu (T_SEED=%lu), as small as it gets: %s\n#   tape %zu:", seed, seed,
               why != NULL ? why : "(does not fail every time)", size);
        for (size_t i = 0; i < size; i++)
            printf(" %02x", t.record[i]);
        putchar('\n');
        tape_fini(&t);
        fail();
    }
}

void t_exhaust(t_property_fn *property, void *ctx, unsigned long max)
{
    tape t;
    unsigned long ways = 0;
    tape_count(&t);
    do {
        const char *why = property(&t, ctx);
        if (why == NULL && ++ways <= max)
            continue;
        printf("# way %lu: %s\n#   choices:", ways, why != NULL ? why : "too many ways");
        for (unsigned i = 0; i < t.counted; i++)
            printf(" %llu/%llu", (unsigned long long)t.value[i], (unsigned long long)t.limit[i]);
        putchar('\n');
        fail();
    } while (tape_next(&t));
}
