/* Every illegal syscall (S4, S5, S7, S23): it ends the vat that makes it with a text that says why,
 * undoes all that its reply did, tells the sender, and touches nobody else. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "raw_vat.h"
#include "t.h"

/* bob was sent do(o-50 p-60) => p-61: o-50 and p-60 are alice's, p-61 he decides. */
#define SCRIPT \
    "== %s\n" \
    "> vat alice\n" \
    "> pin @alice\n" \
    "> vat bob%s\n" \
    "> pin @bob\n" \
    "alice <- start raw #{}\n" \
    "bob <- start raw #{}\n" \
    "> @alice.go(@bob)\n" \
    "alice <- o+0.go(o-50) => p-60\n" \
    "  send o-50.do(o+1 p+6) => p+5\n" \
    "  subscribe p+5\n" \
    "bob <- o+0.do(o-50 p-60) => p-61\n" \
    "  send o-50.undone(o+8)\n" /* legal, and undone with the rest */ \
    "  set key value\n" \
    "%s" \
    "  ! aborted v2 (bob) crank 7: %s\n" \
    "> log terminated: v2 (bob) crank 7: %s\n" \
    "? bob dead\n" \
    "? alice live\n" \
    "? ko23 gone\n" \
    "? kp43 gone\n" \
    "? stat ABORTED_CRANKS 1\n" \
    "? transcript bob 1\n" \
    "? kv v2 key gone\n" \
    "alice <- dropExports o+1\n" /* bob imports nothing any more, and the message is gone */ \
    "alice <- retireExports o+1\n" \
    "alice <- notify reject p+5 Error(vat terminated)\n" \
    "> idle\n" \
    "? ko22 gone\n" \
    "? ko21 - 2/2\n" /* and alice goes on, to learn that bob is dead */ \
    "> @alice.go()\n" \
    "alice <- o+0.go() => p-61\n" \
    "  send o-50.again() => p+7\n" \
    "  subscribe p+7\n" \
    "alice <- notify reject p+7 Error(vat terminated)\n" \
    "> idle\n"

typedef struct row {
    const char *syscalls, *why;
} row;

