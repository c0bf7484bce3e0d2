/* Whether bytes are text. */
#pragma once
#include "base/bytes.h"

/* How many bytes the UTF-8 character at `at` takes (1 to 4), or 0 if there is none: cut short, too
 * long a form, a surrogate, or above U+10FFFF. `at` < `end`. */
size_t cs_text_next(const uint8_t *at, const uint8_t *end);
bool cs_text_check(cs_bytes b); /* all of it is UTF-8 */
