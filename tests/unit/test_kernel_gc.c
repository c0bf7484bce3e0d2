/* Garbage, where a script would be too long: names of actions, more than a batch, lonely vats, long lists
 * from vats. What happens to single objects is in golden/kernel/gc_*.trace. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "kernel/gc.h"
#include "raw_drive.h"
#include "t.h"

static cs_vref o_plus(uint64_t id)
{
    return cs_vref_of(CS_REF_OBJECT, true, id);
}

static cs_vref o_minus(uint64_t id)
{
    return cs_vref_of(CS_REF_OBJECT, false, id);
}

/* Among neighbours. */
static void scheduled_is_what_was_scheduled(void **state)
{
    (void)state;
    raw_drive d = raw_open();
    for (uint64_t i = 0; i < 1200; i += 3)
        cs_gc_schedule(d.k, (cs_vatid){ 1 }, CS_GC_DROP_EXPORT, cs_kref_of(CS_REF_OBJECT, i));
    for (uint64_t i = 0; i < 1200; i++) {
        cs_gc_action a = { { 1 }, CS_GC_DROP_EXPORT, cs_kref_of(CS_REF_OBJECT, i) };
        assert_int_equal(cs_gc_has(d.store, &a), i % 3 == 0);
        a.type = CS_GC_RETIRE_EXPORT;
        assert_false(cs_gc_has(d.store, &a));
        a = (cs_gc_action){ { 11 }, CS_GC_DROP_EXPORT, a.object };
        assert_false(cs_gc_has(d.store, &a));
    }
    raw_close(&d);
}

/* ---- many objects ---- */

/* alice exports o+1 to o+n, bob imports them as o-50 to o-(50+n-1). */
typedef struct hoard {
    raw_drive d;
    cs_vatid alice, bob;
    cs_vref *refs;
    uint32_t count;
} hoard;

static void fill(hoard *h, bool by_vat)
{
    for (uint32_t i = 0; i < h->count; i++)
        h->refs[i] = by_vat ? o_plus(1 + i) : o_minus(50 + i);
}

/* The next message to `vat`, answered with these. */
static void poke(hoard *h, cs_vatid vat, const cs_kref *slots, uint32_t slot_count,
                 const cs_syscall *syscalls, uint32_t count)
{
    cs_effect e;
    cs_kref promise = raw_send(&h->d, raw_root(&h->d, vat), slots, slot_count);
    assert_ok(cs_kernel_release(h->d.k, promise));
    raw_expect(&h->d, vat, &e);
    assert_int_equal(e.delivery.kind, CS_DELIVER_MESSAGE);
    raw_answer(&h->d, syscalls, count);
}

static hoard make_hoard(uint32_t count)
{
    hoard h = { .d = raw_open(), .count = count, .refs = malloc(count * sizeof(cs_vref)) };
    h.alice = raw_add_vat(&h.d, "alice", NULL);
    h.bob = raw_add_vat(&h.d, "bob", NULL);
    const cs_kref bob = raw_root(&h.d, h.bob);
    cs_effect e;
    fill(&h, true);
    poke(&h, h.alice, &bob, 1, NULL, 0);
    for (uint32_t i = 0; i < count; i += CS_SLOTS_MAX) {
        uint32_t left = count - i;
        cs_syscall s = { .kind = CS_SYSCALL_SEND };
        s.send.target = o_minus(50);
        s.send.methargs = (cs_capdata){ CS_BYTES("#[\"foo\",[]]"), h.refs + i,
                                        left < CS_SLOTS_MAX ? left : CS_SLOTS_MAX };
        poke(&h, h.alice, NULL, 0, &s, 1);
        raw_expect(&h.d, h.bob, &e);
        raw_answer(&h.d, NULL, 0);
    }
    fill(&h, false);
    return h;
}

static void end_hoard(hoard *h)
{
    free(h->refs);
    raw_close(&h->d);
}

static void let_go(hoard *h, bool retire)
{
    const cs_syscall both[] = {
        { .kind = CS_SYSCALL_DROP_IMPORTS, .refs = { h->refs, h->count } },
        { .kind = CS_SYSCALL_RETIRE_IMPORTS, .refs = { h->refs, h->count } },
    };
    poke(h, h->bob, NULL, 0, both, retire ? 2 : 1);
}

