/* Kernel objects (S4a): made by their first export, orphaned when their vat goes or abandons them. */
#pragma once
#include "kernel/state.h"

cs_kref cs_object_new(cs_kernel *k, cs_vatid owner);
/* No owner any more: messages to it splat (S2), and it goes when nobody recognises it. */
void cs_object_orphan(cs_kernel *k, cs_kref object);
/* The row goes. */
void cs_object_remove(cs_kernel *k, cs_kref object);
/* Whether a new mention can be made of it: somebody reaches it, or its owner was not told to drop it.
 * No row: false. */
bool cs_object_can_be_named(cs_kernel *k, cs_kref object);
/* The same of any reference. */
bool cs_ref_can_be_named(cs_kernel *k, cs_kref ref);
