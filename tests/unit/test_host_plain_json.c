/* Plain JSON to smallcaps and back. */
#include "t.h"

#include "host/plain_json.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static json_t *parse(const char *text)
{
    json_t *value = cs_plain_parse(text, strlen(text), NULL);
    assert_non_null(value);
    return value;
}

/* What the JSON text becomes; valid until the next call. */
static const char *smallcaps_of(const char *text)
{
    static cs_buf b;
    cs_buf_clear(&b);
    json_t *value = parse(text);
    cs_plain_to_smallcaps(&b, value);
    json_decref(value);
    return cs_buf_text(&b);
}

/* What the smallcaps text (without its '#') becomes, or NULL. */
static const char *plain_of(const char *smallcaps)
{
    static cs_buf b;
    cs_buf body = { 0 };
    cs_buf_addf(&body, "#%s", smallcaps);
    cs_buf_clear(&b);
    cs_buf_add_text(&b, "before");
    bool ok = cs_smallcaps_to_plain(cs_buf_bytes(&body), &b);
    cs_buf_fini(&body);
    if (ok)
        return cs_buf_text(&b) + 6;
    assert_string_equal(cs_buf_text(&b), "before"); /* nothing was appended */
    return NULL;
}

static const struct {
    const char *plain, *smallcaps;
} pairs[] = {
    { "null", "null" },
    { "true", "true" },
    { "[]", "[]" },
    { "{}", "{}" },
    { "0", "0" },
    { "-5", "-5" },
    { "0.1", "0.1" },
    { "0.30000000000000004", "0.30000000000000004" },
    { "9007199254740991", "9007199254740991" },
    { "100000000000000000000", "100000000000000000000" },
    { "1e+300", "1e+300" },
    { "\"\"", "\"\"" },
    { "\"text\"", "\"text\"" },
    { "\"!x\"", "\"!!x\"" },
    { "\"#undefined\"", "\"!#undefined\"" },
    { "\"$0.Alleged: root\"", "\"!$0.Alleged: root\"" },
    { "\"&0\"", "\"!&0\"" },
    { "\"%x\"", "\"!%x\"" },
    { "\"'x\"", "\"!'x\"" },
    { "\"(x\"", "\"!(x\"" },
    { "\")x\"", "\"!)x\"" },
    { "\"*x\"", "\"!*x\"" },
    { "\"+5\"", "\"!+5\"" },
    { "\",x\"", "\"!,x\"" },
    { "\"-5\"", "\"!-5\"" },
    { "\"\\\"x\"", "\"!\\\"x\"" },
    { "\".x\"", "\".x\"" },
    { "\" x\"", "\" x\"" },
    { "\"\\u0000x\\n\"", "\"\\u0000x\\n\"" },
    { "\"\xc3\xa4\"", "\"\xc3\xa4\"" },
    { "{\"#tag\":\"#x\"}", "{\"!#tag\":\"!#x\"}" },
    { "{\"a\":[1,{\"b\":null}]}", "{\"a\":[1,{\"b\":null}]}" },
};

static void every_plain_value_has_its_smallcaps(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
        assert_string_equal(smallcaps_of(pairs[i].plain), pairs[i].smallcaps);
        const char *back = plain_of(pairs[i].smallcaps);
        assert_non_null(back);
        assert_string_equal(back, pairs[i].plain);
    }
}

static void keys_are_sorted(void **state)
{
    (void)state;
    assert_string_equal(smallcaps_of("{\"b\":1,\"a\":2,\"#c\":3,\"\":4}"),
                        "{\"\":4,\"!#c\":3,\"a\":2,\"b\":1}");
}

/* As JavaScript: 64-bit integers are doubles too. */
static void numbers_are_doubles(void **state)
{
    (void)state;
    assert_string_equal(smallcaps_of("9007199254740993"), "9007199254740992");
    assert_string_equal(smallcaps_of("5.0"), "5");
    assert_string_equal(smallcaps_of("-0"), "0");
    assert_string_equal(smallcaps_of("1e3"), "1000");
    assert_null(cs_plain_parse("1e999", 5, NULL));
}

