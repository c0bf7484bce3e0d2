/* Which worker a vat lives in: by its group, else as the settings say. A worker is started when a vat
 * needs it, and the next time when it has died; only the first of a pool before anybody needs it, so that
 * it makes itself ready while we open the store. */
#include "vats/manager.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

static const struct {
    const char *name;
    const cs_kind *kind;
} kinds[] = {
    { "local", &cs_kind_local },       { "process", &cs_kind_process },
    { "xs-worker", &cs_kind_process }, { "xsnap", &cs_kind_process },
    { "external", &cs_kind_external }, { "node-subprocess", &cs_kind_node },
};

static const cs_kind *find_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (strcmp(kinds[i].name, name) == 0)
            return kinds[i].kind;
    return NULL;
}

bool cs_kind_check(const char *name)
{
    return find_kind(name) != NULL;
}

/* ---- what a worker asks ---- */

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

static uint64_t now_ns(void *ctx)
{
    struct timespec t;
    (void)ctx;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static const cs_supervisor_ops worker_ops = {
    .say = say,
    .ask = ask,
    .read_code = read_code,
    .write_code = write_code,
    .now_ns = now_ns,
};

/* ---- homes ---- */

/* Its vats are in this process: there is one home for all of them. */
static bool is_inside(const cs_kind *kind)
{
    return kind == &cs_kind_local || kind == &cs_kind_native;
}

/* A worker of this kind takes one vat only. */
static bool is_single(const cs_kind *kind)
{
    return kind == &cs_kind_external || kind == &cs_kind_node;
}

/* Names a home so that vats which are to share one get the same name. */
static void make_key(const cs_vats *v, const cs_kind *kind, const cs_place *place, cs_vatid vat,
                     cs_buf *ret)
{
    cs_buf_addf(ret, "%s ", kind->name);
    if (is_inside(kind))
        return;
    if (place->group != NULL && !is_single(kind))
        cs_buf_addf(ret, "group %s", place->group);
    else if (v->settings.sharing == CS_SHARE_NONE || is_single(kind))
        cs_buf_addf(ret, "vat %u", vat.n);
    else
        cs_buf_addf(ret, "pool %u", vat.n % v->settings.pool);
}

static cs_home *find_home(const cs_vats *v, const char *key)
{
    for (size_t i = 0; i < v->home_count; i++)
        if (strcmp(v->homes[i]->key, key) == 0)
            return v->homes[i];
    return NULL;
}

/* What could not be applied is said once. */
static void say_lacks(cs_vats *v, const cs_worker *w)
{
    char line[640];
    const char *lacks = w->kind->lacks == NULL ? "" : w->kind->lacks(w);
    if (lacks[0] == 0 || v->said_sandbox || v->ops.notice == NULL)
        return;
    (void)snprintf(line, sizeof line, "the sandbox of worker processes has no %s here", lacks);
    v->ops.notice(v->ctx, line);
    v->said_sandbox = true;
}

static cs_status begin(cs_vats *v, const cs_kind *kind, const char *key, cs_home **ret,
                       cs_error *err)
{
    cs_worker *worker = NULL;
    cs_status st = kind->start(&v->settings, &worker_ops, v, &worker, err);
    if (st != CS_OK)
        return st;
    cs_home *h = CS_NEW(cs_home);
    *h = (cs_home){ .worker = worker, .key = cs_bytes_to_text(cs_bytes_of(key)) };
    v->homes = cs_realloc(v->homes, v->home_count + 1, sizeof *v->homes);
    v->homes[v->home_count++] = h;
    *ret = h;
    return CS_OK;
}

/* The home is no more if that fails. */
static cs_status await(cs_vats *v, cs_home *h, cs_error *err)
{
    const cs_kind *kind = h->worker->kind;
    cs_status st = h->is_ready || kind->await == NULL ? CS_OK : kind->await(h->worker, err);
    if (st != CS_OK) {
        cs_home_drop(v, h);
        return st;
    }
    h->is_ready = true;
    say_lacks(v, h->worker);
    return CS_OK;
}

/* A process may be killed while it starts, as at any other time; one that never starts is a machine
 * that lacks something. */
static cs_status have_home(cs_vats *v, const cs_kind *kind, const char *key, cs_home **ret,
                           cs_error *err)
{
    enum { TRIES = 3 };
    cs_status st = CS_E_ENGINE;
    for (int i = 0; i < TRIES && st != CS_OK; i++) {
        *ret = find_home(v, key);
        st = *ret != NULL ? CS_OK : begin(v, kind, key, ret, err);
        if (st == CS_OK)
            st = await(v, *ret, err);
    }
    return st;
}

void cs_home_begin(cs_vats *v)
{
    const cs_kind *kind = find_kind(v->settings.kind);
    cs_buf key = { 0 };
    cs_home *h;
    cs_error ignored;
    if (kind == NULL || v->settings.sharing != CS_SHARE_POOL)
        return;
    make_key(v, kind, &(cs_place){ 0 }, (cs_vatid){ 0 }, &key);
    (void)begin(v, kind, cs_buf_text(&key), &h, &ignored);
    cs_buf_fini(&key);
}

cs_status cs_home_for(cs_vats *v, cs_vatid vat, const cs_kind *kind, cs_home **ret, cs_error *err)
{
    cs_place place = { 0 };
    cs_buf key = { 0 };
    if (v->ops.place != NULL)
        v->ops.place(v->ctx, vat, &place);
    const char *name = place.kind != NULL ? place.kind : v->settings.kind;
    if (kind == NULL)
        kind = find_kind(name);
    if (kind == NULL)
        return cs_fail(err, CS_E_CORRUPT, "v%u asks for a worker of the unknown kind '%s'", vat.n,
                       name);
    if (v->settings.require_sandbox && !kind->is_confined)
        return cs_fail(err, CS_E_ENGINE,
                       "v%u: vats of kind '%s' have no sandbox, and one is required", vat.n,
                       kind->name);
    make_key(v, kind, &place, vat, &key);
    cs_status st = have_home(v, kind, cs_buf_text(&key), ret, err);
    cs_buf_fini(&key);
    return st;
}

cs_home *cs_home_of(const cs_vats *v, cs_vatid vat)
{
    return cs_map_ptr(&v->loaded, vat.n);
}

cs_status cs_home_deliver(cs_vats *v, const cs_home *h, cs_vatid vat, const cs_delivery *d,
                          cs_collect collect, cs_reply *ret_reply, cs_error *err)
{
    cs_worker *w = h->worker;
    if (w->kind->shares_core)
        cs_core_hold(&v->core);
    return w->kind->deliver(w, vat, d, collect, ret_reply, err);
}

void cs_home_enter(cs_vats *v, cs_home *h, cs_vatid vat)
{
    cs_map_put(&v->loaded, vat.n)->ptr = h;
    h->vats++;
}

/* Pools stay: their processes have made a base, and will be needed again. */
void cs_home_leave(cs_vats *v, cs_vatid vat)
{
    cs_home *h = cs_home_of(v, vat);
    cs_assert(h->vats > 0);
    (void)cs_map_remove(&v->loaded, vat.n);
    const cs_kind *kind = h->worker->kind;
    const bool is_alone = v->settings.sharing == CS_SHARE_NONE || is_single(kind);
    if (--h->vats == 0 && is_alone && !is_inside(kind))
        cs_home_drop(v, h);
}

/* A removal moves other entries: so first all are found. */
static void unload_all(cs_vats *v, const cs_home *h)
{
    uint64_t *ids = cs_alloc(h->vats * sizeof *ids);
    uint32_t count = 0;
    for (cs_map_entry *e = NULL; (e = cs_map_next(&v->loaded, e)) != NULL;)
        if (e->ptr == h)
            ids[count++] = e->key;
    for (uint32_t i = 0; i < count; i++)
        (void)cs_map_remove(&v->loaded, ids[i]);
    cs_free(ids);
}

void cs_home_drop(cs_vats *v, cs_home *h)
{
    const cs_collection_figures figures = h->worker->kind->collections(h->worker);
    v->figures.collections += figures.collections;
    v->figures.dead += figures.dead;
    if (figures.dead_max > v->figures.dead_max)
        v->figures.dead_max = figures.dead_max;
    unload_all(v, h);
    for (size_t i = 0; i < v->home_count; i++)
        if (v->homes[i] == h) {
            v->homes[i] = v->homes[--v->home_count];
            break;
        }
    h->worker->kind->stop(h->worker);
    cs_free(h->key);
    (void)cs_free(h);
}
