/* Prototypes of presences: tag records, one for each interface name that came in lately. A service
 * sends thousands of objects of one interface, and a record for each would cost more than all else
 * that a presence is made of. Nothing in a record can change, so sharing one lets nobody tell anybody
 * anything.
 *
 * Which records are remembered depends on the names that came, and in which order, alone, and they are
 * held until others take their place: so what a vat can find out by comparing prototypes does not depend
 * on collections. */
#include "liveslots/state.h"

#include "base/alloc.h"

#include <string.h>

enum { TAGS = 16, NAME_MAX_SIZE = 55 };

struct cs_ls_tag {
    cs_slot *record; /* NULL: free */
    uint8_t size, name[NAME_MAX_SIZE];
};

/* The only place where that name may be: by all of its bytes, eight at a time. */
static struct cs_ls_tag *place_of(cs_liveslots *ls, cs_bytes name)
{
    const uint64_t odd = UINT64_C(0x9e3779b97f4a7c15);
    uint64_t hash = name.size, word = 0;
    if (ls->tags == NULL)
        ls->tags = cs_alloc_zero(TAGS, sizeof *ls->tags);
    for (; name.size > sizeof word; name.data += sizeof word, name.size -= sizeof word) {
        memcpy(&word, name.data, sizeof word);
        hash = (hash ^ word) * odd;
        hash ^= hash >> 32;
    }
    word = 0;
    memcpy(&word, name.data, name.size);
    _Static_assert(TAGS == 1 << 4, "four bits of the hash");
    return &ls->tags[(hash ^ word) * odd >> 60];
}

void cs_ls_push_tag_record(cs_machine *the, cs_liveslots *ls, cs_bytes iface)
{
    if (iface.size > NAME_MAX_SIZE) {
        cs_push_iface_prototype(the, iface);
        return;
    }
    struct cs_ls_tag *t = place_of(ls, iface);
    if (t->record != NULL && cs_bytes_equal((cs_bytes){ t->name, t->size }, iface)) {
        mxPushReference(t->record);
        return;
    }
    cs_push_iface_prototype(the, iface);
    t->record = the->stack->value.reference;
    t->size = (uint8_t)iface.size;
    memcpy(t->name, iface.data, iface.size);
}

void cs_ls_mark_tags(cs_machine *the, cs_liveslots *ls, cs_marker *mark_one)
{
    for (size_t i = 0; ls->tags != NULL && i < TAGS; i++)
        if (ls->tags[i].record != NULL)
            mark_one(the, ls->tags[i].record);
}
