/* WeakMap and WeakSet that take objects of the base as keys. XS stores a weak entry on its key, and
 * the base is read-only. But a key in the base never dies, so an entry for it lives exactly as long
 * as its collection: it goes to a Map beside the weak list, kept in an internal slot of the
 * collection. Which keys belong there is decided in one place, is_strong_key(). */
#include "engine/base.h"
#include "engine/heap.h"

static bool is_strong_key(cs_machine *the, const cs_slot *key)
{
    return key->kind == XS_REFERENCE_KIND && cs_is_of_base(the, key->value.reference);
}

/* The weak list of the collection that `this` is, or NULL: the stock function then throws. */
static cs_slot *weak_list(cs_machine *the, txKind kind)
{
    if (mxThis->kind != XS_REFERENCE_KIND)
        return NULL;
    cs_slot *instance = mxThis->value.reference;
    return cs_is_exotic(instance, kind) ? instance->next : NULL;
}

static cs_slot *find_map(cs_slot *list)
{
    cs_slot *s = list->next;
    bool there = s != NULL && (s->flag & XS_INTERNAL_FLAG) != 0 && s->kind == XS_REFERENCE_KIND;
    return there ? s->value.reference : NULL;
}

static cs_slot *make_map(cs_machine *the, cs_slot *list)
{
    mxPush(mxMapPrototype);
    cs_slot *map = fxNewMapInstance(the);
    cs_slot *s = fxNewSlot(the);
    s->flag = XS_INTERNAL_FLAG;
    s->kind = XS_REFERENCE_KIND;
    s->value.reference = map;
    s->next = list->next;
    list->next = s;
    mxPop();
    return map;
}

/* Pushes what map[method](arguments) returns. */
static void push_map_call(cs_machine *the, cs_slot *map, txID method, bool with_value)
{
    mxPushReference(map);
    mxPush(mxMapPrototype);
    fxGetID(the, method);
    fxCall(the);
    mxPushSlot(mxArgv(0));
    if (with_value && mxArgc > 1)
        mxPushSlot(mxArgv(1));
    else if (with_value)
        mxPushUndefined();
    fxRunCount(the, with_value ? 2 : 1);
}

/* get, has, delete: true if it was answered here. */
static bool ask_map(cs_machine *the, txKind kind, txID method)
{
    cs_slot *list = weak_list(the, kind);
    if (list == NULL || mxArgc < 1 || !is_strong_key(the, mxArgv(0)))
        return false;
    cs_slot *map = find_map(list);
    if (map == NULL)
        return false; /* the stock function finds nothing either */
    push_map_call(the, map, method, false);
    mxPullSlot(mxResult);
    return true;
}

/* set, add. A collection of the base is read-only: the stock function says so. */
static bool add_to_map(cs_machine *the, txKind kind)
{
    cs_slot *list = weak_list(the, kind);
    if (list == NULL || (list->flag & XS_DONT_SET_FLAG) != 0 || mxArgc < 1 ||
        !is_strong_key(the, mxArgv(0)))
        return false;
    cs_slot *map = find_map(list);
    if (map == NULL)
        map = make_map(the, list);
    push_map_call(the, map, mxID(_set), true);
    mxPop();
    *mxResult = *mxThis;
    return true;
}

static void weak_map_get(cs_machine *the)
{
    if (!ask_map(the, XS_WEAK_MAP_KIND, mxID(_get)))
        fx_WeakMap_prototype_get(the);
}

static void weak_map_has(cs_machine *the)
{
    if (!ask_map(the, XS_WEAK_MAP_KIND, mxID(_has)))
        fx_WeakMap_prototype_has(the);
}

static void weak_map_delete(cs_machine *the)
{
    if (!ask_map(the, XS_WEAK_MAP_KIND, mxID(_delete)))
        fx_WeakMap_prototype_delete(the);
}

static void weak_map_set(cs_machine *the)
{
    if (!add_to_map(the, XS_WEAK_MAP_KIND))
        fx_WeakMap_prototype_set(the);
}

static void weak_set_has(cs_machine *the)
{
    if (!ask_map(the, XS_WEAK_SET_KIND, mxID(_has)))
        fx_WeakSet_prototype_has(the);
}

static void weak_set_delete(cs_machine *the)
{
    if (!ask_map(the, XS_WEAK_SET_KIND, mxID(_delete)))
        fx_WeakSet_prototype_delete(the);
}

static void weak_set_add(cs_machine *the)
{
    if (!add_to_map(the, XS_WEAK_SET_KIND))
        fx_WeakSet_prototype_add(the);
}

static void replace(cs_machine *the, cs_slot *prototype, txID name, txCallback call)
{
    mxPushSlot(prototype);
    fxGetID(the, name);
    mxFunctionInstanceCode(the->stack->value.reference)->value.callback.address = call;
    mxPop();
}

void cs_weak_install(cs_machine *the)
{
    replace(the, &mxWeakMapPrototype, mxID(_get), weak_map_get);
    replace(the, &mxWeakMapPrototype, mxID(_has), weak_map_has);
    replace(the, &mxWeakMapPrototype, mxID(_delete), weak_map_delete);
    replace(the, &mxWeakMapPrototype, mxID(_set), weak_map_set);
    replace(the, &mxWeakSetPrototype, mxID(_has), weak_set_has);
    replace(the, &mxWeakSetPrototype, mxID(_delete), weak_set_delete);
    replace(the, &mxWeakSetPrototype, mxID(_add), weak_set_add);
}
