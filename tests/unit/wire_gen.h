/* Random deliveries and replies, as small as the tape wants; everything lies in the arena. */
#pragma once
#include "base/arena.h"
#include "base/message.h"
#include "t.h"

cs_vref gen_vref(tape *t);
cs_delivery gen_delivery(tape *t, cs_arena *a);
cs_reply gen_reply(tape *t, cs_arena *a);
