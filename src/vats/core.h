/* One processor core for this thread and the worker that it waits for. While one of the two works the other
 * sleeps, and to wake a sleeper on another core costs more than a delivery, most of all if that core was
 * idle. So this thread stays on its core for the length of a block, and a worker is moved there before it is
 * spoken to. Between blocks the thread is free, and so the scheduler's to place. Only time depends on it;
 * where affinity cannot be set nothing else changes. Private to vats/. */
#pragma once
#include <sched.h>
#include <stdbool.h>
#include <sys/types.h>

typedef struct cs_core {
    bool held;
    cpu_set_t before; /* where this thread could run */
} cs_core;

void cs_core_hold(cs_core *c);    /* held already is fine */
void cs_core_release(cs_core *c); /* not held is fine */
/* Moves the process to this thread's core, unless *at says that it is there. -1: nowhere yet. */
void cs_core_bring(pid_t process, int *at);
