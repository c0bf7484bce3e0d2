/* Rows are foreign (K3): whatever they say, the kernel gives CORRUPT, keeps nothing of the crank, and
 * blames no vat. And the audit sees each of these damages too, before or after the kernel does. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "gc_action.h"
#include "kernel/gc.h"
#include "raw_drive.h"
#include "t.h"

/* alice (ko20) has sent bob (ko21) a message with p+5 (kp41) in it and p+6 (kp42) as its result, and
 * p+7 waits for kp41; bob has subscribed to kp41. */
typedef struct world {
    raw_drive d;
    cs_vatid alice, bob;
    cs_kref alice_root, bob_root, offered, answer;
} world;

static cs_vref o_minus(uint64_t id)
{
    return cs_vref_of(CS_REF_OBJECT, false, id);
}

static cs_vref p_plus(uint64_t id)
{
    return cs_vref_of(CS_REF_PROMISE, true, id);
}

static cs_vref p_minus(uint64_t id)
{
    return cs_vref_of(CS_REF_PROMISE, false, id);
}

static world make_world(void)
{
    world w = { .d = raw_open() };
    cs_effect e;
    w.alice = raw_add_vat(&w.d, "alice", NULL);
    w.bob = raw_add_vat(&w.d, "bob", NULL);
    w.alice_root = raw_root(&w.d, w.alice);
    w.bob_root = raw_root(&w.d, w.bob);
    (void)raw_send(&w.d, w.alice_root, &w.bob_root, 1);
    raw_expect(&w.d, w.alice, &e);
    const cs_vref slot = p_plus(5);
    const cs_capdata methargs = { CS_BYTES("#[\"foo\",[\"&0\"]]"), &slot, 1 };
    const cs_syscall out[] = {
        { .kind = CS_SYSCALL_SEND, .send = { o_minus(50), methargs, p_plus(6) } },
        { .kind = CS_SYSCALL_SEND, .send = { p_plus(5), methargs, p_plus(7) } },
        { .kind = CS_SYSCALL_SUBSCRIBE, .promise = p_plus(6) },
    };
    raw_answer(&w.d, out, 3);
    w.offered = cs_kref_of(CS_REF_PROMISE, 41);
    w.answer = cs_kref_of(CS_REF_PROMISE, 42);
    return w;
}

/* Delivers the message to bob, who subscribes; then both are idle. */
static void deliver_message(world *w)
{
    cs_effect e;
    raw_expect(&w->d, w->bob, &e);
    const cs_syscall subscribe = { .kind = CS_SYSCALL_SUBSCRIBE, .promise = p_minus(60) };
    raw_answer(&w->d, &subscribe, 1);
    assert_false(raw_next(&w->d, &e));
}

/* alice fulfills p+5: its message is on its way, and bob is to be told. */
static void resolve_offered(world *w)
{
    cs_effect e;
    cs_resolution r = { p_plus(5), false, { CS_BYTES("#[\"$0\"]"), NULL, 1 } };
    const cs_vref object = cs_vref_of(CS_REF_OBJECT, true, 9);
    r.data.slots = &object;
    const cs_syscall resolve = { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } };
    (void)raw_send(&w->d, w->alice_root, NULL, 0);
    raw_expect(&w->d, w->alice, &e);
    raw_answer(&w->d, &resolve, 1);
}

/* ---- damages ---- */

static void replace_item(world *w, cs_queue_id queue, uint64_t seq, cs_bytes item)
{
    cs_queue_delete(w->d.store, queue, seq);
    cs_queue_add(w->d.store, queue, seq, cs_blob_new(item));
}

static void item_is_garbage(world *w)
{
    replace_item(w, CS_QUEUE_ACCEPTANCE, cs_meta_get(w->d.store)->acceptance.first,
                 CS_BYTES("\x07garbage"));
}

static void item_is_empty(world *w)
{
    replace_item(w, CS_QUEUE_ACCEPTANCE, cs_meta_get(w->d.store)->acceptance.first, CS_BYTES(""));
}

