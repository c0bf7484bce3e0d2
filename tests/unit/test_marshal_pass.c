/* passStyleOf, Far, Remotable, makeTagged and their kin, as js/ builds on them; and what encoding and
 * decoding promise beyond the golden vectors. */
#include "marshal_fixture.h"

#include "engine/bundle.h"
#include "engine/handled_promise.h"

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
                   "globalThis.isDeepFrozen = v => Object(v) !== v || (Object.isFrozen(v) &&\n"
                   "  Reflect.ownKeys(v).every(k => isDeepFrozen(v[k])));") == CS_OK
               ? 0
               : 1;
}

static int teardown(void **state)
{
    (void)state;
    marshal_fixture_fini(&f);
    return 0;
}

static void is(const char *source, const char *expected)
{
    char text[4096];
    (void)snprintf(text, sizeof text, "attempt(() => (%s))", source);
    const char *result = marshal_eval(&f, text);
    if (strcmp(result, expected) != 0)
        (void)fprintf(stderr, "# %s\n", source);
    assert_string_equal(result, expected);
}

/* --- styles ---------------------------------------------------------------------------------------- */

static void every_style_has_its_name(void **state)
{
    (void)state;
    is("[undefined, null, true, 1, 1n, 's', Symbol.iterator].map(passStyleOf)",
       "undefined,null,boolean,number,bigint,string,symbol");
    is("harden([{}, [], makeTagged('t', 1), Error('x'), Far('f', {}), Promise.resolve()])"
       ".map(passStyleOf)",
       "copyRecord,copyArray,tagged,error,remotable,promise");
    is("passStyleOf(Far('f', () => {}))", "remotable");
    is("passStyleOf(presence('Alleged: p'))", "remotable");
}

/* Frozen at each level is enough, as in the reference: hardened it need not be. */
static void frozen_data_passes(void **state)
{
    (void)state;
    is("passStyleOf(Object.freeze({ a: Object.freeze([1]) }))", "copyRecord");
    is("encode(Object.freeze({ a: Object.freeze([1]) }))[0]", "#{\"a\":[1]}");
    is("encode(Object.freeze({ a: Object.freeze([1, {}]) }))[0]",
       "Error: Cannot pass non-frozen objects like (an object). Use harden(): at .a[1]");
}

static void the_place_in_the_value_is_told(void **state)
{
    (void)state;
    const char *both[] = { "passStyleOf", "encode" };
    char text[256];
    for (int i = 0; i < 2; i++) {
        (void)snprintf(text, sizeof text, "%s(harden({ args: [{ when: new Date(0) }] }))", both[i]);
        is(text, "Error: cannot pass a Date: at .args[0].when");
        (void)snprintf(text, sizeof text, "%s(harden({ 5: { 'a b': [, Symbol('q')] } }))", both[i]);
        is(text, "Error: 0 property expected: (an object): at [5][\"a b\"]");
        (void)snprintf(text, sizeof text,
                       "%s(harden([makeTagged('t', 1), { e: Error('x', { cause: 5 }) }]))",
                       both[i]);
        is(text, "Error: Error expected: (a number): at [1].e.cause");
        (void)snprintf(text, sizeof text, "%s(harden(new Map()))", both[i]);
        is(text, "Error: cannot pass a Map");
    }
}

static void what_is_not_data_is_named(void **state)
{
    (void)state;
    is("['new Set()', '/x/', 'new WeakMap()', 'new Proxy({}, {})', 'new ArrayBuffer(1)',"
       " 'new Number(1)', '(function* () {})()'].map(s => attempt(() => encode(harden(eval(s)))))"
       ".join()",
       "Error: cannot pass a Set,Error: cannot pass a RegExp,Error: cannot pass a WeakMap,"
       "Error: cannot pass a Proxy,Error: cannot pass an ArrayBuffer: this engine has no immutable "
       "ones,Error: cannot pass a Number object,Error: cannot pass a generator");
}

/* No getter and no trap runs. */
static void nothing_of_the_vat_runs(void **state)
{
    (void)state;
    is("(() => { let ran = 0; const o = harden({ get a() { ran += 1; return 1; }, get then() { ran += 1; } });"
       " attempt(() => encode(o)); attempt(() => passStyleOf(o));"
       " const p = harden(new Proxy({}, {})); const q = Object.freeze({ __proto__: new Proxy({}, { get() { ran += 1; },"
       " has() { ran += 1; }, getPrototypeOf() { ran += 1; return null; } }) });"
       " attempt(() => encode(q)); attempt(() => passStyleOf(q)); isPassable(p); return ran; })()",
       "0");
}

