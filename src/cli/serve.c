/* capstan serve: the whole host API as JSON lines on stdin and stdout, for scripts and tests.
 *
 *     {"id":1,"cmd":NAME,...} -> {"id":1,"ok":...} or {"id":1,"error":{"code","text"}}
 *
 * One request a line, answered in order. What vats print goes to stderr; testLog lines are kept for
 * the command `log`. A wrong request is answered by an error and changes nothing. The end of stdin
 * is a shutdown. */
#include "cli/serve.h"
#include "cli/cleanup.h"
#include "cli/cli.h"

#include <getopt.h>
#include <stdlib.h>
#include <string.h>

json_t *cli_refuse(json_t **error, const char *code, const char *text)
{
    *error = json_pack("{s:s,s:s}", "code", code, "text", text);
    return NULL;
}

json_t *cli_refuse_capstan(cli_server *s, capstan_code code, json_t **error)
{
    return cli_refuse(error, capstan_code_name(code), capstan_errmsg(s->c));
}

json_t *cli_answer(cli_server *s, capstan_code code, json_t *ok, json_t **error)
{
    if (code == CAPSTAN_OK)
        return ok;
    json_decref(ok);
    return cli_refuse_capstan(s, code, error);
}

const char *cli_request_text(json_t *request, const char *key)
{
    return json_string_value(json_object_get(request, key));
}

/* A missing number is 0: no limit. False after refusing anything but a number from 0 on. */
static bool read_number(json_t *request, const char *key, uint64_t *ret, json_t **error)
{
    json_t *value = json_object_get(request, key);
    *ret = (uint64_t)json_integer_value(value);
    if (value == NULL || (json_is_integer(value) && json_integer_value(value) >= 0))
        return true;
    *error = json_pack("{s:s,s:o}", "code", "USAGE", "text",
                       json_sprintf("%s must be a whole number from 0 on", key));
    return false;
}

/* ---- running ---- */

static json_t *do_step(cli_server *s, json_t *request, json_t **error)
{
    (void)request;
    bool did = false;
    capstan_code code = capstan_step(s->c, &did);
    return cli_answer(s, code, json_pack("{s:i}", "cranks", did ? 1 : 0), error);
}

static json_t *do_run(cli_server *s, json_t *request, json_t **error)
{
    capstan_policy policy = { 0 };
    capstan_run_figures f;
    cli_cleanup cleanup;
    if (!read_number(request, "maxCranks", &policy.cranks_max, error) ||
        !read_number(request, "maxComputrons", &policy.computrons_max, error) ||
        !read_number(request, "maxMillis", &policy.millis_max, error))
        return NULL;
    if (!cli_cleanup_read_json(&cleanup, json_object_get(request, "cleanup")))
        return cli_refuse(
            error, "USAGE",
            "cleanup is a whole number from 0 on, or an object of numbers from 1 on by "
            "default, exports, imports, promises, kv, snapshots, transcripts");
    cli_cleanup_apply(&cleanup, &policy);
    capstan_code code = capstan_run(s->c, &policy, &f);
    return cli_answer(s, code,
                      json_pack("{s:I,s:I,s:I,s:b}", "cranks", (json_int_t)f.cranks, "deliveries",
                                (json_int_t)f.deliveries, "computrons", (json_int_t)f.computrons,
                                "quiet", f.quiet),
                      error);
}

static json_t *do_commit(cli_server *s, json_t *request, json_t **error)
{
    (void)request;
    return cli_answer(s, capstan_commit(s->c), json_true(), error);
}

static json_t *do_shutdown(cli_server *s, json_t *request, json_t **error)
{
    s->stop = true;
    return do_commit(s, request, error);
}

/* ---- messages ---- */

static bool read_policy(json_t *request, capstan_on_result *ret)
{
    static const char *const names[] = { "ignore", "logAlways", "logFailure", "panic" };
    json_t *policy = json_object_get(request, "policy");
    *ret = CAPSTAN_IGNORE;
    if (policy == NULL)
        return true;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (json_is_string(policy) && strcmp(json_string_value(policy), names[i]) == 0) {
            *ret = (capstan_on_result)i;
            return true;
        }
    return false;
}

/* The strings of a JSON array, borrowed; NULL if one is no string. free() the array itself. */
static const char **strings_of(json_t *array, size_t *ret_count)
{
    size_t count = json_array_size(array);
    const char **strings = calloc(count + 1, sizeof *strings);
    for (size_t i = 0; strings != NULL && i < count; i++) {
        strings[i] = json_string_value(json_array_get(array, i));
        if (strings[i] == NULL) {
            free(strings);
            return NULL;
        }
    }
    *ret_count = count;
    return strings;
}

typedef capstan_code queue_fn(capstan *c, const char *target, const char *method,
                              const capstan_capdata *args, capstan_on_result on_result,
                              const char **ret_kpid);

