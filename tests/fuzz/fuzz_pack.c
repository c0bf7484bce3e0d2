/* Packed rows of any bytes: refused, or an item that packs and unpacks to itself. */
#include "store/pack.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static cs_packer p;
    cs_blob *item = cs_unpack(&p, (cs_bytes){ data, size });
    if (item == NULL)
        return 0;
    cs_blob *stored = cs_pack(&p, cs_blob_ref(item));
    cs_blob *again = cs_unpack(&p, cs_blob_bytes(stored));
    cs_assert(again != NULL && cs_bytes_equal(cs_blob_bytes(again), cs_blob_bytes(item)));
    (void)cs_blob_unref(item);
    (void)cs_blob_unref(stored);
    (void)cs_blob_unref(again);
    return 0;
}
