#include "raw_text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* References of either kind, as bits: cs_vref and cs_kref are structs of one such number. */
typedef struct refs {
    uint64_t *items;
    uint32_t count;
} refs;

/* A place in a script, and how its references read. */
typedef struct cursor {
    const char *at, *whole;
    cs_arena *arena;
    bool krefs;
    raw_lookup_fn *lookup;
    void *ctx;
} cursor;

void raw_die(const char *what, const char *text)
{
    (void)fprintf(stderr, "script: %s: %s\n", what, text);
    abort();
}

/* ---- words ---- */

static void skip(cursor *c)
{
    while (*c->at == ' ')
        c->at++;
}

static bool eat(cursor *c, const char *text)
{
    skip(c);
    if (strncmp(c->at, text, strlen(text)) != 0)
        return false;
    c->at += strlen(text);
    return true;
}

/* The same, but a whole word. */
static bool eat_word(cursor *c, const char *word)
{
    size_t n = strlen(word);
    skip(c);
    if (strncmp(c->at, word, n) != 0 || (c->at[n] != ' ' && c->at[n] != 0))
        return false;
    c->at += n;
    return true;
}

static void need(cursor *c, const char *text)
{
    if (!eat(c, text))
        raw_die(text, c->at);
}

/* Up to one of `ends` or the end. */
static cs_bytes take(cursor *c, const char *ends)
{
    skip(c);
    size_t n = strcspn(c->at, ends);
    cs_bytes b = { (const uint8_t *)c->at, n };
    c->at += n;
    return b;
}

/* ---- references ---- */

static uint64_t parse_ref(cursor *c)
{
    cs_kref k = { 0 };
    cs_vref v = { 0 };
    cs_bytes text = take(c, " .)]");
    if (cs_bytes_start_with(text, "bits:"))
        return strtoull((const char *)text.data + 5, NULL, 16);
    if (text.size > 0 && text.data[0] == '@' && c->lookup != NULL)
        return c->lookup(c->ctx, (cs_bytes){ text.data + 1, text.size - 1 }).bits;
    cs_status st = c->krefs ? cs_kref_parse(text, &k) : cs_vref_parse(text, &v);
    if (st != CS_OK)
        raw_die("not a reference", (const char *)text.data);
    return c->krefs ? k.bits : v.bits;
}

static refs parse_refs(cursor *c, const char *ends)
{
    uint64_t list[100];
    refs r = { 0 };
    for (skip(c); *c->at != 0 && strchr(ends, *c->at) == NULL; skip(c)) {
        if (r.count == sizeof list / sizeof list[0])
            raw_die("too many references", c->whole);
        list[r.count++] = parse_ref(c);
    }
    r.items = cs_arena_take(c->arena, sizeof list);
    memcpy(r.items, list, sizeof list);
    return r;
}

static bool is_promise(bool krefs, uint64_t bits)
{
    return krefs ? cs_kref_type((cs_kref){ bits }) == CS_REF_PROMISE
                 : cs_vref_type((cs_vref){ bits }) == CS_REF_PROMISE;
}

static void add_ref(cs_buf *b, bool krefs, uint64_t bits)
{
    char text[CS_REF_TEXT_MAX];
    cs_buf_add_text(b, krefs ? cs_kref_text((cs_kref){ bits }, text)
                             : cs_vref_text((cs_vref){ bits }, text));
}

static void add_refs(cs_buf *b, bool krefs, refs r)
{
    for (uint32_t i = 0; i < r.count; i++) {
        if (i > 0)
            cs_buf_add_byte(b, ' ');
        add_ref(b, krefs, r.items[i]);
    }
}

/* ---- bodies ---- */

static void add_slots_body(cs_buf *b, bool krefs, refs r)
{
    cs_buf_add_byte(b, '[');
    for (uint32_t i = 0; i < r.count; i++)
        cs_buf_addf(b, "%s\"%c%u\"", i > 0 ? "," : "", is_promise(krefs, r.items[i]) ? '&' : '$',
                    (unsigned)i);
    cs_buf_add_byte(b, ']');
}

