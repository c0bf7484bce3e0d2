/* The scripts under golden/kernel/, each played in every mode of raw_vat.h. What differs between the
 * modes must not be seen: the activity hash is the same in all (S22). */
#include <stdio.h>
#include <stdlib.h>

#include "raw_vat.h"
#include "t.h"

static void play(const char *name)
{
    char path[200], text[2][CS_HASH_TEXT_MAX];
    cs_hash plain, other;
    (void)snprintf(path, sizeof path, "tests/golden/kernel/%s.trace", name);
    char *script = t_read_file(t_source_path(path), NULL);
    for (raw_mode mode = RAW_PLAIN; mode < RAW_MODES; mode++) {
        const char *bad = raw_play(script, mode, mode == RAW_PLAIN ? &plain : &other);
        if (bad != NULL)
            fail_msg("%s, %s", path, bad);
        if (mode != RAW_PLAIN)
            assert_string_equal(cs_hash_text(&other, text[0]), cs_hash_text(&plain, text[1]));
    }
    free(script);
}

#define TRACE(name) \
    static void name(void **state) \
    { \
        (void)state; \
        play(#name); \
    }

TRACE(send)
TRACE(resolve)
TRACE(pipeline)
TRACE(exits)
TRACE(cleanup)
TRACE(devices)
TRACE(vat_admin)
TRACE(meters)
TRACE(host)
TRACE(gc)
TRACE(gc_count)
TRACE(gc_drop)
TRACE(gc_held)
TRACE(gc_order)
TRACE(gc_orphan)
TRACE(gc_reap)

T_MAIN(T(send), T(resolve), T(pipeline), T(exits), T(cleanup), T(devices), T(vat_admin), T(meters),
       T(host), T(gc), T(gc_count), T(gc_drop), T(gc_held), T(gc_order), T(gc_orphan), T(gc_reap))
