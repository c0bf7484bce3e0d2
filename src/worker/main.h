/* A worker process: what `capstan worker` runs. The kernel starts it (vats/process.c) with two pipes as
 * descriptors 3 and 4, on which it speaks wire/frame.h. It makes the base heap, shuts itself in
 * (worker/sandbox.h), and then does what it is told until it is killed or the kernel is gone. */
#pragma once

enum { CS_WORKER_IN = 3, CS_WORKER_OUT = 4 };

/* `parent`: the kernel's process, as text. Returns an exit code, or never. */
int cs_worker_main(const char *parent);
