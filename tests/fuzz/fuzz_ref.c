/* Names of things as text: refused, or exactly what their own text says. */
#include "base/ref.h"
#include "base/status.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_text(const char *text, cs_bytes read)
{
    cs_assert(cs_bytes_equal(cs_bytes_of(text), read));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[CS_REF_TEXT_MAX];
    cs_kref kref;
    cs_vref vref;
    cs_vatid vat;
    const cs_bytes bytes = { data, size };
    if (cs_kref_parse(bytes, &kref) == CS_OK)
        check_text(cs_kref_text(kref, text), bytes);
    if (cs_vref_parse(bytes, &vref) == CS_OK) {
        cs_assert(cs_vref_check(vref) && cs_vref_compare_text(vref, vref) == 0);
        check_text(cs_vref_text(vref, text), bytes);
    }
    if (cs_vatid_parse(bytes, &vat) == CS_OK)
        check_text(cs_vatid_text(vat, text), bytes);
    return 0;
}
