/* From a machine to a base. XS can share a machine among clones, but as shipped a clone's run writes
 * into it. Four fix-ups, then the memory becomes read-only, so that a fifth that we do not know of
 * faults instead of leaking from vat to vat:
 *
 *   1. Strings, BigInts, keys and code of the base become of the kinds (…_X) that a clone's
 *      collection leaves alone. Else it would mark and move the base's chunks.
 *   2. Maps, Sets, weak collections, Dates, ArrayBuffers and private fields become read-only inside:
 *      XS copies objects on write for a clone, but not their inner state.
 *   3. The table of a global object is filled: XS caches look-ups there (and confine.c replaces the
 *      behaviour that would cache misses).
 *   4. The shared cluster is never ended (base.c).
 *
 * What is not frozen when a machine is shared is copied for a clone when it writes: each object has
 * a number, each clone a table by number (8 bytes each: harden what can be hardened). */
#include "engine/base.h"
#include "engine/heap.h"

static void fix_slot(txSlot *s);

static void fix_items(txSlot *array)
{
    txSlot *item = array->value.array.address;
    if (item == NULL)
        return;
    const txChunk *chunk = (const txChunk *)(void *)item - 1;
    txIndex count = (txIndex)((size_t)chunk->size / sizeof(txSlot));
    if (count > array->value.array.length)
        count = array->value.array.length;
    for (; count > 0; count--)
        fix_slot(item++);
}

static void fix_private(txSlot *s)
{
    for (txSlot *p = s->value.private.first; p != NULL; p = p->next) {
        if (p->kind != XS_ACCESSOR_KIND)
            p->flag |= XS_DONT_SET_FLAG;
        p->flag |= XS_DONT_DELETE_FLAG;
    }
}

static void fix_slot(txSlot *s)
{
    switch (s->kind) {
    case XS_STRING_KIND:
        s->kind = XS_STRING_X_KIND;
        break;
    case XS_BIGINT_KIND:
        s->kind = XS_BIGINT_X_KIND;
        break;
    case XS_KEY_KIND:
        s->kind = XS_KEY_X_KIND;
        break;
    case XS_CODE_KIND:
        s->kind = XS_CODE_X_KIND;
        break;
    case XS_ARRAY_KIND:
        fix_items(s);
        break;
    case XS_ARRAY_BUFFER_KIND:
    case XS_DATE_KIND:
    case XS_MAP_KIND:
    case XS_SET_KIND:
    case XS_WEAK_MAP_KIND:
    case XS_WEAK_SET_KIND:
        s->flag |= XS_DONT_SET_FLAG;
        break;
    case XS_PRIVATE_KIND:
        fix_private(s);
        break;
    default:
        break;
    }
}

static void fill_global_table(txSlot *instance)
{
    txSlot *table = instance->next;
    for (txSlot *p = table->next; p != NULL; p = p->next)
        if (p->ID >= XS_SYMBOL_ID_COUNT && p->ID < XS_INTRINSICS_COUNT &&
            (p->flag & XS_INTERNAL_FLAG) == 0)
            table->value.table.address[p->ID] = p;
}

static void fix_heap(txMachine *the)
{
    for (txSlot *block = the->firstHeap; block != NULL; block = block->next)
        for (txSlot *s = block + 1; s < block->value.reference; s++) {
            fix_slot(s);
            if (s->kind == XS_INSTANCE_KIND && cs_is_exotic(s, XS_GLOBAL_KIND))
                fill_global_table(s);
        }
    for (txSlot *s = the->stack; s < the->stackTop; s++)
        fix_slot(s);
}

/* XS counts an object as frozen only if its internal slots are flagged like its properties, which
 * nothing ever does, so every function would get a number. These flags mean nothing on the slots
 * that make a function. */
static void settle_functions(txMachine *the)
{
    for (txSlot *block = the->firstHeap; block != NULL; block = block->next)
        for (txSlot *s = block + 1; s < block->value.reference; s++) {
            if (s->kind != XS_INSTANCE_KIND || !cs_is_hardened(s) || !mxIsFunction(s))
                continue;
            mxFunctionInstanceCode(s)->flag |= XS_DONT_SET_FLAG | XS_DONT_DELETE_FLAG;
            mxFunctionInstanceHome(s)->flag |= XS_DONT_SET_FLAG | XS_DONT_DELETE_FLAG;
        }
}

/* The first object that may be copied gets number 0, which XS takes for "not numbered", so a clone
 * would write to it in place. It must be one that no JavaScript can reach: the first ones that XS
 * makes are its own. */
static bool first_copied_is_internal(txMachine *the)
{
    for (const txSlot *block = the->firstHeap; block != NULL; block = block->next)
        for (const txSlot *s = block + 1; s < block->value.reference; s++)
            if (s->kind == XS_INSTANCE_KIND && s->ID == XS_NO_ID &&
                (s->flag & XS_DONT_PATCH_FLAG) == 0)
                return cs_is_exotic(s, XS_PROGRAM_KIND) || s == mxUnhandledPromises.value.reference;
    return false;
}

void cs_base_share(cs_heap *base)
{
    txMachine *the = base->the;
    cs_heap *before = cs_xs_set_owner(base);
    settle_functions(the);
    fxBeginHost(the); /* never ended: clones read the stack from its top */
    fxShareMachine(the);
    cs_assert(first_copied_is_internal(the));
    fix_heap(the);
    (void)cs_xs_set_owner(before);
    cs_region_protect(&base->region);
    cs_region_protect(&base->base_slots);
}
