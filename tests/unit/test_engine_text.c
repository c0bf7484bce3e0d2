/* Strings and bytes, console, assert and harden, as a vat's code meets them. */
#include "engine_fixture.h"

#include <stdio.h>
#include <string.h>

/* --- TextEncoder, TextDecoder, Base64 ------------------------------------------------------------ */

static void text_becomes_utf8(void **state)
{
    (void)state;
    assert_string_equal(eval_once("[...new TextEncoder().encode('a\\0\xc3\xa9\xe2\x82\xac"
                                  "\xf0\x9f\x98\x80')].join()"),
                        "97,0,195,169,226,130,172,240,159,152,128");
    assert_string_equal(eval_once("[...new TextEncoder().encode('\\ud83d x \\ude00')].join()"),
                        "239,191,189,32,120,32,239,191,189");
    assert_string_equal(eval_once("new TextEncoder().encode() instanceof Uint8Array"), "true");
    assert_string_equal(
        eval_once("const to = new Uint8Array(4);"
                  "const r = new TextEncoder().encodeInto('a\xe2\x82\xac\xc3\xa9', to);"
                  "[r.read, r.written, ...to].join()"),
        "2,4,97,226,130,172");
}

static void utf8_becomes_text(void **state)
{
    (void)state;
    assert_string_equal(eval_once("const d = new TextDecoder();"
                                  "const t = d.decode(new Uint8Array([97, 0, 195, 169, 240, 159,"
                                  " 152, 128])); [t.length, t === 'a\\0\\u00e9\\u{1f600}'].join()"),
                        "5,true");
    assert_string_equal(
        eval_once("new TextDecoder().decode(new Uint8Array([0xef, 0xbb, 0xbf, 65]))"), "A");
    assert_string_equal(eval_once("new TextDecoder('utf-8', { ignoreBOM: true })"
                                  ".decode(new Uint8Array([0xef, 0xbb, 0xbf, 65])).length"),
                        "2");
    assert_string_equal(eval_once("const b = new Uint8Array([1, 72, 105, 2]).buffer;"
                                  "new TextDecoder().decode(new DataView(b, 1, 2))"),
                        "Hi");
}

/* Overlong forms, surrogates, cut characters: each maximal part is one U+FFFD, or an error. */
static void malformed_utf8_is_replaced_or_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes, *codes;
    } cases[] = {
        { "0xff", "fffd" },
        { "0xc0,0x80", "fffd,fffd" },
        { "0xe0,0x9f,0x80", "fffd,fffd,fffd" },
        { "0xed,0xa0,0x80", "fffd,fffd,fffd" },
        { "0xf4,0x90,0x80,0x80", "fffd,fffd,fffd,fffd" },
        { "0xe2,0x82", "fffd" },
        { "0xe2,0x82,65", "fffd,41" },
        { "0xf0,0x9f,0x98,65", "fffd,41" },
        { "0xc3", "fffd" },
        { "65,0x80,66", "41,fffd,42" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char source[256];
        (void)snprintf(source, sizeof source,
                       "[...new TextDecoder().decode(new Uint8Array([%s]))]"
                       ".map(c => c.codePointAt(0).toString(16)).join()",
                       cases[i].bytes);
        assert_string_equal(eval_once(source), cases[i].codes);
        (void)snprintf(source, sizeof source,
                       "new TextDecoder('utf8', { fatal: true }).decode(new Uint8Array([%s]))",
                       cases[i].bytes);
        assert_int_equal(status_once(source), CS_E_THROWN);
    }
}

static void decoding_a_stream_keeps_what_is_cut(void **state)
{
    (void)state;
    assert_string_equal(
        eval_once("const bytes = new TextEncoder().encode('\\uFEFFa\\u20ac\\u{1f600}z');"
                  "const d = new TextDecoder(); let t = '';"
                  "for (const b of bytes) t += d.decode(new Uint8Array([b]), { stream: true });"
                  "t += d.decode(); [t === 'a\\u20ac\\u{1f600}z', d.decode(new Uint8Array("
                  "[0xef, 0xbb, 0xbf, 66]))].join()"),
        "true,B");
}