static void what_was_found_passable_stays_so(void **state)
{
    (void)state;
    is("(() => { const a = harden({ x: [1, { y: 2 }] }); return [passStyleOf(a), passStyleOf(a), passStyleOf(a.x),"
       " isPassable(a), encode(a)[0], encode(a)[0]].join(); })()",
       "copyRecord,copyRecord,copyArray,true,#{\"x\":[1,{\"y\":2}]},#{\"x\":[1,{\"y\":2}]}");
    is("isPassable(harden({ f() {} }))", "false");
    is("isPassable(Symbol())", "false");
}

/* Without remembering what was seen, this would take 2^500 steps. */
static void shared_parts_are_walked_once(void **state)
{
    (void)state;
    is("(() => { let a = Object.freeze([]); for (let i = 0; i < 500; i++) a = Object.freeze([a, a]); return passStyleOf(a); })()",
       "copyArray");
}

/* --- remotables ------------------------------------------------------------------------------------ */

static void far_makes_remotables(void **state)
{
    (void)state;
    is("getInterfaceOf(Far('x', { m() {} }))", "Alleged: x");
    is("getInterfaceOf(Remotable('Remotable', undefined, {}))", "Remotable");
    is("getInterfaceOf(Remotable())", "Remotable");
    is("getInterfaceOf(Far('f', () => 1))", "Alleged: f");
    is("passStyleOf(Far('x', { then() {} }))", "Error: Cannot pass non-promise thenables");
    is("(() => { const x = Far('x', { then() {} }); return getInterfaceOf(x) + passStyleOf(x); })()",
       "Error: Cannot pass non-promise thenables");
    is("passStyleOf(Far('x', Object.setPrototypeOf(Promise.resolve(), Object.prototype)))",
       "Error: (an object) - Must inherit from Promise.prototype: (an object)");
    is("getInterfaceOf(presence('Alleged: p'))", "Alleged: p");
    is("[{}, 1, null, harden({}), () => 1, 'x'].map(getInterfaceOf).join()", ",,,,,");
    is("(() => { const o = { m() { return 7; } }; const r = Far('x', o); return [r === o, Object.isFrozen(r), r.m()].join(); })()",
       "true,true,7");
    is("Far(Symbol('x'), {})", "TypeError: Cannot coerce symbol to string");
    is("Far('x', harden({}))", "Error: Remotable (an object) is already frozen");
    is("String(Far('x', {}))", "[object Alleged: x]");
    is("Far(undefined, undefined) instanceof Object", "true");
}

static void far_gives_method_names(void **state)
{
    (void)state;
    is("(() => { const method = harden({ __getMethodNames__() {} }).__getMethodNames__;"
       " const o = Far('x', { b() {}, a() {} }, method);"
       " return [Reflect.ownKeys(o).join(), Object.keys(o).join(), o.__getMethodNames__ === method, passStyleOf(o)].join(';'); })()",
       "b,a,__getMethodNames__;b,a;true;remotable");
}

static void remotables_may_inherit(void **state)
{
    (void)state;
    is("passStyleOf(harden({ __proto__: Far('x', { m() {} }) }))", "remotable");
    is("getInterfaceOf(harden({ __proto__: harden({ __proto__: Far('x', {}), n() {} }) }))",
       "Alleged: x");
    is("passStyleOf(harden({ __proto__: Far('x', {}), n: 1 }))",
       "Error: cannot serialize Remotables with non-methods like \"n\" in (an object)");
}

/* --- tagged and symbols ---------------------------------------------------------------------------- */

static void tagged_is_what_the_package_makes(void **state)
{
    (void)state;
    is("(() => { const t = makeTagged('t', { a: 1 }); return [Reflect.ownKeys(t).map(String).join(),"
       " JSON.stringify(t), t[Symbol.toStringTag], isDeepFrozen(t), Object.getPrototypeOf(t) === Object.prototype].join(';'); })()",
       "payload,Symbol(passStyle),Symbol(Symbol.toStringTag);{\"payload\":{\"a\":1}};t;true;true");
    is("makeTagged('t', new Map())", "Error: cannot pass a Map");
}

