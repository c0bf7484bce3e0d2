/* The histogram of pauses: what it says is at most a sixteenth off. */
#include "t.h"
#include "worker/pauses.h"

static void nothing_is_zero(void **state)
{
    (void)state;
    static const cs_pauses p;
    assert_int_equal(cs_pauses_at(&p, 0.5), 0);
    assert_int_equal(cs_pauses_at(&p, 1), 0);
}

/* Around every power of two, where buckets begin and end. */
static void one_pause_is_itself(void **state)
{
    (void)state;
    for (unsigned power = 0; power < 64; power++)
        for (int64_t off = -1; off <= 1; off++) {
            cs_pauses p = { 0 };
            const uint64_t ns = (UINT64_C(1) << power) + (uint64_t)off;
            cs_pauses_add(&p, ns);
            assert_int_equal(p.count, 1);
            for (int i = 0; i <= 4; i++)
                assert_int_equal(cs_pauses_at(&p, i / 4.0), ns);
        }
}

/* 1 to 1000 microseconds, once each, in a stirred order. */
static void parts_of_many(void **state)
{
    (void)state;
    cs_pauses p = { 0 };
    for (uint64_t i = 0; i < 1000; i++)
        cs_pauses_add(&p, (i * 619 % 1000 + 1) * 1000);
    assert_int_equal(p.max_ns, 1000000);
    for (uint64_t part = 1; part <= 100; part++) {
        const uint64_t exact = part * 10000, have = cs_pauses_at(&p, (double)part / 100);
        assert_true(have >= exact && have <= exact + exact / 16);
    }
    assert_int_equal(cs_pauses_at(&p, 1), 1000000);
    assert_true(cs_pauses_at(&p, 0) < 1100);
}

/* A few long ones show at the end, and only there. */
static void outliers(void **state)
{
    (void)state;
    cs_pauses p = { 0 };
    for (int i = 0; i < 9990; i++)
        cs_pauses_add(&p, 5000);
    for (int i = 0; i < 10; i++)
        cs_pauses_add(&p, UINT64_C(1) << 50);
    assert_true(cs_pauses_at(&p, 0.99) <= 5000 + 5000 / 16);
    assert_int_equal(cs_pauses_at(&p, 0.9999), UINT64_C(1) << 50);
}

T_MAIN(T(nothing_is_zero), T(one_pause_is_itself), T(parts_of_many), T(outliers))
