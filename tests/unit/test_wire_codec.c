/* The encoding of deliveries and replies: what goes in comes out, one encoding for each value, and
 * nothing but that is read. */
#include "base/limits.h"
#include "wire/codec.h"
#include "wire/text.h"
#include "wire_gen.h"

#include <stdlib.h>
#include <string.h>

/* ---- equality, member by member ---- */

static bool same_vrefs(const cs_vref *a, uint32_t a_count, const cs_vref *b, uint32_t b_count)
{
    return a_count == b_count && (a_count == 0 || memcmp(a, b, a_count * sizeof *a) == 0);
}

static bool same_capdata(const cs_capdata *a, const cs_capdata *b)
{
    return cs_bytes_equal(a->body, b->body) &&
           same_vrefs(a->slots, a->slot_count, b->slots, b->slot_count);
}

static bool same_message(const cs_message *a, const cs_message *b)
{
    return cs_vref_same(a->target, b->target) && same_capdata(&a->methargs, &b->methargs) &&
           cs_vref_same(a->result, b->result);
}

static bool same_resolutions(const cs_resolutions *a, const cs_resolutions *b)
{
    bool same = a->count == b->count;
    for (uint32_t i = 0; same && i < a->count; i++)
        same = cs_vref_same(a->items[i].promise, b->items[i].promise) &&
               a->items[i].rejected == b->items[i].rejected &&
               same_capdata(&a->items[i].data, &b->items[i].data);
    return same;
}

static bool same_delivery(const cs_delivery *a, const cs_delivery *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == CS_DELIVER_START_VAT)
        return same_capdata(&a->start, &b->start);
    if (a->kind == CS_DELIVER_MESSAGE)
        return same_message(&a->message, &b->message);
    if (a->kind == CS_DELIVER_NOTIFY)
        return same_resolutions(&a->notify, &b->notify);
    return a->kind == CS_DELIVER_BRING_OUT_YOUR_DEAD ||
           same_vrefs(a->refs.items, a->refs.count, b->refs.items, b->refs.count);
}

static bool same_syscall(const cs_syscall *a, const cs_syscall *b)
{
    if (a->kind != b->kind)
        return false;
    if (a->kind == CS_SYSCALL_SEND)
        return same_message(&a->send, &b->send);
    if (a->kind == CS_SYSCALL_SUBSCRIBE)
        return cs_vref_same(a->promise, b->promise);
    if (a->kind == CS_SYSCALL_RESOLVE)
        return same_resolutions(&a->resolve, &b->resolve);
    if (a->kind == CS_SYSCALL_EXIT)
        return a->exit.is_failure == b->exit.is_failure &&
               same_capdata(&a->exit.info, &b->exit.info);
    if (a->kind == CS_SYSCALL_CALL_NOW)
        return cs_vref_same(a->call.device, b->call.device) &&
               cs_bytes_equal(a->call.method, b->call.method) &&
               same_capdata(&a->call.args, &b->call.args) && a->call.failed == b->call.failed &&
               same_capdata(&a->call.result, &b->call.result);
    if (a->kind >= CS_SYSCALL_VATSTORE_GET)
        return cs_bytes_equal(a->vatstore.key, b->vatstore.key) &&
               cs_bytes_equal(a->vatstore.value, b->vatstore.value) &&
               a->vatstore.has_answer == b->vatstore.has_answer;
    return same_vrefs(a->refs.items, a->refs.count, b->refs.items, b->refs.count);
}

static bool same_history(const cs_reply *a, const cs_reply *b)
{
    bool same = a->status == b->status && cs_bytes_equal(a->problem, b->problem) &&
                a->computrons == b->computrons && a->collected == b->collected &&
                a->syscall_count == b->syscall_count;
    for (uint32_t i = 0; same && i < a->syscall_count; i++)
        same = same_syscall(&a->syscalls[i], &b->syscalls[i]);
    return same;
}

static bool same_figures(const cs_reply *a, const cs_reply *b)
{
    return a->heap_bytes == b->heap_bytes && a->allocated_bytes == b->allocated_bytes &&
           a->imports_held == b->imports_held && a->watched == b->watched &&
           a->dead_left == b->dead_left;
}

/* ---- round trips ---- */

typedef struct bench {
    cs_arena made, read;
    cs_buf bytes, again;
} bench;

static void clear(bench *w)
{
    cs_arena_clear(&w->made);
    cs_arena_clear(&w->read);
    cs_buf_clear(&w->bytes);
    cs_buf_clear(&w->again);
}

static void finish(bench *w)
{
    cs_arena_fini(&w->made);
    cs_arena_fini(&w->read);
    cs_buf_fini(&w->bytes);
    cs_buf_fini(&w->again);
}

