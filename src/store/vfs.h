/* A layer between SQLite and the system's files:
 *
 *   V1  Every page ends in a CRC-32 of its number and content, made when the page is written and
 *       checked when it is read: SQLite alone would believe a page that the disk got wrong.
 *   V2  Who has become the writer stays it until the file is closed, so that a second Capstan is
 *       refused at once, while others may read; the system lets go of the lock when a process dies.
 *
 *   V3  A frozen file is read as it is: without locks and without files beside it, for who may not
 *       write there.
 *
 * The log (-wal) has checksums of its own; it is only written in longer pieces (vfs_log.c). */
#pragma once
#include "base/status.h"

#include <sqlite3.h>

enum { CS_PAGE_SIZE = 4096, CS_PAGE_RESERVED = 4 };

typedef struct cs_vfs {
    sqlite3_vfs base; /* a copy of the one below with its own name and xOpen */
    sqlite3_vfs *below;
    char name[40];
    bool keeps_writer; /* V2 */
    bool is_frozen;    /* V3 */
    int64_t bad_page;  /* 0: none was met */
} cs_vfs;

/* vfs_log.c: opens a log on the VFS `v` below; `f` has room for cs_vfs_log_size() and v's own. */
int cs_vfs_log_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags);
size_t cs_vfs_log_size(void);

/* Gives a layer above SQLite's default VFS, registered as `name`. */
cs_vfs *cs_vfs_new(void);
cs_vfs *cs_vfs_free(cs_vfs *v); /* after the files are closed; NULL is fine; returns NULL */
