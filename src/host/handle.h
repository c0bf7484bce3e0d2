/* Inside a capstan handle. Host files only. */
#pragma once
#include "capstan.h"
#include "kernel/kernel.h"
#include "vats/vats.h"

struct capstan {
    cs_store *store;   /* NULL if opening failed */
    cs_kernel *kernel; /* likewise */
    cs_vats *vats;     /* made at the first need: the engine costs milliseconds */
    cs_error err;      /* of the last call */
    char *store_path, *config_path;
    cs_worker_settings workers;
    char *worker_program;         /* settings borrow it */
    char group[CS_GROUP_MAX + 8]; /* what cs_host_place() lent last */
    capstan_listener listener;
    void *ctx;
    cs_gc_policy gc;
    uint32_t block_cranks_max;
    uint64_t block_cranks, block_computrons; /* since the last commit */
    uint64_t block_started_ns;
    bool busy, read_only;
    /* What the last call returned borrowed. */
    cs_buf text, body;
    cs_buf slot_text;
    const char **slots;
};

/* Notes kept in the store under the kernel's own keys. */
#define CS_NOTE_BOOTSTRAP "host.bootstrap" /* kref bits of the promise of the bootstrap call */

#define CS_NOTE_CONFIG "host.config"   /* setup.c */
#define CS_NOTE_MANAGER "host.manager" /* the configuration's defaultManagerType, if it has one */

/* Every public function begins with cs_host_enter() (BUSY from inside a callback, or a handle that
 * did not open) and ends with cs_host_leave(), which turns the status into its public code. */
cs_status cs_host_enter(capstan *c);
cs_status cs_host_enter_to_write(capstan *c); /* READ_ONLY, too, if it was opened to look */
capstan_code cs_host_leave(capstan *c, cs_status st);

/* The vats, made on first use; or before, and then the store is told to them later. */
void cs_host_vats(capstan *c);
/* workers.c: where vats are to run. USAGE. */
CS_MUST_USE cs_status cs_host_read_worker(capstan *c, const capstan_options *o);
/* workers.c: where the vat is to run, by its options. Lends until the next call. */
void cs_host_place(void *ctx, cs_vatid vat, cs_place *ret);
/* Commits the block. */
CS_MUST_USE cs_status cs_host_commit(capstan *c);
/* run.c: one crank of what `next` picks, cs_kernel_next() or cs_kernel_next_gc(). *ret_did false: it
 * picked nothing. */
typedef cs_status cs_host_next(cs_kernel *k, cs_effect *ret, cs_error *err);
CS_MUST_USE cs_status cs_host_crank(capstan *c, cs_host_next *next, bool *ret_did);
bool cs_host_block_is_full(const capstan *c);

void cs_host_notice(capstan *c, const char *format, ...) CS_PRINTF(2, 3);
/* "alice", or "v7" for a vat without a name; borrowed until the next call of this. */
const char *cs_host_vat_name(capstan *c, cs_vatid vat);
/* A vat by name or id text. NOT_FOUND. */
cs_status cs_host_find_vat(capstan *c, const char *name, cs_vatid *ret);
/* message.c: a kref of this type (CS_REF_NONE: any). USAGE. */
cs_status cs_host_parse_kref(capstan *c, const char *text, cs_ref_type type, cs_kref *ret);
/* Kernel CapData as public CapData, borrowed until the next call. */
void cs_host_give_capdata(capstan *c, const cs_kcapdata *data, capstan_capdata *ret);

/* setup.c: a configuration with all its sources, read before a store is made. Gives. CONFIG,
 * NOT_FOUND: the text names file and place. */
typedef struct cs_setup cs_setup;
CS_MUST_USE cs_status cs_host_setup_read(const char *config, cs_setup **ret, cs_error *err);
cs_setup *cs_host_setup_free(cs_setup *p);
/* setup.c: fills a new store, and commits. */
CS_MUST_USE cs_status cs_host_setup_fill(capstan *c, const cs_setup *plan,
                                         const capstan_options *options);
/* setup.c: tells whether the configuration is still what the store was made from. CONFIG: it is
 * another one, and the store only its neighbour. */
CS_MUST_USE cs_status cs_host_compare_config(capstan *c, const capstan_options *options);
/* setup.c: tells which sources changed since the store was made. */
void cs_host_compare_sources(capstan *c);
