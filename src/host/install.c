/* Bundles that are installed while the store lives. All that can be refused is refused before anything is
 * changed. Bundle, code, id and the message that tells vatAdmin are one block with the name, so that
 * whoever waits for the bundle loses nothing by a crash. */
#include "host/handle.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "host/load.h"
#include "kernel/bundle.h"
#include "kernel/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static bool is_json(const char *path)
{
    const char *end = strrchr(path, '.');
    return end != NULL && strcmp(end, ".json") == 0;
}

static cs_status read_path(capstan *c, const char *path, cs_config_source *ret)
{
    char *real = realpath(path, NULL);
    if (real == NULL)
        return cs_fail(&c->err, CS_E_NOT_FOUND, "%s: %s", path, strerror(errno));
    ret->kind = is_json(path) ? CS_SOURCE_BUNDLE : CS_SOURCE_FILE;
    ret->path = cs_bytes_to_text(cs_bytes_of(real));
    free(real);
    return CS_OK;
}

static cs_status read_json(capstan *c, const char *text, size_t size, cs_config_source *ret)
{
    json_error_t where;
    if (size > CS_SOURCE_MAX)
        return cs_fail(&c->err, CS_E_CONFIG, "bundle: larger than %u bytes", CS_SOURCE_MAX);
    ret->kind = CS_SOURCE_INLINE;
    ret->bundle = json_loadb(text, size, 0, &where);
    if (ret->bundle == NULL)
        return cs_fail(&c->err, CS_E_CONFIG, "bundle:%d: not JSON: %s", where.line, where.text);
    return CS_OK;
}

static cs_status load(capstan *c, const capstan_bundle *b, cs_loaded *ret)
{
    static const cs_supervisor_ops no_ops = { 0 };
    cs_config_source from = { 0 };
    cs_supervisor *compiler = NULL;
    cs_status st =
        b->path != NULL ? read_path(c, b->path, &from) : read_json(c, b->json, b->json_size, &from);
    if (st == CS_OK)
        st = cs_supervisor_new(&no_ops, NULL, &compiler, &c->err);
    if (st == CS_OK)
        st = cs_loaded_read(compiler, &from, ret, &c->err);
    (void)cs_supervisor_free(compiler);
    cs_free(from.path);
    json_decref(from.bundle);
    return st;
}

/* ---- what can be refused ---- */

static cs_status check_id(capstan *c, const capstan_bundle *b, const cs_loaded *l)
{
    if (b->id == NULL || strcmp(b->id, l->id) == 0)
        return CS_OK;
    return cs_fail(&c->err, CS_E_CONFIG, "the bundle's id is %s, not %s", l->id, b->id);
}

static cs_status check_name(capstan *c, const char *name, const char *id)
{
    cs_bytes known;
    if (name == NULL || cs_bundle_named(c->kernel, cs_bytes_of(name), &known) != CS_OK ||
        cs_bytes_equal(known, cs_bytes_of(id)))
        return CS_OK;
    return cs_fail(&c->err, CS_E_USAGE, "the name '%s' is taken by bundle %.*s", name,
                   (int)known.size, (const char *)known.data);
}

static cs_status check_asked(capstan *c, const capstan_bundle *b)
{
    if ((b->path == NULL) == (b->json == NULL))
        return cs_fail(&c->err, CS_E_USAGE, "a bundle is named by one of path and json");
    if (b->name != NULL && !cs_vat_name_check(cs_bytes_of(b->name)))
        return cs_fail(&c->err, CS_E_USAGE,
                       "a bundle's name is 1 to %u of A-Z, a-z, 0-9, '.', '_' and '-'",
                       CS_NAME_MAX);
    return CS_OK;
}

/* ---- the change ---- */

static cs_status add(capstan *c, const capstan_bundle *b, const cs_loaded *l)
{
    cs_hash known;
    const cs_bytes id = cs_bytes_of(l->id);
    cs_status st = cs_bundle_of_id(c->kernel, id, &known);
    if (st == CS_E_NOT_FOUND) {
        cs_loaded_add(c->store, l);
        st = cs_kernel_install_bundle(c->kernel, id, &l->name, &c->err);
    }
    if (st == CS_OK && b->name != NULL)
        st = cs_kernel_name_bundle(c->kernel, cs_bytes_of(b->name), id, &c->err);
    return st;
}

static cs_status install(capstan *c, const capstan_bundle *b, cs_loaded *l)
{
    cs_status st = check_asked(c, b);
    if (st == CS_OK)
        st = load(c, b, l);
    if (st == CS_OK)
        st = check_id(c, b, l);
    if (st == CS_OK)
        st = check_name(c, b->name, l->id);
    return st == CS_OK ? add(c, b, l) : st;
}

capstan_code capstan_install_bundle(capstan *c, const capstan_bundle *bundle, const char **ret_id)
{
    cs_loaded l = { 0 };
    cs_status st = cs_host_enter_to_write(c);
    if (st == CS_OK)
        st = install(c, bundle, &l);
    if (st == CS_OK && ret_id != NULL) {
        cs_buf_clear(&c->text);
        cs_buf_add_text(&c->text, l.id);
        *ret_id = cs_buf_text(&c->text);
    }
    cs_loaded_fini(&l);
    return cs_host_leave(c, st);
}
