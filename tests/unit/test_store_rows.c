/* The cache and its journal against a model: in memory, and with a file that is opened again. */
#include "fault_vfs.h"
#include "gc_action.h"
#include "store/file.h"
#include "store_model.h"

#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { MARKS_MAX = 3 };

typedef struct world {
    model now, kept, committed;
    model at_mark[MARKS_MAX];
    cs_mark mark[MARKS_MAX];
    size_t mark_count;
    cs_store *store;
    const char *path;  /* NULL: in memory */
    size_t weight_max; /* of the cache, so small that rows leave it */
} world;

static cs_store *open_store(const char *path)
{
    cs_store *s = NULL;
    cs_error err = { 0 };
    static const cs_store_options options = { .create = true };
    if (cs_store_open(path, &options, &s, &err) != CS_OK)
        fprintf(stderr, "# %s\n", err.text);
    return s;
}

static void keep(world *w)
{
    cs_store_keep(w->store);
    w->mark_count = 0;
}

static void undo(world *w, tape *t)
{
    size_t i = (size_t)tape_below(t, w->mark_count);
    cs_store_undo(w->store, w->mark[i]);
    w->now = w->at_mark[i];
    w->mark_count = i + 1; /* the mark itself stays good */
}

/* Counted again. */
static size_t weight(const cs_store *s)
{
    size_t sum = 0;
    for (cs_table_id table = 0; table < CS_TABLE_COUNT; table++) {
        cs_walk w = { .table = table };
        for (cs_row *r; (r = cs_walk_next(s, &w)) != NULL;)
            sum += r->state & CS_ROW_DIRTY ? 0 : cs_row_weight(r);
    }
    return sum;
}

static const char *commit(world *w)
{
    keep(w);
    if (weight(w->store) != w->store->weight)
        return "another weight";
    if (cs_store_commit(w->store, NULL) != CS_OK)
        return "commit failed";
    w->committed = w->now;
    return cs_store_is_dirty(w->store) ? "dirty after a commit" : NULL;
}

static const char *reopen(world *w)
{
    w->store = cs_store_close(w->store);
    w->store = open_store(w->path);
    w->mark_count = 0;
    w->now = w->committed;
    if (w->store == NULL)
        return "cannot be opened again";
    w->store->weight_max = w->weight_max;
    return NULL;
}

static const char *turn(world *w, tape *t)
{
    switch (tape_below(t, 16)) {
    case 10:
    case 11:
        if (w->mark_count < MARKS_MAX) {
            w->at_mark[w->mark_count] = w->now;
            w->mark[w->mark_count++] = cs_store_mark(w->store);
        }
        return NULL;
    case 12:
        if (w->mark_count > 0)
            undo(w, t);
        return NULL;
    case 13:
        keep(w);
        return NULL;
    case 14:
        return commit(w);
    case 15:
        return w->path != NULL && tape_chance(t, 40) ? reopen(w) : model_differs(&w->now, w->store);
    default:
        model_step(&w->now, w->store, t);
        return NULL;
    }
}

static const char *follows_the_model(tape *t, void *path)
{
    if (path != NULL)
        (void)unlink(path);
    world w = { .path = path, .store = open_store(path) };
    if (w.store == NULL)
        return "cannot be opened";
    w.weight_max = tape_chance(t, 50) ? (size_t)tape_below(t, 60) : w.store->weight_max;
    w.store->weight_max = w.weight_max;
    const char *why = NULL;
    for (size_t i = 0; i < 150 && why == NULL && !tape_ended(t); i++)
        why = turn(&w, t);
    if (why == NULL)
        why = model_differs(&w.now, w.store);
    if (why == NULL && weight(w.store) != w.store->weight)
        why = "another weight";
    cs_store_close(w.store);
    return why;
}

static void in_memory(void **state)
{
    (void)state;
    t_property(follows_the_model, NULL, 1500);
}

static int install(void **state)
{
    (void)state;
    static bool done;
    if (!done)
        fault_vfs_install(); /* also because its syncs take no time */
    done = true;
    return 0;
}

static void in_a_file(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    t_property(follows_the_model, path, 150);
}

