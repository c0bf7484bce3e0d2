#include "native_world.h"

#include "base/alloc.h"
#include "base/limits.h"
#include "base/map.h"
#include "scripted_kernel.h"
#include "t.h"
#include "vats/kind.h"

#include <stdlib.h>
#include <string.h>

enum { KEYS_MAX = 256, ANSWERS_MAX = 16 };
static const cs_vatid vat = { 1 };

typedef struct answer {
    bool failed;
    cs_capdata data;
} answer;

struct nw {
    cs_buf bundle;
    cs_worker *worker;
    cs_arena arena, answers_arena;
    cs_reply reply;
    cs_buf trace, store;
    struct {
        char *key, *value;
    } keys[KEYS_MAX]; /* in order */
    size_t key_count;
    answer answers[ANSWERS_MAX];
    uint32_t answer_count, refuse_from, asked, applied;
    cs_map imports;    /* o- that it may mention */
    cs_map exports;    /* o+ that the kernel has; 2: dropped */
    cs_map promises;   /* 1: it settles them; 2: it may mention them */
    const char *wrong; /* the first thing for which a kernel would end the vat */
};

/* --- the vatstore ----------------------------------------------------------------------------------- */

static size_t find(const nw *w, const char *key, bool *ret_is_there)
{
    size_t i = 0;
    while (i < w->key_count && strcmp(w->keys[i].key, key) < 0)
        i++;
    *ret_is_there = i < w->key_count && strcmp(w->keys[i].key, key) == 0;
    return i;
}

static void set_key(nw *w, char *take_key, char *take_value)
{
    bool is_there;
    size_t i = find(w, take_key, &is_there);
    if (is_there) {
        cs_free(w->keys[i].key);
        cs_free(w->keys[i].value);
    } else {
        memmove(&w->keys[i + 1], &w->keys[i], (w->key_count++ - i) * sizeof w->keys[0]);
        cs_assert(w->key_count < KEYS_MAX);
    }
    w->keys[i].key = take_key;
    w->keys[i].value = take_value;
}

static void delete_key(nw *w, const char *key)
{
    bool is_there;
    size_t i = find(w, key, &is_there);
    if (!is_there)
        return;
    cs_free(w->keys[i].key);
    cs_free(w->keys[i].value);
    memmove(&w->keys[i], &w->keys[i + 1], (--w->key_count - i) * sizeof w->keys[0]);
}

/* --- what a kernel would say ------------------------------------------------------------------------ */

static void expect(nw *w, bool good, const char *what)
{
    if (!good && w->wrong == NULL)
        w->wrong = what;
}

static void judge_ref(nw *w, cs_vref v)
{
    if (cs_vref_type(v) == CS_REF_OBJECT && cs_vref_by_vat(v))
        cs_map_put(&w->exports, v.bits)->value = 1;
    else if (cs_vref_type(v) == CS_REF_OBJECT)
        expect(w, cs_map_find(&w->imports, v.bits) != NULL, "mentions what it does not hold");
    else if (cs_vref_type(v) == CS_REF_PROMISE)
        expect(w, cs_map_find(&w->promises, v.bits) != NULL, "mentions an unknown promise");
}

static void judge_capdata(nw *w, const cs_capdata *d, bool promises_too)
{
    expect(w, d->body.size > 0 && d->body.size <= CS_BODY_MAX, "size of a body");
    expect(w, d->slot_count <= CS_SLOTS_MAX, "number of slots");
    for (uint32_t i = 0; i < d->slot_count; i++) {
        judge_ref(w, d->slots[i]);
        expect(w, promises_too || cs_vref_type(d->slots[i]) != CS_REF_PROMISE,
               "a promise for a device");
    }
}

static void judge_resolution(nw *w, const cs_resolution *r)
{
    const cs_map_entry *e = cs_map_find(&w->promises, r->promise.bits);
    bool lone = cs_bytes_start_with(r->data.body, "#\"&") && r->data.body.size < 12;
    expect(w, e != NULL && e->value == 1, "settles what it does not decide");
    expect(w, r->rejected || !lone, "fulfils with a promise");
    judge_capdata(w, &r->data, true);
    (void)cs_map_remove(&w->promises, r->promise.bits);
}

static void judge_refs(nw *w, const cs_syscall *s)
{
    for (uint32_t i = 0; i < s->refs.count; i++) {
        uint64_t bits = s->refs.items[i].bits;
        cs_map_entry *import = cs_map_find(&w->imports, bits),
                     *export = cs_map_find(&w->exports, bits);
        if (s->kind == CS_SYSCALL_DROP_IMPORTS) {
            expect(w, import != NULL && import->value == 1, "drops what it does not hold");
            if (import != NULL)
                import->value = 2;
        } else if (s->kind == CS_SYSCALL_RETIRE_IMPORTS) {
            expect(w, import != NULL && import->value == 2, "retires what it has not dropped");
            (void)cs_map_remove(&w->imports, bits);
        } else {
            expect(w, export != NULL && export->value == 2, "retires what was not dropped");
            (void)cs_map_remove(&w->exports, bits);
        }
    }
}

