/* What liveslots does beside the rules that the golden files show: E.sendOnly, powers, baggage, what a
 * vat says, figures in replies, objects that come and go. */
#include "t.h"
#include "scripted_kernel.h"

#include <stdio.h>
#include <string.h>

/* Deviation from the reference, where nothing is sent at all: a message without a result. */
static void send_only_has_no_result(void **state)
{
    (void)state;
    sk *k = sk_started("export const buildRootObject = ({ testLog }) => Far('root', {"
                       " m: to => { testLog(typeof E.sendOnly(to).hey(1)); E.sendOnly(to)(2); },"
                       " p: p => { E.sendOnly(p).hey(3); } });");
    assert_string_equal(sk_send(k, "#[\"m\",[\"$0\"]]", "o-50", ""),
                        "send o-50 #[\"hey\",[1]]\nsend o-50 #[\"#undefined\",[2]]\n");
    assert_string_equal(sk_said(k), "undefined\n");
    assert_string_equal(sk_send(k, "#[\"p\",[\"&0\"]]", "p-60", ""),
                        "subscribe p-60\nsend p-60 #[\"hey\",[3]]\n");
    (void)sk_free(k);
}

/* Promises in a message that nobody answers are followed all the same. */
static void send_only_tells_promises(void **state)
{
    (void)state;
    sk *k = sk_started("export const buildRootObject = () => { const p = Promise.resolve(5);"
                       " return Far('root', { m: to => { E.sendOnly(to).hey(p); } }); };");
    assert_string_equal(sk_send(k, "#[\"m\",[\"$0\"]]", "o-50", ""),
                        "send o-50 #[\"hey\",[\"&0\"]] [p+5]\nresolve p+5 #5\n");
    assert_string_equal(sk_send(k, "#[\"m\",[\"$0\"]]", "o-50", ""),
                        "send o-50 #[\"hey\",[\"&0\"]] [p+6]\nresolve p+6 #5\n");
    (void)sk_free(k);
}

static void test_log_as_the_reference(void **state)
{
    (void)state;
    sk *k = sk_started(
        "export const buildRootObject = ({ testLog }) => Far('root', { m: () => {"
        " testLog(); testLog('a', 1, 'b'); testLog(undefined, null, true);"
        " testLog({ a: [1n, 'x'], u: undefined }, [() => 1]);"
        " testLog('y'.repeat(50)); testLog(['abcdefghijklmnopqrstuvwxyz0123456789abcd']);"
        " testLog('\\u00b5\\ud83d\\ude00'); testLog(NaN, Symbol.iterator);"
        " testLog({ toJSON() { testLog('inner'); return 7; } });"
        " try { const c = []; c.push(c); testLog(c); } catch (e) { testLog(e.name); } } });");
    (void)sk_send(k, "#[\"m\",[]]", "", "");
    assert_string_equal(sk_said(k), "\na1b\nnullnulltrue\n{\"a\":[1,\"x\"]}[null]\n"
                                    "yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy\n"
                                    "[\"abcdefghijklmno...z0123456789abcd\"]\n"
                                    "\xc2\xb5\xf0\x9f\x98\x80\nnullnull\ninner\n7\nTypeError\n");
    (void)sk_free(k);
}

static void console_and_rejections_are_said(void **state)
{
    (void)state;
    sk *k = sk_started("export const buildRootObject = () => Far('root', { m: () => {"
                       " console.log('one', 2, { a: 1 }); console.error('bad');"
                       " Promise.reject(Error('nobody')); const p = Promise.reject(Error('later'));"
                       " E.when(null, () => p.catch(() => {})); } });");
    assert_string_equal(sk_send(k, "#[\"m\",[]]", "", "p-60"), "resolve p-60 #\"#undefined\"\n");
    const char *said = sk_said(k);
    assert_non_null(strstr(said, "log: one 2 "));
    assert_non_null(strstr(said, "error: bad\n"));
    assert_non_null(strstr(said, "error: unhandled rejection: Error: nobody"));
    assert_null(strstr(said, "later"));
    (void)sk_free(k);
}

