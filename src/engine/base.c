/* Makes the base: an XS machine with the intrinsics, HandledPromise, our globals and the built-in
 * modules, all hardened, then shared and write-protected.
 *
 * In order: natives -> HandledPromise and E -> lockdown -> preloads of js/ -> built-in modules ->
 * the list of globals that vats see -> harden the rest -> share. */
#include "engine/base.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "engine/handled_promise.h"
#include "engine/heap.h"

#include "xsScript.h"

#include <string.h>

/* Enough for all of it in one block each, so that nothing is moved or merged while it is made: it has 8,300
 * slots. Not much more, for XS writes to every slot of a block, and first touches are a good part of what
 * the start of a process takes. */
static const txCreation base_creation = {
    .initialChunkSize = 1024 * 1024,
    .incrementalChunkSize = 64 * 1024,
    .initialHeapCount = 16 * 1024,
    .incrementalHeapCount = 4096,
    .stackCount = CS_STACK_SLOTS,
    .initialKeyCount = 4096,
    .incrementalKeyCount = 1024,
    .nameModulo = 509,
    .symbolModulo = 31,
    .parserBufferSize = 32 * 1024,
    .parserTableModulo = 1993,
};

/* A heap starts small: what it costs idle is mostly this, and a small first block makes collections
 * cheap. Modulos must be the base's. */
static const txCreation clone_creation = {
    .initialChunkSize = 8 * 1024,
    .incrementalChunkSize = 8 * 1024,
    .initialHeapCount = 512,
    .incrementalHeapCount = 512,
    .stackCount = CS_STACK_SLOTS,
    .initialKeyCount = 64,
    .incrementalKeyCount = 256,
    .nameModulo = 509,
    .symbolModulo = 31,
    .parserBufferSize = 1024 * 1024, /* the longest literal in a source given to eval */
    .parserTableModulo = 1993,
};

enum { BASE_BYTES_MAX = 64 * 1024 * 1024 };
static const char engine_version[] = "capstan engine 1, XS 13.3.0";
static cs_base *the_base;

cs_bytes cs_js_find(const char *name)
{
    const cs_js_file *f = cs_js_files;
    while (f->name != NULL && strcmp(f->name, name) != 0)
        f++;
    cs_assert(f->name != NULL);
    return (cs_bytes){ f->data, f->size };
}

void cs_base_define(cs_machine *the, cs_slot *object, const char *name)
{
    mxPushSlot(object);
    fxDefineID(the, cs_id(the, name), XS_DONT_ENUM_FLAG,
               XS_DONT_ENUM_FLAG | XS_DONT_DELETE_FLAG | XS_DONT_SET_FLAG);
    mxPop();
}

void cs_base_add_natives(cs_machine *the, cs_slot *object, const cs_native *natives)
{
    for (const cs_native *n = natives; n->name != NULL; n++) {
        fxNewHostFunction(the, n->call, n->length, (txInteger)cs_id(the, n->name), XS_NO_ID);
        cs_base_define(the, object, n->name);
    }
}

static const cs_native *const own_natives[] = {
    cs_console_natives, cs_text_natives, cs_assert_natives, cs_handled_promise_natives, NULL,
};

static void add_tables(cs_machine *the, cs_slot *native, const cs_native *const *tables)
{
    for (; tables != NULL && *tables != NULL; tables++)
        cs_base_add_natives(the, native, *tables);
}

static void define_natives(cs_machine *the, const cs_base_parts *parts)
{
    fxNewObject(the);
    cs_slot *native = the->stack;
    add_tables(the, native, own_natives);
    add_tables(the, native, parts->natives);
    cs_base_define(the, &mxGlobal, "native");
}

void cs_push_eval(cs_machine *the, cs_bytes source)
{
    txStringCStream stream = { (txString)(uintptr_t)source.data, 0, (txSize)source.size };
    txScript *script = fxParseScript(the, &stream, fxStringCGetter, mxStrictFlag | mxProgramFlag);
    cs_slot *program = mxProgram.value.reference;
    cs_slot *realm = mxModuleInstanceInternal(program)->value.module.realm;
    fxRunScript(the, script, mxRealmGlobal(realm), NULL, mxRealmClosures(realm)->value.reference,
                NULL, program);
}

static void define_global(cs_machine *the, const char *name, txCallback call, int length)
{
    fxNewHostFunction(the, call, length, (txInteger)cs_id(the, name), XS_NO_ID);
    cs_base_define(the, &mxGlobal, name);
}

static void lock_down(cs_machine *the)
{
    mxPushUndefined();
    fxNewHostFunction(the, fx_lockdown, 0, XS_NO_ID, XS_NO_ID);
    fxCall(the);
    fxRunCount(the, 0);
    mxPop();
}

