#include "raw_vat.h"

#include "raw_text.h"
#include "raw_world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SYSCALLS_MAX = 64 };

/* ---- lines ---- */

bool raw_take_line(raw_world *w)
{
    size_t n = strcspn(w->at, "\n");
    if (*w->at == 0)
        return false;
    if (n >= sizeof w->now)
        raw_die("line is too long", w->at);
    memcpy(w->now, w->at, n);
    w->now[n] = 0;
    w->at += n + (w->at[n] == '\n');
    w->line++;
    return true;
}

bool raw_next_is_indented(const raw_world *w)
{
    return w->at[0] == ' ';
}

/* ---- deliveries and replies ---- */

typedef struct answer {
    cs_syscall syscalls[SYSCALLS_MAX];
    const char *answers[SYSCALLS_MAX]; /* expected of the question; NULL: it is not asked */
    cs_reply reply;
    bool abandon;
    char aborted[1024], ended[1024], panic[1024]; /* expected; "": not */
    int64_t dropped, retired;                     /* likewise; -1: any number */
    uint32_t ignored;
    bool miscounted, suspended;
    int collect; /* -1: any */
} answer;

static cs_status status_named(const char *name)
{
    for (unsigned i = 0; i < CS_STATUS_COUNT; i++)
        if (raw_is(cs_status_name((cs_status)i), name))
            return (cs_status)i;
    raw_die("no such status", name);
}

/* "! ..." */
static void take_expectation(answer *a, char *text)
{
    static const char *const collects[] = { "never", "due", "now" };
    const char *what = raw_word(&text);
    if (raw_is(what, "aborted")) {
        (void)snprintf(a->aborted, sizeof a->aborted, "%s", text);
    } else if (raw_is(what, "ended")) {
        (void)snprintf(a->ended, sizeof a->ended, "%s", text);
    } else if (raw_is(what, "panic")) {
        (void)snprintf(a->panic, sizeof a->panic, "%s", text);
    } else if (raw_is(what, "ignored")) {
        a->ignored = (uint32_t)strtoul(text, NULL, 10);
    } else if (raw_is(what, "dropped")) {
        a->dropped = strtoll(text, NULL, 10);
    } else if (raw_is(what, "retired")) {
        a->retired = strtoll(text, NULL, 10);
    } else if (raw_is(what, "miscounted")) {
        a->miscounted = true;
    } else if (raw_is(what, "suspended")) {
        a->suspended = true;
    } else if (raw_is(what, "collect")) {
        for (int i = 0; i < 3; i++)
            a->collect = raw_is(text, collects[i]) ? i : a->collect;
    } else {
        raw_die("no such expectation", what);
    }
}

/* A number of the reply's. False: the line is another one. */
static bool take_figure(answer *a, const char *text)
{
    const char *number = text + strcspn(text, " ");
    uint64_t n = strtoull(number, NULL, 10);
    if (raw_starts(text, "computrons "))
        a->reply.computrons = n;
    else if (raw_starts(text, "imports "))
        a->reply.imports_held = (uint32_t)n;
    else if (raw_starts(text, "watched "))
        a->reply.watched = (uint32_t)n;
    else if (raw_starts(text, "heap "))
        a->reply.heap_bytes = n;
    else if (raw_starts(text, "allocated "))
        a->reply.allocated_bytes = n;
    else if (raw_starts(text, "dead-left "))
        a->reply.dead_left = (uint32_t)n;
    else
        return false;
    return true;
}

static void take_answer_line(raw_world *w, answer *a)
{
    char *text = w->now + strspn(w->now, " ");
    if (raw_starts(text, "! ")) {
        take_expectation(a, text + 2);
    } else if (raw_is(text, "collected")) {
        a->reply.collected = true;
    } else if (take_figure(a, text)) {
        return;
    } else if (raw_starts(text, "error ")) {
        text += 6;
        a->reply.status = status_named(raw_word(&text));
        a->reply.problem = cs_arena_copy(&w->arena, cs_bytes_of(text));
    } else if (raw_is(text, "abandon")) {
        a->abandon = true;
    } else {
        if (a->reply.syscall_count == SYSCALLS_MAX)
            raw_die("too many syscalls", text);
        char *copy = (char *)(uintptr_t)cs_arena_copy(
                         &w->arena, (cs_bytes){ (uint8_t *)text, strlen(text) + 1 })
                         .data;
        char *want = strstr(copy, " -> ");
        if (want != NULL)
            *want = 0;
        a->answers[a->reply.syscall_count] = want == NULL ? NULL : want + 4;
        raw_syscall_parse(&w->arena, copy, &a->syscalls[a->reply.syscall_count++]);
    }
}

static answer *take_answer(raw_world *w)
{
    answer *a = cs_arena_take_zero(&w->arena, 1, sizeof *a);
    a->reply.syscalls = a->syscalls;
    a->reply.imports_held = CS_IMPORTS_UNKNOWN;
    a->dropped = a->retired = a->collect = -1;
    while (raw_next_is_indented(w)) {
        char line[RAW_LINE_MAX];
        memcpy(line, w->now, sizeof line);
        (void)raw_take_line(w);
        take_answer_line(w, a);
        memcpy(w->now, line, sizeof line); /* complaints name the delivery */
    }
    return a;
}

