/* The older form of CapData: plain JSON, where an object with a property "@qclass" stands for
 * something special. Read only: what is sent is smallcaps, except where JavaScript asks (natives). */
#include "marshal/internal.h"

#include <string.h>

static cs_bytes text_of(cs_machine *the, cs_marshal *m, const cs_json *j, const char *what)
{
    if (j == NULL || j->kind != CS_JSON_STRING)
        cs_decode_fail(the, m, "%s must be a string", what);
    return cs_json_text(m, j);
}

static void build_bigint(cs_machine *the, cs_marshal *m, const cs_json *object)
{
    cs_bytes digits = text_of(the, m, cs_json_member(the, m, object, "digits"), "digits");
    bool minus = digits.size > 0 && digits.data[0] == '-';
    cs_bytes rest = { digits.data + minus, digits.size - minus };
    for (size_t i = 0; i < rest.size; i++)
        if (rest.data[i] < '0' || rest.data[i] > '9')
            rest.size = 0;
    if (rest.size == 0)
        cs_decode_fail(the, m, "bad bigint");
    cs_build_bigint(the, m, rest, minus);
}

bool cs_legacy_slot(cs_machine *the, cs_marshal *m, const cs_json *object, uint32_t *ret_index,
                    cs_bytes *ret_iface)
{
    const cs_json *index = cs_json_member(the, m, object, "index");
    const cs_json *iface = cs_json_member(the, m, object, "iface");
    if (index == NULL || index->kind != CS_JSON_INT || index->integer < 0 ||
        object->size != 2u + (iface != NULL) || (iface != NULL && iface->kind != CS_JSON_STRING))
        return false;
    *ret_index = (uint32_t)index->integer;
    *ret_iface = iface == NULL ? (cs_bytes){ 0 } : cs_json_text(m, iface);
    return true;
}

static void build_slot(cs_machine *the, cs_marshal *m, const cs_json *object)
{
    uint32_t index;
    cs_bytes iface;
    if (!cs_legacy_slot(the, m, object, &index, &iface))
        cs_decode_fail(the, m, "bad slot");
    cs_build_slot(the, m, index, cs_outside_text(m, iface), 0);
}

static void open_error(cs_machine *the, cs_marshal *m, const cs_json *object)
{
    const cs_json *name = cs_json_member(the, m, object, "name");
    const cs_json *message = cs_json_member(the, m, object, "message");
    txError which = cs_error_class(the, text_of(the, m, name, "error name"));
    cs_build_error(the, m, which, text_of(the, m, message, "error message"), object->next);
}

/* Its properties: @qclass, then those of `rest`. */
static void open_hilbert(cs_machine *the, cs_marshal *m, const cs_json *object)
{
    const cs_json *rest = cs_json_member(the, m, object, "rest");
    if (cs_json_member(the, m, object, "original") == NULL ||
        (rest != NULL && (rest->kind != CS_JSON_OBJECT || rest->size == 0 ||
                          cs_json_member(the, m, rest, "@qclass") != NULL)))
        cs_decode_fail(the, m, "Invalid Hilbert Hotel encoding");
    cs_build_record(the, m, object->next);
    m->building[m->building_count - 1].kind = CS_BUILD_HILBERT;
    cs_build_property(the, m, cs_id(the, "@qclass"), CS_BORN_PROPERTY);
}

/* Those that are complete at once. */
static bool build_scalar(cs_machine *the, cs_marshal *m, const cs_json *object, const char *qclass)
{
    if (strcmp(qclass, "undefined") == 0)
        cs_build_undefined(m);
    else if (strcmp(qclass, "NaN") == 0)
        cs_build_double(m, NAN);
    else if (strcmp(qclass, "Infinity") == 0)
        cs_build_double(m, INFINITY);
    else if (strcmp(qclass, "-Infinity") == 0)
        cs_build_double(m, -INFINITY);
    else if (strcmp(qclass, "@@asyncIterator") == 0)
        cs_build_symbol(the, m, CS_BYTES("@@asyncIterator"));
    else if (strcmp(qclass, "bigint") == 0)
        build_bigint(the, m, object);
    else if (strcmp(qclass, "symbol") == 0)
        cs_build_symbol(the, m, text_of(the, m, cs_json_member(the, m, object, "name"), "name"));
    else if (strcmp(qclass, "slot") == 0)
        build_slot(the, m, object);
    else
        return false;
    return true;
}

static bool open_container(cs_machine *the, cs_marshal *m, const cs_json *object,
                           const char *qclass)
{
    if (strcmp(qclass, "tagged") == 0) {
        if (cs_json_member(the, m, object, "payload") == NULL)
            cs_decode_fail(the, m, "tagged without a payload");
        cs_build_tagged(the, m, text_of(the, m, cs_json_member(the, m, object, "tag"), "tag"),
                        object->next);
    } else if (strcmp(qclass, "error") == 0) {
        open_error(the, m, object);
    } else if (strcmp(qclass, "hilbert") == 0) {
        open_hilbert(the, m, object);
    } else {
        return false;
    }
    return true;
}

uint32_t cs_legacy_open(cs_machine *the, cs_marshal *m, uint32_t at)
{
    char qclass[32];
    const cs_json *object = &m->json.items[at];
    const cs_json *j = cs_json_member(the, m, object, "@qclass");
    if (j == NULL)
        return 0;
    cs_bytes text = text_of(the, m, j, "@qclass");
    size_t size = text.size < sizeof qclass ? text.size : sizeof qclass - 1;
    memcpy(qclass, text.data, size);
    qclass[size] = 0;
    if (build_scalar(the, m, object, qclass))
        return object->next;
    if (!open_container(the, m, object, qclass))
        cs_decode_fail(the, m, "unrecognized \"@qclass\" \"%s\"", qclass);
    return at + 1;
}

static uint32_t hilbert_key(cs_machine *the, cs_marshal *m, uint32_t at, cs_bytes name)
{
    if (cs_bytes_equal(name, CS_BYTES("original"))) {
        cs_building *b = &m->building[m->building_count - 1];
        b->property = b->instance->next;
        if (b->property->kind == XS_ARRAY_KIND)
            b->property = b->property->next; /* `rest` came first and has items */
        return at + 1;
    }
    if (!cs_bytes_equal(name, CS_BYTES("rest")))
        return cs_json_behind(m, at + 1);
    cs_build_into(m, m->json.items[at + 1].next);
    cs_prepare_keys(the, m, &m->json.items[at + 1]);
    return at + 2;
}

uint32_t cs_legacy_key(cs_machine *the, cs_marshal *m, uint32_t at)
{
    static const char *const of_errors[] = { "@qclass", "name", "message", "errorId", NULL };
    cs_build_kind kind = (cs_build_kind)m->building[m->building_count - 1].kind;
    if (kind == CS_BUILD_ERROR)
        return cs_error_key(the, m, at, of_errors);
    cs_bytes name = cs_json_text(m, &m->json.items[at]);
    if (kind == CS_BUILD_HILBERT)
        return hilbert_key(the, m, at, name);
    bool is_payload = cs_bytes_equal(name, CS_BYTES("payload"));
    return is_payload ? at + 1 : cs_json_behind(m, at + 1);
}
