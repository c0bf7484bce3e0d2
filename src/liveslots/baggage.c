/* baggage: the store that buildRootObject is given. Until there is virtual data it lives in the heap
 * like everything else: a Map that only these functions reach. Keys come in the order in which the
 * reference's stores have them. */
#include "liveslots/state.h"

#include <stdlib.h>
#include <string.h>

static cs_slot *argument(cs_machine *the, txInteger index)
{
    return mxArgc > index ? mxArgv(index) : &mxUndefined;
}

/* Begins a call of one of the Map's methods: arguments and mxRunCount() follow. */
static void open_call(cs_machine *the, txID method)
{
    mxPushReference(cs_ls_of(the)->baggage);
    mxDub();
    mxGetID(method);
    mxCall();
}

/* Pushes the answer of a method that takes the key. */
static void push_call(cs_machine *the, txID method, cs_slot *key)
{
    open_call(the, method);
    mxPushSlot(key);
    mxRunCount(1);
}

static bool has(cs_machine *the, cs_slot *key)
{
    push_call(the, mxID(_has), key);
    bool is = the->stack->value.boolean != 0;
    mxPop();
    return is;
}

/* Throws unless the key is there, or is not there, as wanted. */
static void require(cs_machine *the, cs_slot *key, bool wanted)
{
    cs_liveslots *ls = cs_ls_of(the);
    if (has(the, key) == wanted)
        return;
    cs_buf_clear(&ls->line);
    cs_add_display(the, &ls->line, key);
    cs_throw(the, XS_UNKNOWN_ERROR, "key %.40s %s in collection \"baggage\"",
             cs_buf_text(&ls->line), wanted ? "not found" : "already registered");
}

static void give(cs_machine *the)
{
    mxResult->kind = the->stack->kind;
    mxResult->value = the->stack->value;
    mxPop();
}

static void put(cs_machine *the)
{
    (void)cs_pass_style_of(the, argument(the, 0));
    (void)cs_pass_style_of(the, argument(the, 1));
    open_call(the, mxID(_set));
    mxPushSlot(argument(the, 0));
    mxPushSlot(argument(the, 1));
    mxRunCount(2);
    mxPop();
}

void cs_ls_baggage_has(cs_machine *the)
{
    push_call(the, mxID(_has), argument(the, 0));
    give(the);
}

void cs_ls_baggage_init(cs_machine *the)
{
    require(the, argument(the, 0), false);
    put(the);
}

void cs_ls_baggage_get(cs_machine *the)
{
    require(the, argument(the, 0), true);
    push_call(the, mxID(_get), argument(the, 0));
    give(the);
}

void cs_ls_baggage_set(cs_machine *the)
{
    require(the, argument(the, 0), true);
    put(the);
}

void cs_ls_baggage_delete(cs_machine *the)
{
    require(the, argument(the, 0), true);
    push_call(the, mxID(_delete), argument(the, 0));
    mxPop();
}

void cs_ls_baggage_get_size(cs_machine *the)
{
    mxPushReference(cs_ls_of(the)->baggage);
    mxGetID(mxID(_size));
    give(the);
}

/* --- in order --------------------------------------------------------------------------------------- */

/* The letter that begins such a key where stores are kept on disk. */
static char letter(const cs_slot *key)
{
    switch (key->kind) {
    case XS_BOOLEAN_KIND:
        return 'b';
    case XS_INTEGER_KIND:
    case XS_NUMBER_KIND:
        return 'f';
    case XS_BIGINT_KIND:
    case XS_BIGINT_X_KIND:
        return 'n';
    case XS_REFERENCE_KIND:
        return 'r';
    case XS_STRING_KIND:
    case XS_STRING_X_KIND:
        return 's';
    case XS_SYMBOL_KIND:
        return 'y';
    default:
        return 'z';
    }
}

static double number(const cs_slot *key)
{
    return key->kind == XS_INTEGER_KIND ? key->value.integer : key->value.number;
}

static int compare(const void *a, const void *b)
{
    const cs_slot *x = a, *y = b;
    char l = letter(x), m = letter(y);
    if (l != m)
        return l < m ? -1 : 1;
    if (l == 's')
        return strcmp(x->value.string, y->value.string);
    if (l == 'f' && number(x) != number(y))
        return number(x) < number(y) ? -1 : 1;
    txIndex i = *(const txIndex *)(const void *)x, j = *(const txIndex *)(const void *)y;
    return i < j ? -1 : i > j; /* as they were put in */
}

static void set_item(const cs_slot *array, txIndex index, const cs_slot *value)
{
    cs_slot *item = array->next->value.array.address + index;
    *(txIndex *)(void *)item = index;
    item->ID = XS_NO_ID;
    item->flag = XS_NO_FLAG;
    item->kind = value->kind;
    item->value = value->value;
}

/* Pushes an array of the keys. */
static void push_keys(cs_machine *the)
{
    const cs_slot *map = cs_ls_of(the)->baggage;
    mxPush(mxArrayPrototype);
    cs_slot *array = fxNewArrayInstance(the), *items = array->next;
    txIndex count = 0;
    const cs_slot *key = map->next->next->value.list.first;
    for (; key != NULL; key = key->next->next) {
        if ((key->flag & XS_DONT_ENUM_FLAG) != 0)
            continue;
        fxSetIndexSize(the, array->next, count + 1, XS_CHUNK);
        set_item(array, count++, key);
    }
    qsort(items->value.array.address, count, sizeof(cs_slot), compare);
    for (txIndex i = 0; i < count; i++)
        *(txIndex *)(void *)(items->value.array.address + i) = i;
}

/* In place of the key on top of the stack: the value, or both in an array. */
static void to_value(cs_machine *the, bool both)
{
    cs_slot *key = the->stack;
    push_call(the, mxID(_get), key);
    if (both) {
        const cs_slot *value = the->stack, *pair = fxNewArray(the, 2);
        set_item(pair, 0, key);
        set_item(pair, 1, value);
    }
    key->kind = the->stack->kind;
    key->value = the->stack->value;
    the->stack = key;
}

typedef enum cs_what { KEYS, VALUES, ENTRIES } cs_what;

/* Gives an iterator over the keys, values or entries as they are now. */
static void iterate(cs_machine *the, cs_what what)
{
    push_keys(the);
    cs_slot *items = the->stack->value.reference->next;
    for (txIndex i = 0; what != KEYS && i < items->value.array.length; i++) {
        mxPushSlot(items->value.array.address + i);
        to_value(the, what == ENTRIES);
        items->value.array.address[i].kind = the->stack->kind;
        items->value.array.address[i].value = the->stack->value;
        mxPop();
    }
    mxDub();
    mxGetID(mxID(_values));
    mxCall();
    mxRunCount(0);
    give(the);
}

void cs_ls_baggage_keys(cs_machine *the)
{
    iterate(the, KEYS);
}

void cs_ls_baggage_values(cs_machine *the)
{
    iterate(the, VALUES);
}

void cs_ls_baggage_entries(cs_machine *the)
{
    iterate(the, ENTRIES);
}
