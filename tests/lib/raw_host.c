/* Lines of a script that the host acts by. */
#include "kernel/bundle.h"
#include "raw_text.h"
#include "raw_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t threshold(const char *text)
{
    return raw_is(text, "never") ? CS_REAP_NEVER : strtoull(text, NULL, 10);
}

static void parse_vat_options(raw_world *w, char *at, cs_vat_options *o, cs_kcapdata *params)
{
    *o = (cs_vat_options){ .is_static = true };
    *params = (cs_kcapdata){ .body = CS_BYTES("#{}") };
    for (char *one = raw_word(&at); *one != 0; one = raw_word(&at)) {
        o->enable_pipelining |= raw_is(one, "pipelining");
        o->critical |= raw_is(one, "critical");
        o->is_static &= !raw_is(one, "dynamic");
        o->never_reap |= raw_is(one, "never-reap");
        if (raw_starts(one, "meter="))
            o->computrons_max = strtoull(one + 6, NULL, 10);
        if (raw_starts(one, "interval="))
            o->reap_interval = threshold(one + 9);
        if (raw_starts(one, "gc-krefs="))
            o->reap_gc_krefs = threshold(one + 9);
        if (raw_is(one, "with")) {
            raw_kcapdata_parse(&w->arena, at, raw_root_of, w, params);
            return;
        }
    }
}

static cs_status add_vat(raw_world *w, char *at, cs_error *err)
{
    cs_vat_options options;
    cs_kcapdata params;
    cs_vatid vat;
    const cs_hash bundle = cs_hash_of(CS_BYTES("raw"));
    const char *name = raw_word(&at);
    parse_vat_options(w, at, &options, &params);
    return cs_kernel_add_vat(w->k, cs_bytes_of(raw_is(name, "-") ? "" : name), &bundle, &options,
                             &params, &vat, err);
}

static cs_policy parse_policy(char *text)
{
    char *policy = strstr(text, " policy ");
    if (policy == NULL)
        return CS_POLICY_IGNORE;
    *policy = 0;
    policy += strlen(" policy ");
    return raw_is(policy, "log")           ? CS_POLICY_LOG_ALWAYS
           : raw_is(policy, "log-failure") ? CS_POLICY_LOG_FAILURE
           : raw_is(policy, "panic")       ? CS_POLICY_PANIC
                                           : CS_POLICY_IGNORE;
}

static cs_status host_send(raw_world *w, char *text, cs_error *err)
{
    char *want = strstr(text, " => "), got[CS_REF_TEXT_MAX];
    cs_kref target, promise;
    cs_kcapdata methargs;
    if (want != NULL)
        *want = 0;
    cs_policy policy = parse_policy(text);
    raw_kcall_parse(&w->arena, text, raw_root_of, w, &target, &methargs);
    cs_status st = cs_kernel_send(w->k, target, &methargs, policy, &promise, err);
    if (st == CS_OK && want != NULL && !raw_is(want + 4, cs_kref_text(promise, got)))
        return cs_fail(err, CS_E_USAGE, "the answer's promise is %s", got);
    return st;
}

static cs_status terminate(raw_world *w, char *at)
{
    cs_vatid vat = raw_vat_named(w, cs_bytes_of(raw_word(&at)));
    return cs_kernel_terminate(w->k, vat, cs_bytes_of(at));
}

static cs_kref kref_arg(raw_world *w, char *at)
{
    cs_kref k;
    char *text = raw_word(&at);
    if (text[0] == '@')
        return raw_root_of(w, cs_bytes_of(text + 1));
    if (cs_kref_parse(cs_bytes_of(text), &k) != CS_OK)
        raw_die("not a kref", text);
    return k;
}

static const char *expect_idle(raw_world *w)
{
    cs_effect e;
    cs_error err;
    const char *bad;
    if (raw_run_to_delivery(w, &e, &bad, &err) != CS_OK)
        return raw_complain(w, "next: %s", err.text);
    if (bad != NULL || e.kind == CS_EFFECT_IDLE)
        return bad;
    cs_buf b = { 0 };
    raw_delivery_text(&b, &e.delivery);
    bad = raw_complain(w, "not idle: v%u <- %s", (unsigned)e.vat.n, cs_buf_text(&b));
    cs_buf_fini(&b);
    return bad;
}

