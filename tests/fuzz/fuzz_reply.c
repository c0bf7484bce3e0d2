/* A worker's reply from any bytes: refused, or what its own encoding says; then JSON of it. */
#include "base/status.h"
#include "wire/codec.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void write_json(cs_buf *b, const cs_reply *reply)
{
    cs_buf_clear(b);
    for (uint32_t i = 0; i < reply->syscall_count; i++) {
        cs_syscall_json(b, &reply->syscalls[i]);
        cs_answer_json(b, &reply->syscalls[i]);
    }
    cs_reply_json(b, reply);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_arena arena = { 0 };
    cs_buf b = { 0 };
    cs_reply reply;
    cs_reader r = cs_reader_of((cs_bytes){ data, size });
    if (cs_reply_dec(&r, &arena, &reply) == CS_OK) {
        cs_reply_enc(&b, &reply);
        cs_bytes read = { data, (size_t)(r.at - data) };
        cs_assert(cs_bytes_equal(read, cs_buf_bytes(&b)));
        write_json(&b, &reply);
    }
    cs_buf_fini(&b);
    cs_arena_fini(&arena);
    return 0;
}