static void symbols_have_names(void **state)
{
    (void)state;
    is("[Symbol.asyncIterator, Symbol.for('x'), Symbol.for('@@x'), Symbol('y'), 'z'].map(nameForPassableSymbol).join()",
       "@@asyncIterator,x,@@@@x,,");
    is("passableSymbolForName('@@iterator') === Symbol.iterator", "true");
    is("passableSymbolForName('@@@@x') === Symbol.for('@@x')", "true");
    is("passableSymbolForName('x') === Symbol.for('x')", "true");
    is("passableSymbolForName('@@nope')",
       "Error: Reserved for well known symbol \"nope\": \"@@nope\"");
    is("passableSymbolForName(5)", "Error: the name of a symbol must be a string, not (a number)");
}

/* --- decoding -------------------------------------------------------------------------------------- */

static void what_is_decoded_is_hardened(void **state)
{
    (void)state;
    is("isDeepFrozen(decode('#{\"a\":[1,{\"b\":\"x\",\"5\":[]}],\"t\":{\"#tag\":\"t\",\"payload\":[{}]}}', []))",
       "true");
    is("isDeepFrozen(decode('{\"@qclass\":\"hilbert\",\"original\":[{}],\"rest\":{\"9\":{}}}', []))",
       "true");
    is("(() => { 'use strict'; const d = decode('#{\"a\":[1],\"7\":2}', []);"
       " return [() => { d.a[0] = 5; }, () => { d.a.push(1); }, () => { d.b = 1; }, () => { d[7] = 3; }, () => { delete d.a; },"
       " () => { d.a.length = 0; }].map(g => { try { g(); return 'changed'; } catch (e) { return e.name; } }).join(); })()",
       "TypeError,TypeError,TypeError,TypeError,TypeError,TypeError");
    is("Object.isFrozen(harden(decode('#{\"a\":1}', [])))", "true");
}

static void what_is_decoded_behaves(void **state)
{
    (void)state;
    is("(() => { const d = decode('#{\"10\":1,\"9\":2,\"a\":3,\"300\":4}', []); return [Object.keys(d).join(), d[9], d[300], d[11], 10 in d].join(';'); })()",
       "9,10,300,a;2;4;;true");
    is("(() => { const d = decode('#[1,\"two\",[3],null,\"+4\"]', []); return [d.length, d.map(String).join('|'), d.indexOf(1), [...d].length, d.slice(1, 3).length].join(';'); })()",
       "5;1|two|3|null|4;0;5;2");
    is("(() => { const d = decode('#{\"__proto__\":{\"x\":1},\"a\":2}', []); return [Object.getPrototypeOf(d) === Object.prototype, d.x, Object.keys(d).join()].join(); })()",
       "true,,__proto__,a");
    is("Object.is(decode('#-0', []), -0)", "true");
    is("decode('#\"+340282366920938463463374607431768211456\"', []) === 2n ** 128n", "true");
    is("[decode('#\"-0\"', []) === 0n, decode('#\"+0\"', []) === -0n].join()", "true,true");
    is("decode('#\"\\\\u0000\\\\ud83d\\\\ude00\\\\ud800\"', []) === '\\0\\u{1f600}\\ud800'",
       "true");
    is("decode('#\"\\u{1f600}\"', []).length", "2");
}

static void errors_come_back_as_errors(void **state)
{
    (void)state;
    is("(() => { const e = decode('#{\"#error\":\"m\",\"name\":\"TypeError\",\"errorId\":\"error:x#1\",\"code\":5,"
       "\"cause\":{\"#error\":\"c\",\"name\":\"Nope\"}}', []); return [e instanceof TypeError, e.message, e.name, e.code,"
       " e.cause.message, e.cause.name, Reflect.ownKeys(e).join('/'), Object.isFrozen(e), passStyleOf(e)].join(); })()",
       "true,m,TypeError,,c,Error,message/cause,true,error");
    is("decode('#{\"#error\":\"m\",\"name\":\"AggregateError\"}', []).errors.length", "0");
    is("decode('#{\"#error\":\"m\",\"name\":\"Error\",\"errors\":[{\"#error\":\"a\",\"name\":\"Error\"}]}', []).errors[0].message",
       "a");
    is("String(decode('#{\"#error\":\"m\",\"name\":\"RangeError\"}', []))", "RangeError: m");
}

