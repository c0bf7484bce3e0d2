/* What the kernel and a worker process say to each other, as values and as binary frames. The same as
 * JSON lines is wire/lines.h's.
 *
 *   HELLO -> READY           once; both say their version
 *   LOAD -> LOADED           a vat; bundle and code are sent once to a worker
 *   DELIVER -> REPLY         one delivery; between them the worker may SAY, and
 *     ASK -> ANSWER            ask, and waits for the answer
 *   IMPORTS -> IMPORTED
 *   UNLOAD                   no answer
 *
 * The kernel speaks first and one thing at a time: a request has a serial number, and all that the
 * worker says until it has answered carries that number. The syscalls that went up in ASKs are not in
 * the REPLY again: so a worker cannot say two things about them.
 *
 * A frame is its size (4 bytes, little endian, of all that follows), its type (1), its serial (4, little
 * endian), then members in the encoding of wire/codec.h. */
#pragma once
#include "base/arena.h"
#include "base/hash.h"
#include "base/message.h"

#define CS_WIRE_VERSION 1
enum { CS_FRAME_HEAD = 4 };

/* Numbers are part of the wire: append only. */
typedef enum cs_frame_type {
    CS_FRAME_HELLO = 1,
    CS_FRAME_LOAD,
    CS_FRAME_DELIVER,
    CS_FRAME_ANSWER,
    CS_FRAME_IMPORTS,
    CS_FRAME_UNLOAD,
    CS_FRAME_READY = 32, /* from here on: the worker's */
    CS_FRAME_LOADED,
    CS_FRAME_SAY,
    CS_FRAME_ASK,
    CS_FRAME_REPLY,
    CS_FRAME_IMPORTED,
} cs_frame_type;

typedef struct cs_frame {
    cs_frame_type type;
    uint32_t serial;
    union {
        struct {
            uint32_t version;
            cs_bytes base;    /* READY: name of its base heap, cs_base_name() */
            cs_bytes missing; /* READY: what of the sandbox could not be had; empty: nothing */
            cs_bytes weaker;  /* READY: the same of what is a second line of defence only */
        } hello;              /* HELLO, READY */
        struct {
            cs_vatid vat;
            bool silent; /* what it says is not told (S16) */
            cs_hash name;
            uint64_t computrons_max, heap_max;
            cs_bytes bundle, code; /* bundle empty: the worker has it */
        } load;                    /* LOAD */
        struct {
            cs_vatid vat;
            bool silent;
            cs_collect collect;
            cs_delivery delivery;
        } deliver; /* DELIVER */
        struct {
            cs_syscall *syscalls; /* those since the last ASK; the question is the last */
            uint32_t count;
        } ask; /* ASK */
        struct {
            bool refused;        /* there is no answer: the delivery is to end at once */
            cs_syscall question; /* with its answer */
        } answer;                /* ANSWER */
        cs_vatid vat;            /* IMPORTS, UNLOAD */
        struct {
            cs_status status; /* OK or VAT */
            cs_bytes problem;
        } loaded; /* LOADED */
        struct {
            cs_bytes level; /* empty: testLog */
            cs_bytes text;  /* UTF-8 */
        } say;              /* SAY */
        struct {
            cs_reply reply;
            uint64_t collections, dead; /* that it took, what they found dead */
        } reply;                        /* REPLY */
        struct {
            cs_vrefs held, recognized;
        } imports; /* IMPORTED */
    };
} cs_frame;

/* The size of the first message in `got`, 0 if it has not come whole, or SIZE_MAX if it is none or has
 * more than `max` bytes. */
size_t cs_frame_size(cs_bytes got, size_t max);
/* Appends the frame. TOO_BIG (VAT): more than a frame can hold; nothing is appended. */
CS_MUST_USE cs_status cs_frame_enc(cs_buf *b, const cs_frame *f);
/* Decodes one whole frame; what it gives borrows the bytes and the arena. Everything is checked and
 * bounded by limits.h: PROTOCOL (VAT). `from_worker`: its types alone are accepted, else the kernel's. */
CS_MUST_USE cs_status cs_frame_dec(cs_bytes frame, bool from_worker, cs_arena *arena,
                                   cs_frame *ret);
/* "log", "info", "warn", "error", "debug" or empty: what console and testLog say. */
bool cs_say_level_check(cs_bytes level);
