/* Frames. A decoder that failed leaves its reader not ok, which is looked at once, at the end. */
#include "wire/frame.h"

#include "wire/codec.h"
#include "wire/text.h"

#include <string.h>

enum { TEXT_MAX = 4096, HEAD_ALL = CS_FRAME_HEAD + 1 + 4 };

/* ---- sizes ---- */

static void put32(uint8_t *at, uint32_t n)
{
    for (int i = 0; i < 4; i++)
        at[i] = (uint8_t)(n >> 8 * i);
}

static uint32_t get32(const uint8_t *at)
{
    return (uint32_t)at[0] | (uint32_t)at[1] << 8 | (uint32_t)at[2] << 16 | (uint32_t)at[3] << 24;
}

size_t cs_frame_size(cs_bytes got, size_t max)
{
    if (got.size < CS_FRAME_HEAD)
        return 0;
    size_t size = CS_FRAME_HEAD + (size_t)get32(got.data);
    if (size < HEAD_ALL || size > max)
        return SIZE_MAX;
    return got.size < size ? 0 : size;
}

bool cs_say_level_check(cs_bytes level)
{
    static const char *const levels[] = { "", "log", "info", "warn", "error", "debug" };
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++)
        if (cs_bytes_equal(level, cs_bytes_of(levels[i])))
            return true;
    return false;
}

/* ---- writing ---- */

static void enc_sized(cs_buf *b, cs_bytes bytes)
{
    cs_buf_add_varint(b, bytes.size);
    cs_buf_add(b, bytes.data, bytes.size);
}

static void enc_hello(cs_buf *b, const cs_frame *f)
{
    cs_buf_add_varint(b, f->hello.version);
    if (f->type == CS_FRAME_HELLO)
        return;
    enc_sized(b, f->hello.base);
    enc_sized(b, f->hello.missing);
    enc_sized(b, f->hello.weaker);
}

static void enc_load(cs_buf *b, const cs_frame *f)
{
    cs_buf_add_varint(b, f->load.vat.n);
    cs_buf_add_byte(b, f->load.silent);
    cs_buf_add(b, f->load.name.bytes, CS_HASH_SIZE);
    cs_buf_add_varint(b, f->load.computrons_max);
    cs_buf_add_varint(b, f->load.heap_max);
    enc_sized(b, f->load.bundle);
    enc_sized(b, f->load.code);
}

static void enc_deliver(cs_buf *b, const cs_frame *f)
{
    cs_buf_add_varint(b, f->deliver.vat.n);
    cs_buf_add_byte(b, f->deliver.silent);
    cs_buf_add_byte(b, (uint8_t)f->deliver.collect);
    cs_delivery_enc(b, &f->deliver.delivery);
}

static void enc_answer(cs_buf *b, const cs_frame *f)
{
    cs_buf_add_byte(b, f->answer.refused);
    if (!f->answer.refused)
        cs_syscalls_enc(b, &f->answer.question, 1);
}

static void enc_reply(cs_buf *b, const cs_frame *f)
{
    cs_reply_enc(b, &f->reply.reply);
    cs_buf_add_varint(b, f->reply.collections);
    cs_buf_add_varint(b, f->reply.dead);
}

static void enc_body(cs_buf *b, const cs_frame *f)
{
    switch (f->type) {
    case CS_FRAME_HELLO:
    case CS_FRAME_READY:
        enc_hello(b, f);
        break;
    case CS_FRAME_LOAD:
        enc_load(b, f);
        break;
    case CS_FRAME_DELIVER:
        enc_deliver(b, f);
        break;
    case CS_FRAME_ANSWER:
        enc_answer(b, f);
        break;
    case CS_FRAME_IMPORTS:
    case CS_FRAME_UNLOAD:
        cs_buf_add_varint(b, f->vat.n);
        break;
    case CS_FRAME_LOADED:
        cs_buf_add_varint(b, (uint64_t)f->loaded.status);
        enc_sized(b, f->loaded.problem);
        break;
    case CS_FRAME_SAY:
        enc_sized(b, f->say.level);
        enc_sized(b, f->say.text);
        break;
    case CS_FRAME_ASK:
        cs_syscalls_enc(b, f->ask.syscalls, f->ask.count);
        break;
    case CS_FRAME_REPLY:
        enc_reply(b, f);
        break;
    case CS_FRAME_IMPORTED:
        cs_vrefs_enc(b, &f->imports.held);
        cs_vrefs_enc(b, &f->imports.recognized);
        break;
    }
}

cs_status cs_frame_enc(cs_buf *b, const cs_frame *f)
{
    const size_t from = b->size;
    static const uint8_t head[HEAD_ALL] = { 0 };
    cs_buf_add(b, head, sizeof head);
    b->data[from + CS_FRAME_HEAD] = (uint8_t)f->type;
    put32(b->data + from + CS_FRAME_HEAD + 1, f->serial);
    enc_body(b, f);
    const size_t size = b->size - from - CS_FRAME_HEAD;
    if (size > UINT32_MAX) {
        b->size = from;
        return CS_E_TOO_BIG;
    }
    put32(b->data + from, (uint32_t)size);
    return CS_OK;
}

/* ---- reading ---- */

static void refuse(cs_reader *r)
{
    r->ok = false;
}

static uint32_t dec_u32(cs_reader *r)
{
    uint64_t n = cs_reader_varint(r);
    if (n > UINT32_MAX)
        refuse(r);
    return (uint32_t)n;
}

static bool dec_bool(cs_reader *r)
{
    uint8_t byte = cs_reader_byte(r);
    if (byte > 1)
        refuse(r);
    return byte == 1;
}