static capstan_code queue_capdata(cli_server *s, queue_fn *queue, const char *target,
                                  json_t *request, capstan_on_result policy, const char **ret_kpid,
                                  bool *ret_bad)
{
    json_t *capdata = json_object_get(request, "capdata");
    json_t *body = json_object_get(capdata, "body");
    capstan_capdata args = { .body = json_string_value(body),
                             .body_size = json_string_length(body) };
    const char **slots = strings_of(json_object_get(capdata, "slots"), &args.slot_count);
    args.slots = slots;
    *ret_bad = args.body == NULL || slots == NULL;
    capstan_code code = CAPSTAN_USAGE;
    if (!*ret_bad)
        code = queue(s->c, target, cli_request_text(request, "method"), &args, policy, ret_kpid);
    free(slots);
    return code;
}

static capstan_code queue_json(cli_server *s, queue_fn *queue, const char *target, json_t *request,
                               capstan_on_result policy, const char **ret_kpid)
{
    json_t *array = json_object_get(request, "args");
    size_t count = json_array_size(array);
    char **texts = calloc(count + 1, sizeof *texts);
    capstan_capdata args;
    for (size_t i = 0; texts != NULL && i < count; i++)
        texts[i] = json_dumps(json_array_get(array, i), JSON_ENCODE_ANY);
    capstan_code code = capstan_args_of_json(s->c, (const char *const *)texts, count, &args);
    if (code == CAPSTAN_OK)
        code = queue(s->c, target, cli_request_text(request, "method"), &args, policy, ret_kpid);
    for (size_t i = 0; texts != NULL && i < count; i++)
        free(texts[i]);
    free(texts);
    return code;
}

static json_t *do_queue(cli_server *s, json_t *request, json_t **error, queue_fn *queue,
                        const char *target_key)
{
    const char *target = cli_request_text(request, target_key), *kpid = NULL;
    json_t *args = json_object_get(request, "args");
    capstan_on_result policy;
    bool bad = false;
    if (target == NULL || cli_request_text(request, "method") == NULL)
        return cli_refuse(error, "USAGE", "the target and a method must be named");
    if (!read_policy(request, &policy))
        return cli_refuse(error, "USAGE", "policy is ignore, logAlways, logFailure or panic");
    if (args != NULL && !json_is_array(args))
        return cli_refuse(error, "USAGE", "args must be an array");
    capstan_code code;
    if (json_object_get(request, "capdata") != NULL)
        code = queue_capdata(s, queue, target, request, policy, &kpid, &bad);
    else
        code = queue_json(s, queue, target, request, policy, &kpid);
    if (bad)
        return cli_refuse(error, "USAGE", "capdata is {body: string, slots: [kref...]}");
    return cli_answer(s, code, json_pack("{s:s?}", "kpid", kpid), error);
}

static json_t *do_queue_to_root(cli_server *s, json_t *request, json_t **error)
{
    return do_queue(s, request, error, capstan_queue_to_vat_root, "vat");
}

static json_t *do_queue_to_object(cli_server *s, json_t *request, json_t **error)
{
    return do_queue(s, request, error, capstan_queue_to_object, "kref");
}

static json_t *do_kp_status(cli_server *s, json_t *request, json_t **error)
{
    static const char *const names[] = { "unresolved", "fulfilled", "rejected" };
    capstan_promise state = CAPSTAN_UNRESOLVED;
    capstan_code code = capstan_kp_status(s->c, cli_request_text(request, "kpid"), &state);
    return cli_answer(s, code, json_string(names[state]), error);
}

static json_t *do_kp_resolution(cli_server *s, json_t *request, json_t **error)
{
    capstan_capdata data;
    capstan_code code = capstan_kp_resolution(s->c, cli_request_text(request, "kpid"), &data);
    if (code != CAPSTAN_OK)
        return cli_refuse_capstan(s, code, error);
    json_t *slots = json_array();
    for (size_t i = 0; i < data.slot_count; i++)
        json_array_append_new(slots, json_string(data.slots[i]));
    return json_pack("{s:s%,s:o}", "body", data.body, data.body_size, "slots", slots);
}

static json_t *do_kp_release(cli_server *s, json_t *request, json_t **error)
{
    return cli_answer(s, capstan_kp_release(s->c, cli_request_text(request, "kpid")), json_true(),
                      error);
}

/* ---- vats ---- */

static json_t *do_vat_id(cli_server *s, json_t *request, json_t **error)
{
    const char *id = NULL;
    capstan_code code = capstan_vat_id(s->c, cli_request_text(request, "name"), &id);
    return cli_answer(s, code, json_string(code == CAPSTAN_OK ? id : ""), error);
}

