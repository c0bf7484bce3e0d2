/* The life of a row: made when it is first asked for, changed, killed, forgotten. */
#include "store/file.h"

#include "base/alloc.h"

#include <string.h>
#include <sys/random.h>

enum { WEIGHT_MAX = 1000 * 1000, BLOB_WEIGHT = 256, FREED_MIN = 8 << 20 };

static const cs_table_def *def_of(const cs_row *r)
{
    return &cs_table_defs[r->table];
}

/* ---- hashes ---- */

static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide)a * b;
    return (uint64_t)product ^ (uint64_t)(product >> 64);
}

/* Eight keys whose last numbers follow each other lie side by side in an index: what was made
 * together is often used together, and one line of the processor's cache then has them all. Whoever
 * chooses keys whose last bits are the same gets buckets eight times as full, not more. (Virtual
 * vrefs without facets differ from the eighth bit on.) */
uint64_t cs_key_hash(const cs_store *s, uint64_t a, uint64_t b)
{
    uint64_t last = b == 0 ? a : b, first = b == 0 ? 0 : a;
    uint64_t group = mix(first ^ s->seed[0], last >> 3 ^ s->seed[1]);
    return (group & ~UINT64_C(7)) | ((last ^ last >> 7) & 7);
}

uint64_t cs_name_hash(const cs_store *s, cs_bytes name)
{
    uint64_t h = s->seed[0] ^ name.size, word = 0;
    if (name.size < sizeof word) {
        if (name.size > 0)
            memcpy(&word, name.data, name.size);
        return mix(h ^ word, s->seed[1]);
    }
    for (size_t i = 0; name.size - i > sizeof word; i += sizeof word) {
        memcpy(&word, name.data + i, sizeof word);
        h = mix(h ^ word, s->seed[1]);
    }
    memcpy(&word, name.data + name.size - sizeof word,
           sizeof word); /* may overlap the one before */
    return mix(h ^ word, s->seed[1]);
}

void cs_rows_init(cs_store *s)
{
    /* Without randomness the hashes are still right, only easier to make collide. */
    s->seed[0] = UINT64_C(0xd1342543de82ef95);
    s->seed[1] = UINT64_C(0xaf251af3b0f025b5);
    (void)!getrandom(s->seed, sizeof s->seed, GRND_NONBLOCK);
    s->seed[1] |= 1;
    s->epoch = 1;
    s->weight_max = WEIGHT_MAX;
}

/* ---- content ---- */

void cs_row_drop_blobs(cs_row *r)
{
    const cs_table_def *def = def_of(r);
    for (size_t i = 0; i < def->blob_count; i++) {
        cs_blob **blob = (cs_blob **)((char *)cs_row_data(r) + def->blobs[i]);
        *blob = cs_blob_unref(*blob);
    }
}

static void *data_of(const cs_row *r)
{
    return (void *)(uintptr_t)(r + 1);
}

cs_bytes cs_row_name(const cs_row *r)
{
    const cs_named_row *named = data_of(r);
    return cs_blob_bytes(named->name);
}

static void set_name(cs_row *r, const cs_key *key)
{
    cs_named_row *named = cs_row_data(r);
    named->name = cs_blob_new(key->name);
    named->order.vat.n = (uint32_t)key->a;
}

void cs_row_drop_content(cs_row *r)
{
    cs_row_drop_blobs(r);
    if (def_of(r)->is_named) {
        cs_named_row *named = cs_row_data(r);
        named->name = cs_blob_unref(named->name);
    }
}

void cs_row_forget(cs_store *s, cs_row *r)
{
    cs_assert(!(r->state & CS_ROW_DIRTY));
    cs_row_unlist(s, r);
    cs_index_remove(&s->tables[r->table].index, &r->link);
    s->weight -= cs_row_weight(r);
    cs_row_drop_content(r);
    cs_slab_give(s, r);
}

void cs_row_release(cs_store *s, cs_row *r)
{
    if (s->file != NULL && !(r->state & CS_ROW_DIRTY))
        cs_row_forget(s, r);
}

void cs_rows_fini(cs_store *s)
{
    for (cs_table_id table = 0; table < CS_TABLE_COUNT; table++) {
        cs_table *t = &s->tables[table];
        cs_walk w = { .table = table };
        for (cs_row *r; (r = cs_walk_next(s, &w)) != NULL;)
            cs_row_drop_content(r);
        cs_index_fini(&t->index);
        cs_slab_free_all(t);
        cs_free(t->dirty);
    }
    cs_index_fini(&s->clist_by_kref);
    cs_map_fini(&s->clist_holders);
    cs_map_fini(&s->clist_entries);
}

