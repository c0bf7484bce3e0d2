/* Values quoted in error texts, as q(value) of the package prints them: JSON, in which whatever JSON
 * has no form for is a string in square brackets. Errors are rare and values are small, so this goes
 * through the intrinsics of the language and is not fast. */
#include "engine/handled_promise_int.h"

/* --- small helpers -------------------------------------------------------------------------------- */

/* Begins a call of a method of the object on top of the stack, which it takes. */
static void begin_call(cs_machine *the, txID method)
{
    mxDub();
    mxGetID(method);
    mxCall();
}

static void push_empty_array(cs_machine *the)
{
    (void)fxNewArray(the, 0);
}

void cs_hp_append_to_array(cs_machine *the, const cs_slot *array)
{
    cs_slot *value = the->stack;
    mxPushSlot(array);
    begin_call(the, mxID(_push));
    mxPushSlot(value);
    mxRunCount(1);
    the->stack = value + 1;
}

static void get_item(cs_machine *the, const cs_slot *array, txIndex i)
{
    mxPushSlot(array);
    mxGetIndex(i);
}

static txIndex length_of(const cs_slot *array)
{
    return array->value.reference->next->value.array.length;
}

static void sort(cs_machine *the, const cs_slot *array)
{
    mxPushSlot(array);
    begin_call(the, mxID(_sort));
    mxRunCount(0);
    mxPop();
}

void cs_hp_push_text(cs_machine *the, const char *text)
{
    mxPushStringC((txString)(uintptr_t)text);
}

void cs_hp_add(cs_machine *the, const char *text)
{
    (void)fxConcatStringC(the, the->stack, (txString)(uintptr_t)text);
}

/* Appends the string on top of the stack to the one below it, and pops it. */
static void add_top(cs_machine *the)
{
    (void)fxConcatString(the, the->stack + 1, the->stack);
    mxPop();
}

/* before + the value on top as text + after, in its place. */
static void wrap(cs_machine *the, const char *before, const char *after)
{
    cs_slot *text = the->stack;
    (void)fxToString(the, text);
    cs_hp_push_text(the, before);
    (void)fxConcatString(the, the->stack, text);
    cs_hp_add(the, after);
    text->kind = the->stack->kind;
    text->value = the->stack->value;
    mxPop();
}

const char *cs_hp_typeof(const cs_slot *value)
{
    if (value->kind == XS_REFERENCE_KIND)
        return (value->value.reference->flag & XS_CAN_CALL_FLAG) != 0 ? "function" : "object";
    if (cs_is_string(value))
        return "string";
    if (cs_is_bigint(value))
        return "bigint";
    static const char *const names[] = {
        [XS_UNDEFINED_KIND] = "undefined", [XS_NULL_KIND] = "null",
        [XS_BOOLEAN_KIND] = "boolean",     [XS_INTEGER_KIND] = "number",
        [XS_NUMBER_KIND] = "number",       [XS_SYMBOL_KIND] = "symbol",
    };
    return value->kind >= 0 && value->kind <= XS_SYMBOL_KIND ? names[value->kind] : "undefined";
}

/* --- what JSON is told instead of a value --------------------------------------------------------- */

/* Whether an object was met before; from now on it was. */
static bool is_seen(cs_machine *the, const cs_slot *value)
{
    cs_slot *seen = mxFunctionInstanceHome(mxFunction->value.reference)->value.home.object;
    mxPushReference(seen);
    begin_call(the, mxID(_has));
    mxPushSlot(value);
    mxRunCount(1);
    bool is = the->stack->value.boolean != 0;
    mxPop();
    mxPushReference(seen);
    begin_call(the, mxID(_add));
    mxPushSlot(value);
    mxRunCount(1);
    mxPop();
    return is;
}

/* Pushes Object.keys(value). */
static void push_keys(cs_machine *the, const cs_slot *value)
{
    mxPush(mxObjectConstructor);
    begin_call(the, mxID(_keys));
    mxPushSlot(value);
    mxRunCount(1);
}

/* Pushes an object with the same enumerable properties as `value`, sorted by name. */
static void push_sorted(cs_machine *the, const cs_slot *value)
{
    push_keys(the, value);
    cs_slot *keys = the->stack;
    sort(the, keys);
    (void)fxNewObject(the);
    cs_slot *object = the->stack;
    for (txIndex i = 0, count = length_of(keys); i < count; i++) {
        get_item(the, keys, i);
        cs_slot *at = fxAt(the, the->stack);
        mxPushSlot(value);
        mxGetAll(at->value.at.id, at->value.at.index);
        mxPushSlot(object);
        mxDefineAll(at->value.at.id, at->value.at.index, XS_NO_FLAG, XS_GET_ONLY);
        the->stack = object;
    }
    keys->value = object->value;
    mxPop();
}

