/* Values of the engine as marshal/ sees them: looked at without running anything of the vat's, judged
 * by how they pass, and refused with a reason. Private to marshal/. */
#pragma once
#include "engine/handled_promise.h"
#include "marshal/marshal.h"
#include "marshal/text.h"

/* --- objects of the engine (object.c) ------------------------------------------------------------ */

/* Set on an instance that is known to be passable with all that it contains: it is frozen, so it
 * stays so. XS defines this flag of instances and does not use it. Never set on the base, which is
 * write-protected, from a heap. */
#define CS_PASSABLE_FLAG XS_DONT_MODIFY_FLAG

/* What decoding gives is hardened, and passable, from the beginning. */
#define CS_BORN_INSTANCE (XS_DONT_PATCH_FLAG | XS_DONT_MARSHALL_FLAG | CS_PASSABLE_FLAG)
#define CS_BORN_PROPERTY (XS_DONT_DELETE_FLAG | XS_DONT_SET_FLAG)
#define CS_BORN_HIDDEN (CS_BORN_PROPERTY | XS_DONT_ENUM_FLAG)

static inline bool cs_is_function(const cs_slot *instance)
{
    return (instance->flag & XS_CAN_CALL_FLAG) != 0;
}

static inline bool cs_is_array(const cs_slot *instance)
{
    return cs_is_exotic(instance, XS_ARRAY_KIND) && instance->next->ID == XS_ARRAY_BEHAVIOR;
}

static inline bool cs_is_internal(const cs_slot *property)
{
    return (property->flag & XS_INTERNAL_FLAG) != 0;
}

/* The slot that holds items by index, of an array or of an object that has such properties. */
cs_slot *cs_items(cs_slot *instance);

/* The index of the item at `position`. Without holes it is the same: arrays of Array.from() keep no
 * indices in their items. */
uint32_t cs_item_index(cs_machine *the, cs_slot *instance, uint32_t position);

/* The own property, or the one found along the prototypes, as a slot; NULL if there is none. No
 * getter, no trap of a proxy runs. */
cs_slot *cs_own_property(cs_machine *the, cs_slot *instance, txID id);
cs_slot *cs_property(cs_machine *the, cs_slot *instance, txID id);
/* The same for names that no intrinsic prototype has, like Symbol.for('passStyle'): ends there. */
cs_slot *cs_uncommon_property(cs_machine *the, cs_slot *instance, txID id);
/* Whether everybody inherits from it: NULL, Object.prototype, Function.prototype. */
bool cs_is_common(cs_machine *the, const cs_slot *prototype);

/* Not extensible, and no property can change: what Object.isFrozen says, without running anything.
 * False for proxies. */
bool cs_is_frozen(cs_machine *the, cs_slot *instance);

/* Symbol.for('passStyle'); XS_NO_ID if nobody has made it. */
txID cs_pass_style_id(cs_machine *the);
/* Pushes Symbol.for() of the engine string `text`, which is not on the heap. */
void cs_push_registered_symbol(cs_machine *the, const char *text);
/* The text of a symbol that is registered; NULL if it is not. On the heap. */
const char *cs_registered_name(cs_machine *the, txID symbol);
/* The number of Symbol.<name>, or XS_NO_ID; and back ("asyncIterator"), or NULL. */
txID cs_well_known_symbol(const char *name);
const char *cs_well_known_name(txID symbol);

/* The name of a property, symbol or not, as the engine holds it; on the heap. "" if it has none. */
const char *cs_key_text(cs_machine *the, txID id);

/* Pushes a string of the engine's text; the other one does not copy what lives for ever. */
void cs_push_engine_text(cs_machine *the, const char *text, size_t size);
void cs_push_constant(cs_machine *the, const char *text);

/* Pushes a new object that inherits from `prototype`, without properties; not hardened. */
cs_slot *cs_push_object(cs_machine *the, cs_slot *prototype);
/* Appends a property to an object under construction whose last slot is `last`; returns it. */
cs_slot *cs_add_property(cs_machine *the, cs_slot *last, txID id, txFlag flag);
/* The same, hidden and fixed, with a value. */
cs_slot *cs_add_hidden(cs_machine *the, cs_slot *last, txID id, const cs_slot *value);

/* --- what is wrong (problem.c) ------------------------------------------------------------------- */

