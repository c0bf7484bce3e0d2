/* Workers that need not be trusted: whatever one does, only the vat whose delivery it had is hurt, and
 * that only when it does so twice. This program is also the worker: an honest one, or by the name of a
 * mode one that misbehaves when it is given a delivery to vat 1. */
#include "base/alloc.h"
#include "base/limits.h"
#include "scripted_kernel.h"
#include "t.h"
#include "vats/vats.h"
#include "wire/channel.h"
#include "wire/codec.h"
#include "wire/frame.h"
#include "worker/main.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const cs_vatid guilty = { 1 }, innocent = { 2 };

/* ---- the other side ---- */

typedef struct byzantine {
    const char *mode;
    cs_channel channel;
    cs_arena arena;
} byzantine;

static bool is_mode(const byzantine *b, const char *mode)
{
    return strcmp(b->mode, mode) == 0;
}

static void add(byzantine *b, cs_frame f, uint32_t serial)
{
    f.serial = serial;
    if (cs_frame_enc(&b->channel.sending, &f) != CS_OK)
        _exit(9);
}

static void flush(byzantine *b)
{
    cs_error err;
    if (cs_channel_send(&b->channel, &err) != CS_OK)
        _exit(0);
}

static void put(byzantine *b, cs_frame f, uint32_t serial)
{
    add(b, f, serial);
    flush(b);
}

static void put_bytes(byzantine *b, const char *bytes, size_t size)
{
    cs_buf_add(&b->channel.sending, bytes, size);
    flush(b);
}

static _Noreturn void hang(void)
{
    for (;;)
        (void)pause();
}

static cs_frame empty_reply(void)
{
    cs_frame f;
    memset(&f, 0, sizeof f);
    f.type = CS_FRAME_REPLY;
    f.reply.reply.imports_held = CS_IMPORTS_UNKNOWN;
    return f;
}

/* Half of what would have been a good reply. */
static void put_half(byzantine *b, uint32_t serial)
{
    add(b, empty_reply(), serial);
    b->channel.sending.size /= 2;
    flush(b);
}

static void flood(byzantine *b, uint32_t serial)
{
    static char text[60000];
    memset(text, 'x', sizeof text);
    for (;;)
        put(b,
            (cs_frame){ .type = CS_FRAME_SAY,
                        .say = { .text = { (const uint8_t *)text, sizeof text } } },
            serial);
}

/* Questions without end, and without a look at the answers. */
static void ask_for_ever(byzantine *b, uint32_t serial)
{
    cs_syscall get = { .kind = CS_SYSCALL_VATSTORE_GET, .vatstore = { .key = CS_BYTES("k") } };
    for (;;)
        put(b, (cs_frame){ .type = CS_FRAME_ASK, .ask = { &get, 1 } }, serial);
}

/* A reply that says that a million syscalls follow. */
static void lie(byzantine *b, uint32_t serial)
{
    static const char tail[] = { 0, 0, 1, 0, 0, 0, 0, 0, 0, (char)0xc0, (char)0x84, 0x3d };
    add(b, empty_reply(), serial);
    const size_t head = 9;
    b->channel.sending.size = head;
    b->channel.sending.data[0] = (uint8_t)(head - CS_FRAME_HEAD + sizeof tail);
    put_bytes(b, tail, sizeof tail);
    hang();
}

static void misbehave(byzantine *b, uint32_t serial)
{
    if (is_mode(b, "dies"))
        _exit(3);
    if (is_mode(b, "crashes"))
        (void)kill(getpid(), SIGTERM);
    if (is_mode(b, "complains")) {
        (void)fprintf(stderr, "broken in\x1b[31m two\nor more\n");
        _exit(4);
    }
    if (is_mode(b, "stops"))
        (void)kill(getpid(), SIGSTOP);
    if (is_mode(b, "is-silent"))
        hang();
    if (is_mode(b, "closes"))
        put_half(b, serial), _exit(0);
    if (is_mode(b, "half"))
        put_half(b, serial), hang();
    if (is_mode(b, "junk"))
        put_bytes(b, "\x0a\0\0\0\x24 who knows what", 19), hang();
    if (is_mode(b, "huge"))
        put_bytes(b, "\xff\xff\xff\xff\x24 more", 10), hang();
    if (is_mode(b, "tiny"))
        put_bytes(b, "\0\0\0\0\0\0\0\0", 8), hang();
    if (is_mode(b, "other-request"))
        put(b, empty_reply(), serial + 1);
    if (is_mode(b, "other-answer"))
        put(b, (cs_frame){ .type = CS_FRAME_LOADED }, serial);
    if (is_mode(b, "kernels-word"))
        put(b, (cs_frame){ .type = CS_FRAME_UNLOAD }, serial);
    if (is_mode(b, "floods"))
        flood(b, serial);
    if (is_mode(b, "asks"))
        ask_for_ever(b, serial);
    if (is_mode(b, "lies"))
        lie(b, serial);
    if (is_mode(b, "twice")) {
        add(b, empty_reply(), serial);
        put(b, empty_reply(), serial);
    }
}

