/* How one object passes, judged by its own slots: the reference's rules (@endo/pass-style), in its
 * words, in its order. What it contains is pass_style.c's. */
#include "marshal/value.h"

#include <string.h>

/* --- one property -------------------------------------------------------------------------------- */

bool cs_is_method(cs_machine *the, const cs_slot *value)
{
    return value->kind == XS_REFERENCE_KIND && cs_is_function(value->value.reference) &&
           !cs_has_pass_style(the, value->value.reference);
}

/* A property whose name is already quoted must be data and enumerable. */
static bool check_data(const cs_slot *p, const char *name, cs_problem *why)
{
    if (p->kind == XS_ACCESSOR_KIND)
        return cs_refuse(why, "%s must not be an accessor property: (an object)", name);
    if ((p->flag & XS_DONT_ENUM_FLAG) != 0)
        return cs_refuse(why, "%s must be an enumerable property: (an object)", name);
    return true;
}

static bool is_plain_data(const cs_slot *p)
{
    return p->kind != XS_ACCESSOR_KIND && (p->flag & XS_DONT_ENUM_FLAG) == 0;
}

static bool check_named(cs_machine *the, const cs_slot *p, cs_problem *why)
{
    cs_quoted q;
    return is_plain_data(p) || check_data(p, cs_quote_key(the, &q, p->ID), why);
}

/* --- arrays -------------------------------------------------------------------------------------- */

static bool check_item(const cs_slot *item, uint32_t index, cs_problem *why)
{
    char name[16];
    if (is_plain_data(item))
        return true;
    cs_buf text = { (uint8_t *)name, 0, sizeof name };
    cs_text_add_int(&text, index);
    cs_text_byte(&text, 0);
    return check_data(item, name, why);
}

static int style_of_array(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    const cs_slot *items = instance->next;
    if (instance->value.instance.prototype != mxArrayPrototype.value.reference)
        return cs_bad(cs_refuse_type(why, "Malformed array: (an object)"));
    uint32_t present = fxGetIndexSize(the, instance->next);
    for (uint32_t i = 0; i < items->value.array.length; i++) {
        if (i >= present || cs_item_index(the, instance, i) != i)
            return cs_bad(cs_refuse(why, "%u property expected: (an object)", i));
        if (!check_item(items->value.array.address + i, i, why))
            return CS_STYLE_BAD;
    }
    for (const cs_slot *p = items; p != NULL; p = p->next)
        if (!cs_is_internal(p))
            return cs_bad(cs_refuse_type(why, "Arrays must not have non-indexes: (an object)"));
    return CS_STYLE_ARRAY;
}

/* --- records ------------------------------------------------------------------------------------- */

static bool has_method_item(cs_machine *the, cs_slot *items)
{
    txIndex count = items == NULL ? 0 : fxGetIndexSize(the, items);
    for (txIndex i = 0; i < count; i++)
        if (cs_is_method(the, items->value.array.address + i))
            return true;
    return false;
}

/* Names only, and no methods: else it may be meant as a remotable. */
static bool looks_like_record(cs_machine *the, cs_slot *instance)
{
    if (instance->value.instance.prototype != mxObjectPrototype.value.reference ||
        has_method_item(the, cs_items(instance)))
        return false;
    for (const cs_slot *p = instance->next; p != NULL; p = p->next)
        if (!cs_is_internal(p) && (!fxIsKeyName(the, p->ID) || cs_is_method(the, p)))
            return false;
    return true;
}

static int style_of_record(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    cs_slot *items = cs_items(instance);
    txIndex count = items == NULL ? 0 : fxGetIndexSize(the, items);
    for (txIndex i = 0; i < count; i++) {
        const cs_slot *item = items->value.array.address + i;
        if (!check_item(item, cs_item_index(the, instance, i), why))
            return CS_STYLE_BAD;
    }
    for (const cs_slot *p = instance->next; p != NULL; p = p->next)
        if (!cs_is_internal(p) && !check_named(the, p, why))
            return CS_STYLE_BAD;
    return CS_STYLE_RECORD;
}

/* A module's namespace is not frozen by the standard, but only its module can change it: what it
 * exports is passed as a record. */
static int style_of_namespace(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    const cs_slot *exports = mxModuleInstanceExports(instance);
    if (exports->kind != XS_REFERENCE_KIND)
        return cs_bad(cs_refuse(why, "cannot pass a module that is not loaded"));
    for (const cs_slot *e = exports->value.reference->next; e != NULL; e = e->next) {
        const cs_slot *value = e->kind == XS_EXPORT_KIND ? e->value.export.closure : NULL;
        if (value != NULL && value->kind == XS_UNINITIALIZED_KIND)
            return cs_bad(cs_refuse(why, "cannot pass a module that is not evaluated"));
        if (value != NULL && cs_is_method(the, value))
            return cs_bad(cs_refuse(why, "cannot pass a module that exports functions"));
    }
    return CS_STYLE_RECORD;
}

/* --- tagged and errors ---------------------------------------------------------------------------- */

