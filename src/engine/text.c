/* Strings of XS and bytes: what TextEncoder, TextDecoder and Base64 (js/text.js) are made of, and
 * the conversions for the rest of our C. XS's own modules trust their input more than we can.
 *
 * XS keeps a string as CESU-8: NUL as C0 80, a character above U+FFFF as two surrogates of three
 * bytes each. */
#include "engine/base.h"
#include "engine/heap.h"
#include "engine/utf8.h"

#include <string.h>

/* --- UTF-8 into XS ------------------------------------------------------------------------------- */

static size_t put_cesu(uint8_t *at, uint32_t code)
{
    if (code == 0) {
        at[0] = 0xC0;
        at[1] = 0x80;
        return 2;
    }
    if (code < 0x10000)
        return cs_utf8_put(at, code);
    code -= 0x10000;
    size_t n = cs_utf8_put(at, 0xD800 + (code >> 10));
    return n + cs_utf8_put(at + n, 0xDC00 + (code & 0x3FF));
}

/* Size in XS, or SIZE_MAX if there are malformed bytes and `fatal`. */
static size_t cesu_size(cs_bytes b, bool fatal)
{
    size_t size = 0;
    uint8_t scratch[6];
    for (const uint8_t *at = b.data, *end = at + b.size; at < end;) {
        uint32_t code;
        bool ok;
        at += cs_utf8_next(at, end, &code, &ok);
        if (!ok && fatal)
            return SIZE_MAX;
        size += put_cesu(scratch, code);
    }
    return size;
}

static void put_all_cesu(uint8_t *to, cs_bytes b)
{
    for (const uint8_t *at = b.data, *end = at + b.size; at < end;) {
        uint32_t code;
        bool ok;
        at += cs_utf8_next(at, end, &code, &ok);
        to += put_cesu(to, code);
    }
    *to = 0;
}

/* Makes `slot` an empty string of `size` bytes and returns where they go. */
static uint8_t *new_string(cs_machine *the, cs_slot *slot, size_t size)
{
    if (size >= INT32_MAX)
        fxAbort(the, XS_NOT_ENOUGH_MEMORY_EXIT);
    slot->value.string = fxNewChunk(the, (txSize)size + 1);
    slot->kind = XS_STRING_KIND;
    return (uint8_t *)slot->value.string;
}

void cs_push_text(cs_machine *the, cs_bytes utf8)
{
    mxPushUndefined();
    put_all_cesu(new_string(the, the->stack, cesu_size(utf8, false)), utf8);
}

void cs_throw_error(cs_machine *the, cs_slot *constructor, const char *text)
{
    mxPushSlot(constructor);
    mxNew();
    cs_push_text(the, cs_bytes_of(text));
    mxRunCount(1);
    mxPull(mxException);
    fxJump(the);
}

/* --- XS into UTF-8 ------------------------------------------------------------------------------- */

/* One character of a string of XS; the string ends with a 0 byte, and XS keeps it well-formed. */
static const uint8_t *next_cesu(const uint8_t *at, uint32_t *ret_code)
{
    uint32_t b = *at++, code = b;
    if (b >= 0x80) {
        int more = b >= 0xF0 ? 3 : b >= 0xE0 ? 2 : 1;
        code = b & (0x3Fu >> more);
        for (; more > 0 && *at != 0; more--)
            code = code << 6 | (*at++ & 0x3Fu);
    }
    *ret_code = code;
    return at;
}

static bool is_surrogate(uint32_t code)
{
    return code >= 0xD800 && code < 0xE000;
}

/* Joins pairs, replaces lone surrogates. */
static const uint8_t *next_scalar(const uint8_t *at, uint32_t *ret_code)
{
    uint32_t high, low;
    at = next_cesu(at, &high);
    *ret_code = high;
    if (!is_surrogate(high))
        return at;
    *ret_code = 0xFFFD;
    if (high >= 0xDC00 || *at == 0)
        return at;
    const uint8_t *after = next_cesu(at, &low);
    if (low < 0xDC00 || low >= 0xE000)
        return at;
    *ret_code = 0x10000 + ((high - 0xD800) << 10) + (low - 0xDC00);
    return after;
}

void cs_add_string(cs_buf *b, const char *cesu)
{
    for (const uint8_t *at = (const uint8_t *)cesu; *at != 0;) {
        uint32_t code;
        at = next_scalar(at, &code);
        uint8_t *to = cs_buf_reserve(b, 4);
        b->size += cs_utf8_put(to, code);
    }
}

void cs_add_text(cs_buf *b, const cs_slot *string)
{
    cs_add_string(b, string->value.string);
}

static size_t utf8_size(const char *cesu)
{
    size_t size = 0;
    uint8_t scratch[4];
    for (const uint8_t *at = (const uint8_t *)cesu; *at != 0;) {
        uint32_t code;
        at = next_scalar(at, &code);
        size += cs_utf8_put(scratch, code);
    }
    return size;
}

/* --- natives ------------------------------------------------------------------------------------- */

static cs_slot *argument(cs_machine *the, int i)
{
    if (mxArgc <= i)
        cs_throw(the, XS_TYPE_ERROR, "missing argument");
    return mxArgv(i);
}

