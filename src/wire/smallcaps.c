/* Smallcaps: checking and reading. */
#include "wire/smallcaps.h"

#include "base/limits.h"

#include <string.h>

/* --- checking ------------------------------------------------------------------------------------- */

typedef struct checker {
    const uint8_t *at, *end;
    uint32_t slot_count, depth, depth_max;
    bool any_meaning;
} checker;

static bool take(checker *c, char byte)
{
    if (c->at == c->end || *c->at != (uint8_t)byte)
        return false;
    c->at++;
    return true;
}

static bool take_word(checker *c, const char *word)
{
    size_t size = strlen(word);
    if ((size_t)(c->end - c->at) < size || memcmp(c->at, word, size) != 0)
        return false;
    c->at += size;
    return true;
}

static bool take_digits(checker *c)
{
    const uint8_t *from = c->at;
    while (c->at < c->end && *c->at >= '0' && *c->at <= '9')
        c->at++;
    return c->at > from;
}

static bool check_number(checker *c)
{
    (void)take(c, '-');
    if (!take(c, '0') && !take_digits(c))
        return false;
    if (take(c, '.') && !take_digits(c))
        return false;
    if (!take(c, 'e') && !take(c, 'E'))
        return true;
    if (!take(c, '+'))
        (void)take(c, '-');
    return take_digits(c);
}

static bool is_hex(uint8_t b)
{
    return (b >= '0' && b <= '9') || (b >= 'a' && b <= 'f') || (b >= 'A' && b <= 'F');
}

static bool check_escape(checker *c)
{
    if (!take(c, 'u')) {
        bool known = c->at < c->end && *c->at != 0 && strchr("\"\\/bfnrt", *c->at) != NULL;
        c->at += known;
        return known;
    }
    for (int i = 0; i < 4; i++, c->at++)
        if (c->at == c->end || !is_hex(*c->at))
            return false;
    return true;
}

/* The characters that have a meaning at the start of a string are U+0021 to U+002D: whoever writes one
 * of them as an escape hides it from us. */
static bool hides_meaning(cs_bytes text)
{
    return cs_bytes_start_with(text, "\\u002");
}

/* Gives what stands between the quotes. */
static bool check_string(checker *c, cs_bytes *ret)
{
    if (!take(c, '"'))
        return false;
    const uint8_t *from = c->at;
    while (c->at < c->end && *c->at != '"') {
        if (*c->at < 0x20)
            return false;
        if (*c->at++ == '\\' && !check_escape(c))
            return false;
    }
    *ret = (cs_bytes){ from, (size_t)(c->at - from) };
    return take(c, '"') && (c->any_meaning || !hides_meaning(*ret));
}

/* "$12.Alleged: it", "&3"; more digits than slots can have are no reference. */
static bool read_index(cs_bytes text, uint32_t *ret)
{
    enum { DIGITS_MAX = 6 };
    size_t i = 1;
    uint32_t n = 0;
    for (; i < text.size && text.data[i] >= '0' && text.data[i] <= '9' && i <= DIGITS_MAX; i++)
        n = n * 10 + (uint32_t)(text.data[i] - '0');
    if (i == 1 || (i > 2 && text.data[1] == '0') || (i < text.size && text.data[i] != '.'))
        return false;
    *ret = n;
    return true;
}

static bool is_digits(cs_bytes text)
{
    size_t i = 0;
    while (i < text.size && text.data[i] >= '0' && text.data[i] <= '9')
        i++;
    return i > 0 && i == text.size && (i == 1 || text.data[0] != '0');
}

static bool is_constant(cs_bytes text)
{
    return cs_bytes_equal(text, CS_BYTES("#undefined")) || cs_bytes_equal(text, CS_BYTES("#NaN")) ||
           cs_bytes_equal(text, CS_BYTES("#Infinity")) ||
           cs_bytes_equal(text, CS_BYTES("#-Infinity"));
}

static bool check_meaning(const checker *c, cs_bytes text)
{
    uint32_t index;
    if (c->any_meaning || text.size == 0 || text.data[0] < '!' || text.data[0] > '-')
        return true;
    const cs_bytes rest = { text.data + 1, text.size - 1 };
    switch (text.data[0]) {
    case '!':
    case '%':
        return true;
    case '$':
    case '&':
        return read_index(text, &index) && index < c->slot_count;
    case '+':
    case '-':
        return is_digits(rest);
    case '#':
        return is_constant(text);
    default:
        return false;
    }
}

static bool check_value(checker *c);

static bool check_list(checker *c, char close, bool has_keys)
{
    cs_bytes key;
    if (++c->depth > c->depth_max)
        return false;
    if (take(c, close)) {
        c->depth--;
        return true;
    }
    do {
        if (has_keys && (!check_string(c, &key) || !take(c, ':')))
            return false;
        if (!check_value(c))
            return false;
    } while (take(c, ','));
    c->depth--;
    return take(c, close);
}

static bool check_value(checker *c)
{
    cs_bytes text;
    if (c->at == c->end)
        return false;
    if (*c->at == '"')
        return check_string(c, &text) && check_meaning(c, text);
    if (take(c, '['))
        return check_list(c, ']', false);
    if (take(c, '{'))
        return check_list(c, '}', true);
    return take_word(c, "true") || take_word(c, "false") || take_word(c, "null") || check_number(c);
}

static bool check_body(checker *c, cs_bytes body, cs_bytes *ret)
{
    c->at = body.data;
    c->end = body.data + body.size;
    if (!take(c, '#'))
        return false;
    const uint8_t *from = c->at;
    if (!check_value(c) || c->at != c->end)
        return false;
    *ret = (cs_bytes){ from, (size_t)(c->at - from) };
    return true;
}

