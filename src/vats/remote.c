/* The conversation. One request is under way at a time, and the kernel waits for its answer. */
#include "vats/remote.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "vats/core.h"

#include <string.h>
#include <sys/ioctl.h>

/* ---- speaking ---- */

/* Whether all that was sent lies in the pipe still: its far end is ours too. */
static bool is_unread(const cs_remote *r)
{
    int left = 0;
    return ioctl(r->child.held, FIONREAD, &left) == 0 && (size_t)left >= r->channel.sent;
}

/* R1. Says how the process ended, if it did. */
static cs_status give_up(cs_remote *r, cs_error *err)
{
    r->worker.never_began = is_unread(r);
    r->failed = true;
    cs_child_end(&r->child, r->channel.ended ? err : NULL);
    return CS_E_WORKER;
}

static cs_status broke_protocol(cs_remote *r, const char *what, cs_error *err)
{
    (void)cs_fail(err, CS_E_WORKER, "it broke the protocol: %s", what);
    return give_up(r, err);
}

static cs_status send(cs_remote *r, const cs_frame *f, cs_error *err)
{
    cs_status st = r->format->enc(&r->channel.sending, f);
    if (st != CS_OK)
        return cs_fail(err, st, "%s", cs_status_text(st));
    return cs_channel_send(&r->channel, err) == CS_OK ? CS_OK : give_up(r, err);
}

/* Begins a request: everything of the last one is forgotten. */
static cs_status request(cs_remote *r, cs_frame *f, cs_vatid vat, cs_error *err)
{
    if (r->failed)
        return cs_fail(err, CS_E_WORKER, "it is no more");
    cs_channel_begin(&r->channel);
    cs_arena_clear(&r->arena);
    cs_buf_clear(&r->said);
    r->asked_count = 0;
    r->asked_size = 0;
    r->vat = vat;
    f->serial = ++r->serial;
    return send(r, f, err);
}

/* ---- listening ---- */

static cs_status note_said(cs_remote *r, const cs_frame *f, cs_error *err)
{
    const cs_bytes parts[] = { f->say.level, f->say.text };
    if (f->say.text.size > CS_SAY_MAX || r->said.size > CS_SAY_MAX)
        return broke_protocol(r, "it says too much", err);
    for (size_t i = 0; i < 2 && !r->silent; i++) {
        cs_buf_add_varint(&r->said, parts[i].size);
        cs_buf_add(&r->said, parts[i].data, parts[i].size);
    }
    return CS_OK;
}

/* R2 */
static void tell_said(cs_remote *r)
{
    cs_reader said = cs_reader_of(cs_buf_bytes(&r->said));
    char level[8];
    while (cs_reader_left(&said) > 0) {
        cs_bytes name = cs_reader_sized(&said), text = cs_reader_sized(&said);
        cs_assert(name.size < sizeof level); /* cs_say_level_check() */
        memcpy(level, name.data, name.size);
        level[name.size] = 0;
        if (r->ops->say != NULL)
            r->ops->say(r->ctx, r->vat, name.size == 0 ? NULL : level, text);
    }
    if (r->said.cap > CS_SAY_MAX / 16)
        cs_buf_fini(&r->said);
}

static void note_asked(cs_remote *r, const cs_frame *f)
{
    const uint32_t count = r->asked_count + f->ask.count;
    if (count > r->asked_cap) {
        r->asked_cap = count * 2;
        r->asked = cs_realloc(r->asked, r->asked_cap, sizeof *r->asked);
    }
    memcpy(r->asked + r->asked_count, f->ask.syscalls, f->ask.count * sizeof *r->asked);
    r->asked_count = count;
}

static cs_status answer(cs_remote *r, const cs_frame *f, cs_error *err)
{
    if (f->ask.count > CS_SYSCALLS_MAX - r->asked_count)
        return broke_protocol(r, "too many syscalls", err);
    note_asked(r, f);
    cs_frame a = { .type = CS_FRAME_ANSWER, .serial = r->serial };
    a.answer.refused =
        r->ops->ask == NULL || r->ops->ask(r->ctx, r->vat, r->asked, r->asked_count) != CS_OK;
    a.answer.question = r->asked[r->asked_count - 1];
    return send(r, &a, err);
}

