/* capstan gc: collects garbage now, or tells who holds an object. */
#include "cli/cli.h"

#include <getopt.h>
#include <jansson.h>
#include <string.h>

/* ---- collecting ---- */

static void print_figures(const capstan_gc_figures *f, bool json)
{
    const struct {
        const char *text, *key;
        uint64_t value;
    } lines[] = {
        { "imports dropped", "importsDropped", f->imports_dropped },
        { "imports retired", "importsRetired", f->imports_retired },
        { "exports dropped", "exportsDropped", f->exports_dropped },
        { "exports retired", "exportsRetired", f->exports_retired },
        { "deliveries", "deliveries", f->deliveries },
        { "rounds", "rounds", f->rounds },
    };
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (json)
            (void)printf("%s\"%s\":%llu", i == 0 ? "{" : ",", lines[i].key,
                         (unsigned long long)lines[i].value);
        else
            (void)printf("%-16s %llu\n", lines[i].text, (unsigned long long)lines[i].value);
    if (json)
        (void)printf("}\n");
}

static int collect(const capstan_options *o, const char *vat, bool json)
{
    int result;
    capstan_gc_figures figures;
    capstan *c = cli_open(o, &result);
    if (c == NULL)
        return result;
    capstan_code code = capstan_gc(c, vat, &figures);
    if (code == CAPSTAN_OK)
        print_figures(&figures, json);
    result = code == CAPSTAN_OK ? CLI_OK : cli_fail_capstan(c, code);
    capstan_close(c);
    return result;
}

/* ---- why ---- */

static const char *text_of(json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));
    return text == NULL ? "" : text;
}

static long long number_of(json_t *object, const char *key)
{
    return (long long)json_integer_value(json_object_get(object, key));
}

/* "v1 (bootstrap)" */
static const char *vat_of(json_t *object, const char *key, char *text, size_t size)
{
    const char *name = text_of(object, "name");
    (void)snprintf(text, size, name[0] == 0 ? "%s" : "%s (%s)", text_of(object, key), name);
    return text;
}

static void print_subject(json_t *why)
{
    char vat[300];
    (void)printf("%s: ", text_of(why, "kref"));
    if (strcmp(text_of(why, "type"), "promise") == 0)
        (void)printf("a promise, %s, %lld references", text_of(why, "state"),
                     number_of(why, "refCount"));
    else if (json_is_null(json_object_get(why, "owner")))
        (void)printf("an object whose vat is gone or gave it up, reachable %lld, recognizable %lld",
                     number_of(why, "reachable"), number_of(why, "recognizable"));
    else
        (void)printf("an object of vat %s, reachable %lld, recognizable %lld",
                     vat_of(why, "owner", vat, sizeof vat), number_of(why, "reachable"),
                     number_of(why, "recognizable"));
    (void)printf("; crank %lld now\n", number_of(why, "crankNumber"));
}

/* What a holder does with it, and how often. */
static void print_role(json_t *h)
{
    const char *kind = text_of(h, "kind"), *vref = text_of(h, "vref");
    const bool reachable = json_is_true(json_object_get(h, "reachable"));
    char vat[300];
    (void)vat_of(h, "vat", vat, sizeof vat);
    if (vref[0] == 'p')
        (void)printf("vat %s has it as %s", vat, vref);
    else if (strcmp(kind, "import") == 0)
        (void)printf("vat %s imports it as %s %s", vat, vref,
                     reachable ? "R and can reach it" : "_ and would only recognise it");
    else if (strcmp(kind, "export") == 0)
        (void)printf("vat %s exports it as %s %s", vat, vref,
                     reachable ? "R: it was not told to drop it" : "_: it was told to drop it");
    else if (strcmp(kind, "queue") == 0)
        (void)printf("%lld in an event of the queues%s%s", number_of(h, "count"),
                     vat[0] == 0 ? "" : " for vat ", vat);
    else if (strcmp(kind, "promise") == 0)
        (void)printf("%lld in messages that wait for promise %s", number_of(h, "count"),
                     text_of(h, "promise"));
    else if (strcmp(kind, "resolution") == 0)
        (void)printf("%lld in what promise %s is settled to", number_of(h, "count"),
                     text_of(h, "promise"));
    else
        (void)printf("the host holds it (%lld): pinned, or not released yet",
                     number_of(h, "count"));
}

