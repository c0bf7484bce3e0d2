/* How long things took: a histogram of fixed size. Sixteen buckets for each power of two, so a figure
 * read from it is at most a sixteenth off. */
#pragma once
#include <stdint.h>

enum {
    CS_PAUSES_STEPS = 16,   /* buckets of one power of two */
    CS_PAUSES_DOUBLES = 40, /* longer than 2^40 ns, 18 minutes, counts as that */
    CS_PAUSES_BUCKETS = (CS_PAUSES_DOUBLES - 3) * CS_PAUSES_STEPS,
};

typedef struct cs_pauses {
    uint64_t count, max_ns; /* max is exact */
    uint64_t buckets[CS_PAUSES_BUCKETS];
} cs_pauses;

void cs_pauses_add(cs_pauses *p, uint64_t ns);
/* So long, in ns, that this part of all pauses (0 to 1) was no longer; 0 if there was none. */
uint64_t cs_pauses_at(const cs_pauses *p, double part);
