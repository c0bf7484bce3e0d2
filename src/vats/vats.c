/* Which vats are loaded. A vat that is not comes back when something is delivered to it: its bundle
 * is evaluated, then its whole transcript replayed. */
#include "vats/manager.h"

#include "base/alloc.h"

/* --- what a worker asks ----------------------------------------------------------------------------- */

static void say(void *ctx, cs_vatid vat, const char *level, cs_bytes text)
{
    const cs_vats *v = ctx;
    if (v->ops.say != NULL)
        v->ops.say(v->ctx, vat, level, text);
}

/* Kept code is a cache: if it cannot be read the bundle is compiled, and if the store is broken the
 * next thing that matters says so. */
static cs_bytes read_code(void *ctx, const char *base_name)
{
    cs_vats *v = ctx;
    v->code = cs_blob_unref(v->code);
    if (cs_code_read(v->store, &v->loading, base_name, &v->code, NULL) != CS_OK || v->code == NULL)
        return (cs_bytes){ 0 };
    return cs_blob_bytes(v->code);
}

static cs_status ask(void *ctx, cs_vatid vat, cs_syscall *syscalls, uint32_t count)
{
    cs_vats *v = ctx;
    if (v->replaying != NULL)
        return cs_vats_answer_again(v, syscalls, count);
    return v->ops.ask == NULL ? CS_E_BAD_SYSCALL : v->ops.ask(v->ctx, vat, syscalls, count);
}

static void write_code(void *ctx, const char *base_name, cs_bytes code)
{
    cs_vats *v = ctx;
    cs_code_add(v->store, &v->loading, base_name, code);
}

/* --- life ------------------------------------------------------------------------------------------- */

cs_status cs_vats_new(cs_store *store, const cs_vats_ops *ops, void *ctx, cs_vats **ret,
                      cs_error *err)
{
    static const cs_supervisor_ops worker_ops = {
        .say = say,
        .ask = ask,
        .read_code = read_code,
        .write_code = write_code,
    };
    cs_vats *v = CS_NEW(cs_vats);
    v->store = store;
    if (ops != NULL)
        v->ops = *ops;
    v->ctx = ctx;
    cs_status st = cs_kind_local.start(&worker_ops, v, &v->worker, err);
    if (st != CS_OK) {
        (void)cs_vats_free(v);
        return st;
    }
    *ret = v;
    return CS_OK;
}

cs_vats *cs_vats_free(cs_vats *v)
{
    if (v == NULL)
        return NULL;
    if (v->worker != NULL)
        v->worker->kind->stop(v->worker);
    (void)cs_blob_unref(v->code);
    cs_map_fini(&v->loaded);
    cs_arena_fini(&v->arena);
    cs_buf_fini(&v->recorded);
    cs_buf_fini(&v->replayed);
    return cs_free(v);
}

size_t cs_vats_loaded(const cs_vats *v)
{
    return v->loaded.count;
}

cs_status cs_vats_imports(cs_vats *v, cs_vatid vat, cs_vrefs *ret_held, cs_vrefs *ret_recognized,
                          cs_error *err)
{
    return v->worker->kind->imports(v->worker, vat, ret_held, ret_recognized, err);
}

cs_collection_figures cs_vats_collections(const cs_vats *v)
{
    return v->worker->kind->collections(v->worker);
}

void cs_vats_unload(cs_vats *v, cs_vatid vat)
{
    v->worker->kind->unload(v->worker, vat);
    (void)cs_map_remove(&v->loaded, vat.n);
}

/* --- loading ---------------------------------------------------------------------------------------- */

