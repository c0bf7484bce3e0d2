/* Smallcaps read and written without an engine: what is refused, what each value is, and that values
 * that are copied keep meaning the same references. */
#include "base/limits.h"
#include "t.h"
#include "wire/smallcaps.h"

#include <stdlib.h>
#include <string.h>

static cs_vref slots[4];

static cs_capdata data_of(const char *body)
{
    static const char *const texts[] = { "o-50", "d-70", "p-60", "o+3" };
    for (size_t i = 0; i < 4; i++)
        assert_ok(cs_vref_parse(cs_bytes_of(texts[i]), &slots[i]));
    return (cs_capdata){ .body = cs_bytes_of(body), .slots = slots, .slot_count = 4 };
}

static bool opens(const char *body)
{
    cs_capdata data = data_of(body);
    cs_bytes value;
    return cs_sc_open(&data, &value);
}

static cs_bytes value_of(const char *body)
{
    cs_capdata data = data_of(body);
    cs_bytes value;
    if (!cs_sc_open(&data, &value))
        fail_msg("%s", body);
    return value;
}

static void values_have_kinds(void **state)
{
    (void)state;
    static const struct {
        const char *body;
        cs_sc_kind kind;
        const char *text;
    } cases[] = {
        { "#\"#undefined\"", CS_SC_UNDEFINED, "" },
        { "#null", CS_SC_NULL, "" },
        { "#true", CS_SC_BOOLEAN, "" },
        { "#false", CS_SC_BOOLEAN, "" },
        { "#-12.5e+3", CS_SC_NUMBER, "-12.5e+3" },
        { "#0", CS_SC_NUMBER, "0" },
        { "#\"+7\"", CS_SC_BIGINT, "7" },
        { "#\"-70\"", CS_SC_BIGINT, "-70" },
        { "#\"+0\"", CS_SC_BIGINT, "0" },
        { "#\"\"", CS_SC_STRING, "" },
        { "#\"a\\\"b\\\\\"", CS_SC_STRING, "a\\\"b\\\\" },
        { "#\"!+7\"", CS_SC_STRING, "+7" },
        { "#\"!!\"", CS_SC_STRING, "!" },
        { "#\"\\u0041\"", CS_SC_STRING, "\\u0041" },
        { "#\"$0\"", CS_SC_SLOT, "" },
        { "#\"$1.Alleged: it\"", CS_SC_SLOT, "" },
        { "#\"&2\"", CS_SC_PROMISE, "" },
        { "#[]", CS_SC_ARRAY, "" },
        { "#{}", CS_SC_RECORD, "" },
        { "#{\"a\":1,\"b\":[{}]}", CS_SC_RECORD, "" },
        { "#{\"#error\":\"x\",\"name\":\"Error\"}", CS_SC_ERROR, "" },
        { "#{\"#tag\":\"t\",\"payload\":1}", CS_SC_OTHER, "" },
        { "#\"#NaN\"", CS_SC_OTHER, "" },
        { "#\"#-Infinity\"", CS_SC_OTHER, "" },
        { "#\"%@@asyncIterator\"", CS_SC_OTHER, "" },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        cs_bytes value = value_of(cases[i].body), text = cs_sc_text(value);
        if (cs_sc_kind_of(value) != cases[i].kind ||
            !cs_bytes_equal(text, cs_bytes_of(cases[i].text)))
            fail_msg("%s: kind %d", cases[i].body, (int)cs_sc_kind_of(value));
    }
    assert_int_equal(cs_sc_kind_of((cs_bytes){ 0 }), CS_SC_ABSENT);
    assert_true(cs_sc_is_true(value_of("#true")) && !cs_sc_is_true(value_of("#1")));
    assert_true(cs_sc_says(value_of("#\"!$0\""), "$0"));
    assert_false(cs_sc_says(value_of("#7"), "7"));
}

static void other_bodies_are_refused(void **state)
{
    (void)state;
    static const char *const bodies[] = {
        "",
        "[]",
        "#",
        "##",
        "#[",
        "#]",
        "#[1,]",
        "#[,1]",
        "#[1 2]",
        "#[1, 2]",
        "#{\"a\"}",
        "#{\"a\":}",
        "#{a:1}",
        "#{\"a\":1,}",
        "#{1:1}",
        "#01",
        "#1.",
        "#.5",
        "#+1",
        "#1e",
        "#-",
        "#nul",
        "#True",
        "#\"",
        "#\"a",
        "#\"\\x\"",
        "#\"\\u12g4\"",
        "#\"\\u12",
        "#\"\n\"",
        "#1 ",
        "# 1",
        "#\"$4\"",
        "#\"&4\"",
        "#\"$\"",
        "#\"$x\"",
        "#\"$00\"",
        "#\"$0x\"",
        "#\"$9999999999\"",
        "#\"+\"",
        "#\"+07\"",
        "#\"+7x\"",
        "#\"-\"",
        "#\"#\"",
        "#\"#x\"",
        "#\"\\\"\"x",
        "#\"(x\"",
        "#\"*\"",
        "#\"\\u00240\"",
        "#\"\\u0026\"",
        "#{\"\\u0023error\":1}",
        "#1#2",
        "#[1]]",
        "#\"\\",
    };
    for (size_t i = 0; i < sizeof bodies / sizeof bodies[0]; i++)
        if (opens(bodies[i]))
            fail_msg("%s", bodies[i]);
}

