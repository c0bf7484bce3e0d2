#include "engine_fixture.h"

#include "engine/handled_promise.h"

#include <stdio.h>
#include <string.h>

static cs_base *base;

static void free_base(void)
{
    base = cs_base_free(base);
}

cs_base *fixture_base(void)
{
    static const cs_base_parts parts = { 0 };
    cs_error err = { 0 };
    if (base != NULL)
        return base;
    if (cs_base_new(&parts, &base, &err) != CS_OK) {
        fprintf(stderr, "# %s\n", err.text);
        abort();
    }
    atexit(free_base);
    return base;
}

static void append(char *text, size_t size, const char *more)
{
    size_t used = strlen(text);
    (void)snprintf(text + used, size - used, "%s", more);
}

static void say(cs_machine *the, void *guest, const char *level, cs_bytes text)
{
    (void)the;
    fixture *f = guest;
    char line[1024];
    (void)snprintf(line, sizeof line, "%s: %.*s\n", level, (int)text.size, (const char *)text.data);
    append(f->console, sizeof f->console, line);
}

static void rejected(cs_machine *the, void *guest, cs_slot *reason)
{
    fixture *f = guest;
    cs_buf text = { 0 };
    cs_add_display(the, &text, reason);
    cs_buf_add_text(&text, "\n");
    append(f->rejections, sizeof f->rejections, cs_buf_text(&text));
    cs_buf_fini(&text);
}

static void make_compartment(cs_machine *the, void *arg)
{
    (void)arg;
    mxPush(mxCompartmentConstructor);
    fxNew(the);
    fxRunCount(the, 0);
    cs_confine_compartment(the, the->stack);
    mxDub();
    mxPush(mxGlobal);
    fxDefineID(the, cs_id(the, "compartment"), 0, 0);
    mxPop();
    mxPop();
}

static void init(fixture *f, const cs_heap_hooks *more, uint64_t bytes_max)
{
    cs_heap_hooks hooks = more != NULL ? *more : (cs_heap_hooks){ 0 };
    hooks.console = say;
    hooks.rejection = rejected;
    cs_heap_options options = { .bytes_max = bytes_max, .hooks = &hooks, .guest = f };
    memset(f, 0, sizeof *f);
    assert_ok(cs_heap_new(fixture_base(), &options, &f->heap, &f->err));
    assert_ok(cs_fence(f->heap, make_compartment, NULL, &f->err));
}

void fixture_init(fixture *f, const cs_heap_hooks *more)
{
    init(f, more, 0);
}

void fixture_init_max(fixture *f, uint64_t bytes_max)
{
    init(f, NULL, bytes_max);
}

void fixture_fini(fixture *f)
{
    f->heap = cs_heap_free(f->heap);
}

typedef struct call {
    fixture *f;
    const char *source;
} call;

static void evaluate(cs_machine *the, void *arg)
{
    const call *c = arg;
    mxPush(mxGlobal);
    fxGetID(the, cs_id(the, "compartment"));
    mxDub();
    fxGetID(the, mxID(_evaluate));
    fxCall(the);
    cs_push_text(the, cs_bytes_of(c->source));
    fxRunCount(the, 1);
    cs_buf text = { 0 };
    cs_add_display(the, &text, the->stack);
    (void)snprintf(c->f->result, sizeof c->f->result, "%s", cs_buf_text(&text));
    cs_buf_fini(&text);
}

cs_status run(fixture *f, const char *source)
{
    call c = { f, source };
    f->result[0] = 0;
    cs_status st = cs_fence(f->heap, evaluate, &c, &f->err);
    cs_status after = cs_heap_drain(f->heap, &f->err);
    return st != CS_OK ? st : after;
}

const char *eval(fixture *f, const char *source)
{
    cs_status st = run(f, source);
    if (st != CS_OK)
        fprintf(stderr, "# %s\n#   %s\n", source, f->err.text);
    assert_ok(st);
    return f->result;
}

const char *eval_once(const char *source)
{
    static fixture f;
    fixture_init(&f, NULL);
    (void)eval(&f, source);
    fixture_fini(&f);
    return f.result;
}

cs_status status_once(const char *source)
{
    fixture f;
    fixture_init_max(&f, 64 * 1024 * 1024);
    cs_meter_reset(f.heap, 20000000);
    cs_status st = run(&f, source);
    fixture_fini(&f);
    return st;
}

