#include "store/pack.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <string.h>
#include <zstd.h>

/* Measured on the 16 kB row of an 8 kB echo: level -1 takes 11 us and leaves 1 kB; 1 takes 14 us. */
enum { LEVEL = -1, PACK_MIN = 1024 };
enum { PLAIN, PACKED };

/* A delivery and a reply, each within its limits. */
static const uint64_t item_max = 2 * (uint64_t)CS_REPLY_MAX;

void cs_packer_fini(cs_packer *p)
{
    (void)ZSTD_freeCCtx(p->pack);
    (void)ZSTD_freeDCtx(p->unpack);
    *p = (cs_packer){ 0 };
}

static cs_blob *plain(cs_bytes item)
{
    cs_blob *stored = cs_blob_alloc(item.size + 1);
    stored->data[0] = PLAIN;
    if (item.size > 0)
        memcpy(stored->data + 1, item.data, item.size);
    return stored;
}

/* NULL if that saves nothing. */
static cs_blob *packed(cs_packer *p, cs_bytes item)
{
    if (p->pack == NULL)
        p->pack = ZSTD_createCCtx();
    size_t room = ZSTD_compressBound(item.size);
    uint8_t *frame = cs_alloc(room);
    size_t size = p->pack == NULL
                      ? item.size
                      : ZSTD_compressCCtx(p->pack, frame, room, item.data, item.size, LEVEL);
    cs_blob *stored = NULL;
    if (!ZSTD_isError(size) && size < item.size) {
        stored = cs_blob_alloc(size + 1);
        stored->data[0] = PACKED;
        memcpy(stored->data + 1, frame, size);
    }
    cs_free(frame);
    return stored;
}

cs_blob *cs_pack(cs_packer *p, cs_blob *take_item)
{
    const cs_bytes item = cs_blob_bytes(take_item);
    cs_blob *stored = item.size < PACK_MIN ? NULL : packed(p, item);
    if (stored == NULL)
        stored = plain(item);
    (void)cs_blob_unref(take_item);
    return stored;
}

static cs_blob *unpacked(cs_packer *p, cs_bytes frame)
{
    unsigned long long size = ZSTD_getFrameContentSize(frame.data, frame.size);
    if (p->unpack == NULL)
        p->unpack = ZSTD_createDCtx();
    /* Both error values of the size are above every limit. */
    if (size > item_max || p->unpack == NULL)
        return NULL;
    cs_blob *item = cs_blob_alloc((size_t)size);
    if (ZSTD_decompressDCtx(p->unpack, item->data, (size_t)size, frame.data, frame.size) == size)
        return item;
    return cs_blob_unref(item);
}

cs_blob *cs_unpack(cs_packer *p, cs_bytes stored)
{
    if (stored.size == 0)
        return NULL;
    const cs_bytes rest = { stored.data + 1, stored.size - 1 };
    if (stored.data[0] == PLAIN)
        return cs_blob_new(rest);
    return stored.data[0] == PACKED ? unpacked(p, rest) : NULL;
}
