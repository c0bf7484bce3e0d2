/* What the preloaded JavaScript (js/endo-pass-style.js, js/endo-far.js, js/endo-marshal.js) builds
 * on: `native.<name>`. They are plain functions of their arguments, keep no state, and call no
 * JavaScript of the caller's except where this list says so. Errors are TypeErrors worded as
 * @endo/pass-style words them.
 *
 *   Far(name, remotable, method)   remotable undefined: a new object. Defines `method` (the one
 *                    hardened function behind __getMethodNames__) as a hidden property if
 *                    `remotable` is an object that has none, then Remotable(`Alleged: ${name}`).
 *                    js: Far = (name, r = undefined) => native.Far(name, r, getMethodNamesMethod)
 *   Remotable(iface, props, remotable)   undefined arguments: 'Remotable', undefined, {}. Hardens.
 *   getInterfaceOf(value)     the interface name, or undefined if value is not a remotable
 *                    js: ToFarFunction = (name, f) => getInterfaceOf(f) === undefined
 *                            ? Far(name, (...args) => f(...args)) : f
 *   passStyleOf(value)        'undefined' 'null' 'boolean' 'number' 'bigint' 'string' 'symbol'
 *                    'copyRecord' 'copyArray' 'tagged' 'error' 'remotable' 'promise'; throws
 *   isPassable(value)         whether passStyleOf(value) would not throw
 *   makeTagged(tag, payload)  hardens payload
 *   nameForPassableSymbol(symbol)   its name, '@@asyncIterator' form for well-known ones,
 *                    undefined if it is not passable (or not a symbol)
 *   passableSymbolForName(name)     throws for unknown '@@' names
 *
 * makeMarshal is split so that no callback of JavaScript runs in the middle of C:
 *
 *   toCapData(value, format, errorName, errorNumber) -> [body, caps, errors]
 *                    format 'smallcaps' or 'capdata'. caps: the remotables and promises in order of
 *                    first mention; slots = caps.map(valToSlot). errors: those met, in order; each
 *                    was given the id `error:${errorName}#${errorNumber + 1}` and so on, so add
 *                    errors.length to the counter, then save each. errorName undefined: no ids. If
 *                    value itself is an error its `message` and `name` are read as JavaScript does.
 *   capDataSlots(body) -> [index, iface, index, iface, ...]   each slot that the body mentions, once,
 *                    in order of first mention; iface undefined if that has none. Checks that the
 *                    body is JSON. js: values[index] = slotToVal(slots[index], iface). An index may
 *                    lie beyond slots: slotToVal then gets undefined, as it does in @endo/marshal.
 *   fromCapData(body, values) -> value    body of either form, values as an array by index.
 *                    Hardened at birth. In smallcaps a `$` must be a remotable, a `&` a promise. */
#include "marshal/internal.h"

#include "base/limits.h"

#include <string.h>

/* Not to be written to: what is missing is the base's undefined. */
static cs_slot *argument(cs_machine *the, txInteger i)
{
    return mxArgc > i ? mxArgv(i) : &mxUndefined;
}

static void give(cs_machine *the)
{
    mxPullSlot(mxResult);
}

static void give_boolean(cs_machine *the, bool value)
{
    mxResult->kind = XS_BOOLEAN_KIND;
    mxResult->value.boolean = value;
}

static void give_constant(cs_machine *the, const char *text)
{
    cs_push_constant(the, text);
    give(the);
}

/* --- remotables ------------------------------------------------------------------------------------ */

/* Marks and gives `value` with the iface on the stack; a new object if it is undefined. */
static void give_remotable(cs_machine *the, const cs_slot *value, const cs_slot *method)
{
    cs_slot *iface = the->stack;
    if (value->kind == XS_UNDEFINED_KIND)
        cs_push_object(the, mxObjectPrototype.value.reference);
    else
        mxPushSlot(value);
    cs_make_remotable(the, the->stack, iface, method);
    give(the);
}

