/* Smallcaps gives strings that start with one of '!' … '-' a meaning; a plain string of that kind
 * gets a '!' before it (S18). Numbers are doubles, as in JavaScript. */
#include "host/plain_json.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool has_meaning(const char *text)
{
    return text[0] >= '!' && text[0] <= '-';
}

/* The shortest text that reads as the same number. */
static void add_number(cs_buf *b, double n)
{
    char text[64];
    if (n == trunc(n) && fabs(n) < 1e21) {
        (void)snprintf(text, sizeof text, "%.0f", n == 0 ? 0 : n); /* -0 is 0 in smallcaps */
    } else {
        int digits = 15;
        do
            (void)snprintf(text, sizeof text, "%.*g", digits, n);
        while (digits++ < 17 && strtod(text, NULL) != n);
    }
    /* The host's locale may have a point of its own, of several bytes. */
    bool in_point = false;
    for (const char *p = text; *p != 0; p++) {
        bool is_point = strchr("0123456789+-e", *p) == NULL;
        if (!is_point || !in_point)
            cs_buf_add_byte(b, is_point ? '.' : (uint8_t)*p);
        in_point = is_point;
    }
}

static void add_scalar(cs_buf *b, const json_t *value)
{
    if (json_is_number(value))
        add_number(b, json_number_value(value));
    else
        cs_buf_add_text(b, json_is_true(value) ? "true" : json_is_false(value) ? "false" : "null");
}

static void add_string(cs_buf *b, const char *text, size_t size)
{
    cs_buf_add_json(b, (cs_bytes){ (const uint8_t *)text, size });
}

/* ---- plain to smallcaps ---- */

static void add_escaped(cs_buf *b, const char *text, size_t size)
{
    if (!has_meaning(text)) {
        add_string(b, text, size);
        return;
    }
    cs_buf escaped = { 0 };
    cs_buf_add_byte(&escaped, '!');
    cs_buf_add(&escaped, text, size);
    cs_buf_add_json(b, cs_buf_bytes(&escaped));
    cs_buf_fini(&escaped);
}

static int compare_keys(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void add_object(cs_buf *b, const json_t *object)
{
    size_t count = json_object_size(object), n = 0;
    const char **keys = cs_alloc(count * sizeof *keys);
    const char *key;
    json_t *value;
    json_object_foreach((json_t *)(uintptr_t)object, key, value) keys[n++] = key;
    qsort(keys, n, sizeof *keys, compare_keys);
    cs_buf_add_byte(b, '{');
    for (size_t i = 0; i < n; i++) {
        if (i > 0)
            cs_buf_add_byte(b, ',');
        add_escaped(b, keys[i], strlen(keys[i]));
        cs_buf_add_byte(b, ':');
        cs_plain_to_smallcaps(b, json_object_get(object, keys[i]));
    }
    cs_buf_add_byte(b, '}');
    cs_free(keys);
}

void cs_plain_to_smallcaps(cs_buf *b, const json_t *value)
{
    if (json_is_string(value)) {
        add_escaped(b, json_string_value(value), json_string_length(value));
    } else if (json_is_object(value)) {
        add_object(b, value);
    } else if (json_is_array(value)) {
        cs_buf_add_byte(b, '[');
        for (size_t i = 0; i < json_array_size(value); i++) {
            if (i > 0)
                cs_buf_add_byte(b, ',');
            cs_plain_to_smallcaps(b, json_array_get(value, i));
        }
        cs_buf_add_byte(b, ']');
    } else {
        add_scalar(b, value);
    }
}

json_t *cs_plain_parse(const char *text, size_t size, json_error_t *ret_where)
{
    return json_loadb(text, size,
                      JSON_DECODE_ANY | JSON_DECODE_INT_AS_REAL | JSON_ALLOW_NUL |
                          JSON_REJECT_DUPLICATES,
                      ret_where);
}

/* ---- smallcaps to plain ---- */

static bool add_unescaped(cs_buf *b, const char *text, size_t size)
{
    if (has_meaning(text) && text[0] != '!')
        return false;
    size_t skip = text[0] == '!' ? 1 : 0;
    add_string(b, text + skip, size - skip);
    return true;
}

static bool add_plain(cs_buf *b, const json_t *value);

static bool add_plain_object(cs_buf *b, const json_t *object)
{
    const char *key, *before = "";
    json_t *value;
    cs_buf_add_byte(b, '{');
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        cs_buf_add_text(b, before);
        before = ",";
        if (!add_unescaped(b, key, strlen(key)))
            return false;
        cs_buf_add_byte(b, ':');
        if (!add_plain(b, value))
            return false;
    }
    cs_buf_add_byte(b, '}');
    return true;
}

static bool add_plain_array(cs_buf *b, const json_t *array)
{
    cs_buf_add_byte(b, '[');
    for (size_t i = 0; i < json_array_size(array); i++) {
        if (i > 0)
            cs_buf_add_byte(b, ',');
        if (!add_plain(b, json_array_get(array, i)))
            return false;
    }
    cs_buf_add_byte(b, ']');
    return true;
}

static bool add_plain(cs_buf *b, const json_t *value)
{
    if (json_is_string(value))
        return add_unescaped(b, json_string_value(value), json_string_length(value));
    if (json_is_object(value))
        return add_plain_object(b, value);
    if (json_is_array(value))
        return add_plain_array(b, value);
    add_scalar(b, value);
    return true;
}

bool cs_smallcaps_to_plain(cs_bytes body, cs_buf *ret)
{
    if (body.size < 2 || body.data[0] != '#')
        return false;
    json_t *value = cs_plain_parse((const char *)body.data + 1, body.size - 1, NULL);
    if (value == NULL)
        return false;
    const size_t before = ret->size;
    bool ok = add_plain(ret, value);
    if (!ok)
        ret->size = before;
    json_decref(value);
    return ok;
}
