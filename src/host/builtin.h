/* Vats of ours that a new store gets. */
#pragma once
#include "host/handle.h"

#define CS_VAT_ADMIN_NAME "vatAdmin"

/* Makes the vatAdmin vat (vats/native.h). After the vats of the configuration, so that these have the
 * ids that they have without it. BUSY: there is a vat of its name. */
CS_MUST_USE cs_status cs_host_add_vat_admin(capstan *c, cs_vatid *ret_vat);
