/* Objects of the engine, looked at and made slot by slot: no getter and no trap of a proxy runs,
 * nothing is allocated unless the name says push or add. */
#include "marshal/value.h"

#include <string.h>

cs_slot *cs_items(cs_slot *instance)
{
    cs_slot *p = instance->next;
    while (p != NULL && cs_is_internal(p) && p->kind != XS_ARRAY_KIND)
        p = p->next;
    return p != NULL && cs_is_internal(p) ? p : NULL;
}

uint32_t cs_item_index(cs_machine *the, cs_slot *instance, uint32_t position)
{
    cs_slot *items = cs_items(instance);
    if (fxGetIndexSize(the, items) == items->value.array.length)
        return position;
    return *(const txIndex *)(items->value.array.address + position);
}

cs_slot *cs_own_property(cs_machine *the, cs_slot *instance, txID id)
{
    if (id == XS_NO_ID)
        return NULL;
    for (cs_slot *p = cs_instance(the, instance)->next; p != NULL; p = p->next)
        if (p->ID == id && !cs_is_internal(p))
            return p;
    return NULL;
}

cs_slot *cs_property(cs_machine *the, cs_slot *instance, txID id)
{
    while (instance != NULL) {
        cs_slot *p = cs_own_property(the, instance, id);
        if (p != NULL)
            return p;
        instance = cs_instance(the, instance)->value.instance.prototype;
    }
    return NULL;
}

bool cs_is_common(cs_machine *the, const cs_slot *prototype)
{
    return prototype == NULL || prototype == mxObjectPrototype.value.reference ||
           prototype == mxFunctionPrototype.value.reference;
}

cs_slot *cs_uncommon_property(cs_machine *the, cs_slot *instance, txID id)
{
    while (!cs_is_common(the, instance)) {
        cs_slot *p = cs_own_property(the, instance, id);
        if (p != NULL)
            return p;
        instance = cs_instance(the, instance)->value.instance.prototype;
    }
    return NULL;
}

static bool is_fixed(const cs_slot *p)
{
    return (p->flag & XS_DONT_DELETE_FLAG) != 0 &&
           ((p->flag & XS_DONT_SET_FLAG) != 0 || p->kind == XS_ACCESSOR_KIND);
}

static bool are_items_fixed(cs_machine *the, cs_slot *items)
{
    txIndex count = fxGetIndexSize(the, items);
    for (txIndex i = 0; i < count; i++)
        if (!is_fixed(items->value.array.address + i))
            return false;
    return items->ID != XS_ARRAY_BEHAVIOR || (items->flag & XS_DONT_SET_FLAG) != 0;
}

bool cs_is_frozen(cs_machine *the, cs_slot *instance)
{
    if ((instance->flag & (XS_DONT_MARSHALL_FLAG | CS_PASSABLE_FLAG)) != 0)
        return true;
    if ((instance->flag & XS_DONT_PATCH_FLAG) == 0 || cs_is_exotic(instance, XS_PROXY_KIND) ||
        cs_is_exotic(instance, XS_MODULE_KIND) || cs_is_exotic(instance, XS_TYPED_ARRAY_KIND))
        return false;
    for (cs_slot *p = instance->next; p != NULL; p = p->next)
        if (cs_is_internal(p) ? p->kind == XS_ARRAY_KIND && !are_items_fixed(the, p) : !is_fixed(p))
            return false;
    return true;
}

/* --- symbols ------------------------------------------------------------------------------------- */

static const struct {
    txID id;
    const char *name;
} well_known[] = {
    { mxID(_Symbol_asyncIterator), "asyncIterator" },
    { mxID(_Symbol_hasInstance), "hasInstance" },
    { mxID(_Symbol_isConcatSpreadable), "isConcatSpreadable" },
    { mxID(_Symbol_iterator), "iterator" },
    { mxID(_Symbol_match), "match" },
    { mxID(_Symbol_matchAll), "matchAll" },
    { mxID(_Symbol_replace), "replace" },
    { mxID(_Symbol_search), "search" },
    { mxID(_Symbol_species), "species" },
    { mxID(_Symbol_split), "split" },
    { mxID(_Symbol_toPrimitive), "toPrimitive" },
    { mxID(_Symbol_toStringTag), "toStringTag" },
    { mxID(_Symbol_unscopables), "unscopables" },
};

