/* What a vat's code sees and cannot reach (S17, S23).
 *
 * Every compartment in a clone inherits from one global object of the base, made here from a list of
 * what is allowed; after lockdown XS itself leaves nothing usable in that place. The global object
 * is one of XS's exotic kind, so that looking up an intrinsic is one step. */
#include "engine/base.h"
#include "engine/heap.h"

/* --- behaviour of global objects ---------------------------------------------------------------- */

/* The stock behaviour caches what it finds, and that it found nothing, in a table of the base, which
 * is read-only. share.c fills the table; here it is only read. */
static cs_slot *in_table(cs_slot *instance, txID id)
{
    bool known = id >= XS_SYMBOL_ID_COUNT && id < XS_INTRINSICS_COUNT;
    return known ? instance->next->value.table.address[id] : NULL;
}

static cs_slot *global_get(cs_machine *the, cs_slot *instance, txID id, txIndex index, txFlag flag)
{
    cs_slot *found = in_table(instance, id);
    return found != NULL ? found : fxOrdinaryGetProperty(the, instance, id, index, flag);
}

static cs_slot *global_set(cs_machine *the, cs_slot *instance, txID id, txIndex index, txFlag flag)
{
    cs_slot *found = in_table(instance, id);
    return found != NULL ? found : fxOrdinarySetProperty(the, instance, id, index, flag);
}

static txBoolean global_delete(cs_machine *the, cs_slot *instance, txID id, txIndex index)
{
    /* Only while the base is made does this ever succeed, and then for names without an entry. */
    return in_table(instance, id) == NULL ? fxOrdinaryDeleteProperty(the, instance, id, index) : 0;
}

void cs_confine_behaviors(void)
{
    static txBehavior global;
    global = gxGlobalBehavior;
    global.getProperty = global_get;
    global.setProperty = global_set;
    global.deleteProperty = global_delete;
    gxBehaviors[XS_GLOBAL_BEHAVIOR] = &global;
}

/* --- the list ------------------------------------------------------------------------------------ */

/* With WeakRef undefined as a global nothing else leads to it. */
static bool is_denied(txID id)
{
    static const txID denied[] = {
        _Atomics, _FinalizationRegistry, _SharedArrayBuffer, _TypedArray, _WeakRef, _trace,
    };
    for (size_t i = 0; i < sizeof denied / sizeof denied[0]; i++)
        if (denied[i] == id)
            return true;
    return false;
}

/* Ours, beside the intrinsics. E is not a global in a vat: it is imported. */
static const char *const own_globals[] = {
    "Base64", "HandledPromise", "TextDecoder", "TextEncoder", "assert", "console", "harden", NULL,
};

/* lockdown() leaves an array, indexed by id, of what a compartment may have: Date and Math in their
 * forms without clock and random numbers. */
static const cs_slot *secure_intrinsics(cs_machine *the)
{
    return mxCompartmentGlobal.value.reference->next->value.array.address;
}

static cs_slot *add_intrinsics(cs_machine *the, cs_slot *last)
{
    for (txID id = XS_SYMBOL_ID_COUNT; id < _Compartment; id++) {
        if (is_denied(id))
            continue;
        mxPushSlot(&secure_intrinsics(the)[id]);
        last = fxNextSlotProperty(the, last, the->stack, id, XS_GET_ONLY);
        mxPop();
    }
    return last;
}

static cs_slot *add_own(cs_machine *the, cs_slot *last)
{
    for (const char *const *name = own_globals; *name != NULL; name++) {
        txID id = cs_id(the, *name);
        mxPush(mxGlobal);
        fxGetID(the, id);
        cs_assert(the->stack->kind == XS_REFERENCE_KIND);
        last = fxNextSlotProperty(the, last, the->stack, id, XS_GET_ONLY);
        mxPop();
    }
    return last;
}

void cs_confine_globals(cs_machine *the)
{
    mxPush(mxObjectPrototype);
    cs_slot *global = fxNewGlobalInstance(the);
    cs_slot *last = add_intrinsics(the, fxLastProperty(the, global));
    (void)add_own(the, last);
    cs_harden(the, the->stack);
    mxPull(mxCompartmentGlobal);
}

/* --- compartments -------------------------------------------------------------------------------- */

static cs_slot *global_of(const cs_slot *compartment)
{
    cs_slot *realm = mxModuleInstanceInternal(compartment->value.reference)->value.module.realm;
    return mxRealmGlobal(realm);
}

/* XS gives each global object a property `global`, which no standard knows. */
static void new_compartment(cs_machine *the)
{
    fx_Compartment(the);
    mxPushSlot(global_of(mxResult));
    fxDeleteID(the, mxID(_global));
    mxPop();
}

/* Before lockdown: each compartment's own Compartment is copied from this one. */
void cs_confine_intrinsics(cs_machine *the)
{
    cs_slot *function = mxCompartmentConstructor.value.reference;
    mxFunctionInstanceCode(function)->value.callback.address = new_compartment;
}

void cs_confine_compartment(cs_machine *the, cs_slot *compartment)
{
    (void)mxBehaviorPreventExtensions(the, global_of(compartment)->value.reference);
}
