/* What the cases of `capstan bench` share. */
#pragma once
#include "cli/cli.h"

typedef struct bench_options {
    uint64_t n;     /* round trips, vats, ...; 0: the case's own default */
    uint64_t block; /* deliveries per commit */
    bool memory;    /* no file */
    bool json;
    const char *dir;        /* of this run, made and removed by bench.c */
    capstan_options handle; /* where vats run, their limits, the collector's policy */
    const char *config; /* members of the configuration, each with a comma behind it; NULL: none */
    const char *driver; /* members of the driver's entry, each with a comma before it; NULL: none */
    const char *vats;   /* more vats, each with a comma before it; NULL: none */
} bench_options;

/* Where a case leaves what it measured: printed in order. */
typedef struct bench_figure {
    const char *name, *unit;
    double value;
} bench_figure;
typedef struct bench_report {
    bench_figure figures[48];
    size_t count;
} bench_report;
void bench_add(bench_report *r, const char *name, double value, const char *unit);

typedef struct bench_case {
    const char *name, *what;
    int (*run)(const bench_options *o, bench_report *r); /* an exit code; says why it failed */
} bench_case;
extern const bench_case bench_cases[];                 /* ends with a NULL name */
int bench_gc(const bench_options *o, bench_report *r); /* bench_gc.c's cases */
int bench_boyd(const bench_options *o, bench_report *r);
int bench_prompt(const bench_options *o, bench_report *r);
int bench_storm(const bench_options *o, bench_report *r);
int bench_pause(const bench_options *o, bench_report *r);
int bench_worker(const bench_options *o, bench_report *r);  /* bench_worker.c's */
int bench_meter(const bench_options *o, bench_report *r);   /* bench_meter.c's */
int bench_runaway(const bench_options *o, bench_report *r); /* bench_runaway.c's */

double bench_seconds(void);     /* monotonic clock */
double bench_cpu_seconds(void); /* of this process, user and system */
double bench_resident_bytes(void);

/* Writes bench/vats/ and a config with `targets` vats named t0... of source `kind` beside a bootstrap
 * vat (the driver) into o->dir, and opens it. NULL after saying why. */
capstan *bench_open(const bench_options *o, size_t targets, const char *kind, int *ret_exit);
/* Opens what bench_open() made, again. */
capstan *bench_reopen(const bench_options *o, int *ret_exit);
/* Sends `method` with JSON arguments to the driver, runs until quiet, and insists that it was
 * fulfilled. The deliveries are added to *ret_deliveries if not NULL. */
int bench_call(capstan *c, const char *method, const char *const *args, size_t count,
               uint64_t *ret_deliveries);
/* The same with numbers for arguments. */
int bench_call_numbers(capstan *c, const char *method, const uint64_t *numbers, size_t count,
                       uint64_t *ret_deliveries);

uint64_t bench_or(uint64_t n, uint64_t value);     /* value if n is 0 */
double bench_median(double *values, size_t count); /* sorts them */
double bench_quantile(double *values, size_t count,
                      double part); /* likewise; 0 if there are none */