static void baggage_keeps_in_order(void **state)
{
    (void)state;
    sk *k = sk_new(
        "export const buildRootObject = ({ testLog }, _, baggage) => {"
        " const o = Far('o', {}); baggage.init('b', 1); baggage.init('a', o); baggage.init(7, 'seven');"
        " baggage.init(-1, null); baggage.init(true, harden([1])); baggage.set('b', 2);"
        " for (const k of baggage.keys()) testLog(typeof k, k);"
        " for (const [k, v] of baggage.entries()) testLog(k, v === o);"
        " testLog([...baggage.values()].length, baggage.getSize());"
        " const fails = f => { try { f(); testLog('did'); } catch (e) { testLog(e.message); } };"
        " fails(() => baggage.init('b', 1)); fails(() => baggage.get('none')); fails(() => baggage.set('none', 1));"
        " fails(() => baggage.delete('none')); fails(() => baggage.init('x', new Map()));"
        " baggage.delete('b'); testLog(baggage.has('b'), baggage.get('a') === o);"
        " const m = baggage.get; testLog(m('a') === o);"
        " return Far('root', { m: () => [...baggage.keys()] }); };");
    assert_string_equal(sk_start(k, "#{}", ""), "");
    const char *said = sk_said(k);
    assert_true(strncmp(said,
                        "booleantrue\nnumber-1\nnumber7\nstringa\nstringb\n"
                        "truefalse\n-1false\n7false\natrue\nbfalse\n55\n"
                        "key b already registered in collection \"baggage\"\n"
                        "key none not found in collection \"baggage\"\n"
                        "key none not found in collection \"baggage\"\n"
                        "key none not found in collection \"baggage\"\n",
                        strlen("booleantrue")) == 0);
    assert_non_null(strstr(said, "already registered"));
    assert_non_null(strstr(said, "\nfalsetrue\ntrue\n"));
    assert_null(strstr(said, "did"));
    assert_string_equal(sk_send(k, "#[\"m\",[]]", "", "p-60"), "resolve p-60 #[true,-1,7,\"a\"]\n");
    (void)sk_free(k);
}

/* S9: what we do ourselves costs the vat nothing, so it does not matter whether a presence is new. */
static void replies_have_figures(void **state)
{
    (void)state;
    sk *k = sk_started("export const buildRootObject = () => Far('root', { m: o => 1 });");
    (void)sk_send(k, "#[\"m\",[\"$0\"]]", "o-50", "p-60");
    uint64_t first = sk_reply(k)->computrons;
    assert_true(first > 0 && first < 2000);
    assert_int_equal(sk_reply(k)->imports_held, 1);
    assert_true(sk_reply(k)->heap_bytes > 1000);
    (void)sk_send(k, "#[\"m\",[\"$0\"]]", "o-50", "p-61");
    assert_int_equal(sk_reply(k)->computrons, first);
    (void)sk_send(k, "#[\"m\",[\"$0\"]]", "o-51", "p-62");
    assert_int_equal(sk_reply(k)->computrons, first);
    assert_int_equal(sk_reply(k)->imports_held, 2);
    (void)sk_free(k);
}

/* A heap that is made afresh and given the same deliveries makes the same syscalls. */
static void same_history_same_syscalls(void **state)
{
    (void)state;
    char first[2][4096];
    for (int i = 0; i < 2; i++) {
        sk *k = sk_started(
            "export const buildRootObject = () => { const m = new Map(); return Far('root', {"
            " put: (o, v) => { m.set(o, v); return E(o).put(v, [...m.values()]); } }); };");
        size_t used = 0;
        for (int n = 0; n < 5; n++) {
            char body[64], slot[16];
            (void)snprintf(body, sizeof body, "#[\"put\",[\"$0\",%d]]", n);
            (void)snprintf(slot, sizeof slot, "o-%d", 50 + n);
            const char *trace = sk_send(k, body, slot, "");
            (void)memcpy(first[i] + used, trace, strlen(trace) + 1);
            used += strlen(trace);
        }
        (void)sk_free(k);
    }
    assert_string_equal(first[0], first[1]);
}

