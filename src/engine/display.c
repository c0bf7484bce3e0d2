/* How values look to people: console, exceptions, rejections. Walks slots; no getter, no toString,
 * no trap of a proxy ever runs, nothing is allocated in the heap, and the text is bounded in depth,
 * in items and in size, so a vat may print whatever it likes. */
#include "engine/heap.h"

#include <math.h>
#include <string.h>

enum { DEPTH_MAX = 6, ITEMS_MAX = 100, TEXT_MAX = 16 * 1024, CHAIN_MAX = 64, LIMBS_MAX = 128 };

typedef struct printer {
    cs_machine *the;
    cs_buf *out;
    size_t start;
    int depth;
} printer;

static void add_value(printer *p, const cs_slot *v);

static bool is_full(const printer *p)
{
    return p->out->size - p->start > TEXT_MAX;
}

/* --- primitive values ---------------------------------------------------------------------------- */

static void add_quoted(printer *p, const char *cesu)
{
    cs_buf text = { 0 };
    cs_add_string(&text, cesu);
    cs_buf_add_json(p->out, cs_buf_bytes(&text));
    cs_buf_fini(&text);
}

static void add_number(printer *p, txNumber n)
{
    char text[64];
    if (n == 0 && signbit(n))
        cs_buf_add_text(p->out, "-");
    fxNumberToString(p->the->dtoa, n, text, sizeof text, 0, 0);
    cs_buf_add_text(p->out, text);
}

/* Divides the number in place; returns the remainder. */
static uint32_t divide(uint32_t *limbs, size_t count, uint32_t by)
{
    uint64_t rest = 0;
    for (size_t i = count; i-- > 0;) {
        uint64_t n = rest << 32 | limbs[i];
        limbs[i] = (uint32_t)(n / by);
        rest = n % by;
    }
    return (uint32_t)rest;
}

static void add_bigint(printer *p, const txBigInt *b)
{
    uint32_t limbs[LIMBS_MAX], groups[LIMBS_MAX * 2];
    size_t count = b->size, used = 0;
    if (count > LIMBS_MAX) {
        cs_buf_addf(p->out, "[BigInt of %zu bits]", count * 32);
        return;
    }
    memcpy(limbs, b->data, count * sizeof limbs[0]);
    do {
        groups[used++] = divide(limbs, count, 1000000000);
        while (count > 0 && limbs[count - 1] == 0)
            count--;
    } while (count > 0);
    cs_buf_addf(p->out, "%s%u", b->sign ? "-" : "", groups[--used]);
    while (used > 0)
        cs_buf_addf(p->out, "%09u", groups[--used]);
    cs_buf_add_text(p->out, "n");
}

/* A name, or the description of a symbol. */
static const char *key_text(cs_machine *the, txID id, bool *ret_is_symbol)
{
    const cs_slot *key = fxGetKey(the, id);
    *ret_is_symbol = true;
    if (key == NULL)
        return "";
    if (key->kind == XS_KEY_KIND || key->kind == XS_KEY_X_KIND) {
        *ret_is_symbol = (key->flag & XS_DONT_ENUM_FLAG) == 0;
        return key->value.key.string;
    }
    return cs_is_string(key) ? key->value.string : "";
}

static void add_symbol(printer *p, txID id)
{
    bool is_symbol;
    const char *text = key_text(p->the, id, &is_symbol);
    cs_buf_add_text(p->out, "Symbol(");
    cs_add_string(p->out, text);
    cs_buf_add_text(p->out, ")");
}

/* --- looking at objects -------------------------------------------------------------------------- */

static bool is_opaque(const cs_slot *instance)
{
    return cs_is_exotic(instance, XS_PROXY_KIND) || cs_is_exotic(instance, XS_MODULE_KIND);
}

static const cs_slot *own_property(const cs_slot *instance, txID id)
{
    const cs_slot *s = instance->next;
    while (s != NULL && ((s->flag & XS_INTERNAL_FLAG) != 0 || s->ID != id))
        s = s->next;
    return s;
}

/* A string that is a data property, own or inherited; NULL if there is none. */
static const cs_slot *find_string(cs_machine *the, cs_slot *instance, txID id)
{
    for (int i = 0; instance != NULL && i < CHAIN_MAX; i++) {
        instance = cs_instance(the, instance);
        if (is_opaque(instance))
            return NULL;
        const cs_slot *s = own_property(instance, id);
        if (s != NULL)
            return cs_is_string(s) ? s : NULL;
        instance = instance->value.instance.prototype;
    }
    return NULL;
}

static bool is_callable(const cs_slot *instance)
{
    return cs_is_exotic(instance, XS_CALLBACK_KIND) || cs_is_exotic(instance, XS_CALLBACK_X_KIND) ||
           cs_is_exotic(instance, XS_CODE_KIND) || cs_is_exotic(instance, XS_CODE_X_KIND);
}

/* --- errors -------------------------------------------------------------------------------------- */

/* What assert keeps for people: the message with all its values, and notes. See console.c. */
static const cs_slot *annotation(const cs_slot *instance)
{
    const cs_slot *s = instance->next->next;
    bool there = s != NULL && (s->flag & XS_INTERNAL_FLAG) != 0 && cs_is_string(s);
    return there ? s : NULL;
}

const cs_slot *cs_error_text(cs_machine *the, cs_slot *instance)
{
    const cs_slot *text = annotation(instance);
    return text != NULL ? text : find_string(the, instance, mxID(_message));
}

