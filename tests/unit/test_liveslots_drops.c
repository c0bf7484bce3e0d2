/* What a vat drops and retires, and when (S8): imports, exports, what weak collections know, what
 * comes back. The scripted kernel audits every delivery besides. */
#include "scripted_kernel.h"
#include "t.h"

#include <stdio.h>
#include <string.h>

static const char *send_one(sk *k, const char *method, const char *slot)
{
    char body[64];
    (void)snprintf(body, sizeof body, "#[\"%s\",[\"$0\"]]", method);
    return sk_send(k, body, slot, "p-90");
}

#define DONE "resolve p-90 #\"#undefined\"\n"
#define TRUE "resolve p-90 #true\n"

static const char vat[] =
    "export const buildRootObject = () => {"
    " const kept = new Map(); let wm = new WeakMap(), ws = new WeakSet(); let mine, f, p, q;"
    " return Far('root', {"
    "  look: x => {},"
    "  hold: x => { kept.set(x, 1); }, free: x => { kept.delete(x); }, all: () => kept.size,"
    "  key: (x, v) => { wm.set(x, v); }, get: x => wm.get(x), has: x => wm.has(x),"
    "  unkey: x => wm.delete(x), forget: () => { wm = new WeakMap(); ws = new WeakSet(); },"
    "  add: x => { ws.add(x); }, in: x => ws.has(x), out: x => ws.delete(x),"
    "  echo: x => x, tag: x => x[Symbol.toStringTag],"
    "  make: () => { mine = Far('mine', {}); }, give: () => mine, lose: () => { mine = undefined; },"
    "  keyMine: v => { wm.set(mine, v); }, getMine: () => wm.get(mine),"
    "  call: x => { E(x).m(); }, arg: (x, y) => { E(x).m(y); },"
    "  later: x => { p = makePromiseKit(); return p.promise.then(() => x); },"
    "  settle: v => { p.resolve(v); },"
    "  pipe: (x, y) => { p = makePromiseKit(); E(p.promise).m(y); q = E(p.promise).n(x); },"
    "  when: (x, y) => { E.when(x, () => kept.set(y, 1)); },"
    " }); };";

/* --- imports ------------------------------------------------------------------------------------ */

static void lost_imports_are_told_once(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(send_one(k, "look", "o-50"), DONE);
    assert_int_equal(sk_reply(k)->imports_held, 1);
    assert_false(sk_reply(k)->collected);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    assert_true(sk_reply(k)->collected);
    assert_int_equal(sk_reply(k)->imports_held, 0);
    assert_int_equal(sk_reply(k)->watched, 0);
    assert_string_equal(sk_boyd(k), "");
    (void)sk_free(k);
}

static void in_the_order_of_their_texts(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"look\",[\"$0\",\"$1\",\"$2\",\"$3\",\"$4\"]]",
                                "o-9 o-100 o-50 o-5 o-1000000", "p-90"),
                        DONE);
    assert_string_equal(sk_boyd(k), "drop o-100 o-1000000 o-5 o-50 o-9\n"
                                    "retire o-100 o-1000000 o-5 o-50 o-9\n");
    (void)sk_free(k);
}

