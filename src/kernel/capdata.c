/* Encoding of krefs and CapData (the grammar is in capdata.h), and reading bodies.
 *
 * The kernel treats a body as text that it does not understand, but for two questions of S2: is this
 * one reference and nothing else, and what is the method called. Both are answered for smallcaps and
 * for the legacy @qclass form; a body that is neither is data, and its method has no name. A vat that
 * writes its JSON in an odd way only fools itself. */
#include "kernel/capdata.h"

#include "base/limits.h"

#include <string.h>

enum { VARINT_MAX = 10 };

/* As cs_buf_add_varint(), where there is room already. */
static uint8_t *put_varint(uint8_t *at, uint64_t n)
{
    for (; n >= 0x80; n >>= 7)
        *at++ = (uint8_t)(n | 0x80);
    *at++ = (uint8_t)n;
    return at;
}

static uint8_t *put_kref(uint8_t *at, cs_kref k)
{
    return put_varint(at, cs_kref_id(k) << 2 | (uint64_t)cs_kref_type(k));
}

void cs_kref_enc(cs_buf *b, cs_kref k)
{
    b->size = (size_t)(put_kref(cs_buf_reserve(b, VARINT_MAX), k) - b->data);
}

cs_kref cs_kref_dec(cs_reader *r)
{
    uint64_t n = cs_reader_varint(r);
    cs_ref_type type = (cs_ref_type)(n & 3);
    if (type == CS_REF_NONE || n >> 2 > CS_REF_ID_MAX) {
        r->ok = r->ok && n == 0;
        return (cs_kref){ 0 };
    }
    return cs_kref_of(type, n >> 2);
}

void cs_kcapdata_head_enc(cs_buf *b, const cs_kcapdata *d)
{
    uint8_t *at = cs_buf_reserve(b, ((size_t)d->slot_count + 2) * VARINT_MAX);
    at = put_varint(at, d->slot_count);
    for (uint32_t i = 0; i < d->slot_count; i++)
        at = put_kref(at, d->slots[i]);
    at = put_varint(at, d->body.size);
    b->size = (size_t)(at - b->data);
}

void cs_kcapdata_dec(cs_reader *r, cs_arena *arena, cs_kcapdata *ret)
{
    uint64_t count = cs_reader_varint(r);
    if (count > CS_SLOTS_MAX || count > cs_reader_left(r)) {
        r->ok = false;
        return;
    }
    cs_kref *slots = count == 0 ? NULL : cs_arena_take(arena, count * sizeof *slots);
    for (uint64_t i = 0; i < count; i++) {
        slots[i] = cs_kref_dec(r);
        r->ok = r->ok && !cs_kref_none(slots[i]);
    }
    *ret = (cs_kcapdata){ cs_reader_sized(r), slots, (uint32_t)count };
    r->ok = r->ok && ret->body.size > 0;
}

cs_blob *cs_kcapdata_blob_of(const cs_buf *head, cs_bytes body)
{
    cs_blob *blob = cs_blob_alloc(head->size + body.size);
    memcpy(blob->data, head->data, head->size);
    if (body.size > 0)
        memcpy(blob->data + head->size, body.data, body.size);
    return blob;
}

cs_blob *cs_kcapdata_blob(cs_buf *scratch, const cs_kcapdata *d)
{
    cs_buf_clear(scratch);
    cs_kcapdata_head_enc(scratch, d);
    return cs_kcapdata_blob_of(scratch, d->body);
}

cs_blob *cs_kcapdata_error_blob(cs_buf *scratch, cs_bytes message)
{
    cs_buf body = { 0 };
    cs_buf_add_text(&body, "#{\"#error\":");
    cs_buf_add_json(&body, message);
    cs_buf_add_text(&body, ",\"name\":\"Error\"}");
    const cs_kcapdata d = { cs_buf_bytes(&body), NULL, 0 };
    cs_blob *blob = cs_kcapdata_blob(scratch, &d);
    cs_buf_fini(&body);
    return blob;
}

/* ---- checks ---- */

/* Size of the UTF-8 character at `at`, 0 if there is none. */
static size_t utf8_size(const uint8_t *at, size_t left)
{
    static const uint32_t least[] = { 0, 0, 0x80, 0x800, 0x10000 };
    size_t n = *at < 0x80 ? 1 : *at >> 5 == 6 ? 2 : *at >> 4 == 14 ? 3 : *at >> 3 == 30 ? 4 : 0;
    if (n <= 1 || n > left)
        return n <= left ? n : 0;
    uint32_t c = *at & (0x7fu >> n);
    for (size_t i = 1; i < n; i++) {
        if (at[i] >> 6 != 2)
            return 0;
        c = c << 6 | (at[i] & 0x3f);
    }
    bool is_surrogate = c >= 0xd800 && c < 0xe000;
    return c < least[n] || c > 0x10ffff || is_surrogate ? 0 : n;
}

/* How many bytes from the start are surely ASCII, in steps of a few words. */
static size_t ascii_size(const uint8_t *at, size_t left)
{
    uint64_t w[4];
    size_t n = 0;
    for (; left - n >= sizeof w; n += sizeof w) {
        memcpy(w, at + n, sizeof w);
        if (((w[0] | w[1] | w[2] | w[3]) & UINT64_C(0x8080808080808080)) != 0)
            break;
    }
    return n;
}

