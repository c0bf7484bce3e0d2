/* Values and bodies of unusual size: they pass, or the sender is told why not; neither the C stack nor
 * the time that it takes runs away. */
#include "marshal_fixture.h"

#include "base/limits.h"

#include <stdlib.h>
#include <string.h>

static marshal_fixture f;

static int setup(void **state)
{
    (void)state;
    marshal_fixture_init(&f);
    return marshal_run(
               &f, "globalThis.attempt = f => {\n"
                   "  try { return String(f()); } catch (e) { return `${e.name}: ${e.message}`; }\n"
                   "};\n"
                   "globalThis.nest = (n, wrap) => {\n"
                   "  let v = null;\n"
                   "  for (let i = 0; i < n; i++) v = harden(wrap(v));\n"
                   "  return v;\n"
                   "};\n"
                   "globalThis.same = v => {\n"
                   "  const [body, slots] = encode(v);\n"
                   "  return encode(decode(body, slots))[0] === body;\n"
                   "};") == CS_OK
               ? 0
               : 1;
}

static int teardown(void **state)
{
    (void)state;
    marshal_fixture_fini(&f);
    return 0;
}

static const char *attempt(const char *source)
{
    static char text[2048];
    (void)snprintf(text, sizeof text, "attempt(() => (%s))", source);
    return marshal_eval(&f, text);
}

static void is(const char *source, const char *expected)
{
    const char *result = attempt(source);
    if (strcmp(result, expected) != 0)
        (void)fprintf(stderr, "# %s\n", source);
    assert_string_equal(result, expected);
}

/* Throws the text of what decoding a body of C's gives. */
static void decode_body(cs_machine *the, void *arg)
{
    cs_marshal_decode(the, f.m, arg);
}

static const char *refusal_of(cs_bytes body)
{
    cs_capdata d = { .body = body };
    return cs_fence(f.heap, decode_body, &d, &f.err) == CS_OK ? "none" : f.err.text;
}

/* --- depth ----------------------------------------------------------------------------------------- */

static void deep_values_pass(void **state)
{
    (void)state;
    assert_int_equal(CS_DEPTH_MAX, 2000);
    is("same(nest(2000, v => [v]))", "true");
    is("same(nest(2000, v => ({ a: v })))", "true");
    is("same(nest(2000, v => ({ a: 1, 7: v })))", "true");
    is("same(nest(2000, v => makeTagged('t', v)))", "true");
    is("passStyleOf(nest(2000, v => ({ a: v })))", "copyRecord");
    is("passStyleOf(nest(1999, v => Error('x', v === null ? {} : { cause: v })))", "error");
}

static void deeper_values_are_refused(void **state)
{
    (void)state;
    static const char expected[] = "Error: Cannot pass data nested more than 2000 levels deep: at ";
    const char *const wraps[] = { "[v]", "({ a: v })", "({ 7: v })", "makeTagged('t', v)" };
    for (int i = 0; i < 3; i++) {
        char text[128];
        (void)snprintf(text, sizeof text, "encode(nest(2001, v => %s))", wraps[i]);
        assert_memory_equal(attempt(text), expected, sizeof expected - 1);
        (void)snprintf(text, sizeof text, "passStyleOf(nest(2001, v => %s))", wraps[i]);
        assert_memory_equal(attempt(text), expected, sizeof expected - 1);
    }
    is("same(nest(1999, v => v === null ? [Error('x')] : [v]))", "true");
    assert_memory_equal(attempt("encode(nest(2000, v => v === null ? [Error('x')] : [v]))"),
                        expected, sizeof expected - 1);
}

static void cycles_are_named(void **state)
{
    (void)state;
    is("(() => { const a = [1]; a.push({ b: a }); return encode(harden(a)); })()",
       "Error: Pass-by-copy data cannot be cyclic (an object): at [1].b");
    is("(() => { const a = [1]; a.push({ b: a }); return passStyleOf(harden(a)); })()",
       "Error: Pass-by-copy data cannot be cyclic (an object): at [1].b");
    is("(() => { const e = Error('x'); e.cause = e; Object.defineProperty(e, 'cause', { enumerable: false }); return passStyleOf(harden(e)); })()",
       "Error: Pass-by-copy data cannot be cyclic (an object): at .cause");
}

static void deep_bodies_are_refused(void **state)
{
    (void)state;
    char *body = malloc(CS_BODY_MAX);
    memset(body, '[', CS_BODY_MAX);
    body[0] = '#';
    cs_bytes all = { (uint8_t *)body, CS_BODY_MAX };
    assert_string_equal(refusal_of(all),
                        "SyntaxError: malformed CapData: nested too deeply at byte "
                        "2001 of the body");
    for (size_t i = 0; i < CS_BODY_MAX; i++)
        body[i] = "{\"a\":"[i % 5];
    assert_string_equal(refusal_of(all),
                        "SyntaxError: malformed CapData: nested too deeply at byte "
                        "10000 of the body");
    body[0] = '#';
    all.size = 2001;
    memset(body + 1, '[', 2000);
    assert_string_equal(refusal_of(all),
                        "SyntaxError: malformed CapData: unexpected end at byte 2001 of the body");
    free(body);
}

/* --- size ------------------------------------------------------------------------------------------ */

