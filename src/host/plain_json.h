/* Plain JSON <-> CapData bodies, for configurations, command lines and answers: data without
 * references has a JSON form that people can type and read. */
#pragma once
#include "base/bytes.h"

#include <jansson.h>

/* Any JSON text, not only objects. Every number becomes a double, as it does in JavaScript. Gives;
 * NULL if it is not JSON, or has a key twice. */
json_t *cs_plain_parse(const char *text, size_t size, json_error_t *ret_where);

/* Writes a JSON value in smallcaps (without the leading '#'): strings that smallcaps would read as
 * something else are escaped, keys are sorted. */
void cs_plain_to_smallcaps(cs_buf *b, const json_t *value);

/* The plain JSON of a smallcaps body, appended to `ret`; false (nothing appended) if the value has
 * none: a reference, undefined, a bigint, NaN, a symbol, an error, a tagged value. */
bool cs_smallcaps_to_plain(cs_bytes body, cs_buf *ret);
