/* Vats by id, each with its liveslots and through them its heap. All of them are clones of the one
 * base that a process has; supervisors of a process share it. */
#include "worker/supervisor.h"

#include "base/alloc.h"
#include "base/map.h"
#include "engine/bundle.h"
#include "liveslots/liveslots.h"
#include "marshal/marshal.h"
#include "worker/pauses.h"

struct cs_supervisor {
    cs_supervisor_ops ops;
    void *ctx;
    bool is_silent;
    cs_map vats; /* id -> vat */

    /* Collections (cs_supervisor_collections()). */
    uint64_t collection_started_ns;
    uint64_t dead, dead_max;
    cs_pauses pauses;
};

/* What liveslots speaks to. */
typedef struct vat {
    cs_supervisor *supervisor;
    cs_vatid id;
    cs_liveslots *liveslots;
} vat;

/* --- the base --------------------------------------------------------------------------------------- */

static cs_base *base;
static unsigned base_users;

static cs_status take_base(cs_error *err)
{
    static const cs_native *const natives[] = { cs_marshal_natives, cs_liveslots_natives, NULL };
    static const cs_base_parts parts = { .natives = natives };
    cs_status st = base_users > 0 ? CS_OK : cs_base_new(&parts, &base, err);
    if (st == CS_OK)
        base_users++;
    return st;
}

static void give_base_back(void)
{
    if (--base_users == 0)
        base = cs_base_free(base);
}

/* --- life ------------------------------------------------------------------------------------------- */

cs_status cs_supervisor_new(const cs_supervisor_ops *ops, void *ctx, cs_supervisor **ret,
                            cs_error *err)
{
    cs_status st = take_base(err);
    if (st != CS_OK)
        return st;
    cs_supervisor *s = CS_NEW(cs_supervisor);
    s->ops = *ops;
    s->ctx = ctx;
    *ret = s;
    return CS_OK;
}

static vat *free_vat(vat *v)
{
    (void)cs_liveslots_free(v->liveslots);
    return cs_free(v);
}

cs_supervisor *cs_supervisor_free(cs_supervisor *s)
{
    if (s == NULL)
        return NULL;
    for (cs_map_entry *e = NULL; (e = cs_map_next(&s->vats, e)) != NULL;)
        (void)free_vat(e->ptr);
    cs_map_fini(&s->vats);
    give_base_back();
    return cs_free(s);
}

void cs_supervisor_set_silent(cs_supervisor *s, bool silent)
{
    s->is_silent = silent;
}

/* --- vats ------------------------------------------------------------------------------------------- */

static void say(void *ctx, const char *level, cs_bytes text)
{
    const vat *v = ctx;
    const cs_supervisor *s = v->supervisor;
    if (!s->is_silent && s->ops.say != NULL)
        s->ops.say(s->ctx, v->id, level, text);
}

static uint64_t now_ns(const cs_supervisor *s)
{
    return s->ops.now_ns == NULL ? 0 : s->ops.now_ns(s->ctx);
}

/* What a replay collects was collected, and counted, before. */
static void collecting(void *ctx, bool begins, uint32_t dead)
{
    const vat *v = ctx;
    cs_supervisor *s = v->supervisor;
    if (s->is_silent)
        return;
    if (begins) {
        s->collection_started_ns = now_ns(s);
        return;
    }
    cs_pauses_add(&s->pauses, now_ns(s) - s->collection_started_ns);
    s->dead += dead;
    if (dead > s->dead_max)
        s->dead_max = dead;
}

static cs_status ask(void *ctx, cs_syscall *syscalls, uint32_t count)
{
    const vat *v = ctx;
    const cs_supervisor *s = v->supervisor;
    return s->ops.ask == NULL ? CS_E_BAD_SYSCALL : s->ops.ask(s->ctx, v->id, syscalls, count);
}

