/* A kernel driven by a script that is its own expected trace: what each delivery must be, and what
 * the vat answers. The vats are raw: syscalls as written, no liveslots.
 *
 *     == a title                        a new world, with an empty store in memory
 *     > vat bob pipelining              adds a static vat; also: dynamic, critical, never-reap, meter=N,
 *                                       interval=N|never, gc-krefs=N|never, and last: with DATA
 *     bob <- start raw #{}              the next delivery must be this (raw_text.h has the grammar)
 *       subscribe p-60                  indented: the reply
 *     > @bob.hello(@alice) => kp40      the host sends; the answer's promise must be kp40
 *     bob <- o+0.hello(o-50) => p-60
 *       fulfill p-60 [o-50]
 *     > idle                            nothing is left to do
 *     ? kp40 fulfilled [ko21]           a look at the rows
 *
 * Routing cranks are made in between, unseen. After every crank the audit must be clean.
 *
 *   host       > device NAME          raw_device.h, registered from now on
 *              > forget-devices
 *              > bundle NAME [ID] (installs one: id b1-ID, or b1-NAME) | resume VAT
 *              > vats-max N
 *              > CALL [policy ignore|log|log-failure|panic] => KP
 *              > terminate VAT REASON | pin REF | hold REF | release REF
 *              > idle | step (a crank without a delivery) | panic TEXT | log TEXT (the next line)
 *              > clean (what terminated vats left is deleted, before anything else happens)
 *              > cleanup N | cleanup exports=N kv=N ... (so much in one crank from now on; 0: nothing)
 *              > gc paced|prompt|batched | only gc (from now on cranks are cs_kernel_next_gc()'s) | only
 *              > reap VAT | reap-all | defaults N|never N|never (0: as it was)
 *              > reconcile VAT [held REF...] [recognized REF...] => CHANGED
 *              any of them then " ! STATUS": that status is expected
 *              > why REF, and each holder indented:
 *                  vat|owner VAT VREF R|_ since CRANK | queue [VAT] N since CRANK
 *                  promise|resolution KP N since CRANK | host N since CRANK
 *   reply      call-now ... -> DATA or throws TEXT: asked, and this must be the answer
 *              SYSCALL | computrons N | error STATUS TEXT | abandon (the same delivery must follow)
 *              imports N (else it does not say) | watched N | heap N | allocated N | dead-left N
 *              collected
 *              ! aborted TEXT | ! ended TEXT | ! panic TEXT | ! ignored N | ! miscounted |
 *                ! suspended
 *                what done() must say; TEXT is the vat's ending
 *              ! dropped N | ! retired N | ! collect never|due|now      likewise, if it is said
 *   looks      ? KP fulfilled|rejected DATA | KP unresolved VAT|- | KP gone
 *              ? KP refs N | KO OWNER|- REACHABLE/RECOGNIZABLE [retiring] | KO gone
 *              ? VAT VREF KREF R|_ | VAT VREF gone | VAT live | VAT dead | VAT forgotten
 *              ? accept N | run N | transcript VAT N | computrons VAT N
 *              ? kv VAT|- KEY VALUE|gone         (-: the kernel's own)
 *              ? gc ACTION & ACTION... | reap VAT... | lonely VAT...    all of them; "-": none
 *              ? imports VAT N | dirt VAT DELIVERIES GC-KREFS
 *              ? stat NAME N                                                                    */
#pragma once
#include "kernel/kernel.h"

typedef enum raw_mode {
    RAW_PLAIN,
    RAW_RESTART, /* a new kernel after every crank and every call: nothing in memory matters (K1) */
    RAW_TWICE,   /* every delivery is abandoned once and must come again just the same */
    RAW_FILE,    /* commit, close and open the file after every third of them */
    RAW_MODES
} raw_mode;

/* Plays all sections. NULL, or what went wrong first, with the line (static text).
 * `ret_activity`: a hash over the activity of all sections; may be NULL. */
const char *raw_play(const char *script, raw_mode mode, cs_hash *ret_activity);
