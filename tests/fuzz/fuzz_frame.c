/* Frames in both directions from any bytes: refused, or what their own encoding says. The first byte says
 * whose they are. */
#include "base/status.h"
#include "wire/frame.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_arena arena = { 0 };
    cs_buf b = { 0 };
    cs_frame f;
    if (size < 1)
        return 0;
    const cs_bytes rest = { data + 1, size - 1 };
    const size_t whole = cs_frame_size(rest, 1 << 20);
    cs_assert(whole == SIZE_MAX || whole <= rest.size);
    if (whole != 0 && whole != SIZE_MAX) {
        const cs_bytes frame = { rest.data, whole };
        if (cs_frame_dec(frame, data[0] & 1, &arena, &f) == CS_OK) {
            cs_status st = cs_frame_enc(&b, &f);
            cs_assert(st == CS_OK && cs_bytes_equal(frame, cs_buf_bytes(&b)));
        }
    }
    cs_buf_fini(&b);
    cs_arena_fini(&arena);
    return 0;
}
