/* A disk that is full or breaks (T3): the N-th operation fails, for every N until none does. The
 * store then says so, refuses to go on, and holds when it is opened again the last block that was
 * committed, or the one that was being committed, whole. */
#include "fault_vfs.h"
#include "store/file.h"
#include "store_model.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { BLOCKS = 6, STEPS = 25 };

typedef struct story {
    const char *path;
    model committed,
        tried;        /* after the last commit that worked; what the next one would have made */
    cs_status status; /* of the first failure */
    cs_error err;
} story;

/* With a checkpoint after nearly every block, which else comes once in 16 MB. */
static cs_status open_store(const char *path, cs_store **ret, cs_error *err)
{
    static const cs_store_options making = { .create = true };
    cs_status st = cs_store_open(path, &making, ret, err);
    if (st == CS_OK)
        (*ret)->file->checkpoint_pages = 3;
    return st;
}

/* Some blocks, until the end or a failure. Reads rows back as the file has them in between. */
static void live(story *y, uint64_t seed)
{
    cs_store *s = NULL;
    tape t;
    memset(&y->committed, 0, sizeof y->committed);
    memset(&y->tried, 0, sizeof y->tried);
    tape_from_seed(&t, seed);
    y->status = open_store(y->path, &s, &y->err);
    for (size_t block = 0; block < BLOCKS && y->status == CS_OK; block++) {
        for (size_t i = 0; i < STEPS; i++)
            model_step(&y->tried, s, &t);
        y->status = cs_store_commit(s, &y->err);
        if (y->status != CS_OK)
            break;
        y->committed = y->tried;
        if (block % 3 == 2) { /* so that rows are read from the file, too */
            s = cs_store_close(s);
            y->status = open_store(y->path, &s, &y->err);
        }
    }
    if (s != NULL && y->status != CS_OK)
        assert_int_not_equal(cs_store_commit(s, NULL), CS_OK); /* failed for good */
    cs_store_close(s);
    tape_fini(&t);
}

static void remove_files(const char *path)
{
    static const char *const tails[] = { "", "-wal", "-shm", "-journal" };
    for (size_t i = 0; i < 4; i++) {
        char name[300];
        (void)snprintf(name, sizeof name, "%s%s", path, tails[i]);
        (void)unlink(name);
    }
}

static void check_after(const story *y)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    cs_status st = open_store(y->path, &s, &err);
    if (st != CS_OK)
        fail_msg("cannot be opened again: %s", err.text);
    if (model_differs(&y->committed, s) != NULL && model_differs(&y->tried, s) != NULL)
        fail_msg("neither the last block nor the next: %s", model_differs(&y->committed, s));
    cs_store_close(s);
}

static bool is_expected(fault_kind kind, cs_status st)
{
    return kind == FAULT_FULL ? st == CS_E_DISK_FULL : st == CS_E_IO;
}

static void fail_each(fault_kind kind, bool sticky, unsigned step)
{
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    story y = { .path = path };
    unsigned n = 0;
    for (bool struck = true; struck; n += step) {
        remove_files(path);
        fault_vfs_set(kind, n, sticky);
        live(&y, 7);
        fault_vfs_clear();
        struck = fault_vfs_struck();
        if (y.status != CS_OK && !is_expected(kind, y.status))
            fail_msg("operation %u: %s: %s", n, cs_status_name(y.status), y.err.text);
        if (y.status != CS_OK)
            assert_non_null(strstr(y.err.text, path));
        check_after(&y);
    }
    assert_int_equal(y.status, CS_OK);
    assert_true(n > 20 * step);
}

static void disk_full_once(void **state)
{
    (void)state;
    fail_each(FAULT_FULL, false, 1);
}

static void disk_full_from_then_on(void **state)
{
    (void)state;
    fail_each(FAULT_FULL, true, 3);
}

static void write_errors(void **state)
{
    (void)state;
    fail_each(FAULT_WRITE, false, 1);
}

static void write_errors_from_then_on(void **state)
{
    (void)state;
    fail_each(FAULT_WRITE, true, 3);
}

static void torn_writes(void **state)
{
    (void)state;
    fail_each(FAULT_TORN, true, 2);
}

static void sync_errors(void **state)
{
    (void)state;
    fail_each(FAULT_SYNC, false, 1);
}

static void read_errors(void **state)
{
    (void)state;
    fail_each(FAULT_READ, false, 1);
}

static int install(void **state)
{
    (void)state;
    static bool done;
    if (!done)
        fault_vfs_install();
    done = true;
    return 0;
}

T_MAIN(T_WITH(disk_full_once, install, NULL), T_WITH(disk_full_from_then_on, install, NULL),
       T_WITH(write_errors, install, NULL), T_WITH(write_errors_from_then_on, install, NULL),
       T_WITH(torn_writes, install, NULL), T_WITH(sync_errors, install, NULL),
       T_WITH(read_errors, install, NULL))
