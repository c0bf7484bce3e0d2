/* Remotables: what they are (in the reference's words), and how one is made. A remotable is a frozen
 * object or function whose prototype is a *tag record*: it inherits from Object.prototype (or a
 * function's), has [Symbol.for('passStyle')]: 'remotable' and the interface name as
 * [Symbol.toStringTag], both hidden, and nothing else. It may also inherit from a remotable. */
#include "marshal/value.h"

#include <stdio.h>
#include <string.h>

bool cs_has_pass_style(cs_machine *the, cs_slot *instance)
{
    return cs_uncommon_property(the, instance, cs_pass_style_id(the)) != NULL;
}

/* --- interface names ------------------------------------------------------------------------------- */

bool cs_check_iface(const cs_slot *iface, cs_problem *why)
{
    cs_quoted q;
    if (!cs_is_string(iface))
        return cs_refuse(why, "For now, interface %s must be a string; unimplemented",
                         cs_redacted(iface));
    const char *text = iface->value.string;
    return strcmp(text, "Remotable") == 0 || strncmp(text, "Alleged: ", 9) == 0 ||
           strncmp(text, "DebugName: ", 11) == 0 ||
           cs_refuse(why,
                     "For now, iface %s must be \"Remotable\" or begin with \"Alleged: \" or "
                     "\"DebugName: \"; unimplemented",
                     cs_quote(&q, text));
}

/* --- tag records ----------------------------------------------------------------------------------- */

/* Own, hidden data of that name, or NULL. */
static cs_slot *hidden_data(cs_machine *the, cs_slot *instance, txID id, const char *name,
                            cs_problem *why)
{
    cs_slot *p = cs_own_property(the, instance, id);
    if (p == NULL)
        cs_refuse(why, "\"[Symbol(%s)]\" property expected: (an object)", name);
    else if (p->kind == XS_ACCESSOR_KIND)
        cs_refuse(why, "\"[Symbol(%s)]\" must not be an accessor property: (an object)", name);
    else if ((p->flag & XS_DONT_ENUM_FLAG) == 0)
        cs_refuse(why, "\"[Symbol(%s)]\" must not be an enumerable property: (an object)", name);
    else
        return p;
    return NULL;
}

static cs_slot *prototype_of(cs_machine *the, cs_slot *instance)
{
    return cs_instance(the, instance)->value.instance.prototype;
}

static bool check_prototype(cs_machine *the, cs_slot *instance, bool is_function, cs_problem *why)
{
    cs_slot *prototype = prototype_of(the, instance);
    if (!is_function)
        return prototype == mxObjectPrototype.value.reference ||
               cs_refuse(why, "A tagRecord must inherit from Object.prototype: (an object)");
    /* Async functions and generators have prototypes of their own. */
    const cs_slot *base = mxFunctionPrototype.value.reference;
    return prototype == base || (prototype != NULL && prototype_of(the, prototype) == base) ||
           cs_refuse(why, "For functions, a tagRecord must inherit from Function.prototype: (an "
                          "object)");
}

static bool check_mark(const cs_slot *mark, const char *style, cs_problem *why)
{
    cs_quoted expected, found;
    if (cs_is_string(mark) && strcmp(mark->value.string, style) == 0)
        return true;
    return cs_refuse(why, "Expected %s, not %s: (an object)", cs_quote(&expected, style),
                     cs_is_string(mark) ? cs_quote(&found, mark->value.string) : cs_redacted(mark));
}

cs_slot *cs_tag_of_record(cs_machine *the, cs_slot *instance, const char *style, bool is_function,
                          cs_problem *why)
{
    if (!cs_is_frozen(the, instance))
        return cs_refuse(why, "A tagRecord must be frozen: (an object)"), NULL;
    if (cs_is_array(instance))
        return cs_refuse(why, "An array cannot be a tagRecord: (an object)"), NULL;
    const cs_slot *mark = hidden_data(the, instance, cs_pass_style_id(the), "passStyle", why);
    if (mark == NULL || !check_mark(mark, style, why))
        return NULL;
    cs_slot *tag = hidden_data(the, instance, mxID(_Symbol_toStringTag), "Symbol.toStringTag", why);
    if (tag == NULL || !check_prototype(the, instance, is_function, why))
        return NULL;
    if (cs_is_string(tag))
        return tag;
    cs_refuse(why, "A [Symbol.toStringTag]-named property must be a string: (an object)");
    return NULL;
}