static void base64_goes_both_ways(void **state)
{
    (void)state;
    assert_string_equal(eval_once("['', 'f', 'fo', 'foo', 'foob'].map(Base64.encode).join()"),
                        ",Zg==,Zm8=,Zm9v,Zm9vYg==");
    assert_string_equal(eval_once("let bad = 0; for (let n = 0; n < 260; n++) {"
                                  " const a = new Uint8Array(n).map((_, i) => i * 7 + n);"
                                  " const b = new Uint8Array(Base64.decode(Base64.encode(a)));"
                                  " if (a.join() !== b.join()) bad++ } bad"),
                        "0");
    assert_string_equal(eval_once("['=', 'A', 'AA=', 'AAA', 'A===', 'AA==AA==', 'A A=', '\xc3\xa9"
                                  "AA='].map(s => { try { Base64.decode(s); return s }"
                                  " catch (e) { return e.name } }).join()"),
                        "TypeError,TypeError,TypeError,TypeError,TypeError,TypeError,TypeError,"
                        "TypeError");
}

/* --- console ------------------------------------------------------------------------------------- */

static const char *logged(const char *arguments)
{
    static fixture f;
    char source[1024];
    (void)snprintf(source, sizeof source, "console.log(%s)", arguments);
    fixture_init(&f, NULL);
    (void)eval(&f, source);
    fixture_fini(&f);
    return f.console;
}

static void console_shows_values(void **state)
{
    (void)state;
    assert_string_equal(logged("'raw \"text\"', 1, -0, 1.5, 7n, -123456789012345678901234567890n"),
                        "log: raw \"text\" 1 -0 1.5 7n -123456789012345678901234567890n\n");
    assert_string_equal(logged("undefined, null, true, Symbol('s'), NaN, 0n, 1000000000n"),
                        "log: undefined null true Symbol(s) NaN 0n 1000000000n\n");
    assert_string_equal(
        logged("[1, 'a', [undefined]], { a: 1, 'b c': { d: null }, [Symbol.iterator]: 2 }"),
        "log: [1,\"a\",[undefined]] {\"a\":1,\"b c\":{\"d\":null},"
        "[Symbol(Symbol.iterator)]:2}\n");
    assert_string_equal(logged("TypeError('bad'), Error(), [RangeError('x')]"),
                        "log: TypeError: bad Error [RangeError: x]\n");
    assert_string_equal(logged("function f() {}, () => {}, class C {}, Math.max"),
                        "log: [Function f] [Function] [Function C] [Function max]\n");
    assert_string_equal(logged("{ __proto__: { [Symbol.toStringTag]: 'Alleged: purse' } },"
                               "Promise.resolve(), new Map(), new Uint8Array(2), /x/, new Date(0)"),
                        "log: [Alleged: purse] [Promise] [Map] [TypedArray] [RegExp] [Date]\n");
}

static void console_runs_no_code_of_the_vat(void **state)
{
    (void)state;
    assert_string_equal(logged("{ get a() { throw 1 }, toString() { throw 2 } }"),
                        "log: {\"a\":[getter],\"toString\":[Function toString]}\n");
    assert_string_equal(logged("new Proxy({}, { get() { throw 1 }, ownKeys() { throw 2 } })"),
                        "log: [Proxy]\n");
    assert_string_equal(
        logged("Object.defineProperty(Error('m'), 'message', { get() { throw 1 } })"),
        "log: Error\n");
    assert_string_equal(logged("{ __proto__: { get [Symbol.toStringTag]() { throw 1 } } }"),
                        "log: {}\n");
}

