/* Hash map from a nonzero 64-bit key to a 64-bit value or a pointer. No order: what leaves the
 * process is sorted by its writer (S22). */
#pragma once
#include "base/status.h"

/* All zero is an empty map. */
typedef struct cs_map {
    struct cs_map_entry *entries; /* open addressing, power of two */
    size_t count, cap;
} cs_map;

typedef struct cs_map_entry {
    uint64_t key; /* 0: free */
    union {
        uint64_t value;
        void *ptr;
    };
} cs_map_entry;

void cs_map_fini(cs_map *m);
void cs_map_clear(cs_map *m);
/* The entry of `key`, or NULL. Valid until the next put or remove. */
cs_map_entry *cs_map_find(const cs_map *m, uint64_t key);
/* The entry of `key`, made with value 0 if it was absent. */
cs_map_entry *cs_map_put(cs_map *m, uint64_t key);
/* Makes room for `count` entries in all, so that the map need not grow again and again. */
void cs_map_reserve(cs_map *m, size_t count);
bool cs_map_remove(cs_map *m, uint64_t key); /* whether it was there */
void cs_map_remove_entry(cs_map *m, cs_map_entry *e);
/* Walks all entries: `for (cs_map_entry *e = NULL; (e = cs_map_next(m, e)) != NULL;)`.
 * No put or remove meanwhile. */
cs_map_entry *cs_map_next(const cs_map *m, const cs_map_entry *e);

static inline void *cs_map_ptr(const cs_map *m, uint64_t key)
{
    cs_map_entry *e = cs_map_find(m, key);
    return e == NULL ? NULL : e->ptr;
}
