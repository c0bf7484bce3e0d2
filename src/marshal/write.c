/* Values without parts on their way out, in smallcaps or the older form. */
#include "marshal/internal.h"

#include "base/limits.h"

#include <string.h>

void cs_encode_check_size(cs_machine *the, const cs_marshal *m, size_t more)
{
    if (more > CS_BODY_MAX || m->body.size > CS_BODY_MAX - more)
        cs_throw_text(the, XS_RANGE_ERROR, "Cannot pass data of more than %u bytes", CS_BODY_MAX);
}

void cs_write_string(cs_machine *the, cs_marshal *m, const char *text)
{
    size_t size = strlen(text);
    cs_encode_check_size(the, m, size);
    uint8_t *at = cs_text_room(&m->body, size + 16);
    *at++ = '"';
    if (text[0] >= '!' && text[0] <= '-' && !m->legacy)
        *at++ = '!';
    m->body.size = (size_t)(at - m->body.data);
    cs_text_add_json(&m->body, text, size);
    cs_text_byte(&m->body, '"');
}

/* A constant that JSON does not have. */
static void write_constant(cs_marshal *m, const char *name)
{
    const char *before = m->legacy ? "{\"@qclass\":\"" : "\"#";
    cs_buf_add_text(&m->body, before);
    cs_buf_add_text(&m->body, name);
    cs_buf_add_text(&m->body, m->legacy ? "\"}" : "\"");
}

static void write_number(cs_marshal *m, double d)
{
    if (d != d)
        write_constant(m, "NaN");
    else if (d - d != 0)
        write_constant(m, d < 0 ? "-Infinity" : "Infinity");
    else
        cs_text_add_double(&m->body, d);
}

static _Noreturn void refuse_bigint(cs_machine *the, cs_marshal *m)
{
    cs_problem why;
    cs_problem_init(&why);
    cs_refuse(&why, "Cannot pass a bigint of more than %d digits", CS_BIGINT_DIGITS_MAX);
    cs_encode_fail(the, m, &why);
}

static void write_bigint(cs_machine *the, cs_marshal *m, const txBigInt *n)
{
    if (n->size > CS_BIGINT_WORDS_MAX)
        refuse_bigint(the, m);
    if (m->legacy)
        cs_text_literal(&m->body, "{\"@qclass\":\"bigint\",\"digits\":");
    cs_text_byte(&m->body, '"');
    if (n->sign)
        cs_text_byte(&m->body, '-');
    else if (!m->legacy)
        cs_text_byte(&m->body, '+');
    size_t before = m->body.size;
    cs_text_add_bigint(&m->body, n->data, n->size);
    if (m->body.size - before > CS_BIGINT_DIGITS_MAX)
        refuse_bigint(the, m);
    cs_text_byte(&m->body, '"');
    if (m->legacy)
        cs_text_byte(&m->body, '}');
}

/* Names of registered symbols that begin with @@ get two more; those of well-known ones begin so. */
static void write_symbol(cs_machine *the, cs_marshal *m, const cs_slot *v)
{
    cs_problem why;
    const char *well_known = cs_well_known_name(v->value.symbol);
    const char *name = well_known != NULL ? well_known : cs_registered_name(the, v->value.symbol);
    if (name == NULL) {
        cs_problem_init(&why);
        cs_refuse_symbol(the, v->value.symbol, &why);
        cs_encode_fail(the, m, &why);
    }
    cs_encode_check_size(the, m, strlen(name));
    cs_buf_add_text(&m->body, m->legacy ? "{\"@qclass\":\"symbol\",\"name\":\"" : "\"%");
    if (well_known != NULL || strncmp(name, "@@", 2) == 0)
        cs_text_literal(&m->body, "@@");
    cs_text_add_json(&m->body, name, strlen(name));
    cs_buf_add_text(&m->body, m->legacy ? "\"}" : "\"");
}

void cs_write_primitive(cs_machine *the, cs_marshal *m, const cs_slot *v)
{
    switch ((int)v->kind) {
    case XS_UNDEFINED_KIND:
        write_constant(m, "undefined");
        break;
    case XS_NULL_KIND:
        cs_text_literal(&m->body, "null");
        break;
    case XS_BOOLEAN_KIND:
        cs_buf_add_text(&m->body, v->value.boolean ? "true" : "false");
        break;
    case XS_INTEGER_KIND:
        cs_text_add_int(&m->body, v->value.integer);
        break;
    case XS_NUMBER_KIND:
        write_number(m, v->value.number);
        break;
    case XS_STRING_KIND:
    case XS_STRING_X_KIND:
        cs_write_string(the, m, v->value.string);
        break;
    case XS_SYMBOL_KIND:
        write_symbol(the, m, v);
        break;
    case XS_BIGINT_KIND:
    case XS_BIGINT_X_KIND:
        write_bigint(the, m, &v->value.bigint);
        break;
    default:
        cs_throw_text(the, XS_TYPE_ERROR, "cannot pass a value of an unknown kind");
    }
}