static void values_without_a_plain_form_have_none(void **state)
{
    static const char *const texts[] = {
        "\"#undefined\"",
        "\"#NaN\"",
        "\"#-0\"",
        "\"#Infinity\"",
        "\"#-Infinity\"",
        "\"+5\"",
        "\"-5\"",
        "\"$0.Alleged: root\"",
        "\"&0\"",
        "\"%iterator\"",
        "[1,[\"$0\"]]",
        "{\"a\":{\"b\":\"+1\"}}",
        "{\"#tag\":\"copySet\",\"payload\":[]}",
        "{\"#error\":\"x\",\"name\":\"Error\"}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_null(plain_of(texts[i]));
}

static void bodies_that_are_none_have_none(void **state)
{
    static const char *const bodies[] = {
        "", "#", "1", "\"x\"", "#[", "#{\"a\":1,\"a\":2}", "#nul", "#\"\\ud800\"", "#1 2", "##1"
    };
    (void)state;
    for (size_t i = 0; i < sizeof bodies / sizeof *bodies; i++) {
        cs_buf b = { 0 };
        assert_false(cs_smallcaps_to_plain(cs_bytes_of(bodies[i]), &b));
        assert_int_equal(b.size, 0);
        cs_buf_fini(&b);
    }
}

/* ---- any value at all ---- */

static json_t *draw_string(tape *t)
{
    static const char *const heads[] = {
        "", "a", "!", "#", "$", "-", ".", "\xc3\xa4", "#-0", "!!"
    };
    char text[24];
    int size = snprintf(text, sizeof text, "%s", tape_pick(t, heads));
    for (uint64_t more = tape_below(t, 6); more > 0; more--)
        text[size++] = (char)tape_below(t, 128);
    return json_stringn(text, (size_t)size);
}

static json_t *draw_number(tape *t)
{
    static const double some[] = {
        0, -0.0, 1, -1, 0.1, 1e21, 1e20, 1e-7, 5e-324, 1e308, 1.7976931348623157e308, 4294967296.5
    };
    switch (tape_below(t, 3)) {
    case 0:
        return json_real(tape_pick(t, some));
    case 1:
        return json_real((double)(int64_t)tape_u64(t));
    default:
        return json_real((double)(int64_t)tape_u64(t) / (double)tape_between(t, 1, 1000000));
    }
}

static json_t *draw(tape *t, unsigned depth)
{
    json_t *value;
    switch (tape_below(t, depth == 0 ? 4 : 6)) {
    case 0:
        return json_null();
    case 1:
        return json_boolean(tape_bool(t));
    case 2:
        return draw_number(t);
    case 3:
        return draw_string(t);
    case 4:
        value = json_array();
        for (uint64_t n = tape_below(t, 5); n > 0; n--)
            json_array_append_new(value, draw(t, depth - 1));
        return value;
    default:
        value = json_object();
        for (uint64_t n = tape_below(t, 5); n > 0; n--) {
            json_t *key = draw_string(t);
            json_object_set_new(value, json_string_value(key), draw(t, depth - 1));
            json_decref(key);
        }
        return value;
    }
}

static const char *goes_there_and_back(tape *t, void *ctx)
{
    cs_buf there = { 0 }, back = { 0 };
    json_t *value = draw(t, 4), *again = NULL;
    const char *wrong = NULL;
    (void)ctx;
    cs_buf_add_byte(&there, '#');
    cs_plain_to_smallcaps(&there, value);
    if (!cs_smallcaps_to_plain(cs_buf_bytes(&there), &back))
        wrong = "no plain form";
    else if ((again = cs_plain_parse((const char *)back.data, back.size, NULL)) == NULL)
        wrong = "the plain form is not JSON";
    else if (!json_equal(value, again))
        wrong = "another value came back";
    json_decref(value);
    json_decref(again);
    cs_buf_fini(&there);
    cs_buf_fini(&back);
    return wrong;
}

static void any_value_goes_there_and_back(void **state)
{
    (void)state;
    t_property(goes_there_and_back, NULL, 3000);
}

T_MAIN(T(every_plain_value_has_its_smallcaps), T(keys_are_sorted), T(numbers_are_doubles),
       T(values_without_a_plain_form_have_none), T(bodies_that_are_none_have_none),
       T(any_value_goes_there_and_back))