static const char *expect_step(raw_world *w)
{
    cs_effect e;
    cs_error err;
    if (raw_next_effect(w, &e, &err) != CS_OK)
        return raw_complain(w, "next: %s", err.text);
    return e.kind == CS_EFFECT_CRANK ? raw_settle(w) : raw_complain(w, "effect %d", (int)e.kind);
}

/* All of what terminated vats left, before anything else happens. */
static const char *clean_up(raw_world *w)
{
    cs_effect e;
    cs_error err;
    const char *bad = NULL;
    while (bad == NULL && cs_meta_get(w->store)->stats[CS_STAT_VATS_TERMINATING] > 0) {
        if (cs_kernel_next_gc(w->k, &e, &err) != CS_OK || e.kind != CS_EFFECT_CRANK)
            return raw_complain(w, "no cleanup");
        bad = raw_settle(w);
    }
    return bad;
}

static const char *expect_panic(raw_world *w, const char *text)
{
    cs_effect e;
    cs_error err;
    const char *bad;
    cs_status st = raw_run_to_delivery(w, &e, &bad, &err);
    if (bad != NULL)
        return bad;
    if (st != CS_E_PANIC || strstr(err.text, text) == NULL)
        return raw_complain(w, "no panic but %s: %s", cs_status_name(st),
                            st == CS_OK ? "" : err.text);
    return NULL;
}

static const char *expect_log(raw_world *w, const char *text)
{
    const char *line = w->log_read < w->log_count ? w->log[w->log_read++] : "(no line)";
    return raw_is(line, text) ? NULL : raw_complain(w, "log: %s", line);
}

/* ---- garbage ---- */

static cs_status set_policy(raw_world *w, const char *name)
{
    static const char *const names[] = { "paced", "prompt", "batched" };
    for (unsigned i = 0; i < 3; i++)
        if (raw_is(name, names[i])) {
            w->policy = (cs_gc_policy)i;
            cs_kernel_set_gc(w->k, w->policy);
            return CS_OK;
        }
    raw_die("no such policy", name);
}

static cs_status set_defaults(raw_world *w, char *at)
{
    uint64_t interval = threshold(raw_word(&at));
    return cs_kernel_set_reap_defaults(w->k, interval, threshold(at));
}

/* What stands between `word` and the next word of the line, or nothing. */
static cs_vrefs claimed(raw_world *w, const char *text, const char *word)
{
    char copy[RAW_LINE_MAX];
    cs_vrefs refs = { 0 };
    const char *at = strstr(text, word);
    if (at == NULL)
        return refs;
    (void)snprintf(copy, sizeof copy, "%s", at + strlen(word));
    copy[strcspn(copy, "rh")] = 0;
    raw_vrefs_parse(&w->arena, copy, &refs);
    return refs;
}

static cs_status reconcile(raw_world *w, char *at, cs_error *err)
{
    uint32_t changed = 0;
    char *want = strstr(at, " => ");
    if (want != NULL)
        *want = 0;
    cs_vatid vat = raw_vat_named(w, cs_bytes_of(raw_word(&at)));
    cs_vrefs held = claimed(w, at, "held"), recognized = claimed(w, at, "recognized");
    cs_status st = cs_kernel_reconcile(w->k, vat, &held, &recognized, &changed);
    if (st == CS_OK && (want == NULL || strtoul(want + 4, NULL, 10) != changed))
        return cs_fail(err, CS_E_USAGE, "%u changed", (unsigned)changed);
    return st;
}

/* "5", or by phase: "exports=5 kv=1", of which those that are not named have no limit. */
void raw_read_cleanup(const char *at, cs_cleanup_budget *ret)
{
    static const char *const names[CS_CLEANUP_PHASES] = { "exports=", "imports=", "promises=",
                                                          "kv=", "transcripts=" };
    ret->total = strchr(at, '=') == NULL ? strtoull(at, NULL, 10) : UINT64_MAX;
    for (size_t i = 0; i < CS_CLEANUP_PHASES; i++) {
        const char *value = strstr(at, names[i]);
        ret->phases[i] = value == NULL ? UINT64_MAX : strtoull(value + strlen(names[i]), NULL, 10);
    }
}

