/* Arguments of device calls, bodies of any bytes: no arguments, or each of them and of their parts can be
 * asked for all that it may be; and a part as CapData of its own opens, mentions each of its slots, and is
 * not changed by being picked once more. */
#include "base/ref.h"
#include "devices/args.h"
#include "kernel/state.h"
#include "wire/smallcaps.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { SLOTS = 3 };

static cs_kernel *k; /* only its memory of a crank is needed */

static void make_kernel(void)
{
    cs_error err;
    cs_store *store = NULL;
    cs_assert(cs_store_open(NULL, &(cs_store_options){ .create = true }, &store, &err) == CS_OK);
    cs_assert(cs_kernel_new(store, NULL, NULL, &k, &err) == CS_OK);
}

static cs_kcapdata pick_again(const cs_kcapdata *part)
{
    cs_kcapdata again;
    const char *body = (const char *)part->body.data + 1;
    json_t *value = json_loadb(body, part->body.size - 1, JSON_DECODE_ANY | JSON_ALLOW_NUL, NULL);
    cs_assert(value != NULL && cs_args_pick(k, value, part, &again));
    json_decref(value);
    return again;
}

static void check_part(const json_t *value, const cs_kcapdata *args)
{
    cs_bytes opened;
    cs_kcapdata part;
    if (!cs_args_pick(k, value, args, &part))
        return;
    cs_assert(part.slot_count <= args->slot_count && cs_sc_open_json(part.body, &opened));
    for (uint32_t i = 0; i < part.slot_count; i++)
        cs_assert(!cs_kref_none(part.slots[i]));
    const cs_kcapdata again = pick_again(&part);
    cs_assert(cs_bytes_equal(again.body, part.body) && again.slot_count == part.slot_count);
    for (uint32_t i = 0; i < part.slot_count; i++)
        cs_assert(cs_kref_same(again.slots[i], part.slots[i]));
}

static void check_value(const json_t *value, const cs_kcapdata *args)
{
    uint64_t n = 0;
    const char *text = cs_args_text(value);
    const cs_kref slot = cs_args_slot(value, args);
    cs_assert(text == NULL ||
              json_string_length(value) - strlen(text) <= 1); /* or a '!' before it */
    cs_assert(!cs_args_nat(value, &n) || n <= INT64_MAX);
    cs_assert(cs_kref_none(slot) || (text == NULL && !cs_args_is_undefined(value)));
    check_part(value, args);
}

static void walk(json_t *value, const cs_kcapdata *args, unsigned depth)
{
    size_t i;
    const char *key;
    json_t *part;
    check_value(value, args);
    if (depth == 0)
        return;
    json_array_foreach(value, i, part) walk(part, args, depth - 1);
    json_object_foreach(value, key, part) walk(part, args, depth - 1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    cs_kref slots[SLOTS];
    if (k == NULL)
        make_kernel();
    for (uint32_t i = 0; i < SLOTS; i++)
        slots[i] = cs_kref_of(CS_REF_OBJECT, 20 + i);
    const cs_kcapdata args = { { data, size }, slots, SLOTS };
    json_t *array = cs_args_parse(&args);
    cs_assert(array == NULL || json_is_array(array));
    if (array != NULL)
        walk(array, &args, 3); /* of each value all of its parts are copied: not at every depth */
    json_decref(array);
    cs_arena_clear(&k->crank.arena);
    return 0;
}
