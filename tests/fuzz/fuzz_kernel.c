/* Two hostile workers: replies of any kind, the fuzzer choosing every syscall and figure, and between
 * cranks what the host asks for. Whatever they say, the kernel goes on: every crank gives OK, and the
 * audit is clean after it (S23). */
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "devices/devices.h"
#include "kernel/bundle.h"
#include "kernel/kernel.h"
#include "tape.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { CRANKS_MAX = 40, ITEMS_MAX = 4 };

typedef struct worker {
    tape t;
    cs_arena arena; /* of one reply */
} worker;

static cs_vref any_vref(worker *w)
{
    static const cs_ref_type types[] = { CS_REF_OBJECT, CS_REF_PROMISE, CS_REF_DEVICE };
    if (tape_chance(&w->t, 3)) {
        cs_vref v;
        tape_bytes(&w->t, &v.bits, sizeof v.bits);
        return v;
    }
    cs_ref_type type = types[tape_below(&w->t, tape_chance(&w->t, 3) ? 3 : 2)];
    bool by_vat = tape_bool(&w->t);
    uint64_t first = by_vat ? 0 : type == CS_REF_OBJECT ? 50 : 60;
    return cs_vref_of(type, by_vat, first + tape_below(&w->t, 6));
}

static cs_capdata any_capdata(worker *w)
{
    static const cs_bytes bodies[] = { CS_BYTES("#[\"m\",[]]"), CS_BYTES("#\"$0\""),
                                       CS_BYTES("#\"&1\""),
                                       CS_BYTES("{\"@qclass\":\"slot\",\"index\":0}"),
                                       CS_BYTES("#[\"$0\",\"&1\"]") };
    uint8_t *raw = cs_arena_take(&w->arena, ITEMS_MAX);
    cs_capdata d = { .body = tape_pick(&w->t, bodies) };
    if (tape_chance(&w->t, 3)) {
        d.body = (cs_bytes){ raw, (size_t)tape_below(&w->t, ITEMS_MAX + 1) };
        tape_bytes(&w->t, raw, d.body.size);
    }
    d.slot_count = (uint32_t)tape_below(&w->t, ITEMS_MAX);
    cs_vref *slots = cs_arena_take(&w->arena, ITEMS_MAX * sizeof *slots);
    for (uint32_t i = 0; i < d.slot_count; i++)
        slots[i] = any_vref(w);
    d.slots = slots;
    return d;
}

static cs_resolutions any_batch(worker *w)
{
    cs_resolution *items = cs_arena_take(&w->arena, ITEMS_MAX * sizeof *items);
    cs_resolutions batch = { items, (uint32_t)tape_below(&w->t, ITEMS_MAX) };
    for (uint32_t i = 0; i < batch.count; i++)
        items[i] = (cs_resolution){ any_vref(w), tape_bool(&w->t), any_capdata(w) };
    return batch;
}

static cs_vrefs any_refs(worker *w)
{
    cs_vref *items = cs_arena_take(&w->arena, ITEMS_MAX * sizeof *items);
    cs_vrefs refs = { items, (uint32_t)tape_below(&w->t, ITEMS_MAX) };
    for (uint32_t i = 0; i < refs.count; i++)
        items[i] = any_vref(w);
    return refs;
}

static cs_syscall any_syscall(worker *w)
{
    cs_syscall s = { .kind = (cs_syscall_kind)tape_between(&w->t, 1, CS_SYSCALL_CALL_NOW + 1) };
    memset(&s.send, 0, sizeof s.send);
    if (s.kind == CS_SYSCALL_SEND) {
        s.send.target = any_vref(w);
        s.send.methargs = any_capdata(w);
        s.send.result = tape_bool(&w->t) ? any_vref(w) : (cs_vref){ 0 };
    } else if (s.kind == CS_SYSCALL_SUBSCRIBE) {
        s.promise = any_vref(w);
    } else if (s.kind == CS_SYSCALL_RESOLVE) {
        s.resolve = any_batch(w);
    } else if (s.kind == CS_SYSCALL_EXIT) {
        s.exit.is_failure = tape_bool(&w->t);
        s.exit.info = any_capdata(w);
    } else if (s.kind <= CS_SYSCALL_ABANDON_EXPORTS) {
        s.refs = any_refs(w);
    } else if (s.kind <= CS_SYSCALL_VATSTORE_NEXT_KEY) {
        s.vatstore.key = CS_BYTES("key");
        s.vatstore.value = CS_BYTES("value");
    }
    return s;
}

