/* passStyleOf: all of a value. Containers are walked with a list of our own, so neither depth nor
 * cycles reach the C stack. What was found passable is flagged, so each object is walked once. */
#include "marshal/value.h"

#include "base/alloc.h"
#include "base/limits.h"

#include <string.h>

/* A container that is being walked: first its items, then its properties. */
typedef struct step {
    cs_slot *instance;
    cs_slot *property; /* where it stands; NULL: at item `index` */
    uint32_t index;    /* UINT32_MAX: before the first */
    uint8_t kind;      /* cs_pass_style */
    bool errors_only;  /* the array `errors` of an error */
} step;

/* Kept for the process: no JavaScript runs during a walk, so there is one at a time, and a throw
 * leaves nothing behind. */
static struct {
    step *steps;
    uint32_t count, cap;
} walk;

static cs_slot *first_property(const step *s)
{
    if (cs_is_exotic(s->instance, XS_MODULE_KIND))
        return mxModuleInstanceExports(s->instance)->value.reference->next;
    return s->instance->next;
}

static bool is_skipped(cs_machine *the, const step *s, const cs_slot *p)
{
    if (p->kind == XS_EXPORT_KIND)
        return p->value.export.closure == NULL;
    return cs_is_internal(p) || (s->kind == CS_STYLE_ERROR && !fxIsKeyName(the, p->ID));
}

/* What the container has next, or NULL. */
static cs_slot *advance(cs_machine *the, step *s)
{
    if (s->property == NULL) {
        cs_slot *items = cs_items(s->instance);
        if (items != NULL && ++s->index < fxGetIndexSize(the, items))
            return items->value.array.address + s->index;
        s->property = first_property(s);
    } else {
        s->property = s->property->next;
    }
    while (s->property != NULL && is_skipped(the, s, s->property))
        s->property = s->property->next;
    if (s->property == NULL || s->property->kind != XS_EXPORT_KIND)
        return s->property;
    return s->property->value.export.closure;
}

static void add_path(cs_machine *the, cs_problem *why, const step *s)
{
    if (s->property != NULL)
        cs_path_add_key(why, cs_key_text(the, s->property->ID));
    else
        cs_path_add_index(why, cs_item_index(the, s->instance, s->index));
}

/* Too deep: because it never ends? Then the walk is cut back to where it came round. */
static bool refuse_depth(cs_problem *why)
{
    for (uint32_t i = 1; i < walk.count; i++)
        for (uint32_t j = 0; j < i; j++)
            if (walk.steps[i].instance == walk.steps[j].instance) {
                walk.count = i;
                return cs_refuse(why, "Pass-by-copy data cannot be cyclic (an object)");
            }
    return cs_refuse(why, "Cannot pass data nested more than %u levels deep", CS_DEPTH_MAX);
}

static bool enter(cs_slot *instance, int style, bool errors_only, cs_problem *why)
{
    if (walk.count == CS_DEPTH_MAX)
        return refuse_depth(why);
    if (walk.count == walk.cap) {
        walk.cap = walk.cap == 0 ? 16 : walk.cap * 2;
        walk.steps = cs_realloc(walk.steps, walk.cap, sizeof *walk.steps);
    }
    walk.steps[walk.count++] = (step){ .instance = instance,
                                       .index = UINT32_MAX,
                                       .kind = (uint8_t)style,
                                       .errors_only = errors_only };
    return true;
}

bool cs_refuse_symbol(cs_machine *the, txID symbol, cs_problem *why)
{
    cs_quoted q;
    cs_quote_key(the, &q, symbol);
    return cs_refuse(why, "Only registered symbols or well-known symbols are passable: \"[%.*s]\"",
                     (int)strlen(q.text) - 2, q.text + 1);
}

static int style_of_primitive(cs_machine *the, const cs_slot *v, cs_problem *why)
{
    switch ((int)v->kind) {
    case XS_UNDEFINED_KIND:
        return CS_STYLE_UNDEFINED;
    case XS_NULL_KIND:
        return CS_STYLE_NULL;
    case XS_BOOLEAN_KIND:
        return CS_STYLE_BOOLEAN;
    case XS_INTEGER_KIND:
    case XS_NUMBER_KIND:
        return CS_STYLE_NUMBER;
    case XS_STRING_KIND:
    case XS_STRING_X_KIND:
        return CS_STYLE_STRING;
    case XS_BIGINT_KIND:
    case XS_BIGINT_X_KIND:
        return CS_STYLE_BIGINT;
    case XS_SYMBOL_KIND:
        break;
    default:
        return cs_bad(cs_refuse(why, "cannot pass a value of an unknown kind"));
    }
    if (cs_well_known_name(v->value.symbol) != NULL ||
        cs_registered_name(the, v->value.symbol) != NULL)
        return CS_STYLE_SYMBOL;
    return cs_bad(cs_refuse_symbol(the, v->value.symbol, why));
}

static bool is_container(int style)
{
    return style == CS_STYLE_ARRAY || style == CS_STYLE_RECORD || style == CS_STYLE_TAGGED ||
           style == CS_STYLE_ERROR;
}

/* One value that the container `in` (NULL: none) holds. */
static int visit(cs_machine *the, const cs_slot *v, const step *in, cs_problem *why)
{
    bool in_error = in != NULL && in->kind == CS_STYLE_ERROR;
    bool is_errors = in_error && in->property->ID == mxID(_errors);
    bool must_be_error =
        in != NULL && (in->errors_only || (in_error && in->property->ID == mxID(_cause)));
    int style = v->kind != XS_REFERENCE_KIND ? style_of_primitive(the, v, why)
                                             : cs_style_of_instance(the, v->value.reference, why);
    if (style == CS_STYLE_BAD)
        return style;
    if (must_be_error && style != CS_STYLE_ERROR)
        return cs_bad(cs_refuse(why, "Error expected: %s", cs_redacted(v)));
    if (is_errors && style != CS_STYLE_ARRAY)
        return cs_bad(cs_refuse(
            why, "Passable Error \"errors\" own property must be a copyArray: %s", cs_redacted(v)));
    if (!is_container(style))
        return style;
    cs_slot *instance = cs_instance(the, v->value.reference);
    if ((instance->flag & CS_PASSABLE_FLAG) != 0 && !is_errors)
        return style;
    return enter(instance, style, is_errors, why) ? style : CS_STYLE_BAD;
}

void cs_set_passable(cs_machine *the, cs_slot *instance)
{
    if (!cs_is_of_base(the, instance) && !cs_is_exotic(instance, XS_MODULE_KIND))
        instance->flag |= CS_PASSABLE_FLAG;
}

int cs_style_of(cs_machine *the, cs_slot *value, cs_problem *why)
{
    walk.count = 0;
    int style = visit(the, value, NULL, why);
    while (style != CS_STYLE_BAD && walk.count > 0) {
        step *s = &walk.steps[walk.count - 1];
        mxMeterOne();
        const cs_slot *v = advance(the, s);
        if (v == NULL) {
            cs_set_passable(the, s->instance);
            walk.count--;
        } else if (visit(the, v, s, why) == CS_STYLE_BAD) {
            style = CS_STYLE_BAD;
        }
    }
    for (uint32_t i = 0; i < walk.count; i++)
        add_path(the, why, &walk.steps[i]);
    return style;
}

cs_pass_style cs_pass_style_of(cs_machine *the, cs_slot *value)
{
    cs_problem why;
    cs_problem_init(&why);
    int style = cs_style_of(the, value, &why);
    if (style == CS_STYLE_BAD)
        cs_problem_throw(the, &why);
    return (cs_pass_style)style;
}
