/* XS for engine/, marshal/ and liveslots/: its own header, plus the few things that make it
 * bearable. Rules for whoever writes a host function or walks slots:
 *
 *   - A slot never moves; a chunk (string, array items, BigInt) moves in any collection, and any
 *     allocation may collect. Never hold a txString or an item pointer over one.
 *   - A value that only a C variable knows is lost in a collection: keep it on the stack of XS.
 *   - A throw or an abort leaves by longjmp: hold nothing that only a local variable can free.
 *   - mxPushSlot(the->stack + k) reads its argument after the stack has moved: take the pointer first,
 *     or mxDub().
 *   - The base is write-protected. Objects of the base carry XS_MARK_FLAG for ever.
 *   - Strings are CESU-8 with NUL as C0 80 (text.h converts). */
#pragma once
#include "engine/engine.h"

#include "xsAll.h"

/* The number of a property name. Names live for ever: never for text that a vat chooses freely. */
static inline txID cs_id(cs_machine *the, const char *name)
{
    return fxID(the, (txString)(uintptr_t)name);
}

/* Room for `count` more slots on the stack, or the heap ends with STACK. mxPush… of XS checks one
 * slot at a time and counts as metered work; neither is wanted in our own code. */
static inline void cs_check_stack(cs_machine *the, txInteger count)
{
    fxOverflow(the, -count, NULL, 0);
}

static inline bool cs_is_reference(const cs_slot *v)
{
    return v->kind == XS_REFERENCE_KIND;
}

static inline bool cs_is_string(const cs_slot *v)
{
    return v->kind == XS_STRING_KIND || v->kind == XS_STRING_X_KIND;
}

static inline bool cs_is_bigint(const cs_slot *v)
{
    return v->kind == XS_BIGINT_KIND || v->kind == XS_BIGINT_X_KIND;
}

/* Whether the first slot of an instance is an internal one of this kind. */
static inline bool cs_is_exotic(const cs_slot *instance, txKind kind)
{
    const cs_slot *s = instance->next;
    return s != NULL && (s->flag & XS_INTERNAL_FLAG) != 0 && s->kind == kind;
}

/* Lives in the base: frozen, shared by all heaps, never collected. */
static inline bool cs_is_of_base(cs_machine *the, const cs_slot *instance)
{
    return the->sharedMachine != NULL && (instance->flag & XS_MARK_FLAG) != 0;
}

/* An object of the base that was not frozen is copied for a heap when it is first written. Every
 * read of a property goes through this. */
static inline cs_slot *cs_instance(cs_machine *the, cs_slot *instance)
{
    if (instance->ID != XS_NO_ID && the->aliasArray != NULL &&
        the->aliasArray[instance->ID] != NULL)
        return the->aliasArray[instance->ID];
    return instance;
}

static inline bool cs_is_hardened(const cs_slot *instance)
{
    return (instance->flag & XS_DONT_MARSHALL_FLAG) != 0;
}

/* Throws an error of JavaScript; `kind` is XS_TYPE_ERROR and the like. The text is kept short by XS
 * (128 bytes). */
#define cs_throw(the, kind, ...) fxThrowMessage((the), NULL, 0, (kind), (txString)__VA_ARGS__)

/* The same with a constructor of errors and UTF-8 text of any length. */
_Noreturn void cs_throw_error(cs_machine *the, cs_slot *constructor, const char *text);

/* Pushes a copy of UTF-8 text (not necessarily well-formed or terminated). */
void cs_push_text(cs_machine *the, cs_bytes utf8);
/* Appends a string value as UTF-8: surrogate pairs joined, lone surrogates as U+FFFD. */
void cs_add_text(cs_buf *b, const cs_slot *string);
void cs_add_string(cs_buf *b, const char *cesu); /* the same for a name or other C text of XS */

/* Makes the value and all that it reaches hardened, as harden() does. `value` is on the stack. */
void cs_harden(cs_machine *the, cs_slot *value);

/* Appends a value as people read it. Runs nothing of the vat's and throws nothing. */
void cs_add_display(cs_machine *the, cs_buf *b, const cs_slot *value);

/* Evaluates a script in the start realm; pushes the result. While the base is made only. */
void cs_push_eval(cs_machine *the, cs_bytes source);

/* What is left to do on a vat's compartment (a slot on the stack) once its endowments are in: its
 * globalThis becomes inextensible (S23). */
void cs_confine_compartment(cs_machine *the, cs_slot *compartment);
