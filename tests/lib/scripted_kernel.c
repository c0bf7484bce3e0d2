#include "scripted_kernel.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "base/limits.h"
#include "base/map.h"
#include "engine/bundle.h"
#include "t.h"
#include "worker/supervisor.h"

#include <string.h>

struct answer {
    bool failed;
    cs_capdata data;
};

struct sk {
    cs_vatid vat;
    cs_arena arena; /* of what is delivered */
    cs_buf trace, said, said_before;
    cs_reply reply;
    uint32_t dead_left_before; /* it */
    cs_collect collect;
    cs_map clist;          /* of o-, o+ -> sk_flag */
    uint32_t counts[2][3]; /* by sign (1: o+) and flag; the root does not count */
    bool has_started;
    cs_arena answers_arena;
    struct answer answers[16]; /* to questions that will be asked, the next first */
    uint32_t answer_count;
    bool has_failed; /* a kernel would terminate the vat: nothing is audited any more */
};

/* What a kernel believes of an object in the c-list (S4). */
enum sk_flag { SK_ABSENT, SK_RECOGNIZABLE, SK_REACHABLE };

/* One base per process, and it takes its time: made once. */
static cs_supervisor *supervisor;
static cs_load_options limits;
static uint32_t last_vat;
static sk *vats[64]; /* by id, modulo: for what they say */

static void say(void *ctx, cs_vatid vat, const char *level, cs_bytes text)
{
    (void)ctx;
    sk *k = vats[vat.n % 64];
    if (k == NULL || k->vat.n != vat.n)
        return;
    if (level != NULL)
        cs_buf_addf(&k->said, "%s: ", level);
    cs_buf_add(&k->said, text.data, text.size);
    cs_buf_add_byte(&k->said, '\n');
}

static cs_status ask(void *ctx, cs_vatid vat, cs_syscall *syscalls, uint32_t count)
{
    sk *k = vats[vat.n % 64];
    (void)ctx;
    if (count == 0 || syscalls[count - 1].kind != CS_SYSCALL_CALL_NOW || k->answer_count == 0)
        return CS_E_BAD_SYSCALL;
    syscalls[count - 1].call.failed = k->answers[0].failed;
    syscalls[count - 1].call.result = k->answers[0].data;
    memmove(&k->answers[0], &k->answers[1], --k->answer_count * sizeof k->answers[0]);
    return CS_OK;
}

static void make_supervisor(void)
{
    static const cs_supervisor_ops ops = { .say = say, .ask = ask };
    cs_error err = { 0 };
    if (supervisor != NULL)
        return;
    cs_status st = cs_supervisor_new(&ops, NULL, &supervisor, &err);
    if (st != CS_OK)
        fail_msg("%s: %s", cs_status_name(st), err.text);
}

/* --- the program -------------------------------------------------------------------------------- */

static const char prelude[] = "import { E, Far } from '@endo/far'; "
                              "import { makePromiseKit } from '@endo/promise-kit'; ";

void sk_bundle(const char *source, cs_buf *ret_bytes)
{
    cs_buf text = { 0 };
    cs_error err = { 0 };
    if (strstr(source, "import ") == NULL)
        cs_buf_add_text(&text, prelude);
    cs_buf_add_text(&text, source);
    cs_scan scan = { 0 };
    cs_bundle_import imports[8];
    if (cs_module_scan("vat.js", cs_buf_bytes(&text), &scan, &err) != CS_OK)
        scan.specifier_count = 0; /* loading says what is wrong */
    assert_true(scan.specifier_count <= 8);
    for (uint32_t i = 0; i < scan.specifier_count; i++) {
        cs_bytes name = cs_bytes_of(scan.specifiers[i].text);
        imports[i] =
            (cs_bundle_import){ .specifier = name, .module = CS_BUNDLE_BUILTIN, .builtin = name };
    }
    const cs_bundle_module module = {
        .name = CS_BYTES("vat.js"),
        .kind = CS_MODULE_ESM,
        .source = cs_buf_bytes(&text),
        .imports = imports,
        .import_count = scan.specifier_count,
    };
    cs_bundle_enc(&(cs_bundle){ .modules = &module, .module_count = 1 }, ret_bytes);
    cs_scan_fini(&scan);
    cs_buf_fini(&text);
}

/* --- life --------------------------------------------------------------------------------------- */

void sk_limits(uint64_t computrons_max, uint64_t heap_max)
{
    limits = (cs_load_options){ .computrons_max = computrons_max, .heap_max = heap_max };
}

