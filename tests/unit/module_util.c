#include "module_util.h"

#include <stdio.h>

enum { MODULES_MAX = 64, IMPORTS_MAX = 64 };

static const cs_native *const no_natives[] = { NULL };
static cs_base_parts parts = { no_natives };

void t_use_natives(const cs_native *const *natives)
{
    parts.natives = natives;
}

cs_base *t_base(void)
{
    static cs_base *base;
    cs_error err = { 0 };
    if (base == NULL && cs_base_new(&parts, &base, &err) != CS_OK) {
        (void)fprintf(stderr, "%s\n", err.text);
        abort();
    }
    return base;
}

cs_heap *t_heap(void)
{
    cs_heap *h = NULL;
    assert_ok(cs_heap_new(t_base(), &(cs_heap_options){ 0 }, &h, NULL));
    return h;
}

/* --- bundles ------------------------------------------------------------------------------------- */

static uint32_t find(const t_module *modules, cs_bytes name)
{
    for (uint32_t i = 0; modules[i].name != NULL; i++)
        if (cs_bytes_equal(cs_bytes_of(modules[i].name), name))
            return i;
    return CS_BUNDLE_BUILTIN;
}

static cs_bytes until(const char **at, char stop)
{
    const char *start = *at;
    while (**at != 0 && **at != stop)
        (*at)++;
    cs_bytes b = { (const uint8_t *)start, (size_t)(*at - start) };
    if (**at == stop)
        (*at)++;
    return b;
}

static uint32_t read_imports(const t_module *modules, const char *text, cs_bundle_import *ret)
{
    uint32_t n = 0;
    while (text != NULL && *text != 0) {
        cs_bytes specifier = until(&text, '='), target = until(&text, ' ');
        uint32_t module = find(modules, target);
        ret[n++] = (cs_bundle_import){ specifier, module,
                                       module == CS_BUNDLE_BUILTIN ? target : (cs_bytes){ 0 } };
    }
    return n;
}

void t_bundle(const t_module *modules, cs_buf *ret)
{
    static cs_bundle_import imports[MODULES_MAX][IMPORTS_MAX];
    static cs_bundle_module out[MODULES_MAX];
    cs_bundle b = { .modules = out };
    for (; modules[b.module_count].name != NULL; b.module_count++) {
        const t_module *m = &modules[b.module_count];
        cs_bundle_import *list = imports[b.module_count];
        out[b.module_count] = (cs_bundle_module){
            .name = cs_bytes_of(m->name),
            .kind = m->kind == 0 ? CS_MODULE_ESM : m->kind,
            .source = cs_bytes_of(m->source),
            .imports = list,
            .import_count = read_imports(modules, m->imports, list),
        };
    }
    cs_bundle_enc(&b, ret);
}

/* --- runs ---------------------------------------------------------------------------------------- */

typedef struct run {
    cs_bytes bundle;
    char text[65536];
} run;

static void note(cs_machine *the, run *r, const cs_slot *value)
{
    cs_buf text = { 0 };
    if (cs_is_string(value))
        cs_add_text(&text, value);
    else
        cs_add_display(the, &text, value);
    (void)snprintf(r->text, sizeof r->text, "%s", cs_buf_text(&text));
    cs_buf_fini(&text);
}

/* globalThis.answer of the start realm, where a promise notes what it settled to. */
static void call_run(cs_machine *the, void *arg)
{
    run *r = arg;
    cs_bundle_push_namespace(the, r->bundle, NULL);
    mxDub();
    fxGetID(the, cs_id(the, "run"));
    if (!cs_is_reference(the->stack)) {
        mxPop();
        mxDub();
        fxGetID(the, cs_id(the, "buildRootObject"));
    }
    fxCall(the);
    fxRunCount(the, 0);
    note(the, r, the->stack);
    mxDub();
    mxPush(mxGlobal);
    fxDefineID(the, cs_id(the, "answer"), XS_NO_FLAG, XS_NO_FLAG);
    mxPop();
    mxPop();
}

/* A promise that is settled by now shows its result. */
static void look(cs_machine *the, void *arg)
{
    run *r = arg;
    mxPush(mxGlobal);
    fxGetID(the, cs_id(the, "answer"));
    if (cs_is_reference(the->stack) && cs_is_exotic(the->stack->value.reference, XS_PROMISE_KIND)) {
        cs_slot *promise = the->stack->value.reference;
        note(the, r, mxPromiseResult(promise));
    }
    mxPop();
}

const char *t_run_in(cs_heap *h, cs_bytes bundle)
{
    static run r;
    cs_error err = { 0 };
    r = (run){ .bundle = bundle };
    cs_status st = cs_fence(h, call_run, &r, &err);
    if (st == CS_OK)
        st = cs_heap_drain(h, &err);
    if (st == CS_OK)
        st = cs_fence(h, look, &r, &err);
    if (st != CS_OK)
        (void)snprintf(r.text, sizeof r.text, "%s", err.text);
    return r.text;
}

const char *t_run_bundle(cs_bytes bundle, cs_heap **ret_heap)
{
    cs_heap *h = t_heap();
    const char *text = t_run_in(h, bundle);
    if (ret_heap != NULL)
        *ret_heap = h;
    else
        (void)cs_heap_free(h);
    return text;
}

const char *t_run_modules(const t_module *modules)
{
    cs_buf bundle = { 0 };
    t_bundle(modules, &bundle);
    const char *text = t_run_bundle(cs_buf_bytes(&bundle), NULL);
    cs_buf_fini(&bundle);
    return text;
}
