/* The vatAdmin vat with a device that says what the test wants: its objects, what the device is asked,
 * who is answered when, and what is wrong with a message. native_world.h ends the test for whatever a
 * kernel would end the vat for. */
#include "base/limits.h"
#include "native_world.h"
#include "t.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ROOT "o+0"
#define SERVICE "o+1"
#define KEY "o+2"
#define UNDEFINED "#\"#undefined\""

static nw *opened(void)
{
    nw *w = nw_new("vatAdmin");
    assert_string_equal(
        nw_message(w, ROOT, "#[\"createVatAdminService\",[\"$0\"]]", "d-70", "p-60"),
        "resolve p-60 #\"$0.Alleged: vatAdminService\" [o+1]\n");
    return w;
}

static const char *serve(nw *w, const char *body, const char *slots, const char *result)
{
    return nw_message(w, SERVICE, body, slots, result);
}

static const char *tell(nw *w, const char *body, const char *slots)
{
    return nw_message(w, ROOT, body, slots, "");
}

/* Expects that the message is rejected with this text, and does nothing else but drop. */
static void refused(nw *w, const char *target, const char *body, const char *slots, const char *why)
{
    static unsigned id = 1000;
    char result[16];
    (void)snprintf(result, sizeof result, "p-%u", id++);
    char *before = strdup(nw_store(w));
    const char *trace = nw_message(w, target, body, slots, result);
    if (strstr(trace, "resolve p-") == NULL || strstr(trace, "! #{\"#error\":\"") == NULL ||
        strstr(trace, why) == NULL)
        fail_msg("%s\n%s", body, trace);
    assert_string_equal(nw_store(w), before);
    free(before);
}

static void root_gives_service_and_key(void **state)
{
    (void)state;
    nw *w = opened();
    assert_string_equal(nw_store(w), "device=d-70\n");
    assert_string_equal(nw_message(w, ROOT, "#[\"getCriticalVatKey\",[]]", "", "p-61"),
                        "resolve p-61 #\"$0.Alleged: criticalVatKey\" [o+2]\n");
    assert_string_equal(nw_message(w, ROOT, "#[\"getCriticalVatKey\",[]]", "", ""), "");
    refused(w, ROOT, "#[\"createVatAdminService\",[\"$0\"]]", "o-50",
            "requires the vatAdmin device");
    refused(w, ROOT, "#[\"createVatAdminService\",[]]", "", "requires the vatAdmin device");
    (void)nw_free(w);
}

static void without_a_device_nothing_works(void **state)
{
    (void)state;
    nw *w = nw_new("vatAdmin");
    refused(w, SERVICE, "#[\"createUnlimitedMeter\",[]]", "", "vatAdmin device not configured");
    refused(w, SERVICE, "#[\"createVatByName\",[\"x\"]]", "", "vatAdmin device not configured");
    (void)nw_free(w);
}

static void messages_that_mean_nothing(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "#[\"absent\",[]]", "#[\"createVat\"]",   "#[\"#undefined\",[]]",  "#[]", "#{}", "#\"x\"",
        "#[\"done\",[]]",   "#[\"createVat\",7]", "#[[\"createVat\"],[]]",
    };
    nw *w = opened();
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++) {
        refused(w, SERVICE, bodies[i], "", "target has no method");
        refused(w, ROOT, bodies[i], "", "target has no method");
        refused(w, KEY, bodies[i], "", "target has no method");
        refused(w, "o+77", bodies[i], "", "target has no method");
    }
    refused(w, SERVICE, "nonsense", "", "malformed message");
    refused(w, SERVICE, "#[\"createVat\",[\"$1\"]]", "o-50", "malformed message");
    refused(w, SERVICE, "{\"@qclass\":\"undefined\"}", "", "malformed message");
    (void)nw_free(w);
}

/* --- vats ------------------------------------------------------------------------------------------- */

/* v5 is asked for under p-70. */
static void start_vat(nw *w)
{
    nw_answer(w, false, "#\"v5\"", "");
    assert_string_equal(serve(w, "#[\"createVatByName\",[\"worker\"]]", "", "p-70"),
                        "call d-70 createByName #[\"worker\",{}] = #\"v5\"\n");
}

/* Its admin node is o+10. */
static void make_vat(nw *w)
{
    start_vat(w);
    assert_string_equal(
        tell(w, "#[\"newVatCallback\",[\"v5\",{\"rootObject\":\"$0.Alleged: it\"}]]", "o-50"),
        "resolve p-70 #{\"adminNode\":\"$0.Alleged: adminNode\",\"root\":\"$1.Alleged: "
        "it\"} [o+10 o-50]\ndrop o-50\nretire o-50\n");
    assert_string_equal(nw_store(w), "device=d-70\nnext=11\no.10=admin v5\nvat.v5=running\n");
}

