/* What a random vat says. Plausible most of the time, so that it lives and gets far; now and then
 * anything at all. */
#include <stdio.h>
#include <string.h>

#include "raw_text.h"
#include "rig.h"

/* Anything, mostly illegal. */
static model_vref random_vref(tape *t)
{
    static const char types[] = "opopopd";
    bool by_vat = tape_bool(t);
    return (model_vref){ types[tape_below(t, sizeof types - 1)], by_vat,
                         by_vat ? (int)tape_below(t, MODEL_OWN) : (int)tape_between(t, 50, 70) };
}

/* Its own, new or known. */
static model_vref own_vref(tape *t, char type)
{
    return (model_vref){ type, true, (int)tape_below(t, MODEL_OWN) };
}

static model_vref fresh_promise(tape *t)
{
    return (model_vref){ 'p', true, (int)tape_between(t, 20, 1000) };
}

/* What is wanted of an entry of its c-list. */
typedef enum wanted {
    USABLE,
    USABLE_OBJECT,
    HELD_IMPORT,
    DROPPED_IMPORT,
    HELD_EXPORT,
    DROPPED_EXPORT,
    PROMISE,
    DECIDED,
    NODE,
} wanted;

static bool is_wanted(const rig *r, int vat, const model_entry *e, wanted w)
{
    bool is_object = e->vref.type == 'o', is_usable = e->reachable || e->vref.by_vat;
    if (e->vref.type == 'd')
        return w == NODE || w == USABLE;
    const model_promise *promise = is_object ? NULL : &r->now.promises[-e->ref];
    switch (w) {
    case USABLE:
        return is_usable;
    case USABLE_OBJECT:
        return is_object && is_usable;
    case HELD_IMPORT:
    case DROPPED_IMPORT:
        return is_object && !e->vref.by_vat && e->reachable == (w == HELD_IMPORT);
    case HELD_EXPORT:
    case DROPPED_EXPORT:
        return is_object && e->vref.by_vat && e->reachable == (w == HELD_EXPORT);
    case PROMISE:
        return !is_object;
    case DECIDED:
        return !is_object && !promise->resolved && promise->decider == vat;
    case NODE:
        break;
    }
    return false;
}

static void spend(rig *r, model_vref v)
{
    if (r->spent_count < RIG_SPENT_MAX)
        r->spent[r->spent_count++] = v;
}

/* To name them once more is mostly illegal: now and then it is done. */
static bool is_spent(const rig *r, const model_entry *e)
{
    for (int i = 0; i < r->spent_count; i++)
        if (r->spent[i].type == e->vref.type && r->spent[i].by_vat == e->vref.by_vat &&
            r->spent[i].id == e->vref.id)
            return true;
    return false;
}

/* Places in the vat's entries. Gives how many. */
static int find(const rig *r, int vat, wanted w, bool spent_too, int list[MODEL_ENTRIES])
{
    int count = 0;
    for (int i = 0; i < MODEL_ENTRIES; i++) {
        const model_entry *e = &r->now.vats[vat].entries[i];
        if (e->vref.type != 0 && is_wanted(r, vat, e, w) && (spent_too || !is_spent(r, e)))
            list[count++] = i;
    }
    return count;
}

/* One of them, or `other` if there is none. */
static model_vref known_vref(rig *r, int vat, wanted w, bool spent_too, model_vref other)
{
    int list[MODEL_ENTRIES], count = find(r, vat, w, spent_too, list);
    if (count == 0)
        return other;
    return r->now.vats[vat].entries[list[tape_below(r->t, (uint64_t)count)]].vref;
}

static bool slips(rig *r)
{
    return tape_below(r->t, 100) == 99;
}

static model_vref some_vref(rig *r, int vat, wanted w)
{
    model_vref own = own_vref(r->t, w == USABLE && tape_chance(r->t, 30) ? 'p' : 'o');
    if (tape_below(r->t, 800) == 799)
        return random_vref(r->t);
    return tape_chance(r->t, 40) ? own : known_vref(r, vat, w, slips(r), own);
}

static int some_slots(rig *r, int vat, model_vref *ret)
{
    int count = (int)tape_below(r->t, MODEL_SLOTS + 1);
    for (int i = 0; i < count; i++)
        ret[i] = some_vref(r, vat, tape_chance(r->t, 25) ? USABLE : USABLE_OBJECT);
    return count;
}

/* ---- messages and promises ---- */

static void random_send(rig *r, int vat, model_syscall *s)
{
    unsigned passes_on = r->now.vats[vat].options.pipelining ? 50 : 1;
    s->kind = MODEL_SYS_SEND;
    s->target = some_vref(r, vat, USABLE);
    if (tape_chance(r->t, 75))
        s->target = known_vref(r, vat, HELD_IMPORT, false, s->target);
    s->method = (int)tape_below(r->t, 5);
    s->slot_count = some_slots(r, vat, s->slots);
    if (tape_chance(r->t, 30)) {
        s->result = fresh_promise(r->t);
        if (tape_chance(r->t, passes_on))
            s->result = known_vref(r, vat, DECIDED, slips(r), s->result);
        spend(r, s->result);
    }
}

