/* CapData to values: the body is read as JSON first (json_read.c), then built token by token, so
 * depth costs neither C stack nor XS stack. Nothing of the body is trusted, and nothing in it makes
 * code of the vat run.
 *
 * What @endo/marshal takes is taken, with these exceptions: a name that stands twice in an object, a
 * reference whose number is not plain decimal, blanks in a bigint. */
#include "marshal/internal.h"

#include "base/alloc.h"

#include <string.h>

/* --- refusing -------------------------------------------------------------------------------------- */

static void add_path(cs_machine *the, const cs_marshal *m, cs_problem *why)
{
    for (uint32_t i = 0; i < m->building_count; i++) {
        const cs_building *b = &m->building[i];
        bool is_inner = i + 1 < m->building_count;
        if (b->property != NULL)
            cs_path_add_key(why, cs_key_text(the, b->property->ID));
        else if (b->index != CS_NOWHERE)
            cs_path_add_index(why, cs_item_index(the, b->instance, b->index - is_inner));
    }
}

void cs_decode_fail(cs_machine *the, cs_marshal *m, const char *format, ...)
{
    char text[CS_PROBLEM_TEXT];
    cs_problem why;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    cs_problem_init(&why);
    cs_refuse(&why, "malformed CapData: %s", text);
    add_path(the, m, &why);
    cs_problem_throw(the, &why);
}

/* --- text of tokens -------------------------------------------------------------------------------- */

const char *cs_terminated(cs_marshal *m, cs_bytes text)
{
    uintptr_t from = (uintptr_t)m->decoded.data, at = (uintptr_t)text.data;
    if (m->decoded.size > 0 && at >= from && at < from + m->decoded.size)
        return (const char *)text.data;
    cs_buf_clear(&m->decoded);
    cs_buf_add(&m->decoded, text.data, text.size);
    cs_text_byte(&m->decoded, 0);
    return (const char *)m->decoded.data;
}

cs_bytes cs_json_text(cs_marshal *m, const cs_json *j)
{
    cs_bytes raw = { m->text.data + j->from, j->size };
    if ((j->flags & CS_JSON_CODED) == 0)
        return raw;
    cs_buf_clear(&m->decoded);
    cs_text_add_decoded(&m->decoded, raw);
    cs_text_byte(&m->decoded, 0);
    return (cs_bytes){ m->decoded.data, m->decoded.size - 1 };
}

uint32_t cs_json_behind(const cs_marshal *m, uint32_t at)
{
    const cs_json *j = &m->json.items[at];
    return j->kind >= CS_JSON_ARRAY ? j->next : at + 1;
}

const cs_json *cs_json_member(cs_machine *the, cs_marshal *m, const cs_json *object,
                              const char *name)
{
    const cs_json *found = NULL;
    for (uint32_t at = (uint32_t)(object - m->json.items) + 1; at < object->next;
         at = cs_json_behind(m, at + 1)) {
        if (!cs_bytes_equal(cs_json_text(m, &m->json.items[at]), cs_bytes_of(name)))
            continue;
        if (found != NULL)
            cs_decode_fail(the, m, "two properties of one name");
        found = &m->json.items[at + 1];
    }
    return found;
}

/* --- special strings ------------------------------------------------------------------------------- */

static bool are_digits(cs_bytes text)
{
    for (size_t i = 0; i < text.size; i++)
        if (text.data[i] < '0' || text.data[i] > '9')
            return false;
    return text.size > 0;
}

bool cs_parse_slot(cs_bytes text, uint32_t *ret_index, cs_bytes *ret_iface)
{
    const uint8_t *from = text.data + 1, *end = text.data + text.size, *p = from;
    while (p < end && *p != '.')
        p++;
    if (!cs_text_is_index((cs_bytes){ from, (size_t)(p - from) }, ret_index))
        return false;
    *ret_iface = p < end ? (cs_bytes){ p + 1, (size_t)(end - p - 1) } : (cs_bytes){ 0 };
    return true;
}

static void build_constant(cs_machine *the, cs_marshal *m, cs_bytes text)
{
    if (cs_bytes_equal(text, CS_BYTES("#undefined")))
        cs_build_undefined(m);
    else if (cs_bytes_equal(text, CS_BYTES("#NaN")))
        cs_build_double(m, NAN);
    else if (cs_bytes_equal(text, CS_BYTES("#Infinity")))
        cs_build_double(m, INFINITY);
    else if (cs_bytes_equal(text, CS_BYTES("#-Infinity")))
        cs_build_double(m, -INFINITY);
    else
        cs_decode_fail(the, m, "unknown constant \"%.40s\"", cs_terminated(m, text));
}

cs_bytes cs_outside_text(cs_marshal *m, cs_bytes text)
{
    cs_buf_clear(&m->utf8);
    cs_add_string(&m->utf8, cs_terminated(m, text));
    return cs_buf_bytes(&m->utf8);
}

