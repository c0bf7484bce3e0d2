/* The world that a script of raw_vat.h plays in: shared by its files, and by no test. */
#pragma once
#include "base/arena.h"
#include "kernel/kernel.h"
#include "raw_vat.h"

enum { RAW_DEVICES_MAX = 4, RAW_LOG_MAX = 64, RAW_LINE_MAX = 2048 };

typedef struct raw_world {
    raw_mode mode;
    char path[300];   /* FILE */
    unsigned settled; /* FILE: since the last commit */
    cs_store *store;
    cs_kernel *k;
    cs_gc_policy policy;
    char devices[RAW_DEVICES_MAX][40]; /* registered with each kernel */
    unsigned device_count;
    cs_cleanup_budget cleanup;
    bool only_gc;   /* cs_kernel_next_gc() decides what is next */
    cs_arena arena; /* of one line and its reply */
    char log[RAW_LOG_MAX][512];
    size_t log_count, log_read;
    const char *at; /* next line of the script */
    unsigned line;
    char now[RAW_LINE_MAX]; /* the line in hand */
    cs_hash activity;       /* of the sections so far */
} raw_world;

void raw_world_begin(raw_world *w); /* a new one; ends the old */
void raw_world_end(raw_world *w);

/* The next line, cut off, into w->now. False: there is none. */
bool raw_take_line(raw_world *w);
bool raw_next_is_indented(const raw_world *w);

/* What went wrong, with the line in hand; static text. */
const char *raw_complain(raw_world *w, const char *format, ...) CS_PRINTF(2, 3);
/* After every crank and every call of the host: restarts as the mode says, audits. */
const char *raw_settle(raw_world *w);
/* One crank, up to its delivery if it has one. */
cs_status raw_next_effect(raw_world *w, cs_effect *e, cs_error *err);
/* Makes cranks until one has a delivery, or idle. */
cs_status raw_run_to_delivery(raw_world *w, cs_effect *e, const char **ret_bad, cs_error *err);

cs_vatid raw_vat_named(raw_world *w, cs_bytes name); /* or a vat id */
cs_kref raw_root_of(void *world, cs_bytes name);     /* a raw_lookup_fn */
const char *raw_name_of(raw_world *w, cs_vatid vat, char text[static 64]);

/* The next word, cut off; *at moves behind it. "" at the end. */
char *raw_word(char **at);
bool raw_is(const char *a, const char *b);
bool raw_starts(const char *text, const char *with);

cs_status raw_forget_devices(raw_world *w);          /* a new kernel, which has none */
void raw_add_device(raw_world *w, const char *name); /* to the world and its kernel */

void raw_read_cleanup(const char *at, cs_cleanup_budget *ret); /* what follows "> cleanup " */
const char *raw_host_line(raw_world *w, const char *line);     /* behind "> " */
const char *raw_look_line(raw_world *w, const char *line);     /* behind "? " */
const char *raw_why_line(raw_world *w, const char *ref);       /* behind "> why " */
