/* One request at a time, from the pipe to the supervisor and back. What a vat says waits in the buffer of
 * the channel and goes up with the reply, or sooner if it is much. The kernel is trusted; still what it
 * sends is decoded with all checks, and what makes no sense ends this process. */
#include "worker/main.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "wire/channel.h"
#include "wire/frame.h"
#include "worker/sandbox.h"
#include "worker/supervisor.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

enum { FLUSH_SIZE = 64 * 1024 };

/* A bundle is sent once, however many vats are made of it. */
typedef struct bundle {
    struct bundle *next;
    cs_hash name;
    cs_buf bytes, code;
} bundle;

typedef struct worker {
    cs_channel channel;
    cs_supervisor *supervisor;
    bundle *bundles;
    const bundle *loading; /* whose code read_code() gives */
    cs_arena arena;        /* of the request that is being answered, and of the answers it got */
    uint32_t serial;
    uint32_t asked; /* syscalls of this delivery that went up */
    uint64_t said;  /* bytes */
    cs_collection_figures before;
} worker;

_Noreturn static void die(const char *why)
{
    (void)fprintf(stderr, "capstan worker: %s\n", why);
    _exit(1);
}

/* ---- the kernel ---- */

/* The kernel went away, or lost patience: nothing is left to do here. */
static void flush(worker *w)
{
    cs_error err;
    if (cs_channel_send(&w->channel, &err) != CS_OK)
        _exit(0);
}

static void put(worker *w, cs_frame *f)
{
    f->serial = w->serial;
    if (cs_frame_enc(&w->channel.sending, f) != CS_OK)
        die("a reply is too large");
}

static cs_frame get(worker *w)
{
    cs_bytes message;
    cs_frame f;
    cs_error err;
    if (cs_channel_receive(&w->channel, &message, &err) != CS_OK)
        _exit(0);
    message = cs_arena_copy(&w->arena, message);
    if (cs_frame_dec(message, false, &w->arena, &f) != CS_OK)
        die("a malformed request");
    return f;
}

/* ---- what vats want ---- */

static void say(void *ctx, cs_vatid vat, const char *level, cs_bytes text)
{
    worker *w = ctx;
    (void)vat;
    w->said += text.size + sizeof(cs_frame);
    if (w->said > CS_SAY_MAX)
        return;
    cs_frame f = { .type = CS_FRAME_SAY };
    f.say.level = cs_bytes_of(level == NULL ? "" : level);
    f.say.text = text;
    put(w, &f);
    if (w->channel.sending.size > FLUSH_SIZE)
        flush(w);
}

static cs_status ask(void *ctx, cs_vatid vat, cs_syscall *syscalls, uint32_t count)
{
    worker *w = ctx;
    (void)vat;
    cs_frame f = { .type = CS_FRAME_ASK };
    f.ask.syscalls = syscalls + w->asked;
    f.ask.count = count - w->asked;
    put(w, &f);
    flush(w);
    w->asked = count;
    cs_frame a = get(w);
    if (a.type != CS_FRAME_ANSWER || a.serial != w->serial)
        die("no answer to a question");
    if (a.answer.refused)
        return CS_E_BAD_SYSCALL;
    cs_syscall *question = &syscalls[count - 1];
    if (question->kind == CS_SYSCALL_CALL_NOW) {
        question->call.failed = a.answer.question.call.failed;
        question->call.result = a.answer.question.call.result;
    } else {
        question->vatstore.has_answer = a.answer.question.vatstore.has_answer;
        question->vatstore.value = a.answer.question.vatstore.value;
    }
    return CS_OK;
}

static cs_bytes read_code(void *ctx, const char *base_name)
{
    const worker *w = ctx;
    (void)base_name; /* the kernel asked for the code of this base */
    return cs_buf_bytes(&w->loading->code);
}

/* ---- requests ---- */

static const bundle *find_bundle(worker *w, const cs_frame *f)
{
    for (const bundle *b = w->bundles; b != NULL; b = b->next)
        if (cs_hash_same(&b->name, &f->load.name))
            return b;
    if (f->load.bundle.size == 0)
        die("a bundle was not sent");
    bundle *b = CS_NEW(bundle);
    b->name = f->load.name;
    b->next = w->bundles;
    cs_buf_add(&b->bytes, f->load.bundle.data, f->load.bundle.size);
    cs_buf_add(&b->code, f->load.code.data, f->load.code.size);
    return w->bundles = b;
}

