/* xsJSON.c that throws where the stack nears its end. JSON.parse recurses as deeply as its text is
 * nested, and the text may come from another vat: an abort would let that one end this one. */
#include "engine/heap.h"

enum { SLOTS_LEFT_MIN = 1024 };

static void check_stack(txMachine *the, txInteger count)
{
    if (the->stack + count - SLOTS_LEFT_MIN < the->stackBottom)
        mxRangeError("JSON: nested too deeply");
}

#define fxOverflow(THE, COUNT, PATH, LINE) check_stack(THE, COUNT)
#include "xsJSON.c"