/* What an argument that is a Uint8Array shows; valid until something is allocated. js/ passes
 * nothing else. */
static cs_bytes bytes_of(cs_machine *the, int i)
{
    const cs_slot *v = argument(the, i);
    if (v->kind != XS_REFERENCE_KIND || !cs_is_exotic(v->value.reference, XS_TYPED_ARRAY_KIND))
        cs_throw(the, XS_TYPE_ERROR, "not a typed array");
    cs_slot *view = v->value.reference->next->next, *buffer = view->next;
    const cs_slot *data = buffer->value.reference->next;
    txInteger size = fxGetDataViewSize(the, view, buffer);
    if (data->kind != XS_ARRAY_BUFFER_KIND || data->value.arrayBuffer.address == NULL || size <= 0)
        return (cs_bytes){ 0 };
    return (cs_bytes){
        (const uint8_t *)data->value.arrayBuffer.address + view->value.dataView.offset, (size_t)size
    };
}

static uint8_t *new_buffer(cs_machine *the, size_t size)
{
    if (size >= INT32_MAX)
        fxAbort(the, XS_NOT_ENOUGH_MEMORY_EXIT);
    return fxArrayBuffer(the, mxResult, NULL, (txInteger)size, -1);
}

/* encodeUtf8(string) -> ArrayBuffer */
static void encode_utf8(cs_machine *the)
{
    (void)fxToString(the, argument(the, 0));
    uint8_t *to = new_buffer(the, utf8_size(mxArgv(0)->value.string));
    for (const uint8_t *at = (const uint8_t *)mxArgv(0)->value.string; *at != 0;) {
        uint32_t code;
        at = next_scalar(at, &code);
        to += cs_utf8_put(to, code);
    }
}

/* decodeUtf8(uint8Array, fatal) -> string */
static void decode_utf8(cs_machine *the)
{
    bool fatal = fxToBoolean(the, argument(the, 1)) != 0;
    size_t size = cesu_size(bytes_of(the, 0), fatal);
    if (size == SIZE_MAX)
        cs_throw(the, XS_TYPE_ERROR, "invalid UTF-8");
    uint8_t *to = new_string(the, mxResult, size);
    put_all_cesu(to, bytes_of(the, 0));
}

/* utf8Tail(uint8Array) -> number of bytes at its end that begin a character */
static void utf8_tail(cs_machine *the)
{
    fxInteger(the, mxResult, (txInteger)cs_utf8_tail(bytes_of(the, 0)));
}

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static uint8_t *put_base64(uint8_t *to, const uint8_t *at, size_t size)
{
    uint32_t n = (uint32_t)at[0] << 16 | (size > 1 ? (uint32_t)at[1] << 8 : 0) |
                 (size > 2 ? (uint32_t)at[2] : 0);
    *to++ = (uint8_t)digits[n >> 18];
    *to++ = (uint8_t)digits[n >> 12 & 63];
    *to++ = size > 1 ? (uint8_t)digits[n >> 6 & 63] : '=';
    *to++ = size > 2 ? (uint8_t)digits[n & 63] : '=';
    return to;
}

/* encodeBase64(uint8Array) -> string */
static void encode_base64(cs_machine *the)
{
    uint8_t *to = new_string(the, mxResult, (bytes_of(the, 0).size + 2) / 3 * 4);
    cs_bytes b = bytes_of(the, 0);
    for (size_t at = 0; at < b.size; at += 3)
        to = put_base64(to, b.data + at, b.size - at);
    *to = 0;
}

/* The value of a digit; 64 for any other byte. */
static uint32_t digit_value(uint8_t c)
{
    const char *found = c == 0 ? NULL : strchr(digits, c);
    return found == NULL ? 64 : (uint32_t)(found - digits);
}

/* How many digits stand before the padding; SIZE_MAX if the text is no base64 of whole bytes. */
static size_t count_digits(const char *text)
{
    size_t count = 0, size = strlen(text);
    while (digit_value((uint8_t)text[count]) < 64)
        count++;
    size_t padding = size - count;
    bool padded = size % 4 == 0 && padding <= 2 && strspn(text + count, "=") == padding;
    return padded ? count : SIZE_MAX;
}

/* decodeBase64(string) -> ArrayBuffer */
static void decode_base64(cs_machine *the)
{
    size_t count = count_digits(fxToString(the, argument(the, 0)));
    if (count == SIZE_MAX)
        cs_throw(the, XS_TYPE_ERROR, "invalid base64");
    uint8_t *to = new_buffer(the, count * 3 / 4);
    const char *text = mxArgv(0)->value.string;
    uint32_t bits = 0;
    for (size_t i = 0; i < count; i++) {
        bits = bits << 6 | digit_value((uint8_t)text[i]);
        if (i % 4 > 0)
            *to++ = (uint8_t)(bits >> (6 - i % 4 * 2));
    }
}

const cs_native cs_text_natives[] = {
    { "encodeUtf8", encode_utf8, 1 },     { "decodeUtf8", decode_utf8, 2 },
    { "utf8Tail", utf8_tail, 1 },         { "encodeBase64", encode_base64, 1 },
    { "decodeBase64", decode_base64, 1 }, { 0 },
};