static void item_is_missing(world *w)
{
    cs_queue_delete(w->d.store, CS_QUEUE_ACCEPTANCE, cs_meta_get(w->d.store)->acceptance.first);
}

static void target_is_missing(world *w)
{
    cs_object_delete(w->d.store, w->bob_root);
}

static void owner_is_missing(world *w)
{
    cs_object_edit(w->d.store, w->bob_root)->owner.n = 99;
}

/* The list of terminated vats does not know it. */
static void ended_vat_is_not_there(world *w)
{
    cs_kv_set(w->d.store, (cs_vatid){ 0 }, CS_BYTES("vat.ended.0000000000000001"),
              cs_blob_new(CS_BYTES("v99")));
    cs_meta_edit(w->d.store)->stats[CS_STAT_VATS_TERMINATING]++;
}

static void ended_vat_is_live(world *w)
{
    cs_kv_set(w->d.store, (cs_vatid){ 0 }, CS_BYTES("vat.ended.0000000000000001"),
              cs_blob_new(CS_BYTES("v2")));
    cs_meta_edit(w->d.store)->stats[CS_STAT_VATS_TERMINATING]++;
}

static void ended_list_is_empty(world *w)
{
    cs_meta_edit(w->d.store)->stats[CS_STAT_VATS_TERMINATING]++;
}

static void ended_list_is_malformed(world *w)
{
    cs_kv_set(w->d.store, (cs_vatid){ 0 }, CS_BYTES("vat.ended.x"), cs_blob_new(CS_BYTES("bob")));
    cs_meta_edit(w->d.store)->stats[CS_STAT_VATS_TERMINATING]++;
}

static void result_is_missing(world *w)
{
    cs_promise_delete(w->d.store, w->answer);
}

static void result_is_decided(world *w)
{
    cs_promise_edit(w->d.store, w->answer)->decider = w->alice;
}

static void slot_is_missing(world *w)
{
    cs_promise_delete(w->d.store, w->offered);
}

static void count_is_too_low(world *w)
{
    cs_object_row *row = cs_object_edit(w->d.store, w->bob_root);
    row->reachable = row->recognizable = 0;
}

static void more_reachable_than_recognizable(world *w)
{
    cs_object_edit(w->d.store, w->bob_root)->reachable = 7;
}

static void promise_count_is_too_low(world *w)
{
    cs_promise_edit(w->d.store, w->answer)->refs = 0;
}

static void options_are_malformed(world *w)
{
    cs_vat_row *row = cs_vat_edit(w->d.store, w->bob);
    cs_row_set_blob(w->d.store, &row->options, cs_blob_new(CS_BYTES("\xff")));
}

static void import_ids_have_run_out(world *w)
{
    cs_vat_edit(w->d.store, w->bob)->next_import_promise = CS_REF_ID_MAX + 1;
}

static void object_ids_have_run_out(world *w)
{
    cs_meta_edit(w->d.store)->next_object = CS_REF_ID_MAX + 1;
}

static void export_was_dropped(world *w)
{
    cs_clist_edit(w->d.store, w->bob, cs_vref_of(CS_REF_OBJECT, true, 0))->reachable = false;
}

static void waiting_message_is_missing(world *w)
{
    cs_queue_delete(w->d.store, cs_queue_of_promise(w->offered), 0);
}

static void resolution_is_garbage(world *w)
{
    cs_row_set_blob(w->d.store, &cs_promise_edit(w->d.store, w->offered)->resolution,
                    cs_blob_new(CS_BYTES("\x05")));
}

static void resolution_is_missing(world *w)
{
    cs_row_set_blob(w->d.store, &cs_promise_edit(w->d.store, w->offered)->resolution, NULL);
}

static void resolved_is_not(world *w)
{
    resolution_is_missing(w);
    cs_promise_edit(w->d.store, w->offered)->state = CS_UNRESOLVED;
    cs_promise_edit(w->d.store, w->offered)->decider = w->alice;
}

static void notified_is_missing(world *w)
{
    cs_promise_delete(w->d.store, w->offered);
}

static void object_in_resolution_is_missing(world *w)
{
    cs_object_delete(w->d.store, cs_kref_of(CS_REF_OBJECT, 22));
}

