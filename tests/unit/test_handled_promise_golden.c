/* The order of turns and the texts of errors are those of @endo/eventual-send: small programs whose
 * output was recorded with the package itself (tests/golden/eventual_send/record). */
#include "test_handled_promise_rig.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool is_program(const struct dirent *d)
{
    const char *end = strrchr(d->d_name, '.');
    return end != NULL && strcmp(end, ".js") == 0 && strcmp(d->d_name, "prelude.js") != 0;
}

static int filter(const struct dirent *d)
{
    return is_program(d);
}

/* Whether the program in this file prints what was recorded; says so if not. */
static bool matches(const char *file)
{
    char path[400];
    (void)snprintf(path, sizeof path, "tests/golden/eventual_send/%s", file);
    char *program = t_read_file(t_source_path(path), NULL);
    (void)snprintf(strrchr(path, '.'), 5, ".txt");
    char *recorded = t_read_file(t_source_path(path), NULL);
    const char *printed = rig_once(program);
    bool same = strcmp(printed, recorded) == 0;
    if (!same)
        (void)fprintf(stderr, "# %s\n--- recorded\n%s--- printed\n%s", file, recorded, printed);
    free(program);
    free(recorded);
    return same;
}

static unsigned count_mismatches(unsigned *ret_programs)
{
    struct dirent **list;
    int count = scandir(t_source_path("tests/golden/eventual_send"), &list, filter, alphasort);
    unsigned bad = 0;
    *ret_programs = count > 0 ? (unsigned)count : 0;
    for (int i = 0; i < count; i++) {
        bad += !matches(list[i]->d_name);
        free(list[i]);
    }
    if (count >= 0)
        free(list);
    return bad;
}

static void programs_print_what_the_package_prints(void **state)
{
    (void)state;
    unsigned programs;
    assert_int_equal(count_mismatches(&programs), 0);
    assert_true(programs >= 40);
}

/* The same while every allocation collects: what only a C variable knew would be gone. */
static void and_do_so_whenever_the_collector_runs(void **state)
{
    (void)state;
    unsigned programs;
    if (!rig_stress(true))
        t_skip("needs a build with slow assertions");
    unsigned bad = count_mismatches(&programs);
    (void)rig_stress(false);
    assert_int_equal(bad, 0);
}

T_MAIN(T(programs_print_what_the_package_prints), T(and_do_so_whenever_the_collector_runs))
