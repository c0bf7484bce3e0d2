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
    cs_slot *instance; /* that the last function returned, or NULL; see apply() */
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

/* --- presences --- */

/* An owner that does with presences as liveslots does: it holds them weakly, and keeps those that were
 * lost but are recognised. One at a time. */
enum { PEERS_MAX = 250 * 1000 };
enum { PEER_NONE, PEER_HELD, PEER_KEPT };
typedef struct peer_table {
    cs_slot *slot[PEERS_MAX]; /* NULL: never made, or dead */
    uint8_t state[PEERS_MAX]; /* after the last forced collection, or since made */
    size_t count, kept;
    bool keeps_none, asks_once; /* two ways to be wrong */
} peer_table;
extern peer_table peers;

/* A heap with that owner, and no presence yet. */
void peers_init(fixture *f);
/* Evaluates to a function, which is called with peer() and these instances. peer(n) gives presence n.
 * Then runs until nothing is left to do. Fills f->result and f->instance. */
cs_status apply(fixture *f, const char *source, cs_slot *const *args, int count);
/* The same without instances; must succeed, and returns f->result. */
const char *with_peer(fixture *f, const char *source);

/* --- collections --- */

/* Forced collections with organic ones between them. */
void churn(fixture *f);
