/* src/kernel/gc.c once more, with a batch of a size that the test chooses. It is linked before the
 * library, whose own gc.c nobody needs then. */
#include "base/limits.h"
#include "rig.h"

unsigned rig_gc_batch = CS_GC_BATCH;
#undef CS_GC_BATCH
#define CS_GC_BATCH rig_gc_batch
#include "kernel/gc.c"
