/* Many dynamic vats: made, used once, ended, deleted, and nothing of them is left. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "devices/devices.h"
#include "kernel/bundle.h"
#include "raw_drive.h"
#include "t.h"

enum { MANY = 1000 };

/* A kernel with the devices, a bundle, and a vat that holds vatAdmin's node, as d-70. */
static cs_vatid open_world(raw_drive *d)
{
    cs_error err;
    cs_kref node;
    cs_effect e;
    const cs_hash hash = cs_hash_of(CS_BYTES("raw"));
    *d = raw_open();
    assert_ok(cs_devices_add(d->k, &err));
    assert_ok(cs_kernel_install_bundle(d->k, CS_BYTES("b1-x"), &hash, &err));
    cs_vatid admin = raw_add_vat(d, "vatAdmin", NULL);
    assert_ok(cs_kernel_device_named(d->k, CS_BYTES("vatAdmin"), &node));
    cs_kref answer = raw_send(d, raw_root(d, admin), &node, 1);
    raw_expect(d, admin, &e);
    raw_answer(d, NULL, 0);
    assert_ok(cs_kernel_release(d->k, answer));
    return admin;
}

/* A delivery to vatAdmin during which it calls its device once. */
static void call_device(raw_drive *d, cs_vatid admin, const char *method, const char *args)
{
    cs_error err;
    cs_effect e;
    cs_syscall s[2] = { { .kind = CS_SYSCALL_CALL_NOW }, { .kind = CS_SYSCALL_RESOLVE } };
    s[0].call.device = cs_vref_of(CS_REF_DEVICE, false, 70);
    s[0].call.method = cs_bytes_of(method);
    s[0].call.args.body = cs_bytes_of(args);
    cs_kref answer = raw_send(d, raw_root(d, admin), NULL, 0);
    assert_ok(cs_kernel_release(d->k, answer));
    raw_expect(d, admin, &e);
    assert_ok(cs_kernel_ask(d->k, s, 1, &err));
    if (s[0].call.failed)
        fail_msg("%.*s", (int)s[0].call.result.body.size, (const char *)s[0].call.result.body.data);
    const cs_resolution done = { e.delivery.message.result,
                                 false,
                                 { .body = CS_BYTES("#\"#undefined\"") } };
    s[1].resolve = (cs_resolutions){ &done, 1 };
    raw_answer(d, s, 2);
}

static size_t rows_of_vats(raw_drive *d)
{
    size_t count = 0;
    cs_blob *key = NULL, *next;
    while ((next = cs_kv_after(d->store, (cs_vatid){ 0 }, cs_blob_bytes(key))) != NULL) {
        (void)cs_blob_unref(key);
        key = next;
        count += cs_bytes_start_with(cs_blob_bytes(key), "vat.");
    }
    (void)cs_blob_unref(key);
    return count;
}

/* vatAdmin lets go of every import that a message brings. */
static void drain_and_drop(raw_drive *d)
{
    cs_effect e;
    while (raw_next(d, &e)) {
        const cs_capdata *args = &e.delivery.message.methargs;
        cs_syscall s[2] = { { .kind = CS_SYSCALL_DROP_IMPORTS },
                            { .kind = CS_SYSCALL_RETIRE_IMPORTS } };
        bool is_message = e.delivery.kind == CS_DELIVER_MESSAGE && args->slot_count > 0;
        cs_vref refs[2] = { { 0 } };
        if (is_message)
            refs[0] = args->slots[0];
        s[0].refs = s[1].refs = (cs_vrefs){ refs, 1 };
        raw_answer(d, s, is_message ? 2 : 0);
    }
}

