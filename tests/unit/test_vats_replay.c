/* The vat manager over a store in memory: what is unloaded comes back by replay, silently; a replay
 * that differs says how (S16). */
#include "base/alloc.h"
#include "scripted_kernel.h"
#include "t.h"
#include "vats/vats.h"
#include "wire/codec.h"

#include <string.h>

static const cs_vatid vat = { 1 };

typedef struct world {
    cs_store *store;
    cs_vats *vats;
    cs_hash bundle;
    cs_buf said, trace;
    cs_error err;
    uint64_t computrons_max;
} world;

static void say(void *ctx, cs_vatid id, const char *level, cs_bytes text)
{
    world *w = ctx;
    cs_buf_addf(&w->said, "%u%s%s:", id.n, level != NULL ? " " : "", level != NULL ? level : "");
    cs_buf_add(&w->said, text.data, text.size);
    cs_buf_add_byte(&w->said, '\n');
}

static uint64_t computrons_max(void *ctx, cs_vatid id)
{
    (void)id;
    return ((world *)ctx)->computrons_max;
}

/* A store with one vat that has not run yet. */
static void open_world(world *w, const char *source)
{
    static const cs_vats_ops ops = { .say = say, .computrons_max = computrons_max };
    cs_buf bundle = { 0 };
    *w = (world){ 0 };
    assert_ok(cs_store_open(NULL, &(cs_store_options){ .create = true }, &w->store, &w->err));
    sk_bundle(source, &bundle);
    w->bundle = cs_hash_of(cs_buf_bytes(&bundle));
    cs_bundle_add(w->store, &w->bundle, cs_buf_bytes(&bundle));
    cs_buf_fini(&bundle);
    cs_vat_row *row = cs_vat_add(w->store, vat);
    row->status = CS_VAT_LIVE;
    row->bundle = w->bundle;
    cs_store_keep(w->store);
    assert_ok(cs_vats_new(w->store, &ops, w, &w->vats, &w->err));
}

static void close_world(world *w)
{
    w->vats = cs_vats_free(w->vats);
    w->store = cs_store_close(w->store);
    cs_buf_fini(&w->said);
    cs_buf_fini(&w->trace);
}

static void record(world *w, const cs_delivery *d, const cs_reply *r)
{
    cs_buf b = { 0 };
    cs_transcript_enc(&b, d, r);
    cs_vat_row *row = cs_vat_edit(w->store, vat);
    row->transcript = cs_hash_chain(&row->transcript, cs_buf_bytes(&b));
    cs_transcript_add(w->store, vat, row->next_delivery++, cs_blob_new(cs_buf_bytes(&b)),
                      &row->transcript);
    cs_store_keep(w->store);
    cs_buf_fini(&b);
}

static const char *deliver(world *w, const cs_delivery *d)
{
    cs_reply r;
    assert_ok(cs_vats_deliver(w->vats, vat, d, &r, &w->err));
    cs_buf_clear(&w->trace);
    sk_add_trace(&w->trace, &r);
    if (r.status == CS_OK)
        record(w, d, &r);
    return cs_buf_text(&w->trace);
}

static const char *start(world *w)
{
    return deliver(
        w, &(cs_delivery){ .kind = CS_DELIVER_START_VAT, .start = { .body = CS_BYTES("#{}") } });
}

static const char *message(world *w, const char *body, const char *slot, const char *result)
{
    cs_vref s = sk_vref(slot);
    return deliver(w, &(cs_delivery){ .kind = CS_DELIVER_MESSAGE,
                                      .message = { .target = sk_vref("o+0"),
                                                   .methargs = { .body = cs_bytes_of(body),
                                                                 .slots = &s,
                                                                 .slot_count = !cs_vref_none(s) },
                                                   .result = sk_vref(result) } });
}

static const char counter[] =
    "export const buildRootObject = ({ testLog }) => { let n = 0; testLog('built');"
    " return Far('root', { up: () => { n += 1; testLog('up', n); return n; },"
    " tell: to => E(to).told(n), fail: () => { for (;;) {} } }); };";

static const char *said(world *w)
{
    const char *text = cs_buf_text(&w->said);
    w->said.size = 0;
    return text;
}

