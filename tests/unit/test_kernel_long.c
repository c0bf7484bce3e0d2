/* What is long: queues, chains and lists of 100,000 cost what they cost once, not squared, and nothing
 * recurses. */
#include <stdlib.h>
#include <time.h>

#include "base/limits.h"
#include "raw_drive.h"
#include "t.h"

static const cs_vref root = { UINT64_C(3) << 61 };     /* o+0 */
static const cs_vref made = { UINT64_C(5) << 61 | 1 }; /* p+1 */

static double now_s(void)
{
    struct timespec t;
    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Ten times as much may cost some twenty times as much, for caches and page faults, but not a
 * hundred. */
static void assert_linear(void (*run)(uint32_t n))
{
    run(1000);
    double start = now_s();
    run(10000);
    double small = now_s() - start;
    start = now_s();
    run(100000);
    double large = now_s() - start;
    if (large > 40 * small + 0.5)
        fail_msg("10,000 took %.3f s, 100,000 took %.3f s", small, large);
}

static cs_syscall send_to(cs_vref target, cs_vref answer)
{
    cs_syscall s = { .kind = CS_SYSCALL_SEND };
    s.send = (cs_message){ target, { CS_BYTES("#[\"foo\",[]]"), NULL, 0 }, answer };
    return s;
}

/* n messages wait for one promise, and go on when it is resolved. */
static void queue_of(uint32_t n)
{
    cs_vatid vat;
    raw_drive d = raw_open_delivered(&vat);
    cs_syscall *s = calloc(n, sizeof *s);
    cs_resolution r = { made, false, { CS_BYTES("#\"$0\""), &root, 1 } };
    const cs_syscall resolve = { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } };
    cs_effect e;
    for (uint32_t i = 0; i < n; i++)
        s[i] = send_to(made, (cs_vref){ 0 });
    raw_answer(&d, s, n);
    (void)raw_send(&d, raw_root(&d, vat), NULL, 0);
    raw_expect(&d, vat, &e);
    raw_answer(&d, &resolve, 1);
    assert_int_equal(raw_drain(&d), n);
    raw_audit(&d);
    free(s);
    raw_close(&d);
}

static void a_long_queue(void **state)
{
    (void)state;
    assert_linear(queue_of);
}

/* Promise i is fulfilled to a record of promise i + 1. One notify tells all. */
static void chain_of(uint32_t n)
{
    cs_vatid alice;
    raw_drive d = raw_open_delivered(&alice);
    cs_vatid bob;
    cs_effect e;
    cs_vref *promises = calloc(n + 1, sizeof *promises);
    cs_resolution *r = calloc(n, sizeof *r);
    cs_syscall s[2] = { send_to(cs_vref_of(CS_REF_OBJECT, false, 50), (cs_vref){ 0 }) };
    raw_answer(&d, NULL, 0);
    bob = raw_add_vat(&d, "bob", NULL);
    cs_kref roots[] = { raw_root(&d, bob) };
    (void)raw_send(&d, raw_root(&d, alice), roots, 1);
    raw_expect(&d, alice, &e);
    promises[0] = made;
    s[0].send.methargs.slots = promises;
    s[0].send.methargs.slot_count = 1;
    raw_answer(&d, s, 1);
    raw_expect(&d, bob, &e);
    const cs_syscall subscribe = { .kind = CS_SYSCALL_SUBSCRIBE,
                                   .promise = cs_vref_of(CS_REF_PROMISE, false, 60) };
    raw_answer(&d, &subscribe, 1);
    (void)raw_send(&d, raw_root(&d, alice), NULL, 0);
    raw_expect(&d, alice, &e);
    /* 10,000 slots are the most of one batch */
    uint32_t batches = (n + CS_SLOTS_MAX - 1) / CS_SLOTS_MAX;
    cs_syscall *all = calloc(batches, sizeof *all);
    for (uint32_t i = 0; i < n; i++) {
        promises[i + 1] = cs_vref_of(CS_REF_PROMISE, true, i + 2);
        r[i] =
            (cs_resolution){ promises[i], false, { CS_BYTES("#[\"&0\"]"), &promises[i + 1], 1 } };
    }
    for (uint32_t i = 0; i < batches; i++) {
        uint32_t from = i * CS_SLOTS_MAX, left = n - from;
        all[i].kind = CS_SYSCALL_RESOLVE;
        all[i].resolve = (cs_resolutions){ r + from, left < CS_SLOTS_MAX ? left : CS_SLOTS_MAX };
    }
    raw_answer(&d, all, batches);
    raw_expect(&d, bob, &e);
    assert_int_equal(e.delivery.kind, CS_DELIVER_NOTIFY);
    assert_int_equal(e.delivery.notify.count, n);
    assert_int_equal(cs_vref_id(e.delivery.notify.items[n - 1].promise), 60 + n - 1);
    raw_answer(&d, NULL, 0);
    raw_audit(&d);
    /* nobody holds the chain any more: it was let go link by link, and only its end is left */
    assert_int_equal(cs_meta_get(d.store)->stats[CS_STAT_PROMISES], 3 + 1);
    free(promises);
    free(r);
    free(all);
    raw_close(&d);
}

