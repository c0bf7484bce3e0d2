/* Opening: whose file it is. Every refusal is one line that names the file and says what to do, and
 * leaves the file as it was. */
#include "store_util.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

/* No release ever wrote it. It is left as it was. */
static void an_older_store(void **state)
{
    (void)state;
    const char *path = new_path();
    make_store(path, 1);
    size_t size, size_now;
    char *data = t_read_file(path, &size), word[60];
    for (char version = 1; version < CS_SCHEMA_VERSION; version++) {
        data[63] = version;
        t_write_file(path, data, size);
        refused(path, &using, CS_E_NOT_OURS, "before the first release");
        refused(path, &making, CS_E_NOT_OURS, "Begin anew in another file.");
        (void)snprintf(word, sizeof word, "schema %d, this one knows %d", version,
                       CS_SCHEMA_VERSION);
        refused(path, &reading, CS_E_NOT_OURS, word);
        char *now = t_read_file(path, &size_now);
        assert_bytes_equal(now, size_now, data, size);
        free(now);
    }
    free(data);
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
    assert_in_range(sqlite3_memory_used() - before, 0, 300000); /* the tables are a megabyte */
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
       T(an_older_store), T(a_path_is_a_path), T(opening_does_not_scan), T(in_memory))
