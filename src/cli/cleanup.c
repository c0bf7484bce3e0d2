/* How much of terminated vats a crank deletes, as --cleanup and the request `run` say it: one number for
 * all, or numbers by phase. */
#include "cli/cleanup.h"
#include "cli/cli.h"

#include <string.h>

static const struct phase {
    const char *name;
    size_t at;
} phases[] = {
    { "default", offsetof(capstan_cleanup_budget, by_default) },
    { "exports", offsetof(capstan_cleanup_budget, exports) },
    { "imports", offsetof(capstan_cleanup_budget, imports) },
    { "promises", offsetof(capstan_cleanup_budget, promises) },
    { "kv", offsetof(capstan_cleanup_budget, kv) },
    { "snapshots", offsetof(capstan_cleanup_budget, snapshots) },
    { "transcripts", offsetof(capstan_cleanup_budget, transcripts) },
};

/* Where the phase's number is; NULL: there is no such phase. */
static uint64_t *number_of(cli_cleanup *c, const char *name, size_t size)
{
    for (size_t i = 0; i < sizeof phases / sizeof *phases; i++)
        if (strlen(phases[i].name) == size && strncmp(phases[i].name, name, size) == 0)
            return (uint64_t *)(void *)((char *)&c->budget + phases[i].at);
    return NULL;
}

static void set_all(cli_cleanup *c, uint64_t most)
{
    c->most = most == 0 ? CAPSTAN_NEVER : most;
}

void cli_cleanup_apply(const cli_cleanup *c, capstan_policy *policy)
{
    policy->cleanup_max = c->most;
    policy->cleanup_budget = c->by_phase ? &c->budget : NULL;
}

/* ---- --cleanup 5, --cleanup exports=5,kv=50 ---- */

/* "exports=5", of a list; each phase once. */
static bool read_phase(cli_cleanup *c, const char *text, size_t size)
{
    char digits[32];
    const char *equals = memchr(text, '=', size);
    if (equals == NULL || (size_t)(text + size - equals) > sizeof digits)
        return false;
    uint64_t *number = number_of(c, text, (size_t)(equals - text));
    (void)snprintf(digits, sizeof digits, "%.*s", (int)(text + size - equals - 1), equals + 1);
    return number != NULL && *number == 0 && cli_number(digits, 1, UINT64_MAX, number);
}

int cli_cleanup_read(cli_cleanup *c, const char *text)
{
    uint64_t most;
    *c = (cli_cleanup){ 0 };
    if (cli_number(text, 0, UINT64_MAX, &most)) {
        set_all(c, most);
        return CLI_OK;
    }
    c->by_phase = true;
    for (const char *at = text;; at++) {
        const size_t size = strcspn(at, ",");
        if (!read_phase(c, at, size))
            return cli_fail(
                CLI_USAGE,
                "--cleanup takes a number, or PHASE=N[,PHASE=N...] with N from 1 on and "
                "PHASE default, exports, imports, promises, kv, snapshots or "
                "transcripts, each once; not '%s'",
                text);
        at += size;
        if (*at == 0)
            return CLI_OK;
    }
}

/* ---- "cleanup": 5, "cleanup": {"exports": 5, "kv": 50} ---- */

bool cli_cleanup_read_json(cli_cleanup *c, json_t *value)
{
    const char *key;
    json_t *n;
    *c = (cli_cleanup){ 0 };
    if (value == NULL)
        return true;
    if (json_is_integer(value) && json_integer_value(value) >= 0) {
        set_all(c, (uint64_t)json_integer_value(value));
        return true;
    }
    c->by_phase = true;
    json_object_foreach(value, key, n)
    {
        uint64_t *number = number_of(c, key, strlen(key));
        if (number == NULL || !json_is_integer(n) || json_integer_value(n) < 1)
            return false;
        *number = (uint64_t)json_integer_value(n);
    }
    return json_is_object(value);
}
