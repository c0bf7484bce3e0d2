/* What the tests of HandledPromise share: a program runs as a vat's module does, in a heap of its own,
 * and says what happens line by line.
 *
 * A program is the body of a function. It is given E, HandledPromise, the exports of
 * @endo/promise-kit, what tests/golden/eventual_send/prelude.js gives (log, clock, show, kit,
 * handler), and
 *
 *   phase(f)                   f runs when all is quiet, and after a collection
 *   rig.presence(handle)       a native presence; handles are numbers
 *   rig.promise(handle)        a native promise; 0: one that postpones
 *   rig.setHandle(p, handle)   rig.handle(x): of a promise or presence
 *   rig.resolve(p, value)      rig.reject(p, reason)
 *   rig.then(p, number)        logs "then <number> <fulfilled> <value>" when p settles
 *   rig.send(op, target, key, args)   op: 0 get, 1 call, 2 method
 *   rig.onSend(how)            what the owner does with sends from now on: see rig_answer
 *   rig.results[key]           the promise of the answer to the last send of this method
 *
 * The owner logs each send that it gets, and each rejection that nobody handled. */
#pragma once
#include "engine/handled_promise.h"
#include "t.h"

typedef enum rig_answer {
    RIG_LEAVES,  /* nothing: the result stays as it is */
    RIG_NUMBERS, /* makes the result native: 101, 102, ... */
    RIG_ECHOES,  /* resolves the result to the arguments, at once */
    RIG_THROWS,
    RIG_NUMBERS_QUIETLY,
    RIG_NUMBERS_BRIEFLY, /* logs "send <key>" only */
} rig_answer;

typedef struct rig {
    cs_heap *heap;
    cs_error err;
    cs_buf log;
    rig_answer answer;
    uint64_t next;    /* handle of the next numbered result */
    cs_slot *results; /* the object rig.results */
} rig;

void rig_init(rig *r);
void rig_fini(rig *r);
/* Runs a program and its phases to the end and returns what was logged. Once per rig. */
const char *rig_run(rig *r, const char *program);
/* The same in a rig of its own; the text lives until the next call. */
const char *rig_once(const char *program);

/* From now on every allocation in a heap collects first. False: this build cannot. */
bool rig_stress(bool on);
