/* What is written once and read rarely: transcripts, bundles, compiled code. They pass through the
 * cache on their way to the file, so that an aborted crank takes its records with it. */
#include "store/file.h"
#include "store/rows.h"
#include "store/schema.h"

/* ---- transcripts ---- */

void cs_transcript_add(cs_store *s, cs_vatid vat, uint64_t delivery, cs_blob *take_item,
                       const cs_hash *chain)
{
    cs_transcript_row *t =
        cs_row_add(s, CS_TABLE_TRANSCRIPT, (cs_key){ .a = vat.n, .b = delivery });
    *t = (cs_transcript_row){ vat, delivery, *chain, cs_pack(&s->packer, take_item) };
}

void cs_transcript_delete(cs_store *s, cs_vatid vat, uint64_t delivery)
{
    cs_row_delete(s, CS_TABLE_TRANSCRIPT, (cs_key){ .a = vat.n, .b = delivery });
}

static cs_status damaged(cs_store *s, cs_vatid vat, uint64_t delivery, cs_error *err)
{
    char key[CS_KEY_TEXT_MAX];
    const cs_key k = { .a = vat.n, .b = delivery };
    (void)cs_store_damaged(s, "transcript", cs_row_key_text(CS_TABLE_TRANSCRIPT, &k, key),
                           "item does not unpack");
    return cs_store_status(s, err);
}

cs_status cs_transcript_read(cs_store *s, cs_vatid vat, uint64_t delivery, cs_blob **ret_item,
                             cs_hash *ret_chain, cs_error *err)
{
    const cs_transcript_row *t =
        cs_row_find(s, CS_TABLE_TRANSCRIPT, (cs_key){ .a = vat.n, .b = delivery });
    cs_status st = cs_store_status(s, err);
    if (st != CS_OK)
        return st;
    *ret_item = NULL;
    if (t != NULL) {
        *ret_item = cs_unpack(&s->packer, cs_blob_bytes(t->item));
        *ret_chain = t->chain;
        cs_row_release(s, cs_row_of(t));
        if (*ret_item == NULL)
            return damaged(s, vat, delivery, err);
    }
    return CS_OK;
}

/* ---- bundles and code ---- */

static void add(cs_store *s, cs_table_id table, cs_bytes name, cs_bytes bytes)
{
    cs_key key = cs_key_of_name(s, 0, name);
    if (cs_row_find(s, table, key) != NULL)
        return; /* the name says what the bytes are */
    cs_named_row *row = cs_row_add(s, table, key);
    row->value = cs_blob_new(bytes);
}

static cs_status read(cs_store *s, cs_table_id table, cs_bytes name, cs_blob **ret, cs_error *err)
{
    const cs_named_row *row = cs_row_find(s, table, cs_key_of_name(s, 0, name));
    cs_status st = cs_store_status(s, err);
    if (st != CS_OK)
        return st;
    *ret = NULL;
    if (row != NULL) {
        *ret = cs_blob_ref(row->value);
        cs_row_release(s, cs_row_of(row));
    }
    return CS_OK;
}

void cs_bundle_add(cs_store *s, const cs_hash *name, cs_bytes bundle)
{
    add(s, CS_TABLE_BUNDLE, (cs_bytes){ name->bytes, CS_HASH_SIZE }, bundle);
}

cs_status cs_bundle_read(cs_store *s, const cs_hash *name, cs_blob **ret, cs_error *err)
{
    cs_blob *bundle = NULL;
    cs_status st = read(s, CS_TABLE_BUNDLE, (cs_bytes){ name->bytes, CS_HASH_SIZE }, &bundle, err);
    if (st != CS_OK)
        return st;
    if (bundle != NULL) {
        cs_hash found = cs_hash_of(cs_blob_bytes(bundle));
        char text[CS_HASH_TEXT_MAX];
        if (!cs_hash_same(&found, name)) {
            cs_blob_unref(bundle);
            (void)cs_store_damaged(s, "bundle", cs_hash_text(name, text),
                                   "its bytes have another hash");
            return cs_store_status(s, err);
        }
    }
    *ret = bundle;
    return CS_OK;
}

/* Hash of the bundle, then the base's name. */
static cs_bytes code_name(cs_buf *b, const cs_hash *bundle, const char *base)
{
    cs_buf_add(b, bundle->bytes, CS_HASH_SIZE);
    cs_buf_add_text(b, base);
    return cs_buf_bytes(b);
}

void cs_code_add(cs_store *s, const cs_hash *bundle, const char *base, cs_bytes code)
{
    cs_buf name = { 0 };
    add(s, CS_TABLE_CODE, code_name(&name, bundle, base), code);
    cs_buf_fini(&name);
}

cs_status cs_code_read(cs_store *s, const cs_hash *bundle, const char *base, cs_blob **ret,
                       cs_error *err)
{
    cs_buf name = { 0 };
    cs_status st = read(s, CS_TABLE_CODE, code_name(&name, bundle, base), ret, err);
    cs_buf_fini(&name);
    return st;
}