static void event_for_no_vat(world *w)
{
    replace_item(w, CS_QUEUE_ACCEPTANCE, cs_meta_get(w->d.store)->acceptance.first,
                 CS_BYTES("\x02\x00\x63\xa6\x01")); /* notify v99 of kp41 */
}

/* ---- damages of garbage ---- */

static const cs_vref offered_object = { UINT64_C(3) << 61 | 9 }; /* o+9 */

/* The next message to the vat is answered with this. */
static void answer_message(world *w, cs_vatid vat, const cs_syscall *s)
{
    cs_effect e;
    cs_kref promise = raw_send(&w->d, raw_root(&w->d, vat), NULL, 0);
    assert_ok(cs_kernel_release(w->d.k, promise));
    raw_expect(&w->d, vat, &e);
    raw_answer(&w->d, s, 1);
}

/* alice sends bob o+9, ko22; he drops it, and she is to be told. */
static void object_on_its_way_out(world *w)
{
    cs_effect e;
    const cs_capdata methargs = { CS_BYTES("#[\"foo\",[\"$0\"]]"), &offered_object, 1 };
    const cs_syscall give = { .kind = CS_SYSCALL_SEND, .send = { o_minus(50), methargs, { 0 } } };
    const cs_vref import = o_minus(50);
    const cs_syscall drop = { .kind = CS_SYSCALL_DROP_IMPORTS, .refs = { &import, 1 } };
    deliver_message(w);
    answer_message(w, w->alice, &give);
    raw_expect(&w->d, w->bob, &e);
    raw_answer(&w->d, &drop, 1);
    const cs_gc_action action = { w->alice, CS_GC_DROP_EXPORT, cs_kref_of(CS_REF_OBJECT, 22) };
    assert_true(cs_gc_has(w->d.store, &action));
}

/* alice was told to drop her root, and is to be told to retire it. */
static void root_on_its_way_out(world *w)
{
    cs_effect e;
    deliver_message(w);
    assert_ok(cs_kernel_release(w->d.k, w->alice_root));
    raw_expect(&w->d, w->alice, &e);
    assert_int_equal(e.delivery.kind, CS_DELIVER_DROP_EXPORTS);
    raw_answer(&w->d, NULL, 0);
}

/* The same, and alice retires it when she hears, so that bob is to be told. */
static void orphan_on_its_way_out(world *w)
{
    cs_effect e;
    const cs_syscall retire = { .kind = CS_SYSCALL_RETIRE_EXPORTS, .refs = { &offered_object, 1 } };
    object_on_its_way_out(w);
    raw_expect(&w->d, w->alice, &e);
    raw_answer(&w->d, &retire, 1);
    const cs_gc_action action = { w->bob, CS_GC_RETIRE_IMPORT, cs_kref_of(CS_REF_OBJECT, 22) };
    assert_true(cs_gc_has(w->d.store, &action));
}

static void bob_waits_to_be_reaped(world *w)
{
    deliver_message(w);
    assert_ok(cs_kernel_reap(w->d.k, w->bob));
}

static void bob_is_lonely(world *w)
{
    cs_effect e;
    cs_error err;
    cs_outcome outcome;
    const cs_reply dirty = { .allocated_bytes = 1,
                             .watched = 1,
                             .imports_held = CS_IMPORTS_UNKNOWN };
    deliver_message(w);
    (void)raw_send(&w->d, w->bob_root, NULL, 0);
    raw_expect(&w->d, w->bob, &e);
    assert_ok(cs_kernel_done(w->d.k, &dirty, &outcome, &err));
    assert_true(cs_vat_find(w->d.store, w->bob)->is_lonely);
}

static void action_for_an_unknown_vat(world *w)
{
    gc_delete(w->d.store, "v1 dropExport ko22");
    gc_add(w->d.store, "v99 dropExport ko22");
}

static void replace_vat(world *w, cs_queue_id queue, cs_bytes item)
{
    const cs_meta *meta = cs_meta_get(w->d.store);
    replace_item(w, queue, queue == CS_QUEUE_REAP ? meta->reap.first : meta->lonely.first, item);
}

