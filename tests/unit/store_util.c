#include "store_util.h"

#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

const cs_store_options making = { .create = true }, using = { 0 }, reading = { .read_only = true };

cs_store *open_good(const char *path, const cs_store_options *options)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    if (cs_store_open(path, options, &s, &err) != CS_OK)
        fail_msg("%s", err.text);
    return s;
}

void refused(const char *path, const cs_store_options *options, cs_status st, const char *word)
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

void set_crank(cs_store *s, uint64_t n)
{
    cs_meta_edit(s)->crank_number = n;
    assert_ok(cs_store_commit(s, NULL));
}

void make_store(const char *path, uint64_t crank)
{
    cs_store *s = open_good(path, &making);
    set_crank(s, crank);
    cs_store_close(s);
}

uint64_t crank_of(const char *path)
{
    cs_store *s = open_good(path, &using);
    uint64_t n = cs_meta_get(s)->crank_number;
    cs_store_close(s);
    return n;
}

bool exists(const char *path, const char *tail)
{
    char name[300];
    (void)snprintf(name, sizeof name, "%s%s", path, tail);
    return access(name, F_OK) == 0;
}

/* ---- other processes ---- */

typedef struct request {
    remote_fn *fn;
    char path[300];
} request;

static struct {
    pid_t pid;
    int to, from;
} forker;

int answer_fd(void)
{
    return forker.from;
}

static void serve(int from, int to)
{
    request r;
    while (read(from, &r, sizeof r) == (ssize_t)sizeof r) {
        int status = -1;
        pid_t child = fork();
        if (child == 0)
            _exit(r.fn(r.path));
        if (waitpid(child, &status, 0) != child || write(to, &status, sizeof status) < 0)
            break;
    }
    _exit(0);
}

int start_forker(void **state)
{
    (void)state;
    int there[2], back[2];
    if (forker.pid != 0)
        return 0;
    if (pipe(there) != 0 || pipe(back) != 0)
        return 1;
    fflush(NULL);
    forker.pid = fork();
    if (forker.pid == 0) {
        close(there[1]); /* so that it ends with us */
        serve(there[0], back[1]);
    }
    close(there[0]);
    close(back[1]);
    forker.to = there[1];
    forker.from = back[0];
    return 0;
}

void ask(remote_fn *fn, const char *path)
{
    request r = { .fn = fn };
    (void)snprintf(r.path, sizeof r.path, "%s", path);
    assert_int_equal(write(forker.to, &r, sizeof r), sizeof r);
}

int answer(void)
{
    int status = -1;
    assert_int_equal(read(forker.from, &status, sizeof status), sizeof status);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 255;
}

/* What fn(path) gives there. */
int elsewhere(remote_fn *fn, const char *path)
{
    ask(fn, path);
    return answer();
}

int try_using(const char *path)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    return (int)cs_store_open(path, &using, &s, &err);
}

int try_reading(const char *path)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    if (cs_store_open(path, &reading, &s, &err) != CS_OK)
        return 200;
    int n = (int)cs_meta_get(s)->crank_number;
    cs_store_close(s);
    return n;
}