static void load(worker *w, const cs_frame *f)
{
    const cs_load_options options = { .computrons_max = f->load.computrons_max,
                                      .heap_max = f->load.heap_max };
    cs_error err = { .text = "" };
    cs_frame a = { .type = CS_FRAME_LOADED };
    w->loading = find_bundle(w, f);
    cs_supervisor_set_silent(w->supervisor, f->load.silent);
    a.loaded.status = cs_supervisor_load(w->supervisor, f->load.vat,
                                         cs_buf_bytes(&w->loading->bytes), &options, &err);
    if (cs_status_class(a.loaded.status) == CS_CLASS_ENV)
        die(err.text);
    if (a.loaded.status != CS_OK)
        a.loaded.problem = cs_bytes_of(err.text);
    put(w, &a);
}

/* The reply has the syscalls that the kernel does not know yet. */
static void deliver(worker *w, const cs_frame *f)
{
    cs_frame a = { .type = CS_FRAME_REPLY };
    cs_reply *reply = &a.reply.reply;
    cs_supervisor_set_silent(w->supervisor, f->deliver.silent);
    w->asked = 0;
    cs_supervisor_deliver(w->supervisor, f->deliver.vat, &f->deliver.delivery, f->deliver.collect,
                          reply);
    cs_assert(reply->syscall_count >= w->asked);
    if (w->asked > 0)
        reply->syscalls += w->asked;
    reply->syscall_count -= w->asked;
    const cs_collection_figures now = cs_supervisor_collections(w->supervisor);
    a.reply.collections = now.collections - w->before.collections;
    a.reply.dead = now.dead - w->before.dead;
    w->before = now;
    put(w, &a);
}

static void imports(worker *w, const cs_frame *f)
{
    cs_frame a = { .type = CS_FRAME_IMPORTED };
    cs_supervisor_imports(w->supervisor, f->vat, &a.imports.held, &a.imports.recognized);
    put(w, &a);
}

static void serve(worker *w)
{
    cs_frame f = get(w);
    w->serial = f.serial;
    w->said = 0;
    if (f.type == CS_FRAME_LOAD)
        load(w, &f);
    else if (f.type == CS_FRAME_DELIVER)
        deliver(w, &f);
    else if (f.type == CS_FRAME_IMPORTS)
        imports(w, &f);
    else if (f.type == CS_FRAME_UNLOAD)
        cs_supervisor_unload(w->supervisor, f.vat);
    else
        die("an unexpected request");
    flush(w);
    if (f.type == CS_FRAME_LOAD)
        cs_arena_fini(&w->arena); /* large, and seldom */
    else
        cs_arena_clear(&w->arena);
}

/* ---- start ---- */

static void greet(worker *w, const cs_sandbox *sandbox)
{
    cs_frame hello = get(w);
    if (hello.type != CS_FRAME_HELLO || hello.hello.version != CS_WIRE_VERSION)
        die("the kernel speaks another version of the protocol");
    w->serial = hello.serial;
    cs_frame ready = { .type = CS_FRAME_READY, .hello = { .version = CS_WIRE_VERSION } };
    ready.hello.base = cs_bytes_of(cs_supervisor_base_name(w->supervisor));
    ready.hello.missing = cs_bytes_of(sandbox->missing);
    ready.hello.weaker = cs_bytes_of(sandbox->weaker);
    put(w, &ready);
    flush(w);
    cs_arena_clear(&w->arena);
}

static bool is_started_by_a_kernel(const char *parent)
{
    return parent != NULL && fcntl(CS_WORKER_IN, F_GETFD) >= 0 &&
           fcntl(CS_WORKER_OUT, F_GETFD) >= 0;
}

int cs_worker_main(const char *parent)
{
    static const cs_supervisor_ops ops = { .say = say, .ask = ask, .read_code = read_code };
    worker w = { .channel = { .in = CS_WORKER_IN,
                              .out = CS_WORKER_OUT,
                              .wait_ms = -1,
                              .size = cs_frame_size,
                              .receive_max = SIZE_MAX - 1 } };
    cs_error err;
    cs_sandbox sandbox;
    if (!is_started_by_a_kernel(parent)) {
        (void)fprintf(stderr, "capstan: 'worker' is what capstan starts by itself\n");
        return 2;
    }
    cs_sandbox_tie(parent);
    if (cs_supervisor_new(&ops, &w, &w.supervisor, &err) != CS_OK)
        die(err.text);
    cs_sandbox_enter(&sandbox);
    greet(&w, &sandbox);
    for (;;)
        serve(&w);
}