/* --- presences ------------------------------------------------------------------------------------- */

peer_table peers;

static void mark_peers(cs_machine *the, void *guest, void (*mark)(cs_machine *, cs_slot *))
{
    (void)guest;
    for (size_t i = 0; i < peers.count; i++)
        if (peers.slot[i] != NULL)
            mark(the, peers.slot[i]);
}

static void keep_recognized(cs_machine *the, void (*mark)(cs_machine *, cs_slot *))
{
    cs_slot *all[64], *p;
    size_t count = 0;
    while (!peers.keeps_none && (p = cs_next_recognized(the)) != NULL)
        if (peers.asks_once)
            all[count++] = p;
        else if (cs_presence_may_return(p))
            mark(the, p);
    for (size_t i = 0; i < count; i++)
        mark(the, all[i]);
}

static void sweep_peers(cs_machine *the, void *guest, void (*mark)(cs_machine *, cs_slot *))
{
    (void)guest;
    for (size_t i = 0; i < peers.count; i++)
        if (peers.slot[i] != NULL)
            peers.state[i] = cs_is_live(peers.slot[i]) ? PEER_HELD : PEER_KEPT;
    keep_recognized(the, mark);
    peers.kept = 0;
    for (size_t i = 0; i < peers.count; i++) {
        if (peers.slot[i] != NULL && !cs_is_live(peers.slot[i])) {
            peers.slot[i] = NULL;
            peers.state[i] = PEER_NONE;
        }
        peers.kept += peers.state[i] == PEER_KEPT;
    }
}

static const cs_heap_hooks peer_hooks = { .mark_weak = mark_peers, .sweep = sweep_peers };

static void push_peer(cs_machine *the, size_t i)
{
    if (peers.slot[i] == NULL) {
        cs_presence_push(the, i + 1, NULL);
        peers.slot[i] = the->stack->value.reference;
    } else
        mxPushReference(peers.slot[i]);
    peers.state[i] = PEER_HELD;
    if (i >= peers.count)
        peers.count = i + 1;
}

/* peer(n) */
static void host_peer(cs_machine *the)
{
    push_peer(the, (size_t)fxToInteger(the, mxArgv(0)));
    *mxResult = *the->stack;
    mxPop();
}

void peers_init(fixture *f)
{
    memset(&peers, 0, sizeof peers);
    fixture_init(f, &peer_hooks);
}

typedef struct application {
    fixture *f;
    const char *source;
    cs_slot *const *args;
    int count;
} application;

static void push_function(cs_machine *the, const char *source)
{
    mxPush(mxGlobal);
    fxGetID(the, cs_id(the, "compartment"));
    mxDub();
    fxGetID(the, mxID(_evaluate));
    fxCall(the);
    cs_push_text(the, cs_bytes_of(source));
    fxRunCount(the, 1);
}

static void apply_in(cs_machine *the, void *arg)
{
    const application *a = arg;
    mxPushUndefined();
    push_function(the, a->source);
    fxCall(the);
    fxNewHostFunction(the, host_peer, 1, XS_NO_ID, XS_NO_ID);
    for (int i = 0; i < a->count; i++)
        mxPushReference(a->args[i]);
    fxRunCount(the, 1 + a->count);
    cs_buf text = { 0 };
    cs_add_display(the, &text, the->stack);
    (void)snprintf(a->f->result, sizeof a->f->result, "%s", cs_buf_text(&text));
    cs_buf_fini(&text);
    a->f->instance = cs_is_reference(the->stack) ? the->stack->value.reference : NULL;
}

cs_status apply(fixture *f, const char *source, cs_slot *const *args, int count)
{
    application a = { f, source, args, count };
    cs_status st = cs_fence(f->heap, apply_in, &a, &f->err);
    cs_status after = cs_heap_drain(f->heap, &f->err);
    return st != CS_OK ? st : after;
}

const char *with_peer(fixture *f, const char *source)
{
    cs_status st = apply(f, source, NULL, 0);
    if (st != CS_OK)
        fprintf(stderr, "# %s\n#   %s\n", source, f->err.text);
    assert_ok(st);
    return f->result;
}

void churn(fixture *f)
{
    for (int i = 0; i < 3; i++) {
        (void)eval(f, "for (let i = 0; i < 3000; i++) [i, { i }, `${i}`]; 1");
        assert_ok(cs_heap_collect(f->heap));
    }
}
