/* What goes out (S7): sends, and what the promises that we decide resolve to.
 *
 * A syscall may mention promises that are settled already. The kernel has forgotten them, or never
 * heard of them; so right behind the syscall goes one resolve with all of their resolutions, those
 * that their resolutions mention, and so on. Whatever promises are new to the kernel after that we
 * follow, in the order of their texts. */
#include "liveslots/state.h"

#include "base/limits.h"

#include <string.h>

/* --- promises whose resolution we know -------------------------------------------------------------- */

/* On the status slot of a promise of whose settling we have told the kernel once. Unused by XS there;
 * it goes where the promise goes. */
#define KNOWN_FLAG XS_DONT_DELETE_FLAG

static void note_known(cs_machine *the, cs_slot *promise)
{
    if (!cs_is_of_base(the, promise)) /* of those there is nothing to save by knowing */
        mxPromiseStatus(promise)->flag |= KNOWN_FLAG;
}

static bool is_known(const cs_slot *promise)
{
    return (mxPromiseStatus(promise)->flag & KNOWN_FLAG) != 0;
}

static bool is_promise(cs_vref v)
{
    return cs_vref_type(v) == CS_REF_PROMISE;
}

static bool mentions_promises(const cs_capdata *data)
{
    for (uint32_t i = 0; i < data->slot_count; i++)
        if (is_promise(data->slots[i]))
            return true;
    return false;
}

/* --- one batch of resolutions ----------------------------------------------------------------------- */

/* CapData whose slots are being looked through; the walk is depth first, without recursion, because
 * vats choose how long a chain is. */
typedef struct cs_walk {
    const cs_capdata *data;
    uint32_t next;
    struct cs_walk *outer;
} cs_walk;

/* In the arena; ls->resolved has the vpids of items. */
typedef struct cs_batch {
    cs_resolution *items;
    uint32_t count, cap;
    uint64_t body_bytes, slot_count;
    bool is_too_large;
    cs_walk *walk;
} cs_batch;

static cs_batch *new_batch(cs_liveslots *ls)
{
    if (ls->resolved.count > 0)
        cs_ls_empty(&ls->resolved);
    return cs_arena_take_zero(&ls->arena, 1, sizeof(cs_batch));
}

static void enter(cs_liveslots *ls, cs_batch *b, const cs_capdata *data)
{
    if (!mentions_promises(data))
        return;
    cs_walk *w = cs_arena_take(&ls->arena, sizeof *w);
    *w = (cs_walk){ .data = data, .outer = b->walk };
    b->walk = w;
}

static cs_resolution *add_item(cs_liveslots *ls, cs_batch *b)
{
    if (b->count == b->cap) {
        uint32_t cap = b->cap == 0 ? 1 : 2 * b->cap;
        cs_resolution *items = cs_arena_take(&ls->arena, cap * sizeof *items);
        if (b->count > 0)
            memcpy(items, b->items, b->count * sizeof *items);
        b->items = items;
        b->cap = cap;
    }
    return &b->items[b->count++];
}

/* Encodes the value, hardened, into *ret; or leaves what was thrown on the stack. */
static bool encode(cs_machine *the, cs_liveslots *ls, cs_slot *value, cs_capdata *ret)
{
    volatile bool done = false;
    mxTry(the)
    {
        cs_harden(the, value);
        cs_capdata data = cs_marshal_encode(the, ls->marshal, value);
        *ret = cs_ls_keep(ls, &data);
        done = true;
    }
    mxCatch(the)
    {
        cs_ls_push_caught(the);
    }
    return done;
}

/* The resolution of vpid; a value that cannot be passed turns into the error that says why. If that
 * cannot be passed either, because its message is a getter that throws, a text has to do. */
static void encode_resolution(cs_machine *the, cs_liveslots *ls, cs_batch *b, cs_resolution *r,
                              cs_slot *value)
{
    cs_slot *stack = the->stack;
    if (!encode(the, ls, value, &r->data)) {
        r->rejected = true;
        b->is_too_large = b->is_too_large || cs_ls_is_too_large(the->stack);
        if (!encode(the, ls, the->stack, &r->data)) {
            cs_push_text(the, CS_BYTES("error that cannot be passed"));
            (void)encode(the, ls, the->stack, &r->data);
        }
    }
    the->stack = stack;
}

