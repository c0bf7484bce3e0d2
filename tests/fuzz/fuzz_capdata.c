/* Bodies from outside: decoding either throws or gives a value, and that value can be sent on: it
 * encodes, and what is written then is read and written as it is. */
#include "../unit/marshal_fixture.c"

#include "engine/handled_promise.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { INPUTS_PER_HEAP = 500, SLOTS = 4 }; /* names of properties live as long as their heap */

static marshal_fixture f;
static unsigned inputs;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void make_caps(cs_machine *the, void *arg)
{
    (void)arg;
    for (f.cap_count = 0; f.cap_count < SLOTS; f.cap_count++) {
        if (f.cap_count % 2 == 0) {
            cs_push_iface_prototype(the, CS_BYTES("Alleged: cap"));
            cs_presence_push(the, f.cap_count + 1, the->stack);
        } else {
            cs_promise_push(the, 0);
        }
        f.caps[f.cap_count] = the->stack->value.reference;
    }
}

static void new_heap(void)
{
    if (f.heap != NULL)
        marshal_fixture_fini(&f);
    marshal_fixture_init(&f);
    if (cs_fence(f.heap, make_caps, NULL, &f.err) != CS_OK)
        abort();
}

typedef struct stages {
    cs_capdata in;
    cs_buf first; /* what the value was written as */
    uint32_t slot_count;
    cs_vref slots[SLOTS];
    bool decoded, wrong;
} stages;

static void round_trip(cs_machine *the, void *arg)
{
    stages *s = arg;
    cs_marshal_decode(the, f.m, &s->in);
    s->decoded = true;
    f.errors = 0;
    cs_capdata d = cs_marshal_encode(the, f.m, the->stack);
    cs_buf_add(&s->first, d.body.data, d.body.size);
    cs_assert(d.slot_count <= SLOTS);
    s->slot_count = d.slot_count;
    for (uint32_t i = 0; i < d.slot_count; i++)
        s->slots[i] = d.slots[i];
    d = (cs_capdata){ cs_buf_bytes(&s->first), s->slots, s->slot_count };
    cs_marshal_decode(the, f.m, &d);
    f.errors = 0;
    d = cs_marshal_encode(the, f.m, the->stack);
    s->wrong = !cs_bytes_equal(d.body, cs_buf_bytes(&s->first));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_vref given[SLOTS];
    stages s = { .in = { { data, size }, given, SLOTS } };
    if (inputs++ % INPUTS_PER_HEAP == 0)
        new_heap();
    for (uint32_t i = 0; i < SLOTS; i++)
        given[i] = cs_vref_of(i % 2 == 0 ? CS_REF_OBJECT : CS_REF_PROMISE, true, i + 1);
    cs_status st = cs_fence(f.heap, round_trip, &s, &f.err);
    bool is_bad = s.wrong || (s.decoded && st != CS_OK) || (st != CS_OK && st != CS_E_THROWN);
    if (is_bad)
        (void)fprintf(stderr, "%s: %s\n%s\n", cs_status_name(st), st == CS_OK ? "" : f.err.text,
                      cs_buf_text(&s.first));
    cs_buf_fini(&s.first);
    if (is_bad)
        abort();
    return 0;
}
