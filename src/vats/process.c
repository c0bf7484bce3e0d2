/* The kind `process`: vats in worker processes of our own program (worker/main.h), which shut themselves
 * in before they see the first byte of a vat. They speak frames. */
#include "base/alloc.h"
#include "base/limits.h"
#include "vats/remote.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

static cs_status dec(cs_bytes message, cs_arena *arena, cs_frame *ret)
{
    return cs_frame_dec(message, true, arena, ret);
}

/* A reply may have CS_REPLY_MAX; the rest is heads, figures and a problem. */
static const cs_remote_format frames = { cs_frame_size, cs_frame_enc, dec,
                                         .receive_max = CS_REPLY_MAX + 1024 * 1024,
                                         .takes_bundles = true };

/* An embedder is another program than ours: the capstan beside it, or else one that PATH finds. */
static const char *find_program(const cs_worker_settings *settings, char *path, size_t size)
{
    static const char name[] = "capstan";
    if (settings->program != NULL)
        return settings->program;
    ssize_t n = readlink("/proc/self/exe", path, size - sizeof name);
    while (n > 0 && path[n - 1] != '/')
        n--;
    if (n <= 0)
        return name;
    memcpy(path + n, name, sizeof name);
    return access(path, X_OK) == 0 ? path : name;
}

static cs_status start_child(const cs_worker_settings *settings, cs_child *ret, cs_error *err)
{
    char path[4096], parent[16];
    (void)snprintf(parent, sizeof parent, "%d", (int)getpid());
    const char *const argv[] = { "capstan", "worker", parent, NULL };
    const cs_child_options o = { .program = find_program(settings, path, sizeof path),
                                 .argv = argv,
                                 .is_worker = true };
    return cs_child_start(&o, ret, err);
}

typedef struct process {
    cs_remote remote;
    bool require_sandbox;
    char lacks[512];
} process;

static const char *lacks(const cs_worker *w)
{
    return ((const process *)w)->lacks;
}

static void stop(cs_worker *w)
{
    process *p = (process *)w;
    cs_remote_close(&p->remote);
    (void)cs_free(p);
}

static cs_status start(const cs_worker_settings *settings, const cs_supervisor_ops *ops, void *ctx,
                       cs_worker **ret, cs_error *err)
{
    cs_child child;
    cs_status st = start_child(settings, &child, err);
    if (st != CS_OK)
        return st;
    process *p = CS_NEW(process);
    p->require_sandbox = settings->require_sandbox;
    p->remote =
        (cs_remote){ .worker.kind = &cs_kind_process, .format = &frames, .ops = ops, .ctx = ctx };
    cs_remote_open(&p->remote, &child, settings->watchdog_ms);
    *ret = &p->remote.worker;
    return CS_OK;
}

/* docs/workers.md says what is needed, and what is a second line of defence only. */
static cs_status check_sandbox(process *p, const cs_frame *ready, cs_error *err)
{
    const cs_bytes missing = ready->hello.missing, weaker = ready->hello.weaker;
    if (missing.size > 0 && p->require_sandbox)
        return cs_fail(err, CS_E_ENGINE, "worker processes cannot be sandboxed here: no %.*s",
                       (int)missing.size, (const char *)missing.data);
    (void)snprintf(p->lacks, sizeof p->lacks, "%.*s%s%.*s", (int)missing.size,
                   (const char *)missing.data, missing.size > 0 && weaker.size > 0 ? ", " : "",
                   (int)weaker.size, (const char *)weaker.data);
    return CS_OK;
}

static cs_status await(cs_worker *w, cs_error *err)
{
    process *p = (process *)w;
    cs_frame ready;
    cs_status st = cs_remote_await(&p->remote, &ready, err);
    return st == CS_OK ? check_sandbox(p, &ready, err) : st;
}

const cs_kind cs_kind_process = {
    .name = "process",
    .shares_core = true,
    .is_confined = true,
    .start = start,
    .await = await,
    .stop = stop,
    .load = cs_remote_load,
    .deliver = cs_remote_deliver,
    .imports = cs_remote_imports,
    .unload = cs_remote_unload,
    .set_silent = cs_remote_set_silent,
    .collections = cs_remote_collections,
    .lacks = lacks,
};
