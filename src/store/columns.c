/* One column at a time: what is bound, and what is believed when it is read (docs/store.md). */
#include "store/file.h"

#include <stdio.h>
#include <string.h>

#define TOP_BIT (UINT64_C(1) << 63)

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
               "numbers are copied by their low bytes, and counters are stored as they lie");

/* Numbers lie in structs as 1, 4 or 8 bytes. References have no range, but rules (is_good_ref). */
static const struct {
    uint8_t width;
    bool is_ref;
    uint64_t min, max;
} numbers[] = {
    [CS_COLUMN_ONE] = { 0, false, 1, 1 },
    [CS_COLUMN_BOOL] = { 1, false, 0, 1 },
    [CS_COLUMN_U8] = { 1, false, 0, UINT8_MAX },
    [CS_COLUMN_U32] = { 4, false, 0, UINT32_MAX },
    [CS_COLUMN_U64] = { 8, false, 0, TOP_BIT - 1 },
    [CS_COLUMN_ENUM] = { 4, false, 1, UINT32_MAX }, /* and the column's own max */
    [CS_COLUMN_VAT] = { 4, false, 1, UINT32_MAX },
    [CS_COLUMN_VAT_OR_0] = { 4, false, 0, UINT32_MAX },
    [CS_COLUMN_OBJECT] = { 8, true, 0, 0 },
    [CS_COLUMN_PROMISE] = { 8, true, 0, 0 },
    [CS_COLUMN_KREF] = { 8, true, 0, 0 },
    [CS_COLUMN_VREF] = { 8, true, 0, 0 },
    [CS_COLUMN_QUEUE] = { 8, true, 0, 0 },
};

static bool is_number(const cs_column *c)
{
    return c->kind < sizeof numbers / sizeof numbers[0];
}

static bool has_blob(const cs_column *c)
{
    return c->kind >= CS_COLUMN_BLOB;
}

static size_t fixed_size(const cs_column *c)
{
    return c->kind == CS_COLUMN_HASH ? (size_t)CS_HASH_SIZE : c->max * (size_t)8;
}

/* ---- what is believed ---- */

static bool is_good_ref(cs_column_kind kind, uint64_t bits)
{
    if (kind == CS_COLUMN_VREF)
        return cs_vref_check((cs_vref){ bits });
    if (kind == CS_COLUMN_QUEUE && bits >= CS_QUEUE_ACCEPTANCE && bits <= CS_QUEUE_LONELY)
        return true;
    cs_kref k = { bits };
    cs_ref_type type = cs_kref_type(k);
    return cs_kref_id(k) <= CS_REF_ID_MAX && type != CS_REF_NONE &&
           (kind == CS_COLUMN_KREF ||
            type == (kind == CS_COLUMN_OBJECT ? CS_REF_OBJECT : CS_REF_PROMISE));
}

static bool is_good(const cs_column *c, uint64_t n)
{
    if (numbers[c->kind].is_ref)
        return is_good_ref(c->kind, n);
    return n >= numbers[c->kind].min && n <= numbers[c->kind].max &&
           (c->kind != CS_COLUMN_ENUM || n <= c->max);
}

static bool check_member(const cs_column *c, const char *member)
{
    uint64_t n = c->kind == CS_COLUMN_ONE ? 1 : 0;
    if (is_number(c)) {
        memcpy(&n, member, numbers[c->kind].width);
        return is_good(c, n);
    }
    const cs_blob *blob = NULL;
    if (has_blob(c))
        memcpy(&blob, member, sizeof blob);
    return !has_blob(c) || blob != NULL || c->kind == CS_COLUMN_BLOB;
}

bool cs_columns_check(cs_row *r)
{
    const cs_table_def *def = &cs_table_defs[r->table];
    for (size_t i = 0; i < def->column_count; i++)
        if (!check_member(&def->columns[i], (char *)cs_row_data(r) + def->columns[i].at))
            return false;
    return def->check == NULL || def->check(cs_row_data(r)) == NULL;
}

/* ---- writing ---- */

static int bind_number(sqlite3_stmt *stmt, int at, const cs_column *c, const char *member)
{
    uint64_t n = c->kind == CS_COLUMN_ONE ? 1 : 0;
    memcpy(&n, member, numbers[c->kind].width);
    return sqlite3_bind_int64(stmt, at, (int64_t)(numbers[c->kind].is_ref ? n ^ TOP_BIT : n));
}

static int bind_blob(sqlite3_stmt *stmt, int at, const char *member)
{
    const cs_blob *blob;
    memcpy(&blob, member, sizeof blob);
    if (blob == NULL)
        return sqlite3_bind_null(stmt, at);
    return sqlite3_bind_blob(stmt, at, blob->data, (int)blob->size, SQLITE_STATIC);
}

static int bind(sqlite3_stmt *stmt, int at, const cs_column *c, const char *member)
{
    if (is_number(c))
        return bind_number(stmt, at, c, member);
    if (has_blob(c))
        return bind_blob(stmt, at, member);
    return sqlite3_bind_blob(stmt, at, member, (int)fixed_size(c), SQLITE_STATIC);
}

int cs_columns_bind(sqlite3_stmt *stmt, int at, const cs_row *r, size_t from, size_t to)
{
    const cs_table_def *def = &cs_table_defs[r->table];
    int rc = SQLITE_OK;
    for (size_t i = from; i < to && rc == SQLITE_OK; i++)
        rc = bind(stmt, at++, &def->columns[i], (const char *)(r + 1) + def->columns[i].at);
    return rc;
}

