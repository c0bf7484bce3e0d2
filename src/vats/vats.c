/* Which vats are loaded. A vat that is not comes back when something is delivered to it: its bundle
 * is evaluated, then its whole transcript replayed. */
#include "vats/manager.h"

#include "base/alloc.h"
#include "vats/native.h"

#include <stdio.h>

/* --- life ------------------------------------------------------------------------------------------- */

static void set_settings(cs_vats *v, const cs_worker_settings *settings)
{
    if (settings != NULL)
        v->settings = *settings;
    if (v->settings.kind == NULL)
        v->settings.kind = "local";
    if (v->settings.pool == 0)
        v->settings.pool = 1;
    if (v->settings.watchdog_ms == 0)
        v->settings.watchdog_ms = CS_WATCHDOG_MS;
}

cs_vats *cs_vats_new(cs_store *store, const cs_worker_settings *settings, const cs_vats_ops *ops,
                     void *ctx)
{
    cs_vats *v = CS_NEW(cs_vats);
    v->store = store;
    if (ops != NULL)
        v->ops = *ops;
    v->ctx = ctx;
    set_settings(v, settings);
    cs_home_begin(v);
    return v;
}

void cs_vats_set_store(cs_vats *v, cs_store *store)
{
    v->store = store;
}

cs_vats *cs_vats_free(cs_vats *v)
{
    if (v == NULL)
        return NULL;
    while (v->home_count > 0)
        cs_home_drop(v, v->homes[0]);
    cs_free(v->homes);
    (void)cs_blob_unref(v->code);
    cs_map_fini(&v->loaded);
    cs_arena_fini(&v->arena);
    cs_buf_fini(&v->recorded);
    cs_buf_fini(&v->replayed);
    return cs_free(v);
}

void cs_vats_rest(cs_vats *v)
{
    cs_core_release(&v->core);
}

size_t cs_vats_loaded(const cs_vats *v)
{
    return v->loaded.count;
}

/* Pauses of several workers have no common histogram: those of the first are shown. */
cs_collection_figures cs_vats_collections(const cs_vats *v)
{
    cs_collection_figures all = v->figures;
    for (size_t i = 0; i < v->home_count; i++) {
        const cs_worker *w = v->homes[i]->worker;
        const cs_collection_figures one = w->kind->collections(w);
        all.collections += one.collections;
        all.dead += one.dead;
        if (one.dead_max > all.dead_max)
            all.dead_max = one.dead_max;
        if (all.max_us > 0 || one.max_us == 0)
            continue;
        all.p50_us = one.p50_us;
        all.p99_us = one.p99_us;
        all.max_us = one.max_us;
    }
    return all;
}

void cs_vats_unload(cs_vats *v, cs_vatid vat)
{
    const cs_home *h = cs_home_of(v, vat);
    if (h == NULL)
        return;
    h->worker->kind->unload(h->worker, vat);
    cs_home_leave(v, vat);
}

/* --- workers that die ------------------------------------------------------------------------------- */

/* A vat is at fault if its worker died twice while it had the delivery, as one that is killed from
 * outside once in a while will not. Deaths before that, idle or in the middle of a replay, prove little;
 * but what they prove adds up, so that there is an end. */
enum { BY_THIS_MAX = 2, DEATHS_MAX = 10 };

/* Says so, and forgets the worker; its vats come back when they are needed. */
static void bury(cs_vats *v, cs_vatid vat, bool in_delivery, const cs_error *why)
{
    char line[CS_ERROR_MAX + 128], text[CS_REF_TEXT_MAX];
    cs_home *h = cs_home_of(v, vat);
    (void)snprintf(line, sizeof line, "a worker process ended while it ran vat %s: %s",
                   cs_vatid_text(vat, text), why->text);
    if (v->ops.notice != NULL)
        v->ops.notice(v->ctx, line);
    if (v->suspect.vat.n != vat.n) {
        v->suspect.vat = vat;
        v->suspect.deaths = v->suspect.by_this = 0;
    }
    v->suspect.deaths++;
    v->suspect.by_this += in_delivery && !h->worker->never_began;
    cs_home_drop(v, h);
}

/* The text stays the same however it ended: it becomes history. */
static cs_status after_death(cs_vats *v, cs_reply *ret_reply)
{
    if (v->suspect.by_this < BY_THIS_MAX && v->suspect.deaths < DEATHS_MAX)
        return CS_E_WORKER;
    v->suspect.vat.n = 0;
    *ret_reply = (cs_reply){ .status = CS_E_KILLED,
                             .problem = CS_BYTES("its worker process ended twice in a row"),
                             .imports_held = CS_IMPORTS_UNKNOWN };
    return CS_OK;
}

cs_status cs_vats_imports(cs_vats *v, cs_vatid vat, cs_vrefs *ret_held, cs_vrefs *ret_recognized,
                          cs_error *err)
{
    const cs_home *h = cs_home_of(v, vat);
    cs_assert(h != NULL);
    cs_status st = h->worker->kind->imports(h->worker, vat, ret_held, ret_recognized, err);
    if (st == CS_E_WORKER)
        bury(v, vat, false, err);
    return st;
}

