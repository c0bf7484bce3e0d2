/* Bundles written down as lists of modules, for the tests of modules. */
#pragma once
#include "base/alloc.h"
#include "engine/bundle.h"
#include "engine/xs.h"
#include "t.h"

#include <string.h>

typedef struct t_module {
    const char *name, *source;
    const char *imports; /* "./b.js=b.js @endo/far=builtin", in byte order; NULL: none */
    cs_module_kind kind; /* 0: ESM */
} t_module;

/* The process's base, made when first asked for; with natives, if any are wanted. */
cs_base *t_base(void);
void t_use_natives(const cs_native *const *natives);
cs_heap *t_heap(void);

/* Encodes modules up to one without a name. */
void t_bundle(const t_module *modules, cs_buf *ret);

/* Evaluates a bundle in a heap and calls the function `run` or `buildRootObject` that it exports, runs the jobs and gives
 * what that returned or settled to as text; or the error as text. Static. */
const char *t_run_in(cs_heap *h, cs_bytes bundle);
/* The same in a new heap, which is given if `ret_heap` is not NULL. */
const char *t_run_bundle(cs_bytes bundle, cs_heap **ret_heap);
/* The same with the modules; the heap is freed. */
const char *t_run_modules(const t_module *modules);
