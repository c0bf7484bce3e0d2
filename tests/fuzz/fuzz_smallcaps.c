/* Bodies of any bytes: what opens can be read to its last value, and copied; the copy opens, and its
 * own copy is the same. */
#include "base/ref.h"
#include "wire/smallcaps.h"

#include <stddef.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size);

static size_t walk(cs_bytes value, const cs_capdata *data)
{
    cs_bytes left, key, inner;
    cs_sc_kind kind = cs_sc_kind_of(value);
    size_t count = 1 + cs_sc_text(value).size + !cs_vref_none(cs_sc_ref(value, data));
    if (kind == CS_SC_STRING || kind < CS_SC_ARRAY)
        return count + (cs_sc_item(value, 0).size > 0) + (cs_sc_member(value, "a").size > 0);
    left = kind == CS_SC_OTHER && value.data[0] == '"' ? (cs_bytes){ 0 } : cs_sc_inside(value);
    while (cs_sc_next(&left, &key, &inner))
        count += walk(inner, data);
    return count;
}

static cs_capdata copy_of(cs_arena *arena, cs_bytes value, const cs_capdata *data)
{
    cs_sc_writer w = { .arena = arena };
    cs_sc_add(&w, "#");
    cs_sc_add_value(&w, value, data);
    return cs_sc_close(&w);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t size)
{
    cs_vref slots[3];
    cs_bytes value, again;
    cs_arena arena = { 0 };
    for (uint64_t i = 0; i < 3; i++)
        slots[i] = cs_vref_of(CS_REF_OBJECT, false, 50 + i);
    cs_capdata data = { .body = { bytes, size }, .slots = slots, .slot_count = 3 };
    bool is_json = cs_sc_open_json(data.body, &value);
    if (is_json)
        (void)cs_sc_item(value, 3);
    if (cs_sc_open(&data, &value)) {
        cs_assert(is_json);
        size_t count = walk(value, &data);
        cs_capdata copy = copy_of(&arena, value, &data);
        bool opens = cs_sc_open(&copy, &again);
        cs_assert(opens && walk(again, &copy) == count);
        cs_capdata third = copy_of(&arena, again, &copy);
        cs_assert(cs_bytes_equal(third.body, copy.body) && third.slot_count == copy.slot_count);
    }
    cs_arena_fini(&arena);
    return 0;
}
