/* The engine without its types: one base heap per process, every vat a clone of it.
 *
 * The base is an XS machine that is locked down, preloaded, shared and then write-protected
 * (docs/engine.md). A heap is one vat's clone. A vat's code runs only between cs_fence() or
 * cs_heap_drain() and their return; every way out of it is a status. One thread. */
#pragma once
#include "base/bytes.h"

typedef struct sxMachine cs_machine; /* XS's txMachine */
typedef struct sxSlot cs_slot;       /* XS's txSlot */
typedef struct cs_base cs_base;
typedef struct cs_heap cs_heap;

/* A host function of ours. Preloaded JavaScript sees it as the property `name` of the global
 * `native`, which exists while the base is made and never in a vat. Tables of natives are part of
 * what names a base: append only. */
typedef struct cs_native {
    const char *name;
    void (*call)(cs_machine *the);
    int length; /* of the function object: its number of parameters */
} cs_native;

/* What the base is made of: tables end with a NULL name. Borrowed for ever. */
typedef struct cs_base_parts {
    const cs_native *const *natives; /* NULL-terminated list of tables */
} cs_base_parts;

/* Makes the base of this process: at most once. ENGINE (ENV). The preloaded JavaScript (js/) is
 * compiled into the program; its modules are what vats import by the names of builtin.h. */
CS_MUST_USE cs_status cs_base_new(const cs_base_parts *parts, cs_base **ret_base, cs_error *err);
cs_base *cs_base_free(cs_base *b);
/* Names engine, natives and preloads: equal where heaps behave alike. 64 hex digits. */
const char *cs_base_name(const cs_base *b);

/* What the engine asks of the heap's owner (liveslots). Any member may be NULL, but sweep and
 * mark_weak go together. `guest` is the owner's own pointer. None of them may allocate in the heap
 * unless it says so. */
typedef struct cs_heap_hooks {
    /* During every collection: calls mark(the, instance) for each instance that C tables hold
     * strongly. */
    void (*mark)(cs_machine *the, void *guest, void (*mark)(cs_machine *, cs_slot *instance));
    /* During organic collections only: the same for each instance of the weak tables. Those
     * collections keep weak entries alive, so that nobody can observe when they happen. */
    void (*mark_weak)(cs_machine *the, void *guest, void (*mark)(cs_machine *, cs_slot *instance));
    /* After the marking of a forced collection: the owner forgets, and may note as dead, every
     * instance of its weak tables for which cs_is_live() is false. It may still keep some of them:
     * first it looks at all, then it marks those (marking makes others live). */
    void (*sweep)(cs_machine *the, void *guest, void (*mark)(cs_machine *, cs_slot *instance));
    /* A rejection that nobody handled by the end of the crank. May allocate. */
    void (*rejection)(cs_machine *the, void *guest, cs_slot *reason);
    /* console.log and its kin: level is "log", "error", … and text is UTF-8. */
    void (*console)(cs_machine *the, void *guest, const char *level, cs_bytes text);
} cs_heap_hooks;

typedef struct cs_heap_options {
    uint64_t bytes_max; /* live slots and chunks; 0: CS_HEAP_MAX */
    const cs_heap_hooks *hooks;
    void *guest;
} cs_heap_options;

CS_MUST_USE cs_status cs_heap_new(cs_base *base, const cs_heap_options *options, cs_heap **ret_heap,
                                  cs_error *err); /* ENGINE */
cs_heap *cs_heap_free(cs_heap *h);
cs_machine *cs_heap_machine(cs_heap *h);
cs_heap *cs_heap_of(cs_machine *the);
void *cs_heap_guest(cs_machine *the);

/* Runs `fn` in one host frame. OK, THROWN (text: the exception), or METER, HEAP_FULL, STACK, KEYS,
 * after which the heap is dead and only cs_heap_free() may follow. `fn` must hold nothing that only
 * a local variable knows: it may be left by longjmp. Not reentrant. */
typedef void cs_guest_fn(cs_machine *the, void *arg);
CS_MUST_USE cs_status cs_fence(cs_heap *h, cs_guest_fn *fn, void *arg, cs_error *err);

/* Runs promise jobs until there are none: user code has lost agency. Then reports unhandled
 * rejections, in order. Same statuses as cs_fence(), without THROWN. */
CS_MUST_USE cs_status cs_heap_drain(cs_heap *h, cs_error *err);

/* A forced collection: the only kind in which weak entries die. Outside any fence. A heap so deep
 * that it cannot be marked, or larger than its limit, is dead afterwards: STACK, HEAP_FULL; every
 * later call says so too, hence the status may be left alone. */
cs_status cs_heap_collect(cs_heap *h);
bool cs_is_live(const cs_slot *instance); /* in the sweep hook: marked, or of the base */
/* In the sweep hook: the next presence that is not live but a key of a live WeakMap or WeakSet, or NULL.
 * The values of such entries are live: the presence may come back (S8). The owner marks it if it can,
 * and asks again until there is none: what hangs on a kept presence (private fields, its promise) may
 * hold the WeakMap that recognises the next one. Of those that it does not mark the entries go. */
cs_slot *cs_next_recognized(cs_machine *the);

/* Meter: computrons since the reset; `max` 0 means unlimited. Liveslots' own work is not charged:
 * it runs between cs_meter_pause() and cs_meter_resume(), which nest. */
void cs_meter_reset(cs_heap *h, uint64_t max);
uint64_t cs_meter_read(const cs_heap *h);
void cs_meter_pause(cs_machine *the);
void cs_meter_resume(cs_machine *the);

typedef struct cs_heap_figures {
    uint64_t live_bytes;      /* after the last collection */
    uint64_t allocated_bytes; /* since then */
    uint64_t resident_bytes;  /* memory that the heap has from the system */
} cs_heap_figures;
cs_heap_figures cs_heap_read_figures(const cs_heap *h);
