/* What the store costs: a crank's marks, edits and finds in memory, and blocks written to a file.
 *
 *   bench_store [FILE [PART]]    FILE is made and removed; without it, bench_store.db here. PART is
 *                                memory, blocks, garbage, actions or holders; without it, all
 *
 * Prints one line a figure. Targets are those of docs/store.md. */
#include "store/store.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double clock_ns(clockid_t clock)
{
    struct timespec t;
    (void)clock_gettime(clock, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double now_ns(void)
{
    return clock_ns(CLOCK_MONOTONIC);
}

static void report(const char *what, double each_ns, const char *target)
{
    if (each_ns < 1e4)
        printf("%-58s %9.1f ns   %s\n", what, each_ns, target);
    else
        printf("%-58s %9.1f us   %s\n", what, each_ns / 1e3, target);
}

/* The processor's time of the best of some runs: what the code costs, not what the machine does. */
static void measure(const char *what, void (*run)(cs_store *, uint64_t), cs_store *s,
                    uint64_t count, const char *target)
{
    double best = 1e18;
    for (size_t i = 0; i < 20; i++) {
        double start = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        run(s, count);
        double ns = clock_ns(CLOCK_PROCESS_CPUTIME_ID) - start;
        best = ns < best ? ns : best;
    }
    report(what, best / (double)count, target);
}

static void need(cs_status st, const cs_error *err)
{
    if (st == CS_OK)
        return;
    fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static cs_store *open_store(const char *path)
{
    cs_store *s = NULL;
    cs_error err;
    static const cs_store_options options = { .create = true };
    need(cs_store_open(path, &options, &s, &err), &err);
    return s;
}

static void commit(cs_store *s)
{
    cs_error err;
    need(cs_store_commit(s, &err), &err);
}

static cs_kref object(uint64_t i)
{
    return cs_kref_of(CS_REF_OBJECT, 20 + i);
}

static void add_action(cs_store *s, cs_gc_type type, uint64_t i)
{
    const cs_gc_action a = { { 1 }, type, object(i) };
    cs_gc_add(s, &a);
}

static void delete_action(cs_store *s, cs_gc_type type, uint64_t i)
{
    const cs_gc_action a = { { 1 }, type, object(i) };
    cs_gc_delete(s, &a);
}

static void take_actions(cs_store *s, uint64_t count)
{
    cs_gc_walk w;
    cs_kref taken;
    bool any = cs_gc_begin(s, &w);
    for (uint64_t i = 0; i < count && any; i++)
        any = cs_gc_take(&w, &taken);
}

/* ---- in memory ---- */

enum { OBJECTS = 8192, ROUNDS = 100000 };

static void add_objects(cs_store *s, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        cs_object_row *o = cs_object_add(s, object(i));
        o->reachable = o->recognizable = 1;
    }
}

static void empty_cranks(cs_store *s, uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        (void)cs_store_mark(s);
        (void)cs_store_mark(s);
        cs_store_keep(s);
    }
}

static void edits(cs_store *s, uint64_t count, uint64_t range, uint64_t a_crank)
{
    for (uint64_t i = 0; i < count;) {
        (void)cs_store_mark(s);
        for (uint64_t k = 0; k < a_crank; k++, i++)
            cs_object_edit(s, object(i * 7919 & (range - 1)))->recognizable++;
        cs_store_keep(s);
    }
}

static void first_edits(cs_store *s, uint64_t count)
{
    edits(s, count, 128, 10);
}

static void wide_edits(cs_store *s, uint64_t count)
{
    edits(s, count, OBJECTS, 10);
}

static void second_edits(cs_store *s, uint64_t count)
{
    edits(s, count, 128, 10000);
}

static void find(cs_store *s, uint64_t count, uint64_t range)
{
    static volatile uint64_t sum;
    uint64_t n = 0;
    for (uint64_t i = 0; i < count; i++)
        n += cs_object_find(s, object(i * 7919 & (range - 1)))->recognizable;
    sum = n;
    (void)sum;
}

static void hot_finds(cs_store *s, uint64_t count)
{
    find(s, count, 128);
}

static void wide_finds(cs_store *s, uint64_t count)
{
    find(s, count, OBJECTS);
}

static void queue_items(cs_store *s, uint64_t count)
{
    static cs_blob *item;
    if (item == NULL)
        item = cs_blob_new(CS_BYTES("an item"));
    for (uint64_t i = 0; i < count; i++) {
        (void)cs_store_mark(s);
        cs_queue_add(s, CS_QUEUE_RUN, i, cs_blob_ref(item));
        cs_queue_delete(s, CS_QUEUE_RUN, i);
        cs_store_keep(s);
        if (i % 1000 == 999)
            commit(s);
    }
}

static void undone_edits(cs_store *s, uint64_t count)
{
    for (uint64_t i = 0; i < count;) {
        cs_mark mark = cs_store_mark(s);
        for (uint64_t k = 0; k < 10; k++, i++)
            cs_object_edit(s, object(i * 7919 & 127))->recognizable++;
        cs_store_undo(s, mark);
        cs_store_keep(s);
    }
}

/* Of groups of 100, as one vat's crank makes them and another's takes them. */
static void gc_actions(cs_store *s, uint64_t count)
{
    for (uint64_t i = 0; i < count; i += 100) {
        (void)cs_store_mark(s);
        for (uint64_t k = i; k < i + 100; k++)
            add_action(s, CS_GC_DROP_EXPORT, k);
        cs_store_keep(s);
        (void)cs_store_mark(s);
        take_actions(s, 100);
        cs_store_keep(s);
        if (i % 1000 == 900)
            commit(s);
    }
}

static void bench_memory(void)
{
    cs_store *s = open_store(NULL);
    add_objects(s, OBJECTS);
    measure("two marks and keep of an empty crank", empty_cranks, s, ROUNDS, "< 50 ns");
    measure("edit, first of the crank", first_edits, s, ROUNDS, "< 40 ns");
    measure("the same, any of 8,192 objects", wide_edits, s, ROUNDS, "");
    measure("edit again", second_edits, s, ROUNDS, "");
    measure("find, hot", hot_finds, s, ROUNDS, "< 20 ns");
    measure("find, any of 8,192 objects", wide_finds, s, ROUNDS, "");
    measure("queue: add and delete, in a crank of its own", queue_items, s, ROUNDS, "< 100 ns");
    measure("edit and undo", undone_edits, s, ROUNDS, "");
    measure("GC action: add, find as the first, delete, forget", gc_actions, s, ROUNDS, "");
    cs_store_close(s);
}

/* ---- in a file ---- */

typedef struct block_cost {
    double total, commit, busy;
} block_cost;

/* A crank of an ordinary delivery: two refcounts out of `spread` objects, a new c-list entry, a queue
 * item that comes and goes, the kernel's row, the vat's row and a transcript row of 400 bytes. */
static void crank(cs_store *s, uint64_t number, cs_vatid vat, uint64_t spread)
{
    char text[400];
    memset(text, 'x', sizeof text);
    (void)cs_store_mark(s);
    cs_meta_edit(s)->crank_number++;
    cs_queue_add(s, CS_QUEUE_RUN, number, cs_blob_new(CS_BYTES("a message")));
    cs_queue_delete(s, CS_QUEUE_RUN, number);
    (void)cs_store_mark(s);
    cs_object_edit(s, object(number * 31 % spread))->recognizable++;
    cs_object_edit(s, object(number * 57 % spread))->recognizable++;
    cs_vref vref = cs_vref_of(CS_REF_OBJECT, false, 50 + number);
    if (cs_clist_find_vref(s, vat, vref) == NULL)
        (void)cs_clist_add(s, vat, vref, object(number + OBJECTS));
    cs_vat_row *v = cs_vat_edit(s, vat);
    cs_bytes item = { (uint8_t *)text, sizeof text };
    v->transcript = cs_hash_chain(&v->transcript, item);
    cs_transcript_add(s, vat, v->next_delivery++, cs_blob_new(item), &v->transcript);
    cs_store_keep(s);
}

static void bench_blocks(const char *path, uint64_t cranks_per_block, size_t blocks,
                         uint64_t spread)
{
    (void)unlink(path);
    cs_store *s = open_store(path);
    add_objects(s, OBJECTS);
    for (uint32_t i = 1; i <= 10; i++)
        cs_vat_add(s, (cs_vatid){ i })->status = CS_VAT_LIVE;
    commit(s);
    block_cost cost = { 0 };
    uint64_t number = 0;
    for (size_t block = 0; block < blocks; block++) {
        double start = now_ns();
        for (uint64_t i = 0; i < cranks_per_block; i++, number++)
            crank(s, number, (cs_vatid){ (uint32_t)(number / 10 % 10) + 1 }, spread);
        double middle = now_ns(), busy = clock_ns(CLOCK_PROCESS_CPUTIME_ID);
        commit(s);
        cost.total += now_ns() - start;
        cost.commit += now_ns() - middle;
        cost.busy += clock_ns(CLOCK_PROCESS_CPUTIME_ID) - busy;
    }
    printf("block of %llu deliveries to 10 vats, counts of %llu objects\n",
           (unsigned long long)cranks_per_block, (unsigned long long)spread);
    report("  commit, processor's time", cost.busy / (double)blocks,
           cranks_per_block == 100 ? "< 1 ms" : "");
    report("  commit, with its fsync", cost.commit / (double)blocks, "");
    report("  everything, a delivery", cost.total / (double)(cranks_per_block * blocks), "");
    cs_store_close(s);
}

static void bench_misses(const char *path)
{
    enum { COUNT = 100000 };
    cs_store *s = open_store(path);
    double start = now_ns();
    for (uint64_t i = 0; i < OBJECTS; i++)
        (void)cs_object_find(s, object(i));
    report("find, not cached yet", (now_ns() - start) / OBJECTS, "");
    start = now_ns();
    for (uint64_t i = 0; i < COUNT; i++)
        (void)cs_clist_find_vref(s, (cs_vatid){ 1 }, cs_vref_of(CS_REF_PROMISE, true, i + 5));
    report("find a vref that is not there", (now_ns() - start) / COUNT, "");
    start = now_ns();
    for (uint64_t i = 0; i < COUNT; i++)
        (void)cs_clist_find_kref(s, (cs_vatid){ 1 }, object(i + 1000000));
    report("find a kref that is not there", (now_ns() - start) / COUNT, "");
    cs_store_close(s);
}

/* ---- garbage: what is dropped and retired on all sides ---- */

static const cs_vatid exporter = { 1 }, importer = { 2 };

static cs_vref vref_of(uint64_t i, bool exported)
{
    return cs_vref_of(CS_REF_OBJECT, exported, 50 + i);
}

/* In order of age, or scattered over all pages as what garbage is when it is old. */
static uint64_t nth(uint64_t i, uint64_t count, bool scattered)
{
    return scattered ? i * 7919 % count : i;
}

static void add_shared_objects(cs_store *s, uint64_t from, uint64_t to)
{
    for (uint64_t i = from; i < to; i++) {
        cs_object_row *o = cs_object_add(s, object(i));
        o->owner = exporter;
        o->reachable = o->recognizable = 1;
        cs_clist_add(s, exporter, vref_of(i, true), object(i))->reachable = true;
        cs_clist_add(s, importer, vref_of(i, false), object(i))->reachable = true;
    }
}

/* The importer's crank: dropImports and retireImports. */
static void drop(cs_store *s, uint64_t i)
{
    cs_kref k = cs_clist_find_vref(s, importer, vref_of(i, false))->kref;
    cs_clist_edit(s, importer, vref_of(i, false))->reachable = false;
    cs_object_edit(s, k)->reachable--;
    add_action(s, CS_GC_DROP_EXPORT, i);
    cs_clist_delete(s, importer, vref_of(i, false));
    cs_object_edit(s, k)->recognizable--;
    add_action(s, CS_GC_RETIRE_EXPORT, i);
}

/* The exporter's cranks: the first action is taken and done. */
static void drop_export(cs_store *s, uint64_t i)
{
    delete_action(s, CS_GC_DROP_EXPORT, i);
    if (cs_object_find(s, object(i))->reachable == 0)
        cs_clist_edit(s, exporter, cs_clist_find_kref(s, exporter, object(i))->vref)->reachable =
            false;
}

static void retire_export(cs_store *s, uint64_t i)
{
    delete_action(s, CS_GC_RETIRE_EXPORT, i);
    cs_clist_delete(s, exporter, cs_clist_find_kref(s, exporter, object(i))->vref);
    cs_object_delete(s, object(i));
}

static void each_in_cranks(cs_store *s, void (*fn)(cs_store *, uint64_t), uint64_t from,
                           uint64_t to, uint64_t count, bool scattered)
{
    for (uint64_t i = from; i < to; i++) {
        if (i % 100 == 0)
            (void)cs_store_mark(s);
        fn(s, nth(i, count, scattered));
        if (i % 100 == 99)
            cs_store_keep(s);
    }
}

static double busy_ns(void)
{
    return clock_ns(CLOCK_PROCESS_CPUTIME_ID);
}

typedef enum garbage { IN_ORDER, SCATTERED, YOUNG } garbage;

/* Young: made in the block in which it goes, so that only the cache ever has it. */
static void bench_garbage(const char *path, uint64_t count, uint64_t a_block, garbage kind)
{
    static const char *const kinds[] = { "in order", "scattered", "made in the same block" };
    bool scattered = kind == SCATTERED;
    (void)unlink(path);
    cs_store *s = open_store(path);
    if (kind != YOUNG)
        add_shared_objects(s, 0, count);
    double added = busy_ns(), rows = 0, commits = 0;
    commit(s);
    added = busy_ns() - added;
    for (uint64_t at = 0; at < count; at += a_block) {
        uint64_t end = at + a_block < count ? at + a_block : count;
        if (kind == YOUNG)
            add_shared_objects(s, at, end);
        double start = busy_ns();
        each_in_cranks(s, drop, at, end, count, scattered);
        each_in_cranks(s, drop_export, at, end, count, scattered);
        each_in_cranks(s, retire_export, at, end, count, scattered);
        double middle = busy_ns();
        commit(s);
        rows += middle - start;
        commits += busy_ns() - middle;
    }
    printf("%llu objects dropped and retired, %llu a block, %s\n", (unsigned long long)count,
           (unsigned long long)a_block, kinds[kind]);
    if (kind != YOUNG)
        report("  commit of all when they were shared, processor's time", added / (double)count,
               "");
    report("  rows, an object", rows / (double)count, "");
    report("  commit, an object, processor's time", commits / (double)count, "");
    cs_store_close(s);
}

/* Actions that lie around: added in one block, taken from the front in ten, with a restart. */
static void bench_actions(const char *path, uint64_t count, bool scattered)
{
    (void)unlink(path);
    cs_store *s = open_store(path);
    double start = busy_ns();
    for (uint64_t i = 0; i < count; i++)
        add_action(s, CS_GC_DROP_EXPORT, nth(i, count, scattered));
    double added = busy_ns();
    commit(s);
    printf("%llu GC actions, added %s\n", (unsigned long long)count,
           scattered ? "scattered" : "in order");
    report("  add", (added - start) / (double)count, "");
    report("  commit of what was added, each", (busy_ns() - added) / (double)count, "");
    cs_store_close(s);
    s = open_store(path);
    start = busy_ns();
    (void)cs_gc_is_empty(s);
    report("  first look, each", (busy_ns() - start) / (double)count, "");
    double taking = 0, commits = 0;
    for (uint64_t block = 0; block < 10; block++) {
        start = busy_ns();
        take_actions(s, count / 10);
        taking += busy_ns() - start;
        start = busy_ns();
        commit(s);
        commits += busy_ns() - start;
    }
    report("  take the first", taking / (double)count, "");
    report("  commit of what was taken, each", commits / (double)count, "");
    cs_store_close(s);
}

static bool count_holder(void *ctx, const cs_clist_row *row)
{
    *(uint64_t *)ctx += row->vat.n != 0;
    return true;
}

/* Importers of many objects in one block, and of one that very many vats have. */
static void bench_holders(const char *path, uint64_t count, uint32_t vats)
{
    (void)unlink(path);
    cs_store *s = open_store(path);
    uint64_t found = 0;
    add_shared_objects(s, 0, count);
    commit(s);
    for (uint64_t i = 0; i < count; i++)
        cs_clist_edit(s, importer, vref_of(i, false))->reachable = false;
    double start = busy_ns();
    for (uint64_t i = 0; i < count; i++)
        cs_store_each_holder(s, object(i), count_holder, &found);
    report("holders of one of many objects, all stored and changed",
           (busy_ns() - start) / (double)count, "");
    for (uint32_t i = 1; i <= vats; i++)
        (void)cs_clist_add(s, (cs_vatid){ i }, vref_of(count, false), object(count));
    start = busy_ns();
    cs_store_each_holder(s, object(count), count_holder, &found);
    report("holders of one object that 10,000 vats have, each", (busy_ns() - start) / vats, "");
    start = busy_ns();
    for (uint32_t i = 1; i <= vats; i++)
        cs_clist_delete(s, (cs_vatid){ i }, vref_of(count, false));
    report("  and delete them, each", (busy_ns() - start) / vats, "");
    cs_store_close(s);
}

static void bench_open(const char *path)
{
    enum { COUNT = 50 };
    double start = now_ns();
    for (size_t i = 0; i < COUNT; i++)
        cs_store_close(open_store(path));
    report("open and close", (now_ns() - start) / COUNT, "");
}

static void bench_all_blocks(const char *path)
{
    bench_blocks(path, 1, 500, 100);
    bench_blocks(path, 10, 200, 100);
    bench_blocks(path, 100, 100, 100);
    bench_blocks(path, 100, 100, OBJECTS);
    bench_blocks(path, 1000, 30, OBJECTS);
    bench_misses(path);
    bench_open(path);
}

static void bench_all_garbage(const char *path)
{
    enum { COUNT = 100000 };
    bench_garbage(path, COUNT, 100, IN_ORDER);
    bench_garbage(path, COUNT, 1000, IN_ORDER);
    bench_garbage(path, COUNT, COUNT, IN_ORDER);
    bench_garbage(path, COUNT, 1000, SCATTERED);
    bench_garbage(path, COUNT, COUNT, SCATTERED);
    bench_garbage(path, COUNT, 1000, YOUNG);
}

int main(int argc, char **argv)
{
    const char *path = argc > 1 ? argv[1] : "bench_store.db", *part = argc > 2 ? argv[2] : "";
    if (strstr("memory", part) != NULL)
        bench_memory();
    if (strstr("blocks", part) != NULL)
        bench_all_blocks(path);
    if (strstr("garbage", part) != NULL)
        bench_all_garbage(path);
    if (strstr("actions", part) != NULL) {
        bench_actions(path, 1000000, false);
        bench_actions(path, 1000000, true);
    }
    if (strstr("holders", part) != NULL)
        bench_holders(path, 100000, 10000);
    (void)unlink(path);
    return 0;
}