static cs_bytes dec_text(cs_reader *r, size_t max)
{
    cs_bytes text = cs_reader_sized(r);
    if (text.size > max || !cs_text_check(text))
        refuse(r);
    return text;
}

static void dec_hello(cs_reader *r, cs_frame *f)
{
    f->hello.version = dec_u32(r);
    if (f->type == CS_FRAME_HELLO)
        return;
    f->hello.base = dec_text(r, TEXT_MAX);
    f->hello.missing = dec_text(r, TEXT_MAX);
    f->hello.weaker = dec_text(r, TEXT_MAX);
}

static void dec_load(cs_reader *r, cs_frame *f)
{
    f->load.vat.n = dec_u32(r);
    f->load.silent = dec_bool(r);
    cs_bytes name = cs_reader_bytes(r, CS_HASH_SIZE);
    if (name.size == CS_HASH_SIZE)
        memcpy(f->load.name.bytes, name.data, CS_HASH_SIZE);
    f->load.computrons_max = cs_reader_varint(r);
    f->load.heap_max = cs_reader_varint(r);
    f->load.bundle = cs_reader_sized(r);
    f->load.code = cs_reader_sized(r);
}

static void dec_deliver(cs_reader *r, cs_arena *arena, cs_frame *f)
{
    f->deliver.vat.n = dec_u32(r);
    f->deliver.silent = dec_bool(r);
    f->deliver.collect = (cs_collect)cs_reader_byte(r);
    if (f->deliver.collect > CS_COLLECT_NOW ||
        cs_delivery_dec(r, arena, &f->deliver.delivery) != CS_OK)
        refuse(r);
}

static void dec_ask(cs_reader *r, cs_arena *arena, cs_frame *f)
{
    if (cs_syscalls_dec(r, arena, &f->ask.syscalls, &f->ask.count) != CS_OK || f->ask.count == 0 ||
        !cs_syscall_asks(f->ask.syscalls[f->ask.count - 1].kind))
        refuse(r);
}

static void dec_answer(cs_reader *r, cs_arena *arena, cs_frame *f)
{
    cs_syscall *items = NULL;
    uint32_t count = 0;
    f->answer.refused = dec_bool(r);
    if (f->answer.refused)
        return;
    if (cs_syscalls_dec(r, arena, &items, &count) == CS_OK && count == 1)
        f->answer.question = items[0];
    else
        refuse(r);
}

static void dec_loaded(cs_reader *r, cs_frame *f)
{
    uint64_t n = cs_reader_varint(r);
    f->loaded.status = n < CS_STATUS_COUNT ? (cs_status)n : CS_STATUS_COUNT;
    if (f->loaded.status != CS_OK && cs_status_class(f->loaded.status) != CS_CLASS_VAT)
        refuse(r);
    f->loaded.problem = dec_text(r, TEXT_MAX);
}

static void dec_say(cs_reader *r, cs_frame *f)
{
    f->say.level = dec_text(r, TEXT_MAX);
    f->say.text = dec_text(r, SIZE_MAX);
    if (!cs_say_level_check(f->say.level))
        refuse(r);
}

static void dec_reply(cs_reader *r, cs_arena *arena, cs_frame *f)
{
    if (cs_reply_dec(r, arena, &f->reply.reply) != CS_OK)
        refuse(r);
    f->reply.collections = cs_reader_varint(r);
    f->reply.dead = cs_reader_varint(r);
}

static void dec_imports(cs_reader *r, cs_arena *arena, cs_frame *f)
{
    if (cs_vrefs_dec(r, arena, &f->imports.held) != CS_OK ||
        cs_vrefs_dec(r, arena, &f->imports.recognized) != CS_OK)
        refuse(r);
}

static void dec_body(cs_reader *r, cs_arena *arena, cs_frame *f)
{
    switch (f->type) {
    case CS_FRAME_HELLO:
    case CS_FRAME_READY:
        dec_hello(r, f);
        break;
    case CS_FRAME_LOAD:
        dec_load(r, f);
        break;
    case CS_FRAME_DELIVER:
        dec_deliver(r, arena, f);
        break;
    case CS_FRAME_ANSWER:
        dec_answer(r, arena, f);
        break;
    case CS_FRAME_IMPORTS:
    case CS_FRAME_UNLOAD:
        f->vat.n = dec_u32(r);
        break;
    case CS_FRAME_LOADED:
        dec_loaded(r, f);
        break;
    case CS_FRAME_SAY:
        dec_say(r, f);
        break;
    case CS_FRAME_ASK:
        dec_ask(r, arena, f);
        break;
    case CS_FRAME_REPLY:
        dec_reply(r, arena, f);
        break;
    case CS_FRAME_IMPORTED:
        dec_imports(r, arena, f);
        break;
    default:
        refuse(r);
        break;
    }
}

cs_status cs_frame_dec(cs_bytes frame, bool from_worker, cs_arena *arena, cs_frame *ret)
{
    cs_reader r = cs_reader_of(frame);
    cs_frame f;
    memset(&f, 0, sizeof f); /* all members of the union */
    (void)cs_reader_bytes(&r, CS_FRAME_HEAD);
    f.type = (cs_frame_type)cs_reader_byte(&r);
    cs_bytes serial = cs_reader_bytes(&r, 4);
    if (serial.size != 4 || (f.type >= CS_FRAME_READY) != from_worker)
        return CS_E_PROTOCOL;
    f.serial = get32(serial.data);
    dec_body(&r, arena, &f);
    if (!cs_reader_done(&r))
        return CS_E_PROTOCOL;
    *ret = f;
    return CS_OK;
}