static void a_vat_by_name(void **state)
{
    (void)state;
    nw *w = opened();
    start_vat(w);
    assert_string_equal(nw_store(w), "device=d-70\nvat.v5=starting p-70\n");
    assert_string_equal(tell(w, "#[\"newVatCallback\",[\"v6\",{\"rootObject\":\"$0\"}]]", "o-50"),
                        "drop o-50\nretire o-50\n");
    (void)nw_free(w);
    w = opened();
    make_vat(w);
    /* Once. */
    assert_string_equal(tell(w, "#[\"newVatCallback\",[\"v5\",{\"rootObject\":\"$0\"}]]", "o-50"),
                        "drop o-50\nretire o-50\n");
    (void)nw_free(w);
}

static void a_vat_by_bundle_cap(void **state)
{
    (void)state;
    nw *w = opened();
    nw_answer(w, false, "#\"b1-0a\"", "");
    nw_answer(w, false, "#\"v7\"", "");
    assert_string_equal(
        serve(
            w,
            "#[\"createVat\",[\"$0\",{\"name\":\"a\",\"vatParameters\":{\"to\":\"$1.Alleged: x\"}}]]",
            "d-71 o-51", "p-61"),
        "call d-71 getBundleID #[] = #\"b1-0a\"\n"
        "call d-70 createByBundleID #[\"b1-0a\",{\"name\":\"a\",\"vatParameters\":{\"to\":"
        "\"$0.Alleged: x\"}}] [o-51] = #\"v7\"\ndrop o-51\nretire o-51\n");
    /* Nobody waits: nobody ever has an admin node. */
    nw_answer(w, false, "#\"b1-0a\"", "");
    nw_answer(w, false, "#\"v8\"", "");
    (void)serve(w, "#[\"createVat\",[\"$0\"]]", "d-71", "");
    assert_string_equal(nw_store(w), "device=d-70\nvat.v7=starting p-61\nvat.v8=starting\n");
    assert_string_equal(tell(w, "#[\"newVatCallback\",[\"v8\",{\"rootObject\":\"$0\"}]]", "o-52"),
                        "drop o-52\nretire o-52\n");
    assert_string_equal(nw_store(w), "device=d-70\nvat.v7=starting p-61\nvat.v8=running\n");
    (void)tell(w, "#[\"vatTerminated\",[\"v8\",false,\"bye\"]]", "");
    assert_string_equal(nw_store(w), "device=d-70\nvat.v7=starting p-61\n");
    (void)nw_free(w);
}

static void what_is_no_bundle_cap(void **state)
{
    (void)state;
    static const char why[] = "Vat Creation Error: createVat() requires a bundlecap";
    nw *w = opened();
    refused(w, SERVICE, "#[\"createVat\",[]]", "", why);
    refused(w, SERVICE, "#[\"createVat\",[{\"moduleFormat\":\"endoZipBase64\"}]]", "", why);
    refused(w, SERVICE, "#[\"createVat\",[\"$0\"]]", "o-50", why);
    refused(w, SERVICE, "#[\"createVat\",[\"&0\"]]", "p-90", why);
    nw_answer(w, true, "no method getBundleID", "");
    refused(w, SERVICE, "#[\"createVat\",[\"$0\"]]", "d-72", why);
    nw_answer(w, false, "#7", "");
    refused(w, SERVICE, "#[\"createVat\",[\"$0\"]]", "d-72", why);
    refused(w, SERVICE, "#[\"createVatByName\",[7]]", "", "requires bundleName to be a string");
    refused(w, SERVICE, "#[\"createVatByName\",[\"a b\"]]", "",
            "requires bundleName to be a string");
    refused(w, SERVICE, "#[\"createVatByName\",[]]", "", "requires bundleName to be a string");
    (void)nw_free(w);
}

/* What the device says against it, the caller hears. */
static void the_device_judges_options(void **state)
{
    (void)state;
    nw *w = opened();
    nw_answer(w, true, "unknown option 'x' \"y\"", "");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",{\"x\":1}]]", "",
            "unknown option 'x' \\\"y\\\"");
    nw_answer(w, false, "#{}", "");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\"]]", "", "vatAdmin device: no vatID");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",7]]", "", "must be a record");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",[]]]", "", "must be a record");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",{\"vatParameters\":\"&0\"}]]", "p-90",
            "arguments cannot include a Promise");
    nw_answer(w, false, "#\"v5\"", "");
    assert_string_equal(
        serve(w, "#[\"createVatByName\",[\"n\",{\"a\":\"#undefined\",\"b\":\"!x\",\"c\":[1,{}]}]]",
              "", "p-61"),
        "call d-70 createByName #[\"n\",{\"b\":\"!x\",\"c\":[1,{}]}] = #\"v5\"\n");
    nw_answer(w, false, "#\"v6\"", "");
    assert_string_equal(serve(w, "#[\"createVatByName\",[\"n\",\"#undefined\"]]", "", "p-62"),
                        "call d-70 createByName #[\"n\",{}] = #\"v6\"\n");
    (void)nw_free(w);
}

