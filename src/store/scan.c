/* Walks over the file's rows in order of their keys. Of a table that lies in pages they go from page to
 * page, and from entry to entry; to the entries for one kref, through the pages of their holders. */
#include "store/file.h"

#include "base/alloc.h"

#include <string.h>

struct cs_scan {
    cs_store *store;
    sqlite3_stmt *stmt, **kept; /* where it is kept between walks */
    cs_row *row;
    cs_kref kref;     /* none: all of the table, or of a vat */
    uint64_t from;    /* of a vat: entries before this one are passed over */
    cs_page_key page; /* the one that the walk is at */
    cs_bytes to_come; /* its entries that have not been given */
};

/* ---- statements ---- */

static cs_pages_id pages_of(const cs_range *range)
{
    if (!cs_kref_none(range->kref) || range->holders)
        return CS_PAGES_HOLDER;
    return range->table == CS_TABLE_OBJECT ? CS_PAGES_OBJECT : CS_PAGES_CLIST;
}

/* Kept, because importers are asked for object by object, and c-lists vat by vat. */
static sqlite3_stmt **kept_statement(cs_file *f, const cs_range *range)
{
    if (range->vat.n != 0)
        return &f->entries;
    if (!cs_kref_none(range->kref))
        return &f->holders;
    return cs_table_defs[range->table].is_packed ? &f->of_pages[pages_of(range)].walk
                                                 : &f->of_table[range->table].walk;
}

static void pages_text(cs_buf *sql, cs_pages_id id, const char *where)
{
    const cs_pages_def *def = &cs_pages_defs[id];
    cs_buf_addf(sql, "SELECT entries,page%s FROM %s%s ORDER BY %s", def->has_vat ? ",vat" : "",
                def->name, where, def->order);
}

static void rows_text(cs_buf *sql, const cs_table_def *def)
{
    cs_buf_add_text(sql, "SELECT ");
    for (size_t i = 0; i < def->column_count; i++)
        cs_buf_addf(sql, "%s%s", i == 0 ? "" : ",", def->columns[i].name);
    cs_buf_addf(sql, " FROM %s ORDER BY ", def->name);
    for (size_t i = 0; i < def->key_count; i++)
        cs_buf_addf(sql, "%s%s", i == 0 ? "" : ",", def->columns[i].name);
}

static sqlite3_stmt *new_statement(cs_store *s, const cs_range *range)
{
    cs_buf sql = { 0 };
    const char *where = range->vat.n != 0            ? " WHERE vat=?1 AND page>=?2"
                        : !cs_kref_none(range->kref) ? " WHERE page=?1"
                                                     : "";
    if (cs_table_defs[range->table].is_packed)
        pages_text(&sql, pages_of(range), where);
    else
        rows_text(&sql, &cs_table_defs[range->table]);
    sqlite3_stmt *stmt = cs_file_prepare(s, cs_buf_text(&sql));
    cs_buf_fini(&sql);
    return stmt;
}

static bool may_have_any(cs_store *s, const cs_range *range)
{
    const cs_page_key holder = cs_page_key_of_holder((cs_vatid){ 0 }, range->kref);
    return s->error.status == CS_OK &&
           (cs_kref_none(range->kref) || cs_file_may_have(s, &holder, range->kref.bits));
}

cs_scan *cs_scan_new(cs_store *s, const cs_range *range)
{
    if (!may_have_any(s, range))
        return NULL;
    sqlite3_stmt **kept = kept_statement(s->file, range);
    sqlite3_stmt *stmt = *kept != NULL ? *kept : new_statement(s, range);
    *kept = NULL;
    if (stmt == NULL)
        return NULL;
    if (range->vat.n != 0) {
        (void)sqlite3_bind_int64(stmt, 1, range->vat.n);
        (void)sqlite3_bind_int64(stmt, 2, (int64_t)cs_page_of(range->from.bits));
    } else if (!cs_kref_none(range->kref)) {
        (void)sqlite3_bind_int64(stmt, 1, (int64_t)cs_page_of(range->kref.bits));
    }
    cs_scan *scan = CS_NEW(cs_scan);
    *scan = (cs_scan){ .store = s,
                       .stmt = stmt,
                       .kept = kept,
                       .kref = range->kref,
                       .from = range->from.bits,
                       .row = cs_slab_take(s, range->table),
                       .page.id = pages_of(range) };
    return scan;
}