static uint64_t any_number(worker *w)
{
    return tape_chance(&w->t, 3) ? tape_u64(&w->t) : tape_below(&w->t, 4);
}

static void any_figures(worker *w, cs_reply *reply)
{
    reply->imports_held = tape_bool(&w->t) ? CS_IMPORTS_UNKNOWN : (uint32_t)any_number(w);
    if (tape_bool(&w->t))
        return;
    reply->heap_bytes = any_number(w);
    reply->allocated_bytes = any_number(w);
    reply->watched = (uint32_t)any_number(w);
    reply->dead_left = (uint32_t)any_number(w);
    reply->collected = tape_bool(&w->t);
}

/* A call of a device, sometimes one that it knows. */
static cs_syscall any_call(worker *w)
{
    static const cs_bytes methods[] = {
        CS_BYTES("createByBundleID"),  CS_BYTES("terminateWithFailure"),
        CS_BYTES("createMeter"),       CS_BYTES("addMeterRemaining"),
        CS_BYTES("changeOptions"),     CS_BYTES("getMeter"),
        CS_BYTES("getCriticalVatKey"), CS_BYTES("fly"),
    };
    static const cs_bytes args[] = {
        CS_BYTES(
            "#[\"b1-x\",{\"meter\":\"m1\",\"suspendOnUnderflow\":true,\"vatParameters\":\"$0\"}]"),
        CS_BYTES("#[\"b1-x\",{\"name\":\"x\"}]"),
        CS_BYTES("#[\"v2\",\"$1\"]"),
        CS_BYTES("#[\"v3\",{\"reapInterval\":3}]"),
        CS_BYTES("#[\"+5\",\"+3\"]"),
        CS_BYTES("#[\"m1\",\"+100\"]"),
        CS_BYTES("#[["),
    };
    cs_syscall s = { .kind = CS_SYSCALL_CALL_NOW };
    memset(&s.call, 0, sizeof s.call);
    s.call.device = tape_chance(&w->t, 10) ? any_vref(w) : cs_vref_of(CS_REF_DEVICE, false, 70);
    s.call.method = tape_pick(&w->t, methods);
    s.call.args = any_capdata(w);
    if (!tape_chance(&w->t, 10))
        s.call.args.body = tape_pick(&w->t, args);
    return s;
}

static void done(cs_kernel *k, worker *w)
{
    cs_syscall syscalls[ITEMS_MAX];
    cs_error err;
    cs_outcome outcome;
    cs_reply reply = { .syscalls = syscalls,
                       .syscall_count = (uint32_t)tape_below(&w->t, ITEMS_MAX + 1) };
    for (uint32_t i = 0; i < reply.syscall_count; i++) {
        bool asks = tape_chance(&w->t, 20);
        syscalls[i] = asks ? any_call(w) : any_syscall(w);
        if (asks && cs_kernel_ask(k, syscalls, i + 1, &err) != CS_OK)
            asks = false; /* what is refused here condemns it there */
    }
    if (tape_chance(&w->t, 3))
        reply.status = (cs_status)tape_below(&w->t, CS_STATUS_COUNT + 2);
    reply.computrons = tape_u64(&w->t);
    any_figures(w, &reply);
    cs_assert(cs_kernel_done(k, &reply, &outcome, &err) == CS_OK);
    cs_arena_clear(&w->arena);
}

static void add_vat(cs_kernel *k, const char *name, const cs_vat_options *options,
                    cs_kref *ret_root)
{
    cs_error err;
    cs_vatid vat;
    const cs_hash bundle = { { 0 } };
    const cs_kcapdata parameters = { CS_BYTES("#{}"), NULL, 0 };
    cs_assert(cs_kernel_add_vat(k, cs_bytes_of(name), &bundle, options, &parameters, &vat, &err) ==
              CS_OK);
    cs_assert(cs_kernel_root(k, vat, ret_root) == CS_OK);
}

static bool keep_on(void *ctx, const cs_holder *h)
{
    (void)h;
    return tape_bool(ctx);
}

