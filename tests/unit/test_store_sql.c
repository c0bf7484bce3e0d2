/* What an SQL shell shows of a store: the schema as docs/store.md has it, and the views. And what is
 * said in SQL: statements are counted. */
#include "gc_action.h"
#include "store/file.h"
#include "store_file.h"
#include "t.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const cs_kref ko20 = { UINT64_C(1) << 62 | 20 }, kp40 = { UINT64_C(2) << 62 | 40 },
                     kd30 = { UINT64_C(3) << 62 | 30 };

static const cs_vatid v1 = { 1 }, v2 = { 2 };

static const char *make(void)
{
    const char *path = new_path();
    cs_store *s = open_store(path);
    cs_vat_row *v = cs_vat_add(s, v1);
    v->status = CS_VAT_LIVE;
    v->name = cs_blob_new(CS_BYTES("bootstrap"));
    v->heap_bytes = 4096;
    cs_object_row *o = cs_object_add(s, ko20);
    o->owner = v1;
    o->reachable = o->recognizable = 2;
    cs_object_row *orphan = cs_object_add(s, cs_kref_of(CS_REF_OBJECT, 21));
    orphan->recognizable = 1;
    orphan->is_retiring = true;
    cs_promise_row *p = cs_promise_add(s, kp40);
    p->state = CS_UNRESOLVED;
    p->since = 12;
    p->queue = (cs_queue_ends){ 3, 5 };
    cs_clist_row *c = cs_clist_add(s, v1, text_vref("o+0"), ko20);
    c->reachable = true;
    c->since = 11;
    (void)cs_clist_add(s, v1, text_vref("p-60"), kp40);
    (void)cs_clist_add(s, v1, text_vref("d-70"), kd30);
    (void)cs_clist_add(s, v1, text_vref("o+d10/4294967295:1"), cs_kref_of(CS_REF_OBJECT, 21));
    (void)cs_clist_add(s, v1, text_vref("o+v1048575/0"), cs_kref_of(CS_REF_OBJECT, 22));
    cs_queue_add(s, CS_QUEUE_RUN, 7, cs_blob_new(CS_BYTES("item")));
    cs_queue_add(s, cs_queue_of_promise(kp40), 3, cs_blob_new(CS_BYTES("x")));
    for (cs_queue_id q = CS_QUEUE_ACCEPTANCE; q <= CS_QUEUE_LONELY; q++)
        if (q != CS_QUEUE_RUN)
            cs_queue_add(s, q, 1, cs_blob_new(CS_BYTES("\x01")));
    cs_hold_row *h = cs_hold_add(s, kp40);
    h->count = 1;
    h->since = 13;
    gc_add(s, "v1 retireImport ko21");
    gc_add(s, "v1 dropExport ko20");
    cs_kv_set(s, v1, CS_BYTES("k"), cs_blob_new(CS_BYTES("value")));
    cs_kv_set(s, (cs_vatid){ 0 }, CS_BYTES("vat.name"), cs_blob_new(CS_BYTES("v1")));
    assert_ok(cs_store_commit(s, NULL));
    cs_store_close(s);
    return path;
}

static int add_row(void *ctx, int count, char **values, char **names)
{
    (void)names;
    cs_buf *b = ctx;
    for (int i = 0; i < count; i++)
        cs_buf_addf(b, "%s%s", i == 0 ? "" : "|", values[i] == NULL ? "-" : values[i]);
    cs_buf_add_byte(b, '\n');
    return 0;
}

static void says(const char *path, const char *sql, const char *want)
{
    sqlite3 *db;
    cs_buf b = { 0 };
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db, sql, add_row, &b, NULL), SQLITE_OK);
    assert_string_equal(cs_buf_text(&b), want);
    cs_buf_fini(&b);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void views(void **state)
{
    (void)state;
    const char *path = make();
    says(path, "SELECT vat,name,status,heap_bytes,ending FROM vats", "v1|bootstrap|live|4096|-\n");
    says(path, "SELECT * FROM objects", "ko20|v1|2|2|0\nko21|-|0|1|1\n");
    says(path, "SELECT * FROM promises", "kp40|unresolved|-|0|12|2\n");
    says(path, "SELECT * FROM clists",
         "v1|o+0|ko20|1|11\nv1|o+v1048575/0|ko22|0|0\nv1|o+d10/4294967295:1|ko21|0|0\n"
         "v1|p-60|kp40|0|0\nv1|d-70|kd30|0|0\n");
    says(path, "SELECT * FROM holders",
         "ko20|v1|o+0\nko21|v1|o+d10/4294967295:1\nko22|v1|o+v1048575/0\nkp40|v1|p-60\n"
         "kd30|v1|d-70\n");
    says(path, "SELECT * FROM queues", "acceptance|1|1\nrun|7|4\nreap|1|1\nlonely|1|1\nkp40|3|1\n");
    says(path, "SELECT * FROM holds", "kp40|1|13\n");
    says(path, "SELECT * FROM gc_actions", "v1 dropExport ko20\nv1 retireImport ko21\n");
    says(path, "SELECT * FROM keys", "-|vat.name|v1\nv1|k|value\n");
    says(path, "SELECT count(*) FROM transcripts", "0\n");
    says(path, "PRAGMA integrity_check", "ok\n");
}

