/* The cache behind every table: rows found by key, changed under the journal, written at commit.
 *
 *   R1  A row has one place in memory (rows never move) as long as it is cached. Behind its head
 *       lies the struct that callers see, then links that are not part of the row's value.
 *   R2  LIVE: the row exists. STORED: the file has it, or may have it. A cached row that is neither
 *       is known to be absent, so that looking for it again does not go to the file. One that is
 *       STORED but not LIVE is DIRTY: to be deleted.
 *   R3  DIRTY: on its table's list of changed rows. Commit writes LIVE ones, deletes STORED ones
 *       that are not LIVE, and forgets the rest: they were born and died in the block.
 *   R4  The first change of a row since the last mark leaves a copy in the journal: state and the
 *       first `copied` bytes of the struct, blobs by reference. Journal entries and lists of
 *       changed rows grow in the same order, so undoing in reverse takes rows off the ends of them.
 *   R5  LISTED: linked in its table's second structures: live c-list rows by kref and vat, with those
 *       of the same kref, and with those of the same vat; live keys in order (kv) as far as the file
 *       does not have them as they are; live GC actions in order, all of them: once the first was
 *       asked for they are read and stay cached.
 *   R6  ANEW: the file has a row with this key, but it is another one: to be deleted before this one
 *       is written.
 *
 * Without a file (s->file NULL) nothing is STORED and live rows never leave the cache. */
#pragma once
#include "store/group.h"
#include "store/index.h"
#include "store/pack.h"
#include "store/store.h"

typedef enum cs_table_id {
    CS_TABLE_KERNEL,
    CS_TABLE_VAT,
    CS_TABLE_OBJECT,
    CS_TABLE_PROMISE,
    CS_TABLE_CLIST,
    CS_TABLE_QUEUE,
    CS_TABLE_HOLD,
    CS_TABLE_GC,
    CS_TABLE_KV,
    CS_TABLE_TRANSCRIPT,
    CS_TABLE_BUNDLE,
    CS_TABLE_CODE,
    CS_TABLE_COUNT
} cs_table_id;

enum {
    CS_ROW_USED = 1,
    CS_ROW_LIVE = 2,
    CS_ROW_STORED = 4,
    CS_ROW_DIRTY = 8,
    CS_ROW_LISTED = 16,
    CS_ROW_ANEW = 32,
};

/* What a row is found by: two numbers, or one number and bytes (kv, bundle, code). */
typedef struct cs_key {
    uint64_t a, b;
    cs_bytes name; /* then b is its hash */
} cs_key;

typedef struct cs_row {
    cs_link link; /* in the table's index, or in its list of free rows */
    uint64_t a, b;
    uint64_t epoch; /* of its last journal entry */
    uint32_t used;  /* the sweep during which it was last looked at */
    uint8_t table, state;
} cs_row;

static inline void *cs_row_data(cs_row *r)
{
    return r + 1;
}
static inline cs_row *cs_row_of(const void *data)
{
    return (cs_row *)(uintptr_t)data - 1;
}

typedef struct cs_slab cs_slab; /* slab.c */
typedef struct cs_table {
    cs_index index; /* by key; its count is that of the cached rows */
    cs_slab *slabs;
    cs_link *free;
    size_t slab_count, given; /* rows given back since slabs were */
    cs_row **dirty;           /* in order of their first change since the last commit */
    size_t dirty_count, dirty_cap;
} cs_table;

/* Structs that callers do not see. */
typedef struct cs_queue_row {
    uint64_t queue, seq;
    cs_blob *item;
} cs_queue_row;
typedef struct cs_transcript_row {
    cs_vatid vat;
    uint64_t delivery;
    cs_hash chain;
    cs_blob *item;
} cs_transcript_row;
typedef struct cs_clist_cell {
    cs_clist_row row;
    cs_link by_kref;       /* not copied, as what follows: within the vat */
    cs_peer holder, entry; /* of the same kref; of the same vat */
} cs_clist_cell;
/* In a set that is ordered by vat and name (order.h). */
typedef struct cs_order_node {
    struct cs_order_node *left, *right;
    cs_bytes name; /* borrowed from its row */
    cs_vatid vat;
} cs_order_node;
/* kv, bundle, code. */
typedef struct cs_named_row {
    cs_blob *value;
    cs_blob *name; /* not copied, as all that follows: owned by the row as long as it is cached */
    cs_order_node order;
} cs_named_row;
/* GC actions of one vat and type, for 32 objects that are neighbours (gc.c). */
typedef struct cs_gc_row {
    cs_vatid vat;
    uint32_t objects;    /* a bit each, never 0 */
    uint64_t page;       /* and the type */
    cs_order_node order; /* not copied, as what follows */
    uint8_t place[16];
} cs_gc_row;

typedef struct cs_journal_entry {
    cs_row *row;
    size_t at; /* of the copy */
    uint8_t state;
} cs_journal_entry;

typedef struct cs_journal {
    cs_journal_entry *entries;
    size_t count, cap;
    cs_buf copies;
    bool is_on; /* a mark is set */
} cs_journal;

/* Bytes of an array that may stay between blocks. A longer one is given back: whoever needs it again
 * fills it, which costs more than to make it grow. */
enum { CS_ARRAY_KEPT = 1 << 20 };
void cs_journal_trim(cs_journal *j); /* it is empty */