static const row rows[] = {
    /* ---- references that are no such thing ---- */
    { "  send bits:0.foo()\n", "syscall 2 (send): 0000000000000000: malformed reference" },
    { "  send bits:1234.foo()\n", "syscall 2 (send): 0000000000001234: malformed reference" },
    { "  subscribe bits:5000000000000001\n",
      "syscall 2 (subscribe): 5000000000000001: malformed reference" },
    { "  fulfill bits:1 data\n", "syscall 2 (resolve): 0000000000000001: malformed reference" },
    { "  drop bits:1\n", "syscall 2 (dropImports): 0000000000000001: malformed reference" },
    { "  abandon bits:1\n", "syscall 2 (abandonExports): 0000000000000001: malformed reference" },

    /* ---- references that the kernel never gave (S4b) ---- */
    { "  send o-51.foo()\n", "syscall 2 (send): o-51: reference that the vat does not hold" },
    { "  send p-62.foo()\n", "syscall 2 (send): p-62: reference that the vat does not hold" },
    { "  send d-70.foo()\n", "syscall 2 (send): d-70: reference that the vat does not hold" },
    { "  send o-50.foo(o-51)\n", "syscall 2 (send): o-51: reference that the vat does not hold" },
    { "  send o-50.foo(o+1 p-62)\n",
      "syscall 2 (send): p-62: reference that the vat does not hold" },
    { "  send o-50.foo() => p-62\n",
      "syscall 2 (send): p-62: reference that the vat does not hold" },
    { "  subscribe p-62\n", "syscall 2 (subscribe): p-62: reference that the vat does not hold" },
    { "  fulfill p-62 data\n", "syscall 2 (resolve): p-62: reference that the vat does not hold" },
    { "  fulfill p-61 o-51\n", "syscall 2 (resolve): o-51: reference that the vat does not hold" },
    { "  exit o-51\n", "syscall 2 (exit): o-51: reference that the vat does not hold" },

    /* ---- references that it has given up (S4b) ---- */
    { "  drop o-50\n  send o-50.foo()\n",
      "syscall 3 (send): o-50: reference that the vat has dropped" },
    { "  drop o-50\n  send o+0.foo(o-50)\n",
      "syscall 3 (send): o-50: reference that the vat has dropped" },
    { "  drop o-50\n  fulfill p-61 o-50\n",
      "syscall 3 (resolve): o-50: reference that the vat has dropped" },
    { "  drop o-50\n  retire o-50\n  send o-50.foo()\n",
      "syscall 4 (send): o-50: reference that the vat does not hold" },

    /* ---- references of the wrong kind ---- */
    { "  send d+1.foo()\n", "syscall 2 (send): d+1: reference of the wrong kind for this use" },
    { "  send o-50.foo(d+1)\n", "syscall 2 (send): d+1: reference of the wrong kind for this use" },
    { "  send o-50.foo() => o+9\n",
      "syscall 2 (send): o+9: reference of the wrong kind for this use" },
    { "  send o-50.foo() => o-50\n",
      "syscall 2 (send): o-50: reference of the wrong kind for this use" },
    { "  subscribe o-50\n",
      "syscall 2 (subscribe): o-50: reference of the wrong kind for this use" },
    { "  subscribe o+3\n", "syscall 2 (subscribe): o+3: reference of the wrong kind for this use" },
    { "  fulfill o+3 data\n",
      "syscall 2 (resolve): o+3: reference of the wrong kind for this use" },
    { "  drop o+0\n", "syscall 2 (dropImports): o+0: reference of the wrong kind for this use" },
    { "  drop p-60\n", "syscall 2 (dropImports): p-60: reference of the wrong kind for this use" },
    { "  retire o-50 o+0\n",
      "syscall 2 (retireImports): o+0: reference of the wrong kind for this use" },
    { "  retire-exports o-50\n",
      "syscall 2 (retireExports): o-50: reference of the wrong kind for this use" },
    { "  retire-exports p+1\n",
      "syscall 2 (retireExports): p+1: reference of the wrong kind for this use" },
    { "  abandon o-50\n",
      "syscall 2 (abandonExports): o-50: reference of the wrong kind for this use" },

    /* ---- results (S2): a fresh promise of the vat's own ---- */
    { "  send o-50.foo() => p-61\n",
      "syscall 2 (send): p-61: reference of the wrong kind for this use" },
    { "  send o-50.foo() => p-60\n",
      "syscall 2 (send): p-60: promise that the vat does not decide" },
    { "  send o-50.foo() => p+1\n  send o-50.bar() => p+1\n",
      "syscall 3 (send): p+1: promise that the vat does not decide" },
    { "  send o-50.foo(p+1) => p+1\n",
      "syscall 2 (send): p+1: reference of the wrong kind for this use" },
    { "  send p+1.foo() => p+1\n",
      "syscall 2 (send): p+1: reference of the wrong kind for this use" },

    /* ---- resolutions (S2, S23) ---- */
    { "  fulfill p-60 data\n", "syscall 2 (resolve): p-60: promise that the vat does not decide" },
    { "  send o-50.foo() => p+1\n  fulfill p+1 data\n",
      "syscall 3 (resolve): p+1: promise that the vat does not decide" },
    { "  fulfill p-61 one & reject p-61 two\n",
      "syscall 2 (resolve): p-61: promise that is resolved already" },
    { "  fulfill p-61 one\n  fulfill p-61 two\n",
      "syscall 3 (resolve): p-61: reference that the vat does not hold" },
    { "  fulfill p-61 p-60\n", "syscall 2 (resolve): p-61: cannot be fulfilled to a promise" },
    { "  fulfill p-61 p+1\n", "syscall 2 (resolve): p-61: cannot be fulfilled to a promise" },
    { "  fulfill p-61 p-61\n", "syscall 2 (resolve): p-61: cannot be fulfilled to a promise" },
    { "  fulfill p-61 raw {\"@qclass\":\"slot\",\"index\":0} | p+1\n",
      "syscall 2 (resolve): p-61: cannot be fulfilled to a promise" },
    { "  fulfill p+1 [p-61] & fulfill p-61 p+1\n",
      "syscall 2 (resolve): p-61: cannot be fulfilled to a promise" },
    { "  fulfill p+1 data & fulfill p-60 data\n",
      "syscall 2 (resolve): p-60: promise that the vat does not decide" },

    /* ---- the rest ---- */
    { "  call-now d-70\n", "syscall 2 (callNow): a device call that was not asked" },
    { "  kind 99\n", "syscall 2 (unknown): unknown kind 99" },
    { "  kind 0\n", "syscall 2 (unknown): unknown kind 0" },
    { "  exit done\n  send o-51.foo()\n",
      "syscall 3 (send): o-51: reference that the vat does not hold" },

    /* ---- what S10 says comes after illegal syscalls ---- */
    { "  send o-51.foo()\n  error THROWN boom\n  computrons 5000\n",
      "syscall 2 (send): o-51: reference that the vat does not hold" },
    { "  exit done\n  error THROWN boom\n  computrons 5000\n", "exception: boom" },
    { "  error UNSETTLED \n", "still pending when the vat fell silent" },
    { "  error METER \n", "computron limit exceeded" },
    /* no worker may accuse the machine or the host */
    { "  error IO boom\n", "worker broke the protocol: boom" },
    { "  error PANIC boom\n", "worker broke the protocol: boom" },
    { "  error THROWN a\tline\n", "exception: a line" },
    { "  fail done\n  computrons 5000\n", "computron limit exceeded" },
    { "  fail Error(sorry)\n", "exit with failure: #{\"#error\":\"sorry\",\"name\":\"Error\"}" },
};

