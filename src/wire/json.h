/* The same as JSON, in the shapes that the field's tools know (S5, S16): for `capstan log`, slog
 * lines and people. Writing only. */
#pragma once
#include "base/message.h"

void cs_delivery_json(cs_buf *b, const cs_delivery *d); /* ["message","o+0",{"methargs":…}] */
/* "send", …; "unknown" for a kind that a foreign reply made up. */
const char *cs_syscall_name(cs_syscall_kind kind);
void cs_syscall_json(cs_buf *b, const cs_syscall *s); /* ["send","o-50",{…}] */
/* What the syscall was told: ["ok",null] or ["ok","value"]. */
void cs_answer_json(cs_buf *b, const cs_syscall *s);
void cs_reply_json(cs_buf *b, const cs_reply *reply); /* ["ok",null,{"compute":…}] */