/* Only the key itself makes a vat critical; only a meter itself meters it. */
static void objects_are_options(void **state)
{
    (void)state;
    nw *w = opened();
    nw_answer(w, false, "#\"m3\"", "");
    (void)serve(w, "#[\"createMeter\",[\"+100\",\"+10\"]]", "", "p-61");
    nw_answer(w, false, "#\"$0.Alleged: device node\"", "d-77");
    nw_answer(w, false, "#\"v5\"", "");
    assert_string_equal(
        serve(w, "#[\"createVatByName\",[\"n\",{\"critical\":\"$0\",\"meter\":\"$1\"}]]",
              "o+2 o+10", "p-62"),
        "call d-70 getCriticalVatKey #[] = #\"$0.Alleged: device node\" [d-77]\n"
        "call d-70 createByName #[\"n\",{\"critical\":\"$0.Alleged: device node\",\"meter\":\"m3\"}] "
        "[d-77] = #\"v5\"\n");
    nw_answer(w, false, "#\"v6\"", "");
    assert_string_equal(
        serve(w, "#[\"createVatByName\",[\"n\",{\"critical\":false,\"meter\":\"#undefined\"}]]", "",
              "p-63"),
        "call d-70 createByName #[\"n\",{\"critical\":false}] = #\"v6\"\n");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",{\"critical\":true}]]", "",
            "invalid criticalVatKey");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",{\"critical\":\"$0\"}]]", "o-50",
            "invalid criticalVatKey");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",{\"critical\":\"$0\"}]]", "o+10",
            "invalid criticalVatKey");
    nw_answer(w, true, "no key today", "");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",{\"critical\":\"$0\"}]]", "o+2",
            "no key today");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",{\"meter\":\"m3\"}]]", "", "invalid meter");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",{\"meter\":\"$0\"}]]", "o+2",
            "invalid meter");
    refused(w, SERVICE, "#[\"createVatByName\",[\"n\",{\"meter\":\"$0\"}]]", "o-50",
            "invalid meter");
    (void)nw_free(w);
}

