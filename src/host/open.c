/* Opening and closing a handle, and the way in and out of every public function. */
#include "host/handle.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "devices/devices.h"
#include "kernel/meter.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct {
    cs_status status;
    capstan_code code;
    const char *name;
} codes[] = {
    { CS_OK, CAPSTAN_OK, "OK" },
    { CS_E_USAGE, CAPSTAN_USAGE, "USAGE" },
    { CS_E_CONFIG, CAPSTAN_CONFIG, "CONFIG" },
    { CS_E_NOT_FOUND, CAPSTAN_NOT_FOUND, "NOT_FOUND" },
    { CS_E_BUSY, CAPSTAN_BUSY, "BUSY" },
    { CS_E_DEAD, CAPSTAN_DEAD, "DEAD" },
    { CS_E_PANIC, CAPSTAN_PANIC, "PANIC" },
    { CS_E_IO, CAPSTAN_IO, "IO" },
    { CS_E_DISK_FULL, CAPSTAN_DISK_FULL, "DISK_FULL" },
    { CS_E_READ_ONLY, CAPSTAN_READ_ONLY, "READ_ONLY" },
    { CS_E_LOCKED, CAPSTAN_LOCKED, "LOCKED" },
    { CS_E_NOT_OURS, CAPSTAN_NOT_OURS, "NOT_OURS" },
    { CS_E_NEWER, CAPSTAN_NEWER, "NEWER" },
    { CS_E_CORRUPT, CAPSTAN_CORRUPT, "CORRUPT" },
    { CS_E_ENGINE, CAPSTAN_ENGINE, "ENGINE" },
    { CS_E_DIVERGED, CAPSTAN_DIFFERENT, "DIFFERENT" },
};

static capstan_code code_of(cs_status st)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].status == st)
            return codes[i].code;
    /* What is left of VAT class are values that the host's call brought along. */
    return cs_status_class(st) == CS_CLASS_ENV ? CAPSTAN_IO : CAPSTAN_USAGE;
}

const char *capstan_code_name(capstan_code code)
{
    for (size_t i = 0; i < sizeof codes / sizeof *codes; i++)
        if (codes[i].code == code)
            return codes[i].name;
    return "UNKNOWN";
}

const char *capstan_version(void)
{
    return CAPSTAN_VERSION;
}

void capstan_set_allocator(void *(*resize)(void *ctx, void *old, size_t size), void *ctx)
{
    cs_alloc_use(resize, ctx);
}

cs_status cs_host_enter(capstan *c)
{
    if (c->busy)
        return cs_fail(&c->err, CS_E_BUSY, "called from inside a callback of the same capstan");
    if (c->kernel == NULL)
        return c->err.status != CS_OK ? c->err.status
                                      : cs_fail(&c->err, CS_E_USAGE, "this capstan is not open");
    c->err.status = CS_OK;
    c->err.text[0] = 0;
    return CS_OK;
}

capstan_code cs_host_leave(capstan *c, cs_status st)
{
    if (c->vats != NULL)
        cs_vats_rest(c->vats);
    if (st == CS_E_PANIC && c->err.text[0] == 0)
        (void)cs_kernel_status(c->kernel, &c->err);
    if (st != CS_OK && c->err.text[0] == 0)
        (void)cs_fail(&c->err, st, "%s", cs_status_text(st));
    return code_of(st);
}

cs_status cs_host_enter_to_write(capstan *c)
{
    cs_status st = cs_host_enter(c);
    if (st == CS_OK && c->read_only)
        return cs_fail(&c->err, CS_E_READ_ONLY, "%s is open read-only", c->store_path);
    return st;
}

void cs_host_notice(capstan *c, const char *format, ...)
{
    if (c->listener.notice == NULL)
        return;
    char line[CS_ERROR_MAX];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(line, sizeof line, format, args);
    va_end(args);
    bool was = c->busy;
    c->busy = true;
    c->listener.notice(c->ctx, line);
    c->busy = was;
}

static void on_kernel_log(void *ctx, const char *line)
{
    cs_host_notice(ctx, "%s", line);
}

/* Its worker may have it no longer than its crank. */
static void on_vat_ended(void *ctx, cs_vatid vat)
{
    capstan *c = ctx;
    if (c->vats != NULL)
        cs_vats_unload(c->vats, vat);
}

static bool is_memory(const char *path)
{
    return strcmp(path, ":memory:") == 0;
}

/* The store's path: as given, or capstan.db in the config's folder. */
static char *choose_store_path(const capstan_options *o)
{
    struct stat info;
    if (o->store != NULL)
        return cs_bytes_to_text(cs_bytes_of(o->store));
    cs_buf path = { 0 };
    const char *slash = strrchr(o->config, '/');
    if (stat(o->config, &info) == 0 && S_ISDIR(info.st_mode))
        cs_buf_addf(&path, "%s%scapstan.db", o->config, slash != NULL && slash[1] == 0 ? "" : "/");
    else
        cs_buf_addf(&path, "%.*scapstan.db", slash == NULL ? 0 : (int)(slash - o->config + 1),
                    o->config);
    char *text = cs_bytes_to_text(cs_buf_bytes(&path));
    cs_buf_fini(&path);
    return text;
}

