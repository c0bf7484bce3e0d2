/* The kernel's state: typed rows, cached in memory, written back at commit.
 *
 *   T1  A row that was read or changed stays in memory; a changed one is written once, at commit.
 *       What is born and dies between two commits never reaches the disk.
 *   T2  Every change in a crank is journalled; cs_store_undo() restores the rows exactly.
 *   T3  One SQLite transaction per commit (WAL, synchronous=FULL). After a commit that failed, or a
 *       row that does not decode, the store is failed for good: every later commit refuses.
 *   T4  Opening costs the same however many rows there are.
 *
 * Rows are found and changed by calls, never through a const pointer: cs_x_find() looks (NULL if
 * there is none), cs_x_edit() journals the row and gives it for change, cs_x_add() makes a zeroed
 * one. A pointer is valid until the row is deleted, undone, or the block is committed. If the disk
 * fails under a find, the store is failed and the find gives NULL, an edit a row that is written
 * nowhere; so does an add if the file has such a row, though it should not. So whoever decides by
 * rows checks cs_store_status() before it keeps a crank.
 *
 * With path NULL there is no file: the same rows in memory only, for tests and `:memory:`. */
#pragma once
#include "base/hash.h"
#include "base/message.h"

typedef struct cs_store cs_store;

#define CS_SCHEMA_VERSION 4

/* NOT_OURS, NEWER, LOCKED, READ_ONLY, CORRUPT, IO, DISK_FULL (ENV), NOT_FOUND (HOST: the file is
 * absent and `create` false). The text names the file and says how to mend it. One Capstan at a time
 * holds a store, unless `read_only`: then nothing may be committed. */
typedef struct cs_store_options {
    bool create, read_only;
} cs_store_options;
CS_MUST_USE cs_status cs_store_open(const char *path, const cs_store_options *options,
                                    cs_store **ret_store, cs_error *err);
/* Uncommitted changes are lost. NULL is fine; returns NULL. */
cs_store *cs_store_close(cs_store *s);
cs_status cs_store_status(const cs_store *s, cs_error *err); /* OK, or why it is failed */

/* ---- cranks and blocks ---- */
/* Savepoints of S3: marks nest; undo returns to one of them; keep forgets all of them. */
typedef size_t cs_mark;
cs_mark cs_store_mark(cs_store *s);
void cs_store_undo(cs_store *s, cs_mark mark);
void cs_store_keep(cs_store *s);
/* Writes everything that is kept; no mark may have changes behind it. IO, DISK_FULL, CORRUPT, and
 * READ_ONLY if it was opened so (ENV). After a failure it is open whether the block was written: the
 * store, opened again, has it whole or not at all. */
CS_MUST_USE cs_status cs_store_commit(cs_store *s, cs_error *err);
bool cs_store_is_dirty(const cs_store *s);

/* ---- the kernel's own row ---- */
typedef enum cs_stat {
#define X(name) CS_STAT_##name,
#include "store/stats.def"
#undef X
    CS_STAT_COUNT
} cs_stat;

typedef struct cs_queue_ends {
    uint64_t first, next; /* items [first, next) */
} cs_queue_ends;

typedef struct cs_meta {
    uint64_t next_object, next_promise, next_device; /* S4g: from 20, 40, 30; never reused */
    uint32_t next_vat;                               /* from 1 */
    uint64_t crank_number;
    uint64_t block_number;
    cs_queue_ends acceptance, run;
    cs_queue_ends reap, lonely;            /* vats (kernel/reap.h) */
    uint64_t reap_interval, reap_gc_krefs; /* S14's defaults; CS_REAP_NEVER: never */
    cs_hash activity;                      /* chain over every crank (S3) */
    uint64_t stats[CS_STAT_COUNT];
} cs_meta;
const cs_meta *cs_meta_get(const cs_store *s);
cs_meta *cs_meta_edit(cs_store *s); /* journalled once per mark */

