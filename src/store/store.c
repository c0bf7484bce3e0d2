/* Opening, closing, failing and committing. */
#include "store/file.h"
#include "store/schema.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>

/* ---- failing ---- */

cs_status cs_store_fail(cs_store *s, cs_status st, const char *format, ...)
{
    if (s->error.status != CS_OK)
        return s->error.status;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(s->error.text, sizeof s->error.text, format, args);
    va_end(args);
    return s->error.status = st;
}

cs_status cs_store_damaged(cs_store *s, const char *table, const char *key, const char *what)
{
    return cs_store_fail(s, CS_E_CORRUPT,
                         "%s: table %s, row %s: %s. The store is damaged; "
                         "restore it from a copy.",
                         s->path, table, key, what);
}

cs_status cs_store_status(const cs_store *s, cs_error *err)
{
    return s->error.status == CS_OK ? CS_OK : cs_fail(err, s->error.status, "%s", s->error.text);
}

/* ---- committing ---- */

/* What was changed is now as the file has it; the dead and the logs leave the cache. */
static void settle(cs_store *s, cs_row *r)
{
    r->state &= (uint8_t) ~(CS_ROW_DIRTY | CS_ROW_ANEW);
    s->weight += cs_row_weight(r);
    if (!(r->state & CS_ROW_LIVE)) {
        cs_row_forget(s, r);
        return;
    }
    if (s->file == NULL)
        return;
    r->state |= CS_ROW_STORED;
    if (r->table == CS_TABLE_KV)
        cs_row_unlist(s, r);
    if (cs_table_defs[r->table].is_log)
        cs_row_forget(s, r);
}

static void settle_all(cs_store *s)
{
    for (size_t i = 0; i < CS_TABLE_COUNT; i++) {
        cs_table *t = &s->tables[i];
        for (size_t row = 0; row < t->dirty_count; row++)
            settle(s, t->dirty[row]);
        t->dirty_count = 0;
    }
}

bool cs_store_is_dirty(const cs_store *s)
{
    for (size_t i = 0; i < CS_TABLE_COUNT; i++)
        if (s->tables[i].dirty_count > 0)
            return true;
    return false;
}

cs_status cs_store_commit(cs_store *s, cs_error *err)
{
    cs_assert(s->journal.count == 0); /* a crank is neither kept nor undone */
    cs_status st = cs_store_status(s, err);
    if (st != CS_OK || !cs_store_is_dirty(s))
        return st;
    if (s->file != NULL && s->file->is_read_only)
        return cs_fail(err, CS_E_READ_ONLY, "%s: the store was opened for reading only.", s->path);
    if (s->file != NULL && cs_file_commit(s) != CS_OK)
        return cs_store_status(s, err);
    settle_all(s);
    if (s->file != NULL)
        cs_rows_sweep(s);
    cs_rows_trim(s);
    return CS_OK;
}

/* ---- opening and closing ---- */

/* The kernel's row is always there; in a new store it is zero. */
static void load_kernel_row(cs_store *s)
{
    cs_row *r = cs_row_place(s, CS_TABLE_KERNEL, &(cs_key){ .a = 1 });
    if (s->file != NULL)
        (void)cs_file_load(s, r);
    r->state |= CS_ROW_LIVE;
    s->meta = cs_row_data(r);
}

cs_status cs_store_open(const char *path, const cs_store_options *options, cs_store **ret_store,
                        cs_error *err)
{
    cs_store *s = CS_NEW(cs_store);
    s->path = cs_bytes_to_text(cs_bytes_of(path == NULL ? ":memory:" : path));
    cs_rows_init(s);
    if (path != NULL)
        (void)cs_file_open(s, options);
    if (s->error.status == CS_OK)
        load_kernel_row(s);
    cs_status st = cs_store_status(s, err);
    if (st == CS_OK)
        *ret_store = s;
    else
        cs_store_close(s);
    return st;
}

cs_store *cs_store_close(cs_store *s)
{
    if (s == NULL)
        return NULL;
    cs_store_keep(s); /* lets go of the journal's blobs */
    cs_rows_fini(s);
    cs_file_close(s);
    cs_free(s->journal.entries);
    cs_buf_fini(&s->journal.copies);
    cs_packer_fini(&s->packer);
    cs_free(s->path);
    return cs_free(s);
}