static void comes_back(void **state)
{
    (void)state;
    world w;
    open_world(&w, counter);
    assert_int_equal(cs_vats_loaded(w.vats), 0);
    assert_string_equal(start(&w), "");
    assert_string_equal(message(&w, "#[\"up\",[]]", "", "p-60"), "resolve p-60 #1\n");
    assert_string_equal(message(&w, "#[\"tell\",[\"$0\"]]", "o-50", ""),
                        "send o-50 #[\"told\",[1]] -> p+5\nsubscribe p+5\n");
    assert_string_equal(said(&w), "1:built\n1:up1\n");
    assert_int_equal(cs_vats_loaded(w.vats), 1);
    cs_vats_unload(w.vats, vat);
    cs_vats_unload(w.vats, vat);
    assert_int_equal(cs_vats_loaded(w.vats), 0);
    assert_string_equal(message(&w, "#[\"up\",[]]", "", "p-61"), "resolve p-61 #2\n");
    assert_string_equal(said(&w), "1:up2\n");
    assert_string_equal(message(&w, "#[\"tell\",[\"$0\"]]", "o-50", ""),
                        "send o-50 #[\"told\",[2]] -> p+6\nsubscribe p+6\n");
    close_world(&w);
}

/* S9: a delivery that was aborted is not history; the vat goes on as if it had not been. */
static void comes_back_after_an_abort(void **state)
{
    (void)state;
    world w;
    open_world(&w, counter);
    w.computrons_max = 1000000;
    (void)start(&w);
    (void)message(&w, "#[\"up\",[]]", "", "p-60");
    assert_string_equal(message(&w, "#[\"fail\",[]]", "", "p-61"),
                        "failed METER: computron limit exceeded\n");
    cs_vats_unload(w.vats, vat);
    assert_string_equal(message(&w, "#[\"up\",[]]", "", "p-62"), "resolve p-62 #2\n");
    close_world(&w);
}

static void replays_by_itself(void **state)
{
    (void)state;
    world w;
    cs_replay_figures f = { 0 };
    open_world(&w, counter);
    (void)start(&w);
    for (int i = 0; i < 20; i++)
        (void)message(&w, "#[\"up\",[]]", "", "p-60");
    (void)said(&w);
    assert_ok(cs_vats_replay(w.vats, vat, 0, &f, &w.err));
    assert_int_equal(f.deliveries, 21);
    assert_ok(cs_vats_replay(w.vats, vat, 5, &f, &w.err));
    assert_int_equal(f.deliveries, 5);
    assert_ok(cs_vats_replay(w.vats, vat, 1000, &f, &w.err));
    assert_int_equal(f.deliveries, 21);
    assert_string_equal(said(&w), "");
    assert_string_equal(message(&w, "#[\"up\",[]]", "", "p-61"), "resolve p-61 #21\n");
    close_world(&w);
}

/* Records what the vat did not do. */
static void record_lie(world *w, const cs_syscall *syscalls, uint32_t count)
{
    const cs_delivery d = { .kind = CS_DELIVER_MESSAGE,
                            .message = { .target = sk_vref("o+0"),
                                         .methargs = { .body = CS_BYTES("#[\"up\",[]]") },
                                         .result = sk_vref("p-99") } };
    record(w, &d, &(cs_reply){ .syscalls = syscalls, .syscall_count = count });
    cs_vats_unload(w->vats, vat);
}

static void differences_are_shown(void **state)
{
    (void)state;
    world w;
    cs_replay_figures f;
    const cs_resolution r = { .promise = sk_vref("p-99"), .data = { .body = CS_BYTES("#77") } };
    const cs_syscall s = { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } };
    open_world(&w, counter);
    (void)start(&w);
    record_lie(&w, &s, 1);
    assert_int_equal(cs_vats_replay(w.vats, vat, 0, &f, &w.err), CS_E_DIVERGED);
    assert_non_null(
        strstr(w.err.text, "delivery 1, syscall 1: recorded [\"resolve\",[[\"p-99\",false,"));
    assert_non_null(strstr(w.err.text, "#77"));
    assert_non_null(strstr(w.err.text, "now [\"resolve\",[[\"p-99\",false,"));
    const cs_delivery d = { .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD };
    cs_reply reply;
    assert_int_equal(cs_vats_deliver(w.vats, vat, &d, &reply, &w.err), CS_E_CORRUPT);
    assert_non_null(strstr(w.err.text, "vat v1 cannot be replayed: delivery 1"));
    assert_int_equal(cs_vats_loaded(w.vats), 0);
    close_world(&w);
}

