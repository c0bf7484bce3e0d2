/* A vat's modules while it runs: XS's hooks for modules, and the compartment of a vat.
 *
 * Two realms take part. In the start realm of a heap live the modules of the base, each under the
 * name of its file. A vat's code runs in a compartment, whose hooks (resolveHook, loadHook,
 * loadNowHook) are host functions that only look things up in the heap's compiled bundle:
 *
 *   resolveHook(specifier, referrer)   -> name of a module of the bundle, or CS_BUILTIN_PREFIX + name
 *   loadNowHook(name), loadHook(name)  -> { source: name }: XS asks fxLoadModule(), the code runs with
 *                                         the compartment's globals
 *                                      -> { namespace: file }: the module of the base
 *
 * So a specifier that stands not in the bundle leads nowhere, and no hook ever opens anything. */
#include "engine/base.h"
#include "engine/module.h"

#include <string.h>

static const char hooks_name[] = "moduleHooks"; /* in the start realm, where no vat's code runs */

/* --- look up ------------------------------------------------------------------------------------- */

/* A string's text; freed before anything can throw. */
static cs_buf text_of(const cs_slot *string)
{
    cs_buf text = { 0 };
    cs_add_text(&text, string);
    return text;
}

static const cs_compiled *bundle_of(cs_machine *the)
{
    return the->heap->code == NULL ? NULL : the->heap->code->of;
}

static const cs_bundle_module *find_module(cs_machine *the, const cs_slot *name)
{
    const cs_compiled *c = bundle_of(the);
    cs_buf text = text_of(name);
    uint32_t index = c == NULL ? CS_LOCAL : cs_compiled_find(c, cs_buf_bytes(&text));
    cs_buf_fini(&text);
    return index == CS_LOCAL ? NULL : &c->names.modules[index];
}

static const cs_bundle_import *find_import(cs_machine *the, const cs_slot *specifier,
                                           const cs_slot *referrer)
{
    const cs_bundle_module *m = find_module(the, referrer);
    cs_buf text = text_of(specifier);
    const cs_bundle_import *i = m == NULL ? NULL : cs_bundle_find_import(m, cs_buf_bytes(&text));
    cs_buf_fini(&text);
    return i;
}

/* --- hooks of a vat's compartment ---------------------------------------------------------------- */

static cs_slot *string_argument(cs_machine *the, int i)
{
    if (mxArgc <= i)
        cs_throw(the, XS_TYPE_ERROR, "missing argument");
    (void)fxToString(the, mxArgv(i));
    return mxArgv(i);
}

static void throw_not_found(cs_machine *the, const cs_slot *specifier, const cs_slot *referrer)
{
    cs_error err;
    cs_buf text = text_of(specifier), from = { 0 };
    if (referrer != NULL)
        cs_add_text(&from, referrer);
    (void)cs_fail(&err, CS_E_THROWN, "cannot find '%s'%s%s%s", cs_buf_text(&text),
                  from.size > 0 ? " (imported by " : "", cs_buf_text(&from),
                  from.size > 0 ? ")" : "");
    cs_buf_fini(&text);
    cs_buf_fini(&from);
    cs_throw_error(the, &mxReferenceErrorConstructor, err.text);
}

static void resolve_hook(cs_machine *the)
{
    const cs_slot *specifier = string_argument(the, 0), *referrer = string_argument(the, 1);
    const cs_bundle_import *i = find_import(the, specifier, referrer);
    if (i == NULL)
        throw_not_found(the, specifier, referrer);
    if (i->module != CS_BUNDLE_BUILTIN) {
        cs_push_text(the, bundle_of(the)->names.modules[i->module].name);
    } else {
        cs_push_text(the, CS_BYTES(CS_BUILTIN_PREFIX));
        cs_push_text(the, i->builtin);
        fxConcatString(the, the->stack + 1, the->stack);
        mxPop();
    }
    mxPullSlot(mxResult);
}

/* Pushes { key: value }; the value is on the stack and goes. */
static void wrap(cs_machine *the, const char *key)
{
    cs_slot *value = the->stack;
    mxPush(mxObjectPrototype);
    cs_slot *object = fxNewObjectInstance(the);
    (void)fxNextSlotProperty(the, fxLastProperty(the, object), value, cs_id(the, key), XS_NO_FLAG);
    mxPullSlot(value);
}

/* The file of a built-in module by its name with prefix, or NULL. */
static const char *builtin_file(const cs_slot *name)
{
    cs_buf text = text_of(name);
    cs_bytes bytes = cs_buf_bytes(&text);
    const char *file = NULL;
    if (cs_bytes_start_with(bytes, CS_BUILTIN_PREFIX)) {
        size_t n = strlen(CS_BUILTIN_PREFIX);
        file = cs_builtin_file((cs_bytes){ bytes.data + n, bytes.size - n });
    }
    cs_buf_fini(&text);
    return file;
}