static void a_creation_that_fails(void **state)
{
    (void)state;
    static const struct {
        const char *results, *says;
    } cases[] = {
        { "{\"error\":\"no such bundle\"}", "no such bundle" },
        { "{\"error\":\"!#\\\"x\\\"\"}", "#\\\"x\\\"" },
        { "{\"error\":{\"#error\":\"top\",\"name\":\"TypeError\"}}", "TypeError: top" },
        { "{\"error\":{\"#error\":\"Vat Creation Error: once\",\"name\":\"Error\"}}", "once" },
        { "{\"error\":[1]}", "[object Object]" },
        { "{}", "[object Object]" },
        { "{\"rootObject\":7}", "[object Object]" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char body[256], wanted[256];
        nw *w = opened();
        start_vat(w);
        (void)snprintf(body, sizeof body, "#[\"newVatCallback\",[\"v5\",%s]]", cases[i].results);
        (void)snprintf(
            wanted, sizeof wanted,
            "resolve p-70! #{\"#error\":\"Vat Creation Error: %s\",\"name\":\"Error\"}\n",
            cases[i].says);
        assert_string_equal(tell(w, body, ""), wanted);
        assert_string_equal(nw_store(w), "device=d-70\n");
        (void)nw_free(w);
    }
    nw *w = opened();
    start_vat(w);
    assert_string_equal(
        tell(w, "#[\"vatTerminated\",[\"v5\",true,{\"#error\":\"fell over\",\"name\":\"Error\"}]]",
             ""),
        "resolve p-70! #{\"#error\":\"Vat Creation Error: Error: fell over\",\"name\":\"Error\"}\n");
    assert_string_equal(nw_store(w), "device=d-70\n");
    (void)nw_free(w);
}

/* --- admin nodes ------------------------------------------------------------------------------------ */

static void done_waits_for_the_end(void **state)
{
    (void)state;
    nw *w = opened();
    make_vat(w);
    assert_string_equal(nw_message(w, "o+10", "#[\"done\",[]]", "", "p-80"), "");
    assert_string_equal(nw_message(w, "o+10", "#[\"done\",[]]", "", ""), "");
    assert_string_equal(nw_message(w, "o+10", "#[\"done\",[]]", "", "p-81"), "");
    assert_string_equal(nw_store(w), "device=d-70\ndone/v5/11=p-80\ndone/v5/12=p-81\nnext=13\n"
                                     "o.10=admin v5\nvat.v5=running\n");
    assert_string_equal(
        tell(w, "#[\"vatTerminated\",[\"v5\",false,[\"$1\",\"bye\"]]]", "o-60 o-61"),
        "resolve p-80 #[\"$0\",\"bye\"] [o-61]\nresolve p-81 #[\"$0\",\"bye\"] [o-61]\n"
        "drop o-60 o-61\nretire o-60 o-61\n");
    assert_string_equal(nw_store(w), "device=d-70\nnext=13\no.10=admin v5\n");
    refused(
        w, "o+10", "#[\"done\",[]]", "",
        "vatAdminService rejecting attempt to perform \\\"done\\\"() on non-running vat \\\"v5\\\"");
    assert_string_equal(tell(w, "#[\"vatTerminated\",[\"v5\",false,1]]", ""), "");
    (void)nw_free(w);
}

static void done_rejects_after_a_failure(void **state)
{
    (void)state;
    nw *w = opened();
    make_vat(w);
    (void)nw_message(w, "o+10", "#[\"done\",[]]", "", "p-80");
    assert_string_equal(
        tell(w, "#[\"vatTerminated\",[\"v5\",true,{\"#error\":\"why\",\"name\":\"Error\"}]]", ""),
        "resolve p-80! #{\"#error\":\"why\",\"name\":\"Error\"}\n");
    (void)nw_free(w);
}

/* A kernel fulfils no promise with a promise. */
static void done_with_a_promise(void **state)
{
    (void)state;
    nw *w = opened();
    make_vat(w);
    (void)nw_message(w, "o+10", "#[\"done\",[]]", "", "p-80");
    assert_string_equal(tell(w, "#[\"vatTerminated\",[\"v5\",false,\"&0\"]]", "p-90"),
                        "resolve p-80 " UNDEFINED "\n");
    (void)nw_free(w);
    w = opened();
    make_vat(w);
    (void)nw_message(w, "o+10", "#[\"done\",[]]", "", "p-80");
    assert_string_equal(tell(w, "#[\"vatTerminated\",[\"v5\",true]]", ""),
                        "resolve p-80! " UNDEFINED "\n");
    (void)nw_free(w);
}

/* The kernel takes care that it is JSON, not that it means anything. */
static void done_with_what_is_no_data(void **state)
{
    (void)state;
    static const char *const infos[] = { "\"$7\"", "[\"*\"]", "{\"a\":\"\\u00240\"}", "\"+x\"" };
    for (size_t i = 0; i < sizeof infos / sizeof infos[0]; i++) {
        char body[128];
        nw *w = opened();
        make_vat(w);
        (void)nw_message(w, "o+10", "#[\"done\",[]]", "", "p-80");
        (void)snprintf(body, sizeof body, "#[\"vatTerminated\",[\"v5\",true,%s]]", infos[i]);
        assert_string_equal(
            tell(w, body, "o-50"),
            "resolve p-80! #{\"#error\":\"vat terminated\",\"name\":\"Error\"}\ndrop o-50\nretire o-50\n");
        refused(w, SERVICE, body, "", "malformed message");
        (void)snprintf(body, sizeof body, "#[\"newVatCallback\",[\"v5\",%s]]", infos[i]);
        refused(w, ROOT, body, "", "malformed message");
        (void)nw_free(w);
    }
}

static void termination_is_asked_for_once(void **state)
{
    (void)state;
    nw *w = opened();
    make_vat(w);
    nw_answer(w, true, "not now", "");
    refused(w, "o+10", "#[\"terminateWithFailure\",[\"x\"]]", "", "not now");
    nw_answer(w, false, UNDEFINED, "");
    assert_string_equal(
        nw_message(w, "o+10",
                   "#[\"terminateWithFailure\",[{\"#error\":\"bad\",\"name\":\"Error\"}]]", "",
                   "p-80"),
        "call d-70 terminateWithFailure #[\"v5\",{\"#error\":\"bad\",\"name\":\"Error\"}] = " UNDEFINED
        "\nresolve p-80 " UNDEFINED "\n");
    refused(w, "o+10", "#[\"terminateWithFailure\",[]]", "", "on non-running vat");
    refused(w, "o+10", "#[\"changeOptions\",[{}]]", "", "on non-running vat");
    refused(w, "o+10", "#[\"upgrade\",[]]", "", "on non-running vat");
    assert_string_equal(nw_message(w, "o+10", "#[\"done\",[]]", "", "p-81"), "");
    assert_string_equal(tell(w, "#[\"vatTerminated\",[\"v5\",true,\"bad\"]]", ""),
                        "resolve p-81! #\"bad\"\n");
    (void)nw_free(w);
}

static void terminating_without_a_reason(void **state)
{
    (void)state;
    nw *w = opened();
    make_vat(w);
    nw_answer(w, false, UNDEFINED, "");
    assert_string_equal(nw_message(w, "o+10", "#[\"terminateWithFailure\",[]]", "", ""),
                        "call d-70 terminateWithFailure #[\"v5\",\"#undefined\"] = " UNDEFINED
                        "\n");
    (void)nw_free(w);
}

static void options_are_changed(void **state)
{
    (void)state;
    nw *w = opened();
    make_vat(w);
    nw_answer(w, false, UNDEFINED, "");
    assert_string_equal(
        nw_message(w, "o+10", "#[\"changeOptions\",[{\"reapInterval\":\"never\"}]]", "", "p-80"),
        "call d-70 changeOptions #[\"v5\",{\"reapInterval\":\"never\"}] = " UNDEFINED
        "\nresolve p-80 " UNDEFINED "\n");
    nw_answer(w, true, "unknown option 'x'", "");
    refused(w, "o+10", "#[\"changeOptions\",[{\"x\":1}]]", "", "unknown option 'x'");
    refused(w, "o+10", "#[\"changeOptions\",[]]", "", "requires a record");
    refused(w, "o+10", "#[\"upgrade\",[\"$0\"]]", "d-71", "upgrade() of vats is not supported yet");
    (void)nw_free(w);
}

/* --- meters ----------------------------------------------------------------------------------------- */

static void make_meter(nw *w)
{
    nw_answer(w, false, "#\"m3\"", "");
    assert_string_equal(serve(w, "#[\"createMeter\",[\"+100\",\"+10\"]]", "", "p-61"),
                        "call d-70 createMeter #[\"+100\",\"+10\"] = #\"m3\"\n"
                        "resolve p-61 #\"$0.Alleged: meter\" [o+10]\n");
}

static void meters_are_changed_and_read(void **state)
{
    (void)state;
    nw *w = opened();
    make_meter(w);
    nw_answer(w, false, UNDEFINED, "");
    assert_string_equal(nw_message(w, "o+10", "#[\"addRemaining\",[\"+7\"]]", "", "p-62"),
                        "call d-70 addMeterRemaining #[\"m3\",\"+7\"] = " UNDEFINED
                        "\nresolve p-62 " UNDEFINED "\n");
    nw_answer(w, false, UNDEFINED, "");
    assert_string_equal(nw_message(w, "o+10", "#[\"setThreshold\",[20]]", "", "p-63"),
                        "call d-70 setMeterThreshold #[\"m3\",\"+20\"] = " UNDEFINED
                        "\nresolve p-63 " UNDEFINED "\n");
    nw_answer(w, false, "#{\"remaining\":\"+107\",\"threshold\":\"+20\"}", "");
    assert_string_equal(
        nw_message(w, "o+10", "#[\"get\",[]]", "", "p-64"),
        "call d-70 getMeter #[\"m3\"] = #{\"remaining\":\"+107\",\"threshold\":\"+20\"}\n"
        "resolve p-64 #{\"remaining\":\"+107\",\"threshold\":\"+20\"}\n");
    (void)nw_free(w);
}

static void unlimited_meters_do_not_change(void **state)
{
    (void)state;
    nw *w = opened();
    nw_answer(w, false, "#\"m4\"", "");
    assert_string_equal(serve(w, "#[\"createUnlimitedMeter\",[]]", "", "p-61"),
                        "call d-70 createUnlimitedMeter #[] = #\"m4\"\n"
                        "resolve p-61 #\"$0.Alleged: meter\" [o+10]\n");
    assert_string_equal(nw_message(w, "o+10", "#[\"addRemaining\",[\"+7\"]]", "", "p-62"),
                        "resolve p-62 " UNDEFINED "\n");
    assert_string_equal(nw_message(w, "o+10", "#[\"setThreshold\",[\"+7\"]]", "", "p-63"),
                        "resolve p-63 " UNDEFINED "\n");
    assert_string_equal(nw_message(w, "o+10", "#[\"get\",[]]", "", "p-64"),
                        "resolve p-64 #{\"remaining\":\"unlimited\",\"threshold\":0}\n");
    (void)nw_free(w);
}

static void wrong_numbers(void **state)
{
    (void)state;
    static const char *const numbers[] = {
        "\"-1\"", "\"1\"", "1.5", "-1", "\"#NaN\"", "null", "\"+1234567890123456789012345678901\"",
    };
    nw *w = opened();
    make_meter(w);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        char body[128];
        (void)snprintf(body, sizeof body, "#[\"createMeter\",[%s,\"+1\"]]", numbers[i]);
        refused(w, SERVICE, body, "", "requires two bigints");
        (void)snprintf(body, sizeof body, "#[\"addRemaining\",[%s]]", numbers[i]);
        refused(w, "o+10", body, "", "requires a bigint");
        (void)snprintf(body, sizeof body, "#[\"setThreshold\",[%s]]", numbers[i]);
        refused(w, "o+10", body, "", "requires a bigint");
    }
    refused(w, SERVICE, "#[\"createMeter\",[100,\"+1\"]]", "", "requires two bigints");
    refused(w, SERVICE, "#[\"createMeter\",[\"+100\"]]", "", "requires two bigints");
    refused(w, "o+10", "#[\"addRemaining\",[]]", "", "requires a bigint");
    nw_answer(w, true, "a meter of 0", "");
    refused(w, SERVICE, "#[\"createMeter\",[\"+0\",\"+0\"]]", "", "a meter of 0");
    nw_answer(w, false, "#7", "");
    refused(w, SERVICE, "#[\"createMeter\",[\"+1\",\"+0\"]]", "", "vatAdmin device: no meterID");
    (void)nw_free(w);
}

