/* Deliveries and syscalls of raw vats as short text, both ways, for scripts and traces.
 *
 *     DATA   ko20 | o-50 | p+5     one reference and nothing else      #"$0"  #"&0"
 *            [o-50 p+5]            references in an array              #["$0","&1"]
 *            Error(text)           an Error                            #{"#error":"text",...}
 *            word                  a string of letters, digits, - _    #"word"
 *            raw BODY | o-50 ...   any other body, and its slots; to the end of the line
 *     CALL   o+0.foo(o-50 p+5)     #["foo",["$0","&1"]]
 *            o+0 raw BODY | ...
 *            then " => p+5" if there is a result
 *     BATCH  fulfill p+5 DATA & reject p+6 DATA
 *
 *     deliveries   start DATA | CALL | notify BATCH | bringOutYourDead
 *                  dropExports REF... | retireExports REF... | retireImports REF...
 *     syscalls     send CALL | subscribe p-60 | BATCH | exit DATA | fail DATA
 *                  drop REF... | retire REF... | retire-exports REF... | abandon REF...
 *                  set KEY VALUE | delete KEY | get KEY [VALUE] | next KEY [VALUE]
 *                  call-now REF | call-now REF.method(REF...) | call-now REF.method raw BODY | REF...
 *                  kind N
 *
 * "bits:N" is a malformed reference. What a test's author writes wrong ends the program. */
#pragma once
#include "base/arena.h"
#include "base/message.h"
#include "kernel/kernel.h"

void raw_delivery_text(cs_buf *b, const cs_delivery *d);
void raw_kcapdata_text(cs_buf *b, const cs_kcapdata *d);
void raw_capdata_text(cs_buf *b, const cs_capdata *d);

/* All take memory from `arena`. */
void raw_vrefs_parse(cs_arena *arena, const char *text, cs_vrefs *ret); /* REF... */
void raw_syscall_parse(cs_arena *arena, const char *text, cs_syscall *ret);
/* Krefs; "@name" is what `lookup` says. */
typedef cs_kref raw_lookup_fn(void *ctx, cs_bytes name);
void raw_kcapdata_parse(cs_arena *arena, const char *text, raw_lookup_fn *lookup, void *ctx,
                        cs_kcapdata *ret);
/* CALL without a result. */
void raw_kcall_parse(cs_arena *arena, const char *text, raw_lookup_fn *lookup, void *ctx,
                     cs_kref *ret_target, cs_kcapdata *ret_methargs);

_Noreturn void raw_die(const char *what, const char *text);
