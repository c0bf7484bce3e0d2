/* Values of the engine from decoded text. All are hardened from birth.
 *
 *   B1  a value is allocated first and placed then: the place may be in a chunk, and those move
 *   B2  what is under construction hangs in its parent, and the root in XS's stack; a container that
 *       stays unfinished because of a throw is garbage */
#include "marshal/internal.h"

#include <string.h>

/* Where the next value goes. Asked once for each value, when it is ready. */
static inline cs_slot *take_place(cs_marshal *m)
{
    if (m->building_count == 0)
        return m->root;
    cs_building *b = &m->building[m->building_count - 1];
    if (b->property != NULL)
        return b->property;
    return b->instance->next->value.array.address + b->index++;
}

/* --- scalars --------------------------------------------------------------------------------------- */

void cs_build_undefined(cs_marshal *m)
{
    take_place(m)->kind = XS_UNDEFINED_KIND;
}

void cs_build_null(cs_marshal *m)
{
    take_place(m)->kind = XS_NULL_KIND;
}

void cs_build_boolean(cs_marshal *m, bool value)
{
    cs_slot *place = take_place(m);
    place->value.boolean = value;
    place->kind = XS_BOOLEAN_KIND;
}

void cs_build_int(cs_marshal *m, int32_t n)
{
    cs_slot *place = take_place(m);
    place->value.integer = n;
    place->kind = XS_INTEGER_KIND;
}

void cs_build_double(cs_marshal *m, double d)
{
    if (d >= INT32_MIN && d <= INT32_MAX && d == (double)(int32_t)d && (d != 0 || 1 / d > 0)) {
        cs_build_int(m, (int32_t)d);
        return;
    }
    cs_slot *place = take_place(m);
    place->value.number = d;
    place->kind = XS_NUMBER_KIND;
}

void cs_build_number(cs_machine *the, cs_marshal *m, cs_bytes text)
{
    if (text.size > CS_NUMBER_MAX)
        cs_decode_fail(the, m, "number of more than %d digits", CS_NUMBER_MAX);
    cs_build_double(m, cs_text_parse_double(text));
}

void cs_build_string(cs_machine *the, cs_marshal *m, cs_bytes engine_text)
{
    char *string = fxNewChunk(the, (txSize)engine_text.size + 1);
    memcpy(string, engine_text.data, engine_text.size);
    string[engine_text.size] = 0;
    cs_slot *place = take_place(m);
    place->value.string = string;
    place->kind = XS_STRING_KIND;
}

void cs_build_bigint(cs_machine *the, cs_marshal *m, cs_bytes digits, bool minus)
{
    uint32_t words[CS_BIGINT_DIGITS_MAX / 9 + 1];
    if (digits.size > CS_BIGINT_DIGITS_MAX)
        cs_decode_fail(the, m, "bigint of more than %d digits", CS_BIGINT_DIGITS_MAX);
    size_t count = cs_bigint_parse(digits, words);
    if (count == 0) {
        words[count++] = 0;
        minus = false;
    }
    txU4 *data = fxNewChunk(the, (txSize)(count * sizeof *words));
    memcpy(data, words, count * sizeof *words);
    cs_slot *place = take_place(m);
    place->value.bigint.data = data;
    place->value.bigint.size = (txU2)count;
    place->value.bigint.sign = minus;
    place->kind = XS_BIGINT_KIND;
}

void cs_build_symbol(cs_machine *the, cs_marshal *m, cs_bytes name)
{
    const char *text = cs_terminated(m, name);
    bool at_at = strncmp(text, "@@", 2) == 0;
    txID id = at_at ? cs_well_known_symbol(text + 2) : XS_NO_ID;
    if (at_at && id == XS_NO_ID && strncmp(text, "@@@@", 4) != 0)
        cs_decode_fail(the, m, "Reserved for well known symbol \"%.40s\"", text + 2);
    if (id != XS_NO_ID) {
        mxPushUndefined();
        the->stack->kind = XS_SYMBOL_KIND;
        the->stack->value.symbol = id;
    } else {
        cs_push_registered_symbol(the, at_at ? text + 2 : text);
        cs_check_names(the, m);
    }
    cs_slot *place = take_place(m);
    mxPullSlot(place);
}

/* --- references ------------------------------------------------------------------------------------ */

/* From JavaScript: anything passable will do in the older form. */
static void push_given(cs_machine *the, cs_marshal *m, uint32_t index)
{
    cs_slot *item = fxGetIndexProperty(the, m->values, index);
    if (item != NULL)
        mxPushSlot(item);
    else
        mxPushUndefined();
}

