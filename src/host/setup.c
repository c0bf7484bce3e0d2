/* From a configuration to a store's first block: bundles, vats, the bootstrap message (S22: the
 * bootstrap vat first, the others by name; the bootstrap message after all startVats). Everything is
 * read before any file is made or deleted, so what is wrong with it changes nothing; and it is one
 * commit, so a store either holds all of it or is new. */
#include "host/handle.h"

#include "base/alloc.h"
#include "devices/devices.h"
#include "host/builtin.h"
#include "host/config.h"
#include "host/load.h"
#include "host/plain_json.h"
#include "kernel/bundle.h"
#include "kernel/device.h"
#include "kernel/meter.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct named_source {
    const cs_config_source *from;
    cs_loaded bundle;
} named_source;

struct cs_setup {
    cs_supervisor *supervisor; /* which compiles */
    cs_config *config;
    named_source *sources; /* vats of the same source share it */
    size_t source_count;
    size_t *source_of; /* of each vat, in the config's order, and then of each named bundle */
};

/* Filling a store. */
typedef struct setup {
    capstan *c;
    const capstan_options *options;
    const cs_setup *plan;
    const cs_config *config;
    cs_vatid *vats; /* in the config's order, then vatAdmin */
    size_t vat_count;
} setup;

/* ---- reading ---- */

static bool is_same_source(const cs_config_source *a, const cs_config_source *b)
{
    return a->kind == b->kind && a->bundle == b->bundle &&
           (a->path == NULL || strcmp(a->path, b->path) == 0);
}

static cs_status load_source(cs_setup *p, size_t at, const cs_config_source *from, const char *what,
                             const char *name, cs_error *err)
{
    size_t i = 0;
    while (i < p->source_count && !is_same_source(p->sources[i].from, from))
        i++;
    p->source_of[at] = i;
    if (i < p->source_count)
        return CS_OK;
    named_source *s = &p->sources[p->source_count++];
    s->from = from;
    cs_status st = cs_loaded_read(p->supervisor, from, &s->bundle, err);
    if (st != CS_OK)
        (void)cs_fail_at(err, "%s '%s'", what, name);
    return st;
}

static cs_status load_sources(cs_setup *p, cs_error *err)
{
    const cs_config *c = p->config;
    cs_status st = CS_OK;
    for (size_t i = 0; st == CS_OK && i < c->vat_count; i++)
        st = load_source(p, i, &c->vats[i].source, "vat", c->vats[i].name, err);
    for (size_t i = 0; st == CS_OK && i < c->bundle_count; i++)
        st = load_source(p, c->vat_count + i, &c->bundles[i].source, "bundle", c->bundles[i].name,
                         err);
    return st;
}

cs_status cs_host_setup_read(const char *config, cs_setup **ret, cs_error *err)
{
    static const cs_supervisor_ops no_ops = { 0 };
    cs_setup *p = CS_NEW(cs_setup);
    cs_status st = cs_config_load(config, &p->config, err);
    if (st == CS_OK)
        st = cs_supervisor_new(&no_ops, NULL, &p->supervisor, err);
    if (st == CS_OK) {
        const size_t count = p->config->vat_count + p->config->bundle_count;
        p->sources = cs_alloc_zero(count, sizeof *p->sources);
        p->source_of = cs_alloc_zero(count, sizeof *p->source_of);
        st = load_sources(p, err);
    }
    if (st == CS_OK)
        *ret = p;
    else
        (void)cs_host_setup_free(p);
    return st;
}

cs_setup *cs_host_setup_free(cs_setup *p)
{
    if (p == NULL)
        return NULL;
    for (size_t i = 0; i < p->source_count; i++)
        cs_loaded_fini(&p->sources[i].bundle);
    (void)cs_supervisor_free(p->supervisor);
    cs_free(p->sources);
    cs_free(p->source_of);
    (void)cs_config_free(p->config);
    return cs_free(p);
}

/* ---- filling ---- */

/* vatParameters as CapData: the config's parameters, and argv for the bootstrap vat. */
static void make_parameters(const setup *s, size_t index, cs_buf *body)
{
    const json_t *given = s->config->vats[index].parameters;
    json_t *all = given == NULL ? json_object() : json_copy((json_t *)(uintptr_t)given);
    if (index == 0 && s->config->has_bootstrap) {
        json_t *argv = json_array();
        for (size_t i = 0; i < s->options->argc; i++)
            json_array_append_new(argv, json_string(s->options->argv[i]));
        json_object_set_new(all, "argv", argv);
    }
    cs_buf_add_byte(body, '#');
    cs_plain_to_smallcaps(body, all);
    json_decref(all);
}

