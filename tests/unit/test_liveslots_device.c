/* D(node).method(...args): calls, what may cross, what it costs, and calls that are refused. That the
 * same syscalls are made as in the reference is golden/liveslots/devices. */
#include "scripted_kernel.h"
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A vat that runs what it is told with a device node, and notes what it throws. */
static const char vat[] =
    "import { E, Far } from '@endo/far';"
    "export const buildRootObject = ({ D, testLog }) => { const held = []; return Far('root', {"
    " call: (d, ...args) => D(d).m(...args),"
    " log: (d, ...args) => { try { testLog(D(d).m(...args)); } catch (e) { testLog(`${e}`); } },"
    " hold: (d, ...args) => { held.push(D(d).m(...args)); },"
    " drop: () => { held.length = 0; },"
    " send: (d, to) => E(to).got(D(d).m()),"
    " back: d => d,"
    " two: d => [D(d).a(1), D(d).b(2)],"
    " spin: (d, n) => { for (let i = 0; i < n; i++) D(d).m(); },"
    " }); };";

static void a_call_waits_for_its_answer(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    sk_answer(k, false, "#[1,\"$0.Alleged: carol\",\"$1\"]", "o-60 d-71");
    assert_string_equal(
        sk_send(k, "#[\"call\",[\"$0.Device\",7,\"$1\"]]", "d-70 o-50", "p-60"),
        "call d-70 m #[7,\"$0.Alleged: presence o-50\"] [o-50] = "
        "#[1,\"$0.Alleged: carol\",\"$1\"] [o-60 d-71]\n"
        "resolve p-60 #[1,\"$0.Alleged: carol\",\"$1.Alleged: device d-71\"] [o-60 d-71]\n");
    sk_answer(k, false, "#\"first\"", "");
    sk_answer(k, false, "#\"#undefined\"", "");
    assert_string_equal(sk_send(k, "#[\"two\",[\"$0\"]]", "d-70", "p-61"),
                        "call d-70 a #[1] = #\"first\"\ncall d-70 b #[2] = #\"#undefined\"\n"
                        "resolve p-61 #[\"first\",\"#undefined\"]\n");
    (void)sk_free(k);
}

static void a_failure_is_thrown(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    sk_answer(k, true, "no such \xc3\xa9tage", "");
    (void)sk_send(k, "#[\"log\",[\"$0\"]]", "d-70", "");
    assert_string_equal(sk_said(k), "Error: syscall.callNow failed: no such \xc3\xa9tage\n");
    sk_answer(k, true, "why", "");
    assert_string_equal(
        sk_send(k, "#[\"call\",[\"$0\"]]", "d-70", "p-60"),
        "call d-70 m #[] =! why\n"
        "resolve p-60! #{\"#error\":\"syscall.callNow failed: why\",\"errorId\":\"error:liveSlots:v"
        "2#70001\",\"name\":\"Error\"}\n");
    (void)sk_free(k);
}

/* Neither in arguments nor in results; the vat goes on. */
static void promises_are_refused(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"log\",[\"$0\",\"&1\"]]", "d-70 p-60", ""),
                        "subscribe p-60\n");
    assert_string_equal(sk_said(k), "Error: D() arguments cannot include a Promise\n");
    sk_answer(k, false, "#[\"&0\",\"$1\"]", "p-61 o-50");
    (void)sk_send(k, "#[\"log\",[\"$0\"]]", "d-70", "");
    assert_string_equal(sk_said(k), "Error: D() arguments cannot include a Promise\n");
    (void)sk_free(k);
}

static void what_cannot_be_passed_is_not_called(void **state)
{
    (void)state;
    sk *k =
        sk_new("import { Far } from '@endo/far';"
               "export const buildRootObject = ({ D, testLog }) => Far('root', { m: d => {"
               " const fails = f => { try { f(); testLog('ok'); } catch (e) { testLog(`${e}`); } };"
               " fails(() => D(d).m(new Map())); fails(() => D(d)[Symbol.iterator]());"
               " fails(() => D(D(d))); fails(() => D({})); fails(() => D()); fails(() => D(1));"
               " fails(() => D(new Proxy({}, {})));"
               " fails(() => { D(d).x = 1; }); testLog(Object.isFrozen(D(d)),"
               " D(d) === D(d), typeof D(d).then, Reflect.ownKeys(D(d)).length); } });");
    (void)sk_start(k, "#{}", "");
    assert_string_equal(sk_send(k, "#[\"m\",[\"$0\"]]", "d-70", ""), "");
    const char *said = sk_said(k);
    assert_non_null(strstr(said, "a Map"));
    assert_non_null(strstr(said, "TypeError: D(): the name of a method must be a string\n"
                                 "Error: D(D(x)) is invalid\n"
                                 "Error: D() must be given a device node\n"
                                 "Error: D() must be given a device node\n"
                                 "Error: D() must be given a device node\n"
                                 "Error: D() must be given a device node\n"
                                 "TypeError: "));
    assert_non_null(strstr(said, "\ntruefalsefunction0\n"));
    (void)sk_free(k);
}

