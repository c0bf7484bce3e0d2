/* Neighbours lie in the file together: objects, c-list entries, and who holds which kref are entries of
 * pages, 32 references wide, so that what SQLite takes for a row is paid for 32 of them.
 *
 *   P1  A reference's page is the reference without its last bits. A virtual vref's last seven bits are
 *       its facet, so that pages of virtual vrefs are 32 instances wide, with all their facets. Pages
 *       follow each other as the references in them do.
 *   P2  A page has at least one entry. Its entries have one width, ascend by the reference in their
 *       first column, each of which occurs once, and all are of this page.
 *   P3  An entry is its columns one behind the other, little-endian, as wide as they are in memory.
 *
 * Nothing in page.c knows the file; that is pages.c. */
#pragma once
#include "store/schema.h"

typedef enum cs_pages_id {
    CS_PAGES_OBJECT,
    CS_PAGES_CLIST,
    CS_PAGES_HOLDER, /* c-list entries by kref: not a table of the cache */
    CS_PAGES_COUNT
} cs_pages_id;

/* A table of the file whose rows are pages: their key, and `entries`. */
typedef struct cs_pages_def {
    const char *name, *order; /* the columns of the key */
    bool has_vat;             /* each page is of one vat */
    const cs_column *columns; /* of an entry: members of the row's struct */
    uint8_t column_count;
    uint8_t width; /* of an entry */
} cs_pages_def;
extern const cs_pages_def cs_pages_defs[CS_PAGES_COUNT]; /* schema.c */

typedef struct cs_page_key {
    cs_pages_id id;
    cs_vatid vat; /* 0 if pages have none */
    uint64_t number;
} cs_page_key;

/* P1, for krefs as for vrefs. */
uint64_t cs_page_of(uint64_t ref);
uint64_t cs_page_first(uint64_t number); /* the lowest reference that the page may have */
uint64_t cs_page_last(uint64_t number);  /* the highest */

/* NULL if P2 holds, or what is wrong. The rest takes pages for which it holds. */
const char *cs_page_check(cs_pages_id id, uint64_t number, cs_bytes entries);
uint64_t cs_page_ref(const uint8_t *entry);
const uint8_t *cs_page_find(cs_pages_id id, cs_bytes entries, uint64_t ref); /* NULL: none */
/* Fills the members that the entry has, each checked. False: half filled, and `what` says why. */
bool cs_page_read(cs_pages_id id, const uint8_t *entry, void *data, char what[static CS_WHAT_MAX]);

/* What is to become of one entry. */
typedef struct cs_page_edit {
    uint64_t ref;
    const void *data; /* the struct that it will have, or NULL: it goes; borrowed */
    cs_vatid vat;
    bool was; /* it is there before */
} cs_page_edit;
/* By vat and reference; of the same one, what goes before what comes. */
void cs_page_sort(cs_page_edit *edits, size_t count);
/* Appends to `to` the page that the sorted edits, all of this page, make of `entries` (size 0: of none).
 * Gives NULL, or the edit that believes an entry to be there that is not, or the reverse. */
const cs_page_edit *cs_page_merge(cs_pages_id id, cs_bytes entries, const cs_page_edit *edits,
                                  size_t count, cs_buf *to);