static void far(cs_machine *the)
{
    const cs_slot *method = argument(the, 2);
    cs_push_constant(the, "Alleged: ");
    mxPushSlot(argument(the, 0));
    fxToString(the, the->stack);
    fxConcatString(the, the->stack + 1, the->stack);
    mxPop();
    give_remotable(the, argument(the, 1), method->kind == XS_UNDEFINED_KIND ? NULL : method);
}

static void remotable(cs_machine *the)
{
    const cs_slot *iface = argument(the, 0), *props = argument(the, 1);
    if (props->kind != XS_UNDEFINED_KIND)
        cs_throw_text(the, XS_UNKNOWN_ERROR, "Remotable props not yet implemented %s",
                      cs_redacted(props));
    if (iface->kind == XS_UNDEFINED_KIND)
        cs_push_constant(the, "Remotable");
    else
        mxPushSlot(iface);
    give_remotable(the, argument(the, 2), NULL);
}

static void get_interface_of(cs_machine *the)
{
    const cs_slot *v = argument(the, 0);
    if (v->kind != XS_REFERENCE_KIND)
        return;
    cs_slot *instance = cs_instance(the, v->value.reference);
    const cs_slot *mark = cs_uncommon_property(the, instance, cs_pass_style_id(the));
    if (mark == NULL || !cs_is_string(mark) || strcmp(mark->value.string, "remotable") != 0 ||
        !(cs_presence_handle(instance) != 0 || cs_check_remotable(the, instance, NULL)))
        return;
    const cs_slot *iface = cs_iface_of(the, instance);
    if (iface != NULL && cs_is_string(iface)) {
        mxPushSlot(iface);
        give(the);
    }
}

/* --- styles ---------------------------------------------------------------------------------------- */

static void pass_style_of(cs_machine *the)
{
    static const char *const names[] = {
        "undefined",  "null",      "boolean", "number", "bigint",    "string",  "symbol",
        "copyRecord", "copyArray", "tagged",  "error",  "remotable", "promise",
    };
    give_constant(the, names[cs_pass_style_of(the, argument(the, 0))]);
}

static void is_passable(cs_machine *the)
{
    give_boolean(the, cs_style_of(the, argument(the, 0), NULL) != CS_STYLE_BAD);
}

static void make_tagged(cs_machine *the)
{
    const cs_slot *tag = argument(the, 0);
    cs_slot *payload = argument(the, 1);
    if (!cs_is_string(tag))
        cs_throw_text(the, XS_UNKNOWN_ERROR, "The tag of a tagged record must be a string: %s",
                      cs_redacted(tag));
    cs_harden(the, payload);
    (void)cs_pass_style_of(the, payload);
    cs_push_registered_symbol(the, "passStyle");
    txID style = the->stack->value.symbol;
    cs_push_constant(the, "tagged");
    const cs_slot *mark = the->stack;
    cs_slot *instance = cs_push_object(the, mxObjectPrototype.value.reference);
    cs_slot *last = cs_add_hidden(the, instance, style, mark);
    last = cs_add_hidden(the, last, mxID(_Symbol_toStringTag), tag);
    last = cs_add_hidden(the, last, cs_id(the, "payload"), payload);
    last->flag = CS_BORN_PROPERTY;
    instance->flag |= CS_BORN_INSTANCE;
    give(the);
}

/* --- symbols --------------------------------------------------------------------------------------- */

static void name_for_passable_symbol(cs_machine *the)
{
    const cs_slot *v = argument(the, 0);
    if (v->kind != XS_SYMBOL_KIND)
        return;
    const char *name = cs_well_known_name(v->value.symbol);
    bool is_well_known = name != NULL;
    if (!is_well_known)
        name = cs_registered_name(the, v->value.symbol);
    if (name == NULL)
        return;
    cs_buf *text = &cs_marshal_scratch()->decoded;
    cs_buf_clear(text);
    if (is_well_known || strncmp(name, "@@", 2) == 0)
        cs_text_literal(text, "@@");
    cs_buf_add_text(text, name);
    cs_push_engine_text(the, (const char *)text->data, text->size);
    give(the);
}