static void delete_global(cs_machine *the, const char *name)
{
    mxPush(mxGlobal);
    fxDeleteID(the, cs_id(the, name));
    mxPop();
}

static void harden_globals(cs_machine *the)
{
    cs_slot *global = mxGlobal.value.reference;
    for (cs_slot *p = global->next; p != NULL; p = p->next)
        if ((p->flag & XS_INTERNAL_FLAG) == 0 && p->kind == XS_REFERENCE_KIND &&
            p->value.reference != global)
            cs_harden(the, p);
}

static const char *const preloads[] = { "assert.js", "text.js", "console.js", NULL };

static void make(cs_machine *the, void *arg)
{
    const cs_base *b = arg;
    define_natives(the, b->parts);
    define_global(the, "harden", cs_host_harden, 1);
    cs_weak_install(the);
    cs_confine_intrinsics(the);
    cs_handled_promise_install(the);
    lock_down(the);
    for (const char *const *p = preloads; *p != NULL; p++) {
        cs_push_eval(the, cs_js_find(*p));
        mxPop();
    }
    cs_modules_preload(the);
    delete_global(the, "native");
    cs_confine_globals(the);
    harden_globals(the);
}

/* --- life ---------------------------------------------------------------------------------------- */

static void name_natives(cs_buf *text, const cs_native *const *tables)
{
    for (; tables != NULL && *tables != NULL; tables++)
        for (const cs_native *n = *tables; n->name != NULL; n++)
            cs_buf_addf(text, "%s %d\n", n->name, n->length);
}

static void name_base(cs_base *b)
{
    cs_buf text = { 0 };
    cs_buf_add(&text, engine_version, sizeof engine_version);
    for (const cs_js_file *f = cs_js_files; f->name != NULL; f++) {
        cs_buf_addf(&text, "%s %zu\n", f->name, f->size);
        cs_buf_add(&text, f->data, f->size);
    }
    name_natives(&text, own_natives);
    name_natives(&text, b->parts->natives);
    cs_hash hash = cs_hash_of(cs_buf_bytes(&text));
    (void)cs_hash_text(&hash, b->name);
    cs_buf_fini(&text);
}

static cs_status create(cs_base *b, cs_error *err)
{
    cs_heap *h = b->heap;
    cs_status st = cs_region_init(&h->region, CS_STACK_SLOTS * sizeof(txSlot), BASE_BYTES_MAX, err);
    if (st == CS_OK)
        st = cs_region_init(&h->base_slots, 0, BASE_BYTES_MAX, err);
    if (st != CS_OK)
        return st;
    h->bytes_max = BASE_BYTES_MAX;
    cs_heap *before = cs_xs_set_owner(h);
    txCreation creation = base_creation;
    h->the = fxCreateMachine(&creation, NULL, h, XS_NO_ID);
    (void)cs_xs_set_owner(before);
    return h->the != NULL ? CS_OK : cs_fail(err, CS_E_ENGINE, "XS does not start");
}

/* What throws while the base is made is our own code. */
static cs_status fill(cs_base *b, cs_error *err)
{
    cs_status st = cs_fence_run(b->heap, make, b, err);
    if (st == CS_OK)
        st = cs_heap_drain(b->heap, err);
    if (st == CS_OK)
        return CS_OK;
    (void)cs_fail_at(err, "while the base heap was made");
    if (err != NULL)
        err->status = CS_E_ENGINE;
    return CS_E_ENGINE;
}

cs_status cs_base_new(const cs_base_parts *parts, cs_base **ret_base, cs_error *err)
{
    if (the_base != NULL)
        return cs_fail(err, CS_E_ENGINE,
                       "a process has one base heap, and this one has it already");
    cs_base *b = CS_NEW(cs_base);
    b->parts = parts;
    b->heap = CS_NEW(cs_heap);
    b->clone = clone_creation;
    cs_behaviors_init();
    cs_confine_behaviors();
    fxInitializeSharedCluster(); /* once more than it is ended: XS keeps it for ever */
    cs_status st = create(b, err);
    if (st == CS_OK)
        st = fill(b, err);
    if (st != CS_OK) {
        (void)cs_base_free(b);
        return st;
    }
    name_base(b);
    cs_base_share(b->heap);
    *ret_base = the_base = b;
    return CS_OK;
}

/* The machine of a base is read-only, so XS cannot take it apart; its memory just goes. */
cs_base *cs_base_free(cs_base *b)
{
    if (b == NULL)
        return NULL;
    cs_xs_free_all(b->heap);
    cs_region_fini(&b->heap->base_slots);
    cs_region_fini(&b->heap->region);
    (void)cs_free(b->heap);
    (void)cs_free(b);
    if (the_base == b)
        the_base = NULL;
    return NULL;
}

const char *cs_base_name(const cs_base *b)
{
    return b->name;
}
