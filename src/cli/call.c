/* capstan call: one message to a vat's root or to any object, and its answer. */
#include "cli/cli.h"

#include <getopt.h>
#include <string.h>

static bool is_kref(const char *text)
{
    return text[0] == 'k' && (text[1] == 'o' || text[1] == 'p' || text[1] == 'd') &&
           text[2] >= '0' && text[2] <= '9' && strspn(text + 2, "0123456789") == strlen(text + 2);
}

static capstan_code queue(capstan *c, const char *target, const char *method,
                          const capstan_capdata *args, const char **ret_kpid)
{
    if (is_kref(target))
        return capstan_queue_to_object(c, target, method, args, CAPSTAN_IGNORE, ret_kpid);
    return capstan_queue_to_vat_root(c, target, method, args, CAPSTAN_IGNORE, ret_kpid);
}

/* The answer goes to stdout, fulfilled or rejected; stderr says which. */
static int print_answer(capstan *c, const char *kpid)
{
    capstan_promise state;
    capstan_capdata value;
    capstan_code code = capstan_kp_status(c, kpid, &state);
    if (code != CAPSTAN_OK)
        return cli_fail_capstan(c, code);
    if (state == CAPSTAN_UNRESOLVED)
        return cli_fail(CLI_REJECTED,
                        "the vat fell silent without an answer; %s is still unresolved", kpid);
    code = capstan_kp_resolution(c, kpid, &value);
    if (code != CAPSTAN_OK)
        return cli_fail_capstan(c, code);
    cli_print_value(stdout, c, &value);
    (void)printf("\n");
    if (state == CAPSTAN_FULFILLED)
        return CLI_OK;
    char reason[1024];
    cli_reason(reason, sizeof reason, c, &value);
    return cli_fail(CLI_REJECTED, "rejected: %s", reason);
}

static int call_opened(capstan *c, const char *target, const char *method, const char *const *texts,
                       size_t count)
{
    capstan_capdata args;
    const char *borrowed;
    char kpid[40];
    capstan_code code = capstan_args_of_json(c, texts, count, &args);
    if (code == CAPSTAN_OK)
        code = queue(c, target, method, &args, &borrowed);
    if (code != CAPSTAN_OK)
        return cli_fail_capstan(c, code);
    (void)snprintf(kpid, sizeof kpid, "%s", borrowed);
    code = capstan_run(c, NULL, NULL);
    if (code != CAPSTAN_OK)
        return cli_fail_capstan(c, code);
    int result = print_answer(c, kpid);
    code = capstan_kp_release(c, kpid);
    if (code == CAPSTAN_OK)
        code = capstan_commit(c);
    return code == CAPSTAN_OK ? result : cli_fail_capstan(c, code);
}

static int call(int argc, char **argv)
{
    static const struct option options[] = { { "gc", required_argument, NULL, 'g' },
                                             CLI_WORKER_OPTIONS,
                                             { NULL, 0, NULL, 0 } };
    capstan_options o = cli_default_options(&cli_quiet_listener);
    optind = 1;
    /* "+": what follows the store is not ours to read; an argument may well be -5. */
    for (int option; (option = getopt_long(argc, argv, "+:", options, NULL)) != -1;)
        if (option == 'g')
            o.gc = optarg;
        else if (cli_take_worker_option(&cli_call, option, argv, &o) != CLI_OK)
            return CLI_USAGE;
    argc -= optind;
    argv += optind;
    if (argc < 3)
        return cli_fail(CLI_USAGE,
                        "name a store, a target and a method; see 'capstan call --help'");
    int result;
    o.store = argv[0];
    capstan *c = cli_open(&o, &result);
    if (c == NULL)
        return result;
    result = call_opened(c, argv[1], argv[2], (const char *const *)argv + 3, (size_t)argc - 3);
    capstan_close(c);
    return result;
}

const cli_verb cli_call = {
    "call", call, "send one message and print the answer",
    "usage: capstan call [OPTION...] STORE TARGET METHOD [JSON-ARG...]\n\n"
    "TARGET is a vat's name (its root object) or a kref such as ko20. Each argument is JSON; a string\n"
    "needs its quotes: '\"text\"'. The answer is printed as JSON where it has such a form, else as\n"
    "CapData {body, slots}. What vats print goes to stderr. An object that nobody but the answer holds\n"
    "is let go when the store runs the next time; the next call can still name it.\n\n"
    "  --gc POLICY       when garbage is collected: paced (default), prompt or batched\n" CLI_WORKER_HELP
    "\n"
    "exit: 0 fulfilled, 1 rejected or no answer, 2 wrong command line, 3 kernel panic, 5 machine\n"
};
