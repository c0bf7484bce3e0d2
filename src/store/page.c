#include "store/page.h"

#include <stdlib.h>
#include <string.h>

enum { WIDTH_BITS = 5, FACET_BITS = 7, STORAGE_SHIFT = 59 };
#define LOW(bits) ((UINT64_C(1) << (bits)) - 1)

/* ---- which page ---- */

static bool is_virtual(uint64_t ref)
{
    return (ref >> STORAGE_SHIFT & 3) != 0; /* base/ref.c; krefs have 0 there */
}

uint64_t cs_page_of(uint64_t ref)
{
    uint64_t number = ref >> WIDTH_BITS;
    return is_virtual(ref) ? number & ~LOW(FACET_BITS) : number;
}

uint64_t cs_page_first(uint64_t number)
{
    return number << WIDTH_BITS;
}

uint64_t cs_page_last(uint64_t number)
{
    uint64_t first = cs_page_first(number);
    return first | LOW(is_virtual(first) ? WIDTH_BITS + FACET_BITS : WIDTH_BITS);
}

/* ---- reading ---- */

uint64_t cs_page_ref(const uint8_t *entry)
{
    uint64_t ref;
    memcpy(&ref, entry, sizeof ref);
    return ref;
}

const char *cs_page_check(cs_pages_id id, uint64_t number, cs_bytes entries)
{
    size_t width = cs_pages_defs[id].width;
    if (entries.size == 0 || entries.size % width != 0)
        return "column entries is of wrong size";
    uint64_t before = 0; /* no reference is 0 */
    for (size_t at = 0; at < entries.size; at += width) {
        uint64_t ref = cs_page_ref(entries.data + at);
        if (ref <= before)
            return "its entries are out of order";
        if (cs_page_of(ref) != number)
            return "it has an entry of another page";
        before = ref;
    }
    return NULL;
}

const uint8_t *cs_page_find(cs_pages_id id, cs_bytes entries, uint64_t ref)
{
    size_t width = cs_pages_defs[id].width, from = 0, to = entries.size / width;
    while (from < to) {
        size_t middle = (from + to) / 2;
        const uint8_t *entry = entries.data + middle * width;
        uint64_t found = cs_page_ref(entry);
        if (found == ref)
            return entry;
        if (found < ref)
            from = middle + 1;
        else
            to = middle;
    }
    return NULL;
}

bool cs_page_read(cs_pages_id id, const uint8_t *entry, void *data, char what[static CS_WHAT_MAX])
{
    const cs_pages_def *def = &cs_pages_defs[id];
    return cs_columns_unpack(def->columns, def->column_count, entry, data, what);
}

/* ---- changing ---- */

static int compare(const void *x, const void *y)
{
    const cs_page_edit *a = x, *b = y;
    if (a->vat.n != b->vat.n)
        return a->vat.n < b->vat.n ? -1 : 1;
    if (a->ref != b->ref)
        return a->ref < b->ref ? -1 : 1;
    return (int)b->was - (int)a->was;
}

void cs_page_sort(cs_page_edit *edits, size_t count)
{
    for (size_t i = 1; i < count; i++)
        if (compare(&edits[i - 1], &edits[i]) > 0) {
            qsort(edits, count, sizeof *edits, compare);
            return;
        }
}

static void add_entry(const cs_pages_def *def, const void *data, cs_buf *to)
{
    cs_columns_pack(def->columns, def->column_count, data, cs_buf_reserve(to, def->width));
    to->size += def->width;
}

/* Moves the entries below `ref` from the front of `rest` to the end of `to`. */
static void move_below(size_t width, uint64_t ref, cs_bytes *rest, cs_buf *to)
{
    size_t size = 0;
    while (size < rest->size && cs_page_ref(rest->data + size) < ref)
        size += width;
    if (size == 0)
        return;
    cs_buf_add(to, rest->data, size);
    *rest = (cs_bytes){ rest->data + size, rest->size - size };
}

const cs_page_edit *cs_page_merge(cs_pages_id id, cs_bytes entries, const cs_page_edit *edits,
                                  size_t count, cs_buf *to)
{
    const cs_pages_def *def = &cs_pages_defs[id];
    cs_bytes rest = entries;
    for (size_t i = 0; i < count;) {
        uint64_t ref = edits[i].ref;
        const void *data = NULL;
        move_below(def->width, ref, &rest, to);
        bool was = rest.size > 0 && cs_page_ref(rest.data) == ref;
        if (was)
            rest = (cs_bytes){ rest.data + def->width, rest.size - def->width };
        for (; i < count && edits[i].ref == ref; i++) {
            if (edits[i].was != was)
                return &edits[i];
            data = edits[i].data;
            was = data != NULL;
        }
        if (data != NULL)
            add_entry(def, data, to);
    }
    if (rest.size > 0)
        cs_buf_add(to, rest.data, rest.size);
    return NULL;
}