enum { CS_PROBLEM_TEXT = 400, CS_PROBLEM_PATH = 200 };

/* Why a value is refused, and where in it, for people: "text: at path". Where a cs_problem * is NULL
 * nobody asks. What does not fit is cut between characters. */
typedef struct cs_problem {
    txError kind; /* XS_UNKNOWN_ERROR is a plain Error */
    uint32_t text_size, path_size;
    char text[CS_PROBLEM_TEXT], path[CS_PROBLEM_PATH];
} cs_problem;

/* Not the buffers: a problem stands on the stack of every call, and rarely has anything to say. */
static inline void cs_problem_init(cs_problem *why)
{
    why->kind = XS_UNKNOWN_ERROR;
    why->text_size = why->path_size = 0;
}

/* Set the text; return false. cs_refuse_type() makes it a TypeError. */
bool cs_refuse(cs_problem *why, const char *format, ...) CS_PRINTF(2, 3);
bool cs_refuse_type(cs_problem *why, const char *format, ...) CS_PRINTF(2, 3);

/* For one %s of a text: a name as @endo/errors quotes it, cut if it is long. */
typedef struct cs_quoted {
    char text[120];
} cs_quoted;
const char *cs_quote(cs_quoted *q, const char *text);
const char *cs_quote_key(cs_machine *the, cs_quoted *q, txID id); /* "name", "Symbol(name)" */
/* "(an object)", "(a number)": how @endo/errors shows a value to those who may not see it. */
const char *cs_redacted(const cs_slot *value);

/* Append to the path: .key, ["key"], [index]. */
void cs_path_add_key(cs_problem *why, const char *key);
void cs_path_add_index(cs_problem *why, uint32_t index);
void cs_path_add_path(cs_problem *why, const cs_problem *inner);

_Noreturn void cs_problem_throw(cs_machine *the, const cs_problem *why);
_Noreturn void cs_throw_text(cs_machine *the, txError kind, const char *format, ...)
    CS_PRINTF(3, 4);

/* --- styles (pass_style.c, remotable.c) ---------------------------------------------------------- */

enum { CS_STYLE_BAD = -1 };
static inline int cs_bad(bool refused)
{
    (void)refused;
    return CS_STYLE_BAD;
}

/* The style of an object or function judged without what it contains; CS_STYLE_BAD and the reason
 * if it cannot be passed. */
int cs_style_of_instance(cs_machine *the, cs_slot *instance, cs_problem *why);
/* All of a value, with the path in the reason. */
int cs_style_of(cs_machine *the, cs_slot *value, cs_problem *why);
/* Whether an object or function has a method `then`, by which everybody takes it for a promise. */
bool cs_is_thenable(cs_machine *the, cs_slot *instance);
/* Whether the prototypes lead to Error.prototype. */
bool cs_is_error_like(cs_machine *the, cs_slot *instance);
/* Notes that an object is passable, with all that it contains. */
void cs_set_passable(cs_machine *the, cs_slot *instance);
bool cs_refuse_symbol(cs_machine *the, txID symbol, cs_problem *why);
/* A function that is not passable itself. */
bool cs_is_method(cs_machine *the, const cs_slot *value);

/* Whether an object or function has own properties that a remotable may have. */
bool cs_can_be_remotable(cs_machine *the, cs_slot *instance, cs_problem *why);
bool cs_check_remotable(cs_machine *the, cs_slot *instance, cs_problem *why);
bool cs_has_pass_style(cs_machine *the, cs_slot *instance);
bool cs_check_iface(const cs_slot *iface, cs_problem *why);
/* The [Symbol.toStringTag] of a frozen object with own mark `style` ("remotable", "tagged"). */
cs_slot *cs_tag_of_record(cs_machine *the, cs_slot *instance, const char *style, bool is_function,
                          cs_problem *why);
/* The slot with the interface name of a remotable; NULL or not a string for a nameless presence. */
cs_slot *cs_iface_of(cs_machine *the, cs_slot *remotable);
/* Far and Remotable: marks and hardens `value`, or throws. All are on the stack. `method`, if not
 * NULL, becomes its __getMethodNames__. */
void cs_make_remotable(cs_machine *the, cs_slot *value, cs_slot *iface, const cs_slot *method);