/* Whether the page has `name` in the row of `table`, or anywhere if that is NULL. */
static bool page_has(const char *page, const char *table, const char *name)
{
    char word[100];
    const char *from = page;
    size_t size = strlen(page);
    if (table != NULL) {
        (void)snprintf(word, sizeof word, "\n| %s |", table);
        from = strstr(page, word);
        size = from == NULL ? 0 : 1 + strcspn(from + 1, "\n");
    }
    (void)snprintf(word, sizeof word, "`%s`", name);
    return from != NULL && memmem(from, size, word, strlen(word)) != NULL;
}

/* The page that describes the schema is checked against the schema. */
static void the_page_shows_the_tables(void **state)
{
    (void)state;
    const char *path = make();
    sqlite3 *db;
    cs_buf b = { 0 }, missing = { 0 };
    char *page = t_read_file(t_source_path("docs/store.md"), NULL), *at;
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "SELECT m.type,m.name,t.name FROM sqlite_schema m,"
                                  "pragma_table_info(m.name) t WHERE m.type IN('table','view')",
                                  add_row, &b, NULL),
                     SQLITE_OK);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
    for (char *line = strtok_r((char *)(uintptr_t)cs_buf_text(&b), "\n", &at); line != NULL;
         line = strtok_r(NULL, "\n", &at)) {
        char *type = line, *name = strchr(line, '|') + 1, *column = strchr(name, '|') + 1;
        name[-1] = column[-1] = 0;
        bool is_view = strcmp(type, "view") == 0;
        if (!page_has(page, is_view ? NULL : name, is_view ? name : column))
            cs_buf_addf(&missing, "%s.%s ", name, column);
    }
    assert_string_equal(cs_buf_text(&missing), "");
    cs_buf_fini(&missing);
    cs_buf_fini(&b);
    free(page);
}

/* ---- what a block costs in SQL ---- */

typedef struct said {
    unsigned select, insert, update, delete;
} said;

static int count_statement(unsigned type, void *ctx, void *stmt, void *text)
{
    (void)type;
    (void)stmt;
    said *n = ctx;
    cs_bytes sql = cs_bytes_of(text);
    n->select += cs_bytes_start_with(sql, "SELECT");
    n->insert += cs_bytes_start_with(sql, "INSERT");
    n->update += cs_bytes_start_with(sql, "UPDATE");
    n->delete += cs_bytes_start_with(sql, "DELETE");
    return 0;
}

static void listen(cs_store *s, said *n)
{
    *n = (said){ 0 };
    (void)sqlite3_trace_v2(s->file->db, SQLITE_TRACE_STMT, count_statement, n);
}

static void expect_said(cs_store *s, said *n, said want)
{
    assert_ok(cs_store_commit(s, NULL));
    assert_int_equal(n->select, want.select);
    assert_int_equal(n->insert, want.insert);
    assert_int_equal(n->update, want.update);
    assert_int_equal(n->delete, want.delete);
    *n = (said){ 0 };
}

static cs_kref object(uint64_t i)
{
    return cs_kref_of(CS_REF_OBJECT, 20 + i);
}

static cs_vref exported(uint64_t i)
{
    return cs_vref_of(CS_REF_OBJECT, true, i);
}

static cs_gc_action action(uint64_t i)
{
    return (cs_gc_action){ v1, CS_GC_DROP_EXPORT, cs_kref_of(CS_REF_OBJECT, i) };
}

static void add_action(cs_store *s, uint64_t i)
{
    const cs_gc_action a = action(i);
    cs_gc_add(s, &a);
}

static void delete_action(cs_store *s, uint64_t i)
{
    const cs_gc_action a = action(i);
    cs_gc_delete(s, &a);
}

static void add_one_of_each(cs_store *s)
{
    (void)cs_store_mark(s);
    (void)cs_object_add(s, object(0));
    (void)cs_clist_add(s, v1, exported(1), object(0));
    cs_promise_add(s, kp40)->state = CS_UNRESOLVED;
    cs_queue_add(s, CS_QUEUE_RUN, 1, cs_blob_new(CS_BYTES("item")));
    (void)cs_hold_add(s, object(0));
    add_action(s, 20);
    cs_meta_edit(s)->crank_number++;
    cs_store_keep(s);
}

