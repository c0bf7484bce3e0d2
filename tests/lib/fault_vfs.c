#include "fault_vfs.h"

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

static struct {
    sqlite3_vfs vfs;
    sqlite3_vfs *below;
    bool is_on, sticky, struck;
    fault_kind kind;
    unsigned countdown;
} fault;

typedef struct file {
    sqlite3_file base;
    sqlite3_file *below;
} file;

static sqlite3_file *below(sqlite3_file *f)
{
    return ((file *)f)->below;
}

/* Whether this operation, one of the kinds in the mask, is to fail. */
static bool strikes(unsigned kinds)
{
    if (!fault.is_on || !(kinds & 1u << fault.kind))
        return false;
    if (fault.struck)
        return fault.sticky;
    if (fault.countdown-- > 0)
        return false;
    fault.struck = true;
    return true;
}

enum {
    FULL = 1u << FAULT_FULL,
    WRITE = 1u << FAULT_WRITE,
    SYNC = 1u << FAULT_SYNC,
    READ = 1u << FAULT_READ,
    TORN = 1u << FAULT_TORN
};

/* ---- files ---- */

static int on_close(sqlite3_file *f)
{
    return below(f)->pMethods->xClose(below(f));
}

static int on_read(sqlite3_file *f, void *to, int size, sqlite3_int64 offset)
{
    return strikes(READ) ? SQLITE_IOERR_READ
                         : below(f)->pMethods->xRead(below(f), to, size, offset);
}

static int on_write(sqlite3_file *f, const void *from, int size, sqlite3_int64 offset)
{
    if (strikes(FULL | WRITE | TORN)) {
        if (fault.kind == FAULT_TORN)
            (void)below(f)->pMethods->xWrite(below(f), from, size / 2, offset);
        return fault.kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_WRITE;
    }
    return below(f)->pMethods->xWrite(below(f), from, size, offset);
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return strikes(WRITE) ? SQLITE_IOERR_TRUNCATE : below(f)->pMethods->xTruncate(below(f), size);
}

/* No power is cut in these tests, so a sync that works need not take its time. */
static int on_sync(sqlite3_file *f, int flags)
{
    (void)f;
    (void)flags;
    return strikes(WRITE | SYNC) ? SQLITE_IOERR_FSYNC : SQLITE_OK;
}

static int on_file_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    return strikes(READ) ? SQLITE_IOERR_FSTAT : below(f)->pMethods->xFileSize(below(f), ret);
}

static int on_lock(sqlite3_file *f, int level)
{
    return below(f)->pMethods->xLock(below(f), level);
}

static int on_unlock(sqlite3_file *f, int level)
{
    return below(f)->pMethods->xUnlock(below(f), level);
}

static int on_check_reserved_lock(sqlite3_file *f, int *ret)
{
    return below(f)->pMethods->xCheckReservedLock(below(f), ret);
}

static int on_file_control(sqlite3_file *f, int op, void *arg)
{
    return below(f)->pMethods->xFileControl(below(f), op, arg);
}

static int on_sector_size(sqlite3_file *f)
{
    return below(f)->pMethods->xSectorSize(below(f));
}

static int on_device_characteristics(sqlite3_file *f)
{
    return below(f)->pMethods->xDeviceCharacteristics(below(f));
}

static int on_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
    if (extend && strikes(FULL | WRITE))
        return fault.kind == FAULT_FULL ? SQLITE_FULL : SQLITE_IOERR_SHMSIZE;
    return below(f)->pMethods->xShmMap(below(f), page, size, extend, ret);
}

static int on_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    return below(f)->pMethods->xShmLock(below(f), offset, n, flags);
}

static void on_shm_barrier(sqlite3_file *f)
{
    below(f)->pMethods->xShmBarrier(below(f));
}

static int on_shm_unmap(sqlite3_file *f, int delete_it)
{
    return below(f)->pMethods->xShmUnmap(below(f), delete_it);
}

static const sqlite3_io_methods methods = {
    .iVersion = 2,
    .xClose = on_close,
    .xRead = on_read,
    .xWrite = on_write,
    .xTruncate = on_truncate,
    .xSync = on_sync,
    .xFileSize = on_file_size,
    .xLock = on_lock,
    .xUnlock = on_unlock,
    .xCheckReservedLock = on_check_reserved_lock,
    .xFileControl = on_file_control,
    .xSectorSize = on_sector_size,
    .xDeviceCharacteristics = on_device_characteristics,
    .xShmMap = on_shm_map,
    .xShmLock = on_shm_lock,
    .xShmBarrier = on_shm_barrier,
    .xShmUnmap = on_shm_unmap,
};

/* ---- the VFS ---- */

static int on_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    (void)v;
    file *self = (file *)f;
    self->base.pMethods = NULL;
    self->below = (sqlite3_file *)(self + 1);
    self->below->pMethods = NULL;
    if (strikes(WRITE))
        return SQLITE_CANTOPEN;
    int rc = fault.below->xOpen(fault.below, name, self->below, flags, ret_flags);
    if (self->below->pMethods != NULL)
        self->base.pMethods = &methods;
    return rc;
}

static int on_delete(sqlite3_vfs *v, const char *name, int sync)
{
    (void)v;
    return strikes(WRITE) ? SQLITE_IOERR_DELETE : fault.below->xDelete(fault.below, name, sync);
}

void fault_vfs_install(void)
{
    fault.below = sqlite3_vfs_find(NULL);
    fault.vfs = *fault.below;
    fault.vfs.zName = "fault";
    fault.vfs.szOsFile += (int)sizeof(file);
    fault.vfs.xOpen = on_open;
    fault.vfs.xDelete = on_delete;
    fault.vfs.pNext = NULL;
    if (sqlite3_vfs_register(&fault.vfs, 1) != SQLITE_OK)
        abort();
}

void fault_vfs_set(fault_kind kind, unsigned countdown, bool sticky)
{
    fault.kind = kind;
    fault.countdown = countdown;
    fault.sticky = sticky;
    fault.struck = false;
    fault.is_on = true;
}

void fault_vfs_clear(void)
{
    fault.is_on = false;
}

bool fault_vfs_struck(void)
{
    return fault.struck;
}
