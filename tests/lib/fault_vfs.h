/* A VFS below the store's that fails the N-th operation: what a disk does that is full or breaks.
 * It becomes SQLite's default, so open the store after fault_vfs_install(). */
#pragma once
#include <stdbool.h>

typedef enum fault_kind {
    FAULT_FULL,  /* writes fail with SQLITE_FULL; the other operations work */
    FAULT_WRITE, /* writes, truncations, syncs, deletions and openings fail with SQLITE_IOERR_… */
    FAULT_SYNC,  /* syncs fail */
    FAULT_READ,  /* reads fail */
    FAULT_TORN,  /* writes write half and fail */
} fault_kind;

void fault_vfs_install(void);
/* Lets `countdown` operations of the kind pass and fails the next one; if `sticky` all after it too.
 * Each call starts anew. */
void fault_vfs_set(fault_kind kind, unsigned countdown, bool sticky);
void fault_vfs_clear(void);
bool fault_vfs_struck(void); /* whether one has failed since fault_vfs_set() */