/* The next deliveries: so many of `kind` to `vat`, in batches. Answers all of them. */
static void expect_batches(hoard *h, cs_vatid vat, cs_delivery_kind kind, uint32_t count)
{
    cs_effect e;
    while (count > 0) {
        uint32_t most = count < CS_GC_BATCH ? count : CS_GC_BATCH;
        raw_expect(&h->d, vat, &e);
        assert_int_equal(e.delivery.kind, kind);
        assert_int_equal(e.delivery.refs.count, most);
        raw_answer(&h->d, NULL, 0);
        count -= most;
    }
}

enum { MANY = 25000 };

static void a_group_goes_in_batches(void **state)
{
    (void)state;
    hoard h = make_hoard(MANY);
    cs_effect e;
    let_go(&h, true);
    raw_audit(&h.d);
    expect_batches(&h, h.alice, CS_DELIVER_DROP_EXPORTS, MANY);
    raw_audit(&h.d);
    expect_batches(&h, h.alice, CS_DELIVER_RETIRE_EXPORTS, MANY);
    assert_false(raw_next(&h.d, &e));
    raw_audit(&h.d);
    const uint64_t *stats = cs_meta_get(h.d.store)->stats;
    assert_int_equal(stats[CS_STAT_EXPORTS_DROPPED], MANY);
    assert_int_equal(stats[CS_STAT_EXPORTS_RETIRED], MANY);
    assert_int_equal(stats[CS_STAT_OBJECTS], 2);
    end_hoard(&h);
}

/* In each batch, and from one to the next, krefs go as texts: alice's first are ko22 and so on. */
static void batches_are_in_order(void **state)
{
    (void)state;
    hoard h = make_hoard(MANY);
    cs_effect e;
    cs_kref before = { 0 };
    let_go(&h, false);
    for (uint32_t seen = 0; seen < MANY; seen += e.delivery.refs.count) {
        raw_expect(&h.d, h.alice, &e);
        for (uint32_t i = 0; i < e.delivery.refs.count; i++) {
            const cs_clist_row *row =
                cs_clist_find_vref(h.d.store, h.alice, e.delivery.refs.items[i]);
            assert_false(row->reachable);
            assert_true(cs_kref_none(before) || cs_kref_compare_text(before, row->kref) < 0);
            before = row->kref;
        }
        raw_answer(&h.d, NULL, 0);
    }
    end_hoard(&h);
}

/* What a batch has not told yet is held against the rows when its turn comes. */
static void what_returns_is_not_in_the_next_batch(void **state)
{
    (void)state;
    hoard h = make_hoard(MANY);
    cs_effect e;
    let_go(&h, false);
    raw_expect(&h.d, h.alice, &e);
    /* krefs as texts: ko9999 is among the last */
    const cs_kref last = cs_kref_of(CS_REF_OBJECT, 9999);
    const cs_vref vref = cs_clist_find_kref(h.d.store, h.alice, last)->vref;
    cs_syscall s = { .kind = CS_SYSCALL_SEND };
    s.send = (cs_message){ o_minus(50), { CS_BYTES("#[]"), &vref, 1 }, { 0 } };
    raw_answer(&h.d, &s, 1);
    expect_batches(&h, h.alice, CS_DELIVER_DROP_EXPORTS, MANY - CS_GC_BATCH - 1);
    raw_expect(&h.d, h.bob, &e);
    assert_int_equal(e.delivery.message.methargs.slot_count, 1);
    raw_answer(&h.d, NULL, 0);
    raw_audit(&h.d);
    end_hoard(&h);
}