static void passable_symbol_for_name(cs_machine *the)
{
    cs_quoted q[2];
    const cs_slot *v = argument(the, 0);
    if (!cs_is_string(v))
        cs_throw_text(the, XS_UNKNOWN_ERROR, "the name of a symbol must be a string, not %s",
                      cs_redacted(v));
    const char *name = v->value.string;
    if (strncmp(name, "@@", 2) == 0 && strncmp(name, "@@@@", 4) != 0 &&
        cs_well_known_symbol(name + 2) == XS_NO_ID)
        cs_throw_text(the, XS_UNKNOWN_ERROR, "Reserved for well known symbol %s: %s",
                      cs_quote(&q[0], name + 2), cs_quote(&q[1], name));
    cs_marshal *m = cs_marshal_scratch();
    m->building_count = 0;
    m->first_name = the->keyIndex;
    m->root = mxResult;
    cs_build_symbol(the, m, cs_bytes_of(name));
}

/* --- CapData --------------------------------------------------------------------------------------- */

static void push_references(cs_machine *the, cs_slot *const *instances, uint32_t count)
{
    mxPush(mxArrayPrototype);
    cs_slot *items = fxNewArrayInstance(the)->next;
    if (count > 0)
        fxSetIndexSize(the, items, count, XS_CHUNK);
    for (uint32_t i = 0; i < count; i++) {
        cs_slot *item = items->value.array.address + i;
        *(txIndex *)item = i;
        item->kind = XS_REFERENCE_KIND;
        item->value.reference = instances[i];
    }
}

/* Three values of the stack as an array, the lowest first. */
static void give_three(cs_machine *the)
{
    mxPush(mxArrayPrototype);
    cs_slot *items = fxNewArrayInstance(the)->next;
    fxSetIndexSize(the, items, 3, XS_CHUNK);
    for (uint32_t i = 0; i < 3; i++) {
        cs_slot *item = items->value.array.address + i, *from = the->stack + 3 - i;
        *(txIndex *)item = i;
        item->kind = from->kind;
        item->value = from->value;
    }
    give(the);
}

static bool is_text(const cs_slot *v, const char *text)
{
    return cs_is_string(v) && strcmp(v->value.string, text) == 0;
}

static void to_capdata(cs_machine *the)
{
    char name[100];
    const cs_slot *format = argument(the, 1), *given = argument(the, 2);
    mxPushSlot(argument(the, 3));
    txNumber number = fxToNumber(the, the->stack);
    uint64_t count = number > 0 && number < 0x1p53 ? (uint64_t)number : 0;
    mxPop();
    bool legacy = is_text(format, "capdata");
    if (!legacy && !is_text(format, "smallcaps"))
        cs_throw_text(the, XS_UNKNOWN_ERROR, "Unrecognized serializeBodyFormat");
    mxPushSlot(argument(the, 0));
    cs_slot *value = the->stack;
    bool is_error = cs_push_error_texts(the, value);
    cs_marshal *m = cs_marshal_scratch(); /* from here on no JavaScript runs */
    if (cs_is_string(given))
        (void)snprintf(name, sizeof name, "%s", given->value.string);
    m->ids = (cs_error_ids){ cs_is_string(given) ? name : NULL, &count, NULL };
    cs_encode(the, m, value, is_error, legacy);
    mxMeterSome((txU4)(m->body.size / 8));
    cs_push_text(the, cs_buf_bytes(&m->body));
    push_references(the, m->caps, m->cap_count);
    push_references(the, m->errors, m->error_count);
    give_three(the);
}

/* Reads a copy: strings of the engine move. */
static cs_marshal *read_body(cs_machine *the, const cs_slot *body)
{
    cs_marshal *m = cs_marshal_scratch();
    if (!cs_is_string(body))
        cs_throw_text(the, XS_UNKNOWN_ERROR,
                      "unserialize() given non-capdata (.body is %s, not string)",
                      cs_redacted(body));
    if (m->body.cap > CS_BUFFER_KEPT)
        cs_buf_fini(&m->body);
    cs_buf_clear(&m->body);
    cs_buf_add_text(&m->body, body->value.string);
    cs_decode_read(the, m, cs_buf_bytes(&m->body), true);
    mxMeterSome((txU4)m->json.count);
    return m;
}