static void reap_item_is_garbage(world *w)
{
    replace_vat(w, CS_QUEUE_REAP, CS_BYTES("\x02\x02"));
}

static void reap_item_is_no_vat(world *w)
{
    replace_vat(w, CS_QUEUE_REAP, CS_BYTES("\x00"));
}

static void reap_item_is_an_unknown_vat(world *w)
{
    replace_vat(w, CS_QUEUE_REAP, CS_BYTES("\x63"));
}

static void reap_item_is_another_vat(world *w)
{
    replace_vat(w, CS_QUEUE_REAP, CS_BYTES("\x01"));
}

static void reap_item_is_missing(world *w)
{
    cs_queue_delete(w->d.store, CS_QUEUE_REAP, cs_meta_get(w->d.store)->reap.first);
}

static void reaping_is_forgotten(world *w)
{
    cs_vat_edit(w->d.store, w->bob)->is_reaping = false;
}

static void lonely_item_is_garbage(world *w)
{
    replace_vat(w, CS_QUEUE_LONELY, CS_BYTES("\x80"));
}

static void lonely_item_is_an_unknown_vat(world *w)
{
    replace_vat(w, CS_QUEUE_LONELY, CS_BYTES("\x63"));
}

static void lonely_item_is_missing(world *w)
{
    cs_queue_delete(w->d.store, CS_QUEUE_LONELY, cs_meta_get(w->d.store)->lonely.first);
}

static void loneliness_is_forgotten(world *w)
{
    cs_vat_edit(w->d.store, w->bob)->is_lonely = false;
}

static void exporter_forgot(world *w)
{
    cs_clist_delete(w->d.store, w->alice, offered_object);
}

/* ---- what only the audit sees ---- */

static void drop_is_lost(world *w)
{
    gc_delete(w->d.store, "v1 dropExport ko22");
}

static void retirement_of_the_root_is_lost(world *w)
{
    gc_delete(w->d.store, "v1 retireExport ko20");
}

static void retirement_is_lost(world *w)
{
    gc_delete(w->d.store, "v2 retireImport ko22");
}

static void orphan_is_not_retiring(world *w)
{
    cs_object_edit(w->d.store, cs_kref_of(CS_REF_OBJECT, 22))->is_retiring = false;
}

static void orphan_is_retiring_though_reachable(world *w)
{
    cs_clist_edit(w->d.store, w->bob, o_minus(50))->reachable = true;
    cs_object_edit(w->d.store, cs_kref_of(CS_REF_OBJECT, 22))->reachable = 1;
    cs_vat_edit(w->d.store, w->bob)->imports_reachable++;
}

static void owned_and_retiring(world *w)
{
    cs_object_edit(w->d.store, w->bob_root)->is_retiring = true;
}

static void action_of_an_object_that_never_was(world *w)
{
    gc_add(w->d.store, "v1 dropExport ko999");
}

static void too_few_imports(world *w)
{
    cs_vat_edit(w->d.store, w->alice)->imports_reachable--;
}

static void too_many_imports(world *w)
{
    cs_vat_edit(w->d.store, w->bob)->imports_reachable++;
}

static void is_reaping_without_an_item(world *w)
{
    cs_vat_edit(w->d.store, w->alice)->is_reaping = true;
}

static void is_lonely_without_an_item(world *w)
{
    cs_vat_edit(w->d.store, w->alice)->is_lonely = true;
}

static void is_reaped_twice(world *w)
{
    cs_queue_add(w->d.store, CS_QUEUE_REAP, cs_meta_edit(w->d.store)->reap.next++,
                 cs_blob_new(CS_BYTES("\x02")));
}

static void is_dirty_and_nobody_asks(world *w)
{
    cs_vat_edit(w->d.store, w->alice)->allocated_bytes = 1;
}

static void delivered_in_the_future(world *w)
{
    cs_vat_edit(w->d.store, w->alice)->last_crank = 1000000;
}

/* ---- what becomes of them ---- */

