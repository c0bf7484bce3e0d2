/* Rows with any values in their columns: read as they are meant, or the store says CORRUPT. The
 * input chooses a table and the values, which are put into a store behind its back. (What lies in pages
 * is fuzz_page's.) */
#include "store/file.h"
#include "tape.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static cs_store *store;

static void make_store(void)
{
    static const cs_store_options making = { .create = true };
    cs_error err;
    /* A file of SQLite's own in memory: the store's statements on it, without a disk. */
    cs_assert(cs_store_open(NULL, &making, &store, &err) == CS_OK);
    store->file = calloc(1, sizeof *store->file);
    store->file->vfs = calloc(1, sizeof *store->file->vfs);
    cs_assert(sqlite3_open(":memory:", &store->file->db) == SQLITE_OK);
    for (size_t i = 0; i < CS_TABLE_COUNT; i++) {
        const cs_table_def *def = &cs_table_defs[i];
        cs_buf sql = { 0 };
        if (def->is_packed)
            continue;
        cs_buf_addf(&sql, "CREATE TABLE %s(", def->name);
        for (size_t c = 0; c < def->column_count; c++)
            cs_buf_addf(&sql, "%s%s", c == 0 ? "" : ",", def->columns[c].name); /* of any type */
        cs_buf_add_text(&sql, ")");
        cs_assert(cs_file_exec(store, cs_buf_text(&sql)) == CS_OK);
        cs_buf_fini(&sql);
    }
}

static void bind_value(sqlite3_stmt *stmt, int at, tape *t)
{
    static const uint8_t types[] = { 1, 1, 2, 0, 3, 4 };
    uint8_t bytes[40];
    size_t size = (size_t)tape_below(t, sizeof bytes + 1);
    switch (tape_pick(t, types)) {
    case 1: {
        uint64_t n = tape_u64(t);
        (void)sqlite3_bind_int64(stmt, at, (int64_t)(tape_bool(t) ? n ^ UINT64_C(1) << 63 : n));
        break;
    }
    case 2:
        tape_bytes(t, bytes, size);
        (void)sqlite3_bind_blob(stmt, at, bytes, (int)size, SQLITE_TRANSIENT);
        break;
    case 3:
        (void)sqlite3_bind_text(stmt, at, "text", -1, SQLITE_STATIC);
        break;
    case 4:
        (void)sqlite3_bind_double(stmt, at, 1.5);
        break;
    default:
        (void)sqlite3_bind_null(stmt, at);
        break;
    }
}

static void insert(cs_table_id table, tape *t)
{
    const cs_table_def *def = &cs_table_defs[table];
    sqlite3_stmt *stmt = NULL;
    cs_buf sql = { 0 };
    cs_buf_addf(&sql, "INSERT INTO %s VALUES(?", def->name);
    for (size_t i = 1; i < def->column_count; i++)
        cs_buf_add_text(&sql, ",?");
    cs_buf_add_text(&sql, ")");
    (void)sqlite3_prepare_v2(store->file->db, cs_buf_text(&sql), -1, &stmt, NULL);
    for (int i = 1; i <= def->column_count; i++)
        bind_value(stmt, i, t);
    cs_assert(sqlite3_step(stmt) == SQLITE_DONE);
    (void)sqlite3_finalize(stmt);
    cs_buf_fini(&sql);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (store == NULL)
        make_store();
    tape t;
    tape_from_input(&t, data, size);
    cs_table_id table = (cs_table_id)tape_below(&t, CS_TABLE_COUNT);
    if (cs_table_defs[table].is_packed)
        return 0;
    cs_assert(cs_file_exec(store, "BEGIN") == CS_OK);
    insert(table, &t);
    cs_scan *scan = cs_scan_new(store, &(cs_range){ .table = table });
    for (cs_row *r; (r = cs_scan_next(scan)) != NULL && store->error.status == CS_OK;)
        cs_assert(cs_columns_check(r)); /* what was read may be written */
    cs_scan_free(scan);
    cs_assert(store->error.status == CS_OK || store->error.status == CS_E_CORRUPT);
    store->error.status = CS_OK;
    cs_assert(cs_file_exec(store, "ROLLBACK") == CS_OK);
    return 0;
}