/* A row that is made anew has nothing of the one that was there before. */
static void added_rows_are_zero(void **state)
{
    (void)state;
    cs_store *s = open_store(NULL);
    cs_kref k = cs_kref_of(CS_REF_PROMISE, 40);
    cs_promise_row *p = cs_promise_add(s, k);
    p->refs = 7;
    p->decider.n = 3;
    p->resolution = cs_blob_new(CS_BYTES("#1"));
    p->state = CS_FULFILLED;
    cs_promise_delete(s, k);
    assert_null(cs_promise_find(s, k));
    p = cs_promise_add(s, k);
    static const cs_promise_row zero;
    cs_promise_row want = zero;
    want.kref = k;
    assert_memory_equal(p, &want, sizeof want);
    p->state = CS_UNRESOLVED;
    cs_store_close(s);
}

static bool count_row(void *ctx, const cs_clist_row *row)
{
    (void)row;
    ++*(size_t *)ctx;
    return true;
}

static size_t holders(cs_store *s, cs_kref k)
{
    size_t count = 0;
    cs_store_each_holder(s, k, count_row, &count);
    return count;
}

/* What the file says about the old kref is not true any more, before the commit and after it. */
static void a_vref_gets_another_kref(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    cs_store *s = open_store(path);
    cs_vatid v1 = { 1 };
    cs_vref vref = cs_vref_of(CS_REF_OBJECT, true, 1);
    cs_kref old = cs_kref_of(CS_REF_OBJECT, 20), new = cs_kref_of(CS_REF_OBJECT, 21);
    (void)cs_clist_add(s, v1, vref, old);
    assert_ok(cs_store_commit(s, NULL));
    cs_clist_delete(s, v1, vref);
    (void)cs_clist_add(s, v1, vref, new);
    for (size_t round = 0; round < 3; round++) {
        assert_null(cs_clist_find_kref(s, v1, old));
        assert_true(cs_kref_same(cs_clist_find_kref(s, v1, new)->kref, new));
        assert_true(cs_kref_same(cs_clist_find_vref(s, v1, vref)->kref, new));
        assert_int_equal(holders(s, old), 0);
        assert_int_equal(holders(s, new), 1);
        assert_ok(cs_store_commit(s, NULL));
        if (round == 1) {
            cs_store_close(s);
            s = open_store(path);
        }
    }
    cs_store_close(s);
}

/* ---- objects that are gone ---- */

static void objects_that_are_gone_are_not_remembered(void **state)
{
    (void)state;
    const cs_kref gone = cs_kref_of(CS_REF_OBJECT, 20), kept = cs_kref_of(CS_REF_OBJECT, 21);
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    cs_store *s = open_store(path);
    (void)cs_object_add(s, gone);
    (void)cs_object_add(s, kept);
    assert_ok(cs_store_commit(s, NULL));
    cs_mark mark = cs_store_mark(s);
    cs_object_delete(s, gone);
    assert_null(cs_object_find(s, gone)); /* it is to be deleted from the file */
    cs_store_undo(s, mark);
    assert_non_null(cs_object_find(s, gone));
    cs_object_delete(s, gone);
    cs_store_keep(s);
    assert_ok(cs_store_commit(s, NULL));
    for (size_t i = 0; i < 2; i++) {
        assert_null(cs_object_find(s, gone));
        assert_non_null(cs_object_find(s, kept));
        assert_int_equal(s->tables[CS_TABLE_OBJECT].index.count, 1);
    }
    cs_store_close(s);
}

/* ---- GC actions ---- */

static bool first_is(cs_store *s, const char *name)
{
    char first[CS_GC_NAME_MAX];
    return strcmp(gc_first(s, first), name) == 0;
}

static size_t cached_actions(const cs_store *s)
{
    return s->tables[CS_TABLE_GC].index.count;
}

