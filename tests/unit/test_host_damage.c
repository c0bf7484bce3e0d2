/* Stores with a flipped byte, through the host API: opening or verify tells, or else nothing that can
 * be asked differs from the undamaged store. */
#include "t.h"

#include "base/bytes.h"
#include "capstan.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static const char boot_js[] =
    "import { E, Far } from '@endo/far';\n"
    "export const buildRootObject = () => { const kept = []; return Far('root', {\n"
    "  async bootstrap({ a }) {\n"
    "    for (let i = 0; i < 10; i += 1) kept.push(await E(a).make(i), E(a).never());\n"
    "    return kept[2];\n"
    "  } }); };\n";
static const char a_js[] =
    "import { Far } from '@endo/far';\n"
    "export const buildRootObject = () => Far('root', {\n"
    "  make: i => Far(`thing ${i}`, {}), never: () => new Promise(() => {}),\n"
    "});\n";

typedef struct store {
    char dir[400], path[440];
    char *file, *wal; /* the bytes of both */
    size_t file_size, wal_size;
} store;

/* What can be asked: tables, transcripts, the answer of bootstrap. */
typedef struct answers {
    capstan_code code; /* of opening and verify */
    cs_buf text;
    char hash[80];
} answers;

static bool add_line(void *ctx, const char *line)
{
    cs_buf_add_text(ctx, line);
    return true;
}

static void ask(const char *path, answers *ret)
{
    const capstan_options o = { .size = sizeof o, .store = path, .read_only = true };
    const char *text = "";
    capstan *c;
    capstan_capdata value = { 0 };
    capstan_promise state;
    cs_buf_clear(&ret->text);
    ret->hash[0] = 0;
    ret->code = capstan_open(&o, &c);
    if (ret->code == CAPSTAN_OK)
        ret->code = capstan_verify(c, NULL, NULL);
    if (ret->code == CAPSTAN_OK)
        ret->code = capstan_dump_json(c, &text);
    if (ret->code == CAPSTAN_OK) {
        cs_buf_add_text(&ret->text, text);
        ret->code = capstan_log(c, NULL, 0, add_line, &ret->text);
    }
    if (ret->code == CAPSTAN_OK)
        ret->code = capstan_bootstrap(c, &state, &value);
    if (ret->code == CAPSTAN_OK) {
        cs_buf_addf(&ret->text, "%d %s", (int)state, value.body);
        ret->code = capstan_activity_hash(c, &text);
        (void)snprintf(ret->hash, sizeof ret->hash, "%s", text);
    }
    capstan_close(c);
}

static const char *name(const store *s, const char *end)
{
    static char path[500];
    (void)snprintf(path, sizeof path, "%s%s", s->path, end);
    return path;
}

static capstan *start(store *s)
{
    capstan *c;
    (void)snprintf(s->dir, sizeof s->dir, "%s", t_tmpdir());
    (void)snprintf(s->path, sizeof s->path, "%s/bootstrap.js", s->dir);
    t_write_file(s->path, boot_js, sizeof boot_js - 1);
    (void)snprintf(s->path, sizeof s->path, "%s/vat-a.js", s->dir);
    t_write_file(s->path, a_js, sizeof a_js - 1);
    (void)snprintf(s->path, sizeof s->path, "%s/capstan.db", s->dir);
    const capstan_options o = { .size = sizeof o, .config = s->dir };
    if (capstan_open(&o, &c) != CAPSTAN_OK)
        fail_msg("%s", capstan_errmsg(c));
    return c;
}

static void write_flipped(const char *path, const char *bytes, size_t size, size_t at, uint8_t bit)
{
    char *copy = malloc(size);
    assert_non_null(copy);
    memcpy(copy, bytes, size);
    copy[at] = (char)(copy[at] ^ bit);
    t_write_file(path, copy, size);
    free(copy);
}

static const char *what_is_flipped_shows(tape *t, void *ctx)
{
    static answers whole, now;
    store *s = ctx;
    size_t at = (size_t)tape_below(t, s->file_size);
    t_write_file(s->path, s->file, s->file_size);
    if (whole.text.size == 0)
        ask(s->path, &whole);
    if (whole.code != CAPSTAN_OK)
        return "the undamaged store is not well";
    write_flipped(s->path, s->file, s->file_size, at, (uint8_t)(1u << tape_below(t, 8)));
    ask(s->path, &now);
    if (now.code != CAPSTAN_OK)
        return NULL;
    return cs_bytes_equal(cs_buf_bytes(&now.text), cs_buf_bytes(&whole.text))
               ? NULL
               : "other answers, and nobody noticed";
}

static void a_flipped_byte_is_noticed(void **state)
{
    static store s;
    (void)state;
    capstan *c = start(&s);
    assert_int_equal(capstan_run(c, NULL, NULL), CAPSTAN_OK);
    capstan_close(c);
    s.file = t_read_file(s.path, &s.file_size);
    t_property(what_is_flipped_shows, &s, 200);
    free(s.file);
}

/* ---- the log ---- */

enum { STATES_MAX = 64 };
static char states[STATES_MAX][80];
static size_t state_count;

/* The log is taken up to its first bad frame: an older state, but one that was. */
static const char *what_is_left_was_once(tape *t, void *ctx)
{
    static answers now;
    store *s = ctx;
    size_t at = (size_t)tape_below(t, s->wal_size);
    t_write_file(s->path, s->file, s->file_size);
    (void)unlink(name(s, "-shm"));
    write_flipped(name(s, "-wal"), s->wal, s->wal_size, at, (uint8_t)(1u << tape_below(t, 8)));
    ask(s->path, &now);
    if (now.code != CAPSTAN_OK)
        return NULL;
    for (size_t i = 0; i < state_count; i++)
        if (strcmp(states[i], now.hash) == 0)
            return NULL;
    return "a state that never was";
}

static void a_damaged_log_loses_whole_blocks(void **state)
{
    static store s;
    const capstan_policy slice = { .cranks_max = 5 };
    capstan_run_figures figures = { 0 };
    (void)state;
    capstan *c = start(&s);
    while (!figures.quiet && state_count < STATES_MAX) {
        const char *hash;
        assert_int_equal(capstan_activity_hash(c, &hash), CAPSTAN_OK);
        (void)snprintf(states[state_count++], sizeof states[0], "%s", hash);
        assert_int_equal(capstan_run(c, &slice, &figures), CAPSTAN_OK);
    }
    assert_true(figures.quiet && state_count > 10);
    s.file = t_read_file(s.path, &s.file_size);
    s.wal = t_read_file(name(&s, "-wal"), &s.wal_size);
    assert_true(s.wal_size > 10000);
    capstan_close(c);
    t_property(what_is_left_was_once, &s, 200);
    free(s.file);
    free(s.wal);
}

T_MAIN(T(a_flipped_byte_is_noticed), T(a_damaged_log_loses_whole_blocks))
