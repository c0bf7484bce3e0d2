#include "raw_drive.h"

#include <stdio.h>

#include "t.h"

raw_drive raw_open(void)
{
    cs_error err;
    raw_drive d = { 0 };
    assert_ok(cs_store_open(NULL, &(cs_store_options){ .create = true }, &d.store, &err));
    assert_ok(cs_kernel_new(d.store, NULL, NULL, &d.k, &err));
    return d;
}

void raw_close(raw_drive *d)
{
    d->k = cs_kernel_free(d->k);
    d->store = cs_store_close(d->store);
}

cs_kref raw_root(raw_drive *d, cs_vatid vat)
{
    cs_kref root;
    assert_ok(cs_kernel_root(d->k, vat, &root));
    return root;
}

cs_vatid raw_add_vat(raw_drive *d, const char *name, const cs_vat_options *options)
{
    static const cs_vat_options plain = { .is_static = true };
    const cs_kcapdata none = { CS_BYTES("#{}"), NULL, 0 };
    const cs_hash bundle = cs_hash_of(CS_BYTES("raw"));
    cs_vatid vat;
    cs_effect e;
    cs_error err;
    assert_ok(cs_kernel_add_vat(d->k, cs_bytes_of(name), &bundle, options ? options : &plain, &none,
                                &vat, &err));
    raw_expect(d, vat, &e);
    assert_int_equal(e.delivery.kind, CS_DELIVER_START_VAT);
    raw_answer(d, NULL, 0);
    assert_ok(cs_kernel_pin(d->k, raw_root(d, vat)));
    return vat;
}

cs_kref raw_send(raw_drive *d, cs_kref target, const cs_kref *slots, uint32_t slot_count)
{
    const cs_kcapdata methargs = { CS_BYTES("#[\"foo\",[]]"), slots, slot_count };
    cs_kref promise;
    cs_error err;
    assert_ok(cs_kernel_send(d->k, target, &methargs, CS_POLICY_IGNORE, &promise, &err));
    return promise;
}

bool raw_next(raw_drive *d, cs_effect *ret)
{
    cs_error err = { 0 };
    do {
        cs_status st = cs_kernel_next(d->k, ret, &err);
        if (st != CS_OK)
            fail_msg("next: %s", err.text);
    } while (ret->kind == CS_EFFECT_CRANK);
    return ret->kind == CS_EFFECT_DELIVER;
}

void raw_expect(raw_drive *d, cs_vatid vat, cs_effect *ret)
{
    assert_true(raw_next(d, ret));
    assert_int_equal(ret->vat.n, vat.n);
}

raw_drive raw_open_delivered(cs_vatid *ret_vat)
{
    cs_effect e;
    raw_drive d = raw_open();
    *ret_vat = raw_add_vat(&d, "alice", NULL);
    (void)raw_send(&d, raw_root(&d, *ret_vat), NULL, 0);
    raw_expect(&d, *ret_vat, &e);
    return d;
}

void raw_answer(raw_drive *d, const cs_syscall *syscalls, uint32_t count)
{
    const cs_reply reply = { .syscalls = syscalls,
                             .syscall_count = count,
                             .imports_held = CS_IMPORTS_UNKNOWN };
    cs_outcome outcome;
    cs_error err;
    assert_ok(cs_kernel_done(d->k, &reply, &outcome, &err));
    assert_false(outcome.aborted || outcome.terminated);
}

uint64_t raw_drain(raw_drive *d)
{
    cs_effect e;
    uint64_t count = 0;
    for (; raw_next(d, &e); count++)
        raw_answer(d, NULL, 0);
    return count;
}

static void tell(void *ctx, const char *line)
{
    (void)ctx;
    (void)fprintf(stderr, "audit: %s\n", line);
}

void raw_audit(raw_drive *d)
{
    assert_int_equal(cs_kernel_audit(d->k, tell, NULL), 0);
}
