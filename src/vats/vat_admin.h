/* Inside the vatAdmin vat (vat_admin.c says what it does). Private to its files.
 *
 * What it knows, by keys of its vatstore:
 *
 *   device               the vatAdmin device, "d-70"
 *   next                 the number that the next export or waiting promise gets
 *   o.12                 what an export is: "admin v5", "meter m3", "unlimited m4", "notifier m3"
 *   vat.v5               a dynamic vat: "starting p-60" ("starting" if nobody waits), "running",
 *                        "exiting"; it is forgotten when the vat has ended
 *   done/v5/13           a promise of done(), "p-61"
 *   bundle/b1-.../14     a promise of waitForBundleCap()
 *   meter.m3             its last update: "2 500" is the second, with 500 left
 *   wait/m3/15           a promise of getUpdateSince()
 *
 * It keeps no objects of other vats: those that a message brings are dropped when it has been handled.
 * An export other than the fixed ones is forgotten when nobody can reach it any more. */
#pragma once
#include "vats/native.h"
#include "wire/smallcaps.h"

typedef enum cs_va_kind {
    CS_VA_NONE,
    CS_VA_ROOT,    /* o+0 */
    CS_VA_SERVICE, /* o+1 */
    CS_VA_KEY,     /* o+2, the critical vat key: an object without methods */
    CS_VA_ADMIN,
    CS_VA_METER,
    CS_VA_UNLIMITED,
    CS_VA_NOTIFIER,
} cs_va_kind;

/* A message that is being handled. */
typedef struct cs_va {
    cs_native *n;
    const cs_capdata *data; /* methargs */
    bool is_odd;            /* they are JSON, but some of it is no data */
    cs_bytes args;
    cs_bytes subject; /* of the target: "v5", "m3" */
    cs_vref result;   /* none: nobody waits, or the answer is given or will come later */
} cs_va;

typedef void cs_va_method(cs_va *va);

/* --- vat_admin_state.c: answers ------------------------------------------------------------------- */

cs_bytes cs_va_arg(const cs_va *va, uint32_t index); /* ABSENT if there is none */
void cs_va_return(cs_va *va, const cs_capdata *data);
void cs_va_return_undefined(cs_va *va);
void cs_va_throw(cs_va *va, const char *format, ...) CS_PRINTF(2, 3);
/* Settles a promise that was kept. What is too large for a syscall becomes an error. A value that is
 * one promise and nothing else, to which no promise can be fulfilled, becomes undefined. */
void cs_va_settle(cs_va *va, cs_vref promise, bool rejected, const cs_capdata *data);

/* --- memory ---------------------------------------------------------------------------------------- */

/* Text in the delivery's arena. */
cs_bytes cs_va_text(cs_va *va, const char *format, ...) CS_PRINTF(2, 3);
/* A value of the vatstore; no bytes if there is none. */
cs_bytes cs_va_get(cs_va *va, cs_bytes key);
uint64_t cs_va_number_of(cs_bytes digits); /* our own */
/* Returns a new export; what it is becomes its entry. The body is that one reference. */
void cs_va_return_export(cs_va *va, const char *word, cs_bytes subject, const char *iface);
cs_vref cs_va_export(cs_va *va, const char *word, cs_bytes subject);
/* What an export is, and behind that its subject. */
cs_va_kind cs_va_kind_of(cs_va *va, cs_vref vref, cs_bytes *ret_subject);
/* The answer will come when `what` ("done", ...) of `whose` does. */
void cs_va_wait(cs_va *va, const char *what, cs_bytes whose);
/* It has come. */
void cs_va_settle_waiting(cs_va *va, const char *what, cs_bytes whose, bool rejected,
                          const cs_capdata *data);
bool cs_va_is_anyone_waiting(cs_va *va, const char *what, cs_bytes whose);

/* --- the device ------------------------------------------------------------------------------------ */

/* Calls the vatAdmin device; what it fails with is thrown. False: it was. */
bool cs_va_call(cs_va *va, const char *method, cs_sc_writer *args, cs_capdata *ret);
/* The same with any device, for those who have a better idea of what to throw. */
bool cs_va_try(cs_va *va, cs_vref device, const char *method, cs_sc_writer *args, cs_capdata *ret);
cs_vref cs_va_device(cs_va *va);
/* A writer that has begun with "[", of which the device's argument is `first`, a text that needs no
 * escapes, unless it is empty. */
cs_sc_writer cs_va_args(cs_va *va, cs_bytes first);
/* A value of the message as the next argument. */
void cs_va_add_arg(cs_va *va, cs_sc_writer *w, cs_bytes value);
/* The text that the device returned, if it is an id or name: [A-Za-z0-9._-]{1,199}. */
bool cs_va_id_of(const cs_capdata *data, cs_bytes *ret);
bool cs_va_is_id(cs_bytes value, cs_bytes *ret);

/* --- methods --------------------------------------------------------------------------------------- */

/* vat_admin_vats.c */
cs_va_method cs_va_create_vat, cs_va_create_vat_by_name, cs_va_new_vat_callback,
    cs_va_vat_terminated;
cs_va_method cs_va_done, cs_va_terminate, cs_va_change_options, cs_va_upgrade;
/* vat_admin_meters.c */
cs_va_method cs_va_create_meter, cs_va_create_unlimited_meter, cs_va_meter_crossed_threshold;
cs_va_method cs_va_add_remaining, cs_va_set_threshold, cs_va_get_meter, cs_va_get_notifier;
cs_va_method cs_va_unlimited_change, cs_va_get_unlimited, cs_va_get_update_since;
