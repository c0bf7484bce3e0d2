/* vatPowers: what buildRootObject is given to act on its vat (S7, S17). The functions are the same in
 * all vats and find theirs by the heap in which they are called. */
#include "liveslots/state.h"

#include <string.h>

static cs_slot *argument(cs_machine *the, txInteger index)
{
    return mxArgc > index ? mxArgv(index) : &mxUndefined;
}

/* --- exitVat, exitVatWithFailure ---------------------------------------------------------------------- */

static void exit_with(cs_machine *the, cs_liveslots *ls, bool is_failure, cs_slot *info)
{
    cs_harden(the, info);
    cs_capdata data = cs_marshal_encode(the, ls->marshal, info);
    data = cs_ls_keep(ls, &data);
    cs_ls_retain(ls, &data);
    cs_ls_exit(ls, is_failure, &data);
}

/* What cannot be passed is thrown; what is too large ends the vat all the same. */
static void exit_vat(cs_machine *the, bool is_failure)
{
    cs_liveslots *ls = cs_ls_of(the);
    mxPushSlot(argument(the, 0));
    mxTry(the)
    {
        exit_with(the, ls, is_failure, the->stack);
    }
    mxCatch(the)
    {
        if (!cs_ls_is_too_large(&mxException))
            fxJump(the);
        mxException = mxUndefined;
        cs_ls_exit_too_large(the, ls);
    }
}

static void host_exit(cs_machine *the)
{
    exit_vat(the, false);
}

static void host_exit_with_failure(cs_machine *the)
{
    exit_vat(the, true);
}

/* --- testLog ------------------------------------------------------------------------------------------ */

static void push_slice(cs_machine *the, const cs_slot *string, txInteger from, txInteger to)
{
    mxPushSlot(string);
    mxDub();
    mxGetID(mxID(_slice));
    mxCall();
    mxPushInteger(from);
    mxPushInteger(to);
    mxRunCount(2);
}

/* In JSON: bigints as numbers, long strings without their middle. */
static void host_abbreviate(cs_machine *the)
{
    enum { LONG = 40, ENDS = 15 };
    const cs_slot *value = argument(the, 1);
    *mxResult = *value;
    if (cs_is_bigint(value))
        (void)fxBigIntToNumber(the, mxResult);
    if (!cs_is_string(value))
        return;
    txInteger size = fxUnicodeLength(value->value.string);
    if (size < LONG)
        return;
    push_slice(the, value, 0, ENDS);
    cs_slot *text = the->stack;
    fxConcatStringC(the, text, (txString)(uintptr_t) "...");
    push_slice(the, value, size - ENDS, size);
    fxConcatString(the, text, the->stack);
    mxResult->kind = text->kind;
    mxResult->value = text->value;
    the->stack += 2;
}

/* Turns a slot on the stack into the string that a log line has for it. */
static void to_line(cs_machine *the, cs_slot *value)
{
    if (cs_is_string(value))
        return;
    mxPush(mxJSONObject);
    mxDub();
    mxGetID(mxID(_stringify));
    mxCall();
    mxPushSlot(value);
    (void)fxNewHostFunction(the, host_abbreviate, 2, XS_NO_ID, XS_NO_ID);
    mxRunCount(2);
    if (!cs_is_string(the->stack))
        fxStringX(the, the->stack, (txString)(uintptr_t) "null");
    mxPullSlot(value);
}

/* All arguments are strings before any is copied: making them runs code of the vat. */
static void host_test_log(cs_machine *the)
{
    cs_liveslots *ls = cs_ls_of(the);
    txInteger count = mxArgc;
    for (txInteger i = 0; i < count; i++) {
        mxPushSlot(mxArgv(i));
        to_line(the, the->stack);
    }
    cs_buf_clear(&ls->line);
    for (txInteger i = count; i-- > 0;)
        cs_add_text(&ls->line, the->stack + i);
    the->stack += count;
    mxMeterSome((txU4)(ls->line.size / 8));
    cs_ls_say(ls, NULL, cs_buf_bytes(&ls->line));
}

/* --- the object --------------------------------------------------------------------------------------- */

const cs_native cs_liveslots_natives[] = {
    { "vatPowers.D", cs_ls_device, 1 },
    { "vatPowers.exitVat", host_exit, 1 },
    { "vatPowers.exitVatWithFailure", host_exit_with_failure, 1 },
    { "vatPowers.testLog", host_test_log, 0 },
    { "testLog.abbreviate", host_abbreviate, 2 },
    { "baggage.has", cs_ls_baggage_has, 1 },
    { "baggage.init", cs_ls_baggage_init, 2 },
    { "baggage.get", cs_ls_baggage_get, 1 },
    { "baggage.set", cs_ls_baggage_set, 2 },
    { "baggage.delete", cs_ls_baggage_delete, 1 },
    { "baggage.getSize", cs_ls_baggage_get_size, 0 },
    { "baggage.keys", cs_ls_baggage_keys, 0 },
    { "baggage.values", cs_ls_baggage_values, 0 },
    { "baggage.entries", cs_ls_baggage_entries, 0 },
    { "device.get", cs_ls_device_get, 3 },
    { "device.method", cs_ls_device_method, 0 },
    { NULL, NULL, 0 },
};
enum { POWERS = 4, FIRST_OF_BAGGAGE = 5, OF_BAGGAGE = 9 };

static void push_object(cs_machine *the, const cs_native *methods, uint32_t count)
{
    mxPush(mxObjectPrototype);
    cs_slot *last = fxLastProperty(the, fxNewObjectInstance(the));
    for (uint32_t i = 0; i < count; i++) {
        txID id = cs_id(the, strchr(methods[i].name, '.') + 1);
        (void)fxNewHostFunction(the, methods[i].call, methods[i].length, (txInteger)id, XS_NO_ID);
        last = fxNextSlotProperty(the, last, the->stack, id, XS_NO_FLAG);
        mxPop();
    }
    cs_harden(the, the->stack);
}

void cs_ls_push_powers(cs_machine *the)
{
    push_object(the, cs_liveslots_natives, POWERS);
}

void cs_ls_push_baggage(cs_machine *the, cs_liveslots *ls)
{
    mxPush(mxMapConstructor);
    mxNew();
    mxRunCount(0);
    ls->baggage = the->stack->value.reference;
    mxPop();
    push_object(the, &cs_liveslots_natives[FIRST_OF_BAGGAGE], OF_BAGGAGE);
}