static void notifiers_tell_what_is_new(void **state)
{
    (void)state;
    nw *w = opened();
    make_meter(w);
    assert_string_equal(nw_message(w, "o+10", "#[\"getNotifier\",[]]", "", "p-62"),
                        "resolve p-62 #\"$0.Alleged: notifier\" [o+11]\n");
    assert_string_equal(nw_message(w, "o+11", "#[\"getUpdateSince\",[]]", "", "p-63"), "");
    assert_string_equal(nw_message(w, "o+11", "#[\"getUpdateSince\",[]]", "", "p-64"), "");
    assert_string_equal(tell(w, "#[\"meterCrossedThreshold\",[\"m3\",\"+9\"]]", ""),
                        "resolve p-63 #{\"updateCount\":\"+1\",\"value\":\"+9\"}\n"
                        "resolve p-64 #{\"updateCount\":\"+1\",\"value\":\"+9\"}\n");
    assert_string_equal(nw_message(w, "o+11", "#[\"getUpdateSince\",[]]", "", "p-65"),
                        "resolve p-65 #{\"updateCount\":\"+1\",\"value\":\"+9\"}\n");
    assert_string_equal(nw_message(w, "o+11", "#[\"getUpdateSince\",[\"+1\"]]", "", "p-66"), "");
    assert_string_equal(tell(w, "#[\"meterCrossedThreshold\",[\"m30\",\"+1\"]]", ""), "");
    assert_string_equal(tell(w, "#[\"meterCrossedThreshold\",[\"m3\",\"+8\"]]", ""),
                        "resolve p-66 #{\"updateCount\":\"+2\",\"value\":\"+8\"}\n");
    assert_string_equal(nw_message(w, "o+11", "#[\"getUpdateSince\",[\"+1\"]]", "", "p-67"),
                        "resolve p-67 #{\"updateCount\":\"+2\",\"value\":\"+8\"}\n");
    (void)nw_free(w);
}

