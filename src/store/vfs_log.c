/* The log gathers what is written one behind the other, which is two small pieces a page, and writes
 * it when it is synced, read or gets long. With synchronous=FULL nobody relies on the log before it
 * is synced: SQLite tells other processes of a block only after that. */
#include "store/vfs.h"

#include "base/bytes.h"

/* SQLite's own VFS takes writes of less than 128 KiB. */
enum { GATHER_MAX = 120 * 1024 };

typedef struct log_file {
    sqlite3_file base;
    sqlite3_file *below; /* lies behind this struct */
    cs_buf gathered;
    sqlite3_int64 from; /* where `gathered` goes */
} log_file;

size_t cs_vfs_log_size(void)
{
    return sizeof(log_file);
}

static sqlite3_file *below(sqlite3_file *f)
{
    return ((log_file *)f)->below;
}

static int flush(sqlite3_file *f)
{
    log_file *self = (log_file *)f;
    int size = (int)self->gathered.size;
    if (size == 0)
        return SQLITE_OK;
    cs_buf_clear(&self->gathered); /* after a failure, too: the block is lost then */
    return below(f)->pMethods->xWrite(below(f), self->gathered.data, size, self->from);
}

static int on_write(sqlite3_file *f, const void *from, int size, sqlite3_int64 offset)
{
    log_file *self = (log_file *)f;
    bool follows = offset == self->from + (sqlite3_int64)self->gathered.size;
    if (!follows || self->gathered.size + (size_t)size > GATHER_MAX) {
        int rc = flush(f);
        if (rc != SQLITE_OK)
            return rc;
        self->from = offset;
    }
    cs_buf_add(&self->gathered, from, (size_t)size);
    return SQLITE_OK;
}

static int on_read(sqlite3_file *f, void *to, int size, sqlite3_int64 offset)
{
    int rc = flush(f);
    return rc != SQLITE_OK ? rc : below(f)->pMethods->xRead(below(f), to, size, offset);
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    int rc = flush(f);
    return rc != SQLITE_OK ? rc : below(f)->pMethods->xTruncate(below(f), size);
}

static int on_sync(sqlite3_file *f, int flags)
{
    int rc = flush(f);
    return rc != SQLITE_OK ? rc : below(f)->pMethods->xSync(below(f), flags);
}

static int on_file_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    int rc = flush(f);
    return rc != SQLITE_OK ? rc : below(f)->pMethods->xFileSize(below(f), ret);
}

/* What was not synced by now was given up. */
static int on_close(sqlite3_file *f)
{
    cs_buf_fini(&((log_file *)f)->gathered);
    return below(f)->pMethods->xClose(below(f));
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

static const sqlite3_io_methods methods = {
    .iVersion = 1,
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
};

int cs_vfs_log_open(sqlite3_vfs *v, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    log_file *self = (log_file *)f;
    *self = (log_file){ .below = (sqlite3_file *)(self + 1) };
    self->below->pMethods = NULL;
    int rc = v->xOpen(v, name, self->below, flags, ret_flags);
    if (self->below->pMethods != NULL)
        self->base.pMethods = &methods; /* then SQLite closes it, whatever rc is */
    return rc;
}