static const char *delivery_comes_back(tape *t, void *ctx)
{
    bench *w = ctx;
    clear(w);
    cs_delivery d = gen_delivery(t, &w->made), back;
    cs_delivery_enc(&w->bytes, &d);
    cs_reader r = cs_reader_of(cs_buf_bytes(&w->bytes));
    if (cs_delivery_dec(&r, &w->read, &back) != CS_OK || !cs_reader_done(&r))
        return "refused";
    return same_delivery(&d, &back) ? NULL : "another delivery";
}

static const char *reply_comes_back(tape *t, void *ctx)
{
    bench *w = ctx;
    clear(w);
    cs_reply reply = gen_reply(t, &w->made), back;
    cs_reply_enc(&w->bytes, &reply);
    cs_reader r = cs_reader_of(cs_buf_bytes(&w->bytes));
    if (cs_reply_dec(&r, &w->read, &back) != CS_OK || !cs_reader_done(&r))
        return "refused";
    return same_history(&reply, &back) && same_figures(&reply, &back) ? NULL : "another reply";
}

/* S22: the figures of the heap are not part of it. */
static const char *transcript_comes_back(tape *t, void *ctx)
{
    bench *w = ctx;
    clear(w);
    cs_delivery d = gen_delivery(t, &w->made), d_back;
    cs_reply reply = gen_reply(t, &w->made), back, nothing = { 0 };
    cs_transcript_enc(&w->bytes, &d, &reply);
    if (cs_transcript_dec(cs_buf_bytes(&w->bytes), &w->read, &d_back, &back) != CS_OK)
        return "refused";
    return same_delivery(&d, &d_back) && same_history(&reply, &back) &&
                   same_figures(&back, &nothing)
               ? NULL
               : "another row";
}

/* Whatever else is read, it is what its own encoding says: so equal values have equal bytes. */
static const char *changed_bytes(tape *t, void *ctx)
{
    bench *w = ctx;
    clear(w);
    cs_delivery d = gen_delivery(t, &w->made), d_back;
    cs_reply reply = gen_reply(t, &w->made), back;
    cs_transcript_enc(&w->bytes, &d, &reply);
    for (uint64_t n = tape_below(t, 3); n > 0; n--)
        w->bytes.data[tape_below(t, w->bytes.size)] = (uint8_t)tape_below(t, 256);
    w->bytes.size -= tape_chance(t, 30) ? (size_t)tape_below(t, w->bytes.size) : 0;
    cs_bytes row = cs_buf_bytes(&w->bytes);
    if (cs_transcript_dec(row, &w->read, &d_back, &back) != CS_OK)
        return NULL;
    cs_transcript_enc(&w->again, &d_back, &back);
    return cs_bytes_equal(row, cs_buf_bytes(&w->again)) ? NULL : "two encodings of one value";
}

static void run(t_property_fn *property)
{
    bench w = { 0 };
    t_property(property, &w, 5000);
    finish(&w);
}

static void deliveries(void **state)
{
    (void)state;
    run(delivery_comes_back);
}

static void replies(void **state)
{
    (void)state;
    run(reply_comes_back);
}

static void transcripts(void **state)
{
    (void)state;
    run(transcript_comes_back);
}

static void one_encoding_of_a_value(void **state)
{
    (void)state;
    run(changed_bytes);
}

static void every_cut_is_noticed(void **state)
{
    (void)state;
    bench w = { 0 };
    for (uint64_t seed = 1; seed < 100; seed++) {
        tape t;
        clear(&w);
        tape_from_seed(&t, seed);
        cs_delivery d = gen_delivery(&t, &w.made), d_back;
        cs_reply reply = gen_reply(&t, &w.made), back;
        cs_transcript_enc(&w.bytes, &d, &reply);
        for (size_t size = 0; size < w.bytes.size; size++) {
            cs_bytes row = { w.bytes.data, size };
            assert_int_equal(cs_transcript_dec(row, &w.read, &d_back, &back), CS_E_PROTOCOL);
        }
        cs_buf_add_byte(&w.bytes, 0);
        assert_int_equal(cs_transcript_dec(cs_buf_bytes(&w.bytes), &w.read, &d_back, &back),
                         CS_E_PROTOCOL);
        tape_fini(&t);
    }
    finish(&w);
}

/* ---- what is refused ---- */

static cs_status decode_reply(cs_bytes bytes, cs_reply *ret)
{
    static cs_arena arena;
    cs_reader r = cs_reader_of(bytes);
    cs_status st = cs_reply_dec(&r, &arena, ret);
    cs_arena_fini(&arena);
    return st;
}

