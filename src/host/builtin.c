#include "host/builtin.h"

#include "vats/native.h"

cs_status cs_host_add_vat_admin(capstan *c, cs_vatid *ret_vat)
{
    /* Its garbage is told by itself: it has no heap that a BOYD could look through. */
    const cs_vat_options options = { .is_static = true,
                                     .manager = CS_MANAGER_NATIVE,
                                     .never_reap = true };
    const cs_kcapdata parameters = { .body = CS_BYTES("#{}") };
    cs_buf bundle = { 0 };
    cs_native_bundle(&bundle, cs_vat_admin.name);
    const cs_hash hash = cs_hash_of(cs_buf_bytes(&bundle));
    cs_bundle_add(c->store, &hash, cs_buf_bytes(&bundle));
    cs_status st = cs_kernel_add_vat(c->kernel, CS_BYTES(CS_VAT_ADMIN_NAME), &hash, &options,
                                     &parameters, ret_vat, &c->err);
    cs_buf_fini(&bundle);
    return st;
}