static int style_of_tagged(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    cs_quoted q;
    if (cs_tag_of_record(the, instance, "tagged", false, why) == NULL)
        return CS_STYLE_BAD;
    txID payload = cs_id(the, "payload"), style = cs_pass_style_id(the);
    for (const cs_slot *p = instance->next; p != NULL; p = p->next)
        if (!cs_is_internal(p) && p->ID != payload && p->ID != style &&
            p->ID != mxID(_Symbol_toStringTag))
            return cs_bad(cs_refuse(why, "Unexpected properties on tagged record %s",
                                    cs_quote_key(the, &q, p->ID)));
    const cs_slot *p = cs_own_property(the, instance, payload);
    if (p == NULL)
        return cs_bad(cs_refuse(why, "\"payload\" property expected: (an object)"));
    return check_named(the, p, why) ? CS_STYLE_TAGGED : CS_STYLE_BAD;
}

bool cs_is_error_like(cs_machine *the, cs_slot *instance)
{
    const cs_slot *error = mxErrorPrototypes(XS_UNKNOWN_ERROR).value.reference;
    while (instance != NULL && instance != error)
        instance = cs_instance(the, instance)->value.instance.prototype;
    return instance != NULL;
}

static bool is_error_class(cs_machine *the, const cs_slot *prototype)
{
    for (txError e = XS_UNKNOWN_ERROR; e < XS_ERROR_COUNT; e++)
        if (mxErrorPrototypes(e).value.reference == prototype)
            return true;
    return false;
}

static bool check_error_property(cs_machine *the, const cs_slot *p, cs_problem *why)
{
    cs_quoted q;
    const char *name = cs_quote_key(the, &q, p->ID);
    if ((p->flag & XS_DONT_ENUM_FLAG) == 0)
        return cs_refuse(why, "Passable Error %s own property must not be enumerable: (an object)",
                         name);
    if (p->kind == XS_ACCESSOR_KIND)
        return cs_refuse(why, "Passable Error %s own property must be a data property: (an object)",
                         name);
    if (p->ID == mxID(_message) || p->ID == mxID(_stack))
        return cs_is_string(p) ||
               cs_refuse(why, "Passable Error %s own property must be a string: %s", name,
                         cs_redacted(p));
    return p->ID == mxID(_cause) || p->ID == mxID(_errors) ||
           cs_refuse(why, "Passable Error has extra unpassed property %s", name);
}

static int style_of_error(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    if (!is_error_class(the, instance->value.instance.prototype))
        return cs_bad(cs_refuse(
            why, "Passable Error must inherit from an error class .prototype: (an Error)"));
    if (cs_own_property(the, instance, mxID(_message)) == NULL)
        return cs_bad(cs_refuse(
            why, "Passable Error must have an own \"message\" string property: (an Error)"));
    if (cs_items(instance) != NULL)
        return cs_bad(cs_refuse(why, "Passable Error has extra unpassed properties"));
    for (const cs_slot *p = instance->next; p != NULL; p = p->next)
        if (!cs_is_internal(p) && fxIsKeyName(the, p->ID) && !check_error_property(the, p, why))
            return CS_STYLE_BAD;
    return CS_STYLE_ERROR;
}

/* --- promises -------------------------------------------------------------------------------------- */

static int style_of_promise(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    cs_quoted q;
    if (instance->value.instance.prototype != mxPromisePrototype.value.reference)
        return cs_bad(
            cs_refuse(why, "(an object) - Must inherit from Promise.prototype: (an object)"));
    for (const cs_slot *p = instance->next; p != NULL; p = p->next)
        if (!cs_is_internal(p) && !(p->ID == mxID(_Symbol_toStringTag) && cs_is_string(p) &&
                                    (p->flag & XS_DONT_ENUM_FLAG) != 0))
            return cs_bad(cs_refuse(why, "(an object) - Must not have any own properties: [%s]",
                                    cs_quote_key(the, &q, p->ID)));
    return CS_STYLE_PROMISE;
}

bool cs_is_thenable(cs_machine *the, cs_slot *instance)
{
    const cs_slot *then = cs_uncommon_property(the, instance, mxID(_then));
    return then != NULL && then->kind == XS_REFERENCE_KIND && cs_is_function(then->value.reference);
}

/* --- one object ------------------------------------------------------------------------------------ */

