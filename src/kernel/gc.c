#include "kernel/gc.h"

#include "base/limits.h"
#include "kernel/clist.h"
#include "kernel/crank.h"
#include "kernel/object.h"

#include <string.h>

#define WORD(text) \
    { \
        (const uint8_t *)(text), sizeof(text) - 1 \
    }
static const cs_bytes words[CS_GC_TYPES] = {
    [CS_GC_DROP_EXPORT] = WORD(" dropExport "),
    [CS_GC_RETIRE_EXPORT] = WORD(" retireExport "),
    [CS_GC_RETIRE_IMPORT] = WORD(" retireImport "),
};

/* ---- names ---- */

static uint8_t *put_number(uint8_t *at, uint64_t n)
{
    uint8_t digits[20];
    size_t count = 0;
    do
        digits[count++] = (uint8_t)('0' + n % 10);
    while ((n /= 10) > 0);
    while (count > 0)
        *at++ = digits[--count];
    return at;
}

cs_bytes cs_gc_name(const cs_gc_action *a, uint8_t name[static CS_GC_NAME_MAX])
{
    const cs_bytes word = words[a->type];
    uint8_t *at = name;
    *at++ = 'v';
    at = put_number(at, a->vat.n);
    memcpy(at, word.data, word.size);
    at += word.size;
    *at++ = 'k';
    *at++ = 'o';
    at = put_number(at, cs_kref_id(a->object));
    return (cs_bytes){ name, (size_t)(at - name) };
}

bool cs_gc_parse(cs_bytes name, cs_gc_action *ret)
{
    const uint8_t *space = name.size == 0 ? NULL : memchr(name.data, ' ', name.size);
    if (space == NULL)
        return false;
    const cs_bytes vat = { name.data, (size_t)(space - name.data) };
    const cs_bytes rest = { space, name.size - vat.size };
    for (cs_gc_type type = CS_GC_DROP_EXPORT; type < CS_GC_TYPES; type++) {
        const size_t size = words[type].size;
        if (rest.size < size || memcmp(rest.data, words[type].data, size) != 0)
            continue;
        const cs_bytes object = { rest.data + size, rest.size - size };
        ret->type = type;
        return cs_vatid_parse(vat, &ret->vat) == CS_OK &&
               cs_kref_parse(object, &ret->object) == CS_OK &&
               cs_kref_type(ret->object) == CS_REF_OBJECT;
    }
    return false;
}

void cs_gc_schedule(cs_kernel *k, cs_vatid vat, cs_gc_type type, cs_kref object)
{
    uint8_t name[CS_GC_NAME_MAX];
    cs_gc_add(k->store, cs_gc_name(&(cs_gc_action){ vat, type, object }, name));
}

bool cs_gc_is_scheduled(cs_store *s, const cs_gc_action *a)
{
    uint8_t name[CS_GC_NAME_MAX], before[CS_GC_NAME_MAX];
    cs_bytes whole = cs_gc_name(a, name);
    /* No name lies between "...24\xff" and "...25". */
    memcpy(before, name, whole.size);
    before[whole.size - 1]--;
    before[whole.size] = 0xff;
    return cs_bytes_equal(cs_gc_after(s, (cs_bytes){ before, whole.size + 1 }), whole);
}

/* ---- S4e: what still applies ---- */

/* The vat's entry for an object of its own that nobody can reach; NULL if that is not so. */
static const cs_clist_row *unreachable_export(cs_kernel *k, const cs_gc_action *a,
                                              const cs_object_row *object)
{
    if (object->owner.n != a->vat.n || object->reachable > 0)
        return NULL;
    return cs_clist_find_kref(k->store, a->vat, a->object);
}

