/* The command line: one file per verb, over capstan.h and nothing else. */
#pragma once
#include "capstan.h"

#include <stdio.h>

/* Exit codes, documented in docs/cli.md. */
enum {
    CLI_OK = 0,
    CLI_REJECTED = 1, /* run: bootstrap rejected. call: answer rejected. verify, replay: a fault */
    CLI_USAGE = 2,    /* a wrong command line, configuration or file */
    CLI_PANIC = 3,    /* kernel panic */
    CLI_STOPPED = 4,  /* run: stopped by --max-cranks */
    CLI_MACHINE = 5,  /* the store or the machine: disk full, locked, damaged, read-only */
};

typedef struct cli_verb {
    const char *name;
    int (*run)(int argc, char **argv); /* argv[0] is the verb */
    const char *summary;               /* one line for `capstan help` */
    const char *help;                  /* usage and options */
} cli_verb;

extern const cli_verb cli_run, cli_call, cli_install, cli_gc, cli_dump, cli_verify, cli_replay,
    cli_log, cli_serve, cli_bench;

/* One line on stderr: "capstan: …". */
void cli_say(const char *text);
/* Says it, and returns the code that the caller exits with. */
int cli_fail(int code, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* The same for a code of capstan.h. */
int cli_fail_capstan(const capstan *c, capstan_code code);

/* getopt_long (with ":", so that it says nothing itself) gave ':' or '?': says which option it was. */
int cli_bad_option(const cli_verb *verb, int option, char **argv);
int cli_show_help(const cli_verb *verb);
/* A number between min and max, or false. */
bool cli_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret);

/* What every verb that runs vats begins with: vats live in worker processes of this program, unless
 * CAPSTAN_WORKER or the store's configuration says something else. */
capstan_options cli_default_options(const capstan_listener *listener);
/* --worker and its kin, of every verb that runs vats: for the table of getopt_long(). */
#define CLI_WORKER_OPTIONS \
    { "worker", required_argument, NULL, CLI_OPT_WORKER }, \
        { "require-sandbox", no_argument, NULL, CLI_OPT_REQUIRE_SANDBOX }, \
    { \
        "watchdog", required_argument, NULL, CLI_OPT_WATCHDOG \
    }
/* The same for verbs that make stores. */
#define CLI_DELIVERY_OPTION \
    { \
        "delivery-computrons", required_argument, NULL, CLI_OPT_DELIVERY \
    }
enum { CLI_OPT_WORKER = 1000, CLI_OPT_REQUIRE_SANDBOX, CLI_OPT_WATCHDOG, CLI_OPT_DELIVERY };
/* Takes one of these options; any other, or a value that is none, is refused as cli_bad_option() does. */
int cli_take_worker_option(const cli_verb *verb, int option, char **argv, capstan_options *o);
#define CLI_WORKER_USAGE "[--worker KIND] [--require-sandbox] [--watchdog MILLIS]"
#define CLI_WORKER_HELP \
    "  --worker KIND     where vats run: process (default, unless the configuration has\n" \
    "                    defaultManagerType; sandboxed; process:N in N processes,\n" \
    "                    process:vat in one each) or local, in this process; CAPSTAN_WORKER likewise\n" \
    "  --require-sandbox refuse to run where the sandbox cannot be had in full\n" \
    "  --watchdog MILLIS kill a worker process that does not answer for so long; default 30000\n"
#define CLI_DELIVERY_HELP \
    "  --delivery-computrons N\n" \
    "                    a vat that wants more for one delivery is terminated; kept in the store when it\n" \
    "                    is made; 10000 to 100000000, the default\n"

/* Opens. On failure says why and returns the exit code in *ret; then the handle is NULL. */
capstan *cli_open(const capstan_options *options, int *ret_exit);
/* A store to look at. */
capstan *cli_open_store(const char *path, int *ret_exit);

/* CapData as JSON text: plain where it has such a form, else {"body":…,"slots":[…]}. */
void cli_print_value(FILE *to, capstan *c, const capstan_capdata *data);
/* Why something was rejected, for people: "TypeError: no such method" of an Error, else the value. */
void cli_reason(char *ret, size_t size, capstan *c, const capstan_capdata *data);
void cli_print_json_string(FILE *to, const char *text);
/* A listener that prints what vats say: everything to stderr. */
extern const capstan_listener cli_quiet_listener;