/* S5: no answer, no more of this delivery, and nothing the vat's code could do about it. */
static void a_refused_call_ends_the_delivery(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"log\",[\"$0\"]]", "d-70", ""),
                        "call d-70 m #[] = \n"
                        "failed BAD_SYSCALL: a question was refused: malformed syscall\n");
    assert_string_equal(sk_said(k), "");
    assert_int_not_equal(sk_reply(k)->status, CS_OK);
    (void)sk_send(k, "#[\"back\",[\"$0\"]]", "d-70", "");
    assert_int_not_equal(sk_reply(k)->status, CS_OK);
    (void)sk_free(k);
}

/* A device node can be passed on, and is nothing that messages can be sent to. */
static void nodes_are_passable_but_no_presences(void **state)
{
    (void)state;
    sk *k = sk_new("export const buildRootObject = () => Far('root', { back: d => d,"
                   " message: d => E(d).m() });");
    (void)sk_start(k, "#{}", "");
    assert_string_equal(sk_send(k, "#[\"back\",[\"$0\"]]", "d-70", "p-60"),
                        "resolve p-60 #\"$0.Alleged: device d-70\" [d-70]\n");
    const char *trace = sk_send(k, "#[\"message\",[\"$0\"]]", "d-70", "p-61");
    assert_non_null(strstr(trace, "resolve p-61! "));
    assert_non_null(strstr(trace, "target has no method"));
    (void)sk_free(k);
}

/* What devices return is held and lost like what messages bring; what a body does not mention, nobody
 * holds. */
static void results_are_counted(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    sk_answer(k, false, "#\"$0\"", "o-60 o-61");
    assert_string_equal(sk_send(k, "#[\"hold\",[\"$0\"]]", "d-70", ""),
                        "call d-70 m #[] = #\"$0\" [o-60 o-61]\ndrop o-61\nretire o-61\n");
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_send(k, "#[\"drop\",[]]", "", ""), "");
    assert_string_equal(sk_boyd(k), "drop o-60\nretire o-60\n");
    (void)sk_free(k);
}

/* An object given to a device is held until the kernel says otherwise. */
static void arguments_are_held(void **state)
{
    (void)state;
    sk *k = sk_new("export const buildRootObject = ({ D }) => Far('root', {"
                   " m: d => D(d).give(Far('it', { hi: () => 5 })) });");
    (void)sk_start(k, "#{}", "");
    sk_answer(k, false, "#null", "");
    assert_string_equal(sk_send(k, "#[\"m\",[\"$0\"]]", "d-70", ""),
                        "call d-70 give #[\"$0.Alleged: it\"] [o+10] = #null\n");
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_message(k, "o+10", "#[\"hi\",[]]", "", "p-60"), "resolve p-60 #5\n");
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_boyd(k), "retire-exports o+10\n");
    (void)sk_free(k);
}

/* A result that is no CapData is the device's fault: the vat sees an error, and is metered again. */
static void malformed_results_are_thrown(void **state)
{
    (void)state;
    static const char *const bodies[] = { "#[", "", "#\"$0\"", "#{\"#tag\":1}" };
    sk *k = sk_started(vat);
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        sk_answer(k, false, bodies[i], "");
        (void)sk_send(k, "#[\"log\",[\"$0\"]]", "d-70", "");
        assert_non_null(strstr(sk_said(k), "Error: "));
        assert_int_equal(sk_reply(k)->status, CS_OK);
        assert_true(sk_reply(k)->computrons > 0);
    }
    (void)sk_free(k);
}

