/* Reasons for refusals: texts in fixed buffers, then thrown. Texts are in the engine's form, as names
 * of properties come from there. */
#include "marshal/value.h"

#include <stdio.h>
#include <string.h>

/* vsnprintf() into a part of a buffer; returns the new size. A character that was cut in two is
 * dropped. */
CS_PRINTF(4, 0)
static uint32_t addv(char *buffer, uint32_t size, uint32_t room, const char *format, va_list args)
{
    int n = vsnprintf(buffer + size, room - size, format, args);
    cs_assert(n >= 0);
    if ((uint32_t)n < room - size)
        return size + (uint32_t)n;
    size = room - 1;
    while (size > 0 && ((uint8_t)buffer[size - 1] & 0xc0) == 0x80)
        size--;
    if (size > 0 && (uint8_t)buffer[size - 1] >= 0xc0)
        size--;
    return size;
}

bool cs_refuse(cs_problem *why, const char *format, ...)
{
    if (why == NULL)
        return false;
    va_list args;
    va_start(args, format);
    why->kind = XS_UNKNOWN_ERROR;
    why->text_size = addv(why->text, 0, CS_PROBLEM_TEXT, format, args);
    va_end(args);
    return false;
}

bool cs_refuse_type(cs_problem *why, const char *format, ...)
{
    if (why == NULL)
        return false;
    va_list args;
    va_start(args, format);
    why->kind = XS_TYPE_ERROR;
    why->text_size = addv(why->text, 0, CS_PROBLEM_TEXT, format, args);
    va_end(args);
    return false;
}

/* --- names --------------------------------------------------------------------------------------- */

const char *cs_quote(cs_quoted *q, const char *text)
{
    enum { ROOM = sizeof q->text - 12 }; /* for an escape, "…", the quote and the NUL */
    size_t n = 0;
    q->text[n++] = '"';
    for (const char *p = text; *p != 0; p++) {
        uint8_t c = (uint8_t)*p;
        if (n >= ROOM && (c & 0xc0) != 0x80) {
            n += (size_t)snprintf(q->text + n, 8, "…");
            break;
        }
        if (c < 0x20) {
            n += (size_t)snprintf(q->text + n, 8, "\\u%04x", c);
            continue;
        }
        if (c == '"' || c == '\\')
            q->text[n++] = '\\';
        q->text[n++] = *p;
    }
    q->text[n++] = '"';
    q->text[n] = 0;
    return q->text;
}

const char *cs_quote_key(cs_machine *the, cs_quoted *q, txID id)
{
    char text[80];
    if (!fxIsKeySymbol(the, id))
        return cs_quote(q, cs_key_text(the, id));
    const char *name = cs_well_known_name(id);
    if (name != NULL)
        (void)snprintf(text, sizeof text, "Symbol(Symbol.%s)", name);
    else
        (void)snprintf(text, sizeof text, "Symbol(%.40s)", cs_key_text(the, id));
    return cs_quote(q, text);
}

const char *cs_redacted(const cs_slot *value)
{
    switch (value->kind) {
    case XS_UNDEFINED_KIND:
        return "(an undefined)";
    case XS_BOOLEAN_KIND:
        return "(a boolean)";
    case XS_INTEGER_KIND:
    case XS_NUMBER_KIND:
        return "(a number)";
    case XS_STRING_KIND:
    case XS_STRING_X_KIND:
        return "(a string)";
    case XS_SYMBOL_KIND:
        return "(a symbol)";
    case XS_BIGINT_KIND:
    case XS_BIGINT_X_KIND:
        return "(a bigint)";
    case XS_REFERENCE_KIND:
        return cs_is_function(value->value.reference) ? "(a function)" : "(an object)";
    default:
        return "(an object)";
    }
}

/* --- path ---------------------------------------------------------------------------------------- */

static void add_path(cs_problem *why, const char *format, ...) CS_PRINTF(2, 3);

/* A path that does not fit ends in "…"; 4 bytes are kept for it. */
static void add_path(cs_problem *why, const char *format, ...)
{
    enum { ROOM = CS_PROBLEM_PATH - 4 };
    if (why->path_size >= ROOM)
        return;
    va_list args;
    va_start(args, format);
    uint32_t size = addv(why->path, why->path_size, ROOM, format, args);
    va_end(args);
    if (size < ROOM - 1) {
        why->path_size = size;
        return;
    }
    (void)snprintf(why->path + why->path_size, 4, "…");
    why->path_size = CS_PROBLEM_PATH;
}

static bool is_identifier(const char *s)
{
    if (*s == 0 || (*s >= '0' && *s <= '9'))
        return false;
    for (; *s != 0; s++)
        if (!((*s >= '0' && *s <= '9') || ((*s | 0x20) >= 'a' && (*s | 0x20) <= 'z') || *s == '_' ||
              *s == '$'))
            return false;
    return true;
}

void cs_path_add_key(cs_problem *why, const char *key)
{
    cs_quoted q;
    if (why == NULL)
        return;
    if (is_identifier(key))
        add_path(why, ".%.80s", key);
    else
        add_path(why, "[%s]", cs_quote(&q, key));
}

void cs_path_add_index(cs_problem *why, uint32_t index)
{
    if (why != NULL)
        add_path(why, "[%u]", index);
}

void cs_path_add_path(cs_problem *why, const cs_problem *inner)
{
    if (inner->path_size > 0)
        add_path(why, "%s", inner->path);
}

/* --- throwing ------------------------------------------------------------------------------------ */

/* As fxThrowMessage(), but with all of the text. */
void cs_problem_throw(cs_machine *the, const cs_problem *why)
{
    char text[CS_PROBLEM_TEXT + CS_PROBLEM_PATH + 8];
    int size = snprintf(text, sizeof text, "%.*s%s%s", (int)why->text_size, why->text,
                        why->path_size > 0 ? ": at " : "", why->path_size > 0 ? why->path : "");
    cs_slot *error = cs_push_object(the, mxErrorPrototypes(why->kind).value.reference);
    cs_slot *internal = cs_add_property(the, error, XS_NO_ID, XS_INTERNAL_FLAG);
    internal->kind = XS_ERROR_KIND;
    internal->value.error.info = NULL;
    internal->value.error.which = why->kind;
    if (gxDefaults.captureErrorStack != NULL)
        gxDefaults.captureErrorStack(the, internal, the->frame);
    cs_slot *message = cs_add_property(the, internal, mxID(_message), XS_DONT_ENUM_FLAG);
    cs_push_engine_text(the, text, (size_t)size);
    mxPullSlot(message);
    mxPull(mxException);
    fxJump(the);
    __builtin_unreachable();
}

void cs_throw_text(cs_machine *the, txError kind, const char *format, ...)
{
    cs_problem why;
    cs_problem_init(&why);
    va_list args;
    va_start(args, format);
    why.kind = kind;
    why.text_size = addv(why.text, 0, CS_PROBLEM_TEXT, format, args);
    va_end(args);
    cs_problem_throw(the, &why);
}
