/* Names, texts and classes come from one list, status.def. */
#include "base/status.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct {
    const char *name, *text;
    cs_class class;
} statuses[CS_STATUS_COUNT] = {
#define X(name, class, text) { #name, text, CS_CLASS_##class },
#include "base/status.def"
#undef X
};

static bool known(cs_status st)
{
    return (unsigned)st < CS_STATUS_COUNT;
}

const char *cs_status_name(cs_status st)
{
    return known(st) ? statuses[st].name : "UNKNOWN";
}

const char *cs_status_text(cs_status st)
{
    return known(st) ? statuses[st].text : "unknown status";
}

cs_class cs_status_class(cs_status st)
{
    return known(st) ? statuses[st].class : CS_CLASS_ENV;
}

cs_status cs_fail(cs_error *err, cs_status st, const char *format, ...)
{
    if (err == NULL)
        return st;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    err->status = st;
    return st;
}

cs_status cs_fail_at(cs_error *err, const char *format, ...)
{
    if (err == NULL)
        return CS_OK;
    char old[CS_ERROR_MAX];
    memcpy(old, err->text, sizeof old);
    va_list args;
    va_start(args, format);
    int n = vsnprintf(err->text, sizeof err->text, format, args);
    va_end(args);
    size_t at = n < 0 ? 0 : (size_t)n;
    if (at + 3 < sizeof err->text) {
        memcpy(err->text + at, ": ", 2);
        size_t room = sizeof err->text - at - 3, size = strnlen(old, room);
        memcpy(err->text + at + 2, old, size);
        err->text[at + 2 + size] = 0;
    }
    return err->status;
}

_Noreturn void cs_assert_failed(const char *what, const char *file, int line, const char *func)
{
    (void)fprintf(stderr,
                  "capstan: broken invariant: %s (%s:%d, %s). This is a bug in Capstan; the last "
                  "committed block is safe.\n",
                  what, file, line, func);
    abort();
}
