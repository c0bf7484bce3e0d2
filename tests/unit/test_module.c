/* Modules as vats see them: graphs, namespaces, cycles, import(), what cannot be reached; and the
 * texts that people get when something is wrong with them. */
#include "module_util.h"

#define RUN(...) t_run_modules((t_module[]){ __VA_ARGS__, { 0 } })

/* --- what works ---------------------------------------------------------------------------------- */

static void a_graph_links_and_runs(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js",
              "import { helper, where } from './lib/helper.js'; import def, * as all from "
              "'./lib/a.js'; import './bare.js'; import data from './data.json';"
              "export const run = () => [helper(2), where, def(), Object.keys(all).join('+'),"
              "  JSON.stringify(data), Object.isFrozen(data.list)].join(' ');",
              "./bare.js=bare.js ./data.json=data.json ./lib/a.js=lib/a.js "
              "./lib/helper.js=lib/helper.js" },
            { "lib/helper.js",
              "import { up } from '../up.js'; export const helper = n => up(n) * 2;"
              "export const where = 'helper';",
              "../up.js=up.js" },
            { "up.js", "export const up = n => n + 1;" }, { "bare.js", "Object.prototype;" },
            { "lib/a.js",
              "import { b } from './b.js'; export const a = () => 'a'; export default () => b();",
              "./b.js=lib/b.js" },
            { "lib/b.js", "import { a } from './a.js'; export const b = () => a() + 'b';",
              "./a.js=lib/a.js" },
            { "data.json", "{\"__proto__\": 1, \"list\": [1, \"\\u2028\"]}", NULL,
              CS_MODULE_JSON }),
        "6 helper ab a+default {\"__proto__\":1,\"list\":[1,\"\xe2\x80\xa8\"]} true");
}

static void all_forms_of_export(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js",
              "import C, { a, b as bb, f, g, arr, x, y, ns } from './lib.js';"
              "import * as all from './lib.js'; export { a } from './lib.js'; export * from './lib.js';"
              "export const run = () => [new C().m(), a, bb, f(), [...g()], arr(), x, y, ns.deep,"
              "  Object.keys(all), typeof all[Symbol.toStringTag], all.default === C].join('|');",
              "./lib.js=lib.js" },
            { "lib.js",
              "export default class { m() { return 'class'; } } export let a = 1; const b = 2;"
              "export { b, b as again }; export function f() { return 'f'; }"
              "export function* g() { yield 1; yield 2; } export const arr = () => 'arrow';"
              "export const { x, z: [y] } = { x: 3, z: [4] }; export * as ns from './deep.js';"
              "export * from './deep.js';",
              "./deep.js=deep.js" },
            { "deep.js", "export const deep = 'deep'; export const a = 'hidden by a of lib.js';"
                         "export default 'not passed on';" }),
        "class|1|2|f|1,2|arrow|3|4|deep|a,again,arr,b,deep,default,f,g,ns,x,y|string|true");
}

/* XS takes `import './x.js'` for `export *`. */
static void an_import_without_names_exports_nothing(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js",
              "import './a.js'; import {} from './b.js'; import * as self from './main.js';"
              "export * from './c.js'; export const c = 1, run = () => Object.keys(self).join();",
              "./a.js=a.js ./b.js=b.js ./c.js=c.js ./main.js=main.js" },
            { "a.js", "export const a = 1;" }, { "b.js", "export const b = 1;" },
            { "c.js", "export const c = 2;" }),
        "c,run");
}

static void bindings_are_live_and_cycles_wait(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js",
              "import { count, bump, early } from './lib.js'; export const name = 'main';"
              "export const run = () => { bump(); bump(); let e; try { early(); } catch (x) { e = "
              "x.name; } return count + ' ' + e + ' ' + early(1); };",
              "./lib.js=lib.js" },
            { "lib.js",
              "import { name } from './main.js'; export let count = 0;"
              "export const bump = () => { count += 1; }; let seen;"
              "try { name; } catch (x) { seen = x; }"
              "export const early = ok => { if (!ok) throw seen; return name; };",
              "./main.js=main.js" }),
        "2 ReferenceError main");
}

