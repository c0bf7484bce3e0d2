/* The reader is a loop over values; what is open is a chain through the tokens themselves (an open
 * container's `next` is its parent), so depth costs neither C stack nor memory. */
#include "marshal/json_read.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "marshal/text.h"

#include <string.h>

enum { NONE = UINT32_MAX, KEEP_TOKENS = 4096 };

typedef struct reader {
    cs_json_list *list;
    const uint8_t *text, *at, *end;
    uint32_t open; /* the innermost open container */
    uint32_t depth;
    bool halves;
} reader;

void cs_json_fini(cs_json_list *l)
{
    cs_free(l->items);
    *l = (cs_json_list){ 0 };
}

static bool fail(reader *r, const char *error)
{
    r->list->error = error;
    r->list->error_at = (uint32_t)(r->at - r->text);
    return false;
}

static cs_json *add(reader *r, cs_json_kind kind)
{
    cs_json_list *l = r->list;
    if (l->count == l->cap) {
        l->cap = l->cap == 0 ? 64 : l->cap * 2;
        l->items = cs_realloc(l->items, l->cap, sizeof *l->items);
    }
    cs_json *j = &l->items[l->count++];
    *j = (cs_json){ .kind = (uint8_t)kind };
    return j;
}

static inline void skip_space(reader *r)
{
    while (r->at < r->end && (*r->at == ' ' || *r->at == '\n' || *r->at == '\r' || *r->at == '\t'))
        r->at++;
}

/* --- scalars ------------------------------------------------------------------------------------- */

static bool read_word(reader *r, const char *word, cs_json_kind kind)
{
    size_t size = strlen(word);
    if ((size_t)(r->end - r->at) < size || memcmp(r->at, word, size) != 0)
        return fail(r, "unexpected character");
    r->at += size;
    add(r, kind);
    return true;
}

static bool skip_digits(reader *r)
{
    const uint8_t *from = r->at;
    while (r->at < r->end && *r->at >= '0' && *r->at <= '9')
        r->at++;
    return r->at > from || fail(r, "digit expected");
}

static bool at_char(const reader *r, char a, char b)
{
    return r->at < r->end && (*r->at == a || *r->at == b);
}

static bool skip_fraction(reader *r)
{
    if (at_char(r, '.', '.')) {
        r->at++;
        if (!skip_digits(r))
            return false;
    }
    if (at_char(r, 'e', 'E')) {
        r->at++;
        if (at_char(r, '+', '-'))
            r->at++;
        return skip_digits(r);
    }
    return true;
}

static int32_t small_int(const uint8_t *at, const uint8_t *end)
{
    bool minus = *at == '-';
    int32_t n = 0;
    for (at += minus; at < end; at++)
        n = n * 10 + (*at - '0');
    return minus ? -n : n;
}

static bool read_number(reader *r)
{
    const uint8_t *from = r->at;
    if (*r->at == '-')
        r->at++;
    const uint8_t *digits = r->at;
    if (!skip_digits(r))
        return false;
    const uint8_t *whole = r->at;
    if (*digits == '0' && whole > digits + 1)
        return fail(r, "number with a leading zero");
    if (!skip_fraction(r))
        return false;
    bool small = r->at == whole && whole - digits <= 9 && !(*from == '-' && *digits == '0');
    cs_json *j = add(r, small ? CS_JSON_INT : CS_JSON_NUMBER);
    if (small) {
        j->integer = small_int(from, whole);
    } else {
        j->from = (uint32_t)(from - r->text);
        j->size = (uint32_t)(r->at - from);
    }
    return true;
}

/* --- strings ------------------------------------------------------------------------------------- */

static bool is_hex(uint8_t c)
{
    return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'f');
}

static bool skip_escape(reader *r)
{
    const uint8_t *p = r->at;
    size_t left = (size_t)(r->end - p);
    if (left >= 2 && p[1] != 0 && strchr("\"\\/bfnrt", p[1]) != NULL) {
        r->at += 2;
        return true;
    }
    if (left < 6 || p[1] != 'u' || !is_hex(p[2]) || !is_hex(p[3]) || !is_hex(p[4]) || !is_hex(p[5]))
        return fail(r, "bad escape in a string");
    r->at += 6;
    return true;
}

/* Past what is neither plain nor the quote; `*flags` notes what needs decoding. */
static bool skip_special(reader *r, uint8_t *flags)
{
    if (*r->at == '\\') {
        *flags |= CS_JSON_CODED;
        return skip_escape(r);
    }
    if (*r->at < 0x20)
        return fail(r, "control character in a string");
    size_t size = cs_text_sequence(r->at, r->end, r->halves);
    if (size == 0)
        return fail(r, "malformed UTF-8");
    if (size == 4)
        *flags |= CS_JSON_CODED;
    r->at += size;
    return true;
}

static bool read_string(reader *r, cs_json_kind kind)
{
    const uint8_t *from = ++r->at;
    uint8_t flags = 0;
    for (;;) {
        r->at = cs_text_skip_plain(r->at, r->end);
        if (r->at == r->end)
            return fail(r, "string without an end");
        if (*r->at == '"')
            break;
        if (!skip_special(r, &flags))
            return false;
    }
    cs_json *j = add(r, kind);
    j->flags = flags;
    j->from = (uint32_t)(from - r->text);
    j->size = (uint32_t)(r->at - from);
    r->at++;
    return true;
}

