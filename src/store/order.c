/* Every row has a higher priority than the rows below it; rows to its left come before it. */
#include "store/order.h"

int cs_order_compare(const cs_named_row *row, cs_vatid vat, cs_bytes name)
{
    if (row->vat.n != vat.n)
        return row->vat.n < vat.n ? -1 : 1;
    return cs_bytes_compare(cs_blob_bytes(row->name), name);
}

static int compare(const cs_named_row *a, const cs_named_row *b)
{
    return cs_order_compare(a, b->vat, cs_blob_bytes(b->name));
}

/* Splits `root` into the rows before `row` and those behind it. */
static void split(cs_named_row *root, const cs_named_row *row, cs_named_row **before,
                  cs_named_row **behind)
{
    while (root != NULL)
        if (compare(root, row) < 0) {
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

/* The way down to where `row` is or belongs, as long as the rows on it have higher priorities. */
static cs_named_row **descend(cs_named_row **root, const cs_named_row *row)
{
    while (*root != NULL && *root != row && (*root)->priority >= row->priority)
        root = compare(*root, row) < 0 ? &(*root)->right : &(*root)->left;
    return root;
}

void cs_order_add(cs_named_row **root, cs_named_row *row)
{
    cs_named_row **at = descend(root, row);
    split(*at, row, &row->left, &row->right);
    *at = row;
}

void cs_order_remove(cs_named_row **root, cs_named_row *row)
{
    cs_named_row **at = descend(root, row), *left = row->left, *right = row->right;
    cs_assert(*at == row);
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
    row->left = row->right = NULL;
}

cs_named_row *cs_order_after(cs_named_row *root, cs_vatid vat, cs_bytes name)
{
    cs_named_row *best = NULL;
    while (root != NULL)
        if (cs_order_compare(root, vat, name) > 0) {
            best = root;
            root = root->left;
        } else {
            root = root->right;
        }
    return best != NULL && best->vat.n == vat.n ? best : NULL;
}
