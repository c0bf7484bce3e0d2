/* Writing is wire/json.c's shapes with a type before them. Reading goes through jansson, which refuses
 * what is no JSON or no UTF-8, and then member by member. */
#include "wire/lines.h"

#include "base/limits.h"
#include "wire/json.h"
#include "wire/text.h"

#include <jansson.h>
#include <openssl/evp.h>
#include <string.h>

size_t cs_line_size(cs_bytes got, size_t max)
{
    const uint8_t *end = got.size == 0 ? NULL : memchr(got.data, '\n', got.size);
    if (end == NULL)
        return got.size > max ? SIZE_MAX : 0;
    const size_t size = (size_t)(end - got.data) + 1;
    return size > max ? SIZE_MAX : size;
}

/* ---- writing ---- */

static void add_head(cs_buf *b, const char *type, const cs_frame *f)
{
    cs_buf_addf(b, "{\"type\":\"%s\",\"serial\":%u", type, (unsigned)f->serial);
}

static void add_vat(cs_buf *b, cs_vatid vat)
{
    cs_buf_addf(b, ",\"vat\":\"v%u\"", (unsigned)vat.n);
}

static void add_answer(cs_buf *b, const cs_frame *f)
{
    add_head(b, "answer", f);
    cs_buf_add_text(b, ",\"answer\":");
    if (f->answer.refused)
        cs_buf_add_text(b, "[\"error\",\"refused\"]");
    else
        cs_answer_json(b, &f->answer.question);
}

static void add_base64(cs_buf *b, cs_bytes bytes)
{
    enum { PIECE = 3 * 16384 }; /* whole digits, and within what EVP takes */
    unsigned char digits[PIECE / 3 * 4 + 1];
    for (size_t at = 0; at < bytes.size; at += PIECE) {
        size_t left = bytes.size - at;
        int count = EVP_EncodeBlock(digits, bytes.data + at, (int)(left < PIECE ? left : PIECE));
        cs_buf_add(b, digits, (size_t)count);
    }
}

static void add_load(cs_buf *b, const cs_frame *f)
{
    add_head(b, "load", f);
    add_vat(b, f->load.vat);
    if (f->load.bundle.size == 0)
        return;
    cs_buf_add_text(b, ",\"bundle\":\"");
    add_base64(b, f->load.bundle);
    cs_buf_add_byte(b, '"');
}

static void add_deliver(cs_buf *b, const cs_frame *f)
{
    add_head(b, "deliver", f);
    add_vat(b, f->deliver.vat);
    cs_buf_addf(b, ",\"replay\":%s,\"delivery\":", f->deliver.silent ? "true" : "false");
    cs_delivery_json(b, &f->deliver.delivery);
}

cs_status cs_line_enc(cs_buf *b, const cs_frame *f)
{
    cs_assert(f->type < CS_FRAME_READY); /* the kernel writes no worker's messages */
    switch (f->type) {
    case CS_FRAME_HELLO:
        add_head(b, "hello", f);
        cs_buf_addf(b, ",\"version\":%u", (unsigned)f->hello.version);
        break;
    case CS_FRAME_LOAD:
        add_load(b, f);
        break;
    case CS_FRAME_DELIVER:
        add_deliver(b, f);
        break;
    case CS_FRAME_ANSWER:
        add_answer(b, f);
        break;
    case CS_FRAME_IMPORTS:
    case CS_FRAME_UNLOAD:
        add_head(b, f->type == CS_FRAME_IMPORTS ? "imports" : "unload", f);
        add_vat(b, f->vat);
        break;
    case CS_FRAME_READY:
    case CS_FRAME_LOADED:
    case CS_FRAME_SAY:
    case CS_FRAME_ASK:
    case CS_FRAME_REPLY:
    case CS_FRAME_IMPORTED:
        break;
    }
    cs_buf_add_text(b, "}\n");
    return CS_OK;
}

/* ---- reading: small things ---- */

