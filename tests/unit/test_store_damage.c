/* Bytes that the disk got wrong: noticed, or harmless, but never another row than was written. */
#include "gc_action.h"
#include "store/file.h"
#include "store_model.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BLOCKS = 8, STEPS = 60 };

/* A store as it lies on the disk while its owner is killed, and what each of its blocks held. */
static struct {
    char path[200], wal_path[210], shm_path[210], bundle_text[5000];
    char *killed, *wal; /* the main file that the log belongs to, and the log */
    char *main;         /* after a clean end: all that was in the log, too */
    size_t killed_size, main_size, wal_size;
    model blocks[BLOCKS];
    cs_hash bundle;
} world;

static const cs_store_options making = { .create = true };

static void fill(cs_store *s)
{
    tape t;
    model m = { 0 };
    tape_from_seed(&t, 3);
    memset(world.bundle_text, 'b', sizeof world.bundle_text);
    cs_bytes bundle = { (uint8_t *)world.bundle_text, sizeof world.bundle_text };
    world.bundle = cs_hash_of(bundle);
    cs_bundle_add(s, &world.bundle, bundle);
    for (size_t block = 0; block < BLOCKS; block++) {
        s->file->checkpoint_pages = block == BLOCKS / 2 ? 0 : 10000;
        for (size_t i = 0; i < STEPS; i++)
            model_step(&m, s, &t);
        assert_ok(cs_store_commit(s, NULL));
        world.blocks[block] = m;
    }
    tape_fini(&t);
}

static int make(void **state)
{
    (void)state;
    if (world.killed != NULL)
        return 0;
    cs_store *s = NULL;
    (void)snprintf(world.path, sizeof world.path, "%s/s.db", t_tmpdir());
    (void)snprintf(world.wal_path, sizeof world.wal_path, "%s-wal", world.path);
    (void)snprintf(world.shm_path, sizeof world.shm_path, "%s-shm", world.path);
    assert_ok(cs_store_open(world.path, &making, &s, NULL));
    fill(s);
    world.killed = t_read_file(world.path, &world.killed_size);
    world.wal = t_read_file(world.wal_path, &world.wal_size);
    cs_store_close(s);
    world.main = t_read_file(world.path, &world.main_size);
    return access(world.wal_path, F_OK) == 0;
}

static void put(const char *main, size_t main_size, const char *wal, size_t wal_size)
{
    (void)unlink(world.shm_path);
    t_write_file(world.path, main, main_size);
    if (wal != NULL)
        t_write_file(world.wal_path, wal, wal_size);
    else
        (void)unlink(world.wal_path);
}

static bool is_damage(cs_status st)
{
    return st == CS_E_CORRUPT || st == CS_E_NOT_OURS || st == CS_E_NEWER;
}

static bool bundle_is_good(cs_store *s)
{
    cs_blob *b = NULL;
    bool good = cs_bundle_read(s, &world.bundle, &b, NULL) == CS_OK &&
                (b == NULL || b->size == sizeof world.bundle_text);
    cs_blob_unref(b);
    return good;
}

/* NULL: the store was refused, or failed while it was read, or holds what one of the blocks
 * [first, BLOCKS) held. */
static const char *look(size_t first)
{
    cs_store *s = NULL;
    cs_status st = cs_store_open(world.path, &making, &s, NULL);
    if (st != CS_OK)
        return is_damage(st) ? NULL : cs_status_name(st);
    const char *why = "no block";
    for (size_t i = BLOCKS; i-- > first && why != NULL;)
        why = model_differs(&world.blocks[i], s);
    if (why == NULL && !bundle_is_good(s))
        why = "bundle";
    if (is_damage(cs_store_status(s, NULL)))
        why = NULL;
    cs_store_close(s);
    return why;
}

static void undamaged(void **state)
{
    (void)state;
    put(world.killed, world.killed_size, world.wal, world.wal_size);
    assert_null(look(BLOCKS - 1));
    cs_store *s = NULL;
    assert_ok(cs_store_open(world.path, &making, &s, NULL));
    assert_null(model_differs(&world.blocks[BLOCKS - 1], s));
    assert_true(bundle_is_good(s));
    cs_store_close(s);
}

static void try_flip(char *file, size_t at, char flip, const char *name, size_t first,
                     bool with_wal)
{
    file[at] ^= flip;
    if (with_wal)
        put(world.killed, world.killed_size, world.wal, world.wal_size);
    else
        put(world.main, world.main_size, NULL, 0);
    const char *why = look(first);
    file[at] ^= flip;
    if (why != NULL)
        fail_msg("%s, byte %zu xor %d: %s", name, at, flip, why);
}

