/* The kernel's own encodings and its reading of bodies: events, CapData, options, lone slots, names of
 * methods. */
#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "kernel/capdata.h"
#include "kernel/event.h"
#include "kernel/options.h"
#include "kernel/order.h"
#include "t.h"

static const cs_kref slots[] = { { UINT64_C(1) << 62 | 20 },
                                 { UINT64_C(2) << 62 | 40 },
                                 { UINT64_C(1) << 62 | CS_REF_ID_MAX } };

static void assert_same_event(const cs_event *a, const cs_event *b)
{
    assert_int_equal(a->kind, b->kind);
    assert_int_equal(a->vat.n, b->vat.n);
    assert_true(cs_kref_same(a->target, b->target) && cs_kref_same(a->result, b->result));
    assert_int_equal(a->data.slot_count, b->data.slot_count);
    for (uint32_t i = 0; i < a->data.slot_count; i++)
        assert_true(cs_kref_same(a->data.slots[i], b->data.slots[i]));
    assert_true(cs_bytes_equal(a->data.body, b->data.body));
    assert_true(a->since == b->since);
}

static const cs_event events[] = {
    { CS_EVENT_SEND, { 0 }, { UINT64_C(1) << 62 | 20 }, { 0 }, { CS_BYTES("#[]"), NULL, 0 } },
    { CS_EVENT_SEND,
      { 0 },
      { UINT64_C(2) << 62 | 41 },
      { UINT64_C(2) << 62 | 40 },
      { CS_BYTES("#[\"foo\",[]]"), slots, 3 },
      127 },
    { CS_EVENT_NOTIFY, { 7 }, { UINT64_C(2) << 62 | 40 }, { 0 }, { { 0 }, NULL, 0 }, 128 },
    { CS_EVENT_START_VAT, { UINT32_MAX }, { 0 }, { 0 }, { CS_BYTES("#{}"), slots, 2 }, INT64_MAX },
};

static void events_come_back(void **state)
{
    (void)state;
    cs_buf scratch = { 0 };
    cs_arena arena = { 0 };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        cs_event back;
        cs_blob *item = cs_event_blob(&scratch, &events[i]);
        assert_true(cs_event_dec(cs_blob_bytes(item), &arena, &back));
        assert_same_event(&events[i], &back);
        (void)cs_blob_unref(item);
    }
    cs_buf_fini(&scratch);
    cs_arena_fini(&arena);
}

/* Rows are foreign: what is cut, or goes on too long, is no event. */
static void cut_events_are_refused(void **state)
{
    (void)state;
    cs_buf scratch = { 0 };
    cs_arena arena = { 0 };
    for (size_t i = 0; i < sizeof events / sizeof events[0]; i++) {
        cs_event back;
        cs_blob *item = cs_event_blob(&scratch, &events[i]);
        for (size_t size = 0; size < item->size; size++)
            assert_false(cs_event_dec((cs_bytes){ item->data, size }, &arena, &back));
        cs_buf_clear(&scratch);
        cs_buf_add(&scratch, item->data, item->size);
        cs_buf_add_byte(&scratch, 0);
        assert_false(cs_event_dec(cs_buf_bytes(&scratch), &arena, &back));
        (void)cs_blob_unref(item);
    }
    cs_buf_fini(&scratch);
    cs_arena_fini(&arena);
}

/* What decodes is what its encoding says, byte for byte: there is one encoding of an event. */
static const char *bytes_mean_one_event_or_none(tape *t, void *ctx)
{
    (void)ctx;
    uint8_t bytes[40];
    cs_buf scratch = { 0 };
    cs_arena arena = { 0 };
    cs_event e;
    const char *bad = NULL;
    size_t size = tape_below(t, sizeof bytes + 1);
    tape_bytes(t, bytes, size);
    if (size > 0)
        bytes[0] = (uint8_t)tape_between(t, 0, 4);
    for (size_t i = 1; i < size; i++)
        bytes[i] &= tape_bool(t) ? 0x0f : 0xff;
    if (cs_event_dec((cs_bytes){ bytes, size }, &arena, &e)) {
        cs_blob *item = cs_event_blob(&scratch, &e);
        if (!cs_bytes_equal(cs_blob_bytes(item), (cs_bytes){ bytes, size }))
            bad = "encodes to other bytes";
        (void)cs_blob_unref(item);
    }
    cs_buf_fini(&scratch);
    cs_arena_fini(&arena);
    return bad;
}

static void any_bytes_are_survived(void **state)
{
    (void)state;
    t_property(bytes_mean_one_event_or_none, NULL, 20000);
}

