/* Events as bytes; the grammar is in event.h. */
#include "kernel/event.h"

#include "kernel/capdata.h"

static void add_sized(cs_buf *b, cs_bytes bytes)
{
    cs_buf_add_varint(b, bytes.size);
    cs_buf_add(b, bytes.data, bytes.size);
}

static void head_enc(cs_buf *b, const cs_event *e)
{
    cs_buf_add_byte(b, (uint8_t)e->kind);
    cs_buf_add_varint(b, e->since);
    switch (e->kind) {
    case CS_EVENT_SEND:
        cs_kref_enc(b, e->target);
        cs_kref_enc(b, e->result);
        cs_kcapdata_head_enc(b, &e->data);
        break;
    case CS_EVENT_NOTIFY:
        cs_buf_add_varint(b, e->vat.n);
        cs_kref_enc(b, e->target);
        break;
    case CS_EVENT_START_VAT:
        cs_buf_add_varint(b, e->vat.n);
        cs_kcapdata_head_enc(b, &e->data);
        break;
    case CS_EVENT_CREATE_VAT:
        cs_buf_add_varint(b, e->vat.n);
        add_sized(b, e->bundle);
        add_sized(b, e->name);
        add_sized(b, e->options);
        cs_kcapdata_head_enc(b, &e->data);
        break;
    }
}

cs_blob *cs_event_blob(cs_buf *scratch, const cs_event *e)
{
    cs_buf_clear(scratch);
    head_enc(scratch, e);
    return cs_kcapdata_blob_of(scratch, e->data.body);
}

static cs_vatid vat_dec(cs_reader *r)
{
    uint64_t n = cs_reader_varint(r);
    r->ok = r->ok && n > 0 && n <= UINT32_MAX;
    return (cs_vatid){ (uint32_t)n };
}

static bool is_target(cs_kref k)
{
    return cs_kref_type(k) == CS_REF_OBJECT || cs_kref_type(k) == CS_REF_PROMISE;
}

static void send_dec(cs_reader *r, cs_arena *arena, cs_event *ret)
{
    ret->target = cs_kref_dec(r);
    ret->result = cs_kref_dec(r);
    r->ok = r->ok && is_target(ret->target) &&
            (cs_kref_none(ret->result) || cs_kref_type(ret->result) == CS_REF_PROMISE);
    cs_kcapdata_dec(r, arena, &ret->data);
}

bool cs_event_dec(cs_bytes item, cs_arena *arena, cs_event *ret)
{
    cs_reader r = cs_reader_of(item);
    cs_event e = { .kind = (cs_event_kind)cs_reader_byte(&r) };
    e.since =
        cs_reader_varint(&r); /* not above: C does not say in which order that would be read */
    switch (e.kind) {
    case CS_EVENT_SEND:
        send_dec(&r, arena, &e);
        break;
    case CS_EVENT_NOTIFY:
        e.vat = vat_dec(&r);
        e.target = cs_kref_dec(&r);
        r.ok = r.ok && cs_kref_type(e.target) == CS_REF_PROMISE;
        break;
    case CS_EVENT_START_VAT:
        e.vat = vat_dec(&r);
        cs_kcapdata_dec(&r, arena, &e.data);
        break;
    case CS_EVENT_CREATE_VAT:
        e.vat = vat_dec(&r);
        e.bundle = cs_reader_sized(&r);
        e.name = cs_reader_sized(&r);
        e.options = cs_reader_sized(&r);
        cs_kcapdata_dec(&r, arena, &e.data);
        break;
    default:
        return false;
    }
    *ret = e;
    return cs_reader_done(&r);
}
