/* What the files of the model share. */
#pragma once
#include "kernel_model.h"

_Noreturn void model_full(const char *what);
static inline void model_saw(model_seen what)
{
    model_seen_times[what]++;
}

static inline bool model_is_node(int ref)
{
    return ref >= MODEL_NODE;
}
static inline bool model_is_object(int ref)
{
    return ref > 0 && ref < MODEL_NODE;
}

/* ---- model_crank.c ---- */
static inline model_object *model_object_at(const model *m, int ref)
{
    return (model_object *)&m->objects[ref];
}
static inline model_promise *model_promise_at(const model *m, int ref)
{
    return (model_promise *)&m->promises[-ref];
}
void model_put(model *m, model_event e, model_place where);
/* The first event of a place; for WAIT, of the promise. Taken off. */
bool model_take(model *m, model_place where, int waits_for, model_event *ret);
/* What is told of a vat's end: for the reason, if it can be. */
void model_end_vat(model *m, int vat, const model_data *reason, bool is_stillborn);

/* ---- model_clist.c ---- */
bool model_same_vref(model_vref a, model_vref b);
void model_add_entry(model *m, int vat, model_vref vref, int ref);
void model_remove_entry(model_entry *e); /* NULL is fine */
int model_new_object(model *m, int owner);
int model_new_promise(model *m, int decider);
int model_to_ref(model *m, int vat, model_vref v); /* 0: it may not say that */
model_vref model_to_vref(model *m, int vat, int ref);
void model_orphan(model *m, int ref, model_seen how);

/* ---- model_host.c ---- */
void model_make_vat(model *m, int vat, const model_vat_options *options,
                    const model_data *parameters);

/* ---- model_cleanup.c ---- */
bool model_cleanup_crank(model *m); /* of the first vat that has ended, if there is one */

/* ---- model_device.c ---- */
void model_devices_init(model *m);
bool model_call(model *m, int vat, const model_syscall *s); /* false: illegal */
void model_tell_started(model *m, int vat, bool is_stillborn);
void model_tell_ended(model *m, const model_data *reason);
void model_tell_low(model *m);
void model_create(model *m, const model_event *e);
void model_end_others(model *m);

/* ---- model_meter.c ---- */
bool model_hold_event(model *m, int vat, const model_event *e); /* whether it is suspended */
bool model_underflows(const model *m, int vat, const model_reply *reply);
void model_charge(model *m, model_crank_kind kind, int vat, const model_reply *reply,
                  bool underflow);
void model_fill(model *m, int meter);
void model_resume_vat(model *m, int vat);

/* ---- model_promise.c ---- */
int model_vat_after(
    int vat); /* in the order of their texts: v10 before v8 (S22). 0 begins and ends */
void model_resolve(model *m, int ref, bool rejected, const model_data *d, int by);
void model_resume(model *m, int promise); /* its messages go back to acceptance */
void model_subscribe(model *m, int ref, int vat);
bool model_decides(const model *m, int vat, int ref);

/* ---- model_text.c ---- */
typedef struct model_out {
    char *text; /* MODEL_TEXT */
    size_t size;
} model_out;
void model_say(model_out *o, const char *format, ...) __attribute__((format(printf, 2, 3)));
void model_say_vref(model_out *o, model_vref v);
void model_say_vrefs(model_out *o, const model_vref *v, int count);
void model_say_shape(model_out *o, model_shape shape, int method, const model_vref *slots,
                     int count);

/* ---- model_gc.c ---- */
/* What the end of a crank sweeps: everything that nobody refers to. */
void model_sweep(model *m);
bool model_has_actions(const model *m, int vat, int action);
/* One GC crank, if there are actions. */
bool model_gc_crank(model *m, model_effect *ret, model_out *o);

/* ---- model_reap.c ---- */
bool model_line_has(const model_line *l, int vat);
void model_line_add(model_line *l, int vat);
bool model_reap_crank(model *m, model_effect *ret, model_out *o);
bool model_idle_reaps(model *m); /* what PACED reaps before it is idle */
model_collect model_collects(const model *m, int vat);
/* Of a vat that goes on. */
void model_account(model *m, int vat, const model_reply *reply, const model_outcome *o);
void model_look_at_lonely(model *m);
/* Sweeps, looks at the lonely vats, counts. */
void model_end_crank(model *m);

/* ---- model_syscall.c ---- */
bool model_to_refs(model *m, int vat, const model_vref *slots, int count, int *ret);
bool model_do_syscall(model *m, int vat, const model_syscall *s, model_outcome *o);
