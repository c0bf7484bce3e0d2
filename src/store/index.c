/* Growing doubles the buckets and moves every link; nothing shrinks. */
#include "store/index.h"

#include "base/alloc.h"
#include "base/status.h"

static void put(cs_index *ix, cs_link *link)
{
    cs_link **bucket = &ix->buckets[link->hash & (ix->cap - 1)];
    link->next = *bucket;
    *bucket = link;
}

static void grow(cs_index *ix)
{
    cs_index old = *ix;
    ix->cap = old.cap == 0 ? 64 : old.cap * 2;
    ix->buckets = cs_alloc_zero(ix->cap, sizeof *ix->buckets);
    for (size_t i = 0; i < old.cap; i++)
        for (cs_link *link = old.buckets[i], *next; link != NULL; link = next) {
            next = link->next;
            put(ix, link);
        }
    cs_free(old.buckets);
}

void cs_index_fini(cs_index *ix)
{
    cs_free(ix->buckets);
    *ix = (cs_index){ 0 };
}

void cs_index_add(cs_index *ix, cs_link *link, uint64_t hash)
{
    if (ix->count * 2 >= ix->cap)
        grow(ix);
    link->hash = hash;
    put(ix, link);
    ix->count++;
}

void cs_index_remove(cs_index *ix, cs_link *link)
{
    cs_assert(ix->count > 0);
    cs_link **at = &ix->buckets[link->hash & (ix->cap - 1)];
    while (*at != link) {
        cs_assert(*at != NULL);
        at = &(*at)->next;
    }
    *at = link->next;
    link->next = NULL;
    ix->count--;
}
