/* What a commit makes of the tables that lie in pages: the changed rows become edits of entries, sorted;
 * each page that has any is read, merged with them, and written back. C-list entries that come and go
 * are edits of their holders' pages too. */
#include "store/file.h"

#include "base/alloc.h"

static void add_edit(cs_page_edits *list, cs_page_edit edit)
{
    if (list->count == list->cap) {
        list->cap = list->cap == 0 ? 64 : list->cap * 2;
        list->items = cs_realloc(list->items, list->cap, sizeof *list->items);
    }
    list->items[list->count++] = edit;
}

static void add_row(cs_page_edits *list, cs_row *r)
{
    if (!(r->state & (CS_ROW_LIVE | CS_ROW_STORED)))
        return; /* born and died in the block */
    bool is_live = r->state & CS_ROW_LIVE, is_object = r->table == CS_TABLE_OBJECT;
    cs_assert(!is_live || cs_columns_check(r)); /* or it could not be read back */
    add_edit(list, (cs_page_edit){
                       .ref = is_object ? r->a : r->b,
                       .vat.n = is_object ? 0 : (uint32_t)r->a,
                       .data = is_live ? cs_row_data(r) : NULL,
                       .was = r->state & CS_ROW_STORED,
                   });
}

/* The kref that the file has for the entry, if it has one. False: damaged. */
static bool read_kref(cs_store *s, const cs_page_key *key, cs_bytes entries, uint64_t ref,
                      cs_kref *ret)
{
    const uint8_t *entry = cs_page_find(key->id, entries, ref);
    cs_clist_row row = { 0 };
    char what[CS_WHAT_MAX];
    if (entry != NULL && !cs_page_read(key->id, entry, &row, what))
        return cs_page_entry_damaged(s, key, ref, what);
    *ret = row.kref;
    return true;
}

/* A c-list entry that comes, goes or gets another kref. */
static bool edit_holders(cs_store *s, const cs_page_key *key, cs_bytes entries,
                         const cs_page_edit *e)
{
    cs_page_edits *list = &s->file->holder_edits;
    cs_kref old = { 0 }, new = { 0 };
    if (e->was && !read_kref(s, key, entries, e->ref, &old))
        return false;
    if (e->data != NULL)
        new = ((const cs_clist_row *)e->data)->kref;
    if (cs_kref_same(old, new))
        return true;
    if (!cs_kref_none(old))
        add_edit(list, (cs_page_edit){ .ref = old.bits, .vat = e->vat, .was = true });
    if (!cs_kref_none(new))
        add_edit(list, (cs_page_edit){ .ref = new.bits, .vat = e->vat, .data = e->data });
    return true;
}

/* Makes s->file->page what is to become of the page. */
static bool merge(cs_store *s, const cs_page_key *key, cs_bytes entries, const cs_page_edit *edits,
                  size_t count)
{
    cs_buf *page = &s->file->page;
    cs_buf_clear(page);
    for (size_t i = 0; i < count && key->id == CS_PAGES_CLIST; i++)
        if (!edit_holders(s, key, entries, &edits[i]))
            return false;
    const cs_page_edit *wrong = cs_page_merge(key->id, entries, edits, count, page);
    return wrong == NULL || cs_page_entry_damaged(s, key, wrong->ref,
                                                  wrong->was ? "there is no such row"
                                                             : "there is such a row already");
}

static bool write_page(cs_store *s, const cs_page_key *key, const cs_page_edit *edits, size_t count)
{
    cs_page_view v = { 0 };
    bool may_exist = cs_file_may_have(s, key, cs_page_first(key->number));
    if (s->error.status != CS_OK || (may_exist && !cs_page_open(s, key, &v)))
        return false;
    bool exists = v.entries.size > 0, good = merge(s, key, v.entries, edits, count);
    cs_page_close(&v);
    cs_bytes page = cs_buf_bytes(&s->file->page);
    return good && ((!exists && page.size == 0) || cs_page_write(s, key, page, exists));
}

/* How many edits, from the first one on, are of its page. */
static size_t run_of(const cs_page_edit *edits, size_t count)
{
    uint64_t last = cs_page_last(cs_page_of(edits[0].ref));
    size_t n = 1;
    while (n < count && edits[n].vat.n == edits[0].vat.n && edits[n].ref <= last)
        n++;
    return n;
}

static bool write_edits(cs_store *s, cs_pages_id id, cs_page_edits *list)
{
    cs_page_sort(list->items, list->count);
    for (size_t i = 0, n; i < list->count; i += n) {
        const cs_page_edit *first = &list->items[i];
        const cs_page_key key = { id, first->vat, cs_page_of(first->ref) };
        n = run_of(first, list->count - i);
        if (!write_page(s, &key, first, n))
            return false;
        cs_file_raise_ceiling(s->file, &key, first[n - 1].ref);
    }
    list->count = 0;
    return true;
}

bool cs_file_write_pages(cs_store *s, cs_table_id table)
{
    const cs_table *t = &s->tables[table];
    cs_file *f = s->file;
    for (size_t i = 0; i < t->dirty_count; i++)
        add_row(&f->edits, t->dirty[i]);
    if (table == CS_TABLE_OBJECT)
        return write_edits(s, CS_PAGES_OBJECT, &f->edits);
    return write_edits(s, CS_PAGES_CLIST, &f->edits) &&
           write_edits(s, CS_PAGES_HOLDER, &f->holder_edits);
}
