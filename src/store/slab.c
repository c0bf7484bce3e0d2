/* Rows lie in slabs of one table each and go from its free list into use and back. Slabs that are wholly
 * free are given back between blocks, when few are needed any more, and all of them when the store closes. */
#include "store/schema.h"

#include "base/alloc.h"

#include <string.h>

enum { SLAB_ROWS = 128, SLABS_KEPT = 128 };

struct cs_slab {
    cs_slab *next;
    uint64_t rows[]; /* aligned for them */
};

static size_t row_size(cs_table_id table)
{
    return sizeof(cs_row) + (cs_table_defs[table].size + 7u) / 8 * 8;
}

static cs_row *row_at(cs_slab *slab, cs_table_id table, size_t i)
{
    return (cs_row *)((char *)slab->rows + i * row_size(table));
}

static size_t slab_size(cs_table_id table)
{
    return sizeof(cs_slab) + SLAB_ROWS * row_size(table);
}

static void add_slab(cs_table *t, cs_table_id table)
{
    cs_slab *slab = cs_alloc(slab_size(table));
    slab->next = t->slabs;
    t->slabs = slab;
    t->slab_count++;
    for (size_t i = SLAB_ROWS; i-- > 0;) {
        cs_row *r = row_at(slab, table, i);
        *r = (cs_row){ .table = (uint8_t)table, .link.next = t->free };
        t->free = &r->link;
    }
}

cs_row *cs_slab_take(cs_store *s, cs_table_id table)
{
    cs_table *t = &s->tables[table];
    if (t->free == NULL)
        add_slab(t, table);
    cs_row *r = (cs_row *)t->free;
    t->free = r->link.next;
    memset(cs_row_data(r), 0, cs_table_defs[table].size);
    r->epoch = 0;
    r->used = s->sweep;
    r->state = CS_ROW_USED;
    return r;
}

void cs_slab_give(cs_store *s, cs_row *r)
{
    cs_table *t = &s->tables[r->table];
    r->state = 0;
    r->link.next = t->free;
    t->free = &r->link;
    t->given++;
}

/* ---- giving memory back ---- */

static bool is_empty(cs_slab *slab, cs_table_id table)
{
    for (size_t i = 0; i < SLAB_ROWS; i++)
        if (row_at(slab, table, i)->state & CS_ROW_USED)
            return false;
    return true;
}

static void add_free_rows(cs_table *t, cs_table_id table, cs_slab *slab)
{
    for (size_t i = SLAB_ROWS; i-- > 0;) {
        cs_row *r = row_at(slab, table, i);
        if (r->state & CS_ROW_USED)
            continue;
        r->link.next = t->free;
        t->free = &r->link;
    }
}

/* Looks at every row; so only after as many were given back. */
static bool is_worth_while(const cs_table *t)
{
    size_t rows = t->slab_count * SLAB_ROWS;
    return t->slab_count > SLABS_KEPT && t->given >= rows / 2 && t->index.count < rows / 4;
}

size_t cs_slab_trim(cs_store *s, cs_table_id table)
{
    cs_table *t = &s->tables[table];
    size_t before = t->slab_count, kept = 0;
    if (!is_worth_while(t))
        return 0;
    t->given = 0;
    t->free = NULL;
    for (cs_slab **at = &t->slabs, *slab; (slab = *at) != NULL;)
        if (is_empty(slab, table) && kept++ >= SLABS_KEPT) {
            *at = slab->next;
            cs_free(slab);
            t->slab_count--;
        } else {
            add_free_rows(t, table, slab);
            at = &slab->next;
        }
    return (before - t->slab_count) * slab_size(table);
}

void cs_slab_free_all(cs_table *t)
{
    for (cs_slab *slab = t->slabs, *next; slab != NULL; slab = next) {
        next = slab->next;
        cs_free(slab);
    }
    t->slabs = NULL;
    t->free = NULL;
    t->slab_count = 0;
}

cs_row *cs_walk_next(const cs_store *s, cs_walk *w)
{
    if (w->slab == NULL)
        w->slab = s->tables[w->table].slabs;
    for (; w->slab != NULL; w->slab = w->slab->next, w->i = 0)
        while (w->i < SLAB_ROWS) {
            cs_row *r = row_at(w->slab, w->table, w->i++);
            if (r->state & CS_ROW_USED)
                return r;
        }
    return NULL;
}