typedef struct reader {
    cs_arena *arena;
    bool ok;
    uint64_t body_left, slots_left; /* of the syscall (S7) */
} reader;

static void refuse(reader *r)
{
    r->ok = false;
}

/* jansson's own memory goes when the line is read. */
static cs_bytes get_text(reader *r, const json_t *value, uint64_t max)
{
    cs_bytes text = { 0 };
    if (!json_is_string(value) || json_string_length(value) > max) {
        refuse(r);
        return text;
    }
    text.data = (const uint8_t *)json_string_value(value);
    text.size = json_string_length(value);
    return cs_arena_copy(r->arena, text);
}

static uint64_t get_number(reader *r, const json_t *value, uint64_t max)
{
    const json_int_t n = json_integer_value(value);
    if (json_is_integer(value) && n >= 0 && (uint64_t)n <= max)
        return (uint64_t)n;
    refuse(r);
    return 0;
}

static bool get_bool(reader *r, const json_t *value)
{
    if (!json_is_boolean(value))
        refuse(r);
    return json_is_true(value);
}

static cs_vref get_vref(reader *r, const json_t *value)
{
    cs_vref v = { 0 };
    if (!json_is_string(value) ||
        cs_vref_parse(
            (cs_bytes){ (const uint8_t *)json_string_value(value), json_string_length(value) },
            &v) != CS_OK)
        refuse(r);
    return v;
}

static cs_vref get_vref_or_null(reader *r, const json_t *value)
{
    return value == NULL || json_is_null(value) ? (cs_vref){ 0 } : get_vref(r, value);
}

static const cs_vref *get_vrefs(reader *r, const json_t *list, uint64_t max, uint32_t *ret_count)
{
    const size_t count = json_array_size(list);
    *ret_count = 0;
    if (!json_is_array(list) || count > max) {
        refuse(r);
        return NULL;
    }
    cs_vref *items = cs_arena_take(r->arena, (count + 1) * sizeof *items);
    for (size_t i = 0; i < count; i++)
        items[i] = get_vref(r, json_array_get(list, i));
    *ret_count = (uint32_t)count;
    return items;
}

/* Only these members, which are `count`; whether each of them is there shows when it is read. */
static void only(reader *r, const json_t *object, const char *const *names, size_t count)
{
    const char *key;
    json_t *value;
    if (!json_is_object(object)) {
        refuse(r);
        return;
    }
    json_object_foreach((json_t *)(uintptr_t)object, key, value)
    {
        bool known = false;
        for (size_t i = 0; i < count; i++)
            known |= strcmp(names[i], key) == 0;
        if (!known)
            refuse(r);
    }
}
#define ONLY(r, object, ...) \
    only(r, object, (const char *const[]){ __VA_ARGS__ }, \
         sizeof((const char *const[]){ __VA_ARGS__ }) / sizeof(char *))

/* ---- reading: syscalls ---- */

static cs_capdata get_capdata(reader *r, const json_t *value)
{
    ONLY(r, value, "body", "slots");
    cs_capdata c = { .body = get_text(r, json_object_get(value, "body"), r->body_left) };
    c.slots = get_vrefs(r, json_object_get(value, "slots"), r->slots_left, &c.slot_count);
    r->body_left -= c.body.size;
    r->slots_left -= c.slot_count;
    return c;
}

static cs_message get_message(reader *r, const json_t *target, const json_t *value)
{
    ONLY(r, value, "methargs", "result");
    cs_message m = { .target = get_vref(r, target) };
    m.methargs = get_capdata(r, json_object_get(value, "methargs"));
    m.result = get_vref_or_null(r, json_object_get(value, "result"));
    return m;
}