static cs_bytes finish(cursor *c, cs_buf *b)
{
    cs_bytes body = cs_arena_copy(c->arena, cs_buf_bytes(b));
    cs_buf_fini(b);
    return body;
}

typedef struct data {
    cs_bytes body;
    refs slots;
} data;

/* raw BODY | REF... */
static data parse_raw(cursor *c)
{
    data d = { 0 };
    const char *bar = strstr(c->at, " | ");
    skip(c);
    d.body =
        (cs_bytes){ (const uint8_t *)c->at, bar == NULL ? strlen(c->at) : (size_t)(bar - c->at) };
    c->at += d.body.size;
    if (bar != NULL) {
        c->at = bar + 3;
        d.slots = parse_refs(c, "=");
    }
    return d;
}

static bool is_ref(const cursor *c)
{
    const char *at = c->at + strspn(c->at, " ");
    if (*at == '@' || strncmp(at, "bits:", 5) == 0)
        return true;
    at += c->krefs && *at == 'k' ? 1 : 0;
    return *at != 0 && strchr("opd", *at) != NULL && at[1] != 0 &&
           (c->krefs ? at[1] >= '0' && at[1] <= '9' : strchr("+-", at[1]) != NULL);
}

static data parse_data(cursor *c)
{
    data d = { 0 };
    cs_buf b = { 0 };
    if (eat_word(c, "raw"))
        return parse_raw(c);
    cs_buf_add_text(&b, "#");
    if (eat(c, "[")) {
        d.slots = parse_refs(c, "]");
        need(c, "]");
        add_slots_body(&b, c->krefs, d.slots);
    } else if (eat(c, "Error(")) {
        cs_buf_add_text(&b, "{\"#error\":");
        cs_buf_add_json(&b, take(c, ")"));
        cs_buf_add_text(&b, ",\"name\":\"Error\"}");
        need(c, ")");
    } else if (is_ref(c)) {
        d.slots.items = cs_arena_take(c->arena, sizeof(uint64_t));
        d.slots.items[d.slots.count++] = parse_ref(c);
        cs_buf_addf(&b, "\"%c0\"", is_promise(c->krefs, d.slots.items[0]) ? '&' : '$');
    } else {
        cs_buf_add_json(&b, take(c, " "));
    }
    d.body = finish(c, &b);
    return d;
}

static void add_call_body(cs_buf *b, bool krefs, cs_bytes method, refs slots)
{
    cs_buf_add_text(b, "#[");
    cs_buf_add_json(b, method);
    cs_buf_add_byte(b, ',');
    add_slots_body(b, krefs, slots);
    cs_buf_add_byte(b, ']');
}

/* The method and arguments, behind the target. */
static data parse_call(cursor *c)
{
    data d = { 0 };
    cs_buf b = { 0 };
    if (eat_word(c, "raw"))
        return parse_raw(c);
    need(c, ".");
    cs_bytes method = take(c, "(");
    need(c, "(");
    d.slots = parse_refs(c, ")");
    need(c, ")");
    add_call_body(&b, c->krefs, method, d.slots);
    d.body = finish(c, &b);
    return d;
}

static cs_capdata to_capdata(data d)
{
    return (cs_capdata){ d.body, (const cs_vref *)d.slots.items, d.slots.count };
}

/* ---- text of bodies ---- */