static void wrong_krefs_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *bytes;
        size_t size;
    } wrong[] = { { "\x01\x05\x00\x00\x00\x03#[]", 8 },     /* no target */
                  { "\x01\x05\x7b\x00\x00\x03#[]", 8 },     /* a device as target */
                  { "\x01\x05\x51\x51\x00\x03#[]", 8 },     /* an object as result */
                  { "\x01\x05\x51\x00\x01\x00\x03#[]", 9 }, /* a slot that is none */
                  { "\x01\x05\x54\x00\x00\x03#[]", 8 },     /* an id without a type */
                  { "\x01\x05\x51\x00\x00\x00", 6 },        /* an empty body */
                  { "\x01\x85\x00\x51\x00\x00\x03#[]", 9 }, /* a number that is too long */
                  { "\x02\x05\x00\xa2\x01", 5 },            /* no vat */
                  { "\x02\x05\x01\x51", 4 },                /* notify of an object */
                  { "\x04\x05\x01\x51", 4 } };
    static const char good[] = "\x01\x05\x51\x00\x00\x03#[]";
    cs_arena arena = { 0 };
    cs_event e;
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++)
        assert_false(
            cs_event_dec((cs_bytes){ (const uint8_t *)wrong[i].bytes, wrong[i].size }, &arena, &e));
    assert_true(cs_event_dec(CS_BYTES(good), &arena, &e)); /* what they are near to */
    cs_arena_fini(&arena);
}

/* S2: one reference and nothing else. */
static void lone_slots_are_found(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        int index; /* -1: none */
    } rows[] = {
        { "#\"$0\"", 0 },
        { "#\"$1\"", 1 },
        { "#\"&1\"", 1 },
        { "#\"$0.Alleged: counter\"", 0 },
        { "#\"$0.a \\\" quote\"", 0 },
        { "{\"@qclass\":\"slot\",\"index\":1}", 1 },
        { "{\"@qclass\":\"slot\",\"iface\":\"Alleged: x\",\"index\":0}", 0 },
        { "{\"index\":0,\"@qclass\":\"slot\"}", 0 },
        { "#\"$2\"", -1 }, /* there are two */
        { "#\"$99999999999999999999\"", -1 },
        { "#\"$\"", -1 },
        { "#\"$x\"", -1 },
        { "#\"$0x\"", -1 },
        { "#\"!$0\"", -1 },
        { "#[\"$0\"]", -1 },
        { "#\"$0\" ", -1 },
        { "#\"$0\",\"$1\"", -1 },
        { "#\"$0", -1 },
        { "#\"$0\\\"", -1 },
        { "#", -1 },
        { "\"$0\"", -1 },
        { "{\"@qclass\":\"slot\",\"index\":2}", -1 },
        { "{\"@qclass\":\"undefined\"}", -1 },
        { "{\"@qclass\":\"slot\"}", -1 },
        { "{\"@qclass\":\"slot\",\"index\":0", -1 },
        { "{\"@qclass\":\"slot\",\"index\":}", -1 },
        { "{\"index\":0}", -1 },
        { "[{\"@qclass\":\"slot\",\"index\":0}]", -1 },
        { "{\"a\":{\"@qclass\":\"slot\",\"index\":0}}", -1 },
        { "{}", -1 },
        { "{", -1 },
    };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        const cs_kcapdata d = { cs_bytes_of(rows[i].body), slots, 2 };
        const cs_kref want = rows[i].index < 0 ? (cs_kref){ 0 } : slots[rows[i].index];
        if (!cs_kref_same(cs_kcapdata_lone_slot(&d), want))
            fail_msg("%s", rows[i].body);
    }
}

static void methods_are_named(void **state)
{
    (void)state;
    char many[700];
    memset(many, 'm', sizeof many - 1);
    memcpy(many, "#[\"", 3);
    memcpy(many + sizeof many - 10, "\",[]]\0\0\0\0", 10);
    static const struct {
        const char *body, *name;
    } rows[] = { { "#[\"foo\",[]]", "foo" },
                 { "[\"foo\",[]]", "foo" },
                 { "#[\"!-foo\",[]]", "-foo" },
                 { "[\"!foo\",[]]", "!foo" },
                 { "#[\"%@@asyncIterator\",[]]", "@@asyncIterator" },
                 { "#[\"#undefined\",[]]", "undefined" },
                 { "#[\"a\\\"b\",[]]", "a\\\"b" },
                 { "#[[\"foo\"],[]]", "?" },
                 { "#[\"foo", "?" },
                 { "#[", "?" },
                 { "", "?" } };
    cs_buf b = { 0 };
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        cs_buf_clear(&b);
        cs_methargs_method(&b, cs_bytes_of(rows[i].body));
        assert_string_equal(cs_buf_text(&b), rows[i].name);
    }
    cs_buf_clear(&b);
    cs_methargs_method(&b, cs_bytes_of(many));
    assert_true(b.size < 500);
    cs_buf_fini(&b);
}

