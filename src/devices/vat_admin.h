/* Shared by the two files of device "vatAdmin". */
#pragma once
#include "devices/args.h"

#define CS_VAT_ADMIN CS_BYTES("vatAdmin")
enum { CS_CRITICAL_KEY_NODE = 1 }; /* node 0 is the root */

/* "m7": 7. False: there is no such meter. */
bool cs_vat_admin_meter(cs_kernel *k, const json_t *value, uint64_t *ret);
/* The options of a vat to be made, from a record (C4); what it does not say is as it should be by default.
 * False: something is unknown or out of range, and `ret` says what. */
bool cs_vat_admin_options(cs_kernel *k, const json_t *record, const cs_kcapdata *args,
                          cs_vat_options *ret_options, const char **ret_name,
                          cs_kcapdata *ret_parameters, cs_device_answer *ret);
/* Those that can be changed later: reapInterval, reapGCKrefs, neverReap. */
bool cs_vat_admin_changes(cs_kernel *k, const json_t *record, cs_vat_options *options,
                          cs_device_answer *ret);
