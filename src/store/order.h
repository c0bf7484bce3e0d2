/* A set of named rows in order of (vat, name): a treap. The priorities are drawn at random, not
 * derived from the names, so that no choice of names makes it deep. */
#pragma once
#include "store/rows.h"

int cs_order_compare(const cs_named_row *row, cs_vatid vat, cs_bytes name);
void cs_order_add(cs_named_row **root, cs_named_row *row);    /* must not be there */
void cs_order_remove(cs_named_row **root, cs_named_row *row); /* must be there */
/* The first row of this vat whose name is greater, or NULL. */
cs_named_row *cs_order_after(cs_named_row *root, cs_vatid vat, cs_bytes name);