bool cs_sc_open(const cs_capdata *data, cs_bytes *ret)
{
    checker c = { .slot_count = data->slot_count, .depth_max = CS_DEPTH_MAX };
    return check_body(&c, data->body, ret);
}

bool cs_sc_open_json(cs_bytes body, cs_bytes *ret)
{
    checker c = { .depth_max = 2 * CS_DEPTH_MAX, .any_meaning = true };
    return check_body(&c, body, ret);
}

/* --- reading -------------------------------------------------------------------------------------- */

/* The size of the value that `at` begins with. */
static size_t size_of(cs_bytes at)
{
    size_t depth = 0, i = 0;
    bool quoted = false;
    for (; i < at.size; i++) {
        uint8_t b = at.data[i];
        if (quoted) {
            i += b == '\\';
            quoted = b != '"';
        } else if (b == '"')
            quoted = true;
        else if (b == '[' || b == '{')
            depth++;
        else if ((b == ',' || b == ':') && depth == 0)
            break;
        else if (b == ']' || b == '}')
            depth--;
    }
    return i;
}

static cs_bytes take_value(cs_bytes *left)
{
    size_t size = size_of(*left), with_comma = size < left->size ? size + 1 : size;
    cs_bytes value = { left->data, size };
    left->data += with_comma;
    left->size -= with_comma;
    return value;
}

/* Between quotes or brackets. */
cs_bytes cs_sc_inside(cs_bytes value)
{
    return value.size < 2 ? (cs_bytes){ 0 } : (cs_bytes){ value.data + 1, value.size - 2 };
}

bool cs_sc_next(cs_bytes *left, cs_bytes *ret_key, cs_bytes *ret_value)
{
    if (left->size == 0)
        return false;
    cs_bytes first = take_value(left);
    bool has_key = first.data[first.size] == ':' && first.data + first.size + 1 == left->data;
    *ret_key = has_key ? cs_sc_inside(first) : (cs_bytes){ 0 };
    *ret_value = has_key ? take_value(left) : first;
    return true;
}

static bool begins_with(cs_bytes value, char byte)
{
    return value.size > 0 && value.data[0] == (uint8_t)byte;
}

cs_bytes cs_sc_item(cs_bytes array, uint32_t index)
{
    cs_bytes left = cs_sc_inside(array), key, value;
    while (begins_with(array, '[') && cs_sc_next(&left, &key, &value))
        if (index-- == 0)
            return value;
    return (cs_bytes){ 0 };
}

cs_bytes cs_sc_member(cs_bytes record, const char *name)
{
    cs_bytes left = cs_sc_inside(record), key, value;
    while (begins_with(record, '{') && cs_sc_next(&left, &key, &value))
        if (cs_bytes_equal(key, cs_bytes_of(name)))
            return value;
    return (cs_bytes){ 0 };
}

static cs_sc_kind kind_of_object(cs_bytes value)
{
    cs_bytes left = cs_sc_inside(value), key, member;
    cs_sc_kind kind = CS_SC_RECORD;
    while (cs_sc_next(&left, &key, &member))
        if (cs_bytes_equal(key, CS_BYTES("#error")))
            kind = CS_SC_ERROR;
        else if (cs_bytes_start_with(key, "#"))
            kind = CS_SC_OTHER;
    return kind;
}

static cs_sc_kind kind_of_string(cs_bytes text)
{
    if (cs_bytes_equal(text, CS_BYTES("#undefined")))
        return CS_SC_UNDEFINED;
    switch (text.size > 0 ? text.data[0] : 0) {
    case '#':
    case '%':
        return CS_SC_OTHER;
    case '$':
        return CS_SC_SLOT;
    case '&':
        return CS_SC_PROMISE;
    case '+':
    case '-':
        return CS_SC_BIGINT;
    default:
        return CS_SC_STRING;
    }
}

cs_sc_kind cs_sc_kind_of(cs_bytes value)
{
    if (value.size == 0)
        return CS_SC_ABSENT;
    switch (value.data[0]) {
    case '"':
        return kind_of_string(cs_sc_inside(value));
    case '[':
        return CS_SC_ARRAY;
    case '{':
        return kind_of_object(value);
    case 't':
    case 'f':
        return CS_SC_BOOLEAN;
    case 'n':
        return CS_SC_NULL;
    default:
        return CS_SC_NUMBER;
    }
}

bool cs_sc_is_true(cs_bytes value)
{
    return cs_bytes_equal(value, CS_BYTES("true"));
}

cs_bytes cs_sc_text(cs_bytes value)
{
    cs_sc_kind kind = cs_sc_kind_of(value);
    if (kind == CS_SC_NUMBER)
        return value;
    if (kind != CS_SC_STRING && kind != CS_SC_BIGINT)
        return (cs_bytes){ 0 };
    cs_bytes text = cs_sc_inside(value);
    bool marked = text.size > 0 && (text.data[0] == '!' || text.data[0] == '+');
    return (cs_bytes){ text.data + marked, text.size - marked };
}

bool cs_sc_says(cs_bytes value, const char *text)
{
    return cs_sc_kind_of(value) == CS_SC_STRING &&
           cs_bytes_equal(cs_sc_text(value), cs_bytes_of(text));
}

bool cs_sc_index(cs_bytes value, uint32_t *ret)
{
    cs_sc_kind kind = cs_sc_kind_of(value);
    return (kind == CS_SC_SLOT || kind == CS_SC_PROMISE) && read_index(cs_sc_inside(value), ret);
}

cs_vref cs_sc_ref(cs_bytes value, const cs_capdata *data)
{
    uint32_t index = 0;
    if (!cs_sc_index(value, &index))
        return (cs_vref){ 0 };
    cs_assert(index < data->slot_count);
    return data->slots[index];
}
