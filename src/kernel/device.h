/* Devices (S19): what vats call synchronously, in C. A device has a name, under which the host
 * registers it at each start, and nodes, which are what vats hold and call: node 0 is its root, the
 * others it numbers itself.
 *
 *   D1  A node's kref (kd30, ...) is given out when the node is first named and never again; the
 *       kernel's own keys "device.node.kd30" = "NAME/0" and "device.kref.NAME/0" = "kd30" say so.
 *   D2  Nodes are imports of vats only, are never dropped, and have no counts: a device is there for good.
 *   D3  A call runs inside the vat's crank. All that it does to rows is undone with the crank, so what a
 *       device knows is in rows (cs_device_set()), and what it tells the world waits for the commit.
 *   D4  An object that a device keeps beyond the call it holds with cs_device_hold(). */
#pragma once
#include "kernel/kernel.h"

typedef struct cs_device_answer {
    bool failed;      /* data.body is why, as text without slots; thrown in the vat */
    cs_kcapdata data; /* memory that lives as long as the crank: cs_device_lend() */
} cs_device_answer;

typedef struct cs_device_ops {
    /* `args` is CapData of an array. Slots are objects and device nodes, never promises. */
    void (*call)(void *ctx, cs_kernel *k, uint64_t node, cs_bytes method, const cs_kcapdata *args,
                 cs_device_answer *ret);
    /* What happens to vats, in the crank that is under way; any may be NULL. Started: `root` is none, and
     * `problem` says why, if it could not be; only of vats that a device made. */
    void (*vat_started)(void *ctx, cs_kernel *k, cs_vatid vat, cs_kref root, const char *problem);
    void (*vat_ended)(void *ctx, cs_kernel *k, cs_vatid vat, bool failed, const cs_kcapdata *info);
    void (*bundle_installed)(void *ctx, cs_kernel *k, cs_bytes id);
    /* A meter has fallen below its threshold. */
    void (*meter_low)(void *ctx, cs_kernel *k, uint64_t meter, uint64_t remaining);
} cs_device_ops;

/* Registers a device with this kernel; the first time ever that gives it its root. Borrows ops, ctx
 * and nothing else. BUSY: it is registered already. USAGE: malformed name (as of vats). */
CS_MUST_USE cs_status cs_kernel_add_device(cs_kernel *k, cs_bytes name, const cs_device_ops *ops,
                                           void *ctx, cs_error *err);
/* The root node of a device that was ever registered. NOT_FOUND. */
cs_status cs_kernel_device_named(cs_kernel *k, cs_bytes name, cs_kref *ret);
/* The device and node of a kref; the name is borrowed until the next change. NOT_FOUND, CORRUPT. */
cs_status cs_device_of(cs_kernel *k, cs_kref node, cs_bytes *ret_name, uint64_t *ret_node);

/* ---- for devices, during a call ---- */

/* Gives the node its kref if it has none yet. */
cs_kref cs_device_node(cs_kernel *k, cs_bytes name, uint64_t node);
/* A message without an answer, to an object that the device holds, or was given by this call. */
void cs_device_send(cs_kernel *k, cs_kref target, const cs_kcapdata *methargs);
void cs_device_hold(cs_kernel *k, cs_kref object); /* for ever; again is fine */
/* State: bytes under keys of the device's own. NULL: none; a NULL value forgets. */
cs_blob *cs_device_get(cs_kernel *k, cs_bytes name, cs_bytes key); /* borrowed */
void cs_device_set(cs_kernel *k, cs_bytes name, cs_bytes key, cs_blob *take_value);
/* Queues the making of a vat, and gives it its id, which is spent even if nothing comes of it. The
 * options are checked, the name is one or empty. */
cs_vatid cs_device_create_vat(cs_kernel *k, cs_bytes bundle_id, cs_bytes name,
                              const cs_vat_options *options, const cs_kcapdata *parameters);
/* Ends a live vat when the crank has ended well. `reason`: memory that lives as long as the crank. */
void cs_device_end_vat(cs_kernel *k, cs_vatid vat, const cs_kcapdata *reason);
/* Of a live vat. False: it is not. */
bool cs_device_vat_options(cs_kernel *k, cs_vatid vat, cs_vat_options *ret);
void cs_device_set_vat_options(cs_kernel *k, cs_vatid vat, const cs_vat_options *options);
/* The root object of a live static vat; none: there is no such vat. */
cs_kref cs_device_root_of(cs_kernel *k, cs_bytes vat_name);
/* Copies that live as long as the crank. */
cs_bytes cs_device_lend(cs_kernel *k, cs_bytes bytes);
void cs_device_throw(cs_kernel *k, cs_device_answer *ret, const char *format, ...) CS_PRINTF(3, 4);
