/* How many seeds: the slow test. */
#include "rig.h"

const unsigned rig_runs = 10000;