/* In memory too, where no row is ever swept. */
static void actions_leave_nothing_behind(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    for (size_t i = 0; i < 2; i++) {
        cs_store *s = open_store(i == 0 ? NULL : path);
        gc_add(s, "v1 dropExport ko20");
        cs_mark mark = cs_store_mark(s);
        gc_add(s, "v1 dropExport ko20");
        gc_add(s, "v1 dropExport ko2100");
        gc_delete(s, "v1 dropExport ko2100");
        gc_add(s, "v1 dropExport ko2");
        gc_add(s, "v1 dropExport ko1999");
        assert_true(first_is(s, "v1 dropExport ko1999"));
        cs_store_undo(s, mark);
        assert_int_equal(cached_actions(s), 1);
        cs_store_keep(s);
        gc_delete(s, "v1 dropExport ko21");
        assert_int_equal(cached_actions(s), 1);
        assert_ok(cs_store_commit(s, NULL));
        assert_true(first_is(s, "v1 dropExport ko20"));
        gc_delete(s, "v1 dropExport ko20");
        assert_true(first_is(s, ""));
        assert_ok(cs_store_commit(s, NULL));
        assert_int_equal(cached_actions(s), 0);
        cs_store_close(s);
    }
}

/* The set is read once; sweeping, which drops all other rows, must not drop what is not read again. */
static void actions_stay_in_the_cache(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    cs_store *s = open_store(path);
    s->weight_max = 0;
    gc_add(s, "v1 dropExport ko20");
    (void)cs_object_add(s, cs_kref_of(CS_REF_OBJECT, 20));
    for (size_t i = 0; i < 3; i++) {
        cs_meta_edit(s)->crank_number++;
        assert_ok(cs_store_commit(s, NULL));
        assert_int_equal(s->tables[CS_TABLE_OBJECT].index.count, 0);
        assert_int_equal(cached_actions(s), 1);
        assert_true(first_is(s, "v1 dropExport ko20"));
    }
    cs_store_close(s);
}

/* Whoever may only look sees them, and may try what he likes. */
static void actions_of_a_store_that_is_read_only(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    cs_store *s = open_store(path);
    gc_add(s, "v1 dropExport ko20");
    assert_ok(cs_store_commit(s, NULL));
    cs_store_close(s);
    assert_ok(cs_store_open(path, &(cs_store_options){ .read_only = true }, &s, NULL));
    assert_true(first_is(s, "v1 dropExport ko20"));
    gc_delete(s, "v1 dropExport ko20");
    gc_add(s, "v2 dropExport ko20");
    assert_true(first_is(s, "v2 dropExport ko20"));
    assert_int_equal(cs_store_commit(s, NULL), CS_E_READ_ONLY);
    cs_store_close(s);
    s = open_store(path);
    assert_true(first_is(s, "v1 dropExport ko20"));
    cs_store_close(s);
}

/* ---- many entries: each comes and goes at the same cost ---- */

/* Ten times what it takes with sanitizers on a slow machine, a tenth of what it would take if each
 * step looked at all the others. Processor's time, so that a busy machine does not matter. */
enum { SECONDS_MAX = 8 };

static void expect_quick(clock_t start)
{
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    if (seconds > SECONDS_MAX)
        fail_msg("%.1f s", seconds);
}

static void an_object_that_everybody_has(void **state)
{
    (void)state;
    enum { VATS = 200000 };
    cs_store *s = open_store(NULL);
    cs_kref k = cs_kref_of(CS_REF_OBJECT, 20);
    cs_vref vref = cs_vref_of(CS_REF_OBJECT, false, 50);
    clock_t start = clock();
    for (uint32_t i = 1; i <= VATS; i++)
        (void)cs_clist_add(s, (cs_vatid){ i }, vref, k);
    assert_int_equal(holders(s, k), VATS);
    for (uint32_t i = 1; i <= VATS; i++) {
        assert_non_null(cs_clist_find_kref(s, (cs_vatid){ i }, k));
        cs_clist_delete(s, (cs_vatid){ i }, vref);
    }
    assert_int_equal(holders(s, k), 0);
    expect_quick(start);
    cs_store_close(s);
}

