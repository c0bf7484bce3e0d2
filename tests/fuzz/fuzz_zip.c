/* Bundles of the field's tools: a zip file with an archive inside; after a first byte of '{' the JSON
 * of any format; after a first byte of '/' the files of an archive as "name\0content\xff", of which a
 * zip file with the right checksums is made. What is accepted is a bundle that the engine reads. */
#include "engine/bundle.h"
#include "host/archive.h"
#include "host/bundle_formats.h"
#include "t.h"

#include <stdlib.h>
#include <string.h>
#include <zlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void add_number(cs_buf *b, uint32_t n, int size)
{
    for (; size > 0; size--, n >>= 8)
        cs_buf_add_byte(b, (uint8_t)n);
}

/* What the head of an entry and its record in the directory have in common. */
static void add_head(cs_buf *b, cs_bytes name, cs_bytes content)
{
    add_number(b, 0, 10); /* version, flags, method, time */
    add_number(b, (uint32_t)crc32(0, content.data, (uInt)content.size), 4);
    add_number(b, (uint32_t)content.size, 4);
    add_number(b, (uint32_t)content.size, 4);
    add_number(b, (uint32_t)name.size, 2);
    add_number(b, 0, 2);
}

static void add_file(cs_buf *zip, cs_buf *directory, cs_bytes name, cs_bytes content)
{
    add_number(directory, 0x02014b50, 4);
    add_number(directory, 0, 2);
    add_head(directory, name, content);
    add_number(directory, 0, 10);
    add_number(directory, (uint32_t)zip->size, 4);
    cs_buf_add(directory, name.data, name.size);
    add_number(zip, 0x04034b50, 4);
    add_head(zip, name, content);
    cs_buf_add(zip, name.data, name.size);
    cs_buf_add(zip, content.data, content.size);
}

static cs_bytes until(const uint8_t **at, const uint8_t *end, uint8_t stop)
{
    const uint8_t *found = *at < end ? memchr(*at, stop, (size_t)(end - *at)) : NULL;
    cs_bytes b = { *at, (size_t)((found == NULL ? end : found) - *at) };
    *at = found == NULL ? end : found + 1;
    return b;
}

static void make_zip(const uint8_t *at, const uint8_t *end, cs_buf *zip)
{
    cs_buf directory = { 0 };
    uint32_t count = 0;
    for (; at < end && count < 100; count++) {
        cs_bytes name = until(&at, end, 0), content = until(&at, end, 0xff);
        add_file(zip, &directory, name, content);
    }
    uint32_t start = (uint32_t)zip->size;
    cs_buf_add(zip, directory.data, directory.size);
    add_number(zip, 0x06054b50, 4);
    add_number(zip, 0, 4);
    add_number(zip, count, 2);
    add_number(zip, count, 2);
    add_number(zip, (uint32_t)directory.size, 4);
    add_number(zip, start, 4);
    add_number(zip, 0, 2);
    cs_buf_fini(&directory);
}

static cs_status from_files(const uint8_t *data, size_t size, cs_buf *ret)
{
    cs_buf zip = { 0 };
    cs_error err;
    make_zip(data, data + size, &zip);
    cs_status st = cs_archive_bundle(cs_buf_bytes(&zip), NULL, ret, &err);
    cs_buf_fini(&zip);
    return st;
}

static cs_status convert(const uint8_t *data, size_t size, cs_buf *ret)
{
    cs_error err;
    if (size > 0 && data[0] == '/')
        return from_files(data + 1, size - 1, ret);
    if (size == 0 || data[0] != '{')
        return cs_archive_bundle((cs_bytes){ data, size }, NULL, ret, &err);
    json_t *json = json_loadb((const char *)data, size, 0, NULL);
    cs_status st = json == NULL ? CS_E_CONFIG : cs_bundle_from_json(json, ret, &err);
    json_decref(json);
    return st;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_buf bundle = { 0 };
    cs_bundle b;
    if (convert(data, size, &bundle) == CS_OK) {
        if (cs_bundle_dec(cs_buf_bytes(&bundle), &b, NULL) != CS_OK)
            abort();
        cs_bundle_fini(&b);
    }
    cs_buf_fini(&bundle);
    return 0;
}
