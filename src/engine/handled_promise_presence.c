/* Presences: objects that stand for something elsewhere. The heap's owner makes them with a handle, or
 * JavaScript with a handler (resolveWithPresence). Their slots: handled_promise_int.h. */
#include "engine/handled_promise_int.h"

_Static_assert(sizeof(void *) == sizeof(uint64_t), "a HOST slot carries a handle");

/* TextDecoder's instances begin with a HOST slot too, without DONT_ENUM. */
enum { PRESENCE_FLAGS = XS_INTERNAL_FLAG | XS_DONT_ENUM_FLAG, RETIRED_FLAG = XS_DONT_SET_FLAG };

cs_slot *cs_hp_presence(const cs_slot *instance)
{
    cs_slot *s = instance->next;
    if (cs_is_exotic(instance, XS_PROXY_KIND))
        s = s->next;
    bool is = s != NULL && s->kind == XS_HOST_KIND && (s->flag & PRESENCE_FLAGS) == PRESENCE_FLAGS;
    return is ? s : NULL;
}

uint64_t cs_hp_handle_of(const cs_slot *host)
{
    return (uint64_t)(uintptr_t)host->value.host.data;
}

void cs_hp_set_host(cs_slot *slot, uint64_t handle)
{
    slot->kind = XS_HOST_KIND;
    slot->value.host.data = (void *)(uintptr_t)handle;
    slot->value.host.variant.destructor = NULL;
}

static cs_slot *insert_host(cs_machine *the, cs_slot *after, uint64_t handle)
{
    cs_slot *s = fxNewSlot(the);
    s->flag = PRESENCE_FLAGS;
    cs_hp_set_host(s, handle);
    s->next = after->next;
    return after->next = s;
}

static cs_slot *insert_reference(cs_machine *the, cs_slot *after, cs_slot *instance)
{
    cs_slot *s = fxNewSlot(the);
    s->flag = XS_INTERNAL_FLAG;
    s->kind = XS_REFERENCE_KIND;
    s->value.reference = instance;
    s->next = after->next;
    return after->next = s;
}

void cs_presence_push(cs_machine *the, uint64_t handle, cs_slot *proto)
{
    cs_assert(handle != 0);
    mxPushSlot(proto != NULL ? proto : &mxObjectPrototype);
    cs_slot *instance = fxNewObjectInstance(the);
    (void)insert_host(the, instance, handle);
    instance->flag |= XS_DONT_PATCH_FLAG | XS_DONT_MARSHALL_FLAG;
}

uint64_t cs_presence_handle(const cs_slot *instance)
{
    const cs_slot *host = cs_hp_presence(instance);
    return host != NULL ? cs_hp_handle_of(host) : 0;
}

bool cs_presence_may_return(const cs_slot *instance)
{
    const cs_slot *host = cs_hp_presence(instance);
    return host != NULL && (host->flag & RETIRED_FLAG) == 0 && cs_hp_handle_of(host) != 0;
}

void cs_presence_retire(cs_slot *instance)
{
    cs_slot *host = cs_hp_presence(instance);
    cs_assert(host != NULL);
    host->flag |= RETIRED_FLAG;
}

void cs_hp_become_presence(cs_machine *the, cs_slot *after, cs_slot *promise, cs_slot *handler)
{
    cs_slot *host = insert_host(the, after, 0);
    (void)insert_reference(the, insert_reference(the, host, promise), handler);
}

static cs_slot *reference_behind(const cs_slot *s)
{
    cs_slot *r = s->next;
    bool is = r != NULL && (r->flag & XS_INTERNAL_FLAG) != 0 && r->kind == XS_REFERENCE_KIND;
    return is ? r : NULL;
}

cs_slot *cs_hp_presence_promise(const cs_slot *host)
{
    const cs_slot *r = reference_behind(host);
    return r != NULL ? r->value.reference : NULL;
}

cs_slot *cs_hp_presence_handler(const cs_slot *host)
{
    const cs_slot *r = cs_hp_handle_of(host) == 0 ? reference_behind(host->next) : NULL;
    return r != NULL ? r->value.reference : NULL;
}

/* The promise of a native presence: made when first asked for, then always the same. */
void cs_hp_push_promise_of_native(cs_machine *the, cs_slot *presence, cs_slot *host)
{
    cs_promise_push(the, 0);
    cs_slot *promise = the->stack->value.reference;
    cs_promise_resolve(the, promise, presence);
    if (!cs_is_of_base(the, presence->value.reference))
        (void)insert_reference(the, host, promise);
}
