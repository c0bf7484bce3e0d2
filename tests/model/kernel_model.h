/* A second reading of S1 to S5, S9, S10, S14, S19 and S20, as plain as can be: arrays, no counts, no
 * journal. What refers to what is found by looking at everything; an aborted delivery is a copy put back.
 * It knows nothing of src/kernel. Deliveries are texts in the grammar of raw_text.h.
 *
 * A ref is an int: object ko20 is 20, promise kp40 is -40, device node kd30 is MODEL_NODE + 30, none is 0. */
#pragma once
#include <stdbool.h>
#include <stddef.h>

enum {
    MODEL_VATS = 24, /* ids below that, but for the last: v10 comes before v9 in lists of texts */
    MODEL_REFS = 400,
    MODEL_ENTRIES = 200,
    MODEL_EVENTS = 300,
    MODEL_SLOTS = 4,
    MODEL_TEXT = 8000,
    MODEL_HOLDERS = 300,
    MODEL_NODE = 1000,
    MODEL_NODES = 6,  /* node 0 is the device's root */
    MODEL_METERS = 4, /* m1 to m3 */
    MODEL_OWN = 12,   /* random vats export o+0 to o+11, again and again */
    MODEL_NEVER = -1, /* a threshold; 0: as the default says */
    MODEL_UNKNOWN = -1,
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
    long since; /* the crank that made it, or made it reachable again */
} model_entry;

typedef struct model_vat_options {
    bool pipelining, never_reap, critical, suspends;
    bool has_admin;                    /* the device made it */
    long reap_interval, reap_gc_krefs; /* or NEVER */
    int meter;                         /* 0: none */
} model_vat_options;

typedef struct model_vat {
    bool exists, live, started, forgotten, suspended;
    int deliveries; /* in its transcript */
    model_vat_options options;
    int next_object, next_promise, next_node;
    long dirt_deliveries, dirt_gc_krefs; /* S14, since the last BOYD */
    long heap, allocated;                /* as its last reply said */
    long last_crank;
    bool has_exported[MODEL_OWN]; /* ever */
    model_entry entries[MODEL_ENTRIES];
} model_vat;

typedef enum model_place {
    MODEL_NOWHERE,
    MODEL_ACCEPT,
    MODEL_RUN,
    MODEL_WAIT, /* for a promise */
    MODEL_HELD, /* by a vat that is suspended */
} model_place;
typedef struct model_event {
    model_place where;
    long order; /* among those in the same place; 0: nowhere yet */
    long since; /* the crank that queued it first */
    enum { MODEL_SEND = 1, MODEL_NOTIFY, MODEL_START_VAT, MODEL_CREATE_VAT } kind;
    int vat;                   /* all but SEND */
    int holder;                /* HELD */
    model_vat_options options; /* CREATE_VAT */
    bool has_bundle;           /* likewise */
    int target, result;        /* target: of NOTIFY the promise */
    model_data data;
} model_event;

typedef struct model_object {
    bool exists;
    int owner;
    bool pinned, kept; /* by the host; by the device, for ever */
    long held_since;
    bool is_new; /* the kernel exported it (a root): until a count of it falls, it is no garbage */
    int recognized;   /* at the end of the last crank: only to see it fall while it is new */
    bool is_retiring; /* an orphan whose importers are to be told */
    int orphaned;     /* the model_seen of how it lost its owner */
} model_object;
typedef struct model_promise {
    bool exists, resolved, rejected;
    int decider, holds;
    long since; /* the crank that made it, or settled it */
    long held_since;
    bool subscribed[MODEL_VATS];
    model_data data;
} model_promise;

/* In the order in which they go out (S4e). */
typedef enum model_action {
    MODEL_DROP_EXPORT,
    MODEL_RETIRE_EXPORT,
    MODEL_RETIRE_IMPORT,
    MODEL_ACTIONS
} model_action;

typedef enum model_policy { MODEL_PACED, MODEL_PROMPT, MODEL_BATCHED, MODEL_POLICIES } model_policy;