/* --- bundles ---------------------------------------------------------------------------------------- */

static void bundles_are_looked_up(void **state)
{
    (void)state;
    nw *w = opened();
    nw_answer(w, false, "#\"$0.Alleged: bundlecap\"", "d-71");
    assert_string_equal(serve(w, "#[\"getBundleCap\",[\"b1-0a\"]]", "", "p-61"),
                        "call d-70 getBundleCap #[\"b1-0a\"] = #\"$0.Alleged: bundlecap\" [d-71]\n"
                        "resolve p-61 #\"$0.Alleged: bundlecap\" [d-71]\n");
    nw_answer(w, false, UNDEFINED, "");
    refused(w, SERVICE, "#[\"getBundleCap\",[\"b1-0b\"]]", "", "bundleID not yet installed: b1-0b");
    nw_answer(w, true, "there is none", "");
    refused(w, SERVICE, "#[\"getBundleCap\",[\"b1-0b\"]]", "", "bundleID not yet installed: b1-0b");
    nw_answer(w, false, "#\"$0\"", "d-71");
    (void)serve(w, "#[\"getNamedBundleCap\",[\"x\"]]", "", "p-62");
    nw_answer(w, true, "unknown bundle name 'y'", "");
    refused(w, SERVICE, "#[\"getNamedBundleCap\",[\"y\"]]", "", "unknown bundle name 'y'");
    nw_answer(w, false, "#\"b1-0a\"", "");
    assert_string_equal(
        serve(w, "#[\"getBundleIDByName\",[\"x\"]]", "", "p-63"),
        "call d-70 getBundleIDByName #[\"x\"] = #\"b1-0a\"\nresolve p-63 #\"b1-0a\"\n");
    refused(w, SERVICE, "#[\"getBundleCap\",[7]]", "", "bundleID must be a string");
    refused(w, SERVICE, "#[\"waitForBundleCap\",[\"\"]]", "", "bundleID must be a string");
    refused(w, SERVICE, "#[\"getNamedBundleCap\",[\"a/b\"]]", "", "bundle name must be a string");
    (void)nw_free(w);
}