static void bodies_are_utf8(void **state)
{
    (void)state;
    static const char *const good[] = { "a",
                                        "\xc2\x80",
                                        "\xdf\xbf",
                                        "\xe0\xa0\x80",
                                        "\xef\xbf\xbf",
                                        "\xf0\x90\x80\x80",
                                        "\xf4\x8f\xbf\xbf" };
    static const char *const bad[] = { "\x80",
                                       "\xc2",
                                       "\xc1\xbf",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf8\x88\x80\x80\x80",
                                       "\xff",
                                       "\xe2\x82",
                                       "\xc3(" };
    char text[100];
    for (size_t pad = 0; pad < 70; pad++) { /* at every place of the fast path */
        for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
            (void)snprintf(text, sizeof text, "%*s%s%*s", (int)pad, "", good[i], 70 - (int)pad, "");
            assert_true(cs_is_utf8(cs_bytes_of(text)));
        }
        for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
            (void)snprintf(text, sizeof text, "%*s%s%*s", (int)pad, "", bad[i], 70 - (int)pad, "");
            assert_false(cs_is_utf8(cs_bytes_of(text)));
        }
    }
}

static void shown_texts_end_between_characters(void **state)
{
    (void)state;
    char text[1000];
    for (size_t pad = 0; pad < 4; pad++) {
        size_t at = pad;
        memset(text, 'x', pad);
        for (; at + 3 < 900; at += 3)
            memcpy(text + at, "\xe2\x82\xac", 3);
        cs_bytes shown = cs_text_shown((cs_bytes){ (const uint8_t *)text, at });
        assert_true(shown.size < at && shown.size > 300 && cs_is_utf8(shown));
    }
}

static void options_come_back(void **state)
{
    (void)state;
    static const uint64_t thresholds[] = { 0, 1, 200, CS_REAP_NEVER };
    for (unsigned i = 0; i < 16; i++) {
        const cs_vat_options o = { .is_static = i & 1,
                                   .enable_pipelining = i & 2,
                                   .critical = i & 4,
                                   .never_reap = i & 8,
                                   .computrons_max = i * UINT64_C(1000000000000),
                                   .reap_interval = thresholds[i & 3],
                                   .reap_gc_krefs = thresholds[i >> 2] };
        cs_vat_options back;
        cs_blob *blob = cs_vat_options_blob(&o);
        assert_true(cs_vat_options_dec(blob, &back));
        assert_int_equal(back.is_static, o.is_static);
        assert_int_equal(back.enable_pipelining, o.enable_pipelining);
        assert_int_equal(back.critical, o.critical);
        assert_int_equal(back.never_reap, o.never_reap);
        assert_int_equal(back.computrons_max, o.computrons_max);
        assert_int_equal(back.reap_interval, o.reap_interval);
        assert_int_equal(back.reap_gc_krefs, o.reap_gc_krefs);
        blob->size--;
        assert_false(cs_vat_options_dec(blob, &back));
        (void)cs_blob_unref(blob);
    }
    cs_vat_options back;
    assert_false(cs_vat_options_dec(NULL, &back));
    static const cs_bytes wrong[] = {
        CS_BYTES("\x10\x00\x00\x00"),                                     /* unknown flag */
        CS_BYTES("\x00\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01\x00"), /* 2^63 */
        CS_BYTES("\x00\x00\x00\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01"),
    };
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        cs_blob *blob = cs_blob_new(wrong[i]);
        assert_false(cs_vat_options_dec(blob, &back));
        (void)cs_blob_unref(blob);
    }
}

static void names_are_checked(void **state)
{
    (void)state;
    char text[CS_NAME_MAX + 2];
    memset(text, 'n', sizeof text);
    assert_true(cs_vat_name_check(CS_BYTES("a")));
    assert_true(cs_vat_name_check(CS_BYTES("A-z_0.9")));
    assert_true(cs_vat_name_check((cs_bytes){ (uint8_t *)text, CS_NAME_MAX }));
    assert_false(cs_vat_name_check((cs_bytes){ (uint8_t *)text, CS_NAME_MAX + 1 }));
    assert_false(cs_vat_name_check(CS_BYTES("")));
    assert_false(cs_vat_name_check(CS_BYTES("a b")));
    assert_false(cs_vat_name_check(CS_BYTES("a\0b")));
    assert_false(cs_vat_name_check(CS_BYTES("\xc3\xa4")));
}

/* S22: as the texts would be. */
static const char *decimals_order_as_texts(tape *t, void *ctx)
{
    (void)ctx;
    char a[30], b[30];
    uint64_t x = tape_u64(t) & CS_REF_ID_MAX,
             y = tape_bool(t) ? x * 10 & CS_REF_ID_MAX : tape_u64(t);
    y &= CS_REF_ID_MAX;
    (void)snprintf(a, sizeof a, "%llu", (unsigned long long)x);
    (void)snprintf(b, sizeof b, "%llu", (unsigned long long)y);
    int want = strcmp(a, b), got = cs_compare_decimal(x, y);
    return (want < 0) == (got < 0) && (want > 0) == (got > 0) ? NULL : "other order";
}

static void ids_order_as_their_texts(void **state)
{
    (void)state;
    t_property(decimals_order_as_texts, NULL, 20000);
}

T_MAIN(T(events_come_back), T(cut_events_are_refused), T(any_bytes_are_survived),
       T(wrong_krefs_are_refused), T(lone_slots_are_found), T(methods_are_named),
       T(bodies_are_utf8), T(shown_texts_end_between_characters), T(options_come_back),
       T(names_are_checked), T(ids_order_as_their_texts))
