/* Reading foreign bytes. A failure makes the reader not ok, and everything after it gives nothing;
 * that is looked at once, at the end.
 *   D1  What is allocated is bounded by what came in: every counted thing takes at least one byte.
 *   D2  Only what encode.c could have written is read: shortest varints, flags 0 or 1, good vrefs.
 *   D3  Text from a worker is UTF-8. In a transcript it is as it was accepted then. */
#include "wire/codec.h"

#include "base/limits.h"
#include "wire/text.h"

enum { TURN = 5 };

typedef struct decoder {
    cs_reader *r;
    cs_arena *arena;
    bool checks_text;
    uint64_t body_left, slots_left; /* of the syscall, or of the CapData of a delivery (S7) */
} decoder;

static void refill(decoder *d)
{
    d->body_left = CS_BODY_MAX;
    d->slots_left = CS_SLOTS_MAX;
}

static void refuse(decoder *d)
{
    d->r->ok = false;
}

/* ---- small things ---- */

static uint32_t dec_count(decoder *d, uint64_t max)
{
    uint64_t n = cs_reader_varint(d->r);
    if (n <= max && n <= cs_reader_left(d->r)) /* D1 */
        return (uint32_t)n;
    refuse(d);
    return 0;
}

static bool dec_bool(decoder *d)
{
    uint8_t byte = cs_reader_byte(d->r);
    if (byte > 1)
        refuse(d);
    return byte == 1;
}

static cs_bytes dec_sized(decoder *d, uint64_t max)
{
    cs_bytes b = cs_reader_sized(d->r);
    if (b.size <= max)
        return b;
    refuse(d);
    return (cs_bytes){ 0 };
}

static cs_bytes dec_text(decoder *d)
{
    cs_bytes b = dec_sized(d, d->body_left);
    if (d->checks_text && !cs_text_check(b))
        refuse(d);
    d->body_left -= b.size;
    return b;
}

static cs_vref dec_vref_or_none(decoder *d)
{
    uint64_t n = cs_reader_varint(d->r);
    cs_vref v = { n >> TURN | n << (64 - TURN) };
    if (!cs_vref_none(v) && !cs_vref_check(v))
        refuse(d);
    return v;
}

static cs_vref dec_vref(decoder *d)
{
    cs_vref v = dec_vref_or_none(d);
    if (cs_vref_none(v))
        refuse(d);
    return v;
}

static const cs_vref *dec_vrefs(decoder *d, uint64_t max, uint32_t *ret_count)
{
    uint32_t count = dec_count(d, max);
    cs_vref *items = count == 0 ? NULL : cs_arena_take(d->arena, count * sizeof *items);
    for (uint32_t i = 0; i < count && d->r->ok; i++)
        items[i] = dec_vref(d);
    *ret_count = count;
    return items;
}

static cs_vrefs dec_refs(decoder *d)
{
    cs_vrefs refs = { 0 };
    refs.items = dec_vrefs(d, CS_VREFS_MAX, &refs.count);
    return refs;
}

static cs_capdata dec_capdata(decoder *d)
{
    cs_capdata c = { .body = dec_text(d) };
    c.slots = dec_vrefs(d, d->slots_left, &c.slot_count);
    d->slots_left -= c.slot_count;
    return c;
}

static cs_message dec_message(decoder *d)
{
    cs_message m = { .target = dec_vref(d) };
    m.methargs = dec_capdata(d);
    m.result = dec_vref_or_none(d);
    return m;
}

/* The CapData of a syscall are limited together; those of a notify, which gathers what several vats
 * resolved, one by one. */
static cs_resolutions dec_resolutions(decoder *d, bool together)
{
    cs_resolutions all = { .count = dec_count(d, UINT32_MAX) };
    cs_resolution *items = NULL;
    if (all.count > 0)
        items = cs_arena_take_zero(d->arena, all.count, sizeof *items);
    for (uint32_t i = 0; i < all.count && d->r->ok; i++) {
        if (!together)
            refill(d);
        items[i].promise = dec_vref(d);
        items[i].rejected = dec_bool(d);
        items[i].data = dec_capdata(d);
    }
    all.items = items;
    return all;
}

/* ---- deliveries ---- */

static cs_delivery dec_delivery(decoder *d)
{
    cs_delivery delivery = { .kind = (cs_delivery_kind)cs_reader_byte(d->r) };
    refill(d);
    switch (delivery.kind) {
    case CS_DELIVER_START_VAT:
        delivery.start = dec_capdata(d);
        break;
    case CS_DELIVER_MESSAGE:
        delivery.message = dec_message(d);
        break;
    case CS_DELIVER_NOTIFY:
        delivery.notify = dec_resolutions(d, false);
        break;
    case CS_DELIVER_DROP_EXPORTS:
    case CS_DELIVER_RETIRE_EXPORTS:
    case CS_DELIVER_RETIRE_IMPORTS:
        delivery.refs = dec_refs(d);
        break;
    case CS_DELIVER_BRING_OUT_YOUR_DEAD:
        break;
    default:
        refuse(d);
        break;
    }
    return delivery;
}

cs_status cs_delivery_dec(cs_reader *r, cs_arena *arena, cs_delivery *ret)
{
    decoder d = { .r = r, .arena = arena };
    cs_delivery delivery = dec_delivery(&d);
    if (!r->ok)
        return CS_E_PROTOCOL;
    *ret = delivery;
    return CS_OK;
}

/* ---- syscalls ---- */