static void random_resolution(rig *r, int vat, model_resolution *ret)
{
    wanted w = tape_below(r->t, 300) == 299 ? PROMISE : DECIDED;
    ret->promise = known_vref(r, vat, w, slips(r), fresh_promise(r->t));
    spend(r, ret->promise);
    ret->rejected = tape_chance(r->t, 30);
    ret->shape = (model_shape)tape_below(r->t, 3);
    if (ret->shape == MODEL_ARRAY)
        ret->slot_count = some_slots(r, vat, ret->slots);
    if (ret->shape == MODEL_LONE) {
        bool any = ret->rejected || slips(r);
        ret->slots[ret->slot_count++] = some_vref(r, vat, any ? USABLE : USABLE_OBJECT);
    }
}

static void random_resolve(rig *r, int vat, model_syscall *s)
{
    s->kind = MODEL_SYS_RESOLVE;
    s->batch_count = tape_chance(r->t, 75) ? 1 : 2;
    for (int i = 0; i < s->batch_count; i++)
        random_resolution(r, vat, &s->batch[i]);
}

/* ---- calls of the device ---- */

/* Mostly not critical, suspended if need be, with a bundle, with a meter that there is. */
static int random_options(rig *r)
{
    int code = (int)tape_below(r->t, 64), meter = code / 16;
    if (tape_chance(r->t, 70))
        code = (code & ~4) | 8;
    while (meter > 0 && !r->now.meters[meter].exists && !tape_chance(r->t, 10))
        meter--;
    return code % 16 + 16 * meter + (tape_chance(r->t, 15) ? 64 : 0);
}

static int some_meter(rig *r)
{
    int meter = (int)tape_between(r->t, 1, MODEL_METERS);
    while (meter > 1 && !r->now.meters[meter % MODEL_METERS].exists && !tape_chance(r->t, 10))
        meter--;
    return meter;
}

static int random_method(rig *r, int vat)
{
    static const int simple[] = { MODEL_ECHO, MODEL_KEEP,      MODEL_TELL,
                                  MODEL_KEEP, MODEL_GIVE_NODE, MODEL_THROW };
    uint64_t dice = tape_below(r->t, 100);
    if (dice >= 40 && !r->now.meters[1].exists)
        return MODEL_NEW_METER + (int)tape_below(r->t, MODEL_METER_CODES);
    if (dice < 35)
        return tape_pick(r->t, simple);
    if (dice < 42)
        return MODEL_NEW_METER + (int)tape_below(r->t, MODEL_METER_CODES);
    if (dice < 62)
        return MODEL_FILL_METER + some_meter(r);
    if (dice < 65)
        return MODEL_END_VAT + vat;
    if (dice < 69)
        return MODEL_END_VAT +
               (int)tape_between(r->t, (uint64_t)r->first_vat, (uint64_t)r->now.next_vat);
    return MODEL_CREATE + random_options(r);
}

/* False: the vat has no node of it. */
static bool random_call(rig *r, int vat, model_syscall *s)
{
    s->target = known_vref(r, vat, NODE, true, (model_vref){ 0 });
    if (s->target.type == 0)
        return false;
    s->kind = MODEL_SYS_CALL;
    s->answer = cs_arena_take_zero(&r->arena, 1, MODEL_TEXT);
    if (slips(r))
        s->target = some_vref(r, vat, USABLE);
    s->method = random_method(r, vat);
    s->slot_count = (int)tape_below(r->t, MODEL_SLOTS + 1);
    for (int i = 0; i < s->slot_count; i++)
        s->slots[i] = some_vref(r, vat, tape_chance(r->t, 5) ? USABLE : USABLE_OBJECT);
    if (s->method < MODEL_CREATE || tape_chance(r->t, 20))
        return true;
    s->slots[0] = s->target; /* who is made can go on with it */
    s->slot_count += s->slot_count == 0;
    return true;
}

/* ---- drops and retires ---- */

/* Of the right sort, mostly in the right state; or in the other one, or unknown, or wrong. */
static model_vref gc_vref(rig *r, int vat, wanted right, wanted other, bool is_export)
{
    model_vref unknown = { 'o', is_export, is_export ? 77 : 999 };
    uint64_t dice = tape_below(r->t, 200);
    if (dice == 199)
        return random_vref(r->t);
    if (dice >= 194)
        return unknown;
    return known_vref(r, vat, dice >= 150 ? other : right, tape_chance(r->t, 15), unknown);
}