static void bundles_are_waited_for(void **state)
{
    (void)state;
    nw *w = opened();
    nw_answer(w, false, UNDEFINED, "");
    (void)serve(w, "#[\"waitForBundleCap\",[\"b1-0a\"]]", "", "p-61");
    nw_answer(w, true, "bundleID not yet installed: b1-0a", "");
    (void)serve(w, "#[\"waitForBundleCap\",[\"b1-0a\"]]", "", "p-62");
    assert_string_equal(nw_store(w),
                        "bundle/b1-0a/10=p-61\nbundle/b1-0a/11=p-62\ndevice=d-70\nnext=12\n");
    assert_string_equal(tell(w, "#[\"bundleInstalled\",[\"b1-0\"]]", ""), "");
    nw_answer(w, false, UNDEFINED, "");
    (void)tell(w, "#[\"bundleInstalled\",[\"b1-0a\"]]", "");
    nw_answer(w, false, "#\"$0\"", "d-71");
    assert_string_equal(tell(w, "#[\"bundleInstalled\",[\"b1-0a\"]]", ""),
                        "call d-70 getBundleCap #[\"b1-0a\"] = #\"$0\" [d-71]\n"
                        "resolve p-61 #\"$0\" [d-71]\nresolve p-62 #\"$0\" [d-71]\n");
    assert_string_equal(nw_store(w), "device=d-70\nnext=12\n");
    nw_answer(w, false, "#\"$0\"", "d-71");
    (void)serve(w, "#[\"waitForBundleCap\",[\"b1-0a\"]]", "", "p-63");
    assert_int_equal(nw_unasked(w), 0);
    (void)nw_free(w);
}

/* --- garbage, limits -------------------------------------------------------------------------------- */

static void dropped_exports_are_forgotten(void **state)
{
    (void)state;
    nw *w = opened();
    make_vat(w);
    (void)nw_message(w, ROOT, "#[\"getCriticalVatKey\",[]]", "", "p-61");
    assert_string_equal(nw_refs(w, CS_DELIVER_DROP_EXPORTS, "o+0 o+1 o+10 o+2"),
                        "retire-exports o+10\n");
    assert_string_equal(nw_store(w), "device=d-70\nnext=11\nvat.v5=running\n");
    assert_string_equal(nw_refs(w, CS_DELIVER_DROP_EXPORTS, "o+1"), "");
    assert_string_equal(nw_refs(w, CS_DELIVER_RETIRE_EXPORTS, "o+1 o+2"), "");
    assert_string_equal(nw_refs(w, CS_DELIVER_RETIRE_IMPORTS, "o-50"), "");
    assert_string_equal(nw_deliver(w, &(cs_delivery){ .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD }),
                        "");
    assert_string_equal(tell(w, "#[\"vatTerminated\",[\"v5\",true,1]]", ""), "");
    assert_string_equal(nw_store(w), "device=d-70\nnext=11\n");
    (void)nw_free(w);
}

static void imports_are_dropped_once(void **state)
{
    (void)state;
    nw *w = opened();
    assert_string_equal(
        nw_message(w, KEY, "#[\"x\",[\"$0\",\"$1\",\"$2\"]]", "o-9 o-10 o-9 d-71", ""),
        "drop o-10 o-9\nretire o-10 o-9\n");
    (void)nw_free(w);
}

/* "PREFIX000…SUFFIX" of so many bytes. */
static char *long_body(const char *prefix, const char *suffix, size_t size)
{
    char *body = malloc(size + 1);
    assert_non_null(body);
    memset(body, '0', size);
    memcpy(body, prefix, strlen(prefix));
    memcpy(body + size - strlen(suffix), suffix, strlen(suffix) + 1);
    return body;
}

/* What is as large as a message may be is too large with a word of ours added. */
static void nothing_is_too_large(void **state)
{
    (void)state;
    nw *w = opened();
    char *body = long_body("#[\"createVat\",[\"$0\",{\"vatParameters\":\"", "\"}]]", CS_BODY_MAX);
    char id[160] = "#\"b1-";
    memset(id + 5, 'a', 128);
    (void)strcpy(id + 133, "\"");
    nw_answer(w, false, id, "");
    refused(w, SERVICE, body, "d-71", "arguments are too large");
    free(body);
    start_vat(w);
    body = long_body("#[\"newVatCallback\",[\"v5\",{\"error\":\"", "\"}]]", CS_BODY_MAX);
    assert_string_equal(
        tell(w, body, ""),
        "resolve p-70! #{\"#error\":\"vatAdmin: answer is too large\",\"name\":\"Error\"}\n");
    free(body);
    (void)nw_free(w);
}

/* --- anything --------------------------------------------------------------------------------------- */