static void delete_one_of_each(cs_store *s)
{
    (void)cs_store_mark(s);
    cs_object_delete(s, object(0));
    cs_clist_delete(s, v1, exported(1));
    cs_promise_delete(s, kp40);
    cs_queue_delete(s, CS_QUEUE_RUN, 1);
    cs_hold_delete(s, object(0));
    delete_action(s, 20);
    cs_store_keep(s);
}

/* T1. Nothing is said of what is born and dies in a block. */
static void born_and_died(void **state)
{
    (void)state;
    cs_store *s = open_store(new_path());
    said n;
    (void)cs_gc_is_empty(s);
    listen(s, &n);
    add_one_of_each(s);
    delete_one_of_each(s);
    expect_said(s, &n, (said){ .insert = 1 }); /* the kernel's row */
    add_one_of_each(s);
    /* Each page looks for the highest there is. */
    expect_said(s, &n, (said){ .select = 3, .insert = 7, .update = 1 });
    delete_one_of_each(s);
    add_one_of_each(s);
    /* A c-list entry that comes back has its kref, so its holder is as it was. */
    expect_said(s, &n, (said){ .select = 2, .update = 7 });
    delete_one_of_each(s);
    expect_said(s, &n, (said){ .select = 3, .delete = 7 });
    cs_store_close(s);
}

enum { MANY = 1000, STAYS = 500 };

static void add_many(cs_store *s)
{
    for (uint64_t i = 0; i < MANY; i++) {
        (void)cs_object_add(s, object(i));
        (void)cs_clist_add(s, v1, exported(i), object(i));
        (void)cs_clist_add(s, v2, exported(2 * i), object(i));
        cs_queue_add(s, CS_QUEUE_RUN, i, cs_blob_new(CS_BYTES("item")));
        add_action(s, i * 7);
    }
}

/* From the last to the first. */
static void delete_all_but_one(cs_store *s)
{
    for (uint64_t i = MANY; i-- > 0;) {
        if (i == STAYS)
            continue;
        cs_object_delete(s, object(i));
        cs_clist_delete(s, v1, exported(i));
        cs_clist_delete(s, v2, exported(2 * i));
        cs_queue_delete(s, CS_QUEUE_RUN, i);
        delete_action(s, i * 7);
    }
}

/* Rows between which there is nothing are deleted together, and those alone. */
static void neighbours_are_deleted_together(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_store(path);
    said n;
    add_many(s);
    assert_ok(cs_store_commit(s, NULL));
    listen(s, &n);
    delete_all_but_one(s);
    /* Queue and actions: on either side of what stays. Pages: each is read, and goes; but three stay,
     * and those of one holder and one action. */
    enum {
        PAGES = (20 + MANY + 31) / 32, /* of objects; as many of vat 1, and of each vat's holders */
        WIDE = (2 * MANY + 31) / 32
    };
    expect_said(
        s, &n,
        (said){ .select = 4 * PAGES + WIDE, .update = 6, .delete = 2 * 2 + 4 * PAGES + WIDE - 5 });
    cs_store_close(s);
    says(path, "SELECT kref FROM objects", "ko520\n");
    says(path, "SELECT vat,vref,kref FROM clists ORDER BY 1", "v1|o+500|ko520\nv2|o+1000|ko520\n");
    says(path, "SELECT queue,seq FROM queues", "run|500\n");
    says(path, "SELECT * FROM gc_actions", "v1 dropExport ko3500\n");
    says(path, "PRAGMA integrity_check", "ok\n");
}

/* Each has the other's kref in the file while the block is written. */
static void entries_exchange_their_krefs(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_store(path);
    for (uint64_t i = 0; i < 2; i++)
        (void)cs_clist_add(s, v1, exported(i), object(i));
    assert_ok(cs_store_commit(s, NULL));
    for (uint64_t i = 0; i < 2; i++)
        cs_clist_delete(s, v1, exported(i));
    for (uint64_t i = 0; i < 2; i++)
        (void)cs_clist_add(s, v1, exported(i), object(1 - i));
    assert_ok(cs_store_commit(s, NULL));
    cs_store_close(s);
    says(path, "SELECT vref,kref FROM clists ORDER BY 1", "o+0|ko21\no+1|ko20\n");
}

/* ---- what the file has, and the kernel's counters say it cannot ---- */

static void expect_damage(cs_store *s, const char *says)
{
    cs_error err = { 0 };
    assert_int_equal(cs_store_commit(s, &err), CS_E_CORRUPT);
    if (strstr(err.text, says) == NULL)
        fail_msg("%s", err.text);
    cs_store_close(s);
}

