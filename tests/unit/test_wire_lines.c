/* JSON lines: what the kernel writes is JSON in the documented shapes; what a worker wrote is read
 * strictly. */
#include "base/limits.h"
#include "wire/codec.h"
#include "wire/json.h"
#include "wire/lines.h"
#include "wire_gen.h"

#include <jansson.h>
#include <stdlib.h>
#include <string.h>

/* ---- sizes ---- */

static void lines_end(void **state)
{
    (void)state;
    assert_int_equal(cs_line_size(CS_BYTES(""), 10), 0);
    assert_int_equal(cs_line_size(CS_BYTES("{}"), 10), 0);
    assert_int_equal(cs_line_size(CS_BYTES("{}\n{}\n"), 10), 3);
    assert_true(cs_line_size(CS_BYTES("{1234567890"), 10) == SIZE_MAX);
    assert_true(cs_line_size(CS_BYTES("{1234567890}\n"), 10) == SIZE_MAX);
}

/* ---- writing ---- */

static void writes(const cs_frame *f, const char *wanted)
{
    cs_buf b = { 0 };
    assert_ok(cs_line_enc(&b, f));
    assert_string_equal(cs_buf_text(&b), wanted);
    cs_buf_fini(&b);
}

static void the_kernels_messages(void **state)
{
    const cs_vatid v3 = { 3 };
    (void)state;
    writes(&(cs_frame){ .type = CS_FRAME_HELLO, .serial = 1, .hello = { .version = 1 } },
           "{\"type\":\"hello\",\"serial\":1,\"version\":1}\n");
    writes(&(cs_frame){ .type = CS_FRAME_LOAD, .serial = 2, .load = { .vat = v3 } },
           "{\"type\":\"load\",\"serial\":2,\"vat\":\"v3\"}\n");
    writes(&(cs_frame){ .type = CS_FRAME_UNLOAD, .serial = 2, .vat = v3 },
           "{\"type\":\"unload\",\"serial\":2,\"vat\":\"v3\"}\n");
    writes(&(cs_frame){ .type = CS_FRAME_DELIVER,
                        .serial = 7,
                        .deliver = { .vat = v3,
                                     .silent = true,
                                     .delivery = { .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD } } },
           "{\"type\":\"deliver\",\"serial\":7,\"vat\":\"v3\",\"replay\":true,"
           "\"delivery\":[\"bringOutYourDead\"]}\n");
    writes(&(cs_frame){ .type = CS_FRAME_ANSWER, .serial = 7, .answer = { .refused = true } },
           "{\"type\":\"answer\",\"serial\":7,\"answer\":[\"error\",\"refused\"]}\n");
    writes(&(cs_frame){ .type = CS_FRAME_ANSWER,
                        .answer = { .question = { .kind = CS_SYSCALL_VATSTORE_GET,
                                                  .vatstore = { .has_answer = true,
                                                                .value = CS_BYTES("x\n") } } } },
           "{\"type\":\"answer\",\"serial\":0,\"answer\":[\"ok\",\"x\\n\"]}\n");
}

/* One line, and JSON, whatever the delivery holds. */
static const char *is_one_line(tape *t, void *ctx)
{
    cs_arena arena = { 0 };
    cs_buf b = { 0 };
    const char *wrong = NULL;
    cs_frame f;
    (void)ctx;
    memset(&f, 0, sizeof f);
    f.type = CS_FRAME_DELIVER;
    f.deliver.vat.n = 1;
    f.deliver.delivery = gen_delivery(t, &arena);
    if (cs_line_enc(&b, &f) != CS_OK || cs_line_size(cs_buf_bytes(&b), SIZE_MAX - 1) != b.size)
        wrong = "not one line";
    json_t *json = json_loadb((const char *)b.data, b.size, 0, NULL);
    if (json == NULL)
        wrong = "not JSON";
    json_decref(json);
    cs_buf_fini(&b);
    cs_arena_fini(&arena);
    return wrong;
}

static void deliveries_are_lines(void **state)
{
    (void)state;
    t_property(is_one_line, NULL, 2000);
}

/* ---- reading ---- */

