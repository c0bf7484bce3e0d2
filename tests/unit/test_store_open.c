/* Opening: whose file it is, who else holds it, and what may be done with it. Every refusal is one
 * line that names the file and says what to do, and leaves the file as it was. */
#include "store/file.h"
#include "t.h"

#include <signal.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const cs_store_options making = { .create = true }, using = { 0 },
                              reading = { .read_only = true };

static const char *new_path(void)
{
    static char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    return path;
}

static cs_store *open_good(const char *path, const cs_store_options *options)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    if (cs_store_open(path, options, &s, &err) != CS_OK)
        fail_msg("%s", err.text);
    return s;
}

static void refused(const char *path, const cs_store_options *options, cs_status st,
                    const char *word)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    assert_int_equal(cs_store_open(path, options, &s, &err), st);
    assert_null(s);
    assert_int_equal(err.status, st);
    if (strstr(err.text, path) == NULL || strstr(err.text, word) == NULL)
        fail_msg("not said: %s: %s", word, err.text);
    assert_null(strchr(err.text, '\n'));
}

static void set_crank(cs_store *s, uint64_t n)
{
    cs_meta_edit(s)->crank_number = n;
    assert_ok(cs_store_commit(s, NULL));
}

static void make_store(const char *path, uint64_t crank)
{
    cs_store *s = open_good(path, &making);
    set_crank(s, crank);
    cs_store_close(s);
}

static uint64_t crank_of(const char *path)
{
    cs_store *s = open_good(path, &using);
    uint64_t n = cs_meta_get(s)->crank_number;
    cs_store_close(s);
    return n;
}

static bool exists(const char *path, const char *tail)
{
    char name[300];
    (void)snprintf(name, sizeof name, "%s%s", path, tail);
    return access(name, F_OK) == 0;
}

/* Runs fn(path) in another process; gives its exit code. */
static int elsewhere(int (*fn)(const char *path), const char *path)
{
    fflush(NULL);
    pid_t child = fork();
    if (child == 0)
        _exit(fn(path));
    int status = -1;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* ---- whose it is ---- */

static void no_such_file(void **state)
{
    (void)state;
    const char *path = new_path();
    refused(path, &using, CS_E_NOT_FOUND, "no such");
    refused(path, &reading, CS_E_NOT_FOUND, "no such");
    assert_false(exists(path, ""));
    refused("/nonexistent/dir/s.db", &making, CS_E_IO, "No such file or directory");
}

static void a_new_store_is_empty_and_leaves_nothing_beside_it(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_good(path, &making);
    assert_false(cs_store_is_dirty(s));
    assert_int_equal(cs_meta_get(s)->next_vat, 0);
    assert_null(cs_vat_after(s, (cs_vatid){ 0 }));
    assert_false(exists(path, "-journal"));
    cs_store_close(s);
    assert_true(exists(path, ""));
    assert_false(exists(path, "-journal") || exists(path, "-wal") || exists(path, "-shm"));
    assert_int_equal(crank_of(path), 0);
}

static void other_files(void **state)
{
    (void)state;
    const char *path = new_path();
    static const char *const texts[] = { "x", "a text\n", "SQLite format 3" };
    char big[9000];
    memset(big, 'x', sizeof big);
    for (size_t i = 0; i < 3; i++) {
        t_write_file(path, texts[i], strlen(texts[i]));
        refused(path, &making, CS_E_NOT_OURS, "another kind of file");
        refused(path, &reading, CS_E_NOT_OURS, "another kind of file");
    }
    t_write_file(path, big, sizeof big);
    refused(path, &making, CS_E_NOT_OURS, "another kind of file");
    size_t size;
    char *now = t_read_file(path, &size);
    assert_bytes_equal(now, size, big, sizeof big);
    free(now);
    refused(t_tmpdir(), &making, CS_E_NOT_OURS, "not a file");
}

static void run_sql(const char *path, const char *sql)
{
    sqlite3 *db;
    assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void other_databases(void **state)
{
    (void)state;
    static const char *const modes[] = { "DELETE", "WAL" };
    for (size_t i = 0; i < 2; i++) {
        const char *path = new_path();
        char sql[100];
        (void)snprintf(sql, sizeof sql, "PRAGMA journal_mode=%s;CREATE TABLE t(a)", modes[i]);
        run_sql(path, sql);
        size_t size, size_now;
        char *before = t_read_file(path, &size);
        refused(path, &making, CS_E_NOT_OURS, "another program's database");
        refused(path, &reading, CS_E_NOT_OURS, "another program's database");
        char *now = t_read_file(path, &size_now);
        assert_bytes_equal(before, size, now, size_now);
        free(before);
        free(now);
    }
}

static void an_empty_file_becomes_a_store_if_asked(void **state)
{
    (void)state;
    const char *path = new_path();
    t_write_file(path, "", 0);
    refused(path, &using, CS_E_NOT_OURS, "empty");
    refused(path, &reading, CS_E_NOT_OURS, "empty");
    make_store(path, 3);
    assert_int_equal(crank_of(path), 3);
}

static void a_newer_store(void **state)
{
    (void)state;
    const char *path = new_path();
    make_store(path, 1);
    size_t size;
    char *data = t_read_file(path, &size);
    data[63] = CS_SCHEMA_VERSION + 1; /* user_version */
    t_write_file(path, data, size);
    free(data);
    refused(path, &using, CS_E_NEWER, "newer Capstan");
}

/* Names that mean something to SQLite mean nothing to us. */
static void a_path_is_a_path(void **state)
{
    (void)state;
    char here[500];
    assert_non_null(getcwd(here, sizeof here));
    assert_int_equal(chdir(t_tmpdir()), 0);
    static const char *const names[] = { "file:s?mode=memory", ":memory:", "a b%20c", "s.db" };
    for (size_t i = 0; i < 4; i++) {
        make_store(names[i], i + 1);
        assert_true(exists(names[i], ""));
        assert_int_equal(crank_of(names[i]), i + 1);
    }
    assert_int_equal(chdir(here), 0);
}

/* ---- who holds it ---- */

static int try_using(const char *path)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    return (int)cs_store_open(path, &using, &s, &err);
}

static int try_reading(const char *path)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    if (cs_store_open(path, &reading, &s, &err) != CS_OK)
        return 200;
    int n = (int)cs_meta_get(s)->crank_number;
    cs_store_close(s);
    return n;
}

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

