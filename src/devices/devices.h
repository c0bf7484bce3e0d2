/* The built-in devices (C4): what they are asked, and what they answer, is in docs/kernel.md. */
#pragma once
#include "kernel/device.h"

extern const cs_device_ops cs_device_bundle, cs_device_vat_admin;

/* A bundlecap of device "bundle"; or throws that there is no such bundle. */
void cs_bundle_cap_answer(cs_kernel *k, cs_bytes id, cs_device_answer *ret);

/* All of them, by the reference's names, in the order of these. */
enum { CS_BUILTIN_DEVICES = 2 };
typedef struct cs_builtin_device {
    const char *name;
    const cs_device_ops *ops;
} cs_builtin_device;
extern const cs_builtin_device cs_builtin_devices[CS_BUILTIN_DEVICES];
bool cs_device_is_builtin(cs_bytes name);
/* Registers them. */
CS_MUST_USE cs_status cs_devices_add(cs_kernel *k, cs_error *err);
