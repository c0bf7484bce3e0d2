/* Whole messages over a pair of descriptors, pipes as a rule. What a message is, `size` tells. */
#pragma once
#include "base/bytes.h"

/* As cs_frame_size(). */
typedef size_t cs_message_size_fn(cs_bytes got, size_t max);

typedef struct cs_channel {
    int in, out; /* not blocking, but with wait_ms < 0; borrowed */
    /* How long we wait in all since the last cs_channel_begin(); < 0: for ever. A clock: it decides when
     * a worker is given up, never what a crank does. */
    int wait_ms;
    int64_t until_ms; /* 0: we have not waited yet */
    size_t sent;      /* since then */
    cs_message_size_fn *size;
    size_t receive_max;
    cs_buf sending; /* what cs_channel_send() sends */
    cs_buf got;     /* what came in; [taken, size) is not taken yet */
    size_t taken;
    bool ended; /* the other side closed its end */
} cs_channel;

void cs_channel_fini(cs_channel *c); /* closes nothing */
/* A new request, with a time of its own. */
static inline void cs_channel_begin(cs_channel *c)
{
    c->until_ms = 0;
    c->sent = 0;
}

/* Sends all of `sending`, and empties it. WORKER (ENV): the other side is gone, or waits too long; the
 * channel is of no use then. What comes in meanwhile is kept. */
CS_MUST_USE cs_status cs_channel_send(cs_channel *c, cs_error *err);
/* Waits for the next message; borrowed until the next receive or send. WORKER likewise, or for a message that
 * is none or larger than receive_max. */
CS_MUST_USE cs_status cs_channel_receive(cs_channel *c, cs_bytes *ret, cs_error *err);
