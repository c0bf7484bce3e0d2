/* Every node has a higher priority than the nodes below it; nodes to its left come before it. */
#include "store/order.h"

#include <string.h>

static uint32_t draw_priority(cs_store *s)
{
    s->priorities = s->priorities * UINT64_C(6364136223846793005) + s->seed[1];
    return (uint32_t)(s->priorities >> 32);
}

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

/* Splits `root` into the nodes before `node` and those behind it. */
static void split(cs_order_node *root, cs_order_node *node)
{
    cs_order_node **before = &node->left, **behind = &node->right;
    while (root != NULL)
        if (compare(root, node->vat, node->name) < 0) {
            *before = root;
            before = &root->right;
            root = *before;
        } else {
            *behind = root;
            behind = &root->left;
            root = *behind;
        }
    *before = NULL;
    *behind = NULL;
}

/* The way down to where `node` is or belongs, as long as the nodes on it have higher priorities. */
static cs_order_node **descend(cs_order_node **root, const cs_order_node *node)
{
    while (*root != NULL && *root != node && (*root)->priority >= node->priority)
        root = compare(*root, node->vat, node->name) < 0 ? &(*root)->right : &(*root)->left;
    return root;
}

void cs_order_add(cs_store *s, cs_order_node **root, cs_order_node *node, cs_vatid vat,
                  cs_bytes name)
{
    *node = (cs_order_node){ .vat = vat, .name = name, .priority = draw_priority(s) };
    cs_order_node **at = descend(root, node);
    split(*at, node);
    *at = node;
}

void cs_order_remove(cs_order_node **root, cs_order_node *node)
{
    cs_order_node **at = descend(root, node), *left = node->left, *right = node->right;
    cs_assert(*at == node);
    while (left != NULL && right != NULL)
        if (left->priority >= right->priority) {
            *at = left;
            at = &left->right;
            left = *at;
        } else {
            *at = right;
            at = &right->left;
            right = *at;
        }
    *at = left != NULL ? left : right;
    node->left = node->right = NULL;
}

cs_order_node *cs_order_after(cs_order_node *root, cs_vatid vat, cs_bytes name)
{
    cs_order_node *best = NULL;
    while (root != NULL)
        if (compare(root, vat, name) > 0) {
            best = root;
            root = root->left;
        } else {
            root = root->right;
        }
    return best != NULL && best->vat.n == vat.n ? best : NULL;
}
