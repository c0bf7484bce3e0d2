/* The codec of bundles: whatever is read is written the same again. */
#include "engine/bundle.h"
#include "t.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_bundle b;
    cs_error err;
    if (cs_bundle_dec((cs_bytes){ data, size }, &b, &err) != CS_OK)
        return 0;
    cs_buf again = { 0 };
    cs_bundle_enc(&b, &again);
    if (again.size != size || memcmp(again.data, data, size) != 0)
        abort();
    cs_buf_fini(&again);
    cs_bundle_fini(&b);
    return 0;
}