/* ---- vats ---- */
#define CS_REAP_NEVER INT64_MAX
typedef enum cs_vat_status { CS_VAT_LIVE = 1, CS_VAT_TERMINATED } cs_vat_status;
typedef struct cs_vat_row {
    cs_vatid id;
    cs_vat_status status;
    uint32_t incarnation;
    uint64_t next_import_object, next_import_promise, next_import_device; /* o-50, p-60, d-70 */
    uint64_t first_delivery,
        next_delivery;  /* of this incarnation: [first, next) in the transcript */
    cs_hash transcript; /* chain over the rows of the transcript */
    cs_hash bundle;
    uint64_t computrons;
    uint64_t last_crank;                     /* of its last delivery */
    uint64_t dirt_deliveries, dirt_gc_krefs; /* S14, since its last BOYD */
    uint64_t heap_bytes, allocated_bytes;    /* as its last reply said */
    uint32_t imports_reachable;              /* c-list entries o- and flagged, counted */
    bool is_reaping;                         /* on the reap queue */
    bool is_lonely;                          /* on the lonely queue: it may have garbage */
    cs_blob *name;                           /* NULL: a dynamic vat without one */
    cs_blob *options;                        /* kernel/options.h, encoded */
    cs_blob *ending;                         /* why it was terminated, text; NULL while live */
} cs_vat_row;
const cs_vat_row *cs_vat_find(cs_store *s, cs_vatid id);
cs_vat_row *cs_vat_edit(cs_store *s, cs_vatid id); /* must exist */
cs_vat_row *cs_vat_add(cs_store *s, cs_vatid id);
void cs_vat_delete(cs_store *s, cs_vatid id);
/* The vat after `id` in order of id ({0} starts), or NULL. */
const cs_vat_row *cs_vat_after(cs_store *s, cs_vatid id);

/* ---- objects and promises ---- */
typedef struct cs_object_row {
    cs_kref kref;
    cs_vatid owner;                   /* 0: orphan */
    uint32_t reachable, recognizable; /* S4a: 0 <= reachable <= recognizable */
    bool is_retiring;                 /* an orphan whose importers are being told */
} cs_object_row;
const cs_object_row *cs_object_find(cs_store *s, cs_kref k);
cs_object_row *cs_object_edit(cs_store *s, cs_kref k);
/* The row that a find gave (not a copy of it), to be changed: without a second look-up. */
cs_object_row *cs_object_change(cs_store *s, const cs_object_row *found);
cs_object_row *cs_object_add(cs_store *s, cs_kref k);
void cs_object_delete(cs_store *s, cs_kref k);

typedef enum cs_promise_state { CS_UNRESOLVED = 1, CS_FULFILLED, CS_REJECTED } cs_promise_state;
typedef struct cs_promise_row {
    cs_kref kref;
    cs_promise_state state;
    uint8_t policy;   /* kernel/promise.h: what the host wants done at resolution */
    cs_vatid decider; /* 0: the kernel, or settled */
    uint32_t refs;
    uint64_t since;       /* crank in which it was made, or settled */
    cs_queue_ends queue;  /* messages that wait for it */
    cs_blob *subscribers; /* sorted vat ids, kernel/promise.h */
    cs_blob *resolution;  /* kernel CapData; NULL while unresolved */
} cs_promise_row;
const cs_promise_row *cs_promise_find(cs_store *s, cs_kref k);
cs_promise_row *cs_promise_edit(cs_store *s, cs_kref k);
cs_promise_row *cs_promise_add(cs_store *s, cs_kref k);
void cs_promise_delete(cs_store *s, cs_kref k);
/* Blob members: these replace one, counting references right under the journal. Takes `value`. */
void cs_row_set_blob(cs_store *s, cs_blob **member, cs_blob *take_value);

