/* Errors on their way out. Their stack stays; an id tells who reads two logs which error became
 * which. (What comes in is made by build.c.) */
#include "marshal/internal.h"

#include <stdio.h>
#include <string.h>

enum { ID_MAX = 120 };

/* "error:<name>#<number>" */
static void make_id(const cs_marshal *m, uint64_t number, char id[static ID_MAX])
{
    (void)snprintf(id, ID_MAX, "error:%.80s#%llu", m->ids.name, (unsigned long long)number);
}

static void write_pair(cs_machine *the, cs_marshal *m, const char *name, const char *text)
{
    cs_text_byte(&m->body, '"');
    cs_buf_add_text(&m->body, name);
    cs_text_literal(&m->body, "\":");
    cs_write_string(the, m, text);
}

/* smallcaps has the message first, the older form last but one. */
void cs_write_error(cs_machine *the, cs_marshal *m, cs_slot *instance, const cs_slot *message,
                    const cs_slot *name)
{
    char id[ID_MAX];
    cs_text_byte(&m->body, '{');
    if (m->legacy)
        cs_text_literal(&m->body, "\"@qclass\":\"error\"");
    else
        write_pair(the, m, "#error", message->value.string);
    if (m->ids.name != NULL) {
        make_id(m, ++*m->ids.count, id);
        cs_text_byte(&m->body, ',');
        write_pair(the, m, "errorId", id);
        CS_GROW(m->errors, m->error_count, m->error_cap);
        m->errors[m->error_count++] = instance;
    }
    if (m->legacy) {
        cs_text_byte(&m->body, ',');
        write_pair(the, m, "message", message->value.string);
    }
    cs_text_byte(&m->body, ',');
    write_pair(the, m, "name", name->value.string);
    cs_text_byte(&m->body, '}');
}

void cs_report_errors(cs_machine *the, cs_marshal *m)
{
    char id[ID_MAX];
    if (m->ids.sent == NULL)
        return;
    for (uint32_t i = 0; i < m->error_count; i++) {
        make_id(m, *m->ids.count - m->error_count + i + 1, id);
        mxPushReference(m->errors[i]);
        m->ids.sent(the, m->ctx, the->stack, cs_bytes_of(id));
        mxPop();
    }
}

static void push_text(cs_machine *the, const cs_slot *error, txID id)
{
    mxPushSlot(error);
    mxGetID(id);
    fxToString(the, the->stack);
}

bool cs_push_error_texts(cs_machine *the, const cs_slot *value)
{
    if (value->kind != XS_REFERENCE_KIND || !cs_is_error_like(the, value->value.reference))
        return false;
    push_text(the, value, mxID(_message));
    push_text(the, value, mxID(_name));
    return true;
}
