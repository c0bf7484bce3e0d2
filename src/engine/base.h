/* The base while it is made, for the files of engine/ that add to it. */
#pragma once
#include "engine/xs.h"

struct cs_base {
    cs_heap *heap;
    const cs_base_parts *parts;
    txCreation clone; /* how heaps are made from it */
    char name[65];
};

/* A file of js/, compiled into the program; name relative to js/. The list ends with a NULL name. */
typedef struct cs_js_file {
    const char *name;
    const unsigned char *data;
    size_t size;
} cs_js_file;
extern const cs_js_file cs_js_files[];
cs_bytes cs_js_find(const char *name); /* asserts that it is there */

/* Sets a property of an object of the start realm; the value is popped. */
void cs_base_define(cs_machine *the, cs_slot *object, const char *name);
/* Adds host functions to `object` (a slot on the stack). */
void cs_base_add_natives(cs_machine *the, cs_slot *object, const cs_native *natives);

/* What the parts of engine/ offer to js/. */
extern const cs_native cs_console_natives[];
extern const cs_native cs_text_natives[];
extern const cs_native cs_assert_natives[];

void cs_host_harden(cs_machine *the);

/* module.c: imports the built-in modules of js/, hardens what they export. */
void cs_modules_preload(cs_machine *the);

/* confine.c. Behaviours are the process's: before the first machine. The globals that vats see: after
 * the last preload. */
void cs_confine_behaviors(void);
void cs_confine_intrinsics(cs_machine *the); /* before lockdown */
void cs_confine_globals(cs_machine *the);
/* weak.c: WeakMap and WeakSet take objects of the base as keys. Before lockdown. */
void cs_weak_install(cs_machine *the);

/* share.c. After this the machine and all that it owns is read-only, and may be cloned. */
void cs_base_share(cs_heap *base);
