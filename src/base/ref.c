/* Packing. A kref: type in bits 63-62, id below. A vref: type in 63-62, sign in 61, durability in
 * 60-59 (0 plain, 1 virtual, 2 durable), below that the id, or kind (20 bits), instance (32) and
 * facet + 1 (7) of a virtual one. */
#include "base/ref.h"

#include <stdio.h>
#include <string.h>

enum { TYPE_SHIFT = 62, SIGN_SHIFT = 61, STORE_SHIFT = 59, KIND_SHIFT = 39, INSTANCE_SHIFT = 7 };
enum { STORE_PLAIN, STORE_VIRTUAL, STORE_DURABLE };
#define LOW(bits) ((UINT64_C(1) << (bits)) - 1)
#define KIND_MAX LOW(20)
#define INSTANCE_MAX LOW(32)
#define FACET_MAX (LOW(7) - 1)

static unsigned storage(cs_vref v)
{
    return (unsigned)(v.bits >> STORE_SHIFT & 3);
}

static uint64_t payload(cs_vref v)
{
    return v.bits & LOW(STORE_SHIFT);
}

cs_kref cs_kref_of(cs_ref_type type, uint64_t id)
{
    cs_assert(type != CS_REF_NONE && id <= CS_REF_ID_MAX);
    return (cs_kref){ (uint64_t)type << TYPE_SHIFT | id };
}

cs_ref_type cs_kref_type(cs_kref k)
{
    return (cs_ref_type)(k.bits >> TYPE_SHIFT);
}

uint64_t cs_kref_id(cs_kref k)
{
    return k.bits & LOW(TYPE_SHIFT);
}

cs_vref cs_vref_of(cs_ref_type type, bool by_vat, uint64_t id)
{
    cs_assert(type != CS_REF_NONE && id <= CS_REF_ID_MAX);
    return (cs_vref){ (uint64_t)type << TYPE_SHIFT | (uint64_t)by_vat << SIGN_SHIFT | id };
}

cs_ref_type cs_vref_type(cs_vref v)
{
    return (cs_ref_type)(v.bits >> TYPE_SHIFT);
}

bool cs_vref_by_vat(cs_vref v)
{
    return v.bits >> SIGN_SHIFT & 1;
}

uint64_t cs_vref_id(cs_vref v)
{
    return payload(v);
}

bool cs_vref_is_virtual(cs_vref v)
{
    return storage(v) != STORE_PLAIN;
}

bool cs_vref_check(cs_vref v)
{
    if (cs_vref_type(v) == CS_REF_NONE)
        return false;
    if (storage(v) == STORE_PLAIN)
        return payload(v) <= CS_REF_ID_MAX;
    return storage(v) <= STORE_DURABLE && cs_vref_type(v) == CS_REF_OBJECT && cs_vref_by_vat(v);
}

const char *cs_kref_text(cs_kref k, char text[static CS_REF_TEXT_MAX])
{
    static const char *const prefix[] = { "none", "ko", "kp", "kd" };
    (void)snprintf(text, CS_REF_TEXT_MAX, "%s%llu", prefix[cs_kref_type(k)],
                   (unsigned long long)cs_kref_id(k));
    return text;
}

const char *cs_vref_text(cs_vref v, char text[static CS_REF_TEXT_MAX])
{
    char type = "?opd"[cs_vref_type(v)], sign = cs_vref_by_vat(v) ? '+' : '-';
    unsigned long long id = payload(v);
    if (storage(v) == STORE_PLAIN) {
        (void)snprintf(text, CS_REF_TEXT_MAX, "%c%c%llu", type, sign, id);
        return text;
    }
    char letter = storage(v) == STORE_VIRTUAL ? 'v' : 'd';
    unsigned long long kind = id >> KIND_SHIFT, instance = id >> INSTANCE_SHIFT & INSTANCE_MAX;
    unsigned facet = (unsigned)(id & LOW(INSTANCE_SHIFT));
    int n = snprintf(text, CS_REF_TEXT_MAX, "%c%c%c%llu/%llu", type, sign, letter, kind, instance);
    if (facet > 0)
        (void)snprintf(text + n, CS_REF_TEXT_MAX - (size_t)n, ":%u", facet - 1);
    return text;
}

