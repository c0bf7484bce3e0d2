/* Bytes, buffers, blobs and the reader of foreign bytes. */
#include "base/bytes.h"
#include "t.h"

#include <stdlib.h>
#include <string.h>

#include "base/alloc.h"

static void bytes(void **state)
{
    (void)state;
    cs_bytes none = { 0 };
    assert_true(cs_bytes_equal(none, cs_bytes_of("")));
    assert_true(cs_bytes_equal(CS_BYTES("a\0b"), (cs_bytes){ (const uint8_t *)"a\0b", 3 }));
    assert_false(cs_bytes_equal(CS_BYTES("ab"), CS_BYTES("ac")));
    assert_int_equal(cs_bytes_compare(none, cs_bytes_of("")), 0);
    assert_true(cs_bytes_compare(none, CS_BYTES("\0")) < 0);
    assert_true(cs_bytes_compare(CS_BYTES("ab"), CS_BYTES("abc")) < 0);
    assert_true(cs_bytes_compare(CS_BYTES("b"), CS_BYTES("abc")) > 0);
    assert_true(cs_bytes_compare(CS_BYTES("\x7f"), CS_BYTES("\x80")) < 0); /* unsigned */
    assert_true(cs_bytes_start_with(CS_BYTES("file:x"), "file:"));
    assert_false(cs_bytes_start_with(CS_BYTES("fil"), "file:"));
    assert_true(cs_bytes_start_with(none, ""));
    char *text = cs_bytes_to_text(CS_BYTES("abc"));
    assert_string_equal(text, "abc");
    (void)cs_free(text);
    text = cs_bytes_to_text(none);
    assert_string_equal(text, "");
    (void)cs_free(text);
}

static void buffers(void **state)
{
    (void)state;
    cs_buf b = { 0 };
    assert_string_equal(cs_buf_text(&b), "");
    cs_buf_fini(&b);
    cs_buf_add(&b, NULL, 0);
    (void)cs_buf_reserve(&b, 0);
    cs_buf_addf(&b, "%s-%d", "x", 5);
    cs_buf_add_byte(&b, '!');
    cs_buf_add_text(&b, "");
    cs_buf_addf(&b, "%0500d", 1); /* longer than what there was room for */
    assert_int_equal(b.size, 4 + 500);
    assert_memory_equal(cs_buf_text(&b), "x-5!000", 7);
    assert_int_equal(strlen(cs_buf_text(&b)), b.size);
    cs_buf_clear(&b);
    assert_int_equal(cs_buf_bytes(&b).size, 0);
    for (size_t i = 0; i < 100000; i++)
        cs_buf_add_byte(&b, (uint8_t)i);
    for (size_t i = 0; i < 100000; i++)
        assert_int_equal(b.data[i], (uint8_t)i);
    cs_buf_fini(&b);
    cs_buf_fini(&b);
}

static void json_says(cs_bytes b, const char *want)
{
    cs_buf out = { 0 };
    cs_buf_add_json(&out, b);
    assert_string_equal(cs_buf_text(&out), want);
    cs_buf_fini(&out);
}

static void json_strings(void **state)
{
    (void)state;
    json_says((cs_bytes){ 0 }, "\"\"");
    json_says(CS_BYTES("a\"b\\c"), "\"a\\\"b\\\\c\"");
    json_says(CS_BYTES("\b\t\n\f\r\x01\x1f\0\x7f"), "\"\\b\\t\\n\\f\\r\\u0001\\u001f\\u0000\x7f\"");
    json_says(CS_BYTES("\xc3\xa9\""), "\"\xc3\xa9\\\"\"");
}