static void bodies_have_a_limit(void **state)
{
    (void)state;
    is("encode('x'.repeat(9999996))[0].length", "9999999");
    is("encode('x'.repeat(10000001))", "RangeError: Cannot pass data of more than 10000000 bytes");
    is("encode(harden(['x'.repeat(5000000), 'y'.repeat(5000001)]))",
       "RangeError: Cannot pass data of more than 10000000 bytes");
    /* 2^40 leaves in 40 objects */
    is("encode(nest(40, v => [v, v]))", "RangeError: Cannot pass data of more than 10000000 bytes");
    char *body = calloc(1, CS_BODY_MAX + 2);
    memset(body, ' ', CS_BODY_MAX + 2);
    body[0] = '#';
    assert_string_equal(refusal_of((cs_bytes){ (uint8_t *)body, CS_BODY_MAX + 2 }),
                        "SyntaxError: malformed CapData: larger than 10 MB at byte 1 of the body");
    free(body);
}

static void references_have_a_limit(void **state)
{
    (void)state;
    is("(() => { const caps = []; for (let i = 0; i < 10000; i++) caps.push(Far('f', {}));"
       " const [body, slots] = encode(harden([...caps, ...caps]));"
       " return [slots.length, slots.every((s, i) => s === caps[i]), body.endsWith(',\"$9998\",\"$9999\"]')].join(); })()",
       "10000,true,true");
    is("(() => { const caps = []; for (let i = 0; i < 10001; i++) caps.push(Far('f', {}));"
       " return encode(harden(caps)); })()",
       "RangeError: Cannot pass more than 10000 references");
}

static void bigints_have_a_limit(void **state)
{
    (void)state;
    is("encode(10n ** 9999n)[0] === `#\"+1${'0'.repeat(9999)}\"`", "true");
    is("same(harden([2n ** 33000n - 1n, -(3n ** 20000n)]))", "true");
    is("encode(harden({ n: [2n ** 70000n] }))",
       "Error: Cannot pass a bigint of more than 20000 digits: at .n[0]");
    is("decode(`#[\"+1${'0'.repeat(20000)}\"]`, [])",
       "Error: malformed CapData: bigint of more than 20000 digits: at [0]");
    is("decode(`#1${'0'.repeat(1000)}`, [])",
       "Error: malformed CapData: number of more than 1000 digits");
    is("decode(`#1${'0'.repeat(999)}`, [])", "Infinity");
}

/* --- time ------------------------------------------------------------------------------------------ */

static void large_records_are_quick(void **state)
{
    (void)state;
    is("(() => { const body = `#{${Array.from({ length: 50000 }, (_, i) => `\"${(i * 7919) % 50000 * 3 + 1}\":${i}`).join()}}`;"
       " const d = decode(body, []); return [Object.keys(d).length, d[1], d[4], d[149998], d[2]].join(); })()",
       "50000,0,17679,32321,");
    is("(() => { const body = `#{${Array.from({ length: 20000 }, (_, i) => `\"k${(i * 7919) % 20000}\":${i}`).join()}}`;"
       " return same(decode(body, [])); })()",
       "true");
    is("(() => { const body = `#{${Array.from({ length: 20000 }, (_, i) => `\"k${(i * 7919) % 19999}\":${i}`).join()}}`;"
       " return decode(body, []); })()",
       "Error: malformed CapData: two properties of one name");
}

/* The engine keeps every name for ever. */
static void new_names_have_a_limit(void **state)
{
    (void)state;
    is("(() => { const members = Array.from({ length: 50001 }, (_, i) => `\"x${i}\":0`);"
       " return [attempt(() => decode(`#[{${members.join()}}]`, [])),"
       " Object.keys(decode(`#{${members.join()}}`, [])).length].join(); })()",
       "Error: malformed CapData: more than 50000 new names: at [0],50001");
}

static void large_arrays_pass(void **state)
{
    (void)state;
    is("(() => { const a = []; for (let i = 0; i < 100000; i++) a.push(i % 3 ? i : `s${i}`); return same(harden(a)); })()",
       "true");
    is("decode(`#[${'[],'.repeat(100000)}{}]`, []).length", "100001");
}

/* Collections strike at every place sooner or later, and move strings and items. */
static void collections_do_no_harm(void **state)
{
    (void)state;
    is("(() => { const v = harden({ id: 12345678901234567890n, name: 'a name of some length', 5: [1.5, 'x', {}],"
       " tags: ['red', 'green', `t${1}`], deep: { e: Error('oops'), t: makeTagged('t', ['p']) }, s: Symbol.for('q'), f: Far('f', {}) });"
       " const [body, slots] = encode(v); let wrong = 0; const junk = [];"
       " for (let i = 0; i < 4000; i++) { const d = decode(body, slots); junk[i % 17] = 'x'.repeat(i % 97);"
       " if (encode(d)[0] !== body) wrong += 1; if (i % 200 === 0) collect(); }"
       " return wrong; })()",
       "0");
}

T_MAIN(T_WITH(deep_values_pass, setup, teardown),
       T_WITH(deeper_values_are_refused, setup, teardown),
       T_WITH(cycles_are_named, setup, teardown), T_WITH(deep_bodies_are_refused, setup, teardown),
       T_WITH(bodies_have_a_limit, setup, teardown),
       T_WITH(references_have_a_limit, setup, teardown),
       T_WITH(bigints_have_a_limit, setup, teardown),
       T_WITH(large_records_are_quick, setup, teardown),
       T_WITH(new_names_have_a_limit, setup, teardown), T_WITH(large_arrays_pass, setup, teardown),
       T_WITH(collections_do_no_harm, setup, teardown))
