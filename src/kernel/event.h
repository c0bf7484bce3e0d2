/* What waits on a queue (A1). A queue's item is one event, encoded:
 *
 *     event = 1, since, kref target, kref result, capdata methargs      send
 *           | 2, since, varint vat, kref promise                        notify
 *           | 3, since, varint vat, capdata parameters                  startVat
 *           | 4, since, varint vat, sized bundle id, sized name, sized options, capdata parameters   create-vat
 *     since = varint crank number
 *
 * Each mention of a kref in a queued event counts (S4a), until the event is consumed. Later kinds
 * (upgrade-vat, changeVatOptions, ...) append numbers: they are stored. */
#pragma once
#include "base/arena.h"
#include "kernel/kernel.h"

typedef enum cs_event_kind {
    CS_EVENT_SEND = 1,
    CS_EVENT_NOTIFY,
    CS_EVENT_START_VAT,
    CS_EVENT_CREATE_VAT,
} cs_event_kind;

typedef struct cs_event {
    cs_event_kind kind;
    cs_vatid vat;                   /* all but SEND */
    cs_kref target;                 /* SEND: object or promise. NOTIFY: the promise */
    cs_kref result;                 /* SEND: promise or none */
    cs_kcapdata data;               /* SEND: methargs. START_VAT, CREATE_VAT: parameters */
    uint64_t since;                 /* the crank that queued it first; for people */
    cs_bytes bundle, name, options; /* CREATE_VAT: the bundle's id; options.h's bytes */
} cs_event;

/* Gives one reference. `scratch` is cleared and used. */
cs_blob *cs_event_blob(cs_buf *scratch, const cs_event *e);
/* Bodies are borrowed from `item`, slots from `arena`. False: malformed. */
CS_MUST_USE bool cs_event_dec(cs_bytes item, cs_arena *arena, cs_event *ret);
