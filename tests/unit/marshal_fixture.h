/* What the tests of marshal/ share: one base with marshal's natives, and heaps in which JavaScript
 * sees them as globals, beside
 *
 *   encode(value) -> [body, slots]     through cs_marshal_encode(); slots are the values themselves
 *   decode(body, slots) -> value       through cs_marshal_decode()
 *   presence(iface) -> a presence      handles count up from 1
 *   collect()                          a forced collection at the next chance is not possible in the
 *                                      middle of JavaScript: an organic one, now
 *   sent                               what was told of the errors that were encoded: "id message;"
 *
 * Errors get the ids error:m#1, error:m#2, … anew in each encode(). */
#pragma once
#include "engine/xs.h"
#include "marshal/marshal.h"
#include "t.h"

enum { CAPS_MAX = 32 * 1024 };

typedef struct marshal_fixture {
    cs_heap *heap;
    cs_marshal *m;
    cs_error err;
    char *result;            /* of the last evaluation, as UTF-8; owned */
    cs_slot *caps[CAPS_MAX]; /* instances by vref id - 1; kept alive */
    uint32_t cap_count;
    uint64_t errors, presences;
    cs_buf sent;
} marshal_fixture;

void marshal_fixture_init(marshal_fixture *f);
void marshal_fixture_fini(marshal_fixture *f);
/* Evaluates in the heap's compartment; f->result is the value as a string, or the text of what was
 * thrown. */
cs_status marshal_run(marshal_fixture *f, const char *source);
/* The same, must succeed. */
const char *marshal_eval(marshal_fixture *f, const char *source);
/* Makes a global of the text of a file. */
void marshal_define_file(marshal_fixture *f, const char *name, const char *path);
