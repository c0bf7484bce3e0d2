/* Hostile code in a worker process: after cs_sandbox_enter() each forbidden act ends the process, and what
 * a vat needs still goes. Every act runs in a process of its own: this program, started again. */
#include "worker/sandbox.h"

#include "base/alloc.h"
#include "t.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#ifndef __SANITIZE_ADDRESS__
#define __SANITIZE_ADDRESS__ 0
#endif

enum { DONE = 7 }; /* exit code: the act was done */

/* ---- acts ---- */

static long do_open(void)
{
    return syscall(SYS_openat, AT_FDCWD, "/dev/null", O_RDONLY);
}

static long do_create(void)
{
    return syscall(SYS_openat, AT_FDCWD, "x", O_WRONLY | O_CREAT, 0600);
}

static long do_socket(void)
{
    return syscall(SYS_socket, AF_UNIX, SOCK_STREAM, 0);
}

static long do_exec(void)
{
    char *const argv[] = { NULL };
    return execve("/proc/self/exe", argv, argv);
}

static long do_fork(void)
{
    return syscall(SYS_clone, SIGCHLD, NULL, NULL, NULL, NULL);
}

static long do_thread(void)
{
    return syscall(SYS_clone, CLONE_VM | CLONE_THREAD | CLONE_SIGHAND, NULL, NULL, NULL, NULL);
}

static long do_ptrace(void)
{
    return syscall(SYS_ptrace, PTRACE_ATTACH, getppid(), NULL, NULL);
}

static long do_kill(void)
{
    return syscall(SYS_kill, getppid(), 0);
}

static long do_clock(void)
{
    struct timespec t;
    return syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &t);
}

static long do_vdso_clock(void)
{
    struct timespec t;
    return clock_gettime(CLOCK_MONOTONIC, &t);
}

static long do_random(void)
{
    char bytes[8];
    return syscall(SYS_getrandom, bytes, sizeof bytes, 0);
}

static long do_code(void)
{
    return mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) !=
           MAP_FAILED;
}

static long do_make_code(void)
{
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return mprotect(p, 4096, PROT_READ | PROT_EXEC);
}

static long do_read_other(void)
{
    char byte;
    return syscall(SYS_read, 0, &byte, 1);
}

static long do_write_other(void)
{
    return syscall(SYS_write, 3, "x", 1);
}

static long do_old_call(void)
{
    return syscall(0x40000000 | 20, 0, 0, 0); /* the x32 door */
}

/* What a vat may need: memory that grows, moves and goes, sorting, dates, the pipes. */
static long do_work(void)
{
    size_t size = 100;
    uint32_t *p = NULL;
    for (int i = 0; i < 18; i++) {
        p = cs_realloc(p, size, sizeof *p);
        p[size - 1] = 1;
        size *= 2;
    }
    cs_free(p);
    time_t then = 1000000;
    bool good = gmtime(&then) != NULL && timezone == 0;
    good = good && write(4, "x", 1) == 1;
    char byte;
    return good && read(3, &byte, 1) == 0 ? 0 : -1;
}

static const struct {
    const char *name;
    long (*run)(void);
} acts[] = {
    { "open", do_open },
    { "create", do_create },
    { "socket", do_socket },
    { "exec", do_exec },
    { "fork", do_fork },
    { "thread", do_thread },
    { "ptrace", do_ptrace },
    { "kill", do_kill },
    { "clock", do_clock },
    { "random", do_random },
    { "code", do_code },
    { "make-code", do_make_code },
    { "read-other", do_read_other },
    { "write-other", do_write_other },
    { "old-call", do_old_call },
};
enum { ACTS = sizeof acts / sizeof *acts };

/* ---- in the child ---- */

static _Noreturn void say_and_exit(const char *text)
{
    ssize_t ignored = write(STDERR_FILENO, text, strlen(text));
    (void)ignored;
    _exit(3);
}

static int child(const char *act)
{
    cs_sandbox sandbox;
    const int null = open("/dev/null", O_RDWR);
    if (null < 0 || dup2(null, 3) != 3 || dup2(null, 4) != 4)
        return 2;
    cs_sandbox_enter(&sandbox);
    if (strcmp(act, "missing") == 0)
        say_and_exit(sandbox.missing);
    if (strcmp(act, "work") == 0)
        _exit(do_work() == 0 ? DONE : 1);
    if (strcmp(act, "vdso") == 0)
        _exit(do_vdso_clock() == 0 ? DONE : 1);
    for (size_t i = 0; i < ACTS; i++)
        if (strcmp(acts[i].name, act) == 0) {
            (void)acts[i].run();
            _exit(DONE);
        }
    return 2;
}

/* ---- in the parent ---- */

static int start(const char *act, const char *more)
{
    pid_t pid;
    int status;
    const char *const argv[] = { "test", act, more, NULL };
    assert_int_equal(
        posix_spawn(&pid, "/proc/self/exe", NULL, NULL, (char *const *)(uintptr_t)argv, environ),
        0);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return status;
}

/* Where seccomp is not to be had there is nothing to test. */
static void need_seccomp(void)
{
    const int status = start("clock", NULL);
    if (WIFEXITED(status) && WEXITSTATUS(status) == DONE)
        t_skip("no seccomp on this machine");
}

static void forbidden_acts_end_the_process(void **state)
{
    (void)state;
    need_seccomp();
    for (size_t i = 0; i < ACTS; i++) {
        const int status = start(acts[i].name, NULL);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != SIGSYS)
            fail_msg("%s: status %x", acts[i].name, status);
    }
}

static void clocks_without_a_call_end_it_too(void **state)
{
    (void)state;
    const int status = start("vdso", NULL);
    if (__SANITIZE_ADDRESS__)
        t_skip("the sanitizer's runtime reads the clock");
    if (!WIFSIGNALED(status) || (WTERMSIG(status) != SIGSEGV && WTERMSIG(status) != SIGSYS))
        fail_msg("status %x", status);
}

static void ordinary_work_goes_on(void **state)
{
    (void)state;
    const int status = start("work", NULL);
    if (!WIFEXITED(status) || WEXITSTATUS(status) != DONE)
        fail_msg("status %x", status);
}

/* A parent that is not the one we were told has died: nobody is left to work for. */
static void orphans_end(void **state)
{
    (void)state;
    char self[16];
    (void)snprintf(self, sizeof self, "%d", (int)getpid());
    int status = start("tie", self);
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == DONE);
    status = start("tie", "1");
    assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

int main(int argc, char **argv)
{
    static const t_case cases[] = { T(forbidden_acts_end_the_process),
                                    T(clocks_without_a_call_end_it_too), T(ordinary_work_goes_on),
                                    T(orphans_end) };
    if (argc > 2 && strcmp(argv[1], "tie") == 0) {
        int signal = 0;
        cs_sandbox_tie(argv[2]);
        return prctl(PR_GET_PDEATHSIG, &signal) == 0 && signal == SIGKILL ? DONE : 1;
    }
    if (argc > 1)
        return child(argv[1]);
    return t_run(cases, sizeof cases / sizeof *cases);
}
