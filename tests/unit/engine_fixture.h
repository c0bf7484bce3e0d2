/* What the tests of engine/ share: one base, and heaps in which JavaScript is evaluated the way a
 * vat's is, in a compartment of its own. Results are texts, as console would show them. */
#pragma once
#include "engine/xs.h"
#include "t.h"

typedef struct fixture {
    cs_heap *heap;
    cs_error err;
    char result[4096];  /* of the last run */
    char console[4096]; /* "level: text\n" for each line */
    char rejections[4096];
} fixture;

cs_base *fixture_base(void);
void fixture_init(fixture *f, const cs_heap_hooks *more);
/* The same with a limit of the heap. */
void fixture_init_max(fixture *f, uint64_t bytes_max);
void fixture_fini(fixture *f);

/* Evaluates in the heap's compartment, then runs until nothing is left to do. Fills f->result. */
cs_status run(fixture *f, const char *source);
/* Evaluates, must succeed, and returns f->result. */
const char *eval(fixture *f, const char *source);
/* The same in a heap of its own, freed at once. */
const char *eval_once(const char *source);
/* What a run in a heap of its own ends with; limited to 20 million computrons and 64 MB. */
cs_status status_once(const char *source);
