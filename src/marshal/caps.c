/* Remotables and promises on their way out: each gets the number of its first mention. */
#include "marshal/internal.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <string.h>

enum { FEW = 8 };

/* --- numbers by instance --------------------------------------------------------------------------- */

static uint32_t *find_entry(const cs_marshal *m, const cs_slot *instance)
{
    uint64_t hash = ((uint64_t)(uintptr_t)instance >> 5) * UINT64_C(0x9e3779b97f4a7c15);
    uint32_t mask = m->cap_table_size - 1, at = (uint32_t)(hash >> 32) & mask;
    while (m->cap_table[at] != 0 && m->caps[m->cap_table[at] - 1] != instance)
        at = (at + 1) & mask;
    return &m->cap_table[at];
}

/* A table of twice as many entries as there is room for caps, with those that are there. */
static void fill_table(cs_marshal *m)
{
    if (m->cap_table_size < 2 * m->cap_cap) {
        m->cap_table_size = 2 * m->cap_cap;
        m->cap_table = cs_realloc(m->cap_table, m->cap_table_size, sizeof *m->cap_table);
    }
    memset(m->cap_table, 0, m->cap_table_size * sizeof *m->cap_table);
    for (uint32_t i = 0; i < m->cap_count; i++)
        *find_entry(m, m->caps[i]) = i + 1;
}

/* The number of a cap that was mentioned before, or cap_count. */
static uint32_t find_cap(const cs_marshal *m, const cs_slot *instance)
{
    uint32_t i = 0;
    if (m->cap_count > FEW) {
        i = *find_entry(m, instance);
        return i == 0 ? m->cap_count : i - 1;
    }
    while (i < m->cap_count && m->caps[i] != instance)
        i++;
    return i;
}

static void add_cap(cs_marshal *m, cs_slot *instance)
{
    bool grows = m->cap_count == m->cap_cap;
    CS_GROW(m->caps, m->cap_count, m->cap_cap);
    if (grows)
        m->vrefs = cs_realloc(m->vrefs, m->cap_cap, sizeof *m->vrefs);
    m->caps[m->cap_count++] = instance;
    if (m->cap_count == FEW + 1 || (grows && m->cap_count > FEW))
        fill_table(m);
    else if (m->cap_count > FEW)
        *find_entry(m, instance) = m->cap_count;
}

/* --- text ------------------------------------------------------------------------------------------ */

static void write_smallcaps(cs_marshal *m, uint32_t index, const char *iface, bool is_promise)
{
    cs_text_literal(&m->body, "\"");
    cs_text_byte(&m->body, is_promise ? '&' : '$');
    cs_text_add_int(&m->body, index);
    if (iface != NULL) {
        cs_text_byte(&m->body, '.');
        cs_text_add_json(&m->body, iface, strlen(iface));
    }
    cs_text_byte(&m->body, '"');
}

static void write_legacy(cs_marshal *m, uint32_t index, const char *iface)
{
    cs_text_literal(&m->body, "{\"@qclass\":\"slot\",");
    if (iface != NULL) {
        cs_text_literal(&m->body, "\"iface\":\"");
        cs_text_add_json(&m->body, iface, strlen(iface));
        cs_text_literal(&m->body, "\",");
    }
    cs_text_literal(&m->body, "\"index\":");
    cs_text_add_int(&m->body, index);
    cs_text_byte(&m->body, '}');
}

void cs_write_cap(cs_machine *the, cs_marshal *m, cs_slot *instance, bool is_promise)
{
    uint32_t index = find_cap(m, instance);
    const char *iface = NULL;
    if (index == m->cap_count) {
        if (index == CS_SLOTS_MAX)
            cs_throw_text(the, XS_RANGE_ERROR, "Cannot pass more than %u references", CS_SLOTS_MAX);
        cs_vref vref = { 0 };
        if (m->ops != NULL)
            vref = m->ops->vref_of(the, m->ctx, instance, is_promise);
        add_cap(m, instance);
        m->vrefs[index] = vref;
        const cs_slot *name = is_promise ? NULL : cs_iface_of(the, instance);
        if (name != NULL && cs_is_string(name))
            iface = name->value.string;
    }
    if (m->legacy)
        write_legacy(m, index, iface);
    else
        write_smallcaps(m, index, iface, is_promise);
}
