/* What a package.json says under `exports` and `imports`, any JSON: nothing, or a text; of exports one that
 * stays in the package. */
#include "base/alloc.h"
#include "base/bytes.h"
#include "base/status.h"
#include "host/package.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = { ".", "./a", "./a/b.js", "#a", "#a/b" };
    json_t *map = json_loadb((const char *)data, size, JSON_DECODE_ANY, NULL);
    for (size_t i = 0; map != NULL && i < 2 * sizeof keys / sizeof keys[0]; i++) {
        const char *key = keys[i / 2];
        char *found = cs_package_target(map, key, i % 2 == 0);
        cs_assert(found == NULL || key[0] == '#' || strncmp(found, "./", 2) == 0);
        cs_free(found);
    }
    json_decref(map);
    return 0;
}