static cs_resolutions get_resolutions(reader *r, const json_t *list)
{
    const size_t count = json_array_size(list);
    cs_resolutions all = { .count = (uint32_t)count };
    if (!json_is_array(list) || count > CS_SLOTS_MAX) {
        refuse(r);
        return (cs_resolutions){ 0 };
    }
    cs_resolution *items = cs_arena_take_zero(r->arena, count + 1, sizeof *items);
    for (size_t i = 0; i < count; i++) {
        const json_t *one = json_array_get(list, i);
        if (json_array_size(one) != 3)
            refuse(r);
        items[i].promise = get_vref(r, json_array_get(one, 0));
        items[i].rejected = get_bool(r, json_array_get(one, 1));
        items[i].data = get_capdata(r, json_array_get(one, 2));
    }
    all.items = items;
    return all;
}

static cs_syscall_kind find_kind(const char *name)
{
    for (int kind = CS_SYSCALL_SEND; kind <= CS_SYSCALL_CALL_NOW; kind++)
        if (name != NULL && strcmp(cs_syscall_name((cs_syscall_kind)kind), name) == 0)
            return (cs_syscall_kind)kind;
    return (cs_syscall_kind)0;
}

static void get_call(reader *r, const json_t *list, cs_syscall *s)
{
    s->call.device = get_vref(r, json_array_get(list, 1));
    s->call.method = get_text(r, json_array_get(list, 2), r->body_left);
    r->body_left -= s->call.method.size;
    s->call.args = get_capdata(r, json_array_get(list, 3));
}

static cs_syscall get_syscall(reader *r, const json_t *list)
{
    const json_t *first = json_array_get(list, 1), *second = json_array_get(list, 2);
    cs_syscall s = { .kind = find_kind(json_string_value(json_array_get(list, 0))) };
    size_t size = 2; /* of the list */
    r->body_left = CS_BODY_MAX;
    r->slots_left = CS_SLOTS_MAX;
    switch (s.kind) {
    case CS_SYSCALL_SEND:
        s.send = get_message(r, first, second);
        size = 3;
        break;
    case CS_SYSCALL_SUBSCRIBE:
        s.promise = get_vref(r, first);
        break;
    case CS_SYSCALL_RESOLVE:
        s.resolve = get_resolutions(r, first);
        break;
    case CS_SYSCALL_EXIT:
        s.exit.is_failure = get_bool(r, first);
        s.exit.info = get_capdata(r, second);
        size = 3;
        break;
    case CS_SYSCALL_DROP_IMPORTS:
    case CS_SYSCALL_RETIRE_IMPORTS:
    case CS_SYSCALL_RETIRE_EXPORTS:
    case CS_SYSCALL_ABANDON_EXPORTS:
        s.refs.items = get_vrefs(r, first, CS_VREFS_MAX, &s.refs.count);
        break;
    case CS_SYSCALL_VATSTORE_SET:
        s.vatstore.value = get_text(r, second, CS_VATSTORE_VALUE_MAX);
        s.vatstore.key = get_text(r, first, CS_VATSTORE_KEY_MAX);
        size = 3;
        break;
    case CS_SYSCALL_VATSTORE_GET:
    case CS_SYSCALL_VATSTORE_DELETE:
    case CS_SYSCALL_VATSTORE_NEXT_KEY:
        s.vatstore.key = get_text(r, first, CS_VATSTORE_KEY_MAX);
        break;
    case CS_SYSCALL_CALL_NOW:
        get_call(r, list, &s);
        size = 4;
        break;
    default:
        refuse(r);
        break;
    }
    if (json_array_size(list) != size)
        refuse(r);
    return s;
}

static cs_syscall *get_syscalls(reader *r, const json_t *list, uint32_t *ret_count)
{
    const size_t count = json_array_size(list);
    *ret_count = 0;
    if (!json_is_array(list) || count > CS_SYSCALLS_MAX) {
        refuse(r);
        return NULL;
    }
    cs_syscall *items = cs_arena_take_zero(r->arena, count + 1, sizeof *items);
    for (size_t i = 0; i < count && r->ok; i++)
        items[i] = get_syscall(r, json_array_get(list, i));
    *ret_count = (uint32_t)count;
    return items;
}