static void nothing_is_left_of_many(void **state)
{
    (void)state;
    raw_drive d;
    char args[80], text[CS_REF_TEXT_MAX];
    cs_vatid admin = open_world(&d);
    drain_and_drop(&d);
    const cs_meta before = *cs_meta_get(d.store);
    size_t rows = rows_of_vats(&d);
    for (uint32_t i = 0; i < MANY; i++) {
        const cs_vatid vat = { before.next_vat + i };
        call_device(&d, admin, "createByBundleID", "#[\"b1-x\",{\"name\":\"one\"}]");
        drain_and_drop(&d);
        assert_true(cs_vat_is_live(d.store, vat));
        cs_kref answer = raw_send(&d, raw_root(&d, vat), NULL, 0);
        drain_and_drop(&d);
        assert_ok(cs_kernel_release(d.k, answer));
        (void)snprintf(args, sizeof args, "#[\"%s\",\"enough\"]", cs_vatid_text(vat, text));
        call_device(&d, admin, "terminateWithFailure", args);
        drain_and_drop(&d);
        assert_null(cs_vat_find(d.store, vat));
    }
    const cs_meta *after = cs_meta_get(d.store);
    raw_audit(&d);
    assert_int_equal(after->next_vat, before.next_vat + MANY);
    assert_int_equal(after->stats[CS_STAT_OBJECTS], before.stats[CS_STAT_OBJECTS]);
    assert_int_equal(after->stats[CS_STAT_PROMISES], before.stats[CS_STAT_PROMISES]);
    assert_int_equal(after->stats[CS_STAT_CLIST_ENTRIES], before.stats[CS_STAT_CLIST_ENTRIES]);
    assert_int_equal(after->stats[CS_STAT_VATS_TERMINATING], 0);
    assert_int_equal(rows_of_vats(&d), rows);
    assert_true(after->run.first == after->run.next);
    raw_close(&d);
}

/* A c-list of many entries goes so much at a time, and others are served in between. */
static void a_long_clist_goes_in_parts(void **state)
{
    (void)state;
    enum { ENTRIES = 20000, PART = 500 };
    raw_drive d = raw_open();
    cs_effect e;
    cs_error err;
    cs_vatid alice = raw_add_vat(&d, "alice", NULL), bob = raw_add_vat(&d, "bob", NULL);
    cs_syscall *s = calloc(ENTRIES, sizeof *s);
    cs_vref *slots = calloc(ENTRIES, sizeof *slots);
    const cs_kref bobs = raw_root(&d, bob);
    cs_kernel_set_cleanup(d.k, PART);
    (void)raw_send(&d, raw_root(&d, alice), &bobs, 1);
    raw_expect(&d, alice, &e);
    for (uint32_t i = 0; i < ENTRIES; i++) {
        slots[i] = cs_vref_of(CS_REF_OBJECT, true, i + 1);
        s[i].kind = CS_SYSCALL_SEND;
        s[i].send.target = cs_vref_of(CS_REF_OBJECT, false, 50);
        s[i].send.methargs = (cs_capdata){ CS_BYTES("#[\"foo\",[\"$0\"]]"), slots + i, 1 };
    }
    raw_answer(&d, s, ENTRIES);
    (void)raw_drain(&d);
    assert_ok(cs_kernel_terminate(d.k, alice, CS_BYTES("test")));
    uint64_t left = cs_meta_get(d.store)->stats[CS_STAT_CLIST_ENTRIES];
    for (unsigned i = 0; i < 10; i++) {
        assert_ok(cs_kernel_next(d.k, &e, &err));
        assert_int_equal(e.kind, CS_EFFECT_CRANK);
        left -= PART;
        assert_int_equal(cs_meta_get(d.store)->stats[CS_STAT_CLIST_ENTRIES], left);
    }
    cs_kernel_set_cleanup(d.k, 0);
    (void)raw_send(&d, bobs, NULL, 0);
    raw_expect(&d, bob, &e);
    raw_answer(&d, NULL, 0);
    cs_kernel_set_cleanup(d.k, PART);
    (void)raw_drain(&d);
    assert_null(cs_vat_find(d.store, alice));
    raw_audit(&d);
    free(s);
    free(slots);
    raw_close(&d);
}

T_MAIN(T(nothing_is_left_of_many), T(a_long_clist_goes_in_parts))