static const char *any_value(tape *t)
{
    static const char *const values[] = {
        "\"v5\"",
        "\"m3\"",
        "\"b1-0a\"",
        "\"$0\"",
        "\"$1\"",
        "\"$2\"",
        "\"&3\"",
        "\"+7\"",
        "7",
        "null",
        "\"#undefined\"",
        "{}",
        "true",
        "[]",
        "{\"rootObject\":\"$0\"}",
        "{\"error\":\"no\"}",
        "{\"meter\":\"$2\"}",
        "{\"critical\":\"$1\",\"name\":\"n\"}",
        "\"x\"",
    };
    return tape_pick(t, values);
}

static const char *any_method(tape *t)
{
    static const char *const names[] = {
        "createVat",
        "createVatByName",
        "newVatCallback",
        "vatTerminated",
        "done",
        "terminateWithFailure",
        "changeOptions",
        "createMeter",
        "createUnlimitedMeter",
        "addRemaining",
        "get",
        "getNotifier",
        "getUpdateSince",
        "meterCrossedThreshold",
        "waitForBundleCap",
        "bundleInstalled",
        "getBundleCap",
        "getCriticalVatKey",
        "createVatAdminService",
        "upgrade",
        "setThreshold",
    };
    return tape_pick(t, names);
}

static void any_answer(nw *w, tape *t)
{
    static const char *const answers[] = { "#\"v5\"", "#\"m3\"", "#\"b1-0a\"", UNDEFINED,
                                           "#\"$0\"", "#",       "#[\"$0\"]" };
    bool failed = tape_below(t, 5) == 0;
    nw_answer(w, failed, failed ? "no" : tape_pick(t, answers), failed ? "" : "d-71");
}

/* Whatever it is sent and whatever the device says, a kernel has nothing against what it does. */
static void nothing_ends_it(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed <= 60; seed++) {
        tape t;
        nw *w = opened();
        tape_from_seed(&t, seed);
        for (unsigned i = 0; i < 120; i++) {
            char body[256], result[16], target[16];
            (void)snprintf(
                target, sizeof target, "o+%u",
                (unsigned)(tape_below(&t, 2) == 0 ? tape_below(&t, 3) : 10 + tape_below(&t, 12)));
            (void)snprintf(body, sizeof body, "#[\"%s\",[%s,%s,%s]]", any_method(&t), any_value(&t),
                           any_value(&t), any_value(&t));
            (void)snprintf(result, sizeof result, "p-%u", 100 + i);
            while (nw_unasked(w) < 3)
                any_answer(w, &t);
            if (tape_below(&t, 12) == 0)
                (void)nw_refs(w, CS_DELIVER_DROP_EXPORTS, target);
            else
                (void)nw_message(w, target, body, "o-50 o+2 o+10 p-60",
                                 tape_below(&t, 6) == 0 ? "" : result);
            assert_int_equal(nw_reply(w)->status, CS_OK);
        }
        tape_fini(&t);
        (void)nw_free(w);
    }
}

/* N3, wherever it happens. */
static void refusals_end_deliveries(void **state)
{
    (void)state;
    for (uint32_t nth = 1; nth < 6; nth++) {
        nw *w = opened();
        make_vat(w);
        (void)nw_message(w, "o+10", "#[\"done\",[]]", "", "p-80");
        (void)nw_message(w, "o+10", "#[\"done\",[]]", "", "p-81");
        nw_refuse(w, nth);
        (void)tell(w, "#[\"vatTerminated\",[\"v5\",true,1]]", "");
        assert_int_equal(nw_reply(w)->status, CS_E_BAD_SYSCALL);
        nw_answer(w, false, "#\"v9\"", "");
        (void)serve(w, "#[\"createVatByName\",[\"n\"]]", "", "p-90");
        assert_int_equal(nw_reply(w)->status, nth <= 2 ? CS_E_BAD_SYSCALL : CS_OK);
        (void)nw_free(w);
    }
}

T_MAIN(T(root_gives_service_and_key), T(without_a_device_nothing_works),
       T(messages_that_mean_nothing), T(a_vat_by_name), T(a_vat_by_bundle_cap),
       T(what_is_no_bundle_cap), T(the_device_judges_options), T(objects_are_options),
       T(a_creation_that_fails), T(done_waits_for_the_end), T(done_rejects_after_a_failure),
       T(done_with_a_promise), T(done_with_what_is_no_data), T(termination_is_asked_for_once),
       T(terminating_without_a_reason), T(options_are_changed), T(meters_are_changed_and_read),
       T(unlimited_meters_do_not_change), T(wrong_numbers), T(notifiers_tell_what_is_new),
       T(bundles_are_looked_up), T(bundles_are_waited_for), T(dropped_exports_are_forgotten),
       T(imports_are_dropped_once), T(nothing_is_too_large), T(nothing_ends_it),
       T(refusals_end_deliveries))