static void add_list(cs_buf *b, const cs_syscall *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++) {
        cs_buf_add_text(b, i == 0 ? "" : ",");
        cs_syscall_json(b, &items[i]);
    }
}

/* Bytes that are no text have no JSON of their own, and answers are not a worker's to write. */
static bool has_json(const cs_syscall *s)
{
    const bool is_store =
        s->kind >= CS_SYSCALL_VATSTORE_GET && s->kind <= CS_SYSCALL_VATSTORE_NEXT_KEY;
    return !is_store && s->kind != CS_SYSCALL_CALL_NOW;
}

/* The syscalls that wire/json.c writes are read as what they were. */
static const char *syscalls_come_back(tape *t, void *ctx)
{
    cs_arena arena = { 0 };
    cs_buf b = { 0 }, once = { 0 }, twice = { 0 };
    const char *wrong = NULL;
    cs_reply reply = gen_reply(t, &arena);
    cs_syscall *kept = cs_arena_take_zero(&arena, reply.syscall_count + 1, sizeof *kept);
    uint32_t count = 0;
    cs_frame f;
    (void)ctx;
    for (uint32_t i = 0; i < reply.syscall_count; i++)
        if (has_json(&reply.syscalls[i]))
            kept[count++] = reply.syscalls[i];
    cs_buf_add_text(&b, "{\"type\":\"reply\",\"serial\":9,\"syscalls\":[");
    add_list(&b, kept, count);
    cs_buf_add_text(&b, "]}\n");
    if (cs_line_dec(cs_buf_bytes(&b), &arena, &f) != CS_OK || f.type != CS_FRAME_REPLY ||
        f.serial != 9) {
        wrong = cs_buf_text(&b);
    } else {
        cs_syscalls_enc(&once, kept, count);
        cs_syscalls_enc(&twice, f.reply.reply.syscalls, f.reply.reply.syscall_count);
        if (!cs_bytes_equal(cs_buf_bytes(&once), cs_buf_bytes(&twice)))
            wrong = "other syscalls";
    }
    cs_buf_fini(&b);
    cs_buf_fini(&once);
    cs_buf_fini(&twice);
    cs_arena_fini(&arena);
    return wrong;
}

static void syscalls_are_read(void **state)
{
    (void)state;
    t_property(syscalls_come_back, NULL, 2000);
}

static cs_status read_line(const char *line, cs_arena *arena, cs_frame *ret)
{
    return cs_line_dec(cs_bytes_of(line), arena, ret);
}

static void the_workers_messages(void **state)
{
    cs_arena a = { 0 };
    cs_frame f;
    (void)state;
    assert_ok(read_line("{\"type\":\"ready\",\"serial\":1,\"version\":1}\n", &a, &f));
    assert_int_equal(f.hello.version, 1);
    assert_ok(read_line("{\"type\":\"loaded\",\"serial\":2}", &a, &f));
    assert_int_equal(f.loaded.status, CS_OK);
    assert_ok(read_line("{\"type\":\"loaded\",\"serial\":2,\"error\":\"no\"}", &a, &f));
    assert_int_equal(f.loaded.status, CS_E_THROWN);
    assert_true(cs_bytes_equal(f.loaded.problem, CS_BYTES("no")));
    assert_ok(read_line("{\"type\":\"say\",\"serial\":2,\"text\":\"hi\"}", &a, &f));
    assert_int_equal(f.say.level.size, 0);
    assert_ok(
        read_line("{\"type\":\"say\",\"serial\":2,\"level\":\"warn\",\"text\":\"hi\"}", &a, &f));
    assert_ok(read_line("{\"type\":\"ask\",\"serial\":3,\"syscalls\":[[\"subscribe\",\"p+5\"],"
                        "[\"callNow\",\"d-70\",\"m\",{\"body\":\"#[]\",\"slots\":[]}]]}",
                        &a, &f));
    assert_int_equal(f.ask.count, 2);
    assert_true(cs_bytes_equal(f.ask.syscalls[1].call.method, CS_BYTES("m")));
    assert_ok(read_line("{\"type\":\"reply\",\"serial\":3,\"error\":\"bad\",\"computrons\":5,"
                        "\"syscalls\":[[\"vatstoreSet\",\"k\",\"v\"],[\"vatstoreDelete\",\"k\"]]}",
                        &a, &f));
    assert_int_equal(f.reply.reply.status, CS_E_THROWN);
    assert_int_equal(f.reply.reply.computrons, 5);
    assert_int_equal(f.reply.reply.imports_held, CS_IMPORTS_UNKNOWN);
    assert_true(cs_bytes_equal(f.reply.reply.syscalls[0].vatstore.value, CS_BYTES("v")));
    cs_arena_fini(&a);
}

