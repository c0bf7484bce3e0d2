/* What crosses between the kernel and a vat (S5), as plain values: a delivery goes in, one reply
 * comes back with every syscall in order. All pointers are borrowed: a delivery's until it has been
 * answered, a reply's until the next delivery to the same worker. Bytes on a wire or in a row are
 * wire/codec.h's. */
#pragma once
#include "base/ref.h"

typedef struct cs_capdata {
    cs_bytes body; /* smallcaps ('#' first) or the legacy form; UTF-8 */
    const cs_vref *slots;
    uint32_t slot_count;
} cs_capdata;

typedef struct cs_resolution {
    cs_vref promise;
    bool rejected;
    cs_capdata data;
} cs_resolution;

typedef struct cs_message {
    cs_vref target;
    cs_capdata methargs; /* [method, [arg, …]] */
    cs_vref result;      /* none: nobody waits for an answer */
} cs_message;

typedef struct cs_vrefs {
    const cs_vref *items;
    uint32_t count;
} cs_vrefs;

typedef struct cs_resolutions {
    const cs_resolution *items;
    uint32_t count;
} cs_resolutions;

/* Numbers are part of the wire and of transcripts: append only. */
typedef enum cs_delivery_kind {
    CS_DELIVER_START_VAT = 1,
    CS_DELIVER_MESSAGE,
    CS_DELIVER_NOTIFY,
    CS_DELIVER_DROP_EXPORTS,
    CS_DELIVER_RETIRE_EXPORTS,
    CS_DELIVER_RETIRE_IMPORTS,
    CS_DELIVER_BRING_OUT_YOUR_DEAD,
} cs_delivery_kind;

typedef struct cs_delivery {
    cs_delivery_kind kind;
    union {
        cs_capdata start;      /* START_VAT: vatParameters */
        cs_message message;    /* MESSAGE */
        cs_resolutions notify; /* NOTIFY */
        cs_vrefs refs;         /* DROP_EXPORTS, RETIRE_EXPORTS, RETIRE_IMPORTS */
    };
} cs_delivery;

typedef enum cs_syscall_kind {
    CS_SYSCALL_SEND = 1,
    CS_SYSCALL_SUBSCRIBE,
    CS_SYSCALL_RESOLVE,
    CS_SYSCALL_EXIT,
    CS_SYSCALL_DROP_IMPORTS,
    CS_SYSCALL_RETIRE_IMPORTS,
    CS_SYSCALL_RETIRE_EXPORTS,
    CS_SYSCALL_ABANDON_EXPORTS,
    CS_SYSCALL_VATSTORE_GET,
    CS_SYSCALL_VATSTORE_SET,
    CS_SYSCALL_VATSTORE_DELETE,
    CS_SYSCALL_VATSTORE_NEXT_KEY,
    CS_SYSCALL_CALL_NOW,
} cs_syscall_kind;

typedef struct cs_syscall {
    cs_syscall_kind kind;
    union {
        cs_message send;        /* SEND */
        cs_vref promise;        /* SUBSCRIBE */
        cs_resolutions resolve; /* RESOLVE */
        struct {
            bool is_failure;
            cs_capdata info;
        } exit;        /* EXIT */
        cs_vrefs refs; /* DROP_IMPORTS … ABANDON_EXPORTS */
        struct {
            cs_bytes key;
            cs_bytes value;  /* SET: what was stored. GET, NEXT_KEY: the answer that was given */
            bool has_answer; /* GET, NEXT_KEY: false if there was none */
        } vatstore;
        struct {
            cs_vref device;
            cs_bytes method;
            cs_capdata args;
            bool failed;       /* the device threw: result.body is why, as text, without slots */
            cs_capdata result; /* the answer that was given */
        } call;                /* CALL_NOW */
    };
} cs_syscall;

/* Whether the vat waits for the answer. */
static inline bool cs_syscall_asks(cs_syscall_kind kind)
{
    return kind == CS_SYSCALL_VATSTORE_GET || kind == CS_SYSCALL_VATSTORE_NEXT_KEY ||
           kind == CS_SYSCALL_CALL_NOW;
}

typedef struct cs_reply {
    cs_status status; /* OK, or a VAT-class status: the delivery failed (S10) */
    cs_bytes problem; /* text for people if it failed */
    const cs_syscall *syscalls;
    uint32_t syscall_count;
    uint64_t computrons;
    uint64_t heap_bytes;      /* live after the last collection, plus allocated since */
    uint64_t allocated_bytes; /* since then, and what dropped exports count for: the garbage hint */
    uint32_t imports_held;    /* o- that the vat has not dropped: audited against the c-list */
    uint32_t watched;         /* references of whose loss the vat would tell (S7, S8): o- that it
                                 knows, and exports that the kernel has dropped */
    uint32_t dead_left;       /* of these, known to be lost and not told yet */
    bool collected;           /* the heap was collected at the end of the crank */
} cs_reply;

/* imports_held of a worker that does not say: nothing is audited. */
#define CS_IMPORTS_UNKNOWN UINT32_MAX

/* When the heap is to be collected at the end of a crank (docs/gc.md). A BOYD collects whatever this
 * says, unless so many of the dead wait to be told that more could not be. */
typedef enum cs_collect {
    CS_COLLECT_NEVER,
    CS_COLLECT_WHEN_DUE, /* enough has been allocated since the last time */
    CS_COLLECT_NOW,
} cs_collect;
