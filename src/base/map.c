/* Linear probing; removal shifts the run back, so there are no tombstones. */
#include "base/map.h"

#include "base/alloc.h"

#include <string.h>

static size_t home(const cs_map *m, uint64_t key)
{
    key ^= key >> 32;
    key *= UINT64_C(0x9e3779b97f4a7c15);
    return (size_t)(key >> 20 ^ key >> 44) & (m->cap - 1);
}

void cs_map_fini(cs_map *m)
{
    cs_free(m->entries);
    *m = (cs_map){ 0 };
}

void cs_map_clear(cs_map *m)
{
    if (m->cap > 0)
        memset(m->entries, 0, m->cap * sizeof *m->entries);
    m->count = 0;
}

static cs_map_entry *slot_of(const cs_map *m, uint64_t key)
{
    size_t i = home(m, key);
    while (m->entries[i].key != 0 && m->entries[i].key != key)
        i = (i + 1) & (m->cap - 1);
    return &m->entries[i];
}

cs_map_entry *cs_map_find(const cs_map *m, uint64_t key)
{
    cs_assert(key != 0);
    if (m->count == 0)
        return NULL;
    cs_map_entry *e = slot_of(m, key);
    return e->key == key ? e : NULL;
}

static void grow(cs_map *m, size_t cap)
{
    cs_map old = *m;
    m->cap = cap;
    m->entries = cs_alloc_zero(m->cap, sizeof *m->entries);
    for (size_t i = 0; i < old.cap; i++)
        if (old.entries[i].key != 0)
            *slot_of(m, old.entries[i].key) = old.entries[i];
    cs_free(old.entries);
}

/* Whether so many entries fill the map to three quarters at most. */
static bool has_room(const cs_map *m, size_t count)
{
    return count * 4 <= m->cap * 3;
}

void cs_map_reserve(cs_map *m, size_t count)
{
    cs_map wanted = { .cap = 16 };
    while (!has_room(&wanted, count))
        wanted.cap *= 2;
    if (wanted.cap > m->cap)
        grow(m, wanted.cap);
}

cs_map_entry *cs_map_put(cs_map *m, uint64_t key)
{
    cs_assert(key != 0);
    if (!has_room(m, m->count + 1))
        grow(m, m->cap == 0 ? 16 : m->cap * 2);
    cs_map_entry *e = slot_of(m, key);
    if (e->key == 0) {
        *e = (cs_map_entry){ .key = key };
        m->count++;
    }
    return e;
}

void cs_map_remove_entry(cs_map *m, cs_map_entry *e)
{
    size_t mask = m->cap - 1, hole = (size_t)(e - m->entries), i = hole;
    for (;;) {
        i = (i + 1) & mask;
        if (m->entries[i].key == 0)
            break;
        size_t want = home(m, m->entries[i].key);
        if (((i - want) & mask) >= ((i - hole) & mask)) {
            m->entries[hole] = m->entries[i];
            hole = i;
        }
    }
    m->entries[hole] = (cs_map_entry){ 0 };
    m->count--;
}

bool cs_map_remove(cs_map *m, uint64_t key)
{
    cs_map_entry *e = cs_map_find(m, key);
    if (e != NULL)
        cs_map_remove_entry(m, e);
    return e != NULL;
}

cs_map_entry *cs_map_next(const cs_map *m, const cs_map_entry *e)
{
    for (size_t i = e == NULL ? 0 : (size_t)(e - m->entries) + 1; i < m->cap; i++)
        if (m->entries[i].key != 0)
            return &m->entries[i];
    return NULL;
}
