/* The creationOptions that say where a vat runs: managerType, workerGroup, command (docs/workers.md). */
#include "host/config.h"

#include "base/limits.h"
#include "vats/settings.h"

#include <string.h>

enum { WORDS_MAX = 100 };

typedef struct reader {
    const char *file, *place;
    cs_error *err;
} reader;

static cs_status refuse(const reader *r, const char *key, const char *must)
{
    return cs_fail(r->err, CS_E_CONFIG, "%s: '%s' in %s must be %s", r->file, key, r->place, must);
}

static cs_status read_type(const reader *r, const json_t *value, json_t *ret)
{
    const char *name = json_string_value(value);
    if (value == NULL)
        return CS_OK;
    if (name == NULL || !cs_kind_check(name))
        return refuse(
            r, "managerType",
            "\"local\", \"xs-worker\" (or \"xsnap\", \"process\"), \"node-subprocess\" or "
            "\"external\"");
    json_object_set_new(ret, "managerType", json_string(name));
    return CS_OK;
}

static cs_status read_group(const reader *r, const json_t *value, json_t *ret)
{
    const char *name = json_string_value(value);
    if (value == NULL)
        return CS_OK;
    if (name == NULL || name[0] == 0 || strlen(name) > CS_NAME_MAX)
        return refuse(r, "workerGroup", "a name");
    json_object_set_new(ret, "workerGroup", json_string(name));
    return CS_OK;
}

static bool is_command(const json_t *value)
{
    size_t i;
    json_t *word;
    if (json_array_size(value) == 0 || json_array_size(value) > WORDS_MAX)
        return false;
    json_array_foreach(value, i, word) if (!json_is_string(word) ||
                                           json_string_length(word) == 0) return false;
    return true;
}

static cs_status read_command(const reader *r, const cs_config *config, json_t *value,
                              bool is_external, cs_config_source *ret)
{
    if (!is_external)
        return value == NULL ? CS_OK
                             : cs_fail(r->err, CS_E_CONFIG,
                                       "%s: 'command' in %s is for managerType \"external\" only",
                                       r->file, r->place);
    if (!is_command(value))
        return refuse(r, "command", "a list of the words that start the vat's program");
    ret->kind = CS_SOURCE_COMMAND;
    ret->bundle = json_pack("{s:O,s:s}", "command", value, "folder", config->folder);
    return CS_OK;
}

cs_status cs_config_read_place(const cs_config *config, const char *place, const json_t *options,
                               cs_config_vat *ret, cs_error *err)
{
    const reader r = { config->path, place, err };
    json_t *all = json_object();
    cs_status st = read_type(&r, json_object_get(options, "managerType"), all);
    if (st == CS_OK)
        st = read_group(&r, json_object_get(options, "workerGroup"), all);
    const char *type = json_string_value(json_object_get(all, "managerType"));
    if (st == CS_OK)
        st = read_command(&r, config, json_object_get(options, "command"),
                          type != NULL && strcmp(type, "external") == 0, &ret->source);
    if (st == CS_OK && json_object_size(all) > 0)
        ret->place = json_incref(all);
    json_decref(all);
    return st;
}