/* What the vat was made from, so that a later run can tell what changed since (host/source.h). */
static void note_sources(setup *s, cs_vatid vat, const cs_source *source)
{
    char key[CS_REF_TEXT_MAX + 16], text[CS_REF_TEXT_MAX];
    (void)snprintf(key, sizeof key, "host.sources.%s", cs_vatid_text(vat, text));
    cs_buf note = { 0 };
    cs_source_note_enc(&note, source);
    cs_kv_set(s->c->store, (cs_vatid){ 0 }, cs_bytes_of(key), cs_blob_new(cs_buf_bytes(&note)));
    cs_buf_fini(&note);
}

static cs_status add_vat(setup *s, size_t index)
{
    const cs_config_vat *vat = &s->config->vats[index];
    cs_vat_options options = { .is_static = true,
                               .manager = vat->manager,
                               .enable_pipelining = vat->enable_pipelining,
                               .critical = vat->critical,
                               .never_reap = vat->never_reap,
                               .reap_interval = vat->reap_interval,
                               .reap_gc_krefs = vat->reap_gc_krefs };
    memcpy(options.group, vat->group, sizeof options.group);
    const cs_loaded *l = &s->plan->sources[s->plan->source_of[index]].bundle;
    cs_buf body = { 0 };
    make_parameters(s, index, &body);
    const cs_kcapdata parameters = { .body = cs_buf_bytes(&body) };
    cs_status st = cs_kernel_add_vat(s->c->kernel, cs_bytes_of(vat->name), &l->name, &options,
                                     &parameters, &s->vats[index], &s->c->err);
    if (st == CS_OK)
        note_sources(s, s->vats[index], &l->source);
    cs_buf_fini(&body);
    return st;
}

/* Unless the configuration has one of its own. */
static cs_status add_vat_admin(setup *s)
{
    for (size_t i = 0; i < s->config->vat_count; i++)
        if (strcmp(s->config->vats[i].name, CS_VAT_ADMIN_NAME) == 0)
            return CS_OK;
    return cs_host_add_vat_admin(s->c, &s->vats[s->vat_count++]);
}

/* ---- the bootstrap message: bootstrap({ name: root, ... }, devices) ---- */

static const char *name_of(const setup *s, size_t vat)
{
    return vat < s->config->vat_count ? s->config->vats[vat].name : CS_VAT_ADMIN_NAME;
}

static int compare_names(const void *a, const void *b, void *ctx)
{
    return strcmp(name_of(ctx, *(const size_t *)a), name_of(ctx, *(const size_t *)b));
}

static cs_status add_devices(setup *s, cs_buf *body, cs_kref *slots)
{
    const size_t before = s->vat_count;
    cs_status st = CS_OK;
    cs_buf_add_text(body, "},{");
    for (size_t i = 0; i < CS_BUILTIN_DEVICES && st == CS_OK; i++) {
        const char *name = cs_builtin_devices[i].name;
        cs_buf_addf(body, "%s\"%s\":\"$%zu.Alleged: device\"", i == 0 ? "" : ",", name, before + i);
        st = cs_kernel_device_named(s->c->kernel, cs_bytes_of(name), &slots[before + i]);
    }
    cs_buf_add_text(body, "}]]");
    return st;
}

/* Record keys are sorted in CapData (S18), and slots follow their first mention. */
static cs_status make_bootstrap_args(setup *s, cs_buf *body, cs_kref *slots)
{
    const size_t count = s->vat_count;
    size_t *order = cs_alloc(count * sizeof *order);
    cs_status st = CS_OK;
    for (size_t i = 0; i < count; i++)
        order[i] = i;
    qsort_r(order, count, sizeof *order, compare_names, s);
    cs_buf_add_text(body, "#[\"bootstrap\",[{");
    for (size_t i = 0; i < count && st == CS_OK; i++) {
        cs_buf_addf(body, "%s\"%s\":\"$%zu.Alleged: root\"", i == 0 ? "" : ",",
                    name_of(s, order[i]), i);
        st = cs_kernel_root(s->c->kernel, s->vats[order[i]], &slots[i]);
    }
    cs_free(order);
    return st == CS_OK ? add_devices(s, body, slots) : st;
}