/* ---- reading: messages ---- */

static void get_ready(reader *r, const json_t *root, cs_frame *f)
{
    ONLY(r, root, "type", "serial", "version");
    f->type = CS_FRAME_READY;
    f->hello.version = (uint32_t)get_number(r, json_object_get(root, "version"), UINT32_MAX);
}

/* A worker that cannot load its vat says why. */
static void get_loaded(reader *r, const json_t *root, cs_frame *f)
{
    const json_t *error = json_object_get(root, "error");
    ONLY(r, root, "type", "serial", "error");
    f->type = CS_FRAME_LOADED;
    f->loaded.status = error == NULL ? CS_OK : CS_E_THROWN;
    if (error != NULL)
        f->loaded.problem = get_text(r, error, CS_ERROR_MAX);
}

static void get_say(reader *r, const json_t *root, cs_frame *f)
{
    const json_t *level = json_object_get(root, "level");
    ONLY(r, root, "type", "serial", "level", "text");
    f->type = CS_FRAME_SAY;
    if (level != NULL)
        f->say.level = get_text(r, level, CS_NAME_MAX);
    f->say.text = get_text(r, json_object_get(root, "text"), CS_SAY_MAX);
    if (!cs_say_level_check(f->say.level))
        refuse(r);
}

static void get_ask(reader *r, const json_t *root, cs_frame *f)
{
    ONLY(r, root, "type", "serial", "syscalls");
    f->type = CS_FRAME_ASK;
    f->ask.syscalls = get_syscalls(r, json_object_get(root, "syscalls"), &f->ask.count);
    if (f->ask.count == 0 || !cs_syscall_asks(f->ask.syscalls[f->ask.count - 1].kind))
        refuse(r);
}

static void get_reply(reader *r, const json_t *root, cs_frame *f)
{
    const json_t *error = json_object_get(root, "error"),
                 *computrons = json_object_get(root, "computrons");
    cs_reply *reply = &f->reply.reply;
    ONLY(r, root, "type", "serial", "syscalls", "error", "computrons");
    f->type = CS_FRAME_REPLY;
    reply->imports_held = CS_IMPORTS_UNKNOWN;
    reply->syscalls = get_syscalls(r, json_object_get(root, "syscalls"), &reply->syscall_count);
    if (computrons != NULL)
        reply->computrons = get_number(r, computrons, UINT32_MAX);
    if (error != NULL) {
        reply->status = CS_E_THROWN;
        reply->problem = get_text(r, error, CS_ERROR_MAX);
    }
}

static void get_message_of(reader *r, const json_t *root, cs_frame *f)
{
    static const struct {
        const char *type;
        void (*get)(reader *r, const json_t *root, cs_frame *f);
    } types[] = { { "ready", get_ready },
                  { "loaded", get_loaded },
                  { "say", get_say },
                  { "ask", get_ask },
                  { "reply", get_reply } };
    const char *type = json_string_value(json_object_get(root, "type"));
    f->serial = (uint32_t)get_number(r, json_object_get(root, "serial"), UINT32_MAX);
    for (size_t i = 0; i < sizeof types / sizeof *types && type != NULL; i++)
        if (strcmp(types[i].type, type) == 0) {
            types[i].get(r, root, f);
            return;
        }
    refuse(r);
}

cs_status cs_line_dec(cs_bytes line, cs_arena *arena, cs_frame *ret)
{
    reader r = { .arena = arena, .ok = true };
    cs_frame f;
    memset(&f, 0, sizeof f); /* all members of the union */
    json_t *root = json_loadb((const char *)line.data, line.size, JSON_REJECT_DUPLICATES, NULL);
    if (json_is_object(root))
        get_message_of(&r, root, &f);
    else
        refuse(&r);
    json_decref(root);
    if (!r.ok)
        return CS_E_PROTOCOL;
    *ret = f;
    return CS_OK;
}
