#include "test_handled_promise_rig.h"

#include "engine/heap.h"
#include "module_util.h"

#include <stdlib.h>

static rig *rig_of(cs_machine *the)
{
    return cs_heap_guest(the);
}

static void log_value(rig *r, cs_machine *the, const cs_slot *value)
{
    mxPushSlot(value);
    if (value->kind == XS_SYMBOL_KIND)
        fxSymbolToString(the, the->stack);
    (void)fxToString(the, the->stack);
    cs_add_text(&r->log, the->stack);
    mxPop();
}

/* --- the owner ------------------------------------------------------------------------------------ */

static void log_rejection(cs_machine *the, void *guest, cs_slot *reason)
{
    rig *r = guest;
    cs_buf_add_text(&r->log, "unhandled: ");
    mxPushSlot(reason);
    if (cs_is_reference(reason))
        fxGetID(the, mxID(_message));
    log_value(r, the, the->stack);
    mxPop();
    cs_buf_add_text(&r->log, "\n");
}

static void log_send(cs_machine *the, rig *r, const cs_outgoing *out)
{
    static const char *const names[] = { "get", "call", "method" };
    cs_buf_addf(&r->log, "send %llu %s", (unsigned long long)out->handle, names[out->op]);
    if (out->key != NULL) {
        cs_buf_add_text(&r->log, out->key->kind == XS_SYMBOL_KIND ? " @" : " ");
        log_value(r, the, out->key);
    }
    if (out->args != NULL) {
        cs_buf_add_text(&r->log, cs_is_hardened(out->args->value.reference) ? " (" : " soft(");
        log_value(r, the, out->args);
        cs_buf_add_text(&r->log, ")");
    }
    cs_buf_add_text(&r->log, out->result != NULL ? "\n" : " only\n");
}

static void log_key(cs_machine *the, rig *r, const cs_slot *key)
{
    cs_buf_add_text(&r->log, "send ");
    log_value(r, the, key);
    cs_buf_add_text(&r->log, "\n");
}

static void keep_result(cs_machine *the, const rig *r, const cs_outgoing *out)
{
    mxPushReference(out->result);
    mxPushReference(r->results);
    mxPushSlot(out->key);
    fxSetAt(the);
    mxPop();
}

static void get_send(cs_machine *the, void *guest, const cs_outgoing *out)
{
    rig *r = guest;
    if (r->answer == RIG_NUMBERS_BRIEFLY)
        log_key(the, r, out->key);
    else if (r->answer != RIG_NUMBERS_QUIETLY)
        log_send(the, r, out);
    if (r->answer == RIG_THROWS)
        cs_throw(the, XS_TYPE_ERROR, "the owner refuses");
    if (out->result == NULL || r->answer == RIG_LEAVES)
        return;
    if (out->key != NULL)
        keep_result(the, r, out);
    if (r->answer == RIG_ECHOES)
        cs_promise_resolve(the, out->result, out->args);
    else
        cs_promise_set_handle(the, out->result, r->next++);
}

static void get_settled(cs_machine *the, void *guest, uint64_t data, bool fulfilled, cs_slot *value)
{
    rig *r = guest;
    cs_buf_addf(&r->log, "then %llu %s ", (unsigned long long)data,
                fulfilled ? "fulfilled" : "rejected");
    log_value(r, the, value);
    cs_buf_add_text(&r->log, "\n");
}

/* --- what programs are given ---------------------------------------------------------------------- */

static uint64_t number(cs_machine *the, cs_slot *value)
{
    return (uint64_t)fxToNumber(the, value);
}

static cs_slot *instance(cs_machine *the, txInteger i)
{
    (void)the;
    return mxArgv(i)->value.reference;
}

static void host_log(cs_machine *the)
{
    log_value(rig_of(the), the, mxArgv(0));
    cs_buf_add_text(&rig_of(the)->log, "\n");
}

static void host_presence(cs_machine *the)
{
    cs_presence_push(the, number(the, mxArgv(0)), mxArgc > 1 ? mxArgv(1) : NULL);
    mxPullSlot(mxResult);
}

static void host_promise(cs_machine *the)
{
    cs_promise_push(the, number(the, mxArgv(0)));
    mxPullSlot(mxResult);
}

static void host_set_handle(cs_machine *the)
{
    cs_promise_set_handle(the, instance(the, 0), number(the, mxArgv(1)));
}

static void host_handle(cs_machine *the)
{
    uint64_t handle = 0;
    if (cs_is_promise(instance(the, 0)))
        handle = cs_promise_handle(instance(the, 0));
    else
        handle = cs_presence_handle(instance(the, 0));
    fxNumber(the, mxResult, (txNumber)handle);
}

static void host_resolve(cs_machine *the)
{
    cs_promise_resolve(the, instance(the, 0), mxArgv(1));
}

static void host_reject(cs_machine *the)
{
    cs_promise_reject(the, instance(the, 0), mxArgv(1));
}

static void host_then(cs_machine *the)
{
    cs_promise_then(the, instance(the, 0), get_settled, number(the, mxArgv(1)));
}

static void host_send(cs_machine *the)
{
    cs_send_op op = (cs_send_op)fxToInteger(the, mxArgv(0));
    cs_send_push(the, op, mxArgv(1), op == CS_SEND_FUNCTION ? NULL : mxArgv(2),
                 op == CS_SEND_GET ? NULL : mxArgv(3));
    mxPullSlot(mxResult);
}

