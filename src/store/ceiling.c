/* Most references that are looked up in vain are new: vats and the kernel number them upwards. So
 * the highest one that the file has of each sort is remembered, and what lies above it is known to
 * be absent without asking: of vrefs for each vat and sort (their top five bits), of krefs for each
 * type. Deleting leaves a ceiling too high, which is harmless. */
#include "store/file.h"

#define TOP_BIT (UINT64_C(1) << 63)

enum { VREF_SORT_SHIFT = 59, KREF_TYPE_SHIFT = 62, IS_KREF = 32 };

/* Sorts fit into five bits, so keys of krefs are told apart by a sixth. */
static uint64_t vref_key(cs_vatid vat, uint64_t vref)
{
    return (uint64_t)vat.n << 6 | vref >> VREF_SORT_SHIFT;
}

static uint64_t kref_key(uint64_t kref)
{
    return IS_KREF | kref >> KREF_TYPE_SHIFT;
}

/* The highest reference in the file that shares the bits above `shift` with `bits`, or 0. */
static uint64_t ask(cs_store *s, sqlite3_stmt *stmt, uint64_t bits, unsigned shift)
{
    uint64_t lowest = bits >> shift << shift, highest = lowest | ((UINT64_C(1) << shift) - 1);
    (void)sqlite3_bind_int64(stmt, 1, (int64_t)(lowest ^ TOP_BIT));
    (void)sqlite3_bind_int64(stmt, 2, (int64_t)(highest ^ TOP_BIT));
    int rc = sqlite3_step(stmt);
    uint64_t found = rc == SQLITE_ROW ? (uint64_t)sqlite3_column_int64(stmt, 0) ^ TOP_BIT : 0;
    if (rc != SQLITE_ROW && rc != SQLITE_DONE)
        (void)cs_file_fail(s);
    (void)sqlite3_reset(stmt);
    return found;
}

bool cs_file_may_have_vref(cs_store *s, cs_vatid vat, cs_vref vref)
{
    cs_map_entry *e = cs_map_find(&s->file->ceilings, vref_key(vat, vref.bits));
    if (e == NULL) {
        sqlite3_stmt *stmt = cs_file_prepared(
            s, &s->file->max_vref,
            "SELECT vref FROM clist WHERE vref BETWEEN ? AND ? AND vat=? ORDER BY vref DESC LIMIT 1");
        if (stmt == NULL)
            return false;
        (void)sqlite3_bind_int64(stmt, 3, vat.n);
        uint64_t highest = ask(s, stmt, vref.bits, VREF_SORT_SHIFT);
        e = cs_map_put(&s->file->ceilings, vref_key(vat, vref.bits));
        e->value = highest;
    }
    return vref.bits <= e->value;
}

bool cs_file_may_have_kref(cs_store *s, cs_kref kref)
{
    cs_map_entry *e = cs_map_find(&s->file->ceilings, kref_key(kref.bits));
    if (e == NULL) {
        sqlite3_stmt *stmt = cs_file_prepared(
            s, &s->file->max_kref,
            "SELECT kref FROM clist WHERE kref BETWEEN ? AND ? ORDER BY kref DESC LIMIT 1");
        if (stmt == NULL)
            return false;
        uint64_t highest = ask(s, stmt, kref.bits, KREF_TYPE_SHIFT);
        e = cs_map_put(&s->file->ceilings, kref_key(kref.bits));
        e->value = highest;
    }
    return kref.bits <= e->value;
}

static void raise(cs_file *f, uint64_t key, uint64_t bits)
{
    cs_map_entry *e = cs_map_find(&f->ceilings, key);
    if (e != NULL && e->value < bits)
        e->value = bits;
}

void cs_file_raise_ceilings(cs_file *f, const cs_clist_row *written)
{
    raise(f, vref_key(written->vat, written->vref.bits), written->vref.bits);
    raise(f, kref_key(written->kref.bits), written->kref.bits);
}
