/* What is packed comes back; what is not a packed row is refused. */
#include "t.h"

#include "base/limits.h"
#include "store/pack.h"

#include <string.h>
#include <zstd.h>

static cs_blob *filled(size_t size, bool repetitive)
{
    cs_blob *b = cs_blob_alloc(size);
    uint32_t x = 1;
    for (size_t i = 0; i < size; i++) {
        x = x * 1664525 + 1013904223;
        b->data[i] = repetitive ? (uint8_t) "transcript"[i % 10] : (uint8_t)(x >> 24);
    }
    return b;
}

static void rows_come_back(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 1023, 1024, 1025, 16384, 1000000 };
    cs_packer p = { 0 };
    for (size_t i = 0; i < 2 * (sizeof sizes / sizeof *sizes); i++) {
        cs_blob *item = filled(sizes[i / 2], i % 2 == 0);
        cs_blob *stored = cs_pack(&p, cs_blob_ref(item));
        cs_blob *again = cs_unpack(&p, cs_blob_bytes(stored));
        assert_non_null(again);
        assert_true(cs_bytes_equal(cs_blob_bytes(again), cs_blob_bytes(item)));
        assert_true(stored->size <= item->size + 1);
        (void)cs_blob_unref(item);
        (void)cs_blob_unref(stored);
        (void)cs_blob_unref(again);
    }
    cs_packer_fini(&p);
}

static void long_rows_get_shorter(void **state)
{
    (void)state;
    cs_packer p = { 0 };
    cs_blob *stored = cs_pack(&p, filled(16384, true));
    assert_true(stored->size < 1000);
    (void)cs_blob_unref(stored);
    cs_packer_fini(&p);
}

static void damage_is_refused(void **state)
{
    (void)state;
    cs_packer p = { 0 };
    cs_blob *stored = cs_pack(&p, filled(16384, true));
    assert_null(cs_unpack(&p, (cs_bytes){ 0 }));
    assert_null(cs_unpack(&p, CS_BYTES("\x02row")));
    assert_null(cs_unpack(&p, CS_BYTES("\x01not a frame")));
    for (uint32_t size = 1; size < stored->size; size++)
        assert_null(cs_unpack(&p, (cs_bytes){ stored->data, size }));
    (void)cs_blob_unref(stored);
    cs_packer_fini(&p);
}

/* A frame that promises more than any row can hold is refused before memory is taken for it. */
static void bombs_are_refused(void **state)
{
    (void)state;
    uint8_t frame[64] = { 1 };
    static const char nothing[16];
    cs_packer p = { 0 };
    ZSTD_CCtx *c = ZSTD_createCCtx();
    (void)ZSTD_CCtx_setPledgedSrcSize(c, 3ull * CS_REPLY_MAX);
    ZSTD_inBuffer in = { nothing, sizeof nothing, 0 };
    ZSTD_outBuffer out = { frame + 1, sizeof frame - 1, 0 };
    (void)ZSTD_compressStream2(c, &out, &in, ZSTD_e_flush);
    (void)ZSTD_freeCCtx(c);
    assert_null(cs_unpack(&p, (cs_bytes){ frame, 1 + out.pos }));
    cs_packer_fini(&p);
}

T_MAIN(T(rows_come_back), T(long_rows_get_shorter), T(damage_is_refused), T(bombs_are_refused))
