/* capstan serve: the commands about garbage. */
#include "cli/serve.h"

#include <string.h>

json_t *cli_do_reap_all(cli_server *s, json_t *request, json_t **error)
{
    (void)request;
    return cli_answer(s, capstan_reap_all(s->c), json_true(), error);
}

json_t *cli_do_gc(cli_server *s, json_t *request, json_t **error)
{
    const json_t *vat = json_object_get(request, "vat");
    capstan_gc_figures f = { 0 };
    if (vat != NULL && !json_is_string(vat))
        return cli_refuse(error, "USAGE", "vat is a name or id; without it all vats are reaped");
    capstan_code code = capstan_gc(s->c, json_string_value(vat), &f);
    return cli_answer(
        s, code,
        json_pack("{s:I,s:I,s:I,s:I,s:I,s:I}", "importsDropped", (json_int_t)f.imports_dropped,
                  "importsRetired", (json_int_t)f.imports_retired, "exportsDropped",
                  (json_int_t)f.exports_dropped, "exportsRetired", (json_int_t)f.exports_retired,
                  "deliveries", (json_int_t)f.deliveries, "rounds", (json_int_t)f.rounds),
        error);
}

json_t *cli_do_why(cli_server *s, json_t *request, json_t **error)
{
    const char *text = "";
    capstan_code code = capstan_why_json(s->c, cli_request_text(request, "kref"), &text);
    return cli_answer(s, code, code == CAPSTAN_OK ? json_loads(text, 0, NULL) : NULL, error);
}

/* A whole number from 1 on, or "never"; 0 if it is absent. */
static bool read_threshold(json_t *request, const char *key, uint64_t *ret, json_t **error)
{
    const json_t *value = json_object_get(request, key);
    *ret = 0;
    if (json_is_string(value) && strcmp(json_string_value(value), "never") == 0)
        *ret = CAPSTAN_NEVER;
    else if (json_is_integer(value) && json_integer_value(value) > 0)
        *ret = (uint64_t)json_integer_value(value);
    if (value == NULL || *ret > 0)
        return true;
    *error = json_pack("{s:s,s:o}", "code", "USAGE", "text",
                       json_sprintf("%s must be a whole number from 1 on, or \"never\"", key));
    return false;
}

json_t *cli_do_change_kernel_options(cli_server *s, json_t *request, json_t **error)
{
    uint64_t interval, gc_krefs;
    const json_t *vats = json_object_get(request, "maxVats");
    if (vats != NULL && (!json_is_integer(vats) || json_integer_value(vats) < 1))
        return cli_refuse(error, "USAGE", "maxVats must be a whole number from 1 on");
    const uint64_t vats_max = (uint64_t)json_integer_value(vats);
    if (!read_threshold(request, "defaultReapInterval", &interval, error) ||
        !read_threshold(request, "defaultReapGCKrefs", &gc_krefs, error))
        return NULL;
    capstan_code code = capstan_set_reap_defaults(s->c, interval, gc_krefs);
    if (code == CAPSTAN_OK)
        code = capstan_set_vats_max(s->c, vats_max);
    return cli_answer(s, code, json_true(), error);
}
