/* What the methods of the vatAdmin vat have in common. */
#include "vats/vat_admin.h"

#include "base/limits.h"

#include <stdio.h>
#include <string.h>

/* --- text ------------------------------------------------------------------------------------------ */

static CS_PRINTF(2, 0) cs_bytes format_text(cs_va *va, const char *format, va_list args)
{
    va_list again;
    va_copy(again, args);
    int size = vsnprintf(NULL, 0, format, again);
    va_end(again);
    cs_assert(size >= 0);
    char *text = cs_arena_take(cs_native_arena(va->n), (size_t)size + 1);
    (void)vsnprintf(text, (size_t)size + 1, format, args);
    return (cs_bytes){ (uint8_t *)text, (size_t)size };
}

cs_bytes cs_va_text(cs_va *va, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    cs_bytes text = format_text(va, format, args);
    va_end(args);
    return text;
}

bool cs_va_is_id(cs_bytes value, cs_bytes *ret)
{
    *ret = cs_sc_text(value);
    if (cs_sc_kind_of(value) != CS_SC_STRING || ret->size == 0 || ret->size > CS_NAME_MAX)
        return false;
    for (size_t i = 0; i < ret->size; i++) {
        uint8_t b = ret->data[i];
        bool is_letter = (b >= 'a' && b <= 'z') || (b >= 'A' && b <= 'Z');
        if (!is_letter && !(b >= '0' && b <= '9') && b != '.' && b != '_' && b != '-')
            return false;
    }
    return true;
}

bool cs_va_id_of(const cs_capdata *data, cs_bytes *ret)
{
    cs_bytes value;
    return cs_sc_open(data, &value) && cs_va_is_id(value, ret);
}

/* --- answers --------------------------------------------------------------------------------------- */

cs_bytes cs_va_arg(const cs_va *va, uint32_t index)
{
    return cs_sc_item(va->args, index);
}

static bool is_too_large(const cs_capdata *data)
{
    return data->body.size > CS_BODY_MAX || data->slot_count > CS_SLOTS_MAX;
}

static bool is_one_promise(const cs_capdata *data)
{
    cs_bytes value;
    return cs_sc_open(data, &value) && cs_vref_type(cs_sc_ref(value, data)) == CS_REF_PROMISE;
}

void cs_va_settle(cs_va *va, cs_vref promise, bool rejected, const cs_capdata *data)
{
    static const cs_capdata undefined = { .body = { (const uint8_t *)"#\"#undefined\"", 13 } };
    static const char large[] =
        "#{\"#error\":\"vatAdmin: answer is too large\",\"name\":\"Error\"}";
    const cs_capdata too_large = { .body = CS_BYTES(large) };
    if (is_too_large(data))
        cs_native_resolve(va->n, promise, true, &too_large);
    else
        cs_native_resolve(va->n, promise, rejected,
                          !rejected && is_one_promise(data) ? &undefined : data);
}

/* Once; later answers are not given. */
static void answer(cs_va *va, bool rejected, const cs_capdata *data)
{
    cs_vref result = va->result;
    va->result = (cs_vref){ 0 };
    if (!cs_vref_none(result))
        cs_va_settle(va, result, rejected, data);
}

void cs_va_return(cs_va *va, const cs_capdata *data)
{
    answer(va, false, data);
}

void cs_va_return_undefined(cs_va *va)
{
    answer(va, false, &(cs_capdata){ .body = CS_BYTES("#\"#undefined\"") });
}

void cs_va_throw(cs_va *va, const char *format, ...)
{
    cs_sc_writer w = { .arena = cs_native_arena(va->n) };
    va_list args;
    va_start(args, format);
    cs_bytes text = format_text(va, format, args);
    va_end(args);
    cs_sc_add(&w, "#{\"#error\":");
    cs_buf_add_json(&w.body, text);
    cs_sc_add(&w, ",\"name\":\"Error\"}");
    cs_capdata data = cs_sc_close(&w);
    answer(va, true, &data);
}

/* --- memory ---------------------------------------------------------------------------------------- */

cs_bytes cs_va_get(cs_va *va, cs_bytes key)
{
    cs_bytes value = { 0 };
    (void)cs_native_get(va->n, key, &value);
    return value;
}

uint64_t cs_va_number_of(cs_bytes digits)
{
    uint64_t n = 0;
    for (size_t i = 0; i < digits.size; i++)
        n = n * 10 + (uint64_t)(digits.data[i] - '0');
    return n;
}

static uint64_t next_number(cs_va *va)
{
    enum { FIRST = 10 }; /* the fixed exports are below */
    cs_bytes known = cs_va_get(va, CS_BYTES("next"));
    uint64_t number = known.size == 0 ? FIRST : cs_va_number_of(known);
    cs_native_set(va->n, CS_BYTES("next"),
                  cs_va_text(va, "%llu", (unsigned long long)(number + 1)));
    return number;
}

cs_vref cs_va_export(cs_va *va, const char *word, cs_bytes subject)
{
    cs_vref vref = cs_vref_of(CS_REF_OBJECT, true, next_number(va));
    cs_native_set(va->n, cs_va_text(va, "o.%llu", (unsigned long long)cs_vref_id(vref)),
                  cs_va_text(va, "%s %.*s", word, (int)subject.size, (const char *)subject.data));
    return vref;
}

void cs_va_return_export(cs_va *va, const char *word, cs_bytes subject, const char *iface)
{
    cs_sc_writer w = { .arena = cs_native_arena(va->n) };
    if (cs_vref_none(va->result)) /* nobody would ever have it */
        return;
    cs_sc_add(&w, "#");
    cs_sc_add_ref(&w, cs_va_export(va, word, subject), iface);
    cs_capdata data = cs_sc_close(&w);
    cs_va_return(va, &data);
}

