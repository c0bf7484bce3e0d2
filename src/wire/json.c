/* JSON for people and tools. Vats choose many of these bytes: what is no text is written as U+FFFD,
 * so that a line of the log stays JSON whatever a vat did. */
#include "wire/json.h"

#include "wire/text.h"

/* ---- small things ---- */

static void add_mended(cs_buf *b, cs_bytes bytes)
{
    cs_buf clean = { 0 };
    const uint8_t *at = bytes.data, *end = at + bytes.size;
    while (at < end) {
        size_t n = cs_text_next(at, end);
        if (n > 0)
            cs_buf_add(&clean, at, n);
        else
            cs_buf_add_text(&clean, "\xef\xbf\xbd");
        at += n > 0 ? n : 1;
    }
    cs_buf_add_json(b, cs_buf_bytes(&clean));
    cs_buf_fini(&clean);
}

static void add_text(cs_buf *b, cs_bytes bytes)
{
    if (cs_text_check(bytes))
        cs_buf_add_json(b, bytes);
    else
        add_mended(b, bytes);
}

static void add_vref(cs_buf *b, cs_vref v)
{
    char text[CS_REF_TEXT_MAX];
    if (cs_vref_none(v))
        cs_buf_add_text(b, "null");
    else
        cs_buf_addf(b, "\"%s\"", cs_vref_text(v, text));
}

static void add_vrefs(cs_buf *b, const cs_vref *items, uint32_t count)
{
    cs_buf_add_byte(b, '[');
    for (uint32_t i = 0; i < count; i++) {
        if (i > 0)
            cs_buf_add_byte(b, ',');
        add_vref(b, items[i]);
    }
    cs_buf_add_byte(b, ']');
}

static void add_capdata(cs_buf *b, const cs_capdata *c)
{
    cs_buf_add_text(b, "{\"body\":");
    add_text(b, c->body);
    cs_buf_add_text(b, ",\"slots\":");
    add_vrefs(b, c->slots, c->slot_count);
    cs_buf_add_byte(b, '}');
}

static void add_message(cs_buf *b, const cs_message *m)
{
    add_vref(b, m->target);
    cs_buf_add_text(b, ",{\"methargs\":");
    add_capdata(b, &m->methargs);
    cs_buf_add_text(b, ",\"result\":");
    add_vref(b, m->result);
    cs_buf_add_byte(b, '}');
}

static void add_resolutions(cs_buf *b, const cs_resolutions *all)
{
    cs_buf_add_byte(b, '[');
    for (uint32_t i = 0; i < all->count; i++) {
        cs_buf_add_text(b, i == 0 ? "[" : ",[");
        add_vref(b, all->items[i].promise);
        cs_buf_add_text(b, all->items[i].rejected ? ",true," : ",false,");
        add_capdata(b, &all->items[i].data);
        cs_buf_add_byte(b, ']');
    }
    cs_buf_add_byte(b, ']');
}

/* ---- deliveries ---- */

static const char *delivery_name(cs_delivery_kind kind)
{
    static const char *const names[] = {
        [CS_DELIVER_START_VAT] = "startVat",
        [CS_DELIVER_MESSAGE] = "message",
        [CS_DELIVER_NOTIFY] = "notify",
        [CS_DELIVER_DROP_EXPORTS] = "dropExports",
        [CS_DELIVER_RETIRE_EXPORTS] = "retireExports",
        [CS_DELIVER_RETIRE_IMPORTS] = "retireImports",
        [CS_DELIVER_BRING_OUT_YOUR_DEAD] = "bringOutYourDead",
    };
    return names[kind];
}

void cs_delivery_json(cs_buf *b, const cs_delivery *d)
{
    cs_buf_addf(b, "[\"%s\"", delivery_name(d->kind));
    if (d->kind != CS_DELIVER_BRING_OUT_YOUR_DEAD)
        cs_buf_add_byte(b, ',');
    switch (d->kind) {
    case CS_DELIVER_START_VAT:
        add_capdata(b, &d->start);
        break;
    case CS_DELIVER_MESSAGE:
        add_message(b, &d->message);
        break;
    case CS_DELIVER_NOTIFY:
        add_resolutions(b, &d->notify);
        break;
    case CS_DELIVER_DROP_EXPORTS:
    case CS_DELIVER_RETIRE_EXPORTS:
    case CS_DELIVER_RETIRE_IMPORTS:
        add_vrefs(b, d->refs.items, d->refs.count);
        break;
    case CS_DELIVER_BRING_OUT_YOUR_DEAD:
        break;
    }
    cs_buf_add_byte(b, ']');
}

