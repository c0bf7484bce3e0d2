/* Text and numbers between JSON and the engine, without an engine. */
#include "t.h"
#include "marshal/json_read.h"
#include "marshal/text.h"

#include <stdlib.h>
#include <string.h>

static const char *text_of(cs_buf *b)
{
    return cs_buf_text(b);
}

/* --- numbers --------------------------------------------------------------------------------------- */

static const char *next_line(const char *line)
{
    const char *end = strchr(line, '\n');
    return end == NULL ? line + strlen(line) : end + 1;
}

static void doubles_are_printed_and_read_as_javascript_does(void **state)
{
    (void)state;
    cs_buf b = { 0 };
    char *file = t_read_file(t_source_path("tests/golden/marshal/numbers.txt"), NULL);
    for (const char *line = file; *line != 0; line = next_line(line)) {
        char *text;
        uint64_t bits = strtoull(line, &text, 16);
        double d;
        memcpy(&d, &bits, sizeof d);
        cs_buf_clear(&b);
        cs_text_add_double(&b, d);
        cs_bytes expected = { (const uint8_t *)text + 1, strcspn(text + 1, "\n") };
        assert_bytes_equal(b.data, b.size, expected.data, expected.size);
        d = cs_text_parse_double(expected);
        assert_memory_equal(&d, &bits, sizeof d);
    }
    free(file);
    cs_buf_fini(&b);
}

static void numbers_that_nobody_writes_are_read(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        double value;
    } cases[] = {
        { "0", 0.0 },
        { "0.000", 0.0 },
        { "1e-400", 0.0 },
        { "1e400", 1e308 * 10 },
        { "1.0", 1.0 },
        { "100e-2", 1.0 },
        { "0.01E+2", 1.0 },
        { "12.5e1", 125.0 },
        { "1e999999999", 1e308 * 10 },
        { "0e999999999", 0.0 },
        { "123456789012345678901234567890", 123456789012345678901234567890.0 },
        { "0.1000000000000000055511151231257827", 0.1 },
        { "9007199254740993", 9007199254740992.0 },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        assert_true(cs_text_parse_double(cs_bytes_of(cases[i].text)) == cases[i].value);
    double d = cs_text_parse_double(CS_BYTES("-0.0"));
    assert_true(d == 0 && 1 / d < 0);
}

static void integers_are_printed(void **state)
{
    (void)state;
    cs_buf b = { 0 };
    cs_text_add_int(&b, INT64_MIN);
    cs_text_byte(&b, ' ');
    cs_text_add_int(&b, INT64_MAX);
    cs_text_byte(&b, ' ');
    cs_text_add_int(&b, 0);
    assert_string_equal(text_of(&b), "-9223372036854775808 9223372036854775807 0");
    cs_buf_fini(&b);
}

static const char *bigint_comes_back(tape *t, void *ctx)
{
    (void)ctx;
    static uint32_t words[CS_BIGINT_WORDS_MAX], again[CS_BIGINT_DIGITS_MAX / 9 + 2];
    cs_buf b = { 0 };
    size_t count = tape_below(t, tape_bool(t) ? 4 : CS_BIGINT_WORDS_MAX) + 1;
    for (size_t i = 0; i < count; i++)
        words[i] = (uint32_t)tape_u64(t);
    cs_text_add_bigint(&b, words, count);
    size_t parsed = cs_bigint_parse(cs_buf_bytes(&b), again);
    bool is_same = true;
    for (size_t i = 0; i < count; i++)
        is_same = is_same && words[i] == (i < parsed ? again[i] : 0);
    is_same = is_same && (b.size == 1 || b.data[0] != '0');
    cs_buf_fini(&b);
    return is_same ? NULL : "the words differ";
}

static void bigints_come_back(void **state)
{
    (void)state;
    t_property(bigint_comes_back, NULL, 300);
}

/* --- strings --------------------------------------------------------------------------------------- */

/* Any bytes are either refused or a string that comes back. */
static const char *string_comes_back(tape *t, void *ctx)
{
    (void)ctx;
    static const char *const parts[] = { "a",
                                         "\"",
                                         "\\",
                                         "\n",
                                         "\x01",
                                         "\xc3\xa9",
                                         "\xe2\x82\xac",
                                         "\xed\x9f\xbf",
                                         "\xee\x80\x80",
                                         "\xed\xa0\xbd",
                                         "\xed\xb8\x80",
                                         "\xed\xa0\xbd\xed\xb8\x80",
                                         "\xc0\x80",
                                         "plain text of some length" };
    cs_buf engine = { 0 }, json = { 0 }, again = { 0 };
    cs_json_list list = { 0 };
    for (size_t n = tape_below(t, 12); n > 0; n--)
        cs_buf_add_text(&engine, tape_pick(t, parts));
    const char *text = cs_buf_text(&engine);
    cs_buf_add_byte(&json, '"');
    cs_text_add_json(&json, text, strlen(text));
    cs_buf_add_byte(&json, '"');
    const char *wrong = NULL;
    if (!cs_json_read(&list, cs_buf_bytes(&json), false))
        wrong = list.error;
    else if (cs_text_add_decoded(&again, (cs_bytes){ json.data + 1, json.size - 2 }),
             !cs_bytes_equal(cs_buf_bytes(&engine), cs_buf_bytes(&again)))
        wrong = "the string differs";
    cs_json_fini(&list);
    cs_buf_fini(&engine);
    cs_buf_fini(&json);
    cs_buf_fini(&again);
    return wrong;
}