/* ---- c-lists ---- */
typedef struct cs_clist_row {
    cs_vatid vat;
    cs_vref vref;   /* unique in the vat */
    cs_kref kref;   /* likewise */
    bool reachable; /* S4b */
    uint64_t since; /* crank in which it was made, or became reachable again */
} cs_clist_row;
const cs_clist_row *cs_clist_find_vref(cs_store *s, cs_vatid vat, cs_vref vref);
const cs_clist_row *cs_clist_find_kref(cs_store *s, cs_vatid vat, cs_kref kref);
cs_clist_row *cs_clist_edit(cs_store *s, cs_vatid vat, cs_vref vref);
/* The row that a find gave (not a copy of it), to be changed: without a second look-up. */
cs_clist_row *cs_clist_change(cs_store *s, const cs_clist_row *found);
cs_clist_row *cs_clist_add(cs_store *s, cs_vatid vat, cs_vref vref, cs_kref kref);
void cs_clist_delete(cs_store *s, cs_vatid vat, cs_vref vref);

/* ---- queues: S1's acceptance, run and reap queue, the lonely vats, and one per promise ---- */
typedef uint64_t cs_queue_id;
enum { CS_QUEUE_ACCEPTANCE = 1, CS_QUEUE_RUN, CS_QUEUE_REAP, CS_QUEUE_LONELY };
static inline cs_queue_id cs_queue_of_promise(cs_kref promise)
{
    return promise.bits; /* krefs have their type in the top bits: never 1 to 4 */
}
cs_blob *cs_queue_find(cs_store *s, cs_queue_id queue, uint64_t seq); /* borrowed */
void cs_queue_add(cs_store *s, cs_queue_id queue, uint64_t seq, cs_blob *take_item);
void cs_queue_delete(cs_store *s, cs_queue_id queue, uint64_t seq);

/* ---- what the host holds: pins and promises that it watches ---- */
typedef struct cs_hold_row {
    cs_kref kref;
    uint32_t count;
    uint64_t since; /* crank after which it was first held */
} cs_hold_row;
const cs_hold_row *cs_hold_find(cs_store *s, cs_kref k);
cs_hold_row *cs_hold_edit(cs_store *s, cs_kref k);
cs_hold_row *cs_hold_add(cs_store *s, cs_kref k);
void cs_hold_delete(cs_store *s, cs_kref k);

/* ---- GC actions (S4e): a set. All of it stays in memory, so that taking the first costs the same
 * however many there are. Actions have names, and are in the order of their bytes:
 *
 *     vat " dropExport " kref | vat " retireExport " kref | vat " retireImport " kref
 */
typedef enum cs_gc_type {
    CS_GC_DROP_EXPORT = 1,
    CS_GC_RETIRE_EXPORT,
    CS_GC_RETIRE_IMPORT,
    CS_GC_TYPES
} cs_gc_type;
typedef struct cs_gc_action {
    cs_vatid vat;
    cs_gc_type type;
    cs_kref object;
} cs_gc_action;
void cs_gc_add(cs_store *s, const cs_gc_action *a);    /* may be there already */
void cs_gc_delete(cs_store *s, const cs_gc_action *a); /* absent is fine */
bool cs_gc_has(cs_store *s, const cs_gc_action *a);
bool cs_gc_is_empty(cs_store *s);
/* The first one behind `a`, there or not (NULL: of all). False: there is none. */
bool cs_gc_after(cs_store *s, const cs_gc_action *a, cs_gc_action *ret);
/* Those of the first one's vat and type, in order. What is added meanwhile may be passed over, and nobody
 * else deletes. */
