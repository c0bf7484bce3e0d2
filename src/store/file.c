/* Opening, making and committing the SQLite file.
 *
 * From opening to closing a write transaction is open, but for the moment between one commit and the
 * next begin: rows are read inside it, and it is what keeps a second writer out (vfs.h, V2). The
 * file is made in one transaction with a rollback journal, then switched to WAL: so it is either
 * empty or whole, and its header says from the first byte whose it is. */
#include "store/file.h"

#include "base/alloc.h"

enum { BUSY_MS = 100, WAL_PAGES_MAX = 4096 };

cs_status cs_file_exec(cs_store *s, const char *sql)
{
    if (s->error.status == CS_OK && sqlite3_exec(s->file->db, sql, NULL, NULL, NULL) != SQLITE_OK)
        (void)cs_file_fail(s);
    return s->error.status;
}

/* The number that a statement gives. */
static cs_status ask(cs_store *s, const char *sql, int64_t *ret)
{
    sqlite3_stmt *stmt = NULL;
    if (s->error.status != CS_OK)
        return s->error.status;
    bool good = sqlite3_prepare_v2(s->file->db, sql, -1, &stmt, NULL) == SQLITE_OK &&
                sqlite3_step(stmt) == SQLITE_ROW;
    if (good)
        *ret = sqlite3_column_int64(stmt, 0);
    else
        (void)cs_file_fail(s);
    (void)sqlite3_finalize(stmt);
    return s->error.status;
}

/* ---- making ---- */

static void add_pages(cs_buf *b, const cs_pages_def *def)
{
    cs_buf_addf(b,
                "CREATE TABLE %s(%spage INTEGER NOT NULL,entries BLOB NOT NULL,PRIMARY KEY(%s)) "
                "STRICT, WITHOUT ROWID;",
                def->name, def->has_vat ? "vat INTEGER NOT NULL," : "", def->order);
}

static void add_table(cs_buf *b, const cs_table_def *def)
{
    cs_buf_addf(b, "CREATE TABLE %s(", def->name);
    for (size_t i = 0; i < def->column_count; i++) {
        const cs_column *c = &def->columns[i];
        cs_buf_addf(b, "%s %s%s,", c->name, c->kind < CS_COLUMN_HASH ? "INTEGER" : "BLOB",
                    c->kind == CS_COLUMN_BLOB ? "" : " NOT NULL");
    }
    cs_buf_add_text(b, "PRIMARY KEY(");
    for (size_t i = 0; i < def->key_count; i++)
        cs_buf_addf(b, "%s%s", i == 0 ? "" : ",", def->columns[i].name);
    cs_buf_add_text(b, ")) STRICT, WITHOUT ROWID;");
}

static cs_status make_tables(cs_store *s)
{
    cs_buf sql = { 0 };
    for (size_t i = 0; i < CS_TABLE_COUNT; i++)
        if (!cs_table_defs[i].is_packed)
            add_table(&sql, &cs_table_defs[i]);
    for (size_t i = 0; i < CS_PAGES_COUNT; i++)
        add_pages(&sql, &cs_pages_defs[i]);
    cs_views_add(&sql);
    cs_buf_addf(&sql, "PRAGMA application_id=%d;PRAGMA user_version=%d;", CS_APPLICATION_ID,
                CS_SCHEMA_VERSION);
    cs_status st = cs_file_exec(s, cs_buf_text(&sql));
    cs_buf_fini(&sql);
    return st;
}

/* Another process may be making the same file: who gets the lock second finds it made. */
static cs_status make(cs_store *s)
{
    int64_t tables = 0;
    int reserved = CS_PAGE_RESERVED;
    (void)sqlite3_file_control(s->file->db, "main", SQLITE_FCNTL_RESERVE_BYTES, &reserved);
    (void)cs_file_exec(s, "PRAGMA page_size=4096;BEGIN EXCLUSIVE");
    (void)ask(s, "SELECT count(*) FROM sqlite_schema", &tables);
    if (s->error.status == CS_OK && tables == 0)
        (void)make_tables(s);
    return cs_file_exec(s, "COMMIT");
}

static cs_status make_if_empty(cs_store *s, const cs_store_options *options)
{
    int64_t tables = 0, id = 0, version = 0;
    if (ask(s, "SELECT count(*) FROM sqlite_schema", &tables) != CS_OK)
        return s->error.status;
    if (tables == 0) {
        if (!options->create || options->read_only)
            return cs_file_not_ours(s, "an empty file");
        if (make(s) != CS_OK)
            return s->error.status;
    }
    if (ask(s, "PRAGMA application_id", &id) != CS_OK ||
        ask(s, "PRAGMA user_version", &version) != CS_OK)
        return s->error.status;
    if (id != CS_APPLICATION_ID)
        return cs_file_not_ours(s, "another program's database");
    return cs_file_check_version(s, version);
}

/* ---- opening ---- */

static int note_wal_pages(void *ctx, sqlite3 *db, const char *name, int pages)
{
    (void)db;
    (void)name;
    ((cs_file *)ctx)->wal_pages = pages;
    return SQLITE_OK;
}

