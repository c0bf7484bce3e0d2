/* JSON of command lines and scripts as arguments, and answers as JSON. */
#include "base/limits.h"
#include "host/handle.h"
#include "host/plain_json.h"

#include <string.h>

static cs_status add_argument(capstan *c, const char *text)
{
    json_error_t where;
    json_t *value = cs_plain_parse(text, strlen(text), &where);
    if (value == NULL)
        return cs_fail(&c->err, CS_E_USAGE,
                       "argument '%.200s' is not JSON (%s); a string needs its quotes: '\"text\"'",
                       text, where.text);
    cs_plain_to_smallcaps(&c->body, value);
    json_decref(value);
    return CS_OK;
}

capstan_code capstan_args_of_json(capstan *c, const char *const *texts, size_t count,
                                  capstan_capdata *ret)
{
    cs_status st = cs_host_enter(c);
    cs_buf_clear(&c->body);
    cs_buf_add_text(&c->body, "#[");
    for (size_t i = 0; st == CS_OK && i < count; i++) {
        if (i > 0)
            cs_buf_add_byte(&c->body, ',');
        st = add_argument(c, texts[i]);
    }
    cs_buf_add_byte(&c->body, ']');
    if (st == CS_OK)
        *ret = (capstan_capdata){ .body = cs_buf_text(&c->body), .body_size = c->body.size };
    return cs_host_leave(c, st);
}

const char *capstan_plain_json(capstan *c, const capstan_capdata *data)
{
    const cs_bytes body = { (const uint8_t *)data->body, data->body_size };
    cs_buf_clear(&c->text);
    return cs_smallcaps_to_plain(body, &c->text) ? cs_buf_text(&c->text) : NULL;
}
