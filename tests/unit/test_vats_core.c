/* Threads that stay on a core, and processes that are moved there. */
#include "t.h"
#include "vats/core.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static cpu_set_t mask_of(pid_t process)
{
    cpu_set_t set;
    assert_int_equal(sched_getaffinity(process, sizeof set, &set), 0);
    return set;
}

static void a_thread_is_free_again(void **state)
{
    (void)state;
    const cpu_set_t before = mask_of(0);
    cs_core c = { 0 };
    cs_core_hold(&c);
    cs_core_hold(&c);
    cpu_set_t held = mask_of(0);
    assert_int_equal(CPU_COUNT(&held), 1);
    assert_true(CPU_ISSET((size_t)sched_getcpu(), &held));
    cs_core_release(&c);
    cs_core_release(&c);
    cpu_set_t after = mask_of(0);
    assert_true(CPU_EQUAL(&after, &before));
}

static void a_process_is_brought(void **state)
{
    (void)state;
    int at = -1;
    cs_core c = { 0 };
    pid_t child = fork();
    if (child == 0)
        for (;;)
            (void)pause();
    cs_core_hold(&c);
    cs_core_bring(child, &at);
    cpu_set_t brought = mask_of(child), held = mask_of(0);
    assert_int_equal(at, sched_getcpu());
    assert_true(CPU_EQUAL(&brought, &held));
    cs_core_release(&c);
    (void)kill(child, SIGKILL);
    assert_int_equal(waitpid(child, NULL, 0), child);
    cs_core_bring(child, &(int){ -1 }); /* is no more: nothing happens */
}

T_MAIN(T(a_thread_is_free_again), T(a_process_is_brought))
