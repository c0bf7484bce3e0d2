/* Values to smallcaps, and to the older form with "@qclass" where JavaScript asks for it (natives).
 *
 *   E1  what is written is what @endo/marshal writes, byte for byte: records sorted by the code units
 *       of their names but array indices first, -0 as 0
 *   E2  an object is judged before it is opened; what is written until then is thrown away
 *   E3  depth costs neither C stack nor XS stack; a cycle is a value that is too deep
 *   E4  nothing is allocated in the heap but by vref_of, so what points into a chunk is read again
 *       after it */
#include "marshal/internal.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <string.h>

/* --- refusing -------------------------------------------------------------------------------------- */

static void add_path(cs_machine *the, const cs_marshal *m, cs_problem *why)
{
    for (uint32_t i = 0; i < m->writing_count; i++) {
        const cs_writing *w = &m->writing[i];
        const cs_member *member = w->kind == CS_STYLE_RECORD ? &m->members[w->at - 1] : NULL;
        if (w->kind == CS_STYLE_TAGGED)
            cs_path_add_key(why, "payload");
        else if (member == NULL)
            cs_path_add_index(why, w->at - 1);
        else if (member->property != NULL)
            cs_path_add_key(why, cs_key_text(the, member->property->ID));
        else
            cs_path_add_index(why, cs_item_index(the, w->instance, member->position));
    }
}

void cs_encode_fail(cs_machine *the, cs_marshal *m, cs_problem *why)
{
    cs_problem all = *why;
    all.path_size = 0;
    add_path(the, m, &all);
    cs_path_add_path(&all, why);
    cs_problem_throw(the, &all);
}

