/* Source trees: how specifiers resolve (Node's rules), what becomes of CommonJS and JSON, and the
 * exact texts where something is missing. Each test lays out files in a folder of its own. */
#include "module_util.h"

#include "host/resolve.h"

#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char *root; /* of the running test */

static void lay_out(const char *path, const char *text)
{
    char full[1024];
    (void)snprintf(full, sizeof full, "%s/%s", root, path);
    for (char *c = full + strlen(root) + 1; *c != 0; c++)
        if (*c == '/') {
            *c = 0;
            (void)mkdir(full, 0777);
            *c = '/';
        }
    t_write_file(full, text, strlen(text));
}

static int make_root(void **state)
{
    static unsigned count;
    static char path[1024];
    (void)state;
    (void)snprintf(path, sizeof path, "%s/%u", t_tmpdir(), ++count);
    root = path;
    return mkdir(root, 0777);
}

/* What run() of main.js returns, or the error. */
static const char *run_entry(const char *entry)
{
    char path[1024];
    static cs_error err;
    cs_source source = { 0 };
    err = (cs_error){ 0 };
    const char *text = err.text;
    (void)snprintf(path, sizeof path, "%s/%s", root, entry);
    if (cs_tree_bundle(path, &source, &err) == CS_OK)
        text = t_run_bundle(cs_buf_bytes(&source.bundle), NULL);
    cs_source_fini(&source);
    return text;
}

static const char *run(const char *main_source)
{
    lay_out("main.js", main_source);
    return run_entry("main.js");
}

/* The error without the folder, which has another name in every run. */
static const char *run_relative(const char *main_source)
{
    static char text[2048];
    const char *from = run(main_source);
    char *to = text;
    for (size_t n = strlen(root); *from != 0;)
        if (strncmp(from, root, n) == 0 && from[n] == '/')
            from += n + 1;
        else
            *to++ = *from++;
    *to = 0;
    return text;
}

/* --- paths --------------------------------------------------------------------------------------- */

static void relative_paths(void **state)
{
    (void)state;
    lay_out("lib/a.js", "import { b } from '../b.js'; export const a = `a${b}`;");
    lay_out("b.js", "import '././lib/../lib/a.js'; export const b = 'b';");
    lay_out("data.json", "\xef\xbb\xbf[1, 1e999]");
    lay_out("n.mjs", "export default 'mjs';");
    assert_string_equal(run("#!/usr/bin/env node\nimport { a } from './lib/a.js'; import d from "
                            "'./data.json'; import n from './n.mjs';"
                            "export const run = () => [a, d[0], n].join(' ');"),
                        "ab 1 mjs");
}

static void the_bundle_does_not_depend_on_where_the_tree_lies(void **state)
{
    cs_source a = { 0 }, b = { 0 };
    char path[2][1024];
    for (int i = 0; i < 2; i++) {
        assert_int_equal(make_root(state), 0);
        lay_out("src/main.js", "import '../lib/x.js'; import 'pkg';");
        lay_out("lib/x.js", "");
        lay_out("node_modules/pkg/package.json", "{\"type\": \"module\"}");
        lay_out("node_modules/pkg/index.js", "");
        (void)snprintf(path[i], sizeof path[i], "%s/src/main.js", root);
    }
    assert_ok(cs_tree_bundle(path[0], &a, NULL));
    assert_ok(cs_tree_bundle(path[1], &b, NULL));
    assert_bytes_equal(a.bundle.data, a.bundle.size, b.bundle.data, b.bundle.size);
    assert_int_equal(a.file_count, 3);
    cs_source_fini(&a);
    cs_source_fini(&b);
}

static void links_are_followed_to_the_file(void **state)
{
    (void)state;
    char link[1100];
    lay_out("real/one.js", "import { x } from './x.js'; export { x };");
    lay_out("real/x.js", "export const x = {};");
    (void)snprintf(link, sizeof link, "%s/linked", root);
    assert_int_equal(symlink("real", link), 0);
    assert_string_equal(run("import { x } from './linked/one.js'; import { x as y } from "
                            "'./real/x.js'; export const run = () => `${x === y}`;"),
                        "true");
}