static void strings_come_back(void **state)
{
    (void)state;
    t_property(string_comes_back, NULL, 20000);
}

static void only_utf8_is_taken(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "\x80",
        "\xbf",
        "\xc0\x80",
        "\xc1\xbf",
        "\xc3",
        "\xc3\x28",
        "\xe0\x80\x80",
        "\xe0\x9f\xbf",
        "\xe2\x82",
        "\xe2\x28\xa1",
        "\xed\xa0\x80",
        "\xed\xbf\xbf",
        "\xf0\x80\x80\x80",
        "\xf0\x8f\xbf\xbf",
        "\xf0\x9f\x98",
        "\xf4\x90\x80\x80",
        "\xf5\x80\x80\x80",
        "\xff",
        "\xfe",
    };
    cs_json_list list = { 0 };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cs_buf b = { 0 };
        cs_buf_addf(&b, "\"x%s\"", bad[i]);
        assert_false(cs_json_read(&list, cs_buf_bytes(&b), false));
        assert_string_equal(list.error, "malformed UTF-8");
        assert_int_equal(list.error_at, 2);
        cs_buf_fini(&b);
    }
    assert_true(cs_json_read(&list, CS_BYTES("\"\xed\xa0\x80\xc3\xa9\""), true));
    assert_false(cs_json_read(&list, CS_BYTES("\"\xc0\x80\""), true));
    cs_json_fini(&list);
}

/* --- the order of keys ----------------------------------------------------------------------------- */

static void keys_are_ordered_by_code_units(void **state)
{
    (void)state;
    static const char *const ascending[] = {
        "",
        "\xc0\x80",
        "\x01",
        "A",
        "a",
        "a\xc0\x80",
        "a\x01",
        "aa",
        "b",
        "\x7f",
        "\xc2\x80",
        "\xdf\xbf",
        "\xe0\xa0\x80",
        "\xed\x9f\xbf",
        "\xed\xa0\xbd\xed\xb8\x80",
        "\xee\x80\x80",
        "\xef\xbf\xbf",
    };
    size_t count = sizeof ascending / sizeof ascending[0];
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < count; j++) {
            int order = cs_text_compare(ascending[i], ascending[j]);
            assert_true(i < j ? order < 0 : i > j ? order > 0 : order == 0);
        }
}

static void indices_are_canonical(void **state)
{
    (void)state;
    static const char *const not [] = { "",           "-1",          "01", "1.0", "1e3",
                                        "4294967295", "99999999999", " 1", "1 ",  "a" };
    uint32_t index = 7;
    for (size_t i = 0; i < sizeof not / sizeof not [0]; i++)
        assert_false(cs_text_is_index(cs_bytes_of(not [i]), &index));
    assert_int_equal(index, 7);
    assert_true(cs_text_is_index(CS_BYTES("0"), &index) && index == 0);
    assert_true(cs_text_is_index(CS_BYTES("4294967294"), &index) && index == UINT32_MAX - 1);
}

/* --- the list of tokens ---------------------------------------------------------------------------- */

static void tokens_are_flat(void **state)
{
    (void)state;
    cs_json_list l = { 0 };
    assert_true(cs_json_read(&l, CS_BYTES(" {\"b\":[1,{}],\"a\":-7,\"#\":\"\\n\"} "), false));
    const cs_json *j = l.items;
    assert_int_equal(l.count, 9);
    assert_int_equal(j[0].kind, CS_JSON_OBJECT);
    assert_int_equal(j[0].size, 3);
    assert_int_equal(j[0].next, 9);
    assert_int_equal(j[0].flags, CS_JSON_HAS_HASH | CS_JSON_UNSORTED);
    assert_int_equal(j[1].kind, CS_JSON_KEY);
    assert_int_equal(j[2].kind, CS_JSON_ARRAY);
    assert_int_equal(j[2].size, 2);
    assert_int_equal(j[2].next, 5);
    assert_int_equal(j[4].kind, CS_JSON_OBJECT);
    assert_int_equal(j[4].next, 5);
    assert_int_equal(j[6].kind, CS_JSON_INT);
    assert_int_equal(j[6].integer, -7);
    assert_int_equal(j[8].kind, CS_JSON_STRING);
    assert_int_equal(j[8].flags, CS_JSON_CODED);
    cs_json_fini(&l);
}

T_MAIN(T(doubles_are_printed_and_read_as_javascript_does), T(numbers_that_nobody_writes_are_read),
       T(integers_are_printed), T(bigints_come_back), T(strings_come_back), T(only_utf8_is_taken),
       T(keys_are_ordered_by_code_units), T(indices_are_canonical), T(tokens_are_flat))