/* The vat ends in the middle: its actions are forgotten batch by batch, and bob is told of the rest. */
static void a_vat_ends_between_two_batches(void **state)
{
    (void)state;
    hoard h = make_hoard(MANY);
    const cs_reply reply = { .status = CS_E_THROWN, .imports_held = CS_IMPORTS_UNKNOWN };
    cs_outcome outcome;
    cs_effect e;
    cs_error err;
    let_go(&h, false);
    expect_batches(&h, h.alice, CS_DELIVER_DROP_EXPORTS, CS_GC_BATCH);
    raw_expect(&h.d, h.alice, &e);
    assert_ok(cs_kernel_done(h.d.k, &reply, &outcome, &err));
    assert_true(outcome.terminated);
    raw_audit(&h.d);
    unsigned pseudo = 0;
    for (; cs_kernel_next(h.d.k, &e, &err) == CS_OK && e.kind == CS_EFFECT_CRANK; pseudo++)
        raw_audit(&h.d);
    /* It is deleted in parts, and 15,000 actions are those that nobody hears. */
    assert_int_equal(pseudo, MANY / CS_CLEANUP_BATCH + 1 + 2);
    assert_int_equal(e.delivery.kind, CS_DELIVER_RETIRE_IMPORTS);
    raw_answer(&h.d, NULL, 0);
    expect_batches(&h, h.bob, CS_DELIVER_RETIRE_IMPORTS, MANY - CS_GC_BATCH);
    assert_false(raw_next(&h.d, &e));
    raw_audit(&h.d);
    end_hoard(&h);
}

/* Forty objects fall, and are on the list of the crank; then a promise falls, and only with it the last
 * that holds one of them: it is looked at again (R3), though it was among many. */
static void what_falls_in_the_sweep_is_looked_at_again(void **state)
{
    (void)state;
    enum { COUNT = 40 };
    raw_drive d = raw_open();
    cs_vatid alice = raw_add_vat(&d, "alice", NULL);
    cs_vref objects[COUNT];
    cs_effect e;
    for (uint32_t i = 0; i < COUNT; i++)
        objects[i] = o_plus(1 + i);
    const cs_vref answer = cs_vref_of(CS_REF_PROMISE, true, 1);
    const cs_syscall send = { .kind = CS_SYSCALL_SEND,
                              .send = { o_plus(0), { CS_BYTES("#[]"), objects, COUNT }, answer } };
    const cs_resolution r = { answer, false, { CS_BYTES("#[\"$0\"]"), objects, 1 } };
    const cs_syscall resolve = { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } };
    (void)raw_send(&d, raw_root(&d, alice), NULL, 0);
    raw_expect(&d, alice, &e);
    raw_answer(&d, &send, 1);
    raw_expect(&d, alice, &e);
    raw_answer(&d, &resolve, 1);
    raw_audit(&d);
    raw_expect(&d, alice, &e);
    assert_int_equal(e.delivery.kind, CS_DELIVER_DROP_EXPORTS);
    assert_int_equal(e.delivery.refs.count, COUNT);
    raw_answer(&d, NULL, 0);
    raw_close(&d);
}

/* ---- one object, every way it can go ---- */

enum { ALICE = 1, BOB, CAROL };

/* What a vat knows of the object: its own names, and what it was told. */
typedef struct party {
    cs_vref vref;
    bool knows, reaches; /* of alice: exports it, and was not told to drop it */
} party;
typedef struct play {
    raw_drive d;
    party parties[CAROL + 1];
    const char *bad;
} play;

static void expect_that(play *p, bool is_so, const char *what)
{
    if (!is_so && p->bad == NULL)
        p->bad = what;
}

/* What the vat learns. */
static void hear(play *p, const cs_effect *e)
{
    party *who = &p->parties[e->vat.n];
    const cs_delivery *d = &e->delivery;
    const cs_vref *slots = d->message.methargs.slots;
    if (d->kind == CS_DELIVER_MESSAGE && d->message.methargs.slot_count == 1) {
        bool is_new = !who->knows;
        expect_that(p, is_new || cs_vref_same(who->vref, slots[0]), "another name for it");
        *who = (party){ slots[0], true, true };
    } else if (d->kind == CS_DELIVER_DROP_EXPORTS) {
        expect_that(p, e->vat.n == ALICE && who->knows && who->reaches, "dropped twice");
        who->reaches = false;
    } else if (d->kind != CS_DELIVER_MESSAGE) {
        bool is_export = d->kind == CS_DELIVER_RETIRE_EXPORTS;
        expect_that(p, is_export == (e->vat.n == ALICE), "a retirement for another");
        expect_that(p, who->knows && !who->reaches, "retired before it was dropped");
        who->knows = false;
    }
}

