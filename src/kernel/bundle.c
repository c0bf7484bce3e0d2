#include "kernel/bundle.h"

#include "base/limits.h"
#include "kernel/change.h"
#include "kernel/options.h"

#include <string.h>

static const cs_vatid own = { 0 };

static cs_bytes key_of(cs_buf *b, const char *prefix, cs_bytes name)
{
    cs_buf_add_text(b, prefix);
    cs_buf_add(b, name.data, name.size);
    return cs_buf_bytes(b);
}

static const cs_blob *find(cs_kernel *k, const char *prefix, cs_bytes name)
{
    cs_buf key = { 0 };
    const cs_blob *value = NULL;
    if (name.size > 0 && name.size <= CS_BUNDLE_ID_MAX)
        value = cs_kv_find(k->store, own, key_of(&key, prefix, name));
    cs_buf_fini(&key);
    return value;
}

cs_status cs_bundle_of_id(cs_kernel *k, cs_bytes id, cs_hash *ret)
{
    const cs_blob *value = find(k, "bundle.id.", id);
    if (value == NULL)
        return CS_E_NOT_FOUND;
    if (value->size != CS_HASH_SIZE)
        return CS_E_CORRUPT;
    memcpy(ret->bytes, value->data, CS_HASH_SIZE);
    return CS_OK;
}

cs_status cs_bundle_named(cs_kernel *k, cs_bytes name, cs_bytes *ret_id)
{
    const cs_blob *value = find(k, "bundle.name.", name);
    if (value == NULL)
        return CS_E_NOT_FOUND;
    *ret_id = cs_blob_bytes(value);
    return CS_OK;
}

/* ---- changes of the host's: one key set in each ---- */

static cs_status begin(cs_kernel *k, cs_bytes name, cs_error *err)
{
    if (!cs_vat_name_check(name))
        return cs_fail(err, CS_E_USAGE,
                       "the id or name of a bundle is 1 to %u of A-Z, a-z, 0-9, '.', '_' and '-'",
                       CS_NAME_MAX);
    return cs_change_begin(k, CS_CHANGE_BUNDLE, err);
}

static void note(cs_kernel *k, const char *prefix, cs_bytes name, cs_bytes value)
{
    cs_buf key = { 0 };
    cs_kv_set(k->store, own, key_of(&key, prefix, name), cs_blob_new(value));
    cs_buf_add(&k->crank.record, key.data, key.size);
    cs_buf_add(&k->crank.record, value.data, value.size);
    cs_buf_fini(&key);
}

cs_status cs_kernel_install_bundle(cs_kernel *k, cs_bytes id, const cs_hash *hash, cs_error *err)
{
    if (find(k, "bundle.id.", id) != NULL)
        return CS_OK;
    cs_status st = begin(k, id, err);
    if (st != CS_OK)
        return st;
    note(k, "bundle.id.", id, (cs_bytes){ hash->bytes, CS_HASH_SIZE });
    cs_devices_tell_bundle(k, id);
    return cs_crank_end_host(k, err);
}

cs_status cs_kernel_name_bundle(cs_kernel *k, cs_bytes name, cs_bytes id, cs_error *err)
{
    cs_bytes known;
    if (cs_bundle_named(k, name, &known) == CS_OK)
        return cs_bytes_equal(known, id)
                   ? CS_OK
                   : cs_fail(err, CS_E_BUSY, "%.*s: there is another bundle of that name",
                             (int)name.size, (const char *)name.data);
    cs_status st = begin(k, name, err);
    if (st != CS_OK)
        return st;
    note(k, "bundle.name.", name, id);
    return cs_crank_end_host(k, err);
}
