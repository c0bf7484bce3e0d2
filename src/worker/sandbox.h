/* The sandbox of a worker process (docs/workers.md). Engine bugs are assumed: whoever gets to run code of
 * his own here can compute, talk to the kernel by the two pipes, and nothing else. */
#pragma once

/* What could not be applied on this machine, as words for people; empty: nothing. */
typedef struct cs_sandbox {
    char missing[256]; /* of what --require-sandbox insists on */
    char weaker[256];  /* of what only doubles that */
} cs_sandbox;

/* First of all: this process ends when its parent does. `parent` is the parent's process id as text: if it
 * is gone already, so are we. */
void cs_sandbox_tie(const char *parent);

/* Shuts the process in; for good. Only the pipes of worker/main.h and stderr stay open. */
void cs_sandbox_enter(cs_sandbox *ret);