/* An honest one for once: two questions among other syscalls; what was asked is not in the reply. */
static void ask_twice(byzantine *b, uint32_t serial)
{
    cs_syscall first[] = {
        { .kind = CS_SYSCALL_SUBSCRIBE, .promise = sk_vref("p+5") },
        { .kind = CS_SYSCALL_VATSTORE_GET, .vatstore = { .key = CS_BYTES("a") } },
    };
    cs_syscall second = { .kind = CS_SYSCALL_VATSTORE_NEXT_KEY,
                          .vatstore = { .key = CS_BYTES("b") } };
    const cs_syscall last = { .kind = CS_SYSCALL_SUBSCRIBE, .promise = sk_vref("p+6") };
    cs_bytes message;
    cs_error err;
    cs_frame reply = empty_reply(), answer = { .type = CS_FRAME_HELLO };
    put(b, (cs_frame){ .type = CS_FRAME_ASK, .ask = { first, 2 } }, serial);
    if (cs_channel_receive(&b->channel, &message, &err) != CS_OK ||
        cs_frame_dec(message, false, &b->arena, &answer) != CS_OK || answer.answer.refused ||
        !cs_bytes_equal(answer.answer.question.vatstore.value, CS_BYTES("answer")))
        _exit(8);
    put(b, (cs_frame){ .type = CS_FRAME_ASK, .ask = { &second, 1 } }, serial);
    if (cs_channel_receive(&b->channel, &message, &err) != CS_OK)
        _exit(8);
    reply.reply.reply.syscalls = &last;
    reply.reply.reply.syscall_count = 1;
    put(b, reply, serial);
}

static void deliver(byzantine *b, const cs_frame *f)
{
    if (is_mode(b, "asks-twice")) {
        ask_twice(b, f->serial);
        return;
    }
    if (f->deliver.vat.n == guilty.n)
        misbehave(b, f->serial);
    put(b, empty_reply(), f->serial);
}

static void greet(byzantine *b, uint32_t serial)
{
    cs_frame ready = { .type = CS_FRAME_READY, .hello = { .version = CS_WIRE_VERSION } };
    if (is_mode(b, "mute"))
        hang();
    if (is_mode(b, "stillborn"))
        _exit(5);
    if (is_mode(b, "other-version"))
        ready.hello.version = 99;
    if (is_mode(b, "exposed"))
        ready.hello.missing = CS_BYTES("seccomp");
    put(b, ready, serial);
}

static int run_byzantine(const char *mode)
{
    byzantine b = { .mode = mode,
                    .channel = { .in = CS_WORKER_IN,
                                 .out = CS_WORKER_OUT,
                                 .wait_ms = -1,
                                 .size = cs_frame_size,
                                 .receive_max = SIZE_MAX - 1 } };
    cs_bytes message;
    cs_error err;
    cs_frame f;
    while (cs_channel_receive(&b.channel, &message, &err) == CS_OK) {
        if (cs_frame_dec(message, false, &b.arena, &f) != CS_OK)
            return 9;
        if (f.type == CS_FRAME_HELLO)
            greet(&b, f.serial);
        else if (f.type == CS_FRAME_LOAD && is_mode(&b, "dies-loading"))
            return 6;
        else if (f.type == CS_FRAME_LOAD)
            put(&b, (cs_frame){ .type = CS_FRAME_LOADED }, f.serial);
        else if (f.type == CS_FRAME_DELIVER)
            deliver(&b, &f);
    }
    return 0;
}

