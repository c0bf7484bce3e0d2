/* What the files of `capstan serve` share: a command's way in and out. */
#pragma once
#include "capstan.h"

#include <jansson.h>

typedef struct cli_server {
    capstan *c;
    json_t *log; /* testLog lines of this process */
    bool stop;
} cli_server;

/* A command gives its answer, or NULL after saying why in `error`. */
typedef json_t *cli_command(cli_server *s, json_t *request, json_t **error);

json_t *cli_refuse(json_t **error, const char *code, const char *text);
json_t *cli_refuse_capstan(cli_server *s, capstan_code code, json_t **error);
/* `ok` if code is OK, else the refusal. Takes `ok`. */
json_t *cli_answer(cli_server *s, capstan_code code, json_t *ok, json_t **error);
/* The string under a key of a request, or NULL. */
const char *cli_request_text(json_t *request, const char *key);

cli_command cli_do_install_bundle; /* install.c */
/* serve_gc.c */
cli_command cli_do_reap_all, cli_do_gc, cli_do_why, cli_do_change_kernel_options;
