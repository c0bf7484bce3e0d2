/* The codec of bundles, and their compiled form: what is refused, what is shared, what it costs. */
#include "module_util.h"

#include "engine/module.h"

#include <stdio.h>
#include <time.h>

static const t_module two[] = {
    { "main.js", "import { b } from './b.js'; export const run = () => b;", "./b.js=b.js" },
    { "b.js", "export const b = 'b';" },
    { 0 },
};

/* --- codec --------------------------------------------------------------------------------------- */

static void what_goes_in_comes_out(void **state)
{
    (void)state;
    cs_buf bytes = { 0 }, again = { 0 };
    t_bundle((t_module[]){ { "main.js", "import './d.json'; import '@endo/far';",
                             "./d.json=d.json @endo/far=@endo/far" },
                           { "d.json", "{}", NULL, CS_MODULE_JSON },
                           { 0 } },
             &bytes);
    cs_bundle b;
    assert_ok(cs_bundle_dec(cs_buf_bytes(&bytes), &b, NULL));
    assert_int_equal(b.module_count, 2);
    assert_int_equal(b.modules[1].kind, CS_MODULE_JSON);
    assert_int_equal(b.modules[0].imports[0].module, 1);
    assert_int_equal(b.modules[0].imports[1].module, CS_BUNDLE_BUILTIN);
    assert_bytes_equal(b.modules[0].imports[1].builtin.data, b.modules[0].imports[1].builtin.size,
                       "@endo/far", 9);
    cs_bundle_enc(&b, &again);
    assert_bytes_equal(again.data, again.size, bytes.data, bytes.size);
    cs_bundle_fini(&b);
    cs_buf_fini(&bytes);
    cs_buf_fini(&again);
}

static void every_cut_and_every_other_byte_is_refused_or_read(void **state)
{
    (void)state;
    cs_buf bytes = { 0 };
    cs_bundle b;
    t_bundle(two, &bytes);
    for (size_t n = 0; n < bytes.size; n++)
        assert_int_equal(cs_bundle_dec((cs_bytes){ bytes.data, n }, &b, NULL), CS_E_CORRUPT);
    for (size_t i = 0; i < bytes.size; i++)
        for (unsigned bit = 0; bit < 8; bit++) {
            bytes.data[i] ^= (uint8_t)(1u << bit);
            if (cs_bundle_dec(cs_buf_bytes(&bytes), &b, NULL) == CS_OK)
                cs_bundle_fini(&b);
            bytes.data[i] ^= (uint8_t)(1u << bit);
        }
    cs_buf_fini(&bytes);
}