/* Thousands of deliveries leave nothing behind that a collection does not take. */
static void no_growth(void **state)
{
    (void)state;
    sk *k = sk_started(
        "export const buildRootObject = () => { let n = 0; return Far('root', { m: () => (n += 1) }); };");
    uint64_t early = 0;
    for (int i = 0; i < 6000; i++) {
        char result[16];
        (void)snprintf(result, sizeof result, "p-%d", 60 + i);
        (void)sk_send(k, "#[\"m\",[]]", "", result);
        if (i == 2000)
            early = sk_reply(k)->heap_bytes - sk_reply(k)->allocated_bytes;
    }
    assert_int_equal(sk_reply(k)->status, CS_OK);
    assert_int_equal(sk_reply(k)->heap_bytes - sk_reply(k)->allocated_bytes, early);
    (void)sk_free(k);
}

/* What sends many objects of one interface need not send many prototypes. */
static void presences_share_prototypes(void **state)
{
    (void)state;
    sk *k = sk_started(
        "export const buildRootObject = () => { const of = Object.getPrototypeOf; let first;"
        " return Far('root', { same: (x, y) => harden([of(x) === of(y), x === y,"
        "  Object.isFrozen(of(x)), x[Symbol.toStringTag], y[Symbol.toStringTag]]),"
        "  keep: x => { first = of(x); }, kept: x => first === of(x) }); };");
    assert_string_equal(
        sk_send(k, "#[\"same\",[\"$0.Alleged: a\",\"$1.Alleged: a\"]]", "o-50 o-51", "p-60"),
        "resolve p-60 #[true,false,true,\"Alleged: a\",\"Alleged: a\"]\n");
    assert_string_equal(
        sk_send(k, "#[\"same\",[\"$0.Alleged: a\",\"$1.Alleged: b\"]]", "o-52 o-53", "p-60"),
        "resolve p-60 #[false,false,true,\"Alleged: a\",\"Alleged: b\"]\n");
    assert_string_equal(sk_send(k, "#[\"same\",[\"$0\",\"$1\"]]", "o-54 o-55", "p-60"),
                        "resolve p-60 #[false,false,true,\"Alleged: presence o-54\","
                        "\"Alleged: presence o-55\"]\n");
    assert_string_equal(sk_send(k, "#[\"keep\",[\"$0.Alleged: a\"]]", "o-56", "p-60"),
                        "resolve p-60 #\"#undefined\"\n");
    (void)sk_boyd(k); /* no presence holds the prototype now */
    assert_string_equal(sk_send(k, "#[\"kept\",[\"$0.Alleged: a\"]]", "o-57", "p-60"),
                        "resolve p-60 #true\n");
    (void)sk_free(k);
}

/* Many names, and long ones: whatever is remembered of them, each presence has its own. */
static void presences_have_their_names(void **state)
{
    (void)state;
    char body[300], slot[16], answer[300], name[200];
    sk *k = sk_started("export const buildRootObject = () =>"
                       " Far('root', { m: x => x[Symbol.toStringTag] });");
    for (unsigned i = 0; i < 400; i++) {
        (void)snprintf(name, sizeof name, "Alleged: %0*u", (int)(1 + i % 90), i % 100);
        (void)snprintf(body, sizeof body, "#[\"m\",[\"$0.%s\"]]", name);
        (void)snprintf(slot, sizeof slot, "o-%u", 50 + i);
        (void)snprintf(answer, sizeof answer, "resolve p-60 #\"%s\"\n", name);
        assert_string_equal(sk_send(k, body, slot, "p-60"), answer);
        if (i % 50 == 0)
            (void)sk_boyd(k);
    }
    (void)sk_free(k);
}

T_MAIN(T(send_only_has_no_result), T(send_only_tells_promises), T(test_log_as_the_reference),
       T(console_and_rejections_are_said), T(baggage_keeps_in_order), T(replies_have_figures),
       T(same_history_same_syscalls), T(no_growth), T(presences_share_prototypes),
       T(presences_have_their_names))
