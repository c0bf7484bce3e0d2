/* The set of GC actions. A million of them are ordinary, and garbage is often as old as its neighbours:
 * so a row has a bit for each of 32 objects that follow each other, of one vat and type.
 *
 * The set is read whole when it is first asked for, and its rows never leave the cache while they live:
 * so the file is never asked for the next one, which may lie behind a million that this block has
 * deleted. What is not cached is known to be absent.
 *
 * Actions order as their names do, and rows as numbers. For vats that is mended by where a row is put
 * (its place); for objects by looking at numbers of one digit, of two, and so on, which each order as
 * their texts. */
#include "store/file.h"
#include "store/order.h"

#include <stdio.h>
#include <string.h>

enum { WIDTH = 32, TYPE_SHIFT = 60, VAT_DIGITS = 10, PLACE_SIZE = 16 };
static const cs_vatid none = { 0 };

static uint64_t first_page(cs_gc_type type)
{
    return (uint64_t)type << TYPE_SHIFT;
}

static cs_gc_type type_of(uint64_t page)
{
    return (cs_gc_type)(page >> TYPE_SHIFT);
}

static uint64_t page_of(cs_gc_type type, uint64_t id)
{
    return first_page(type) + id / WIDTH;
}

static uint64_t id_of(uint64_t page, uint32_t objects)
{
    return (page & (first_page(1) - 1)) * WIDTH + (uint64_t)__builtin_ctz(objects);
}

const char *cs_gc_check(const void *row)
{
    const cs_gc_row *gc = row;
    const cs_gc_type type = type_of(gc->page);
    if (type < CS_GC_DROP_EXPORT || type >= CS_GC_TYPES || gc->page > page_of(type, CS_REF_ID_MAX))
        return "what it asks for is unknown";
    return gc->objects != 0 ? NULL : "no object";
}

/* ---- order ---- */

/* v1, v10, v2: digits from the left, and among those that only differ in zeros the shorter one first. */
static uint64_t vat_in_order(uint32_t vat)
{
    uint64_t digits = vat, missing = VAT_DIGITS;
    for (uint32_t n = vat; n > 0; n /= 10)
        missing--;
    for (uint64_t i = 0; i < missing; i++)
        digits *= 10;
    return digits * (VAT_DIGITS + 1) + (VAT_DIGITS - missing);
}

static void put_big_endian(uint8_t *to, uint64_t n)
{
    n = __builtin_bswap64(n);
    memcpy(to, &n, sizeof n);
}

static cs_bytes place_of(uint32_t vat, uint64_t page, uint8_t place[static PLACE_SIZE])
{
    put_big_endian(place, vat_in_order(vat));
    put_big_endian(place + 8, page);
    return (cs_bytes){ place, PLACE_SIZE };
}

static const cs_gc_row *row_of(const cs_order_node *node)
{
    return (const cs_gc_row *)((const char *)node - offsetof(cs_gc_row, order));
}

void cs_gc_link(cs_store *s, cs_row *r)
{
    cs_gc_row *row = cs_row_data(r);
    cs_order_add(&s->gc_order, &row->order, none, place_of((uint32_t)r->a, r->b, row->place));
    r->state |= CS_ROW_LISTED;
}

void cs_gc_unlink(cs_store *s, cs_row *r)
{
    cs_gc_row *row = cs_row_data(r);
    cs_order_remove(&s->gc_order, &row->order);
    r->state &= (uint8_t)~CS_ROW_LISTED;
}

/* ---- the set ---- */

