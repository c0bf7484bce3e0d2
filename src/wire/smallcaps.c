#include "wire/smallcaps.h"

#include "base/limits.h"

#include <string.h>

/* --- checking ------------------------------------------------------------------------------------- */

typedef struct checker {
    const uint8_t *at, *end;
    uint32_t slot_count, depth;
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
    return take(c, '"') && !hides_meaning(*ret);
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

static bool is_ref(cs_bytes text)
{
    return text.size > 0 && (text.data[0] == '$' || text.data[0] == '&');
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
    if (text.size == 0 || text.data[0] < '!' || text.data[0] > '-')
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
    if (++c->depth > CS_DEPTH_MAX)
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

bool cs_sc_open(const cs_capdata *data, cs_bytes *ret)
{
    checker c = { data->body.data, data->body.data + data->body.size, data->slot_count, 0 };
    if (!take(&c, '#'))
        return false;
    const uint8_t *from = c.at;
    if (!check_value(&c) || c.at != c.end)
        return false;
    *ret = (cs_bytes){ from, (size_t)(c.at - from) };
    return true;
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

cs_vref cs_sc_ref(cs_bytes value, const cs_capdata *data)
{
    uint32_t index = 0;
    cs_sc_kind kind = cs_sc_kind_of(value);
    if (kind != CS_SC_SLOT && kind != CS_SC_PROMISE)
        return (cs_vref){ 0 };
    bool good = read_index(cs_sc_inside(value), &index) && index < data->slot_count;
    cs_assert(good);
    return data->slots[index];
}

/* --- writing -------------------------------------------------------------------------------------- */

void cs_sc_add(cs_sc_writer *w, const char *text)
{
    cs_buf_add_text(&w->body, text);
}

void cs_sc_add_bytes(cs_sc_writer *w, cs_bytes text)
{
    cs_buf_add(&w->body, text.data, text.size);
}

static void grow_slots(cs_sc_writer *w)
{
    uint32_t cap = w->slot_cap == 0 ? 4 : 2 * w->slot_cap;
    cs_vref *slots = cs_arena_take(w->arena, cap * sizeof *slots);
    if (w->slot_count > 0)
        memcpy(slots, w->slots, w->slot_count * sizeof *slots);
    w->slots = slots;
    w->slot_cap = cap;
}

static uint32_t add_slot(cs_sc_writer *w, cs_vref ref)
{
    if (w->slot_count == w->slot_cap)
        grow_slots(w);
    w->slots[w->slot_count] = ref;
    return w->slot_count++;
}

static uint32_t slot_of(cs_sc_writer *w, cs_vref ref)
{
    for (uint32_t i = 0; i < w->slot_count; i++)
        if (cs_vref_same(w->slots[i], ref))
            return i;
    return add_slot(w, ref);
}

/* Vats choose how many slots a value has: each is found without a search. */
static uint32_t place_of(cs_sc_writer *w, uint32_t index, const cs_capdata *data)
{
    if (w->from != data) {
        w->from = data;
        w->places = cs_arena_take_zero(w->arena, data->slot_count, sizeof *w->places);
    }
    if (w->places[index] == 0)
        w->places[index] = add_slot(w, data->slots[index]) + 1;
    return w->places[index] - 1;
}

void cs_sc_add_ref(cs_sc_writer *w, cs_vref ref, const char *iface)
{
    char mark = cs_vref_type(ref) == CS_REF_PROMISE ? '&' : '$';
    cs_buf_addf(&w->body, "\"%c%u%s%s\"", mark, (unsigned)slot_of(w, ref), iface == NULL ? "" : ".",
                iface == NULL ? "" : iface);
}

/* What stands between the quotes, with the number that the slot has here. */
static void add_ref_of(cs_sc_writer *w, cs_bytes text, const cs_capdata *data)
{
    uint32_t index = 0;
    bool good = read_index(text, &index) && index < data->slot_count;
    cs_assert(good);
    size_t digits = 1;
    while (digits < text.size && text.data[digits] != '.')
        digits++;
    cs_buf_addf(&w->body, "\"%c%u", text.data[0], (unsigned)place_of(w, index, data));
    cs_buf_add(&w->body, text.data + digits, text.size - digits);
    cs_buf_add_byte(&w->body, '"');
}

/* The string that `at` begins with: its size with its quotes. */
static size_t string_size(const uint8_t *at)
{
    size_t i = 1;
    while (at[i] != '"')
        i += at[i] == '\\' ? 2 : 1;
    return i + 1;
}

void cs_sc_add_value(cs_sc_writer *w, cs_bytes value, const cs_capdata *data)
{
    for (size_t i = 0; i < value.size;) {
        if (value.data[i] != '"') {
            cs_buf_add_byte(&w->body, value.data[i++]);
            continue;
        }
        size_t size = string_size(value.data + i);
        cs_bytes string = { value.data + i, size };
        bool is_key = i + size < value.size && value.data[i + size] == ':';
        if (!is_key && is_ref(cs_sc_inside(string)))
            add_ref_of(w, cs_sc_inside(string), data);
        else
            cs_sc_add_bytes(w, string);
        i += size;
    }
}

cs_capdata cs_sc_close(cs_sc_writer *w)
{
    cs_capdata data = { .body = cs_arena_copy(w->arena, cs_buf_bytes(&w->body)),
                        .slots = w->slots,
                        .slot_count = w->slot_count };
    cs_buf_fini(&w->body);
    return data;
}
