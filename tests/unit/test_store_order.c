/* The set of rows in order, against a list that is searched from end to end; and in the orders in which
 * the kernel uses it. */
#include "store/order.h"
#include "t.h"
#include "tape.h"

#include <stdio.h>
#include <string.h>

enum { VATS = 3, KEYS = 20, MANY = 20000, NAME_MAX_SIZE = 32 };

typedef struct entry {
    cs_order_node node;
    bool is_in;
    char name[NAME_MAX_SIZE];
} entry;

/* By vat, then by name: names are prefixes of one another as well. */
static void make_entries(entry entries[VATS * KEYS])
{
    memset(entries, 0, VATS * KEYS * sizeof *entries);
    for (size_t i = 0; i < VATS * KEYS; i++)
        (void)snprintf(entries[i].name, NAME_MAX_SIZE, "%0*zu", (int)(2 + i % 2 * 3), i % KEYS / 2);
}

static cs_vatid vat_of(size_t i)
{
    return (cs_vatid){ (uint32_t)(i / KEYS) };
}

static int compare(const entry *entries, size_t i, size_t j)
{
    if (vat_of(i).n != vat_of(j).n)
        return vat_of(i).n < vat_of(j).n ? -1 : 1;
    return cs_bytes_compare(cs_bytes_of(entries[i].name), cs_bytes_of(entries[j].name));
}

static const cs_order_node *expected_after(const entry *entries, size_t at)
{
    size_t best = SIZE_MAX;
    for (size_t i = 0; i < VATS * KEYS; i++)
        if (entries[i].is_in && vat_of(i).n == vat_of(at).n && compare(entries, i, at) > 0 &&
            (best == SIZE_MAX || compare(entries, i, best) < 0))
            best = i;
    return best == SIZE_MAX ? NULL : &entries[best].node;
}

static const char *order_follows(tape *t, void *ctx)
{
    entry entries[VATS * KEYS];
    cs_order_node *root = NULL;
    (void)ctx;
    make_entries(entries);
    for (size_t n = 0; n < 200 && !tape_ended(t); n++) {
        size_t i = (size_t)tape_below(t, VATS * KEYS);
        entry *e = &entries[i];
        if (tape_bool(t)) {
            if (cs_order_after(&root, vat_of(i), cs_bytes_of(e->name)) !=
                expected_after(entries, i))
                return "after";
        } else if (e->is_in) {
            cs_order_remove(&root, &e->node);
            e->is_in = false;
        } else {
            cs_order_add(&root, &e->node, vat_of(i), cs_bytes_of(e->name));
            e->is_in = true;
        }
    }
    return NULL;
}

static void follows_a_list(void **state)
{
    (void)state;
    t_property(order_follows, NULL, 3000);
}

/* --- many, in the orders in which they come ----------------------------------------------------------- */

static entry many[MANY];

static void add_one(cs_order_node **root, size_t i)
{
    (void)snprintf(many[i].name, NAME_MAX_SIZE, "%c%06zu", i % 2 == 0 ? 'd' : 'r', i / 2);
    cs_order_add(root, &many[i].node, (cs_vatid){ 1 }, cs_bytes_of(many[i].name));
}

/* Takes all, the first first. */
static void take_all(cs_order_node **root)
{
    char last[NAME_MAX_SIZE] = "";
    size_t count = 0;
    for (cs_order_node *n; (n = cs_order_after(root, (cs_vatid){ 1 }, (cs_bytes){ 0 })) != NULL;
         count++) {
        assert_true(memcmp(last, n->name.data, n->name.size) < 0);
        memcpy(last, n->name.data, n->name.size);
        cs_order_remove(root, n);
    }
    assert_int_equal(count, MANY);
    assert_null(*root);
}

/* Two rising rows at once, as drops and retirements of exports are scheduled; then from behind. */
static void rows_that_rise_and_fall(void **state)
{
    (void)state;
    cs_order_node *root = NULL;
    for (size_t i = 0; i < MANY; i++)
        add_one(&root, i);
    take_all(&root);
    for (size_t i = MANY; i-- > 0;)
        add_one(&root, i);
    take_all(&root);
}

T_MAIN(T(follows_a_list), T(rows_that_rise_and_fall))
