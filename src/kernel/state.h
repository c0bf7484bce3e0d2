/* What the files of kernel/ share: the kernel itself and the crank that is under way.
 *
 *   K1  Between two calls of the host nothing in memory matters: everything that counts is in rows.
 *       A kernel made anew over the same store goes on exactly where this one stopped.
 *   K2  What lives for one crank lives in cs_crank and is dropped whole at its end, kept or undone
 *       (S3: the reference's in-memory sets outlived a rollback and lost krefs).
 *   K3  Rows are foreign. A row that is missing or contradicts another is not asserted on: it is
 *       noted with cs_crank_fault(), the code goes on as harmlessly as it can, and the crank is undone
 *       at its end. The same path serves a disk that failed under a find, which also shows as a
 *       missing row. */
#pragma once
#include "base/arena.h"
#include "kernel/event.h"
#include "kernel/kernel.h"

typedef struct cs_kref_list {
    cs_kref *items;
    size_t count, cap;
} cs_kref_list;

typedef struct cs_to_end {
    struct cs_to_end *next;
    cs_vatid vat;
    cs_kcapdata reason;
} cs_to_end;

typedef struct cs_crank {
    cs_meta *meta;            /* the kernel's own row, open for change since the last savepoint */
    cs_mark start, deliver;   /* S3's savepoints: before and after the event was dequeued */
    cs_arena arena;           /* decoded slots, translations */
    cs_buf record;            /* what this crank adds to the activity hash */
    cs_buf ended;             /* cs_vatid of those that did; told likewise */
    struct cs_to_end *to_end; /* the arena's: vats to be ended when the crank has ended well */
    cs_buf log; /* lines for the host, each with its NUL; told when the crank is kept */
    cs_kref_list maybe_free; /* S4d: krefs whose counts fell */
    cs_blob *item;           /* the event's bytes: the delivery borrows its body from here */
    cs_event event;
    cs_vatid vat; /* whom `delivery` goes to */
    cs_delivery delivery;
    cs_vat_options options; /* the vat's */
    struct {
        bool requested, is_failure;
        cs_kcapdata info; /* the body is the reply's */
    } exit;
    uint32_t applied;          /* of the vat's syscalls: these were, when it asked */
    uint64_t applied_size;     /* what they take of CS_REPLY_MAX */
    cs_error refused;          /* status OK: none of them was */
    uint32_t dropped, retired; /* by the vat's syscalls */
    uint32_t ignored;          /* drops and retires that changed nothing */
    cs_error fault;            /* K3; status OK: none */
    cs_error panic;            /* S10; likewise */
} cs_crank;

typedef struct cs_device cs_device; /* device.c */

struct cs_kernel {
    cs_store *store;
    cs_kernel_ops ops;
    void *ctx;
    cs_gc_policy policy;
    cs_cleanup_budget cleanup;
    struct cs_doomed *doomed; /* cleanup.c */
    bool delivering;          /* between next, which gave a delivery, and done or abandon */
    cs_crank crank;
    cs_buf scratch;     /* rows under construction */
    cs_arena lent;      /* what cs_kernel_promise() gave */
    cs_error panic;     /* of a crank before this one; status OK: none */
    cs_device *devices; /* registered since the kernel was made */
    size_t device_count;
};

/* A vat that vatAdmin made has started, or (problem) has not. */
void cs_devices_tell_start(cs_kernel *k, cs_vatid vat, cs_kref root, const char *problem);
void cs_devices_tell_meter(cs_kernel *k, uint64_t meter, uint64_t remaining);
/* A vat has ended: whoever looks after vats hears of it. */
void cs_devices_tell_end(cs_kernel *k, cs_vatid vat, bool failed, const cs_kcapdata *info);
void cs_devices_tell_bundle(cs_kernel *k, cs_bytes id);
void cs_devices_fini(cs_kernel *k);

/* ---- rows that must be there: NULL and a fault if not ---- */
const cs_vat_row *cs_need_vat(cs_kernel *k, cs_vatid vat);
/* The vat's row, NULL if it is dead. A vat that never was is a fault. */
const cs_vat_row *cs_live_vat(cs_kernel *k, cs_vatid vat);
const cs_object_row *cs_need_object(cs_kernel *k, cs_kref object);
const cs_promise_row *cs_need_promise(cs_kernel *k, cs_kref promise);
/* The options of a vat that must be there; all off, and a fault, if it is not or they are malformed. */
cs_vat_options cs_need_options(cs_kernel *k, cs_vatid vat);
/* Whether a row's next id is one: no kernel lives to give out 2^53, so if not it is a fault. */
bool cs_need_id(cs_kernel *k, uint64_t next);

static inline void cs_stat_add(cs_kernel *k, cs_stat stat, uint64_t n)
{
    k->crank.meta->stats[stat] += n;
}
static inline void cs_stat_sub(cs_kernel *k, cs_stat stat, uint64_t n)
{
    k->crank.meta->stats[stat] -= n;
}