/* As at the end of each of very many vats. */
static void the_entries_of_one_vat(void **state)
{
    (void)state;
    enum { VATS = 50000, ENTRIES = 4 };
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    for (size_t i = 0; i < 2; i++) {
        cs_store *s = open_store(i == 0 ? NULL : path);
        clock_t start = clock();
        for (uint32_t vat = 1; vat <= VATS; vat++)
            for (uint64_t k = 0; k < ENTRIES; k++)
                (void)cs_clist_add(s, (cs_vatid){ vat }, cs_vref_of(CS_REF_OBJECT, false, 50 + k),
                                   cs_kref_of(CS_REF_OBJECT, 20 + k));
        for (uint32_t vat = 1; vat <= VATS; vat++) {
            size_t count = 0;
            cs_store_each_clist(s, (cs_vatid){ vat }, count_row, &count);
            assert_int_equal(count, ENTRIES);
        }
        expect_quick(start);
        cs_store_close(s);
    }
}

/* ---- walks ---- */

typedef struct nest {
    cs_store *store;
    unsigned depth, count;
} nest;

static bool walk_within(void *ctx, const cs_clist_row *row)
{
    nest *n = ctx;
    cs_kref k = row->kref;
    n->count++;
    if (n->depth < 2) {
        n->depth++;
        cs_store_each_holder(n->store, k, walk_within, n);
        n->depth--;
    }
    return true;
}

/* Of the same kind, which share a statement. */
static void walks_within_walks(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    cs_store *s = open_store(path);
    cs_kref k = cs_kref_of(CS_REF_OBJECT, 20);
    for (uint32_t vat = 1; vat <= 3; vat++)
        (void)cs_clist_add(s, (cs_vatid){ vat }, cs_vref_of(CS_REF_OBJECT, false, 50), k);
    assert_ok(cs_store_commit(s, NULL));
    for (size_t i = 0; i < 2; i++) {
        nest n = { .store = s };
        cs_store_each_holder(s, k, walk_within, &n);
        assert_int_equal(n.count, 3 + 3 * 3 + 3 * 3 * 3);
    }
    cs_store_close(s);
}

/* ---- memory ---- */

enum { STORM = 100000 };

static void add_storm(cs_store *s)
{
    (void)cs_store_mark(s);
    for (uint64_t i = 0; i < STORM; i++) {
        (void)cs_object_add(s, cs_kref_of(CS_REF_OBJECT, i));
        (void)cs_clist_add(s, (cs_vatid){ 1 }, cs_vref_of(CS_REF_OBJECT, true, i),
                           cs_kref_of(CS_REF_OBJECT, i));
    }
    cs_store_keep(s);
    assert_ok(cs_store_commit(s, NULL));
}

static void delete_storm(cs_store *s)
{
    (void)cs_store_mark(s);
    for (uint64_t i = 0; i < STORM; i++) {
        if (i % 10000 == 5000)
            continue;
        cs_object_delete(s, cs_kref_of(CS_REF_OBJECT, i));
        cs_clist_delete(s, (cs_vatid){ 1 }, cs_vref_of(CS_REF_OBJECT, true, i));
    }
    cs_store_keep(s);
    assert_ok(cs_store_commit(s, NULL));
}

static void expect_small(const cs_store *s)
{
    for (cs_table_id table = 0; table < CS_TABLE_COUNT; table++) {
        const cs_table *t = &s->tables[table];
        assert_true(t->slab_count < 200 && t->index.cap <= 1 << 16);
        assert_true(t->dirty_cap * sizeof(cs_row *) <= CS_ARRAY_KEPT);
    }
    assert_true(s->clist_by_kref.cap <= 1 << 16 && s->clist_holders.cap <= 1 << 16);
    assert_true(s->journal.cap * sizeof *s->journal.entries <= CS_ARRAY_KEPT);
    assert_true(s->journal.copies.cap <= CS_ARRAY_KEPT);
    if (s->file != NULL)
        assert_true(s->file->edits.cap * sizeof *s->file->edits.items <= CS_ARRAY_KEPT);
    assert_int_equal(s->weight, weight(s));
}

