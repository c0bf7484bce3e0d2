/* Smallcaps: writing. */
#include "wire/smallcaps.h"

#include <string.h>

void cs_sc_add(cs_sc_writer *w, const char *text)
{
    cs_buf_add_text(&w->body, text);
}

void cs_sc_add_bytes(cs_sc_writer *w, cs_bytes text)
{
    cs_buf_add(&w->body, text.data, text.size);
}

static void grow_slots(cs_sc_writer *w)
{
    uint32_t cap = w->slot_cap == 0 ? 4 : 2 * w->slot_cap;
    cs_vref *slots = cs_arena_take(w->arena, cap * sizeof *slots);
    if (w->slot_count > 0)
        memcpy(slots, w->slots, w->slot_count * sizeof *slots);
    w->slots = slots;
    w->slot_cap = cap;
}

static uint32_t add_slot(cs_sc_writer *w, cs_vref ref)
{
    if (w->slot_count == w->slot_cap)
        grow_slots(w);
    w->slots[w->slot_count] = ref;
    return w->slot_count++;
}

static uint32_t slot_of(cs_sc_writer *w, cs_vref ref)
{
    for (uint32_t i = 0; i < w->slot_count; i++)
        if (cs_vref_same(w->slots[i], ref))
            return i;
    return add_slot(w, ref);
}

/* Vats choose how many slots a value has: each is found without a search. */
static uint32_t place_of(cs_sc_writer *w, uint32_t index, const cs_capdata *data)
{
    if (w->from != data) {
        w->from = data;
        w->places = cs_arena_take_zero(w->arena, data->slot_count, sizeof *w->places);
    }
    if (w->places[index] == 0)
        w->places[index] = add_slot(w, data->slots[index]) + 1;
    return w->places[index] - 1;
}

void cs_sc_add_ref(cs_sc_writer *w, cs_vref ref, const char *iface)
{
    char mark = cs_vref_type(ref) == CS_REF_PROMISE ? '&' : '$';
    cs_buf_addf(&w->body, "\"%c%u%s%s\"", mark, (unsigned)slot_of(w, ref), iface == NULL ? "" : ".",
                iface == NULL ? "" : iface);
}

/* A reference with the number that its slot has here. */
static void add_ref_of(cs_sc_writer *w, cs_bytes string, uint32_t index, const cs_capdata *data)
{
    size_t digits = 2;
    while (string.data[digits] >= '0' && string.data[digits] <= '9')
        digits++;
    cs_assert(index < data->slot_count);
    cs_buf_addf(&w->body, "\"%c%u", string.data[1], (unsigned)place_of(w, index, data));
    cs_buf_add(&w->body, string.data + digits, string.size - digits);
}

/* The string that `at` begins with: its size with its quotes. */
static size_t string_size(const uint8_t *at)
{
    size_t i = 1;
    while (at[i] != '"')
        i += at[i] == '\\' ? 2 : 1;
    return i + 1;
}

void cs_sc_add_value(cs_sc_writer *w, cs_bytes value, const cs_capdata *data)
{
    for (size_t i = 0; i < value.size;) {
        if (value.data[i] != '"') {
            cs_buf_add_byte(&w->body, value.data[i++]);
            continue;
        }
        size_t size = string_size(value.data + i);
        cs_bytes string = { value.data + i, size };
        bool is_key = i + size < value.size && value.data[i + size] == ':';
        uint32_t index;
        if (!is_key && cs_sc_index(string, &index))
            add_ref_of(w, string, index, data);
        else
            cs_sc_add_bytes(w, string);
        i += size;
    }
}

cs_capdata cs_sc_close(cs_sc_writer *w)
{
    cs_capdata data = { .body = cs_arena_copy(w->arena, cs_buf_bytes(&w->body)),
                        .slots = w->slots,
                        .slot_count = w->slot_count };
    cs_buf_fini(&w->body);
    return data;
}
