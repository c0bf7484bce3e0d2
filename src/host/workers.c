/* Where vats run: what the host says, and what the configuration said of single vats, which the store
 * keeps (docs/workers.md). */
#include "host/handle.h"
#include "kernel/options.h"

#include <stdio.h>
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

/* ---- single vats ---- */

/* Whoever makes a vat while the kernel runs does not choose how well it is shut in, nor whose process it
 * gets into: it may ask for a process, and for a group among the vats that were made so. */
static void place_dynamic(capstan *c, const cs_vat_options *o, cs_place *ret)
{
    if (o->manager == CS_MANAGER_PROCESS)
        ret->kind = cs_manager_name(o->manager);
    (void)snprintf(c->group, sizeof c->group, "dynamic %s", o->group);
}

void cs_host_place(void *ctx, cs_vatid vat, cs_place *ret)
{
    capstan *c = ctx;
    cs_vat_options o;
    const cs_vat_row *row = cs_vat_find(c->store, vat);
    if (row == NULL || !cs_vat_options_dec(row->options, &o))
        return;
    (void)snprintf(c->group, sizeof c->group, "%s", o.group);
    if (!o.is_static)
        place_dynamic(c, &o, ret);
    else if (o.manager != CS_MANAGER_DEFAULT)
        ret->kind = cs_manager_name(o.manager);
    if (o.group[0] != 0)
        ret->group = c->group;
}
