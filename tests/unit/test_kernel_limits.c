/* The limits of S7 and limits.h: what is just within them works, what is just over them ends the vat, or
 * is refused to the host. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "raw_drive.h"
#include "t.h"

static uint8_t *big; /* of letters */
enum { BIG = CS_BODY_MAX + 2 };

static int make_big(void **state)
{
    (void)state;
    big = malloc(BIG);
    if (big == NULL)
        return -1;
    memset(big, 'x', BIG);
    return 0;
}

static int free_big(void **state)
{
    (void)state;
    free(big);
    return 0;
}

/* ---- sizes ---- */

/* Answers with the syscalls. Asserts that the vat lives on, or died of `why`. */
static void answer_all(const cs_syscall *syscalls, uint32_t count, const char *why)
{
    cs_vatid vat;
    raw_drive d = raw_open_delivered(&vat);
    const cs_reply reply = { .syscalls = syscalls,
                             .syscall_count = count,
                             .imports_held = CS_IMPORTS_UNKNOWN };
    cs_outcome outcome;
    cs_error err;
    assert_ok(cs_kernel_done(d.k, &reply, &outcome, &err));
    const cs_blob *ending = cs_vat_find(d.store, vat)->ending;
    assert_int_equal(outcome.aborted, why != NULL);
    if (why != NULL) {
        char *text = cs_bytes_to_text(cs_blob_bytes(ending));
        assert_string_equal(text, why);
        free(text);
    }
    raw_audit(&d);
    (void)raw_drain(&d);
    raw_audit(&d);
    raw_close(&d);
}

static void answer_one(const cs_syscall *s, const char *why)
{
    answer_all(s, 1, why);
}

static const cs_vref root = { UINT64_C(3) << 61 };        /* o+0 */
static const cs_vref result = { UINT64_C(1) << 63 | 60 }; /* p-60 */
static const cs_vref made = { UINT64_C(5) << 61 | 1 };    /* p+1 */

static cs_bytes body_of(size_t size)
{
    return (cs_bytes){ big, size };
}

static void body_sizes(void **state)
{
    (void)state;
    cs_syscall s = { .kind = CS_SYSCALL_SEND };
    s.send.target = root;
    s.send.methargs.body = body_of(CS_BODY_MAX);
    answer_one(&s, NULL);
    s.send.methargs.body = body_of(CS_BODY_MAX + 1);
    answer_one(&s,
               "v1 (alice) crank 3: syscall 0 (send): body of 10000001 bytes, more than 10000000");
    s.send.methargs.body = (cs_bytes){ 0 };
    answer_one(&s, "v1 (alice) crank 3: syscall 0 (send): body is empty");
    s.send.methargs.body = CS_BYTES("#\"\xff\"");
    answer_one(&s, "v1 (alice) crank 3: syscall 0 (send): body is not UTF-8");
}

static void slot_counts(void **state)
{
    (void)state;
    cs_vref *slots = malloc((CS_SLOTS_MAX + 1) * sizeof *slots);
    cs_syscall s = { .kind = CS_SYSCALL_SEND };
    for (uint32_t i = 0; i <= CS_SLOTS_MAX; i++)
        slots[i] = cs_vref_of(CS_REF_OBJECT, true, i);
    s.send = (cs_message){ root, { CS_BYTES("#[]"), slots, CS_SLOTS_MAX }, { 0 } };
    answer_one(&s, NULL);
    s.send.methargs.slot_count++;
    answer_one(&s, "v1 (alice) crank 3: syscall 0 (send): 10001 slots, more than 10000");
    free(slots);
}

/* A batch counts as one. */
static void batch_sizes(void **state)
{
    (void)state;
    const cs_vref two[] = { root, root };
    cs_vref *slots = malloc(CS_SLOTS_MAX * sizeof *slots);
    cs_resolution r[2] = { { result, false, { body_of(CS_BODY_MAX - 3), NULL, 0 } },
                           { made, true, { CS_BYTES("#[]"), NULL, 0 } } };
    cs_syscall s = { .kind = CS_SYSCALL_RESOLVE, .resolve = { r, 2 } };
    answer_one(&s, NULL);
    r[0].data.body.size++;
    answer_one(
        &s,
        "v1 (alice) crank 3: syscall 0 (resolve): bodies of 10000001 bytes, more than 10000000");
    for (uint32_t i = 0; i < CS_SLOTS_MAX; i++)
        slots[i] = root;
    r[0].data = (cs_capdata){ CS_BYTES("#[]"), slots, CS_SLOTS_MAX - 2 };
    r[1].data = (cs_capdata){ CS_BYTES("#[]"), two, 2 };
    answer_one(&s, NULL);
    r[0].data.slot_count++;
    answer_one(&s, "v1 (alice) crank 3: syscall 0 (resolve): 10001 slots, more than 10000");
    free(slots);
}

static void empty_batches_are_legal(void **state)
{
    (void)state;
    cs_syscall s = { .kind = CS_SYSCALL_RESOLVE };
    answer_one(&s, NULL);
    s = (cs_syscall){ .kind = CS_SYSCALL_DROP_IMPORTS };
    answer_one(&s, NULL);
}

