#include "raw_device.h"

#include <stdio.h>

#define NAME CS_BYTES("echo")

static void give_one(cs_kernel *k, cs_kref ref, cs_device_answer *ret)
{
    const cs_bytes slot = cs_device_lend(k, (cs_bytes){ (const uint8_t *)&ref, sizeof ref });
    ret->data = (cs_kcapdata){ CS_BYTES("#\"$0\""), (const cs_kref *)(const void *)slot.data, 1 };
}

static void send(cs_kernel *k, uint64_t node, const cs_kcapdata *args)
{
    const cs_kref self = cs_device_node(k, NAME, node);
    const cs_kcapdata hello = { CS_BYTES("#[\"hello\",[\"$0\"]]"), &self, 1 };
    if (args->slot_count > 0)
        cs_device_send(k, args->slots[0], &hello);
}

static void keep(cs_kernel *k, const cs_kcapdata *args)
{
    char text[CS_REF_TEXT_MAX];
    if (args->slot_count == 0) {
        cs_device_set(k, NAME, CS_BYTES("kept"), NULL);
        return;
    }
    cs_device_hold(k, args->slots[0]);
    cs_device_set(k, NAME, CS_BYTES("kept"),
                  cs_blob_new(cs_bytes_of(cs_kref_text(args->slots[0], text))));
}

static void give_kept(cs_kernel *k, cs_device_answer *ret)
{
    cs_kref kept;
    const cs_blob *text = cs_device_get(k, NAME, CS_BYTES("kept"));
    if (text == NULL || cs_kref_parse(cs_blob_bytes(text), &kept) != CS_OK)
        cs_device_throw(k, ret, "keeps nothing");
    else
        give_one(k, kept, ret);
}

static void call(void *ctx, cs_kernel *k, uint64_t node, cs_bytes method, const cs_kcapdata *args,
                 cs_device_answer *ret)
{
    char where[40];
    (void)ctx;
    if (cs_bytes_equal(method, CS_BYTES("echo"))) {
        ret->data = *args;
    } else if (cs_bytes_equal(method, CS_BYTES("node"))) {
        give_one(k, cs_device_node(k, NAME, 7), ret);
    } else if (cs_bytes_equal(method, CS_BYTES("where"))) {
        (void)snprintf(where, sizeof where, "#\"node%u\"", (unsigned)node);
        ret->data.body = cs_device_lend(k, cs_bytes_of(where));
    } else if (cs_bytes_equal(method, CS_BYTES("send"))) {
        send(k, node, args);
    } else if (cs_bytes_equal(method, CS_BYTES("keep"))) {
        keep(k, args);
    } else if (cs_bytes_equal(method, CS_BYTES("kept"))) {
        give_kept(k, ret);
    } else {
        cs_device_throw(k, ret, "device says no");
    }
}

const cs_device_ops raw_device_ops = { .call = call };
