#include "devices/devices.h"

const cs_builtin_device cs_builtin_devices[CS_BUILTIN_DEVICES] = {
    { "bundle", &cs_device_bundle },
    { "vatAdmin", &cs_device_vat_admin },
};

bool cs_device_is_builtin(cs_bytes name)
{
    for (size_t i = 0; i < CS_BUILTIN_DEVICES; i++)
        if (cs_bytes_equal(cs_bytes_of(cs_builtin_devices[i].name), name))
            return true;
    return false;
}

cs_status cs_devices_add(cs_kernel *k, cs_error *err)
{
    cs_status st = CS_OK;
    for (size_t i = 0; i < CS_BUILTIN_DEVICES && st == CS_OK; i++)
        st = cs_kernel_add_device(k, cs_bytes_of(cs_builtin_devices[i].name),
                                  cs_builtin_devices[i].ops, NULL, err);
    return st;
}