static void flipped_bytes_in_the_log(void **state)
{
    (void)state;
    tape t;
    tape_from_seed(&t, 1);
    for (size_t i = 0; i < 400; i++) {
        size_t at = i < 56 ? i : (size_t)tape_below(&t, world.wal_size);
        char flip = (char)(1 + tape_below(&t, 255));
        /* What lies in the log behind a wrong byte was lost; what is in front of it not. */
        try_flip(world.wal, at, flip, "log", 0, true);
    }
    tape_fini(&t);
}

static void flipped_bytes_in_the_main_file(void **state)
{
    (void)state;
    tape t;
    tape_from_seed(&t, 2);
    for (size_t i = 0; i < 1000; i++) {
        size_t at = i < 100 ? i : (size_t)tape_below(&t, world.main_size);
        uint64_t flip = i % 2 == 0 ? 1u << tape_below(&t, 8) : 1 + tape_below(&t, 255);
        try_flip(world.main, at, (char)flip, "main file", BLOCKS - 1, false);
    }
    tape_fini(&t);
}

static void truncated_files(void **state)
{
    (void)state;
    for (size_t size = 1; size < world.main_size; size += 1021) {
        put(world.main, size, NULL, 0);
        const char *why = look(BLOCKS - 1);
        if (why != NULL)
            fail_msg("cut to %zu bytes: %s", size, why);
    }
    for (size_t size = 0; size < world.wal_size; size += 1021) {
        put(world.killed, world.killed_size, world.wal, size);
        const char *why = look(0);
        if (why != NULL)
            fail_msg("log cut to %zu of %zu bytes: %s", size, world.wal_size, why);
    }
    put("", 0, world.wal, world.wal_size);
    cs_store *s = NULL;
    assert_int_equal(cs_store_open(world.path, &making, &s, NULL), CS_E_CORRUPT);
}

/* Whole pages that are good, but not these: an old one, or another one's. */
static void pages_in_the_wrong_place(void **state)
{
    (void)state;
    for (size_t page = 1; page + 1 < world.main_size / CS_PAGE_SIZE; page++) {
        char *copy = malloc(world.main_size);
        assert_non_null(copy);
        memcpy(copy, world.main, world.main_size);
        memcpy(copy + page * CS_PAGE_SIZE, world.main + (page + 1) * CS_PAGE_SIZE, CS_PAGE_SIZE);
        put(copy, world.main_size, NULL, 0);
        free(copy);
        assert_null(look(BLOCKS - 1));
    }
}

/* ---- capstan verify: finds what no row that is looked at happens to lie on ---- */

static void count_line(void *ctx, const char *line)
{
    assert_non_null(strstr(line, world.path));
    assert_null(strchr(line, '\n'));
    ++*(size_t *)ctx;
}

static size_t lines_of_check(void)
{
    cs_store *s = NULL;
    size_t lines = 0;
    if (cs_store_open(world.path, &(cs_store_options){ .read_only = true }, &s, NULL) != CS_OK)
        return 1;
    size_t told = cs_store_check(s, count_line, &lines);
    cs_store_close(s);
    assert_int_equal(told, lines);
    return lines;
}

static void verify_sees_every_page(void **state)
{
    (void)state;
    put(world.main, world.main_size, NULL, 0);
    assert_int_equal(lines_of_check(), 0);
    for (size_t page = 0; page < world.main_size / CS_PAGE_SIZE; page++) {
        size_t at = page * CS_PAGE_SIZE + 1000;
        world.main[at] ^= 4;
        put(world.main, world.main_size, NULL, 0);
        if (lines_of_check() == 0)
            fail_msg("page %zu", page + 1);
        world.main[at] ^= 4;
    }
}

/* Bytes in the first entry of each page, from `offset` on. An object: kref, owner at 8, reachable at 12,
 * recognizable at 16, is_retiring at 20; a c-list entry: vref, kref at 8, reachable at 16, since at 17; a
 * holder: kref, vref at 8. */
#define PUT(table, offset, hex) \
    "UPDATE " table " SET entries=CAST(substr(entries,1," #offset ")||x'" hex \
    "'||substr(entries," #offset "+1+length(x'" hex "')) AS BLOB)"

/* A page that is good in itself, with a row that the kernel could not have written. */
static void verify_sees_every_row(void **state)
{
    (void)state;
    put(world.main, world.main_size, NULL, 0);
    cs_store *s = NULL;
    assert_ok(cs_store_open(world.path, &making, &s, NULL));
    assert_ok(cs_file_exec(s, PUT("object", 12, "ffffffff")));
    assert_ok(cs_file_exec(s, "COMMIT;BEGIN IMMEDIATE"));
    cs_store_close(s);
    assert_int_equal(lines_of_check(), 1);
    assert_ok(cs_store_open(world.path, &making, &s, NULL));
    cs_error err = { 0 };
    for (uint64_t i = 20; i < 64; i++)
        (void)cs_object_find(s, cs_kref_of(CS_REF_OBJECT, i));
    assert_int_equal(cs_store_status(s, &err), CS_E_CORRUPT);
    assert_non_null(strstr(err.text, "table object, row ko"));
    assert_non_null(strstr(err.text, "reachable more often than recognizable"));
    cs_store_close(s);
}