static void what_is_missing(void **state)
{
    (void)state;
    lay_out("there.js", "");
    lay_out("typed.ts", "");
    lay_out("folder/index.js", "");
    lay_out("deep/b.js", "import './c.js';");
    lay_out("deep/c.js", "\nimport { x } from './gone.js';");
    assert_string_equal(run("import './bob.js';"), "main.js:1: cannot find './bob.js'");
    assert_string_equal(run("\n\nimport './there';"),
                        "main.js:3: cannot find './there': did you mean './there.js'? Imports name "
                        "files exactly");
    assert_string_equal(
        run("import './folder';"),
        "main.js:1: cannot find './folder': did you mean './folder/index.js'? Imports "
        "name files exactly");
    assert_string_equal(run("import './typed';"),
                        "main.js:1: cannot find './typed': there is a TypeScript file: compile it "
                        "first, for example with `esbuild --target=es2021`");
    assert_string_equal(
        run("import './deep/b.js';"),
        "deep/c.js:2: cannot find './gone.js' (deep/c.js is imported by deep/b.js:1, "
        "that by main.js:1)");
    assert_string_equal(run("import 'lodash';"),
                        "main.js:1: cannot find package 'lodash': run `npm install lodash`");
    assert_string_equal(
        run("import '@scope/pkg/sub.js';"),
        "main.js:1: cannot find package '@scope/pkg': run `npm install @scope/pkg`");
    assert_string_equal(
        run("import fs from 'fs';"),
        "main.js:1: cannot find 'fs': it is a module of Node, and a vat has no access "
        "to the machine");
    assert_string_equal(
        run("import 'node:path';"),
        "main.js:1: cannot find 'node:path': it is a module of Node, and a vat has no "
        "access to the machine");
    assert_string_equal(
        run("import '/etc/passwd';"),
        "main.js:1: cannot find '/etc/passwd': it is neither a relative path nor the "
        "name of a package");
    assert_string_equal(
        run("import 'https://example.org/x.js';"),
        "main.js:1: cannot find 'https://example.org/x.js': a vat's code comes from "
        "files, by relative path or name of a package");
    assert_string_equal(run("import './typed.ts';"),
                        "typed.ts: TypeScript: compile it first, for example with `esbuild "
                        "--target=es2021`");
}

static void what_is_wrong_in_a_file(void **state)
{
    (void)state;
    lay_out("bad.json", "{\n\"a\": }");
    lay_out("lib/bad.js", "export const a = 1;\nconst = 2;");
    lay_out("latin.js", "// \xe9\n");
    assert_string_equal(run("import './bad.json';"), "bad.json:2: unexpected token near '}'");
    assert_string_equal(run("import './lib/bad.js';"), "lib/bad.js:2: missing identifier");
    assert_string_equal(run("import './latin.js';"), "latin.js: not UTF-8");
    assert_string_equal(run("import { b } from './lib.js'; export const run = 1;"),
                        "main.js:1: cannot find './lib.js'");
    lay_out("lib.js", "export const a = 1;");
    assert_string_equal(
        run("import { b } from './lib.js'; export const run = 1;"),
        "SyntaxError: main.js:1: './lib.js' (lib.js) does not export 'b'; it exports "
        "a");
}

static void import_calls_may_fail_later(void **state)
{
    (void)state;
    assert_string_equal(run("export const run = () => import('./gone.js').catch(e => e.message);"),
                        "cannot find './gone.js' (imported by main.js)");
}

/* --- packages ------------------------------------------------------------------------------------ */

static void node_modules_are_searched_upwards(void **state)
{
    (void)state;
    lay_out("node_modules/pkg/package.json", "{\"type\": \"module\", \"main\": \"./lib/m.js\"}");
    lay_out("node_modules/pkg/lib/m.js", "export default 'outer'; export * from 'dep';");
    lay_out("node_modules/pkg/node_modules/dep/index.js", "export const dep = 'inner dep';");
    lay_out("node_modules/dep/index.js", "export const dep = 'outer dep';");
    lay_out("node_modules/@s/p/package.json", "{\"type\": \"module\"}");
    lay_out("node_modules/@s/p/sub.js", "export default 'scoped';");
    lay_out("src/node_modules/only/index.js", "export default 'nearer';");
    lay_out("node_modules/only/index.js", "export default 'farther';");
    lay_out("src/vat.js",
            "import m, { dep } from 'pkg'; import { dep as other } from 'dep'; import s from "
            "'@s/p/sub.js'; import o from 'only'; export const run = () => [m, dep, other, s, "
            "o].join(', ');");
    assert_string_equal(run_entry("src/vat.js"), "outer, inner dep, outer dep, scoped, nearer");
}