/* What it does then, and what the c-list makes of it. Gives the syscalls. */
static uint32_t act(party *who, bool is_alice, uint64_t choice, cs_syscall ret[static 2])
{
    const cs_vrefs refs = { &who->vref, 1 };
    if (choice == 0 || (is_alice && choice == 3 && !who->knows))
        return 0;
    if (is_alice && choice == 3) { /* sends it to bob again, if it is still the same */
        ret[0] = (cs_syscall){ .kind = CS_SYSCALL_SEND };
        ret[0].send = (cs_message){ o_minus(50), { CS_BYTES("#[]"), &who->vref, 1 }, { 0 } };
        who->reaches = true;
        return 1;
    }
    if (is_alice) {
        who->knows = who->knows && choice == 1 && who->reaches;
        ret[0].kind = choice == 1 ? CS_SYSCALL_RETIRE_EXPORTS : CS_SYSCALL_ABANDON_EXPORTS;
        ret[0].refs = refs;
        return 1;
    }
    uint32_t count = 0;
    if (choice & 1) {
        who->reaches = false;
        ret[count++] = (cs_syscall){ .kind = CS_SYSCALL_DROP_IMPORTS, .refs = refs };
    }
    if (choice & 2) {
        who->knows = who->knows && who->reaches;
        ret[count++] = (cs_syscall){ .kind = CS_SYSCALL_RETIRE_IMPORTS, .refs = refs };
    }
    return count;
}

static void note_line(void *ctx, const char *line)
{
    *(const char **)ctx = line;
}

/* Until nothing is left; each vat that has a choice takes it from the tape. */
static void run_play(play *p, tape *t)
{
    cs_error err;
    cs_effect e = { .kind = CS_EFFECT_CRANK };
    cs_outcome outcome;
    while (p->bad == NULL && e.kind != CS_EFFECT_IDLE) {
        const char *line = NULL;
        expect_that(p, cs_kernel_next(p->d.k, &e, &err) == CS_OK, "next");
        if (e.kind == CS_EFFECT_DELIVER) {
            cs_syscall syscalls[2];
            cs_reply reply = { .syscalls = syscalls, .imports_held = CS_IMPORTS_UNKNOWN };
            bool has_choice = e.delivery.kind == CS_DELIVER_DROP_EXPORTS ||
                              (e.delivery.kind == CS_DELIVER_MESSAGE &&
                               e.delivery.message.methargs.slot_count == 0);
            hear(p, &e);
            if (has_choice)
                reply.syscall_count =
                    act(&p->parties[e.vat.n], e.vat.n == ALICE, tape_below(t, 4), syscalls);
            expect_that(p, cs_kernel_done(p->d.k, &reply, &outcome, &err) == CS_OK, "done");
            expect_that(p, !outcome.aborted, "aborted");
        }
        expect_that(p, cs_kernel_audit(p->d.k, note_line, &line) == 0, "audit");
    }
}

/* Both import it, and three messages go to whomever: bob and carol may drop and retire it, alice retire,
 * abandon or send it again. In the end whoever has to know knows, and nobody was told what is not so. */
static const char *one_object(tape *t, void *ctx)
{
    (void)ctx;
    play p = { .d = raw_open() };
    cs_vatid vats[3];
    cs_effect e;
    static const char *const names[] = { "alice", "bob", "carol" };
    for (size_t i = 0; i < 3; i++)
        vats[i] = raw_add_vat(&p.d, names[i], NULL);
    const cs_kref others[] = { raw_root(&p.d, vats[1]), raw_root(&p.d, vats[2]) };
    (void)raw_send(&p.d, raw_root(&p.d, vats[0]), others, 2);
    raw_expect(&p.d, vats[0], &e);
    p.parties[ALICE] = (party){ o_plus(1), true, true };
    cs_syscall give[2] = { { .kind = CS_SYSCALL_SEND }, { .kind = CS_SYSCALL_SEND } };
    for (uint32_t i = 0; i < 2; i++)
        give[i].send =
            (cs_message){ o_minus(50 + i), { CS_BYTES("#[]"), &p.parties[ALICE].vref, 1 }, { 0 } };
    raw_answer(&p.d, give, 2);
    for (unsigned i = 0; i < 3; i++)
        (void)raw_send(&p.d, raw_root(&p.d, vats[tape_below(t, 3)]), NULL, 0);
    run_play(&p, t);
    for (uint32_t v = ALICE; v <= CAROL; v++) {
        const party *who = &p.parties[v];
        const cs_clist_row *row = cs_clist_find_vref(p.d.store, vats[v - 1], who->vref);
        expect_that(&p, who->knows == (row != NULL), "the c-list knows another story");
        expect_that(&p, row == NULL || row->reachable == who->reaches, "the flag is another");
    }
    expect_that(&p, cs_gc_is_empty(p.d.store), "actions are left");
    raw_close(&p.d);
    return p.bad;
}

