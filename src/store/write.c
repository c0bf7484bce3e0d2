/* What a commit writes of a table: first the rows that are gone, then those that are there. Both in order
 * of their keys, so that a page of SQLite's is found again where it was left. Rows that are gone and have
 * nothing between them are deleted together, which costs a quarter: garbage is often as old as its
 * neighbours. (Of tables that lie in pages, see pages_write.c.) */
#include "store/file.h"

#include "base/alloc.h"

#include <stdlib.h>

static bool is_gone(const cs_row *r)
{
    return r->state & CS_ROW_STORED && (!(r->state & CS_ROW_LIVE) || r->state & CS_ROW_ANEW);
}

static bool is_there(const cs_row *r)
{
    return r->state & CS_ROW_LIVE;
}

static int compare(const cs_row *x, const cs_row *y)
{
    if (x->a != y->a)
        return x->a < y->a ? -1 : 1;
    if (cs_table_defs[x->table].is_named)
        return cs_bytes_compare(cs_row_name(x), cs_row_name(y));
    return (x->b > y->b) - (x->b < y->b);
}

static int by_key(const void *x, const void *y)
{
    return compare(*(cs_row *const *)x, *(cs_row *const *)y);
}

static bool is_sorted(cs_row *const *rows, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (compare(rows[i - 1], rows[i]) > 0)
            return false;
    return true;
}

/* The table's changed rows of one kind, sorted; valid until the next call. */
static cs_row **gather(cs_file *f, const cs_table *t, bool (*want)(const cs_row *), size_t *ret)
{
    size_t count = 0;
    if (f->batch_cap < t->dirty_cap) {
        f->batch_cap = t->dirty_cap;
        f->batch = cs_realloc(f->batch, f->batch_cap, sizeof *f->batch);
    }
    for (size_t i = 0; i < t->dirty_count; i++)
        if (want(t->dirty[i]))
            f->batch[count++] = t->dirty[i];
    if (!is_sorted(f->batch, count))
        qsort(f->batch, count, sizeof *f->batch, by_key);
    *ret = count;
    return f->batch;
}

/* Numbers that follow each other, the first one's and that of the row behind it by n. */
static bool is_nth(const cs_row *first, const cs_row *r, size_t n)
{
    if (cs_table_defs[r->table].key_count == 1)
        return r->a == first->a + n;
    return r->a == first->a && r->b == first->b + n;
}

/* How many of the rows, from the first one on, have no others between them. */
static size_t run_of(cs_row *const *rows, size_t count)
{
    size_t n = 1;
    if (cs_table_defs[rows[0]->table].is_named)
        return 1;
    while (n < count && is_nth(rows[0], rows[n], n))
        n++;
    return n;
}

static bool write_rows(cs_store *s, const cs_table *t)
{
    size_t count;
    cs_row **rows = gather(s->file, t, is_gone, &count);
    for (size_t i = 0, n; i < count; i += n) {
        n = run_of(rows + i, count - i);
        if (!cs_file_remove(s, rows[i], rows[i + n - 1], n))
            return false;
    }
    rows = gather(s->file, t, is_there, &count);
    for (size_t i = 0; i < count; i++)
        if (!cs_file_write(s, rows[i]))
            return false;
    return true;
}

bool cs_file_write_table(cs_store *s, cs_table_id table)
{
    return cs_table_defs[table].is_packed ? cs_file_write_pages(s, table)
                                          : write_rows(s, &s->tables[table]);
}
