/* Layer upon layer, so that one bug in one of them opens nothing: limits, no new privileges, no
 * descriptors, namespaces of its own, landlock without a rule, and last a seccomp filter that kills at
 * the first system call that a worker has no use for. */
#include "worker/sandbox.h"

#include "base/limits.h"
#include "worker/main.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#if defined(__SANITIZE_ADDRESS__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define SANITIZED 1
#endif
#endif
#ifndef SANITIZED
#define SANITIZED 0
#endif

static void add_word(char *list, size_t size, const char *word)
{
    size_t used = strlen(list);
    (void)snprintf(list + used, size - used, "%s%s", used == 0 ? "" : ", ", word);
}

void cs_sandbox_tie(const char *parent)
{
    char now[16];
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    (void)snprintf(now, sizeof now, "%d", (int)getppid());
    if (strcmp(now, parent) != 0)
        _exit(0);
}

/* ---- what the C library does once, and would need files or system calls for ---- */

static int compare_bytes(const void *a, const void *b)
{
    return *(const uint8_t *)a - *(const uint8_t *)b;
}

/* qsort() looks how much memory there is when it first sorts more than 1 KB; gmtime() reads the time
 * zone, which shall be the same for all vats anyway. */
static void warm_up(void)
{
    uint8_t bytes[2048] = { 1 };
    qsort(bytes, sizeof bytes, 1, compare_bytes);
    (void)setenv("TZ", "UTC0", 1);
    tzset();
}

/* ---- limits ---- */

static bool limit(__rlimit_resource_t what, rlim_t max)
{
    const struct rlimit r = { .rlim_cur = max, .rlim_max = max };
    return setrlimit(what, &r) == 0;
}

/* Address space cannot be limited: heaps reserve much more of it than they use. */
static bool limit_all(void)
{
    bool good = limit(RLIMIT_CORE, 0) && limit(RLIMIT_FSIZE, 0) && limit(RLIMIT_NPROC, 0) &&
                limit(RLIMIT_MEMLOCK, 0) && limit(RLIMIT_NOFILE, 0);
    return good && (SANITIZED || limit(RLIMIT_DATA, CS_WORKER_DATA_MAX));
}

/* When the machine is out of memory, let it take a worker, which comes back, and not the kernel. */
static void offer_to_the_oom_killer(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t ignored = write(fd, "500", 3);
    (void)ignored;
    (void)close(fd);
}

static bool close_all(void)
{
    return syscall(SYS_close_range, CS_WORKER_OUT + 1, ~0u, 0) == 0;
}

/* ---- namespaces ---- */

/* Not permitted everywhere (in most containers not), and only a second line: no call that could look
 * around in them passes the filter. */
static bool leave_namespaces(void)
{
    bool good =
        unshare(CLONE_NEWUSER | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS) == 0;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* new credentials may have ended it */
    return good;
}

/* ---- clocks ---- */

/* The vDSO reads clocks without a system call: it goes, and whoever calls it dies. (PR_SET_TSC would also
 * take the counter itself away, but costs a virtual machine 10 us at each change of context.) */
static bool forbid_clocks(void)
{
    enum { PARTS_MAX = 8 };
    struct {
        unsigned long from, to;
    } parts[PARTS_MAX];
    char line[512];
    int count = 0;
    FILE *maps = fopen("/proc/self/maps", "re");
    while (maps != NULL && count < PARTS_MAX && fgets(line, sizeof line, maps) != NULL)
        if ((strstr(line, "[vdso]") != NULL || strstr(line, "[vvar") != NULL) &&
            sscanf(line, "%lx-%lx", &parts[count].from, &parts[count].to) == 2)
            count++;
    bool good = maps != NULL && fclose(maps) == 0;
    for (int i = 0; i < count; i++)
        good = munmap((void *)parts[i].from, parts[i].to - parts[i].from) == 0 && good;
    return good;
}

/* ---- landlock ---- */

/* linux/landlock.h of the C library may be older than the kernel. */
typedef struct ruleset {
    uint64_t fs, net, scoped;
} ruleset;

