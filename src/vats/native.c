/* The native kind: a worker whose vats are functions of this process. */
#include "vats/native.h"

#include "base/alloc.h"
#include "base/map.h"
#include "vats/kind.h"

#include <stdio.h>

struct cs_native {
    cs_worker worker;
    cs_supervisor_ops ops;
    void *ctx;
    cs_map vats; /* id -> const cs_native_vat */

    /* Of the delivery that is under way, or was the last. */
    cs_vatid vat;
    cs_arena arena;
    cs_syscall *syscalls;
    uint32_t syscall_count, syscall_cap;
    cs_error failure;
};

/* --- which vats there are ------------------------------------------------------------------------- */

enum { VATS_MAX = 16 };
static const cs_native_vat *vats[VATS_MAX] = { &cs_vat_admin };
static size_t vat_count = 1;

static const char prefix[] = "native ";

static const cs_native_vat *find_vat(cs_bytes name)
{
    for (size_t i = 0; i < vat_count; i++)
        if (cs_bytes_equal(name, cs_bytes_of(vats[i]->name)))
            return vats[i];
    return NULL;
}

void cs_native_add(const cs_native_vat *vat)
{
    cs_assert(vat_count < VATS_MAX && find_vat(cs_bytes_of(vat->name)) == NULL);
    vats[vat_count++] = vat;
}

void cs_native_bundle(cs_buf *b, const char *name)
{
    cs_buf_addf(b, "%s%s\n", prefix, name);
}

/* What stands between prefix and line end. */
static cs_bytes name_of(cs_bytes bundle)
{
    const size_t around = sizeof prefix;
    if (bundle.size <= around || bundle.data[bundle.size - 1] != '\n')
        return (cs_bytes){ 0 };
    return (cs_bytes){ bundle.data + around - 1, bundle.size - around };
}

bool cs_is_native_bundle(cs_bytes bundle)
{
    return cs_bytes_start_with(bundle, prefix);
}

/* --- life ------------------------------------------------------------------------------------------ */

static cs_native *of(const cs_worker *w)
{
    return (cs_native *)(uintptr_t)w;
}

static cs_status start(const cs_worker_settings *settings, const cs_supervisor_ops *ops, void *ctx,
                       cs_worker **ret, cs_error *err)
{
    (void)settings;
    (void)err;
    cs_native *n = CS_NEW(cs_native);
    n->worker.kind = &cs_kind_native;
    n->ops = *ops;
    n->ctx = ctx;
    *ret = &n->worker;
    return CS_OK;
}

static void stop(cs_worker *w)
{
    cs_native *n = of(w);
    cs_map_fini(&n->vats);
    cs_arena_fini(&n->arena);
    cs_free(n->syscalls);
    (void)cs_free(n);
}

static cs_status load(cs_worker *w, cs_vatid vat, cs_bytes bundle, const cs_load_options *options,
                      cs_error *err)
{
    const cs_bytes name = name_of(bundle);
    const cs_native_vat *found = find_vat(name);
    (void)options;
    if (!cs_is_native_bundle(bundle))
        return cs_fail(err, CS_E_SYNTAX, "the bundle names no native vat");
    if (found == NULL)
        return cs_fail(err, CS_E_NEWER, "this program has no native vat '%.*s'", (int)name.size,
                       (const char *)name.data);
    cs_map_put(&of(w)->vats, vat.n)->ptr = (void *)(uintptr_t)found;
    return CS_OK;
}

static void unload(cs_worker *w, cs_vatid vat)
{
    (void)cs_map_remove(&of(w)->vats, vat.n);
}

/* --- a delivery ------------------------------------------------------------------------------------ */

static void begin(cs_native *n, cs_vatid vat)
{
    cs_arena_clear(&n->arena);
    n->vat = vat;
    n->syscall_count = 0;
    n->failure = (cs_error){ 0 };
}

static cs_status deliver(cs_worker *w, cs_vatid vat, const cs_delivery *d, cs_collect collect,
                         cs_reply *ret_reply, cs_error *err)
{
    cs_native *n = of(w);
    const cs_native_vat *found = cs_map_ptr(&n->vats, vat.n);
    (void)collect, (void)err;
    cs_assert(found != NULL);
    begin(n, vat);
    found->deliver(n, d);
    *ret_reply = (cs_reply){ .status = n->failure.status,
                             .problem = cs_bytes_of(n->failure.text),
                             .syscalls = n->syscalls,
                             .syscall_count = n->syscall_count,
                             .imports_held = CS_IMPORTS_UNKNOWN };
    return CS_OK;
}

/* Their imports are not audited, so nobody should ask. */
static cs_status imports(cs_worker *w, cs_vatid vat, cs_vrefs *ret_held, cs_vrefs *ret_recognized,
                         cs_error *err)
{
    (void)w, (void)ret_held, (void)ret_recognized;
    return cs_fail(err, CS_E_USAGE, "native vat v%u does not list its imports", vat.n);
}