static void exports_of_a_package(void **state)
{
    (void)state;
    lay_out(
        "node_modules/pkg/package.json",
        "{\"name\": \"pkg\", \"type\": \"module\", \"exports\": {"
        "\".\": {\"node\": \"./node.js\", \"import\": {\"browser\": \"./no.js\", \"default\": "
        "\"./main.js\"}, \"require\": \"./no.js\"},"
        "\"./list\": [\"no/relative.js\", \"./list.js\"], \"./data\": \"./data.json\","
        "\"./lib/*\": \"./src/*.js\", \"./lib/deep/*.js\": \"./src/deep-*.js\","
        "\"./lib/secret/*\": null, \"./endo\": {\"endo\": \"./main.js\", \"import\": \"./no.js\"}}}");
    lay_out("node_modules/pkg/main.js",
            "import { x } from 'pkg/lib/x'; export default `main ${x}`;");
    lay_out("node_modules/pkg/list.js", "export default 'list';");
    lay_out("node_modules/pkg/data.json", "\"data\"");
    lay_out("node_modules/pkg/src/x.js", "export const x = 'x';");
    lay_out("node_modules/pkg/src/deep-y.js", "export const y = 'deep y';");
    lay_out("node_modules/pkg/src/secret/z.js", "");
    assert_string_equal(
        run("import m from 'pkg'; import l from 'pkg/list'; import d from 'pkg/data';"
            "import { x } from 'pkg/lib/x'; import { y } from 'pkg/lib/deep/y.js';"
            "import e from 'pkg/endo';"
            "export const run = () => [m, l, d, x, y, e === m].join(', ');"),
        "main x, list, data, x, deep y, true");
    assert_string_equal(
        run_relative("import 'pkg/src/x.js';"),
        "main.js:1: cannot find 'pkg/src/x.js': node_modules/pkg/package.json does not "
        "list './src/x.js' under \"exports\"");
    assert_string_equal(
        run_relative("import 'pkg/lib/secret/z';"),
        "main.js:1: cannot find 'pkg/lib/secret/z': node_modules/pkg/package.json does "
        "not list './lib/secret/z' under \"exports\"");
    assert_string_equal(run_relative("import 'pkg/lib/gone';"),
                        "main.js:1: cannot find 'pkg/lib/gone': node_modules/pkg/package.json says "
                        "'./src/gone.js', which is not there");
    assert_string_equal(
        run_relative("import 'pkg/lib/../../../main.js';"),
        "main.js:1: cannot find 'pkg/lib/../../../main.js': "
        "node_modules/pkg/package.json does not list './lib/../../../main.js' under "
        "\"exports\"");
}

static void exports_in_short(void **state)
{
    (void)state;
    lay_out("node_modules/a/package.json", "{\"type\": \"module\", \"exports\": \"./m.js\"}");
    lay_out("node_modules/a/m.js", "export default 'string';");
    lay_out("node_modules/b/package.json",
            "{\"type\": \"module\", \"exports\": {\"import\": \"./m.js\"}, \"main\": \"no.js\"}");
    lay_out("node_modules/b/m.js", "export default 'conditions';");
    lay_out("node_modules/c/package.json", "{\"main\": \"cjs.js\", \"module\": \"esm.js\"}");
    lay_out("node_modules/c/esm.js", "export default 'module';");
    assert_string_equal(
        run("import a from 'a'; import b from 'b'; import c from 'c'; export const run "
            "= () => [a, b, c].join(' ');"),
        "string conditions module");
}

static void imports_and_self_reference(void **state)
{
    (void)state;
    lay_out("package.json", "{\"name\": \"me\", \"exports\": {\"./x\": \"./x.js\"}, \"imports\": {"
                            "\"#x\": \"./x.js\", \"#lib/*\": \"./lib/*.js\", \"#dep\": \"dep\"}}");
    lay_out("x.js", "export const x = 'x';");
    lay_out("lib/y.js", "export const y = 'y';");
    lay_out("node_modules/dep/index.js", "export const d = 'd';");
    assert_string_equal(
        run("import { x } from '#x'; import { x as x2 } from 'me/x'; import { y } from "
            "'#lib/y'; import { d } from '#dep'; export const run = () => [x === x2, "
            "y, d].join(' ');"),
        "true y d");
    assert_string_equal(run_relative("import '#z';"),
                        "main.js:1: cannot find '#z': package.json does "
                        "not list '#z' under \"imports\"");
}