/* D(node) and its methods are values: kept, called as plain functions, from wherever code runs. */
static void methods_can_be_kept(void **state)
{
    (void)state;
    sk *k = sk_new("import { E, Far } from '@endo/far'; export const buildRootObject = ({ D }) => {"
                   " let m, d; return Far('root', { take: node => { d = D(node); m = d.m; },"
                   " now: () => m(1), later: () => Promise.resolve().then(() => d.n(2)),"
                   " thenable: () => ({ then: r => r(m(3)) }) }); };");
    (void)sk_start(k, "#{}", "");
    (void)sk_send(k, "#[\"take\",[\"$0\"]]", "d-70", "");
    (void)sk_boyd(k);
    for (int i = 0; i < 3; i++)
        sk_answer(k, false, "#true", "");
    assert_string_equal(sk_send(k, "#[\"now\",[]]", "", "p-60"),
                        "call d-70 m #[1] = #true\nresolve p-60 #true\n");
    assert_string_equal(sk_send(k, "#[\"later\",[]]", "", "p-61"),
                        "call d-70 n #[2] = #true\nresolve p-61 #true\n");
    assert_string_equal(sk_send(k, "#[\"thenable\",[]]", "", "p-62"),
                        "call d-70 m #[3] = #true\nresolve p-62 #true\n");
    (void)sk_free(k);
}

/* Code of the vat runs while we encode what it settles a promise with: it may call devices, too. */
static void getters_may_call(void **state)
{
    (void)state;
    sk *k = sk_new("import { Far } from '@endo/far'; export const buildRootObject = ({ D }) =>"
                   " Far('root', { m: d => { const e = Error('x');"
                   " Object.defineProperty(e, 'message', { get: () => D(d).why(Far('o', {})) });"
                   " throw e; }, n: () => 7 });");
    (void)sk_start(k, "#{}", "");
    for (int i = 0; i < 4; i++)
        sk_answer(k, false, "#[\"because\",\"$0\"]", "o-60");
    (void)sk_send(k, "#[\"m\",[\"$0\"]]", "d-70", "p-60");
    assert_int_equal(sk_reply(k)->status, CS_OK);
    assert_string_equal(sk_send(k, "#[\"n\",[]]", "", "p-61"), "resolve p-61 #7\n");
    (void)sk_free(k);
}

/* S7: what is larger than a syscall may be is an error to who tries; more than a delivery may ask ends
 * it. */
static void calls_are_bounded(void **state)
{
    (void)state;
    sk *k = sk_new("import { Far } from '@endo/far';"
                   "export const buildRootObject = ({ D, testLog }) => Far('root', {"
                   " large: d => { try { D(d).m('x'.repeat(10_000_001)); } catch (e) {"
                   " testLog(e.name); } },"
                   " many: d => { const x = 'x'.repeat(4_000_000);"
                   " for (;;) { try { D(d).m(x, x); } catch { testLog('caught'); } } } });");
    (void)sk_start(k, "#{}", "");
    assert_string_equal(sk_send(k, "#[\"large\",[\"$0\"]]", "d-70", ""), "");
    assert_string_equal(sk_said(k), "RangeError\n");
    for (int i = 0; i < 16; i++)
        sk_answer(k, true, "no", "");
    (void)sk_send(k, "#[\"many\",[\"$0\"]]", "d-70", "");
    assert_int_equal(sk_reply(k)->status, CS_E_BAD_SYSCALL);
    (void)sk_free(k);
}

static uint64_t cost_of(sk *k, size_t answer_size)
{
    char *body = malloc(answer_size + 4);
    assert_non_null(body);
    (void)snprintf(body, answer_size + 4, "#\"%0*d\"", (int)answer_size, 0);
    sk_answer(k, false, body, "");
    (void)sk_send(k, "#[\"hold\",[\"$0\"]]", "d-70", "");
    free(body);
    return sk_reply(k)->computrons;
}

/* Bytes of the answer cost what bytes of syscalls do, and nothing else does. */
static void answers_cost_their_bytes(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    (void)cost_of(k, 10);
    uint64_t small = cost_of(k, 13), large = cost_of(k, 16013);
    assert_int_equal(large - small, 1000);
    (void)sk_free(k);
}

T_MAIN(T(a_call_waits_for_its_answer), T(a_failure_is_thrown), T(promises_are_refused),
       T(what_cannot_be_passed_is_not_called), T(a_refused_call_ends_the_delivery),
       T(nodes_are_passable_but_no_presences), T(results_are_counted), T(arguments_are_held),
       T(malformed_results_are_thrown), T(methods_can_be_kept), T(getters_may_call),
       T(calls_are_bounded), T(answers_cost_their_bytes))