static cs_status queue_bootstrap(setup *s)
{
    const size_t count = s->vat_count + CS_BUILTIN_DEVICES;
    cs_kref *slots = cs_alloc(count * sizeof *slots), root, promise;
    char text[CS_REF_TEXT_MAX];
    cs_buf body = { 0 };
    cs_status st = make_bootstrap_args(s, &body, slots);
    if (st == CS_OK)
        st = cs_kernel_root(s->c->kernel, s->vats[0], &root);
    if (st == CS_OK) {
        const cs_kcapdata args = { cs_buf_bytes(&body), slots, (uint32_t)count };
        st = cs_kernel_send(s->c->kernel, root, &args, CS_POLICY_IGNORE, &promise, &s->c->err);
    }
    if (st == CS_OK)
        cs_kv_set(s->c->store, (cs_vatid){ 0 }, CS_BYTES(CS_NOTE_BOOTSTRAP),
                  cs_blob_new(cs_bytes_of(cs_kref_text(promise, text))));
    if (st == CS_OK && s->config->pin_bootstrap_root)
        st = cs_kernel_pin(s->c->kernel, root);
    cs_buf_fini(&body);
    cs_free(slots);
    return st;
}

/* ---- what the store was made from: hash of the configuration, hash of argv, the file's name ---- */

enum { NOTE_SIZE_MIN = 2 * CS_HASH_SIZE };

static cs_hash hash_of_argv(const capstan_options *o)
{
    cs_hash hash = { { 0 } };
    for (size_t i = 0; i < o->argc; i++)
        hash = cs_hash_chain(&hash, cs_bytes_of(o->argv[i]));
    return hash;
}

static void note_config(setup *s)
{
    const cs_hash argv = hash_of_argv(s->options);
    cs_buf note = { 0 };
    cs_buf_add(&note, s->config->content.bytes, CS_HASH_SIZE);
    cs_buf_add(&note, argv.bytes, CS_HASH_SIZE);
    cs_buf_add_text(&note, s->config->name);
    cs_kv_set(s->c->store, (cs_vatid){ 0 }, CS_BYTES(CS_NOTE_CONFIG),
              cs_blob_new(cs_buf_bytes(&note)));
    cs_buf_fini(&note);
}

static cs_status install_bundle(setup *s, size_t index)
{
    const size_t source = s->plan->source_of[s->config->vat_count + index];
    const cs_loaded *l = &s->plan->sources[source].bundle;
    const cs_bytes id = cs_bytes_of(l->id), name = cs_bytes_of(s->config->bundles[index].name);
    cs_status st = cs_kernel_install_bundle(s->c->kernel, id, &l->name, &s->c->err);
    return st == CS_OK ? cs_kernel_name_bundle(s->c->kernel, name, id, &s->c->err) : st;
}

static void note_manager(setup *s)
{
    if (s->config->manager != CS_MANAGER_DEFAULT)
        cs_kv_set(s->c->store, (cs_vatid){ 0 }, CS_BYTES(CS_NOTE_MANAGER),
                  cs_blob_new(cs_bytes_of(cs_manager_name(s->config->manager))));
}

static cs_status fill(setup *s)
{
    cs_status st = cs_kernel_set_reap_defaults(s->c->kernel, s->config->reap_interval,
                                               s->config->reap_gc_krefs);
    if (st == CS_OK)
        st = cs_kernel_set_vats_max(s->c->kernel, s->config->vats_max);
    note_config(s);
    if (s->options->delivery_computrons != 0)
        cs_delivery_set_max(s->c->kernel, s->options->delivery_computrons);
    note_manager(s);
    for (size_t i = 0; i < s->plan->source_count; i++)
        cs_loaded_add(s->c->store, &s->plan->sources[i].bundle);
    for (size_t i = 0; i < s->config->bundle_count && st == CS_OK; i++)
        st = install_bundle(s, i);
    for (size_t i = 0; i < s->config->vat_count && st == CS_OK; i++)
        st = add_vat(s, i);
    if (st == CS_OK)
        st = add_vat_admin(s);
    if (st == CS_OK && s->config->has_bootstrap)
        st = queue_bootstrap(s);
    cs_store_keep(s->c->store);
    return st == CS_OK ? cs_host_commit(s->c) : st;
}

