/* All but the reads, writes and locks of the main file goes straight down. */
#include "store/vfs.h"

#include "base/alloc.h"

#include <stdio.h>
#include <string.h>
#include <zlib.h>

enum { WRITE_LOCK = 0, CHECKED_SIZE = CS_PAGE_SIZE - CS_PAGE_RESERVED };

typedef struct cs_vfs_file {
    sqlite3_file base;
    cs_vfs *vfs;
    sqlite3_file *below; /* lies behind this struct */
    bool holds_writer;
} file;

static file *file_of(sqlite3_file *f)
{
    return (file *)f;
}

static sqlite3_file *below(sqlite3_file *f)
{
    return file_of(f)->below;
}

/* ---- pages (V1) ---- */

static void page_sum(const uint8_t *page, int64_t number, uint8_t sum[static CS_PAGE_RESERVED])
{
    uint32_t crc = (uint32_t)crc32((uLong)(number & 0xffffffff), page, CHECKED_SIZE);
    for (size_t i = 0; i < CS_PAGE_RESERVED; i++)
        sum[i] = (uint8_t)(crc >> (8 * i));
}

static int check_page(cs_vfs *v, const uint8_t *page, int size, int64_t offset)
{
    uint8_t sum[CS_PAGE_RESERVED];
    int64_t number = offset / CS_PAGE_SIZE + 1;
    page_sum(page, number, sum);
    if (size == CS_PAGE_SIZE && offset % CS_PAGE_SIZE == 0 &&
        memcmp(sum, page + CHECKED_SIZE, sizeof sum) == 0)
        return SQLITE_OK;
    v->bad_page = number;
    return SQLITE_IOERR_DATA;
}

/* SQLite reads whole pages, and less than 512 bytes where it looks into the header first. */
static int on_read(sqlite3_file *f, void *to, int size, sqlite3_int64 offset)
{
    int rc = below(f)->pMethods->xRead(below(f), to, size, offset);
    if (rc != SQLITE_OK || size < 512)
        return rc;
    return check_page(file_of(f)->vfs, to, size, offset);
}

static int on_write(sqlite3_file *f, const void *from, int size, sqlite3_int64 offset)
{
    uint8_t page[CS_PAGE_SIZE];
    if (size != CS_PAGE_SIZE || offset % CS_PAGE_SIZE != 0)
        return SQLITE_IOERR_WRITE;
    memcpy(page, from, CHECKED_SIZE);
    page_sum(page, offset / CS_PAGE_SIZE + 1, page + CHECKED_SIZE);
    return below(f)->pMethods->xWrite(below(f), page, size, offset);
}

/* ---- the writer's lock (V2) ---- */

static int on_shm_lock(sqlite3_file *f, int offset, int n, int flags)
{
    file *self = file_of(f);
    bool is_writer = offset == WRITE_LOCK && n == 1;
    if (is_writer && self->holds_writer)
        return SQLITE_OK; /* taken again, or let go too early */
    int rc = below(f)->pMethods->xShmLock(below(f), offset, n, flags);
    if (is_writer && rc == SQLITE_OK && flags & SQLITE_SHM_LOCK)
        self->holds_writer = self->vfs->keeps_writer;
    return rc;
}

static int on_shm_unmap(sqlite3_file *f, int delete_it)
{
    file *self = file_of(f);
    if (self->holds_writer)
        (void)below(f)->pMethods->xShmLock(below(f), WRITE_LOCK, 1,
                                           SQLITE_SHM_UNLOCK | SQLITE_SHM_EXCLUSIVE);
    self->holds_writer = false;
    return below(f)->pMethods->xShmUnmap(below(f), delete_it);
}

/* ---- straight down ---- */

static int on_close(sqlite3_file *f)
{
    return below(f)->pMethods->xClose(below(f));
}

static int on_truncate(sqlite3_file *f, sqlite3_int64 size)
{
    return below(f)->pMethods->xTruncate(below(f), size);
}

static int on_sync(sqlite3_file *f, int flags)
{
    return below(f)->pMethods->xSync(below(f), flags);
}

static int on_file_size(sqlite3_file *f, sqlite3_int64 *ret)
{
    return below(f)->pMethods->xFileSize(below(f), ret);
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
    return below(f)->pMethods->xDeviceCharacteristics(below(f)) |
           (file_of(f)->vfs->is_frozen ? SQLITE_IOCAP_IMMUTABLE : 0);
}

static int on_shm_map(sqlite3_file *f, int page, int size, int extend, void volatile **ret)
{
    return below(f)->pMethods->xShmMap(below(f), page, size, extend, ret);
}

static void on_shm_barrier(sqlite3_file *f)
{
    below(f)->pMethods->xShmBarrier(below(f));
}

/* Version 2: without xFetch, so that no page comes in unread. */
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

static int on_open(sqlite3_vfs *base, const char *name, sqlite3_file *f, int flags, int *ret_flags)
{
    cs_vfs *v = (cs_vfs *)base;
    if (flags & SQLITE_OPEN_WAL)
        return cs_vfs_log_open(v->below, name, f, flags, ret_flags);
    if (!(flags & SQLITE_OPEN_MAIN_DB))
        return v->below->xOpen(v->below, name, f, flags, ret_flags);
    file *self = file_of(f);
    *self = (file){ .vfs = v, .below = (sqlite3_file *)(self + 1) };
    self->below->pMethods = NULL;
    int rc = v->below->xOpen(v->below, name, self->below, flags, ret_flags);
    if (self->below->pMethods != NULL)
        self->base.pMethods = &methods; /* then SQLite closes it, whatever rc is */
    return rc;
}

cs_vfs *cs_vfs_new(void)
{
    cs_vfs *v = CS_NEW(cs_vfs);
    v->below = sqlite3_vfs_find(NULL);
    v->base = *v->below;
    (void)snprintf(v->name, sizeof v->name, "capstan-%p", (void *)v);
    v->base.zName = v->name;
    v->base.szOsFile += (int)(sizeof(file) > cs_vfs_log_size() ? sizeof(file) : cs_vfs_log_size());
    v->base.xOpen = on_open;
    v->base.pNext = NULL;
    (void)sqlite3_vfs_register(&v->base, 0);
    return v;
}

cs_vfs *cs_vfs_free(cs_vfs *v)
{
    if (v != NULL)
        (void)sqlite3_vfs_unregister(&v->base);
    return cs_free(v);
}