/* --- containers ---------------------------------------------------------------------------------- */

/* What building the object will want to know of its keys. The order of UTF-8 bytes is not quite that
 * of code units, but any order shows that no two are equal. '!' escapes: !a might be a again. */
static uint8_t look_at_key(const reader *r, const cs_json *object, const cs_json *key)
{
    cs_bytes text = { r->text + key->from, key->size };
    uint8_t first = text.size > 0 ? text.data[0] : 0, second = text.size > 1 ? text.data[1] : 0;
    uint8_t flags = 0;
    if (first >= '0' && first <= '9')
        flags |= CS_JSON_HAS_DIGIT;
    else if (first == '#')
        flags |= CS_JSON_HAS_HASH;
    else if (first == '@')
        flags |= CS_JSON_HAS_AT;
    else if (first == '!')
        flags |= CS_JSON_HAS_DIGIT;
    else if (first == '\\')
        flags |= CS_JSON_HAS_DIGIT | CS_JSON_HAS_HASH | CS_JSON_HAS_AT;
    if ((key->flags & CS_JSON_CODED) != 0 || (first == '!' && (second < '!' || second > '-')))
        return flags | CS_JSON_UNSORTED;
    if (object->from != NONE) {
        const cs_json *last = &r->list->items[object->from];
        if (cs_bytes_compare((cs_bytes){ r->text + last->from, last->size }, text) >= 0)
            flags |= CS_JSON_UNSORTED;
    }
    return flags;
}

/* An object's `from` is its last key meanwhile. */
static bool read_key(reader *r)
{
    skip_space(r);
    if (!at_char(r, '"', '"'))
        return fail(r, "property name expected");
    if (!read_string(r, CS_JSON_KEY))
        return false;
    uint32_t key = r->list->count - 1;
    cs_json *object = &r->list->items[r->open];
    object->flags |= look_at_key(r, object, &r->list->items[key]);
    object->from = key;
    skip_space(r);
    if (!at_char(r, ':', ':'))
        return fail(r, "colon expected");
    r->at++;
    return true;
}

static void close(reader *r)
{
    cs_json *j = &r->list->items[r->open];
    r->open = j->next;
    j->next = r->list->count;
    r->depth--;
    r->at++;
}

/* Opens a container and stands before its first value; one that is empty is closed again. */
static bool open(reader *r, cs_json_kind kind, char end, bool *ret_complete)
{
    if (++r->depth > CS_DEPTH_MAX)
        return fail(r, "nested too deeply");
    cs_json *j = add(r, kind);
    j->from = NONE;
    j->next = r->open;
    r->open = r->list->count - 1;
    r->at++;
    skip_space(r);
    *ret_complete = at_char(r, end, end);
    if (*ret_complete)
        close(r);
    else if (kind == CS_JSON_OBJECT)
        return read_key(r);
    return true;
}

/* A scalar, an empty container, or the opening of another. */
static bool read_value(reader *r, bool *ret_complete)
{
    *ret_complete = true;
    skip_space(r);
    switch (r->at < r->end ? *r->at : 0) {
    case '[':
        return open(r, CS_JSON_ARRAY, ']', ret_complete);
    case '{':
        return open(r, CS_JSON_OBJECT, '}', ret_complete);
    case '"':
        return read_string(r, CS_JSON_STRING);
    case 'n':
        return read_word(r, "null", CS_JSON_NULL);
    case 't':
        return read_word(r, "true", CS_JSON_TRUE);
    case 'f':
        return read_word(r, "false", CS_JSON_FALSE);
    default:
        break;
    }
    if (r->at == r->end)
        return fail(r, "unexpected end");
    if (*r->at != '-' && (*r->at < '0' || *r->at > '9'))
        return fail(r, "unexpected character");
    return read_number(r);
}

/* Behind a value: closes what ends here, and stands before the next value of what does not. */
static bool read_separator(reader *r)
{
    while (r->open != NONE) {
        cs_json *j = &r->list->items[r->open];
        bool is_array = j->kind == CS_JSON_ARRAY;
        j->size++;
        skip_space(r);
        if (at_char(r, ',', ',')) {
            r->at++;
            return is_array || read_key(r);
        }
        if (!at_char(r, is_array ? ']' : '}', is_array ? ']' : '}'))
            return fail(r, r->at == r->end ? "unexpected end" : "comma expected");
        close(r);
    }
    return true;
}

bool cs_json_read(cs_json_list *l, cs_bytes text, bool halves)
{
    static const uint8_t nothing[1];
    const uint8_t *at = text.data == NULL ? nothing : text.data;
    reader r = {
        .list = l, .text = at, .at = at, .end = at + text.size, .open = NONE, .halves = halves
    };
    l->error = NULL;
    l->count = 0;
    if (l->cap > KEEP_TOKENS) /* the last body was unusually large */
        cs_json_fini(l);
    if (text.size > CS_BODY_MAX)
        return fail(&r, "larger than 10 MB");
    do {
        bool complete;
        if (!read_value(&r, &complete) || (complete && !read_separator(&r)))
            return false;
    } while (r.open != NONE);
    skip_space(&r);
    return r.at == r.end || fail(&r, "text behind the value");
}