cs_status sk_try(const char *source, sk **ret, cs_error *err)
{
    make_supervisor();
    cs_buf bundle = { 0 };
    sk_bundle(source, &bundle);
    sk *k = CS_NEW(sk);
    k->vat.n = ++last_vat;
    k->collect = CS_COLLECT_NEVER;
    vats[k->vat.n % 64] = k;
    cs_status st = cs_supervisor_load(supervisor, k->vat, cs_buf_bytes(&bundle), &limits, err);
    cs_buf_fini(&bundle);
    if (st != CS_OK)
        k = sk_free(k);
    *ret = k;
    return st;
}

sk *sk_new(const char *source)
{
    sk *k = NULL;
    cs_error err = { 0 };
    cs_status st = sk_try(source, &k, &err);
    if (st != CS_OK)
        fail_msg("%s: %s", cs_status_name(st), err.text);
    return k;
}

sk *sk_free(sk *k)
{
    if (k == NULL)
        return NULL;
    cs_supervisor_unload(supervisor, k->vat);
    if (vats[k->vat.n % 64] == k)
        vats[k->vat.n % 64] = NULL;
    cs_arena_fini(&k->arena);
    cs_arena_fini(&k->answers_arena);
    cs_map_fini(&k->clist);
    cs_buf_fini(&k->trace);
    cs_buf_fini(&k->said);
    cs_buf_fini(&k->said_before);
    return cs_free(k);
}

/* XS's own switch, which making a machine sets back. */
static bool stress;
#if CS_SLOW_ASSERT
extern int gxStress;
static int *const stress_switch = &gxStress;
#else
static int *const stress_switch = NULL;
#endif

bool sk_stress(bool on)
{
    stress = on;
    return stress_switch != NULL;
}

/* --- the c-list -------------------------------------------------------------------------------- */

static enum sk_flag flag_of(const sk *k, cs_vref v)
{
    const cs_map_entry *e = cs_map_find(&k->clist, v.bits);
    return e != NULL ? (enum sk_flag)e->value : SK_ABSENT;
}

static void set_flag(sk *k, cs_vref v, enum sk_flag flag)
{
    uint32_t *counts = k->counts[cs_vref_by_vat(v)];
    if (!cs_vref_by_vat(v) || cs_vref_id(v) != 0) {
        counts[flag_of(k, v)]--;
        counts[flag]++;
    }
    if (flag == SK_ABSENT)
        (void)cs_map_remove(&k->clist, v.bits);
    else
        cs_map_put(&k->clist, v.bits)->value = flag;
}

static bool is_object(cs_vref v, bool by_vat)
{
    return cs_vref_type(v) == CS_REF_OBJECT && cs_vref_by_vat(v) == by_vat;
}

static void send_in(sk *k, const cs_capdata *data)
{
    for (uint32_t i = 0; i < data->slot_count; i++)
        if (is_object(data->slots[i], false))
            set_flag(k, data->slots[i], SK_REACHABLE);
}

/* References to which the delivery does not apply are mistakes that a test makes on purpose. */
static void change_flags(sk *k, const cs_vrefs *refs, bool by_vat, enum sk_flag from,
                         enum sk_flag to)
{
    for (uint32_t i = 0; i < refs->count; i++)
        if (is_object(refs->items[i], by_vat) && flag_of(k, refs->items[i]) == from)
            set_flag(k, refs->items[i], to);
}

static void note_delivery(sk *k, const cs_delivery *d)
{
    k->has_started = k->has_started || d->kind == CS_DELIVER_START_VAT;
    if (d->kind == CS_DELIVER_START_VAT)
        send_in(k, &d->start);
    else if (d->kind == CS_DELIVER_MESSAGE)
        send_in(k, &d->message.methargs);
    else if (d->kind == CS_DELIVER_NOTIFY)
        for (uint32_t i = 0; i < d->notify.count; i++)
            send_in(k, &d->notify.items[i].data);
    else if (d->kind == CS_DELIVER_DROP_EXPORTS)
        change_flags(k, &d->refs, true, SK_REACHABLE, SK_RECOGNIZABLE);
    else if (d->kind == CS_DELIVER_RETIRE_EXPORTS)
        change_flags(k, &d->refs, true, SK_RECOGNIZABLE, SK_ABSENT);
    else if (d->kind == CS_DELIVER_RETIRE_IMPORTS)
        change_flags(k, &d->refs, false, SK_RECOGNIZABLE, SK_ABSENT);
}

/* --- the audit: what a kernel would end the vat for, and whether both count alike --------------------- */

static void expect_flag(const sk *k, cs_vref v, enum sk_flag wanted, const char *what)
{
    char text[CS_REF_TEXT_MAX];
    if (flag_of(k, v) != wanted)
        fail_msg("%s %s: flag %d", what, cs_vref_text(v, text), (int)flag_of(k, v));
}

