/* Computrons: XS counts bytecodes and some work of its built-ins in a 32-bit counter that it shows
 * to a callback every INTERVAL units; together with what was carried over that makes 64 bits. The
 * points at which the callback is asked are a function of the program alone, since the counter does
 * not depend on collections. */
#include "engine/heap.h"

enum { INTERVAL = 10000 };

static txBoolean ask(txMachine *the, txU4 index)
{
    cs_heap *h = the->heap;
    if (index > UINT32_MAX / 2) {
        h->meter_carry += index;
        the->meterIndex = 0;
    }
    return h->meter_max == 0 || h->meter_carry + the->meterIndex <= h->meter_max;
}

void cs_meter_start(cs_heap *h)
{
    fxBeginMetering(h->the, ask, INTERVAL);
}

void cs_meter_reset(cs_heap *h, uint64_t max)
{
    h->meter_max = max;
    h->meter_carry = 0;
    h->meter_pauses = 0;
    cs_meter_start(h);
}

uint64_t cs_meter_read(const cs_heap *h)
{
    return h->meter_carry + (h->meter_pauses > 0 ? h->meter_paused_at : h->the->meterIndex);
}

void cs_meter_pause(cs_machine *the)
{
    cs_heap *h = the->heap;
    if (h->meter_pauses++ > 0)
        return;
    h->meter_paused_at = the->meterIndex;
    the->meterInterval = 0; /* nobody is asked */
}

void cs_meter_resume(cs_machine *the)
{
    cs_heap *h = the->heap;
    cs_assert(h->meter_pauses > 0);
    if (--h->meter_pauses > 0)
        return;
    the->meterIndex = h->meter_paused_at;
    the->meterInterval = INTERVAL;
}