static void push_descriptor(cs_machine *the)
{
    const cs_slot *name = string_argument(the, 0);
    const char *file = builtin_file(name);
    if (file == NULL && find_module(the, name) == NULL)
        throw_not_found(the, name, NULL);
    if (file != NULL)
        cs_push_text(the, cs_bytes_of(file));
    else
        mxPushSlot(mxArgv(0));
    wrap(the, file != NULL ? "namespace" : "source");
}

static void load_now_hook(cs_machine *the)
{
    push_descriptor(the);
    mxPullSlot(mxResult);
}

static void load_hook(cs_machine *the)
{
    mxPush(mxPromiseConstructor);
    mxDub();
    mxGetID(mxID(_resolve));
    mxCall();
    push_descriptor(the);
    mxRunCount(1);
    mxPullSlot(mxResult);
}

const cs_native cs_module_natives[] = {
    { "resolveHook", resolve_hook, 2 },
    { "loadHook", load_hook, 1 },
    { "loadNowHook", load_now_hook, 1 },
    { 0 },
};

void cs_module_define_hooks(cs_machine *the)
{
    fxNewObject(the);
    cs_base_add_natives(the, the->stack, cs_module_natives);
    cs_harden(the, the->stack);
    cs_base_define(the, &mxGlobal, hooks_name);
}

/* --- hooks of XS --------------------------------------------------------------------------------- */

/* Only the start realm asks: by the name of a built-in module while the base is made, by the name of
 * its file, which is the name that it has there, afterwards. */
txID fxFindModule(txMachine *the, txSlot *realm, txID from, txSlot *specifier)
{
    (void)realm, (void)from;
    bool in_base = the->heap->base == NULL;
    cs_buf text = text_of(specifier);
    cs_bytes name = cs_buf_bytes(&text);
    const char *file = in_base ? cs_builtin_file(name) : NULL;
    bool known = !in_base && cs_is_builtin_file(name);
    cs_buf_fini(&text);
    if (file != NULL)
        return cs_id(the, file);
    return known ? fxNewName(the, specifier) : XS_NO_ID;
}

static void load_from_bundle(cs_machine *the, cs_slot *module, txID id)
{
    const cs_code *code = the->heap->code;
    const char *name = fxGetKeyName(the, id);
    cs_buf text = { 0 };
    cs_add_string(&text, name);
    uint32_t index = code == NULL ? CS_LOCAL : cs_compiled_find(code->of, cs_buf_bytes(&text));
    cs_buf_fini(&text);
    if (index == CS_LOCAL)
        cs_throw(the, XS_REFERENCE_ERROR, "no such module");
    const cs_bytes *unit = &code->of->units[index];
    txScript script = { .codeSize = (txSize)unit->size };
    script.codeBuffer = (txByte *)code->bytes + (unit->data - code->of->code.data);
    fxResolveModule(the, module, id, &script, NULL, NULL);
}

void fxLoadModule(txMachine *the, txSlot *module, txID id)
{
    if (the->heap->base == NULL)
        cs_builtin_load(the, module, id, fxGetKeyName(the, id));
    else
        load_from_bundle(the, module, id);
}

/* --- a vat --------------------------------------------------------------------------------------- */

static void push_hook(cs_machine *the, cs_slot *options, const char *name)
{
    cs_slot *hooks = the->stack;
    mxPushSlot(hooks);
    fxGetID(the, cs_id(the, name));
    mxPushSlot(options);
    fxDefineID(the, cs_id(the, name), XS_NO_FLAG, XS_NO_FLAG);
    mxPop();
}

/* { globals, resolveHook, loadHook, loadNowHook } */
static void push_options(cs_machine *the, cs_slot *endowments)
{
    fxNewObject(the);
    cs_slot *options = the->stack;
    if (endowments != NULL) {
        mxPushSlot(endowments);
        mxPushSlot(options);
        fxDefineID(the, cs_id(the, "globals"), XS_NO_FLAG, XS_NO_FLAG);
        mxPop();
    }
    mxPush(mxGlobal);
    fxGetID(the, cs_id(the, hooks_name));
    for (const cs_native *n = cs_module_natives; n->name != NULL; n++)
        push_hook(the, options, n->name);
    mxPop();
}

static void push_compartment(cs_machine *the, cs_slot *endowments)
{
    mxPush(mxCompartmentConstructor);
    mxNew();
    push_options(the, endowments);
    mxRunCount(1);
    cs_confine_compartment(the, the->stack);
}

void cs_bundle_push_namespace(cs_machine *the, cs_bytes bundle, cs_slot *endowments)
{
    cs_code_attach(the, bundle);
    push_compartment(the, endowments);
    mxDub();
    mxGetID(mxID(_importNow));
    mxCall();
    cs_push_text(the, bundle_of(the)->names.modules[0].name);
    mxRunCount(1);
}
