/* Native vats: by themselves, and under a kernel: what they know is in the vatstore, they come back
 * without a replay, and a refused question ends a delivery. */
#include "kernel/kernel.h"
#include "native_world.h"
#include "t.h"
#include "vats/kind.h"
#include "vats/vats.h"

#include <stdio.h>
#include <string.h>

/* --- a vat that does what it is told ---------------------------------------------------------------- */

static int ups; /* that were delivered, in this process */

/* The method's name, of a body "#["name",..." */
static bool is_method(const cs_delivery *d, const char *name)
{
    char start[64];
    (void)snprintf(start, sizeof start, "#[\"%s\",", name);
    return d->kind == CS_DELIVER_MESSAGE && cs_bytes_start_with(d->message.methargs.body, start);
}

/* Counts in its vatstore, and answers with the count. */
static void count_up(cs_native *n, cs_vref result)
{
    char *text = cs_arena_take(cs_native_arena(n), 16);
    cs_bytes before = { 0 };
    ups++;
    int count = cs_native_get(n, CS_BYTES("count"), &before) ? before.data[0] - '0' : 0;
    (void)snprintf(text, 16, "%d", count + 1);
    cs_native_set(n, CS_BYTES("count"), cs_bytes_of(text));
    (void)snprintf(text + 8, 8, "#%d", count + 1);
    if (!cs_vref_none(result))
        cs_native_resolve(n, result, false, &(cs_capdata){ .body = cs_bytes_of(text + 8) });
}

static void walk_keys(cs_native *n)
{
    cs_bytes key = CS_BYTES("a");
    cs_native_set(n, CS_BYTES("ab"), CS_BYTES("1"));
    cs_native_set(n, CS_BYTES("ac"), CS_BYTES("2"));
    cs_native_set(n, CS_BYTES("ad"), CS_BYTES("3"));
    cs_native_delete(n, CS_BYTES("ac"));
    cs_buf all = { 0 };
    while (cs_native_next_key(n, key, &key))
        cs_buf_add(&all, key.data, key.size);
    cs_native_set(n, CS_BYTES("found"), cs_arena_copy(cs_native_arena(n), cs_buf_bytes(&all)));
    cs_buf_fini(&all);
}

static void call_device(cs_native *n, const cs_message *m)
{
    const cs_capdata args = { .body = CS_BYTES("#[]") };
    cs_capdata ret;
    bool did = cs_native_call(n, m->methargs.slots[0], CS_BYTES("get"), &args, &ret);
    cs_native_set(n, CS_BYTES("called"), did ? CS_BYTES("1") : CS_BYTES("0"));
    if (ret.body.size > 0)
        cs_native_set(n, CS_BYTES("answer"), ret.body);
}

static void send_on(cs_native *n, const cs_message *m)
{
    const cs_vref answer = cs_vref_of(CS_REF_PROMISE, true, 5);
    cs_native_send(n, &(cs_message){ .target = m->methargs.slots[0],
                                     .methargs = { .body = CS_BYTES("#[\"hey\",[]]") },
                                     .result = answer });
    cs_native_subscribe(n, answer);
    cs_native_refs(n, CS_SYSCALL_DROP_IMPORTS, m->methargs.slots, 1);
    cs_native_refs(n, CS_SYSCALL_RETIRE_IMPORTS, NULL, 0);
}

static void deliver(cs_native *n, const cs_delivery *d)
{
    if (is_method(d, "up"))
        count_up(n, d->message.result);
    else if (is_method(d, "walk"))
        walk_keys(n);
    else if (is_method(d, "call"))
        call_device(n, &d->message);
    else if (is_method(d, "send"))
        send_on(n, &d->message);
    else if (is_method(d, "exit"))
        cs_native_exit(n, true, &(cs_capdata){ .body = CS_BYTES("#\"enough\"") });
    else if (is_method(d, "fail")) {
        cs_native_set(n, CS_BYTES("count"), CS_BYTES("9"));
        cs_native_fail(n, CS_E_THROWN, "on %s", "purpose");
        cs_native_fail(n, CS_E_STACK, "not this");
        cs_native_set(n, CS_BYTES("later"), CS_BYTES("9"));
    }
}

static const cs_native_vat obedient = { .name = "obedient", .deliver = deliver };

static void know(void)
{
    static bool known;
    if (!known)
        cs_native_add(&obedient);
    known = true;
}

/* --- by itself -------------------------------------------------------------------------------------- */

static void syscalls_come_in_order(void **state)
{
    (void)state;
    know();
    nw *w = nw_new("obedient");
    assert_string_equal(nw_message(w, "o+0", "#[\"send\",[\"$0\"]]", "o-50", ""),
                        "send o-50 #[\"hey\",[]] -> p+5\nsubscribe p+5\ndrop o-50\n");
    assert_string_equal(nw_message(w, "o+0", "#[\"exit\",[]]", "", ""), "exit! #\"enough\"\n");
    assert_int_equal(nw_reply(w)->imports_held, CS_IMPORTS_UNKNOWN);
    assert_string_equal(nw_store(w), "");
    (void)nw_free(w);
}