/* The entry that it is about; NULL: it no longer applies. */
static const cs_clist_row *applies(cs_kernel *k, const cs_gc_action *a)
{
    const cs_object_row *object = cs_object_find(k->store, a->object);
    const cs_clist_row *row = NULL;
    if (object == NULL || cs_live_vat(k, a->vat) == NULL)
        return NULL;
    switch (a->type) {
    case CS_GC_DROP_EXPORT:
        row = unreachable_export(k, a, object);
        return row != NULL && row->reachable ? row : NULL;
    case CS_GC_RETIRE_EXPORT: /* a root with its flag was exported anew */
        row = unreachable_export(k, a, object);
        return row != NULL && !row->reachable && object->recognizable == 0 ? row : NULL;
    case CS_GC_RETIRE_IMPORT:
        return object->is_retiring ? cs_clist_find_kref(k->store, a->vat, a->object) : NULL;
    case CS_GC_TYPES:
        break;
    }
    return NULL;
}

/* ---- S4f: what the vat is told, and what is done about it ---- */

static void carry_out(cs_kernel *k, cs_gc_type type, const cs_clist_row *row)
{
    cs_kref object = row->kref;
    if (type == CS_GC_DROP_EXPORT) {
        cs_clist_change(k->store, row)->reachable = false;
        cs_stat_add(k, CS_STAT_EXPORTS_DROPPED, 1);
        return;
    }
    cs_clist_remove(k, row);
    if (type == CS_GC_RETIRE_EXPORT) {
        cs_object_remove(k, object);
        cs_stat_add(k, CS_STAT_EXPORTS_RETIRED, 1);
    } else {
        cs_stat_add(k, CS_STAT_IMPORTS_RETIRED, 1);
    }
}

/* The first action, if it has the vat and type of `like`; `like` of no vat: any. Takes it off. */
static bool take(cs_kernel *k, const cs_gc_action *like, cs_gc_action *ret)
{
    cs_bytes name = cs_gc_after(k->store, (cs_bytes){ 0 });
    if (name.size == 0)
        return false;
    if (!cs_gc_parse(name, ret)) {
        cs_crank_fault(k, "a GC action is malformed");
        return false;
    }
    if (like->vat.n != 0 && (ret->vat.n != like->vat.n || ret->type != like->type))
        return false;
    cs_gc_delete(k->store, name);
    return true;
}

static cs_vrefs take_all(cs_kernel *k, const cs_gc_action *first)
{
    cs_vref *items = NULL;
    uint32_t count = 0, cap = 0, taken = 0;
    cs_gc_action a = *first;
    do {
        const cs_clist_row *row = applies(k, &a);
        taken++;
        if (row == NULL)
            continue;
        if (count == cap) {
            cap = cap == 0 ? 16 : cap * 2;
            cs_vref *more = cs_arena_take(&k->crank.arena, cap * sizeof *more);
            if (count > 0)
                memcpy(more, items, count * sizeof *more);
            items = more;
        }
        items[count++] = row->vref;
        carry_out(k, a.type, row);
    } while (taken < CS_GC_BATCH && take(k, first, &a));
    cs_buf_add_varint(&k->crank.record, taken);
    return (cs_vrefs){ items, count };
}

bool cs_gc_deliver(cs_kernel *k)
{
    static const cs_delivery_kind kinds[CS_GC_TYPES] = {
        [CS_GC_DROP_EXPORT] = CS_DELIVER_DROP_EXPORTS,
        [CS_GC_RETIRE_EXPORT] = CS_DELIVER_RETIRE_EXPORTS,
        [CS_GC_RETIRE_IMPORT] = CS_DELIVER_RETIRE_IMPORTS,
    };
    cs_gc_action first;
    if (!take(k, &(cs_gc_action){ { 0 } }, &first))
        return false;
    cs_crank_record(k, kinds[first.type]);
    cs_buf_add_varint(&k->crank.record, first.vat.n);
    k->crank.delivery = (cs_delivery){ .kind = kinds[first.type] };
    k->crank.delivery.refs = take_all(k, &first);
    k->crank.vat = first.vat;
    return k->crank.delivery.refs.count > 0;
}