static void push_error_text(cs_machine *the, const cs_slot *error)
{
    mxPushSlot(error);
    mxGetID(mxID(_name));
    wrap(the, "", ": ");
    mxPushSlot(error);
    mxGetID(mxID(_message));
    (void)fxToString(the, the->stack);
    add_top(the);
    wrap(the, "[", "]");
}

static void push_for_object(cs_machine *the, const cs_slot *value)
{
    cs_slot *instance = value->value.reference;
    if (is_seen(the, value))
        cs_hp_push_text(the, "[Seen]");
    else if (cs_is_exotic(instance, XS_ERROR_KIND))
        push_error_text(the, value);
    else if (mxBehaviorHasProperty(the, instance, mxID(_Symbol_toStringTag), 0)) {
        mxPushSlot(value);
        mxGetID(mxID(_Symbol_toStringTag));
        wrap(the, "[", "]");
    } else if (fxIsArray(the, instance))
        mxPushSlot(value);
    else
        push_sorted(the, value);
}

static void push_for_function(cs_machine *the, const cs_slot *value)
{
    mxPushSlot(value);
    mxGetID(mxID(_name));
    (void)fxToString(the, the->stack);
    if (the->stack->value.string[0] == 0) {
        mxPop();
        cs_hp_push_text(the, "<anon>");
    }
    wrap(the, "[Function ", "]");
}

static void push_for_number(cs_machine *the, const cs_slot *value)
{
    mxPushSlot(value);
    if (value->kind == XS_NUMBER_KIND && !isfinite(value->value.number))
        wrap(the, "[", "]");
}

/* The replacer of JSON.stringify: key, value. Its home object is the set of objects seen. */
static void host_replace(cs_machine *the)
{
    const cs_slot *value = mxArgv(1);
    mxPushSlot(value);
    if (cs_is_string(value)) {
        if (value->value.string[0] == '[')
            wrap(the, "[", "]");
    } else if (value->kind == XS_SYMBOL_KIND) {
        fxSymbolToString(the, the->stack);
        wrap(the, "[", "]");
    } else if (value->kind == XS_UNDEFINED_KIND)
        wrap(the, "[", "]");
    else if (cs_is_bigint(value))
        wrap(the, "[", "n]");
    else if (value->kind == XS_REFERENCE_KIND) {
        if ((value->value.reference->flag & XS_CAN_CALL_FLAG) != 0)
            push_for_function(the, value);
        else
            push_for_object(the, value);
    } else
        push_for_number(the, value);
    mxPullSlot(mxResult);
}

/* --- quoting -------------------------------------------------------------------------------------- */

static void push_replacer(cs_machine *the)
{
    mxPush(mxSetConstructor);
    mxNew();
    mxRunCount(0);
    cs_slot *seen = the->stack;
    cs_slot *function =
        fxNewHostFunction(the, host_replace, 2, XS_NO_ID, mxNewPromiseCapabilityCallbackProfileID);
    mxFunctionInstanceHome(function)->value.home.object = seen->value.reference;
    *seen = *the->stack;
    mxPop();
}

static void push_json(cs_machine *the, const cs_slot *value, bool replace)
{
    mxPush(mxJSONObject);
    begin_call(the, mxID(_stringify));
    mxPushSlot(value);
    if (replace)
        push_replacer(the);
    mxRunCount(replace ? 2 : 1);
}

/* What is quoted may be a proxy, or have getters that throw. */
static void push_quoted(cs_machine *the, const cs_slot *value)
{
    mxTry(the)
    {
        push_json(the, value, true);
    }
    mxCatch(the)
    {
        mxException.kind = XS_UNDEFINED_KIND;
        cs_hp_push_text(the, "[Something that failed to stringify]");
    }
}

void cs_hp_add_quoted(cs_machine *the, const cs_slot *value)
{
    push_quoted(the, value);
    add_top(the);
}

void cs_hp_add_quoted_text(cs_machine *the, const char *text)
{
    cs_hp_push_text(the, text);
    push_quoted(the, the->stack);
    cs_slot *quoted = the->stack;
    (void)fxConcatString(the, quoted + 2, quoted);
    the->stack = quoted + 2;
}

