/* Changes that the host asks for between cranks (S20). Each call checks first and then changes rows as
 * one small crank of its own, without a number: undone whole if the store fails. Every change is part
 * of the history, so it has its record in the activity hash:
 *
 *     record = 'H', what, and what the call was about
 *
 * A call that finds everything as it is to be changes nothing and leaves no record. */
#pragma once
#include "kernel/crank.h"

typedef enum cs_change {
    CS_CHANGE_ADD_VAT = 1,
    CS_CHANGE_SEND,
    CS_CHANGE_HOLD,
    CS_CHANGE_RELEASE,
    CS_CHANGE_TERMINATE,
    CS_CHANGE_ROOT,
    CS_CHANGE_REAP,
    CS_CHANGE_REAP_ALL,
    CS_CHANGE_REAP_DEFAULTS,
    CS_CHANGE_RECONCILE,
    CS_CHANGE_ADD_DEVICE,
    CS_CHANGE_BUNDLE,
    CS_CHANGE_RESUME,
    CS_CHANGE_VATS_MAX,
} cs_change;

/* Ended by cs_crank_end_host(). PANIC. */
CS_MUST_USE cs_status cs_change_begin(cs_kernel *k, cs_change what, cs_error *err);

/* The first hold of `ref`. */
void cs_hold_new(cs_kernel *k, cs_kref ref);
/* Whose an object's hold is: bits of its row's count. */
typedef enum cs_hold_sides { CS_HOLD_PIN = 1, CS_HOLD_DEVICE = 2 } cs_hold_sides;
void cs_object_hold(cs_kernel *k, cs_kref object, cs_hold_sides side); /* again is fine */

/* The live vat. NOT_FOUND, DEAD. */
CS_MUST_USE cs_status cs_change_vat(cs_kernel *k, cs_vatid vat, const cs_vat_row **ret);