/* --- loading ---------------------------------------------------------------------------------------- */

/* It is counted as loaded before it is: so whatever fails, it is unloaded the same way. */
static cs_status load_in_home(cs_vats *v, cs_vatid vat, cs_bytes bundle,
                              const cs_load_options *options, cs_error *err)
{
    cs_home *h;
    const cs_kind *kind = cs_is_native_bundle(bundle) ? &cs_kind_native : NULL;
    cs_core_release(&v->core); /* a program that is started runs where we may run */
    cs_status st = cs_home_for(v, vat, kind, &h, err);
    if (st != CS_OK)
        return st;
    cs_home_enter(v, h, vat);
    h->worker->kind->set_silent(h->worker, v->is_silent);
    return h->worker->kind->load(h->worker, vat, bundle, options, err);
}

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
    cs_load_options options = { .bundle = &v->loading };
    if (v->ops.computrons_max != NULL)
        options.computrons_max = v->ops.computrons_max(v->ctx, vat);
    st = load_in_home(v, vat, cs_blob_bytes(bundle), &options, err);
    (void)cs_blob_unref(bundle);
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

/* Loads the vat, and replays [first, end) of its deliveries; silently if that is history. To compare, or
 * because its heap comes back by that. */
static cs_status load_and_replay(cs_vats *v, const cs_vat_row *row, uint64_t end, bool silent,
                                 bool to_compare, cs_replay_figures *ret, cs_error *err)
{
    const cs_vatid vat = row->id;
    const uint64_t first = row->first_delivery;
    v->is_silent = silent;
    cs_status st = cs_vats_load(v, row, err);
    if (st == CS_OK && (to_compare || !cs_home_of(v, vat)->worker->kind->keeps_no_heap))
        st = cs_vats_replay_range(v, vat, first, end, ret, err);
    v->is_silent = false;
    const cs_home *h = cs_home_of(v, vat);
    if (h != NULL)
        h->worker->kind->set_silent(h->worker, false);
    if (h != NULL && st == CS_E_WORKER)
        bury(v, vat, false, err);
    else if (st != CS_OK)
        cs_vats_unload(v, vat);
    return st;
}

/* `*ret_is_new`: the vat has no history, so what fails is the vat's own fault. */
static cs_status bring_back(cs_vats *v, cs_vatid vat, bool *ret_is_new, cs_error *err)
{
    const cs_vat_row *row = cs_vat_find(v->store, vat);
    cs_replay_figures figures = { 0 };
    if (row == NULL)
        return cs_fail(err, CS_E_CORRUPT, "vat %u is not in the store", vat.n);
    *ret_is_new = row->first_delivery == row->next_delivery;
    return load_and_replay(v, row, row->next_delivery, !*ret_is_new, false, &figures, err);
}

/* OK, and the vat is loaded; or OK, and a reply says why a new vat cannot be. */
static cs_status need_loaded(cs_vats *v, cs_vatid vat, cs_reply *ret_reply, cs_error *err)
{
    bool is_new = false;
    cs_status st = bring_back(v, vat, &is_new, &v->problem);
    if (st == CS_OK)
        return CS_OK;
    if (is_new && cs_status_class(st) == CS_CLASS_VAT) {
        *ret_reply = (cs_reply){ .status = st, .problem = cs_bytes_of(v->problem.text) };
        return CS_OK;
    }
    if (!is_new && st != CS_E_WORKER)
        st = as_damage(vat, &v->problem);
    return cs_fail(err, st, "%s", v->problem.text);
}

cs_status cs_vats_deliver(cs_vats *v, cs_vatid vat, const cs_delivery *d, cs_collect collect,
                          cs_reply *ret_reply, cs_error *err)
{
    cs_status st = CS_OK;
    if (cs_home_of(v, vat) == NULL)
        st = need_loaded(v, vat, ret_reply, err);
    const cs_home *h = cs_home_of(v, vat);
    if (st == CS_OK && h != NULL) {
        st = cs_home_deliver(v, h, vat, d, collect, ret_reply, err);
        if (st == CS_E_WORKER)
            bury(v, vat, true, err);
    }
    if (st == CS_E_WORKER)
        return after_death(v, ret_reply);
    if (v->suspect.vat.n == vat.n)
        v->suspect.vat.n = 0;
    return st;
}

cs_status cs_vats_replay(cs_vats *v, cs_vatid vat, uint64_t to, cs_replay_figures *ret,
                         cs_error *err)
{
    const cs_vat_row *row = cs_vat_find(v->store, vat);
    if (row == NULL)
        return cs_fail(err, CS_E_CORRUPT, "vat %u is not in the store", vat.n);
    uint64_t end = row->next_delivery;
    if (to != 0 && to < end)
        end = to > row->first_delivery ? to : row->first_delivery;
    cs_replay_figures figures = { 0 };
    cs_vats_unload(v, vat);
    cs_status st = load_and_replay(v, row, end, true, true, &figures, err);
    if (st == CS_OK) {
        cs_vats_unload(v, vat);
        *ret = figures;
    }
    return st;
}
