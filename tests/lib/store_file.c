#include "store_file.h"

#include "t.h"

#include <stdio.h>

const char *new_path(void)
{
    static char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    return path;
}

cs_store *open_store(const char *path)
{
    static const cs_store_options making = { .create = true };
    cs_store *s = NULL;
    cs_error err = { 0 };
    if (cs_store_open(path, &making, &s, &err) != CS_OK)
        fail_msg("%s", err.text);
    return s;
}

cs_vref text_vref(const char *text)
{
    cs_vref v = { 0 };
    assert_ok(cs_vref_parse(cs_bytes_of(text), &v));
    return v;
}
