/* main() of a fuzz target where libFuzzer is not linked: runs the committed seeds, then a few
 * thousand seeded mutations of them. A smoke test with the same entry point, in every build.
 *
 *   fuzz_X FILE|DIR...     FUZZ_RUNS=n so many mutations (0: only the files)   T_SEED=n
 *
 * When an input kills the process it is left in fuzz_X.crash in the working directory: run
 * `fuzz_X fuzz_X.crash` to see it again. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "t.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerInitialize(int *argc, char ***argv) __attribute__((weak));
void __sanitizer_set_death_callback(void (*callback)(void)) __attribute__((weak));

enum { SEEDS_MAX = 4096, INPUT_MAX = 1 << 16, RUNS = 4000 };

typedef struct seed {
    char *data;
    size_t size;
} seed;

static seed seeds[SEEDS_MAX];
static size_t seed_count;
static char crash_path[256];
static const uint8_t *input;
static size_t input_size;

static void keep_input(void)
{
    int fd = open(crash_path, O_WRONLY | O_CREAT | O_TRUNC, 0644);
    if (fd < 0)
        return;
    ssize_t n = write(fd, input, input_size);
    static const char said[] = "# the input is in ";
    n += write(2, said, sizeof(said) - 1);
    n += write(2, crash_path, strlen(crash_path));
    n += write(2, "\n", 1);
    (void)n;
    close(fd);
}

static void on_signal(int number)
{
    keep_input();
    signal(number, SIG_DFL);
    raise(number);
}

/* Exactly `size` bytes from malloc, so that the sanitizer sees a read past the end. */
static void run(const uint8_t *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    if (copy == NULL)
        abort();
    if (size > 0)
        memcpy(copy, data, size);
    input = copy;
    input_size = size;
    (void)LLVMFuzzerTestOneInput(copy, size);
    free(copy);
    input_size = 0;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

static void add_file(const char *path)
{
    if (seed_count == SEEDS_MAX) {
        fprintf(stderr, "too many seeds: %s\n", path);
        exit(2);
    }
    FILE *f = fopen(path, "rb");
    char *data = malloc(INPUT_MAX);
    if (f == NULL || data == NULL) {
        fprintf(stderr, "cannot read %s\n", path);
        exit(2);
    }
    seeds[seed_count++] = (seed){ data, fread(data, 1, INPUT_MAX, f) };
    fclose(f);
}

/* The order of readdir() differs between machines; mutations must not. */
static void add_dir(const char *path)
{
    DIR *dir = opendir(path);
    if (dir == NULL)
        return; /* no seeds yet */
    static char *names[SEEDS_MAX];
    size_t count = 0;
    const struct dirent *e;
    while ((e = readdir(dir)) != NULL && count < SEEDS_MAX)
        if (e->d_name[0] != '.' && (names[count++] = strdup(e->d_name)) == NULL)
            abort();
    closedir(dir);
    qsort(names, count, sizeof(names[0]), by_name);
    for (size_t i = 0; i < count; i++) {
        char full[4096];
        int n = snprintf(full, sizeof(full), "%s/%s", path, names[i]);
        if (n > 0 && (size_t)n < sizeof(full))
            add_file(full);
        free(names[i]);
    }
}

/* One change of the usual kinds: bits, bytes, lengths, pieces moved, pieces of another seed. */
static size_t mutate_once(tape *t, uint8_t *data, size_t size)
{
    static const uint8_t marks[] = {
        0, 1, 0x7f, 0x80, 0xff, '"', '{', '}', '[', ',', '\\', '-', '0'
    };
    size_t at = size > 0 ? (size_t)tape_below(t, size) : 0;
    size_t run_max = size - at < 32 ? size - at : 32;
    size_t count = (size_t)tape_below(t, run_max + 1);
    switch (tape_below(t, 8)) {
    case 0:
        if (size > 0)
            data[at] ^= (uint8_t)(1u << tape_below(t, 8));
        return size;
    case 1:
        if (size > 0)
            data[at] = tape_pick(t, marks);
        return size;
    case 2:
        if (size > 0)
            data[at] = (uint8_t)tape_below(t, 256);
        return size;
    case 3: /* cut a piece out */
        memmove(data + at, data + at + count, size - at - count);
        return size - count;
    case 4: /* cut the end off */
        return at;
    case 5: /* say a piece twice */
        if (size + count > INPUT_MAX)
            return size;
        memmove(data + at + count, data + at, size - at);
        return size + count;
    case 6: /* put fresh bytes in */
        if (size + 4 > INPUT_MAX)
            return size;
        memmove(data + at + 4, data + at, size - at);
        tape_bytes(t, data + at, 4);
        return size + 4;
    default: { /* go on with another seed */
        const seed *other = &seeds[tape_below(t, seed_count)];
        size_t from = other->size > 0 ? (size_t)tape_below(t, other->size) : 0;
        size_t n = other->size - from < INPUT_MAX - at ? other->size - from : INPUT_MAX - at;
        memcpy(data + at, other->data + from, n);
        return at + n;
    }
    }
}

static void mutate(unsigned long first, unsigned long runs)
{
    static uint8_t data[INPUT_MAX];
    for (unsigned long i = 0; i < runs; i++) {
        tape t;
        tape_from_seed(&t, first + i);
        const seed *s = &seeds[tape_below(&t, seed_count)];
        size_t size = s->size;
        memcpy(data, s->data, size);
        for (uint64_t n = tape_between(&t, 1, 6); n > 0; n--)
            size = mutate_once(&t, data, size);
        tape_fini(&t);
        run(data, size);
    }
}

int main(int argc, char **argv)
{
    const char *name = strrchr(argv[0], '/');
    name = name != NULL ? name + 1 : argv[0];
    (void)snprintf(crash_path, sizeof(crash_path), "%s.crash", name);
    if (__sanitizer_set_death_callback != NULL)
        __sanitizer_set_death_callback(keep_input);
    signal(SIGABRT, on_signal);
    if (LLVMFuzzerInitialize != NULL)
        LLVMFuzzerInitialize(&argc, &argv);

    setvbuf(stdout, NULL, _IOLBF, 0);
    printf("1..2\n");
    for (int i = 1; i < argc; i++) {
        struct stat st;
        if (stat(argv[i], &st) == 0 && !S_ISDIR(st.st_mode))
            add_file(argv[i]);
        else
            add_dir(argv[i]);
    }
    for (size_t i = 0; i < seed_count; i++)
        run((const uint8_t *)seeds[i].data, seeds[i].size);
    printf("ok 1 - %zu seeds\n", seed_count);

    if (seed_count == 0 && (seeds[seed_count++].data = calloc(1, 1)) == NULL)
        abort();
    const char *text = getenv("FUZZ_RUNS"), *start = getenv("T_SEED");
    unsigned long runs = text != NULL ? strtoul(text, NULL, 10) : RUNS;
    mutate(start != NULL ? strtoul(start, NULL, 10) : 1, runs);
    printf("ok 2 - %lu mutations\n", runs);
    for (size_t i = 0; i < seed_count; i++)
        free(seeds[i].data);
    return 0;
}
