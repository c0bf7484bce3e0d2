/* The SQLite file behind the rows: opened, read row by row, written once a block. Whatever fails
 * here has noted why in the store, which has then failed for good (T3): the result says only that
 * there is none. */
#pragma once
#include "store/page.h"
#include "store/vfs.h"

typedef struct cs_page_edits {
    cs_page_edit *items;
    size_t count, cap;
} cs_page_edits;

struct cs_file {
    sqlite3 *db;
    cs_vfs *vfs;
    bool is_read_only;
    int wal_pages;        /* in the log after the last commit */
    int checkpoint_pages; /* how many there must be to move them into the main file */
    /* Prepared when first needed. */
    struct {
        sqlite3_stmt *select, *insert, *update, *remove, *remove_run, *walk;
    } of_table[CS_TABLE_COUNT];
    struct {
        sqlite3_stmt *select, *insert, *update, *remove, *highest, *walk;
    } of_pages[CS_PAGES_COUNT];
    sqlite3_stmt *vat_after, *kv_after;
    sqlite3_stmt *holders, *entries; /* not while a walk uses them */
    cs_map ceilings;                 /* ceiling.c */
    cs_row **batch;                  /* write.c */
    size_t batch_cap;
    cs_page_edits edits, holder_edits; /* pages_write.c, as the page that is made */
    cs_buf page;
};

/* ---- file.c ---- */

/* Opens or makes the file and takes hold of it; s->file is set. See cs_store_open(). */
cs_status cs_file_open(cs_store *s, const cs_store_options *options);
void cs_file_close(cs_store *s); /* no file is fine */
/* Writes the changed rows and makes them durable. The rows stay as they are. */
cs_status cs_file_commit(cs_store *s);
/* Notes what SQLite said about the last call. Returns the store's status. */
cs_status cs_file_fail(cs_store *s); /* file_error.c */
/* Runs statements that have no result. */
cs_status cs_file_exec(cs_store *s, const char *sql);

void cs_views_add(cs_buf *sql); /* views.c: appends what makes the views */

/* ---- file_kind.c: whose file it is ---- */

enum { CS_APPLICATION_ID = 0x43415053 }; /* "CAPS", in the header of every store */
cs_status cs_file_check_path(cs_store *s, const cs_store_options *options);
cs_status cs_file_check_header(cs_store *s); /* of the file that is open */
bool cs_file_is_frozen(const char *path);    /* vfs.h, V3: who reads it may not write there */
cs_status cs_file_cannot_open(cs_store *s);
cs_status cs_file_not_ours(cs_store *s, const char *what); /* "this is <what>, not …" */
cs_status cs_file_check_version(cs_store *s, int64_t version);

/* ---- sql.c: reading and writing rows ---- */

/* Reads the row by its key: makes it LIVE and STORED, or leaves it absent. */
bool cs_file_load(cs_store *s, cs_row *r);
bool cs_file_write(cs_store *s, cs_row *r);
/* These `count` rows; there are no others between the first and the last. */
bool cs_file_remove(cs_store *s, cs_row *first, cs_row *last, size_t count);
uint32_t cs_file_vat_after(cs_store *s, uint32_t vat);              /* 0: none */
cs_blob *cs_file_kv_after(cs_store *s, cs_vatid vat, cs_bytes key); /* gives; NULL: none */
/* The statement, prepared if it was not yet. NULL: failed. */
sqlite3_stmt *cs_file_prepared(cs_store *s, sqlite3_stmt **stmt, const char *sql);
sqlite3_stmt *cs_file_prepare(cs_store *s, const char *sql); /* gives; NULL: failed */
void cs_file_finalize(cs_file *f);                           /* all prepared statements */
/* Whether there is a result. False after a failure too. */
bool cs_file_step(cs_store *s, sqlite3_stmt *stmt);
/* Takes the one step of a statement that writes, after binding gave `rc`, and resets it. Gives how many
 * rows it changed; nothing is known of that if the store has failed. */
size_t cs_file_run(cs_store *s, sqlite3_stmt *stmt, int rc);
bool cs_file_row_damaged(cs_store *s, const cs_row *r, const char *what); /* notes it: false */

/* ---- scan.c ---- */

