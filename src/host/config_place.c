/* The creationOptions that say where a vat runs: managerType, workerGroup, command (docs/workers.md). */
#include "host/config.h"

#include "base/limits.h"
#include "kernel/options.h"

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

static cs_status read_type(const reader *r, const json_t *value, cs_manager *ret)
{
    const char *name = json_string_value(value);
    if (value == NULL)
        return CS_OK;
    if (name == NULL || !cs_manager_named(cs_bytes_of(name), ret) || *ret == CS_MANAGER_NATIVE)
        return refuse(
            r, "managerType",
            "\"local\", \"xs-worker\" (or \"xsnap\", \"process\"), \"node-subprocess\" or "
            "\"external\"");
    return CS_OK;
}

cs_status cs_config_read_default_manager(cs_config *config, const json_t *root, cs_error *err)
{
    const reader r = { config->path, "the configuration", err };
    const json_t *value = json_object_get(root, "defaultManagerType");
    const char *name = json_string_value(value);
    if (value == NULL)
        return CS_OK;
    /* An external vat needs a command of its own. */
    if (name == NULL || !cs_manager_named(cs_bytes_of(name), &config->manager) ||
        config->manager == CS_MANAGER_DEFAULT || config->manager > CS_MANAGER_NODE)
        return refuse(
            &r, "defaultManagerType",
            "\"local\", \"xs-worker\" (or \"xsnap\", \"process\") or \"node-subprocess\"");
    return CS_OK;
}

static cs_status read_group(const reader *r, const json_t *value, char ret[static CS_GROUP_MAX])
{
    const char *name = json_string_value(value);
    if (value == NULL)
        return CS_OK;
    if (name == NULL || strlen(name) >= CS_GROUP_MAX || !cs_vat_name_check(cs_bytes_of(name)))
        return refuse(r, "workerGroup", "a name of at most 31 of A-Z, a-z, 0-9, '.', '_' and '-'");
    memcpy(ret, name, strlen(name) + 1);
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
    cs_status st = read_type(&r, json_object_get(options, "managerType"), &ret->manager);
    if (st == CS_OK)
        st = read_group(&r, json_object_get(options, "workerGroup"), ret->group);
    if (st == CS_OK)
        st = read_command(&r, config, json_object_get(options, "command"),
                          ret->manager == CS_MANAGER_EXTERNAL, &ret->source);
    return st;
}