/* A program that starts this one in a mode. */
static const char *program_of(const char *mode)
{
    static char path[4096];
    char self[2048], text[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    assert_true(n > 0);
    self[n] = 0;
    (void)snprintf(path, sizeof path, "%s/%s", t_tmpdir(), mode);
    (void)snprintf(text, sizeof text, "#!/bin/sh\nexec '%s' byzantine %s\n", self, mode);
    t_write_file(path, text, strlen(text));
    assert_int_equal(chmod(path, 0700), 0);
    return path;
}

/* ---- this side ---- */

typedef struct world {
    cs_store *store;
    cs_vats *vats;
    cs_worker_settings settings;
    cs_buf said, noticed;
    unsigned asked;
    bool refuses;
    cs_error err;
    cs_reply reply;
} world;

static void say(void *ctx, cs_vatid id, const char *level, cs_bytes text)
{
    world *w = ctx;
    cs_buf_addf(&w->said, "%u %s:", id.n, level == NULL ? "" : level);
    cs_buf_add(&w->said, text.data, text.size);
    cs_buf_add_byte(&w->said, '\n');
}

static void notice(void *ctx, const char *line)
{
    cs_buf_addf(&((world *)ctx)->noticed, "%s\n", line);
}

static cs_status ask(void *ctx, cs_vatid vat, cs_syscall *syscalls, uint32_t count)
{
    world *w = ctx;
    (void)vat;
    w->asked = count;
    if (w->refuses)
        return CS_E_BAD_SYSCALL;
    if (syscalls[count - 1].kind == CS_SYSCALL_CALL_NOW) {
        syscalls[count - 1].call.result.body = CS_BYTES("#7");
        return CS_OK;
    }
    syscalls[count - 1].vatstore.has_answer = true;
    syscalls[count - 1].vatstore.value = CS_BYTES("answer");
    return CS_OK;
}

static void place(void *ctx, cs_vatid vat, cs_place *ret)
{
    (void)ctx;
    if (vat.n == 9)
        ret->group = "nine";
}

static void add_vat(world *w, cs_vatid vat, const cs_hash *bundle)
{
    cs_vat_row *row = cs_vat_add(w->store, vat);
    row->status = CS_VAT_LIVE;
    row->bundle = *bundle;
}

static const char counter[] =
    "export const buildRootObject = ({ testLog, D }) => { let n = 0; testLog('built');"
    " return Far('root', { up: () => { n += 1; testLog('up', n); return n; },"
    " add: d => D(d).get(1) + D(d).get(2) }); };";

static void open_world(world *w, const cs_worker_settings *settings)
{
    static const cs_vats_ops ops = { .say = say, .ask = ask, .place = place, .notice = notice };
    cs_buf bundle = { 0 };
    *w = (world){ .settings = *settings };
    w->settings.kind = "process";
    assert_ok(cs_store_open(NULL, &(cs_store_options){ .create = true }, &w->store, &w->err));
    sk_bundle(counter, &bundle);
    const cs_hash name = cs_hash_of(cs_buf_bytes(&bundle));
    cs_bundle_add(w->store, &name, cs_buf_bytes(&bundle));
    cs_buf_fini(&bundle);
    add_vat(w, guilty, &name);
    add_vat(w, innocent, &name);
    add_vat(w, (cs_vatid){ 9 }, &name);
    cs_store_keep(w->store);
    w->vats = cs_vats_new(w->store, &w->settings, &ops, w);
}

static void close_world(world *w)
{
    w->vats = cs_vats_free(w->vats);
    w->store = cs_store_close(w->store);
    cs_buf_fini(&w->said);
    cs_buf_fini(&w->noticed);
}

static cs_status boyd(world *w, cs_vatid vat)
{
    const cs_delivery d = { .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD };
    return cs_vats_deliver(w->vats, vat, &d, CS_COLLECT_NEVER, &w->reply, &w->err);
}

static const char *noticed(world *w)
{
    const char *text = cs_buf_text(&w->noticed);
    w->noticed.size = 0;
    return text;
}

/* ---- Byzantine workers ---- */

/* The first time the delivery is to be tried again, the second time its vat is at fault; others never
 * notice. */
static void check_mode(const char *mode, const char *says, uint32_t watchdog_ms)
{
    world w;
    open_world(&w,
               &(cs_worker_settings){ .program = program_of(mode), .watchdog_ms = watchdog_ms });
    assert_ok(w.err.status);
    assert_ok(boyd(&w, innocent));
    for (int round = 0; round < 2; round++) {
        assert_int_equal(boyd(&w, guilty), CS_E_WORKER);
        if (strstr(noticed(&w), says) == NULL)
            fail_msg("%s: %s", mode, w.err.text);
        assert_int_equal(cs_vats_loaded(w.vats), 0);
        assert_ok(boyd(&w, innocent));
        assert_ok(w.reply.status);
        assert_ok(boyd(&w, guilty));
        assert_int_equal(w.reply.status, CS_E_KILLED);
        assert_int_equal(w.reply.syscall_count, 0);
        assert_ok(boyd(&w, innocent));
    }
    close_world(&w);
}

static void misbehaviour_hurts_its_vat_only(void **state)
{
    static const struct {
        const char *mode, *says;
    } modes[] = {
        { "dies", "exit 3" },
        { "crashes", "killed by signal 15" },
        { "complains", "exit 4: broken in [31m two\n" },
        { "closes", "exit 0" },
        { "junk", "malformed" },
        { "huge", "too large" },
        { "tiny", "no message" },
        { "other-request", "an answer to nothing" },
        { "other-answer", "of the wrong kind" },
        { "kernels-word", "malformed" },
        { "floods", "says too much" },
        { "lies", "malformed" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        check_mode(modes[i].mode, modes[i].says, 60000);
}

static void silence_is_ended_by_the_watchdog(void **state)
{
    static const char *const modes[] = { "stops", "is-silent", "half", "asks" };
    (void)state;
    for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
        check_mode(modes[i], "no answer within 400 ms", 400);
}

/* The second answer is noticed at the next request, whoever it is for: that one is tried again. */
static void a_second_answer_is_noticed(void **state)
{
    world w;
    (void)state;
    open_world(&w, &(cs_worker_settings){ .program = program_of("twice") });
    assert_ok(boyd(&w, guilty));
    assert_int_equal(boyd(&w, innocent), CS_E_WORKER);
    assert_non_null(strstr(noticed(&w), "an answer to nothing"));
    assert_ok(boyd(&w, innocent));
    assert_ok(w.reply.status);
    close_world(&w);
}

/* It may not have been the delivery; but that has an end. */
static void deaths_before_the_delivery_add_up(void **state)
{
    enum { DEATHS = 10 };
    world w;
    (void)state;
    open_world(&w, &(cs_worker_settings){ .program = program_of("dies-loading") });
    for (int i = 1; i < DEATHS; i++)
        assert_int_equal(boyd(&w, guilty), CS_E_WORKER);
    assert_ok(boyd(&w, guilty));
    assert_int_equal(w.reply.status, CS_E_KILLED);
    assert_int_equal(boyd(&w, guilty), CS_E_WORKER);
    assert_int_equal(boyd(&w, innocent), CS_E_WORKER);
    close_world(&w);
}

/* ---- workers that never start ---- */

static void check_start(const char *program, const char *says, bool require_sandbox)
{
    world w;
    open_world(&w, &(cs_worker_settings){ .program = program,
                                          .watchdog_ms = 300,
                                          .require_sandbox = require_sandbox });
    assert_int_equal(boyd(&w, guilty), CS_E_ENGINE);
    if (strstr(w.err.text, says) == NULL)
        fail_msg("%s", w.err.text);
    close_world(&w);
}

static void workers_that_do_not_start_are_the_machines_fault(void **state)
{
    (void)state;
    check_start("/does/not/exist", "/does/not/exist could not be started: No such file", false);
    check_start(program_of("mute"), "a worker did not start: no answer within 2000 ms", false);
    check_start(program_of("stillborn"), "a worker did not start: exit 5", false);
    check_start(program_of("other-version"), "version 99", false);
    check_start(program_of("exposed"), "cannot be sandboxed here: no seccomp", true);
}

static void a_missing_sandbox_is_said_once(void **state)
{
    world w;
    (void)state;
    open_world(&w,
               &(cs_worker_settings){ .program = program_of("exposed"), .sharing = CS_SHARE_NONE });
    assert_ok(boyd(&w, guilty));
    assert_string_equal(noticed(&w), "the sandbox of worker processes has no seccomp here\n");
    assert_ok(boyd(&w, innocent));
    assert_string_equal(noticed(&w), "");
    close_world(&w);
}

/* ---- honest workers ---- */

static void record(world *w, cs_vatid vat, const cs_delivery *d)
{
    cs_buf b = { 0 };
    cs_transcript_enc(&b, d, &w->reply);
    cs_vat_row *row = cs_vat_edit(w->store, vat);
    row->transcript = cs_hash_chain(&row->transcript, cs_buf_bytes(&b));
    cs_transcript_add(w->store, vat, row->next_delivery++, cs_blob_new(cs_buf_bytes(&b)),
                      &row->transcript);
    cs_store_keep(w->store);
    cs_buf_fini(&b);
}

static cs_status run(world *w, cs_vatid vat, const cs_delivery *d)
{
    cs_status st = cs_vats_deliver(w->vats, vat, d, CS_COLLECT_NEVER, &w->reply, &w->err);
    if (st == CS_OK && w->reply.status == CS_OK)
        record(w, vat, d);
    return st;
}

static cs_status up(world *w, cs_vatid vat)
{
    return run(w, vat,
               &(cs_delivery){ .kind = CS_DELIVER_MESSAGE,
                               .message = { .target = sk_vref("o+0"),
                                            .methargs = { .body = CS_BYTES("#[\"up\",[]]") },
                                            .result = sk_vref("p-60") } });
}

static void start(world *w, cs_vatid vat)
{
    assert_ok(
        run(w, vat,
            &(cs_delivery){ .kind = CS_DELIVER_START_VAT, .start = { .body = CS_BYTES("#{}") } }));
    assert_ok(w->reply.status);
}

/* R3 of vats/remote.h. */
static void what_was_asked_leads_the_reply(void **state)
{
    world w;
    (void)state;
    open_world(&w, &(cs_worker_settings){ .program = program_of("asks-twice") });
    for (int i = 0; i < 3; i++) {
        assert_ok(boyd(&w, innocent));
        const cs_syscall *s = w.reply.syscalls;
        assert_int_equal(w.asked, 3);
        assert_int_equal(w.reply.syscall_count, 4);
        assert_true(cs_vref_same(s[0].promise, sk_vref("p+5")));
        assert_int_equal(s[1].kind, CS_SYSCALL_VATSTORE_GET);
        assert_true(cs_bytes_equal(s[1].vatstore.key, CS_BYTES("a")));
        assert_true(cs_bytes_equal(s[1].vatstore.value, CS_BYTES("answer")));
        assert_true(cs_bytes_equal(s[2].vatstore.key, CS_BYTES("b")));
        assert_true(cs_bytes_equal(s[2].vatstore.value, CS_BYTES("answer")));
        assert_true(cs_vref_same(s[3].promise, sk_vref("p+6")));
    }
    close_world(&w);
}

static size_t child_count(pid_t *ret, size_t max)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
    FILE *f = fopen(path, "r");
    size_t count = 0;
    int pid;
    if (f == NULL)
        t_skip("this kernel does not list children");
    while (fscanf(f, "%d", &pid) == 1 && count < max)
        ret[count++] = pid;
    (void)fclose(f);
    return count;
}

static void kill_workers(void)
{
    pid_t pids[16];
    for (size_t i = child_count(pids, 16); i-- > 0;)
        (void)kill(pids[i], SIGKILL);
}

static const char *said(world *w)
{
    const char *text = cs_buf_text(&w->said);
    w->said.size = 0;
    return text;
}

/* What was said before the kill is not said again, and nothing of the state is lost. */
static void the_killed_come_back(void **state)
{
    world w;
    (void)state;
    open_world(&w, &(cs_worker_settings){ .program = "/proc/self/exe" });
    assert_ok(w.err.status);
    start(&w, guilty);
    start(&w, innocent);
    assert_ok(up(&w, guilty));
    assert_ok(up(&w, innocent));
    assert_string_equal(said(&w), "1 :built\n2 :built\n1 :up1\n2 :up1\n");
    for (int i = 2; i < 6; i++) {
        char line[32];
        kill_workers();
        assert_int_equal(up(&w, guilty), CS_E_WORKER);
        assert_string_equal(said(&w), "");
        assert_int_equal(cs_vats_loaded(w.vats), 0);
        assert_ok(up(&w, guilty));
        (void)snprintf(line, sizeof line, "1 :up%d\n", i);
        assert_string_equal(said(&w), line);
    }
    assert_ok(up(&w, innocent));
    assert_string_equal(said(&w), "2 :up2\n");
    assert_non_null(strstr(noticed(&w), "while it ran vat v1: killed by signal 9"));
    cs_replay_figures figures;
    assert_ok(cs_vats_replay(w.vats, guilty, 0, &figures, &w.err));
    assert_int_equal(figures.deliveries, 6);
    close_world(&w);
}

static cs_status add_answers(world *w)
{
    const cs_vref device = sk_vref("d-70");
    return run(w, guilty,
               &(cs_delivery){ .kind = CS_DELIVER_MESSAGE,
                               .message = { .target = sk_vref("o+0"),
                                            .methargs = { .body = CS_BYTES("#[\"add\",[\"$0\"]]"),
                                                          .slots = &device,
                                                          .slot_count = 1 },
                                            .result = sk_vref("p-61") } });
}

static const char *trace(world *w, cs_buf *b)
{
    cs_buf_clear(b);
    sk_add_trace(b, &w->reply);
    return cs_buf_text(b);
}

/* A vat waits for its devices across the pipes; a replay answers by itself; a refusal ends the delivery. */
static void questions_are_answered(void **state)
{
    world w;
    cs_buf b = { 0 };
    cs_replay_figures figures;
    (void)state;
    open_world(&w, &(cs_worker_settings){ .program = "/proc/self/exe" });
    start(&w, guilty);
    assert_ok(add_answers(&w));
    assert_int_equal(w.asked, 2);
    assert_int_equal(w.reply.syscall_count, 3);
    assert_non_null(strstr(trace(&w, &b), "resolve p-61 #14\n"));
    w.asked = 0;
    assert_ok(cs_vats_replay(w.vats, guilty, 0, &figures, &w.err));
    assert_int_equal(w.asked, 0);
    w.refuses = true;
    assert_ok(add_answers(&w));
    assert_int_equal(w.asked, 1);
    assert_int_equal(w.reply.status, CS_E_BAD_SYSCALL);
    cs_vats_unload(w.vats, guilty);
    assert_ok(up(&w, guilty));
    assert_ok(w.reply.status);
    cs_buf_fini(&b);
    close_world(&w);
}

static size_t workers_of(const cs_worker_settings *settings)
{
    world w;
    pid_t pids[16];
    open_world(&w, settings);
    assert_ok(w.err.status);
    start(&w, guilty);
    start(&w, innocent);
    start(&w, (cs_vatid){ 9 });
    const size_t count = child_count(pids, 16);
    if (settings->sharing == CS_SHARE_NONE) {
        cs_vats_unload(w.vats, guilty);
        assert_int_equal(child_count(pids, 16), count - 1);
    }
    close_world(&w);
    assert_int_equal(child_count(pids, 16), 0);
    return count;
}

/* Vat 9 is of a group of its own. */
static void workers_are_shared_as_said(void **state)
{
    (void)state;
    assert_int_equal(workers_of(&(cs_worker_settings){ .program = "/proc/self/exe" }), 2);
    assert_int_equal(workers_of(&(cs_worker_settings){ .program = "/proc/self/exe", .pool = 2 }),
                     3);
    assert_int_equal(
        workers_of(&(cs_worker_settings){ .program = "/proc/self/exe", .sharing = CS_SHARE_NONE }),
        3);
}

int main(int argc, char **argv)
{
    static const t_case cases[] = { T(misbehaviour_hurts_its_vat_only),
                                    T(silence_is_ended_by_the_watchdog),
                                    T(a_second_answer_is_noticed),
                                    T(deaths_before_the_delivery_add_up),
                                    T(workers_that_do_not_start_are_the_machines_fault),
                                    T(a_missing_sandbox_is_said_once),
                                    T(what_was_asked_leads_the_reply),
                                    T(the_killed_come_back),
                                    T(questions_are_answered),
                                    T(workers_are_shared_as_said) };
    if (argc > 2 && strcmp(argv[1], "worker") == 0)
        return cs_worker_main(argv[2]);
    if (argc > 2 && strcmp(argv[1], "byzantine") == 0)
        return run_byzantine(argv[2]);
    return t_run(cases, sizeof cases / sizeof *cases);
}