static void built_in_modules_win(void **state)
{
    (void)state;
    lay_out("node_modules/@endo/far/package.json", "{\"type\": \"module\", \"main\": \"far.js\"}");
    lay_out("node_modules/@endo/far/far.js", "export const Far = 'installed', more = 'more';");
    assert_string_equal(
        run("import { Far } from '@endo/far'; export const run = () => typeof Far;"), "function");
    assert_string_equal(
        run("import { Far, more } from '@endo/far'; export const run = () => Far + more;"),
        "installedmore");
}

static void a_broken_package_json(void **state)
{
    (void)state;
    lay_out("node_modules/pkg/package.json", "{\n  \"main\": }");
    assert_string_equal(run_relative("import 'pkg';"),
                        "main.js:1: node_modules/pkg/package.json:2: unexpected token near '}'");
}

/* --- CommonJS ------------------------------------------------------------------------------------ */

static void commonjs_modules(void **state)
{
    (void)state;
    lay_out(
        "node_modules/old/index.js",
        "'use strict'; exports.a = 1; module.exports.b = require('./lib/b'); "
        "Object.defineProperty(exports, 'c', { value: 3 }); exports.data = require('./d.json').d;"
        "exports.here = [typeof require, this === exports, __filename, __dirname].join();"
        "exports.opt = (() => { try { return require('gone'); } catch (e) { return e.message; } "
        "})();");
    lay_out("node_modules/old/lib/b.js", "module.exports = function b() { return 'b'; };");
    lay_out("node_modules/old/d.json", "{\"d\": 4}");
    lay_out("node_modules/other/package.json", "{\"main\": \"./main\"}");
    lay_out("node_modules/other/main.js", "module.exports = require('./impl');");
    lay_out("node_modules/other/impl.js", "module.exports = { x: 1, y: 2, 'not-a-name': 3 };");
    assert_string_equal(
        run("import old, { a, b, c, data } from 'old'; import { x, y } from 'other';"
            "import * as all from 'other';"
            "export const run = () => [a, b(), c, data, old.here, old.opt, x, y, "
            "Object.keys(all)].join(' ');"),
        "1 b 3 4 function,true,node_modules/old/index.js,node_modules/old cannot find 'gone' "
        "(required by node_modules/old/index.js) 1 2 default,x,y");
}

static void commonjs_meets_esm(void **state)
{
    (void)state;
    lay_out("old.cjs", "const { x } = require('./esm.js'); const far = require('@endo/harden');"
                       "module.exports = { x, far: typeof far.default };");
    lay_out("esm.js", "export const x = 'esm';");
    assert_string_equal(
        run("import old from './old.cjs'; export const run = () => old.x + ' ' + old.far;"),
        "esm function");
}

static void which_kind_a_js_file_is(void **state)
{
    (void)state;
    lay_out("plain.js", "globalThis;");
    lay_out("quiet.js", "module.exports = 'commonjs';");
    lay_out("m/package.json", "{\"type\": \"module\"}");
    lay_out("m/x.js", "export default typeof module;");
    assert_string_equal(
        run("import './plain.js'; import q from './quiet.js'; import m from './m/x.js';"
            "export const run = () => q + ' ' + m;"),
        "commonjs undefined");
}

#define IN(test) T_WITH(test, make_root, NULL)
T_MAIN(IN(relative_paths), IN(the_bundle_does_not_depend_on_where_the_tree_lies),
       IN(links_are_followed_to_the_file), IN(what_is_missing), IN(what_is_wrong_in_a_file),
       IN(import_calls_may_fail_later), IN(node_modules_are_searched_upwards),
       IN(exports_of_a_package), IN(exports_in_short), IN(imports_and_self_reference),
       IN(built_in_modules_win), IN(a_broken_package_json), IN(commonjs_modules),
       IN(commonjs_meets_esm), IN(which_kind_a_js_file_is))