static void send_out(sk *k, const cs_capdata *data)
{
    for (uint32_t i = 0; i < data->slot_count; i++) {
        if (is_object(data->slots[i], false))
            expect_flag(k, data->slots[i], SK_REACHABLE, "mentions");
        else if (is_object(data->slots[i], true))
            set_flag(k, data->slots[i], SK_REACHABLE);
    }
}

static void take_refs(sk *k, const cs_vrefs *refs, bool by_vat, enum sk_flag from, enum sk_flag to)
{
    assert_true(refs->count > 0);
    for (uint32_t i = 0; i < refs->count; i++) {
        assert_true(is_object(refs->items[i], by_vat));
        assert_true(!by_vat || cs_vref_id(refs->items[i]) != 0);
        expect_flag(k, refs->items[i], from, to == SK_ABSENT ? "retires" : "drops");
        set_flag(k, refs->items[i], to);
        if (i > 0 && cs_vref_compare_text(refs->items[i - 1], refs->items[i]) >= 0)
            fail_msg("references are not in order");
    }
}

static void note_syscall(sk *k, const cs_syscall *s)
{
    if (s->kind == CS_SYSCALL_SEND) {
        if (is_object(s->send.target, false))
            expect_flag(k, s->send.target, SK_REACHABLE, "sends to");
        send_out(k, &s->send.methargs);
    } else if (s->kind == CS_SYSCALL_RESOLVE)
        for (uint32_t i = 0; i < s->resolve.count; i++)
            send_out(k, &s->resolve.items[i].data);
    else if (s->kind == CS_SYSCALL_EXIT)
        send_out(k, &s->exit.info);
    else if (s->kind == CS_SYSCALL_CALL_NOW) {
        send_out(k, &s->call.args);
        send_in(k, &s->call.result);
    } else if (s->kind == CS_SYSCALL_DROP_IMPORTS)
        take_refs(k, &s->refs, false, SK_REACHABLE, SK_RECOGNIZABLE);
    else if (s->kind == CS_SYSCALL_RETIRE_IMPORTS)
        take_refs(k, &s->refs, false, SK_RECOGNIZABLE, SK_ABSENT);
    else if (s->kind == CS_SYSCALL_RETIRE_EXPORTS)
        take_refs(k, &s->refs, true, SK_RECOGNIZABLE, SK_ABSENT);
}

bool sk_is_drop(const cs_syscall *s)
{
    return s->kind >= CS_SYSCALL_DROP_IMPORTS && s->kind <= CS_SYSCALL_RETIRE_EXPORTS;
}

/* At most one of each kind, in order, behind everything else. */
static uint32_t audit_drops(const cs_reply *r)
{
    uint32_t total = 0;
    for (uint32_t i = 0; i < r->syscall_count; i++) {
        const cs_syscall *s = &r->syscalls[i];
        if (i > 0 && sk_is_drop(s - 1) && s->kind <= s[-1].kind)
            fail_msg("drops are not last, or not in order");
        if (sk_is_drop(s))
            total += s->refs.count;
    }
    assert_true(total <= CS_GC_BATCH);
    return total;
}

static void audit_list(const sk *k, const cs_vrefs *refs, enum sk_flag flag)
{
    assert_int_equal(refs->count, k->counts[false][flag]);
    for (uint32_t i = 0; i < refs->count; i++) {
        expect_flag(k, refs->items[i], flag, "lists");
        assert_true(i == 0 || cs_vref_compare_text(refs->items[i - 1], refs->items[i]) < 0);
    }
}

void sk_imports(sk *k, cs_vrefs *ret_held, cs_vrefs *ret_recognized)
{
    cs_supervisor_imports(supervisor, k->vat, ret_held, ret_recognized);
}

static void audit(sk *k, const cs_delivery *d)
{
    enum { LISTED_MAX = 200 };
    const cs_reply *r = &k->reply;
    for (uint32_t i = 0; i < r->syscall_count; i++)
        note_syscall(k, &r->syscalls[i]);
    uint32_t total = audit_drops(r),
             known = k->counts[false][SK_RECOGNIZABLE] + k->counts[false][SK_REACHABLE];
    assert_int_equal(r->imports_held, k->counts[false][SK_REACHABLE]);
    assert_int_equal(r->watched, known + k->counts[true][SK_RECOGNIZABLE]);
    assert_true(r->dead_left == 0 || total + 1 >= CS_GC_BATCH ||
                r->syscall_count + 3 > CS_SYSCALLS_MAX);
    bool is_boyd = d->kind == CS_DELIVER_BRING_OUT_YOUR_DEAD && k->has_started &&
                   k->dead_left_before < CS_GC_BATCH;
    assert_true(r->collected ? is_boyd || k->collect != CS_COLLECT_NEVER : !is_boyd);
    if (known > LISTED_MAX)
        return;
    cs_vrefs held, recognized;
    sk_imports(k, &held, &recognized);
    audit_list(k, &held, SK_REACHABLE);
    audit_list(k, &recognized, SK_RECOGNIZABLE);
}