/* One message. A question outlives the bytes that it came in: the next message takes their place. */
static cs_status hear(cs_remote *r, cs_frame *ret, cs_error *err)
{
    cs_bytes message;
    if (cs_channel_receive(&r->channel, &message, err) != CS_OK)
        return give_up(r, err);
    if (r->format->dec(message, &r->arena, ret) != CS_OK)
        return broke_protocol(r, "a malformed message", err);
    if (ret->type == CS_FRAME_ASK) {
        r->asked_size += message.size;
        if (r->asked_size > CS_REPLY_MAX)
            return broke_protocol(r, "too many syscalls", err);
        message = cs_arena_copy(&r->arena, message);
        cs_status st = r->format->dec(message, &r->arena, ret);
        cs_assert(st == CS_OK);
    }
    return ret->serial == r->serial ? CS_OK : broke_protocol(r, "an answer to nothing", err);
}

/* Listens until the request is answered, by a message of type `wanted`. */
static cs_status listen(cs_remote *r, cs_frame_type wanted, cs_frame *ret, cs_error *err)
{
    for (;;) {
        cs_status st = hear(r, ret, err);
        if (st != CS_OK || ret->type == wanted)
            return st;
        if (ret->type == CS_FRAME_SAY && wanted != CS_FRAME_IMPORTED)
            st = note_said(r, ret, err);
        else if (ret->type == CS_FRAME_ASK && wanted == CS_FRAME_REPLY)
            st = answer(r, ret, err);
        else
            st = broke_protocol(r, "an answer of the wrong kind", err);
        if (st != CS_OK)
            return st;
    }
}

/* ---- life ---- */

/* A child that cannot even be greeted has failed, and whoever waits for it hears that. */
void cs_remote_open(cs_remote *r, const cs_child *child, uint32_t wait_ms)
{
    enum { START_MS_MIN = 2000 };
    cs_error ignored;
    r->child = *child;
    r->core = -1;
    r->wait_ms = wait_ms;
    r->channel = (cs_channel){ .in = child->in,
                               .out = child->out,
                               .wait_ms = (int)(wait_ms < START_MS_MIN ? START_MS_MIN : wait_ms),
                               .size = r->format->size,
                               .receive_max = r->format->receive_max };
    cs_frame hello = { .type = CS_FRAME_HELLO, .hello = { .version = CS_WIRE_VERSION } };
    (void)request(r, &hello, (cs_vatid){ 0 }, &ignored);
}

cs_status cs_remote_await(cs_remote *r, cs_frame *ret_ready, cs_error *err)
{
    cs_status st = r->failed ? cs_fail(err, CS_E_WORKER, "it is no more")
                             : listen(r, CS_FRAME_READY, ret_ready, err);
    if (st != CS_OK) {
        err->status = CS_E_ENGINE;
        return cs_fail_at(err, "a worker did not start");
    }
    if (ret_ready->hello.version != CS_WIRE_VERSION)
        return cs_fail(err, CS_E_ENGINE, "a worker speaks version %u of the protocol, not %d",
                       (unsigned)ret_ready->hello.version, CS_WIRE_VERSION);
    r->base_name = cs_bytes_to_text(ret_ready->hello.base);
    r->channel.wait_ms = (int)r->wait_ms;
    return CS_OK;
}

void cs_remote_close(cs_remote *r)
{
    cs_child_end(&r->child, NULL);
    cs_channel_fini(&r->channel);
    cs_arena_fini(&r->arena);
    cs_buf_fini(&r->said);
    cs_free(r->asked);
    cs_free(r->bundles);
    cs_free(r->base_name);
}

/* ---- loading ---- */

static bool has_bundle(const cs_remote *r, const cs_hash *name)
{
    for (size_t i = 0; i < r->bundle_count; i++)
        if (cs_hash_same(&r->bundles[i], name))
            return true;
    return false;
}

static void note_bundle(cs_remote *r, const cs_hash *name)
{
    r->bundles = cs_realloc(r->bundles, r->bundle_count + 1, sizeof *r->bundles);
    r->bundles[r->bundle_count++] = *name;
}

/* Code goes down with the bundle and never comes up: what a worker compiled would run in other workers,
 * and it may be in the hands of a vat (docs/workers.md). */
static void add_bundle(cs_remote *r, cs_frame *f, cs_bytes bundle)
{
    if (!r->format->takes_bundles || has_bundle(r, &f->load.name))
        return;
    f->load.bundle = bundle;
    if (r->ops->read_code != NULL)
        f->load.code = r->ops->read_code(r->ctx, r->base_name);
}

