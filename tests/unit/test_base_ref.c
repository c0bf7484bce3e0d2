/* Names of things: packed and as text. */
#include "base/ref.h"
#include "t.h"

#include <string.h>

static void vref_goes_round(const char *text, cs_ref_type type, bool by_vat, bool is_virtual)
{
    cs_vref v = { 0 };
    char back[CS_REF_TEXT_MAX];
    assert_ok(cs_vref_parse(cs_bytes_of(text), &v));
    assert_int_equal(cs_vref_type(v), type);
    assert_int_equal(cs_vref_by_vat(v), by_vat);
    assert_int_equal(cs_vref_is_virtual(v), is_virtual);
    assert_true(cs_vref_check(v));
    assert_string_equal(cs_vref_text(v, back), text);
}

static void good_vrefs(void **state)
{
    (void)state;
    vref_goes_round("o+0", CS_REF_OBJECT, true, false);
    vref_goes_round("o-50", CS_REF_OBJECT, false, false);
    vref_goes_round("p+9007199254740991", CS_REF_PROMISE, true, false);
    vref_goes_round("p-60", CS_REF_PROMISE, false, false);
    vref_goes_round("d-70", CS_REF_DEVICE, false, false);
    vref_goes_round("o+v10/3", CS_REF_OBJECT, true, true);
    vref_goes_round("o+d10/0", CS_REF_OBJECT, true, true);
    vref_goes_round("o+v0/0:0", CS_REF_OBJECT, true, true);
    vref_goes_round("o+d1048575/4294967295:126", CS_REF_OBJECT, true, true);
}

static void bad_vrefs(void **state)
{
    (void)state;
    static const char *const texts[] = {
        "",
        "o",
        "o+",
        "o+00",
        "o+01",
        "o 1",
        "o+1 ",
        "+1",
        "x+1",
        "?+1",
        "o*1",
        "o+-1",
        "o++1",
        "o-v1/2",
        "p+v1/2",
        "o+v1",
        "o+v1/",
        "o+v/1",
        "o+v01/1",
        "o+v1/01",
        "o+v1/1:",
        "o+v1/1:00",
        "o+v1/1:127",
        "o+v1048576/1",
        "o+v1/4294967296",
        "o+9007199254740992",
        "o+99999999999999999999999",
        "o+v1/1:1x",
        "o+v1/1x",
        "ko1",
        "d+",
        "o+\xff",
        "o+1\n",
        "o+18446744073709551617",
    };
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        cs_vref v = { 77 };
        if (cs_vref_parse(cs_bytes_of(texts[i]), &v) != CS_E_BAD_REF || v.bits != 77)
            fail_msg("taken: %s", texts[i]);
    }
    cs_vref v;
    assert_int_equal(cs_vref_parse(CS_BYTES("\0+1"), &v), CS_E_BAD_REF);
    assert_int_equal(cs_vref_parse((cs_bytes){ 0 }, &v), CS_E_BAD_REF);
}

static void krefs(void **state)
{
    (void)state;
    static const char *const good[] = { "ko20", "kp40", "kd30", "ko0", "kp9007199254740991" };
    static const char *const bad[] = { "",    "k",   "ko",   "ko01", "kx1",
                                       "k?1", "o20", "ko-1", "ko1 ", "ko9007199254740992",
                                       "Ko1", "ko+1" };
    char text[CS_REF_TEXT_MAX];
    cs_kref k = { 0 };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        assert_ok(cs_kref_parse(cs_bytes_of(good[i]), &k));
        assert_string_equal(cs_kref_text(k, text), good[i]);
    }
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(cs_kref_parse(cs_bytes_of(bad[i]), &k), CS_E_BAD_REF);
    assert_int_equal(cs_kref_parse(CS_BYTES("k\0"
                                            "1"),
                                   &k),
                     CS_E_BAD_REF);
    k = cs_kref_of(CS_REF_PROMISE, 41);
    assert_int_equal(cs_kref_type(k), CS_REF_PROMISE);
    assert_int_equal(cs_kref_id(k), 41);
    assert_true(cs_kref_none((cs_kref){ 0 }) && !cs_kref_none(k) && cs_kref_same(k, k));
}