/* False: the vat has nothing of the kind. */
static bool random_gc(rig *r, int vat, model_syscall *s)
{
    static const struct {
        model_syscall_kind kind;
        int below; /* of 100 */
        wanted right, other;
    } kinds[] = {
        { MODEL_SYS_DROP, 50, HELD_IMPORT, DROPPED_IMPORT },
        { MODEL_SYS_RETIRE, 72, DROPPED_IMPORT, HELD_IMPORT },
        { MODEL_SYS_RETIRE_EXPORTS, 95, DROPPED_EXPORT, HELD_EXPORT },
        { MODEL_SYS_ABANDON, 100, HELD_EXPORT, DROPPED_EXPORT },
    };
    int dice = (int)tape_below(r->t, 100), i = 0, list[MODEL_ENTRIES];
    while (dice >= kinds[i].below)
        i++;
    if (find(r, vat, kinds[i].right, false, list) == 0 && !tape_chance(r->t, 10))
        return false;
    s->kind = kinds[i].kind;
    s->slot_count = s->kind == MODEL_SYS_ABANDON ? 1 : (int)tape_between(r->t, 1, MODEL_SLOTS);
    for (int j = 0; j < s->slot_count; j++) {
        s->slots[j] = gc_vref(r, vat, kinds[i].right, kinds[i].other, i >= 2);
        spend(r, s->slots[j]);
    }
    return true;
}

/* The same references once more: what was just dropped is retired, or named twice. */
static void once_more(rig *r, const model_syscall *last, model_syscall *s)
{
    *s = *last;
    if (last->kind == MODEL_SYS_DROP && !tape_chance(r->t, 15))
        s->kind = MODEL_SYS_RETIRE;
}

/* ---- a reply ---- */

static void random_exit(rig *r, int vat, model_syscall *s)
{
    s->kind = tape_bool(r->t) ? MODEL_SYS_FAIL : MODEL_SYS_EXIT;
    s->slot_count = some_slots(r, vat, s->slots);
}

static model_syscall random_syscall(rig *r, int vat, const model_syscall *last)
{
    static const unsigned gc_share[RIG_MOODS] = { 10, 30, 60, 10 },
                          calls[RIG_MOODS] = { 3, 3, 3, 55 };
    model_syscall s = { .kind = MODEL_SYS_SUBSCRIBE };
    if (last != NULL && last->kind >= MODEL_SYS_DROP && last->kind <= MODEL_SYS_ABANDON &&
        tape_chance(r->t, 30)) {
        once_more(r, last, &s);
        return s;
    }
    if (tape_chance(r->t, r->quiet > 0 ? 80 : gc_share[r->mood]) && random_gc(r, vat, &s))
        return s;
    bool ends = last != NULL && last->kind == MODEL_SYS_CALL && last->method >= MODEL_END_VAT &&
                last->method < MODEL_CREATE;
    if (ends && tape_chance(r->t, 60)) {
        random_exit(r, vat, &s);
        return s;
    }
    if (tape_chance(r->t, calls[r->mood]) && random_call(r, vat, &s))
        return s;
    uint64_t dice = tape_below(r->t, 100);
    if (dice < 45) {
        random_send(r, vat, &s);
    } else if (dice < 80) {
        random_resolve(r, vat, &s);
    } else if (dice < 97) {
        s.target = known_vref(r, vat, PROMISE, slips(r), own_vref(r->t, 'p'));
    } else if (tape_chance(r->t, 20)) {
        random_exit(r, vat, &s);
    } else {
        s.target = own_vref(r->t, 'p');
    }
    return s;
}

static void random_heap(rig *r, model_reply *ret)
{
    static const long heaps[] = { 1000, 0, 1 << 20, (1 << 20) + 1, 160000000 };
    ret->heap = tape_pick(r->t, heaps);
    const long allocated[] = { 0, 1, ret->heap / 16, ret->heap / 16 + 1, ret->heap };
    ret->allocated = tape_pick(r->t, allocated);
    ret->watched = (int)tape_below(r->t, 3);
    ret->dead_left = tape_chance(r->t, 5) ? 1 : 0;
    ret->collected = tape_chance(r->t, r->now.kind == MODEL_OF_BOYD ? 90 : 20);
    ret->lie = !tape_chance(r->t, 15) ? 0 : tape_bool(r->t) ? MODEL_UNKNOWN : 1;
}

/* While much is waiting, to add to it would only keep it from happening. */
static int random_count(rig *r)
{
    bool is_busy = r->quiet > 0 || model_queued(&r->now, MODEL_RUN) > 6;
    return (int)tape_below(r->t, is_busy ? 3 : RIG_SYSCALLS_MAX + 1);
}

void rig_reply(rig *r, int vat, model_syscall *syscalls, cs_syscall *parsed, model_reply *ret)
{
    static const long computrons[] = { 1, 0, 8, 20, 45 };
    *ret = (model_reply){ .syscalls = syscalls };
    if (r->silent)
        return;
    ret->count = random_count(r);
    ret->is_error =
        tape_below(r->t, 400) == 399 ||
        (r->now.is_start && r->now.vats[vat].options.has_admin && tape_below(r->t, 8) == 7);
    ret->is_out = tape_below(r->t, 400) == 399;
    ret->computrons = tape_pick(r->t, computrons);
    random_heap(r, ret);
    r->spent_count = 0;
    for (int i = 0; i < ret->count; i++) {
        char *text = cs_arena_take(&r->arena, MODEL_TEXT);
        syscalls[i] = random_syscall(r, vat, i > 0 ? &syscalls[i - 1] : NULL);
        model_syscall_text(&syscalls[i], text);
        raw_syscall_parse(&r->arena, text, &parsed[i]);
        rig_note_more(r, text);
    }
}