/* Rows stay where they are while those around them go; what is left is found, and can grow again. */
static void memory_goes_back(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    for (size_t i = 0; i < 2; i++) {
        cs_store *s = open_store(i == 0 ? NULL : path);
        add_storm(s);
        const cs_object_row *stays = cs_object_find(s, cs_kref_of(CS_REF_OBJECT, 5000));
        assert_true(s->tables[CS_TABLE_OBJECT].slab_count >= STORM / 128);
        delete_storm(s);
        expect_small(s);
        assert_int_equal(s->tables[CS_TABLE_OBJECT].index.count, STORM / 10000);
        assert_ptr_equal(cs_object_find(s, cs_kref_of(CS_REF_OBJECT, 5000)), stays);
        for (uint64_t k = 5000; k < STORM; k += 10000) {
            cs_kref kref = cs_kref_of(CS_REF_OBJECT, k);
            assert_non_null(cs_clist_find_kref(s, (cs_vatid){ 1 }, kref));
            assert_int_equal(holders(s, kref), 1);
            cs_object_delete(s, kref);
            cs_clist_delete(s, (cs_vatid){ 1 }, cs_vref_of(CS_REF_OBJECT, true, k));
        }
        add_storm(s);
        assert_int_equal(s->tables[CS_TABLE_CLIST].index.count, STORM);
        cs_store_close(s);
    }
}

/* ---- failures ---- */

/* An error of a file that is opened, or of a find, is not lost: the crank is to look for it. */
static void a_failed_store_gives_nothing(void **state)
{
    (void)state;
    char path[200];
    cs_error err = { 0 };
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    cs_store *s = open_store(path);
    (void)cs_object_add(s, cs_kref_of(CS_REF_OBJECT, 20));
    assert_ok(cs_store_commit(s, NULL));
    cs_store_close(s);
    s = open_store(path);
    fault_vfs_set(FAULT_READ, 0, true);
    cs_object_row *o = cs_object_edit(s, cs_kref_of(CS_REF_OBJECT, 20));
    fault_vfs_clear();
    assert_non_null(o); /* written nowhere */
    o->reachable = 5;
    assert_null(cs_object_find(s, cs_kref_of(CS_REF_OBJECT, 20)));
    assert_int_equal(cs_store_status(s, &err), CS_E_IO);
    assert_non_null(strstr(err.text, path));
    assert_int_equal(cs_store_commit(s, NULL), CS_E_IO);
    cs_store_close(s);
}

/* What must be there according to the caller, and is not: then the file is damaged. */
static void a_missing_row_is_damage(void **state)
{
    (void)state;
    char path[200];
    cs_error err = { 0 };
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    cs_store *s = open_store(path);
    cs_object_edit(s, cs_kref_of(CS_REF_OBJECT, 20))->reachable = 1;
    assert_int_equal(cs_store_status(s, &err), CS_E_CORRUPT);
    assert_non_null(strstr(err.text, "table object, row ko20: there is no such row"));
    cs_store_close(s);
    s = open_store(path);
    cs_clist_delete(s, (cs_vatid){ 1 }, cs_vref_of(CS_REF_OBJECT, true, 3));
    assert_int_equal(cs_store_status(s, &err), CS_E_CORRUPT);
    assert_non_null(strstr(err.text, "table clist, row v1 o+3: "));
    cs_store_close(s);
}

/* Pages that do not fit into SQLite's cache go to the log before the commit, and are read back from
 * what of it is still gathered (vfs_log.c). */
static void a_block_bigger_than_the_page_cache(void **state)
{
    (void)state;
    enum { COUNT = 3000 };
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    cs_store *s = open_store(path);
    assert_ok(cs_file_exec(s, "PRAGMA cache_size=8;PRAGMA cache_spill=8"));
    for (uint64_t i = 0; i < COUNT; i++)
        cs_object_add(s, cs_kref_of(CS_REF_OBJECT, i * 7919 % COUNT))->recognizable = (uint32_t)i;
    assert_ok(cs_store_commit(s, NULL));
    cs_store_close(s);
    s = open_store(path);
    for (uint64_t i = 0; i < COUNT; i++)
        assert_int_equal(
            cs_object_find(s, cs_kref_of(CS_REF_OBJECT, i * 7919 % COUNT))->recognizable, i);
    assert_int_equal(cs_store_check(s, NULL, NULL), 0);
    cs_store_close(s);
}