static void depth_is_limited(void **state)
{
    (void)state;
    for (unsigned depth = CS_DEPTH_MAX; depth <= CS_DEPTH_MAX + 1; depth++) {
        char *body = malloc(2 * depth + 2);
        assert_non_null(body);
        body[0] = '#';
        memset(body + 1, '[', depth);
        memset(body + 1 + depth, ']', depth);
        body[2 * depth + 1] = 0;
        assert_int_equal(opens(body), depth == CS_DEPTH_MAX);
        free(body);
    }
}

static void json_opens_whatever_it_means(void **state)
{
    (void)state;
    cs_bytes v;
    assert_true(cs_sc_open_json(CS_BYTES("#[\"$9\",\"*\",{\"\\u0023a\":\"+x\"}]"), &v));
    assert_true(cs_sc_open_json(CS_BYTES("#\"#x\""), &v));
    assert_false(cs_sc_open_json(CS_BYTES("#[\"$9\",]"), &v));
    assert_false(cs_sc_open_json(CS_BYTES("[]"), &v));
    assert_false(cs_sc_open_json(CS_BYTES("#\"\\x\""), &v));
}

static void items_and_members_are_found(void **state)
{
    (void)state;
    cs_bytes v = value_of("#[{\"a\":[1,\"x,]\"],\"b\":\"x\\\"}\",\"c\":{}},[],\"last\"]");
    cs_bytes record = cs_sc_item(v, 0);
    assert_int_equal(cs_sc_kind_of(record), CS_SC_RECORD);
    assert_true(cs_sc_says(cs_sc_item(v, 2), "last"));
    assert_int_equal(cs_sc_kind_of(cs_sc_item(v, 1)), CS_SC_ARRAY);
    assert_int_equal(cs_sc_kind_of(cs_sc_item(v, 3)), CS_SC_ABSENT);
    assert_true(cs_sc_says(cs_sc_member(record, "b"), "x\\\"}"));
    assert_true(cs_sc_says(cs_sc_item(cs_sc_member(record, "a"), 1), "x,]"));
    assert_int_equal(cs_sc_kind_of(cs_sc_member(record, "c")), CS_SC_RECORD);
    assert_int_equal(cs_sc_kind_of(cs_sc_member(record, "d")), CS_SC_ABSENT);
    assert_int_equal(cs_sc_kind_of(cs_sc_member(v, "a")), CS_SC_ABSENT);
    assert_int_equal(cs_sc_kind_of(cs_sc_item(record, 0)), CS_SC_ABSENT);
    assert_int_equal(cs_sc_kind_of(cs_sc_item(value_of("#\"a\\\\\""), 0)), CS_SC_ABSENT);
    cs_bytes left = cs_sc_inside(record), key, value;
    int n = 0;
    for (; cs_sc_next(&left, &key, &value); n++)
        assert_int_equal(key.data[0], "abc"[n]);
    assert_int_equal(n, 3);
}

static void references_mean_slots(void **state)
{
    (void)state;
    cs_capdata data = data_of("#[\"$3\",\"&2\",\"x\"]");
    cs_bytes v;
    assert_true(cs_sc_open(&data, &v));
    assert_true(cs_vref_same(cs_sc_ref(cs_sc_item(v, 0), &data), slots[3]));
    assert_true(cs_vref_same(cs_sc_ref(cs_sc_item(v, 1), &data), slots[2]));
    assert_true(cs_vref_none(cs_sc_ref(cs_sc_item(v, 2), &data)));
    assert_true(cs_vref_none(cs_sc_ref((cs_bytes){ 0 }, &data)));
}

/* Only what is mentioned goes along, under new numbers; keys and escaped strings are no references. */
static void copies_keep_their_references(void **state)
{
    (void)state;
    cs_arena arena = { 0 };
    cs_bytes v;
    cs_capdata data =
        data_of("#[\"$0\",{\"a\":\"!$1\",\"b\":[\"$3.Alleged: \\\"q\\\"\",\"&2\",\"$3\"]}]");
    assert_true(cs_sc_open(&data, &v));
    cs_sc_writer w = { .arena = &arena };
    cs_sc_add(&w, "#[");
    cs_sc_add_ref(&w, slots[1], "Alleged: new");
    cs_sc_add(&w, ",");
    cs_sc_add_value(&w, cs_sc_item(v, 1), &data);
    cs_sc_add(&w, ",");
    cs_sc_add_ref(&w, slots[2], NULL);
    cs_sc_add(&w, "]");
    cs_capdata copy = cs_sc_close(&w);
    const char expected[] = "#[\"$0.Alleged: new\",{\"a\":\"!$1\",\"b\":[\"$1.Alleged: \\\"q\\\"\","
                            "\"&2\",\"$1\"]},\"&2\"]";
    assert_bytes_equal(copy.body.data, copy.body.size, expected, sizeof expected - 1);
    assert_int_equal(copy.slot_count, 3);
    assert_true(cs_vref_same(copy.slots[0], slots[1]));
    assert_true(cs_vref_same(copy.slots[1], slots[3]));
    assert_true(cs_vref_same(copy.slots[2], slots[2]));
    assert_true(cs_sc_open(&copy, &v));
    cs_arena_fini(&arena);
}

T_MAIN(T(values_have_kinds), T(other_bodies_are_refused), T(depth_is_limited),
       T(json_opens_whatever_it_means), T(items_and_members_are_found), T(references_mean_slots),
       T(copies_keep_their_references))
