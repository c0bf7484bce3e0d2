/* Bundles of the field's tools (@endo/bundle-source) as bundles of ours: endoZipBase64, endoScript,
 * nestedEvaluate, getExport. */
#pragma once
#include "base/bytes.h"

#include <jansson.h>

/* The parsed JSON of a bundle. CONFIG (HOST): not a bundle, or damaged; SYNTAX. */
CS_MUST_USE cs_status cs_bundle_from_json(const json_t *json, cs_buf *ret, cs_error *err);
