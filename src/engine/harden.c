/* harden(): freezes an object and all that it reaches, and marks them, so that it never walks them
 * again; marshal and liveslots trust the mark.
 *
 * XS's own writes into objects of the base that are not frozen, and forgets items of arrays made by
 * Array.from (S23). Ours freezes slots in place: no code of the vat runs except traps of proxies,
 * and those come last, when all else that was found is frozen. Objects are marked only when all of
 * them are done; until then a flag says "queued". An exception takes the queued ones' flags away,
 * and leaves them frozen as the standard's own freeze would. */
#include "engine/base.h"
#include "engine/heap.h"

#define QUEUED_FLAG XS_LEVEL_FLAG /* XS uses it in fx_mutabilities() only, which vats do not have */

/* Two lists of references on XS's stack, in allocation order, so that a collection sees them. */
typedef struct work {
    cs_slot *plain, *proxies;
} work;

static void append(cs_machine *the, cs_slot *list, cs_slot *instance)
{
    cs_slot *item = fxNewSlot(the);
    item->kind = XS_REFERENCE_KIND;
    item->value.reference = instance;
    if (list->value.list.first == NULL)
        list->value.list.first = item;
    else
        list->value.list.last->next = item;
    list->value.list.last = item;
}

/* The instance whose slots a freeze changes, or NULL: an object of the base that is frozen for all.
 * An object of the base that is not frozen is copied, for this heap, before it is changed. */
static cs_slot *own_instance(cs_machine *the, cs_slot *instance)
{
    if (!cs_is_of_base(the, instance))
        return instance;
    if (instance->ID == XS_NO_ID)
        return NULL;
    cs_slot *copy = the->aliasArray[instance->ID];
    return copy != NULL ? copy : fxAliasInstance(the, instance);
}

static void queue(cs_machine *the, const work *w, cs_slot *instance)
{
    if (instance == NULL)
        return;
    cs_slot *own = own_instance(the, instance);
    if (own == NULL || (own->flag & (XS_DONT_MARSHALL_FLAG | QUEUED_FLAG)) != 0)
        return;
    append(the, cs_is_exotic(own, XS_PROXY_KIND) ? w->proxies : w->plain, own);
    own->flag |= QUEUED_FLAG;
}

static void queue_value(cs_machine *the, const work *w, const cs_slot *v)
{
    mxMeterOne();
    if (v->kind == XS_REFERENCE_KIND)
        queue(the, w, v->value.reference);
    else if (v->kind == XS_CLOSURE_KIND) /* a parameter that `arguments` shows too */
        queue_value(the, w, v->value.closure);
    else if (v->kind == XS_ACCESSOR_KIND) {
        queue(the, w, v->value.accessor.getter);
        queue(the, w, v->value.accessor.setter);
    }
}

static void freeze_property(cs_slot *p)
{
    p->flag |= XS_DONT_DELETE_FLAG;
    if (p->kind != XS_ACCESSOR_KIND)
        p->flag |= XS_DONT_SET_FLAG;
}

/* A frozen item of sloppy `arguments` is no longer the parameter itself. */
static void unlink_parameter(cs_slot *item)
{
    if (item->kind != XS_CLOSURE_KIND)
        return;
    const cs_slot *parameter = item->value.closure;
    item->kind = parameter->kind;
    item->value = parameter->value;
}

/* Items move when something is allocated, so each is looked up again. */
static void freeze_items(cs_machine *the, const work *w, cs_slot *array)
{
    txIndex count = fxGetIndexSize(the, array);
    for (txIndex i = 0; i < count; i++) {
        cs_slot *item = array->value.array.address + i;
        unlink_parameter(item);
        freeze_property(item);
        queue_value(the, w, item);
    }
    array->flag |= XS_DONT_SET_FLAG; /* its length */
}

static void freeze_properties(cs_machine *the, const work *w, cs_slot *instance)
{
    for (cs_slot *p = instance->next; p != NULL; p = p->next) {
        if (p->kind == XS_ARRAY_KIND && (p->flag & XS_INTERNAL_FLAG) != 0)
            freeze_items(the, w, p);
        else if ((p->flag & XS_INTERNAL_FLAG) == 0) {
            freeze_property(p);
            queue_value(the, w, p);
        }
    }
}