static void check_sigil(cs_machine *the, cs_marshal *m, uint32_t index, char sigil)
{
    cs_problem why;
    cs_problem_init(&why);
    int style = CS_STYLE_REMOTABLE;
    if (m->values != NULL)
        style = cs_style_of(the, the->stack, &why);
    else if (the->stack->kind != XS_REFERENCE_KIND)
        style = CS_STYLE_BAD;
    else if (cs_is_promise(cs_instance(the, the->stack->value.reference)))
        style = CS_STYLE_PROMISE;
    if (style == CS_STYLE_BAD && why.text_size > 0)
        cs_problem_throw(the, &why);
    if (sigil == '&' ? style != CS_STYLE_PROMISE : sigil == '$' && style != CS_STYLE_REMOTABLE)
        cs_decode_fail(the, m, "slot %u is not a %s", index,
                       sigil == '&' ? "promise" : "remotable");
}

void cs_build_slot(cs_machine *the, cs_marshal *m, uint32_t index, cs_bytes iface, char sigil)
{
    if (m->values != NULL) {
        push_given(the, m, index);
    } else {
        if (index >= m->data->slot_count)
            cs_decode_fail(the, m, "slot %u of %u", index, m->data->slot_count);
        m->ops->push_value(the, m->ctx, m->data->slots[index], iface);
    }
    check_sigil(the, m, index, sigil);
    cs_slot *place = take_place(m);
    mxPullSlot(place);
}

/* --- containers ------------------------------------------------------------------------------------ */

static cs_building *push_building(cs_marshal *m, cs_build_kind kind, cs_slot *instance,
                                  uint32_t end)
{
    CS_GROW(m->building, m->building_count, m->building_cap);
    cs_building *b = &m->building[m->building_count++];
    b->instance = b->last = instance;
    b->property = NULL;
    b->index = kind == CS_BUILD_ARRAY ? 0 : CS_NOWHERE;
    b->items = 0;
    b->end = end;
    b->kind = (uint8_t)kind;
    return b;
}

/* A new object, in its place. */
static cs_slot *place_instance(cs_machine *the, cs_marshal *m, const cs_slot *prototype)
{
    cs_slot *instance = fxNewSlot(the);
    instance->kind = XS_INSTANCE_KIND;
    instance->flag = m->values == NULL
                         ? CS_BORN_INSTANCE
                         : CS_BORN_INSTANCE & ~CS_PASSABLE_FLAG; /* it will be judged */
    instance->value.instance.garbage = NULL;
    instance->value.instance.prototype = prototype->value.reference;
    cs_slot *place = take_place(m);
    place->value.reference = instance;
    place->kind = XS_REFERENCE_KIND;
    return instance;
}

/* Items 0 to count - 1, undefined for now. */
static void make_items(cs_machine *the, cs_slot *items, uint32_t count)
{
    if (count > 0)
        fxSetIndexSize(the, items, count, XS_CHUNK);
    cs_slot *item = items->value.array.address;
    for (uint32_t i = 0; i < count; i++, item++) {
        *(txIndex *)item = i;
        item->ID = XS_NO_ID;
        item->kind = XS_UNDEFINED_KIND;
        item->flag = CS_BORN_PROPERTY;
    }
}

void cs_build_array(cs_machine *the, cs_marshal *m, uint32_t count, uint32_t end)
{
    cs_slot *instance = place_instance(the, m, &mxArrayPrototype);
    instance->flag |= XS_EXOTIC_FLAG;
    cs_slot *items = instance->next = fxNewSlot(the);
    items->flag = XS_INTERNAL_FLAG | XS_DONT_DELETE_FLAG | XS_DONT_ENUM_FLAG;
    items->ID = XS_ARRAY_BEHAVIOR;
    items->kind = XS_ARRAY_KIND;
    items->value.array.length = 0;
    items->value.array.address = NULL;
    make_items(the, items, count);
    items->flag |= XS_DONT_SET_FLAG; /* its length */
    if (count > 0)
        push_building(m, CS_BUILD_ARRAY, instance, end);
}

void cs_build_record(cs_machine *the, cs_marshal *m, uint32_t end)
{
    push_building(m, CS_BUILD_RECORD, place_instance(the, m, &mxObjectPrototype), end);
}

void cs_build_into(cs_marshal *m, uint32_t end)
{
    const cs_building outer = m->building[m->building_count - 1];
    push_building(m, CS_BUILD_RECORD, outer.instance, end)->last = outer.last;
}

void cs_build_items(cs_machine *the, cs_marshal *m, const uint32_t *indices, uint32_t count)
{
    cs_building *b = &m->building[m->building_count - 1];
    cs_slot *items = fxNewSlot(the);
    items->next = b->instance->next;
    items->flag = XS_INTERNAL_FLAG;
    items->kind = XS_ARRAY_KIND;
    items->value.array.length = 0;
    items->value.array.address = NULL;
    b->instance->next = items;
    if (b->last == b->instance)
        b->last = items;
    make_items(the, items, count);
    items->value.array.length = indices[count - 1] + 1;
    for (uint32_t i = 0; i < count; i++)
        *(txIndex *)(items->value.array.address + i) = indices[i];
    b->items = count;
}

