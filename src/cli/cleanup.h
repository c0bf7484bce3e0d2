/* How much of terminated vats a crank deletes, as users say it. */
#pragma once
#include "capstan.h"

#include <jansson.h>

typedef struct cli_cleanup {
    uint64_t most; /* as capstan_policy.cleanup_max */
    bool by_phase;
    capstan_cleanup_budget budget;
} cli_cleanup;

/* The value of --cleanup. An exit code: CLI_OK, or CLI_USAGE after saying what is wrong. */
int cli_cleanup_read(cli_cleanup *c, const char *text);
/* The value of a request's "cleanup"; NULL: it is absent. False: it is malformed. */
bool cli_cleanup_read_json(cli_cleanup *c, json_t *value);
/* The policy borrows `c`. */
void cli_cleanup_apply(const cli_cleanup *c, capstan_policy *policy);