/* ---- reading ---- */

/* These give NULL, or what is wrong. */

static const char *read_number(sqlite3_stmt *stmt, int at, const cs_column *c, char *member)
{
    if (sqlite3_column_type(stmt, at) != SQLITE_INTEGER)
        return "not a number";
    uint64_t n = (uint64_t)sqlite3_column_int64(stmt, at);
    if (numbers[c->kind].is_ref)
        n ^= TOP_BIT;
    if (!is_good(c, n))
        return "out of range";
    memcpy(member, &n, numbers[c->kind].width);
    return NULL;
}

static const char *read_fixed(cs_bytes b, const cs_column *c, char *member)
{
    size_t size = fixed_size(c);
    bool may_be_short = c->kind == CS_COLUMN_COUNTERS; /* written before there were so many */
    if (b.size > size || b.size % 8 != 0 || (b.size < size && !may_be_short))
        return "of wrong size";
    memset(member, 0, size);
    if (b.size > 0)
        memcpy(member, b.data, b.size);
    return NULL;
}

static const char *read_bytes(sqlite3_stmt *stmt, int at, const cs_column *c, char *member)
{
    int type = sqlite3_column_type(stmt, at);
    if (type == SQLITE_NULL && c->kind == CS_COLUMN_BLOB)
        return NULL;
    if (type != SQLITE_BLOB)
        return "not bytes";
    const void *data = sqlite3_column_blob(stmt, at);
    cs_bytes b = { data, (size_t)sqlite3_column_bytes(stmt, at) };
    if (data == NULL && b.size > 0)
        return "too big for the memory";
    if (!has_blob(c))
        return read_fixed(b, c, member);
    cs_blob *blob = cs_blob_new(b);
    memcpy(member, &blob, sizeof blob);
    return NULL;
}

static const char *read_column(sqlite3_stmt *stmt, int at, const cs_column *c, char *member)
{
    return is_number(c) ? read_number(stmt, at, c, member) : read_bytes(stmt, at, c, member);
}

bool cs_columns_read(sqlite3_stmt *stmt, cs_row *r, size_t from, size_t to,
                     char what[static CS_WHAT_MAX])
{
    const cs_table_def *def = &cs_table_defs[r->table];
    for (size_t i = from; i < to; i++) {
        const cs_column *c = &def->columns[i];
        const char *wrong = read_column(stmt, (int)(i - from), c, (char *)cs_row_data(r) + c->at);
        if (wrong == NULL)
            continue;
        (void)snprintf(what, CS_WHAT_MAX, "column %s is %s", c->name, wrong);
        return false;
    }
    return cs_columns_agree(r, what);
}

bool cs_columns_agree(const cs_row *r, char what[static CS_WHAT_MAX])
{
    const cs_table_def *def = &cs_table_defs[r->table];
    const char *wrong = def->check == NULL ? NULL : def->check(r + 1);
    if (wrong != NULL)
        (void)snprintf(what, CS_WHAT_MAX, "%s", wrong);
    return wrong == NULL;
}

/* ---- in pages (page.h, P3): numbers only, as they lie in memory ---- */

size_t cs_columns_width(const cs_column *c)
{
    return numbers[c->kind].width;
}

bool cs_columns_is_ref(const cs_column *c)
{
    return numbers[c->kind].is_ref;
}

void cs_columns_pack(const cs_column *columns, size_t count, const void *data, uint8_t *to)
{
    for (size_t i = 0; i < count; i++) {
        size_t width = numbers[columns[i].kind].width;
        memcpy(to, (const char *)data + columns[i].at, width);
        to += width;
    }
}

bool cs_columns_unpack(const cs_column *columns, size_t count, const uint8_t *from, void *data,
                       char what[static CS_WHAT_MAX])
{
    for (size_t i = 0; i < count; i++) {
        const cs_column *c = &columns[i];
        size_t width = numbers[c->kind].width;
        uint64_t n = 0;
        memcpy(&n, from, width);
        from += width;
        if (!is_good(c, n)) {
            (void)snprintf(what, CS_WHAT_MAX, "column %s is out of range", c->name);
            return false;
        }
        memcpy((char *)data + c->at, &n, width);
    }
    return true;
}

/* ---- keys ---- */

void cs_columns_set_key(cs_row *r)
{
    const cs_table_def *def = &cs_table_defs[r->table];
    for (size_t i = 0; i < def->key_count; i++) {
        const cs_column *c = &def->columns[i];
        if (is_number(c))
            memcpy((char *)cs_row_data(r) + c->at, i == 0 ? &r->a : &r->b, numbers[c->kind].width);
    }
}

void cs_columns_get_key(const cs_store *s, cs_row *r)
{
    const cs_table_def *def = &cs_table_defs[r->table];
    uint64_t key[2] = { 0, 0 };
    for (size_t i = 0; i < def->key_count; i++) {
        const cs_column *c = &def->columns[i];
        if (is_number(c))
            memcpy(&key[i], (char *)cs_row_data(r) + c->at, numbers[c->kind].width);
        else
            key[1] = cs_name_hash(s, cs_row_name(r));
    }
    r->a = key[0];
    r->b = key[1];
}
