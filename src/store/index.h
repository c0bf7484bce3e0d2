/* A hash table of links that lie inside the rows: buckets of singly linked chains, at most one link
 * in two buckets, so that a find seldom meets a stranger. The caller compares keys and says which
 * hash a link has. */
#pragma once
#include <stddef.h>
#include <stdint.h>

typedef struct cs_link {
    struct cs_link *next;
    uint64_t hash;
} cs_link;

/* All zero is an empty index. */
typedef struct cs_index {
    cs_link **buckets;
    size_t count, cap; /* cap is a power of two, or 0 */
} cs_index;

void cs_index_fini(cs_index *ix); /* the links are their owners' */
void cs_index_add(cs_index *ix, cs_link *link, uint64_t hash);
void cs_index_remove(cs_index *ix, cs_link *link); /* must be there */
/* Gives buckets back if there are far too many. */
void cs_index_trim(cs_index *ix);

/* Walks the links with this hash. */
static inline cs_link *cs_index_skip(cs_link *link, uint64_t hash)
{
    while (link != NULL && link->hash != hash)
        link = link->next;
    return link;
}
static inline cs_link *cs_index_first(const cs_index *ix, uint64_t hash)
{
    return ix->cap == 0 ? NULL : cs_index_skip(ix->buckets[hash & (ix->cap - 1)], hash);
}
static inline cs_link *cs_index_next(const cs_link *link)
{
    return cs_index_skip(link->next, link->hash);
}
