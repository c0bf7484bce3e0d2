/* Whether a vat and its c-list agree about its imports. */
#pragma once
#include "kernel/state.h"

/* After a delivery that was kept and left its vat alive: whether the vat says that it holds another
 * number of imports than clist.h's C4 says. Counted each time, told when it begins: the key
 * "vat.miscounted.v2" of the kernel's own keys remembers that it has begun, until a reconciliation
 * mends it. */
bool cs_imports_are_miscounted(cs_kernel *k, const cs_reply *reply);
/* The vat is no more. */
void cs_imports_forget(cs_kernel *k, cs_vatid vat);