/* A namespace cannot be frozen, and need not be: only its module can change it. */
static void visit_exports(cs_machine *the, const work *w, cs_slot *namespace)
{
    cs_slot *exports = mxModuleInstanceExports(namespace);
    if (exports->kind != XS_REFERENCE_KIND)
        return;
    for (cs_slot *e = exports->value.reference->next; e != NULL; e = e->next)
        if (e->kind == XS_EXPORT_KIND && e->value.export.closure != NULL)
            queue_value(the, w, e->value.export.closure);
}

static void freeze_plain(cs_machine *the, const work *w, cs_slot *instance)
{
    if (cs_is_exotic(instance, XS_MODULE_KIND)) {
        visit_exports(the, w, instance);
        return;
    }
    instance->flag |= XS_DONT_PATCH_FLAG;
    freeze_properties(the, w, instance);
    queue(the, w, instance->value.instance.prototype);
}

static void freeze_key(cs_machine *the, const work *w, cs_slot *proxy, const cs_slot *key)
{
    cs_slot *p = the->stack;
    txID id = key->value.at.id;
    txIndex index = key->value.at.index;
    if (!mxBehaviorGetOwnProperty(the, proxy, id, index, p))
        return;
    queue_value(the, w, p);
    txFlag mask = XS_DONT_DELETE_FLAG;
    if (p->kind != XS_ACCESSOR_KIND)
        mask |= XS_DONT_SET_FLAG;
    p->flag |= mask;
    p->kind = XS_UNINITIALIZED_KIND;
    if (!mxBehaviorDefineOwnProperty(the, proxy, id, index, p, mask))
        cs_throw(the, XS_TYPE_ERROR, "harden: cannot freeze a property of a proxy");
}

static void freeze_proxy(cs_machine *the, const work *w, cs_slot *proxy)
{
    if (!mxBehaviorPreventExtensions(the, proxy))
        cs_throw(the, XS_TYPE_ERROR, "harden: proxy stays extensible");
    cs_slot *key = fxNewInstance(the);
    mxBehaviorOwnKeys(the, proxy, XS_EACH_NAME_FLAG | XS_EACH_SYMBOL_FLAG, key);
    mxPushUndefined();
    while ((key = key->next) != NULL)
        freeze_key(the, w, proxy, key);
    if (mxBehaviorGetPrototype(the, proxy, the->stack))
        queue_value(the, w, the->stack);
    mxPop();
    mxPop();
}

/* Lists grow while they are walked. */
static void freeze_all(cs_machine *the, const work *w)
{
    cs_slot *plain = NULL, *proxy = NULL;
    for (;;) {
        cs_slot *next = plain != NULL ? plain->next : w->plain->value.list.first;
        if (next != NULL) {
            plain = next;
            freeze_plain(the, w, plain->value.reference);
            continue;
        }
        next = proxy != NULL ? proxy->next : w->proxies->value.list.first;
        if (next == NULL)
            return;
        proxy = next;
        freeze_proxy(the, w, proxy->value.reference);
    }
}

static void finish(const cs_slot *list, txFlag mark)
{
    for (cs_slot *item = list->value.list.first; item != NULL; item = item->next) {
        cs_slot *instance = item->value.reference;
        instance->flag = (txFlag)((instance->flag & ~QUEUED_FLAG) | mark);
    }
}

static void harden_with(cs_machine *the, const work *w, cs_slot *root)
{
    mxTry(the)
    {
        queue(the, w, root);
        freeze_all(the, w);
    }
    mxCatch(the)
    {
        finish(w->plain, 0);
        finish(w->proxies, 0);
        fxJump(the);
    }
    finish(w->plain, XS_DONT_MARSHALL_FLAG);
    finish(w->proxies, XS_DONT_MARSHALL_FLAG);
}

void cs_harden(cs_machine *the, cs_slot *value)
{
    if (value->kind != XS_REFERENCE_KIND)
        return;
    cs_slot *root = value->value.reference;
    if (cs_is_hardened(cs_instance(the, root)))
        return;
    mxPushList();
    mxPushList();
    const work w = { the->stack + 1, the->stack };
    harden_with(the, &w, root);
    mxPop();
    mxPop();
}

void cs_host_harden(cs_machine *the)
{
    if (mxArgc == 0)
        return;
    cs_harden(the, mxArgv(0));
    *mxResult = *mxArgv(0);
}
