/* The life of a vat's liveslots, and one delivery from its first turn to the reply (S6):
 *
 *   first turn     ours alone, unmetered: values are made, the message is on its way
 *   user turns     jobs run until there are none: the vat has lost agency
 *   reply          what happened, the syscalls in order, the meter
 *
 * A delivery fails by an error of our own first turn, by a buildRootObject that does not come to its
 * end, or by an abort of the engine, after which the heap is dead. */
#include "liveslots/state.h"

#include "base/alloc.h"
#include "engine/bundle.h"

#include <stdio.h>
#include <string.h>

/* --- hooks ------------------------------------------------------------------------------------------ */

static void mark(cs_machine *the, void *guest, cs_marker *mark_one)
{
    cs_ls_mark(the, guest, mark_one);
}

static void mark_weak(cs_machine *the, void *guest, cs_marker *mark_one)
{
    cs_ls_mark_weak(the, guest, mark_one);
}

static void sweep(cs_machine *the, void *guest, cs_marker *mark_one)
{
    cs_ls_sweep(the, guest, mark_one);
}

static void console(cs_machine *the, void *guest, const char *level, cs_bytes text)
{
    (void)the;
    cs_ls_say(guest, level, text);
}

static void rejection(cs_machine *the, void *guest, cs_slot *reason)
{
    cs_liveslots *ls = guest;
    cs_buf_clear(&ls->line);
    cs_buf_add_text(&ls->line, "unhandled rejection: ");
    cs_add_display(the, &ls->line, reason);
    cs_ls_say(ls, "error", cs_buf_bytes(&ls->line));
}

static const cs_heap_hooks hooks = {
    .mark = mark,
    .mark_weak = mark_weak,
    .sweep = sweep,
    .console = console,
    .rejection = rejection,
};

void cs_ls_say(cs_liveslots *ls, const char *level, cs_bytes text)
{
    if (ls->ops != NULL && ls->ops->say != NULL)
        ls->ops->say(ls->ctx, level, text);
}

/* --- failures --------------------------------------------------------------------------------------- */

void cs_ls_fail(cs_liveslots *ls, cs_status st, const char *format, ...)
{
    if (ls->failure.status != CS_OK)
        return;
    ls->failure.status = st;
    va_list args;
    va_start(args, format);
    (void)vsnprintf(ls->failure.text, sizeof ls->failure.text, format, args);
    va_end(args);
}

void cs_ls_fail_with(cs_machine *the, cs_liveslots *ls, cs_status st, const cs_slot *reason)
{
    cs_buf_clear(&ls->line);
    cs_add_display(the, &ls->line, reason);
    cs_ls_fail(ls, st, "%s", cs_buf_text(&ls->line));
}

/* S13: what user code exports begins here; lower ids are those of virtual data. */
enum { FIRST_OBJECT = 10, FIRST_PROMISE = 5, ERRORS_BEFORE = 70000 };

/* --- life ------------------------------------------------------------------------------------------- */

static void load(cs_machine *the, void *arg)
{
    cs_bundle_push_namespace(the, *(const cs_bytes *)arg, NULL);
    cs_ls_keep_entry(the, cs_ls_of(the));
}

/* As the reference does, so that an error's id tells the same in both. */
static void name_errors(cs_liveslots *ls, cs_vatid vat)
{
    char text[CS_REF_TEXT_MAX];
    (void)snprintf(ls->errors_name, sizeof ls->errors_name, "liveSlots:%s",
                   cs_vatid_text(vat, text));
    ls->errors_sent = ERRORS_BEFORE;
    cs_marshal_set_error_ids(ls->marshal,
                             (cs_error_ids){ .name = ls->errors_name, .count = &ls->errors_sent });
}

cs_status cs_liveslots_new(cs_base *base, cs_bytes bundle, const cs_liveslots_options *options,
                           cs_liveslots **ret_ls, cs_error *err)
{
    cs_liveslots *ls = CS_NEW(cs_liveslots);
    ls->ops = options->ops;
    ls->ctx = options->ctx;
    ls->computrons_max = options->computrons_max;
    ls->next_object = FIRST_OBJECT;
    ls->next_promise = FIRST_PROMISE;
    ls->marshal = cs_marshal_new(&cs_ls_slot_ops, ls);
    name_errors(ls, options->vat);
    cs_heap_options heap = { .bytes_max = options->heap_max, .hooks = &hooks, .guest = ls };
    cs_status st = cs_heap_new(base, &heap, &ls->heap, err);
    if (st == CS_OK) {
        cs_heap_set_send(ls->heap, cs_ls_send_hook);
        cs_meter_reset(ls->heap, ls->computrons_max);
        st = cs_fence(ls->heap, load, &bundle, err);
    }
    if (st == CS_OK) /* what the modules have queued comes before buildRootObject */
        st = cs_heap_drain(ls->heap, err);
    if (st != CS_OK) {
        (void)cs_liveslots_free(ls);
        return st;
    }
    *ret_ls = ls;
    return CS_OK;
}

cs_liveslots *cs_liveslots_free(cs_liveslots *ls)
{
    if (ls == NULL)
        return NULL;
    (void)cs_heap_free(ls->heap);
    (void)cs_marshal_free(ls->marshal);
    cs_map *maps[] = { &ls->values,  &ls->vrefs,       &ls->exported, &ls->imports,
                       &ls->decided, &ls->devices,     &ls->dropped,  &ls->dropped_exports,
                       &ls->gets,    &ls->new_imports, &ls->resolved };
    for (size_t i = 0; i < sizeof maps / sizeof maps[0]; i++)
        cs_map_fini(maps[i]);
    cs_ls_dead_fini(&ls->dead);
    cs_free(ls->listed);
    cs_ls_tags_fini(ls);
    cs_arena_fini(&ls->arena);
    cs_buf_fini(&ls->line);
    cs_free(ls->syscalls);
    return cs_free(ls);
}

