/* The local kind: vats in the kernel's own process. */
#include "vats/kind.h"

#include "base/alloc.h"

typedef struct local {
    cs_worker worker;
    cs_supervisor *supervisor;
} local;

static cs_supervisor *supervisor_of(const cs_worker *w)
{
    return ((const local *)w)->supervisor;
}

static cs_status start(const cs_worker_settings *settings, const cs_supervisor_ops *ops, void *ctx,
                       cs_worker **ret, cs_error *err)
{
    (void)settings;
    cs_supervisor *supervisor = NULL;
    cs_status st = cs_supervisor_new(ops, ctx, &supervisor, err);
    if (st != CS_OK)
        return st;
    local *l = CS_NEW(local);
    *l = (local){ .worker.kind = &cs_kind_local, .supervisor = supervisor };
    *ret = &l->worker;
    return CS_OK;
}

static void stop(cs_worker *w)
{
    (void)cs_supervisor_free(supervisor_of(w));
    (void)cs_free((local *)w);
}

static cs_status load(cs_worker *w, cs_vatid vat, cs_bytes bundle, const cs_load_options *options,
                      cs_error *err)
{
    return cs_supervisor_load(supervisor_of(w), vat, bundle, options, err);
}

static cs_status deliver(cs_worker *w, cs_vatid vat, const cs_delivery *d, cs_collect collect,
                         cs_reply *ret_reply, cs_error *err)
{
    (void)err;
    cs_supervisor_deliver(supervisor_of(w), vat, d, collect, ret_reply);
    return CS_OK;
}

static cs_status imports(cs_worker *w, cs_vatid vat, cs_vrefs *ret_held, cs_vrefs *ret_recognized,
                         cs_error *err)
{
    (void)err;
    cs_supervisor_imports(supervisor_of(w), vat, ret_held, ret_recognized);
    return CS_OK;
}

static void unload(cs_worker *w, cs_vatid vat)
{
    cs_supervisor_unload(supervisor_of(w), vat);
}

static void set_silent(cs_worker *w, bool silent)
{
    cs_supervisor_set_silent(supervisor_of(w), silent);
}

static cs_collection_figures collections(const cs_worker *w)
{
    return cs_supervisor_collections(supervisor_of(w));
}

const cs_kind cs_kind_local = {
    .name = "local",
    .start = start,
    .stop = stop,
    .load = load,
    .deliver = deliver,
    .imports = imports,
    .unload = unload,
    .set_silent = set_silent,
    .collections = collections,
};
