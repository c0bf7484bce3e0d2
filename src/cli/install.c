/* capstan install: a bundle for vats that are made later; and the same as a command of capstan serve. */
#include "cli/cli.h"
#include "cli/serve.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

static bool is_text_or_absent(const json_t *value)
{
    return value == NULL || json_is_string(value);
}

json_t *cli_do_install_bundle(cli_server *s, json_t *request, json_t **error)
{
    const json_t *bundle = json_object_get(request, "bundle");
    const char *id = NULL;
    if (!is_text_or_absent(json_object_get(request, "path")) ||
        !is_text_or_absent(json_object_get(request, "bundleID")) ||
        !is_text_or_absent(json_object_get(request, "name")))
        return cli_refuse(error, "USAGE", "path, bundleID and name are strings");
    char *text = bundle == NULL ? NULL : json_dumps(bundle, JSON_COMPACT | JSON_ENCODE_ANY);
    const capstan_bundle b = { .path = cli_request_text(request, "path"),
                               .json = text,
                               .json_size = text == NULL ? 0 : strlen(text),
                               .id = cli_request_text(request, "bundleID"),
                               .name = cli_request_text(request, "name") };
    capstan_code code = capstan_install_bundle(s->c, &b, &id);
    free(text);
    return cli_answer(s, code, json_pack("{s:s?}", "id", id), error);
}

static int install_in(const char *store, const capstan_bundle *b)
{
    int result = CLI_OK;
    const char *id;
    char *line = NULL;
    capstan_options o = cli_default_options(&cli_quiet_listener);
    o.store = store;
    capstan *c = cli_open(&o, &result);
    if (c == NULL)
        return result;
    capstan_code code = capstan_install_bundle(c, b, &id);
    if (code == CAPSTAN_OK)
        line = strdup(id);
    if (code == CAPSTAN_OK)
        code = capstan_commit(c);
    if (code != CAPSTAN_OK)
        result = cli_fail_capstan(c, code);
    else
        (void)puts(line == NULL ? "" : line);
    free(line);
    capstan_close(c);
    return result;
}

static int install(int argc, char **argv)
{
    static const struct option options[] = { { "name", required_argument, NULL, 'n' },
                                             { "id", required_argument, NULL, 'i' },
                                             { NULL, 0, NULL, 0 } };
    capstan_bundle b = { 0 };
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
        if (option == 'n')
            b.name = optarg;
        else if (option == 'i')
            b.id = optarg;
        else
            return cli_bad_option(&cli_install, option, argv);
    }
    if (argc - optind != 2)
        return cli_fail(CLI_USAGE, "name a store and a file; see 'capstan install --help'");
    b.path = argv[optind + 1];
    return install_in(argv[optind], &b);
}

const cli_verb cli_install = {
    "install", install, "install a bundle, for vats that are made later",
    "usage: capstan install STORE FILE [--name NAME] [--id ID]\n\n"
    "FILE is a bundle of bundle-source (*.json), or an entry module, whose tree is bundled as 'run'\n"
    "does. Prints the bundle's id, by which vatAdmin's getBundleCap() and waitForBundleCap() know it;\n"
    "the next run tells whoever waits. What is installed already stays as it is.\n\n"
    "  --name NAME   a name for it, as in the configuration's bundles\n"
    "  --id ID       refuse the bundle if its id is another one\n\n"
    "exit: 0 installed, 2 wrong command line, no such store, no bundle, another id, name taken,\n"
    "      3 kernel panic, 5 store or machine (in use by another Capstan, disk full, ...)\n"
};