static void import_calls_reach_what_the_bundle_names(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js",
              "const tell = e => e.name + ': ' + e.message;"
              "export const run = async () => { const a = await import('./a.js');"
              "  const again = await import('./a' + '.js');"
              "  const far = await import('@endo/harden');"
              "  const none = await import('./none.js').catch(tell);"
              "  const bad = await import('./bad.js').catch(tell);"
              "  return [a.a, a === again, far.default === harden, none, bad].join('|'); };",
              "./a.js=a.js ./bad.js=bad.js @endo/harden=@endo/harden" },
            { "a.js", "export const a = 'a';" }, { "bad.js", "throw Error('boom');" }),
        "a|true|true|ReferenceError: cannot find './none.js' (imported by main.js)|Error: boom");
}

static void modules_are_strict_and_know_their_name(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "d\xc3\xa9j\xc3\xa0/\xf0\x9f\x8d\x8a.js",
              "import { x } from './\xf0\x9f\x8d\x8b.js';"
              "export const run = () => [this === undefined, import.meta.uri, x].join(' ');",
              "./\xf0\x9f\x8d\x8b.js=lemon" },
            { "lemon", "export const x = '\xf0\x9f\x8d\x8b'.length;" }),
        "true d\xc3\xa9j\xc3\xa0/\xf0\x9f\x8d\x8a.js 2");
}

/* XS names the cache of a tagged template by a counter of its parser: the modules of a bundle are
 * parsed one by one, so two of them could meet in one name. */
static void tagged_templates_of_two_modules_differ(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js",
              "import { other } from './other.js'; const tag = s => s;"
              "const mine = () => tag`mine`; export const run = () =>"
              "  [mine() === mine(), mine() === other(), other()[0]].join(' ');",
              "./other.js=other.js" },
            { "other.js", "const tag = s => s; export const other = () => tag`other`;" }),
        "true false other");
}

static void built_in_modules(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js",
              "import '@endo/init'; import 'ses'; import '@endo/init/debug.js';"
              "import { E, Far } from '@endo/far'; import { q, Fail } from '@endo/errors';"
              "import * as style from '@endo/pass-style'; import h from '@endo/harden';"
              "import { makePromiseKit } from '@endo/promise-kit';"
              "import { makeMarshal, Far as Far2 } from '@endo/marshal';"
              "export const run = () => { try { Fail`no ${q('x')} ${'y'}`; } catch (e) {"
              "  return [e.message, Far === style.Far && Far === Far2, h === harden,"
              "  Object.isFrozen(makeMarshal), typeof makePromiseKit, Object.keys(style).length]"
              "  .join('|'); } };",
              "@endo/errors=@endo/errors @endo/far=@endo/far @endo/harden=@endo/harden "
              "@endo/init=@endo/init @endo/init/debug.js=@endo/init/debug.js "
              "@endo/marshal=@endo/marshal @endo/pass-style=@endo/pass-style "
              "@endo/promise-kit=@endo/promise-kit ses=ses" }),
        "no \"x\" (a string)|true|true|true|function|39");
}

/* --- what cannot be reached ---------------------------------------------------------------------- */

static void nothing_outside_the_bundle(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js",
              "const names = ['../../etc/passwd', 'file:///etc/passwd', 'fs', 'node:fs', 'main.js',"
              "  'other.js', 'builtin:@endo/far', '@endo/far', 'endo-far.js', './other.js '];"
              "export const run = async () => { const got = [];"
              "  for (const n of names) await import(n).then(() => got.push(n), e => e);"
              "  return 'reached: ' + got; };" },
            { "other.js", "" }),
        "reached: ");
}

