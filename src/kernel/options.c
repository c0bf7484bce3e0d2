#include "kernel/options.h"

#include "base/limits.h"

#include <string.h>

enum {
    STATIC = 1,
    PIPELINING = 2,
    CRITICAL = 4,
    NEVER_REAP = 8,
    HAS_ADMIN = 16,
    SUSPEND = 32,
    DISAVOW = 64,
    ALL_FLAGS = 127
};

cs_blob *cs_vat_options_blob(const cs_vat_options *o)
{
    cs_buf b = { 0 };
    unsigned flags = (o->is_static ? STATIC : 0u) | (o->enable_pipelining ? PIPELINING : 0u) |
                     (o->critical ? CRITICAL : 0u) | (o->never_reap ? NEVER_REAP : 0u) |
                     (o->has_admin ? HAS_ADMIN : 0u) | (o->suspend_on_underflow ? SUSPEND : 0u) |
                     (o->enable_disavow ? DISAVOW : 0u);
    cs_buf_add_varint(&b, flags);
    cs_buf_add_varint(&b, o->computrons_max);
    cs_buf_add_varint(&b, o->reap_interval);
    cs_buf_add_varint(&b, o->reap_gc_krefs);
    cs_buf_add_varint(&b, o->manager);
    cs_buf_add_varint(&b, o->meter);
    cs_buf_add_varint(&b, strlen(o->group));
    cs_buf_add_text(&b, o->group);
    cs_blob *blob = cs_blob_new(cs_buf_bytes(&b));
    cs_buf_fini(&b);
    return blob;
}

bool cs_vat_options_check(const cs_vat_options *o)
{
    return o->reap_interval <= CS_REAP_NEVER && o->reap_gc_krefs <= CS_REAP_NEVER &&
           o->meter <= CS_REF_ID_MAX && (unsigned)o->manager < CS_MANAGERS &&
           (o->group[0] == 0 || cs_vat_name_check(cs_bytes_of(o->group)));
}

bool cs_vat_options_dec_bytes(cs_bytes bytes, cs_vat_options *ret)
{
    cs_reader r = cs_reader_of(bytes);
    uint64_t flags = cs_reader_varint(&r), computrons_max = cs_reader_varint(&r);
    uint64_t reap_interval = cs_reader_varint(&r), reap_gc_krefs = cs_reader_varint(&r);
    uint64_t manager = cs_reader_varint(&r), meter = cs_reader_varint(&r);
    cs_bytes group = cs_reader_sized(&r);
    *ret = (cs_vat_options){ .is_static = flags & STATIC,
                             .enable_pipelining = flags & PIPELINING,
                             .critical = flags & CRITICAL,
                             .never_reap = flags & NEVER_REAP,
                             .has_admin = flags & HAS_ADMIN,
                             .suspend_on_underflow = flags & SUSPEND,
                             .enable_disavow = flags & DISAVOW,
                             .manager = (cs_manager)manager,
                             .meter = meter,
                             .computrons_max = computrons_max,
                             .reap_interval = reap_interval,
                             .reap_gc_krefs = reap_gc_krefs };
    const bool is_group = group.size < CS_GROUP_MAX && cs_vat_name_check(group);
    if (is_group)
        memcpy(ret->group, group.data, group.size);
    return cs_reader_done(&r) && flags <= ALL_FLAGS && manager < CS_MANAGERS &&
           (is_group || group.size == 0) && cs_vat_options_check(ret);
}

bool cs_vat_options_dec(const cs_blob *blob, cs_vat_options *ret)
{
    return cs_vat_options_dec_bytes(cs_blob_bytes(blob), ret);
}

/* ---- names ---- */

static const struct {
    const char *name;
    cs_manager manager;
} managers[] = {
    { "default", CS_MANAGER_DEFAULT },   { "local", CS_MANAGER_LOCAL },
    { "xs-worker", CS_MANAGER_PROCESS }, { "process", CS_MANAGER_PROCESS },
    { "xsnap", CS_MANAGER_PROCESS },     { "node-subprocess", CS_MANAGER_NODE },
    { "node", CS_MANAGER_NODE },         { "external", CS_MANAGER_EXTERNAL },
    { "native", CS_MANAGER_NATIVE },
};

const char *cs_manager_name(cs_manager m)
{
    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++)
        if (managers[i].manager == m)
            return managers[i].name;
    return "?";
}

bool cs_manager_named(cs_bytes name, cs_manager *ret)
{
    for (size_t i = 0; i < sizeof managers / sizeof managers[0]; i++)
        if (cs_bytes_equal(cs_bytes_of(managers[i].name), name)) {
            *ret = managers[i].manager;
            return true;
        }
    return false;
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
