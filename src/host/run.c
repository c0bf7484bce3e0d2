/* Running: cranks, and the blocks that they are committed in (design: when the queue is empty, after
 * N cranks or M computrons, or after 5 ms). The clock is read here, between cranks, and never in the
 * kernel: it decides when to commit, not what happens. */
#include "host/handle.h"

#include "base/limits.h"
#include "kernel/meter.h"
#include "kernel/options.h"

#include <time.h>

#define BLOCK_NS_MAX UINT64_C(5000000)
#define BLOCK_COMPUTRONS_MAX UINT64_C(65000000)

static uint64_t now_ns(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

static void on_say(void *ctx, cs_vatid vat, const char *level, cs_bytes text)
{
    capstan *c = ctx;
    cs_buf line = { 0 };
    cs_buf_add(&line, text.data, text.size);
    const char *name = cs_host_vat_name(c, vat), *utf8 = cs_buf_text(&line);
    bool was = c->busy;
    c->busy = true;
    if (level == NULL && c->listener.test_log != NULL)
        c->listener.test_log(c->ctx, name, utf8);
    else if (level != NULL && c->listener.console != NULL)
        c->listener.console(c->ctx, name, level, utf8);
    c->busy = was;
    cs_buf_fini(&line);
}

/* S9: no delivery goes on for ever, whatever the vat's own limit. The store keeps both, so that a replay is
 * judged alike. */
static uint64_t computrons_max(void *ctx, cs_vatid vat)
{
    capstan *c = ctx;
    const cs_vat_row *row = cs_vat_find(c->store, vat);
    const uint64_t max = cs_delivery_max(c->store);
    cs_vat_options options;
    if (row == NULL || !cs_vat_options_dec(row->options, &options) || options.computrons_max == 0 ||
        options.computrons_max > max)
        return max;
    return options.computrons_max;
}

/* Why a question was refused the kernel says when the crank is done. */
static cs_status ask(void *ctx, cs_vatid vat, cs_syscall *syscalls, uint32_t count)
{
    (void)vat;
    const capstan *c = ctx;
    return cs_kernel_ask(c->kernel, syscalls, count, NULL);
}

static void on_notice(void *ctx, const char *line)
{
    cs_host_notice(ctx, "%s", line);
}

void cs_host_vats(capstan *c)
{
    static const cs_vats_ops ops = {
        .say = on_say,
        .computrons_max = computrons_max,
        .ask = ask,
        .place = cs_host_place,
        .notice = on_notice,
    };
    if (c->vats == NULL)
        c->vats = cs_vats_new(c->store, &c->workers, &ops, c);
}

cs_status cs_host_commit(capstan *c)
{
    if (c->vats != NULL)
        cs_vats_rest(c->vats);
    c->block_cranks = 0;
    c->block_computrons = 0;
    return cs_store_commit(c->store, &c->err);
}

/* A vat that imports other things than its c-list says has been replayed with other drops than its
 * history has (docs/gc.md). What it lost is dropped for it; what it holds beyond its c-list it will lose
 * when it is collected. A BOYD has just done that, so it is not asked for another one. */
static cs_status reconcile(capstan *c, const cs_effect *effect)
{
    cs_vrefs held, recognized;
    uint32_t changed = 0;
    cs_status st = cs_vats_imports(c->vats, effect->vat, &held, &recognized, &c->err);
    if (st == CS_E_WORKER)
        return CS_OK; /* the heap is gone, and comes back by another replay */
    if (st == CS_OK)
        st = cs_kernel_reconcile(c->kernel, effect->vat, &held, &recognized, &changed);
    if (changed > 0)
        cs_host_notice(c, "vat '%s' no longer has %u of the imports in its c-list: dropped for it",
                       cs_host_vat_name(c, effect->vat), (unsigned)changed);
    if (st == CS_OK && changed == 0 && effect->delivery.kind != CS_DELIVER_BRING_OUT_YOUR_DEAD)
        st = cs_kernel_reap(c->kernel, effect->vat);
    return st;
}

static cs_status deliver(capstan *c, const cs_effect *effect)
{
    cs_reply reply;
    cs_outcome outcome = { 0 };
    cs_host_vats(c);
    cs_status st =
        cs_vats_deliver(c->vats, effect->vat, &effect->delivery, effect->collect, &reply, &c->err);
    if (st != CS_OK) {
        cs_kernel_abandon(c->kernel);
        return st == CS_E_WORKER ? CS_OK : st; /* the event is back in its place: once more */
    }
    c->block_computrons += reply.computrons;
    st = cs_kernel_done(c->kernel, &reply, &outcome, &c->err);
    /* A heap whose crank was not kept, for whatever reason, is not what the transcript says. */
    if (st != CS_OK || outcome.aborted)
        cs_vats_unload(c->vats, effect->vat);
    else if (outcome.miscounted)
        st = reconcile(c, effect);
    return st;
}

cs_status cs_host_crank(capstan *c, cs_host_next *next, bool *ret_did)
{
    cs_effect effect;
    cs_status st = next(c->kernel, &effect, &c->err);
    if (st != CS_OK)
        return st;
    *ret_did = effect.kind != CS_EFFECT_IDLE;
    if (effect.kind == CS_EFFECT_DELIVER)
        st = deliver(c, &effect);
    if (*ret_did && c->block_cranks++ == 0)
        c->block_started_ns = now_ns();
    return st;
}

bool cs_host_block_is_full(const capstan *c)
{
    return c->block_cranks >= c->block_cranks_max || c->block_computrons >= BLOCK_COMPUTRONS_MAX ||
           now_ns() - c->block_started_ns >= BLOCK_NS_MAX;
}

static bool must_stop(const capstan_policy *p, const capstan_run_figures *f, uint64_t elapsed_ns)
{
    return (p->cranks_max > 0 && f->cranks >= p->cranks_max) ||
           (p->computrons_max > 0 && f->computrons >= p->computrons_max) ||
           (p->millis_max > 0 && elapsed_ns / 1000000 >= p->millis_max);
}

static void add_figures(const capstan *c, const cs_meta *before, capstan_run_figures *f)
{
    const cs_meta *now = cs_meta_get(c->store);
    f->cranks = now->stats[CS_STAT_CRANKS] - before->stats[CS_STAT_CRANKS];
    f->deliveries = now->stats[CS_STAT_DELIVERIES] - before->stats[CS_STAT_DELIVERIES];
    f->computrons = now->stats[CS_STAT_COMPUTRONS] - before->stats[CS_STAT_COMPUTRONS];
    f->queued = now->acceptance.next - now->acceptance.first + now->run.next - now->run.first +
                now->reap.next - now->reap.first;
}

static void set_budget(capstan *c, const capstan_cleanup_budget *b)
{
    const uint64_t rest = b->by_default == 0 ? UINT64_MAX : b->by_default;
    cs_cleanup_budget budget = {
        .total = UINT64_MAX,
        .phases = { [CS_CLEANUP_EXPORTS] = b->exports,
                    [CS_CLEANUP_IMPORTS] = b->imports,
                    [CS_CLEANUP_PROMISES] = b->promises,
                    [CS_CLEANUP_KV] = b->kv,
                    [CS_CLEANUP_TRANSCRIPTS] = b->transcripts },
    };
    for (size_t i = 0; i < CS_CLEANUP_PHASES; i++)
        if (budget.phases[i] == 0)
            budget.phases[i] = rest;
    cs_kernel_set_cleanup_budget(c->kernel, &budget);
}

static cs_status set_cleanup(capstan *c, const capstan_policy *p)
{
    if (p->cleanup_budget != NULL && p->cleanup_max != 0)
        return cs_fail(&c->err, CS_E_USAGE, "both cleanup_max and cleanup_budget are said");
    if (p->cleanup_budget != NULL)
        set_budget(c, p->cleanup_budget);
    else
        cs_kernel_set_cleanup(c->kernel, p->cleanup_max == 0               ? CS_CLEANUP_BATCH
                                         : p->cleanup_max == CAPSTAN_NEVER ? 0
                                                                           : p->cleanup_max);
    return CS_OK;
}

static cs_status run(capstan *c, const capstan_policy *policy, capstan_run_figures *f)
{
    const cs_meta before = *cs_meta_get(c->store);
    const uint64_t started = now_ns();
    cs_status st = CS_OK;
    while (st == CS_OK && !must_stop(policy, f, now_ns() - started)) {
        bool did;
        st = cs_host_crank(c, cs_kernel_next, &did);
        add_figures(c, &before, f);
        if (st != CS_OK || (f->quiet = !did))
            break;
        if (cs_host_block_is_full(c))
            st = cs_host_commit(c);
    }
    if (st == CS_OK || st == CS_E_PANIC) {
        cs_status committed = cs_host_commit(c);
        st = committed != CS_OK ? committed : st;
    }
    return st;
}

capstan_code capstan_step(capstan *c, bool *ret_did)
{
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = cs_host_crank(c, cs_kernel_next, ret_did);
    return cs_host_leave(c, st);
}

capstan_code capstan_run(capstan *c, const capstan_policy *policy, capstan_run_figures *ret)
{
    static const capstan_policy for_ever = { 0 };
    capstan_run_figures figures = { 0 };
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK) {
        policy = policy == NULL ? &for_ever : policy;
        st = set_cleanup(c, policy);
        if (st == CS_OK)
            st = run(c, policy, &figures);
        (void)set_cleanup(c, &for_ever);
    }
    if (ret != NULL)
        *ret = figures;
    return cs_host_leave(c, st);
}

capstan_code capstan_commit(capstan *c)
{
    cs_status st = cs_host_enter_to_write(c);
    return cs_host_leave(c, st == CS_OK ? cs_host_commit(c) : st);
}