static json_t *do_root_object(cli_server *s, json_t *request, json_t **error)
{
    const char *kref = NULL;
    capstan_code code = capstan_root_object(s->c, cli_request_text(request, "vat"), &kref);
    return cli_answer(s, code, json_string(code == CAPSTAN_OK ? kref : ""), error);
}

static json_t *do_pin(cli_server *s, json_t *request, json_t **error)
{
    return cli_answer(s, capstan_pin_vat_root(s->c, cli_request_text(request, "vat")), json_true(),
                      error);
}

static json_t *do_unpin(cli_server *s, json_t *request, json_t **error)
{
    capstan_code code = capstan_unpin_vat_root(s->c, cli_request_text(request, "vat"));
    return cli_answer(s, code, json_true(), error);
}

static json_t *do_terminate(cli_server *s, json_t *request, json_t **error)
{
    capstan_code code = capstan_terminate_vat(s->c, cli_request_text(request, "vat"),
                                              cli_request_text(request, "reason"));
    return cli_answer(s, code, json_true(), error);
}

/* ---- looking ---- */

static json_t *do_dump(cli_server *s, json_t *request, json_t **error)
{
    (void)request;
    const char *text = "";
    capstan_code code = capstan_dump_json(s->c, &text);
    return cli_answer(s, code, code == CAPSTAN_OK ? json_loads(text, 0, NULL) : NULL, error);
}

static json_t *do_stats(cli_server *s, json_t *request, json_t **error)
{
    (void)request;
    const char *text = "";
    capstan_code code = capstan_stats_json(s->c, &text);
    return cli_answer(s, code, code == CAPSTAN_OK ? json_loads(text, 0, NULL) : NULL, error);
}

static json_t *do_activity_hash(cli_server *s, json_t *request, json_t **error)
{
    (void)request;
    const char *text = "";
    capstan_code code = capstan_activity_hash(s->c, &text);
    return cli_answer(s, code, json_string(code == CAPSTAN_OK ? text : ""), error);
}

static json_t *do_log(cli_server *s, json_t *request, json_t **error)
{
    uint64_t from;
    if (!read_number(request, "from", &from, error))
        return NULL;
    json_t *lines = json_array();
    for (size_t i = from; i < json_array_size(s->log); i++)
        json_array_append(lines, json_array_get(s->log, i));
    return lines;
}

static const struct {
    const char *name;
    cli_command *run;
} commands[] = {
    { "step", do_step },
    { "run", do_run },
    { "commit", do_commit },
    { "queueToVatRoot", do_queue_to_root },
    { "queueToVatObject", do_queue_to_object },
    { "kpStatus", do_kp_status },
    { "kpResolution", do_kp_resolution },
    { "kpRelease", do_kp_release },
    { "vatNameToID", do_vat_id },
    { "getRootObject", do_root_object },
    { "pinVatRoot", do_pin },
    { "unpinVatRoot", do_unpin },
    { "terminateVat", do_terminate },
    { "installBundle", cli_do_install_bundle },
    { "reapAllVats", cli_do_reap_all },
    { "gc", cli_do_gc },
    { "why", cli_do_why },
    { "changeKernelOptions", cli_do_change_kernel_options },
    { "dump", do_dump },
    { "log", do_log },
    { "stats", do_stats },
    { "activityHash", do_activity_hash },
    { "shutdown", do_shutdown },
};

static json_t *run_command(cli_server *s, json_t *request, json_t **error)
{
    const char *name = cli_request_text(request, "cmd");
    if (!json_is_object(request) || name == NULL)
        return cli_refuse(error, "USAGE", "a request is one line {\"id\":...,\"cmd\":NAME,...}");
    for (size_t i = 0; i < sizeof commands / sizeof *commands; i++)
        if (strcmp(commands[i].name, name) == 0)
            return commands[i].run(s, request, error);
    *error =
        json_pack("{s:s,s:o}", "code", "USAGE", "text", json_sprintf("unknown command '%s'", name));
    return NULL;
}