/* Never as a URI, never SQLite's own ":memory:": a path is a path. */
static char *plain_path(const char *path)
{
    cs_buf b = { 0 };
    cs_buf_addf(&b, "%s%s", path[0] == '/' ? "" : "./", path);
    char *copy = cs_bytes_to_text(cs_buf_bytes(&b));
    cs_buf_fini(&b);
    return copy;
}

static cs_status connect(cs_store *s, const cs_store_options *options)
{
    cs_file *f = s->file;
    bool makes = options->create && !options->read_only;
    char *path = plain_path(s->path);
    int rc = sqlite3_open_v2(path, &f->db,
                             SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
                                 (makes ? SQLITE_OPEN_CREATE : 0),
                             f->vfs->name);
    cs_free(path);
    if (rc != SQLITE_OK)
        return cs_file_cannot_open(s);
    if (!options->read_only && sqlite3_db_readonly(f->db, "main") == 1)
        return cs_store_fail(s, CS_E_READ_ONLY,
                             "%s: the file is read-only. Make it writable and start again.",
                             s->path);
    (void)sqlite3_extended_result_codes(f->db, 1);
    (void)sqlite3_busy_timeout(f->db, BUSY_MS);
    (void)sqlite3_wal_hook(f->db, note_wal_pages, f);
    (void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    return cs_file_check_header(s);
}

/* FULL: what was committed survives a power cut. Temporary files would be a second way for a disk
 * to fail. Deleted rows need not be overwritten: who can read the file can read the rest too. */
static const char settings[] = "PRAGMA synchronous=FULL;PRAGMA temp_store=MEMORY;"
                               "PRAGMA secure_delete=OFF;PRAGMA cache_size=-65536;"
                               "PRAGMA trusted_schema=OFF;PRAGMA cell_size_check=ON";

static cs_status take_hold(cs_store *s)
{
    if (s->file->is_read_only)
        return cs_file_exec(s, "PRAGMA query_only=ON;BEGIN");
    (void)cs_file_exec(s, "PRAGMA journal_mode=WAL");
    s->file->vfs->keeps_writer = true;
    return cs_file_exec(s, "BEGIN IMMEDIATE");
}

cs_status cs_file_open(cs_store *s, const cs_store_options *options)
{
    if (cs_file_check_path(s, options) != CS_OK)
        return s->error.status;
    s->file = CS_NEW(cs_file);
    s->file->is_read_only = options->read_only;
    s->file->checkpoint_pages = WAL_PAGES_MAX;
    s->file->vfs = cs_vfs_new();
    s->file->vfs->is_frozen = options->read_only && cs_file_is_frozen(s->path);
    if (connect(s, options) != CS_OK || cs_file_exec(s, settings) != CS_OK ||
        make_if_empty(s, options) != CS_OK)
        return s->error.status;
    return take_hold(s);
}

void cs_file_close(cs_store *s)
{
    cs_file *f = s->file;
    if (f == NULL)
        return;
    cs_file_finalize(f);
    cs_map_fini(&f->ceilings);
    cs_free(f->batch);
    cs_free(f->edits.items);
    cs_free(f->holder_edits.items);
    cs_buf_fini(&f->page);
    /* After a failure the log is not to be believed to be in the main file: who opens the store
     * next reads all of it again. */
    if (s->error.status != CS_OK && f->db != NULL)
        (void)sqlite3_db_config(f->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, NULL);
    (void)sqlite3_close(f->db);
    cs_vfs_free(f->vfs);
    s->file = cs_free(f);
}

/* ---- committing ---- */

/* From here on the block is safe; what fails now stops the next one. */
static void begin_next(cs_store *s)
{
    if (s->file->wal_pages > s->file->checkpoint_pages) {
        int rc =
            sqlite3_wal_checkpoint_v2(s->file->db, NULL, SQLITE_CHECKPOINT_PASSIVE, NULL, NULL);
        if (rc != SQLITE_OK && rc != SQLITE_BUSY)
            (void)cs_file_fail(s);
    }
    (void)cs_file_exec(s, "BEGIN IMMEDIATE");
}

static void trim(cs_page_edits *list)
{
    if (list->cap * sizeof *list->items <= CS_ARRAY_KEPT)
        return;
    list->items = cs_free(list->items);
    list->cap = 0;
}

static void trim_arrays(cs_file *f)
{
    trim(&f->edits);
    trim(&f->holder_edits);
    if (f->batch_cap * sizeof *f->batch > CS_ARRAY_KEPT) {
        f->batch = cs_free(f->batch);
        f->batch_cap = 0;
    }
}

cs_status cs_file_commit(cs_store *s)
{
    for (size_t i = 0; i < CS_TABLE_COUNT; i++)
        if (!cs_file_write_table(s, (cs_table_id)i))
            return s->error.status;
    if (cs_file_exec(s, "COMMIT") != CS_OK)
        return s->error.status;
    begin_next(s);
    trim_arrays(s->file);
    return CS_OK;
}
