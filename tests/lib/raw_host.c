/* Lines of a script that the host acts by. */
#include "raw_text.h"
#include "raw_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static void parse_vat_options(raw_world *w, char *at, cs_vat_options *o, cs_kcapdata *params)
{
    *o = (cs_vat_options){ .is_static = true };
    *params = (cs_kcapdata){ .body = CS_BYTES("#{}") };
    for (char *one = raw_word(&at); *one != 0; one = raw_word(&at)) {
        o->enable_pipelining |= raw_is(one, "pipelining");
        o->critical |= raw_is(one, "critical");
        o->is_static &= !raw_is(one, "dynamic");
        if (strncmp(one, "meter=", 6) == 0)
            o->computrons_max = strtoull(one + 6, NULL, 10);
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
    if (cs_kernel_next(w->k, &e, &err) != CS_OK)
        return raw_complain(w, "next: %s", err.text);
    return e.kind == CS_EFFECT_CRANK ? raw_settle(w) : raw_complain(w, "effect %d", (int)e.kind);
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

static cs_status host_call(raw_world *w, char *text, cs_error *err)
{
    char *at = text;
    if (text[0] == '@' || text[0] == 'k')
        return host_send(w, text, err);
    const char *verb = raw_word(&at);
    if (raw_is(verb, "vat"))
        return add_vat(w, at, err);
    if (raw_is(verb, "terminate"))
        return terminate(w, at);
    if (raw_is(verb, "pin"))
        return cs_kernel_pin(w->k, kref_arg(w, at));
    if (raw_is(verb, "hold"))
        return cs_kernel_hold(w->k, kref_arg(w, at));
    if (raw_is(verb, "release"))
        return cs_kernel_release(w->k, kref_arg(w, at));
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
    if (strncmp(text, "panic ", 6) == 0)
        return expect_panic(w, text + 6);
    if (strncmp(text, "log ", 4) == 0)
        return expect_log(w, text + 4);
    char *want = strstr(text, " ! ");
    if (want != NULL)
        *want = 0;
    cs_status st = host_call(w, text, &err);
    if (!raw_is(cs_status_name(st), want == NULL ? "OK" : want + 3))
        return raw_complain(w, "%s: %s", cs_status_name(st), err.text);
    return st == CS_E_PANIC ? NULL : raw_settle(w);
}