bool cs_is_utf8(cs_bytes b)
{
    size_t i = ascii_size(b.data, b.size); /* nearly always nearly all of it */
    while (i < b.size) {
        size_t n = utf8_size(b.data + i, b.size - i);
        if (n == 0)
            return false;
        i += n;
        if (n > 1)
            i += ascii_size(b.data + i, b.size - i);
    }
    return true;
}

cs_status cs_body_check(cs_bytes body, uint32_t slot_count, cs_error *err)
{
    if (body.size > CS_BODY_MAX)
        return cs_fail(err, CS_E_TOO_BIG, "body of %zu bytes, more than %u", body.size,
                       CS_BODY_MAX);
    if (slot_count > CS_SLOTS_MAX)
        return cs_fail(err, CS_E_TOO_BIG, "%u slots, more than %u", (unsigned)slot_count,
                       CS_SLOTS_MAX);
    if (body.size == 0)
        return cs_fail(err, CS_E_BAD_CAPDATA, "body is empty");
    if (!cs_is_utf8(body))
        return cs_fail(err, CS_E_BAD_CAPDATA, "body is not UTF-8");
    return CS_OK;
}

/* ---- reading bodies ---- */

static bool eat(cs_bytes *at, const char *text)
{
    if (!cs_bytes_start_with(*at, text))
        return false;
    at->data += strlen(text);
    at->size -= strlen(text);
    return true;
}

/* Takes a JSON string off, quotes and all; gives what stands between them, escapes as they are. */
static bool eat_string(cs_bytes *at, cs_bytes *ret)
{
    if (!eat(at, "\""))
        return false;
    size_t n = 0;
    while (n < at->size && at->data[n] != '"')
        n += at->data[n] == '\\' ? 2 : 1;
    if (n >= at->size)
        return false;
    *ret = (cs_bytes){ at->data, n };
    at->data += n + 1;
    at->size -= n + 1;
    return true;
}

static bool eat_number(cs_bytes *at, uint32_t *ret)
{
    uint32_t n = 0;
    size_t i = 0;
    for (; i < at->size && i < 6 && at->data[i] >= '0' && at->data[i] <= '9'; i++)
        n = n * 10 + (uint32_t)(at->data[i] - '0');
    at->data += i;
    at->size -= i;
    *ret = n;
    return i > 0;
}

/* #"$0", #"$0.Alleged: counter", #"&0" */
static bool smallcaps_slot(cs_bytes body, uint32_t *ret)
{
    cs_bytes text;
    if (!eat(&body, "#") || !eat_string(&body, &text) || body.size > 0)
        return false;
    if (!eat(&text, "$") && !eat(&text, "&"))
        return false;
    return eat_number(&text, ret) && (text.size == 0 || text.data[0] == '.');
}

/* {"@qclass":"slot","iface":"Alleged: counter","index":0}, in any order */
static bool legacy_slot(cs_bytes body, uint32_t *ret)
{
    bool is_slot = false, has_index = false;
    if (!eat(&body, "{"))
        return false;
    do {
        cs_bytes key, value;
        if (!eat_string(&body, &key) || !eat(&body, ":"))
            return false;
        if (cs_bytes_equal(key, CS_BYTES("index")))
            has_index = eat_number(&body, ret);
        else if (!eat_string(&body, &value))
            return false;
        else if (cs_bytes_equal(key, CS_BYTES("@qclass")))
            is_slot = cs_bytes_equal(value, CS_BYTES("slot"));
    } while (eat(&body, ","));
    return eat(&body, "}") && body.size == 0 && is_slot && has_index;
}

cs_kref cs_kcapdata_lone_slot(const cs_kcapdata *d)
{
    uint32_t i;
    bool found = smallcaps_slot(d->body, &i) || legacy_slot(d->body, &i);
    return found && i < d->slot_count ? d->slots[i] : (cs_kref){ 0 };
}

enum { SHOWN_MAX = 400 };

cs_bytes cs_text_shown(cs_bytes text)
{
    if (text.size <= SHOWN_MAX)
        return text;
    text.size = SHOWN_MAX;
    while (text.size > 0 && text.data[text.size] >> 6 == 2)
        text.size--;
    return text;
}

void cs_text_make_line(char *text)
{
    bool is_utf8 = cs_is_utf8(cs_bytes_of(text));
    for (char *at = text; *at != 0; at++)
        if ((unsigned char)*at < 0x20 || *at == 0x7f)
            *at = ' ';
        else if ((unsigned char)*at >= 0x80 && !is_utf8)
            *at = '?';
}

void cs_methargs_method(cs_buf *b, cs_bytes body)
{
    cs_bytes name;
    bool is_smallcaps = eat(&body, "#");
    if (!eat(&body, "[") || !eat_string(&body, &name)) {
        cs_buf_add_text(b, "?");
        return;
    }
    if (is_smallcaps && !eat(&name, "!") && !eat(&name, "%"))
        (void)eat(&name, "#"); /* "!name" is escaped, "%name" a symbol, "#undefined" no method */
    name = cs_text_shown(name);
    cs_buf_add(b, name.data, name.size);
}