static void a_long_chain(void **state)
{
    (void)state;
    assert_linear(chain_of);
}

/* A vat that decides n promises and exports n objects ends. */
static void ending_with(uint32_t n)
{
    cs_vatid vat;
    raw_drive d = raw_open_delivered(&vat);
    cs_syscall *s = calloc(n, sizeof *s);
    cs_vref *slots = calloc(n, sizeof *slots);
    for (uint32_t i = 0; i < n; i++) {
        slots[i] = cs_vref_of(i % 2 ? CS_REF_PROMISE : CS_REF_OBJECT, true, i + 1);
        s[i] = send_to(root, (cs_vref){ 0 });
        s[i].send.methargs = (cs_capdata){ CS_BYTES("#[\"foo\",[]]"), slots + i, 1 };
    }
    raw_answer(&d, s, n);
    assert_ok(cs_kernel_terminate(d.k, vat, CS_BYTES("test")));
    raw_audit(&d);
    assert_int_equal(raw_drain(&d), 0);
    raw_audit(&d);
    assert_int_equal(cs_meta_get(d.store)->stats[CS_STAT_OBJECTS], 1); /* its root is pinned */
    assert_int_equal(cs_meta_get(d.store)->stats[CS_STAT_PROMISES], 1);
    free(s);
    free(slots);
    raw_close(&d);
}

static void a_long_ending(void **state)
{
    (void)state;
    assert_linear(ending_with);
}

/* A vat that decides n promises ends: bob, who has them all and waits for every other one, hears of it.
 * All are rejected in one crank; the entries are deleted part by part. */
static void deciding(uint32_t n)
{
    cs_vatid alice, bob;
    raw_drive d = raw_open_delivered(&alice);
    cs_effect e;
    cs_syscall *s = calloc(n, sizeof *s);
    cs_vref *slots = calloc(n, sizeof *slots);
    raw_answer(&d, NULL, 0);
    bob = raw_add_vat(&d, "bob", NULL);
    const cs_kref bobs = raw_root(&d, bob);
    (void)raw_send(&d, raw_root(&d, alice), &bobs, 1);
    raw_expect(&d, alice, &e);
    for (uint32_t i = 0; i < n; i++) {
        slots[i] = cs_vref_of(CS_REF_PROMISE, true, i + 1);
        s[i] = send_to(cs_vref_of(CS_REF_OBJECT, false, 50), (cs_vref){ 0 });
        s[i].send.methargs = (cs_capdata){ CS_BYTES("#[\"foo\",[\"&0\"]]"), slots + i, 1 };
    }
    raw_answer(&d, s, n);
    for (uint32_t i = 0; i < n; i++) {
        raw_expect(&d, bob, &e);
        const cs_syscall subscribe = { .kind = CS_SYSCALL_SUBSCRIBE,
                                       .promise = e.delivery.message.methargs.slots[0] };
        raw_answer(&d, &subscribe, i % 2);
    }
    cs_kernel_set_cleanup(d.k, 100);
    assert_ok(cs_kernel_terminate(d.k, alice, CS_BYTES("test")));
    assert_int_equal(raw_drain(&d), n / 2);
    assert_null(cs_vat_find(d.store, alice));
    raw_audit(&d);
    assert_int_equal(cs_meta_get(d.store)->stats[CS_STAT_PROMISES], n / 2 + 2); /* and the host's */
    free(s);
    free(slots);
    raw_close(&d);
}

static void a_vat_that_decides_much_ends(void **state)
{
    (void)state;
    assert_linear(deciding);
}

/* n vats subscribe to one promise. */
static void subscribers(uint32_t n)
{
    cs_vatid alice;
    raw_drive d = raw_open_delivered(&alice);
    cs_effect e;
    cs_kref *roots = calloc(n, sizeof *roots);
    const cs_syscall subscribe = { .kind = CS_SYSCALL_SUBSCRIBE,
                                   .promise = cs_vref_of(CS_REF_PROMISE, false, 60) };
    raw_answer(&d, NULL, 0);
    (void)raw_send(&d, raw_root(&d, alice), NULL, 0);
    cs_kref shared = { 0 };
    const cs_vat_options dynamic = { .is_static = false };
    raw_expect(&d, alice, &e);
    const cs_syscall out[] = { send_to(root, made) };
    raw_answer(&d, out, 1);
    raw_expect(&d, alice, &e); /* and now alice decides kp43, her own answer */
    raw_answer(&d, NULL, 0);
    shared = cs_kref_of(CS_REF_PROMISE, 42);
    for (uint32_t i = 0; i < n; i++)
        roots[i] = raw_root(&d, raw_add_vat(&d, "", &dynamic));
    for (uint32_t i = 0; i < n; i++) {
        (void)raw_send(&d, roots[i], &shared, 1);
        assert_true(raw_next(&d, &e));
        raw_answer(&d, &subscribe, 1);
    }
    (void)raw_send(&d, raw_root(&d, alice), NULL, 0);
    raw_expect(&d, alice, &e);
    cs_resolution r = { made, true, { CS_BYTES("#[]"), NULL, 0 } };
    const cs_syscall resolve = { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } };
    raw_answer(&d, &resolve, 1);
    assert_int_equal(cs_meta_get(d.store)->acceptance.next - cs_meta_get(d.store)->acceptance.first,
                     n);
    assert_int_equal(raw_drain(&d), n);
    if (n < 10000) /* in memory the audit walks all c-lists once for each vat */
        raw_audit(&d);
    free(roots);
    raw_close(&d);
}

