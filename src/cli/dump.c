/* capstan dump: the kernel's tables, for people or as JSON. */
#include "cli/cli.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

static const char *text_of(json_t *value)
{
    return json_is_string(value) ? json_string_value(value) : "-";
}

static void print_vats(json_t *vats)
{
    size_t i;
    json_t *v;
    (void)printf("vats\n");
    json_array_foreach(vats, i, v)
    {
        (void)printf("  %-5s %-20s %-10s %6lld deliveries", text_of(json_object_get(v, "id")),
                     text_of(json_object_get(v, "name")), text_of(json_object_get(v, "status")),
                     (long long)json_integer_value(json_object_get(v, "deliveries")));
        if (json_object_get(v, "ending") != NULL)
            (void)printf("  %s", text_of(json_object_get(v, "ending")));
        (void)printf("\n");
    }
}

static void print_objects(json_t *objects)
{
    size_t i;
    json_t *o;
    (void)printf("objects                owner  reachable recognizable\n");
    json_array_foreach(objects, i, o)(void)
        printf("  %-20s %-6s %9lld %12lld\n", text_of(json_array_get(o, 0)),
               text_of(json_array_get(o, 1)), (long long)json_integer_value(json_array_get(o, 2)),
               (long long)json_integer_value(json_array_get(o, 3)));
}

static void print_promises(json_t *promises)
{
    size_t i;
    json_t *p;
    (void)printf("promises               state       refs decider\n");
    json_array_foreach(promises, i, p)(void)
        printf("  %-20s %-11s %4lld %s\n", text_of(json_object_get(p, "id")),
               text_of(json_object_get(p, "state")),
               (long long)json_integer_value(json_object_get(p, "refCount")),
               text_of(json_object_get(p, "decider")));
}

static void print_clists(json_t *clists)
{
    size_t i;
    json_t *e;
    (void)printf("c-lists\n");
    json_array_foreach(clists, i, e)(void)
        printf("  %-5s %-10s %s %s\n", text_of(json_array_get(e, 0)), text_of(json_array_get(e, 1)),
               json_is_true(json_array_get(e, 3)) ? "R" : "_", text_of(json_array_get(e, 2)));
}

static void print_queue(json_t *dump, const char *name)
{
    size_t i;
    json_t *e, *queue = json_object_get(dump, name);
    (void)printf("%s: %zu\n", name, json_array_size(queue));
    json_array_foreach(queue, i, e)
    {
        char *line = json_dumps(e, JSON_COMPACT);
        (void)printf("  %s\n", line == NULL ? "?" : line);
        free(line);
    }
}

static void print_names(json_t *dump, const char *key)
{
    size_t i;
    json_t *e, *names = json_object_get(dump, key);
    (void)printf("%s: %zu\n", key, json_array_size(names));
    json_array_foreach(names, i, e)(void) printf("  %s\n", text_of(e));
}

static int print_for_people(const char *text)
{
    json_t *dump = json_loads(text, 0, NULL);
    if (dump == NULL)
        return cli_fail(CLI_MACHINE, "the dump is not JSON; please report this as a bug");
    print_vats(json_object_get(dump, "vats"));
    print_objects(json_object_get(dump, "objects"));
    print_promises(json_object_get(dump, "promises"));
    print_clists(json_object_get(dump, "clists"));
    print_queue(dump, "runQueue");
    print_queue(dump, "acceptanceQueue");
    print_names(dump, "gcActions");
    print_names(dump, "reapQueue");
    (void)printf("crank %lld, activity %s\n",
                 (long long)json_integer_value(json_object_get(dump, "crankNumber")),
                 text_of(json_object_get(dump, "activityHash")));
    json_decref(dump);
    return CLI_OK;
}

static int dump(int argc, char **argv)
{
    bool json = argc == 3 && strcmp(argv[2], "--json") == 0;
    if (argc == 3 && strcmp(argv[1], "--json") == 0) {
        json = true;
        argv[1] = argv[2];
    }
    if (argc != 2 && !json)
        return cli_fail(CLI_USAGE, "name one store; see 'capstan dump --help'");
    int result;
    const char *text;
    capstan *c = cli_open_store(argv[1], &result);
    if (c == NULL)
        return result;
    capstan_code code = capstan_dump_json(c, &text);
    if (code != CAPSTAN_OK)
        result = cli_fail_capstan(c, code);
    else if (json)
        result = fputs(text, stdout) < 0 ? CLI_MACHINE : CLI_OK;
    else
        result = print_for_people(text);
    capstan_close(c);
    return result;
}

const cli_verb cli_dump = {
    "dump", dump, "print the kernel's tables",
    "usage: capstan dump STORE [--json]\n\n"
    "Vats, objects with both reference counts, promises, c-lists (R: reachable), queues, and what the\n"
    "collector has yet to do. 'capstan gc --why' says who holds one object. With\n"
    "--json one object: {vats, objects:[[kref,owner,reachable,recognizable]], promises,\n"
    "clists:[[vat,kref,vref,reachable]], runQueue, acceptanceQueue, gcActions, reapQueue, meters,\n"
    "stats}. Changes nothing.\n"
};