/* One value each that no block ever had, behind the store's back: verify says where, in one line. */
static const struct {
    const char *sql, *says;
} lies[] = {
    { PUT("object", 8, "00000000010000000100000001"),
      "table object, row ko20: retiring, and owned or reachable" },
    { PUT("object", 8, "01000000000000000100000001"), "retiring, and owned or reachable" },
    { PUT("object", 20, "02"), "table object, row ko20: column is_retiring is out of range" },
    { "UPDATE object SET entries=x''", "column entries is of wrong size" },
    { "UPDATE object SET entries=substr(entries,1,20)", "column entries is of wrong size" },
    { "UPDATE object SET entries=CAST(entries||entries AS BLOB)",
      "table object, row page 144115188075855872: its entries are out of order" },
    { "UPDATE object SET page=page+500", "it has an entry of another page" },
    { "UPDATE object SET page=page+(1<<57),"
      "entries=CAST(substr(entries,1,7)||x'80'||substr(entries,9,13) AS BLOB)",
      "table object, row kp20: column kref is out of range" },
    { "UPDATE promise SET since=-1", "column since is out of range" },
    { PUT("clist", 17, "ffffffffffffffff"), "column since is out of range" },
    { PUT("clist", 16, "02"), "column reachable is out of range" },
    { PUT("clist", 15, "80"), "vref and kref differ in type" },
    { PUT("clist", 15, "00"), "column kref is out of range" },
    { "UPDATE clist SET entries=substr(entries,2)", "table clist, row v1 page " },
    { "UPDATE clist SET vat=vat-1", "column vat is out of range" },
    { "UPDATE clist SET vat=1<<32 WHERE vat=1", "column vat is out of range" },
    { "DELETE FROM clist WHERE vat=2", "its c-list entry is another one, or gone" },
    { PUT("holder", 14, "01"), "its c-list entry is another one, or gone" },
    { PUT("holder", 15, "00"), "column vref is out of range" },
    { "UPDATE holder SET entries=x'00'", "table holder, row v" },
    { "DELETE FROM holder WHERE vat=3", "table holder, row v3 ko" },
    { "UPDATE holder SET vat=vat+1000", "there is no such row" },
    { "UPDATE hold SET since=-1", "column since is out of range" },
    { "UPDATE vat SET last_crank=-1", "table vat, row v1: column last_crank is out of range" },
    { "UPDATE vat SET dirt_deliveries=-1", "column dirt_deliveries is out of range" },
    { "UPDATE vat SET dirt_gc_krefs=-1", "column dirt_gc_krefs is out of range" },
    { "UPDATE vat SET heap_bytes=-1", "column heap_bytes is out of range" },
    { "UPDATE vat SET allocated_bytes=-1", "column allocated_bytes is out of range" },
    { "UPDATE vat SET imports_reachable=1<<32", "column imports_reachable is out of range" },
    { "UPDATE vat SET is_reaping=2", "column is_reaping is out of range" },
    { "UPDATE vat SET is_lonely=-1", "column is_lonely is out of range" },
    { "DELETE FROM queue;INSERT INTO queue VALUES(5-9223372036854775807-1,0,x'')",
      "table queue, row 0 0: column queue is out of range" },
    { "DELETE FROM gc;INSERT INTO gc VALUES(0,1<<60,1)", "column vat is out of range" },
    { "DELETE FROM gc;INSERT INTO gc VALUES(1,0,1)",
      "table gc, row v1 0: what it asks for is unknown" },
    { "DELETE FROM gc;INSERT INTO gc VALUES(1,4<<60,1)", "what it asks for is unknown" },
    { "DELETE FROM gc;INSERT INTO gc VALUES(1,(1<<60)+(1<<48),1)", "what it asks for is unknown" },
    { "DELETE FROM gc;INSERT INTO gc VALUES(1,1<<60,0)", "no object" },
    { "DELETE FROM gc;INSERT INTO gc VALUES(1,1<<60,1<<32)", "column objects is out of range" },
};

static void change(const char *sql)
{
    cs_store *s = NULL;
    cs_buf b = { 0 };
    put(world.main, world.main_size, NULL, 0);
    assert_ok(cs_store_open(world.path, &making, &s, NULL));
    cs_buf_addf(&b, "%s;COMMIT;BEGIN IMMEDIATE", sql);
    cs_status st = cs_file_exec(s, cs_buf_text(&b));
    cs_buf_fini(&b);
    cs_store_close(s);
    assert_ok(st);
}