static void many_subscribers(void **state)
{
    (void)state;
    double start = now_s();
    subscribers(1000);
    double small = now_s() - start;
    start = now_s();
    subscribers(10000);
    double large = now_s() - start;
    if (large > 30 * small + 0.5)
        fail_msg("1,000 took %.3f s, 10,000 took %.3f s", small, large);
}

/* ---- garbage ---- */

/* The next delivery must be of this kind; answers it. */
static uint32_t expect_kind(raw_drive *d, cs_delivery_kind kind)
{
    cs_effect e;
    assert_true(raw_next(d, &e));
    assert_int_equal(e.delivery.kind, kind);
    uint32_t count = e.delivery.refs.count;
    raw_answer(d, NULL, 0);
    return count;
}

/* The vat sends itself n objects, answers with nothing, and so they go. */
static void way_out(uint32_t n)
{
    cs_vatid vat;
    raw_drive d = raw_open_delivered(&vat);
    uint32_t count = (n + CS_SLOTS_MAX - 1) / CS_SLOTS_MAX;
    cs_syscall *s = calloc(count, sizeof *s);
    cs_vref *slots = calloc(n, sizeof *slots);
    for (uint32_t i = 0; i < n; i++)
        slots[i] = cs_vref_of(CS_REF_OBJECT, true, i + 1);
    for (uint32_t i = 0; i < count; i++) {
        uint32_t from = i * CS_SLOTS_MAX, left = n - from;
        s[i] = send_to(root, (cs_vref){ 0 });
        s[i].send.methargs.slots = slots + from;
        s[i].send.methargs.slot_count = left < CS_SLOTS_MAX ? left : CS_SLOTS_MAX;
    }
    raw_answer(&d, s, count);
    (void)raw_drain(&d);
    const uint64_t *stats = cs_meta_get(d.store)->stats;
    assert_int_equal(stats[CS_STAT_EXPORTS_RETIRED], n);
    assert_int_equal(stats[CS_STAT_OBJECTS], 1);
    raw_audit(&d);
    free(s);
    free(slots);
    raw_close(&d);
}

static void a_long_way_out(void **state)
{
    (void)state;
    assert_linear(way_out);
}

/* One object that n vats recognise is retired: who they are is found without asking every vat (S4h),
 * and each is told. */
static void importers(uint32_t n)
{
    cs_vatid alice;
    raw_drive d = raw_open_delivered(&alice);
    cs_effect e;
    const cs_vref object = cs_vref_of(CS_REF_OBJECT, true, 1),
                  import = cs_vref_of(CS_REF_OBJECT, false, 50);
    const cs_syscall drop = { .kind = CS_SYSCALL_DROP_IMPORTS, .refs = { &import, 1 } };
    const cs_syscall retire = { .kind = CS_SYSCALL_RETIRE_EXPORTS, .refs = { &object, 1 } };
    const cs_resolution r = { cs_vref_of(CS_REF_PROMISE, false, 60),
                              false,
                              { CS_BYTES("#[\"$0\"]"), &object, 1 } };
    const cs_syscall resolve = { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } };
    const cs_vat_options dynamic = { .is_static = false };
    raw_answer(&d, &resolve, 1);
    const cs_kref shared = cs_kref_of(CS_REF_OBJECT, 21), held = cs_kref_of(CS_REF_PROMISE, 40);
    for (uint32_t i = 0; i < n; i++) {
        cs_vatid vat = raw_add_vat(&d, "", &dynamic);
        (void)raw_send(&d, raw_root(&d, vat), &shared, 1);
        raw_expect(&d, vat, &e);
        raw_answer(&d, &drop, 1);
    }
    assert_ok(cs_kernel_release(d.k, held));
    raw_expect(&d, alice, &e);
    assert_int_equal(e.delivery.kind, CS_DELIVER_DROP_EXPORTS);
    raw_answer(&d, &retire, 1);
    for (uint32_t i = 0; i < n; i++)
        assert_int_equal(expect_kind(&d, CS_DELIVER_RETIRE_IMPORTS), 1);
    assert_false(raw_next(&d, &e));
    assert_null(cs_object_find(d.store, shared));
    raw_close(&d);
}

static void many_importers(void **state)
{
    (void)state;
    double start = now_s();
    importers(1000);
    double small = now_s() - start;
    start = now_s();
    importers(10000);
    double large = now_s() - start;
    if (large > 30 * small + 0.5)
        fail_msg("1,000 took %.3f s, 10,000 took %.3f s", small, large);
}

T_MAIN(T(a_long_queue), T(a_long_chain), T(a_long_ending), T(a_vat_that_decides_much_ends),
       T(many_subscribers), T(a_long_way_out), T(many_importers))
