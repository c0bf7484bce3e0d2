/* Packages as npm lays them out: which package.json belongs to a file, and what a package says under
 * `exports`, `imports` and `main`. The rules are Node's for ES modules (PACKAGE_RESOLVE and its kin),
 * with the conditions "endo", "import" (or "require") and "default". */
#pragma once
#include "base/bytes.h"

#include <jansson.h>

typedef struct cs_package {
    char *folder; /* absolute, without a slash at its end */
    json_t *json; /* an object */
} cs_package;

/* What was read, so that nothing is read twice. All zero is empty. */
typedef struct cs_packages {
    cs_package **items; /* also of folders without a package.json: json is NULL */
    size_t count;
} cs_packages;

void cs_packages_fini(cs_packages *p);

/* The package.json of that folder: *ret NULL if there is none. Borrowed. CONFIG: it is no JSON
 * object. */
CS_MUST_USE cs_status cs_package_at(cs_packages *p, const char *folder, const cs_package **ret,
                                    cs_error *err);
/* The package that a file belongs to: the nearest package.json upwards, though never that of a
 * node_modules folder itself. */
CS_MUST_USE cs_status cs_package_of(cs_packages *p, const char *file, const cs_package **ret,
                                    cs_error *err);

/* "@scope/name/sub/path" -> "@scope/name" and "./sub/path" (or "."). False: no such name can be. Both
 * are given. */
bool cs_package_split(const char *specifier, char **ret_name, char **ret_subpath);

/* `exports` (of "." or "./sub/path") or `imports` (of "#name"): the target, "./file" or for imports
 * also a bare specifier; NULL: not listed, or listed as null. Given. */
char *cs_package_target(const json_t *map, const char *key, bool is_require);
/* The entry of a package without exports: `module`, else `main`; "" if it says neither. */
const char *cs_package_main(const cs_package *p, bool is_require);
/* `type`: "module", "commonjs" or "". */
const char *cs_package_type(const cs_package *p);