/* An exporter does not hold its object. */
static bool print_holders(json_t *why)
{
    size_t i;
    json_t *h;
    bool is_held = false;
    json_array_foreach(json_object_get(why, "holders"), i, h)
    {
        (void)printf("  ");
        print_role(h);
        (void)printf("; since crank %lld\n", number_of(h, "since"));
        is_held |= strcmp(text_of(h, "kind"), "export") != 0;
    }
    return is_held;
}

static int print_why(const char *text)
{
    size_t i;
    json_t *action, *why = json_loads(text, 0, NULL);
    if (why == NULL)
        return cli_fail(CLI_MACHINE, "the answer is not JSON; please report this as a bug");
    json_t *actions = json_object_get(why, "gcActions");
    print_subject(why);
    if (!print_holders(why))
        (void)printf("  nobody holds it%s\n",
                     json_array_size(actions) > 0 ? "" : ", and there is nobody to be told");
    json_array_foreach(actions, i, action)(void)
        printf("  it waits for the GC action %s; 'capstan gc' or the next run does that\n",
               json_string_value(action));
    json_decref(why);
    return CLI_OK;
}

static int explain(const char *store, const char *kref, bool json)
{
    int result;
    const char *text;
    capstan *c = cli_open_store(store, &result);
    if (c == NULL)
        return result;
    capstan_code code = capstan_why_json(c, kref, &text);
    if (code != CAPSTAN_OK)
        result = cli_fail_capstan(c, code);
    else if (json)
        result = fputs(text, stdout) < 0 ? CLI_MACHINE : CLI_OK;
    else
        result = print_why(text);
    capstan_close(c);
    return result;
}

static int gc(int argc, char **argv)
{
    static const struct option options[] = { { "why", no_argument, NULL, 'w' },
                                             { "json", no_argument, NULL, 'j' },
                                             CLI_WORKER_OPTIONS,
                                             { NULL, 0, NULL, 0 } };
    capstan_options o = cli_default_options(&cli_quiet_listener);
    bool why = false, json = false;
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
        if (option != 'w' && option != 'j' &&
            cli_take_worker_option(&cli_gc, option, argv, &o) != CLI_OK)
            return CLI_USAGE;
        why |= option == 'w';
        json |= option == 'j';
    }
    const int count = argc - optind;
    if (why && count != 2)
        return cli_fail(CLI_USAGE, "--why takes a store and a kref; see 'capstan gc --help'");
    if (count < 1 || count > 2)
        return cli_fail(CLI_USAGE, "name a store, and a vat or none; see 'capstan gc --help'");
    if (why)
        return explain(argv[optind], argv[optind + 1], json);
    o.store = argv[optind];
    return collect(&o, count == 2 ? argv[optind + 1] : NULL, json);
}

const cli_verb cli_gc = {
    "gc", gc, "collect garbage now, or tell who holds an object",
    "usage: capstan gc STORE [VAT] [--json] " CLI_WORKER_USAGE "\n"
    "       capstan gc --why STORE KREF [--json]\n\n"
    "Reaps the vat; without one all vats, and again until nothing changes. Prints what was dropped and\n"
    "retired, a line for each figure. No code of a vat runs: messages stay queued.\n\n"
    "  --why     who holds KREF (ko20, kp40), as what, and since which crank; what still has to be told\n"
    "            to whom. Changes nothing. In what is printed R is reachable, _ only recognizable.\n"
    "  --json    the same as one object; docs/formats.md has the keys\n" CLI_WORKER_HELP "\n"
    "exit: 0 done, 1 the vat is terminated, 2 wrong command line, no such vat, kref or store,\n"
    "      3 kernel panic, 5 store or machine (in use by another Capstan, disk full, ...)\n"
};
