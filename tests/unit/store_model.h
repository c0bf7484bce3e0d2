/* A store as plain arrays over a few keys, and random operations done to both. */
#pragma once
#include "store/store.h"
#include "t.h"

enum { MODEL_VATS = 4, MODEL_KEYS = 8, MODEL_QUEUES = 5 };

/* A number stands for a blob with its text; 0 for none. Copied whole for marks and commits. */
typedef struct model {
    struct {
        bool live;
        uint32_t number, name, ending; /* the number says what all its numbers are */
    } vat[MODEL_VATS];
    struct {
        bool live;
        uint32_t owner, reachable, recognizable;
        bool is_retiring;
    } object[MODEL_KEYS];
    struct {
        bool live;
        uint32_t refs, since, subscribers, resolution;
    } promise[MODEL_KEYS];
    struct {
        uint32_t kref; /* 1 + number of the object, 0: no entry */
        bool reachable;
        uint32_t since;
    } clist[MODEL_VATS][MODEL_KEYS];
    uint32_t hold[MODEL_KEYS]; /* count and since */
    uint32_t queue[MODEL_QUEUES][MODEL_KEYS];
    bool gc[MODEL_KEYS];
    uint32_t kv[MODEL_VATS][MODEL_KEYS];
    uint32_t transcript[MODEL_VATS][MODEL_KEYS];
    uint32_t crank, meta; /* the latter as a vat's number */
} model;

/* The same tape does the same things to the model whatever the store does. */
void model_step(model *m, cs_store *s, tape *t);
/* What is different, or NULL. */
const char *model_differs(const model *m, cs_store *s);
