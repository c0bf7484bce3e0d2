/* capstan verify: audits a store. */
#include "cli/cli.h"

static void on_fault(void *ctx, const char *line)
{
    (void)ctx;
    (void)printf("%s\n", line);
}

static int verify(int argc, char **argv)
{
    if (argc != 2)
        return cli_fail(CLI_USAGE, "name one store; see 'capstan verify --help'");
    int result;
    capstan *c = cli_open_store(argv[1], &result);
    if (c == NULL)
        return result;
    capstan_code code = capstan_verify(c, on_fault, NULL);
    if (code == CAPSTAN_OK)
        (void)printf("ok\n");
    result = code == CAPSTAN_OK ? CLI_OK : cli_fail_capstan(c, code);
    capstan_close(c);
    return result;
}

const cli_verb cli_verify = {
    "verify", verify, "audit every invariant and hash of a store",
    "usage: capstan verify STORE\n\n"
    "Recomputes every reference count, flag, queue and decider from the rows, follows the hash chain\n"
    "of every transcript and checks every bundle against its name. One line for each fault.\n\n"
    "exit: 0 nothing is wrong, 1 something is, 2 no store of ours, 5 it cannot be read\n"
};