cs_status cs_vats_load(cs_vats *v, const cs_vat_row *row, cs_error *err)
{
    cs_blob *bundle = NULL;
    cs_vatid vat = row->id;
    v->loading = row->bundle;
    cs_status st = cs_bundle_read(v->store, &v->loading, &bundle, err);
    if (st != CS_OK)
        return st;
    if (bundle == NULL) {
        char text[CS_REF_TEXT_MAX];
        return cs_fail(err, CS_E_CORRUPT, "bundle of vat %s is not in the store",
                       cs_vatid_text(vat, text));
    }
    cs_load_options options = { 0 };
    if (v->ops.computrons_max != NULL)
        options.computrons_max = v->ops.computrons_max(v->ctx, vat);
    st = v->worker->kind->load(v->worker, vat, cs_blob_bytes(bundle), &options, err);
    (void)cs_blob_unref(bundle);
    if (st == CS_OK)
        cs_map_put(&v->loaded, vat.n)->value = 1;
    return st;
}

/* A vat that once ran and now cannot be brought back is a damaged store, not a faulty vat. */
static cs_status as_damage(cs_vatid vat, cs_error *err)
{
    char text[CS_REF_TEXT_MAX];
    if (cs_status_class(err->status) == CS_CLASS_VAT)
        err->status = CS_E_CORRUPT;
    return cs_fail_at(err, "vat %s cannot be replayed", cs_vatid_text(vat, text));
}

/* Loads and replays. `*ret_is_new`: the vat has no history, so what fails is the vat's own fault. */
static cs_status bring_back(cs_vats *v, cs_vatid vat, bool *ret_is_new, cs_error *err)
{
    const cs_vat_row *row = cs_vat_find(v->store, vat);
    if (row == NULL)
        return cs_fail(err, CS_E_CORRUPT, "vat %u is not in the store", vat.n);
    uint64_t first = row->first_delivery, end = row->next_delivery;
    cs_replay_figures figures = { 0 };
    *ret_is_new = first == end;
    v->worker->kind->set_silent(v->worker, !*ret_is_new);
    cs_status st = cs_vats_load(v, row, err);
    if (st == CS_OK)
        st = cs_vats_replay_range(v, vat, first, end, &figures, err);
    v->worker->kind->set_silent(v->worker, false);
    if (st != CS_OK)
        cs_vats_unload(v, vat);
    return st;
}

cs_status cs_vats_deliver(cs_vats *v, cs_vatid vat, const cs_delivery *d, cs_collect collect,
                          cs_reply *ret_reply, cs_error *err)
{
    if (cs_map_find(&v->loaded, vat.n) == NULL) {
        bool is_new = false;
        cs_status st = bring_back(v, vat, &is_new, &v->problem);
        if (st != CS_OK && is_new && cs_status_class(st) == CS_CLASS_VAT) {
            *ret_reply = (cs_reply){ .status = st, .problem = cs_bytes_of(v->problem.text) };
            return CS_OK;
        }
        if (st != CS_OK) {
            if (!is_new)
                st = as_damage(vat, &v->problem);
            return cs_fail(err, st, "%s", v->problem.text);
        }
    }
    return v->worker->kind->deliver(v->worker, vat, d, collect, ret_reply, err);
}

cs_status cs_vats_replay(cs_vats *v, cs_vatid vat, uint64_t to, cs_replay_figures *ret,
                         cs_error *err)
{
    const cs_vat_row *row = cs_vat_find(v->store, vat);
    if (row == NULL)
        return cs_fail(err, CS_E_CORRUPT, "vat %u is not in the store", vat.n);
    uint64_t first = row->first_delivery, end = row->next_delivery;
    if (to != 0 && to < end)
        end = to > first ? to : first;
    cs_vats_unload(v, vat);
    v->worker->kind->set_silent(v->worker, true);
    cs_status st = cs_vats_load(v, row, err);
    cs_replay_figures figures = { 0 };
    if (st == CS_OK)
        st = cs_vats_replay_range(v, vat, first, end, &figures, err);
    v->worker->kind->set_silent(v->worker, false);
    cs_vats_unload(v, vat);
    if (st == CS_OK)
        *ret = figures;
    return st;
}