/* Whether `body` is what parse_data() makes of the shape; then the shape is enough. */
static bool add_shape(cs_buf *b, bool krefs, cs_bytes body, refs slots)
{
    cs_buf like = { 0 };
    cs_buf_add_text(&like, "#");
    add_slots_body(&like, krefs, slots);
    bool is_array = cs_bytes_equal(body, cs_buf_bytes(&like));
    cs_buf_clear(&like);
    if (slots.count == 1)
        cs_buf_addf(&like, "#\"%c0\"", is_promise(krefs, slots.items[0]) ? '&' : '$');
    bool is_lone = cs_bytes_equal(body, cs_buf_bytes(&like));
    cs_buf_fini(&like);
    if (is_array || is_lone) {
        cs_buf_add_text(b, is_array ? "[" : "");
        add_refs(b, krefs, slots);
        cs_buf_add_text(b, is_array ? "]" : "");
    }
    return is_array || is_lone;
}

/* What stands between `head` and `tail`, if nothing in it needs care. */
static bool between(cs_bytes body, const char *head, const char *tail, cs_bytes *ret)
{
    size_t h = strlen(head), t = strlen(tail);
    if (body.size < h + t || !cs_bytes_start_with(body, head) ||
        memcmp(body.data + body.size - t, tail, t) != 0)
        return false;
    *ret = (cs_bytes){ body.data + h, body.size - h - t };
    for (size_t i = 0; i < ret->size; i++)
        if (strchr("\"\\()[]{}|&", ret->data[i]) != NULL)
            return false;
    return ret->size > 0;
}

static void add_raw(cs_buf *b, bool krefs, cs_bytes body, refs slots)
{
    cs_buf_add_text(b, "raw ");
    cs_buf_add(b, body.data, body.size);
    if (slots.count > 0) {
        cs_buf_add_text(b, " | ");
        add_refs(b, krefs, slots);
    }
}

static void add_data(cs_buf *b, bool krefs, cs_bytes body, refs slots)
{
    cs_bytes text;
    if (add_shape(b, krefs, body, slots))
        return;
    if (slots.count == 0 && between(body, "#{\"#error\":\"", "\",\"name\":\"Error\"}", &text))
        cs_buf_addf(b, "Error(%.*s)", (int)text.size, (const char *)text.data);
    else if (slots.count == 0 && between(body, "#\"", "\"", &text) &&
             memchr(text.data, ' ', text.size) == NULL)
        cs_buf_add(b, text.data, text.size);
    else
        add_raw(b, krefs, body, slots);
}

static void add_call(cs_buf *b, cs_bytes body, refs slots)
{
    cs_buf like = { 0 };
    const uint8_t *quote = body.size > 3 ? memchr(body.data + 3, '"', body.size - 3) : NULL;
    cs_bytes method = { body.data + 3, quote == NULL ? 0 : (size_t)(quote - body.data - 3) };
    if (method.size > 0)
        add_call_body(&like, false, method, slots);
    if (cs_bytes_equal(body, cs_buf_bytes(&like))) {
        cs_buf_addf(b, ".%.*s(", (int)method.size, (const char *)method.data);
        add_refs(b, false, slots);
        cs_buf_add_byte(b, ')');
    } else {
        cs_buf_add_byte(b, ' ');
        add_raw(b, false, body, slots);
    }
    cs_buf_fini(&like);
}

static refs slots_of(const cs_capdata *d)
{
    return (refs){ (uint64_t *)(uintptr_t)d->slots, d->slot_count };
}

void raw_kcapdata_text(cs_buf *b, const cs_kcapdata *d)
{
    add_data(b, true, d->body, (refs){ (uint64_t *)(uintptr_t)d->slots, d->slot_count });
}

void raw_capdata_text(cs_buf *b, const cs_capdata *d)
{
    add_data(b, false, d->body, slots_of(d));
}

/* ---- deliveries ---- */

static void add_batch(cs_buf *b, const cs_resolutions *batch)
{
    for (uint32_t i = 0; i < batch->count; i++) {
        const cs_resolution *r = &batch->items[i];
        cs_buf_add_text(b, i > 0 ? " & " : "");
        cs_buf_add_text(b, r->rejected ? "reject " : "fulfill ");
        add_ref(b, false, r->promise.bits);
        cs_buf_add_byte(b, ' ');
        add_data(b, false, r->data.body, slots_of(&r->data));
    }
}

