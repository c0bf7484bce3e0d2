/* The end of a vat (S10). */
#pragma once
#include "kernel/state.h"

/* `why` for people; kept in the vat's row. A critical vat's end is a panic instead. */
void cs_vat_terminate(cs_kernel *k, cs_vatid vat, const char *why);