static void one_object_in_every_order(void **state)
{
    (void)state;
    t_exhaust(one_object, NULL, 200000);
}

/* ---- lonely vats ---- */

static void answer_dirty(raw_drive *d, uint64_t heap, uint64_t allocated)
{
    const cs_reply reply = { .heap_bytes = heap,
                             .allocated_bytes = allocated,
                             .watched = 1,
                             .imports_held = CS_IMPORTS_UNKNOWN };
    cs_outcome outcome;
    cs_error err;
    assert_ok(cs_kernel_done(d->k, &reply, &outcome, &err));
}

/* Messages to `busy` until somebody else gets something; gives how many cranks it took. */
static uint64_t keep_busy(raw_drive *d, cs_vatid busy, cs_effect *ret)
{
    const uint64_t start = cs_meta_get(d->store)->crank_number;
    for (;;) {
        cs_kref promise = raw_send(d, raw_root(d, busy), NULL, 0);
        assert_ok(cs_kernel_release(d->k, promise));
        assert_true(raw_next(d, ret));
        if (ret->vat.n != busy.n)
            return cs_meta_get(d->store)->crank_number - start;
        answer_dirty(d, 1000000000, 1); /* large, and hardly changed: not due at idle either */
    }
}

static void a_lonely_vat_is_reaped_after_a_thousand_cranks(void **state)
{
    (void)state;
    raw_drive d = raw_open();
    cs_effect e;
    cs_vatid busy = raw_add_vat(&d, "busy", NULL), lonely = raw_add_vat(&d, "lonely", NULL);
    (void)raw_send(&d, raw_root(&d, lonely), NULL, 0);
    raw_expect(&d, lonely, &e);
    assert_int_equal(e.collect, CS_COLLECT_WHEN_DUE);
    answer_dirty(&d, 1000000000, 1);
    uint64_t cranks = keep_busy(&d, busy, &e);
    assert_int_equal(e.vat.n, lonely.n);
    assert_int_equal(e.delivery.kind, CS_DELIVER_BRING_OUT_YOUR_DEAD);
    assert_true(cranks >= 998 && cranks <= 1002); /* the queue has two vats */
    raw_answer(&d, NULL, 0);
    raw_audit(&d);
    /* the busy one is never asked, however dirty it is */
    assert_int_equal(cs_meta_get(d.store)->stats[CS_STAT_BOYDS], 1);
    assert_true(cs_vat_find(d.store, busy)->is_lonely);
    assert_false(cs_vat_find(d.store, lonely)->is_lonely);
    raw_close(&d);
}

/* Two hundred lonely vats take turns at the head of the queue: each is found, if somewhat later. */
static void many_lonely_vats_are_all_found(void **state)
{
    (void)state;
    enum { VATS = 200 };
    raw_drive d = raw_open();
    cs_effect e;
    const cs_vat_options dynamic = { .is_static = false };
    cs_vatid busy = raw_add_vat(&d, "busy", NULL);
    for (unsigned i = 0; i < VATS; i++) {
        cs_vatid vat = raw_add_vat(&d, "", &dynamic);
        (void)raw_send(&d, raw_root(&d, vat), NULL, 0);
        raw_expect(&d, vat, &e);
        answer_dirty(&d, 1000000000, 1);
    }
    const uint64_t *boyds = &cs_meta_get(d.store)->stats[CS_STAT_BOYDS];
    while (*boyds < VATS) {
        (void)keep_busy(&d, busy, &e);
        assert_int_equal(e.delivery.kind, CS_DELIVER_BRING_OUT_YOUR_DEAD);
        raw_answer(&d, NULL, 0);
        assert_true(cs_meta_get(d.store)->crank_number < 1000 + 10 * VATS);
    }
    raw_audit(&d);
    assert_true(cs_vat_find(d.store, busy)->is_lonely);
    raw_close(&d);
}

