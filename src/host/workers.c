/* Where vats run: what the host says, and what the configuration said of single vats, which the store
 * keeps (docs/workers.md). */
#include "host/handle.h"

#include <jansson.h>
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

static cs_bytes key_of(cs_vatid vat, char *text, size_t size)
{
    char name[CS_REF_TEXT_MAX];
    (void)snprintf(text, size, "host.place.%s", cs_vatid_text(vat, name));
    return cs_bytes_of(text);
}

void cs_host_note_place(capstan *c, cs_vatid vat, const struct json_t *place)
{
    char key[64];
    char *text = place == NULL ? NULL : json_dumps(place, JSON_COMPACT | JSON_SORT_KEYS);
    if (text != NULL)
        cs_kv_set(c->store, (cs_vatid){ 0 }, key_of(vat, key, sizeof key),
                  cs_blob_new(cs_bytes_of(text)));
    free(text);
}

void cs_host_place(void *ctx, cs_vatid vat, cs_place *ret)
{
    char key[64];
    capstan *c = ctx;
    cs_blob *note = cs_kv_find(c->store, (cs_vatid){ 0 }, key_of(vat, key, sizeof key));
    if (note == NULL)
        return;
    json_decref(c->place);
    c->place = json_loadb((const char *)note->data, note->size, 0, NULL);
    ret->kind = json_string_value(json_object_get(c->place, "managerType"));
    ret->group = json_string_value(json_object_get(c->place, "workerGroup"));
}
