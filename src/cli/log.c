/* capstan log: transcripts, for people and for tools. */
#include "cli/cli.h"

#include <getopt.h>
#include <jansson.h>
#include <stdlib.h>

static bool print_line(void *ctx, const char *line)
{
    (void)ctx;
    return printf("%s\n", line) >= 0;
}

static void print_part(const char *indent, const char *what, json_t *value)
{
    char *text = json_dumps(value, JSON_COMPACT | JSON_ENCODE_ANY);
    (void)printf("%s%s%s\n", indent, what, text == NULL ? "?" : text);
    free(text);
}

static bool print_for_people(void *ctx, const char *line)
{
    (void)ctx;
    json_t *entry = json_loads(line, 0, NULL), *syscall;
    size_t i;
    if (entry == NULL)
        return false;
    (void)printf("%s #%lld ", json_string_value(json_object_get(entry, "vatID")),
                 (long long)json_integer_value(json_object_get(entry, "deliveryNum")));
    print_part("", "", json_object_get(entry, "vd"));
    json_array_foreach(json_object_get(entry, "syscalls"), i, syscall)
        print_part("    ", "", syscall);
    print_part("    -> ", "", json_object_get(entry, "dr"));
    json_decref(entry);
    return !ferror(stdout);
}

static int log_store(int argc, char **argv)
{
    static const struct option options[] = { { "vat", required_argument, NULL, 'v' },
                                             { "from", required_argument, NULL, 'f' },
                                             { "json", no_argument, NULL, 'j' },
                                             { NULL, 0, NULL, 0 } };
    const char *vat = NULL;
    uint64_t from = 0;
    bool json = false;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
        if (option == 'v')
            vat = optarg;
        else if (option == 'j')
            json = true;
        else if (option != 'f')
            return cli_bad_option(&cli_log, option, argv);
        else if (!cli_number(optarg, 0, UINT64_MAX, &from))
            return cli_fail(CLI_USAGE, "--from takes a delivery number, not '%s'", optarg);
    }
    if (argc - optind != 1)
        return cli_fail(CLI_USAGE, "name one store; see 'capstan log --help'");
    int result;
    capstan *c = cli_open_store(argv[optind], &result);
    if (c == NULL)
        return result;
    capstan_code code = capstan_log(c, vat, from, json ? print_line : print_for_people, NULL);
    result = code == CAPSTAN_OK ? CLI_OK : cli_fail_capstan(c, code);
    capstan_close(c);
    return result;
}

const cli_verb cli_log = {
    "log", log_store, "print transcripts: every delivery with its syscalls and result",
    "usage: capstan log STORE [--vat VAT] [--from N] [--json]\n\n"
    "By vat and delivery number. With --json one slog line each: {type:\"deliver\", vatID,\n"
    "deliveryNum, vd, syscalls, dr}. Changes nothing.\n"
};