static void load(cs_store *s)
{
    cs_scan *scan = s->file == NULL ? NULL : cs_scan_new(s, &(cs_range){ .table = CS_TABLE_GC });
    for (cs_row *stored; (stored = cs_scan_next(scan)) != NULL;) {
        cs_row *r = cs_row_place(s, CS_TABLE_GC, &(cs_key){ .a = stored->a, .b = stored->b });
        memcpy(cs_row_data(r), cs_row_data(stored), cs_table_defs[CS_TABLE_GC].copied);
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

/* The live row that has, or would have, the bit of the object. */
static cs_row *find(cs_store *s, uint32_t vat, cs_gc_type type, uint64_t id)
{
    cs_row *r = cs_row_cached(s, CS_TABLE_GC, &(cs_key){ .a = vat, .b = page_of(type, id) });
    return r != NULL && r->state & CS_ROW_LIVE ? r : NULL;
}

static uint32_t bit_of(uint64_t id)
{
    return UINT32_C(1) << (id % WIDTH);
}

static cs_row *add_row(cs_store *s, uint32_t vat, uint64_t page)
{
    cs_row *r = cs_row_place(s, CS_TABLE_GC, &(cs_key){ .a = vat, .b = page });
    cs_gc_row *row = cs_row_data(r);
    cs_row_note(s, r);
    *row = (cs_gc_row){ .vat.n = vat, .page = page };
    r->state |= CS_ROW_LIVE;
    cs_gc_link(s, r);
    return r;
}

void cs_gc_add(cs_store *s, const cs_gc_action *a)
{
    const uint64_t id = cs_kref_id(a->object);
    cs_assert(cs_kref_type(a->object) == CS_REF_OBJECT && a->vat.n != 0);
    need_all(s);
    cs_row *r = find(s, a->vat.n, a->type, id);
    if (r == NULL)
        r = add_row(s, a->vat.n, page_of(a->type, id));
    else if (((cs_gc_row *)cs_row_data(r))->objects & bit_of(id))
        return;
    cs_row_note(s, r);
    ((cs_gc_row *)cs_row_data(r))->objects |= bit_of(id);
}

void cs_gc_delete(cs_store *s, const cs_gc_action *a)
{
    const uint64_t id = cs_kref_id(a->object);
    need_all(s);
    cs_row *r = find(s, a->vat.n, a->type, id);
    cs_gc_row *row = r == NULL ? NULL : cs_row_data(r);
    if (row == NULL || !(row->objects & bit_of(id)))
        return;
    if (row->objects == bit_of(id)) {
        cs_row_kill(s, r);
        return;
    }
    cs_row_note(s, r);
    row->objects &= ~bit_of(id);
}

bool cs_gc_has(cs_store *s, const cs_gc_action *a)
{
    const uint64_t id = cs_kref_id(a->object);
    need_all(s);
    cs_row *r = find(s, a->vat.n, a->type, id);
    return r != NULL && ((const cs_gc_row *)cs_row_data(r))->objects & bit_of(id);
}

/* ---- the next one ---- */

/* The first row behind that place, of any vat and type. */
static const cs_gc_row *row_after(cs_store *s, uint32_t vat, uint64_t page)
{
    uint8_t place[PLACE_SIZE];
    const cs_order_node *node = cs_order_after(&s->gc_order, none, place_of(vat, page, place));
    return node == NULL ? NULL : row_of(node);
}

/* The least number that is at least `from`, among the actions of this vat and type. */
static bool next_number(cs_store *s, uint32_t vat, cs_gc_type type, uint64_t from, uint64_t *ret)
{
    cs_row *r = find(s, vat, type, from);
    const cs_gc_row *row = r == NULL ? NULL : cs_row_data(r);
    uint32_t objects = row == NULL ? 0 : row->objects & ~(bit_of(from) - 1);
    if (objects == 0) {
        row = row_after(s, vat, page_of(type, from));
        if (row == NULL || row->vat.n != vat || type_of(row->page) != type)
            return false;
        objects = row->objects;
    }
    *ret = id_of(row->page, objects);
    return true;
}

static unsigned digits_of(uint64_t n)
{
    unsigned count = 1;
    while ((n /= 10) > 0)
        count++;
    return count;
}

static uint64_t times_10(uint64_t n, unsigned count)
{
    while (count-- > 0)
        n *= 10;
    return n;
}

/* Orders as the number's text does. */
static uint64_t text_order(uint64_t n)
{
    const unsigned digits = digits_of(n);
    return times_10(n, CS_GC_DIGITS - digits) * (CS_GC_DIGITS + 1) + digits;
}

static uint64_t least_of(unsigned digits)
{
    return digits == 1 ? 0 : times_10(1, digits - 1);
}

/* The least number that has at least so many digits, and whose text is behind that of `id` (NULL: any). */
static uint64_t least_behind(const uint64_t *id, unsigned digits)
{
    const unsigned count = id == NULL ? 0 : digits_of(*id);
    uint64_t n = id == NULL ? 0 : *id;
    for (unsigned i = digits; i < count; i++)
        n /= 10;
    if (count >= digits)
        return n + 1;
    n = times_10(n, digits - count);
    return n > least_of(digits) ? n : least_of(digits);
}

enum { NO_MORE = 0 }; /* no text_order() */

/* The walk's next number of so many digits is the first one from there on. Returns how many digits that
 * one has: if they are more, there is none between. */
static unsigned seek(cs_gc_walk *w, unsigned digits, uint64_t from)
{
    uint64_t *next = &w->next[digits - 1], *order = &w->order[digits - 1];
    const bool found = next_number(w->store, w->vat.n, w->type, from, next);
    const unsigned count = found ? digits_of(*next) : CS_GC_DIGITS + 1;
    *order = count == digits ? text_order(*next) : NO_MORE;
    return count;
}

/* To what is behind that object (NULL: to the first one). */
static void begin(cs_gc_walk *w, cs_store *s, cs_vatid vat, cs_gc_type type, const uint64_t *id)
{
    *w = (cs_gc_walk){ .store = s, .vat = vat, .type = type };
    for (unsigned digits = 1; digits <= CS_GC_DIGITS;) {
        const unsigned found = seek(w, digits, least_behind(id, digits));
        digits = found == digits ? digits + 1 : found;
    }
}

/* How many digits the next one has; 0: there is none. */
static unsigned first_of(const cs_gc_walk *w)
{
    unsigned best = 0;
    for (unsigned i = 0; i < CS_GC_DIGITS; i++)
        if (w->order[i] != NO_MORE && (best == 0 || w->order[i] < w->order[best - 1]))
            best = i + 1;
    return best;
}

static bool look(const cs_gc_walk *w, cs_gc_action *ret)
{
    const unsigned digits = first_of(w);
    if (digits > 0)
        *ret = (cs_gc_action){ w->vat, w->type, cs_kref_of(CS_REF_OBJECT, w->next[digits - 1]) };
    return digits > 0;
}

bool cs_gc_after(cs_store *s, const cs_gc_action *a, cs_gc_action *ret)
{
    cs_gc_walk w;
    need_all(s);
    if (a != NULL) {
        const uint64_t id = cs_kref_id(a->object);
        begin(&w, s, a->vat, a->type, &id);
        if (look(&w, ret))
            return true;
    }
    const cs_gc_row *row =
        a == NULL ? row_after(s, 0, 0) : row_after(s, a->vat.n, first_page(a->type + 1) - 1);
    if (row == NULL)
        return false;
    begin(&w, s, row->vat, type_of(row->page), NULL);
    return look(&w, ret);
}

bool cs_gc_begin(cs_store *s, cs_gc_walk *ret)
{
    need_all(s);
    const cs_gc_row *row = row_after(s, 0, 0);
    if (row != NULL)
        begin(ret, s, row->vat, type_of(row->page), NULL);
    return row != NULL;
}

bool cs_gc_take(cs_gc_walk *w, cs_kref *ret)
{
    cs_gc_action a;
    if (!look(w, &a))
        return false;
    const uint64_t id = cs_kref_id(a.object);
    cs_gc_delete(w->store, &a);
    (void)seek(w, digits_of(id), id + 1);
    *ret = a.object;
    return true;
}

bool cs_gc_is_empty(cs_store *s)
{
    need_all(s);
    return s->gc_order == NULL;
}

/* ---- names ---- */

const char *cs_gc_name(const cs_gc_action *a, char name[static CS_GC_NAME_MAX])
{
    static const char *const words[CS_GC_TYPES] = {
        [CS_GC_DROP_EXPORT] = "dropExport",
        [CS_GC_RETIRE_EXPORT] = "retireExport",
        [CS_GC_RETIRE_IMPORT] = "retireImport",
    };
    char vat[CS_REF_TEXT_MAX], object[CS_REF_TEXT_MAX];
    (void)snprintf(name, CS_GC_NAME_MAX, "%s %s %s", cs_vatid_text(a->vat, vat), words[a->type],
                   cs_kref_text(a->object, object));
    return name;
}
