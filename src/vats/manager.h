/* The vat manager's own state, and what its files tell each other. Private to vats/. */
#pragma once
#include "base/arena.h"
#include "base/map.h"
#include "vats/kind.h"
#include "vats/vats.h"

struct cs_vats {
    cs_store *store;
    cs_vats_ops ops;
    void *ctx;
    cs_worker *worker;
    cs_map loaded; /* ids of vats */

    cs_error problem; /* why a vat could not be loaded; a reply may borrow it */
    cs_hash loading;  /* bundle of the vat that is being loaded */
    cs_blob *code;    /* what read_code() lent last */

    /* Of replay.c, kept for their memory. */
    const cs_reply *replaying; /* what was recorded of the delivery that is replayed; else NULL */
    cs_arena arena;
    cs_buf recorded, replayed;
};

/* Makes the vat's heap and evaluates its bundle. What the vat does wrong is a VAT status. */
cs_status cs_vats_load(cs_vats *v, const cs_vat_row *row, cs_error *err);

/* Replays deliveries [first, end) of the vat, which has just been loaded, compares (S16), and counts in
 * *ret. DIVERGED (VAT), CORRUPT, IO. */
cs_status cs_vats_replay_range(cs_vats *v, cs_vatid vat, uint64_t first, uint64_t end,
                               cs_replay_figures *ret, cs_error *err);

/* Answers a question of a delivery that is replayed with what was answered then. DIVERGED. */
cs_status cs_vats_answer_again(cs_vats *v, cs_syscall *syscalls, uint32_t count);
