/* Each search makes the node that it ends at the root, and folds the way to it up on either side. So what
 * comes in order, from either end or at a few places at once, is found next to where the last one
 * was, and no choice of names makes it slow: m operations on n rows take O(m log n) comparisons. */
#include "store/order.h"

#include <string.h>

/* As cs_bytes_compare(), which is not inlined: half of what a search costs. */
static int compare(const cs_order_node *node, cs_vatid vat, cs_bytes name)
{
    if (node->vat.n != vat.n)
        return node->vat.n < vat.n ? -1 : 1;
    size_t common = node->name.size < name.size ? node->name.size : name.size;
    int c = common == 0 ? 0 : memcmp(node->name.data, name.data, common);
    return c != 0 ? c : (node->name.size > name.size) - (node->name.size < name.size);
}

int cs_order_compare(const cs_order_node *node, cs_vatid vat, cs_bytes name)
{
    return compare(node, vat, name);
}

static cs_order_node *rotate_right(cs_order_node *node)
{
    cs_order_node *left = node->left;
    node->left = left->right;
    left->right = node;
    return left;
}

static cs_order_node *rotate_left(cs_order_node *node)
{
    cs_order_node *right = node->right;
    node->right = right->left;
    right->left = node;
    return right;
}

/* The new root of a tree that is not empty: the node of that name, or one of the two beside its place
 * (Sleator and Tarjan, top down). What is smaller than the rest collects at `before`, what is greater
 * at `behind`. */
static cs_order_node *splay(cs_order_node *t, cs_vatid vat, cs_bytes name)
{
    cs_order_node *smaller = NULL, *greater = NULL, **before = &smaller, **behind = &greater;
    int c = compare(t, vat, name);
    while (c != 0) {
        cs_order_node *next = c > 0 ? t->left : t->right;
        if (next == NULL)
            break;
        int at_next = compare(next, vat, name);
        bool is_straight =
            c > 0 ? at_next > 0 && next->left != NULL : at_next < 0 && next->right != NULL;
        if (is_straight) {
            t = c > 0 ? rotate_right(t) : rotate_left(t);
            next = c > 0 ? t->left : t->right;
            at_next = compare(next, vat, name);
        }
        if (c > 0) {
            *behind = t;
            behind = &t->left;
        } else {
            *before = t;
            before = &t->right;
        }
        t = next;
        c = at_next;
    }
    *before = t->left;
    *behind = t->right;
    t->left = smaller;
    t->right = greater;
    return t;
}

void cs_order_add(cs_order_node **root, cs_order_node *node, cs_vatid vat, cs_bytes name)
{
    *node = (cs_order_node){ .vat = vat, .name = name };
    cs_order_node *t = *root == NULL ? NULL : splay(*root, vat, name);
    *root = node;
    if (t == NULL)
        return;
    if (compare(t, vat, name) < 0) {
        node->left = t;
        node->right = t->right;
        t->right = NULL;
    } else {
        node->right = t;
        node->left = t->left;
        t->left = NULL;
    }
}

void cs_order_remove(cs_order_node **root, cs_order_node *node)
{
    cs_assert(*root != NULL);
    const cs_order_node *found = splay(*root, node->vat, node->name);
    cs_assert(found == node);
    cs_order_node *left = node->left;
    *root = node->right;
    if (left != NULL) {
        left = splay(left, node->vat, node->name); /* the greatest: nothing is to its right */
        left->right = node->right;
        *root = left;
    }
    node->left = node->right = NULL;
}

cs_order_node *cs_order_after(cs_order_node **root, cs_vatid vat, cs_bytes name)
{
    if (*root == NULL)
        return NULL;
    cs_order_node *t = *root = splay(*root, vat, name);
    if (compare(t, vat, name) <= 0) { /* then the least of those to its right */
        if (t->right != NULL)
            t->right = splay(t->right, vat, name);
        t = t->right;
    }
    return t != NULL && t->vat.n == vat.n ? t : NULL;
}
