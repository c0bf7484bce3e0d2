#include "host/load.h"

#include "base/alloc.h"
#include "store/store.h"

#include <stdio.h>

cs_status cs_loaded_read(cs_supervisor *compiler, const cs_config_source *from, cs_loaded *ret,
                         cs_error *err)
{
    char hash[CS_HASH_TEXT_MAX];
    const char *base_name = NULL;
    *ret = (cs_loaded){ 0 };
    cs_status st = cs_source_load(from, &ret->source, err);
    const cs_bytes bundle = cs_buf_bytes(&ret->source.bundle);
    if (st == CS_OK && from->kind != CS_SOURCE_COMMAND)
        st = cs_supervisor_compile(compiler, bundle, &ret->code, &base_name, err);
    if (st != CS_OK)
        return st == CS_E_ENGINE ? st : CS_E_CONFIG;
    if (base_name != NULL)
        ret->base_name = cs_bytes_to_text(cs_bytes_of(base_name));
    ret->name = cs_hash_of(bundle);
    if (ret->source.id[0] != 0)
        (void)snprintf(ret->id, sizeof ret->id, "%s", ret->source.id);
    else
        (void)snprintf(ret->id, sizeof ret->id, "c1-%s", cs_hash_text(&ret->name, hash));
    return CS_OK;
}

void cs_loaded_fini(cs_loaded *l)
{
    cs_source_fini(&l->source);
    cs_buf_fini(&l->code);
    cs_free(l->base_name);
}

void cs_loaded_add(cs_store *s, const cs_loaded *l)
{
    cs_bundle_add(s, &l->name, cs_buf_bytes(&l->source.bundle));
    if (l->base_name != NULL)
        cs_code_add(s, &l->name, l->base_name, cs_buf_bytes(&l->code));
}