txID cs_well_known_symbol(const char *name)
{
    for (size_t i = 0; i < sizeof well_known / sizeof well_known[0]; i++)
        if (strcmp(well_known[i].name, name) == 0)
            return well_known[i].id;
    return XS_NO_ID;
}

const char *cs_well_known_name(txID symbol)
{
    for (size_t i = 0; i < sizeof well_known / sizeof well_known[0]; i++)
        if (well_known[i].id == symbol)
            return well_known[i].name;
    return NULL;
}

/* As fx_Symbol_for() counts a name together. */
static txU4 sum_of(const char *text)
{
    txU4 sum = 0;
    for (const uint8_t *p = (const uint8_t *)text; *p != 0; p++)
        sum = (sum << 1) + *p;
    return sum & 0x7fffffff;
}

static txID registered_symbol(cs_machine *the, const char *text, txU4 sum)
{
    const cs_slot *s = the->symbolTable[sum % (txU4)the->symbolModulo];
    while (s != NULL && (s->value.key.sum != sum || strcmp(s->value.key.string, text) != 0))
        s = s->next;
    return s == NULL ? XS_NO_ID : s->ID;
}

txID cs_pass_style_id(cs_machine *the)
{
    static const char name[] = "passStyle";
    static txU4 sum;
    if (sum == 0)
        sum = sum_of(name);
    return registered_symbol(the, name, sum);
}

void cs_push_registered_symbol(cs_machine *the, const char *text)
{
    txID id = registered_symbol(the, text, sum_of(text));
    if (id != XS_NO_ID) {
        mxPushUndefined();
        the->stack->kind = XS_SYMBOL_KIND;
        the->stack->value.symbol = id;
        return;
    }
    mxPush(mxSymbolConstructor);
    mxDub();
    mxGetID(mxID(_for));
    mxCall();
    cs_push_engine_text(the, text, strlen(text));
    mxRunCount(1);
}

static const cs_slot *key_slot(cs_machine *the, txID id)
{
    return fxGetKey(the, id);
}

const char *cs_registered_name(cs_machine *the, txID symbol)
{
    const cs_slot *key = key_slot(the, symbol);
    if (key == NULL || (key->kind != XS_KEY_KIND && key->kind != XS_KEY_X_KIND) ||
        (key->flag & XS_DONT_ENUM_FLAG) != 0)
        return NULL;
    return key->value.key.string;
}

const char *cs_key_text(cs_machine *the, txID id)
{
    const cs_slot *key = key_slot(the, id);
    if (key == NULL || key->kind == XS_UNDEFINED_KIND)
        return "";
    return key->value.string; /* where key.string is, too */
}

/* --- making -------------------------------------------------------------------------------------- */

void cs_push_engine_text(cs_machine *the, const char *text, size_t size)
{
    mxPushUndefined();
    char *copy = fxNewChunk(the, (txSize)size + 1);
    memcpy(copy, text, size);
    copy[size] = 0;
    the->stack->value.string = copy;
    the->stack->kind = XS_STRING_KIND;
}

/* Of the kind that a collection leaves alone. */
void cs_push_constant(cs_machine *the, const char *text)
{
    mxPushUndefined();
    the->stack->value.string = (txString)(uintptr_t)text;
    the->stack->kind = XS_STRING_X_KIND;
}

cs_slot *cs_push_object(cs_machine *the, cs_slot *prototype)
{
    mxPushReference(prototype);
    return fxNewObjectInstance(the);
}

cs_slot *cs_add_property(cs_machine *the, cs_slot *last, txID id, txFlag flag)
{
    cs_slot *p = fxNewSlot(the);
    p->ID = id;
    p->flag = flag;
    p->kind = XS_UNDEFINED_KIND;
    last->next = p;
    return p;
}

cs_slot *cs_add_hidden(cs_machine *the, cs_slot *last, txID id, const cs_slot *value)
{
    cs_slot *p = cs_add_property(the, last, id, CS_BORN_HIDDEN);
    p->kind = value->kind;
    p->value = value->value;
    return p;
}
