#include "kernel/options.h"

#include "base/limits.h"

enum { STATIC = 1, PIPELINING = 2, CRITICAL = 4, NEVER_REAP = 8, ALL_FLAGS = 15 };

cs_blob *cs_vat_options_blob(const cs_vat_options *o)
{
    cs_buf b = { 0 };
    unsigned flags = (o->is_static ? STATIC : 0u) | (o->enable_pipelining ? PIPELINING : 0u) |
                     (o->critical ? CRITICAL : 0u) | (o->never_reap ? NEVER_REAP : 0u);
    cs_buf_add_varint(&b, flags);
    cs_buf_add_varint(&b, o->computrons_max);
    cs_buf_add_varint(&b, o->reap_interval);
    cs_buf_add_varint(&b, o->reap_gc_krefs);
    cs_blob *blob = cs_blob_new(cs_buf_bytes(&b));
    cs_buf_fini(&b);
    return blob;
}

bool cs_vat_options_dec(const cs_blob *blob, cs_vat_options *ret)
{
    cs_reader r = cs_reader_of(cs_blob_bytes(blob));
    uint64_t flags = cs_reader_varint(&r), computrons_max = cs_reader_varint(&r);
    uint64_t reap_interval = cs_reader_varint(&r), reap_gc_krefs = cs_reader_varint(&r);
    *ret = (cs_vat_options){ .is_static = flags & STATIC,
                             .enable_pipelining = flags & PIPELINING,
                             .critical = flags & CRITICAL,
                             .never_reap = flags & NEVER_REAP,
                             .computrons_max = computrons_max,
                             .reap_interval = reap_interval,
                             .reap_gc_krefs = reap_gc_krefs };
    return cs_reader_done(&r) && flags <= ALL_FLAGS && reap_interval <= CS_REAP_NEVER &&
           reap_gc_krefs <= CS_REAP_NEVER;
}

static bool is_name_byte(uint8_t c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
}

bool cs_vat_name_check(cs_bytes name)
{
    if (name.size == 0 || name.size > CS_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++)
        if (!is_name_byte(name.data[i]))
            return false;
    return true;
}
