/* What lies in pages (page.h): references share them, entries come and go, and what is read brings its
 * neighbours. */
#include "store/file.h"
#include "store_file.h"
#include "t.h"
#include "tape.h"

#include <stdio.h>
#include <string.h>

static const cs_vatid v1 = { 1 }, v2 = { 2 };

/* With nothing in the cache. */
static cs_store *open_again(cs_store *s, const char *path)
{
    assert_ok(cs_store_commit(s, NULL));
    assert_int_equal(cs_store_check(s, NULL, NULL), 0);
    cs_store_close(s);
    return open_store(path);
}

static cs_kref object(uint64_t id)
{
    return cs_kref_of(CS_REF_OBJECT, id);
}

static cs_vref exported(uint64_t id)
{
    return cs_vref_of(CS_REF_OBJECT, true, id);
}

static int64_t ask(cs_store *s, const char *sql)
{
    sqlite3_stmt *stmt = NULL;
    assert_int_equal(sqlite3_prepare_v2(s->file->db, sql, -1, &stmt, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
    int64_t n = sqlite3_column_int64(stmt, 0);
    assert_int_equal(sqlite3_finalize(stmt), SQLITE_OK);
    return n;
}

static size_t cached(const cs_store *s, cs_table_id table)
{
    return s->tables[table].index.count;
}

/* ---- references and entries ---- */

static uint64_t any_vref(tape *t)
{
    static const char *const text[] = { "o+0", "o-0", "p+0", "p-0", "d+0", "o+v0/0", "o+d0/0" };
    cs_vref v = text_vref(tape_pick(t, text));
    v.bits |= tape_below(t, cs_vref_is_virtual(v) ? UINT64_C(1) << 59 : CS_REF_ID_MAX + 1);
    assert_true(cs_vref_check(v));
    return v.bits;
}

/* P1 */
static const char *pages_follow_references(tape *t, void *ctx)
{
    (void)ctx;
    uint64_t a = any_vref(t), b = tape_bool(t) ? any_vref(t) : a + tape_below(t, 5000);
    uint64_t page = cs_page_of(a), other = cs_page_of(b);
    if (a < cs_page_first(page) || a > cs_page_last(page))
        return "outside of its page";
    if (cs_page_of(cs_page_first(page)) != page || cs_page_of(cs_page_last(page)) != page ||
        cs_page_of(cs_page_last(page) + 1) == page)
        return "pages begin and end elsewhere";
    if (a <= b ? page > other : page < other)
        return "pages do not follow each other as references do";
    return (page == other) == (b >= cs_page_first(page) && b <= cs_page_last(page))
               ? NULL
               : "on a page that it does not belong to";
}

static void pages_of_references(void **state)
{
    (void)state;
    t_property(pages_follow_references, NULL, 20000);
    assert_int_equal(cs_page_of(text_vref("o+v10/0").bits),
                     cs_page_of(text_vref("o+v10/31:126").bits));
    assert_int_not_equal(cs_page_of(text_vref("o+v10/31").bits),
                         cs_page_of(text_vref("o+v10/32").bits));
    assert_int_not_equal(cs_page_of(text_vref("o+v10/0").bits),
                         cs_page_of(text_vref("o+d10/0").bits));
    assert_int_equal(cs_page_of(object(32).bits), cs_page_of(object(63).bits));
    assert_int_not_equal(cs_page_of(object(31).bits), cs_page_of(object(32).bits));
}

/* P3 */
static void entries_are_as_wide_as_their_columns(void **state)
{
    (void)state;
    for (cs_pages_id id = 0; id < CS_PAGES_COUNT; id++) {
        const cs_pages_def *def = &cs_pages_defs[id];
        size_t width = 0;
        for (size_t i = 0; i < def->column_count; i++)
            width += cs_columns_width(&def->columns[i]);
        assert_int_equal(width, def->width);
    }
}

/* ---- pages ---- */

/* With gaps, over several pages; the numbers of pages come out right. */
static void neighbours_share_a_page(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_store(path);
    for (uint64_t id = 20; id < 200; id += 3) {
        cs_object_add(s, object(id))->recognizable = (uint32_t)id;
        cs_clist_add(s, v1, exported(id + 5), object(id))->since = id;
        cs_clist_add(s, v2, cs_vref_of(CS_REF_OBJECT, false, 300 - id), object(id))->since = id;
    }
    s = open_again(s, path);
    assert_int_equal(ask(s, "SELECT count(*) FROM object"), 7);
    assert_int_equal(ask(s, "SELECT count(*) FROM clist"), 7 + 6);
    assert_int_equal(ask(s, "SELECT count(*) FROM holder"), 7 + 7);
    for (uint64_t id = 20; id < 200; id++) {
        const cs_object_row *o = cs_object_find(s, object(id));
        const cs_clist_row *a = cs_clist_find_vref(s, v1, exported(id + 5)),
                           *b = cs_clist_find_kref(s, v2, object(id));
        bool is = id % 3 == 2;
        assert_true((o != NULL) == is && (a != NULL) == is && (b != NULL) == is);
        assert_true(!is || (o->recognizable == id && a->since == id && b->since == id));
    }
    cs_store_close(s);
}

static void facets(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_store(path);
    for (unsigned i = 0; i < 2 * 127; i++) {
        char text[40];
        (void)snprintf(text, sizeof text, "o+%c10/5:%u", "vd"[i / 127], i % 127);
        (void)cs_clist_add(s, v1, text_vref(text), object(20 + i));
    }
    (void)cs_clist_add(s, v1, text_vref("o+v10/5"), object(1000));
    (void)cs_clist_add(s, v1, text_vref("o+v10/31:126"), object(1001));
    (void)cs_clist_add(s, v1, text_vref("o+v10/32"), object(1002));
    s = open_again(s, path);
    assert_int_equal(ask(s, "SELECT count(*) FROM clist"), 3);
    for (unsigned i = 0; i < 2 * 127; i++) {
        char text[40], found[CS_REF_TEXT_MAX];
        (void)snprintf(text, sizeof text, "o+%c10/5:%u", "vd"[i / 127], i % 127);
        const cs_clist_row *row = cs_clist_find_kref(s, v1, object(20 + i));
        assert_non_null(row);
        assert_string_equal(cs_vref_text(row->vref, found), text);
    }
    assert_true(cs_kref_same(cs_clist_find_vref(s, v1, text_vref("o+v10/5"))->kref, object(1000)));
    assert_null(cs_clist_find_vref(s, v1, text_vref("o+v10/6")));
    cs_store_close(s);
}

static void a_page_is_emptied_and_filled_again(void **state)
{
    (void)state;
    const char *path = new_path();
    cs_store *s = open_store(path);
    for (uint32_t round = 1; round <= 3; round++) {
        for (uint64_t id = 32; id < 64; id++) {
            cs_object_add(s, object(id))->recognizable = round;
            (void)cs_clist_add(s, v1, exported(id), object(id));
        }
        s = open_again(s, path);
        assert_int_equal(ask(s, "SELECT count(*) FROM object"), 1);
        for (uint64_t id = 32; id < 64; id++) {
            assert_int_equal(cs_object_find(s, object(id))->recognizable, round);
            cs_object_delete(s, object(id));
            cs_clist_delete(s, v1, exported(id));
            if (id == 40) /* in the midst of it */
                s = open_again(s, path);
        }
        assert_ok(cs_store_commit(s, NULL));
        assert_int_equal(ask(s, "SELECT count(*) FROM object"), 0);
        assert_int_equal(ask(s, "SELECT count(*) FROM clist"), 0);
        assert_int_equal(ask(s, "SELECT count(*) FROM holder"), 0);
    }
    cs_store_close(s);
}

/* Entries whose krefs move to other pages, in a circle, and one that comes back as it was. */
static void krefs_move_between_pages(void **state)
{
    (void)state;
    enum { COUNT = 5 };
    const char *path = new_path();
    cs_store *s = open_store(path);
    for (uint64_t i = 0; i < COUNT; i++)
        (void)cs_clist_add(s, v1, exported(i), object(20 + 1000 * i));
    for (size_t round = 1; round <= COUNT; round++) {
        s = open_again(s, path);
        for (uint64_t i = 0; i < COUNT; i++)
            cs_clist_delete(s, v1, exported(i));
        for (uint64_t i = 0; i < COUNT; i++)
            (void)cs_clist_add(s, v1, exported(i), object(20 + 1000 * ((i + round) % COUNT)));
        if (round == 3) { /* twice in a block */
            cs_clist_delete(s, v1, exported(0));
            cs_clist_delete(s, v1, exported(1));
            (void)cs_clist_add(s, v1, exported(1), object(20 + 1000 * 3));
        }
        s = open_again(s, path);
        for (uint64_t i = 0; i < COUNT; i++) {
            const cs_clist_row *row =
                cs_clist_find_kref(s, v1, object(20 + 1000 * ((i + round) % COUNT)));
            if (round == 3 && i < 2)
                assert_true(i == 0 ? cs_vref_same(row->vref, exported(1)) : row == NULL);
            else
                assert_true(row != NULL && cs_vref_same(row->vref, exported(i)));
        }
        if (round == 3) {
            cs_clist_delete(s, v1, exported(1));
            (void)cs_clist_add(s, v1, exported(0), object(20 + 1000 * 3));
            (void)cs_clist_add(s, v1, exported(1), object(20 + 1000 * 4));
        }
    }
    cs_store_close(s);
}

/* A vat must not have a kref twice: the kernel never does that, so the file or the memory is damaged. */
static void a_kref_that_the_vat_has_already(void **state)
{
    (void)state;
    cs_error err = { 0 };
    const char *path = new_path();
    cs_store *s = open_store(path);
    (void)cs_clist_add(s, v1, exported(1), object(20));
    s = open_again(s, path);
    (void)cs_clist_add(s, v1, exported(100), object(20));
    assert_int_equal(cs_store_commit(s, &err), CS_E_CORRUPT);
    assert_non_null(strstr(err.text, "table holder, row v1 ko20: there is such a row already"));
    cs_store_close(s);
}

/* ---- neighbours ---- */

static const char *make_two_pages(void)
{
    const char *path = new_path();
    cs_store *s = open_store(path);
    for (uint64_t id = 32; id < 96; id++) {
        cs_object_add(s, object(id))->recognizable = 1;
        (void)cs_clist_add(s, v1, exported(id), object(id));
    }
    cs_store_close(open_again(s, path));
    return path;
}

static void neighbours_come_along(void **state)
{
    (void)state;
    cs_store *s = open_store(make_two_pages());
    (void)cs_object_find(s, object(40));
    assert_int_equal(cached(s, CS_TABLE_OBJECT), 32);
    (void)cs_clist_find_kref(s, v1, object(40));
    assert_int_equal(cached(s, CS_TABLE_CLIST), 32);
    assert_int_equal(cached(s, CS_TABLE_OBJECT), 32);
    cs_store_close(s);
}

/* Walks read what they need, not more. */
static bool count_entry(void *ctx, const cs_clist_row *row)
{
    *(size_t *)ctx += row->kref.bits != 0;
    return true;
}

static void neighbours_of_holders_stay(void **state)
{
    (void)state;
    size_t count = 0;
    cs_store *s = open_store(make_two_pages());
    for (uint64_t id = 32; id < 96; id++)
        cs_store_each_holder(s, object(id), count_entry, &count);
    assert_int_equal(count, 64);
    assert_int_equal(cached(s, CS_TABLE_CLIST), 0);
    cs_clist_edit(s, v1, exported(33))->since = 5; /* 32 are cached now, one of them is changed */
    for (uint64_t id = 32; id < 96; id++)
        cs_store_each_holder(s, object(id), count_entry, &count);
    assert_int_equal(count, 2 * 64);
    assert_int_equal(cached(s, CS_TABLE_CLIST), 32);
    cs_store_close(s);
}

/* What this block made of them stays. */
static void changed_neighbours_stay_changed(void **state)
{
    (void)state;
    cs_store *s = open_store(make_two_pages());
    s->weight_max = 0;
    cs_object_edit(s, object(32))->recognizable = 7;
    cs_object_delete(s, object(33));
    cs_mark mark = cs_store_mark(s);
    cs_object_delete(s, object(34));
    cs_clist_delete(s, v1, exported(34));
    cs_store_undo(s, mark);
    cs_store_keep(s);
    (void)cs_object_find(s, object(50));
    assert_int_equal(cs_object_find(s, object(32))->recognizable, 7);
    assert_null(cs_object_find(s, object(33)));
    assert_non_null(cs_object_find(s, object(34)));
    assert_ok(cs_store_commit(s, NULL)); /* and drops all from the cache */
    assert_int_equal(cached(s, CS_TABLE_OBJECT), 0);
    (void)cs_object_find(s, object(50));
    assert_int_equal(cs_object_find(s, object(32))->recognizable, 7);
    assert_null(cs_object_find(s, object(33)));
    cs_store_close(s);
}

/* Those that nobody looked at leave the cache before those that were. */
static void neighbours_are_the_first_to_go(void **state)
{
    (void)state;
    cs_store *s = open_store(make_two_pages());
    (void)cs_object_find(s, object(40));
    (void)cs_object_find(s, object(41));
    (void)cs_object_find(s, object(80));
    s->weight_max = 10;
    cs_meta_edit(s)->crank_number++;
    assert_ok(cs_store_commit(s, NULL));
    assert_int_equal(cached(s, CS_TABLE_OBJECT), 3);
    cs_store_close(s);
}

/* ---- damage that only a commit meets: the rows were read before it ---- */

static const struct {
    const char *sql, *says;
} lies[] = {
    { "UPDATE object SET entries=substr(entries,2)",
      "table object, row page 144115188075855873: column entries is of wrong size" },
    { "UPDATE object SET entries=x''", "column entries is of wrong size" },
    { "UPDATE object SET entries=CAST(substr(entries,22)||substr(entries,1,21) AS BLOB)",
      "its entries are out of order" },
    { "UPDATE object SET entries=CAST(substr(entries,1,21)||entries AS BLOB)",
      "its entries are out of order" },
    { "DELETE FROM object WHERE page=(SELECT min(page) FROM object);"
      "UPDATE object SET page=page-1",
      "table object, row page 144115188075855873: it has an entry of another page" },
    { "DELETE FROM object", "table object, row ko40: there is no such row" },
    { "UPDATE clist SET entries=substr(entries,26) WHERE page=(SELECT min(page) FROM clist);"
      "DELETE FROM holder",
      "table holder, row v1 ko40: there is no such row" },
    { "UPDATE clist SET entries=CAST(substr(entries,1,8*25+15)||x'00'||substr(entries,8*25+17) AS BLOB)",
      "table clist, row v1 o+40: column kref is out of range" },
    { "UPDATE clist SET entries=CAST(substr(entries,1,8*25)||substr(entries,9*25+1) AS BLOB)",
      "table clist, row v1 o+40: there is no such row" },
    { "UPDATE holder SET entries=substr(entries,2)", "table holder, row v1 page" },
    { "UPDATE holder SET entries=CAST(substr(entries,1,8*16)||substr(entries,9*16+1) AS BLOB)",
      "table holder, row v1 ko40: there is no such row" },
};

static void a_commit_meets_a_damaged_page(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof lies / sizeof lies[0]; i++) {
        cs_error err = { 0 };
        cs_store *s = open_store(make_two_pages());
        cs_object_edit(s, object(40))->recognizable = 2;
        cs_clist_delete(s, v1, exported(40));
        assert_ok(cs_file_exec(s, lies[i].sql));
        cs_status st = cs_store_commit(s, &err);
        if (st != CS_E_CORRUPT || strstr(err.text, lies[i].says) == NULL)
            fail_msg("%s: %s", lies[i].sql, err.text);
        assert_int_equal(cs_store_commit(s, NULL), CS_E_CORRUPT);
        cs_store_close(s);
    }
}

T_MAIN(T(pages_of_references), T(entries_are_as_wide_as_their_columns), T(neighbours_share_a_page),
       T(facets), T(a_page_is_emptied_and_filled_again), T(krefs_move_between_pages),
       T(a_kref_that_the_vat_has_already), T(neighbours_come_along), T(neighbours_of_holders_stay),
       T(changed_neighbours_stay_changed), T(neighbours_are_the_first_to_go),
       T(a_commit_meets_a_damaged_page))
