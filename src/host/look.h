/* What can be seen of a store from outside. */
#pragma once
#include "host/handle.h"

void cs_dump_json(capstan *c, cs_buf *b);
/* The store's counters; and, if not NULL, the figures of this process, which are no part of a state. */
void cs_stats_json(const cs_meta *meta, const cs_collection_figures *collections, cs_buf *b);