enum { CS_GC_DIGITS = 16 }; /* of CS_REF_ID_MAX */
typedef struct cs_gc_walk {
    cs_store *store;
    cs_vatid vat;
    cs_gc_type type;
    uint64_t next[CS_GC_DIGITS], order[CS_GC_DIGITS]; /* by digits: gc.c */
} cs_gc_walk;
bool cs_gc_begin(cs_store *s, cs_gc_walk *ret); /* false: the set is empty */
bool cs_gc_take(cs_gc_walk *w, cs_kref *ret);   /* out of the set; false: there is no other */
#define CS_GC_NAME_MAX 64                       /* with its NUL */
const char *cs_gc_name(const cs_gc_action *a, char name[static CS_GC_NAME_MAX]);

/* ---- keys and values: vat {0} is the kernel's own (static vat names, host notes), the others are
 * the vats' vatstores. Keys order as bytes. ---- */
cs_blob *cs_kv_find(cs_store *s, cs_vatid vat, cs_bytes key); /* borrowed */
void cs_kv_set(cs_store *s, cs_vatid vat, cs_bytes key, cs_blob *take_value);
void cs_kv_delete(cs_store *s, cs_vatid vat, cs_bytes key); /* absent is fine */
/* The least key greater than `key`, as a new reference, or NULL. */
cs_blob *cs_kv_after(cs_store *s, cs_vatid vat, cs_bytes key);

/* ---- transcripts: rows are written once, at commit, and never changed ---- */
void cs_transcript_add(cs_store *s, cs_vatid vat, uint64_t delivery, cs_blob *take_item,
                       const cs_hash *chain);
/* One row: gives a reference in *ret_item, NULL if there is none. CORRUPT, IO. */
CS_MUST_USE cs_status cs_transcript_read(cs_store *s, cs_vatid vat, uint64_t delivery,
                                         cs_blob **ret_item, cs_hash *ret_chain, cs_error *err);

/* Of a vat that is no more: must be there. */
void cs_transcript_delete(cs_store *s, cs_vatid vat, uint64_t delivery);

/* ---- bundles, and what the engine compiled from them ---- */
void cs_bundle_add(cs_store *s, const cs_hash *name, cs_bytes bundle);
/* Gives. NULL if there is none. CORRUPT if the bytes do not hash to the name. */
CS_MUST_USE cs_status cs_bundle_read(cs_store *s, const cs_hash *name, cs_blob **ret,
                                     cs_error *err);
/* Compiled code is a cache: named by bundle and base (cs_base_name()), dropped at will. */
void cs_code_add(cs_store *s, const cs_hash *bundle, const char *base, cs_bytes code);
CS_MUST_USE cs_status cs_code_read(cs_store *s, const cs_hash *bundle, const char *base,
                                   cs_blob **ret, cs_error *err);

/* ---- whole tables, sorted by key, for dump, audit and the end of a vat: each calls
 * fn(ctx, row) until it returns false. The rows must not change meanwhile. ---- */
void cs_store_each_object(cs_store *s, bool (*fn)(void *, const cs_object_row *), void *ctx);
void cs_store_each_promise(cs_store *s, bool (*fn)(void *, const cs_promise_row *), void *ctx);
void cs_store_each_hold(cs_store *s, bool (*fn)(void *, const cs_hold_row *), void *ctx);
void cs_store_each_clist(cs_store *s, cs_vatid vat, bool (*fn)(void *, const cs_clist_row *),
                         void *ctx);
/* The same from `from` on, in order of the bits. Whoever stops early pays little for the rest. */
void cs_store_each_clist_from(cs_store *s, cs_vatid vat, cs_vref from,
                              bool (*fn)(void *, const cs_clist_row *), void *ctx);
/* Every vat's entry for one kref, by vat id: the importers of an object and its owner (S4h). */
void cs_store_each_holder(cs_store *s, cs_kref kref, bool (*fn)(void *, const cs_clist_row *),
                          void *ctx);
/* Reads the whole file, as it was committed last: page by page and row by row. What is wrong goes to
 * `tell`, a line each; returns how many lines. Bundles and transcripts are their readers' to check. */
size_t cs_store_check(cs_store *s, void (*tell)(void *ctx, const char *line), void *ctx);
