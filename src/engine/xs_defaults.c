/* xsDefaults.c with a table of behaviours that is ours: one longer, for E() (handled_promise.c), and
 * with the behaviours that confine.c replaces. */
#include "engine/heap.h"

extern void fxGrowSlots(txMachine *the, txSize count);

/* The ARCHIVE opcodes define a function's length without synchronising the stack, so no collection
 * may start there: make room first, and let tests that collect at every allocation leave it out. */
static txSlot *new_function_length(txMachine *the, txSlot *instance, txNumber length)
{
    txFlag collecting = the->collectFlag & XS_COLLECTING_FLAG;
    if (the->freeHeap == NULL && the->minimumHeapCount > 0)
        fxGrowSlots(the, the->minimumHeapCount);
    the->collectFlag &= ~XS_COLLECTING_FLAG;
    txSlot *property = fxNewFunctionLength(the, instance, length);
    the->collectFlag = (the->collectFlag & ~XS_SKIPPED_COLLECT_FLAG) | collecting;
    return property;
}

#define fxNewFunctionLength new_function_length
#define gxBehaviors stock_behaviors
#include "xsDefaults.c"
#undef gxBehaviors
#undef fxNewFunctionLength

const txBehavior *gxBehaviors[XS_BEHAVIOR_COUNT + 1];

void cs_behaviors_init(void)
{
    memcpy(gxBehaviors, stock_behaviors, sizeof stock_behaviors);
}
