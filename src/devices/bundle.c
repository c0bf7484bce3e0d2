/* Device "bundle" (C4). Its root gives nodes for bundles, bundlecaps; each says which bundle it is.
 *
 *     root: getBundleCap(id), getNamedBundleCap(name) -> node        node: getBundleID() -> id
 *
 * State: "id.ID" = number of its node, "node.NUMBER" = ID, "next" = the number of the next one. */
#include "kernel/bundle.h"
#include "devices/args.h"
#include "devices/devices.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NAME CS_BYTES("bundle")

static uint64_t number_of(const cs_blob *value)
{
    char text[24] = "";
    if (value != NULL && value->size < sizeof text)
        memcpy(text, value->data, value->size);
    return strtoull(text, NULL, 10);
}

static void set_number(cs_kernel *k, cs_bytes key, uint64_t n)
{
    char text[24];
    (void)snprintf(text, sizeof text, "%llu", (unsigned long long)n);
    cs_device_set(k, NAME, key, cs_blob_new(cs_bytes_of(text)));
}

/* The number of the bundle's node, given out when it is first asked for; from 1 on. */
static uint64_t node_of(cs_kernel *k, cs_bytes id)
{
    char key[CS_BUNDLE_ID_MAX + 10], node_key[40];
    (void)snprintf(key, sizeof key, "id.%.*s", (int)id.size, (const char *)id.data);
    uint64_t n = number_of(cs_device_get(k, NAME, cs_bytes_of(key)));
    if (n != 0)
        return n;
    n = number_of(cs_device_get(k, NAME, CS_BYTES("next")));
    n = n == 0 ? 1 : n;
    (void)snprintf(node_key, sizeof node_key, "node.%llu", (unsigned long long)n);
    cs_device_set(k, NAME, cs_bytes_of(node_key), cs_blob_new(id));
    set_number(k, cs_bytes_of(key), n);
    set_number(k, CS_BYTES("next"), n + 1);
    return n;
}

void cs_bundle_cap_answer(cs_kernel *k, cs_bytes id, cs_device_answer *ret)
{
    cs_hash hash;
    if (cs_bundle_of_id(k, id, &hash) != CS_OK)
        cs_device_throw(k, ret, "bundleID not yet installed: %.*s", (int)id.size,
                        (const char *)id.data);
    else
        cs_answer_node(k, ret, cs_device_node(k, NAME, node_of(k, id)));
}

static void call_root(cs_kernel *k, cs_bytes method, const char *arg, cs_device_answer *ret)
{
    cs_bytes id = cs_bytes_of(arg);
    if (cs_bytes_equal(method, CS_BYTES("getBundleCap")))
        cs_bundle_cap_answer(k, id, ret);
    else if (!cs_bytes_equal(method, CS_BYTES("getNamedBundleCap")))
        cs_device_throw(k, ret, "device bundle has no method %.*s", (int)method.size,
                        (const char *)method.data);
    else if (cs_bundle_named(k, cs_bytes_of(arg), &id) != CS_OK)
        cs_device_throw(k, ret, "unregistered bundle name '%s'", arg);
    else
        cs_bundle_cap_answer(k, id, ret);
}

static void call_node(cs_kernel *k, uint64_t node, cs_bytes method, cs_device_answer *ret)
{
    char key[40], id[CS_BUNDLE_ID_MAX + 1];
    (void)snprintf(key, sizeof key, "node.%llu", (unsigned long long)node);
    const cs_blob *value = cs_device_get(k, NAME, cs_bytes_of(key));
    if (!cs_bytes_equal(method, CS_BYTES("getBundleID")) || value == NULL) {
        cs_device_throw(k, ret, "bundlecap has no method %.*s", (int)method.size,
                        (const char *)method.data);
        return;
    }
    (void)snprintf(id, sizeof id, "%.*s", (int)value->size, (const char *)value->data);
    cs_answer_text(k, ret, id);
}

static void call(void *ctx, cs_kernel *k, uint64_t node, cs_bytes method, const cs_kcapdata *args,
                 cs_device_answer *ret)
{
    (void)ctx;
    if (node != 0) {
        call_node(k, node, method, ret);
        return;
    }
    json_t *array = cs_args_parse(args);
    const char *arg = cs_args_text(json_array_get(array, 0));
    if (arg == NULL)
        cs_device_throw(k, ret, "a bundle is named by a string");
    else
        call_root(k, method, arg, ret);
    json_decref(array);
}

const cs_device_ops cs_device_bundle = { .call = call };
