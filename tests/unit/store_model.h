/* A store as plain arrays over a few keys, and random operations done to both. */
#pragma once
#include "store/store.h"
#include "t.h"

enum { MODEL_VATS = 4, MODEL_KEYS = 8 };

/* A number stands for a blob with its text; 0 for none. Copied whole for marks and commits. */
typedef struct model {
    struct {
        bool live;
        uint32_t computrons, name, ending;
    } vat[MODEL_VATS];
    struct {
        bool live;
        uint32_t owner, reachable, recognizable;
    } object[MODEL_KEYS];
    struct {
        bool live;
        uint32_t refs, subscribers, resolution;
    } promise[MODEL_KEYS];
    struct {
        uint32_t kref; /* 1 + number of the object, 0: no entry */
        bool reachable;
    } clist[MODEL_VATS][MODEL_KEYS];
    uint32_t hold[MODEL_KEYS];
    uint32_t queue[3][MODEL_KEYS];
    uint32_t kv[MODEL_VATS][MODEL_KEYS];
    uint32_t transcript[MODEL_VATS][MODEL_KEYS];
    uint32_t crank, stat;
} model;

/* The same tape does the same things to the model whatever the store does. */
void model_step(model *m, cs_store *s, tape *t);
/* What is different, or NULL. */
const char *model_differs(const model *m, cs_store *s);