static const char *check_outcome(raw_world *w, cs_vatid vat, const answer *a, const cs_outcome *o)
{
    const char *ending = a->aborted[0] != 0 ? a->aborted : a->ended;
    const cs_vat_row *row = cs_vat_find(w->store, vat);
    cs_bytes text = cs_blob_bytes(row->ending);
    if (!cs_bytes_equal(text, cs_bytes_of(ending)))
        return raw_complain(w, "ending is \"%.*s\"", (int)text.size, (const char *)text.data);
    if (o->suspended != a->suspended)
        return raw_complain(w, "suspended %d", o->suspended);
    if (o->aborted != (a->suspended || a->aborted[0] != 0) || o->terminated != (ending[0] != 0))
        return raw_complain(w, "aborted %d terminated %d", o->aborted, o->terminated);
    if (o->ignored != a->ignored)
        return raw_complain(w, "%u ignored", (unsigned)o->ignored);
    if ((a->dropped >= 0 && o->dropped != a->dropped) ||
        (a->retired >= 0 && o->retired != a->retired))
        return raw_complain(w, "%u dropped, %u retired", (unsigned)o->dropped,
                            (unsigned)o->retired);
    if (o->miscounted != a->miscounted)
        return raw_complain(w, "miscounted %d", o->miscounted);
    return NULL;
}

/* Asks what is to be asked. What is refused, done() will say. */
static const char *ask(raw_world *w, answer *a)
{
    cs_error err;
    const char *bad = NULL;
    for (uint32_t i = 0; bad == NULL && i < a->reply.syscall_count; i++) {
        cs_buf b = { 0 };
        cs_syscall *s = &a->syscalls[i];
        if (a->answers[i] == NULL)
            continue;
        if (cs_kernel_ask(w->k, a->syscalls, i + 1, &err) != CS_OK)
            cs_buf_add_text(&b, "refused");
        else if (s->call.failed)
            cs_buf_addf(&b, "throws %.*s", (int)s->call.result.body.size,
                        (const char *)s->call.result.body.data);
        else
            raw_capdata_text(&b, &s->call.result);
        if (!raw_is(cs_buf_text(&b), a->answers[i]))
            bad = raw_complain(w, "syscall %u: answer is %s", (unsigned)i, cs_buf_text(&b));
        cs_buf_fini(&b);
    }
    return bad;
}

static const char *finish(raw_world *w, const cs_effect *e, answer *a)
{
    cs_outcome outcome;
    cs_error err;
    const char *wrong = ask(w, a);
    if (wrong != NULL)
        return wrong;
    if (a->collect >= 0 && (int)e->collect != a->collect)
        return raw_complain(w, "collect %d", (int)e->collect);
    if (a->abandon) {
        cs_kernel_abandon(w->k);
        return raw_settle(w);
    }
    cs_status st = cs_kernel_done(w->k, &a->reply, &outcome, &err);
    if (a->panic[0] != 0)
        return st == CS_E_PANIC && strstr(err.text, a->panic) != NULL
                   ? NULL
                   : raw_complain(w, "no panic but %s: %s", cs_status_name(st), err.text);
    if (st != CS_OK)
        return raw_complain(w, "done: %s", err.text);
    const char *bad = check_outcome(w, e->vat, a, &outcome);
    return bad != NULL ? bad : raw_settle(w);
}

/* The next delivery must read as the line in hand. */
static const char *expect_delivery(raw_world *w, cs_effect *e)
{
    char name[64];
    cs_error err;
    const char *bad;
    cs_buf b = { 0 };
    if (raw_run_to_delivery(w, e, &bad, &err) != CS_OK)
        return raw_complain(w, "next: %s", err.text);
    if (bad != NULL)
        return bad;
    if (e->kind == CS_EFFECT_IDLE)
        return raw_complain(w, "idle");
    cs_buf_addf(&b, "%s <- ", raw_name_of(w, e->vat, name));
    raw_delivery_text(&b, &e->delivery);
    if (!raw_is(cs_buf_text(&b), w->now))
        bad = raw_complain(w, "got %s", cs_buf_text(&b));
    cs_buf_fini(&b);
    return bad;
}

static const char *delivery_line(raw_world *w)
{
    cs_effect e;
    const char *bad = expect_delivery(w, &e);
    if (bad == NULL && w->mode == RAW_TWICE) {
        cs_kernel_abandon(w->k);
        bad = raw_settle(w);
        if (bad == NULL)
            bad = expect_delivery(w, &e);
    }
    return bad != NULL ? bad : finish(w, &e, take_answer(w));
}

/* ---- play ---- */

static const char *play_line(raw_world *w)
{
    const char *text = w->now;
    if (text[0] == 0 || text[0] == '#')
        return NULL;
    if (raw_starts(text, "== ")) {
        raw_world_begin(w);
        return NULL;
    }
    if (w->store == NULL)
        raw_die("a script begins with a title", text);
    if (raw_starts(text, "> "))
        return raw_host_line(w, text + 2);
    if (raw_starts(text, "? "))
        return raw_look_line(w, text + 2);
    return delivery_line(w);
}

const char *raw_play(const char *script, raw_mode mode, cs_hash *ret_activity)
{
    raw_world *w = calloc(1, sizeof *w);
    const char *bad = NULL;
    w->mode = mode;
    w->at = script;
    while (bad == NULL && raw_take_line(w)) {
        bad = play_line(w);
        cs_arena_clear(&w->arena);
    }
    raw_world_end(w);
    cs_arena_fini(&w->arena);
    if (ret_activity != NULL)
        *ret_activity = w->activity;
    free(w);
    return bad;
}
