/* C-list rows: found by vref through the table's own index, and by kref through a second one, which
 * has the live rows only. They are also in two lists, of their kref and of their vat (R5). */
#include "store/file.h"

static cs_key key_of(cs_vatid vat, cs_vref vref)
{
    return (cs_key){ .a = vat.n, .b = vref.bits };
}

static cs_row *row_of_link(cs_link *l)
{
    return cs_row_of((char *)l - offsetof(cs_clist_cell, by_kref));
}

/* Another one for each kref (the seed is odd). Not the kref itself: vats have a say in which krefs
 * live on, but not in which of them collide. */
static uint64_t holder_number(const cs_store *s, cs_kref kref)
{
    return kref.bits * s->seed[1];
}

void cs_clist_link(cs_store *s, cs_row *r)
{
    cs_clist_cell *c = cs_row_data(r);
    cs_index_add(&s->clist_by_kref, &c->by_kref, cs_key_hash(s, c->row.vat.n, c->row.kref.bits));
    cs_group_add(&s->clist_holders, holder_number(s, c->row.kref), &c->holder);
    cs_group_add(&s->clist_entries, c->row.vat.n, &c->entry);
    r->state |= CS_ROW_LISTED;
}

void cs_clist_unlink(cs_store *s, cs_row *r)
{
    cs_clist_cell *c = cs_row_data(r);
    cs_index_remove(&s->clist_by_kref, &c->by_kref);
    cs_group_remove(&s->clist_holders, holder_number(s, c->row.kref), &c->holder);
    cs_group_remove(&s->clist_entries, c->row.vat.n, &c->entry);
    r->state &= (uint8_t)~CS_ROW_LISTED;
}

cs_peer *cs_clist_holders(const cs_store *s, cs_kref kref)
{
    return cs_map_ptr(&s->clist_holders, holder_number(s, kref));
}

cs_peer *cs_clist_entries(const cs_store *s, cs_vatid vat)
{
    return cs_map_ptr(&s->clist_entries, vat.n);
}

cs_row *cs_clist_row_of_holder(cs_peer *p)
{
    return cs_row_of((char *)p - offsetof(cs_clist_cell, holder));
}

cs_row *cs_clist_row_of_entry(cs_peer *p)
{
    return cs_row_of((char *)p - offsetof(cs_clist_cell, entry));
}

const cs_clist_row *cs_clist_find_vref(cs_store *s, cs_vatid vat, cs_vref vref)
{
    return cs_row_find(s, CS_TABLE_CLIST, key_of(vat, vref));
}

const cs_clist_row *cs_clist_find_kref(cs_store *s, cs_vatid vat, cs_kref kref)
{
    cs_link *l = cs_index_first(&s->clist_by_kref, cs_key_hash(s, vat.n, kref.bits));
    for (; l != NULL; l = cs_index_next(l)) {
        cs_row *r = row_of_link(l);
        const cs_clist_row *c = cs_row_data(r);
        if (c->vat.n == vat.n && cs_kref_same(c->kref, kref)) {
            r->used = s->sweep;
            return c;
        }
    }
    cs_vref vref;
    if (s->file == NULL || !cs_file_find_vref(s, vat, kref, &vref))
        return NULL;
    const cs_clist_row *c = cs_clist_find_vref(s, vat, vref);
    if (c != NULL && cs_kref_same(c->kref, kref))
        return c;
    /* In this block the vref may have been deleted, and even have got another kref. */
    const cs_key key = key_of(vat, vref);
    const cs_row *r = cs_row_cached(s, CS_TABLE_CLIST, &key);
    if (r == NULL || !(r->state & CS_ROW_DIRTY))
        cs_file_holder_damaged(s, vat, kref);
    return NULL;
}

cs_clist_row *cs_clist_edit(cs_store *s, cs_vatid vat, cs_vref vref)
{
    return cs_row_edit(s, CS_TABLE_CLIST, key_of(vat, vref));
}

cs_clist_row *cs_clist_change(cs_store *s, const cs_clist_row *found)
{
    return cs_row_change(s, found);
}

cs_clist_row *cs_clist_add(cs_store *s, cs_vatid vat, cs_vref vref, cs_kref kref)
{
    cs_clist_row *c = cs_row_add(s, CS_TABLE_CLIST, key_of(vat, vref));
    cs_row *r = cs_row_of(c);
    *c = (cs_clist_row){ .vat = vat, .vref = vref, .kref = kref };
    if (r->state & CS_ROW_STORED)
        r->state |= CS_ROW_ANEW; /* for another kref */
    cs_row_list(s, r);
    return c;
}

void cs_clist_delete(cs_store *s, cs_vatid vat, cs_vref vref)
{
    cs_row_delete(s, CS_TABLE_CLIST, key_of(vat, vref));
}
