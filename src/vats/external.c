/* The kind `external`: a vat that is a program of somebody else's, which speaks JSON lines on its stdin and
 * stdout (docs/worker-protocol.md). Its bundle is how it is started: {"command":[...],"folder":"..."}.
 *
 * It is not sandboxed: whoever wrote the configuration chose it. What it says is checked like everything
 * that a worker says. */
#include "base/alloc.h"
#include "base/limits.h"
#include "vats/remote.h"
#include "wire/lines.h"

#include <jansson.h>

typedef struct external {
    cs_remote remote;
    const cs_worker_settings *settings;
    bool is_open;
} external;

static const cs_remote_format lines = { cs_line_size, cs_line_enc, cs_line_dec,
                                        .receive_max = CS_LINE_MAX };

static void close_program(external *e)
{
    if (e->is_open)
        cs_remote_close(&e->remote);
    e->is_open = false;
    e->remote = (cs_remote){ .worker.kind = &cs_kind_external,
                             .format = &lines,
                             .ops = e->remote.ops,
                             .ctx = e->remote.ctx };
}

static cs_status start(const cs_worker_settings *settings, const cs_supervisor_ops *ops, void *ctx,
                       cs_worker **ret, cs_error *err)
{
    (void)err;
    external *e = CS_NEW(external);
    e->settings = settings;
    e->remote.ops = ops;
    e->remote.ctx = ctx;
    close_program(e);
    *ret = &e->remote.worker;
    return CS_OK;
}

static void stop(cs_worker *w)
{
    external *e = (external *)w;
    close_program(e);
    (void)cs_free(e);
}

static cs_status open_program(external *e, const json_t *spec, cs_error *err)
{
    const json_t *command = json_object_get(spec, "command"), *word;
    const size_t count = json_array_size(command);
    const char **argv = cs_alloc_zero(count + 1, sizeof *argv);
    size_t i;
    bool good = count > 0;
    json_array_foreach(command, i, word)
    {
        argv[i] = json_string_value(word);
        good = good && argv[i] != NULL;
    }
    cs_child child;
    cs_frame ready;
    const cs_child_options o = { .program = argv[0],
                                 .argv = argv,
                                 .folder = json_string_value(json_object_get(spec, "folder")) };
    cs_status st = good ? cs_child_start(&o, &child, err)
                        : cs_fail(err, CS_E_CORRUPT, "the command of an external vat is malformed");
    if (st == CS_OK) {
        e->is_open = true;
        st = cs_remote_open(&e->remote, &child, e->settings->watchdog_ms, &ready, err);
    }
    if (st != CS_OK && count > 0 && argv[0] != NULL)
        (void)cs_fail_at(err, "%s", argv[0]);
    cs_free(argv);
    return st;
}

static cs_status load(cs_worker *w, cs_vatid vat, cs_bytes bundle, const cs_load_options *options,
                      cs_error *err)
{
    external *e = (external *)w;
    const bool silent = e->remote.silent;
    close_program(e);
    json_t *spec = json_loadb((const char *)bundle.data, bundle.size, 0, NULL);
    cs_status st = open_program(e, spec, err);
    json_decref(spec);
    e->remote.silent = silent;
    return st == CS_OK ? cs_remote_load(w, vat, bundle, options, err) : st;
}

static void unload(cs_worker *w, cs_vatid vat)
{
    (void)vat;
    close_program((external *)w);
}

const cs_kind cs_kind_external = {
    .name = "external",
    .start = start,
    .stop = stop,
    .load = load,
    .deliver = cs_remote_deliver,
    .imports = cs_remote_imports,
    .unload = unload,
    .set_silent = cs_remote_set_silent,
    .collections = cs_remote_collections,
};