/* --- deliveries --------------------------------------------------------------------------------- */

cs_vref sk_vref(const char *text)
{
    cs_vref v = { 0 };
    if (*text != 0 && cs_vref_parse(cs_bytes_of(text), &v) != CS_OK)
        fail_msg("bad vref %s", text);
    return v;
}

static cs_vrefs vrefs(cs_arena *arena, const char *words)
{
    cs_vref items[16];
    uint32_t count = 0;
    char text[512];
    assert_true(strlen(words) < sizeof text);
    (void)strcpy(text, words);
    for (char *save, *word = strtok_r(text, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        assert_true(count < 16);
        items[count++] = sk_vref(word);
    }
    cs_vref *kept = cs_arena_take(arena, (count + 1) * sizeof *kept);
    memcpy(kept, items, count * sizeof *kept);
    return (cs_vrefs){ .items = kept, .count = count };
}

static cs_capdata capdata(cs_arena *arena, const char *body, const char *slots)
{
    cs_vrefs refs = vrefs(arena, slots);
    return (cs_capdata){ .body = cs_arena_copy(arena, cs_bytes_of(body)),
                         .slots = refs.items,
                         .slot_count = refs.count };
}

void sk_answer(sk *k, bool failed, const char *body, const char *slots)
{
    if (k->answer_count == 0)
        cs_arena_clear(&k->answers_arena);
    assert_true(k->answer_count < sizeof k->answers / sizeof k->answers[0]);
    k->answers[k->answer_count++] =
        (struct answer){ .failed = failed, .data = capdata(&k->answers_arena, body, slots) };
}

void sk_collect(sk *k, cs_collect collect)
{
    k->collect = collect;
}

const char *sk_deliver(sk *k, const cs_delivery *d)
{
    note_delivery(k, d);
    k->dead_left_before = k->reply.dead_left;
    if (stress_switch != NULL)
        *stress_switch = stress;
    cs_supervisor_deliver(supervisor, k->vat, d, k->collect, &k->reply);
    if (stress_switch != NULL)
        *stress_switch = 0;
    k->has_failed = k->has_failed || k->reply.status != CS_OK;
    if (!k->has_failed)
        audit(k, d);
    cs_buf_clear(&k->trace);
    sk_add_trace(&k->trace, &k->reply);
    cs_arena_clear(&k->arena);
    return cs_buf_text(&k->trace);
}

const cs_reply *sk_reply(const sk *k)
{
    return &k->reply;
}

const char *sk_start(sk *k, const char *body, const char *slots)
{
    return sk_deliver(k, &(cs_delivery){ .kind = CS_DELIVER_START_VAT,
                                         .start = capdata(&k->arena, body, slots) });
}

const char *sk_message(sk *k, const char *target, const char *body, const char *slots,
                       const char *result)
{
    return sk_deliver(k, &(cs_delivery){ .kind = CS_DELIVER_MESSAGE,
                                         .message = { .target = sk_vref(target),
                                                      .methargs = capdata(&k->arena, body, slots),
                                                      .result = sk_vref(result) } });
}

const char *sk_send(sk *k, const char *body, const char *slots, const char *result)
{
    return sk_message(k, "o+0", body, slots, result);
}

sk *sk_started(const char *source)
{
    sk *k = sk_new(source);
    assert_string_equal(sk_start(k, "#{}", ""), "");
    return k;
}

const char *sk_notify(sk *k, const char *vpid, bool rejected, const char *body, const char *slots)
{
    const cs_resolution r = { .promise = sk_vref(vpid),
                              .rejected = rejected,
                              .data = capdata(&k->arena, body, slots) };
    return sk_deliver(
        k, &(cs_delivery){ .kind = CS_DELIVER_NOTIFY, .notify = { .items = &r, .count = 1 } });
}

static const char *deliver_refs(sk *k, cs_delivery_kind kind, const char *refs)
{
    return sk_deliver(k, &(cs_delivery){ .kind = kind, .refs = vrefs(&k->arena, refs) });
}

const char *sk_drop_exports(sk *k, const char *refs)
{
    return deliver_refs(k, CS_DELIVER_DROP_EXPORTS, refs);
}

const char *sk_retire_exports(sk *k, const char *refs)
{
    return deliver_refs(k, CS_DELIVER_RETIRE_EXPORTS, refs);
}

const char *sk_retire_imports(sk *k, const char *refs)
{
    return deliver_refs(k, CS_DELIVER_RETIRE_IMPORTS, refs);
}

const char *sk_boyd(sk *k)
{
    return sk_deliver(k, &(cs_delivery){ .kind = CS_DELIVER_BRING_OUT_YOUR_DEAD });
}

const char *sk_said(sk *k)
{
    cs_buf_clear(&k->said_before);
    cs_buf_add(&k->said_before, k->said.data, k->said.size);
    cs_buf_clear(&k->said);
    return cs_buf_text(&k->said_before);
}

/* --- the trace ---------------------------------------------------------------------------------- */

static void add_vref(cs_buf *b, cs_vref v)
{
    char text[CS_REF_TEXT_MAX];
    cs_buf_add_text(b, cs_vref_text(v, text));
}

static void add_capdata(cs_buf *b, const cs_capdata *data)
{
    cs_buf_add(b, data->body.data, data->body.size);
    for (uint32_t i = 0; i < data->slot_count; i++) {
        cs_buf_add_text(b, i == 0 ? " [" : " ");
        add_vref(b, data->slots[i]);
    }
    if (data->slot_count > 0)
        cs_buf_add_byte(b, ']');
}

static void add_send(cs_buf *b, const cs_message *m)
{
    cs_buf_add_text(b, "send ");
    add_vref(b, m->target);
    cs_buf_add_byte(b, ' ');
    add_capdata(b, &m->methargs);
    if (cs_vref_none(m->result))
        return;
    cs_buf_add_text(b, " -> ");
    add_vref(b, m->result);
}

static void add_resolve(cs_buf *b, const cs_resolutions *r)
{
    for (uint32_t i = 0; i < r->count; i++) {
        cs_buf_add_text(b, i == 0 ? "resolve " : ", ");
        add_vref(b, r->items[i].promise);
        cs_buf_add_text(b, r->items[i].rejected ? "! " : " ");
        add_capdata(b, &r->items[i].data);
    }
}

static void add_call(cs_buf *b, const cs_syscall *s)
{
    cs_buf_add_text(b, "call ");
    add_vref(b, s->call.device);
    cs_buf_addf(b, " %.*s ", (int)s->call.method.size, (const char *)s->call.method.data);
    add_capdata(b, &s->call.args);
    cs_buf_add_text(b, s->call.failed ? " =! " : " = ");
    add_capdata(b, &s->call.result);
}

static void add_refs(cs_buf *b, const char *name, const cs_vrefs *refs)
{
    cs_buf_add_text(b, name);
    for (uint32_t i = 0; i < refs->count; i++) {
        cs_buf_add_byte(b, ' ');
        add_vref(b, refs->items[i]);
    }
}

static void add_syscall(cs_buf *b, const cs_syscall *s)
{
    if (s->kind == CS_SYSCALL_SEND)
        add_send(b, &s->send);
    else if (s->kind == CS_SYSCALL_RESOLVE)
        add_resolve(b, &s->resolve);
    else if (s->kind == CS_SYSCALL_CALL_NOW)
        add_call(b, s);
    else if (s->kind == CS_SYSCALL_SUBSCRIBE) {
        cs_buf_add_text(b, "subscribe ");
        add_vref(b, s->promise);
    } else if (s->kind == CS_SYSCALL_EXIT) {
        cs_buf_add_text(b, s->exit.is_failure ? "exit! " : "exit ");
        add_capdata(b, &s->exit.info);
    } else if (s->kind == CS_SYSCALL_DROP_IMPORTS)
        add_refs(b, "drop", &s->refs);
    else if (s->kind == CS_SYSCALL_RETIRE_IMPORTS)
        add_refs(b, "retire", &s->refs);
    else if (s->kind == CS_SYSCALL_RETIRE_EXPORTS)
        add_refs(b, "retire-exports", &s->refs);
    else
        cs_buf_addf(b, "syscall %d", (int)s->kind);
    cs_buf_add_byte(b, '\n');
}

void sk_add_trace(cs_buf *b, const cs_reply *r)
{
    for (uint32_t i = 0; i < r->syscall_count; i++)
        add_syscall(b, &r->syscalls[i]);
    if (r->status != CS_OK)
        cs_buf_addf(b, "failed %s: %.*s\n", cs_status_name(r->status), (int)r->problem.size,
                    (const char *)r->problem.data);
}