static void build_reference(cs_machine *the, cs_marshal *m, const cs_json *j, cs_bytes text)
{
    uint32_t index;
    cs_bytes iface;
    char sigil = (char)text.data[0];
    if (!cs_parse_slot(text, &index, &iface))
        cs_decode_fail(the, m, "bad reference \"%.40s\"", cs_terminated(m, text));
    if ((j->flags & CS_JSON_CODED) != 0 && iface.size > 0)
        iface = cs_outside_text(m, iface);
    cs_build_slot(the, m, index, iface, sigil);
}

static void build_special(cs_machine *the, cs_marshal *m, const cs_json *j, cs_bytes text)
{
    cs_bytes rest = { text.data + 1, text.size - 1 };
    switch (text.data[0]) {
    case '!':
        cs_build_string(the, m, rest);
        break;
    case '#':
        build_constant(the, m, text);
        break;
    case '%':
        cs_build_symbol(the, m, rest);
        break;
    case '+':
    case '-':
        if (!are_digits(rest))
            cs_decode_fail(the, m, "bad bigint \"%.40s\"", cs_terminated(m, text));
        cs_build_bigint(the, m, rest, text.data[0] == '-');
        break;
    case '$':
    case '&':
        build_reference(the, m, j, text);
        break;
    default:
        cs_decode_fail(the, m, "Special char \"%c\" reserved for future use", text.data[0]);
    }
}

static void build_string(cs_machine *the, cs_marshal *m, const cs_json *j)
{
    cs_bytes text = cs_json_text(m, j);
    if (m->legacy || text.size == 0 || text.data[0] < '!' || text.data[0] > '-')
        cs_build_string(the, m, text);
    else
        build_special(the, m, j, text);
}

/* --- special objects ------------------------------------------------------------------------------- */

/* A string that must stand for a string. */
static cs_bytes text_of(cs_machine *the, cs_marshal *m, const cs_json *j, const char *what)
{
    if (j == NULL || j->kind != CS_JSON_STRING)
        cs_decode_fail(the, m, "%s must be a string", what);
    cs_bytes text = cs_json_text(m, j);
    if (text.size == 0 || text.data[0] < '!' || text.data[0] > '-')
        return text;
    if (text.data[0] != '!')
        cs_decode_fail(the, m, "%s must be a string", what);
    return (cs_bytes){ text.data + 1, text.size - 1 };
}

static void open_tagged(cs_machine *the, cs_marshal *m, const cs_json *object, const cs_json *tag)
{
    if (object->size != 2 || cs_json_member(the, m, object, "payload") == NULL)
        cs_decode_fail(the, m, "\"#tag\" record must have a payload and nothing else");
    cs_build_tagged(the, m, text_of(the, m, tag, "#tag"), object->next);
}

static void open_error(cs_machine *the, cs_marshal *m, const cs_json *object,
                       const cs_json *message)
{
    if (cs_json_member(the, m, object, "message") != NULL)
        cs_decode_fail(the, m, "unexpected encoded error property \"message\"");
    const cs_json *name = cs_json_member(the, m, object, "name");
    txError which = cs_error_class(the, text_of(the, m, name, "error name"));
    cs_build_error(the, m, which, text_of(the, m, message, "error message"), object->next);
}

/* Whether the object stands for something special, which is then open. */
static bool open_special(cs_machine *the, cs_marshal *m, const cs_json *object)
{
    const cs_json *tag = cs_json_member(the, m, object, "#tag");
    const cs_json *error = tag != NULL ? NULL : cs_json_member(the, m, object, "#error");
    if (tag != NULL)
        open_tagged(the, m, object, tag);
    else if (error != NULL)
        open_error(the, m, object, error);
    return tag != NULL || error != NULL;
}

/* false, null, 0 or "": the reference takes such a cause or errors for none. */
static bool is_falsy(const cs_json *j)
{
    return j->kind == CS_JSON_NULL || j->kind == CS_JSON_FALSE ||
           (j->kind == CS_JSON_INT && j->integer == 0) ||
           (j->kind == CS_JSON_STRING && j->size == 0);
}

uint32_t cs_error_key(cs_machine *the, cs_marshal *m, uint32_t at, const char *const *known)
{
    cs_bytes name = cs_json_text(m, &m->json.items[at]);
    for (; *known != NULL; known++)
        if (cs_bytes_equal(name, cs_bytes_of(*known)))
            return cs_json_behind(m, at + 1);
    if (is_falsy(&m->json.items[at + 1]))
        return at + 2;
    cs_build_property(the, m, cs_key_number(the, m, name), CS_BORN_HIDDEN);
    return at + 1;
}