/* A cycle is cut back to where it came round. */
void cs_encode_check_depth(cs_machine *the, cs_marshal *m, uint32_t levels)
{
    cs_problem why;
    if (m->writing_count + levels <= CS_DEPTH_MAX)
        return;
    cs_problem_init(&why);
    cs_refuse(&why, "Cannot pass data nested more than %u levels deep", CS_DEPTH_MAX);
    for (uint32_t i = 1; i < m->writing_count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (m->writing[i].instance == m->writing[j].instance) {
                m->writing_count = i;
                cs_refuse(&why, "Pass-by-copy data cannot be cyclic (an object)");
            }
    cs_encode_fail(the, m, &why);
}

/* --- records --------------------------------------------------------------------------------------- */

static void add_member(cs_marshal *m, cs_slot *property, const char *name)
{
    CS_GROW(m->members, m->member_count, m->member_cap);
    m->members[m->member_count++] = (cs_member){ .property = property, .name = name };
}

static void add_items(cs_machine *the, cs_marshal *m, cs_slot *items)
{
    txIndex count = fxGetIndexSize(the, items);
    for (txIndex i = 0; i < count; i++) {
        add_member(m, NULL, NULL);
        m->members[m->member_count - 1].position = i;
    }
}

/* Whether a property is what those of records mostly are; if not, cs_style_of_instance() is asked. */
static bool is_plain(const cs_slot *p, const cs_slot *key)
{
    return (p->flag & XS_DONT_ENUM_FLAG) == 0 && p->kind != XS_ACCESSOR_KIND && key != NULL &&
           (key->flag & XS_DONT_ENUM_FLAG) != 0 &&
           !(p->kind == XS_REFERENCE_KIND && cs_is_function(p->value.reference));
}

/* Collects the properties; false if something about them is not plain and they were not checked. */
static bool gather(cs_machine *the, cs_marshal *m, cs_slot *instance, bool checked)
{
    for (cs_slot *p = instance->next; p != NULL; p = p->next) {
        if (cs_is_internal(p)) {
            if (p->kind == XS_ARRAY_KIND && !checked)
                return false;
            if (p->kind == XS_ARRAY_KIND)
                add_items(the, m, p);
            continue;
        }
        const cs_slot *key = fxGetKey(the, p->ID);
        if (!checked && !is_plain(p, key))
            return false;
        add_member(m, p, key->value.key.string);
    }
    return true;
}

static void gather_exports(cs_machine *the, cs_marshal *m, cs_slot *instance)
{
    cs_slot *e = mxModuleInstanceExports(instance)->value.reference->next;
    for (; e != NULL; e = e->next)
        if (e->value.export.closure != NULL)
            add_member(m, e, cs_key_text(the, e->ID));
}

static int compare_members(const void *a, const void *b)
{
    return cs_text_compare(((const cs_member *)a)->name, ((const cs_member *)b)->name);
}

/* Mostly few, and mostly in order. */
static void sort(cs_member *members, uint32_t count)
{
    enum { FEW = 24 };
    if (count > FEW) {
        qsort(members, count, sizeof *members, compare_members);
        return;
    }
    for (uint32_t i = 1; i < count; i++) {
        cs_member member = members[i];
        uint32_t at = i;
        for (; at > 0 && cs_text_compare(members[at - 1].name, member.name) > 0; at--)
            members[at] = members[at - 1];
        members[at] = member;
    }
}

static cs_writing *open_container(cs_machine *the, cs_marshal *m, cs_slot *instance,
                                  cs_pass_style kind)
{
    cs_encode_check_depth(the, m, 1);
    CS_GROW(m->writing, m->writing_count, m->writing_cap);
    cs_writing *w = &m->writing[m->writing_count++];
    *w = (cs_writing){ .instance = instance, .kind = (uint8_t)kind };
    return w;
}

/* In the older form a record with a property @qclass is taken apart: it must not be taken for
 * something special. That property goes first. */
static void look_for_qclass(cs_machine *the, cs_marshal *m, cs_writing *w)
{
    txID id = cs_id(the, "@qclass");
    uint32_t at = w->from;
    while (at < w->end && (m->members[at].property == NULL || m->members[at].property->ID != id))
        at++;
    if (at == w->end)
        return;
    cs_encode_check_depth(the, m, 1);
    cs_member qclass = m->members[at];
    memmove(&m->members[w->from + 1], &m->members[w->from], (at - w->from) * sizeof qclass);
    m->members[w->from] = qclass;
    w->is_hilbert = true;
}

/* The members from `from` on have been gathered. */
static void open_record(cs_machine *the, cs_marshal *m, cs_slot *instance, uint32_t from)
{
    cs_writing *w = open_container(the, m, instance, CS_STYLE_RECORD);
    w->from = w->at = from;
    w->end = m->member_count;
    uint32_t named = from;
    while (named < w->end && m->members[named].property == NULL)
        named++;
    if (w->end - named > 1)
        sort(m->members + named, w->end - named);
    cs_text_byte(&m->body, '{');
    if (m->legacy)
        look_for_qclass(the, m, w);
}

/* --- other containers -------------------------------------------------------------------------------- */

static void open_array(cs_machine *the, cs_marshal *m, cs_slot *instance)
{
    open_container(the, m, instance, CS_STYLE_ARRAY)->end = instance->next->value.array.length;
    cs_text_byte(&m->body, '[');
}

static void open_tagged(cs_machine *the, cs_marshal *m, cs_slot *instance)
{
    const cs_slot *tag = cs_own_property(the, instance, mxID(_Symbol_toStringTag));
    open_container(the, m, instance, CS_STYLE_TAGGED)->end = 1;
    cs_buf_add_text(&m->body, m->legacy ? "{\"@qclass\":\"tagged\",\"tag\":" : "{\"#tag\":");
    cs_write_string(the, m, tag->value.string);
    cs_text_literal(&m->body, ",\"payload\":");
}

static void write_inner_error(cs_machine *the, cs_marshal *m, cs_slot *instance)
{
    cs_problem why;
    cs_slot value = { .kind = XS_REFERENCE_KIND, .value.reference = instance };
    cs_problem_init(&why);
    if (cs_style_of(the, &value, &why) == CS_STYLE_BAD)
        cs_encode_fail(the, m, &why);
    cs_encode_check_depth(the, m, 1);
    cs_write_error(the, m, instance, cs_own_property(the, instance, mxID(_message)),
                   cs_property(the, instance, mxID(_name)));
}

static void write_judged(cs_machine *the, cs_marshal *m, cs_slot *instance)
{
    cs_problem why;
    cs_problem_init(&why);
    int style = cs_style_of_instance(the, instance, &why);
    uint32_t from = m->member_count;
    switch (style) {
    case CS_STYLE_ARRAY:
        open_array(the, m, instance);
        break;
    case CS_STYLE_RECORD:
        if (cs_is_exotic(instance, XS_MODULE_KIND))
            gather_exports(the, m, instance);
        else
            (void)gather(the, m, instance, true);
        open_record(the, m, instance, from);
        break;
    case CS_STYLE_TAGGED:
        open_tagged(the, m, instance);
        break;
    case CS_STYLE_ERROR:
        write_inner_error(the, m, instance);
        break;
    case CS_STYLE_REMOTABLE:
        cs_write_cap(the, m, instance, false);
        break;
    case CS_STYLE_PROMISE:
        cs_write_cap(the, m, instance, true);
        break;
    default:
        cs_encode_fail(the, m, &why);
    }
}

/* Plain hardened records first: they are most of what is sent. */
static void write_instance(cs_machine *the, cs_marshal *m, cs_slot *instance)
{
    uint32_t from = m->member_count;
    instance = cs_instance(the, instance);
    if (instance->value.instance.prototype == mxObjectPrototype.value.reference &&
        cs_is_hardened(instance) && (instance->flag & XS_EXOTIC_FLAG) == 0 &&
        (instance->next == NULL || !cs_is_internal(instance->next)) &&
        gather(the, m, instance, false)) {
        open_record(the, m, instance, from);
        return;
    }
    m->member_count = from;
    write_judged(the, m, instance);
}

/* --- the walk ---------------------------------------------------------------------------------------- */

static void write_value(cs_machine *the, cs_marshal *m, const cs_slot *v)
{
    if (v->kind == XS_REFERENCE_KIND)
        write_instance(the, m, v->value.reference);
    else
        cs_write_primitive(the, m, v);
}

static void write_name(cs_machine *the, cs_marshal *m, const cs_writing *w, const cs_member *member)
{
    if (member->property != NULL) {
        cs_write_string(the, m, cs_key_text(the, member->property->ID));
    } else {
        cs_text_byte(&m->body, '"');
        cs_text_add_int(&m->body, cs_item_index(the, w->instance, member->position));
        cs_text_byte(&m->body, '"');
    }
    cs_text_byte(&m->body, ':');
}

/* What stands before the value at `at`. */
static void write_lead(cs_machine *the, cs_marshal *m, const cs_writing *w, uint32_t at)
{
    if (w->is_hilbert && at == w->from) {
        cs_text_literal(&m->body, "\"@qclass\":\"hilbert\",\"original\":");
        return;
    }
    if (w->is_hilbert && at == w->from + 1)
        cs_text_literal(&m->body, ",\"rest\":{");
    else if (at > w->from)
        cs_text_byte(&m->body, ',');
    if (w->kind == CS_STYLE_RECORD)
        write_name(the, m, w, &m->members[at]);
}

static const cs_slot *next_value(cs_machine *the, cs_marshal *m, cs_writing *w)
{
    uint32_t at = w->at++;
    write_lead(the, m, w, at);
    if (w->kind == CS_STYLE_TAGGED)
        return cs_own_property(the, w->instance, cs_id(the, "payload"));
    if (w->kind == CS_STYLE_ARRAY)
        return cs_items(w->instance)->value.array.address + at;
    const cs_member *member = &m->members[at];
    if (member->property == NULL)
        return cs_items(w->instance)->value.array.address + member->position;
    return member->property->kind == XS_EXPORT_KIND ? member->property->value.export.closure
                                                    : member->property;
}

/* All of it was passable, so the container is for ever. */
static void close_container(cs_machine *the, cs_marshal *m)
{
    const cs_writing *w = &m->writing[--m->writing_count];
    cs_text_byte(&m->body, w->kind == CS_STYLE_ARRAY ? ']' : '}');
    if (w->is_hilbert && w->end > w->from + 1)
        cs_text_byte(&m->body, '}');
    if (w->kind == CS_STYLE_RECORD)
        m->member_count = w->from;
    cs_set_passable(the, w->instance);
    cs_encode_check_size(the, m, 0);
}

static void begin(cs_marshal *m, bool legacy)
{
    m->legacy = legacy;
    m->cap_count = m->error_count = m->writing_count = m->member_count = 0;
    if (m->body.cap > CS_BUFFER_KEPT)
        cs_buf_fini(&m->body);
    if (m->member_cap > CS_BUFFER_KEPT / sizeof *m->members) {
        m->members = cs_free(m->members);
        m->member_cap = 0;
    }
    cs_buf_clear(&m->body);
    if (!legacy)
        cs_text_byte(&m->body, '#');
}

void cs_encode(cs_machine *the, cs_marshal *m, cs_slot *value, bool is_error, bool legacy)
{
    begin(m, legacy);
    if (is_error) {
        cs_write_error(the, m, value->value.reference, the->stack + 1, the->stack);
        mxPop();
        mxPop();
        return;
    }
    write_value(the, m, value);
    while (m->writing_count > 0) {
        cs_writing *w = &m->writing[m->writing_count - 1];
        if (w->at == w->end)
            close_container(the, m);
        else
            write_value(the, m, next_value(the, m, w));
    }
}

cs_capdata cs_marshal_encode(cs_machine *the, cs_marshal *m, cs_slot *value)
{
    bool is_error = cs_push_error_texts(the, value);
    cs_encode(the, m, value, is_error, false);
    if (m->error_count > 0)
        cs_report_errors(the, m);
    return (cs_capdata){ cs_buf_bytes(&m->body), m->vrefs, m->cap_count };
}