cs_status cs_remote_load(cs_worker *w, cs_vatid vat, cs_bytes bundle,
                         const cs_load_options *options, cs_error *err)
{
    cs_remote *r = (cs_remote *)w;
    cs_frame f = { .type = CS_FRAME_LOAD }, answered;
    f.load.vat = vat;
    f.load.silent = r->silent;
    f.load.name = *options->bundle;
    f.load.computrons_max = options->computrons_max;
    f.load.heap_max = options->heap_max;
    add_bundle(r, &f, bundle);
    cs_status st = request(r, &f, vat, err);
    if (st == CS_OK)
        st = listen(r, CS_FRAME_LOADED, &answered, err);
    if (st != CS_OK)
        return st;
    tell_said(r);
    if (f.load.bundle.size > 0)
        note_bundle(r, options->bundle);
    if (answered.loaded.status != CS_OK)
        (void)cs_fail(err, answered.loaded.status, "%.*s", (int)answered.loaded.problem.size,
                      (const char *)answered.loaded.problem.data);
    return answered.loaded.status;
}

/* ---- delivering ---- */

/* R3 */
static cs_status join(cs_remote *r, cs_reply *reply, cs_error *err)
{
    cs_frame rest = { .type = CS_FRAME_ASK };
    if (reply->syscall_count > CS_SYSCALLS_MAX - r->asked_count)
        return broke_protocol(r, "too many syscalls", err);
    rest.ask.syscalls = (cs_syscall *)(uintptr_t)reply->syscalls;
    rest.ask.count = reply->syscall_count;
    if (rest.ask.count > 0)
        note_asked(r, &rest);
    reply->syscalls = r->asked;
    reply->syscall_count = r->asked_count;
    return CS_OK;
}

static void count_collections(cs_remote *r, const cs_frame *f)
{
    if (r->silent)
        return;
    r->figures.collections += f->reply.collections;
    r->figures.dead += f->reply.dead;
    if (f->reply.dead > r->figures.dead_max)
        r->figures.dead_max = f->reply.dead;
}

cs_status cs_remote_deliver(cs_worker *w, cs_vatid vat, const cs_delivery *d, cs_collect collect,
                            cs_reply *ret_reply, cs_error *err)
{
    cs_remote *r = (cs_remote *)w;
    cs_frame f = { .type = CS_FRAME_DELIVER }, answered;
    f.deliver.vat = vat;
    f.deliver.silent = r->silent;
    f.deliver.collect = collect;
    f.deliver.delivery = *d;
    if (r->worker.kind->shares_core)
        cs_core_bring(r->child.pid, &r->core);
    cs_status st = request(r, &f, vat, err);
    if (st == CS_E_TOO_BIG) {
        *ret_reply = (cs_reply){ .status = st, .imports_held = CS_IMPORTS_UNKNOWN };
        return CS_OK;
    }
    if (st == CS_OK)
        st = listen(r, CS_FRAME_REPLY, &answered, err);
    if (st == CS_OK && r->asked_count > 0)
        st = join(r, &answered.reply.reply, err);
    if (st != CS_OK)
        return st;
    tell_said(r);
    count_collections(r, &answered);
    *ret_reply = answered.reply.reply;
    return CS_OK;
}

/* ---- the rest ---- */

cs_status cs_remote_imports(cs_worker *w, cs_vatid vat, cs_vrefs *ret_held,
                            cs_vrefs *ret_recognized, cs_error *err)
{
    cs_remote *r = (cs_remote *)w;
    cs_frame f = { .type = CS_FRAME_IMPORTS, .vat = vat }, answered;
    cs_status st = request(r, &f, vat, err);
    if (st == CS_OK)
        st = listen(r, CS_FRAME_IMPORTED, &answered, err);
    if (st != CS_OK)
        return st;
    *ret_held = answered.imports.held;
    *ret_recognized = answered.imports.recognized;
    return CS_OK;
}

/* A worker that fails here fails at the next request too, and then somebody looks. */
void cs_remote_unload(cs_worker *w, cs_vatid vat)
{
    cs_remote *r = (cs_remote *)w;
    cs_frame f = { .type = CS_FRAME_UNLOAD, .vat = vat };
    cs_error ignored;
    (void)request(r, &f, vat, &ignored);
}

void cs_remote_set_silent(cs_worker *w, bool silent)
{
    ((cs_remote *)w)->silent = silent;
}

cs_collection_figures cs_remote_collections(const cs_worker *w)
{
    return ((const cs_remote *)w)->figures;
}
