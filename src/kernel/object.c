#include "kernel/object.h"

#include "kernel/refcount.h"

cs_kref cs_object_new(cs_kernel *k, cs_vatid owner)
{
    cs_meta *meta = k->crank.meta;
    if (!cs_need_id(k, meta->next_object))
        return cs_kref_of(CS_REF_OBJECT, CS_REF_ID_MAX);
    cs_kref object = cs_kref_of(CS_REF_OBJECT, meta->next_object++); /* S4g: never reused */
    cs_object_row *row = cs_object_add(k->store, object);
    row->owner = owner;
    meta->stats[CS_STAT_OBJECTS]++;
    return object;
}

void cs_object_orphan(cs_kernel *k, cs_kref object)
{
    const cs_object_row *row = cs_need_object(k, object);
    if (row == NULL)
        return;
    cs_object_change(k->store, row)->owner = (cs_vatid){ 0 };
    cs_ref_maybe_free(k, object);
}

void cs_object_remove(cs_kernel *k, cs_kref object)
{
    cs_object_delete(k->store, object);
    cs_stat_sub(k, CS_STAT_OBJECTS, 1);
}

bool cs_object_can_be_named(cs_kernel *k, cs_kref object)
{
    const cs_object_row *row = cs_object_find(k->store, object);
    if (row == NULL || row->reachable > 0)
        return row != NULL;
    const cs_clist_row *export = NULL;
    if (row->owner.n != 0 && cs_vat_is_live(k->store, row->owner))
        export = cs_clist_find_kref(k->store, row->owner, object);
    return export != NULL && export->reachable;
}