static void add_error(printer *p, cs_slot *instance)
{
    const cs_slot *name = find_string(p->the, instance, mxID(_name));
    const cs_slot *message = cs_error_text(p->the, instance);
    if (name != NULL)
        cs_add_text(p->out, name);
    else
        cs_buf_add_text(p->out, "Error");
    if (message != NULL && message->value.string[0] != 0) {
        cs_buf_add_text(p->out, ": ");
        cs_add_text(p->out, message);
    }
}

/* --- collections --------------------------------------------------------------------------------- */

static bool too_many(printer *p, txIndex count)
{
    if (count < ITEMS_MAX && !is_full(p))
        return false;
    cs_buf_add_text(p->out, ",…");
    return true;
}

static void add_array(printer *p, const cs_slot *array)
{
    cs_machine *the = p->the;
    txIndex length = array->value.array.length;
    cs_buf_add_text(p->out, "[");
    for (txIndex i = 0; i < length; i++) {
        if (too_many(p, i))
            break;
        if (i > 0)
            cs_buf_add_text(p->out, ",");
        const cs_slot *item = fxGetIndexProperty(the, (cs_slot *)(uintptr_t)array, i);
        if (item != NULL)
            add_value(p, item);
    }
    cs_buf_add_text(p->out, "]");
}

static void add_key(printer *p, txID id)
{
    bool is_symbol;
    const char *text = key_text(p->the, id, &is_symbol);
    if (is_symbol) {
        cs_buf_add_text(p->out, "[");
        add_symbol(p, id);
        cs_buf_add_text(p->out, "]");
    } else {
        add_quoted(p, text);
    }
    cs_buf_add_text(p->out, ":");
}

static void add_record(printer *p, const cs_slot *instance)
{
    txIndex count = 0;
    cs_buf_add_text(p->out, "{");
    for (const cs_slot *s = instance->next; s != NULL; s = s->next) {
        if ((s->flag & (XS_INTERNAL_FLAG | XS_DONT_ENUM_FLAG)) != 0)
            continue;
        if (too_many(p, count))
            break;
        if (count++ > 0)
            cs_buf_add_text(p->out, ",");
        add_key(p, s->ID);
        add_value(p, s);
    }
    cs_buf_add_text(p->out, "}");
}

static void add_function(printer *p, cs_slot *instance)
{
    const cs_slot *name = own_property(instance, mxID(_name));
    cs_buf_add_text(p->out, "[Function");
    if (name != NULL && cs_is_string(name) && name->value.string[0] != 0) {
        cs_buf_add_text(p->out, " ");
        cs_add_text(p->out, name);
    }
    cs_buf_add_text(p->out, "]");
}

/* Presences and remotables ("Alleged: purse"), and what the engine itself tags. */
static bool add_tagged(printer *p, cs_slot *instance)
{
    const cs_slot *tag = find_string(p->the, instance, mxID(_Symbol_toStringTag));
    if (tag == NULL)
        return false;
    cs_buf_add_text(p->out, "[");
    cs_add_text(p->out, tag);
    cs_buf_add_text(p->out, "]");
    return true;
}

static void add_object(printer *p, cs_slot *reference)
{
    cs_slot *instance = cs_instance(p->the, reference);
    if (cs_is_exotic(instance, XS_PROXY_KIND))
        cs_buf_add_text(p->out, "[Proxy]");
    else if (cs_is_exotic(instance, XS_MODULE_KIND))
        cs_buf_add_text(p->out, "[Module]");
    else if (cs_is_exotic(instance, XS_ERROR_KIND))
        add_error(p, instance);
    else if (is_callable(instance))
        add_function(p, instance);
    else if (cs_is_exotic(instance, XS_REGEXP_KIND))
        cs_buf_add_text(p->out, "[RegExp]");
    else if (cs_is_exotic(instance, XS_DATE_KIND))
        cs_buf_add_text(p->out, "[Date]");
    else if (cs_is_exotic(instance, XS_TYPED_ARRAY_KIND))
        cs_buf_add_text(p->out, "[TypedArray]");
    else if (add_tagged(p, instance))
        return;
    else if (p->depth >= DEPTH_MAX || is_full(p))
        cs_buf_add_text(p->out, "…");
    else if (cs_is_exotic(instance, XS_ARRAY_KIND))
        add_array(p, instance->next);
    else
        add_record(p, instance);
}

static void add_value(printer *p, const cs_slot *v)
{
    p->depth++;
    if (cs_is_string(v))
        add_quoted(p, v->value.string);
    else if (v->kind == XS_UNDEFINED_KIND || v->kind == XS_UNINITIALIZED_KIND)
        cs_buf_add_text(p->out, "undefined");
    else if (v->kind == XS_NULL_KIND)
        cs_buf_add_text(p->out, "null");
    else if (v->kind == XS_BOOLEAN_KIND)
        cs_buf_add_text(p->out, v->value.boolean ? "true" : "false");
    else if (v->kind == XS_INTEGER_KIND)
        cs_buf_addf(p->out, "%d", v->value.integer);
    else if (v->kind == XS_NUMBER_KIND)
        add_number(p, v->value.number);
    else if (v->kind == XS_SYMBOL_KIND)
        add_symbol(p, v->value.symbol);
    else if (cs_is_bigint(v))
        add_bigint(p, &v->value.bigint);
    else if (v->kind == XS_REFERENCE_KIND)
        add_object(p, v->value.reference);
    else if (v->kind == XS_CLOSURE_KIND)
        add_value(p, v->value.closure);
    else
        cs_buf_add_text(p->out, "[getter]");
    p->depth--;
}

void cs_add_display(cs_machine *the, cs_buf *b, const cs_slot *value)
{
    printer p = { the, b, b->size, 0 };
    if (cs_is_string(value))
        cs_add_text(b, value);
    else
        add_value(&p, value);
}