static void add_resolution(cs_machine *the, cs_liveslots *ls, cs_batch *b, cs_vref vpid,
                           bool rejected, cs_slot *value)
{
    cs_map_put(&ls->resolved, vpid.bits)->value = 1;
    cs_resolution *r = cs_arena_take_zero(&ls->arena, 1, sizeof *r);
    *r = (cs_resolution){ .promise = vpid, .rejected = rejected };
    encode_resolution(the, ls, b, r, value);
    cs_ls_retain(ls, &r->data);
    *add_item(ls, b) = *r;
    b->body_bytes += r->data.body.size;
    b->slot_count += r->data.slot_count;
    enter(ls, b, &r->data);
}

static void add_known(cs_machine *the, cs_liveslots *ls, cs_batch *b, cs_vref vpid)
{
    cs_slot *promise = cs_ls_value(ls, vpid);
    if (!is_known(promise) || cs_map_find(&ls->resolved, vpid.bits) != NULL)
        return;
    mxPushSlot(mxPromiseResult(promise));
    bool rejected = mxPromiseStatus(promise)->value.integer == mxRejectedStatus;
    add_resolution(the, ls, b, vpid, rejected, the->stack);
    mxPop();
}

static void walk(cs_machine *the, cs_liveslots *ls, cs_batch *b)
{
    while (b->walk != NULL) {
        cs_walk *w = b->walk;
        if (w->next == w->data->slot_count) {
            b->walk = w->outer;
            continue;
        }
        cs_vref v = w->data->slots[w->next++];
        if (is_promise(v))
            add_known(the, ls, b, v);
    }
}

/* --- following -------------------------------------------------------------------------------------- */

static uint32_t add_new(cs_liveslots *ls, const cs_capdata *data, cs_vref *items, uint32_t count)
{
    for (uint32_t i = 0; i < data->slot_count; i++) {
        uint64_t bits = data->slots[i].bits;
        if (is_promise(data->slots[i]) && cs_map_find(&ls->resolved, bits) == NULL &&
            cs_map_find(&ls->decided, bits) == NULL && cs_map_find(&ls->imports, bits) == NULL)
            items[count++] = data->slots[i];
    }
    return count;
}

/* Follows the promises that the kernel has just heard of for the first time. */
static void follow_new(cs_machine *the, cs_liveslots *ls, const cs_capdata *data, const cs_batch *b)
{
    uint32_t count = 0;
    cs_vref *items = cs_arena_take(&ls->arena, (data->slot_count + b->slot_count) * sizeof *items);
    count = add_new(ls, data, items, count);
    for (uint32_t i = 0; i < b->count; i++)
        count = add_new(ls, &b->items[i].data, items, count);
    cs_ls_sort(items, count);
    for (uint32_t i = 0; i < count; i++)
        if (i == 0 || !cs_vref_same(items[i], items[i - 1]))
            cs_ls_follow(the, ls, items[i], cs_ls_value(ls, items[i]));
}

/* Makes the batch a syscall and forgets what it resolves (L4). False: it is too large, and the vat
 * has been made to exit. */
static bool resolve(cs_machine *the, cs_liveslots *ls, const cs_batch *b)
{
    if (b->is_too_large || b->body_bytes > CS_BODY_MAX || b->slot_count > CS_SLOTS_MAX) {
        cs_ls_exit_too_large(the, ls);
        return false;
    }
    cs_ls_resolve(ls, b->items, b->count);
    for (uint32_t i = 0; i < b->count; i++)
        cs_ls_forget_promise(ls, b->items[i].promise);
    return true;
}

