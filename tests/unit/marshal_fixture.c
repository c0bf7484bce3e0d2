#include "marshal_fixture.h"

#include "base/alloc.h"
#include "engine/base.h"
#include "engine/handled_promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cs_base *base;

static void free_base(void)
{
    base = cs_base_free(base);
}

static cs_base *fixture_base(void)
{
    static const cs_native *const tables[] = { cs_marshal_natives, NULL };
    static const cs_base_parts parts = { tables };
    cs_error err = { 0 };
    if (base == NULL && cs_base_new(&parts, &base, &err) != CS_OK) {
        (void)fprintf(stderr, "# %s\n", err.text);
        abort();
    }
    atexit(free_base);
    return base;
}

/* --- slots --------------------------------------------------------------------------------------- */

static cs_vref vref_of(cs_machine *the, void *ctx, cs_slot *instance, bool is_promise)
{
    (void)the;
    marshal_fixture *f = ctx;
    uint32_t i = 0;
    while (i < f->cap_count && f->caps[i] != instance)
        i++;
    cs_assert(i < CAPS_MAX);
    f->caps[i] = instance;
    if (i == f->cap_count)
        f->cap_count++;
    return cs_vref_of(is_promise ? CS_REF_PROMISE : CS_REF_OBJECT, true, i + 1);
}

static void push_value(cs_machine *the, void *ctx, cs_vref vref, cs_bytes iface)
{
    (void)iface;
    marshal_fixture *f = ctx;
    mxPushReference(f->caps[cs_vref_id(vref) - 1]);
}

static void sent(cs_machine *the, void *ctx, cs_slot *error, cs_bytes id)
{
    marshal_fixture *f = ctx;
    cs_buf_add(&f->sent, id.data, id.size);
    cs_buf_add_text(&f->sent, " ");
    mxPushSlot(error);
    mxGetID(mxID(_message));
    fxToString(the, the->stack);
    cs_add_text(&f->sent, the->stack);
    mxPop();
    cs_buf_add_text(&f->sent, ";");
}

static void mark_caps(cs_machine *the, void *guest, void (*mark)(cs_machine *, cs_slot *))
{
    const marshal_fixture *f = guest;
    for (uint32_t i = 0; i < f->cap_count; i++)
        mark(the, f->caps[i]);
}

/* --- host functions ------------------------------------------------------------------------------- */

static void push_item(cs_machine *the, cs_slot *array)
{
    cs_slot *item = fxSetIndexProperty(the, array, array->next, array->next->value.array.length);
    mxPullSlot(item);
}

static void host_encode(cs_machine *the)
{
    marshal_fixture *f = cs_heap_guest(the);
    f->errors = 0;
    cs_capdata d = cs_marshal_encode(the, f->m, mxArgv(0));
    mxPush(mxArrayPrototype);
    cs_slot *pair = fxNewArrayInstance(the);
    cs_push_text(the, d.body);
    push_item(the, pair);
    mxPush(mxArrayPrototype);
    cs_slot *slots = fxNewArrayInstance(the);
    for (uint32_t i = 0; i < d.slot_count; i++) {
        mxPushReference(f->caps[cs_vref_id(d.slots[i]) - 1]);
        push_item(the, slots);
    }
    push_item(the, pair);
    mxPullSlot(mxResult);
}

static void host_decode(cs_machine *the)
{
    static cs_buf body; /* kept: decode may throw */
    cs_vref vrefs[64];
    marshal_fixture *f = cs_heap_guest(the);
    cs_slot *items = mxArgv(1)->value.reference->next;
    uint32_t count = items->value.array.length;
    cs_assert(count <= 64);
    for (uint32_t i = 0; i < count; i++) {
        cs_slot *instance = items->value.array.address[i].value.reference;
        vrefs[i] = vref_of(the, f, instance, cs_is_promise(instance));
    }
    cs_buf_clear(&body);
    cs_add_text(&body, mxArgv(0));
    cs_capdata d = { cs_buf_bytes(&body), vrefs, count };
    cs_marshal_decode(the, f->m, &d);
    mxPullSlot(mxResult);
}

static void host_presence(cs_machine *the)
{
    marshal_fixture *f = cs_heap_guest(the);
    cs_buf iface = { 0 };
    cs_add_text(&iface, mxArgv(0));
    cs_push_iface_prototype(the, cs_buf_bytes(&iface));
    cs_buf_fini(&iface);
    cs_presence_push(the, ++f->presences, the->stack);
    mxPullSlot(mxResult);
    mxPop();
}

