/* Frames: what goes in comes out, one encoding for each value, and nothing but that is read. */
#include "base/limits.h"
#include "wire/codec.h"
#include "wire/frame.h"
#include "wire_gen.h"

#include <string.h>

/* ---- random frames ---- */

static cs_bytes text(tape *t)
{
    static const char *const words[] = { "", "a", "gr\xc3\xbc\xc3\x9f", "two\nlines" };
    return cs_bytes_of(tape_pick(t, words));
}

static void gen_ask(tape *t, cs_arena *a, cs_frame *f)
{
    cs_reply reply = gen_reply(t, a);
    f->ask.count = reply.syscall_count + 1;
    f->ask.syscalls = cs_arena_take_zero(a, f->ask.count, sizeof *f->ask.syscalls);
    if (reply.syscall_count > 0)
        memcpy(f->ask.syscalls, reply.syscalls, reply.syscall_count * sizeof *reply.syscalls);
    f->ask.syscalls[reply.syscall_count] =
        (cs_syscall){ .kind = CS_SYSCALL_VATSTORE_GET, .vatstore = { .key = text(t) } };
}

static void gen_rest(tape *t, cs_arena *a, cs_frame *f)
{
    static const char *const levels[] = { "", "log", "info", "warn", "error", "debug" };
    if (f->type == CS_FRAME_ANSWER) {
        f->answer.refused = tape_bool(t);
        f->answer.question =
            (cs_syscall){ .kind = CS_SYSCALL_VATSTORE_GET,
                          .vatstore = { .key = text(t), .value = text(t), .has_answer = true } };
    } else if (f->type == CS_FRAME_IMPORTS || f->type == CS_FRAME_UNLOAD) {
        f->vat.n = (uint32_t)tape_u64(t);
    } else if (f->type == CS_FRAME_LOADED) {
        f->loaded.status = tape_bool(t) ? CS_E_THROWN : CS_OK;
        f->loaded.problem = text(t);
    } else if (f->type == CS_FRAME_SAY) {
        f->say.level = cs_bytes_of(tape_pick(t, levels));
        f->say.text = text(t);
    } else if (f->type == CS_FRAME_REPLY) {
        f->reply.reply = gen_reply(t, a);
        f->reply.collections = tape_u64(t);
        f->reply.dead = tape_u64(t);
    } else {
        const cs_delivery d = gen_delivery(t, a);
        if (d.kind >= CS_DELIVER_DROP_EXPORTS && d.kind <= CS_DELIVER_RETIRE_IMPORTS)
            f->imports.held = f->imports.recognized = d.refs;
    }
}

static cs_frame gen_frame(tape *t, cs_arena *a)
{
    cs_frame f;
    memset(&f, 0, sizeof f);
    f.type = (cs_frame_type)(tape_bool(t) ? CS_FRAME_READY + tape_below(t, 6)
                                          : CS_FRAME_HELLO + tape_below(t, 6));
    f.serial = (uint32_t)tape_u64(t);
    if (f.type == CS_FRAME_HELLO || f.type == CS_FRAME_READY) {
        f.hello.version = (uint32_t)tape_u64(t);
        f.hello.base = f.hello.missing = f.hello.weaker = text(t);
    } else if (f.type == CS_FRAME_LOAD) {
        f.load.vat.n = (uint32_t)tape_u64(t);
        f.load.silent = tape_bool(t);
        f.load.computrons_max = tape_u64(t);
        f.load.heap_max = tape_u64(t);
        f.load.bundle = f.load.code = text(t);
        tape_bytes(t, f.load.name.bytes, CS_HASH_SIZE);
    } else if (f.type == CS_FRAME_DELIVER) {
        f.deliver.vat.n = (uint32_t)tape_u64(t);
        f.deliver.collect = (cs_collect)tape_below(t, 3);
        f.deliver.delivery = gen_delivery(t, a);
    } else if (f.type == CS_FRAME_ASK) {
        gen_ask(t, a, &f);
    } else {
        gen_rest(t, a, &f);
    }
    return f;
}

static bool is_workers(const cs_frame *f)
{
    return f->type >= CS_FRAME_READY;
}

/* ---- properties ---- */

/* The encoding of what was decoded is what it was decoded from, and only in its own direction. */
static const char *comes_back(tape *t, void *ctx)
{
    cs_arena arena = { 0 };
    cs_buf once = { 0 }, twice = { 0 };
    const char *wrong = NULL;
    cs_frame f = gen_frame(t, &arena), back;
    (void)ctx;
    if (cs_frame_enc(&once, &f) != CS_OK)
        wrong = "not encoded";
    else if (cs_frame_size(cs_buf_bytes(&once), once.size) != once.size)
        wrong = "another size";
    else if (cs_frame_dec(cs_buf_bytes(&once), is_workers(&f), &arena, &back) != CS_OK)
        wrong = "not decoded";
    else if (cs_frame_enc(&twice, &back) != CS_OK ||
             !cs_bytes_equal(cs_buf_bytes(&once), cs_buf_bytes(&twice)))
        wrong = "other bytes";
    else if (back.type != f.type || back.serial != f.serial)
        wrong = "another head";
    else if (cs_frame_dec(cs_buf_bytes(&once), !is_workers(&f), &arena, &back) == CS_OK)
        wrong = "from the wrong side";
    cs_buf_fini(&once);
    cs_buf_fini(&twice);
    cs_arena_fini(&arena);
    return wrong;
}