static void dec_vatstore(decoder *d, cs_syscall *s)
{
    bool gives_key = s->kind == CS_SYSCALL_VATSTORE_NEXT_KEY;
    s->vatstore.key = dec_sized(d, CS_VATSTORE_KEY_MAX);
    if (s->kind == CS_SYSCALL_VATSTORE_GET || gives_key)
        s->vatstore.has_answer = dec_bool(d);
    if (s->kind == CS_SYSCALL_VATSTORE_SET || s->vatstore.has_answer)
        s->vatstore.value = dec_sized(d, gives_key ? CS_VATSTORE_KEY_MAX : CS_VATSTORE_VALUE_MAX);
}

static uint32_t dec_u32(decoder *d)
{
    uint64_t n = cs_reader_varint(d->r);
    if (n > UINT32_MAX)
        refuse(d);
    return (uint32_t)n;
}

static bool dec_flag(decoder *d)
{
    uint32_t n = dec_u32(d);
    if (n > 1)
        refuse(d);
    return n == 1;
}

static void dec_call(decoder *d, cs_syscall *s)
{
    s->call.device = dec_vref(d);
    s->call.method = dec_text(d);
    s->call.args = dec_capdata(d);
    s->call.failed = dec_flag(d);
    s->call.result = dec_capdata(d);
    if (s->call.failed && s->call.result.slot_count > 0)
        refuse(d);
}

static cs_syscall dec_syscall(decoder *d)
{
    cs_syscall s = { .kind = (cs_syscall_kind)cs_reader_byte(d->r) };
    refill(d);
    switch (s.kind) {
    case CS_SYSCALL_SEND:
        s.send = dec_message(d);
        break;
    case CS_SYSCALL_SUBSCRIBE:
        s.promise = dec_vref(d);
        break;
    case CS_SYSCALL_RESOLVE:
        s.resolve = dec_resolutions(d, true);
        break;
    case CS_SYSCALL_EXIT:
        s.exit.is_failure = dec_bool(d);
        s.exit.info = dec_capdata(d);
        break;
    case CS_SYSCALL_DROP_IMPORTS:
    case CS_SYSCALL_RETIRE_IMPORTS:
    case CS_SYSCALL_RETIRE_EXPORTS:
    case CS_SYSCALL_ABANDON_EXPORTS:
        s.refs = dec_refs(d);
        break;
    case CS_SYSCALL_VATSTORE_GET:
    case CS_SYSCALL_VATSTORE_SET:
    case CS_SYSCALL_VATSTORE_DELETE:
    case CS_SYSCALL_VATSTORE_NEXT_KEY:
        dec_vatstore(d, &s);
        break;
    case CS_SYSCALL_CALL_NOW:
        dec_call(d, &s);
        break;
    default:
        refuse(d);
        break;
    }
    return s;
}

static cs_syscall *dec_syscalls(decoder *d, uint32_t *ret_count)
{
    uint32_t count = dec_count(d, CS_SYSCALLS_MAX);
    cs_syscall *items = count == 0 ? NULL : cs_arena_take(d->arena, count * sizeof *items);
    for (uint32_t i = 0; i < count && d->r->ok; i++)
        items[i] = dec_syscall(d);
    *ret_count = count;
    return items;
}

cs_status cs_syscalls_dec(cs_reader *r, cs_arena *arena, cs_syscall **ret_items,
                          uint32_t *ret_count)
{
    decoder d = { .r = r, .arena = arena, .checks_text = true };
    uint32_t count;
    cs_syscall *items = dec_syscalls(&d, &count);
    if (!r->ok)
        return CS_E_PROTOCOL;
    *ret_items = items;
    *ret_count = count;
    return CS_OK;
}

cs_status cs_vrefs_dec(cs_reader *r, cs_arena *arena, cs_vrefs *ret)
{
    decoder d = { .r = r, .arena = arena };
    cs_vrefs refs = dec_refs(&d);
    if (!r->ok)
        return CS_E_PROTOCOL;
    *ret = refs;
    return CS_OK;
}

/* ---- replies ---- */

static cs_status dec_status(decoder *d)
{
    uint64_t n = cs_reader_varint(d->r);
    cs_status st = n < CS_STATUS_COUNT ? (cs_status)n : CS_STATUS_COUNT;
    if (st != CS_OK && cs_status_class(st) != CS_CLASS_VAT)
        refuse(d);
    return st;
}

static void dec_history(decoder *d, cs_reply *reply)
{
    refill(d);
    reply->status = dec_status(d);
    reply->problem = dec_text(d);
    reply->computrons = cs_reader_varint(d->r);
    reply->collected = dec_flag(d);
    reply->syscalls = dec_syscalls(d, &reply->syscall_count);
}

static void dec_figures(decoder *d, cs_reply *reply)
{
    reply->heap_bytes = cs_reader_varint(d->r);
    reply->allocated_bytes = cs_reader_varint(d->r);
    reply->imports_held = dec_u32(d);
    reply->watched = dec_u32(d);
    reply->dead_left = dec_u32(d);
}

cs_status cs_reply_dec(cs_reader *r, cs_arena *arena, cs_reply *ret)
{
    decoder d = { .r = r, .arena = arena, .checks_text = true };
    cs_reply reply = { 0 };
    if (cs_reader_left(r) > CS_REPLY_MAX)
        refuse(&d);
    dec_figures(&d, &reply);
    dec_history(&d, &reply);
    if (!r->ok)
        return CS_E_PROTOCOL;
    *ret = reply;
    return CS_OK;
}

cs_status cs_transcript_dec(cs_bytes row, cs_arena *arena, cs_delivery *ret_delivery,
                            cs_reply *ret_reply)
{
    cs_reader r = cs_reader_of(row);
    decoder d = { .r = &r, .arena = arena };
    cs_reply reply = { 0 };
    cs_delivery delivery = dec_delivery(&d);
    dec_history(&d, &reply);
    if (!cs_reader_done(&r))
        return CS_E_PROTOCOL;
    *ret_delivery = delivery;
    *ret_reply = reply;
    return CS_OK;
}