static cs_status set_cleanup(raw_world *w, const char *at)
{
    raw_read_cleanup(at, &w->cleanup);
    cs_kernel_set_cleanup_budget(w->k, &w->cleanup);
    return CS_OK;
}

/* "NAME" or "NAME ID" */
static cs_status add_bundle(raw_world *w, const char *at, cs_error *err)
{
    char id[100], name[60], word[60];
    const int words = sscanf(at, "%59s %59s", name, word);
    const cs_hash hash = cs_hash_of(CS_BYTES("raw"));
    (void)snprintf(id, sizeof id, "b1-%s", words == 2 ? word : name);
    cs_status st = cs_kernel_install_bundle(w->k, cs_bytes_of(id), &hash, err);
    return st == CS_OK ? cs_kernel_name_bundle(w->k, cs_bytes_of(name), cs_bytes_of(id), err) : st;
}

static cs_status set_only(raw_world *w, const char *what)
{
    w->only_gc = raw_is(what, "gc");
    return CS_OK;
}

static cs_status host_call(raw_world *w, char *text, cs_error *err)
{
    char *at = text;
    if (text[0] == '@' || text[0] == 'k')
        return host_send(w, text, err);
    const char *verb = raw_word(&at);
    if (raw_is(verb, "vat"))
        return add_vat(w, at, err);
    if (raw_is(verb, "device")) {
        raw_add_device(w, at);
        return CS_OK;
    }
    if (raw_is(verb, "vats-max"))
        return cs_kernel_set_vats_max(w->k, strtoull(at, NULL, 10));
    if (raw_is(verb, "bundle"))
        return add_bundle(w, at, err);
    if (raw_is(verb, "resume"))
        return cs_kernel_resume(w->k, raw_vat_named(w, cs_bytes_of(raw_word(&at))));
    if (raw_is(verb, "forget-devices"))
        return raw_forget_devices(w);
    if (raw_is(verb, "terminate"))
        return terminate(w, at);
    if (raw_is(verb, "pin"))
        return cs_kernel_pin(w->k, kref_arg(w, at));
    if (raw_is(verb, "hold"))
        return cs_kernel_hold(w->k, kref_arg(w, at));
    if (raw_is(verb, "release"))
        return cs_kernel_release(w->k, kref_arg(w, at));
    if (raw_is(verb, "gc"))
        return set_policy(w, at);
    if (raw_is(verb, "cleanup"))
        return set_cleanup(w, at);
    if (raw_is(verb, "only"))
        return set_only(w, at);
    if (raw_is(verb, "defaults"))
        return set_defaults(w, at);
    if (raw_is(verb, "reap"))
        return cs_kernel_reap(w->k, raw_vat_named(w, cs_bytes_of(raw_word(&at))));
    if (raw_is(verb, "reap-all"))
        return cs_kernel_reap_all(w->k, err);
    if (raw_is(verb, "reconcile"))
        return reconcile(w, at, err);
    if (raw_is(verb, "why"))
        return cs_kernel_why(w->k, kref_arg(w, at), NULL, NULL);
    raw_die("no such host call", verb);
}

const char *raw_host_line(raw_world *w, const char *line)
{
    char text[RAW_LINE_MAX];
    cs_error err = { 0 };
    (void)snprintf(text, sizeof text, "%s", line);
    if (raw_is(text, "idle"))
        return expect_idle(w);
    if (raw_is(text, "step"))
        return expect_step(w);
    if (raw_is(text, "clean"))
        return clean_up(w);
    if (raw_starts(text, "panic "))
        return expect_panic(w, text + 6);
    if (raw_starts(text, "log "))
        return expect_log(w, text + 4);
    if (raw_starts(text, "why ") && strstr(text, " ! ") == NULL)
        return raw_why_line(w, text + 4);
    char *want = strstr(text, " ! ");
    if (want != NULL)
        *want = 0;
    cs_status st = host_call(w, text, &err);
    if (!raw_is(cs_status_name(st), want == NULL ? "OK" : want + 3))
        return raw_complain(w, "%s: %s", cs_status_name(st), err.text);
    return st == CS_E_PANIC ? NULL : raw_settle(w);
}
