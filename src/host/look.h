/* What can be seen of a store from outside. */
#pragma once
#include "host/handle.h"

void cs_dump_json(capstan *c, cs_buf *b);
void cs_stats_json(const cs_meta *meta, cs_buf *b);
