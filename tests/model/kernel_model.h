/* A second reading of S1 to S5, S10 and S20, as plain as can be: arrays, no counts, no journal. What
 * refers to what is found by looking at everything; an aborted delivery is a copy put back. It knows
 * nothing of src/kernel. Deliveries are texts in the grammar of raw_text.h.
 *
 * A ref is an int: object ko20 is 20, promise kp40 is -40, none is 0. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum {
    MODEL_VATS = 6, /* ids 1 to 5 */
    MODEL_REFS = 400,
    MODEL_ENTRIES = 300,
    MODEL_EVENTS = 500,
    MODEL_SLOTS = 3,
    MODEL_TEXT = 8000,
};

typedef struct model_vref {
    char type; /* 'o', 'p', 'd'; 0: none */
    bool by_vat;
    int id;
} model_vref;

/* What a body says, as far as anyone here cares. */
typedef enum model_shape {
    MODEL_WORD,         /* w */
    MODEL_ARRAY,        /* [slots] */
    MODEL_LONE,         /* slots[0] */
    MODEL_TERMINATED,   /* Error(vat terminated) */
    MODEL_NOT_CALLABLE, /* Error(data is not callable, has no method m<method>) */
    MODEL_START,        /* raw #{} */
} model_shape;

typedef struct model_data {
    model_shape shape;
    int method; /* of a message too */
    int slots[MODEL_SLOTS], slot_count;
} model_data;

typedef struct model_entry {
    model_vref vref; /* type 0: unused */
    int ref;
    bool reachable;
} model_entry;

typedef struct model_vat {
    bool exists, live, pipelining;
    int next_object, next_promise;
    model_entry entries[MODEL_ENTRIES];
} model_vat;

typedef enum model_place { MODEL_NOWHERE, MODEL_ACCEPT, MODEL_RUN, MODEL_WAIT } model_place;
typedef struct model_event {
    model_place where;
    long order; /* among those in the same place */
    enum { MODEL_SEND = 1, MODEL_NOTIFY, MODEL_START_VAT } kind;
    int vat;            /* NOTIFY, START_VAT */
    int target, result; /* target: of NOTIFY the promise */
    model_data data;
} model_event;

typedef struct model_object {
    bool exists, pinned;
    int owner;
} model_object;
typedef struct model_promise {
    bool exists, resolved, rejected;
    int decider, holds;
    bool subscribed[MODEL_VATS];
    model_data data;
} model_promise;

typedef struct model {
    model_vat vats[MODEL_VATS];
    model_object objects[MODEL_REFS];
    model_promise promises[MODEL_REFS];
    model_event events[MODEL_EVENTS];
    long order;
    int next_object, next_promise, next_vat;
} model;

/* A vat's syscall, in its own names. */
typedef struct model_resolution {
    model_vref promise;
    bool rejected;
    model_shape shape;
    model_vref slots[MODEL_SLOTS];
    int slot_count;
} model_resolution;
typedef struct model_syscall {
    enum {
        MODEL_SYS_SEND = 1,
        MODEL_SYS_SUBSCRIBE,
        MODEL_SYS_RESOLVE,
        MODEL_SYS_EXIT,
        MODEL_SYS_FAIL,
        MODEL_SYS_DROP,
        MODEL_SYS_RETIRE,
        MODEL_SYS_RETIRE_EXPORTS,
        MODEL_SYS_ABANDON,
    } kind;
    model_vref target, result; /* target: also the refs of SUBSCRIBE and DROP to ABANDON */
    int method;
    model_vref slots[MODEL_SLOTS]; /* SEND */
    int slot_count;
    model_resolution batch[2]; /* RESOLVE */
    int batch_count;
} model_syscall;

void model_init(model *m);
int model_add_vat(model *m, bool pipelining); /* gives its id; queues startVat */
int model_root(const model *m, int vat);      /* 0: gone */
int model_send(model *m, int target, const model_data *methargs); /* gives the promise */
bool model_hold(model *m, int promise);
bool model_release(model *m, int ref); /* false: not held */
bool model_pin(model *m, int object);
void model_terminate(model *m, int vat);

/* One crank up to its delivery. The text, if there is one; the caller's copy of the model from before
 * is what an abort goes back to. */
typedef enum model_effect { MODEL_IDLE, MODEL_CRANK, MODEL_DELIVER } model_effect;
model_effect model_next(model *m, int *ret_vat, char text[MODEL_TEXT]);

/* Ends a delivery. `before`: the model as it was before model_next(). `is_error`: the reply's status.
 * Gives what becomes of the vat. */
typedef struct model_outcome {
    bool aborted, terminated;
} model_outcome;
model_outcome model_done(model *m, const model *before, int vat, const model_syscall *syscalls,
                         int count, bool is_error);

void model_syscall_text(const model_syscall *s, char text[MODEL_TEXT]);

/* What can be seen of it: counted anew each time. */
bool model_exists(const model *m, int ref);
typedef struct model_counts { /* of ref at [ref + MODEL_REFS] */
    int reachable[2 * MODEL_REFS], recognizable[2 * MODEL_REFS];
} model_counts;
void model_count(const model *m, model_counts *ret);
const model_entry *model_entry_of(const model *m, int vat, model_vref vref);
int model_queued(const model *m, model_place where);
