/* Liveslots against the reference: the programs of tests/golden/liveslots are given the deliveries
 * that record.mjs gave to the reference's worker, and must make the same syscalls in the same order and
 * say the same lines. Not compared: computrons, texts of failed startVats, and in the programs of
 * `own_words` what errors say: ours say more.
 *
 * The reference collects in bringOutYourDead only. Each program is played again with collections at the
 * end of other cranks, and in the middle of any: nothing but the drops may change, nor what it costs. */
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
    if (strcmp(kind, "bringOutYourDead") == 0)
        return (cs_delivery){ .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD };
    return (cs_delivery){ .kind = strcmp(kind, "dropExports") == 0     ? CS_DELIVER_DROP_EXPORTS
                                  : strcmp(kind, "retireExports") == 0 ? CS_DELIVER_RETIRE_EXPORTS
                                                                       : CS_DELIVER_RETIRE_IMPORTS,
                          .refs = vrefs(first) };
}

static cs_bytes bytes(const json_t *j)
{
    return (cs_bytes){ (const uint8_t *)json_string_value(j), json_string_length(j) };
}

/* ["callNow", device, method, args, ["ok", capdata]], or ["error", text] at the end. */
static cs_syscall call_of(const json_t *j)
{
    const json_t *answer = json_array_get(j, 4), *data = json_array_get(answer, 1);
    cs_syscall s = { .kind = CS_SYSCALL_CALL_NOW };
    s.call.device = vref(json_array_get(j, 1));
    s.call.method = bytes(json_array_get(j, 2));
    s.call.args = capdata(json_array_get(j, 3));
    s.call.failed = strcmp(json_string_value(json_array_get(answer, 0)), "ok") != 0;
    if (s.call.failed)
        s.call.result.body = bytes(data);
    else
        s.call.result = capdata(data);
    return s;
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
    else if (strcmp(kind, "callNow") == 0)
        s = call_of(j);
    else if (strcmp(kind, "dropImports") == 0)
        s = (cs_syscall){ .kind = CS_SYSCALL_DROP_IMPORTS, .refs = vrefs(first) };
    else if (strcmp(kind, "retireImports") == 0)
        s = (cs_syscall){ .kind = CS_SYSCALL_RETIRE_IMPORTS, .refs = vrefs(first) };
    else if (strcmp(kind, "retireExports") == 0)
        s = (cs_syscall){ .kind = CS_SYSCALL_RETIRE_EXPORTS, .refs = vrefs(first) };
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

/* A copy without interfaces: in slots, "$0.Alleged: it", and where a vat says them. */
static char *without_ifaces(const char *text)
{
    static const char in_slot[] = ".Alleged: ", said[] = "Alleged: ";
    char *copy = cs_arena_take(&arena, strlen(text) + 1), *out = copy;
    while (*text != 0) {
        if (strncmp(text, in_slot, sizeof in_slot - 1) == 0 ||
            strncmp(text, said, sizeof said - 1) == 0)
            text += strcspn(text, "\"]\n");
        else
            *out++ = *text++;
    }
    *out = 0;
    return copy;
}

/* The trace without drops, unless they are wanted. */
static const char *trace_of(const cs_reply *r, bool with_drops, cs_buf *b)
{
    cs_syscall *items = cs_arena_take_zero(&arena, r->syscall_count + 1, sizeof *items);
    uint32_t count = 0;
    for (uint32_t i = 0; i < r->syscall_count; i++)
        if (with_drops || !sk_is_drop(&r->syscalls[i]))
            items[count++] = r->syscalls[i];
    cs_buf_clear(b);
    sk_add_trace(b, &(cs_reply){ .syscalls = items, .syscall_count = count });
    return cs_buf_text(b);
}

static const char *expected_trace(const json_t *entry, bool with_drops, cs_buf *b)
{
    const json_t *list = json_object_get(entry, "syscalls");
    uint32_t count = (uint32_t)json_array_size(list);
    cs_syscall *items = cs_arena_take_zero(&arena, count + 1, sizeof *items);
    for (uint32_t i = 0; i < count; i++)
        items[i] = syscall_of(json_array_get(list, i));
    return trace_of(&(cs_reply){ .syscalls = items, .syscall_count = count }, with_drops, b);
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

/* How a program is played. */
typedef enum way { AS_RECORDED, WHEN_DUE, EVERY_CRANK, AT_RANDOM, HOWS } way;

static uint64_t costs[64]; /* of each delivery, when it was played as recorded */

static void compare_cost(const cs_reply *r, size_t index, bool is_first)
{
    assert_true(index < sizeof costs / sizeof costs[0]);
    if (is_first)
        costs[index] = r->computrons;
    else
        assert_int_equal(r->computrons, costs[index]);
}

/* A presence that was lost and comes back has the interface that the sender says then. A real sender
 * says the same each time, those of these programs do not. */
static void compare_text(const char *got, const char *expected, way how)
{
    if (how == AS_RECORDED)
        assert_string_equal(got, expected);
    else
        assert_string_equal(without_ifaces(got), without_ifaces(expected));
}

/* The devices answer as they did then. */
static void give_answers(sk *k, const json_t *entry)
{
    size_t i;
    json_t *s;
    json_array_foreach(json_object_get(entry, "syscalls"), i, s)
    {
        const json_t *answer = json_array_get(s, 4), *data = json_array_get(answer, 1);
        cs_buf slots = { 0 };
        if (answer == NULL)
            continue;
        const json_t *list = json_object_get(data, "slots");
        for (size_t n = 0; n < json_array_size(list); n++)
            cs_buf_addf(&slots, "%s ", json_string_value(json_array_get(list, n)));
        sk_answer(k, json_is_string(data),
                  json_string_value(json_is_string(data) ? data : json_object_get(data, "body")),
                  cs_buf_text(&slots));
        cs_buf_fini(&slots);
    }
}

static void compare(sk *k, const json_t *entry, bool blur, way how)
{
    cs_buf trace = { 0 }, lines = { 0 }, said = { 0 };
    const json_t *d = json_object_get(entry, "delivery");
    cs_delivery vdo = delivery(d);
    give_answers(k, entry);
    (void)sk_deliver(k, &vdo);
    const cs_reply *r = sk_reply(k);
    if (is_failed(entry) != (r->status != CS_OK))
        fail_msg("failed: %.*s", (int)r->problem.size, (const char *)r->problem.data);
    char *got = normal(trace_of(r, how == AS_RECORDED, &trace), blur);
    compare_text(got, normal(expected_trace(entry, how == AS_RECORDED, &trace), blur), how);
    compare_text(said_lines(k, &said), expected_lines(entry, &lines), how);
    cs_buf_fini(&trace);
    cs_buf_fini(&lines);
    cs_buf_fini(&said);
}

/* --- cases -------------------------------------------------------------------------------------- */

static char *read_program(const char *name)
{
    char path[128];
    bool random = strncmp(name, "random-", 7) == 0; /* or random-drops- */
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

static cs_collect mode(way how, tape *t)
{
    static const cs_collect modes[] = { CS_COLLECT_NEVER, CS_COLLECT_WHEN_DUE, CS_COLLECT_NOW };
    return how == AT_RANDOM ? tape_pick(t, modes) : modes[how];
}

static void say_delivery(const json_t *entry, size_t index, way how)
{
    const json_t *d = json_object_get(entry, "delivery");
    char *text = json_dumps(d, JSON_COMPACT | JSON_ENCODE_ANY);
    printf("# %d/%zu: %.200s\n", (int)how, index, text);
    free(text);
}

static bool has_own_words(const char *name)
{
    for (size_t i = 0; i < sizeof own_words / sizeof own_words[0]; i++)
        if (strcmp(name, own_words[i]) == 0)
            return true;
    return false;
}

static void play(const char *name, way how, bool is_first)
{
    char *source = read_program(name);
    json_t *entries = read_golden(name);
    sk *k = NULL;
    tape t;
    cs_error err = { 0 };
    tape_from_seed(&t, strlen(name));
    if (sk_try(source, &k, &err) != CS_OK) {
        if (!is_failed(json_array_get(entries, 0)))
            fail_msg("%s", err.text);
    } else
        for (size_t i = 0; i < json_array_size(entries); i++) {
            const json_t *entry = json_array_get(entries, i);
            say_delivery(entry, i, how);
            sk_collect(k, mode(how, &t));
            compare(k, entry, has_own_words(name), how);
            if (how == AS_RECORDED)
                compare_cost(sk_reply(k), i, is_first);
        }
    k = sk_free(k);
    json_decref(entries);
    free(source);
    tape_fini(&t);
    cs_arena_fini(&arena);
}

/* `id` is the name of a program with underscores for hyphens. */
static void check(const char *id, bool under_stress)
{
    char name[64];
    size_t size = strlen(id) + 1;
    assert_true(size <= sizeof name);
    for (size_t i = 0; i < size; i++)
        name[i] = id[i] == '_' ? '-' : id[i];
    bool drops = strstr(name, "drops") != NULL || strstr(name, "weak") != NULL;
    play(name, AS_RECORDED, true);
    (void)sk_stress(under_stress);
    for (way how = AS_RECORDED; how < HOWS; how++)
        if (under_stress ? how == AS_RECORDED || (how == AT_RANDOM && drops) : how != AS_RECORDED)
            play(name, how, false);
    (void)sk_stress(false);
}

/* clang-format off */
#define PROGRAMS(X) \
    X(arguments) X(batch_turns) X(call) X(cycles) X(devices) X(drops) X(error_args) X(exits) X(exports) \
    X(follow_answer) X(get_when) X(handled) X(imports) X(known) X(late) X(loopback) X(loops) \
    X(order) X(parameters) X(pipeline) X(postponed) X(powers) X(promise_args) X(reject_order) \
    X(resolve_to) X(result_import) X(return_promise) X(returns) X(send) X(start_absent) \
    X(start_async) X(start_evaluates) X(start_exits) X(start_never) X(start_not_far) \
    X(start_not_remotable) X(start_rejects) X(start_throws) X(start_turns) X(start_undefined) \
    X(start_waits) X(targets) X(thenables) X(throws) X(turns) X(two_ids) X(unserialisable) X(weak_keys) \
    X(random_1) X(random_2) X(random_3) X(random_4) X(random_5) X(random_6) X(random_7) \
    X(random_8) X(random_9) X(random_10) X(random_11) X(random_12) X(random_13) X(random_14) \
    X(random_15) X(random_16) X(random_drops_1) X(random_drops_2) X(random_drops_3) \
    X(random_drops_4) X(random_drops_5) X(random_drops_6) X(random_drops_7) X(random_drops_8)
/* clang-format on */

#define DEFINE(name) \
    static void name(void **state) \
    { \
        (void)state; \
        check(#name, false); \
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
        check(names[i], true);
}

#define CASE(name) T(name),
T_MAIN(PROGRAMS(CASE) T_WITH(under_stress, NULL, calm))
