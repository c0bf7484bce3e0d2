/* Pages in the file (page.h): read and written by their key, and what is read out of them. */
#include "store/file.h"

#include "base/alloc.h"

#include <stdio.h>

enum { PAGE = 1, ENTRIES, VAT }; /* parameters */

/* ---- keys ---- */

static uint64_t ref_of(const cs_row *r)
{
    return r->table == CS_TABLE_OBJECT ? r->a : r->b;
}

cs_page_key cs_page_key_of(const cs_row *r)
{
    if (r->table == CS_TABLE_OBJECT)
        return (cs_page_key){ CS_PAGES_OBJECT, { 0 }, cs_page_of(ref_of(r)) };
    return (cs_page_key){ CS_PAGES_CLIST, { (uint32_t)r->a }, cs_page_of(ref_of(r)) };
}

cs_page_key cs_page_key_of_holder(cs_vatid vat, cs_kref kref)
{
    return (cs_page_key){ CS_PAGES_HOLDER, vat, cs_page_of(kref.bits) };
}

/* ---- damage ---- */

static bool damaged(cs_store *s, const cs_page_key *key, const char *row, const char *what)
{
    char text[CS_KEY_TEXT_MAX], vat[CS_REF_TEXT_MAX];
    bool has_vat = cs_pages_defs[key->id].has_vat;
    (void)snprintf(text, sizeof text, "%s%s%s", has_vat ? cs_vatid_text(key->vat, vat) : "",
                   has_vat ? " " : "", row);
    (void)cs_store_damaged(s, cs_pages_defs[key->id].name, text, what);
    return false;
}

bool cs_page_damaged(cs_store *s, const cs_page_key *key, const char *what)
{
    char text[40];
    (void)snprintf(text, sizeof text, "page %llu", (unsigned long long)key->number);
    return damaged(s, key, text, what);
}

bool cs_page_entry_damaged(cs_store *s, const cs_page_key *key, uint64_t ref, const char *what)
{
    char text[CS_REF_TEXT_MAX];
    return damaged(s, key,
                   key->id == CS_PAGES_CLIST ? cs_vref_text((cs_vref){ ref }, text)
                                             : cs_kref_text((cs_kref){ ref }, text),
                   what);
}

void cs_file_holder_damaged(cs_store *s, cs_vatid vat, cs_kref kref)
{
    const cs_page_key key = cs_page_key_of_holder(vat, kref);
    (void)cs_page_entry_damaged(s, &key, kref.bits, "its c-list entry is another one, or gone");
}

/* ---- statements ---- */

static sqlite3_stmt *prepared(cs_store *s, sqlite3_stmt **stmt, cs_pages_id id, const char *before,
                              const char *after)
{
    const cs_pages_def *def = &cs_pages_defs[id];
    if (*stmt == NULL) {
        cs_buf sql = { 0 };
        cs_buf_addf(&sql, "%s %s%s%s", before, def->name, after, def->has_vat ? " AND vat=?3" : "");
        *stmt = cs_file_prepare(s, cs_buf_text(&sql));
        cs_buf_fini(&sql);
    }
    return *stmt;
}

static sqlite3_stmt *insert_statement(cs_store *s, cs_pages_id id)
{
    sqlite3_stmt **stmt = &s->file->of_pages[id].insert;
    const cs_pages_def *def = &cs_pages_defs[id];
    if (*stmt == NULL) {
        cs_buf sql = { 0 };
        cs_buf_addf(&sql, "INSERT INTO %s(page,entries%s) VALUES(?1,?2%s)", def->name,
                    def->has_vat ? ",vat" : "", def->has_vat ? ",?3" : "");
        *stmt = cs_file_prepare(s, cs_buf_text(&sql));
        cs_buf_fini(&sql);
    }
    return *stmt;
}

static void bind_key(sqlite3_stmt *stmt, const cs_page_key *key)
{
    (void)sqlite3_bind_int64(stmt, PAGE, (int64_t)key->number);
    if (cs_pages_defs[key->id].has_vat)
        (void)sqlite3_bind_int64(stmt, VAT, key->vat.n);
}

/* ---- reading pages ---- */

bool cs_page_take(cs_store *s, const cs_page_key *key, sqlite3_stmt *stmt, cs_bytes *ret)
{
    const char *wrong = "column entries is not bytes";
    if (sqlite3_column_type(stmt, 0) == SQLITE_BLOB) {
        const void *data = sqlite3_column_blob(stmt, 0);
        *ret = (cs_bytes){ data, data == NULL ? 0 : (size_t)sqlite3_column_bytes(stmt, 0) };
        wrong = cs_page_check(key->id, key->number, *ret);
    }
    return wrong == NULL || cs_page_damaged(s, key, wrong);
}

bool cs_page_open(cs_store *s, const cs_page_key *key, cs_page_view *ret)
{
    *ret = (cs_page_view){ 0 };
    if (s->error.status == CS_OK)
        ret->stmt = prepared(s, &s->file->of_pages[key->id].select, key->id, "SELECT entries FROM",
                             " WHERE page=?1");
    if (ret->stmt == NULL)
        return false;
    bind_key(ret->stmt, key);
    if (cs_file_step(s, ret->stmt))
        (void)cs_page_take(s, key, ret->stmt, &ret->entries);
    if (s->error.status == CS_OK)
        return true;
    cs_page_close(ret);
    return false;
}