/* --- a delivery ------------------------------------------------------------------------------------- */

static void dispatch(cs_machine *the, cs_liveslots *ls, const cs_delivery *d)
{
    switch (d->kind) {
    case CS_DELIVER_START_VAT:
        cs_ls_deliver_start(the, ls, &d->start);
        break;
    case CS_DELIVER_MESSAGE:
        cs_ls_deliver_message(the, ls, &d->message);
        break;
    case CS_DELIVER_NOTIFY:
        cs_ls_deliver_notify(the, ls, &d->notify);
        break;
    case CS_DELIVER_DROP_EXPORTS:
        cs_ls_deliver_drop_exports(ls, &d->refs);
        break;
    case CS_DELIVER_RETIRE_EXPORTS:
        cs_ls_deliver_retire_exports(ls, &d->refs);
        break;
    case CS_DELIVER_RETIRE_IMPORTS:
        cs_ls_deliver_retire_imports(ls, &d->refs);
        break;
    case CS_DELIVER_BRING_OUT_YOUR_DEAD:
        break; /* the end of the crank does it all */
    }
}

typedef struct cs_first_turn {
    cs_liveslots *ls;
    const cs_delivery *delivery;
} cs_first_turn;

static void first_turn(cs_machine *the, void *arg)
{
    const cs_first_turn *t = arg;
    cs_meter_pause(the);
    dispatch(the, t->ls, t->delivery);
    cs_meter_resume(the);
}

/* One delivery with very many syscalls must not pin their room. */
static void clear_syscalls(cs_liveslots *ls)
{
    enum { KEPT = 64 };
    if (ls->syscall_cap > KEPT) {
        ls->syscalls = cs_free(ls->syscalls);
        ls->syscall_cap = 0;
    }
    ls->syscall_count = 0;
}

static void begin(cs_liveslots *ls, const cs_delivery *d)
{
    cs_arena_clear(&ls->arena);
    clear_syscalls(ls);
    ls->syscall_bytes = 0;
    ls->failure = (cs_error){ 0 };
    ls->listed = cs_free(ls->listed);
    ls->collected = false;
    ls->in_notify = false;
    if (ls->new_imports.count > 0)
        cs_ls_empty(&ls->new_imports);
    /* S9: what evaluating the vat's modules took is startVat's, as in the reference. */
    if (d->kind != CS_DELIVER_START_VAT)
        cs_meter_reset(ls->heap, ls->computrons_max);
}

static bool is_about_drops(cs_delivery_kind kind)
{
    return kind == CS_DELIVER_DROP_EXPORTS || kind == CS_DELIVER_RETIRE_EXPORTS ||
           kind == CS_DELIVER_RETIRE_IMPORTS || kind == CS_DELIVER_BRING_OUT_YOUR_DEAD;
}

/* Drops may come before startVat; there is nothing to be dropped yet. */
static bool may_start(cs_liveslots *ls, const cs_delivery *d)
{
    bool is_absent = ls->root == CS_ROOT_ABSENT;
    if (is_absent && is_about_drops(d->kind))
        return false;
    bool good = (d->kind == CS_DELIVER_START_VAT) == is_absent;
    if (!good)
        cs_ls_fail(ls, CS_E_PROTOCOL, is_absent ? "delivery before startVat" : "second startVat");
    return good;
}

static void run(cs_liveslots *ls, const cs_delivery *d)
{
    cs_first_turn turn = { .ls = ls, .delivery = d };
    cs_error err = { 0 };
    cs_status st = cs_fence(ls->heap, first_turn, &turn, &err);
    if (st == CS_OK)
        st = cs_heap_drain(ls->heap, &err);
    if (st != CS_OK)
        cs_ls_fail(ls, st, "%s", err.text);
    else if (d->kind == CS_DELIVER_START_VAT)
        cs_ls_check_root(ls);
}

static void reply(const cs_liveslots *ls, cs_reply *ret_reply)
{
    cs_heap_figures f = cs_heap_read_figures(ls->heap);
    *ret_reply = (cs_reply){
        .status = ls->failure.status,
        .problem = cs_bytes_of(ls->failure.text),
        .syscalls = ls->syscalls,
        .syscall_count = ls->syscall_count,
        .computrons = ls->computrons,
        .heap_bytes = f.live_bytes + f.allocated_bytes,
        .allocated_bytes = cs_ls_suspect_bytes(ls, &f),
        .imports_held = ls->imports_held,
        .watched = cs_ls_watched(ls),
        .dead_left = (uint32_t)ls->dead.owed.count,
        .collected = ls->collected,
    };
}

void cs_liveslots_deliver(cs_liveslots *ls, const cs_delivery *d, cs_collect collect,
                          cs_reply *ret_reply)
{
    begin(ls, d);
    bool may = may_start(ls, d);
    if (may)
        run(ls, d);
    ls->computrons = cs_meter_read(ls->heap);
    if (may && ls->failure.status == CS_OK)
        cs_ls_end_crank(ls, d->kind, collect);
    reply(ls, ret_reply);
}
