#include "store/group.h"

enum { CAP_KEPT = 1 << 16 };

void cs_group_add(cs_map *groups, uint64_t number, cs_peer *p)
{
    cs_map_entry *e = cs_map_put(groups, number);
    cs_peer *first = e->ptr;
    *p = (cs_peer){ .next = first };
    if (first != NULL)
        first->prev = p;
    e->ptr = p;
}

/* An empty list leaves the map: there are as many numbers as there have ever been krefs. */
void cs_group_remove(cs_map *groups, uint64_t number, cs_peer *p)
{
    if (p->next != NULL)
        p->next->prev = p->prev;
    if (p->prev != NULL)
        p->prev->next = p->next;
    else if (p->next != NULL)
        cs_map_find(groups, number)->ptr = p->next;
    else
        (void)cs_map_remove(groups, number);
    *p = (cs_peer){ 0 };
}

void cs_group_trim(cs_map *groups)
{
    cs_map small = { 0 };
    if (groups->cap <= CAP_KEPT || groups->count >= groups->cap / 16)
        return;
    for (cs_map_entry *e = NULL; (e = cs_map_next(groups, e)) != NULL;)
        cs_map_put(&small, e->key)->ptr = e->ptr;
    cs_map_fini(groups);
    *groups = small;
}