/* A key in a special object of smallcaps; returns the token to go on with. */
static uint32_t special_key(cs_machine *the, cs_marshal *m, uint32_t at, cs_build_kind kind)
{
    static const char *const of_errors[] = { "#error", "name", "errorId", NULL };
    if (kind == CS_BUILD_ERROR)
        return cs_error_key(the, m, at, of_errors);
    cs_bytes name = cs_json_text(m, &m->json.items[at]); /* #tag or payload */
    return name.data[0] == '#' ? at + 2 : at + 1;
}

/* --- tokens ---------------------------------------------------------------------------------------- */

static uint32_t build_key(cs_machine *the, cs_marshal *m, uint32_t at)
{
    cs_building *b = &m->building[m->building_count - 1];
    cs_build_kind kind = (cs_build_kind)b->kind;
    const cs_json *key = &m->json.items[at];
    if (kind != CS_BUILD_RECORD)
        return m->legacy ? cs_legacy_key(the, m, at) : special_key(the, m, at, kind);
    b->property = NULL;
    b->index = CS_NOWHERE;
    if ((key->flags & CS_JSON_INDEXED) != 0)
        cs_build_item(m, key->from);
    else if ((key->flags & CS_JSON_INTERNED) != 0)
        cs_build_property(the, m, (txID)key->from, CS_BORN_PROPERTY);
    else
        cs_build_property(the, m, cs_key_number(the, m, cs_key_name(the, m, key)),
                          CS_BORN_PROPERTY);
    return at + 1;
}

static uint32_t open_object(cs_machine *the, cs_marshal *m, uint32_t at)
{
    const cs_json *object = &m->json.items[at];
    uint8_t special = m->legacy ? CS_JSON_HAS_AT : CS_JSON_HAS_HASH;
    if ((object->flags & special) != 0) {
        uint32_t next = m->legacy ? cs_legacy_open(the, m, at) : 0;
        if (next != 0)
            return next;
        if (!m->legacy && open_special(the, m, object))
            return at + 1;
    }
    cs_build_record(the, m, object->next);
    if ((object->flags & (CS_JSON_UNSORTED | CS_JSON_HAS_DIGIT)) != 0)
        cs_prepare_keys(the, m, object);
    return at + 1;
}

/* The token at `at`; returns the one to go on with. */
static uint32_t build_token(cs_machine *the, cs_marshal *m, uint32_t at)
{
    const cs_json *j = &m->json.items[at];
    switch ((cs_json_kind)j->kind) {
    case CS_JSON_NULL:
        cs_build_null(m);
        break;
    case CS_JSON_FALSE:
        cs_build_boolean(m, false);
        break;
    case CS_JSON_TRUE:
        cs_build_boolean(m, true);
        break;
    case CS_JSON_INT:
        cs_build_int(m, j->integer);
        break;
    case CS_JSON_NUMBER:
        cs_build_number(the, m, (cs_bytes){ m->text.data + j->from, j->size });
        break;
    case CS_JSON_STRING:
        build_string(the, m, j);
        break;
    case CS_JSON_KEY:
        return build_key(the, m, at);
    case CS_JSON_ARRAY:
        cs_build_array(the, m, j->size, j->next);
        break;
    case CS_JSON_OBJECT:
        return open_object(the, m, at);
    }
    return at + 1;
}

void cs_decode_build(cs_machine *the, cs_marshal *m)
{
    if (m->keys == NULL && m->ops != NULL)
        m->keys = cs_alloc_zero(CS_KEY_CACHE, sizeof *m->keys);
    mxPushUndefined();
    m->root = the->stack;
    m->first_name = the->keyIndex;
    m->building_count = 0;
    uint32_t at = 0;
    while (at < m->json.count || m->building_count > 0) {
        if (m->building_count > 0 && m->building[m->building_count - 1].end == at)
            cs_build_close(the, m);
        else
            at = build_token(the, m, at);
    }
}

void cs_decode_read(cs_machine *the, cs_marshal *m, cs_bytes body, bool halves)
{
    if (m->decoded.cap > CS_BUFFER_KEPT)
        cs_buf_fini(&m->decoded);
    if (m->number_cap > CS_BUFFER_KEPT / sizeof *m->numbers) {
        m->numbers = cs_free(m->numbers);
        m->number_cap = 0;
    }
    m->legacy = !cs_bytes_start_with(body, "#");
    m->text = m->legacy ? body : (cs_bytes){ body.data + 1, body.size - 1 };
    if (!cs_json_read(&m->json, m->text, halves))
        cs_throw_text(the, XS_SYNTAX_ERROR, "malformed CapData: %s at byte %u of the body",
                      m->json.error, m->json.error_at + !m->legacy);
}

void cs_marshal_decode(cs_machine *the, cs_marshal *m, const cs_capdata *data)
{
    m->data = data;
    m->values = NULL;
    cs_decode_read(the, m, data->body, false);
    cs_decode_build(the, m);
}