/* Compiling takes much longer than running what was compiled; so what was kept is used, and what was
 * not is kept. Of a bundle that runs already the engine has the code, and takes even none. */
static cs_status offer_code(cs_supervisor *s, cs_bytes bundle, cs_error *err)
{
    const char *name = cs_base_name(base);
    if (cs_bundle_offer(base, bundle, (cs_bytes){ 0 }))
        return CS_OK;
    if (s->ops.read_code != NULL) {
        cs_bytes kept = s->ops.read_code(s->ctx, name);
        if (kept.size > 0 && cs_bundle_offer(base, bundle, kept))
            return CS_OK;
    }
    cs_buf code = { 0 };
    cs_status st = cs_bundle_compile(base, bundle, &code, err);
    if (st == CS_OK) {
        (void)cs_bundle_offer(base, bundle, cs_buf_bytes(&code));
        if (s->ops.write_code != NULL)
            s->ops.write_code(s->ctx, name, cs_buf_bytes(&code));
    }
    cs_buf_fini(&code);
    return st;
}

const char *cs_supervisor_base_name(const cs_supervisor *s)
{
    (void)s; /* it holds the base */
    return cs_base_name(base);
}

cs_status cs_supervisor_compile(cs_supervisor *s, cs_bytes bundle, cs_buf *ret_code,
                                const char **ret_base_name, cs_error *err)
{
    (void)s; /* it holds the base */
    *ret_base_name = cs_base_name(base);
    return cs_bundle_compile(base, bundle, ret_code, err);
}

cs_status cs_supervisor_load(cs_supervisor *s, cs_vatid id, cs_bytes bundle,
                             const cs_load_options *options, cs_error *err)
{
    static const cs_liveslots_ops ops = { .say = say, .collecting = collecting, .ask = ask };
    cs_assert(cs_map_find(&s->vats, id.n) == NULL);
    cs_status st = offer_code(s, bundle, err);
    if (st != CS_OK)
        return st;
    vat *v = CS_NEW(vat);
    *v = (vat){ .supervisor = s, .id = id };
    cs_liveslots_options ls = {
        .ops = &ops,
        .ctx = v,
        .vat = id,
        .computrons_max = options->computrons_max,
        .heap_max = options->heap_max,
    };
    st = cs_liveslots_new(base, bundle, &ls, &v->liveslots, err);
    if (st != CS_OK) {
        (void)free_vat(v);
        return st;
    }
    cs_map_put(&s->vats, id.n)->ptr = v;
    return CS_OK;
}

void cs_supervisor_deliver(cs_supervisor *s, cs_vatid id, const cs_delivery *d, cs_collect collect,
                           cs_reply *ret_reply)
{
    vat *v = cs_map_ptr(&s->vats, id.n);
    cs_assert(v != NULL);
    cs_liveslots_deliver(v->liveslots, d, collect, ret_reply);
}

void cs_supervisor_imports(cs_supervisor *s, cs_vatid id, cs_vrefs *ret_held,
                           cs_vrefs *ret_recognized)
{
    vat *v = cs_map_ptr(&s->vats, id.n);
    cs_assert(v != NULL);
    cs_liveslots_imports(v->liveslots, ret_held, ret_recognized);
}

cs_collection_figures cs_supervisor_collections(const cs_supervisor *s)
{
    return (cs_collection_figures){
        .collections = s->pauses.count,
        .dead = s->dead,
        .dead_max = s->dead_max,
        .p50_us = (double)cs_pauses_at(&s->pauses, 0.5) / 1000,
        .p99_us = (double)cs_pauses_at(&s->pauses, 0.99) / 1000,
        .max_us = (double)s->pauses.max_ns / 1000,
    };
}

void cs_supervisor_unload(cs_supervisor *s, cs_vatid id)
{
    vat *v = cs_map_ptr(&s->vats, id.n);
    if (v == NULL)
        return;
    (void)cs_map_remove(&s->vats, id.n);
    (void)free_vat(v);
}
