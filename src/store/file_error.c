/* What SQLite's errors mean to people and to the kernel. */
#include "store/file.h"

#include <errno.h>
#include <string.h>

static cs_status status_of_errno(int error)
{
    switch (error) {
    case ENOSPC:
    case EDQUOT:
    case EFBIG:
        return CS_E_DISK_FULL;
    case EACCES:
    case EPERM:
    case EROFS:
        return CS_E_READ_ONLY;
    default:
        return CS_E_IO;
    }
}

static cs_status status_of(int rc, int error)
{
    if (rc == SQLITE_IOERR_DATA)
        return CS_E_CORRUPT;
    switch (rc & 0xff) {
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_PROTOCOL:
        return CS_E_LOCKED;
    case SQLITE_FULL:
        return CS_E_DISK_FULL;
    case SQLITE_READONLY:
    case SQLITE_PERM:
        return CS_E_READ_ONLY;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CONSTRAINT: /* a row is there twice */
    case SQLITE_ERROR:      /* a table is not what it was */
    case SQLITE_SCHEMA:
        return CS_E_CORRUPT;
    case SQLITE_NOMEM:
        return CS_E_NO_MEMORY;
    default:
        return status_of_errno(error);
    }
}

static const char *advice(cs_status st)
{
    static const char *const texts[CS_STATUS_COUNT] = {
        [CS_E_LOCKED] = "Another Capstan is using this store: stop it first",
        [CS_E_DISK_FULL] = "Free some space and start again; all that was committed is safe",
        [CS_E_READ_ONLY] = "Make the file and its directory writable and start again",
        [CS_E_CORRUPT] = "The store is damaged: restore it from a copy",
        [CS_E_NO_MEMORY] = "Start again with more memory; all that was committed is safe",
        [CS_E_IO] = "See to the disk and start again; all that was committed is safe",
    };
    return texts[st];
}

cs_status cs_file_fail(cs_store *s)
{
    int now = errno;
    sqlite3 *db = s->file->db;
    int error = sqlite3_system_errno(db), rc = sqlite3_extended_errcode(db);
    if (error == 0 && (rc & 0xff) == SQLITE_IOERR)
        error = now; /* SQLite does not note it when a COMMIT fails */
    cs_status st = status_of(rc, error);
    if (st == CS_E_CORRUPT && s->file->vfs->bad_page != 0)
        return cs_store_fail(s, st, "%s: page %lld does not have the content that was written. %s.",
                             s->path, (long long)s->file->vfs->bad_page, advice(st));
    if (st == CS_E_LOCKED)
        return cs_store_fail(s, st, "%s: %s.", s->path, advice(st));
    return cs_store_fail(s, st, "%s: %s%s%s. %s.", s->path, sqlite3_errmsg(db),
                         error == 0 ? "" : ": ", error == 0 ? "" : strerror(error), advice(st));
}
