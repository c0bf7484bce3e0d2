/* Rows that have a number in common: a list for each, through links that lie inside the rows, so that
 * a row comes and goes at the same cost however many there are. */
#pragma once
#include "base/map.h"

typedef struct cs_peer {
    struct cs_peer *next, *prev; /* prev NULL: the first, which the map knows */
} cs_peer;

/* `groups`: the first of each list by its number, which is not 0. */
void cs_group_add(cs_map *groups, uint64_t number, cs_peer *p);
void cs_group_remove(cs_map *groups, uint64_t number, cs_peer *p); /* must be there */
void cs_group_trim(cs_map *groups); /* gives room back if there is far too much */
