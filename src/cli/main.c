/* capstan: picks the verb. */
#include "worker/main.h"
#include "cli/cli.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>

static const cli_verb *const verbs[] = { &cli_run,   &cli_call,   &cli_install, &cli_gc,
                                         &cli_dump,  &cli_verify, &cli_replay,  &cli_log,
                                         &cli_serve, &cli_bench };
enum { VERB_COUNT = sizeof verbs / sizeof *verbs };

static int show_overview(FILE *to)
{
    (void)fprintf(to, "usage: capstan VERB [OPTION...] [ARGUMENT...]\n\n");
    for (size_t i = 0; i < VERB_COUNT; i++)
        (void)fprintf(to, "  %-8s %s\n", verbs[i]->name, verbs[i]->summary);
    (void)fprintf(to, "\n'capstan VERB --help' says more. Capstan %s\n", capstan_version());
    return to == stdout ? CLI_OK : CLI_USAGE;
}

static const cli_verb *find_verb(const char *name)
{
    for (size_t i = 0; i < VERB_COUNT; i++)
        if (strcmp(verbs[i]->name, name) == 0)
            return verbs[i];
    return NULL;
}

static bool asks_for_help(int argc, char **argv)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++)
        if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)
            return true;
    return false;
}

int main(int argc, char **argv)
{
    const char *name = argc < 2 ? NULL : argv[1];
    if (name != NULL && strcmp(name, "worker") == 0) /* no verb: vats/process.c starts it */
        return cs_worker_main(argc > 2 ? argv[2] : NULL);
    /* A file that may not grow any more is a full disk, not the end. */
    (void)signal(SIGXFSZ, SIG_IGN);
    if (name == NULL)
        return show_overview(stderr);
    if (strcmp(name, "--version") == 0 || strcmp(name, "version") == 0) {
        (void)printf("capstan %s\n", capstan_version());
        return CLI_OK;
    }
    if (strcmp(name, "--help") == 0 || strcmp(name, "-h") == 0)
        return show_overview(stdout);
    if (strcmp(name, "help") == 0) {
        const cli_verb *verb = argc > 2 ? find_verb(argv[2]) : NULL;
        return verb == NULL ? show_overview(stdout) : cli_show_help(verb);
    }
    const cli_verb *verb = find_verb(name);
    if (verb == NULL)
        return cli_fail(CLI_USAGE, "no verb '%s'; 'capstan --help' lists them", name);
    if (asks_for_help(argc - 1, argv + 1))
        return cli_show_help(verb);
    int code = verb->run(argc - 1, argv + 1);
    if (fflush(stdout) != 0 || ferror(stdout))
        return cli_fail(CLI_MACHINE, "standard output could not be written");
    return code;
}
