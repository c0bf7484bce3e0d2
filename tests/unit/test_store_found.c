/* Rows that are changed where they were found, in memory and in a file: journalled and written as if
 * they had been asked for by key. */
#include "store_file.h"
#include "t.h"

#include <stdio.h>

static const cs_vatid vat = { 3 };
static cs_kref object, other;
static cs_vref vref;

static void fill(cs_store *s)
{
    object = cs_kref_of(CS_REF_OBJECT, 20);
    other = cs_kref_of(CS_REF_OBJECT, 21);
    vref = cs_vref_of(CS_REF_OBJECT, false, 50);
    cs_object_row *row = cs_object_add(s, object);
    row->reachable = row->recognizable = 1;
    cs_clist_add(s, vat, vref, object)->reachable = true;
    assert_ok(cs_store_commit(s, NULL));
}

static void change_entry(cs_store *s, cs_kref kref)
{
    const cs_clist_row *entry = cs_clist_find_kref(s, vat, kref);
    assert_ptr_equal(cs_clist_change(s, entry), entry);
    cs_clist_change(s, entry)->reachable = false;
}

static void change(cs_store *s)
{
    const cs_object_row *row = cs_object_find(s, object);
    assert_ptr_equal(cs_object_change(s, row), row);
    cs_object_change(s, row)->reachable = 0;
    change_entry(s, object);
}

static void expect(cs_store *s, uint32_t reachable)
{
    assert_int_equal(cs_object_find(s, object)->reachable, reachable);
    assert_int_equal(cs_clist_find_vref(s, vat, vref)->reachable, reachable);
    assert_ptr_equal(cs_clist_find_kref(s, vat, object), cs_clist_find_vref(s, vat, vref));
}

static void undone(cs_store *s)
{
    cs_mark mark = cs_store_mark(s);
    change(s);
    expect(s, 0);
    cs_clist_delete(s, vat, vref);
    cs_clist_add(s, vat, vref, other);
    change_entry(s, other);
    cs_store_undo(s, mark);
    cs_store_keep(s);
    expect(s, 1);
}

static void in_memory(void **state)
{
    (void)state;
    cs_store *s = open_store(NULL);
    fill(s);
    undone(s);
    change(s);
    assert_ok(cs_store_commit(s, NULL));
    expect(s, 0);
    (void)cs_store_close(s);
}

static void in_a_file(void **state)
{
    (void)state;
    char path[4096];
    (void)snprintf(path, sizeof path, "%s/found.db", t_tmpdir());
    cs_store *s = open_store(path);
    fill(s);
    undone(s);
    change(s);
    assert_ok(cs_store_commit(s, NULL));
    (void)cs_store_close(s);
    s = open_store(path);
    expect(s, 0);
    (void)cs_store_close(s);
}

T_MAIN(T(in_memory), T(in_a_file))