static void check_bytes(const char *bytes, size_t size, cs_status want)
{
    cs_reply reply = { .computrons = 77 };
    assert_int_equal(decode_reply((cs_bytes){ (const uint8_t *)bytes, size }, &reply), want);
    if (want != CS_OK)
        assert_int_equal(reply.computrons, 77); /* untouched by failure */
}
#define REPLY(literal, want) check_bytes(literal, sizeof(literal) - 1, want)

static void hostile_replies(void **state)
{
    (void)state;
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\0",
          CS_OK);
    REPLY("\0\0\0\0\0"
          "\0\0\x80\0\0\0",
          CS_E_PROTOCOL); /* a number in a longer form */
    REPLY("\0\0\0\0\0"
          "\xff\x7f\0\0\0\0",
          CS_E_PROTOCOL); /* no such status */
    REPLY("\0\0\0\0\0"
          "\x7f\0\0\0\0",
          CS_E_PROTOCOL);
    REPLY("\0\0\xff\xff\xff\xff\x1f\0\0"
          "\0\0\0\0\0",
          CS_E_PROTOCOL); /* more imports than there can be */
    REPLY("\0\0\0\xff\xff\xff\xff\x1f\0"
          "\0\0\0\0\0",
          CS_E_PROTOCOL); /* likewise watched */
    REPLY("\0\0\0\0\xff\xff\xff\xff\x1f"
          "\0\0\0\0\0",
          CS_E_PROTOCOL); /* and dead */
    REPLY("\0\0\0\0\0"
          "\0\0\0\x02\0",
          CS_E_PROTOCOL); /* neither collected nor not */
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\x01",
          CS_E_PROTOCOL); /* syscalls that do not come */
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\xc0\x84\x3d",
          CS_E_PROTOCOL); /* a million of them */
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\x01\0",
          CS_E_PROTOCOL); /* no such syscall */
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\x01\x0e",
          CS_E_PROTOCOL);
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\x01\x02\0",
          CS_E_PROTOCOL); /* subscribe to nothing */
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\x01\x02\x07",
          CS_E_PROTOCOL); /* a vref of no type */
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\x01\x02\x28",
          CS_OK); /* p-… is 10 in the low bits */
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\x01\x04\x02\0\0",
          CS_E_PROTOCOL); /* a flag of 2 */
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\x01\x04\x01\x01\xff\0",
          CS_E_PROTOCOL); /* not UTF-8 */
    REPLY("\0\0\0\0\0"
          "\0\0\0\0\x01\x0a\x01\xff\x01\xfe",
          CS_OK); /* but vatstore has any bytes */
}

static void statuses_are_the_vats_own(void **state)
{
    (void)state;
    for (unsigned st = 0; st < CS_STATUS_COUNT; st++) {
        cs_buf b = { 0 };
        cs_reply reply = { .status = (cs_status)st }, back;
        cs_reply_enc(&b, &reply);
        bool good = st == CS_OK || cs_status_class((cs_status)st) == CS_CLASS_VAT;
        assert_int_equal(decode_reply(cs_buf_bytes(&b), &back), good ? CS_OK : CS_E_PROTOCOL);
        cs_buf_fini(&b);
    }
}

static cs_status reply_with(const cs_syscall *s)
{
    cs_buf b = { 0 };
    cs_reply reply = { .syscalls = s, .syscall_count = 1 }, back;
    cs_reply_enc(&b, &reply);
    cs_status st = decode_reply(cs_buf_bytes(&b), &back);
    cs_buf_fini(&b);
    return st;
}

/* S7: bodies of one syscall together, slots of one syscall together, keys and values. */
static void limits(void **state)
{
    (void)state;
    char *big = malloc(CS_BODY_MAX + 1);
    cs_vref *slots = malloc((CS_SLOTS_MAX + 1) * sizeof *slots),
            p = cs_vref_of(CS_REF_PROMISE, true, 5);
    assert_non_null(big);
    assert_non_null(slots);
    memset(big, 'x', CS_BODY_MAX + 1);
    for (size_t i = 0; i <= CS_SLOTS_MAX; i++)
        slots[i] = p;
    cs_resolution two[2] = { { .promise = p }, { .promise = p } };
    cs_syscall resolve = { .kind = CS_SYSCALL_RESOLVE, .resolve = { two, 2 } };
    for (size_t over = 0; over < 2; over++) {
        cs_status want = over ? CS_E_PROTOCOL : CS_OK;
        two[0].data = (cs_capdata){ { (uint8_t *)big, 1000 }, slots, 10 };
        two[1].data = (cs_capdata){ { (uint8_t *)big, CS_BODY_MAX - 1000 + over }, slots, 10 };
        assert_int_equal(reply_with(&resolve), want);
        two[1].data =
            (cs_capdata){ { (uint8_t *)big, 9 }, slots, CS_SLOTS_MAX - 10 + (uint32_t)over };
        assert_int_equal(reply_with(&resolve), want);
        cs_syscall get = { .kind = CS_SYSCALL_VATSTORE_GET };
        get.vatstore.key = (cs_bytes){ (uint8_t *)big, CS_VATSTORE_KEY_MAX + over };
        assert_int_equal(reply_with(&get), want);
        get.vatstore.key.size = 1;
        get.vatstore.has_answer = true;
        get.vatstore.value = (cs_bytes){ (uint8_t *)big, CS_VATSTORE_VALUE_MAX + over };
        assert_int_equal(reply_with(&get), want);
    }
    free(big);
    free(slots);
}

