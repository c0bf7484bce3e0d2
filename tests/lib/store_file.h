/* What tests of one store in a file, or in memory, begin with. The functions assert. */
#pragma once
#include "store/store.h"

const char *new_path(void);             /* in a directory of its own; lives until the next call */
cs_store *open_store(const char *path); /* made if need be; NULL: in memory */
cs_vref text_vref(const char *text);