/* Runs on, answering with nothing. */
static cs_status run_on(world *w, cs_error *err)
{
    cs_effect e;
    cs_status st;
    const cs_reply reply = { 0 };
    cs_outcome outcome;
    do {
        st = cs_kernel_next(w->d.k, &e, err);
        if (st == CS_OK && e.kind == CS_EFFECT_DELIVER)
            st = cs_kernel_done(w->d.k, &reply, &outcome, err);
    } while (st == CS_OK && e.kind != CS_EFFECT_IDLE);
    return st;
}

static void keep_nothing(void *ctx, const char *line)
{
    (void)ctx;
    (void)line;
}

static void damage_and_run(void (*prepare)(world *), void (*damage)(world *), const char *name)
{
    world w = make_world();
    cs_error err = { 0 };
    if (prepare != NULL)
        prepare(&w);
    raw_audit(&w.d);
    damage(&w);
    if (cs_kernel_audit(w.d.k, keep_nothing, NULL) == 0)
        fail_msg("%s: the audit sees nothing", name);
    cs_status st = run_on(&w, &err);
    if (st != CS_E_CORRUPT)
        fail_msg("%s: %s", name, cs_status_name(st));
    /* the crank never was: it fails again, at the same place */
    char before[CS_ERROR_MAX];
    const cs_hash activity = cs_meta_get(w.d.store)->activity;
    memcpy(before, err.text, sizeof before);
    assert_int_equal(run_on(&w, &err), CS_E_CORRUPT);
    assert_string_equal(err.text, before);
    assert_true(cs_hash_same(&activity, &cs_meta_get(w.d.store)->activity));
    assert_int_equal(cs_meta_get(w.d.store)->stats[CS_STAT_VATS_TERMINATED], 0);
    raw_close(&w.d);
}

static void resolve_after_delivery(world *w)
{
    deliver_message(w);
    resolve_offered(w);
}

#define ROW(prepare, damage) \
    { \
        prepare, damage, #damage \
    }
static const struct {
    void (*prepare)(world *);
    void (*damage)(world *);
    const char *name;
} rows[] = {
    ROW(NULL, item_is_garbage),
    ROW(NULL, item_is_empty),
    ROW(NULL, item_is_missing),
    ROW(NULL, target_is_missing),
    ROW(NULL, owner_is_missing),
    ROW(NULL, ended_vat_is_not_there),
    ROW(NULL, ended_vat_is_live),
    ROW(NULL, ended_list_is_empty),
    ROW(NULL, ended_list_is_malformed),
    ROW(NULL, result_is_missing),
    ROW(NULL, result_is_decided),
    ROW(NULL, slot_is_missing),
    ROW(NULL, count_is_too_low),
    ROW(NULL, more_reachable_than_recognizable),
    ROW(NULL, promise_count_is_too_low),
    ROW(NULL, options_are_malformed),
    ROW(NULL, import_ids_have_run_out),
    ROW(NULL, export_was_dropped),
    ROW(NULL, event_for_no_vat),
    ROW(resolve_after_delivery, resolution_is_garbage),
    ROW(resolve_after_delivery, resolution_is_missing),
    ROW(resolve_after_delivery, resolved_is_not),
    ROW(resolve_after_delivery, notified_is_missing),
    ROW(resolve_after_delivery, object_in_resolution_is_missing),
    ROW(object_on_its_way_out, action_for_an_unknown_vat),
    ROW(bob_waits_to_be_reaped, reap_item_is_garbage),
    ROW(bob_waits_to_be_reaped, reap_item_is_no_vat),
    ROW(bob_waits_to_be_reaped, reap_item_is_an_unknown_vat),
    ROW(bob_waits_to_be_reaped, reap_item_is_another_vat),
    ROW(bob_waits_to_be_reaped, reap_item_is_missing),
    ROW(bob_waits_to_be_reaped, reaping_is_forgotten),
    ROW(bob_is_lonely, lonely_item_is_garbage),
    ROW(bob_is_lonely, lonely_item_is_an_unknown_vat),
    ROW(bob_is_lonely, lonely_item_is_missing),
    ROW(bob_is_lonely, loneliness_is_forgotten),
};