/* ---- long lists ---- */

/* The vat names everything ten times and more that it does not have; the c-list has 20,000 entries. */
static void reconciling_looks_at_each_once(void **state)
{
    (void)state;
    enum { LIST = 2000000, KEPT = 100 };
    hoard h = make_hoard(20000);
    cs_vref *list = malloc(LIST * sizeof *list);
    uint32_t changed;
    for (uint32_t i = 0; i < LIST; i++)
        list[i] = i % 2 ? o_minus(50 + i % KEPT) : o_minus(1000000 + i);
    const cs_vrefs held = { list, LIST };
    assert_ok(cs_kernel_reconcile(h.d.k, h.bob, &held, &held, &changed));
    /* every other of the first hundred is named */
    assert_int_equal(changed, 20000 - KEPT / 2);
    assert_int_equal(cs_vat_find(h.d.store, h.bob)->imports_reachable, KEPT / 2);
    raw_audit(&h.d);
    expect_batches(&h, h.alice, CS_DELIVER_DROP_EXPORTS, 20000 - KEPT / 2);
    expect_batches(&h, h.alice, CS_DELIVER_RETIRE_EXPORTS, 20000 - KEPT / 2);
    raw_audit(&h.d);
    free(list);
    end_hoard(&h);
}

/* ---- asking ---- */

typedef struct asked {
    unsigned count, most;
} asked;

static bool count_holder(void *ctx, const cs_holder *h)
{
    asked *a = ctx;
    assert_true(h->kind <= CS_HELD_BY_HOST);
    return ++a->count < a->most;
}

/* A root that is held in every way: whoever asks may stop at any of them. */
static void asking_ends_when_it_is_told_to(void **state)
{
    (void)state;
    raw_drive d = raw_open();
    cs_vatid alice = raw_add_vat(&d, "alice", NULL), bob = raw_add_vat(&d, "bob", NULL);
    const cs_kref root = raw_root(&d, alice);
    cs_effect e;
    cs_kref answer = raw_send(&d, raw_root(&d, bob), &root, 1);
    raw_expect(&d, bob, &e);
    const cs_vref import = o_minus(50);
    const cs_resolution r = { e.delivery.message.result,
                              false,
                              { CS_BYTES("#[\"$0\"]"), &import, 1 } };
    const cs_syscall resolve = { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } };
    raw_answer(&d, &resolve, 1);
    cs_kref waiting = raw_send(&d, raw_root(&d, bob), NULL, 0);
    raw_expect(&d, bob, &e);
    raw_answer(&d, NULL, 0); /* bob decides it, and never does */
    (void)raw_send(&d, waiting, &root, 1);
    assert_false(raw_next(&d, &e));
    (void)raw_send(&d, root, &root, 1);
    (void)answer;
    for (unsigned most = 1; most <= 7; most++) {
        asked a = { 0, most };
        assert_ok(cs_kernel_why(d.k, root, count_holder, &a));
        assert_int_equal(a.count, most < 6 ? most : 6);
    }
    cs_queue_delete(d.store, CS_QUEUE_ACCEPTANCE, cs_meta_get(d.store)->acceptance.first);
    asked a = { 0, 100 };
    assert_int_equal(cs_kernel_why(d.k, root, count_holder, &a), CS_E_CORRUPT);
    raw_close(&d);
}

T_MAIN(T(scheduled_is_what_was_scheduled), T(a_group_goes_in_batches), T(batches_are_in_order),
       T(what_returns_is_not_in_the_next_batch), T(a_vat_ends_between_two_batches),
       T(what_falls_in_the_sweep_is_looked_at_again), T(one_object_in_every_order),
       T(a_lonely_vat_is_reaped_after_a_thousand_cranks), T(many_lonely_vats_are_all_found),
       T(reconciling_looks_at_each_once), T(asking_ends_when_it_is_told_to))
