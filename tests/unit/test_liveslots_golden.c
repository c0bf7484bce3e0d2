/* Liveslots against the reference: the programs of tests/golden/liveslots are given the deliveries
 * that record.mjs gave to the reference's worker, and must make the same syscalls in the same order and
 * say the same lines. Not compared: computrons, texts of failed startVats, and in the programs of
 * `own_words` what errors say: ours say more. */
#include "base/arena.h"
#include "scripted_kernel.h"
#include "t.h"

#include <ctype.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const own_words[] = { "exits", "handled", "reject-order", "unserialisable" };

static cs_arena arena; /* of one case */

/* --- JSON to values ----------------------------------------------------------------------------- */

static cs_vref vref(const json_t *j)
{
    return json_is_string(j) ? sk_vref(json_string_value(j)) : (cs_vref){ 0 };
}

static cs_vrefs vrefs(const json_t *j)
{
    uint32_t count = (uint32_t)json_array_size(j);
    cs_vref *items = cs_arena_take_zero(&arena, count + 1, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = vref(json_array_get(j, i));
    return (cs_vrefs){ .items = items, .count = count };
}

static cs_capdata capdata(const json_t *j)
{
    const json_t *body = json_object_get(j, "body");
    cs_vrefs slots = vrefs(json_object_get(j, "slots"));
    return (cs_capdata){
        .body = { (const uint8_t *)json_string_value(body), json_string_length(body) },
        .slots = slots.items,
        .slot_count = slots.count,
    };
}

static cs_message message(const json_t *target, const json_t *j)
{
    return (cs_message){ .target = vref(target),
                         .methargs = capdata(json_object_get(j, "methargs")),
                         .result = vref(json_object_get(j, "result")) };
}

static cs_resolutions resolutions(const json_t *j)
{
    uint32_t count = (uint32_t)json_array_size(j);
    cs_resolution *items = cs_arena_take_zero(&arena, count + 1, sizeof *items);
    for (uint32_t i = 0; i < count; i++) {
        const json_t *r = json_array_get(j, i);
        items[i] = (cs_resolution){ .promise = vref(json_array_get(r, 0)),
                                    .rejected = json_is_true(json_array_get(r, 1)),
                                    .data = capdata(json_array_get(r, 2)) };
    }
    return (cs_resolutions){ .items = items, .count = count };
}

static cs_delivery delivery(const json_t *j)
{
    const char *kind = json_string_value(json_array_get(j, 0));
    const json_t *first = json_array_get(j, 1);
    if (strcmp(kind, "startVat") == 0)
        return (cs_delivery){ .kind = CS_DELIVER_START_VAT, .start = capdata(first) };
    if (strcmp(kind, "message") == 0)
        return (cs_delivery){ .kind = CS_DELIVER_MESSAGE,
                              .message = message(first, json_array_get(j, 2)) };
    if (strcmp(kind, "notify") == 0)
        return (cs_delivery){ .kind = CS_DELIVER_NOTIFY, .notify = resolutions(first) };
    return (cs_delivery){ .kind = strcmp(kind, "dropExports") == 0     ? CS_DELIVER_DROP_EXPORTS
                                  : strcmp(kind, "retireExports") == 0 ? CS_DELIVER_RETIRE_EXPORTS
                                                                       : CS_DELIVER_RETIRE_IMPORTS,
                          .refs = vrefs(first) };
}

static cs_syscall syscall_of(const json_t *j)
{
    const char *kind = json_string_value(json_array_get(j, 0));
    const json_t *first = json_array_get(j, 1), *second = json_array_get(j, 2);
    cs_syscall s = { 0 };
    if (strcmp(kind, "send") == 0)
        s = (cs_syscall){ .kind = CS_SYSCALL_SEND, .send = message(first, second) };
    else if (strcmp(kind, "subscribe") == 0)
        s = (cs_syscall){ .kind = CS_SYSCALL_SUBSCRIBE, .promise = vref(first) };
    else if (strcmp(kind, "resolve") == 0)
        s = (cs_syscall){ .kind = CS_SYSCALL_RESOLVE, .resolve = resolutions(first) };
    else if (strcmp(kind, "exit") == 0)
        s = (cs_syscall){ .kind = CS_SYSCALL_EXIT,
                          .exit = { .is_failure = json_is_true(first), .info = capdata(second) } };
    else
        fail_msg("syscall %s", kind);
    return s;
}

/* --- what is compared --------------------------------------------------------------------------- */

/* Past the JSON string that begins at `at`. */
static const char *skip_string(const char *at)
{
    for (at++; *at != 0 && *at != '"'; at++)
        if (*at == '\\')
            at++;
    return *at != 0 ? at + 1 : at;
}

/* Past the error that begins at `at`, which is flat. */
static const char *skip_error(const char *at)
{
    while (*at != 0 && *at != '}')
        at = *at == '"' ? skip_string(at) : at + 1;
    return *at != 0 ? at + 1 : at;
}

/* A copy without the vat in ids of errors, and without what errors say if `blur`. */
static char *normal(const char *text, bool blur)
{
    static const char error[] = "{\"#error\":", id[] = "\"error:liveSlots:v";
    char *copy = cs_arena_take(&arena, strlen(text) + 1), *out = copy;
    while (*text != 0) {
        if (blur && strncmp(text, error, sizeof error - 1) == 0) {
            memcpy(out, error, sizeof error - 1);
            out += sizeof error - 1;
            text = skip_error(text);
        } else if (strncmp(text, id, sizeof id - 1) == 0) {
            text += sizeof id - 1;
            text += strspn(text, "0123456789");
        } else
            *out++ = *text++;
    }
    *out = 0;
    return copy;
}

static const char *expected_trace(const json_t *entry, cs_buf *b)
{
    const json_t *list = json_object_get(entry, "syscalls");
    uint32_t count = (uint32_t)json_array_size(list);
    cs_syscall *items = cs_arena_take_zero(&arena, count + 1, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = syscall_of(json_array_get(list, i));
    cs_buf_clear(b);
    sk_add_trace(b, &(cs_reply){ .syscalls = items, .syscall_count = count });
    return cs_buf_text(b);
}

static const char *expected_lines(const json_t *entry, cs_buf *b)
{
    const json_t *lines = json_object_get(entry, "log");
    cs_buf_clear(b);
    for (size_t i = 0; i < json_array_size(lines); i++)
        cs_buf_addf(b, "%s\n", json_string_value(json_array_get(lines, i)));
    return cs_buf_text(b);
}

/* What the vat has put into its testLog, without console lines. */
static const char *said_lines(sk *k, cs_buf *b)
{
    static const char *const levels[] = { "debug: ", "log: ", "info: ", "warn: ", "error: " };
    cs_buf_clear(b);
    for (const char *line = sk_said(k), *end; *line != 0; line = end) {
        end = strchr(line, '\n') + 1;
        bool console = false;
        for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++)
            console = console || strncmp(line, levels[i], strlen(levels[i])) == 0;
        if (!console)
            cs_buf_add(b, line, (size_t)(end - line));
    }
    return cs_buf_text(b);
}

static bool is_failed(const json_t *entry)
{
    const json_t *result = json_object_get(entry, "result");
    return strcmp(json_string_value(json_array_get(result, 0)), "ok") != 0;
}

static void compare(sk *k, const json_t *entry, bool blur, size_t index)
{
    cs_buf trace = { 0 }, lines = { 0 }, said = { 0 };
    const json_t *d = json_object_get(entry, "delivery");
    char *text = json_dumps(d, JSON_COMPACT | JSON_ENCODE_ANY);
    printf("# %zu: %.200s\n", index, text);
    free(text);
    cs_delivery vdo = delivery(d);
    (void)sk_deliver(k, &vdo);
    cs_reply r = *sk_reply(k);
    if (is_failed(entry) != (r.status != CS_OK))
        fail_msg("failed: %.*s", (int)r.problem.size, (const char *)r.problem.data);
    r.status = CS_OK; /* the text is ours */
    sk_add_trace(&trace, &r);
    char *got = normal(cs_buf_text(&trace), blur);
    assert_string_equal(got, normal(expected_trace(entry, &trace), blur));
    assert_string_equal(said_lines(k, &said), expected_lines(entry, &lines));
    cs_buf_fini(&trace);
    cs_buf_fini(&lines);
    cs_buf_fini(&said);
}

/* --- cases -------------------------------------------------------------------------------------- */

static char *read_program(const char *name)
{
    char path[128];
    bool random = strncmp(name, "random-", 7) == 0;
    (void)snprintf(path, sizeof path, "tests/golden/liveslots/%s.js", random ? "random" : name);
    return t_read_file(t_source_path(path), NULL);
}

static json_t *read_golden(const char *name)
{
    char path[128];
    (void)snprintf(path, sizeof path, "tests/golden/liveslots/%s.json", name);
    json_error_t err;
    json_t *j = json_load_file(t_source_path(path), JSON_ALLOW_NUL, &err);
    if (j == NULL)
        fail_msg("%s:%d: %s", path, err.line, err.text);
    return j;
}

/* `id` is the name of a program with underscores for hyphens. */
static void check(const char *id)
{
    char name[64];
    size_t size = strlen(id) + 1;
    assert_true(size <= sizeof name);
    for (size_t i = 0; i < size; i++)
        name[i] = id[i] == '_' ? '-' : id[i];
    bool blur = false;
    for (size_t i = 0; i < sizeof own_words / sizeof own_words[0]; i++)
        blur = blur || strcmp(name, own_words[i]) == 0;
    char *source = read_program(name);
    json_t *entries = read_golden(name);
    sk *k = NULL;
    cs_error err = { 0 };
    if (sk_try(source, &k, &err) != CS_OK) {
        if (!is_failed(json_array_get(entries, 0)))
            fail_msg("%s", err.text);
    } else
        for (size_t i = 0; i < json_array_size(entries); i++)
            compare(k, json_array_get(entries, i), blur, i);
    k = sk_free(k);
    json_decref(entries);
    free(source);
    cs_arena_fini(&arena);
}

/* clang-format off */
#define PROGRAMS(X) \
    X(arguments) X(batch_turns) X(call) X(cycles) X(error_args) X(exits) X(exports) \
    X(follow_answer) X(get_when) X(handled) X(imports) X(known) X(late) X(loopback) X(loops) \
    X(order) X(parameters) X(pipeline) X(postponed) X(powers) X(promise_args) X(reject_order) \
    X(resolve_to) X(result_import) X(return_promise) X(returns) X(send) X(start_absent) \
    X(start_async) X(start_evaluates) X(start_exits) X(start_never) X(start_not_far) \
    X(start_not_remotable) X(start_rejects) X(start_throws) X(start_turns) X(start_undefined) \
    X(start_waits) X(targets) X(thenables) X(throws) X(turns) X(two_ids) X(unserialisable) \
    X(random_1) X(random_2) X(random_3) X(random_4) X(random_5) X(random_6) X(random_7) \
    X(random_8) X(random_9) X(random_10) X(random_11) X(random_12) X(random_13) X(random_14) \
    X(random_15) X(random_16)
/* clang-format on */

#define DEFINE(name) \
    static void name(void **state) \
    { \
        (void)state; \
        check(#name); \
    }
PROGRAMS(DEFINE)

#define NAME(name) #name,
static int calm(void **state)
{
    (void)state;
    (void)sk_stress(false);
    return 0;
}

/* All of them again while every allocation collects. */
static void under_stress(void **state)
{
    static const char *const names[] = { PROGRAMS(NAME) };
    (void)state;
    if (!sk_stress(true))
        t_skip("needs slow assertions");
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        check(names[i]);
}

#define CASE(name) T(name),
T_MAIN(PROGRAMS(CASE) T_WITH(under_stress, NULL, calm))
