/* startVat: calls buildRootObject(vatPowers, vatParameters, baggage) and makes what it gives the root
 * object o+0. It may take turns, but not wait for anybody outside. */
#include "liveslots/state.h"

void cs_ls_keep_entry(cs_machine *the, cs_liveslots *ls)
{
    ls->entry = the->stack->value.reference;
    mxPop();
}

/* --- the root object -------------------------------------------------------------------------------- */

static bool is_far(cs_machine *the, cs_liveslots *ls, cs_slot *value)
{
    volatile bool far = false;
    mxTry(the)
    {
        far = cs_pass_style_of(the, value) == CS_STYLE_REMOTABLE;
        if (!far)
            cs_ls_fail_with(the, ls, CS_E_UNPASSABLE, value);
    }
    mxCatch(the)
    {
        cs_ls_push_caught(the);
        cs_ls_fail_with(the, ls, CS_E_UNPASSABLE, the->stack);
        mxPop();
    }
    if (!far)
        (void)cs_fail_at(&ls->failure, "buildRootObject() returned what is not Far");
    return far;
}

static void take_root(cs_machine *the, cs_liveslots *ls, cs_slot *value)
{
    const cs_vref root = cs_vref_of(CS_REF_OBJECT, true, 0);
    if (!is_far(the, ls, value))
        return;
    if (!cs_vref_none(cs_ls_vref(ls, value->value.reference))) {
        cs_ls_fail(ls, CS_E_UNPASSABLE,
                   "buildRootObject() must return an object of its own that it has not sent yet");
        return;
    }
    cs_ls_register(ls, root, value->value.reference);
    cs_map_put(&ls->exported, root.bits)->ptr = value->value.reference;
    ls->root = CS_ROOT_READY;
}

static void settled(cs_machine *the, void *guest, uint64_t data, bool fulfilled, cs_slot *value)
{
    cs_liveslots *ls = guest;
    (void)data;
    ls->root = CS_ROOT_FAILED;
    cs_meter_pause(the);
    if (fulfilled)
        take_root(the, ls, value);
    else
        cs_ls_fail_with(the, ls, CS_E_THROWN, value);
    cs_meter_resume(the);
}

void cs_ls_check_root(cs_liveslots *ls)
{
    if (ls->root == CS_ROOT_AWAITED)
        cs_ls_fail(ls, CS_E_UNSETTLED, "buildRootObject unresolved");
}

/* --- the call --------------------------------------------------------------------------------------- */

static bool push_build(cs_machine *the, cs_liveslots *ls)
{
    mxPushUndefined();
    mxPushReference(ls->entry);
    mxGetID(cs_id(the, "buildRootObject"));
    return fxIsCallable(the, the->stack) != 0;
}

/* Pushes a promise for whatever buildRootObject gave. */
static void push_promise_of(cs_machine *the, cs_slot *value)
{
    if (cs_is_reference(value) && cs_is_promise(value->value.reference)) {
        mxPushSlot(value);
        return;
    }
    cs_promise_push(the, 0);
    cs_promise_resolve(the, the->stack->value.reference, value);
}

/* Runs the call that has been pushed; leaves what it gave or threw, and says which. What the vat's own
 * function does, the vat pays for. */
static bool run_build(cs_machine *the)
{
    volatile bool threw = false;
    cs_meter_resume(the);
    mxTry(the)
    {
        mxRunCount(3);
    }
    mxCatch(the)
    {
        cs_ls_push_caught(the);
        threw = true;
    }
    cs_meter_pause(the);
    return !threw;
}

static void call_build(cs_machine *the, cs_liveslots *ls, cs_slot *parameters)
{
    if (!push_build(the, ls)) {
        cs_ls_fail(ls, CS_E_THROWN, "Error: vat source bundle lacks buildRootObject() function");
        return;
    }
    mxCall();
    cs_ls_push_powers(the);
    mxPushSlot(parameters);
    cs_ls_push_baggage(the, ls);
    if (!run_build(the)) {
        cs_ls_fail_with(the, ls, CS_E_THROWN, the->stack);
        return;
    }
    ls->root = CS_ROOT_AWAITED;
    push_promise_of(the, the->stack);
    cs_promise_then(the, the->stack->value.reference, settled, 0);
}

void cs_ls_deliver_start(cs_machine *the, cs_liveslots *ls, const cs_capdata *parameters)
{
    ls->root = CS_ROOT_FAILED;
    mxTry(the)
    {
        cs_marshal_decode(the, ls->marshal, parameters);
        call_build(the, ls, the->stack);
    }
    mxCatch(the)
    {
        cs_ls_push_caught(the);
        cs_ls_fail_with(the, ls, CS_E_BAD_CAPDATA, the->stack);
    }
    cs_ls_let_go(ls, parameters);
    ls->entry = NULL;
}
