/* Vats that wait for their meter to be filled (meter.h). */
#include "kernel/meter.h"

#include "kernel/change.h"
#include "kernel/queue.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cs_vatid own = { 0 };
#define SUSPENDED "vat.suspended."
#define HELD "vat.held."

static cs_bytes suspended_key(cs_vatid vat, char text[static 40])
{
    (void)snprintf(text, 40, SUSPENDED "v%u", (unsigned)vat.n);
    return cs_bytes_of(text);
}

static cs_bytes held_key(cs_vatid vat, uint64_t seq, char text[static 60])
{
    (void)snprintf(text, 60, HELD "v%u.%016llx", (unsigned)vat.n, (unsigned long long)seq);
    return cs_bytes_of(text);
}

/* How many events the vat holds; -1: it is not suspended. */
static int64_t held_count(cs_kernel *k, cs_vatid vat)
{
    char key[40], text[24] = "";
    const cs_blob *value = cs_kv_find(k->store, own, suspended_key(vat, key));
    if (value == NULL)
        return -1;
    if (value->size < sizeof text)
        memcpy(text, value->data, value->size);
    return strtoll(text, NULL, 10);
}

static void set_held_count(cs_kernel *k, cs_vatid vat, int64_t count)
{
    char key[40], text[24];
    (void)snprintf(text, sizeof text, "%lld", (long long)count);
    cs_kv_set(k->store, own, suspended_key(vat, key), cs_blob_new(cs_bytes_of(text)));
}

bool cs_vat_is_suspended(cs_store *s, cs_vatid vat)
{
    char key[40];
    return cs_kv_find(s, own, suspended_key(vat, key)) != NULL;
}

void cs_vat_suspend(cs_kernel *k, cs_vatid vat)
{
    set_held_count(k, vat, 0);
    cs_crank_say(k, "v%u: suspended: its meter m%llu has run out", (unsigned)vat.n,
                 (unsigned long long)k->crank.options.meter);
}

bool cs_vat_holds(cs_kernel *k, cs_vatid vat)
{
    char key[60];
    int64_t count = cs_need_options(k, vat).suspend_on_underflow ? held_count(k, vat) : -1;
    if (count < 0)
        return false;
    cs_kv_set(k->store, own, held_key(vat, (uint64_t)count, key), cs_blob_ref(k->crank.item));
    set_held_count(k, vat, count + 1);
    return true;
}

/* The run queue's numbers begin far from 0, so there is room in front. */
void cs_vat_resume(cs_kernel *k, cs_vatid vat)
{
    char key[60];
    cs_queue_ends *run = &k->crank.meta->run;
    int64_t count = held_count(k, vat);
    if (count < 0)
        return;
    for (int64_t seq = count; seq-- > 0;) {
        cs_blob *item = cs_blob_ref(cs_kv_find(k->store, own, held_key(vat, (uint64_t)seq, key)));
        if (item == NULL || run->first == 0) {
            cs_crank_fault(k, "%s: is missing, or has nowhere to go", key);
            (void)cs_blob_unref(item);
            return;
        }
        cs_kv_delete(k->store, own, cs_bytes_of(key));
        cs_queue_add(k->store, CS_QUEUE_RUN, --run->first, item);
    }
    cs_kv_delete(k->store, own, suspended_key(vat, key));
}

/* In the order of the vats' ids as texts. Each puts its events in front, so the last comes first. */
void cs_meter_resume_vats(cs_kernel *k, uint64_t meter)
{
    cs_blob *key = cs_kv_after(k->store, own, CS_BYTES(SUSPENDED));
    while (key != NULL && cs_bytes_start_with(cs_blob_bytes(key), SUSPENDED)) {
        cs_vatid vat;
        const size_t head = sizeof SUSPENDED - 1;
        const cs_bytes name = { key->data + head, key->size - head };
        if (cs_vatid_parse(name, &vat) != CS_OK)
            cs_crank_fault(k, "a suspended vat has no id");
        else if (cs_need_options(k, vat).meter == meter)
            cs_vat_resume(k, vat);
        cs_blob *next = cs_kv_after(k->store, own, cs_blob_bytes(key));
        (void)cs_blob_unref(key);
        key = next;
    }
    (void)cs_blob_unref(key);
}

cs_blob *cs_held_after(cs_store *s, cs_bytes at)
{
    cs_blob *key = cs_kv_after(s, own, at.size > 0 ? at : CS_BYTES(HELD));
    if (key != NULL && !cs_bytes_start_with(cs_blob_bytes(key), HELD))
        key = cs_blob_unref(key);
    return key;
}

cs_status cs_kernel_resume(cs_kernel *k, cs_vatid vat)
{
    const cs_vat_row *row;
    cs_status st = cs_change_vat(k, vat, &row);
    if (st != CS_OK || !cs_vat_is_suspended(k->store, vat))
        return st;
    st = cs_change_begin(k, CS_CHANGE_RESUME, NULL);
    if (st != CS_OK)
        return st;
    cs_buf_add_varint(&k->crank.record, vat.n);
    cs_vat_resume(k, vat);
    return cs_crank_end_host(k, NULL);
}