static const char *is_refused_when_cut(tape *t, void *ctx)
{
    cs_arena arena = { 0 };
    cs_buf b = { 0 };
    const char *wrong = NULL;
    cs_frame f = gen_frame(t, &arena), back;
    (void)ctx;
    wrong = cs_frame_enc(&b, &f) == CS_OK ? NULL : "not encoded";
    for (size_t size = 0; size < b.size && wrong == NULL; size++) {
        const cs_bytes cut = { b.data, size };
        if (cs_frame_dec(cut, is_workers(&f), &arena, &back) != CS_E_PROTOCOL)
            wrong = "decoded though cut";
        if (cs_frame_size(cut, b.size) != 0)
            wrong = "whole though cut";
    }
    cs_buf_add_byte(&b, 0);
    if (wrong == NULL && cs_frame_dec(cs_buf_bytes(&b), is_workers(&f), &arena, &back) == CS_OK)
        wrong = "decoded with a byte too much";
    cs_buf_fini(&b);
    cs_arena_fini(&arena);
    return wrong;
}

static void frames_come_back(void **state)
{
    (void)state;
    t_property(comes_back, NULL, 4000);
}

static void cut_frames_are_refused(void **state)
{
    (void)state;
    t_property(is_refused_when_cut, NULL, 500);
}

/* ---- sizes ---- */

static void sizes_are_bounded(void **state)
{
    (void)state;
    const uint8_t small[] = { 4, 0, 0, 0, 1, 1, 1, 1 }, large[] = { 255, 255, 255, 255, 1 };
    const cs_bytes few = { small, sizeof small }, many = { large, sizeof large };
    assert_true(cs_frame_size(few, 1000) == SIZE_MAX);
    assert_true(cs_frame_size(many, 1000) == SIZE_MAX);
    assert_int_equal(cs_frame_size(many, SIZE_MAX - 1), 0);
    assert_int_equal(cs_frame_size((cs_bytes){ large, 3 }, 1000), 0);
}

/* ---- values that no frame has ---- */

static void refused(const cs_frame *f)
{
    cs_arena arena = { 0 };
    cs_buf b = { 0 };
    cs_frame back;
    assert_ok(cs_frame_enc(&b, f));
    assert_int_equal(cs_frame_dec(cs_buf_bytes(&b), is_workers(f), &arena, &back), CS_E_PROTOCOL);
    cs_buf_fini(&b);
    cs_arena_fini(&arena);
}

static void wrong_values_are_refused(void **state)
{
    (void)state;
    cs_syscall get = { .kind = CS_SYSCALL_VATSTORE_GET, .vatstore = { .key = CS_BYTES("k") } };
    cs_syscall subscribe = { .kind = CS_SYSCALL_SUBSCRIBE,
                             .promise = cs_vref_of(CS_REF_PROMISE, true, 5) };
    cs_syscall both[] = { get, subscribe };
    refused(&(cs_frame){ .type = (cs_frame_type)0 });
    refused(&(cs_frame){ .type = (cs_frame_type)31 });
    refused(&(cs_frame){ .type = (cs_frame_type)200 });
    refused(&(cs_frame){ .type = CS_FRAME_DELIVER,
                         .deliver = { .collect = (cs_collect)3,
                                      .delivery = { .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD } } });
    refused(&(cs_frame){ .type = CS_FRAME_DELIVER });
    refused(&(cs_frame){ .type = CS_FRAME_LOADED, .loaded = { .status = CS_E_IO } });
    refused(&(cs_frame){ .type = CS_FRAME_LOADED, .loaded = { .status = (cs_status)9999 } });
    refused(&(cs_frame){ .type = CS_FRAME_LOADED, .loaded = { .problem = CS_BYTES("\xff") } });
    refused(&(cs_frame){ .type = CS_FRAME_SAY, .say = { .level = CS_BYTES("shout") } });
    refused(&(cs_frame){ .type = CS_FRAME_SAY, .say = { .text = CS_BYTES("\xff") } });
    refused(&(cs_frame){ .type = CS_FRAME_ASK });
    refused(&(cs_frame){ .type = CS_FRAME_ASK, .ask = { both, 2 } });
    refused(&(cs_frame){ .type = CS_FRAME_REPLY, .reply = { .reply = { .status = CS_E_IO } } });
}

T_MAIN(T(frames_come_back), T(cut_frames_are_refused), T(sizes_are_bounded),
       T(wrong_values_are_refused))