/* What an object that cannot be passed is called; NULL if it is nothing special. */
static const char *built_in_name(const cs_slot *instance)
{
    const cs_slot *s = instance->next;
    if (s == NULL || !cs_is_internal(s))
        return NULL;
    switch ((int)s->kind) {
    case XS_PROXY_KIND:
        return "a Proxy";
    case XS_DATE_KIND:
        return "a Date";
    case XS_REGEXP_KIND:
        return "a RegExp";
    case XS_MAP_KIND:
        return "a Map";
    case XS_SET_KIND:
        return "a Set";
    case XS_WEAK_MAP_KIND:
        return "a WeakMap";
    case XS_WEAK_SET_KIND:
        return "a WeakSet";
    case XS_WEAK_REF_KIND:
        return "a WeakRef";
    case XS_ARRAY_BUFFER_KIND:
        return "an ArrayBuffer: this engine has no immutable ones";
    case XS_DATA_VIEW_KIND:
        return "a DataView";
    case XS_TYPED_ARRAY_KIND:
        return "a typed array";
    case XS_STACK_KIND:
        return "a generator";
    case XS_ARGUMENTS_SLOPPY_KIND:
    case XS_ARGUMENTS_STRICT_KIND:
        return "an arguments object";
    case XS_STRING_KIND:
    case XS_STRING_X_KIND:
        return "a String object";
    case XS_NUMBER_KIND:
        return "a Number object";
    case XS_BOOLEAN_KIND:
        return "a Boolean object";
    case XS_SYMBOL_KIND:
        return "a Symbol object";
    case XS_BIGINT_KIND:
    case XS_BIGINT_X_KIND:
        return "a BigInt object";
    default:
        return NULL;
    }
}

static int style_of_unfrozen(const cs_slot *instance, cs_problem *why)
{
    if (cs_is_exotic(instance, XS_TYPED_ARRAY_KIND))
        return cs_bad(cs_refuse(why, "Cannot pass mutable typed arrays like (an object)."));
    return cs_bad(cs_refuse(why, "Cannot pass non-frozen objects like %s. Use harden()",
                            cs_is_function(instance) ? "(a function)" : "(an object)"));
}

static int style_of_remotable(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    if (!cs_check_remotable(the, instance, why))
        return CS_STYLE_BAD;
    cs_set_passable(the, instance);
    return CS_STYLE_REMOTABLE;
}

/* By its property [Symbol.for('passStyle')], own or inherited. */
static int style_by_mark(cs_machine *the, cs_slot *instance, const cs_slot *mark, cs_problem *why)
{
    static const char *const others[][2] = {
        { "copyRecord", "Records can only have string-named properties: (an object)" },
        { "copyArray", "Array expected: (an object)" },
        { "error", "Error expected: (an object)" },
        { "byteArray", "Immutable ArrayBuffer expected: (an object)" },
    };
    cs_quoted q;
    if (!cs_is_string(mark))
        return cs_bad(cs_refuse_type(why, "%s must be a string", cs_redacted(mark)));
    if (strcmp(mark->value.string, "remotable") == 0)
        return style_of_remotable(the, instance, why);
    if (strcmp(mark->value.string, "tagged") == 0)
        return style_of_tagged(the, instance, why);
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
        if (strcmp(mark->value.string, others[i][0]) == 0)
            return cs_bad(cs_refuse(why, "%s", others[i][1]));
    return cs_bad(cs_refuse(why, "Unrecognized PassStyle: %s", cs_quote(&q, mark->value.string)));
}

static int style_by_shape(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    const char *name = built_in_name(instance);
    if (name != NULL)
        return cs_bad(cs_refuse(why, "cannot pass %s", name));
    if (looks_like_record(the, instance))
        return style_of_record(the, instance, why);
    if (cs_is_error_like(the, instance))
        return style_of_error(the, instance, why);
    return style_of_remotable(the, instance, why);
}

/* Of what is flagged. */
static int known_style(cs_machine *the, cs_slot *instance)
{
    const cs_slot *prototype = instance->value.instance.prototype;
    if (cs_is_function(instance))
        return CS_STYLE_REMOTABLE;
    if (cs_is_array(instance))
        return CS_STYLE_ARRAY;
    if (is_error_class(the, prototype))
        return CS_STYLE_ERROR;
    if (prototype != mxObjectPrototype.value.reference)
        return CS_STYLE_REMOTABLE;
    return cs_own_property(the, instance, cs_pass_style_id(the)) != NULL ? CS_STYLE_TAGGED
                                                                         : CS_STYLE_RECORD;
}

int cs_style_of_instance(cs_machine *the, cs_slot *instance, cs_problem *why)
{
    instance = cs_instance(the, instance);
    if ((instance->flag & CS_PASSABLE_FLAG) != 0)
        return known_style(the, instance);
    if (cs_presence_handle(instance) != 0)
        return CS_STYLE_REMOTABLE;
    if (cs_is_exotic(instance, XS_MODULE_KIND))
        return style_of_namespace(the, instance, why);
    if (cs_is_exotic(instance, XS_PROXY_KIND))
        return cs_bad(cs_refuse(why, "cannot pass a Proxy"));
    if (!cs_is_frozen(the, instance))
        return style_of_unfrozen(instance, why);
    if (cs_is_array(instance))
        return style_of_array(the, instance, why);
    if (cs_is_promise(instance))
        return style_of_promise(the, instance, why);
    if (cs_is_thenable(the, instance))
        return cs_bad(cs_refuse(why, "Cannot pass non-promise thenables"));
    if (cs_is_function(instance))
        return style_of_remotable(the, instance, why);
    const cs_slot *mark = cs_uncommon_property(the, instance, cs_pass_style_id(the));
    return mark != NULL ? style_by_mark(the, instance, mark, why)
                        : style_by_shape(the, instance, why);
}