static bool check_tag_record(cs_machine *the, cs_slot *instance, bool is_function, cs_problem *why)
{
    cs_quoted q;
    const cs_slot *iface = cs_tag_of_record(the, instance, "remotable", is_function, why);
    if (iface == NULL)
        return false;
    txID style = cs_pass_style_id(the);
    for (const cs_slot *p = instance->next; p != NULL; p = p->next)
        if (!cs_is_internal(p) && p->ID != style && p->ID != mxID(_Symbol_toStringTag))
            return cs_refuse(why, "Unexpected properties on Remotable Proto [%s]",
                             cs_quote_key(the, &q, p->ID));
    return cs_check_iface(iface, why);
}

/* --- own properties -------------------------------------------------------------------------------- */

static bool check_method(cs_machine *the, const cs_slot *p, cs_problem *why)
{
    cs_quoted q;
    if (p->kind == XS_ACCESSOR_KIND)
        return cs_refuse(why, "cannot serialize Remotables with accessors like %s in (an object)",
                         cs_quote_key(the, &q, p->ID));
    if (p->ID == mxID(_Symbol_toStringTag))
        return cs_check_iface(p, why);
    if (!cs_is_method(the, p))
        return cs_refuse(why, "cannot serialize Remotables with non-methods like %s in (an object)",
                         cs_quote_key(the, &q, p->ID));
    return p->ID != cs_pass_style_id(the) ||
           cs_refuse(why, "A pass-by-remote cannot shadow \"[Symbol(passStyle)]\"");
}

static bool check_methods(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    cs_slot *items = cs_items(instance);
    txIndex count = items == NULL ? 0 : fxGetIndexSize(the, items);
    for (txIndex i = 0; i < count; i++)
        if (!cs_is_method(the, items->value.array.address + i))
            return cs_refuse(
                why, "cannot serialize Remotables with non-methods like \"%u\" in (an object)",
                cs_item_index(the, instance, i));
    for (const cs_slot *p = instance->next; p != NULL; p = p->next)
        if (!cs_is_internal(p) && !check_method(the, p, why))
            return false;
    return true;
}

/* A far function has its name and length, and perhaps a tag. */
static bool check_function(cs_machine *the, cs_slot *function, cs_problem *why)
{
    cs_quoted q;
    const cs_slot *name = cs_own_property(the, function, mxID(_name));
    const cs_slot *length = cs_own_property(the, function, mxID(_length));
    if (name == NULL || !cs_is_string(name))
        return cs_refuse(why, "Far function name must be a string, in (a function)");
    if (length == NULL || (length->kind != XS_INTEGER_KIND && length->kind != XS_NUMBER_KIND))
        return cs_refuse(why, "Far function length must be a number, in (a function)");
    for (const cs_slot *p = function->next; p != NULL; p = p->next) {
        if (cs_is_internal(p) || p == name || p == length)
            continue;
        if (p->ID != mxID(_Symbol_toStringTag))
            return cs_refuse(why,
                             "Far functions unexpected properties besides .name and .length [%s]",
                             cs_quote_key(the, &q, p->ID));
        if (!cs_is_string(p))
            return cs_refuse(why, "Far function @@toStringTag must be a string, in (a function)");
        if (!cs_check_iface(p, why))
            return false;
    }
    return true;
}

bool cs_can_be_remotable(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    instance = cs_instance(the, instance);
    if (cs_is_exotic(instance, XS_PROXY_KIND))
        return cs_refuse(why, "cannot pass a Proxy");
    if (cs_is_array(instance))
        return cs_refuse(why, "cannot serialize arrays as Remotable (an object)");
    return cs_is_function(instance) ? check_function(the, instance, why)
                                    : check_methods(the, instance, why);
}

/* --- remotables ------------------------------------------------------------------------------------ */

/* "[Function name]", as @endo/errors shows it. */
static void describe_function(cs_machine *the, cs_slot *function, char text[static 60])
{
    const cs_slot *name = cs_own_property(the, function, mxID(_name));
    bool has_name = name != NULL && cs_is_string(name) && name->value.string[0] != 0;
    (void)snprintf(text, 60, "\"[Function %.40s]\"", has_name ? name->value.string : "<anon>");
}

static bool refuse_undeclared(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    cs_quoted q;
    char function[60];
    if (why == NULL)
        return false;
    if (cs_is_function(instance)) {
        describe_function(the, instance, function);
        return cs_refuse(why, "Remotables must be explicitly declared: %s", function);
    }
    const cs_slot *p = instance->next;
    while (p != NULL && cs_is_internal(p))
        p = p->next;
    if (p == NULL || !cs_is_method(the, p))
        return cs_refuse(why, "Remotables must be explicitly declared: (an object)");
    describe_function(the, p->value.reference, function);
    return cs_refuse(why, "Remotables must be explicitly declared: {%s:%s%s}",
                     cs_quote_key(the, &q, p->ID), function, p->next != NULL ? ",…" : "");
}

