/* What waits on a queue (A1). A queue's item is one event, encoded:
 *
 *     event = 1, since, kref target, kref result, capdata methargs      send
 *           | 2, since, varint vat, kref promise                        notify
 *           | 3, since, varint vat, capdata parameters                  startVat
 *     since = varint crank number
 *
 * Each mention of a kref in a queued event counts (S4a), until the event is consumed. Later kinds
 * (create-vat, upgrade-vat, changeVatOptions, ...) append numbers: they are stored. */
#pragma once
#include "base/arena.h"
#include "kernel/kernel.h"

typedef enum cs_event_kind { CS_EVENT_SEND = 1, CS_EVENT_NOTIFY, CS_EVENT_START_VAT } cs_event_kind;

typedef struct cs_event {
    cs_event_kind kind;
    cs_vatid vat;     /* NOTIFY, START_VAT */
    cs_kref target;   /* SEND: object or promise. NOTIFY: the promise */
    cs_kref result;   /* SEND: promise or none */
    cs_kcapdata data; /* SEND: methargs. START_VAT: parameters */
    uint64_t since;   /* the crank that queued it first; for people */
} cs_event;

/* Gives one reference. `scratch` is cleared and used. */
cs_blob *cs_event_blob(cs_buf *scratch, const cs_event *e);
/* Bodies are borrowed from `item`, slots from `arena`. False: malformed. */
CS_MUST_USE bool cs_event_dec(cs_bytes item, cs_arena *arena, cs_event *ret);
