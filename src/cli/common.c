/* What the verbs share: messages, options, opening a store, printing values. */
#include "cli/cli.h"

#include <errno.h>
#include <getopt.h>
#include <jansson.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

/* One line, whatever names and messages of others are in it. */
void cli_say(const char *text)
{
    char line[2048];
    size_t size = 0;
    for (; text[size] != 0 && size < sizeof line - 1; size++)
        line[size] = (unsigned char)text[size] < 0x20 || text[size] == 0x7f ? ' ' : text[size];
    (void)fprintf(stderr, "capstan: %.*s\n", (int)size, line);
}

int cli_fail(int code, const char *format, ...)
{
    char text[2048];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(text, sizeof text, format, args);
    va_end(args);
    (void)fflush(stdout);
    cli_say(text);
    return code;
}

static int exit_of(capstan_code code)
{
    switch (code) {
    case CAPSTAN_OK:
        return CLI_OK;
    case CAPSTAN_PANIC:
        return CLI_PANIC;
    case CAPSTAN_DEAD:
    case CAPSTAN_DIFFERENT:
        return CLI_REJECTED;
    case CAPSTAN_USAGE:
    case CAPSTAN_CONFIG:
    case CAPSTAN_NOT_FOUND:
    case CAPSTAN_BUSY:
    case CAPSTAN_NOT_OURS:
        return CLI_USAGE;
    case CAPSTAN_IO:
    case CAPSTAN_DISK_FULL:
    case CAPSTAN_READ_ONLY:
    case CAPSTAN_LOCKED:
    case CAPSTAN_NEWER:
    case CAPSTAN_CORRUPT:
    case CAPSTAN_ENGINE:
        return CLI_MACHINE;
    }
    return CLI_MACHINE;
}

int cli_fail_capstan(const capstan *c, capstan_code code)
{
    return cli_fail(exit_of(code), "%s", capstan_errmsg(c));
}

int cli_show_help(const cli_verb *verb)
{
    (void)printf("%s\n\n%s", verb->summary, verb->help);
    return CLI_OK;
}

int cli_bad_option(const cli_verb *verb, int option, char **argv)
{
    const char *text = argv[optind - 1];
    const char one[] = { '-', (char)optopt, 0 };
    return cli_fail(CLI_USAGE, "%s '%s'; see 'capstan %s --help'",
                    option == ':' ? "a value is missing after" : "unknown option",
                    strncmp(text, "--", 2) == 0 ? text : one, verb->name);
}

bool cli_number(const char *text, uint64_t min, uint64_t max, uint64_t *ret)
{
    char *end;
    if (text == NULL || text[0] < '0' || text[0] > '9')
        return false;
    errno = 0;
    unsigned long long n = strtoull(text, &end, 10);
    if (errno != 0 || *end != 0 || n < min || n > max)
        return false;
    *ret = n;
    return true;
}

/* ---- listening ---- */

static void test_log_to_stderr(void *ctx, const char *vat, const char *line)
{
    (void)ctx;
    (void)vat;
    (void)fprintf(stderr, "%s\n", line);
}

static void console_to_stderr(void *ctx, const char *vat, const char *level, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "%s: %s%s%s\n", vat, strcmp(level, "log") == 0 ? "" : level,
                  strcmp(level, "log") == 0 ? "" : ": ", line);
}

static void notice_to_stderr(void *ctx, const char *line)
{
    (void)ctx;
    cli_say(line);
}

const capstan_listener cli_quiet_listener = { test_log_to_stderr, console_to_stderr,
                                              notice_to_stderr };

capstan_options cli_default_options(const capstan_listener *listener)
{
    const char *worker = getenv("CAPSTAN_WORKER");
    return (capstan_options){ .size = sizeof(capstan_options),
                              .worker = worker == NULL || worker[0] == 0 ? NULL : worker,
                              .worker_default = "process",
                              .worker_program = "/proc/self/exe",
                              .listener = listener };
}

static int take_watchdog(capstan_options *o)
{
    uint64_t n;
    if (!cli_number(optarg, 1, INT32_MAX, &n))
        return cli_fail(CLI_USAGE, "--watchdog takes milliseconds, not '%s'", optarg);
    o->watchdog_millis = (uint32_t)n;
    return CLI_OK;
}

static int take_delivery(capstan_options *o)
{
    if (cli_number(optarg, 1, UINT64_MAX, &o->delivery_computrons))
        return CLI_OK;
    return cli_fail(CLI_USAGE, "--delivery-computrons takes a number, not '%s'", optarg);
}

int cli_take_worker_option(const cli_verb *verb, int option, char **argv, capstan_options *o)
{
    switch (option) {
    case CLI_OPT_WORKER:
        o->worker = optarg;
        return CLI_OK;
    case CLI_OPT_REQUIRE_SANDBOX:
        o->require_sandbox = true;
        return CLI_OK;
    case CLI_OPT_WATCHDOG:
        return take_watchdog(o);
    case CLI_OPT_DELIVERY:
        return take_delivery(o);
    default:
        return cli_bad_option(verb, option, argv);
    }
}

capstan *cli_open(const capstan_options *options, int *ret_exit)
{
    capstan *c;
    capstan_code code = capstan_open(options, &c);
    if (code == CAPSTAN_OK)
        return c;
    *ret_exit = cli_fail_capstan(c, code);
    capstan_close(c);
    return NULL;
}

capstan *cli_open_store(const char *path, int *ret_exit)
{
    capstan_options o = cli_default_options(&cli_quiet_listener);
    o.store = path;
    o.read_only = true;
    return cli_open(&o, ret_exit);
}

/* ---- values ---- */

void cli_print_json_string(FILE *to, const char *text)
{
    json_t *s = json_string(text);
    char *quoted = s == NULL ? NULL : json_dumps(s, JSON_ENCODE_ANY);
    (void)fputs(quoted == NULL ? "\"\"" : quoted, to);
    free(quoted);
    json_decref(s);
}

static const char *unescaped(const char *text)
{
    return text != NULL && text[0] == '!' ? text + 1 : text;
}

void cli_reason(char *ret, size_t size, capstan *c, const capstan_capdata *data)
{
    json_t *value = json_loadb(data->body + 1, data->body_size - 1, JSON_DECODE_ANY, NULL);
    const char *text = unescaped(json_string_value(json_object_get(value, "#error")));
    const char *name = unescaped(json_string_value(json_object_get(value, "name")));
    const char *plain = text == NULL ? capstan_plain_json(c, data) : NULL;
    if (text != NULL)
        (void)snprintf(ret, size, "%s: %s", name == NULL ? "Error" : name, text);
    else
        (void)snprintf(ret, size, "%s", plain == NULL ? data->body : plain);
    json_decref(value);
}

void cli_print_value(FILE *to, capstan *c, const capstan_capdata *data)
{
    const char *plain = capstan_plain_json(c, data);
    if (plain != NULL) {
        (void)fputs(plain, to);
        return;
    }
    (void)fputs("{\"body\":", to);
    cli_print_json_string(to, data->body);
    (void)fputs(",\"slots\":[", to);
    for (size_t i = 0; i < data->slot_count; i++)
        (void)fprintf(to, "%s\"%s\"", i == 0 ? "" : ",", data->slots[i]);
    (void)fputs("]}", to);
}