/* What the kernel goes on with, as harmlessly as it can. */
static const struct {
    void (*prepare)(world *);
    void (*damage)(world *);
    const char *name;
} quiet_rows[] = {
    ROW(object_on_its_way_out, drop_is_lost),
    ROW(object_on_its_way_out, exporter_forgot),
    ROW(root_on_its_way_out, retirement_of_the_root_is_lost),
    ROW(orphan_on_its_way_out, retirement_is_lost),
    ROW(orphan_on_its_way_out, orphan_is_not_retiring),
    ROW(orphan_on_its_way_out, orphan_is_retiring_though_reachable),
    ROW(NULL, owned_and_retiring),
    ROW(NULL, action_of_an_object_that_never_was),
    ROW(NULL, too_few_imports),
    ROW(NULL, too_many_imports),
    ROW(NULL, is_reaping_without_an_item),
    ROW(NULL, is_lonely_without_an_item),
    ROW(bob_waits_to_be_reaped, is_reaped_twice),
    ROW(NULL, is_dirty_and_nobody_asks),
    ROW(NULL, delivered_in_the_future),
};

static void audits_see_what_is_wrong_with_garbage(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof quiet_rows / sizeof quiet_rows[0]; i++) {
        world w = make_world();
        if (quiet_rows[i].prepare != NULL)
            quiet_rows[i].prepare(&w);
        raw_audit(&w.d);
        quiet_rows[i].damage(&w);
        if (cs_kernel_audit(w.d.k, keep_nothing, NULL) == 0)
            fail_msg("%s: the audit sees nothing", quiet_rows[i].name);
        raw_close(&w.d);
    }
}

static void damaged_rows_give_corrupt(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        damage_and_run(rows[i].prepare, rows[i].damage, rows[i].name);
}

/* Damage that shows when a reply is applied: not the vat's fault, and the crank is open again. */
static void damage_and_answer(void (*damage)(world *), const cs_syscall *syscall, const char *text)
{
    world w = make_world();
    cs_error err;
    cs_outcome outcome;
    cs_effect e;
    const cs_reply reply = { .syscalls = syscall, .syscall_count = 1 };
    deliver_message(&w);
    (void)raw_send(&w.d, w.alice_root, NULL, 0);
    raw_expect(&w.d, w.alice, &e);
    damage(&w);
    assert_int_equal(cs_kernel_done(w.d.k, &reply, &outcome, &err), CS_E_CORRUPT);
    if (strstr(err.text, text) == NULL)
        fail_msg("%s", err.text);
    raw_expect(&w.d, w.alice, &e); /* the same again */
    cs_kernel_abandon(w.d.k);
    raw_close(&w.d);
}

static void damage_under_a_reply(void **state)
{
    (void)state;
    const cs_vref fresh[] = { cs_vref_of(CS_REF_OBJECT, true, 8),
                              cs_vref_of(CS_REF_OBJECT, true, 9) };
    const cs_resolution r = { p_plus(5), true, { CS_BYTES("#[]"), NULL, 0 } };
    const cs_syscall resolve = { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } };
    const cs_capdata methargs = { CS_BYTES("#[]"), fresh, 2 };
    const cs_syscall send = { .kind = CS_SYSCALL_SEND, .send = { o_minus(50), methargs, { 0 } } };
    const cs_syscall subscribe = { .kind = CS_SYSCALL_SUBSCRIBE, .promise = p_plus(5) };
    damage_and_answer(waiting_message_is_missing, &resolve, "has no item");
    damage_and_answer(object_ids_have_run_out, &send, "out of range");
    damage_and_answer(target_is_missing, &send, "ko21: row is missing");
    damage_and_answer(notified_is_missing, &subscribe, "kp41: row is missing");
    damage_and_answer(notified_is_missing, &resolve, "kp41: row is missing");
    const cs_vref import = o_minus(50);
    const cs_syscall drop = { .kind = CS_SYSCALL_DROP_IMPORTS, .refs = { &import, 1 } };
    damage_and_answer(too_few_imports, &drop, "v1: its count of imports leaves the range");
}

