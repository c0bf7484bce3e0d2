/* Statements: their texts are made from the tables' descriptions, and prepared when they are first
 * needed. A statement is reset as soon as its result is read. */
#include "store/file.h"

#include "base/alloc.h"

#include <string.h>

/* ---- texts ---- */

static void add_columns(cs_buf *b, const cs_table_def *def, size_t from, size_t to)
{
    for (size_t i = from; i < to; i++)
        cs_buf_addf(b, "%s%s", i == from ? "" : ",", def->columns[i].name);
}

static void add_where_key(cs_buf *b, const cs_table_def *def)
{
    for (size_t i = 0; i < def->key_count; i++)
        cs_buf_addf(b, "%s%s=?%zu", i == 0 ? " WHERE " : " AND ", def->columns[i].name, i + 1);
}

static void select_text(cs_buf *b, const cs_table_def *def)
{
    cs_buf_add_text(b, "SELECT ");
    add_columns(b, def, def->key_count, def->column_count);
    cs_buf_addf(b, " FROM %s", def->name);
    add_where_key(b, def);
}

/* Not over another row: if there is one the file is damaged. */
static void insert_text(cs_buf *b, const cs_table_def *def)
{
    cs_buf_addf(b, "INSERT INTO %s VALUES(", def->name);
    for (size_t i = 0; i < def->column_count; i++)
        cs_buf_addf(b, "%s?%zu", i == 0 ? "" : ",", i + 1);
    cs_buf_add_text(b, ")");
}

static void add_changes(cs_buf *b, const cs_table_def *def)
{
    const char *comma = "";
    for (size_t i = def->key_count; i < def->column_count; i++)
        if (!def->columns[i].is_fixed) {
            cs_buf_addf(b, "%s%s=?%zu", comma, def->columns[i].name, i + 1);
            comma = ",";
        }
}

/* Of a named row it is not known whether the file has it (kv.c). */
static void update_text(cs_buf *b, const cs_table_def *def)
{
    if (def->is_named) {
        insert_text(b, def);
        cs_buf_add_text(b, " ON CONFLICT DO UPDATE SET ");
        add_changes(b, def);
        return;
    }
    cs_buf_addf(b, "UPDATE %s SET ", def->name);
    add_changes(b, def);
    add_where_key(b, def);
}

static void remove_text(cs_buf *b, const cs_table_def *def)
{
    cs_buf_addf(b, "DELETE FROM %s", def->name);
    add_where_key(b, def);
}

static void remove_run_text(cs_buf *b, const cs_table_def *def)
{
    size_t last = def->key_count;
    cs_buf_addf(b, "DELETE FROM %s WHERE ", def->name);
    for (size_t i = 0; i + 1 < last; i++)
        cs_buf_addf(b, "%s=?%zu AND ", def->columns[i].name, i + 1);
    cs_buf_addf(b, "%s BETWEEN ?%zu AND ?%zu", def->columns[last - 1].name, last, last + 1);
}

/* ---- preparing ---- */

sqlite3_stmt *cs_file_prepare(cs_store *s, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    if (sqlite3_prepare_v3(s->file->db, sql, -1, SQLITE_PREPARE_PERSISTENT, &stmt, NULL) !=
        SQLITE_OK)
        (void)cs_file_fail(s);
    return stmt;
}

sqlite3_stmt *cs_file_prepared(cs_store *s, sqlite3_stmt **stmt, const char *sql)
{
    if (*stmt == NULL)
        *stmt = cs_file_prepare(s, sql);
    return *stmt;
}

static sqlite3_stmt *prepared_for(cs_store *s, sqlite3_stmt **stmt, const cs_row *r,
                                  void (*make_text)(cs_buf *, const cs_table_def *))
{
    if (*stmt == NULL) {
        cs_buf sql = { 0 };
        make_text(&sql, &cs_table_defs[r->table]);
        *stmt = cs_file_prepare(s, cs_buf_text(&sql));
        cs_buf_fini(&sql);
    }
    return *stmt;
}

void cs_file_finalize(cs_file *f)
{
    for (size_t i = 0; i < CS_TABLE_COUNT; i++) {
        (void)sqlite3_finalize(f->of_table[i].select);
        (void)sqlite3_finalize(f->of_table[i].insert);
        (void)sqlite3_finalize(f->of_table[i].update);
        (void)sqlite3_finalize(f->of_table[i].remove);
        (void)sqlite3_finalize(f->of_table[i].remove_run);
        (void)sqlite3_finalize(f->of_table[i].walk);
    }
    for (size_t i = 0; i < CS_PAGES_COUNT; i++) {
        (void)sqlite3_finalize(f->of_pages[i].select);
        (void)sqlite3_finalize(f->of_pages[i].insert);
        (void)sqlite3_finalize(f->of_pages[i].update);
        (void)sqlite3_finalize(f->of_pages[i].remove);
        (void)sqlite3_finalize(f->of_pages[i].highest);
        (void)sqlite3_finalize(f->of_pages[i].walk);
    }
    (void)sqlite3_finalize(f->vat_after);
    (void)sqlite3_finalize(f->kv_after);
    (void)sqlite3_finalize(f->holders);
    (void)sqlite3_finalize(f->entries);
}

/* ---- rows by key ---- */

bool cs_file_step(cs_store *s, sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        (void)cs_file_fail(s);
    return rc == SQLITE_ROW;
}

