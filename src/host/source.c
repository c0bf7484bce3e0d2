/* Sources named by a configuration -> bundles, and the note by which a later run can tell that a file
 * has changed since. */
#include "host/source.h"

#include "base/alloc.h"
#include "base/hash.h"
#include "base/limits.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char *join(const char *folder, const char *path)
{
    cs_buf b = { 0 };
    if (path[0] == '/')
        cs_buf_add_text(&b, path);
    else
        cs_buf_addf(&b, "%s/%s", folder, strncmp(path, "./", 2) == 0 ? path + 2 : path);
    char *text = cs_bytes_to_text(cs_buf_bytes(&b));
    cs_buf_fini(&b);
    return text;
}

/* The reference looks for a package's module first, then for a file beside the configuration. */
char *cs_source_spec_path(const char *folder, const char *spec)
{
    bool is_path = spec[0] == '/' || spec[0] == '.';
    size_t size = strlen(folder);
    cs_buf path = { 0 };
    while (!is_path) {
        cs_buf_clear(&path);
        cs_buf_addf(&path, "%.*s/node_modules/%s", (int)size, folder, spec);
        if (access(cs_buf_text(&path), R_OK) == 0) {
            char *found = cs_bytes_to_text(cs_buf_bytes(&path));
            cs_buf_fini(&path);
            return found;
        }
        while (size > 0 && folder[size - 1] != '/')
            size--;
        if (size == 0)
            break;
        size--;
    }
    cs_buf_fini(&path);
    return join(folder, spec);
}

void cs_source_fini(cs_source *s)
{
    for (size_t i = 0; i < s->file_count; i++)
        cs_free(s->files[i].path);
    cs_free(s->files);
    cs_buf_fini(&s->bundle);
    *s = (cs_source){ 0 };
}

/* ---- the note: per file its path and hash ---- */

void cs_source_note_enc(cs_buf *b, const cs_source *s)
{
    for (size_t i = 0; i < s->file_count; i++) {
        const cs_source_file *f = &s->files[i];
        cs_buf_add_varint(b, strlen(f->path));
        cs_buf_add_text(b, f->path);
        cs_buf_add(b, f->hash, sizeof f->hash);
    }
}

static bool is_changed(const char *path, cs_bytes hash)
{
    cs_buf text = { 0 };
    if (cs_read_file(path, CS_SOURCE_MAX, &text, NULL) != CS_OK)
        return true;
    const cs_hash now = cs_hash_of(cs_buf_bytes(&text));
    cs_buf_fini(&text);
    return !cs_bytes_equal((cs_bytes){ now.bytes, sizeof now.bytes }, hash);
}

char *cs_source_changed(cs_bytes note)
{
    cs_reader r = cs_reader_of(note);
    while (cs_reader_left(&r) > 0) {
        char *path = cs_bytes_to_text(cs_reader_sized(&r));
        cs_bytes hash = cs_reader_bytes(&r, CS_HASH_SIZE);
        if (r.ok && is_changed(path, hash))
            return path;
        cs_free(path);
    }
    return NULL;
}