static void the_vatstore_is_asked(void **state)
{
    (void)state;
    know();
    nw *w = nw_new("obedient");
    assert_string_equal(nw_message(w, "o+0", "#[\"up\",[]]", "", "p-60"), "resolve p-60 #1\n");
    assert_string_equal(nw_message(w, "o+0", "#[\"up\",[]]", "", "p-61"), "resolve p-61 #2\n");
    assert_string_equal(nw_store(w), "count=2\n");
    (void)nw_message(w, "o+0", "#[\"walk\",[]]", "", "");
    assert_string_equal(nw_store(w), "ab=1\nad=3\ncount=2\nfound=abadcount\n");
    (void)nw_free(w);
}

static void devices_answer_or_fail(void **state)
{
    (void)state;
    know();
    nw *w = nw_new("obedient");
    nw_answer(w, false, "#5", "");
    assert_string_equal(nw_message(w, "o+0", "#[\"call\",[\"$0\"]]", "d-70", ""),
                        "call d-70 get #[] = #5\n");
    assert_string_equal(nw_store(w), "answer=#5\ncalled=1\n");
    nw_answer(w, true, "why", "");
    (void)nw_message(w, "o+0", "#[\"call\",[\"$0\"]]", "d-70", "");
    assert_string_equal(nw_store(w), "answer=why\ncalled=0\n");
    (void)nw_free(w);
}

/* N3: nothing is noted behind it, whatever the vat goes on to do. */
static void a_refused_question_ends_the_delivery(void **state)
{
    (void)state;
    know();
    nw *w = nw_new("obedient");
    (void)nw_message(w, "o+0", "#[\"up\",[]]", "", "");
    nw_refuse(w, 1);
    assert_string_equal(nw_message(w, "o+0", "#[\"up\",[]]", "", "p-60"),
                        "failed BAD_SYSCALL: a question was refused: malformed syscall\n");
    assert_int_equal(nw_reply(w)->syscall_count, 1);
    assert_string_equal(nw_message(w, "o+0", "#[\"call\",[\"$0\"]]", "d-70", ""),
                        "call d-70 get #[] = \n"
                        "failed BAD_SYSCALL: a question was refused: malformed syscall\n");
    nw_refuse(w, 0);
    assert_string_equal(nw_message(w, "o+0", "#[\"up\",[]]", "", "p-61"), "resolve p-61 #2\n");
    (void)nw_free(w);
}

static void failures_are_told(void **state)
{
    (void)state;
    know();
    nw *w = nw_new("obedient");
    assert_string_equal(nw_message(w, "o+0", "#[\"fail\",[]]", "", ""),
                        "failed THROWN: on purpose\n");
    assert_string_equal(nw_store(w), "");
    (void)nw_free(w);
}

/* Who asks for this kind with a program of its own has failed, and nobody else. */
static void programs_are_no_native_vats(void **state)
{
    (void)state;
    cs_worker *w = NULL;
    cs_error err = { 0 };
    assert_ok(cs_kind_native.start(NULL, &(cs_supervisor_ops){ 0 }, NULL, &w, &err));
    assert_int_equal(cs_kind_native.load(w, (cs_vatid){ 1 }, CS_BYTES("export const x = 1;"),
                                         &(cs_load_options){ 0 }, &err),
                     CS_E_SYNTAX);
    cs_kind_native.stop(w);
}

static void bundles_name_them(void **state)
{
    (void)state;
    cs_buf b = { 0 };
    cs_native_bundle(&b, "vatAdmin");
    assert_string_equal(cs_buf_text(&b), "native vatAdmin\n");
    assert_true(cs_is_native_bundle(cs_buf_bytes(&b)));
    cs_buf_fini(&b);
    assert_false(cs_is_native_bundle(CS_BYTES("vatAdmin")));
    assert_false(cs_is_native_bundle((cs_bytes){ 0 }));
}

/* --- under a kernel --------------------------------------------------------------------------------- */

typedef struct world {
    cs_store *store;
    cs_kernel *kernel;
    cs_vats *vats;
    cs_vatid vat;
    cs_error err;
} world;

static cs_status ask(void *ctx, cs_vatid vat, cs_syscall *syscalls, uint32_t count)
{
    const world *w = ctx;
    (void)vat;
    return cs_kernel_ask(w->kernel, syscalls, count, NULL);
}

static void open_vats(world *w)
{
    static const cs_vats_ops ops = { .ask = ask };
    w->vats = cs_vats_new(w->store, NULL, &ops, w);
}

static void add_vat(world *w, const char *name, const char *native)
{
    cs_buf b = { 0 };
    cs_native_bundle(&b, native);
    const cs_bytes bundle = cs_buf_bytes(&b);
    const cs_vat_options options = { .is_static = true };
    const cs_kcapdata parameters = { .body = CS_BYTES("#{}") };
    cs_hash hash = cs_hash_of(bundle);
    cs_bundle_add(w->store, &hash, bundle);
    assert_ok(cs_kernel_add_vat(w->kernel, cs_bytes_of(name), &hash, &options, &parameters, &w->vat,
                                &w->err));
    cs_buf_fini(&b);
}

