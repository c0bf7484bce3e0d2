/* xsType.c without the override mistake. With frozen prototypes the standard forbids
 *
 *     class MyError extends Error { constructor(m) { super(m); this.name = 'MyError'; } }
 *
 * since the read-only `name` further up the chain forbids to make one's own. Every behaviour of XS
 * ends in fxOrdinarySetProperty(), so the cure stands there: a read-only data property that lies in
 * the base does not forbid. (The replacing by pasting is explained in xs_promise.c.) */
#include "engine/heap.h"

#define fxOrdinarySetProperty(A, B, C, D, E) CS_S_##A, B, C, D, E)
#define CS_S_txMachine stock_set_property(txMachine
#define CS_S_the fxOrdinarySetProperty(the
static txSlot *stock_set_property(txMachine *, txSlot *, txID, txIndex, txFlag);
#include "xsType.c"
#undef fxOrdinarySetProperty

/* Slots of the base are marked for ever; others only while a collection runs. */
static bool is_read_only_in_base(const txSlot *property)
{
    const txFlag both = XS_DONT_SET_FLAG | XS_MARK_FLAG;
    return (property->flag & both) == both && property->kind != XS_ACCESSOR_KIND;
}

txSlot *fxOrdinarySetProperty(txMachine *the, txSlot *instance, txID id, txIndex index, txFlag flag)
{
    txSlot *property = stock_set_property(the, instance, id, index, flag);
    if (property != NULL && flag != XS_OWN && is_read_only_in_base(property))
        property = stock_set_property(the, instance, id, index, XS_OWN);
    return property;
}