/* A writer lets go of the log between two blocks, but not of its lock (vfs.h, V2). */
static void nobody_gets_in_between_two_blocks(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_good(path, &making);
    s->file->checkpoint_pages = 0; /* so the moment is a long one */
    set_crank(s, 1);
    fflush(NULL);
    pid_t child = fork();
    if (child == 0) {
        int tries = 0;
        while (tries < 20 && try_using(path) == CS_E_LOCKED)
            tries++;
        _exit(tries == 20 ? 0 : 1);
    }
    int status = -1;
    for (uint64_t n = 2; waitpid(child, &status, WNOHANG) == 0; n++)
        set_crank(s, n);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
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

/* T4: not the rows, only their number differs. */
static void opening_does_not_scan(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_good(path, &making);
    for (uint64_t i = 0; i < 50000; i++)
        (void)cs_object_add(s, cs_kref_of(CS_REF_OBJECT, i + 20));
    set_crank(s, 1);
    cs_store_close(s);
    sqlite3_int64 before = sqlite3_memory_used();
    s = open_good(path, &using);
    assert_true(sqlite3_memory_used() - before < 200000);
    assert_non_null(cs_object_find(s, cs_kref_of(CS_REF_OBJECT, 40000)));
    cs_store_close(s);
}

static void in_memory(void **state)
{
    (void)state;
    cs_store *s = open_good(NULL, &using);
    set_crank(s, 1);
    assert_int_equal(cs_meta_get(s)->crank_number, 1);
    assert_null(cs_store_close(s));
    assert_null(cs_store_close(NULL));
}

T_MAIN(T(no_such_file), T(a_new_store_is_empty_and_leaves_nothing_beside_it), T(other_files),
       T(other_databases), T(an_empty_file_becomes_a_store_if_asked), T(a_newer_store),
       T(a_path_is_a_path), T(one_writer), T(nobody_gets_in_between_two_blocks),
       T(readers_see_the_last_block), T(readers_do_not_commit), T(a_killed_holder),
       T(a_read_only_file), T(a_running_store_of_others), T(opening_does_not_scan), T(in_memory))
