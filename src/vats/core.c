#include "vats/core.h"

static bool stay_on(pid_t process, int core)
{
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET((size_t)core, &set);
    return sched_setaffinity(process, sizeof set, &set) == 0;
}

void cs_core_hold(cs_core *c)
{
    if (c->held)
        return;
    const int core = sched_getcpu();
    if (core >= 0 && sched_getaffinity(0, sizeof c->before, &c->before) == 0)
        c->held = stay_on(0, core);
}

void cs_core_release(cs_core *c)
{
    if (c->held)
        (void)sched_setaffinity(0, sizeof c->before, &c->before);
    c->held = false;
}

void cs_core_bring(pid_t process, int *at)
{
    const int core = sched_getcpu();
    if (core < 0 || core == *at)
        return;
    (void)stay_on(process, core);
    *at = core;
}
