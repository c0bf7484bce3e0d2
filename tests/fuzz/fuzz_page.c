/* Pages of any bytes: refused, or read as they are meant and changed as the edits say. The input chooses
 * the kind of page, its entries, and edits, which are compared with the simplest way to make them. */
#include "store/page.h"
#include "tape.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { ENTRIES_MAX = 40, EDITS_MAX = 12 };

/* A struct that entries of every kind fit into. */
typedef union row {
    cs_object_row object;
    cs_clist_row clist;
} row;

/* References of few pages, virtual ones with facets among them. */
static uint64_t any_ref(tape *t, cs_pages_id id)
{
    uint64_t low = tape_below(t, 80);
    if (id != CS_PAGES_CLIST)
        return cs_kref_of(CS_REF_OBJECT, low).bits;
    cs_vref plain = cs_vref_of(CS_REF_OBJECT, true, low), virtual = { 0 };
    cs_assert(cs_vref_parse(CS_BYTES("o+v10/30"), &virtual) == CS_OK);
    return tape_bool(t) ? plain.bits : virtual.bits + low * 16;
}

/* Bytes as they come, or entries in order with some bytes that are good. */
static void any_entries(tape *t, cs_pages_id id, cs_buf *ret)
{
    size_t width = cs_pages_defs[id].width, count = (size_t)tape_below(t, ENTRIES_MAX);
    uint64_t ref = any_ref(t, id);
    bool wild = tape_chance(t, 10);
    for (size_t i = 0; i < count; i++) {
        uint8_t *entry = cs_buf_reserve(ret, width);
        memset(entry, tape_bool(t), width);
        if (wild || tape_chance(t, 5))
            tape_bytes(t, entry, width);
        else
            memcpy(entry, &ref, sizeof ref);
        ret->size += width;
        ref += 1 + tape_below(t, 3) % 2;
    }
    if (wild && ret->size > 0)
        ret->size -= (size_t)tape_below(t, width);
}

/* P2, said again. */
static bool is_page(cs_pages_id id, uint64_t number, cs_bytes entries)
{
    size_t width = cs_pages_defs[id].width;
    bool good = entries.size >= width && entries.size % width == 0;
    for (size_t at = 0; good && at < entries.size; at += width) {
        uint64_t ref = cs_page_ref(entries.data + at);
        good = ref != 0 && ref >= cs_page_first(number) && ref <= cs_page_last(number) &&
               (at == 0 || ref > cs_page_ref(entries.data + at - width));
    }
    return good;
}

/* What was read is written as the same bytes. */
static void read_all(cs_pages_id id, cs_bytes entries)
{
    const cs_pages_def *def = &cs_pages_defs[id];
    for (size_t at = 0; at < entries.size; at += def->width) {
        char what[CS_WHAT_MAX] = "";
        uint8_t again[64];
        row r = { 0 };
        cs_assert(cs_page_find(id, entries, cs_page_ref(entries.data + at)) == entries.data + at);
        if (!cs_page_read(id, entries.data + at, &r, what)) {
            cs_assert(strstr(what, "column") != NULL);
            continue;
        }
        cs_columns_pack(def->columns, def->column_count, &r, again);
        cs_assert(memcmp(again, entries.data + at, def->width) == 0);
    }
}

/* Whether the edits may be made, one after the other, of the one reference. */
static bool edit_is_good(cs_pages_id id, cs_bytes entries, const cs_page_edit *edits, size_t i)
{
    bool was = cs_page_find(id, entries, edits[i].ref) != NULL;
    for (size_t k = 0; k < i; k++)
        if (edits[k].ref == edits[i].ref)
            was = edits[k].data != NULL;
    return edits[i].was == was;
}

static void check_merged(cs_pages_id id, uint64_t number, cs_bytes before, cs_bytes after,
                         const cs_page_edit *edits, size_t count)
{
    cs_assert(after.size == 0 || is_page(id, number, after));
    for (uint64_t ref = cs_page_first(number); ref <= cs_page_last(number); ref++) {
        const uint8_t *old = cs_page_find(id, before, ref), *new = cs_page_find(id, after, ref);
        const cs_page_edit *last = NULL;
        for (size_t i = 0; i < count; i++)
            if (edits[i].ref == ref)
                last = &edits[i];
        cs_assert((new != NULL) == (last == NULL ? old != NULL : last->data != NULL));
        if (new != NULL && last == NULL)
            cs_assert(memcmp(old, new, cs_pages_defs[id].width) == 0);
    }
}

static void edit(tape *t, cs_pages_id id, uint64_t number, cs_bytes entries)
{
    row rows[EDITS_MAX] = { 0 };
    cs_page_edit edits[EDITS_MAX];
    cs_buf to = { 0 };
    size_t count = 0, wanted = (size_t)tape_below(t, EDITS_MAX + 1);
    for (size_t i = 0; i < wanted; i++) {
        uint64_t ref = any_ref(t, id);
        if (cs_page_of(ref) != number)
            continue;
        memcpy((char *)&rows[i] + cs_pages_defs[id].columns[0].at, &ref, sizeof ref);
        edits[count++] = (cs_page_edit){ .ref = ref,
                                         .data = tape_bool(t) ? &rows[i] : NULL,
                                         .was = tape_bool(t) };
    }
    cs_page_sort(edits, count);
    const cs_page_edit *wrong = cs_page_merge(id, entries, edits, count, &to);
    for (size_t i = 0; i < count && &edits[i] != wrong; i++)
        cs_assert(edit_is_good(id, entries, edits, i));
    if (wrong != NULL)
        cs_assert(!edit_is_good(id, entries, edits, (size_t)(wrong - edits)));
    else
        check_merged(id, number, entries, cs_buf_bytes(&to), edits, count);
    cs_buf_fini(&to);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    tape t;
    tape_from_input(&t, data, size);
    cs_pages_id id = (cs_pages_id)tape_below(&t, CS_PAGES_COUNT);
    cs_buf entries = { 0 };
    any_entries(&t, id, &entries);
    uint64_t number = cs_page_of(
        entries.size < 8 || tape_chance(&t, 10) ? any_ref(&t, id) : cs_page_ref(entries.data));
    bool good = cs_page_check(id, number, cs_buf_bytes(&entries)) == NULL;
    cs_assert(good == is_page(id, number, cs_buf_bytes(&entries)));
    if (good)
        read_all(id, cs_buf_bytes(&entries));
    else
        cs_buf_clear(&entries);
    edit(&t, id, number, cs_buf_bytes(&entries));
    cs_buf_fini(&entries);
    return 0;
}
