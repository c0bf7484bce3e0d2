#include "raw_world.h"

#include "base/limits.h"
#include "devices/devices.h"
#include "raw_device.h"
#include "raw_text.h"
#include "t.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* Syncing the disk takes its time, and 3 divides nothing that repeats in the scripts. */
enum { BETWEEN_COMMITS = 3 };

static char complaint[4096];

const char *raw_complain(raw_world *w, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    int n = snprintf(complaint, sizeof complaint, "mode %d line %u: %s\n  ", (int)w->mode, w->line,
                     w->now);
    (void)vsnprintf(complaint + n, sizeof complaint - (size_t)n, format, args);
    va_end(args);
    return complaint;
}

/* ---- the world ---- */

static void keep_log(void *ctx, const char *line)
{
    raw_world *w = ctx;
    if (w->log_count < RAW_LOG_MAX)
        (void)snprintf(w->log[w->log_count++], sizeof w->log[0], "%s", line);
}

static void register_device(raw_world *w, const char *name)
{
    cs_error err;
    const cs_device_ops *ops = raw_is(name, "vatAdmin") ? &cs_device_vat_admin
                               : raw_is(name, "bundle") ? &cs_device_bundle
                                                        : &raw_device_ops;
    if (cs_kernel_add_device(w->k, cs_bytes_of(name), ops, NULL, &err) != CS_OK)
        raw_die("device", err.text);
}

static void open_all(raw_world *w)
{
    static const cs_kernel_ops ops = { .log = keep_log };
    const cs_store_options options = { .create = true };
    cs_error err;
    if (w->store == NULL &&
        cs_store_open(w->mode == RAW_FILE ? w->path : NULL, &options, &w->store, &err) != CS_OK)
        raw_die("store", err.text);
    if (cs_kernel_new(w->store, &ops, w, &w->k, &err) != CS_OK)
        raw_die("kernel", err.text);
    cs_kernel_set_gc(w->k, w->policy);
    cs_kernel_set_cleanup_budget(w->k, &w->cleanup);
    for (unsigned i = 0; i < w->device_count; i++)
        register_device(w, w->devices[i]);
}

void raw_add_device(raw_world *w, const char *name)
{
    if (w->device_count == RAW_DEVICES_MAX)
        raw_die("too many devices", name);
    (void)snprintf(w->devices[w->device_count++], sizeof w->devices[0], "%s", name);
    register_device(w, name);
}

cs_status raw_forget_devices(raw_world *w)
{
    w->device_count = 0;
    w->k = cs_kernel_free(w->k);
    open_all(w);
    return CS_OK;
}

static void restart(raw_world *w)
{
    cs_error err;
    if (w->mode == RAW_PLAIN || w->mode == RAW_TWICE)
        return;
    if (w->mode == RAW_FILE && ++w->settled % BETWEEN_COMMITS != 0)
        return;
    w->k = cs_kernel_free(w->k);
    if (w->mode == RAW_FILE) {
        if (cs_store_commit(w->store, &err) != CS_OK)
            raw_die("commit", err.text);
        w->store = cs_store_close(w->store);
    }
    open_all(w);
}

void raw_world_end(raw_world *w)
{
    if (w->store != NULL) {
        const cs_bytes parts[] = { { w->activity.bytes, CS_HASH_SIZE },
                                   { cs_meta_get(w->store)->activity.bytes, CS_HASH_SIZE } };
        w->activity = cs_hash_parts(parts, 2);
    }
    w->k = cs_kernel_free(w->k);
    w->store = cs_store_close(w->store);
    cs_arena_clear(&w->arena);
}

void raw_world_begin(raw_world *w)
{
    static unsigned serial;
    static const char *dir;
    raw_world_end(w);
    w->log_count = w->log_read = 0;
    w->settled = 0;
    w->policy = CS_GC_PACED;
    w->only_gc = false;
    raw_read_cleanup("1000", &w->cleanup);
    w->device_count = 0;
    if (w->mode == RAW_FILE && dir == NULL)
        dir = t_tmpdir();
    (void)snprintf(w->path, sizeof w->path, "%s/raw%u", dir == NULL ? "" : dir, serial++);
    open_all(w);
}

static void tell_audit(void *ctx, const char *line)
{
    char *first = ctx;
    if (first[0] == 0)
        (void)snprintf(first, 512, "%s", line);
}

/* After every crank and every call of the host. */
const char *raw_settle(raw_world *w)
{
    char first[512] = "";
    restart(w);
    size_t lines = cs_kernel_audit(w->k, tell_audit, first);
    return lines == 0 ? NULL : raw_complain(w, "audit: %zu lines, first %s", lines, first);
}

cs_vatid raw_vat_named(raw_world *w, cs_bytes name)
{
    cs_vatid vat;
    if (cs_vatid_parse(name, &vat) == CS_OK)
        return vat;
    if (cs_kernel_vat_named(w->k, name, &vat) != CS_OK)
        raw_die("no such vat", (const char *)name.data);
    return vat;
}

cs_kref raw_root_of(void *ctx, cs_bytes name)
{
    raw_world *w = ctx;
    cs_kref root;
    if (cs_kernel_root(w->k, raw_vat_named(w, name), &root) != CS_OK)
        raw_die("no root", (const char *)name.data);
    return root;
}

const char *raw_name_of(raw_world *w, cs_vatid vat, char text[static 64])
{
    const cs_vat_row *row = cs_vat_find(w->store, vat);
    if (row == NULL || row->name == NULL)
        return cs_vatid_text(vat, text);
    (void)snprintf(text, 64, "%.*s", (int)row->name->size, (const char *)row->name->data);
    return text;
}

cs_status raw_next_effect(raw_world *w, cs_effect *e, cs_error *err)
{
    return w->only_gc ? cs_kernel_next_gc(w->k, e, err) : cs_kernel_next(w->k, e, err);
}

/* Makes routing cranks and others without a delivery until one comes, or idle. */
cs_status raw_run_to_delivery(raw_world *w, cs_effect *e, const char **ret_bad, cs_error *err)
{
    cs_status st;
    *ret_bad = NULL;
    do {
        st = raw_next_effect(w, e, err);
        if (st == CS_OK && e->kind == CS_EFFECT_CRANK)
            *ret_bad = raw_settle(w);
    } while (st == CS_OK && *ret_bad == NULL && e->kind == CS_EFFECT_CRANK);
    return st;
}

/* ---- words ---- */

char *raw_word(char **at)
{
    char *w = *at + strspn(*at, " ");
    char *end = w + strcspn(w, " ");
    *at = end;
    if (*end != 0)
        *(*at)++ = 0;
    return w;
}

bool raw_is(const char *a, const char *b)
{
    return strcmp(a, b) == 0;
}

bool raw_starts(const char *text, const char *with)
{
    return strncmp(text, with, strlen(with)) == 0;
}