static void apply(nw *w, const cs_syscall *s)
{
    if (s->kind == CS_SYSCALL_RESOLVE)
        for (uint32_t i = 0; i < s->resolve.count; i++)
            judge_resolution(w, &s->resolve.items[i]);
    else if (s->kind == CS_SYSCALL_SEND)
        judge_capdata(w, &s->send.methargs, true);
    else if (s->kind == CS_SYSCALL_EXIT)
        judge_capdata(w, &s->exit.info, true);
    else if (s->kind == CS_SYSCALL_CALL_NOW)
        judge_capdata(w, &s->call.args, false);
    else if (s->kind == CS_SYSCALL_VATSTORE_SET)
        set_key(w, cs_bytes_to_text(s->vatstore.key), cs_bytes_to_text(s->vatstore.value));
    else if (s->kind == CS_SYSCALL_VATSTORE_DELETE) {
        char *key = cs_bytes_to_text(s->vatstore.key);
        delete_key(w, key);
        cs_free(key);
    } else if (s->kind >= CS_SYSCALL_DROP_IMPORTS && s->kind <= CS_SYSCALL_RETIRE_EXPORTS)
        judge_refs(w, s);
    if (s->kind >= CS_SYSCALL_VATSTORE_GET && s->kind <= CS_SYSCALL_VATSTORE_NEXT_KEY)
        expect(w, s->vatstore.key.size > 0 && s->vatstore.key.size <= CS_VATSTORE_KEY_MAX,
               "size of a key");
}

static void apply_all(nw *w, const cs_syscall *syscalls, uint32_t count)
{
    while (w->applied < count)
        apply(w, &syscalls[w->applied++]);
}

/* --- questions -------------------------------------------------------------------------------------- */

static cs_bytes lend(nw *w, const char *text)
{
    return cs_arena_copy(&w->arena, cs_bytes_of(text));
}

static void answer_read(nw *w, cs_syscall *s)
{
    bool is_there;
    char *key = cs_bytes_to_text(s->vatstore.key);
    size_t i = find(w, key, &is_there);
    cs_free(key);
    if (s->kind == CS_SYSCALL_VATSTORE_NEXT_KEY)
        i += is_there;
    s->vatstore.has_answer = s->kind == CS_SYSCALL_VATSTORE_NEXT_KEY ? i < w->key_count : is_there;
    if (s->vatstore.has_answer)
        s->vatstore.value =
            lend(w, s->kind == CS_SYSCALL_VATSTORE_GET ? w->keys[i].value : w->keys[i].key);
}

static void send_in(nw *w, const cs_capdata *d)
{
    for (uint32_t i = 0; i < d->slot_count; i++)
        if (cs_vref_type(d->slots[i]) == CS_REF_OBJECT && !cs_vref_by_vat(d->slots[i]))
            cs_map_put(&w->imports, d->slots[i].bits)->value = 1;
        else if (cs_vref_type(d->slots[i]) == CS_REF_PROMISE &&
                 cs_map_find(&w->promises, d->slots[i].bits) == NULL)
            cs_map_put(&w->promises, d->slots[i].bits)->value = 2;
}

static bool answer_call(nw *w, cs_syscall *s)
{
    if (w->answer_count == 0)
        return false;
    s->call.failed = w->answers[0].failed;
    s->call.result = w->answers[0].data;
    memmove(&w->answers[0], &w->answers[1], --w->answer_count * sizeof w->answers[0]);
    send_in(w, &s->call.result);
    return true;
}

static cs_status ask(void *ctx, cs_vatid id, cs_syscall *syscalls, uint32_t count)
{
    nw *w = ctx;
    cs_syscall *s = &syscalls[count - 1];
    expect(w, id.n == vat.n && cs_syscall_asks(s->kind), "asks what is no question");
    if (++w->asked == w->refuse_from)
        return CS_E_BAD_SYSCALL;
    apply_all(w, syscalls, count);
    if (s->kind != CS_SYSCALL_CALL_NOW)
        answer_read(w, s);
    else if (!answer_call(w, s))
        return CS_E_BAD_SYSCALL;
    return CS_OK;
}

/* --- life ------------------------------------------------------------------------------------------- */

nw *nw_new(const char *name)
{
    static const cs_supervisor_ops ops = { .ask = ask };
    nw *w = CS_NEW(nw);
    cs_native_bundle(&w->bundle, name);
    assert_ok(cs_kind_native.start(NULL, &ops, w, &w->worker, NULL));
    cs_map_put(&w->exports, sk_vref("o+0").bits)->value = 1;
    return w;
}