/* A notify brings together what several vats resolved: each of them within the limits. */
static void a_big_notify(void **state)
{
    (void)state;
    char *big = malloc(CS_BODY_MAX);
    assert_non_null(big);
    memset(big, 'x', CS_BODY_MAX);
    cs_resolution two[2];
    for (size_t i = 0; i < 2; i++)
        two[i] = (cs_resolution){ .promise = cs_vref_of(CS_REF_PROMISE, false, 60 + i),
                                  .data.body = { (uint8_t *)big, CS_BODY_MAX } };
    cs_delivery d = { .kind = CS_DELIVER_NOTIFY, .notify = { two, 2 } }, back;
    cs_buf b = { 0 };
    cs_arena arena = { 0 };
    cs_delivery_enc(&b, &d);
    cs_reader r = cs_reader_of(cs_buf_bytes(&b));
    assert_ok(cs_delivery_dec(&r, &arena, &back));
    assert_true(same_delivery(&d, &back));
    cs_buf_fini(&b);
    cs_arena_fini(&arena);
    free(big);
}

/* One committed example, so that the encoding does not change by accident: transcripts live long. */
static void an_example(void **state)
{
    (void)state;
    cs_vref slot = cs_vref_of(CS_REF_OBJECT, false, 50);
    cs_delivery d = { .kind = CS_DELIVER_MESSAGE,
                      .message = { .target = cs_vref_of(CS_REF_OBJECT, true, 0),
                                   .methargs = { CS_BYTES("#[]"), &slot, 1 },
                                   .result = cs_vref_of(CS_REF_PROMISE, false, 60) } };
    cs_syscall get = { .kind = CS_SYSCALL_VATSTORE_GET,
                       .vatstore = { CS_BYTES("k"), CS_BYTES("v"), true } };
    cs_reply reply = {
        .computrons = 300, .collected = true, .heap_bytes = 1, .syscalls = &get, .syscall_count = 1
    };
    cs_buf b = { 0 };
    cs_transcript_enc(&b, &d, &reply);
    static const char want[] =
        "\x02\x0c\x03#[]\x01\xc8\x0c\x90\x0f" /* target, body, slots, result */
        "\0\0\xac\x02\x01\x01"                /* ok, no problem, 300, collected, one */
        "\x09\x01k\x01\x01v";
    assert_bytes_equal(b.data, b.size, want, sizeof want - 1);
    cs_buf_fini(&b);
}

/* ---- text ---- */

static void text(void **state)
{
    (void)state;
    static const char *const good[] = { "",
                                        "abcdefgh",
                                        "abcdefg\xc3\xa9h",
                                        "\xef\xbf\xbf",
                                        "\xf4\x8f\xbf\xbf",
                                        "\xed\x9f\xbf",
                                        "\x7f",
                                        "\xf0\x90\x80\x80" };
    static const char *const bad[] = { "\x80",
                                       "\xc3",
                                       "\xc0\x80",
                                       "\xc1\xbf",
                                       "\xe0\x9f\xbf",
                                       "\xed\xa0\x80",
                                       "\xe2\x82",
                                       "abcdefgh\xff",
                                       "\xf0\x8f\xbf\xbf",
                                       "\xf4\x90\x80\x80",
                                       "\xf5\x80\x80\x80",
                                       "\xe2\x28\xa1",
                                       "\xf0\x9f\xa6" };
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++)
        assert_true(cs_text_check(cs_bytes_of(good[i])));
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        assert_false(cs_text_check(cs_bytes_of(bad[i])));
    assert_true(cs_text_check((cs_bytes){ 0 }));
}

T_MAIN(T(deliveries), T(replies), T(transcripts), T(one_encoding_of_a_value),
       T(every_cut_is_noticed), T(hostile_replies), T(statuses_are_the_vats_own), T(limits),
       T(a_big_notify), T(an_example), T(text))