static void what_is_held_stays(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(send_one(k, "hold", "o-50"), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(send_one(k, "free", "o-50"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    assert_string_equal(send_one(k, "hold", "o-50"), DONE);
    assert_string_equal(sk_boyd(k), "");
    (void)sk_free(k);
}

/* In the very crank that mentions it last: behind everything else. */
static void at_the_end_of_a_crank(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    sk_collect(k, CS_COLLECT_NOW);
    assert_string_equal(sk_send(k, "#[\"arg\",[\"$0\",\"$1\"]]", "o-50 o-51", "p-90"),
                        "send o-50 #[\"m\",[\"$0.Alleged: presence o-51\"]] [o-51] -> p+5\n"
                        "subscribe p+5\n" DONE "drop o-50 o-51\nretire o-50 o-51\n");
    assert_string_equal(send_one(k, "echo", "o-52"),
                        "resolve p-90 #\"$0.Alleged: presence o-52\" [o-52]\n"
                        "drop o-52\nretire o-52\n");
    assert_string_equal(sk_notify(k, "p+5", false, "#\"$0\"", "o-53"), "drop o-53\nretire o-53\n");
    (void)sk_free(k);
}

/* --- weak collections --------------------------------------------------------------------------- */

static void weak_keys_come_back(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"key\",[\"$0\",5]]", "o-50", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\n");
    assert_int_equal(sk_reply(k)->imports_held, 0);
    assert_int_equal(sk_reply(k)->watched, 1);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(send_one(k, "get", "o-50"), "resolve p-90 #5\n");
    assert_int_equal(sk_reply(k)->imports_held, 1);
    assert_string_equal(sk_boyd(k), "drop o-50\n");
    assert_string_equal(send_one(k, "hold", "o-50"), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(send_one(k, "free", "o-50"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\n");
    assert_string_equal(send_one(k, "unkey", "o-50"), TRUE);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    assert_string_equal(send_one(k, "has", "o-50"), "resolve p-90 #false\n");
    (void)sk_free(k);
}

static void weak_sets_as_well(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(send_one(k, "add", "o-50"), DONE);
    assert_string_equal(send_one(k, "add", "o-51"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50 o-51\n");
    assert_string_equal(send_one(k, "in", "o-50"), TRUE);
    assert_string_equal(send_one(k, "out", "o-51"), TRUE);
    assert_string_equal(sk_boyd(k), "drop o-50 o-51\nretire o-51\n");
    (void)sk_free(k);
}

/* Known to two collections: recognised until both are gone. */
static void collections_die(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"key\",[\"$0\",5]]", "o-50", "p-90"), DONE);
    assert_string_equal(send_one(k, "add", "o-50"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\n");
    assert_string_equal(send_one(k, "unkey", "o-50"), TRUE);
    assert_string_equal(sk_boyd(k), "drop o-50\n");
    assert_string_equal(sk_send(k, "#[\"forget\",[]]", "", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "retire o-50\n");
    assert_string_equal(sk_boyd(k), "");
    (void)sk_free(k);
}

static void entries_go_when_retired(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"key\",[\"$0\",\"$1\"]]", "o-50 o-51", "p-90"), DONE);
    assert_string_equal(sk_send(k, "#[\"key\",[\"$0\",\"$1\"]]", "o-51 o-52", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\n");
    assert_string_equal(sk_retire_imports(k, "o-50"), "");
    assert_string_equal(sk_boyd(k), "drop o-51\n");
    assert_string_equal(sk_retire_imports(k, "o-51"), "");
    sk_collect(k, CS_COLLECT_NOW);
    assert_string_equal(sk_retire_imports(k, ""), "drop o-52\nretire o-52\n");
    assert_int_equal(sk_reply(k)->watched, 0);
    (void)sk_free(k);
}

/* The value holds its own key: strongly, as long as the map lives. */
static void values_that_hold_their_keys(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"key\",[\"$0\",[\"$0\"]]]", "o-50", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_send(k, "#[\"forget\",[]]", "", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    (void)sk_free(k);
}

/* The same object keeps its interface; one that was not recognised takes the new one. */
static void interfaces(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"key\",[\"$0.Alleged: a\",5]]", "o-50", "p-90"), DONE);
    assert_string_equal(sk_send(k, "#[\"look\",[\"$0.Alleged: b\"]]", "o-51", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50 o-51\nretire o-51\n");
    assert_string_equal(sk_send(k, "#[\"tag\",[\"$0.Alleged: other\"]]", "o-50", "p-90"),
                        "resolve p-90 #\"Alleged: a\"\n");
    assert_string_equal(sk_send(k, "#[\"tag\",[\"$0.Alleged: other\"]]", "o-51", "p-90"),
                        "resolve p-90 #\"Alleged: other\"\n");
    (void)sk_free(k);
}

/* A class may stamp private fields onto any object. A presence made anew would not have them, and what
 * they hold can be reached when it comes back: so all of it is held. */
static void private_fields_hold(void **state)
{
    (void)state;
    sk *k = sk_started(
        "class Base { constructor(o) { return o; } }"
        "class Stamp extends Base { #v; constructor(o, v) { super(o); this.#v = v; }"
        "  static get(o) { return #v in o ? o.#v : 'none'; } }"
        "export const buildRootObject = () => { let ws = new WeakSet(); return Far('root', {"
        " stamp: (x, v) => { new Stamp(x, v); }, get: x => Stamp.get(x), add: x => { ws.add(x); },"
        " in: x => ws.has(x) }); };");
    assert_string_equal(sk_send(k, "#[\"stamp\",[\"$0\",\"$1\"]]", "o-50 o-51", "p-90"), DONE);
    assert_string_equal(send_one(k, "add", "o-51"), DONE);
    assert_string_equal(send_one(k, "add", "o-52"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-52\n");
    assert_string_equal(send_one(k, "get", "o-50"),
                        "resolve p-90 #\"$0.Alleged: presence o-51\" [o-51]\n");
    assert_string_equal(send_one(k, "in", "o-51"), TRUE);
    assert_string_equal(send_one(k, "get", "o-52"), "resolve p-90 #\"none\"\n");
    (void)sk_free(k);
}

/* The promise that stands for a presence is made once: it may be a key as well. */
static void promises_of_presences(void **state)
{
    (void)state;
    sk *k = sk_started(
        "export const buildRootObject = () => { const wm = new WeakMap(), ws = new WeakSet();"
        " const p = x => HandledPromise.resolve(x); return Far('root', {"
        " look: x => { p(x); }, key: (x, y) => { wm.set(p(x), y); ws.add(x); ws.add(y); },"
        " add: x => { ws.add(x); p(x); }, get: x => wm.get(p(x)), in: x => ws.has(x) }); };");
    assert_string_equal(sk_send(k, "#[\"key\",[\"$0\",\"$1\"]]", "o-50 o-51", "p-90"), DONE);
    assert_string_equal(send_one(k, "look", "o-52"), DONE);
    assert_string_equal(send_one(k, "add", "o-53"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-52 o-53\nretire o-52\n");
    assert_string_equal(send_one(k, "get", "o-50"),
                        "resolve p-90 #\"$0.Alleged: presence o-51\" [o-51]\n");
    assert_string_equal(send_one(k, "in", "o-53"), TRUE);
    assert_string_equal(sk_boyd(k), "drop o-53\n");
    (void)sk_free(k);
}

/* --- prototypes of presences -------------------------------------------------------------------- */

static const char prototypes[] =
    "class Base { constructor(o) { return o; } }"
    "class Stamp extends Base { #v; constructor(o, v) { super(o); this.#v = v; }"
    "  static get(o) { return #v in o ? o.#v : 'none'; } }"
    "export const buildRootObject = () => { const wm = new WeakMap(), ws = new WeakSet(); let saved;"
    " const of = x => Object.getPrototypeOf(x); return Far('root', {"
    "  look: x => {}, same: (x, y) => of(x) === of(y),"
    "  save: x => { saved = of(x); }, saved: x => saved === of(x),"
    "  heir: x => { saved = { __proto__: of(x) }; }, inherited: x => of(saved) === of(x),"
    "  key: (x, v) => { wm.set(of(x), v); }, keyed: x => wm.get(of(x)),"
    "  add: x => { ws.add(of(x)); }, added: x => ws.has(of(x)),"
    "  stamp: (x, v) => { new Stamp(of(x), v); }, stamped: x => Stamp.get(of(x)),"
    " }); };";

static const char *send_named(sk *k, const char *method, const char *name, const char *slot)
{
    char body[256];
    (void)snprintf(body, sizeof body, "#[\"%s\",[\"$0.Alleged: %s\",true]]", method, name);
    return sk_send(k, body, slot, "p-90");
}

/* Presences of many other names come and go. */
static void look_at_others(sk *k)
{
    char name[20], slot[20];
    for (int i = 0; i < 100; i++) {
        (void)snprintf(name, sizeof name, "other %d", i);
        (void)snprintf(slot, sizeof slot, "o-%d", 1000 + i);
        assert_string_equal(send_named(k, "look", name, slot), DONE);
    }
}

/* The vat remembers the prototype of a presence that it loses then. Whether or not that is collected, one
 * that comes in with its name, known or not, is recognised. */
static void recognizes(const char *remember, const char *ask, const char *name, bool collects)
{
    sk *k = sk_started(prototypes);
    assert_string_equal(send_named(k, remember, name, "o-50"), DONE);
    look_at_others(k);
    if (collects)
        assert_non_null(strstr(sk_boyd(k), "drop o-1000"));
    assert_string_equal(send_named(k, ask, name, "o-51"), TRUE);
    look_at_others(k);
    assert_string_equal(send_named(k, ask, name, "o-50"), TRUE);
    assert_string_not_equal(send_named(k, ask, "another", "o-52"), TRUE);
    (void)sk_free(k);
}

static void prototypes_tell_nothing_of_collections(void **state)
{
    static const char *const ways[][2] = {
        { "save", "saved" }, { "heir", "inherited" }, { "key", "keyed" },
        { "add", "added" },  { "stamp", "stamped" },
    };
    static const char long_name[] =
        "a name that is longer than what anybody gives to an interface: ............";
    (void)state;
    for (size_t i = 0; i < sizeof ways / sizeof ways[0]; i++)
        for (int collects = 0; collects < 2; collects++) {
            recognizes(ways[i][0], ways[i][1], "thing", collects);
            recognizes(ways[i][0], ways[i][1], long_name, collects);
        }
}

static void one_name_has_one_prototype(void **state)
{
    (void)state;
    sk *k = sk_started(prototypes);
    assert_string_equal(
        sk_send(k, "#[\"same\",[\"$0.Alleged: a\",\"$1.Alleged: a\"]]", "o-50 o-51", "p-90"), TRUE);
    assert_string_equal(
        sk_send(k, "#[\"same\",[\"$0.Alleged: a\",\"$1.Alleged: b\"]]", "o-50 o-52", "p-90"),
        "resolve p-90 #false\n");
    (void)sk_free(k);
}

/* What an entry of a prototype reaches, its presence can reach: it is not lost. */
static void what_a_prototype_leads_to_is_held(void **state)
{
    (void)state;
    sk *k = sk_started(prototypes);
    assert_string_equal(
        sk_send(k, "#[\"key\",[\"$0.Alleged: a\",\"$1.Alleged: b\"]]", "o-50 o-51", "p-90"), DONE);
    assert_string_equal(
        sk_send(k, "#[\"stamp\",[\"$0.Alleged: c\",\"$1.Alleged: d\"]]", "o-52 o-53", "p-90"),
        DONE);
    assert_string_equal(sk_boyd(k), "drop o-50 o-52\nretire o-50 o-52\n");
    assert_string_equal(send_named(k, "keyed", "a", "o-54"),
                        "resolve p-90 #\"$0.Alleged: b\" [o-51]\n");
    assert_string_equal(send_named(k, "stamped", "c", "o-55"),
                        "resolve p-90 #\"$0.Alleged: d\" [o-53]\n");
    (void)sk_free(k);
}

/* Who sends ever other names does not fill the heap. */
static void names_are_forgotten(void **state)
{
    enum { ROUNDS = 50 };
    (void)state;
    char name[40];
    uint64_t after_first = 0;
    sk *k = sk_started(prototypes);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < 20; i++) {
            (void)snprintf(name, sizeof name, "name %d of round %d", i, round);
            (void)send_named(k, "look", name, "o-50");
            (void)sk_boyd(k);
        }
        if (round == 1)
            after_first = sk_reply(k)->heap_bytes;
    }
    assert_in_range(sk_reply(k)->heap_bytes, 1, after_first + 4096);
    (void)sk_free(k);
}

/* --- exports ------------------------------------------------------------------------------------ */

static sk *with_export(void)
{
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"make\",[]]", "", "p-90"), DONE);
    assert_string_equal(sk_send(k, "#[\"give\",[]]", "", "p-90"),
                        "resolve p-90 #\"$0.Alleged: mine\" [o+10]\n");
    return k;
}

static const char *lose(sk *k)
{
    return sk_send(k, "#[\"lose\",[]]", "", "p-90");
}

static void exports_live_until_dropped(void **state)
{
    (void)state;
    sk *k = with_export();
    assert_string_equal(lose(k), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_int_equal(sk_reply(k)->watched, 1);
    assert_string_equal(sk_boyd(k), "retire-exports o+10\n");
    assert_int_equal(sk_reply(k)->watched, 0);
    assert_string_equal(sk_retire_exports(k, "o+10"), "");
    (void)sk_free(k);
}

static void exports_dropped_while_held(void **state)
{
    (void)state;
    sk *k = with_export();
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(lose(k), DONE);
    assert_string_equal(sk_boyd(k), "retire-exports o+10\n");
    (void)sk_free(k);
}

static void exports_sent_again(void **state)
{
    (void)state;
    sk *k = with_export();
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_send(k, "#[\"give\",[]]", "", "p-90"),
                        "resolve p-90 #\"$0.Alleged: mine\" [o+10]\n");
    assert_int_equal(sk_reply(k)->watched, 0);
    assert_string_equal(lose(k), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_boyd(k), "retire-exports o+10\n");
    (void)sk_free(k);
}

/* The kernel retires it first; sent again it has its vref, and the kernel takes it for a new object. */
static void exports_retired_by_the_kernel(void **state)
{
    (void)state;
    sk *k = with_export();
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_retire_exports(k, "o+10"), "");
    assert_int_equal(sk_reply(k)->watched, 0);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_send(k, "#[\"give\",[]]", "", "p-90"),
                        "resolve p-90 #\"$0.Alleged: mine\" [o+10]\n");
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_retire_exports(k, "o+10"), "");
    assert_string_equal(lose(k), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_send(k, "#[\"make\",[]]", "", "p-90"), DONE);
    assert_string_equal(sk_send(k, "#[\"give\",[]]", "", "p-90"),
                        "resolve p-90 #\"$0.Alleged: mine\" [o+11]\n");
    (void)sk_free(k);
}

static void exports_as_weak_keys(void **state)
{
    (void)state;
    sk *k = with_export();
    assert_string_equal(send_one(k, "keyMine", "o-50"), DONE);
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_send(k, "#[\"getMine\",[]]", "", "p-90"),
                        "resolve p-90 #\"$0.Alleged: presence o-50\" [o-50]\n");
    assert_string_equal(lose(k), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\nretire-exports o+10\n");
    (void)sk_free(k);
}

static void the_root_is_for_ever(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_drop_exports(k, "o+0"), "");
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_retire_exports(k, "o+0"), "");
    assert_int_equal(sk_reply(k)->watched, 0);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(send_one(k, "echo", "o+0"), "resolve p-90 #\"$0.Alleged: root\" [o+0]\n");
    (void)sk_free(k);
}

/* Objects that got their vrefs for messages that were never sent. */
static void exports_never_sent(void **state)
{
    (void)state;
    sk *k = sk_started(
        "export const buildRootObject = () => { let o; return Far('root', {"
        " m: x => { o = Far('o', {}); E(x).m(o, Promise.resolve(), new Map()).catch(() => {}); },"
        " lose: () => { o = undefined; }, give: () => o }); };");
    assert_string_equal(send_one(k, "m", "o-50"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    assert_string_equal(sk_send(k, "#[\"give\",[]]", "", "p-90"),
                        "resolve p-90 #\"$0.Alleged: o\" [o+10]\n");
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_retire_exports(k, "o+10"), "");
    assert_string_equal(sk_send(k, "#[\"lose\",[]]", "", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(send_one(k, "m", "o-50"), DONE);
    assert_string_equal(sk_send(k, "#[\"give\",[]]", "", "p-90"),
                        "resolve p-90 #\"$0.Alleged: o\" [o+11]\n");
    (void)sk_free(k);
}

/* --- what holds --------------------------------------------------------------------------------- */

static void pending_promises_hold(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"later\",[\"$0\"]]", "o-50", "p-60"), "");
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_send(k, "#[\"settle\",[1]]", "", "p-90"),
                        DONE "resolve p-60 #\"$0.Alleged: presence o-50\" [o-50]\n");
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    assert_string_equal(sk_send(k, "#[\"when\",[\"&0\",\"$1\"]]", "p-61 o-51", ""),
                        "subscribe p-61\n");
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_notify(k, "p-61", false, "#5", ""), "");
    assert_string_equal(sk_boyd(k), ""); /* it is in the Map now */
    assert_string_equal(send_one(k, "free", "o-51"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-51\nretire o-51\n");
    (void)sk_free(k);
}

/* Nobody can settle it any more: it goes, and what hangs on it. */
static void abandoned_promises_do_not_hold(void **state)
{
    (void)state;
    sk *k = sk_started("export const buildRootObject = () => Far('root', {"
                       " m: x => { new Promise(() => {}).then(() => x); } });");
    assert_string_equal(send_one(k, "m", "o-50"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    (void)sk_free(k);
}

static void waiting_sends_hold(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"pipe\",[\"$0\",\"$1\"]]", "o-50 o-51", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(
        send_one(k, "settle", "o-52"),
        DONE "send o-52 #[\"m\",[\"$0.Alleged: presence o-51\"]] [o-51] -> p+5\nsubscribe p+5\n"
             "send o-52 #[\"n\",[\"$0.Alleged: presence o-50\"]] [o-50] -> p+6\nsubscribe p+6\n");
    assert_string_equal(sk_boyd(k), "drop o-50 o-51\nretire o-50 o-51\n"); /* p holds o-52 */
    (void)sk_free(k);
}

/* A promise that the kernel follows holds what it is resolved to until that has been told. */
static void resolutions_hold_until_told(void **state)
{
    (void)state;
    sk *k = sk_started(
        "export const buildRootObject = () => { let kit = makePromiseKit(); return Far('root', {"
        " give: () => [kit.promise], settle: x => { kit.resolve({ x }); kit = undefined; } }); };");
    assert_string_equal(sk_send(k, "#[\"give\",[]]", "", "p-60"), "resolve p-60 #[\"&0\"] [p+5]\n");
    assert_string_equal(sk_boyd(k), "");
    sk_collect(k, CS_COLLECT_NOW);
    assert_string_equal(send_one(k, "settle", "o-50"),
                        "resolve p+5 #{\"x\":\"$0.Alleged: presence o-50\"} [o-50]\n" DONE
                        "drop o-50\nretire o-50\n");
    (void)sk_free(k);
}

/* An answer that nobody in the vat waits for: its vref must still mean it. */
static void answers_stay_known(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(send_one(k, "call", "o-50"),
                        "send o-50 #[\"m\",[]] -> p+5\nsubscribe p+5\n" DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    assert_string_equal(sk_send(k, "#[\"look\",[\"&0\"]]", "p+5", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_notify(k, "p+5", false, "#\"$0\"", "o-51"), "");
    assert_string_equal(sk_boyd(k), "drop o-51\nretire o-51\n");
    (void)sk_free(k);
}

static void baggage_and_devices_hold(void **state)
{
    (void)state;
    sk *k =
        sk_new("export const buildRootObject = (_, { x, d }, baggage) => { baggage.init('x', x);"
               " return Far('root', { lose: () => baggage.delete('x'), echo: d2 => d2 }); };");
    assert_string_equal(sk_start(k, "#{\"x\":\"$0\",\"d\":\"$1.Alleged: device\"}", "o-50 d-70"),
                        "");
    assert_int_equal(sk_reply(k)->imports_held, 1);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_send(k, "#[\"lose\",[]]", "", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    assert_string_equal(send_one(k, "echo", "d-70"),
                        "resolve p-90 #\"$0.Alleged: device\" [d-70]\n");
    (void)sk_free(k);
}

/* --- slots that nobody sees --------------------------------------------------------------------- */

/* The kernel thinks that the vat has them; no collection is needed to know better. */
static void slots_without_mention(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    assert_string_equal(sk_send(k, "#[\"hold\",[\"$0\"]]", "o-50 o-51 o-52 o-51", "p-90"),
                        DONE "drop o-51 o-52\nretire o-51 o-52\n");
    assert_string_equal(sk_send(k, "#[\"look\",[1]]", "o-50", "p-90"), DONE);
    assert_string_equal(sk_send(k, "#[\"key\",[\"$0\",1]]", "o-53", "p-90"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-53\n");
    assert_string_equal(sk_send(k, "#[\"look\",[1]]", "o-53 o-53", "p-90"), DONE "drop o-53\n");
    assert_string_equal(send_one(k, "get", "o-53"), "resolve p-90 #1\n");
    assert_string_equal(sk_notify(k, "p-77", false, "#\"$0\"", "o-54"), "drop o-54\nretire o-54\n");
    (void)sk_free(k);
    k = sk_new(vat);
    assert_string_equal(sk_start(k, "#{}", "o-50"), "drop o-50\nretire o-50\n");
    (void)sk_free(k);
}

static void malformed_capdata(void **state)
{
    (void)state;
    sk *k = sk_started(vat);
    const char *trace =
        sk_send(k, "#[\"hold\",[\"$0\",\"$1\",\"$7\",\"$2\"]]", "o-50 o-51 o-52", "p-90");
    assert_non_null(strstr(trace, "resolve p-90! #{\"#error\":"));
    assert_non_null(strstr(trace, "\ndrop o-52\nretire o-52\n"));
    assert_string_equal(sk_boyd(k), "drop o-50 o-51\nretire o-50 o-51\n");
    trace = sk_send(k, "#[", "o-50 o-51", "p-90");
    assert_non_null(strstr(trace, "\ndrop o-50 o-51\nretire o-50 o-51\n"));
    assert_string_equal(sk_send(k, "#[\"when\",[\"&0\",\"$1\"]]", "p-61 o-51", ""),
                        "subscribe p-61\n");
    assert_string_equal(sk_notify(k, "p-61", false, "#{\"a\":\"$0\",\"b\":}", "o-60 o-61"),
                        "drop o-60 o-61\nretire o-60 o-61\n");
    assert_string_equal(sk_boyd(k), "drop o-51\nretire o-51\n");
    (void)sk_free(k);
}

/* --- deliveries that do not apply --------------------------------------------------------------- */

static void doubled_and_unknown(void **state)
{
    (void)state;
    sk *k = with_export();
    assert_string_equal(send_one(k, "hold", "o-50"), DONE);
    assert_string_equal(sk_drop_exports(k, "o+10 o+10 o+77 o-50 o-99 p+5 p-60 d-7"), "");
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_retire_imports(k, "o-50 o-50 o-99 o+10 o+77 p+5 d-7"), "");
    assert_string_equal(sk_retire_exports(k, "o-50 o-99 o+77 o+0"), "");
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_send(k, "#[\"all\",[]]", "", "p-90"), "resolve p-90 #1\n");
    assert_string_equal(sk_retire_exports(k, "o+10 o+10"), "");
    assert_string_equal(sk_retire_exports(k, "o+10"), "");
    assert_string_equal(lose(k), DONE);
    assert_string_equal(sk_boyd(k), "");
    (void)sk_free(k);
}

/* An export that the kernel has not dropped cannot be retired. */
static void retired_without_drop(void **state)
{
    (void)state;
    sk *k = with_export();
    assert_string_equal(sk_retire_exports(k, "o+10"), "");
    assert_string_equal(lose(k), DONE);
    assert_string_equal(sk_boyd(k), "");
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    assert_string_equal(sk_boyd(k), "retire-exports o+10\n");
    (void)sk_free(k);
}

static void before_start(void **state)
{
    (void)state;
    sk *k = sk_new(vat);
    assert_string_equal(sk_drop_exports(k, "o+0 o+1"), "");
    assert_string_equal(sk_retire_exports(k, "o+0"), "");
    assert_string_equal(sk_retire_imports(k, "o-50"), "");
    assert_string_equal(sk_boyd(k), "");
    assert_false(sk_reply(k)->collected);
    assert_string_equal(sk_start(k, "#{}", ""), "");
    assert_string_equal(send_one(k, "look", "o-50"), DONE);
    assert_string_equal(sk_boyd(k), "drop o-50\nretire o-50\n");
    (void)sk_free(k);
}

/* No code of the vat runs, so nothing is to be paid. */
static void they_cost_nothing(void **state)
{
    (void)state;
    sk *k = with_export();
    uint64_t costs[2];
    for (int i = 0; i < 2; i++) {
        sk_collect(k, i == 0 ? CS_COLLECT_NEVER : CS_COLLECT_NOW);
        assert_string_equal(send_one(k, "look", "o-50"),
                            i == 0 ? DONE : DONE "drop o-50\nretire o-50\n");
        costs[i] = sk_reply(k)->computrons;
    }
    assert_int_equal(costs[0], costs[1]);
    assert_string_equal(sk_drop_exports(k, "o+10"), "");
    uint64_t idle = sk_reply(k)->computrons;
    assert_string_equal(lose(k), DONE "retire-exports o+10\n");
    assert_string_equal(sk_boyd(k), "");
    assert_int_equal(sk_reply(k)->computrons, idle);
    assert_true(idle < 10);
    (void)sk_free(k);
}

T_MAIN(T(lost_imports_are_told_once), T(in_the_order_of_their_texts), T(what_is_held_stays),
       T(at_the_end_of_a_crank), T(weak_keys_come_back), T(weak_sets_as_well), T(collections_die),
       T(entries_go_when_retired), T(values_that_hold_their_keys), T(interfaces),
       T(private_fields_hold), T(promises_of_presences), T(prototypes_tell_nothing_of_collections),
       T(one_name_has_one_prototype), T(what_a_prototype_leads_to_is_held), T(names_are_forgotten),
       T(exports_live_until_dropped), T(exports_dropped_while_held), T(exports_sent_again),
       T(exports_retired_by_the_kernel), T(exports_as_weak_keys), T(the_root_is_for_ever),
       T(exports_never_sent), T(pending_promises_hold), T(abandoned_promises_do_not_hold),
       T(waiting_sends_hold), T(resolutions_hold_until_told), T(answers_stay_known),
       T(baggage_and_devices_hold), T(slots_without_mention), T(malformed_capdata),
       T(doubled_and_unknown), T(retired_without_drop), T(before_start), T(they_cost_nothing))