cs_status cs_host_setup_fill(capstan *c, const cs_setup *plan, const capstan_options *options)
{
    setup s = { .c = c, .options = options, .plan = plan, .config = plan->config };
    s.vat_count = plan->config->vat_count;
    s.vats = cs_alloc_zero(s.vat_count + 1, sizeof *s.vats);
    cs_status st = fill(&s);
    cs_free(s.vats);
    return st;
}

/* ---- a later run ---- */

/* Two configurations in one folder share a default store: the one that did not make it must not run
 * what the other one means. */
static cs_status compare_name(capstan *c, const capstan_options *o, const cs_config *config,
                              cs_bytes made_from)
{
    const int size = (int)made_from.size;
    const char *name = (const char *)made_from.data;
    if (cs_bytes_equal(made_from, cs_bytes_of(config->name)))
        return CS_OK;
    if (o->store == NULL)
        return cs_fail(
            &c->err, CS_E_CONFIG,
            "%s: %s was made from %.*s; name another file with --store, or this one to go "
            "on with it",
            config->path, c->store_path, size == 1 ? 8 : size, size == 1 ? "a folder" : name);
    cs_host_notice(c, "%s goes on with what it was made from, not with %s", c->store_path,
                   config->path);
    return CS_OK;
}

static cs_status compare_note(capstan *c, const capstan_options *o, const cs_config *config,
                              cs_bytes note)
{
    const cs_hash argv = hash_of_argv(o);
    const cs_bytes name = { note.data + NOTE_SIZE_MIN, note.size - NOTE_SIZE_MIN };
    cs_status st = compare_name(c, o, config, name);
    if (st != CS_OK)
        return st;
    if (cs_bytes_equal(name, cs_bytes_of(config->name)) &&
        memcmp(note.data, config->content.bytes, CS_HASH_SIZE) != 0)
        cs_host_notice(c,
                       "%s changed since %s was made, which goes on as it is (--reset begins anew)",
                       config->path, c->store_path);
    if (o->argc > 0 && memcmp(note.data + CS_HASH_SIZE, argv.bytes, CS_HASH_SIZE) != 0)
        cs_host_notice(
            c, "%s was made with other arguments, and goes on with those (--reset begins anew)",
            c->store_path);
    return CS_OK;
}

cs_status cs_host_compare_config(capstan *c, const capstan_options *o)
{
    cs_config *config = NULL;
    cs_blob *note = cs_kv_find(c->store, (cs_vatid){ 0 }, CS_BYTES(CS_NOTE_CONFIG));
    cs_error err = { 0 };
    if (note == NULL || note->size < NOTE_SIZE_MIN)
        return CS_OK;
    if (cs_config_load(o->config, &config, &err) != CS_OK) {
        cs_host_notice(c, "%s; %s goes on with what it was made from", err.text, c->store_path);
        return CS_OK;
    }
    cs_status st = compare_note(c, o, config, cs_blob_bytes(note));
    (void)cs_config_free(config);
    return st;
}

/* Reading the noted files and hashing them is cheap enough for every start; the store's bundles stay
 * what they are. */
void cs_host_compare_sources(capstan *c)
{
    static const char prefix[] = "host.sources.";
    cs_blob *key = cs_kv_after(c->store, (cs_vatid){ 0 }, cs_bytes_of(prefix));
    while (key != NULL && cs_bytes_start_with(cs_blob_bytes(key), prefix)) {
        const char *vat = (const char *)key->data + sizeof prefix - 1;
        int size = (int)(key->size - (sizeof prefix - 1));
        char *changed = cs_source_changed(
            cs_blob_bytes(cs_kv_find(c->store, (cs_vatid){ 0 }, cs_blob_bytes(key))));
        if (changed != NULL)
            cs_host_notice(c,
                           "%s changed since %s was made; vat %.*s goes on with the code in the "
                           "store (--reset begins anew)",
                           changed, c->store_path, size, vat);
        cs_free(changed);
        cs_blob *next = cs_kv_after(c->store, (cs_vatid){ 0 }, cs_blob_bytes(key));
        (void)cs_blob_unref(key);
        key = next;
    }
    (void)cs_blob_unref(key);
}
