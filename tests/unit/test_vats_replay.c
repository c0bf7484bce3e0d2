/* The vat manager over a store in memory: what is unloaded comes back by replay, silently; a replay
 * that differs says how (S16). */
#include "base/alloc.h"
#include "scripted_kernel.h"
#include "t.h"
#include "vats/vats.h"
#include "wire/codec.h"

#include <stdio.h>
#include <string.h>

static const cs_vatid vat = { 1 };

typedef struct world {
    cs_store *store;
    cs_vats *vats;
    cs_hash bundle;
    cs_buf said, trace;
    cs_error err;
    uint64_t computrons_max;
    cs_collect collect;
    uint32_t imports_held; /* as the last reply said */
    int asked;             /* questions that reached the kernel */
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

/* A device that counts; after nine calls there is none any more. */
static cs_status ask(void *ctx, cs_vatid id, cs_syscall *syscalls, uint32_t count)
{
    static const char *const answers[] = { "#0", "#1", "#2", "#3", "#4", "#5", "#6", "#7", "#8" };
    world *w = ctx;
    cs_syscall *s = &syscalls[count - 1];
    if (id.n != vat.n || s->kind != CS_SYSCALL_CALL_NOW || ++w->asked > 8)
        return CS_E_WRONG_REF;
    s->call.failed = cs_bytes_equal(s->call.method, CS_BYTES("fail"));
    s->call.result.body = s->call.failed ? CS_BYTES("broken") : cs_bytes_of(answers[w->asked]);
    return CS_OK;
}

/* A store with one vat that has not run yet. */
static void open_world(world *w, const char *source)
{
    static const cs_vats_ops ops = { .say = say, .computrons_max = computrons_max, .ask = ask };
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
    w->vats = cs_vats_new(w->store, NULL, &ops, w);
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
    assert_ok(cs_vats_deliver(w->vats, vat, d, w->collect, &r, &w->err));
    w->imports_held = r.imports_held;
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
                        "failed METER: more than 1000000 computrons at once\n");
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
    assert_int_equal(cs_vats_deliver(w.vats, vat, &d, CS_COLLECT_NEVER, &reply, &w.err),
                     CS_E_CORRUPT);
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

/* ---- questions: the kernel is asked once, the history answers from then on ---- */

static const char caller[] =
    "export const buildRootObject = ({ D }) => { let sum = 0; return Far('root', {"
    " m: d => { sum += D(d).next(); return sum; },"
    " fail: d => { try { D(d).fail(); } catch (e) { return e.message; } },"
    " twice: d => [D(d).a(), D(d).b()] }); };";

static cs_delivery call_next(const cs_vref *device, const char *body)
{
    return (cs_delivery){
        .kind = CS_DELIVER_MESSAGE,
        .message = { .target = sk_vref("o+0"),
                     .methargs = { .body = cs_bytes_of(body), .slots = device, .slot_count = 1 },
                     .result = sk_vref("p-90") }
    };
}

static void answers_come_from_the_history(void **state)
{
    (void)state;
    world w;
    cs_replay_figures f;
    open_world(&w, caller);
    (void)start(&w);
    assert_string_equal(message(&w, "#[\"m\",[\"$0\"]]", "d-70", "p-60"),
                        "call d-70 next #[] = #1\nresolve p-60 #1\n");
    assert_string_equal(message(&w, "#[\"fail\",[\"$0\"]]", "d-70", "p-61"),
                        "call d-70 fail #[] =! broken\n"
                        "resolve p-61 #\"syscall.callNow failed: broken\"\n");
    assert_string_equal(message(&w, "#[\"m\",[\"$0\"]]", "d-70", "p-62"),
                        "call d-70 next #[] = #3\nresolve p-62 #4\n");
    cs_vats_unload(w.vats, vat);
    assert_string_equal(message(&w, "#[\"m\",[\"$0\"]]", "d-70", "p-63"),
                        "call d-70 next #[] = #4\nresolve p-63 #8\n");
    assert_int_equal(w.asked, 4);
    assert_ok(cs_vats_replay(w.vats, vat, 0, &f, &w.err));
    assert_int_equal(w.asked, 4);
    close_world(&w);
}

/* No answer: the delivery failed, is no history, and the vat comes back as it was before. */
static void a_refused_question_is_no_history(void **state)
{
    (void)state;
    world w;
    open_world(&w, caller);
    (void)start(&w);
    w.asked = 6;
    (void)message(&w, "#[\"m\",[\"$0\"]]", "d-70", "p-60");
    assert_non_null(strstr(message(&w, "#[\"twice\",[\"$0\"]]", "d-70", "p-61"),
                           "failed WRONG_REF: a question was refused"));
    cs_vats_unload(w.vats, vat);
    w.asked = 0;
    assert_string_equal(message(&w, "#[\"m\",[\"$0\"]]", "d-70", "p-62"),
                        "call d-70 next #[] = #1\nresolve p-62 #8\n");
    close_world(&w);
}

static void other_questions_diverge(void **state)
{
    (void)state;
    world w;
    cs_replay_figures f;
    const cs_vref device = sk_vref("d-70");
    const cs_delivery d = call_next(&device, "#[\"m\",[\"$0\"]]");
    cs_syscall s = { .kind = CS_SYSCALL_CALL_NOW };
    s.call.device = device;
    s.call.method = CS_BYTES("other");
    s.call.args.body = CS_BYTES("#[]");
    s.call.result.body = CS_BYTES("#1");
    const cs_syscall read = { .kind = CS_SYSCALL_VATSTORE_GET, .vatstore.key = CS_BYTES("k") };
    const struct {
        const cs_syscall *syscalls;
        uint32_t count;
        const char *says;
    } lies[] = {
        { &s, 1, "syscall 1: recorded [\"callNow\",\"d-70\",\"other\"" },
        { &read, 1, "syscall 1: recorded [\"vatstoreGet\"" },
        { NULL, 0, "recorded nothing, now [\"callNow\",\"d-70\",\"next\"" },
    };
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        open_world(&w, caller);
        (void)start(&w);
        record(&w, &d, &(cs_reply){ .syscalls = lies[i].syscalls, .syscall_count = lies[i].count });
        cs_vats_unload(w.vats, vat);
        assert_int_equal(cs_vats_replay(w.vats, vat, 0, &f, &w.err), CS_E_DIVERGED);
        if (strstr(w.err.text, lies[i].says) == NULL)
            fail_msg("%s", w.err.text);
        assert_int_equal(w.asked, 0);
        close_world(&w);
    }
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

/* ---- collections (docs/gc.md): the same references die in a replay as died then ---- */

/* Allocates enough in each message to be due now and then under `paced`. */
static const char holder[] =
    "export const buildRootObject = () => { let kept = []; let weak = new WeakMap();"
    " const work = () => { Array(1500).fill(0).map(x => ({ x })); };"
    " return Far('root', {"
    " keep: x => { work(); kept.push(x); },"
    " see: x => { work(); },"
    " mark: (x, n) => { work(); weak.set(x, n); },"
    " find: x => { work(); return weak.get(x); },"
    " drop: () => { work(); kept = []; },"
    " make: () => Far('made', {}) }); };";

static void to_root(world *w, const char *body, const char *slot, const char *result)
{
    const char *trace = message(w, body, slot, result);
    if (strncmp(trace, "failed", 6) == 0)
        fail_msg("%s", trace);
}

static void refs_delivery(world *w, cs_delivery_kind kind, const char *ref)
{
    const cs_vref v = sk_vref(ref);
    (void)deliver(w, &(cs_delivery){ .kind = kind, .refs = { &v, 1 } });
}

/* What was kept, seen, marked and made is lost at many places; every tenth import is a weak key that
 * comes back again and again. */
static void traffic(world *w, int from, int to)
{
    char ref[16], result[16];
    for (int i = from; i < to; i++) {
        (void)snprintf(ref, sizeof ref, "o-%d", 100 + i);
        (void)snprintf(result, sizeof result, "p-%d", 100 + i);
        if (i % 10 == 0)
            to_root(w, "#[\"mark\",[\"$0\",5]]", ref, "");
        else
            to_root(w, i % 3 == 0 ? "#[\"keep\",[\"$0\"]]" : "#[\"see\",[\"$0\"]]", ref, "");
        (void)snprintf(ref, sizeof ref, "o-%d", 100 + i / 10 * 10);
        if (i % 10 == 7)
            assert_non_null(strstr(message(w, "#[\"find\",[\"$0\"]]", ref, result), "#5"));
        if (i % 6 == 5)
            to_root(w, "#[\"drop\",[]]", "", "");
        (void)snprintf(result, sizeof result, "p-%d", 300 + i);
        to_root(w, "#[\"make\",[]]", "", result);
        (void)snprintf(ref, sizeof ref, "o+%d", 10 + i);
        if (i % 2 == 0)
            refs_delivery(w, CS_DELIVER_DROP_EXPORTS, ref);
        if (i % 20 == 19)
            (void)deliver(w, &(cs_delivery){ .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD });
    }
}

/* "o-100 o-103 | o-110": held, and only recognised. Gives. */
static char *imports(world *w)
{
    cs_vrefs lists[2];
    char text[CS_REF_TEXT_MAX];
    cs_buf b = { 0 };
    assert_ok(cs_vats_imports(w->vats, vat, &lists[0], &lists[1], &w->err));
    assert_int_equal(lists[0].count, w->imports_held);
    for (size_t k = 0; k < 2; k++) {
        for (uint32_t i = 0; i < lists[k].count; i++)
            cs_buf_addf(&b, "%s ", cs_vref_text(lists[k].items[i], text));
        cs_buf_add_text(&b, k == 0 ? "| " : "");
    }
    char *gives = cs_bytes_to_text(cs_buf_bytes(&b));
    cs_buf_fini(&b);
    return gives;
}

static uint64_t drops_recorded(world *w)
{
    uint64_t count = 0;
    cs_arena arena = { 0 };
    for (uint64_t n = 0; n < cs_vat_find(w->store, vat)->next_delivery; n++) {
        cs_blob *item;
        cs_hash chain;
        cs_delivery d;
        cs_reply r;
        assert_ok(cs_transcript_read(w->store, vat, n, &item, &chain, &w->err));
        assert_ok(cs_transcript_dec(cs_blob_bytes(item), &arena, &d, &r));
        for (uint32_t i = 0; i < r.syscall_count; i++)
            count += sk_is_drop(&r.syscalls[i]) ? r.syscalls[i].refs.count : 0;
        (void)cs_blob_unref(item);
    }
    cs_arena_fini(&arena);
    return count;
}

/* Recorded under one policy, brought back and gone on with under another one. */
static void record_and_change(cs_collect then, cs_collect now)
{
    world w;
    cs_replay_figures f;
    open_world(&w, holder);
    w.collect = then;
    (void)start(&w);
    traffic(&w, 0, 60);
    char *before = imports(&w);
    uint64_t dropped = drops_recorded(&w), collections = cs_vats_collections(w.vats).collections;
    assert_true(dropped > 60);
    assert_ok(cs_vats_replay(w.vats, vat, 0, &f, &w.err));
    assert_true(f.deliveries > 100);
    assert_int_equal(f.other_drops, 0);
    w.collect = now;
    cs_vats_unload(w.vats, vat);
    (void)message(&w, "#[\"see\",[1]]", "", "p-400");
    if (now == CS_COLLECT_NEVER) {
        char *after = imports(&w);
        assert_string_equal(after, before);
        cs_free(after);
        /* What was replayed is not counted once more. */
        assert_int_equal(cs_vats_collections(w.vats).collections, collections);
    }
    traffic(&w, 60, 100);
    assert_true(drops_recorded(&w) > dropped);
    assert_ok(cs_vats_replay(w.vats, vat, 0, &f, &w.err));
    assert_int_equal(f.other_drops, 0);
    cs_free(before);
    close_world(&w);
}

static void every_policy_replays_under_every_other(void **state)
{
    (void)state;
    static const cs_collect policies[] = { CS_COLLECT_NEVER, CS_COLLECT_WHEN_DUE, CS_COLLECT_NOW };
    for (size_t i = 0; i < 9; i++)
        record_and_change(policies[i / 3], policies[i % 3]);
}

/* Paced: whoever is interrupted and brought back collects when it would have collected. */
static void interruptions_change_no_history(void **state)
{
    (void)state;
    cs_hash history[2];
    for (size_t i = 0; i < 2; i++) {
        world w;
        open_world(&w, holder);
        w.collect = CS_COLLECT_WHEN_DUE;
        (void)start(&w);
        for (int n = 0; n < 100; n++) {
            traffic(&w, n, n + 1);
            if (i == 1 && n % 7 == 3)
                cs_vats_unload(w.vats, vat);
        }
        assert_true(drops_recorded(&w) > 60);
        history[i] = cs_vat_find(w.store, vat)->transcript;
        close_world(&w);
    }
    assert_true(cs_hash_same(&history[0], &history[1]));
}

/* Records a message as if the vat had made these syscalls. */
static void record_as(world *w, const cs_delivery *d, const cs_syscall *syscalls, uint32_t count)
{
    record(w, d,
           &(cs_reply){ .syscalls = syscalls, .syscall_count = count, .collected = count > 0 });
    cs_vats_unload(w->vats, vat);
}

/* A history that drops where this vat does not, and does not where it does, replays; the vat's count of
 * imports tells the kernel. */
static void other_drops_are_counted(void **state)
{
    (void)state;
    world w;
    cs_replay_figures f;
    const cs_vref o[] = { sk_vref("o-50"), sk_vref("o-51") };
    const cs_delivery keep = { .kind = CS_DELIVER_MESSAGE,
                               .message = { .target = sk_vref("o+0"),
                                            .methargs = { .body = CS_BYTES("#[\"keep\",[\"$0\"]]"),
                                                          .slots = &o[0],
                                                          .slot_count = 1 } } };
    const cs_delivery see = { .kind = CS_DELIVER_MESSAGE,
                              .message = { .target = sk_vref("o+0"),
                                           .methargs = { .body = CS_BYTES("#[\"see\",[\"$0\"]]"),
                                                         .slots = &o[1],
                                                         .slot_count = 1 } } };
    const cs_delivery boyd = { .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD };
    const cs_syscall lie[] = { { .kind = CS_SYSCALL_DROP_IMPORTS, .refs = { &o[0], 1 } },
                               { .kind = CS_SYSCALL_RETIRE_IMPORTS, .refs = { &o[0], 1 } } };
    open_world(&w, holder);
    (void)start(&w);
    record_as(&w, &keep, NULL, 0);
    record_as(&w, &see, lie, 2); /* dropped what it keeps; kept what it lost */
    record_as(&w, &boyd, NULL, 0);
    assert_ok(cs_vats_replay(w.vats, vat, 0, &f, &w.err));
    assert_int_equal(f.deliveries, 4);
    assert_int_equal(f.other_drops, 1); /* o-51 instead of o-50; then there was nothing to drop */
    (void)message(&w, "#[\"make\",[]]", "", "p-60");
    char *text = imports(&w);
    assert_string_equal(text, "o-50 | ");
    cs_free(text);
    close_world(&w);
}

/* Figures of the collections of this process. */
static void collections_are_measured(void **state)
{
    (void)state;
    world w;
    open_world(&w, holder);
    w.collect = CS_COLLECT_NOW;
    (void)start(&w);
    assert_int_equal(cs_vats_collections(w.vats).collections, 0); /* it knew no import */
    for (int i = 0; i < 3; i++)
        to_root(&w, "#[\"see\",[\"$0\"]]", i == 0 ? "o-50" : i == 1 ? "o-51" : "o-52", "");
    cs_collection_figures f = cs_vats_collections(w.vats);
    assert_int_equal(f.collections, 3);
    assert_int_equal(f.dead, 3);
    assert_int_equal(f.dead_max, 1);
    assert_true(f.p50_us > 0 && f.p50_us <= f.p99_us && f.p99_us <= f.max_us);
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
    assert_int_equal(cs_vats_deliver(w.vats, vat, &d, CS_COLLECT_NEVER, &reply, &w.err),
                     CS_E_CORRUPT);
    close_world(&w);
}

static void damaged_stores(void **state)
{
    (void)state;
    world w;
    open_world(&w, counter);
    const cs_delivery d = { .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD };
    cs_reply reply;
    assert_int_equal(cs_vats_deliver(w.vats, (cs_vatid){ 2 }, &d, CS_COLLECT_NEVER, &reply, &w.err),
                     CS_E_CORRUPT);
    (void)start(&w);
    cs_vat_edit(w.store, vat)->bundle = cs_hash_of(CS_BYTES("another"));
    cs_store_keep(w.store);
    cs_vats_unload(w.vats, vat);
    assert_int_equal(cs_vats_deliver(w.vats, vat, &d, CS_COLLECT_NEVER, &reply, &w.err),
                     CS_E_CORRUPT);
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
       T(missing_syscalls_are_shown), T(answers_come_from_the_history),
       T(a_refused_question_is_no_history), T(other_questions_diverge), T(drops_are_not_compared),
       T(every_policy_replays_under_every_other), T(interruptions_change_no_history),
       T(other_drops_are_counted), T(collections_are_measured), T(programs_that_do_not_load),
       T(damaged_stores), T(code_is_kept))
