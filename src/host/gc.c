/* Reaping when the host says so (S8, S14): only GC cranks run, so no user code gets a turn. */
#include "host/handle.h"

static cs_status reap(capstan *c, const char *name)
{
    cs_vatid vat;
    if (name == NULL)
        return cs_kernel_reap_all(c->kernel, &c->err);
    cs_status st = cs_host_find_vat(c, name, &vat);
    if (st == CS_OK)
        st = cs_kernel_reap(c->kernel, vat);
    if (st == CS_E_DEAD)
        st = cs_fail(&c->err, st, "vat '%s' is terminated: nothing of it is left to collect", name);
    return st;
}

static cs_status run_gc(capstan *c)
{
    cs_status st = CS_OK;
    for (bool did = true; st == CS_OK && did;) {
        st = cs_host_crank(c, cs_kernel_next_gc, &did);
        if (st == CS_OK && did && cs_host_block_is_full(c))
            st = cs_host_commit(c);
    }
    return st;
}

static capstan_gc_figures figures_since(const capstan *c, const cs_meta *before)
{
    const uint64_t *now = cs_meta_get(c->store)->stats, *then = before->stats;
    return (capstan_gc_figures){
        .imports_dropped = now[CS_STAT_IMPORTS_DROPPED] - then[CS_STAT_IMPORTS_DROPPED],
        .imports_retired = now[CS_STAT_IMPORTS_RETIRED] - then[CS_STAT_IMPORTS_RETIRED],
        .exports_dropped = now[CS_STAT_EXPORTS_DROPPED] - then[CS_STAT_EXPORTS_DROPPED],
        .exports_retired = now[CS_STAT_EXPORTS_RETIRED] - then[CS_STAT_EXPORTS_RETIRED],
        .deliveries = now[CS_STAT_DELIVERIES] - then[CS_STAT_DELIVERIES],
    };
}

static uint64_t references(const capstan_gc_figures *f)
{
    return f->imports_dropped + f->imports_retired + f->exports_dropped + f->exports_retired;
}

/* What an exporter was told to drop may have been all that held its own imports, so all vats are
 * reaped again until a round finds nothing. Nobody gains a reference meanwhile, so it ends. */
static cs_status collect(capstan *c, const char *vat, capstan_gc_figures *f)
{
    const cs_meta before = *cs_meta_get(c->store);
    uint64_t last, rounds = 0;
    cs_status st;
    do {
        last = references(f);
        st = reap(c, vat);
        if (st == CS_OK)
            st = run_gc(c);
        *f = figures_since(c, &before);
        f->rounds = ++rounds;
    } while (st == CS_OK && vat == NULL && references(f) > last);
    if (st == CS_OK || st == CS_E_PANIC) {
        cs_status committed = cs_host_commit(c);
        st = committed != CS_OK ? committed : st;
    }
    return st;
}

capstan_code capstan_gc(capstan *c, const char *vat, capstan_gc_figures *ret)
{
    capstan_gc_figures figures = { 0 };
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = collect(c, vat, &figures);
    if (ret != NULL)
        *ret = figures;
    return cs_host_leave(c, st);
}

capstan_code capstan_reap_all(capstan *c)
{
    cs_status st = cs_host_enter_to_write(c);
    return cs_host_leave(c, st == CS_OK ? cs_kernel_reap_all(c->kernel, &c->err) : st);
}

static uint64_t reap_number(uint64_t n)
{
    return n < CS_REAP_NEVER ? n : CS_REAP_NEVER;
}

capstan_code capstan_set_reap_defaults(capstan *c, uint64_t interval, uint64_t gc_krefs)
{
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = cs_kernel_set_reap_defaults(c->kernel, reap_number(interval), reap_number(gc_krefs));
    return cs_host_leave(c, st);
}