/* An object whose owner does not export it falls. */
static void damage_under_a_sweep(void **state)
{
    (void)state;
    world w = make_world();
    cs_effect e;
    cs_error err;
    cs_outcome outcome;
    deliver_message(&w);
    const cs_vref import = o_minus(50);
    const cs_capdata methargs = { CS_BYTES("#[]"), &offered_object, 1 };
    const cs_syscall give = { .kind = CS_SYSCALL_SEND, .send = { import, methargs, { 0 } } };
    answer_message(&w, w.alice, &give);
    raw_expect(&w.d, w.bob, &e);
    raw_answer(&w.d, NULL, 0);
    (void)raw_send(&w.d, w.bob_root, NULL, 0);
    raw_expect(&w.d, w.bob, &e);
    exporter_forgot(&w);
    const cs_syscall drop = { .kind = CS_SYSCALL_DROP_IMPORTS, .refs = { &import, 1 } };
    const cs_reply dropping = { .syscalls = &drop,
                                .syscall_count = 1,
                                .imports_held = CS_IMPORTS_UNKNOWN };
    assert_int_equal(cs_kernel_done(w.d.k, &dropping, &outcome, &err), CS_E_CORRUPT);
    assert_string_equal(err.text, "ko22: v1 owns it and does not export it");
    raw_close(&w.d);
}

/* ---- a damaged file ---- */

/* Opens the file and runs it to the end. */
static cs_status run_file(const char *path, cs_hash *ret_activity)
{
    world w = { 0 };
    cs_error err;
    cs_status st = cs_store_open(path, &(cs_store_options){ 0 }, &w.d.store, &err);
    if (st == CS_OK)
        st = cs_kernel_new(w.d.store, NULL, NULL, &w.d.k, &err);
    if (st == CS_OK)
        st = run_on(&w, &err);
    if (st == CS_OK)
        *ret_activity = cs_meta_get(w.d.store)->activity;
    if (st == CS_OK) /* a page that nobody needed stays unread, even by this */
        (void)cs_kernel_audit(w.d.k, keep_nothing, NULL);
    raw_close(&w.d);
    return st;
}

static void make_file(const char *path)
{
    raw_drive d = { 0 };
    cs_error err;
    assert_ok(cs_store_open(path, &(cs_store_options){ .create = true }, &d.store, &err));
    assert_ok(cs_kernel_new(d.store, NULL, NULL, &d.k, &err));
    cs_vatid vat = raw_add_vat(&d, "alice", NULL);
    cs_kref root = raw_root(&d, vat);
    for (unsigned i = 0; i < 20; i++)
        (void)raw_send(&d, root, &root, 1);
    assert_ok(cs_store_commit(d.store, &err));
    raw_close(&d);
}

/* One byte in each page: the run ends as it would have, or with a status of the machine's. */
static void damaged_pages_are_the_machine_s_fault(void **state)
{
    (void)state;
    enum { PAGE = 4096 };
    char path[300], copy[310];
    cs_hash right, got;
    size_t size;
    (void)snprintf(path, sizeof path, "%s/store", t_tmpdir());
    (void)snprintf(copy, sizeof copy, "%s.copy", path);
    make_file(path);
    char *data = t_read_file(path, &size);
    t_write_file(copy, data, size);
    assert_ok(run_file(copy, &right));
    size_t refused = 0;
    for (size_t at = 150; at < size; at += PAGE) {
        data[at] ^= 0x55;
        (void)remove(copy);
        t_write_file(copy, data, size);
        cs_status st = run_file(copy, &got);
        assert_true(st == CS_OK || cs_status_class(st) == CS_CLASS_ENV);
        assert_true(st != CS_OK || cs_hash_same(&got, &right));
        refused += st != CS_OK;
        data[at] ^= 0x55;
    }
    assert_true(refused > 0);
    free(data);
}

T_MAIN(T(damaged_rows_give_corrupt), T(audits_see_what_is_wrong_with_garbage),
       T(damage_under_a_reply), T(damage_under_a_sweep), T(damaged_pages_are_the_machine_s_fault))