bool cs_file_row_damaged(cs_store *s, const cs_row *r, const char *what)
{
    const cs_table_def *def = &cs_table_defs[r->table];
    cs_key key = { .a = r->a, .b = r->b };
    if (def->is_named)
        key.name = cs_row_name(r);
    char text[CS_KEY_TEXT_MAX];
    (void)cs_store_damaged(s, def->name, cs_row_key_text((cs_table_id)r->table, &key, text), what);
    return false;
}

bool cs_file_load(cs_store *s, cs_row *r)
{
    cs_file *f = s->file;
    const cs_table_def *def = &cs_table_defs[r->table];
    char what[CS_WHAT_MAX];
    sqlite3_stmt *stmt = NULL;
    cs_columns_set_key(r);
    if (def->is_packed)
        return cs_page_load(s, r);
    if (s->error.status == CS_OK)
        stmt = prepared_for(s, &f->of_table[r->table].select, r, select_text);
    if (stmt == NULL)
        return false;
    (void)cs_columns_bind(stmt, 1, r, 0, def->key_count);
    if (cs_file_step(s, stmt)) {
        if (cs_columns_read(stmt, r, def->key_count, def->column_count, what))
            r->state |= CS_ROW_LIVE | CS_ROW_STORED;
        else
            (void)cs_file_row_damaged(s, r, what);
    }
    (void)sqlite3_reset(stmt);
    s->weight += cs_row_weight(r) - CS_ROW_WEIGHT;
    return s->error.status == CS_OK;
}

size_t cs_file_run(cs_store *s, sqlite3_stmt *stmt, int rc)
{
    if (rc == SQLITE_OK)
        rc = sqlite3_step(stmt);
    size_t changed = (size_t)sqlite3_changes(s->file->db);
    if (rc != SQLITE_DONE)
        (void)cs_file_fail(s);
    (void)sqlite3_reset(stmt);
    (void)sqlite3_clear_bindings(stmt); /* they borrow the row's blobs */
    return changed;
}

/* Done, with that many rows changed: `at_most` if the cache does not know whether there are as many. */
static bool run(cs_store *s, sqlite3_stmt *stmt, int rc, cs_row *r, size_t count, bool at_most)
{
    size_t changed = cs_file_run(s, stmt, rc);
    if (s->error.status == CS_OK && changed != count && !at_most)
        (void)cs_file_row_damaged(s, r, "there is no such row");
    return s->error.status == CS_OK;
}

bool cs_file_write(cs_store *s, cs_row *r)
{
    cs_file *f = s->file;
    cs_assert(cs_columns_check(r)); /* or it could not be read back */
    bool is_new = !(r->state & CS_ROW_STORED) || r->state & CS_ROW_ANEW;
    sqlite3_stmt *stmt = is_new ? prepared_for(s, &f->of_table[r->table].insert, r, insert_text)
                                : prepared_for(s, &f->of_table[r->table].update, r, update_text);
    if (stmt == NULL)
        return false;
    int rc = cs_columns_bind(stmt, 1, r, 0, cs_table_defs[r->table].column_count);
    return run(s, stmt, rc, r, 1, false);
}

bool cs_file_remove(cs_store *s, cs_row *first, cs_row *last, size_t count)
{
    cs_file *f = s->file;
    size_t keys = cs_table_defs[first->table].key_count;
    sqlite3_stmt *stmt =
        count == 1 ? prepared_for(s, &f->of_table[first->table].remove, first, remove_text)
                   : prepared_for(s, &f->of_table[first->table].remove_run, first, remove_run_text);
    if (stmt == NULL)
        return false;
    cs_columns_set_key(first);
    cs_columns_set_key(last);
    int rc = cs_columns_bind(stmt, 1, first, 0, keys);
    if (rc == SQLITE_OK && count > 1)
        rc = cs_columns_bind(stmt, (int)keys + 1, last, keys - 1, keys);
    return run(s, stmt, rc, first, count, first->table == CS_TABLE_KV);
}

/* ---- other questions ---- */

uint32_t cs_file_vat_after(cs_store *s, uint32_t vat)
{
    if (s->error.status != CS_OK)
        return 0;
    sqlite3_stmt *stmt = cs_file_prepared(s, &s->file->vat_after,
                                          "SELECT vat FROM vat WHERE vat>? ORDER BY vat LIMIT 1");
    if (stmt == NULL)
        return 0;
    (void)sqlite3_bind_int64(stmt, 1, vat);
    uint32_t next = cs_file_step(s, stmt) ? (uint32_t)sqlite3_column_int64(stmt, 0) : 0;
    (void)sqlite3_reset(stmt);
    return next;
}

cs_blob *cs_file_kv_after(cs_store *s, cs_vatid vat, cs_bytes key)
{
    if (s->error.status != CS_OK)
        return NULL;
    sqlite3_stmt *stmt = cs_file_prepared(
        s, &s->file->kv_after, "SELECT key FROM kv WHERE vat=? AND key>? ORDER BY key LIMIT 1");
    if (stmt == NULL)
        return NULL;
    (void)sqlite3_bind_int64(stmt, 1, vat.n);
    (void)sqlite3_bind_blob(stmt, 2, key.size == 0 ? (const void *)"" : key.data, (int)key.size,
                            SQLITE_STATIC);
    cs_blob *next = NULL;
    if (cs_file_step(s, stmt)) {
        const void *data = sqlite3_column_blob(stmt, 0);
        next = cs_blob_new((cs_bytes){ data, (size_t)sqlite3_column_bytes(stmt, 0) });
    }
    (void)sqlite3_reset(stmt);
    (void)sqlite3_clear_bindings(stmt);
    return next;
}