static void console_is_bounded(void **state)
{
    (void)state;
    assert_string_equal(logged("[[[[[[[[1]]]]]]]]"), "log: [[[[[…]]]]]\n");
    fixture f;
    fixture_init(&f, NULL);
    (void)eval(&f, "const cycle = {}; cycle.cycle = cycle; console.log(cycle)");
    assert_int_equal(strncmp(f.console, "log: {\"cycle\":{\"cycle\":", 22), 0);
    (void)eval(&f, "console.log(Array.from({ length: 1e5 }, (_, i) => 'x'.repeat(i % 1000)))");
    (void)eval(&f, "console.log(10n ** 5000n, Array.from({ length: 3 }, () => ({})))");
    fixture_fini(&f);
}

static void console_has_levels(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    (void)eval(&f, "console.debug(1); console.info(2); console.warn(3); console.error(4);"
                   "console.assert(true, 5); console.assert(false, 6); console.time('x')");
    assert_string_equal(f.console, "debug: 1\ninfo: 2\nwarn: 3\nerror: 4\n"
                                   "error: Assertion failed 6\n");
    fixture_fini(&f);
}

/* --- assert -------------------------------------------------------------------------------------- */

static const char *failure(const char *expression)
{
    char source[1024];
    (void)snprintf(source, sizeof source,
                   "const { details: X, quote: q, Fail, bare } = assert; let e;"
                   "try { %s } catch (error) { e = error } `${e.name}: ${e.message}`",
                   expression);
    return eval_once(source);
}

static void assert_says_what_failed(void **state)
{
    (void)state;
    assert_string_equal(failure("assert(false)"), "Error: Check failed");
    assert_string_equal(failure("assert(false, 'why')"), "Error: why");
    assert_string_equal(failure("assert(0, X`${'secret'} is ${q('open')} ${q({ a: [1] })}`)"),
                        "Error: (a string) is \"open\" {\"a\":[1]}");
    assert_string_equal(failure("Fail`no ${7} ${Error('x')} ${bare('word')}`"),
                        "Error: no (a number) (an Error) word");
    assert_string_equal(failure("assert.fail(X`gone`, RangeError)"), "RangeError: gone");
    assert_string_equal(failure("assert.equal(1, 2)"),
                        "RangeError: Expected (a number) is same as (a number)");
    assert_string_equal(failure("assert.equal(NaN, NaN); throw Error('same')"), "Error: same");
    assert_string_equal(failure("assert.typeof(1, 'object')"),
                        "TypeError: (a number) must be an object");
    assert_string_equal(failure("assert.string(1)"), "TypeError: (a number) must be a string");
    assert_string_equal(failure("assert.string('x'); assert.typeof({}, 'object'); assert(1, 'no');"
                                "throw assert.error(X`made ${1}`)"),
                        "Error: made (a number)");
    assert_string_equal(failure("assert(false, {})"), "TypeError: unrecognized details {}");
    assert_string_equal(failure("assert.makeAssert(undefined, true).fail("
                                "assert.makeAssert(undefined, true).details`all ${'open'}`)"),
                        "Error: all \"open\"");
}

static void people_see_the_values_of_a_failed_assert(void **state)
{
    (void)state;
    fixture f;
    fixture_init(&f, NULL);
    assert_int_equal(run(&f, "assert.Fail`bad ${'secret'} in ${[1, 2n]}`"), CS_E_THROWN);
    assert_string_equal(f.err.text, "Error: bad \"secret\" in [1,2n]");
    (void)eval(&f,
               "const e = Error('m'); assert.note(e, assert.details`seen ${5}`); console.log(e);"
               "console.log(JSON.stringify(Reflect.ownKeys(e)))");
    assert_string_equal(f.console, "log: Error: m; note: seen 5\nlog: [\"message\"]\n");
    fixture_fini(&f);
}

/* --- harden -------------------------------------------------------------------------------------- */