/* If token `j` stands for a slot, notes which. */
static bool is_mention(cs_machine *the, cs_marshal *m, const cs_json *j, uint32_t *ret_index,
                       cs_bytes *ret_iface)
{
    if (!m->legacy) {
        if (j->kind != CS_JSON_STRING || j->size == 0)
            return false;
        cs_bytes text = cs_json_text(m, j);
        return (text.data[0] == '$' || text.data[0] == '&') &&
               cs_parse_slot(text, ret_index, ret_iface);
    }
    if (j->kind != CS_JSON_OBJECT || (j->flags & CS_JSON_HAS_AT) == 0)
        return false;
    const cs_json *qclass = cs_json_member(the, m, j, "@qclass");
    return qclass != NULL && qclass->kind == CS_JSON_STRING &&
           cs_bytes_equal(cs_json_text(m, qclass), CS_BYTES("slot")) &&
           cs_legacy_slot(the, m, j, ret_index, ret_iface);
}

/* The next slot that was not mentioned before, from token *at on; false if there is none. `seen` has
 * a bit for each; what lies beyond it cannot be a slot. */
static bool next_mention(cs_machine *the, cs_marshal *m, uint32_t *at, uint8_t *seen,
                         uint32_t *ret_index, cs_bytes *ret_iface)
{
    while (*at < m->json.count) {
        if (!is_mention(the, m, &m->json.items[(*at)++], ret_index, ret_iface) ||
            *ret_index >= CS_SLOTS_MAX || (seen[*ret_index / 8] >> *ret_index % 8 & 1) != 0)
            continue;
        seen[*ret_index / 8] |= (uint8_t)(1 << *ret_index % 8);
        return true;
    }
    return false;
}

static void append(cs_machine *the, cs_slot *array)
{
    txIndex length = array->next->value.array.length;
    cs_slot *item = fxSetIndexProperty(the, array, array->next, length);
    mxPullSlot(item);
}

static void capdata_slots(cs_machine *the)
{
    uint8_t seen[CS_SLOTS_MAX / 8 + 1] = { 0 };
    cs_marshal *m = read_body(the, argument(the, 0));
    uint32_t at = 0, index;
    cs_bytes iface;
    m->building_count = 0;
    mxPush(mxArrayPrototype);
    cs_slot *array = fxNewArrayInstance(the);
    while (next_mention(the, m, &at, seen, &index, &iface)) {
        mxPushInteger((txInteger)index);
        append(the, array);
        if (iface.size > 0)
            cs_push_engine_text(the, (const char *)iface.data, iface.size);
        else
            mxPushUndefined();
        append(the, array);
    }
    give(the);
}

static void from_capdata(cs_machine *the)
{
    cs_slot *values = argument(the, 1);
    if (values->kind != XS_REFERENCE_KIND || !cs_is_array(values->value.reference))
        cs_throw_text(the, XS_UNKNOWN_ERROR,
                      "unserialize() given non-capdata (.slots are not Array)");
    cs_harden(the, values);
    cs_marshal *m = read_body(the, argument(the, 0)); /* from here on no JavaScript runs */
    m->values = values->value.reference->next;
    cs_decode_build(the, m);
    (void)cs_pass_style_of(the, the->stack);
    give(the);
}

const cs_native cs_marshal_natives[] = {
    { "Far", far, 3 },
    { "Remotable", remotable, 3 },
    { "getInterfaceOf", get_interface_of, 1 },
    { "passStyleOf", pass_style_of, 1 },
    { "isPassable", is_passable, 1 },
    { "makeTagged", make_tagged, 2 },
    { "nameForPassableSymbol", name_for_passable_symbol, 1 },
    { "passableSymbolForName", passable_symbol_for_name, 1 },
    { "toCapData", to_capdata, 4 },
    { "capDataSlots", capdata_slots, 1 },
    { "fromCapData", from_capdata, 2 },
    { NULL },
};