static void add_refs_delivery(cs_buf *b, const cs_delivery *d)
{
    static const char *const names[] = {
        [CS_DELIVER_DROP_EXPORTS] = "dropExports ",
        [CS_DELIVER_RETIRE_EXPORTS] = "retireExports ",
        [CS_DELIVER_RETIRE_IMPORTS] = "retireImports ",
    };
    cs_buf_add_text(b, names[d->kind]);
    add_refs(b, false, (refs){ (uint64_t *)(uintptr_t)d->refs.items, d->refs.count });
}

void raw_delivery_text(cs_buf *b, const cs_delivery *d)
{
    if (d->kind == CS_DELIVER_START_VAT) {
        cs_buf_add_text(b, "start ");
        add_data(b, false, d->start.body, slots_of(&d->start));
    } else if (d->kind == CS_DELIVER_NOTIFY) {
        cs_buf_add_text(b, "notify ");
        add_batch(b, &d->notify);
    } else if (d->kind == CS_DELIVER_MESSAGE) {
        add_ref(b, false, d->message.target.bits);
        add_call(b, d->message.methargs.body, slots_of(&d->message.methargs));
        if (!cs_vref_none(d->message.result)) {
            cs_buf_add_text(b, " => ");
            add_ref(b, false, d->message.result.bits);
        }
    } else if (d->kind == CS_DELIVER_BRING_OUT_YOUR_DEAD) {
        cs_buf_add_text(b, "bringOutYourDead");
    } else {
        add_refs_delivery(b, d);
    }
}

/* ---- syscalls ---- */

static void parse_send(cursor *c, cs_syscall *ret)
{
    ret->kind = CS_SYSCALL_SEND;
    ret->send.target.bits = parse_ref(c);
    ret->send.methargs = to_capdata(parse_call(c));
    if (eat(c, "=>"))
        ret->send.result.bits = parse_ref(c);
}

static void parse_batch(cursor *c, cs_syscall *ret)
{
    enum { BATCH_MAX = 20 };
    cs_resolution *items = cs_arena_take_zero(c->arena, BATCH_MAX, sizeof *items);
    uint32_t count = 0;
    do {
        cs_resolution *r = &items[count++];
        r->rejected = eat_word(c, "reject");
        if (count == BATCH_MAX || (!r->rejected && !eat_word(c, "fulfill")))
            raw_die("batch", c->whole);
        r->promise.bits = parse_ref(c);
        r->data = to_capdata(parse_data(c));
    } while (eat(c, "&"));
    ret->kind = CS_SYSCALL_RESOLVE;
    ret->resolve = (cs_resolutions){ items, count };
}

static void parse_vatstore(cursor *c, cs_syscall_kind kind, cs_syscall *ret)
{
    ret->kind = kind;
    ret->vatstore.key = take(c, " ");
    ret->vatstore.value = take(c, "");
    ret->vatstore.has_answer = ret->vatstore.value.size > 0;
}

static void parse_exit(cursor *c, bool is_failure, cs_syscall *ret)
{
    ret->kind = CS_SYSCALL_EXIT;
    ret->exit.is_failure = is_failure;
    ret->exit.info = to_capdata(parse_data(c));
}

static void parse_call_now(cursor *c, cs_syscall *ret)
{
    data args = { .body = CS_BYTES("#[]") };
    cs_buf b = { 0 };
    ret->kind = CS_SYSCALL_CALL_NOW;
    ret->call.device.bits = parse_ref(c);
    if (eat(c, ".")) {
        ret->call.method = take(c, "( ");
        if (eat(c, "(")) {
            args.slots = parse_refs(c, ")");
            need(c, ")");
            cs_buf_add_text(&b, "#");
            add_slots_body(&b, c->krefs, args.slots);
            args.body = finish(c, &b);
        } else {
            need(c, "raw");
            args = parse_raw(c);
        }
    }
    ret->call.args = to_capdata(args);
}