/* Vats in line, without duplicates. */
typedef struct model_line {
    int vats[MODEL_VATS], count;
} model_line;

/* Computrons for any number of vats (S9). */
typedef struct model_meter {
    bool exists;
    long remaining, threshold;
} model_meter;

/* What a delivery is about. */
typedef enum model_crank_kind {
    MODEL_OF_EVENT,
    MODEL_OF_DROP_EXPORTS,
    MODEL_OF_RETIRE_EXPORTS,
    MODEL_OF_RETIRE_IMPORTS,
    MODEL_OF_BOYD,
} model_crank_kind;

typedef struct model {
    model_vat vats[MODEL_VATS];
    model_object objects[MODEL_REFS];
    model_promise promises[MODEL_REFS];
    model_event events[MODEL_EVENTS];
    bool actions[MODEL_VATS][MODEL_ACTIONS][MODEL_REFS];
    model_line reap, lonely, ended,
        to_end;                         /* to_end: what the device was asked to end in this crank */
    model_data end_reasons[MODEL_VATS]; /* of those */
    model_meter meters[MODEL_METERS];
    int nodes[MODEL_NODES]; /* the refs of the device's nodes, 0: not named yet */
    int next_node,
        listener; /* listener: whom the device tells what happens; the last that it kept */
    bool has_panicked;
    int cleanup_max; /* of one crank */
    model_policy policy;
    long default_interval, default_gc_krefs;
    int gc_batch;             /* names that one GC delivery takes */
    long order, front, crank; /* front: the order of what was put before all others */
    int next_object, next_promise, next_vat;
    model_crank_kind kind; /* of the crank under way */
    bool is_start;         /* it delivers a startVat */
    int krefs;             /* in its GC delivery */
} model;

/* ---- what a vat says ---- */

/* A vat's syscall, in its own names. */
typedef struct model_resolution {
    model_vref promise;
    bool rejected;
    model_shape shape;
    model_vref slots[MODEL_SLOTS];
    int slot_count;
} model_resolution;
typedef enum model_syscall_kind {
    MODEL_SYS_SEND = 1,
    MODEL_SYS_SUBSCRIBE,
    MODEL_SYS_RESOLVE,
    MODEL_SYS_EXIT,
    MODEL_SYS_FAIL,
    MODEL_SYS_DROP, /* this and the next are about garbage */
    MODEL_SYS_RETIRE,
    MODEL_SYS_RETIRE_EXPORTS,
    MODEL_SYS_ABANDON,
    MODEL_SYS_CALL, /* of a device, in the words of model_device.c */
} model_syscall_kind;
typedef struct model_syscall {
    model_syscall_kind kind;
    model_vref target, result; /* target: also what is subscribed to */
    int method;
    model_vref slots[MODEL_SLOTS]; /* SEND, CALL; the refs of DROP to ABANDON */
    int slot_count;
    model_resolution batch[2]; /* RESOLVE */
    int batch_count;
    char *answer; /* CALL: MODEL_TEXT; stays empty if nobody comes to it, or it is illegal */
} model_syscall;

typedef struct model_reply {
    bool is_error, is_out; /* out: its worker was stopped by a meter */
    long computrons;
    const model_syscall *syscalls;
    int count;
    long heap, allocated;
    int watched, dead_left;
    bool collected;
    int lie; /* what it adds to the number of imports that it holds, or UNKNOWN: it says none */
} model_reply;

void model_syscall_text(const model_syscall *s, char text[MODEL_TEXT]);

/* ---- cranks ---- */

/* One crank up to its delivery. The text, if there is one; the caller's copy of the model from before
 * is what an abort goes back to. `gc_only`: neither events nor what happens at idle. */