/* The index of `value` among the choices; 0 if it is NULL. */
static cs_status read_choice(capstan *c, const char *what, const char *value,
                             const char *const *choices, size_t *ret)
{
    cs_buf list = { 0 };
    *ret = 0;
    for (size_t i = 0; value != NULL && choices[i] != NULL; i++) {
        if (strcmp(value, choices[i]) == 0) {
            *ret = i;
            value = NULL;
        }
        cs_buf_addf(&list, "%s%s",
                    i == 0                   ? ""
                    : choices[i + 1] == NULL ? " or "
                                             : ", ",
                    choices[i]);
    }
    cs_status st = CS_OK;
    if (value != NULL)
        st = cs_fail(&c->err, CS_E_USAGE, "'%s' is no %s that this version has; use %s", value,
                     what, cs_buf_text(&list));
    cs_buf_fini(&list);
    return st;
}

static cs_status check_options(capstan *c, const capstan_options *o)
{
    /* In the order of cs_gc_policy. */
    static const char *const policies[] = { "paced", "prompt", "batched", NULL };
    size_t policy;
    if (o->size < sizeof *o)
        return cs_fail(&c->err, CS_E_USAGE, "capstan_options.size is not set");
    if (o->store == NULL && o->config == NULL)
        return cs_fail(&c->err, CS_E_USAGE, "neither a store nor a configuration is named");
    if (o->reset && (o->config == NULL || o->read_only))
        return cs_fail(&c->err, CS_E_USAGE, "a store is made anew only from a configuration");
    if (o->delivery_computrons != 0 && !cs_delivery_max_check(o->delivery_computrons))
        return cs_fail(&c->err, CS_E_USAGE, "a delivery may take %u to %u computrons",
                       CS_COMPUTRONS_MIN, CS_COMPUTRONS_MAX);
    capstan_options of_worker = *o;
    if (o->worker == NULL)
        of_worker.worker = o->worker_default;
    cs_status st = cs_host_read_worker(c, &of_worker);
    if (st == CS_OK)
        st = read_choice(c, "gc policy", o->gc, policies, &policy);
    if (st == CS_OK)
        c->gc = (cs_gc_policy)policy;
    return st;
}

/* Deletes the store and what SQLite keeps beside it; but only a store of ours. */
static cs_status reset_store(capstan *c)
{
    static const char *const suffixes[] = { "", "-wal", "-shm" };
    const cs_store_options look = { .create = false };
    cs_store *old = NULL;
    cs_status st = cs_store_open(c->store_path, &look, &old, &c->err);
    (void)cs_store_close(old);
    if (st == CS_E_NOT_FOUND)
        return CS_OK;
    if (st != CS_OK && st != CS_E_NEWER && st != CS_E_CORRUPT)
        return st;
    for (size_t i = 0; i < sizeof suffixes / sizeof *suffixes; i++) {
        cs_buf path = { 0 };
        cs_buf_addf(&path, "%s%s", c->store_path, suffixes[i]);
        (void)unlink(cs_buf_text(&path));
        cs_buf_fini(&path);
    }
    return CS_OK;
}

static cs_status open_store(capstan *c, const capstan_options *o)
{
    const cs_store_options so = { .create = o->config != NULL && !o->read_only,
                                  .read_only = o->read_only };
    cs_status st = CS_OK;
    if (o->reset && !is_memory(c->store_path))
        st = reset_store(c);
    if (st == CS_OK)
        st =
            cs_store_open(is_memory(c->store_path) ? NULL : c->store_path, &so, &c->store, &c->err);
    if (c->vats != NULL)
        cs_vats_set_store(c->vats, c->store);
    return st;
}

/* A store is set up in its first block, so it has a vat or it is empty. */
static bool is_new(capstan *c)
{
    return !cs_vat_was(c->store, (cs_vatid){ 1 }); /* it may have been forgotten since */
}

static bool has_content(const char *path)
{
    struct stat info;
    return !is_memory(path) && stat(path, &info) == 0 && info.st_size > 0;
}

static void compare_delivery_max(capstan *c, const capstan_options *o)
{
    const uint64_t max = cs_delivery_max(c->store);
    if (o->delivery_computrons != 0 && o->delivery_computrons != max)
        cs_host_notice(c, "%s was made with %llu computrons a delivery, and goes on with that",
                       c->store_path, (unsigned long long)max);
}

/* Who starts this run has the first word about where vats run, the configuration the second. A worker that
 * was begun on the guess that it has none is not needed then. */
