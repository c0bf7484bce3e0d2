/* Prototypes of presences: tag records, one for each interface name. A service sends thousands of objects
 * of one interface, and a record for each would cost more than all else that a presence is made of.
 * Nothing in a record can change, so sharing one lets nobody tell anybody anything.
 *
 *   T1  While the vat could recognise a record, whatever comes in with that name has it: a presence, a
 *       reference of the vat's own, an entry of a WeakMap or WeakSet, or a private field stamped onto it.
 *
 * So a vat that compares prototypes cannot see when presences were collected and made anew. Records of which
 * none of this is true go in forced collections, as presences do: who sends us ever other names must not
 * fill our memory. */
#include "liveslots/state.h"

#include "base/alloc.h"

#include <string.h>

struct cs_ls_tag {
    struct cs_ls_tag *next; /* another name with that hash */
    cs_slot *record;
    size_t size;
    uint8_t name[];
};

/* Never 0. Of all bytes of the name, eight at a time. */
static uint64_t hash_of(cs_bytes name)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = name.size, word = 0;
    for (; name.size > sizeof word; name.data += sizeof word, name.size -= sizeof word) {
        memcpy(&word, name.data, sizeof word);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, name.data, name.size);
    hash = (hash ^ word) * odd;
    return hash | 1;
}

static struct cs_ls_tag *find(struct cs_ls_tag *t, cs_bytes name)
{
    while (t != NULL && !cs_bytes_equal((cs_bytes){ t->name, t->size }, name))
        t = t->next;
    return t;
}

void cs_ls_push_tag_record(cs_machine *the, cs_liveslots *ls, cs_bytes iface)
{
    const uint64_t hash = hash_of(iface);
    struct cs_ls_tag *t = find(cs_map_ptr(&ls->tags, hash), iface);
    if (t != NULL) {
        mxPushReference(t->record);
        return;
    }
    cs_push_iface_prototype(the, iface);
    cs_map_entry *e = cs_map_put(&ls->tags, hash);
    t = cs_alloc(sizeof *t + iface.size);
    *t = (struct cs_ls_tag){ e->ptr, the->stack->value.reference, iface.size };
    memcpy(t->name, iface.data, iface.size);
    e->ptr = t;
}

/* ---- collections ---- */

void cs_ls_mark_tags(cs_machine *the, cs_liveslots *ls, cs_marker *mark_one)
{
    for (cs_map_entry *e = NULL; (e = cs_map_next(&ls->tags, e)) != NULL;)
        for (const struct cs_ls_tag *t = e->ptr; t != NULL; t = t->next)
            mark_one(the, t->record);
}

void cs_ls_hold_marked_tags(cs_machine *the, cs_liveslots *ls, cs_marker *mark_one)
{
    for (cs_map_entry *e = NULL; (e = cs_map_next(&ls->tags, e)) != NULL;)
        for (const struct cs_ls_tag *t = e->ptr; t != NULL; t = t->next)
            if (cs_ls_is_marked_by_vat(t->record))
                mark_one(the, t->record);
}

/* Gives those of the chain that live. */
static struct cs_ls_tag *sweep(struct cs_ls_tag *t)
{
    struct cs_ls_tag *live = NULL;
    while (t != NULL) {
        struct cs_ls_tag *next = t->next;
        if (cs_is_live(t->record)) {
            t->next = live;
            live = t;
        } else {
            cs_free(t);
        }
        t = next;
    }
    return live;
}

void cs_ls_sweep_tags(cs_liveslots *ls)
{
    cs_map live = { 0 };
    for (cs_map_entry *e = NULL; (e = cs_map_next(&ls->tags, e)) != NULL;) {
        struct cs_ls_tag *t = sweep(e->ptr);
        if (t != NULL)
            cs_map_put(&live, e->key)->ptr = t;
    }
    cs_map_fini(&ls->tags);
    ls->tags = live;
}

void cs_ls_tags_fini(cs_liveslots *ls)
{
    for (cs_map_entry *e = NULL; (e = cs_map_next(&ls->tags, e)) != NULL;)
        for (struct cs_ls_tag *t = e->ptr, *next; t != NULL; t = next) {
            next = t->next;
            cs_free(t);
        }
    cs_map_fini(&ls->tags);
}