static void malformed_bodies_say_where(void **state)
{
    (void)state;
    is("decode('#[1,{\"a\":x}]', [])",
       "SyntaxError: malformed CapData: unexpected character at byte 9 of the body");
    is("decode('#{\"a\":[{},\"#what\"]}', [])",
       "Error: malformed CapData: unknown constant \"#what\": at .a[1]");
    is("decode('#[[\"$3\"]]', [])", "Error: malformed CapData: slot 3 of 0: at [0][0]");
    is("decode('#{\"a\":{\"b\":1,\"#c\":2}}', [])",
       "Error: malformed CapData: Unrecognized record type \"#c\": at .a");
    is("decode('#{\"7\":[1,{\"b\":\"+x\"}]}', [])",
       "Error: malformed CapData: bad bigint \"+x\": at [7][1].b");
    is("decode('#{\"a\":1,\"b\":2,\"a\":3}', [])",
       "Error: malformed CapData: two properties of one name");
    is("decode('#{\"a\":1,\"!a\":2}', [])", "Error: malformed CapData: two properties of one name");
    is("decode('#{\"\\\\u0061\":1,\"a\":2}', [])",
       "Error: malformed CapData: two properties of one name");
    is("decode('#{\"5\":1,\"a\":2,\"5\":3}', [])",
       "Error: malformed CapData: two properties of one name");
    is("decode('#{\"x\":[{\"#tag\":\"a\",\"#tag\":\"b\"}]}', [])",
       "Error: malformed CapData: two properties of one name: at .x[0]");
}

/* --- references and errors ------------------------------------------------------------------------- */

static void references_keep_their_identity(void **state)
{
    (void)state;
    is("(() => { const r = Far('r', {}), p = harden(Promise.resolve()), q = presence('Alleged: q');"
       " const [body, slots] = encode(harden([r, p, { q, r }, p]));"
       " const d = decode(body, slots); return [body, slots[0] === r, slots[1] === p, slots[2] === q, d[0] === r,"
       " d[1] === p, d[2].q === q, d[2].r === r, d[3] === p].join(' '); })()",
       "#[\"$0.Alleged: r\",\"&1\",{\"q\":\"$2.Alleged: q\",\"r\":\"$0\"},\"&1\"] true true true true true true true true");
}

static void sent_errors_are_reported(void **state)
{
    (void)state;
    is("(() => { sent(); const [body] = encode(harden([Error('one'), { e: RangeError('two') }])); return body + sent(); })()",
       "#[{\"#error\":\"one\",\"errorId\":\"error:m#1\",\"name\":\"Error\"},{\"e\":{\"#error\":\"two\",\"errorId\":\"error:m#2\",\"name\":\"RangeError\"}}]"
       "error:m#1 one;error:m#2 two;");
    is("(() => { const e = new Error(); e.message = { toString: () => 'made up' }; Object.defineProperty(e, 'name', { get: () => 'Got' });"
       " return encode(e)[0] + sent(); })()",
       "#{\"#error\":\"made up\",\"errorId\":\"error:m#1\",\"name\":\"Got\"}error:m#1 made up;");
}

/* --- makeMarshal's natives ------------------------------------------------------------------------- */