static void vatstore_sizes(void **state)
{
    (void)state;
    cs_syscall s = { .kind = CS_SYSCALL_VATSTORE_SET };
    s.vatstore.key = body_of(CS_VATSTORE_KEY_MAX);
    s.vatstore.value = body_of(CS_VATSTORE_VALUE_MAX);
    answer_one(&s, NULL);
    s.vatstore.value.size++;
    answer_one(&s,
               "v1 (alice) crank 3: syscall 0 (vatstoreSet): value of 10000001 bytes, more than "
               "10000000");
    s.vatstore.value.size = 1;
    s.vatstore.key.size++;
    static const struct {
        cs_syscall_kind kind;
        const char *name;
    } kinds[] = { { CS_SYSCALL_VATSTORE_SET, "Set" },
                  { CS_SYSCALL_VATSTORE_GET, "Get" },
                  { CS_SYSCALL_VATSTORE_DELETE, "Delete" },
                  { CS_SYSCALL_VATSTORE_NEXT_KEY, "GetNextKey" } };
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        char why[200];
        s.kind = kinds[i].kind;
        (void)snprintf(why, sizeof why,
                       "v1 (alice) crank 3: syscall 0 (vatstore%s): key of 4097 bytes, "
                       "more than 4096",
                       kinds[i].name);
        answer_one(&s, why);
    }
}

static void counts_of_a_reply(void **state)
{
    (void)state;
    cs_syscall *many = calloc(CS_SYSCALLS_MAX + 1, sizeof *many);
    for (uint32_t i = 0; i <= CS_SYSCALLS_MAX; i++)
        many[i].kind = CS_SYSCALL_DROP_IMPORTS;
    answer_all(many, CS_SYSCALLS_MAX, NULL);
    answer_all(many, CS_SYSCALLS_MAX + 1,
               "v1 (alice) crank 3: 1000001 syscalls, more than 1000000");
    for (uint32_t i = 0; i < 40; i++) { /* 40 times 10 MB is more than a reply may be */
        many[i].kind = CS_SYSCALL_VATSTORE_GET;
        many[i].vatstore.value = body_of(CS_VATSTORE_VALUE_MAX);
    }
    answer_all(many, 26, NULL);
    answer_all(
        many, 40,
        "v1 (alice) crank 3: syscall 26 (vatstoreGet): syscalls of more than 268435456 bytes");
    free(many);
}

/* As many as there may be, of what the vat never had: all of them ignored, and counted. */
static void ignore_all(const cs_syscall *s)
{
    cs_vatid vat;
    raw_drive d = raw_open_delivered(&vat);
    const cs_reply reply = { .syscalls = s,
                             .syscall_count = 1,
                             .imports_held = CS_IMPORTS_UNKNOWN };
    cs_outcome outcome;
    cs_error err;
    assert_ok(cs_kernel_done(d.k, &reply, &outcome, &err));
    assert_false(outcome.aborted);
    assert_int_equal(outcome.ignored, s->refs.count);
    assert_int_equal(outcome.dropped + outcome.retired, 0);
    assert_int_equal(cs_meta_get(d.store)->stats[CS_STAT_DROPS_IGNORED], s->refs.count);
    raw_audit(&d);
    raw_close(&d);
}

static void counts_of_references(void **state)
{
    (void)state;
    cs_vref *refs = malloc((CS_VREFS_MAX + 1) * sizeof *refs);
    cs_syscall s = { .kind = CS_SYSCALL_DROP_IMPORTS };
    for (uint32_t i = 0; i <= CS_VREFS_MAX; i++)
        refs[i] = cs_vref_of(CS_REF_OBJECT, false, 50);
    s.refs = (cs_vrefs){ refs, CS_VREFS_MAX };
    ignore_all(&s);
    s.refs.count++;
    answer_one(
        &s, "v1 (alice) crank 3: syscall 0 (dropImports): 10000001 references, more than 10000000");
    free(refs);
}

static void the_host_is_refused(void **state)
{
    (void)state;
    raw_drive d = raw_open();
    cs_vatid vat = raw_add_vat(&d, "alice", NULL);
    cs_kref object = raw_root(&d, vat), promise;
    cs_kref *slots = malloc((CS_SLOTS_MAX + 1) * sizeof *slots);
    for (uint32_t i = 0; i <= CS_SLOTS_MAX; i++)
        slots[i] = object;
    const struct {
        cs_kcapdata data;
        cs_status st;
    } rows[] = { { { { 0 }, NULL, 0 }, CS_E_BAD_CAPDATA },
                 { { CS_BYTES("\xff"), NULL, 0 }, CS_E_BAD_CAPDATA },
                 { { body_of(CS_BODY_MAX + 1), NULL, 0 }, CS_E_TOO_BIG },
                 { { body_of(CS_BODY_MAX), NULL, 0 }, CS_OK },
                 { { CS_BYTES("#[]"), slots, CS_SLOTS_MAX + 1 }, CS_E_TOO_BIG },
                 { { CS_BYTES("#[]"), slots, CS_SLOTS_MAX }, CS_OK } };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const cs_hash before = cs_meta_get(d.store)->activity;
        cs_error err;
        assert_int_equal(
            cs_kernel_send(d.k, object, &rows[i].data, CS_POLICY_IGNORE, &promise, &err),
            rows[i].st);
        assert_int_equal(cs_hash_same(&before, &cs_meta_get(d.store)->activity),
                         rows[i].st != CS_OK);
    }
    free(slots);
    raw_audit(&d);
    assert_int_equal(raw_drain(&d), 2);
    raw_close(&d);
}

#define BIG_T(fn) T_WITH(fn, make_big, free_big)
T_MAIN(BIG_T(body_sizes), T(slot_counts), BIG_T(batch_sizes), T(empty_batches_are_legal),
       BIG_T(vatstore_sizes), BIG_T(counts_of_a_reply), T(counts_of_references),
       BIG_T(the_host_is_refused))
