#include "kernel/meter.h"

#include "base/limits.h"
#include "kernel/crank.h"

#include <stdio.h>
#include <string.h>

static const cs_vatid own = { 0 };

static cs_bytes key_of(uint64_t id, char text[static 40])
{
    (void)snprintf(text, 40, "meter.m%llu", (unsigned long long)id);
    return cs_bytes_of(text);
}

/* Takes a number and what follows it off; false: it is none, or too large. */
static bool eat_number(cs_bytes *at, uint64_t *ret)
{
    size_t i = 0;
    uint64_t n = 0;
    for (; i < at->size && at->data[i] >= '0' && at->data[i] <= '9' && n <= INT64_MAX / 10; i++)
        n = n * 10 + (uint64_t)(at->data[i] - '0');
    at->data += i;
    at->size -= i;
    *ret = n;
    return i > 0 && n <= INT64_MAX;
}

static bool parse(cs_bytes at, cs_meter *ret)
{
    static const char unlimited[] = "unlimited";
    *ret = (cs_meter){ .unlimited = cs_bytes_start_with(at, unlimited) };
    if (ret->unlimited) {
        at.data += sizeof unlimited - 1;
        at.size -= sizeof unlimited - 1;
    } else if (!eat_number(&at, &ret->remaining)) {
        return false;
    }
    if (!cs_bytes_start_with(at, " "))
        return false;
    at.data++;
    at.size--;
    return eat_number(&at, &ret->threshold) && at.size == 0;
}

bool cs_meter_find(cs_kernel *k, uint64_t id, cs_meter *ret)
{
    char key[40];
    const cs_blob *value = cs_kv_find(k->store, own, key_of(id, key));
    if (value != NULL && !parse(cs_blob_bytes(value), ret)) {
        cs_crank_fault(k, "%s: is malformed", key);
        *ret = (cs_meter){ 0 };
    }
    return value != NULL;
}

static void set(cs_kernel *k, uint64_t id, const cs_meter *m)
{
    char key[40], text[80];
    if (m->unlimited)
        (void)snprintf(text, sizeof text, "unlimited %llu", (unsigned long long)m->threshold);
    else
        (void)snprintf(text, sizeof text, "%llu %llu", (unsigned long long)m->remaining,
                       (unsigned long long)m->threshold);
    cs_kv_set(k->store, own, key_of(id, key), cs_blob_new(cs_bytes_of(text)));
}

void cs_meter_change(cs_kernel *k, uint64_t id, const cs_meter *m)
{
    set(k, id, m);
    if (m->unlimited || m->remaining > 0)
        cs_meter_resume_vats(k, id);
}

uint64_t cs_meter_new(cs_kernel *k, const cs_meter *m)
{
    char text[40];
    uint64_t next = 1;
    const cs_bytes counter = CS_BYTES("meters.next");
    const cs_blob *value = cs_kv_find(k->store, own, counter);
    cs_bytes at = cs_blob_bytes(value);
    if (value != NULL && (!eat_number(&at, &next) || at.size > 0))
        cs_crank_fault(k, "meters.next: is malformed");
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)next + 1);
    cs_kv_set(k->store, own, counter, cs_blob_new(cs_bytes_of(text)));
    set(k, next, m);
    return next;
}

cs_blob *cs_meter_after(cs_store *s, cs_bytes at)
{
    cs_blob *key = cs_kv_after(s, own, at.size > 0 ? at : CS_BYTES("meter.m"));
    if (key != NULL && !cs_bytes_start_with(cs_blob_bytes(key), "meter.m"))
        key = cs_blob_unref(key);
    return key;
}

/* ---- the limit of one delivery ---- */

#define DELIVERY_KEY CS_BYTES("delivery.computrons")

bool cs_delivery_max_check(uint64_t max)
{
    return max >= CS_COMPUTRONS_MIN && max <= CS_COMPUTRONS_MAX;
}

uint64_t cs_delivery_max(cs_store *s)
{
    uint64_t max;
    const cs_blob *value = cs_kv_find(s, own, DELIVERY_KEY);
    if (value == NULL)
        return CS_COMPUTRONS_MAX;
    cs_bytes at = cs_blob_bytes(value);
    return eat_number(&at, &max) && at.size == 0 && cs_delivery_max_check(max) ? max
                                                                               : CS_COMPUTRONS_MAX;
}

void cs_delivery_set_max(cs_kernel *k, uint64_t max)
{
    char text[24];
    cs_assert(cs_delivery_max_check(max));
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)max);
    cs_kv_set(k->store, own, DELIVERY_KEY, cs_blob_new(cs_bytes_of(text)));
}

/* ---- charging ---- */

static bool is_metered(const cs_kernel *k)
{
    cs_delivery_kind kind = k->crank.delivery.kind;
    return k->crank.options.meter != 0 && (kind == CS_DELIVER_START_VAT ||
                                           kind == CS_DELIVER_MESSAGE || kind == CS_DELIVER_NOTIFY);
}

/* A worker that stopped it at the limit of a delivery cannot say how much it was then; but it was more than
 * that limit. */
bool cs_meter_underflows(cs_kernel *k, const cs_reply *reply)
{
    cs_meter m;
    if (!is_metered(k) || !cs_meter_find(k, k->crank.options.meter, &m) || m.unlimited)
        return false;
    return reply->computrons > m.remaining ||
           (reply->status == CS_E_METER && m.remaining < cs_delivery_max(k->store));
}

void cs_meter_charge(cs_kernel *k, const cs_reply *reply, bool underflow)
{
    cs_meter m;
    const uint64_t id = k->crank.options.meter;
    if (!is_metered(k) || !cs_meter_find(k, id, &m) || m.unlimited)
        return;
    const uint64_t before = m.remaining;
    m.remaining = underflow || reply->computrons > before ? 0 : before - reply->computrons;
    set(k, id, &m);
    if (before >= m.threshold && m.remaining < m.threshold)
        cs_devices_tell_meter(k, id, m.remaining);
}