static void set_silent(cs_worker *w, bool silent)
{
    (void)w, (void)silent; /* they say nothing */
}

static cs_collection_figures collections(const cs_worker *w)
{
    (void)w;
    return (cs_collection_figures){ 0 };
}

const cs_kind cs_kind_native = {
    .name = "native",
    .is_confined = true,
    .keeps_no_heap = true,
    .start = start,
    .stop = stop,
    .load = load,
    .deliver = deliver,
    .imports = imports,
    .unload = unload,
    .set_silent = set_silent,
    .collections = collections,
};

/* --- syscalls -------------------------------------------------------------------------------------- */

cs_arena *cs_native_arena(cs_native *n)
{
    return &n->arena;
}

void cs_native_fail(cs_native *n, cs_status st, const char *format, ...)
{
    if (n->failure.status != CS_OK)
        return;
    n->failure.status = st;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(n->failure.text, sizeof n->failure.text, format, args);
    va_end(args);
}

static void add(cs_native *n, const cs_syscall *s)
{
    if (n->failure.status != CS_OK)
        return;
    if (n->syscall_count == n->syscall_cap) {
        n->syscall_cap = n->syscall_cap == 0 ? 16 : 2 * n->syscall_cap;
        n->syscalls = cs_realloc(n->syscalls, n->syscall_cap, sizeof *n->syscalls);
    }
    n->syscalls[n->syscall_count++] = *s;
}

void cs_native_send(cs_native *n, const cs_message *message)
{
    add(n, &(cs_syscall){ .kind = CS_SYSCALL_SEND, .send = *message });
}

void cs_native_subscribe(cs_native *n, cs_vref promise)
{
    add(n, &(cs_syscall){ .kind = CS_SYSCALL_SUBSCRIBE, .promise = promise });
}

void cs_native_resolve(cs_native *n, cs_vref promise, bool rejected, const cs_capdata *data)
{
    cs_resolution *r = cs_arena_take(&n->arena, sizeof *r);
    *r = (cs_resolution){ .promise = promise, .rejected = rejected, .data = *data };
    add(n, &(cs_syscall){ .kind = CS_SYSCALL_RESOLVE, .resolve = { .items = r, .count = 1 } });
}

void cs_native_exit(cs_native *n, bool is_failure, const cs_capdata *info)
{
    add(n, &(cs_syscall){ .kind = CS_SYSCALL_EXIT,
                          .exit = { .is_failure = is_failure, .info = *info } });
}

void cs_native_refs(cs_native *n, cs_syscall_kind kind, const cs_vref *items, uint32_t count)
{
    if (count > 0)
        add(n, &(cs_syscall){ .kind = kind, .refs = { .items = items, .count = count } });
}

void cs_native_set(cs_native *n, cs_bytes key, cs_bytes value)
{
    add(n, &(cs_syscall){ .kind = CS_SYSCALL_VATSTORE_SET,
                          .vatstore = { .key = key, .value = value } });
}

void cs_native_delete(cs_native *n, cs_bytes key)
{
    add(n, &(cs_syscall){ .kind = CS_SYSCALL_VATSTORE_DELETE, .vatstore.key = key });
}

/* --- questions ------------------------------------------------------------------------------------- */

/* The syscall with its answer; NULL: N3. */
static const cs_syscall *ask(cs_native *n, const cs_syscall *question)
{
    add(n, question);
    if (n->failure.status != CS_OK)
        return NULL;
    cs_status st = n->ops.ask == NULL ? CS_E_BAD_SYSCALL
                                      : n->ops.ask(n->ctx, n->vat, n->syscalls, n->syscall_count);
    if (st == CS_OK)
        return &n->syscalls[n->syscall_count - 1];
    cs_native_fail(n, st, "a question was refused: %s", cs_status_text(st));
    return NULL;
}

static bool read_store(cs_native *n, cs_syscall_kind kind, cs_bytes key, cs_bytes *ret)
{
    const cs_syscall *s = ask(n, &(cs_syscall){ .kind = kind, .vatstore.key = key });
    if (s == NULL || !s->vatstore.has_answer)
        return false;
    *ret = s->vatstore.value;
    return true;
}

bool cs_native_get(cs_native *n, cs_bytes key, cs_bytes *ret)
{
    return read_store(n, CS_SYSCALL_VATSTORE_GET, key, ret);
}

bool cs_native_next_key(cs_native *n, cs_bytes key, cs_bytes *ret)
{
    return read_store(n, CS_SYSCALL_VATSTORE_NEXT_KEY, key, ret);
}

bool cs_native_call(cs_native *n, cs_vref device, cs_bytes method, const cs_capdata *args,
                    cs_capdata *ret)
{
    const cs_syscall *s =
        ask(n, &(cs_syscall){ .kind = CS_SYSCALL_CALL_NOW,
                              .call = { .device = device, .method = method, .args = *args } });
    *ret = s == NULL ? (cs_capdata){ 0 } : s->call.result;
    return s != NULL && !s->call.failed;
}
