#include "wire_gen.h"

#include <string.h>

cs_vref gen_vref(tape *t)
{
    uint64_t id = tape_u64(t) & CS_REF_ID_MAX;
    cs_ref_type type = (cs_ref_type)(CS_REF_OBJECT + tape_below(t, 3));
    cs_vref v = cs_vref_of(type, tape_bool(t), id);
    if (tape_chance(t, 20)) /* o+v…, o+d… with any payload */
        v.bits = UINT64_C(3) << 61 | (1 + tape_below(t, 2)) << 59 | (tape_u64(t) >> 5);
    return v;
}

static cs_bytes gen_text(tape *t, cs_arena *a)
{
    static const char *const words[] = { "",
                                         "a",
                                         "#[\"go\",[]]",
                                         "\"quoted\"\n\\",
                                         "gr\xc3\xbc\xc3\x9f",
                                         "\xf0\x9f\xa6\x80",
                                         "\x01\x1f",
                                         "a longer text that takes more than one word" };
    return cs_arena_copy(a, cs_bytes_of(tape_pick(t, words)));
}

static cs_bytes gen_bytes(tape *t, cs_arena *a)
{
    uint8_t bytes[6];
    size_t size = (size_t)tape_below(t, sizeof bytes + 1);
    tape_bytes(t, bytes, size);
    return cs_arena_copy(a, (cs_bytes){ bytes, size });
}

static cs_vrefs gen_vrefs(tape *t, cs_arena *a)
{
    cs_vrefs refs = { .count = (uint32_t)tape_below(t, 5) };
    cs_vref *items = cs_arena_take_zero(a, refs.count, sizeof *items);
    for (uint32_t i = 0; i < refs.count; i++)
        items[i] = gen_vref(t);
    refs.items = items;
    return refs;
}

static cs_capdata gen_capdata(tape *t, cs_arena *a)
{
    cs_bytes body = gen_text(t, a);
    cs_vrefs slots = gen_vrefs(t, a);
    return (cs_capdata){ body, slots.items, slots.count };
}

static cs_message gen_message(tape *t, cs_arena *a)
{
    cs_message m = { .target = gen_vref(t), .methargs = gen_capdata(t, a) };
    if (tape_bool(t))
        m.result = gen_vref(t);
    return m;
}

static cs_resolutions gen_resolutions(tape *t, cs_arena *a)
{
    cs_resolutions all = { .count = (uint32_t)tape_below(t, 4) };
    cs_resolution *items = cs_arena_take_zero(a, all.count, sizeof *items);
    for (uint32_t i = 0; i < all.count; i++) {
        items[i].promise = gen_vref(t);
        items[i].rejected = tape_bool(t);
        items[i].data = gen_capdata(t, a);
    }
    all.items = items;
    return all;
}

cs_delivery gen_delivery(tape *t, cs_arena *a)
{
    cs_delivery d = { .kind = (cs_delivery_kind)(CS_DELIVER_START_VAT + tape_below(t, 7)) };
    if (d.kind == CS_DELIVER_START_VAT)
        d.start = gen_capdata(t, a);
    else if (d.kind == CS_DELIVER_MESSAGE)
        d.message = gen_message(t, a);
    else if (d.kind == CS_DELIVER_NOTIFY)
        d.notify = gen_resolutions(t, a);
    else if (d.kind != CS_DELIVER_BRING_OUT_YOUR_DEAD)
        d.refs = gen_vrefs(t, a);
    return d;
}

static void gen_vatstore(tape *t, cs_arena *a, cs_syscall *s)
{
    bool reads = s->kind == CS_SYSCALL_VATSTORE_GET || s->kind == CS_SYSCALL_VATSTORE_NEXT_KEY;
    s->vatstore.key = gen_bytes(t, a);
    s->vatstore.has_answer = reads && tape_bool(t);
    if (s->kind == CS_SYSCALL_VATSTORE_SET || s->vatstore.has_answer)
        s->vatstore.value = gen_bytes(t, a);
}

static void gen_other_syscall(tape *t, cs_arena *a, cs_syscall *s)
{
    if (s->kind == CS_SYSCALL_SEND) {
        s->send = gen_message(t, a);
    } else if (s->kind == CS_SYSCALL_SUBSCRIBE) {
        s->promise = gen_vref(t);
    } else if (s->kind == CS_SYSCALL_RESOLVE) {
        s->resolve = gen_resolutions(t, a);
    } else if (s->kind == CS_SYSCALL_EXIT) {
        s->exit.is_failure = tape_bool(t);
        s->exit.info = gen_capdata(t, a);
    } else if (s->kind == CS_SYSCALL_CALL_NOW) {
        s->call.device = gen_vref(t);
        s->call.method = gen_text(t, a);
        s->call.args = gen_capdata(t, a);
        s->call.failed = tape_bool(t);
        s->call.result = gen_capdata(t, a);
        if (s->call.failed)
            s->call.result.slot_count = 0;
    } else {
        s->refs = gen_vrefs(t, a);
    }
}

static cs_syscall gen_syscall(tape *t, cs_arena *a)
{
    cs_syscall s = { .kind = (cs_syscall_kind)(CS_SYSCALL_SEND + tape_below(t, 13)) };
    if (s.kind >= CS_SYSCALL_VATSTORE_GET && s.kind <= CS_SYSCALL_VATSTORE_NEXT_KEY)
        gen_vatstore(t, a, &s);
    else
        gen_other_syscall(t, a, &s);
    return s;
}

cs_reply gen_reply(tape *t, cs_arena *a)
{
    cs_reply r = { .computrons = tape_u64(t), .heap_bytes = tape_u64(t) };
    r.allocated_bytes = tape_u64(t);
    r.imports_held = (uint32_t)tape_u64(t);
    r.watched = (uint32_t)tape_u64(t);
    r.dead_left = (uint32_t)tape_u64(t);
    r.collected = tape_chance(t, 50);
    if (tape_chance(t, 20)) {
        r.status = CS_E_METER;
        r.problem = gen_text(t, a);
    }
    r.syscall_count = (uint32_t)tape_below(t, 5);
    cs_syscall *syscalls = cs_arena_take_zero(a, r.syscall_count, sizeof *syscalls);
    for (uint32_t i = 0; i < r.syscall_count; i++)
        syscalls[i] = gen_syscall(t, a);
    r.syscalls = syscalls;
    return r;
}