bool cs_check_remotable(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    instance = cs_instance(the, instance);
    bool is_function = cs_is_function(instance);
    for (;;) {
        if (!cs_is_frozen(the, instance))
            return cs_refuse(why, "cannot serialize non-frozen objects like (an object)");
        if (!cs_can_be_remotable(the, instance, why))
            return false;
        cs_slot *prototype = prototype_of(the, instance);
        if (cs_is_common(the, prototype))
            return refuse_undeclared(the, instance, why);
        prototype = cs_instance(the, prototype);
        if (is_function || cs_is_common(the, prototype_of(the, prototype)))
            return check_tag_record(the, prototype, is_function, why);
        instance = prototype; /* it must be a remotable itself */
    }
}

cs_slot *cs_iface_of(cs_machine *the, cs_slot *remotable)
{
    return cs_uncommon_property(the, remotable, mxID(_Symbol_toStringTag));
}

/* --- making one ------------------------------------------------------------------------------------ */

/* Replaces the iface on the stack by a tag record for it. */
static void push_tag_record(cs_machine *the, cs_slot *base)
{
    cs_slot *iface = the->stack;
    cs_push_registered_symbol(the, "passStyle");
    txID style = the->stack->value.symbol;
    mxPop();
    cs_push_constant(the, "remotable");
    const cs_slot *mark = the->stack;
    cs_slot *record = cs_push_object(the, base);
    cs_slot *last = cs_add_hidden(the, record, style, mark);
    (void)cs_add_hidden(the, last, mxID(_Symbol_toStringTag), iface);
    record->flag |= XS_DONT_PATCH_FLAG | XS_DONT_MARSHALL_FLAG;
    mxPullSlot(iface);
    mxPop();
}

void cs_push_iface_prototype(cs_machine *the, cs_bytes iface)
{
    cs_push_text(the, iface);
    push_tag_record(the, mxObjectPrototype.value.reference);
}

static bool check_new_prototype(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    cs_slot *prototype = prototype_of(the, instance);
    if (!cs_is_function(instance))
        return prototype == NULL || prototype == mxObjectPrototype.value.reference ||
               cs_refuse(
                   why, "For now, remotables cannot inherit from anything unusual, in (an object)");
    const cs_slot *base = mxFunctionPrototype.value.reference;
    if (prototype == NULL)
        return cs_refuse(why, "Original function must not inherit from null: (a function)");
    return prototype == base || prototype_of(the, prototype) == base ||
           cs_refuse(why, "Far functions must originally inherit from Function.prototype, in (a "
                          "function)");
}

/* Whether `value` can be made a remotable. Nothing has changed yet. */
static bool check_candidate(cs_machine *the, const cs_slot *value, cs_problem *why)
{
    cs_quoted q;
    if (value->kind != XS_REFERENCE_KIND)
        return cs_refuse(why, "cannot serialize non-objects as Remotable %s", cs_redacted(value));
    cs_slot *instance = cs_instance(the, value->value.reference);
    if (!cs_can_be_remotable(the, instance, why))
        return false;
    const cs_slot *mark = cs_uncommon_property(the, instance, cs_pass_style_id(the));
    if (mark != NULL)
        return cs_refuse(why, "Remotable %s is already marked as a %s", cs_redacted(value),
                         cs_is_string(mark) ? cs_quote(&q, mark->value.string) : cs_redacted(mark));
    if ((instance->flag & XS_DONT_PATCH_FLAG) != 0 || cs_is_of_base(the, instance))
        return cs_refuse(why, "Remotable %s is already frozen", cs_redacted(value));
    return check_new_prototype(the, instance, why);
}

static void add_method_names(cs_machine *the, cs_slot *instance, const cs_slot *method)
{
    txID id = cs_id(the, "__getMethodNames__");
    if (method == NULL || cs_is_function(instance) || cs_property(the, instance, id) != NULL)
        return;
    (void)cs_add_hidden(the, fxLastProperty(the, instance), id, method);
}

void cs_make_remotable(cs_machine *the, cs_slot *value, cs_slot *iface, const cs_slot *method)
{
    cs_problem why;
    cs_problem_init(&why);
    if (!cs_check_iface(iface, &why) || !check_candidate(the, value, &why))
        cs_problem_throw(the, &why);
    cs_slot *instance = cs_instance(the, value->value.reference);
    cs_slot *base = prototype_of(the, instance);
    mxPushSlot(iface);
    push_tag_record(the, base != NULL ? base : mxObjectPrototype.value.reference);
    add_method_names(the, instance, method);
    instance->value.instance.prototype = the->stack->value.reference;
    mxPop();
    cs_harden(the, value);
    if (!cs_is_promise(instance) && !cs_is_thenable(the, instance))
        cs_set_passable(the,
                        instance); /* cs_style_of_instance() would find what was checked here */
}