/* ---- syscalls ---- */

const char *cs_syscall_name(cs_syscall_kind kind)
{
    static const char *const names[] = {
        [CS_SYSCALL_SEND] = "send",
        [CS_SYSCALL_SUBSCRIBE] = "subscribe",
        [CS_SYSCALL_RESOLVE] = "resolve",
        [CS_SYSCALL_EXIT] = "exit",
        [CS_SYSCALL_DROP_IMPORTS] = "dropImports",
        [CS_SYSCALL_RETIRE_IMPORTS] = "retireImports",
        [CS_SYSCALL_RETIRE_EXPORTS] = "retireExports",
        [CS_SYSCALL_ABANDON_EXPORTS] = "abandonExports",
        [CS_SYSCALL_VATSTORE_GET] = "vatstoreGet",
        [CS_SYSCALL_VATSTORE_SET] = "vatstoreSet",
        [CS_SYSCALL_VATSTORE_DELETE] = "vatstoreDelete",
        [CS_SYSCALL_VATSTORE_NEXT_KEY] = "vatstoreGetNextKey",
        [CS_SYSCALL_CALL_NOW] = "callNow",
    };
    unsigned i = kind;
    return i < sizeof names / sizeof names[0] && names[i] != NULL ? names[i] : "unknown";
}

static void add_vatstore(cs_buf *b, const cs_syscall *s)
{
    add_text(b, s->vatstore.key);
    if (s->kind != CS_SYSCALL_VATSTORE_SET)
        return;
    cs_buf_add_byte(b, ',');
    add_text(b, s->vatstore.value);
}

static void add_call(cs_buf *b, const cs_syscall *s)
{
    add_vref(b, s->call.device);
    cs_buf_add_byte(b, ',');
    add_text(b, s->call.method);
    cs_buf_add_byte(b, ',');
    add_capdata(b, &s->call.args);
}

void cs_syscall_json(cs_buf *b, const cs_syscall *s)
{
    cs_buf_addf(b, "[\"%s\",", cs_syscall_name(s->kind));
    switch (s->kind) {
    case CS_SYSCALL_SEND:
        add_message(b, &s->send);
        break;
    case CS_SYSCALL_SUBSCRIBE:
        add_vref(b, s->promise);
        break;
    case CS_SYSCALL_RESOLVE:
        add_resolutions(b, &s->resolve);
        break;
    case CS_SYSCALL_EXIT:
        cs_buf_add_text(b, s->exit.is_failure ? "true," : "false,");
        add_capdata(b, &s->exit.info);
        break;
    case CS_SYSCALL_DROP_IMPORTS:
    case CS_SYSCALL_RETIRE_IMPORTS:
    case CS_SYSCALL_RETIRE_EXPORTS:
    case CS_SYSCALL_ABANDON_EXPORTS:
        add_vrefs(b, s->refs.items, s->refs.count);
        break;
    case CS_SYSCALL_VATSTORE_GET:
    case CS_SYSCALL_VATSTORE_SET:
    case CS_SYSCALL_VATSTORE_DELETE:
    case CS_SYSCALL_VATSTORE_NEXT_KEY:
        add_vatstore(b, s);
        break;
    case CS_SYSCALL_CALL_NOW:
        add_call(b, s);
        break;
    }
    cs_buf_add_byte(b, ']');
}

void cs_answer_json(cs_buf *b, const cs_syscall *s)
{
    bool is_call = s->kind == CS_SYSCALL_CALL_NOW, asks = cs_syscall_asks(s->kind);
    cs_buf_add_text(b, is_call && s->call.failed ? "[\"error\"," : "[\"ok\",");
    if (is_call && s->call.failed)
        add_text(b, s->call.result.body);
    else if (is_call)
        add_capdata(b, &s->call.result);
    else if (asks && s->vatstore.has_answer)
        add_text(b, s->vatstore.value);
    else
        cs_buf_add_text(b, "null");
    cs_buf_add_byte(b, ']');
}

/* ---- replies ---- */

void cs_reply_json(cs_buf *b, const cs_reply *reply)
{
    if (reply->status == CS_OK) {
        cs_buf_add_text(b, "[\"ok\",null");
    } else {
        cs_buf_add_text(b, "[\"error\",");
        add_text(b, reply->problem);
    }
    cs_buf_addf(b, ",{\"compute\":%llu}]", (unsigned long long)reply->computrons);
}
