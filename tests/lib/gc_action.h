/* GC actions by their names. */
#pragma once
#include "store/store.h"

#include "t.h"

#include <stdio.h>
#include <string.h>

/* "v1 dropExport ko20" */
static inline cs_gc_action gc_action(const char *name)
{
    static const char *const words[CS_GC_TYPES] = { "", "dropExport", "retireExport",
                                                    "retireImport" };
    unsigned vat;
    unsigned long long object;
    char word[20];
    if (sscanf(name, "v%u %19s ko%llu", &vat, word, &object) != 3)
        fail_msg("'%s' is no GC action", name);
    cs_gc_action a = { { vat }, CS_GC_DROP_EXPORT, cs_kref_of(CS_REF_OBJECT, object) };
    while (a.type < CS_GC_TYPES && strcmp(words[a.type], word) != 0)
        a.type++;
    assert_true(a.type < CS_GC_TYPES);
    return a;
}

static inline void gc_add(cs_store *s, const char *name)
{
    const cs_gc_action a = gc_action(name);
    cs_gc_add(s, &a);
}

static inline void gc_delete(cs_store *s, const char *name)
{
    const cs_gc_action a = gc_action(name);
    cs_gc_delete(s, &a);
}

/* The name of the first one; "" if there is none. */
static inline const char *gc_first(cs_store *s, char name[static CS_GC_NAME_MAX])
{
    cs_gc_action a;
    name[0] = 0;
    return cs_gc_after(s, NULL, &a) ? cs_gc_name(&a, name) : name;
}