void cs_build_property(cs_machine *the, cs_marshal *m, txID id, txFlag flag)
{
    cs_building *b = &m->building[m->building_count - 1];
    b->last = b->property = cs_add_property(the, b->last, id, flag);
}

void cs_build_item(cs_marshal *m, uint32_t index)
{
    cs_building *b = &m->building[m->building_count - 1];
    const cs_slot *items = b->instance->next, *item = items->value.array.address;
    uint32_t from = 0, to = b->items;
    while (from + 1 < to) {
        uint32_t middle = from + (to - from) / 2;
        if (*(const txIndex *)(item + middle) <= index)
            from = middle;
        else
            to = middle;
    }
    b->property = NULL;
    b->index = from;
}

/* --- tagged and errors ----------------------------------------------------------------------------- */

/* The string becomes the property that has just been made. */
static void build_text(cs_machine *the, cs_marshal *m, txID id, txFlag flag, cs_bytes text)
{
    cs_build_property(the, m, id, flag);
    cs_build_string(the, m, text);
}

void cs_build_tagged(cs_machine *the, cs_marshal *m, cs_bytes tag, uint32_t end)
{
    cs_push_registered_symbol(the, "passStyle");
    txID style = the->stack->value.symbol;
    mxPop();
    cs_slot *instance = place_instance(the, m, &mxObjectPrototype);
    push_building(m, CS_BUILD_TAGGED, instance, end);
    build_text(the, m, style, CS_BORN_HIDDEN, CS_BYTES("tagged"));
    build_text(the, m, mxID(_Symbol_toStringTag), CS_BORN_HIDDEN, tag);
    cs_build_property(the, m, cs_id(the, "payload"), CS_BORN_PROPERTY);
}

txError cs_error_class(cs_machine *the, cs_bytes name)
{
    for (txError e = XS_UNKNOWN_ERROR; e < XS_ERROR_COUNT; e++) {
        const cs_slot *own =
            cs_own_property(the, mxErrorPrototypes(e).value.reference, mxID(_name));
        if (own != NULL && cs_bytes_equal(cs_bytes_of(own->value.string), name))
            return e;
    }
    return XS_UNKNOWN_ERROR;
}

void cs_build_error(cs_machine *the, cs_marshal *m, txError which, cs_bytes message, uint32_t end)
{
    cs_slot *instance = place_instance(the, m, &mxErrorPrototypes(which));
    cs_building *b = push_building(m, CS_BUILD_ERROR, instance, end);
    cs_slot *internal = b->last = cs_add_property(the, instance, XS_NO_ID, XS_INTERNAL_FLAG);
    internal->kind = XS_ERROR_KIND;
    internal->value.error.info = NULL;
    internal->value.error.which = which;
    build_text(the, m, mxID(_message), CS_BORN_HIDDEN, message);
}

static bool is_error(cs_machine *the, const cs_slot *v)
{
    return v->kind == XS_REFERENCE_KIND &&
           cs_style_of_instance(the, v->value.reference, NULL) == CS_STYLE_ERROR;
}

static bool are_errors(cs_machine *the, const cs_slot *v)
{
    if (v->kind != XS_REFERENCE_KIND || !cs_is_array(v->value.reference))
        return false;
    cs_slot *items = cs_items(v->value.reference);
    for (uint32_t i = 0; i < items->value.array.length; i++)
        if (!is_error(the, items->value.array.address + i))
            return false;
    return true;
}

/* Beside its message an error keeps a cause that is an error, and errors that are errors. */
static void close_error(cs_machine *the, cs_marshal *m)
{
    cs_slot *instance = m->building[m->building_count - 1].instance;
    cs_slot *message = instance->next->next;
    bool is_aggregate = instance->next->value.error.which == XS_AGGREGATE_ERROR;
    for (cs_slot *before = message; before->next != NULL;) {
        const cs_slot *p = before->next;
        bool keeps = p->ID == mxID(_cause)    ? is_error(the, p)
                     : p->ID == mxID(_errors) ? are_errors(the, p)
                                              : false;
        if (keeps)
            before = before->next;
        else
            before->next = p->next;
    }
    if (!is_aggregate || cs_own_property(the, instance, mxID(_errors)) != NULL)
        return;
    m->building[m->building_count - 1].last = fxLastProperty(the, instance);
    cs_build_property(the, m, mxID(_errors), CS_BORN_HIDDEN);
    cs_build_array(the, m, 0, 0);
}

void cs_build_close(cs_machine *the, cs_marshal *m)
{
    if (m->building[m->building_count - 1].kind == CS_BUILD_ERROR)
        close_error(the, m);
    m->building_count--;
}