static void host_collect(cs_machine *the)
{
    fxCollect(the, XS_COMPACT_FLAG | XS_ORGANIC_FLAG);
}

static void host_sent(cs_machine *the)
{
    marshal_fixture *f = cs_heap_guest(the);
    cs_push_text(the, cs_buf_bytes(&f->sent));
    cs_buf_clear(&f->sent);
    mxPullSlot(mxResult);
}

static const cs_native test_natives[] = {
    { "encode", host_encode, 1 },   { "decode", host_decode, 2 }, { "presence", host_presence, 1 },
    { "collect", host_collect, 0 }, { "sent", host_sent, 0 },     { 0 },
};

/* --- heaps ----------------------------------------------------------------------------------------- */

static cs_slot *global(cs_machine *the, const char *name)
{
    mxPush(mxGlobal);
    mxGetID(cs_id(the, name));
    return the->stack;
}

/* A compartment whose globals are the natives; the start realm remembers it. */
static void make_compartment(cs_machine *the, void *arg)
{
    (void)arg;
    mxPush(mxCompartmentConstructor);
    fxNew(the);
    fxRunCount(the, 0);
    mxDub();
    mxPush(mxGlobal);
    fxDefineID(the, cs_id(the, "compartment"), 0, 0);
    mxPop();
    mxGetID(mxID(_globalThis));
    cs_base_add_natives(the, the->stack, cs_marshal_natives);
    cs_base_add_natives(the, the->stack, test_natives);
    mxPop();
}

void marshal_fixture_init(marshal_fixture *f)
{
    static const cs_slot_ops ops = { vref_of, push_value };
    static const cs_heap_hooks hooks = { .mark = mark_caps };
    cs_heap_options options = { .hooks = &hooks, .guest = f };
    memset(f, 0, sizeof *f);
    f->m = cs_marshal_new(&ops, f);
    cs_marshal_set_error_ids(f->m, (cs_error_ids){ "m", &f->errors, sent });
    assert_ok(cs_heap_new(fixture_base(), &options, &f->heap, &f->err));
    assert_ok(cs_fence(f->heap, make_compartment, NULL, &f->err));
}

void marshal_fixture_fini(marshal_fixture *f)
{
    f->heap = cs_heap_free(f->heap);
    f->m = cs_marshal_free(f->m);
    f->result = cs_free(f->result);
    cs_buf_fini(&f->sent);
}

typedef struct call {
    marshal_fixture *f;
    const char *source;
    cs_buf text;
} call;

static void evaluate(cs_machine *the, void *arg)
{
    call *c = arg;
    (void)global(the, "compartment");
    mxDub();
    mxGetID(mxID(_evaluate));
    mxCall();
    cs_push_text(the, cs_bytes_of(c->source));
    mxRunCount(1);
    fxToString(the, the->stack);
    cs_add_text(&c->text, the->stack);
}

cs_status marshal_run(marshal_fixture *f, const char *source)
{
    call c = { f, source, { 0 } };
    cs_status st = cs_fence(f->heap, evaluate, &c, &f->err);
    f->result = cs_free(f->result);
    f->result = cs_bytes_to_text(st == CS_OK ? cs_buf_bytes(&c.text) : cs_bytes_of(f->err.text));
    cs_buf_fini(&c.text);
    return st;
}

const char *marshal_eval(marshal_fixture *f, const char *source)
{
    cs_status st = marshal_run(f, source);
    if (st != CS_OK)
        (void)fprintf(stderr, "# %s\n#   %s\n", source, f->err.text);
    assert_ok(st);
    return f->result;
}

typedef struct definition {
    const char *name;
    cs_bytes text;
} definition;

static void define(cs_machine *the, void *arg)
{
    const definition *d = arg;
    (void)global(the, "compartment");
    mxGetID(mxID(_globalThis));
    cs_slot *object = the->stack;
    cs_push_text(the, d->text);
    cs_base_define(the, object, d->name);
}

void marshal_define_file(marshal_fixture *f, const char *name, const char *path)
{
    size_t size;
    char *text = t_read_file(t_source_path(path), &size);
    definition d = { name, { (uint8_t *)text, size } };
    assert_ok(cs_fence(f->heap, define, &d, &f->err));
    free(text);
}
