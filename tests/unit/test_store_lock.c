/* Who else holds a store, and what may be done with it. */
#include "store/file.h"
#include "store_util.h"

#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* ---- who holds it ---- */

static void one_writer(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_good(path, &making);
    assert_int_equal(elsewhere(try_using, path), CS_E_LOCKED);
    set_crank(s, 5);
    assert_int_equal(elsewhere(try_using, path), CS_E_LOCKED);
    refused(path, &using, CS_E_LOCKED, "Another Capstan"); /* in this process, too */
    assert_int_equal(elsewhere(try_using, path), CS_E_LOCKED);
    set_crank(s, 6);
    cs_store_close(s);
    assert_int_equal(elsewhere(try_using, path), CS_OK);
    assert_int_equal(crank_of(path), 6);
}

static int try_using_often(const char *path)
{
    int tries = 0;
    while (tries < 20 && try_using(path) == CS_E_LOCKED)
        tries++;
    return 20 - tries;
}

/* A writer lets go of the log between two blocks, but not of its lock (vfs.h, V2). */
static void nobody_gets_in_between_two_blocks(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_good(path, &making);
    s->file->checkpoint_pages = 0; /* so the moment is a long one */
    set_crank(s, 1);
    ask(try_using_often, path);
    struct pollfd answered = { .fd = answer_fd(), .events = POLLIN };
    for (uint64_t n = 2; poll(&answered, 1, 0) == 0; n++)
        set_crank(s, n);
    assert_int_equal(answer(), 0);
    cs_store_close(s);
}

static void readers_see_the_last_block(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_good(path, &making);
    set_crank(s, 5);
    assert_int_equal(elsewhere(try_reading, path), 5);
    cs_meta_edit(s)->crank_number = 6;
    assert_int_equal(elsewhere(try_reading, path), 5);
    cs_store *reader = open_good(path, &reading);
    set_crank(s, 7);
    assert_int_equal(elsewhere(try_reading, path), 7);
    assert_int_equal(cs_meta_get(reader)->crank_number, 5);
    assert_null(cs_vat_find(reader, (cs_vatid){ 1 })); /* from the block it began with */
    cs_store_close(reader);
    assert_int_equal(elsewhere(try_using, path), CS_E_LOCKED);
    cs_store_close(s);
    assert_int_equal(elsewhere(try_reading, path), 7);
}

static void readers_do_not_commit(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_error err = { 0 };
    make_store(path, 2);
    cs_store *s = open_good(path, &reading);
    assert_ok(cs_store_commit(s, &err));
    cs_meta_edit(s)->crank_number = 9;
    assert_int_equal(cs_store_commit(s, &err), CS_E_READ_ONLY);
    assert_non_null(strstr(err.text, path));
    cs_store_close(s);
    assert_int_equal(crank_of(path), 2);
}

/* A killed holder holds nothing, and what it had committed is there. */
static void a_killed_holder(void **state)
{
    (void)state;
    const char *path = new_path();
    int ends[2];
    char byte;
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        cs_store *s = open_good(path, &making);
        set_crank(s, 8);
        cs_meta_edit(s)->crank_number = 9;
        (void)!write(ends[1], "x", 1);
        pause();
        _exit(0);
    }
    assert_int_equal(read(ends[0], &byte, 1), 1);
    assert_int_equal(try_using(path), CS_E_LOCKED);
    assert_int_equal(kill(child, SIGKILL), 0);
    assert_int_equal(waitpid(child, NULL, 0), child);
    assert_int_equal(elsewhere(try_reading, path), 8);
    assert_int_equal(crank_of(path), 8);
    close(ends[0]);
    close(ends[1]);
}

/* ---- what may be done with it ---- */

/* Root may write everywhere: go on as somebody else. */
static int as_nobody(int (*fn)(const char *), const char *path)
{
    if (geteuid() == 0 && (setgid(65534) != 0 || setuid(65534) != 0))
        return 254;
    return fn(path);
}

static int using_as_nobody(const char *path)
{
    return as_nobody(try_using, path);
}

static int reading_as_nobody(const char *path)
{
    return as_nobody(try_reading, path);
}

static int making_as_nobody_fn(const char *path)
{
    cs_store *s = NULL;
    return (int)cs_store_open(path, &making, &s, NULL);
}

static int making_as_nobody(const char *path)
{
    return as_nobody(making_as_nobody_fn, path);
}

static void a_read_only_file(void **state)
{
    (void)state;
    const char *path = new_path();
    make_store(path, 4);
    char dir[200];
    (void)snprintf(dir, sizeof dir, "%s", path);
    *strrchr(dir, '/') = 0;
    assert_int_equal(chmod(path, 0444), 0);
    assert_int_equal(chmod(dir, 0777), 0);
    assert_int_equal(elsewhere(using_as_nobody, path), CS_E_READ_ONLY);
    assert_int_equal(elsewhere(reading_as_nobody, path), 4);
    assert_false(exists(path, "-wal") || exists(path, "-shm"));
    assert_int_equal(chmod(dir, 0555), 0);
    assert_int_equal(elsewhere(using_as_nobody, path), CS_E_READ_ONLY);
    assert_int_equal(elsewhere(reading_as_nobody, path), 4);
    assert_int_equal(chmod(path, 0666), 0);
    assert_int_equal(elsewhere(using_as_nobody, path), CS_E_READ_ONLY);
    assert_int_equal(elsewhere(reading_as_nobody, path), 4);
    assert_false(exists(path, "-wal") || exists(path, "-shm"));
    assert_int_equal(unlink(path), 0);
    assert_int_equal(elsewhere(making_as_nobody, path), CS_E_READ_ONLY);
    assert_int_equal(chmod(dir, 0755), 0);
}

/* A store in use by somebody else can be looked at by who may not write there. */
static void a_running_store_of_others(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_good(path, &making);
    set_crank(s, 6);
    char dir[200];
    (void)snprintf(dir, sizeof dir, "%s", path);
    *strrchr(dir, '/') = 0;
    assert_int_equal(chmod(dir, 0755), 0);
    assert_int_equal(elsewhere(reading_as_nobody, path), 6);
    assert_int_equal(elsewhere(using_as_nobody, path), CS_E_READ_ONLY);
    set_crank(s, 7);
    assert_int_equal(elsewhere(reading_as_nobody, path), 7);
    cs_store_close(s);
}

#define CASE(fn) T_WITH(fn, start_forker, NULL)

T_MAIN(CASE(one_writer), CASE(nobody_gets_in_between_two_blocks), CASE(readers_see_the_last_block),
       CASE(readers_do_not_commit), CASE(a_killed_holder), CASE(a_read_only_file),
       CASE(a_running_store_of_others))
