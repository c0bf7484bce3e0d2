/* How many seeds: the test of every day. */
#include "rig.h"

const unsigned rig_runs = 300;
