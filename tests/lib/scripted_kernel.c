#include "scripted_kernel.h"

#include "base/alloc.h"
#include "base/arena.h"
#include "engine/bundle.h"
#include "t.h"
#include "worker/supervisor.h"

#include <string.h>

struct sk {
    cs_vatid vat;
    cs_arena arena; /* of what is delivered */
    cs_buf trace, said, said_before;
    cs_reply reply;
};

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

static void make_supervisor(void)
{
    static const cs_supervisor_ops ops = { .say = say };
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

/* --- deliveries --------------------------------------------------------------------------------- */

cs_vref sk_vref(const char *text)
{
    cs_vref v = { 0 };
    if (*text != 0 && cs_vref_parse(cs_bytes_of(text), &v) != CS_OK)
        fail_msg("bad vref %s", text);
    return v;
}

static cs_capdata capdata(sk *k, const char *body, const char *slots)
{
    cs_vref items[16];
    uint32_t count = 0;
    char text[512];
    assert_true(strlen(slots) < sizeof text);
    (void)strcpy(text, slots);
    for (char *save, *word = strtok_r(text, " ", &save); word != NULL;
         word = strtok_r(NULL, " ", &save)) {
        assert_true(count < 16);
        items[count++] = sk_vref(word);
    }
    cs_vref *kept = cs_arena_take(&k->arena, (count + 1) * sizeof *kept);
    memcpy(kept, items, count * sizeof *kept);
    return (cs_capdata){ .body = cs_arena_copy(&k->arena, cs_bytes_of(body)),
                         .slots = kept,
                         .slot_count = count };
}

const char *sk_deliver(sk *k, const cs_delivery *d)
{
    if (stress_switch != NULL)
        *stress_switch = stress;
    cs_supervisor_deliver(supervisor, k->vat, d, &k->reply);
    if (stress_switch != NULL)
        *stress_switch = 0;
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
    return sk_deliver(
        k, &(cs_delivery){ .kind = CS_DELIVER_START_VAT, .start = capdata(k, body, slots) });
}

const char *sk_message(sk *k, const char *target, const char *body, const char *slots,
                       const char *result)
{
    return sk_deliver(k, &(cs_delivery){ .kind = CS_DELIVER_MESSAGE,
                                         .message = { .target = sk_vref(target),
                                                      .methargs = capdata(k, body, slots),
                                                      .result = sk_vref(result) } });
}

const char *sk_notify(sk *k, const char *vpid, bool rejected, const char *body, const char *slots)
{
    const cs_resolution r = { .promise = sk_vref(vpid),
                              .rejected = rejected,
                              .data = capdata(k, body, slots) };
    return sk_deliver(
        k, &(cs_delivery){ .kind = CS_DELIVER_NOTIFY, .notify = { .items = &r, .count = 1 } });
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

static void add_syscall(cs_buf *b, const cs_syscall *s)
{
    if (s->kind == CS_SYSCALL_SEND)
        add_send(b, &s->send);
    else if (s->kind == CS_SYSCALL_RESOLVE)
        add_resolve(b, &s->resolve);
    else if (s->kind == CS_SYSCALL_SUBSCRIBE) {
        cs_buf_add_text(b, "subscribe ");
        add_vref(b, s->promise);
    } else if (s->kind == CS_SYSCALL_EXIT) {
        cs_buf_add_text(b, s->exit.is_failure ? "exit! " : "exit ");
        add_capdata(b, &s->exit.info);
    } else
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