static void empty(cs_row *r)
{
    cs_row_drop_content(r);
    memset(cs_row_data(r), 0, cs_table_defs[r->table].size);
}

void cs_scan_free(cs_scan *scan)
{
    if (scan == NULL)
        return;
    empty(scan->row);
    cs_slab_give(scan->store, scan->row);
    (void)sqlite3_reset(scan->stmt);
    if (*scan->kept != NULL) /* another walk of the same kind began and ended meanwhile */
        (void)sqlite3_finalize(*scan->kept);
    *scan->kept = scan->stmt;
    cs_free(scan);
}

/* ---- rows ---- */

static cs_row *next_row(cs_scan *scan)
{
    cs_row *r = scan->row;
    char what[CS_WHAT_MAX];
    empty(r);
    if (!cs_file_step(scan->store, scan->stmt))
        return NULL;
    bool good = cs_columns_read(scan->stmt, r, 0, cs_table_defs[r->table].column_count, what);
    cs_columns_get_key(scan->store, r);
    return good || cs_file_row_damaged(scan->store, r, what) ? r : NULL;
}

/* ---- pages ---- */

static bool next_page(cs_scan *scan)
{
    cs_store *s = scan->store;
    cs_page_key *page = &scan->page;
    int64_t vat = 0;
    if (s->error.status != CS_OK || !cs_file_step(s, scan->stmt))
        return false;
    page->number = (uint64_t)sqlite3_column_int64(scan->stmt, 1);
    if (cs_pages_defs[page->id].has_vat)
        vat = sqlite3_column_int64(scan->stmt, 2);
    page->vat.n = (uint32_t)vat;
    if (cs_pages_defs[page->id].has_vat && (vat < 1 || vat > UINT32_MAX))
        return cs_page_damaged(s, page, "column vat is out of range");
    return cs_page_take(s, page, scan->stmt, &scan->to_come);
}

static cs_row *next_entry(cs_scan *scan)
{
    const cs_pages_def *def = &cs_pages_defs[scan->page.id];
    const uint8_t *entry;
    do {
        if (scan->to_come.size == 0 && !next_page(scan))
            return NULL;
        entry = scan->to_come.data;
        scan->to_come = (cs_bytes){ entry + def->width, scan->to_come.size - def->width };
    } while (cs_page_ref(entry) < scan->from);
    scan->row->a = def->has_vat ? scan->page.vat.n : cs_page_ref(entry);
    scan->row->b = def->has_vat ? cs_page_ref(entry) : 0;
    return cs_page_fill(scan->store, &scan->page, entry, scan->row) ? scan->row : NULL;
}

/* ---- entries for one kref ---- */

/* The next vat that has the kref, and as which vref. */
static bool next_holder(cs_scan *scan, cs_clist_row *ret)
{
    const uint8_t *entry = NULL;
    while (entry == NULL) {
        if (!next_page(scan))
            return false;
        entry = cs_page_find(CS_PAGES_HOLDER, scan->to_come, scan->kref.bits);
    }
    return cs_page_read_holder(scan->store, &scan->page, entry, ret);
}

/* Only what is not cached is read. Of a row that this block has changed nothing but the key is given:
 * whoever walks knows it better (each.c). */
static cs_row *next_of_kref(cs_scan *scan)
{
    cs_store *s = scan->store;
    cs_row *r = scan->row;
    cs_clist_row *row = cs_row_data(r), holder = { 0 };
    if (!next_holder(scan, &holder))
        return NULL;
    r->a = holder.vat.n;
    r->b = holder.vref.bits;
    r->state = CS_ROW_USED;
    *row = (cs_clist_row){ 0 };
    const cs_row *cached = cs_row_cached(s, CS_TABLE_CLIST, &(cs_key){ .a = r->a, .b = r->b });
    if (cached != NULL && cached->state & CS_ROW_DIRTY)
        return r;
    if (cached != NULL)
        memcpy(row, cached + 1, sizeof *row);
    else if (!cs_page_load_row(s, r))
        return NULL;
    if (cs_kref_same(row->kref, scan->kref))
        return r;
    cs_file_holder_damaged(s, holder.vat, scan->kref);
    return NULL;
}

cs_row *cs_scan_next(cs_scan *scan)
{
    if (scan == NULL)
        return NULL;
    if (!cs_table_defs[scan->row->table].is_packed)
        return next_row(scan);
    return cs_kref_none(scan->kref) ? next_entry(scan) : next_of_kref(scan);
}