static void harden_freezes_all_that_is_reached(void **state)
{
    (void)state;
    assert_string_equal(
        eval_once(
            "const s = Symbol(), inner = { x: 1 }, proto = { p: {} };"
            "const o = harden({ __proto__: proto, a: [inner, [2]], [s]: {}, get g() { return 1 } });"
            "[o, o.a, inner, o.a[1], o[s], proto, proto.p,"
            " Reflect.getOwnPropertyDescriptor(o, 'g').get].every(Object.isFrozen)"),
        "true");
    assert_string_equal(eval_once("const a = harden(Array.from({ length: 3 }, () => ({})));"
                                  "a.every(Object.isFrozen)"),
                        "true");
    assert_string_equal(eval_once("const f = function () { return harden(arguments) };"
                                  "const a = f({}, [1]); [Object.isFrozen(a), a.length,"
                                  " Object.isFrozen(a[0]), Object.isFrozen(a[1])].join()"),
                        "true,2,true,true");
    assert_string_equal(
        eval_once("class A { static s = {}; m() {} } harden(A); [A, A.s, A.prototype,"
                  " A.prototype.m].every(Object.isFrozen)"),
        "true");
    assert_string_equal(eval_once("const m = harden(new Map()); m.set(1, 2); m.get(1)"), "2");
    assert_string_equal(eval_once("const t = harden(new Uint8Array(2)); t[0] = 7;"
                                  "[t[0], Object.isExtensible(t)].join()"),
                        "7,false");
    assert_string_equal(
        eval_once("[harden(1), harden('s'), harden(undefined), harden(null)].join()"), "1,s,,");
    assert_string_equal(eval_once("const a = [1, , 3]; a.x = {}; harden(a);"
                                  "[Object.isFrozen(a), Object.isFrozen(a.x), 1 in a].join()"),
                        "true,true,false");
    assert_int_equal(status_once("const a = harden([1]); a.push(2)"), CS_E_THROWN);
    assert_int_equal(status_once("const a = harden([1]); a.length = 0"), CS_E_THROWN);
    assert_int_equal(status_once("const o = harden({ a: 1 }); delete o.a"), CS_E_THROWN);
}

static void harden_asks_proxies_last(void **state)
{
    (void)state;
    assert_string_equal(
        eval_once(
            "const log = [], plain = {};"
            "const p = new Proxy({ x: {} }, { preventExtensions(t) {"
            "  log.push(Object.isFrozen(plain)); return Reflect.preventExtensions(t) } });"
            "harden({ p, plain }); [log.join(), Object.isFrozen(p), Object.isFrozen(p.x)].join()"),
        "true,true,true");
    assert_int_equal(status_once("harden(new Proxy({}, { preventExtensions() { return false } }))"),
                     CS_E_THROWN);
    /* What was queued when it failed may be tried again. */
    assert_string_equal(
        eval_once("let bad = true; const inner = {};"
                  "const p = new Proxy({}, { ownKeys(t) { if (bad) throw Error('no');"
                  "  return Reflect.ownKeys(t) } });"
                  "const o = { inner, p }; let e; try { harden(o) } catch (error) { e = error }"
                  "bad = false; harden(o); [e.message, Object.isFrozen(p)].join()"),
        "no,true");
}

static void harden_of_a_long_chain_needs_no_stack(void **state)
{
    (void)state;
    assert_string_equal(eval_once("let o = {}; for (let i = 0; i < 1e5; i++) o = { o };"
                                  "Object.isFrozen(harden(o).o.o.o)"),
                        "true");
}

T_MAIN(T(text_becomes_utf8), T(utf8_becomes_text), T(malformed_utf8_is_replaced_or_refused),
       T(decoding_a_stream_keeps_what_is_cut), T(base64_goes_both_ways), T(console_shows_values),
       T(console_runs_no_code_of_the_vat), T(console_is_bounded), T(console_has_levels),
       T(assert_says_what_failed), T(people_see_the_values_of_a_failed_assert),
       T(harden_freezes_all_that_is_reached), T(harden_asks_proxies_last),
       T(harden_of_a_long_chain_needs_no_stack))
