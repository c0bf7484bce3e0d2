/* The kernel and the model side by side, and random vats and a random host that speak to both. Each
 * step gives NULL, or how the two differ (static text). */
#pragma once
#include "base/arena.h"
#include "kernel/kernel.h"
#include "kernel_model.h"
#include "tape.h"

extern const unsigned rig_runs; /* seeds: of the program that it is linked into */

enum { RIG_SYSCALLS_MAX = 6, RIG_SPENT_MAX = 60, RIG_NOTES = 12, RIG_NOTE_MAX = 400 };

/* What the vats of one run like to say. */
typedef enum rig_mood {
    RIG_TALKS,   /* messages, now and then a drop */
    RIG_DROPS,   /* as many drops and retires as messages */
    RIG_FORGETS, /* hardly anything else */
    RIG_CALLS,   /* calls of the device: vats are made, used up and ended */
    RIG_MOODS
} rig_mood;

typedef struct rig {
    tape *t;
    model now, before;
    model_counts counts; /* of `now` */
    model_effect want;
    cs_store *store;
    cs_kernel *k;
    cs_arena arena; /* of one step */
    char path[300]; /* of the store; empty: it is in memory */
    bool restarts;  /* a new kernel after every step */
    bool silent;    /* vats answer with nothing */
    int quiet;      /* steps in which nothing new is begun, so that what is under way ends */
    rig_mood mood;
    int first_vat;
    model_vref
        spent[RIG_SPENT_MAX]; /* what this reply has resolved, passed on or dropped already */
    int spent_count;
    char notes[RIG_NOTES][RIG_NOTE_MAX]; /* what happened last, for the report */
    unsigned note_count;
} rig;

/* ---- rig.c ---- */
/* Each tape is played twice, the second time the other way: with restarts if the first had none, and
 * sometimes with a store at `path`. */
void rig_open(rig *r, tape *t, bool second, const char *path);
void rig_close(rig *r);
void rig_new_kernel(rig *r); /* over the same store */
/* Commits, closes and opens the store; in memory only the kernel. */
const char *rig_reopen(rig *r);

/* ---- rig_device.c ---- */
#define RIG_BUNDLE CS_BYTES("b1-x") /* which is installed */
void rig_add_device(rig *r);

/* ---- rig_gc_batch.c ---- */
extern unsigned rig_gc_batch; /* what CS_GC_BATCH is for the kernel under test */

/* What happens now; and the rest of it. */
void rig_note(rig *r, const char *what, const char *detail);
void rig_note_more(rig *r, const char *more);

/* ---- rig_compare.c ---- */
const char *rig_differ(rig *r, const char *what, const char *model_says, const char *kernel_says);
const char *rig_compare_text(rig *r, const char *what, const char *model_says,
                             const char *kernel_says);
const char *rig_compare_number(rig *r, const char *what, long long model_says,
                               unsigned long long kernel_says);
cs_kref rig_kref(int ref);
cs_vref rig_vref(model_vref v);
/* Restarts, if that is the way of this run; then everything is compared, and audited. */
const char *rig_settle(rig *r);
/* ---- rig_why.c ---- */
const char *rig_compare_why(rig *r, int ref);

/* ---- rig_vat.c ---- */
/* What a random vat answers: syscalls for both. `parsed` gets the kernel's. */
void rig_reply(rig *r, int vat, model_syscall *syscalls, cs_syscall *parsed, model_reply *ret);

/* ---- rig_host.c ---- */
int rig_live_vats(const rig *r);
const char *rig_add_vat(rig *r);
const char *rig_send(rig *r);
const char *rig_other(rig *r); /* anything else */
/* After `miscounted`, or just so. */
const char *rig_reconcile(rig *r, int vat);