/* ---- finding ---- */

static cs_row *look(cs_store *s, cs_table_id table, const cs_key *key, uint64_t hash)
{
    bool is_named = cs_table_defs[table].is_named;
    cs_link *l = cs_index_first(&s->tables[table].index, hash);
    for (; l != NULL; l = cs_index_next(l)) {
        cs_row *r = (cs_row *)l;
        if (r->a != key->a || r->b != key->b ||
            (is_named && !cs_bytes_equal(cs_row_name(r), key->name)))
            continue;
        r->used = s->sweep;
        return r;
    }
    return NULL;
}

cs_row *cs_row_cached(cs_store *s, cs_table_id table, const cs_key *key)
{
    return look(s, table, key, cs_key_hash(s, key->a, key->b));
}

static cs_row *make(cs_store *s, cs_table_id table, const cs_key *key, uint64_t hash)
{
    cs_row *r = cs_slab_take(s, table);
    r->a = key->a;
    r->b = key->b;
    if (def_of(r)->is_named)
        set_name(r, key);
    cs_index_add(&s->tables[table].index, &r->link, hash);
    s->weight += cs_row_weight(r);
    return r;
}

cs_row *cs_row_place(cs_store *s, cs_table_id table, const cs_key *key)
{
    uint64_t hash = cs_key_hash(s, key->a, key->b);
    cs_row *r = look(s, table, key, hash);
    return r != NULL ? r : make(s, table, key, hash);
}

cs_row *cs_row_offer(cs_store *s, cs_table_id table, const cs_key *key)
{
    uint64_t hash = cs_key_hash(s, key->a, key->b);
    for (cs_link *l = cs_index_first(&s->tables[table].index, hash); l != NULL;
         l = cs_index_next(l))
        if (((cs_row *)l)->a == key->a && ((cs_row *)l)->b == key->b)
            return NULL;
    cs_row *r = make(s, table, key, hash);
    r->used = s->sweep - 1;
    return r;
}

/* The cached row, read from the file if it was not cached; NULL if it is known to be absent. */
static cs_row *load(cs_store *s, cs_table_id table, const cs_key *key)
{
    uint64_t hash = cs_key_hash(s, key->a, key->b);
    cs_row *r = look(s, table, key, hash);
    if (r != NULL || s->file == NULL)
        return r;
    r = make(s, table, key, hash);
    if (cs_file_load(s, r)) {
        cs_row_list(s, r);
        return r;
    }
    cs_row_forget(s, r);
    return NULL;
}

void *cs_row_find(cs_store *s, cs_table_id table, cs_key key)
{
    cs_row *r = load(s, table, &key);
    return r != NULL && r->state & CS_ROW_LIVE ? cs_row_data(r) : NULL;
}

void *cs_row_find_once(cs_store *s, cs_table_id table, cs_key key)
{
    cs_row *r = load(s, table, &key);
    if (r != NULL && r->state & CS_ROW_LIVE)
        return cs_row_data(r);
    if (r != NULL)
        cs_row_release(s, r);
    return NULL;
}

/* ---- changing ---- */

void cs_row_list(cs_store *s, cs_row *r)
{
    if (r->state & CS_ROW_LISTED || !(r->state & CS_ROW_LIVE))
        return;
    if (r->table == CS_TABLE_CLIST)
        cs_clist_link(s, r);
    else if (r->table == CS_TABLE_GC)
        cs_gc_link(s, r);
    else if (r->table == CS_TABLE_KV && (r->state & CS_ROW_DIRTY || s->file == NULL))
        cs_kv_link(s, r);
}

void cs_row_unlist(cs_store *s, cs_row *r)
{
    if (!(r->state & CS_ROW_LISTED))
        return;
    if (r->table == CS_TABLE_CLIST)
        cs_clist_unlink(s, r);
    else if (r->table == CS_TABLE_GC)
        cs_gc_unlink(s, r);
    else
        cs_kv_unlink(s, r);
}

/* The caller believes that the row exists, or that it does not. If this block made it otherwise it is
 * a bug, else the file is damaged; then the caller gets a row that is written nowhere, and finds the
 * store failed. */
