/* The walk keeps its own stack: a vat can build a chain of any length, one resolution at a time. */
#include "kernel/notify.h"

#include "base/alloc.h"
#include "base/map.h"
#include "kernel/crank.h"
#include "kernel/promise.h"

#include <string.h>

typedef struct walk {
    cs_kernel *k;
    cs_settled_list found;
    cs_map seen;
    cs_kref_list stack; /* to visit; what is on it twice is visited once */
} walk;

static void push(walk *w, cs_kref promise)
{
    cs_kref_list *s = &w->stack;
    if (s->count == s->cap) {
        s->cap = s->cap == 0 ? 16 : s->cap * 2;
        s->items = cs_realloc(s->items, s->cap, sizeof *s->items);
    }
    s->items[s->count++] = promise;
}

static void add_found(walk *w, const cs_settled *settled)
{
    cs_settled_list *f = &w->found;
    if (f->count == f->cap) {
        size_t cap = f->cap == 0 ? 1 : f->cap * 2;
        cs_settled *items = cs_arena_take(&w->k->crank.arena, cap * sizeof *items);
        if (f->count > 0)
            memcpy(items, f->items, f->count * sizeof *items);
        *f = (cs_settled_list){ items, f->count, cap };
    }
    f->items[f->count++] = *settled;
}

static void push_mentioned(walk *w, const cs_kcapdata *d)
{
    for (uint32_t i = d->slot_count; i-- > 0;)
        if (cs_kref_type(d->slots[i]) == CS_REF_PROMISE)
            push(w, d->slots[i]);
}

static void visit(walk *w, cs_kref promise)
{
    const cs_promise_row *row = cs_need_promise(w->k, promise);
    if (row == NULL || row->state == CS_UNRESOLVED)
        return;
    cs_settled s = { promise, row->state == CS_REJECTED, { 0 } };
    if (!cs_kp_data(w->k, row, &w->k->crank.arena, &s.data))
        return;
    add_found(w, &s);
    push_mentioned(w, &s.data);
}

static bool first_time(walk *w, cs_kref promise)
{
    cs_map_entry *e = cs_map_put(&w->seen, promise.bits);
    return e->value++ == 0;
}

cs_settled_list cs_notify_closure(cs_kernel *k, cs_kref root)
{
    char text[CS_REF_TEXT_MAX];
    walk w = { .k = k };
    visit(&w, root);
    if (w.found.count == 0) /* S2: queued by a resolution, so it is resolved */
        cs_crank_fault(k, "%s: notified and not resolved", cs_kref_text(root, text));
    if (w.stack.count > 0)
        (void)first_time(&w, root);
    while (w.stack.count > 0) {
        cs_kref promise = w.stack.items[--w.stack.count];
        if (first_time(&w, promise))
            visit(&w, promise);
    }
    cs_map_fini(&w.seen);
    cs_free(w.stack.items);
    return w.found;
}