/* One thing that the host asks for, of vats that may be dead. */
static void ask(cs_kernel *k, worker *w)
{
    cs_error err;
    cs_kref root, promise;
    uint32_t changed;
    const cs_vatid vat = { (uint32_t)tape_between(&w->t, 1, 3) };
    const cs_kcapdata none = { CS_BYTES("#[\"m\",[]]"), NULL, 0 };
    const cs_kref any =
        cs_kref_of(tape_bool(&w->t) ? CS_REF_OBJECT : CS_REF_PROMISE, 20 + tape_below(&w->t, 40));
    const cs_vrefs held = any_refs(w), recognized = any_refs(w);
    switch (tape_below(&w->t, 10)) {
    case 0:
        if (cs_kernel_root(k, vat, &root) == CS_OK)
            cs_assert(cs_kernel_send(k, root, &none, CS_POLICY_IGNORE, &promise, &err) == CS_OK);
        break;
    case 1:
        (void)cs_kernel_reap(k, vat);
        break;
    case 2:
        cs_assert(cs_kernel_reap_all(k, &err) == CS_OK);
        break;
    case 3:
        (void)cs_kernel_reconcile(k, vat, &held, &recognized, &changed);
        break;
    case 4:
        cs_kernel_set_gc(k, (cs_gc_policy)tape_below(&w->t, 3));
        break;
    case 5:
        (void)cs_kernel_set_reap_defaults(k, any_number(w), any_number(w));
        break;
    case 6:
        (void)cs_kernel_release(k, any);
        break;
    case 7:
        cs_kernel_set_cleanup(k, any_number(w));
        break;
    case 8:
        (void)cs_kernel_resume(k, vat);
        break;
    default:
        (void)cs_kernel_why(k, any, keep_on, &w->t);
        break;
    }
    cs_arena_clear(&w->arena);
    cs_assert(cs_kernel_audit(k, NULL, NULL) == 0);
}

static void run(cs_kernel *k, worker *w)
{
    cs_error err;
    cs_effect e = { .kind = CS_EFFECT_CRANK };
    for (unsigned i = 0; i < CRANKS_MAX && e.kind != CS_EFFECT_IDLE; i++) {
        bool only_gc = tape_chance(&w->t, 8);
        cs_assert((only_gc ? cs_kernel_next_gc(k, &e, &err) : cs_kernel_next(k, &e, &err)) ==
                  CS_OK);
        if (e.kind == CS_EFFECT_DELIVER)
            done(k, w);
        cs_assert(cs_kernel_audit(k, NULL, NULL) == 0);
        if (tape_chance(&w->t, 25))
            ask(k, w);
        else if (only_gc)
            e.kind = CS_EFFECT_CRANK; /* there may be more than garbage */
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_store *store = NULL;
    cs_kernel *k = NULL;
    cs_error err;
    cs_kref roots[3], promise;
    const cs_hash hash = { { 0 } };
    worker w = { 0 };
    const cs_vat_options alice = { .is_static = true };
    const cs_vat_options bob = { .enable_pipelining = true };
    tape_from_input(&w.t, data, size);
    cs_assert(cs_store_open(NULL, &(cs_store_options){ .create = true }, &store, &err) == CS_OK);
    cs_assert(cs_kernel_new(store, NULL, NULL, &k, &err) == CS_OK);
    cs_assert(cs_devices_add(k, &err) == CS_OK);
    cs_assert(cs_kernel_device_named(k, CS_BYTES("vatAdmin"), &roots[2]) == CS_OK);
    cs_assert(cs_kernel_install_bundle(k, CS_BYTES("b1-x"), &hash, &err) == CS_OK);
    add_vat(k, "alice", &alice, &roots[0]);
    add_vat(k, "", &bob, &roots[1]);
    for (unsigned i = 0; i < 4; i++) {
        const cs_kcapdata both = { CS_BYTES("#[\"m\",[\"$0\",\"$1\",\"$2\"]]"), roots, 3 };
        cs_assert(cs_kernel_send(k, roots[i % 2], &both, CS_POLICY_LOG_ALWAYS, &promise, &err) ==
                  CS_OK);
    }
    run(k, &w);
    k = cs_kernel_free(k);
    store = cs_store_close(store);
    cs_arena_fini(&w.arena);
    tape_fini(&w.t);
    return 0;
}