static void the_realm_of_the_base_stays_hidden(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js",
              "export const run = async () => { const c = new Compartment();"
              "  const fails = async f => { try { await f(); return false; } catch (e) { return true; }"
              "  }; return [typeof native, typeof moduleHooks, typeof globalThis.global,"
              "    await fails(() => c.import('endo-far.js')), await fails(() => c.import('main.js')),"
              "    await fails(() => c.evaluate('import(\"./main.js\")')),"
              "    await fails(() => new Compartment({ modules: { x: { namespace: 'endo-far.js' } }"
              "      }).import('x'))].join(' '); };" }),
        "undefined undefined undefined true true true true");
}

/* --- what is wrong ------------------------------------------------------------------------------- */

static void syntax_errors_name_file_and_line(void **state)
{
    (void)state;
    assert_string_equal(RUN({ "main.js", "const a = 1;\nconst b = ;\n" }),
                        "SyntaxError: main.js:2: missing expression");
    assert_string_equal(
        RUN({ "main.js", "import './b.js';", "./b.js=lib/b.js" }, { "lib/b.js", "\n\nreturn 1;" }),
        "SyntaxError: lib/b.js:3: invalid return");
    assert_string_equal(RUN({ "main.js", "export const a = 1;\nexport { b };" }),
                        "SyntaxError: main.js:2: unknown variable b");
    assert_string_equal(RUN({ "main.js", "let a;\nlet a;" }),
                        "SyntaxError: main.js:2: duplicate variable a");
}

static void newer_syntax_says_so(void **state)
{
    (void)state;
#define NEWER \
    " (newer than this engine's JavaScript, which is ES2021 with class fields and private methods): " \
    "transpile with `esbuild --target=es2021`"
    static const struct {
        const char *source, *text;
    } cases[] = {
        { "const r = /a/v;",
          "1: invalid flags: regular expressions know the flags d g i m s u y; v is "
          "ES2024" NEWER },
        { "const r = /(?i:a)/;",
          "1: (?i invalid group: group with modifiers, as (?i:…), is ES2025" NEWER },
        { "using x = f();", "1: missing ;: `using` declarations are ES2026" NEWER },
        { "\n@dec class A {}", "2: invalid character @: decorators are ES2025+" NEWER },
        { "import x from './x.json' with { type: 'json' };",
          "1: missing ;: import attributes are ES2025: leave out `with { … }`, a module whose name ends "
          "in .json is JSON" },
        { "import { 'a b' as c } from './x.js';",
          "1: missing }: names of exports in quotes are ES2022" NEWER },
        { "interface A {}",
          "1: invalid token interface: this looks like TypeScript: compile it, for "
          "example with `esbuild --target=es2021`" },
        { "const using = 1; const y = ;", "1: missing expression" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cs_error err = { 0 };
        cs_scan scan;
        assert_int_equal(cs_module_scan("m.js", cs_bytes_of(cases[i].source), &scan, &err),
                         CS_E_SYNTAX);
        assert_memory_equal(err.text, "m.js:", 5);
        assert_string_equal(err.text + 5, cases[i].text);
    }
}

static void deep_nesting_is_an_error(void **state)
{
    (void)state;
    enum { DEPTH = 200000 };
    char *source = malloc(DEPTH + 1);
    memset(source, '(', DEPTH);
    source[DEPTH] = 0;
    cs_error err = { 0 };
    cs_scan scan;
    assert_int_equal(cs_module_scan("m.js", cs_bytes_of(source), &scan, &err), CS_E_SYNTAX);
    assert_string_equal(err.text, "m.js:1: nested too deeply");
    free(source);
}

static void link_errors_name_both_modules_and_the_binding(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js", "import { a } from './lib.js';\nimport { nope, a as c } from './lib.js';",
              "./lib.js=src/lib.js" },
            { "src/lib.js", "export const a = 1; export default 2; export * from './more.js';",
              "./more.js=src/more.js" },
            { "src/more.js", "export const b = 1;" }),
        "SyntaxError: main.js:2: './lib.js' (src/lib.js) does not export 'nope'; it exports b, a, "
        "default");
    assert_string_equal(
        RUN({ "main.js", "import x from './lib.js';", "./lib.js=./lib.js" }, { "./lib.js", "" }),
        "SyntaxError: main.js:1: './lib.js' does not export 'default'; it exports "
        "nothing");
    assert_string_equal(
        RUN({ "main.js", "export { E, far } from '@endo/far';", "@endo/far=@endo/far" }),
        "SyntaxError: main.js:1: '@endo/far' does not export 'far'; it exports E, Far, getInterfaceOf, "
        "passStyleOf");
    assert_string_equal(RUN({ "main.js", "import { x } from './lib.js';", "./lib.js=./lib.js" },
                            { "./lib.js", "export * from './a.js'; export * from './b.js';",
                              "./a.js=./a.js ./b.js=./b.js" },
                            { "./a.js", "export const x = 1;" },
                            { "./b.js", "export const x = 2;" }),
                        "SyntaxError: main.js:1: './lib.js' gets 'x' by export * from two modules");
    assert_string_equal(RUN({ "main.js", "import { x } from './a.js';", "./a.js=./a.js" },
                            { "./a.js", "export { x } from './b.js';", "./b.js=./b.js" },
                            { "./b.js", "export { x } from './a.js';", "./a.js=./a.js" }),
                        "SyntaxError: main.js:1: './a.js' does not export 'x'; it exports x");
}

