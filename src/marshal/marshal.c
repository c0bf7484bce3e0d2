/* The life of a marshal: buffers that are kept from one message to the next, so that a message
 * allocates nothing of ours and a longjmp out of one leaks nothing. */
#include "marshal/internal.h"

#include "base/alloc.h"

cs_marshal *cs_marshal_new(const cs_slot_ops *ops, void *ctx)
{
    cs_marshal *m = CS_NEW(cs_marshal);
    m->ops = ops;
    m->ctx = ctx;
    return m;
}

cs_marshal *cs_marshal_free(cs_marshal *m)
{
    if (m == NULL)
        return NULL;
    cs_buf_fini(&m->body);
    cs_buf_fini(&m->decoded);
    cs_buf_fini(&m->utf8);
    cs_json_fini(&m->json);
    cs_free(m->caps);
    cs_free(m->vrefs);
    cs_free(m->cap_table);
    cs_free(m->errors);
    cs_free(m->writing);
    cs_free(m->members);
    cs_free(m->building);
    cs_free(m->numbers);
    cs_free(m->keys);
    return cs_free(m);
}

void cs_marshal_set_error_ids(cs_marshal *m, cs_error_ids ids)
{
    m->ids = ids;
}

cs_marshal *cs_marshal_scratch(void)
{
    static cs_marshal *scratch;
    if (scratch == NULL)
        scratch = cs_marshal_new(NULL, NULL);
    return scratch;
}

void *cs_grow(void *items, uint32_t *cap, size_t size)
{
    *cap = *cap == 0 ? 16 : *cap * 2;
    return cs_realloc(items, *cap, size);
}