cs_va_kind cs_va_kind_of(cs_va *va, cs_vref vref, cs_bytes *ret_subject)
{
    static const cs_va_kind fixed[] = { CS_VA_ROOT, CS_VA_SERVICE, CS_VA_KEY };
    static const struct {
        const char *word;
        cs_va_kind kind;
    } words[] = { { "admin ", CS_VA_ADMIN },
                  { "meter ", CS_VA_METER },
                  { "unlimited ", CS_VA_UNLIMITED },
                  { "notifier ", CS_VA_NOTIFIER } };
    *ret_subject = (cs_bytes){ 0 };
    if (cs_vref_type(vref) != CS_REF_OBJECT || !cs_vref_by_vat(vref))
        return CS_VA_NONE;
    if (cs_vref_id(vref) < sizeof fixed / sizeof fixed[0])
        return fixed[cs_vref_id(vref)];
    cs_bytes is = cs_va_get(va, cs_va_text(va, "o.%llu", (unsigned long long)cs_vref_id(vref)));
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++) {
        size_t size = strlen(words[i].word);
        *ret_subject = (cs_bytes){ is.data + size, is.size - size };
        if (cs_bytes_start_with(is, words[i].word))
            return words[i].kind;
    }
    return CS_VA_NONE;
}

/* --- those who wait -------------------------------------------------------------------------------- */

static cs_bytes waiting_prefix(cs_va *va, const char *what, cs_bytes whose)
{
    return cs_va_text(va, "%s/%.*s/", what, (int)whose.size, (const char *)whose.data);
}

void cs_va_wait(cs_va *va, const char *what, cs_bytes whose)
{
    char text[CS_REF_TEXT_MAX];
    if (cs_vref_none(va->result))
        return;
    cs_bytes prefix = waiting_prefix(va, what, whose);
    cs_native_set(va->n,
                  cs_va_text(va, "%.*s%llu", (int)prefix.size, (const char *)prefix.data,
                             (unsigned long long)next_number(va)),
                  cs_va_text(va, "%s", cs_vref_text(va->result, text)));
    va->result = (cs_vref){ 0 };
}

static bool next_waiting(cs_va *va, cs_bytes prefix, cs_bytes *ret_key)
{
    return cs_native_next_key(va->n, prefix, ret_key) && ret_key->size > prefix.size &&
           memcmp(ret_key->data, prefix.data, prefix.size) == 0;
}

bool cs_va_is_anyone_waiting(cs_va *va, const char *what, cs_bytes whose)
{
    cs_bytes key;
    return next_waiting(va, waiting_prefix(va, what, whose), &key);
}

void cs_va_settle_waiting(cs_va *va, const char *what, cs_bytes whose, bool rejected,
                          const cs_capdata *data)
{
    cs_bytes prefix = waiting_prefix(va, what, whose), key;
    while (next_waiting(va, prefix, &key)) {
        cs_vref promise = { 0 };
        if (cs_vref_parse(cs_va_get(va, key), &promise) == CS_OK)
            cs_va_settle(va, promise, rejected, data);
        cs_native_delete(va->n, key);
    }
}

/* --- the device ------------------------------------------------------------------------------------ */

cs_sc_writer cs_va_args(cs_va *va, cs_bytes first)
{
    cs_sc_writer w = { .arena = cs_native_arena(va->n) };
    cs_sc_add(&w, "#[");
    if (first.size > 0) {
        cs_sc_add(&w, "\"");
        cs_sc_add_bytes(&w, first);
        cs_sc_add(&w, "\"");
    }
    return w;
}

void cs_va_add_arg(cs_va *va, cs_sc_writer *w, cs_bytes value)
{
    if (w->body.data[w->body.size - 1] != '[')
        cs_sc_add(w, ",");
    if (cs_sc_kind_of(value) == CS_SC_ABSENT)
        cs_sc_add(w, "\"#undefined\"");
    else
        cs_sc_add_value(w, value, va->data);
}

cs_vref cs_va_device(cs_va *va)
{
    cs_vref device = { 0 };
    if (cs_vref_parse(cs_va_get(va, CS_BYTES("device")), &device) != CS_OK)
        cs_va_throw(va, "vatAdmin device not configured");
    return device;
}

static bool has_promises(const cs_capdata *data)
{
    for (uint32_t i = 0; i < data->slot_count; i++)
        if (cs_vref_type(data->slots[i]) == CS_REF_PROMISE)
            return true;
    return false;
}

bool cs_va_try(cs_va *va, cs_vref device, const char *method, cs_sc_writer *args, cs_capdata *ret)
{
    *ret = (cs_capdata){ 0 };
    cs_sc_add(args, "]");
    cs_capdata data = cs_sc_close(args);
    if (has_promises(&data))
        ret->body = CS_BYTES("arguments cannot include a Promise");
    else if (is_too_large(&data))
        ret->body = CS_BYTES("arguments are too large");
    else
        return !cs_vref_none(device) &&
               cs_native_call(va->n, device, cs_bytes_of(method), &data, ret);
    return false;
}

bool cs_va_call(cs_va *va, const char *method, cs_sc_writer *args, cs_capdata *ret)
{
    if (cs_va_try(va, cs_va_device(va), method, args, ret))
        return true;
    cs_va_throw(va, "%.*s", (int)ret->body.size, (const char *)ret->body.data);
    return false;
}