static void a_row_that_is_there_already(void **state)
{
    (void)state;
    const char *path = make();
    cs_store *s = open_store(path);
    assert_non_null(cs_object_find(s, ko20));
    cs_object_row *o = cs_object_add(s, ko20); /* written nowhere */
    assert_int_equal(o->reachable, 0);
    o->reachable = 7;
    expect_damage(s, "table object, row ko20: there is such a row already");
    s = open_store(path);
    assert_non_null(cs_clist_find_vref(s, v1, text_vref("o+0")));
    cs_clist_add(s, v1, text_vref("o+0"), ko20)->reachable = false;
    expect_damage(s, "table clist, row v1 o+0: there is such a row already");
    s = open_store(path);
    cs_object_add(s, ko20)->recognizable = 7; /* not looked for before */
    expect_damage(s, "table object, row ko20: there is such a row already");
    s = open_store(path);
    cs_queue_add(s, CS_QUEUE_RUN, 7, cs_blob_new(CS_BYTES("another")));
    expect_damage(s, "UNIQUE constraint failed");
    says(path, "SELECT * FROM objects", "ko20|v1|2|2|0\nko21|-|0|1|1\n");
    says(path, "SELECT * FROM queues WHERE queue='run'", "run|7|4\n");
}

static void a_row_that_is_gone(void **state)
{
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        const char *path = new_path();
        cs_store *s = open_store(path);
        add_many(s);
        assert_ok(cs_store_commit(s, NULL));
        assert_ok(cs_file_exec(s, "DELETE FROM object WHERE page&1023=0;"
                                  "DELETE FROM gc"));
        if (i == 0)
            cs_object_edit(s, object(5))->recognizable = 1;
        for (uint64_t k = 4; i == 1 && k < 8; k++)
            cs_object_delete(s, object(k));
        if (i == 2)
            delete_action(s, 7);
        expect_damage(s, i == 0   ? "table object, row ko25: there is no such row"
                         : i == 1 ? "table object, row ko24: there is no such row"
                                  : "table gc, row v1 1152921504606846976: there is no such row");
    }
}

/* ---- garbage by the thousand: a bounded number of questions ---- */

static bool count_row(void *ctx, const cs_clist_row *row)
{
    (void)row;
    ++*(unsigned *)ctx;
    return true;
}

/* The importers of objects that the file has take a question each, those of new ones none. */
static void importers_of_many(void **state)
{
    (void)state;
    cs_store *s = open_store(new_path());
    said n;
    unsigned found = 0;
    add_many(s);
    listen(s, &n);
    for (uint64_t i = 0; i < MANY; i++)
        cs_store_each_holder(s, object(i), count_row, &found);
    assert_int_equal(found, 2 * MANY);
    assert_true(n.select <= 1); /* the highest kref of the file */
    assert_ok(cs_store_commit(s, NULL));
    for (uint64_t i = 0; i < MANY; i += 2)
        cs_clist_edit(s, v1, exported(i))->reachable = true;
    n = (said){ 0 };
    for (uint64_t i = 0; i < MANY; i++)
        cs_store_each_holder(s, object(i), count_row, &found);
    assert_int_equal(found, 4 * MANY);
    assert_int_equal(n.select, MANY);
    cs_store_close(s);
}

/* Added in one block, taken from the front in ten; read once, and deleted in ten statements. */
static void actions_are_taken_from_the_front(void **state)
{
    (void)state;
    enum { ACTIONS = 20000, TAKEN = ACTIONS / 10 };
    const char *path = new_path();
    cs_store *s = open_store(path);
    said n;
    for (uint64_t i = 0; i < ACTIONS; i++)
        add_action(s, i * 7919 % ACTIONS);
    assert_ok(cs_store_commit(s, NULL));
    s = cs_store_close(s);
    char last[CS_GC_NAME_MAX] = "", name[CS_GC_NAME_MAX];
    for (size_t block = 0; block < 10; block++) {
        if (block % 5 == 0) {
            cs_store_close(s);
            s = open_store(path);
            listen(s, &n);
        }
        cs_gc_walk w;
        assert_true(cs_gc_begin(s, &w));
        for (size_t i = 0; i < TAKEN; i++) {
            cs_gc_action a = action(0);
            assert_true(cs_gc_take(&w, &a.object));
            assert_true(strcmp(cs_gc_name(&a, name), last) > 0);
            memcpy(last, name, sizeof last);
        }
        assert_ok(cs_store_commit(s, NULL));
        assert_int_equal(n.select, block % 5 == 0);
        assert_true(n.delete + n.update <= 2 * 5); /* a run of each length, and its ends */
        n = (said){ 0 };
    }
    assert_true(cs_gc_is_empty(s));
    cs_store_close(s);
    says(path, "SELECT count(*) FROM gc", "0\n");
}

T_MAIN(T(views), T(the_page_shows_the_tables), T(born_and_died), T(neighbours_are_deleted_together),
       T(entries_exchange_their_krefs), T(a_row_that_is_there_already), T(a_row_that_is_gone),
       T(importers_of_many), T(actions_are_taken_from_the_front))