nw *nw_free(nw *w)
{
    w->worker->kind->stop(w->worker);
    while (w->key_count > 0)
        delete_key(w, w->keys[0].key);
    cs_map_fini(&w->imports);
    cs_map_fini(&w->exports);
    cs_map_fini(&w->promises);
    cs_arena_fini(&w->arena);
    cs_arena_fini(&w->answers_arena);
    cs_buf_fini(&w->bundle);
    cs_buf_fini(&w->trace);
    cs_buf_fini(&w->store);
    return cs_free(w);
}

/* --- deliveries ------------------------------------------------------------------------------------- */

static cs_vrefs vrefs(cs_arena *arena, const char *words)
{
    char text[512];
    uint32_t count = 0;
    cs_vref *items = cs_arena_take(arena, (strlen(words) / 2 + 1) * sizeof *items);
    assert_true(strlen(words) < sizeof text);
    (void)strcpy(text, words);
    for (char *save, *word = strtok_r(text, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save))
        items[count++] = sk_vref(word);
    return (cs_vrefs){ .items = items, .count = count };
}

static cs_capdata capdata(cs_arena *arena, const char *body, const char *slots)
{
    cs_vrefs refs = vrefs(arena, slots);
    return (cs_capdata){ .body = cs_arena_copy(arena, cs_bytes_of(body)),
                         .slots = refs.items,
                         .slot_count = refs.count };
}

void nw_answer(nw *w, bool failed, const char *body, const char *slots)
{
    assert_true(w->answer_count < ANSWERS_MAX);
    w->answers[w->answer_count++] =
        (answer){ .failed = failed, .data = capdata(&w->answers_arena, body, slots) };
}

uint32_t nw_unasked(const nw *w)
{
    return w->answer_count;
}

void nw_refuse(nw *w, uint32_t nth)
{
    w->refuse_from = nth;
}

static void note_delivery(nw *w, const cs_delivery *d)
{
    if (d->kind == CS_DELIVER_MESSAGE) {
        send_in(w, &d->message.methargs);
        if (!cs_vref_none(d->message.result))
            cs_map_put(&w->promises, d->message.result.bits)->value = 1;
    }
    for (uint32_t i = 0; d->kind == CS_DELIVER_DROP_EXPORTS && i < d->refs.count; i++)
        cs_map_put(&w->exports, d->refs.items[i].bits)->value = 2;
}

static void add_trace(nw *w)
{
    const cs_reply *r = &w->reply;
    cs_syscall *kept = cs_arena_take_zero(&w->arena, r->syscall_count + 1, sizeof *kept);
    cs_reply shown = { .status = r->status, .problem = r->problem, .syscalls = kept };
    for (uint32_t i = 0; i < r->syscall_count; i++)
        if (r->syscalls[i].kind < CS_SYSCALL_VATSTORE_GET ||
            r->syscalls[i].kind > CS_SYSCALL_VATSTORE_NEXT_KEY)
            kept[shown.syscall_count++] = r->syscalls[i];
    cs_buf_clear(&w->trace);
    sk_add_trace(&w->trace, &shown);
}

const char *nw_deliver(nw *w, const cs_delivery *d)
{
    const cs_kind *kind = w->worker->kind;
    w->applied = w->asked = 0;
    note_delivery(w, d);
    assert_ok(kind->load(w->worker, vat, cs_buf_bytes(&w->bundle), &(cs_load_options){ 0 }, NULL));
    assert_ok(kind->deliver(w->worker, vat, d, CS_COLLECT_NEVER, &w->reply, NULL));
    if (w->reply.status == CS_OK)
        apply_all(w, w->reply.syscalls, w->reply.syscall_count);
    add_trace(w);
    kind->unload(w->worker, vat);
    if (w->wrong != NULL)
        fail_msg("%s:\n%s", w->wrong, cs_buf_text(&w->trace));
    return cs_buf_text(&w->trace);
}

const char *nw_message(nw *w, const char *target, const char *body, const char *slots,
                       const char *result)
{
    cs_arena_clear(&w->arena);
    return nw_deliver(w, &(cs_delivery){ .kind = CS_DELIVER_MESSAGE,
                                         .message = { .target = sk_vref(target),
                                                      .methargs = capdata(&w->arena, body, slots),
                                                      .result = sk_vref(result) } });
}

const char *nw_refs(nw *w, cs_delivery_kind kind, const char *refs)
{
    cs_arena_clear(&w->arena);
    return nw_deliver(w, &(cs_delivery){ .kind = kind, .refs = vrefs(&w->arena, refs) });
}

const char *nw_store(nw *w)
{
    cs_buf_clear(&w->store);
    for (size_t i = 0; i < w->key_count; i++)
        cs_buf_addf(&w->store, "%s=%s\n", w->keys[i].key, w->keys[i].value);
    return cs_buf_text(&w->store);
}

const cs_reply *nw_reply(const nw *w)
{
    return &w->reply;
}
