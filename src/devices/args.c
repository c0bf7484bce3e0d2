#include "devices/args.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

json_t *cs_args_parse(const cs_kcapdata *args)
{
    const cs_bytes body = args->body;
    if (!cs_bytes_start_with(body, "#["))
        return NULL;
    const char *text = (const char *)body.data + 1;
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_ALLOW_NUL;
    json_t *array = json_loadb(text, body.size - 1, flags, NULL);
    if (array == NULL) /* perhaps for an integer that C has not, but JavaScript has */
        array = json_loadb(text, body.size - 1, flags | JSON_DECODE_INT_AS_REAL, NULL);
    return array;
}

/* Strings that begin so mean something else (S18). */
static bool is_special(const char *text)
{
    return text[0] >= '!' && text[0] <= '-';
}

const char *cs_args_text(const json_t *value)
{
    const char *text = json_string_value(value);
    if (text == NULL || strlen(text) != json_string_length(value))
        return NULL;
    if (!is_special(text))
        return text;
    return text[0] == '!' ? text + 1 : NULL;
}

bool cs_args_nat(const json_t *value, uint64_t *ret)
{
    const char *text = json_string_value(value);
    uint64_t n = 0;
    if (json_is_integer(value)) {
        *ret = (uint64_t)json_integer_value(value);
        return json_integer_value(value) >= 0;
    }
    if (json_is_real(value) && json_real_value(value) >= 0 && json_real_value(value) < 0x1p63) {
        *ret = (uint64_t)json_real_value(value);
        return (double)*ret == json_real_value(value);
    }
    if (text == NULL || text[0] != '+' || text[1] == 0)
        return false;
    for (const char *at = text + 1; *at != 0; at++) {
        if (*at < '0' || *at > '9' || n > (INT64_MAX - (uint64_t)(*at - '0')) / 10)
            return false;
        n = n * 10 + (uint64_t)(*at - '0');
    }
    *ret = n;
    return true;
}

bool cs_args_is_undefined(const json_t *value)
{
    const char *text = json_string_value(value);
    return value == NULL || (text != NULL && strcmp(text, "#undefined") == 0);
}

/* "$3.Alleged: thing": 3, and what follows it. */
static bool slot_number(const json_t *value, const cs_kcapdata *args, uint32_t *ret, cs_bytes *rest)
{
    char *end;
    const char *text = json_string_value(value);
    if (text == NULL || (text[0] != '$' && text[0] != '&') || text[1] < '0' || text[1] > '9')
        return false;
    unsigned long n = strtoul(text + 1, &end, 10);
    *ret = (uint32_t)n;
    *rest = (cs_bytes){ (const uint8_t *)end, json_string_length(value) - (size_t)(end - text) };
    return n < args->slot_count && (rest->size == 0 || *end == '.');
}

cs_kref cs_args_slot(const json_t *value, const cs_kcapdata *args)
{
    uint32_t n;
    cs_bytes rest;
    return slot_number(value, args, &n, &rest) ? args->slots[n] : (cs_kref){ 0 };
}

/* ---- parts ---- */

typedef struct picked {
    const cs_kcapdata *args;
    cs_kref *slots;
    uint32_t *place_of; /* in `slots`, of each slot of the whole; UINT32_MAX: not there yet */
    uint32_t count;
    bool good;
} picked;

static json_t *pick(picked *p, const json_t *value);

static json_t *slot_string(char sort, uint32_t place, cs_bytes rest)
{
    cs_buf b = { 0 };
    cs_buf_addf(&b, "%c%u", sort, (unsigned)place);
    cs_buf_add(&b, rest.data, rest.size);
    json_t *text = json_stringn((const char *)b.data, b.size);
    cs_buf_fini(&b);
    return text;
}

static json_t *pick_string(picked *p, const json_t *value)
{
    uint32_t n;
    cs_bytes rest;
    const char *text = json_string_value(value);
    if (text[0] != '$' && text[0] != '&')
        return json_copy((json_t *)(uintptr_t)value);
    if (!slot_number(value, p->args, &n, &rest)) {
        p->good = false;
        return json_null();
    }
    if (p->place_of[n] == UINT32_MAX) {
        p->place_of[n] = p->count;
        p->slots[p->count++] = p->args->slots[n];
    }
    return slot_string(text[0], p->place_of[n], rest);
}

static json_t *pick(picked *p, const json_t *value)
{
    const char *key;
    json_t *part, *all;
    size_t i;
    if (json_is_string(value))
        return pick_string(p, value);
    if (json_is_array(value)) {
        all = json_array();
        json_array_foreach((json_t *)(uintptr_t)value, i, part)
            json_array_append_new(all, pick(p, part));
        return all;
    }
    if (!json_is_object(value))
        return json_copy((json_t *)(uintptr_t)value);
    all = json_object();
    json_object_foreach((json_t *)(uintptr_t)value, key, part)
        json_object_set_new_nocheck(all, key, pick(p, part));
    return all;
}

bool cs_args_pick(cs_kernel *k, const json_t *value, const cs_kcapdata *args, cs_kcapdata *ret)
{
    const size_t most = (size_t)args->slot_count + 1;
    picked p = { .args = args, .good = true };
    p.slots = cs_alloc_zero(most, sizeof *p.slots);
    p.place_of = cs_alloc(most * sizeof *p.place_of);
    memset(p.place_of, 0xff, most * sizeof *p.place_of);
    json_t *part = pick(&p, value);
    char *text = json_dumps(part, JSON_COMPACT | JSON_ENCODE_ANY);
    cs_buf body = { 0 };
    cs_buf_addf(&body, "#%s", text == NULL ? "null" : text);
    const cs_bytes slots = { (const uint8_t *)p.slots, p.count * sizeof *p.slots };
    ret->body = cs_device_lend(k, cs_buf_bytes(&body));
    ret->slots = (const cs_kref *)(const void *)cs_device_lend(k, slots).data;
    ret->slot_count = p.count;
    cs_buf_fini(&body);
    free(text);
    json_decref(part);
    cs_free(p.slots);
    cs_free(p.place_of);
    return p.good;
}

/* ---- answers ---- */

void cs_answer_text(cs_kernel *k, cs_device_answer *ret, const char *text)
{
    cs_buf body = { 0 };
    cs_buf_addf(&body, "#\"%s\"", text);
    ret->data = (cs_kcapdata){ .body = cs_device_lend(k, cs_buf_bytes(&body)) };
    cs_buf_fini(&body);
}

void cs_answer_node(cs_kernel *k, cs_device_answer *ret, cs_kref node)
{
    const cs_bytes slot = cs_device_lend(k, (cs_bytes){ (const uint8_t *)&node, sizeof node });
    ret->data = (cs_kcapdata){ CS_BYTES("#\"$0.Alleged: device node\""),
                               (const cs_kref *)(const void *)slot.data, 1 };
}