/* A walk over the file's rows in order of their keys. */
typedef struct cs_range {
    cs_table_id table;
    cs_vatid vat; /* c-lists: only this vat's, unless 0 */
    cs_vref from; /* of a vat: from here on; none: all */
    cs_kref kref; /* c-lists: only the entries for this kref, by vat, unless none */
    bool holders; /* c-lists: vat, kref and vref as the pages by kref have them, in their order */
} cs_range;
typedef struct cs_scan cs_scan;
cs_scan *cs_scan_new(cs_store *s, const cs_range *range);
cs_row *cs_scan_next(cs_scan *scan); /* lent until the next call, not in the cache; NULL: no more */
void cs_scan_free(cs_scan *scan);

bool cs_file_write_table(cs_store *s, cs_table_id table); /* write.c */

/* ---- pages.c: pages in the file ---- */

typedef struct cs_page_view {
    sqlite3_stmt *stmt;
    cs_bytes entries; /* page.h, P2; size 0: there is no such page */
} cs_page_view;
/* Reads a page. False: failed. Else one of the same kind may be opened when it was closed. */
bool cs_page_open(cs_store *s, const cs_page_key *key, cs_page_view *ret);
void cs_page_close(cs_page_view *v);
/* The entries that are column 0 of the statement's result, until its next step. False: damaged. */
bool cs_page_take(cs_store *s, const cs_page_key *key, sqlite3_stmt *stmt, cs_bytes *ret);
/* Makes the page so: `existed` says whether there is one, size 0 that there is to be none. */
bool cs_page_write(cs_store *s, const cs_page_key *key, cs_bytes entries, bool existed);
cs_page_key cs_page_key_of(const cs_row *r); /* of an object or a c-list entry */
cs_page_key cs_page_key_of_holder(cs_vatid vat, cs_kref kref);
bool cs_page_damaged(cs_store *s, const cs_page_key *key, const char *what); /* notes it: false */
/* The same of one entry. */
bool cs_page_entry_damaged(cs_store *s, const cs_page_key *key, uint64_t ref, const char *what);
/* Fills the row, whose key is that of the entry, and checks it. False: damaged. */
bool cs_page_fill(cs_store *s, const cs_page_key *key, const uint8_t *entry, cs_row *r);
bool cs_page_read_holder(cs_store *s, const cs_page_key *key, const uint8_t *entry,
                         cs_clist_row *ret); /* likewise: vat, kref and vref */
/* The row with this key from the file, LIVE and STORED, or left absent. False: failed. */
bool cs_page_load_row(cs_store *s, cs_row *r);
/* The same, and its neighbours into the cache, as far as they are not there. */
bool cs_page_load(cs_store *s, cs_row *r);
/* Whether the file says that the vat has the kref, and as which vref. */
bool cs_file_find_vref(cs_store *s, cs_vatid vat, cs_kref kref, cs_vref *ret);
/* What find said has turned out to be wrong: there is no such entry of the vat, or with another kref. */
void cs_file_holder_damaged(cs_store *s, cs_vatid vat, cs_kref kref);

bool cs_file_write_pages(cs_store *s, cs_table_id table); /* pages_write.c */

/* ---- ceiling.c: what the file cannot have ---- */

bool cs_file_may_have(cs_store *s, const cs_page_key *key, uint64_t ref);
void cs_file_raise_ceiling(cs_file *f, const cs_page_key *key, uint64_t written);

/* ---- columns.c: members of structs as columns ---- */

/* The parameters from `at` on are the columns [from, to) of the row. */
int cs_columns_bind(sqlite3_stmt *stmt, int at, const cs_row *r, size_t from, size_t to);
/* Whether the row, written, could be read back. */
bool cs_columns_check(cs_row *r);
/* Fills the columns [from, to) from the result's, beginning with its column 0, and checks them one
 * by one and with each other. If something is wrong the row is half filled, and `what` says so. */
bool cs_columns_read(sqlite3_stmt *stmt, cs_row *r, size_t from, size_t to,
                     char what[static CS_WHAT_MAX]);
void cs_columns_set_key(cs_row *r);                    /* the struct's key members from the head */
void cs_columns_get_key(const cs_store *s, cs_row *r); /* the head's key from the struct */
