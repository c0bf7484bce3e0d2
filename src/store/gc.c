/* The set of GC actions. It is read whole when the first action is asked for, and its rows never leave
 * the cache while they live: so the file is never asked for the next one, which may lie behind a
 * million that this block has deleted. What is not cached is known to be absent. */
#include "store/file.h"
#include "store/order.h"

static const cs_vatid none = { 0 };

void cs_gc_link(cs_store *s, cs_row *r)
{
    cs_gc_row *row = cs_row_data(r);
    cs_order_add(&s->gc_order, &row->order, none, cs_row_name(r));
    r->state |= CS_ROW_LISTED;
}

void cs_gc_unlink(cs_store *s, cs_row *r)
{
    cs_gc_row *row = cs_row_data(r);
    cs_order_remove(&s->gc_order, &row->order);
    r->state &= (uint8_t)~CS_ROW_LISTED;
}

static void load(cs_store *s)
{
    cs_scan *scan = s->file == NULL ? NULL : cs_scan_new(s, &(cs_range){ .table = CS_TABLE_GC });
    for (cs_row *stored; (stored = cs_scan_next(scan)) != NULL;) {
        cs_key key = { stored->a, stored->b, cs_row_name(stored) };
        cs_row *r = cs_row_place(s, CS_TABLE_GC, &key);
        r->state |= CS_ROW_LIVE | CS_ROW_STORED;
        cs_row_list(s, r);
    }
    cs_scan_free(scan);
    s->gc_is_loaded = true;
}

static void need_all(cs_store *s)
{
    if (!s->gc_is_loaded)
        load(s);
}

void cs_gc_add(cs_store *s, cs_bytes name)
{
    cs_assert(name.size > 0 && name.size <= CS_GC_ACTION_MAX);
    need_all(s);
    cs_key key = cs_key_of_name(s, none.n, name);
    cs_row *r = cs_row_place(s, CS_TABLE_GC, &key);
    if (r->state & CS_ROW_LIVE)
        return;
    cs_row_note(s, r);
    r->state |= CS_ROW_LIVE;
    cs_gc_link(s, r);
}

void cs_gc_delete(cs_store *s, cs_bytes name)
{
    need_all(s);
    cs_key key = cs_key_of_name(s, none.n, name);
    cs_row *r = cs_row_cached(s, CS_TABLE_GC, &key);
    if (r != NULL && r->state & CS_ROW_LIVE)
        cs_row_kill(s, r);
}

cs_bytes cs_gc_after(cs_store *s, cs_bytes name)
{
    need_all(s);
    const cs_order_node *next = cs_order_after(&s->gc_order, none, name);
    return next == NULL ? (cs_bytes){ 0 } : next->name;
}
