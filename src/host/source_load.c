/* What a configuration names as a vat's source, as a bundle: a source tree, a bundle's file, or a bundle
 * in the configuration itself. */
#include "host/source.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/limits.h"
#include "host/bundle_formats.h"
#include "host/resolve.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cs_status parse(const char *path, cs_bytes text, json_t **ret, cs_error *err)
{
    json_error_t e;
    *ret = json_loadb((const char *)text.data, text.size, 0, &e);
    return *ret != NULL ? CS_OK
                        : cs_fail(err, CS_E_CONFIG, "%s:%d: not JSON: %s", path, e.line, e.text);
}

/* The archive's reader has checked that it is the hash. */
static void note_id(const json_t *bundle, cs_source *ret)
{
    const char *format = json_string_value(json_object_get(bundle, "moduleFormat"));
    const char *sha512 = json_string_value(json_object_get(bundle, "endoZipBase64Sha512"));
    bool is_one = format != NULL && strcmp(format, "endoZipBase64") == 0 && sha512 != NULL &&
                  strlen(sha512) == 128 && strspn(sha512, "0123456789abcdef") == 128;
    if (is_one)
        (void)snprintf(ret->id, sizeof ret->id, "b1-%s", sha512);
}

static cs_status load_file(const char *path, cs_source *ret, cs_error *err)
{
    cs_buf text = { 0 };
    json_t *json = NULL;
    cs_status st = cs_read_file(path, CS_SOURCE_MAX, &text, err);
    if (st != CS_OK)
        return st;
    st = parse(path, cs_buf_bytes(&text), &json, err);
    if (st == CS_OK && cs_bundle_from_json(json, &ret->bundle, err) != CS_OK)
        st = cs_fail_at(err, "%s", path);
    else if (st == CS_OK)
        note_id(json, ret);
    if (st == CS_OK) {
        cs_hash hash = cs_hash_of(cs_buf_bytes(&text));
        ret->files = cs_alloc_zero(1, sizeof *ret->files);
        ret->file_count = 1;
        ret->files[0].path = cs_bytes_to_text(cs_bytes_of(path));
        memcpy(ret->files[0].hash, hash.bytes, CS_HASH_SIZE);
    }
    json_decref(json);
    cs_buf_fini(&text);
    return st;
}

/* vats/external.c reads it. */
static void load_command(const json_t *command, cs_source *ret)
{
    char *text = json_dumps(command, JSON_COMPACT | JSON_SORT_KEYS);
    cs_buf_add_text(&ret->bundle, text == NULL ? "" : text);
    free(text);
}

cs_status cs_source_load(const cs_config_source *from, cs_source *ret, cs_error *err)
{
    cs_source s = { 0 };
    cs_status st = CS_OK;
    if (from->kind == CS_SOURCE_FILE)
        st = cs_tree_bundle(from->path, &s, err);
    else if (from->kind == CS_SOURCE_BUNDLE)
        st = load_file(from->path, &s, err);
    else if (from->kind == CS_SOURCE_COMMAND)
        load_command(from->bundle, &s);
    else
        st = cs_bundle_from_json(from->bundle, &s.bundle, err);
    if (st == CS_OK && from->kind == CS_SOURCE_INLINE)
        note_id(from->bundle, &s);
    if (st == CS_OK)
        *ret = s;
    else
        cs_source_fini(&s);
    return st;
}
