/* Where vats run: what the host says (docs/workers.md). */
#include "host/handle.h"

#include <stdlib.h>
#include <string.h>

enum { POOL_MAX = 1000 };

static cs_status refuse(capstan *c, const char *text)
{
    return cs_fail(&c->err, CS_E_USAGE,
                   "'%s' is no worker kind that this version has; use process, process:N, "
                   "process:vat or local",
                   text);
}

/* What follows "process:". */
static bool read_sharing(cs_worker_settings *s, const char *text)
{
    char *end;
    if (strcmp(text, "vat") == 0) {
        s->sharing = CS_SHARE_NONE;
        return true;
    }
    if (text[0] < '0' || text[0] > '9')
        return false;
    unsigned long n = strtoul(text, &end, 10);
    s->pool = (uint32_t)n;
    return *end == 0 && n >= 1 && n <= POOL_MAX;
}

/* "process", "xs-worker" and "xsnap" are the same; only these may be followed by a colon. */
static cs_status read_kind(capstan *c, const char *text)
{
    static const char *const processes[] = { "process", "xs-worker", "xsnap" };
    cs_worker_settings *s = &c->workers;
    s->kind = "local";
    if (text == NULL || strcmp(text, "local") == 0)
        return CS_OK;
    const size_t size = strcspn(text, ":");
    for (size_t i = 0; i < sizeof processes / sizeof *processes; i++)
        if (strlen(processes[i]) == size && strncmp(processes[i], text, size) == 0)
            s->kind = "process";
    if (strcmp(s->kind, "local") == 0 || (text[size] == ':' && !read_sharing(s, text + size + 1)))
        return refuse(c, text);
    return CS_OK;
}

cs_status cs_host_read_worker(capstan *c, const capstan_options *o)
{
    if (o->worker_program != NULL)
        c->worker_program = cs_bytes_to_text(cs_bytes_of(o->worker_program));
    c->workers = (cs_worker_settings){ .program = c->worker_program,
                                       .require_sandbox = o->require_sandbox,
                                       .watchdog_ms = o->watchdog_millis };
    return read_kind(c, o->worker);
}
