/* What the kernel keeps in its rows as bytes: events of queues and options of vats. Refused, or what their
 * own encoding says. The first byte says which. */
#include "kernel/capdata.h"
#include "kernel/event.h"
#include "kernel/options.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_blob(cs_blob *take_blob, cs_bytes read)
{
    cs_assert(cs_bytes_equal(cs_blob_bytes(take_blob), read));
    (void)cs_blob_unref(take_blob);
}

static void check_options(cs_bytes bytes)
{
    cs_vat_options options;
    if (!cs_vat_options_dec_bytes(bytes, &options))
        return;
    cs_assert(cs_vat_options_check(&options));
    check_blob(cs_vat_options_blob(&options), bytes);
}

static void check_event(cs_bytes bytes)
{
    cs_event e;
    cs_buf scratch = { 0 };
    cs_arena arena = { 0 };
    if (cs_event_dec(bytes, &arena, &e)) {
        (void)cs_kcapdata_lone_slot(&e.data);
        check_blob(cs_event_blob(&scratch, &e), bytes);
        cs_buf_clear(&scratch);
        cs_methargs_method(&scratch, e.data.body);
        cs_assert(cs_is_utf8(cs_buf_bytes(&scratch)) || !cs_is_utf8(e.data.body));
    }
    cs_buf_fini(&scratch);
    cs_arena_fini(&arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size == 0)
        return 0;
    const cs_bytes rest = { data + 1, size - 1 };
    if ((data[0] & 1) != 0)
        check_options(rest);
    else
        check_event(rest);
    return 0;
}
