/* Keys and values. cs_kv_after() merges two orders: the file's, and that of the live keys of this
 * block (R5), which also win over what the file says about the same key. */
#include "store/file.h"
#include "store/order.h"

void cs_kv_link(cs_store *s, cs_row *r)
{
    cs_named_row *row = cs_row_data(r);
    cs_order_add(&s->kv_order, &row->order, (cs_vatid){ (uint32_t)r->a }, cs_row_name(r));
    r->state |= CS_ROW_LISTED;
}

void cs_kv_unlink(cs_store *s, cs_row *r)
{
    cs_named_row *row = cs_row_data(r);
    cs_order_remove(&s->kv_order, &row->order);
    r->state &= (uint8_t)~CS_ROW_LISTED;
}

cs_blob *cs_kv_find(cs_store *s, cs_vatid vat, cs_bytes key)
{
    cs_named_row *row = cs_row_find(s, CS_TABLE_KV, cs_key_of_name(s, vat.n, key));
    return row == NULL ? NULL : row->value;
}

/* The row to be changed. What the file has under the key does not matter, so it is not asked: it
 * may have it. */
static cs_row *row_for(cs_store *s, cs_vatid vat, cs_bytes key)
{
    cs_key k = cs_key_of_name(s, vat.n, key);
    cs_row *r = cs_row_cached(s, CS_TABLE_KV, &k);
    if (r == NULL) {
        r = cs_row_place(s, CS_TABLE_KV, &k);
        r->state |= s->file == NULL ? 0 : CS_ROW_STORED;
    }
    return r;
}

void cs_kv_set(cs_store *s, cs_vatid vat, cs_bytes key, cs_blob *take_value)
{
    cs_row *r = row_for(s, vat, key);
    cs_row_note(s, r);
    cs_named_row *row = cs_row_data(r);
    cs_row_set_blob(s, &row->value, take_value);
    r->state |= CS_ROW_LIVE;
    cs_row_list(s, r);
}

void cs_kv_delete(cs_store *s, cs_vatid vat, cs_bytes key)
{
    cs_row *r = row_for(s, vat, key);
    if (r->state & (CS_ROW_LIVE | CS_ROW_STORED))
        cs_row_kill(s, r);
}

static cs_named_row *row_of_node(cs_order_node *node)
{
    return (cs_named_row *)((char *)node - offsetof(cs_named_row, order));
}

/* The file's next key that has not been deleted in this block, as a new reference. */
static cs_blob *stored_after(cs_store *s, cs_vatid vat, cs_bytes key)
{
    cs_blob *next = cs_file_kv_after(s, vat, key);
    while (next != NULL) {
        cs_key k = cs_key_of_name(s, vat.n, cs_blob_bytes(next));
        const cs_row *r = cs_row_cached(s, CS_TABLE_KV, &k);
        if (r == NULL || r->state & CS_ROW_LIVE)
            break;
        cs_blob *passed = next;
        next = cs_file_kv_after(s, vat, cs_blob_bytes(passed));
        cs_blob_unref(passed);
    }
    return next;
}

cs_blob *cs_kv_after(cs_store *s, cs_vatid vat, cs_bytes key)
{
    cs_order_node *changed = cs_order_after(&s->kv_order, vat, key);
    cs_blob *stored = s->file == NULL ? NULL : stored_after(s, vat, key);
    if (changed == NULL ||
        (stored != NULL && cs_order_compare(changed, vat, cs_blob_bytes(stored)) >= 0))
        return stored;
    cs_blob_unref(stored);
    return cs_blob_ref(row_of_node(changed)->name);
}