static void natives_split_the_work(void **state)
{
    (void)state;
    is("(() => { const r = Far('r', {}), e = Error('e'); const [body, caps, errors] = toCapData(harden([r, e, r]), 'smallcaps', 'n', 7);"
       " return [body, caps.length, caps[0] === r, errors.length, errors[0] === e].join(' '); })()",
       "#[\"$0.Alleged: r\",{\"#error\":\"e\",\"errorId\":\"error:n#8\",\"name\":\"Error\"},\"$0\"] 1 true 1 true");
    is("toCapData(harden([Error('e')]), 'capdata')[0]",
       "[{\"@qclass\":\"error\",\"message\":\"e\",\"name\":\"Error\"}]");
    is("toCapData(1, 'nope')", "Error: Unrecognized serializeBodyFormat");
    is("JSON.stringify(capDataSlots('#[\"$2.Alleged: x\",\"&0\",\"$2\",\"!$1\",{\"a\":\"$3\"}]'))",
       "[2,\"Alleged: x\",0,null,3,null]");
    is("JSON.stringify(capDataSlots('[{\"@qclass\":\"slot\",\"index\":1,\"iface\":\"I\"},{\"@qclass\":\"slot\",\"index\":1}]'))",
       "[1,\"I\"]");
    is("capDataSlots('#[')",
       "SyntaxError: malformed CapData: unexpected end at byte 2 of the body");
    is("capDataSlots(5)",
       "Error: unserialize() given non-capdata (.body is (a number), not string)");
    is("fromCapData('#[1]', 5)", "Error: unserialize() given non-capdata (.slots are not Array)");
    is("(() => { const r = Far('r', {}); const v = []; v[3] = r; return fromCapData('#[\"$3\"]', v)[0] === r; })()",
       "true");
    is("fromCapData('#[\"$0\"]', [5])",
       "Error: malformed CapData: slot 0 is not a remotable: at [0]");
    is("fromCapData('[{\"@qclass\":\"slot\",\"index\":0}]', [5])[0]", "5");
    is("fromCapData('[{\"@qclass\":\"slot\",\"index\":0}]', [new Map()])",
       "Error: cannot pass a Map");
    is("fromCapData('#{\"then\":\"$0\"}', [Far('f', () => {})])",
       "Error: Cannot pass non-promise thenables");
}

/* --- modules --------------------------------------------------------------------------------------- */

static void encode_namespace(cs_machine *the, void *arg)
{
    cs_bundle_module module = { .name = CS_BYTES("m.js"),
                                .kind = CS_MODULE_ESM,
                                .source = cs_bytes_of(arg) };
    cs_bundle bundle = { &module, 1 };
    cs_buf bytes = { 0 };
    cs_bundle_enc(&bundle, &bytes);
    cs_bundle_push_namespace(the, cs_buf_bytes(&bytes), NULL);
    cs_buf_fini(&bytes);
    cs_buf_clear(&f.sent);
    cs_capdata d = cs_marshal_encode(the, f.m, the->stack);
    cs_buf_add(&f.sent, d.body.data, d.body.size);
    assert_int_equal(cs_pass_style_of(the, the->stack), CS_STYLE_RECORD);
}

/* A heap takes one bundle. */
static const char *namespace_of(const char *source)
{
    marshal_fixture_fini(&f);
    marshal_fixture_init(&f);
    cs_status st = cs_fence(f.heap, encode_namespace, (void *)(uintptr_t)source, &f.err);
    return st == CS_OK ? cs_buf_text(&f.sent) : f.err.text;
}

/* A namespace is not frozen by the standard; what it exports passes as a record. */
static void a_namespace_passes_as_a_record(void **state)
{
    (void)state;
    assert_string_equal(namespace_of("export const b = harden([1]), a = 'x'; export default null;"),
                        "#{\"a\":\"x\",\"b\":[1],\"default\":null}");
    assert_string_equal(namespace_of("export const f = () => 1;"),
                        "Error: cannot pass a module that exports functions");
    assert_string_equal(namespace_of("export const a = harden({ b: new Map() });"),
                        "Error: cannot pass a Map: at .a.b");
}

T_MAIN(T_WITH(every_style_has_its_name, setup, teardown),
       T_WITH(frozen_data_passes, setup, teardown),
       T_WITH(the_place_in_the_value_is_told, setup, teardown),
       T_WITH(what_is_not_data_is_named, setup, teardown),
       T_WITH(nothing_of_the_vat_runs, setup, teardown),
       T_WITH(what_was_found_passable_stays_so, setup, teardown),
       T_WITH(shared_parts_are_walked_once, setup, teardown),
       T_WITH(far_makes_remotables, setup, teardown),
       T_WITH(far_gives_method_names, setup, teardown),
       T_WITH(remotables_may_inherit, setup, teardown),
       T_WITH(tagged_is_what_the_package_makes, setup, teardown),
       T_WITH(symbols_have_names, setup, teardown),
       T_WITH(what_is_decoded_is_hardened, setup, teardown),
       T_WITH(what_is_decoded_behaves, setup, teardown),
       T_WITH(errors_come_back_as_errors, setup, teardown),
       T_WITH(malformed_bodies_say_where, setup, teardown),
       T_WITH(references_keep_their_identity, setup, teardown),
       T_WITH(sent_errors_are_reported, setup, teardown),
       T_WITH(natives_split_the_work, setup, teardown),
       T_WITH(a_namespace_passes_as_a_record, setup, teardown))
