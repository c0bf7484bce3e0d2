/* The whole file read once: for `capstan verify`. */
#include "store/file.h"

#include <stdio.h>
#include <string.h>

typedef struct check {
    cs_store *store;
    void (*tell)(void *ctx, const char *line);
    void *ctx;
    size_t lines;
} check;

static void tell(check *c, const char *line)
{
    c->lines++;
    if (c->tell != NULL)
        c->tell(c->ctx, line);
}

/* SQLite's answer may be several lines, with a headline between stars. */
static void tell_lines(check *c, const char *text)
{
    char line[CS_ERROR_MAX];
    while (text != NULL && *text != 0) {
        size_t size = strcspn(text, "\n");
        (void)snprintf(line, sizeof line, "%s: %.*s", c->store->path, (int)size, text);
        if (size > 0 && text[0] != '*')
            tell(c, line);
        text += size + (text[size] != 0);
    }
}

/* Every page, its checksum and its place in a tree; every index against its table. */
static void check_pages(check *c)
{
    cs_store *s = c->store;
    sqlite3_stmt *stmt = NULL;
    int rc = sqlite3_prepare_v2(s->file->db, "PRAGMA integrity_check(100)", -1, &stmt, NULL);
    while (rc == SQLITE_OK && (rc = sqlite3_step(stmt)) == SQLITE_ROW) {
        const char *line = (const char *)sqlite3_column_text(stmt, 0);
        if (sqlite3_stricmp(line, "ok") != 0)
            tell_lines(c, line);
        rc = SQLITE_OK;
    }
    if (rc != SQLITE_DONE)
        (void)cs_file_fail(s);
    (void)sqlite3_finalize(stmt);
}

/* A table whose rows cannot all be read fails the store; its reason is told at the end. */
static void check_rows(check *c, cs_table_id table)
{
    cs_scan *scan = cs_scan_new(c->store, &(cs_range){ .table = table });
    while (cs_scan_next(scan) != NULL)
        continue;
    cs_scan_free(scan);
}

/* ---- c-list entries and who holds their krefs: the same, twice ---- */

static void check_entry(cs_store *s, cs_row *r)
{
    const cs_clist_row *row = cs_row_data(r);
    const cs_page_key key = cs_page_key_of_holder(row->vat, row->kref);
    cs_vref found = { 0 };
    if (!cs_file_find_vref(s, row->vat, row->kref, &found))
        (void)cs_page_entry_damaged(s, &key, row->kref.bits, "there is no such row");
    else if (!cs_vref_same(found, row->vref))
        cs_file_holder_damaged(s, row->vat, row->kref);
}

static void check_holder(cs_store *s, cs_row *r)
{
    const cs_clist_row *holder = cs_row_data(r), *row;
    cs_row *entry = cs_slab_take(s, CS_TABLE_CLIST);
    row = cs_row_data(entry);
    entry->a = holder->vat.n;
    entry->b = holder->vref.bits;
    if (cs_page_load_row(s, entry) && !cs_kref_same(row->kref, holder->kref))
        cs_file_holder_damaged(s, holder->vat, holder->kref);
    cs_slab_give(s, entry);
}

static void check_all(cs_store *s, const cs_range *range, void (*fn)(cs_store *, cs_row *))
{
    cs_scan *scan = cs_scan_new(s, range);
    for (cs_row *r; (r = cs_scan_next(scan)) != NULL;)
        fn(s, r);
    cs_scan_free(scan);
}

size_t cs_store_check(cs_store *s, void (*fn)(void *ctx, const char *line), void *ctx)
{
    check c = { .store = s, .tell = fn, .ctx = ctx };
    if (s->file != NULL && s->error.status == CS_OK)
        check_pages(&c);
    for (cs_table_id table = 0; s->file != NULL && table < CS_TABLE_COUNT; table++)
        check_rows(&c, table);
    if (s->file != NULL) {
        check_all(s, &(cs_range){ .table = CS_TABLE_CLIST }, check_entry);
        check_all(s, &(cs_range){ .table = CS_TABLE_CLIST, .holders = true }, check_holder);
    }
    if (s->error.status != CS_OK)
        tell(&c, s->error.text);
    return c.lines;
}
