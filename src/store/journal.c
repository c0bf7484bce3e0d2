/* Marks, undo and keep (R4). A row that changes again under the same mark costs one comparison: the
 * epoch moves on with every mark and every undo, and a row remembers the one it was copied in. */
#include "store/schema.h"

#include "base/alloc.h"

#include <string.h>

static void ref_blobs(const cs_table_def *def, const void *data)
{
    for (size_t i = 0; i < def->blob_count; i++)
        cs_blob_ref(*(cs_blob *const *)((const char *)data + def->blobs[i]));
}

static void add_entry(cs_store *s, cs_row *r)
{
    cs_journal *j = &s->journal;
    const cs_table_def *def = &cs_table_defs[r->table];
    if (j->count == j->cap) {
        j->cap = j->cap == 0 ? 64 : j->cap * 2;
        j->entries = cs_realloc(j->entries, j->cap, sizeof *j->entries);
    }
    j->entries[j->count++] = (cs_journal_entry){ r, j->copies.size, r->state };
    cs_buf_add(&j->copies, cs_row_data(r), def->copied);
    ref_blobs(def, cs_row_data(r));
    r->epoch = s->epoch;
}

static void add_dirty(cs_store *s, cs_row *r)
{
    cs_table *t = &s->tables[r->table];
    if (t->dirty_count == t->dirty_cap) {
        t->dirty_cap = t->dirty_cap == 0 ? 64 : t->dirty_cap * 2;
        t->dirty = cs_realloc(t->dirty, t->dirty_cap, sizeof(cs_row *));
    }
    t->dirty[t->dirty_count++] = r;
    s->weight -= cs_row_weight(r);
    r->state |= CS_ROW_DIRTY;
}

void cs_row_note(cs_store *s, cs_row *r)
{
    if (s->journal.is_on && r->epoch != s->epoch)
        add_entry(s, r);
    if (!(r->state & CS_ROW_DIRTY))
        add_dirty(s, r);
}

cs_mark cs_store_mark(cs_store *s)
{
    s->journal.is_on = true;
    s->epoch++;
    return s->journal.count;
}

static void restore(cs_store *s, const cs_journal_entry *e)
{
    cs_row *r = e->row;
    cs_table *t = &s->tables[r->table];
    cs_row_unlist(s, r);
    cs_row_drop_blobs(r);
    if (cs_table_defs[r->table].copied > 0)
        memcpy(cs_row_data(r), s->journal.copies.data + e->at, cs_table_defs[r->table].copied);
    if (!(e->state & CS_ROW_DIRTY)) {
        cs_assert(t->dirty_count > 0 && t->dirty[t->dirty_count - 1] == r);
        t->dirty_count--;
        s->weight += cs_row_weight(r);
    }
    r->state = e->state & (uint8_t)~CS_ROW_LISTED;
    /* The first change since the commit is undone: no journal entry knows the row any more. It need
     * not stay if it is absent, and must not if it was set without asking the file (kv.c). */
    if (!(r->state & (CS_ROW_LIVE | CS_ROW_DIRTY)))
        cs_row_forget(s, r);
    else
        cs_row_list(s, r);
}

void cs_store_undo(cs_store *s, cs_mark mark)
{
    cs_journal *j = &s->journal;
    cs_assert(j->is_on && mark <= j->count);
    while (j->count > mark) {
        const cs_journal_entry *e = &j->entries[--j->count];
        restore(s, e);
        j->copies.size = e->at;
    }
    s->epoch++;
}

void cs_store_keep(cs_store *s)
{
    cs_journal *j = &s->journal;
    for (size_t i = 0; i < j->count; i++) {
        const cs_table_def *def = &cs_table_defs[j->entries[i].row->table];
        for (size_t b = 0; b < def->blob_count; b++) {
            cs_blob *blob;
            memcpy(&blob, j->copies.data + j->entries[i].at + def->blobs[b], sizeof blob);
            cs_blob_unref(blob);
        }
    }
    j->count = 0;
    cs_buf_clear(&j->copies);
    j->is_on = false;
}

void cs_journal_trim(cs_journal *j)
{
    cs_assert(j->count == 0);
    if (j->cap * sizeof *j->entries > CS_ARRAY_KEPT) {
        j->entries = cs_free(j->entries);
        j->cap = 0;
    }
    if (j->copies.cap > CS_ARRAY_KEPT)
        cs_buf_fini(&j->copies);
}