static cs_status choose_manager(capstan *c, const capstan_options *o)
{
    cs_manager manager;
    const cs_blob *note = cs_kv_find(c->store, (cs_vatid){ 0 }, CS_BYTES(CS_NOTE_MANAGER));
    if (o->worker != NULL || note == NULL)
        return CS_OK;
    if (!cs_manager_named(cs_blob_bytes(note), &manager) || manager > CS_MANAGER_NODE)
        return cs_fail(&c->err, CS_E_CORRUPT, "%s: its kind of vat manager is unknown",
                       c->store_path);
    if (strcmp(c->workers.kind, cs_manager_name(manager)) != 0)
        c->vats = cs_vats_free(c->vats);
    c->workers.kind = cs_manager_name(manager);
    return CS_OK;
}

static cs_status open_old(capstan *c, const capstan_options *o)
{
    compare_delivery_max(c, o);
    cs_status st = choose_manager(c, o);
    if (st != CS_OK || o->config == NULL || o->read_only)
        return st;
    st = cs_host_compare_config(c, o);
    if (st == CS_OK)
        cs_host_compare_sources(c);
    return st;
}

/* As in the reference, a basedir is its vats and nothing else: who names the folder of a configuration may
 * mean the configuration. */
static void warn_of_config(capstan *c, const char *config)
{
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/config.json", config);
    if (access(path, R_OK) == 0)
        cs_host_notice(c, "%s is not read unless it is named: this runs the folder's vats", path);
}

static cs_status open_new(capstan *c, const capstan_options *o, cs_setup **plan)
{
    cs_status st = CS_OK;
    if (o->config == NULL)
        return cs_fail(&c->err, CS_E_NOT_FOUND,
                       "%s holds no vats yet: name a configuration to make them from",
                       c->store_path);
    warn_of_config(c, o->config);
    if (*plan == NULL) /* there was a file, but nothing in it */
        st = cs_host_setup_read(o->config, plan, &c->err);
    if (st == CS_OK)
        st = cs_host_setup_fill(c, *plan, o);
    if (st == CS_OK)
        st = choose_manager(c, o);
    /* The plan holds the engine's base, which takes some time to make: kept for the first run. */
    if (st == CS_OK)
        cs_host_vats(c);
    return st;
}

/* Whoever opens a store to run it needs a worker soon: a process makes its base heap while this one opens
 * the store, or compiles a configuration. In this process it would only be done sooner, not beside that. */
static void begin_worker(capstan *c)
{
    if (!c->read_only && strcmp(c->workers.kind, "local") != 0)
        cs_host_vats(c);
}

/* A new store is made, and an old one deleted, only when all sources of the new one are read. */
static cs_status open_all(capstan *c, const capstan_options *o)
{
    static const cs_kernel_ops ops = { .log = on_kernel_log, .ended = on_vat_ended };
    cs_setup *plan = NULL;
    struct stat info;
    cs_status st = CS_OK;
    if (o->config != NULL && stat(o->config, &info) != 0)
        return cs_fail(&c->err, CS_E_NOT_FOUND, "%s: %s", o->config, strerror(errno));
    if (o->config != NULL && !o->read_only && (o->reset || !has_content(c->store_path)))
        st = cs_host_setup_read(o->config, &plan, &c->err);
    if (st == CS_OK)
        st = open_store(c, o);
    if (st == CS_OK)
        st = cs_kernel_new(c->store, &ops, c, &c->kernel, &c->err);
    if (st == CS_OK)
        cs_kernel_set_gc(c->kernel, c->gc);
    if (st == CS_OK && !o->read_only) /* who only looks calls none */
        st = cs_devices_add(c->kernel, &c->err);
    if (st == CS_OK)
        st = is_new(c) ? open_new(c, o, &plan) : open_old(c, o);
    (void)cs_host_setup_free(plan);
    return st;
}

capstan_code capstan_open(const capstan_options *options, capstan **ret)
{
    capstan *c = *ret = CS_NEW(capstan);
    cs_status st = check_options(c, options);
    if (st == CS_OK) {
        c->store_path = choose_store_path(options);
        c->config_path =
            options->config == NULL ? NULL : cs_bytes_to_text(cs_bytes_of(options->config));
        c->read_only = options->read_only;
        c->block_cranks_max = options->block == 0 ? 1000 : options->block;
        c->ctx = options->ctx;
        if (options->listener != NULL)
            c->listener = *options->listener;
        begin_worker(c);
        st = open_all(c, options);
    }
    if (st != CS_OK) {
        c->vats = cs_vats_free(c->vats);
        c->kernel = cs_kernel_free(c->kernel);
    }
    return cs_host_leave(c, st);
}

void capstan_close(capstan *c)
{
    if (c == NULL)
        return;
    (void)cs_vats_free(c->vats);
    (void)cs_kernel_free(c->kernel);
    (void)cs_store_close(c->store);
    cs_free(c->store_path);
    cs_free(c->config_path);
    cs_free(c->worker_program);
    cs_buf_fini(&c->text);
    cs_buf_fini(&c->body);
    cs_buf_fini(&c->slot_text);
    cs_free(c->slots);
    cs_free(c);
}

const char *capstan_errmsg(const capstan *c)
{
    return c->err.text;
}

const char *capstan_store_path(const capstan *c)
{
    return c->store_path;
}