static void varints(void **state)
{
    (void)state;
    static const uint64_t numbers[] = {
        0, 127, 128, 300, 16383, 16384, UINT32_MAX, UINT64_MAX, 1ull << 63, (1ull << 63) - 1
    };
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        cs_buf b = { 0 };
        cs_buf_add_varint(&b, numbers[i]);
        assert_true(b.size <= 10);
        cs_reader r = cs_reader_of(cs_buf_bytes(&b));
        assert_int_equal(cs_reader_varint(&r), numbers[i]);
        assert_true(cs_reader_done(&r));
        r = cs_reader_of((cs_bytes){ b.data, b.size - 1 });
        assert_int_equal(cs_reader_varint(&r), 0);
        assert_false(r.ok);
        cs_buf_fini(&b);
    }
}

static void wrong_varint(const char *data, size_t size)
{
    cs_reader r = cs_reader_of((cs_bytes){ (const uint8_t *)data, size });
    assert_int_equal(cs_reader_varint(&r), 0);
    assert_false(r.ok || cs_reader_done(&r));
    assert_int_equal(cs_reader_left(&r), 0);
}

static void only_the_shortest_varint(void **state)
{
    (void)state;
    wrong_varint("\x80\x00", 2);
    wrong_varint("\xff\x80\x00", 3);
    wrong_varint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 10);
    wrong_varint("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x81\x00", 11);
    wrong_varint("\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", 11);
}

/* Any bytes: what is read is what would be written, and nothing is read past the end. */
static const char *reads_what_is_written(tape *t, void *ctx)
{
    (void)ctx;
    uint8_t data[12];
    cs_buf b = { 0 };
    size_t size = (size_t)tape_below(t, sizeof data);
    tape_bytes(t, data, size);
    cs_reader r = cs_reader_of((cs_bytes){ data, size });
    uint64_t n = cs_reader_varint(&r);
    if (r.ok)
        cs_buf_add_varint(&b, n);
    bool good = !r.ok || (b.size == (size_t)(r.at - data) && memcmp(b.data, data, b.size) == 0);
    cs_buf_fini(&b);
    return good ? NULL : "another encoding";
}

static void any_bytes_as_varint(void **state)
{
    (void)state;
    t_property(reads_what_is_written, NULL, 20000);
}

static void the_reader_stays_failed(void **state)
{
    (void)state;
    cs_reader r = cs_reader_of(CS_BYTES("\x03"
                                        "abcd"));
    assert_true(cs_bytes_equal(cs_reader_sized(&r), CS_BYTES("abc")));
    assert_int_equal(cs_reader_left(&r), 1);
    assert_false(cs_reader_done(&r));
    assert_int_equal(cs_reader_bytes(&r, 2).size, 0);
    assert_false(r.ok);
    assert_int_equal(cs_reader_byte(&r), 0); /* though there is one */
    assert_int_equal(cs_reader_bytes(&r, 0).size, 0);
    assert_int_equal(cs_reader_sized(&r).size, 0);
    assert_false(r.ok);
    r = cs_reader_of(CS_BYTES("\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"
                              "abc"));
    assert_int_equal(cs_reader_sized(&r).size, 0);
    assert_false(r.ok);
    r = cs_reader_of((cs_bytes){ 0 });
    assert_true(cs_reader_done(&r));
    assert_int_equal(cs_reader_bytes(&r, 0).size, 0);
    assert_true(r.ok);
}

static void blobs(void **state)
{
    (void)state;
    cs_blob *b = cs_blob_new(CS_BYTES("abc"));
    assert_ptr_equal(cs_blob_ref(b), b);
    assert_null(cs_blob_unref(b));
    assert_true(cs_bytes_equal(cs_blob_bytes(b), CS_BYTES("abc")));
    assert_null(cs_blob_unref(b));
    assert_null(cs_blob_ref(NULL));
    assert_null(cs_blob_unref(NULL));
    assert_int_equal(cs_blob_bytes(NULL).size, 0);
    b = cs_blob_new((cs_bytes){ 0 });
    assert_int_equal(cs_blob_bytes(b).size, 0);
    (void)cs_blob_unref(b);
}

T_MAIN(T(bytes), T(buffers), T(json_strings), T(varints), T(only_the_shortest_varint),
       T(any_bytes_as_varint), T(the_reader_stays_failed), T(blobs))