static void each_rule_has_its_words(void **state)
{
    (void)state;
    const cs_bundle_import to_b = { CS_BYTES("./b"), 1, { 0 } };
    const cs_bundle_import nowhere = { CS_BYTES("./c"), 7, { 0 } };
    const cs_bundle_import twice[] = { to_b, to_b };
    const cs_bundle_module b = { CS_BYTES("b"), CS_MODULE_ESM, CS_BYTES(""), NULL, 0 };
    const struct {
        cs_bundle_module first;
        const char *text;
    } cases[] = {
        { { CS_BYTES("b"), CS_MODULE_ESM, CS_BYTES(""), NULL, 0 }, "module 'b': two of that name" },
        { { CS_BYTES(""), CS_MODULE_ESM, CS_BYTES(""), NULL, 0 }, "name of module 0 is not text" },
        { { CS_BYTES("a\xff"), CS_MODULE_ESM, CS_BYTES(""), NULL, 0 },
          "name of module 0 is not text" },
        { { CS_BYTES("builtin:x"), CS_MODULE_ESM, CS_BYTES(""), NULL, 0 },
          "module 'builtin:x': name is reserved" },
        { { CS_BYTES("a"), 9, CS_BYTES(""), NULL, 0 }, "module 'a': unknown kind" },
        { { CS_BYTES("a"), CS_MODULE_ESM, CS_BYTES("\xed\xa0\x80"), NULL, 0 },
          "module 'a': source is not UTF-8" },
        { { CS_BYTES("a"), CS_MODULE_ESM, CS_BYTES(""), &nowhere, 1 },
          "module 'a': import of a module that is not there" },
        { { CS_BYTES("a"), CS_MODULE_ESM, CS_BYTES(""), twice, 2 },
          "module 'a': specifiers are out of order" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const cs_bundle_module modules[] = { cases[i].first, b };
        const cs_bundle bundle = { modules, 2 };
        cs_error err = { 0 };
        assert_int_equal(cs_bundle_check(&bundle, &err), CS_E_CORRUPT);
        assert_memory_equal(err.text, "bundle: ", 8);
        assert_string_equal(err.text + 8, cases[i].text);
    }
}

/* --- compiled form ------------------------------------------------------------------------------- */

static void only_this_base_and_bundle_take_it(void **state)
{
    (void)state;
    cs_buf bundle = { 0 }, code = { 0 }, other = { 0 };
    t_bundle(two, &bundle);
    t_bundle((t_module[]){ { "main.js", "" }, { 0 } }, &other);
    assert_ok(cs_bundle_compile(t_base(), cs_buf_bytes(&bundle), &code, NULL));
    assert_false(cs_bundle_offer(t_base(), cs_buf_bytes(&other), cs_buf_bytes(&code)));
    for (size_t i = 0; i < code.size; i++) {
        code.data[i] ^= 0x10;
        assert_false(cs_bundle_offer(t_base(), cs_buf_bytes(&bundle), cs_buf_bytes(&code)));
        code.data[i] ^= 0x10;
    }
    for (size_t n = 0; n < code.size; n++)
        assert_false(cs_bundle_offer(t_base(), cs_buf_bytes(&bundle), (cs_bytes){ code.data, n }));
    assert_true(cs_bundle_offer(t_base(), cs_buf_bytes(&bundle), cs_buf_bytes(&code)));
    assert_string_equal(t_run_bundle(cs_buf_bytes(&bundle), NULL), "b");
    cs_buf_fini(&bundle);
    cs_buf_fini(&code);
    cs_buf_fini(&other);
}

static void compiling_twice_gives_the_same_bytes(void **state)
{
    (void)state;
    cs_buf bundle = { 0 }, a = { 0 }, b = { 0 };
    t_bundle(two, &bundle);
    assert_ok(cs_bundle_compile(t_base(), cs_buf_bytes(&bundle), &a, NULL));
    assert_ok(cs_bundle_compile(t_base(), cs_buf_bytes(&bundle), &b, NULL));
    assert_bytes_equal(a.data, a.size, b.data, b.size);
    cs_buf_fini(&bundle);
    cs_buf_fini(&a);
    cs_buf_fini(&b);
}

static void a_bundle_that_was_compiled_costs_no_other_computrons(void **state)
{
    (void)state;
    cs_heap *first, *second;
    cs_buf bundle = { 0 };
    t_bundle((t_module[]){ { "fresh.js", "export const run = () => 'fresh';" }, { 0 } }, &bundle);
    assert_string_equal(t_run_bundle(cs_buf_bytes(&bundle), &first), "fresh");
    assert_string_equal(t_run_bundle(cs_buf_bytes(&bundle), &second), "fresh");
    assert_true(cs_meter_read(first) > 0);
    assert_int_equal(cs_meter_read(first), cs_meter_read(second));
    (void)cs_heap_free(first);
    (void)cs_heap_free(second);
    cs_buf_fini(&bundle);
}

static void heaps_share_code_while_names_agree(void **state)
{
    (void)state;
    cs_heap *first, *second;
    uint64_t number;
    cs_buf bundle = { 0 };
    t_bundle(two, &bundle);
    (void)t_run_bundle(cs_buf_bytes(&bundle), &first);
    (void)t_run_bundle(cs_buf_bytes(&bundle), &second);
    assert_ptr_equal(first->code, second->code);
    assert_int_equal(first->code->refs, 2);
    assert_true(cs_code_number(first, first->code->bytes + 5, &number));
    assert_int_equal(number, 5);
    assert_ptr_equal(cs_code_at(second, 5), first->code->bytes + 5);
    assert_false(cs_code_number(first, &number, &number));
    assert_null(cs_code_at(first, first->code->of->code.size));
    assert_null(cs_code_at(first, UINT64_MAX));
    (void)cs_heap_free(first);
    assert_int_equal(second->code->refs, 1);
    (void)cs_heap_free(second);
    cs_buf_fini(&bundle);
}

typedef struct probe {
    cs_bytes bundle;
    bool is_found;
    uint64_t number;
    const void *code, *again;
} probe;

/* The code of the function that the bundle exports as `func`. */
static void probe_func(cs_machine *the, void *arg)
{
    probe *p = arg;
    cs_bundle_push_namespace(the, p->bundle, NULL);
    fxGetID(the, cs_id(the, "func"));
    p->code = mxFunctionInstanceCode(the->stack->value.reference)->value.code.address;
    p->is_found = cs_code_number(the->heap, p->code, &p->number);
    p->again = p->is_found ? cs_code_at(the->heap, p->number) : NULL;
    mxPop();
}

/* A closure that a built-in module makes in a heap runs code of the base. */
static void code_of_built_in_modules_has_numbers(void **state)
{
    (void)state;
    cs_buf bundle = { 0 };
    cs_heap *h = t_heap();
    t_bundle((t_module[]){ { "main.js",
                             "import { makePromiseKit } from '@endo/promise-kit';"
                             "export const func = makePromiseKit().resolve;",
                             "@endo/promise-kit=@endo/promise-kit" },
                           { 0 } },
             &bundle);
    probe p = { .bundle = cs_buf_bytes(&bundle) };
    assert_ok(cs_fence(h, probe_func, &p, NULL));
    assert_true(p.is_found);
    assert_true(p.number > UINT32_MAX);
    assert_ptr_equal(p.again, p.code);
    (void)cs_heap_free(h);
    cs_buf_fini(&bundle);
}

static void use_a_name(cs_machine *the, void *arg)
{
    (void)cs_id(the, arg);
}

static void a_heap_with_other_names_has_its_own(void **state)
{
    (void)state;
    cs_heap *usual;
    cs_buf bundle = { 0 };
    t_bundle((t_module[]){ { "main.js", "const seldom = { unusualName: 'u' };"
                                        "export const run = () => seldom.unusualName;" },
                           { 0 } },
             &bundle);
    assert_string_equal(t_run_bundle(cs_buf_bytes(&bundle), &usual), "u");
    cs_heap *odd = t_heap();
    assert_ok(cs_fence(odd, use_a_name, (void *)(uintptr_t) "a name that comes first", NULL));
    assert_string_equal(t_run_in(odd, cs_buf_bytes(&bundle)), "u");
    assert_ptr_not_equal(usual->code, odd->code);
    (void)cs_heap_free(odd);
    (void)cs_heap_free(usual);
    cs_buf_fini(&bundle);
}

/* Closures point to the code: a collection must leave it alone, whatever is made of it. */
static void code_outside_the_heap_survives_collections(void **state)
{
    (void)state;
    assert_string_equal(
        t_run_modules((t_module[]){
            { "main.js",
              "const mk = i => ({ inc: () => ++i, fmt: p => `${p}${i}`, all: (...xs) => xs.length });"
              "export const run = () => { const keep = []; let n = 0;"
              "  for (let i = 0; i < 20000; i++) { keep.push(mk(i)); n += keep[i].inc(); }"
              "  return keep[7].fmt('x') + n + keep[9].all(1, 2) + mk.length + keep[0].all.length; };" },
            { 0 } }),
        "x8200010000210");
}

/* --- fifty modules ------------------------------------------------------------------------------- */

enum { FIFTY = 50 };

static void add_source(cs_buf *b, int i)
{
    if (i < FIFTY - 1)
        cs_buf_addf(b, "import { f%d as next } from './m%d.js'; ", i + 1, i + 1);
    cs_buf_addf(
        b,
        "export const f%d = (a, b) => { const o = { a, b, k: %d }; return "
        "Object.entries(o).map(([k, v]) => `${k}=${v}`).join('&'); }; export class C%d { #x "
        "= 1; get x() { return this.#x; } m(a, ...r) { for (const y of r) a += y; return a; } "
        "} export const table%d = harden({ one: 1, two: [1, 2, 3], three: { x: 'string "
        "number %d' } });",
        i, i, i, i, i);
    if (i == 0)
        cs_buf_add_text(b, " export const run = () => f0(1, 2);");
}

static void fifty(cs_buf *ret)
{
    static char names[FIFTY][16], imports[FIFTY][48];
    t_module modules[FIFTY + 1] = { { 0 } };
    cs_buf sources[FIFTY] = { { 0 } };
    for (int i = 0; i < FIFTY; i++) {
        add_source(&sources[i], i);
        (void)snprintf(names[i], sizeof names[i], "m%d.js", i);
        (void)snprintf(imports[i], sizeof imports[i], "./m%d.js=m%d.js", i + 1, i + 1);
        modules[i] =
            (t_module){ names[i], cs_buf_text(&sources[i]), i < FIFTY - 1 ? imports[i] : NULL };
    }
    t_bundle(modules, ret);
    for (int i = 0; i < FIFTY; i++)
        cs_buf_fini(&sources[i]);
}

static double now_ms(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void report(const char *what, double ms, cs_heap *h)
{
    cs_heap_figures before = cs_heap_read_figures(h);
    assert_ok(cs_heap_collect(h));
    cs_heap_figures after = cs_heap_read_figures(h);
    print_message("# fifty modules, %s: %.2f ms, %llu bytes live, %llu resident\n", what, ms,
                  (unsigned long long)after.live_bytes, (unsigned long long)before.resident_bytes);
}

static void fifty_modules(void **state)
{
    (void)state;
    static const char *const how[] = { "compiled", "kept", "kept, again" };
    cs_buf bundle = { 0 };
    cs_heap *heaps[3];
    fifty(&bundle);
    for (int i = 0; i < 3; i++) {
        double start = now_ms();
        assert_string_equal(t_run_bundle(cs_buf_bytes(&bundle), &heaps[i]), "a=1&b=2&k=0");
        report(how[i], now_ms() - start, heaps[i]);
    }
    for (int i = 0; i < 3; i++)
        (void)cs_heap_free(heaps[i]);
    cs_buf_fini(&bundle);
}

T_MAIN(T(what_goes_in_comes_out), T(every_cut_and_every_other_byte_is_refused_or_read),
       T(each_rule_has_its_words), T(only_this_base_and_bundle_take_it),
       T(compiling_twice_gives_the_same_bytes),
       T(a_bundle_that_was_compiled_costs_no_other_computrons),
       T(heaps_share_code_while_names_agree), T(code_of_built_in_modules_has_numbers),
       T(a_heap_with_other_names_has_its_own), T(code_outside_the_heap_survives_collections),
       T(fifty_modules))
