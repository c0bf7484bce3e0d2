/* capstan replay: runs a vat's transcript in a fresh heap and compares. */
#include "cli/cli.h"

#include <getopt.h>
#include <time.h>

static double seconds(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static int replay_opened(capstan *c, const char *vat, uint64_t to)
{
    uint64_t deliveries = 0;
    double started = seconds();
    capstan_code code = capstan_replay(c, vat, to, &deliveries);
    double elapsed = seconds() - started;
    if (code != CAPSTAN_OK)
        return cli_fail_capstan(c, code);
    (void)printf("%llu deliveries replayed, all syscalls equal; %.0f deliveries/s\n",
                 (unsigned long long)deliveries, elapsed > 0 ? (double)deliveries / elapsed : 0);
    return CLI_OK;
}

static int replay(int argc, char **argv)
{
    static const struct option options[] = { { "to", required_argument, NULL, 't' },
                                             CLI_WORKER_OPTIONS,
                                             { NULL, 0, NULL, 0 } };
    capstan_options o = cli_default_options(&cli_quiet_listener);
    uint64_t to = 0;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
        if (option != 't' && cli_take_worker_option(&cli_replay, option, argv, &o) != CLI_OK)
            return CLI_USAGE;
        if (option == 't' && !cli_number(optarg, 1, UINT64_MAX, &to))
            return cli_fail(CLI_USAGE, "--to takes a number of deliveries, not '%s'", optarg);
    }
    if (argc - optind != 2)
        return cli_fail(CLI_USAGE, "name a store and a vat; see 'capstan replay --help'");
    int result;
    o.store = argv[optind];
    o.read_only = true;
    capstan *c = cli_open(&o, &result);
    if (c == NULL)
        return result;
    result = replay_opened(c, argv[optind + 1], to);
    capstan_close(c);
    return result;
}

const cli_verb cli_replay = {
    "replay", replay, "replay a vat's transcript and compare every syscall",
    "usage: capstan replay STORE VAT [--to N]\n"
    "       " CLI_WORKER_USAGE "\n\n"
    "Runs the first N deliveries (default: all) of the vat in a fresh heap and compares its syscalls\n"
    "with the recorded ones, but for drops and retires, which may come at other moments. Changes\n"
    "nothing.\n\n" CLI_WORKER_HELP "\n"
    "exit: 0 equal, 1 different (both syscalls are shown), 2 wrong command line, 5 machine\n"
};
