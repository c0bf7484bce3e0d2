/* The vat manager's own state, and what its files tell each other. Private to vats/. */
#pragma once
#include "base/arena.h"
#include "base/map.h"
#include "vats/core.h"
#include "vats/kind.h"
#include "vats/vats.h"

/* A worker, and for whom it is. */
typedef struct cs_home {
    cs_worker *worker;
    char *key;
    bool is_ready; /* the worker has been waited for */
    uint32_t vats; /* loaded there */
} cs_home;

struct cs_vats {
    cs_store *store;
    cs_vats_ops ops;
    void *ctx;
    cs_worker_settings settings;
    cs_core core;
    cs_home **homes;
    size_t home_count;
    cs_map loaded;                 /* id of a vat -> its home */
    cs_collection_figures figures; /* of workers that are no more */
    bool said_sandbox;
    bool is_silent; /* what is loaded now is history */
    struct {
        cs_vatid vat;     /* for whom the last worker that died was needed; n 0: nobody */
        unsigned deaths;  /* in a row */
        unsigned by_this; /* while it had the delivery */
    } suspect;

    cs_error problem; /* why a vat could not be loaded; a reply may borrow it */
    cs_hash loading;  /* bundle of the vat that is being loaded */
    cs_blob *code;    /* what read_code() lent last */

    /* Of replay.c, kept for their memory. */
    const cs_reply *replaying; /* what was recorded of the delivery that is replayed; else NULL */
    cs_arena arena;
    cs_buf recorded, replayed;
};

/* homes.c. Begins to start the worker that most vats will need. Should that fail, whoever needs it hears
 * why. */
void cs_home_begin(cs_vats *v);
/* The home of a vat that is to be loaded, with a worker that is ready; `kind` NULL: of the kind that it
 * asks for. ENGINE (ENV): none could be
 * started. CORRUPT (ENV): the vat asks for a kind that there is not. */
CS_MUST_USE cs_status cs_home_for(cs_vats *v, cs_vatid vat, const cs_kind *kind, cs_home **ret,
                                  cs_error *err);
/* The home of a vat that is loaded. */
cs_home *cs_home_of(const cs_vats *v, cs_vatid vat);
/* cs_kind's deliver, to a vat that is loaded there. */
CS_MUST_USE cs_status cs_home_deliver(cs_vats *v, const cs_home *h, cs_vatid vat,
                                      const cs_delivery *d, cs_collect collect, cs_reply *ret_reply,
                                      cs_error *err);
/* A vat is loaded there; or is there no more, and then a worker that nobody else wants is stopped. */
void cs_home_enter(cs_vats *v, cs_home *h, cs_vatid vat);
void cs_home_leave(cs_vats *v, cs_vatid vat);
/* Its worker is of no use any more, or the end has come: none of its vats is loaded now. */
void cs_home_drop(cs_vats *v, cs_home *h);

/* Makes the vat's heap and evaluates its bundle. What the vat does wrong is a VAT status. */
cs_status cs_vats_load(cs_vats *v, const cs_vat_row *row, cs_error *err);

/* Replays deliveries [first, end) of the vat, which has just been loaded, compares (S16), and counts in
 * *ret. DIVERGED (VAT), CORRUPT, IO, WORKER. */
cs_status cs_vats_replay_range(cs_vats *v, cs_vatid vat, uint64_t first, uint64_t end,
                               cs_replay_figures *ret, cs_error *err);

/* Answers a question of a delivery that is replayed with what was answered then. DIVERGED. */
cs_status cs_vats_answer_again(cs_vats *v, cs_syscall *syscalls, uint32_t count);