/* Every pattern of bits that passes the check has a text, and the text means those bits; and what
 * does not pass has none. */
static const char *check_and_text_agree(tape *t, void *ctx)
{
    (void)ctx;
    cs_vref v = { tape_u64(t) | tape_below(t, 32) << 59 }, back = { 0 };
    char text[CS_REF_TEXT_MAX];
    if (!cs_vref_check(v))
        return NULL;
    if (cs_vref_parse(cs_bytes_of(cs_vref_text(v, text)), &back) != CS_OK)
        return "text is refused";
    return cs_vref_same(v, back) ? NULL : "text means another";
}

static void any_bits(void **state)
{
    (void)state;
    t_property(check_and_text_agree, NULL, 20000);
    assert_false(cs_vref_check((cs_vref){ 0 }));
    assert_false(cs_vref_check((cs_vref){ UINT64_MAX }));
    assert_false(cs_vref_check((cs_vref){ UINT64_C(1) << 62 | UINT64_C(1) << 53 }));
}

static const char *parse_never_lies(tape *t, void *ctx)
{
    (void)ctx;
    static const char alphabet[] = "op+-v/:d0123456789k";
    char data[16], text[CS_REF_TEXT_MAX];
    size_t size = (size_t)tape_below(t, sizeof data);
    for (size_t i = 0; i < size; i++)
        data[i] = alphabet[tape_below(t, sizeof alphabet - 1)];
    cs_bytes b = { (const uint8_t *)data, size };
    cs_vref v;
    cs_kref k;
    if (cs_vref_parse(b, &v) == CS_OK &&
        (!cs_vref_check(v) || !cs_bytes_equal(cs_bytes_of(cs_vref_text(v, text)), b)))
        return "vref";
    if (cs_kref_parse(b, &k) == CS_OK && !cs_bytes_equal(cs_bytes_of(cs_kref_text(k, text)), b))
        return "kref";
    return NULL;
}

static void any_text(void **state)
{
    (void)state;
    t_property(parse_never_lies, NULL, 50000);
}

/* S22: as the reference sorts. */
static void order_of_texts(void **state)
{
    (void)state;
    assert_true(cs_kref_compare_text(cs_kref_of(CS_REF_OBJECT, 10), cs_kref_of(CS_REF_OBJECT, 9)) <
                0);
    assert_true(cs_kref_compare_text(cs_kref_of(CS_REF_DEVICE, 99), cs_kref_of(CS_REF_OBJECT, 1)) <
                0);
    assert_true(cs_kref_compare_text(cs_kref_of(CS_REF_OBJECT, 1), cs_kref_of(CS_REF_PROMISE, 1)) <
                0);
    assert_int_equal(
        cs_kref_compare_text(cs_kref_of(CS_REF_OBJECT, 5), cs_kref_of(CS_REF_OBJECT, 5)), 0);
    cs_vref plus = cs_vref_of(CS_REF_OBJECT, true, 9), minus = cs_vref_of(CS_REF_OBJECT, false, 10),
            virtual;
    assert_ok(cs_vref_parse(CS_BYTES("o+v1/1"), &virtual));
    assert_true(cs_vref_compare_text(plus, minus) < 0);
    assert_true(cs_vref_compare_text(plus, virtual) < 0);
}

static void vat_ids(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "", "v", "v0", "v01", "1", "v1x", "v4294967296", "V1", "v-1"
    };
    char text[CS_REF_TEXT_MAX];
    cs_vatid id = { 0 };
    assert_ok(cs_vatid_parse(CS_BYTES("v4294967295"), &id));
    assert_string_equal(cs_vatid_text(id, text), "v4294967295");
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_int_equal(cs_vatid_parse(cs_bytes_of(bad[i]), &id), CS_E_BAD_REF);
}

T_MAIN(T(good_vrefs), T(bad_vrefs), T(krefs), T(any_bits), T(any_text), T(order_of_texts),
       T(vat_ids))