/* ---- transcript rows: long ones are packed (pack.h) ---- */

/* Of `size` bytes: text that repeats itself, or noise that no packing makes shorter. */
static cs_blob *long_item(tape *t, size_t size, bool noise)
{
    cs_blob *item = cs_blob_alloc(size);
    for (size_t i = 0; i < size; i++)
        item->data[i] = noise ? (uint8_t)tape_below(t, 256) : (uint8_t)("abcd"[i % 4]);
    return item;
}

static void expect_item(cs_store *s, uint64_t delivery, cs_blob *want)
{
    cs_blob *item = NULL;
    cs_hash chain;
    assert_ok(cs_transcript_read(s, (cs_vatid){ 1 }, delivery, &item, &chain, NULL));
    assert_non_null(item);
    assert_bytes_equal(item->data, item->size, want->data, want->size);
    (void)cs_blob_unref(item);
}

static void long_transcript_rows(void **state)
{
    (void)state;
    static const size_t sizes[] = { 0, 1, 1023, 1024, 100000 };
    enum { COUNT = sizeof sizes / sizeof sizes[0] * 2 };
    cs_blob *items[COUNT];
    char path[200];
    tape t;
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    tape_from_seed(&t, 1);
    cs_store *s = open_store(path);
    for (size_t i = 0; i < COUNT; i++) {
        items[i] = long_item(&t, sizes[i / 2], i % 2 == 1);
        cs_transcript_add(s, (cs_vatid){ 1 }, i, cs_blob_ref(items[i]), &(cs_hash){ { 0 } });
        expect_item(s, i, items[i]);
    }
    assert_ok(cs_store_commit(s, NULL));
    cs_store_close(s);
    s = open_store(path);
    for (size_t i = 0; i < COUNT; i++) {
        expect_item(s, i, items[i]);
        (void)cs_blob_unref(items[i]);
    }
    cs_store_close(s);
    tape_fini(&t);
}

/* ---- bundles and code ---- */

static void bundles(void **state)
{
    (void)state;
    char path[200];
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    cs_store *s = open_store(path);
    cs_blob *b = NULL;
    cs_hash name = cs_hash_of(CS_BYTES("source")), other = cs_hash_of(CS_BYTES("other"));
    for (size_t round = 0; round < 2; round++) {
        cs_bundle_add(s, &name, CS_BYTES("source"));
        cs_code_add(s, &name, "base1", CS_BYTES("code"));
        assert_ok(cs_bundle_read(s, &name, &b, NULL));
        assert_true(cs_bytes_equal(cs_blob_bytes(b), CS_BYTES("source")));
        b = cs_blob_unref(b);
        assert_ok(cs_code_read(s, &name, "base1", &b, NULL));
        assert_true(cs_bytes_equal(cs_blob_bytes(b), CS_BYTES("code")));
        b = cs_blob_unref(b);
        assert_ok(cs_code_read(s, &name, "base2", &b, NULL));
        assert_null(b);
        assert_ok(cs_bundle_read(s, &other, &b, NULL));
        assert_null(b);
        assert_ok(cs_store_commit(s, NULL));
        s = cs_store_close(s);
        s = open_store(path);
    }
    cs_bundle_add(s, &other, CS_BYTES("not that"));
    assert_int_equal(cs_bundle_read(s, &other, &b, NULL), CS_E_CORRUPT);
    cs_store_close(s);
}

T_MAIN(T(in_memory), T_WITH(in_a_file, install, NULL), T(added_rows_are_zero),
       T(a_vref_gets_another_kref), T(objects_that_are_gone_are_not_remembered),
       T(actions_leave_nothing_behind), T(actions_stay_in_the_cache),
       T(actions_of_a_store_that_is_read_only), T(an_object_that_everybody_has),
       T(the_entries_of_one_vat), T(walks_within_walks), T(memory_goes_back),
       T_WITH(a_failed_store_gives_nothing, install, NULL), T(a_missing_row_is_damage),
       T(a_block_bigger_than_the_page_cache), T(long_transcript_rows), T(bundles))