/* --- names of methods ----------------------------------------------------------------------------- */

/* Whether value[key] is a function; the key is an XS_AT_KIND slot. What cannot be read is none. */
static bool has_method(cs_machine *the, const cs_slot *value, const cs_slot *key)
{
    volatile bool has = false;
    mxTry(the)
    {
        mxPushSlot(value);
        mxGetAll(key->value.at.id, key->value.at.index);
        has = fxIsCallable(the, the->stack) != 0;
        mxPop();
    }
    mxCatch(the)
    {
        mxException.kind = XS_UNDEFINED_KIND;
    }
    return has;
}

/* Appends the names in one object of the prototype chain: symbols as their text, to another list. */
static void collect_layer(cs_machine *the, const cs_slot *value, cs_slot *layer,
                          const cs_slot *symbols, const cs_slot *strings)
{
    cs_slot *keys = fxNewInstance(the), *stack = the->stack;
    mxBehaviorOwnKeys(the, layer, XS_EACH_NAME_FLAG | XS_EACH_SYMBOL_FLAG, keys);
    for (const cs_slot *key = keys->next; key != NULL; key = key->next) {
        if (!has_method(the, value, key))
            continue;
        mxPushUndefined();
        fxKeyAt(the, key->value.at.id, key->value.at.index, the->stack);
        bool symbol = the->stack->kind == XS_SYMBOL_KIND;
        if (symbol)
            fxSymbolToString(the, the->stack);
        cs_hp_append_to_array(the, symbol ? symbols : strings);
        the->stack = stack;
    }
    mxPop();
}

/* From the value up to, but without, Object.prototype. */
static void collect_names(cs_machine *the, const cs_slot *value, const cs_slot *symbols,
                          const cs_slot *strings)
{
    mxPushSlot(value);
    cs_slot *layer = the->stack;
    (void)fxToInstance(the, layer);
    while (layer->value.reference != mxObjectPrototype.value.reference) {
        collect_layer(the, value, layer->value.reference, symbols, strings);
        if (value->kind != XS_REFERENCE_KIND ||
            !mxBehaviorGetPrototype(the, layer->value.reference, layer))
            break;
    }
    the->stack = layer + 1;
    sort(the, symbols);
    sort(the, strings);
}

/* Appends the quoted texts of a sorted list, each once, to `quoted`. A symbol is quoted as its text in
 * brackets, which a string that looks alike is not. */
static void quote_names(cs_machine *the, const cs_slot *names, const cs_slot *quoted, bool symbols)
{
    mxPushUndefined();
    cs_slot *last = the->stack;
    for (txIndex i = 0, count = length_of(names); i < count; i++) {
        get_item(the, names, i);
        cs_slot *name = the->stack;
        bool again = last->kind != XS_UNDEFINED_KIND && fxIsSameValue(the, last, name, 0);
        last->kind = name->kind;
        last->value = name->value;
        if (symbols)
            wrap(the, "[", "]");
        push_json(the, name, !symbols);
        if (!again)
            cs_hp_append_to_array(the, quoted);
        the->stack = last;
    }
    mxPop();
}

static void push_joined(cs_machine *the, const cs_slot *array)
{
    mxPushSlot(array);
    begin_call(the, mxID(_join));
    mxRunCount(0);
    wrap(the, "[", "]");
}

void cs_hp_add_method_names(cs_machine *the, const cs_slot *value)
{
    cs_slot *text = the->stack;
    push_empty_array(the);
    cs_slot *symbols = the->stack;
    push_empty_array(the);
    cs_slot *strings = the->stack;
    push_empty_array(the);
    cs_slot *quoted = the->stack;
    collect_names(the, value, symbols, strings);
    quote_names(the, symbols, quoted, true);
    quote_names(the, strings, quoted, false);
    push_joined(the, quoted);
    (void)fxConcatString(the, text, the->stack);
    the->stack = text;
}

/* --- errors --------------------------------------------------------------------------------------- */

void cs_hp_push_error(cs_machine *the, const cs_slot *constructor)
{
    cs_slot *message = the->stack;
    mxPushSlot(constructor);
    mxNew();
    mxPushSlot(message);
    mxRunCount(1);
    message->kind = the->stack->kind;
    message->value = the->stack->value;
    mxPop();
}

void cs_hp_throw(cs_machine *the, const cs_slot *constructor)
{
    cs_hp_push_error(the, constructor);
    mxPull(mxException);
    fxThrow(the, NULL, 0);
}