void cs_page_close(cs_page_view *v)
{
    (void)sqlite3_reset(v->stmt);
    *v = (cs_page_view){ 0 };
}

/* ---- reading rows ---- */

bool cs_page_fill(cs_store *s, const cs_page_key *key, const uint8_t *entry, cs_row *r)
{
    char what[CS_WHAT_MAX];
    cs_columns_set_key(r);
    return (cs_page_read(key->id, entry, cs_row_data(r), what) && cs_columns_agree(r, what)) ||
           cs_page_entry_damaged(s, key, cs_page_ref(entry), what);
}

bool cs_page_read_holder(cs_store *s, const cs_page_key *key, const uint8_t *entry,
                         cs_clist_row *ret)
{
    char what[CS_WHAT_MAX];
    ret->vat = key->vat;
    return cs_page_read(key->id, entry, ret, what) ||
           cs_page_entry_damaged(s, key, cs_page_ref(entry), what);
}

static bool take_row(cs_store *s, const cs_page_key *key, const uint8_t *entry, cs_row *r)
{
    if (!cs_page_fill(s, key, entry, r))
        return false;
    r->state |= CS_ROW_LIVE | CS_ROW_STORED;
    return true;
}

/* What was made together is often used together: who asked for `r` finds its neighbours in the cache,
 * where until then they are the first to go. */
static bool take_neighbour(cs_store *s, const cs_page_key *key, const uint8_t *entry,
                           const cs_row *r)
{
    uint64_t ref = cs_page_ref(entry);
    const cs_key at =
        r->table == CS_TABLE_OBJECT ? (cs_key){ .a = ref } : (cs_key){ .a = r->a, .b = ref };
    cs_row *neighbour = cs_row_offer(s, (cs_table_id)r->table, &at);
    if (neighbour == NULL)
        return true;
    if (!take_row(s, key, entry, neighbour)) {
        cs_row_forget(s, neighbour);
        return false;
    }
    cs_row_list(s, neighbour);
    return true;
}

static void take_page(cs_store *s, const cs_page_key *key, cs_bytes entries, cs_row *r)
{
    size_t width = cs_pages_defs[key->id].width;
    bool good = true;
    for (size_t at = 0; good && at < entries.size; at += width)
        good = cs_page_ref(entries.data + at) == ref_of(r)
                   ? take_row(s, key, entries.data + at, r)
                   : take_neighbour(s, key, entries.data + at, r);
}

static void take_only(cs_store *s, const cs_page_key *key, cs_bytes entries, cs_row *r)
{
    const uint8_t *entry = cs_page_find(key->id, entries, ref_of(r));
    if (entry != NULL)
        (void)take_row(s, key, entry, r);
}

static bool load(cs_store *s, cs_row *r,
                 void (*take)(cs_store *, const cs_page_key *, cs_bytes, cs_row *))
{
    const cs_page_key key = cs_page_key_of(r);
    cs_page_view v;
    if (s->error.status != CS_OK || !cs_file_may_have(s, &key, ref_of(r)))
        return s->error.status == CS_OK;
    if (!cs_page_open(s, &key, &v))
        return false;
    take(s, &key, v.entries, r);
    cs_page_close(&v);
    return s->error.status == CS_OK;
}

bool cs_page_load_row(cs_store *s, cs_row *r)
{
    return load(s, r, take_only);
}

bool cs_page_load(cs_store *s, cs_row *r)
{
    return load(s, r, take_page);
}

bool cs_file_find_vref(cs_store *s, cs_vatid vat, cs_kref kref, cs_vref *ret)
{
    const cs_page_key key = cs_page_key_of_holder(vat, kref);
    cs_clist_row holder = { 0 };
    cs_page_view v;
    if (s->error.status != CS_OK || !cs_file_may_have(s, &key, kref.bits) ||
        !cs_page_open(s, &key, &v))
        return false;
    const uint8_t *entry = cs_page_find(key.id, v.entries, kref.bits);
    bool found = entry != NULL && cs_page_read_holder(s, &key, entry, &holder);
    cs_page_close(&v);
    *ret = holder.vref;
    return found;
}

/* ---- writing pages ---- */

bool cs_page_write(cs_store *s, const cs_page_key *key, cs_bytes entries, bool existed)
{
    sqlite3_stmt **update = &s->file->of_pages[key->id].update,
                 **remove = &s->file->of_pages[key->id].remove;
    sqlite3_stmt *stmt =
        entries.size == 0 ? prepared(s, remove, key->id, "DELETE FROM", " WHERE page=?1")
        : !existed        ? insert_statement(s, key->id)
                          : prepared(s, update, key->id, "UPDATE", " SET entries=?2 WHERE page=?1");
    if (stmt == NULL)
        return false;
    int rc = SQLITE_OK;
    bind_key(stmt, key);
    if (entries.size > 0)
        rc = sqlite3_bind_blob(stmt, ENTRIES, entries.data, (int)entries.size, SQLITE_STATIC);
    if (cs_file_run(s, stmt, rc) != 1 && s->error.status == CS_OK)
        return cs_page_damaged(s, key, "there is no such row");
    return s->error.status == CS_OK;
}