typedef struct cs_file cs_file;
struct cs_store {
    char *path; /* as it was given, for messages; owned */
    cs_table tables[CS_TABLE_COUNT];
    cs_index clist_by_kref;
    cs_map clist_holders, clist_entries; /* groups: by kref, in disguise, and by vat */
    cs_order_node *kv_order, *gc_order;
    bool gc_is_loaded;
    cs_journal journal;
    uint64_t epoch;
    uint32_t sweep;
    size_t weight;     /* of the cached rows and their blobs, but for those that are DIRTY */
    size_t weight_max; /* above it, rows leave the cache between blocks */
    uint64_t dice;     /* each.c */
    uint64_t seed[2];  /* of hashes, so that no vat can choose refs or keys that collide */
    cs_meta *meta;
    cs_packer packer;
    cs_file *file;  /* owned; NULL: in memory only */
    cs_error error; /* OK, or why the store has failed */
};

/* Notes why the store has failed, unless it has failed already, and returns why. */
cs_status cs_store_fail(cs_store *s, cs_status st, const char *format, ...) CS_PRINTF(3, 4);
/* CORRUPT: names the row. */
cs_status cs_store_damaged(cs_store *s, const char *table, const char *key, const char *what);

void cs_rows_init(cs_store *s);
void cs_rows_fini(cs_store *s);

uint64_t cs_key_hash(const cs_store *s, uint64_t a, uint64_t b);
uint64_t cs_name_hash(const cs_store *s, cs_bytes name);
static inline cs_key cs_key_of_name(const cs_store *s, uint64_t a, cs_bytes name)
{
    return (cs_key){ a, cs_name_hash(s, name), name };
}

cs_bytes cs_row_name(const cs_row *r); /* of one that has a name */

/* The cached row, live or not, or NULL. Never reads the file. */
cs_row *cs_row_cached(cs_store *s, cs_table_id table, const cs_key *key);
/* The same, made (absent: R2) if it was not cached. */
cs_row *cs_row_place(cs_store *s, cs_table_id table, const cs_key *key);
/* A new one, as if it had not been looked at since the last sweep; NULL if one is cached. The key has no
 * name. */
cs_row *cs_row_offer(cs_store *s, cs_table_id table, const cs_key *key);
/* Each gives the row's struct. */
void *cs_row_find(cs_store *s, cs_table_id table, cs_key key); /* NULL if there is none */
/* The same, but that there is none is not remembered: nobody is expected to ask again. */
void *cs_row_find_once(cs_store *s, cs_table_id table, cs_key key);
void *cs_row_edit(cs_store *s, cs_table_id table, cs_key key);  /* must exist */
void *cs_row_change(cs_store *s, const void *found);            /* a live row's struct */
void *cs_row_add(cs_store *s, cs_table_id table, cs_key key);   /* zeroed; must not exist */
void cs_row_delete(cs_store *s, cs_table_id table, cs_key key); /* must exist */

/* Journals the row and puts it on the list of changed ones: before any change. */
void cs_row_note(cs_store *s, cs_row *r);
/* Ends the row's life; it stays cached as absent. */
void cs_row_kill(cs_store *s, cs_row *r);
/* Makes R5 true for the row, or takes it out of its second structure. */
void cs_row_list(cs_store *s, cs_row *r);
void cs_row_unlist(cs_store *s, cs_row *r);
void cs_row_drop_blobs(cs_row *r);          /* of its value */
void cs_row_drop_content(cs_row *r);        /* and its name */
void cs_row_forget(cs_store *s, cs_row *r); /* out of the cache; not DIRTY, not in the journal */
/* The same for a row that need not stay, if the file has it. */
void cs_row_release(cs_store *s, cs_row *r);

/* Between blocks: if the cache is too big, drops the rows that were not looked at since the last
 * sweep; if that is not enough, all of them. */
void cs_rows_sweep(cs_store *s);
/* What it adds to the store's weight while it is not DIRTY; a cached row without content has
 * CS_ROW_WEIGHT. GC actions have none: they cannot leave. */
enum { CS_ROW_WEIGHT = 1 };
size_t cs_row_weight(const cs_row *r);
/* Gives memory back that this block has needed, and the next ones may not. */
void cs_rows_trim(cs_store *s);

/* ---- slab.c: the memory of rows ---- */
cs_row *cs_slab_take(cs_store *s, cs_table_id table); /* zeroed, USED */
void cs_slab_give(cs_store *s, cs_row *r);
/* Between blocks, no walk under way: gives slabs back that hold no row, if there are many. Returns how
 * many bytes those were. */
size_t cs_slab_trim(cs_store *s, cs_table_id table);
void cs_slab_free_all(cs_table *t);
/* Walks all cached rows of a table; the one in hand may be forgotten. All zero but `table` starts. */
typedef struct cs_walk {
    cs_table_id table;
    cs_slab *slab;
    size_t i;
} cs_walk;
cs_row *cs_walk_next(const cs_store *s, cs_walk *w); /* NULL ends */

/* ---- clist.c, gc.c, kv.c: the second structures ---- */
void cs_clist_link(cs_store *s, cs_row *r);
void cs_clist_unlink(cs_store *s, cs_row *r);
/* The cached live entries for a kref, or of a vat, linked by their `next`. */
cs_peer *cs_clist_holders(const cs_store *s, cs_kref kref);
cs_peer *cs_clist_entries(const cs_store *s, cs_vatid vat);
cs_row *cs_clist_row_of_holder(cs_peer *p);
cs_row *cs_clist_row_of_entry(cs_peer *p);
void cs_kv_link(cs_store *s, cs_row *r);
void cs_kv_unlink(cs_store *s, cs_row *r);
void cs_gc_link(cs_store *s, cs_row *r);
void cs_gc_unlink(cs_store *s, cs_row *r);
const char *cs_gc_check(const void *row); /* NULL, or what is wrong with what the file has */