typedef enum model_effect_kind { MODEL_IDLE, MODEL_CRANK, MODEL_DELIVER } model_effect_kind;
typedef enum model_collect {
    MODEL_COLLECT_NEVER,
    MODEL_COLLECT_WHEN_DUE,
    MODEL_COLLECT_NOW
} model_collect;
typedef struct model_effect {
    model_effect_kind kind;
    int vat;
    model_collect collect;
    char text[MODEL_TEXT];
} model_effect;
void model_next(model *m, bool gc_only, model_effect *ret);

/* Ends a delivery. `before`: the model as it was before model_next(). Gives what becomes of the vat. */
typedef struct model_outcome {
    bool aborted, terminated, suspended, miscounted;
    bool exits;  /* as it asked for itself */
    bool panics; /* a critical vat would have ended: nothing has happened */
    int dropped, retired, ignored;
    int imports_held; /* what a vat says that does not lie */
    model_data info;  /* what it said when it exited */
} model_outcome;
model_outcome model_done(model *m, const model *before, int vat, const model_reply *reply);

/* ---- the host ---- */

/* The device has its root already. */
void model_init(model *m, int first_object, int first_vat);
/* Gives its id; queues startVat. */
int model_add_vat(model *m, const model_vat_options *options, const model_data *parameters);
int model_root(model *m, int vat); /* exports it anew if need be; 0: the vat is dead */
int model_send(model *m, int target, const model_data *methargs); /* gives the promise */
bool model_hold(model *m, int promise);
bool model_release(model *m, int ref); /* false: not held */
bool model_pin(model *m, int object);
bool model_terminate(model *m, int vat);      /* false: it is critical, and nothing has happened */
void model_resume_by_host(model *m, int vat); /* not suspended: nothing */
bool model_reap(model *m, int vat);           /* false: dead */
void model_reap_all(model *m);
void model_set_defaults(model *m, long interval, long gc_krefs); /* 0: as it was */
/* Gives how many entries changed. */
int model_reconcile(model *m, int vat, const model_vref *held, int held_count,
                    const model_vref *recognized, int recognized_count);

/* ---- what the device is asked (model_device.c) ---- */

enum {
    MODEL_ECHO,      /* gives back what it is given */
    MODEL_KEEP,      /* holds the first, which is told from now on */
    MODEL_TELL,      /* sends a message to the first */
    MODEL_GIVE_NODE, /* gives a node: as many as slots are given, and 1 */
    MODEL_THROW,
    MODEL_NEW_METER = 20,  /* and the code of one */
    MODEL_FILL_METER = 40, /* and its number */
    MODEL_END_VAT = 60,    /* and its number; for the reason given */
    MODEL_CREATE = 100,    /* and the code of options; with these parameters */
    MODEL_METER_CODES = 8,
    MODEL_OPTION_CODES = 128,
};
/* What it sends. */
enum {
    MODEL_SAYS_TOLD = 30,
    MODEL_SAYS_STARTED,
    MODEL_SAYS_NOT_STARTED,
    MODEL_SAYS_ENDED,
    MODEL_SAYS_LOW
};
enum { MODEL_FILLING = 30 };
model_meter model_meter_of(int code);
model_vat_options model_options_of(int code, bool *ret_has_bundle);

/* ---- what can be seen of it: counted anew each time ---- */

bool model_exists(const model *m, int ref);
bool model_can_name(const model *m, int ref); /* the host may: it exists, and someone reaches it */
typedef struct model_counts {                 /* of ref at [ref + MODEL_REFS] */
    int reachable[2 * MODEL_REFS], recognizable[2 * MODEL_REFS];
} model_counts;
void model_count(const model *m, model_counts *ret);
bool model_is_retiring(const model *m, const model_counts *c, int object);
const model_entry *model_entry_of(const model *m, int vat, model_vref vref);
model_entry *model_entry_of_ref(const model *m, int vat, int ref);
int model_queued(const model *m, model_place where);
int model_imports_held(const model *m, int vat);
/* "v1 dropExport ko20": the names of the actions, in order. Gives how many. */
typedef char model_name[40];
int model_action_names(const model *m, model_name *names, int max);