static void open_world(world *w)
{
    know();
    *w = (world){ 0 };
    assert_ok(cs_store_open(NULL, &(cs_store_options){ .create = true }, &w->store, &w->err));
    assert_ok(cs_kernel_new(w->store, NULL, NULL, &w->kernel, &w->err));
    add_vat(w, "it", "obedient");
    open_vats(w);
}

static void close_world(world *w)
{
    w->vats = cs_vats_free(w->vats);
    w->kernel = cs_kernel_free(w->kernel);
    w->store = cs_store_close(w->store);
}

static void run(world *w)
{
    cs_effect effect;
    for (;;) {
        cs_reply reply;
        cs_outcome outcome;
        assert_ok(cs_kernel_next(w->kernel, &effect, &w->err));
        if (effect.kind == CS_EFFECT_IDLE)
            break;
        if (effect.kind != CS_EFFECT_DELIVER)
            continue;
        assert_ok(cs_vats_deliver(w->vats, effect.vat, &effect.delivery, effect.collect, &reply,
                                  &w->err));
        assert_ok(cs_kernel_done(w->kernel, &reply, &outcome, &w->err));
        if (outcome.aborted || outcome.terminated)
            cs_vats_unload(w->vats, effect.vat);
    }
    assert_int_equal(cs_kernel_audit(w->kernel, NULL, NULL), 0);
}

static cs_kref send(world *w, const char *body)
{
    cs_kref root, promise;
    const cs_kcapdata methargs = { .body = cs_bytes_of(body) };
    assert_ok(cs_kernel_root(w->kernel, w->vat, &root));
    assert_ok(cs_kernel_send(w->kernel, root, &methargs, CS_POLICY_IGNORE, &promise, &w->err));
    run(w);
    return promise;
}

static void expect_answer(world *w, cs_kref promise, cs_promise_state wanted, const char *body)
{
    cs_promise_state is;
    cs_kcapdata data;
    assert_ok(cs_kernel_promise(w->kernel, promise, &is, &data));
    assert_int_equal(is, wanted);
    assert_bytes_equal(data.body.data, data.body.size, body, strlen(body));
}

/* N1: nothing is delivered twice. */
static void it_goes_on_without_a_replay(void **state)
{
    (void)state;
    world w;
    cs_replay_figures figures;
    open_world(&w);
    expect_answer(&w, send(&w, "#[\"up\",[]]"), CS_FULFILLED, "#1");
    int before = ups;
    for (int i = 2; i < 5; i++) {
        char wanted[16];
        w.vats = cs_vats_free(w.vats);
        open_vats(&w);
        (void)snprintf(wanted, sizeof wanted, "#%d", i);
        expect_answer(&w, send(&w, "#[\"up\",[]]"), CS_FULFILLED, wanted);
    }
    assert_int_equal(ups, before + 3);
    /* Asked for, its history can be replayed: each answer is in it. */
    assert_ok(cs_vats_replay(w.vats, w.vat, 0, &figures, &w.err));
    assert_true(figures.deliveries > 4);
    assert_int_equal(ups, before + 7);
    expect_answer(&w, send(&w, "#[\"up\",[]]"), CS_FULFILLED, "#5");
    close_world(&w);
}

static void a_failure_is_its_end(void **state)
{
    (void)state;
    world w;
    open_world(&w);
    expect_answer(&w, send(&w, "#[\"up\",[]]"), CS_FULFILLED, "#1");
    expect_answer(&w, send(&w, "#[\"fail\",[]]"), CS_REJECTED,
                  "#{\"#error\":\"vat terminated\",\"name\":\"Error\"}");
    assert_int_equal(cs_vats_loaded(w.vats), 0);
    close_world(&w);
}

static void unknown_ones_are_refused(void **state)
{
    (void)state;
    world w;
    cs_effect effect;
    cs_reply reply;
    open_world(&w);
    run(&w);
    add_vat(&w, "other", "absent");
    do
        assert_ok(cs_kernel_next(w.kernel, &effect, &w.err));
    while (effect.kind == CS_EFFECT_CRANK);
    assert_int_equal(
        cs_vats_deliver(w.vats, effect.vat, &effect.delivery, effect.collect, &reply, &w.err),
        CS_E_NEWER);
    assert_non_null(strstr(w.err.text, "this program has no native vat 'absent'"));
    cs_kernel_abandon(w.kernel);
    close_world(&w);
}

static void imports_are_not_listed(void **state)
{
    (void)state;
    world w;
    cs_vrefs held, recognized;
    open_world(&w);
    (void)send(&w, "#[\"up\",[]]");
    assert_int_equal(cs_vats_imports(w.vats, w.vat, &held, &recognized, &w.err), CS_E_USAGE);
    close_world(&w);
}

T_MAIN(T(syscalls_come_in_order), T(the_vatstore_is_asked), T(devices_answer_or_fail),
       T(a_refused_question_ends_the_delivery), T(failures_are_told),
       T(programs_are_no_native_vats), T(bundles_name_them), T(it_goes_on_without_a_replay),
       T(a_failure_is_its_end), T(unknown_ones_are_refused), T(imports_are_not_listed))