static void *nowhere(cs_store *s, cs_table_id table, const cs_key *key, const char *what)
{
    if (s->error.status == CS_OK) {
        char text[CS_KEY_TEXT_MAX];
        (void)cs_store_damaged(s, cs_table_defs[table].name, cs_row_key_text(table, key, text),
                               what);
    }
    return cs_row_data(cs_slab_take(s, table)); /* given back when the store closes */
}

static void *missing(cs_store *s, cs_table_id table, const cs_key *key, const cs_row *r)
{
    cs_assert(s->file != NULL && (r == NULL || !(r->state & (CS_ROW_STORED | CS_ROW_DIRTY))));
    return nowhere(s, table, key, "there is no such row");
}

static void *surplus(cs_store *s, cs_table_id table, const cs_key *key, const cs_row *r)
{
    cs_assert(s->file != NULL && !(r->state & CS_ROW_DIRTY));
    return nowhere(s, table, key, "there is such a row already");
}

void *cs_row_edit(cs_store *s, cs_table_id table, cs_key key)
{
    cs_row *r = load(s, table, &key);
    if (r == NULL || !(r->state & CS_ROW_LIVE))
        return missing(s, table, &key, r);
    cs_row_note(s, r);
    return cs_row_data(r);
}

void *cs_row_change(cs_store *s, const void *found)
{
    cs_row *r = cs_row_of(found);
    cs_assert(r->state & CS_ROW_LIVE);
    cs_row_note(s, r);
    return cs_row_data(r);
}

void *cs_row_add(cs_store *s, cs_table_id table, cs_key key)
{
    cs_row *r = cs_row_place(s, table, &key);
    if (r->state & CS_ROW_LIVE)
        return surplus(s, table, &key, r);
    cs_row_note(s, r);
    memset(cs_row_data(r), 0, def_of(r)->copied);
    r->state |= CS_ROW_LIVE;
    return cs_row_data(r);
}

void cs_row_kill(cs_store *s, cs_row *r)
{
    cs_row_note(s, r);
    cs_row_unlist(s, r);
    cs_row_drop_blobs(r);
    r->state &= (uint8_t)~CS_ROW_LIVE;
}

void cs_row_delete(cs_store *s, cs_table_id table, cs_key key)
{
    cs_row *r = load(s, table, &key);
    if (r == NULL || !(r->state & CS_ROW_LIVE))
        (void)missing(s, table, &key, r);
    else
        cs_row_kill(s, r);
}

void cs_row_set_blob(cs_store *s, cs_blob **member, cs_blob *take_value)
{
    (void)s;
    cs_blob_unref(*member);
    *member = take_value;
}

/* ---- the size of the cache ---- */

size_t cs_row_weight(const cs_row *r)
{
    const cs_table_def *def = def_of(r);
    size_t weight = r->table == CS_TABLE_GC ? 0 : CS_ROW_WEIGHT;
    for (size_t i = 0; i < def->blob_count; i++) {
        const cs_blob *const *blob =
            (const cs_blob *const *)((const char *)(r + 1) + def->blobs[i]);
        weight += *blob == NULL ? 0 : (*blob)->size / BLOB_WEIGHT;
    }
    return weight;
}

static void sweep(cs_store *s, bool all)
{
    for (cs_table_id table = CS_TABLE_KERNEL + 1; table < CS_TABLE_COUNT; table++) {
        cs_walk w = { .table = table };
        if (table == CS_TABLE_GC)
            continue; /* R5 */
        for (cs_row *r; (r = cs_walk_next(s, &w)) != NULL;)
            if (all || r->used != s->sweep)
                cs_row_forget(s, r);
    }
    s->sweep++;
}

void cs_rows_sweep(cs_store *s)
{
    if (s->weight <= s->weight_max)
        return;
    sweep(s, false);
    if (s->weight > s->weight_max)
        sweep(s, true);
}

void cs_rows_trim(cs_store *s)
{
    size_t freed = 0;
    for (cs_table_id table = 0; table < CS_TABLE_COUNT; table++) {
        cs_table *t = &s->tables[table];
        freed += cs_slab_trim(s, table);
        cs_index_trim(&t->index);
        if (t->dirty_cap * sizeof(cs_row *) > CS_ARRAY_KEPT) {
            t->dirty = cs_free(t->dirty);
            t->dirty_cap = 0;
        }
    }
    cs_index_trim(&s->clist_by_kref);
    cs_group_trim(&s->clist_holders);
    cs_group_trim(&s->clist_entries);
    cs_journal_trim(&s->journal);
    if (freed > FREED_MIN)
        cs_alloc_trim();
}