static void note_line(void *ctx, const char *line)
{
    (void)snprintf(ctx, CS_ERROR_MAX, "%s", line);
}

static void verify_sees_every_lie(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        cs_store *s = NULL;
        char line[CS_ERROR_MAX] = "";
        change(lies[i].sql);
        assert_ok(cs_store_open(world.path, &making, &s, NULL));
        size_t lines = cs_store_check(s, note_line, line);
        cs_store_close(s);
        if (lines != 1 || strstr(line, lies[i].says) == NULL)
            fail_msg("%s: %zu lines: %s", lies[i].sql, lines, line);
    }
}

/* The kernel's row is read when the store is opened. */
static void lies_about_the_kernel(void **state)
{
    (void)state;
    static const char *const sql[] = {
        "UPDATE kernel SET reap_first=2,reap_next=1",
        "UPDATE kernel SET lonely_first=2,lonely_next=1",
        "UPDATE kernel SET reap_interval=-1",
        "UPDATE kernel SET reap_gc_krefs=-1",
    };
    for (size_t i = 0; i < 4; i++) {
        cs_store *s = NULL;
        cs_error err = { 0 };
        change(sql[i]);
        assert_int_equal(cs_store_open(world.path, &making, &s, &err), CS_E_CORRUPT);
        assert_non_null(strstr(err.text, "table kernel, row 1: "));
    }
}

/* Whoever asks for the first GC action, or changes one, meets the damaged one. */
static void a_damaged_gc_action(void **state)
{
    (void)state;
    change("INSERT INTO gc VALUES(1,0,1)");
    for (size_t i = 0; i < 3; i++) {
        cs_store *s = NULL;
        cs_error err = { 0 };
        assert_ok(cs_store_open(world.path, &making, &s, NULL));
        if (i == 0)
            assert_true(cs_gc_is_empty(s));
        else if (i == 1)
            gc_add(s, "v1 dropExport ko20");
        else
            gc_delete(s, "v1 dropExport ko20");
        assert_int_equal(cs_store_status(s, &err), CS_E_CORRUPT);
        assert_non_null(strstr(err.text, "table gc, row "));
        assert_int_equal(cs_store_commit(s, NULL), CS_E_CORRUPT);
        cs_store_close(s);
    }
}

static void a_message_names_the_file(void **state)
{
    (void)state;
    cs_error err = { 0 };
    cs_store *s = NULL;
    world.main[2000] ^= 1;
    put(world.main, world.main_size, NULL, 0);
    world.main[2000] ^= 1;
    assert_int_equal(cs_store_open(world.path, &making, &s, &err), CS_E_CORRUPT);
    assert_non_null(strstr(err.text, world.path));
    assert_non_null(strstr(err.text, "page 1"));
    assert_non_null(strstr(err.text, "restore"));
}

static bool never(void *ctx, const cs_clist_row *row)
{
    (void)ctx;
    fail_msg("v%u", (unsigned)row->vat.n);
    return false;
}

/* Whoever asks for a vat's entry by its kref, or for all of them, meets the holder that is wrong. */
static void a_damaged_holder(void **state)
{
    (void)state;
    static const char *const sql[] = { PUT("holder", 14, "01"), "DELETE FROM clist" };
    for (size_t i = 0; i < 4; i++) {
        cs_store *s = NULL;
        cs_error err = { 0 };
        change(sql[i / 2]);
        assert_ok(cs_store_open(world.path, &making, &s, NULL));
        for (uint64_t id = 20; id < 64; id++) {
            cs_kref kref = cs_kref_of(CS_REF_OBJECT, id);
            for (uint32_t vat = 1; vat <= 3 && i % 2 == 0; vat++)
                assert_null(cs_clist_find_kref(s, (cs_vatid){ vat }, kref));
            if (i % 2 == 1)
                cs_store_each_holder(s, kref, never, NULL);
        }
        assert_int_equal(cs_store_status(s, &err), CS_E_CORRUPT);
        assert_non_null(strstr(err.text, "table holder, row v"));
        assert_non_null(strstr(err.text, "its c-list entry is another one, or gone"));
        cs_store_close(s);
    }
}

T_MAIN(T_WITH(undamaged, make, NULL), T_WITH(flipped_bytes_in_the_log, make, NULL),
       T_WITH(flipped_bytes_in_the_main_file, make, NULL), T_WITH(truncated_files, make, NULL),
       T_WITH(pages_in_the_wrong_place, make, NULL), T_WITH(verify_sees_every_page, make, NULL),
       T_WITH(verify_sees_every_row, make, NULL), T_WITH(verify_sees_every_lie, make, NULL),
       T_WITH(lies_about_the_kernel, make, NULL), T_WITH(a_damaged_gc_action, make, NULL),
       T_WITH(a_damaged_holder, make, NULL), T_WITH(a_message_names_the_file, make, NULL))
