/* The public vectors of tests/golden/marshal: what @endo/marshal writes, reads and refuses. */
#include "marshal_fixture.h"

#include <string.h>

/* Evaluates the expressions; every line of a report is a difference. */
static const char harness[] =
    "const vectors = JSON.parse(text);\n"
    "let named, wrong = [];\n"
    "const R = (name, iface = `Alleged: ${name}`) => {\n"
    "  if (!named.has(name)) named.set(name, Remotable(iface, undefined, {}));\n"
    "  return named.get(name);\n"
    "};\n"
    "const P = name => {\n"
    "  if (!named.has(name)) named.set(name, harden(new Promise(() => {})));\n"
    "  return named.get(name);\n"
    "};\n"
    "const nameOf = v => ([...named.entries()].find(e => e[1] === v) || ['?'])[0];\n"
    "const capOf = name => (/^p/.test(name) ? P(name) : R(name));\n"
    "const attempt = f => { try { return f(); } catch (e) { return `${e.name}: ${e.message}`; } };\n"
    "const same = (what, is, not) => {\n"
    "  if (is !== not) wrong.push(`${what}\\n    is       ${is}\\n    should   ${not}`);\n"
    "};\n"
    "globalThis.each = (cases, check) => {\n"
    "  for (const c of cases) { named = new Map(); check(c); }\n"
    "  const first = wrong.slice(0, 20).join('\\n');\n"
    "  wrong = [];\n"
    "  return first;\n"
    "};\n"
    "const value = js => (new Function('R', 'P', `return (${js});`))(R, P);\n"
    "const show = pair => JSON.stringify([pair[0], pair[1].map(nameOf)]);\n"
    "const legacy = v => toCapData(v, 'capdata', 'm', 0)[0];\n"
    "const means = c => JSON.stringify([c.means.body, c.means.slots]);\n"
    "const fromNative = c => {\n"
    "  const values = [], mentions = capDataSlots(c.body);\n"
    "  for (let i = 0; i < mentions.length; i += 2) {\n"
    "    if (mentions[i] < c.slots.length) values[mentions[i]] = capOf(c.slots[mentions[i]]);\n"
    "  }\n"
    "  return fromCapData(c.body, values);\n"
    "};\n"
    "Object.assign(globalThis, { vectors, value, show, legacy, means, same, attempt, capOf, fromNative });\n";

static marshal_fixture f;

static int setup(void **state)
{
    (void)state;
    marshal_fixture_init(&f);
    marshal_define_file(&f, "text", "tests/golden/marshal/vectors.json");
    return marshal_run(&f, harness) == CS_OK ? 0 : 1;
}

static int teardown(void **state)
{
    (void)state;
    marshal_fixture_fini(&f);
    return 0;
}

static void values_are_written_as_the_reference_writes_them(void **state)
{
    (void)state;
    assert_string_equal(marshal_eval(&f, "each(vectors.encode, c => {\n"
                                         "  const v = attempt(() => harden(value(c.js)));\n"
                                         "  const expected = JSON.stringify([c.body, c.slots]);\n"
                                         "  same(c.js, attempt(() => show(encode(v))), expected);\n"
                                         "  same(c.js, attempt(() => legacy(v)), c.legacy);\n"
                                         "})"),
                        "");
}

/* Errors get a new id each time, so those with errors are compared without. */
static void what_was_written_is_read_back(void **state)
{
    (void)state;
    assert_string_equal(
        marshal_eval(
            &f, "each(vectors.encode, c => {\n"
                "  attempt(() => value(c.js));\n"
                "  const slots = c.slots.map(capOf);\n"
                "  const expected = JSON.stringify([c.again || c.body, c.slots]);\n"
                "  if (c.slots.includes('?')) return;\n"
                "  same(c.js, attempt(() => show(encode(decode(c.body, slots)))), expected);\n"
                "  same(c.js, attempt(() => show(encode(decode(c.legacy, slots)))), expected);\n"
                "})"),
        "");
}

/* The words are the package's; where in the value it happened is ours. */
static void what_cannot_be_passed_is_refused_in_its_words(void **state)
{
    (void)state;
    assert_string_equal(marshal_eval(&f,
                                     "each(vectors.refuse, c => {\n"
                                     "  const text = attempt(() => {\n"
                                     "    const v = value(c.js);\n"
                                     "    return show(encode(c.hardened ? harden(v) : v));\n"
                                     "  });\n"
                                     "  same(c.js, text.replace(/: at [.[].*$/, ''), c.error);\n"
                                     "})"),
                        "");
}

static void foreign_bodies_mean_the_same(void **state)
{
    (void)state;
    assert_string_equal(
        marshal_eval(
            &f, "each(vectors.decode, c => {\n"
                "  const slots = c.slots.map(capOf);\n"
                "  same(c.body, attempt(() => show(encode(decode(c.body, slots)))), means(c));\n"
                "  same(c.body, attempt(() => show(encode(fromNative(c)))), means(c));\n"
                "})"),
        "");
}

static void malformed_bodies_are_refused(void **state)
{
    (void)state;
    assert_string_equal(
        marshal_eval(&f,
                     "each(vectors.malformed, c => {\n"
                     "  const slots = c.slots.map(capOf);\n"
                     "  for (const read of [() => decode(c.body, slots), () => fromNative(c)]) {\n"
                     "    let thrown = false;\n"
                     "    try { read(); } catch (e) { thrown = e instanceof Error; }\n"
                     "    same(c.body, thrown, true);\n"
                     "  }\n"
                     "})"),
        "");
}

T_MAIN(T_WITH(values_are_written_as_the_reference_writes_them, setup, teardown),
       T_WITH(what_was_written_is_read_back, setup, teardown),
       T_WITH(what_cannot_be_passed_is_refused_in_its_words, setup, teardown),
       T_WITH(foreign_bodies_mean_the_same, setup, teardown),
       T_WITH(malformed_bodies_are_refused, setup, teardown))