/* The same of a vat that may pass promises on: those that are still not its own. */
static const row pipelining_rows[] = {
    { "  send o-50.foo() => p-60\n",
      "syscall 2 (send): p-60: promise that the vat does not decide" },
    { "  send o-50.foo() => p-61\n  send o-50.foo() => p-61\n",
      "syscall 3 (send): p-61: promise that the vat does not decide" },
    { "  send o-50.foo() => p-61\n  fulfill p-61 data\n",
      "syscall 3 (resolve): p-61: promise that the vat does not decide" },
    { "  fulfill p-61 done\n  send o-50.foo() => p-61\n",
      "syscall 3 (send): p-61: reference that the vat does not hold" },
    { "  send o-50.foo() => o-50\n",
      "syscall 2 (send): o-50: reference of the wrong kind for this use" },
};

static void play(const row *r, const char *options)
{
    char script[4096];
    cs_hash plain, other;
    (void)snprintf(script, sizeof script, SCRIPT, r->syscalls, options, r->syscalls, r->why,
                   r->why);
    /* the title is one line */
    for (char *at = script; at < script + 3 + strlen(r->syscalls) - 1; at++)
        *at = *at == '\n' ? ';' : *at;
    for (raw_mode mode = RAW_PLAIN; mode < RAW_FILE; mode++) { /* the traces go through the file */
        const char *bad = raw_play(script, mode, mode == RAW_PLAIN ? &plain : &other);
        if (bad != NULL)
            fail_msg("%s%s", r->syscalls, bad);
        assert_true(mode == RAW_PLAIN || cs_hash_same(&plain, &other));
    }
}

static void illegal_syscalls_end_the_vat(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        play(&rows[i], " meter=4999");
}

static void and_vats_that_pipeline(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof pipelining_rows / sizeof pipelining_rows[0]; i++)
        play(&pipelining_rows[i], " pipelining");
}

T_MAIN(T(illegal_syscalls_end_the_vat), T(and_vats_that_pipeline))