/* Reads a decimal number without leading zeros, up to `max`; moves *at behind it. */
static bool read_number(cs_bytes text, size_t *at, uint64_t max, uint64_t *ret)
{
    enum { DIGITS_MAX = 19 }; /* so many always fit 64 bits */
    size_t i = *at;
    uint64_t n = 0;
    for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9'; i++) {
        if (i - *at == DIGITS_MAX)
            return false;
        n = n * 10 + (uint64_t)(text.data[i] - '0');
    }
    if (i == *at || n > max || (text.data[*at] == '0' && i > *at + 1))
        return false;
    *at = i;
    *ret = n;
    return true;
}

/* NONE: no letter of a type. */
static cs_ref_type type_of_letter(uint8_t c)
{
    return c == 'o'   ? CS_REF_OBJECT
           : c == 'p' ? CS_REF_PROMISE
           : c == 'd' ? CS_REF_DEVICE
                      : CS_REF_NONE;
}

cs_status cs_kref_parse(cs_bytes text, cs_kref *ret)
{
    if (text.size < 3 || text.data[0] != 'k')
        return CS_E_BAD_REF;
    cs_ref_type type = type_of_letter(text.data[1]);
    size_t at = 2;
    uint64_t id;
    if (type == CS_REF_NONE || !read_number(text, &at, CS_REF_ID_MAX, &id) || at != text.size)
        return CS_E_BAD_REF;
    *ret = cs_kref_of(type, id);
    return CS_OK;
}

static cs_status parse_virtual(cs_bytes text, unsigned store, cs_vref *ret)
{
    uint64_t kind, instance, facet = 0;
    size_t at = 3;
    if (!read_number(text, &at, KIND_MAX, &kind) || at == text.size || text.data[at++] != '/' ||
        !read_number(text, &at, INSTANCE_MAX, &instance))
        return CS_E_BAD_REF;
    if (at < text.size) {
        if (text.data[at++] != ':' || !read_number(text, &at, FACET_MAX, &facet) || at != text.size)
            return CS_E_BAD_REF;
        facet++;
    }
    *ret = (cs_vref){ (uint64_t)CS_REF_OBJECT << TYPE_SHIFT | UINT64_C(1) << SIGN_SHIFT |
                      (uint64_t)store << STORE_SHIFT | kind << KIND_SHIFT |
                      instance << INSTANCE_SHIFT | facet };
    return CS_OK;
}

cs_status cs_vref_parse(cs_bytes text, cs_vref *ret)
{
    if (text.size < 3 || (text.data[1] != '+' && text.data[1] != '-'))
        return CS_E_BAD_REF;
    cs_ref_type type = type_of_letter(text.data[0]);
    if (type == CS_REF_NONE)
        return CS_E_BAD_REF;
    bool by_vat = text.data[1] == '+';
    if (text.data[0] == 'o' && by_vat && text.data[2] == 'v')
        return parse_virtual(text, STORE_VIRTUAL, ret);
    if (text.data[0] == 'o' && by_vat && text.data[2] == 'd')
        return parse_virtual(text, STORE_DURABLE, ret);
    size_t at = 2;
    uint64_t id;
    if (!read_number(text, &at, CS_REF_ID_MAX, &id) || at != text.size)
        return CS_E_BAD_REF;
    *ret = cs_vref_of(type, by_vat, id);
    return CS_OK;
}

int cs_kref_compare_text(cs_kref a, cs_kref b)
{
    char ta[CS_REF_TEXT_MAX], tb[CS_REF_TEXT_MAX];
    return strcmp(cs_kref_text(a, ta), cs_kref_text(b, tb));
}

int cs_vref_compare_text(cs_vref a, cs_vref b)
{
    char ta[CS_REF_TEXT_MAX], tb[CS_REF_TEXT_MAX];
    return strcmp(cs_vref_text(a, ta), cs_vref_text(b, tb));
}

const char *cs_vatid_text(cs_vatid v, char text[static CS_REF_TEXT_MAX])
{
    (void)snprintf(text, CS_REF_TEXT_MAX, "v%u", (unsigned)v.n);
    return text;
}

cs_status cs_vatid_parse(cs_bytes text, cs_vatid *ret)
{
    size_t at = 1;
    uint64_t n;
    if (text.size < 2 || text.data[0] != 'v' || !read_number(text, &at, UINT32_MAX, &n) ||
        at != text.size || n == 0)
        return CS_E_BAD_REF;
    ret->n = (uint32_t)n;
    return CS_OK;
}
