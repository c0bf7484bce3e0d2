/* What the kernel says of who refers to one thing, put together as the model does: one holder of each
 * kind, vat and promise. */
#include <stdio.h>

#include "rig.h"

typedef struct gathered {
    model_holder list[MODEL_HOLDERS];
    int count;
    bool entries_over, out_of_order, too_many;
    uint64_t reachable, recognizable; /* what these holders make of an object's counts */
} gathered;

static model_holder *same_kind(gathered *g, const cs_holder *h)
{
    int promise = h->kind == CS_HELD_BY_PROMISE || h->kind == CS_HELD_BY_RESOLUTION
                      ? -(int)cs_kref_id(h->promise)
                      : 0;
    for (int i = 0; i < g->count; i++)
        if (g->list[i].kind == (model_holder_kind)h->kind && g->list[i].vat == (int)h->vat.n &&
            g->list[i].promise == promise)
            return &g->list[i];
    if (g->count == MODEL_HOLDERS)
        return NULL;
    g->list[g->count] = (model_holder){
        .kind = (model_holder_kind)h->kind,
        .vat = (int)h->vat.n,
        .promise = promise,
        .since = (long)h->since,
    };
    return &g->list[g->count++];
}

static bool is_entry(const cs_holder *h)
{
    return h->kind == CS_HELD_BY_VAT || h->kind == CS_HELD_BY_OWNER;
}

static void count_holder(gathered *g, const cs_holder *h)
{
    uint64_t n = h->kind == CS_HELD_BY_OWNER ? 0 : h->kind == CS_HELD_BY_HOST ? 1 : h->count;
    g->recognizable += n;
    g->reachable += h->reachable ? n : 0;
}

static bool gather(void *ctx, const cs_holder *h)
{
    gathered *g = ctx;
    model_holder *x = same_kind(g, h);
    if (x == NULL)
        return !(g->too_many = true);
    g->out_of_order |= is_entry(h) && g->entries_over;
    g->entries_over |= !is_entry(h);
    x->reachable = h->reachable;
    x->count += (int)h->count;
    if (is_entry(h))
        x->vref = (model_vref){ cs_vref_type(h->vref) == CS_REF_OBJECT ? 'o' : 'p',
                                cs_vref_by_vat(h->vref), (int)cs_vref_id(h->vref) };
    if (x->since > (long)h->since)
        x->since = (long)h->since;
    count_holder(g, h);
    return true;
}

static void holder_text(const model_holder *h, char text[static 160])
{
    static const char *const kinds[] = { "vat", "owner", "queue", "promise", "resolution", "host" };
    (void)snprintf(text, 160, "%s v%d %c%c%d %s kp%d x%d since %ld", kinds[h->kind], h->vat,
                   h->vref.type != 0 ? h->vref.type : '?', h->vref.by_vat ? '+' : '-', h->vref.id,
                   h->reachable ? "R" : "_", -h->promise, h->count, h->since);
}

static const char *compare_holder(rig *r, const model_holder *want, const gathered *g)
{
    char a[160], b[160] = "none";
    for (int i = 0; i < g->count; i++)
        if (g->list[i].kind == want->kind && g->list[i].vat == want->vat &&
            g->list[i].promise == want->promise)
            holder_text(&g->list[i], b);
    holder_text(want, a);
    return rig_compare_text(r, "why", a, b);
}

static const char *compare_sums(rig *r, int ref, const gathered *g)
{
    const cs_object_row *row = ref > 0 ? cs_object_find(r->store, rig_kref(ref)) : NULL;
    const cs_promise_row *promise = ref < 0 ? cs_promise_find(r->store, rig_kref(ref)) : NULL;
    if (row != NULL && (row->reachable != g->reachable || row->recognizable != g->recognizable))
        return rig_differ(r, "why", "the sums", "other counts");
    if (promise != NULL && promise->refs != g->recognizable)
        return rig_differ(r, "why", "the sum", "another count");
    return NULL;
}

const char *rig_compare_why(rig *r, int ref)
{
    static model_holder want[MODEL_HOLDERS];
    static gathered g;
    g = (gathered){ 0 };
    bool exists = ref < MODEL_NODE && model_exists(&r->now, ref);
    cs_status st = cs_kernel_why(r->k, rig_kref(ref), gather, &g);
    if (st != (exists ? CS_OK : CS_E_NOT_FOUND))
        return rig_differ(r, "why", exists ? "exists" : "gone", cs_status_name(st));
    if (!exists)
        return NULL;
    if (g.out_of_order || g.too_many)
        return rig_differ(r, "why", "entries first", "other order, or too many");
    int count = model_why(&r->now, ref, want);
    const char *wrong = rig_compare_number(r, "why: holders", count, (unsigned)g.count);
    for (int i = 0; wrong == NULL && i < count; i++)
        wrong = compare_holder(r, &want[i], &g);
    return wrong != NULL ? wrong : compare_sums(r, ref, &g);
}
