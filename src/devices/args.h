/* Arguments of a device call: CapData of an array, in smallcaps, read by C. They come from a vat. */
#pragma once
#include "kernel/device.h"

#include <jansson.h>

/* The array; json_decref() it. NULL: it is none. */
json_t *cs_args_parse(const cs_kcapdata *args);
/* A string that means itself, borrowed from `value`; NULL: it is none (S18), or has a NUL in it. */
const char *cs_args_text(const json_t *value);
/* A number that is no fraction, plain or a bigint, at most INT64_MAX. */
bool cs_args_nat(const json_t *value, uint64_t *ret);
bool cs_args_is_undefined(const json_t *value); /* absent, too */
/* What a slot refers to; none: it is no slot. */
cs_kref cs_args_slot(const json_t *value, const cs_kcapdata *args);
/* One part of them as CapData of its own, with the slots that it mentions. False: it mentions what is not
 * there. */
bool cs_args_pick(cs_kernel *k, const json_t *value, const cs_kcapdata *args, cs_kcapdata *ret);

/* ---- answers ---- */
void cs_answer_text(cs_kernel *k, cs_device_answer *ret, const char *text); /* letters and digits */
void cs_answer_node(cs_kernel *k, cs_device_answer *ret, cs_kref node);
