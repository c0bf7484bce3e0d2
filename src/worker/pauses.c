/* Buckets: one for each value below 16, then 16 for each power of two. */
#include "worker/pauses.h"

static unsigned bucket_of(uint64_t ns)
{
    if (ns < CS_PAUSES_STEPS)
        return (unsigned)ns;
    unsigned power = 63 - (unsigned)__builtin_clzll(ns);
    if (power >= CS_PAUSES_DOUBLES)
        return CS_PAUSES_BUCKETS - 1;
    return (power - 3) * CS_PAUSES_STEPS + (unsigned)(ns >> (power - 4)) % CS_PAUSES_STEPS;
}

/* The longest pause that is counted in a bucket. */
static uint64_t end_of(unsigned bucket)
{
    if (bucket < CS_PAUSES_STEPS)
        return bucket;
    unsigned power = bucket / CS_PAUSES_STEPS + 3;
    uint64_t step = UINT64_C(1) << (power - 4);
    return (CS_PAUSES_STEPS + bucket % CS_PAUSES_STEPS + 1) * step - 1;
}

void cs_pauses_add(cs_pauses *p, uint64_t ns)
{
    p->buckets[bucket_of(ns)]++;
    p->count++;
    if (ns > p->max_ns)
        p->max_ns = ns;
}

uint64_t cs_pauses_at(const cs_pauses *p, double part)
{
    uint64_t seen = 0;
    const double wanted = part * (double)p->count;
    for (unsigned i = 0; i < CS_PAUSES_BUCKETS; i++) {
        seen += p->buckets[i];
        if (seen > 0 && (double)seen >= wanted)
            return end_of(i) < p->max_ns && i < CS_PAUSES_BUCKETS - 1 ? end_of(i) : p->max_ns;
    }
    return 0;
}
