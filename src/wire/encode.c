/* Writing: a kind, then the members in the order of message.h; decode.c reads the same. A vref is its
 * bits turned left, so that type, sign and storage lie low and the number of a plain one stays short;
 * 0 is none. */
#include "wire/codec.h"

enum { TURN = 5 };

static void enc_sized(cs_buf *b, cs_bytes bytes)
{
    cs_buf_add_varint(b, bytes.size);
    cs_buf_add(b, bytes.data, bytes.size);
}

static void enc_vref(cs_buf *b, cs_vref v)
{
    cs_buf_add_varint(b, v.bits << TURN | v.bits >> (64 - TURN));
}

static void enc_vrefs(cs_buf *b, const cs_vref *items, uint32_t count)
{
    cs_buf_add_varint(b, count);
    for (uint32_t i = 0; i < count; i++)
        enc_vref(b, items[i]);
}

static void enc_capdata(cs_buf *b, const cs_capdata *c)
{
    enc_sized(b, c->body);
    enc_vrefs(b, c->slots, c->slot_count);
}

static void enc_message(cs_buf *b, const cs_message *m)
{
    enc_vref(b, m->target);
    enc_capdata(b, &m->methargs);
    enc_vref(b, m->result);
}

static void enc_resolutions(cs_buf *b, const cs_resolutions *r)
{
    cs_buf_add_varint(b, r->count);
    for (uint32_t i = 0; i < r->count; i++) {
        enc_vref(b, r->items[i].promise);
        cs_buf_add_byte(b, r->items[i].rejected);
        enc_capdata(b, &r->items[i].data);
    }
}

void cs_delivery_enc(cs_buf *b, const cs_delivery *d)
{
    cs_buf_add_byte(b, (uint8_t)d->kind);
    switch (d->kind) {
    case CS_DELIVER_START_VAT:
        enc_capdata(b, &d->start);
        break;
    case CS_DELIVER_MESSAGE:
        enc_message(b, &d->message);
        break;
    case CS_DELIVER_NOTIFY:
        enc_resolutions(b, &d->notify);
        break;
    case CS_DELIVER_DROP_EXPORTS:
    case CS_DELIVER_RETIRE_EXPORTS:
    case CS_DELIVER_RETIRE_IMPORTS:
        enc_vrefs(b, d->refs.items, d->refs.count);
        break;
    case CS_DELIVER_BRING_OUT_YOUR_DEAD:
        break;
    }
}

static void enc_answer(cs_buf *b, const cs_syscall *s)
{
    cs_buf_add_byte(b, s->vatstore.has_answer);
    if (s->vatstore.has_answer)
        enc_sized(b, s->vatstore.value);
}

static void enc_vatstore(cs_buf *b, const cs_syscall *s)
{
    enc_sized(b, s->vatstore.key);
    if (s->kind == CS_SYSCALL_VATSTORE_SET)
        enc_sized(b, s->vatstore.value);
    else if (s->kind != CS_SYSCALL_VATSTORE_DELETE)
        enc_answer(b, s);
}

void cs_syscall_enc(cs_buf *b, const cs_syscall *s)
{
    cs_buf_add_byte(b, (uint8_t)s->kind);
    switch (s->kind) {
    case CS_SYSCALL_SEND:
        enc_message(b, &s->send);
        break;
    case CS_SYSCALL_SUBSCRIBE:
        enc_vref(b, s->promise);
        break;
    case CS_SYSCALL_RESOLVE:
        enc_resolutions(b, &s->resolve);
        break;
    case CS_SYSCALL_EXIT:
        cs_buf_add_byte(b, s->exit.is_failure);
        enc_capdata(b, &s->exit.info);
        break;
    case CS_SYSCALL_DROP_IMPORTS:
    case CS_SYSCALL_RETIRE_IMPORTS:
    case CS_SYSCALL_RETIRE_EXPORTS:
    case CS_SYSCALL_ABANDON_EXPORTS:
        enc_vrefs(b, s->refs.items, s->refs.count);
        break;
    case CS_SYSCALL_VATSTORE_GET:
    case CS_SYSCALL_VATSTORE_SET:
    case CS_SYSCALL_VATSTORE_DELETE:
    case CS_SYSCALL_VATSTORE_NEXT_KEY:
        enc_vatstore(b, s);
        break;
    case CS_SYSCALL_CALL_NOW:
        enc_vref(b, s->call.device);
        enc_sized(b, s->call.method);
        enc_capdata(b, &s->call.args);
        cs_buf_add_byte(b, s->call.failed);
        enc_capdata(b, &s->call.result);
        break;
    }
}

void cs_syscalls_enc(cs_buf *b, const cs_syscall *items, uint32_t count)
{
    cs_buf_add_varint(b, count);
    for (uint32_t i = 0; i < count; i++)
        cs_syscall_enc(b, &items[i]);
}

void cs_vrefs_enc(cs_buf *b, const cs_vrefs *refs)
{
    enc_vrefs(b, refs->items, refs->count);
}

/* What of a reply is history, and so goes into a transcript. */
static void enc_history(cs_buf *b, const cs_reply *r)
{
    cs_buf_add_varint(b, (uint64_t)r->status);
    enc_sized(b, r->problem);
    cs_buf_add_varint(b, r->computrons);
    cs_buf_add_byte(b, r->collected);
    cs_syscalls_enc(b, r->syscalls, r->syscall_count);
}

void cs_reply_enc(cs_buf *b, const cs_reply *reply)
{
    cs_buf_add_varint(b, reply->heap_bytes);
    cs_buf_add_varint(b, reply->allocated_bytes);
    cs_buf_add_varint(b, reply->imports_held);
    cs_buf_add_varint(b, reply->watched);
    cs_buf_add_varint(b, reply->dead_left);
    enc_history(b, reply);
}

void cs_transcript_enc(cs_buf *b, const cs_delivery *d, const cs_reply *reply)
{
    cs_delivery_enc(b, d);
    enc_history(b, reply);
}