static void serve_line(cli_server *s, const char *line, size_t size)
{
    json_error_t where;
    json_t *error = NULL, *ok = NULL;
    json_t *request = json_loadb(line, size, JSON_DECODE_ANY | JSON_ALLOW_NUL, &where);
    json_t *id = json_object_get(request, "id"), *response = json_object();
    if (request == NULL)
        error = json_pack("{s:s,s:o}", "code", "USAGE", "text",
                          json_sprintf("a request is one line of JSON: %s", where.text));
    else
        ok = run_command(s, request, &error);
    json_object_set_new(response, "id", id == NULL ? json_null() : json_incref(id));
    json_object_set_new(response, ok != NULL ? "ok" : "error", ok != NULL ? ok : error);
    (void)json_dumpf(response, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
    (void)fputc('\n', stdout);
    (void)fflush(stdout);
    json_decref(response);
    json_decref(request);
}

static int serve_stdio(cli_server *s)
{
    char *line = NULL;
    size_t cap = 0;
    while (!s->stop && !ferror(stdout)) {
        ssize_t size = getline(&line, &cap, stdin);
        if (size < 0)
            break;
        if (size > 0 && strspn(line, " \t\r\n") < (size_t)size)
            serve_line(s, line, (size_t)size);
    }
    free(line);
    capstan_code code = s->stop ? CAPSTAN_OK : capstan_commit(s->c);
    return code == CAPSTAN_OK ? CLI_OK : cli_fail_capstan(s->c, code);
}

/* ---- the command line ---- */

static void keep_test_log(void *ctx, const char *vat, const char *line)
{
    cli_server *s = ctx;
    (void)vat;
    json_array_append_new(s->log, json_string(line));
}

static bool is_store(const char *path)
{
    char head[16] = "";
    FILE *f = fopen(path, "rb");
    bool yes = f != NULL && fread(head, 1, sizeof head, f) == sizeof head &&
               memcmp(head, "SQLite format 3", sizeof head) == 0;
    if (f != NULL)
        (void)fclose(f);
    return yes;
}

static int serve_target(const char *target, const capstan_options *options)
{
    capstan_options o = *options;
    capstan_listener listener = cli_quiet_listener;
    cli_server s = { .log = json_array() };
    listener.test_log = keep_test_log;
    o.listener = &listener;
    o.ctx = &s;
    if (is_store(target))
        o.store = target;
    else
        o.config = target;
    capstan_code code = capstan_open(&o, &s.c);
    int result = code == CAPSTAN_OK ? serve_stdio(&s) : cli_fail_capstan(s.c, code);
    capstan_close(s.c);
    json_decref(s.log);
    return result;
}

static int serve(int argc, char **argv)
{
    static const struct option options[] = { { "stdio", no_argument, NULL, 'i' },
                                             { "socket", required_argument, NULL, 'k' },
                                             { "store", required_argument, NULL, 's' },
                                             { "gc", required_argument, NULL, 'g' },
                                             CLI_WORKER_OPTIONS,
                                             CLI_DELIVERY_OPTION,
                                             { NULL, 0, NULL, 0 } };
    capstan_options o = cli_default_options(NULL);
    optind = 1;
    for (int option; (option = getopt_long(argc, argv, ":", options, NULL)) != -1;) {
        if (option == 's')
            o.store = optarg;
        else if (option == 'g')
            o.gc = optarg;
        else if (option == 'k')
            return cli_fail(CLI_USAGE, "--socket is not in this version yet; use --stdio");
        else if (option != 'i' && cli_take_worker_option(&cli_serve, option, argv, &o) != CLI_OK)
            return CLI_USAGE;
    }
    if (argc - optind != 1)
        return cli_fail(CLI_USAGE,
                        "name one folder, configuration or store; see 'capstan serve --help'");
    return serve_target(argv[optind], &o);
}

const cli_verb cli_serve = {
    "serve", serve, "offer the host API as JSON lines on stdin and stdout",
    "usage: capstan serve BASEDIR|CONFIG|STORE [--stdio] [--store FILE] [--gc POLICY]\n"
    "       " CLI_WORKER_USAGE "\n"
    "       [--delivery-computrons N]\n\n"
    "{\"id\":1,\"cmd\":NAME,...} -> {\"id\":1,\"ok\":...} or {\"id\":1,\"error\":{\"code\",\"text\"}}\n\n"
    "  step                                    -> {cranks}\n"
    "  run {maxCranks,maxComputrons,maxMillis,cleanup} -> {cranks,deliveries,computrons,quiet}; commits\n"
    "  commit\n"
    "  queueToVatRoot {vat,method,args:[JSON...] or capdata:{body,slots},policy} -> {kpid}\n"
    "  queueToVatObject {kref,...}             -> {kpid}\n"
    "  kpStatus {kpid}, kpResolution {kpid}, kpRelease {kpid}\n"
    "  vatNameToID {name}, getRootObject {vat}, terminateVat {vat,reason}\n"
    "  pinVatRoot {vat}, unpinVatRoot {vat}\n"
    "  installBundle {path or bundle:{...},name,bundleID} -> {id}: for vats that are made later\n"
    "  reapAllVats: a bringOutYourDead for each, which run and step deliver\n"
    "  gc {vat}: collects now, all vats if none is named; commits\n"
    "  why {kref}: who holds it, since when\n"
    "  changeKernelOptions {defaultReapInterval,defaultReapGCKrefs}: numbers or \"never\"; {maxVats}\n"
    "  dump, stats, activityHash, log {from}: testLog lines of this process\n"
    "  shutdown\n\n"
    "capdata.body is the array of arguments, \"#[...]\". Policies: ignore, logAlways, logFailure,\n"
    "panic. What vats print to the console goes to stderr.\n"
};
