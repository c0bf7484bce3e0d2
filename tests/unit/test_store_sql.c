/* What an SQL shell shows of a store: the schema as docs/store.md has it, and the views. */
#include "store/store.h"
#include "t.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static cs_vref vref(const char *text)
{
    cs_vref v = { 0 };
    assert_ok(cs_vref_parse(cs_bytes_of(text), &v));
    return v;
}

static const cs_kref ko20 = { UINT64_C(1) << 62 | 20 }, kp40 = { UINT64_C(2) << 62 | 40 },
                     kd30 = { UINT64_C(3) << 62 | 30 };

static const char *make(void)
{
    static char path[200];
    static const cs_store_options making = { .create = true };
    cs_store *s = NULL;
    (void)snprintf(path, sizeof path, "%s/s.db", t_tmpdir());
    assert_ok(cs_store_open(path, &making, &s, NULL));
    cs_vatid v1 = { 1 };
    cs_vat_row *v = cs_vat_add(s, v1);
    v->status = CS_VAT_LIVE;
    v->name = cs_blob_new(CS_BYTES("bootstrap"));
    cs_object_row *o = cs_object_add(s, ko20);
    o->owner = v1;
    o->reachable = o->recognizable = 2;
    cs_promise_row *p = cs_promise_add(s, kp40);
    p->state = CS_UNRESOLVED;
    p->queue = (cs_queue_ends){ 3, 5 };
    cs_clist_add(s, v1, vref("o+0"), ko20)->reachable = true;
    (void)cs_clist_add(s, v1, vref("p-60"), kp40);
    (void)cs_clist_add(s, v1, vref("d-70"), kd30);
    (void)cs_clist_add(s, v1, vref("o+d10/4294967295:1"), cs_kref_of(CS_REF_OBJECT, 21));
    (void)cs_clist_add(s, v1, vref("o+v1048575/0"), cs_kref_of(CS_REF_OBJECT, 22));
    cs_queue_add(s, CS_QUEUE_RUN, 7, cs_blob_new(CS_BYTES("item")));
    cs_queue_add(s, cs_queue_of_promise(kp40), 3, cs_blob_new(CS_BYTES("x")));
    cs_hold_add(s, kp40)->count = 1;
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
    says(path, "SELECT vat,name,status,ending FROM vats", "v1|bootstrap|live|-\n");
    says(path, "SELECT * FROM objects", "ko20|v1|2|2\n");
    says(path, "SELECT * FROM promises", "kp40|unresolved|-|0|2\n");
    says(path, "SELECT * FROM clists",
         "v1|o+0|ko20|1\nv1|o+v1048575/0|ko22|0\nv1|o+d10/4294967295:1|ko21|0\n"
         "v1|p-60|kp40|0\nv1|d-70|kd30|0\n");
    says(path, "SELECT * FROM queues", "run|7|4\nkp40|3|1\n");
    says(path, "SELECT * FROM holds", "kp40|1\n");
    says(path, "SELECT * FROM keys", "-|vat.name|v1\nv1|k|value\n");
    says(path, "SELECT count(*) FROM transcripts", "0\n");
    says(path, "PRAGMA integrity_check", "ok\n");
}

/* The page that describes the schema is checked against the schema. */
static void the_page_shows_the_tables(void **state)
{
    (void)state;
    const char *path = make();
    sqlite3 *db;
    cs_buf b = { 0 };
    char *page = t_read_file(t_source_path("docs/store.md"), NULL);
    assert_int_equal(sqlite3_open_v2(path, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_exec(db,
                                  "SELECT m.name||'.'||t.name FROM sqlite_schema m,"
                                  "pragma_table_info(m.name) t WHERE m.type='table'",
                                  add_row, &b, NULL),
                     SQLITE_OK);
    for (char *line = strtok((char *)(uintptr_t)cs_buf_text(&b), "\n"); line != NULL;
         line = strtok(NULL, "\n")) {
        char want[100];
        (void)snprintf(want, sizeof want, "`%s`", strchr(line, '.') + 1);
        if (strstr(page, want) == NULL)
            fail_msg("docs/store.md does not have %s", line);
    }
    cs_buf_fini(&b);
    free(page);
    assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

T_MAIN(T(views), T(the_page_shows_the_tables))
