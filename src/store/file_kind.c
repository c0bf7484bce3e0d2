/* Whose file it is, and what may be done with it: looked at before SQLite does, because a file of
 * others is not touched, not even to mend it. */
#include "store/file.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { HEADER_SIZE = 100, RESERVED_AT = 20, VERSION_AT = 60, ID_AT = 68 };

cs_status cs_file_not_ours(cs_store *s, const char *what)
{
    return cs_store_fail(s, CS_E_NOT_OURS,
                         "%s: this is %s, not a Capstan store. Name another file; nothing in this "
                         "one was changed.",
                         s->path, what);
}

cs_status cs_file_check_version(cs_store *s, int64_t version)
{
    if (version == CS_SCHEMA_VERSION)
        return CS_OK;
    if (version < CS_SCHEMA_VERSION)
        return cs_store_fail(s, CS_E_NOT_OURS,
                             "%s: this store was written by a Capstan before the first release "
                             "(schema %lld, this one knows %d). Begin anew in another file.",
                             s->path, (long long)version, CS_SCHEMA_VERSION);
    return cs_store_fail(
        s, CS_E_NEWER,
        "%s: this store was written by a newer Capstan (schema %lld, this one knows "
        "%d). Use the newer Capstan.",
        s->path, (long long)version, CS_SCHEMA_VERSION);
}

/* ---- the path ---- */

static bool has_log(const char *path, off_t *ret_size)
{
    struct stat st;
    cs_buf name = { 0 };
    cs_buf_addf(&name, "%s-wal", path);
    bool found = stat(cs_buf_text(&name), &st) == 0;
    *ret_size = found ? st.st_size : 0;
    cs_buf_fini(&name);
    return found;
}

/* Sets errno if not. */
static bool may_write_beside(const char *path)
{
    cs_buf dir = { 0 };
    const char *slash = strrchr(path, '/');
    cs_buf_add(&dir, path, slash == NULL ? 0 : (size_t)(slash - path));
    cs_buf_add_text(&dir, slash == NULL ? "." : "/");
    bool may = access(cs_buf_text(&dir), W_OK | X_OK) == 0;
    cs_buf_fini(&dir);
    return may;
}

/* Who reads a closed store and may not write there must not leave files behind that would be in its
 * owner's way. A store in use has a log, and is read with it. */
bool cs_file_is_frozen(const char *path)
{
    off_t size;
    return !has_log(path, &size) && (access(path, W_OK) != 0 || !may_write_beside(path));
}

/* SQLite takes a file of one byte for an empty one, and throws away the log of an empty one. */
cs_status cs_file_check_path(cs_store *s, const cs_store_options *options)
{
    struct stat st;
    off_t log_size;
    if (stat(s->path, &st) != 0)
        return errno == ENOENT && (!options->create || options->read_only)
                   ? cs_store_fail(s, CS_E_NOT_FOUND, "%s: there is no such store.", s->path)
                   : CS_OK;
    if (!S_ISREG(st.st_mode))
        return cs_file_not_ours(s, "not a file");
    if (st.st_size > 0 && st.st_size < HEADER_SIZE)
        return cs_file_not_ours(s, "another kind of file");
    if (st.st_size > 0 || !has_log(s->path, &log_size) || log_size == 0)
        return CS_OK;
    return cs_store_fail(s, CS_E_CORRUPT,
                         "%s: the file is empty, but its log %s-wal is not. The store is damaged: "
                         "restore it from a copy.",
                         s->path, s->path);
}

/* SQLite tells of the last thing it tried only. */
cs_status cs_file_cannot_open(cs_store *s)
{
    if (access(s->path, F_OK) == 0 || may_write_beside(s->path))
        return cs_file_fail(s);
    return cs_store_fail(s, errno == EACCES || errno == EROFS ? CS_E_READ_ONLY : CS_E_IO,
                         "%s: the file cannot be made: %s. Name a directory that is there and "
                         "writable, and start again.",
                         s->path, strerror(errno));
}

/* ---- the header ---- */

static uint32_t big_endian(const uint8_t *at)
{
    return (uint32_t)at[0] << 24 | (uint32_t)at[1] << 16 | (uint32_t)at[2] << 8 | at[3];
}

static cs_status read_header(cs_store *s, uint8_t header[static HEADER_SIZE], bool *ret_is_empty)
{
    sqlite3_file *f = NULL;
    sqlite3_int64 size = 0;
    (void)sqlite3_file_control(s->file->db, "main", SQLITE_FCNTL_FILE_POINTER, &f);
    if (f == NULL || f->pMethods == NULL || f->pMethods->xFileSize(f, &size) != SQLITE_OK ||
        (size > 0 && f->pMethods->xRead(f, header, HEADER_SIZE, 0) != SQLITE_OK))
        return cs_store_fail(s, CS_E_IO, "%s: the file cannot be read. See to the disk.", s->path);
    *ret_is_empty = size == 0;
    return CS_OK;
}

static bool is_zero(const uint8_t *data, size_t size)
{
    return data[0] == 0 && memcmp(data, data + 1, size - 1) == 0;
}

/* A header of zeros is a store that was being made when the power went: SQLite sees to that. */
cs_status cs_file_check_header(cs_store *s)
{
    uint8_t header[HEADER_SIZE] = { 0 };
    bool is_empty = false;
    if (read_header(s, header, &is_empty) != CS_OK)
        return s->error.status;
    if (is_empty || is_zero(header, sizeof header))
        return CS_OK;
    if (memcmp(header, "SQLite format 3", 16) != 0)
        return cs_file_not_ours(s, "another kind of file");
    if (big_endian(header + ID_AT) != CS_APPLICATION_ID)
        return cs_file_not_ours(s, "another program's database");
    if (cs_file_check_version(s, big_endian(header + VERSION_AT)) != CS_OK)
        return s->error.status;
    return header[RESERVED_AT] == CS_PAGE_RESERVED
               ? CS_OK
               : cs_store_damaged(s, "header", "1", "pages without checksums");
}