static void host_on_send(cs_machine *the)
{
    rig_of(the)->answer = (rig_answer)fxToInteger(the, mxArgv(0));
}

static const struct {
    const char *name;
    txCallback call;
} functions[] = {
    { "log", host_log },         { "presence", host_presence },
    { "promise", host_promise }, { "setHandle", host_set_handle },
    { "handle", host_handle },   { "resolve", host_resolve },
    { "reject", host_reject },   { "then", host_then },
    { "send", host_send },       { "onSend", host_on_send },
};

/* Pushes { rig: { ... } }. */
static void push_endowments(cs_machine *the)
{
    (void)fxNewObject(the);
    cs_slot *endowments = the->stack;
    (void)fxNewObject(the);
    cs_slot *given = the->stack;
    for (size_t i = 0; i < sizeof functions / sizeof functions[0]; i++) {
        (void)fxNewHostFunction(the, functions[i].call, 0, XS_NO_ID, XS_NO_ID);
        mxPushSlot(given);
        fxDefineID(the, cs_id(the, functions[i].name), XS_NO_FLAG, XS_GET_ONLY);
        mxPop();
    }
    (void)fxNewObject(the);
    rig_of(the)->results = the->stack->value.reference;
    mxPushSlot(given);
    fxDefineID(the, cs_id(the, "results"), XS_NO_FLAG, XS_GET_ONLY);
    mxPop();
    mxPushSlot(endowments);
    fxDefineID(the, cs_id(the, "rig"), XS_NO_FLAG, XS_GET_ONLY);
    mxPop();
}

/* --- running -------------------------------------------------------------------------------------- */

static void make_bundle(const char *program, cs_buf *ret)
{
    static char *prelude;
    if (prelude == NULL)
        prelude = t_read_file(t_source_path("tests/golden/eventual_send/prelude.js"), NULL);
    cs_buf source = { 0 };
    cs_buf_addf(&source,
                "import { E, HandledPromise } from '@endo/eventual-send';\n"
                "import { isPromise, makePromiseKit, memoRace, racePromises } from"
                " '@endo/promise-kit';\n"
                "const { log, clock, show, kit, handler } = (%s)({ push: rig.log });\n"
                "const phases = [];\n"
                "const phase = f => { phases.push(f); };\n"
                "phase(() => {\n%s\n});\n"
                "export const next = () => {\n"
                "  const f = phases.shift();\n"
                "  try { if (f) f(); } catch (e) { log(`thrown: ${e}`); }\n"
                "  return f !== undefined;\n"
                "};\n",
                prelude, program);
    const t_module modules[] = {
        { .name = "program.js",
          .source = cs_buf_text(&source),
          .imports = "@endo/eventual-send=@endo/eventual-send "
                     "@endo/promise-kit=@endo/promise-kit" },
        { 0 },
    };
    t_bundle(modules, ret);
    cs_buf_fini(&source);
}

static void load(cs_machine *the, void *arg)
{
    const cs_buf *bundle = arg;
    push_endowments(the);
    cs_bundle_push_namespace(the, cs_buf_bytes(bundle), the->stack);
    mxPush(mxGlobal);
    fxDefineID(the, cs_id(the, "program"), XS_NO_FLAG, XS_NO_FLAG);
    mxPop();
    mxPop();
}

static void run_phase(cs_machine *the, void *arg)
{
    bool *ret_more = arg;
    mxPush(mxGlobal);
    fxGetID(the, cs_id(the, "program"));
    mxDub();
    fxGetID(the, cs_id(the, "next"));
    fxCall(the);
    fxRunCount(the, 0);
    *ret_more = the->stack->value.boolean != 0;
    mxPop();
}

void rig_init(rig *r)
{
    static const cs_heap_hooks hooks = { .rejection = log_rejection };
    *r = (rig){ .next = 101 };
    cs_heap_options options = { .hooks = &hooks, .guest = r };
    assert_ok(cs_heap_new(t_base(), &options, &r->heap, &r->err));
    cs_heap_set_send(r->heap, get_send);
}

void rig_fini(rig *r)
{
    r->heap = cs_heap_free(r->heap);
    cs_buf_fini(&r->log);
}

/* Errors are part of what is compared. */
static bool step(rig *r, cs_guest_fn *fn, void *arg)
{
    cs_status st = cs_fence(r->heap, fn, arg, &r->err);
    if (st == CS_OK)
        st = cs_heap_drain(r->heap, &r->err);
    if (st != CS_OK)
        cs_buf_addf(&r->log, "%s: %s\n", cs_status_name(st), r->err.text);
    return st == CS_OK;
}

const char *rig_run(rig *r, const char *program)
{
    cs_buf bundle = { 0 };
    make_bundle(program, &bundle);
    bool more = step(r, load, &bundle);
    cs_buf_fini(&bundle);
    while (more && step(r, run_phase, &more))
        cs_heap_collect(r->heap);
    return cs_buf_text(&r->log);
}

const char *rig_once(const char *program)
{
    static char *text;
    rig r;
    rig_init(&r);
    const char *log = rig_run(&r, program);
    free(text);
    text = strdup(log);
    rig_fini(&r);
    return text;
}

#if CS_SLOW_ASSERT
extern int gxStress;

bool rig_stress(bool on)
{
    gxStress = on;
    return true;
}
#else
bool rig_stress(bool on)
{
    (void)on;
    return false;
}
#endif