/* All rights that this version knows are handled, and no rule gives one back. */
static bool lock_land(void)
{
    enum { CREATE = 444, RESTRICT = 446, GET_VERSION = 1 };
    const long version = syscall(CREATE, NULL, 0, GET_VERSION);
    if (version < 1)
        return false;
    const int fs_rights = version < 2 ? 13 : version < 3 ? 14 : version < 5 ? 15 : 16;
    const ruleset rules = { .fs = (UINT64_C(1) << fs_rights) - 1, .net = 3, .scoped = 3 };
    const size_t size = version < 4   ? offsetof(ruleset, net)
                        : version < 6 ? offsetof(ruleset, scoped)
                                      : sizeof rules;
    const int fd = (int)syscall(CREATE, &rules, size, 0);
    if (fd < 0)
        return false;
    bool good = syscall(RESTRICT, fd, 0) == 0;
    (void)close(fd);
    return good;
}

/* ---- seccomp ---- */

#if defined(__x86_64__)
#define ARCHITECTURE AUDIT_ARCH_X86_64
#elif defined(__aarch64__)
#define ARCHITECTURE AUDIT_ARCH_AARCH64
#endif

#ifdef ARCHITECTURE
#define LOAD(offset) BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)(offset))
#define LOW_WORD(n) offsetof(struct seccomp_data, args[n]) /* little endian */
#define KILL BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS)
#define ALLOW BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW)
/* Go on behind the next n instructions unless the word is k, or has one of its bits. */
#define UNLESS_EQUAL(k, n) BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(k), 0, n)
#define UNLESS_SET(k, n) BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, (uint32_t)(k), 0, n)
#define PERMIT(call) UNLESS_EQUAL(SYS_##call, 1), ALLOW
#define PERMIT_FD(call, fd) \
    UNLESS_EQUAL(SYS_##call, 4), LOAD(LOW_WORD(0)), UNLESS_EQUAL(fd, 1), ALLOW, KILL
#define PERMIT_FDS(call, a, b) \
    UNLESS_EQUAL(SYS_##call, 6), LOAD(LOW_WORD(0)), UNLESS_EQUAL(a, 1), ALLOW, UNLESS_EQUAL(b, 1), \
        ALLOW, KILL
#define PERMIT_NO_CODE(call) \
    UNLESS_EQUAL(SYS_##call, 4), LOAD(LOW_WORD(2)), UNLESS_SET(PROT_EXEC, 1), KILL, ALLOW

static bool filter_calls(void)
{
    static struct sock_filter program[] = {
        LOAD(offsetof(struct seccomp_data, arch)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, ARCHITECTURE, 1, 0),
        KILL,
        LOAD(offsetof(struct seccomp_data, nr)),
        PERMIT_FD(read, CS_WORKER_IN),
        PERMIT_FDS(write, CS_WORKER_OUT, STDERR_FILENO),
        PERMIT_NO_CODE(mmap),
        PERMIT_NO_CODE(mprotect),
        PERMIT(munmap),
        PERMIT(mremap),
        PERMIT(madvise),
        PERMIT(brk),
        PERMIT(exit_group),
#if SANITIZED /* what its runtime does now and then */
        PERMIT(sigaltstack),
        PERMIT(rt_sigaction),
        PERMIT(rt_sigprocmask),
        PERMIT(sched_yield),
        PERMIT(gettid),
        PERMIT(getpid),
        PERMIT(futex),
#endif
        KILL,
    };
    const struct sock_fprog all = { .len = sizeof program / sizeof *program, .filter = program };
    return prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &all) == 0;
}
#else
static bool filter_calls(void)
{
    return false;
}
#endif

/* ---- all of it ---- */

void cs_sandbox_enter(cs_sandbox *ret)
{
    char *missing = ret->missing, *weaker = ret->weaker;
    const size_t size = sizeof ret->missing;
    missing[0] = weaker[0] = 0;
    warm_up();
    offer_to_the_oom_killer();
    if (!close_all())
        add_word(missing, size, "close_range");
    if (!SANITIZED && !forbid_clocks()) /* the sanitizers' runtime reads them */
        add_word(weaker, size, "ban on clocks");
    if (!leave_namespaces())
        add_word(weaker, size, "namespaces");
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0)
        add_word(missing, size, "no_new_privs");
    if (!lock_land())
        add_word(missing, size, "landlock");
    if (!limit_all()) /* no more descriptors: landlock needs one */
        add_word(missing, size, "resource limits");
    if (!filter_calls())
        add_word(missing, size, "seccomp");
}