typedef enum model_holder_kind {
    MODEL_BY_VAT,
    MODEL_BY_OWNER,
    MODEL_BY_QUEUE,
    MODEL_BY_PROMISE,
    MODEL_BY_RESOLUTION,
    MODEL_BY_HOST,
} model_holder_kind;
/* One of each kind, vat and promise. */
typedef struct model_holder {
    model_holder_kind kind;
    int vat;
    model_vref vref;
    bool reachable;
    int promise;
    int count;
    long since; /* the first */
} model_holder;
int model_why(const model *m, int ref, model_holder list[MODEL_HOLDERS]);

/* ---- what has happened, in all models of this program: a test that never meets a case says nothing
 * about it ---- */
#define MODEL_SEEN(X) \
    X(drop_exports) \
    X(retire_exports) \
    X(retire_imports) \
    X(boyd) \
    X(gc_delivery_before_start) \
    X(boyd_before_start) \
    X(many_in_one_delivery) \
    X(more_than_a_batch) \
    X(ko100_before_ko99) \
    X(v10_before_v9) \
    X(negated_drop_export) \
    X(negated_retire_export) \
    X(negated_retire_import) \
    X(negated_some_of_a_group) \
    X(negated_a_whole_group) \
    X(orphan_retires_after_retire_exports) \
    X(orphan_retires_after_abandon) \
    X(orphan_retires_after_termination) \
    X(orphan_unrecognized) \
    X(orphan_forgotten_by_its_last_importer) \
    X(export_again_after_drop) \
    X(export_again_after_retirement) \
    X(import_again_after_drop) \
    X(root_dropped) \
    X(root_retired) \
    X(root_named_after_drop) \
    X(root_named_after_retirement) \
    X(drop_of_dropped) \
    X(drop_of_unknown) \
    X(retire_of_held) \
    X(retire_of_unknown) \
    X(retire_export_of_held) \
    X(retire_export_of_unknown) \
    X(abandon_of_held) \
    X(abandon_of_dropped) \
    X(retire_in_flight) \
    X(delivery_of_orphan) \
    X(reconcile_drops) \
    X(reconcile_retires) \
    X(reconcile_changes_nothing) \
    X(miscounted) \
    X(reap_idle) \
    X(reap_lonely) \
    X(reap_deliveries) \
    X(reap_gc_krefs) \
    X(reap_dead_left) \
    X(reap_by_host) \
    X(reap_of_the_dead) \
    X(never_reaps) \
    X(clean_in_the_lonely_line) \
    X(pin_released_last) \
    X(aborted_gc_delivery) \
    X(aborted_boyd) \
    X(ended_by_gc_delivery) \
    X(dies_with_actions) \
    X(cleaned_up_in_parts) \
    X(forgotten) \
    X(message_to_what_a_dead_vat_owns) \
    X(device_called) \
    X(device_given_a_new_export) \
    X(device_throws) \
    X(device_keeps) \
    X(device_keeps_what_is_pinned) \
    X(device_sends) \
    X(illegal_call) \
    X(created) \
    X(created_without_a_bundle) \
    X(started_and_told) \
    X(stillborn) \
    X(ended_by_the_device) \
    X(end_of_the_dead) \
    X(reason_is_told) \
    X(reason_that_is_no_more) \
    X(charged) \
    X(meter_is_low) \
    X(ended_by_its_meter) \
    X(suspended) \
    X(suspended_before_start) \
    X(held) \
    X(garbage_of_the_suspended) \
    X(resumed_by_its_meter) \
    X(resumed_by_the_host) \
    X(many_resumed) \
    X(ended_while_suspended) \
    X(panic) \
    X(critical_and_stillborn)
typedef enum model_seen {
#define X(name) MODEL_SAW_##name,
    MODEL_SEEN(X)
#undef X
        MODEL_SEEN_COUNT
} model_seen;
extern long model_seen_times[MODEL_SEEN_COUNT];
extern const char *const model_seen_names[MODEL_SEEN_COUNT];
