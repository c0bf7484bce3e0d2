/* The two hashes: a vat's transcript chain is what its rows say, and histories that differ in anything
 * differ in the activity hash. That equal ones agree is shown by every trace and by the model test. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "raw_drive.h"
#include "raw_text.h"
#include "raw_vat.h"
#include "t.h"
#include "wire/codec.h"

#define START \
    "== one\n" \
    "> vat alice\n" \
    "alice <- start raw #{}\n"
#define SEND START "> @alice.go() => kp40\nalice <- o+0.go() => p-60\n"

#define DROPPED START "> pin @alice\n> release ko20\n"
#define IMPORTED \
    START "> vat bob\n" \
          "bob <- start raw #{}\n" \
          "> pin @bob\n" \
          "> @bob.take(@alice)\n" \
          "bob <- o+0.take(o-50) => p-60\n"

/* Each is another history. */
static const char *const histories[] = {
    "== one\n",
    "== one\n> vat alice\n",
    "== one\n> vat alicia\n",
    "== one\n> vat alice dynamic\n",
    "== one\n> vat alice pipelining\n",
    "== one\n> vat alice meter=5\n",
    "== one\n> vat alice\n> vat bob\n",
    "== one\n> vat alice\n> vat bob with [@alice]\n",
    START,
    START "  computrons 5\n",
    START "> pin @alice\n",
    START "> pin @alice\n> release ko20\n",
    START "> terminate alice enough\n",
    START "> terminate alice otherwise\n",
    START "> @alice.go()\n",
    START "> @alice.went()\n",
    START "> @alice.go(@alice)\n",
    START "> @alice.go() policy log\n",
    START "> @alice.go() policy panic\n",
    START "> @alice.go() => kp40\n> hold kp40\n",
    START "> @alice.go() => kp40\n> hold kp40\n> release kp40\n",
    START "> @alice.go()\n> step\n",
    SEND,
    SEND "  collected\n",
    SEND "  set key value\n",
    SEND "  set key other\n",
    SEND "  get key value\n",
    SEND "  get key other\n",
    SEND "  delete key\n",
    SEND "  fulfill p-60 yes\n",
    SEND "  fulfill p-60 no\n",
    SEND "  reject p-60 yes\n",
    SEND "  fulfill p-60 [o+0]\n",
    SEND "  fulfill p-60 [o+1]\n",
    SEND "  subscribe p-60\n",
    START "> @alice.go()\n> step\n> terminate alice enough\n",
    START "> reap alice\n",
    START "> reap-all\n",
    START "> reap alice\nalice <- bringOutYourDead\n",
    START "> reap alice\nalice <- bringOutYourDead\n  computrons 1\n",
    START "> defaults 2 20\n",
    START "> defaults 1 2\n",
    START "> defaults never 2\n",
    START "> vat bob\n> reap bob\n",
    START "> vat bob interval=2\n",
    START "> vat bob gc-krefs=2\n",
    START "> vat bob never-reap\n",
    DROPPED "> pin @alice\n> step\n",
    DROPPED "> pin @alice\n> step\n> step\n",
    DROPPED "alice <- dropExports o+0\n",
    DROPPED "> pin @alice\n> release ko20\nalice <- dropExports o+0\n",
    DROPPED "alice <- dropExports o+0\n> pin @alice\n",
    DROPPED "alice <- dropExports o+0\n  computrons 1\n",
    DROPPED "alice <- dropExports o+0\nalice <- retireExports o+0\n",
    DROPPED "alice <- dropExports o+0\nalice <- retireExports o+0\n> @alice.go()\n",
    IMPORTED,
    IMPORTED "> reconcile bob => 1\n",
    IMPORTED "> reconcile bob recognized o-50 => 1\n",
    IMPORTED "> reconcile bob recognized o-50 => 1\n> reconcile bob => 1\n",
    SEND "  drop o-50\n  ! ignored 1\n",
    SEND "  retire o-50\n  ! ignored 1\n",
    SEND "  exit yes\n  ! ended v1 (alice) crank 3: exit: #\"yes\"\n",
    SEND "  exit no\n  ! ended v1 (alice) crank 3: exit: #\"no\"\n",
    SEND "  fail yes\n  ! aborted v1 (alice) crank 3: exit with failure: #\"yes\"\n",
    SEND "  error THROWN yes\n  ! aborted v1 (alice) crank 3: exception: yes\n",
    SEND "  error THROWN no\n  ! aborted v1 (alice) crank 3: exception: no\n",
    SEND "  error STACK yes\n  ! aborted v1 (alice) crank 3: stack limit exceeded: yes\n",
    SEND "  kind 99\n  ! aborted v1 (alice) crank 3: syscall 0 (unknown): unknown kind 99\n",
    SEND "  kind 98\n  ! aborted v1 (alice) crank 3: syscall 0 (unknown): unknown kind 98\n",
};
enum { HISTORIES = sizeof histories / sizeof histories[0] };

