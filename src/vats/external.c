/* Vats in programs that are not ours, which speak JSON lines on their stdin and stdout
 * (docs/worker-protocol.md), one vat in each.
 *
 *   external   the vat is the program; its bundle is how that is started:
 *              {"command":[...],"folder":"..."}
 *   node       the vat is a bundle like any other, and the program js/node-worker, which runs it on Node
 *              with the published liveslots
 *
 * They are not sandboxed: whoever wrote the configuration chose it. What they say is checked like everything
 * that a worker says. */
#include "base/alloc.h"
#include "base/limits.h"
#include "vats/remote.h"
#include "wire/lines.h"

#include <jansson.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

typedef struct program {
    cs_remote remote;
    const cs_worker_settings *settings;
    bool is_open;
} program;

static const cs_remote_format lines = { cs_line_size, cs_line_enc, cs_line_dec,
                                        .receive_max = CS_LINE_MAX };
static const cs_remote_format lines_with_bundles = { cs_line_size, cs_line_enc, cs_line_dec,
                                                     .receive_max = CS_LINE_MAX,
                                                     .takes_bundles = true };

static void close_program(program *p)
{
    const cs_remote was = p->remote;
    if (p->is_open)
        cs_remote_close(&p->remote);
    p->is_open = false;
    p->remote =
        (cs_remote){ .worker = was.worker, .format = was.format, .ops = was.ops, .ctx = was.ctx };
}

static cs_status new_program(const cs_kind *kind, const cs_remote_format *format,
                             const cs_worker_settings *settings, const cs_supervisor_ops *ops,
                             void *ctx, cs_worker **ret)
{
    program *p = CS_NEW(program);
    p->settings = settings;
    p->remote = (cs_remote){ .worker.kind = kind, .format = format, .ops = ops, .ctx = ctx };
    *ret = &p->remote.worker;
    return CS_OK;
}

static void stop(cs_worker *w)
{
    program *p = (program *)w;
    close_program(p);
    (void)cs_free(p);
}

static void unload(cs_worker *w, cs_vatid vat)
{
    (void)vat;
    close_program((program *)w);
}

/* Starts the program anew, and loads the vat in it. */
static cs_status load_in(program *p, const cs_child_options *o, cs_vatid vat, cs_bytes bundle,
                         const cs_load_options *options, cs_error *err)
{
    const bool silent = p->remote.silent;
    cs_child child;
    cs_frame ready;
    close_program(p);
    cs_status st = cs_child_start(o, &child, err);
    if (st == CS_OK) {
        p->is_open = true;
        cs_remote_open(&p->remote, &child, p->settings->watchdog_ms);
        st = cs_remote_await(&p->remote, &ready, err);
    }
    if (st != CS_OK)
        return cs_fail_at(err, "%s", o->program);
    p->remote.silent = silent;
    return cs_remote_load(&p->remote.worker, vat, bundle, options, err);
}

/* ---- external ---- */

static cs_status start_external(const cs_worker_settings *settings, const cs_supervisor_ops *ops,
                                void *ctx, cs_worker **ret, cs_error *err)
{
    (void)err;
    return new_program(&cs_kind_external, &lines, settings, ops, ctx, ret);
}

/* Gives the words, with NULL at the end; NULL: they are malformed. */
static const char **words_of(const json_t *spec)
{
    const json_t *command = json_object_get(spec, "command"), *word;
    const char **argv = cs_alloc_zero(json_array_size(command) + 1, sizeof *argv);
    size_t i;
    bool good = json_array_size(command) > 0;
    json_array_foreach(command, i, word)
    {
        argv[i] = json_string_value(word);
        good = good && argv[i] != NULL;
    }
    if (!good)
        argv = cs_free(argv);
    return argv;
}

static cs_status load_external(cs_worker *w, cs_vatid vat, cs_bytes bundle,
                               const cs_load_options *options, cs_error *err)
{
    json_t *spec = json_loadb((const char *)bundle.data, bundle.size, 0, NULL);
    const char **argv = words_of(spec);
    cs_status st = CS_OK;
    if (argv == NULL)
        st = cs_fail(err, CS_E_CORRUPT, "the command of an external vat is malformed");
    if (st == CS_OK) {
        const cs_child_options o = { .program = argv[0],
                                     .argv = argv,
                                     .folder = json_string_value(json_object_get(spec, "folder")) };
        st = load_in((program *)w, &o, vat, bundle, options, err);
    }
    cs_free(argv);
    json_decref(spec);
    return st;
}

const cs_kind cs_kind_external = {
    .name = "external",
    .start = start_external,
    .stop = stop,
    .load = load_external,
    .deliver = cs_remote_deliver,
    .imports = cs_remote_imports,
    .unload = unload,
    .set_silent = cs_remote_set_silent,
    .collections = cs_remote_collections,
};

/* ---- node ---- */

static cs_status start_node(const cs_worker_settings *settings, const cs_supervisor_ops *ops,
                            void *ctx, cs_worker **ret, cs_error *err)
{
    (void)err;
    return new_program(&cs_kind_node, &lines_with_bundles, settings, ops, ctx, ret);
}

/* In one of the folders above our program: where it was built, or installed to. */
static bool find_node_worker(char path[static PATH_MAX])
{
    static const char *const places[] = { "/js/node-worker", "/share/capstan/node-worker" };
    char folder[PATH_MAX / 2];
    ssize_t n = readlink("/proc/self/exe", folder, sizeof folder - 1);
    if (n <= 0)
        return false;
    folder[n] = 0;
    for (char *slash; (slash = strrchr(folder, '/')) != NULL;) {
        *slash = 0;
        for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
            (void)snprintf(path, PATH_MAX, "%s%s/worker.js", folder, places[i]);
            if (access(path, R_OK) == 0)
                return true;
        }
    }
    return false;
}

static cs_status load_node(cs_worker *w, cs_vatid vat, cs_bytes bundle,
                           const cs_load_options *options, cs_error *err)
{
    char path[PATH_MAX];
    if (!find_node_worker(path))
        return cs_fail(err, CS_E_ENGINE,
                       "js/node-worker is not in any folder above the program: a vat with "
                       "managerType \"node-subprocess\" needs it");
    const char *const argv[] = { "node", "--expose-gc", path, NULL };
    const cs_child_options o = { .program = "node", .argv = argv };
    return load_in((program *)w, &o, vat, bundle, options, err);
}

const cs_kind cs_kind_node = {
    .name = "node",
    .start = start_node,
    .stop = stop,
    .load = load_node,
    .deliver = cs_remote_deliver,
    .imports = cs_remote_imports,
    .unload = unload,
    .set_silent = cs_remote_set_silent,
    .collections = cs_remote_collections,
};
