/* A worker's JSON line from any bytes: refused, or syscalls that the kernel's own codec reads again. */
#include "base/status.h"
#include "wire/codec.h"
#include "wire/lines.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void encode_again(const cs_syscall *items, uint32_t count, cs_arena *arena)
{
    cs_buf b = { 0 };
    cs_syscall *back;
    uint32_t back_count;
    cs_syscalls_enc(&b, items, count);
    cs_reader r = cs_reader_of(cs_buf_bytes(&b));
    cs_status st = cs_syscalls_dec(&r, arena, &back, &back_count);
    cs_assert(st == CS_OK && back_count == count && cs_reader_done(&r));
    cs_buf_fini(&b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_arena arena = { 0 };
    cs_frame f;
    const cs_bytes line = { data, size };
    (void)cs_line_size(line, 1 << 20);
    if (cs_line_dec(line, &arena, &f) == CS_OK) {
        if (f.type == CS_FRAME_REPLY)
            encode_again(f.reply.reply.syscalls, f.reply.reply.syscall_count, &arena);
        else if (f.type == CS_FRAME_ASK)
            encode_again(f.ask.syscalls, f.ask.count, &arena);
    }
    cs_arena_fini(&arena);
    return 0;
}
