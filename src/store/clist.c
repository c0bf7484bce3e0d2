/* C-list rows: found by vref through the table's own index, and by kref through a second one, which
 * has the live rows only. */
#include "store/file.h"
#include "store/rows.h"

static cs_key key_of(cs_vatid vat, cs_vref vref)
{
    return (cs_key){ .a = vat.n, .b = vref.bits };
}

static cs_row *row_of_link(cs_link *l)
{
    return cs_row_of((char *)l - offsetof(cs_clist_cell, by_kref));
}

void cs_clist_link(cs_store *s, cs_row *r)
{
    cs_clist_cell *c = cs_row_data(r);
    cs_index_add(&s->clist_by_kref, &c->by_kref, cs_key_hash(s, c->row.vat.n, c->row.kref.bits));
    r->state |= CS_ROW_LISTED;
}

void cs_clist_unlink(cs_store *s, cs_row *r)
{
    cs_clist_cell *c = cs_row_data(r);
    cs_index_remove(&s->clist_by_kref, &c->by_kref);
    r->state &= (uint8_t)~CS_ROW_LISTED;
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
    /* In this block the vref may have been deleted, and even have got another kref. */
    const cs_clist_row *c = cs_clist_find_vref(s, vat, vref);
    return c != NULL && cs_kref_same(c->kref, kref) ? c : NULL;
}

cs_clist_row *cs_clist_edit(cs_store *s, cs_vatid vat, cs_vref vref)
{
    return cs_row_edit(s, CS_TABLE_CLIST, key_of(vat, vref));
}

cs_clist_row *cs_clist_add(cs_store *s, cs_vatid vat, cs_vref vref, cs_kref kref)
{
    cs_clist_row *c = cs_row_add(s, CS_TABLE_CLIST, key_of(vat, vref));
    *c = (cs_clist_row){ .vat = vat, .vref = vref, .kref = kref };
    cs_row_list(s, cs_row_of(c));
    return c;
}

void cs_clist_delete(cs_store *s, cs_vatid vat, cs_vref vref)
{
    cs_row_delete(s, CS_TABLE_CLIST, key_of(vat, vref));
}
