/* Names of properties on their way in. The engine has a number for each name, for ever. The names of
 * a protocol come again and again, so the last few are remembered with their bytes. */
#include "marshal/internal.h"

#include "base/alloc.h"

#include <string.h>

/* --- numbers --------------------------------------------------------------------------------------- */

static uint64_t load(const uint8_t *p, size_t size)
{
    uint64_t w = 0;
    memcpy(&w, p, size);
    return w;
}

static uint64_t load4(const uint8_t *p)
{
    uint32_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

static uint64_t load8(const uint8_t *p)
{
    uint64_t w;
    memcpy(&w, p, sizeof w);
    return w;
}

/* Size, head and tail tell texts of up to CS_KEY_CACHED_MAX bytes apart. */
static void make_key(cs_bytes text, cs_cached_key *ret)
{
    const uint8_t *p = text.data;
    size_t n = text.size;
    ret->size = (uint32_t)n;
    ret->head = n >= 8 ? load8(p) : n >= 4 ? load4(p) : load(p, n);
    ret->tail = n >= 8 ? load8(p + n - 8) : n >= 4 ? load4(p + n - 4) : 0;
}

static bool is_same(const cs_cached_key *a, const cs_cached_key *b)
{
    return a->head == b->head && a->tail == b->tail && a->size == b->size;
}

/* Pairs of places: of two keys that meet in one, neither drives out the other. */
static cs_cached_key *find_pair(const cs_marshal *m, const cs_cached_key *key)
{
    uint64_t hash = (key->head ^ (key->tail << 1) ^ key->size) * UINT64_C(0x9e3779b97f4a7c15);
    _Static_assert(CS_KEY_CACHE == 2 << 5, "a pair for each value of 5 bits of the hash");
    return &m->keys[2 * (hash >> 59)];
}

void cs_check_names(cs_machine *the, cs_marshal *m)
{
    if (the->keyIndex - m->first_name > CS_NEW_NAMES_MAX)
        cs_decode_fail(the, m, "more than %d new names", CS_NEW_NAMES_MAX);
}

static txID number_of(cs_machine *the, cs_marshal *m, cs_bytes text)
{
    txID id = cs_id(the, cs_terminated(m, text));
    cs_check_names(the, m);
    return id;
}

txID cs_key_number(cs_machine *the, cs_marshal *m, cs_bytes text)
{
    cs_cached_key key;
    if (text.size > CS_KEY_CACHED_MAX || text.size == 0 || m->keys == NULL)
        return number_of(the, m, text);
    make_key(text, &key);
    cs_cached_key *pair = find_pair(m, &key);
    if (is_same(&pair[0], &key))
        return pair[0].id;
    if (is_same(&pair[1], &key))
        return pair[1].id;
    key.id = number_of(the, m, text);
    pair[1] = pair[0];
    pair[0] = key;
    return key.id;
}

/* --- keys ------------------------------------------------------------------------------------------ */

cs_bytes cs_key_name(cs_machine *the, cs_marshal *m, const cs_json *key)
{
    cs_bytes text = cs_json_text(m, key);
    uint8_t first = text.size > 0 ? text.data[0] : 0;
    if (m->legacy || first < '!' || first > '-')
        return text;
    if (first == '#')
        cs_decode_fail(the, m, "Unrecognized record type \"%.40s\"", cs_terminated(m, text));
    if (first != '!')
        cs_decode_fail(the, m, "Decoded property name \"%.40s\" must be a string",
                       cs_terminated(m, text));
    return (cs_bytes){ text.data + 1, text.size - 1 };
}

static int compare_numbers(const void *a, const void *b)
{
    uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

/* In m->numbers, sorted: the array indices among the keys, or the numbers of the others. */
static uint32_t collect(cs_machine *the, cs_marshal *m, const cs_json *object, uint8_t flag)
{
    uint32_t count = 0;
    for (uint32_t at = (uint32_t)(object - m->json.items) + 1; at < object->next;
         at = cs_json_behind(m, at + 1)) {
        if ((m->json.items[at].flags & flag) == 0)
            continue;
        CS_GROW(m->numbers, count, m->number_cap);
        m->numbers[count++] = m->json.items[at].from;
    }
    if (count > 1)
        qsort(m->numbers, count, sizeof *m->numbers, compare_numbers);
    for (uint32_t i = 1; i < count; i++)
        if (m->numbers[i] == m->numbers[i - 1])
            cs_decode_fail(the, m, "two properties of one name");
    return count;
}

void cs_prepare_keys(cs_machine *the, cs_marshal *m, const cs_json *object)
{
    for (uint32_t at = (uint32_t)(object - m->json.items) + 1; at < object->next;
         at = cs_json_behind(m, at + 1)) {
        cs_json *key = &m->json.items[at];
        cs_bytes name = cs_key_name(the, m, key);
        uint32_t index;
        if (cs_text_is_index(name, &index)) {
            key->from = index;
            key->flags |= CS_JSON_INDEXED;
        } else {
            key->from = (uint32_t)cs_key_number(the, m, name);
            key->flags |= CS_JSON_INTERNED;
        }
    }
    (void)collect(the, m, object, CS_JSON_INTERNED);
    uint32_t count = collect(the, m, object, CS_JSON_INDEXED);
    if (count > 0)
        cs_build_items(the, m, m->numbers, count);
}
