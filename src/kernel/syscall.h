/* A reply's syscalls (S5): checked, translated and applied, one by one, in order. */
#pragma once
#include "kernel/state.h"

/* Applies those of the crank's syscalls so far that were not applied yet. VAT-class statuses only, with
 * a text that names the offending reference; what was refused once stays refused. The caller rolls back. */
CS_MUST_USE cs_status cs_syscall_apply_all(cs_kernel *k, cs_vatid vat, const cs_syscall *syscalls,
                                           uint32_t count, cs_error *err);

/* Calls the device and writes the answer into `s`, in memory of the crank (S19). */
CS_MUST_USE cs_status cs_syscall_call_now(cs_kernel *k, cs_vatid vat, cs_syscall *s, cs_error *err);

/* One kind each; the same statuses. */
cs_status cs_syscall_send(cs_kernel *k, cs_vatid vat, const cs_message *m, cs_error *err);
cs_status cs_syscall_subscribe(cs_kernel *k, cs_vatid vat, cs_vref promise, cs_error *err);
cs_status cs_syscall_resolve(cs_kernel *k, cs_vatid vat, const cs_resolutions *batch,
                             cs_error *err);
cs_status cs_syscall_drop_imports(cs_kernel *k, cs_vatid vat, const cs_vrefs *refs, cs_error *err);
cs_status cs_syscall_retire_imports(cs_kernel *k, cs_vatid vat, const cs_vrefs *refs,
                                    cs_error *err);
cs_status cs_syscall_retire_exports(cs_kernel *k, cs_vatid vat, const cs_vrefs *refs,
                                    cs_error *err);
cs_status cs_syscall_abandon_exports(cs_kernel *k, cs_vatid vat, const cs_vrefs *refs,
                                     cs_error *err);

/* CapData of the vat's in krefs, slots from the crank's arena. */
CS_MUST_USE cs_status cs_syscall_capdata(cs_kernel *k, cs_vatid vat, const cs_capdata *d,
                                         cs_kcapdata *ret, cs_error *err);
/* A promise of the vat's that it decides. WRONG_REF, RESOLVED, NOT_DECIDER. */
CS_MUST_USE cs_status cs_syscall_decided(cs_kernel *k, cs_vatid vat, cs_vref vref, cs_kref promise,
                                         cs_error *err);