/* A promise that we decide has settled. */
static void settled(cs_machine *the, void *guest, uint64_t data, bool fulfilled, cs_slot *value)
{
    cs_liveslots *ls = guest;
    cs_vref vpid = { data };
    note_known(the, cs_map_ptr(&ls->decided, vpid.bits));
    cs_batch *b = new_batch(ls);
    add_resolution(the, ls, b, vpid, !fulfilled, value);
    walk(the, ls, b);
    if (!resolve(the, ls, b))
        return;
    follow_new(the, ls, &(cs_capdata){ 0 }, b);
    (void)cs_map_remove(&ls->decided, vpid.bits);
}

void cs_ls_follow(cs_machine *the, cs_liveslots *ls, cs_vref vpid, cs_slot *promise)
{
    cs_map_put(&ls->decided, vpid.bits)->ptr = promise;
    cs_promise_then(the, promise, settled, vpid.bits);
}

/* --- sends ------------------------------------------------------------------------------------------ */

/* Pushes [key, args], hardened like args. */
static void push_methargs(cs_machine *the, const cs_outgoing *out)
{
    enum { HARDENED_ITEM = XS_DONT_DELETE_FLAG | XS_DONT_SET_FLAG };
    mxPush(mxArrayPrototype);
    cs_slot *array = fxNewArrayInstance(the), *items = array->next;
    fxSetIndexSize(the, items, 2, XS_CHUNK);
    cs_slot *item = items->value.array.address;
    for (txIndex i = 0; i < 2; i++) {
        *((txIndex *)&item[i]) = i;
        item[i].ID = XS_NO_ID;
        item[i].flag = HARDENED_ITEM;
        item[i].kind = XS_UNDEFINED_KIND;
    }
    if (out->op == CS_SEND_METHOD) {
        item[0].kind = out->key->kind;
        item[0].value = out->key->value;
    }
    item[1].kind = out->args->kind;
    item[1].value = out->args->value;
    items->flag |= XS_DONT_SET_FLAG;
    array->flag |= XS_DONT_PATCH_FLAG | XS_DONT_MARSHALL_FLAG;
}

/* Encodes before anything changes: a message that cannot be encoded leaves nothing behind. */
static cs_message encode_message(cs_machine *the, cs_liveslots *ls, const cs_outgoing *out)
{
    push_methargs(the, out);
    cs_capdata methargs = cs_marshal_encode(the, ls->marshal, the->stack);
    mxPop();
    return (cs_message){
        .target = { out->handle },
        .methargs = cs_ls_keep(ls, &methargs),
        .result = out->result != NULL ? cs_ls_next_promise(ls) : (cs_vref){ 0 },
    };
}

/* What settles the answer is a promise that nobody sees, made native, which the answer follows, as in
 * the reference: it takes a turn, and what is resolved to the answer follows that promise too. */
static void import_answer(cs_machine *the, cs_liveslots *ls, cs_vref vpid, cs_slot *answer)
{
    cs_promise_push(the, vpid.bits);
    cs_map_put(&ls->imports, vpid.bits)->ptr = the->stack->value.reference;
    cs_ls_register(ls, vpid, answer);
    cs_promise_resolve(the, answer, the->stack);
    mxPop();
}

/* What the kernel must know of the promises in a message that has been sent. */
static bool tell_promises(cs_machine *the, cs_liveslots *ls, const cs_capdata *methargs)
{
    if (!mentions_promises(methargs))
        return true;
    cs_batch *b = new_batch(ls);
    enter(ls, b, methargs);
    walk(the, ls, b);
    if (b->count > 0 && !resolve(the, ls, b))
        return false;
    follow_new(the, ls, methargs, b);
    return true;
}

void cs_ls_send_hook(cs_machine *the, void *guest, const cs_outgoing *out)
{
    cs_liveslots *ls = guest;
    if (out->op == CS_SEND_GET) {
        cs_ls_get(the, ls, out);
        return;
    }
    cs_message m = encode_message(the, ls, out);
    cs_ls_retain(ls, &m.methargs);
    if (out->result != NULL)
        import_answer(the, ls, m.result, out->result);
    cs_ls_send(ls, &m);
    if (tell_promises(the, ls, &m.methargs) && out->result != NULL)
        cs_ls_subscribe(ls, m.result);
}