static void other_histories_have_other_hashes(void **state)
{
    (void)state;
    cs_hash hashes[HISTORIES];
    for (size_t i = 0; i < HISTORIES; i++) {
        const char *bad = raw_play(histories[i], RAW_PLAIN, &hashes[i]);
        if (bad != NULL)
            fail_msg("%s", bad);
        for (size_t j = 0; j < i; j++)
            if (cs_hash_same(&hashes[i], &hashes[j]))
                fail_msg("the same hash:\n%s\n%s", histories[j], histories[i]);
    }
}

/* What changes nothing, and what only people see, is no history. */
static const char *const same_histories[][2] = {
    { START, START "> defaults 1 20\n" },
    { START, START "> defaults 0 0\n> defaults 0 20\n" },
    { START, START "> gc batched\n> gc prompt\n" },
    { START "> reap alice\n", START "> reap alice\n> reap alice\n" },
    { START "> pin @alice\n", START "> pin @alice\n> pin @alice\n" },
    { IMPORTED, IMPORTED "> reconcile bob held o-50 => 0\n" },
    { IMPORTED, IMPORTED "> why ko20\n  owner alice o+0 R since 0\n  vat bob o-50 R since 5\n" },
    { SEND, SEND "  heap 5000\n  allocated 500\n  watched 3\n" },
    { SEND, SEND "  imports 0\n" },
    { SEND, SEND "  imports 5\n  ! miscounted\n" },
};

static void what_is_no_history_is_not_in_the_hash(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof same_histories / sizeof same_histories[0]; i++) {
        cs_hash hashes[2];
        for (size_t j = 0; j < 2; j++) {
            const char *bad = raw_play(same_histories[i][j], RAW_PLAIN, &hashes[j]);
            if (bad != NULL)
                fail_msg("%s", bad);
        }
        if (!cs_hash_same(&hashes[0], &hashes[1]))
            fail_msg("another hash:\n%s", same_histories[i][1]);
    }
}

/* Reads the vat's transcript back: each row's delivery as text, and that the chain is as kept. */
static void assert_transcript(raw_drive *d, cs_vatid vat, const char *const *texts, size_t count)
{
    cs_hash chain = { { 0 } };
    const cs_vat_row *row = cs_vat_find(d->store, vat);
    assert_int_equal(row->next_delivery - row->first_delivery, count);
    for (size_t i = 0; i < count; i++) {
        cs_blob *item = NULL;
        cs_hash kept;
        cs_error err;
        cs_arena arena = { 0 };
        cs_delivery delivery;
        cs_reply reply;
        cs_buf b = { 0 };
        assert_ok(cs_transcript_read(d->store, vat, row->first_delivery + i, &item, &kept, &err));
        assert_non_null(item);
        chain = cs_hash_chain(&chain, cs_blob_bytes(item));
        assert_true(cs_hash_same(&chain, &kept));
        assert_ok(cs_transcript_dec(cs_blob_bytes(item), &arena, &delivery, &reply));
        raw_delivery_text(&b, &delivery);
        cs_buf_addf(&b, ", %u syscalls, %llu computrons", (unsigned)reply.syscall_count,
                    (unsigned long long)reply.computrons);
        assert_string_equal(cs_buf_text(&b), texts[i]);
        cs_buf_fini(&b);
        cs_arena_fini(&arena);
        (void)cs_blob_unref(item);
    }
    assert_true(cs_hash_same(&chain, &row->transcript));
}

static void transcripts_say_what_was_delivered(void **state)
{
    (void)state;
    raw_drive d = raw_open();
    cs_vatid vat = raw_add_vat(&d, "alice", NULL);
    cs_kref root = raw_root(&d, vat);
    const cs_resolution r = { cs_vref_of(CS_REF_PROMISE, false, 60),
                              false,
                              { CS_BYTES("#\"yes\""), NULL, 0 } };
    const cs_syscall syscalls[] = {
        { .kind = CS_SYSCALL_VATSTORE_GET, .vatstore.key = CS_BYTES("key") },
        { .kind = CS_SYSCALL_RESOLVE, .resolve = { &r, 1 } },
    };
    const cs_reply reply = { .syscalls = syscalls, .syscall_count = 2, .computrons = 77 };
    const cs_reply failed = { .status = CS_E_THROWN, .computrons = 5 };
    cs_effect e;
    cs_error err;
    cs_outcome outcome;
    (void)raw_send(&d, root, &root, 1);
    raw_expect(&d, vat, &e);
    assert_ok(cs_kernel_done(d.k, &reply, &outcome, &err));
    (void)raw_send(&d, root, NULL, 0);
    raw_expect(&d, vat, &e);
    assert_ok(cs_kernel_done(d.k, &failed, &outcome, &err)); /* leaves no row */
    static const char *const texts[] = {
        "start raw #{}, 0 syscalls, 0 computrons",
        "o+0 raw #[\"foo\",[]] | o+0 => p-60, 2 syscalls, 77 computrons",
    };
    assert_transcript(&d, vat, texts, 2);
    raw_close(&d);
}

T_MAIN(T(other_histories_have_other_hashes), T(what_is_no_history_is_not_in_the_hash),
       T(transcripts_say_what_was_delivered))
