/* Descriptors are moved to 10 and above first, so that none of them is in the way when the child's are
 * put in their places. Whatever a worker keeps is worthless without us, so it is killed without being
 * asked. */
#include "vats/child.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum { FIRST_FD = 10, WORDS_MAX = 300, GRACE_MS = 100 };

typedef struct pipes {
    int down[2], up[2], words[2]; /* read, write; -1: none */
} pipes;

static void close_fd(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
    *fd = -1;
}

static void close_pair(int pair[2])
{
    close_fd(&pair[0]);
    close_fd(&pair[1]);
}

static bool open_pair(int pair[2])
{
    int low[2];
    if (pipe2(low, O_CLOEXEC) != 0)
        return false;
    for (int i = 0; i < 2; i++) {
        pair[i] = fcntl(low[i], F_DUPFD_CLOEXEC, FIRST_FD);
        (void)close(low[i]);
    }
    return pair[0] >= 0 && pair[1] >= 0;
}

static bool set_nonblocking(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0;
}

/* A worker that says much on stderr must not be stopped by that: what has no room is lost. */
static bool open_pipes(pipes *p, bool is_worker)
{
    bool good = open_pair(p->down) && open_pair(p->up) && set_nonblocking(p->down[1]) &&
                set_nonblocking(p->up[0]);
    if (good && is_worker)
        good = open_pair(p->words) && set_nonblocking(p->words[0]) && set_nonblocking(p->words[1]);
    return good;
}

/* ---- starting ---- */

static int set_files(posix_spawn_file_actions_t *files, const cs_child_options *o, const pipes *p)
{
    int failed = 0;
    if (o->folder != NULL)
        failed = posix_spawn_file_actions_addchdir_np(files, o->folder);
    for (int fd = 0; o->is_worker && fd < 2 && failed == 0; fd++)
        failed = posix_spawn_file_actions_addopen(files, fd, "/dev/null", O_RDWR, 0);
    if (failed == 0 && o->is_worker)
        failed = posix_spawn_file_actions_adddup2(files, p->words[1], STDERR_FILENO);
    if (failed == 0)
        failed = posix_spawn_file_actions_adddup2(files, p->down[0], o->is_worker ? 3 : 0);
    if (failed == 0)
        failed = posix_spawn_file_actions_adddup2(files, p->up[1], o->is_worker ? 4 : 1);
    return failed;
}

/* Signals as they are by default, whatever our embedder did; and a group of its own, so that a Ctrl-C
 * that ends us in good order does not end our workers first. */
static int set_attributes(posix_spawnattr_t *attr)
{
    sigset_t none, all;
    (void)sigemptyset(&none);
    (void)sigfillset(&all);
    int failed = posix_spawnattr_setflags(attr, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF |
                                                    POSIX_SPAWN_SETPGROUP);
    if (failed == 0)
        failed = posix_spawnattr_setsigmask(attr, &none);
    if (failed == 0)
        failed = posix_spawnattr_setsigdefault(attr, &all);
    return failed;
}

static int spawn(const cs_child_options *o, const pipes *p, pid_t *ret)
{
    static char *const nothing[] = { NULL };
    posix_spawn_file_actions_t files;
    posix_spawnattr_t attr;
    (void)posix_spawn_file_actions_init(&files);
    (void)posix_spawnattr_init(&attr);
    int failed = set_files(&files, o, p);
    if (failed == 0)
        failed = set_attributes(&attr);
    if (failed == 0)
        failed = posix_spawnp(ret, o->program, &files, &attr, (char *const *)(uintptr_t)o->argv,
                              o->is_worker ? nothing : environ);
    (void)posix_spawnattr_destroy(&attr);
    (void)posix_spawn_file_actions_destroy(&files);
    return failed;
}

cs_status cs_child_start(const cs_child_options *o, cs_child *ret, cs_error *err)
{
    pipes p = { { -1, -1 }, { -1, -1 }, { -1, -1 } };
    pid_t pid = 0;
    int failed = open_pipes(&p, o->is_worker) ? spawn(o, &p, &pid) : errno;
    close_fd(&p.up[1]);
    close_fd(&p.words[1]);
    if (failed == 0) {
        *ret = (cs_child){
            .pid = pid, .in = p.up[0], .out = p.down[1], .words = p.words[0], .held = p.down[0]
        };
        return CS_OK;
    }
    close_pair(p.down);
    close_pair(p.up);
    close_pair(p.words);
    return cs_fail(err, CS_E_ENGINE, "%s could not be started: %s", o->program, strerror(failed));
}

/* ---- ending ---- */

/* One that closed its pipe may be about to end by itself, and how says more than that we killed it. */
static void wait_a_moment(pid_t pid)
{
    int fd = (int)syscall(SYS_pidfd_open, pid, 0);
    struct pollfd one = { .fd = fd, .events = POLLIN };
    if (fd < 0)
        return;
    (void)poll(&one, 1, GRACE_MS);
    (void)close(fd);
}

/* The first line of its last words, as text for people. */
static void hear(int fd, char *text, size_t size)
{
    ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);
    text[n < 0 ? 0 : n] = 0;
    text[strcspn(text, "\n")] = 0;
    for (char *at = text; *at != 0; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at >= 0x7f)
            *at = ' ';
}

static void describe(int status, const char *words, cs_error *err)
{
    const char *between = words[0] == 0 ? "" : ": ";
    if (WIFSIGNALED(status))
        (void)cs_fail(err, err->status, "killed by signal %d%s%s", WTERMSIG(status), between,
                      words);
    else
        (void)cs_fail(err, err->status, "exit %d%s%s", WEXITSTATUS(status), between, words);
}

void cs_child_end(cs_child *c, cs_error *err)
{
    char words[WORDS_MAX] = "";
    int status = 0;
    if (c->pid == 0)
        return;
    close_fd(&c->out);
    if (err != NULL)
        wait_a_moment(c->pid);
    (void)kill(c->pid, SIGKILL);
    while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
        continue;
    if (err != NULL) {
        hear(c->words, words, sizeof words);
        describe(status, words, err);
    }
    close_fd(&c->in);
    close_fd(&c->words);
    close_fd(&c->held);
    c->pid = 0;
}