static void missing_syscalls_are_shown(void **state)
{
    (void)state;
    world w;
    cs_replay_figures f;
    open_world(&w, counter);
    (void)start(&w);
    record_lie(&w, NULL, 0);
    assert_int_equal(cs_vats_replay(w.vats, vat, 0, &f, &w.err), CS_E_DIVERGED);
    assert_non_null(strstr(w.err.text, "recorded nothing, now [\"resolve\""));
    close_world(&w);
}

/* When drops happen is no history. */
static void drops_are_not_compared(void **state)
{
    (void)state;
    world w;
    cs_replay_figures f;
    const cs_vref o = sk_vref("o-50");
    const cs_resolution r = { .promise = sk_vref("p-99"), .data = { .body = CS_BYTES("#1") } };
    const cs_syscall s[] = {
        { .kind = CS_SYSCALL_DROP_IMPORTS, .refs = { &o, 1 } },
        { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } },
        { .kind = CS_SYSCALL_RETIRE_IMPORTS, .refs = { &o, 1 } },
        { .kind = CS_SYSCALL_RETIRE_EXPORTS, .refs = { &o, 1 } },
    };
    open_world(&w, counter);
    (void)start(&w);
    record_lie(&w, s, 4);
    assert_ok(cs_vats_replay(w.vats, vat, 0, &f, &w.err));
    close_world(&w);
}

/* Before its first delivery a vat that does not load has failed; afterwards the store is damaged. */
static void programs_that_do_not_load(void **state)
{
    (void)state;
    world w;
    open_world(&w, "export const x = ;");
    const char *trace = start(&w);
    assert_true(strncmp(trace, "failed SYNTAX: vat.js:1", strlen("failed SYNTAX: vat.js:1")) == 0);
    assert_int_equal(cs_vats_loaded(w.vats), 0);
    close_world(&w);
    open_world(&w, "throw Error('at the top');");
    assert_non_null(strstr(start(&w), "failed THROWN: "));
    record_lie(&w, NULL, 0);
    const cs_delivery d = { .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD };
    cs_reply reply;
    assert_int_equal(cs_vats_deliver(w.vats, vat, &d, &reply, &w.err), CS_E_CORRUPT);
    close_world(&w);
}

static void damaged_stores(void **state)
{
    (void)state;
    world w;
    open_world(&w, counter);
    const cs_delivery d = { .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD };
    cs_reply reply;
    assert_int_equal(cs_vats_deliver(w.vats, (cs_vatid){ 2 }, &d, &reply, &w.err), CS_E_CORRUPT);
    (void)start(&w);
    cs_vat_edit(w.store, vat)->bundle = cs_hash_of(CS_BYTES("another"));
    cs_store_keep(w.store);
    cs_vats_unload(w.vats, vat);
    assert_int_equal(cs_vats_deliver(w.vats, vat, &d, &reply, &w.err), CS_E_CORRUPT);
    assert_non_null(strstr(w.err.text, "bundle"));
    close_world(&w);
}

static void code_is_kept(void **state)
{
    (void)state;
    world w;
    open_world(&w, counter);
    (void)start(&w);
    assert_ok(cs_store_commit(w.store, &w.err));
    cs_vats_unload(w.vats, vat);
    assert_string_equal(message(&w, "#[\"up\",[]]", "", "p-61"), "resolve p-61 #1\n");
    close_world(&w);
}

T_MAIN(T(comes_back), T(comes_back_after_an_abort), T(replays_by_itself), T(differences_are_shown),
       T(missing_syscalls_are_shown), T(drops_are_not_compared), T(programs_that_do_not_load),
       T(damaged_stores), T(code_is_kept))
