/* Most references that are looked up in vain are new: vats and the kernel number them upwards. So
 * the highest one that the file has of each sort is remembered, and what lies above it is known to
 * be absent without asking: of vrefs for each vat and sort (their top five bits), of krefs for each
 * type: of objects, of what each vat has, and of what any has (vat 0). The first time it is the highest
 * that the last page may have, and for krefs the last page of any vat; deleting leaves it where it is.
 * Too high is harmless. */
#include "store/file.h"

enum { SORT_SHIFT = 59 }; /* krefs have only their type there */

static uint64_t key_of(const cs_page_key *page, uint64_t ref)
{
    return (uint64_t)page->vat.n << 7 | (uint64_t)page->id << 5 | ref >> SORT_SHIFT;
}

static sqlite3_stmt *statement(cs_store *s, cs_pages_id id)
{
    static const char *const texts[CS_PAGES_COUNT] = {
        "SELECT page FROM object WHERE page BETWEEN ?1 AND ?2 ORDER BY page DESC LIMIT 1",
        "SELECT page FROM clist WHERE page BETWEEN ?1 AND ?2 AND vat=?3 ORDER BY page DESC LIMIT 1",
        "SELECT page FROM holder WHERE page BETWEEN ?1 AND ?2 ORDER BY page DESC LIMIT 1",
    };
    return cs_file_prepared(s, &s->file->of_pages[id].highest, texts[id]);
}

/* The highest reference of the sort of `ref` that the file may have, or 0. */
static uint64_t ask(cs_store *s, const cs_page_key *key, uint64_t ref)
{
    uint64_t lowest = ref >> SORT_SHIFT << SORT_SHIFT;
    uint64_t highest = lowest | ((UINT64_C(1) << SORT_SHIFT) - 1);
    sqlite3_stmt *stmt = statement(s, key->id);
    if (stmt == NULL)
        return 0;
    (void)sqlite3_bind_int64(stmt, 1, (int64_t)cs_page_of(lowest));
    (void)sqlite3_bind_int64(stmt, 2, (int64_t)cs_page_of(highest));
    if (key->id == CS_PAGES_CLIST)
        (void)sqlite3_bind_int64(stmt, 3, key->vat.n);
    uint64_t found =
        cs_file_step(s, stmt) ? cs_page_last((uint64_t)sqlite3_column_int64(stmt, 0)) : 0;
    (void)sqlite3_reset(stmt);
    return found;
}

bool cs_file_may_have(cs_store *s, const cs_page_key *key, uint64_t ref)
{
    cs_map_entry *e = cs_map_find(&s->file->ceilings, key_of(key, ref));
    if (e == NULL) {
        uint64_t highest = ask(s, key, ref);
        if (s->error.status != CS_OK)
            return false;
        e = cs_map_put(&s->file->ceilings, key_of(key, ref));
        e->value = highest;
    }
    return ref <= e->value;
}

static void raise(cs_file *f, const cs_page_key *key, uint64_t written)
{
    cs_map_entry *e = cs_map_find(&f->ceilings, key_of(key, written));
    if (e != NULL && e->value < written)
        e->value = written;
}

void cs_file_raise_ceiling(cs_file *f, const cs_page_key *key, uint64_t written)
{
    raise(f, key, written);
    if (key->id == CS_PAGES_HOLDER)
        raise(f, &(cs_page_key){ .id = key->id }, written);
}
