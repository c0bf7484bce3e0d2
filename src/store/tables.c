/* The tables that have one key of one number: vats, objects, promises, holds; and queues. */
#include "store/file.h"
#include "store/rows.h"

static cs_key key_of(uint64_t n)
{
    return (cs_key){ .a = n };
}

/* ---- the kernel's own row ---- */

const cs_meta *cs_meta_get(const cs_store *s)
{
    return s->meta;
}

cs_meta *cs_meta_edit(cs_store *s)
{
    cs_row_note(s, cs_row_of(s->meta));
    return s->meta;
}

/* ---- vats ---- */

const cs_vat_row *cs_vat_find(cs_store *s, cs_vatid id)
{
    return cs_row_find(s, CS_TABLE_VAT, key_of(id.n));
}

cs_vat_row *cs_vat_edit(cs_store *s, cs_vatid id)
{
    return cs_row_edit(s, CS_TABLE_VAT, key_of(id.n));
}

cs_vat_row *cs_vat_add(cs_store *s, cs_vatid id)
{
    cs_vat_row *v = cs_row_add(s, CS_TABLE_VAT, key_of(id.n));
    v->id = id;
    return v;
}

void cs_vat_delete(cs_store *s, cs_vatid id)
{
    cs_row_delete(s, CS_TABLE_VAT, key_of(id.n));
}

/* The least id above `after` among the cached rows that the file may not have, or 0. */
static uint32_t next_new_vat(cs_store *s, uint32_t after)
{
    uint32_t best = 0;
    cs_walk w = { .table = CS_TABLE_VAT };
    for (cs_row *r; (r = cs_walk_next(s, &w)) != NULL;)
        if (r->state & CS_ROW_LIVE && r->a > after && (best == 0 || r->a < best))
            best = (uint32_t)r->a;
    return best;
}

/* The file's next one that has not been deleted in this block, or 0. */
static uint32_t next_stored_vat(cs_store *s, uint32_t after)
{
    uint32_t next = s->file == NULL ? 0 : cs_file_vat_after(s, after);
    while (next != 0 && cs_vat_find(s, (cs_vatid){ next }) == NULL && s->error.status == CS_OK)
        next = cs_file_vat_after(s, next);
    return next;
}

/* Ids are dense, so the next one is nearly always the right one. */
const cs_vat_row *cs_vat_after(cs_store *s, cs_vatid id)
{
    if (id.n == UINT32_MAX)
        return NULL;
    const cs_vat_row *v = cs_vat_find(s, (cs_vatid){ id.n + 1 });
    if (v != NULL)
        return v;
    uint32_t cached = next_new_vat(s, id.n), stored = next_stored_vat(s, id.n);
    uint32_t next = stored == 0 || (cached != 0 && cached < stored) ? cached : stored;
    return next == 0 ? NULL : cs_vat_find(s, (cs_vatid){ next });
}

/* ---- objects ---- */

/* Krefs are never used again. Of an object that is gone only a GC action may still speak, once; a million of
 * those would fill the cache. */
const cs_object_row *cs_object_find(cs_store *s, cs_kref k)
{
    return cs_row_find_once(s, CS_TABLE_OBJECT, key_of(k.bits));
}

cs_object_row *cs_object_edit(cs_store *s, cs_kref k)
{
    return cs_row_edit(s, CS_TABLE_OBJECT, key_of(k.bits));
}

cs_object_row *cs_object_change(cs_store *s, const cs_object_row *found)
{
    return cs_row_change(s, found);
}

cs_object_row *cs_object_add(cs_store *s, cs_kref k)
{
    cs_object_row *o = cs_row_add(s, CS_TABLE_OBJECT, key_of(k.bits));
    o->kref = k;
    return o;
}

void cs_object_delete(cs_store *s, cs_kref k)
{
    cs_row_delete(s, CS_TABLE_OBJECT, key_of(k.bits));
}

/* ---- promises ---- */

const cs_promise_row *cs_promise_find(cs_store *s, cs_kref k)
{
    return cs_row_find(s, CS_TABLE_PROMISE, key_of(k.bits));
}

cs_promise_row *cs_promise_edit(cs_store *s, cs_kref k)
{
    return cs_row_edit(s, CS_TABLE_PROMISE, key_of(k.bits));
}

cs_promise_row *cs_promise_add(cs_store *s, cs_kref k)
{
    cs_promise_row *p = cs_row_add(s, CS_TABLE_PROMISE, key_of(k.bits));
    p->kref = k;
    return p;
}

void cs_promise_delete(cs_store *s, cs_kref k)
{
    cs_row_delete(s, CS_TABLE_PROMISE, key_of(k.bits));
}

/* ---- holds ---- */

const cs_hold_row *cs_hold_find(cs_store *s, cs_kref k)
{
    return cs_row_find(s, CS_TABLE_HOLD, key_of(k.bits));
}

cs_hold_row *cs_hold_edit(cs_store *s, cs_kref k)
{
    return cs_row_edit(s, CS_TABLE_HOLD, key_of(k.bits));
}

cs_hold_row *cs_hold_add(cs_store *s, cs_kref k)
{
    cs_hold_row *h = cs_row_add(s, CS_TABLE_HOLD, key_of(k.bits));
    h->kref = k;
    return h;
}

void cs_hold_delete(cs_store *s, cs_kref k)
{
    cs_row_delete(s, CS_TABLE_HOLD, key_of(k.bits));
}

/* ---- queues ---- */

static cs_key item_key(cs_queue_id queue, uint64_t seq)
{
    return (cs_key){ .a = queue, .b = seq };
}

cs_blob *cs_queue_find(cs_store *s, cs_queue_id queue, uint64_t seq)
{
    const cs_queue_row *q = cs_row_find(s, CS_TABLE_QUEUE, item_key(queue, seq));
    return q == NULL ? NULL : q->item;
}

void cs_queue_add(cs_store *s, cs_queue_id queue, uint64_t seq, cs_blob *take_item)
{
    cs_queue_row *q = cs_row_add(s, CS_TABLE_QUEUE, item_key(queue, seq));
    *q = (cs_queue_row){ queue, seq, take_item };
}

void cs_queue_delete(cs_store *s, cs_queue_id queue, uint64_t seq)
{
    cs_row_delete(s, CS_TABLE_QUEUE, item_key(queue, seq));
}
