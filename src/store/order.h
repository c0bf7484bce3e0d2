/* A set of rows in order of (vat, name): a splay tree. */
#pragma once
#include "store/rows.h"

int cs_order_compare(const cs_order_node *node, cs_vatid vat, cs_bytes name);
/* Borrows the name until it is removed. Must not be there. */
void cs_order_add(cs_order_node **root, cs_order_node *node, cs_vatid vat, cs_bytes name);
void cs_order_remove(cs_order_node **root, cs_order_node *node); /* must be there */
/* The first node of this vat whose name is greater, or NULL. */
cs_order_node *cs_order_after(cs_order_node **root, cs_vatid vat, cs_bytes name);