static void one_binding_by_two_ways_is_not_ambiguous(void **state)
{
    (void)state;
    assert_string_equal(
        RUN({ "main.js", "import { x } from './lib.js'; export const run = () => x;",
              "./lib.js=./lib.js" },
            { "./lib.js", "export * from './a.js'; export * from './b.js';",
              "./a.js=./a.js ./b.js=./b.js" },
            { "./a.js", "export { x } from './c.js';", "./c.js=./c.js" },
            { "./b.js", "export * from './c.js';", "./c.js=./c.js" },
            { "./c.js", "export const x = 'c';" }),
        "c");
}

static void unresolved_specifiers(void **state)
{
    (void)state;
    assert_string_equal(RUN({ "main.js", "\nimport './gone.js';" }),
                        "SyntaxError: main.js:2: cannot find './gone.js'");
    assert_string_equal(
        RUN({ "main.js", "import '@endo/new';", "@endo/new=@endo/new" }),
        "SyntaxError: main.js:1: '@endo/new' is no built-in module of this Capstan");
}

static void top_level_await_is_refused(void **state)
{
    (void)state;
#define AWAIT \
    ": await outside of a function: a vat's modules are evaluated at once; move it into an async " \
    "function"
    assert_string_equal(RUN({ "main.js", "const f = async () => { await 1; };\nawait f();" }),
                        "SyntaxError: main.js:2" AWAIT);
    assert_string_equal(RUN({ "main.js", "for await (const x of []) ;" }),
                        "SyntaxError: main.js:1" AWAIT);
}

static void what_a_module_throws_arrives(void **state)
{
    (void)state;
    assert_string_equal(RUN({ "main.js", "import './b.js';", "./b.js=b.js" },
                            { "b.js", "throw TypeError('as it is evaluated');" }),
                        "TypeError: as it is evaluated");
    assert_string_equal(RUN({ "main.js", "import data from './d.json';", "./d.json=d.json" },
                            { "d.json", "{", NULL, CS_MODULE_JSON }),
                        "SyntaxError: 1: missing name");
}

T_MAIN(T(a_graph_links_and_runs), T(all_forms_of_export),
       T(an_import_without_names_exports_nothing), T(bindings_are_live_and_cycles_wait),
       T(import_calls_reach_what_the_bundle_names), T(modules_are_strict_and_know_their_name),
       T(tagged_templates_of_two_modules_differ), T(built_in_modules),
       T(nothing_outside_the_bundle), T(the_realm_of_the_base_stays_hidden),
       T(syntax_errors_name_file_and_line), T(newer_syntax_says_so), T(deep_nesting_is_an_error),
       T(link_errors_name_both_modules_and_the_binding),
       T(one_binding_by_two_ways_is_not_ambiguous), T(unresolved_specifiers),
       T(top_level_await_is_refused), T(what_a_module_throws_arrives))
