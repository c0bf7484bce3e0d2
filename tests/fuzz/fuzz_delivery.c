/* A transcript row or a delivery from any bytes: refused, or what its own encoding says. */
#include "base/status.h"
#include "wire/codec.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void try_delivery(cs_bytes bytes, cs_arena *arena, cs_buf *b)
{
    cs_delivery d;
    cs_reader r = cs_reader_of(bytes);
    if (cs_delivery_dec(&r, arena, &d) != CS_OK)
        return;
    cs_delivery_enc(b, &d);
    cs_bytes read = { bytes.data, (size_t)(r.at - bytes.data) };
    cs_assert(cs_bytes_equal(read, cs_buf_bytes(b)));
    cs_buf_clear(b);
    cs_delivery_json(b, &d);
    cs_buf_clear(b);
}

static void try_row(cs_bytes bytes, cs_arena *arena, cs_buf *b)
{
    cs_delivery d;
    cs_reply reply;
    if (cs_transcript_dec(bytes, arena, &d, &reply) != CS_OK)
        return;
    cs_transcript_enc(b, &d, &reply);
    cs_assert(cs_bytes_equal(bytes, cs_buf_bytes(b)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_arena arena = { 0 };
    cs_buf b = { 0 };
    try_delivery((cs_bytes){ data, size }, &arena, &b);
    try_row((cs_bytes){ data, size }, &arena, &b);
    cs_buf_fini(&b);
    cs_arena_fini(&arena);
    return 0;
}
