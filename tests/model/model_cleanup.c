/* What a terminated vat leaves is deleted bit by bit (S10): exports, imports, promises, device nodes in the
 * order of its names for them, then its transcript, then it is forgotten. */
#include "model_int.h"

/* Exports of objects, imports of objects, imports of promises, promises of its own, device nodes. */
static int phase_of(const model_entry *e)
{
    if (e->vref.type == 'd')
        return 5;
    return e->vref.type == 'o' ? (e->vref.by_vat ? 1 : 2) : (e->vref.by_vat ? 4 : 3);
}

static model_entry *first_entry(model *m, int vat)
{
    model_entry *first = NULL;
    for (int i = 0; i < MODEL_ENTRIES; i++) {
        model_entry *e = &m->vats[vat].entries[i];
        if (e->vref.type == 0)
            continue;
        int later = first == NULL ? -1 : phase_of(e) - phase_of(first);
        if (first == NULL || later < 0 || (later == 0 && e->vref.id < first->vref.id))
            first = e;
    }
    return first;
}

/* False: nothing is left. */
static bool remove_one(model *m, int vat)
{
    model_entry *e = first_entry(m, vat);
    if (e == NULL)
        return m->vats[vat].deliveries-- > 0;
    if (e->vref.type == 'o' && e->vref.by_vat)
        model_orphan(m, e->ref, MODEL_SAW_orphan_retires_after_termination);
    model_remove_entry(e);
    return true;
}

bool model_cleanup_crank(model *m)
{
    if (m->ended.count == 0 || m->cleanup_max == 0)
        return false;
    int vat = m->ended.vats[0], left = m->cleanup_max;
    while (left > 0 && remove_one(m, vat))
        left--;
    m->kind = MODEL_OF_EVENT;
    if (left == 0) {
        model_saw(MODEL_SAW_cleaned_up_in_parts);
        return true;
    }
    model_saw(MODEL_SAW_forgotten);
    m->vats[vat].forgotten = true;
    for (int i = 1; i < m->ended.count; i++)
        m->ended.vats[i - 1] = m->ended.vats[i];
    m->ended.count--;
    return true;
}
