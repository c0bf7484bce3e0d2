/* The built-in modules say what the published packages say: tests/fixtures/endo/expected.txt is the
 * output of the same source under Node. */
#include "module_util.h"

#include "host/resolve.h"
#include "marshal/marshal.h"

#include <stdio.h>

/* Line by line, so that a failure shows one line and not three hundred. */
static void compare(const char *ours, const char *theirs)
{
    char a[4096], b[4096];
    while (*ours != 0 || *theirs != 0) {
        size_t n = strcspn(ours, "\n"), m = strcspn(theirs, "\n");
        (void)snprintf(a, sizeof a, "%.*s", (int)n, ours);
        (void)snprintf(b, sizeof b, "%.*s", (int)m, theirs);
        assert_string_equal(a, b);
        ours += n + (ours[n] != 0);
        theirs += m + (theirs[m] != 0);
    }
}

static void as_published(void **state)
{
    (void)state;
    static const cs_native *const natives[] = { cs_marshal_natives, NULL };
    cs_source source = { 0 };
    cs_error err = { 0 };
    t_use_natives(natives);
    if (cs_tree_bundle(t_source_path("tests/fixtures/endo/vat.js"), &source, &err) != CS_OK)
        fail_msg("%s", err.text);
    char *expected = t_read_file(t_source_path("tests/fixtures/endo/expected.txt"), NULL);
    compare(t_run_bundle(cs_buf_bytes(&source.bundle), NULL), expected);
    free(expected);
    cs_source_fini(&source);
}

T_MAIN(T(as_published))
