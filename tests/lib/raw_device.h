/* A device for scripts. Its state is what it was told last, in rows.
 *
 *     echo(REF...)     gives back what it is given
 *     node(REF...)     gives node 7; what it is given is ignored
 *     where(REF...)    gives the number of the node that is called, as "node7"
 *     send(REF)        sends it a message hello(node)
 *     keep(REF)        remembers and holds it
 *     kept()           gives what it keeps
 *     fail()           throws "device says no"                                              */
#pragma once
#include "kernel/device.h"

extern const cs_device_ops raw_device_ops;
