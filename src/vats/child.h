/* A program of its own, started by posix_spawn (which is flat in our size, unlike fork), with a pipe
 * down and a pipe up. Private to vats/. */
#pragma once
#include "base/status.h"

#include <sys/types.h>

typedef struct cs_child {
    pid_t pid; /* 0: none */
    int in, out;
    int words; /* what it says on stderr; -1: that is ours */
    int held;  /* the far end of `out`: while we hold it, writing to the dead raises no SIGPIPE */
} cs_child;

typedef struct cs_child_options {
    const char *program;     /* a path; without a slash: found by PATH */
    const char *const *argv; /* ends with NULL */
    const char *folder;      /* where it starts; NULL: here */
    /* Ours: the pipes are its descriptors 3 and 4, it has no environment, and its words are kept for
     * cs_child_end(). Otherwise they are its stdin and stdout. */
    bool is_worker;
} cs_child_options;

/* ENGINE (ENV): it could not be started. The descriptors of `ret` do not block and are closed in any
 * program that we start. */
CS_MUST_USE cs_status cs_child_start(const cs_child_options *o, cs_child *ret, cs_error *err);
/* Kills it, if it has not ended by itself, and forgets it. Puts into err->text, unless err is NULL, how it
 * ended and what it said last. */
void cs_child_end(cs_child *c, cs_error *err);