static bool parse_refs_syscall(cursor *c, cs_syscall *ret)
{
    static const struct {
        const char *word;
        cs_syscall_kind kind;
    } kinds[] = { { "drop", CS_SYSCALL_DROP_IMPORTS },
                  { "retire", CS_SYSCALL_RETIRE_IMPORTS },
                  { "retire-exports", CS_SYSCALL_RETIRE_EXPORTS },
                  { "abandon", CS_SYSCALL_ABANDON_EXPORTS } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++)
        if (eat_word(c, kinds[i].word)) {
            refs r = parse_refs(c, "");
            ret->kind = kinds[i].kind;
            ret->refs = (cs_vrefs){ (const cs_vref *)r.items, r.count };
            return true;
        }
    return false;
}

void raw_vrefs_parse(cs_arena *arena, const char *text, cs_vrefs *ret)
{
    cursor c = { .at = text, .whole = text, .arena = arena };
    refs r = parse_refs(&c, "");
    *ret = (cs_vrefs){ (const cs_vref *)r.items, r.count };
}

void raw_syscall_parse(cs_arena *arena, const char *text, cs_syscall *ret)
{
    cursor c = { .at = text, .whole = text, .arena = arena };
    memset(ret, 0, sizeof *ret);
    skip(&c);
    if (eat_word(&c, "send")) {
        parse_send(&c, ret);
    } else if (eat_word(&c, "subscribe")) {
        ret->kind = CS_SYSCALL_SUBSCRIBE;
        ret->promise.bits = parse_ref(&c);
    } else if (strncmp(c.at, "fulfill ", 8) == 0 || strncmp(c.at, "reject ", 7) == 0) {
        parse_batch(&c, ret);
    } else if (eat_word(&c, "exit")) {
        parse_exit(&c, false, ret);
    } else if (eat_word(&c, "fail")) {
        parse_exit(&c, true, ret);
    } else if (eat_word(&c, "set")) {
        parse_vatstore(&c, CS_SYSCALL_VATSTORE_SET, ret);
    } else if (eat_word(&c, "delete")) {
        parse_vatstore(&c, CS_SYSCALL_VATSTORE_DELETE, ret);
    } else if (eat_word(&c, "get")) {
        parse_vatstore(&c, CS_SYSCALL_VATSTORE_GET, ret);
    } else if (eat_word(&c, "next")) {
        parse_vatstore(&c, CS_SYSCALL_VATSTORE_NEXT_KEY, ret);
    } else if (eat_word(&c, "call-now")) {
        parse_call_now(&c, ret);
    } else if (eat_word(&c, "kind")) {
        ret->kind = (cs_syscall_kind)strtoul((const char *)take(&c, " ").data, NULL, 10);
    } else if (!parse_refs_syscall(&c, ret)) {
        raw_die("no such syscall", text);
    }
    skip(&c);
    if (*c.at != 0)
        raw_die("what follows the syscall", c.at);
}

/* ---- in krefs ---- */

static cs_kcapdata to_kcapdata(data d)
{
    return (cs_kcapdata){ d.body, (const cs_kref *)d.slots.items, d.slots.count };
}

void raw_kcapdata_parse(cs_arena *arena, const char *text, raw_lookup_fn *lookup, void *ctx,
                        cs_kcapdata *ret)
{
    cursor c = { text, text, arena, true, lookup, ctx };
    *ret = to_kcapdata(parse_data(&c));
}

void raw_kcall_parse(cs_arena *arena, const char *text, raw_lookup_fn *lookup, void *ctx,
                     cs_kref *ret_target, cs_kcapdata *ret_methargs)
{
    cursor c = { text, text, arena, true, lookup, ctx };
    ret_target->bits = parse_ref(&c);
    *ret_methargs = to_kcapdata(parse_call(&c));
}