static void what_is_not_documented_is_refused(void **state)
{
    static const char *const lines[] = {
        "",
        "\n",
        "null\n",
        "[]\n",
        "{}\n",
        "{\"type\":\"ready\",\"serial\":1,\"version\":1\n",
        "{\"type\":\"ready\",\"serial\":1}\n",
        "{\"type\":\"ready\",\"serial\":-1,\"version\":1}\n",
        "{\"type\":\"ready\",\"serial\":1.5,\"version\":1}\n",
        "{\"type\":\"ready\",\"serial\":4294967296,\"version\":1}\n",
        "{\"type\":\"ready\",\"serial\":1,\"version\":1,\"more\":1}\n",
        "{\"type\":\"ready\",\"serial\":1,\"serial\":1,\"version\":1}\n",
        "{\"type\":\"hello\",\"serial\":1,\"version\":1}\n",
        "{\"type\":7,\"serial\":1}\n",
        "{\"type\":\"loaded\",\"serial\":1,\"error\":7}\n",
        "{\"type\":\"say\",\"serial\":1,\"level\":\"shout\",\"text\":\"\"}\n",
        "{\"type\":\"say\",\"serial\":1,\"text\":\"\xff\"}\n",
        "{\"type\":\"ask\",\"serial\":1,\"syscalls\":[]}\n",
        "{\"type\":\"ask\",\"serial\":1,\"syscalls\":[[\"subscribe\",\"p+5\"]]}\n",
        "{\"type\":\"reply\",\"serial\":1}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":{}}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[],\"computrons\":-1}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"fly\"]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"unknown\",\"x\"]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"subscribe\"]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"subscribe\",\"x\"]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"subscribe\",\"p+5\",1]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"send\",\"o-5\",{}]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"exit\",true,{\"body\":\"\",\"x\":1}]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"resolve\",[[\"p-5\",false]]]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"exit\",1,{\"body\":\"\",\"slots\":[]}]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"dropImports\",\"o-5\"]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"vatstoreSet\",\"k\"]]}\n",
        "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"vatstoreGet\",1]]}\n",
    };
    cs_arena a = { 0 };
    cs_frame f;
    (void)state;
    for (size_t i = 0; i < sizeof lines / sizeof *lines; i++)
        if (read_line(lines[i], &a, &f) != CS_E_PROTOCOL)
            fail_msg("read: %s", lines[i]);
    cs_arena_fini(&a);
}

/* S7's limit on what one syscall may carry. */
static void large_syscalls_are_refused(void **state)
{
    cs_arena a = { 0 };
    cs_buf b = { 0 };
    cs_frame f;
    (void)state;
    for (uint32_t more = 0; more < 2; more++) {
        cs_buf_clear(&b);
        cs_buf_add_text(&b, "{\"type\":\"reply\",\"serial\":1,\"syscalls\":[[\"exit\",true,"
                            "{\"slots\":[],\"body\":\"");
        memset(cs_buf_reserve(&b, CS_BODY_MAX + more), 'x', CS_BODY_MAX + more);
        b.size += CS_BODY_MAX + more;
        cs_buf_add_text(&b, "\"}]]}\n");
        assert_int_equal(cs_line_dec(cs_buf_bytes(&b), &a, &f), more == 0 ? CS_OK : CS_E_PROTOCOL);
    }
    cs_buf_fini(&b);
    cs_arena_fini(&a);
}

T_MAIN(T(lines_end), T(the_kernels_messages), T(deliveries_are_lines), T(syscalls_are_read),
       T(the_workers_messages), T(what_is_not_documented_is_refused), T(large_syscalls_are_refused))
