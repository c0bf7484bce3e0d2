/* Growing doubles the buckets and moves every link; so does shrinking, which its owner asks for. */
#include "store/index.h"

#include "base/alloc.h"
#include "base/status.h"

enum { CAP_MIN = 64, CAP_KEPT = 1 << 16 };

static void put(cs_index *ix, cs_link *link)
{
    cs_link **bucket = &ix->buckets[link->hash & (ix->cap - 1)];
    link->next = *bucket;
    *bucket = link;
}

static void resize(cs_index *ix, size_t cap)
{
    cs_index old = *ix;
    ix->cap = cap;
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

void cs_index_trim(cs_index *ix)
{
    size_t cap = ix->cap;
    if (cap <= CAP_KEPT || ix->count >= cap / 16)
        return;
    while (cap > CAP_KEPT && ix->count < cap / 8)
        cap /= 2;
    resize(ix, cap);
}

void cs_index_add(cs_index *ix, cs_link *link, uint64_t hash)
{
    if (ix->count * 2 >= ix->cap)
        resize(ix, ix->cap == 0 ? CAP_MIN : ix->cap * 2);
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
