/* When vats are to bring out their dead: by the host, by what they say, by S14's counters, when they
 * are lonely, when nothing else is to be done. */
#include "model_int.h"

enum { LONELY_AFTER = 1000, SMALL_HEAP = 1 << 20, BIG_HEAP_SHARE = 16 };

/* ---- lines of vats ---- */

bool model_line_has(const model_line *l, int vat)
{
    for (int i = 0; i < l->count; i++)
        if (l->vats[i] == vat)
            return true;
    return false;
}

void model_line_add(model_line *l, int vat)
{
    if (!model_line_has(l, vat))
        l->vats[l->count++] = vat;
}

static int line_take(model_line *l)
{
    int first = l->vats[0];
    l->count--;
    for (int i = 0; i < l->count; i++)
        l->vats[i] = l->vats[i + 1];
    return first;
}

/* ---- why ---- */

static bool is_dirty(const model_vat *v)
{
    return v->live && v->allocated > 0;
}

static long threshold(long own, long otherwise)
{
    return own != 0 ? own : otherwise;
}

static bool reaches(long *counter, long by, long limit)
{
    if (limit == MODEL_NEVER)
        return false;
    *counter += by;
    return *counter >= limit;
}

static void account_dirt(model *m, int vat)
{
    model_vat *v = &m->vats[vat];
    if (m->kind == MODEL_OF_BOYD) {
        v->dirt_deliveries = v->dirt_gc_krefs = 0;
        return;
    }
    if (v->options.never_reap || m->policy != MODEL_BATCHED)
        return;
    bool many =
        reaches(&v->dirt_deliveries, 1, threshold(v->options.reap_interval, m->default_interval));
    bool lost = reaches(&v->dirt_gc_krefs, m->krefs,
                        threshold(v->options.reap_gc_krefs, m->default_gc_krefs));
    if (!many && !lost)
        return;
    model_saw(many ? MODEL_SAW_reap_deliveries : MODEL_SAW_reap_gc_krefs);
    model_line_add(&m->reap, vat);
}

/* A BOYD that changes nothing asks for no other, whatever its worker says: or it might never end. */
static bool asks_again(const model *m, const model_reply *reply, const model_outcome *o)
{
    return reply->dead_left > 0 && (m->kind != MODEL_OF_BOYD || o->dropped + o->retired > 0);
}

void model_account(model *m, int vat, const model_reply *reply, const model_outcome *o)
{
    model_vat *v = &m->vats[vat];
    bool is_clean = m->kind == MODEL_OF_BOYD || reply->collected || reply->watched == 0;
    v->last_crank = m->crank;
    v->heap = reply->heap;
    v->allocated = is_clean ? 0 : reply->allocated;
    account_dirt(m, vat);
    if (v->options.never_reap) {
        model_saw(MODEL_SAW_never_reaps);
        return;
    }
    if (asks_again(m, reply, o)) {
        model_saw(MODEL_SAW_reap_dead_left);
        model_line_add(&m->reap, vat);
    }
    if (is_dirty(v))
        model_line_add(&m->lonely, vat);
}

void model_look_at_lonely(model *m)
{
    if (m->policy != MODEL_PACED || m->lonely.count == 0)
        return;
    int vat = line_take(&m->lonely);
    if (!is_dirty(&m->vats[vat])) {
        model_saw(MODEL_SAW_clean_in_the_lonely_line);
        return;
    }
    if (m->vats[vat].last_crank + LONELY_AFTER > m->crank) {
        model_line_add(&m->lonely, vat);
        return;
    }
    model_saw(MODEL_SAW_reap_lonely);
    model_line_add(&m->reap, vat);
}

static bool is_due_at_idle(const model_vat *v)
{
    return is_dirty(v) && (v->heap <= SMALL_HEAP || v->allocated >= v->heap / BIG_HEAP_SHARE);
}

bool model_idle_reaps(model *m)
{
    bool any = false;
    model_line others = { .count = 0 };
    if (m->policy != MODEL_PACED)
        return false;
    for (int vat = 1; vat < m->next_vat; vat++)
        if (model_line_has(&m->lonely, vat) && is_due_at_idle(&m->vats[vat])) {
            any = true;
            model_saw(MODEL_SAW_reap_idle);
            model_line_add(&m->reap, vat);
        }
    for (int i = 0; i < m->lonely.count; i++)
        if (is_dirty(&m->vats[m->lonely.vats[i]]) && !model_line_has(&m->reap, m->lonely.vats[i]))
            model_line_add(&others, m->lonely.vats[i]);
    if (any)
        m->lonely = others;
    return any;
}

/* ---- and what then ---- */

bool model_reap_crank(model *m, model_effect *ret, model_out *o)
{
    if (m->reap.count == 0)
        return false;
    ret->vat = line_take(&m->reap);
    ret->kind = MODEL_CRANK;
    m->kind = MODEL_OF_BOYD;
    if (!m->vats[ret->vat].live) {
        model_saw(MODEL_SAW_reap_of_the_dead);
        return true;
    }
    model_saw(MODEL_SAW_boyd);
    if (!m->vats[ret->vat].started)
        model_saw(MODEL_SAW_boyd_before_start);
    ret->kind = MODEL_DELIVER;
    model_say(o, "bringOutYourDead");
    return true;
}

model_collect model_collects(const model *m, int vat)
{
    if (m->kind == MODEL_OF_BOYD)
        return MODEL_COLLECT_NOW;
    if (m->vats[vat].options.never_reap || m->policy == MODEL_BATCHED)
        return MODEL_COLLECT_NEVER;
    return m->policy == MODEL_PROMPT ? MODEL_COLLECT_NOW : MODEL_COLLECT_WHEN_DUE;
}

void model_end_crank(model *m)
{
    model_sweep(m);
    m->crank++;
    model_look_at_lonely(m);
    m->kind = MODEL_OF_EVENT;
    m->krefs = 0;
}

bool model_reap(model *m, int vat)
{
    if (!m->vats[vat].live)
        return false;
    model_saw(MODEL_SAW_reap_by_host);
    model_line_add(&m->reap, vat);
    return true;
}

void model_reap_all(model *m)
{
    for (int vat = 1; vat < m->next_vat; vat++)
        (void)model_reap(m, vat);
}

void model_set_defaults(model *m, long interval, long gc_krefs)
{
    m->default_interval = threshold(interval, m->default_interval);
    m->default_gc_krefs = threshold(gc_krefs, m->default_gc_krefs);
}
