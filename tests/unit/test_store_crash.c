/* kill -9 at any moment: what was acknowledged is there, and the store holds a block, whole. */
#include "store/file.h"
#include "store_model.h"

#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ROUNDS = 40, STEPS = 30 };

static const cs_store_options making = { .create = true };

/* What block number `n` changes depends on its number only. */
static void do_block(model *m, cs_store *s, uint32_t n)
{
    tape t;
    tape_from_seed(&t, n);
    cs_mark mark = cs_store_mark(s);
    model undone = *m;
    for (size_t i = 0; i < STEPS; i++)
        model_step(&undone, s, &t);
    cs_store_undo(s, mark);
    for (size_t i = 0; i < STEPS; i++)
        model_step(m, s, &t);
    cs_meta_edit(s)->crank_number = m->crank = n;
    cs_store_keep(s);
    tape_fini(&t);
}

/* Goes on from the model's block until it is killed, and tells each block that is committed. */
static void child(const char *path, model m, int tell)
{
    cs_store *s = NULL;
    if (cs_store_open(path, &making, &s, NULL) != CS_OK || model_differs(&m, s) != NULL)
        _exit(1);
    s->file->checkpoint_pages = 20;
    for (uint32_t n = m.crank + 1;; n++) {
        do_block(&m, s, n);
        if (cs_store_commit(s, NULL) != CS_OK || write(tell, &n, sizeof n) != sizeof n)
            _exit(2);
    }
}

static pid_t start(const char *path, const model *m, int ends[2])
{
    assert_int_equal(pipe(ends), 0);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        child(path, *m, ends[1]);
    assert_true(pid > 0);
    close(ends[1]);
    return pid;
}

/* Kills it while it opens the store, or some time after its first block. */
static void one_round(const char *path, model *m, cs_store *twin, bool early, unsigned wait_us)
{
    int ends[2], status;
    uint32_t told = m->crank, n;
    pid_t pid = start(path, m, ends);
    if (!early)
        assert_int_equal(read(ends[0], &told, sizeof told), sizeof told);
    (void)usleep(wait_us);
    assert_int_equal(kill(pid, SIGKILL), 0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    if (!WIFSIGNALED(status))
        fail_msg("the child gave up: %d", WEXITSTATUS(status));
    while (read(ends[0], &n, sizeof n) == sizeof n)
        told = n;
    close(ends[0]);

    cs_store *s = NULL;
    assert_ok(cs_store_open(path, &making, &s, NULL));
    uint32_t found = (uint32_t)cs_meta_get(s)->crank_number;
    assert_true(found == told || found == told + 1);
    while (m->crank < found)
        do_block(m, twin, m->crank + 1);
    assert_string_equal(model_differs(m, s) == NULL ? "" : model_differs(m, s), "");
    cs_store_close(s);
}

static void killed_at_any_moment(void **state)
{
    (void)state;
    char path[200];
    model m = { 0 };
    tape t;
    cs_store *twin = NULL;
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    assert_ok(cs_store_open(NULL, &making, &twin, NULL));
    tape_from_seed(&t, 1);
    for (size_t i = 0; i < ROUNDS; i++)
        one_round(path, &m, twin, i % 4 == 0, (unsigned)tape_below(&t, 30000));
    tape_fini(&t);
    cs_store_close(twin);
}

T_MAIN(T(killed_at_any_moment))
